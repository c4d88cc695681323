#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What an operand means that is a size, or should be one.

load ../helpers

invalid='Invalid argument'
too_big='Numerical result out of range'

setup() {
	make_small_tree
}

# each_enables NBLOCKS SIZE... - chmem -e SIZE enables so many of the blocks from 4 on.
each_enables() {
	local n=$1 size i

	for size in "${@:2}"; do
		for i in {4..11}; do
			set_state "$i" offline
		done
		run_chmem -e "$size"
		assert_status 0
		assert_stdout
		assert_stderr
		is "blocks enabled by $size" "$(grep -l online_movable "$MEMORY"/memory*/state | wc -l)" "$n"
	done
}

# each_accepted SIZE... - each is a size that the block size goes into, though there is not so much.
each_accepted() {
	local size

	for size in "$@"; do
		run_chmem -d -z Device "$size"
		assert_status 1
		assert_stderr_like $'chmem: Could only disable 0B of memory\n*'
	done
}

# each_unaligned BLOCK_SIZE SIZE... - each is a size that the block size does not go into.
each_unaligned() {
	# %.0s takes the size and prints nothing of it
	each_refused "Size must be aligned to memory block size ($1)%.0s" "${@:2}"
}

use_block_size() {
	echo "$1" >"$MEMORY/block_size_bytes"
}

@test "a bare number is MiB" {
	each_enables 1 128
	each_enables 2 256
	each_enables 8 1024
	each_unaligned 128M 1 127 129 192
}

@test "a suffix counts in powers of 1024, in any case, alone or with iB" {
	each_enables 1 128M 128m 128MiB 128mib 128Mib 128miB
	each_enables 2 262144K 262144k 262144KiB 262144kib
	each_enables 8 1G 1g 1GiB 1gib
}

@test "the large suffixes do too" {
	for unit in T:10000000000 P:4000000000000 E:1000000000000000; do
		use_block_size "${unit#*:}"
		each_enables 1 "1${unit%:*}" "1${unit%:*}iB"
	done
}

@test "with B a suffix counts in powers of 1000, in any case" {
	# 1000 is divisible by 8 and not by 16, its square by 8 squared, and so on
	for unit in KB:8:10:16B MB:40:80:128B gb:200:400:1K TB:1000:2000:8K Pb:8000:10000:64K EB:40000:80000:512K; do
		IFS=: read -r suffix fits fits_not name <<<"$unit"
		use_block_size "$fits"
		each_accepted "1$suffix"
		use_block_size "$fits_not"
		each_unaligned "$name" "1$suffix"
	done
	use_block_size 80
	# 1 KB is 125 times 8 bytes
	each_unaligned 128B 1KB
	use_block_size 8
	make_tree -s 8 -b 12-140:offline:Movable
	run_chmem -e 1KB
	assert_status 0
	is "blocks enabled" "$(grep -l online_movable "$MEMORY"/memory*/state | wc -l)" 125
}

@test "D28: fractions are exact decimals" {
	each_enables 1 0.125G 0.12500G
	each_enables 2 0.25G
	each_enables 4 0.5G 0.5GiB 0.50g
	each_enables 6 0.75G
	each_enables 8 1.G 1.0G 1.000G
	each_enables 3 0.375G
	use_block_size 8000
	each_enables 3 0.09375M
}

@test "D28: a fraction that is no multiple of the block size is refused, not rounded" {
	each_unaligned 128M 0.4G 0.6G 0.7G 0.8G 0.9G 0.1G 0.3G 1.6G 1.01G
	use_block_size 20000000
	each_unaligned 512M 0.25G 0.75G 1.25G
	each_enables 3 1.5G
}

@test "D28: a fraction that is not a whole number of bytes is not aligned" {
	use_block_size 1
	each_unaligned 1B 0.1K 0.0001KB 1.3G 0.00000000000000000001E 1.00000000000000000000000000000000000000000000000000000000000000000000000000001G
	each_accepted 0.001KB 0.5K 0.0009765625K
}

@test "D28: any number of digits is taken at its worth" {
	each_enables 1 0.1250000000000000000000000000000000000000000000000000000000000000000000000000000000G
	each_unaligned 128M 0.1250000000000000000000000000000000000000000000000000000000000000000000000000000001G
	each_unaligned 128M 0.12499999999999999999999999999999999999G
}

