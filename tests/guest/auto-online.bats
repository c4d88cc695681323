#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A kernel that sets new memory online by itself, as many do: chmem finds its work done.

export GUEST_ARGUMENTS=memhp_default_state=online
load guest

guest_prepare() {
	dimm_plug dimm 1024
}

guest_tidy() {
	guest "! grep -L '^online' $MEMORY/memory*/state | grep ."
}

@test "every block of a new DIMM is online" {
	assert_blocks 0-7 online
	assert_blocks 32-39 online
	is MemTotal "$(($(mem_total_kb) > 1024 * 1024))" 1
}

@test "-e RANGE finds every block enabled already, and exits 0" {
	watch_attempts
	run_guest "chmem -v -e 0x100000000-0x13fffffff"
	assert_status 0
	assert_stdout "$(for ((i = 32; i < 40; i++)); do
		echo "$(block "$i") already enabled"
	done)"
	assert_stderr
	assert_attempts
}

@test "-e SIZE finds nothing to enable, and exits 1 as ever" {
	watch_attempts
	run_guest "chmem -e 1G"
	assert_status 1
	assert_stdout
	assert_stderr 'chmem: Could only enable 0B of memory'
	assert_attempts
}

@test "D13: the kernel chose another zone than -z asks for" {
	local zone

	zone=$(guest "cat $MEMORY/memory32/valid_zones")
	is zone "$zone" Normal
	run_guest "chmem -e -z Movable -b 32"
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 32) enable failed: already online in zone Normal"
	assert_zone 32 Normal
}
