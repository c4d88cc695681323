/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order in which blocks cost least to take offline, on a machine in memory: by what
 * is in them, by their zone where that is not known, and how long it is looked for.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "machine.h"
#include "sysroot.h"
#include "util.h"

#define NBLOCKS 16

/* Of an instrumented build, where too much memory asked for is to be had no more than
 * ever. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static struct {
	int ncaught;
} signals;

/* Of lib/interrupt.c, too. */
int memblk_signals_caught(void)
{
	return signals.ncaught;
}

/* Blocks 0 to NBLOCKS - 1, online in zone Movable, and free. */
static bool init(struct machine *machine)
{
	clock_reset();
	signals.ncaught = 0;
	machine_init(machine);
	machine_add_pages(machine, NBLOCKS - 1);
	for (uint64_t i = 0; i < NBLOCKS; i++)
		machine_add(machine, i, "online", "Movable");

	return machine_plan(machine, request_by_range(MEMBLK_COMMAND_DISABLE, 0, 0));
}

static void set_zone(struct machine *machine, uint64_t index, const char *zone)
{
	fake_set(machine_file(machine, index, "valid_zones"), zone);
}

static void fill(struct machine *machine, uint64_t index, size_t npages, uint64_t flags)
{
	machine_set_pages(machine, index, 0, npages, flags);
}

static struct fake_file *pages_of(struct machine *machine)
{
	return fake_find(&machine->fake, SYSROOT_KPAGEFLAGS);
}

/* How the blocks are to be ordered. */
struct wish {
	enum memblk_selection_kind kind;
	enum memblk_zone zone;
	uint64_t nwanted;
	uint64_t limit_ms;
};

static const struct wish all_of_range = {
	.kind = MEMBLK_SELECTION_BLOCKS,
	.nwanted = UINT64_MAX,
	.limit_ms = MEMBLK_FOREVER,
};

static struct wish by_size(uint64_t nwanted)
{
	return (struct wish){
		.kind = MEMBLK_SELECTION_SIZE,
		.nwanted = nwanted,
		.limit_ms = MEMBLK_FOREVER,
	};
}

/* Orders blocks 0 to NBLOCKS_ - 1; EXPECTED is their numbers, a blank behind each. */
static void check_order_at(struct tap_place place, struct machine *machine,
			   struct wish wish, size_t nblocks, const char *expected)
{
	struct memblk_request request = {
		.command = MEMBLK_COMMAND_DISABLE,
		.selection = { .kind = wish.kind },
		.zone = wish.zone,
		.order = MEMBLK_ORDER_CHEAPEST,
	};
	uint64_t blocks[NBLOCKS];
	char text[128] = "";
	size_t length = 0;

	for (size_t i = 0; i < nblocks; i++)
		blocks[i] = i;
	check_int(memblk_order_cheapest(machine->system, &request, wish.nwanted,
					wish.limit_ms, blocks, &nblocks),
		  0);
	for (size_t i = 0; i < nblocks; i++)
		length += (size_t) snprintf(text + length, sizeof(text) - length,
					    "%" PRIu64 " ", blocks[i]);
	tap_check_string(place, text, expected);
}

#define check_order(machine, wish, nblocks, expected) \
	check_order_at(TAP_PLACE("the order"), (machine), (wish), (nblocks), (expected))

/* ---- By what is in them ---- */

/* A part of a block, of which there are 64, is 8 pages here. */
static void test_cost(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	fill(&machine, 0, 100, PAGE_LRU);
	fill(&machine, 1, 8, PAGE_LRU);
	fill(&machine, 2, 1, PAGE_LRU);
	fill(&machine, 3, 9, PAGE_LRU);
	fill(&machine, 5, 512, PAGE_LRU);
	fill(&machine, 6, 505, PAGE_LRU);
	fill(&machine, 7, 504, PAGE_LRU);
	check_order(&machine, all_of_range, 8, "4 2 1 3 0 7 6 5 ");
	check_order(&machine, by_size(8), 8, "4 2 1 3 0 7 6 5 ");
}

