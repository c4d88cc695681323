#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# --json: what the document of a run says. Every one of them is held against the schema, too: see
# ../json.bash.

# shellcheck disable=SC2016 # jq and what runs before a write expand their variables themselves

load ../helpers

setup() {
	make_small_tree
}

teardown() {
	unmount_all
}

# counts - changed, already, failed, missing and reverted, as numbers of blocks.
assert_counts() {
	assert_json '[.changed, .already, .failed, .missing, .reverted | .blocks] | join(" ")' "$*"
}

# assert_json_blocks LINE... - `BLOCK STATUS BEFORE AFTER ZONE ACTION ERROR`, for each of them.
assert_json_blocks() {
	assert_json '.blocks[] | "\(.block) \(.status) \(.before) \(.after) \(.zone) \(.action) \(.error)"' "$@"
}

# assert_ending STATUS EXIT_STATUS
assert_ending() {
	assert_status "$2"
	assert_json '"\(.status) \(.exit_status) \(.signal)"' "$1 $2 null"
}

@test "--json -e SIZE: done, and every key says what it should" {
	run_chmem --json -e 256M
	assert_ending 'done' 0
	assert_stderr
	assert_states 4-6 "online_movable online_movable offline"
	assert_json '.version, .command, .dry_run, .block_size' 1 enable false 134217728
	assert_json '.requested | tojson' '{"kind":"size","blocks":2,"bytes":268435456}'
	assert_json '.changed | tojson' '{"blocks":2,"bytes":268435456}'
	assert_counts 2 0 0 0 0
	assert_json '.total | tojson' '{"online":805306368,"offline":805306368}'
	assert_json '.messages | length' 0
	assert_json '.blocks[1] | del(.duration_ms) | to_entries[] | "\(.key)=\(.value)"' \
		block=5 start=0x0000000028000000 end=0x000000002fffffff size=134217728 \
		node=null device=null before=offline after=online zone=null \
		action=online_movable status=changed attempts=1 error=null reason=null
	assert_json '.blocks[] | .duration_ms >= 0 and .duration_ms < 10000' true true
}

@test "--json -d SIZE: the blocks are told in the order of their numbers" {
	run_chmem --json -d 384M
	assert_ending 'done' 0
	assert_json_blocks '1 changed online offline null offline null' \
		'2 changed online offline null offline null' \
		'3 changed online offline null offline null'
	assert_json .total.online 134217728
}

@test "--json -e of a part that is online already: already" {
	run_chmem --json -e -b 3-4
	assert_ending 'done' 0
	assert_counts 1 1 0 0 0
	assert_json '.requested | tojson' \
		'{"kind":"blocks","blocks":2,"bytes":268435456,"ranges":[{"first":3,"last":4}]}'
	assert_json_blocks '3 already online online Normal null null' \
		'4 changed offline online null online_movable null'
	assert_json '.blocks[0] | .attempts, .duration_ms' 0 null
}

@test "--json of a RANGE: kind range, ranges in numbers of blocks" {
	run_chmem --json -e 0x20000000-0x2fffffff
	assert_ending 'done' 0
	assert_json '.requested | tojson' \
		'{"kind":"range","blocks":2,"bytes":268435456,"ranges":[{"first":4,"last":5}]}'
}

@test "--json: a part is done: partial, with the reasons and the lines of stderr" {
	rm "$MEMORY/memory5/state"
	run_chmem --json -e -b 4-5
	assert_ending partial 64
	assert_stderr "chmem: $(block 5) enable failed: No such file or directory" \
		"chmem: Could only enable 128M of memory"
	assert_json '.messages[]' "$(block 5) enable failed: No such file or directory" \
		"Could only enable 128M of memory"
	assert_counts 1 0 1 0 0
	assert_json_blocks '4 changed offline online null online_movable null' \
		'5 failed null null null null ENOENT'
	assert_json '.blocks[1].reason' 'No such file or directory'
}

