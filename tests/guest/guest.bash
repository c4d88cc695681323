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
# root nor /dev/kvm is needed, and the memory of this machine is never touched. For a guest
# of another architecture chmem is built anew (see ../cross/build). Where something is
# missing the tests are skipped; they fail if CHMEM_TESTS_MUST_RUN has the word "guest" in
# it or, for another architecture, "guest-arm64".
#
# Some tests wait, watch or try again for a while, and make their point in a short one.
# With CHMEM_SOAK=1 in the environment they take the long one: a minute for what hangs, the
# bounds that chmem has by default, a minute of watching a guest that was short of memory,
# a hundred rounds for two runs that meet.
#
#	make check-guest                     # all cells of the file `cells`
#	CHMEM_SOAK=1 make check-guest
#	GUEST_KERNEL=newer make check-guest CELLS=x86    # on the newest kernel of Debian sid
#	GUEST_MACHINE=virt CHMEM_MACHINE=guest bats tests/behaviour/chmem-blocks.bats
#
# What they measure is in their logs, below `logs`, on lines that begin with "# " and the kernel.
#
# A test file says what its guest is like:
#
#	GUEST_ARGUMENTS   kernel arguments, set before this file is loaded; without any,
#			  new memory stays offline
#	guest_kernel newer   after this file is loaded: its guests run the newest kernel of
#			  Debian sid. Without it, the environment's GUEST_KERNEL says
#			  which; `newer`, or empty for that of this machine's release
#	guest_machine NAME   likewise: its guests are that machine of machines.bash, rather
#			  than that of the environment's GUEST_MACHINE, or q35
#	GUEST_BLOCK_MIB   the size of its blocks, where that is not 128
#	guest_prepare     called once for every new guest: plug memory, for instance
#	guest_tidy        called before each test; a guest for which it fails is replaced;
#			  without any, `tidy` of judge.bash does that
#	guest_fresh       likewise: its guests are booted, each of them
#	guest_kept        likewise: they are saved once more when they are prepared, for a file that
#			  wants several of them, or does in guest_prepare word for word what others do
#	guest_timed       likewise: what takes time in its guests is measured; they get the
#			  processors before others, where this user may ask for that
#
# Otherwise a guest is booted once for all that are like it: saved when it is up, and restored
# from there for whatever test wants a new one. The environment's GUEST_SAVES may name a
# directory where test files share what they have saved, 120 MB each, and what else there is to be
# found out but once; nothing of what they test must change meanwhile.
#
# A guest that died, or that did not answer in time, is replaced as well, by the next
# test. The tests have
#
#	guest SCRIPT              runs it in the guest: its stdout, stderr, exit status
#	run_guest SCRIPT          the same under bats' run, for helpers.bash to judge
#	run_script SCRIPT         run_guest, with the functions of /etc/functions
#	out_of_place REASON       leaves out the test, which would say nothing on this machine
#	monitor JSON              gives QEMU a command; REPLY is the answer
#	hmp COMMAND               the same as people type it
#	dimm_plug, dimm_unplug    memory that comes and goes
#	virtio_mem_plug, virtio_mem_resize    the same by virtio-mem, which never goes wholly
#
# and what judge.bash reads off the kernel. Below GUEST_DIR are initrd.cpio, the pipe
# `requests` to the process that owns QEMU (see keep), and a directory for each guest;
# `now` is the last. There are the pipes to its agent and to QEMU's monitor, the logs,
# QEMU's `pid`, and a file `lost` as soon as an answer failed to come.

