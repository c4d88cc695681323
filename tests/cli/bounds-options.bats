#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The options that bound a run, on the command line: their forms and what their values may be.
# What they do is told elsewhere.

load ../helpers

try_help="Try 'chmem --help' for more information."
takes_seconds=(try-timeout timeout wait)

setup() {
	make_small_tree
}

# taken [ARGUMENT]... - the options of such a command line are good, for a size of 0 is a success.
taken() {
	run_chmem -e "$@" 0
	assert_status 0
	assert_stdout
	assert_stderr
	assert_unchanged
}

# each_taken OPTION... - the same of each of them, which has its value behind a =.
# shellcheck disable=SC2034 # for assert_unchanged
each_taken() {
	local answers option

	tree_before=$(show_tree)
	answers=$(for option; do
		chmem_on_tree -e "$option" 0 2>&1 || echo "exit status $?"
	done)
	is "what was said" "$answers" ''
	assert_unchanged
}

# each_value_refused OPTION REASON VALUE... - `chmem -e OPTION=VALUE 128M` does nothing but say that
# the value is invalid, and why, for every one of them.
# shellcheck disable=SC2034 # for assert_unchanged
each_value_refused() {
	local option=$1 reason=$2 answers value expected=''

	shift 2
	tree_before=$(show_tree)
	answers=$(for value; do
		chmem_on_tree -e "--$option=$value" 128M 2>&1
		echo "exit status $?"
	done)
	for value; do
		expected+="chmem: Invalid value of --$option: '$value'$reason"$'\n'
		expected+=$'exit status 1\n'
	done
	is "what was said" "$answers" "${expected%$'\n'}"
	assert_unchanged
}

no_seconds=', it must be a number of seconds or infinity'
no_count=', it must be a number from 0 to 1000000'
no_size=', it must be a size'
no_mode=', it must be auto, yes, no or nonblock'
too_large=': Numerical result out of range'

@test "an option that takes a value takes it joined or apart, under its name or a part of it" {
	local option

	for option in --try-timeout=1 '--try-timeout 1' --tr=1 '--try 1' --timeout=60 '--timeout 60' \
		--ti=60 '--time 60' --retries=1 '--retries 1' --ret=1 '--ret 1' --keep-free=1G \
		'--keep-free 1G' --k=1G '--keep 1G' --wait=0 '--wait 0' --w=0 '--wa 0'; do
		# shellcheck disable=SC2086 # words
		taken $option
	done
}

@test "--atomic and its abbreviated forms take no value" {
	for option in --atomic --ato --at; do
		taken "$option"
		run_chmem -e "$option=1" 128M
		assert_refused "chmem: option '--atomic' doesn't allow an argument" "$try_help"
	done
}

@test "an option that lacks its value is refused" {
	for option in "${takes_seconds[@]}" retries keep-free; do
		run_chmem -e 128M "--$option"
		assert_refused "chmem: option '--$option' requires an argument" "$try_help"
	done
}

@test "the options are taken with every command" {
	local command

	for command in -e -d; do
		run_chmem "$command" --try-timeout 1 --timeout 60 --retries 1 --keep-free 0 --atomic \
			--lock=auto --wait 0 0
		assert_status 0
		assert_stdout
		assert_stderr
	done
	make_s390_tree
	for command in -c -g; do
		run_chmem "$command" --try-timeout 1 --timeout 60 --retries 1 --keep-free 0 --atomic \
			--lock=auto --wait 0 0
		assert_status 0
		assert_stdout
		assert_stderr
	done
}

@test "the options leave the order of others free" {
	run_chmem --timeout 60 4-5 --lock=no -v --retries 0 -b --atomic -e --keep-free 0
	assert_status 0
	assert_stdout "$(block 4) enabled" "$(block 5) enabled"
	assert_stderr
	assert_states 3-6 "online online_movable online_movable offline"
}

@test "seconds are a decimal number, with a fraction or without, or infinity" {
	local option

	for option in "${takes_seconds[@]}"; do
		each_taken "--$option="{0,0.0,30,100,30.0,50.50,infinity,86400,4294967296} \
			"--$option="{18446744073709551,18446744073709551.614} \
			"--$option=60.00000000000000000000000000000000000000000000000000000000000000001"
	done
	# of the whole run, that might be too little
	each_taken --{wait,try-timeout}={0.5,0.001,0.0001,1}
}

