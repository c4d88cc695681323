#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two NUMA nodes: node 0 has blocks 0 to 4 and a DIMM, 32 to 35; node 1 has blocks 4 to 7 and
# a DIMM, 36 to 39. So block 4 lies in both.
#
# shellcheck disable=SC2016,SC2154 # the guest's shell expands; set by run

load guest

guest_machine numa

guest_prepare() {
	dimm_plug first 512 0 && dimm_plug second 512 1
}

guest_tidy() {
	tidy 'while umount /run/node0 || umount /run/node1; do :; done 2>/dev/null'
}

# node_total_kb NODE, node_free_mib NODE - its memory.
node_total_kb() {
	guest "sed -n 's/.* MemTotal: *\([0-9]*\) kB/\1/p' /sys/devices/system/node/node$1/meminfo"
}

node_free_mib() {
	local kb

	kb=$(guest "sed -n 's/.* MemFree: *\([0-9]*\) kB/\1/p' /sys/devices/system/node/node$1/meminfo")
	echo $((kb / 1024))
}

# fill_node NODE MIB - so much of it is used, and cannot be dropped.
fill_node() {
	guest "mkdir -p /run/node$1 &&
		mount -t tmpfs -o size=$2M,mpol=bind:$1 none /run/node$1 &&
		dd if=/dev/zero of=/run/node$1/file bs=1M count=$2 2>/dev/null"
}

# list [OPTION]... - block, state, node, one blank between them.
list() {
	guest "chmem --list --noheadings -o BLOCK,STATE,NODE $*" | sed 's/^ *//; s/  */ /g; s/ *$//'
}

@test "--list tells the node of each block, and of one in two nodes the lower" {
	is nodes "$(list)" "$(printf '%s\n' '0-4 online 0' '5-7 online 1' '32-35 offline 0' \
		'36-39 offline 1')"
}

@test "--list --node shows the blocks of that node, and the one that is in both" {
	is "node 0" "$(list --node 0)" "$(printf '%s\n' '0-4 online 0' '32-35 offline 0')"
	is "node 1" "$(list --node 1)" \
		"$(printf '%s\n' '4 online 0' '5-7 online 1' '36-39 offline 1')"
}

# ---- A block in two nodes ----

@test "a block across two nodes never goes offline, and it is said why" {
	assert_zone 4 none
	watch_attempts
	run_guest 'chmem -d -b 4'
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 4) disable failed: Invalid argument; it has holes, or lies in several zones or nodes"
	assert_attempts 'offline 4 -22'
	assert_blocks 4-4 online
	run_guest 'chmem --list --noheadings -b 4 -o ZONES,OFFLINABLE,WHY'
	assert_stdout_like '*None *no valid_zones is none'
}

@test "-d SIZE --node passes over it without a write, for either node" {
	local node

	for node in 0 1; do
		watch_attempts
		run_guest "chmem -n -v -d 640M --keep-free 0 --node $node"
		is_like 'what would go' "$output" 'Memory Block *'
		is_like 'what would go' "$output" '!(*Memory Block 4 *)'
		run_guest "chmem -d 384M --keep-free 0 --node $node"
		run attempts chmem
		is_like 'attempts' "$output" '*offline *'
		is_like 'attempts' "$output" '!(*offline 4 *)'
		restore_blocks
	done
}

# ---- --node ----

@test "-e SIZE --node 1 takes blocks of node 1, which gets the memory" {
	local before other movable

	before=$(node_total_kb 1) other=$(node_total_kb 0) movable=$(zone_present 1 Movable)
	watch_attempts
	run_guest 'chmem -v -e 256M --node 1'
	assert_status 0
	assert_stdout "$(block 36) enabled" "$(block 37) enabled"
	assert_stderr
	assert_attempts 'online 36 0' 'online 37 0'
	assert_blocks 32-39 offline offline offline offline online online offline offline
	assert_grown "MemTotal of node 1" "$before" "$(node_total_kb 1)" $((2 * BLOCK_KB))
	assert_grown "MemTotal of node 0" "$other" "$(node_total_kb 0)" 0
	assert_grown "Movable of node 1" "$movable" "$(zone_present 1 Movable)" \
		$((2 * BLOCK_PAGES))
}

@test "-e --all --node 0 leaves the blocks of node 1" {
	run_guest 'chmem -e --all --node 0'
	assert_status 0
	assert_stdout
	assert_stderr
	assert_blocks 32-39 online online online online offline offline offline offline
}

@test "-e -b --node means the blocks of that node only" {
	run_guest 'chmem -v -e -b 34-37 --node 1'
	assert_status 0
	assert_stdout "$(block 36) enabled" "$(block 37) enabled"
	assert_stderr
	assert_blocks 34-37 offline offline online online
}

@test "-d --all --node 1 -z Movable takes what the DIMM brought, and none of node 0" {
	guest 'chmem -e --all'
	assert_blocks 32-39 online
	run_guest 'chmem -v -d --all --node 1 -z Movable'
	assert_status 0
	assert_stdout "$(block 39) disabled" "$(block 38) disabled" "$(block 37) disabled" \
		"$(block 36) disabled"
	assert_blocks 32-39 online online online online offline offline offline offline
}

@test "--resize --node counts the memory of that node, a block of two nodes as well" {
	run_guest 'chmem -v --resize 640M --node 1'
	assert_status 0
	assert_stdout "$(block 36) enabled"
	run_guest 'chmem -v --resize 640M --node 1'
	assert_status 0
	assert_stdout
	assert_stderr
}

@test "a node that there is not has no blocks" {
	run_guest 'chmem -e 128M --node 2'
	assert_status 1
	assert_stdout
	assert_stderr 'chmem: there is no such memory block of node 2'
}

# ---- What finds no room on other nodes ----

# crowd_node_0 - blocks 36 to 39 are in use, and on node 0 is less free than is in one.
crowd_node_0() {
	guest 'chmem -e --all --node 1' && fill_node 1 460 &&
		fill_node 0 $(($(node_free_mib 0) - 90))
	echo "# free: $(node_free_mib 0) MiB on node 0, $(node_free_mib 1) MiB on node 1" >&3
}

@test "-d takes no block whose pages find no room on the other nodes, however much is free on its own" {
	crowd_node_0
	watch_attempts
	run_guest 'chmem -d -b 36'
	assert_status 1
	assert_stdout
	assert_stderr_like "chmem: $(block 36) disable failed: it would leave * of memory available on the other nodes where * must be (--keep-free 0 takes it anyway)"
	assert_attempts
	assert_blocks 36-36 online
}

@test "and rightly: the kernel tries that for ever, and fills the other node" {
	local free deadline=$((EPOCHSECONDS + GUEST_TIMEOUT))

	crowd_node_0
	guest 'launch run chmem --keep-free 0 --try-timeout infinity -d -b 36 &'
	until free=$(node_free_mib 0) && ((free < 60)); do
		((EPOCHSECONDS < deadline))
		sleep 0.1
	done
	assert_blocks 36-36 going-offline
	(($(node_free_mib 1) > 200))
	guest 'kill "$(cat /run/run.pid)"'
	run_script "until_true '[ -e /run/run.end ]'"
	assert_ended 'killed 15' 0 $((GUEST_TIMEOUT * 1000))
	assert_back 36
}
