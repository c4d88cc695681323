#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Whether blocks go offline, foretold and tried, with the newer kernel; see offlinable.bash.

load guest
load offlinable

guest_kernel newer

@test "what is said never to go offline never goes, what is said to go does" {
	foretell_right
}
