#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The newer kernel, which was built to set new memory online itself: chmem finds its work done,
# or has to undo it. The parameter says so as well, for whoever builds it otherwise. A DIMM of
# 1 GiB, blocks 32 to 39.
#
# shellcheck disable=SC2016,SC2154 # the guest's shell expands; set by run

export GUEST_ARGUMENTS=memhp_default_state=online
load guest

guest_timed
guest_kernel newer

guest_prepare() {
	dimm_plug dimm 1024
}

# The kernel has the blocks in use soon: what went offline comes back, and a second DIMM goes.
guest_tidy() {
	guest '. /etc/functions; tidy
		for state in $memory/memory*/state; do
			[ "$(cat $state)" = online ] || echo online >$state || exit
		done' || return
	if guest "test -e $MEMORY/memory40"; then
		guest "for block in \$(seq 40 43); do echo offline >$MEMORY/memory\$block/state; done" \
			2>/dev/null
		dimm_unplug second
	fi
}

@test "the blocks of a new DIMM are online, in a zone of the kernel, and --list says so" {
	assert_blocks 32-39 online
	run_guest 'chmem --list --noheadings -b 32-39 -o STATE,ZONES,SIZE'
	assert_status 0
	assert_stdout_like '*online *Normal *1G'
	run_guest 'chmem --list'
	assert_stdout_like '*Total online memory: *2G*Total offline memory: *0B'
}

@test "-e RANGE finds every block enabled already" {
	watch_attempts
	run_guest 'chmem -v -e -b 32-33'
	assert_status 0
	assert_stdout "$(block 32) already enabled" "$(block 33) already enabled"
	assert_stderr
	assert_attempts
}

@test "-e --all and --resize have nothing to do, -e SIZE cannot have more" {
	watch_attempts
	run_guest 'chmem -v -e --all'
	assert_status 0
	assert_stdout
	run_guest 'chmem -v --resize 2G'
	assert_status 0
	assert_stdout
	run_guest 'chmem -e 128M'
	assert_status 1
	assert_stderr 'chmem: Could only enable 0B of memory'
	assert_attempts
}

# chmem may see a block before the kernel has got round to it, and find it online then.
@test "-e SIZE --wait counts what the kernel sets online, and sets none online itself" {
	watch_attempts
	guest 'launch run chmem -v -e 512M --wait 20 >/run/out 2>/run/err &'
	sleep 1
	dimm_plug second 512
	run_script "until_true '[ -e /run/run.end ]'; cat /run/out; cat /run/err >&2"
	assert_stderr
	assert_ended 'exited 0' 1000 10000
	assert_blocks 40-43 online
	run attempts chmem
	[[ ! $output =~ \ 0($|$'\n') ]]
}

@test "-e RANGE --wait does as well" {
	guest 'launch run chmem -e -b 40-43 --wait 20 >/run/out 2>/run/err &'
	sleep 1
	dimm_plug second 512
	run_script "until_true '[ -e /run/run.end ]'; cat /run/out; cat /run/err >&2"
	assert_stdout
	assert_stderr
	assert_ended 'exited 0' 1000 10000
}

@test "what the kernel could not set online, as it came, is left to chmem" {
	inject MEM_GOING_ONLINE 12
	dimm_plug second 512
	assert_blocks 40-43 offline
	inject MEM_GOING_ONLINE 0
	run_guest 'chmem -v -e 512M'
	assert_status 0
	assert_stdout "$(block 40) enabled" "$(block 41) enabled" "$(block 42) enabled" \
		"$(block 43) enabled"
	assert_zone 40 Movable
}

@test "-z Movable does not bring into Movable what is in Normal already, and says so" {
	run_guest 'chmem -e -z Movable -b 32'
	assert_status 1
	assert_stderr "chmem: $(block 32) enable failed: already online in zone Normal"
	assert_zone 32 Normal
}

@test "-d of what came up in Normal fails where the kernel uses it, and says what is in there" {
	# The lowest one comes last for what is small: fill some of each.
	guest '. /etc/functions; use_slab 60000'
	run_guest 'chmem -d -b 32-39'
	((status != 0))
	assert_stdout
	assert_stderr_like '*disable failed: Device or resource busy; page frame 0x+([0-9a-f]) cannot be moved; it holds *'
	run_guest 'chmem --list --noheadings --all -b 32-39 -o OFFLINABLE,WHY'
	assert_stdout_like '*no *+([0-9]) slab*'
}
