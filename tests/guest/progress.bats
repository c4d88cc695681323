#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The bar of --progress on a terminal of the guest: 30 blocks of a DIMM, 32 to 61, go online by a
# kernel that has other things to do as well, so that each takes its time.

load guest
load ../screen

guest_prepare() {
	dimm_plug dimm $((30 * 128))
}

guest_tidy() {
	tidy && guest 'mkdir -p /dev/pts; [ -c /dev/pts/ptmx ] || mount -t devpts devpts /dev/pts'
}

# busily SCRIPT - run_script, while 24 others want the processor, too.
busily() {
	run_script "busy=
		for i in \$(seq 24); do
			while :; do :; done &
			busy=\"\$busy \$!\"
		done
		$1
		status=\$?
		kill \$busy
		exit \$status"
}

@test "30 slow blocks draw a bar on a terminal that ends at 100 %, and leave a clean line" {
	local typed=$BATS_TEST_TMPDIR/typed

	busily "script -qec 'stty cols 100; exec chmem --progress -e -b 32-61' /run/typed"
	assert_status 0
	assert_blocks 32-61 online

	guest "cat /run/typed" >"$typed"
	[ "$(bars "$typed" | grep -c ' of 30 blocks')" -ge 5 ]
	is "lines on the screen" "$(screen "$typed" | grep -c .)" 1
	[[ $(screen "$typed") =~ ^\[#+\]\ 100%\ \ 30\ of\ 30\ blocks,\ 3\.8G\ of\ 3\.8G,\ [0-9]+\ s$ ]]
	[ "$(screen "$typed" | wc -L)" -lt 100 ]
	echo "# $(guest 'uname -r'): on the way: $(bars "$typed" | grep -m 1 '\] *[4-6].%')" >&3
	echo "# $(guest 'uname -r'): in the end: $(screen "$typed" | grep .)" >&3
}

@test "in a pipe the same run draws nothing" {
	busily 'chmem --progress -e -b 32-61 2>&1 | cat'
	assert_status 0
	assert_stdout
	assert_stderr
	assert_blocks 32-61 online
}
