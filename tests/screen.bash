# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What a terminal shows, from what script(1) has recorded of it.

# screen FILE - what is left to see in the end: what is drawn over a line stays as far as nothing
# else comes there, or it is erased.
screen() {
	sed -e 1d -e '$d' "$1" | awk '{
		row = ""
		column = 0
		for (rest = $0; rest != ""; rest = substr(rest, 2)) {
			c = substr(rest, 1, 1)
			if (c == "\r") {
				column = 0
			} else if (substr(rest, 1, 3) == "\033[K") {
				row = substr(row, 1, column)
				rest = substr(rest, 3)
			} else {
				row = substr(row, 1, column) c substr(row, column + 2)
				column++
			}
		}
		print row
	}'
}

# bars FILE - each bar that was drawn short of the end, a line each.
bars() {
	tr '\r' '\n' <"$1" | sed 's/\x1b\[K//' | grep '^\[#*-*\] .* of [0-9]* blocks, .*, block [0-9]*, [0-9]* s'
}
