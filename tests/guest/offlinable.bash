# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016 # the guest's shell expands
#
# What --list says of blocks, in column OFFLINABLE, against what becomes of them when they
# are tried right after: all of a guest of 1 GiB, and of three DIMMs. One is in zone Normal,
# one in Movable; the third is a single block, which holds its own memory map.
#
# A block of which it says `no` must never go. Of those of which it says `yes`, 95 in 100
# must.
#
# CHMEM_SOAK=1 takes all loads, each in a guest of its own, and not only one. With
# CHMEM_FIGURES=FILE in the environment a line for each block is added to that:
#
#	offlinable KERNEL LOAD BLOCK ZONE FORETOLD OUTCOME WHY

export GUEST_ARGUMENTS='memhp_default_state=offline memory_hotplug.memmap_on_memory=1'

if soaking; then
	loads=(idle mixed kernel full)
else
	loads=(mixed)
fi

# Each boot lays out memory in its own way.
guest_fresh

guest_prepare() {
	dimm_plug kernel 1024 && dimm_plug movable 1024 && dimm_plug single 128 &&
		guest '. /etc/functions
			set_blocks 32-39 online_kernel && set_blocks 40-48 online_movable'
}

# No test takes over the guest of another.
guest_tidy() {
	mkdir -- "$GUEST_DIR/now/used"
} 2>/dev/null

# ---- Loads ----

# Nothing but what every guest runs.
load_idle() {
	:
}

# Some of everything that memory is used for.
load_mixed() {
	guest '. /etc/functions
		use_slab 20000 && use_cache 300 && use_tmpfs 200 && use_memory 400 &&
			use_hugepages 40 20'
}

# What the kernel needs for itself, in many blocks; of some of that only little is left.
load_kernel() {
	guest '. /etc/functions
		use_pipes 250 && use_slab 30000 && thin_slab 100 && use_memory 300'
}

# Most of all memory.
load_full() {
	guest '. /etc/functions
		use_slab 40000 && drop_slab && use_cache 200 && use_memory 1300 && use_tmpfs 200'
}

# ---- Foretelling, and trying ----

# foretold - a line "BLOCK FORETOLD WHY" for each block that is online; FORETOLD is
# `unknown` where nothing is said.
foretold() {
	local list

	list=$(guest 'chmem --list --all --noheadings -o BLOCK,STATE,OFFLINABLE,WHY') || return
	awk '$2 == "online" {
		answer = $3 ~ /^(yes|likely|no)$/ ? $3 : "unknown"
		found = $1 " " answer
		sub("^ *" $1 " +" $2 " *(" answer ")? *", "")
		print found, $0
	}' <<<"$list"
}

# foretell_and_try LOAD - a line for each block, as above.
foretell_and_try() {
	local before=$GUEST_DIR/foretold after=$GUEST_DIR/tried kernel

	kernel=$(guest 'uname -r')
	foretold >"$before" || return
	guest ". /etc/functions; try_blocks $(cut -d ' ' -f 1 "$before" | paste -s -d ' ')" \
		>"$after" || return
	awk -v kernel="$kernel" -v load="$1" '
		NR == FNR { zone[$1] = $2; outcome[$1] = $3; next }
		{
			found = $1 " " zone[$1] " " $2 " " outcome[$1]
			sub(/^[^ ]+ [^ ]+ ?/, "")
			print "offlinable", kernel, load, found, $0
		}' "$after" "$before"
}

# count FORETOLD OUTCOME - lines of stdin with these, which are patterns.
count() {
	awk -v foretold="^($1)\$" -v outcome="^($2)\$" \
		'$6 ~ foretold && $7 ~ outcome { n++ } END { print n + 0 }'
}

foretell_right() {
	local load found=$BATS_TEST_TMPDIR/found yes wrong

	for load in "${loads[@]}"; do
		[[ $load == "${loads[0]}" ]] || { guest_boot && guest_prepare; }
		"load_$load"
		foretell_and_try "$load" >>"$found"
	done
	[[ -z ${CHMEM_FIGURES-} ]] || cat -- "$found" >>"$CHMEM_FIGURES"

	yes=$(count yes '.*' <"$found")
	wrong=$(count yes '[^w].*' <"$found")
	echo "# $(guest 'uname -r'): $yes yes, $wrong of these did not go;" \
		"$(count no '.*' <"$found") no, $(count no went <"$found") of these went;" \
		"$(count 'likely|unknown' '.*' <"$found") else" >&3
	# For bats to show where something is wrong.
	cat -- "$found"
	# Else nothing would be shown by what follows.
	is "blocks that were tried" "$(wc -l <"$found")" $((25 * ${#loads[@]}))
	((yes > 10 && $(count no '.*' <"$found") >= 2))
	is "blocks that went in spite of a no" "$(count no went <"$found")" 0
	((wrong * 20 <= yes))
}
