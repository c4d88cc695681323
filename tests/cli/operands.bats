#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What an operand means that is no size: ranges of addresses, block numbers, and what is none of
# these.

load ../helpers

invalid='Invalid argument'
too_big='Numerical result out of range'

setup() {
	make_small_tree
}

# ---- RANGE ----

@test "a range is its first and its last byte, in digits of any case" {
	run_chmem -v -e 0x20000000-0x27ffffff
	assert_status 0
	assert_stdout "$(block 4) enabled"
	assert_stderr
	run_chmem -v -e 0x28000000-0x37FFfffF
	assert_status 0
	assert_stdout "$(block 5) enabled" "$(block 6) enabled"
	assert_states 4-11 "online_movable online_movable online_movable offline offline offline offline offline"
}

@test "leading zeros are right in a range (D29 spares them)" {
	run_chmem -v -e 0x0000000020000000-0x00000000000000000000000000000027ffffff
	assert_status 0
	assert_stdout "$(block 4) enabled"
}

@test "a range that is not aligned is refused, before its order is judged" {
	# %.0s takes the range and prints nothing of it
	each_refused "Start address and (end address + 1) must be aligned to memory block size (128M)%.0s" \
		0x20000001-0x27ffffff 0x20000000-0x28000000 0x20000000-0x27fffffe 0x1-0x0 0x0-0x0 \
		0x28000000-0x20000000 0x4000000-0x7ffffff 0x0-0xfffffffffffffffe 0x1-0xffffffffffffffff
	echo 80000000 >"$MEMORY/block_size_bytes"
	run_chmem -d 0x8000000-0x7fffffff
	assert_refused "chmem: Start address and (end address + 1) must be aligned to memory block size (2G)"
}

@test "a range that ends before it starts is refused" {
	each_refused "Invalid range: %s" 0x28000000-0x27ffffff 0x30000000-0x27ffffff 0x8000000-0x7ffffff
}

@test "a start or an end without lower-case 0x is refused, the start first" {
	local parts=(0X20000000 20000000 x20000000 00x2 ' 0x2' +0x2 g 0)

	FORMAT=%s-0x27ffffff each_refused "Invalid start address format: %s" "${parts[@]}"
	FORMAT=%s-g each_refused "Invalid start address format: %s" "${parts[@]}"
	FORMAT=0x20000000-%s each_refused "Invalid end address format: %s" "${parts[@]}"
	run_chmem -e 0xg-7
	assert_refused "chmem: Invalid end address format: 7"
}

@test "a start or an end that is no hexadecimal number is refused, the start first" {
	local parts=(0x 0xg 0x2000000g '0x 1' 0x+1 0x20000000M 0x0x1 '0x1 ' 0x1.0)

	FORMAT=%s-0x27ffffff each_refused "Failed to parse start address: '%s'" "${parts[@]}"
	FORMAT=%s-0xz each_refused "Failed to parse start address: '%s'" "${parts[@]}"
	FORMAT=0x20000001-%s each_refused "Failed to parse end address: '%s'" "${parts[@]}"
}

@test "an address beyond 64 bits is refused as out of range" {
	run_chmem -e 0x10000000000000000-0x27ffffff
	assert_refused "chmem: Failed to parse start address: '0x10000000000000000': $too_big"
	run_chmem -e 0x20000000-0xfffffffffffffffff
	assert_refused "chmem: Failed to parse end address: '0xfffffffffffffffff': $too_big"
}

@test "the whole address space is aligned" {
	run_chmem -e 0x0-0xffffffffffffffff
	assert_status 64
	assert_states 0-11 "online online online online online_movable online_movable online_movable online_movable online_movable online_movable online_movable online_movable"
	run_chmem -e 0xfffffffff8000000-0xffffffffffffffff
	assert_status 1
	assert_unchanged
}

@test "D11: block numbers without -b are refused as an address, with a hint to -b" {
	for range in 5-10 5-5 10-5; do
		run_chmem -e "$range"
		assert_refused_somehow "Invalid start address format: ${range%-*}*-b*"
	done
}

# ---- BLOCKRANGE ----

