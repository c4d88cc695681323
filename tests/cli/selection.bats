#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Lists of blocks, all blocks, a size to reach, the order, and the zone that is the kernel's choice.

# shellcheck disable=SC2016 # what runs before a write expands its variables itself

load ../helpers

setup() {
	make_small_tree
}

usage="Try 'chmem --help' for more information."

# ---- Lists ----

@test "a list of blocks means each of them once, the lowest first" {
	run_chmem_hooked '' -v -e -b 10,4,6-8,7,6
	assert_status 0
	assert_stdout "$(block 4) enabled" "$(block 6) enabled" "$(block 7) enabled" \
		"$(block 8) enabled" "$(block 10) enabled"
	assert_stderr
	assert_writes '4 state online_movable' '6 state online_movable' '7 state online_movable' \
		'8 state online_movable' '10 state online_movable'
	run_chmem_hooked '' -d -b 10,0-1
	assert_status 0
	assert_writes '0 state offline' '1 state offline' '10 state offline'
}

@test "what is missing is named over the whole list" {
	run_chmem -v -e -b 3,11-13,4,20-20
	assert_status 64
	assert_stdout "$(block 3) already enabled" "$(block 4) enabled" "$(block 11) enabled"
	assert_stderr "chmem: Memory Blocks 12-13, 20 do not exist" \
		"chmem: Could only enable 384M of memory"
	run_chmem -e -b 20,3
	assert_status 64
	assert_stderr "chmem: $(block 20) does not exist" "chmem: Could only enable 128M of memory"
	run_chmem -e -b 12-13,20
	assert_refused "chmem: Memory Blocks 12-13, 20 do not exist"
}

@test "a list may be of any length, with a long range in it" {
	run_chmem -e -b "$(seq -s , 4 11),5000-18446744073709551615"
	assert_status 64
	assert_stdout
	assert_stderr "chmem: Memory Blocks 5000-18446744073709551615 do not exist" \
		"chmem: Could only enable 1G of memory"
	assert_states 0-11 "online online online online online_movable online_movable online_movable online_movable online_movable online_movable online_movable online_movable"
}

@test "a list with a bad part is refused as a whole" {
	MODE=-b each_refused "Invalid parameter: %s" 4, ,4 4,,6 ,
	MODE=-b FORMAT=4,%s each_refused "Failed to parse block number: '%s'" x 05 ' 5' +5
	MODE=-b FORMAT=4,%s,6 each_refused "Invalid range: %s" 9-8 1-0
	run_chmem -e -b 4,18446744073709551616
	assert_refused "chmem: Failed to parse block number: '18446744073709551616': Numerical result out of range"
}

@test "a list without -b is no size, and the message points to -b" {
	run_chmem -e 4,6
	assert_refused "chmem: Failed to parse size: '4,6': Invalid argument (-b takes block numbers)"
}

@test "--atomic: a list that has a block missing changes nothing" {
	run_chmem --atomic -e -b 4,6,12
	assert_refused "chmem: $(block 12) does not exist" "chmem: --atomic: nothing was changed"
}

# ---- --all ----

@test "-e --all sets all online that is not, the lowest first, and then there is nothing to do" {
	set_state 5 online
	run_chmem_hooked '' -v -e --all
	assert_status 0
	assert_stdout "$(block 4) enabled" "$(block 6) enabled" "$(block 7) enabled" \
		"$(block 8) enabled" "$(block 9) enabled" "$(block 10) enabled" "$(block 11) enabled"
	assert_stderr
	is "the blocks" "$(cut -d ' ' -f 1 "$WRITES" | xargs)" "4 6 7 8 9 10 11"
	run_chmem -v -e --all
	assert_status 0
	assert_stdout
	assert_stderr
	assert_unchanged
}

