#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A write that does not come back: a page that cannot move lies in block 39, the last of
# a DIMM of 1 GiB, blocks 32 to 39. The kernel tries to move it until a signal comes.
#
# CHMEM_SOAK=1 takes the bounds that chmem has by default.
#
# shellcheck disable=SC2030,SC2031 # output is set by run

load guest

guest_timed
guest_kept

if soaking; then
	hang_ms=60000 try_timeout='' try_ms=30000
else
	hang_ms=10000 try_timeout='--try-timeout 2' try_ms=2000
fi
: "${GUEST_TIMEOUT:=60}"
((GUEST_TIMEOUT > 2 * hang_ms / 1000)) || GUEST_TIMEOUT=$((2 * hang_ms / 1000 + 30))

guest_prepare() {
	dimm_plug dimm 1024
}

# What a run may take beyond its bound: the kernel's last pass over the block, and its own
# end on a machine that is not quick.
slack_ms=1000

@test "util-linux's chmem never comes back from a block with a page that cannot move" {
	guest "test -x /usr/sbin/chmem.ul" || guest_skip "util-linux has no chmem here"
	run_script "pin_block 39
		disturbed 'sleep $((hang_ms / 1000))
			eval \"\$going\" && echo going
			send KILL' 39 chmem.ul -d -b 39"
	assert_stdout going
	assert_ended 'killed 9' "$hang_ms" $((hang_ms + 5000))
	assert_back 39
}

@test "a block that does not go is given up after a while, with the reason" {
	run_script "pin_block 39; launch run chmem $try_timeout -d -b 39"
	assert_stdout
	assert_stderr_has "chmem: $(block 39) disable failed: ?*"
	assert_ended 'exited 1' "$try_ms" $((try_ms + slack_ms))
	assert_back 39
	assert_nobody_left
}

@test "-d SIZE gives up a block that does not go and takes others in its place" {
	run_script "pin_block 39; chmem -e -b 35-38
		launch run chmem $try_timeout -d 256M"
	assert_stdout
	assert_ended 'exited 0' "$try_ms" $((try_ms + slack_ms))
	assert_blocks 32-39 offline offline offline online online offline offline online
	assert_nobody_left
}

@test "a range gives up the block that does not go and takes the rest: exit 64" {
	run_script "pin_block 38; chmem -e -b 37; chmem -e -b 39
		launch run chmem $try_timeout -v -d -b 37-39"
	assert_stdout "$(block 37) disabled" "$(block 39) disabled"
	assert_stderr_has "chmem: $(block 38) disable failed: ?*"
	assert_ended 'exited 64' "$try_ms" $((try_ms + slack_ms))
	assert_blocks 37-39 offline online offline
}

@test "--timeout 3 ends the whole run after 3 seconds" {
	run_script "pin_block 39; chmem -e -b 38
		disturbed : 39 chmem --timeout 3 -d 256M"
	assert_stdout
	assert_stderr_like 'chmem: *'
	assert_ended 'exited 1' 3000 4000
	assert_blocks 38-39 online
	assert_nobody_left
}

@test "--timeout bounds all blocks together, not each" {
	run_script "pin_block 39
		launch run chmem --try-timeout 2 --retries 10 --timeout 3 -d -b 39"
	assert_ended 'exited 1' 3000 4000
	assert_back 39
	assert_nobody_left
}

@test "a shell that takes the output waits no longer than --timeout, either" {
	run_script "pin_block 39
		before=\$(now_ms)
		captured=\$(chmem --timeout 1 -d -b 39)
		echo \$? \$((\$(now_ms) - before))"
	is "the exit status" "${output% *}" 1
	assert_time "$BATS_TEST_DESCRIPTION" "${output#* }" 1000 2000
	assert_back 39
	assert_nobody_left
}

