#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the mount table has to say where sysfs is missing or cannot be written.

# shellcheck disable=SC2016 # what runs before a write expands its variables itself

load ../helpers

cannot_open='chmem: cannot open /sys/devices/system/memory: No such file or directory'

setup() {
	make_small_tree
	mkdir -p "$TREE/proc/self"
}

# mount_table LINE... - `MOUNT-POINT OPTIONS TYPE SUPER-OPTIONS`, below a root file system.
mount_table() {
	local n=30 point options type super

	{
		echo '28 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro'
		echo '29 28 0:5 / /proc rw,nosuid shared:2 - proc proc rw'
		for line; do
			read -r point options type super <<<"$line"
			echo "$n 28 0:$n / $point $options shared:$n - $type $type $super"
			n=$((n + 1))
		done
	} >"$TREE/proc/self/mountinfo"
}

@test "a missing directory is told without a note where sysfs is where it belongs" {
	rm -r "${MEMORY:?}"
	mount_table '/sys rw,nosuid sysfs rw'
	run_chmem -e 128M
	assert_refused "$cannot_open"
	mount_table '/sys rw sysfs rw' '/mnt/sys rw sysfs rw'
	run_chmem -e 128M
	assert_refused "$cannot_open"
}

@test "that sysfs is not mounted is told" {
	rm -r "${MEMORY:?}"
	mount_table
	run_chmem -e 128M
	assert_refused "$cannot_open (sysfs is not mounted)"
	mount_table '/sys rw tmpfs rw' '/sys/fs/cgroup rw cgroup2 rw'
	run_chmem -d -b 5
	assert_refused "$cannot_open (sysfs is not mounted)"
	touch "$MEMORY"
	run_chmem -e 128M
	assert_refused "chmem: cannot open /sys/devices/system/memory: Not a directory (sysfs is not mounted)"
}

@test "where else sysfs is mounted is told" {
	rm -r "${MEMORY:?}"
	mount_table '/mnt/sys rw sysfs rw' '/sys/fs/cgroup rw cgroup2 rw'
	run_chmem -e 128M
	assert_refused "$cannot_open (sysfs is mounted on /mnt/sys)"
	mount_table '/mnt/my\040sys ro sysfs rw'
	run_chmem -e 128M
	assert_refused "$cannot_open (sysfs is mounted on /mnt/my sys)"
}

@test "a sysfs that another mount hides is not where it belongs" {
	rm -r "${MEMORY:?}"
	mount_table '/sys rw sysfs rw' '/sys rw tmpfs rw' '/mnt/sys rw sysfs rw'
	run_chmem -e 128M
	assert_refused "$cannot_open (sysfs is mounted on /mnt/sys)"
	mount_table '/sys rw sysfs rw' '/sys rw tmpfs rw'
	run_chmem -e 128M
	assert_refused "$cannot_open (sysfs is not mounted)"
}

@test "no mount table, or one that is no such thing, is no trouble" {
	rm -r "${MEMORY:?}" "$TREE/proc"
	run_chmem -e 128M
	assert_refused "$cannot_open"
	mkdir -p "$TREE/proc/self/mountinfo"
	run_chmem -e 128M
	assert_status 1
	assert_stderr_like "$cannot_open*"
	assert_stderr_length 1
	rmdir "$TREE/proc/self/mountinfo"
	head -c 10000 /dev/urandom >"$TREE/proc/self/mountinfo"
	run_chmem -e 128M
	assert_status 1
	assert_stderr_like "$cannot_open*"
}

@test "D30: the mount table is the one below the root, too" {
	rm -r "${MEMORY:?}" "$TREE/proc/self"
	ln -s /proc/self/mountinfo "$TREE/link"
	mkdir "$TREE/proc/17"
	ln -s 17 "$TREE/proc/self"
	mount_table '/mnt/sys rw sysfs rw'
	run_chmem -e 128M
	assert_refused "$cannot_open (sysfs is mounted on /mnt/sys)"
	rm -r "$TREE/proc"
	mkdir -p "$BATS_TEST_TMPDIR/outside/self"
	mv "$TREE/link" "$TREE/../outside/self/mountinfo"
	ln -s "$BATS_TEST_TMPDIR/outside" "$TREE/proc"
	run_chmem -e 128M
	assert_refused "$cannot_open"
}