@test "-d --all -z Movable sets offline what is in that zone, the highest first" {
	make_tree -b 8-9:online:Movable -b 11:online:Movable
	run_chmem_hooked '' -v -d --all -z movable
	assert_status 0
	assert_stdout "$(block 11) disabled" "$(block 9) disabled" "$(block 8) disabled"
	assert_stderr
	assert_writes '11 state offline' '9 state offline' '8 state offline'
	run_chmem -d --all -z Movable
	assert_status 0
	assert_stdout
	assert_stderr
	assert_unchanged
}

@test "-d --all without -z Movable is refused" {
	local message="--disable --all would take boot memory, too: it needs --node, --from or --zone Movable"

	make_tree -b 8-9:online:Movable
	run_chmem -d --all
	assert_refused "chmem: $message"
	run_chmem -d --all -z Normal
	assert_refused "chmem: $message"
	run_chmem -n -d --all
	assert_refused "chmem: $message"
	run_chmem -d --all -z auto
	assert_refused "chmem: --zone auto goes with --enable only"
}

@test "-d --all -z Movable is refused where no zones are known, for it would take all" {
	rm "$MEMORY"/memory*/valid_zones
	run_chmem -d --all -z Movable
	assert_refused "chmem: --disable --all would take boot memory, too: no valid_zones sysfs attribute present"
}

@test "--all -z means the blocks of this zone, and no others fail for it" {
	make_tree -b 5:offline:Normal -b 6:offline:DMA32
	run_chmem -v -e --all -z Movable
	assert_status 0
	is "lines" "$(wc -l <<<"$output")" 6
	assert_stderr
	assert_states 4-7 "online_movable offline offline online_movable"
	run_chmem -v -e --all -z DMA32
	assert_status 0
	assert_stdout "$(block 6) enabled"
	assert_stderr
}

@test "of all blocks, one that fails is named, and the others are done: exit status 64" {
	run_chmem_hooked '[ "$block" -ne 6 ] || exit $EPERM' -v -e --all
	assert_status 64
	is "lines" "$(wc -l <<<"$output")" 7
	assert_stderr "chmem: $(block 6) enable failed: Operation not permitted" \
		"chmem: Could only enable 896M of memory"
	assert_states 4-8 "online_movable online_movable offline online_movable online_movable"
}

@test "of all blocks, where each fails the exit status is 1" {
	local i expected=()

	for i in {4..11}; do
		expected+=("chmem: $(block "$i") enable failed: Operation not permitted")
	done
	run_chmem_hooked 'exit $EPERM' -e --all
	assert_refused "${expected[@]}"
}

@test "--all --atomic sets all back if one fails" {
	run_chmem_hooked '[ "$block" -ne 6 ] || exit $EPERM' --atomic -e --all
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 6) enable failed: Operation not permitted" \
		"chmem: Memory Blocks 7-11 were not tried" "chmem: --atomic: what was changed is set back"
	assert_states 4-11 "offline offline offline offline offline offline offline offline"
}

@test "--all of a system without blocks is a failure" {
	rm -r "$MEMORY"/memory*
	run_chmem -e --all
	assert_refused "chmem: Failed to read /sys/devices/system/memory: there are no memory blocks"
}

@test "-c --all and -g --all configure and deconfigure what is not" {
	rm -r "$TREE"
	make_standby_tree
	run_chmem_hooked '' -v -c --all
	assert_status 0
	is "the blocks" "$(cut -d ' ' -f 1 "$WRITES" | xargs)" "6 7 8 9 10 11"
	assert_stderr
	assert_configs 0-11 "1 1 1 1 1 1 1 1 1 1 1 1"
	run_chmem_hooked '' -g --all
	assert_status 64
	is "the blocks" "$(cut -d ' ' -f 1 "$WRITES" | xargs)" "11 10 9 8 7 6 5 4"
	assert_stderr_has "chmem: $(block 0) must be offline before deconfiguration"
	assert_stderr_has "chmem: Could only deconfigure 1G of memory"
	assert_stderr_length 5
	assert_configs 0-11 "1 1 1 1 0 0 0 0 0 0 0 0"
}

# ---- --resize ----

