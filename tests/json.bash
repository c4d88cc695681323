# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For whatever runs chmem: all documents of --json that a file of tests brings forth are kept, and
# judged together at its end. (One Python for all of them: it takes longer to start than a test.)

json_source=${BASH_SOURCE[0]%/*}

# wants_json WORD... - whether --json is on this command line, in any form, and no --help.
wants_json() {
	local word wants=1

	for word; do
		case $word in
		--) break ;;
		--j | --js | --jso | --json | --json=*) wants=0 ;;
		--h* | --vers* | --V*) return 1 ;;
		--*) ;;
		-*[hV]*) return 1 ;;
		-[msz]*) ;;
		-*J*) wants=0 ;;
		esac
	done
	return "$wants"
}

# keep_document STDOUT WORD... - of chmem with this command line, if it is one. Nothing at all is none:
# stdout may be full or closed.
keep_document() {
	local directory=$BATS_FILE_TMPDIR/documents

	[ -n "$1" ] || return 0
	[[ $1 == '{'* ]] || wants_json "${@:2}" || return 0
	[ -d "$directory" ] || mkdir -p -- "$directory"
	printf '%s: chmem %s\n%s\n' "$BATS_TEST_DESCRIPTION" "${*:2}" "$1" \
		>"$directory/$BASHPID.$EPOCHREALTIME"
}

# validate_documents - for teardown_file.
validate_documents() {
	[ ! -d "$BATS_FILE_TMPDIR/documents" ] ||
		"$json_source/validate" "$json_source/../doc/chmem.schema.json" "$BATS_FILE_TMPDIR/documents"
}
