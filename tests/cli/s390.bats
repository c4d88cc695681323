#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Configuring and deconfiguring: what -c, -g and -m do where /sys/firmware/memory lists the
# memory blocks.

load ../helpers

teardown() {
	unmount_all
}

must_deconfigure='must be deconfigured before using -m option'
must_be_offline='must be offline before deconfiguration'

# ---- -c SIZE ----

@test "-c SIZE configures the lowest blocks that are not, without a word" {
	make_s390_tree
	run_chmem -c 256M
	assert_status 0
	assert_stdout
	assert_stderr
	assert_changed firmware/memory/memory{6,7}/config:1
}

@test "-c SIZE -v prints a line for each block that it configured, and for no other" {
	make_s390_tree
	run_chmem -c -v 256M
	assert_status 0
	assert_stdout "$(block 6) configured" "$(block 7) configured"
	assert_stderr
	assert_changed firmware/memory/memory{6,7}/config:1
}

@test "-c SIZE goes by number, not by name" {
	make_tree -b 0:online:Normal -f 0:1 -f 2:0 -f 9-10:0 -f 100:0
	run_chmem -c -v 384M
	assert_status 0
	assert_stdout "$(block 2) configured" "$(block 9) configured" "$(block 10) configured"
	assert_stderr
	assert_changed firmware/memory/memory{2,9,10}/config:1
}

@test "-c SIZE that falls short says how far it came, on stderr, and is 64 (D22)" {
	make_s390_tree
	run_chmem -c 2G
	assert_status 64
	assert_stdout
	assert_stderr 'chmem: Could only configure 768M of memory'
	assert_changed firmware/memory/memory{6..11}/config:1
}

@test "-c SIZE of which nothing is left to configure is 1 (D22)" {
	make_tree -b 0-3:online:Normal -f 0-3:1
	run_chmem -c -v 128M
	assert_status 1
	assert_stdout
	assert_stderr 'chmem: Could only configure 0B of memory'
	assert_unchanged
}

@test "-c 0 does nothing and succeeds" {
	make_s390_tree
	run_chmem -c -v 0
	assert_status 0
	assert_stdout
	assert_stderr
	assert_unchanged
}

@test "-c does not set a block online, and leaves memmap_on_memory as it is" {
	make_standby_tree
	run_chmem -c 768M
	assert_status 0
	assert_states 6-11 'offline offline offline offline offline offline'
	is "memmap_on_memory" "$(memmap 6) $(memmap 9) $(memmap 10)" '0 0 1'
	assert_configs 6-11 '1 1 1 1 1 1'
}

@test "an attribute is written as one bare word" {
	make_s390_tree
	printf 0 >"$FIRMWARE/memory6/config"
	printf 0 >"$FIRMWARE/memory6/memmap_on_memory"
	run_chmem -c -m 1 -b 6
	assert_status 0
	is "size of config" "$(stat -c %s "$FIRMWARE/memory6/config")" 1
	is "size of memmap_on_memory" "$(stat -c %s "$FIRMWARE/memory6/memmap_on_memory")" 1
}

# ---- -c RANGE ----

@test "-c BLOCKRANGE configures each block of it, lowest first" {
	make_s390_tree
	run_chmem -c -v -b 7-9
	assert_status 0
	assert_stdout "$(block 7) configured" "$(block 8) configured" "$(block 9) configured"
	assert_stderr
	assert_changed firmware/memory/memory{7,8,9}/config:1
}

@test "-c RANGE is without a word if all goes well" {
	make_s390_tree
	run_chmem -c 0x20000000-0x37ffffff
	assert_status 0
	assert_stdout
	assert_stderr
	assert_changed firmware/memory/memory6/config:1
}

@test "a block that is configured already counts as done by range" {
	make_s390_tree
	run_chmem -c -v -b 4-6
	assert_status 0
	assert_stdout "$(block 4) already configured" "$(block 5) already configured" \
		"$(block 6) configured"
	assert_stderr
	assert_changed firmware/memory/memory6/config:1
}

