#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# /sys/firmware/memory with a kernel behind it, as far as a hook before each write can play one:
# blocks that come and go as they are configured, refusals, and others who are quicker.

load ../helpers

setup() {
	make_s390_tree
	export MEMORY FIRMWARE
}

# What the kernel does (drivers/s390/char/sclp_mem.c): a block is there while it is configured, and
# can be deconfigured only offline. With auto_online it comes up online. A state that is there
# already is refused.
# shellcheck disable=SC2016 # for the hook to expand
kernel='
dir=$MEMORY/memory$block
case $attribute:$word in
config:1)
	[ "$(cat "$1")" = 0 ] || exit 0
	mkdir "$dir"
	echo "${auto_online-offline}" >"$dir/state"
	echo "${zones-Normal Movable}" >"$dir/valid_zones" ;;
config:0)
	[ ! -e "$dir" ] || [ "$(cat "$dir/state")" = offline ] || exit $EBUSY
	rm -rf "$dir" ;;
memmap_on_memory:*)
	[ "$(cat "$FIRMWARE/memory$block/config")" = 0 ] || exit $EBUSY ;;
state:offline)
	[ "$(cat "$1")" = online ] || exit $EINVAL ;;
state:*)
	[ "$(cat "$1")" = offline ] || exit $EINVAL ;;
esac'

# ---- What is written, in which order ----

@test "-e writes config, then state, block by block" {
	run_chmem_hooked "$kernel" -e -v 384M
	assert_status 0
	assert_stdout "$(block 4) enabled" "$(block 5) enabled" "$(block 6) configured" \
		"$(block 6) enabled"
	assert_stderr
	assert_writes '4 state online_movable' '5 state online_movable' \
		'6 config 1' '6 state online_movable'
	assert_states 4-6 'online_movable online_movable online_movable'
}

@test "-d writes state, then config, block by block, highest first" {
	run_chmem_hooked "$kernel" -d -v 256M
	assert_status 0
	assert_stdout "$(block 3) disabled" "$(block 3) deconfigured" \
		"$(block 2) disabled" "$(block 2) deconfigured"
	assert_stderr
	assert_writes '3 state offline' '3 config 0' '2 state offline' '2 config 0'
	[ ! -e "$MEMORY/memory3" ]
}

@test "-c -m writes memmap_on_memory, then config, block by block" {
	run_chmem_hooked "$kernel" -c -m 1 -b 9-10
	assert_status 0
	assert_stderr
	assert_writes '9 memmap_on_memory 1' '9 config 1' '10 memmap_on_memory 1' '10 config 1'
	assert_states 9-10 'offline offline'
}

@test "-c writes config alone" {
	run_chmem_hooked "$kernel" -c 256M
	assert_status 0
	assert_writes '6 config 1' '7 config 1'
}

@test "-g writes config alone, highest first" {
	run_chmem_hooked "$kernel" -g 256M
	assert_status 0
	assert_writes '5 config 0' '4 config 0'
	[ ! -e "$MEMORY/memory4" ]
}

@test "nothing is written where all is as wanted" {
	run_chmem_hooked "$kernel" -c -m 0 -b 0-5
	assert_status 0
	assert_writes
	run_chmem_hooked "$kernel" -g -b 6-11
	assert_status 0
	assert_writes
	run_chmem_hooked "$kernel" -e -b 0-3
	assert_status 0
	assert_writes
	run_chmem_hooked "$kernel" -d -b 4-11
	assert_status 0
	assert_writes
}

@test "nothing is written to a block that refuses -m or -g" {
	run_chmem_hooked "$kernel" -c -m 1 -b 3-4
	assert_status 1
	assert_writes
	run_chmem_hooked "$kernel" -g -b 2-3
	assert_status 1
	assert_writes
}

