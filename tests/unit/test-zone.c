/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of zones, and the lists of them that valid_zones shows: whole names in any case,
 * whatever stands between them, and what is said of none, one, several, unknown ones and
 * too many.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "util.h"
#include "zone.h"

/* Parses TEXT, which is allocated to the byte, over what RET held before. */
static void parse(struct zones *ret, const char *text)
{
	_cleanup_free_ char *copy = strdup(text);

	if (!copy)
		abort();
	tap_row("%s", text);
	memset(ret, 0xa5, sizeof(*ret));
	ret->none = true;
	zones_parse(copy, ret);
}

static enum memblk_zone from_string(const char *name)
{
	_cleanup_free_ char *copy = strdup(name);

	if (!copy)
		abort();
	tap_row("%s", name);
	return memblk_zone_from_string(copy);
}

/* ---- Names ---- */

static void test_names(void)
{
	check_uint(from_string("DMA"), MEMBLK_ZONE_DMA);
	check_uint(from_string("DMA32"), MEMBLK_ZONE_DMA32);
	check_uint(from_string("Normal"), MEMBLK_ZONE_NORMAL);
	check_uint(from_string("Highmem"), MEMBLK_ZONE_HIGHMEM);
	check_uint(from_string("Movable"), MEMBLK_ZONE_MOVABLE);
	check_uint(from_string("Device"), MEMBLK_ZONE_DEVICE);
}

static void test_names_in_any_case(void)
{
	check_uint(from_string("dma"), MEMBLK_ZONE_DMA);
	check_uint(from_string("Dma32"), MEMBLK_ZONE_DMA32);
	check_uint(from_string("NORMAL"), MEMBLK_ZONE_NORMAL);
	check_uint(from_string("HighMem"), MEMBLK_ZONE_HIGHMEM);
	check_uint(from_string("mOVABLE"), MEMBLK_ZONE_MOVABLE);
	check_uint(from_string("DEVICE"), MEMBLK_ZONE_DEVICE);
}

