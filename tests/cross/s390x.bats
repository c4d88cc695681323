#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# chmem for s390x, a big-endian machine and the one where blocks are configured, under qemu-user:
# it runs other files of tests, on trees and on the simulated machine of this one. By hand,
# after `make check TESTS=`:
#
#	tests/run-bats tests/cross/s390x.bats
#
# Left out are files that look at processes by their names, at system calls, or at what a library
# loaded before others sees: there it is qemu-s390x that they would find. That program knows
# openat2(2) in its later versions only, and the walk that stands in for it is what runs here.
#
# shellcheck disable=SC2016 # the inner shell expands
# shellcheck disable=SC2154 # set by ../helpers.bash

load ../helpers

setup_file() {
	local status=0 root

	export CROSS_MISSING='' CROSS_CHMEM CHMEM_BYTE_ORDER=big
	"$tests_dir/cross/build" s390x >"$BATS_FILE_TMPDIR/paths" 2>"$BATS_FILE_TMPDIR/log" ||
		status=$?
	if ((status == 77)); then
		CROSS_MISSING=$(tail -n 1 "$BATS_FILE_TMPDIR/log")
		return 0
	elif ((status)); then
		cat -- "$BATS_FILE_TMPDIR/log" >&2
		return 1
	fi
	command -v qemu-s390x >/dev/null || CROSS_MISSING='qemu-s390x is not installed'
	{ read -r CROSS_CHMEM && read -r root; } <"$BATS_FILE_TMPDIR/paths"
	printf '#!/bin/sh\nexec qemu-s390x -L %q -0 chmem %q "$@"\n' "$root" "$CROSS_CHMEM" \
		>"$BATS_FILE_TMPDIR/chmem"
	# What it runs need not be in reach of others, so neither is this.
	chmod 700 "$BATS_FILE_TMPDIR/chmem"
}

setup() {
	[ -z "$CROSS_MISSING" ] || skip "$CROSS_MISSING"
	CHMEM=$BATS_FILE_TMPDIR/chmem
}

# passes FILE - all of its tests do, with this chmem, and there are some. What takes another user
# may be left out.
passes() {
	run -0 bash -c '
		for variable in "${!BATS_@}"; do
			unset "$variable"
		done
		CHMEM=$1 exec "$2" --tap "$3"' bash "$CHMEM" "${BATS:-bats}" "$tests_dir/$1" 3>&- 4>&-
	[[ $output == *$'\nok '* && $output != *$'\nnot ok '* ]]
	run ! grep '# skip' <<<"${output//'# skip what another user needs'/}"
}

@test "it is a program for s390x, and tells its version" {
	is "the machine of the program" \
		"$(readelf -h "$CROSS_CHMEM" | awk '$1 == "Machine:" || /big endian/ { print $NF }')" \
		$'endian\nS/390'
	run --separate-stderr "$CHMEM" --version
	assert_status 0
	assert_stdout 'chmem 0.1.0'
	assert_stderr
}

@test "it was built without a warning" {
	run ! grep 'warning:' "${CROSS_CHMEM%/*}/log"
}

@test "on plain trees of s390" {
	passes cli/s390.bats
}

@test "on a simulated s390" {
	passes behaviour/memsim-s390.bats
}

@test "pages of a big-endian machine are told apart: on trees" {
	passes cli/facts.bats
}

@test "pages of a big-endian machine are told apart: listed" {
	passes behaviour/memsim-list.bats
}

@test "pages of a big-endian machine are told apart: what --keep-free counts" {
	passes behaviour/memsim-memory.bats
}

@test "documents are what they are elsewhere" {
	passes cli/json.bats
}
