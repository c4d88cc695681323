#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is said of chmem in its help, its man page, its completion and the README is the same
# everywhere, and true.

load ../helpers

: "${abs_top_srcdir:?}" "${abs_top_builddir:?}" # of helpers
man_page=$abs_top_srcdir/man/chmem.8.scd
completion=$abs_top_srcdir/completions/bash/chmem
readme=$abs_top_srcdir/README.md

# Each of these prints the options that it finds as `-e --enable`, or `--atomic` where there is no
# letter, sorted.

options_of_help() {
	"$CHMEM" --help | sed -n -e 's/^ *\(-[^-, ]\), *\(--[a-z-]*\).*/\1 \2/p' \
		-e 's/^ *\(--[a-z-]*\).*/\1/p' | sort
}

options_of_man_page() {
	section OPTIONS | sed -n -e 's/^\*\(-[^-*]\)\*, *\*\(--[a-z-]*\)\*.*/\1 \2/p' \
		-e 's/^\*\(--[a-z-]*\)\*.*/\1/p' | sort
}

options_of_code() {
	sed -n -e "s/^\t{ \"\([a-z-]*\)\", .*, '\(.\)' },$/-\2 --\1/p" \
		-e 's/^\t{ "\([a-z-]*\)", .*, OPTION_[A-Z_]* },$/--\1/p' \
		"$abs_top_srcdir/src/options.c" | sort
}

# What is offered for a dash alone; words of their own, for which belongs to which is not told.
options_of_completion() {
	# shellcheck disable=SC2016 # for the inner shell
	bash --norc -c '
		source "$1"
		[[ $(complete -p chmem) =~ -F\ ([^ ]+) ]] || exit 1
		COMP_WORDS=(chmem -) COMP_CWORD=1 COMP_LINE="chmem -" COMP_POINT=7
		"${BASH_REMATCH[1]}" chmem - chmem 2>/dev/null
		printf "%s\n" "${COMPREPLY[@]}"' - "$completion" | sort
}

# same_options WHAT ACTUAL EXPECTED - fails, too, where nothing was found.
same_options() {
	[ -n "$2" ] || {
		echo "no options are found in $1"
		return 1
	}
	is "what is in $1" "$2" "$3"
}

# section NAME - that part of the man page.
section() {
	sed -n "/^# $1\$/,/^# /p" "$man_page"
}

# differences_in REGEX FILE... - the numbered differences in lines that match.
differences_in() {
	grep -rhIE -e "$1" "${@:2}" | grep -oE '\bD[0-9]+\b' | sort -u
}

@test "help, man page and completion have the options that the program has" {
	local options

	options=$(options_of_code)
	same_options 'src/options.c' "$options" "$(options_of_help)"
	same_options 'the help' "$(options_of_help)" "$options"
	same_options 'the man page' "$(options_of_man_page)" "$options"
	same_options 'the completion' "$(options_of_completion)" "$(tr ' ' '\n' <<<"$options" | sort)"
}

@test "the program takes every option that its help names" {
	local options option

	make_small_tree
	options=$(options_of_help | tr ' ' '\n')
	for option in $options; do
		run_chmem "$option"
		[[ ${stderr-} != *'unrecognized option'* && ${stderr-} != *'invalid option'* ]] || {
			echo "$option: $stderr"
			return 1
		}
	done
	[ -n "$options" ]
}

# with_argument FILTER - the options of the code that take one (required) or may (optional).
with_argument() {
	sed -n "s/^\t{ \"\([a-z-]*\)\", $1_argument, .*/--\1/p" "$abs_top_srcdir/src/options.c" | sort
}

@test "help and man page show an argument to the options that take one, and to no other" {
	local required optional

	required=$(with_argument required)
	optional=$(with_argument optional)
	[ -n "$required" ]
	is "in the help" "$("$CHMEM" --help | sed -n 's/.* \(--[a-z-]*\) [A-Z0].*/\1/p' | sort)" "$required"
	is "in the man page" \
		"$(section OPTIONS | sed -n 's/^\*.*\*\(--[a-z-]*\)\* _.*/\1/p; s/^\*\(--[a-z-]*\)\* _.*/\1/p' | sort)" \
		"$required"
	is "optional in the help" \
		"$("$CHMEM" --help | sed -n 's/.* \(--[a-z-]*\)\[=.*/\1/p' | sort)" "$optional"
	is "optional in the man page" \
		"$(section OPTIONS | sed -n 's/^\*\(--[a-z-]*\)\*\[\*=.*/\1/p' | sort)" "$optional"
}

@test "the words of --lock are the same everywhere" {
	local words word

	make_small_tree
	run_chmem -e --lock=x 128M
	words=$(sed -n "s/.*'x', it must be //; s/,\| or/ /gp" <<<"${stderr-}")
	[ "$(wc -w <<<"$words")" -eq 4 ]
	for word in $words; do
		"$CHMEM" --help | grep -qE "^ MODE .*\b$word\b"
		section OPTIONS | grep -qE "^\*--lock\*.*[*=]$word\*"
		grep -qE "^[[:space:]]l\) _chmem_words_of .*\b$word\b" "$completion"
	done
}

