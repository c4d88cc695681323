/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line. Nothing of the system is asked here, so that --help and --version
 * work where there is none.
 */
#ifndef CHMEM_OPTIONS_H
#define CHMEM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "memblk.h"

/*
 * The strings are those of argv. An option that is not given has its default here, unless
 * that depends on the system.
 */
struct options {
	enum memblk_command command;
	const char *operand;
	bool blocks;      /* the operand is a BLOCKRANGE */
	const char *zone; /* NULL: none asked for */
	enum memblk_memmap memmap;
	const char *sysroot; /* NULL: the running system */
	bool verbose;

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
