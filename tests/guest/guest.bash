# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A Linux guest for each test file: chmem on a real kernel, which may be broken at will.
#
# One file by hand, from the top of the tree after `make`:
#
#	bats tests/guest/enable.bats
#	CHMEM=/path/to/chmem bats -f 'kernel memory' tests/guest/disable.bats
#
# It takes an x86-64 machine with qemu-system-x86, busybox-static, cpio, kmod and a C
# compiler and, the first time, a Debian archive to get a kernel from (see fetch). Neither
# root nor /dev/kvm is needed, and the memory of this machine is never touched. Where
# something is missing the tests are skipped; they fail if CHMEM_TESTS_MUST_RUN has the
# word "guest" in it.
#
# Some tests wait, watch or try again for a while, and make their point in a short one.
# With CHMEM_SOAK=1 in the environment they take the long one: a minute for what hangs, the
# bounds that chmem has by default, a minute of watching a guest that was short of memory,
# a hundred rounds for two runs that meet.
#
#	make check-guest                     # on the kernel of this machine's release
#	CHMEM_SOAK=1 make check-guest
#	GUEST_KERNEL=newer make check-guest  # on the newest of Debian sid
#
# What they measure is in their logs, on lines that begin with "# " and the kernel.
#
# A test file says what its guest is like:
#
#	GUEST_ARGUMENTS   kernel arguments, set before this file is loaded; without any,
#			  new memory stays offline
#	guest_kernel newer   after this file is loaded: its guests run the newest kernel of
#			  Debian sid. Without it, the environment's GUEST_KERNEL says
#			  which; `newer`, or empty for that of this machine's release
#	guest_prepare     called once for every new guest: plug memory, for instance
#	guest_tidy        called before each test; a guest for which it fails is replaced;
#			  without any, the blocks that were plugged are set offline
#
# A guest that died, or that did not answer in time, is replaced as well, by the next
# test. The tests have
#
#	guest SCRIPT              runs it in the guest: its stdout, stderr, exit status
#	run_guest SCRIPT          the same under bats' run, for helpers.bash to judge
#	run_script SCRIPT         run_guest, with the functions of /etc/functions
#	monitor JSON              gives QEMU a command; REPLY is the answer
#	dimm_plug, dimm_unplug    memory that comes and goes
#
# and what judge.bash reads off the kernel. Below GUEST_DIR are initrd.cpio, the pipe
# `requests` to the process that owns QEMU (see keep), and a directory for each guest;
# `now` is the last. There are the pipes to its agent and to QEMU's monitor, the logs,
# QEMU's `pid`, and a file `lost` as soon as an answer failed to come.

guest_source=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
# shellcheck source=tests/helpers.bash
source "$guest_source/../helpers.bash"
# shellcheck source=tests/guest/image.bash
source "$guest_source/image.bash"
# shellcheck source=tests/guest/judge.bash
source "$guest_source/judge.bash"

: "${GUEST_ARGUMENTS:=memhp_default_state=offline}"
# Far more than the slowest answer takes, far less than anybody would wait for.
: "${GUEST_TIMEOUT:=60}"
# The tests of a file share its guest.
export BATS_NO_PARALLELIZE_WITHIN_FILE=true

guest_kernel() { GUEST_KERNEL=$1; }
guest_prepare() { :; }
guest_tidy() { restore_blocks; }

# ---- What bats calls ----

setup_file() {
	local lines status=0

	export GUEST_DIR GUEST_MISSING='' GUEST_KEEPER guest_requests
	GUEST_DIR=$(mktemp -d -- "${BATS_FILE_TMPDIR:-${TMPDIR:-/tmp}}/guest.XXXXXX")
	GUEST_MISSING=$(guest_missing_programs)
	[[ -z $GUEST_MISSING ]] || return 0

	"$guest_source/fetch" ${GUEST_KERNEL:+"$GUEST_KERNEL"} \
		>"$GUEST_DIR/paths" 2>"$GUEST_DIR/fetch.log" || status=$?
	if ((status == 77)); then
		GUEST_MISSING=$(tail -n 1 "$GUEST_DIR/fetch.log")
		return 0
	elif ((status)); then
		cat -- "$GUEST_DIR/fetch.log" >&2
		return 1
	fi
	mapfile -t lines <"$GUEST_DIR/paths"
	guest_make_initrd "${lines[1]}" || return
	guest_keep "${lines[0]}"
}