@test "--resize brings what is online to that size, upwards and downwards, by itself" {
	run_chmem_hooked '' -v --resize 1G
	assert_status 0
	assert_stdout "$(block 4) enabled" "$(block 5) enabled" "$(block 6) enabled" "$(block 7) enabled"
	assert_stderr
	is "the blocks" "$(cut -d ' ' -f 1 "$WRITES" | xargs)" "4 5 6 7"
	run_chmem_hooked '' -v --resize 640M
	assert_status 0
	assert_stdout "$(block 7) disabled" "$(block 6) disabled" "$(block 5) disabled"
	assert_stderr
	is "the blocks" "$(cut -d ' ' -f 1 "$WRITES" | xargs)" "7 6 5"
}

@test "--resize to the same size changes nothing the second time" {
	for size in 1G 256M 512M 1.5G; do
		run_chmem --resize "$size"
		assert_status 0
		run_chmem -v --resize "$size"
		assert_status 0
		assert_stdout
		assert_stderr
		assert_unchanged
	done
}

@test "--resize: a block that is neither online nor offline is neither counted nor taken" {
	set_state 3 going-offline
	run_chmem_hooked '' -v --resize 256M
	assert_status 0
	assert_stdout "$(block 2) disabled"
	assert_stderr
	run_chmem -v --resize 256M
	assert_status 0
	assert_stdout
	assert_unchanged
}

@test "--resize in the wrong direction is a success that does nothing" {
	run_chmem -v -e --resize 256M
	assert_status 0
	assert_stdout
	assert_stderr
	assert_unchanged
	run_chmem -v -d --resize 1G
	assert_status 0
	assert_stdout
	assert_stderr
	assert_unchanged
	run_chmem -e --resize 640M
	assert_status 0
	run_chmem -d --resize 384M
	assert_status 0
	assert_states 2-5 "online offline offline offline"
}

@test "--resize -z counts, and changes, what is in that zone" {
	make_tree -b 8-9:online:Movable
	run_chmem -v --resize 512M -z Movable
	assert_status 0
	assert_stdout "$(block 4) enabled" "$(block 5) enabled"
	assert_stderr
	# as a kernel would show it
	make_tree -b 4-5:online:Movable
	run_chmem -v --resize 128M -z Movable
	assert_status 0
	assert_stdout "$(block 9) disabled" "$(block 8) disabled" "$(block 5) disabled"
	assert_stderr
	assert_states 0-4 "online online online online online"
}

@test "--resize -z counts all that is online where no zones are known" {
	rm "$MEMORY"/memory*/valid_zones
	run_chmem --resize 512M -z Movable
	assert_status 0
	assert_stdout
	assert_stderr "chmem: zone ignored, no valid_zones sysfs attribute present"
	assert_unchanged
	run_chmem --resize 640M -z Movable
	assert_status 0
	assert_states 4-5 "online offline"
}

@test "--resize does what it can where there is not enough" {
	run_chmem --resize 2G
	assert_status 64
	assert_stdout
	assert_stderr "chmem: Could only enable 1G of memory"
	run_chmem --resize 2G
	assert_refused "chmem: Could only enable 0B of memory"
	run_chmem_hooked '[ "$block" -ge 8 ] || exit $EBUSY' --retries 0 --resize 0M
	assert_status 64
	assert_stdout
	assert_stderr "chmem: Could only disable 512M of memory" \
		"chmem:   8 blocks: Device or resource busy"
}

@test "--resize takes another block in place of one that fails" {
	run_chmem_hooked '[ "$block" -ne 4 ] || exit $EPERM' -v --resize 768M
	assert_status 0
	assert_stdout "$(block 5) enabled" "$(block 6) enabled"
	assert_stderr "chmem: $(block 4) enable failed: Operation not permitted"
}

@test "--resize --atomic changes all of it or nothing" {
	run_chmem --atomic --resize 2G
	assert_refused "chmem: Could only enable 0B of memory" \
		"chmem: --atomic: nothing was changed, as only 1G can be"
	run_chmem --atomic --resize 1.5G
	assert_status 0
	assert_stderr
}

