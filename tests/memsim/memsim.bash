# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # set by bats and ../helpers.bash, which is loaded first
#
# A simulated machine for a test: starting it, telling it what is to go wrong, and asking what
# was written. memsim.c and scenario.c say what it can play.
#
#	load ../helpers
#	load ../memsim/memsim
#
#	teardown() {
#		memsim_stop
#	}
#
#	@test "..." {
#		memsim_start 'blocks 0-7 online' 'blocks 32-39 offline' 'fail 33 state ENOMEM'
#		run_chmem -e 256M

MEMSIM=$abs_top_builddir/tests/memsim/memsim
POKE=$abs_top_builddir/tests/memsim/poke

# memsim_required - skips the test where there can be no simulated machine.
memsim_required() {
	[ -x "$MEMSIM" ] || skip "no simulated machine: it was built without libfuse"
	{ : <>/dev/fuse; } 2>/dev/null || skip "no simulated machine: /dev/fuse is out of reach"
}

# memsim_start [LINE]... - one that is made of these lines of a scenario, at TREE; for two minutes
# at most. For a chmem of another byte order, CHMEM_BYTE_ORDER=big is in the environment.
memsim_start() {
	local status=0

	[ "${CHMEM_BYTE_ORDER-}" != big ] || set -- "$@" 'swapped on'

	memsim_required
	use_tree "$BATS_TEST_TMPDIR/machine"
	mkdir -p "$TREE"
	MEMSIM_PID=$(printf '%s\n' "$@" | "$MEMSIM" --with-pid $$ --limit 120 "$TREE" - \
		2>"$BATS_TEST_TMPDIR/memsim-stderr") || status=$?
	if [ "$status" -eq 77 ]; then
		skip "no simulated machine: $(<"$BATS_TEST_TMPDIR/memsim-stderr")"
	fi
	cat "$BATS_TEST_TMPDIR/memsim-stderr"
	return "$status"
}

# memsim_stop - for teardown; whoever waits for an answer is let go. Nothing where none was
# started.
memsim_stop() {
	[ -n "${MEMSIM_PID-}" ] || return 0
	kill "$MEMSIM_PID" 2>/dev/null || true
	wait_until has_ended "$MEMSIM_PID"
	MEMSIM_PID=
}

# has_ended PID - of a process that init may be slow to bury.
has_ended() {
	local state=Z

	{ read -r _ _ state _ <"/proc/$1/stat"; } 2>/dev/null || return 0
	[ "$state" == Z ]
}

# memsim_tell LINE... - directives for the machine that runs; fails, with the reason, where one
# cannot be carried out.
memsim_tell() {
	printf '%s\n' "$@" 2>/dev/null >"$TREE/control" || {
		printf 'memsim_tell %s: ' "$*"
		sed -n 's/^# //p' "$TREE/control" | tail -n 1
		return 1
	}
}

# show_tree - of ../helpers.bash, for such a machine: `BLOCK STATE ZONE`, a line each. What reads
# the files themselves may change what they say.
show_tree() {
	cat "$TREE/blocks"
}

# memsim_log - every write so far, `PID BEGIN END BLOCK FILE WORD RESULT`: see journal.h.
memsim_log() {
	cat "$TREE/control"
}

# memsim_writes - the same without process and times: `BLOCK FILE WORD RESULT`.
memsim_writes() {
	memsim_log | sed '/^#/d' | cut -d ' ' -f 4-
}

# assert_memsim_writes [LINE]... - these writes were made, in this order, and no others.
assert_memsim_writes() {
	is "the writes" "$(memsim_writes)" "$(printf '%s\n' "$@")"
}

# poke [OPTION]... N FILE WORD - writes to a block's file and prints what came of it: poke.c.
poke() {
	local options=("${@:1:$#-3}") n=${*: -3:1} file=${*: -2:1} word=${*: -1}
	local directory=$MEMORY

	case $file in
	config | memmap_on_memory) directory=$FIRMWARE ;;
	esac
	"$POKE" "${options[@]}" "$directory/memory$n/$file" "$word" || true
}

zones() {
	cat "$MEMORY/memory$1/valid_zones"
}

# memory_info NAME - a line of meminfo, as KiB.
memory_info() {
	sed -n "s/^$1: *\([0-9]*\).*/\1/p" "$TREE/proc/meminfo"
}

# wait_until COMMAND [ARGUMENT]... - until it succeeds, for 5 s at most.
wait_until() {
	local i

	for ((i = 0; i < 500; i++)); do
		"$@" && return
		sleep 0.01
	done
	printf 'never: %s\n' "$*"
	return 1
}

# is_state N WORD
is_state() {
	[ "$(state "$1")" == "$2" ]
}
