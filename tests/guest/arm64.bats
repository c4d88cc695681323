#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# arm64 with UEFI: the kernel keeps the memory that was there at boot, the firmware makes a block
# of its own, DIMMs come and go. Blocks 32 to 39 are plugged.
#
# shellcheck disable=SC2016 # the guest's shell expands
# shellcheck disable=SC2154 # set by machines.bash

load guest

guest_machine virt

guest_prepare() {
	dimm_plug dimm 1024
}

# seq_of FIRST-LAST
seq_of() {
	seq "${1%-*}" "${1#*-}"
}

# try_boot_blocks - a line `BLOCK WORD STATUS` for each of them: what --list foretells, and what
# comes of setting it offline.
try_boot_blocks() {
	guest 'for block in $(seq '"${boot_blocks%-*} ${boot_blocks#*-}"'); do
			word=$(chmem --list --noheadings -o OFFLINABLE -b "$block")
			chmem -d --keep-free 0 -b "$block" 2>/dev/null
			status=$?
			echo $block $word $status
		done'
}

@test "it is arm64, in blocks of 128 MiB" {
	run_guest 'uname -m; cat /sys/devices/system/memory/block_size_bytes; chmem --version'
	assert_status 0
	assert_stdout aarch64 8000000 'chmem 0.1.0'
}

@test "a DIMM brings blocks that chmem -e sets online in Movable, and chmem -d offline" {
	local total

	assert_blocks 32-39 offline
	total=$(mem_total_kb)
	run_guest 'chmem -v -e 256M'
	assert_status 0
	assert_stdout "$(block 32) enabled" "$(block 33) enabled"
	assert_blocks 32-34 online online offline
	assert_zone 32 Movable
	assert_grown MemTotal "$total" "$(mem_total_kb)" $((2 * BLOCK_KB))
	run_guest 'chmem -v -d -b 32-33'
	assert_status 0
	assert_stdout "$(block 32) disabled" "$(block 33) disabled"
	assert_blocks 32-33 offline
}

@test "-z Normal sets a block online there" {
	run_guest 'chmem -e -z Normal -b 32'
	assert_status 0
	assert_zone 32 Normal
}

@test "-z Movable SIZE as well: it asks the blocks themselves for their zones" {
	run_guest 'chmem -e -z Movable 128M'
	assert_status 0
	assert_stderr
	assert_zone 32 Movable
}

@test "memory of the boot does not go, and that it is EPERM is no want of permission" {
	watch_attempts
	run_guest "chmem -d --keep-free 0 -b $boot_block-$((boot_block + 2))"
	assert_status 1
	assert_stdout
	assert_stderr_has "chmem: $(block $((boot_block + 1))) disable failed: Operation not permitted; not for want of permission, a part of the kernel objects"
	attempts chmem | grep -qx "offline $((boot_block + 1)) -1"
	assert_blocks "$boot_blocks" online
}

@test "-d SIZE takes a DIMM where memory of the boot stays" {
	guest 'chmem -e -b 32-33'
	run_guest 'chmem -v -d --keep-free 0 --order lowest 256M'
	assert_status 0
	assert_stdout "$(block 32) disabled" "$(block 33) disabled"
	assert_blocks "$boot_blocks" online
}

@test "-d SIZE of more than a DIMM has ends with what went, and memory of the boot is there" {
	guest 'chmem -e -b 32'
	run_guest 'chmem -d --keep-free 0 512M'
	assert_status 64
	assert_stderr_has 'chmem: Could only disable 128M of memory'
	assert_stderr_has 'chmem:   *blocks: Operation not permitted*'
	assert_blocks "$boot_blocks" online
	assert_blocks 32-32 offline
}

@test "--list tells of boot memory, of the DIMM, and of the block of the firmware" {
	run_guest 'chmem --list --noheadings -o BLOCK,STATE,DEVICE,ZONES'
	assert_status 0
	run bash -c 'sed "s/  */ /g; s/^ //; s/ \$//"' <<<"$output"
	[[ $'\n'$output$'\n' == *$'\n'"$boot_blocks online boot $boot_zone"$'\n'* ]]
	[[ $'\n'$output$'\n' == *$'\n''32-39 offline PNP0C80:00 Normal/Movable'$'\n'* ]]
	# there is no System RAM in it, for whose device to be known
	[[ $'\n'$output == *$'\n'"0 online $boot_zone"$'\n'* ]]
}

@test "the block of the firmware is no memory all through: EINVAL" {
	run_guest 'chmem --list --noheadings -o OFFLINABLE,WHY -b 0'
	assert_stdout_like '*no has holes'
	run_guest 'chmem -d -b 0'
	assert_status 1
	assert_stderr_has "chmem: $(block 0) disable failed: Invalid argument*"
	assert_blocks 0-0 online
}

@test "no block of the boot is foretold to go, and none goes" {
	local block word status

	run try_boot_blocks
	while read -r block word status; do
		is "what is foretold of block $block, and what came of it" "$word $status" 'no 1'
	done <<<"$output"
	is "the blocks that were tried" "$(awk '{ print $1 }' <<<"$output")" \
		"$(seq_of "$boot_blocks")"
	assert_blocks "$boot_blocks" online
}

@test "a free block of the boot would go elsewhere: WHY says that arm64 keeps it" {
	run_guest "chmem --list --noheadings -o OFFLINABLE,WHY -b $((boot_block + 2))"
	assert_stdout_like '*no arm64 keeps boot memory'
	run_guest "chmem -n -d --keep-free 0 -b $((boot_block + 2))"
	assert_status 1
	assert_stderr_has "chmem: $(block $((boot_block + 2))) disable would fail: Operation not permitted*"
}

@test "a block of a DIMM that is free is foretold to go, and goes" {
	guest 'chmem -e -b 32'
	run_guest 'chmem --list --noheadings -o OFFLINABLE -b 32; chmem -d -b 32'
	assert_status 0
	assert_stdout_like '*yes'
	assert_blocks 32-32 offline
}

@test "--order cheapest takes the DIMM and tries no memory of the boot" {
	guest 'chmem -e -b 32-34'
	watch_attempts
	run_guest 'chmem -v -d --keep-free 0 --order cheapest 384M'
	assert_status 0
	is "blocks that went" "$(attempts chmem | sort)" \
		$'offline 32 0\noffline 33 0\noffline 34 0'
}

@test "a block with pages of the kernel is busy" {
	guest 'chmem -e -z Normal -b 32'
	run_script 'use_slab 4000; chmem -d -b 32'
	assert_status 1
	assert_stderr_has "chmem: $(block 32) disable failed: Device or resource busy; *"
	assert_blocks 32-32 online
}

@test "a block with a page that is pinned is given up in time" {
	run_script 'pin_block 39; launch run chmem --try-timeout 1 -d -b 39'
	assert_stdout
	assert_stderr_has "chmem: $(block 39) disable failed: given up after 1.? s (--try-timeout)*"
	assert_ended 'exited 1' 1000 8000
	assert_back 39
	assert_nobody_left
}

@test "a DIMM whose blocks are online can be pulled out and come again" {
	guest 'chmem -e -b 32-39'
	dimm_unplug dimm
	assert_blocks 32-39 -
	dimm_plug dimm 1024
	run_guest 'chmem -v -e -b 32'
	assert_stdout "$(block 32) enabled"
}
