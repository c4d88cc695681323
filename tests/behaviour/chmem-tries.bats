#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# How long chmem tries a block, and how often.
#
# shellcheck disable=SC2016 # the machine's shell expands

load behaviour

# set_online BLOCK... - in Movable.
set_online() {
	local block

	for block; do
		assert_put ok "$block" state online_movable
	done
}

given_up() {
	echo "chmem: $(block "$1") disable failed: given up after [0-9].[0-9] s (--try-timeout)$(perhaps_a_page)"
}

# ---- A write that does not return ----

@test "D34: a block that does not go is given up after --try-timeout, and is as before" {
	local before

	pin_block 39
	before=$(everything)
	start chmem 'chmem -d --try-timeout 0.5 -b 39'
	finish chmem
	assert_status 1
	assert_stdout
	assert_stderr_like "$(given_up 39)"
	assert_within 2500 chmem
	assert_same_as "$before"
	assert_nobody_left
}

@test "D34: -d SIZE gives up a block that does not go and takes another: exit 0" {
	pin_block 39
	set_online 38 37
	start chmem 'chmem -v -d --try-timeout 0.5 128M'
	finish chmem
	assert_status 0
	assert_stdout "$(block 38) disabled"
	assert_stderr_like "$(given_up 39)"
	assert_within 2500 chmem
	assert_blocks 37-39 online offline online
}

@test "D34: a range gives up the block that does not go and does the others: exit 64" {
	pin_block 38
	set_online 37 39
	start chmem 'chmem -v -d --try-timeout 0.5 -b 37-39'
	finish chmem
	assert_status 64
	assert_stdout "$(block 37) disabled" "$(block 39) disabled"
	assert_stderr_line 0 "$(given_up 38)"
	assert_stderr_line 1 'chmem: Could only disable 256M of memory'
	assert_stderr_length 2
	assert_within 2500 chmem
	assert_blocks 37-39 offline online offline
}

@test "D34: -d SIZE that falls short says what was given up" {
	pin_block 39
	start chmem 'chmem -d -z Movable --try-timeout 0.3 128M'
	finish chmem
	assert_status 1
	assert_stderr_line 0 'chmem: Could only disable 0B of memory'
	assert_stderr_has "chmem:   1 block: given up after [0-9].[0-9] s (--try-timeout)$(perhaps_a_page)"
	assert_blocks 39-39 online
}

@test "D34: a block that goes before its time is up is done" {
	pin_block 39
	start chmem 'chmem -v -d --try-timeout 20 -b 39'
	wait_for_state 39 going-offline
	unpin
	finish chmem
	assert_status 0
	assert_stdout "$(block 39) disabled"
	assert_stderr
	assert_blocks 39-39 offline
}

@test "D34: --try-timeout 0 does not give up" {
	pin_block 39
	start chmem 'chmem -d --try-timeout 0 -b 39'
	wait_for_state 39 going-offline
	on_machine 'sleep 1'
	assert_blocks 39-39 going-offline
	run ! has_ended_there chmem
	unpin
	finish chmem
	assert_status 0
}

@test "D34: what was given up is not tried again, unless --retries says so" {
	pin_block 39
	watch_writes
	run_chmem '-d --try-timeout 0.2 -b 39'
	assert_status 1
	assert_writes 'offline 39 EINTR'
	watch_writes
	run_chmem '-d --try-timeout 0.2 --retries 2 -b 39'
	assert_status 1
	assert_stderr_like "$(given_up 39)"
	assert_writes 'offline 39 EINTR' 'offline 39 EINTR' 'offline 39 EINTR'
}

# ---- Errors that may pass ----

@test "D4: EAGAIN is tried again, but not for ever" {
	set_online 33
	inject offline EAGAIN
	watch_writes
	start chmem 'chmem -d -b 33'
	finish chmem
	assert_status 1
	assert_stderr_like "chmem: $(block 33) disable failed: Resource temporarily unavailable*"
	assert_stderr_length 1
	assert_within 3000 chmem
	assert_writes 'offline 33 EAGAIN' 'offline 33 EAGAIN' 'offline 33 EAGAIN'
	assert_blocks 33-33 online
}

@test "D4: EAGAIN of -e is tried again, too, in rounds over all blocks" {
	inject online EAGAIN
	watch_writes
	run_chmem '-e --retries 1 -b 33-34'
	assert_status 1
	assert_writes 'online 33 EAGAIN' 'online 34 EAGAIN' 'online 33 EAGAIN' 'online 34 EAGAIN'
	assert_blocks 33-34 offline
}

@test "D4: EINTR that is none of chmem's own is tried again at once" {
	set_online 33
	inject offline EINTR
	watch_writes
	start chmem 'chmem -d --try-timeout 20 -b 33'
	on_machine 'sleep 0.3'
	inject_nothing
	finish chmem
	assert_status 0
	assert_stdout
	assert_stderr
	is "the first write" "$(writes | head -n 1)" 'offline 33 EINTR'
	is "the last write" "$(writes | tail -n 1)" 'offline 33 ok'
	assert_blocks 33-33 offline
}

