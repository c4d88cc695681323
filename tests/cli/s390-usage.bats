#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# -c, -g and -m on the command line: what excludes what, what is refused in which order, and
# machines that have nothing to configure.

load ../helpers

try_help="Try 'chmem --help' for more information."

# cannot ARGUMENT... - the arguments want a machine that can be configured.
assert_cannot() {
	local line

	for line in 'configure. Use -e instead.' 'deconfigure. Use -d instead.'; do
		case $line in
		configure*) run_chmem -c "$@" ;;
		*) run_chmem -g "$@" ;;
		esac
		assert_status 1
		assert_stdout
		assert_stderr "chmem: Cannot $line"
		assert_unchanged
	done
}

# ---- Nothing to configure ----

@test "without /sys/firmware/memory, -c and -g point to -e and -d (D22)" {
	make_small_tree
	assert_cannot 128M
	assert_cannot -b 4-5
	assert_cannot 0x20000000-0x2fffffff
	assert_cannot -v 128M
}

@test "-c -m does so, too (D22)" {
	make_small_tree
	run_chmem -c -m 1 128M
	assert_status 1
	assert_stdout
	assert_stderr 'chmem: Cannot configure. Use -e instead.'
	assert_unchanged
}

@test "an empty /sys/firmware/memory does not count" {
	make_small_tree
	mkdir -p "$FIRMWARE"
	assert_cannot 128M
	assert_cannot -b 4
}

@test "entries that are no blocks do not count" {
	make_small_tree
	mkdir -p "$FIRMWARE"/{memory,memoryx,memory01,block4,power,memory99999999999999999999}
	assert_cannot 128M
	echo 0 >"$FIRMWARE/memory4"
	assert_cannot -b 4
}

@test "a file in the place of /sys/firmware/memory does not count" {
	make_small_tree
	mkdir -p "$TREE/sys/firmware"
	: >"$FIRMWARE"
	assert_cannot 128M
}

@test "where there is nothing to configure, -e and -d do without" {
	make_small_tree
	mkdir -p "$FIRMWARE/power"
	run_chmem -e -v 128M
	assert_status 0
	assert_stdout "$(block 4) enabled"
	assert_stderr
	run_chmem -d -v -b 3
	assert_status 0
	assert_stdout "$(block 3) disabled"
	assert_stderr
}

@test "one block makes a machine that can be configured" {
	make_tree -b 0:online:Normal -f 1:0
	run_chmem -c -v 128M
	assert_status 0
	assert_stdout "$(block 1) configured"
	assert_stderr
}

@test "size 0 does not help where there is nothing to configure" {
	make_small_tree
	assert_cannot 0
}

# ---- Order of checks ----

@test "a bad operand comes before that nothing can be configured" {
	local option

	make_small_tree
	for option in -c -g; do
		run_chmem $option 100
		assert_status 1
		assert_stderr 'chmem: Size must be aligned to memory block size (128M)'
		run_chmem $option foo
		assert_status 1
		assert_stderr "chmem: Failed to parse size: 'foo': Invalid argument"
		run_chmem $option -b 9-8
		assert_status 1
		assert_stderr 'chmem: Invalid range: 9-8'
		run_chmem $option 0x0-0xfffffff-0x1
		assert_status 1
		assert_stderr 'chmem: Invalid parameter: 0x0-0xfffffff-0x1'
		run_chmem $option -b x
		assert_status 1
		assert_stderr "chmem: Failed to parse block number: 'x'"
	done
}

@test "operands are as strict where there is something to configure" {
	local option

	make_s390_tree
	for option in -c -g; do
		run_chmem $option 100
		assert_status 1
		assert_stdout
		assert_stderr 'chmem: Size must be aligned to memory block size (128M)'
		run_chmem $option 0x8000000-0x8000001
		assert_status 1
		assert_stdout
		assert_stderr 'chmem: Start address and (end address + 1) must be aligned to memory block size (128M)'
		run_chmem $option 17592186044416
		assert_status 1
		assert_stdout
		assert_stderr 'chmem: Size too large'
		assert_unchanged
	done
}

@test "a memory directory that is missing comes before the operand" {
	local option

	make_s390_tree
	rm -r "$MEMORY"
	for option in -c -g -e -d; do
		run_chmem $option foo
		assert_status 1
		assert_stdout
		assert_stderr_line 0 'chmem: cannot open /sys/devices/system/memory: No such file or directory*'
	done
}

@test "usage comes before the memory directory" {
	make_s390_tree
	rm -r "$MEMORY"
	run_chmem -c
	assert_status 1
	assert_stdout
	assert_stderr 'chmem: bad usage' "$try_help"
	run_chmem -g 128M 256M
	assert_status 1
	assert_stdout
	assert_stderr 'chmem: bad usage' "$try_help"
	run_chmem -m 1 128M
	assert_status 1
	assert_stdout
	assert_stderr_has "$try_help"
}

@test "-z with a name that is no zone comes before all blocks (D15)" {
	local option

	make_tree -b 0:online -b 1:offline -f 0:1 -f 1:0
	for option in -e -d; do
		run_chmem $option -z foo -b 0-1
		assert_status 1
		assert_stdout
		assert_stderr 'chmem: unknown memory zone: foo' "$try_help"
		assert_unchanged
	done
}

# ---- What excludes what ----

declare -gA long=([e]=enable [d]=disable [c]=configure [g]=deconfigure [m]=memmap-on-memory)

