# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016,SC2154 # the guest's shell expands; set by run
#
# What chmem tells of blocks beyond their state, against what the guest itself knows: its
# processes' page maps, /proc/kpageflags, and what was plugged. Two DIMMs of 512 MiB,
# blocks 32 to 35 and 36 to 39.

guest_prepare() {
	dimm_plug first 512 && dimm_plug second 512
}

# slab_pages BLOCK - by the kernel's flags of its pages.
slab_pages() {
	guest "dd if=/proc/kpageflags bs=$((BLOCK_PAGES * 8)) skip=$1 count=1 2>/dev/null |
		hexdump -v -e '8/1 \"%02x\" \"\n\"' | grep -c '^[89a-f]'"
}

# assert_page_of BLOCK PFN
assert_page_of() {
	is "the block of page frame $2" $(($2 / BLOCK_PAGES)) "$1"
}

# json FILTER - of the last output.
json() {
	# shellcheck disable=SC2154 # run sets it
	jq -r "$1" <<<"$output"
}

# ---- The tests ----

# By the page map of the process that holds it.
pinned_page_is_named() {
	local pfn reason

	guest '. /etc/functions; pin_block 39'
	pfn=$(guest 'sed -n "s/^pinned //p" /run/pinned')
	assert_page_of 39 "$pfn"
	reason="given up after 2.[0-9] s (--try-timeout); the kernel could not move page frame $pfn"
	run_guest 'chmem --try-timeout 2 -d -b 39'
	assert_status 1
	assert_stdout
	assert_stderr_like "chmem: $(block 39) disable failed: $reason"
	assert_back 39

	# The kernel does not say the same over and over.
	sleep 6
	run_guest 'chmem --json --try-timeout 2 -d -b 39'
	assert_status 1
	assert_stderr_like "chmem: $(block 39) disable failed: $reason"
	is "the reason" "$(json '.blocks[0].reason')" "${stderr#*disable failed: }"
	assert_back 39
}

# Fewer or more of them by a few, a moment later.
slab_is_counted() {
	local nslab told pfn

	guest ". /etc/functions; set_blocks 32-32 online_kernel; use_slab 6000"
	nslab=$(slab_pages 32)
	((nslab > 500))
	run_guest 'chmem -d -b 32'
	assert_status 1
	assert_stdout
	assert_stderr_like "chmem: $(block 32) disable failed: Device or resource busy; page frame 0x+([0-9a-f]) cannot be moved; it holds +([0-9]) slab*, +([0-9]) page-table*pages"
	assert_blocks 32-32 online
	pfn=${stderr#*page frame }
	assert_page_of 32 "${pfn%% *}"
	told=${stderr#*it holds }
	told=${told%% *}
	echo "# $(guest 'uname -r'): $nslab pages of slab, $told are told" >&3
	((told * 10 >= nslab * 9 && told * 9 <= nslab * 10))

	run_guest 'chmem --list --noheadings -b 32 -o OFFLINABLE,WHY'
	assert_status 0
	assert_stdout_like ' *no +([0-9]) slab*, +([0-9]) page-table*pages'
	assert_stderr
}

# In a guest of 1 GiB the firmware has the end of block 7.
holes_are_passed_over() {
	run_guest 'chmem --list --noheadings -b 7 -o STATE,ZONES,OFFLINABLE,WHY'
	assert_stdout_like '*online*DMA32*no has holes'
	watch_attempts
	run_guest 'chmem -d -z DMA32 128M'
	assert_status 0
	assert_stdout
	assert_stderr
	assert_blocks 7-7 online
	run attempts chmem
	is_like "the first attempt" "${lines[0]}" 'offline 6 *'
	[[ $output != *'offline 7 '* ]]
}

devices_are_told() {
	local first second

	first=$(guest "readlink $MEMORY/memory32/firmware_node")
	second=$(guest "readlink $MEMORY/memory39/firmware_node")
	run_guest 'chmem --list --noheadings -o BLOCK,DEVICE'
	assert_status 0
	is "devices" "$(awk '{ print $1, $2 }' <<<"$output")" \
		"$(printf '%s\n' '0-7 boot' "32-35 ${first##*/}" "36-39 ${second##*/}")"
	[[ ${first##*/} == PNP0C80:* && ${first##*/} != "${second##*/}" ]]
	assert_stderr
}

# Free, as they came, but for a little that is in use at once; nothing is told of a block
# that is offline.
contents_are_told() {
	local total free

	guest '. /etc/functions; set_blocks 36-37 online_movable'
	run_guest 'chmem --list --all --noheadings -b 36-38 -o BLOCK,STATE,FREE,MOVABLE,UNMOVABLE,OFFLINABLE'
	assert_status 0
	is_like "block 36" "$(xargs <<<"${lines[0]}")" '36 online 12[78]*M * 0B yes'
	is_like "block 37" "$(xargs <<<"${lines[1]}")" '37 online 12[78]*M * 0B yes'
	is "block 38" "$(xargs <<<"${lines[2]}")" '38 offline'
	run_guest 'chmem --json --list'
	assert_status 0
	assert_stderr
	is "free memory of block 38" "$(json '.blocks[] | select(.block == 38).free')" null
	# All that the kernel counts as free, but for what lies on the lists of CPUs.
	total=$(guest "awk '\$1 == \"MemFree:\" { print \$2 }' /proc/meminfo")
	free=$(json '[.blocks[].free // 0] | add / 1024 | floor')
	echo "# $(guest 'uname -r'): $total kB are free, $free are told" >&3
	((free * 100 >= total * 97 && free * 97 <= total * 100))
}
