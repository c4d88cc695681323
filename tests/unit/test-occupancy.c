/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page flags one by one and as kernels show them together: where each counts. And what
 * follows from counts, zones and holes: a table of blocks and whether they go offline.
 */
#include "config.h"

#include <string.h>

#include "occupancy.h"
#include "tap.h"
#include "util.h"

#define FLAG(number) (UINT64_C(1) << (number))

/* ---- Counting ---- */

/* The flags by the numbers of the kernel's document (admin-guide/mm/pagemap.rst). */
enum {
	LOCKED = 0,
	REFERENCED = 2,
	UPTODATE = 3,
	DIRTY = 4,
	LRU = 5,
	ACTIVE = 6,
	SLAB = 7,
	BUDDY = 10,
	MMAP = 11,
	ANON = 12,
	SWAPBACKED = 14,
	HEAD = 15,
	TAIL = 16,
	HUGE = 17,
	UNEVICTABLE = 18,
	HWPOISON = 19,
	NOPAGE = 20,
	THP = 22,
	OFFLINE = 23,
	ZERO_PAGE = 24,
	PGTABLE = 26,
	RESERVED = 32,
	MLOCKED = 33,
	PRIVATE = 35,
	OWNER_PRIVATE = 37,
};

struct count_row {
	const char *what;
	uint64_t flags;
	struct memblk_contents expected;
};

static const struct count_row count_rows[] = {
	{ "free, each page of a chunk", FLAG(BUDDY), { .nfree = 1 } },
	{ "anonymous",
	  FLAG(UPTODATE) | FLAG(LRU) | FLAG(MMAP) | FLAG(ANON) | FLAG(SWAPBACKED),
	  { .nmovable = 1 } },
	{ "of a file", FLAG(REFERENCED) | FLAG(UPTODATE) | FLAG(LRU), { .nmovable = 1 } },
	{ "locked in memory",
	  FLAG(LRU) | FLAG(UNEVICTABLE) | FLAG(ANON) | FLAG(MLOCKED),
	  { .nmovable = 1 } },
	{ "anonymous, not yet on a list",
	  FLAG(UPTODATE) | FLAG(MMAP) | FLAG(ANON) | FLAG(SWAPBACKED),
	  { .nmovable = 1 } },
	{ "of tmpfs, not yet on a list",
	  FLAG(UPTODATE) | FLAG(DIRTY) | FLAG(SWAPBACKED),
	  { .nmovable = 1 } },
	{ "head of a huge page",
	  FLAG(LRU) | FLAG(ANON) | FLAG(THP) | FLAG(HEAD),
	  { .nmovable = 1 } },
	{ "tail of a huge page",
	  FLAG(MMAP) | FLAG(ANON) | FLAG(THP) | FLAG(TAIL),
	  { .nmovable = 1 } },
	{ "tail of a huge page of a file", FLAG(THP) | FLAG(TAIL), { .nmovable = 1 } },
	{ "huge page of zeroes",
	  FLAG(THP) | FLAG(ZERO_PAGE) | FLAG(HEAD),
	  { .nkernel = 1 } },
	{ "of hugetlbfs", FLAG(HUGE) | FLAG(HEAD), { .nmovable = 1, .nhuge = 1 } },
	{ "of hugetlbfs, tail",
	  FLAG(HUGE) | FLAG(TAIL) | FLAG(MMAP),
	  { .nmovable = 1, .nhuge = 1 } },
	{ "slab", FLAG(SLAB), { .nslab = 1 } },
	{ "slab, tail", FLAG(SLAB) | FLAG(TAIL), { .nslab = 1 } },
	{ "page table", FLAG(PGTABLE) | FLAG(MMAP), { .npgtable = 1 } },
	{ "reserved", FLAG(RESERVED), { .nreserved = 1 } },
	{ "reserved and broken", FLAG(RESERVED) | FLAG(HWPOISON), { .nreserved = 1 } },
	{ "the page of zeroes", FLAG(RESERVED) | FLAG(ZERO_PAGE), { .nreserved = 1 } },
	{ "head of a compound page of the kernel", FLAG(HEAD), { .nkernel = 1 } },
	{ "tail of one", FLAG(TAIL), { .nkernel = 1 } },
	{ "without flags", 0, { .nunknown = 1 } },
	{ "with flags that do not tell",
	  FLAG(LOCKED) | FLAG(PRIVATE),
	  { .nunknown = 1 } },
	{ "with a private flag, but others, too",
	  FLAG(OWNER_PRIVATE) | FLAG(LOCKED),
	  { .nunknown = 1 } },
	{ "of a file that uses its private flag",
	  FLAG(LRU) | FLAG(OWNER_PRIVATE),
	  { .nmovable = 1 } },
	{ "unplugged", FLAG(OFFLINE), { .nunplugged = 1 } },
	{ "broken", FLAG(HWPOISON), { .npoisoned = 1 } },
	{ "broken, of a program", FLAG(HWPOISON) | FLAG(ANON), { .npoisoned = 1 } },
	{ "memory map of its own, 7.2", FLAG(OWNER_PRIVATE), { .nmemmap = 1 } },
	{ "memory map of its own, 6.1",
	  FLAG(RESERVED) | FLAG(OWNER_PRIVATE),
	  { .nmemmap = 1 } },
	{ "no page", FLAG(NOPAGE), { .nfree = 0 } },
};

