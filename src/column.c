/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of columns. Those that lsmem(1) has, too, look as they do there, but for what
 * it calls on->off: that is the kernel's going-offline here.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "column.h"
#include "offlinable.h"

/* ---- What they show ---- */

static const char *show_range(const struct extent *extent, char buffer[CELL_MAX])
{
	uint64_t size = extent->block_size_bytes;

	snprintf(buffer, CELL_MAX, "0x%016" PRIx64 "-0x%016" PRIx64,
		 extent->info.index * size, extent->last * size + (size - 1));
	return buffer;
}

static const char *show_size(const struct extent *extent, char buffer[CELL_MAX])
{
	uint64_t nblocks = extent->last - extent->info.index + 1, size_bytes;

	if (__builtin_mul_overflow(nblocks, extent->block_size_bytes, &size_bytes))
		size_bytes = UINT64_MAX;
	return memblk_size_to_string(size_bytes, buffer);
}

/* What cannot be read is as little known as what is no word of the kernel's. */
static enum memblk_state known_state(const struct memblk_info *info)
{
	return info->state_error ? MEMBLK_STATE_UNKNOWN : info->state;
}

static const char *show_state(const struct extent *extent, char buffer[CELL_MAX])
{
	(void) buffer;
	return memblk_state_to_string(known_state(&extent->info)) ?: "?";
}

static const char *show_zones(const struct extent *extent, char buffer[CELL_MAX])
{
	const struct memblk_info *info = &extent->info;
	size_t length = 0;

	if (info->zones_error)
		return "";
	if (info->zones_none)
		return "None";
	buffer[0] = '\0';
	for (unsigned int i = 0; i < info->nzones; i++)
		length += (size_t) snprintf(
			buffer + length, CELL_MAX - length, "%s%s", i ? "/" : "",
			memblk_zone_to_string(info->zones[i]) ?: "Unknown");
	return buffer;
}

static const char *show_node(const struct extent *extent, char buffer[CELL_MAX])
{
	if (!extent->info.nnodes)
		return "";
	snprintf(buffer, CELL_MAX, "%" PRIu64, extent->info.node);
	return buffer;
}

static const char *show_block(const struct extent *extent, char buffer[CELL_MAX])
{
	uint64_t first = extent->info.index, last = extent->last;

	if (last > first)
		snprintf(buffer, CELL_MAX, "%" PRIu64 "-%" PRIu64, first, last);
	else
		snprintf(buffer, CELL_MAX, "%" PRIu64, first);
	return buffer;
}

static const char *show_device(const struct extent *extent, char buffer[CELL_MAX])
{
	(void) buffer;
	return extent->info.device;
}

static const char *show_bytes(const struct extent *extent, uint64_t size_bytes,
			      char buffer[CELL_MAX])
{
	return extent->has_amounts ? memblk_size_to_string(size_bytes, buffer) : "";
}

static const char *show_free(const struct extent *extent, char buffer[CELL_MAX])
{
	return show_bytes(extent, extent->amounts.free_bytes, buffer);
}

static const char *show_movable(const struct extent *extent, char buffer[CELL_MAX])
{
	return show_bytes(extent, extent->amounts.movable_bytes, buffer);
}

static const char *show_unmovable(const struct extent *extent, char buffer[CELL_MAX])
{
	return show_bytes(extent, extent->amounts.unmovable_bytes, buffer);
}

static const char *show_offlinable(const struct extent *extent, char buffer[CELL_MAX])
{
	(void) buffer;
	return offlinable_to_string(extent->info.offlinable);
}

static const char *show_why(const struct extent *extent, char buffer[CELL_MAX])
{
	return obstacle_to_string(&extent->info, &extent->contents, buffer);
}

static bool is_online(const struct memblk_info *info)
{
	return !info->state_error && info->state == MEMBLK_STATE_ONLINE;
}

static const char *show_flag(bool known, bool flag)
{
	if (!known)
		return "";

	return flag ? "yes" : "no";
}

