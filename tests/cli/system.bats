#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The memory directory as a whole: that it is there, its block size, its blocks.

load ../helpers

memory=/sys/devices/system/memory

setup() {
	make_small_tree
}

@test "ENOENT: no memory directory, and no such root" {
	rm -r "${MEMORY:?}"
	run_chmem -e 128M
	assert_refused "chmem: cannot open $memory: No such file or directory"
	run_chmem -v -d -b 0
	assert_refused "chmem: cannot open $memory: No such file or directory"
	rm -r "$TREE"
	mkdir "$TREE"
	run_chmem -e 128M
	assert_refused "chmem: cannot open $memory: No such file or directory"
	use_tree "$TREE/none"
	run --separate-stderr chmem_on_tree -e 128M
	assert_status 1
	assert_stderr "chmem: cannot open $memory: No such file or directory"
	use_tree "$BATS_TEST_TMPDIR/link"
	ln -s nowhere "$TREE"
	run --separate-stderr chmem_on_tree -e 128M
	assert_status 1
	assert_stderr "chmem: cannot open $memory: No such file or directory"
}

@test "ENOTDIR: a memory directory that is none, and a root that is none" {
	rm -r "${MEMORY:?}"
	echo 8000000 >"$MEMORY"
	run_chmem -e 128M
	assert_refused "chmem: cannot open $memory: Not a directory"
	rm -r "${TREE:?}/sys"
	touch "$TREE/sys"
	run_chmem -e 128M
	assert_refused "chmem: cannot open $memory: Not a directory"
	use_tree "$TREE/sys"
	run --separate-stderr chmem_on_tree -e 128M
	assert_status 1
	assert_stdout
	assert_stderr "chmem: cannot open $memory: Not a directory"
}

@test "anything else about the memory directory is a failure to read it" {
	chmod 0 "$MEMORY"
	run_chmem_unprivileged -e 128M
	chmod 0755 "$MEMORY"
	assert_status 1
	assert_stdout
	assert_stderr "chmem: Failed to read $memory: Permission denied"
	chmod 0 "$TREE"
	run_chmem_unprivileged -e -b 4
	chmod 0755 "$TREE"
	assert_status 1
	assert_stderr "chmem: Failed to read $memory: Permission denied"
	mv "$MEMORY" "$MEMORY.away"
	ln -s memory "$MEMORY"
	run_chmem -e 128M
	assert_refused "chmem: Failed to read $memory: Too many levels of symbolic links"
}

@test "a block size that cannot be read is a failure to read the directory" {
	rm "$MEMORY/block_size_bytes"
	run_chmem -e 128M
	assert_refused "chmem: Failed to read $memory: No such file or directory"
	mkdir "$MEMORY/block_size_bytes"
	run_chmem -e -b 4
	assert_refused "chmem: Failed to read $memory: Is a directory"
	rmdir "$MEMORY/block_size_bytes"
	mkfifo "$MEMORY/block_size_bytes"
	run_chmem_under timeout 30 -- -e 128M
	assert_refused "chmem: Failed to read $memory: Illegal seek"
	rm "$MEMORY/block_size_bytes"
	echo 8000000 >"$MEMORY/block_size_bytes"
	chmod 0 "$MEMORY/block_size_bytes"
	run_chmem_unprivileged -e 128M
	chmod 0644 "$MEMORY/block_size_bytes"
	assert_refused "chmem: Failed to read $memory: Permission denied"
}

@test "D20: a block size that is empty, zero, no power of two or no number is refused" {
	for text in '' $'\n' ' ' 0 00 0x 0x0 3 3000000 7fffffff 8000001 -8000000 +8000000 ' -8000000' 0x-8 -0x8 \
		x g 8x 8000000g 8000000x 8.0 10000000000000000 80000000000000000 ffffffffffffffff \
		8000000000000000000000000000000000000000000000 0x0x8 800,0000; do
		printf %s "$text" >"$MEMORY/block_size_bytes"
		run_chmem -e 128M
		assert_refused_somehow "Failed to read $memory: ?*"
	done
	printf '8000000\0' >"$MEMORY/block_size_bytes"
	run_chmem -e 0
	assert_refused_somehow "Failed to read $memory: ?*"
	head -c 1048576 /dev/zero | tr '\0' 8 >"$MEMORY/block_size_bytes"
	run_chmem -e 0
	assert_refused_somehow "Failed to read $memory: File too large"
}

@test "a block size is hexadecimal, with 0x or without, blanks before it and anything after a blank" {
	for text in 8000000 $'8000000\n' 0x8000000 0X8000000 '  8000000' $' \t8000000' $'\n8000000' 00008000000 \
		'8000000 ' '8000000 8' $'8000000\t-1' $'8000000\n3' '0x8000000 bytes'; do
		printf %s "$text" >"$MEMORY/block_size_bytes"
		run_chmem -e 129M
		assert_refused "chmem: Size must be aligned to memory block size (128M)"
	done
	for text in 8000000000000000:8E 4000000000000000:4E aBcD:- 1:1B 2:2B 400:1K f:- E:- 100000:1M; do
		echo "${text%:*}" >"$MEMORY/block_size_bytes"
		run_chmem -e 0x1-0x1
		if [ "${text#*:}" == - ]; then
			assert_refused_somehow "Failed to read $memory: ?*"
		elif [ "${text#*:}" != 1B ]; then
			assert_refused "chmem: Start address and (end address + 1) must be aligned to memory block size (${text#*:})"
		fi
	done
}

@test "D20: no memory block at all is an error of the directory, whatever was asked for" {
	rm -r "$MEMORY"/memory*
	mkdir "$MEMORY/memory" "$MEMORY/memoryX"
	touch "$MEMORY/memory5"
	for arguments in '-e 128M' '-e 0' '-d 1G' '-e -b 5' '-d -b 0-5000' '-e -z Movable 128M' '-e -z Movable -b 5' \
		'-e nonsense' '-e -z Bogus 128M' '-c 128M' '-e 0x0-0xffffffffffffffff'; do
		# shellcheck disable=SC2086 # words
		run_chmem $arguments
		assert_refused_somehow "Failed to read $memory: ?*"
		[[ ${stderr-} != *Success* ]]
	done
}
