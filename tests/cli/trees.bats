#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Machines of all kinds: where their memory lies, and how much of it there is.

# shellcheck disable=SC2016 # what runs before a write expands its variables itself

load ../helpers

@test "memory with holes" {
	make_tree -b 0-1:online:Normal -b 4:offline:Movable -b 7-8:offline:Movable -b 20:offline:Movable
	run_chmem -v -e 512M
	assert_status 0
	assert_stdout "$(block 4) enabled" "$(block 7) enabled" "$(block 8) enabled" "$(block 20) enabled"
	run_chmem -v -d 512M
	assert_status 0
	assert_stdout "$(block 20) disabled" "$(block 8) disabled" "$(block 7) disabled" "$(block 4) disabled"
	run_chmem -v -e -b 7-8
	assert_status 0
	assert_stderr
}

@test "memory that does not begin at block 0" {
	make_tree -b 8192-8194:offline:Movable -b 8190-8191:online:Normal
	run_chmem -v -e -z movable 384M
	assert_status 0
	assert_stdout "$(block 8192) enabled" "$(block 8193) enabled" "$(block 8194) enabled"
	run_chmem -v -d 0x10000000000-0x10007ffffff
	assert_status 0
	assert_stdout "$(block 8192) disabled"
	run_chmem -v -e -b 8192
	assert_stdout "Memory Block 8192 (0x0000010000000000-0x0000010007ffffff) enabled"
}

@test "a block at the end of 64 bits" {
	local last=18446744073709551615

	make_tree -b 0:online:Normal -b $last:offline:Movable
	run_chmem -v -e 128M
	assert_status 0
	assert_stdout_like "Memory Block $last (*) enabled"
	run_chmem -d -b $last
	assert_status 0
	is "state" "$(state $last)" offline
}

@test "two nodes" {
	make_tree -b 0-1:online:Normal:0 -b 2-3:online:Normal:1 -b 4-5:offline:Movable:0 -b 6-7:offline:Movable:1
	run_chmem -v -e 384M
	assert_status 0
	assert_stdout "$(block 4) enabled" "$(block 5) enabled" "$(block 6) enabled"
	run_chmem -v -d -b 1-2
	assert_status 0
	assert_stdout "$(block 1) disabled" "$(block 2) disabled"
}

@test "no zones at all" {
	make_tree -b 0-1:online -b 2-3:offline
	run_chmem_hooked '' -v -e 256M
	assert_status 0
	assert_stderr
	assert_writes '2 state online' '3 state online'
	run_chmem_hooked '' -v -d 384M
	assert_status 0
	assert_stdout "$(block 3) disabled" "$(block 2) disabled" "$(block 1) disabled"
}

@test "blocks of 2 GiB" {
	make_tree -s 80000000 -b 0-1:online:Normal -b 2-4:offline:Movable
	run_chmem -v -e 4G
	assert_status 0
	assert_stdout "$(block 2 0x80000000) enabled" "$(block 3 0x80000000) enabled"
	run_chmem -e 8G
	assert_status 64
	assert_stderr "chmem: Could only enable 2G of memory"
	run_chmem -v -d 0x100000000-0x17fffffff
	assert_status 0
	assert_stdout "$(block 2 0x80000000) disabled"
	run_chmem -e 1G
	assert_refused "chmem: Size must be aligned to memory block size (2G)"
}

@test "10,000 blocks" {
	make_tree -b 0-99:online:Normal -b 100-9999:offline:Movable

	run --separate-stderr chmem_on_tree -v -e 1237.5G
	assert_status 0
	assert_stderr
	is "lines" "$(wc -l <<<"$output")" 9900
	is "blocks in order" "$(cut -d ' ' -f 3 <<<"$output" | sort -n -c - 2>&1)" ''
	is "blocks in Movable" "$(grep -rlx online_movable "$MEMORY" --include state | wc -l)" 9900
	run --separate-stderr chmem_on_tree -d 1T
	assert_status 0
	is "blocks left online" "$(grep -rl '^online' "$MEMORY" --include state | wc -l)" $((10000 - 8192))
	run --separate-stderr chmem_on_tree -d -b 0-9999
	assert_status 0
	is "blocks left online" "$(grep -rl '^online' "$MEMORY" --include state | wc -l)" 0
}

