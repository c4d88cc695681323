#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The units for systemd, run by the systemd of this machine's release, which is the first process of
# the guest: above all, that what keeps chmem in leaves it what it needs. Memory is plugged from
# block 32 on.
#
# shellcheck disable=SC2016 # the guest's shell expands
# shellcheck disable=SC2034 # GUEST_MISSING is for guest.bash
# shellcheck disable=SC2154 # GUEST_DIR and others are set by it

load guest

units=$abs_top_builddir/contrib/systemd

guest_prepare() {
	dimm_plug dimm 1024
}

guest_tidy() {
	guest "systemctl stop 'chmem-*' && systemctl reset-failed &&
		echo offline >$MEMORY/auto_online_blocks" && restore_blocks
}

# systemd, which is this machine's own, and the agent as a service of it. What the guest's init does
# otherwise is done before.
guest_overlay() {
	local systemd=/usr/lib/systemd

	[[ -x $systemd/systemd ]] || systemd=/lib/systemd
	if ! [[ -x $systemd/systemd && -x $(command -v systemctl) ]]; then
		GUEST_MISSING='systemd is not installed'
		return
	fi
	mkdir -p -- "$1"/{etc/systemd/system,usr/lib/systemd/system,home,root} &&
		image_add "$1" "$systemd/systemd" usr/lib/systemd/systemd &&
		image_add "$1" "$(command -v systemctl)" usr/bin/systemctl || return
	# a part of it, in newer versions
	[[ ! -x $systemd/systemd-executor ]] ||
		image_add "$1" "$systemd/systemd-executor" usr/lib/systemd/systemd-executor
	image_add "$1" "$guest_chmem" usr/sbin/chmem "$guest_root" &&
		add_units "$1/etc/systemd/system" &&
		sed 's|^exec /bin/agent .*|exec /usr/lib/systemd/systemd|' "$guest_source/init" \
			>"$1/init" && chmod 755 "$1/init"
}

# add_units DIRECTORY - those under test, for the chmem that is, and what systemd needs for a start.
add_units() {
	local unit

	for unit in "$units"/*.service; do
		sed 's|^\(ExecStart=\)[^ ]*/chmem |\1/usr/sbin/chmem |' "$unit" >"$1/${unit##*/}" || return
	done
	for unit in sysinit basic multi-user shutdown; do
		printf '%s\n' '[Unit]' DefaultDependencies=no >"$1/$unit.target"
	done
	printf '%s\n' '[Unit]' DefaultDependencies=no Wants=agent.service >"$1/default.target"
	printf '%s\n' '[Unit]' DefaultDependencies=no '[Service]' \
		Environment=PATH=/bin:/usr/bin:/usr/sbin 'ExecStart=/bin/agent /dev/vport0p1' \
		>"$1/agent.service"
}

# start NAME - sets output to how it ended: result, exit status of chmem, state.
start() {
	run_guest "systemctl start '$1' 2>/dev/null
		for property in Result ExecMainStatus ActiveState; do
			systemctl show -P \$property '$1'
		done | xargs"
}

@test "chmem-auto-online@WORD sets it, and what is added comes up so" {
	local word

	is "the first process" "$(guest 'cat /proc/1/comm')" systemd
	for word in online online_kernel offline online_movable; do
		start "chmem-auto-online@$word.service"
		assert_stdout 'success 0 active'
		is "auto_online_blocks" "$(guest "cat $MEMORY/auto_online_blocks")" "$word"
	done
	dimm_plug more 256
	assert_blocks 40-41 online
	assert_zone 40 Movable
	assert_blocks 32-39 offline
	guest "for block in 40 41; do echo offline >$MEMORY/memory\$block/state; done"
	dimm_unplug more
}

@test "chmem-auto-online@WORD fails where there is no such word" {
	start chmem-auto-online@movable.service
	assert_stdout 'exit-code 1 failed'
	is "auto_online_blocks" "$(guest "cat $MEMORY/auto_online_blocks")" offline
}

@test "chmem-resize@SIZE brings so much online, and once it did it stays active" {
	start chmem-resize@1536M.service
	assert_stdout 'success 0 active'
	assert_blocks 32-36 online online online online offline
	assert_zone 32 Movable
	guest "echo offline >$MEMORY/memory33/state"
	start chmem-resize@1536M.service
	assert_stdout 'success 0 active'
	assert_blocks 33-33 offline
	start chmem-resize@1.5G.service
	assert_stdout 'success 0 active'
	assert_blocks 32-36 online online online online offline
}

@test "chmem-resize@SIZE fails where there is not enough, and does what it can" {
	start chmem-resize@64G.service
	assert_stdout 'exit-code 64 failed'
	assert_blocks 32-39 online
}

@test "chmem-resize@SIZE fails for what is no size" {
	start chmem-resize@much.service
	assert_stdout 'exit-code 1 failed'
	assert_blocks 32-39 offline
}

@test "chmem-resize@SIZE that fails can tell why: the kernel's log is in its reach" {
	guest 'mkdir -p /run/systemd/system/chmem-resize@.service.d
		printf "[Service]\nExecStart=\nExecStart=/bin/sh -c \"exec 3</dev/kmsg && head -c 8 /proc/kpageflags && exec chmem -e --resize %%i\"\n" \
			>/run/systemd/system/chmem-resize@.service.d/test.conf
		systemctl daemon-reload'
	start chmem-resize@1152M.service
	assert_stdout 'success 0 active'
	assert_blocks 32-33 online offline
	guest 'rm -r /run/systemd/system/chmem-resize@.service.d && systemctl daemon-reload'
}

@test "the units can write nothing but what is in /sys" {
	local unit

	for unit in chmem-auto-online@online chmem-resize@1G; do
		guest "mkdir -p /run/systemd/system/${unit%@*}@.service.d
			printf '[Service]\nExecStart=\nExecStart=/bin/sh -c \"echo online_kernel >$MEMORY/auto_online_blocks; ! echo >/etc/mark && ! echo >/home/mark && ! echo >/usr/mark\"\n' \
				>/run/systemd/system/${unit%@*}@.service.d/test.conf
			systemctl daemon-reload"
		start "$unit.service"
		assert_stdout 'success 0 active'
		is "auto_online_blocks" "$(guest "cat $MEMORY/auto_online_blocks")" online_kernel
		guest "echo offline >$MEMORY/auto_online_blocks; ! ls /etc/mark /home/mark /usr/mark 2>/dev/null"
		guest "rm -r /run/systemd/system/${unit%@*}@.service.d && systemctl daemon-reload"
	done
}

@test "enabled, they are part of the start of the system, each at its time" {
	run_guest 'systemctl enable chmem-auto-online@online_movable.service chmem-resize@4G.service \
			2>/dev/null
		cd /etc/systemd/system && ls -d *.wants/*
		systemctl disable chmem-auto-online@online_movable.service chmem-resize@4G.service 2>/dev/null'
	assert_stdout multi-user.target.wants/chmem-resize@4G.service \
		sysinit.target.wants/chmem-auto-online@online_movable.service
}
