#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# --from: blocks that one device has brought, whatever is asked for of them.

load ../helpers

# Blocks 0 to 3 have been there since boot, 32 to 39 are of two DIMMs, 48 and 49 of virtio-mem, 50
# of kmem, 60 of a driver that is not known by name. Of 70 nothing is known.
setup() {
	make_tree -b 0-3:online:Normal:0 -b '32-35:offline:Normal Movable:0' \
		-b '36-37:online:Movable:0' -b '38-39:offline:Normal Movable:1' \
		-b '48-49:offline:Normal Movable:1' -b '50:online:Movable:1' -b 60:offline:Normal:1 \
		-b 70:offline:Normal:1 -d 32-35:PNP0C80:00 -d 36-39:PNP0C80:1a
	mkdir "$TREE/proc"
	printf '%s\n' '00000000-1fffffff : System RAM' \
		'100000000-13fffffff : System RAM' \
		'180000000-1ffffffff : 0000:04:00.0' \
		'  180000000-18fffffff : virtio0' \
		'    180000000-18fffffff : System RAM (virtio_mem)' \
		'  190000000-197ffffff : dax0.0' \
		'    190000000-197ffffff : System RAM (kmem)' \
		'1e0000000-1e7ffffff : System RAM (other)' >"$TREE/proc/iomem"
}

teardown() {
	unmount_all
}

# is_written BLOCK... - these blocks were written to, in this order.
is_written() {
	is "the blocks" "$(cut -d ' ' -f 1 "$WRITES" | xargs)" "$*"
}

# As /proc/iomem is shown without privilege.
hide_addresses() {
	sed -i 's/[0-9a-f]*-[0-9a-f]* :/00000000-00000000 :/' "$TREE/proc/iomem"
}

all_devices='boot, PNP0C80:00, PNP0C80:1a, virtio-mem, kmem, other'

# ---- What is meant ----

@test "by SIZE, memory of other devices does not exist" {
	run_chmem_hooked '' -v -e 256M --from PNP0C80:1a
	assert_status 0
	assert_stdout "$(block 38) enabled" "$(block 39) enabled"
	assert_stderr
	is_written 38 39
	run_chmem_hooked '' -v -d 256M --from boot
	assert_status 0
	assert_stdout "$(block 3) disabled" "$(block 2) disabled"
	is_written 3 2
	run_chmem_hooked '' -e 1G --from virtio-mem
	assert_status 64
	assert_stdout
	assert_stderr 'chmem: Could only enable 256M of memory'
	is_written 48 49
}

@test "of a RANGE or a list, blocks of other devices are not meant, and missing ones are told" {
	run_chmem_hooked '' -v -e -b 31-37 --from PNP0C80:1a
	assert_status 64
	assert_stdout "$(block 36) already enabled" "$(block 37) already enabled"
	assert_stderr 'chmem: Memory Block 31 (0x00000000f8000000-0x00000000ffffffff) does not exist' \
		'chmem: Could only enable 256M of memory'
	is_written
	run_chmem_hooked '' -v -e -b 70,60,48,33,3,32 --from PNP0C80:00
	assert_status 0
	assert_stdout "$(block 32) enabled" "$(block 33) enabled"
	is_written 32 33
	run_chmem_hooked '' -v -d 0x0000000000000000-0x000000000fffffff --from boot
	assert_status 0
	is_written 0 1
}

@test "of a long range, other devices are not meant" {
	run_chmem_hooked '' -v -e -b 34-5000 --from kmem
	assert_status 64
	assert_stdout "$(block 50) already enabled"
	assert_stderr 'chmem: Memory Blocks 40-47, 51-59, 61-69, 71-5000 do not exist' \
		'chmem: Could only enable 128M of memory'
}

@test "--all takes all of the device, and -d needs no zone for it" {
	run_chmem_hooked '' -e --all --from PNP0C80:00
	assert_status 0
	assert_stderr
	is_written 32 33 34 35
	run_chmem_hooked '' -d --all --from PNP0C80:1a
	assert_status 0
	is_written 37 36
	run_chmem_hooked '' -d --all --from kmem
	assert_status 0
	is_written 50
	run_chmem_hooked '' -e --all --from other
	assert_status 0
	is_written 60
}

@test "-d --all --from boot is refused, as it is without --from" {
	run_chmem -d --all --from boot
	assert_refused 'chmem: --disable --all --from boot would take boot memory: it needs --node or --zone Movable'
	run_chmem -d --all --from boot -z Normal
	assert_refused 'chmem: --disable --all --from boot would take boot memory: it needs --node or --zone Movable'
	run_chmem_hooked '' -d --all --from boot -z Movable
	assert_status 0
	is_written
	run_chmem_hooked '' -d --all --from boot --node 0
	assert_status 0
	is_written 3 2 1 0
}

@test "--resize counts and changes what is of the device" {
	run_chmem_hooked '' --resize 384M --from PNP0C80:1a
	assert_status 0
	is_written 38
	run_chmem_hooked '' --resize 256M --from boot
	assert_status 0
	is_written 3 2
	run_chmem --resize 0M --from virtio-mem
	assert_status 0
	assert_unchanged
}

@test "--node, --from and -z all count" {
	run_chmem_hooked '' -e --all --from PNP0C80:1a --node 1
	assert_status 0
	is_written 38 39
	set_state 38 offline
	run_chmem_hooked '' -d --all --from PNP0C80:1a --node 0 -z Movable
	assert_status 0
	is_written 37 36
	run_chmem_hooked '' -d --all --from PNP0C80:1a -z Normal
	assert_status 0
	is_written 39
	run_chmem -e --all --from PNP0C80:00 --node 1
	assert_refused 'chmem: there is no such memory block of node 1 and device PNP0C80:00'
}

