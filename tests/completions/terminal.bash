# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034 # for the tests
#
# An interactive shell in a terminal of its own (tmux), at whose prompt a test types: bash with
# bash-completion, or what COMPLETION_SHELL names. What it then asserts is the line as the shell's
# editor has it, and the list that it shows.

: "${COMPLETION_SHELL:=bash}"

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
	elif ! command -v "$COMPLETION_SHELL" >/dev/null; then
		echo "$COMPLETION_SHELL is not installed"
	elif [[ $COMPLETION_SHELL == bash ]] && ! bash_completion_file >/dev/null; then
		echo 'bash-completion is not installed'
	fi
}

# For the setup() and the teardown_file() of tests at a terminal.
terminal_setup()
{
	local missing

	missing=$(terminal_missing)
	[[ ! $missing ]] || need_or_skip "$missing"
}

terminal_teardown_file()
{
	[[ ! ${TERMINAL-} ]] || terminal_stop
}

# The trees that are completed on in all shells: an ordinary one, and one of s390.
common_trees()
{
	mktree "$TREES/plain" -b 0:online:none -b 1-3:online:DMA32 -b 4-7:online:Normal \
		-b 8-11:offline:'Normal Movable' -b 12:online_movable:Movable \
		-b 13:offline:'Movable Normal' -b 14:going-offline:Normal \
		-b 20-21:offline:'Normal Movable' -b 22:online_kernel:Normal
	mktree "$TREES/s390" -b 0-3:online:Normal -b 4-5:offline:'Normal Movable' \
		-f 0-5:1 -f 6-9:0
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

# Sets SOURCE, the top of the sources, and TREES, where the tests put their trees.
completions_setup()
{
	SOURCE=${abs_top_srcdir:-$(cd "${BATS_TEST_FILENAME%/*}/../.." && pwd)}
	TREES=$BATS_FILE_TMPDIR/trees
	COMPLETIONS=${abs_top_builddir:-$SOURCE}/completions
	PROGRAMS=$BATS_FILE_TMPDIR/bin
	export SOURCE TREES COMPLETIONS PROGRAMS

	mkdir "$TREES" "$PROGRAMS"
	ln -s "${CHMEM:-${abs_top_builddir:-$SOURCE}/src/chmem}" "$PROGRAMS/chmem"
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

# The set-up of each shell. Its Tab completes, and C-x C-o says "==STEP==" and saves the line.

terminal_rc_bash()
{
	local dir=$1

	# bash-completion finds it by itself, as it will find the installed one.
	mkdir -p "$dir/user/completions"
	ln -s "$COMPLETIONS/bash/chmem" "$dir/user/completions/chmem"
	cat <<-EOF
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
		. '$(bash_completion_file)'
	EOF
}

terminal_rc_zsh()
{
	local dir=$1

	mkdir -p "$dir/functions"
	ln -s "$COMPLETIONS/zsh/_chmem" "$dir/functions/_chmem"
	cat <<-EOF
		PS1='@@> '
		bindkey -e
		terminal_step=0
		terminal_done() {
			printf '%s' "\$BUFFER" >|'$dir/line'
			((++terminal_step))
			zle -I
			echo "==\$terminal_step=="
			echo "\$terminal_step" >|'$dir/step'
		}
		zle -N terminal_done
		bindkey '^X^O' terminal_done
		setopt no_beep no_always_last_prompt no_auto_menu no_list_types list_rows_first no_list_ambiguous
		LISTMAX=10000
		fpath=('$dir/functions' \$fpath)
		autoload -Uz compinit
		compinit -u -D
		zstyle ':completion:*' verbose no
	EOF
}

# What fish shows below the prompt it takes away again: C-x C-l saves what it would show.
terminal_rc_fish()
{
	local dir=$1

	# where it is missing, fish first reads all manual pages of the machine
	mkdir -p "$dir/share/fish/vendor_completions.d" \
		"$BATS_FILE_TMPDIR/home/.local/share/fish/generated_completions"
	ln -s "$COMPLETIONS/fish/chmem.fish" "$dir/share/fish/vendor_completions.d/"
	cat <<-EOF
		function fish_prompt; echo -n '@@> '; end
		function fish_greeting; end
		set -g fish_autosuggestion_enabled 0
		set -g terminal_step 0
		function terminal_done
			commandline | string collect | read -lz line
			printf '%s' (string trim -r -c \n -- \$line) >'$dir/line'
			set terminal_step (math \$terminal_step + 1)
			echo
			echo "==\$terminal_step=="
			echo \$terminal_step >'$dir/step'
			commandline -f repaint
		end
		function terminal_list
			complete -C (commandline -cp | string collect) >'$dir/list'
		end
		bind \cx\co terminal_done
		bind \cx\cl terminal_list
	EOF
}

# Starts the terminal NAME. Its shell reads standard input after its set-up.
terminal_start()
{
	local dir=$BATS_FILE_TMPDIR/$1 shell

	TERMINAL=$1
	mkdir -p "$dir" "$BATS_FILE_TMPDIR/home"
	{
		"terminal_rc_$COMPLETION_SHELL" "$dir"
		cat
		echo ": >'$dir/started'"
	} >"$dir/.zshrc"
	echo 0 >"$dir/step"

	case $COMPLETION_SHELL in
	bash) shell=(bash --noprofile --rcfile "$dir/.zshrc" -i) ;;
	zsh) shell=(zsh -d -i) ;;
	fish) shell=(fish -i -C "source '$dir/.zshrc'") ;;
	esac
	# fd 3 is the one that bats waits for.
	terminal_tmux new-session -d -x 1000 -y 100 -c "$TREES" env -i \
		HOME="$BATS_FILE_TMPDIR/home" PATH="$PROGRAMS:$PATH" TERM=screen LC_ALL=C.UTF-8 \
		INPUTRC=/dev/null BASH_COMPLETION_USER_DIR="$dir/user" ZDOTDIR="$dir" \
		XDG_DATA_DIRS="$dir/share:/usr/local/share:/usr/share" "${shell[@]}" 3>&-
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
	list=$(grep -v '^@@>' <<<"$screen" | sed 's/   */\n/g; s/ *$//' | grep -v '^$' || true)
}

