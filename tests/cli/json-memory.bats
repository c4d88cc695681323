#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# --json where memory is short, and with many blocks.

load ../helpers

STARVING=${abs_top_builddir:?}/tests/cli/starving

# starve MOST COMMANDLINE... - runs it with memory for one allocation more each time, until it has all
# that it asks for, or MOST are not enough. What there is on stdout must be a whole document, or the
# exit status is 1 and stderr says why. Sets outcomes, a word for each run: none (nothing on stdout),
# lost (not all is told), parts (not all could be made), whole.
starve() {
	local after parts=0 file=$BATS_TEST_TMPDIR/starved

	grep -q __asan_init "$STARVING" && out_of_place "an instrumented build has an allocator of its own"
	: >"$file.parts"
	outcomes=
	for ((after = 0; after < $1; after++)); do
		# more than a thousand times: without the processes of `run`
		status=0
		STARVE_AFTER=$after "$STARVING" --sysroot "$TREE" "${@:2}" >"$file.stdout" \
			2>"$file.stderr" || status=$?
		IFS= read -r -d '' output <"$file.stdout" || true
		IFS= read -r -d '' stderr <"$file.stderr" || true
		if [ -z "$output" ]; then
			outcomes+=' none'
			assert_status 1
			[ -n "$stderr" ]
			continue
		elif [[ $stderr == *'the document is not complete: '* ]]; then
			outcomes+=' parts'
			assert_status 1
			printf %s "$output" >>"$file.parts"
			parts=$((parts + 1))
			continue
		fi
		keep_document "$output" "${@:2}"
		if [[ $output == *'there was no memory '* ]]; then
			outcomes+=' lost'
		else
			outcomes+=' whole'
			[[ ${outcomes} != *'whole whole whole whole whole' ]] || break
		fi
	done
	is "documents of parts that are JSON" "$(jq -c . "$file.parts" | wc -l)" "$parts"
}

@test "--json with too little memory: what comes is valid, or it says why" {
	make_tree -b 0-2:online:Normal
	starve 2000 --json -e -b 0-2
	echo "$outcomes"
	[[ $outcomes == *none*parts*whole ]]
}

@test "--json with too little memory, on a command line that is refused" {
	make_tree -b 0-2:online:Normal
	starve 1000 --json -x
	echo "$outcomes"
	[[ $outcomes == *none*whole ]]
}

@test "--json with no memory for all results: the others are told, and that there were more" {
	grep -q __asan_init "$CHMEM" && out_of_place "an instrumented build takes memory of its own"
	make_tree -b 0-2999:online:Normal
	run --separate-stderr prlimit --data=$((768 << 10)) \
		"$CHMEM" --sysroot "$TREE" --json -e -b 0-2999
	keep_document "$output" --json
	assert_status 0
	assert_stderr 'chmem: there was no memory to tell of all blocks'
	assert_json '.status, .missing.blocks, .messages[0]' 'done' 0 'there was no memory to tell of all blocks'
	[ "$(json '.blocks | length')" -lt 3000 ]
}

@test "--json: what each block costs is its result, and not its text" {
	grep -q __asan_init "$CHMEM" && out_of_place "an instrumented build takes memory of its own"
	make_tree -b 0-9999:online:Normal
	run --separate-stderr prlimit --data=$((6 << 20)) "$CHMEM" --sysroot "$TREE" --json -e -b 0-9999
	keep_document "$output" --json
	assert_status 0
	assert_stderr
	assert_json '.already.blocks, (.blocks | length)' 10000 10000
	# the text alone would be more than that allows
	[ "${#output}" -gt $((2 << 20)) ]
}