@test "--json: nothing is done: nothing" {
	run_chmem --json -e -b 12-14
	assert_ending nothing 1
	assert_stderr 'chmem: Memory Blocks 12-14 do not exist'
	assert_counts 0 0 0 3 0
	assert_json_blocks '12 missing null null null null null' \
		'13 missing null null null null null' '14 missing null null null null null'
}

@test "--json by size, too little there: partial, and what was tried in vain is told" {
	rm "$MEMORY"/memory{5,7}/state
	run_chmem --json -e 2G
	assert_ending partial 64
	assert_counts 6 0 2 0 0
	assert_json '.messages[]' 'Could only enable 768M of memory' '  2 blocks: No such file or directory'
	assert_json '[.blocks[] | select(.status == "failed") | .block] | join(" ")' '5 7'
}

@test "--json by size: a block whose zones do not fit is skipped, by range it failed" {
	make_tree -b 12:offline:DMA32
	run_chmem --json -e -z DMA32 -b 4
	assert_ending nothing 1
	assert_counts 0 0 1 0 0
	assert_json_blocks '4 failed offline offline null null null'
	assert_json '.blocks[].reason' 'Zone mismatch'
	run_chmem --json -e -z DMA32 128M
	assert_ending 'done' 0
	assert_counts 1 0 0 0 0
	assert_json '[.blocks[] | select(.status == "skipped") | .block] | join(" ")' '4 5 6 7 8 9 10 11'
	assert_json '[.blocks[] | select(.status == "skipped") | .reason] | unique | .[]' 'Zone mismatch'
}

@test "--json: a failed write has the name of its errno, how often it was tried and the words for it" {
	run_chmem_hooked '[ "$block" = 5 ] && exit $EBUSY' --json --retries 1 -e -b 4-5
	assert_ending partial 64
	assert_json '.blocks[] | "\(.block) \(.status) \(.error) \(.attempts) \(.reason)"' \
		'4 changed null 1 null' '5 failed EBUSY 2 Device or resource busy'
	assert_json '.blocks[1].duration_ms > 0' true
}

@test "--json: what others made of a block is told as it is at the end" {
	run_chmem_hooked '[ "$block" = 5 ] && echo online >"$path" && echo offline >"${path%5/state}4/state"' \
		--json -e -b 4-5
	assert_json_blocks '4 changed offline offline null online_movable null' \
		'5 changed offline online null online_movable null'
}

@test "--json --atomic that cannot work: refused, before anything was written" {
	run_chmem --json --atomic -e -b 11-12
	assert_ending refused 1
	assert_unchanged
	assert_counts 0 0 0 1 0
	assert_json_blocks '11 skipped offline offline null null null' '12 missing null null null null null'
	assert_json '.messages[]' "$(block 12) does not exist" '--atomic: nothing was changed'
}

@test "--json --atomic by size, too much: refused" {
	run_chmem --json --atomic -e 2G
	assert_ending refused 1
	assert_unchanged
	assert_json '.messages[]' 'Could only enable 0B of memory' \
		'--atomic: nothing was changed, as only 1G can be'
}

@test "--json --atomic that fails on the way: nothing, and the blocks are reverted" {
	run_chmem_hooked '[ "$block" = 6 ] && exit $EINVAL' --json --atomic -e -b 4-7
	assert_ending nothing 1
	assert_unchanged
	assert_counts 0 0 1 0 2
	assert_json_blocks '4 reverted offline offline null online_movable null' \
		'5 reverted offline offline null online_movable null' \
		'6 failed offline offline null online_movable EINVAL' \
		'7 skipped offline offline null null null'
}

@test "--json --atomic, and a block cannot be set back: stuck, which counts as changed" {
	run_chmem_hooked '[ "$block" = 6 ] && exit $EINVAL; [ "$block $word" = "4 offline" ] && exit $EBUSY' \
		--json --atomic -e -b 4-6
	assert_ending partial 64
	assert_counts 1 0 1 0 1
	assert_json '.blocks[] | "\(.block) \(.status) \(.after) \(.error)"' \
		'4 stuck online EBUSY' '5 reverted offline null' '6 failed offline EINVAL'
}

