#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What cannot be read, or refuses to be written, below /sys/firmware/memory.

load ../helpers

teardown() {
	unmount_all
}

# break_config N HOW - config of block N cannot be read.
break_config() {
	local file=$FIRMWARE/memory$1/config

	rm "$file"
	case $2 in
	directory) mkdir "$file" ;;
	missing) ;;
	dangling) ln -s nowhere "$file" ;;
	loop) ln -s config "$file" ;;
	empty) : >"$file" ;;
	garbage) echo foo >"$file" ;;
	binary) printf '1\0\n' >"$file" ;;
	esac
}

# ---- An unreadable config ----

@test "by range, -c fails for blocks whose config cannot be read, with the reason (D41)" {
	make_s390_tree
	break_config 6 directory
	break_config 7 missing
	break_config 8 dangling
	break_config 9 loop
	run_chmem -c -v -b 5-10
	assert_status 64
	assert_stdout "$(block 5) already configured" "$(block 10) configured"
	assert_stderr "chmem: $(block 6) configure failed: Is a directory" \
		"chmem: $(block 7) configure failed: No such file or directory" \
		"chmem: $(block 8) configure failed: No such file or directory" \
		"chmem: $(block 9) configure failed: Too many levels of symbolic links" \
		'chmem: Could only configure 256M of memory'
	assert_changed firmware/memory/memory10/config:1
}

@test "by range, -g fails for them, too (D41)" {
	make_s390_tree
	break_config 4 directory
	break_config 6 missing
	run_chmem -g -v -b 4-6
	assert_status 64
	assert_stdout "$(block 5) deconfigured"
	assert_stderr "chmem: $(block 4) deconfigure failed: Is a directory" \
		"chmem: $(block 6) deconfigure failed: No such file or directory" \
		'chmem: Could only deconfigure 128M of memory'
	assert_changed firmware/memory/memory5/config:0
}

@test "by range, -e fails for them before it looks at state (D41)" {
	make_standby_tree
	break_config 3 directory
	break_config 6 missing
	run_chmem -e -v -b 3-7
	assert_status 64
	assert_stdout "$(block 4) enabled" "$(block 5) enabled" "$(block 7) configured" \
		"$(block 7) enabled"
	assert_stderr "chmem: $(block 3) configure failed: Is a directory" \
		"chmem: $(block 6) configure failed: No such file or directory" \
		'chmem: Could only enable 384M of memory'
	assert_changed devices/system/memory/memory{4,5,7}/state:online_movable \
		firmware/memory/memory7/config:1
}

@test "a config that is no number is a failure for -c, -g and -e (D41)" {
	local how option

	for how in empty garbage binary; do
		make_standby_tree
		break_config 6 $how
		for option in -c -g -e; do
			run_chmem "$option" -v -b 6
			assert_status 1
			assert_stdout
			assert_stderr_line 0 "chmem: $(block 6) *configure failed: ?*"
			assert_unchanged
		done
		rm -r "$TREE"
	done
}

@test "a config that may not be read is a failure with its reason (D41)" {
	make_standby_tree
	chmod 000 "$FIRMWARE"/memory{5,6}/config
	run_chmem_unprivileged -c -b 6
	assert_status 1
	assert_stderr "chmem: $(block 6) configure failed: Permission denied"
	run_chmem_unprivileged -g -b 5
	assert_status 1
	assert_stderr "chmem: $(block 5) deconfigure failed: Permission denied"
	run_chmem_unprivileged -e -b 6
	assert_status 1
	assert_stderr "chmem: $(block 6) configure failed: Permission denied"
	assert_unchanged
}

@test "by size, -c passes blocks whose config cannot be read, without a word" {
	make_s390_tree
	break_config 0 directory
	break_config 6 missing
	break_config 7 garbage
	run_chmem -c 256M
	assert_status 0
	assert_stdout
	assert_stderr
	assert_changed firmware/memory/memory{8,9}/config:1
}

@test "by size, -g and -e pass them, too" {
	make_standby_tree
	break_config 5 directory
	run_chmem -g 128M
	assert_status 0
	assert_stdout
	assert_stderr
	assert_changed firmware/memory/memory4/config:0
	run_chmem -e 256M
	assert_status 0
	assert_stdout
	assert_stderr
	assert_changed devices/system/memory/memory{4,6}/state:online_movable \
		firmware/memory/memory{4,6}/config:1
}

@test "a size that falls short gives the reasons grouped (D1, D41)" {
	make_s390_tree
	break_config 6 directory
	break_config 7 missing
	break_config 8 directory
	run_chmem -c 2G
	assert_status 64
	assert_stdout
	assert_stderr 'chmem: Could only configure 384M of memory' \
		'chmem:   2 blocks: Is a directory' 'chmem:   1 block: No such file or directory'
	assert_changed firmware/memory/memory{9,10,11}/config:1
}

