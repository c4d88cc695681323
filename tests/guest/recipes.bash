# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # set by guest.bash
#
# The recipes for QEMU of chmem-recipes(7) as they stand in the page: what is behind `(qemu)` and
# what is JSON is for QEMU's monitor, what is behind `#` for the guest.

page=$guest_source/../../man/chmem-recipes.7.scd

# ---- What the page says ----

# recipe SECTION - the lines of commands in it, in their order.
recipe() {
	awk -v section="# $1" '
		/^# / && !literal { here = $0 == section }
		/^```$/ { literal = !literal; next }
		here && literal && /^(\$ |# |\(qemu\) |\{)/' "$page"
}

# steps SECTION FIRST-LAST - these of its commands that are for the monitor or the guest.
steps() {
	recipe "$1" | grep -v '^\$ ' | sed -n "${2%-*},${2#*-}p"
}

# assert_steps SECTION PATTERN... - it has these commands and no more, so that a test cannot
# lose sight of what it runs. A pattern is for the whole line.
assert_steps() {
	local lines i

	mapfile -t lines < <(recipe "$1" | grep -v '^\$ ')
	is "commands in $1" "${#lines[@]}" $(($# - 1)) || {
		printf '  %s\n' "${lines[@]}"
		return 1
	}
	for ((i = 2; i <= $#; i++)); do
		# shellcheck disable=SC2053 # it is a pattern
		[[ ${lines[i - 2]} == ${!i} ]] || {
			printf 'command %d of %s is\n  %s\nand not\n  %s\n' \
				$((i - 1)) "$1" "${lines[i - 2]}" "${!i}"
			return 1
		}
	done
}

# assert_started_so SECTION - the guest is started with the options that the page has there.
assert_started_so() {
	local line options option

	line=$(recipe "$1" | grep '^\$ qemu-system-')
	use_machine "$GUEST_MACHINE"
	read -ra options <<<"${line#\$ }"
	is "the program" "${options[0]}" "${machine[0]}"
	is "the end of the line" "${options[*]: -1}" '...'
	[ "${#options[@]}" -gt 3 ]
	for option in "${options[@]:1:${#options[@]}-2}"; do
		is_started_with "$option" || {
			printf 'the guest is started without %s\n' "$option"
			return 1
		}
	done
}

# is_started_with WORD - of the command line. The firmware may be in another directory, and what
# the page has in one -M may be in two.
is_started_with() {
	local part

	case $1 in
	*.fd) [[ " ${machine[*]} " == *"/$1 "* ]] ;;
	*,*=*)
		for part in ${1//,/ }; do
			[[ " ${machine[*]} " == *[\ ,]"$part"[\ ,]* ]] || return
		done
		;;
	*) [[ " ${machine[*]} " == *" $1 "* ]] ;;
	esac
}

# ---- Doing it ----

# await_deleted DEVICE - the guest has let go of it.
await_deleted() {
	guest_line "$guest_monitor_out" '*"DEVICE_DELETED"*"device": "'"$1"'"'
}

# play SECTION FIRST-LAST - as somebody would who reads the page: a device that is to go is
# waited for, and so is the end of a command. chmem's output is left in run's variables.
play() {
	local line played=0

	while IFS= read -r line; do
		played=$((played + 1))
		case $line in
		'# '*)
			run_guest "${line#\# }"
			assert_status 0 || return
			assert_stderr || return
			;;
		'(qemu) '*) hmp "${line#(qemu) }" || return ;;
		*) monitor "$line" || return ;;
		esac
		case $line in
		'(qemu) device_del '*) await_deleted "${line##* }" || return ;;
		*'"device_del"'*) await_deleted dimm1 || return ;;
		esac
	done < <(steps "$1" "$2")
	is "commands that were played" "$played" $((${2#*-} - ${2%-*} + 1))
}