teardown_file() {
	# The end of its requests makes it end QEMU, and itself.
	if [[ -n ${GUEST_KEEPER-} ]]; then
		exec {guest_requests}>&-
		wait "$GUEST_KEEPER"
	fi
	rm -rf -- "$GUEST_DIR"
}

setup() {
	[[ -z $GUEST_MISSING ]] || guest_skip "$GUEST_MISSING"
	# Inherited: a test must not keep alive what its file has left behind.
	exec {guest_requests}>&-
	if guest_is_alive; then
		guest_attach
		guest_tidy && return
	fi
	guest_boot || return
	if ! guest_prepare || ! guest_tidy; then
		guest_give_up "the guest could not be prepared"
		return 1
	fi
}

# bats shows it only where the test failed.
teardown() {
	[[ -z $GUEST_MISSING && -e $GUEST_DIR/now ]] || return 0
	printf '%s\n' '--- the end of the log of the guest, and of QEMU ---'
	tail -n 20 -- "$GUEST_DIR/now/console.log" "$GUEST_DIR/now/qemu.log" || true
}

# ---- Setting up ----

# guest_skip REASON - the one place that knows what it means that a test cannot run.
guest_skip() {
	if [[ " ${CHMEM_TESTS_MUST_RUN-} " == *' guest '* ]]; then
		printf 'must run, but cannot: %s\n' "$1" >&2
		return 1
	fi
	skip "$1"
}

guest_missing_programs() {
	local program

	for program in qemu-system-x86_64 setpriv cpio ldd; do
		if ! command -v "$program" >/dev/null; then
			printf '%s is not installed' "$program"
			return
		fi
	done
}

# guest_make_initrd BASE - the base and, on top of it, the program under test.
guest_make_initrd() {
	local overlay=$GUEST_DIR/overlay

	mkdir -- "$overlay" &&
		image_add "$overlay" "$CHMEM" usr/sbin/chmem &&
		{ cat -- "$1" && image_pack "$overlay"; } >"$GUEST_DIR/initrd.cpio" &&
		rm -r -- "$overlay"
}

# guest_keep KERNEL - starts the process that is to own QEMU. It must not keep bats'
# descriptors, and only the process of this test file, which is there to the end, may keep
# the pipe open: for both ways, as nobody may be there to read from it.
guest_keep() {
	mkfifo -- "$GUEST_DIR/requests"
	"$guest_source/keep" "$1" "$GUEST_DIR/initrd.cpio" "$GUEST_ARGUMENTS" \
		<"$GUEST_DIR/requests" >"$GUEST_DIR/keep.log" 2>&1 3>&- 4>&- &
	GUEST_KEEPER=$!
	exec {guest_requests}<>"$GUEST_DIR/requests"
}

# ---- A guest's life ----

guest_boot() {
	local dir

	dir=$(mktemp -d -- "$GUEST_DIR/XXXXXX")
	mkfifo -- "$dir"/{agent,monitor}.{in,out}
	ln -sfn -- "$dir" "$GUEST_DIR/now"
	printf '%s\n' "$dir" >"$GUEST_DIR/requests"
	until [[ -e $dir/pid ]]; do
		if ! kill -0 "$GUEST_KEEPER"; then
			cat -- "$GUEST_DIR/keep.log" >&2
			return 1
		fi
		sleep 0.02
	done
	guest_attach
	if ! guest_line "$guest_agent_out" READY; then
		guest_give_up "the guest did not start"
		return 1
	fi
	monitor '{"execute":"qmp_capabilities"}'
}

