#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Signals that come while a write does not come back: a page that cannot move lies in
# block 39, the last of a DIMM of 1 GiB, blocks 32 to 39.
#
# shellcheck disable=SC2030,SC2031 # output is set by run

load guest

guest_kept

guest_prepare() {
	dimm_plug dimm 1024
}

# What a run may take beyond its bound: the kernel's last pass over the block, and its own
# end on a machine that is not quick.
slack_ms=1000

# assert_died_of NAME NUMBER PIDS - of the signal NAME while it spun, sent to PIDS.
assert_died_of() {
	run_script "pin_block 39
		disturbed 'send $1 $3' 39 chmem -d -b 39
		echo \$((\$(now_ms) - \$(cat /run/sent)))"
	assert_stderr_like 'chmem: ?*'
	assert_time "$BATS_TEST_DESCRIPTION" "$output" 0 "$slack_ms"
	assert_ended "killed $2" 0 5000
	assert_back 39
	assert_nobody_left
}

@test "TERM ends the write, chmem reports, and dies of it" {
	assert_died_of TERM 15 "\$pid"
}

@test "HUP ends the write, chmem reports, and dies of it" {
	assert_died_of HUP 1 "\$pid"
}

@test "INT ends the write, chmem reports, and dies of it" {
	assert_died_of INT 2 "\$pid"
}

@test "INT of the terminal, which all processes get, does the same" {
	assert_died_of INT 2 "-\$pid"
}

@test "what was done before INT came is in the report" {
	run_script "pin_block 39; chmem -e -b 38
		disturbed 'send INT' 39 chmem -v -d -b 38-39"
	assert_stdout "$(block 38) disabled"
	assert_stderr_has 'chmem: Could only disable 128M of memory'
	assert_ended 'killed 2' 0 5000
	assert_back 39
	assert_blocks 38-38 offline
}

@test "HUP is ignored where nohup has set it so" {
	run_script "pin_block 39
		disturbed 'send HUP; sleep 0.3; state 39' 39 \
			sh -c 'trap \"\" HUP; exec chmem --try-timeout 3 -d -b 39'"
	assert_stdout going-offline
	assert_ended 'exited 1' 3000 $((3000 + slack_ms))
	assert_back 39
}

@test "a signal that was ignored from the start stays so, as in the background of a script" {
	run_script "pin_block 39
		(trap '' INT; exec chmem --try-timeout 2 -d -b 39) &
		until_true '[ \$(state 39) = going-offline ]'
		kill -INT \$!
		sleep 0.3
		state 39
		wait \$!"
	assert_status 1
	assert_stdout going-offline
	assert_back 39
}

# assert_survived STOP PIDS CONDITION - a signal that stops chmem, which is when the condition
# is true, and CONT after it. Stopping interrupts the write, which is to be taken up again:
# under the bound that it had.
assert_survived() {
	run_script "pin_block 39
		disturbed 'send $1 $2
			until_true \"$3\"
			until_true \"! eval \\\"\\\$going\\\"\"
			state 39
			sleep 0.5
			send CONT $2
			until_true \"eval \\\"\\\$going\\\"\"
			state 39' 39 chmem --try-timeout 4 -d -b 39"
	assert_stdout online going-offline
	assert_stderr_has "chmem: $(block 39) disable failed: ?*"
	assert_ended 'exited 1' 4000 $((4000 + slack_ms))
	assert_back 39
	assert_nobody_left
}

@test "STOP and CONT of all its processes are survived, and the bound holds" {
	assert_survived STOP "-\$pid" "stopped \$pids"
}

@test "STOP and CONT of the process that writes are survived, and the bound holds" {
	assert_survived STOP "\$worker" "stopped \$worker"
}

@test "TSTP of the terminal and CONT are survived, and the bound holds" {
	assert_survived TSTP "-\$pid" "stopped \$pids"
}

@test "TSTP of the command alone and CONT are survived, and the bound holds" {
	assert_survived TSTP "\$pid" "stopped \$pids"
}

@test "a command that was stopped in its write ends by --timeout when it goes on" {
	run_script "pin_block 39
		disturbed 'send STOP -\$pid; sleep 3; send CONT -\$pid' 39 chmem --timeout 2 -d -b 39"
	assert_ended 'exited 1' 3000 5000
	assert_back 39
	assert_nobody_left
}
