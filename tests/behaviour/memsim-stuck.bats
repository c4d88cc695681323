#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A write that no signal ends, not even KILL, and a worker that is killed. On the simulated
# machine only: no guest can be brought to it for certain.
#
# shellcheck disable=SC2016 # the machine's shell expands

load behaviour

# set_online BLOCK...
set_online() {
	local block

	for block; do
		assert_put ok "$block" state online_movable
	done
}

still='given up, the time of --timeout is up, still in progress in the kernel'

@test "D34: chmem leaves a write behind that no signal ends, and says so" {
	set_online 39
	memsim_tell 'stick 39 state for 8000'
	start chmem 'chmem -d --timeout 0.3 -b 39'
	finish chmem
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 39) disable failed: $still" 'chmem: ended by --timeout'
	assert_within 2500 chmem
	assert_blocks 39-39 going-offline
	is "processes left" "$(on_machine processes | wc -l)" 1
}

@test "D34: nothing else is written then, neither by chmem nor by what it left behind" {
	set_online 37 38 39
	memsim_tell 'stick 38 state for 1800'
	watch_writes
	start chmem 'chmem -v -d --timeout 0.3 -b 37-39'
	finish chmem
	assert_status 64
	assert_stdout "$(block 37) disabled"
	assert_stderr "chmem: $(block 38) disable failed: $still" \
		"chmem: $(block 39) was not tried" \
		'chmem: Could only disable 128M of memory' 'chmem: ended by --timeout'
	on_machine 'until_true "[ -z \"\$(processes)\" ]"'
	is "writes" "$(writes | cut -d ' ' -f 1,2)" $'offline 37\noffline 38'
	assert_blocks 37-39 offline online online
}

@test "D34: a shell that takes the output does not wait for what was left behind" {
	local try

	# a busy machine may be a little late, but not each time
	for try in 1 2 3; do
		((try == 1)) || { memsim_stop && setup; }
		set_online 39
		memsim_tell 'stick 39 state'
		run_script 'before=$(now_ms)
			captured=$(chmem --timeout 1 -d -b 39 2>/dev/null)
			echo "$?" "$captured"
			took=$(($(now_ms) - before))
			[ $took -le 2000 ] || echo "too late: $took ms"
			processes | wc -l'
		[[ $output == *'too late: 2'???' ms'* ]] || break
	done
	assert_stdout '1 ' 1
	assert_blocks 39-39 going-offline
}

@test "D34: a reader of both streams gets to their end" {
	set_online 39
	memsim_tell 'stick 39 state for 8000'
	run_script 'before=$(now_ms)
		chmem --timeout 0.3 -v -d -b 39 2>&1 | cat
		[ $(($(now_ms) - before)) -le 2500 ] || echo too late'
	assert_stdout "chmem: $(block 39) disable failed: $still" 'chmem: ended by --timeout'
}

@test "D34: what was left behind keeps no descriptor of chmem's but its directories" {
	set_online 39
	memsim_tell 'stick 39 state for 8000'
	run_script 'exec 7<$proc/meminfo
		chmem --timeout 0.3 -d -b 39 2>/dev/null
		cd /proc/$(processes)/fd && readlink * | grep -v "$sys" | grep -v "^/$" | grep -v "^pipe" |
			grep -v "${memory%/sys/*}"'
	assert_stdout
}

@test "D34: a kernel that heeds the signal late is waited for after --try-timeout" {
	set_online 39
	memsim_tell 'stick 39 state for 1200'
	start chmem 'chmem -d --try-timeout 0.3 -b 39'
	finish chmem
	assert_status 1
	assert_stderr_like "chmem: $(block 39) disable failed: given up after [1-9].[0-9] s (--try-timeout)"
	assert_within 4000 chmem
	assert_blocks 39-39 online
	assert_nobody_left
}

@test "D34: a worker whose try does not end at all is left behind 10 s later" {
	set_online 39
	memsim_tell 'stick 39 state'
	start chmem 'chmem -d --try-timeout 0.3 -b 39'
	finish chmem
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 39) disable failed: given up after 0.3 s (--try-timeout), still in progress in the kernel"
	assert_within 12000 chmem
	run ! assert_within 10299 chmem
	assert_blocks 39-39 going-offline
	is "processes left" "$(on_machine processes | wc -l)" 1
}

@test "a block that comes online after all, though late, is done" {
	memsim_tell 'stick 32 state for 700'
	start chmem 'chmem -v -e --timeout 0.2 -b 32'
	finish chmem
	assert_status 0
	assert_stdout "$(block 32) enabled"
	assert_within 3000 chmem
	assert_blocks 32-32 online
}

@test "an online that does not come back is left behind as well" {
	memsim_tell 'stick 32 state for 8000'
	start chmem 'chmem -e --timeout 0.3 -b 32-33'
	finish chmem
	assert_status 1
	assert_stderr_line 0 "chmem: $(block 32) enable failed: $still"
	assert_within 2500 chmem
	assert_blocks 32-33 offline
}

@test "D23: a second TERM leaves a write behind that no signal ends, and chmem dies of TERM" {
	set_online 39
	memsim_tell 'stick 39 state for 8000'
	start chmem 'chmem -d -b 39'
	wait_for_state 39 going-offline
	send TERM chmem
	on_machine 'sleep 0.5; now_ms >$run/sent'
	run ! has_ended_there chmem
	send TERM chmem
	finish chmem
	assert_status 143
	assert_stderr "chmem: $(block 39) disable failed: interrupted, still in progress in the kernel" \
		'chmem: ended by a signal: Terminated'
	[ "$(on_machine 'echo $(($(now_ms) - $(cat $run/sent)))')" -le 2500 ]
}

