#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Blocks of 2 GiB, as a machine of 64 GiB and more has them: 0 and 2 to 32 are there since
# boot, 33 and 34 are a DIMM.
#
# shellcheck disable=SC2016,SC2154 # the guest's shell expands; set by run

load guest

guest_machine large
export GUEST_BLOCK_MIB=2048
SIZE=0x80000000

guest_prepare() {
	dimm_plug dimm 4096
}

guest_tidy() {
	guest '. /etc/functions
		end_everything
		umount /run/files
		for block in 33 34; do
			[ "$(state $block)" = offline ] || echo offline >$memory/memory$block/state || exit
		done' 2>/dev/null
}

block() {
	printf 'Memory Block %u (0x%016x-0x%016x)' "$1" $(($1 * SIZE)) $((($1 + 1) * SIZE - 1))
}

@test "a block is 2 GiB, and those of a machine of 64 GiB are few" {
	is "the block size" "$(guest "cat $MEMORY/block_size_bytes")" 80000000
	run_guest 'chmem --list --noheadings -o BLOCK,SIZE,STATE'
	assert_status 0
	is blocks "$(sed 's/^ *//; s/  */ /g' <<<"$output")" \
		"$(printf '%s\n' '0 2G online' '2-32 62G online' '33-34 4G offline')"
	run_guest 'chmem --list'
	assert_stdout_like '*Memory block size: *2G*Total online memory: *64G*Total offline memory: *4G'
}

@test "a size that is no multiple of that is refused" {
	local size

	for size in 1G 3G 128M 2049M; do
		run_guest "chmem -e $size"
		assert_status 1
		assert_stdout
		assert_stderr 'chmem: Size must be aligned to memory block size (2G)'
	done
	assert_blocks 33-34 offline
}

@test "a range that begins or ends within a block is refused" {
	local range

	for range in 0x1080000000-0x10bfffffff 0x10c0000000-0x117fffffff; do
		run_guest "chmem -e $range"
		assert_status 1
		assert_stdout
		assert_stderr_like 'chmem: *aligned*(2G)*'
	done
	assert_blocks 33-34 offline
}

@test "-e SIZE and -d SIZE come and go by 2 GiB" {
	local total

	total=$(mem_total_kb)
	run_guest 'chmem -v -e 2G'
	assert_status 0
	assert_stdout "$(block 33) enabled"
	assert_stderr
	assert_zone 33 Movable
	assert_grown MemTotal "$total" "$(mem_total_kb)" $((2 << 20))
	run_guest 'chmem -v -e 2048'
	assert_status 0
	assert_stdout "$(block 34) enabled"
	run_guest 'chmem -v -d 4G'
	assert_status 0
	assert_stdout "$(block 34) disabled" "$(block 33) disabled"
	is MemTotal "$(mem_total_kb)" "$total"
}

@test "-e RANGE takes the addresses of such blocks, and names a block that is missing" {
	run_guest 'chmem -v -e 0x1080000000-0x117fffffff'
	assert_status 0
	assert_stdout "$(block 33) enabled" "$(block 34) enabled"
	run_guest 'chmem -e -b 35'
	assert_status 1
	assert_stderr "chmem: $(block 35) does not exist"
	run_guest 'chmem -d -b 1'
	assert_status 1
	assert_stderr "chmem: $(block 1) does not exist"
}

@test "--resize counts 2 GiB for each" {
	run_guest 'chmem -v --resize 66G'
	assert_status 0
	assert_stdout "$(block 33) enabled"
	run_guest 'chmem -v --resize 66G'
	assert_status 0
	assert_stdout
}

# By the timer that the kernel is asked for, which nobody has to wait for.
@test "a try may take 100 seconds, unless --try-timeout says otherwise" {
	local timers="sed -n 's/^ *chmem.* itimer_state: which=0 .* it_value=\([1-9][0-9.]*\) .*/\1/p' trace"

	run_guest "cd /sys/kernel/tracing && echo >trace && echo 1 >events/timer/itimer_state/enable
		chmem -e -b 33 && $timers; echo >trace
		chmem --try-timeout 7 -d -b 33 && $timers
		echo 0 >events/timer/itimer_state/enable"
	assert_stderr
	assert_stdout 100.000000 7.000000
}

@test "--list reads of each of the 524288 pages of a block once, and tells them all" {
	local free movable unmovable offlinable pages=524288

	guest 'chmem -e -b 33 && cd /sys/kernel/tracing &&
		echo "p:flags/read kpageflags_read bytes=%dx:u64" >>kprobe_events &&
		echo >trace && echo 1 >events/flags/enable'
	read -r free movable unmovable offlinable <<<"$(guest 'chmem --json --list -b 33' |
		jq -r '.blocks[] | "\(.free) \(.movable) \(.unmovable) \(.offlinable)"')"
	is "bytes read of kpageflags" "$(guest "cd /sys/kernel/tracing
		sed -n 's/.* read: .* bytes=//p' trace | awk '{ n += \$1 } END { print n }'
		echo 0 >events/flags/enable; echo -:flags/read >>kprobe_events")" $((pages * 8))
	is "not movable, and foretold" "$unmovable $offlinable" '0 yes'
	# but for a few that a processor has at hand
	(((free + movable) / 4096 <= pages && (free + movable) / 4096 > pages - 100))
}

@test "a block that is in use goes offline, when its pages are moved" {
	guest '. /etc/functions
		chmem -e -b 33 && mkdir -p /run/files && mount -t tmpfs none /run/files &&
			dd if=/dev/zero of=/run/files/file bs=1M count=150 2>/dev/null'
	run_guest 'chmem --json --list -b 33'
	(($(jq '.blocks[0].movable' <<<"$output") > 150 << 20))
	run_guest 'chmem -v -d -b 33'
	assert_status 0
	assert_stdout "$(block 33) disabled"
	assert_stderr
}
