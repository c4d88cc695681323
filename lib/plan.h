/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is decided about one block from what was seen of it. Pure: nothing here reads or
 * writes.
 */
#ifndef MEMBLK_PLAN_H
#define MEMBLK_PLAN_H

#include "memblk.h"
#include "zone.h"

/* What was read of a block. zones counts only where zones_error is 0. */
struct observation {
	enum memblk_state state;
	struct zones zones;
	int zones_error; /* -errno */
};

/* Either what is written to `state`, or the reason why nothing is: NONE. */
struct decision {
	enum memblk_action action;
	enum memblk_reason reason;
	int error;
};

/* Whether SELECTION is any blocks that make up an amount. */
bool plan_is_by_size(const struct memblk_selection *selection);

/* Whether each block of PLAN is meant as such. */
static inline bool plan_is_named(const struct memblk_plan *plan)
{
	return !plan->by_size && !plan->all;
}

/* Whether a block in STATE is as COMMAND, ENABLE or DISABLE, wants it. */
bool plan_is_done(enum memblk_command command, enum memblk_state state);

/* Whether zones decide anything about a block that is not done. */
bool plan_needs_zones(const struct memblk_request *request,
		      const struct memblk_plan *plan);

/* What to do about a block that is not done. */
struct decision plan_decide(const struct memblk_request *request,
			    const struct memblk_plan *plan,
			    const struct observation *seen);

/*
 * The zone that an online block is in if that is known and not the one that was asked
 * for, else NONE.
 */
enum memblk_zone plan_other_zone(const struct memblk_request *request,
				 const struct observation *seen);

#endif
