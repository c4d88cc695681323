#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The same with bounds, retries and the lock as they are by default: where nothing fails and nobody
# waits, they change nothing.

load common

setup_file() {
	find_oracle_once
	export CHMEM_BOUNDS=
}

@test "what the words mean, with the default bounds" {
	compare small usage
}

@test "a small machine, with the default bounds" {
	compare small blocks
}

@test "everything offline, with the default bounds" {
	compare offline blocks
}

@test "blocks missing in between, with the default bounds" {
	compare holes blocks
}

@test "no right to read or write some states, with the default bounds" {
	compare powerless blocks
}

@test "a read-only sysfs, with the default bounds" {
	compare read_only blocks
}

@test "zones, with the default bounds" {
	compare many_zones zones
}
