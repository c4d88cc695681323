#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# --node where memory comes and goes: a node that gets its first block while it is waited for.
# On the simulated machine only, for the guest has one node.
#
# shellcheck disable=SC2016 # the machine's shell expands

load behaviour

two_nodes() {
	machine_start 'blocks 0-3 online Normal' 'blocks 32-35 offline' 'blocks 48-49 offline node=1'
}

# start_waiting COMMANDLINE - and it still does after a while.
start_waiting() {
	start chmem "chmem $1"
	on_machine 'sleep 0.4'
	run ! has_ended_there chmem
}

@test "-e SIZE --wait --node waits for the first block of a node" {
	two_nodes
	start_waiting '-v -e 256M --wait 20 --node 2'
	memsim_tell 'add 64-67 node=2'
	finish chmem
	assert_status 0
	assert_stdout "$(block 64) enabled" "$(block 65) enabled"
	assert_stderr
	assert_within 5000 chmem
	assert_blocks 32-35 offline
	assert_blocks 64-67 online online offline offline
}

@test "--resize --wait --node counts nothing of other nodes" {
	two_nodes
	start_waiting '-v --resize 384M --wait 20 --node 1-2'
	assert_blocks 48-49 online
	memsim_tell 'add 64-67 node=2'
	finish chmem
	assert_status 0
	assert_stdout "$(block 48) enabled" "$(block 49) enabled" "$(block 64) enabled"
	assert_stderr
	assert_blocks 32-35 offline
}

@test "-e RANGE --wait --node waits for what is missing, and is done where that is of another node" {
	two_nodes
	start_waiting '-v -e -b 35-36,48-50 --wait 20 --node 1'
	assert_blocks 48-49 online
	memsim_tell 'add 36' 'add 50 node=1'
	finish chmem
	assert_status 0
	assert_stdout "$(block 48) enabled" "$(block 49) enabled" "$(block 50) enabled"
	assert_stderr
	assert_within 5000 chmem
	assert_blocks 35-36 offline
}

@test "-e --all --wait --node takes what comes to the node, and leaves the rest" {
	two_nodes
	start_waiting '-v -e --all --wait 20 --node 2'
	memsim_tell 'add 36-37' 'add 64-65 node=2'
	finish chmem
	assert_status 0
	assert_stdout "$(block 64) enabled" "$(block 65) enabled"
	assert_stderr
	assert_within 5000 chmem
	assert_blocks 36-37 offline
}

@test "where the node gets no block, the wait ends with a word on that" {
	two_nodes
	run_chmem '-e 128M --wait 0.5 --node 2'
	assert_status 1
	assert_stdout
	assert_stderr 'chmem: there is no such memory block of node 2'
	assert_memsim_writes
}

# assert_no_node_2 COMMANDLINE - it ends soon, and neither as a success nor as something half done.
assert_no_node_2() {
	start chmem "chmem $1"
	finish chmem
	assert_status 1
	assert_stdout
	assert_stderr 'chmem: there is no such memory block of node 2'
	assert_within 2500 chmem
	assert_memsim_writes
}

@test "so it does where --timeout comes first, whatever is asked for" {
	local what

	two_nodes
	for what in '-e 128M' '-e --all' '-d --all' '--resize 3G'; do
		assert_no_node_2 "$what --node 2 --wait 20 --timeout 0.3"
	done
}

@test "what is named and of another node is not waited for" {
	two_nodes
	assert_no_node_2 '-e -b 33 --node 2 --wait 20'
}

@test "what comes to another node than is asked for is not what was waited for" {
	two_nodes
	start_waiting '--json -e -b 36-37 --node 2 --wait 20'
	memsim_tell 'add 36-37'
	finish chmem
	assert_status 1
	assert_stderr 'chmem: there is no such memory block of node 2'
	assert_json '.requested.ranges[] | .first, .last' 36 37
	assert_json '.missing.blocks' 0
	assert_blocks 36-37 offline
}

@test "INT ends a wait that has found nothing yet, in either direction" {
	two_nodes
	start_waiting '--resize 3G --node 2 --wait 20'
	send INT chmem
	finish chmem
	assert_status 130
	assert_stderr 'chmem: ended by a signal: Interrupt'
}

@test "a block that moves to another node between two runs is of that" {
	two_nodes
	run_chmem '-e -b 48 --node 1'
	assert_status 0
	memsim_tell 'remove 48-49' 'add 48-49 node=2'
	run_chmem '-e -b 48 --node 1'
	assert_status 1
	assert_stderr 'chmem: there is no such memory block of node 1'
	run_chmem '-v -e -b 48 --node 2'
	assert_status 0
	assert_stdout "$(block 48) enabled"
}

@test "a block of two nodes goes with either" {
	machine_start 'blocks 0-3 online Normal' 'blocks 32 online Movable node=0,1' \
		'blocks 33 online Movable node=1'
	# dry, for a kernel takes no block offline that lies in two
	run_chmem '-v -n -d --all --node 0 -z Movable'
	assert_status 0
	assert_stdout "$(block 32) would be disabled"
	run_chmem '-v -n -d --all --node 1 -z Movable'
	assert_status 0
	assert_stdout "$(block 33) would be disabled" "$(block 32) would be disabled"
}

@test "a hundred blocks of four nodes are told apart" {
	machine_start 'blocks 0-3 online Normal' 'blocks 100-124 offline node=0' \
		'blocks 125-149 offline node=1' 'blocks 150-174 offline node=2' 'blocks 175-199 offline node=3'
	run_chmem '-e --all --node 1,3'
	assert_status 0
	assert_blocks 100-124 offline
	assert_blocks 125-149 online
	assert_blocks 150-174 offline
	assert_blocks 175-199 online
	run_chmem '-d -b 100-199 --node 0-1'
	assert_status 0
	assert_blocks 100-174 offline
	assert_blocks 175-199 online
}
