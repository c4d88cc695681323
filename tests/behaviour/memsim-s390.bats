#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# s390, where blocks are configured before they are online: 0 to 3 are online, 4 to 7 are on
# standby. On the simulated machine only.
#
# shellcheck disable=SC2016 # the machine's shell expands
# shellcheck disable=SC2154 # TREE, MEMORY and FIRMWARE are set by memsim_start

load behaviour

setup() {
	machine_start s390 'blocks 0-3 online' 'blocks 4-7 standby'
}

configs() {
	on_machine 'for block in 4 5 6 7; do
			cat $sys/firmware/memory/memory$block/config
		done | paste -s -d " "'
}

assert_configs() {
	is "config of 4-7" "$(configs)" "$1"
}

@test "-e configures a block, then sets it online; -d sets it offline, then deconfigures it" {
	run_chmem '-v -e -b 4'
	assert_status 0
	assert_stdout "$(block 4) configured" "$(block 4) enabled"
	run_chmem '-v -d -b 4'
	assert_status 0
	assert_stdout "$(block 4) disabled" "$(block 4) deconfigured"
	assert_memsim_writes '4 config 1 ok' '4 state online_movable ok' '4 state offline ok' \
		'4 config 0 ok'
	assert_configs '0 0 0 0'
}

@test "EIO of config is tried once more, and told as the hypervisor's" {
	memsim_tell 'fail 4 config EIO'
	run_chmem '-c -b 4'
	assert_status 1
	assert_stderr "chmem: $(block 4) configure failed: Input/output error; the hypervisor did not give or take the storage"
	assert_memsim_writes '4 config 1 EIO' '4 config 1 EIO'
}

@test "EIO of config that passes is no failure" {
	memsim_tell 'fail 4 config EIO count 1'
	run_chmem '-v -e -b 4-5'
	assert_status 0
	assert_stderr
	assert_blocks 4-5 online
}

@test "the other errors of config are told with what they mean, and are final" {
	memsim_tell 'fail 4 config ENOMEM' 'fail 5 config EEXIST' 'fail 6 config EINVAL' \
		'fail 7 config E2BIG count 1'
	run_chmem '-c -b 4-7'
	assert_status 1
	assert_stderr \
		"chmem: $(block 4) configure failed: Cannot allocate memory; the kernel itself is short of memory" \
		"chmem: $(block 5) configure failed: File exists; something else is at its addresses" \
		"chmem: $(block 6) configure failed: Invalid argument" \
		"chmem: $(block 7) configure failed: Argument list too long"
	assert_memsim_writes '4 config 1 ENOMEM' '5 config 1 EEXIST' '6 config 1 EINVAL' \
		'7 config 1 E2BIG'
	run_chmem '-c 128M'
	assert_status 0
	assert_stderr
	assert_configs '0 0 0 1'
}

@test "a block that somebody else configures or deconfigures first is done" {
	memsim_tell 'delay 4 config 300 count 1'
	start other 'chmem --lock=no -c -b 4'
	start chmem 'chmem -v --lock=no -c -b 4'
	assert_result other ''
	assert_status 0
	finish chmem
	assert_status 0
	assert_stderr
	assert_configs '1 0 0 0'
	memsim_tell 'delay 4 config 300 count 1'
	start other 'chmem --lock=no -g -b 4'
	run_chmem '--lock=no -g -b 4'
	assert_status 0
	assert_stderr
	assert_result other ''
	assert_configs '0 0 0 0'
}

@test "-g of an online block is refused, and one that the kernel calls busy is told so" {
	run_chmem '-g -b 3'
	assert_status 1
	assert_stderr "chmem: $(block 3) must be offline before deconfiguration"
	on_machine 'echo 1 >$sys/firmware/memory/memory4/config'
	memsim_tell 'fail 4 config EBUSY' forget
	run_chmem '-g -b 4'
	assert_status 1
	assert_stderr "chmem: $(block 4) deconfigure failed: Device or resource busy; it must be offline, or not configured, first"
	assert_memsim_writes '4 config 0 EBUSY'
	memsim_tell forget
	run_chmem '-g --retries 2 -b 4'
	assert_status 1
	assert_memsim_writes '4 config 0 EBUSY' '4 config 0 EBUSY' '4 config 0 EBUSY'
}