@test "--json: the whole range of addresses, of which most is missing, is counted and not listed" {
	run_chmem --json -e 0x0-0xffffffffffffffff
	assert_ending partial 64
	assert_json '.requested | .blocks, .bytes' 137438953472 null
	assert_json '.missing.blocks' 137438953460
	assert_json '.blocks | length' 12
	assert_json '.messages[0]' 'Memory Blocks 12-137438953471 do not exist'
}

@test "--json: 2^64 blocks are null, not 0" {
	run_chmem --json -e -b 0-18446744073709551615
	assert_ending partial 64
	assert_json '.requested | .blocks, .bytes' null null
	# jq counts in doubles
	[[ $output == *'"missing": { "blocks": 18446744073709551604, "bytes": null }'* ]]
	[[ $output == *'"ranges": [ { "first": 0, "last": 18446744073709551615 } ]'* ]]
	run_chmem --json -e -b 1-18446744073709551615
	[[ $output == *'"requested": { "kind": "blocks", "blocks": 18446744073709551615, "bytes": null,'* ]]
}

@test "--json: of 2^64 blocks on a system where there are others, all are missing" {
	run_chmem --json -e -b 18446744073709551614-18446744073709551615
	assert_ending nothing 1
	[[ $output == *'{ "block": 18446744073709551615, "start": null, "end": null,'* ]]
	assert_json '.missing | .blocks, .bytes' 2 268435456
}

@test "--json: 4096 missing blocks are listed, one more is not" {
	run_chmem --json -e -b 11-4107
	assert_json '.missing.blocks, (.blocks | length), .blocks[4096].block' 4096 4097 4107
	run_chmem --json -e -b 11-4108
	assert_json '.missing.blocks, (.blocks | length)' 4097 1
}

@test "--json: gaps before, between and behind the blocks are missing" {
	make_tree -b 14:offline:Movable
	run_chmem --json -e -b 11-2011
	assert_json '[.blocks[:6][] | "\(.block):\(.status)"] | join(" ")' \
		'11:changed 12:missing 13:missing 14:changed 15:missing 16:missing'
	assert_json '.missing.blocks, (.blocks | length)' 1999 2001
}

@test "--json silences -v, and nothing but the document goes to stdout" {
	run_chmem --json -v -e -b 4
	assert_ending 'done' 0
	assert_stderr
	[[ $output == '{ "version": 1,'*'} ] }' || $output == '{ "version": 1,'*$'\n'']'' }' ]]
	is "lines that are no block" "$(grep -vc '^{ "block"' <<<"$output")" 2
}

@test "--json: an amount of 0 is done, without a block" {
	run_chmem --json -e 0
	assert_ending 'done' 0
	assert_json '.blocks | length' 0
	assert_json '.requested | tojson' '{"kind":"size","blocks":0,"bytes":0}'
}

@test "--json: total tells what is online and offline, and of what is neither nothing" {
	set_state 3 going-offline
	rm "$MEMORY/memory11/state"
	run_chmem --json -e -b 4
	assert_json '.total | .online, .offline' $((4 << 27)) $((6 << 27))
}

@test "--json: lines of stderr that are no UTF-8 are made some" {
	run_chmem --json -e -b $'7\xff\xc3\xbc\xed\xa0\x80\xf4\x90\x80\x80\xc0\xaf\xe2\x82"\\\x01'
	assert_ending refused 1
	assert_json '.messages[0] | @json' \
		$'"Failed to parse block number: \'7\xef\xbf\xbd\xc3\xbc'"$(printf '\xef\xbf\xbd%.0s' {1..11})"$'\\"\\\\\\u0001\'"'
	run_chmem --json -e -b $'\xf0\x9f\x98\x80\xe2\x82\xac\xc2\xa2'
	assert_json '.messages[0]' $'Failed to parse block number: \'\xf0\x9f\x98\x80\xe2\x82\xac\xc2\xa2\''
}