@test "by size with -v, a failure has the range mode's form, on stderr (D2, D41)" {
	make_s390_tree
	break_config 6 directory
	run_chmem -c -v 128M
	assert_status 0
	assert_stdout "$(block 7) configured"
	assert_stderr "chmem: $(block 6) configure failed: Is a directory"
}

@test "by size, what may not be read ends the walk at once (D1)" {
	make_s390_tree
	chmod 000 "$FIRMWARE/memory7/config"
	run_chmem_unprivileged -c 1G
	assert_status 64
	assert_stdout
	assert_stderr 'chmem: Could only configure 128M of memory' \
		'chmem:   1 block: Permission denied'
	assert_changed firmware/memory/memory6/config:1
}

@test "the first block's config says nothing about the others (D15)" {
	make_s390_tree
	rm "$FIRMWARE"/memory0/*
	run_chmem -c -v -b 0-6
	assert_status 64
	assert_stdout "$(block 1) already configured" "$(block 2) already configured" \
		"$(block 3) already configured" "$(block 4) already configured" \
		"$(block 5) already configured" "$(block 6) configured"
	assert_stderr "chmem: $(block 0) configure failed: No such file or directory" \
		'chmem: Could only configure 768M of memory'
	run_chmem -g 256M
	assert_status 0
	assert_configs 4-6 '1 0 0'
}

@test "-d does not look at the config of what is offline" {
	make_s390_tree
	break_config 4 directory
	break_config 5 garbage
	run_chmem -d -v -b 4-5
	assert_status 0
	assert_stdout "$(block 4) already disabled" "$(block 5) already disabled"
	assert_stderr
	assert_unchanged
}

@test "-d disables a block whose config cannot be read, and says so (D21, D41)" {
	make_s390_tree
	break_config 3 directory
	run_chmem -d -v -b 3
	assert_status 1
	assert_stdout "$(block 3) disabled"
	assert_stderr "chmem: $(block 3) deconfigure failed: Is a directory"
	assert_changed devices/system/memory/memory3/state:offline
}

@test "by size, a block whose config cannot be read counts when it went offline (D21, D41)" {
	make_s390_tree
	break_config 3 missing
	run_chmem -d 128M
	assert_status 0
	assert_stdout
	assert_stderr "chmem: $(block 3) deconfigure failed: No such file or directory"
	assert_changed devices/system/memory/memory3/state:offline
}

# ---- A config that cannot be written ----

@test "by range, a failed configure ends its block and no other" {
	make_s390_tree
	make_read_only "$FIRMWARE"/memory{6,8}/config
	run_chmem -c -v -b 6-9
	assert_status 64
	assert_stdout "$(block 7) configured" "$(block 9) configured"
	assert_stderr "chmem: $(block 6) configure failed: Read-only file system" \
		"chmem: $(block 8) configure failed: Read-only file system" \
		'chmem: Could only configure 256M of memory'
	assert_changed firmware/memory/memory{7,9}/config:1
}

@test "by range, a failed configure keeps -e from the block's state" {
	make_standby_tree
	make_read_only "$FIRMWARE/memory6/config"
	run_chmem -e -v -b 6-7
	assert_status 64
	assert_stdout "$(block 7) configured" "$(block 7) enabled"
	assert_stderr "chmem: $(block 6) configure failed: Read-only file system" \
		'chmem: Could only enable 128M of memory'
	assert_changed devices/system/memory/memory7/state:online_movable \
		firmware/memory/memory7/config:1
}

@test "by range, a failed deconfigure ends its block and no other" {
	make_s390_tree
	make_read_only "$FIRMWARE/memory4/config"
	run_chmem -g -v -b 4-5
	assert_status 64
	assert_stdout "$(block 5) deconfigured"
	assert_stderr "chmem: $(block 4) deconfigure failed: Read-only file system" \
		'chmem: Could only deconfigure 128M of memory'
	assert_changed firmware/memory/memory5/config:0
}

@test "without the right to write nothing is configured nor deconfigured" {
	make_standby_tree
	chmod 444 "$FIRMWARE"/memory*/config
	run_chmem_unprivileged -c -v -b 6-7
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 6) configure failed: Permission denied" \
		"chmem: $(block 7) configure failed: Permission denied"
	assert_unchanged
	run_chmem_unprivileged -g -v -b 5
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 5) deconfigure failed: Permission denied"
	assert_unchanged
	run_chmem_unprivileged -e -v -b 6
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 6) configure failed: Permission denied"
	assert_unchanged
}

@test "where there is nothing to write, no right to write is needed" {
	make_s390_tree
	chmod 444 "$FIRMWARE"/memory*/* "$MEMORY"/memory*/state
	run_chmem_unprivileged -c -b 0-5
	assert_status 0
	run_chmem_unprivileged -c -m 0 -b 0-5
	assert_status 0
	run_chmem_unprivileged -g -b 6-11
	assert_status 0
	run_chmem_unprivileged -e -b 0-3
	assert_status 0
	run_chmem_unprivileged -d -b 4-11
	assert_status 0
	assert_unchanged
}