@test "EIO of giving the storage back is tried once more, and told as the hypervisor's" {
	on_machine 'chmem -c -b 4-5' >/dev/null
	memsim_tell forget 'fail 4 config EIO' 'fail 5 config EIO count 1'
	run_chmem '-g -b 4-5'
	assert_status 64
	assert_stderr "chmem: $(block 4) deconfigure failed: Input/output error; the hypervisor did not give or take the storage" \
		'chmem: Could only deconfigure 128M of memory'
	assert_memsim_writes '4 config 0 EIO' '5 config 0 EIO' '4 config 0 EIO' '5 config 0 ok'
	assert_configs '1 0 0 0'
}

@test "ENODEV is told as a block that was removed, and is final" {
	on_machine 'chmem -c -b 5' >/dev/null
	memsim_tell forget 'fail 4-6 config ENODEV' 'fail 7 memmap_on_memory ENODEV'
	run_chmem '-c -b 4'
	assert_status 1
	assert_stderr "chmem: $(block 4) configure failed: No such device; the block was removed meanwhile"
	run_chmem '-g -b 5'
	assert_status 1
	assert_stderr "chmem: $(block 5) deconfigure failed: No such device; the block was removed meanwhile"
	run_chmem '-c -m 0 -b 7'
	assert_status 1
	assert_stderr "chmem: $(block 7) memmap-on-memory failed: No such device; the block was removed meanwhile"
	assert_memsim_writes '4 config 1 ENODEV' '5 config 0 ENODEV' '7 memmap_on_memory 0 ENODEV'
}

@test "EBUSY of memmap_on_memory is a block that was configured meanwhile" {
	memsim_tell 'memmap-on-memory on' 'fail 4 memmap_on_memory EBUSY'
	run_chmem '-c -m 1 -b 4-5'
	assert_status 64
	assert_stderr "chmem: $(block 4) memmap-on-memory failed: Device or resource busy; it must be offline, or not configured, first" \
		'chmem: Could only configure 128M of memory'
	assert_memsim_writes '4 memmap_on_memory 1 EBUSY' '5 memmap_on_memory 1 ok' '5 config 1 ok'
	assert_configs '0 1 0 0'
	memsim_tell forget
	run_chmem '-c -m 1 --retries 2 -b 4'
	assert_status 1
	assert_memsim_writes '4 memmap_on_memory 1 EBUSY' '4 memmap_on_memory 1 EBUSY' \
		'4 memmap_on_memory 1 EBUSY'
}

@test "-m 1 on a kernel that cannot do that says so" {
	memsim_tell 'memmap-on-memory off'
	run_chmem '-c -m 1 -b 4'
	assert_status 1
	assert_stderr "chmem: $(block 4) memmap-on-memory failed: Operation not supported; the kernel runs without memmap_on_memory"
	assert_configs '0 0 0 0'
}

@test "D21: a block that was configured and does not come online is deconfigured again" {
	memsim_tell 'fail 4 state ENOMEM'
	run_chmem '-e -b 4'
	assert_status 1
	assert_stderr_like "chmem: $(block 4) enable failed: Cannot allocate memory*"
	assert_memsim_writes '4 config 1 ok' '4 state online_movable ENOMEM' '4 config 0 ok'
	assert_configs '0 0 0 0'
}

@test "D21: a block that went offline counts, though its storage cannot be given back" {
	on_machine 'chmem -e -b 4' >/dev/null
	memsim_tell 'fail 4 config EIO'
	run_chmem '-d -z Movable 128M'
	assert_status 0
	assert_stderr "chmem: $(block 4) deconfigure failed: Input/output error"
	assert_blocks 4-4 offline
}

@test "D21: with auto-online, -e SIZE configures no more than was asked for" {
	memsim_tell 'auto-online online_movable'
	run_chmem '-e 256M'
	assert_status 0
	assert_configs '1 1 0 0'
	assert_blocks 4-5 online
}

