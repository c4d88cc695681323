#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a failure line ends with where the kernel's log or the pages of a block can be read. In
# place of the log is a plain file that grows with each write to a block.

# shellcheck disable=SC2016 # what runs before a write expands its variables itself

load ../helpers

SIZE=0x20000 # 32 pages

setup() {
	[ "$(getconf PAGESIZE)" -eq 4096 ] || skip "pages of another size"
	make_tree -s 20000 -b 4-5:online:Normal
	mkdir "$TREE/dev" "$TREE/proc"
	: >"$TREE/dev/kmsg"
	export TREE
}

# put_pages FIRST COUNT FLAG - sets this bit alone of the flags of pages.
put_pages() {
	local page word

	printf -v word '\\x%02x' $((1 << $3 & 255)) $((1 << $3 >> 8 & 255)) \
		$((1 << $3 >> 16 & 255)) $((1 << $3 >> 24 & 255)) 0 0 0 0
	[ "${CHMEM_BYTE_ORDER-}" != big ] || printf -v word '\\x%02x' 0 0 0 0 \
		$((1 << $3 >> 24 & 255)) $((1 << $3 >> 16 & 255)) $((1 << $3 >> 8 & 255)) \
		$((1 << $3 & 255))
	for ((page = $1; page < $1 + $2; page++)); do
		printf '%b' "$word"
	done | dd of="$TREE/proc/kpageflags" bs=8 seek="$1" conv=notrunc status=none
}

SLAB=7 FREE=10 PGTABLE=26

# make_pages - all of blocks 0 to 7 are free. The file is too long for a picture of the tree.
make_pages() {
	truncate -s 128K "$TREE/proc/kpageflags"
	put_pages 0 256 $FREE
	printf '0-fffff : System RAM\n' >"$TREE/proc/iomem"
}