guest_source=${BASH_SOURCE[0]%/*}
# shellcheck source=tests/helpers.bash
source "$guest_source/../helpers.bash"
# shellcheck source=tests/guest/image.bash
source "$guest_source/image.bash"
# shellcheck source=tests/guest/judge.bash
source "$guest_source/judge.bash"
# shellcheck source=tests/guest/machines.bash
source "$guest_source/machines.bash"

: "${GUEST_MACHINE:=q35}"
: "${GUEST_ARGUMENTS:=memhp_default_state=offline}"
# Far more than the slowest answer takes, far less than anybody would wait for.
: "${GUEST_TIMEOUT:=60}"
# The tests of a file share its guest.
export BATS_NO_PARALLELIZE_WITHIN_FILE=true

guest_kernel() { GUEST_KERNEL=$1; }
guest_machine() { GUEST_MACHINE=$1; }
guest_fresh() { GUEST_FRESH=yes; }
guest_kept() { GUEST_KEPT=yes; }
guest_timed() { GUEST_TIMED=yes; }
guest_prepare() { :; }
# shellcheck disable=SC2119 # no more than that
guest_tidy() { tidy; }

# ---- What bats calls ----

setup_file() {
	local kernel base

	export GUEST_DIR GUEST_MISSING='' GUEST_KEEPER GUEST_SAVED guest_requests
	GUEST_DIR=$(mktemp -d -- "${BATS_FILE_TMPDIR:-${TMPDIR:-/tmp}}/guest.XXXXXX")
	use_machine "$GUEST_MACHINE" || return
	GUEST_MISSING=$(guest_missing_programs)
	[[ -z $GUEST_MISSING ]] || return 0

	guest_get kernel base "$guest_source/fetch" "$architecture" \
		${GUEST_KERNEL:+"$GUEST_KERNEL"} && guest_get_chmem || return
	[[ -z $GUEST_MISSING ]] || return 0
	guest_record "$kernel"
	guest_make_initrd "$base" || return
	GUEST_SAVED=$(guest_saved "$kernel") || return
	guest_keep "$kernel"
}

teardown_file() {
	local status=0

	validate_documents || status=$?
	# The end of its requests makes it end QEMU, and itself.
	if [[ -n ${GUEST_KEEPER-} ]]; then
		exec {guest_requests}>&-
		wait "$GUEST_KEEPER"
	fi
	rm -rf -- "$GUEST_DIR"
	return "$status"
}

setup() {
	use_machine "$GUEST_MACHINE" || return
	[[ -z $GUEST_MISSING ]] || guest_skip "$GUEST_MISSING"
	# Inherited: a test must not keep alive what its file has left behind.
	exec {guest_requests}>&-
	if guest_is_alive; then
		guest_attach
		guest_tidy && return
	fi
	if ! guest_make || ! guest_tidy; then
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
	local word=guest

	[[ $architecture == amd64 ]] || word=guest-$architecture
	if [[ " ${CHMEM_TESTS_MUST_RUN-} " == *" $word "* ]]; then
		printf 'must run, but cannot: %s\n' "$1" >&2
		return 1
	fi
	skip "$1"
}

guest_missing_programs() {
	local program

	for program in "${machine[0]}" setpriv cpio ldd; do
		if ! command -v "$program" >/dev/null; then
			printf '%s is not installed' "$program"
			return
		fi
	done
	if [[ " ${machine[*]} " == *" $arm64_firmware "* && ! -e $arm64_firmware ]]; then
		printf 'there is no %s' "$arm64_firmware"
	fi
}

# guest_record KERNEL - for whoever wants to know what the tests ran on: a line "MACHINE
# PACKAGE" in the file GUEST_RECORD, where the environment names one.
guest_record() {
	local package=${1%/*}

	package=${package##*/linux-image-}
	[[ -z ${GUEST_RECORD-} ]] ||
		printf '%s %s\n' "$GUEST_MACHINE" "${package%%_*}" >>"$GUEST_RECORD"
}

