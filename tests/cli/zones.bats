#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Zones: what is written where, which blocks -z takes, and where a block came to lie.

# shellcheck disable=SC2016 # what runs before a write expands its variables itself

load ../helpers

setup() {
	make_small_tree
}

set_zones() {
	local zones=$1

	for block in "${@:2}"; do
		echo "$zones" >"$MEMORY/memory$block/valid_zones"
	done
}

# ---- Without -z ----

@test "without -z a block goes to Movable wherever its zones list that, in any case" {
	set_zones Normal 4
	set_zones Movable 5
	set_zones 'Normal Movable DMA' 6
	set_zones mOVABLE 7
	set_zones 'DMA32 Normal' 8
	set_zones none 9
	set_zones '' 10
	rm "$MEMORY/memory11/valid_zones"
	run_chmem_hooked '' -e -b 4-11
	assert_status 0
	assert_stderr
	assert_writes '4 state online' '5 state online_movable' '6 state online_movable' \
		'7 state online_movable' '8 state online' '9 state online' '10 state online' '11 state online'
}

@test "only the whole name is Movable" {
	set_zones MovableX 4
	set_zones 'NotMovable Normal' 5
	set_zones Movabl 6
	set_zones Movable,Normal 7
	run_chmem_hooked '' -e 512M
	assert_status 0
	assert_writes '4 state online' '5 state online' '6 state online' '7 state online'
}

@test "zones are apart by any blanks, with or without a newline at the end" {
	printf '  Normal\tMovable  ' >"$MEMORY/memory4/valid_zones"
	printf 'Movable\n\n' >"$MEMORY/memory5/valid_zones"
	run_chmem_hooked '' -e -b 4-5
	assert_writes '4 state online_movable' '5 state online_movable'
}

@test "without -z zones that cannot be read do not matter" {
	rm "$MEMORY/memory4/valid_zones"
	mkdir "$MEMORY/memory4/valid_zones"
	chmod 0 "$MEMORY/memory5/valid_zones"
	run_chmem_unprivileged -e -b 4-5
	assert_status 0
	assert_stderr
	assert_states 4-5 "online online"
	run_chmem_unprivileged -d 256M
	assert_status 0
	assert_stderr
	assert_states 4-5 "offline offline"
}

@test "disabling a range does not ask for zones" {
	set_zones none 2
	set_zones 'DMA Normal' 3
	run_chmem_hooked '' -d -b 2-3
	assert_status 0
	assert_writes '2 state offline' '3 state offline'
}

# ---- -z ----

@test "-z Movable writes online_movable, any other zone online_kernel" {
	set_zones 'DMA DMA32 Normal Highmem Movable Device' 4 5 6 7 8 9
	local n=4

	for zone in DMA DMA32 Normal Highmem Movable Device; do
		run_chmem -e -z "$zone" -b $n
		assert_status 0
		assert_stderr
		n=$((n + 1))
	done
	assert_states 4-9 "online_kernel online_kernel online_kernel online_kernel online_movable online_kernel"
}

@test "a zone is written in any case" {
	set_zones 'DMA DMA32 Normal Highmem Movable Device' 4
	for zone in dma DmA dma32 normal NORMAL HighMem highmem mOVABLE movable DEVICE; do
		set_state 4 offline
		run_chmem -e -z "$zone" -b 4
		assert_status 0
		assert_stderr
	done
	set_zones 'dma32 NORMAL mOVABLE' 4
	for zone in DMA32 Normal Movable; do
		set_state 4 offline
		run_chmem -e -z "$zone" -b 4
		assert_status 0
		assert_stderr
	done
}

@test "a zone does not depend on the locale's idea of case" {
	export LOCPATH=$BATS_TEST_TMPDIR/locale
	mkdir "$LOCPATH"
	localedef -i tr_TR -f UTF-8 "$LOCPATH/tr_TR.UTF-8" || skip "no sources of a Turkish locale"
	set_zones Device 4
	LC_ALL=tr_TR.UTF-8 run_chmem -e -z DEVICE -b 4
	assert_status 0
	set_zones DEVICE 5
	LC_ALL=tr_TR.UTF-8 run_chmem -e -z device -b 5
	assert_status 0
	assert_states 4-5 "online_kernel online_kernel"
}

