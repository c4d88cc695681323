#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# --wait: the memory is asked for before it is there. A DIMM of 512 MiB, blocks 32 to 35,
# comes after two seconds.
#
# How soon its blocks are online is seen by the kernel: from when it has made the last of
# them, which create_memory_block_devices() does for the whole DIMM, to the end of the
# last device_online().
#
# shellcheck disable=SC2016 # the guest's shell expands

load guest

guest_timed

guest_tidy() {
	tidy 'echo offline >$memory/auto_online_blocks' || return
	if guest "test -e $MEMORY/memory32"; then
		dimm_unplug dimm
	fi
}

watch_blocks() {
	watch_attempts
	guest 'cd /sys/kernel/tracing || exit
		[ -d events/blocks ] || cat >>kprobe_events <<-\EOF || exit
			r:blocks/made create_memory_block_devices
		EOF
		echo local >trace_clock || exit
		echo 1 >events/blocks/enable && echo >trace'
}

# online_after_ms - what it says above.
online_after_ms() {
	guest "awk '
		{
			time = \$0
			sub(/: (made|begin_|end_|lock).*/, \"\", time)
			sub(/.* /, \"\", time)
		}
		/ made: / { made = time }
		/ end_online: .*result=0/ { last = time }
		END { printf \"%d\\n\", (last - made) * 1000 }' /sys/kernel/tracing/trace"
}

# run_waiting COMMAND - the DIMM comes two seconds after it has begun. The guest has one processor,
# and so is not asked at once how far it is.
run_waiting() {
	watch_blocks
	guest "launch run $1 >/run/out 2>/run/err &" &&
		sleep 2 &&
		is "the blocks, beforehand" "$(block_states 32-35)" '- - - -' &&
		dimm_add dimm 512
	run_script "sleep 0.7; until_true '[ -e /run/run.end ]'; cat /run/out; cat /run/err >&2"
}

# assert_waited [COMMAND] - and was there as soon as may be.
assert_waited() {
	assert_stdout
	assert_stderr
	assert_ended 'exited 0' 2000 4000
	assert_blocks 32-35 online
	assert_zone 32 Movable
	assert_nobody_left
}

@test "util-linux's chmem does not wait" {
	guest "test -x /usr/sbin/chmem.ul" || guest_skip "util-linux has no chmem here"
	run_guest "chmem.ul -e 512M"
	assert_status 1
}

@test "-e SIZE --wait onlines blocks as soon as they come" {
	run_waiting 'chmem -e 512M --wait 10'
	assert_time 'from the blocks to their being online' "$(online_after_ms)" 0 300
	assert_waited
}

@test "-e RANGE --wait waits for the blocks that are missing" {
	run_waiting 'chmem -e -b 32-35 --wait 10'
	assert_time 'from the blocks to their being online' "$(online_after_ms)" 0 300
	assert_waited
}

@test "-e RANGE of addresses --wait does, too" {
	run_waiting 'chmem -e 0x100000000-0x11fffffff --wait 10'
	assert_waited
}

@test "-e SIZE --wait is content with blocks that the kernel onlines itself" {
	guest "echo online_movable >$MEMORY/auto_online_blocks"
	run_waiting 'chmem -e 512M --wait 10'
	assert_waited
}

@test "-e RANGE --wait is content with blocks that the kernel onlines itself" {
	guest "echo online_movable >$MEMORY/auto_online_blocks"
	run_waiting 'chmem -e -b 32-35 --wait 10'
	assert_waited
}

@test "-e SIZE --wait of more than comes is a part of it, after the whole wait" {
	run_waiting 'chmem -e 1G --wait 5'
	assert_stdout
	assert_stderr_has 'chmem: Could only enable 512M of memory'
	assert_ended 'exited 64' 5000 6000
	assert_blocks 32-35 online
}

@test "-e SIZE --wait ends after the wait where nothing comes" {
	run_script 'launch run chmem -e 512M --wait 2'
	assert_stdout
	assert_stderr 'chmem: Could only enable 0B of memory'
	assert_ended 'exited 1' 2000 3000
}

@test "-e RANGE --wait ends after the wait where nothing comes" {
	run_script 'launch run chmem -e -b 32-35 --wait 2'
	assert_stdout
	assert_stderr 'chmem: Memory Blocks 32-35 do not exist'
	assert_ended 'exited 1' 2000 3000
}

@test "--timeout ends the wait" {
	run_script 'launch run chmem -e 512M --wait 10 --timeout 1'
	assert_ended 'exited 1' 1000 2000
}

@test "TERM ends the wait" {
	run_script 'launch run chmem -e 512M --wait 10 &
		launcher=$!
		sleep 1
		kill $(cat /run/run.pid)
		wait $launcher'
	assert_ended 'killed 15' 500 2000
	assert_nobody_left
}

@test "nobody has to wait for the lock while chmem waits for memory" {
	run_script "launch run chmem -e 512M --wait 3 &
		launcher=\$!
		sleep 1
		rm -f /run/hold
		hold $MEMORY >/run/hold &
		sleep 0.5
		cat /run/hold
		killall hold
		wait \$launcher"
	assert_stdout held
	assert_ended 'exited 1' 3000 4500
}
