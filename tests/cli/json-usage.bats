#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# --json on command lines that are refused: wherever it stands before --, the answer is a document.

load ../helpers

try_help="Try 'chmem --help' for more information."

setup() {
	make_small_tree
}

# assert_document COMMAND LINE... - the refusal of a command line, COMMAND or null, with these lines
# on stderr and in the document.
assert_document() {
	local lines=("${@:2}") expected

	assert_status 1
	printf -v expected '%s\n' "${lines[@]/#/chmem: }"
	is stderr "${stderr-}" "$(printf '%s' "${expected//chmem: Try/Try}")"
	assert_json '"\(.status) \(.exit_status) \(.signal) \(.command)"' "refused 1 null $1"
	assert_json '.messages[]' "${lines[@]}"
	assert_json '[.block_size, .requested, .total, (.blocks | length)] | map(tostring) | join(" ")' \
		'null null null 0'
	assert_json '[.changed, .already, .failed, .missing, .reverted | .blocks, .bytes] | add' 0
	assert_unchanged
}

@test "--json in every form, before and behind what is wrong" {
	for option in -J --json --js --j; do
		run_chmem "$option" -x
		assert_document null "invalid option -- 'x'" "$try_help"
		run_chmem -e -x "$option"
		assert_document enable "invalid option -- 'x'" "$try_help"
		run_chmem -d 1 2 "$option"
		assert_document disable 'bad usage' "$try_help"
	done
	run_chmem -vJ -c
	assert_document configure 'bad usage' "$try_help"
	run_chmem -Jgx 5
	assert_document deconfigure "invalid option -- 'x'" "$try_help"
	run_chmem -xgJ 5
	assert_document deconfigure "invalid option -- 'x'" "$try_help"
}

@test "--json alone is bad usage" {
	run_chmem --json
	assert_document null 'bad usage' "$try_help"
	run_chmem 128M --json
	assert_document null 'bad usage' "$try_help"
}

@test "--json behind -- is an operand" {
	run_chmem -e -- --json
	assert_refused 'chmem: Invalid parameter: --json'
	run_chmem -e -x -- -J
	assert_refused "chmem: invalid option -- 'x'" "$try_help"
}

@test "--json that is the argument of another option is that" {
	run_chmem -x -z -J
	assert_refused "chmem: invalid option -- 'x'" "$try_help"
	run_chmem -x --sysroot --json
	assert_refused "chmem: invalid option -- 'x'" "$try_help"
	run_chmem -x -zJ
	assert_refused "chmem: invalid option -- 'x'" "$try_help"
}

@test "--json with POSIXLY_CORRECT holds behind the operand, too" {
	POSIXLY_CORRECT=1 run_chmem -e 128M --json
	assert_document enable 'bad usage' "$try_help"
}

@test "--json takes no argument, and says so in a document" {
	run_chmem -e --json=yes 128M
	assert_document enable "option '--json' doesn't allow an argument" "$try_help"
}

@test "--json: every way to be refused is a document" {
	run_chmem -J --unknown
	assert_document null "unrecognized option '--unknown'" "$try_help"
	run_chmem -J -e -z
	assert_document enable "option requires an argument -- 'z'" "$try_help"
	run_chmem -J -e --zone
	assert_document enable "option '--zone' requires an argument" "$try_help"
	run_chmem -J -e --atomic=1 5
	assert_document enable "option '--atomic' doesn't allow an argument" "$try_help"
	run_chmem -J -e -d 5
	assert_document enable 'options --enable and --disable cannot be combined'
	run_chmem -J -z DMA -c 5
	assert_document configure 'options --zone and --configure cannot be combined'
	run_chmem -J -c -m 2 5
	assert_document configure "Invalid value of --memmap-on-memory: '2', it must be 0 or 1"
	run_chmem -J -e --timeout x 5
	assert_document enable "Invalid value of --timeout: 'x', it must be a number of seconds or infinity"
	run_chmem -J -e --timeout 99999999999999999999 5
	assert_document enable "Invalid value of --timeout: '99999999999999999999': Numerical result out of range"
	run_chmem -J -e --retries x 5
	assert_document enable "Invalid value of --retries: 'x', it must be a number from 0 to 1000000"
	run_chmem -J -e --lock no 5
	assert_document enable 'The value of --lock is written with =, as --lock=no'
	run_chmem -J -e -s '' 5
	assert_document enable 'The directory of --sysroot must not be empty'
}

@test "--json: an abbreviation that is ambiguous" {
	run_chmem -J --d 5
	assert_status 1
	assert_json .status refused
	assert_json '.messages[0]' "$(sed -n '1s/^chmem: //p' <<<"${stderr-}")"
	assert_stderr_like "chmem: option '--d' is ambiguous; *"
}

@test "--json: what getopt says goes to stderr under the name that the program was started by" {
	run --separate-stderr "$CHMEM" -J -x
	assert_stderr_line 0 "$CHMEM: invalid option -- 'x'"
	assert_json '.messages[0]' "invalid option -- 'x'"
}

# refused OPERAND MESSAGE [OPTION]... - when the system is known.
refused() {
	run_chmem -J -e "${@:3}" -- "$1"
	assert_refused_document "$2"
}

assert_refused_document() {
	assert_status 1
	assert_json '"\(.status) \(.exit_status)"' 'refused 1'
	assert_json '.messages[]' "$@"
	assert_json '.block_size, .requested, (.blocks | length)' 134217728 null 0
	assert_json '.total.online' $((4 << 27))
	assert_unchanged
}

@test "--json: operands that are refused" {
	refused 5-10 'Invalid start address format: 5 (-b takes block numbers)'
	refused 100K 'Size must be aligned to memory block size (128M)'
	refused 17592186044416 'Size too large'
	refused x "Failed to parse size: 'x': Invalid argument"
	refused 9-8 'Invalid range: 9-8' -b
	refused '' 'Invalid parameter: ' -b
	run_chmem -J -e -z foo 128M
	assert_refused_document 'unknown memory zone: foo' "$try_help"
	run_chmem -J -c 128M
	assert_refused_document 'Cannot configure. Use -e instead.'
}
