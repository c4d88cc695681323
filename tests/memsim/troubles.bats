#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154 # status, output and stderr are set by run
#
# What the simulated machine does when it is to misbehave, and what waiting, signals and its own end
# come to; at last, chmem on it.

load ../helpers
load memsim

teardown() {
	memsim_stop
	wait
}

start_small() {
	memsim_start 'blocks 0-3 online unmovable=1' 'blocks 32-39 offline' "$@"
}

# The same with blocks 32-35 online in zone Movable.
start_movable() {
	memsim_start 'blocks 0-3 online unmovable=1' 'blocks 32-35 online Movable hotplug' \
		'blocks 36-39 offline' "$@"
}

expect() {
	is "${*:2}" "$(poke "${@:2}")" "$1"
}

# poke_in_background [OPTION]... N FILE WORD - its process goes into PID, which signals reach without
# a shell in between.
poke_in_background() {
	background=$BATS_TEST_TMPDIR/background-$((++pokes))
	exec_poke "$@" >"$background" 2>&1 3>&- &
	PID=$!
}

exec_poke() {
	exec "$POKE" "${@:1:$#-3}" "$MEMORY/memory${*: -3:1}/${*: -2:1}" "${*: -1}"
}

# assert_background STATUS OUTPUT - once the last one is over.
assert_background() {
	local status=0

	wait "$PID" || status=$?
	is "output in the background" "$(<"$background")" "$2"
	is "exit status in the background" "$status" "$1"
}

# last_write_took MS - at least.
last_write_took() {
	memsim_log | tail -n 1 | awk -v least="$1" '{ exit !($3 - $2 >= least) }'
}

is_pending() {
	memsim_log | grep -q " $1 pending$"
}

# are_pending N - so many writes.
are_pending() {
	[ "$(memsim_log | grep -c ' pending$')" -eq "$1" ]
}

# is_waiting PID - in the kernel, for an answer.
is_waiting() {
	local state

	read -r _ _ state _ <"/proc/$1/stat"
	[[ $state == [DS] ]] && grep -q pending "$TREE/control"
}

# ---- Errors that were ordered ----

@test "any errno, from each file" {
	memsim_start s390 'blocks 0 online' 'blocks 1 offline' 'blocks 2 standby' \
		'memmap-on-memory on'
	for errno in EBUSY EAGAIN EINTR ENOMEM EPERM EACCES EROFS EINVAL EHWPOISON ENODEV EIO \
		EEXIST E2BIG EOPNOTSUPP; do
		memsim_tell "fail 0-2 * $errno count 4"
		expect "$errno" 0 state offline
		expect "$errno" 1 online 1
		expect "$errno" 2 config 1
		expect "$errno" 2 memmap_on_memory 1
	done
	is "blocks" "$(<"$TREE/blocks")" $'0 online Normal\n1 offline none\n2 standby none'
}

@test "so often, and not more" {
	start_small 'fail 32 state EBUSY count 2'
	expect EBUSY 32 state online
	expect ok 33 state online
	expect EBUSY 32 state online
	expect ok 32 state online
}

@test "one error after the other" {
	start_small 'fail 32 state EAGAIN count 1' 'fail * state ENOMEM count 1'
	expect EAGAIN 32 state online
	expect ENOMEM 32 state online
	expect ok 32 state online
}

@test "only for one word" {
	start_small 'fail * state EPERM word online_movable'
	expect EPERM 32 state online_movable
	expect ok 32 state online_kernel
}

@test "a state that is there already comes before any other error" {
	start_small 'fail 32 state EIO'
	expect EINVAL 32 state offline
	expect ok 32 online 0
	expect EIO 32 state online
}

@test "on opening for writing, but not for reading" {
	start_small 'fail 32 state EROFS at open count 2' 'fail 33 state EACCES at open'
	expect 'open EROFS' 32 state online
	expect 'open EROFS' -r 32 state online
	expect ok 32 state online
	expect 'open EACCES' 33 state online
	is_state 33 offline
}

@test "on reading" {
	start_small 'fail 32 state EIO at read count 1' 'fail * valid_zones ENODEV at read'
	expect 'read EIO' -r 32 state online
	expect ok -r 32 state online
	run -1 zones 32
}

