#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# --list on plain trees: which blocks are on a line, the columns and what they show, the summary,
# what it goes with, and what it costs.

load ../helpers

summary=('' 'Memory block size:       128M')
heads='RANGE                                  SIZE   STATE          ZONES NODE BLOCK'

# Two nodes, all states, a gap, and a block in several zones.
make_list_tree() {
	make_tree -b 0-7:online:Normal:0 -b 8:going-offline:Movable:0 \
		-b '32-47:offline:Normal Movable:1' -b 48:online:none:1
}

# cells_are LINE... - stdout with --noheadings, blanks between cells squeezed.
cells_are() {
	is cells "$(sed 's/  */ /g; s/^ //; s/ $//' <<<"$output")" "$(printf '%s\n' "$@")"
}

# assert_cells LINE... - that, and nothing on stderr.
assert_cells() {
	cells_are "$@"
	assert_stderr
}

# ---- The table ----

@test "--list shows ranges of blocks that look the same, and the sums of the system" {
	make_list_tree
	run_chmem --list
	assert_status 0
	assert_stderr
	assert_stdout \
		'RANGE                                  SIZE         STATE          ZONES NODE BLOCK' \
		'0x0000000000000000-0x000000003fffffff    1G        online         Normal    0   0-7' \
		'0x0000000040000000-0x0000000047ffffff  128M going-offline        Movable    0     8' \
		'0x0000000100000000-0x000000017fffffff    2G       offline Normal/Movable    1 32-47' \
		'0x0000000180000000-0x0000000187ffffff  128M        online           None    1    48' \
		"${summary[@]}" \
		'Total online memory:     1.1G' \
		'Total offline memory:    2.1G'
	assert_unchanged
}

@test "-l is --list" {
	make_list_tree
	run_chmem --list
	before=$output
	run_chmem -l
	assert_status 0
	is stdout "$output" "$before"
}

@test "--noheadings prints the lines of blocks alone, and implies --list" {
	make_list_tree
	run_chmem --noheadings
	assert_status 0
	assert_cells '0x0000000000000000-0x000000003fffffff 1G online Normal 0 0-7' \
		'0x0000000040000000-0x0000000047ffffff 128M going-offline Movable 0 8' \
		'0x0000000100000000-0x000000017fffffff 2G offline Normal/Movable 1 32-47' \
		'0x0000000180000000-0x0000000187ffffff 128M online None 1 48'
}

@test "a range ends where a column that is shown differs, and only there" {
	make_tree -b 0:online:Normal:0 -b 1:online:Normal:1 -b 2:online:Movable:1 -b 3:offline:Movable:1
	run_chmem --noheadings -o BLOCK,SIZE
	assert_cells '0-3 512M'
	run_chmem --noheadings -o BLOCK,NODE
	assert_cells '0 0' '1-3 1'
	run_chmem --noheadings -o BLOCK,ZONES
	assert_cells '0-1 Normal' '2-3 Movable'
	run_chmem --noheadings -o BLOCK,STATE
	assert_cells '0-2 online' '3 offline'
	run_chmem --noheadings -o BLOCK,NODE,STATE,ZONES
	assert_cells '0 0 online Normal' '1 1 online Normal' '2 1 online Movable' '3 1 offline Movable'
}

@test "a range ends at a gap" {
	make_tree -b 0-1:online:Normal -b 3:online:Normal
	run_chmem --noheadings -o BLOCK,RANGE
	assert_cells '0-1 0x0000000000000000-0x000000000fffffff' '3 0x0000000018000000-0x000000001fffffff'
}

@test "--all gives each block a line of its own" {
	make_tree -b 0-2:online:Normal
	run_chmem --noheadings --all -o BLOCK,SIZE
	assert_cells '0 128M' '1 128M' '2 128M'
	run_chmem --noheadings --all -o BLOCK -b 1-2
	assert_cells 1 2
}

@test "blocks are in the order of their numbers" {
	make_tree -b 100:online -b 20:online -b 3:online
	run_chmem --noheadings -o BLOCK
	assert_cells 3 20 100
}

# ---- Columns ----

