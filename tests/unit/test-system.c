/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening a system and finding its blocks: the block size, the firmware's say, names that
 * are blocks and names that are none, the scan of a size and of a range, and whether
 * there are zones at all.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "block.h"
#include "fake.h"
#include "sysroot.h"
#include "tap.h"
#include "util.h"

#define BLOCK_SIZE_MAX (UINT64_C(1) << 63)
#define ALL_BLOCKS 0, UINT64_MAX

struct fixture {
	struct fake fake;
	struct memblk_system *system; /* NULL: could not be opened */
	enum memblk_system_step step;
};

static void fixture_init(struct fixture *fixture)
{
	fake_init(&fixture->fake);
	fixture->system = NULL;
	fixture->step = (enum memblk_system_step) 99;
}

/* In any case the table is freed once. */
static void fixture_done(struct fixture *fixture)
{
	memblk_system_free(fixture->system);
	check_uint(fixture->fake.nfrees, 1);
	check_closed(&fixture->fake);
	fake_done(&fixture->fake);
}

#define _cleanup_fixture_ _cleanup_(fixture_done)

static int open_system(struct fixture *fixture)
{
	return system_open(fake_sysfs(&fixture->fake), &fixture->system, &fixture->step);
}

/* A system with blocks of 128 MiB, to which files can be added before it is opened. */
static void init_system(struct fixture *fixture)
{
	fixture_init(fixture);
	fake_add(&fixture->fake, SYSROOT_BLOCK_SIZE, "8000000\n");
}

static void add_block(struct fixture *fixture, const char *directory, uint64_t index)
{
	char path[SYSROOT_PATH_MAX];

	fake_add_directory(&fixture->fake,
			   sysroot_block_path(path, directory, index, ""));
}

static void add_zones(struct fixture *fixture, uint64_t index, int error)
{
	char path[SYSROOT_PATH_MAX];

	fake_add(&fixture->fake,
		 sysroot_block_path(path, SYSROOT_MEMORY, index, "valid_zones"),
		 "Normal\n")
		->read_error = error;
}

/* ---- Opening ---- */

static void test_block_sizes(void)
{
	static const struct {
		const char *text;
		uint64_t size_bytes;
	} rows[] = {
		{ "8000000\n", UINT64_C(128) << 20 },
		{ "8000000", UINT64_C(128) << 20 },
		{ "0x8000000\n", UINT64_C(128) << 20 },
		{ "80000000\n", UINT64_C(2) << 30 },
		{ "  8000000\n", UINT64_C(128) << 20 },
		{ "\t0x8000000\n", UINT64_C(128) << 20 },
		{ "8000000 and more\n", UINT64_C(128) << 20 },
		{ "8000000\tx\n", UINT64_C(128) << 20 },
		{ "8000000\n1\n", UINT64_C(128) << 20 },
		{ "1\n", 1 },
		{ "8000000000000000\n", BLOCK_SIZE_MAX },
		{ "000000000000000000000000000000008000000\n", UINT64_C(128) << 20 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_fixture_ struct fixture fixture;

		tap_row("%s", rows[i].text);
		fixture_init(&fixture);
		fake_add(&fixture.fake, SYSROOT_BLOCK_SIZE, rows[i].text);
		if (!check_int(open_system(&fixture), 0))
			continue;
		check_uint(memblk_system_block_size(fixture.system), rows[i].size_bytes);
	}
}

static void test_bad_block_sizes(void)
{
	static const char *const texts[] = {
		"",
		"\n",
		" ",
		"0\n",
		"0x0\n",
		"00000000\n",
		"3\n",
		"6\n",
		"8000001\n",
		"7ffffff\n",
		"c000000\n",
		"ffffffffffffffff\n",
		"-8000000\n",
		"+8000000\n",
		"8000000x\n",
		"8000000,\n",
		"x8000000\n",
		"0x\n",
		"0x 8\n",
		"g\n",
		"8g\n",
		"10000000000000000\n",
		"80000000000000000\n",
		"18000000000000000\n",
		"0x0x8\n",
		"- 8\n",
		"8000000\001\n",
		"\xff\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_fixture_ struct fixture fixture;

		tap_row("%s", texts[i]);
		fixture_init(&fixture);
		fake_add(&fixture.fake, SYSROOT_BLOCK_SIZE, texts[i]);
		check_int(open_system(&fixture), -EBADMSG);
		check_uint(fixture.step, MEMBLK_SYSTEM_BLOCK_SIZE);
		check(!fixture.system);
	}
}

/* Each digit at its place: a block size has only one that is not zero. */
static void test_block_size_digits(void)
{
	for (unsigned int shift = 0; shift < 64; shift++) {
		_cleanup_fixture_ struct fixture fixture;
		char text[24];

		tap_row("2^%u", shift);
		snprintf(text, sizeof(text), "%llx\n", 1ULL << shift);
		fixture_init(&fixture);
		fake_add(&fixture.fake, SYSROOT_BLOCK_SIZE, text);
		if (check_int(open_system(&fixture), 0))
			check_uint(memblk_system_block_size(fixture.system),
				   UINT64_C(1) << shift);
	}
}

static void test_letters_are_digits(void)
{
	static const char *const texts[] = { "a\n", "b\n", "C\n", "d\n",
					     "E\n", "f\n", "F\n" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_fixture_ struct fixture fixture;

		/* read as digits, none of them is a power of two */
		tap_row("%s", texts[i]);
		fixture_init(&fixture);
		fake_add(&fixture.fake, SYSROOT_BLOCK_SIZE, texts[i]);
		check_int(open_system(&fixture), -EBADMSG);
	}
}

static void test_block_size_errors(void)
{
	static const int errors[] = { EIO, EACCES, ENODEV };

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		_cleanup_fixture_ struct fixture fixture;

		tap_row("%s", strerror(errors[i]));
		init_system(&fixture);
		fake_find(&fixture.fake, SYSROOT_BLOCK_SIZE)->read_error = errors[i];
		check_int(open_system(&fixture), -errors[i]);
		check_uint(fixture.step, MEMBLK_SYSTEM_BLOCK_SIZE);
		check(!fixture.system);
	}
}

