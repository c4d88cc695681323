# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # of terminal
#
# What the completions of zsh and fish have in common, as functions that their tests call.

load terminal

shells_setup_file()
{
	[[ ! $(terminal_missing) ]] || return 0
	completions_setup

	common_trees
	mktree "$TREES/nodes" -b 0-3:online:Normal:0 -b 4-7:offline:'Normal Movable:1' \
		-b 8-11:offline:'Normal Movable:10'
	mktree "$TREES/devices" -b 0-3:online:Normal -b 4-9:offline -d 4-5:ACPI0004:0a \
		-d 6:PNP0C80:00 -d 7-8:PNP0C80:01
	mktree "$TREES/my tree" -b 0-1:online -b 5:offline
	mkdir -p "$TREES/other"
	: >"$TREES/plain text"
	mktree "$BATS_FILE_TMPDIR/home/tree" -b 6:offline

	terminal_start main </dev/null
	export TERMINAL
}

# Of the words that are offered, those that are an option.
options_offered()
{
	local list

	offers_of "$1"
	cut -f 1 <<<"$list" | sed 's/=$//' | sort -u
}

check_options()
{
	local i left line offered

	for ((i = 0; i < ${#excluded[@]}; i += 2)); do
		options_without "${excluded[i + 1]}"
		line="chmem ${excluded[i]:+${excluded[i]} }-"
		offered=$(options_offered "$line")
		diff -u --label "expected after $line" --label offered \
			<(printf '%s\n' "${left[@]}" | sort -u) <(echo "$offered") >&2
	done
}

# After LINE there is nothing to offer but options.
offers_no_operand()
{
	local list

	offers_of "$1"
	! grep -v '^-' <<<"${list:--}" >&2
}

check_values()
{
	offers 'chmem --order ' cheapest highest lowest
	offers 'chmem -c -m ' 0 1
	tab 'chmem -c --memmap-on-memory=1' 'chmem -c --memmap-on-memory=1 '
	tab 'chmem --order h' 'chmem --order highest '
	tab 'chmem --lock=a' 'chmem --lock=auto '
	tab 'chmem --progress=al' 'chmem --progress=always '
	tab 'chmem --auto-online=off' 'chmem --auto-online=offline '
	tab 'chmem -s plain -e -b --lock 9' 'chmem -s plain -e -b --lock 9 '
}

check_numbers_are_left_to_the_user()
{
	local option

	for option in --try-timeout --timeout --retries --keep-free --wait; do
		offers "chmem -s plain -d $option "
		tab "chmem -s plain -d -b $option 1 22" "chmem -s plain -d -b $option 1 22 "
		tab "chmem -s plain -d -b $option=1 22" "chmem -s plain -d -b $option=1 22 "
	done
}

check_zones()
{
	offers 'chmem -s plain -z ' DMA32 Normal Movable auto
	offers 'chmem -s plain -d -z ' DMA32 Normal Movable
	tab 'chmem -s other -e -z ' 'chmem -s other -e -z auto '
	tab 'chmem -s plain -z nor' 'chmem -s plain -z Normal '
	tab 'chmem -s plain --zone=Mov' 'chmem -s plain --zone=Movable '
	tab 'chmem -s plain -ezMov' 'chmem -s plain -ezMovable '
}

check_nodes()
{
	offers 'chmem -s nodes --node ' 0 1 10
	tab 'chmem -s nodes --node 10,1,' 'chmem -s nodes --node 10,1,0 '
	offers 'chmem -s plain --node '
}

check_devices()
{
	offers 'chmem -s devices --from ' ACPI0004:0a PNP0C80:00 PNP0C80:01
	tab 'chmem -s devices --from A' 'chmem -s devices --from ACPI0004:0a '
	tab 'chmem -s devices --from=PNP0C80:01' 'chmem -s devices --from=PNP0C80:01 '
	offers 'chmem -s plain --from '
}

check_blocks()
{
	offers 'chmem -s plain -e -b ' 8-11 20-21 8 9 10 11 13 20 21
	offers 'chmem -s plain -d -b ' 0-7 0 1 2 3 4 5 6 7 12 22
	offers 'chmem -s plain -l -b ' 0-14 20-22 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 20 21 22
	tab 'chmem -s plain -eb 8-' 'chmem -s plain -eb 8-11 '
	tab 'chmem -s plain --enable --blocks 20-' 'chmem -s plain --enable --blocks 20-21 '
	tab 'chmem -s plain -b -e 3' 'chmem -s plain -b -e 3'
}

check_lists_of_blocks()
{
	tab 'chmem -s plain -eb 9-11,20,8,2' 'chmem -s plain -eb 9-11,20,8,21 '
	tab 'chmem -s plain -eb 8-13,20,' 'chmem -s plain -eb 8-13,20,21 '
	tab 'chmem -s plain -eb 8,8' 'chmem -s plain -eb 8,8'
}

check_amounts()
{
	offers 'chmem -s plain -e ' 128M 256M 384M 512M 640M 768M 896M \
		0x0000000040000000-0x000000005fffffff 0x0000000068000000-0x000000006fffffff \
		0x00000000a0000000-0x00000000afffffff
	offers 'chmem -s plain -l ' 0x0000000000000000-0x0000000077ffffff \
		0x00000000a0000000-0x00000000b7ffffff
	tab 'chmem -s plain -e 3' 'chmem -s plain -e 384M '
	tab 'chmem -s plain -d 1g' 'chmem -s plain -d 1G '
	tab 'chmem -s plain -e 0X00000000A' \
		'chmem -s plain -e 0x00000000a0000000-0x00000000afffffff '
	offers_no_operand 'chmem -s plain -e 1G '
	offers_no_operand 'chmem -s plain -e --all '
	offers 'chmem -s plain 1'
}

check_resize()
{
	# 10 blocks are online, 7 offline, one is neither.
	offers 'chmem -s plain -e --resize ' 1408M 1536M 1664M 1792M 1920M 2G 2176M 2304M
	offers 'chmem -s nodes -d --resize ' 128M 256M 384M
	offers 'chmem -s nodes --resize ' 128M 256M 384M 512M 640M 768M 896M 1G 1152M 1280M 1408M \
		1536M
	tab 'chmem -s nodes --resize=14' 'chmem -s nodes --resize=1408M '
	offers_no_operand 'chmem -s plain -e --resize 1G '
}

check_s390()
{
	offers 'chmem -s s390 -e -b ' 4-9 4 5 6 7 8 9
	offers 'chmem -s s390 -c -b ' 6-9 6 7 8 9
	offers 'chmem -s s390 -g ' 128M 256M 0x0000000020000000-0x000000002fffffff
}

check_columns()
{
	offers 'chmem -o ' RANGE SIZE STATE ZONES NODE BLOCK DEVICE FREE MOVABLE UNMOVABLE \
		OFFLINABLE WHY REMOVABLE CONFIGURED MEMMAP-ON-MEMORY
	tab 'chmem -o dev' 'chmem -o DEVICE '
	tab 'chmem --output=RANGE,size,ST' 'chmem --output=RANGE,size,STATE '
	tab 'chmem -o +W' 'chmem -o +WHY '
	tab 'chmem -o +device,d' 'chmem -o +device,d'
}

check_sysroots()
{
	tab 'chmem -s pl' 'chmem -s plain/'
	tab 'chmem --sysroot=oth' 'chmem --sysroot=other/'
	tab 'chmem -s nothing' 'chmem -s nothing'
	tab 'chmem -s my\ tree -e -b ' 'chmem -s my\ tree -e -b 5 '
	tab "chmem --sysroot='my tree' -e -b " "chmem --sysroot='my tree' -e -b 5 "
	tab 'chmem -s ~/tree -e -b ' 'chmem -s ~/tree -e -b 6 '
}

check_nothing_where_chmem_fails()
{
	offers 'chmem -s missing -d -b '
	offers 'chmem -s other -e '
	offers 'chmem -s "" -d -b '
	tab 'chmem -s missing --dis' 'chmem -s missing --disable '
}

check_the_program_on_the_line()
{
	printf '#!/bin/sh\necho " 77 0x0000000268000000-0x000000026fffffff offline"\n' \
		>"$TREES/chmem"
	chmod +x "$TREES/chmem"
	tab './chmem -e -b ' './chmem -e -b 77 '
	rm "$TREES/chmem"
}

check_nothing_is_run()
{
	offers "chmem -s \$(touch $BATS_TEST_TMPDIR/ran) -e -b "
	[[ ! -e $BATS_TEST_TMPDIR/ran ]]
}
