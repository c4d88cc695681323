#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is said of chmem in its help, its man page, its completions and the README is the same
# everywhere, and true.

load ../helpers

: "${abs_top_srcdir:?}" "${abs_top_builddir:?}" # of helpers
man_page=$abs_top_srcdir/man/chmem.8.scd
completions=$abs_top_builddir/completions
recipes=$abs_top_srcdir/man/chmem-recipes.7.scd
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
options_of_bash() {
	# shellcheck disable=SC2016 # for the inner shell
	bash --norc -c '
		source "$1"
		[[ $(complete -p chmem) =~ -F\ ([^ ]+) ]] || exit 1
		COMP_WORDS=(chmem -) COMP_CWORD=1 COMP_LINE="chmem -" COMP_POINT=7
		"${BASH_REMATCH[1]}" chmem - chmem 2>/dev/null
		printf "%s\n" "${COMPREPLY[@]}"' - "$completions/bash/chmem" | sort
}

options_of_fish() {
	# shellcheck disable=SC2016 # for the inner shell
	fish --no-config -c 'source $argv[1]; complete -C "chmem -"' "$completions/fish/chmem.fish" |
		cut -f 1 | sed 's/=$//' | sort -u
}

# zsh completes in its line editor only; these are the words that _arguments gets.
options_of_zsh() {
	# shellcheck disable=SC2016 # for the inner shell
	zsh -f -c '_arguments() { print -rl -- "$@" }; source $1' - "$completions/zsh/_chmem" |
		sed -n 's/^([^)]*)\(-[A-Za-z-]*\).*/\1/p' | sort
}

