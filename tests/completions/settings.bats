#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The bash completion in shells that are set up in ways of their own. Each test has a terminal of
# its own, where a message would be seen, too.

load terminal

setup_file()
{
	[[ ! $(terminal_missing) ]] || return 0
	completions_setup

	mktree "$TREES/plain" -b 0-3:online:DMA32 -b 8-9:offline:'Normal Movable'
	# Where no glob matches anything.
	mkdir -p "$TREES/plain/sys/firmware/memory"
	mktree "$TREES/my tree" -b 5:offline
	mkdir -p "$TREES/decoy" "$TREES/.hidden" "$TREES/elsewhere/plain"
}

setup()
{
	terminal_setup
}

teardown()
{
	[[ ! ${TERMINAL-} ]] || terminal_stop
}

# Something of each kind, after a terminal was started with the settings on standard input.
completes_with()
{
	terminal_start "$BATS_TEST_NUMBER"
	completes
}

completes()
{
	tab 'chmem --blo' 'chmem --blocks '
	tab 'chmem -s pl' 'chmem -s plain/'
	tab 'chmem -s nothing' 'chmem -s nothing'
	tab 'chmem --sysroot=my' 'chmem --sysroot=my\ tree/'
	tab 'chmem -s my\ tree -e -b ' 'chmem -s my\ tree -e -b 5 '
	tabs 'chmem --sysroot=plain -z ' DMA32 Normal Movable auto
	tab 'chmem --sysroot=plain --zone=nor' 'chmem --sysroot=plain --zone=Normal '
	tabs 'chmem -c --memmap-on-memory=' 0 1
	tabs 'chmem --lock=' auto yes no nonblock
	tabs 'chmem -s plain -e -b ' 8-9 8 9
	tabs 'chmem -s plain -d ' 128M 256M 384M 512M 0x0000000000000000-0x000000001fffffff
	tab 'chmem -s plain -e 0' 'chmem -s plain -e 0x0000000040000000-0x000000004fffffff '
}

@test "nounset" {
	completes_with <<<'set -u'
}

@test "errexit does not end the shell" {
	completes_with <<<'set -e'
}

@test "noglob" {
	completes_with <<<'set -f'
}

@test "noclobber" {
	completes_with <<<'set -C'
}

@test "pipefail, functrace and errtrace" {
	completes_with <<-'EOF'
		set -o pipefail -o functrace -o errtrace
		trap : DEBUG ERR RETURN
	EOF
}

@test "failglob" {
	completes_with <<<'shopt -s failglob'
}

@test "nullglob, dotglob, nocaseglob and nocasematch" {
	completes_with <<<'shopt -s nullglob dotglob nocaseglob nocasematch'
}

@test "extglob off" {
	completes_with <<<'shopt -u extglob'
}

@test "GLOBIGNORE" {
	completes_with <<<'GLOBIGNORE="*"'
}

@test "IFS" {
	# Loaded before, for bash-completion does not find files with such an IFS.
	completes_with <<-'EOF'
		. "$BASH_COMPLETION_USER_DIR/completions/chmem"
		IFS=0m-
	EOF
}

@test "CDPATH, where the tree's name leads elsewhere, and prints it" {
	completes_with <<<"export CDPATH='$TREES/elsewhere:/'"
}

@test "aliases and functions in place of commands" {
	completes_with <<-'EOF'
		cd() { echo "function cd"; builtin cd /; }
		awk() { echo "function awk"; }
		alias cd='echo alias cd;' awk='echo alias awk' read='read -p prompt'
	EOF
}

@test "variables of the user's that have names the completion uses" {
	completes_with <<-'EOF'
		export kind=z root=/nowhere top=/nowhere text=x command=d shift=3
		blocks=(1 2) given=here hex=z
	EOF
}

@test "variables on the line are the user's" {
	local name

	terminal_start "$BATS_TEST_NUMBER" <<-'EOF'
		root=plain kind=plain text=plain command=plain top=plain value=plain name=plain
		rest=plain quote=plain
	EOF
	for name in root kind text command top value name rest quote; do
		tab "chmem -s \$$name -e -b 8-" "chmem -s \$$name -e -b 8-9 "
	done
}

@test "COMP_WORDBREAKS without = and :" {
	terminal_start "$BATS_TEST_NUMBER" <<<"COMP_WORDBREAKS=\${COMP_WORDBREAKS//[=:]}"
	tab 'chmem -s plain --zone=nor' 'chmem -s plain --zone=Normal '
	tab 'chmem --sysroot=pl' 'chmem --sysroot=plain/'
	tab 'chmem --sysroot=my' 'chmem --sysroot=my\ tree/'
	tab 'chmem --sysroot=plain -e -b 8-' 'chmem --sysroot=plain -e -b 8-9 '
	tabs 'chmem -c --memmap-on-memory=' --memmap-on-memory=0 --memmap-on-memory=1
}

@test "no bash-completion" {
	completes_with <<-'EOF'
		for name in $(compgen -A function); do
			case $name in
			terminal_*) ;;
			*) unset -f "$name" ;;
			esac
		done
		complete -r
		. "$BASH_COMPLETION_USER_DIR/completions/chmem"
	EOF
}

@test "a bash-completion that calls it _comp_initialize" {
	completes_with <<-'EOF'
		eval "its_own() $(declare -f _init_completion | tail -n +2)"
		_comp_initialize() {
			[[ $* == '-n =: -- '* ]] || echo "_comp_initialize $*"
			its_own -n =:
		}
		unset -f _init_completion
	EOF
}

@test "behind another command that completes commands" {
	terminal_start "$BATS_TEST_NUMBER" <<<'complete -F _command wrapper'
	tab 'wrapper chmem --sysroot=plain -e -b 8-' 'wrapper chmem --sysroot=plain -e -b 8-9 '
	tab 'wrapper chmem -s plain --zone=nor' 'wrapper chmem -s plain --zone=Normal '
}
