#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# --dry-run: what it prints, that it changes nothing, and needs nothing.

load ../helpers

setup() {
	make_small_tree
}

teardown() {
	unmount_all
}

# add_meminfo MIB - so much is available.
add_meminfo() {
	mkdir -p "$TREE/proc"
	printf '%s\n' "MemTotal: 8388608 kB" "MemAvailable: $(($1 * 1024)) kB" 'SwapFree: 0 kB' \
		>"$TREE/proc/meminfo"
}

# ---- What would be done ----

@test "a line for each block that would be changed, in the order in which it would be" {
	run_chmem -n -e 384M
	assert_status 0
	assert_stdout "$(block 4) would be enabled" "$(block 5) would be enabled" \
		"$(block 6) would be enabled"
	assert_stderr
	assert_unchanged
	run_chmem --dry-run -d 256M
	assert_status 0
	assert_stdout "$(block 3) would be disabled" "$(block 2) would be disabled"
	assert_stderr
	assert_unchanged
}

@test "a block that is as wanted has a line with -v only" {
	run_chmem -n -e -b 3-4
	assert_status 0
	assert_stdout "$(block 4) would be enabled"
	assert_stderr
	run_chmem -n -v -e -b 3-4
	assert_status 0
	assert_stdout "$(block 3) already enabled" "$(block 4) would be enabled"
	assert_stderr
	assert_unchanged
}

@test "lists, all blocks, a size to reach and the order are as in the run itself" {
	run_chmem -n -e -b 6,4
	assert_status 0
	assert_stdout "$(block 4) would be enabled" "$(block 6) would be enabled"
	run_chmem -n -e --all --order highest
	assert_status 0
	is "the blocks" "$(cut -d ' ' -f 3 <<<"$output" | xargs)" "11 10 9 8 7 6 5 4"
	run_chmem -n --resize 640M
	assert_status 0
	assert_stdout "$(block 4) would be enabled"
	run_chmem -n --resize 384M
	assert_status 0
	assert_stdout "$(block 3) would be disabled"
	run_chmem -n -d --resize 640M
	assert_status 0
	assert_stdout
	run_chmem -n -e -z auto 128M
	assert_status 0
	assert_stdout "$(block 4) would be enabled"
	assert_stderr
	assert_unchanged
}

@test "where it would not reach the amount it says so: exit status 64" {
	run_chmem -n -e 2G
	assert_status 64
	is "lines" "$(wc -l <<<"$output")" 8
	assert_stderr "chmem: Would only enable 1G of memory"
	run_chmem -n -e -b 10-12
	assert_status 64
	assert_stdout "$(block 10) would be enabled" "$(block 11) would be enabled"
	assert_stderr "chmem: $(block 12) does not exist" "chmem: Would only enable 256M of memory"
	assert_unchanged
}

@test "where it would do nothing the exit status is 1, where there is nothing to do it is 0" {
	run_chmem -n -e -b 12-13
	assert_refused "chmem: Memory Blocks 12-13 do not exist"
	run_chmem -d --resize 0M
	run_chmem -n -d 128M
	assert_refused "chmem: Would only disable 0B of memory"
	run_chmem -n -d -b 3-4
	assert_status 0
	assert_stdout
	assert_stderr
}

@test "what is known to fail is named with its reason" {
	make_tree -b 5:offline:Normal
	run_chmem -n -e -z Movable -b 4-6
	assert_status 64
	assert_stdout "$(block 4) would be enabled" "$(block 6) would be enabled"
	assert_stderr "chmem: $(block 5) enable would fail: Zone mismatch" \
		"chmem: Would only enable 256M of memory"
	run_chmem -n -e -z Movable -b 3
	assert_refused "chmem: $(block 3) enable would fail: already online in zone Normal"
	rm "$MEMORY/memory4/state"
	run_chmem -n -e -b 4
	assert_refused "chmem: $(block 4) enable would fail: No such file or directory"
}

@test "by size another block is taken, and with -v the failure is named" {
	rm "$MEMORY/memory4/state"
	mkdir "$MEMORY/memory4/state"
	run_chmem -n -e 128M
	assert_status 0
	assert_stdout "$(block 5) would be enabled"
	assert_stderr
	run_chmem -n -v -e 128M
	assert_status 0
	assert_stdout "$(block 5) would be enabled"
	assert_stderr "chmem: $(block 4) enable would fail: Is a directory"
	run_chmem -n -e 2G
	assert_status 64
	assert_stderr "chmem: Would only enable 896M of memory" "chmem:   1 block: Is a directory"
}