@test "what is not called memory and a number is no block" {
	make_tree -b 0:online:Normal -b 9:offline:Movable
	mkdir "$MEMORY"/{memory,memoryX,memory5x,memory-1,memory+5,'memory 5','memory5 ',Memory5,memory0x5,xmemory5,memory5.0,mem5}
	for name in "$MEMORY"/*mem*/ "$MEMORY"/Mem*/; do
		[ -e "$name/state" ] || echo offline >"$name/state"
	done
	run_chmem -v -e 256M
	assert_status 64
	assert_stdout "$(block 9) enabled"
	assert_stderr "chmem: Could only enable 128M of memory"
	run_chmem -e -b 0-5000
	assert_status 64
	assert_stderr_line 1 "chmem: Could only enable 256M of memory"
}

@test "D32: a number beyond 64 bits, or with leading zeros, is no block" {
	make_tree -b 0:online:Normal -b 4:offline:Movable
	mkdir "$MEMORY"/memory{18446744073709551616,99999999999999999999999999,007,00,04}
	for name in 18446744073709551616 99999999999999999999999999 007 00 04; do
		set_state $name offline
	done
	run_chmem -v -e 1G
	assert_status 64
	assert_stdout "$(block 4) enabled"
	assert_stderr "chmem: Could only enable 128M of memory"
	run_chmem -d -b 0-18446744073709551615
	assert_status 64
	assert_stderr_line 1 "chmem: Could only disable 256M of memory"
	run_chmem -e -b 7
	assert_status 1
	assert_stderr_length 1
	assert_unchanged
}

@test "a block may be a symbolic link to a directory" {
	make_tree -b 0:online:Normal -b 1:offline:Movable
	mv "$MEMORY/memory1" "$TREE/sys/elsewhere"
	ln -s ../../../elsewhere "$MEMORY/memory1"
	ln -s /sys/elsewhere2 "$MEMORY/memory2"
	cp -r "$TREE/sys/elsewhere" "$TREE/sys/elsewhere2"
	run_chmem -v -e 256M
	assert_status 0
	assert_stdout "$(block 1) enabled" "$(block 2) enabled"
	run_chmem -v -d -b 1-2
	assert_status 0
	assert_stdout "$(block 1) disabled" "$(block 2) disabled"
	is "state elsewhere" "$(cat "$TREE/sys/elsewhere/state")" offline
}

@test "what is called like a block and is no directory does not exist" {
	make_tree -b 0:online:Normal -b 5:offline:Movable
	touch "$MEMORY/memory1"
	ln -s nowhere "$MEMORY/memory2"
	ln -s memory1 "$MEMORY/memory3"
	mkfifo "$MEMORY/memory6"
	run_chmem_under timeout 30 -- -v -e 256M
	assert_status 64
	assert_stdout "$(block 5) enabled"
	assert_stderr "chmem: Could only enable 128M of memory"
	run_chmem_under timeout 30 -- -v -e -b 0-3
	assert_status 64
	assert_stdout "$(block 0) already enabled"
	assert_stderr_line 0 "chmem: *1-3*"
	assert_stderr_line 1 "chmem: Could only enable 128M of memory"
	assert_stderr_length 2
	run_chmem_under timeout 30 -- -v -e -b 6
	assert_status 1
	assert_stderr_like "chmem: $(block 6) *exist*"
}

@test "a block that is removed while it is in hand is not there" {
	make_small_tree
	run_chmem_hooked '[ $block != 4 ] || rm -r "${path%/memory4/*}/memory5"' -v -e -b 4-6
	assert_status 64
	assert_stdout "$(block 4) enabled" "$(block 6) enabled"
	assert_stderr_line 0 "chmem: $(block 5) *exist*"
	run_chmem_hooked '[ $block != 7 ] || rm -r "${path%/memory7/*}/memory8"' -v -e 256M
	assert_status 0
	assert_stdout "$(block 7) enabled" "$(block 9) enabled"
	assert_stderr
}
