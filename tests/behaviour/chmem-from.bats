#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# --from, where there are two DIMMs, and --unplug, which takes the second of them out: 512 MiB,
# blocks 40 to 43.
#
# shellcheck disable=SC2016 # the machine's shell expands
# shellcheck disable=SC2154 # set by run, and by the machine

load behaviour

# device_of BLOCK - as the kernel names it.
device_of() {
	on_machine "basename \"\$(readlink \$memory/memory$1/firmware_node)\""
}

# start_waiting COMMANDLINE - and it still does after a while.
start_waiting() {
	start chmem "chmem $1"
	on_machine 'sleep 0.4'
	run ! has_ended_there chmem
}

set_online() {
	local block

	for block; do
		assert_put ok "$block" state online_movable
	done
}

@test "-e SIZE --from takes blocks of that DIMM, though there are lower ones" {
	dimm_only
	hot_add 512
	run_chmem "-v -e 256M --from $(device_of 40)"
	assert_status 0
	assert_stdout "$(block 40) enabled" "$(block 41) enabled"
	assert_stderr
	assert_blocks 32-39 offline
	assert_blocks 40-43 online online offline offline
}

@test "-d --all --from takes all of that DIMM and nothing else" {
	dimm_only
	hot_add 512
	set_online 38 39 40 42
	run_chmem "-v -d --all --from $(device_of 40)"
	assert_status 0
	assert_stdout "$(block 42) disabled" "$(block 40) disabled"
	assert_stderr
	assert_blocks 38-43 online online offline offline offline offline
}

@test "-d SIZE --from boot leaves what was added alone" {
	[ "$boot_leaves" = yes ] || out_of_place 'memory of the boot does not go'
	set_online 39
	run_chmem "-d 128M --from boot"
	assert_status 0
	assert_blocks 39-39 online
}

@test "of a range, blocks of the other DIMM are not meant" {
	dimm_only
	hot_add 512
	run_chmem "-v -e -b 38-41 --from $(device_of 40)"
	assert_status 0
	assert_stdout "$(block 40) enabled" "$(block 41) enabled"
	assert_stderr
	assert_blocks 38-41 offline offline online online
}

@test "a device that there is not is told with those that there are" {
	watch_writes
	run_chmem '-e 128M --from PNP0C80:fe'
	assert_status 1
	assert_stdout
	assert_stderr "chmem: there is no memory of device PNP0C80:fe; there is of boot, $plugged_device"
	assert_writes
}

@test "-e --all --wait --from waits for a DIMM that is not there yet" {
	local device

	dimm_only
	hot_add 512
	device=$(device_of 40)
	hot_remove
	start_waiting "-v -e --all --wait 20 --from $device"
	hot_add_later 512
	finish chmem
	assert_status 0
	assert_stdout "$(block 40) enabled" "$(block 41) enabled" "$(block 42) enabled" \
		"$(block 43) enabled"
	assert_stderr
	assert_within 10000 chmem
	assert_blocks 32-39 offline
}

@test "where it does not come, the wait ends with a word on that" {
	run_chmem '-e 128M --wait 0.5 --from PNP0C80:fe'
	assert_status 1
	assert_stdout
	assert_stderr_like 'chmem: there is no memory of device PNP0C80:fe; there is of *'
	assert_blocks 32-39 offline
}

# ---- --unplug ----

@test "--unplug sets a DIMM offline and takes it out" {
	local device

	dimm_only
	hot_add 512
	set_online 39 41 42
	device=$(device_of 40)
	run_chmem "-v -d --from $device --unplug"
	assert_status 0
	assert_stdout "$(block 42) disabled" "$(block 41) disabled" "$device unplugged"
	assert_stderr
	assert_blocks 39-43 online - - - -
}

@test "--unplug of what is offline writes to no block" {
	dimm_only
	hot_add 512
	watch_writes
	run_chmem "-d --from $(device_of 40) --unplug"
	assert_status 0
	assert_stdout
	assert_stderr
	[[ $(writes) != *'offline 4'* ]]
	assert_blocks 39-43 offline - - - -
}

@test "--unplug --json tells of it" {
	dimm_only
	hot_add 512
	set_online 43
	run_chmem "--json -d --from $(device_of 40) --unplug"
	assert_status 0
	assert_json '"\(.status) \(.unplugged) \(.changed.blocks) \(.requested.kind)"' 'done true 1 all'
	assert_blocks 39-43 offline - - - -
}

@test "--unplug -n tells what would be done" {
	local before

	dimm_only
	hot_add 512
	set_online 40
	before=$(everything)
	run_chmem "-n -d --from $(device_of 40) --unplug"
	assert_status 0
	assert_stdout "$(block 40) would be disabled" "$(device_of 40) would be unplugged"
	assert_stderr
	is "all blocks" "$(everything)" "$before"
}

@test "--unplug of a DIMM with a page that does not move leaves it as it was" {
	local before device

	dimm_only
	hot_add 512
	device=$(device_of 40)
	pin_block 41
	set_online 40 42 43
	before=$(everything)
	run_chmem "-d --from $device --unplug --try-timeout 0.5"
	assert_status 1
	assert_stdout
	assert_stderr_line 0 "chmem: $(block 41) disable failed: given up after *"
	assert_stderr_has 'chmem: --atomic: what was changed is set back'
	assert_same_as "$before"
	assert_nobody_left
	unpin
	run_chmem "-d --from $device --unplug"
	assert_status 0
	assert_blocks 40-43 -
}

@test "--unplug does nothing while the kernel brings memory online by itself" {
	local before device

	dimm_only
	hot_add 512
	device=$(device_of 40)
	set_online 40
	before=$(everything)
	on_machine 'echo online >$memory/auto_online_blocks'
	watch_writes
	run_chmem "-d --from $device --unplug"
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $device is not unplugged: auto_online_blocks must be offline for that" \
		'chmem: --atomic: nothing was changed'
	assert_writes
	is "all blocks" "$(everything)" "$before"
}

# Another writer has the kernel's lock, which the eject needs, and chmem does not.
@test "--unplug ends after --timeout where the DIMM does not go, which may still do so" {
	local device

	dimm_only
	hot_add 512
	device=$(device_of 40)
	pin_block 39
	start_write spinner 39 state offline
	wait_for_state 39 going-offline
	start chmem "chmem --json -d --from $device --unplug --timeout 1"
	finish chmem
	assert_status 64
	assert_stderr 'chmem: ended by --timeout' \
		"chmem: $device has not gone yet, though the firmware was asked to eject it: its blocks stay offline"
	assert_json '"\(.status) \(.unplugged)"' 'timeout false'
	assert_within 3000 chmem
	assert_blocks 40-43 offline
	unpin
	assert_result spinner ok
	on_machine 'until_true "[ ! -e \$memory/memory40 ] && [ ! -e \$memory/memory43 ]"'
}

@test "INT while the DIMM is waited for ends that, and sets nothing back" {
	dimm_only
	hot_add 512
	pin_block 39
	start_write spinner 39 state offline
	wait_for_state 39 going-offline
	start_waiting "-d --from $(device_of 40) --unplug"
	send INT chmem
	finish chmem
	assert_status 130
	assert_stdout
	assert_stderr_has 'chmem: ended by a signal: Interrupt'
	assert_stderr_has 'chmem: * has not gone yet, *'
	assert_blocks 40-43 offline
	unpin
	assert_result spinner ok
	on_machine 'until_true "[ ! -e \$memory/memory40 ] && [ ! -e \$memory/memory43 ]"'
}
