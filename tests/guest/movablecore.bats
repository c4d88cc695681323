#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Boot memory in zone Movable: with movablecore=512M that are blocks 4 to 7. Of these some may
# stay for what the kernel put there while it started, before it knew of zones.
#
# shellcheck disable=SC2154 # set by run

export GUEST_ARGUMENTS='memhp_default_state=offline movablecore=512M'
load guest

# What was set offline goes back to Movable.
guest_tidy() {
	local block

	guest "for block in 4 5 6; do
			echo online_movable >$MEMORY/memory\$block/state
		done 2>/dev/null
		true"
	for block in 4 5 6; do
		assert_zone "$block" Movable || return
	done
}

@test "--list tells the zone, and that its blocks are of boot memory" {
	run_guest 'chmem --list --noheadings -z Movable -o BLOCK,ZONES,DEVICE'
	assert_status 0
	assert_stdout_like '*4-7 *Movable *boot'
}

@test "-d SIZE -z Movable takes boot memory from Movable, -e SIZE brings it back there" {
	local total

	total=$(mem_total_kb)
	run_guest 'chmem -d -z Movable 128M'
	assert_status 0
	assert_stdout
	assert_stderr
	assert_grown MemTotal "$(mem_total_kb)" "$total" "$BLOCK_KB"
	run_guest 'chmem -v -e 128M'
	assert_status 0
	assert_stdout_like 'Memory Block [456] (*) enabled'
	is MemTotal "$(mem_total_kb)" "$total"
}

@test "the hole at the end of memory keeps its block, in Movable as well" {
	assert_zone 7 Movable
	run_guest 'chmem -d -b 7'
	assert_status 1
	assert_stderr "chmem: $(block 7) disable failed: Invalid argument; it has holes, or lies in several zones or nodes"
}