@test "usage, and a system without blocks, are judged as ever" {
	run_chmem -n 1G
	assert_refused "chmem: bad usage" "Try 'chmem --help' for more information."
	run_chmem -n -e 100M
	assert_refused "chmem: Size must be aligned to memory block size (128M)"
	run_chmem -n -c 128M
	assert_refused "chmem: Cannot configure. Use -e instead."
	rm -r "$MEMORY"/memory*
	run_chmem -n -e 128M
	assert_refused "chmem: Failed to read /sys/devices/system/memory: there are no memory blocks"
	run_chmem -n -e -b 4
	assert_refused "chmem: Failed to read /sys/devices/system/memory: there are no memory blocks"
}

@test "-n may be abbreviated as the others" {
	for option in -n --dry-run --dry --dr; do
		run_chmem $option -e 128M
		assert_status 0
		assert_stdout "$(block 4) would be enabled"
		assert_unchanged
	done
}

# ---- All or nothing ----

@test "--atomic: where all of it would work the blocks are listed" {
	run_chmem -n --atomic -e 256M
	assert_status 0
	assert_stdout "$(block 4) would be enabled" "$(block 5) would be enabled"
	assert_stderr
	assert_unchanged
}

@test "--atomic: where it would not, none is: exit status 1" {
	run_chmem -n --atomic -e 2G
	assert_refused "chmem: Would only enable 0B of memory" \
		"chmem: --atomic: nothing would be changed, as only 1G can be"
	run_chmem -n --atomic -e -b 11-12
	assert_refused "chmem: $(block 12) does not exist" "chmem: --atomic: nothing would be changed"
}

# ---- Memory that is left ----

@test "memory is kept free as if the blocks before were gone" {
	add_meminfo 512
	run_chmem -n -v -d --keep-free 256M 512M
	assert_status 64
	assert_stdout "$(block 3) would be disabled" "$(block 2) would be disabled"
	assert_stderr "chmem: $(block 1) disable would fail: it would leave 128M of memory available where 256M must be (--keep-free 0 takes it anyway)" \
		"chmem: Would only disable 256M of memory" \
		"chmem:   1 block: it would leave 128M of memory available where 256M must be (--keep-free 0 takes it anyway)"
	assert_unchanged
	run_chmem -n -d --keep-free 0 512M
	assert_status 0
	run_chmem -n --atomic -d --keep-free 256M -b 0-3
	assert_refused \
		"chmem: $(block 2) disable would fail: it would leave 128M of memory available where 256M must be (--keep-free 0 takes it anyway)" \
		"chmem: $(block 3) was not tried" "chmem: --atomic: nothing would be changed"
}

@test "meminfo that is none is said to stand in the way" {
	add_meminfo 512
	echo nonsense >"$TREE/proc/meminfo"
	run_chmem -n -d 128M
	assert_status 1
	assert_stdout
	assert_stderr "chmem: Would only disable 0B of memory" \
		"chmem: cannot tell how much memory would be left: its content cannot be understood (--keep-free 0 goes on without that)"
	assert_unchanged
}

# ---- The firmware ----

@test "what would be configured, too, is said to be" {
	rm -r "$TREE"
	make_s390_tree
	run_chmem -n -e 384M
	assert_status 0
	assert_stdout "$(block 4) would be enabled" "$(block 5) would be enabled" \
		"$(block 6) would be configured and enabled"
	assert_stderr
	assert_unchanged
	run_chmem -n -c -b 5-6
	assert_status 0
	assert_stdout "$(block 6) would be configured"
	run_chmem -n -c -m 1 -b 5-6
	assert_status 64
	assert_stdout "$(block 6) would be configured"
	assert_stderr "chmem: $(block 5) must be deconfigured before using -m option" \
		"chmem: Would only configure 128M of memory"
	assert_unchanged
}

