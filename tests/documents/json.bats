#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the man page and the schema say of --json is the same, and what the program writes.

# shellcheck disable=SC2016 # jq expands its variables itself
# shellcheck disable=SC2030,SC2031 # each test has an output of its own

load ../helpers

: "${abs_top_srcdir:?}" # of helpers
man_page=$abs_top_srcdir/man/chmem.8.scd
validate=$abs_top_srcdir/tests/validate
schema=$abs_top_srcdir/doc/chmem.schema.json

# section - what the man page says of it.
section() {
	sed -n '/^# JSON$/,/^# EXIT STATUS$/p' "$man_page"
}

# Each of these prints the keys that it finds, each once, sorted.

# In the lines that are terms, and in the words that are keys of what they stand for.
keys_of_man_page() {
	{
		section | sed -n '/^\*.*\*$/p' | grep -oE '\*[a-z_]+\*'
		printf '*%s*\n' online offline first last # of total and ranges, asserted below
	} | tr -d '*' | sort -u
}

keys_of_schema() {
	jq -r '[.. | objects | .properties? // empty | select(type == "object") |
		to_entries[] | select(.value | type == "object") | .key] | unique | .[]' "$schema" |
		sort -u
}

# Those of conditions are no definitions.
keys_of_code() {
	cat "$abs_top_srcdir"/src/document{,-block}.c | tr -d '\n\t' |
		grep -oE '(json_put[a-z_]*|put_[a-z_]+)\([^()]*, *"[a-z_]+"' |
		sed 's/.*"\(.*\)"/\1/' | sort -u
}

@test "man page, schema and program have the same keys" {
	local keys

	keys=$(keys_of_code)
	[ "$(wc -l <<<"$keys")" -ge 35 ]
	is "keys of the schema" "$(keys_of_schema)" "$keys"
	is "keys of the man page" "$(keys_of_man_page)" "$keys"
	for key in online offline first last; do
		section | grep -qF "*$key*"
	done
}

@test "every key that the schema defines is required" {
	is "what is not" "$(jq -r '[.. | objects | select(has("additionalProperties")) |
		(.properties | keys) - .required] | add | .[]' "$schema")" ''
}

@test "the schema lets no other key pass" {
	is "objects with keys that are not closed" "$(jq '[.. | objects |
		select(.type == "object" and .additionalProperties != false)] | length' "$schema")" 0
}

# words_of FILTER - the strings of an enum in the schema, sorted.
words_of() {
	jq -r "$1 | .[] | strings" "$schema" | sort
}

@test "the man page tells every word that the schema allows" {
	local filter word words

	for filter in .properties.status.enum .properties.command.enum \
		'.properties.signal.anyOf[0].enum' '."$defs".block.properties.status.enum' \
		'."$defs".policy.enum' '."$defs".block.properties.action.enum' '."$defs".state.enum' \
		'[."$defs"[] | .properties?.kind? // empty | .enum? // [.const]] | add'; do
		words=$(words_of "$filter")
		[ -n "$words" ]
		for word in $words; do
			section | grep -qE "\*$word\*" || {
				echo "$word is missing"
				return 1
			}
		done
	done
}

@test "the words of a block's status are those of the program" {
	is "the words" "$(sed -n 's/.*\[MEMBLK_STATUS_.*\] = "\(.*\)",/\1/p' \
		"$abs_top_srcdir/src/document-block.c" | sort)" \
		"$(words_of '."$defs".block.properties.status.enum')"
}

@test "the words of the status are those of the program" {
	is "the words" "$(sed -n '/^static const char \*ending/,/^}/p' "$abs_top_srcdir/src/document.c" |
		grep -oE '"[a-z]+"' | tr -d '"' | sort -u)" "$(words_of .properties.status.enum)"
}

# example COMMAND - the jq program that the man page pipes that into, as one would type it.
example() {
	sed -n "s/^\\*chmem $1 | jq -r '\\(.*\\)'\\*\$/\\1/p" "$man_page" | sed 's/\\\\/\\/g'
}

@test "the examples for jq work" {
	make_small_tree
	run_chmem --json -e 4G
	assert_json "$(example '--json -e 4G')" 'partial: 1024 MiB online'
	rm "$MEMORY/memory2/state"
	run_chmem --json -d -b 1-3
	assert_json "$(example '--json -d -b 32-39')" '2 No such file or directory'
}

# broken FILTER - a document that was changed so is found to be wrong.
broken() {
	local directory=$BATS_TEST_TMPDIR/broken

	mkdir -p "$directory"
	{
		echo 'a test'
		jq -c "$1" <<<"$output"
	} >"$directory/document"
	run ! --separate-stderr "$validate" "$schema" "$directory"
	[[ ${stderr-} != *Traceback* ]]
}

@test "a document that is wrong is found to be so" {
	local document filter

	make_small_tree
	run_chmem --json -e -b 3-5
	document=$output
	for filter in 'del(.total)' '.extra = 1' '.status = "fine"' '.status = "partial"' \
		'.exit_status = 64' '.signal = "SIGINT"' '.changed.blocks = 1' '.changed.bytes = "1"' \
		'del(.blocks[0])' '.blocks[0] = .blocks[1]' '.blocks |= reverse' '.blocks[1].error = 5' \
		'.blocks[1].extra = null' 'del(.blocks[1].zone)' '.blocks[1].size = 1' \
		'.blocks[1].start = "0x20000000"' '.blocks[1].attempts = 0' '.dry_run = true' \
		'.blocks[1].status = "failed" | .failed.blocks = 1 | .changed.blocks = 1' \
		'.requested.kind = "size"' 'del(.requested.ranges[0].last)' '.blocks[0].block = -1' \
		'{blocks: .blocks} + .'; do
		output=$document
		broken "$filter"
	done
	mkdir -p "$BATS_TEST_TMPDIR/twice"
	printf 'a test\n{ "version": 1, "version": 1 }\n' >"$BATS_TEST_TMPDIR/twice/document"
	run ! "$validate" "$schema" "$BATS_TEST_TMPDIR/twice"
	[[ $output == *'version is there twice'* ]]
}
