#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Memory that a hypervisor adds and takes away in steps of 2 MiB, by virtio-mem: a device that
# may hold up to 4 GiB, from block 32 on. What the guest is asked to have becomes blocks,
# which are offline; its driver neither sets them online nor counts on it that somebody does.
# Of what is to go, it sets blocks offline itself.
#
# shellcheck disable=SC2016,SC2154 # the guest's shell expands; set by run

load guest

guest_machine virtio-mem

guest_prepare() {
	virtio_mem_plug 0 0x100000000 4096
}

guest_tidy() {
	tidy 'echo offline >$memory/auto_online_blocks' &&
		have 0
}

# have MIB - the guest has that much of the device, and its kernel the blocks.
have() {
	virtio_mem_resize 0 "$1" && virtio_mem_await 0 "$1" &&
		virtio_mem_await_blocks 32 $((($1 + 127) / 128))
}

# unplugged_pages BLOCK - pages that are not there, by the kernel's flag for that.
unplugged_pages() {
	guest "dd if=/proc/kpageflags bs=$((BLOCK_PAGES * 8)) skip=$1 count=1 2>/dev/null |
		hexdump -v -e '8/1 \"%02x\" \"\n\"' | grep -c '^....[89a-f]'"
}

# list BLOCKS COLUMNS - a line for each block, with one blank between two cells.
list() {
	guest "chmem --list --all --noheadings -b $1 -o $2" | sed 's/^ *//; s/  */ /g; s/ *$//'
}

@test "what the guest is asked to have becomes blocks, offline" {
	have 512
	assert_blocks 32-36 offline offline offline offline -
	assert_zone 32 'Normal Movable'
	have 640
	assert_blocks 32-37 offline offline offline offline offline -
}

@test "--list names virtio-mem as the device" {
	have 256
	is devices "$(list 0-40 BLOCK,DEVICE)" \
		"$(printf '%s\n' '0 boot' '1 boot' '2 boot' '3 boot' '4 boot' '5 boot' '6 boot' \
			'7 boot' '32 virtio-mem' '33 virtio-mem')"
	guest 'chmem -e -b 32'
	is "the device of an online block" "$(list 32 STATE,DEVICE)" 'online virtio-mem'
}

@test "-e SIZE onlines blocks of it into Movable, -d SIZE takes them offline" {
	local total

	have 512
	total=$(mem_total_kb)
	run_guest 'chmem -v -e 384M'
	assert_status 0
	assert_stdout "$(block 32) enabled" "$(block 33) enabled" "$(block 34) enabled"
	assert_stderr
	assert_zone 34 Movable
	assert_grown MemTotal "$total" "$(mem_total_kb)" $((3 * BLOCK_KB))
	run_guest 'chmem -v -d 256M'
	assert_status 0
	assert_stdout "$(block 34) disabled" "$(block 33) disabled"
	assert_stderr
	assert_blocks 32-35 online offline offline offline
	is "MiB of the device" "$(virtio_mem_mib 0)" 512
}

@test "--from virtio-mem takes its blocks alone, and the hypervisor has to unplug them" {
	have 256
	run_guest 'chmem -v -e --all --from virtio-mem'
	assert_status 0
	assert_stdout "$(block 32) enabled" "$(block 33) enabled"
	assert_stderr
	run_guest 'chmem -d --from virtio-mem --unplug'
	assert_status 1
	assert_stdout
	assert_stderr_line 0 'chmem: virtio-mem cannot be unplugged: the hypervisor takes its memory back, when it is asked to'
	assert_blocks 32-33 online
	run_guest 'chmem -d --from virtio-mem 1G'
	assert_status 64
	assert_stdout
	assert_stderr_line 0 'chmem: Could only disable 256M of memory'
	assert_blocks 0-7 online
	assert_blocks 32-33 offline
}

# ---- Blocks of which only a part is there ----

