#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The guest matrix: what a cell comes to, by what `make check` says of its tests. No guest is
# started: a make is played that answers as told.
#
# shellcheck disable=SC2154 # set by run

load ../helpers

setup() {
	# what this run itself must do is nothing to the cells
	unset CHMEM_TESTS_MUST_RUN MATRIX_SHORT
	export MAKE=$BATS_TEST_TMPDIR/make ASKED=$BATS_TEST_TMPDIR/asked
}

# make_says STATUS PASS SKIP FAIL [REASON] - so answers every `make check`; what it was asked for
# is in the file ASKED.
make_says() {
	cat >"$MAKE" <<-EOF
		#!/bin/sh
		{
			echo "TESTS \$*"
			echo "MUST_RUN \$CHMEM_TESTS_MUST_RUN"
			echo "KERNEL \$GUEST_KERNEL"
		} >>'$ASKED'
		echo 'q35 6.1.0-1-cloud' >>"\$GUEST_RECORD"
		echo 'SKIP: tests/guest/a.bats 1 a name # SKIP ${5-}'
		echo 'Testsuite summary for chmem'
		echo '# TOTAL: 9'
		echo '# PASS:  $2'
		echo '# SKIP:  $3'
		echo '# XFAIL: 0'
		echo '# FAIL:  $4'
		echo '# XPASS: 0'
		echo '# ERROR: 0'
		exit $1
	EOF
	chmod +x "$MAKE"
}

run_matrix() {
	run --separate-stderr "$abs_top_srcdir/tests/guest/matrix" "$@"
}

# assert_line CELL PATTERN - the last line is of that cell, and goes on so.
assert_line() {
	is_like "the line of $1" "$(tail -n 1 <<<"$output" | sed 's/  */ /g')" "$1 $2"
}

asked() {
	sed -n "s/^$1 //p" "$ASKED"
}

@test "a cell whose tests pass has a line with what they ran on, and how many" {
	make_says 0 7 1 0 'for no reason'
	run_matrix x86
	assert_status 0
	assert_stderr
	assert_line x86 'q35 6.1.0-1-cloud 7 0 1 +([0-9]) '
}

@test "the summaries of automake are passed on, to be counted" {
	make_says 0 7 1 0
	run_matrix x86 x86-newer
	is "summaries" "$(grep -c '^# PASS:  7$' <<<"$output")" 2
}

@test "a cell with a test that failed has failed, and so has the run" {
	make_says 2 6 0 1
	run_matrix x86
	assert_status 1
	assert_line x86 'q35 6.1.0-1-cloud 6 1 0 +([0-9]) FAILED'
}

@test "a make that fails without a test that did counts as one" {
	make_says 2 6 0 0
	run_matrix x86
	assert_status 1
	assert_line x86 'q35 6.1.0-1-cloud 6 1 0 * FAILED'
}

@test "where no test ran, nothing is what the tests came to" {
	make_says 0 0 0 0
	run_matrix x86
	assert_status 1
	assert_line x86 '* 0 1 0 * FAILED: no test ran'
}

@test "a cell that fails does not keep the others from running" {
	make_says 2 6 0 1
	run_matrix x86 x86-newer
	assert_status 1
	is "runs" "$(asked TESTS | wc -l)" 2
}

@test "a cell of which all was skipped says why, and is no failure" {
	make_says 0 0 9 0 'qemu-system-x86_64 is not installed'
	run_matrix x86
	assert_status 0
	assert_line x86 '* 0 0 9 * SKIPPED: qemu-system-x86_64 is not installed'
}

@test "guest, or guest-CELL, makes its tests fail where they would be skipped" {
	make_says 0 7 0 0
	CHMEM_TESTS_MUST_RUN='unit guest-x86 behaviour' run_matrix x86 x86-newer
	is "for x86, then x86-newer" "$(asked MUST_RUN | sed 's/ *$//')" \
		"$(printf '%s\n' 'unit guest guest-x86 behaviour' unit)"
	rm -- "$ASKED"
	CHMEM_TESTS_MUST_RUN='guest' run_matrix x86 x86-newer
	is "for both" "$(asked MUST_RUN | sed 's/^ *//')" \
		"$(printf 'guest %s behaviour\n' guest-x86 guest-x86-newer)"
}

@test "each cell has its environment and its tests" {
	make_says 0 7 0 0
	run_matrix x86 x86-newer
	is "kernels" "$(asked KERNEL)" "$(printf '%s\n' '' newer)"
	is_like "tests of x86" "$(asked TESTS | sed -n 1p)" \
		'*tests/guest/enable.bats *tests/behaviour/kernel-zones.bats*'
	is_like "tests of x86-newer" "$(asked TESTS | sed -n 2p)" \
		'*tests/guest/facts-newer.bats *tests/behaviour/chmem-atomic.bats*'
	[[ $(asked TESTS | sed -n 1p) != *newer.bats* ]]
}

@test "MATRIX_SHORT leaves the most of the behaviour suite to the first cell" {
	make_says 0 7 0 0
	MATRIX_SHORT=1 run_matrix x86 x86-newer
	is_like "tests of x86" "$(asked TESTS | sed -n 1p)" \
		'*tests/behaviour/chmem-tries.bats*tests/behaviour/kernel-zones.bats*'
	is_like "tests of x86-newer" "$(asked TESTS | sed -n 2p)" \
		'*tests/guest/facts-newer.bats*tests/behaviour/chmem-blocks.bats*'
	[[ $(asked TESTS | sed -n 2p) != *chmem-tries.bats* ]]
}

@test "every file of tests is in some cell" {
	local file

	make_says 0 7 0 0
	run_matrix
	for file in "$abs_top_srcdir"/tests/guest/*.bats; do
		file=tests/guest/${file##*/}
		[[ $file == tests/guest/matrix.bats || $(asked TESTS) == *"$file"* ]] || {
			echo "no cell has $file"
			return 1
		}
	done
}

@test "a cell that there is not is refused, before anything runs" {
	make_says 0 7 0 0
	run_matrix x86 x87
	assert_status 2
	assert_stdout
	assert_stderr_like 'there is no cell x87; there are: x86 x86-newer*'
	[ ! -e "$ASKED" ]
}
