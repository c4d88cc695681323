#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# --json: what it tells is what the machine shows afterwards, also of a run that was cut short.
#
# shellcheck disable=SC2154 # set by ../guest/machines.bash
# shellcheck disable=SC2016 # the machine's shell expands

load behaviour

# assert_json_blocks LINE... - `BLOCK STATUS BEFORE AFTER ZONE ACTION ERROR`, for each of them.
assert_json_blocks() {
	assert_json '.blocks[] | "\(.block) \(.status) \(.before) \(.after) \(.zone) \(.action) \(.error)"' "$@"
}

assert_ending() {
	assert_status "$2"
	assert_json '"\(.status) \(.exit_status) \(.signal)"' "$1 $2 ${3-null}"
}

@test "--json -e: the zone, the node and the device are told" {
	run_chmem '--json -e -b 32-33'
	assert_ending 'done' 0
	assert_json_blocks '32 changed offline online Movable online_movable null' \
		'33 changed offline online Movable online_movable null'
	assert_json '.blocks[] | "\(.node) \(.device) \(.size) \(.attempts)"' \
		"0 $plugged_device 134217728 1" "0 $plugged_device 134217728 1"
	assert_blocks 32-34 online online offline
	assert_json '.total | .online, .offline' $(((boot_mib + 256) << 20)) $((6 << 27))
}

@test "--json -e -z Normal: the zone is that, and offline there is none" {
	run_chmem '--json -e -z Normal -b 32'
	assert_json_blocks '32 changed offline online Normal online_kernel null'
	assert_put ok 33 state online_movable
	run_chmem '--json -d -b 33'
	assert_json_blocks '33 changed online offline null offline null'
}

@test "--json -d of a block that cannot go: its errno, and what is known of it" {
	make_unmovable 32
	run_chmem '--json -d -b 32'
	assert_ending nothing 1
	assert_json_blocks '32 failed online online Normal offline EBUSY'
	assert_json '.blocks[0].reason | startswith("Device or resource busy")' true
	assert_json '.failed.blocks, (.messages | length > 0)' 1 true
}

@test "--json: an error that passes is tried again, and counted" {
	inject online ENOMEM
	run_chmem '--json -e -b 32'
	assert_ending nothing 1
	assert_json_blocks '32 failed offline offline null online_movable ENOMEM'
	inject_nothing
	inject online EAGAIN
	run_chmem '--json --retries 2 -e -b 32'
	assert_json '.blocks[] | "\(.status) \(.error) \(.attempts)"' 'failed EAGAIN 3'
	inject_nothing
}

@test "--json: a block that does not go in its time" {
	pin_block 39
	run_chmem '--json --try-timeout 0.5 -d -b 39'
	assert_ending nothing 1
	assert_json_blocks '39 failed online online Movable offline null'
	assert_json '.blocks[0] | .duration_ms >= 450, (.reason | startswith("given up after 0."))' true true
}

@test "--json: the time of the run is up: timeout, and what was not tried is skipped" {
	pin_block 37
	assert_put ok 38 state online_movable
	start chmem 'chmem --json --timeout 0.5 -d -b 36-39'
	finish chmem
	assert_ending timeout 64
	assert_json '.blocks[] | "\(.block) \(.status) \(.reason // "null" | split(";")[0])"' '36 already null' \
		'37 failed given up, the time of --timeout is up' '38 skipped not tried any more' \
		'39 already null'
	assert_json '.blocks[2] | .before, .after' online online
	assert_within 3000 chmem
}

# assert_interrupted SIGNAL STATUS - a run that ends so in its midst has a document, and dies of it.
assert_interrupted() {
	pin_block 38
	assert_put ok 37 state online_movable
	assert_put ok 39 state online_movable
	start chmem 'chmem --json -d -b 37-39'
	wait_for_state 38 going-offline
	send "$1" chmem
	finish chmem
	assert_ending interrupted "$2" "SIG$1"
	assert_json '.blocks[] | "\(.block) \(.status) \(.before) \(.reason // "null" | split(";")[0])"' '37 changed online null' \
		'38 failed online interrupted' '39 skipped online not tried any more'
	assert_json '.changed.blocks, .failed.blocks' 1 1
	assert_json '.messages[-1] | startswith("ended by a signal: ")' true
	assert_nobody_left
}

@test "--json: INT in its midst: a whole document, and then it dies of that" {
	assert_interrupted INT 130
	is "how it ended" "$(on_machine 'cut -d " " -f 1,2 $run/chmem.end')" 'killed 2'
}

@test "--json: TERM in its midst: a whole document, and then it dies of that" {
	assert_interrupted TERM 143
}

@test "--json: HUP in its midst: a whole document, and then it dies of that" {
	assert_interrupted HUP 129
}

@test "--json by size: INT in its midst" {
	pin_block 39
	start chmem 'chmem --json -d -z Movable 128M'
	wait_for_state 39 going-offline
	send INT chmem
	finish chmem
	assert_ending interrupted 130 SIGINT
	assert_json '.blocks[] | select(.block == 39) | .status' failed
}

@test "--json: INT before there is anything to do: nothing was begun, all is skipped" {
	local before

	before=$(everything)
	start chmem 'chmem --json --wait 20 -e -b 40'
	on_machine 'sleep 0.5'
	send INT chmem
	finish chmem
	assert_ending interrupted 130 SIGINT
	assert_json '.blocks[] | "\(.block) \(.status)"' '40 missing'
	is "all blocks" "$(everything)" "$before"
}

@test "--json --atomic: INT: what was changed is reverted" {
	pin_block 34
	assert_put ok 32 state online_movable
	assert_put ok 33 state online_movable
	start chmem 'chmem --json --atomic -d -b 32-34'
	wait_for_state 34 going-offline
	send INT chmem
	finish chmem
	assert_ending interrupted 130 SIGINT
	assert_json '.blocks[] | "\(.block) \(.status) \(.after)"' '32 reverted online' '33 reverted online' \
		'34 failed online'
	assert_json '.reverted.blocks, .changed.blocks' 2 0
}

@test "--json: somebody else was quicker: already" {
	lose_race 32 online_movable '--json -e -b 32'
	assert_ending 'done' 0
	assert_json '.blocks[] | "\(.status) \(.after)"' 'already online'
}

@test "--json --wait: blocks that come are told like the others" {
	hot_add_later 256
	run_chmem '--json --wait 10 -e -b 40-41'
	assert_ending 'done' 0
	assert_json_blocks '40 changed offline online Movable online_movable null' \
		'41 changed offline online Movable online_movable null'
	assert_json '[.blocks[].device] | unique | join(" ")' "$added_device"
}

@test "--json: nobody reads stdout: all blocks are done, exit status 1" {
	run_script '{
			sleep 0.2
			chmem --json -e -b 32-39
			echo "exit status $?" >&2
		} | true'
	assert_stderr 'chmem: write error: Broken pipe' 'exit status 1'
	assert_blocks 32-39 online
}

@test "--json --list: state, zones, node, device and contents of a block" {
	assert_put ok 32 state online_movable
	run_chmem '--json --list -b 32-33'
	assert_status 0
	assert_json .status listed
	assert_json '.blocks[] | "\(.block) \(.state) \(.zones[0]) \(.node) \(.device) \(.offlinable)"' \
		"32 online Movable 0 $plugged_device yes" \
		"33 offline Normal 0 $plugged_device null"
	assert_json '.blocks[0] | .free + .movable + .unmovable <= .size and .unmovable == 0' true
	assert_json '.blocks[1].free' null
}