static void test_each_page(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(count_rows); i++) {
		struct memblk_contents contents;

		tap_row("%s", count_rows[i].what);
		memset(&contents, 0, sizeof(contents));
		occupancy_count(&count_rows[i].flags, 1, &contents);
		check_bytes(&contents, &count_rows[i].expected, sizeof(contents));
	}
}

static void test_pages_add_up(void)
{
	static const uint64_t first[] = { FLAG(BUDDY), FLAG(BUDDY), FLAG(SLAB), 0 };
	static const uint64_t then[] = { FLAG(BUDDY), FLAG(NOPAGE), FLAG(HUGE) };
	static const struct memblk_contents expected = {
		.nfree = 3, .nslab = 1, .nunknown = 1, .nmovable = 1, .nhuge = 1
	};
	struct memblk_contents contents;

	memset(&contents, 0, sizeof(contents));
	occupancy_count(first, ARRAY_SIZE(first), &contents);
	occupancy_count(then, ARRAY_SIZE(then), &contents);
	check_bytes(&contents, &expected, sizeof(contents));
	check_uint(occupancy_pages(&contents), 6);
}

static void test_all_kinds_are_pages(void)
{
	static const struct memblk_contents one_each = {
		1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1
	};

	/* those of hugetlbfs are among the movable ones */
	check_uint(occupancy_pages(&one_each), 10);
}

/* ---- Judging ---- */