@test "-c of a range that is all configured changes nothing and succeeds" {
	make_s390_tree
	run_chmem -c -b 0-5
	assert_status 0
	assert_stdout
	assert_stderr
	assert_unchanged
}

@test "blocks missing in a range of -c are named and not done (D5, D6)" {
	make_s390_tree
	run_chmem -c -b 10-14
	assert_status 64
	assert_stdout
	assert_stderr_line 0 'chmem: Memory Blocks 12-14 *'
	assert_stderr_line 1 'chmem: Could only configure 256M of memory'
	assert_stderr_length 2
	assert_changed firmware/memory/memory{10,11}/config:1
}

@test "-c of blocks of which none exists is 1 (D5)" {
	make_s390_tree
	run_chmem -c -b 12
	assert_status 1
	assert_stdout
	assert_stderr_line 0 "chmem: $(block 12) *"
	assert_stderr_length 1
	assert_unchanged
}

# ---- Which blocks there are ----

@test "blocks that /sys/firmware/memory does not list do not exist" {
	local option

	make_s390_tree
	make_tree -b 12:offline:Normal -b 13:online:Normal
	for option in -c -g -e -d; do
		run_chmem "$option" -v -b 12-13
		assert_status 1
		assert_stdout
		assert_stderr_line 0 'chmem: Memory Blocks 12-13 *'
		assert_unchanged
	done
}

@test "by size, blocks that /sys/firmware/memory does not list are no candidates" {
	make_tree -b 0:online:Normal -b 1:offline:Normal -b 2:online:Normal -b 3:offline:Normal \
		-f 0-1:1
	run_chmem -e -v 256M
	assert_status 64
	assert_stdout "$(block 1) enabled"
	run_chmem -d -v 512M
	assert_status 64
	assert_stdout "$(block 1) disabled" "$(block 1) deconfigured" \
		"$(block 0) disabled" "$(block 0) deconfigured"
	assert_states 2-3 'online offline'
}

@test "entries of /sys/firmware/memory that are not memory<N> are no blocks (D32)" {
	make_s390_tree
	mkdir "$FIRMWARE"/{memory,memoryx,memory12x,memory012,Memory13,14,memory99999999999999999999}
	mkdir "$FIRMWARE/memory-1" "$FIRMWARE/memory 15"
	run_chmem -c -v 2G
	assert_status 64
	assert_stdout "$(block 6) configured" "$(block 7) configured" "$(block 8) configured" \
		"$(block 9) configured" "$(block 10) configured" "$(block 11) configured"
	assert_stderr 'chmem: Could only configure 768M of memory'
}

@test "a block may be a symbolic link" {
	make_s390_tree
	mv "$FIRMWARE/memory6" "$FIRMWARE/elsewhere"
	ln -s elsewhere "$FIRMWARE/memory6"
	run_chmem -c -v 128M
	assert_status 0
	assert_stdout "$(block 6) configured"
	assert_stderr
	assert_changed firmware/memory/elsewhere/config:1
}

@test "thousands of blocks are configured and deconfigured" {
	make_tree -b 0:online:Normal -f 0-2047:1 -f 2048-4095:0
	run_chmem -c -v 256G
	assert_status 0
	assert_stderr
	is "lines" "${#lines[@]}" 2048
	is "first line" "${lines[0]}" "$(block 2048) configured"
	is "last line" "${lines[2047]}" "$(block 4095) configured"
	is "configured" "$(cat "$FIRMWARE"/memory*/config | grep -c 1)" 4096

	run_chmem -g -b 1-4096
	assert_status 64
	assert_stdout
	assert_stderr_line 0 "chmem: $(block 4096) *"
	assert_stderr_line 1 'chmem: Could only deconfigure 511.9G of memory'
	is "configured" "$(cat "$FIRMWARE"/memory*/config | grep -c 1)" 1
}

