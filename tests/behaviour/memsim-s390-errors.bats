#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# s390: every answer that drivers/s390/char/sclp_mem.c of Linux has for a write to `config` and to
# `memmap_on_memory`, and what chmem makes of it; and D21, what the original does wrong there. 0 to
# 3 are online, 4 to 7 are on standby. On the simulated machine only.
#
# shellcheck disable=SC2016 # the machine's shell expands
# shellcheck disable=SC2030,SC2031 # each test has an output of its own
# shellcheck disable=SC2154 # TREE, MEMORY and FIRMWARE are set by memsim_start

load behaviour

setup() {
	machine_start s390 'blocks 0-3 online' 'blocks 4-7 standby'
}

# anew [LINE]... - another such machine, where a test takes several.
anew() {
	memsim_stop
	machine_start s390 'blocks 0-3 online' 'blocks 4-7 standby' "$@"
}

firmware() {
	on_machine "cat \$sys/firmware/memory/memory$1/$2"
}

# assert_configs FIRST-LAST WORD...
assert_configs() {
	local i words=()

	for ((i = ${1%-*}; i <= ${1#*-}; i++)); do
		words+=("$(firmware "$i" config)")
	done
	is "config of $1" "${words[*]}" "${*:2}"
}

# put_firmware RESULT N FILE WORD - a plain write there comes to that.
put_firmware() {
	is "${*:2}" "$(on_machine "poke \$sys/firmware/memory/memory$2/$3 $4")" "$1"
}

# The errors of config=1 that no second try changes, and what is known of them beyond their text.
final=(
	'ENOMEM:Cannot allocate memory; the kernel itself is short of memory'
	'EEXIST:File exists; something else is at its addresses'
	'E2BIG:Argument list too long'
	'EINVAL:Invalid argument'
)

# ---- config = 1 ----

@test "config 1 of a block that somebody else has configured meanwhile is no error" {
	put_firmware ok 4 config 1
	memsim_tell 'lie 4 config 0'
	run_chmem '-v -c -b 4'
	assert_status 0
	assert_stderr
	run_chmem '-v -e -b 4'
	assert_status 0
	assert_stderr
	assert_blocks 4-4 online
	is "results" "$(memsim_writes | cut -d ' ' -f 2,4 | sort -u)" $'config ok\nstate ok'
}

@test "config 1: EIO is tried once more, whatever --retries allows, and not under --retries 0" {
	local command retries

	for command in -c -e; do
		for retries in 1 2 9; do
			anew 'fail 4 config EIO'
			run_chmem "$command --retries $retries -b 4"
			assert_status 1
			assert_stderr "chmem: $(block 4) configure failed: Input/output error; the hypervisor did not give or take the storage"
			assert_memsim_writes '4 config 1 EIO' '4 config 1 EIO'
		done
		anew 'fail 4 config EIO'
		run_chmem "$command --retries 0 -b 4"
		assert_status 1
		assert_memsim_writes '4 config 1 EIO'
	done
}

@test "config 1: the second try after EIO comes when all others had theirs" {
	memsim_tell 'fail 4 config EIO count 1'
	run_chmem '-v -c -b 4-6'
	assert_status 0
	assert_stdout "$(block 5) configured" "$(block 6) configured" "$(block 4) configured"
	assert_stderr
	assert_memsim_writes '4 config 1 EIO' '5 config 1 ok' '6 config 1 ok' '4 config 1 ok'
}

@test "config 1 by size: EIO of one block costs nothing where others will do" {
	memsim_tell 'fail 4 config EIO'
	run_chmem '-e 384M'
	assert_status 0
	assert_stderr
	assert_configs 4-7 0 1 1 1
	assert_blocks 5-7 online
}

@test "config 1: ENOMEM, EEXIST, E2BIG and EINVAL are final: one write, its reason, no state" {
	local command row

	for row in "${final[@]}"; do
		for command in -c -e; do
			anew "fail 5 config ${row%%:*}"
			run_chmem "$command -b 4-6"
			assert_status 64
			assert_stderr_line 0 "chmem: $(block 5) configure failed: ${row#*:}"
			is "writes to 5" "$(memsim_writes | grep '^5 ')" "5 config 1 ${row%%:*}"
			assert_configs 4-7 1 0 1 0
			assert_blocks 5-5 -
		done
	done
}

@test "config 1: an explicit --retries does not try them again either" {
	local row

	for row in "${final[@]}"; do
		anew "fail 5 config ${row%%:*}"
		run_chmem "-c --retries 3 -b 5"
		assert_status 1
		assert_memsim_writes "5 config 1 ${row%%:*}"
	done
}

@test "config 1 by size: what fails is passed, and its reason given where the size falls short" {
	local row

	for row in "${final[@]}"; do
		anew "fail 5 config ${row%%:*}"
		run_chmem '-c 384M'
		assert_status 0
		assert_stderr
		assert_configs 4-7 1 0 1 1
		anew "fail 5 config ${row%%:*}"
		run_chmem '-e 512M'
		assert_status 64
		assert_stderr 'chmem: Could only enable 384M of memory' \
			"chmem:   1 block: configure failed: ${row#*:}"
		assert_blocks 4-7 online - online online
	done
}

@test "config 1: two ENOMEM in a row end the walk" {
	memsim_tell 'fail * config ENOMEM'
	run_chmem '-c 512M'
	assert_status 1
	assert_stderr_line 0 'chmem: Could only configure 0B of memory'
	assert_memsim_writes '4 config 1 ENOMEM' '5 config 1 ENOMEM'
}

@test "--json: an error of config is told by its name" {
	local row

	for row in EIO:x "${final[@]}"; do
		anew "fail 4 config ${row%%:*}"
		run_chmem '--json -c -b 4'
		assert_status 1
		assert_json '.status, .blocks[].status, .blocks[].action, .blocks[].error' \
			nothing failed configure "${row%%:*}"
	done
}

# ---- config = 1, and the kernel brings the block online ----

@test "D21: with auto-online, -e by range finds the blocks online that it configured" {
	memsim_tell 'auto-online online_movable'
	run_chmem '-v -e -b 4-5'
	assert_status 0
	assert_stdout "$(block 4) configured" "$(block 4) already enabled" \
		"$(block 5) configured" "$(block 5) already enabled"
	assert_stderr
	assert_memsim_writes '4 config 1 ok' '5 config 1 ok'
	assert_configs 4-7 1 1 0 0
}

@test "D21: with auto-online, -e SIZE counts what it configured, and configures no more" {
	local word

	for word in online online_kernel online_movable; do
		anew "auto-online $word"
		run_chmem '-e 256M'
		assert_status 0
		assert_stderr
		assert_configs 4-7 1 1 0 0
		assert_blocks 4-7 online online - -
	done
}

@test "with auto-online, -c configures, and the block is online" {
	memsim_tell 'auto-online online_movable'
	run_chmem '-v -c 128M'
	assert_status 0
	assert_stdout "$(block 4) configured"
	assert_blocks 4-5 online -
	assert_zone 4 Movable
	run_chmem '-g -b 4'
	assert_status 1
	assert_stderr "chmem: $(block 4) must be offline before deconfiguration"
}

@test "with auto-online that fails, which nobody is told of, -e sets the block online itself" {
	memsim_tell 'auto-online online_movable' 'fail 4 state ENOMEM count 1'
	run_chmem '-v -e -b 4'
	assert_status 0
	assert_stdout "$(block 4) configured" "$(block 4) enabled"
	assert_memsim_writes '4 config 1 ok' '4 state online_movable ok'
}

@test "D13, D21: with auto-online in another zone than -z asks for, the block stays and is named" {
	memsim_tell 'auto-online online_movable'
	run_chmem '-e -z Normal -b 4'
	assert_status 1
	assert_stderr "chmem: $(block 4) enable failed: already online in zone Movable"
	assert_configs 4-5 1 0
	assert_zone 4 Movable
}

@test "chmem --auto-online says what comes of -c" {
	run_chmem '--auto-online=online_movable'
	assert_status 0
	run_chmem '-c -b 4'
	assert_status 0
	assert_zone 4 Movable
	run_chmem '--auto-online=offline'
	assert_status 0
	run_chmem '-c -b 5'
	assert_status 0
	assert_blocks 4-6 online offline -
}

# ---- D21: what was begun in vain ----

@test "D21: by range, a block whose zones do not fit is deconfigured again" {
	run_chmem '-v -e -z DMA32 -b 4-5'
	assert_status 1
	assert_stdout "$(block 4) configured" "$(block 4) deconfigured" \
		"$(block 5) configured" "$(block 5) deconfigured"
	assert_stderr "chmem: $(block 4) enable failed: Zone mismatch" \
		"chmem: $(block 5) enable failed: Zone mismatch"
	assert_configs 4-7 0 0 0 0
	assert_blocks 4-5 -
}

@test "D21: by size, blocks whose zones do not fit are deconfigured again, all of them" {
	run_chmem '-e -z DMA32 256M'
	assert_status 1
	assert_stderr_line 0 'chmem: Could only enable 0B of memory'
	assert_configs 4-7 0 0 0 0
}

@test "D21: a block that the kernel does not set online is deconfigured again" {
	local error

	for error in ENOMEM EPERM EHWPOISON EBUSY; do
		anew "fail 4 state $error"
		run_chmem '-e --retries 0 -b 4-5'
		assert_status 64
		assert_configs 4-7 0 1 0 0
		assert_blocks 4-5 - online
	done
}

@test "D21: a block that can neither come online nor be deconfigured again: both are told" {
	memsim_tell 'fail 4 state EPERM' 'fail 4 config EIO word 0'
	run_chmem '-e -b 4'
	assert_status 1
	assert_stderr_line 0 "chmem: $(block 4) enable failed: Operation not permitted*"
	assert_stderr_line 1 "chmem: $(block 4) deconfigure failed: Input/output error"
	assert_configs 4-4 1
	assert_blocks 4-4 offline
}

@test "D21: when storage cannot be given back, -d SIZE takes no more than was asked for" {
	on_machine 'chmem -e -b 4-7' >/dev/null
	memsim_tell 'fail * config EIO' forget
	run_chmem '-d 256M'
	assert_status 0
	assert_stderr "chmem: $(block 7) deconfigure failed: Input/output error" \
		"chmem: $(block 6) deconfigure failed: Input/output error"
	assert_blocks 4-7 online online offline offline
	assert_blocks 0-3 online
	assert_configs 4-7 1 1 1 1
}

@test "D21: by range, a block that went offline and stays configured is not done" {
	on_machine 'chmem -e -b 4-5' >/dev/null
	memsim_tell 'fail 4 config EIO'
	run_chmem '-d -b 4-5'
	assert_status 64
	assert_stderr_line 0 "chmem: $(block 4) deconfigure failed: Input/output error"
	assert_blocks 4-5 offline -
	assert_configs 4-5 1 0
}

# ---- config = 0 ----

@test "config 0 of a block that somebody else has deconfigured meanwhile is no error" {
	memsim_tell 'lie 4 config 1'
	run_chmem '-v -g -b 4'
	assert_status 0
	assert_stderr
	assert_memsim_writes '4 config 0 ok'
}

@test "config 0 of a block that is not offline is EBUSY, told as that, and final" {
	memsim_tell 'lie 3 state offline'
	run_chmem '-g -b 3'
	assert_status 1
	assert_stderr "chmem: $(block 3) deconfigure failed: Device or resource busy; it must be offline, or not configured, first"
	assert_memsim_writes '3 config 0 EBUSY'
	assert_configs 3-3 1
}

@test "config 0: EBUSY is tried again under an explicit --retries, and passes when the block is offline" {
	memsim_tell 'lie 3 state offline'
	start chmem 'chmem -v -g --retries 20 -b 3'
	on_machine 'sleep 0.3; put 3 state offline' >/dev/null
	finish chmem
	assert_status 0
	assert_stdout "$(block 3) deconfigured"
	assert_stderr
	assert_configs 3-3 0
	assert_blocks 3-3 -
}

@test "-g of a block that is going offline waits for that, and deconfigures it" {
	on_machine 'chmem -e -b 4' >/dev/null
	memsim_tell 'delay 4 state 600 word offline'
	start_write other 4 state offline
	wait_for_state 4 going-offline
	run_chmem '-v -g -b 4'
	assert_status 0
	assert_stdout "$(block 4) deconfigured"
	assert_stderr
	assert_result other ok
	assert_blocks 4-4 -
}

@test "config 0 takes the block away, and then there is nothing to do" {
	on_machine 'chmem -e -b 4' >/dev/null
	run_chmem '-d -b 4'
	assert_status 0
	assert_blocks 4-4 -
	run_chmem '-v -d -b 4'
	assert_status 0
	assert_stdout "$(block 4) already disabled"
	run_chmem '-v -g -b 4'
	assert_status 0
	assert_stdout "$(block 4) already deconfigured"
}

@test "a boot block is offline, then deconfigured, and comes back" {
	run_chmem '-v -d -b 3'
	assert_status 0
	assert_stdout "$(block 3) disabled" "$(block 3) deconfigured"
	assert_blocks 2-3 online -
	assert_configs 2-3 1 0
	run_chmem '-v -e -b 3'
	assert_status 0
	assert_stdout "$(block 3) configured" "$(block 3) enabled"
	assert_blocks 3-3 online
	assert_memsim_writes '3 state offline ok' '3 config 0 ok' '3 config 1 ok' \
		'3 state online_movable ok'
}

@test "a boot block that does not go offline stays configured" {
	local error

	for error in EBUSY EINVAL EPERM; do
		anew "fail 3 state $error"
		run_chmem '-d --retries 0 -b 3'
		assert_status 1
		assert_memsim_writes "3 state offline $error"
		assert_configs 3-3 1
	done
}

# ---- memmap_on_memory ----

@test "memmap_on_memory 1 is EOPNOTSUPP where the kernel runs without it; 0 is not" {
	run_chmem '-c -m 1 -b 4-5'
	assert_status 1
	assert_stderr_line 0 "chmem: $(block 4) memmap-on-memory failed: Operation not supported; the kernel runs without memmap_on_memory"
	assert_memsim_writes '4 memmap_on_memory 1 EOPNOTSUPP' '5 memmap_on_memory 1 EOPNOTSUPP'
	assert_configs 4-5 0 0
	run_chmem '-c -m 0 -b 4'
	assert_status 0
	assert_configs 4-5 1 0
}

@test "memmap_on_memory by size: EOPNOTSUPP is told once, and what stands in the way of others" {
	run_chmem '-c -m 1 256M'
	assert_status 1
	assert_stderr 'chmem: Could only configure 0B of memory' \
		'chmem:   4 blocks: must be deconfigured before using -m option' \
		'chmem:   4 blocks: memmap-on-memory failed: Operation not supported; the kernel runs without memmap_on_memory'
	assert_configs 4-7 0 0 0 0
}

@test "memmap_on_memory of a block that somebody else has configured meanwhile is EBUSY" {
	memsim_tell 'memmap-on-memory on'
	put_firmware ok 4 config 1
	memsim_tell 'lie 4 config 0' forget
	run_chmem '-c -m 1 -b 4'
	assert_status 1
	assert_stderr "chmem: $(block 4) memmap-on-memory failed: Device or resource busy; it must be offline, or not configured, first"
	assert_memsim_writes '4 memmap_on_memory 1 EBUSY'
	is memmap "$(firmware 4 memmap_on_memory)" 0
}

@test "-m other than what a configured block has is refused, without a write" {
	memsim_tell 'memmap-on-memory on'
	put_firmware ok 4 config 1
	memsim_tell forget
	run_chmem '-c -m 1 -b 4'
	assert_status 1
	assert_stderr "chmem: $(block 4) must be deconfigured before using -m option"
	assert_memsim_writes
}

@test "memmap_on_memory: any other error ends its block, which is not configured" {
	local row

	for row in 'EIO:Input/output error' 'EINVAL:Invalid argument' \
		'ENOMEM:Cannot allocate memory' 'EPERM:Operation not permitted'; do
		anew 'memmap-on-memory on' "fail 4 memmap_on_memory ${row%%:*}"
		run_chmem '-c -m 1 -b 4-5'
		assert_status 64
		assert_stderr_line 0 "chmem: $(block 4) memmap-on-memory failed: ${row#*:}*"
		is "writes to 4" "$(memsim_writes | grep '^4 ')" "4 memmap_on_memory 1 ${row%%:*}"
		assert_configs 4-5 0 1
	done
}

@test "a block with its memory map on itself comes, is worth less, and goes" {
	local total

	memsim_tell 'memmap-on-memory on'
	total=$(memory_info MemTotal)
	run_chmem '-c -m 1 -b 4'
	assert_status 0
	run_chmem '-e -b 4'
	assert_status 0
	assert_grown MemTotal "$total" "$(memory_info MemTotal)" $((126 * 1024))
	run_chmem '-d -b 4'
	assert_status 0
	assert_blocks 4-4 -
	is memmap "$(firmware 4 memmap_on_memory)" 1
}

# ---- The lock ----

@test "while somebody else has the kernel's lock, config and memmap_on_memory wait for it" {
	memsim_tell 'memmap-on-memory on' hold
	start chmem 'chmem -v -c -m 1 -b 4'
	sleep 0.5
	run ! has_ended_there chmem
	is memmap "$(firmware 4 memmap_on_memory)" 0
	assert_configs 4-4 0
	memsim_tell release
	finish chmem
	assert_status 0
	assert_stdout "$(block 4) configured"
	assert_stderr
	assert_memsim_writes '4 memmap_on_memory 1 ok' '4 config 1 ok'

	memsim_tell forget hold
	start chmem 'chmem -v -c -b 5'
	sleep 0.5
	run ! has_ended_there chmem
	assert_configs 5-5 0
	memsim_tell release
	finish chmem
	assert_status 0
	assert_stdout "$(block 5) configured"
	assert_stderr
	assert_memsim_writes '5 config 1 ok'
}