/* Of other blocks lsmem shows none. */
static bool has_removable(const struct memblk_info *info)
{
	return is_online(info) && info->removable_known;
}

static const char *show_removable(const struct extent *extent, char buffer[CELL_MAX])
{
	const struct memblk_info *info = &extent->info;

	(void) buffer;
	return show_flag(has_removable(info), info->removable);
}

static const char *show_configured(const struct extent *extent, char buffer[CELL_MAX])
{
	(void) buffer;
	return show_flag(extent->info.configured_known, extent->info.configured);
}

static const char *show_memmap(const struct extent *extent, char buffer[CELL_MAX])
{
	(void) buffer;
	return show_flag(extent->info.memmap_known, extent->info.memmap_on_memory);
}

/* ---- Where they part blocks ---- */

static bool same_state(const struct memblk_info *a, const struct memblk_info *b)
{
	return known_state(a) == known_state(b);
}

static bool same_zones(const struct memblk_info *a, const struct memblk_info *b)
{
	return !a->zones_error == !b->zones_error && a->zones_none == b->zones_none &&
	       a->nzones == b->nzones &&
	       !memcmp(a->zones, b->zones, a->nzones * sizeof(a->zones[0]));
}

static bool same_node(const struct memblk_info *a, const struct memblk_info *b)
{
	return !a->nnodes == !b->nnodes && a->node == b->node;
}

static bool same_device(const struct memblk_info *a, const struct memblk_info *b)
{
	return !strcmp(a->device, b->device);
}

static bool same_offlinable(const struct memblk_info *a, const struct memblk_info *b)
{
	return a->offlinable == b->offlinable;
}

static bool same_obstacle(const struct memblk_info *a, const struct memblk_info *b)
{
	if (a->obstacle != b->obstacle)
		return false;

	/* of which there are several kinds */
	return a->obstacle != MEMBLK_OBSTACLE_UNSEEN ||
	       (a->offlinable == b->offlinable &&
		!a->contents_error == !b->contents_error);
}

static bool same_removable(const struct memblk_info *a, const struct memblk_info *b)
{
	return has_removable(a) == has_removable(b) &&
	       (!has_removable(a) || a->removable == b->removable);
}

static bool same_configured(const struct memblk_info *a, const struct memblk_info *b)
{
	return a->configured_known == b->configured_known &&
	       a->configured == b->configured;
}

static bool same_memmap(const struct memblk_info *a, const struct memblk_info *b)
{
	return a->memmap_known == b->memmap_known &&
	       a->memmap_on_memory == b->memmap_on_memory;
}

/* ---- Colors ---- */

static const char *color_state(const struct memblk_info *info)
{
	static const char *const colors[_MEMBLK_STATE_MAX] = {
		[MEMBLK_STATE_UNKNOWN] = "red",
		[MEMBLK_STATE_ONLINE] = "green",
		[MEMBLK_STATE_OFFLINE] = "darkgray",
		[MEMBLK_STATE_GOING_OFFLINE] = "brown",
	};

	return colors[known_state(info)];
}

static const char *color_offlinable(const struct memblk_info *info)
{
	static const char *const colors[_MEMBLK_OFFLINABLE_MAX] = {
		[MEMBLK_OFFLINABLE_YES] = "green",
		[MEMBLK_OFFLINABLE_LIKELY] = "brown",
		[MEMBLK_OFFLINABLE_NO] = "red",
	};

	return colors[info->offlinable];
}

/* ---- All of them ---- */

#define RIGHT .right = true

