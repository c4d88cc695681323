#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every error that the kernel may give, and what chmem makes of it. On the simulated machine
# only: a guest cannot be brought to all of them, nor to any for one block alone.
#
# shellcheck disable=SC2154 # MEMORY is set by memsim_start

load behaviour

# assert_error ERRNO TEXT-ON-THE-WAY-ONLINE TEXT-ON-THE-WAY-OFFLINE [WRITES] - of block 32,
# and of 34, which is in Movable; so many writes each. Their neighbours are done.
assert_error() {
	local before

	on_machine 'put 34 state online_movable; put 35 state online_movable' >/dev/null
	memsim_tell "fail 32 state $1" "fail 34 state $1"
	before=$(everything | grep -v 'memory3[35]/')

	watch_writes
	run_chmem '-v -e -b 32-33'
	assert_status 64
	assert_stdout "$(block 33) enabled"
	assert_stderr "chmem: $(block 32) enable failed: $2" \
		'chmem: Could only enable 128M of memory'
	is "writes" "$(writes | grep -c "^online 32 $1\$")" "${4-1}"

	run_chmem '-v -d -b 34-35'
	assert_status 64
	assert_stdout "$(block 35) disabled"
	assert_stderr "chmem: $(block 34) disable failed: $3" \
		'chmem: Could only disable 128M of memory'
	is "writes" "$(writes | grep -c "^offline 34 $1\$")" "${4-1}"
	is "all other blocks" "$(everything | grep -v 'memory3[35]/')" "$before"
}

@test "EBUSY is told as busy for the moment, after all rounds" {
	assert_error EBUSY 'Device or resource busy; in use for the moment' \
		'Device or resource busy; in use for the moment' 3
}

@test "D38: EBUSY of a kernel zone is told with what cannot be moved, and is final" {
	on_machine 'put 32 state online_kernel' >/dev/null
	memsim_tell 'set 32 slab=312 pgtable=17 used=1000'
	watch_writes
	run_chmem '-d -b 32'
	assert_status 1
	assert_stderr "chmem: $(block 32) disable failed: Device or resource busy; it holds 312 slab, 17 page-table pages"
	assert_writes 'offline 32 EBUSY'
}

@test "EBUSY of a kernel zone is tried again where all that is in the block can be moved" {
	on_machine 'put 32 state online_kernel' >/dev/null
	memsim_tell 'set 32 used=1000' 'fail 32 state EBUSY count 2'
	watch_writes
	run_chmem '-v -d -b 32'
	assert_status 0
	assert_stdout "$(block 32) disabled"
	assert_stderr
	assert_writes 'offline 32 EBUSY' 'offline 32 EBUSY' 'offline 32 ok'
}

@test "D38: by size what is in a block is told of one, and not of several at once" {
	on_machine 'put 38 state online_kernel; put 39 state online_kernel' >/dev/null
	memsim_tell 'set 38 slab=5' 'set 39 slab=1'
	run_chmem '-d -z Normal 256M'
	assert_status 1
	assert_stderr 'chmem: Could only disable 0B of memory' \
		'chmem:   2 blocks: Device or resource busy; it holds what cannot be moved, or is in use elsewhere' \
		'chmem:   8 blocks: Zone mismatch'
	memsim_tell 'set 38 slab=0'
	run_chmem '-v -d -z Normal 256M'
	assert_status 64
	assert_stdout "$(block 38) disabled"
	assert_stderr "chmem: $(block 39) disable failed: Device or resource busy; it holds 1 slab page" \
		'chmem: Could only disable 128M of memory' \
		'chmem:   1 block: Device or resource busy; it holds 1 slab page' \
		'chmem:   8 blocks: Zone mismatch'
}

@test "D26: by size, a block that is not memory all through is passed over" {
	on_machine 'put 38 state online_movable; put 39 state online_movable' >/dev/null
	memsim_tell 'set 39 hole=32'
	watch_writes
	run_chmem '-v -d 128M'
	assert_status 0
	assert_stdout "$(block 38) disabled"
	assert_stderr
	assert_writes 'offline 38 ok'
	run_chmem '-d -b 39'
	assert_status 1
	assert_stderr "chmem: $(block 39) disable failed: Invalid argument; it has holes, or lies in several zones or nodes"
}

@test "D4: EAGAIN is told as given up for now, after all rounds" {
	assert_error EAGAIN 'Resource temporarily unavailable; the kernel gave up for now' \
		'Resource temporarily unavailable; the kernel gave up for now' 3
}