@test "what is no number of seconds is refused" {
	local option

	for option in "${takes_seconds[@]}"; do
		each_value_refused "$option" "$no_seconds" '' ' ' ' 1' '1 ' $'1\t' '1 0' +1 -1 -0 -0.5 \
			1e3 1E3 0x1 0x 01 00 007 00.5 . .5 1. 1.. 1.5. 1.5.5 1,5 1:30 1s 1m 500ms 1.5s \
			five 1x x1 inf INFINITY Infinity +infinity -infinity infinit infinityx nan never \
			¼ ٣
	done
}

@test "seconds beyond 64 bits of milliseconds are refused" {
	local option

	for option in "${takes_seconds[@]}"; do
		each_value_refused "$option" "$too_large" 18446744073709552 18446744073709551.616 \
			18446744073709551.6150001 18446744073709551615 18446744073709551616 \
			99999999999999999999999999
	done
	# this is the number that infinity is
	each_value_refused timeout "$too_large" 18446744073709551.615 18446744073709551.6141
}

@test "seconds have a point in every locale" {
	export LOCPATH=$BATS_TEST_TMPDIR/locale
	mkdir "$LOCPATH"
	localedef -i de_DE -f UTF-8 "$LOCPATH/de_DE.UTF-8" || skip "no sources of a locale with a comma"
	is "the decimal sign" "$(LC_ALL=de_DE.UTF-8 printf %.1f 0,5)" 0,5

	export LC_ALL=de_DE.UTF-8
	taken --timeout 60.5
	each_value_refused timeout "$no_seconds" 0,5 1,5
}

@test "0 seconds and infinity are no limit" {
	local seconds n=4

	for seconds in 0 0.000 infinity; do
		run_chmem -v -e --try-timeout "$seconds" --timeout "$seconds" -b $n
		assert_status 0
		assert_stdout "$(block $n) enabled"
		assert_stderr
		n=$((n + 1))
	done
}

@test "a wait of 0 seconds is none" {
	run_chmem -e --wait 0 -b 11-12
	assert_status 64
	assert_stdout
	assert_stderr "chmem: $(block 12) does not exist" "chmem: Could only enable 128M of memory"
}

@test "--retries takes a number up to a million" {
	each_taken --retries={0,1,2,10,999999,1000000}
	each_value_refused retries "$no_count" '' 1000001 4294967296 4294967297 18446744073709551616 \
		99999999999999999999999 -1 -0 +1 ' 1' '1 ' 01 00 0x1 1.0 1. 1e3 1M x 2x infinity
}

@test "--keep-free takes a size as the operand is written, aligned or not" {
	each_taken --keep-free={0,1,100,1.5G,64M,64MiB,67MB,1K,1KB,0.5K,3T,15E,0G} \
		--keep-free=18446744073709551.614KB
	each_value_refused keep-free "$no_size" '' x M -1 +1 ' 1' '1 ' 01 0x100 0x8000000 1.5 1. .5G \
		128B 1X 1iG '1,5G' infinity auto 1G-2G
	each_value_refused keep-free "$too_large" 16E 17592186044416 1Z 18446744073709551616 \
		18446744073709551.616KB
	each_value_refused keep-free ', it must be a whole number of bytes' 0.1K 0.0001KB 0.3G
	# this is the number that no size at all is
	each_value_refused keep-free "$too_large" 18446744073709551.615KB
}

@test "--lock takes one of four words behind a =, or none" {
	each_taken --lock={auto,yes,no,nonblock} --lo=yes --lock --loc
	each_value_refused lock "$no_mode" '' n nob y Yes NO AUTO ' no' 'no ' nonblocking none 0 1 true
}

@test "a word for --lock that stands apart is not taken for it, and how to write it is told" {
	local word

	for word in auto yes no nonblock; do
		for line in "-e --lock $word" "-e --lock $word 128M" "-e 128M --lock $word" \
			"-e --lo $word 128M -v" "--lock $word" "-e -b --lock $word -v 4" \
			"-e --lock -- $word" "-e --lock=yes --lock $word"; do
			# shellcheck disable=SC2086 # words
			run_chmem $line
			assert_refused "chmem: The value of --lock is written with =, as --lock=$word"
		done
	done
	POSIXLY_CORRECT=1 run_chmem -e --lock no 128M
	assert_refused "chmem: The value of --lock is written with =, as --lock=no"
}