@test "D28: the decimal sign is a point in every locale" {
	export LOCPATH=$BATS_TEST_TMPDIR/locale
	mkdir "$LOCPATH"
	localedef -i de_DE -f UTF-8 "$LOCPATH/de_DE.UTF-8" || skip "no sources of a locale with a comma"
	is "the decimal sign" "$(LC_ALL=de_DE.UTF-8 printf %.1f 0,5)" 0,5

	export LC_ALL=de_DE.UTF-8
	each_enables 4 0.5G
	each_refused "Failed to parse size: '%s': $invalid" 0,5G 1,5G
}

@test "the decimal sign is no comma" {
	each_refused "Failed to parse size: '%s': $invalid" 0,5G 1,G
}

@test "0 is a success that does nothing, in every unit" {
	for size in 0 0K 0M 0GiB 0EB 0.0G 0.G; do
		run_chmem -v -e "$size"
		assert_status 0
		assert_stdout
		assert_stderr
		assert_unchanged
	done
	run_chmem -v -d 0
	assert_status 0
	assert_stdout
	assert_unchanged
}

@test "a size that is no multiple of the block size is refused, with the block size" {
	each_unaligned 128M 1M 127M 129M 1K 134217727KB 1GB 1.05G
	use_block_size 80000000
	each_unaligned 2G 1G 3G 128M
	use_block_size 10000000
	each_unaligned 256M 128M
}

@test "what is no number is refused" {
	each_refused "Failed to parse size: '%s': $invalid" x nonsense G M B iB . .G 128X 128MM 128MB1 \
		128iB 128Mi 128MIB 128MIb 128MiBx 128Bi 1G1 12e3 1_000 '128*' '1 G' '128 M' '128M ' ' ' infinity nan
	each_refused "Failed to parse size: '%s': $invalid" $'1\t' $'128M\n1'
}

@test "a fraction needs digits before the point, and a suffix" {
	each_refused "Failed to parse size: '%s': $invalid" 128.0 1. .5G .5 1.5 128.000 1.5.5G 1..5G 1.G.
}

@test "bytes cannot be asked for" {
	each_refused "Failed to parse size: '%s': $invalid" 128B 134217728B 134217728b 0B
}

@test "D29: a size is decimal, and begins with its first digit" {
	each_refused "Failed to parse size: '%s': $invalid" 0200 0128M 00 00G 01.5G +128M +128 ' 128M' $'\t128' \
		$'\n128M' '+ 128M'
	each_refused "Failed to parse size: '%s': $invalid" ١٢٨M １２８M ²M $'\xff128M'
}

@test "D10: an address alone is refused, with a hint to write a range" {
	for operand in 0x8000000 0x80 0X8000000 0x20000000M 0xg 0x; do
		run_chmem -e "$operand"
		assert_refused_somehow "*'$operand'*"
	done
	for operand in 0x8000000 0x27ffffff; do
		run_chmem -d "$operand"
		assert_refused_somehow "*'$operand'*range*0x*-0x*"
	done
}

@test "numbers beyond 64 bits are out of range" {
	each_refused "Failed to parse size: '%s': $too_big" 18446744073709551616 99999999999999999999999 \
		18446744073709551616K 16E 16EiB 18446744073709551615E 18014398509481984K 17592186044416M \
		17179869184G 16777216T 16384P 19EB 18447PB 99999999999999999999G
	each_refused "Failed to parse size: '%s': $too_big" 1Z 1Y 1ZiB 1YB 0.1Z 0.0000000000000000000000001Y
}

@test "a bad suffix is diagnosed even where the number is large" {
	each_refused "Failed to parse size: '%s': $invalid" 18446744073709551615X
}

@test "D8: a number of MiB beyond 64 bits is too large" {
	for size in 17592186044416 17592186044417 18446744073709551615; do
		for command in -e -d; do
			run_chmem "$command" "$size"
			assert_refused "chmem: Size too large"
		done
	done
}

@test "D8: the largest sizes below 2^64 are taken as they are" {
	# without any wrap there is simply not so much memory
	each_accepted 17592186044288 17592186044288M 15.75E 18014398509350912K 17592186044288.0M
	each_unaligned 128M 17592186044415 15.99999E
}