# words_of OPTION - those that are offered behind OPTION=, on one line, sorted. For zsh they are
# read out of the file.
words_of_bash() {
	# shellcheck disable=SC2016 # for the inner shell
	bash --norc -c '
		source "$1"
		COMP_WORDS=(chmem "$2" =) COMP_CWORD=2 COMP_LINE="chmem $2=" COMP_POINT=$((${#2} + 7))
		_chmem chmem = "$2" 2>/dev/null
		printf "%s\n" "${COMPREPLY[@]}"' - "$completions/bash/chmem" "$1" | sort | xargs
}

words_of_fish() {
	# shellcheck disable=SC2016 # for the inner shell
	fish --no-config -c 'source $argv[1]; complete -C "chmem $argv[2]="' \
		"$completions/fish/chmem.fish" "$1" | cut -f 1 | sed 's/^[^=]*=//' | sort | xargs
}

words_of_zsh() {
	sed -n "s/.*)$1=[^:]*:[^(]*(\([a-z_ ]*\))\" .*/\1/p" "$completions/zsh/_chmem" |
		xargs -n 1 | sort | xargs
}

# The columns that are offered after -o, on one line, sorted.
columns_of_bash() {
	words_of_bash --output
}

columns_of_fish() {
	words_of_fish --output
}

columns_of_zsh() {
	sed -n '/^\tcolumns=(RANGE/,/)$/{s/.*(//; s/)//; p}' "$completions/zsh/_chmem" |
		xargs -n 1 | sort | xargs
}

# The shells that are here; their completions are compared.
shells() {
	local shell

	for shell in bash fish zsh; do
		if command -v "$shell" >/dev/null; then
			echo "$shell"
		elif [[ " ${CHMEM_TESTS_MUST_RUN-} " == *' documents '* ]]; then
			echo "$shell is not installed" >&2
			return 1
		fi
	done
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

@test "help, man page and completions have the options that the program has" {
	local options shell

	options=$(options_of_code)
	same_options 'src/options.c' "$options" "$(options_of_help)"
	same_options 'the help' "$(options_of_help)" "$options"
	same_options 'the man page' "$(options_of_man_page)" "$options"
	for shell in $(shells); do
		same_options "the completion for $shell" "$("options_of_$shell")" \
			"$(tr ' ' '\n' <<<"$options" | sort)"
	done
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
	is "in the help" "$("$CHMEM" --help | sed -n '/^ *-/s/.* \(--[a-z-]*\) [A-Z0].*/\1/p' | sort)" "$required"
	is "in the man page" \
		"$(section OPTIONS | sed -n 's/^\*.*\*\(--[a-z-]*\)\* _.*/\1/p; s/^\*\(--[a-z-]*\)\* _.*/\1/p' | sort)" \
		"$required"
	is "optional in the help" \
		"$("$CHMEM" --help | sed -n '/^ *-/s/.* \(--[a-z-]*\)\[=.*/\1/p' | sort)" "$optional"
	is "optional in the man page" \
		"$(section OPTIONS | sed -n 's/^\*\(--[a-z-]*\)\*\[\*=.*/\1/p' | sort)" "$optional"
}

# same_words OPTION NAME WORD... - the help has a line ` NAME` with these words, the man page of
# OPTION has them, and the completions offer them.
same_words() {
	local option=$1 name=$2 word shell

	shift 2
	for word; do
		"$CHMEM" --help | grep -qE "^ $name .*\b$word\b"
		section OPTIONS | sed -n "/^\*$option\*/,/^\*-/p" | grep -q "\*=*$word\*"
	done
	for shell in $(shells); do
		is "$option in $shell" "$("words_of_$shell" "$option")" \
			"$(printf '%s\n' "$@" | sort | xargs)"
	done
}

@test "the words that options take are the same everywhere" {
	local option words

	make_small_tree
	for option in lock:MODE auto-online:POLICY progress:WHEN order:ORDER; do
		run_chmem "--${option%:*}=x"
		words=$(sed -n "s/.*'x', it must be //; s/,\| or/ /gp" <<<"${stderr-}")
		[ "$(wc -w <<<"$words")" -ge 3 ]
		# shellcheck disable=SC2086 # a list of words
		same_words "--${option%:*}" "${option#*:}" $words
	done
}

@test "help and completions have the same columns and zones" {
	local columns shell zone

	columns=$("$CHMEM" --help | sed -n '/^Columns:/,/^$/s/^ \([A-Z-]*\) .*/\1/p' | sort | xargs)
	[ -n "$columns" ]
	for shell in $(shells); do
		is "columns in $shell" "$("columns_of_$shell")" "$columns"
	done
	zone=$("$CHMEM" --help | sed -n '/^Zones:/,/^$/s/^ //p' | xargs)
	grep -qF "split(\"$zone\", names)" "$abs_top_srcdir/completions/offers.awk"
}

@test "the man pages build without a word" {
	local page

	command -v scdoc >/dev/null || skip "scdoc is not installed"
	for page in "$man_page" "$recipes"; do
		run --separate-stderr scdoc <"$page"
		assert_status 0
		is stderr "${stderr-}" ""
		[[ $output == *.TH*chmem* ]]
	done
}

# In examples of their own, and in the text.
commands_of_recipes() {
	{
		sed -n 's/^# \(chmem .*\)/\1/p' "$recipes"
		grep -oE '\*chmem -[^*]+ [^*]+\*' "$recipes" | tr -d '*'
	} | sort -u
}

@test "the program takes every command of the recipes" {
	local command words

	make_tree -b 0-7:online:Normal -b 32-39:online:Movable -b '40-47:offline:Normal Movable'
	commands_of_recipes >"$BATS_TEST_TMPDIR/commands"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/commands")" -ge 7 ]
	while IFS= read -r command; do
		read -ra words <<<"${command#chmem }"
		# what lists has no dry run
		[[ $command == *--list* ]] || words+=(--dry-run)
		run_chmem --json "${words[@]}"
		[[ $(json .status) == @(planned|listed|done) ]] || {
			printf '%s: %s\n' "$command" "${stderr-}"
			return 1
		}
		assert_unchanged
	done <"$BATS_TEST_TMPDIR/commands"
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

	documented '(src|lib|man|completions|contrib|tests)/[A-Za-z0-9_./-]*' >"$BATS_TEST_TMPDIR/files"
	[ -s "$BATS_TEST_TMPDIR/files" ]
	while read -r name; do
		[ -e "$abs_top_srcdir/$name" ] || [ -e "$abs_top_builddir/$name" ] || {
			echo "there is no $name"
			return 1
		}
	done <"$BATS_TEST_TMPDIR/files"
}
