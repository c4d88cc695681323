#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The units for systemd: what systemd itself says of them, where they go, and whether the command
# in them does what they promise. Whether they run is seen in a guest: ../guest/systemd.bats.

load ../helpers

: "${abs_top_srcdir:?}" "${abs_top_builddir:?}" # of helpers
units=$abs_top_builddir/contrib/systemd

need_systemd() {
	command -v systemd-analyze >/dev/null || skip "systemd-analyze is not installed"
}

# instance NAME WORD - the file of chmem-NAME@WORD.service, with the chmem under test in it.
instance() {
	local file=$BATS_TEST_TMPDIR/chmem-$1@$2.service

	sed "s|^ExecStart=[^ ]*/chmem |ExecStart=$CHMEM |" "$units/chmem-$1@.service" >"$file"
	grep -qF "ExecStart=$CHMEM " "$file"
	echo "$file"
}

verify() {
	run --separate-stderr systemd-analyze verify --man=no --recursive-errors=no "$1"
}

@test "systemd finds nothing wrong with any instance" {
	local instance name word

	need_systemd
	for instance in auto-online:{offline,online,online_kernel,online_movable} \
		resize:{4G,1.5T,1024M,4GiB} auto-online:test-instance; do
		name=${instance%:*} word=${instance#*:}
		verify "$(instance "$name" "$word")"
		assert_status 0
		assert_stdout
		assert_stderr
	done
}

@test "systemd finds what is wrong with a unit" {
	local file

	need_systemd
	file=$(instance resize 4G)
	echo 'ProtectEverything=yes' >>"$file"
	verify "$file"
	assert_stderr_like '*ProtectEverything*'
	sed -i -e '$d' -e 's|^ExecStart=.*|ExecStart=/nowhere/chmem|' "$file"
	verify "$file"
	assert_stderr_like '*/nowhere/chmem is not executable*'
}

@test "the words and sizes of instances need no escapes" {
	local word

	command -v systemd-escape >/dev/null || skip "systemd-escape is not installed"
	for word in offline online online_kernel online_movable 4G 1.5T 1024M 4GiB; do
		is "$word, escaped" "$(systemd-escape -- "$word")" "$word"
	done
}

@test "the units are installed as configured, with the path that chmem is installed to" {
	local file directory=$BATS_TEST_TMPDIR/installed

	make -s -C "$abs_top_builddir" install-data-am DESTDIR="$directory" >/dev/null
	for file in chmem-auto-online@.service chmem-resize@.service; do
		file=$(find "$directory" -name "$file")
		[ -n "$file" ] || skip "configured without units"
		[[ $file == */lib/systemd/system/* ]]
		is "mode" "$(stat -c %a "$file")" 644
		grep -qE '^ExecStart=/[^@]*/sbin/chmem ' "$file"
	done
	run ! grep -n '@[a-z]*@' "$units"/*.service
}

# command_of NAME INSTANCE - the arguments of chmem there.
command_of() {
	sed -n "s|^ExecStart=[^ ]*/chmem ||p" "$units/chmem-$1@.service" | sed "s/%i/$2/g"
}

@test "chmem-auto-online@WORD sets that word" {
	local word

	make_small_tree
	echo offline >"$MEMORY/auto_online_blocks"
	for word in online online_kernel online_movable offline; do
		# shellcheck disable=SC2046 # words
		run_chmem $(command_of auto-online "$word")
		assert_status 0
		is "the file" "$(<"$MEMORY/auto_online_blocks")" "$word"
	done
	# shellcheck disable=SC2046 # words
	run_chmem $(command_of auto-online movable)
	assert_status 1
}

@test "chmem-resize@SIZE brings so much online, and no less" {
	make_small_tree
	# shellcheck disable=SC2046 # words
	run_chmem $(command_of resize 1G)
	assert_status 0
	assert_states 0-8 "online online online online online_movable online_movable online_movable online_movable offline"
	# shellcheck disable=SC2046 # words
	run_chmem $(command_of resize 256M)
	assert_status 0
	assert_unchanged
	# shellcheck disable=SC2046 # words
	run_chmem $(command_of resize 64G)
	assert_status 64
}

@test "the units run where there is something for them to do" {
	local path

	make_small_tree
	echo offline >"$MEMORY/auto_online_blocks"
	while IFS= read -r path; do
		[ -e "$TREE$path" ]
	done < <(sed -n 's/^ConditionPathExists=//p' "$units"/*.service)
	is "conditions" "$(grep -hc '^Condition' "$units"/*.service | xargs)" "2 2"
}

# What would make /sys read-only, or hide what chmem reads: systemd.exec(5).
@test "what keeps the units in leaves /sys to be written" {
	local unit

	for unit in "$units"/*.service; do
		grep -qx 'ProtectKernelTunables=no' "$unit"
		run ! grep -E '^(ProtectProc|ProcSubset|ReadOnlyPaths|InaccessiblePaths|RootDirectory|RootImage|DynamicUser|User|PrivateUsers|TemporaryFileSystem|BindReadOnlyPaths)=' "$unit"
	done
}

@test "the units may do little else" {
	local instance

	need_systemd
	systemd-analyze --help | grep -q -- --offline || skip "systemd-analyze judges no files"
	for instance in auto-online:online resize:4G; do
		run systemd-analyze security --offline=yes --threshold=30 \
			"$(instance "${instance%:*}" "${instance#*:}")"
		assert_status 0
	done
}
