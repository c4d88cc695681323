#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# chmem sets blocks online and offline, and is not the only one who does.
#
# shellcheck disable=SC2016 # the machine's shell expands

load behaviour

@test "-e SIZE sets the lowest offline blocks online, in Movable" {
	watch_writes
	run_chmem '-v -e 384M'
	assert_status 0
	assert_stdout "$(block 32) enabled" "$(block 33) enabled" "$(block 34) enabled"
	assert_stderr
	assert_writes 'online 32 ok' 'online 33 ok' 'online 34 ok'
	assert_blocks 32-36 online online online offline offline
	assert_zone 32 Movable
}

@test "-e SIZE beyond what there is does what it can: exit 64" {
	run_chmem '-e 2G'
	assert_status 64
	assert_stdout
	assert_stderr 'chmem: Could only enable 1G of memory'
	assert_blocks 32-39 online
}

@test "-e RANGE and -e -b set these blocks online" {
	run_chmem '-e 0x108000000-0x117ffffff'
	assert_status 0
	run_chmem '-v -e -b 34-37'
	assert_status 0
	assert_stdout "$(block 34) already enabled" "$(block 35) enabled" \
		"$(block 36) enabled" "$(block 37) enabled"
	assert_stderr
	assert_blocks 32-39 offline online online online online online offline offline
}

@test "-d SIZE sets the highest blocks offline, downwards" {
	on_machine 'chmem -e 1G'
	watch_writes
	run_chmem '-v -d 256M'
	assert_status 0
	assert_stdout "$(block 39) disabled" "$(block 38) disabled"
	assert_stderr
	assert_writes 'offline 39 ok' 'offline 38 ok'
	assert_blocks 36-39 online online offline offline
}

@test "-d RANGE and -d -b set these blocks offline" {
	on_machine 'chmem -e 1G'
	run_chmem '-d 0x100000000-0x107ffffff'
	assert_status 0
	run_chmem '-v -d -b 32-33'
	assert_status 0
	assert_stdout "$(block 32) already disabled" "$(block 33) disabled"
	assert_stderr
	assert_blocks 32-34 offline offline online
}

@test "what came is worth what went: MemTotal is as before" {
	local total

	total=$(memory_info MemTotal)
	run_chmem '-e 512M'
	assert_grown MemTotal "$total" "$(memory_info MemTotal)" 524288
	run_chmem '-d 512M'
	is MemTotal "$(memory_info MemTotal)" "$total"
}

@test "-z chooses the zone, and what does not fit is passed over" {
	run_chmem '-e -z Normal -b 32'
	assert_status 0
	assert_zone 32 Normal
	run_chmem '-e -z movable 128M'
	assert_status 0
	assert_zone 33 Movable
	run_chmem '-d -z Movable 256M'
	assert_status 64
	assert_stderr_has 'chmem: Could only disable 128M of memory'
	assert_blocks 32-33 online offline
}

@test "-z DMA32 fits no block of the DIMM" {
	watch_writes
	run_chmem '-e -z DMA32 -b 32'
	assert_status 1
	assert_stderr "chmem: $(block 32) enable failed: Zone mismatch"
	assert_writes
	assert_blocks 32-32 offline
}

@test "a block with pages that can never move stays, and the line says why" {
	on_machine 'chmem -e -b 32'
	make_unmovable 33
	run_chmem '-d -b 32-33'
	assert_status 64
	assert_stdout
	assert_stderr_line 0 "chmem: $(block 33) disable failed: Device or resource busy; *it holds *page*"
	assert_stderr_line 1 'chmem: Could only disable 128M of memory'
	assert_blocks 32-33 offline online
	assert_zone 33 Normal
}

@test "-d SIZE takes another block in place of one that is busy" {
	on_machine 'chmem -e -b 38'
	make_unmovable 39
	watch_writes
	run_chmem '-d 128M'
	assert_status 0
	assert_stdout
	assert_stderr
	assert_writes 'offline 39 EBUSY' 'offline 38 ok'
}

@test "a block in several zones is named, and is not written to" {
	run_chmem '-d -b 0'
	assert_status 1
	assert_stderr_like "chmem: $(block 0) disable failed: ?*"
	assert_blocks 0-0 online
}

@test "D5: blocks that do not exist are named" {
	run_chmem '-e -b 38-41'
	assert_status 64
	assert_stderr 'chmem: Memory Blocks 40-41 do not exist' \
		'chmem: Could only enable 256M of memory'
	assert_blocks 38-39 online
}

@test "an ordinary user is denied by -e SIZE at once, and nothing changes" {
	run_as_nobody 'chmem -e 1G'
	assert_status 1
	assert_stdout
	assert_stderr 'chmem: Could only enable 0B of memory' 'chmem:   1 block: Permission denied'
	assert_blocks 32-39 offline
}

# ---- Somebody else was quicker ----

@test "D3: -e RANGE that loses a block to somebody else is content that it is online" {
	lose_race 32 online_movable '-v -e -b 32-34'
	assert_status 0
	assert_stdout "$(block 32) already enabled" "$(block 33) enabled" "$(block 34) enabled"
	assert_stderr
	is "the write that lost" "$(writes | grep ' 32 ')" 'online 32 EINVAL'
	assert_blocks 32-35 online online online offline
}

@test "D3: -e SIZE that loses a block to somebody else takes another in its place" {
	lose_race 32 online_movable '-v -e 256M'
	assert_status 0
	assert_stdout "$(block 33) enabled" "$(block 34) enabled"
	assert_stderr
	assert_blocks 32-35 online online online offline
}

@test "D13: -z is not content with a block that somebody else put elsewhere" {
	lose_race 32 online_movable '-e -z Normal -b 32'
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 32) enable failed: already online in zone Movable"
	assert_zone 32 Movable
}

@test "D13: a block that is online in another zone than -z says is named with that zone" {
	assert_put ok 32 state online_movable
	watch_writes
	run_chmem '-v -e -z Normal -b 32-33'
	assert_status 64
	assert_stdout "$(block 33) enabled"
	assert_stderr "chmem: $(block 32) enable failed: already online in zone Movable" \
		'chmem: Could only enable 128M of memory'
	assert_writes 'online 33 ok'
}

@test "D25: a block that somebody else is setting offline is waited for, and is done" {
	pin_block 39
	start_write other 39 state offline
	wait_for_state 39 going-offline
	watch_writes
	start chmem 'chmem -v -d -b 39'
	on_machine 'sleep 0.4'
	run ! has_ended_there chmem
	unpin
	finish chmem
	assert_status 0
	assert_stdout "$(block 39) already disabled"
	assert_stderr
	assert_writes
	assert_result other ok
}

@test "D25: a block that somebody else failed to set offline is online again: -e is content" {
	pin_block 39
	start_write other -a 800 39 state offline
	wait_for_state 39 going-offline
	watch_writes
	run_chmem '-v -e -b 39'
	assert_status 0
	assert_stdout "$(block 39) already enabled"
	assert_stderr
	assert_writes
	assert_result other EINTR
}

@test "D25: who waits for somebody else in vain tries it himself, within his time" {
	pin_block 39
	start_write other -a 1000 39 state offline
	wait_for_state 39 going-offline
	start chmem 'chmem -d --try-timeout 0.5 -b 39'
	finish chmem
	assert_status 1
	assert_stderr_like "chmem: $(block 39) disable failed: given up after *"
	assert_within 4000 chmem
	assert_result other EINTR
	assert_blocks 39-39 online
}
