#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# --node: blocks of some NUMA nodes only, whatever is asked for of them.

# shellcheck disable=SC2016 # what runs before a write expands its variables itself

load ../helpers

setup() {
	make_tree -b 0-3:online:Normal:0 -b '4-7:offline:Normal Movable:0' \
		-b 32-33:online:Movable:1 -b '34-39:offline:Normal Movable:1' \
		-b '64-65:offline:Normal Movable:12'
}

# is_written BLOCK... - these blocks were written to, in this order.
is_written() {
	is "the blocks" "$(cut -d ' ' -f 1 "$WRITES" | xargs)" "$*"
}

# ---- What is meant ----

@test "by SIZE, other nodes do not exist" {
	run_chmem_hooked '' -v -e 256M --node 1
	assert_status 0
	assert_stdout "$(block 34) enabled" "$(block 35) enabled"
	assert_stderr
	is_written 34 35
	run_chmem_hooked '' -v -d 256M --node 0
	assert_status 0
	assert_stdout "$(block 3) disabled" "$(block 2) disabled"
	assert_stderr
	is_written 3 2
	run_chmem_hooked '' -e 768M --node 12
	assert_status 64
	assert_stdout
	assert_stderr 'chmem: Could only enable 256M of memory'
	is_written 64 65
}

@test "of a RANGE, blocks of other nodes are not meant, and those that are missing are told" {
	run_chmem_hooked '' -v -e -b 3-35 --node 1
	assert_status 64
	assert_stdout "$(block 32) already enabled" "$(block 33) already enabled" \
		"$(block 34) enabled" "$(block 35) enabled"
	assert_stderr 'chmem: Memory Blocks 8-31 do not exist' 'chmem: Could only enable 512M of memory'
	is_written 34 35
	run_chmem_hooked '' -v -d 0x0000000000000000-0x000000001fffffff --node 0-1
	assert_status 0
	assert_stdout "$(block 0) disabled" "$(block 1) disabled" "$(block 2) disabled" \
		"$(block 3) disabled"
	assert_stderr
}

@test "of a list, blocks of other nodes are not meant" {
	run_chmem_hooked '' -v -e -b 36,4,64,38-39,6 --node 0,12
	assert_status 0
	assert_stdout "$(block 4) enabled" "$(block 6) enabled" "$(block 64) enabled"
	assert_stderr
	is_written 4 6 64
	run_chmem_hooked '' -v -e -b 5,7,65 --node 0,12 --order highest
	assert_status 0
	assert_stdout "$(block 65) enabled" "$(block 7) enabled" "$(block 5) enabled"
	is_written 65 7 5
}

@test "of a long range, other nodes are not meant" {
	run_chmem_hooked '' -v -e -b 38-5000 --node 1
	assert_status 64
	assert_stdout "$(block 38) enabled" "$(block 39) enabled"
	assert_stderr 'chmem: Memory Blocks 40-63, 66-5000 do not exist' \
		'chmem: Could only enable 256M of memory'
	is_written 38 39
}

@test "where all that is named is of other nodes, there is no such block" {
	run_chmem -e -b 4-7 --node 1
	assert_refused 'chmem: there is no such memory block of node 1'
	run_chmem -e -b 4,7 --node 1,12
	assert_refused 'chmem: there is no such memory block of node 1,12'
}

@test "--all takes all of the nodes, and -d needs no zone for it" {
	run_chmem_hooked '' -v -e --all --node 1
	assert_status 0
	is_written 34 35 36 37 38 39
	assert_stderr
	run_chmem_hooked '' -d --all --node 0
	assert_status 0
	assert_stderr
	is_written 3 2 1 0
	assert_states 32-33 'online online'
}

@test "--resize counts and changes what is of the nodes" {
	run_chmem_hooked '' -v --resize 512M --node 1
	assert_status 0
	assert_stdout "$(block 34) enabled" "$(block 35) enabled"
	assert_stderr
	is_written 34 35
	run_chmem_hooked '' -v --resize 256M --node 0
	assert_status 0
	assert_stdout "$(block 3) disabled" "$(block 2) disabled"
	is_written 3 2
	run_chmem --resize 768M --node 0-1
	assert_status 0
	assert_unchanged
}