@test "--atomic: after a write that no signal ends, nothing is set back, and that is said" {
	set_online 32 33 34
	memsim_tell 'stick 34 state for 8000'
	watch_writes
	start chmem 'chmem --atomic -d --timeout 0.3 -b 32-34'
	finish chmem
	assert_status 64
	assert_stderr_line 0 "chmem: $(block 34) disable failed: $still"
	assert_stderr_has "chmem: $(block 33) could not be set back: not tried any more"
	assert_stderr_has "chmem: $(block 32) could not be set back: not tried any more"
	assert_within 2500 chmem
	is "writes" "$(writes | cut -d ' ' -f 1,2)" $'offline 32\noffline 33\noffline 34'
}

@test "--atomic: a second INT ends the way back where it does not get on" {
	set_online 32 33 34
	memsim_tell 'spin 34' 'stick 33 state for 8000 word online_movable'
	start chmem 'chmem --atomic -d -b 32-34'
	wait_for_state 34 going-offline
	send INT chmem
	wait_for_state 34 online
	on_machine 'sleep 0.3; now_ms >$run/sent'
	run ! has_ended_there chmem
	send INT chmem
	finish chmem
	assert_status 130
	[ "$(on_machine 'echo $(($(now_ms) - $(cat $run/sent)))')" -le 2500 ]
	assert_stderr_has "chmem: $(block 33) could not be set back: interrupted, still in progress in the kernel"
	assert_stderr_has "chmem: $(block 32) could not be set back: not tried any more"
}

@test "--atomic: a block that is back when its way back is ended is not called stuck" {
	set_online 37 38 39
	memsim_tell 'spin 39' 'delay 38 state 800 word online_movable'
	start chmem 'chmem --atomic --json -d -b 38-39'
	wait_for_state 39 going-offline
	send INT chmem
	on_machine 'sleep 0.02'
	send INT chmem
	finish chmem
	# where this machine was slower than that, it is not back yet, and that is said
	assert_stderr_has "chmem: $(block 38) could not be set back: interrupted, still in progress in the kernel" || {
		assert_blocks 38-39 online
		assert_json '.blocks[0] | .status, .after' reverted online
		assert_json '.changed.blocks' 0
	}
}

@test "--atomic: a block that cannot be set back is a failure, though all are online in the end" {
	memsim_tell 'delay 32 state 500 word online_movable' 'fail 32 state EBUSY word offline' \
		'steal 33 online at read'
	run_chmem '--atomic -v -e --timeout 0.2 -b 32-33'
	assert_status 64
	assert_stdout "$(block 32) enabled" "$(block 33) already enabled"
	assert_stderr_line 0 "chmem: $(block 32) could not be set back: Device or resource busy*"
	assert_stderr_has 'chmem: ended by --timeout'
	assert_stderr_has 'chmem: --atomic: not all blocks could be set back'
	assert_blocks 32-33 online
}

# ---- The lock of all writers ----

@test "a block whose turn comes late, but in time, is done" {
	memsim_tell hold
	start chmem 'chmem -v -e --try-timeout 20 -b 32'
	sleep 0.5
	run ! has_ended_there chmem
	assert_blocks 32-32 offline
	memsim_tell release
	finish chmem
	assert_status 0
	assert_stdout "$(block 32) enabled"
	assert_stderr
	assert_blocks 32-32 online
}

# ---- The worker ----

kill_worker() {
	on_machine 'for process in $(processes); do
			[ $process = $(cat $run/chmem.pid) ] || kill -KILL $process
		done'
}

@test "a worker that is killed is noticed, and the block that it had in hand is named" {
	set_online 38 39
	memsim_tell 'spin 39'
	start chmem 'chmem -v -d -b 38-39'
	wait_for_state 39 going-offline
	kill_worker
	finish chmem
	assert_status 64
	assert_stdout "$(block 38) disabled"
	assert_stderr_line 0 "chmem: $(block 39) disable failed: the process that worked on it was killed"
	assert_within 5000 chmem
	assert_blocks 38-39 offline online
	assert_nobody_left
}

@test "a worker that is killed between two blocks is noticed" {
	memsim_tell 'fail 32 state EAGAIN'
	start chmem 'chmem --retries 100 -e -b 32'
	on_machine 'sleep 0.5'
	kill_worker
	finish chmem
	assert_status 1
	assert_stderr_has "chmem: $(block 32) enable failed: Resource temporarily unavailable*"
	assert_stderr_has 'chmem: ended, as the process that does the work is gone'
	assert_nobody_left
}

@test "a worker that is killed right after its write has done the block" {
	memsim_tell 'delay 32 state 500'
	start chmem 'chmem -v -e -b 32'
	on_machine 'sleep 0.2'
	kill_worker
	finish chmem
	assert_stdout "$(block 32) enabled"
	assert_status 0
	assert_blocks 32-32 online
}

@test "--atomic: what a worker has changed that was killed is set back by another" {
	local before

	set_online 32 33 34
	before=$(everything)
	memsim_tell 'spin 34'
	start chmem 'chmem --atomic -d -b 32-34'
	wait_for_state 34 going-offline
	kill_worker
	finish chmem
	assert_status 1
	assert_stderr_line 0 "chmem: $(block 34) disable failed: the process that worked on it was killed"
	assert_same_as "$before"
	assert_nobody_left
}
