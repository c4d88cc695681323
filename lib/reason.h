/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an errno of the kernel means, for the step that it came of. Pure.
 */
#ifndef MEMBLK_REASON_H
#define MEMBLK_REASON_H

#include "memblk.h"
#include "plan.h"

/*
 * ERROR, positive, was the answer to a write for STEP; the block was as SEEN, where zones
 * are only looked at if the step was to take it offline.
 */
enum memblk_reason reason_of_errno(enum memblk_step step, int error,
				   const struct observation *seen);

/* Whether a failure of this REASON may pass; ROUND counts from 0, the walk itself. */
bool reason_may_pass(enum memblk_reason reason, const struct memblk_bounds *bounds,
		     unsigned int round);

#endif
