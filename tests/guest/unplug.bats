#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A DIMM is taken out: QEMU tells whether it is, the kernel how it named it and where it put its
# blocks.
#
# shellcheck disable=SC2016 # the guest's shell expands
# shellcheck disable=SC2030,SC2031,SC2154 # set by run, and by guest.bash

load guest

# The DIMMs that a test plugs go again after it, or the guest does.
guest_tidy() {
	local file

	guest '. /etc/functions; end_everything
		echo 1 >/sys/firmware/acpi/hotplug/memory/enabled
		echo offline >$memory/auto_online_blocks' || return
	for file in "$GUEST_DIR/now"/plugged.*; do
		[[ -e $file ]] || continue
		dimm_unplug "${file##*.}" || return
		rm -- "$file"
	done
}

blocks_there() {
	guest "cd $MEMORY && ls -d memory[0-9]* | tr -d a-z | sort -n"
}

# plug NAME MIB - sets `first` and `last` to the blocks of it, `device` to the kernel's name.
plug() {
	local before new

	before=$(blocks_there)
	dimm_plug "$1" "$2" || return
	: >"$GUEST_DIR/now/plugged.$1"
	new=$(comm -13 <(sort <<<"$before") <(blocks_there | sort) | sort -n)
	first=${new%%$'\n'*} last=${new##*$'\n'}
	device=$(guest "basename \$(readlink $MEMORY/memory$first/firmware_node)")
	[[ $device == *:* ]]
}

# assert_unplugged NAME FIRST-LAST - QEMU has let go of it, and the guest, too.
assert_unplugged() {
	guest_line "$guest_monitor_out" '*"DEVICE_DELETED"*"device": "'"$1"'"'
	monitor '{"execute":"object-del","arguments":{"id":"memory-'"$1"'"}}'
	rm -- "$GUEST_DIR/now/plugged.$1"
	assert_blocks "$2" -
}

# assert_plugged NAME
assert_plugged() {
	monitor '{"execute":"query-memory-devices"}'
	is_like 'the memory devices' "$REPLY" '*"id": "'"$1"'"*'
}

# set_online FIRST-LAST [WORD]
set_online() {
	guest ". /etc/functions; set_blocks $1 ${2:-online_movable}"
}

everything() {
	guest "cd $MEMORY && grep . memory*/state memory*/valid_zones"
}

# What is online goes offline first, as the kernel sees it, too.
@test "--unplug sets the blocks of a DIMM offline and takes it out, and no other" {
	local total other

	plug other 256
	other=$first-$last
	total=$(mem_total_kb)
	plug dimm 512
	set_online "$other"
	set_online "$first-$last"
	run_guest "chmem -d --from $device --unplug"
	assert_status 0
	assert_stdout
	assert_stderr
	assert_unplugged dimm "$first-$last"
	assert_blocks "$other" online
	assert_plugged other
	is MemTotal "$(mem_total_kb)" $((total + 2 * BLOCK_KB))
}

@test "-v names what was done" {
	plug dimm 256
	set_online "$last-$last"
	run_guest "chmem -v -d --from $device --unplug"
	assert_status 0
	assert_stdout "$(block "$last") disabled" "$device unplugged"
	assert_stderr
	assert_unplugged dimm "$first-$last"
}

@test "a DIMM that is offline is only taken out" {
	plug dimm 256
	watch_attempts
	run_guest "chmem -d --from $device --unplug"
	assert_status 0
	assert_attempts
	assert_unplugged dimm "$first-$last"
}

@test "--json tells that it is unplugged" {
	plug dimm 256
	set_online "$first-$first"
	run_guest "chmem --json -d --from $device --unplug"
	assert_status 0
	assert_json '"\(.status) \(.unplugged) \(.changed.blocks)"' 'done true 1'
	assert_json '.blocks[] | "\(.block) \(.device) \(.before) \(.after)"' \
		"$first $device online null"
	assert_unplugged dimm "$first-$last"
}

@test "-n tells what would be done, and takes nothing out" {
	local before

	plug dimm 256
	set_online "$first-$last"
	before=$(everything)
	run_guest "chmem -n -d --from $device --unplug"
	assert_status 0
	assert_stdout "$(block "$last") would be disabled" "$(block "$first") would be disabled" \
		"$device would be unplugged"
	assert_stderr
	is "all blocks" "$(everything)" "$before"
	assert_plugged dimm
}

@test "a DIMM with a page that does not move stays whole, and stands in nobody's way" {
	local before busy

	plug dimm 512
	busy=$((first + 1))
	run_script "pin_block $busy"
	assert_status 0
	set_online "$first-$first"
	set_online "$((first + 2))-$last"
	before=$(everything)
	run_guest "chmem -d --from $device --unplug --try-timeout 2"
	assert_status 1
	assert_stdout
	assert_stderr_line 0 "chmem: $(block $busy) disable failed: given up after *"
	assert_stderr_has 'chmem: --atomic: what was changed is set back'
	assert_back "$busy"
	is "all blocks" "$(everything)" "$before"
	assert_plugged dimm
	# hot-plug goes on: another one comes, and goes
	plug second 256
	set_online "$first-$last"
	run_guest "chmem -d --from $device --unplug"
	assert_status 0
	assert_unplugged second "$first-$last"
	is "all blocks" "$(everything)" "$before"
	# and so does this one, when the page is let go of
	run_script end_everything
	device=$(guest "basename \$(readlink $MEMORY/memory$busy/firmware_node)")
	run_guest "chmem -d --from $device --unplug"
	assert_status 0
	assert_unplugged dimm "$busy-$busy"
}

@test "a block full of kernel memory keeps the DIMM, and is named" {
	local before

	plug dimm 256
	guest "echo online_kernel >$MEMORY/memory$first/state &&
		mkdir -p /run/inodes && mount -t tmpfs none /run/inodes && cd /run/inodes || exit
		seq 3000 | xargs touch
		! echo offline >$MEMORY/memory$first/state" 2>/dev/null
	set_online "$last-$last"
	before=$(everything)
	run_guest "chmem -d --from $device --unplug"
	assert_status 1
	assert_stderr_line 0 "chmem: $(block "$first") disable failed: Device or resource busy*"
	is "all blocks" "$(everything)" "$before"
	assert_plugged dimm
	guest '. /etc/functions; drop_slab'
}

@test "while auto_online_blocks is not offline, nothing is done" {
	local before word

	plug dimm 256
	set_online "$first-$last"
	before=$(everything)
	watch_attempts
	for word in online online_movable online_kernel; do
		guest "echo $word >$MEMORY/auto_online_blocks"
		run_guest "chmem -d --from $device --unplug"
		assert_status 1
		assert_stdout
		assert_stderr "chmem: $device is not unplugged: auto_online_blocks must be offline for that" \
			'chmem: --atomic: nothing was changed'
	done
	is "all blocks" "$(everything)" "$before"
	assert_attempts
	assert_plugged dimm
}

@test "where the kernel refuses the eject, the blocks come back" {
	local before

	plug dimm 256
	set_online "$first-$last"
	before=$(everything)
	guest 'echo 0 >/sys/firmware/acpi/hotplug/memory/enabled'
	run_guest "chmem -d --from $device --unplug"
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $device was not unplugged: its eject failed: No such device" \
		'chmem: --atomic: what was changed is set back'
	is "all blocks" "$(everything)" "$before"
	assert_plugged dimm
}

@test "an ordinary user is told that the eject cannot be written" {
	local before

	plug dimm 256
	set_online "$first-$last"
	before=$(everything)
	run_guest "su nobody -c 'chmem -d --from $device --unplug'"
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $device cannot be unplugged: its eject cannot be written: Permission denied" \
		'chmem: --atomic: nothing was changed'
	run_guest "su nobody -c 'chmem -n -d --from $device --unplug'"
	assert_status 0
	[[ $output == *"$device would be unplugged" ]]
	is "all blocks" "$(everything)" "$before"
	assert_plugged dimm
}

@test "INT before the eject brings the blocks back" {
	local before

	plug dimm 256
	run_script "pin_block $first"
	set_online "$last-$last"
	before=$(everything)
	run_script "disturbed 'send INT' $first chmem -d --from $device --unplug"
	assert_stderr_has 'chmem: ended by a signal: Interrupt'
	assert_back "$first"
	is "all blocks" "$(everything)" "$before"
	assert_nobody_left
	assert_plugged dimm
}

# Another writer has the kernel's lock, which the eject needs and chmem does not, as there is
# nothing left to do.
@test "a DIMM that does not go in time is told of, and its blocks stay offline" {
	local other

	plug other 256
	other=$first
	plug dimm 256
	run_script "pin_block $other; spin $other"
	assert_status 0
	run_guest "chmem -d --from $device --unplug --timeout 2"
	assert_status 64
	assert_stdout
	assert_stderr 'chmem: ended by --timeout' \
		"chmem: $device has not gone yet, though the firmware was asked to eject it: its blocks stay offline"
	assert_blocks "$first-$last" offline
	# it goes as soon as it can
	run_script end_everything
	assert_unplugged dimm "$first-$last"
}
