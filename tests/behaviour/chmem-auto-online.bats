#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# chmem --auto-online: what is added afterwards comes up so.
#
# shellcheck disable=SC2016 # the machine's shell expands

load behaviour

# set_auto_online WORD - by chmem, and the kernel shows it.
set_auto_online() {
	run_chmem "--auto-online=$1"
	assert_status 0
	assert_stdout
	assert_stderr
	is auto_online_blocks "$(on_machine 'cat $memory/auto_online_blocks')" "$1"
}

@test "--auto-online shows what the kernel has" {
	local word

	for word in offline online online_kernel online_movable; do
		on_machine "echo $word >\$memory/auto_online_blocks"
		run_chmem --auto-online
		assert_status 0
		assert_stdout "$word"
		assert_stderr
	done
}

@test "--auto-online=online: what is added is online, in the zone of the kernel's choice" {
	set_auto_online online
	hot_add 256
	assert_blocks 39-41 offline online online
	assert_zone 40 Normal
}

@test "--auto-online=online_kernel: what is added is online in Normal" {
	on_machine 'chmem -e -b 39'
	assert_zone 39 Movable
	set_auto_online online_kernel
	hot_add 256
	assert_blocks 40-41 online
	assert_zone 40 Normal
}

@test "--auto-online=online_movable: what is added is online in Movable" {
	set_auto_online online_movable
	hot_add 256
	assert_blocks 40-41 online
	assert_zone 40 Movable
	assert_zone 41 Movable
}

@test "--auto-online=offline: what is added is offline" {
	on_machine 'echo online >$memory/auto_online_blocks'
	set_auto_online offline
	hot_add 256
	assert_blocks 39-42 offline offline offline -
}

@test "--auto-online changes no block that is there" {
	local before

	before=$(on_machine everything)
	set_auto_online online_movable
	is "the blocks" "$(on_machine everything)" "$before"
}

@test "--auto-online=POLICY a second time is a success, and so it is for an ordinary user" {
	set_auto_online online_movable
	set_auto_online online_movable
	run_as_nobody 'chmem --auto-online=online_movable'
	assert_status 0
	assert_stderr
}

@test "an ordinary user sees it, and cannot set it" {
	run_as_nobody 'chmem --auto-online'
	assert_status 0
	assert_stdout offline
	run_as_nobody 'chmem --auto-online=online'
	assert_status 1
	assert_stdout
	assert_stderr 'chmem: Failed to write online to /sys/devices/system/memory/auto_online_blocks: Permission denied'
	is auto_online_blocks "$(on_machine 'cat $memory/auto_online_blocks')" offline
}

@test "--json tells what it was and is" {
	run_chmem '--json --auto-online=online_kernel'
	assert_status 0
	assert_stderr
	is "the document" "$(jq -c '[.command, .status, .auto_online]' <<<"$output")" \
		'["auto-online","done",{"before":"offline","after":"online_kernel"}]'
	is auto_online_blocks "$(on_machine 'cat $memory/auto_online_blocks')" online_kernel
}
