#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# --list where the pages of blocks can be seen: how much is free, movable or neither, whether
# blocks would go, and why not. On the simulated machine only.
#
# shellcheck disable=SC2016 # the machine's shell expands

load behaviour

# list_is 'OPTION...' LINE... - what --list prints, blanks between cells squeezed, and nothing else.
list_is() {
	run_chmem "--noheadings $1"
	assert_status 0
	is cells "$(sed 's/  */ /g; s/^ //; s/ $//' <<<"$output")" "$(printf '%s\n' "${@:2}")"
	assert_stderr
}

@test "a list tells how much is free, movable and unmovable" {
	machine_start 'blocks 0 online Normal slab=16M used=32M' 'blocks 1 online Movable used=64M' \
		'blocks 2 offline'
	list_is '-o BLOCK,FREE,MOVABLE,UNMOVABLE' '0-2 144M 96M 16M'
	list_is '--all -o BLOCK,FREE,MOVABLE,UNMOVABLE' '0 80M 32M 16M' '1 64M 64M 0B' 2
}

@test "a list tells which blocks would go, and why not" {
	machine_start 'blocks 0 online none' 'blocks 1 online Normal slab=312 pgtable=17' \
		'blocks 2 online Normal hole' 'blocks 3 online Normal' 'blocks 4 online Movable used=50%' \
		'blocks 5 online Normal used=100' 'blocks 6 online Movable huge=512' \
		'blocks 7 online Movable poison=1' 'blocks 8 online Movable reserved=2' \
		'blocks 9 online Normal unknown=900' 'blocks 32 offline'
	list_is '-o BLOCK,OFFLINABLE,WHY' '0 no valid_zones is none' '1 no 312 slab, 17 page-table pages' \
		'2 no has holes' '3-4 yes' '5 likely 100 pages to be moved' '6 likely 512 pages of hugetlbfs' \
		'7 likely 1 broken page' '8 no 2 reserved pages' '9 900 pages of unknown use' 32
}

@test "pages of blocks on one line are counted together" {
	machine_start 'blocks 0 online none' 'blocks 1 online Normal slab=312' \
		'blocks 2 online Normal slab=100 pgtable=3'
	list_is '-o BLOCK,OFFLINABLE,WHY' '0 no valid_zones is none' '1-2 no 412 slab, 3 page-table pages'
	list_is '-o BLOCK,WHY' '0 valid_zones is none' '1-2 412 slab, 3 page-table pages'
	list_is '-o BLOCK,OFFLINABLE' '0-2 no'
}

@test "what virtio-mem has unplugged keeps no block from going" {
	machine_start 'blocks 0 online none' \
		'blocks 32-33 online Movable device=virtio_mem hotplug offline=50%'
	list_is '-b 32-33 -o BLOCK,DEVICE,OFFLINABLE,FREE,MOVABLE' '32-33 virtio-mem yes 128M 0B'
}

@test "a list tells what brought the memory" {
	machine_start 'blocks 0-1 online none' 'blocks 32-33 offline device=PNP0C80:00' \
		'blocks 34 offline device=PNP0C80:01' 'blocks 35 offline device=kmem' \
		'blocks 36 offline device=virtio_mem'
	list_is '-o BLOCK,DEVICE' '0-1 boot' '32-33 PNP0C80:00' '34 PNP0C80:01' '35 kmem' '36 virtio-mem'
}

@test "a list tells the nodes of many blocks" {
	machine_start 'blocks 0-39 online Normal' 'blocks 40-79 offline node=1' 'blocks 80 offline node=0,1'
	list_is '-o BLOCK,NODE' '0-39 0' '40-79 1' '80 0'
}

@test "going-offline is shown while a block goes" {
	machine_start 'blocks 0 online none' 'blocks 32 online Movable'
	memsim_tell 'delay 32 state 3000 word offline'
	start disable 'chmem -d -b 32'
	wait_for_state 32 going-offline
	list_is '-b 32 -o BLOCK,STATE,OFFLINABLE' '32 going-offline'
	finish disable
	assert_status 0
}

@test "an ordinary user sees all but what is in blocks" {
	machine_start 'blocks 0 online none' 'blocks 32-33 online Movable device=virtio_mem hotplug'
	run_as_nobody '"$CHMEM" --sysroot "$TREE" --noheadings -o BLOCK,STATE,OFFLINABLE,WHY'
	assert_status 0
	is cells "$(sed 's/  */ /g; s/^ //; s/ $//' <<<"$output")" $'0 online no valid_zones is none\n32-33 online'
	assert_stderr 'chmem: what is in blocks cannot be seen, or not all of it: Permission denied'
}