@test "names of columns are taken in any case, and shown in the order that was asked for" {
	make_tree -b 0-3:online:Normal:0
	run_chmem -o size,Block,RANGE,block
	assert_status 0
	is "the first line" "$(sed 's/  */ /g; s/^ //; 1q' <<<"$output")" 'SIZE BLOCK RANGE BLOCK'
	is "the second line" "$(sed -n 's/  */ /g; s/^ //; 2p' <<<"$output")" \
		'512M 0-3 0x0000000000000000-0x000000001fffffff 0-3'
}

@test "a plus adds columns to the usual ones" {
	make_tree -b 0-3:online:Normal:0
	run_chmem --noheadings -o +removable,range
	assert_cells '0x0000000000000000-0x000000001fffffff 512M online Normal 0 0-3 yes 0x0000000000000000-0x000000001fffffff'
}

@test "of several lists of columns the last counts" {
	make_tree -b 0-3:online:Normal:0
	run_chmem --noheadings -o FOO -o SIZE -o BLOCK
	assert_cells 0-3
}

@test "a column that there is none of is refused" {
	local list

	make_small_tree
	for list in FOO RANGE,FOO FOO,RANGE +FOO; do
		run_chmem -o "$list"
		assert_refused 'chmem: unknown column: FOO' "Try 'chmem --help' for more information."
	done
	for list in '' + ',' 'RANGE,' ',RANGE' '+RANGE,'; do
		run_chmem -o "$list"
		assert_refused 'chmem: unknown column: ' "Try 'chmem --help' for more information."
	done
	run_chmem -o ' RANGE'
	assert_refused 'chmem: unknown column:  RANGE' "Try 'chmem --help' for more information."
	run_chmem -o RANG
	assert_refused 'chmem: unknown column: RANG' "Try 'chmem --help' for more information."
	run_chmem -o ++RANGE
	assert_refused 'chmem: unknown column: +RANGE' "Try 'chmem --help' for more information."
}

@test "64 columns are taken, and no more" {
	local list

	make_small_tree
	list=$(printf 'SIZE,%.0s' {1..63})BLOCK
	run_chmem --noheadings -b 0 -o "$list"
	assert_status 0
	is "number of cells" "$(wc -w <<<"$output")" 64
	run_chmem -o "$list,SIZE"
	assert_refused "chmem: too many columns: $list,SIZE"
}

@test "--help names all columns, and each is taken" {
	local column columns

	make_small_tree
	columns=$("$CHMEM" --help | sed -n '/^Columns:/,/^$/s/^ \([A-Z-]*\) .*/\1/p')
	is "the columns" "$(xargs <<<"$columns")" 'RANGE SIZE STATE ZONES NODE BLOCK DEVICE FREE MOVABLE UNMOVABLE OFFLINABLE WHY REMOVABLE CONFIGURED MEMMAP-ON-MEMORY'
	for column in $columns; do
		run_chmem -o "$column"
		assert_status 0
		is "the first line" "$(xargs <<<"${output%%$'\n'*}")" "$column"
	done
}

@test "a state that is no word of the kernel's, or cannot be read, is shown as ?" {
	make_tree -b 0-3:online:Normal -b 4:strange:Normal
	rm "$MEMORY/memory1/state"
	echo strange >"$MEMORY/memory2/state"
	run_chmem --noheadings -o BLOCK,STATE
	assert_status 0
	assert_cells '0 online' '1-2 ?' '3 online' '4 ?'
}

@test "zones that are not known, or not to be read, are shown so" {
	make_tree -b '0:online:Elsewhere' -b '1:offline:Normal Elsewhere' -b 2:online
	run_chmem --noheadings -o BLOCK,ZONES
	assert_cells '0 Unknown' '1 Normal/Unknown' 2
}

@test "the node of a block is the lowest of its nodes, or none" {
	make_tree -b 0:online:Normal:2 -b 1:online:Normal
	ln -s ../../node/node1 "$MEMORY/memory0/node1"
	run_chmem --noheadings -o BLOCK,NODE
	assert_cells '0 1' 1
}

@test "REMOVABLE is told of blocks that are online" {
	make_tree -b 0-3:online:Normal -b 4:offline
	echo 0 >"$MEMORY/memory1/removable"
	echo x >"$MEMORY/memory2/removable"
	rm "$MEMORY/memory3/removable"
	run_chmem --noheadings -o BLOCK,REMOVABLE
	assert_cells '0 yes' '1 no' 2-4
}

