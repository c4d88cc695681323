#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The system root: where it may be, and that nothing leads out of it.

# shellcheck disable=SC2016 # what runs before a write expands its variables itself

load ../helpers

setup() {
	make_small_tree
	outside=$BATS_TEST_TMPDIR/outside
	STATE=$TREE/sys/devices/system/memory/memory5/state
}

teardown() {
	unmount_all
}

# make_outside - the tree of this test once more, where no path below TREE may lead.
make_outside() {
	cp -a "$TREE" "$outside"
	outside_before=$(cd "$outside" && find . -type f -exec grep -H '' {} +)
}

assert_outside_unchanged() {
	is "what lies outside" "$(cd "$outside" && find . -type f -exec grep -H '' {} +)" "$outside_before"
}

# enables_5 - block 5 can be enabled, and disabled again, by number and by size.
enables_5() {
	run_chmem -v -e -b 5
	assert_status 0
	assert_stdout "$(block 5) enabled"
	assert_stderr
	run_chmem -v -d 128M
	assert_status 0
	assert_stdout "$(block 5) disabled"
	assert_stderr
}

@test "the root may be relative, may end in slashes, may be a symbolic link" {
	ln -s tree "$BATS_TEST_TMPDIR/link"
	cd "$BATS_TEST_TMPDIR"
	for root in tree ./tree/ tree/// link link/ ../"$(basename "$PWD")"/tree "$TREE/sys/.." "$TREE/."; do
		run --separate-stderr "$CHMEM" -s "$root" -e -b 4
		assert_status 0
		assert_stderr
		is "state of 4" "$(state 4)" online_movable
		set_state 4 offline
	done
	cd "$TREE"
	run --separate-stderr "$CHMEM" -s . -e -b 4
	assert_status 0
}

@test "without --sysroot the running system is meant" {
	# /sys is an empty file system here; in this namespace the tree takes its place
	run --separate-stderr unshare --mount sh -c 'mount --bind "$1/sys" /sys && shift && exec "$@"' - \
		"$TREE" "$CHMEM" -v -e -b 4
	assert_status 0
	assert_stdout "$(block 4) enabled"
	assert_states 4-5 "online_movable offline"
	run --separate-stderr unshare --mount sh -c 'mount --bind "$1/sys" /sys && shift && exec "$@"' - \
		"$TREE" "$CHMEM" -s / -e 128M
	assert_status 0
	assert_states 4-5 "online_movable online_movable"
}

@test "D30: an empty root is refused, and is not the running system" {
	run --separate-stderr unshare --mount sh -c 'mount --bind "$1/sys" /sys && shift && exec "$@"' - \
		"$TREE" "$CHMEM" --sysroot "" -e 128M
	assert_status 1
	assert_stdout
	assert_stderr_like '*: *sysroot*'
	assert_stderr_length 1
	assert_states 4-11 "offline offline offline offline offline offline offline offline"
	run --separate-stderr "$CHMEM" --sysroot "$TREE" -s '' -e 128M
	assert_status 1
	assert_states 4-4 offline
}

@test "D30: an absolute symbolic link is resolved inside the root" {
	make_outside
	rm "$STATE"
	echo offline >"$TREE/real"
	ln -s /real "$STATE"
	enables_5
	is "state elsewhere" "$(cat "$TREE/real")" offline

	rm "$STATE"
	ln -s "$outside/sys/devices/system/memory/memory5/state" "$STATE"
	run_chmem -v -e -b 5
	assert_refused "chmem: $(block 5) enable failed: No such file or directory"
	assert_outside_unchanged
}

@test "D30: absolute links of every kind are resolved inside the root" {
	make_outside
	for path in sys sys/devices sys/devices/system sys/devices/system/memory sys/devices/system/memory/memory5 \
		sys/devices/system/memory/memory5/state; do
		mv "$TREE/$path" "$TREE/moved"
		ln -s /moved "$TREE/$path"
		enables_5
		rm "$TREE/$path"
		mv "$TREE/moved" "$TREE/$path"
	done
	for path in sys sys/devices sys/devices/system/memory sys/devices/system/memory/memory5; do
		mv "$TREE/$path" "$TREE/moved"
		ln -s "$outside/$path" "$TREE/$path"
		run_chmem -e -b 5
		assert_status 1
		assert_stdout
		rm "$TREE/$path"
		mv "$TREE/moved" "$TREE/$path"
	done
	assert_outside_unchanged
}

@test "D30: .. does not lead out of the root" {
	make_outside
	local up=../../../../../../../../../../../../../../../../../..

	rm "$STATE"
	echo offline >"$TREE/real"
	for link in "$up/real" "/$up/real" /../real "../memory4/$up/real" /sys/../real /sys/../../real; do
		ln -s "$link" "$STATE"
		enables_5
		rm "$STATE"
	done
	ln -s "$up$outside/sys/devices/system/memory/memory5/state" "$STATE"
	run_chmem -e -b 5
	assert_refused "chmem: $(block 5) enable failed: No such file or directory"
	rm "$STATE"
	ln -s ../../../../../../outside/sys/devices/system/memory/memory5/state "$STATE"
	run_chmem -e -b 5
	assert_refused "chmem: $(block 5) enable failed: No such file or directory"
	assert_outside_unchanged
}

