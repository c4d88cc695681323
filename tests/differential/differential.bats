#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What any chmem of util-linux can be asked for, the installed one first of all.

load common

# ---- What the words mean ----

@test "sizes" {
	compare small sizes
}

@test "ranges of addresses" {
	compare small address_ranges
}

@test "ranges of blocks" {
	compare small block_ranges
}

@test "operands that are next to nothing" {
	compare small empty_operands
}

@test "options and usage" {
	compare small usage
}

@test "streams that are full or closed" {
	compare small streams
}

# ---- What is done, to which blocks, in which order ----

@test "a small machine" {
	compare small blocks
}

@test "everything online" {
	compare online blocks
}

@test "everything offline" {
	compare offline blocks
}

@test "blocks missing in between" {
	compare holes blocks
}

@test "a kernel that shows no zones" {
	compare without_zones blocks
}

@test "blocks in many zones" {
	compare many_zones blocks
}

@test "boot memory that lies in no single zone" {
	compare none blocks
}

@test "a first block that shows no zones" {
	compare first_without_zones blocks
}

@test "a first block that alone shows its zones" {
	compare first_with_zones blocks
}

@test "states that are no words of the kernel's" {
	compare odd_states blocks
}

@test "states that cannot be read" {
	compare unreadable_states blocks
}

@test "entries that are no blocks" {
	compare odd_names blocks
}

@test "large blocks" {
	compare big_blocks blocks
}

@test "small blocks" {
	compare small_blocks blocks
}

@test "a block size in other words" {
	compare odd_block_size blocks
}

@test "two nodes" {
	compare nodes blocks
}

@test "numbers of several digits" {
	compare long_numbers blocks
}

@test "no blocks at all" {
	compare no_blocks few
}

@test "no block size" {
	compare no_block_size few
}

@test "no memory directory" {
	compare no_memory few
}

@test "no right to read or write some states" {
	compare powerless blocks
}

@test "a read-only sysfs" {
	compare read_only blocks
}

# ---- Zones ----

@test "zones: a small machine" {
	compare small zones
}

@test "zones: everything offline" {
	compare offline zones
}

@test "zones: many of them" {
	compare many_zones zones
}

@test "zones: memory that lies in no single one" {
	compare none zones
}

@test "zones: a kernel that shows none" {
	compare without_zones zones
}

# ---- The exceptions ----

@test "every exception was met" {
	every_exception_was_met
}
