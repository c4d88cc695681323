#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# --unplug: what it goes with, when the firmware is asked, and what becomes of the blocks where it
# cannot be.

# shellcheck disable=SC2016 # what runs before a write expands its variables itself

load ../helpers

# Two DIMMs, the first of which is online in part.
setup() {
	make_tree -b 0-3:online:Normal:0 -b 32-33:online:Movable:0 -b '34:offline:Normal Movable:0' \
		-b 35-36:online:Movable:1 -d 32-34:PNP0C80:00 -d 35-36:PNP0C80:01
	echo offline >"$MEMORY/auto_online_blocks"
	eject=$TREE/sys/devices/LNXSYSTM:00/LNXSYBUS:00/PNP0C80:00/eject
}

# What the kernel does when it is asked, at the latest moment.
goes='[ "$attribute" != eject ] || rm -r "$MEMORY"/memory3[234]'

run_unplug() {
	export MEMORY
	run_chmem_hooked "$1" -d --from PNP0C80:00 --unplug "${@:2}"
}

# assert_done LINE... - what was written, the eject without where it is.
assert_done() {
	is "the writes" "$(sed 's|.* eject|eject|' "$WRITES")" "$(printf '%s\n' "$@")"
}

# ---- What it goes with ----

@test "without -d and --from it is refused" {
	for arguments in '--unplug' '-d --unplug' '--from PNP0C80:00 --unplug' '-d --all --unplug'; do
		# shellcheck disable=SC2086 # words
		run_chmem $arguments
		assert_refused 'chmem: --unplug goes with --disable and --from only'
	done
}