@test "a block that went offline and was deconfigured comes back" {
	run_chmem_hooked "$kernel" -d -b 3
	assert_status 0
	run_chmem_hooked "$kernel" -e -v -b 3
	assert_status 0
	assert_stdout "$(block 3) configured" "$(block 3) enabled"
	assert_stderr
	assert_states 3-3 online_movable
	assert_configs 3-3 1
}

# ---- In vain ----

@test "zones that come with the block decide, and it is deconfigured if they do not fit (D21)" {
	zones=Normal run_chmem_hooked "export zones; $kernel" -e -z Movable -v -b 6
	assert_status 1
	assert_stdout "$(block 6) configured" "$(block 6) deconfigured"
	assert_stderr "chmem: $(block 6) enable failed: Zone mismatch"
	assert_writes '6 config 1' '6 config 0'
	[ ! -e "$MEMORY/memory6" ]
	assert_unchanged
}

@test "a block that the kernel does not set online is deconfigured again (D21)" {
	run_chmem_hooked "case \$attribute in state) exit \$EPERM ;; esac; $kernel" -e -v -b 6-7
	assert_status 1
	assert_stdout "$(block 6) configured" "$(block 6) deconfigured" \
		"$(block 7) configured" "$(block 7) deconfigured"
	assert_stderr "chmem: $(block 6) enable failed: Operation not permitted" \
		"chmem: $(block 7) enable failed: Operation not permitted"
	assert_unchanged
}

@test "by size, too, and the reason is given once (D1, D21)" {
	run_chmem_hooked "case \$attribute in state) exit \$EPERM ;; esac; $kernel" -e 256M
	assert_status 1
	assert_stdout
	assert_stderr 'chmem: Could only enable 0B of memory' \
		'chmem:   8 blocks: Operation not permitted'
	assert_unchanged
}

@test "if it cannot be deconfigured either, both are said (D21)" {
	run_chmem_hooked "case \$attribute\$word in state*) exit \$EPERM ;; config0) exit \$EBUSY ;;
		esac; $kernel" -e -v -b 6
	assert_status 1
	assert_stdout "$(block 6) configured"
	assert_stderr "chmem: $(block 6) enable failed: Operation not permitted" \
		"chmem: $(block 6) deconfigure failed: Device or resource busy"
	assert_configs 6-6 1
}

# ---- Others are quicker ----

@test "with auto-online, -e SIZE configures as many blocks as asked for (D21)" {
	run_chmem_hooked "auto_online=online; $kernel" -e 512M
	assert_status 0
	assert_stdout
	assert_stderr
	assert_writes '4 state online_movable' '5 state online_movable' '6 config 1' '7 config 1'
	assert_states 6-7 'online online'
	assert_configs 6-11 '1 1 0 0 0 0'
}

@test "with auto-online, -e BLOCKRANGE finds the blocks enabled (D21)" {
	run_chmem_hooked "auto_online=online; $kernel" -e -v -b 6-7
	assert_status 0
	assert_stdout "$(block 6) configured" "$(block 6) already enabled" \
		"$(block 7) configured" "$(block 7) already enabled"
	assert_stderr
	assert_writes '6 config 1' '7 config 1'
}

@test "a block that udev onlines right after it was configured is done, and stays (D3)" {
	local udev="case \$attribute in state) echo online >\"\$1\" ;; esac"

	run_chmem_hooked "$udev; $kernel" -e -b 6
	assert_status 0
	assert_stdout
	assert_stderr
	assert_states 6-6 online
	assert_configs 6-6 1
}

@test "with auto-online in another zone the block is not done, and the zone named (D13)" {
	run_chmem_hooked "auto_online=online zones=Normal; $kernel" -e -z Movable -b 6
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 6) enable failed: already online in zone Normal"
	assert_writes '6 config 1'
	assert_states 6-6 online
}

@test "a block that came online in another zone than asked for is not done (D14)" {
	run_chmem_hooked "$kernel
		case \$attribute in state) echo Movable >\"\$dir/valid_zones\" ;; esac" \
		-e -z Normal -b 6
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 6) enable failed: came online in zone Movable"
	assert_states 6-6 online_kernel
	assert_configs 6-6 1
}

