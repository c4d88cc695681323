#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Somebody else is quicker: a block that chmem found offline is online when its write gets
# there, and the kernel calls that an invalid argument. Blocks 32 to 47 are plugged.

load guest

guest_prepare() {
	dimm_plug dimm 2048
}

# lose_race COMMAND - runs the command, which asks for block 32, in such a way that
# another process has set it online in Movable when the command's own write is let in.
# Stdout, stderr and status are the command's. It takes three steps:
# 1. A page that cannot move keeps the offlining of block 47 from coming to an end, and
#    with it the hot-plug lock; the command has read that block 32 is offline, and waits
#    for the lock to write.
# 2. Waiting there, it can be stopped. It is, with all its processes, and the lock is let
#    go.
# 3. The other writes, and the command goes on.
lose_race() {
	local command=$1 program=${1%% *}

	watch_attempts
	run_guest "cd $MEMORY || exit
		holders=
		finish() {
			kill \$holders
			exit 99
		}
		# until_true COMMAND - waits for it, but not for ever.
		until_true() {
			tries=0
			until eval \"\$1\"; do
				tries=\$((tries + 1))
				[ \$tries -lt 200 ] || finish
				sleep 0.02
			done 2>/dev/null
		}

		echo online_movable >memory47/state || exit
		rm -f /run/pin
		pin 0x178000000 0x17fffffff >/run/pin &
		holders=\$!
		until_true 'grep -q pinned /run/pin'
		echo offline >memory47/state 2>/dev/null &
		offliner=\$!
		holders=\"\$holders \$offliner\"
		until_true 'grep -q going-offline memory47/state'

		$command >/run/command.out 2>/run/command.err &
		commander=\$!
		until_true 'grep -q \" $program-.* lock:\" /sys/kernel/tracing/trace'
		stopped=\$(pidof $program)
		kill -STOP \$stopped
		for pid in \$stopped; do
			until_true \"grep -q '^State:.T' /proc/\$pid/status\"
		done
		kill \$offliner
		until_true 'grep -q online memory47/state'
		echo online_movable >memory32/state || finish
		kill -CONT \$stopped
		kill \$holders 2>/dev/null

		wait \$commander
		status=\$?
		cat /run/command.out
		cat /run/command.err >&2
		exit \$status"
	# The proof that there was a race, and that it was lost.
	is "attempts at block 32" "$(attempts "$program" | grep ' 32 ')" 'online 32 1'
}

@test "util-linux's chmem takes the lost race for a failure" {
	guest "test -x /usr/sbin/chmem.ul" || guest_skip "util-linux has no chmem here"
	lose_race 'chmem.ul -e -b 32-33'
	assert_status 64
	assert_stderr "chmem.ul: $(block 32) enable failed: Invalid argument"
	assert_blocks 32-33 online
}

@test "D3: -e RANGE has lost the race for a block and is content that it is online" {
	lose_race 'chmem -v -e -b 32-34'
	assert_status 0
	assert_stdout "$(block 32) already enabled" "$(block 33) enabled" \
		"$(block 34) enabled"
	assert_stderr
	assert_blocks 32-35 online online online offline
}

@test "D3: -e SIZE that lost the race for a block takes another in its place" {
	lose_race 'chmem -v -e 256M'
	assert_status 0
	assert_stdout "$(block 33) enabled" "$(block 34) enabled"
	assert_stderr
	assert_blocks 32-35 online online online offline
}

@test "D13: the winner of the race has put the block into another zone than -z asks for" {
	lose_race 'chmem -e -z Normal -b 32'
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 32) enable failed: already online in zone Movable"
	assert_zone 32 Movable
}

@test "D3: two runs at once both succeed, though one loses a block to the other" {
	local round lost=0

	for ((round = 0; round < 20 && lost == 0; round++)); do
		guest_tidy
		watch_attempts
		run_guest "chmem --lock=no -e -b 32-47 & chmem --lock=no -e -b 32-47 &
			wait %1 && wait %2"
		assert_status 0
		assert_stdout
		assert_stderr
		assert_blocks 32-47 online
		lost=$(attempts chmem | grep -c ' 1$' || true)
	done
	((lost > 0))
}
