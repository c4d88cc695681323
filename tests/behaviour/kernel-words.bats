#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the kernel makes of a plain write to a block, and what it shows of blocks.
#
# shellcheck disable=SC2016 # the machine's shell expands
# shellcheck disable=SC2154 # set by ../guest/machines.bash

load behaviour

@test "a block that is offline refuses to be set offline: EINVAL" {
	assert_put EINVAL 32 state offline
	assert_blocks 32-32 offline
	assert_zone 32 'Normal Movable'
}

@test "a block that is online refuses every word to set it online: EINVAL" {
	assert_put ok 32 state online_movable
	for word in online online_kernel online_movable; do
		assert_put EINVAL 32 state "$word"
	done
	assert_blocks 32-33 online offline
	assert_zone 32 Movable
}

@test "the file online takes what is so already for a success" {
	assert_put ok 32 online 0
	assert_put ok 32 online 1
	assert_put ok 32 online 1
	assert_blocks 32-32 online
	assert_put ok 32 online 0
	assert_put ok 32 online 0
	assert_blocks 32-32 offline
}

@test "the file online reads 0 or 1, and takes no other number" {
	is online "$(on_machine "cat \$memory/memory32/online \$memory/memory$boot_block/online")" $'0\n1'
	assert_put EINVAL 32 online 2
	assert_blocks 32-32 offline
}

@test "a word that state does not know is EINVAL, whatever the state is" {
	for word in onlin online_normal Online 1 going-offline; do
		assert_put EINVAL 32 state "$word"
		assert_put EINVAL "$boot_block" state "$word"
	done
	assert_blocks 32-32 offline
	assert_blocks "$boot_block-$boot_block" online
}

@test "a newline may follow the word" {
	run_script 'echo online_movable >$memory/memory32/state &&
		echo offline >$memory/memory32/state &&
		echo 1 >$memory/memory32/online; state 32'
	assert_stdout online
	assert_status 0
}

@test "an empty write is no error and does nothing" {
	run_script 'poke $memory/memory32/state ""'
	assert_stdout ok
	assert_blocks 32-32 offline
}

@test "the files of a block that does not exist cannot be opened" {
	assert_put 'open ENOENT' 40 state online
	assert_put 'open ENOENT' 31 online 1
}

@test "what is only to be read cannot be opened for writing, not even by root" {
	for file in removable valid_zones phys_index phys_device; do
		assert_put 'open EACCES' 32 "$file" 1
	done
	run_script 'poke $memory/block_size_bytes 1'
	assert_stdout 'open EACCES'
}

@test "an ordinary user may read state, but not open it for writing" {
	run_as_nobody "cat \$memory/memory32/state; poke \$memory/memory32/state online"
	assert_stdout offline "open EACCES"
	assert_blocks 32-32 offline
}

@test "a block in several zones has the zone none and cannot go: EINVAL" {
	[ -n "$mixed_block" ] || out_of_place 'all memory is in one zone from the start'
	assert_zone "$mixed_block" none
	assert_put EINVAL "$mixed_block" state offline
	assert_put EINVAL "$mixed_block" online 0
	assert_blocks "$mixed_block-$mixed_block" online
	assert_zone "$mixed_block" none
}

@test "a block with a hole has a zone and cannot go all the same: EINVAL" {
	assert_zone "$hole_block" "$boot_zone"
	assert_put EINVAL "$hole_block" state offline
	assert_blocks "$hole_block-$hole_block" online
	assert_zone "$hole_block" "$boot_zone"
}

@test "a block with pages that can never move is EBUSY, and stays what and where it is" {
	make_unmovable 32
	assert_put EBUSY 32 state offline
	assert_put EBUSY 32 online 0
	assert_blocks 32-32 online
	assert_zone 32 Normal
}

# ---- What the kernel's own users of memory object ----

@test "an error of the kernel's own on the way online is that of the write" {
	for error in ENOMEM EPERM EAGAIN EBUSY EIO EINVAL; do
		inject online "$error"
		assert_put "$error" 32 state online_movable
		assert_put "$error" 33 state online
		inject_nothing
	done
	assert_blocks 32-33 offline
	assert_zone 32 'Normal Movable'
}

@test "an error of the kernel's own on the way offline is that of the write" {
	assert_put ok 33 state online_movable
	for error in ENOMEM EPERM EAGAIN EBUSY EIO EINVAL EINTR; do
		inject offline "$error"
		assert_put "$error" 33 state offline
		inject_nothing
	done
	assert_blocks 32-33 offline online
	assert_zone 33 Movable
}

@test "the file online gives these errors, too" {
	assert_put ok 33 state online_movable
	inject online ENOMEM
	inject offline EBUSY
	assert_put ENOMEM 32 online 1
	assert_put EBUSY 33 online 0
	assert_blocks 32-33 offline online
}

@test "the state that is there already comes before every other error" {
	assert_put ok 33 state online_movable
	inject online ENOMEM
	inject offline ENOMEM
	assert_put EINVAL 32 state offline
	assert_put EINVAL 33 state online
	assert_put ok 32 online 0
	assert_put ok 33 online 1
}

