#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The recipes for QEMU of chmem-recipes(7), run as they stand in the page; see recipes.bash. What
# comes of them is seen by the kernel's files.

load guest
load recipes

guest_machine virtio-mem

guest_prepare() {
	guest '. /etc/functions; more_modules'
}

# What a failed test has plugged goes with its guest only.
guest_tidy() {
	guest "! ls $MEMORY | grep -qE '^memory[0-9]{2}'" &&
		monitor '{"execute":"qom-list","arguments":{"path":"/objects"}}' &&
		[[ $REPLY != *'"name": "memory'* ]]
}

# await_blocks FIRST-LAST - they are there, which the commands in the page do not wait for.
await_blocks() {
	guest ". /etc/functions; until_true '[ -e $MEMORY/memory${1#*-} ]'"
}

assert_gone() {
	guest ". /etc/functions; until_true '! ls $MEMORY | grep -qE \"^memory[0-9]{2}\"'"
	assert_blocks 32-39 -
}

# assert_in_movable FIRST-LAST
assert_in_movable() {
	is "zones of $1" "$(guest "for block in \$(seq ${1%-*} ${1#*-}); do
			cat $MEMORY/memory\$block/valid_zones
		done | sort -u")" Movable
}

@test "the page has recipes for QEMU, and the guest is started as they say" {
	assert_started_so 'QEMU: A DIMM'
	assert_started_so 'QEMU: VIRTIO-MEM'
	is "commands in a section that is not there" "$(recipe 'QEMU: NOTHING')" ''
}

@test "a DIMM comes, goes online, offline, and away, as in the page" {
	local section='QEMU: A DIMM' total

	assert_steps "$section" '(qemu) object_add *' '(qemu) device_add pc-dimm,*' '# chmem -e *' \
		'# chmem -d *' '(qemu) device_del *' '(qemu) object_del *'
	total=$(mem_total_kb)
	play "$section" 1-2
	await_blocks 32-39
	assert_blocks 32-40 offline offline offline offline offline offline offline offline -
	play "$section" 3-3
	assert_blocks 32-39 online
	assert_in_movable 32-39
	assert_grown MemTotal "$total" "$(mem_total_kb)" $((8 * BLOCK_KB))
	play "$section" 4-4
	assert_blocks 32-39 offline
	play "$section" 5-6
	assert_gone
	is MemTotal "$(mem_total_kb)" "$total"
}

@test "the list of the page tells which blocks are of the DIMM" {
	play 'QEMU: A DIMM' 1-2
	await_blocks 32-39
	assert_steps 'IN THE GUEST' '# chmem -e *' '# chmem --list *'
	play 'IN THE GUEST' 1-2
	[[ $output == *DEVICE* ]]
	[[ $output == *' 32-39 PNP0C80:'* ]]
	is "device of block 32" "$(guest "cat $MEMORY/memory32/firmware_node/hid")" PNP0C80
	play 'QEMU: A DIMM' 4-6
	assert_gone
}

@test "a DIMM comes and goes by QMP, as in the page" {
	local section='QEMU: THE MACHINE PROTOCOL'

	assert_steps "$section" '{"execute": "object-add"*' '{"execute": "device_add"*' \
		'# chmem --json -e *' '# chmem --json -d *' '{"execute": "device_del"*' \
		'{"execute": "object-del"*'
	play "$section" 1-2
	await_blocks 32-39
	play "$section" 3-3
	assert_json '.status, .changed.blocks' 'done' 8
	assert_blocks 32-39 online
	play "$section" 4-4
	assert_json '.status, .changed.blocks' 'done' 8
	assert_blocks 32-39 offline
	play "$section" 5-6
	assert_gone
}

@test "object_del before the device is gone says that the memory is in use, as in the page" {
	play 'QEMU: A DIMM' 1-2
	await_blocks 32-39
	run ! hmp 'object_del memory1'
	[[ $output == *'in use'* ]]
	play 'QEMU: A DIMM' 5-6
	assert_gone
}

@test "a DIMM that is no multiple of the block size comes to no block, as in the page" {
	hmp 'object_add memory-backend-ram,id=memory3,size=192M'
	hmp 'device_add pc-dimm,id=dimm3,memdev=memory3'
	guest ". /etc/functions; until_true 'dmesg | grep -q unaligned'"
	run_guest 'chmem -e --all --wait 1'
	assert_stdout
	assert_blocks 32-34 -
	hmp 'device_del dimm3'
	guest_give_up 'the DIMM may or may not go'
}

@test "the guest has no room for more than maxmem, and no slot beyond the last" {
	local i

	hmp 'object_add memory-backend-ram,id=memory4,size=16G,reserve=off'
	run ! hmp 'device_add pc-dimm,id=dimm4,memdev=memory4'
	[[ $output == *space* ]]
	for i in 5 6 7 8; do
		hmp "object_add memory-backend-ram,id=memory$i,size=128M"
		hmp "device_add pc-dimm,id=dimm$i,memdev=memory$i"
	done
	hmp 'object_add memory-backend-ram,id=memory9,size=128M'
	run ! hmp 'device_add pc-dimm,id=dimm9,memdev=memory9'
	[[ $output == *slots* ]]
	guest_give_up 'it is full of DIMMs'
}

# The device stays: after it, there is nothing like before.
@test "virtio-mem grows, goes online as it comes, and shrinks, as in the page" {
	local section='QEMU: VIRTIO-MEM' total

	assert_steps "$section" '(qemu) object_add *' '(qemu) device_add virtio-mem-pci,*' \
		'(qemu) qom-set * requested-size ?*' '# chmem -e *' '(qemu) qom-set * requested-size 0'
	total=$(mem_total_kb)
	play "$section" 1-3
	play "$section" 4-4
	is "online of virtio-mem" \
		"$(guest "cd $MEMORY && grep -lx online memory[0-9][0-9]/state | wc -l")" 16
	is "offline" "$(guest "cd $MEMORY && grep -Lx online memory*/state")" ''
	is zones "$(guest "cd $MEMORY && cat memory[0-9][0-9]/valid_zones | sort -u")" Movable
	assert_grown MemTotal "$total" "$(mem_total_kb)" $((16 * BLOCK_KB))
	play "$section" 5-5
	assert_gone
	is MemTotal "$(mem_total_kb)" "$total"
}
