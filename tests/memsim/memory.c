/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Zones and pages: which zone a block would go to, what the zones hold, and where pages
 * find room. Looks at blocks and moves pages between them, but changes no state and waits
 * for nothing.
 */
#include "config.h"

#include <string.h>

#include "machine.h"
#include "util.h"

const char *const zone_names[_ZONE_MAX] = {
	[ZONE_NONE] = "none",     [ZONE_DMA] = "DMA",         [ZONE_DMA32] = "DMA32",
	[ZONE_NORMAL] = "Normal", [ZONE_MOVABLE] = "Movable",
};

const char *const pages_names[_PAGES_MAX] = {
	[PAGES_MEMMAP] = "memmap",     [PAGES_RESERVED] = "reserved",
	[PAGES_SLAB] = "slab",         [PAGES_PGTABLE] = "pgtable",
	[PAGES_UNKNOWN] = "unknown",   [PAGES_POISON] = "poison",
	[PAGES_OFFLINE] = "offline",   [PAGES_PINNED] = "pinned",
	[PAGES_USED] = "used",         [PAGES_HUGE] = "huge",
	[PAGES_HUGEFREE] = "hugefree", [PAGES_HOLE] = "hole",
};

unsigned int block_node(const struct block *block)
{
	return block->nodes ? (unsigned int) __builtin_ctzll(block->nodes) : 0;
}

uint64_t block_free(const struct machine *machine, const struct block *block)
{
	uint64_t taken = 0;

	for (size_t i = 0; i < _PAGES_MAX; i++)
		taken += block->pages[i];
	return taken < machine->block_pages ? machine->block_pages - taken : 0;
}

/* What the page allocator has of it, in use or free. */
uint64_t block_managed(const struct machine *machine, const struct block *block)
{
	static const enum pages never[] = { PAGES_MEMMAP, PAGES_RESERVED, PAGES_POISON,
					    PAGES_OFFLINE, PAGES_HOLE };
	uint64_t taken = 0;

	for (size_t i = 0; i < ARRAY_SIZE(never); i++)
		taken += block->pages[never[i]];
	return taken < machine->block_pages ? machine->block_pages - taken : 0;
}

/* ---- Zones ---- */

struct span {
	uint64_t first, last; /* blocks */
	bool any;
};

/* Of all zones, as long as no block changes. */
struct spans {
	struct span of[NODES_MAX][_ZONE_MAX];
	bool valid;
};

int machine_remember(struct machine *machine)
{
	machine->spans = calloc(1, sizeof(*machine->spans));
	return machine->spans ? 0 : -ENOMEM;
}

void machine_place(struct machine *machine, struct block *block, enum state state,
		   enum zone zone)
{
	block->state = state;
	block->zone = zone;
	machine->spans->valid = false;
}

static void measure(const struct machine *machine)
{
	struct spans *spans = machine->spans;

	memset(spans, 0, sizeof(*spans));
	for (size_t i = 0; i < machine->nblocks; i++) {
		const struct block *block = machine->blocks[i];
		struct span *span = &spans->of[block_node(block)][block->zone];

		if (!block_is_online(block))
			continue;
		if (!span->any)
			span->first = block->index;
		span->last = block->index;
		span->any = true;
	}
	spans->valid = true;
}

static const struct span *zone_span(const struct machine *machine, unsigned int node,
				    enum zone zone)
{
	if (!machine->spans->valid)
		measure(machine);
	return &machine->spans->of[node][zone];
}

static bool zone_intersects(const struct machine *machine, const struct block *block,
			    enum zone zone)
{
	const struct span *span = zone_span(machine, block_node(block), zone);

	return span->any && block->index >= span->first && block->index <= span->last;
}

/* Never fails, so Normal is nothing that can be had within DMA32. */
static enum zone default_kernel_zone(const struct machine *machine,
				     const struct block *block)
{
	for (enum zone zone = ZONE_DMA; zone < ZONE_NORMAL; zone++)
		if (zone_intersects(machine, block, zone))
			return zone;
	return ZONE_NORMAL;
}

/* contig-zones: within exactly one of the two zones, a block belongs to it. */
static enum zone default_zone(const struct machine *machine, const struct block *block)
{
	enum zone kernel = default_kernel_zone(machine, block);
	bool in_kernel = zone_intersects(machine, block, kernel);
	bool in_movable = zone_intersects(machine, block, ZONE_MOVABLE);

	if (in_kernel != in_movable)
		return in_kernel ? kernel : ZONE_MOVABLE;
	return machine->movable_node ? ZONE_MOVABLE : kernel;
}

/* Of one node, or of all of them. */
#define NODE_ANY NODES_MAX

static bool ratio_allows(const struct machine *machine, unsigned int node, uint64_t pages)
{
	uint64_t early = 0, movable = pages;

	for (size_t i = 0; i < machine->nblocks; i++) {
		const struct block *block = machine->blocks[i];
		uint64_t present = machine->block_pages - block->pages[PAGES_HOLE];

		if (!block_is_online(block) ||
		    (node != NODE_ANY && block_node(block) != node))
			continue;
		if (block->zone == ZONE_MOVABLE)
			movable += present;
		else if (block->early)
			early += present;
	}
	return movable <= machine->auto_movable_ratio * early / 100;
}

/* auto-movable: the blocks of one device go to one zone, the whole device or none of it.
 */
