#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The bash completion called as a function, in a bash without bash-completion: what it makes of
# trees that are large or odd, and what it leaves behind.

load terminal

setup_file()
{
	completions_setup
}

# Sets offers to what is offered after LINE. Words are what blanks part; nothing may be said on
# stderr. COMMANDs are run before and after.
offers_after()
{
	local before=${2-:} after=${3-:}

	cd "$TREES" || return
	# shellcheck disable=SC2016
	env -i PATH="$PROGRAMS:${SEARCH_PATH-$PATH}" HOME="$BATS_FILE_TMPDIR" "$BASH" --noprofile --norc -c '
		. "$1"
		eval "$3"
		COMP_LINE=$2
		COMP_POINT=${#COMP_LINE}
		COMP_WORDS=($COMP_LINE)
		[[ $COMP_LINE != *" " ]] || COMP_WORDS+=("")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_chmem chmem "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
		((!${#COMPREPLY[@]})) || printf "%s\n" "${COMPREPLY[@]}"
		eval "$4"
	' bash "$COMPLETIONS/bash/chmem" "$1" "$before" "$after" \
		>"$BATS_TEST_TMPDIR/offers" 2>"$BATS_TEST_TMPDIR/stderr"
	mapfile -t offers <"$BATS_TEST_TMPDIR/offers"
	if [[ -s $BATS_TEST_TMPDIR/stderr ]]; then
		cat "$BATS_TEST_TMPDIR/stderr" >&2
		return 1
	fi
}

# After LINE exactly ITEMs are offered.
offers_are()
{
	local line=$1 expected offers

	shift
	offers_after "$line"
	printf -v expected '%s\n' "$@"
	(($#)) || expected=
	diff -u --label "expected after $line" --label offered <(printf '%s' "$expected") \
		"$BATS_TEST_TMPDIR/offers" >&2
}

# A tree of COUNT blocks, of which every other one is offline.
alternating()
{
	local root=$TREES/$1 specs=() i

	for ((i = 0; i < $2; i++)); do
		if ((i % 2)); then
			specs+=(-b "$i:offline:Normal Movable")
		else
			specs+=(-b "$i:online:Normal")
		fi
	done
	mktree "$root" "${specs[@]}"
}

@test "up to 100 entries are offered, beyond that only ranges" {
	mktree "$TREES/ninetynine" -b 0:offline -b 10-107:offline
	mktree "$TREES/hundred" -b 0-99:offline -b 200:online
	mktree "$TREES/more" -b 0-149:offline -b 200:offline -b 300-301:offline

	offers_after 'chmem -s ninetynine -e -b '
	[[ ${#offers[@]} -eq 100 && ${offers[0]} == 10-107 && ${offers[1]} == 0 &&
		${offers[99]} == 107 ]]
	offers_are 'chmem -s hundred -e -b ' 0-99
	offers_are 'chmem -s more -e -b ' 0-149 200 300-301
	offers_are 'chmem -s more -e -b 14' 14 140 141 142 143 144 145 146 147 148 149
}

@test "beyond 100 ranges the lowest are offered, and what is common to all stays true" {
	local i specs=()

	alternating ranges 600
	offers_after 'chmem -s ranges -e -b '
	[[ ${#offers[@]} -eq 100 && ${offers[*]:0:4} == '1 3 5 7' && ${offers[99]} == 199 ]]
	# All that begin with 2 must not seem to begin with 20.
	for ((i = 20001; i < 20210; i += 2)); do
		specs+=(-b "$i:offline")
	done
	mktree "$TREES/common" "${specs[@]}" -b 21000:offline -b 20900:offline
	offers_after 'chmem -s common -e -b 2'
	[[ ${#offers[@]} -eq 100 && ${offers[0]} == 20001 && ${offers[98]} == 20197 &&
		${offers[99]} == 21000 ]]
	offers_after 'chmem -s common -e 0x'
	[[ ${#offers[@]} -eq 100 && ${offers[0]} == 0x0000027108000000-0x000002710fffffff &&
		${offers[98]} == 0x0000027728000000-* && ${offers[99]} == 0x0000028d20000000-* ]]
}

@test "of many ranges and all sizes together 100 are offered" {
	alternating both 600
	offers_after 'chmem -s both -d '
	[[ ${#offers[@]} -eq 100 ]]
	[[ ${offers[*]:0:10} == '128M 256M 512M 1G 2G 4G 8G 16G 32G 38400M' ]]
	[[ ${offers[10]} == 0x0000000000000000-0x0000000007ffffff ]]
}

@test "sizes: 32 multiples at most, then doubling, and always the total" {
	local expected=(128M 256M 384M 512M 640M 768M 896M 1G 1152M 1280M 1408M 1536M 1664M 1792M
		1920M 2G 2176M 2304M 2432M 2560M 2688M 2816M 2944M 3G 3200M 3328M 3456M 3584M
		3712M 3840M 3968M 4G)

	mktree "$TREES/32" -b 0-31:offline:Normal
	mktree "$TREES/33" -b 0-32:offline:Normal
	mktree "$TREES/1000" -b 0-999:online:Normal
	offers_are 'chmem -s 32 -e ' "${expected[@]}" 0x0000000000000000-0x00000000ffffffff
	offers_are 'chmem -s 33 -e ' 128M 256M 512M 1G 2G 4G 4224M \
		0x0000000000000000-0x0000000107ffffff
	offers_are 'chmem -s 1000 -d 1' 128M 1G 16G 125G
	offers_are 'chmem -s 1000 -d ' 128M 256M 512M 1G 2G 4G 8G 16G 32G 64G 125G \
		0x0000000000000000-0x0000001f3fffffff
}

@test "sizes and addresses go by the block size" {
	local size

	mktree "$TREES/256M" -s 10000000 -b 4-5:offline
	offers_are 'chmem -s 256M -e ' 256M 512M 0x0000000040000000-0x000000005fffffff
	mktree "$TREES/2G" -s 0x80000000 -b 1:offline -b 3:offline
	offers_are 'chmem -s 2G -e ' 2G 4G 0x0000000080000000-0x00000000ffffffff \
		0x0000000180000000-0x00000001ffffffff
	mktree "$TREES/16M" -s 1000000 -b 255-256:online
	offers_are 'chmem -s 16M -d ' 16M 32M 0x00000000ff000000-0x0000000100ffffff
	# Not what a kernel has, but shell arithmetic must not show through.
	mktree "$TREES/4E" -s 4000000000000000 -b 2-3:offline
	offers_are 'chmem -s 4E -e ' 4E 8E 0x8000000000000000-0xffffffffffffffff
	for size in '' 0 3000000 8000001 -8000000 x 10000000000000000; do
		mktree "$TREES/none" -s "$size" -b 0-1:offline
		offers_are 'chmem -s none -e '
		offers_are 'chmem -s none -e -b '
	done
}

@test "addresses reach the last byte" {
	# 2^64 / 128M is 137438953472.
	mktree "$TREES/end" -b 137438953470-137438953471:offline:Normal \
		-b 68719476735-68719476736:offline:Normal
	offers_are 'chmem -s end -e 0x' 0x7ffffffff8000000-0x8000000007ffffff \
		0xfffffffff0000000-0xffffffffffffffff
}

@test "the order is one of numbers" {
	mktree "$TREES/order" -b 2:offline -b 10:offline -b 9:offline -b 100:offline -b 1:offline
	offers_are 'chmem -s order -e -b ' 1-2 9-10 1 2 9 10 100
}

@test "online, online_movable and online_kernel are online, offline is offline, else neither" {
	mktree "$TREES/states" -b 0:online -b 1:online_movable -b 2:online_kernel -b 3:offline \
		-b 4:going-offline -b 5:onlineoffline -b 6:offlineffline -b 7:ONLINE -b 8: \
		-b 9:on -b 10:offline_kernel
	printf online >"$TREES/states/sys/devices/system/memory/memory9/state"
	rm "$TREES/states/sys/devices/system/memory/memory10/state"
	offers_are 'chmem -s states -d -b ' 0-2 0 1 2 9
	offers_are 'chmem -s states -e -b ' 3
}

@test "only memory followed by a number is a block" {
	local memory=$TREES/names/sys/devices/system/memory name

	mktree "$TREES/names" -b 5:offline
	for name in memory memory007 memory1x memoryx1 memory-1 'memory2 3' memory+6 Memory8 \
		xmemory9; do
		mkdir "$memory/$name"
		echo offline >"$memory/$name/state"
	done
	offers_are 'chmem -s names -e -b ' 5
	mkdir -p "$TREES/names/sys/firmware/memory"
	cp -r "$memory"/memory* "$TREES/names/sys/firmware/memory/"
	rm -r "$TREES/names/sys/firmware/memory/memory5"
	offers_are 'chmem -s names -e -b ' 5
}

@test "every zone chmem knows is spelled as it does, others are not offered" {
	mktree "$TREES/zones" -b 0:online:none -b 1:online:HighMem -b 2:online:dma -b 3:online:Foo \
		-b 4:offline:'NORMAL movable' -b 5:online:dma32 -b 6:online:DEVICE
	offers_are 'chmem -s zones -z ' DMA DMA32 Normal Highmem Movable Device auto
	offers_are 'chmem -s zones --zone d' DMA DMA32 Device
	offers_are 'chmem -s zones -z DMA' DMA DMA32
	mktree "$TREES/dma32" -b 0:online:DMA32 -b 1:online:none
	offers_are 'chmem -s dma32 -z ' DMA32 auto
}

@test "on s390 the firmware's blocks are the blocks" {
	mktree "$TREES/s390" -b 0-1:online -b 2-3:offline -b 4:going-offline -b 20:offline \
		-f 0-4:1 -f 5-6:0 -f 10:0
	offers_are 'chmem -s s390 -e -b ' 2-3 5-6 2 3 5 6 10
	offers_are 'chmem -s s390 -d -b ' 0-1 0 1
	offers_are 'chmem -s s390 -c -b ' 5-6 5 6 10
	offers_are 'chmem -s s390 -g -b ' 2-4 2 3 4
	mktree "$TREES/empty" -b 0:offline
	mkdir -p "$TREES/empty/sys/firmware/memory"
	offers_are 'chmem -s empty -e -b ' 0
	offers_are 'chmem -s empty -c -b '
}

@test "of several --sysroot the last counts, and the argument of an option is no option" {
	mktree "$TREES/one" -b 1:offline
	mktree "$TREES/two" -b 2:offline
	mktree "$TREES/-s" -b 3:offline
	offers_are 'chmem -s one -e --sysroot=two -b ' 2
	offers_are 'chmem -s two -e --sysroot one -b ' 1
	offers_are 'chmem -s -s -e -b ' 3
	offers_are 'chmem -s one -z -s -e -b ' 1
	offers_are 'chmem -s one -e -- -s two'
	offers_after 'chmem --sysroot= -e -b ' 'cd one'
	[[ ${#offers[@]} -eq 0 ]]
	offers_after 'chmem --sysroot=. -e -b ' 'cd one'
	[[ ${offers[*]} == 1 ]]
}

@test "POSIXLY_CORRECT ends the options at the operand" {
	offers_after 'chmem -e 1G -' 'POSIXLY_CORRECT=1'
	[[ ${#offers[@]} -eq 0 ]]
	offers_after 'chmem -e 1G --bl'
	[[ ${offers[*]} == --blocks ]]
}

@test "an ambiguous or unknown option is passed over" {
	local left

	mktree "$TREES/one" -b 1:offline
	offers_are 'chmem -s one --ver -e --nonsense -b ' 1
	options_without sysroot blocks all resize unplug auto-online
	offers_are 'chmem -s one --d -b -' "${left[@]}"
	offers_are 'chmem --blocks=x -e --nonsense='
	offers_are 'chmem --atomic=x -e --t='
}

@test "--lock takes its word from behind the = alone" {
	mktree "$TREES/one" -b 1:offline
	offers_are 'chmem --lock=' auto yes no nonblock
	offers_are 'chmem -s one -e -b --lock ' 1
	offers_are 'chmem -s one -e --lock=no -b ' 1
	offers_are 'chmem -s one -e -b --lock no 1'
	offers_are 'chmem -s one -e -b --timeout -d ' 1
}

@test "nothing is left behind: variables, functions, options, traps, \$!" {
	local line state

	# COMPREPLY is the answer; of the others bash keeps account itself.
	# shellcheck disable=SC2016
	state='state() {
		{
			compgen -A variable | while read -r name; do declare -p "$name"; done
			declare -F
			shopt
			set -o
			trap
			complete
			pwd
			echo "$!"
		} 2>&1 | grep -Ev -e "^declare -[^ ]+ (BASH|COMP_|COMPREPLY=|EPOCH|FUNCNAME|LINENO)" \
			-e "^declare -[^ ]+ (PIPESTATUS|SECONDS|S?RANDOM|_=)"
	}'
	mktree "$TREES/one" -b 1:offline:Normal
	for line in 'chmem -s one -e -b ' 'chmem -s one --zone=' 'chmem --sysroot=o' 'chmem '; do
		offers_after "$line" "$state; true & wait; state >'$BATS_TEST_TMPDIR/before'" \
			"state >'$BATS_TEST_TMPDIR/after'"
		[[ ${#offers[@]} -gt 0 ]]
		[[ $(wc -l <"$BATS_TEST_TMPDIR/before") -gt 100 ]]
		diff -u "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
	done
}

@test "the number of processes does not depend on the number of blocks" {
	local count kind processes start

	mkdir "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/awk" <<-EOF
		#!/bin/sh
		echo awk >>'$BATS_TEST_TMPDIR/executed'
		exec $(command -v awk) "\$@"
	EOF
	chmod +x "$BATS_TEST_TMPDIR/bin/awk"

	for count in 10 10000; do
		alternating "alternating$count" "$count"
		for kind in '-e ' '-d -b ' '-z ' '-e 0x'; do
			: >"$BATS_TEST_TMPDIR/executed"
			start=${EPOCHREALTIME/[.,]/}
			SEARCH_PATH=$BATS_TEST_TMPDIR/bin \
				offers_after "chmem -s alternating$count $kind"
			echo "# $count blocks, $kind: $(((${EPOCHREALTIME/[.,]/} - start) / 1000)) ms" >&3
			[[ ${#offers[@]} -gt 0 ]]
			# There is nothing else in the path, and it is run once.
			[[ $(<"$BATS_TEST_TMPDIR/executed") == awk ]]
		done
	done

	# With forks that run nothing, too. strace takes its time, so less must do.
	command -v strace >/dev/null || return 0
	alternating alternating1000 1000
	for count in 10 1000; do
		# shellcheck disable=SC2016
		strace -f -qq -e trace=fork,vfork,clone,clone3 -o "$BATS_TEST_TMPDIR/trace$count" \
			"$BASH" -c '
				. "$1"
				cd "$2"
				COMP_WORDS=(chmem -s "alternating$3" -e -b "")
				COMP_CWORD=5
				COMP_LINE="${COMP_WORDS[*]}"
				COMP_POINT=${#COMP_LINE}
				_chmem
			' bash "$COMPLETIONS/bash/chmem" "$TREES" "$count"
	done
	processes=$(grep -c clone "$BATS_TEST_TMPDIR/trace10")
	[[ $processes -le 4 && $(grep -c clone "$BATS_TEST_TMPDIR/trace1000") -eq $processes ]]
}

@test "every awk finds the same" {
	local name kind expected offers

	mktree "$TREES/awk" -b 0-49:online:Normal -b 50-89:offline:'Normal Movable' -f 0-99:1 \
		-f 100-120:0
	for kind in '-e ' '-d 1' '-c -b ' '-d -b 1-3,5,' '-z ' '-e --resize ' '-g 0x'; do
		offers_after "chmem -s awk $kind"
		expected=("${offers[@]}")
		[[ ${#offers[@]} -gt 0 ]]
		for name in mawk gawk original-awk busybox; do
			command -v "$name" >/dev/null || continue
			mkdir -p "$BATS_TEST_TMPDIR/$name"
			ln -sf "$(command -v "$name")" "$BATS_TEST_TMPDIR/$name/awk"
			SEARCH_PATH=$BATS_TEST_TMPDIR/$name offers_after "chmem -s awk $kind"
			[[ ${offers[*]} == "${expected[*]}" ]] || {
				echo "$name, $kind: ${offers[*]}, but not ${expected[*]}"
				return 1
			}
		done
	done
}

@test "where chmem cannot be run only options are offered" {
	mktree "$TREES/one" -b 1:offline:Normal
	rm "$PROGRAMS/chmem"
	offers_are 'chmem -s one -e -b '
	offers_are 'chmem -s one -z ' auto
	offers_are 'chmem -s one --dis' --disable
	printf '#!/bin/sh\necho no such option >&2\nexit 1\n' >"$PROGRAMS/chmem"
	chmod +x "$PROGRAMS/chmem"
	offers_are 'chmem -s one -e -b '
	# shellcheck disable=SC2016
	printf '#!/bin/sh\necho "1;x 0x0-0x1 offline"; echo "2 \$(x) offline"\n' >"$PROGRAMS/chmem"
	offers_are 'chmem -s one -e -b '
}