# ---- -g SIZE ----

@test "-g SIZE deconfigures the highest blocks that can be, without a word" {
	make_s390_tree
	run_chmem -g 128M
	assert_status 0
	assert_stdout
	assert_stderr
	assert_changed firmware/memory/memory5/config:0
}

@test "-g SIZE -v prints a line for each block, highest first" {
	make_s390_tree
	run_chmem -g -v 256M
	assert_status 0
	assert_stdout "$(block 5) deconfigured" "$(block 4) deconfigured"
	assert_stderr
	assert_changed firmware/memory/memory{5,4}/config:0
}

@test "-g SIZE goes by number, not by name" {
	make_tree -b 0:online:Normal -f 0:1 -f 2:1 -f 9-10:1
	run_chmem -g -v 256M
	assert_status 0
	assert_stdout "$(block 10) deconfigured" "$(block 9) deconfigured"
	assert_stderr
	assert_changed firmware/memory/memory{10,9}/config:0
}

@test "-g SIZE passes online blocks without a word" {
	make_tree -b 0-1:offline:Normal -b 2-3:online:Normal -f 0-3:1
	run_chmem -g 128M
	assert_status 0
	assert_stdout
	assert_stderr
	assert_changed firmware/memory/memory1/config:0
}

@test "-g SIZE -v names the online blocks that it passes, on stderr, and succeeds (D22)" {
	make_tree -b 0-1:offline:Normal -b 2-3:online:Normal -f 0-3:1
	run_chmem -g -v 128M
	assert_status 0
	assert_stdout "$(block 1) deconfigured"
	assert_stderr "chmem: $(block 3) $must_be_offline" "chmem: $(block 2) $must_be_offline"
	assert_changed firmware/memory/memory1/config:0
}

@test "-g SIZE that falls short says how far it came, and why (D1, D22)" {
	make_s390_tree
	run_chmem -g 1G
	assert_status 64
	assert_stdout
	assert_stderr_line 0 'chmem: Could only deconfigure 256M of memory'
	assert_stderr_line 1 "chmem:   4 blocks: *"
	assert_stderr_length 2
	assert_changed firmware/memory/memory{5,4}/config:0
}

@test "-g SIZE where every configured block is online is 1 (D22)" {
	make_tree -b 0-3:online:Normal -f 0-3:1 -f 4-5:0
	run_chmem -g 128M
	assert_status 1
	assert_stdout
	assert_stderr_line 0 'chmem: Could only deconfigure 0B of memory'
	assert_unchanged
}

@test "-g SIZE where nothing is configured is 1 (D22)" {
	make_tree -b 0-1:offline:Normal -f 0-3:0
	run_chmem -g -v 128M
	assert_status 1
	assert_stdout
	assert_stderr 'chmem: Could only deconfigure 0B of memory'
	assert_unchanged
}

@test "-g 0 does nothing and succeeds" {
	make_s390_tree
	run_chmem -g -v 0
	assert_status 0
	assert_stdout
	assert_stderr
	assert_unchanged
}

# ---- -g RANGE ----

@test "-g BLOCKRANGE deconfigures each block of it, lowest first" {
	make_s390_tree
	run_chmem -g -v -b 4-5
	assert_status 0
	assert_stdout "$(block 4) deconfigured" "$(block 5) deconfigured"
	assert_stderr
	assert_changed firmware/memory/memory{4,5}/config:0
}

@test "-g RANGE is without a word if all goes well" {
	make_s390_tree
	run_chmem -g 0x28000000-0x37ffffff
	assert_status 0
	assert_stdout
	assert_stderr
	assert_changed firmware/memory/memory5/config:0
}

@test "a block that is not configured counts as done by range" {
	make_s390_tree
	run_chmem -g -v -b 5-7
	assert_status 0
	assert_stdout "$(block 5) deconfigured" "$(block 6) already deconfigured" \
		"$(block 7) already deconfigured"
	assert_stderr
	assert_changed firmware/memory/memory5/config:0
}

