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