@test "an unknown zone is refused" {
	for zone in Bogus '' Mov Movablee DMA3 DMA320 none 'Normal Movable' ' Normal' 'Normal ' 1 automatic; do
		run_chmem -e -z "$zone" -b 4
		assert_status 1
		assert_stdout
		is stderr "$(tr -s ' ' <<<"${stderr-}" | sed 's/ $//')" "$(tr -s ' ' <<<"chmem: unknown memory zone: $zone" | sed 's/ $//')
Try 'chmem --help' for more information."
		assert_unchanged
	done
	run_chmem -d -z Bogus 128M
	assert_refused "chmem: unknown memory zone: Bogus" "Try 'chmem --help' for more information."
}

@test "D15: an unknown zone is refused whatever the blocks have" {
	rm "$MEMORY"/memory0/valid_zones
	for operand in 128M 0 0x0-0x7ffffff 0x60000000-0x67ffffff; do
		run_chmem -e -z Bogus "$operand"
		assert_refused "chmem: unknown memory zone: Bogus" "Try 'chmem --help' for more information."
	done
	rm "$MEMORY"/memory*/valid_zones
	for operand in 128M 0 0x20000000-0x27ffffff; do
		run_chmem -d -z Bogus "$operand"
		assert_refused "chmem: unknown memory zone: Bogus" "Try 'chmem --help' for more information."
	done
}

@test "a range reports each block whose zones do not list the zone asked for" {
	set_zones Normal 5
	set_zones none 6
	run_chmem -v -e -z Movable -b 4-7
	assert_status 64
	assert_stdout "$(block 4) enabled" "$(block 7) enabled"
	assert_stderr "chmem: $(block 5) enable failed: Zone mismatch" \
		"chmem: $(block 6) enable failed: Zone mismatch" \
		"chmem: Could only enable 256M of memory"
	assert_states 4-7 "online_movable offline offline online_movable"
	run_chmem -e -z Movable -b 5
	assert_refused "chmem: $(block 5) enable failed: Zone mismatch"
}

@test "a size takes the blocks whose zones list the zone asked for, and is silent about the others" {
	set_zones Normal 4
	set_zones 'DMA32 Movable' 6
	run_chmem -v -e -z Movable 384M
	assert_status 0
	assert_stdout "$(block 5) enabled" "$(block 6) enabled" "$(block 7) enabled"
	assert_stderr
	run_chmem -v -e -z DMA32 256M
	assert_status 1
	assert_stdout
	assert_stderr_line 0 "chmem: Could only enable 0B of memory"
}

@test "disabling takes only blocks whose first zone is the one asked for" {
	set_zones 'Normal Movable' 0
	set_zones 'Movable Normal' 1
	set_zones Movable 2
	set_zones none 3
	run_chmem -v -d -z Movable -b 0-3
	assert_status 64
	assert_stdout "$(block 1) disabled" "$(block 2) disabled"
	assert_stderr "chmem: $(block 0) disable failed: Zone mismatch" \
		"chmem: $(block 3) disable failed: Zone mismatch" \
		"chmem: Could only disable 256M of memory"
	assert_states 0-3 "online offline offline online"
}

@test "disabling by size skips a block whose zone does not fit, silently" {
	set_zones movable 0
	set_zones 'Normal Movable' 1
	set_zones Movable 2
	run_chmem -v -d -z Movable 256M
	assert_status 0
	assert_stdout "$(block 2) disabled" "$(block 0) disabled"
	assert_stderr
	run_chmem -d -z DMA 128M
	assert_refused "chmem: Could only disable 0B of memory" "chmem:   2 blocks: Zone mismatch"
}

@test "a block that is as wanted already is not asked for its zone when it is disabled" {
	set_zones Normal 5
	run_chmem -v -d -z Movable -b 4-5
	assert_status 0
	assert_stdout "$(block 4) already disabled" "$(block 5) already disabled"
	assert_stderr
}

@test "D12: -z DMA is not DMA32" {
	set_zones DMA32 4
	set_zones 'DMA32 DMA' 5
	run_chmem -v -e -z DMA -b 4-5
	assert_status 64
	assert_stdout "$(block 5) enabled"
	assert_stderr "chmem: $(block 4) enable failed: Zone mismatch" "chmem: Could only enable 128M of memory"
	set_zones DMA32 3
	run_chmem -d -z DMA -b 3
	assert_refused "chmem: $(block 3) disable failed: Zone mismatch"
	run_chmem -d -z DMA32 -b 3
	assert_status 0
}

# ---- Where a block is ----

