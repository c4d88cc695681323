#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# chmem as tools call it that keep machines in a state: check, apply, check again; see converge.bash.
#
# shellcheck disable=SC2154 # set by ../guest/machines.bash
# shellcheck disable=SC2016 # the machine's shell expands

load behaviour
load converge

chmem() {
	local status=0 document

	document=$(on_machine "chmem $*") || status=$?
	keep_document "$document" "$@"
	printf '%s\n' "$document"
	return "$status"
}

# assert_converged [--check] SIZE ok|changed
assert_converged() {
	run --separate-stderr converge "${@:1:$#-1}"
	assert_status 0
	assert_stdout "${*: -1}"
	assert_stderr
}

@test "--resize: check, apply, check again, apply again" {
	hot_add 1024
	watch_writes
	assert_converged --check "$((boot_mib + 2048))M" changed
	assert_writes
	assert_blocks 32-47 offline

	assert_converged "$((boot_mib + 2048))M" changed
	assert_blocks 32-47 online

	watch_writes
	assert_converged --check "$((boot_mib + 2048))M" ok
	assert_converged "$((boot_mib + 2048))M" ok
	assert_writes
	assert_blocks 32-47 online
}

@test "--resize: less memory is a state like any other" {
	assert_converged "$((boot_mib + 512))M" changed
	assert_blocks 32-39 online online online online offline offline offline offline
	assert_converged --check "$((boot_mib + 256))M" changed
	assert_converged "$((boot_mib + 256))M" changed
	assert_converged "$((boot_mib + 256))M" ok
	assert_blocks 32-39 online online offline offline offline offline offline offline
}

@test "--resize: what cannot be had is told, and is no success the second time, either" {
	local enabled

	# all there is, and then nothing more
	for enabled in 1G 0B; do
		run --separate-stderr converge 3G
		is "whether it failed" "$((status != 0))" 1
		assert_stdout
		assert_stderr_like "*Could only enable $enabled of memory*"
	done
	assert_blocks 32-39 online
}
