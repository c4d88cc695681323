#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Whatever keeps a block from being read or written is told, by the reason that the system gave.

# shellcheck disable=SC2016 # what runs before a write expands its variables itself

load ../helpers

setup() {
	make_small_tree
	STATE=$TREE/sys/devices/system/memory/memory5/state
}

teardown() {
	unmount_all
}

assert_5_fails() {
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 5) $1 failed: $2"
	assert_unchanged
}

# Block 5 cannot be enabled or disabled, for this reason; by size it stands in the summary.
assert_fails_with() {
	run_chmem_under without_powers timeout 30 -- -v -e -b 5
	assert_5_fails enable "$1"
	run_chmem_under without_powers timeout 30 -- -v -d -b 5
	assert_5_fails disable "$1"
	rm -r "$MEMORY"/memory{6,7,8,9,10,11}
	run_chmem_under without_powers timeout 30 -- -e 1G
	assert_status 64
	assert_stdout
	assert_stderr "chmem: Could only enable 128M of memory" "chmem:   1 block: $1"
	set_state 4 offline
	rm -r "$MEMORY"/memory{0,1,2,3}
	run_chmem_under without_powers timeout 30 -- -d 1G
	assert_refused "chmem: Could only disable 0B of memory" "chmem:   1 block: $1"
}

@test "D16: ENOENT: a block without a state is a failure" {
	rm "$STATE"
	assert_fails_with "No such file or directory"
}

@test "D16: EISDIR: a state that is a directory is a failure" {
	rm "$STATE"
	mkdir "$STATE"
	assert_fails_with "Is a directory"
}

@test "D16: ELOOP: a state that leads to itself is a failure" {
	rm "$STATE"
	ln -s state "$STATE"
	assert_fails_with "Too many levels of symbolic links"
}

@test "D16: ENOTDIR: a state that leads below a file is a failure" {
	rm "$STATE"
	ln -s removable/state "$STATE"
	assert_fails_with "Not a directory"
}

@test "D16: ENAMETOOLONG: a state that leads to what no file can be called is a failure" {
	rm "$STATE"
	ln -s "$(printf '%0256d' 0)" "$STATE"
	assert_fails_with "File name too long"
}

@test "D16: ESPIPE: a state that is a fifo is a failure, and is not waited for" {
	rm "$STATE"
	mkfifo "$STATE"
	assert_fails_with "Illegal seek"
}

@test "D16, D33: EACCES: a state that can be written but not read is a failure" {
	chmod 0222 "$STATE"
	run_chmem_unprivileged -v -e -b 5
	assert_5_fails enable "Permission denied"
	run_chmem_unprivileged -v -d -b 5
	assert_5_fails disable "Permission denied"
	chmod 0 "$STATE"
	assert_fails_with "Permission denied"
}

@test "D33: a state that cannot be read is not written, by range nor by size" {
	chmod 0222 "$STATE"
	run_chmem_unprivileged -e -b 5
	assert_status 1
	run_chmem_unprivileged -e 1G
	assert_status 64
	chmod 0644 "$STATE"
	is "state of 5" "$(state 5)" offline
}

@test "D16: EFBIG: a state that is longer than any attribute is a failure" {
	head -c 1048576 /dev/zero | tr '\0' 'x' >"$STATE"
	assert_fails_with "File too large"
	is "the size of the file" "$(stat -c %s "$STATE")" 1048576
}

@test "a state of a page is the longest there is" {
	printf '%04095d\n' 0 >"$STATE"
	run_chmem -d -b 5
	assert_status 0
	is "state of 5" "$(state 5)" offline
	printf '%04096d\n' 0 >"$STATE"
	run_chmem -d -b 5
	assert_5_fails disable "File too large"
}

