/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answers to --help and --version. */
#include "config.h"

#include "column.h"
#include "help.h"
#include "memblk.h"
#include "output.h"

void report_help(void)
{
	report_line(
		"\n"
		"Usage:\n"
		" chmem [options] -e|-d|-c|-g [SIZE|RANGE|-b BLOCKRANGE]\n"
		" chmem [options] -e|-d|-c|-g --all\n"
		" chmem [options] -d --from DEVICE --unplug\n"
		" chmem [options] [-e|-d] --resize SIZE\n"
		" chmem [options] --list [RANGE|-b BLOCKRANGE]\n"
		" chmem [options] --auto-online[=POLICY]\n"
		"\n"
		"Set memory blocks of the running system online or offline.\n"
		"\n"
		"Options:\n"
		" -e, --enable                  set memory online\n"
		" -d, --disable                 set memory offline\n"
		" -c, --configure               configure memory (s390)\n"
		" -g, --deconfigure             deconfigure memory (s390)\n"
		" -b, --blocks                  the operand is block numbers\n"
		"     --all                     all blocks that are not so yet\n"
		"     --resize SIZE             until that much is online, no more and "
		"no less\n"
		" -z, --zone NAME               only to or from this zone (see below)\n"
		"     --node LIST               only blocks of these NUMA nodes\n"
		"     --from DEVICE             only blocks that this device brought\n"
		"     --unplug                  with -d --from: then have it ejected\n"
		"     --order ORDER             which blocks come first\n"
		" -m, --memmap-on-memory 0|1    with -c: where the memory map is kept\n"
		" -s, --sysroot DIR             work on the system whose root is DIR\n"
		"     --try-timeout SECONDS     give up a block after so long; 0: never\n"
		"     --timeout SECONDS         end the whole run after so long\n"
		"     --retries N               rounds of trying failed blocks again\n"
		"     --keep-free SIZE          with -d: memory that must be left over\n"
		"     --atomic                  all or nothing\n"
		"     --lock[=MODE]             keep other runs of chmem out meanwhile\n"
		"     --wait SECONDS            wait for memory that is yet to be added\n"
		" -n, --dry-run                 only tell what would be done\n"
		" -l, --list                    list blocks, and change nothing\n"
		" -o, --output COLUMNS          with --list: what is shown (see below)\n"
		"     --noheadings              with --list: the lines of blocks alone\n"
		"     --auto-online[=POLICY]    show or set what becomes of memory that "
		"is added\n"
		"     --progress[=WHEN]         show how far it is\n"
		" -J, --json                    print one JSON document instead of "
		"lines\n"
		" -v, --verbose                 print a line for each block\n"
		" -h, --help                    display this help\n"
		" -V, --version                 display version\n"
		"\n"
		"Operands and values:\n"
		" SIZE        128M, 1.5G, ...; MiB without a suffix, but for --resize\n"
		" RANGE       0x<first byte>-0x<last byte>\n"
		" BLOCKRANGE  <block>, <first block>-<last block>, or a list: 4,6,8-10\n"
		" LIST        0, 1,3, 0-2, ...\n"
		" DEVICE      PNP0C80:00 (a DIMM), virtio-mem, kmem, boot, as --list has "
		"it\n"
		" ORDER       lowest, highest, cheapest (-d: least to be moved)\n"
		" SECONDS     30, 0.5, ..., or infinity\n"
		" MODE        auto (default), yes (--lock alone), no, nonblock\n"
		" POLICY      offline, online, online_kernel, online_movable\n"
		" WHEN        auto (--progress alone), always, never (default)\n"
		" COLUMNS     RANGE,SIZE,...; +DEVICE,... adds to the usual ones\n"
		"\n"
		"Zones:");
	for (enum memblk_zone zone = MEMBLK_ZONE_NONE + 1; zone < _MEMBLK_ZONE_MAX;
	     zone++)
		report_line(" %s", memblk_zone_to_string(zone));
	report_line(" auto");
	report_line("\nColumns:");
	for (size_t i = 0; column_at(i); i++)
		report_line(" %-16s  %s", column_at(i)->name, column_at(i)->help);
	report_line("\nFor more details see chmem(8).");
}

void report_version(void)
{
	report_line("%s", PACKAGE_NAME " " PACKAGE_VERSION);
}
