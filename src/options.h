/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line. Nothing of the system is asked here, so that --help and --version
 * work where there is none.
 */
#ifndef CHMEM_OPTIONS_H
#define CHMEM_OPTIONS_H

#include <stdbool.h>

#include "memblk.h"

/* The strings are those of argv. */
struct options {
	enum memblk_command command;
	const char *operand;
	bool blocks;      /* the operand is a BLOCKRANGE */
	const char *zone; /* NULL: none asked for */
	enum memblk_memmap memmap;
	const char *sysroot; /* NULL: the running system */
	bool verbose;
};

/*
 * Parses ARGV. --help and --version are answered on stdout, a bad command line on stderr;
 * both end the process.
 */
void options_parse_or_die(int argc, char **argv, struct options *ret);

#endif
