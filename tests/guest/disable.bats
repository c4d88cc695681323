#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Memory goes offline: a DIMM of 1 GiB, blocks 32 to 39, which holds what the test puts
# there.

load guest

guest_kept

guest_prepare() {
	dimm_plug dimm 1024
}

enable() {
	guest "chmem -e -b $1"
}

# fill_with_kernel_memory BLOCK - an online block, in Normal, that can no longer go: the
# kernel has its inodes there. Each file has one.
fill_with_kernel_memory() {
	guest "echo online_kernel >$MEMORY/memory$1/state &&
		mkdir -p /run/inodes && mount -t tmpfs none /run/inodes &&
			cd /run/inodes || exit
		seq 3000 | xargs touch
		! echo offline >$MEMORY/memory$1/state" 2>/dev/null
}

# What is said of a block that it filled, a pattern.
kernel_memory='Device or resource busy; page frame 0x+([0-9a-f]) cannot be moved; it holds +([0-9]) slab,*pages'

@test "-d SIZE takes the highest blocks, downwards, and MemTotal shrinks by it" {
	local total

	enable 32-39
	total=$(mem_total_kb)
	watch_attempts
	run_guest "chmem -v -d 384M"
	assert_status 0
	assert_stdout "$(block 39) disabled" "$(block 38) disabled" "$(block 37) disabled"
	assert_stderr
	assert_attempts 'offline 39 0' 'offline 38 0' 'offline 37 0'
	assert_blocks 32-39 online online online online online offline offline offline
	assert_grown MemTotal "$total" "$(mem_total_kb)" $((-3 * BLOCK_KB))
}

@test "-d 1G takes back what -e 1G gave" {
	local total movable

	total=$(mem_total_kb)
	movable=$(zone_present 0 Movable)
	guest "chmem -e 1G"
	assert_blocks 32-39 online
	run_guest "chmem -d 1G"
	assert_status 0
	assert_stdout
	assert_stderr
	assert_blocks 32-39 offline
	is MemTotal "$(mem_total_kb)" "$total"
	is Movable "$(zone_present 0 Movable)" "$movable"
}

@test "-d RANGE takes the blocks of these addresses" {
	enable 32-39
	run_guest "chmem -v -d 0x108000000-0x117ffffff"
	assert_status 0
	assert_stdout "$(block 33) disabled" "$(block 34) disabled"
	assert_stderr
	assert_blocks 32-39 online offline offline online online online online online
}

@test "-d -b takes the blocks of these numbers" {
	enable 32-39
	run_guest "chmem -d -b 32-33"
	assert_status 0
	assert_stdout
	assert_stderr
	run_guest "chmem -v -d -b 36"
	assert_status 0
	assert_stdout "$(block 36) disabled"
	assert_stderr
	assert_blocks 32-39 offline offline online online offline online online online
}

@test "-d of a range that is offline already says so and changes nothing" {
	watch_attempts
	run_guest "chmem -v -d -b 32-33"
	assert_status 0
	assert_stdout "$(block 32) already disabled" "$(block 33) already disabled"
	assert_stderr
	assert_attempts
	assert_blocks 32-39 offline
}

@test "-d -z Movable leaves blocks of other zones alone" {
	enable 32-33
	watch_attempts
	run_guest "chmem -d -z Movable 512M"
	assert_status 64
	assert_stdout
	assert_stderr 'chmem: Could only disable 256M of memory' \
		'chmem:   8 blocks: Zone mismatch'
	assert_attempts 'offline 33 0' 'offline 32 0'
}

@test "a block full of kernel memory stays online, and the message says why" {
	local total

	fill_with_kernel_memory 32
	total=$(mem_total_kb)
	run_guest "chmem -d -b 32"
	assert_status 1
	assert_stdout
	assert_stderr_like "chmem: $(block 32) disable failed: $kernel_memory"
	assert_blocks 32-32 online
	assert_zone 32 Normal
	is MemTotal "$(mem_total_kb)" "$total"
}

@test "D6: -d of a range in part names the block that stayed, and exits 64" {
	enable 32
	fill_with_kernel_memory 33
	enable 34
	run_guest "chmem -v -d 0x100000000-0x117ffffff"
	assert_status 64
	assert_stdout "$(block 32) disabled" "$(block 34) disabled"
	assert_stderr_length 2
	assert_stderr_line 0 "chmem: $(block 33) disable failed: $kernel_memory"
	assert_stderr_line 1 'chmem: Could only disable 256M of memory'
	assert_blocks 32-34 offline online offline
}

@test "D1: -d SIZE that frees nothing counts the blocks by reason" {
	fill_with_kernel_memory 39
	run_guest "chmem -d -z Normal 128M"
	assert_status 1
	assert_stdout
	# Block 39 is the only one of the nine online that is in Normal.
	assert_stderr_length 3
	assert_stderr_line 0 'chmem: Could only disable 0B of memory'
	assert_stderr_line 1 "chmem:   1 block: $kernel_memory"
	assert_stderr_line 2 'chmem:   8 blocks: Zone mismatch'
	assert_blocks 39-39 online
}

@test "-d SIZE passes over a block that is busy without a word" {
	enable 38
	fill_with_kernel_memory 39
	watch_attempts
	run_guest "chmem -d 128M"
	assert_status 0
	assert_stdout
	assert_stderr
	assert_attempts 'offline 39 -16' 'offline 38 0'
	assert_blocks 38-39 offline online
}

@test "D2: with -v, the block that -d SIZE passed over is named on stderr" {
	enable 38
	fill_with_kernel_memory 39
	run_guest "chmem -v -d 128M"
	assert_status 0
	assert_stdout "$(block 38) disabled"
	assert_stderr_like "chmem: $(block 39) disable failed: $kernel_memory"
}

@test "block 0 lies in two zones and cannot go" {
	assert_zone 0 none
	run_guest "chmem -d -b 0"
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 0) disable failed: Invalid argument; it has holes, or lies in several zones or nodes"
	assert_blocks 0-0 online
}

@test "a DIMM whose blocks are offline can be unplugged" {
	dimm_plug other 256
	assert_blocks 40-41 offline
	guest "chmem -e -b 40-41"
	assert_blocks 40-41 online
	guest "chmem -d -b 40-41"
	dimm_unplug other
	assert_blocks 39-41 offline - -
	run_guest "chmem -d -b 40-41"
	assert_status 1
	assert_stdout
	assert_stderr 'chmem: Memory Blocks 40-41 do not exist'
}

# The last of the file, as it takes what the guest began with.
@test "D26: -d of more than can go never tries block 0" {
	enable 32-39
	watch_attempts
	run_guest "chmem -d 100G"
	assert_status 64
	assert_stdout
	# shellcheck disable=SC2154 # bats sets it
	[[ $stderr == 'chmem: Could only disable '*' of memory'$'\n'* ]]
	assert_blocks 32-39 offline
	run attempts chmem
	is "the first attempt" "${lines[0]}" 'offline 39 0'
	[[ $output == *$'\noffline '[1-6]' 0'* ]]
	[[ $output != *$'\noffline 0 '* ]]
	assert_blocks 0-0 online
}