@test "a DIMM is known by its link, without iomem nothing else is" {
	make_tree -b 0-3:online:Normal
	ln -s ../../../LNXSYSTM:00/LNXSYBUS:00/PNP0C80:01 "$MEMORY/memory2/firmware_node"
	run_chmem --noheadings -o BLOCK,DEVICE
	assert_status 0
	assert_cells 0-1 '2 PNP0C80:01' 3
}

@test "the device of a block is known from iomem" {
	make_tree -b 0-4:online:Normal
	ln -s ../PNP0C80:01 "$MEMORY/memory1/firmware_node"
	mkdir "$TREE/proc"
	printf '%s\n' '00000000-0fffffff : System RAM' '10000000-17ffffff : System RAM (virtio_mem)' \
		'18000000-1fffffff : System RAM (kmem)' >"$TREE/proc/iomem"
	run_chmem --noheadings -o BLOCK,DEVICE
	assert_status 0
	assert_cells '0 boot' '1 PNP0C80:01' '2 virtio-mem' '3 kmem' 4
}

@test "where contents cannot be seen their cells are empty, and one line says why" {
	make_tree -b 0-1:online:Normal -b 2:online:none -b 3:offline:Movable
	run_chmem --noheadings -o BLOCK,FREE,MOVABLE,UNMOVABLE,OFFLINABLE,WHY
	assert_status 0
	cells_are 0-1 '2 no valid_zones is none' 3
	assert_stderr 'chmem: what is in blocks cannot be seen, or not all of it: No such file or directory'
}

@test "on s390 blocks that are not configured are offline" {
	make_s390_tree
	run_chmem -o BLOCK,STATE,CONFIGURED,MEMMAP-ON-MEMORY
	assert_status 0
	assert_stderr
	is cells "$(sed 's/  */ /g; s/^ //' <<<"$output" | head -n 5)" "BLOCK STATE CONFIGURED MEMMAP-ON-MEMORY
0-3 online yes no
4-5 offline yes no
6-9 offline no no
10-11 offline no yes"
	is "the last line" "${output##*$'\n'}" 'Total offline memory:      1G'
}

@test "elsewhere nothing is known of configuration" {
	make_tree -b 0-3:online:Normal
	run_chmem --noheadings -o BLOCK,CONFIGURED,MEMMAP-ON-MEMORY
	assert_status 0
	assert_cells 0-3
}

@test "before Linux 5.6 a list is the same" {
	make_tree -b 0-39:online:Normal:0
	ln -s ../../../LNXSYSTM:00/PNP0C80:01 "$MEMORY/memory2/firmware_node"
	run_chmem_under "${abs_top_builddir:?}/tests/cli/no-openat2" -- --noheadings -o BLOCK,DEVICE,NODE
	assert_status 0
	assert_cells '0-1 0' '2 PNP0C80:01 0' '3-39 0'
}

# ---- Beside lsmem ----

@test "what lsmem shows, too, looks as it does there" {
	local columns=RANGE,SIZE,STATE,REMOVABLE,BLOCK,NODE,ZONES

	command -v lsmem >/dev/null || skip "there is no lsmem"
	make_tree -b 0-7:online:Normal:0 -b '32-47:offline:Normal Movable:1' -b 48:online:none:1 \
		-b 49-99:online:Movable:1
	for arguments in '' --all; do
		# shellcheck disable=SC2086 # words
		run_chmem -o "$columns" $arguments
		assert_status 0
		assert_stderr
		# shellcheck disable=SC2086 # words
		is "what is shown" "$output" "$(lsmem -s "$TREE" -o "$columns" $arguments)"
	done
}

@test "sums of terabytes are aligned as lsmem does it" {
	command -v lsmem >/dev/null || skip "there is no lsmem"
	make_tree -s 80000000 -b 0-7:online:Normal:0 -b 1000000000:offline:Normal:0 -b 5000-6151:offline:Normal:0
	run_chmem -o RANGE,SIZE,BLOCK,STATE
	assert_status 0
	is "what is shown" "$output" "$(lsmem -s "$TREE" -o RANGE,SIZE,BLOCK,STATE)"
}

# ---- Which blocks ----

