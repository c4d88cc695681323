#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The lock by which runs of chmem keep out of each other's way: flock(2) on the directory
# of the memory blocks, which anybody may hold, for ever. Blocks 32 to 47 are plugged.
#
# CHMEM_SOAK=1 lets two runs meet a hundred times, and not ten.
#
# shellcheck disable=SC2016 # the guest's shell expands

load guest

guest_timed

guest_prepare() {
	dimm_plug dimm 2048
}

# held_by_nobody SCRIPT - the same, while a process of the user nobody has the lock. Sets
# holder to its process ID.
held_by_nobody() {
	run_script "answered held /run/hold su nobody -c 'exec hold $MEMORY'
		pidof hold >/run/holder
		$1"
	holder=$(guest 'cat /run/holder')
}

@test "whoever may not write may hold the lock all the same" {
	held_by_nobody "ps -o user,comm | grep hold; hold $MEMORY"
	assert_status 1
	assert_stdout 'nobody   hold'
}

@test "a lock that is never let go delays chmem by 10 seconds, and it says whose it is" {
	held_by_nobody 'launch run chmem -e 128M'
	assert_stdout
	assert_stderr_like "*[!0-9]${holder}[!0-9]*"
	assert_stderr_length 1
	assert_ended 'exited 0' 10000 11000
	assert_blocks 32-33 online offline
}

@test "a lock that is let go delays chmem no longer" {
	held_by_nobody '(sleep 1; killall hold) & launch run chmem -e 128M'
	assert_stdout
	assert_stderr
	assert_ended 'exited 0' 500 2500
	assert_blocks 32-33 online offline
}

@test "--lock=no does not ask for it" {
	held_by_nobody 'launch run chmem --lock=no -e 128M'
	assert_stdout
	assert_stderr
	assert_ended 'exited 0' 0 1000
	assert_blocks 32-33 online offline
}

@test "--lock=nonblock fails at once where somebody has it, and changes nothing" {
	watch_attempts
	held_by_nobody 'launch run chmem --lock=nonblock -e 128M'
	assert_stdout
	assert_stderr_like 'chmem: ?*'
	assert_ended 'exited 1' 0 1000
	assert_attempts
	assert_blocks 32-33 offline
}

@test "--lock=nonblock goes on where nobody has it" {
	run_guest 'chmem --lock=nonblock -e 128M'
	assert_status 0
	assert_stdout
	assert_stderr
	assert_blocks 32-33 online offline
}

@test "--lock=yes fails when --timeout is over, and changes nothing" {
	watch_attempts
	held_by_nobody 'launch run chmem --lock=yes --timeout 1 -e 128M'
	assert_stdout
	assert_stderr_like 'chmem: ?*'
	assert_ended 'exited 1' 1000 2000
	assert_attempts
	assert_blocks 32-33 offline
}

@test "--lock alone waits for it" {
	held_by_nobody '(sleep 1; killall hold) & launch run chmem --lock -e 128M'
	assert_stderr
	assert_ended 'exited 0' 500 2500
}

@test "TERM ends the wait for the lock" {
	held_by_nobody 'launch run chmem --lock=yes -e 128M &
		launcher=$!
		sleep 1
		kill $(cat /run/run.pid)
		wait $launcher'
	assert_ended 'killed 15' 500 2000
	assert_blocks 32-33 offline
	assert_nobody_left
}

# A worker that could not be ended would keep a lock that it has inherited.
@test "the lock is free when chmem is back, be its write ended or not" {
	run_script "pin_block 39 30000
		for i in 1 2 3 4; do
			launch busy\$i sh -c 'while :; do :; done' &
		done
		chmem --timeout 1 -d -b 39
		state 39
		answered held /run/hold hold $MEMORY
		state 39"
	assert_stdout going-offline going-offline
}

# two_at_once ARGUMENT... - prints the attempts that came too late: blocks that one of them
# had seen offline, and then found online.
two_at_once() {
	guest_tidy
	watch_attempts
	run_guest "chmem $* & chmem $* & wait %1 && wait %2"
	assert_status 0
	assert_stdout
	assert_stderr
	assert_blocks 32-39 online
	assert_blocks 40-47 offline
	attempts chmem | grep ' 1$' || true
}

@test "two runs of -e 512M at once online exactly 1 GiB, and never meet" {
	local round rounds=10

	! soaking || rounds=100
	for ((round = 0; round < rounds; round++)); do
		is "attempts that came too late" "$(two_at_once -e 512M)" ''
	done
}

@test "without the lock the two meet, and still online exactly 1 GiB" {
	local round late=''

	for ((round = 0; round < 20 && !${#late}; round++)); do
		late=$(two_at_once --lock=no -e 512M)
	done
	[[ -n $late ]]
}
