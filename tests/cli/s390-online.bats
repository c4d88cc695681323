#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Setting blocks online and offline where /sys/firmware/memory lists them: each must be configured
# before, and is deconfigured after.

load ../helpers

teardown() {
	unmount_all
}

# ---- -e ----

@test "-e SIZE takes the lowest blocks that are not online, and configures where it must" {
	make_standby_tree
	run_chmem -e 512M
	assert_status 0
	assert_stdout
	assert_stderr
	assert_changed devices/system/memory/memory{4..7}/state:online_movable \
		firmware/memory/memory{6,7}/config:1
}

@test "-e SIZE -v prints a block's lines in the order of its steps" {
	make_standby_tree
	run_chmem -e -v 512M
	assert_status 0
	assert_stdout "$(block 4) enabled" "$(block 5) enabled" \
		"$(block 6) configured" "$(block 6) enabled" \
		"$(block 7) configured" "$(block 7) enabled"
	assert_stderr
}

@test "-e BLOCKRANGE configures and enables each block of it, lowest first" {
	make_standby_tree
	run_chmem -e -v -b 3-7
	assert_status 0
	assert_stdout "$(block 3) already enabled" "$(block 4) enabled" "$(block 5) enabled" \
		"$(block 6) configured" "$(block 6) enabled" \
		"$(block 7) configured" "$(block 7) enabled"
	assert_stderr
	assert_changed devices/system/memory/memory{4..7}/state:online_movable \
		firmware/memory/memory{6,7}/config:1
}

@test "-e RANGE is without a word if all goes well" {
	make_standby_tree
	run_chmem -e 0x28000000-0x37ffffff
	assert_status 0
	assert_stdout
	assert_stderr
	assert_changed devices/system/memory/memory{5,6}/state:online_movable \
		firmware/memory/memory6/config:1
}

@test "-e writes config alone: memmap_on_memory is not looked at" {
	make_standby_tree
	rm "$FIRMWARE/memory7/memmap_on_memory"
	mkdir "$FIRMWARE/memory7/memmap_on_memory"
	run_chmem -e -b 6-11
	assert_status 0
	assert_stderr
	is "memmap_on_memory" "$(memmap 6) $(memmap 9) $(memmap 10)" '0 0 1'
}

@test "-e of an online block that is not configured configures it" {
	make_standby_tree
	set_state 6 online
	run_chmem -e -v -b 6
	assert_status 0
	assert_stdout "$(block 6) configured" "$(block 6) already enabled"
	assert_stderr
	assert_changed firmware/memory/memory6/config:1
}

@test "-e SIZE counts a block that is online as soon as it is configured (D21)" {
	local i

	make_standby_tree
	for i in {6..11}; do
		set_state "$i" online
	done
	run_chmem -e 512M
	assert_status 0
	assert_stdout
	assert_stderr
	assert_changed devices/system/memory/memory{4,5}/state:online_movable \
		firmware/memory/memory{6,7}/config:1
}

@test "-e SIZE does not write to the state of such a block (D21)" {
	make_tree -b 0:online:Normal -b '1-2:online:Normal Movable' -f 0:1 -f 1-2:0
	run_chmem -e -v 128M
	assert_status 0
	is "first line" "${lines[0]}" "$(block 1) configured"
	[[ $output != *"$(block 2)"* ]]
	assert_stderr
	assert_changed firmware/memory/memory1/config:1
}

@test "-e writes online where valid_zones does not list Movable" {
	make_tree -b 0:online:Normal -b 1:offline:Normal -b 2:offline -f 0:1 -f 1-2:0
	run_chmem -e -b 1-2
	assert_status 0
	assert_states 1-2 'online online'
	assert_configs 1-2 '1 1'
}

@test "-e -z writes online_kernel, or online_movable, to blocks that it configured" {
	make_standby_tree
	run_chmem -e -z normal -v -b 6
	assert_status 0
	assert_stdout "$(block 6) configured" "$(block 6) enabled"
	run_chmem -e -z MOVABLE -v -b 7
	assert_status 0
	assert_stdout "$(block 7) configured" "$(block 7) enabled"
	assert_states 6-7 'online_kernel online_movable'
	assert_configs 6-7 '1 1'
}

