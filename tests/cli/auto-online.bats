#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# --auto-online: showing and setting what the kernel does with memory that is added.

# shellcheck disable=SC2016 # what runs before a write expands its variables itself
# shellcheck disable=SC2030,SC2031 # each test has an output of its own

load ../helpers

file=/sys/devices/system/memory/auto_online_blocks
try_help="Try 'chmem --help' for more information."
rule="it must be offline, online, online_kernel or online_movable"

setup() {
	make_small_tree
	set_policy offline
}

teardown() {
	unmount_all
}

policy() {
	cat "$MEMORY/auto_online_blocks"
}

set_policy() {
	echo "$1" >"$MEMORY/auto_online_blocks"
}

# ---- Showing it ----

@test "--auto-online shows the word alone, and changes nothing" {
	local word

	for word in offline online online_kernel online_movable; do
		set_policy "$word"
		run_chmem_hooked '' --auto-online
		assert_status 0
		assert_stdout "$word"
		assert_stderr
		assert_writes
		assert_unchanged
	done
}

@test "--auto-online is abbreviated, and takes -v, -n and POSIXLY_CORRECT" {
	local line

	for line in --au --auto '-v --auto-online' '--auto-online -n' '-nv --auto-online'; do
		# shellcheck disable=SC2086 # words
		POSIXLY_CORRECT=1 run_chmem $line
		assert_status 0
		assert_stdout offline
		assert_stderr
	done
}

@test "--auto-online on a system without blocks, and on s390, too" {
	make_tree
	rm -r "$MEMORY"/memory*
	run_chmem --auto-online
	assert_status 0
	assert_stdout offline
	make_s390_tree
	run_chmem --auto-online=online
	assert_status 0
	is "the file" "$(policy)" online
}

@test "--auto-online where the file has another word" {
	local word

	for word in '' Online 'online movable' 1; do
		set_policy "$word"
		run_chmem --auto-online
		assert_refused "chmem: $file has a word that is not known"
	done
}

@test "--auto-online on a kernel that has no such file" {
	local option

	rm "$MEMORY/auto_online_blocks"
	for option in '' =online '=online -n'; do
		# shellcheck disable=SC2086 # words
		run_chmem --auto-online$option
		assert_refused "chmem: Failed to read $file: No such file or directory (this kernel has no such policy)"
	done
}

@test "--auto-online where there is no memory directory, or no block size" {
	rm "$MEMORY/block_size_bytes"
	run_chmem --auto-online
	assert_refused "chmem: Failed to read /sys/devices/system/memory: No such file or directory"
	rm -r "$MEMORY"
	run_chmem --auto-online=online
	assert_refused "chmem: cannot open /sys/devices/system/memory: No such file or directory"
}

@test "--auto-online of a file that cannot be read" {
	chmod 0 "$MEMORY/auto_online_blocks"
	run_chmem_unprivileged --auto-online
	assert_status 1
	assert_stdout
	assert_stderr "chmem: Failed to read $file: Permission denied"
	rm "$MEMORY/auto_online_blocks"
	mkdir "$MEMORY/auto_online_blocks"
	run_chmem --auto-online=online
	assert_refused "chmem: Failed to read $file: Is a directory"
}

@test "--auto-online to a full device is a write error" {
	run_chmem_to /dev/full --auto-online
	assert_status 1
	assert_stderr "chmem: write error: No space left on device"
}

# ---- Setting it ----

@test "--auto-online=POLICY writes the word once, and says nothing" {
	local word

	for word in online online_kernel online_movable offline; do
		run_chmem_hooked '' "--auto-online=$word"
		assert_status 0
		assert_stdout
		assert_stderr
		is "the writes" "$(cut -d ' ' -f 2- "$WRITES")" "auto_online_blocks $word"
		assert_changed "devices/system/memory/auto_online_blocks:$word"
		is "the file" "$(policy)" "$word"
	done
}

@test "--auto-online=POLICY that is so already writes nothing, and takes no permission" {
	set_policy online_movable
	chmod 444 "$MEMORY/auto_online_blocks"
	run_chmem_hooked '' --auto-online=online_movable
	assert_status 0
	assert_stdout
	assert_stderr
	assert_writes
	run_chmem_unprivileged --auto-online=online_movable
	assert_status 0
	assert_stderr
	assert_unchanged
}

@test "-v tells what was set, or is so already; -n what would be" {
	run_chmem -v --auto-online=online
	assert_stdout 'Memory that is added: online'
	run_chmem -v --auto-online=online
	assert_status 0
	assert_stdout 'Memory that is added: already online'
	run_chmem -n --auto-online=online_kernel
	assert_status 0
	assert_stdout 'Memory that is added: would be online_kernel'
	assert_unchanged
	run_chmem -n --auto-online=online
	assert_status 0
	assert_stdout
	run_chmem -n -v --auto-online=online
	assert_stdout 'Memory that is added: already online'
}

@test "-n takes no permission" {
	chmod 444 "$MEMORY/auto_online_blocks"
	run_chmem_unprivileged -n --auto-online=online
	assert_status 0
	assert_stdout 'Memory that is added: would be online'
	assert_stderr
	assert_unchanged
}

@test "a word that the file had, and nobody knows, is written over" {
	set_policy somehow
	run_chmem --auto-online=offline
	assert_status 0
	is "the file" "$(policy)" offline
}

@test "a write that is refused is told with its reason, and what was is left" {
	run_chmem_hooked 'exit $EINVAL' --auto-online=online_kernel
	assert_refused "chmem: Failed to write online_kernel to $file: Invalid argument"
	run_chmem_hooked 'exit $EPERM' -v --auto-online=online
	assert_refused "chmem: Failed to write online to $file: Operation not permitted"
}

