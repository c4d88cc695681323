#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A range names its blocks: each is done, is reported, or is missing.

# shellcheck disable=SC2016 # what runs before a write expands its variables itself

load ../helpers

setup() {
	make_small_tree
}

# assert_missing_line LINE NUMBERS - a line of stderr names these blocks and no other.
assert_missing_line() {
	is_like "the line" "$1" "chmem: *"
	is "blocks in it" "$(grep -o '[0-9][-0-9]*' <<<"${1/(0x*)/}" | xargs)" "$2"
}

# line_of_stderr N
line_of_stderr() {
	sed -n "$1p" <<<"${stderr-}"
}

@test "every block of a range is enabled, lowest first" {
	run_chmem_hooked '' -v -e -b 4-6
	assert_status 0
	assert_stdout "$(block 4) enabled" "$(block 5) enabled" "$(block 6) enabled"
	assert_stderr
	assert_writes '4 state online_movable' '5 state online_movable' '6 state online_movable'
	assert_states 3-7 "online online_movable online_movable online_movable offline"
}

@test "every block of a range is disabled, lowest first" {
	run_chmem_hooked '' -v -d 0x8000000-0x1fffffff
	assert_status 0
	assert_stdout "$(block 1) disabled" "$(block 2) disabled" "$(block 3) disabled"
	assert_stderr
	assert_writes '1 state offline' '2 state offline' '3 state offline'
	assert_states 0-4 "online offline offline offline offline"
}

@test "a block already as wanted counts as done and is not written" {
	run_chmem_hooked '' -v -e -b 2-5
	assert_status 0
	assert_stdout "$(block 2) already enabled" "$(block 3) already enabled" "$(block 4) enabled" "$(block 5) enabled"
	assert_stderr
	assert_writes '4 state online_movable' '5 state online_movable'
	run_chmem_hooked '' -v -d -b 5-7
	assert_status 0
	assert_stdout "$(block 5) disabled" "$(block 6) already disabled" "$(block 7) already disabled"
	assert_stderr
	run_chmem -v -d -b 6
	assert_status 0
	assert_stdout "$(block 6) already disabled"
	assert_unchanged
}

@test "without -v success prints nothing" {
	run_chmem -e -b 3-5
	assert_status 0
	assert_stdout
	assert_stderr
	run_chmem -d -b 3-6
	assert_status 0
	assert_stdout
	assert_stderr
}

@test "a failure names the block and the reason on stderr, and the walk goes on" {
	run_chmem_hooked '[ $block = 5 ] && exit $EBUSY' -d -b 5
	assert_status 0
	set_state 5 online
	run_chmem_hooked '[ $block = 5 ] && exit $EBUSY' -d -b 5
	assert_refused "chmem: Memory Block 5 (0x0000000028000000-0x000000002fffffff) disable failed: Device or resource busy"

	run_chmem_hooked 'case $block in 6) exit $EIO ;; 8) exit $EINVAL ;; esac' -v -e -b 6-9
	assert_status 64
	assert_stdout "$(block 7) enabled" "$(block 9) enabled"
	is "the failures" "$(head -n 2 <<<"${stderr-}")" "chmem: $(block 6) enable failed: Input/output error
chmem: $(block 8) enable failed: Invalid argument"
	assert_states 6-9 "offline online_movable offline online_movable"
}

@test "whatever the reason, the other blocks of a range are tried" {
	run_chmem_hooked 'case $block in 4) exit $EACCES ;; 5) exit $EROFS ;; 6) exit $EPERM ;; 7) exit $ENOMEM ;; esac' -e -b 4-8
	assert_status 64
	is "the failures" "$(head -n 4 <<<"${stderr-}")" "chmem: $(block 4) enable failed: Permission denied
chmem: $(block 5) enable failed: Read-only file system
chmem: $(block 6) enable failed: Operation not permitted
chmem: $(block 7) enable failed: Cannot allocate memory"
	assert_states 4-8 "offline offline offline offline online_movable"
}

