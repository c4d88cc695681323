# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Putting together a cpio archive that the kernel takes as an initramfs.

# image_add DIR PROGRAM PATH - PROGRAM becomes DIR/PATH, its shared libraries keep their
# own paths.
image_add() {
	local dir=$1 program=$2 path=$3 library
	install -D -m 755 -- "$program" "$dir/$path" || return
	# A script or a static program makes ldd fail: then there is nothing more to add.
	while read -r library; do
		install -D -m 755 -- "$library" "$dir/$library" || return
	done < <(ldd -- "$program" 2>/dev/null | grep -oE '/[^ ]+')
}

# image_pack DIR - the archive on stdout. Uncompressed, as an emulated processor would
# have to undo it; a second archive may be appended.
image_pack() (
	dir=$1
	# mktemp -d closes its directory to others, and this one becomes the guest's root.
	chmod 755 -- "$dir" && cd -- "$dir" &&
		find . | LC_ALL=C sort | cpio -o -H newc -R 0:0 --quiet
)
