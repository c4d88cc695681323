# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034 # for whoever sources this
#
# Packages of Debian to be unpacked, never installed: the cache for what becomes of them, and an
# archive to ask. That is the one which the release of this machine comes from, by its own
# configuration of apt; what apt keeps for other releases and architectures is in the cache as
# well, and what is installed here stays as it is.
#
# The cache, ${CHMEM_GUEST_CACHE:-${XDG_CACHE_HOME:-~/.cache}/chmem-guest}, is
#	lock         who holds it may write
#	STORE/apt/   what apt keeps for another release or architecture
#	STORE/...    what was made of it
# Several may use it at once; removing the whole of it is always safe.

cache=${CHMEM_GUEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/chmem-guest}

# What a user of its own, as apt would like, may not write to the cache, apt downloads as root, and
# says so.
apt_options=(-q -o Acquire::http::Timeout=20)
apt_log=
# Empty: the lists of this machine.
private_apt=

missing() {
	printf '%s\n' "$1" >&2
	exit 77
}

need() {
	local program
	for program; do
		command -v "$program" >/dev/null || missing "$program is not installed"
	done
}

# triplet ARCHITECTURE - what tools for it begin with, and directories are named after.
triplet() {
	case $1 in
	amd64) echo x86_64-linux-gnu ;;
	arm64) echo aarch64-linux-gnu ;;
	s390x) echo s390x-linux-gnu ;;
	*)
		printf 'there is no architecture %s\n' "$1" >&2
		return 1
		;;
	esac
}

# lock_cache STORE - makes that part of the cache, and takes the lock until the end of the
# process.
lock_cache() {
	need flock
	mkdir -p -- "$1" 2>/dev/null || missing "$1 cannot be written"
	exec {lock}>"$cache/lock" || missing "$cache cannot be written"
	flock "$lock"
}

# suites RELEASE - a line "URI SUITE" for all that there is of a release of Debian; of this
# machine's own, without its name.
# shellcheck disable=SC2016 # apt is the one to expand
suites() (
	# shellcheck source=/dev/null
	. /etc/os-release
	[[ $ID == debian ]] &&
		apt-get indextargets --format '$(RELEASE) $(REPO_URI)' |
		awk -v own="${VERSION_CODENAME-}" -v other="${1-}" '
			seen[$1]++ { next }
			$1 == own || $1 ~ /^(stable|testing|unstable|sid)$/ {
				if (!main++)
					print $2, other ? other : $1
			}
			!other && $1 ~ "^" own "-(updates|security)$" { print $2, $1 }'
)

# use_private_apt STORE ARCHITECTURE [RELEASE] - gives apt a configuration of its own for that:
# this machine's mirror and keys, but lists of its own. What is installed here, or pinned,
# counts for nothing in it.
use_private_apt() {
	local dir=$1/apt keys=/usr/share/keyrings/debian-archive-keyring.gpg sources

	sources=$(suites "${3-}" | sed "s|.*|deb [arch=$2 signed-by=$keys] & main|")
	[[ -n $sources && -r $keys ]] || return 0
	mkdir -p -- "$dir"/{lists,archives}/partial
	printf '%s\n' "$sources" >"$dir/sources.list"
	: >"$dir/status"
	private_apt=$dir
	apt_options+=(
		-o Dir::Etc::SourceList="$dir/sources.list" -o Dir::Etc::SourceParts=/dev/null
		-o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null
		-o Dir::State="$dir" -o Dir::State::Lists="$dir/lists"
		-o Dir::State::status="$dir/status"
		-o Dir::Cache="$dir" -o Dir::Cache::Archives="$dir/archives"
		-o Dir::Cache::pkgcache=pkgcache.bin -o Dir::Cache::srcpkgcache=srcpkgcache.bin
		-o APT::Architecture="$2" -o APT::Architectures::="$2"
		-o APT::Default-Release=
	)
}

# The lists of this machine are its owner's business, as long as they serve.
lists_are_fresh() {
	[[ -z $private_apt || -n $(find "$private_apt/updated" -mtime -7 2>/dev/null) ]]
}

# Signatures are verified as ever: apt refuses what the keys do not fit.
refresh() {
	[[ -n $private_apt ]] || ((EUID == 0)) || return 1
	if ! apt_log=$(apt-get "${apt_options[@]}" -o APT::Update::Error-Mode=any update 2>&1); then
		printf '%s\n' "$apt_log" >&2
		return 1
	fi
	[[ -z $private_apt ]] || : >"$private_apt/updated"
}

# missing_package WHAT STORE - it can neither be had, nor is it there. Of what apt says, an error tells
# more than a warning.
missing_package() {
	missing "no $1 to be had, and none in $2$(
		sort <<<"$apt_log" | grep -m 1 '^[EW]:' | sed 's/^../; apt says:/'
	)"
}

# What no run has asked for in a month will not be asked for again.
forget_old() {
	local stores=("$cache") dir

	for dir in "$cache"/*/apt; do
		[[ ! -d $dir ]] || stores+=("${dir%/apt}")
	done
	find "${stores[@]}" -mindepth 1 -maxdepth 1 -mtime +30 ! -name lock \
		-exec rm -rf -- {} + 2>/dev/null || true
}