@test "the exit status is 1 where no block of a range is as wanted" {
	run_chmem_hooked 'exit $EBUSY' -v -e -b 4-5
	assert_refused "chmem: $(block 4) enable failed: Device or resource busy" \
		"chmem: $(block 5) enable failed: Device or resource busy"
	run_chmem -e -b 12
	assert_status 1
	assert_stdout
	assert_unchanged
}

@test "D3: a block that somebody else was quicker to switch is already as wanted" {
	run_chmem_hooked 'echo online >"$path" && exit $EINVAL' -v -e -b 4
	assert_status 0
	assert_stdout "$(block 4) already enabled"
	assert_stderr
	assert_states 4-5 "online offline"
	run_chmem_hooked 'echo offline >"$path" && exit $EBUSY' -v -d -b 4
	assert_status 0
	assert_stdout "$(block 4) already disabled"
	assert_stderr
}

@test "D3: what was read before the write is not believed after it failed" {
	run_chmem_hooked 'echo going-offline >"$path" && exit $EBUSY' -v -e -b 4
	assert_status 1
	assert_stderr "chmem: $(block 4) enable failed: Device or resource busy"
	run_chmem_hooked 'echo online >"$path" && exit $EBUSY' -v -d -b 4
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 4) disable failed: Device or resource busy"
	run_chmem_hooked 'rm "$path" && exit $EIO' -v -d -b 4
	assert_status 1
	assert_stderr "chmem: $(block 4) disable failed: Input/output error"
}

@test "D5: blocks that do not exist are not done, and are named in one line" {
	run_chmem -v -e -b 12
	assert_status 1
	assert_stdout
	is "lines of stderr" "$(wc -l <<<"${stderr-}")" 1
	assert_missing_line "${stderr-}" 12
	assert_stderr_like '*0x0000000060000000-0x0000000067ffffff*'

	rm -r "$MEMORY"/memory{5,8,9}
	run_chmem -v -e -b 4-13
	assert_status 64
	assert_stdout "$(block 4) enabled" "$(block 6) enabled" "$(block 7) enabled" "$(block 10) enabled" "$(block 11) enabled"
	is "lines of stderr" "$(wc -l <<<"${stderr-}")" 2
	assert_missing_line "$(line_of_stderr 1)" "5 8-9 12-13"

	run_chmem -v -d -b 8-9
	assert_status 1
	is "lines of stderr" "$(wc -l <<<"${stderr-}")" 1
	assert_missing_line "${stderr-}" "8-9"
	assert_unchanged
}

@test "D5: in a range of any width" {
	make_tree -b 6000:offline:Movable
	run_chmem -e -b 9-7000
	assert_status 64
	is "lines of stderr" "$(wc -l <<<"${stderr-}")" 2
	assert_missing_line "$(line_of_stderr 1)" "12-5999 6001-7000"
	run_chmem -e -b 5000-18446744073709551615
	assert_status 64
	assert_missing_line "$(line_of_stderr 1)" "5000-5999 6001-18446744073709551615"
	run_chmem -e -b 6001-18446744073709551614
	assert_status 1
	is "lines of stderr" "$(wc -l <<<"${stderr-}")" 1
	assert_missing_line "$(line_of_stderr 1)" "6001-18446744073709551614"
	run_chmem -e -b 0-18446744073709551615
	assert_status 64
	assert_missing_line "$(line_of_stderr 1)" "12-5999 6001-18446744073709551615"
}

@test "D6: a partial result is summed up as by size: what is as wanted afterwards" {
	run_chmem_hooked '[ $block = 5 ] && exit $EBUSY' -e -b 2-6
	assert_status 64
	assert_stdout
	assert_stderr "chmem: $(block 5) enable failed: Device or resource busy" \
		"chmem: Could only enable 512M of memory"
	run_chmem -d -b 10-13
	assert_status 64
	is "the last line" "$(line_of_stderr '$')" "chmem: Could only disable 256M of memory"
	run_chmem_hooked '[ $block = 0 ] && exit $EBUSY' -d -b 0-11
	assert_status 64
	is "the last line" "$(line_of_stderr '$')" "chmem: Could only disable 1.4G of memory"
}

