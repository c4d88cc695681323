#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Writers whom the kernel does not let go: one that sets a block offline from which a page does
# not move, and others, who wait until he is done.
#
# shellcheck disable=SC2016 # the machine's shell expands

load behaviour

# spin - somebody tries to set block 39 offline, and does not get on.
spin() {
	pin_block 39
	start_write spinner "$@" 39 state offline
	wait_for_state 39 going-offline
}

# assert_spinning - for a while yet.
assert_spinning() {
	on_machine 'sleep 0.2'
	run_script 'state 39; ls $run/spinner.end 2>/dev/null'
	assert_stdout going-offline
}

@test "a block from which a page does not move is going-offline as long as that lasts" {
	spin
	assert_spinning
	unpin
	assert_result spinner ok
	assert_blocks 39-39 offline
}

@test "while a block is going-offline, valid_zones shows what it may become" {
	spin
	assert_zone 39 'Movable Normal'
	unpin
	assert_result spinner ok
	assert_zone 39 'Normal Movable'
}

@test "while a block is going-offline, everything can be read, and nobody has to wait" {
	spin
	run_script 'before=$(now_ms)
		cat $memory/memory39/state $memory/memory38/state $memory/memory38/valid_zones \
			$memory/memory38/online $memory/memory39/removable
		ls $memory | wc -l >/dev/null
		cat $proc/meminfo $proc/zoneinfo >/dev/null
		echo $(($(now_ms) - before < 2000))'
	assert_stdout going-offline offline 'Normal Movable' 0 1 1
	assert_spinning
}

@test "whoever reads the file online of a block that is going-offline waits for the end" {
	spin
	start reader 'cat $memory/memory39/online'
	assert_spinning
	run ! has_ended_there reader
	unpin
	assert_result spinner ok
	assert_result reader 0
}

@test "an alarm with a handler ends the attempt: EINTR, and the block is where it was" {
	local before

	pin_block 39
	before=$(everything)
	start_write spinner -a 300 39 state offline
	assert_result spinner EINTR
	assert_same_as "$before"
}

@test "what is written to the file online is given up as well" {
	local before

	pin_block 39
	before=$(everything)
	start_write spinner -a 300 39 online 0
	assert_result spinner EINTR
	assert_same_as "$before"
}

@test "any signal with a handler ends the attempt: EINTR" {
	spin -H 10
	send USR1 spinner
	assert_result spinner EINTR
	assert_blocks 39-39 online
	assert_zone 39 Movable
}

@test "a signal that is ignored does not" {
	spin -i 10 -i 1
	send USR1 spinner
	send HUP spinner
	assert_spinning
	unpin
	assert_result spinner ok
}

@test "a signal that is ignored by default does not" {
	spin
	for signal in CHLD WINCH URG CONT; do
		send "$signal" spinner
	done
	assert_spinning
}

@test "STOP and CONT end the attempt: EINTR, without any handler" {
	spin
	send STOP spinner
	wait_for_state 39 online
	send CONT spinner
	assert_result spinner EINTR
	assert_blocks 39-39 online
	assert_zone 39 Movable
}

@test "a deadly signal ends the attempt and the writer, KILL as well" {
	for signal in TERM KILL; do
		spin
		send "$signal" spinner
		finish spinner
		is "exit status" "$status" "$([ $signal = KILL ] && echo 137 || echo 143)"
		wait_for_state 39 online
		assert_zone 39 Movable
		unpin
		assert_put ok 39 state offline
	done
}

@test "the block can go as soon as the page is let go of, after any number of attempts" {
	pin_block 39
	for attempt in first second; do
		start_write "$attempt" -a 100 39 state offline
		assert_result "$attempt" EINTR
	done
	unpin
	assert_put ok 39 state offline
}

# ---- The others ----

@test "a second writer waits for the first one, though it is about another block" {
	spin
	start_write second 32 state online_movable
	assert_spinning
	assert_blocks 32-32 offline
	unpin
	assert_result spinner ok
	assert_result second ok
	assert_blocks 32-32 online
}

@test "no signal with a handler gets a second writer out, and none turns into EINTR" {
	spin
	start_write second -a 100 -H 10 32 state online_movable
	on_machine 'sleep 0.3'
	send USR1 second
	assert_spinning
	unpin
	assert_result second ok
	assert_blocks 32-32 online
}

@test "a second writer that is killed has changed nothing" {
	spin
	start_write second 32 state online_movable
	on_machine 'sleep 0.1'
	send KILL second
	finish second
	is "exit status" "$status" 137
	assert_spinning
	unpin
	assert_result spinner ok
	assert_blocks 32-32 offline
}

@test "a word that is unknown does not wait" {
	spin
	assert_put EINVAL 32 state onlin
	assert_spinning
}

@test "a state that is there already is only known after the wait" {
	spin
	start_write second 32 state offline
	assert_spinning
	unpin
	assert_result second EINVAL
}

@test "of two who set one block online, the first wins, and its zone; EINVAL for the other" {
	local first second

	spin
	start_write movable 32 state online_movable
	start_write kernel 32 state online_kernel
	assert_spinning
	unpin
	finish movable
	first=$output
	finish kernel
	second=$output
	is results "$(printf '%s\n' "$first" "$second" | sort | paste -s -d ' ')" 'EINVAL ok'
	if [ "$first" = ok ]; then
		assert_zone 32 Movable
	else
		assert_zone 32 Normal
	fi
}

@test "of two who set one block offline, the second finds it offline: EINVAL" {
	spin
	start_write second 39 state offline
	assert_spinning
	unpin
	assert_result spinner ok
	assert_result second EINVAL
}

@test "who sets a block online that did not go, finds it online: EINVAL" {
	spin -a 1000
	assert_put EINVAL 39 state online_kernel
	assert_result spinner EINTR
	assert_zone 39 Movable
}