@test "any two of -e, -d, -c and -g are refused, in order of appearance (D27)" {
	local first second

	make_s390_tree
	for first in e d c g; do
		for second in e d c g; do
			[ $first != $second ] || continue
			run_chmem -$first -$second 128M
			assert_status 1
			assert_stdout
			assert_stderr "chmem: options --${long[$first]} and --${long[$second]} cannot be combined"
			assert_unchanged
		done
	done
}

@test "-m goes with none of -e, -d and -g, in either order" {
	local other

	make_s390_tree
	for other in e d g; do
		run_chmem -m 1 -$other 128M
		assert_status 1
		assert_stdout
		assert_stderr "chmem: options --memmap-on-memory and --${long[$other]} cannot be combined"
		run_chmem "--${long[$other]}" 128M --memmap-on-memory=1
		assert_status 1
		assert_stdout
		assert_stderr "chmem: options --${long[$other]} and --memmap-on-memory cannot be combined"
		assert_unchanged
	done
}

@test "the earliest option that conflicts is named first (D27)" {
	make_s390_tree
	run_chmem -m 1 -c -v -e 128M
	assert_status 1
	assert_stderr 'chmem: options --memmap-on-memory and --enable cannot be combined'
	run_chmem -c -m 1 -g 128M
	assert_status 1
	assert_stderr 'chmem: options --configure and --deconfigure cannot be combined'
}

@test "conflicts come before operands that are missing or too many (D27)" {
	make_s390_tree
	run_chmem -c -e
	assert_status 1
	assert_stderr 'chmem: options --configure and --enable cannot be combined'
	run_chmem -g -d 1 2 3
	assert_status 1
	assert_stderr 'chmem: options --deconfigure and --disable cannot be combined'
}

@test "an option may be repeated" {
	make_s390_tree
	run_chmem -c -c -v 128M
	assert_status 0
	assert_stdout "$(block 6) configured"
	run_chmem -g -g --deconfigure -v 128M
	assert_status 0
	assert_stdout "$(block 6) deconfigured"
}

@test "-m takes 0 and 1 and nothing else (D18)" {
	local value

	make_s390_tree
	for value in foo '' 2 -1 01 00 +1 ' 1' '1 ' 1x yes on 0x1 10; do
		run_chmem -c -m "$value" 128M
		assert_status 1
		assert_stdout
		assert_stderr_has 'chmem: *0 or 1*'
		assert_unchanged
	done
}

@test "conflicts come before a bad value of -m (D18)" {
	make_s390_tree
	run_chmem -m foo -e 128M
	assert_status 1
	assert_stdout
	assert_stderr 'chmem: options --memmap-on-memory and --enable cannot be combined'
}

@test "of a repeated -m the last counts, and of that alone the value (D18)" {
	make_s390_tree
	run_chmem -c -m 1 -m 0 -b 10
	assert_status 0
	assert_changed firmware/memory/memory10/config:1 firmware/memory/memory10/memmap_on_memory:0
	run_chmem -c -m 0 --memmap-on-memory 1 -b 6
	assert_status 0
	assert_changed firmware/memory/memory6/{config,memmap_on_memory}:1
}

@test "-m without -c is refused (D19)" {
	make_s390_tree
	run_chmem -m 1 128M
	assert_status 1
	assert_stdout
	assert_stderr_line 0 'chmem: *'
	assert_unchanged
}

@test "-z with -c or -g is refused (D19)" {
	local option

	make_s390_tree
	for option in -c -g; do
		run_chmem $option -z Normal 128M
		assert_status 1
		assert_stdout
		assert_stderr_line 0 'chmem: *zone*'
		assert_unchanged
		run_chmem -z Normal $option -b 4-6
		assert_status 1
		assert_stdout
		assert_stderr_line 0 'chmem: *zone*'
		assert_unchanged
	done
}

@test "conflicts of commands come before -z with -c (D19)" {
	make_s390_tree
	run_chmem -z Normal -c -e 128M
	assert_status 1
	assert_stderr 'chmem: options --configure and --enable cannot be combined'
}

# ---- Long options ----

@test "--configure, --deconfigure and --memmap-on-memory may be abbreviated" {
	local option

	make_s390_tree
	for option in --configure --config --c; do
		run_chmem $option -b 6
		assert_status 0
		assert_configs 6-6 1
	done
	for option in --deconfigure --deconf --de; do
		set_config 6 1
		run_chmem $option -b 6
		assert_status 0
		assert_configs 6-6 0
	done
	for option in --memmap-on-memory=1 --memmap=1 --m=1; do
		set_config 6 0
		echo 0 >"$FIRMWARE/memory6/memmap_on_memory"
		run_chmem -c $option -b 6
		assert_status 0
		assert_changed firmware/memory/memory6/{config,memmap_on_memory}:1
	done
}

@test "options and operand go in any order" {
	make_s390_tree
	run_chmem 6-7 -m1 -bvc
	assert_status 0
	assert_stdout "$(block 6) configured" "$(block 7) configured"
	assert_changed firmware/memory/memory{6,7}/{config,memmap_on_memory}:1
}

@test "--help lists -c, -g and -m, and is met before any conflict is sought further on" {
	make_s390_tree
	run_chmem -c --help -e
	assert_status 0
	assert_stderr
	[[ $output == *--configure* ]]
	[[ $output == *--deconfigure* ]]
	[[ $output == *--memmap-on-memory* ]]
	assert_unchanged
}
