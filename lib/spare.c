/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What numbers of a system's memory say of blocks that are to go. Pure, and decides
 * nothing about a block but whether there is memory to spare for it.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "spare.h"
#include "util.h"

#define KEEP_FREE_MIN_BYTES (UINT64_C(64) << 20)

/* Where the kernel can have memory of its own. */
static bool is_kernel_zone(enum memblk_zone zone)
{
	switch (zone) {
	case MEMBLK_ZONE_DMA:
	case MEMBLK_ZONE_DMA32:
	case MEMBLK_ZONE_NORMAL:
	case MEMBLK_ZONE_HIGHMEM:
		return true;
	default:
		return false;
	}
}

/* An empty zone has a watermark that nothing comes of. */
uint64_t spare_default_bytes(const struct spare_numbers *numbers)
{
	uint64_t high_bytes = 0;

	for (size_t i = 0; i < numbers->nzones; i++)
		if (numbers->zones[i].present_bytes)
			high_bytes = u64_add(high_bytes, numbers->zones[i].high_bytes);

	return u64_max(u64_add(high_bytes, high_bytes), KEEP_FREE_MIN_BYTES);
}

bool spare_has_nodes(const struct spare_numbers *numbers)
{
	const struct spare_zone *first = NULL;

	for (size_t i = 0; i < numbers->nzones; i++) {
		const struct spare_zone *zone = &numbers->zones[i];

		if (!zone->present_bytes)
			continue;
		if (!first)
			first = zone;
		if (zone->node != first->node)
			return true;
	}
	return false;
}

void spare_demand_add(struct spare_demand *demand, uint64_t bytes, enum memblk_zone zone,
		      uint64_t node)
{
	bool first = !demand->bytes;

	if (first || demand->node != node)
		demand->node = first ? node : SPARE_NODE_UNKNOWN;
	if (first || demand->zone != zone)
		demand->zone = first ? zone : MEMBLK_ZONE_NONE;
	demand->bytes = u64_add(demand->bytes, bytes);
	if (zone != MEMBLK_ZONE_MOVABLE)
		demand->kernel_bytes = u64_add(demand->kernel_bytes, bytes);
}

/* What a condition is about. It does not hold where less is left than wanted. */
struct condition {
	const struct spare_numbers *numbers;
	const struct spare_demand *demand;
	uint64_t keep_free_bytes;
	uint64_t ratio_percent;
	uint64_t left_bytes, wanted_bytes;
};

/* Free swap, as far as it is on a disk: swaps may be older than meminfo. */
static uint64_t swap_bytes(const struct spare_numbers *numbers)
{
	return u64_min(numbers->swap_free_bytes, numbers->swap_disk_bytes);
}

/*
 * Whatever is in a block, what is available falls by all of it: what is free there is
 * gone, and what is used there takes as much elsewhere.
 */
static void available(struct condition *condition)
{
	const struct spare_numbers *numbers = condition->numbers;

	condition->left_bytes = u64_subtract(
		u64_add(numbers->available_bytes, swap_bytes(numbers)),
		condition->demand->bytes);
	condition->wanted_bytes = condition->keep_free_bytes;
}

/*
 * As long as another node has memory, the kernel moves pages of a block to other nodes
 * only: what is free on its own does not help, and where the others are full it tries for
 * ever. What has to find room there is what is used of the block. That is not known, but
 * it is not more than the block, nor more than is used in its zone of its node, or in all
 * zones where several are concerned.
 *
 * Room is what is free there, the page cache that can be dropped, and the free swap that
 * other pages can go to. Where nothing has to move, nothing is asked of them.
 */