@test "parameters fail, too" {
	start_small 'fail * auto_online_blocks EPERM count 1'
	run ! bash -c "echo online >'$MEMORY/auto_online_blocks'"
	echo online >"$MEMORY/auto_online_blocks"
}

@test "clear ends all of it" {
	start_small 'fail * * EIO' 'delay * state 10000' 'stick * state' 'steal * online' \
		'lie * state odd' 'spin *' clear
	is_state 32 offline
	expect ok 32 state online_movable
	expect ok 32 state offline
}

# ---- Time ----

@test "a write takes its time, and its error comes after that" {
	start_small 'delay 32-33 state 150 count 2' 'fail 33 state EIO'
	expect ok 32 state online
	last_write_took 150
	expect EIO 33 state online
	last_write_took 150
	expect ok 34 state online
}

@test "an offline shows going-offline, and the zones that it could go to" {
	start_movable 'delay 33 state 10000'
	poke_in_background 33 state offline
	wait_until is_state 33 going-offline
	is "zones" "$(zones 33)" 'Movable Normal'
	is "blocks" "$(sed -n 6p "$TREE/blocks")" '33 going-offline Movable'
	kill -ALRM "$PID"
	assert_background 142 ''
	is_state 33 online
	is "zone" "$(zones 33)" Movable
}

@test "an offline of a pinned page goes round until a signal comes" {
	start_movable 'set 33 pinned=1'
	expect EINTR -a 200 33 state offline
	last_write_took 100
	is_state 33 online
	is "zone" "$(zones 33)" Movable
	memsim_tell 'set 33 pinned=0'
	expect ok 33 state offline
}

@test "who holds the page ends while the offline goes round" {
	start_movable 'set 33 pinned=1'
	poke_in_background 33 state offline
	wait_until is_state 33 going-offline
	sleep 0.1
	is_state 33 going-offline
	memsim_tell 'set 33 pinned=0'
	assert_background 0 ok
}

@test "a pinned page does the same in a kernel zone, but an unmovable one comes first" {
	start_small 'set 0 unmovable=0 pinned=1' 'set 1 pinned=1'
	expect EINTR -a 100 0 state offline
	expect EBUSY 1 state offline
}

@test "an offline that goes round without a reason, for a time or for ever" {
	start_movable 'spin 32 for 150 count 1' 'spin 33 count 1'
	expect ok 32 state offline
	last_write_took 150
	expect EINTR -a 100 33 state offline
	expect ok 33 state offline
}

@test "a write that sticks does not look at signals until its time has passed" {
	start_movable 'stick 32 state for 300' 'stick 33 state for 2000'
	expect EINTR -a 50 32 state offline
	last_write_took 300
	poke_in_background 33 state offline
	wait_until is_state 33 going-offline
	kill -KILL "$PID"
	sleep 0.1
	is_waiting "$PID"
	assert_background 137 ''
	is_state 33 online
}

@test "onlining is not ended by a signal" {
	start_small 'delay 32 state 200'
	expect ok -a 50 32 state online
	last_write_took 200
}

# ---- Signals of an offline ----

@test "any signal that has a handler gives EINTR, one that is ignored nothing" {
	start_movable 'set 32 pinned=1'
	for signal in 1 10 17 28; do
		poke_in_background -H "$signal" 32 state offline
		wait_until is_state 32 going-offline
		kill -"$signal" "$PID"
		assert_background 1 EINTR
	done
	poke_in_background -i 2 -a 300 32 state offline
	wait_until is_state 32 going-offline
	kill -INT "$PID"
	kill -WINCH "$PID"
	kill -CHLD "$PID"
	assert_background 1 EINTR
	last_write_took 100
}

@test "one that kills gets the writer out, and the block is online again" {
	start_movable 'set 32 pinned=1'
	for signal in TERM KILL INT QUIT; do
		poke_in_background -H 1 32 state offline
		wait_until is_state 32 going-offline
		# what a shell starts in the background ignores INT and QUIT
		case $signal in
		INT | QUIT) kill -HUP "$PID" ;;
		*) kill -"$signal" "$PID" ;;
		esac
		wait "$PID" || true
		is_state 32 online
		is "the result" "$(memsim_writes | tail -n 1)" '32 state offline EINTR'
	done
}

@test "a stop and a continue give EINTR without a handler" {
	start_movable 'set 32 pinned=1'
	poke_in_background 32 state offline
	wait_until is_state 32 going-offline
	kill -STOP "$PID"
	wait_until is_state 32 online
	kill -CONT "$PID"
	assert_background 1 EINTR
}