/* Where a huge page would have to go is not known, be it ever so small a part. */
static void test_huge_pages(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	fill(&machine, 0, 512, PAGE_LRU);
	fill(&machine, 1, 504, PAGE_HUGE);
	fill(&machine, 2, 8, PAGE_HUGE);
	fill(&machine, 3, 8, PAGE_LRU);
	check_order(&machine, all_of_range, 4, "3 0 2 1 ");
	check_order(&machine, by_size(4), 4, "3 0 2 1 ");
}

static void test_ties(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	for (uint64_t i = 2; i < 8; i += 2)
		set_zone(&machine, i, "Normal\n");
	fill(&machine, 0, 20, PAGE_LRU);
	fill(&machine, 5, 20, PAGE_LRU);
	fill(&machine, 6, 17, PAGE_LRU);
	check_order(&machine, all_of_range, 8, "7 3 1 4 2 5 0 6 ");
}

/* Pages of the kernel, or that may be, count more than any number to be moved. */
static void test_uncertain(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	for (uint64_t i = 3; i < 8; i++)
		set_zone(&machine, i, "Normal\n");
	fill(&machine, 0, 512, PAGE_LRU);
	fill(&machine, 1, 400, PAGE_UNKNOWN);
	fill(&machine, 2, 100, PAGE_SLAB);
	fill(&machine, 4, 15, PAGE_SLAB);
	fill(&machine, 5, 1, PAGE_UNKNOWN);
	fill(&machine, 6, 300, PAGE_UNKNOWN);
	fill(&machine, 7, 512, PAGE_LRU);
	machine_set_pages(&machine, 6, 300, 100, PAGE_LRU);
	check_order(&machine, all_of_range, 8, "2 1 3 0 7 5 4 6 ");
	check_order(&machine, by_size(8), 8, "2 1 3 0 7 5 4 6 ");
}

/* ---- Those that never go ---- */

static bool init_never(struct machine *machine)
{
	if (!init(machine))
		return false;
	set_zone(machine, 6, "none\n");
	set_zone(machine, 5, "Normal\n");
	fill(machine, 5, 16, PAGE_SLAB);
	fill(machine, 4, 1, PAGE_RESERVED);
	fill(machine, 3, 1, PAGE_NONE);
	fake_set(machine_file(machine, 2, "state"), "offline\n");
	set_zone(machine, 2, "Normal Movable\n");
	fill(machine, 1, 512, PAGE_LRU);
	return true;
}

static void test_never_last(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init_never(&machine))
		return;
	/* of these, those in zone Movable, and the highest */
	check_order(&machine, all_of_range, 8, "7 0 1 4 3 6 5 2 ");
}

static void test_never_dropped(void)
{
	static const enum memblk_selection_kind kinds[] = {
		MEMBLK_SELECTION_SIZE,
		MEMBLK_SELECTION_RESIZE,
	};
	_cleanup_machine_ struct machine machine;

	if (!init_never(&machine))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct wish wish = by_size(UINT64_MAX);

		tap_row("kind %d", (int) kinds[i]);
		wish.kind = kinds[i];
		/* but those that hold what cannot go */
		check_order(&machine, wish, 8, "7 0 1 4 5 ");
	}
}

static void test_all_keeps(void)
{
	_cleanup_machine_ struct machine machine;
	struct wish wish = by_size(UINT64_MAX);

	if (!init_never(&machine))
		return;
	wish.kind = MEMBLK_SELECTION_ALL;
	check_order(&machine, wish, 8, "7 0 1 4 3 6 5 2 ");
}

static void test_zone(void)
{
	_cleanup_machine_ struct machine machine;
	struct wish wish = all_of_range;

	if (!init(&machine))
		return;
	set_zone(&machine, 1, "Normal\n");
	set_zone(&machine, 3, "DMA32\n");
	fill(&machine, 0, 100, PAGE_LRU);
	fill(&machine, 1, 100, PAGE_LRU);
	wish.zone = MEMBLK_ZONE_NORMAL;
	check_order(&machine, wish, 4, "1 2 0 3 ");
	wish.kind = MEMBLK_SELECTION_SIZE;
	check_order(&machine, wish, 4, "1 ");
	wish.zone = MEMBLK_ZONE_MOVABLE;
	check_order(&machine, wish, 4, "2 0 ");
}