@test "-g of a range names its online blocks, which are not done, even without -v (D6, D22)" {
	make_s390_tree
	run_chmem -g -b 2-5
	assert_status 64
	assert_stdout
	assert_stderr "chmem: $(block 2) $must_be_offline" "chmem: $(block 3) $must_be_offline" \
		'chmem: Could only deconfigure 256M of memory'
	assert_changed firmware/memory/memory{4,5}/config:0
}

@test "-g of a range that is all online is 1 (D22)" {
	make_s390_tree
	run_chmem -g -v -b 2-3
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 2) $must_be_offline" "chmem: $(block 3) $must_be_offline"
	assert_unchanged
}

@test "-g goes by the word online, in whatever zone" {
	make_s390_tree
	set_state 4 online_movable
	set_state 5 online_kernel
	run_chmem -g -b 4-5
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 4) $must_be_offline" "chmem: $(block 5) $must_be_offline"
	assert_unchanged
}

@test "-g lets a block through that is going offline, or whose state says nothing" {
	make_tree -b 0:going-offline:Normal -b 1-3:foo:Normal -f 0-4:1
	: >"$MEMORY/memory2/state"
	rm "$MEMORY/memory3/state"
	mkdir "$MEMORY/memory3/state"
	run_chmem -g -v -b 0-4
	assert_status 0
	assert_stdout "$(block 0) deconfigured" "$(block 1) deconfigured" \
		"$(block 2) deconfigured" "$(block 3) deconfigured" "$(block 4) deconfigured"
	assert_stderr
	assert_changed firmware/memory/memory{0..4}/config:0
}

@test "by size, too, -g lets a block through whose state cannot be read" {
	make_tree -b 0:going-offline:Normal -b 1:foo:Normal -f 0-2:1
	rm "$MEMORY/memory1/state"
	mkdir "$MEMORY/memory1/state"
	run_chmem -g -v 384M
	assert_status 0
	assert_stdout "$(block 2) deconfigured" "$(block 1) deconfigured" "$(block 0) deconfigured"
	assert_stderr
}

@test "blocks missing in a range of -g are named and not done (D5, D6)" {
	make_s390_tree
	run_chmem -g -b 10-12
	assert_status 64
	assert_stdout
	assert_stderr_line 0 "chmem: $(block 12) *"
	assert_stderr_line 1 'chmem: Could only deconfigure 256M of memory'
	assert_unchanged
}

# ---- -m ----

@test "-c -m 1 has the memory map of each block on itself" {
	make_s390_tree
	run_chmem -c -m 1 -v 256M
	assert_status 0
	assert_stdout "$(block 6) configured" "$(block 7) configured"
	assert_changed firmware/memory/memory{6,7}/{config,memmap_on_memory}:1
}

@test "-c -m 0 has it elsewhere" {
	make_s390_tree
	run_chmem -c -m 0 -b 10-11
	assert_status 0
	assert_stdout
	assert_stderr
	assert_changed firmware/memory/memory{10,11}/config:1 \
		firmware/memory/memory{10,11}/memmap_on_memory:0
}

@test "memmap_on_memory is written before config" {
	make_s390_tree
	make_read_only "$FIRMWARE/memory6/config"
	run_chmem -c -m 1 -b 6
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 6) configure failed: Read-only file system"
	assert_changed firmware/memory/memory6/memmap_on_memory:1
}

@test "memmap_on_memory is written even if it is as wanted" {
	make_s390_tree
	make_read_only "$FIRMWARE/memory6/memmap_on_memory"
	run_chmem -c -m 0 -b 6
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 6) memmap-on-memory failed: Read-only file system"
	assert_unchanged
}

