/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line. Nothing of the system is asked here, so that --help and --version
 * work where there is none.
 */
#ifndef CHMEM_OPTIONS_H
#define CHMEM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "column.h"
#include "memblk.h"
#include "progress.h"

/*
 * The strings are those of argv. An option that is not given has its default here, unless
 * that depends on the system.
 */
struct options {
	enum memblk_command command; /* _MEMBLK_COMMAND_MAX: whatever --resize takes */
	const char *operand;         /* NULL: none, with --all */
	enum memblk_operand operand_kind;
	bool all;

	bool list; /* in place of a command; operand is NULL where all blocks are meant,
		      and all gives each a line of its own */
	struct columns columns;
	bool noheadings;

	bool auto_online;          /* in place of all that is about blocks */
	enum memblk_policy policy; /* to be set; UNKNOWN: only to be shown */

	const char *zone;  /* NULL: none asked for */
	bool zone_auto;    /* that is up to the kernel */
	const char *nodes; /* NULL: any */
	const char *from;  /* the device that brought the memory; NULL: any */
	bool unplug;       /* then have the firmware eject it */
	enum memblk_order order;
	bool dry_run;
	enum memblk_memmap memmap;
	const char *sysroot; /* NULL: the running system */
	bool verbose;        /* not with json */
	bool json;           /* a document is all that goes to stdout */
	enum progress_mode progress;

	bool try_timeout_given;
	uint64_t try_timeout_ms; /* if given; MEMBLK_FOREVER: no limit */
	uint64_t timeout_ms;     /* MEMBLK_FOREVER: none */
	bool retries_given;
	unsigned int retries;
	uint64_t keep_free_bytes; /* MEMBLK_KEEP_FREE_AUTO where not given */
	bool atomic;
	enum memblk_lock_mode lock;
	uint64_t wait_ms; /* for blocks that are missing; MEMBLK_FOREVER: without end */
};

/*
 * Parses ARGV. --help and --version are answered on stdout, a bad command line on stderr;
 * both end the process.
 */
void options_parse_or_die(int argc, char **argv, struct options *ret);

#endif
