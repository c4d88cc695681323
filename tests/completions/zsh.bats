#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The zsh completion as a user meets it: Tab at the prompt of an interactive zsh.

export COMPLETION_SHELL=zsh
load shells

setup_file()
{
	shells_setup_file
}

setup()
{
	terminal_setup
}

teardown_file()
{
	terminal_teardown_file
}

@test "the options that go with those on the line are offered" {
	check_options
}

@test "the words that an option takes are offered" {
	check_values
}

@test "after an option that takes a number nothing is offered, and then the operand" {
	check_numbers_are_left_to_the_user
}

@test "after -z the zones that exist there are offered, in any case" {
	check_zones
}

@test "after --node the nodes are offered that are not in the list" {
	check_nodes
}

@test "after --from the devices are offered" {
	check_devices
}

@test "after -b blocks and their runs are offered for what is to be done" {
	check_blocks
}

@test "of a list of blocks the part behind the last comma is completed" {
	check_lists_of_blocks
}

@test "sizes and ranges of addresses are offered" {
	check_amounts
}

@test "after --resize the sizes are offered that can be reached" {
	check_resize
}

@test "on s390 -c and -g offer what is not configured, or is" {
	check_s390
}

@test "the columns are offered that are not in the list" {
	check_columns
}

@test "directories are offered for --sysroot, and it counts in every spelling" {
	check_sysroots
}

@test "where chmem fails only options are offered" {
	check_nothing_where_chmem_fails
}

@test "the chmem that is on the line is asked" {
	check_the_program_on_the_line
}

@test "no command on the line is run" {
	check_nothing_is_run
}

@test "beside an option the case is that of chmem" {
	tab 'chmem -s plain --zone=MOV' 'chmem -s plain --zone=Movable '
	tab 'chmem --output=RANGE,dev' 'chmem --output=RANGE,DEVICE '
}