@test "D16: a state that is not text is a failure" {
	for content in 'online\0' '\0' 'online\0377' '\01' 'online\r' 'onl\0303\0244' 'online\033[0m'; do
		printf %b "$content" >"$STATE"
		run_chmem -v -e -b 5
		assert_status 1
		assert_stdout
		assert_stderr_like "chmem: $(block 5) enable failed: ?*"
		assert_stderr_length 1
		is "bytes" "$(od -An -c "$STATE")" "$(printf %b "$content" | od -An -c)"
	done
	run_chmem -e 1G
	assert_status 64
	assert_stderr_line 0 "chmem: Could only enable 896M of memory"
	assert_stderr_line 1 "chmem:   1 block: ?*"
}

@test "EACCES: a state that may only be read is a failure where it must be written" {
	chmod 0444 "$STATE"
	run_chmem_unprivileged -e -b 5
	assert_5_fails enable "Permission denied"
	set_state 4 online_movable
	chmod 0444 "$MEMORY/memory4/state"
	run_chmem_unprivileged -d -b 4
	assert_refused "chmem: $(block 4) disable failed: Permission denied"
}

@test "EACCES: a block that may not be looked into is a failure, not missing" {
	chmod 0 "$MEMORY/memory5"
	run_chmem_unprivileged -e -b 5
	chmod 0755 "$MEMORY/memory5"
	assert_status 1
	assert_stderr "chmem: $(block 5) enable failed: Permission denied"
}

@test "EPERM: an immutable state is a failure, unless it is as wanted" {
	chattr +i "$STATE" || skip "no file can be made immutable here"
	run_chmem -e -b 5
	range_status=$status range_stderr=${stderr-}
	run_chmem -v -d -b 5
	chattr -i "$STATE"
	assert_status 0
	assert_stdout "$(block 5) already disabled"
	assert_stderr
	is "exit status" "$range_status" 1
	is stderr "$range_stderr" "chmem: $(block 5) enable failed: Operation not permitted"
}

@test "EROFS: a state on a file system that is read-only is a failure, unless it is as wanted" {
	make_read_only "$STATE" "$MEMORY/memory0/state"
	run_chmem -e -b 5
	assert_5_fails enable "Read-only file system"
	run_chmem -v -d -b 5
	assert_status 0
	assert_stdout "$(block 5) already disabled"
	assert_stderr
	run_chmem -d -b 0
	assert_refused "chmem: $(block 0) disable failed: Read-only file system"
	run_chmem -e 1G
	assert_status 64
	assert_stderr "chmem: Could only enable 128M of memory" "chmem:   1 block: Read-only file system"
}

@test "EFBIG: a limit on the size of files is a failure" {
	run_chmem_up_to 0 -e -b 5
	assert_5_fails enable "File too large"
	run_chmem_up_to 0 -e 1G
	assert_refused "chmem: Could only enable 0B of memory" "chmem:   8 blocks: File too large"
}

@test "ENOSPC: a full file system is a failure" {
	mount -t tmpfs -o size=4k full "$MEMORY/memory5"
	echo "$MEMORY/memory5" >"$BATS_TEST_TMPDIR/mounts"
	: >"$STATE"
	head -c 8192 /dev/zero >"$MEMORY/memory5/filler" || true

	run_chmem -e -b 5
	assert_5_fails enable "No space left on device"
	run_chmem -d -b 5
	assert_5_fails disable "No space left on device"
	run_chmem -e 1G
	assert_status 64
	assert_stderr "chmem: Could only enable 896M of memory" "chmem:   1 block: No space left on device"
}

@test "what a kernel answers to a write is told as it is" {
	for error in EIO:'Input/output error' EBUSY:'Device or resource busy' EINVAL:'Invalid argument' \
		ENOMEM:'Cannot allocate memory' EPERM:'Operation not permitted'; do
		run_chmem_hooked "exit \$${error%%:*}" -e -b 5
		assert_5_fails enable "${error#*:}"
	done
	run_chmem_hooked 'exit $EIO' -d -b 3
	assert_refused "chmem: $(block 3) disable failed: Input/output error"
}
