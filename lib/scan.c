/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The numbers of the memory blocks that are there: from the directory, or, for a short
 * range, from the range itself. No attribute of a block is read.
 */
#include "config.h"

#include "block.h"
#include "device.h"
#include "node.h"
#include "util.h"
#include "zone.h"

/*
 * Up to so many blocks, opening each is cheaper than listing a directory that may hold
 * any number, even if all of them are missing.
 */
#define NAMED_BLOCKS_MAX 1024

struct list {
	uint64_t *blocks;
	size_t nblocks, size;
};

static void list_done(struct list *list)
{
	free(list->blocks);
}

static int list_add(struct list *list, uint64_t index)
{
	uint64_t *blocks = array_grow(list->blocks, &list->size, list->nblocks,
				      sizeof(*blocks));

	if (!blocks)
		return -ENOMEM;
	list->blocks = blocks;
	list->blocks[list->nblocks++] = index;

	return 0;
}

static int list_add_all(struct list *list, const uint64_t *blocks, size_t nblocks)
{
	int r = 0;

	for (size_t i = 0; i < nblocks && r == 0; i++)
		r = list_add(list, blocks[i]);
	return r;
}

static int add_entry(const char *name, void *data)
{
	uint64_t index;

	return block_index_from_name(name, &index) ? list_add(data, index) : 0;
}

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *) a, right = *(const uint64_t *) b;

	return (left > right) - (left < right);
}

static int scan_directory(struct memblk_system *system, struct list *list)
{
	int r;

	r = sysfs_list(&system->sysfs, system_directory(system), add_entry, list);
	if (r < 0)
		return r;
	if (list->nblocks)
		qsort(list->blocks, list->nblocks, sizeof(*list->blocks), compare);

	return 0;
}

/* Cuts LIST to the blocks of RANGES. */
static void list_narrow(struct list *list, const struct memblk_ranges *ranges)
{
	size_t nleft = 0;

	for (size_t i = 0; i < list->nblocks; i++)
		if (memblk_ranges_has(ranges, list->blocks[i]))
			list->blocks[nleft++] = list->blocks[i];
	list->nblocks = nleft;
}

static int add_range(struct list *list, const struct memblk_range *range)
{
	int r = 0;

	for (uint64_t offset = 0; offset <= range->last - range->first && r == 0;
	     offset++)
		r = list_add(list, range->first + offset);
	return r;
}

static int scan_ranges(struct memblk_system *system, const struct memblk_ranges *ranges,
		       struct list *list)
{
	int r = 0;

	if (memblk_ranges_count(ranges) > NAMED_BLOCKS_MAX) {
		r = scan_directory(system, list);
		if (r < 0)
			return r;
		list_narrow(list, ranges);
		return 0;
	}

	for (size_t i = 0; i < ranges->nranges && r == 0; i++)
		r = add_range(list, &ranges->range[i]);
	return r;
}

bool memblk_selection_is_narrow(const struct memblk_selection *selection)
{
	return selection->nodes.nranges || selection->device;
}

/* Leaves in LIST what SELECTION is narrowed to. */
static int keep_narrow(struct memblk_system *system,
		       const struct memblk_selection *selection, struct list *list)
{
	int r = 0;

	if (selection->nodes.nranges)
		r = blocks_filter_by_node(system, &selection->nodes, list->blocks,
					  &list->nblocks);
	if (r == 0 && selection->device && list->nblocks)
		r = blocks_filter_by_device(system, selection->device, list->blocks,
					    &list->nblocks);
	return r;
}

/* What is left of RANGES without BLOCKS, ascending. */
static int ranges_cut(const struct memblk_ranges *ranges, const uint64_t *blocks,
		      size_t nblocks, struct memblk_ranges *ret)
{
	struct memblk_ranges cut = { .nranges = 0 };
	size_t at = 0;

	/* each block makes two of one at most */
	cut.range = reallocarray(NULL, ranges->nranges + nblocks + 1, sizeof(*cut.range));
	if (!cut.range)
		return -ENOMEM;
	for (size_t i = 0; i < ranges->nranges; i++) {
		struct memblk_range rest = ranges->range[i];
		bool any = true;

		for (; any && at < nblocks && blocks[at] <= rest.last; at++) {
			if (blocks[at] > rest.first)
				cut.range[cut.nranges++] = (struct memblk_range){
					rest.first, blocks[at] - 1
				};
			any = blocks[at] < rest.last;
			rest.first = blocks[at] + 1;
		}
		if (any)
			cut.range[cut.nranges++] = rest;
	}
	*ret = cut;

	return 0;
}

/* Leaves those of LIST that exist. */
static void keep_existing(struct memblk_system *system, struct list *list)
{
	size_t nthere = 0;

	for (size_t i = 0; i < list->nblocks; i++)
		if (block_exists(system, list->blocks[i]))
			list->blocks[nthere++] = list->blocks[i];
	list->nblocks = nthere;
}