# ---- Which blocks ----

@test "--json of a list of blocks: its ranges, and what is missing in each" {
	make_tree -b 14:offline:Movable
	run_chmem --json -e -b 13-15,10,4-5
	assert_ending partial 64
	assert_json '.requested | tojson' \
		'{"kind":"blocks","blocks":6,"bytes":805306368,"ranges":[{"first":4,"last":5},{"first":10,"last":10},{"first":13,"last":15}]}'
	assert_json '[.blocks[] | "\(.block):\(.status)"] | join(" ")' \
		'4:changed 5:changed 10:changed 13:missing 14:changed 15:missing'
	assert_counts 4 0 0 2 0
}

@test "--json of a list with two blocks next to each other, and the last there is" {
	run_chmem --json -e -b 11,13,18446744073709551615
	assert_json '[.blocks[].status] | join(" ")' 'changed missing missing'
	assert_json '.missing.blocks' 2
}

@test "--json --all: kind all, and only what was not as wanted" {
	run_chmem --json -e --all
	assert_ending 'done' 0
	assert_json '.requested | tojson' '{"kind":"all"}'
	assert_counts 8 0 0 0 0
	assert_json '.blocks | length' 8
	run_chmem --json -e --all
	assert_ending 'done' 0
	assert_json '.blocks | length' 0
}

@test "--json --resize: kind resize, and what it came to for the command" {
	run_chmem --json --resize 768M
	assert_ending 'done' 0
	assert_json '.command, (.requested | tojson)' enable '{"kind":"resize","blocks":6,"bytes":805306368}'
	assert_counts 2 0 0 0 0
	run_chmem --json --resize 256M
	assert_ending 'done' 0
	assert_json .command disable
	assert_json '.changed.blocks, .total.online' 4 268435456
	run_chmem --json --resize 256M
	assert_ending 'done' 0
	assert_json '.blocks | length' 0
}

# ---- Lists ----

@test "--json --list: all blocks, and every key says what it should" {
	run_chmem --json --list
	assert_ending listed 0
	assert_unchanged
	assert_json '.command, .dry_run, (.requested | tojson)' list false '{"kind":"all"}'
	assert_counts 0 0 0 0 0
	assert_json '.total | .online, .offline' $((4 << 27)) $((8 << 27))
	assert_json '.blocks | length' 12
	assert_json '.blocks[4] | to_entries[] | "\(.key)=\(.value)"' block=4 start=0x0000000020000000 \
		end=0x0000000027ffffff size=134217728 node=null device=null state=offline \
		'zones=["Normal","Movable"]' free=null movable=null unmovable=null offlinable=null why=null
	assert_json '.blocks[0] | .state, .zones[]' online Normal
	assert_stderr "chmem: what is in blocks cannot be seen, or not all of it: No such file or directory"
	assert_json '.messages[]' 'what is in blocks cannot be seen, or not all of it: No such file or directory'
}

@test "--json --list of a part: listed, whatever the exit status" {
	run_chmem -J -l -b 3,11-13
	assert_ending listed 64
	assert_counts 0 0 0 2 0
	assert_json '[.blocks[].block] | join(" ")' '3 11'
	assert_json '.messages[0]' 'Memory Blocks 12-13 do not exist'
	run_chmem -J -l 0x20000000-0x2fffffff
	assert_ending listed 0
	assert_json '.requested.kind, ([.blocks[].block] | join(" "))' range '4 5'
	run_chmem -J -l -b 12
	assert_ending listed 1
	assert_json '.missing.blocks, (.blocks | length)' 1 0
	run_chmem -J -l -z Movable
	assert_json '[.blocks[].block] | join(" ")' '4 5 6 7 8 9 10 11'
	run_chmem -J -l -b 0-18446744073709551615
	assert_ending listed 64
	[[ $output == *'"missing": { "blocks": 18446744073709551604, "bytes": null }'* ]]
}

