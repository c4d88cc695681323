/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order of the blocks, and what is decided about each. The input is digits, of which
 * each stands for one choice, and numbers, of which each ends with a blank:
 *
 *	COMMAND KIND ZONE MEMMAP GOAL BOUNDS BLOCKS STEP... OBSERVATION...
 *
 * where STEP is by how much the number of a block is more than that of the one before,
 * and OBSERVATION is a state, the number of zones, the zones, and why they are not known.
 */
#include "config.h"

#include <errno.h>

#include "fuzz.h"
#include "plan.h"

const char fuzz_name[] = "plan";

#define BLOCKS_MAX 64

/* ---- The order ---- */

/* Blocks are taken from the top if that is asked for, or none is named and memory is to
 * go. */
static bool expected_descending(const struct memblk_request *request)
{
	if (request->order != MEMBLK_ORDER_DEFAULT)
		return request->order == MEMBLK_ORDER_HIGHEST;
	if (request->selection.kind == MEMBLK_SELECTION_BLOCKS)
		return false;
	switch (request->command) {
	case MEMBLK_COMMAND_DISABLE:
	case MEMBLK_COMMAND_DECONFIGURE:
		return true;
	default:
		return false;
	}
}

static bool is_by_size(const struct memblk_request *request)
{
	return request->selection.kind == MEMBLK_SELECTION_SIZE ||
	       request->selection.kind == MEMBLK_SELECTION_RESIZE;
}

static void check_order(const struct memblk_plan *plan, const uint64_t *blocks,
			size_t nblocks, bool descending)
{
	uint64_t previous = 0;

	for (size_t i = 0; i < nblocks; i++) {
		uint64_t block = memblk_plan_at(plan, i);

		require(block == blocks[descending ? nblocks - 1 - i : i]);
		if (i)
			require(descending ? block < previous : block > previous);
		previous = block;
	}
}

static void check_plan(const struct memblk_plan *plan,
		       const struct memblk_request *request, const uint64_t *blocks,
		       size_t nblocks)
{
	bool by_size = is_by_size(request);

	require(plan->all == (request->selection.kind == MEMBLK_SELECTION_ALL));
	require(plan->blocks == blocks);
	require(plan->nblocks == nblocks);
	require(plan->by_size == by_size);
	require(plan->goal == (by_size ? request->selection.nblocks : nblocks));
	check_order(plan, blocks, nblocks, expected_descending(request));
}

/* ---- The decision ---- */

static struct decision refuse(enum memblk_reason reason, int error)
{
	return (struct decision){ .reason = reason, .error = error };
}

/* The zones as one bit each, unless they are not known. */
static unsigned int zone_bits(const struct observation *seen)
{
	unsigned int bits = 0;

	for (size_t i = 0; i < seen->zones.nzones && !seen->zones_error; i++)
		bits |= 1U << seen->zones.zone[i];
	return bits;
}

static struct decision expected_enable(const struct memblk_request *request,
				       const struct observation *seen)
{
	const unsigned int movable = 1U << MEMBLK_ZONE_MOVABLE;
	unsigned int allowed = zone_bits(seen), wanted = 1U << request->zone;
	enum memblk_action action = MEMBLK_ACTION_ONLINE_KERNEL;

	if (request->zone_auto)
		return (struct decision){ .action = MEMBLK_ACTION_ONLINE };
	if (request->zone && seen->zones_error)
		return refuse(MEMBLK_REASON_ZONE_UNKNOWN, -seen->zones_error);
	if (request->zone && !(allowed & wanted))
		return refuse(MEMBLK_REASON_ZONE_MISMATCH, 0);
	if (!request->zone)
		action = allowed & movable ? MEMBLK_ACTION_ONLINE_MOVABLE
					   : MEMBLK_ACTION_ONLINE;
	else if (wanted == movable)
		action = MEMBLK_ACTION_ONLINE_MOVABLE;

	return (struct decision){ .action = action };
}

static struct decision expected_disable(const struct memblk_request *request,
					const struct observation *seen)
{
	bool by_size = is_by_size(request);

	if (request->zone) {
		if (seen->zones_error)
			return refuse(MEMBLK_REASON_ZONE_UNKNOWN, -seen->zones_error);
		if (!seen->zones.nzones || seen->zones.zone[0] != request->zone)
			return refuse(MEMBLK_REASON_ZONE_MISMATCH, 0);
	} else if (by_size && !seen->zones_error && seen->zones.none) {
		return refuse(MEMBLK_REASON_ZONE_NOT_SINGLE, 0);
	}
	return (struct decision){ .action = MEMBLK_ACTION_OFFLINE };
}

static void require_same(const struct decision *got, const struct decision *expected)
{
	require(got->action == expected->action);
	require(got->reason == expected->reason);
	require(got->error == expected->error);
}

static void check_decision(const struct memblk_request *request,
			   const struct memblk_plan *plan, const struct observation *seen)
{
	struct decision decision = plan_decide(request, plan, seen);
	struct decision expected = request->command == MEMBLK_COMMAND_ENABLE
					   ? expected_enable(request, seen)
					   : expected_disable(request, seen);

	/* either an action or a reason, and an error only with the reason that has one */
	require(!decision.action == (decision.reason != MEMBLK_REASON_NONE));
	require((decision.error > 0) == (decision.reason == MEMBLK_REASON_ZONE_UNKNOWN));
	require(decision.error >= 0);
	require_same(&decision, &expected);
}