static void test_no_block_size(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	fake_add_directory(&fixture.fake, SYSROOT_MEMORY);
	check_int(open_system(&fixture), -ENOENT);
	check_uint(fixture.step, MEMBLK_SYSTEM_BLOCK_SIZE);
}

static void test_no_memory_directory(void)
{
	static const struct {
		const char *path;
		int error;
	} rows[] = { { "elsewhere", ENOENT },
		     { SYSROOT_MEMORY, ENOTDIR },
		     { "sys", ENOTDIR } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_fixture_ struct fixture fixture;

		tap_row("%s", rows[i].path);
		fixture_init(&fixture);
		fake_add(&fixture.fake, rows[i].path, "");
		check_int(open_system(&fixture), -rows[i].error);
		check_uint(fixture.step, MEMBLK_SYSTEM_MEMORY);
		check(!fixture.system);
	}
}

static void test_closed_memory_directory(void)
{
	_cleanup_fixture_ struct fixture fixture;

	init_system(&fixture);
	fake_add_directory(&fixture.fake, SYSROOT_MEMORY)->open_error = EACCES;
	fake_find(&fixture.fake, SYSROOT_BLOCK_SIZE)->open_error = EIO;
	check_int(open_system(&fixture), -EACCES);
	check_uint(fixture.step, MEMBLK_SYSTEM_MEMORY);
}

static void test_root_that_is_no_directory(void)
{
	struct memblk_system *system = NULL;
	enum memblk_system_step step = MEMBLK_SYSTEM_FIRMWARE;

	check_int(memblk_system_open("/dev/null", &system, &step), -ENOTDIR);
	check_uint(step, MEMBLK_SYSTEM_MEMORY);
	check(!system);
	memblk_system_free(NULL);
}

static void test_paths(void)
{
	check_string(memblk_memory_path(), "/sys/devices/system/memory");
	check_string(memblk_firmware_path(), "/sys/firmware/memory");
}

/* ---- The firmware's say ---- */

