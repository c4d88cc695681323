#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What chmem tells of blocks, and what is so, with the newer kernel; see facts.bash.

load guest
load facts

guest_kernel newer

@test "a page that is pinned is named, when its block does not go" {
	pinned_page_is_named
}

@test "a block that the kernel uses is not set offline, and its slab is counted" {
	slab_is_counted
}

@test "D26: -d SIZE passes over a block with holes without a write" {
	holes_are_passed_over
}

@test "--list names the DIMM of each block" {
	devices_are_told
}

@test "--list tells what is free in blocks, as the kernel does" {
	contents_are_told
}

@test "a block with a broken page goes offline, and not online again: EHWPOISON" {
	guest "echo online_movable >$MEMORY/memory33/state"
	guest 'echo 0x108400000 >/sys/devices/system/memory/hard_offline_page'
	run_guest 'chmem -v -d -b 33'
	assert_status 0
	assert_stdout "$(block 33) disabled"
	watch_attempts
	run_guest 'chmem -v -e -b 33'
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 33) enable failed: Memory page has hardware error; a page of it is broken"
	assert_attempts 'online 33 -133'
	assert_blocks 33-33 offline
	guest_give_up 'a page of it is broken'
}
