# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # status, output and stderr are set by run
#
# One set of tests for two machines: a simulated one, and a guest with a real kernel. What the
# simulated kernel claims is so checked against one that is real. CHMEM_MACHINE says which:
# memsim, the default, or guest. By hand, from the top of the tree after `make check`:
#
#	tests/run-bats tests/behaviour/kernel-words.bats
#	CHMEM_MACHINE=guest tests/run-bats tests/behaviour/kernel-words.bats
#
# Each test finds it so: blocks of 128 MiB are online since boot, in one zone all but one; one
# has a hole; some hold what cannot be moved, if any can go. Which these are, ../guest/machines.bash
# says. Blocks 32 to 39 are a DIMM and offline. With CHMEM_MACHINE=guest, GUEST_MACHINE=virt makes
# arm64 of it. There is also
#
#	out_of_place REASON      leaves out the test, which would say nothing on this machine
#
# SCRIPT is for the machine's shell, which has the functions of the file `functions`, the
# variables $memory, $sys, $proc and $run, and the programs chmem, poke, launch and hold.
#
# Of the machine:
#
#	on_machine SCRIPT        runs it there: its stdout, stderr, exit status
#	run_as_nobody SCRIPT     run_script, see below, by an ordinary user, without functions
#	hot_add MIB, hot_remove  a DIMM comes, from block 40 on, and goes
#	hot_add_later MIB        the same, and it is not waited until it is there
#	pin_block N, unpin       sets it online in Movable, with a page that somebody holds, so
#				 that it never goes offline; before others come to Movable
#	make_deaf N, make_hearing    the same, and signals are heard late, or not at all
#	make_unmovable N         sets it online in Normal, with pages that can never move
#	inject online|offline ERRNO  all blocks that are to go there fail so
#	inject_nothing           no block does any more
#	dimm_only                leaves out the test where memory comes by something else
#	$plugged_device, $added_device    what chmem calls those of blocks 32 to 39, and of the
#				 first that comes later
#	slow_down                writes take so long that others get between them
#	watch_writes, writes     what chmem wrote since: `online|offline BLOCK RESULT`, a line
#				 each
#	lose_race N WORD COMMANDLINE   run_chmem; but when it has seen the state of block N and
#				 is about to write, somebody else writes WORD there. In
#				 Movable is no block before.

behaviour_source=${BASH_SOURCE[0]%/*}
# shellcheck source=tests/behaviour/on_memsim.bash
source "$behaviour_source/on_${CHMEM_MACHINE:=memsim}.bash"

# ---- Doing ----

# run_script SCRIPT - sets status, output and stderr.
run_script() {
	run --separate-stderr on_machine "$1"
}

# run_chmem COMMANDLINE
run_chmem() {
	run_script "chmem $1"
	# shellcheck disable=SC2086 # words
	keep_document "$output" $1
}

# start NAME COMMAND - runs a program in the background, like a shell with job control.
start() {
	on_machine "rm -f \$run/$1.pid \$run/$1.end
		launch $1 $2 >\$run/$1.out 2>\$run/$1.err &
		until_true '[ -s \$run/$1.pid ] || [ -e \$run/$1.end ]'"
}

# start_write NAME [OPTION]... N FILE WORD - a plain write that may last: see poke.c.
start_write() {
	start "$1" "poke ${*:2:$#-4} \$memory/memory${*: -3:1}/${*: -2:1} ${*: -1}"
}

# send SIGNAL NAME - to the process that was started, and if NAME has a dash before it, to all
# of its group.
send() {
	on_machine "kill -$1 ${2%%[!-]*}\$(cat \$run/${2#-}.pid)"
}

# finish NAME - waits for its end. Sets status, output and stderr.
finish() {
	run_script "until_true '[ -e \$run/$1.end ]' 30
		cat \$run/$1.out
		cat \$run/$1.err >&2
		read -r how number ms <\$run/$1.end
		[ \$how = exited ] || number=\$((number + 128))
		exit \$number"
	keep_document "$output"
}

# has_ended_there NAME
has_ended_there() {
	on_machine "[ -e \$run/$1.end ]"
}

wait_for_state() {
	on_machine "until_true 'is_state $1 $2'"
}

memory_info() {
	on_machine "memory_info $1"
}

zone_present() {
	on_machine "zone_present $1"
}

everything() {
	on_machine everything
}

# ---- Judging ----

# assert_blocks FIRST-LAST STATE... - one state for all of them, or as many as there are; `-`
# for a block that is not there.
assert_blocks() {
	local expected=${*:2} i

	if (($# == 2)); then
		for ((i = ${1%-*}; i < ${1#*-}; i++)); do
			expected+=" $2"
		done
	fi
	is "states of $1" "$(on_machine "states $1")" "$expected"
}

# assert_zone BLOCK ZONES
assert_zone() {
	is "valid_zones of $1" "$(on_machine "zones $1")" "$2"
}

# perhaps_a_page - a pattern for what is told, if anything, of a block that did not go, from the
# kernel's log: the kernel limits what it says there.
perhaps_a_page() {
	echo '?(; the kernel could not @(move|isolate) page frame 0x+([0-9a-f]))'
}

# assert_put RESULT [OPTION]... N FILE WORD - a plain write comes to that.
assert_put() {
	is "${*:2}" "$(on_machine "put ${*:2}")" "$1"
}

# assert_result NAME RESULT - so the write that was started ends.
assert_result() {
	finish "$1"
	is "the result of $1" "$output" "$2"
}

assert_writes() {
	is "the writes" "$(writes)" "$(printf '%s\n' "$@")"
}

assert_grown() {
	is "$1, grown by" "$(($3 - $2))" "$4"
}

# assert_within MS NAME - what was started under this name took no longer.
assert_within() {
	local ms

	ms=$(on_machine "cut -d ' ' -f 3 \$run/$2.end")
	((ms <= $1)) || {
		printf '%s took %s ms, and not %s at most\n' "$2" "$ms" "$1"
		return 1
	}
}

# assert_nobody_left - no process of chmem is there, or so within a second.
assert_nobody_left() {
	on_machine "until_true '[ -z \"\$(processes)\" ]' 1" || {
		printf 'processes are left: %s\n' "$(on_machine processes)"
		return 1
	}
}

# assert_same_as BEFORE - every block is in the state and in the zone that it was in, or so
# within a second.
assert_same_as() {
	local tries

	for ((tries = 0; tries < 20; tries++)); do
		[[ $(everything) != "$1" ]] || return 0
		sleep 0.05
	done
	is "all blocks" "$(everything)" "$1"
}