static void check_configurable(const char *path, bool expected)
{
	_cleanup_fixture_ struct fixture fixture;

	tap_row("%s", path);
	init_system(&fixture);
	fake_add_directory(&fixture.fake, path);
	if (check_int(open_system(&fixture), 0))
		check_int(memblk_system_is_configurable(fixture.system), expected);
}

static void test_configurable(void)
{
	check_configurable(SYSROOT_FIRMWARE "/memory0", true);
	check_configurable(SYSROOT_FIRMWARE "/memory17", true);
	check_configurable(SYSROOT_FIRMWARE, false);
	check_configurable(SYSROOT_FIRMWARE "/memoryx", false);
	check_configurable(SYSROOT_FIRMWARE "/power", false);
	check_configurable(SYSROOT_MEMORY "/memory0", false);
}

static void test_firmware_that_is_a_file(void)
{
	_cleanup_fixture_ struct fixture fixture;

	init_system(&fixture);
	fake_add(&fixture.fake, SYSROOT_FIRMWARE, "");
	if (check_int(open_system(&fixture), 0))
		check(!memblk_system_is_configurable(fixture.system));
}

static void test_firmware_fails(void)
{
	static const int errors[] = { EACCES, EIO };

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		_cleanup_fixture_ struct fixture fixture;

		tap_row("%s", strerror(errors[i]));
		init_system(&fixture);
		fake_add_directory(&fixture.fake, SYSROOT_FIRMWARE)
			->list_error = errors[i];
		check_int(open_system(&fixture), -errors[i]);
		check_uint(fixture.step, MEMBLK_SYSTEM_FIRMWARE);
		check(!fixture.system);
	}
}

/* ---- Are there blocks at all ---- */

static void test_check_blocks(void)
{
	_cleanup_fixture_ struct fixture fixture;
	struct fake_file *directory;

	init_system(&fixture);
	directory = fake_add_directory(&fixture.fake, SYSROOT_MEMORY);
	fake_add_directory(&fixture.fake, SYSROOT_MEMORY "/memory");
	if (!check_int(open_system(&fixture), 0))
		return;
	check_int(memblk_system_check_blocks(fixture.system), -ENODATA);
	directory->list_error = EIO;
	check_int(memblk_system_check_blocks(fixture.system), -EIO);
	directory->list_error = 0;
	add_block(&fixture, SYSROOT_MEMORY, 7);
	check_int(memblk_system_check_blocks(fixture.system), 0);
}

static void test_check_blocks_of_firmware(void)
{
	_cleanup_fixture_ struct fixture fixture;

	init_system(&fixture);
	add_block(&fixture, SYSROOT_FIRMWARE, 7);
	if (check_int(open_system(&fixture), 0))
		check_int(memblk_system_check_blocks(fixture.system), 0);
}

/* ---- Names ---- */

static void test_names(void)
{
	static const struct {
		const char *name;
		uint64_t index;
	} rows[] = {
		{ "memory0", 0 },
		{ "memory7", 7 },
		{ "memory10", 10 },
		{ "memory9876543210", UINT64_C(9876543210) },
		{ "memory18446744073709551615", UINT64_MAX },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t index = 99;

		tap_row("%s", rows[i].name);
		check(block_index_from_name(rows[i].name, &index));
		check_uint(index, rows[i].index);
	}
}

static void test_bad_names(void)
{
	static const char *const names[] = {
		"memory",
		"memory007",
		"memory00",
		"memory01",
		"memory-1",
		"memory+1",
		"memory 1",
		"memory1 ",
		"memory1a",
		"memory1.",
		"memoryx",
		"memory0x1",
		"memory18446744073709551616",
		"memory18446744073709551620",
		"memory99999999999999999999",
		"memory184467440737095516150",
		"",
		".",
		"..",
		"mem0",
		"Memory0",
		"memor0",
		"xmemory0",
		"memory\xd9\xa1",
		"memory1/",
		"memory1:",
		"block_size_bytes",
		"power",
		"0",
		"node0",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *name = strdup(names[i]);
		uint64_t index = 99;

		if (!name)
			abort();
		tap_row("%s", name);
		check(!block_index_from_name(name, &index));
		check_uint(index, 99);
	}
}

/* ---- Scan ---- */

struct scan {
	int r;
	uint64_t *blocks;
	size_t nblocks;
};

