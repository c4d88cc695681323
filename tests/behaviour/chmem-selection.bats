#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Lists of blocks, all blocks, a size to reach, the order, and the zone that is the kernel's choice.
#
# shellcheck disable=SC2154 # set by ../guest/machines.bash
# shellcheck disable=SC2016 # the machine's shell expands

load behaviour

# assert_online_size MIB - so much is online, in whole blocks.
assert_online_size() {
	is "MiB online" "$(on_machine '
		grep -lx online $memory/memory*/state | wc -l')" $(($1 / 128))
}

# start_waiting COMMANDLINE - and it still does after a while.
start_waiting() {
	start chmem "chmem $1"
	on_machine 'sleep 0.4'
	run ! has_ended_there chmem
}

@test "-b takes a list, each block of it once" {
	watch_writes
	run_chmem '-v -e -b 38,32,34-35,34'
	assert_status 0
	assert_stdout "$(block 32) enabled" "$(block 34) enabled" "$(block 35) enabled" "$(block 38) enabled"
	assert_stderr
	assert_writes 'online 32 ok' 'online 34 ok' 'online 35 ok' 'online 38 ok'
	assert_blocks 32-39 online offline online online offline offline online offline
}

@test "-b names what is missing over the whole list" {
	run_chmem '-e -b 41,39,43-44'
	assert_status 64
	assert_stdout
	assert_stderr 'chmem: Memory Blocks 41, 43-44 do not exist' 'chmem: Could only enable 128M of memory'
	assert_blocks 38-39 offline online
}

# ---- --all ----

@test "-e --all sets all memory online, and then there is nothing to do" {
	on_machine 'put 35 state online_movable' >/dev/null
	watch_writes
	run_chmem '-v -e --all'
	assert_status 0
	assert_stdout "$(block 32) enabled" "$(block 33) enabled" "$(block 34) enabled" \
		"$(block 36) enabled" "$(block 37) enabled" "$(block 38) enabled" "$(block 39) enabled"
	assert_stderr
	assert_writes 'online 32 ok' 'online 33 ok' 'online 34 ok' 'online 36 ok' 'online 37 ok' \
		'online 38 ok' 'online 39 ok'
	watch_writes
	run_chmem '-v -e --all'
	assert_status 0
	assert_stdout
	assert_stderr
	assert_writes
	assert_blocks 32-39 online
}

@test "-d --all -z Movable takes what is in Movable, and no memory that was there at boot" {
	on_machine 'chmem -e -b 32-34; chmem -e -z Normal -b 35'
	watch_writes
	run_chmem '-v -d --all -z Movable'
	assert_status 0
	assert_stdout "$(block 34) disabled" "$(block 33) disabled" "$(block 32) disabled"
	assert_stderr
	assert_writes 'offline 34 ok' 'offline 33 ok' 'offline 32 ok'
	assert_blocks 32-35 offline offline offline online
	assert_blocks "$boot_blocks" online
	run_chmem '-d --all -z Movable'
	assert_status 0
	assert_stderr
}

@test "-d --all without -z Movable is refused, and nothing goes" {
	on_machine 'chmem -e -b 32-33'
	watch_writes
	run_chmem '-d --all'
	assert_status 1
	assert_stdout
	assert_stderr_like 'chmem: --disable --all would take boot memory, too: *'
	assert_writes
}

@test "of all blocks, each that fails is named" {
	inject online EPERM
	run_chmem '-e --all'
	assert_status 1
	assert_stdout
	assert_stderr_line 0 "chmem: $(block 32) enable failed: Operation not permitted*"
	assert_stderr_line 7 "chmem: $(block 39) enable failed: Operation not permitted*"
	assert_stderr_length 8
	inject_nothing
	assert_blocks 32-39 offline
}

@test "-d --all --atomic sets all back if TERM comes before the end" {
	pin_block 39
	on_machine 'put 38 state online_movable' >/dev/null
	start chmem 'chmem --atomic --try-timeout 0 -d --all --order lowest -z Movable'
	wait_for_state 39 going-offline
	assert_blocks 38-38 offline
	send TERM chmem
	finish chmem
	assert_status 143
	unpin
	assert_blocks 38-39 online
	assert_zone 38 Movable
}

@test "-e --all --wait takes what comes, and is done when nothing more does" {
	start_waiting '-v -e --all --wait 20'
	assert_blocks 32-39 online
	hot_add 512
	finish chmem
	assert_status 0
	assert_stderr
	is "lines" "$(wc -l <<<"$output")" 12
	assert_blocks 32-43 online
	assert_within 8000 chmem
}

