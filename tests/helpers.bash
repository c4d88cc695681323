# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # status, output and stderr are set by run
#
# For every .bats file on plain trees: making a tree, running chmem on it, and saying what is
# wrong when something is not as it should be. Variables set here: TREE, MEMORY, FIRMWARE.

bats_require_minimum_version 1.5.0

# Before each command bats notes where it is, which takes longer than most commands do: a third of
# the time of all tests. Here it does so in the test alone, or in setup_file, and not in what they
# call: where something fails, the line there is named. The function that is made here is replaced
# by the real one, which stays traced.
set +o functrace
eval "${BATS_TEST_NAME:-setup_file}() { :; }"
declare -ft "${BATS_TEST_NAME:-setup_file}"

# This is read anew for each test, and starts no process for it.
tests_dir=${BASH_SOURCE[0]%/*}
: "${abs_top_srcdir:=$(cd "$tests_dir/.." && pwd)}"
: "${abs_top_builddir:=$abs_top_srcdir}"
: "${CHMEM:=$abs_top_builddir/src/chmem}"
MKTREE=$abs_top_builddir/tests/trees/mktree

# shellcheck source=tests/json.bash
source "$tests_dir/json.bash"

teardown_file() {
	validate_documents
}

# use_tree DIR - the tree that the functions below are about.
use_tree() {
	TREE=$1
	MEMORY=$TREE/sys/devices/system/memory
	FIRMWARE=$TREE/sys/firmware/memory
}

# make_tree [MKTREE-ARGUMENT]... - makes the tree of this test, or adds to it. What mktree leaves
# to the kernel to free is nobody's concern, and a search for it takes half of its time.
make_tree() {
	use_tree "$BATS_TEST_TMPDIR/tree"
	ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 "$MKTREE" "$TREE" "$@"
}

# A small machine: blocks 0-3 online, 4-11 offline; 128 MiB each.
make_small_tree() {
	make_tree -b 0-3:online:Normal -b '4-11:offline:Normal Movable'
}

# chmem_on_tree [ARGUMENT]... - chmem below TREE, by the name that its messages begin with.
chmem_on_tree() {
	(exec -a chmem "$CHMEM" --sysroot "$TREE" "$@")
}

# run_chmem [ARGUMENT]... - sets status, output and stderr, and keeps a picture of the tree from
# before for assert_unchanged.
run_chmem() {
	tree_before=$(show_tree)
	run --separate-stderr chmem_on_tree "$@"
	keep_document "$output" "$@"
}

# out_of_place REASON - leaves out the test, as it would say nothing here: run-bats lets that pass.
out_of_place() {
	skip "out of place: $1"
}

# need_tracing - leaves out the test where no process can be traced.
need_tracing() {
	command -v strace >/dev/null || skip "no strace"
	strace -qq -o /dev/null true || skip "no process can be traced here"
}

# traced FILE [STRACE-OPTION]... COMMAND [ARGUMENT]... - runs it; FILE gets its system calls. The
# search for leaks of an instrumented build cannot be traced.
traced() {
	ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 strace -qq -o "$@"
}

# show_tree - every file of TREE with its content, a line each.
show_tree() (
	cd "$TREE" || return
	find . -type f ! -size +64k -exec grep -aH '' /dev/null {} + 2>/dev/null || true
)

# state N, set_state N WORD - what the file holds, and putting it there.
state() {
	cat "$MEMORY/memory$1/state"
}

# read_files DIR FIRST-LAST FILE - what these have for their only line, of these blocks: all of it on
# one line.
read_files() {
	local i words=()

	for ((i = ${2%-*}; i <= ${2#*-}; i++)); do
		read -r "words[i]" <"$1/memory$i/$3" || true
	done
	echo "${words[*]}"
}

set_state() {
	printf '%s\n' "$2" >"$MEMORY/memory$1/state"
}

# states FIRST-LAST - the states of these blocks on one line.
states() {
	read_files "$MEMORY" "$1" state
}

config() {
	cat "$FIRMWARE/memory$1/config"
}

# block N [BLOCK_SIZE] - how chmem names a block.
block() {
	local size=${2:-0x8000000}

	printf 'Memory Block %u (0x%016x-0x%016x)' "$1" $(($1 * size)) $((($1 + 1) * size - 1))
}

# is WHAT ACTUAL EXPECTED - fails with both if they differ.
is() {
	[ "$2" == "$3" ] || {
		printf '%s is\n  %q\nand not\n  %q\n' "$1" "$2" "$3"
		return 1
	}
}

assert_status() {
	is "exit status" "$status" "$1" || {
		printf 'stdout: %s\nstderr: %s\n' "$output" "${stderr-}"
		return 1
	}
}

# Whole text of a stream, one argument a line; no argument for nothing at all.
assert_stdout() {
	is stdout "$output" "$(printf '%s\n' "$@")"
}

assert_stderr() {
	is stderr "$stderr" "$(printf '%s\n' "$@")"
}

assert_states() {
	is "states of $1" "$(states "$1")" "$2"
}

assert_unchanged() {
	is "the tree" "$(show_tree)" "$tree_before"
}

# assert_refused LINE... - these lines on stderr and nothing else: no output, exit status 1, the tree
# as it was.
assert_refused() {
	assert_status 1
	is stdout "$output" ""
	assert_stderr "$@"
	assert_unchanged
}

# assert_refused_somehow GLOB - the same of one line, the words of which are not fixed.
assert_refused_somehow() {
	assert_refused "${stderr%%$'\n'*}"
	assert_stderr_like "chmem: $1"
}

# each_refused MESSAGE OPERAND... - `chmem -e $MODE -- OPERAND` is refused, for every one of them:
# MESSAGE on stderr, where %s stands for the operand, and nothing else as in assert_refused. With
# FORMAT set, each word is a part of the operand only, the %s of FORMAT.
# shellcheck disable=SC2059,SC2086 # formats; words
each_refused() {
	local message=$1 stdout=$BATS_TEST_TMPDIR/stdout answers operand part

	shift
	tree_before=$(show_tree)
	answers=$(for part; do
		printf -v operand "${FORMAT-%s}" "$part"
		chmem_on_tree -e ${MODE-} -- "$operand" 2>&1 >>"$stdout"
		echo "exit status $?"
	done)
	is stderr "$answers" "$(printf "chmem: $message\nexit status 1\n" "$@")"
	is stdout "$(cat "$stdout")" ''
	assert_unchanged
}

# assert_stdout_like GLOB, assert_stderr_like GLOB - for words that are not fixed.
assert_stdout_like() {
	is_like stdout "$output" "$1"
}

assert_stderr_like() {
	is_like stderr "${stderr-}" "$1"
}

is_like() {
	# shellcheck disable=SC2053 # a pattern it is
	[[ $2 == $3 ]] || {
		printf '%s is\n  %q\nand not like\n  %s\n' "$@"
		return 1
	}
}

# run_chmem_under COMMAND [ARGUMENT]... -- [ARGUMENT]... - run_chmem, started by another command,
# whose exit status 77 means that it is out of place here.
run_chmem_under() {
	local by=()

	while [ "$1" != -- ]; do
		by+=("$1")
		shift
	done
	shift
	tree_before=$(show_tree)
	run --separate-stderr "${by[@]}" bash -c 'exec -a chmem "$@"' - "$CHMEM" --sysroot "$TREE" "$@"
	[ "$status" -ne 77 ] || skip "$stderr"
	keep_document "$output" "$@"
}

# without_powers COMMAND [ARGUMENT]... - takes away what root may do beyond the modes of files, where
# an ordinary user plays root as well.
without_powers() {
	setpriv --bounding-set=-all --inh-caps=-all "$@"
}

# run_chmem_hooked SCRIPT [ARGUMENT]... - run_chmem, with SCRIPT run before each of its writes. It
# finds the block's number in $block, the attribute in $attribute, the text in $word, and may let
# the write fail with `exit $EBUSY` and the like. The writes are listed in the file $WRITES.
run_chmem_hooked() {
	local hook=$BATS_TEST_TMPDIR/hook

	export WRITES=$BATS_TEST_TMPDIR/writes
	: >"$WRITES"
	# shellcheck disable=SC2016 # for the hook to expand
	printf '%s\n' "#!$BASH" \
		'EPERM=1 EIO=5 EAGAIN=11 ENOMEM=12 EACCES=13 EBUSY=16 EINVAL=22 EROFS=30' \
		'path=$1 word=$2 attribute=${1##*/} block=${1%/*} block=${block##*/memory}' \
		'echo "$block $attribute $word" >>"$WRITES"' \
		"$1" 'exit 0' >"$hook"
	chmod +x "$hook"
	run_chmem_under "$abs_top_builddir/tests/cli/on-write" "$hook" -- "${@:2}"
}

