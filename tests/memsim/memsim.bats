#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154 # status, output and stderr are set by run
#
# The simulated machine plays by the kernel's rules: one by one, without anything going wrong that
# it was not told of. troubles.bats has the rest.

load ../helpers
load memsim

teardown() {
	memsim_stop
}

# Blocks 0-3 online, 32-39 offline, as after a DIMM was plugged.
start_small() {
	memsim_start 'blocks 0-3 online' 'blocks 32-39 offline' "$@"
}

# expect RESULT N FILE WORD - poke, and what has to come of it.
expect() {
	is "${*:2}" "$(poke "${@:2}")" "$1"
}

# ---- The files ----

@test "a block has the files that the kernel gives it, with their modes" {
	start_small
	is "the files" "$(cd "$MEMORY/memory32" && stat -c '%A %n' -- *)" "\
lrwxrwxrwx node0
-rw-r--r-- online
-r--r--r-- phys_device
-r--r--r-- phys_index
-r--r--r-- removable
-rw-r--r-- state
-rw-r--r-- uevent
-r--r--r-- valid_zones"
	is "the texts" "$(cd "$MEMORY/memory32" && cat online phys_device phys_index removable \
		state uevent valid_zones)" $'0\n0\n00000020\n1\noffline\nNormal Movable'
}

@test "everything else is where chmem looks for it" {
	start_small
	(cd "$TREE" && cat sys/devices/system/memory/{block_size_bytes,auto_online_blocks} \
		sys/module/memory_hotplug/parameters/{online_policy,auto_movable_ratio} \
		sys/module/memory_hotplug/parameters/{auto_movable_numa_aware,memmap_on_memory} \
		sys/devices/system/node/{online,has_memory}) >"$BATS_TEST_TMPDIR/texts"
	is "the texts" "$(<"$BATS_TEST_TMPDIR/texts")" \
		$'8000000\noffline\ncontig-zones\n301\nY\nN\n0\n0'
	is "proc" "$(cd "$TREE/proc" && stat -c '%A %n' -- *)" "\
-r--r--r-- iomem
-r-------- kpageflags
-r--r--r-- locks
-r--r--r-- meminfo
-r--r--r-- swaps
-r--r--r-- zoneinfo"
	[ ! -e "$TREE/sys/firmware/memory" ]
}

@test "the memory directory's link count follows the blocks" {
	start_small
	is "links" "$(stat -c %h "$MEMORY")" 14
	memsim_tell 'add 40-41'
	is "links" "$(stat -c %h "$MEMORY")" 16
	memsim_tell 'remove 32-33'
	is "links" "$(stat -c %h "$MEMORY")" 14
	is "directories" "$(find "$MEMORY" -mindepth 1 -type d | wc -l)" 12
}

@test "blocks and nodes are linked to each other" {
	memsim_start 'blocks 0-3 online' 'blocks 4-5 online node=1' 'blocks 6 online none node=0,1'
	is "node of 4" "$(readlink "$MEMORY/memory4/node1")" ../../node/node1
	[ "$MEMORY/memory4/node1/memory4/state" -ef "$MEMORY/memory4/state" ]
	is "of node 0" "$(cd "$TREE/sys/devices/system/node/node0" && echo memory*)" \
		'memory0 memory1 memory2 memory3 memory6'
	is "of node 1" "$(cd "$TREE/sys/devices/system/node/node1" && echo memory*)" \
		'memory4 memory5 memory6'
	is "nodes of 6" "$(cd "$MEMORY/memory6" && echo node*)" 'node0 node1'
	[ ! -e "$MEMORY/memory4/node0" ]
	is "nodes" "$(<"$TREE/sys/devices/system/node/online")" 0-1
}

@test "what is only to be read cannot be opened for writing, not even by root" {
	start_small
	expect 'open EACCES' 32 valid_zones Movable
	expect 'open EACCES' 32 removable 1
	expect 'open ENOENT' 40 state online
}