@test "a state that is unknown is written over (D42)" {
	make_standby_tree
	set_state 5 foo
	: >"$MEMORY/memory6/state"
	run_chmem -e -v -b 5-6
	assert_status 0
	assert_stdout "$(block 5) enabled" "$(block 6) configured" "$(block 6) enabled"
	assert_states 5-6 'online_movable online_movable'
}

@test "-e SIZE that falls short says how far it came" {
	make_tree -b 0:online:Normal -b '1-3:offline:Normal Movable' -f 0-1:1 -f 2-3:0
	run_chmem -e 1G
	assert_status 64
	assert_stdout
	assert_stderr 'chmem: Could only enable 384M of memory'
	assert_changed devices/system/memory/memory{1..3}/state:online_movable \
		firmware/memory/memory{2,3}/config:1
}

@test "-e 0 and -d 0 do nothing and succeed" {
	local option

	make_standby_tree
	for option in -e -d; do
		run_chmem "$option" -v 0
		assert_status 0
		assert_stdout
		assert_stderr
		assert_unchanged
	done
}

@test "blocks missing in a range of -e are named and not done (D5, D6)" {
	make_standby_tree
	run_chmem -e -b 10-13
	assert_status 64
	assert_stdout
	assert_stderr_line 0 'chmem: Memory Blocks 12-13 *'
	assert_stderr_line 1 'chmem: Could only enable 256M of memory'
	assert_states 10-11 'online_movable online_movable'
}

@test "a block whose state does not come about is not configured (D16)" {
	make_s390_tree
	run_chmem -e -b 5-6
	assert_status 64
	assert_stdout
	assert_stderr "chmem: $(block 6) enable failed: not configured" \
		'chmem: Could only enable 128M of memory'
	assert_changed devices/system/memory/memory5/state:online_movable
}

@test "by size, too, such a block is left as it was, and the reason given once (D1, D16)" {
	make_s390_tree
	run_chmem -e 512M
	assert_status 64
	assert_stdout
	assert_stderr 'chmem: Could only enable 256M of memory' 'chmem:   6 blocks: not configured'
	assert_changed devices/system/memory/memory{4,5}/state:online_movable
}

# ---- In vain ----

@test "by range, a zone misfit deconfigures the block again (D21)" {
	make_standby_tree
	echo Normal >"$MEMORY/memory7/valid_zones"
	run_chmem -e -z Movable -v -b 6-8
	assert_status 64
	assert_stdout "$(block 6) configured" "$(block 6) enabled" \
		"$(block 7) configured" "$(block 7) deconfigured" \
		"$(block 8) configured" "$(block 8) enabled"
	assert_stderr "chmem: $(block 7) enable failed: Zone mismatch" \
		'chmem: Could only enable 256M of memory'
	assert_changed devices/system/memory/memory{6,8}/state:online_movable \
		firmware/memory/memory{6,8}/config:1
}

@test "by size, a zone misfit deconfigures the block again, without a word (D21)" {
	make_standby_tree
	echo Normal >"$MEMORY/memory6/valid_zones"
	echo Normal >"$MEMORY/memory7/valid_zones"
	run_chmem -e -z Movable 512M
	assert_status 0
	assert_stdout
	assert_stderr
	assert_changed devices/system/memory/memory{4,5,8,9}/state:online_movable \
		firmware/memory/memory{8,9}/config:1
}

@test "a size that no zone fits leaves nothing behind (D1, D21)" {
	make_standby_tree
	run_chmem -e -z DMA 256M
	assert_status 1
	assert_stdout
	assert_stderr_line 0 'chmem: Could only enable 0B of memory'
	assert_stderr_has 'chmem:   8 blocks: Zone mismatch'
	assert_unchanged
}

@test "a block that was configured before stays so, though its zone does not fit (D21)" {
	make_standby_tree
	run_chmem -e -z DMA -v -b 4
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 4) enable failed: Zone mismatch"
	assert_unchanged
}