# refuse_with TEXT... - run_chmem -d -b 4, which the kernel refuses with EBUSY, and says this in its
# log; each TEXT is one that can be read by itself.
refuse_with() {
	local text

	for text; do
		# lines behind the first are not the text's
		printf '%s\n%*s' "$text" $((8191 - ${#text})) ' '
	done >"$BATS_TEST_TMPDIR/lines"
	run_chmem_hooked 'cat "$BATS_TEST_TMPDIR/lines" >>"$TREE/dev/kmsg"; exit $EBUSY' -d -b 4
	assert_status 1
	assert_stdout
	assert_states 4-4 online
}

# assert_ending TEXT - what stands behind the errno.
assert_ending() {
	assert_stderr "chmem: $(block 4 $SIZE) disable failed: Device or resource busy$1"
}

@test "without both there is nothing to add" {
	rm "$TREE/dev/kmsg"
	run_chmem_hooked 'exit $EBUSY' -d -b 4
	assert_status 1
	assert_ending ''
}

@test "D38: a page that could not be moved is told, with the errno" {
	refuse_with '4,1,2,-;migrating pfn 81 failed ret:-12'
	assert_ending '; the kernel could not move page frame 0x81 (Cannot allocate memory)'
	refuse_with '4,1,2,-,caller=T9;migrating pfn 9f failed ret:3'
	assert_ending '; the kernel could not move page frame 0x9f'
}

@test "D38: a page that could not be isolated is told" {
	refuse_with '6,1,2,-;failed to isolate pfn 80'
	assert_ending '; the kernel could not isolate page frame 0x80'
}

@test "D38: a page that cannot be moved is told from its dump" {
	refuse_with '4,1,2,-;page: refcount:1 mapcount:0 mapping:0000000000000000 index:0x0 pfn:0x83' \
		'4,2,3,-;flags: 0x3(locked|head)' '4,3,4,-;page dumped because: unmovable page'
	assert_ending '; page frame 0x83 cannot be moved'
}

@test "D38: the first page is told" {
	refuse_with '4,1,2,-;failed to isolate pfn 84' '4,2,3,-;migrating pfn 83 failed ret:-11'
	assert_ending '; the kernel could not isolate page frame 0x84'
}

@test "D38: pages of other blocks, and words of programs, tell nothing" {
	refuse_with '4,1,2,-;failed to isolate pfn 7f' '4,2,3,-;failed to isolate pfn a0' \
		'12,3,4,-;failed to isolate pfn 81'
	assert_ending ''
}

@test "D38: what was in the log before tells nothing" {
	printf '4,1,2,-;failed to isolate pfn 81\n' >"$TREE/dev/kmsg"
	refuse_with
	assert_ending ''
}

@test "D38: a log that cannot be read is no failure" {
	rm "$TREE/dev/kmsg"
	mkdir "$TREE/dev/kmsg"
	run_chmem_hooked 'exit $EBUSY' -d -b 4
	assert_status 1
	assert_ending ''
}

@test "D38: what is in the block is told, in words for one page and for many" {
	make_pages
	put_pages 128 1 $SLAB
	refuse_with
	assert_ending '; it holds 1 slab page'
	put_pages 128 3 $SLAB
	put_pages 140 1 $PGTABLE
	refuse_with
	assert_ending '; it holds 3 slab, 1 page-table pages'
	# pages without any flag are told beside others only
	put_pages 150 2 63
	refuse_with
	assert_ending '; it holds 3 slab, 1 page-table, 2 unknown pages'
}

@test "D38: the page comes first, what is in the block second" {
	make_pages
	put_pages 128 2 $SLAB
	refuse_with '4,1,2,-;migrating pfn 81 failed ret:-11'
	assert_ending '; the kernel could not move page frame 0x81 (Resource temporarily unavailable); it holds 2 slab pages'
}

@test "D38: where nothing is known that keeps the block, it is in use for the moment" {
	make_pages
	refuse_with
	assert_ending '; in use for the moment'
	put_pages 128 32 63
	refuse_with
	assert_ending '; in use for the moment'
}

@test "D38: blocks that fail alike are told apart by what is known of them" {
	make_pages
	put_pages 128 1 $SLAB
	put_pages 160 2 $SLAB
	run_chmem_hooked 'exit $EBUSY' -d -b 4-5
	assert_status 1
	assert_stderr "chmem: $(block 4 $SIZE) disable failed: Device or resource busy; it holds 1 slab page" \
		"chmem: $(block 5 $SIZE) disable failed: Device or resource busy; it holds 2 slab pages"
	run_chmem_hooked 'exit $EBUSY' -d 256K
	assert_status 1
	assert_stderr 'chmem: Could only disable 0B of memory' \
		'chmem:   2 blocks: Device or resource busy; it holds what cannot be moved, or is in use elsewhere'
}

# Each allocation in turn is the first to fail; whatever cannot be known for it, no silence is a success.
@test "with too little memory a block goes, or it is said why not" {
	local after starving=${abs_top_builddir:?}/tests/cli/starving done=0

	grep -q __asan_init "$starving" && out_of_place "an instrumented build has an allocator of its own"
	make_tree -s 20000 -b 6-60:online:Movable:1
	make_pages
	for ((after = 0; after < 500 && done < 5; after++)); do
		STARVE_AFTER=$after run --separate-stderr "$starving" --sysroot "$TREE" -d 128K --node 1 --order cheapest
		if [ "$status" -eq 0 ]; then
			is "blocks that went, after $after" "$(grep -l offline "$MEMORY"/memory*/state | wc -l)" 1
			done=$((done + 1))
		else
			assert_status 1
			[ -n "$stderr" ]
			is "blocks that went, after $after" "$(grep -l offline "$MEMORY"/memory*/state | wc -l)" 0
		fi
		sed -i s/offline/online/ "$MEMORY"/memory*/state
	done
	echo "$after allocations"
	[ "$done" -eq 5 ]
	[ "$after" -ge 15 ]
}

@test "a dry run opens no log" {
	need_tracing
	traced "$BATS_TEST_TMPDIR/trace" -f -e trace=openat2,openat "$CHMEM" --sysroot "$TREE" -n -d -b 4
	run ! grep -q kmsg "$BATS_TEST_TMPDIR/trace"
	traced "$BATS_TEST_TMPDIR/trace" -f -e trace=openat2,openat "$CHMEM" --sysroot "$TREE" -d -b 4
	grep -q kmsg "$BATS_TEST_TMPDIR/trace"
}
