#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# How much memory is left, and all-or-nothing where one block fails alone. On the
# simulated machine only.
#
# shellcheck disable=SC2016 # the machine's shell expands
# shellcheck disable=SC2154 # TREE and MEMORY are set by memsim_start

load behaviour

set_all_online() {
	on_machine 'for block in 32 33 34 35 36 37 38 39; do
			put $block state online_movable
		done' >/dev/null
}

# ---- What must be left ----

@test "D36: the default keeps at least 64 MiB, or the kernel goes round for ever" {
	set_all_online
	memsim_tell 'use 1500M'
	run_chmem '-d --try-timeout 2 1G'
	assert_status 64
	assert_stderr_has 'chmem: Could only disable 384M of memory'
	assert_stderr_has 'chmem:   1 block: it would leave * of memory available where 64M must be (--keep-free 0 takes it anyway)'
	assert_stderr_length 2
}

@test "D36: twice the high watermarks are kept where that is more" {
	set_all_online
	memsim_tell 'use 1300M' 'watermark 200M'
	run_chmem '-d --try-timeout 2 1G'
	assert_status 64
	assert_stderr_has 'chmem:   1 block: it would leave * where 400M must be (--keep-free 0 takes it anyway)'
}

@test "D36: of what a run that ends early did not get to, blocks that are as wanted are done" {
	on_machine 'put 36 state online_movable; put 39 state online_movable' >/dev/null
	memsim_tell 'use 1200M'
	run_chmem '-v -d -b 7,32-36,38,45'
	assert_status 64
	assert_stdout "$(block 32) already disabled" "$(block 33) already disabled" \
		"$(block 34) already disabled" "$(block 35) already disabled" "$(block 38) already disabled"
	assert_stderr_like "chmem: $(block 7) disable failed: it would leave *
chmem: $(block 45) does not exist
chmem: $(block 36) was not tried
chmem: Could only disable 640M of memory*"
	run_chmem '--json -n -d -b 7,32-36,38,45'
	assert_status 64
	assert_json '.already.blocks, .missing.blocks, .failed.blocks' 5 1 1
}

@test "D36: memory that goes into use meanwhile ends the run in time" {
	set_all_online
	memsim_tell 'use 600M' 'leak 300M'
	run_chmem '-d --try-timeout 2 1G'
	assert_status 64
	assert_stderr_has 'chmem: Could only disable 384M of memory'
	assert_stderr_has 'chmem:   1 block: it would leave * (--keep-free 0 takes it anyway)'
}

@test "D36: free swap counts, but none on zram, which is made of memory" {
	set_all_online
	memsim_tell 'swap /dev/zram0 4G'
	run_chmem '-d --keep-free 2500M 128M'
	assert_status 1
	assert_stderr_has 'chmem:   1 block: it would leave * of memory available where 2.4G must be*'
	memsim_tell 'swap /dev/sda2 4G'
	run_chmem '-d --keep-free 2500M 128M'
	assert_status 0
	assert_stderr
	assert_blocks 38-39 online offline
}

@test "D36: what is in use of swap does not count" {
	set_all_online
	memsim_tell 'swap /dev/sda2 4G 4G'
	run_chmem '-d --keep-free 2500M 128M'
	assert_status 1
	assert_blocks 38-39 online
}

@test "D36: a block outside Movable needs as much free memory outside Movable" {
	set_all_online
	memsim_tell 'set 1 used=75%' 'set 2-6 used=100%' 'set 0 used=100%' 'set 7 used=90%'
	run_chmem '-d -b 6'
	assert_status 1
	assert_stderr_like "chmem: $(block 6) disable failed: it would leave * of memory free outside zone Movable where 64M must be (--keep-free 0 takes it anyway)"
	run_chmem '-d --keep-free 0 -b 6'
	assert_status 0
	assert_blocks 6-6 offline
}

@test "D36: for a block outside Movable, Movable must not grow beyond the kernel's ratio" {
	set_all_online
	on_machine 'echo 105 >$sys/module/memory_hotplug/parameters/auto_movable_ratio'
	run_chmem '-d -b 6'
	assert_status 1
	assert_stderr_like "chmem: $(block 6) disable failed: it would leave * of memory outside zone Movable where * must be (--keep-free 0 takes it anyway)"
}

# ---- All or nothing, where one block fails ----

# assert_none_came BLOCK
assert_none_came() {
	local before

	before=$(everything)
	memsim_tell clear "fail $1 state ENOMEM"
	run_chmem '--atomic -e -b 32-35'
	assert_status 1
	assert_stdout
	assert_stderr_line 0 "chmem: $(block "$1") enable failed: Cannot allocate memory*"
	assert_stderr_has 'chmem: --atomic: *'
	is "all blocks" "$(everything)" "$before"
}

@test "--atomic -e, any one of four fails: none is online in the end" {
	for block in 32 33 34 35; do
		assert_none_came "$block"
	done
}