@test "a block that does not go online is deconfigured again (D21)" {
	make_standby_tree
	make_read_only "$MEMORY/memory6/state"
	run_chmem -e -v -b 5-7
	assert_status 64
	assert_stdout "$(block 5) enabled" "$(block 6) configured" "$(block 6) deconfigured" \
		"$(block 7) configured" "$(block 7) enabled"
	assert_stderr "chmem: $(block 6) enable failed: Read-only file system" \
		'chmem: Could only enable 256M of memory'
	assert_changed devices/system/memory/memory{5,7}/state:online_movable \
		firmware/memory/memory7/config:1
}

@test "by size, a state that cannot be written ends the walk, and the block is deconfigured (D1, D21)" {
	make_tree -b 0:online:Normal -b '1-2:offline:Normal Movable' -f 0:1 -f 1-2:0
	make_read_only "$MEMORY/memory1/state"
	run_chmem -e 128M
	assert_status 1
	assert_stdout
	assert_stderr_line 0 'chmem: Could only enable 0B of memory'
	assert_stderr_line 1 'chmem:   1 block: Read-only file system'
	assert_unchanged
}

@test "a state that can be written but not read is a failure with its reason (D33)" {
	make_standby_tree
	chmod 200 "$MEMORY"/memory{5,6}/state
	run_chmem_unprivileged -e -b 5-6
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 5) enable failed: Permission denied" \
		"chmem: $(block 6) enable failed: Permission denied"
	assert_unchanged
}

# ---- Zones ----

@test "each block is judged by its own zones, not by those of the first (D15)" {
	make_standby_tree
	rm "$MEMORY"/memory{0..6}/valid_zones
	run_chmem -e -z Movable -b 6-7
	assert_status 64
	assert_stdout
	assert_stderr_line 0 "chmem: $(block 6) enable failed: *"
	assert_stderr_line 1 'chmem: Could only enable 128M of memory'
	assert_changed devices/system/memory/memory7/state:online_movable \
		firmware/memory/memory7/config:1
}

@test "zones that cannot be read are unknown (D17)" {
	make_standby_tree
	rm "$MEMORY/memory6/valid_zones"
	mkdir "$MEMORY/memory6/valid_zones"
	run_chmem -e -z Normal -b 6
	assert_status 1
	assert_stdout
	assert_stderr_line 0 "chmem: $(block 6) enable failed: *unknown zone*"
	assert_unchanged
	run_chmem -e -b 6
	assert_status 0
	assert_stderr
	assert_states 6-6 online
}

@test "where no block has zones, -z is ignored, which is said" {
	make_tree -b 0:online -b 1:offline -f 0:1 -f 1:0
	run_chmem -e -z Normal -v -b 1
	assert_status 0
	assert_stdout "$(block 1) configured" "$(block 1) enabled"
	assert_stderr 'chmem: zone ignored, no valid_zones sysfs attribute present'
	assert_changed devices/system/memory/memory1/state:online firmware/memory/memory1/config:1
}

@test "-z DMA does not take blocks of DMA32 (D12)" {
	make_tree -b 0:online:Normal -b '1:offline:DMA32 Movable' -f 0:1 -f 1:0
	run_chmem -e -z DMA -b 1
	assert_status 1
	assert_stderr "chmem: $(block 1) enable failed: Zone mismatch"
	assert_unchanged
}

@test "a block that is online in another zone is not done, and the zone named (D13)" {
	make_s390_tree
	run_chmem -e -z Movable -v -b 3-4
	assert_status 64
	assert_stdout "$(block 4) enabled"
	assert_stderr "chmem: $(block 3) enable failed: already online in zone Normal" \
		'chmem: Could only enable 128M of memory'
	assert_changed devices/system/memory/memory4/state:online_movable
}

@test "by size, online blocks are no candidates, in whatever zone, even with -v" {
	make_s390_tree
	run_chmem -e -z Movable -v 256M
	assert_status 0
	assert_stdout "$(block 4) enabled" "$(block 5) enabled"
	assert_stderr
}

# ---- -d ----

@test "-d SIZE takes the highest online blocks and deconfigures them" {
	make_s390_tree
	run_chmem -d 256M
	assert_status 0
	assert_stdout
	assert_stderr
	assert_changed devices/system/memory/memory{3,2}/state:offline \
		firmware/memory/memory{3,2}/config:0
}

