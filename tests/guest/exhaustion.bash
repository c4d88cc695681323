# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # status, output and stderr are set by run
# shellcheck disable=SC2016 # the guest's shell expands
#
# Taking memory from a machine that needs it. Each test has a guest of its own, which it may
# bring down, and each is there for two kernels: they do not come to harm in the same way.
#
# CHMEM_SOAK=1 watches the guest for a minute afterwards, and not for five seconds.

if soaking; then
	watch_seconds=60
else
	watch_seconds=5
fi
: "${GUEST_TIMEOUT:=60}"
((GUEST_TIMEOUT > watch_seconds + 30)) || GUEST_TIMEOUT=$((watch_seconds + 60))

guest_prepare() {
	: >"$GUEST_DIR/now/unused"
}

# No test takes over the guest of another.
guest_tidy() {
	rm "$GUEST_DIR/now/unused"
} 2>/dev/null

# leave_free MIB - all of the guest's memory is in use but for so much.
leave_free() {
	guest ". /etc/functions; run_hog $1"
	echo "# $(guest 'uname -r'): $(available_mib) MiB available for $1" >&3
}

available_mib() {
	guest "awk '\$1 == \"MemAvailable:\" { print int(\$2 / 1024) }' /proc/meminfo"
}

oom_kills() {
	guest "awk '\$1 == \"oom_kill\" { print \$2 }' /proc/vmstat"
}

# assert_well - and so for a while: processes can be started, memory can be had by them,
# and the kernel has killed nobody for want of it.
assert_well() {
	local until=$((SECONDS + watch_seconds))

	while ((SECONDS < until)); do
		guest 'for i in 1 2 3 4 5 6 7 8; do sh -c "seq 2000 | sort | tail -n 1"; done' |
			sort -u | grep -qx 999
		sleep 0.5
	done
	is "processes killed for want of memory" "$(oom_kills)" 0
	guest "pidof hog || ! test -e /run/hog" >/dev/null
}

# assert_stopped AMOUNT - chmem did not take what is not to spare, and says how much
# it took.
assert_stopped() {
	assert_stdout
	assert_stderr_line 0 "chmem: Could only disable $1 of memory"
	assert_stderr_has '*--keep-free*'
}

# ---- The tests ----

# It does not look at what is to spare. That ends in one of three ways.
util_linux_does_harm() {
	guest "test -x /usr/sbin/chmem.ul" || guest_skip "util-linux has no chmem here"
	dimm_plug dimm 512
	guest 'chmem.ul -e 512M'
	leave_free 100
	is "processes killed before" "$(oom_kills)" 0
	run_script 'launch run chmem.ul -d 512M &
		# it is to see who is killed, and not be
		echo -1000 >/proc/$$/oom_score_adj
		sleep 8
		oom_kills=$(awk "\$1 == \"oom_kill\" { print \$2 }" /proc/vmstat)
		[ "$oom_kills" -eq 0 ] || echo "processes were killed: $oom_kills"
		[ -e /run/run.end ] || ! kill -0 $(cat /run/run.pid) || echo "it hangs"
		kill -KILL $(cat /run/run.pid)' || true
	guest_is_alive || output=$(grep -m 1 panic "$GUEST_DIR/now/console.log")
	echo "# ${output//$'\n'/, }" >&3
	[[ -n $output ]]
}

nothing_to_spare() {
	dimm_plug dimm 512
	guest 'chmem -e 512M'
	leave_free 100
	run_script 'launch run chmem -d 512M'
	assert_stopped 0B
	assert_ended 'exited 1' 0 5000
	assert_blocks 32-35 online
	assert_well
}

one_block_to_spare() {
	dimm_plug dimm 512
	guest 'chmem -e 512M'
	leave_free 320
	run_script 'launch run chmem -d 512M'
	assert_stopped 128M
	assert_ended 'exited 64' 0 10000
	assert_blocks 32-35 online online online offline
	echo "# $(guest 'uname -r'): $(available_mib) MiB available afterwards" >&3
	assert_well
}

# By range, too: the blocks that stay are named.
range_to_spare() {
	dimm_plug dimm 512
	guest 'chmem -e 512M'
	leave_free 100
	run_script 'launch run chmem -d -b 32-35'
	assert_stdout
	assert_stderr_has '*--keep-free*'
	assert_ended 'exited 1' 0 5000
	assert_blocks 32-35 online
	assert_well
}

# What lies in Movable is of no use to the kernel itself, however much it is.
movable_gib() {
	dimm_plug dimm "$(($1 * 1024))"
	guest "chmem -e $1G"
	assert_blocks "32-$((32 + 8 * $1 - 1))" online
}

# fill_pipes MIB - in what the kernel has for itself.
fill_pipes() {
	run_script "launch pipes pipes $1; cat /run/pipes.end" || true
}

# The kernel is to have its share of all memory, a quarter: as much as there is.
kernel_zones_keep_room() {
	movable_gib 3
	run_script 'launch run chmem -d -b 1-7'
	assert_stderr_has '*--keep-free*'
	assert_status 1
	assert_blocks 0-7 online
	fill_pipes 320
	is "what became of the pipes" "${lines[*]% *}" 'done exited 0'
	assert_well
}

# With less of it, two blocks may go before the share is too small.
kernel_zones_keep_their_share() {
	movable_gib 2
	run_script 'launch run chmem -d -b 1-7'
	assert_stderr_has '*--keep-free*'
	assert_stderr_has 'chmem: Could only disable 256M of memory'
	assert_status 64
	echo "# $(guest 'uname -r'): $status, states $(block_states 0-7)" >&3
	fill_pipes 200
	is "what became of the pipes" "${lines[*]% *}" 'done exited 0'
	assert_well
}

kernel_zones_run_dry() {
	local killed=0

	movable_gib 3
	run_guest 'chmem --keep-free 0 -d -b 1-7'
	echo "# $(guest 'uname -r'): --keep-free 0: $status, states $(block_states 0-7)" >&3
	fill_pipes 320
	if guest_is_alive; then
		killed=$(oom_kills)
		echo "# oom_kill $killed: ${lines[*]}" >&3
	else
		echo "# $(grep -m 1 panic "$GUEST_DIR/now/console.log")" >&3
		killed=$(grep -c panic "$GUEST_DIR/now/console.log")
	fi
	((killed > 0))
}