@test "anything else about the directory has no note" {
	mount_table
	echo 3 >"$MEMORY/block_size_bytes"
	run_chmem -e 128M
	assert_refused_somehow "Failed to read /sys/devices/system/memory: *"
	[[ ${stderr-} != *mounted* ]]
}

@test "that sysfs is mounted read-only is told last, once, where a write failed for it" {
	mount_table '/sys ro,nosuid sysfs rw'
	run_chmem_hooked 'exit $EROFS' -e -b 4-5
	assert_refused "chmem: $(block 4) enable failed: Read-only file system" \
		"chmem: $(block 5) enable failed: Read-only file system" \
		"chmem: /sys is mounted read-only"
	run_chmem_hooked 'exit $EROFS' -e 1G
	assert_refused "chmem: Could only enable 0B of memory" \
		"chmem:   1 block: Read-only file system" \
		"chmem: /sys is mounted read-only"
	run_chmem_hooked '[ $block = 4 ] || exit $EROFS' -e -b 4-5
	assert_status 64
	assert_stderr "chmem: $(block 5) enable failed: Read-only file system" \
		"chmem: Could only enable 128M of memory" \
		"chmem: /sys is mounted read-only"
	run_chmem_hooked 'exit $EROFS' -d 256M
	assert_status 1
	assert_stderr_line 2 "chmem: /sys is mounted read-only"
}

@test "the mount that counts is the nearest one, and of these the last" {
	for table in '/sys rw sysfs ro' '/sys noexec,ro sysfs rw' '/sys rw sysfs nodev,ro'; do
		mount_table "$table"
		run_chmem_hooked 'exit $EROFS' -e -b 4
		assert_stderr_line 1 "chmem: /sys is mounted read-only"
	done
	mount_table '/sys rw sysfs rw' '/sys/devices/system ro sysfs rw'
	run_chmem_hooked 'exit $EROFS' -e -b 4
	assert_stderr_line 1 "chmem: /sys/devices/system is mounted read-only"
	mount_table '/sys rw sysfs rw' '/sys/devices/system/memory ro sysfs rw'
	run_chmem_hooked 'exit $EROFS' -e -b 4
	assert_stderr_line 1 "chmem: /sys/devices/system/memory is mounted read-only"
	mount_table '/sys rw sysfs rw' '/sys ro sysfs rw'
	run_chmem_hooked 'exit $EROFS' -e -b 4
	assert_stderr_line 1 "chmem: /sys is mounted read-only"
}

@test "no mount is blamed that can be written, or that is elsewhere" {
	mount_table '/sys rw,relatime sysfs rw,errors=remount-ro'
	run_chmem_hooked 'exit $EROFS' -e -b 4
	assert_refused "chmem: $(block 4) enable failed: Read-only file system"
	mount_table '/sys ro sysfs rw' '/sys rw sysfs rw'
	run_chmem_hooked 'exit $EROFS' -e -b 4
	assert_refused "chmem: $(block 4) enable failed: Read-only file system"
	mount_table '/sys ro sysfs rw' '/sys/devices/system/memory rw sysfs rw'
	run_chmem_hooked 'exit $EROFS' -e -b 4
	assert_refused "chmem: $(block 4) enable failed: Read-only file system"
	mount_table '/sys rw sysfs rw' '/sys/firmware ro sysfs rw' '/mnt ro sysfs ro' '/sys/dev ro tmpfs ro'
	run_chmem_hooked 'exit $EROFS' -e -b 4
	assert_refused "chmem: $(block 4) enable failed: Read-only file system"
}

@test "another reason than a read-only file system has no note" {
	mount_table '/sys ro sysfs ro'
	run_chmem_hooked 'exit $EACCES' -e -b 4
	assert_refused "chmem: $(block 4) enable failed: Permission denied"
	run_chmem_hooked 'exit $EPERM' -e 128M
	assert_stderr_length 2
	run_chmem -e -b 4
	assert_status 0
	assert_stderr
}