@test "by size, the want of the right to write ends the walk at once (D1)" {
	make_s390_tree
	chmod 444 "$FIRMWARE/memory7/config"
	run_chmem_unprivileged -c 1G
	assert_status 64
	assert_stdout
	assert_stderr 'chmem: Could only configure 128M of memory' \
		'chmem:   1 block: Permission denied'
	assert_changed firmware/memory/memory6/config:1
}

@test "by size, a read-only sysfs ends the walk of -g at once (D1)" {
	make_s390_tree
	make_read_only "$FIRMWARE"/memory{4,5}/config
	run_chmem -g 256M
	assert_status 1
	assert_stdout
	assert_stderr_line 0 'chmem: Could only deconfigure 0B of memory'
	assert_stderr_line 1 'chmem:   1 block: Read-only file system'
	assert_unchanged
}

@test "by size, other failures of config are passed, and given grouped when short (D1)" {
	make_s390_tree
	run_chmem_up_to 0 -c 256M
	assert_status 1
	assert_stdout
	assert_stderr 'chmem: Could only configure 0B of memory' \
		'chmem:   6 blocks: File too large'
	assert_unchanged
}

@test "by range, an error of the write itself is the reason" {
	make_s390_tree
	run_chmem_up_to 0 -c -b 6-7
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 6) configure failed: File too large" \
		"chmem: $(block 7) configure failed: File too large"
	run_chmem_up_to 0 -g -b 5
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 5) deconfigure failed: File too large"
	run_chmem_up_to 0 -c -m 1 -b 6
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 6) memmap-on-memory failed: File too large"
	assert_unchanged
}

@test "a word that is not taken as a whole has failed, and the block is deconfigured (D21)" {
	make_standby_tree
	run_chmem_up_to 1 -e -v -b 6
	assert_status 1
	assert_stdout "$(block 6) configured" "$(block 6) deconfigured"
	assert_stderr_line 0 "chmem: $(block 6) enable failed: ?*"
	assert_configs 6-6 0
}

# ---- memmap_on_memory ----

@test "by range, a failed memmap-on-memory ends its block, which is not configured" {
	local i

	make_s390_tree
	for i in 6 7 8; do
		rm "$FIRMWARE/memory$i/memmap_on_memory"
	done
	mkdir "$FIRMWARE/memory6/memmap_on_memory"
	mkfifo "$FIRMWARE/memory8/memmap_on_memory"
	run_chmem -c -m 1 -v -b 6-9
	assert_status 64
	assert_stdout "$(block 9) configured"
	assert_stderr "chmem: $(block 6) memmap-on-memory failed: Is a directory" \
		"chmem: $(block 7) memmap-on-memory failed: No such file or directory" \
		"chmem: $(block 8) memmap-on-memory failed: No such device or address" \
		'chmem: Could only configure 128M of memory'
	assert_changed firmware/memory/memory9/{config,memmap_on_memory}:1
}

@test "without the right to write memmap_on_memory, no block is configured with -m" {
	make_s390_tree
	chmod 444 "$FIRMWARE"/memory{6,7}/memmap_on_memory
	run_chmem_unprivileged -c -m 0 -b 6-7
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 6) memmap-on-memory failed: Permission denied" \
		"chmem: $(block 7) memmap-on-memory failed: Permission denied"
	assert_unchanged
	run_chmem_unprivileged -c -b 6-7
	assert_status 0
	assert_configs 6-7 '1 1'
}

@test "by size, a failed memmap-on-memory is passed without a word" {
	make_s390_tree
	rm "$FIRMWARE/memory6/memmap_on_memory"
	run_chmem -c -m 1 128M
	assert_status 0
	assert_stdout
	assert_stderr
	assert_changed firmware/memory/memory7/{config,memmap_on_memory}:1
}

@test "by size with -v, it is named on stderr (D2)" {
	make_tree -b 0:offline:Normal -f 0:0 -f 1-2:0
	rm "$FIRMWARE/memory1/memmap_on_memory"
	run_chmem -c -m 1 -v 256M
	assert_status 0
	assert_stdout "$(block 0) configured" "$(block 2) configured"
	assert_stderr "chmem: $(block 1) memmap-on-memory failed: No such file or directory"
}

@test "a configured block whose memmap_on_memory cannot be read is not done with -m" {
	make_s390_tree
	rm "$FIRMWARE/memory4/memmap_on_memory"
	run_chmem -c -m 0 -v -b 4-5
	assert_status 64
	assert_stdout "$(block 5) already configured"
	assert_stderr_has 'chmem: Could only configure 128M of memory'
	assert_unchanged
}