static void scan_done(struct scan *scan)
{
	if (scan->r == 0)
		free(scan->blocks);
}

#define _cleanup_scan_ _cleanup_(scan_done)

static const uint64_t untouched;

static struct scan scan(struct fixture *fixture, struct memblk_selection selection)
{
	struct scan scan = { .blocks = (uint64_t *) (uintptr_t) &untouched,
			     .nblocks = 99 };

	scan.r = memblk_scan(fixture->system, &selection, &scan.blocks, &scan.nblocks);
	return scan;
}

static struct scan scan_size(struct fixture *fixture)
{
	return scan(fixture, (struct memblk_selection){ .kind = MEMBLK_SELECTION_SIZE,
							.nblocks = 1 });
}

static struct scan scan_range(struct fixture *fixture, uint64_t first, uint64_t last)
{
	struct memblk_range range = { first, last };

	return scan(fixture, (struct memblk_selection){ .kind = MEMBLK_SELECTION_BLOCKS,
							.ranges = { &range, 1 } });
}

static void check_scan_at(struct tap_place place, const struct scan *scan,
			  const uint64_t *expected, size_t nexpected)
{
	place.expression = "result of the scan";
	if (!tap_check_int(place, scan->r, 0))
		return;
	place.expression = "number of blocks";
	if (!tap_check_uint(place, scan->nblocks, nexpected))
		return;
	place.expression = "block";
	for (size_t i = 0; i < nexpected; i++)
		tap_check_uint(place, scan->blocks[i], expected[i]);
}

#define check_scan(scan, ...)                                                   \
	check_scan_at(TAP_PLACE(""), (scan), (const uint64_t[]){ __VA_ARGS__ }, \
		      ARRAY_SIZE(((const uint64_t[]){ __VA_ARGS__ })))

static void check_failed_scan(const struct scan *scan, int error)
{
	check_int(scan->r, -error);
	check(scan->blocks == &untouched);
	check_uint(scan->nblocks, 99);
}

static void add_disorder(struct fixture *fixture, const char *directory)
{
	static const uint64_t order[] = { 100, 9, UINT64_MAX, 0, 10, 2000, 11 };

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		add_block(fixture, directory, order[i]);
}

static void test_scan_by_size(void)
{
	_cleanup_fixture_ struct fixture fixture;
	_cleanup_scan_ struct scan found = { .r = -1 };

	init_system(&fixture);
	add_disorder(&fixture, SYSROOT_MEMORY);
	fake_add_directory(&fixture.fake, SYSROOT_MEMORY "/memory007");
	fake_add_directory(&fixture.fake, SYSROOT_MEMORY "/memory18446744073709551616");
	fake_add_directory(&fixture.fake, SYSROOT_MEMORY "/power");
	fake_add(&fixture.fake, SYSROOT_MEMORY "/memory5", "a file");
	if (!check_int(open_system(&fixture), 0))
		return;
	found = scan_size(&fixture);
	check_scan(&found, 0, 9, 10, 11, 100, 2000, UINT64_MAX);
}

static void test_scan_of_all(void)
{
	static const enum memblk_selection_kind kinds[] = { MEMBLK_SELECTION_ALL,
							    MEMBLK_SELECTION_RESIZE };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		_cleanup_fixture_ struct fixture fixture;
		_cleanup_scan_ struct scan found = { .r = -1 };

		tap_row("selection %u", kinds[i]);
		init_system(&fixture);
		add_disorder(&fixture, SYSROOT_MEMORY);
		if (!check_int(open_system(&fixture), 0))
			return;
		found = scan(&fixture, (struct memblk_selection){ .kind = kinds[i] });
		check_scan(&found, 0, 9, 10, 11, 100, 2000, UINT64_MAX);
	}
}

