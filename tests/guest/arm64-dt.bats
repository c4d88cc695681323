#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# arm64 described by a device tree: there is no block 0, and memory comes by virtio-mem.
#
# shellcheck disable=SC2016 # the guest's shell expands
# shellcheck disable=SC2154 # set by machines.bash

load guest

guest_machine virt-dt

# The driver adds all blocks of what is requested, and keeps them offline.
guest_prepare() {
	guest '. /etc/functions; more_modules' &&
		monitor '{"execute":"object-add","arguments":{"qom-type":"memory-backend-ram",
			"id":"memory","size":1073741824}}' &&
		monitor '{"execute":"device_add","arguments":{"driver":"virtio-mem-pci",
			"id":"virtio-mem","memdev":"memory","bus":"memory-port","memaddr":4294967296,
			"requested-size":536870912}}' &&
		guest ". /etc/functions; until_true '[ -e \$memory/memory35 ]'"
}

@test "there is no memory0, and the lowest block is 8" {
	run_guest 'cd /sys/devices/system/memory; ls -d memory0; ls -dv memory[0-9]* | head -n 1'
	assert_stdout memory8
}

@test "-e -z Movable SIZE asks the blocks themselves for their zones" {
	run_guest 'chmem -v -e -z Movable 256M'
	assert_status 0
	assert_stdout "$(block 32) enabled" "$(block 33) enabled"
	assert_stderr
	assert_zone 32 Movable
	assert_zone 33 Movable
	run_guest 'chmem -v -d -z Movable 128M'
	assert_status 0
	assert_stdout "$(block 33) disabled"
}

@test "-e -z Normal SIZE as well" {
	run_guest 'chmem -e -z Normal 128M'
	assert_status 0
	assert_zone 32 Normal
}

@test "--list tells of boot memory, and of virtio-mem" {
	run_guest 'chmem --list --noheadings -o BLOCK,STATE,DEVICE'
	assert_status 0
	run bash -c 'sed "s/  */ /g; s/^ //"' <<<"$output"
	assert_stdout '8-15 online boot' '32-35 offline virtio-mem'
}

@test "a block of virtio-mem that is free is foretold to go, and goes; one of the boot is not" {
	guest 'chmem -e -b 32'
	run_guest 'chmem --list --noheadings -o OFFLINABLE -b 32; chmem -d -b 32'
	assert_status 0
	assert_stdout_like '*yes'
	assert_blocks 32-32 offline
	run_guest "chmem --list --noheadings -o OFFLINABLE,WHY -b $((boot_block + 2))"
	assert_stdout_like '*no arm64 keeps boot memory'
}

@test "memory of the boot does not go" {
	run_guest "chmem -d --keep-free 0 -b $boot_blocks"
	assert_status 1
	assert_stderr_has "chmem: $(block $((boot_block + 2))) disable failed: Operation not permitted; *"
	assert_blocks "$boot_blocks" online
}