@test "with auto-online, -e tells of each block that it configured, and counts it" {
	local blocks i told=()

	for i in 4 5 6 7; do
		told+=("$(block $i) configured" "$(block $i) already enabled")
	done
	memsim_tell 'auto-online online_movable'
	for blocks in --all '-b 4-7'; do
		run_chmem "-v -e $blocks"
		assert_status 0
		assert_stdout "${told[@]}"
		run_chmem '-d -b 4-7'
		assert_status 0
		run_chmem "--json -e $blocks"
		assert_status 0
		assert_json '.changed.blocks, .already.blocks' 4 0
		assert_json '.blocks | map(.status) | unique[]' changed
		run_chmem '-d -b 4-7'
		assert_status 0
	done
}

@test "--atomic -e: blocks that were configured for it are deconfigured again" {
	memsim_tell 'fail 6 state EIO'
	run_chmem '--atomic -e -b 4-7'
	assert_status 1
	assert_stderr_line 0 "chmem: $(block 6) enable failed: Input/output error"
	assert_configs '0 0 0 0'
}

@test "--atomic -e with auto-online: blocks that the kernel has set online go back, too" {
	memsim_tell 'auto-online online_movable' 'fail 6 config EINVAL'
	run_chmem '--atomic -e -b 4-7'
	assert_status 1
	assert_configs '0 0 0 0'
}

@test "--atomic -c: what was configured is deconfigured again, memmap_on_memory as it was" {
	memsim_tell 'memmap-on-memory on' 'fail 6 config EINVAL word 1'
	run_chmem '--atomic -c -m 1 -b 4-6'
	assert_status 1
	assert_configs '0 0 0 0'
	is memmap "$(on_machine 'cat $sys/firmware/memory/memory[456]/memmap_on_memory' | tr -d '\n')" 000
}

@test "--atomic -c: what an earlier round has changed goes back as well" {
	memsim_tell 'memmap-on-memory on' 'fail 4 config EIO count 1' 'fail 5 config ENOMEM'
	run_chmem '--atomic -c -m 1 -b 4-5'
	assert_status 1
	assert_stderr_has "chmem: $(block 5) configure failed: Cannot allocate memory*"
	assert_configs '0 0 0 0'
	is "memmap_on_memory" "$(on_machine 'cat $sys/firmware/memory/memory4/memmap_on_memory')" 0

	memsim_tell clear 'fail 4 config EIO'
	run_chmem '--atomic -c -m 1 -b 4'
	assert_status 1
	is "memmap_on_memory" "$(on_machine 'cat $sys/firmware/memory/memory4/memmap_on_memory')" 0
}

@test "--atomic -e: what stayed configured after an earlier round is deconfigured in the end" {
	memsim_tell 'fail 4 state EAGAIN count 1' 'fail 4 config EIO word 0 count 1' 'fail 5 state EAGAIN'
	run_chmem '--atomic -e -b 4-5'
	assert_status 1
	assert_stderr_has "chmem: $(block 5) enable failed: Resource temporarily unavailable*"
	assert_configs '0 0 0 0'
}

@test "--atomic -d: blocks that were deconfigured are configured and online again" {
	local before

	on_machine 'chmem -e -b 4-6' >/dev/null
	before=$(everything)
	memsim_tell 'fail 6 state EBUSY word offline'
	run_chmem '--atomic -d --retries 0 -b 4-6'
	assert_status 1
	assert_configs '1 1 1 0'
	is "all blocks" "$(everything)" "$before"
}

@test "--timeout ends a write to config that does not return" {
	memsim_tell 'stick 4 config for 8000'
	start chmem 'chmem -c --timeout 0.3 -b 4'
	finish chmem
	assert_status 1
	assert_stderr_line 0 "chmem: $(block 4) configure failed: given up, the time of --timeout is up, still in progress in the kernel"
	assert_within 2500 chmem
}

@test "--try-timeout ends a write to config that does not return" {
	memsim_tell 'stick 4 config'
	start chmem 'chmem -c --try-timeout 0.3 -b 4'
	finish chmem
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 4) configure failed: given up after 0.3 s (--try-timeout), still in progress in the kernel"
	assert_within 12000 chmem
	assert_configs '0 0 0 0'
}