@test "D13: a block that is online in another zone is not done, and the zone is named" {
	run_chmem -v -e -z Movable -b 3
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 3) enable failed: already online in zone Normal"
	assert_unchanged
	run_chmem -v -e -z Movable -b 3-4
	assert_status 64
	assert_stdout "$(block 4) enabled"
	assert_stderr "chmem: $(block 3) enable failed: already online in zone Normal" \
		'chmem: Could only enable 128M of memory'
	run_chmem -e -z DMA -b 2
	assert_status 1
	assert_stderr "chmem: $(block 2) enable failed: already online in zone Normal"
}

@test "D13: a block that is online in the zone asked for is already enabled" {
	set_zones movable 3
	run_chmem -v -e -z Movable -b 3
	assert_status 0
	assert_stdout "$(block 3) already enabled"
	assert_stderr
	run_chmem -v -e -z normal -b 2
	assert_status 0
	assert_stdout "$(block 2) already enabled"
}

@test "D13: where not exactly one zone is named, none is known" {
	set_zones 'Normal DMA' 0
	set_zones none 1
	set_zones '' 2
	rm "$MEMORY/memory3/valid_zones"
	run_chmem -v -e -z Movable -b 0-2
	assert_status 0
	assert_stdout "$(block 0) already enabled" "$(block 1) already enabled" "$(block 2) already enabled"
	assert_stderr
	run_chmem -e -b 3
	assert_status 0
}

@test "D13: by size a block that is online is no candidate, in whatever zone" {
	run_chmem -v -e -z Movable 128M
	assert_status 0
	assert_stdout "$(block 4) enabled"
	assert_stderr
	run_chmem -e -z Movable 1G
	assert_status 64
	assert_stdout
	assert_stderr "chmem: Could only enable 896M of memory"
}

@test "D14: a block that came online in another zone is not done, and the zone is named" {
	run_chmem_hooked 'echo Normal >"${path%/*}/valid_zones"' -e -z Movable -b 4
	assert_status 1
	assert_stderr "chmem: $(block 4) enable failed: came online in zone Normal"
	run_chmem_hooked '[ $block != 6 ] || echo Movable >"${path%/*}/valid_zones"' -v -e -z Normal -b 5-7
	assert_status 64
	assert_stderr "chmem: $(block 6) enable failed: came online in zone Movable" \
		'chmem: Could only enable 256M of memory'
	run_chmem_hooked 'echo DMA32 >"${path%/*}/valid_zones"' -e -z Movable 512M
	assert_status 1
	assert_stderr 'chmem: Could only enable 0B of memory' 'chmem:   4 blocks: came online in zone DMA32'
}

@test "D14: nor is one that somebody else was quicker to put elsewhere" {
	run_chmem_hooked 'echo online >"$path"; echo Normal >"${path%/*}/valid_zones"; exit $EINVAL' -v -e -z Movable -b 4
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 4) enable failed: already online in zone Normal"
}

@test "D14: the zone is judged only where -z asked for one, and exactly one is named" {
	run_chmem_hooked 'echo Normal >"${path%/*}/valid_zones"' -v -e -b 4
	assert_status 0
	assert_stdout "$(block 4) enabled"
	assert_stderr
	run_chmem_hooked 'echo "DMA Normal" >"${path%/*}/valid_zones"' -v -e -z Movable -b 5
	assert_status 0
	run_chmem_hooked 'echo none >"${path%/*}/valid_zones"' -v -e -z Movable -b 6
	assert_status 0
	run_chmem_hooked 'echo MOVABLE >"${path%/*}/valid_zones"' -v -e -z Movable -b 7
	assert_status 0
	assert_stdout "$(block 7) enabled"
	assert_stderr
}

# ---- What is known of zones ----

@test "where no block has valid_zones -z is ignored, and says so" {
	rm "$MEMORY"/memory*/valid_zones
	run_chmem -v -e -z Movable -b 4
	assert_status 0
	assert_stdout "$(block 4) enabled"
	assert_stderr "chmem: zone ignored, no valid_zones sysfs attribute present"
	run_chmem -v -e -z DMA 128M
	assert_status 0
	assert_stdout "$(block 5) enabled"
	assert_stderr "chmem: zone ignored, no valid_zones sysfs attribute present"
	run_chmem -d -z Movable -b 0-1
	assert_status 0
	assert_stderr "chmem: zone ignored, no valid_zones sysfs attribute present"
	run_chmem -d -z Movable 128M
	assert_status 0
	assert_stderr "chmem: zone ignored, no valid_zones sysfs attribute present"
	assert_states 0-6 "offline offline online online online offline offline"
}