# ---- The lock ----

@test "writers wait for each other, readers of state do not" {
	local first

	start_movable 'spin 32'
	poke_in_background -H 10 32 state offline
	first=$PID
	wait_until is_state 32 going-offline
	poke_in_background 36 state online_movable
	wait_until are_pending 2
	is_state 36 offline
	is "zones" "$(zones 36)" 'Normal Movable'
	kill -USR1 "$first"
	assert_background 0 ok
	is "writes" "$(memsim_writes)" $'32 state offline EINTR\n36 state online_movable ok'
}

@test "a signal that is handled does not free a writer who waits for the lock" {
	start_small hold
	poke_in_background -H 10 32 state online_movable
	wait_until are_pending 1
	kill -USR1 "$PID"
	sleep 0.1
	are_pending 1
	memsim_tell release
	assert_background 0 ok
	memsim_tell 'hold for 200'
	expect ok 33 state online_movable
}

@test "a signal that kills does" {
	start_small hold
	for signal in KILL TERM; do
		poke_in_background 32 state online
		wait_until is_pending online
		kill -"$signal" "$PID"
		wait "$PID" || true
		is "writes" "$(memsim_writes | tail -n 1)" '32 state online EINTR'
	done
	is_state 32 offline
	memsim_tell release
	expect ok 32 state online
}

@test "so does one after one that is handled or ignored" {
	start_small hold
	poke_in_background -H 10 -i 1 32 state online
	wait_until is_pending online
	kill -USR1 "$PID"
	sleep 0.1
	kill -HUP "$PID"
	sleep 0.1
	is_pending online
	kill -KILL "$PID"
	assert_background 137 ''
	is "writes" "$(memsim_writes)" '32 state online EINTR'
}

@test "an offline that got the lock is ended by the signal that came before" {
	start_movable 'set 32 pinned=1' hold
	poke_in_background -H 10 32 state offline
	wait_until are_pending 1
	kill -USR1 "$PID"
	sleep 0.1
	memsim_tell release
	assert_background 1 EINTR
}

@test "the first writer of a block wins" {
	start_small 'delay 32 state 1000 count 1'
	poke_in_background 32 state online_movable
	wait_until is_pending online_movable
	expect EINVAL 32 state online_kernel
	assert_background 0 ok
	is "zone" "$(zones 32)" Movable
}

@test "reading online waits for a block that is being changed, if it is to" {
	start_movable 'delay 32 state 800' 'delay 33 state 800'
	poke_in_background 32 state offline
	wait_until is_state 32 going-offline
	is "online of 33" "$(<"$MEMORY/memory33/online")" 1
	is "online" "$(<"$MEMORY/memory32/online")" 0
	assert_background 0 ok
	memsim_tell 'online-reads pass'
	poke_in_background 33 state offline
	wait_until is_state 33 going-offline
	is "online" "$(<"$MEMORY/memory33/online")" 1
	assert_background 0 ok
}

@test "hot-plug waits for the lock, too" {
	start_movable 'spin 32 for 1000'
	poke_in_background 32 state offline
	wait_until is_state 32 going-offline
	memsim_tell 'after 0 add 50'
	sleep 0.1
	[ ! -e "$MEMORY/memory50" ]
	wait_until is_state 50 offline
	assert_background 0 ok
}

@test "a parameter can be written meanwhile" {
	start_small hold
	echo online >"$MEMORY/auto_online_blocks"
	memsim_tell release
}

# ---- Others ----

@test "somebody else onlines a block right after it was looked at" {
	start_small 'steal 32-33 online_kernel' 'steal 34 online at write'
	expect EINVAL -r 32 state online_movable
	is "zone" "$(zones 32)" Normal
	is_state 33 offline
	expect EINVAL 33 state online_movable
	expect EINVAL 34 state online_movable
	assert_memsim_writes '32 state online_movable EINVAL' '33 state online_movable EINVAL' \
		'34 state online_movable EINVAL'
}

@test "blocks come and go by themselves" {
	start_small 'after 500 add 40-41 device=PNP0C80:01' 'after 200 after 400 remove 32-35'
	[ ! -e "$MEMORY/memory40" ]
	wait_until test -e "$MEMORY/memory41"
	wait_until test ! -e "$MEMORY/memory35"
	is "links" "$(stat -c %h "$MEMORY")" 12
}

