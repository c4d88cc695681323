/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happened to each block that was selected, for who wants to know it at the end of
 * the run.
 */
#ifndef CHMEM_ENTRIES_H
#define CHMEM_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memblk.h"
#include "report.h"

struct entry {
	struct memblk_result result;
	size_t order; /* in which they came */
};

/* All zero is one without any. */
struct entries {
	struct entry *entry; /* owned */
	size_t nentries, size;
	bool lost; /* there was no memory for them all */
};

/* A number of blocks. */
struct count {
	uint64_t nblocks;
	bool is_beyond; /* 64 bits */
};

void count_add(struct count *count, uint64_t nblocks);

/* Blocks in RANGES. */
struct count count_ranges(const struct memblk_ranges *ranges);

/* Adds the result of a block; the last one of each counts. */
void entries_add(struct entries *entries, const struct memblk_result *result);

/*
 * When the run over SELECTION has ended: makes them one for each block, by number, those
 * that do not exist among them. Where these are too many, only their number is returned.
 */
struct count entries_complete(struct entries *entries,
			      const struct memblk_selection *selection);

void entries_done(struct entries *entries);

#endif
