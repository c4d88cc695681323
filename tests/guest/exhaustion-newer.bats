#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Taking memory from a machine that needs it, with the newer kernel; see exhaustion.bash.

load guest
load exhaustion

guest_kernel newer

@test "util-linux's chmem takes what nobody can spare" {
	util_linux_does_harm
}

@test "-d SIZE takes nothing where nothing is to spare, and says so" {
	nothing_to_spare
}

@test "-d SIZE takes what is to spare and no more" {
	one_block_to_spare
}

@test "-d RANGE takes nothing where nothing is to spare, and says so" {
	range_to_spare
}

@test "-d takes nothing from outside Movable where there is so much in it" {
	kernel_zones_keep_room
}

@test "-d takes from outside Movable what leaves the kernel its share" {
	kernel_zones_keep_their_share
}

@test "with --keep-free 0, -d leaves the kernel too little, and it kills" {
	kernel_zones_run_dry
}