@test "a file that cannot be written" {
	chmod 444 "$MEMORY/auto_online_blocks"
	run_chmem_unprivileged --auto-online=online
	assert_refused "chmem: Failed to write online to $file: Permission denied"
}

@test "a file that is on a read-only mount: the mount is named where that can be told" {
	local self=$TREE/proc/self

	make_read_only "$MEMORY/auto_online_blocks"
	run_chmem --auto-online=online
	assert_refused "chmem: Failed to write online to $file: Read-only file system"
	mkdir -p "$self"
	echo '20 1 0:20 / /sys ro,relatime shared:7 - sysfs sysfs ro' >"$self/mountinfo"
	run_chmem --auto-online=online
	assert_refused "chmem: Failed to write online to $file: Read-only file system" \
		"chmem: /sys is mounted read-only"
}

@test "what the kernel shows afterwards counts, not what it took" {
	run_chmem_hooked 'echo online_kernel >"$path"; exit $EINVAL' --auto-online=online_kernel
	assert_status 0
	assert_stderr
	is "the file" "$(policy)" online_kernel
}

@test "--auto-online=POLICY on a file that takes a write and stays as it was" {
	rm "$MEMORY/auto_online_blocks"
	mknod "$MEMORY/auto_online_blocks" c 1 3 2>/dev/null || skip "no device can be made here"
	{ : <"$MEMORY/auto_online_blocks"; } 2>/dev/null || skip "devices are out of use here"
	run_chmem --auto-online=online
	assert_status 1
	assert_stdout
	assert_stderr "chmem: online was written to $file, which says something else now"
}

# ---- The command line ----

@test "a word that is no policy is refused" {
	local word

	for word in '' on Online movable online_ 1 ' online' auto; do
		run_chmem "--auto-online=$word"
		assert_refused "chmem: Invalid value of --auto-online: '$word', $rule"
	done
}

@test "of several values the last one counts" {
	run_chmem --auto-online=x --auto-online=online
	assert_status 0
	is "the file" "$(policy)" online
	run_chmem --auto-online=offline --auto-online
	assert_stdout online
	assert_unchanged
}

@test "a policy that stands apart is not taken for it, and how to write it is told" {
	local word

	for word in offline online online_kernel online_movable; do
		run_chmem --auto-online "$word"
		assert_refused "chmem: The value of --auto-online is written with =, as --auto-online=$word"
		run_chmem "$word" -v --auto-online
		assert_refused "chmem: The value of --auto-online is written with =, as --auto-online=$word"
	done
}

@test "--auto-online takes no operand" {
	local line

	for line in '--auto-online 128M' '--auto-online=online 1G' '--auto-online=online online' \
		'--auto-online -- x'; do
		# shellcheck disable=SC2086 # words
		run_chmem $line
		assert_refused "chmem: bad usage" "$try_help"
	done
}

@test "--auto-online goes with no option that is about blocks" {
	local option

	for option in enable disable configure deconfigure blocks all resize=1G zone=DMA node=0 \
		order=lowest memmap-on-memory=1 try-timeout=1 timeout=1 retries=1 keep-free=1G atomic \
		lock wait=1 list output=SIZE noheadings progress; do
		run_chmem --auto-online "--$option"
		assert_refused "chmem: options --auto-online and --${option%=*} cannot be combined"
		run_chmem "--$option" --auto-online=online
		assert_refused "chmem: options --${option%=*} and --auto-online cannot be combined"
	done
}

# ---- JSON ----

# assert_policy STATUS EXIT BEFORE AFTER - of the document.
assert_policy() {
	assert_status "$2"
	assert_json '"\(.command) \(.status) \(.exit_status) \(.auto_online.before) \(.auto_online.after)"' \
		"auto-online $1 $2 $3 $4"
	assert_json '.requested, (.blocks | length), .changed.blocks' null 0 0
}

@test "--json shows it" {
	run_chmem --json --auto-online
	assert_policy 'done' 0 offline offline
	assert_json '.dry_run, .block_size, .total.online, (.messages | length)' \
		false 134217728 $((4 << 27)) 0
	assert_stderr
}

@test "--json tells what it was and is" {
	run_chmem -J -v --auto-online=online_movable
	assert_policy 'done' 0 offline online_movable
	run_chmem -J --auto-online=online_movable
	assert_policy 'done' 0 online_movable online_movable
	run_chmem -J -n --auto-online=online
	assert_policy planned 0 online_movable online
	assert_json .dry_run true
	assert_unchanged
	set_policy somehow
	run_chmem -J --auto-online=offline
	assert_policy 'done' 0 null offline
}

@test "--json tells what could not be set, or read" {
	run_chmem_hooked 'exit $EINVAL' --json --auto-online=online
	assert_policy nothing 1 offline offline
	assert_json '.messages[]' "Failed to write online to $file: Invalid argument"
	rm "$MEMORY/auto_online_blocks"
	run_chmem --json --auto-online=online
	assert_policy refused 1 null null
	assert_json .auto_online null
	run_chmem --json -n --auto-online
	assert_policy refused 1 null null
}

@test "--json tells what is wrong with the command line" {
	run_chmem --json --auto-online=x
	assert_policy refused 1 null null
	assert_json '.messages[]' "Invalid value of --auto-online: 'x', $rule"
	run_chmem --json --auto-online -e 128M
	assert_policy refused 1 null null
	run_chmem --json -l --auto-online
	assert_json .command list
}

@test "--json: other commands have nothing to tell of it" {
	run_chmem --json -e 128M
	assert_json '"\(.command) \(.auto_online)"' 'enable null'
	run_chmem --json --list
	assert_json .auto_online null
}
