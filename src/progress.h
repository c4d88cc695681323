/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far a run is, on one line of stderr that is drawn over and over.
 */
#ifndef CHMEM_PROGRESS_H
#define CHMEM_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "memblk.h"

enum progress_mode {
	PROGRESS_NEVER,
	PROGRESS_AUTO, /* on a terminal, when the run takes more than a second */
	PROGRESS_ALWAYS,
};

struct progress_bar {
	bool is_on;
	uint64_t start_ms, first_ms; /* it is not drawn before the latter */
	uint64_t drawn_ms;           /* 0: not yet */
	uint64_t block_size_bytes;
	struct memblk_progress last;
};

/* For a run that began at START_MS. */
void progress_begin(struct progress_bar *bar, enum progress_mode mode, uint64_t start_ms,
		    uint64_t block_size_bytes);

/* Draws it, unless it was only just drawn. */
void progress_update(struct progress_bar *bar, const struct memblk_progress *progress);

/* Draws it as it was last, for good, if it was drawn at all. */
void progress_end(struct progress_bar *bar);

#endif
