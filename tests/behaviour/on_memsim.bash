# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # set by bats, ../helpers.bash and ../memsim/memsim.bash
# shellcheck disable=SC2016 # the machine's shell expands
#
# The machine of behaviour.bash as a simulated one: a new one for each test.

# shellcheck source=tests/helpers.bash
source "$behaviour_source/../helpers.bash"
# shellcheck source=tests/memsim/memsim.bash
source "$behaviour_source/../memsim/memsim.bash"
# shellcheck source=tests/guest/machines.bash
source "$behaviour_source/../guest/machines.bash"

# A file system of its own, there for this test file alone, as in the guest.
RUN=/run

setup_file() {
	if [ -e /sys/devices ]; then
		echo 'to be run by tests/run-bats, out of reach of this machine' >&2
		return 1
	fi
	mount -t tmpfs run "$RUN"
}

# As that guest is, with 1 GiB and a DIMM of another.
use_machine q35
guest_like=(
	'blocks 0 online none'
	'blocks 1 online DMA32 slab=20%'
	'blocks 2-6 online DMA32'
	'blocks 7 online DMA32 hole'
	'blocks 32-39 offline device=PNP0C80:00'
)

# machine_start [LINE]... - a simulated machine, made of these lines where that matters.
machine_start() {
	find "$RUN" -mindepth 1 -delete
	memsim_start "$@"
}

setup() {
	machine_start "${guest_like[@]}"
}

teardown() {
	local file

	for file in "$RUN"/*.pid; do
		[ ! -e "$file" ] || [ -e "${file%.pid}.end" ] || kill -KILL -- "-$(<"$file")" || true
	done
	memsim_stop
}

on_machine() {
	env TREE="$TREE" CHMEM="$CHMEM" sys="$TREE/sys" memory="$MEMORY" proc="$TREE/proc" \
		run="$RUN" machine="$TREE" \
		PATH="$behaviour_source/memsim:$abs_top_builddir/tests/behaviour:${MEMSIM%/*}:$PATH" \
		sh -c '. "$0/functions"'"; $1" "$behaviour_source" </dev/null 3>&- 4>&-
}

# run_as_nobody SCRIPT - run_script, by an ordinary user, without the functions.
run_as_nobody() {
	local as=(setpriv --reuid=65534 --clear-groups)

	"${as[@]}" true 2>/dev/null || skip "there is no other user here"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR" "${BATS_TEST_TMPDIR%/*}"
	"${as[@]}" test -r "$MEMORY/memory0/state" -a -x "$POKE" -a -x "$CHMEM" \
		-a -r "$behaviour_source/memsim/chmem" ||
		skip "what another user needs is out of his reach"
	run_script "${as[*]} sh -c '$1'"
}

# ---- What is done to the machine ----

hot_add() {
	memsim_tell "add 40-$((39 + $1 / 128)) device=PNP0C80:01"
}

hot_add_later() {
	memsim_tell "after 0 add 40-$((39 + $1 / 128)) device=PNP0C80:01"
}

hot_remove() {
	memsim_tell 'remove 40-55'
}

pin_block() {
	pinned_block=$1
	on_machine "put $1 state online_movable" >/dev/null
	memsim_tell "set $1 pinned=1"
}

unpin() {
	memsim_tell "set $pinned_block pinned=0"
}

make_deaf() {
	on_machine "put $1 state online_movable" >/dev/null
	memsim_tell "stick $1 state for 2500 word offline"
}

make_hearing() {
	: # nobody can; it is over in a while
}

make_unmovable() {
	on_machine "put $1 state online_kernel" >/dev/null
	memsim_tell "set $1 slab=3000"
}

inject() {
	local word

	if [ "$1" == offline ]; then
		memsim_tell "fail * state $2 word offline" "fail * online $2 word offline"
		return
	fi
	for word in online online_kernel online_movable; do
		memsim_tell "fail * state $2 word $word"
	done
	memsim_tell "fail * online $2 word online"
}

inject_nothing() {
	memsim_tell clear
}

watch_writes() {
	memsim_tell forget
}

writes() {
	memsim_writes | awk '{
		word = $3 == 0 || $3 == "offline" ? "offline" : "online"
		print word, $1, $4
	}'
}

lose_race() {
	memsim_tell "steal $1 $2 at write"
	watch_writes
	run_chmem "$3"
}

# shellcheck disable=SC2034 # for the tests
plugged_device=PNP0C80:00 added_device=PNP0C80:01

dimm_only() {
	: # it has one
}

slow_down() {
	memsim_tell 'delay 32-39 state 30'
}