@test "what would be deconfigured, too, is said to be" {
	rm -r "$TREE"
	make_s390_tree
	run_chmem -n -d 128M
	assert_status 0
	assert_stdout "$(block 3) would be disabled and deconfigured"
	assert_stderr
	run_chmem -n -g -b 3-6
	assert_status 64
	assert_stdout "$(block 4) would be deconfigured" "$(block 5) would be deconfigured"
	assert_stderr "chmem: $(block 3) must be offline before deconfiguration" \
		"chmem: Would only deconfigure 384M of memory"
	assert_unchanged
}

# ---- What it does without ----

@test "nothing is written, no process made, no lock taken" {
	need_tracing
	make_tree -f 0-5:1:0 -f 6-11:0:0
	for arguments in '-e 2G' '-e -b 2-14' '-e --all' '--resize 1G' '-d 256M' '--atomic -e -b 4-6' \
		'-c -m 1 256M' '-g --all' '--lock=yes --wait 5 -e 8G' '--atomic -e 4G'; do
		# shellcheck disable=SC2086 # words
		traced "$BATS_TEST_TMPDIR/trace" -f \
			"$CHMEM" --sysroot "$TREE" -n $arguments >"$BATS_TEST_TMPDIR/out" 2>&1 || true
		echo "$arguments"
		run ! grep -E '(^|[0-9 ])(write|writev|pwrite64|pwritev2?|ftruncate|truncate)\(([03-9]|[12][0-9])' \
			"$BATS_TEST_TMPDIR/trace"
		run ! grep -E 'fork\(|clone3?\(|flock\(|nanosleep\(' "$BATS_TEST_TMPDIR/trace"
		run ! grep -E 'O_CREAT|O_TRUNC' "$BATS_TEST_TMPDIR/trace"
	done
}

@test "any user can make one" {
	as=(setpriv --reuid=65534 --clear-groups)
	"${as[@]}" true 2>/dev/null || skip "there is no other user here"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR" "${BATS_TEST_TMPDIR%/*}"
	"${as[@]}" test -x "$CHMEM" || skip "chmem is out of his reach"
	run_chmem_under "${as[@]}" -- -e 128M
	assert_refused "chmem: Could only enable 0B of memory" "chmem:   1 block: Permission denied"
	run_chmem_under "${as[@]}" -- -n -e 128M
	assert_status 0
	assert_stdout "$(block 4) would be enabled"
	assert_stderr
	assert_unchanged
}

@test "a file system that is read-only does not stop it" {
	make_read_only "$MEMORY/memory4/state"
	run_chmem -n -e 128M
	assert_status 0
	assert_stdout "$(block 4) would be enabled"
	assert_stderr
}

@test "it waits for nothing" {
	set_state 3 going-offline
	SECONDS=0
	run_chmem -n -d --wait 60 -b 3
	assert_status 0
	assert_stdout "$(block 3) would be disabled"
	run_chmem -n -e --wait 60 2G
	assert_status 64
	run_chmem -n -e --wait infinity --all
	assert_status 0
	flock "$MEMORY" "$CHMEM" --sysroot "$TREE" -n --lock=yes -e 128M
	[ "$SECONDS" -le 5 ]
	assert_unchanged
}

@test "a signal ends it, and it dies of that" {
	local pid first err=$BATS_TEST_TMPDIR/err fifo=$BATS_TEST_TMPDIR/fifo

	make_tree -b 12-1199:offline:Movable
	mkfifo "$fifo"
	# more lines than a pipe takes, so that it does not come to its end
	"$CHMEM" --sysroot "$TREE" -n -e --all >"$fifo" 2>"$err" 3>&- &
	pid=$!
	exec 5<"$fifo"
	read -r first <&5
	kill -TERM "$pid"
	cat <&5 >/dev/null
	exec 5<&-
	status=0
	wait "$pid" || status=$?
	is "exit status" "$status" 143
	is "the first line" "$first" "$(block 4) would be enabled"
	is stderr "$(sed 's/Blocks [0-9]*-/Blocks N-/; s/enable .* of/enable SIZE of/' "$err")" \
		'chmem: Memory Blocks N-1199 were not tried
chmem: Would only enable SIZE of memory
chmem: ended by a signal: Terminated'
}

@test "its lines go nowhere: exit status 1" {
	[ -w /dev/full ] || skip "no /dev/full"
	run_chmem_to /dev/full -n -e 128M
	assert_status 1
	assert_unchanged
}