@test "ENOMEM is told as the kernel's own shortage" {
	assert_error ENOMEM 'Cannot allocate memory; the kernel itself is short of memory' \
		'Cannot allocate memory; the kernel itself is short of memory'
}

@test "EPERM is not told as a want of permission" {
	assert_error EPERM \
		'Operation not permitted; not for want of permission, a part of the kernel objects' \
		'Operation not permitted; not for want of permission, a part of the kernel objects'
}

@test "EINVAL that is no lost race is told as what it can mean" {
	assert_error EINVAL 'Invalid argument; an old kernel may not take this zone here' \
		'Invalid argument; it has holes, or lies in several zones or nodes'
}

@test "EINVAL of a kernel that takes no memory offline at all is told as that" {
	on_machine 'put 33 state online_kernel; put 34 state online_kernel' >/dev/null
	memsim_tell 'hotremove off'
	watch_writes
	run_chmem '-d --retries 3 -b 33-34'
	assert_status 1
	assert_stderr "chmem: $(block 33) disable failed: Invalid argument; this kernel takes no memory offline" \
		"chmem: $(block 34) disable failed: Invalid argument; this kernel takes no memory offline"
	assert_writes 'offline 33 EINVAL' 'offline 34 EINVAL'
	run_chmem '-d 128M'
	assert_status 1
	assert_stderr_line 0 'chmem: Could only disable 0B of memory'
	# block 7 is known to have holes
	assert_stderr_has 'chmem:   9 blocks: Invalid argument; this kernel takes no memory offline'
	assert_blocks 0-7 online
	assert_blocks 33-34 online
}

@test "EHWPOISON is told as a broken page" {
	assert_error EHWPOISON 'Memory page has hardware error; a page of it is broken' \
		'Memory page has hardware error'
}

@test "ENODEV is told as a block that was removed" {
	assert_error ENODEV 'No such device; the block was removed meanwhile' \
		'No such device; the block was removed meanwhile'
}

@test "EIO is told as it is" {
	assert_error EIO 'Input/output error' 'Input/output error'
}

@test "an error that means nothing here is told as it is" {
	assert_error ENOSPC 'No space left on device' 'No space left on device'
}

@test "EACCES of the write is told as it is" {
	assert_error EACCES 'Permission denied' 'Permission denied'
}

@test "EROFS of the write is told as it is" {
	assert_error EROFS 'Read-only file system' 'Read-only file system'
}

@test "EACCES and EROFS of the opening are told without a word on the kernel" {
	memsim_tell 'fail 32 state EACCES at open' 'fail 33 state EROFS at open' \
		'fail 34 state EPERM at open'
	run_chmem '-e -b 32-34'
	assert_status 1
	assert_stderr_line 0 "chmem: $(block 32) enable failed: Permission denied"
	assert_stderr_line 1 "chmem: $(block 33) enable failed: Read-only file system"
	assert_stderr_line 2 "chmem: $(block 34) enable failed: Operation not permitted"
	assert_blocks 32-34 offline
}

@test "by size, EACCES and EROFS of the opening end the walk" {
	for error in EACCES EROFS; do
		memsim_tell clear "fail * state $error at open"
		watch_writes
		run_chmem '-e 512M'
		assert_status 1
		assert_stderr_line 0 'chmem: Could only enable 0B of memory'
		assert_stderr_line 1 'chmem:   1 block: *'
		assert_writes
	done
}

@test "D4: EINTR without end is given up after --try-timeout" {
	memsim_tell 'fail 32 state EINTR'
	start chmem 'chmem -e --try-timeout 0.4 -b 32'
	finish chmem
	assert_status 1
	assert_stderr_like "chmem: $(block 32) enable failed: ?*"
	assert_within 3000 chmem
	assert_blocks 32-32 offline
}

@test "D4: EINTR for a few times is no failure, and not even a pause" {
	memsim_tell 'fail 32 state EINTR count 5'
	watch_writes
	run_chmem '-v -e --retries 0 -b 32'
	assert_status 0
	assert_stdout "$(block 32) enabled"
	assert_stderr
	is "writes" "$(writes | wc -l)" 6
}

@test "D4: EAGAIN for two times is no failure" {
	memsim_tell 'fail 32 state EAGAIN count 2'
	watch_writes
	run_chmem '-v -e -b 32'
	assert_status 0
	assert_stdout "$(block 32) enabled"
	assert_stderr
	assert_writes 'online 32 EAGAIN' 'online 32 EAGAIN' 'online 32 ok'
}

