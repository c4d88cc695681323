#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a run costs, in system calls: these can be counted on any machine, loaded or not.

load ../helpers

setup() {
	need_tracing
	TRACE=$BATS_TEST_TMPDIR/trace
}

# trace_chmem [ARGUMENT]... - sets calls to their number, those of the worker among them; $TRACE has
# them. That the worker is looked after from time to time is no cost of a block. The
# allocator of an instrumented build asks the kernel more often.
trace_chmem() {
	run --separate-stderr traced "$TRACE" -f "$CHMEM" --sysroot "$TREE" "$@"
	sed -i -E 's/^[0-9]+ +//; /^<\.\.\. .* resumed>/d; /^(poll|restart_syscall)\(/d; /^---/d' "$TRACE"
	grep -q __asan_init "$CHMEM" && sed -i -E '/^(mmap|munmap|brk)\(/d' "$TRACE"
	calls=$(grep -c '(' "$TRACE")
}

# calls_for MKTREE-ARGUMENTS ARGUMENT... - the calls of chmem on a new tree; it has to succeed.
calls_for() {
	rm -rf "$BATS_TEST_TMPDIR/tree"
	# shellcheck disable=SC2086 # words
	make_tree $1
	trace_chmem "${@:2}"
	assert_status 0
}

# assert_cost MOST NBLOCKS FEWER-CALLS MORE-CALLS - so many blocks more made no more than MOST calls
# each.
assert_cost() {
	echo "$(($4 - $3)) calls for $2 blocks"
	[ $(($4 - $3)) -le $(($1 * $2)) ]
	# less than a read of each state would mean that they were not looked at
	[ $(($4 - $3)) -ge "$2" ]
}

@test "a block that is passed over by size costs three calls" {
	calls_for '-b 0-9:online:Normal -b 500:offline:Movable' -e 128M
	few=$calls
	calls_for '-b 0-109:online:Normal -b 500:offline:Movable' -e 128M
	assert_cost 3 100 "$few" "$calls"

	calls_for '-b 0-9:online:Normal -b 500:offline:Movable' -e -z Movable 128M
	few=$calls
	calls_for '-b 0-109:online:Normal -b 500:offline:Movable' -e -z Movable 128M
	assert_cost 3 100 "$few" "$calls"

	calls_for '-b 0:online:Movable -b 1-10:offline:Movable' -d 128M
	few=$calls
	calls_for '-b 0:online:Movable -b 1-110:offline:Movable' -d 128M
	assert_cost 3 100 "$few" "$calls"
}

@test "a block of a range that is as wanted costs three calls" {
	for command in -e:online -d:offline; do
		calls_for "-b 0-10:${command#*:}:Normal" "${command%:*}" -b 0-10
		few=$calls
		calls_for "-b 0-110:${command#*:}:Normal" "${command%:*}" -b 0-110
		assert_cost 3 100 "$few" "$calls"
	done
}

@test "a block that is enabled costs seven calls, and one for the alarm" {
	calls_for '-b 0-120:offline:Movable' -e -b 0-9
	few=$calls
	calls_for '-b 0-120:offline:Movable' -e -b 0-109
	assert_cost 8 100 "$few" "$calls"

	calls_for '-b 0-120:offline:Movable' -e 1280M
	few=$calls
	calls_for '-b 0-120:offline:Movable' -e 14080M
	assert_cost 8 100 "$few" "$calls"
}

@test "a block that is disabled costs as many, and five where its zones decide nothing" {
	calls_for '-b 0-120:online:Movable' -d -b 0-9
	few=$calls
	calls_for '-b 0-120:online:Movable' -d -b 0-109
	assert_cost 5 100 "$few" "$calls"

	calls_for '-b 0-120:online:Movable' -d 1280M
	few=$calls
	calls_for '-b 0-120:online:Movable' -d 14080M
	assert_cost 8 100 "$few" "$calls"
}

@test "a longer word in a plain file costs one call more" {
	calls_for '-b 0-120:offline:Normal' -e -b 0-9
	few=$calls
	calls_for '-b 0-120:offline:Normal' -e -b 0-109
	assert_cost 9 100 "$few" "$calls"
}

@test "a named block costs no more than its worker and a dozen calls, however large the system is" {
	make_small_tree
	trace_chmem --version
	least=$calls
	trace_chmem -e -b 4
	assert_status 0
	small=$calls
	# from its start to its first look at a block, and what comes of its end
	worker=$(sed -n '/^pipe2(/,/memory4/p; /^exit_group/,$p' "$TRACE" | wc -l)
	echo "$((calls - least)) calls, $worker of them for the worker"
	[ "$worker" -le 40 ]
	[ "$calls" -le $((least + worker + 20)) ]
	trace_chmem -d -b 4
	[ "$calls" -le $((least + worker + 20)) ]

	make_tree -b 12-10000:offline:Movable
	trace_chmem -e -b 4
	assert_status 0
	is "calls for a block among 10,000" "$calls" "$small"
	trace_chmem -e -b 9999
	is "calls for a block at the end" "$calls" "$small"
}

@test "a short range lists nothing, whether its blocks exist or not" {
	make_small_tree
	trace_chmem -e -b 4
	named=$calls
	grep -v '/sys/firmware' "$TRACE" >"$TRACE.named"
	is "listings" "$(grep -c getdents "$TRACE.named")" 0
	trace_chmem -e -b 4-100
	assert_status 64
	is "listings" "$(grep -c getdents "$TRACE")" 0
	echo "$((calls - named)) calls"
	[ $((calls - named)) -le $((8 * 96 + 20)) ]
}

@test "a wide range of few blocks costs what these cost" {
	make_small_tree
	trace_chmem -e -b 4-11
	few=$calls
	make_small_tree
	trace_chmem -e -b 4-18446744073709551615
	assert_status 64
	echo "$((calls - few)) calls"
	[ $((calls - few)) -le 20 ]
}

@test "nothing but the directories, block_size_bytes, state and valid_zones is opened below the root" {
	make_small_tree
	trace_chmem -v -e 256M
	# what is opened after the root, whether from there or from the memory directory
	is "names" "$(grep -E '^openat2\(' "$TRACE" | cut -d'"' -f2 |
		sed 's,.*/,,; s/[0-9]*$//' | sort -u | xargs)" "block_size_bytes memory state valid_zones"
}

@test "zones are not read where they decide nothing" {
	make_small_tree
	trace_chmem -d -b 0-3
	assert_status 0
	is "valid_zones" "$(grep -c valid_zones "$TRACE")" 0
	trace_chmem -e -b 4
	is "valid_zones" "$(grep -c valid_zones "$TRACE")" 1
	trace_chmem -e -b 4
	is "valid_zones" "$(grep -c valid_zones "$TRACE")" 0
}
