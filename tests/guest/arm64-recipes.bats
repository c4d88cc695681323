#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The recipe for arm64 of chmem-recipes(7): the machine is started as it says, and the commands are
# those of x86-64. Only the numbers of blocks are others.

load guest
load recipes

guest_machine virt

guest_prepare() {
	guest '. /etc/functions; more_modules'
}

# What a failed test has plugged goes with its guest only.
guest_tidy() {
	is "blocks of a DIMM" "$(dimm_blocks)" ''
}

# dimm_blocks - FIRST-LAST, those that a DIMM has brought.
dimm_blocks() {
	guest 'chmem --list --noheadings -o BLOCK,DEVICE' | awk '$2 ~ /^PNP0C80:/ { print $1 }'
}

@test "the page has a recipe for arm64, and the guest is started as it says" {
	assert_started_so 'QEMU: ARM64'
	assert_steps 'QEMU: ARM64'
}

@test "a DIMM comes, goes online, offline, and away, by the commands of the page" {
	local section='QEMU: A DIMM' blocks command

	play "$section" 1-2
	guest ". /etc/functions; until_true 'chmem --list --noheadings -o BLOCK,DEVICE --all |
		grep PNP0C80: | wc -l | grep -qx 8'"
	blocks=$(dimm_blocks)
	play "$section" 3-3
	assert_blocks "$blocks" online
	command=$(steps "$section" 4-4)
	[[ $command == '# chmem -d '*' -b 32-39' ]]
	run_guest "${command:2:${#command}-7}$blocks"
	assert_status 0
	assert_stderr
	assert_blocks "$blocks" offline
	play "$section" 5-6
	guest ". /etc/functions; until_true '[ ! -e $MEMORY/memory${blocks#*-} ]'"
	assert_blocks "$blocks" -
}