@test "--resize needs a unit, and whole blocks" {
	run_chmem --resize 512
	assert_refused "chmem: Failed to parse size: '512': it needs a unit, as in 3G"
	run_chmem -e --resize 0
	assert_refused "chmem: Failed to parse size: '0': it needs a unit, as in 3G"
	run_chmem --resize 100M
	assert_refused "chmem: Size must be aligned to memory block size (128M)"
	run_chmem --resize 0x8000000
	assert_refused "chmem: Failed to parse size: '0x8000000': Invalid argument (a range of addresses is 0x<first byte>-0x<last byte>)"
	run_chmem --resize ''
	assert_refused_somehow 'Invalid parameter:*'
}

@test "--resize counts what the firmware has, and configures it" {
	rm -r "$TREE"
	make_standby_tree
	run_chmem -v --resize 896M
	assert_status 0
	assert_stdout "$(block 4) enabled" "$(block 5) enabled" "$(block 6) configured" "$(block 6) enabled"
	assert_stderr
	run_chmem --resize 1G --wait 1
	assert_status 0
	assert_stderr
	assert_configs 6-8 "1 1 0"
}

# ---- Together ----

@test "--all, --resize and -b stand for the operand, one of them" {
	run_chmem -e --all --resize 1G
	assert_refused "chmem: options --all and --resize cannot be combined"
	run_chmem -e -b --all
	assert_refused "chmem: options --blocks and --all cannot be combined"
	run_chmem -e --resize 1G -b
	assert_refused "chmem: options --blocks and --resize cannot be combined"
	for arguments in '-e --all 1G' '--resize 1G 2G' '-e --resize 1G 4-5' --all '-e -n' --order=lowest; do
		# shellcheck disable=SC2086 # words
		run_chmem $arguments
		assert_refused "chmem: bad usage" "$usage"
	done
}

@test "--resize is for online and offline only" {
	run_chmem -c --resize 1G
	assert_refused "chmem: options --configure and --resize cannot be combined"
	run_chmem --resize 1G -g
	assert_refused "chmem: options --deconfigure and --resize cannot be combined"
	run_chmem --resize 1G -m 1
	assert_refused "chmem: options --memmap-on-memory and --resize cannot be combined"
}

# ---- --order ----

@test "--order says which blocks come first, whatever the command and the operand" {
	for arguments in '-e 256M' '-e -b 10-11' '-e --resize 768M'; do
		# shellcheck disable=SC2086 # words
		run_chmem_hooked '' --order highest $arguments
		assert_status 0
		assert_writes '11 state online_movable' '10 state online_movable'
		set_state 10 offline
		set_state 11 offline
	done
	for arguments in '-d 256M' '-d -b 0-1' '-d --resize 256M' '--resize 256M'; do
		# shellcheck disable=SC2086 # words
		run_chmem_hooked '' $arguments --order=lowest
		assert_status 0
		assert_writes '0 state offline' '1 state offline'
		set_state 0 online
		set_state 1 online
	done
	run_chmem_hooked '' --order highest -e --all
	assert_status 0
	is "the blocks" "$(cut -d ' ' -f 1 "$WRITES" | xargs)" "11 10 9 8 7 6 5 4"
}

@test "the last --order counts, and only the last is judged" {
	run_chmem_hooked '' --order foo --order highest --order lowest -e 128M
	assert_status 0
	assert_writes '4 state online_movable'
}

@test "an order that is none is refused" {
	for order in '' low Lowest 'lowest,' default 'highest '; do
		run_chmem -e --order "$order" 128M
		assert_refused_somehow "Invalid value of --order: '$order', it must be *"
	done
}

# ---- -z auto ----

