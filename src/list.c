/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Listing: the blocks that are meant go into a table one by one; all others are only
 * counted, for the summary, and where there is none they are not looked at.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "fault.h"
#include "list.h"
#include "names.h"
#include "output.h"
#include "report.h"
#include "table.h"

struct list {
	struct memblk_system *system;
	const struct memblk_request *request;
	const struct options *options;
	uint64_t block_size_bytes;
	struct table *table; /* owned */
	uint64_t *blocks;    /* that may be meant, ascending; owned */
	size_t nblocks;      /* first those that were scanned, then those found */
	uint64_t nfitting;   /* of these, in the zone that is asked for */
	uint64_t nonline, nelsewhere; /* of these, and of all others; for the summary */
	struct document *document;    /* NULL: it is a table that is made */
};

static bool has_summary(const struct list *list)
{
	return !list->document && !list->options->noheadings;
}

/* ---- The table ---- */

static void count_state(struct list *list, const struct memblk_info *info)
{
	if (!info->state_error && info->state == MEMBLK_STATE_ONLINE)
		list->nonline++;
	else
		list->nelsewhere++;
}

static bool is_in_zone(const struct list *list, const struct memblk_info *info)
{
	enum memblk_zone zone = list->request->zone;

	for (unsigned int i = 0; i < info->nzones; i++)
		if (info->zones[i] == zone)
			return true;
	return !zone;
}

/* Leaves those blocks that exist in list->blocks. */
static int fill_table(struct list *list, struct memblk_inspector *inspector)
{
	size_t nscanned = list->nblocks;

	list->nblocks = 0;
	for (size_t i = 0; i < nscanned; i++) {
		struct memblk_info info;
		int r = memblk_inspect(inspector, list->blocks[i], &info);

		if (r == -ENOENT)
			continue;
		if (r < 0)
			return r;
		count_state(list, &info);
		list->blocks[list->nblocks++] = info.index;
		if (!is_in_zone(list, &info))
			continue;
		list->nfitting++;
		r = list->document ? document_list(list->document, info.index)
				   : table_add(list->table, &info);
		if (r < 0)
			return r;
	}
	return 0;
}

static int look_at_blocks(struct list *list)
{
	const struct options *options = list->options;
	unsigned int want = list->document ? 0 /* it looks by itself */
					   : columns_want(&options->columns),
		     flags = (options->noheadings ? 0 : TABLE_HEADINGS) |
			     (options->all ? TABLE_EACH : 0);
	struct memblk_inspector *inspector;
	int r;

	if (list->request->zone)
		want |= MEMBLK_WANT_ZONES;
	if (has_summary(list))
		want |= MEMBLK_WANT_STATE;
	r = table_new(&options->columns, list->block_size_bytes, flags, &list->table);
	if (r < 0)
		return r;
	r = memblk_inspector_new(list->system, want, &inspector);
	if (r < 0)
		return r;
	r = fill_table(list, inspector);
	if (r == 0 && memblk_inspector_contents_error(inspector))
		report_contents_fault(memblk_inspector_contents_error(inspector));
	memblk_inspector_free(inspector);

	return r;
}

/* ---- The summary ---- */

/* Whether INDEX was looked at; *AT goes through these along with it. */
static bool is_counted(const struct list *list, uint64_t index, size_t *at)
{
	while (*at < list->nblocks && list->blocks[*at] < index)
		(*at)++;
	return *at < list->nblocks && list->blocks[*at] == index;
}

static int count_others(struct list *list, struct memblk_inspector *inspector,
			const uint64_t *blocks, size_t nblocks)
{
	size_t at = 0;

	for (size_t i = 0; i < nblocks; i++) {
		struct memblk_info info;
		int r;

		if (is_counted(list, blocks[i], &at))
			continue;
		r = memblk_inspect(inspector, blocks[i], &info);
		if (r == -ENOENT)
			continue;
		if (r < 0)
			return r;
		count_state(list, &info);
	}
	return 0;
}

static int look_at_others(struct list *list)
{
	const struct memblk_selection all = { .kind = MEMBLK_SELECTION_ALL };
	struct memblk_inspector *inspector;
	uint64_t *blocks;
	size_t nblocks;
	int r;

	if (list->request->selection.kind == MEMBLK_SELECTION_ALL &&
	    !memblk_selection_is_narrow(&list->request->selection))
		return 0;
	r = memblk_scan(list->system, &all, &blocks, &nblocks);
	if (r < 0)
		return r;
	r = memblk_inspector_new(list->system, MEMBLK_WANT_STATE, &inspector);
	if (r == 0) {
		r = count_others(list, inspector, blocks, nblocks);
		memblk_inspector_free(inspector);
	}
	free(blocks);

	return r;
}

static void print_sum(const struct list *list, const char *what, uint64_t nblocks)
{
	char size[MEMBLK_SIZE_STRING_MAX];
	uint64_t size_bytes;

	if (__builtin_mul_overflow(nblocks, list->block_size_bytes, &size_bytes))
		size_bytes = UINT64_MAX;
	report_line("%-23s%6s", what, memblk_size_to_string(size_bytes, size));
}

static void print_summary(const struct list *list)
{
	report_line("%s", "");
	print_sum(list, "Memory block size:", 1);
	print_sum(list, "Total online memory:", list->nonline);
	print_sum(list, "Total offline memory:", list->nelsewhere);
}

/* ---- The list ---- */

/* Says what of the selection there is not. */
static int find_status(const struct list *list)
{
	const struct memblk_selection *selection = &list->request->selection;
	bool by_name = selection->kind == MEMBLK_SELECTION_BLOCKS;

	if (by_name)
		report_missing(&selection->ranges, list->blocks, list->nblocks,
			       list->block_size_bytes);
	if (list->nblocks && !list->nfitting)
		report_error("No memory block is in zone %s",
			     memblk_zone_to_string(list->request->zone));
	if (!list->nfitting)
		return EXIT_FAILURE;

	return by_name && memblk_ranges_count(&selection->ranges) != list->nblocks
		       ? EXIT_PARTIAL
		       : EXIT_SUCCESS;
}

static int make_list(struct list *list, int *ret_status)
{
	int r;

	if (!list->nblocks) {
		if (memblk_selection_is_narrow(&list->request->selection))
			report_no_blocks_of(list->system, list->options->nodes,
					    list->options->from);
		else
			report_blocks_fault(ENODATA);
		*ret_status = EXIT_FAILURE;
		return 0;
	}
	r = look_at_blocks(list);
	if (r == 0 && !list->document)
		r = table_print(list->table);
	if (r == 0 && has_summary(list) && list->nfitting) {
		r = look_at_others(list);
		if (r == 0)
			print_summary(list);
	}
	if (r < 0)
		return r;

	*ret_status = find_status(list);
	if (list->document) {
		list->document->is_listed = true;
		list->document->nfound = list->nblocks;
	}
	return 0;
}

int list_blocks(struct memblk_system *system, struct memblk_request *request,
		const struct options *options, struct document *document)
{
	struct list list = {
		.system = system,
		.request = request,
		.options = options,
		.block_size_bytes = memblk_system_block_size(system),
		.document = options->json ? document : NULL,
	};
	int r, status = EXIT_FAILURE;

	r = memblk_selection_narrow(system, &request->selection);
	if (r == 0)
		r = memblk_scan(system, &request->selection, &list.blocks, &list.nblocks);
	if (r == 0)
		r = make_list(&list, &status);
	if (r < 0)
		report_blocks_fault(-r);
	table_free(list.table);
	free(list.blocks);

	return status;
}
