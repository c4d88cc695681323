#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The sample of a udev rule, read and never applied: `udevadm test` would carry it out. What it does
# to memory is seen in a guest: ../guest/udev.bats.

load ../helpers

: "${abs_top_srcdir:?}" "${abs_top_builddir:?}" # of helpers
rules=$abs_top_srcdir/contrib/udev/40-chmem-online.rules

# Lines that do something; with an argument, those behind a # that would.
lines_of() {
	if [ $# -eq 0 ]; then
		grep -vE '^(#|$)' "$rules"
	else
		sed -n 's/^#\([A-Z]\+[{=!"]\)/\1/p' "$rules"
	fi
}

@test "each line is keys, operators and values in quotes, with commas between" {
	local pair='[A-Z]+(\{[A-Za-z_]+\})?(==|!=|=)"[^"]*"'

	[ "$(lines_of | wc -l)" -ge 5 ]
	run ! grep -nvE "^$pair(, $pair)*\$" <(lines_of && lines_of commented)
}

@test "no process is started for a block, and nothing is run later" {
	run ! grep -E '(PROGRAM|RUN|IMPORT|SYSTEMD_WANTS)' <(lines_of && lines_of commented)
}

@test "each GOTO has its label, behind it, and the labels are of this file alone" {
	local labels

	mapfile -t labels < <(grep -oE 'GOTO="[^"]*"' "$rules" | cut -d '"' -f 2 | sort -u)
	is "the labels" "${labels[*]}" chmem_online_end
	is "where it is" "$(grep -n '^LABEL=' "$rules")" \
		"$(wc -l <"$rules"):LABEL=\"chmem_online_end\""
}

@test "only memory that is added and offline is touched, and not on s390" {
	local line tests=0

	while IFS= read -r line; do
		case $line in
		'ACTION!="add", GOTO='* | 'SUBSYSTEM!="memory", GOTO='* | \
			'CONST{arch}=="s390|s390x'*'", GOTO='* | 'ATTR{state}!="offline", GOTO='*)
			tests=$((tests + 1))
			;;
		ATTR*) is "tests before $line" "$tests" 4 ;;
		LABEL*) ;;
		*)
			echo "what is this: $line"
			return 1
			;;
		esac
	done < <(lines_of)
}

@test "one word is written, the kernel's choice, and the others stand there for the taking" {
	is "what is written" "$(lines_of | grep '^ATTR{state}=[^=]')" 'ATTR{state}="online"'
	is "what could be" "$(lines_of commented | sort)" \
		$'ATTR{state}="online_kernel"\nATTR{state}="online_movable"'
}

@test "the sample is installed as one, with the documents, and not where udev reads" {
	local directory=$BATS_TEST_TMPDIR/installed file

	make -s -C "$abs_top_builddir" install-data-am DESTDIR="$directory" >/dev/null
	file=$(find "$directory" -name '*.rules')
	[[ $file == */doc/chmem/"${rules##*/}" ]]
	is "mode" "$(stat -c %a "$file")" 644
	cmp "$file" "$rules"
}

# Debian 12 has no such command; the guest's udevd tells of faults, too.
@test "where udevadm verifies, it finds nothing wrong" {
	udevadm verify --help >/dev/null 2>&1 || out_of_place 'udevadm verifies nothing here'
	run udevadm verify "$rules"
	assert_status 0
}