/* ---- Where it is not known what is in them ---- */

static void set_zones_by_turns(struct machine *machine)
{
	for (uint64_t i = 0; i < 6; i += 2)
		set_zone(machine, i, "Normal\n");
	set_zone(machine, 5, "none\n");
}

static void test_unreadable(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	set_zones_by_turns(&machine);
	fill(&machine, 3, 512, PAGE_LRU);
	pages_of(&machine)->open_error = EPERM;
	check_order(&machine, all_of_range, 6, "3 1 4 2 0 5 ");
	check_order(&machine, by_size(6), 6, "3 1 4 2 0 ");
	pages_of(&machine)->open_error = 0;
	pages_of(&machine)->read_error = EIO;
	check_order(&machine, all_of_range, 6, "3 1 4 2 0 5 ");
	fake_remove(&machine.fake, SYSROOT_KPAGEFLAGS);
	check_order(&machine, all_of_range, 6, "3 1 4 2 0 5 ");
}

/* Without its zone, a block may be in any but Movable, and nothing of it is certain. */
static void test_unknown_zones(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	machine_file(&machine, 2, "valid_zones")->read_error = EIO;
	set_zone(&machine, 3, "Normal\n");
	set_zone(&machine, 1, "Normal\n");
	fill(&machine, 1, 512, PAGE_LRU);
	check_order(&machine, all_of_range, 4, "0 3 1 2 ");
	check_order(&machine, by_size(4), 4, "0 3 1 2 ");
	pages_of(&machine)->open_error = EPERM;
	check_order(&machine, all_of_range, 4, "0 3 2 1 ");
}

/* Holes are known without the pages. */
static void test_holes(void)
{
	uint64_t size = MACHINE_PAGES * (uint64_t) sysconf(_SC_PAGESIZE);
	_cleanup_machine_ struct machine machine;
	char text[64];

	if (!init(&machine))
		return;
	pages_of(&machine)->open_error = EPERM;
	snprintf(text, sizeof(text), "0-%" PRIx64 " : System RAM\n", 3 * size - 2);
	fake_set(fake_find(&machine.fake, SYSROOT_IOMEM), text);
	check_order(&machine, all_of_range, 4, "1 0 3 2 ");
	check_order(&machine, by_size(4), 4, "1 0 ");
}

/* ---- How long it is looked for ---- */

static void test_no_time(void)
{
	_cleanup_machine_ struct machine machine;
	struct wish wish = all_of_range;

	if (!init(&machine))
		return;
	set_zones_by_turns(&machine);
	fill(&machine, 3, 512, PAGE_LRU);
	wish.limit_ms = clock_state.now_ms;
	check_order(&machine, wish, 6, "3 1 4 2 0 5 ");
	check_uint(pages_of(&machine)->nreads, 0);
}

static void take_time(struct fake *fake, struct fake_file *file)
{
	(void) fake;
	(void) file;
	clock_state.now_ms += 10;
}

/* What was seen by then counts; the others go by their zone, behind it. */
static void test_time_is_up(void)
{
	_cleanup_machine_ struct machine machine;
	struct wish wish = all_of_range;

	if (!init(&machine))
		return;
	set_zones_by_turns(&machine);
	set_zone(&machine, 5, "Movable\n");
	fill(&machine, 5, 512, PAGE_LRU);
	fill(&machine, 3, 1, PAGE_LRU);
	pages_of(&machine)->read_fn = take_time;
	wish.limit_ms = clock_state.now_ms + 20;
	check_order(&machine, wish, 6, "3 5 1 4 2 0 ");
	check_uint(pages_of(&machine)->nreads, 2);
}

static void catch_signal(struct fake *fake, struct fake_file *file)
{
	(void) fake;
	(void) file;
	signals.ncaught++;
}