@test "what contradicts it is refused" {
	local options=(-e -c -g -b '-z Movable' '-m 1' '--resize 1G' '--node 0' '--wait 5' -l '-o BLOCK'
		--noheadings) names=(enable configure deconfigure blocks zone memmap-on-memory resize
		node wait list output noheadings)
	local at

	for ((at = 0; at < ${#options[@]}; at++)); do
		# shellcheck disable=SC2086 # words
		run_chmem --from PNP0C80:00 --unplug ${options[at]}
		assert_refused "chmem: options --unplug and --${names[at]} cannot be combined"
		# shellcheck disable=SC2086
		run_chmem ${options[at]} --from PNP0C80:00 --unplug
		assert_refused "chmem: options --${names[at]} and --unplug cannot be combined"
	done
}

@test "an operand is refused" {
	run_chmem -d --from PNP0C80:00 --unplug 128M
	assert_refused 'chmem: bad usage' "Try 'chmem --help' for more information."
}

@test "--all and --atomic say what holds anyway" {
	run_unplug "$goes" --all --atomic
	assert_status 0
	assert_stderr
	assert_done '33 state offline' '32 state offline' 'eject 1'
}

@test "what no firmware ejects is refused, and why is told" {
	run_chmem -d --from virtio-mem --unplug
	assert_refused 'chmem: virtio-mem cannot be unplugged: the hypervisor takes its memory back, when it is asked to'
	run_chmem -d --from kmem --unplug
	assert_refused 'chmem: kmem cannot be unplugged: memory of a DAX device goes with that, by way of its driver'
	run_chmem -d --from boot --unplug
	assert_refused 'chmem: boot cannot be unplugged: what was there at boot is of no device'
	run_chmem --json -d --from boot --unplug
	assert_status 1
	assert_json '"\(.status) \(.unplugged)"' 'refused null'
}

@test "memory of any other driver cannot be unplugged either" {
	mkdir "$TREE/proc"
	echo '100000000-117ffffff : System RAM (other)' >"$TREE/proc/iomem"
	run_chmem -d --from other --unplug
	assert_refused 'chmem: other cannot be unplugged: it is no device of ACPI' \
		'chmem: --atomic: nothing was changed'
}

@test "a device that there is not is told with those that there are" {
	run_chmem -d --from PNP0C80:02 --unplug
	assert_refused 'chmem: there is no memory of device PNP0C80:02; there is of PNP0C80:00, PNP0C80:01'
	run_chmem --json -d --from PNP0C80:02 --unplug
	assert_status 1
	assert_json '"\(.status) \(.unplugged)"' 'refused false'
}

# ---- As it should be ----

@test "the blocks go offline, then the firmware is asked, then they are gone" {
	run_unplug "$goes" -v
	assert_status 0
	assert_stdout "$(block 33) disabled" "$(block 32) disabled" 'PNP0C80:00 unplugged'
	assert_stderr
	assert_done '33 state offline' '32 state offline' 'eject 1'
	is 'what was asked' "$(cat "$eject")" 1
	assert_states 35-36 'online online'
}

@test "without -v nothing is said of it" {
	run_unplug "$goes"
	assert_status 0
	assert_stdout
	assert_stderr
}

@test "of what is offline nothing is written but the eject" {
	set_state 32 offline
	set_state 33 offline
	run_unplug "$goes"
	assert_status 0
	assert_stdout
	assert_stderr
	assert_done 'eject 1'
}

@test "a kernel without auto_online_blocks brings nothing online by itself" {
	rm "$MEMORY/auto_online_blocks"
	run_unplug "$goes"
	assert_status 0
	assert_stderr
}

@test "--json tells that it is unplugged, of blocks that are no more" {
	run_unplug "$goes" --json
	assert_status 0
	assert_stderr
	assert_json '"\(.status) \(.unplugged) \(.changed.blocks)"' 'done true 2'
	assert_json '.blocks[] | "\(.block) \(.device) \(.before) \(.after) \(.status)"' \
		'32 PNP0C80:00 online null changed' '33 PNP0C80:00 online null changed'
	run_chmem --json -d --all --from PNP0C80:01
	assert_json .unplugged null
}

@test "a dry run tells what would be done, and asks nobody" {
	run_chmem -n -d --from PNP0C80:00 --unplug
	assert_status 0
	assert_stdout "$(block 33) would be disabled" "$(block 32) would be disabled" \
		'PNP0C80:00 would be unplugged'
	assert_stderr
	assert_unchanged
	run_chmem --json -n -d --from PNP0C80:00 --unplug
	assert_status 0
	assert_json '"\(.status) \(.unplugged) \(.changed.blocks)"' 'planned true 2'
	assert_unchanged
}

# ---- As it should not be ----

# assert_set_back LINE... - the firmware was not asked, and the blocks are as they were.
assert_set_back() {
	assert_status 1
	assert_stdout
	assert_stderr "$@" 'chmem: --atomic: what was changed is set back'
	is 'what was asked' "$(cat "$eject")" ''
	is 'block 34' "$(state 34)" offline
	[[ $(state 32) == online* && $(state 33) == online* ]]
}

@test "where auto_online_blocks is anything else, nothing is done" {
	for word in online online_kernel online_movable '' 'offline x'; do
		echo "$word" >"$MEMORY/auto_online_blocks"
		run_chmem -d --from PNP0C80:00 --unplug
		assert_refused 'chmem: PNP0C80:00 is not unplugged: auto_online_blocks must be offline for that' \
			'chmem: --atomic: nothing was changed'
		run_chmem -n -d --from PNP0C80:00 --unplug
		assert_refused 'chmem: PNP0C80:00 is not unplugged: auto_online_blocks must be offline for that' \
			'chmem: --atomic: nothing would be changed'
	done
}

@test "where it cannot be read, nothing is done" {
	rm "$MEMORY/auto_online_blocks"
	mkdir "$MEMORY/auto_online_blocks"
	run_chmem -d --from PNP0C80:00 --unplug
	assert_refused 'chmem: PNP0C80:00 is not unplugged: auto_online_blocks cannot be read: Is a directory' \
		'chmem: --atomic: nothing was changed'
}

@test "a DIMM without an eject is refused before anything is done, by a dry run, too" {
	rm "$eject"
	run_chmem -d --from PNP0C80:00 --unplug
	assert_refused 'chmem: PNP0C80:00 cannot be unplugged: its eject cannot be written: No such file or directory' \
		'chmem: --atomic: nothing was changed'
	run_chmem -n -d --from PNP0C80:00 --unplug
	assert_refused 'chmem: PNP0C80:00 cannot be unplugged: its eject cannot be written: No such file or directory' \
		'chmem: --atomic: nothing would be changed'
	run_chmem --json -d --from PNP0C80:00 --unplug
	assert_status 1
	assert_json '"\(.status) \(.unplugged)"' 'refused false'
}

@test "an eject that may not be written is refused, but by no dry run" {
	chmod 0 "$eject"
	run_chmem_unprivileged -d --from PNP0C80:00 --unplug
	assert_refused 'chmem: PNP0C80:00 cannot be unplugged: its eject cannot be written: Permission denied' \
		'chmem: --atomic: nothing was changed'
	run_chmem_unprivileged -n -d --from PNP0C80:00 --unplug
	assert_status 0
	[[ $output == *'PNP0C80:00 would be unplugged' ]]
}

@test "an eject that the kernel refuses sets the blocks back" {
	run_unplug '[ "$attribute" != eject ] || exit 19'
	assert_set_back 'chmem: PNP0C80:00 was not unplugged: its eject failed: No such device'
	assert_done '33 state offline' '32 state offline' 'eject 1' '32 state online_movable' \
		'33 state online_movable'
	run_unplug '[ "$attribute" != eject ] || exit $EAGAIN' --json
	assert_status 1
	assert_json '"\(.status) \(.unplugged) \(.reverted.blocks)"' 'nothing false 2'
}

@test "a block that cannot go is the reason, and nobody is asked" {
	run_unplug '[ "$block $word" != "32 offline" ] || exit $EBUSY' --retries 0
	assert_set_back "chmem: $(block 32) disable failed: Device or resource busy"
	assert_done '33 state offline' '32 state offline' '33 state online_movable'
	run_unplug '[ "$block $word" != "32 offline" ] || exit $EBUSY' --retries 0 --json
	assert_json '"\(.status) \(.unplugged)"' 'nothing false'
}

@test "a block that comes online behind the back of the run keeps the firmware from being asked" {
	# 34 was offline, 33 was seen to by then
	for late in 33 34; do
		run_unplug '[ "$block $word" != "32 offline" ] || echo online >"$MEMORY/memory'$late'/state"'
		assert_status 1
		assert_stdout
		assert_stderr "chmem: PNP0C80:00 was not unplugged: $(block $late) did not stay offline" \
			'chmem: --atomic: what was changed is set back'
		is 'what was asked' "$(cat "$eject")" ''
		[[ $(state 32) == online* && $(state 33) == online* ]]
		set_state 34 offline
	done
}

@test "a block that is going offline, or in no known state, keeps it, too" {
	for word in going-offline x; do
		run_unplug '[ "$block $word" != "32 offline" ] || echo '$word' >"$MEMORY/memory34/state"'
		assert_status 1
		assert_stderr_has "chmem: PNP0C80:00 was not unplugged: $(block 34) did not stay offline"
		set_state 34 offline
	done
	run_unplug '[ "$block $word" != "32 offline" ] ||
		{ rm "$MEMORY/memory34/state"; mkdir "$MEMORY/memory34/state"; }'
	assert_status 1
	assert_stderr_has "chmem: PNP0C80:00 was not unplugged: the state of $(block 34) cannot be read: Is a directory"
	is 'what was asked' "$(cat "$eject")" ''
}

@test "auto_online_blocks that is set meanwhile keeps it, too" {
	run_unplug '[ "$block $word" != "32 offline" ] || echo online >"$MEMORY/auto_online_blocks"'
	assert_set_back 'chmem: PNP0C80:00 is not unplugged: auto_online_blocks must be offline for that'
}

@test "where the device does not go, its blocks stay offline, and that is told" {
	run_unplug '' --timeout 0.4
	assert_status 64
	assert_stdout
	assert_stderr 'chmem: ended by --timeout' \
		'chmem: PNP0C80:00 has not gone yet, though the firmware was asked to eject it: its blocks stay offline'
	assert_states 32-34 'offline offline offline'
	is 'what was asked' "$(cat "$eject")" 1
	# once more it is asked again
	run_unplug "$goes" --json
	assert_status 0
	assert_done 'eject 1'
}

@test "where a part of it goes, the rest is waited for" {
	run_unplug '[ "$attribute" != eject ] || rm -r "$MEMORY"/memory3[23]' --timeout 0.4
	assert_status 64
	assert_stderr_has 'chmem: PNP0C80:00 has not gone yet, *'
	run_unplug '[ "$attribute" != eject ] || (sleep 0.5; rm -r "$MEMORY/memory34") >/dev/null 2>&1 &' \
		--timeout 20
	assert_status 0
	assert_stderr
}