@test "block numbers and ranges of addresses choose blocks" {
	make_list_tree
	run_chmem --noheadings -o BLOCK -b 6-8,40
	assert_status 0
	assert_cells 6-8 40
	run_chmem --noheadings -o BLOCK 0x30000000-0x47ffffff
	assert_status 0
	assert_cells 6-8
}

@test "the sums are those of the whole system, whatever is listed" {
	make_list_tree
	run_chmem --list -b 33
	assert_status 0
	assert_stdout "$heads" \
		'0x0000000108000000-0x000000010fffffff  128M offline Normal/Movable    1    33' \
		"${summary[@]}" 'Total online memory:     1.1G' 'Total offline memory:    2.1G'
}

@test "of blocks that are missing in part, the others are listed" {
	make_list_tree
	run_chmem --noheadings -o BLOCK -b 7-10
	assert_status 64
	cells_are 7-8
	assert_stderr 'chmem: Memory Blocks 9-10 do not exist'
	run_chmem -o BLOCK -b 8,9
	assert_status 64
	assert_stderr "chmem: $(block 9) does not exist"
	is "the last line" "${output##*$'\n'}" 'Total offline memory:    2.1G'
}

@test "where none of the blocks exists nothing is listed" {
	make_list_tree
	run_chmem --list -b 9
	assert_refused "chmem: $(block 9) does not exist"
	run_chmem --list 0x800000000-0x8ffffffff
	assert_refused 'chmem: Memory Blocks 256-287 do not exist'
}

@test "a range beyond all blocks is looked up in the directory" {
	make_list_tree
	run_chmem --noheadings -o BLOCK -b 48-5000
	assert_status 64
	cells_are 48
	assert_stderr 'chmem: Memory Blocks 49-5000 do not exist'
}

@test "-z narrows the list to blocks that are in that zone or can go to it" {
	make_list_tree
	run_chmem --noheadings -o BLOCK -z movable
	assert_status 0
	assert_cells 8 32-47
	run_chmem --list -z DMA
	assert_refused 'chmem: No memory block is in zone DMA'
	run_chmem --list -z Foo
	assert_refused 'chmem: unknown memory zone: Foo' "Try 'chmem --help' for more information."
	run_chmem --list -z auto
	assert_refused 'chmem: --zone auto goes with --enable only'
}

@test "--node narrows the list, and the sums are those of all nodes" {
	make_list_tree
	run_chmem -o BLOCK --node 1
	assert_status 0
	assert_stdout BLOCK 32-48 "${summary[@]}" 'Total online memory:     1.1G' 'Total offline memory:    2.1G'
	run_chmem --noheadings -o BLOCK --node 1 -b 7-8,32-33
	assert_cells 32-33
	run_chmem --list --node 1 -b 7-8
	assert_refused 'chmem: there is no such memory block of node 1'
}

@test "--node narrows a range of addresses" {
	make_list_tree
	make_tree -b '9-10:offline:Normal Movable:1'
	run_chmem --list --node 1 0x38000000-0x4fffffff
	assert_status 0
	assert_stderr
	assert_stdout \
		'RANGE                                  SIZE   STATE          ZONES NODE BLOCK' \
		'0x0000000048000000-0x000000004fffffff  128M offline Normal/Movable    1     9' \
		"${summary[@]}" \
		'Total online memory:     1.1G' \
		'Total offline memory:    2.4G'
	run_chmem --list --node 1 0x0-0x47ffffff
	assert_refused 'chmem: there is no such memory block of node 1'
}

@test "there is nothing to list where there are no memory blocks" {
	make_tree
	run_chmem --list
	assert_refused 'chmem: Failed to read /sys/devices/system/memory: there are no memory blocks'
}

# ---- What it goes with ----

@test "--list takes no size" {
	local size

	make_small_tree
	for size in 1G 1 abc 0x8000000 1,2; do
		run_chmem --list -- "$size"
		assert_refused "chmem: --list takes a RANGE, or with -b a BLOCKRANGE, but no SIZE: '$size'"
	done
}