@test "D35: EBUSY of a Movable block for two times is no failure" {
	on_machine 'put 34 state online_movable' >/dev/null
	memsim_tell 'fail 34 state EBUSY count 2'
	watch_writes
	run_chmem '-d -b 34'
	assert_status 0
	assert_stderr
	assert_writes 'offline 34 EBUSY' 'offline 34 EBUSY' 'offline 34 ok'
}

@test "D35: the rounds come after the walk: the others are done first" {
	memsim_tell 'fail 32 state EAGAIN count 1'
	watch_writes
	run_chmem '-v -e -b 32-34'
	assert_status 0
	assert_stdout "$(block 33) enabled" "$(block 34) enabled" "$(block 32) enabled"
	assert_writes 'online 32 EAGAIN' 'online 33 ok' 'online 34 ok' 'online 32 ok'
}

@test "two ENOMEM with a success between them do not end -e SIZE" {
	memsim_tell 'fail 32 state ENOMEM' 'fail 34 state ENOMEM'
	run_chmem '-e 512M'
	assert_status 0
	assert_blocks 32-37 offline online offline online online online
}

@test "D3: a block that goes offline between the look and the write is done" {
	on_machine 'put 34 state online_movable' >/dev/null
	memsim_tell 'steal 34 offline at write'
	run_chmem '-v -d -b 34'
	assert_status 0
	assert_stdout "$(block 34) already disabled"
	assert_stderr
}

# ---- What is read is not so ----

@test "valid_zones without Movable: the zone is left to the kernel" {
	memsim_tell 'lie 32 valid_zones Normal'
	run_chmem '-e -b 32'
	assert_status 0
	assert_memsim_writes '32 state online ok'
}

@test "D14: a block that came online in another zone than -z asked for is not done" {
	memsim_tell 'lie 32 valid_zones Movable'
	run_chmem '-v -e -z Movable -b 32'
	assert_status 0
	memsim_tell 'lie 33 valid_zones Normal'
	run_chmem '-v -e -z Normal -b 33'
	assert_status 0
	# while it waits for its turn the truth comes back, and is read after its write
	memsim_tell 'lie 34 valid_zones DMA32' hold
	start chmem 'chmem -v -e -z DMA32 -b 34'
	sleep 0.5
	run ! has_ended_there chmem
	assert_blocks 34-34 offline
	memsim_tell 'lie 34 valid_zones' release
	finish chmem
	assert_status 1
	assert_stdout "$(block 34) enabled"
	assert_stderr "chmem: $(block 34) enable failed: came online in zone Normal"
	assert_blocks 34-34 online
	assert_zone 34 Normal
	run_chmem '-v -e -z DMA32 -b 34'
	assert_status 1
	assert_stderr "chmem: $(block 34) enable failed: already online in zone Normal"
}

@test "D26: by size a block whose valid_zones is none is passed over, whatever else it is" {
	on_machine 'put 32 state online_movable; put 33 state online_movable' >/dev/null
	memsim_tell 'lie 33 valid_zones none'
	watch_writes
	run_chmem '-d 128M'
	assert_status 0
	assert_writes 'offline 32 ok'
}

@test "D17: valid_zones that cannot be read are an unknown zone" {
	memsim_tell 'fail 32 valid_zones EIO at read'
	run_chmem '-e -z Movable -b 32'
	assert_status 1
	assert_stderr "chmem: $(block 32) enable failed: unknown zone, valid_zones: Input/output error"
	assert_blocks 32-32 offline
}

@test "D16: a state that cannot be read is a failure with its reason" {
	memsim_tell 'fail 32 state EIO at read'
	watch_writes
	run_chmem '-e -b 32'
	assert_status 1
	assert_stderr "chmem: $(block 32) enable failed: Input/output error"
	assert_writes
}

@test "--resize: what somebody else changes meanwhile counts, so that it ends at the size" {
	machine_start 'blocks 0-7 online' 'blocks 32-41 offline' 'steal 33-34 online_movable at read'
	run_chmem '-v --resize 1536M'
	assert_status 0
	assert_stdout "$(block 32) enabled" "$(block 33) already enabled" "$(block 34) already enabled" \
		"$(block 35) enabled"
	assert_stderr
	assert_blocks 32-36 online online online online offline
	memsim_tell clear 'steal 34 offline at read'
	run_chmem '-v --resize 1152M'
	assert_status 0
	assert_stdout "$(block 35) disabled" "$(block 34) already disabled" "$(block 33) disabled"
	assert_blocks 32-36 online offline offline offline offline
}
