#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The command line: options in all their forms, what excludes what, and usage.

load ../helpers

try_help="Try 'chmem --help' for more information."

setup() {
	make_small_tree
}

cannot_combine() {
	assert_refused "chmem: options --$1 and --$2 cannot be combined"
}

bad_usage() {
	assert_refused "chmem: bad usage" "$try_help"
}

@test "--help names the grammar, every option and every zone on stdout" {
	local word

	for option in -h --help --he; do
		run_chmem "$option"
		assert_status 0
		assert_stderr
	done
	for word in ' chmem [options] -e|-d|-c|-g [SIZE|RANGE|-b BLOCKRANGE]' \
		'-e, --enable' '-d, --disable' '-c, --configure' '-g, --deconfigure' \
		'-m, --memmap-on-memory' '-b, --blocks' '-z, --zone' '-s, --sysroot' \
		'--try-timeout SECONDS' '--timeout SECONDS' '--retries N' '--keep-free SIZE' \
		--atomic '--lock[=MODE]' '--wait SECONDS' '--auto-online[=POLICY]' \
		'-v, --verbose' '-h, --help' '-V, --version' \
		DMA DMA32 Normal Highmem Movable Device; do
		grep -qwF -e "$word" <<<"$output" || {
			echo "$word is missing"
			return 1
		}
	done
	assert_unchanged
}

@test "--version names the program and its version on stdout" {
	for option in -V --version --vers; do
		run_chmem "$option"
		assert_status 0
		assert_stdout_like 'chmem *[0-9].[0-9]*'
		assert_stderr
	done
}

@test "--help and --version work where there is no sysfs at all, and no such root" {
	use_tree "$BATS_TEST_TMPDIR/empty"
	mkdir "$TREE"
	for option in -h -V; do
		for root in "$TREE" "$TREE/none" ''; do
			run --separate-stderr bash -c 'exec -a chmem "$@"' - "$CHMEM" -s "$root" "$option"
			assert_status 0
			assert_stdout_like '*chmem*'
			assert_stderr
		done
	done
	is "the tree" "$(find "$TREE")" "$TREE"
}

@test "--help and --version are answered as soon as they are met" {
	for option in -h --version; do
		for later in '-e -d' '-m 5' '--unknown' '-z' '1 2 3' '-e 128M'; do
			# shellcheck disable=SC2086 # words
			run_chmem -v -e "$option" $later
			assert_status 0
			assert_stdout_like '*chmem*'
			assert_stderr
			assert_unchanged
		done
	done
}

@test "what is wrong before --help or --version comes first" {
	for option in -h -V; do
		run_chmem -e -d "$option"
		cannot_combine enable disable
		run_chmem -x "$option"
		assert_refused "chmem: invalid option -- 'x'" "$try_help"
	done
}

@test "-h and -V: the first of them wins" {
	run_chmem -hV
	assert_stdout_like '*Usage:*'
	run_chmem -Vh
	assert_stdout_like 'chmem *[0-9]'
}

@test "no command, no operand, two operands are bad usage" {
	run_chmem
	bad_usage
	run_chmem 128M
	bad_usage
	run_chmem -v -b 4
	bad_usage
	run_chmem -z Movable 128M
	bad_usage
	for command in -e -d -c -g; do
		run_chmem "$command"
		bad_usage
		run_chmem "$command" 128M 128M
		bad_usage
	done
	run_chmem -e -b 4 5
	bad_usage
	run_chmem -e -- 128M -v
	bad_usage
}

@test "unknown options are refused" {
	run_chmem -e 128M -x
	assert_refused "chmem: invalid option -- 'x'" "$try_help"
	run_chmem -e 128M --unknown
	assert_refused "chmem: unrecognized option '--unknown'" "$try_help"
	run_chmem -e 128M --enabled
	assert_refused "chmem: unrecognized option '--enabled'" "$try_help"
}

@test "an option that lacks its argument is refused" {
	for option in z m s; do
		run_chmem -e 128M "-$option"
		assert_refused "chmem: option requires an argument -- '$option'" "$try_help"
	done
	for option in zone memmap-on-memory sysroot; do
		run_chmem -e 128M "--$option"
		assert_refused "chmem: option '--$option' requires an argument" "$try_help"
	done
}

@test "an argument to an option that takes none is refused" {
	for option in enable disable configure deconfigure blocks verbose help version; do
		run_chmem "--$option=1" 128M
		assert_refused "chmem: option '--$option' doesn't allow an argument" "$try_help"
	done
}

@test "ambiguous abbreviations are refused" {
	for option in --d --v --ver; do
		run_chmem "$option" 128M
		assert_status 1
		assert_stdout
		assert_stderr_like "chmem: option '$option' is ambiguous; possibilities: '--*$try_help"
		assert_unchanged
	done
}

