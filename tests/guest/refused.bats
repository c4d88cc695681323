#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The kernel refuses: rights, a read-only sysfs, and whatever error its own users of
# memory return. Blocks 32 to 39 are plugged.

load guest

guest_prepare() {
	dimm_plug dimm 1024
}

# assert_error_shown ERRNO REASON [HINT [HINT]] - chmem gives it in both directions, with what is
# known of it, and the blocks stay.
assert_error_shown() {
	inject MEM_GOING_ONLINE "$1"
	watch_attempts
	run_guest "chmem -e -b 32-33"
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 32) enable failed: $2${3+; $3}" \
		"chmem: $(block 33) enable failed: $2${3+; $3}"
	[[ $(attempts chmem) == *"online 32 -$1"$'\n'* ]]
	assert_blocks 32-33 offline

	inject MEM_GOING_ONLINE 0
	guest "chmem -e -b 32"
	inject MEM_GOING_OFFLINE "$1"
	watch_attempts
	run_guest "chmem -d -b 32"
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 32) disable failed: $2${3+; ${4-$3}}"
	[[ $(attempts chmem) == "offline 32 -$1"* ]]
	assert_blocks 32-33 online offline
}

@test "ENOMEM of the kernel is shown, and nothing changes" {
	assert_error_shown 12 'Cannot allocate memory' 'the kernel itself is short of memory'
}

@test "EPERM of the kernel is shown, and nothing changes" {
	assert_error_shown 1 'Operation not permitted' \
		'not for want of permission, a part of the kernel objects'
}

@test "EAGAIN of the kernel is shown in the end, and nothing changes" {
	assert_error_shown 11 'Resource temporarily unavailable' 'the kernel gave up for now'
}

@test "EINVAL that is no lost race is shown, and nothing changes" {
	assert_error_shown 22 'Invalid argument' 'an old kernel may not take this zone here' \
		'it has holes, or lies in several zones or nodes'
}

@test "EBUSY of the kernel is shown, and nothing changes" {
	assert_error_shown 16 'Device or resource busy' 'in use for the moment'
}

@test "EIO of the kernel is shown, and nothing changes" {
	assert_error_shown 5 'Input/output error'
}

@test "ENOSPC of the kernel is shown, and nothing changes" {
	assert_error_shown 28 'No space left on device'
}

@test "D1: -e SIZE ends after two blocks for which the kernel has no memory, and says so" {
	local total

	total=$(mem_total_kb)
	inject MEM_GOING_ONLINE 12
	run_guest "chmem -e 512M"
	assert_status 1
	assert_stdout
	assert_stderr 'chmem: Could only enable 0B of memory' \
		'chmem:   2 blocks: Cannot allocate memory; the kernel itself is short of memory' \
		'chmem: ended, as the kernel itself is short of memory'
	assert_blocks 32-39 offline
	is MemTotal "$(mem_total_kb)" "$total"
}

@test "D1: -d SIZE that fails on all blocks gives the reason and how many have it" {
	guest "chmem -e 1G"
	inject MEM_GOING_OFFLINE 16
	run_guest "chmem -d -z Movable 256M"
	assert_status 1
	assert_stdout
	assert_stderr 'chmem: Could only disable 0B of memory' \
		'chmem:   8 blocks: Zone mismatch' \
		'chmem:   8 blocks: Device or resource busy; in use for the moment'
	assert_blocks 32-39 online
}

@test "an ordinary user is denied, and nothing changes" {
	watch_attempts
	run_guest "su nobody -c 'chmem -e -b 32-33'"
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 32) enable failed: Permission denied" \
		"chmem: $(block 33) enable failed: Permission denied"
	assert_attempts
	assert_blocks 32-33 offline
}

@test "D1: by size an ordinary user is told so at once" {
	run_guest "su nobody -c 'chmem -e 1G'"
	assert_status 1
	assert_stdout
	assert_stderr 'chmem: Could only enable 0B of memory' \
		'chmem:   1 block: Permission denied'
	assert_blocks 32-39 offline
}

@test "an ordinary user may ask for what is so already" {
	guest "chmem -e -b 32"
	run_guest "su nobody -c 'chmem -v -e -b 32; chmem -v -d -b 33'"
	assert_status 0
	assert_stdout "$(block 32) already enabled" "$(block 33) already disabled"
	assert_stderr
}

@test "a read-only sysfs is named as the reason" {
	local read_only='mount -o remount,ro,bind /sys'

	watch_attempts
	run_guest "unshare -m sh -c '$read_only && exec chmem -e -b 32'"
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 32) enable failed: Read-only file system" \
		'chmem: /sys is mounted read-only'
	run_guest "unshare -m sh -c '$read_only && exec chmem -e 1G'"
	assert_status 1
	assert_stdout
	assert_stderr 'chmem: Could only enable 0B of memory' \
		'chmem:   1 block: Read-only file system' \
		'chmem: /sys is mounted read-only'
	assert_attempts
	assert_blocks 32-39 offline
}