# With tens of thousands of such pages in the block, one pass over it takes the kernel a
# second or two, more if others want the processor, too. In it no signal helps, be it
# SIGKILL. Linux 6.1 was at it for six more seconds when chmem was back, 7.2 for none.
@test "the shell does not wait for a kernel that is deaf to signals, either" {
	local exit_status ms state

	run_script "pin_block 39 30000
		before=\$(now_ms)
		captured=\$(disturbed 'for i in 1 2 3 4; do
				launch busy\$i sh -c \"while :; do :; done\" >/dev/null &
			done' 39 chmem --timeout 1 -d -b 39)
		echo \$? \$((\$(now_ms) - before)) \$(state 39)
		for i in 1 2 3 4; do
			kill -KILL \$(cat /run/busy\$i.pid)
		done
		before=\$(now_ms)
		until_true '[ \$(state 39) = online ]'
		echo \$((\$(now_ms) - before))
		until_true '! pidof chmem'"
	read -r exit_status ms state <<<"$output"
	is "the exit status" "$exit_status" 1
	measured "the kernel's write went on ($state) for" "${lines[1]}"
	assert_time "$BATS_TEST_DESCRIPTION" "$ms" 1000 3000
	[[ $state == going-offline || $(guest 'uname -r') != 6.1.* ]]
	assert_ended 'exited 1' 1000 3000
	assert_stderr_has "chmem: $(block 39) *"
	assert_nobody_left
	assert_blocks 39-39 online
}

# ---- Another writer holds the kernel's hot-plug lock ----

# assert_in_progress ARGUMENTS [LATEST] - nobody gets the lock: block 39 spins for somebody
# else.
assert_in_progress() {
	run_script "pin_block 39; chmem -e -b 38; spin 39
		launch run chmem $1
		status=\$?
		state 39
		exit \$status"
	assert_stdout going-offline
	assert_stderr_has '*another memory hot-plug operation is in progress*'
	assert_ended 'exited 1' 2000 "${2:-3000}"
	assert_nobody_left
	# Nor does anything come of it when the lock is free again.
	guest '. /etc/functions; stop_spinning; sleep 0.5'
	assert_blocks 37-39 offline online online
}

@test "--timeout holds while another writer has the kernel's lock" {
	assert_in_progress '--timeout 2 --lock=no -d -b 38'
}

@test "--timeout holds while another chmem is at work, and that is named" {
	run_script "pin_block 39; chmem -e -b 38
		launch first chmem --try-timeout 0 -d -b 39 &
		launcher=\$!
		until_true '[ \$(state 39) = going-offline ]'
		launch run chmem --timeout 2 -d -b 38
		status=\$?
		cat /run/first.pid
		kill -TERM \$(cat /run/first.pid)
		wait \$launcher
		exit \$status"
	assert_stderr_line 0 "chmem: /sys/devices/system/memory is locked by process $output, going on without the lock"
	assert_stderr_has 'chmem: ended by --timeout'
	assert_ended 'exited 1' 2000 3000
	assert_nobody_left
	assert_blocks 38-39 online
}

@test "--try-timeout holds while another writer has the kernel's lock, and ends the run" {
	assert_in_progress '--try-timeout 2 --lock=no -d -b 38'
}

# It is given two seconds to go for the other writer, and is then tried.
@test "so it does where the block that spins is the first that -d SIZE would take" {
	assert_in_progress '--try-timeout 2 --lock=no -d 256M' 5000
}

@test "enabling, which never spins, is bounded as well when another writer does" {
	assert_in_progress '--try-timeout 2 --lock=no -e -b 36-37'
}

@test "TERM ends a run that waits for the kernel's lock" {
	run_script "pin_block 39; chmem -e -b 38; spin 39
		launch run chmem --lock=no -d -b 38 &
		launcher=\$!
		sleep 0.7
		kill -TERM \$(cat /run/run.pid)
		wait \$launcher"
	assert_stderr_like 'chmem: ?*'
	assert_ended 'killed 15' 500 2000
	assert_nobody_left
	guest '. /etc/functions; stop_spinning; sleep 0.5'
	assert_blocks 38-39 online
}