@test "-d SIZE -v prints a block's lines in the order of its steps" {
	make_s390_tree
	run_chmem -d -v 256M
	assert_status 0
	assert_stdout "$(block 3) disabled" "$(block 3) deconfigured" \
		"$(block 2) disabled" "$(block 2) deconfigured"
	assert_stderr
}

@test "-d BLOCKRANGE disables and deconfigures each block of it, lowest first" {
	make_s390_tree
	run_chmem -d -v -b 1-2
	assert_status 0
	assert_stdout "$(block 1) disabled" "$(block 1) deconfigured" \
		"$(block 2) disabled" "$(block 2) deconfigured"
	assert_stderr
	assert_changed devices/system/memory/memory{1,2}/state:offline \
		firmware/memory/memory{1,2}/config:0
}

@test "-d RANGE is without a word if all goes well" {
	make_s390_tree
	run_chmem -d 0x8000000-0xfffffff
	assert_status 0
	assert_stdout
	assert_stderr
	assert_changed devices/system/memory/memory1/state:offline firmware/memory/memory1/config:0
}

@test "-d looks at state alone: what is offline but configured stays configured" {
	make_s390_tree
	run_chmem -d -v -b 3-5
	assert_status 0
	assert_stdout "$(block 3) disabled" "$(block 3) deconfigured" \
		"$(block 4) already disabled" "$(block 5) already disabled"
	assert_stderr
	assert_changed devices/system/memory/memory3/state:offline firmware/memory/memory3/config:0
}

@test "-d SIZE leaves blocks that are offline but configured alone" {
	make_s390_tree
	run_chmem -d 1G
	assert_status 64
	assert_stdout
	assert_stderr 'chmem: Could only disable 512M of memory'
	assert_configs 0-5 '0 0 0 0 1 1'
	run_chmem -d 128M
	assert_status 1
	assert_stderr 'chmem: Could only disable 0B of memory'
	assert_unchanged
}

@test "-d BLOCKRANGE takes standby blocks as disabled (D16)" {
	make_s390_tree
	run_chmem -d -v -b 5-7
	assert_status 0
	assert_stdout "$(block 5) already disabled" "$(block 6) already disabled" \
		"$(block 7) already disabled"
	assert_stderr
	assert_unchanged
}

@test "-d of a block that is configured but has no state is not configured (D16)" {
	make_s390_tree
	set_config 6 1
	run_chmem -d -v -b 5-7
	assert_status 64
	assert_stdout "$(block 5) already disabled" "$(block 7) already disabled"
	assert_stderr "chmem: $(block 6) disable failed: not configured" \
		'chmem: Could only disable 256M of memory'
	assert_unchanged
}

@test "-d of a block whose state cannot be read is a failure, configured or not (D16)" {
	make_standby_tree
	rm "$MEMORY"/memory{5,6}/state
	mkdir "$MEMORY"/memory{5,6}/state
	run_chmem -d -v -b 5-6
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 5) disable failed: Is a directory" \
		"chmem: $(block 6) disable failed: Is a directory"
	assert_unchanged
}

@test "-d SIZE passes a block whose state cannot be read, without a word (D16)" {
	make_s390_tree
	rm "$MEMORY/memory3/state"
	mkdir "$MEMORY/memory3/state"
	run_chmem -d 128M
	assert_status 0
	assert_stdout
	assert_stderr
	assert_changed devices/system/memory/memory2/state:offline firmware/memory/memory2/config:0
}

@test "-d of an online block that is not configured disables it, which is all" {
	make_s390_tree
	set_config 3 0
	run_chmem -d -v -b 3
	assert_status 0
	assert_stdout "$(block 3) disabled" "$(block 3) already deconfigured"
	assert_stderr
	assert_changed devices/system/memory/memory3/state:offline
}

@test "-d SIZE -v has no word for what was not configured anyway" {
	make_s390_tree
	set_config 3 0
	run_chmem -d -v 256M
	assert_status 0
	assert_stdout "$(block 3) disabled" "$(block 2) disabled" "$(block 2) deconfigured"
	assert_stderr
	assert_changed devices/system/memory/memory{3,2}/state:offline firmware/memory/memory2/config:0
}