@test "of a block that is half there, half comes online and goes offline, again and again" {
	local total before

	have 64
	total=$(mem_total_kb)
	for before in first second; do
		run_guest 'chmem -v -e 128M'
		assert_status 0
		assert_stdout "$(block 32) enabled"
		assert_stderr
		assert_grown "MemTotal, the $before time" "$total" "$(mem_total_kb)" 65536
		run_guest 'chmem -v -d -b 32'
		assert_status 0
		assert_stdout "$(block 32) disabled"
		assert_stderr
		assert_grown MemTotal "$total" "$(mem_total_kb)" 0
	done
	assert_blocks 32-32 offline
	is "MiB of the device" "$(virtio_mem_mib 0)" 64
}

@test "--list: the half that is missing is neither free nor in use, and keeps no block" {
	have 64
	is "what is told of it offline" \
		"$(list 32 STATE,SIZE,FREE,MOVABLE,UNMOVABLE,OFFLINABLE)" 'offline 128M'
	guest 'chmem -e -b 32'
	is "pages that are missing" "$(unplugged_pages 32)" $((BLOCK_PAGES / 2))
	is_like "what is told of it" \
		"$(list 32 STATE,SIZE,FREE,MOVABLE,UNMOVABLE,OFFLINABLE,WHY)" \
		'online 128M 6[34]?(.[0-9])M +([0-9.])[BK] 0B yes'
	run_guest 'chmem -d -b 32'
	assert_status 0
}

@test "the other half comes online with the block that it belongs to" {
	local total

	have 64
	guest 'chmem -e -b 32'
	total=$(mem_total_kb)
	have 128
	assert_grown MemTotal "$total" "$(mem_total_kb)" 65536
	assert_blocks 32-33 online -
	is_like "what is told of it" "$(list 32 SIZE,FREE,UNMOVABLE,OFFLINABLE)" \
		'128M 12[78]?(.[0-9])M 0B yes'
}

@test "--resize counts a block that is half there as a whole one" {
	have 192
	run_guest 'chmem -v --resize 1280M'
	assert_status 0
	assert_stdout "$(block 32) enabled" "$(block 33) enabled"
	run_guest 'chmem -v --resize 1280M'
	assert_status 0
	assert_stdout
	assert_stderr
}

# ---- The device shrinks ----

@test "blocks that are offline go when the device shrinks" {
	have 512
	have 256
	assert_blocks 32-35 offline offline - -
	run_guest 'chmem -e -b 32-35'
	assert_status 64
	assert_stderr 'chmem: Memory Blocks 34-35 do not exist' \
		'chmem: Could only enable 256M of memory'
}

@test "blocks that are online go as well, the kernel sets them offline" {
	local total

	have 512
	total=$(mem_total_kb)
	guest 'chmem -e 512M'
	have 128
	assert_blocks 32-35 online - - -
	assert_grown MemTotal "$total" "$(mem_total_kb)" "$BLOCK_KB"
	run_guest 'chmem -v -d -b 32'
	assert_status 0
	assert_stdout "$(block 32) disabled"
}

@test "a block with kernel memory stays, in part, and -d says why" {
	have 256
	guest ". /etc/functions; set_blocks 32-32 online_kernel; use_slab 6000"
	run_guest 'chmem -d -b 32'
	assert_status 1
	assert_stdout
	assert_stderr_like "chmem: $(block 32) disable failed: Device or resource busy; page frame 0x+([0-9a-f]) cannot be moved; it holds +([0-9]) slab*pages"
	virtio_mem_resize 0 0
	guest '. /etc/functions; until_true "[ ! -e $memory/memory33 ]"; sleep 1'
	assert_blocks 32-32 online
	(($(virtio_mem_mib 0) > 0 && $(unplugged_pages 32) > 0))
	is_like "what is told of it" "$(list 32 STATE,ZONES,OFFLINABLE,WHY)" \
		'online Normal no +([0-9]) slab*pages'
	run_guest 'chmem -d -b 32'
	assert_status 1
	assert_stderr_like "chmem: $(block 32) disable failed: Device or resource busy*"
}

