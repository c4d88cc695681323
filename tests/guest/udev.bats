#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The sample of a udev rule, carried out by the udevd of this machine's release in a guest. Memory
# is plugged from block 32 on, by each test for itself; as what is online in Normal cannot be
# unplugged, each has a guest of its own.
#
# shellcheck disable=SC2016 # the guest's shell expands
# shellcheck disable=SC2034 # what guest_get sets
# shellcheck disable=SC2154 # GUEST_DIR and others are set by it

load guest

rule=40-chmem-online.rules

guest_tidy() {
	! guest "test -e $MEMORY/memory32"
}

# udevadm is udevd, too, by another name.
guest_overlay() {
	local udev nothing

	guest_get udev nothing "$guest_source/unpacked" udev || return
	[[ -z $GUEST_MISSING ]] || return 0
	# /bin or /usr/bin, by the release
	mkdir -p -- "$1/etc/udev/rules.d" "$1/usr/bin" &&
		image_add "$1" "$guest_chmem" usr/sbin/chmem "$guest_root" &&
		image_add "$1" "$(find "$udev" -name udevadm -path '*/bin/*')" usr/bin/udevadm &&
		ln -s udevadm "$1/usr/bin/systemd-udevd" &&
		cp -- "$abs_top_srcdir/contrib/udev/$rule" "$1/etc/udev/rules.d/"
}

guest_prepare() {
	run_script 'mkdir -p /run/udev
		systemd-udevd --debug >/run/udevd.log 2>&1 &
		until_true "[ -S /run/udev/control ]"
		until_true "udevadm control --ping"'
	((status == 0)) || {
		printf '%s\n' "$output" "$stderr"
		guest 'tail -n 20 /run/udevd.log'
		return 1
	}
}

# use_word WORD - one of the others that stand in the rule.
use_word() {
	guest "cd /etc/udev/rules.d &&
		sed -i -e 's/^ATTR{state}=\"online\"/#&/' \
			-e 's/^#\(ATTR{state}=\"$1\"\)/\1/' $rule &&
		[ \$(grep -c '^ATTR{state}=\"' $rule) = 1 ] && udevadm control --reload"
}

wait_for_online() {
	run_script "until_true '[ \"\$(cat $MEMORY/memory[3-9][0-9]/state | sort | uniq -c | xargs)\" = \"$1 online\" ]'"
	assert_status 0
}

# What udevd says of a rule that it does not understand.
assert_no_complaint() {
	is "complaints" "$(guest "grep $rule /run/udevd.log | grep -iE 'invalid|unknown|ignor|fail|error'")" ''
}

@test "udevd reads the rule without a complaint" {
	is "it is read" "$(guest "grep -c 'Reading rules file: .*$rule' /run/udevd.log")" 1
	assert_no_complaint
}

@test "a complaint would be seen" {
	guest "echo 'ATTR{state}~\"online\", NOTHING==\"x\"' >>/etc/udev/rules.d/$rule"
	guest 'udevadm control --reload'
	dimm_plug dimm 128
	run_script "until_true 'grep $rule /run/udevd.log | grep -qiE \"invalid|unknown\"'"
	assert_status 0
}

@test "the blocks of a DIMM come online, where the kernel chooses, and no process is started" {
	guest 'cd /sys/kernel/tracing && echo 1 >events/sched/sched_process_exec/enable && echo >trace'
	dimm_plug dimm 1024
	wait_for_online 8
	assert_blocks 32-39 online
	assert_zone 32 Normal
	guest 'udevadm settle'
	# The guest's own tools, by their names or as their shell runs them, and udevadm are of the
	# test.
	run_guest "sed -n 's/.*filename=\([^ ]*\).*/\1/p' /sys/kernel/tracing/trace | sort -u"
	[[ $output == *'/bin/'* ]]
	is "what was started" "$(grep -vE '^(/bin/.*|/proc/self/exe|/usr/bin/udevadm)$' <<<"$output")" ''
	assert_no_complaint
}

@test "with online_movable they come online in Movable" {
	use_word online_movable
	dimm_plug dimm 512
	wait_for_online 4
	assert_zone 32 Movable
	assert_zone 35 Movable
	assert_no_complaint
}

@test "with online_kernel they come online in Normal, whatever the kernel would choose" {
	use_word online_kernel
	guest "echo auto-movable >/sys/module/memory_hotplug/parameters/online_policy"
	dimm_plug dimm 512
	wait_for_online 4
	assert_zone 32 Normal
}

@test "what was set offline by hand stays so" {
	use_word online_movable
	dimm_plug dimm 512
	wait_for_online 4
	run_guest 'chmem -d -b 34-35 && udevadm trigger --subsystem-match=memory --action=change &&
		udevadm settle'
	assert_status 0
	assert_blocks 32-35 online online offline offline
}

@test "where the kernel was quicker, the rule has nothing to do" {
	guest "chmem --auto-online=online_movable"
	dimm_plug dimm 512
	assert_blocks 32-35 online
	guest 'udevadm settle'
	assert_zone 32 Movable
	is "failed writes" "$(guest 'grep -c "Could not write\|Failed to write" /run/udevd.log')" 0
}

# ---- Two at once ----

@test "-e SIZE --wait that waits for the DIMM: what udev brings online counts" {
	guest 'launch chmem chmem -e 1G --wait 10 >/run/chmem.out 2>/run/chmem.err &'
	run_script 'until_true "[ -s /run/chmem.pid ]"; sleep 0.5'
	dimm_plug dimm 1024
	run_script 'until_true "[ -e /run/chmem.end ]"
		cat /run/chmem.out
		cat /run/chmem.err >&2
		read -r how number ms </run/chmem.end
		echo "$how $number"'
	assert_stdout 'exited 0'
	assert_stderr
	assert_blocks 32-39 online
	assert_no_complaint
}

@test "-e RANGE side by side with udev: every block is online, whoever was first" {
	local round

	guest 'killall -STOP systemd-udevd'
	for round in 1 2 3 4; do
		dimm_plug "dimm$round" 512
	done
	run_script 'killall -CONT systemd-udevd
		chmem -v -e -b 32-47 >/run/chmem.out
		echo "$?, $(grep -c "enabled$" /run/chmem.out) blocks"'
	assert_stdout '0, 16 blocks'
	assert_stderr
	assert_blocks 32-47 online
	guest 'udevadm settle'
	assert_blocks 32-47 online
}