@test "another user may read, but neither write nor see addresses or pages" {
	[ "$(id -u)" -eq 0 ] && setpriv --reuid=65534 true 2>/dev/null || skip "no other user here"
	start_small
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR" "${BATS_TEST_TMPDIR%/*}"
	setpriv --clear-groups --reuid=65534 test -r "$MEMORY/memory0/state" ||
		skip "the tree is out of another user's reach"
	is "state" "$(setpriv --clear-groups --reuid=65534 cat "$MEMORY/memory0/state")" online
	is "poke" "$(setpriv --clear-groups --reuid=65534 "$POKE" "$MEMORY/memory0/state" offline)" \
		'open EACCES'
	is "iomem" "$(setpriv --clear-groups --reuid=65534 head -n 1 "$TREE/proc/iomem")" \
		'00000000-00000000 : System RAM'
	run ! setpriv --clear-groups --reuid=65534 head -c 8 "$TREE/proc/kpageflags"
}

@test "the memory directory can be locked, and proc/locks tells by whom" {
	start_small
	# shellcheck disable=SC2016 # for the inner shell
	flock "$MEMORY" sh -c 'echo "$PPID"; cat "$1"' - "$TREE/proc/locks" \
		>"$BATS_TEST_TMPDIR/locks"
	grep -q "FLOCK.* $(head -n 1 "$BATS_TEST_TMPDIR/locks") .*:$(stat -c %i "$MEMORY") " \
		"$BATS_TEST_TMPDIR/locks"
}

# ---- Words ----

@test "state takes its four words, with or without a newline, and nothing else" {
	start_small
	expect ok 32 state online_movable
	expect ok 32 state $'offline\n'
	expect EINVAL 32 state $'online\n\n'
	expect EINVAL 32 state 'online '
	expect EINVAL 32 state Online
	expect EINVAL 32 state 1
	expect EINVAL 32 state going-offline
	expect EINVAL 32 state "$(printf '%5000s' x)"
	is_state 32 offline
}

@test "an empty write is none" {
	start_small
	expect ok 32 state ''
	assert_memsim_writes
}

@test "online takes what means yes or no" {
	start_small
	for word in 1 y Yes on $'1\n' true; do
		expect ok 32 online "$word"
		is_state 32 online
		expect ok 32 online 0
		is_state 32 offline
	done
	expect ok 32 online 1
	expect ok 32 online off
	is_state 32 offline
	expect EINVAL 32 online 2
	expect EINVAL 32 online o
}

@test "a state that is there already is an error of state, but not of online" {
	start_small
	expect EINVAL 32 state offline
	expect ok 32 online 0
	expect ok 32 state online_movable
	expect EINVAL 32 state online_movable
	expect EINVAL 32 state online_kernel
	expect EINVAL 32 state online
	expect ok 32 online 1
	is "zone" "$(zones 32)" Movable
}

# ---- Zones ----

@test "online_kernel and online_movable choose the zone, whatever lies beside it" {
	start_small
	expect ok 33 state online_movable
	expect ok 34 state online_kernel
	expect ok 35 state online_movable
	is "zones" "$(zones 33) $(zones 34) $(zones 35)" 'Movable Normal Movable'
}

@test "contig-zones: online goes to Normal first, and right above a Movable block, too" {
	start_small
	expect ok 32 state online
	expect ok 33 state online_movable
	expect ok 34 state online
	is "zones" "$(zones 32) $(zones 33) $(zones 34)" 'Normal Movable Normal'
}

@test "contig-zones: between Movable blocks online goes to Movable, which is listed first" {
	start_small
	expect ok 33 state online_movable
	is "zones of 34" "$(zones 34)" 'Normal Movable'
	expect ok 35 state online_movable
	is "zones of 34" "$(zones 34)" 'Movable Normal'
	expect ok 34 state online
	is "zones of 34" "$(zones 34)" Movable
}

@test "within DMA32 there is no Normal to be had" {
	memsim_start 'blocks 0-2 online DMA32' 'blocks 3 offline boot' 'blocks 4-5 online DMA32' \
		'blocks 6 offline'
	is "zones" "$(zones 3), $(zones 6)" 'DMA32 Movable, Normal Movable'
	expect ok 3 state online_kernel
	is "zones of 3" "$(zones 3)" DMA32
}

@test "movable_node: online goes to Movable" {
	start_small 'movable-node on'
	is "zones" "$(zones 32)" 'Movable Normal'
	expect ok 32 online 1
	is "zones" "$(zones 32)" Movable
}

@test "auto-movable: online goes to Movable up to the ratio" {
	start_small 'policy auto-movable' 'ratio 50'
	is "zones" "$(zones 32)" 'Movable Normal'
	expect ok 32 state online
	expect ok 33 state online
	expect ok 34 state online
	is "zones" "$(zones 32) $(zones 33) $(zones 34)" 'Movable Movable Normal'
	is "zones" "$(zones 35)" 'Normal Movable'
}

@test "auto-movable: a device goes to one zone as a whole" {
	memsim_start 'blocks 0-3 online' 'policy auto-movable' 'ratio 100'
	memsim_tell 'add 32-35' 'add 40-44'
	is "zones" "$(zones 32)" 'Movable Normal'
	is "zones" "$(zones 40)" 'Normal Movable'
	expect ok 33 state online_kernel
	is "zones" "$(zones 32)" 'Normal Movable'
}

@test "auto-movable: each node has to keep the ratio, unless that is not asked for" {
	memsim_start 'blocks 0-3 online' 'blocks 32-33 offline node=1' 'policy auto-movable'
	is "zones" "$(zones 32)" 'Normal Movable'
	printf 'N\n' >"$TREE/sys/module/memory_hotplug/parameters/auto_movable_numa_aware"
	is "zones" "$(zones 32)" 'Movable Normal'
}

@test "the policy and the ratio can be written, and nothing but them" {
	local parameters

	start_small
	parameters=$TREE/sys/module/memory_hotplug/parameters
	echo auto-movable >"$parameters/online_policy"
	is "zones" "$(zones 32)" 'Movable Normal'
	echo 0 >"$parameters/auto_movable_ratio"
	is "zones" "$(zones 32)" 'Normal Movable'
	run ! bash -c "echo much >'$parameters/auto_movable_ratio'"
	run ! bash -c "echo best >'$parameters/online_policy'"
	is "policy" "$(cat "$parameters"/{online_policy,auto_movable_ratio})" $'auto-movable\n0'
}

# ---- Offline ----

@test "a block that is free goes offline, boot memory or not" {
	start_small
	expect ok 3 state offline
	is_state 3 offline
	is "zones" "$(zones 3)" 'Normal Movable'
	expect ok 3 state online
}

@test "an unmovable page in a kernel zone is EBUSY, and nothing has changed" {
	memsim_start 'blocks 0 online unmovable=1' 'blocks 1 online DMA32 pgtable=1' \
		'blocks 2 online Normal unknown=1' 'blocks 3 online Movable slab=1'
	for block in 0 1 2; do
		expect EBUSY "$block" state offline
		expect EBUSY "$block" online 0
	done
	is "zones" "$(zones 0) $(zones 1) $(zones 2) $(zones 3)" 'Normal DMA32 Normal Movable'
	expect ok 3 state offline
}

@test "a reserved page is EBUSY in every zone" {
	memsim_start 'blocks 0 online reserved=1' 'blocks 1 online Movable reserved=1'
	expect EBUSY 0 state offline
	expect EBUSY 1 state offline
}

@test "a block with a hole, or in several zones, is EINVAL" {
	memsim_start 'blocks 0 online none' 'blocks 1 online hole' 'blocks 2 online none node=0,1'
	is "zones" "$(zones 0) $(zones 1)" 'none Normal'
	for block in 0 1 2; do
		expect EINVAL "$block" state offline
		is_state "$block" online
	done
}

@test "without CONFIG_MEMORY_HOTREMOVE nothing goes offline, and valid_zones is missing" {
	start_small 'hotremove off'
	expect EINVAL 0 state offline
	is "removable" "$(<"$MEMORY/memory0/removable")" 0
	[ ! -e "$MEMORY/memory0/valid_zones" ]
}

@test "a broken page lets its block go, but not come" {
	memsim_start 'blocks 0-1 online poison=1'
	expect ok 0 state offline
	expect EHWPOISON 0 state online
	expect EHWPOISON 0 online 1
	is_state 0 offline
}

@test "a block that comes online in a kernel zone is soon in the kernel's use" {
	start_small 'kernel-takes 10'
	expect ok 32 state online_kernel
	expect EBUSY 32 state offline
	expect ok 33 state online_movable
	expect ok 33 state offline
}

# ---- Hot-plug ----

@test "what is added comes offline, or online as auto_online_blocks says" {
	memsim_start 'blocks 0-3 online'
	memsim_tell 'add 32-33'
	echo online_movable >"$MEMORY/auto_online_blocks"
	memsim_tell 'add 34-35'
	run ! bash -c "echo sometimes >'$MEMORY/auto_online_blocks'"
	memsim_tell 'auto-online online_kernel' 'add 36'
	is "policy" "$(<"$MEMORY/auto_online_blocks")" online_kernel
	is "blocks" "$(sed 1,4d "$TREE/blocks")" "\
32 offline none
33 offline none
34 online Movable
35 online Movable
36 online Normal"
}

@test "what is removed is set offline first, as far as that is possible" {
	start_small
	expect ok 32 state online_movable
	memsim_tell 'remove 32-33'
	[ ! -e "$MEMORY/memory32" ]
	expect ok 34 state online_kernel
	memsim_tell 'set 34 unmovable=1'
	run memsim_tell 'remove 34-35'
	assert_status 1
	is_state 34 online
	is_state 35 offline
	memsim_tell 'remove 34-35 force'
	[ ! -e "$MEMORY/memory34" ] && [ ! -e "$MEMORY/memory35" ]
}

@test "a block that was removed while it was open is ENODEV, even if there is one again" {
	start_small
	exec 9<>"$MEMORY/memory32/state"
	memsim_tell 'remove 32'
	run -1 --separate-stderr cat <&9
	[[ $stderr == *'No such device'* ]]
	memsim_tell 'add 32'
	run -1 --separate-stderr bash -c 'printf online >&9'
	[[ $stderr == *'No such device'* ]]
	exec 9>&-
	is_state 32 offline
	expect ok 32 state online
}

@test "a DIMM has a firmware_node, by which all its blocks are ejected" {
	memsim_start 'blocks 0-3 online' 'blocks 32-35 offline device=PNP0C80:00' \
		'blocks 36-37 offline device=PNP0C80:01'
	[ "$MEMORY/memory33/firmware_node" -ef "$TREE/sys/devices/LNXSYSTM:00/PNP0C80:00" ]
	[ ! -e "$MEMORY/memory3/firmware_node" ]
	expect ok 33 state online_movable
	echo 1 >"$MEMORY/memory32/firmware_node/eject"
	wait_until test ! -e "$MEMORY/memory32"
	is "blocks" "$(sed 1,4d "$TREE/blocks")" $'36 offline none\n37 offline none'
}

# ---- s390 ----

start_s390() {
	memsim_start s390 'blocks 0-3 online' 'blocks 4-5 offline' 'blocks 6-9 standby' "$@"
}

@test "s390: a standby block has a directory only in the firmware's" {
	start_s390
	is "blocks" "$(cd "$MEMORY" && echo memory*)" \
		'memory0 memory1 memory2 memory3 memory4 memory5'
	is "firmware" "$(cd "$FIRMWARE" && echo *)" \
		'memory0 memory1 memory2 memory3 memory4 memory5 memory6 memory7 memory8 memory9'
	assert_configs 0-9 '1 1 1 1 1 1 0 0 0 0'
	is "modes" "$(stat -c %a "$FIRMWARE/memory6"/*)" $'644\n644'
}

@test "s390: config 1 brings the block, config 0 takes it, and twice is no error" {
	start_s390
	for word in 1 1; do
		expect ok 6 config "$word"
		is_state 6 offline
		is "links" "$(stat -c %h "$MEMORY")" 9
	done
	expect ok 6 config 0
	expect ok 6 config 0
	[ ! -e "$MEMORY/memory6" ]
	expect EINVAL 6 config 2
	assert_configs 6-7 '0 0'
}

@test "s390: a block has to be offline to be deconfigured; boot memory can go, too" {
	start_s390
	expect EBUSY 3 config 0
	expect ok 3 state offline
	expect ok 3 config 0
	[ ! -e "$MEMORY/memory3" ]
	expect ok 3 config 1
	is_state 3 offline
}

@test "s390: a configured block comes online as auto_online_blocks says" {
	start_s390 'auto-online online_movable'
	expect ok 6 config 1
	is_state 6 online
	is "zone" "$(zones 6)" Movable
	expect EBUSY 6 config 0
}

@test "s390: memmap_on_memory is set before, and only where the kernel can do that" {
	start_s390
	expect EOPNOTSUPP 6 memmap_on_memory 1
	expect ok 6 memmap_on_memory 0
	memsim_tell 'memmap-on-memory on'
	is "parameter" "$(<"$TREE/sys/module/memory_hotplug/parameters/memmap_on_memory")" Y
	expect ok 6 memmap_on_memory 1
	is "memmap" "$(memmap 6)" 1
	expect EINVAL 6 memmap_on_memory x
	expect ok 6 config 1
	expect EBUSY 6 memmap_on_memory 0
	expect EBUSY 3 memmap_on_memory 1
	expect ok 6 config 0
	expect ok 6 memmap_on_memory 0
}

@test "s390: with its memory map on itself, a block is worth less" {
	local before

	start_s390 'memmap-on-memory on'
	before=$(memory_info MemTotal)
	expect ok 6 memmap_on_memory 1
	expect ok 6 config 1
	expect ok 6 state online_movable
	is "MemTotal" "$(memory_info MemTotal)" $((before + 126 * 1024))
	expect ok 6 state offline
}

# ---- Memory ----

@test "MemTotal and the zones follow what is online" {
	start_small
	is "MemTotal" "$(memory_info MemTotal)" $((512 * 1024))
	expect ok 32 state online_movable
	expect ok 33 state online_kernel
	expect ok 3 state offline
	is "MemTotal" "$(memory_info MemTotal)" $((640 * 1024))
	is "zones" "$(awk '/^Node/ { zone = $4 } $1 ~ /^(spanned|present|managed|start_pfn:)$/ && $2 {
			print zone, $1, $2 }' "$TREE/proc/zoneinfo")" "\
Normal spanned $((34 * 32768))
Normal present $((4 * 32768))
Normal managed $((4 * 32768))
Movable spanned 32768
Movable present 32768
Movable managed 32768
Movable start_pfn: $((32 * 32768))"
	is "node" "$(sed -n 's/.*MemTotal: *//p' "$TREE/sys/devices/system/node/node0/meminfo")" \
		"$((640 * 1024)) kB"
}

@test "iomem shows what there is, with its holes and by its device" {
	memsim_start 'blocks 0-2 online' 'blocks 3 online hole' 'blocks 32-33 offline device=kmem' \
		'blocks 34 online device=virtio_mem' 'blocks 35 offline device=PNP0C80:00'
	is "iomem" "$(<"$TREE/proc/iomem")" "\
00000000-1ffdffff : System RAM
100000000-10fffffff : System RAM (kmem)
110000000-117ffffff : System RAM (virtio_mem)
118000000-11fffffff : System RAM"
}

# flags PAGE - as hexadecimal digits.
flags() {
	od -An -t x8 -j $(($1 * 8)) -N 8 "$TREE/proc/kpageflags" | tr -d ' \n'
}

@test "kpageflags shows the pages of a block, and nothing of one that is offline or missing" {
	memsim_start 'blocks 0 online slab=2 pgtable=1 reserved=1 used=3 offline=1 hole=1' \
		'blocks 1 offline' 'blocks 3 online Movable pinned=1'
	is "reserved" "$(flags 0)" 0000000100000000
	is "slab" "$(flags 1) $(flags 2)" '0000000000000080 0000000000000080'
	is "page table" "$(flags 3)" 0000000004000000
	is "not plugged" "$(flags 4)" 0000000000800000
	is "used" "$(flags 5) $(flags 7)" '0000000000005828 0000000000005828'
	is "free" "$(flags 8) $(flags 32766)" '0000000000000400 0000000000000400'
	is "hole" "$(flags 32767)" 0000000100000000
	is "offline" "$(flags 32768)" 0000000000000000
	is "missing" "$(flags 65536)" 0000000000000000
	is "pinned" "$(flags 98304)" 0000000000005828
	is "last" "$(flags 131071)" 0000000000000400
	is "behind the last" "$(flags 131072)" ''
	is "all" "$(wc -c <"$TREE/proc/kpageflags")" $((131072 * 8))
	memsim_tell 'nopage on'
	is "offline" "$(flags 32768)" 0000000000100000
	memsim_tell 'swapped on'
	is "offline, in the other byte order" "$(flags 32768)" 0000100000000000
}

@test "kpageflags is read by whole words only" {
	start_small
	run ! dd if="$TREE/proc/kpageflags" of=/dev/null bs=4 count=1 status=none
	run ! dd if="$TREE/proc/kpageflags" of=/dev/null bs=1 skip=4 count=8 status=none
	dd if="$TREE/proc/kpageflags" of=/dev/null bs=262144 count=1 status=none
}

@test "what is in use in a block that goes is in use elsewhere then" {
	memsim_start 'blocks 0-1 online' 'blocks 32-33 online Movable used=50%'
	is "MemAvailable" "$(memory_info MemAvailable)" $((384 * 1024))
	expect ok 33 state offline
	is "MemTotal" "$(memory_info MemTotal)" $((384 * 1024))
	is "MemAvailable" "$(memory_info MemAvailable)" $((256 * 1024))
}

@test "what finds no place goes to swap; after that, the offline never ends by itself" {
	memsim_start 'blocks 0 online unmovable=90%' 'blocks 32-33 online Movable used=100M' \
		'swap /dev/sda2 100M'
	expect ok 33 state offline
	(($(memory_info SwapFree) < 100 * 1024))
	is "swaps" "$(awk '$4 { print $1, $3 }' "$TREE/proc/swaps" | tail -n 1)" '/dev/sda2 102400'
	is "offline" "$(poke -a 200 32 state offline)" EINTR
	is_state 32 online
	is "zone" "$(zones 32)" Movable
}

@test "an offline for which there is no room goes on as soon as there is" {
	memsim_start 'blocks 0 online unmovable=90%' 'blocks 32 online Movable used=100M'
	poke 32 state offline >"$BATS_TEST_TMPDIR/poke" &
	wait_until is_state 32 going-offline
	memsim_tell 'swap /dev/zram0 10M'
	is_state 32 going-offline
	memsim_tell 'swap /dev/sdb 1G'
	wait
	is "offline" "$(<"$BATS_TEST_TMPDIR/poke")" ok
}

@test "pages of a block that goes find no room on its own node, unless it is the only one" {
	memsim_start 'blocks 0 online unmovable=95%' 'blocks 32-33 online Movable node=1' \
		'set 33 used=64M'
	is "offline" "$(poke -a 100 33 state offline)" EINTR
	expect ok 32 state offline
	memsim_tell 'free 128M'
	expect ok 33 state offline
}

@test "huge pages that nobody uses are lost with their block" {
	memsim_start 'blocks 0 online' 'blocks 32 online Movable hugefree=8M'
	is "huge pages" "$(memory_info HugePages_Total)" 4
	expect ok 32 state offline
	is "huge pages" "$(memory_info HugePages_Total)" 0
}