static enum zone auto_movable_zone(const struct machine *machine,
				   const struct block *block)
{
	enum zone kernel = default_kernel_zone(machine, block);
	uint64_t blocks = block->group ? 0 : 1;

	if (!machine->auto_movable_ratio)
		return kernel;
	for (size_t i = 0; block->group && i < machine->nblocks; i++) {
		const struct block *other = machine->blocks[i];

		if (!other->present || other->group != block->group)
			continue;
		if (!block_is_online(other) || other == block)
			blocks++;
		else if (other->zone != ZONE_MOVABLE)
			return kernel;
	}

	if (!ratio_allows(machine, NODE_ANY, blocks * machine->block_pages) ||
	    (machine->numa_aware &&
	     !ratio_allows(machine, block_node(block), blocks * machine->block_pages)))
		return kernel;
	return ZONE_MOVABLE;
}

enum zone machine_zone_for(const struct machine *machine, const struct block *block,
			   enum action action)
{
	switch (action) {
	case ACTION_ONLINE_MOVABLE:
		return ZONE_MOVABLE;
	case ACTION_ONLINE_KERNEL:
		return default_kernel_zone(machine, block);
	default:
		return machine->auto_movable ? auto_movable_zone(machine, block)
					     : default_zone(machine, block);
	}
}

/*
 * A block in several zones has to count somewhere: in DMA32 if there is any, where such a
 * block mostly lies.
 */
static enum zone counted_zone(const struct machine *machine, const struct block *block)
{
	if (block->zone != ZONE_NONE)
		return block->zone;
	return zone_span(machine, block_node(block), ZONE_DMA32)->any ? ZONE_DMA32
								      : ZONE_NORMAL;
}

/* PART of WHOLE of AMOUNT. */
static uint64_t share(uint64_t amount, uint64_t part, uint64_t whole)
{
	return (uint64_t) ((long double) amount * (long double) part /
			   (long double) whole);
}

void machine_zone_stats(const struct machine *machine, unsigned int node, enum zone zone,
			struct zone_stats *ret)
{
	struct zone_stats stats = { .spanned = 0 };
	uint64_t managed_everywhere = 0;

	for (size_t i = 0; i < machine->nblocks; i++) {
		const struct block *block = machine->blocks[i];
		uint64_t managed;

		if (!block_is_online(block))
			continue;
		managed = block_managed(machine, block);
		managed_everywhere += managed;
		if (block_node(block) != node || counted_zone(machine, block) != zone)
			continue;
		if (!stats.spanned)
			stats.first = block->index;
		stats.last = block->index;
		stats.spanned = stats.last - stats.first + 1;
		stats.present += machine->block_pages - block->pages[PAGES_HOLE];
		stats.managed += managed;
		stats.free += block_free(machine, block);
	}

	/* by default 1/256 of the zone */
	stats.high = machine->watermark && managed_everywhere
			     ? share(machine->watermark, stats.managed,
				     managed_everywhere)
			     : stats.managed / 256;
	stats.low = stats.high - stats.high / 6;
	stats.min = stats.high - stats.high / 3;
	*ret = stats;
}

/* ---- Where pages go ---- */

static bool has_other_node(const struct machine *machine, const struct block *except)
{
	for (size_t i = 0; i < machine->nblocks; i++)
		if (block_is_online(machine->blocks[i]) &&
		    block_node(machine->blocks[i]) != block_node(except))
			return true;
	return false;
}

/* Moves up to PAGES to one zone of one node, down to its lowest watermark. */
static uint64_t use_in_zone(struct machine *machine, unsigned int node, enum zone zone,
			    const struct block *except, uint64_t pages)
{
	struct zone_stats stats;
	uint64_t room;

	machine_zone_stats(machine, node, zone, &stats);
	if (except && block_node(except) == node && counted_zone(machine, except) == zone)
		stats.free -= block_free(machine, except);
	room = stats.free > stats.min ? stats.free - stats.min : 0;
	if (room > pages)
		room = pages;
	pages -= room;

	for (size_t i = 0; room && i < machine->nblocks; i++) {
		struct block *block = machine->blocks[i];
		uint64_t n;

		if (block == except || !block_is_online(block) ||
		    block_node(block) != node || counted_zone(machine, block) != zone)
			continue;
		n = block_free(machine, block);
		if (n > room)
			n = room;
		block->pages[PAGES_USED] += n;
		room -= n;
	}
	return pages + room;
}

/*
 * What can move goes to zone Movable first. Pages of a block that is to go are not taken
 * in by its own node, however much is free there, unless there is no other.
 */
uint64_t machine_use(struct machine *machine, const struct block *except, uint64_t pages)
{
	bool elsewhere = pages && except && has_other_node(machine, except);

	for (enum zone zone = ZONE_MOVABLE; pages && zone > ZONE_NONE; zone--)
		for (unsigned int node = 0; pages && node < NODES_MAX; node++)
			if (machine->nodes >> node & 1 &&
			    !(elsewhere && node == block_node(except)))
				pages = use_in_zone(machine, node, zone, except, pages);

	for (size_t i = 0; pages && i < machine->nswaps; i++) {
		struct swap *swap = &machine->swaps[i];
		uint64_t n = swap->pages - swap->used;

		if (n > pages)
			n = pages;
		swap->used += n;
		pages -= n;
	}
	return pages;
}

void machine_release(struct machine *machine, uint64_t pages)
{
	for (size_t i = 0; pages && i < machine->nblocks; i++) {
		struct block *block = machine->blocks[i];
		uint64_t n = block->pages[PAGES_USED];

		if (!block_is_online(block))
			continue;
		if (n > pages)
			n = pages;
		block->pages[PAGES_USED] -= n;
		pages -= n;
	}
}