@test "what stands apart from --lock and is no word for it is the operand" {
	run_chmem -v -e --lock 128M
	assert_status 0
	assert_stdout "$(block 4) enabled"
	assert_stderr
	run_chmem -v -e -b --lock 5
	assert_status 0
	assert_stdout "$(block 5) enabled"
	run_chmem -e --lock=no no
	assert_refused "chmem: Failed to parse size: 'no': Invalid argument"
	run_chmem -e --lock never
	assert_refused "chmem: Failed to parse size: 'never': Invalid argument"
	run_chmem -e --lock never 128M
	assert_refused "chmem: bad usage" "$try_help"
}

@test "of a repeated option the last value counts, and only that is judged" {
	local option

	for option in "${takes_seconds[@]}" retries keep-free; do
		taken "--$option=x" "--$option=60"
		taken "--$option" '' "--$option" 0
		run_chmem -e "--$option=1" "--$option=x" 128M
		assert_refused_somehow "Invalid value of --$option: 'x'*"
	done
	taken --lock=x --lock
	taken --lock --lock=no
	taken --atomic --atomic
	run_chmem -e --lock --lock=x 128M
	assert_refused "chmem: Invalid value of --lock: 'x'$no_mode"
}

@test "what excludes what comes before the values, then usage, then the system" {
	run_chmem -e --timeout x -d 128M
	assert_refused "chmem: options --enable and --disable cannot be combined"
	run_chmem -c --retries x -z Movable 128M
	assert_refused_somehow '*zone*'
	run_chmem -e --timeout x
	assert_refused "chmem: Invalid value of --timeout: 'x'$no_seconds"
	run_chmem --timeout 1 128M
	assert_refused "chmem: bad usage" "$try_help"
	use_tree "$BATS_TEST_TMPDIR/none"
	mkdir "$TREE"
	run_chmem -e --keep-free x nonsense
	assert_refused "chmem: Invalid value of --keep-free: 'x'$no_size"
}

@test "--help and --version come before what is wrong with a value" {
	for option in -h --version; do
		run_chmem -e --timeout x --lock=x --retries -1 "$option"
		assert_status 0
		assert_stdout_like '*chmem*'
		assert_stderr
	done
}

@test "D40: ambiguous abbreviations list the new options, too" {
	for option in --t --t=1; do
		run_chmem -e "$option" 128M
		assert_status 1
		assert_stdout
		assert_stderr_like "chmem: option '$option' is ambiguous; possibilities: *$try_help"
		assert_stderr_like "*'--try-timeout'*"
		assert_stderr_like "*'--timeout'*"
		assert_unchanged
	done
}

# each_abbreviation NAME LENGTH - the long option, from so many letters on.
each_abbreviation() {
	local length

	for ((length = $2; length <= ${#1}; length++)); do
		echo "--${1:0:length}"
	done
}

# answer_to [ARGUMENT]... - what chmem says to these, and what is then in the tree.
answer_to() {
	rm -rf "$TREE"
	make_small_tree
	chmem_on_tree "$@" 2>&1
	echo "exit status $?"
	show_tree
}

# same_by_any_name NAME LENGTH BEFORE BEHIND - `chmem BEFORE --NAME BEHIND` does the same, however
# NAME is abbreviated.
same_by_any_name() {
	local option expected

	# shellcheck disable=SC2086 # words
	expected=$(answer_to $3 "--$1" $4)
	[[ $expected == *'exit status 0'* ]]
	for option in $(each_abbreviation "$1" "$2"); do
		# shellcheck disable=SC2086 # words
		is "what $option does" "$(answer_to $3 "$option" $4)" "$expected"
	done
}

@test "every abbreviation that was unique before is so still" {
	same_by_any_name enable 1 '' '-v 128M'
	same_by_any_name disable 2 '' '-v 128M'
	same_by_any_name blocks 1 '-v -e' 4
	same_by_any_name zone 1 '-v -e' 'Normal 128M'
	same_by_any_name sysroot 1 '-v -e' "$TREE 128M"
	same_by_any_name verbose 4 '-e' 128M
	same_by_any_name help 1 '' ''
	same_by_any_name version 4 '' ''
}

@test "every abbreviation that was unique before is so still, on s390" {
	local option

	make_s390_tree
	for option in $(each_abbreviation configure 1) $(each_abbreviation deconfigure 2); do
		run_chmem -v "$option" 0
		assert_status 0
		assert_stderr
	done
	for option in $(each_abbreviation memmap-on-memory 1); do
		run_chmem -c "$option" x 128M
		assert_refused "chmem: Invalid value of --memmap-on-memory: 'x', it must be 0 or 1"
	done
}
