#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Memory that was just plugged goes online: a DIMM of 1 GiB, blocks 32 to 39.

load guest

guest_kept

guest_prepare() {
	dimm_plug dimm 1024
}

# offline_boot_block - sets one of the blocks that the guest began with offline and names
# it in boot_block. Which of them can go depends on where the kernel happened to put
# itself.
offline_boot_block() {
	boot_block=$(guest "for block in 1 2 3 4 5 6; do
			if echo offline >$MEMORY/memory\$block/state; then
				echo \$block
				exit 0
			fi
		done 2>/dev/null
		exit 1")
}

@test "the blocks of a new DIMM are offline and no part of MemTotal" {
	local total

	assert_blocks 32-39 offline
	assert_zone 32 'Normal Movable'
	total=$(mem_total_kb)
	((total < 1024 * 1024))
}

@test "-e 1G onlines eight blocks into Movable, and MemTotal grows by 1 GiB" {
	local total movable

	total=$(mem_total_kb)
	movable=$(zone_present 0 Movable)
	run_guest "chmem -e 1G"
	assert_status 0
	assert_stdout
	assert_stderr
	assert_blocks 32-39 online
	assert_grown MemTotal "$total" "$(mem_total_kb)" $((8 * BLOCK_KB))
	assert_grown Movable "$movable" "$(zone_present 0 Movable)" $((8 * BLOCK_PAGES))
}

@test "-e SIZE takes the lowest offline blocks, and each is asked for once" {
	guest "echo online_movable >$MEMORY/memory33/state"
	watch_attempts
	run_guest "chmem -v -e 384M"
	assert_status 0
	assert_stdout "$(block 32) enabled" "$(block 34) enabled" "$(block 35) enabled"
	assert_stderr
	assert_attempts 'online 32 0' 'online 34 0' 'online 35 0'
	assert_blocks 32-39 online online online online offline offline offline offline
}

@test "-e SIZE beyond what there is onlines all of it and exits 64" {
	run_guest "chmem -e 2G"
	assert_status 64
	assert_stdout
	assert_stderr 'chmem: Could only enable 1G of memory'
	assert_blocks 32-39 online
}

@test "-e SIZE with nothing left to online exits 1" {
	guest "chmem -e 1G"
	watch_attempts
	run_guest "chmem -e 128M"
	assert_status 1
	assert_stdout
	assert_stderr 'chmem: Could only enable 0B of memory'
	assert_attempts
}

@test "-e RANGE onlines the blocks of these addresses" {
	local total

	total=$(mem_total_kb)
	run_guest "chmem -v -e 0x108000000-0x117ffffff"
	assert_status 0
	assert_stdout "$(block 33) enabled" "$(block 34) enabled"
	assert_stderr
	assert_blocks 32-36 offline online online offline offline
	assert_grown MemTotal "$total" "$(mem_total_kb)" $((2 * BLOCK_KB))
}

@test "-e -b onlines the blocks of these numbers" {
	run_guest "chmem -e -b 37-39"
	assert_status 0
	assert_stdout
	assert_stderr
	run_guest "chmem -v -e -b 34"
	assert_status 0
	assert_stdout "$(block 34) enabled"
	assert_stderr
	assert_blocks 32-39 offline offline online offline offline online online online
}

@test "-e of a range that is online already says so and changes nothing" {
	guest "chmem -e -b 32-34"
	watch_attempts
	run_guest "chmem -v -e 0x100000000-0x117ffffff"
	assert_status 0
	assert_stdout "$(block 32) already enabled" "$(block 33) already enabled" \
		"$(block 34) already enabled"
	assert_stderr
	assert_attempts
}

@test "-e of a range that is partly online asks only for the rest" {
	guest "chmem -e -b 33"
	watch_attempts
	run_guest "chmem -v -e -b 32-34"
	assert_status 0
	assert_stdout "$(block 32) enabled" "$(block 33) already enabled" \
		"$(block 34) enabled"
	assert_stderr
	assert_attempts 'online 32 0' 'online 34 0'
	assert_blocks 32-34 online
}

@test "D5: a range that runs past the DIMM names the blocks that do not exist" {
	run_guest "chmem -e 0x130000000-0x14fffffff"
	assert_status 64
	assert_stdout
	assert_stderr 'chmem: Memory Blocks 40-41 do not exist' \
		'chmem: Could only enable 256M of memory'
	assert_blocks 37-39 offline online online
}

@test "D5: a single block that does not exist is named, and exits 1" {
	run_guest "chmem -e -b 40"
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 40) does not exist"
}