@test "D6: a whole result, or none, is not summed up" {
	run_chmem -e -b 4-5
	assert_status 0
	assert_stderr
	run_chmem_hooked 'exit $EIO' -e -b 6
	assert_refused "chmem: $(block 6) enable failed: Input/output error"
}

@test "D7: a range that ends at block 2^64-1 counts the blocks that exist" {
	local last=18446744073709551615

	make_tree -s 1 -b "18446744073709551614-$last:offline:Movable"
	run_chmem -v -e -b "18446744073709551614-$last"
	assert_status 0
	assert_stdout "Memory Block 18446744073709551614 (0xfffffffffffffffe-0xfffffffffffffffe) enabled" \
		"Memory Block $last (0xffffffffffffffff-0xffffffffffffffff) enabled"
	assert_stderr
	run_chmem -e -b "0-$last"
	assert_status 64
	is "the last line" "$(line_of_stderr '$')" "chmem: Could only enable 14B of memory"
	run_chmem -d -b "18446744073709551000-$last"
	assert_status 64
	is "the last line" "$(line_of_stderr '$')" "chmem: Could only disable 2B of memory"
	run_chmem_hooked 'exit $EBUSY' -e -b "$last"
	assert_refused "chmem: Memory Block $last (0xffffffffffffffff-0xffffffffffffffff) enable failed: Device or resource busy"
	run_chmem_hooked 'exit $EBUSY' -e -b "18446744073709550000-$last"
	assert_status 1
}

@test "D7: the range of all addresses, in which every block exists, is done" {
	rm -r "$TREE"
	make_tree -s 8000000000000000 -b 0:online -b 1:offline
	run_chmem -v -e 0x0-0xffffffffffffffff
	assert_status 0
	assert_stdout "Memory Block 0 (0x0000000000000000-0x7fffffffffffffff) already enabled" \
		"Memory Block 1 (0x8000000000000000-0xffffffffffffffff) enabled"
	assert_stderr
	run_chmem_hooked 'exit $EBUSY' -d 0x0-0xffffffffffffffff
	assert_status 1
	assert_unchanged
}

@test "a wide range touches what lies in it and nothing else" {
	make_tree -b 5000-5001:offline:Movable
	for range in 6-5000 6-1029 6-1030; do
		run_chmem -v -e -b "$range"
		assert_status 64
		assert_states 4-5 "offline offline"
		assert_states 5001-5001 offline
		assert_states 6-11 "online_movable online_movable online_movable online_movable online_movable online_movable"
		set_state 11 offline
	done
	assert_states 5000-5000 online_movable
}

@test "a wide range is done lowest first, in the order of numbers" {
	make_tree -b 98-101:offline:Movable -b 2000:offline:Movable
	run_chmem_hooked '' -e -b 9-3000
	assert_status 64
	is "the blocks" "$(cut -d ' ' -f 1 "$WRITES" | xargs)" "9 10 11 98 99 100 101 2000"
	run_chmem_hooked '' -d -b 9-3000
	is "the blocks" "$(cut -d ' ' -f 1 "$WRITES" | xargs)" "9 10 11 98 99 100 101 2000"
}

@test "blocks are named by the addresses of their first and last byte" {
	make_tree -b 137438953471:offline:Movable
	run_chmem -v -e -b 137438953471
	assert_status 0
	assert_stdout "Memory Block 137438953471 (0xfffffffff8000000-0xffffffffffffffff) enabled"
	run_chmem -v -d 0xfffffffff8000000-0xffffffffffffffff
	assert_status 0
	assert_stdout "Memory Block 137438953471 (0xfffffffff8000000-0xffffffffffffffff) disabled"
	run_chmem -v -e -b 0
	assert_stdout "Memory Block 0 (0x0000000000000000-0x0000000007ffffff) already enabled"
}
