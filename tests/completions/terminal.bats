#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2030,SC2031,SC2154 # each test has its own variables; of terminal
#
# The bash completion as a user meets it: Tab at the prompt of an interactive bash.

load terminal

setup_file()
{
	[[ ! $(terminal_missing) ]] || return 0
	completions_setup

	common_trees
	mktree "$TREES/nozones" -b 0-3:online -b 4:offline
	mktree "$TREES/my tree" -b 0-1:online -b 5:offline
	mkdir -p "$TREES/my twin" "$TREES/odd:a=b@c d" "$TREES/other" \
		"$TREES/größer als"
	: >"$TREES/my text"
	mktree "$BATS_FILE_TMPDIR/home/my tree" -b 6:offline

	terminal_start main </dev/null
	export TERMINAL
}

setup()
{
	terminal_setup
}

teardown_file()
{
	terminal_teardown_file
}

@test "the options, short and long, are offered to an empty command" {
	local left

	options_without
	tabs_to 'chmem ' 'chmem -' "${left[@]}"
}

@test "a dash offers the options, two dashes the long ones" {
	local left

	options_without
	tabs 'chmem -' "${left[@]}"
	mapfile -t left < <(printf '%s\n' "${left[@]}" | grep '^--')
	tabs 'chmem --' "${left[@]}"
}

@test "an option is completed" {
	tab 'chmem --blo' 'chmem --blocks '
	tab 'chmem --m' 'chmem --memmap-on-memory '
	tab 'chmem -e' 'chmem -e '
	tab 'chmem -e --ver' 'chmem -e --ver'
	tabs 'chmem -e --ver' --verbose --version
}

@test "short options in one word are complete" {
	tab 'chmem -ve' 'chmem -ve '
	tab 'chmem -vebs' 'chmem -vebs '
	tab 'chmem -vx' 'chmem -vx'
}