/* What must make no difference makes none. */
static void check_indifference(const struct memblk_request *request,
			       const struct memblk_plan *plan,
			       const struct observation *seen)
{
	const struct decision decision = plan_decide(request, plan, seen);
	struct memblk_request unbound = *request;
	struct observation other = *seen;
	struct decision again;

	unbound.bounds = (struct memblk_bounds){ .retries = 0 };
	again = plan_decide(&unbound, plan, seen);
	require_same(&again, &decision);

	other.state = (other.state + 1) % _MEMBLK_STATE_MAX;
	if (seen->zones_error)
		memset(&other.zones, 0, sizeof(other.zones));
	again = plan_decide(request, plan, &other);
	require_same(&again, &decision);

	if (plan_needs_zones(request, plan))
		return;
	other.zones = (struct zones){ { MEMBLK_ZONE_MOVABLE }, .nzones = 1 };
	other.zones_error = seen->zones_error ? 0 : -EIO;
	again = plan_decide(request, plan, &other);
	require_same(&again, &decision);
}

static void check_other_zone(const struct memblk_request *request,
			     const struct observation *seen)
{
	enum memblk_zone other = plan_other_zone(request, seen);
	bool is_known = !seen->zones_error && seen->zones.nzones == 1;

	if (request->zone && is_known && seen->zones.zone[0] != request->zone)
		require(other == seen->zones.zone[0]);
	else
		require(other == MEMBLK_ZONE_NONE);
}

static void check_done(const struct memblk_request *request,
		       const struct observation *seen)
{
	bool is_enable = request->command == MEMBLK_COMMAND_ENABLE;

	require(plan_is_done(request->command, seen->state) ==
		((is_enable && seen->state == MEMBLK_STATE_ONLINE) ||
		 (!is_enable && seen->state == MEMBLK_STATE_OFFLINE)));
}

/* ---- The input ---- */

static struct memblk_request input_request(struct input *input)
{
	struct memblk_request request = { .zone = MEMBLK_ZONE_NONE };
	uint64_t bounds;

	request.command = input_choice(input, _MEMBLK_COMMAND_MAX);
	request.selection.kind = input_choice(input, 4);
	request.zone = input_choice(input, _MEMBLK_ZONE_MAX);
	request.memmap = input_choice(input, 3);
	request.selection.nblocks = input_number(input);
	bounds = input_number(input);
	request.order = bounds >> 4 & 3;
	request.zone_auto = bounds & 4 && !request.zone;
	request.dry_run = bounds & 8;
	request.bounds = (struct memblk_bounds){
		.try_timeout_ms = bounds,
		.deadline_ms = bounds,
		.retries = (unsigned int) bounds,
		.retry_all = bounds & 1,
		.keep_free_bytes = bounds,
		.atomic = bounds & 2,
	};
	return request;
}

/* As many as there are ascending numbers. */
static size_t input_blocks(struct input *input, uint64_t *blocks)
{
	size_t nblocks = input_number(input) % (BLOCKS_MAX + 1);

	for (size_t i = 0; i < nblocks; i++) {
		uint64_t step = input_number(input);

		blocks[i] = step;
		if (i && __builtin_add_overflow(blocks[i - 1], step + !step, &blocks[i]))
			return i;
	}
	return nblocks;
}

/* The invariants of struct zones hold. */
static struct observation input_observation(struct input *input)
{
	static const int errors[] = { 0, 0, 0, -ENOENT, -EIO, -EBADMSG };
	struct observation seen = { .state = input_choice(input, _MEMBLK_STATE_MAX) };
	unsigned int nzones = input_choice(input, ZONES_MAX + 2);

	seen.zones.none = nzones > ZONES_MAX;
	seen.zones.nzones = seen.zones.none ? 0 : nzones;
	for (size_t i = 0; i < seen.zones.nzones; i++)
		seen.zones.zone[i] = input_choice(input, _MEMBLK_ZONE_MAX);
	seen.zones_error = errors[input_choice(input, ARRAY_SIZE(errors))];

	return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct memblk_request request = input_request(&input);
	uint64_t all[BLOCKS_MAX];
	size_t nblocks = input_blocks(&input, all);
	/* no longer than it is, so that reading beyond it is noticed */
	_cleanup_free_ uint64_t *blocks = malloc(nblocks * sizeof(*blocks) ?: 1);
	struct memblk_plan plan;

	require(blocks);
	for (size_t i = 0; i < nblocks; i++)
		blocks[i] = all[i];
	memset(&plan, POISON, sizeof(plan));
	memblk_plan_init(&plan, &request, blocks, nblocks);
	check_plan(&plan, &request, blocks, nblocks);

	if (request.command != MEMBLK_COMMAND_ENABLE &&
	    request.command != MEMBLK_COMMAND_DISABLE)
		return 0;
	do {
		struct observation seen = input_observation(&input);

		check_decision(&request, &plan, &seen);
		check_indifference(&request, &plan, &seen);
		check_other_zone(&request, &seen);
		check_done(&request, &seen);
	} while (input.left);

	return 0;
}
