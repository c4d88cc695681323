/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The walk over the blocks of a plan, in the process that calls it. What is told of it on
 * the way can lie in memory that another process looks at.
 */
#ifndef MEMBLK_APPLY_H
#define MEMBLK_APPLY_H

#include "memblk.h"

struct progress {
	_Atomic uint64_t write_since_ms; /* a write goes on since then; 0: none does */
	_Atomic size_t ntried;           /* blocks that were looked at */
	_Atomic uint64_t nspent;         /* by size: of them, those that count */
	_Atomic bool reverting;          /* changed blocks are set back */
	_Atomic bool asked;              /* the firmware was, or is being, asked to eject
					    the device: nothing is set back */
	_Atomic bool in_hand;            /* what is known of `current` is not told yet */
	struct memblk_result current;
	memblk_result_fn held_fn; /* told of a block that may pass later; NULL: nobody */
};

/* memblk_run() within this process. */
void apply_plan(struct memblk_system *system, const struct memblk_request *request,
		const struct memblk_plan *plan, struct progress *progress,
		memblk_result_fn result_fn, void *data, struct memblk_outcome *ret);

/*
 * Sets the blocks of RESULTS back, the last of them first, and tells of each. Ends at the
 * first write that does not return, and with the second signal of the run.
 */
void apply_revert(struct memblk_system *system, const struct memblk_request *request,
		  const struct memblk_plan *plan, const struct memblk_result *results,
		  size_t nresults, struct progress *progress, memblk_result_fn result_fn,
		  void *data);

/*
 * As change_settle() or, of a block on its way back, change_settle_back(), for a worker
 * that is gone.
 */
void apply_settle(struct memblk_system *system, const struct memblk_request *request,
		  const struct memblk_plan *plan, struct memblk_result *result,
		  bool reverting, enum memblk_reason reason);

/* Whether RESULT is of a block that has to be set back. */
bool apply_has_changed(const struct memblk_result *result);

#endif
