# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034 # for whoever sources this
#
# What a guest may run on. Each function machine_NAME sets the array `machine` to the program
# and the arguments that QEMU has there beyond those of every guest, and
#
#	console        the kernel's name of its serial port
#	architecture   what the kernel and the programs are for, as Debian has it
#	restorable     yes or no: whether a guest is saved and restored faster than booted
#
#	plug_address   where the first DIMM is to be; empty: QEMU chooses so
#
# A gigabyte of memory is there from the start, hot-plugged memory is at 4 GiB, where block
# 32 starts; both are made of blocks of 128 MiB. What tests have to know of the former:
#
#	boot_blocks    FIRST-LAST, the blocks that it is made of
#	boot_mib       what is online of the start, in whole blocks
#	boot_zone      the zone that they are in
#	boot_nodes     how many nodes they are in
#	boot_block     one of them about which nothing is special
#	mixed_block    one that lies in several zones, or empty
#	hole_block     one that is not memory all through
#	boot_leaves    yes or no: whether the kernel lets go of any of them

# DIMMs by ACPI.
machine_q35() {
	machine=(qemu-system-x86_64 -accel tcg -M q35 -cpu qemu64 -m '1G,slots=4,maxmem=8G')
	console=ttyS0 architecture=amd64 restorable=yes plug_address=
	boot_blocks=0-7 boot_mib=1024 boot_zone=DMA32 boot_nodes=1 boot_block=1
	mixed_block=0 hole_block=7 boot_leaves=yes
}

arm64_firmware=/usr/share/qemu-efi-aarch64/QEMU_EFI.fd

# arm64 with UEFI, and DIMMs by ACPI. The firmware's own memory makes a block 0, too, far
# below the others.
machine_virt() {
	machine_virt_dt
	machine+=(-M acpi=on -bios "$arm64_firmware")
	plug_address=$((4 << 30)) boot_mib=1152
}

# arm64 that is described by a device tree, as there is no firmware; and so no DIMMs, but a
# port for virtio-mem.
machine_virt_dt() {
	machine=(qemu-system-aarch64 -accel tcg -M 'virt,gic-version=3' -cpu cortex-a57
		-m '1G,slots=4,maxmem=8G' -device 'pcie-root-port,id=memory-port,chassis=1,slot=1')
	console=ttyAMA0 architecture=arm64 restorable=yes plug_address=
	boot_blocks=8-15 boot_mib=1024 boot_zone=DMA boot_nodes=1 boot_block=9
	mixed_block='' hole_block=15 boot_leaves=no
}

# The same with room for two virtio-mem devices, which can be plugged here only: see
# virtio_mem_plug in guest.bash.
machine_virtio_mem() {
	machine_q35
	machine+=(-device 'pcie-root-port,id=port0,chassis=1,slot=1'
		-device 'pcie-root-port,id=port1,chassis=2,slot=2')
}

# Two nodes, and block 4 lies in both of them.
machine_numa() {
	machine_q35
	boot_nodes=2
	machine+=(-smp '2,sockets=2'
		-object 'memory-backend-ram,id=memory0,size=576M'
		-object 'memory-backend-ram,id=memory1,size=448M'
		-numa 'node,nodeid=0,memdev=memory0,cpus=0'
		-numa 'node,nodeid=1,memdev=memory1,cpus=1')
}

# Two nodes, one of which has no memory until a DIMM is plugged into it.
machine_memoryless() {
	machine_q35
	machine+=(-smp '2,sockets=2'
		-object 'memory-backend-ram,id=memory0,size=1G'
		-numa 'node,nodeid=0,memdev=memory0,cpus=0' -numa 'node,nodeid=1,cpus=1')
}

# With persistent memory where the first DIMM would be. The kernel has to be told of its node.
machine_nvdimm() {
	machine_q35
	restorable=no
	machine+=(-M 'nvdimm=on'
		-object 'memory-backend-ram,id=memory0,size=1G' -numa 'node,nodeid=0,memdev=memory0'
		-object 'memory-backend-ram,id=persistent,size=1G' -device 'nvdimm,memdev=persistent')
}

# From 64 GiB on, a block is as large as it gets: 2 GiB. The guest uses little more of them
# than what the kernel needs to describe them, about 1 GiB. The first DIMM is at 66 GiB, as
# there is none between 2 and 4 GiB; its first block is 33.
machine_large() {
	machine_q35
	restorable=no
	machine=(qemu-system-x86_64 -accel tcg -M 'q35,memory-backend=memory0' -cpu qemu64
		-m '64G,slots=4,maxmem=80G'
		-object 'memory-backend-ram,id=memory0,size=64G,reserve=off')
}

# use_machine NAME
use_machine() {
	local function=machine_${1//-/_}

	if ! declare -F "$function" >/dev/null; then
		printf 'there is no machine %s\n' "$1" >&2
		return 1
	fi
	"$function"
}
