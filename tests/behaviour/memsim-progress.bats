#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The bar of --progress on a real terminal, and that there is none elsewhere. On the simulated
# machine only, where blocks are as slow as is needed.
#
# shellcheck disable=SC2154 # TREE is set by memsim_start

load behaviour
load ../screen

slow_machine() {
	machine_start 'blocks 0-3 online' 'blocks 32-61 offline' 'delay * state 60'
}

# on_terminal [ARGUMENT]... - chmem on a terminal of 100 columns; what comes to it is kept in $typed.
on_terminal() {
	typed=$BATS_TEST_TMPDIR/typed
	run script -qec "stty cols 100; exec '$CHMEM' --sysroot '$TREE' $*" "$typed"
	assert_status 0
}

@test "a run of slow blocks draws a bar that ends at 100 % and leaves a clean line" {
	slow_machine
	on_terminal --progress -e -b 32-61
	[ "$(bars "$typed" | grep -c ' of 30 blocks')" -ge 5 ]
	is "lines on the screen" "$(screen "$typed" | grep -c .)" 1
	[[ $(screen "$typed") =~ ^\[#+\]\ 100%\ \ 30\ of\ 30\ blocks,\ 3\.8G\ of\ 3\.8G,\ [0-9]\ s$ ]]
	[ "$(screen "$typed" | wc -L)" -lt 100 ]
}

@test "the first second draws nothing, a short run nothing at all" {
	slow_machine
	on_terminal --progress -e -b 32-33
	is "what is drawn" "$(screen "$typed")" ""
	on_terminal --progress -e -b 34-61
	[ "$(tr '\r' '\n' <"$typed" | grep '^\[' | head -n 1 | sed 's/.*, \([0-9]*\) s.*/\1/')" -eq 1 ]
}

@test "lines are printed above the bar, which is drawn again below" {
	slow_machine
	on_terminal --progress -v -e -b 32-61
	is "lines for blocks" "$(screen "$typed" | grep -c 'Memory Block [0-9]* (.*) enabled$')" 30
	is "lines on the screen" "$(screen "$typed" | grep -c .)" 31
	[[ $(screen "$typed" | grep . | tail -n 1) == *' 100%  30 of 30 blocks'* ]]
}

@test "where stderr is no terminal there is no bar, but with --progress=always" {
	slow_machine
	run --separate-stderr chmem_on_tree --progress -e -b 32-51
	assert_status 0
	assert_stdout
	assert_stderr
	run --separate-stderr chmem_on_tree --progress=always -e -b 52-61
	assert_status 0
	assert_stdout
	[[ $stderr == *'10 of 10 blocks'* ]]
	[[ ${stderr//[^$'\n']/} == '' ]]
}

@test "there is no bar without the option, with never, and on a dumb terminal" {
	slow_machine
	on_terminal -e -b 32-51
	is "what is drawn" "$(screen "$typed")" ""
	on_terminal --progress=never -d --keep-free 0 -b 32-51
	is "what is drawn" "$(screen "$typed")" ""
	TERM=dumb on_terminal --progress -e -b 32-51
	is "what is drawn" "$(screen "$typed")" ""
}

@test "a narrow terminal gets what fits on one line" {
	slow_machine
	typed=$BATS_TEST_TMPDIR/typed
	run script -qec "stty cols 30; exec '$CHMEM' --sysroot '$TREE' --progress -e -b 32-61" "$typed"
	assert_status 0
	is "lines on the screen" "$(screen "$typed" | grep -c .)" 1
	[ "$(tr '\r' '\n' <"$typed" | sed -e 1d -e '/^Script/d' -e 's/\x1b\[K//' | wc -L)" -lt 30 ]
}

@test "a shorter line leaves nothing to see of a longer one" {
	slow_machine
	typed=$BATS_TEST_TMPDIR/typed
	run script -qec "stty cols 46; exec '$CHMEM' --sysroot '$TREE' --progress -e -b 32-61" "$typed"
	assert_status 0
	tr '\r' '\n' <"$typed" | grep -qE '^ ?[0-9]+%  [0-9]+ of 30 blocks, .*, block '
	[[ $(screen "$typed") =~ ^100%\ \ 30\ of\ 30\ blocks,\ 3\.8G\ of\ 3\.8G,\ [0-9]\ s$ ]]
}
