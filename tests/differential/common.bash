# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For the files that run the same arguments through the chmem of util-linux and through ours, on two
# copies of a tree. What is tried stands in table, where we mean to differ in exceptions.
#
# CHMEM_ORACLE names another original than the installed one.

load ../helpers
: "${tests_dir:?}"

find_oracle() {
	if [ -n "${CHMEM_ORACLE-}" ]; then
		realpath "$CHMEM_ORACLE"
	else
		PATH=$PATH:/usr/sbin:/sbin type -P chmem
	fi
}

find_oracle_once() {
	export ORACLE ORACLE_ABOUT ORACLE_VERSION=0 CHMEM MKTREE

	ORACLE=$(find_oracle) || return 0
	CHMEM=$(realpath "$CHMEM")
	ORACLE_ABOUT=$(run_compare small about)
	ORACLE_VERSION=${ORACLE_ABOUT%%$'\n'*}
	ORACLE_VERSION=${ORACLE_VERSION##* }
	echo "# the original: $ORACLE, ${ORACLE_ABOUT%%$'\n'*}" >&3
}

setup_file() {
	find_oracle_once
}

setup() {
	need_oracle
}

need_oracle() {
	[ -n "$ORACLE" ] || skip 'there is no chmem here to compare with'
	[[ $ORACLE_ABOUT == 'chmem from util-linux '* ]] || skip "$ORACLE is not of util-linux"
}

run_compare() {
	"$tests_dir/isolate" bash "$tests_dir/differential/compare" "$1" "$2" "$BATS_FILE_TMPDIR"
}

# compare TREE CASES
compare() {
	local output status=0

	output=$(run_compare "$1" "$2") || status=$?
	echo "$output"
	echo "# $1, $2: ${output##*$'\n'}" >&3
	return $status
}

# Fails if an exception that the trees so far should have met was not.
every_exception_was_met() {
	local line stale=0

	while read -r line; do
		echo "line $line of exceptions was not met: $(sed -n "${line}p" \
			"$tests_dir/differential/exceptions")"
		stale=1
	done < <(comm -23 <(sort -u "$BATS_FILE_TMPDIR/due") <(sort -u "$BATS_FILE_TMPDIR/met"))
	[ $stale -eq 0 ]
}
