#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Kernels before 5.6 have no openat2(2): paths are then walked step by step, with the same
# outcome.

load ../helpers

export abs_top_srcdir abs_top_builddir
no_openat2=${abs_top_builddir:?}/tests/cli/no-openat2

# passes_without_openat2 FILE
passes_without_openat2() {
	local wrapper=$BATS_TEST_TMPDIR/chmem log=$BATS_TEST_TMPDIR/log

	"$no_openat2" true || skip "system calls cannot be filtered here"
	cat >"$wrapper" <<-END
		#!$BASH
		exec "$no_openat2" "$BASH" -c 'exec -a chmem "\$@"' - "$CHMEM" "\$@"
	END
	chmod +x "$wrapper"
	env -u BATS_TEST_TMPDIR -u BATS_RUN_TMPDIR CHMEM="$wrapper" "${BATS:-bats}" --tap "$BATS_TEST_DIRNAME/$1" >"$log" 2>&1 3>&- || {
		grep -A 20 '^not ok' "$log" || cat "$log"
		return 1
	}
	is "passed tests" "$(grep -c '^ok' "$log")" "$(grep -c '^@test' "$BATS_TEST_DIRNAME/$1")"
}

@test "the calls are refused in what follows" {
	need_tracing
	make_small_tree
	traced "$BATS_TEST_TMPDIR/trace" \
		-e trace=openat2 "$no_openat2" "$CHMEM" -s "$TREE" -e -b 4
	grep -q 'openat2(.*ENOSYS' "$BATS_TEST_TMPDIR/trace"
	is "calls that passed" "$(grep 'openat2(' "$BATS_TEST_TMPDIR/trace" | grep -vc ENOSYS)" 0
	assert_states 4-4 online_movable
}

@test "a container that forbids openat2 is no worse: to the block, to the tree, and what is forbidden itself" {
	"$no_openat2" true || skip "system calls cannot be filtered here"
	make_small_tree
	run --separate-stderr "$no_openat2" --eperm "$CHMEM" -s "$TREE" -v -e -b 4
	assert_status 0
	assert_stdout "$(block 4) enabled"
	assert_stderr
	assert_states 4-4 online_movable
	chattr +i "$MEMORY/memory5/state" 2>/dev/null || out_of_place "no file can be made immutable here"
	run --separate-stderr "$no_openat2" --eperm "$CHMEM" -s "$TREE" -e -b 5
	chattr -i "$MEMORY/memory5/state"
	assert_status 1
	assert_stderr_like "*: $(block 5) enable failed: Operation not permitted*"
	assert_states 5-5 offline
}

@test "sysroot.bats passes without openat2" {
	passes_without_openat2 sysroot.bats
}

@test "errors.bats passes without openat2" {
	passes_without_openat2 errors.bats
}
