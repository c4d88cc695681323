# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # status and output are set by run
#
# A short part of the soak tests, which `make soak` runs in full: random runs, dry runs, kills,
# pairs. How much of each is up to these variables of the environment.
#
#	SOAK_RUNS=300    random runs
#	SOAK_SEED=1      the first of their seeds
#	SOAK_JOBS=8      so many of them at once
#	SOAK_DRY=100     dry runs, each with the run that it foresees
#	SOAK_KILLS=40    runs that are killed
#	SOAK_PAIRS=5     pairs of runs at once, with each way to lock

load ../helpers
load ../memsim/memsim

setup() {
	memsim_required
	export CHMEM MEMSIM
}

# run_soak PROGRAM [ARGUMENT]... - what it says is the test's, and its last line, of what all came to,
# is for everybody; 77 is a skip.
run_soak() {
	run "$@"
	echo "$output"
	[ "$status" -ne 77 ] || skip "no simulated machine: ${lines[0]}"
	[ "$status" -eq 0 ]
	echo "# ${lines[-1]}" >&3
}

@test "random runs on random machines keep every promise" {
	run_soak "$abs_top_builddir/tests/soak/random" --jobs "${SOAK_JOBS:-8}" \
		"${SOAK_RUNS:-300}" "${SOAK_SEED:-1}"
}

@test "what a dry run foresees is what the run does" {
	run_soak "$abs_top_builddir/tests/soak/random" --dry-run --jobs "${SOAK_JOBS:-8}" \
		"${SOAK_DRY:-100}" "${SOAK_SEED:-1}"
}

@test "a run that is killed at any moment leaves nothing behind" {
	run_soak "$abs_top_builddir/tests/soak/kills" "${SOAK_KILLS:-40}" "${SOAK_SEED:-1}"
}

@test "two runs at once take their own blocks each" {
	run_soak "$abs_top_srcdir/tests/soak/pairs" "${SOAK_PAIRS:-5}"
}