# ---- Refusals ----

@test "by size, a failed deconfigure does not make -d take more memory (D21)" {
	run_chmem_hooked "case \$attribute in config) exit \$EBUSY ;; esac; $kernel" -d 256M
	assert_status 0
	assert_stdout
	assert_stderr "chmem: $(block 3) deconfigure failed: Device or resource busy" \
		"chmem: $(block 2) deconfigure failed: Device or resource busy"
	assert_states 0-3 'online online offline offline'
	assert_configs 0-3 '1 1 1 1'
}

@test "by range, a failed deconfigure is not done (D21)" {
	run_chmem_hooked "case \$block\$attribute in 2config) exit \$EBUSY ;; esac; $kernel" \
		-d -v -b 2-3
	assert_status 64
	assert_stdout "$(block 2) disabled" "$(block 3) disabled" "$(block 3) deconfigured"
	assert_stderr "chmem: $(block 2) deconfigure failed: Device or resource busy" \
		'chmem: Could only disable 128M of memory'
}

@test "a block that does not go offline is not deconfigured" {
	run_chmem_hooked "case \$attribute in state) exit \$EPERM ;; esac; $kernel" -d -b 3
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 3) disable failed: Operation not permitted"
	assert_unchanged
}

@test "storage that the hypervisor does not give is a failed configure" {
	run_chmem_hooked "case \$block\$attribute in 6config) exit \$EIO ;; esac; $kernel" -c -v -b 6-7
	assert_status 64
	assert_stdout "$(block 7) configured"
	assert_stderr "chmem: $(block 6) configure failed: Input/output error" \
		'chmem: Could only configure 128M of memory'
	run_chmem_hooked "case \$block\$attribute in 6config) exit \$EIO ;; esac; $kernel" -e -v -b 6
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 6) configure failed: Input/output error"
	assert_configs 6-7 '0 1'
}

@test "by size, the walk goes on past it" {
	run_chmem_hooked "case \$block\$attribute in 6config) exit \$EIO ;; esac; $kernel" -c 256M
	assert_status 0
	assert_stdout
	assert_stderr
	assert_configs 6-8 '0 1 1'
}

@test "a machine without memmap on memory refuses -m 1" {
	run_chmem_hooked "case \$attribute\$word in memmap_on_memory1) exit 95 ;; esac; $kernel" \
		-c -m 1 -v -b 6-7
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 6) memmap-on-memory failed: Operation not supported" \
		"chmem: $(block 7) memmap-on-memory failed: Operation not supported"
	assert_unchanged
	run_chmem_hooked "case \$attribute\$word in memmap_on_memory1) exit 95 ;; esac; $kernel" \
		-c -m 0 -b 10
	assert_status 0
	assert_stderr
}

@test "a failed deconfigure of -g has its reason" {
	run_chmem_hooked "case \$block in 4) exit \$EBUSY ;; esac; $kernel" -g -v -b 4-5
	assert_status 64
	assert_stdout "$(block 5) deconfigured"
	assert_stderr "chmem: $(block 4) deconfigure failed: Device or resource busy" \
		'chmem: Could only deconfigure 128M of memory'
}

@test "-g SIZE goes on past a failed deconfigure, and gives the reason when short (D1)" {
	run_chmem_hooked "case \$block in 5) exit \$EPERM ;; esac; $kernel" -g 128M
	assert_status 0
	assert_stdout
	assert_stderr
	assert_configs 4-5 '0 1'
	run_chmem_hooked "case \$block in 5) exit \$EPERM ;; esac; $kernel" -g 128M
	assert_status 1
	assert_stdout
	assert_stderr_line 0 'chmem: Could only deconfigure 0B of memory'
	assert_stderr_has 'chmem:   1 block: Operation not permitted'
}