/* In order, whether they are looked up in the directory or not. */
static void test_scan_of_lists(void)
{
	struct memblk_range few[] = { { 9, 10 }, { 12, 12 }, { 2000, 2001 } };
	struct memblk_range many[] = { { 0, 10 },
				       { 12, 1 << 20 },
				       { UINT64_MAX, UINT64_MAX } };
	_cleanup_fixture_ struct fixture fixture;
	_cleanup_scan_ struct scan named = { .r = -1 }, listed = { .r = -1 };

	init_system(&fixture);
	add_disorder(&fixture, SYSROOT_MEMORY);
	if (!check_int(open_system(&fixture), 0))
		return;
	named = scan(&fixture,
		     (struct memblk_selection){ .kind = MEMBLK_SELECTION_BLOCKS,
						.ranges = { few, ARRAY_SIZE(few) } });
	check_scan(&named, 9, 10, 12, 2000, 2001);
	listed = scan(&fixture,
		      (struct memblk_selection){ .kind = MEMBLK_SELECTION_BLOCKS,
						 .ranges = { many, ARRAY_SIZE(many) } });
	check_scan(&listed, 0, 9, 10, 100, 2000, UINT64_MAX);
}

static void test_scan_of_firmware(void)
{
	_cleanup_fixture_ struct fixture fixture;
	_cleanup_scan_ struct scan found = { .r = -1 };
	_cleanup_scan_ struct scan range = { .r = -1 };

	init_system(&fixture);
	add_disorder(&fixture, SYSROOT_FIRMWARE);
	add_block(&fixture, SYSROOT_MEMORY, 1);
	if (!check_int(open_system(&fixture), 0))
		return;
	found = scan_size(&fixture);
	check_scan(&found, 0, 9, 10, 11, 100, 2000, UINT64_MAX);
	range = scan_range(&fixture, ALL_BLOCKS);
	check_scan(&range, 0, 9, 10, 11, 100, 2000, UINT64_MAX);
}

static void test_scan_of_nothing(void)
{
	_cleanup_fixture_ struct fixture fixture;
	_cleanup_scan_ struct scan found = { .r = -1 };
	_cleanup_scan_ struct scan range = { .r = -1 };

	init_system(&fixture);
	if (!check_int(open_system(&fixture), 0))
		return;
	found = scan_size(&fixture);
	check_int(found.r, 0);
	check_uint(found.nblocks, 0);
	range = scan_range(&fixture, ALL_BLOCKS);
	check_int(range.r, 0);
	check_uint(range.nblocks, 0);
}

static void test_scan_of_many(void)
{
	enum { NBLOCKS = 600 };
	_cleanup_fixture_ struct fixture fixture;
	_cleanup_scan_ struct scan found = { .r = -1 };

	init_system(&fixture);
	for (uint64_t i = NBLOCKS; i-- > 0;)
		add_block(&fixture, SYSROOT_MEMORY, i * 3);
	if (!check_int(open_system(&fixture), 0))
		return;
	found = scan_size(&fixture);
	check_int(found.r, 0);
	if (!check_uint(found.nblocks, NBLOCKS))
		return;
	for (uint64_t i = 0; i < NBLOCKS; i++)
		check_uint(found.blocks[i], i * 3);
}

/* Where the range is short, it is left to the walk which of its blocks exist. */
static void test_scan_of_short_ranges(void)
{
	_cleanup_fixture_ struct fixture fixture;
	_cleanup_scan_ struct scan one = { .r = -1 };
	_cleanup_scan_ struct scan some = { .r = -1 };
	_cleanup_scan_ struct scan last = { .r = -1 };
	struct fake_file *directory;

	init_system(&fixture);
	directory = fake_add_directory(&fixture.fake, SYSROOT_MEMORY);
	add_block(&fixture, SYSROOT_MEMORY, 6);
	if (!check_int(open_system(&fixture), 0))
		return;
	directory->nopens = 0;
	directory->list_error = EIO;
	one = scan_range(&fixture, 5, 5);
	check_scan(&one, 5);
	some = scan_range(&fixture, 5, 8);
	check_scan(&some, 5, 6, 7, 8);
	last = scan_range(&fixture, UINT64_MAX - 1, UINT64_MAX);
	check_scan(&last, UINT64_MAX - 1, UINT64_MAX);
	check_uint(directory->nopens, 0);
}