@test "-m by size passes configured blocks that differ, without a word" {
	make_s390_tree
	run_chmem -c -m 1 128M
	assert_status 0
	assert_stdout
	assert_stderr
	assert_changed firmware/memory/memory6/{config,memmap_on_memory}:1
}

@test "-m by size with -v names them, on stderr, and succeeds (D22)" {
	make_s390_tree
	set_config 0 0
	set_config 1 0
	run_chmem -c -m 1 -v 384M
	assert_status 0
	assert_stdout "$(block 0) configured" "$(block 1) configured" "$(block 6) configured"
	assert_stderr "chmem: $(block 2) $must_deconfigure" "chmem: $(block 3) $must_deconfigure" \
		"chmem: $(block 4) $must_deconfigure" "chmem: $(block 5) $must_deconfigure"
	assert_changed firmware/memory/memory{0,1,6}/{config,memmap_on_memory}:1
}

@test "-m by size with -v does not name configured blocks that are as wanted" {
	make_s390_tree
	run_chmem -c -m 0 -v 128M
	assert_status 0
	assert_stdout "$(block 6) configured"
	assert_stderr
	assert_changed firmware/memory/memory6/config:1
}

@test "-m by size that falls short is 64, whatever was passed (D1, D22)" {
	make_s390_tree
	run_chmem -c -m 1 2G
	assert_status 64
	assert_stdout
	assert_stderr_line 0 'chmem: Could only configure 768M of memory'
	assert_changed firmware/memory/memory{6..11}/config:1 \
		firmware/memory/memory{6..9}/memmap_on_memory:1
}

@test "-m by range refuses configured blocks that differ, and they are not done (D6, D22)" {
	make_s390_tree
	run_chmem -c -m 1 -b 4-7
	assert_status 64
	assert_stdout
	assert_stderr "chmem: $(block 4) $must_deconfigure" "chmem: $(block 5) $must_deconfigure" \
		'chmem: Could only configure 256M of memory'
	assert_changed firmware/memory/memory{6,7}/{config,memmap_on_memory}:1
}

@test "-m of a range that is all configured otherwise is 1 (D22)" {
	make_tree -b 0-1:online:Normal -f 0-1:1:1
	run_chmem -c -m 0 -v -b 0-1
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 0) $must_deconfigure" "chmem: $(block 1) $must_deconfigure"
	assert_unchanged
}

@test "-m by range takes a configured block that is as wanted as done" {
	make_s390_tree
	run_chmem -c -m 0 -v -b 4-6
	assert_status 0
	assert_stdout "$(block 4) already configured" "$(block 5) already configured" \
		"$(block 6) configured"
	assert_stderr
	assert_changed firmware/memory/memory6/config:1
}

@test "without -m nobody looks at memmap_on_memory" {
	make_s390_tree
	rm "$FIRMWARE"/memory{5,6,7}/memmap_on_memory
	mkdir "$FIRMWARE"/memory{5,6}/memmap_on_memory
	echo foo >"$FIRMWARE/memory7/memmap_on_memory"
	run_chmem -c -v -b 5-7
	assert_status 0
	assert_stdout "$(block 5) already configured" "$(block 6) configured" \
		"$(block 7) configured"
	assert_stderr
	assert_changed firmware/memory/memory{6,7}/config:1
}

# ---- Streams ----

@test "in one pipe the lines come in the order of events (D31)" {
	make_s390_tree
	set_config 3 0
	run -64 chmem_on_tree -c -m 1 -v -b 3-6
	assert_stdout "$(block 3) configured" "chmem: $(block 4) $must_deconfigure" \
		"chmem: $(block 5) $must_deconfigure" "$(block 6) configured" \
		'chmem: Could only configure 256M of memory'
}

@test "a full stdout is an error, after all was done" {
	make_s390_tree
	run_chmem_to /dev/full -c -v 256M
	assert_status 1
	assert_stderr 'chmem: write error: No space left on device'
	assert_changed firmware/memory/memory{6,7}/config:1
}