@test "-d leaves memmap_on_memory as it is" {
	make_tree -b 0-1:online:Normal -f 0:1:0 -f 1:1:1
	run_chmem -d -b 0-1
	assert_status 0
	is "memmap_on_memory" "$(memmap 0) $(memmap 1)" '0 1'
}

@test "-d cuts off what a longer word leaves behind (D24)" {
	make_s390_tree
	set_state 3 online_movable
	run_chmem -d -b 3
	assert_status 0
	assert_states 3-3 offline
	assert_configs 3-3 0
}

@test "a state that is unknown is taken offline (D42)" {
	make_s390_tree
	set_state 3 foo
	run_chmem -d -v -b 3
	assert_status 0
	assert_stdout "$(block 3) disabled" "$(block 3) deconfigured"
	assert_states 3-3 offline
}

@test "-d -z by range: a zone that does not fit is a failure, what is offline is done" {
	make_s390_tree
	run_chmem -d -z Movable -v -b 3-6
	assert_status 64
	assert_stdout "$(block 4) already disabled" "$(block 5) already disabled" \
		"$(block 6) already disabled"
	assert_stderr "chmem: $(block 3) disable failed: Zone mismatch" \
		'chmem: Could only disable 384M of memory'
	assert_unchanged
}

@test "-d -z by size passes blocks whose zone does not fit, without a word, even with -v" {
	make_s390_tree
	echo Movable >"$MEMORY/memory1/valid_zones"
	run_chmem -d -z Movable -v 128M
	assert_status 0
	assert_stdout "$(block 1) disabled" "$(block 1) deconfigured"
	assert_stderr
	assert_changed devices/system/memory/memory1/state:offline firmware/memory/memory1/config:0
}

@test "-d SIZE passes blocks that can never go (D26)" {
	make_s390_tree
	echo none >"$MEMORY/memory3/valid_zones"
	run_chmem -d 128M
	assert_status 0
	assert_stdout
	assert_stderr
	assert_changed devices/system/memory/memory2/state:offline firmware/memory/memory2/config:0
}

@test "a block that stays online stays configured" {
	make_s390_tree
	make_read_only "$MEMORY/memory3/state"
	run_chmem -d -v -b 3
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 3) disable failed: Read-only file system"
	assert_unchanged
}

# ---- Offline, but not deconfigured ----

@test "by size, a block that went offline counts though it stays configured (D21)" {
	make_s390_tree
	make_read_only "$FIRMWARE"/memory{2,3}/config
	run_chmem -d 256M
	assert_status 0
	assert_stdout
	assert_stderr "chmem: $(block 3) deconfigure failed: Read-only file system" \
		"chmem: $(block 2) deconfigure failed: Read-only file system"
	assert_changed devices/system/memory/memory{3,2}/state:offline
}

@test "by size, -v prints that it was disabled (D21)" {
	make_s390_tree
	make_read_only "$FIRMWARE/memory3/config"
	run_chmem -d -v 256M
	assert_status 0
	assert_stdout "$(block 3) disabled" "$(block 2) disabled" "$(block 2) deconfigured"
	assert_stderr "chmem: $(block 3) deconfigure failed: Read-only file system"
	assert_changed devices/system/memory/memory{3,2}/state:offline firmware/memory/memory2/config:0
}

@test "by range, a block that stays configured is not done (D21)" {
	make_s390_tree
	make_read_only "$FIRMWARE/memory2/config"
	run_chmem -d -v -b 2-3
	assert_status 64
	assert_stdout "$(block 2) disabled" "$(block 3) disabled" "$(block 3) deconfigured"
	assert_stderr "chmem: $(block 2) deconfigure failed: Read-only file system" \
		'chmem: Could only disable 128M of memory'
	assert_changed devices/system/memory/memory{2,3}/state:offline firmware/memory/memory3/config:0
}

@test "by range, a single block that stays configured is 1 (D21)" {
	make_s390_tree
	make_read_only "$FIRMWARE/memory3/config"
	run_chmem -d -b 3
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 3) deconfigure failed: Read-only file system"
	assert_changed devices/system/memory/memory3/state:offline
}
