#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Whether blocks go offline, foretold and tried; see offlinable.bash.

load guest
load offlinable

@test "what is said never to go offline never goes, what is said to go does" {
	foretell_right
}