int memblk_scan(struct memblk_system *system, const struct memblk_selection *selection,
		uint64_t **ret_blocks, size_t *ret_nblocks)
{
	_cleanup_(list_done) struct list list = { .nblocks = 0 };
	int r;

	if (selection->asked.nranges && memblk_selection_is_narrow(selection))
		r = list_add_all(&list, selection->found, selection->nfound);
	else if (selection->kind == MEMBLK_SELECTION_BLOCKS)
		r = scan_ranges(system, &selection->ranges, &list);
	else
		r = scan_directory(system, &list);
	if (r == 0 && selection->kind != MEMBLK_SELECTION_BLOCKS)
		r = keep_narrow(system, selection, &list);
	if (r < 0)
		return r;

	*ret_nblocks = list.nblocks;
	*ret_blocks = list.blocks;
	list.blocks = NULL;
	return 0;
}

/*
 * Leaves in LIST, whose blocks exist, what SELECTION is not narrowed to. The rest goes to
 * FOUND.
 */
static int part(struct memblk_system *system, const struct memblk_selection *selection,
		struct list *list, struct list *found)
{
	size_t nleft = 0, at = 0;
	int r;

	r = list_add_all(found, list->blocks, list->nblocks);
	if (r == 0)
		r = keep_narrow(system, selection, found);
	for (size_t i = 0; i < list->nblocks && r == 0; i++)
		if (at < found->nblocks && found->blocks[at] == list->blocks[i])
			at++;
		else
			list->blocks[nleft++] = list->blocks[i];
	list->nblocks = nleft;

	return r;
}

int memblk_selection_narrow(struct memblk_system *system,
			    struct memblk_selection *selection)
{
	_cleanup_(list_done) struct list list = { .nblocks = 0 };
	_cleanup_(list_done) struct list found = { .nblocks = 0 };
	struct memblk_ranges narrow;
	int r;

	if (selection->kind != MEMBLK_SELECTION_BLOCKS ||
	    !memblk_selection_is_narrow(selection))
		return 0;
	r = scan_ranges(system, &selection->ranges, &list);
	if (r < 0)
		return r;
	keep_existing(system, &list);
	r = part(system, selection, &list, &found);
	if (r < 0)
		return r;
	r = ranges_cut(&selection->ranges, list.blocks, list.nblocks, &narrow);
	if (r < 0)
		return r;
	if (selection->asked.nranges)
		memblk_ranges_done(&selection->ranges);
	else
		selection->asked = selection->ranges;
	selection->ranges = narrow;
	free(selection->found);
	selection->found = found.blocks;
	selection->nfound = found.nblocks;
	found.blocks = NULL;

	return 0;
}

static bool is_in_zone(const struct memblk_system *system, uint64_t index,
		       enum memblk_zone zone)
{
	struct zones zones;

	return !zone || (block_zones_read(system, index, &zones) == 0 &&
			 zones_single(&zones) == zone);
}

int memblk_census_take(struct memblk_system *system, const uint64_t *blocks,
		       size_t nblocks, enum memblk_zone zone, struct memblk_census *ret)
{
	struct memblk_census census = {
		.online = reallocarray(NULL, nblocks + 1, sizeof(*census.online)),
		.offline = reallocarray(NULL, nblocks + 1, sizeof(*census.offline)),
	};
	enum memblk_state state;

	if (!census.online || !census.offline) {
		memblk_census_done(&census);
		return -ENOMEM;
	}
	for (size_t i = 0; i < nblocks; i++)
		if (block_state_read(system, blocks[i], &state) < 0 ||
		    state != MEMBLK_STATE_ONLINE)
			census.offline[census.noffline++] = blocks[i];
		else if (is_in_zone(system, blocks[i], zone))
			census.online[census.nonline++] = blocks[i];
	*ret = census;

	return 0;
}

void memblk_census_done(struct memblk_census *census)
{
	free(census->online);
	free(census->offline);
	*census = (struct memblk_census){ .nonline = 0 };
}

static bool has_zones(const struct memblk_system *system, uint64_t index)
{
	struct zones zones;
	int r = block_zones_read(system, index, &zones);

	return r != -ENOENT && r != -ENOTDIR;
}

int memblk_system_has_zones(struct memblk_system *system, const struct memblk_plan *plan,
			    bool *ret)
{
	_cleanup_(list_done) struct list others = { .nblocks = 0 };
	bool found = false;
	int r;

	for (size_t i = 0; i < plan->nblocks && !found; i++)
		found = has_zones(system, memblk_plan_at(plan, i));
	if (!found && !plan->by_size && !plan->all) {
		r = scan_directory(system, &others);
		if (r < 0)
			return r;
		for (size_t i = 0; i < others.nblocks && !found; i++)
			found = has_zones(system, others.blocks[i]);
	}
	*ret = found;

	return 0;
}