@test "-e --all --wait is content with what the kernel sets online itself" {
	on_machine 'chmem -e --all; echo online_movable >$memory/auto_online_blocks'
	start_waiting '-e --all --wait 20'
	hot_add 512
	finish chmem
	assert_status 0
	assert_stderr
	assert_blocks 40-43 online
	assert_within 8000 chmem
}

@test "-e --all --atomic --wait changes nothing before all have come" {
	start_waiting '--atomic -e --all --wait 20'
	assert_blocks 32-39 offline
	hot_add 512
	finish chmem
	assert_status 0
	assert_stderr
	assert_blocks 32-43 online
}

# ---- --resize ----

@test "--resize brings what is online to a size, and changes nothing the second time" {
	run_chmem "-v --resize $((boot_mib + 384))M"
	assert_status 0
	assert_stdout "$(block 32) enabled" "$(block 33) enabled" "$(block 34) enabled"
	assert_stderr
	assert_online_size $((boot_mib + 384))
	watch_writes
	run_chmem "-v --resize $((boot_mib + 384))M"
	assert_status 0
	assert_stdout
	assert_stderr
	assert_writes
	run_chmem "-v --resize $((boot_mib + 128))M"
	assert_status 0
	assert_stdout "$(block 34) disabled" "$(block 33) disabled"
	assert_stderr
	assert_online_size $((boot_mib + 128))
}

@test "--resize goes only the way that the command says" {
	on_machine 'chmem -e -b 32-33'
	watch_writes
	run_chmem "-v -e --resize ${boot_mib}M"
	assert_status 0
	run_chmem "-v -d --resize $((boot_mib + 1024))M"
	assert_status 0
	assert_stdout
	assert_stderr
	assert_writes
	run_chmem "-d --resize $((boot_mib + 128))M"
	assert_status 0
	assert_online_size $((boot_mib + 128))
}

@test "--resize -z is about this zone alone" {
	on_machine 'chmem -e -z Normal -b 32-33'
	run_chmem '-v --resize 256M -z Movable'
	assert_status 0
	assert_stdout "$(block 34) enabled" "$(block 35) enabled"
	assert_zone 34 Movable
	run_chmem '-v --resize 0M -z Movable'
	assert_status 0
	assert_stdout "$(block 35) disabled" "$(block 34) disabled"
	assert_stderr
	assert_blocks 32-33 online
}

@test "--resize beyond what there is does what it can: exit status 64" {
	run_chmem '--resize 8G'
	assert_status 64
	assert_stderr 'chmem: Could only enable 1G of memory'
	assert_online_size $((boot_mib + 1024))
}

@test "--resize --wait counts blocks that the kernel sets online itself" {
	on_machine 'chmem -e --all; echo online_movable >$memory/auto_online_blocks'
	start_waiting "-v --resize $((boot_mib + 1536))M --wait 20"
	hot_add 512
	finish chmem
	assert_status 0
	# those that the kernel did just before their turn are told of
	is "what else is told" "$(grep -v '^Memory Block 4[0-3] (.*) already enabled$' <<<"$output")" ''
	assert_stderr
	assert_online_size $((boot_mib + 1536))
	assert_within 6000 chmem
}

@test "--resize --wait counts blocks that somebody else sets online" {
	on_machine 'chmem -e -b 32-38'
	start_waiting "--resize $((boot_mib + 1280))M --wait 20"
	assert_blocks 39-39 online
	hot_add 512
	finish chmem
	assert_status 0
	assert_stderr
	assert_online_size $((boot_mib + 1280))
}

# ---- --order, -z auto ----

@test "--order says from which end blocks are taken" {
	watch_writes
	run_chmem '--order highest -e 256M'
	assert_status 0
	assert_writes 'online 39 ok' 'online 38 ok'
	on_machine 'chmem -e -b 32'
	watch_writes
	run_chmem '--order lowest -d -z Movable 256M'
	assert_status 0
	assert_stderr
	assert_writes 'offline 32 ok' 'offline 38 ok'
}

@test "-z auto leaves the zone to the kernel" {
	run_chmem '-v -e -z auto -b 32'
	assert_status 0
	assert_stdout "$(block 32) enabled"
	assert_stderr
	assert_put ok 33 state online
	assert_zone 32 "$(on_machine 'zones 33')"
	run_chmem '-e -b 34'
	assert_status 0
	assert_zone 32 Normal
	assert_zone 34 Movable
}
