#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Signals to chmem, and what becomes of its output, while block 39 does not go.
#
# shellcheck disable=SC2016 # the machine's shell expands

load behaviour

# start_spinning [OPTION]... - chmem tries to set block 39 offline.
start_spinning() {
	pin_block 39
	start chmem "chmem $* -d -b 39"
	wait_for_state 39 going-offline
}

# assert_died_of SIGNAL STATUS TO TEXT - and the block is as it was.
assert_died_of() {
	local before

	pin_block 39
	before=$(everything)
	start chmem 'chmem -d -b 39'
	wait_for_state 39 going-offline
	send "$1" "$3"
	on_machine 'now_ms >$run/sent'
	finish chmem
	assert_status "$2"
	assert_stdout
	assert_stderr_line 0 "chmem: $(block 39) disable failed: interrupted$(perhaps_a_page)"
	assert_stderr_line 1 "chmem: ended by a signal: $4"
	assert_stderr_length 2
	[ "$(on_machine 'echo $(($(now_ms) - $(cat $run/sent)))')" -le 2000 ]
	assert_same_as "$before"
	assert_nobody_left
}

# assert_still_going - for a while yet.
assert_still_going() {
	on_machine 'sleep 0.3'
	assert_blocks 39-39 going-offline
	run ! has_ended_there chmem
}

@test "D23: after INT the block is given up, that is reported, and chmem dies of INT" {
	assert_died_of INT 130 chmem Interrupt
}

@test "D23: after TERM the block is given up, that is reported, and chmem dies of TERM" {
	assert_died_of TERM 143 chmem Terminated
}

@test "D23: after HUP the block is given up, that is reported, and chmem dies of HUP" {
	assert_died_of HUP 129 chmem Hangup
}

@test "D23: INT of the terminal, which goes to all of its processes, does the same" {
	assert_died_of INT 130 -chmem Interrupt
}

@test "D23: what was done before the signal came is reported" {
	pin_block 39
	assert_put ok 38 state online_movable
	start chmem 'chmem -v -d -b 38-39'
	wait_for_state 39 going-offline
	send INT chmem
	finish chmem
	assert_status 130
	assert_stdout "$(block 38) disabled"
	assert_stderr_has 'chmem: Could only disable 128M of memory'
	wait_for_state 39 online
	assert_blocks 38-39 offline online
}

@test "D23: after the signal no other block is tried" {
	pin_block 37
	assert_put ok 38 state online_movable
	assert_put ok 39 state online_movable
	start chmem 'chmem -d -b 37-39'
	wait_for_state 37 going-offline
	watch_writes
	send TERM chmem
	finish chmem
	assert_status 143
	assert_stderr_has 'chmem: Memory Blocks 38-39 were not tried'
	wait_for_state 37 online
	assert_blocks 37-39 online
}

