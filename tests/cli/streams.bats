#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# stdin, stdout and stderr that are full, closed, or one pipe.

# shellcheck disable=SC2016 # what runs before a write expands its variables itself

load ../helpers

setup() {
	make_small_tree
}

# Commands for run_chmem_under.
closing_stdout() {
	"$@" >&-
}

closing_stderr() {
	"$@" 2>&-
}

closing_stdin() {
	"$@" <&-
}

closing_all() {
	"$@" <&- >&- 2>&-
}

filling_stderr() {
	"$@" 2>/dev/full
}

filling_stdout() {
	"$@" >/dev/full
}

reading_stdout() {
	"$@" 1</dev/null
}

@test "D31: in one pipe the lines come in the order of events" {
	rm "$MEMORY"/memory{5,7}/state
	run bash -c 'exec -a chmem "$@" 2>&1 | cat' - "$CHMEM" --sysroot "$TREE" -v -e -b 4-8
	assert_stdout "$(block 4) enabled" \
		"chmem: $(block 5) enable failed: No such file or directory" \
		"$(block 6) enabled" \
		"chmem: $(block 7) enable failed: No such file or directory" \
		"$(block 8) enabled" \
		"chmem: Could only enable 384M of memory"
	run bash -c 'exec -a chmem "$@" 2>&1 | cat' - "$CHMEM" --sysroot "$TREE" -v -e 1G
	assert_stdout "chmem: $(block 5) enable failed: No such file or directory" \
		"chmem: $(block 7) enable failed: No such file or directory" \
		"$(block 9) enabled" "$(block 10) enabled" "$(block 11) enabled" \
		"chmem: Could only enable 384M of memory" \
		"chmem:   2 blocks: No such file or directory"
}

@test "every line ends with a newline, and no line is empty" {
	rm "$MEMORY/memory5/state"
	chmem_on_tree -v -e -b 4-13 >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || true
	for file in out err; do
		is "the last character" "$(tail -c 1 "$BATS_TEST_TMPDIR/$file" | od -An -c | tr -d ' ')" '\n'
		is "empty lines" "$(grep -c '^$' "$BATS_TEST_TMPDIR/$file")" 0
	done
	chmem_on_tree -e '' 2>"$BATS_TEST_TMPDIR/err" || true
	is "the bytes" "$(od -An -c "$BATS_TEST_TMPDIR/err")" "$(printf 'chmem: Invalid parameter: \n' | od -An -c)"
}

@test "a full stdout is an error, but only after all work is done" {
	run_chmem_under filling_stdout -- -v -e -b 4-6
	assert_status 1
	assert_stderr "chmem: write error: No space left on device"
	assert_states 4-7 "online_movable online_movable online_movable offline"
	run_chmem_under filling_stdout -- -v -d 128M
	assert_status 1
	assert_stderr "chmem: write error: No space left on device"
	assert_states 4-6 "online_movable online_movable offline"
}

@test "an error of stdout that only closing it brings is an error" {
	local out=$BATS_TEST_TMPDIR/out

	need_tracing
	ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 run --separate-stderr bash -c 'exec "$@" >"$0"' "$out" \
		strace -qq -o /dev/null -P "$out" -e trace=close -e inject=close:error=EDQUOT \
		"$CHMEM" -s "$TREE" -v -e -b 4
	assert_status 1
	assert_stderr_like "*: write error: Disk quota exceeded"
	is "what came out" "$(cat "$out")" "$(block 4) enabled"
	assert_states 4-4 online_movable
}

@test "a full stdout is an error after a failure as well, and comes last" {
	rm "$MEMORY/memory5/state"
	run_chmem_under filling_stdout -- -v -e -b 4-6
	assert_status 1
	assert_stderr "chmem: $(block 5) enable failed: No such file or directory" \
		"chmem: Could only enable 256M of memory" \
		"chmem: write error: No space left on device"
	assert_states 4-4 online_movable
	assert_states 6-6 online_movable
}

@test "a full stdout is an error of the same words whatever was printed last" {
	rm "$MEMORY/memory5/state"
	run_chmem_under filling_stdout -- -v -e -b 4-5
	assert_status 1
	assert_stderr "chmem: $(block 5) enable failed: No such file or directory" \
		"chmem: Could only enable 128M of memory" \
		"chmem: write error: No space left on device"
}