@test "-z auto writes online, and leaves valid_zones alone" {
	rm -r "$MEMORY/memory4/valid_zones"
	mkdir "$MEMORY/memory4/valid_zones"
	for zone in auto AUTO; do
		run_chmem_hooked '' -v -e -z "$zone" 256M
		assert_status 0
		assert_stdout "$(block 4) enabled" "$(block 5) enabled"
		assert_stderr
		assert_writes '4 state online' '5 state online'
		run_chmem -d -b 4-5
	done
	run_chmem_hooked '' -e -z auto --all
	assert_status 0
	is "the words" "$(cut -d ' ' -f 3 "$WRITES" | sort -u)" online
}

@test "-z auto opens no valid_zones" {
	need_tracing
	traced "$BATS_TEST_TMPDIR/trace" -f "$CHMEM" --sysroot "$TREE" -e -z auto 1G
	run ! grep -q valid_zones "$BATS_TEST_TMPDIR/trace"
	assert_states 4-5 "online online"
}

@test "-z auto is for enabling only" {
	run_chmem -d -z auto 128M
	assert_refused "chmem: --zone auto goes with --enable only"
	run_chmem -c -z auto 128M
	assert_refused_somehow 'options --configure and --zone cannot be combined'
}

# ---- --wait ----

@test "-e --all --wait is done when blocks have come, and none for a second" {
	run_chmem -e --all
	{
		sleep 0.3
		make_tree -b '12:offline:Normal Movable'
		sleep 0.6
		make_tree -b '13:offline:Normal Movable'
	} 3>&- &
	run_chmem -v -e --all --wait 30
	assert_status 0
	assert_stdout "$(block 12) enabled" "$(block 13) enabled"
	assert_stderr
}

@test "-e --all --node --wait is done when a node has got its first blocks" {
	make_tree -b 0-11:online:Normal:0
	{
		sleep 0.3
		make_tree -b '20-21:offline:Normal Movable:1'
	} 3>&- &
	SECONDS=0
	run_chmem -v -e --all --node 1 --wait 30
	assert_status 0
	assert_stdout "$(block 20) enabled" "$(block 21) enabled"
	assert_stderr
	[ "$SECONDS" -le 20 ]
}

@test "-e --all --wait takes what is there at once, and ends with the wait where nothing comes" {
	run_chmem -v -e --all --wait 0.3
	assert_status 0
	is "lines" "$(wc -l <<<"$output")" 8
	assert_stderr
}

@test "--resize --wait counts blocks that come online, whoever did that" {
	run_chmem -e --all
	{
		sleep 0.3
		make_tree -b 12:online:Movable
		sleep 0.3
		make_tree -b '13-14:offline:Normal Movable'
	} 3>&- &
	run_chmem -v --resize 1792M --wait 30
	assert_status 0
	assert_stderr
	# the one of them that was seen first
	case $output in
	"$(block 13) enabled") assert_states 12-14 "online online_movable offline" ;;
	*)
		assert_stdout "$(block 14) enabled"
		assert_states 12-14 "online offline online_movable"
		;;
	esac
}

@test "--resize --wait does not wait for what is there" {
	run_chmem -v --resize 640M --wait 60
	assert_status 0
	assert_stdout "$(block 4) enabled"
	run_chmem -v -d --resize 1G --wait 60
	assert_status 0
	assert_stdout
	assert_unchanged
}

# ---- --atomic ----

@test "--atomic -v warns of what may not go offline again" {
	run_chmem -v --atomic -e -z auto -b 4
	assert_status 0
	assert_stderr "chmem: --atomic: what comes online may not go offline again"
	run_chmem -v --atomic -e -z Normal -b 5
	assert_status 0
	assert_stderr "chmem: --atomic: what comes online in zone Normal may not go offline again"
	run_chmem -v --atomic -e -b 6
	assert_status 0
	assert_stderr
}

@test "--atomic: where nothing could be changed, nothing is said to be set back" {
	run_chmem_hooked 'exit $EPERM' --atomic -e -b 4-5
	assert_status 1
	assert_stderr "chmem: $(block 4) enable failed: Operation not permitted" \
		"chmem: $(block 5) was not tried" "chmem: --atomic: nothing was changed"
	assert_unchanged
}