@test "valid_zones lies, and stops lying" {
	start_small 'lie 32 valid_zones Movable' 'lie 33 state quite odd'
	is "zones" "$(zones 32)" Movable
	is "zones" "$(zones 34)" 'Normal Movable'
	is "state" "$(state 33)" 'quite odd'
	memsim_tell 'lie 32 valid_zones'
	is "zones" "$(zones 32)" 'Normal Movable'
}

@test "memory runs out as blocks go" {
	start_movable 'leak 256M'
	expect ok 35 state offline
	is "MemAvailable" "$(memory_info MemAvailable)" $((640 * 1024 - 16))
	expect ok 34 state offline
	is "MemAvailable" "$(memory_info MemAvailable)" $((256 * 1024 - 16))
}

@test "memory is used and freed on demand" {
	local free

	start_movable
	free=$(memory_info MemFree)
	memsim_tell 'use 300M'
	is "MemFree" "$(memory_info MemFree)" $((free - 300 * 1024))
	memsim_tell 'free 100M'
	is "MemFree" "$(memory_info MemFree)" $((free - 200 * 1024))
	run ! memsim_tell 'use 100G'
}

@test "the high watermarks add up to what they are to" {
	start_movable 'watermark 80M'
	is "watermarks" "$(awk '$1 == "high" { sum += $2 } END { print sum }' "$TREE/proc/zoneinfo")" \
		$((80 * 256))
}

# ---- Itself ----

@test "the log has the process and the times of each write, also of one that lasts" {
	local pid begin end now

	start_small 'delay 32 state 800'
	poke_in_background 32 state online
	wait_until is_pending online
	[[ $(memsim_log) =~ ^$PID\ [0-9.]+\ -\ 32\ state\ online\ pending$ ]]
	assert_background 0 ok
	read -r pid begin end _ <<<"$(memsim_log)"
	is "process" "$pid" "$PID"
	read -r now _ </proc/uptime
	((${begin%.*} < ${end%.*} && ${end%.*} - ${begin%.*} < 5000))
	((${now%.*} * 1000 >= ${end%.*} - 2000))
	expect EINVAL 33 state $'a b\001'
	is "the word" "$(memsim_writes | tail -n 1)" '33 state a?b? EINVAL'
	memsim_tell forget
	is "the log" "$(memsim_log)" ''
}

@test "a scenario that is wrong is refused in a line, before anything is mounted" {
	memsim_required
	mkdir "$BATS_TEST_TMPDIR/machine"
	while IFS='|' read -r line message; do
		run --separate-stderr "$MEMSIM" "$BATS_TEST_TMPDIR/machine" - <<<"$line"
		assert_status 1
		assert_stdout ''
		assert_stderr "memsim: scenario:1: $message"
	done <<-'EOF'
		bogus|unknown directive: bogus
		blocks|the blocks are missing
		blocks 3-1 online|not blocks: 3-1
		blocks 1-|not blocks: 1-
		blocks 18446744073709551616 online|not blocks: 18446744073709551616
		blocks 0-99999999 online|too many blocks
		blocks 1 on|neither online nor offline nor standby
		blocks 1 standby|standby is for s390
		blocks 1 online High|unknown: High
		blocks 1 online used=2x|not a size: 2x
		blocks 1 online used=101%|not a size: 101%
		blocks 1 online used=60% slab=60%|more than a block holds
		blocks 1 online used=99999999999G|not a size: 99999999999G
		blocks 1 online node=64|not nodes: 64
		blocks 1 online memmap=1|unknown: memmap
		blocks 1 online device=a/b|not a device: a/b
		block-size 3M|not the size of a block
		fail 1 state ESOMETHING|not an errno: ESOMETHING
		fail 1 nothing EIO|not a file: nothing
		fail 1 state EIO count|a number is missing
		fail 1 state EIO at once|not a moment: once
		delay 1 state|a number is missing
		delay 1 state 1s|not a number: 1s
		steal 1 sometimes|not an action: sometimes
		after 5|nothing to do later
		after 5 bogus|unknown directive: bogus
		set 1 used=1|no block 1
		set 1|nothing to set
		swap a 1M 2M|more in use than there is
		policy none|neither contig-zones nor auto-movable
		clear all|too much: all
		release|nobody holds the lock
	EOF
	is "what is mounted" "$(grep -c "$BATS_TEST_TMPDIR" /proc/self/mounts || true)" 0
}