@test "--enable and its short and abbreviated forms" {
	local n=4

	for option in -e --enable --e --en; do
		run_chmem "$option" 128M
		assert_status 0
		assert_stdout
		assert_stderr
		is "state of $n" "$(state $n)" online_movable
		n=$((n + 1))
	done
	assert_states 4-11 "online_movable online_movable online_movable online_movable offline offline offline offline"
}

@test "--disable and its short and abbreviated forms" {
	local n=3

	for option in -d --disable --di --dis; do
		run_chmem "$option" 128M
		assert_status 0
		assert_stdout
		assert_stderr
		is "state of $n" "$(state $n)" offline
		n=$((n - 1))
	done
	assert_states 0-11 "offline offline offline offline offline offline offline offline offline offline offline offline"
}

@test "--configure and --deconfigure are refused where memory is not configured" {
	for options in -c --configure '--c -b' '--conf -m 1'; do
		# shellcheck disable=SC2086 # words
		run_chmem $options 0
		assert_refused "chmem: Cannot configure. Use -e instead."
	done
	for options in -g --deconfigure '--de -b' --deconf; do
		# shellcheck disable=SC2086 # words
		run_chmem $options 0
		assert_refused "chmem: Cannot deconfigure. Use -d instead."
	done
	run_chmem -c 0x0-0x7ffffff
	assert_refused "chmem: Cannot configure. Use -e instead."
}

@test "an empty firmware directory does not make memory configurable" {
	mkdir -p "$FIRMWARE/memoryX"
	touch "$FIRMWARE/memory1"
	run_chmem -c 128M
	assert_refused "chmem: Cannot configure. Use -e instead."
	run_chmem -v -e -b 4
	assert_status 0
	assert_stdout "$(block 4) enabled"
}

@test "--blocks and its short and abbreviated forms" {
	local n=4

	for option in -b --blocks --block --b; do
		run_chmem -e "$option" $n
		assert_status 0
		is "state of $n" "$(state $n)" online_movable
		n=$((n + 1))
	done
}

@test "--verbose and its short and abbreviated forms" {
	local n=4

	for option in -v --verbose --verb; do
		run_chmem -e "$option" 128M
		assert_status 0
		assert_stdout "$(block $n) enabled"
		n=$((n + 1))
	done
}

@test "--zone and its short and abbreviated forms, with the argument joined or apart" {
	local n=4

	for option in '-z Normal' -zNormal '--zone Normal' --zone=Normal '--z Normal' --z=Normal; do
		# shellcheck disable=SC2086 # words
		run_chmem -e $option -b $n
		assert_status 0
		is "state of $n" "$(state $n)" online_kernel
		n=$((n + 1))
	done
}

@test "--sysroot and its short and abbreviated forms, with the argument joined or apart" {
	local n=4

	for option in "-s $TREE" "-s$TREE" "--sysroot $TREE" "--sysroot=$TREE" "--sys $TREE" "--s=$TREE"; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr "$CHMEM" -e $option -b $n
		assert_status 0
		is "state of $n" "$(state $n)" online_movable
		n=$((n + 1))
	done
}

@test "--memmap-on-memory and its short and abbreviated forms" {
	for option in '-m 0' -m1 '--memmap-on-memory 0' --memmap-on-memory=1 '--m 0' --mem=1; do
		# shellcheck disable=SC2086 # words
		run_chmem -c $option 128M
		assert_refused "chmem: Cannot configure. Use -e instead."
	done
}

@test "options and operand come in any order" {
	run_chmem 4-5 -v -b -e
	assert_status 0
	assert_stdout "$(block 4) enabled" "$(block 5) enabled"
	run_chmem -vb 6-7 -ez Normal
	assert_status 0
	assert_states 4-7 "online_movable online_movable online_kernel online_kernel"
	run_chmem 128M -d --
	assert_status 0
	is "state of 7" "$(state 7)" offline
}

@test "with POSIXLY_CORRECT options end at the operand" {
	POSIXLY_CORRECT=1 run_chmem 128M -e
	bad_usage
	POSIXLY_CORRECT=1 run_chmem -e 128M -v
	bad_usage
	POSIXLY_CORRECT=1 run_chmem -v -e 128M
	assert_status 0
	assert_stdout "$(block 4) enabled"
}

@test "of a repeated option the last wins" {
	run_chmem -e -e -v -v -b -b -z Bogus -z Movable -z normal 4
	assert_status 0
	assert_stdout "$(block 4) enabled"
	is "state of 4" "$(state 4)" online_kernel

	run_chmem -e -s "$TREE/none" -s "$TREE" -b 5
	assert_status 0
	is "state of 5" "$(state 5)" online_movable

	run_chmem -c -m 2 -m 1 -b 5
	assert_refused "chmem: Cannot configure. Use -e instead."
	run_chmem -c -m 1 -m 2 -b 5
	assert_refused_somehow "*'2'*"
}

