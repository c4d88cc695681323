/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Collects what happened to each block, and finds those that nothing happened to. No more
 * is kept than the results.
 */
#include "config.h"

#include <stdlib.h>

#include "entries.h"

/* A range may miss any number of blocks. Where it is more than these, they are counted.
 */
#define MISSING_MAX 4096

void entries_add(struct entries *entries, const struct memblk_result *result)
{
	if (entries->nentries == entries->size) {
		size_t size = entries->size ? entries->size * 2 : 64;
		struct entry *grown = reallocarray(entries->entry, size, sizeof(*grown));

		if (!grown) {
			entries->lost = true;
			return;
		}
		entries->entry = grown;
		entries->size = size;
	}
	entries->entry[entries->nentries] = (struct entry){ .result = *result,
							    .order = entries->nentries };
	entries->nentries++;
}

void entries_done(struct entries *entries)
{
	free(entries->entry);
}

/* ---- All blocks that were selected, each once ---- */

static int compare(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;

	if (left->result.index != right->result.index)
		return left->result.index < right->result.index ? -1 : 1;

	return (left->order > right->order) - (left->order < right->order);
}

/* Sorts the entries by block. Of a block with several, the last one stays. */
static void sort(struct entries *entries)
{
	struct entry *entry = entries->entry;
	size_t nleft = 0;

	if (!entries->nentries)
		return;
	qsort(entry, entries->nentries, sizeof(*entry), compare);
	for (size_t i = 1; i < entries->nentries; i++) {
		if (entry[i].result.index != entry[nleft].result.index)
			nleft++;
		entry[nleft] = entry[i];
	}
	entries->nentries = nleft + 1;
}

/* Adds the blocks FIRST to LAST, which do not exist. */
static void add_missing(struct entries *entries, uint64_t first, uint64_t last)
{
	struct memblk_result result = { .status = MEMBLK_STATUS_MISSING };

	for (uint64_t offset = 0; offset <= last - first; offset++) {
		result.index = first + offset;
		entries_add(entries, &result);
	}
}

/* What of RANGE is not among the entries, of which those from *AT on are at or behind it.
 */
static void add_gaps(struct entries *entries, const struct memblk_range *range,
		     size_t nentries, size_t *at)
{
	uint64_t next = range->first;

	for (; *at < nentries; (*at)++) {
		uint64_t index = entries->entry[*at].result.index;

		if (index > range->last)
			break;
		if (index > next)
			add_missing(entries, next, index - 1);
		if (index == range->last) {
			(*at)++;
			return;
		}
		next = index + 1;
	}
	add_missing(entries, next, range->last);
}

/* ---- Numbers ---- */

void count_add(struct count *count, uint64_t nblocks)
{
	if (__builtin_add_overflow(count->nblocks, nblocks, &count->nblocks))
		count->is_beyond = true;
}

struct count count_ranges(const struct memblk_ranges *ranges)
{
	struct count count = { .nblocks = 0 };

	for (size_t i = 0; i < ranges->nranges; i++) {
		count_add(&count, ranges->range[i].last - ranges->range[i].first);
		count_add(&count, 1);
	}
	return count;
}

struct count entries_complete(struct entries *entries,
			      const struct memblk_selection *selection)
{
	const struct memblk_ranges *ranges = &selection->ranges;
	struct count missing = { .nblocks = 0 };
	size_t nentries, at = 0;

	sort(entries);
	/* what is not among them may exist, if some were lost */
	if (selection->kind != MEMBLK_SELECTION_BLOCKS || entries->lost)
		return missing;

	nentries = entries->nentries;
	missing = count_ranges(ranges);
	/* less than 2^64 they are, as soon as there is one */
	missing.is_beyond = missing.is_beyond && !nentries;
	missing.nblocks -= nentries;
	if (missing.is_beyond || missing.nblocks > MISSING_MAX)
		return missing;

	for (size_t i = 0; i < ranges->nranges; i++)
		add_gaps(entries, &ranges->range[i], nentries, &at);
	sort(entries);

	return (struct count){ .nblocks = 0 };
}
