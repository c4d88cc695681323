# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What a tool does that brings machines to a state and keeps them there: it asks for the state, not
# for a change, goes by what chmem --json says, and may be told only to check. It calls chmem, a
# program or a function.

# converge [--check] SIZE - that so much memory is online. Prints "ok" where it was so already, and
# "changed" where it is so now, or would be. Fails, with the reasons on stderr, where it cannot be.
converge() {
	local dry_run=() document

	if [[ $1 == --check ]]; then
		dry_run=(--dry-run)
		shift
	fi
	# the document tells of failures as well
	document=$(chmem --json "${dry_run[@]}" --resize "$1" 2>/dev/null) || true
	jq -er '
		if .version != 1 then
			error("a version that is not known")
		elif .exit_status != 0 then
			error(.messages | join("; "))
		elif .changed.blocks > 0 or any(.blocks[]; .status == "planned") then
			"changed"
		else
			"ok"
		end' <<<"$document"
}