# Sets list to what zsh or fish offers after LINE, one a line; with descriptions they stand behind
# a tab.
offers_of()
{
	local line

	if [[ $COMPLETION_SHELL == fish ]]; then
		terminal_type "$1" C-x C-l
		list=$(<"$BATS_FILE_TMPDIR/$TERMINAL/list")
	else
		terminal_type "$1" Tab
	fi
}

# Exactly these ITEMs are offered after LINE, in this order.
offers()
{
	local text=$1 list expected

	shift
	offers_of "$text"
	printf -v expected '%s\n' "$@"
	(($#)) || expected=$'\n'
	diff -u --label "expected after $text" --label offered <(printf '%s' "$expected") \
		<(cut -f 1 <<<"$list") >&2
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

# Options that do not go with what is on a line, as src/options.c and the man page say: the line,
# and names. What is on the line is not offered again, either.
tables='list output noheadings'
lists="$tables auto-online"
runs='enable disable configure deconfigure memmap-on-memory resize unplug order try-timeout timeout
	retries keep-free atomic lock wait progress'
excluded=(
	''		''
	'-e'		"enable disable configure deconfigure memmap-on-memory keep-free unplug $lists"
	'--enable'	"enable disable configure deconfigure memmap-on-memory keep-free unplug $lists"
	'-ve'		"verbose enable disable configure deconfigure memmap-on-memory keep-free unplug $lists"
	'-d'		"enable disable configure deconfigure memmap-on-memory $lists"
	'-c'		"enable disable configure deconfigure zone resize keep-free unplug $lists"
	'-g'		"enable disable configure deconfigure zone resize keep-free memmap-on-memory unplug $lists"
	'-z Normal'	'zone configure deconfigure memmap-on-memory unplug auto-online'
	'--zone=auto'	'zone configure deconfigure memmap-on-memory unplug auto-online'
	'-m1'		"enable disable deconfigure zone resize memmap-on-memory unplug $lists"
	'-b'		'blocks all resize unplug auto-online'
	'--all'		'all blocks resize auto-online'
	'--resize 1G'	"resize all blocks configure deconfigure memmap-on-memory unplug $lists"
	'--keep-free=0'	"keep-free enable configure deconfigure $lists"
	'--try-timeout 1 --timeout 9 --retries=0 --wait 5 --order highest'
			"try-timeout timeout retries wait order unplug $lists"
	'--atomic -s plain --node 0 --from boot -v'
			"atomic sysroot node from verbose unplug $lists"
	'--unplug'	"unplug enable configure deconfigure blocks zone memmap-on-memory resize node wait
			$lists"
	'-n --lock=no'	"dry-run lock $lists"
	'--lock'	"lock $lists"
	'--progress'	"progress $lists"
	'-J'		'json'
	'-n'		"dry-run $tables"
	'-l'		"list dry-run auto-online $runs"
	'-o +DEVICE'	"output dry-run auto-online $runs"
	'--noheadings'	"noheadings dry-run auto-online $runs"
	'--auto-online'	"auto-online blocks all zone node from $runs $tables"
)

# Sets left to the words of all options but those that are NAMEd.
options_without()
{
	local name words=(
		-e --enable -d --disable -c --configure -g --deconfigure -b --blocks --all --resize
		-z --zone --node --from --unplug --order -m --memmap-on-memory -s --sysroot --try-timeout --timeout
		--retries --keep-free --atomic --lock --wait -n --dry-run -l --list -o --output
		--noheadings --auto-online --progress -J --json -v --verbose -h --help -V --version
	)
	local i

	left=()
	for ((i = 0; i < ${#words[@]}; i++)); do
		name=${words[i]}
		if [[ $name == --* ]]; then
			[[ " ${*//[[:space:]]/ } " == *" ${name#--} "* ]] || left+=("$name")
		elif [[ " ${*//[[:space:]]/ } " != *" ${words[i + 1]#--} "* ]]; then
			left+=("$name")
		fi
	done
}
