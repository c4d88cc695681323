#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Several runs of chmem at once, and how much memory they must leave.
#
# shellcheck disable=SC2016 # the machine's shell expands
# shellcheck disable=SC2154 # set by ../guest/machines.bash

load behaviour

start_holder() {
	start holder 'hold $memory'
	on_machine 'until_true "grep -q held \$run/holder.out"'
}

# ---- The lock ----

# two_at_once ARGUMENT... - both are content, and had no reason to say anything.
two_at_once() {
	slow_down
	run_script "chmem $* &
		first=\$!
		chmem $* &
		wait \$! && wait \$first"
	assert_status 0
	assert_stdout
	assert_stderr
}

@test "D37: two runs of -e SIZE at once set exactly the sum of both online" {
	watch_writes
	two_at_once -e 512M
	assert_blocks 32-39 online
	is "writes that failed" "$(writes | grep -v ok || true)" ''
	is "writes" "$(writes | grep -c .)" 8
}

@test "D37: two runs of -d SIZE at once set exactly the sum of both offline" {
	on_machine 'chmem -e 1G'
	watch_writes
	two_at_once -d 384M
	assert_blocks 32-39 online online offline offline offline offline offline offline
	is "writes that failed" "$(writes | grep -v ok || true)" ''
}

@test "D37: a run waits for whoever has the lock, and goes on when it is free" {
	on_machine 'chmem -e -b 38-39'
	start_holder
	start chmem 'chmem -v -d 128M'
	on_machine 'sleep 0.5'
	run ! has_ended_there chmem
	assert_blocks 39-39 online
	send KILL -holder
	finish chmem
	assert_status 0
	assert_stdout "$(block 39) disabled"
	assert_stderr
	assert_within 5000 chmem
}

@test "D37: --lock=nonblock fails at once where somebody has the lock, and changes nothing" {
	start_holder
	watch_writes
	start chmem 'chmem --lock=nonblock -e 128M'
	finish chmem
	assert_status 1
	assert_stdout
	assert_stderr "chmem: /sys/devices/system/memory is locked by process $(
		on_machine 'cat $run/holder.pid'
	)"
	assert_within 2500 chmem
	assert_writes
	assert_blocks 32-39 offline
}

@test "D37: --lock=nonblock goes on where nobody has the lock" {
	run_chmem '--lock=nonblock -e 128M'
	assert_status 0
	assert_stderr
	assert_blocks 32-33 online offline
}

@test "D37: --lock=yes waits as long as --timeout allows, then fails" {
	start_holder
	start chmem 'chmem --lock=yes --timeout 0.5 -e 128M'
	finish chmem
	assert_status 1
	assert_stderr_like 'chmem: /sys/devices/system/memory is locked by *process*'
	assert_within 2500 chmem
	assert_blocks 32-39 offline
}

@test "D37: --lock=no does not ask" {
	start_holder
	start chmem 'chmem --lock=no -e 128M'
	finish chmem
	assert_status 0
	assert_stderr
	assert_within 2500 chmem
	assert_blocks 32-33 online offline
}

@test "D37: a run that does not get the lock names whoever has it, and goes on without it" {
	start_holder
	start chmem 'chmem --timeout 0.5 -e 128M'
	finish chmem
	assert_stderr_line 0 "chmem: /sys/devices/system/memory is locked by process $(
		on_machine 'cat $run/holder.pid'
	), going on without the lock"
	# In place of the 10 seconds that it waits at most, the end of its time.
	assert_stderr_line 1 'chmem: Could only enable 0B of memory'
	assert_status 1
	assert_within 2500 chmem
}

@test "TERM ends the wait for the lock" {
	start_holder
	start chmem 'chmem --lock=yes -e 128M'
	on_machine 'sleep 0.3'
	send TERM chmem
	finish chmem
	assert_status 143
	assert_within 3000 chmem
	assert_blocks 32-39 offline
}

@test "the lock is free when chmem has left a write behind that does not end" {
	make_deaf 39
	start chmem 'chmem --timeout 0.3 -d -b 39'
	finish chmem
	assert_status 1
	start_holder
	run ! has_ended_there holder
	make_hearing
	wait_for_state 39 online
}

@test "without the lock, two runs may meet, and yet set exactly the sum of both online" {
	two_at_once --lock=no -e 512M
	assert_blocks 32-39 online
}

# ---- What must be left ----

# keep_for N - a --keep-free that lets N blocks go, and half a block's size.
keep_for() {
	echo "$(($(memory_info MemAvailable) / 1024 - $1 * 128 - 64))M"
}

# in_one_node - leaves out the test where pages that have to move go to another node.
in_one_node() {
	[ "$boot_nodes" = 1 ] || out_of_place 'what the other node has left is what counts'
}

@test "D36: -d SIZE stops where less than --keep-free would be left" {
	local keep

	in_one_node
	on_machine 'chmem -e 1G'
	keep=$(keep_for 3)
	run_chmem "-d --keep-free $keep 1G"
	assert_status 64
	assert_stdout
	assert_stderr_line 0 'chmem: Could only disable 384M of memory'
	assert_stderr_line 1 "chmem:   1 block: it would leave * of memory available where * must be (--keep-free 0 takes it anyway)"
	assert_stderr_length 2
	assert_blocks 32-39 online online online online online offline offline offline
}

@test "D36: -d RANGE stops there, too, and names the block" {
	local keep

	in_one_node
	on_machine 'chmem -e 1G'
	keep=$(keep_for 1)
	run_chmem "-d --keep-free $keep -b 32-35"
	assert_status 64
	assert_stderr_has "chmem: $(block 33) disable failed: it would leave * where * must be (--keep-free 0 takes it anyway)"
	assert_stderr_has 'chmem: Could only disable 128M of memory'
	assert_blocks 32-36 offline online online online online
}

@test "D36: what can never be left over keeps every block" {
	on_machine 'chmem -e 1G'
	watch_writes
	run_chmem '-d --keep-free 100G 128M'
	assert_status 1
	assert_stderr_line 0 'chmem: Could only disable 0B of memory'
	assert_writes
	assert_blocks 32-39 online
}

@test "D36: --keep-free 0 takes it anyway" {
	on_machine 'chmem -e 256M'
	run_chmem '-d --keep-free 100G --keep-free 0 256M'
	assert_status 0
	assert_stderr
	assert_blocks 32-33 offline
}

@test "D36: --keep-free has no say in what comes online" {
	run_chmem '-e --keep-free 100G 256M'
	assert_status 0
	assert_blocks 32-33 online
}

@test "D36: without --keep-free a run on a machine with memory to spare is not stopped" {
	on_machine 'chmem -e 1G'
	run_chmem '-d 1G'
	assert_status 0
	assert_stderr
	assert_blocks 32-39 offline
}
