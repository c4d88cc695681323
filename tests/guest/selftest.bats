#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the kernel's own test of memory hot-plug does, mem-on-off-test.sh of its selftests, by
# chmem and its exit status in place of plain writes. Then every error that a user of memory
# inside the kernel can make of a block's way online or offline. Blocks 32 to 39 are plugged.
#
# tests/errors.md has these errors with all others.
#
# shellcheck disable=SC2030,SC2031 # output is set by run

load guest

guest_kept

guest_prepare() {
	dimm_plug dimm 1024
}

# ---- The kernel's own test ----

# each_block STATE COMMAND [SHARE] - runs `chmem COMMAND -b N` for each block in exactly this
# state, the lowest first, until SHARE percent of them have left it; all of them without. Prints
# "N STATUS STATE" for each that was tried.
each_block() {
	guest "cd $MEMORY || exit
		blocks=\$(grep -lx $1 memory[0-9]*/state | sed 's/[^0-9]//g' | sort -n)
		left=\$((\$(echo \$blocks | wc -w) * ${3:-100} / 100))
		for block in \$blocks; do
			[ \$left -gt 0 ] || break
			status=0
			chmem $2 -b \$block 2>/dev/null || status=\$?
			state=\$(cat memory\$block/state)
			[ \$state = $1 ] || left=\$((left - 1))
			echo \$block \$status \$state
		done"
}

count_state() {
	guest "grep -lx $1 $MEMORY/memory[0-9]*/state | wc -l"
}

# assert_each STATE COMMAND STATUS AFTER - of all blocks in this state, and there are some.
assert_each() {
	local tried before

	before=$(count_state "$1")
	tried=$(each_block "$1" "$2")
	[ -n "$tried" ]
	is "what each came to with $2" "$(cut -d ' ' -f 2- <<<"$tried" | sort -u)" "$3 $4"
	is "blocks that were tried" "$(wc -l <<<"$tried")" "$before"
}

# assert_share_offline PERCENT - so many of the online blocks go, others are tried in place of
# those that do not; what the exit status says of each is so.
assert_share_offline() {
	local tried target

	target=$(($(count_state online) * $1 / 100))
	((target > 0))
	tried=$(each_block online -d "$1")
	is "neither done nor failed" "$(grep -vxE '[0-9]+ (0 offline|1 online)' <<<"$tried")" ''
	is "offline" "$(grep -c ' 0 offline$' <<<"$tried")" "$target"
	is "offline for the kernel" "$(count_state offline)" "$target"
}

@test "the kernel calls memory removable, and nobody but root asks for it" {
	run_guest "id -u; grep -hx 1 $MEMORY/memory[0-9]*/removable | sort -u"
	assert_status 0
	assert_stdout 0 1
}

@test "all that is offline comes online, a share of what is online goes, and comes again" {
	assert_each offline -e 0 online
	is offline "$(count_state offline)" 0
	assert_share_offline 25
	assert_each offline -e 0 online
	is offline "$(count_state offline)" 0
}

@test "the same by chmem's own walk over the blocks" {
	run_guest 'chmem -e --all && chmem -d 512M'
	assert_status 0
	assert_stdout
	assert_stderr
	is offline "$(count_state offline)" 4
	run_guest 'chmem -e --all'
	assert_status 0
	assert_stderr
	is offline "$(count_state offline)" 0
}

@test "where a user of memory objects, no block comes online, and all do when it has ceased" {
	local before

	assert_each offline -e 0 online
	assert_share_offline 25
	before=$(count_state offline)
	inject MEM_GOING_ONLINE 12
	assert_each offline -e 1 offline
	is offline "$(count_state offline)" "$before"
	inject MEM_GOING_ONLINE 0
	assert_each offline -e 0 online
	is offline "$(count_state offline)" 0
}

@test "where a user of memory objects, no block goes offline, and they can when it has ceased" {
	assert_each offline -e 0 online
	inject MEM_GOING_OFFLINE 12
	assert_each online -d 1 online
	is offline "$(count_state offline)" 0
	inject MEM_GOING_OFFLINE 0
	assert_share_offline 25
}

# ---- Every error that such a user can give ----

busy='Device or resource busy; in use for the moment'
again='Resource temporarily unavailable; the kernel gave up for now'
no_memory='Cannot allocate memory; the kernel itself is short of memory'
veto='Operation not permitted; not for want of permission, a part of the kernel objects'
removed='No such device; the block was removed meanwhile'

# aim ERRNO WAY - what goes this WAY meets the error from now on. Sets block, which is
# for it, and command and verb, which would send it there.
aim() {
	if [ "$2" = online ]; then
		block=32 command=-e verb=enable
		inject MEM_GOING_ONLINE "$1"
	else
		block=33 command=-d verb=disable
		inject MEM_GOING_OFFLINE "$1"
	fi
}

# begin - block 33 is in Movable, the rest of the DIMM is offline.
begin() {
	restore_blocks && guest "echo online_movable >$MEMORY/memory33/state"
}

# Every block as it is, its zones, the memory that the kernel has in all, and whether chmem has
# left a process or its lock.
picture() {
	guest "grep . $MEMORY/memory[0-9]*/state $MEMORY/memory[0-9]*/valid_zones
		awk '\$1 == \"MemTotal:\"' /proc/meminfo
		pidof chmem
		! grep FLOCK /proc/locks"
}

# assert_tried OPTIONS TIMES WAY ERRNO REASON - chmem with them fails with this reason, having
# asked the kernel so often.
assert_tried() {
	local i expected=()

	for ((i = 0; i < $2; i++)); do
		expected+=("$3 $block -$4")
	done
	watch_attempts
	run_guest "chmem $1 $command -b $block"
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block "$block") $verb failed: $5"
	assert_attempts "${expected[@]}"
}