@test "operands that are none are refused with --list as elsewhere" {
	make_small_tree
	run_chmem --list -- -
	assert_refused 'chmem: Invalid parameter: -'
	run_chmem --list 0x0-0x1
	assert_refused 'chmem: Start address and (end address + 1) must be aligned to memory block size (128M)'
	run_chmem --list 4-5
	assert_refused 'chmem: Invalid start address format: 4 (-b takes block numbers)'
	run_chmem --list -b x
	assert_refused "chmem: Failed to parse block number: 'x'"
	for arguments in '-b' '-b 1 2' '0x0-0x7ffffff 0x0-0x7ffffff'; do
		# shellcheck disable=SC2086 # words
		run_chmem --list $arguments
		assert_refused 'chmem: bad usage' "Try 'chmem --help' for more information."
	done
}

@test "what changes blocks, or bounds that, does not go with a list" {
	local option name implied

	make_small_tree
	for option in --enable --disable --configure --deconfigure --memmap-on-memory=1 --resize=1G \
		--order=lowest --try-timeout=1 --timeout=1 --retries=1 --keep-free=1G --atomic --lock --wait=1; do
		name=${option%%=*}
		run_chmem --list "$option"
		assert_refused "chmem: options --list and $name cannot be combined"
		run_chmem "$option" --list
		assert_refused "chmem: options $name and --list cannot be combined"
		for implied in --output=SIZE --noheadings; do
			run_chmem "$option" "$implied"
			assert_refused "chmem: options $name and ${implied%%=*} cannot be combined"
		done
	done
}

@test "-n is a dry run and no --noheadings, and says so" {
	make_small_tree
	run_chmem --list -n
	assert_refused "chmem: options --list and --dry-run cannot be combined (lsmem's -n is --noheadings here)"
	run_chmem -n --noheadings
	assert_refused "chmem: options --dry-run and --noheadings cannot be combined (lsmem's -n is --noheadings here)"
}

@test "-v changes nothing of a list" {
	make_list_tree
	run_chmem --list
	before=$output
	run_chmem --list -v
	assert_status 0
	is stdout "$output" "$before"
}

@test "a full disk is a failure" {
	[ -c /dev/full ] || skip "there is no /dev/full"
	make_list_tree
	run --separate-stderr bash -c 'exec -a chmem "$@" >/dev/full' - "$CHMEM" --sysroot "$TREE" --list
	assert_status 1
	assert_stderr 'chmem: write error: No space left on device'
}

@test "a list longer than any buffer fails on a full disk, too" {
	[ -c /dev/full ] || skip "there is no /dev/full"
	make_tree -b 0-999:online:Normal
	run --separate-stderr bash -c 'exec -a chmem "$@" >/dev/full' - "$CHMEM" --sysroot "$TREE" --noheadings --all
	assert_status 1
	assert_stderr 'chmem: write error: No space left on device'
}

@test "nothing is opened for writing, no lock is taken, and no process is started" {
	need_tracing
	make_list_tree
	run --separate-stderr traced "$BATS_TEST_TMPDIR/trace" -f \
		"$CHMEM" --sysroot "$TREE" --list -o +DEVICE,FREE,REMOVABLE,CONFIGURED
	assert_status 0
	grep -q 'memory0/state' "$BATS_TEST_TMPDIR/trace"
	run ! grep -E 'O_RDWR|O_WRONLY|\b(flock|v?fork|clone3?)\(' "$BATS_TEST_TMPDIR/trace"
}

