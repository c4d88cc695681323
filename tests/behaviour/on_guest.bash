# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # set by bats and ../guest/guest.bash
# shellcheck disable=SC2016 # the machine's shell expands
#
# The machine of behaviour.bash as a guest with a real kernel: one for all tests of a file,
# put in order for each of them.

# shellcheck source=tests/guest/guest.bash
source "$behaviour_source/../guest/guest.bash"

guest_kept

guest_prepare() {
	dimm_plug dimm 1024
}

guest_tidy() {
	tidy 'cd /sys/module/memory_hotplug/parameters &&
			echo contig-zones >online_policy && echo 301 >auto_movable_ratio &&
			echo offline >$memory/auto_online_blocks' && guest_unplug
}

# guest_unplug - what the test before has plugged.
guest_unplug() {
	local device

	for device in "$GUEST_DIR/now"/plugged.*; do
		[ -e "$device" ] || continue
		device=${device##*.}
		if guest "test -e $MEMORY/memory40"; then
			dimm_unplug "$device" || return
		else
			dimm_forget "$device" || return
		fi
		rm -- "$GUEST_DIR/now/plugged.$device"
	done
}

# What is under test, and what the scripts of behaviour.bash need.
guest_overlay() {
	# shellcheck disable=SC2034 # nothing is there
	local poke nothing

	guest_get poke nothing build_poke "$architecture" &&
		mkdir -p -- "$1/etc" "$1/bin" &&
		image_add "$1" "$guest_chmem" usr/sbin/chmem "$guest_root" &&
		cp -- "$behaviour_source/functions" "$1/etc/behaviour" &&
		cp -- "$poke" "$1/bin/poke"
}

# build_poke ARCHITECTURE - prints where it is.
build_poke() {
	local poke=${GUEST_SAVES:-$GUEST_DIR}/poke-$1 memsim=$behaviour_source/../memsim

	"${guest_cc[@]}" -std=gnu11 -static -D_GNU_SOURCE -I"$abs_top_builddir" \
		-I"$behaviour_source/../../lib" -o "$poke" "$memsim/poke.c" "$memsim/names.c" &&
		printf '%s\n' "$poke"
}

on_machine() {
	guest 'export sys=/sys memory=/sys/devices/system/memory proc=/proc run=/run machine=guest
		. /etc/behaviour; '"$1"
}

run_as_nobody() {
	run_script "su nobody -c '$1'"
}

# ---- What is done to the machine ----

hot_add_later() {
	local device=added${EPOCHREALTIME//[!0-9]/}

	: >"$GUEST_DIR/now/plugged.$device"
	dimm_add "$device" "$1"
}

hot_add() {
	hot_add_later "$1" &&
		on_machine "until_true '[ -e \$memory/memory$((39 + $1 / 128)) ]'" && await_hotplug
}

hot_remove() {
	local file=("$GUEST_DIR/now"/plugged.*)

	dimm_unplug "${file[0]##*.}"
	rm -- "${file[0]}"
}

pin_block() {
	local first=$((($1) * 0x8000000))

	on_machine "put $1 state online_movable" >/dev/null
	on_machine "rm -f \$run/pin.out
		launch pin pin $(printf '%x %x' "$first" $((first + 0x7ffffff))) \
			${2:-1} >\$run/pin.out 2>&1 &
		until_true 'grep -q pinned \$run/pin.out'"
}

unpin() {
	on_machine 'kill -KILL $(cat $run/pin.pid)'
}

# The kernel looks for a signal only between two passes over the block; one over so many
# pages takes long where others want the processor, too.
make_deaf() {
	pin_block "$1" 30000
	on_machine 'for i in 1 2 3 4; do
			launch busy$i sh -c "while :; do :; done" 2>/dev/null &
		done'
}

make_hearing() {
	on_machine 'for file in $run/busy*.pid $run/pin.pid; do
			kill -KILL -$(cat $file)
		done'
}

make_unmovable() {
	on_machine "put $1 state online_kernel >/dev/null
		mkdir -p /run/inodes
		mount -t tmpfs none /run/inodes && cd /run/inodes || exit
		# memory comes from the node of the processor
		seq 3000 | taskset 1 xargs touch"
}

error_number() {
	case $1 in
	EPERM) echo 1 ;;
	EINTR) echo 4 ;;
	EIO) echo 5 ;;
	ENODEV) echo 19 ;;
	EAGAIN) echo 11 ;;
	ENOMEM) echo 12 ;;
	EACCES) echo 13 ;;
	EBUSY) echo 16 ;;
	EINVAL) echo 22 ;;
	ENOSPC) echo 28 ;;
	EOPNOTSUPP) echo 95 ;;
	*) return 1 ;;
	esac
}

inject() {
	local event=MEM_GOING_ONLINE

	[ "$1" != offline ] || event=MEM_GOING_OFFLINE
	on_machine "echo -$(error_number "$2") \
		>/sys/kernel/debug/notifier-error-inject/memory/actions/$event/error"
}

inject_nothing() {
	guest '. /etc/functions; inject_nothing'
}

watch_writes() {
	watch_attempts
}

writes() {
	attempts "${1-chmem}" | sed 's/ 0$/ ok/; s/ 1$/ EINVAL/; s/ -1$/ EPERM/; s/ -4$/ EINTR/
		s/ -5$/ EIO/; s/ -11$/ EAGAIN/; s/ -12$/ ENOMEM/; s/ -16$/ EBUSY/; s/ -22$/ EINVAL/'
}

# 1. Another writer has the kernel's lock, which chmem, that has read the block's state, waits
#    for.
# 2. There it can be stopped, with all its processes, and the lock is let go.
# 3. The other writes, and chmem goes on.
lose_race() {
	local block=$1 word=$2

	pin_block 39
	start_write locker 39 state offline
	wait_for_state 39 going-offline
	watch_writes
	start chmem "chmem $3"
	on_machine "until_true 'grep -q \" chmem-.* lock:\" /sys/kernel/tracing/trace'
		for process in \$(processes); do
			kill -STOP \$process
			until_true \"grep -q '^State:.T' /proc/\$process/status\"
		done
		kill \$(cat \$run/locker.pid)
		until_true 'is_state 39 online'
		put $block state $word
		kill -CONT \$(processes)" >/dev/null
	unpin
	finish chmem
}

# shellcheck disable=SC2034 # for the tests
plugged_device=PNP0C80:00 added_device=PNP0C80:01

dimm_only() {
	: # it has one
}

slow_down() {
	: # it is slow
}

if [[ $GUEST_MACHINE == virtio-mem ]]; then
	# shellcheck source=tests/behaviour/on_virtio-mem.bash
	source "$behaviour_source/on_virtio-mem.bash"
fi