static const struct column all_columns[] = {
	{ "RANGE", "addresses of the first and the last byte", .show = show_range },
	{ "SIZE", "size", RIGHT, .width = 5, .show = show_size },
	{ "STATE", "online, offline or going-offline", MEMBLK_WANT_STATE, RIGHT,
	  .is_same = same_state, .show = show_state, .color = color_state },
	{ "ZONES", "the zone it is in, or can go to", MEMBLK_WANT_ZONES, RIGHT,
	  .is_same = same_zones, .show = show_zones },
	{ "NODE", "NUMA node", MEMBLK_WANT_NODE, RIGHT, .is_same = same_node,
	  .show = show_node },
	{ "BLOCK", "block number, or numbers of the first and the last", RIGHT,
	  .show = show_block },
	{ "DEVICE", "boot, PNP0C80:... (a DIMM), virtio-mem, kmem", MEMBLK_WANT_DEVICE,
	  RIGHT, .is_same = same_device, .show = show_device },
	{ "FREE", "free memory", MEMBLK_WANT_CONTENTS, RIGHT, .show = show_free },
	{ "MOVABLE", "memory in use that can be moved", MEMBLK_WANT_CONTENTS, RIGHT,
	  .show = show_movable },
	{ "UNMOVABLE", "memory in use that cannot", MEMBLK_WANT_CONTENTS, RIGHT,
	  .show = show_unmovable },
	{ "OFFLINABLE", "whether it would go offline: yes, likely, no",
	  MEMBLK_WANT_CONTENTS, RIGHT, .is_same = same_offlinable,
	  .show = show_offlinable, .color = color_offlinable },
	{ "WHY", "what is against that", MEMBLK_WANT_CONTENTS, .is_same = same_obstacle,
	  .show = show_why },
	{ "REMOVABLE", "whether this kernel takes memory offline at all",
	  MEMBLK_WANT_STATE | MEMBLK_WANT_REMOVABLE, RIGHT, .is_same = same_removable,
	  .show = show_removable },
	{ "CONFIGURED", "whether it is configured (s390)", MEMBLK_WANT_CONFIG, RIGHT,
	  .is_same = same_configured, .show = show_configured },
	{ "MEMMAP-ON-MEMORY", "whether its memory map is in itself (s390)",
	  MEMBLK_WANT_CONFIG, RIGHT, .is_same = same_memmap, .show = show_memmap },
};

#define NCOLUMNS (sizeof(all_columns) / sizeof(all_columns[0]))

static const char usual_columns[] = "RANGE,SIZE,STATE,ZONES,NODE,BLOCK";

const struct column *column_at(size_t index)
{
	return index < NCOLUMNS ? &all_columns[index] : NULL;
}

/* ---- Lists of them ---- */

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char) (c - 'a' + 'A') : c;
}

static bool is_name(const char *text, size_t length, const char *name)
{
	if (strlen(name) != length)
		return false;
	for (size_t i = 0; i < length; i++)
		if (upper(text[i]) != name[i])
			return false;
	return true;
}

static const struct column *column_find(const char *text, size_t length)
{
	for (size_t i = 0; i < NCOLUMNS; i++)
		if (is_name(text, length, all_columns[i].name))
			return &all_columns[i];
	return NULL;
}

static bool columns_add(struct columns *columns, const char *list,
			struct columns_fault *ret_fault)
{
	for (;;) {
		size_t length = strcspn(list, ",");
		const struct column *column = column_find(list, length);

		if (!column || columns->ncolumns == COLUMNS_MAX) {
			*ret_fault = (struct columns_fault){ column ? NULL : list,
							     length };
			return false;
		}
		columns->column[columns->ncolumns++] = column;
		list += length;
		if (!*list)
			return true;
		list++;
	}
}

bool columns_parse(const char *list, struct columns *ret, struct columns_fault *ret_fault)
{
	struct columns columns = { .ncolumns = 0 };

	if (!list || *list == '+')
		columns_add(&columns, usual_columns, ret_fault);
	if (list && !columns_add(&columns, list + (*list == '+'), ret_fault))
		return false;
	*ret = columns;

	return true;
}

unsigned int columns_want(const struct columns *columns)
{
	unsigned int want = 0;

	for (size_t i = 0; i < columns->ncolumns; i++)
		want |= columns->column[i]->want;
	return want;
}

bool columns_are_same(const struct columns *columns, const struct memblk_info *a,
		      const struct memblk_info *b)
{
	for (size_t i = 0; i < columns->ncolumns; i++)
		if (columns->column[i]->is_same && !columns->column[i]->is_same(a, b))
			return false;
	return true;
}