@test "a second INT ends it within a second, whatever the kernel is at" {
	local ms

	make_deaf 39
	start chmem 'chmem -d -b 39'
	wait_for_state 39 going-offline
	send INT chmem
	# in one script: where everything is slow, so is to start another
	ms=$(on_machine 'sleep 0.2
		sent=$(now_ms)
		[ -e $run/chmem.end ] || kill -INT $(cat $run/chmem.pid)
		until_true "[ -e \$run/chmem.end ]" 30
		echo $(($(now_ms) - sent))')
	finish chmem
	assert_status 130
	assert_stderr_like "chmem: $(block 39) disable failed: interrupted*"
	((ms <= 4000)) # where it gets there slowly, too; without it the kernel has 10 seconds
	make_hearing
	wait_for_state 39 online
	assert_nobody_left
}

# assert_ignored SIGNALS - which were ignored when it was started.
assert_ignored() {
	pin_block 39
	start chmem "sh -c \"trap '' $1; exec chmem -d --try-timeout 20 -b 39\""
	wait_for_state 39 going-offline
	for signal in $1; do
		send "$signal" -chmem
	done
	assert_still_going
	unpin
	finish chmem
	assert_status 0
	assert_stderr
	assert_blocks 39-39 offline
}

@test "HUP that was ignored when it was started, as by nohup, stays ignored" {
	assert_ignored HUP
}

@test "INT and TERM that were ignored when it was started stay ignored" {
	assert_ignored 'INT TERM'
}

# assert_survived SIGNAL TO - one that stops, and CONT after it.
assert_survived() {
	start_spinning --try-timeout 20 -v
	send "$1" "$2"
	wait_for_state 39 online
	on_machine 'sleep 0.2'
	assert_blocks 39-39 online
	run ! has_ended_there chmem
	send CONT "$2"
	wait_for_state 39 going-offline
	unpin
	finish chmem
	assert_status 0
	assert_stdout "$(block 39) disabled"
	assert_stderr
	assert_nobody_left
}

@test "D4: STOP and CONT of all its processes are survived, and the write is taken up again" {
	assert_survived STOP -chmem
}

@test "TSTP and CONT of the terminal are survived, and the write is taken up again" {
	assert_survived TSTP -chmem
}

@test "TSTP and CONT of chmem alone are survived, and the write is taken up again" {
	assert_survived TSTP chmem
}

@test "D4: STOP and CONT of the process that writes, which give EINTR, are survived" {
	start_spinning --try-timeout 20
	on_machine 'for process in $(processes); do
			[ $process = $(cat $run/chmem.pid) ] || kill -STOP $process
		done
		until_true "is_state 39 online"
		for process in $(processes); do
			kill -CONT $process
		done'
	wait_for_state 39 going-offline
	unpin
	finish chmem
	assert_status 0
	assert_stdout
	assert_stderr
	assert_blocks 39-39 offline
}

@test "the time goes on while it is stopped" {
	start_spinning --try-timeout 1
	send STOP -chmem
	wait_for_state 39 online
	on_machine 'sleep 1'
	send CONT -chmem
	finish chmem
	assert_status 1
	assert_stderr_like "chmem: $(block 39) disable failed: given up after [0-9].[0-9] s (--try-timeout)$(perhaps_a_page)"
	assert_stderr_length 1
	assert_within 5000 chmem
	assert_nobody_left
	wait_for_state 39 online
}

@test "signals that mean nothing to it do nothing" {
	start_spinning --try-timeout 20 -v
	for signal in CHLD WINCH URG CONT; do
		send "$signal" -chmem
	done
	assert_still_going
	unpin
	finish chmem
	assert_status 0
	assert_stdout "$(block 39) disabled"
}

@test "KILL of chmem ends what it began as well" {
	start_spinning
	send KILL chmem
	finish chmem
	assert_status 137
	wait_for_state 39 online
	assert_nobody_left
	assert_blocks 39-39 online
}

# ---- Where the output goes ----

@test "D39: nobody reads stdout any more: all blocks are done, exit status 1" {
	run_script '{
			sleep 0.2
			chmem -v -e -b 32-39
			echo "exit status $?" >&2
		} | true'
	assert_stderr 'chmem: write error: Broken pipe' 'exit status 1'
	assert_blocks 32-39 online
}

@test "D39: nobody reads stdout any more, and nothing was to be printed: exit status 0" {
	run_script '{
			sleep 0.2
			chmem -e -b 32-39
			echo "exit status $?" >&2
		} | true'
	assert_stderr 'exit status 0'
	assert_blocks 32-39 online
}

@test "D39: nobody reads stderr any more: all blocks are done, and the status says how many" {
	run_script '{
			sleep 0.2
			chmem -e -b 38-41 2>&1
			echo "exit status $?" >&2
		} | true'
	assert_stderr 'exit status 64'
	assert_blocks 38-39 online
}

@test "who does not read stdout delays the end of the run, but not that of the write" {
	pin_block 39
	assert_put ok 38 state online_movable
	run_script 'mkfifo $run/fifo
		exec 8<>$run/fifo
		head -c 65536 /dev/zero >&8
		launch chmem chmem -v --timeout 0.5 -d -b 38-39 >$run/fifo 2>$run/err 8>&- &
		until_true "is_state 39 going-offline"
		until_true "is_state 39 online" 3
		state 38
		sleep 0.5
		[ -e $run/chmem.end ] || echo waits
		cat <&8 >/dev/null &
		until_true "[ -e $run/chmem.end ]"
		kill $!
		cut -d " " -f 1,2 $run/chmem.end'
	assert_stdout offline waits 'exited 64'
	assert_nobody_left
}
