# SPDX-License-Identifier: GPL-2.0-or-later
#
# What goes on from what stands on a command line of chmem, for the completions of all shells,
# which have this text in them: no quote and no backslash in it.
#
#   awk PROGRAM KIND COMMAND TEXT TAKEN <LINES
#
# LINES are of chmem --list --noheadings: -o ZONES, NODE or DEVICE where KIND is zone, node or
# from, else -o BLOCK,RANGE,CONFIGURED,STATE. KIND is one of these, or amount (a SIZE or a RANGE),
# blocks, resize. COMMAND is enable, disable, configure, deconfigure, list or nothing. What is printed
# begins with TEXT and is not in TAKEN, the part of a list before TEXT.
#
# No octal, no operator for powers: mawk, gawk and busybox differ there.

BEGIN {
	kind = ARGV[1]
	command = ARGV[2]
	text = tolower(ARGV[3])
	take_list(ARGV[4])
	ARGC = 1
	most = 100
}

kind == "zone" {
	for (n = split(tolower($1), part, "/"); n; n--)
		zones[part[n]]
}

kind == "node" && /^ *[0-9]+ *$/ && !($1 in nodes) {
	nodes[$1]
	if (!is_taken($1) && matches($1))
		print $1
}

kind == "from" && NF && !($1 in devices) {
	devices[$1]
	# Other than all else, a device has one name, and that in one case.
	if (substr($1, 1, length(text)) == ARGV[3])
		print $1
}

# BLOCK, RANGE, CONFIGURED, which may be empty, and STATE.
$1 ~ /^[0-9]+(-[0-9]+)?$/ && $2 ~ /^0x[0-9a-f]+-0x[0-9a-f]+$/ {
	n = split($1, part, "-")
	# A double counts to 2^53; only a made-up tree has more.
	if (length(part[n]) > 15)
		next
	low = part[1] + 0
	high = part[n] + 0
	split($2, bytes, "-")
	if (shift == "")
		shift = bits_of((hex(bytes[2]) + 1) / (high + 1))
	total += high - low + 1
	if ($NF == "online")
		online += high - low + 1
	if (is_wanted())
		add_rest(low, high, 1)
}

END {
	if (kind == "zone")
		print_zones()
	else if (kind == "resize" && total)
		sizes(command == "enable" ? online + 1 : 1,
			command == "disable" ? online - 1 : total)
	else if (kind == "amount" && found)
		print_amounts()
	else if (kind == "blocks" && found)
		print_blocks()
}

# Sets taken_first[1..ntaken] and taken_last[] to what is in LIST.
function take_list(list,    i, n, nparts, parts, part)
{
	nparts = split(list, parts, ",")
	for (i = 1; i <= nparts; i++) {
		n = split(parts[i], part, "-")
		if (!n)
			continue
		taken_first[++ntaken] = part[1] + 0
		taken_last[ntaken] = part[n] + 0
	}
}

# chmem takes zones, units and hexadecimal digits in any case.
function matches(item)
{
	return substr(tolower(item), 1, length(text)) == text
}

# Whether the command has something to do in the blocks of a line.
function is_wanted()
{
	if (command == "configure")
		return $3 == "no"
	if (command == "deconfigure")
		return $3 == "yes" && $NF != "online"
	if (command == "enable")
		return $NF == "offline"
	return command == "list" || $NF == "online"
}

function is_taken(node,    i)
{
	for (i = 1; i <= ntaken; i++)
		if (taken_first[i] <= node && node <= taken_last[i])
			return 1
	return 0
}

# Adds the blocks from LOW to HIGH, without those in the list from part I on.
function add_rest(low, high, i)
{
	for (; i <= ntaken; i++) {
		if (taken_last[i] < low || taken_first[i] > high)
			continue
		if (taken_first[i] > low)
			add_rest(low, taken_first[i] - 1, i + 1)
		low = taken_last[i] + 1
	}
	if (low > high)
		return
	if (!runs || last[runs] + 1 != low) {
		first[++runs] = low
		from[runs] = bytes[1]
	}
	last[runs] = high
	to[runs] = bytes[2]
	found += high - low + 1
}

# Runs and blocks. If these are too many, no block that is part of a run.
function print_blocks(    item, items, n, all, nall, i, block)
{
	for (i = 1; i <= runs; i++) {
		item = number(first[i])
		if (first[i] != last[i])
			item = item "-" number(last[i])
		if (!matches(item))
			continue
		all[++nall] = item
		if (first[i] != last[i])
			items[++n] = item
	}
	for (i = 1; i <= runs && n <= most; i++)
		for (block = first[i]; block <= last[i] && n <= most; block++)
			if (matches(number(block)))
				items[++n] = number(block)
	if (n > most)
		print_some(all, nall)
	else
		print_some(items, n)
}

# All digits, whatever is a large number for this awk.
function number(n)
{
	return sprintf("%.0f", n)
}

function print_amounts(    items, n, i)
{
	if (command != "list")
		sizes(1, found)
	for (i = 1; i <= runs; i++)
		if (matches(from[i] "-" to[i]))
			items[++n] = from[i] "-" to[i]
	print_some(items, n)
}

# Sizes of LOW to HIGH blocks: each, or where these are many, with twice the
# distance from one to the next; and the last.
function sizes(low, high,    n, i)
{
	n = high - low + 1
	for (i = 1; i < n; i += (n > 32 ? i : 1))
		size(low - 1 + i)
	if (n > 0)
		size(high)
}

# N blocks, in the largest unit that makes it a whole number: 1152M is not 1.1G.
function size(n,    bits, unit, item)
{
	for (bits = shift; n % 2 == 0; bits++)
		n /= 2
	unit = bits >= 60 ? 6 : int(bits / 10)
	for (; bits > unit * 10; bits--)
		n *= 2
	item = number(n) substr("KMGTPE", unit, 1)
	# A number without a unit would be MiB.
	if (unit && matches(item)) {
		print item
		most--
	}
}

# Prints items[1..n], most of them at most. The lowest are taken, and one that has
# the least in common with them: the shell puts on the line what all have in
# common, so that has to be true of those left out, too.
function print_some(items, n,    common, odd, i)
{
	common = items[1]
	for (i = 1; i <= n; i++)
		while (substr(items[i], 1, length(common)) != common) {
			common = substr(common, 1, length(common) - 1)
			odd = i
		}
	if (n > most && odd > most)
		items[most] = items[odd]
	for (i = 1; i <= n && i <= most; i++)
		print items[i]
}

# Those that occur, of those that chmem knows, in its spelling, and auto.
function print_zones(    i, n, names)
{
	n = split("DMA DMA32 Normal Highmem Movable Device auto", names)
	if (command != "disable" && command != "list")
		zones["auto"]
	for (i = 1; i <= n; i++)
		if (tolower(names[i]) in zones && matches(names[i]))
			print names[i]
}

function hex(digits,    i, n)
{
	for (i = 3; i <= length(digits); i++)
		n = n * 16 + index("0123456789abcdef", substr(digits, i, 1)) - 1
	return n
}

# The power of two that N is, but for what a double cannot hold.
function bits_of(n,    bits)
{
	while (n >= 1.5) {
		n /= 2
		bits++
	}
	return bits + 0
}