@test "the options that go with those on the line are offered" {
	local i left

	for ((i = 0; i < ${#excluded[@]}; i += 2)); do
		options_without "${excluded[i + 1]}"
		tabs "chmem ${excluded[i]:+${excluded[i]} }-" "${left[@]}"
	done
}

@test "an abbreviated option counts" {
	local left

	options_without enable disable configure deconfigure memmap-on-memory zone resize keep-free \
		unplug list output noheadings auto-online
	tabs 'chmem --deconf -' "${left[@]}"
	options_without node order unplug list output noheadings auto-online
	tabs 'chmem --nod=0 --ord lowest -' "${left[@]}"
}

@test "an option without a letter is completed, and an ambiguous one as far as it goes" {
	tab 'chmem --at' 'chmem --atomic '
	tab 'chmem --k' 'chmem --keep-free '
	tab 'chmem --loc' 'chmem --lock '
	tabs 'chmem --t' --try-timeout --timeout
	tab 'chmem -a' 'chmem -a'
	tab 'chmem -t' 'chmem -t'
}

@test "after --lock= its words are offered, after --lock an operand" {
	tabs 'chmem --lock=' auto yes no nonblock
	tab 'chmem -d --lo=au' 'chmem -d --lo=auto '
	tabs_to 'chmem --lock=n' 'chmem --lock=no' no nonblock
	tab 'chmem --lock=x' 'chmem --lock=x'
	tab 'chmem -s plain -e -b --lock 9' 'chmem -s plain -e -b --lock 9 '
}

@test "after an option that takes a number nothing is offered, and then the operand" {
	local option

	for option in --try-timeout --timeout --retries --keep-free --wait; do
		tabs "chmem -s plain -d $option "
		tabs "chmem -s plain -d $option="
		tab "chmem -s plain -e -b $option 1 9" "chmem -s plain -e -b $option 1 9 "
		tab "chmem -s plain -e -b $option=1 9" "chmem -s plain -e -b $option=1 9 "
	done
}

@test "after -z the zones that exist there are offered" {
	tabs 'chmem -s plain -z ' DMA32 Normal Movable auto
	tabs 'chmem -s plain --zone=' DMA32 Normal Movable auto
	tabs 'chmem -s s390 -e --zo ' Normal Movable auto
}

@test "a zone is found in any case and gets its spelling" {
	tab 'chmem -s plain -z nor' 'chmem -s plain -z Normal '
	tab 'chmem -s plain -z MOV' 'chmem -s plain -z Movable '
	tab 'chmem -s plain --zone=dma' 'chmem -s plain --zone=DMA32 '
	tab 'chmem -s plain -ezNOR' 'chmem -s plain -ezNormal '
	tab 'chmem -s plain -z high' 'chmem -s plain -z high'
}

@test "where no block has a zone only auto is offered, and not with -d" {
	tab 'chmem -s nozones -z ' 'chmem -s nozones -z auto '
	tabs 'chmem -s nozones -d -z '
}

@test "after -m 0 and 1 are offered" {
	tabs 'chmem -c -m ' 0 1
	tabs 'chmem -c --memmap-on-memory=' 0 1
	tab 'chmem -c -m 1' 'chmem -c -m 1 '
	tab 'chmem -c -m 2' 'chmem -c -m 2'
}

@test "after -e -b the offline blocks and their runs are offered" {
	tabs 'chmem -s plain -e -b ' 8-11 20-21 8 9 10 11 13 20 21
}

@test "after -d -b the online blocks and their runs are offered" {
	tabs 'chmem -s plain -d -b ' 0-7 0 1 2 3 4 5 6 7 12 22
}

@test "block numbers and ranges are completed" {
	tab 'chmem -s plain -eb 8-' 'chmem -s plain -eb 8-11 '
	tab 'chmem -s plain -eb 9' 'chmem -s plain -eb 9 '
	tab 'chmem -s plain --enable --blocks 20-' 'chmem -s plain --enable --blocks 20-21 '
	tabs 'chmem -s plain -b -e 2' 20-21 20 21
	tab 'chmem -s plain -b -e 3' 'chmem -s plain -b -e 3'
	tab 'chmem -s plain -b -e 13-' 'chmem -s plain -b -e 13-'
}

@test "after -e 0x the address ranges of offline blocks are offered" {
	tab 'chmem -s plain -e 0' 'chmem -s plain -e 0x00000000'
	tabs 'chmem -s plain -e 0x00000000' 0x0000000040000000-0x000000005fffffff \
		0x0000000068000000-0x000000006fffffff 0x00000000a0000000-0x00000000afffffff
	tab 'chmem -s plain -e 0x000000004' \
		'chmem -s plain -e 0x0000000040000000-0x000000005fffffff '
	tab 'chmem -s plain -e 0X00000000A' \
		'chmem -s plain -e 0x00000000a0000000-0x00000000afffffff '
}

@test "after -d 0x the address ranges of online blocks are offered" {
	tab 'chmem -s plain -d 0x' 'chmem -s plain -d 0x00000000'
	tabs 'chmem -s plain -d 0x00000000' 0x0000000000000000-0x000000003fffffff \
		0x0000000060000000-0x0000000067ffffff 0x00000000b0000000-0x00000000b7ffffff
}

@test "sizes are offered up to what is offline for -e, online for -d" {
	tabs 'chmem -s plain -e ' 128M 256M 384M 512M 640M 768M 896M \
		0x0000000040000000-0x000000005fffffff 0x0000000068000000-0x000000006fffffff \
		0x00000000a0000000-0x00000000afffffff
	tabs 'chmem -s plain -d ' 128M 256M 384M 512M 640M 768M 896M 1G 1152M 1280M \
		0x0000000000000000-0x000000003fffffff 0x0000000060000000-0x0000000067ffffff \
		0x00000000b0000000-0x00000000b7ffffff
}

@test "a size is completed, its unit in any case" {
	tab 'chmem -s plain -e 3' 'chmem -s plain -e 384M '
	tab 'chmem -s plain -d 1g' 'chmem -s plain -d 1G '
	tabs 'chmem -s plain -d 1' 128M 1G 1152M 1280M
	tab 'chmem -s plain -e 7' 'chmem -s plain -e 768M '
	tab 'chmem -s plain -e 1G' 'chmem -s plain -e 1G'
}

@test "on s390 -e offers unconfigured blocks, too" {
	tabs 'chmem -s s390 -e -b ' 4-9 4 5 6 7 8 9
	tabs 'chmem -s s390 -d -b ' 0-3 0 1 2 3
}

@test "-c offers what is not configured, -g what is configured and not online" {
	tabs 'chmem -s s390 -c -b ' 6-9 6 7 8 9
	tabs 'chmem -s s390 -g -b ' 4-5 4 5
	tabs 'chmem -s s390 -g ' 128M 256M 0x0000000020000000-0x000000002fffffff
	tabs 'chmem -s s390 -c -m 1 ' 128M 256M 384M 512M 0x0000000030000000-0x000000004fffffff
	tabs 'chmem -s plain -c '
	tabs 'chmem -s plain -g -b '
}

@test "after -s directories are offered and nothing else" {
	tabs 'chmem -s ' 'größer als/' 'my tree/' 'my twin/' nozones/ 'odd:a=b@c d/' other/ \
		plain/ s390/
	tab 'chmem -s pl' 'chmem -s plain/'
	tab 'chmem --sysroot=pl' 'chmem --sysroot=plain/'
	tab 'chmem -ves pl' 'chmem -ves plain/'
	tab 'chmem --sys plain/sys/dev' 'chmem --sys plain/sys/devices/'
	tab 'chmem -spl' 'chmem -splain/'
	tab 'chmem -s ..' 'chmem -s ../'
}

@test "blanks in the name of a directory are quoted as the word is" {
	tab 'chmem -s my' 'chmem -s my\ t'
	tabs 'chmem -s my\ t' 'my tree/' 'my twin/'
	tab 'chmem -s my\ tr' 'chmem -s my\ tree/'
	tab "chmem -s 'my tr" "chmem -s 'my tree'/"
	tab "chmem -s 'my tree'/" 'chmem -s my\ tree/sys/'
	tab 'chmem -s "my tr' 'chmem -s "my tree"/'
	tab 'chmem --sysroot=my\ tr' 'chmem --sysroot=my\ tree/'
	tab 'chmem --sysroot="my tr' 'chmem --sysroot="my tree"/'
	tab 'chmem --sysroot="my tree"/s' 'chmem --sysroot=my\ tree/sys/'
	tab 'chmem -smy\ tr' 'chmem -smy\ tree/'
	tab "chmem -s ${TREES// /\\ }/my\\ tr" "chmem -s ${TREES// /\\ }/my\\ tree/"
	tab 'chmem -s gr' 'chmem -s größer\ als/'
	tab 'chmem -s ~/m' 'chmem -s ~/my\ tree/'
}

@test "a directory may have the characters that part words" {
	tab 'chmem -s od' 'chmem -s odd\:a\=b@c\ d/'
	tab "chmem --sysroot 'odd" "chmem --sysroot 'odd:a=b@c d'/"
	tab 'chmem -s odd:a' 'chmem -s odd:a\=b@c\ d/'
	tab 'chmem -s odd:a=' 'chmem -s odd:a=b@c\ d/'
}

@test "every spelling of --sysroot counts" {
	local spelling

	for spelling in '-s my\ tree' "-s 'my tree'" '-s "my tree"' '-smy\ tree' '-s"my tree"' \
		'--sysroot my\ tree' '--sysroot=my\ tree' '--sysroot="my tree"' "--sys 'my tree'" \
		'--s my\ tree' '--sysr=my" "tree' '-vs my\ tree' '-vbs"my tree"' \
		'-s other -s my\ tree' "-s ${TREES// /\\ }/my\\ tree/" '-s ./my\ tree' \
		'-s other/../my\ tree' "-v -s \$PWD/my\\ tree" "-s \"\${PWD}/my tree\""; do
		tab "chmem -e -b $spelling " "chmem -e -b $spelling 5 "
	done
	tab 'chmem -s ~/my\ tree -e -b ' 'chmem -s ~/my\ tree -e -b 6 '
	tab 'chmem -e -b -s ~/"my tree" ' 'chmem -e -b -s ~/"my tree" 6 '
}

@test "a sysroot that has nothing offers nothing" {
	mkdir -p "$TREES/link/sys/devices/system"
	ln -sfn "$TREES/plain/sys/devices/system/memory" "$TREES/link/sys/devices/system/memory"

	tabs 'chmem -s other -e '
	tabs 'chmem -s other -d -z '
	tabs 'chmem -s missing -d -b '
	tabs 'chmem -s "" -d -b '
	tabs 'chmem -s link -d -b '
	rm -r "$TREES/link"
}

@test "without --sysroot it is the system at hand" {
	local here=/sys/devices

	[[ $(stat -f -c %T /sys) == tmpfs && ! -e $here && -w /sys ]] ||
		need_or_skip 'only where tests/isolate has put an empty /sys'
	cp -r "$TREES/plain/sys/devices" /sys/
	run tab 'chmem -e -b 20-' 'chmem -e -b 20-21 '
	rm -r "$here"
	[[ $status -eq 0 ]] || { echo "$output" && false; }
}

@test "no command on the line is run, and no variable is lost" {
	tabs "chmem -s \$(touch $BATS_TEST_TMPDIR/ran) -e -b "
	tabs "chmem -s \`touch $BATS_TEST_TMPDIR/ran\` -e -b "
	tabs "chmem -s \${root:=\$(touch $BATS_TEST_TMPDIR/ran)} -e -b "
	[[ ! -e $BATS_TEST_TMPDIR/ran ]]
}

@test "once there is an operand only options are offered" {
	local left

	options_without "sysroot ${excluded[3]}"
	tabs_to 'chmem -s plain -e 1G ' 'chmem -s plain -e 1G -' "${left[@]}"
	tab 'chmem -s plain -e 1G 2' 'chmem -s plain -e 1G 2'
	tab 'chmem -s plain -e 1G 0x' 'chmem -s plain -e 1G 0x'
}

@test "after -- operands are offered and no options" {
	tab 'chmem -s plain -e -b -- 9' 'chmem -s plain -e -b -- 9 '
	tabs 'chmem -s plain -e -b -- ' 8-11 20-21 8 9 10 11 13 20 21
	tab 'chmem -s plain -e -- --bl' 'chmem -s plain -e -- --bl'
	tabs 'chmem -s plain -e -- 1G '
	tabs 'chmem -s plain -- '
}

@test "what stands behind the cursor counts" {
	local line

	# From the end of the line back to the end of 20.
	terminal_type 'chmem -b 20- -e -s plain' M-b M-b M-b M-b C-f C-f C-f Tab
	[[ $line == 'chmem -b 20-21 -e -s plain' ]]
}

@test "redirections and assignments are no operands" {
	tab 'A=1 chmem -s plain -e -b 2>/dev/null 9' 'A=1 chmem -s plain -e -b 2>/dev/null 9 '
	tab "$PROGRAMS/chmem -s plain -e -b 9" "$PROGRAMS/chmem -s plain -e -b 9 "
}

@test "the chmem that is on the line is asked" {
	printf '#!/bin/sh\necho " 77 0x0000000268000000-0x000000026fffffff offline"\n' \
		>"$TREES/chmem"
	chmod +x "$TREES/chmem"
	tab './chmem -e -b ' './chmem -e -b 77 '
	tab "\$PWD/chmem -e -b " "\$PWD/chmem -e -b 77 "
	rm "$TREES/chmem"
}

@test "of a list of blocks the part behind the last comma is completed" {
	tab 'chmem -s plain -eb 9-11,20,8,2' 'chmem -s plain -eb 9-11,20,8,21 '
	tab 'chmem -s plain -eb 8-13,20,' 'chmem -s plain -eb 8-13,20,21 '
	tab 'chmem -s plain -eb 8-11,20-21,' 'chmem -s plain -eb 8-11,20-21,13 '
	tabs 'chmem -s plain -eb 9,20-21,' 9,20-21,10-11 9,20-21,8 9,20-21,10 9,20-21,11 \
		9,20-21,13
}

@test "after --node the nodes are offered that are not in the list" {
	mktree "$TREES/nodes" -b 0-3:online:Normal:0 -b 4-7:offline:'Normal Movable:1' \
		-b 8-11:offline:'Normal Movable:10'
	tabs 'chmem -s nodes --node ' 0 1 10
	tab 'chmem -s nodes --node=10,1,' 'chmem -s nodes --node=10,1,0 '
	tabs 'chmem -s plain --node '
}

@test "after --from the devices are offered" {
	mktree "$TREES/devices" -b 0-3:online:Normal -b 4-9:offline -d 4-5:ACPI0004:0a \
		-d 6:PNP0C80:00 -d 7-8:PNP0C80:01
	tabs 'chmem -s devices --from ' ACPI0004:0a PNP0C80:00 PNP0C80:01
	tab 'chmem -s devices --from A' 'chmem -s devices --from ACPI0004:0a '
	tab 'chmem -s devices --from=PNP0C80:01' 'chmem -s devices --from=PNP0C80:01 '
	tab 'chmem -s devices --from PN' 'chmem -s devices --from PNP0C80:0'
	tabs 'chmem -s plain --from '
}

@test "after --resize the sizes are offered that can be reached" {
	local left

	# 10 blocks are online, 7 offline, one is neither.
	tabs 'chmem -s plain -e --resize ' 1408M 1536M 1664M 1792M 1920M 2G 2176M 2304M
	tabs 'chmem -s s390 -d --resize ' 128M 256M 384M
	tabs 'chmem -s s390 --resize=' 128M 256M 384M 512M 640M 768M 896M 1G 1152M 1280M
	options_without resize all blocks sysroot "${excluded[3]}"
	tabs_to 'chmem -s plain -e --resize 1G ' 'chmem -s plain -e --resize 1G -' "${left[@]}"
}

@test "with --list ranges and blocks are offered, whatever their state, and no sizes" {
	tab 'chmem -s s390 -l ' 'chmem -s s390 -l 0x0000000000000000-0x000000004fffffff '
	tabs 'chmem -s s390 -o +DEVICE -b ' 0-9 0 1 2 3 4 5 6 7 8 9
}

@test "the columns are offered that are not in the list" {
	tabs 'chmem -o ' RANGE SIZE STATE ZONES NODE BLOCK DEVICE FREE MOVABLE UNMOVABLE \
		OFFLINABLE WHY REMOVABLE CONFIGURED MEMMAP-ON-MEMORY
	tab 'chmem -o dev' 'chmem -o DEVICE '
	tab 'chmem --output=RANGE,size,s' 'chmem --output=RANGE,size,STATE '
	tab 'chmem -lo+W' 'chmem -lo+WHY '
	tab 'chmem -o +device,d' 'chmem -o +device,d'
}

@test "after --order, --auto-online= and --progress= their words are offered" {
	tabs 'chmem --order ' lowest highest cheapest
	tab 'chmem --order=h' 'chmem --order=highest '
	tabs_to 'chmem --auto-online=on' 'chmem --auto-online=online' online online_kernel online_movable
	tabs 'chmem --progress=' auto always never
	tab 'chmem -s plain -e -b --progress 9' 'chmem -s plain -e -b --progress 9 '
}