@test "D30: .. of a directory that a link led to is that directory's parent" {
	mkdir -p "$TREE/far/away/block"
	mv "$STATE" "$TREE/far/away/state"
	ln -s /far/away/block "$MEMORY/memory5/jump"
	ln -s jump/../state "$STATE"
	enables_5
	is "state far away" "$(cat "$TREE/far/away/state")" offline
}

@test "D30: links are followed to links, relative ones from where they are" {
	mkdir -p "$TREE/a/b"
	mv "$STATE" "$TREE/a/b/end"
	ln -s b/end "$TREE/a/second"
	ln -s /a/./second "$TREE/first"
	ln -s ../../../../.././/first "$STATE"
	enables_5
	is "state at the end" "$(cat "$TREE/a/b/end")" offline
}

@test "D30: every attribute is resolved inside the root" {
	make_outside
	echo 10000000 >"$outside/sys/devices/system/memory/block_size_bytes"
	echo Normal >"$outside/sys/devices/system/memory/memory5/valid_zones"
	mkdir -p "$TREE$outside"
	outside_before=$(cd "$outside" && find . -type f -exec grep -H '' {} +)
	for name in block_size_bytes memory5/valid_zones; do
		rm "$MEMORY/$name"
		ln -s "$outside/sys/devices/system/memory/$name" "$MEMORY/$name"
	done
	run_chmem -e -b 5
	assert_refused "chmem: Failed to read /sys/devices/system/memory: No such file or directory"
	rm "$MEMORY/block_size_bytes"
	echo 8000000 >"$MEMORY/block_size_bytes"
	run_chmem -v -e -b 5
	assert_status 0
	assert_stdout "$(block 5) enabled"
	is "state of 5" "$(state 5)" online
	assert_outside_unchanged
}

@test "a chain of 40 links is followed, a longer one or a loop is not" {
	mv "$STATE" "$TREE/link0"
	for i in {1..40}; do
		ln -s "/link$((i - 1))" "$TREE/link$i"
	done
	ln -s /link39 "$STATE"
	enables_5
	ln -sfn /link40 "$STATE"
	run_chmem -e -b 5
	assert_refused "chmem: $(block 5) enable failed: Too many levels of symbolic links"
	ln -sfn /loop1 "$STATE"
	ln -s loop2 "$TREE/loop1"
	ln -s /sys/../loop1 "$TREE/loop2"
	run_chmem -e -b 5
	assert_refused "chmem: $(block 5) enable failed: Too many levels of symbolic links"
}

@test "what a path meets on its way is told as it is" {
	for case in 'Not a directory:../../../../../../sys/devices/system/memory/memory4/state/x' \
		'Not a directory:/sys/devices/system/memory/memory4/state/../state' \
		'Not a directory:removable/..' 'Not a directory:removable/.' 'Not a directory:removable/' \
		'No such file or directory:/nowhere' 'No such file or directory:/nowhere/../sys' \
		'No such file or directory:nowhere/state' \
		'Is a directory:/' 'Is a directory:..' 'Is a directory:.' 'Is a directory:/sys/' 'Is a directory:../../' \
		"File name too long:/$(printf '%0256d' 0)" "File name too long:$(printf '%0256d' 0)/x"; do
		ln -sfn "${case#*:}" "$STATE"
		run_chmem -e -b 5
		assert_refused "chmem: $(block 5) enable failed: ${case%%:*}"
	done
	mkdir "$TREE/locked"
	echo offline >"$TREE/locked/state"
	chmod 0 "$TREE/locked"
	ln -sfn /locked/state "$STATE"
	run_chmem_unprivileged -e -b 5
	chmod 0755 "$TREE/locked"
	assert_status 1
	assert_stderr "chmem: $(block 5) enable failed: Permission denied"
}

@test "names up to 255 bytes and links of any target are followed" {
	local name

	name=$(printf '%0255d' 0)
	mkdir -p "$TREE/$name/$name"
	mv "$STATE" "$TREE/$name/$name/$name"
	ln -s "/$name/./$name//$name" "$STATE"
	enables_5
	mkdir -p "$TREE/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21/22/23/24/25/26/27/28/29/30/31/32"
	mv "$TREE/$name/$name/$name" "$TREE/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21/22/23/24/25/26/27/28/29/30/31/32/state"
	ln -sfn /1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21/22/23/24/25/26/27/28/29/30/31/32/state "$STATE"
	enables_5
}

@test "a block below a link is looked for where that leads" {
	mv "$MEMORY/memory5" "$TREE/block"
	for link in ../../../../block /block /../block; do
		ln -s "$link" "$MEMORY/memory5"
		enables_5
		rm "$MEMORY/memory5"
	done
	ln -s /block/state "$MEMORY/memory5"
	run_chmem -e -b 5
	assert_status 1
	assert_stderr_like "chmem: $(block 5) *exist*"
}

@test "a mount below the root is part of it" {
	mount -t tmpfs there "$MEMORY/memory5"
	echo "$MEMORY/memory5" >"$BATS_TEST_TMPDIR/mounts"
	echo offline >"$STATE"
	enables_5
}

@test "the permission to search a directory is all that is needed on the way" {
	chmod 0111 "$TREE" "$TREE/sys" "$TREE/sys/devices" "$TREE/sys/devices/system" "$MEMORY/memory5"
	run --separate-stderr without_powers "$CHMEM" -s "$TREE" -v -e -b 5
	chmod 0755 "$TREE" "$TREE/sys" "$TREE/sys/devices" "$TREE/sys/devices/system" "$MEMORY/memory5"
	assert_status 0
	assert_stdout "$(block 5) enabled"
}
