#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A size takes any blocks: which, in which order, and what is said where there are not enough.

# shellcheck disable=SC2016 # what runs before a write expands its variables itself

load ../helpers

setup() {
	make_small_tree
}

# assert_reasons LINE... - these lines on stderr, from the second one on in any order.
assert_reasons() {
	assert_stderr_like "$1"*
	is stderr "$(sort <<<"${stderr-}")" "$(printf '%s\n' "$@" | sort)"
}

@test "enabling begins with the lowest block that is not online" {
	set_state 5 online
	run_chmem_hooked '' -e 384M
	assert_status 0
	assert_stdout
	assert_stderr
	assert_writes '4 state online_movable' '6 state online_movable' '7 state online_movable'
	assert_states 0-11 "online online online online online_movable online online_movable online_movable offline offline offline offline"
}

@test "disabling begins with the highest block that is not offline" {
	set_state 6 online
	run_chmem_hooked '' -d 384M
	assert_status 0
	assert_stdout
	assert_stderr
	assert_writes '6 state offline' '3 state offline' '2 state offline'
	assert_states 0-11 "online online offline offline offline offline offline offline offline offline offline offline"
}

@test "blocks are in the order of their numbers, not of their names" {
	make_tree -b 98-101:offline:Movable -b 1000:offline:Movable
	run_chmem_hooked '' -e 1664M
	assert_status 0
	is "the blocks" "$(cut -d ' ' -f 1 "$WRITES" | xargs)" "4 5 6 7 8 9 10 11 98 99 100 101 1000"
	run_chmem_hooked '' -d 1664M
	assert_status 0
	is "the blocks" "$(cut -d ' ' -f 1 "$WRITES" | xargs)" "1000 101 100 99 98 11 10 9 8 7 6 5 4"
}

@test "-v prints one line for each block that was changed, in that order" {
	set_state 5 online
	run_chmem -v -e 256M
	assert_status 0
	assert_stdout "$(block 4) enabled" "$(block 6) enabled"
	assert_stderr
	run_chmem --verbose -d 512M
	assert_status 0
	assert_stdout "$(block 6) disabled" "$(block 5) disabled" "$(block 4) disabled" "$(block 3) disabled"
	assert_stderr
}

@test "what is there is taken where it is less than was asked for, which is exit status 64" {
	run_chmem -e 2G
	assert_status 64
	assert_stdout
	assert_stderr "chmem: Could only enable 1G of memory"
	run_chmem -d 2G
	assert_status 64
	assert_stdout
	assert_stderr "chmem: Could only disable 1.5G of memory"
	assert_states 0-11 "offline offline offline offline offline offline offline offline offline offline offline offline"
}

@test "where nothing is to be had the exit status is 1" {
	run_chmem -e 1G
	run_chmem -v -e 128M
	assert_refused "chmem: Could only enable 0B of memory"
	run_chmem -d 1536M
	run_chmem -v -d 128M
	assert_refused "chmem: Could only disable 0B of memory"
}

@test "sizes in messages have one decimal, rounded half up, and none that is 0" {
	local spec last_block size_bytes text

	for spec in 8000000:9:1.1G 8000000:10:1.3G 8000000:8:1G 8000000:3:384M 8000:63:2M 8000:61:1.9M \
		200:1:512B 400:1:1K 10000000000:1:1T 4000000000000:5:5P 1000000000000000:7:7E \
		10000000:255:63.8G 80:127:15.9K 2000000000:511:63.9T; do
		IFS=: read -r size_bytes last_block text <<<"$spec"
		rm -r "$TREE"
		make_tree -s "$size_bytes" -b "1-$last_block:offline:Movable"
		run chmem_on_tree -e 15E
		is "the line for $last_block blocks of 0x$size_bytes" "$output" "chmem: Could only enable $text of memory"
	done
}

@test "a block that fails is passed over, and not a word is said if the amount is reached" {
	run_chmem_hooked '[ $block = 4 ] || [ $block = 6 ] && exit $EBUSY' -e 384M
	assert_status 0
	assert_stdout
	assert_stderr
	assert_states 4-9 "offline online_movable offline online_movable online_movable offline"
	run_chmem_hooked '[ $block = 8 ] && exit $EBUSY' -v -d 256M
	assert_status 0
	assert_stdout "$(block 7) disabled" "$(block 5) disabled"
	assert_states 4-9 "offline offline offline offline online_movable offline"
}

@test "D1: where it falls short the reasons are grouped" {
	run_chmem_hooked 'case $block in 4 | 6 | 9) exit $EBUSY ;; 10) exit $EIO ;; 7 | 11) exit $ENOMEM ;; esac' -e 1G
	assert_status 64
	assert_stdout
	assert_reasons "chmem: Could only enable 256M of memory" \
		"chmem:   3 blocks: Device or resource busy" \
		"chmem:   1 block: Input/output error" \
		"chmem:   2 blocks: Cannot allocate memory"
	assert_states 4-11 "offline online_movable offline offline online_movable offline offline offline"
}

@test "D1: where nothing was done, too" {
	run_chmem_hooked 'exit $EBUSY' -e 1G
	assert_refused "chmem: Could only enable 0B of memory" "chmem:   8 blocks: Device or resource busy"
	run_chmem_hooked 'exit $EBUSY' -d 256M
	assert_refused "chmem: Could only disable 0B of memory" "chmem:   4 blocks: Device or resource busy"
	run_chmem_hooked 'exit $EPERM' -d 256M
	assert_refused "chmem: Could only disable 0B of memory" "chmem:   4 blocks: Operation not permitted"
}

