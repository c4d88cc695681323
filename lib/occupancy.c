/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page flags (include/uapi/linux/kernel-page-flags.h of Linux), in the order in which
 * has_unmovable_pages() asks for what they stand for.
 */
#include "config.h"

#include <linux/kernel-page-flags.h>

#include "occupancy.h"
#include "util.h"

#define FLAG(number) (UINT64_C(1) << (number))

/* Not among those that the kernel promises to keep, and not in its header for programs.
 */
#define RESERVED FLAG(32)
#define OWNER_PRIVATE FLAG(37)

#define LRU FLAG(KPF_LRU)
#define SLAB FLAG(KPF_SLAB)
#define BUDDY FLAG(KPF_BUDDY)
#define ANON FLAG(KPF_ANON)
#define SWAPBACKED FLAG(KPF_SWAPBACKED)
#define COMPOUND (FLAG(KPF_COMPOUND_HEAD) | FLAG(KPF_COMPOUND_TAIL))
#define HUGE FLAG(KPF_HUGE)
#define HWPOISON FLAG(KPF_HWPOISON)
#define NOPAGE FLAG(KPF_NOPAGE)
#define THP FLAG(KPF_THP)
#define OFFLINE FLAG(KPF_OFFLINE)
#define ZERO_PAGE FLAG(KPF_ZERO_PAGE)
#define PGTABLE FLAG(KPF_PGTABLE)

/* The memory map of the block in the block itself: reserved up to Linux 6.1 or so. */
static bool is_memmap(uint64_t flags)
{
	return (flags & ~RESERVED) == OWNER_PRIVATE;
}

/*
 * Not all have LRU: it is missing while a page waits in the batch of a CPU, and on the
 * tails of huge pages. The huge page of zeroes looks like one and cannot be moved.
 */
static bool is_movable(uint64_t flags)
{
	return flags & (LRU | ANON | SWAPBACKED) || (flags & (THP | ZERO_PAGE)) == THP;
}

/* Where a page with these FLAGS counts. */
static uint32_t *counter_of(uint64_t flags, struct memblk_contents *contents)
{
	if (is_memmap(flags))
		return &contents->nmemmap;
	if (flags & RESERVED)
		return &contents->nreserved;
	if (flags & BUDDY)
		return &contents->nfree;
	if (flags & HWPOISON)
		return &contents->npoisoned;
	if (flags & OFFLINE)
		return &contents->nunplugged;
	if (flags & SLAB)
		return &contents->nslab;
	if (flags & PGTABLE)
		return &contents->npgtable;
	if (flags & HUGE || is_movable(flags))
		return &contents->nmovable;

	return flags & COMPOUND ? &contents->nkernel : &contents->nunknown;
}

void occupancy_count(const uint64_t *flags, size_t npages,
		     struct memblk_contents *contents)
{
	for (size_t i = 0; i < npages; i++) {
		uint32_t *counter;

		if (flags[i] & NOPAGE)
			continue;
		counter = counter_of(flags[i], contents);
		++*counter;
		if (counter == &contents->nmovable && flags[i] & HUGE)
			contents->nhuge++;
	}
}

uint64_t occupancy_pages(const struct memblk_contents *contents)
{
	return (uint64_t) contents->nfree + contents->nmovable + contents->nslab +
	       contents->npgtable + contents->nreserved + contents->nkernel +
	       contents->nunknown + contents->nunplugged + contents->npoisoned +
	       contents->nmemmap;
}

/* ---- Judging ---- */

struct verdict {
	enum memblk_offlinable offlinable;
	enum memblk_obstacle obstacle;
};

static struct verdict verdict(enum memblk_offlinable offlinable,
			      enum memblk_obstacle obstacle)
{
	return (struct verdict){ offlinable, obstacle };
}

static uint64_t kernel_pages(const struct memblk_contents *contents)
{
	return (uint64_t) contents->nslab + contents->npgtable + contents->nkernel;
}

/* Whether some of the block's pages are no memory, by either source. */
static bool has_holes(const struct occupancy_sight *sight)
{
	return sight->holes == OCCUPANCY_HOLES_SOME ||
	       (sight->contents && occupancy_pages(sight->contents) < sight->npages);
}

