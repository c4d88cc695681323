#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# --wait: memory is asked for that comes later, a DIMM of 512 MiB, blocks 40 to 43. All that
# was there before is online.
#
# shellcheck disable=SC2016 # the machine's shell expands

load behaviour

set_all_online() {
	on_machine 'for block in 32 33 34 35 36 37 38 39; do
			put $block state online_movable
		done' >/dev/null
}

# start_waiting COMMANDLINE - and it still does after a while.
start_waiting() {
	start chmem "chmem $1"
	on_machine 'sleep 0.4'
	run ! has_ended_there chmem
}

# watch_coming - notes the ms from when the last of the blocks is there to when all of them are
# online.
watch_coming() {
	on_machine '{
			until [ -e $memory/memory43 ]; do sleep 0.01; done
			begin=$(now_ms)
			for block in 40 41 42 43; do
				until read -r word <$memory/memory$block/state && [ $word = online ]; do
					sleep 0.01
				done
			done
			echo $(($(now_ms) - begin)) >$run/coming
		} >/dev/null 2>&1 &'
}

# assert_came - soon enough, and that is all that chmem waited for. A guest may have to wait for
# its processor.
assert_came() {
	local ms most=${1-300}

	on_machine 'until_true "[ -s \$run/coming ]"'
	ms=$(on_machine 'cat $run/coming')
	[ "$CHMEM_MACHINE" = memsim ] || most=1000
	((ms <= most)) || {
		echo "the blocks were online $ms ms after they had come"
		return 1
	}
	finish chmem
	assert_status 0
	assert_stdout
	assert_stderr
	assert_within 5000 chmem
	assert_zone 40 Movable
	assert_nobody_left
}

@test "-e SIZE --wait sets blocks online as soon as they come" {
	set_all_online
	watch_coming
	start_waiting '-e 512M --wait 20'
	hot_add 512
	assert_came
	assert_blocks 39-43 online
}

@test "-e RANGE --wait waits for the blocks that are missing" {
	set_all_online
	watch_coming
	start_waiting '-e -b 38-43 --wait 20'
	hot_add 512
	assert_came
}

@test "-e SIZE --wait first takes what is there" {
	start_waiting '-e 1536M --wait 20'
	assert_blocks 32-39 online
	hot_add 512
	finish chmem
	assert_status 0
	assert_stdout
	assert_stderr
	assert_blocks 32-43 online
}

@test "-e SIZE --wait counts blocks that the kernel sets online itself" {
	set_all_online
	on_machine 'echo online_movable >$memory/auto_online_blocks'
	watch_coming
	start_waiting '-e 512M --wait 20'
	hot_add 512
	assert_came 1000
}

@test "-e RANGE --wait is content with blocks that the kernel sets online itself" {
	set_all_online
	on_machine 'echo online_movable >$memory/auto_online_blocks'
	watch_coming
	start_waiting '-e -b 40-43 --wait 20'
	hot_add 512
	assert_came 1000
}

@test "-e SIZE --wait counts blocks that somebody else sets online" {
	start_waiting '-e 1152M --wait 20'
	hot_add 512
	finish chmem
	assert_status 0
	is "blocks that are online" "$(on_machine 'states 32-43' | tr ' ' '\n' | grep -cx online)" 9
}

@test "-e SIZE --wait of what is there already does not wait" {
	start chmem 'chmem -e 256M --wait 20'
	finish chmem
	assert_status 0
	assert_within 3000 chmem
	assert_blocks 32-34 online online offline
}

@test "-e SIZE --wait of more than comes ends after the wait, with a part of it" {
	set_all_online
	start_waiting '-e 1G --wait 1.5'
	hot_add 512
	finish chmem
	assert_status 64
	assert_stdout
	assert_stderr 'chmem: Could only enable 512M of memory'
	assert_within 4000 chmem
	assert_blocks 40-43 online
}

@test "-e SIZE --wait ends after the wait where nothing comes: exit 1" {
	set_all_online
	start chmem 'chmem -e 128M --wait 0.5'
	finish chmem
	assert_status 1
	assert_stderr 'chmem: Could only enable 0B of memory'
	assert_within 2500 chmem
}

@test "-e RANGE --wait ends after the wait where nothing comes, and names what is missing" {
	start chmem 'chmem -e -b 40-41 --wait 0.5'
	finish chmem
	assert_status 1
	assert_stderr 'chmem: Memory Blocks 40-41 do not exist'
	assert_within 2500 chmem
}

@test "a block that fails is not tried again for the wait" {
	inject online ENOMEM
	watch_writes
	start chmem 'chmem -e -b 39-40 --wait 0.7 --retries 0'
	finish chmem
	assert_status 1
	assert_stderr_has "chmem: $(block 39) enable failed: Cannot allocate memory*"
	assert_writes 'online 39 ENOMEM'
}

@test "--timeout ends the wait" {
	set_all_online
	start chmem 'chmem -e 128M --wait 20 --timeout 0.5'
	finish chmem
	assert_status 1
	assert_stderr 'chmem: Could only enable 0B of memory' 'chmem: ended by --timeout'
	assert_within 2500 chmem
	run_chmem '--json -e -b 39-40 --wait 20 --timeout 0.5'
	assert_status 64
	assert_json '.status, .missing.blocks, .already.blocks' timeout 1 1
}

@test "--all --wait: what is there is all, if --timeout comes before the end of the wait" {
	run_chmem '-e --all --wait 20 --timeout 1.5'
	assert_status 0
	assert_stderr
	assert_blocks 32-39 online
}

@test "TERM ends the wait" {
	set_all_online
	start_waiting '-e 128M --wait 20'
	send TERM chmem
	finish chmem
	assert_status 143
	assert_stderr 'chmem: Could only enable 0B of memory' 'chmem: ended by a signal: Terminated'
	assert_within 3000 chmem
}

@test "INT ends the wait of --all, and says so" {
	start_waiting '-e --all --wait 20'
	send INT chmem
	finish chmem
	assert_status 130
	assert_stderr 'chmem: Could only enable 1G of memory' 'chmem: ended by a signal: Interrupt'
	assert_blocks 32-39 online
}

@test "who waits for memory lets others have the lock" {
	set_all_online
	start_waiting '-e 128M --wait 20'
	run_chmem '--lock=nonblock -d -b 39'
	assert_status 0
	assert_stderr
}

@test "--atomic --wait changes nothing before all of it is there" {
	on_machine 'chmem -e -b 32-37'
	start_waiting '--atomic -e 768M --wait 20'
	assert_blocks 37-39 online offline offline
	hot_add 512
	finish chmem
	assert_status 0
	assert_stderr
	assert_blocks 38-43 online
}