@test "--json --list: what cannot be read is null, and several zones are none" {
	rm "$MEMORY/memory0/state" "$MEMORY/memory1/valid_zones"
	echo none >"$MEMORY/memory2/valid_zones"
	echo going-offline >"$MEMORY/memory3/state"
	run_chmem -J -l -b 0-3
	assert_json '.blocks[] | "\(.state) \(.zones) \(.offlinable) \(.why)"' 'null ["Normal"] null null' \
		'online null null null' 'online [] no valid_zones is none' 'going-offline ["Normal"] null null'
}

@test "--json --list: refused" {
	run_chmem -J -l 1G
	assert_ending refused 1
	assert_json '.command, .requested, (.blocks | length)' list null 0
	run_chmem -J -l -n
	assert_ending refused 1
	run_chmem -J -o NONE
	assert_ending refused 1
	assert_json '.command, .messages[0]' list 'unknown column: NONE'
	rm -r "$MEMORY"/memory*
	run_chmem -J -l
	assert_ending refused 1
	assert_json '.messages[]' 'Failed to read /sys/devices/system/memory: there are no memory blocks'
}

# ---- Dry runs ----

@test "--json --dry-run: planned, and what would be" {
	run_chmem --json -n -e 256M
	assert_ending planned 0
	assert_stderr
	assert_unchanged
	assert_json .dry_run true
	assert_counts 2 0 0 0 0
	assert_json_blocks '4 planned offline online Movable online_movable null' \
		'5 planned offline online Movable online_movable null'
	assert_json '.blocks[0] | .attempts, .duration_ms' 0 null
	assert_json '.total.online, .total.offline' $((6 << 27)) $((6 << 27))
	run_chmem --json -n -d -b 3-4
	assert_json '.total.online, .total.offline' $((3 << 27)) $((9 << 27))
	assert_json_blocks '3 planned online offline null offline null' '4 already offline offline null null null'
	run_chmem --json -n -e -z Normal -b 4
	assert_json_blocks '4 planned offline online Normal online_kernel null'
}

@test "--json --dry-run: planned whatever its exit status" {
	run_chmem --json -n -e 2G
	assert_ending planned 64
	run_chmem --json -n -e -b 12
	assert_ending planned 1
	run_chmem --json -n -e -b 11-12
	assert_ending planned 64
	assert_json_blocks '11 planned offline online Movable online_movable null' \
		'12 missing null null null null null'
	run_chmem --json -n --atomic -e -b 11-12
	assert_ending planned 1
	run_chmem --json -n -e 100K
	assert_ending refused 1
	assert_json .dry_run true
	run_chmem --json -n -x
	assert_ending refused 1
	assert_json .dry_run true
}

@test "--json --dry-run on s390: a block on standby would be online" {
	make_s390_tree
	run_chmem --json -n -e -b 6
	assert_ending planned 0
	assert_json '.blocks[] | "\(.status) \(.after) \(.action)"' 'planned online configure'
	run_chmem --json -n -c -b 6
	assert_json '.blocks[] | "\(.status) \(.after) \(.action)"' 'planned offline configure'
}

# ---- The system ----

@test "--json: a system that cannot be used: refused, and nothing is known of it" {
	rm -r "$MEMORY"
	run_chmem --json -d -b 3
	assert_ending refused 1
	assert_json '.command, .block_size, .requested, .total' disable null null null
	assert_json '.messages[0] | startswith("cannot open /sys/devices/system/memory: No such file or directory")' true
	run_chmem --json -d -s "$BATS_TEST_TMPDIR/none" 1G
	assert_ending refused 1
}

@test "--json: a block size that is none: refused" {
	echo 0 >"$MEMORY/block_size_bytes"
	run_chmem --json -e 128M
	assert_ending refused 1
	assert_json '.messages[]' \
		'Failed to read /sys/devices/system/memory: block_size_bytes is not a power of two'
}