@test "-z Movable onlines into Movable" {
	local movable

	movable=$(zone_present 0 Movable)
	run_guest "chmem -e -z Movable -b 32"
	assert_status 0
	assert_stdout
	assert_stderr
	assert_zone 32 Movable
	assert_grown Movable "$movable" "$(zone_present 0 Movable)" "$BLOCK_PAGES"
}

@test "-z Normal onlines into Normal" {
	local normal movable

	normal=$(zone_present 0 Normal)
	movable=$(zone_present 0 Movable)
	run_guest "chmem -e -z Normal 128M"
	assert_status 0
	assert_stdout
	assert_stderr
	assert_blocks 32-33 online offline
	assert_zone 32 Normal
	assert_grown Normal "$normal" "$(zone_present 0 Normal)" "$BLOCK_PAGES"
	assert_grown Movable "$movable" "$(zone_present 0 Movable)" 0
}

@test "D13: -z Movable fails on a block that is online in Normal, and says where it is" {
	guest "chmem -e -z Normal -b 32"
	watch_attempts
	run_guest "chmem -v -e -z Movable -b 32"
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 32) enable failed: already online in zone Normal"
	assert_attempts
	assert_zone 32 Normal
}

@test "D13: -z Normal on a block that is online in Movable fails, its neighbour is done" {
	guest "chmem -e -z Movable -b 32"
	run_guest "chmem -v -e -z Normal -b 32-33"
	assert_status 64
	assert_stdout "$(block 33) enabled"
	assert_stderr "chmem: $(block 32) enable failed: already online in zone Movable" \
		'chmem: Could only enable 128M of memory'
	assert_zone 32 Movable
	assert_zone 33 Normal
}

@test "D12: DMA does not stand for DMA32" {
	offline_boot_block
	assert_zone "$boot_block" 'DMA32 Movable'
	watch_attempts
	run_guest "chmem -e -z DMA -b $boot_block"
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block "$boot_block") enable failed: Zone mismatch"
	assert_attempts
	run_guest "chmem -e -z dma32 -b $boot_block"
	assert_status 0
	assert_stdout
	assert_stderr
	assert_zone "$boot_block" DMA32
}

@test "-z Normal passes over a block that can only be DMA32 or Movable" {
	offline_boot_block
	watch_attempts
	run_guest "chmem -e -z Normal -b $boot_block"
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block "$boot_block") enable failed: Zone mismatch"
	run_guest "chmem -v -e -z Normal 128M"
	assert_status 0
	assert_stdout "$(block 32) enabled"
	assert_attempts 'online 32 0'
	assert_zone 32 Normal
}

@test "-e SIZE takes a block from before the DIMM first, being the lowest" {
	offline_boot_block
	run_guest "chmem -v -e 256M"
	assert_status 0
	assert_stdout "$(block "$boot_block") enabled" "$(block 32) enabled"
	assert_stderr
	assert_zone "$boot_block" Movable
	assert_zone 32 Movable
}

@test "lsmem counts what chmem has set online" {
	guest "chmem -e 512M"
	run_guest "lsmem --bytes --summary=only"
	assert_status 0
	[[ $output == *"Total online memory:"*" $((1536 << 20))"$'\n'* ]]
	[[ $output == *"Total offline memory:"*" $((512 << 20))" ]]
}