#define NPAGES 32768
#define ZONE(name)                                          \
	{                                                   \
		.zone = { MEMBLK_ZONE_##name }, .nzones = 1 \
	}

static const struct zones movable = ZONE(MOVABLE), normal = ZONE(NORMAL),
			  dma32 = ZONE(DMA32), strange = ZONE(NONE),
			  none = { .none = true },
			  two = { .zone = { MEMBLK_ZONE_NORMAL, MEMBLK_ZONE_MOVABLE },
				  .nzones = 2 };

struct judge_row {
	const char *what;
	const struct zones *zones;
	struct memblk_contents contents; /* the rest of the block is free */
	enum memblk_offlinable offlinable;
	enum memblk_obstacle obstacle;
};

#define YES MEMBLK_OFFLINABLE_YES
#define LIKELY MEMBLK_OFFLINABLE_LIKELY
#define NO MEMBLK_OFFLINABLE_NO
#define UNKNOWN MEMBLK_OFFLINABLE_UNKNOWN
#define OBSTACLE(name) MEMBLK_OBSTACLE_##name

static const struct judge_row judge_rows[] = {
	{ "free in Movable", &movable, { 0 }, YES, OBSTACLE(NONE) },
	{ "free in Normal", &normal, { 0 }, YES, OBSTACLE(NONE) },
	{ "free in DMA32", &dma32, { 0 }, YES, OBSTACLE(NONE) },
	{ "full in Movable", &movable, { .nmovable = NPAGES }, YES, OBSTACLE(NONE) },
	{ "used in Normal", &normal, { .nmovable = 1 }, LIKELY, OBSTACLE(IN_USE) },
	{ "memory map in it, Normal", &normal, { .nmemmap = 512 }, YES, OBSTACLE(NONE) },
	{ "memory map in it, Movable",
	  &movable,
	  { .nmemmap = 512 },
	  YES,
	  OBSTACLE(NONE) },

	{ "valid_zones none", &none, { 0 }, NO, OBSTACLE(ZONES) },
	{ "valid_zones none, reserved", &none, { .nreserved = 1 }, NO, OBSTACLE(ZONES) },
	{ "valid_zones not known", NULL, { 0 }, UNKNOWN, OBSTACLE(UNSEEN) },
	{ "valid_zones not known, reserved",
	  NULL,
	  { .nreserved = 1 },
	  NO,
	  OBSTACLE(RESERVED) },
	{ "valid_zones not known, slab",
	  NULL,
	  { .nslab = 999 },
	  UNKNOWN,
	  OBSTACLE(UNSEEN) },
	{ "a zone that is not known", &strange, { 0 }, UNKNOWN, OBSTACLE(UNSEEN) },
	{ "two zones", &two, { 0 }, UNKNOWN, OBSTACLE(UNSEEN) },

	{ "a reserved page in Normal",
	  &normal,
	  { .nreserved = 1 },
	  NO,
	  OBSTACLE(RESERVED) },
	{ "a reserved page in Movable",
	  &movable,
	  { .nreserved = 1 },
	  NO,
	  OBSTACLE(RESERVED) },
	{ "reserved before slab",
	  &normal,
	  { .nreserved = 1, .nslab = 99 },
	  NO,
	  OBSTACLE(RESERVED) },

	{ "16 of slab", &normal, { .nslab = 16 }, NO, OBSTACLE(KERNEL) },
	{ "16 page tables", &normal, { .npgtable = 16 }, NO, OBSTACLE(KERNEL) },
	{ "16 compound", &dma32, { .nkernel = 16 }, NO, OBSTACLE(KERNEL) },
	{ "16 of all three",
	  &normal,
	  { .nslab = 5, .npgtable = 5, .nkernel = 6 },
	  NO,
	  OBSTACLE(KERNEL) },
	{ "15 of all three",
	  &normal,
	  { .nslab = 5, .npgtable = 5, .nkernel = 5 },
	  UNKNOWN,
	  OBSTACLE(KERNEL) },
	{ "one of slab", &normal, { .nslab = 1 }, UNKNOWN, OBSTACLE(KERNEL) },
	{ "slab beside others",
	  &normal,
	  { .nslab = 16, .nmovable = 9, .nunknown = 999 },
	  NO,
	  OBSTACLE(KERNEL) },
	{ "slab in Movable, a few", &movable, { .nslab = 100 }, YES, OBSTACLE(NONE) },
	{ "slab in Movable, many",
	  &movable,
	  { .nslab = 100, .nunknown = 3997 },
	  LIKELY,
	  OBSTACLE(UNKNOWN) },

	{ "64 unknown in Normal",
	  &normal,
	  { .nunknown = 64 },
	  LIKELY,
	  OBSTACLE(UNKNOWN) },
	{ "64 unknown, some movable",
	  &normal,
	  { .nunknown = 64, .nmovable = 5 },
	  LIKELY,
	  OBSTACLE(IN_USE) },
	{ "65 unknown in Normal",
	  &normal,
	  { .nunknown = 65 },
	  UNKNOWN,
	  OBSTACLE(UNKNOWN) },
	{ "4096 unknown in Movable",
	  &movable,
	  { .nunknown = 4096 },
	  YES,
	  OBSTACLE(NONE) },
	{ "4097 unknown in Movable",
	  &movable,
	  { .nunknown = 4097 },
	  LIKELY,
	  OBSTACLE(UNKNOWN) },

	{ "hugetlbfs in Movable",
	  &movable,
	  { .nmovable = 512, .nhuge = 512 },
	  LIKELY,
	  OBSTACLE(HUGE) },
	{ "hugetlbfs beside unknown, in Movable",
	  &movable,
	  { .nmovable = 512, .nhuge = 512, .nunknown = 4097 },
	  LIKELY,
	  OBSTACLE(HUGE) },
	{ "broken in Movable", &movable, { .npoisoned = 1 }, LIKELY, OBSTACLE(POISONED) },
	{ "broken in Normal", &normal, { .npoisoned = 1 }, LIKELY, OBSTACLE(POISONED) },
	{ "broken beside slab",
	  &normal,
	  { .npoisoned = 1, .nslab = 16 },
	  NO,
	  OBSTACLE(KERNEL) },
	{ "unplugged in Movable",
	  &movable,
	  { .nunplugged = 9 },
	  LIKELY,
	  OBSTACLE(UNPLUGGED) },
	{ "unplugged in Normal",
	  &normal,
	  { .nunplugged = 9 },
	  LIKELY,
	  OBSTACLE(UNPLUGGED) },
};

static struct occupancy_sight sight_of(const struct judge_row *row,
				       struct memblk_contents *contents)
{
	*contents = row->contents;
	contents->nfree = NPAGES - (uint32_t) occupancy_pages(contents);
	return (struct occupancy_sight){
		.zones = row->zones,
		.holes = OCCUPANCY_HOLES_NONE,
		.contents = contents,
		.npages = NPAGES,
	};
}

static void check_judged(const struct occupancy_sight *sight,
			 enum memblk_offlinable offlinable, enum memblk_obstacle obstacle)
{
	enum memblk_offlinable got_offlinable = _MEMBLK_OFFLINABLE_MAX;
	enum memblk_obstacle got_obstacle = _MEMBLK_OBSTACLE_MAX;

	occupancy_judge(sight, &got_offlinable, &got_obstacle);
	check_uint(got_offlinable, offlinable);
	check_uint(got_obstacle, obstacle);
}

static void test_judgements(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(judge_rows); i++) {
		struct memblk_contents contents;
		struct occupancy_sight sight = sight_of(&judge_rows[i], &contents);

		tap_row("%s", judge_rows[i].what);
		check_judged(&sight, judge_rows[i].offlinable, judge_rows[i].obstacle);
	}
}