static void test_scan_of_long_ranges(void)
{
	_cleanup_fixture_ struct fixture fixture;
	_cleanup_scan_ struct scan all = { .r = -1 };
	_cleanup_scan_ struct scan middle = { .r = -1 };
	_cleanup_scan_ struct scan inner = { .r = -1 };
	_cleanup_scan_ struct scan none = { .r = -1 };

	init_system(&fixture);
	add_disorder(&fixture, SYSROOT_MEMORY);
	if (!check_int(open_system(&fixture), 0))
		return;
	all = scan_range(&fixture, ALL_BLOCKS);
	check_scan(&all, 0, 9, 10, 11, 100, 2000, UINT64_MAX);
	middle = scan_range(&fixture, 10, 1000000);
	check_scan(&middle, 10, 11, 100, 2000);
	inner = scan_range(&fixture, 1, 1999999);
	check_scan(&inner, 9, 10, 11, 100, 2000);
	none = scan_range(&fixture, 3000, UINT64_MAX - 1);
	check_int(none.r, 0);
	check_uint(none.nblocks, 0);
}

static void test_scan_at_the_ends(void)
{
	_cleanup_fixture_ struct fixture fixture;
	_cleanup_scan_ struct scan both = { .r = -1 };
	_cleanup_scan_ struct scan neither = { .r = -1 };

	init_system(&fixture);
	add_block(&fixture, SYSROOT_MEMORY, 10);
	add_block(&fixture, SYSROOT_MEMORY, 100010);
	if (!check_int(open_system(&fixture), 0))
		return;
	both = scan_range(&fixture, 10, 100010);
	check_scan(&both, 10, 100010);
	neither = scan_range(&fixture, 11, 100009);
	check_int(neither.r, 0);
	check_uint(neither.nblocks, 0);
}

static void test_scan_fails(void)
{
	_cleanup_fixture_ struct fixture fixture;
	struct fake_file *directory;
	struct scan found;

	init_system(&fixture);
	directory = fake_add_directory(&fixture.fake, SYSROOT_MEMORY);
	add_disorder(&fixture, SYSROOT_MEMORY);
	if (!check_int(open_system(&fixture), 0))
		return;
	directory->list_error = EIO;
	found = scan_size(&fixture);
	check_failed_scan(&found, EIO);
	directory->list_entries = 3;
	found = scan_size(&fixture);
	check_failed_scan(&found, EIO);
	found = scan_range(&fixture, ALL_BLOCKS);
	check_failed_scan(&found, EIO);
	directory->open_error = EACCES;
	found = scan_size(&fixture);
	check_failed_scan(&found, EACCES);
}

/* ---- Whether there are zones ---- */

static const uint64_t planned[] = { 1, 2, 3 };

static int has_zones(struct fixture *fixture, bool by_size, bool *ret)
{
	struct memblk_plan plan = {
		.blocks = planned,
		.nblocks = ARRAY_SIZE(planned),
		.by_size = by_size,
	};

	return memblk_system_has_zones(fixture->system, &plan, ret);
}

static void check_has_zones(struct fixture *fixture, bool by_size, bool expected)
{
	bool found = !expected;

	check_int(has_zones(fixture, by_size, &found), 0);
	check_int(found, expected);
}

static void test_no_zones(void)
{
	_cleanup_fixture_ struct fixture fixture;

	init_system(&fixture);
	for (uint64_t i = 1; i <= 4; i++)
		add_block(&fixture, SYSROOT_MEMORY, i);
	/* what is no directory has no zones either */
	fake_add(&fixture.fake, SYSROOT_MEMORY "/memory5", "a file");
	if (!check_int(open_system(&fixture), 0))
		return;
	check_has_zones(&fixture, true, false);
	check_has_zones(&fixture, false, false);
}

static void test_zones_of_last_block(void)
{
	_cleanup_fixture_ struct fixture fixture;

	init_system(&fixture);
	add_zones(&fixture, 3, 0);
	if (!check_int(open_system(&fixture), 0))
		return;
	check_has_zones(&fixture, true, true);
	check_has_zones(&fixture, false, true);
}

static void test_unreadable_zones(void)
{
	_cleanup_fixture_ struct fixture fixture;

	init_system(&fixture);
	add_zones(&fixture, 2, EIO);
	if (check_int(open_system(&fixture), 0))
		check_has_zones(&fixture, false, true);
}