guest_is_alive() {
	[[ -s $GUEST_DIR/now/pid && ! -e $GUEST_DIR/now/lost ]] &&
		kill -0 "$(<"$GUEST_DIR/now/pid")" 2>/dev/null
}

# Every test is a process of its own and opens the pipes anew. Opened for both ways, a
# pipe neither blocks nor ends.
guest_attach() {
	local now=$GUEST_DIR/now

	exec {guest_agent_in}<>"$now/agent.in" {guest_agent_out}<>"$now/agent.out"
	exec {guest_monitor_in}<>"$now/monitor.in" {guest_monitor_out}<>"$now/monitor.out"
}

# guest_give_up WHY - this guest will not be asked again. Its owner ends it for the next.
guest_give_up() {
	printf '%s\n' "$1" >&2
	: >"$GUEST_DIR/now/lost"
}

# guest_line FD PATTERN - waits for a line that begins so, and leaves it in REPLY. Others
# are dropped: answers that nobody waits for any more, events of QEMU.
guest_line() {
	local fd=$1 pattern=$2 deadline=$((EPOCHSECONDS + GUEST_TIMEOUT)) part line=

	while guest_is_alive; do
		if ! IFS= read -r -t 0.5 -u "$fd" part; then
			line+=$part
			((EPOCHSECONDS < deadline)) || return 1
			continue
		fi
		REPLY=$line${part%$'\r'}
		line=
		# shellcheck disable=SC2053 # it is a pattern
		[[ $REPLY != $pattern* ]] || return 0
	done
	return 1
}

# ---- What tests call ----

guest() {
	local id=${EPOCHREALTIME//[!0-9]/} status stdout stderr

	printf '%s %s\n' "$id" "$(base64 -w 0 <<<"$1")" >&"$guest_agent_in"
	if ! guest_line "$guest_agent_out" "$id "; then
		if guest_is_alive; then
			guest_give_up "the guest did not answer in $GUEST_TIMEOUT seconds"
		else
			guest_give_up "the guest died"
		fi
		return 255
	fi
	read -r id status stdout stderr <<<"$REPLY"
	base64 -d <<<"${stdout%.}"
	base64 -d <<<"${stderr%.}" >&2
	return "$status"
}

run_guest() {
	run --separate-stderr guest "$@"
}

# monitor JSON - fails where QEMU refuses.
monitor() {
	printf '%s\n' "$1" >&"$guest_monitor_in"
	if ! guest_line "$guest_monitor_out" '{"@(return|error)"'; then
		guest_give_up "QEMU did not answer"
		return 1
	fi
	if [[ $REPLY == '{"error"'* ]]; then
		printf '%s\n' "$1" "$REPLY" >&2
		return 1
	fi
}

# dimm_plug NAME MIB - returns when the guest's kernel has the blocks of it. The first one
# begins with block 32, each other where the one before it ends.
dimm_plug() {
	local before after deadline=$((EPOCHSECONDS + GUEST_TIMEOUT))

	before=$(block_count)
	monitor '{"execute":"object-add","arguments":{"qom-type":"memory-backend-ram",
		"id":"memory-'"$1"'","size":'$(($2 << 20))'}}' &&
		monitor '{"execute":"device_add","arguments":{"driver":"pc-dimm",
			"id":"'"$1"'","memdev":"memory-'"$1"'"}}' || return
	until after=$(block_count) && ((after == before + $2 / 128)); do
		((EPOCHSECONDS < deadline)) || return 1
		sleep 0.02
	done
}

# dimm_unplug NAME - returns when the guest has let go of it.
dimm_unplug() {
	monitor '{"execute":"device_del","arguments":{"id":"'"$1"'"}}' &&
		guest_line "$guest_monitor_out" '*"DEVICE_DELETED"*"device": "'"$1"'"' &&
		monitor '{"execute":"object-del","arguments":{"id":"memory-'"$1"'"}}'
}
