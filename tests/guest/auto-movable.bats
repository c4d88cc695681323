#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The kernel's policy auto-movable: what comes online goes to Movable as long as that is not
# more than a ratio of the rest, which is as much of Movable as of the other zones here. A
# DIMM of 512 MiB, blocks 32 to 35, may go there; one of 1 GiB, blocks 36 to 43, may not.
#
# shellcheck disable=SC2016,SC2154 # the guest's shell expands; set by run

export GUEST_ARGUMENTS='memhp_default_state=offline memory_hotplug.online_policy=auto-movable memory_hotplug.auto_movable_ratio=100'
load guest

guest_prepare() {
	dimm_plug small 512 && dimm_plug large 1024
}

@test "valid_zones begins with what the policy would choose" {
	assert_zone 32 'Movable Normal'
	assert_zone 36 'Normal Movable'
}

@test "-e -z auto follows the policy: the first DIMM in Movable, the other in Normal" {
	run_guest 'chmem -v -e -z auto 768M'
	assert_status 0
	assert_stdout "$(for ((i = 32; i < 38; i++)); do echo "$(block "$i") enabled"; done)"
	assert_stderr
	for block in 32 35; do
		assert_zone "$block" Movable
	done
	for block in 36 37; do
		assert_zone "$block" Normal
	done
}

@test "-e without -z takes Movable for all, whatever the policy" {
	run_guest 'chmem -e 768M'
	assert_status 0
	assert_stdout
	assert_stderr
	assert_zone 32 Movable
	assert_zone 37 Movable
}

@test "-e -z Normal and -z Movable get what they ask for, against the policy" {
	run_guest 'chmem -e -z Normal -b 32'
	assert_status 0
	assert_zone 32 Normal
	run_guest 'chmem -e -z Movable -b 36'
	assert_status 0
	assert_zone 36 Movable
}

@test "-n says where Movable would come to hold more than the ratio allows" {
	run_guest 'chmem -n -e -z Movable --all'
	assert_status 0
	assert_stderr_like 'chmem: zone Movable would hold 1.5G beside * for the kernel itself, which is more than 100 %: *'
	run_guest 'chmem -n -e -z Movable -b 32-33'
	assert_status 0
	assert_stderr
}

@test "--resize -z auto grows by the policy, and shrinks again" {
	run_guest 'chmem -v --resize 1280M -z auto'
	assert_status 0
	assert_stdout "$(block 32) enabled" "$(block 33) enabled"
	assert_stderr
	assert_zone 33 Movable
	run_guest 'chmem -v -d --resize 1G'
	assert_status 0
	assert_stdout "$(block 33) disabled" "$(block 32) disabled"
}

@test "-d takes no block of Normal whose going leaves too much in Movable beside it" {
	run_guest 'chmem -e --all -z Movable'
	assert_status 0
	watch_attempts
	run_guest 'chmem -d -z DMA32 128M'
	assert_status 1
	assert_stderr_has 'chmem:   6 blocks: it would leave * of memory outside zone Movable where 1.5G must be (--keep-free 0 takes it anyway)'
	assert_attempts
}