/* Whatever else is in the block, and in whichever zone it is. */
static void test_holes(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(judge_rows); i++) {
		bool by_zones = judge_rows[i].obstacle == OBSTACLE(ZONES);
		struct memblk_contents contents;
		struct occupancy_sight sight = sight_of(&judge_rows[i], &contents);

		tap_row("%s", judge_rows[i].what);
		sight.holes = OCCUPANCY_HOLES_SOME;
		check_judged(&sight, NO, by_zones ? OBSTACLE(ZONES) : OBSTACLE(HOLES));
	}
}

/* Holes and zones are found before the kernel asks whether it keeps the block. */
static void test_kept_boot(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(judge_rows); i++) {
		bool by_zones = judge_rows[i].obstacle == OBSTACLE(ZONES);
		struct memblk_contents contents;
		struct occupancy_sight sight = sight_of(&judge_rows[i], &contents);

		tap_row("%s", judge_rows[i].what);
		sight.is_kept_boot = true;
		check_judged(&sight, NO, by_zones ? OBSTACLE(ZONES) : OBSTACLE(BOOT));
		sight.contents = NULL;
		check_judged(&sight, NO, by_zones ? OBSTACLE(ZONES) : OBSTACLE(BOOT));
		sight.holes = OCCUPANCY_HOLES_SOME;
		check_judged(&sight, NO, by_zones ? OBSTACLE(ZONES) : OBSTACLE(HOLES));
	}
}

static void test_missing_pages(void)
{
	static const struct judge_row row = { .zones = &movable };
	struct memblk_contents contents;
	struct occupancy_sight sight = sight_of(&row, &contents);

	contents.nfree--;
	check_judged(&sight, NO, OBSTACLE(HOLES));
}

/* A yes becomes a likely; all else is as it is. */
static void test_holes_unknown(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(judge_rows); i++) {
		bool yes = judge_rows[i].offlinable == YES;
		struct memblk_contents contents;
		struct occupancy_sight sight = sight_of(&judge_rows[i], &contents);
		enum memblk_obstacle ignored;
		enum memblk_offlinable got;

		tap_row("%s", judge_rows[i].what);
		sight.holes = OCCUPANCY_HOLES_UNKNOWN;
		if (yes) {
			check_judged(&sight, LIKELY, OBSTACLE(UNSEEN));
			continue;
		}
		occupancy_judge(&sight, &got, &ignored);
		check_uint(got, judge_rows[i].offlinable);
	}
}

static void test_virtio_mem(void)
{
	static const struct judge_row rows[] = {
		{ .what = "half in Movable",
		  .zones = &movable,
		  .contents = { .nunplugged = NPAGES / 2 } },
		{ .what = "half in Normal",
		  .zones = &normal,
		  .contents = { .nunplugged = NPAGES / 2 } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct memblk_contents contents;
		struct occupancy_sight sight = sight_of(&rows[i], &contents);

		tap_row("%s", rows[i].what);
		sight.is_virtio_mem = true;
		check_judged(&sight, YES, OBSTACLE(NONE));
	}
}

static void test_unseen(void)
{
	struct occupancy_sight sight = { .zones = &movable,
					 .holes = OCCUPANCY_HOLES_NONE,
					 .npages = NPAGES };

	check_judged(&sight, UNKNOWN, OBSTACLE(UNSEEN));
	sight.holes = OCCUPANCY_HOLES_UNKNOWN;
	check_judged(&sight, UNKNOWN, OBSTACLE(UNSEEN));
	sight.holes = OCCUPANCY_HOLES_SOME;
	check_judged(&sight, NO, OBSTACLE(HOLES));
	sight.holes = OCCUPANCY_HOLES_UNKNOWN;
	sight.zones = &none;
	check_judged(&sight, NO, OBSTACLE(ZONES));
	sight.zones = NULL;
	check_judged(&sight, UNKNOWN, OBSTACLE(UNSEEN));
}

static const struct tap_test tests[] = {
	{ "each page is counted as what its flags say", test_each_page },
	{ "pages are counted together, those that are none are left out",
	  test_pages_add_up },
	{ "pages of every kind are pages", test_all_kinds_are_pages },
	{ "what is in a block, and its zone, tell whether it goes", test_judgements },
	{ "memory that the kernel keeps since boot never goes", test_kept_boot },
	{ "a block with holes never goes", test_holes },
	{ "a block of which pages are missing never goes", test_missing_pages },
	{ "where holes cannot be ruled out, no block goes for sure", test_holes_unknown },
	{ "what virtio-mem has unplugged keeps no block from going", test_virtio_mem },
	{ "without its pages, only zones and holes tell of a block", test_unseen },
};

TAP_MAIN(tests)