# assert_writes LINE... - what run_chmem_hooked saw: `BLOCK ATTRIBUTE TEXT`, in this order.
assert_writes() {
	is "the writes" "$(cat "$WRITES")" "$(printf '%s\n' "$@")"
}

# ---- s390: /sys/firmware/memory ----

# Blocks 0-3 online; 4 and 5 offline, but configured; 6-11 on standby: as the kernel has them,
# below firmware/memory alone. The memory map of 10 and 11 is to lie on themselves.
make_s390_tree() {
	make_tree -b 0-3:online:Normal -b '4-5:offline:Normal Movable' \
		-f 0-5:1:0 -f 6-9:0:0 -f 10-11:0:1
}

# The same, with what the kernel adds once a block is configured there from the start, for no
# plain file can come into being.
make_standby_tree() {
	make_s390_tree
	make_tree -b '6-11:offline:Normal Movable'
}

memmap() {
	cat "$FIRMWARE/memory$1/memmap_on_memory"
}

set_config() {
	printf '%s\n' "$2" >"$FIRMWARE/memory$1/config"
}

# configs FIRST-LAST - what is configured of these blocks, on one line.
configs() {
	read_files "$FIRMWARE" "$1" config
}

assert_configs() {
	is "config of $1" "$(configs "$1")" "$2"
}

