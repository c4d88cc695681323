/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of zones, and lists of them. Whole names only: DMA is not a part of DMA32.
 */
#include "config.h"

#include <string.h>

#include "util.h"
#include "zone.h"

static const char *const zone_names[_MEMBLK_ZONE_MAX] = {
	[MEMBLK_ZONE_DMA] = "DMA",         [MEMBLK_ZONE_DMA32] = "DMA32",
	[MEMBLK_ZONE_NORMAL] = "Normal",   [MEMBLK_ZONE_HIGHMEM] = "Highmem",
	[MEMBLK_ZONE_MOVABLE] = "Movable", [MEMBLK_ZONE_DEVICE] = "Device",
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

/* strcasecmp() would ask the locale. */
static bool is_name(const char *text, size_t length, const char *name)
{
	for (size_t i = 0; i < length; i++)
		if (lower(text[i]) != lower(name[i]))
			return false;

	return !name[length];
}

static enum memblk_zone zone_from_text(const char *text, size_t length)
{
	for (enum memblk_zone zone = MEMBLK_ZONE_NONE + 1; zone < _MEMBLK_ZONE_MAX;
	     zone++)
		if (is_name(text, length, zone_names[zone]))
			return zone;

	return MEMBLK_ZONE_NONE;
}

const char *memblk_zone_to_string(enum memblk_zone zone)
{
	return zone_names[zone];
}

enum memblk_zone memblk_zone_from_string(const char *name)
{
	return zone_from_text(name, strlen(name));
}

void zones_parse(const char *text, struct zones *ret)
{
	static const char blanks[] = " \t\n";

	*ret = (struct zones){ .nzones = 0 };
	for (;;) {
		size_t length;

		text += strspn(text, blanks);
		length = strcspn(text, blanks);
		if (!length || ret->nzones == ZONES_MAX)
			break;
		ret->zone[ret->nzones++] = zone_from_text(text, length);
		ret->none = is_name(text, length, "none");
		text += length;
	}
	if (ret->nzones != 1)
		ret->none = false;
	if (ret->none)
		ret->nzones = 0;
}

bool zones_has(const struct zones *zones, enum memblk_zone zone)
{
	for (size_t i = 0; i < zones->nzones; i++)
		if (zones->zone[i] == zone)
			return true;
	return false;
}

enum memblk_zone zones_first(const struct zones *zones)
{
	return zones->nzones ? zones->zone[0] : MEMBLK_ZONE_NONE;
}

enum memblk_zone zones_single(const struct zones *zones)
{
	return zones->nzones == 1 ? zones->zone[0] : MEMBLK_ZONE_NONE;
}
