#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# --atomic: all of it or nothing.
#
# shellcheck disable=SC2016 # the machine's shell expands
# shellcheck disable=SC2154 # stderr is set by run

load behaviour

# set_online BLOCK... - in Movable.
set_online() {
	local block

	for block; do
		assert_put ok "$block" state online_movable
	done
}

# assert_all_or_nothing BLOCK - which cannot go. The others of 32 to 35 could.
assert_all_or_nothing() {
	local before

	make_unmovable "$1"
	for block in 32 33 34 35; do
		[ "$block" = "$1" ] || set_online "$block"
	done
	before=$(everything)
	watch_writes
	run_chmem '--atomic -d -b 32-35'
	assert_status 1
	assert_stdout
	assert_stderr_line 0 "chmem: $(block "$1") disable failed: Device or resource busy*"
	is "all blocks" "$(everything)" "$before"
	# What is behind the one that failed was left alone.
	[[ $(writes) != *"offline $(($1 + 1)) "* ]]
}

@test "--atomic -d, the first of four cannot go: all stay" {
	assert_all_or_nothing 32
}

@test "--atomic -d, the second of four cannot go: the first comes back" {
	assert_all_or_nothing 33
	assert_writes 'offline 32 ok' 'offline 33 EBUSY' 'online 32 ok'
}

@test "--atomic -d, the third of four cannot go: the others come back" {
	assert_all_or_nothing 34
}

@test "--atomic -d, the last of four cannot go: the others come back, the last one first" {
	assert_all_or_nothing 35
	assert_writes 'offline 32 ok' 'offline 33 ok' 'offline 34 ok' 'offline 35 EBUSY' \
		'online 34 ok' 'online 33 ok' 'online 32 ok'
}

@test "--atomic -d of what can go sets it offline" {
	set_online 32 33 34
	run_chmem '--atomic -v -d -b 32-34'
	assert_status 0
	assert_stdout "$(block 32) disabled" "$(block 33) disabled" "$(block 34) disabled"
	assert_stderr
	assert_blocks 32-34 offline
}

@test "--atomic -e of what can come sets it online" {
	run_chmem '--atomic -e 512M'
	assert_status 0
	assert_stderr
	assert_blocks 32-36 online online online online offline
}

@test "--atomic -d SIZE of which only a part can go: it comes back" {
	local before

	make_unmovable 32
	set_online 33 34
	before=$(everything)
	run_chmem '--atomic -d -z Movable --try-timeout 2 384M'
	assert_status 1
	assert_stdout
	assert_stderr_like 'chmem: ?*'
	is "all blocks" "$(everything)" "$before"
}

@test "--atomic -v names what was set back" {
	make_unmovable 33
	set_online 32
	run_chmem '--atomic -v -d -b 32-33'
	assert_status 1
	assert_stdout "$(block 32) disabled" "$(block 32) set back"
	assert_stderr_has 'chmem: --atomic: what was changed is set back'
}

@test "--atomic -e of blocks that do not all exist is refused before anything is written" {
	watch_writes
	run_chmem '--atomic -e -b 38-41'
	assert_status 1
	assert_stderr_has 'chmem: Memory Blocks 40-41 do not exist'
	assert_stderr_has 'chmem: --atomic: nothing was changed'
	assert_writes
	assert_blocks 38-39 offline
}

@test "--atomic -e SIZE of more than there is is refused before anything is written" {
	watch_writes
	run_chmem '--atomic -e 2G'
	assert_status 1
	assert_stderr_has 'chmem: --atomic: nothing was changed, as only 1G can be'
	assert_writes
	assert_blocks 32-39 offline
}

@test "--atomic -e to a zone that does not fit is refused before anything is written" {
	watch_writes
	run_chmem '--atomic -e -z DMA32 -b 32-33'
	assert_status 1
	assert_stderr_has "chmem: $(block 32) enable failed: Zone mismatch"
	assert_stderr_has 'chmem: --atomic: nothing was changed'
	assert_writes
}

@test "--atomic -d with too little memory left is refused before anything is written" {
	set_online 32 33 34 35
	watch_writes
	run_chmem "--atomic -d --keep-free $(($(memory_info MemAvailable) / 1024 - 192))M -b 32-35"
	assert_status 1
	assert_stderr_has '*it would leave *--keep-free 0 takes it anyway*'
	[[ $stderr != *'not exist'* ]]
	assert_stderr_has 'chmem: --atomic: nothing was changed'
	assert_writes
	assert_blocks 32-35 online
}

@test "--atomic: a block that is as wanted already is left as it is when the others go back" {
	local before

	make_unmovable 34
	set_online 33
	before=$(everything)
	run_chmem '--atomic -d -b 32-34'
	assert_status 1
	is "all blocks" "$(everything)" "$before"
}

@test "--atomic: blocks that cannot be set back are named, exit status 64" {
	make_unmovable 34
	set_online 32 33
	inject online ENOMEM
	run_chmem '--atomic -d -b 32-34'
	assert_status 64
	assert_stdout
	assert_stderr_line 0 "chmem: $(block 34) disable failed: Device or resource busy*"
	assert_stderr_has "chmem: $(block 33) could not be set back: Cannot allocate memory*"
	assert_stderr_has "chmem: $(block 32) could not be set back: Cannot allocate memory*"
	assert_stderr_has 'chmem: --atomic: not all blocks could be set back'
	assert_blocks 32-34 offline offline online
}

@test "--atomic: a block that does not go in its time brings the others back" {
	local before

	pin_block 34
	set_online 32 33 35
	before=$(everything)
	start chmem 'chmem --atomic --try-timeout 0.5 -d -b 32-35'
	finish chmem
	assert_status 1
	assert_stderr_line 0 "chmem: $(block 34) disable failed: given up after *"
	assert_within 3500 chmem
	assert_same_as "$before"
	assert_nobody_left
}

@test "--atomic: --timeout brings the blocks back that were changed" {
	local before

	pin_block 34
	set_online 32 33
	before=$(everything)
	start chmem 'chmem --atomic --timeout 0.6 -d -b 32-34'
	finish chmem
	assert_status 1
	assert_within 3500 chmem
	assert_same_as "$before"
	assert_nobody_left
}

@test "D23: --atomic: INT, TERM and HUP bring the blocks back that were changed, then chmem dies of it" {
	local before row

	pin_block 34
	set_online 32 33
	before=$(everything)
	for row in INT:130:Interrupt TERM:143:Terminated HUP:129:Hangup; do
		start chmem 'chmem --atomic -d -b 32-34'
		wait_for_state 34 going-offline
		assert_blocks 32-33 offline
		send "${row%%:*}" chmem
		finish chmem
		row=${row#*:}
		assert_status "${row%:*}"
		assert_stderr_has "chmem: ended by a signal: ${row#*:}"
		assert_same_as "$before"
		assert_nobody_left
	done
}