# assert_told WAY ERRNO NAME TIMES REASON - the same for programs.
assert_told() {
	run_guest "chmem --json $command -b $block"
	assert_status 1
	assert_json '.blocks[] | .status, .error, .attempts, .reason' failed "$3" "$4" "$5"
	assert_json '.blocks[] | .before == .after' true
}

# assert_error WAY ERRNO NAME final|passing REASON - of a Movable block on its WAY: so it ends,
# nothing is changed and nothing is left, and the same goes well when the error has ceased. What
# may pass is tried in two more rounds, or in as many as --retries says; a final one never.
assert_error() {
	local block command verb before passing=0

	[ "$4" = final ] || passing=1
	begin
	before=$(picture)
	aim "$2" "$1"
	assert_tried '' $((1 + 2 * passing)) "$1" "$2" "$5"
	assert_tried '--retries 0' 1 "$1" "$2" "$5"
	assert_tried '--retries 1' $((1 + passing)) "$1" "$2" "$5"
	assert_told "$1" "$2" "$3" $((1 + 2 * passing)) "$5"
	is "what is to be seen" "$(picture)" "$before"
	[[ $before != *FLOCK* ]]

	aim 0 "$1"
	run_guest "chmem $command -b $block"
	assert_status 0
	assert_stderr
	assert_blocks "$block-$block" "$1"
}

@test "EPERM is a veto, and not a want of permission: final" {
	assert_error online 1 EPERM final "$veto"
	assert_error offline 1 EPERM final "$veto"
}

@test "EIO says what it says: final" {
	assert_error online 5 EIO final 'Input/output error'
	assert_error offline 5 EIO final 'Input/output error'
}

@test "EAGAIN may pass" {
	assert_error online 11 EAGAIN passing "$again"
	assert_error offline 11 EAGAIN passing "$again"
}

@test "ENOMEM is the kernel's own shortage: final" {
	assert_error online 12 ENOMEM final "$no_memory"
	assert_error offline 12 ENOMEM final "$no_memory"
}

@test "EACCES says what it says: final" {
	assert_error online 13 EACCES final 'Permission denied'
	assert_error offline 13 EACCES final 'Permission denied'
}

@test "EBUSY of a block on its way online, and of one in Movable on its way back, may pass" {
	assert_error online 16 EBUSY passing "$busy"
	assert_error offline 16 EBUSY passing "$busy"
}

@test "ENODEV is a block that was removed: final" {
	assert_error online 19 ENODEV final "$removed"
	assert_error offline 19 ENODEV final "$removed"
}

@test "EINVAL that is no lost race has one meaning for each way: final" {
	assert_error online 22 EINVAL final \
		'Invalid argument; an old kernel may not take this zone here'
	assert_error offline 22 EINVAL final \
		'Invalid argument; it has holes, or lies in several zones or nodes'
}

@test "EROFS is no mount that is read-only: final" {
	assert_error online 30 EROFS final 'Read-only file system'
	assert_error offline 30 EROFS final 'Read-only file system'
}

@test "EHWPOISON is a broken page where memory is to come online: final" {
	assert_error online 133 EHWPOISON final \
		'Memory page has hardware error; a page of it is broken'
	assert_error offline 133 EHWPOISON final 'Memory page has hardware error'
}

@test "other errors say what they say: final" {
	assert_error offline 28 ENOSPC final 'No space left on device'
	assert_error online 95 EOPNOTSUPP final 'Operation not supported'
	assert_error online 2 ENOENT final 'No such file or directory'
	assert_error offline 2 ENOENT final 'No such file or directory'
}

# assert_interrupted WAY - a block that meets EINTR on its WAY is tried again without a pause, be
# there rounds or not, until its time is up; and all stays as it is.
assert_interrupted() {
	local block command verb before

	begin
	before=$(picture)
	aim 4 "$1"
	watch_attempts
	run_guest "chmem --try-timeout 0.5 --retries 0 $command -b $block"
	assert_status 1
	assert_stdout
	assert_stderr_like "chmem: $(block "$block") $verb failed: given up after 0.[5-9] s (--try-timeout)"
	is "attempts, each once" "$(attempts chmem | sort -u)" "$1 $block -4"
	(($(attempts chmem | wc -l) > 3))
	is "what is to be seen" "$(picture)" "$before"

	aim 0 "$1"
	run_guest "chmem $command -b $block"
	assert_status 0
	assert_blocks "$block-$block" "$1"
}

@test "EINTR is no failure, but a reason to try again at once, within --try-timeout" {
	assert_interrupted online
	assert_interrupted offline
}

# assert_walk WAY NBLOCKS ERRNO... - by size, that many of eight blocks are tried in vain.
assert_walk() {
	local block command verb error tried

	for error in "${@:3}"; do
		aim "$error" "$1"
		watch_attempts
		run_guest "chmem $command -z Movable --retries 0 128M"
		assert_status 1
		assert_stdout
		assert_stderr_line 0 "chmem: Could only $verb 0B of memory"
		tried=$(attempts chmem)
		is "errors of the kernel" "$(cut -d ' ' -f 1,3 <<<"$tried" | sort -u)" "$1 -$error"
		is "attempts with errno $error" "$(wc -l <<<"$tried")" "$2"
	done
	aim 0 "$1"
}

@test "by size, what every block would fail for ends the walk, and all else does not" {
	assert_walk online 1 13 30
	assert_walk online 2 12
	assert_walk online 8 1 5 11 16 19 22 133
	assert_blocks 32-39 offline
	guest "chmem -e -b 32-39"
	assert_walk offline 1 13 30
	assert_walk offline 2 12
	assert_walk offline 8 1 5 11 16 19 22 133
	assert_blocks 32-39 online
}
