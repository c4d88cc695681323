#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Which zone the kernel puts a block into, and which it says that it would.
#
# shellcheck disable=SC2016 # the machine's shell expands
# shellcheck disable=SC2154 # set by ../guest/machines.bash

load behaviour

# put_online N WORD ZONE - from offline, and it is in that zone then.
put_online() {
	assert_put ok "$1" state "$2"
	assert_blocks "$1-$1" online
	assert_zone "$1" "$3"
}

put_offline() {
	assert_put ok "$1" state offline
}

# free_boot_block - sets one of the blocks that are there since boot offline, and names it in
# `boot_block`: not each of them can go.
free_boot_block() {
	boot_block=$(on_machine "for block in \$(seq ${boot_blocks%-*} ${boot_blocks#*-}); do
			[ \"\$(put \$block state offline)\" != ok ] || { echo \$block; break; }
		done")
	[ -n "$boot_block" ]
}

parameter() {
	on_machine "cat \$sys/module/memory_hotplug/parameters/$1"
}

set_parameter() {
	on_machine "echo $2 >\$sys/module/memory_hotplug/parameters/$1"
}

@test "an offline block of a DIMM may go to Normal, which comes first, or to Movable" {
	assert_zone 32 'Normal Movable'
	assert_zone 39 'Normal Movable'
}

@test "an online block shows the one zone that it is in" {
	put_online 32 online_movable Movable
	put_online 33 online_kernel Normal
	assert_zone "$boot_block" "$boot_zone"
}

@test "a block that goes and comes again may choose anew" {
	put_online 32 online_movable Movable
	put_offline 32
	assert_zone 32 'Normal Movable'
	put_online 32 online_kernel Normal
}

@test "contig-zones: online takes Normal for the first block" {
	is policy "$(parameter online_policy)" contig-zones
	put_online 35 online Normal
}

@test "contig-zones: right above a Movable block online takes Normal, and below as well" {
	put_online 35 online_movable Movable
	assert_zone 36 'Normal Movable'
	assert_zone 34 'Normal Movable'
	put_online 36 online Normal
	put_online 34 online Normal
}

@test "contig-zones: between Movable blocks Movable comes first, and online takes it" {
	put_online 33 online_movable Movable
	put_online 35 online_movable Movable
	assert_zone 34 'Movable Normal'
	assert_zone 32 'Normal Movable'
	assert_zone 36 'Normal Movable'
	put_online 34 online Movable
}

@test "contig-zones: however far apart they are, all between Movable blocks inherit it" {
	put_online 32 online_movable Movable
	put_online 39 online_movable Movable
	for block in 33 36 38; do
		assert_zone "$block" 'Movable Normal'
	done
	assert_put ok 36 online 1
	assert_zone 36 Movable
}

@test "contig-zones: within both a kernel zone and Movable, the kernel zone is chosen" {
	put_online 32 online_movable Movable
	put_online 33 online_kernel Normal
	put_online 37 online_movable Movable
	put_online 38 online_kernel Normal
	assert_zone 35 'Normal Movable'
	put_online 35 online Normal
}

@test "contig-zones: when the neighbours are gone, so is what they stood for" {
	put_online 33 online_movable Movable
	put_online 35 online_movable Movable
	put_offline 35
	assert_zone 34 'Normal Movable'
	put_online 34 online Normal
}

@test "online_kernel takes Normal between Movable blocks, too" {
	put_online 33 online_movable Movable
	put_online 35 online_movable Movable
	put_online 34 online_kernel Normal
}

@test "online_movable takes Movable between Normal blocks, too" {
	put_online 33 online_kernel Normal
	put_online 35 online_kernel Normal
	assert_zone 34 'Normal Movable'
	put_online 34 online_movable Movable
}

@test "below 4 GiB the zone of the kernel is DMA32 and never Normal" {
	[ "$boot_leaves" = yes ] || out_of_place 'memory of the boot does not go'
	free_boot_block
	assert_zone "$boot_block" 'DMA32 Movable'
	put_online "$boot_block" online_movable Movable
	put_offline "$boot_block"
	assert_zone "$boot_block" 'DMA32 Movable'
	put_online "$boot_block" online DMA32
}

@test "the 1 of the file online stands for the word online" {
	put_online 33 online_movable Movable
	put_online 35 online_movable Movable
	assert_put ok 34 online 1
	assert_put ok 37 online 1
	assert_zone 34 Movable
	assert_zone 37 Normal
}

@test "auto-movable: Movable comes first as long as the ratio allows, and online takes it" {
	set_parameter online_policy auto-movable
	is policy "$(parameter online_policy)" auto-movable
	is ratio "$(parameter auto_movable_ratio)" 301
	assert_zone 32 'Movable Normal'
	put_online 32 online Movable
	put_online 33 online Movable
}

@test "auto-movable: beyond the ratio the kernel zone comes first, and online takes it" {
	set_parameter online_policy auto-movable
	set_parameter auto_movable_ratio 5
	assert_zone 32 'Normal Movable'
	put_online 32 online Normal
}

@test "auto-movable: a ratio of 0 leaves no Movable" {
	set_parameter online_policy auto-movable
	set_parameter auto_movable_ratio 0
	put_online 32 online Normal
	put_online 33 online_movable Movable
}

@test "auto-movable: a DIMM of which a block is in a kernel zone goes there as a whole" {
	dimm_only
	set_parameter online_policy auto-movable
	put_online 36 online_kernel Normal
	assert_zone 32 'Normal Movable'
	put_online 32 online Normal
}

@test "auto-movable: online_kernel and online_movable mean what they say" {
	set_parameter online_policy auto-movable
	put_online 32 online_movable Movable
	put_online 33 online_kernel Normal
}

@test "a policy that the kernel does not know is refused, and so is a ratio that is no number" {
	run_script 'cd $sys/module/memory_hotplug/parameters
		poke online_policy movable; poke auto_movable_ratio many
		cat online_policy auto_movable_ratio'
	assert_stdout EINVAL EINVAL contig-zones 301
}