static void test_zones_of_others(void)
{
	_cleanup_fixture_ struct fixture fixture;

	init_system(&fixture);
	add_block(&fixture, SYSROOT_MEMORY, 1);
	add_block(&fixture, SYSROOT_MEMORY, 8);
	add_zones(&fixture, 9, 0);
	if (check_int(open_system(&fixture), 0))
		check_has_zones(&fixture, false, true);
}

/* These are all blocks there are, so that no others are looked for. */
static void test_zones_of_all(void)
{
	_cleanup_fixture_ struct fixture fixture;
	struct memblk_plan plan = { .blocks = planned,
				    .nblocks = ARRAY_SIZE(planned),
				    .all = true };
	bool found = true;

	init_system(&fixture);
	add_block(&fixture, SYSROOT_MEMORY, 1);
	fake_add_directory(&fixture.fake, SYSROOT_MEMORY)->list_error = EIO;
	if (!check_int(open_system(&fixture), 0))
		return;
	check_int(memblk_system_has_zones(fixture.system, &plan, &found), 0);
	check(!found);
	add_zones(&fixture, 3, 0);
	check_int(memblk_system_has_zones(fixture.system, &plan, &found), 0);
	check(found);
}

static void test_zones_fail(void)
{
	_cleanup_fixture_ struct fixture fixture;
	bool found = true;

	init_system(&fixture);
	fake_add_directory(&fixture.fake, SYSROOT_MEMORY)->list_error = EIO;
	if (!check_int(open_system(&fixture), 0))
		return;
	check_int(has_zones(&fixture, false, &found), -EIO);
	check(found);
}

static const struct tap_test tests[] = {
	{ "A block size is hexadecimal, up to the first blank", test_block_sizes },
	{ "D20: A block size that is none is refused", test_bad_block_sizes },
	{ "A block size is any power of two", test_block_size_digits },
	{ "D20: A block size that is no power of two is refused",
	  test_letters_are_digits },
	{ "A block size that cannot be read is told of", test_block_size_errors },
	{ "A block size that is missing is told of", test_no_block_size },
	{ "A memory directory that is none is told of", test_no_memory_directory },
	{ "A memory directory that cannot be opened is told of",
	  test_closed_memory_directory },
	{ "A root that is no directory is told of", test_root_that_is_no_directory },
	{ "Paths are named as on a running system", test_paths },
	{ "The firmware has a say if it lists a block", test_configurable },
	{ "A firmware that is a file has no say", test_firmware_that_is_a_file },
	{ "A firmware's list that cannot be read is told of", test_firmware_fails },
	{ "D20: A system without a block is told apart from one that fails",
	  test_check_blocks },
	{ "The blocks of the firmware are blocks", test_check_blocks_of_firmware },
	{ "A block's name is memory and a number", test_names },
	{ "D32: What is no number of 64 bits, or has a leading zero, is no block",
	  test_bad_names },
	{ "By size all blocks are found, in order of their numbers", test_scan_by_size },
	{ "So they are for all, and to reach a size", test_scan_of_all },
	{ "Of a list of ranges each is in order", test_scan_of_lists },
	{ "Where the firmware lists blocks, these are the blocks",
	  test_scan_of_firmware },
	{ "There may be no blocks", test_scan_of_nothing },
	{ "There may be many blocks", test_scan_of_many },
	{ "A short range is not looked up", test_scan_of_short_ranges },
	{ "D7: Of a long range the blocks that exist are found",
	  test_scan_of_long_ranges },
	{ "Both ends of a range belong to it", test_scan_at_the_ends },
	{ "A list that fails half-way gives no blocks", test_scan_fails },
	{ "D15: Without any valid_zones there are no zones", test_no_zones },
	{ "D15: One valid_zones is enough, and need not be the first",
	  test_zones_of_last_block },
	{ "D17: A valid_zones that cannot be read is there", test_unreadable_zones },
	{ "D15: By range the other blocks count as well", test_zones_of_others },
	{ "D15: Of all, their own zones count", test_zones_of_all },
	{ "A list that fails leaves open whether there are zones", test_zones_fail },
};

TAP_MAIN(tests)