@test "D1: zones that do not fit are a reason" {
	echo Normal >"$MEMORY/memory6/valid_zones"
	run_chmem_hooked '[ $block != 5 ] || exit $EBUSY' -e -z Movable 1G
	assert_status 64
	assert_reasons "chmem: Could only enable 768M of memory" \
		"chmem:   1 block: Zone mismatch" "chmem:   1 block: Device or resource busy"
}

@test "D1: a lack of permission ends the walk at once" {
	chmod 0444 "$MEMORY"/memory{5,7}/state
	run_chmem_unprivileged -e 1G
	assert_status 64
	assert_stdout
	assert_stderr "chmem: Could only enable 128M of memory" "chmem:   1 block: Permission denied"
	assert_states 4-11 "online_movable offline offline offline offline offline offline offline"

	chmod 0444 "$MEMORY/memory3/state"
	set_state 4 offline
	run_chmem_unprivileged -d 256M
	assert_refused "chmem: Could only disable 0B of memory" "chmem:   1 block: Permission denied"
}

@test "D1: a file system that is read-only ends the walk at once, another reason does not" {
	run_chmem_hooked 'case $block in 4) exit $EPERM ;; 6) exit $EROFS ;; esac' -e 1G
	assert_status 64
	assert_stdout
	assert_reasons "chmem: Could only enable 128M of memory" \
		"chmem:   1 block: Operation not permitted" "chmem:   1 block: Read-only file system"
	assert_states 4-11 "offline online_movable offline offline offline offline offline offline"
	run_chmem_hooked '[ $block != 8 ] || exit $EACCES' -e 512M
	assert_status 64
	assert_states 4-11 "online_movable online_movable online_movable online_movable offline offline offline offline"
}

@test "D2: with -v a failure goes to stderr with its reason, as for a range" {
	run_chmem_hooked '[ $block = 5 ] && exit $EBUSY' -v -e 256M
	assert_status 0
	assert_stdout "$(block 4) enabled" "$(block 6) enabled"
	assert_stderr "chmem: $(block 5) enable failed: Device or resource busy"
	run_chmem_hooked '[ $block = 3 ] && exit $EIO' -v -d 640M
	assert_status 0
	assert_stdout "$(block 6) disabled" "$(block 4) disabled" "$(block 2) disabled" "$(block 1) disabled" "$(block 0) disabled"
	assert_stderr "chmem: $(block 3) disable failed: Input/output error"
}

@test "D2: with -v the failures come before the summary" {
	run_chmem_hooked '[ $block = 10 ] || exit $EBUSY' -v -e 1G
	assert_status 64
	assert_stdout "$(block 10) enabled"
	assert_stderr "chmem: $(block 4) enable failed: Device or resource busy" \
		"chmem: $(block 5) enable failed: Device or resource busy" \
		"chmem: $(block 6) enable failed: Device or resource busy" \
		"chmem: $(block 7) enable failed: Device or resource busy" \
		"chmem: $(block 8) enable failed: Device or resource busy" \
		"chmem: $(block 9) enable failed: Device or resource busy" \
		"chmem: $(block 11) enable failed: Device or resource busy" \
		"chmem: Could only enable 128M of memory" \
		"chmem:   7 blocks: Device or resource busy"
}

@test "D3: a block that somebody else was quicker to switch is no failure, and does not count" {
	run_chmem_hooked '[ $block = 4 ] && echo online >"$path" && exit $EINVAL' -v -e 256M
	assert_status 0
	assert_stdout "$(block 5) enabled" "$(block 6) enabled"
	assert_stderr
	assert_states 4-7 "online online_movable online_movable offline"
	run_chmem_hooked '[ $block = 6 ] && echo offline >"$path" && exit $EINVAL' -v -d 256M
	assert_status 0
	assert_stdout "$(block 5) disabled" "$(block 4) disabled"
	assert_stderr

	run_chmem_hooked 'echo online >"$path" && exit $EINVAL' -e 256M
	assert_status 1
	assert_stdout
	assert_stderr "chmem: Could only enable 0B of memory"
	assert_states 4-11 "online online online online online online online online"
}

@test "blocks that are going offline, or in an unknown state, are candidates of both" {
	set_state 5 going-offline
	set_state 6 nonsense
	: >"$MEMORY/memory7/state"
	run_chmem_hooked '' -e 512M
	assert_status 0
	assert_states 4-8 "online_movable online_movable online_movable online_movable offline"

	set_state 5 going-offline
	set_state 6 nonsense
	: >"$MEMORY/memory7/state"
	run_chmem_hooked '' -d 384M
	assert_status 0
	assert_writes '7 state offline' '6 state offline' '5 state offline'
	assert_states 4-8 "online_movable offline offline offline offline"
}

@test "a state that cannot be read is passed over, and told where it falls short" {
	rm "$MEMORY/memory5/state"
	run_chmem -v -e 256M
	assert_status 0
	assert_stdout "$(block 4) enabled" "$(block 6) enabled"
	assert_stderr "chmem: $(block 5) enable failed: No such file or directory"
	run_chmem -e 1G
	assert_status 64
	assert_stderr "chmem: Could only enable 640M of memory" "chmem:   1 block: No such file or directory"
	mkdir "$MEMORY/memory5/state"
	run_chmem -d 2G
	assert_status 64
	assert_stderr "chmem: Could only disable 1.4G of memory" "chmem:   1 block: Is a directory"
}

@test "nothing is written once the amount is reached" {
	run_chmem_hooked '' -e 128M
	assert_writes '4 state online_movable'
	run_chmem_hooked 'exit $EBUSY' -e 0
	assert_status 0
	is "the writes" "$(cat "$WRITES")" ''
}
