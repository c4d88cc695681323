/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines on stderr that name blocks, however many they are. */
#ifndef CHMEM_NAMES_H
#define CHMEM_NAMES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "memblk.h"

/* Blocks that are named one after the other. */
struct names {
	FILE *stream; /* NULL: there was no memory for it; owned */
	char *text;   /* owned */
	size_t length;
	uint64_t nblocks; /* huge ranges may wrap it */
	uint64_t last;    /* that was named */
};

void names_begin(struct names *names);

/* Names the blocks FIRST to LAST. */
void names_add(struct names *names, uint64_t first, uint64_t last);

/*
 * Prints "Memory Block 5 (...) ONE" or "Memory Blocks 5, 7-9 SEVERAL", if any was named,
 * and frees NAMES.
 */
void names_end(struct names *names, uint64_t block_size_bytes, const char *one,
	       const char *several);

/* The blocks of RANGES that are not among the NKNOWN that are KNOWN, which is ascending.
 */
void report_missing(const struct memblk_ranges *ranges, const uint64_t *known,
		    size_t nknown, uint64_t block_size_bytes);

#endif