@test "an ordinary user can list" {
	make_list_tree
	setpriv --reuid=65534 --clear-groups true 2>/dev/null || skip "there is no other user here"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR" "${BATS_TEST_TMPDIR%/*}"
	setpriv --reuid=65534 --clear-groups test -r "$MEMORY/memory0/state" -a -x "$CHMEM" ||
		skip "what another user needs is out of his reach"
	run_chmem_under setpriv --reuid=65534 --clear-groups -- --noheadings -o BLOCK
	assert_status 0
	assert_cells 0-8 32-48
}

# ---- Colors ----

# on_terminal [NAME=VALUE]... - stdout of --list where it is a terminal.
on_terminal() {
	command -v script >/dev/null || skip "no script"
	env TERM=xterm NO_COLOR= "$@" script -qec "'$CHMEM' --sysroot '$TREE' --list -b 0" /dev/null </dev/null
}

@test "states have colors on a terminal" {
	make_list_tree
	run on_terminal
	assert_status 0
	[[ $output == *$'\e['*online* ]]
}

@test "NO_COLOR, if it is not empty, and a dumb terminal turn colors off" {
	local environment

	make_list_tree
	for environment in NO_COLOR=1 TERM=dumb TERM=; do
		run on_terminal "$environment"
		assert_status 0
		[[ $output == *online* && $output != *$'\e'* ]] || {
			printf '%s: %q\n' "$environment" "$output"
			return 1
		}
	done
}

@test "there are no colors in a pipe" {
	make_list_tree
	TERM=xterm run_chmem --list
	assert_status 0
	[[ $output != *$'\e'* ]]
}

# ---- Cost ----

# calls_of COMMAND - how many system calls of that kind are in the trace.
calls_of() {
	grep -cE "^[0-9]* *($1)\(" "$BATS_TEST_TMPDIR/trace" || true
}

trace_list() {
	need_tracing
	run --separate-stderr traced "$BATS_TEST_TMPDIR/trace" \
		"$CHMEM" --sysroot "$TREE" "$@"
	grep -q __asan_init "$CHMEM" && sed -i -E '/^(mmap|munmap|brk)\(/d' "$BATS_TEST_TMPDIR/trace"
	calls=$(grep -c '(' "$BATS_TEST_TMPDIR/trace")
}

@test "a block costs three calls for its state, three for its zones, and none for its node" {
	local few

	make_tree -b '0-99:offline:Normal Movable:0'
	trace_list --noheadings -o STATE
	few=$calls
	trace_list --noheadings -o STATE,NODE
	[ $((calls - few)) -lt 250 ] # 31 blocks are asked themselves
	make_tree -b '100-2099:offline:Normal Movable:0'
	trace_list --noheadings -o STATE
	[ $((calls - few)) -ge 6000 ]
	[ $((calls - few)) -lt 6100 ]
	few=$calls
	trace_list --noheadings -o STATE,ZONES
	[ $((calls - few)) -lt 6400 ]
	trace_list --noheadings -o STATE,NODE
	[ $((calls - few)) -lt 400 ]
}

# assert_opened STATES ZONES - so many of these files, by the last trace.
assert_opened() {
	is "states opened" "$(grep -c '/state"' "$BATS_TEST_TMPDIR/trace")" "$1"
	is "zones opened" "$(grep -c '/valid_zones"' "$BATS_TEST_TMPDIR/trace")" "$2"
}

@test "only what is shown is read of a block, and its state for the sums" {
	make_tree -b '0-9:offline:Normal Movable'
	trace_list --noheadings -o STATE
	assert_opened 10 0
	trace_list --noheadings -o ZONES
	assert_stdout 'Normal/Movable'
	assert_opened 0 10
	trace_list --noheadings -o BLOCK
	assert_stdout '  0-9'
	assert_opened 0 0
	trace_list -o ZONES
	assert_stdout '         ZONES' 'Normal/Movable' \
		"${summary[@]}" 'Total online memory:       0B' 'Total offline memory:    1.3G'
	assert_opened 10 10
}

@test "nothing but a block that is named is looked at without a summary" {
	local few

	make_tree -b 0-32:online:Normal:0
	trace_list --noheadings -b 32
	few=$calls
	make_tree -b 33-2999:online:Normal:0
	trace_list --noheadings -b 32
	assert_status 0
	is "directories that are listed" "$(calls_of getdents64)" 2 # of the block's own, for its node
	is "calls" "$calls" "$few"
	[ "$(grep -c memory31 "$BATS_TEST_TMPDIR/trace")" -eq 0 ]
}

@test "20,000 blocks are listed" {
	make_tree -b 0-9999:online:Normal:0 -b 10000-19999:offline:Normal:1
	run_chmem -o RANGE,SIZE,STATE,NODE,BLOCK
	assert_status 0
	assert_stdout \
		'RANGE                                  SIZE   STATE NODE       BLOCK' \
		'0x0000000000000000-0x000001387fffffff  1.2T  online    0      0-9999' \
		'0x0000013880000000-0x00000270ffffffff  1.2T offline    1 10000-19999' \
		"${summary[@]}" 'Total online memory:     1.2T' 'Total offline memory:    1.2T'
}