static void test_signal(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	fill(&machine, 0, 1, PAGE_LRU);
	pages_of(&machine)->read_fn = catch_signal;
	check_order(&machine, all_of_range, 4, "3 2 1 0 ");
	check_uint(pages_of(&machine)->nreads, 1);
}

/* Blocks of zone Movable first, from the highest down. */
static void test_enough(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	set_zone(&machine, 7, "Normal\n");
	fill(&machine, 6, 1, PAGE_LRU);
	fill(&machine, 2, 1, PAGE_LRU);
	check_order(&machine, by_size(2), 8, "5 4 6 3 2 1 0 7 ");
	check_uint(pages_of(&machine)->nreads, 3);
	check_order(&machine, by_size(0), 8, "6 5 4 3 2 1 0 7 ");
	check_uint(pages_of(&machine)->nreads, 3);
}

/* Free blocks that may be kept are not enough. */
static void test_not_enough(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	for (uint64_t i = 0; i < 4; i++)
		set_zone(&machine, i, "Normal\n");
	fill(&machine, 3, 1, PAGE_UNKNOWN);
	fill(&machine, 2, 20, PAGE_SLAB);
	check_order(&machine, by_size(1), 4, "1 3 0 2 ");
	check_uint(pages_of(&machine)->nreads, 3);
}

/* ---- What changes meanwhile ---- */

static void remove_others(struct fake *fake, struct fake_file *file)
{
	struct machine *machine = fake->data;

	(void) file;
	machine_remove(machine, 1);
	fake_set(machine_file(machine, 0, "state"), "offline\n");
}

static void test_vanishing(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	machine_remove(&machine, 3);
	set_zone(&machine, 2, "Normal\n");
	fill(&machine, 2, 1, PAGE_LRU);
	pages_of(&machine)->read_fn = remove_others;
	/* that 0 went offline need not be for good */
	check_order(&machine, all_of_range, 5, "4 2 0 1 3 ");
	check_order(&machine, by_size(5), 5, "4 2 ");
}

static void test_nothing(void)
{
	struct memblk_request request = request_by_size(MEMBLK_COMMAND_DISABLE, 1);
	_cleanup_machine_ struct machine machine;
	uint64_t block = 3;
	size_t nblocks;

	if (!init(&machine))
		return;
	check_order(&machine, by_size(1), 0, "");
	/* as many as no memory can hold */
	nblocks = SIZE_MAX / 2;
	check_int(memblk_order_cheapest(machine.system, &request, 1, MEMBLK_FOREVER,
					&block, &nblocks),
		  -ENOMEM);
	check_uint(nblocks, SIZE_MAX / 2);
	check_uint(block, 3);
}

static const struct tap_test tests[] = {
	{ "Blocks with less to be moved come first, in steps of a part of a block",
	  test_cost },
	{ "blocks with huge pages come after those whose pages surely move",
	  test_huge_pages },
	{ "Of the same cost, zone Movable comes first, and then the highest", test_ties },
	{ "Blocks that pages of the kernel may keep come later", test_uncertain },
	{ "Blocks that can never go, or need not, are the last", test_never_last },
	{ "They are taken out where any blocks will do", test_never_dropped },
	{ "They stay where all blocks are meant", test_all_keeps },
	{ "Blocks of another zone than is asked for are the last, or taken out",
	  test_zone },
	{ "Where pages cannot be seen, blocks go by their zone", test_unreadable },
	{ "A block whose zone is not known is uncertain", test_unknown_zones },
	{ "Where pages cannot be seen, blocks with holes are known", test_holes },
	{ "Without time, blocks go by their zone", test_no_time },
	{ "When time is up, what was not looked into comes behind", test_time_is_up },
	{ "A signal ends it", test_signal },
	{ "Nothing is looked into once enough are found that are free", test_enough },
	{ "A free block that may be kept is not among them", test_not_enough },
	{ "Blocks that vanish meanwhile never go", test_vanishing },
	{ "No blocks are no failure, too many are one", test_nothing },
};

TAP_MAIN(tests)