# guest_get VARIABLE VARIABLE COMMAND [ARGUMENT]... - sets them to the two paths that it
# prints, or GUEST_MISSING to what it cannot do without.
guest_get() {
	local status=0 lines paths=${GUEST_SAVES:-$GUEST_DIR}/${3##*/} lock

	[[ -z $GUEST_MISSING ]] || return 0
	printf -v paths %s "$paths" "${@:4}"
	exec {lock}>>"$paths.lock"
	flock "$lock"
	[[ -e $paths ]] || "${@:3}" >"$paths.new" 2>"$GUEST_DIR/get.log" {lock}>&- || status=$?
	if ((status == 77)); then
		GUEST_MISSING=$(tail -n 1 "$GUEST_DIR/get.log")
	elif ((status)); then
		cat -- "$GUEST_DIR/get.log" >&2
	elif [[ ! -e $paths ]]; then
		mv -- "$paths.new" "$paths"
	fi
	exec {lock}>&-
	((status != 77)) || return 0
	((!status)) || return 1
	mapfile -t lines <"$paths"
	printf -v "$1" %s "${lines[0]}"
	printf -v "$2" %s "${lines[1]}"
}

# Sets guest_chmem to the program under test, guest_root to where its libraries are if it is
# not for this machine, and guest_cc to how others are compiled.
# shellcheck disable=SC2034 # for overlays
guest_get_chmem() {
	guest_chmem=$CHMEM guest_root='' guest_cc=(cc)
	[[ $architecture != amd64 ]] || return 0
	guest_get guest_chmem guest_root "$guest_source/../cross/build" "$architecture" || return
	guest_cc=("$(guest_triplet)-gcc" --sysroot="$guest_root")
}

guest_triplet() (
	# shellcheck source=tests/archive.bash
	source "$guest_source/../archive.bash"
	triplet "$architecture"
)

# guest_make_initrd BASE - the base and, on top of it, the program under test.
guest_make_initrd() {
	local overlay=$GUEST_DIR/overlay

	mkdir -- "$overlay" && guest_overlay "$overlay" &&
		{ cat -- "$1" && image_pack "$overlay"; } >"$GUEST_DIR/initrd.cpio" &&
		rm -r -- "$overlay"
}

# guest_overlay DIR - puts there what is not in the base.
guest_overlay() {
	image_add "$1" "$guest_chmem" usr/sbin/chmem "$guest_root"
}

# guest_saved KERNEL - prints where guests that are like these are saved, or nothing if they are
# not to be: the name stands for all that they differ in.
guest_saved() {
	local dir=${GUEST_SAVES:-$GUEST_DIR} name

	[[ -z ${GUEST_FRESH-} && $restorable == yes ]] || return 0
	name=$({
		printf '%s\n' "${machine[@]}" "$GUEST_ARGUMENTS" "$1"
		cat -- "$guest_source/keep" "$GUEST_DIR/initrd.cpio"
	} | sha256sum) && printf '%s\n' "$dir/saved-${name:0:16}"
}

# guest_keep KERNEL - starts the process that is to own QEMU. It must not keep bats'
# descriptors, and only the process of this test file, which is there to the end, may keep
# the pipe open: for both ways, as nobody may be there to read from it.
guest_keep() {
	local before=()

	[[ -z ${GUEST_TIMED-} ]] || before=(nice -n -10)
	mkfifo -- "$GUEST_DIR/requests"
	"${before[@]}" "$guest_source/keep" "$GUEST_MACHINE" "$1" "$GUEST_DIR/initrd.cpio" "$GUEST_ARGUMENTS" \
		<"$GUEST_DIR/requests" >"$GUEST_DIR/keep.log" 2>&1 3>&- 4>&- &
	GUEST_KEEPER=$!
	exec {guest_requests}<>"$GUEST_DIR/requests"
}

# ---- A guest's life ----

# guest_make - a new guest, prepared.
guest_make() {
	local prepare

	if [[ -z ${GUEST_KEPT-} || -z $GUEST_SAVED ]]; then
		guest_boot_and_prepare
		return
	fi
	prepare=$(declare -f guest_prepare | sha256sum)
	guest_restore_or "$GUEST_SAVED-${prepare:0:16}" guest_boot_and_prepare
}

guest_boot_and_prepare() {
	guest_boot && guest_prepare
}

# guest_boot - a new guest, as it is when it is up.
guest_boot() {
	if [[ -z $GUEST_SAVED ]]; then
		guest_boot_anew
	else
		guest_restore_or "$GUEST_SAVED" guest_boot_anew
	fi
}

guest_boot_anew() {
	guest_start && guest_await
}

# guest_restore_or SAVED COMMAND - the guest that is saved there. Where there is none, one runs the
# command, that makes it, and saves it, while others who want the same wait to restore it.
guest_restore_or() {
	local lock status=0

	exec {lock}>>"$1.lock"
	flock "$lock"
	if [[ -e $1 ]]; then
		exec {lock}>&-
		guest_start "$1" && guest_restore
	else
		{ "$2" && guest_save "$1"; } || status=$?
		exec {lock}>&-
		return "$status"
	fi
}

# guest_start [SAVED] - returns when QEMU takes commands.
guest_start() {
	local dir

	dir=$(mktemp -d -- "$GUEST_DIR/XXXXXX")
	mkfifo -- "$dir"/{agent,monitor}.{in,out}
	[[ -z ${1-} ]] || cp -- "$1.plugged"/* "$dir" || return
	ln -sfn -- "$dir" "$GUEST_DIR/now"
	printf '%s %s\n' "$dir" "${1-}" >"$GUEST_DIR/requests"
	until [[ -e $dir/pid ]]; do
		if ! kill -0 "$GUEST_KEEPER"; then
			cat -- "$GUEST_DIR/keep.log" >&2
			return 1
		fi
		sleep 0.02
	done
	guest_attach
	monitor '{"execute":"qmp_capabilities"}'
}

# guest_await - returns when the guest is up.
guest_await() {
	guest_text "$guest_agent_out" READY || {
		guest_give_up "the guest did not start"
		return 1
	}
}

# guest_save SAVED - what is saved is a guest that waits for its next script, and beside it what
# was plugged. It goes on afterwards.
guest_save() {
	mkdir -p -- "$1.plugged" && : >>"$GUEST_DIR/now/devices" &&
		find "$GUEST_DIR/now/" \( -name devices -o -name 'dimm.*' \) \
			-exec cp -t "$1.plugged" -- {} + &&
		monitor '{"execute":"stop"}' &&
		monitor '{"execute":"migrate-set-parameters","arguments":{
			"max-bandwidth":'$((1 << 40))'}}' &&
		monitor '{"execute":"migrate","arguments":{"uri":"exec:cat >\"'"$1"'.new\""}}' &&
		monitor_until query-migrate '"status": "completed"' &&
		mv -- "$1.new" "$1" &&
		monitor '{"execute":"cont"}'
}

guest_restore() {
	monitor_until query-status '"status": "paused"' &&
		monitor '{"execute":"cont"}'
}

guest_is_alive() {
	local pid

	[[ ! -e $GUEST_DIR/now/lost ]] && { read -r pid <"$GUEST_DIR/now/pid"; } 2>/dev/null &&
		kill -0 "$pid" 2>/dev/null
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
	guest_text "$1" "$2" $'\n' && REPLY=${REPLY%$'\r'}
}

# guest_text FD [PATTERN [END]] - the same with a text that ends so, or with a NUL byte.
guest_text() {
	local fd=$1 pattern=${2-} deadline=$((EPOCHSECONDS + GUEST_TIMEOUT)) part text=

	while guest_is_alive; do
		if ! IFS= read -r -d "${3-}" -t 0.5 -u "$fd" part; then
			text+=$part
			((EPOCHSECONDS < deadline)) || return 1
			continue
		fi
		REPLY=$text$part
		text=
		# shellcheck disable=SC2053 # it is a pattern
		[[ $REPLY != $pattern* ]] || return 0
	done
	return 1
}

# ---- What tests call ----

guest() {
	local id=${EPOCHREALTIME//[!0-9]/} status stdout

	printf '%s %s\0' "$id" "$1" >&"$guest_agent_in"
	if ! guest_text "$guest_agent_out" "$id "; then
		if guest_is_alive; then
			guest_give_up "the guest did not answer in $GUEST_TIMEOUT seconds"
		else
			guest_give_up "the guest died"
		fi
		return 255
	fi
	status=${REPLY#* }
	if ! guest_text "$guest_agent_out" || ! stdout=$REPLY || ! guest_text "$guest_agent_out"; then
		guest_give_up "the guest broke off its answer"
		return 255
	fi
	printf %s "$stdout"
	printf %s "$REPLY" >&2
	return "$status"
}

run_guest() {
	run --separate-stderr guest "$@"
	keep_document "$output" "$1"
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

# hmp COMMAND - by the monitor for people, which has no other sign of an error than text; a
# warning is none.
hmp() {
	monitor '{"execute":"human-monitor-command","arguments":{"command-line":"'"$1"'"}}' || return
	[[ $REPLY == '{"return": "'?(warning: *)'"}' ]] || {
		printf '%s: %s\n' "$1" "$REPLY" >&2
		return 1
	}
}

# monitor_until QUERY TEXT - returns when QEMU's answer to the query has that in it.
monitor_until() {
	local deadline=$((EPOCHSECONDS + GUEST_TIMEOUT))

	until monitor '{"execute":"'"$1"'"}' && [[ $REPLY == *"$2"* ]]; do
		if [[ -e $GUEST_DIR/now/lost ]] || ((EPOCHSECONDS >= deadline)); then
			guest_give_up "QEMU has come to no $2: $REPLY"
			return 1
		fi
		sleep 0.02
	done
}

# dimm_add NAME MIB [NODE] - returns when QEMU has it. The first one begins with block 32, each
# other where the highest before it ends.
dimm_add() {
	local address=''

	if [[ -n $plug_address ]]; then
		address=$(cat -- "$GUEST_DIR/now"/dimm.* 2>/dev/null | sort -n | tail -n 1)
		: "${address:=$plug_address}"
		printf '%s\n' $((address + ($2 << 20))) >"$GUEST_DIR/now/dimm.$1"
	fi
	device_plug "memory-backend-ram,id=memory-$1,size=$2M" \
		"pc-dimm,id=$1,memdev=memory-$1,node=${3:-0}${address:+,addr=$address}"
}

# device_plug OBJECT DEVICE - both as QEMU's command line has them.
device_plug() {
	hmp "object_add $1" && hmp "device_add $2" &&
		printf '%s\n' -object "$1" -device "$2" >>"$GUEST_DIR/now/devices"
}

# dimm_plug NAME MIB [NODE] - dimm_add, and returns when the guest's kernel has the blocks of it,
# and is done with them.
dimm_plug() {
	local before after deadline=$((EPOCHSECONDS + GUEST_TIMEOUT))

	before=$(block_count)
	dimm_add "$@" || return
	until after=$(block_count) && ((after == before + $2 / ${GUEST_BLOCK_MIB:-128})); do
		((EPOCHSECONDS < deadline)) || return 1
		sleep 0.02
	done
	await_hotplug
}

# await_hotplug - the kernel shows blocks before it sets them online by itself. It has its lock
# all the while, for which a write waits that is refused: that block is online.
await_hotplug() {
	guest "! echo online >$MEMORY/memory$boot_block/state" 2>/dev/null
}

# dimm_unplug NAME - returns when the guest has let go of it.
dimm_unplug() {
	monitor '{"execute":"device_del","arguments":{"id":"'"$1"'"}}' &&
		guest_line "$guest_monitor_out" '*"DEVICE_DELETED"*"device": "'"$1"'"' &&
		dimm_forget "$1"
}

# dimm_forget NAME - takes from QEMU the memory of a DIMM that has gone.
dimm_forget() {
	monitor '{"execute":"object-del","arguments":{"id":"memory-'"$1"'"}}' &&
		rm -f -- "$GUEST_DIR/now/dimm.$1"
}

# virtio_mem_plug N ADDRESS SIZE_MIB [MIB] - a virtio-mem device, 0 or 1, which may come to
# hold the addresses from there on; what of it the guest is asked to have, if anything. The
# guest's driver makes blocks of it in its own time. QEMU never lets go of such a device.
virtio_mem_plug() {
	guest '. /etc/functions; more_modules' &&
		device_plug "memory-backend-ram,id=virtio-memory$1,size=$3M,reserve=off" \
			"virtio-mem-pci,id=virtio$1,memdev=virtio-memory$1,bus=port$1,memaddr=$(($2)),requested-size=${4:-0}M"
}

# virtio_mem_resize N MIB - asks the guest to have so much of it.
virtio_mem_resize() {
	monitor '{"execute":"qom-set","arguments":{"path":"/machine/peripheral/virtio'"$1"'",
		"property":"requested-size","value":'$(($2 << 20))'}}'
}

# virtio_mem_mib N - how much of it the guest has.
virtio_mem_mib() {
	monitor '{"execute":"qom-get","arguments":{"path":"/machine/peripheral/virtio'"$1"'",
		"property":"size"}}' || return
	REPLY=${REPLY##*: }
	echo $((${REPLY%\}*} >> 20))
}

# virtio_mem_await N MIB - returns when it has that much.
virtio_mem_await() {
	local mib deadline=$((EPOCHSECONDS + GUEST_TIMEOUT))

	until mib=$(virtio_mem_mib "$1") && ((mib == $2)); do
		if ((EPOCHSECONDS >= deadline)); then
			printf 'of virtio-mem %s the guest has %s MiB, and not %s\n' "$1" "$mib" "$2" >&2
			return 1
		fi
		sleep 0.05
	done
}

# virtio_mem_await_blocks FIRST N - returns when there are so many blocks from that on: the driver
# has the memory before the kernel has the block, and without it before the block is gone.
virtio_mem_await_blocks() {
	guest ". /etc/functions; until_true '[ \$(blocks_from $1) -eq $2 ]'"
}
