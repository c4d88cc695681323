#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The guest matrix: what a cell comes to, by what its test files print. No guest is started: in a
# tree of its own, where a test file is a name, a run-bats is played that prints what it is told.
#
# shellcheck disable=SC2154 # set by run

load ../helpers

setup() {
	# what this run itself is to do is nothing to the cells
	unset CHMEM_TESTS_MUST_RUN MATRIX_SHORT MAKEFLAGS MFLAGS MAKELEVEL
	export PLAYED=$BATS_TEST_TMPDIR/played ASKED=$BATS_TEST_TMPDIR/asked
	mkdir -p "$PLAYED"/{tests/{guest,behaviour},says}
	cp "$abs_top_srcdir/tests/guest/matrix" "$PLAYED/tests/guest/"
	cat >"$PLAYED/tests/run-bats" <<-'EOS'
		#!/bin/sh
		echo "$1 kernel=$GUEST_KERNEL must_run=$CHMEM_TESTS_MUST_RUN " >>"$ASKED"
		echo "q35 6.1.0-1-cloud" >>"$GUEST_RECORD"
		cat "$PLAYED/says/${1##*/}" 2>/dev/null || printf '1..1\nok 1 a name\n'
	EOS
	chmod +x "$PLAYED/tests/run-bats"
}

# use_cells - two of them: `one` has two files of tests, `two` has one, and another kernel.
use_cells() {
	touch "$PLAYED"/tests/guest/{a,b,c}.bats
	printf '%s\n' 'cell one -- tests/guest/a.bats tests/guest/b.bats' \
		'cell two GUEST_KERNEL=newer -- tests/guest/c.bats' >"$PLAYED/tests/guest/cells"
}

# use_real_cells - those that there are, with the names of all the files.
use_real_cells() {
	cp "$abs_top_srcdir/tests/guest/cells" "$PLAYED/tests/guest/"
	for file in "$abs_top_srcdir"/tests/{guest,behaviour}/*.bats; do
		: >"$PLAYED/${file#"$abs_top_srcdir/"}"
	done
}

# says FILE LINE... - what that file prints.
says() {
	printf '%s\n' "${@:2}" >"$PLAYED/says/$1.bats"
}

run_matrix() {
	abs_top_builddir=$PLAYED run --separate-stderr "$PLAYED/tests/guest/matrix" "$@"
}

# assert_row NAME PATTERN - the last line that begins with that name goes on so.
assert_row() {
	is_like "the line of $1" "$(grep "^$1 " <<<"$output" | tail -n 1 | sed 's/  */ /g')" "$1 $2"
}

# asked FILE - how it was run, a line each time.
asked() {
	sed -n "s|^tests/[a-z]*/$1.bats ||p" "$ASKED"
}

@test "a cell whose tests pass has a line with what they ran on, and how many" {
	use_cells
	says a 1..3 'ok 1 x' 'ok 2 y # skip for no reason' 'ok 3 z'
	run_matrix one
	assert_status 0
	assert_stderr
	assert_row one 'q35 6.1.0-1-cloud 3 0 1 +([0-9])'
	assert_row all '3 0 1 +([0-9])'
}

@test "each result has a line, and what there was of them is counted, in automake's words" {
	use_cells
	says a 1..3 'ok 1 x' 'ok 2 y # skip for no reason' '# said' 'not ok 3 z'
	run_matrix one
	is "results" "$(grep -E '^(PASS|SKIP|FAIL|ERROR): ' <<<"$output" | sort)" "$(printf '%s\n' \
		'FAIL: one tests/guest/a.bats 3 z' 'PASS: one tests/guest/a.bats 1 x' \
		'PASS: one tests/guest/b.bats 1 a name' \
		'SKIP: one tests/guest/a.bats 2 y # SKIP for no reason')"
	is "the summary" "$(sed -n '/^Testsuite summary/,/^# ERROR/p' <<<"$output")" "$(printf '%s\n' \
		'Testsuite summary for the cell one' '# PASS: 2' '# SKIP: 1' '# FAIL: 1' '# ERROR: 0')"
}

@test "a cell with a test that failed has failed, and so has the run; it is told what the test said" {
	use_cells
	says a 1..3 'ok 1 x' '# of x' 'not ok 2 y' '# of y' 'ok 3 z' '# of z'
	run_matrix one
	assert_status 1
	assert_row one 'q35 6.1.0-1-cloud 3 1 0 +([0-9]) FAILED'
	is_like "the output" "$output" $'*\none: a.log\nnot ok 2 y\n# of y\n*'
	[[ $output != *'# of x'* && $output != *'# of z'* ]]
}

@test "tests that do not come count as one that failed" {
	use_cells
	says a 1..3 'ok 1 x' 'ok 2 y'
	run_matrix one
	assert_status 1
	assert_row one '* 3 1 0 +([0-9]) FAILED'
	is_like "the output" "$output" '*ERROR: one tests/guest/a.bats: of 3 tests 2 ran*'
}

@test "so does a file that prints no plan" {
	use_cells
	says a 'Bail out! bats printed no plan'
	run_matrix one
	assert_status 1
	assert_row one '* 1 1 0 +([0-9]) FAILED'
	is_like "the output" "$output" '*Bail out! bats printed no plan*'
}

@test "where no test ran, nothing is what the tests came to" {
	use_cells
	MAKE=true run_matrix one
	assert_status 1
	assert_row one '0 1 0 0 FAILED: no test ran'
}

@test "what is left of a run before is not counted" {
	use_cells
	run_matrix one
	MAKE=true run_matrix one
	assert_status 1
	assert_row one '0 1 0 0 FAILED: no test ran'
}