@test "--atomic -e: blocks that were online in their zones stay there when the others go back" {
	on_machine 'put 33 state online_kernel' >/dev/null
	assert_none_came 35
	assert_zone 33 Normal
}

# assert_none_went BLOCK
assert_none_went() {
	local before

	before=$(everything)
	memsim_tell clear "fail $1 state EIO word offline"
	run_chmem '--atomic -d -b 32-35'
	assert_status 1
	assert_stderr_line 0 "chmem: $(block "$1") disable failed: Input/output error"
	is "all blocks" "$(everything)" "$before"
}

@test "--atomic -d, any one of four in several zones fails: all are in their zones in the end" {
	on_machine 'put 32 state online_kernel; put 33 state online_movable
		put 34 state online_kernel; put 35 state online_movable' >/dev/null
	for block in 32 33 34 35; do
		assert_none_went "$block"
	done
}

@test "--atomic -e SIZE takes another block in place of one that fails" {
	memsim_tell 'fail 33 state EIO'
	run_chmem '--atomic -e 384M'
	assert_status 0
	assert_blocks 32-36 online offline online online offline
}

@test "--atomic -e: a block that the kernel keeps cannot go back: 64, and it is named" {
	memsim_tell 'kernel-takes 10%' 'fail 34 state ENOMEM'
	run_chmem '--atomic -e -z Normal -b 32-34'
	assert_status 64
	assert_stderr_has "chmem: $(block 33) could not be set back: Device or resource busy*"
	assert_stderr_has "chmem: $(block 32) could not be set back: Device or resource busy*"
	assert_blocks 32-34 online online offline
}

@test "--atomic -d: a block that comes back in another zone is named with it: 64" {
	on_machine 'put 32 state online_movable; put 33 state online_movable' >/dev/null
	memsim_tell 'fail 33 state EIO word offline' 'steal 32 online_kernel at write count 2'
	# The first theft finds it online as it is; the second is quicker than the way back.
	run_chmem '--atomic -d -b 32-33'
	assert_status 64
	assert_stderr_has "chmem: $(block 32) could not be set back: came online in zone Normal"
	assert_zone 32 Normal
}

@test "--atomic -d: free huge pages that went with a block do not come back with it, and are counted" {
	on_machine 'put 32 state online_movable; put 33 state online_movable' >/dev/null
	memsim_tell 'set 32 hugefree=6M' 'set 33 hugefree=4M' 'fail 33 state EIO word offline'
	is "the pool" "$(memory_info HugePages_Total)" 5
	run_chmem '--atomic -d -b 32-33'
	assert_status 1
	assert_stdout
	assert_stderr "chmem: $(block 33) disable failed: Input/output error" \
		'chmem: --atomic: what was changed is set back' \
		"chmem: the kernel's pool has lost huge pages: 3"
	is "the pool" "$(memory_info HugePages_Total)" 2
	run_chmem '--atomic -d -b 32-33'
	assert_status 1
	assert_stderr "chmem: $(block 33) disable failed: Input/output error" \
		'chmem: --atomic: what was changed is set back'
}

@test "a dry run says where zone Movable would come to hold too much" {
	machine_start 'blocks 0-7 online' 'blocks 32-63 offline'
	run_chmem '-n -e 3G'
	assert_status 0
	assert_stderr
	run_chmem '-n -e 3200M'
	assert_status 0
	assert_stderr 'chmem: zone Movable would hold 3.1G beside 1G for the kernel itself, which is more than 301 %: the kernel may run short of memory'
	run_chmem '-n -e -z Normal 3200M'
	assert_stderr
	memsim_tell 'ratio 400'
	run_chmem '-n -e 3200M'
	assert_stderr
}

@test "a dry run says that it could not look into blocks" {
	machine_start 'blocks 0-7 online slab=5%' 'blocks 32-39 offline'
	run_chmem '-n -d -b 7'
	assert_status 1
	assert_stderr "chmem: $(block 7) disable would fail: Device or resource busy; it holds 1638 slab pages"
	run_as_nobody 'chmem -n -d -b 7'
	assert_status 0
	assert_stdout "$(block 7) would be disabled"
	assert_stderr 'chmem: what is in the blocks cannot be seen, so that more may fail: Permission denied'
	run_as_nobody 'chmem -n -e -b 32'
	assert_stderr
}

@test "--json tells of zone Movable that holds too much, and stderr does not" {
	machine_start 'blocks 0-7 online' 'blocks 32-63 offline'
	run_chmem '--json -e 3G'
	assert_json '.messages | length' 0
	run_chmem '--json -e 128M'
	assert_status 0
	assert_stderr
	assert_json '.messages[]' 'zone Movable holds 3.1G beside 1G for the kernel itself, which is more than 301 %: the kernel may run short of memory'
	run_chmem '-e 128M'
	assert_stderr
	run_chmem '--json -d 128M'
	assert_json '.messages | length' 0
}