@test "D35: a Movable block that is busy for a while goes in a later round" {
	set_online 33 34
	inject offline EBUSY
	watch_writes
	start chmem 'chmem -v -d --retries 8 -b 33-34'
	on_machine 'sleep 0.4'
	inject_nothing
	finish chmem
	assert_status 0
	# the error may end between the two
	is "stdout, sorted" "$(sort <<<"$output")" \
		"$(printf '%s\n' "$(block 33) disabled" "$(block 34) disabled")"
	assert_stderr
	is "the first write" "$(writes | head -n 1)" 'offline 33 EBUSY'
	assert_blocks 33-34 offline
}

@test "D35: a Movable block that stays busy is tried twice more, then its line comes" {
	set_online 33
	inject offline EBUSY
	watch_writes
	run_chmem '-d -b 33'
	assert_status 1
	assert_stdout
	assert_stderr_like "chmem: $(block 33) disable failed: Device or resource busy*"
	assert_stderr_length 1
	assert_writes 'offline 33 EBUSY' 'offline 33 EBUSY' 'offline 33 EBUSY'
	assert_blocks 33-33 online
	assert_zone 33 Movable
}

@test "D35: a busy block of a kernel zone is not tried again" {
	make_unmovable 33
	watch_writes
	run_chmem '-d -b 33'
	assert_status 1
	assert_writes 'offline 33 EBUSY'
}

@test "D35: --retries takes a busy block of a kernel zone, too" {
	make_unmovable 33
	watch_writes
	run_chmem '-d --retries 1 -b 33'
	assert_status 1
	assert_writes 'offline 33 EBUSY' 'offline 33 EBUSY'
	assert_stderr_length 1
}

@test "D35: --retries 0 tries nothing twice" {
	set_online 33
	inject offline EBUSY
	watch_writes
	run_chmem '-d --retries 0 -b 33'
	assert_status 1
	assert_writes 'offline 33 EBUSY'
}

@test "D35: -d SIZE takes another block first, and needs no second round then" {
	set_online 38
	make_unmovable 39
	watch_writes
	run_chmem '-d --retries 3 128M'
	assert_status 0
	assert_writes 'offline 39 EBUSY' 'offline 38 ok'
}

@test "D35: EINVAL, EPERM and EIO are final" {
	set_online 33
	for error in EINVAL EPERM EIO; do
		inject offline "$error"
		watch_writes
		run_chmem '-d --retries 3 -b 33'
		assert_status 1
		assert_writes "offline 33 $error"
		inject_nothing
	done
}

@test "two ENOMEM in a row end -e SIZE" {
	inject online ENOMEM
	watch_writes
	run_chmem '-e 512M'
	assert_status 1
	assert_stderr_line 0 'chmem: Could only enable 0B of memory'
	assert_stderr_line 1 'chmem:   2 blocks: Cannot allocate memory*'
	assert_writes 'online 32 ENOMEM' 'online 33 ENOMEM'
	assert_blocks 32-39 offline
}

# ---- The whole run ----

@test "--timeout ends the whole run, whatever the block does" {
	local before

	pin_block 39
	set_online 38
	before=$(everything)
	start chmem 'chmem -d --timeout 0.7 -b 38-39'
	finish chmem
	assert_status 64
	assert_within 2500 chmem
	assert_stderr_has "chmem: $(block 39) disable failed: given up, the time of --timeout is up$(perhaps_a_page)"
	assert_stderr_has 'chmem: ended by --timeout'
	assert_blocks 38-39 offline online
	assert_nobody_left
}

@test "--timeout counts all tries and rounds together" {
	pin_block 39
	start chmem 'chmem -d --try-timeout 0.3 --retries 100 --timeout 1 -b 39'
	finish chmem
	assert_status 1
	assert_within 2500 chmem
	wait_for_state 39 online
	assert_nobody_left
}

@test "a shell that takes the output waits no longer than --timeout" {
	pin_block 39
	run_script 'before=$(now_ms)
		captured=$(chmem --timeout 0.5 -v -d -b 39 2>&1)
		echo "$?"
		echo "$captured"
		[ $(($(now_ms) - before)) -le 2500 ] || echo too late'
	is "exit status" "${lines[0]}" 1
	is "what follows" "${lines[*]: -1}" 'chmem: ended by --timeout'
	wait_for_state 39 online
	assert_nobody_left
}

@test "--timeout ends a run that waits for another writer, and nothing comes of it later" {
	pin_block 39
	set_online 38
	start_write other 39 state offline
	wait_for_state 39 going-offline
	start chmem 'chmem -d --timeout 0.7 -b 38'
	finish chmem
	assert_status 1
	assert_within 2500 chmem
	assert_stderr_like 'chmem: ?*'
	unpin
	assert_result other ok
	on_machine 'sleep 0.2'
	assert_nobody_left
}