@test "--list, -n and --json narrow, too" {
	run_chmem --noheadings -o BLOCK,DEVICE --from PNP0C80:1a
	assert_status 0
	is cells "$(sed 's/  */ /g; s/^ //' <<<"$output")" '36-39 PNP0C80:1a'
	run_chmem --list --from PNP0C80:1a
	assert_status 0
	# the sums are those of all memory
	[[ $output == *'Total online memory:     896M'*'Total offline memory:    1.3G' ]]
	run_chmem --noheadings -o BLOCK -b 35-36 --from PNP0C80:1a
	assert_status 0
	assert_stdout '   36'
	run_chmem -n -v -e 128M --from virtio-mem
	assert_status 0
	assert_stdout "$(block 48) would be enabled"
	assert_unchanged
	run_chmem --json -e 128M --from virtio-mem
	assert_status 0
	assert_json '.blocks[] | "\(.block) \(.device)"' '48 virtio-mem'
	run_chmem --json -l --from PNP0C80:00
	assert_status 0
	assert_json '[.blocks[].block] | join(" ")' '32 33 34 35'
}

# ---- What there is not ----

@test "a device that there is not is told with those that there are" {
	for device in PNP0C80:01 PNP0C80 pnp0c80:00 virtio_mem x 'a b' PNP0C80:00/; do
		for command in '-e 128M' '-d --all' '-d --resize 1G' '-e -b 0-5000' '-e -b 0-1' '-l'; do
			# shellcheck disable=SC2086 # words
			run_chmem $command --from "$device"
			case $command in
			*5000)
				assert_status 1
				assert_unchanged
				;;
			*) assert_refused "chmem: there is no memory of device $device; there is of $all_devices" ;;
			esac
		done
	done
}

@test "where all that is named is of other devices, there is no such block" {
	run_chmem -e -b 32-33 --from PNP0C80:1a
	assert_refused 'chmem: there is no such memory block of device PNP0C80:1a'
	run_chmem -l -b 32-33 --from kmem
	assert_refused 'chmem: there is no such memory block of device kmem'
}

@test "where no device is known, no other is named" {
	rm -r "$TREE"
	make_small_tree
	run_chmem -e 128M --from PNP0C80:00
	assert_refused 'chmem: there is no memory of device PNP0C80:00, nor of any other'
}

@test "an empty --from is refused" {
	run_chmem -e 128M --from ''
	assert_refused 'chmem: The device of --from must not be empty'
	run_chmem -l --from=
	assert_refused 'chmem: The device of --from must not be empty'
}

# ---- What cannot be told ----

@test "without addresses in iomem a DIMM is known, and nothing else" {
	hide_addresses
	run_chmem_hooked '' -e 128M --from PNP0C80:00
	assert_status 0
	is_written 32
	for device in virtio-mem kmem boot x; do
		for command in '-e 128M' '-e -b 0-70' -l '-e --all --wait 30'; do
			# shellcheck disable=SC2086 # words
			run_chmem $command --from "$device"
			assert_refused "chmem: the memory of $device cannot be told from other memory without /proc/iomem: Permission denied (that of PNP0C80:00, PNP0C80:1a can)"
		done
	done
	run_chmem -e 128M --from PNP0C80:05
	assert_refused 'chmem: there is no memory of device PNP0C80:05; there is of PNP0C80:00, PNP0C80:1a'
}

@test "without iomem there is the same to say" {
	rm "$TREE/proc/iomem" "$MEMORY"/memory*/firmware_node
	run_chmem -e 128M --from boot
	assert_refused 'chmem: the memory of boot cannot be told from other memory without /proc/iomem: No such file or directory'
}

@test "where there are no blocks at all, that is what is told" {
	rm -r "$TREE"
	make_tree
	for device in boot PNP0C80:00; do
		run_chmem -e 128M --from "$device"
		assert_refused_somehow '*'
	done
	run_chmem -e 128M --from boot
	assert_refused 'chmem: Failed to read /sys/devices/system/memory: there are no memory blocks'
}

@test "a firmware_node that leads nowhere is known by its name" {
	rm -r "$TREE/sys/devices/LNXSYSTM:00"
	run_chmem_hooked '' -e 128M --from PNP0C80:00
	assert_status 0
	is_written 32
}

@test "what is no link is no device" {
	rm "$MEMORY"/memory3{2,3}/firmware_node
	: >"$MEMORY/memory32/firmware_node"
	mkdir "$MEMORY/memory33/firmware_node"
	run_chmem_hooked '' -e --all --from PNP0C80:00
	assert_status 0
	is_written 34 35
}

# ---- What it costs ----

# trace_chmem [ARGUMENT]... - sets links to the number of links that are read, states to that of
# the states that are opened.
trace_chmem() {
	local trace=$BATS_TEST_TMPDIR/trace

	run --separate-stderr traced "$trace" -f -e trace=openat2,openat,readlinkat,readlink \
		"$CHMEM" --sysroot "$TREE" "$@"
	assert_status 0
	links=$(grep -c '"firmware_node"' "$trace") || true
	states=$(grep -c '/state"' "$trace") || true
}

@test "links are read of blocks that are meant, and where the memory has no owner" {
	need_tracing
	trace_chmem -e -b 32 --from PNP0C80:00
	# once to see what of the range is meant
	is links "$links" 1
	is states "$states" 1
	trace_chmem -e 128M --from virtio-mem
	is links "$links" 0
	trace_chmem -e -b 32-36 --node 0 --from PNP0C80:00
	is links "$links" 5
	trace_chmem -e 128M --node 1 --from PNP0C80:1a
	# blocks 38 and 39 and, of which nothing is known, 70
	is links "$links" 3
}