@test "a cell that fails does not keep the others from running" {
	use_cells
	says a 1..1 'not ok 1 x'
	run_matrix
	assert_status 1
	assert_row one '* 1 1 0 +([0-9]) FAILED'
	assert_row two '* 1 0 0 +([0-9])'
	assert_row all '2 1 0 +([0-9])'
}

@test "a cell of which all was skipped says why, and is no failure" {
	use_cells
	says c 1..2 'ok 1 x # skip qemu-system-x86_64 is not installed' \
		'ok 2 y # skip qemu-system-x86_64 is not installed'
	run_matrix two
	assert_status 0
	assert_row two '* 0 0 2 +([0-9]) SKIPPED: qemu-system-x86_64 is not installed'
}

@test "a cell whose files are not all there is skipped; where it must run, it has failed" {
	use_cells
	rm "$PLAYED/tests/guest/c.bats"
	run_matrix
	assert_status 0
	assert_row two '0 0 0 0 SKIPPED: not all of its tests are there: tests/guest/c.bats'
	CHMEM_TESTS_MUST_RUN=guest-two run_matrix
	assert_status 1
	assert_row two '0 1 0 0 FAILED: not all of its tests are there: tests/guest/c.bats'
	assert_row one '* 2 0 0 +([0-9])'
}

@test "guest, or guest-CELL, makes its tests fail where they would be skipped" {
	use_cells
	CHMEM_TESTS_MUST_RUN='unit guest-one behaviour' run_matrix
	is_like a "$(asked a)" '*must_run=unit guest guest-one behaviour *'
	is_like c "$(asked c)" '*must_run=unit *([ ])'
	rm -- "$ASKED"
	CHMEM_TESTS_MUST_RUN=guest run_matrix
	is_like a "$(asked a)" '*must_run=*guest guest-one behaviour *'
	is_like c "$(asked c)" '*must_run=*guest guest-two behaviour *'
}

@test "each cell has its environment, as it is written" {
	use_cells
	# shellcheck disable=SC2016 # as it is written
	echo 'cell three "GUEST_KERNEL=a \$b  \$(c) #d" -- tests/guest/b.bats' >>"$PLAYED/tests/guest/cells"
	run_matrix
	is_like a "$(asked a)" 'kernel= *'
	is_like c "$(asked c)" 'kernel=newer *'
	# shellcheck disable=SC2016 # as it is written
	is_like b "$(asked b | grep '#')" 'kernel=a $b  $(c) #d must_run=*'
}

@test "the files of all cells run at once, as many as make -j says" {
	use_cells
	cat >"$PLAYED/tests/run-bats" <<-'EOS'
		#!/bin/sh
		# each waits for all three to be there
		: >"$PLAYED/${1##*/}.here"
		tries=0
		until [ -e "$PLAYED/a.bats.here" ] && [ -e "$PLAYED/b.bats.here" ] &&
			[ -e "$PLAYED/c.bats.here" ] || [ "$tries" -ge 500 ]; do
			tries=$((tries + 1))
			sleep 0.02
		done
		[ "$tries" -ge 500 ] || printf '1..1\nok 1 a name\n'
	EOS
	MAKEFLAGS=-j3 run_matrix
	assert_status 0
	assert_row all '3 0 0 +([0-9])'
}

@test "every file of tests is in some cell" {
	local file

	use_real_cells
	run_matrix
	for file in "$abs_top_srcdir"/tests/guest/*.bats; do
		file=tests/guest/${file##*/}
		[[ $file == tests/guest/matrix.bats ]] || grep -q "^$file " "$ASKED" || {
			echo "no cell has $file"
			return 1
		}
	done
}

@test "a file that another cell has, or another kernel, is not in the first" {
	use_real_cells
	run_matrix x86
	is enable "$(asked enable | wc -l)" 1
	is kernel-zones "$(asked kernel-zones | wc -l)" 1
	is newer "$(grep -c newer.bats "$ASKED")" 0
	rm -- "$ASKED"
	run_matrix x86-newer
	is_like facts-newer "$(asked facts-newer)" 'kernel=newer *'
	is_like chmem-atomic "$(asked chmem-atomic)" 'kernel=newer *'
}

@test "MATRIX_SHORT leaves the most of the behaviour suite to the first cell" {
	use_real_cells
	MATRIX_SHORT=1 run_matrix x86 x86-newer
	is chmem-tries "$(asked chmem-tries | wc -l)" 1
	is chmem-blocks "$(asked chmem-blocks | wc -l)" 2
	is_like "tests of x86-newer" "$(asked facts-newer)" 'kernel=newer *'
}

@test "a file that a cell names by itself and with others is run once, in a short run too" {
	use_real_cells
	run_matrix numa
	assert_stderr
	is chmem-selection "$(asked chmem-selection | wc -l)" 1
	is chmem-tries "$(asked chmem-tries | wc -l)" 1
	rm -- "$ASKED"
	MATRIX_SHORT=1 run_matrix numa
	is chmem-selection "$(asked chmem-selection | wc -l)" 1
	is chmem-tries "$(asked chmem-tries | wc -l)" 0
}

@test "a cell that there is not is refused, before anything runs" {
	use_cells
	run_matrix one three
	assert_status 2
	assert_stdout
	assert_stderr 'there is no cell three; there are: one two'
	[ ! -e "$ASKED" ]
}

@test "so is guest-CELL, of no cell, among what must run" {
	use_cells
	CHMEM_TESTS_MUST_RUN='unit guest guest-two guest-three' run_matrix one
	assert_status 2
	assert_stdout
	assert_stderr 'CHMEM_TESTS_MUST_RUN: guest-three: there is no cell three; there are: one two'
	[ ! -e "$ASKED" ]
}
