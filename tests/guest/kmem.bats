#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Memory of a DAX device: 1 GiB of persistent memory, from block 32 on, that the driver kmem makes
# blocks of. The device keeps the first of it for itself, and so block 32 never comes to be.
#
# shellcheck disable=SC2016,SC2154 # the guest's shell expands; set by run

load guest

guest_machine nvdimm

guest_prepare() {
	guest '. /etc/functions
		load_modules dax || exit
		nd=/sys/bus/nd/devices
		until_true "[ -e $nd/namespace0.0 ]"
		read -r device <$nd/region0/dax_seed
		cd $nd/$device && echo namespace0.0 >namespace && echo ram >mode && echo 2097152 >align &&
			cat /proc/sys/kernel/random/uuid >uuid &&
			echo "$device" >/sys/bus/nd/drivers/dax_pmem/bind || exit
		cd /sys/bus/dax/devices && echo dax* >/sys/bus/dax/drivers/kmem/new_id' &&
		guest "test -e $MEMORY/memory39"
}

# list ARGUMENTS - with one blank between two cells.
list() {
	guest "chmem --list --noheadings $1" | sed 's/^ *//; s/  */ /g; s/ *$//'
}

@test "the kernel has made blocks of the device, all but the first" {
	assert_blocks 32-40 - offline offline offline offline offline offline offline -
	run_guest 'grep -c "System RAM (kmem)$" /proc/iomem'
	assert_stdout 1
}

@test "--list names kmem as the device of each, online or not" {
	guest 'chmem -e -b 34'
	is devices "$(list '-b 7,33-39 -o BLOCK,STATE,DEVICE')" "$(printf '%s\n' '7 online boot' \
		'33 offline kmem' '34 online kmem' '35-39 offline kmem')"
}

@test "--from kmem takes its blocks alone, in either direction" {
	# the other one has the first of QEMU's places
	dimm_plug dimm 256
	is "the devices of all blocks" "$(list '-o DEVICE' | sort -u | paste -sd ' ')" \
		'PNP0C80:01 boot kmem'
	run_guest 'chmem -v -e --all --from kmem'
	assert_status 0
	assert_stderr
	assert_blocks 33-41 online online online online online online online offline offline
	guest 'chmem -e -b 40-41'
	run_guest 'chmem -d --all -z Movable --from kmem'
	assert_status 0
	assert_stderr
	assert_blocks 33-41 offline offline offline offline offline offline offline online online
	guest 'chmem -d -b 40-41'
	dimm_unplug dimm
}

@test "a SIZE beyond what the device has is done as far as it goes" {
	run_guest 'chmem -e 1G --from kmem'
	assert_status 64
	assert_stderr_has 'chmem: Could only enable 896M of memory'
	assert_blocks 33-39 online
}

@test "--unplug of it is refused, with a word on how it goes, and changes nothing" {
	guest 'chmem -e -b 34'
	run_guest 'chmem -d --from kmem --unplug'
	assert_status 1
	assert_stdout
	assert_stderr_like 'chmem: *memory of a DAX device goes with that, by way of its driver*'
	assert_blocks 33-35 offline online offline
}