@test "the device shrinks while chmem waits for more" {
	have 512
	guest 'launch run chmem -v -e 768M --wait 4 >/run/out 2>/run/err &'
	guest ". /etc/functions; until_true '[ \$(state 35) = online ]'"
	have 256
	assert_blocks 32-35 online online - -
	run_script "until_true '[ -e /run/run.end ]'; cat /run/out; cat /run/err >&2"
	assert_ended 'exited 64' 4000 6000
	assert_nobody_left
}

@test "the device shrinks while chmem tries a block that does not go" {
	have 512
	guest '. /etc/functions; pin_block 33'
	guest 'launch run chmem --try-timeout 3 -d -b 32-33 >/run/out 2>/run/err &'
	guest ". /etc/functions; until_true '[ \$(state 33) = going-offline ]'"
	virtio_mem_resize 0 0
	run_script "until_true '[ -e /run/run.end ]'; cat /run/out; cat /run/err >&2"
	assert_ended 'exited 64' 3000 7000
	assert_stderr_has "chmem: $(block 33) disable failed: given up after +([0-9]).[0-9] s (--try-timeout)*"
	assert_nobody_left
	guest 'killall -KILL pin'
	virtio_mem_await 0 0
	guest ". /etc/functions; until_true '[ ! -e $MEMORY/memory33 ]'"
}

@test "the device shrinks while chmem sets its blocks online" {
	for _ in 1 2 3; do
		have 1024
		guest 'rm -f /run/run.end
			launch run chmem -e --all >/run/out 2>/run/err &
			. /etc/functions
			until_true "[ \$(state 33) = online ]"'
		virtio_mem_resize 0 0
		run_script "until_true '[ -e /run/run.end ]'; cat /run/out; cat /run/err >&2
			read -r how status ms </run/run.end
			echo \$how"
		assert_stdout exited
		[[ -z $stderr || $stderr == *'Could only enable '*' of memory'* ||
			$stderr == *'does not exist'* ]]
		virtio_mem_await 0 0
	done
}

# ---- More than the driver makes blocks of ----

@test "the driver makes no more blocks while 1 GiB of them is offline" {
	virtio_mem_resize 0 2048
	guest ". /etc/functions; until_true '[ -e $MEMORY/memory39 ]'; sleep 1"
	assert_blocks 32-40 offline offline offline offline offline offline offline offline -
	run_guest 'chmem -e 2G'
	assert_status 64
	assert_stdout
	assert_stderr 'chmem: Could only enable 1G of memory'
	assert_blocks 32-39 online
}

@test "-e SIZE --wait gets all of it, as the driver goes on" {
	local total

	virtio_mem_resize 0 2048
	guest ". /etc/functions; until_true '[ -e $MEMORY/memory39 ]'; sleep 1"
	assert_blocks 39-40 offline -
	total=$(mem_total_kb)
	run_script 'launch run chmem -e 2G --wait 20'
	assert_stdout
	assert_stderr
	assert_ended 'exited 0' 0 10000
	assert_blocks 32-47 online
	assert_grown MemTotal "$total" "$(mem_total_kb)" $((16 * BLOCK_KB))
	is "MiB of the device" "$(virtio_mem_mib 0)" 2048
}

@test "-e SIZE --wait is content with blocks that the kernel onlines itself" {
	guest "echo online_movable >$MEMORY/auto_online_blocks"
	guest 'launch run chmem -e 2G --wait 20 >/run/out 2>/run/err &'
	guest 'sleep 1'
	virtio_mem_resize 0 2048
	run_script "until_true '[ -e /run/run.end ]'; cat /run/out; cat /run/err >&2"
	assert_stdout
	assert_stderr
	assert_ended 'exited 0' 1000 10000
	assert_blocks 32-47 online
}
