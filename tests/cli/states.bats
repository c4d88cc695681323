#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a block's state is taken for, and how it is written.

# shellcheck disable=SC2016 # what runs before a write expands its variables itself

load ../helpers

setup() {
	make_small_tree
}

# each_state COMMAND RESULT STATE... - with a block in each of these states, `chmem -v COMMAND` says
# RESULT of it.
each_state() {
	for text in "${@:3}"; do
		printf '%s' "$text" >"$MEMORY/memory4/state"
		run_chmem -v "$1" -b 4
		assert_status 0
		assert_stdout "$(block 4) $2"
		assert_stderr
	done
}

# assert_bytes N TEXT - what the file holds, to the byte.
assert_bytes() {
	is "state of $1" "$(od -An -c "$MEMORY/memory$1/state")" "$(printf %s "$2" | od -An -c)"
}

@test "online in any of its forms is already enabled" {
	each_state -e 'already enabled' online $'online\n' online_movable $'online_kernel\n'
	each_state -d disabled online $'online\n' online_movable $'online_kernel\n'
	assert_bytes 4 offline
}

@test "offline is already disabled" {
	each_state -d 'already disabled' offline $'offline\n'
	each_state -e enabled offline $'offline\n'
	assert_bytes 4 online_movable
}

@test "a block that is going offline is neither" {
	each_state -e enabled going-offline $'going-offline\n'
	each_state -d disabled going-offline $'going-offline\n'
}

@test "D42: any other text is neither, and is written" {
	local others=('' $'\n' onlin online_ onlineX online_movableX online_kernel_ offlin offlineX offline_ \
		ONLINE Offline ' online' 'online ' $'online\nx' 'online offline' 0 1 going 'ERROR-UNKNOWN-3' on)

	each_state -e enabled "${others[@]}"
	assert_bytes 4 online_movable
	each_state -d disabled "${others[@]}"
	assert_bytes 4 offline
}

@test "D42: an empty state is written" {
	: >"$MEMORY/memory4/state"
	run_chmem_hooked '' -v -d -b 4
	assert_status 0
	assert_stdout "$(block 4) disabled"
	assert_writes '4 state offline'
	: >"$MEMORY/memory5/state"
	run_chmem_hooked '' -v -e 256M
	assert_status 0
	assert_stdout "$(block 4) enabled" "$(block 5) enabled"
}

@test "a write is one write of the word, without a newline" {
	run_chmem_hooked 'printf %s "$word" | od -An -c >"$WRITES.bytes"; echo x >>"$WRITES.count"' -e -b 4
	is "the bytes" "$(cat "$WRITES.bytes")" "$(printf online_movable | od -An -c)"
	is "writes" "$(wc -l <"$WRITES.count")" 1
	assert_bytes 4 online_movable
}

@test "D24: what is longer than the word is cut off" {
	set_state 4 online_movable
	run_chmem -d -b 4
	assert_status 0
	assert_bytes 4 offline
	printf 'offline with much behind it\nand more\n' >"$MEMORY/memory5/state"
	run_chmem -d -b 5
	assert_bytes 5 offline
	echo Normal >"$MEMORY/memory6/valid_zones"
	run_chmem -e -b 6
	assert_bytes 6 online
	run_chmem -d -b 6
	assert_bytes 6 offline
	printf 'going-offline' >"$MEMORY/memory3/state"
	run_chmem -d 128M
	assert_bytes 3 offline
}

@test "D24: nothing is cut off where the write fails" {
	printf 'going-offline and more\n' >"$MEMORY/memory4/state"
	run_chmem_hooked 'exit $EBUSY' -d -b 4
	assert_refused "chmem: $(block 4) disable failed: Device or resource busy"
	assert_bytes 4 $'going-offline and more\n'
	run_chmem_up_to 0 -d -b 4
	assert_refused "chmem: $(block 4) disable failed: File too large"
	assert_bytes 4 $'going-offline and more\n'
}

@test "a short write is a failure" {
	: >"$MEMORY/memory4/state"
	run_chmem_up_to 3 -d -b 4
	assert_status 1
	assert_stdout
	assert_stderr_like "chmem: $(block 4) disable failed: *"
}

@test "nothing but state and valid_zones of a block is read or needed" {
	for n in 3 4; do
		rm -r "$MEMORY/memory$n/removable"
		for name in removable online phys_index phys_device; do
			mkfifo "$MEMORY/memory$n/$name"
		done
		ln -s ../nowhere "$MEMORY/memory$n/node0"
	done
	rm "$MEMORY"/memory{5,6}/{removable,valid_zones}
	run_chmem_under timeout 30 -- -v -e -b 3-6
	assert_status 0
	assert_stdout "$(block 3) already enabled" "$(block 4) enabled" "$(block 5) enabled" "$(block 6) enabled"
	assert_stderr
	run_chmem_under timeout 30 -- -d 896M
	assert_status 0
	assert_states 0-6 "offline offline offline offline offline offline offline"
}

@test "a state that may only be read is good enough for a block that is as wanted" {
	chmod 0444 "$MEMORY"/memory*/state
	run_chmem_unprivileged -v -e -b 0-3
	assert_status 0
	assert_stdout "$(block 0) already enabled" "$(block 1) already enabled" \
		"$(block 2) already enabled" "$(block 3) already enabled"
	assert_stderr
	run_chmem_unprivileged -d -b 4-11
	assert_status 0
	assert_stderr
	chmod 0644 "$MEMORY/memory4/state"
	run_chmem_unprivileged -v -e 128M
	assert_status 0
	assert_stdout "$(block 4) enabled"
	assert_stderr
}