@test "a block range is one block, or its first and last block" {
	run_chmem -v -e -b 5
	assert_status 0
	assert_stdout "$(block 5) enabled"
	assert_stderr
	run_chmem -v -e -b 7-9
	assert_status 0
	assert_stdout "$(block 7) enabled" "$(block 8) enabled" "$(block 9) enabled"
	run_chmem -v -d -b 0-0
	assert_status 0
	assert_stdout "$(block 0) disabled"
	assert_states 0-11 "offline online online online offline online_movable offline online_movable online_movable online_movable offline offline"
}

@test "a block range that ends before it starts is refused" {
	MODE=-b each_refused "Invalid range: %s" 9-8 5-4 18446744073709551615-0
}

@test "what is no block number is refused" {
	MODE=-b each_refused "Failed to parse block number: '%s'" x 4x 4.5 4.0 4M 0x4 1e1 ' ' ٤ '4 ' $'4\n' all
	run_chmem -e -b x-5
	assert_refused "chmem: Failed to parse start: 'x'"
	run_chmem -e -b x-y
	assert_refused "chmem: Failed to parse start: 'x'"
	run_chmem -e -b 4-5x
	assert_refused "chmem: Failed to parse end: '5x'"
	run_chmem -e -b 9-x
	assert_refused "chmem: Failed to parse end: 'x'"
	run_chmem -e -b 0x20000000-0x27ffffff
	assert_refused "chmem: Failed to parse start: '0x20000000'"
}

@test "D29: a block number is decimal, and begins with its first digit" {
	MODE=-b each_refused "Failed to parse block number: '%s'" 05 00 +5 ' 5' $'\t5'
	run_chmem -e -b 05-6
	assert_refused "chmem: Failed to parse start: '05'"
	run_chmem -e -b 5-06
	assert_refused "chmem: Failed to parse end: '06'"
	run_chmem -e -b '5- 6'
	assert_refused "chmem: Failed to parse end: ' 6'"
	run_chmem -e -b +5-6
	assert_refused "chmem: Failed to parse start: '+5'"
}

@test "block numbers are of 64 bits" {
	MODE=-b each_refused "Failed to parse block number: '%s': $too_big" 18446744073709551616 99999999999999999999
	run_chmem -e -b 18446744073709551616-5
	assert_refused "chmem: Failed to parse start: '18446744073709551616': $too_big"
	run_chmem -e -b 5-18446744073709551616
	assert_refused "chmem: Failed to parse end: '18446744073709551616': $too_big"
	run_chmem -e -b 18446744073709551615
	assert_status 1
	assert_unchanged
}

# ---- Neither ----

@test "an empty operand, - and -- are invalid parameters in every mode" {
	for mode in '' -b '-z Movable'; do
		MODE=$mode each_refused "Invalid parameter: %s" '' - --
	done
	run_chmem -d -
	assert_refused "chmem: Invalid parameter: -"
}

@test "D9: a dash without a number on both sides is an invalid parameter" {
	MODE=-b each_refused "Invalid parameter: %s" 6- -6 7--8 -5-6 5-6- --5 ---
	each_refused "Invalid parameter: %s" 0x8000000- -0x8000000 0x0--0x7ffffff -0x0-0x7ffffff -128M 128M-
}

@test "three parts are an invalid parameter" {
	MODE=-b each_refused "Invalid parameter: %s" 5-6-7 a-b-c 1-2-3-4
	each_refused "Invalid parameter: %s" 0x0-0x7ffffff-0xfffffff 1-2-3
}

@test "an operand of any length is answered in one line" {
	local long

	long=$(printf '%0100000d' 1)
	run_chmem -e "9$long"
	assert_refused "chmem: Failed to parse size: '9$long': $too_big"
	run_chmem -e "x$long"
	assert_refused "chmem: Failed to parse size: 'x$long': $invalid"
	run_chmem -e -b "$long"
	assert_refused "chmem: Failed to parse block number: '$long'"
	run_chmem -e "0.$long"
	assert_refused "chmem: Failed to parse size: '0.$long': $invalid"
}