static void nodes(struct condition *condition)
{
	const struct spare_numbers *numbers = condition->numbers;
	const struct spare_demand *demand = condition->demand;
	uint64_t used_bytes = 0, room_bytes = swap_bytes(numbers), moved_bytes;

	if (demand->node == SPARE_NODE_UNKNOWN || !spare_has_nodes(numbers))
		return;
	for (size_t i = 0; i < numbers->nzones; i++) {
		const struct spare_zone *zone = &numbers->zones[i];

		if (zone->node != demand->node) {
			room_bytes = u64_add(room_bytes, zone->free_bytes);
			room_bytes = u64_add(room_bytes, zone->inactive_file_bytes);
			room_bytes = u64_add(room_bytes, zone->active_file_bytes);
		} else if (!demand->zone || zone->zone == demand->zone) {
			used_bytes = u64_add(used_bytes, u64_subtract(zone->managed_bytes,
								      zone->free_bytes));
		}
	}
	moved_bytes = u64_min(demand->bytes, used_bytes);
	if (!moved_bytes)
		return;
	condition->left_bytes = u64_subtract(room_bytes, moved_bytes);
	condition->wanted_bytes = condition->keep_free_bytes;
}

/*
 * The kernel needs memory for itself, which it finds neither in Movable nor in CMA. Of
 * the zones that remain the block takes its whole size, as above.
 */
static void kernel(struct condition *condition)
{
	const struct spare_numbers *numbers = condition->numbers;
	uint64_t free_bytes = 0;

	if (!numbers->nzones || !condition->demand->kernel_bytes)
		return;
	for (size_t i = 0; i < numbers->nzones; i++) {
		const struct spare_zone *zone = &numbers->zones[i];

		if (is_kernel_zone(zone->zone))
			free_bytes = u64_add(
				free_bytes,
				u64_subtract(zone->free_bytes, zone->free_cma_bytes));
	}
	condition->left_bytes = u64_subtract(free_bytes, condition->demand->kernel_bytes);
	condition->wanted_bytes = condition->keep_free_bytes;
}

/* Where CMA counts as Movable, as the kernel has it. */
void spare_weigh_movable(const struct spare_numbers *numbers, uint64_t *ret_movable_bytes,
			 uint64_t *ret_kernel_bytes)
{
	uint64_t kernel_bytes = 0, movable_bytes = 0;

	for (size_t i = 0; i < numbers->nzones; i++) {
		const struct spare_zone *zone = &numbers->zones[i];

		if (zone->zone == MEMBLK_ZONE_MOVABLE) {
			movable_bytes = u64_add(movable_bytes, zone->present_bytes);
		} else if (is_kernel_zone(zone->zone)) {
			movable_bytes = u64_add(movable_bytes, zone->cma_bytes);
			kernel_bytes = u64_add(
				kernel_bytes,
				u64_subtract(zone->present_bytes, zone->cma_bytes));
		}
	}
	*ret_movable_bytes = movable_bytes;
	*ret_kernel_bytes = kernel_bytes;
}

/*
 * How much must be in the kernel's zones for what is in Movable: movable <= ratio / 100 *
 * kernel, as auto_movable_can_online_movable() has it in mm/memory_hotplug.c of Linux,
 * solved for kernel.
 */
static void ratio(struct condition *condition)
{
	const struct spare_numbers *numbers = condition->numbers;
	uint64_t kernel_bytes, movable_bytes, percent;

	if (!condition->demand->kernel_bytes)
		return;
	spare_weigh_movable(numbers, &movable_bytes, &kernel_bytes);
	if (!movable_bytes)
		return;
	condition->left_bytes = u64_subtract(kernel_bytes,
					     condition->demand->kernel_bytes);
	condition->wanted_bytes = UINT64_MAX;
	if (condition->ratio_percent &&
	    !__builtin_mul_overflow(movable_bytes, 100, &percent))
		condition->wanted_bytes = (percent - 1) / condition->ratio_percent + 1;
}

struct spare_verdict spare_decide(const struct spare_numbers *numbers,
				  const struct spare_demand *demand,
				  uint64_t keep_free_bytes, uint64_t ratio_percent)
{
	static const struct {
		enum memblk_reason reason;
		void (*look)(struct condition *condition);
	} conditions[] = {
		{ MEMBLK_REASON_SPARE_MEMORY, available },
		{ MEMBLK_REASON_SPARE_NODES, nodes },
		{ MEMBLK_REASON_SPARE_KERNEL, kernel },
		{ MEMBLK_REASON_SPARE_RATIO, ratio },
	};

	for (size_t i = 0; i < ARRAY_SIZE(conditions); i++) {
		struct condition condition = {
			.numbers = numbers,
			.demand = demand,
			.keep_free_bytes = keep_free_bytes,
			.ratio_percent = ratio_percent,
		};

		conditions[i].look(&condition);
		if (condition.left_bytes < condition.wanted_bytes)
			return (struct spare_verdict){
				.reason = conditions[i].reason,
				.left_bytes = condition.left_bytes,
				.wanted_bytes = condition.wanted_bytes,
			};
	}
	return (struct spare_verdict){ .reason = MEMBLK_REASON_NONE };
}