@test "-z and --node both count" {
	make_tree -b 40:offline:Normal:1 -b 8:online:Movable:0
	run_chmem_hooked '' -e --all -z Movable --node 1
	assert_status 0
	is_written 34 35 36 37 38 39
	run_chmem_hooked '' -d --all -z Movable --node 0
	assert_status 0
	assert_stderr
	is_written 8
}

@test "--list, -n and --json narrow, too" {
	run_chmem --noheadings -o BLOCK,NODE --node 12,1
	assert_status 0
	is cells "$(sed 's/  */ /g; s/^ //' <<<"$output")" $'32-39 1\n64-65 12'
	run_chmem -n -v -e 128M --node 12
	assert_status 0
	assert_stdout "$(block 64) would be enabled"
	assert_unchanged
	run_chmem --json -e 128M --node 12
	assert_status 0
	assert_json '.blocks[] | "\(.block) \(.node)"' '64 12'
}

@test "a block of several nodes is of each of them" {
	ln -s ../../node/node1 "$MEMORY/memory7/node1"
	mkdir -p "$TREE/sys/devices/system/node/node1"
	ln -s ../../memory/memory7 "$TREE/sys/devices/system/node/node1/memory7"
	run_chmem_hooked '' -e 128M --node 1
	assert_status 0
	is_written 7
	set_state 7 offline
	run_chmem_hooked '' -e -b 6-7,34 --node 1
	assert_status 0
	is_written 7 34
	set_state 7 offline
	run_chmem_hooked '' -e --all --node 0
	assert_status 0
	is_written 4 5 6 7
}

@test "where the kernel knows no nodes, no block is of one" {
	rm -r "$TREE"
	make_small_tree
	for arguments in '128M' '-b 4-5' --all '--resize 1G' '-b 4-11'; do
		# shellcheck disable=SC2086 # words
		run_chmem -e --node 0 $arguments
		assert_refused 'chmem: there is no such memory block of node 0'
	done
}

@test "no such node is told as the user wrote it" {
	for nodes in 2 2-11,13 18446744073709551615; do
		run_chmem -e 128M --node "$nodes"
		assert_refused "chmem: there is no such memory block of node $nodes"
	done
}

@test "a list of nodes that is none is refused" {
	for nodes in '' ',' '0,' ',0' 0,,1 02 x 0x1 -1 +1 ' 0' '0 ' 1-0 0- -0 0-1-2 node0 all; do
		for command in '-e 128M' '-d -b 4' '-e --all' --list; do
			# shellcheck disable=SC2086 # words
			run_chmem $command --node="$nodes"
			assert_refused_somehow "Invalid value of --node: '$nodes', it must be a list of nodes*"
		done
	done
	run_chmem -e 128M --node 18446744073709551616
	assert_refused "chmem: Invalid value of --node: '18446744073709551616': Numerical result out of range"
}

# ---- What it costs ----

# trace_chmem [ARGUMENT]... - sets calls to the number of those system calls that look at files.
trace_chmem() {
	local trace=$BATS_TEST_TMPDIR/trace

	run --separate-stderr traced "$trace" -f --seccomp-bpf \
		-e trace=openat2,openat,read,pread64,close,getdents64,newfstatat,fstat,statx \
		"$CHMEM" --sysroot "$TREE" "$@"
	calls=$(grep -c '(' "$trace")
}

@test "10,000 blocks of 4 nodes cost no more calls each than without --node" {
	need_tracing
	rm -r "$TREE"
	make_tree -b 0-2499:online:Normal:0 -b 2500-4999:online:Normal:1 \
		-b 5000-7499:online:Normal:2 -b 7500-9998:online:Normal:3 -b 9999:offline:Normal:3
	trace_chmem -e 128M
	assert_status 0
	all=$calls
	set_state 9999 offline
	trace_chmem -e 128M --node 0-3
	assert_status 0
	of_all_nodes=$calls
	set_state 9999 offline
	trace_chmem -e 128M --node 3
	assert_status 0
	of_one_node=$calls
	assert_stderr
	echo "$all calls, $of_all_nodes of all nodes, $of_one_node of one"
	# the directories of the nodes come on top, of many entries a call
	[ "$all" -ge 30000 ]
	[ $((of_all_nodes - all)) -le 100 ]
	[ "$of_one_node" -le $((all / 4 + 250)) ]
}