@test "a directive that is wrong is EINVAL, and the log says why" {
	start_small
	run memsim_tell 'clear' 'explode 32' 'fail * state EIO'
	assert_status 1
	assert_stdout 'memsim_tell clear explode 32 fail * state EIO: unknown directive: explode'
	run memsim_tell 'blocks 50 online'
	[[ $output == *'blocks is for the start only' ]]
	printf '\0\1\2' >"$TREE/control" && return 1
	expect ok 32 state online
}

@test "it is mounted within 100 ms, with 10,000 blocks" {
	local start ms

	memsim_required
	# a busy machine takes longer, but not each time
	for _ in 1 2 3 4 5; do
		memsim_stop
		start=${EPOCHREALTIME/./}
		memsim_start 'blocks 0-4999 online' 'blocks 5000-9999 offline'
		ms=$(((${EPOCHREALTIME/./} - start) / 1000))
		((ms >= 100)) || break
	done
	echo "$ms ms"
	((ms < 100))
	is "links" "$(stat -c %h "$MEMORY")" 10002
	is "blocks" "$(find "$MEMORY" -mindepth 1 -maxdepth 1 -type d | wc -l)" 10000
}

@test "who waits for an answer is let go when it ends" {
	start_movable 'stick 32 state'
	poke_in_background 32 state offline
	wait_until is_state 32 going-offline
	kill -KILL "$PID"
	sleep 0.1
	is_waiting "$PID"
	memsim_stop
	wait "$PID" || is "status" $? 137
	run ! mountpoint -q "$TREE"
}

@test "it ends with the process that it goes with, when it is unmounted, and after its time" {
	local first

	start_small
	umount "$TREE"
	wait_until has_ended "$MEMSIM_PID"

	sleep 60 3>&- &
	first=$!
	MEMSIM_PID=$("$MEMSIM" --with-pid "$first" "$TREE" </dev/null)
	mountpoint -q "$TREE"
	run ! has_ended "$MEMSIM_PID"
	kill "$first"
	wait_until has_ended "$MEMSIM_PID"
	run ! mountpoint -q "$TREE"

	MEMSIM_PID=$("$MEMSIM" --limit 1 "$TREE" </dev/null)
	wait_until has_ended "$MEMSIM_PID"
	run ! mountpoint -q "$TREE"
}

@test "it serves many who wait, and others besides" {
	local pids=()

	start_small hold
	for ((i = 0; i < 40; i++)); do
		"$POKE" "$MEMORY/memory$((32 + i % 8))/state" online >/dev/null 3>&- &
		pids+=($!)
	done
	wait_until are_pending 40
	is_state 32 offline
	memsim_tell release
	wait "${pids[@]}" || true
	is "results" "$(memsim_log | awk '{ print $7 }' | sort | uniq -c | xargs)" '32 EINVAL 8 ok'
}

# ---- chmem on it ----

@test "chmem -e SIZE onlines blocks into zone Movable" {
	start_small
	run_chmem -e 1G
	assert_status 0
	assert_stdout
	assert_stderr
	is "blocks" "$(grep -c 'online Movable' "$TREE/blocks")" 8
	is "the last write" "$(memsim_writes | tail -n 1)" '39 state online_movable ok'
}

@test "chmem -d SIZE passes over what is busy" {
	start_movable 'fail 35 state EBUSY'
	run_chmem -d 256M
	assert_status 0
	assert_states 32-35 'online offline offline online'
}

@test "chmem -e of a block that somebody else onlines is done" {
	start_small 'steal 32 online_movable'
	run_chmem -v -e -b 32
	assert_status 0
	assert_stderr
	is_state 32 online
}

@test "chmem -c and -g, as on s390" {
	memsim_start s390 'blocks 0-3 online' 'blocks 4-7 standby' 'memmap-on-memory on'
	run_chmem -c -m 1 -b 4-5
	assert_status 0
	assert_configs 4-7 '1 1 0 0'
	run_chmem -e -b 4-5
	assert_status 0
	run_chmem -g -b 5
	assert_status 1
	run_chmem -d -b 5
	assert_status 0
	[ ! -e "$MEMORY/memory5" ]
}
