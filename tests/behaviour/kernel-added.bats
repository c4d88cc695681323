#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Blocks that come and go while the kernel runs: a DIMM of 512 MiB, from block 40 on.
#
# shellcheck disable=SC2016 # the machine's shell expands

load behaviour

set_auto_online() {
	on_machine "echo $1 >\$memory/auto_online_blocks"
}

links() {
	on_machine 'stat -c %h $memory'
}

@test "what is added is offline, and may go to Normal or Movable" {
	is auto_online_blocks "$(on_machine 'cat $memory/auto_online_blocks')" offline
	hot_add 512
	assert_blocks 39-44 offline offline offline offline offline -
	assert_zone 40 'Normal Movable'
}

@test "auto_online_blocks online: what is added is online, in the zone of the kernel's choice" {
	set_auto_online online
	hot_add 256
	assert_blocks 39-41 offline online online
	assert_zone 40 Normal
}

@test "auto_online_blocks online_movable: what is added is online in Movable" {
	set_auto_online online_movable
	hot_add 256
	assert_blocks 40-41 online
	assert_zone 40 Movable
	assert_zone 41 Movable
}

@test "auto_online_blocks online_kernel: what is added is online in Normal" {
	set_auto_online online_kernel
	hot_add 256
	assert_blocks 40-41 online
	assert_zone 40 Normal
}

@test "auto_online_blocks leaves alone what was there before" {
	set_auto_online online_movable
	assert_blocks 32-39 offline
	hot_add 256
	assert_blocks 32-39 offline
	assert_put ok 40 state offline
	assert_blocks 40-40 offline
}

@test "a word that auto_online_blocks does not know is EINVAL, and the old one stays" {
	run_script 'poke $memory/auto_online_blocks movable
		poke $memory/auto_online_blocks online_movable
		poke $memory/auto_online_blocks 1
		cat $memory/auto_online_blocks'
	assert_stdout EINVAL ok EINVAL online_movable
}

@test "a block that cannot be set online as it comes is offline, without an error" {
	set_auto_online online_movable
	inject online ENOMEM
	hot_add 256
	assert_blocks 40-41 offline
	inject_nothing
	assert_put ok 40 state online
}

@test "the directory counts its blocks as links" {
	local before

	before=$(links)
	hot_add 512
	assert_grown links "$before" "$(links)" 4
	hot_remove
	assert_grown links "$before" "$(links)" 0
}

@test "what is removed is gone, with all its files" {
	hot_add 256
	hot_remove
	assert_blocks 39-41 offline - -
	assert_put 'open ENOENT' 40 state online
}

@test "what is removed while it is online is set offline by the kernel first" {
	local total

	total=$(memory_info MemTotal)
	hot_add 256
	assert_put ok 40 state online_movable
	hot_remove
	assert_blocks 40-41 -
	is MemTotal "$(memory_info MemTotal)" "$total"
}

@test "whoever has the state of a block open that is removed gets ENODEV" {
	hot_add 256
	start_write late -r -H 10 -w 20000 40 state online
	on_machine 'until_true "ls -l /proc/$(cat $run/late.pid)/fd | grep -q state"'
	hot_remove
	send USR1 late
	assert_result late ENODEV
}

@test "what is added anew begins anew" {
	hot_add 256
	assert_put ok 40 state online_movable
	hot_remove
	hot_add 256
	assert_blocks 40-41 offline
	assert_zone 40 'Normal Movable'
}

@test "a DIMM whose blocks are offline goes by its eject, all of it" {
	dimm_only
	hot_add 256
	run_script 'poke $memory/memory41/firmware_node/eject 1'
	assert_stdout ok
	on_machine 'until_true "[ ! -e $memory/memory40 ] && [ ! -e $memory/memory41 ]"'
	assert_blocks 39-41 offline - -
}

@test "a DIMM whose blocks are online is set offline by its eject, and goes" {
	local total

	dimm_only
	total=$(memory_info MemTotal)
	hot_add 256
	assert_put ok 41 state online_movable
	run_script 'poke $memory/memory40/firmware_node/eject 1'
	on_machine 'until_true "[ ! -e $memory/memory40 ] && [ ! -e $memory/memory41 ]"'
	assert_blocks 39-41 offline - -
	is MemTotal "$(memory_info MemTotal)" "$total"
}

@test "what is to be added has to wait while a block does not go, as every writer has" {
	pin_block 39
	start_write spinner 39 state offline
	wait_for_state 39 going-offline
	hot_add_later 256
	on_machine 'sleep 0.3'
	assert_blocks 39-41 going-offline - -
	unpin
	assert_result spinner ok
	on_machine 'until_true "[ -e $memory/memory41 ]"'
	assert_blocks 39-41 offline
}
