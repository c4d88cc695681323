#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A NUMA node without memory: it has processors, and the kernel shows no block of it until a
# DIMM is plugged into it. That is of 512 MiB.
#
# shellcheck disable=SC2016,SC2154 # the guest's shell expands; set by run

load guest

guest_machine memoryless

guest_tidy() {
	tidy && unplug second && unplug first
}

# plug NAME NODE, unplug NAME - which may be gone already.
plug() {
	: >"$GUEST_DIR/now/plugged.$1" && dimm_plug "$1" 512 "$2"
}

unplug() {
	[[ -e $GUEST_DIR/now/plugged.$1 ]] || return 0
	dimm_unplug "$1" && rm -- "$GUEST_DIR/now/plugged.$1"
}

# run_waiting NODE CHMEM-ARGUMENT... - a DIMM comes to that node a second after it has begun,
# one to node 1 a second later.
run_waiting() {
	guest "launch run chmem ${*:2} >/run/out 2>/run/err &"
	sleep 1
	is "the blocks, beforehand" "$(block_states 32-39)" '- - - - - - - -'
	plug first "$1"
	sleep 1
	[[ $1 == 1 ]] || plug second 1
	run_script "until_true '[ -e /run/run.end ]'; cat /run/out; cat /run/err >&2"
}

@test "a node without memory has no blocks" {
	run_guest 'chmem -e 128M --node 1'
	assert_status 1
	assert_stdout
	assert_stderr 'chmem: there is no such memory block of node 1'
}

@test "a DIMM gives it blocks, which --node takes" {
	plug first 1
	run_guest 'chmem --list --noheadings --node 1 -o BLOCK,STATE,NODE'
	assert_stdout_like '*32-35 offline *1'
	run_guest 'chmem -v -e 256M --node 1'
	assert_status 0
	assert_stdout "$(block 32) enabled" "$(block 33) enabled"
	assert_stderr
	run_guest 'chmem -d --all --node 1'
	assert_status 0
	assert_blocks 32-35 offline
}

@test "-e SIZE --wait --node waits for the first memory of the node" {
	run_waiting 1 -v -e 256M --node 1 --wait 20
	assert_stdout "$(block 32) enabled" "$(block 33) enabled"
	assert_stderr
	assert_ended 'exited 0' 1000 10000
	assert_blocks 32-35 online online offline offline
}

@test "-e SIZE --wait --node leaves alone what comes to another node" {
	run_waiting 0 -v -e 256M --node 1 --wait 20
	assert_stdout "$(block 36) enabled" "$(block 37) enabled"
	assert_stderr
	assert_ended 'exited 0' 2000 10000
	assert_blocks 32-39 offline offline offline offline online online offline offline
}

@test "-e --all --wait --node takes what has come by then" {
	run_waiting 1 -e --all --node 1 --wait 20
	assert_stderr
	assert_ended 'exited 0' 1000 10000
	assert_blocks 32-32 online
}

@test "-e SIZE --wait --node of which too little comes is a part of it" {
	run_waiting 0 -e 1G --node 1 --wait 5
	assert_stderr_has 'chmem: Could only enable 512M of memory'
	assert_ended 'exited 64' 5000 10000
	assert_blocks 32-39 offline offline offline offline online online online online
}

@test "node 1 is gone with its DIMM, and is nowhere to be seen" {
	plug first 1
	guest 'chmem -e --all --node 1'
	unplug first
	run_guest 'chmem -e --all --node 1'
	assert_status 1
	assert_stderr 'chmem: there is no such memory block of node 1'
}