# assert_changed [FILE:CONTENT]... - these files below sys, and no others, have another content
# than before; in any order.
assert_changed() {
	is "what changed" \
		"$(diff <(sort <<<"$tree_before") <(show_tree | sort) | sed -n 's/^> \.\/sys\///p' | sort)" \
		"$(printf '%s\n' "$@" | sort)"
}

# assert_stderr_line N PATTERN - a line of stderr, for words that are not fixed; from 0.
assert_stderr_line() {
	local lines

	mapfile -t lines <<<"$stderr"
	# shellcheck disable=SC2053 # a pattern
	[[ ${lines[$1]-} == $2 ]] || {
		printf 'line %d of stderr is\n  %q\nand does not match\n  %s\n' \
			"$1" "${lines[$1]-}" "$2"
		return 1
	}
}

# assert_stderr_has PATTERN - some line of stderr is like that.
assert_stderr_has() {
	local line

	while IFS= read -r line; do
		# shellcheck disable=SC2053 # a pattern
		[[ $line == $1 ]] && return
	done <<<"$stderr"
	printf 'no line of stderr matches\n  %s\nin\n%s\n' "$1" "$stderr"
	return 1
}

# assert_stderr_length N - stderr is so many lines.
assert_stderr_length() {
	is "lines of stderr" "$(wc -l <<<"$stderr")" "$1"
}

# As run_chmem, with stdout in FILE.
run_chmem_to() {
	tree_before=$(show_tree)
	run --separate-stderr chmem_to "$@"
	# a device may have no end
	[ ! -f "$1" ] || keep_document "$(<"$1")" "${@:2}"
}

chmem_to() {
	chmem_on_tree "${@:2}" >"$1"
}

# As run_chmem, by a user whom modes of files stop, root or not.
run_chmem_unprivileged() {
	run_chmem_under without_powers -- "$@"
}

# chmem_up_to BYTES [ARGUMENT]... - chmem where no file takes a write beyond that. Its stderr goes
# through a pipe, for what bats reads it from is a file as well.
chmem_up_to() (
	trap '' XFSZ
	set -o pipefail
	# shellcheck disable=SC2016 # for the inner shell
	{
		prlimit --fsize="$1" -- bash -c 'exec -a chmem "$@"' bash \
			"$CHMEM" --sysroot "$TREE" "${@:2}" 2>&1 >&4 | cat >&2
	} 4>&1
)

run_chmem_up_to() {
	tree_before=$(show_tree)
	run --separate-stderr chmem_up_to "$@"
}

# make_read_only FILE... - opening them for writing gives EROFS, until unmount_all.
make_read_only() {
	local file

	for file; do
		mount --bind "$file" "$file"
		echo "$file" >>"$BATS_TEST_TMPDIR/mounts"
		mount -o remount,bind,ro "$file"
	done
}

# json FILTER - what jq makes of stdout, a line each.
json() {
	jq -r "$1" <<<"$output"
}

# assert_json FILTER LINE... - that, and nothing else.
assert_json() {
	is "$1" "$(json "$1")" "$(printf '%s\n' "${@:2}")"
}

# For teardown: nothing can be removed that is mounted on.
unmount_all() {
	local file

	[ -e "$BATS_TEST_TMPDIR/mounts" ] || return 0
	while read -r file; do
		umount "$file"
	done <"$BATS_TEST_TMPDIR/mounts"
}
