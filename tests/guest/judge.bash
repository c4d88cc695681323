# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # set by machines.bash
#
# What the guest's kernel says of its memory. The tests believe this and not chmem.

MEMORY=/sys/devices/system/memory

# A block of 128 MiB, in kB and in pages of 4 KiB, for the tests.
export BLOCK_KB=131072 BLOCK_PAGES=32768

mem_total_kb() {
	guest "read -r name kb _ </proc/meminfo && [ \$name = MemTotal: ] && echo \$kb"
}

# zone_present NODE ZONE - pages of the zone; none are in one that the kernel does not
# name.
zone_present() {
	guest "awk -v node='$1,' -v zone='$2' '
		\$1 == \"Node\" { this = \$2 == node && \$4 == zone }
		this && \$1 == \"present\" { pages = \$2 }
		END { print pages + 0 }' /proc/zoneinfo"
}

block_count() {
	guest "set -- $MEMORY/memory[0-9]*; echo \$#"
}

# block_states FIRST-LAST - on one line; `-` stands for a block that is not there.
block_states() {
	guest "block=${1%-*} words=
		while [ \$block -le ${1#*-} ]; do
			read -r word <$MEMORY/memory\$block/state || word=-
			words=\"\$words \$word\"
			block=\$((block + 1))
		done 2>/dev/null
		echo \"\${words# }\""
}

# assert_blocks FIRST-LAST STATE... - one state for all of them, or as many as there are.
assert_blocks() {
	local range=$1 expected=${*:2} i

	if (($# == 2)); then
		for ((i = ${1%-*}; i < ${1#*-}; i++)); do
			expected+=" $2"
		done
	fi
	is "states of $range" "$(block_states "$range")" "$expected"
}

# assert_zone BLOCK ZONE - for an online block its zone, for another all that it may go
# to.
assert_zone() {
	is "valid_zones of $1" "$(guest "read -r zones <$MEMORY/memory$1/valid_zones && echo \"\$zones\"")" "$2"
}

# assert_grown WHAT BEFORE AFTER BY
assert_grown() {
	is "$1, grown by" "$(($3 - $2))" "$4"
}

# Every attempt to change a block, whatever chmem does and says about it, goes through one
# of two functions of the kernel, which can be watched. The times of several processors do not say
# what came first, a counter does.
watch_attempts() {
	# shellcheck disable=SC2016 # the guest's shell is the one to expand
	guest 'cd /sys/kernel/tracing || exit
		[ -d events/attempts ] || cat >kprobe_events <<-\EOF || exit
			p:attempts/lock lock_device_hotplug_sysfs
			p:attempts/begin_online device_online name=+0(+0($arg1)):string
			r:attempts/end_online device_online result=$retval:s32
			p:attempts/begin_offline device_offline name=+0(+0($arg1)):string
			r:attempts/end_offline device_offline result=$retval:s32
		EOF
		echo counter >trace_clock || exit
		echo 1 >events/attempts/enable && echo >trace'
}

# attempts COMMAND - those that programs of this name made since watch_attempts, in their
# order, each a line "online|offline BLOCK RESULT". The result is 0, a negative errno, or
# 1 where the block was so already, for which write(2) fails with EINVAL.
attempts() {
	guest "awk -v command='$1' '
		{ task = \$1; sub(/-[0-9]+\$/, \"\", task) }
		task != command { next }
		match(\$0, /begin_[a-z]+:/) {
			word = substr(\$0, RSTART + 6, RLENGTH - 7)
			block = \$NF
			gsub(/[^0-9]/, \"\", block)
		}
		/end_[a-z]+:/ { print word, block, substr(\$NF, 8) }
	' /sys/kernel/tracing/trace"
}

# assert_attempts [LINE]... - all of chmem's; none for no argument.
assert_attempts() {
	is "attempts to change a block" "$(attempts chmem)" "$(printf '%s\n' "$@")"
}

# restore_blocks - see the guest's functions.
restore_blocks() {
	guest ". /etc/functions; restore_blocks ${boot_blocks#*-} $boot_zone"
}

# tidy [SCRIPT] - ends what a test has left, runs the script, and restores the blocks: in one
# request, as every test begins with it.
tidy() {
	guest ". /etc/functions; tidy && { ${1:-true}
		} && restore_blocks ${boot_blocks#*-} $boot_zone"
}

# ---- How long it took ----

# run_script SCRIPT - run_guest, with the functions that scripts in the guest have.
run_script() {
	run_guest ". /etc/functions; $1"
}

# soaking - should what takes its time take it?
soaking() {
	[[ -n ${CHMEM_SOAK-} ]]
}

# measured WHAT MS - into the log of the tests, for whoever wants to know.
measured() {
	echo "# $(guest 'uname -r'): $1: $2 ms" >&3
}

# assert_time WHAT MS FROM TO - FROM and TO are included.
assert_time() {
	measured "$1" "$2"
	(($2 >= $3 && $2 <= $4)) || {
		printf '%s took %s ms, and not %s to %s\n' "$@"
		return 1
	}
}

# assert_ended "exited STATUS"|"killed SIGNAL" FROM TO - so the command of `launch run`
# ended, and so many milliseconds after it began.
assert_ended() {
	local how number ms

	read -r how number ms <<<"$(guest 'cat /run/run.end')"
	is "the end of the run" "$how $number" "$1" || {
		printf 'stdout: %s\nstderr: %s\n' "${output-}" "${stderr-}"
		return 1
	}
	assert_time "$BATS_TEST_DESCRIPTION" "$ms" "$2" "$3"
}

# assert_nobody_left [PROGRAM] - no process of it is there any more, nor any that
# `disturbed` has seen.
assert_nobody_left() {
	is "processes that are left" "$(guest "pidof ${1:-chmem}
		for pid in \$(cat /run/pids 2>/dev/null); do
			grep -s '^[NS]' /proc/\$pid/status
		done")" ''
}

# assert_back BLOCK - it is online, or so within a second: when a write is given up, the
# kernel puts the block back after the last pass over it.
assert_back() {
	guest "tries=0
		until [ \"\$(cat $MEMORY/memory$1/state)\" = online ]; do
			tries=\$((tries + 1))
			[ \$tries -lt 50 ] || exit
			sleep 0.02
		done"
	assert_blocks "$1-$1" online
}

# inject EVENT ERRNO - from now on the kernel meets this error when it sets any block
# online or offline, 0 for none.
inject() {
	guest "echo -$2 >/sys/kernel/debug/notifier-error-inject/memory/actions/$1/error"
}
