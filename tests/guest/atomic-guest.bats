#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# --atomic: all of it or nothing, where the kernel decides in the middle of it that one
# block cannot go, or not come back. Blocks 32 to 39 are plugged, 32 to 35 are asked for mostly.
#
# shellcheck disable=SC2016 # the guest's shell expands

load guest

guest_kept

guest_prepare() {
	dimm_plug dimm 1024
}

# online_all_but_movable BLOCK - 32 to 35, of which this one is full of kernel memory, and
# can no longer go; the others are in Movable.
online_all_but_movable() {
	guest "echo online_kernel >$MEMORY/memory$1/state &&
		mkdir -p /run/inodes && mount -t tmpfs none /run/inodes &&
			cd /run/inodes || exit
		seq 3000 | xargs touch
		! echo offline >$MEMORY/memory$1/state &&
			for block in 32 33 34 35; do
				[ \$block = $1 ] ||
					echo online_movable >$MEMORY/memory\$block/state || exit
			done" 2>/dev/null
}

# everything - the state and the zone of every block of the guest.
everything() {
	guest "cd $MEMORY && grep . memory*/state memory*/valid_zones"
}

# assert_all_or_nothing BLOCK
assert_all_or_nothing() {
	local before

	online_all_but_movable "$1"
	before=$(everything)
	watch_attempts
	run_guest "chmem --atomic -d -b 32-35"
	assert_status 1
	assert_stdout
	assert_stderr_has "chmem: $(block "$1") disable failed: Device or resource busy*"
	is "all blocks" "$(everything)" "$before"
	# What is after the one that failed was not touched.
	[[ $(attempts chmem) != *"offline $(($1 + 1)) "* ]]
}

@test "util-linux's chmem leaves a part of it done" {
	guest "test -x /usr/sbin/chmem.ul" || guest_skip "util-linux has no chmem here"
	online_all_but_movable 34
	run_guest "chmem.ul -d -b 32-35"
	assert_status 64
	assert_blocks 32-35 offline offline online offline
}

@test "--atomic -d, the first of four blocks cannot go: all stay" {
	assert_all_or_nothing 32
}

@test "--atomic -d, the second of four blocks cannot go: all stay, or come back" {
	assert_all_or_nothing 33
}

@test "--atomic -d, the third of four blocks cannot go: all stay, or come back" {
	assert_all_or_nothing 34
}

@test "--atomic -d, the last of four blocks cannot go: all come back" {
	assert_all_or_nothing 35
	# They had gone.
	is "attempts at the first three" "$(attempts chmem | grep -v ' 35 ')" \
		"$(printf '%s\n' 'offline 32 0' 'offline 33 0' 'offline 34 0' \
			'online 34 0' 'online 33 0' 'online 32 0')"
}

@test "--atomic -d of blocks that can all go sets them offline" {
	guest "chmem -e -b 32-35"
	run_guest "chmem --atomic -d -b 32-35"
	assert_status 0
	assert_stdout
	assert_stderr
	assert_blocks 32-35 offline
}

@test "--atomic -d SIZE that only a part of can go: all come back" {
	local before

	online_all_but_movable 32
	before=$(everything)
	run_guest "chmem --atomic -z Movable -d 512M"
	assert_status 1
	assert_stdout
	assert_stderr_like 'chmem: *'
	is "all blocks" "$(everything)" "$before"
}

@test "--atomic -e: what is known to be missing fails before anything is tried" {
	watch_attempts
	run_guest "chmem --atomic -e -b 38-41"
	assert_status 1
	assert_stdout
	assert_stderr_has 'chmem: Memory Blocks 40-41 do not exist'
	assert_attempts
	assert_blocks 38-39 offline
}

@test "--atomic: blocks that cannot come back are named, and the exit status is 64" {
	online_all_but_movable 35
	inject MEM_GOING_ONLINE 12
	run_guest "chmem --atomic -d -b 32-35"
	assert_status 64
	assert_stdout
	assert_stderr_has "chmem: $(block 35) disable failed: Device or resource busy*"
	for stuck in 32 33 34; do
		assert_stderr_has "*$(block "$stuck")*could not be set back*"
	done
	# shellcheck disable=SC2154 # run sets it
	is "blocks that are named so" "$(grep -c 'could not be set back' <<<"$stderr")" 3
	assert_blocks 32-35 offline offline offline online
}

# The kernel's error begins when the first block is online, and so chmem is in the midst of them.
@test "--atomic -e: blocks that cannot go again are named, and the exit status is 64" {
	local nonline block

	inject MEM_GOING_OFFLINE 12
	run_script 'launch run chmem --atomic -e -b 32-39 &
		launcher=$!
		until read -r word <$memory/memory32/state && [ $word = online ]; do
			:
		done
		echo -12 >/sys/kernel/debug/notifier-error-inject/memory/actions/MEM_GOING_ONLINE/error
		wait $launcher'
	assert_status 64
	assert_stdout
	nonline=$(grep -o online <<<"$(block_states 32-39)" | wc -l)
	((nonline > 0 && nonline < 8))
	assert_stderr_line 0 "chmem: $(block $((32 + nonline))) enable failed: Cannot allocate memory*"
	for ((block = 32; block < 32 + nonline; block++)); do
		assert_stderr_has "chmem: $(block "$block") could not be set back: Cannot allocate memory*"
		assert_blocks "$block-$block" online
	done
	is "blocks that are named so" "$(grep -c 'could not be set back' <<<"$stderr")" "$nonline"
	assert_nobody_left
}

@test "--atomic: a block that does not go in time brings all others back" {
	run_script "pin_block 34
		for block in 32 33 35; do
			echo online_movable >\$memory/memory\$block/state
		done
		launch run chmem --atomic --try-timeout 2 -d -b 32-35"
	assert_stdout
	assert_stderr_has "chmem: $(block 34) disable failed: ?*"
	assert_ended 'exited 1' 2000 3500
	assert_back 34
	assert_blocks 32-35 online
	for block in 32 33 34 35; do
		assert_zone "$block" Movable
	done
	assert_nobody_left
}

@test "--atomic: INT brings all back before chmem dies of it" {
	run_script "pin_block 34
		for block in 32 33 35; do
			echo online_movable >\$memory/memory\$block/state
		done
		disturbed 'send INT' 34 chmem --atomic -d -b 32-35
		echo \$((\$(now_ms) - \$(cat /run/sent)))"
	assert_stderr_like 'chmem: ?*'
	assert_ended 'killed 2' 0 5000
	assert_time "$BATS_TEST_DESCRIPTION" "$output" 0 1000
	assert_blocks 32-35 online
	assert_nobody_left
}
