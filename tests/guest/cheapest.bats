#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What it saves to take the cheapest blocks; see cheapest.bash.

load guest
load cheapest

@test "-d --order cheapest moves a tenth of the pages, in much less time" {
	cheapest_beside_highest
}

@test "-d --order cheapest is done in seconds where a page is pinned in the highest block" {
	cheapest_beside_pinned
}
