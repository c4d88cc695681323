#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What tests/errors.md says of the errors of the kernel: each test that it names is there, and no
# error that the program knows a meaning of is without a line.
#
# shellcheck disable=SC2016 # backquotes are those of Markdown

load ../helpers

: "${abs_top_srcdir:?}" # of helpers
errors=$abs_top_srcdir/tests/errors.md

# rows - the lines of the tables, without their heads: write|error|meaning|chmem|again|tests.
rows() {
	sed -n 's/^| \(.*\) |$/\1/p' "$errors" | grep -vE '^(write \||-)' | sed 's/ | /|/g'
}

# tests_of - of rows on stdin, what their last column has, one a line.
tests_of() {
	cut -d '|' -f 6 | sed 's/<br>/\n/g'
}

# assert_test FILE NAME
assert_test() {
	grep -qxF -e "@test \"$2\" {" "$abs_top_srcdir/tests/$1.bats" || {
		echo "there is no test in $1: $2"
		return 1
	}
}

# machines - of the tests on stdin, which machines they run on.
machines() {
	sed -n -e 's/^`behaviour\/\(chmem\|kernel\)-.*/memsim\nguest/p' -e 's/^`guest\/.*/guest/p' \
		-e 's/^`behaviour\/memsim-.*/memsim/p' -e 's/^no guest: ..*/guest/p' | sort -u | xargs
}

@test "each line is whole, and there are as many as there are errors to be told" {
	[ "$(rows | wc -l)" -ge 40 ]
	is "lines of another form" "$(rows | grep -vE '^([^|]+\|){5}[^|]+$')" ""
	is "another word on trying again" \
		"$(rows | cut -d '|' -f 5 | grep -vxE 'no|no\*|once|rounds|at once')" ""
}

@test "each test that is named is in its file" {
	local named file name

	named=$(rows | tests_of | grep -v '^no guest: ')
	[ "$(wc -l <<<"$named")" -ge 60 ]
	is "no name of a test" "$(grep -vE '^`[a-z0-9/-]+`: .' <<<"$named")" ""
	while IFS='`' read -r _ file name; do
		assert_test "$file" "${name#: }"
	done <<<"$named"
}

@test "each error is met on both machines, but where one has no such file, or it is told why it is not" {
	local row expected

	while IFS= read -r row; do
		case $row in
		config* | memmap* | 'any of these'*) continue ;;
		eject*) expected=guest ;;
		*) expected='guest memsim' ;;
		esac
		is "machines of ${row%%|*}: $(cut -d '|' -f 2 <<<"$row")" \
			"$(tests_of <<<"$row" | machines)" "$expected"
	done < <(rows)
}

# meanings - of lib/reason.c, lines like `enable EBUSY`.
meanings() {
	awk '
		match($0, /\[MEMBLK_STEP_[A-Z]+\] = \{/) {
			step = tolower(substr($0, RSTART + 13, RLENGTH - 18))
		}
		step && match($0, /\{ E[A-Z0-9]+,/) { print step, substr($0, RSTART + 2, RLENGTH - 3) }
		/^};/ { step = "" }' "$abs_top_srcdir/lib/reason.c"
}

@test "each error that the program knows a meaning of has a line" {
	local step error write found

	[ "$(meanings | wc -l)" -ge 20 ]
	while read -r step error; do
		case $step in
		enable) write='(online|any)' ;;
		disable) write='(offline|any)' ;;
		configure) write='(config 1|any of these)' ;;
		deconfigure) write='(config 0|any of these)' ;;
		memmap) write='(memmap_on_memory|any of these)' ;;
		*) return 1 ;;
		esac
		found=$(rows | grep -cE "^$write\|([A-Z0-9]+, )*$error\b") || true
		[ "$found" -gt 0 ] || {
			echo "$step $error has no line"
			return 1
		}
	done < <(meanings)
}