@test "any two commands are refused, in order of appearance" {
	run_chmem -e -d 128M
	cannot_combine enable disable
	run_chmem -d -e 128M
	cannot_combine disable enable
	run_chmem -e 128M --deconfigure
	cannot_combine enable deconfigure
	run_chmem -g -e
	cannot_combine deconfigure enable
	run_chmem -dg 1 2 3
	cannot_combine disable deconfigure
	run_chmem -gd
	cannot_combine deconfigure disable
}

@test "D27: --configure excludes the other commands" {
	run_chmem -c -e 128M
	cannot_combine configure enable
	run_chmem -e -c 128M
	cannot_combine enable configure
	run_chmem -c -d 128M
	cannot_combine configure disable
	run_chmem -d -c 128M
	cannot_combine disable configure
	run_chmem -c -g 128M
	cannot_combine configure deconfigure
	run_chmem -g -c 128M
	cannot_combine deconfigure configure
}

@test "-m excludes every command but --configure" {
	for pair in e:enable d:disable g:deconfigure; do
		run_chmem "-${pair%:*}" -m 1 128M
		cannot_combine "${pair#*:}" memmap-on-memory
		run_chmem -m 0 "-${pair%:*}" 128M
		cannot_combine memmap-on-memory "${pair#*:}"
	done
}

@test "of several conflicts the first one met is told, with the earliest option it concerns" {
	run_chmem -v -d -v -e -g 128M
	cannot_combine disable enable
	run_chmem -c -m 1 -v -d 128M
	cannot_combine configure disable
	run_chmem -m 1 -c -d 128M
	cannot_combine memmap-on-memory disable
	run_chmem -e -e -d 128M
	cannot_combine enable disable
	run_chmem -e -x -d 128M
	assert_refused "chmem: invalid option -- 'x'" "$try_help"
}

@test "D18: -m takes 0 or 1 and nothing else" {
	for value in foo 2 -1 01 '' ' 1' 1x +1 0x1; do
		run_chmem -c -m "$value" 128M
		assert_refused_somehow "*'$value'*"
	done
}

@test "D18: exclusivity is judged before the value of -m" {
	run_chmem -e -m foo 128M
	cannot_combine enable memmap-on-memory
	run_chmem -m foo -d 128M
	cannot_combine memmap-on-memory disable
}

@test "D19: -z with --configure or --deconfigure is refused" {
	for options in '-z Movable -c' '-c -z Movable' '-z Movable -g' '-g -z Movable' \
		'-c -m 1 -z Movable'; do
		# shellcheck disable=SC2086 # words
		run_chmem $options 128M
		assert_status 1
		assert_stdout
		assert_stderr_like 'chmem: *zone*'
		assert_unchanged
	done
}

@test "D19: -m without --configure is refused" {
	run_chmem -m 1 128M
	assert_status 1
	assert_stdout
	assert_stderr_like 'chmem: *'
	assert_unchanged
}

@test "D19: exclusivity is judged first" {
	run_chmem -z Movable -g -e 128M
	cannot_combine deconfigure enable
	run_chmem -c -z Movable -d 128M
	cannot_combine configure disable
}

@test "usage is judged before the system is opened" {
	use_tree "$BATS_TEST_TMPDIR/none"
	mkdir "$TREE"
	run_chmem -e
	bad_usage
	run_chmem -e -d 128M
	cannot_combine enable disable
	run_chmem -c -m 5 128M
	assert_refused_somehow "*'5'*"
}

@test "the system is opened and read before the operand is judged" {
	local memory=/sys/devices/system/memory

	mv "$TREE$memory" "$TREE$memory.away"
	run_chmem -e nonsense
	assert_refused "chmem: cannot open $memory: No such file or directory"
	mkdir "$TREE$memory"
	run_chmem -e nonsense
	assert_refused "chmem: Failed to read $memory: No such file or directory"
	echo 8000000 >"$TREE$memory/block_size_bytes"
	run_chmem -e nonsense
	assert_refused_somehow "Failed to read $memory: *"
}

@test "the operand is judged before the zone's name, and that before what -c needs" {
	run_chmem -e -z Bogus nonsense
	assert_refused "chmem: Failed to parse size: 'nonsense': Invalid argument"
	run_chmem -e -z Bogus 128M
	assert_refused "chmem: unknown memory zone: Bogus" "$try_help"
	run_chmem -c nonsense
	assert_refused "chmem: Failed to parse size: 'nonsense': Invalid argument"
	run_chmem -g -b x
	assert_refused "chmem: Failed to parse block number: 'x'"
	run_chmem -c 0
	assert_refused "chmem: Cannot configure. Use -e instead."
}

@test "messages begin with the name that the program was called by" {
	run --separate-stderr bash -c 'exec -a /some/where/memory-switch "$@"' - "$CHMEM" -s "$TREE" -e
	assert_status 1
	assert_stderr "memory-switch: bad usage" "Try 'memory-switch --help' for more information."
}
