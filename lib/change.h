/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One block: what is read of it, what is written, and what has become of it.
 */
#ifndef MEMBLK_CHANGE_H
#define MEMBLK_CHANGE_H

#include "alarm.h"
#include "facts.h"
#include "memblk.h"
#include "spare.h"

/* What holds for each block of a run. */
struct run {
	struct memblk_system *system;
	const struct memblk_request *request;
	const struct memblk_plan *plan;
	struct spare *spare; /* NULL: all memory may go */
	struct limit limit;
	bool rehearsal;      /* nothing is written, a block that would be is CHANGED */
	struct facts *facts; /* DISABLE: what is in blocks; else NULL */
};

/* Carries the request out on block result->index; all else of RESULT is zero. */
void change_block(const struct run *run, struct memblk_result *result);

/*
 * Whether block INDEX is as COMMAND wants it; what cannot be read is not. What is not
 * configured is offline, though there is no `state`, which *RET_ABSENT tells.
 */
bool change_is_done(const struct memblk_system *system, enum memblk_command command,
		    uint64_t index, bool *ret_absent);

/*
 * Looks at a block that was not tried, of which RESULT has only the index: it is ALREADY
 * as wanted, MISSING, or SKIPPED because it was NOT_TRIED.
 */
void change_look(const struct run *run, struct memblk_result *result);

/*
 * Takes back what RESULT says was done, in the state and zone that the block had; then it
 * is REVERTED or STUCK.
 */
void change_revert(const struct run *run, struct memblk_result *result);

/*
 * Whoever worked on the block came to an end without a word. RESULT says how far he was
 * known to be; if the block is not as wanted, REASON is why.
 */
void change_settle(const struct run *run, struct memblk_result *result,
		   enum memblk_reason reason);

/* The same of a block that was on its way back: REVERTED if it got there, else STUCK. */
void change_settle_back(const struct run *run, struct memblk_result *result,
			enum memblk_reason reason);

#endif
