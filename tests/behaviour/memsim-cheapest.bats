#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# --order cheapest: which blocks go first where it shows what is in them. On the simulated
# machine only, where it is known how many pages a block holds.
#
# shellcheck disable=SC2016 # the machine's shell expands

load behaviour

# By cost: 35 and 34 are free, 37 and 33 hold little, 36 half; what is in 32 may keep it. 38 and 39
# never go.
machine_of_costs() {
	machine_start 'blocks 0-7 online none' 'blocks 32 online Normal slab=3' \
		'blocks 33 online Normal used=2%' 'blocks 34 online Normal' 'blocks 35 online Movable' \
		'blocks 36 online Movable used=50%' 'blocks 37 online Movable used=2%' \
		'blocks 38 online Normal slab=500' 'blocks 39 online Movable reserved=1' \
		'blocks 40-41 offline'
}

# in_order - the blocks of the lines of stdout, in their order.
in_order() {
	# shellcheck disable=SC2001 # a pattern on each line
	sed 's/^Memory Block \([0-9]*\) .*/\1/' <<<"$output" | xargs
}

@test "--order cheapest takes what is free first, and what has least to be moved" {
	machine_of_costs
	run_chmem '-v -n -d 768M --keep-free 0 --order cheapest'
	assert_status 0
	assert_stderr
	is "the order" "$(in_order)" "35 34 37 33 36 32"
	for wanted in 35 37; do
		watch_writes
		run_chmem '-d 128M --order cheapest -z Movable'
		assert_status 0
		assert_writes "offline $wanted ok"
	done
	for wanted in 34 33; do
		watch_writes
		run_chmem '-d 128M --order cheapest'
		assert_status 0
		assert_writes "offline $wanted ok"
	done
}

@test "without it, the highest go first, whatever they hold" {
	machine_of_costs
	watch_writes
	run_chmem '-d 128M -z Movable'
	assert_status 0
	is "the first write" "$(writes | head -n 1)" 'offline 39 EBUSY'
}

@test "--order cheapest tries neither what never goes nor what is offline, and tells of the former" {
	machine_of_costs
	watch_writes
	run_chmem '-d 1280M --keep-free 0 --retries 0 --order cheapest'
	assert_status 64
	is "the blocks" "$(writes | cut -d ' ' -f 2 | xargs)" "35 34 37 33 36 32"
	assert_stderr 'chmem: Could only disable 640M of memory' \
		'chmem:   3 blocks: Device or resource busy; it holds what cannot be moved, or is in use elsewhere'
}

@test "--order cheapest of a range tries all of it, what never goes at last" {
	machine_of_costs
	watch_writes
	run_chmem '-v -d -b 32-41 --keep-free 0 --retries 0 --order cheapest'
	assert_status 64
	is "the blocks" "$(writes | cut -d ' ' -f 2 | xargs)" "35 34 37 33 36 32 39 38"
	is "the order" "$(in_order)" "35 34 37 33 36 41 40"
	assert_stderr \
		"chmem: $(block 32) disable failed: Device or resource busy; it holds 3 slab pages" \
		"chmem: $(block 39) disable failed: Device or resource busy; it holds 1 reserved page" \
		"chmem: $(block 38) disable failed: Device or resource busy; it holds 500 slab pages" \
		'chmem: Could only disable 896M of memory'
}

@test "--order cheapest of a list and of a zone" {
	machine_of_costs
	run_chmem '-v -n -d -b 33,36,37 --keep-free 0 --order cheapest'
	assert_status 0
	is "the order" "$(in_order)" "37 33 36"
	run_chmem '-v -n -d 384M -z Movable --keep-free 0 --order cheapest'
	assert_status 0
	is "the order" "$(in_order)" "35 37 36"
}

@test "--resize takes the cheapest until so much is left" {
	machine_of_costs
	watch_writes
	run_chmem '--resize 1664M --order cheapest'
	assert_status 0
	assert_stderr
	assert_writes 'offline 35 ok' 'offline 34 ok' 'offline 37 ok'
	watch_writes
	run_chmem '--resize 1664M --order cheapest'
	assert_status 0
	assert_writes
}

@test "--all takes the cheapest of the zone first" {
	machine_of_costs
	memsim_tell 'set 39 reserved=0'
	watch_writes
	run_chmem '-d --all -z Movable --keep-free 0 --order cheapest'
	assert_status 0
	assert_stderr
	assert_writes 'offline 39 ok' 'offline 35 ok' 'offline 37 ok' 'offline 36 ok'
}

@test "--node takes the cheapest of the node" {
	machine_start 'blocks 0-7 online none' 'blocks 32-33 online Movable' \
		'blocks 34 online Movable node=1 used=2%' 'blocks 35 online Movable node=1 used=50%'
	watch_writes
	run_chmem '-d 128M --node 1 --order cheapest'
	assert_status 0
	assert_writes 'offline 34 ok'
}

@test "an ordinary user is told the order by zone" {
	machine_of_costs
	run_as_nobody '"$CHMEM" --sysroot "$TREE" -v -n -d 384M --keep-free 0 --order cheapest'
	assert_status 0
	is "the order" "$(in_order)" "39 37 36"
	assert_stderr_like 'chmem: *Permission denied*'
}

@test "--order cheapest is for what is to go" {
	machine_of_costs
	watch_writes
	for command in '-e 128M' '-e -b 40' '-e --all' '-e --resize 3G' '-c 128M'; do
		run_chmem "$command --order cheapest"
		assert_status 1
		assert_stdout
		assert_stderr 'chmem: --order cheapest goes with --disable only'
	done
	assert_writes
	# there is nothing to order where that comes to more
	run_chmem '-v --resize 2176M --order cheapest'
	assert_status 0
	assert_stdout "$(block 40) enabled"
}