/* ---- What would be without a block ---- */

/* Of a block in several zones, or nobody knows in which, the kernel's largest. */
static struct spare_zone *find_zone(const struct spare_numbers *numbers,
				    const struct spare_block *block)
{
	struct spare_zone *found = NULL;

	for (size_t i = 0; i < numbers->nzones; i++) {
		struct spare_zone *zone = &numbers->zones[i];

		if (block->node != SPARE_NODE_UNKNOWN && zone->node != block->node)
			continue;
		if (block->zone ? zone->zone != block->zone : !is_kernel_zone(zone->zone))
			continue;
		if (!found || zone->present_bytes > found->present_bytes)
			found = zone;
	}
	return found;
}

/* Takes up to BYTES from AMOUNT, all but KEPT_BYTES of it; returns what is lacking. */
static uint64_t take(uint64_t *amount, uint64_t kept_bytes, uint64_t bytes)
{
	uint64_t taken = u64_min(u64_subtract(*amount, kept_bytes), bytes);

	*amount -= taken;
	return bytes - taken;
}

/*
 * What can be moved goes to Movable first. Nothing is taken from below the lowest
 * watermark, which is two thirds of the high one; where there is no more, the page cache
 * is dropped, and then what is left goes to swap.
 */
static void move_away(struct spare_numbers *numbers, uint64_t node, uint64_t bytes)
{
	static const enum memblk_zone order[] = {
		MEMBLK_ZONE_MOVABLE, MEMBLK_ZONE_HIGHMEM, MEMBLK_ZONE_NORMAL,
		MEMBLK_ZONE_DMA32,   MEMBLK_ZONE_DMA,
	};
	uint64_t except = spare_has_nodes(numbers) ? node : SPARE_NODE_UNKNOWN, swapped;

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		for (size_t j = 0; j < numbers->nzones; j++) {
			struct spare_zone *zone = &numbers->zones[j];

			if (zone->zone == order[i] && zone->node != except)
				bytes = take(&zone->free_bytes, zone->high_bytes / 3 * 2,
					     bytes);
		}
	for (size_t j = 0; j < numbers->nzones; j++) {
		struct spare_zone *zone = &numbers->zones[j];

		if (zone->node == except)
			continue;
		bytes = take(&zone->inactive_file_bytes, 0, bytes);
		bytes = take(&zone->active_file_bytes, 0, bytes);
	}
	/* then it takes nothing of the memory that is available */
	swapped = u64_min(bytes, swap_bytes(numbers));
	numbers->swap_free_bytes -= swapped;
	numbers->swap_disk_bytes -= swapped;
	numbers->available_bytes += swapped;
}

void spare_numbers_take(struct spare_numbers *numbers, const struct spare_block *block)
{
	struct spare_zone *zone = find_zone(numbers, block);
	uint64_t managed = block->managed_bytes, used, free;

	numbers->available_bytes = u64_subtract(numbers->available_bytes, managed);
	if (!zone || !managed)
		return;
	used = block->used_bytes;
	if (used == SPARE_USED_UNKNOWN)
		used = u64_subtract(zone->managed_bytes, zone->free_bytes);
	used = u64_min(used, managed);
	/* what was moved into it meanwhile is not free any more */
	free = u64_min(managed - used, zone->free_bytes);
	used = managed - free;

	zone->high_bytes -= zone->high_bytes / u64_max(zone->managed_bytes / managed, 1);
	zone->present_bytes = u64_subtract(zone->present_bytes, block->bytes);
	zone->managed_bytes = u64_subtract(zone->managed_bytes, managed);
	zone->free_bytes -= free;
	move_away(numbers, zone->node, used);
}
