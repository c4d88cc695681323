#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A dry run says what would be done, and the same run for real does it.
#
# shellcheck disable=SC2016 # the machine's shell expands

load behaviour

# foresee COMMANDLINE - a dry run and then the run itself. The latter has the exit status of the
# former, and as lines what those of the former foresaw; and that is what it writes.
foresee() {
	local foreseen foreseen_status before after

	before=$(everything)
	run_chmem "-n -v $1"
	foreseen_status=$status foreseen=${output// would be / }
	printf '%s\n' "foreseen: exit status $status" "$output" "${stderr-}"
	after=$(everything)
	is "all blocks" "$after" "$before"
	watch_writes
	run_chmem "-v $1"
	printf '%s\n' "done: exit status $status" "$output" "${stderr-}"
	is "lines" "$output" "$foreseen"
	is "exit status" "$status" "$foreseen_status"
	is "blocks written" "$(writes | cut -d ' ' -f 2 | xargs)" \
		"$(sed -n 's/^Memory Block \([0-9]*\) .* \(en\|dis\)abled$/\1/p' <<<"$output" |
			grep -vxFf <(sed -n 's/^Memory Block \([0-9]*\) .* already .*/\1/p' <<<"$output") |
			xargs)"
}

@test "what -e and -d would do by size is what they do" {
	foresee '-e 384M'
	assert_status 0
	foresee '-e 2G'
	assert_status 64
	foresee '-d -z Movable 512M'
	assert_status 0
	assert_blocks 32-36 online online online online offline
}

@test "what would be done to named blocks is what is done" {
	foresee '-e -b 38-41'
	assert_status 64
	foresee '-e -b 32,38'
	assert_status 0
	foresee '-e -z Normal -b 33'
	assert_status 0
	foresee '-d -b 32,35,38'
	assert_status 0
	assert_blocks 32-39 offline online offline offline offline offline offline online
}

@test "what would be done to all blocks, and for a size to reach, is what is done" {
	foresee '--resize 1408M'
	foresee '-e --all'
	foresee '--resize 1536M'
	foresee '-d --all -z Movable --order lowest'
	assert_status 0
	assert_blocks 32-39 offline
}

@test "what would be done in all or nothing is what is done" {
	foresee '--atomic -e 512M'
	assert_status 0
	foresee '--atomic -e 1G'
	assert_status 1
	foresee '--atomic -d -b 32-35'
	assert_status 0
	foresee '--atomic -d -b 32-47'
	assert_status 1
}

@test "nothing is changed, whatever the command" {
	local before after

	on_machine 'chmem -e 512M'
	before=$(everything)
	watch_writes
	for arguments in '-e 1G' '-e --all' '-d 2G' '-d -b 32-35' '--resize 1G' '--atomic -d -b 32-33' \
		'-d --all -z Movable' '-d --order cheapest 256M'; do
		run_chmem "-n $arguments"
		[ "$status" -ne 1 ]
		assert_stdout_like '*would be*'
	done
	assert_writes
	after=$(everything)
	is "all blocks" "$after" "$before"
}

@test "any user can make one" {
	run_as_nobody 'chmem -n -e 256M'
	assert_status 0
	assert_stdout "$(block 32) would be enabled" "$(block 33) would be enabled"
	assert_stderr
	assert_blocks 32-33 offline
}

@test "memory is kept free as in the run itself" {
	on_machine 'chmem -e 1G'
	run_chmem '-n -d --keep-free 16G -b 32-33'
	assert_status 1
	assert_stdout
	assert_stderr_line 0 "chmem: $(block 32) disable would fail: it would leave *"
	assert_stderr_line 1 "chmem: $(block 33) was not tried"
	assert_stderr_length 2
	run_chmem '-n -d --keep-free 0 -b 32-33'
	assert_status 0
	assert_blocks 32-39 online
}

@test "a block in several zones is known to fail, and by size another is taken" {
	run_chmem '-n -d -b 0'
	assert_status 1
	assert_stdout
	assert_stderr_like "chmem: $(block 0) disable would fail: ?*"
	run_chmem '-n --order lowest -d --keep-free 0 1152M'
	assert_stdout_like '*'
	run ! grep "^$(block 0)" <<<"$output"
}

@test "a block with pages that can never move is known to fail, and the line says why" {
	on_machine 'chmem -e -b 32'
	make_unmovable 33
	run_chmem '-n -d -b 32-33'
	assert_status 64
	assert_stdout "$(block 32) would be disabled"
	assert_stderr_line 0 "chmem: $(block 33) disable would fail: Device or resource busy; it holds *"
	assert_stderr_line 1 'chmem: Would only disable 128M of memory'
	assert_blocks 32-33 online
}

@test "neither the kernel's lock nor that of another run is waited for" {
	pin_block 39
	start_write other 39 state offline
	wait_for_state 39 going-offline
	start chmem 'chmem -n --lock=yes -d -b 39'
	finish chmem
	assert_status 0
	assert_stdout "$(block 39) would be disabled"
	assert_within 5000 chmem
	start chmem 'chmem --try-timeout 0 -d -b 39'
	start dry 'chmem -n --lock=yes -e 256M'
	finish dry
	assert_status 0
	assert_within 5000 dry
	send INT other
	send TERM chmem
	finish chmem
	finish other
	unpin
}