@test "D15: the zones of every block are judged by its own valid_zones" {
	rm "$MEMORY"/memory{0,1,2,3,4,6}/valid_zones
	run_chmem -v -e -z Movable -b 4-6
	assert_status 64
	assert_stdout "$(block 5) enabled"
	assert_stderr_line 0 "chmem: $(block 4) enable failed: *unknown zone*"
	assert_stderr_line 1 "chmem: $(block 6) enable failed: *unknown zone*"
	assert_states 4-6 "offline online_movable offline"
	run_chmem -e -z Movable 256M
	assert_status 0
	assert_stdout
	assert_stderr
	assert_states 4-8 "offline online_movable offline online_movable online_movable"
}

@test "D15: blocks without valid_zones do not make -z ignored while any other block has it" {
	rm "$MEMORY"/memory{0..10}/valid_zones
	run_chmem -e -z Movable -b 4
	assert_status 1
	assert_stderr_like "chmem: $(block 4) enable failed: *unknown zone*"
	assert_unchanged
	run_chmem -d -z Normal -b 0
	assert_status 1
	assert_stderr_like "chmem: $(block 0) disable failed: *unknown zone*"
	assert_unchanged
}

@test "D17: zones that cannot be read are unknown, and nobody else's are used" {
	rm "$MEMORY/memory5/valid_zones"
	mkdir "$MEMORY/memory5/valid_zones"
	chmod 0 "$MEMORY/memory7/valid_zones"
	run_chmem_unprivileged -v -e -z Movable -b 4-7
	assert_status 64
	assert_stdout "$(block 4) enabled" "$(block 6) enabled"
	assert_stderr_line 0 "chmem: $(block 5) enable failed: *unknown zone*Is a directory"
	assert_stderr_line 1 "chmem: $(block 7) enable failed: *unknown zone*Permission denied"
	assert_states 4-7 "online_movable offline online_movable offline"

	rm "$MEMORY/memory3/valid_zones"
	ln -s nowhere "$MEMORY/memory3/valid_zones"
	printf '\0\1\2' >"$MEMORY/memory2/valid_zones"
	run_chmem -d -z Normal -b 1-3
	assert_status 64
	assert_stderr_line 0 "chmem: $(block 2) disable failed: *unknown zone*"
	assert_stderr_line 1 "chmem: $(block 3) disable failed: *unknown zone*"
}

@test "D17: zones that cannot be read anywhere are there all the same, and -z is not ignored" {
	for n in {0..11}; do
		rm "$MEMORY/memory$n/valid_zones"
		mkdir "$MEMORY/memory$n/valid_zones"
	done
	run_chmem -e -z Movable -b 4
	assert_status 1
	assert_stdout
	assert_stderr_like "chmem: $(block 4) enable failed: *unknown zone*Is a directory"
	assert_stderr_length 1
	run_chmem -d -z Normal 128M
	assert_status 1
	assert_stderr_line 0 "chmem: Could only disable 0B of memory"
	assert_stderr_line 1 "chmem:   4 blocks: *unknown zone*Is a directory"
	assert_unchanged
}

@test "D17: by size such a block is a reason" {
	for n in {5..11}; do
		rm "$MEMORY/memory$n/valid_zones"
		mkfifo "$MEMORY/memory$n/valid_zones"
	done
	run_chmem_under timeout 30 -- -e -z Movable 1G
	assert_status 64
	assert_stderr_line 0 "chmem: Could only enable 128M of memory"
	assert_stderr_line 1 "chmem:   7 blocks: *unknown zone*"
	assert_stderr_length 2
}

@test "D26: by size a block that lies in no single zone is passed over" {
	set_zones none 1 3
	run_chmem_hooked '' -v -d 256M
	assert_status 0
	assert_stdout "$(block 2) disabled" "$(block 0) disabled"
	assert_stderr
	assert_writes '2 state offline' '0 state offline'
	run_chmem_hooked '' -d 128M
	assert_status 1
	assert_stdout
	assert_stderr_line 0 "chmem: Could only disable 0B of memory"
	is "the writes" "$(cat "$WRITES")" ''
	assert_states 0-3 "offline online offline online"
}

@test "D26: a range tries it, and enabling is not concerned" {
	set_zones none 3 4
	run_chmem -d -b 3
	assert_status 0
	run_chmem_hooked '' -e 128M
	assert_status 0
	assert_writes '3 state online'
	run_chmem_hooked '' -e 128M
	assert_status 0
	assert_writes '4 state online'
}