@test "--json: no memory blocks at all: refused" {
	rm -r "$MEMORY"/memory*
	for operand in 128M '-b 4'; do
		# shellcheck disable=SC2086 # words
		run_chmem --json -e $operand
		assert_ending refused 1
		assert_json '.messages[]' \
			'Failed to read /sys/devices/system/memory: there are no memory blocks'
		assert_json '.block_size, (.blocks | length)' 134217728 0
	done
}

@test "--json: a directory that is locked: refused" {
	run_chmem_under flock "$MEMORY" -- --json --lock=nonblock -e 128M
	assert_ending refused 1
	assert_json '.messages | length' 1
	assert_json '.messages[0] | test("^/sys/devices/system/memory is locked by ")' true
}

@test "--json: what cannot be written is nothing, and no refusal" {
	make_read_only "$MEMORY"/memory4/state
	run_chmem --json -e -b 4
	assert_ending nothing 1
	assert_json_blocks '4 failed offline offline null online_movable EROFS'
}

@test "--json: the time of --wait is up: what came of it" {
	run_chmem --json --wait 0.1 -e -b 11-12
	assert_ending partial 64
	assert_json_blocks '11 changed offline online null online_movable null' \
		'12 missing null null null null null'
}

@test "--json on s390: what was done to a block, and which are on standby" {
	make_standby_tree
	run_chmem --json -e -b 6
	assert_ending 'done' 0
	assert_json_blocks '6 changed offline online null online_movable null'
	run_chmem --json -c 128M
	assert_json '.command, .blocks[].action' configure configure
	run_chmem --json -g -b 7
	assert_json '.command, .blocks[].action' deconfigure deconfigure
}

@test "--json on s390: a block that is on standby is offline in total" {
	make_s390_tree
	run_chmem --json -c -b 5
	assert_ending 'done' 0
	assert_json '.total | .online, .offline' $((4 << 27)) $((8 << 27))
}

@test "--json on s390: a storage that cannot be given back is told with its errno" {
	make_standby_tree
	run_chmem_hooked '[ "$attribute" = config ] && exit $EIO' --json --retries 0 -d 128M
	assert_ending 'done' 0
	assert_json '.blocks[] | "\(.status) \(.error) \(.reason)"' \
		'changed EIO deconfigure failed: Input/output error'
}

# ---- stdout ----

filling_stdout() {
	"$@" >/dev/full
}

closing_stdout() {
	"$@" >&-
}

@test "--json on a full stdout: the work is done, then it is an error" {
	run_chmem_under filling_stdout -- --json -e -b 4-5
	assert_status 1
	assert_stderr 'chmem: write error: No space left on device'
	assert_states 4-5 "online_movable online_movable"
	run_chmem_under filling_stdout -- --json -x
	assert_status 1
	assert_stderr "chmem: invalid option -- 'x'" "Try 'chmem --help' for more information." \
		'chmem: write error: No space left on device'
}

chmem_up_to_file() {
	chmem_up_to 4096 --json -e -b 11-500 >"$BATS_TEST_TMPDIR/out"
}

@test "--json on a file that takes only a part of it is an error" {
	run --separate-stderr chmem_up_to_file
	assert_status 1
	assert_stderr_has 'chmem: write error: File too large'
	is "state of 11" "$(state 11)" online_movable
}

@test "--json on a closed stdout: the work is done" {
	run_chmem_under closing_stdout -- --json -e -b 4
	assert_status 0
	assert_stderr
	assert_states 4-4 online_movable
}

@test "--json into a pipe that nobody reads: the work is done, exit status 1" {
	run bash -c '{
		sleep 0.2
		"$@" 2>&1 >&3
		echo "exit status $?"
	} 3>&1 >&2 | true' - "$CHMEM" --sysroot "$TREE" --json -e -b 4 2>&1
	is "state of 4" "$(state 4)" online_movable
	assert_stdout_like '*write error: Broken pipe?exit status 1'
}

@test "--json: -h and -V are text as ever" {
	run_chmem --json --help
	assert_status 0
	assert_stdout_like '*Usage:*'
	run_chmem -VJ
	assert_status 0
	assert_stdout_like 'chmem *[0-9]'
}
