/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order of the blocks, and what is done about each. Pure.
 */
#include "config.h"

#include "plan.h"
#include "util.h"

bool plan_is_by_size(const struct memblk_selection *selection)
{
	return selection->kind == MEMBLK_SELECTION_SIZE ||
	       selection->kind == MEMBLK_SELECTION_RESIZE;
}

/*
 * What the kernel fills first is the lowest, so that is to go last; blocks that are named
 * are taken as they come.
 */
static bool is_descending(const struct memblk_request *request)
{
	switch (request->order) {
	case MEMBLK_ORDER_DEFAULT:
		return request->selection.kind != MEMBLK_SELECTION_BLOCKS &&
		       (request->command == MEMBLK_COMMAND_DISABLE ||
			request->command == MEMBLK_COMMAND_DECONFIGURE);
	case MEMBLK_ORDER_HIGHEST:
		return true;
	default:
		return false;
	}
}

void memblk_plan_init(struct memblk_plan *ret, const struct memblk_request *request,
		      const uint64_t *blocks, size_t nblocks)
{
	bool by_size = plan_is_by_size(&request->selection);

	*ret = (struct memblk_plan){
		.blocks = blocks,
		.nblocks = nblocks,
		.by_size = by_size,
		.all = request->selection.kind == MEMBLK_SELECTION_ALL,
		.descending = is_descending(request),
		.goal = by_size ? request->selection.nblocks : nblocks,
	};
}

uint64_t memblk_plan_at(const struct memblk_plan *plan, size_t position)
{
	return plan->blocks[plan->descending ? plan->nblocks - 1 - position : position];
}

const char *memblk_action_to_string(enum memblk_action action)
{
	static const char *const words[_MEMBLK_ACTION_MAX] = {
		[MEMBLK_ACTION_ONLINE] = "online",
		[MEMBLK_ACTION_ONLINE_KERNEL] = "online_kernel",
		[MEMBLK_ACTION_ONLINE_MOVABLE] = "online_movable",
		[MEMBLK_ACTION_OFFLINE] = "offline",
		[MEMBLK_ACTION_CONFIGURE] = "configure",
		[MEMBLK_ACTION_DECONFIGURE] = "deconfigure",
	};

	return words[action];
}

bool plan_is_done(enum memblk_command command, enum memblk_state state)
{
	return state == (command == MEMBLK_COMMAND_ENABLE ? MEMBLK_STATE_ONLINE
							  : MEMBLK_STATE_OFFLINE);
}

bool plan_needs_zones(const struct memblk_request *request,
		      const struct memblk_plan *plan)
{
	if (request->command == MEMBLK_COMMAND_ENABLE)
		return !request->zone_auto;

	return request->zone || plan->by_size;
}

/*
 * Movable wherever that is possible, so that the memory can go again: what the kernel
 * itself would choose is mostly a kernel zone, where a block is soon full of what cannot
 * be moved.
 */
static struct decision decide_enable(const struct memblk_request *request,
				     const struct observation *seen)
{
	bool movable = !seen->zones_error && zones_has(&seen->zones, MEMBLK_ZONE_MOVABLE);

	if (request->zone_auto)
		return (struct decision){ .action = MEMBLK_ACTION_ONLINE };
	if (!request->zone)
		return (struct decision){ .action = movable ? MEMBLK_ACTION_ONLINE_MOVABLE
							    : MEMBLK_ACTION_ONLINE };
	if (seen->zones_error)
		return (struct decision){
			.reason = MEMBLK_REASON_ZONE_UNKNOWN,
			.error = -seen->zones_error,
		};
	if (!zones_has(&seen->zones, request->zone))
		return (struct decision){ .reason = MEMBLK_REASON_ZONE_MISMATCH };
	if (request->zone == MEMBLK_ZONE_MOVABLE)
		return (struct decision){ .action = MEMBLK_ACTION_ONLINE_MOVABLE };

	return (struct decision){ .action = MEMBLK_ACTION_ONLINE_KERNEL };
}

/*
 * By size, a block in several zones or none is left out: memory_block_offline() in
 * drivers/base/memory.c of Linux answers EINVAL whatever is in it.
 */
static struct decision decide_disable(const struct memblk_request *request,
				      const struct memblk_plan *plan,
				      const struct observation *seen)
{
	if (request->zone && seen->zones_error)
		return (struct decision){
			.reason = MEMBLK_REASON_ZONE_UNKNOWN,
			.error = -seen->zones_error,
		};
	if (request->zone && zones_first(&seen->zones) != request->zone)
		return (struct decision){ .reason = MEMBLK_REASON_ZONE_MISMATCH };
	if (plan->by_size && !seen->zones_error && seen->zones.none)
		return (struct decision){ .reason = MEMBLK_REASON_ZONE_NOT_SINGLE };

	return (struct decision){ .action = MEMBLK_ACTION_OFFLINE };
}

struct decision plan_decide(const struct memblk_request *request,
			    const struct memblk_plan *plan,
			    const struct observation *seen)
{
	return request->command == MEMBLK_COMMAND_ENABLE
		       ? decide_enable(request, seen)
		       : decide_disable(request, plan, seen);
}

enum memblk_zone plan_other_zone(const struct memblk_request *request,
				 const struct observation *seen)
{
	enum memblk_zone zone;

	if (!request->zone || seen->zones_error)
		return MEMBLK_ZONE_NONE;
	zone = zones_single(&seen->zones);

	return zone == request->zone ? MEMBLK_ZONE_NONE : zone;
}
