#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Blocks that hold their own memory map: with memory_hotplug.memmap_on_memory=1 the kernel
# takes the first 512 pages of what is plugged for that. Up to 6.4 it does so only for a DIMM
# of one block, as is block 32 here; later for every block. Blocks 33 and 34 are one DIMM.
#
# shellcheck disable=SC2016,SC2154 # the guest's shell expands; set by run

export GUEST_ARGUMENTS='memhp_default_state=offline memory_hotplug.memmap_on_memory=1'
load guest

MAP_PAGES=512

guest_prepare() {
	dimm_plug single 128 && dimm_plug pair 256
}

# maps FIRST-LAST - of how many of these blocks the map is in them.
maps() {
	case $(guest 'uname -r') in
	6.[0-4].* | 5.*) [[ $1 == 32-* ]] && echo 1 || echo 0 ;;
	*) echo $((${1#*-} - ${1%-*} + 1)) ;;
	esac
}

# assert_contents BLOCK MAPS - what is told of a block in Movable that holds so many maps: none
# of it keeps the block, the rest is free or movable but for a few pages that a processor has
# at hand.
assert_contents() {
	local free movable unmovable offlinable told pages=$((BLOCK_PAGES - $2 * MAP_PAGES))

	read -r free movable unmovable offlinable <<<"$(guest "chmem --json --list -b $1" |
		jq -r '.blocks[] | "\(.free) \(.movable) \(.unmovable) \(.offlinable)"')"
	is "not movable, and foretold, of $1" "$unmovable $offlinable" '0 yes'
	told=$(((free + movable) / 4096))
	((told <= pages && told > pages - 100)) || {
		echo "of block $1, $told pages are told and not $pages"
		return 1
	}
}

@test "a block that holds its map is the poorer by that, online, and --list knows" {
	local total

	total=$(mem_total_kb)
	run_guest 'chmem -v -e -b 32'
	assert_status 0
	assert_stdout "$(block 32) enabled"
	assert_stderr
	assert_zone 32 Movable
	assert_grown MemTotal "$total" "$(mem_total_kb)" $(((BLOCK_PAGES - MAP_PAGES) * 4))
	assert_contents 32 1
}

@test "its map does not keep it from going offline, nor from coming back" {
	local total

	total=$(mem_total_kb)
	for _ in 1 2; do
		guest 'chmem -e -b 32'
		run_guest 'chmem -v -d -b 32'
		assert_status 0
		assert_stdout "$(block 32) disabled"
		assert_stderr
		assert_grown MemTotal "$total" "$(mem_total_kb)" 0
	done
}

@test "beside it are blocks with and without a map, as the kernel has it" {
	local total

	total=$(mem_total_kb)
	run_guest 'chmem -e 384M'
	assert_status 0
	assert_stdout
	assert_stderr
	assert_blocks 32-34 online
	assert_grown MemTotal "$total" "$(mem_total_kb)" \
		$((3 * BLOCK_KB - $(maps 32-34) * MAP_PAGES * 4))
	assert_contents 32 1
	assert_contents 33 "$(maps 33-33)"
	run_guest 'chmem -d --all -z Movable'
	assert_status 0
	assert_blocks 32-34 offline
	is MemTotal "$(mem_total_kb)" "$total"
}

@test "--resize and the summary count whole blocks" {
	run_guest 'chmem -v --resize 1152M'
	assert_status 0
	assert_stdout "$(block 32) enabled"
	run_guest 'chmem -v --resize 1152M'
	assert_status 0
	assert_stdout
	run_guest 'chmem --json --list'
	is "bytes online" "$(jq .total.online <<<"$output")" $((1152 << 20))
}

@test "a block of which the kernel uses more than its map does not go, and the map is no reason" {
	guest '. /etc/functions; set_blocks 32-32 online_kernel; use_slab 8000'
	run_guest 'chmem -d -b 32'
	assert_status 1
	assert_stderr_like "chmem: $(block 32) disable failed: Device or resource busy; page frame 0x+([0-9a-f]) cannot be moved; it holds +([0-9]) slab*"
	[[ $stderr != *' reserved'* ]]
	run_guest 'chmem --list --noheadings -b 32 -o OFFLINABLE,WHY'
	assert_stdout_like ' *no *slab*'
	[[ $output != *' reserved'* ]]
}