@test "an unmovable page is found before anybody can object" {
	make_unmovable 32
	inject offline ENOMEM
	assert_put EBUSY 32 state offline
}

@test "once nobody objects any more, the same writes succeed" {
	inject online ENOMEM
	assert_put ENOMEM 32 state online_movable
	inject_nothing
	assert_put ok 32 state online_movable
	inject offline ENOMEM
	assert_put ENOMEM 32 state offline
	inject_nothing
	assert_put ok 32 state offline
}

# ---- What there is to see ----

@test "each block has the files of a memory block" {
	for block in "$boot_block" 32; do
		run_script "cd \$memory/memory$block && ls -d online phys_device phys_index \
			removable state uevent valid_zones | paste -s -d ' '
			cat removable phys_index"
		assert_status 0
		assert_stdout 'online phys_device phys_index removable state uevent valid_zones' 1 \
			"$(printf '%08x' "$block")"
	done
	run_script 'cat $memory/block_size_bytes'
	assert_stdout 8000000
}

@test "a block and its node name each other" {
	run_script 'for block in '"$boot_block"' 32; do
			basename $(readlink $memory/memory$block/node0)
			basename $(readlink $sys/devices/system/node/node0/memory$block)
		done'
	assert_stdout node0 "memory$boot_block" node0 memory32
}

@test "a block of a DIMM names its device of the firmware, boot memory has none" {
	dimm_only
	run_script 'basename $(readlink $memory/memory32/firmware_node)
		readlink $memory/memory'"$boot_block"'/firmware_node'
	assert_stdout PNP0C80:00
	assert_status 1
}

@test "MemTotal grows by what comes online and shrinks by what goes" {
	local total

	total=$(memory_info MemTotal)
	assert_put ok 32 state online_movable
	assert_put ok 33 state online_kernel
	assert_grown MemTotal "$total" "$(memory_info MemTotal)" 262144
	assert_put ok 32 state offline
	assert_grown MemTotal "$total" "$(memory_info MemTotal)" 131072
}

@test "a zone has the pages of the blocks that are online in it" {
	local normal movable

	normal=$(zone_present Normal)
	movable=$(zone_present Movable)
	assert_put ok 32 state online_movable
	assert_put ok 33 state online_movable
	assert_put ok 34 state online_kernel
	assert_grown Movable "$movable" "$(zone_present Movable)" 65536
	assert_grown Normal "$normal" "$(zone_present Normal)" 32768
	assert_put ok 33 state offline
	assert_grown Movable "$movable" "$(zone_present Movable)" 32768
}

@test "what could be had falls with a block that goes" {
	local before after

	assert_put ok 32 state online_movable
	before=$(memory_info MemAvailable)
	assert_put ok 32 state offline
	after=$(memory_info MemAvailable)
	((before - after > 100000 && before - after < 160000))
}

@test "the addresses of a DIMM are System RAM, online or not" {
	dimm_only
	run_script 'grep -i "^100000000-13fffffff : System RAM" $proc/iomem | cut -d " " -f 3-'
	assert_stdout 'System RAM'
}

@test "zoneinfo tells of a zone what is free, its watermarks, what is present and managed" {
	assert_put ok 32 state online_kernel
	run_script 'awk "\$1 == \"Node\" { here = \$2 == \"0,\" && \$4 == \"Normal\" }
			here && \$1 == \"pages\" && \$3 > 0 { print \$2 }
			here && \$1 ~ /^(min|low|high)\$/ && \$2 > 0 { print \$1 }
			here && \$1 ~ /^(spanned|present)\$/ { print \$1, \$2 }
			here && \$1 == \"managed\" && \$2 > 0 && \$2 <= 32768 { print \$1 }
			here && \$1 == \"start_pfn:\" { print \$1, \$2 }" $proc/zoneinfo'
	assert_stdout free min low high 'spanned 32768' 'present 32768' managed 'start_pfn: 1048576'
}

@test "swaps has a line of names above the areas" {
	run_script 'awk "{ print \$1, \$2, \$3, \$4, \$5 }" $proc/swaps'
	assert_stdout 'Filename Type Size Used Priority'
}

@test "kpageflags has 8 bytes for each page, and is read by whole words only" {
	assert_put ok 32 state online_movable
	run_script 'dd if=$proc/kpageflags bs=262144 skip=$((32)) count=1 2>/dev/null | wc -c
		dd if=$proc/kpageflags bs=3 count=1 2>/dev/null || echo refused'
	assert_stdout 262144 refused
}

@test "kpageflags shows that the pages of a block are free that just came" {
	local words

	assert_put ok 32 state online_movable
	words=$(on_machine 'dd if=$proc/kpageflags bs=262144 skip=32 count=1 2>/dev/null |
		od -v -A n -t x8 -w8 | sort | uniq -c | sort -n | tail -n 1')
	# 1 << 10 is BUDDY, and nearly all of them are that.
	is "the most frequent word" "${words##* }" 0000000000000400
	words=${words% *}
	((${words// /} > 32000))
}
