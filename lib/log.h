/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a worker has to tell, in memory that it shares with the process that started it.
 * It outlives the worker, however that ends.
 *
 * Each block is told of once, was held before at most once, and may be set back; entries
 * are only added, by one process at a time.
 */
#ifndef MEMBLK_LOG_H
#define MEMBLK_LOG_H

#include "apply.h"
#include "memblk.h"

struct log {
	size_t size; /* in bytes */
	struct progress progress;
	struct memblk_outcome outcome;
	_Atomic bool has_outcome;
	_Atomic size_t nresults;
	struct log_entry {
		struct memblk_result result;
		bool is_held;     /* may pass in a later round: not to be told yet */
		bool is_outdated; /* a later entry is of the same block */
	} entries[];
};

/* A log for a run over NBLOCKS blocks; the caller frees it with log_free(). */
int log_new(size_t nblocks, struct log **ret);
void log_free(struct log *log);

/* Add an entry to the log in DATA; the second one of a block that is held. */
void log_result(const struct memblk_result *result, void *data);
void log_held(const struct memblk_result *result, void *data);

/* Whether a block of this STATUS came from setting it back. */
bool log_is_final(enum memblk_status status);

/* Marks the entries that are not the last ones of their blocks. */
void log_mark_outdated(struct log *log);

/*
 * Once that is done: whether the entry at POSITION is of a block that is changed, and was
 * not tried to be set back.
 */
bool log_needs_undo(const struct log *log, size_t position);

#endif