@test "a full stdout is an error however much was printed" {
	make_tree -b 12-511:offline:Movable
	run_chmem_under filling_stdout -- -v -e -b 0-511
	assert_status 1
	assert_stderr "chmem: write error: No space left on device"
	is "blocks enabled" "$(grep -l online_movable "$MEMORY"/memory*/state | wc -l)" 508
}

@test "a full stdout of which nothing is wanted is no error" {
	run_chmem_under filling_stdout -- -e -b 4
	assert_status 0
	assert_stderr
	run_chmem_under filling_stdout -- -v -e 0
	assert_status 0
	assert_stderr
	run_chmem_under filling_stdout -- -e 2G
	assert_status 64
	assert_stderr "chmem: Could only enable 896M of memory"
	run_chmem_under filling_stdout -- -e -d
	assert_status 1
	assert_stderr "chmem: options --enable and --disable cannot be combined"
}

@test "--help and --version on a full stdout are errors" {
	for option in -h -V; do
		run_chmem_under filling_stdout -- "$option"
		assert_status 1
		assert_stderr "chmem: write error: No space left on device"
	done
}

@test "a closed stdout has no effect, and no file takes its place" {
	run_chmem_under closing_stdout -- -v -e -b 3-5
	assert_status 0
	assert_stderr
	assert_states 3-5 "online online_movable online_movable"
	is "what was printed into files" "$(grep -rl Memory "$TREE")" ''
	rm "$MEMORY/memory6/state"
	run_chmem_under closing_stdout -- -v -e -b 6-7
	assert_status 64
	assert_stderr "chmem: $(block 6) enable failed: No such file or directory" \
		"chmem: Could only enable 128M of memory"
	run_chmem_under closing_stdout -- -h
	assert_status 0
	assert_stderr
}

@test "a stdout that cannot be written has no effect either" {
	run_chmem_under reading_stdout -- -v -e -b 4
	assert_status 0
	assert_stderr
	assert_states 4-4 online_movable
}

@test "a closed stderr has no effect, and no file takes its place" {
	rm "$MEMORY/memory5/state"
	run_chmem_under closing_stderr -- -v -e -b 4-6
	assert_status 64
	assert_stdout "$(block 4) enabled" "$(block 6) enabled"
	assert_states 4-4 online_movable
	run_chmem_under closing_stderr -- -e -d
	assert_status 1
	assert_stdout
	run_chmem_under closing_stderr -- -v -e -b 7
	assert_status 0
	assert_stdout "$(block 7) enabled"
	is "what was printed into files" "$(grep -rlE 'chmem|Memory' "$TREE")" ''
}

@test "a full stderr has no effect" {
	rm "$MEMORY/memory5/state"
	run_chmem_under filling_stderr -- -v -e -b 4-6
	assert_status 64
	assert_stdout "$(block 4) enabled" "$(block 6) enabled"
	run_chmem_under filling_stderr -- -e nonsense
	assert_status 1
	run_chmem_under filling_stderr -- -v -e -b 7
	assert_status 0
	assert_stdout "$(block 7) enabled"
}

@test "a closed stdin has no effect, and no file takes its place" {
	run_chmem_under closing_stdin -- -v -e -b 3-5
	assert_status 0
	assert_stdout "$(block 3) already enabled" "$(block 4) enabled" "$(block 5) enabled"
	assert_stderr
	assert_states 3-6 "online online_movable online_movable offline"
}

@test "with stdin, stdout and stderr closed the work is done, and no file takes their place" {
	rm "$MEMORY/memory5/state"
	run_chmem_under closing_all -- -v -e -b 4-6
	assert_status 64
	assert_stdout
	assert_stderr
	run_chmem_under closing_all -- -v -e 1G
	assert_status 64
	run_chmem_under closing_all -- -v -d -b 0-3
	assert_status 0
	is "the states" "$(cat "$MEMORY"/memory{0..4}/state "$MEMORY"/memory{6..11}/state | sed 's/online_movable/&,/g; s/offline/&,/g')" \
		"offline,offline,offline,offline,online_movable,online_movable,online_movable,online_movable,online_movable,online_movable,online_movable,"
	is "what was printed into files" "$(grep -rlE 'chmem|Memory' "$TREE")" ''
}

@test "nothing is read from stdin" {
	printf 'one\ntwo\n' >"$BATS_TEST_TMPDIR/in"
	{
		chmem_on_tree -e -b 4
		read -r line
	} <"$BATS_TEST_TMPDIR/in"
	is "the first line" "$line" one
}