@test "the man page builds without a word" {
	command -v scdoc >/dev/null || skip "scdoc is not installed"
	run --separate-stderr scdoc <"$man_page"
	assert_status 0
	is stderr "${stderr-}" ""
	[[ $output == *.TH*chmem* ]]
}

@test "the man page tells every exit status" {
	local partial status

	partial=$(sed -n 's/^#define EXIT_PARTIAL //p' "$abs_top_srcdir/src/report.h")
	[ -n "$partial" ]
	for status in 0 1 "$partial"; do
		section 'EXIT STATUS' | grep -qxF "*$status*" || {
			echo "$status is missing"
			return 1
		}
	done
}

@test "the man page and the help tell the same zones" {
	local zones zone

	zones=$("$CHMEM" --help | sed -n '/^Zones:/,/^$/s/^ //p')
	[ -n "$zones" ]
	for zone in $zones; do
		section OPTIONS | grep -qF "*$zone*" || {
			echo "$zone is missing"
			return 1
		}
	done
}

@test "every difference that the man page tells is in the name of a test" {
	local told tested

	told=$(section 'DIFFERENCES TO UTIL-LINUX' | differences_in '^\*D[0-9]+\*$' -)
	tested=$(differences_in '@test|test_|check_|ok\(' "$abs_top_srcdir"/tests/{cli,unit,behaviour,differential})
	[ -n "$told" ]
	is "what is told and not tested" "$(comm -23 <(echo "$told") <(echo "$tested"))" ""
}

@test "README shows the options as the help does" {
	local line

	"$CHMEM" --help | grep '^ *-' >"$BATS_TEST_TMPDIR/lines"
	[ -s "$BATS_TEST_TMPDIR/lines" ]
	while IFS= read -r line; do
		grep -qxF -e "$line" "$readme" || {
			echo "README has not: $line"
			return 1
		}
	done <"$BATS_TEST_TMPDIR/lines"
}

@test "what README shows of the demo is what the demo prints" {
	local line shown

	{ : <>/dev/fuse; } 2>/dev/null || skip "/dev/fuse is out of reach"
	run sh "$abs_top_srcdir/tests/demo"
	assert_status 0
	is "the end of the demo" "${lines[-1]}" '# All as it should be.'

	# lsmem is another in other versions
	shown=$(sed -n '/^## The demo/,/^## /p' "$readme" | grep -E '^(\$ chmem|chmem: |Memory |\(exit|# )')
	[ "$(grep -c '^\$ chmem' <<<"$shown")" -ge 5 ]
	# the time that a try took is a matter of the day
	printf '%s\n' "${lines[@]}" | sed 's/after [0-9.]* s (/after N s (/' >"$BATS_TEST_TMPDIR/demo"
	while IFS= read -r line; do
		grep -qxF -e "${line/after * s (/after N s (}" "$BATS_TEST_TMPDIR/demo" || {
			echo "the demo has not: $line"
			return 1
		}
	done <<<"$shown"
}

# documented REGEX - what matches, in README and CONTRIBUTING, each once.
documented() {
	grep -ohE -e "$1" "$readme" "$abs_top_srcdir/CONTRIBUTING.md" | sort -u
}

@test "the command lines of README and CONTRIBUTING exist" {
	local target option

	documented '(^ {4}.*|`)make( -[a-z0-9]+)* [a-z-]+' >"$BATS_TEST_TMPDIR/make"
	grep -q 'make demo$' "$BATS_TEST_TMPDIR/make"
	while read -r target; do
		target=${target##* }
		grep -qE "^[a-z -]*\\b$target( [a-z -]*)?:" "$abs_top_builddir/Makefile" || {
			echo "there is no make $target"
			return 1
		}
	done <"$BATS_TEST_TMPDIR/make"

	[ -x "$abs_top_srcdir/bootstrap" ]
	documented '^ *\./bootstrap --[a-z-]+' >"$BATS_TEST_TMPDIR/bootstrap"
	grep -q 'bootstrap --deps$' "$BATS_TEST_TMPDIR/bootstrap"
	while read -r option; do
		grep -qF -e "${option##* }" "$abs_top_srcdir/bootstrap"
	done <"$BATS_TEST_TMPDIR/bootstrap"
}

@test "the files that README and CONTRIBUTING name exist" {
	local name

	documented '(src|lib|man|completions|tests)/[A-Za-z0-9_./-]*' >"$BATS_TEST_TMPDIR/files"
	[ -s "$BATS_TEST_TMPDIR/files" ]
	while read -r name; do
		[ -e "$abs_top_srcdir/$name" ] || [ -e "$abs_top_builddir/$name" ] || {
			echo "there is no $name"
			return 1
		}
	done <"$BATS_TEST_TMPDIR/files"
}