static void test_whole_names(void)
{
	static const char *const names[] = {
		"",       "D",         "DM",      "DMA3",    "DMA321",
		"DMA 32", "Norma",     "Normal ", " Normal", "Normals",
		"Movabl", "Movable1",  "Device0", "none",    "NONE",
		"auto",   "DMA,DMA32", "High",    "Mem",     "NormalMovable",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		check_uint(from_string(names[i]), MEMBLK_ZONE_NONE);
}

/* What differs from a letter only in the bit that is the case of letters. */
static void test_case_is_of_letters_alone(void)
{
	static const char *const names[] = {
		"DMA\x13\x12",
		"\xc4MA",
		"DM\xc1",
		("\xee"
		 "ormal"),
		("n\xef"
		 "rmal"),
		("Mov\xc4\xb1"
		 "ble"),
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		check_uint(from_string(names[i]), MEMBLK_ZONE_NONE);
}

static void test_to_string(void)
{
	check_string(memblk_zone_to_string(MEMBLK_ZONE_NONE), NULL);
	check_string(memblk_zone_to_string(MEMBLK_ZONE_DMA), "DMA");
	check_string(memblk_zone_to_string(MEMBLK_ZONE_DMA32), "DMA32");
	check_string(memblk_zone_to_string(MEMBLK_ZONE_NORMAL), "Normal");
	check_string(memblk_zone_to_string(MEMBLK_ZONE_HIGHMEM), "Highmem");
	check_string(memblk_zone_to_string(MEMBLK_ZONE_MOVABLE), "Movable");
	check_string(memblk_zone_to_string(MEMBLK_ZONE_DEVICE), "Device");
}

static void test_there_and_back(void)
{
	for (enum memblk_zone zone = MEMBLK_ZONE_NONE + 1; zone < _MEMBLK_ZONE_MAX;
	     zone++)
		check_uint(from_string(memblk_zone_to_string(zone)), zone);
}

/* ---- Lists ---- */

static void test_one(void)
{
	struct zones zones;

	parse(&zones, "Movable");
	check_uint(zones.nzones, 1);
	check(!zones.none);
	check(zones_has(&zones, MEMBLK_ZONE_MOVABLE));
	check(!zones_has(&zones, MEMBLK_ZONE_NORMAL));
	check_uint(zones_first(&zones), MEMBLK_ZONE_MOVABLE);
	check_uint(zones_single(&zones), MEMBLK_ZONE_MOVABLE);
}

static void test_several(void)
{
	struct zones zones;

	parse(&zones, "DMA32 Normal Movable");
	check_uint(zones.nzones, 3);
	check(!zones.none);
	check(zones_has(&zones, MEMBLK_ZONE_DMA32));
	check(zones_has(&zones, MEMBLK_ZONE_NORMAL));
	check(zones_has(&zones, MEMBLK_ZONE_MOVABLE));
	check(!zones_has(&zones, MEMBLK_ZONE_DMA));
	check(!zones_has(&zones, MEMBLK_ZONE_HIGHMEM));
	check(!zones_has(&zones, MEMBLK_ZONE_DEVICE));
	check_uint(zones_first(&zones), MEMBLK_ZONE_DMA32);
	check_uint(zones_single(&zones), MEMBLK_ZONE_NONE);

	parse(&zones, "Movable Normal");
	check_uint(zones_first(&zones), MEMBLK_ZONE_MOVABLE);
	check_uint(zones_single(&zones), MEMBLK_ZONE_NONE);
}

static void test_none(void)
{
	static const char *const texts[] = { "none",  "None",    "NONE",
					     " none", "none \n", "\tnone" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct zones zones;

		parse(&zones, texts[i]);
		check(zones.none);
		check_uint(zones.nzones, 0);
		check_uint(zones_first(&zones), MEMBLK_ZONE_NONE);
		check_uint(zones_single(&zones), MEMBLK_ZONE_NONE);
		check(!zones_has(&zones, MEMBLK_ZONE_NORMAL));
		check(!zones_has(&zones, MEMBLK_ZONE_NONE));
	}
}

static void test_none_among_others(void)
{
	static const char *const texts[] = { "none Normal", "Normal none", "none none" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct zones zones;

		parse(&zones, texts[i]);
		check(!zones.none);
		check_uint(zones.nzones, 2);
		check_uint(zones_single(&zones), MEMBLK_ZONE_NONE);
	}
}

static void test_like_none(void)
{
	static const char *const texts[] = { "non", "nones", "none,", "no" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct zones zones;

		parse(&zones, texts[i]);
		check(!zones.none);
		check_uint(zones.nzones, 1);
		check_uint(zones_single(&zones), MEMBLK_ZONE_NONE);
	}
}

static void test_empty(void)
{
	static const char *const texts[] = { "", " ", "\n", "\t \n\t " };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct zones zones;

		parse(&zones, texts[i]);
		check_uint(zones.nzones, 0);
		check(!zones.none);
		check_uint(zones_first(&zones), MEMBLK_ZONE_NONE);
		check_uint(zones_single(&zones), MEMBLK_ZONE_NONE);
		check(!zones_has(&zones, MEMBLK_ZONE_DMA));
	}
}

static void test_blanks(void)
{
	static const char *const texts[] = { "DMA32 Movable", "  DMA32  Movable  ",
					     "DMA32\tMovable", "DMA32\nMovable\n",
					     "\n\tDMA32 \t Movable" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct zones zones;

		parse(&zones, texts[i]);
		check_uint(zones.nzones, 2);
		check_uint(zones.zone[0], MEMBLK_ZONE_DMA32);
		check_uint(zones.zone[1], MEMBLK_ZONE_MOVABLE);
	}
}

static void test_unknown(void)
{
	struct zones zones;

	parse(&zones, "Strange");
	check_uint(zones.nzones, 1);
	check(!zones.none);
	check_uint(zones_first(&zones), MEMBLK_ZONE_NONE);
	check_uint(zones_single(&zones), MEMBLK_ZONE_NONE);

	parse(&zones, "Strange Movable");
	check_uint(zones.nzones, 2);
	check(zones_has(&zones, MEMBLK_ZONE_MOVABLE));
	check_uint(zones_first(&zones), MEMBLK_ZONE_NONE);
	check_uint(zones_single(&zones), MEMBLK_ZONE_NONE);

	parse(&zones, "Normal,Movable");
	check_uint(zones.nzones, 1);
	check(!zones_has(&zones, MEMBLK_ZONE_NORMAL));
	check(!zones_has(&zones, MEMBLK_ZONE_MOVABLE));
}

static void test_dma_is_not_dma32(void)
{
	struct zones zones;

	parse(&zones, "DMA32");
	check(!zones_has(&zones, MEMBLK_ZONE_DMA));
	check(zones_has(&zones, MEMBLK_ZONE_DMA32));
	parse(&zones, "DMA");
	check(zones_has(&zones, MEMBLK_ZONE_DMA));
	check(!zones_has(&zones, MEMBLK_ZONE_DMA32));
}

static void test_kernel_case(void)
{
	struct zones zones;

	parse(&zones, "HighMem Movable");
	check(zones_has(&zones, MEMBLK_ZONE_HIGHMEM));
	parse(&zones, "normal MOVABLE");
	check_uint(zones_first(&zones), MEMBLK_ZONE_NORMAL);
	check(zones_has(&zones, MEMBLK_ZONE_MOVABLE));
}

static void test_too_many(void)
{
	struct zones zones;

	parse(&zones, "DMA DMA DMA DMA DMA DMA DMA Normal");
	check_uint(zones.nzones, ZONES_MAX);
	check_uint(zones.zone[ZONES_MAX - 1], MEMBLK_ZONE_NORMAL);

	parse(&zones, "DMA DMA DMA DMA DMA DMA DMA Normal Movable DMA32");
	check_uint(zones.nzones, ZONES_MAX);
	check(!zones.none);
	check_uint(zones_first(&zones), MEMBLK_ZONE_DMA);
	check(zones_has(&zones, MEMBLK_ZONE_NORMAL));
	check(!zones_has(&zones, MEMBLK_ZONE_MOVABLE));
	check(!zones_has(&zones, MEMBLK_ZONE_DMA32));
}

static const struct tap_test tests[] = {
	{ "Each zone is known by its name", test_names },
	{ "The case of a name is ignored", test_names_in_any_case },
	{ "D12: A part of a name, or more than a name, is none", test_whole_names },
	{ "Only letters have a case", test_case_is_of_letters_alone },
	{ "Each zone has its name, and no zone has none", test_to_string },
	{ "The name of a zone is read as that zone", test_there_and_back },
	{ "One zone is the first and the only one", test_one },
	{ "Of several zones the first is known, and none is the only one", test_several },
	{ "The word none is no zone at all", test_none },
	{ "The word none among zones is an unknown zone", test_none_among_others },
	{ "What only looks like none is an unknown zone", test_like_none },
	{ "An empty text has no zone, and is not the word none", test_empty },
	{ "Spaces, tabs and newlines part names", test_blanks },
	{ "An unknown zone takes its place and is no zone asked for", test_unknown },
	{ "D12: DMA is not DMA32", test_dma_is_not_dma32 },
	{ "Zones are compared without case", test_kernel_case },
	{ "Zones beyond the most that are kept are dropped", test_too_many },
};

TAP_MAIN(tests)
