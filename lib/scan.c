/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The numbers of the memory blocks that are there: from the directory, or, for a short
 * range, from the range itself. No attribute of a block is read.
 */
#include "config.h"

#include <string.h>

#include "block.h"
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

/* Cuts LIST to the blocks FIRST to LAST. */
static void list_narrow(struct list *list, uint64_t first, uint64_t last)
{
	size_t skip = 0;

	while (skip < list->nblocks && list->blocks[skip] < first)
		skip++;
	while (list->nblocks > skip && list->blocks[list->nblocks - 1] > last)
		list->nblocks--;
	list->nblocks -= skip;
	if (list->nblocks)
		memmove(list->blocks, list->blocks + skip,
			list->nblocks * sizeof(*list->blocks));
}

static int scan_range(struct memblk_system *system, uint64_t first, uint64_t last,
		      struct list *list)
{
	int r;

	if (last - first >= NAMED_BLOCKS_MAX) {
		r = scan_directory(system, list);
		if (r < 0)
			return r;
		list_narrow(list, first, last);
		return 0;
	}

	for (uint64_t offset = 0; offset <= last - first; offset++) {
		r = list_add(list, first + offset);
		if (r < 0)
			return r;
	}
	return 0;
}

int memblk_scan(struct memblk_system *system, const struct memblk_selection *selection,
		uint64_t **ret_blocks, size_t *ret_nblocks)
{
	_cleanup_(list_done) struct list list = { .nblocks = 0 };
	int r;

	if (selection->kind == MEMBLK_SELECTION_SIZE)
		r = scan_directory(system, &list);
	else
		r = scan_range(system, selection->first, selection->last, &list);
	if (r < 0)
		return r;

	*ret_nblocks = list.nblocks;
	*ret_blocks = list.blocks;
	list.blocks = NULL;
	return 0;
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
	if (!found && !plan->by_size) {
		r = scan_directory(system, &others);
		if (r < 0)
			return r;
		for (size_t i = 0; i < others.nblocks && !found; i++)
			found = has_zones(system, others.blocks[i]);
	}
	*ret = found;

	return 0;
}
