# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# An interactive bash in a terminal of its own (tmux), with bash-completion, at whose prompt a
# test types. What it then asserts is the line as readline has it and the list on the screen.

need_or_skip()
{
	if [[ " ${CHMEM_TESTS_MUST_RUN-} " == *' completions '* ]]; then
		echo "must run, but: $1" >&2
		return 1
	fi
	skip "$1"
}

bash_completion_file()
{
	local file

	for file in /usr/share/bash-completion/bash_completion \
		/usr/local/share/bash-completion/bash_completion /etc/bash_completion; do
		if [[ -r $file ]]; then
			echo "$file"
			return
		fi
	done
	return 1
}

# What is not here of that which a terminal takes. (bats knows no skip in setup_file.)
terminal_missing()
{
	if ! command -v tmux >/dev/null; then
		echo 'tmux is not installed'
	elif ! bash_completion_file >/dev/null; then
		echo 'bash-completion is not installed'
	fi
}

# Makes trees with the suite's mktree, or when run by hand in an unbuilt tree, with one of its own.
mktree()
{
	local program=${abs_top_builddir-}/tests/trees/mktree

	if [[ ! -x $program ]]; then
		program=$BATS_FILE_TMPDIR/mktree
		[[ -x $program ]] || "${CC:-cc}" -O2 -o "$program" "$SOURCE/tests/trees/mktree.c"
	fi
	"$program" "$@"
}

# Sets SOURCE, the top of the sources, and TREES, where the tests put their trees. Under
# tests/isolate nobody else sees a mount, and on a tmpfs 10,000 blocks take no minutes to make.
completions_setup()
{
	SOURCE=${abs_top_srcdir:-$(cd "${BATS_TEST_FILENAME%/*}/../.." && pwd)}
	TREES=$BATS_FILE_TMPDIR/trees
	COMPLETION=$SOURCE/completions/bash/chmem
	export SOURCE TREES COMPLETION

	mkdir "$TREES"
	if [[ $(stat -f -c %T /sys) == tmpfs ]]; then
		mount -t tmpfs trees "$TREES" || true
	fi
}

completions_teardown()
{
	if [[ ${TREES-} ]] && mountpoint -q "$TREES"; then
		umount "$TREES"
	fi
}

# Polls until COMMAND succeeds. The deadline is there to end a broken test, not to time anything.
wait_for()
{
	local deadline=$((SECONDS + 60))

	until "$@"; do
		if ((SECONDS > deadline)); then
			echo "gave up waiting for: $*" >&2
			terminal_screen | grep -v '^$' >&2
			return 1
		fi
		sleep 0.02
	done
}

# The socket's path is relative, for that of a temporary directory may be too long for one.
terminal_tmux()
{
	(cd "$BATS_FILE_TMPDIR/$TERMINAL" && exec tmux -S socket -f /dev/null "$@")
}

# Joined lines of the screen and of what has scrolled off it.
terminal_screen()
{
	terminal_tmux capture-pane -p -J -S -
}

# Starts the terminal NAME. Its bash reads standard input after bash-completion.
terminal_start()
{
	local dir=$BATS_FILE_TMPDIR/$1 completion

	TERMINAL=$1
	completion=$(bash_completion_file)
	mkdir -p "$dir/user/completions" "$BATS_FILE_TMPDIR/home"
	# bash-completion finds it by itself, as it will find the installed one.
	ln -s "$COMPLETION" "$dir/user/completions/chmem"
	cat >"$dir/rc" <<-EOF
		PS1='@@> '
		terminal_step=0
		terminal_done() {
			printf '%s' "\$READLINE_LINE" >|'$dir/line'
			((++terminal_step))
			echo "==\$terminal_step=="
			echo "\$terminal_step" >|'$dir/step'
		}
		bind 'set bell-style none'
		bind 'set enable-bracketed-paste off'
		bind 'set completion-query-items 0'
		bind 'set completion-display-width 0'
		bind 'set page-completions off'
		bind -x '"\C-x\C-o": terminal_done'
		. '$completion'
	EOF
	cat >>"$dir/rc"
	echo 0 >"$dir/step"
	echo ": >'$dir/started'" >>"$dir/rc"

	# fd 3 is the one that bats waits for.
	terminal_tmux new-session -d -x 1000 -y 100 -c "$TREES" env -i \
		HOME="$BATS_FILE_TMPDIR/home" PATH="$PATH" TERM=screen LC_ALL=C.UTF-8 \
		INPUTRC=/dev/null BASH_COMPLETION_USER_DIR="$dir/user" \
		bash --noprofile --rcfile "$dir/rc" -i 3>&-
	wait_for test -e "$dir/started"
}

terminal_stop()
{
	terminal_tmux kill-server
}

terminal_is_at()
{
	[[ $(<"$BATS_FILE_TMPDIR/$TERMINAL/step") == "$1" ]] &&
		[[ $'\n'$(terminal_screen)$'\n' == *$'\n'"==$1=="$'\n'* ]]
}

# Types LINE and presses KEYs. Sets line to what is then on the line, and list to what else is on
# the screen: the completions, one a line, and whatever should not be there.
terminal_type()
{
	local text=$1 step screen

	shift
	step=$(($(<"$BATS_FILE_TMPDIR/$TERMINAL/step") + 1))
	terminal_tmux send-keys C-a C-k
	terminal_tmux send-keys -l -- "$text"
	terminal_tmux send-keys "$@" C-x C-o
	wait_for terminal_is_at "$step"

	line=$(<"$BATS_FILE_TMPDIR/$TERMINAL/line")
	screen=$'\n'$(terminal_screen)
	screen=${screen%%$'\n'"==$step=="*}
	screen=${screen##*$'\n'"==$((step - 1))=="}
	list=$(grep -v '^@@>' <<<"$screen" | sed 's/ *$//' | grep -v '^$' || true)
}

# One Tab after LINE makes it EXPECTED and shows nothing.
tab()
{
	local line list

	terminal_type "$1" Tab
	line+='|'
	if [[ $line != "$2|" || $list ]]; then
		printf 'typed     %s|\nexpected  %s|\non line   %s\non screen %s\n' \
			"$1" "$2" "$line" "$list" >&2
		return 1
	fi
}

# Two Tabs after LINE leave it and show ITEMs, in this order and nothing else.
tabs()
{
	tabs_to "$1" "$@"
}

# The same, but a first Tab puts what they have in common on the line, which makes it EXPECTED.
tabs_to()
{
	local text=$1 on_line=$2 line list expected

	shift 2
	printf -v expected '%s\n' "$@"
	(($#)) || expected=$'\n'
	if [[ $text == "$on_line" ]]; then
		terminal_type "$text" Tab Tab
	else
		terminal_type "$text" Tab Tab Tab
	fi
	if [[ $line != "$on_line" || $list != "${expected%$'\n'}" ]]; then
		printf 'typed    %s|\non line  %s|\n' "$text" "$line" >&2
		diff -u --label expected --label 'on screen' \
			<(printf '%s' "$expected") <(printf '%s\n' "$list") >&2
		return 1
	fi
}