/* What makes a yes of zone Movable a likely. */
static enum memblk_obstacle movable_obstacle(const struct memblk_contents *contents)
{
	if (contents->nhuge)
		return MEMBLK_OBSTACLE_HUGE;

	return kernel_pages(contents) + contents->nunknown > OCCUPANCY_NOISE_MOVABLE
		       ? MEMBLK_OBSTACLE_UNKNOWN
		       : MEMBLK_OBSTACLE_NONE;
}

static struct verdict judge_kernel_zone(const struct memblk_contents *contents)
{
	uint64_t nkernel = kernel_pages(contents);

	if (nkernel)
		return verdict(nkernel >= OCCUPANCY_KERNEL_MIN
				       ? MEMBLK_OFFLINABLE_NO
				       : MEMBLK_OFFLINABLE_UNKNOWN,
			       MEMBLK_OBSTACLE_KERNEL);
	if (contents->nunknown > OCCUPANCY_NOISE)
		return verdict(MEMBLK_OFFLINABLE_UNKNOWN, MEMBLK_OBSTACLE_UNKNOWN);
	if (contents->nmovable)
		return verdict(MEMBLK_OFFLINABLE_LIKELY, MEMBLK_OBSTACLE_IN_USE);
	if (contents->nunknown)
		return verdict(MEMBLK_OFFLINABLE_LIKELY, MEMBLK_OBSTACLE_UNKNOWN);

	return verdict(MEMBLK_OFFLINABLE_YES, MEMBLK_OBSTACLE_NONE);
}

/* The same doubts for all zones. */
static enum memblk_obstacle common_obstacle(const struct occupancy_sight *sight)
{
	if (sight->holes == OCCUPANCY_HOLES_UNKNOWN)
		return MEMBLK_OBSTACLE_UNSEEN;
	if (sight->contents->npoisoned)
		return MEMBLK_OBSTACLE_POISONED;

	return sight->contents->nunplugged && !sight->is_virtio_mem
		       ? MEMBLK_OBSTACLE_UNPLUGGED
		       : MEMBLK_OBSTACLE_NONE;
}

static struct verdict judge_contents(const struct occupancy_sight *sight)
{
	struct verdict judged = verdict(MEMBLK_OFFLINABLE_YES, MEMBLK_OBSTACLE_NONE);

	if (zones_single(sight->zones) == MEMBLK_ZONE_MOVABLE)
		judged.obstacle = movable_obstacle(sight->contents);
	else
		judged = judge_kernel_zone(sight->contents);
	if (judged.obstacle == MEMBLK_OBSTACLE_NONE)
		judged.obstacle = common_obstacle(sight);
	if (judged.offlinable == MEMBLK_OFFLINABLE_YES &&
	    judged.obstacle != MEMBLK_OBSTACLE_NONE)
		judged.offlinable = MEMBLK_OFFLINABLE_LIKELY;

	return judged;
}

static struct verdict judge(const struct occupancy_sight *sight)
{
	if (sight->zones && sight->zones->none)
		return verdict(MEMBLK_OFFLINABLE_NO, MEMBLK_OBSTACLE_ZONES);
	if (has_holes(sight))
		return verdict(MEMBLK_OFFLINABLE_NO, MEMBLK_OBSTACLE_HOLES);
	if (sight->is_kept_boot)
		return verdict(MEMBLK_OFFLINABLE_NO, MEMBLK_OBSTACLE_BOOT);
	if (!sight->contents)
		return verdict(MEMBLK_OFFLINABLE_UNKNOWN, MEMBLK_OBSTACLE_UNSEEN);
	if (sight->contents->nreserved)
		return verdict(MEMBLK_OFFLINABLE_NO, MEMBLK_OBSTACLE_RESERVED);
	if (!sight->zones || zones_single(sight->zones) == MEMBLK_ZONE_NONE)
		return verdict(MEMBLK_OFFLINABLE_UNKNOWN, MEMBLK_OBSTACLE_UNSEEN);

	return judge_contents(sight);
}

void occupancy_judge(const struct occupancy_sight *sight,
		     enum memblk_offlinable *ret_offlinable,
		     enum memblk_obstacle *ret_obstacle)
{
	struct verdict judged = judge(sight);

	*ret_offlinable = judged.offlinable;
	*ret_obstacle = judged.obstacle;
}
