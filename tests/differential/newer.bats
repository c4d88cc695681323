#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What only a chmem of util-linux from 2.42 on can be asked for: -c, -g and -m. Not a part of
# `make check`, for hardly any system has one yet; with the path of one:
#
#	CHMEM_ORACLE=PATH make check TESTS=tests/differential/newer.bats

load common

setup() {
	need_oracle
	[[ $ORACLE_ABOUT == *--configure* ]] || skip 'the original knows nothing of s390'
}

@test "s390: nothing to configure" {
	compare s390_empty blocks
}

@test "s390: options and usage" {
	compare s390 s390_usage
}

@test "s390: configured blocks and others" {
	compare s390 s390
}

@test "s390: blocks that have no state before they are configured" {
	compare s390_standby s390
}

@test "s390: everything online" {
	compare s390_online s390
}

@test "s390: attributes that cannot be read" {
	compare s390_unreadable s390
}

@test "s390: -c and -g where there is nothing to configure" {
	compare s390_empty s390
}

@test "every exception was met" {
	every_exception_was_met
}
