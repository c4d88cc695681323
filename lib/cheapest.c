/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order in which blocks cost the kernel least to take offline. What is in a block is
 * a snapshot, so that this orders and no more: each block is still tried, or not, as
 * ever.
 */
#include "config.h"

#include "block.h"
#include "inspect.h"
#include "plan.h"
#include "util.h"

/*
 * Blocks whose pages to be moved differ by less than this part of a block cost the same:
 * then it counts more that what is in zone Movable can be moved for certain.
 */
#define COST_STEPS 64

enum rank {
	RANK_FREE_OR_MOVABLE, /* looked into: by what it costs */
	RANK_MOVABLE_ZONE,    /* not looked into */
	RANK_UNCERTAIN,       /* holds pages that may keep it */
	RANK_OTHER_ZONE,      /* not looked into */
	RANK_NEVER,           /* can never go, or need not */
};

struct candidate {
	uint64_t index;
	enum rank rank;
	bool movable;  /* is in zone Movable */
	bool held;     /* NEVER, but only for what is in it: worth to be told of */
	uint64_t cost; /* in parts of a block */
};

struct ordering {
	struct memblk_inspector *inspector; /* of zones and contents; owned */
	enum memblk_zone zone;              /* NONE: any */
	struct candidate *candidates;       /* owned */
	size_t ncandidates;
	uint64_t block_pages;
};

/* ---- By state and zone ---- */

static enum rank rank_by_zone(const struct ordering *ordering,
			      const struct memblk_info *info)
{
	if (!info->state_error && info->state == MEMBLK_STATE_OFFLINE)
		return RANK_NEVER;
	if (info->zones_error)
		return RANK_OTHER_ZONE;
	if (info->zones_none || (ordering->zone && info->zones[0] != ordering->zone))
		return RANK_NEVER;

	return info_is_movable(info) ? RANK_MOVABLE_ZONE : RANK_OTHER_ZONE;
}

static int collect(struct ordering *ordering, struct memblk_system *system,
		   const uint64_t *blocks)
{
	struct memblk_inspector *inspector;
	struct memblk_info info;
	int r;

	r = memblk_inspector_new(system, MEMBLK_WANT_STATE | MEMBLK_WANT_ZONES,
				 &inspector);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ordering->ncandidates; i++) {
		struct candidate *candidate = &ordering->candidates[i];

		*candidate = (struct candidate){ .index = blocks[i], .rank = RANK_NEVER };
		if (memblk_inspect(inspector, blocks[i], &info) < 0)
			continue;
		candidate->rank = rank_by_zone(ordering, &info);
		candidate->movable = info_is_movable(&info);
	}
	memblk_inspector_free(inspector);

	return 0;
}

/* ---- What it costs ---- */

static int compare(const void *a, const void *b)
{
	const struct candidate *left = a, *right = b;

	if (left->rank != right->rank)
		return left->rank < right->rank ? -1 : 1;
	if (left->cost != right->cost)
		return left->cost < right->cost ? -1 : 1;
	if (left->movable != right->movable)
		return left->movable ? -1 : 1;

	return (left->index < right->index) - (left->index > right->index);
}

static void sort(struct ordering *ordering)
{
	if (ordering->ncandidates)
		qsort(ordering->candidates, ordering->ncandidates,
		      sizeof(*ordering->candidates), compare);
}

static enum rank rank_of_contents(const struct memblk_info *info)
{
	switch (info->offlinable) {
	case MEMBLK_OFFLINABLE_NO:
		return RANK_NEVER;
	case MEMBLK_OFFLINABLE_UNKNOWN:
		return RANK_UNCERTAIN;
	default:
		/* one of their size may not be had, and the pool of them shrinks */
		if (info->contents.nhuge)
			return RANK_UNCERTAIN;
		/* what is not known there may well be the kernel's */
		return info->contents.nunknown && !info_is_movable(info)
			       ? RANK_UNCERTAIN
			       : RANK_FREE_OR_MOVABLE;
	}
}

static void weigh(const struct ordering *ordering, struct candidate *candidate)
{
	uint64_t parts, block_pages = ordering->block_pages;
	struct memblk_info info;

	if (memblk_inspect(ordering->inspector, candidate->index, &info) < 0) {
		candidate->rank = RANK_NEVER;
		return;
	}
	if (info.contents_error && info.offlinable != MEMBLK_OFFLINABLE_NO)
		return;
	candidate->rank = rank_of_contents(&info);
	candidate->held = info.obstacle == MEMBLK_OBSTACLE_RESERVED ||
			  info.obstacle == MEMBLK_OBSTACLE_KERNEL;
	parts = (uint64_t) info.contents.nmovable * COST_STEPS;
	candidate->cost = (parts + block_pages - 1) / block_pages;
}

static bool is_free(const struct candidate *candidate)
{
	return candidate->rank == RANK_FREE_OR_MOVABLE && !candidate->cost;
}

/* From the likeliest on; those that were not looked into by LIMIT_MS stay as they are. */
static void weigh_all(struct ordering *ordering, uint64_t nwanted, uint64_t limit_ms)
{
	uint64_t nfree = 0;

	for (size_t i = 0; i < ordering->ncandidates && nfree < nwanted &&
			   memblk_now_ms() < limit_ms && !memblk_signals_caught();
	     i++) {
		if (ordering->candidates[i].rank == RANK_NEVER)
			break;
		weigh(ordering, &ordering->candidates[i]);
		nfree += is_free(&ordering->candidates[i]);
	}
}

/* ---- All of it ---- */

static void ordering_done(struct ordering *ordering)
{
	memblk_inspector_free(ordering->inspector);
	free(ordering->candidates);
}

int memblk_order_cheapest(struct memblk_system *system,
			  const struct memblk_request *request, uint64_t nwanted,
			  uint64_t limit_ms, uint64_t *blocks, size_t *nblocks)
{
	_cleanup_(ordering_done) struct ordering ordering = {
		.zone = request->zone,
		.candidates = reallocarray(NULL, *nblocks + 1,
					   sizeof(*ordering.candidates)),
		.ncandidates = *nblocks,
		.block_pages = u64_max(
			system->block_size_bytes / (uint64_t) sysconf(_SC_PAGESIZE), 1),
	};
	size_t nleft = 0;
	int r;

	if (!ordering.candidates)
		return -ENOMEM;
	r = collect(&ordering, system, blocks);
	if (r == 0)
		r = memblk_inspector_new(system, MEMBLK_WANT_CONTENTS,
					 &ordering.inspector);
	if (r < 0)
		return r;
	sort(&ordering);
	weigh_all(&ordering, nwanted, limit_ms);
	sort(&ordering);
	for (size_t i = 0; i < ordering.ncandidates; i++)
		if (ordering.candidates[i].rank != RANK_NEVER ||
		    ordering.candidates[i].held || !plan_is_by_size(&request->selection))
			blocks[nleft++] = ordering.candidates[i].index;
	*nblocks = nleft;

	return 0;
}
