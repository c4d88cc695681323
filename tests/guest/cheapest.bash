# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016 # the guest's shell expands
#
# chmem -d 1G --order cheapest beside the chmem of util-linux, which takes the highest blocks
# whatever is in them: on a guest of 1 GiB with a DIMM of 4 GiB, blocks 32 to 63, by turns
# in zones Normal and Movable. They came online from the highest on, and so the highest are
# the first that the kernel has filled: in Movable most blocks, in Normal only one.
#
# Each run has a guest of its own. CHMEM_SOAK=1 makes ten of each in place of one, and waits
# two minutes, not five seconds, for what does not come back.

export GUEST_TIMEOUT=200
# Each boot lays out memory in its own way.
guest_fresh

# There is less in use in the one run, which may meet with a busy machine.
if soaking; then
	runs=10 least_ratio=10 hang_seconds=120 cache_mib=800 memory_mib=1200
else
	runs=1 least_ratio=2 hang_seconds=5 cache_mib=300 memory_mib=600
fi

guest_prepare() {
	dimm_plug memory 4096
}

# No test takes over the guest of another.
guest_tidy() {
	mkdir -- "$GUEST_DIR/now/used"
} 2>/dev/null

fresh_guest() {
	guest_tidy || { guest_boot && guest_prepare && guest_tidy; }
}

# load_guest [PIN] - the second word of it pins a page of the highest block in Movable.
load_guest() {
	guest ". /etc/functions
		${1:+pin_block 63}
		for even in \$(seq 62 -2 32); do
			echo online_movable >\$memory/memory\$((even + 1))/state
			echo online_kernel >\$memory/memory\$even/state
		done 2>/dev/null
		use_slab 40000 && use_cache $cache_mib && use_memory $memory_mib"
	assert_blocks 32-63 online
}

# run_on_load COMMAND [ARGUMENT]... - sets ms, migrated, unmoved, failed and status: how long it took,
# pages that the kernel moved and that it could not move, writes that failed.
run_on_load() {
	local how before

	watch_attempts
	before=$(migrations)
	run_script "launch run $*"
	read -r how status ms <<<"$(guest 'cat /run/run.end')"
	is "how it ended" "$how" exited
	read_migrations "$before"
	failed=$(attempts "$1" | awk '$3 != 0 { n++ } END { print n + 0 }')
}

migrations() {
	guest "awk '{ n[\$1] = \$2 } END { print n[\"pgmigrate_success\"], n[\"pgmigrate_fail\"] }' \
		/proc/vmstat"
}

# read_migrations BEFORE - sets migrated and unmoved: those since then.
read_migrations() {
	read -r migrated unmoved <<<"$(migrations)"
	migrated=$((migrated - ${1% *})) unmoved=$((unmoved - ${1#* }))
}

# note PROGRAM - the last run_on_load, for the medians and for CHMEM_FIGURES.
note() {
	local line

	line="$1 $ms $migrated $unmoved $failed $status"
	echo "$line" >>"$BATS_TEST_TMPDIR/found"
	[[ -z ${CHMEM_FIGURES-} ]] || echo "cheapest $kernel $line" >>"$CHMEM_FIGURES"
}

# median PROGRAM COLUMN - of what was noted.
median() {
	awk -v program="$1" -v column="$2" '$1 == program { print $column }' \
		"$BATS_TEST_TMPDIR/found" | sort -n |
		awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'
}

# statuses PROGRAM - those that it had.
statuses() {
	awk -v program="$1" '$1 == program { print $6 }' "$BATS_TEST_TMPDIR/found" | sort -nu | paste -s -d ,
}

# print_medians PROGRAM NAME
print_medians() {
	echo "# $kernel: $2: $(median "$1" 2) ms, $(median "$1" 3) pages migrated," \
		"$(median "$1" 4) failed, $(median "$1" 5) writes failed; medians of $runs;" \
		"exit status $(statuses "$1")" >&3
}

# By turns, so that both get their share of what else the machine does.
cheapest_beside_highest() {
	local kernel run ms migrated unmoved failed

	guest "test -x /usr/sbin/chmem.ul" || guest_skip "util-linux has no chmem here"
	kernel=$(guest 'uname -r')
	for ((run = 0; run < runs; run++)); do
		fresh_guest
		load_guest
		run_on_load chmem -d 1G --order cheapest
		assert_status 0
		assert_stdout
		assert_stderr
		is "writes that failed" "$failed" 0
		note ours
		fresh_guest
		load_guest
		run_on_load chmem.ul -d 1G
		note theirs
	done
	print_medians ours 'chmem -d 1G --order cheapest'
	print_medians theirs "util-linux's chmem -d 1G"
	(($(median ours 3) * 10 <= $(median theirs 3)))
	(($(median ours 2) * least_ratio <= $(median theirs 2)))
}

# The highest block that is in Movable can never go, and nobody sees it.
cheapest_beside_pinned() {
	local kernel run ms migrated unmoved failed before

	guest "test -x /usr/sbin/chmem.ul" || guest_skip "util-linux has no chmem here"
	kernel=$(guest 'uname -r')
	fresh_guest
	load_guest pin
	run_on_load chmem -d 1G --order cheapest
	assert_status 0
	assert_stdout
	assert_stderr
	is "writes that failed" "$failed" 0
	assert_time 'chmem -d 1G --order cheapest, beside a pinned page' "$ms" 0 20000
	note pinned
	if soaking; then
		fresh_guest
		load_guest pin
	fi
	before=$(migrations)
	run_script "disturbed 'sleep $hang_seconds
		eval \"\$going\" && echo going
		send KILL' 63 chmem.ul -d 1G"
	assert_stdout going
	read_migrations "$before"
	assert_ended 'killed 9' $((hang_seconds * 1000)) $((hang_seconds * 1000 + 10000))
	[[ -z ${CHMEM_FIGURES-} ]] ||
		echo "cheapest $kernel hung $((hang_seconds * 1000)) $migrated $unmoved - none" >>"$CHMEM_FIGURES"
	echo "# $kernel: util-linux's chmem -d 1G: not back after $hang_seconds s;" \
		"$migrated pages migrated, $unmoved failed" >&3
}
