# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Putting together a cpio archive that the kernel takes as an initramfs.

# image_add DIR PROGRAM PATH [ROOT] - PROGRAM becomes DIR/PATH, its shared libraries keep
# their own paths. Those of a program for another architecture are below ROOT.
image_add() {
	local dir=$1 program=$2 path=$3 root=${4-} library
	install -D -m 755 -- "$program" "$dir/$path" || return
	while read -r library; do
		install -D -m 755 -- "$root$library" "$dir/$library" || return
	done < <(libraries "$program" "$root")
}

# libraries PROGRAM ROOT - a script or a static program makes ldd fail: then there is nothing
# more to add.
libraries() {
	if [[ -n $2 ]]; then
		foreign_libraries "$@"
	else
		ldd -- "$1" 2>/dev/null | grep -oE '/[^ ]+'
	fi
}

# foreign_libraries PROGRAM ROOT - what it needs, and what that needs in turn, and what loads
# them: their paths below ROOT.
foreign_libraries() {
	local -A seen=()
	local queue=("$1") root=$2 name path

	while ((${#queue[@]})); do
		while read -r name; do
			[[ -z ${seen[$name]-} ]] || continue
			seen[$name]=1
			for path in "$root/$name" "$root"/{,usr/}lib/{,*-linux-gnu/}"$name"; do
				[[ -f $path ]] || continue
				printf '%s\n' "${path#"$root"}"
				queue+=("$path")
				break
			done
		done < <(readelf -ldW -- "${queue[0]}" 2>/dev/null |
			sed -nE 's/.*(\(NEEDED\).*\[|program interpreter: )([^]]*)\].*/\2/p')
		queue=("${queue[@]:1}")
	done
}

# image_pack DIR - the archive on stdout. Uncompressed, as an emulated processor would
# have to undo it; a second archive may be appended. The same files make the same archive.
image_pack() (
	dir=$1
	# mktemp -d closes its directory to others, and this one becomes the guest's root.
	chmod 755 -- "$dir" && cd -- "$dir" && find . -exec touch -h -d @0 {} + &&
		find . | LC_ALL=C sort | cpio -o -H newc -R 0:0 --reproducible --quiet
)
