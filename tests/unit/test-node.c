/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks of some NUMA nodes, on a machine in memory: which are left of a list, by their
 * own directories or by those of the nodes, and what is taken out of the ranges that the
 * user named.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "machine.h"
#include "node.h"
#include "sysroot.h"
#include "util.h"

/* Blocks that are listed one by one, and so many that the nodes are listed. */
#define FEW 8
#define MANY (2 * NODE_MAP_MIN)

static bool init(struct machine *machine)
{
	machine_init(machine);
	/* there has to be one for the system to be opened */
	machine_add(machine, 5000, "online", NULL);

	return machine_plan(machine, request_by_range(MEMBLK_COMMAND_ENABLE, 5000, 5000));
}

static void link_from_block(struct machine *machine, uint64_t index, unsigned int node)
{
	char path[SYSROOT_PATH_MAX], name[16];

	snprintf(name, sizeof(name), "node%u", node);
	fake_add_link(&machine->fake,
		      sysroot_block_path(path, SYSROOT_MEMORY, index, name), "x");
}

static void link_from_node(struct machine *machine, uint64_t index, unsigned int node)
{
	char path[SYSROOT_PATH_MAX];

	snprintf(path, sizeof(path), SYSROOT_NODES "/node%u/memory%" PRIu64, node, index);
	fake_add_link(&machine->fake, path, "x");
}

static void add_to_node(struct machine *machine, uint64_t index, unsigned int node)
{
	link_from_block(machine, index, node);
	link_from_node(machine, index, node);
}

static void add_block(struct machine *machine, uint64_t index, unsigned int node)
{
	machine_add(machine, index, "online", NULL);
	add_to_node(machine, index, node);
}

static struct memblk_ranges nodes_of(const char *text)
{
	struct memblk_ranges nodes = { .nranges = 0 };

	check_int(memblk_nodes_parse(text, &nodes), 0);
	return nodes;
}

/* ---- Of a list ---- */

/* Filters 0 to NBLOCKS - 1 for NODES; EXPECTED tells of each whether it is left. */
static void check_left(struct machine *machine, const char *nodes, size_t nblocks,
		       bool (*expected)(uint64_t index))
{
	_cleanup_(memblk_ranges_done) struct memblk_ranges ranges = nodes_of(nodes);
	uint64_t blocks[MANY];
	size_t nleft = nblocks, at = 0;

	for (size_t i = 0; i < nblocks; i++)
		blocks[i] = i;
	check_int(blocks_filter_by_node(machine->system, &ranges, blocks, &nleft), 0);
	for (uint64_t i = 0; i < nblocks; i++) {
		if (!expected(i))
			continue;
		tap_row("%zu blocks, node %s, block %" PRIu64, nblocks, nodes, i);
		check(at < nleft && blocks[at] == i);
		at++;
	}
	check_uint(nleft, at);
}

static bool is_third(uint64_t index)
{
	return index % 3 == 0;
}

static bool is_no_third(uint64_t index)
{
	return index % 3;
}

static bool is_second_third(uint64_t index)
{
	return index % 3 == 1;
}

static bool is_none(uint64_t index)
{
	(void) index;
	return false;
}

/* Every third block, from 0 on, is of node 0, the next of node 1, the next of node 12. */
static bool init_thirds(struct machine *machine)
{
	static const unsigned int nodes[] = { 0, 1, 12 };

	if (!init(machine))
		return false;
	for (uint64_t i = MANY; i-- > 0;)
		add_block(machine, i, nodes[i % 3]);
	return true;
}

static void test_filter(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init_thirds(&machine))
		return;
	for (size_t nblocks = FEW; nblocks <= MANY; nblocks += MANY - FEW) {
		check_left(&machine, "0", nblocks, is_third);
		check_left(&machine, "1-20", nblocks, is_no_third);
		check_left(&machine, "1", nblocks, is_second_third);
		check_left(&machine, "2-11,13", nblocks, is_none);
	}
	check_left(&machine, "0", 0, is_none);
}

/* A directory of a few blocks, or of a node, and never both. */
static void test_what_is_listed(void)
{
	_cleanup_machine_ struct machine machine;
	struct fake_file *block, *node;
	char path[SYSROOT_PATH_MAX];

	if (!init_thirds(&machine))
		return;
	block = fake_add_directory(&machine.fake,
				   sysroot_block_path(path, SYSROOT_MEMORY, 3, ""));
	node = fake_add_directory(&machine.fake, SYSROOT_NODES "/node1");
	check_left(&machine, "0", NODE_MAP_MIN - 1, is_third);
	check_uint(block->nopens, 1);
	check_uint(node->nopens, 0);
	check_left(&machine, "0", NODE_MAP_MIN, is_third);
	check_uint(block->nopens, 1);
	check_uint(node->nopens, 1);
}

/* As a block may be that was there at boot. */
static void test_several_nodes(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	for (uint64_t i = 0; i < MANY; i++) {
		add_block(&machine, i, 7);
		if (is_third(i))
			add_to_node(&machine, i, 3);
		if (is_third(i))
			add_to_node(&machine, i, 11);
	}
	for (size_t nblocks = FEW; nblocks <= MANY; nblocks += MANY - FEW) {
		check_left(&machine, "3", nblocks, is_third);
		check_left(&machine, "11", nblocks, is_third);
		check_left(&machine, "3,8-20", nblocks, is_third);
		check_left(&machine, "4-6,8-10", nblocks, is_none);
	}
}

/* What looks like the name of a node, and is none. */
static void test_bad_names(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	for (uint64_t i = 0; i < MANY; i++) {
		char path[SYSROOT_PATH_MAX];

		machine_add(&machine, i, "online", NULL);
		for (const char *const *name =
			     (const char *const[]){ "node01", "node", "node1x", "nodes1",
						    "Node1", "node-1",
						    "node18446744073709551617", NULL };
		     *name; name++)
			fake_add_link(&machine.fake,
				      sysroot_block_path(path, SYSROOT_MEMORY, i, *name),
				      "x");
	}
	fake_add_link(&machine.fake, SYSROOT_NODES "/node01/memory3", "x");
	fake_add_link(&machine.fake, SYSROOT_NODES "/node1/memory03", "x");
	fake_add_link(&machine.fake, SYSROOT_NODES "/node1/Memory4", "x");
	fake_add_link(&machine.fake, SYSROOT_NODES "/has_memory/memory3", "x");
	check_left(&machine, "0-18446744073709551615", FEW, is_none);
	check_left(&machine, "0-18446744073709551615", MANY, is_none);
}

/* No node that is known is none of these, and no error. */
static void test_no_nodes(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	for (uint64_t i = 0; i < MANY; i += 2)
		machine_add(&machine, i, "online", NULL);
	check_left(&machine, "0", FEW, is_none);
	check_left(&machine, "0", MANY, is_none);
}

/* A node that cannot be listed, or not wholly: its blocks tell themselves. */
static void test_unlisted_node(void)
{
	_cleanup_machine_ struct machine machine;
	struct fake_file *node, *nodes;

	if (!init_thirds(&machine))
		return;
	nodes = fake_add_directory(&machine.fake, SYSROOT_NODES);
	node = fake_add_directory(&machine.fake, SYSROOT_NODES "/node1");
	node->open_error = EACCES;
	check_left(&machine, "1", MANY, is_second_third);
	node->open_error = 0;
	node->list_error = EIO;
	node->list_entries = 3;
	check_left(&machine, "1", MANY, is_second_third);
	nodes->open_error = EACCES;
	check_left(&machine, "1", MANY, is_second_third);
}

/* ---- Of ranges ---- */

/* BLOCKS as named by the user, of NODES. */
static struct memblk_selection named(struct machine *machine, const char *blocks,
				     const char *nodes)
{
	struct memblk_selection selection = { .nblocks = 0 };
	struct memblk_fault fault;

	check_int(memblk_selection_parse(blocks, MEMBLK_OPERAND_BLOCKS,
					 memblk_system_block_size(machine->system),
					 &selection, &fault),
		  0);
	selection.nodes = nodes_of(nodes);
	return selection;
}

/* As -b takes them. */
static void check_ranges_at(struct tap_place place, const struct memblk_ranges *ranges,
			    const char *expected)
{
	char text[256] = "";
	size_t length = 0;

	for (size_t i = 0; i < ranges->nranges; i++) {
		const struct memblk_range *range = &ranges->range[i];

		length += (size_t) snprintf(text + length, sizeof(text) - length,
					    range->first == range->last ? "%s%" PRIu64
									: "%s%" PRIu64
									  "-%" PRIu64,
					    i ? "," : "", range->first, range->last);
	}
	tap_check_string(place, text, expected);
}

static void check_narrowed_at(struct tap_place place, struct machine *machine,
			      const char *blocks, const char *nodes, const char *expected)
{
	_cleanup_(memblk_selection_done) struct memblk_selection selection = named(
		machine, blocks, nodes);

	check_int(memblk_selection_narrow(machine->system, &selection), 0);
	check_ranges_at(place, &selection.ranges, expected);
}

#define check_narrowed(machine, blocks, nodes, expected)                         \
	check_narrowed_at(TAP_PLACE("the ranges"), (machine), (blocks), (nodes), \
			  (expected))

/* The names of those of NUMBERS whose bit is not in CUT, with neighbours as one range. */
static void name_rest(const uint64_t *numbers, size_t n, unsigned int cut, char text[128])
{
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		size_t first = i;

		if (cut & 1U << i)
			continue;
		while (i + 1 < n && numbers[i + 1] == numbers[i] + 1 &&
		       !(cut & 1U << (i + 1)))
			i++;
		length += (size_t) snprintf(text + length, 128 - length, "%s%" PRIu64,
					    length ? "," : "", numbers[first]);
		if (i > first)
			length += (size_t) snprintf(text + length, 128 - length,
						    "-%" PRIu64, numbers[i]);
	}
}

static void test_every_cut(void)
{
	static const uint64_t numbers[] = { 10, 11, 12, 13, 20, 30, 31 };

	for (unsigned int cut = 0; cut < 1U << ARRAY_SIZE(numbers); cut++) {
		_cleanup_machine_ struct machine machine;
		char expected[128];

		if (!init(&machine))
			return;
		for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
			add_block(&machine, numbers[i], cut & 1U << i ? 1 : 0);
		name_rest(numbers, ARRAY_SIZE(numbers), cut, expected);
		tap_row("without %#x: %s", cut, expected);
		check_narrowed(&machine, "10-13,20,30-31", "0", expected);
	}
}

/* What is not there stays, to be told of; of a short range, and of a long one. */
static void test_missing_stay(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	add_block(&machine, 3, 0);
	add_block(&machine, 5, 1);
	add_block(&machine, 6, 0);
	add_to_node(&machine, 6, 2);
	machine_add(&machine, 8, "online", NULL);
	check_narrowed(&machine, "2-9,12", "0", "2-4,6-7,9,12");
	check_narrowed(&machine, "2-9,12", "1", "2,4-5,7,9,12");
	check_narrowed(&machine, "2-9,12", "1-2", "2,4-7,9,12");
	check_narrowed(&machine, "2-9,12", "3", "2,4,7,9,12");
	check_narrowed(&machine, "12-14", "3", "12-14");
	check_narrowed(&machine, "2-4000", "0", "2-4,6-7,9-4000");
	check_narrowed(&machine, "4-18446744073709551615", "2",
		       "4,6-7,9-4999,5001-18446744073709551615");
}

/* So many that the nodes are listed. */
static void test_long_list(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	for (uint64_t i = 0; i < MANY; i++)
		add_block(&machine, i, i < 20 || i == MANY - 1);
	check_narrowed(&machine, "0-60,63-70", "0", "20-60,64-70");
	check_narrowed(&machine, "0-60,63-70", "1", "0-19,63-70");
}

static void test_nothing_left(void)
{
	_cleanup_machine_ struct machine machine;
	_cleanup_(memblk_selection_done) struct memblk_selection selection = {
		.nblocks = 0
	};
	_cleanup_free_ uint64_t *blocks = NULL;
	size_t nblocks = 7;

	if (!init(&machine))
		return;
	add_block(&machine, 3, 0);
	add_block(&machine, 4, 0);
	selection = named(&machine, "3-4", "1");
	check_int(memblk_selection_narrow(machine.system, &selection), 0);
	check_uint(selection.ranges.nranges, 0);
	/* and nothing is left of it the next time, or scanned */
	check_int(memblk_selection_narrow(machine.system, &selection), 0);
	check_uint(selection.ranges.nranges, 0);
	check_int(memblk_scan(machine.system, &selection, &blocks, &nblocks), 0);
	check_uint(nblocks, 0);
}

static void test_last_of_all(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	add_block(&machine, UINT64_MAX, 1);
	check_narrowed(&machine, "3,18446744073709551613-18446744073709551615", "0",
		       "3,18446744073709551613-18446744073709551614");
	check_narrowed(&machine, "18446744073709551615", "0", "");
	check_narrowed(&machine, "18446744073709551615", "1", "18446744073709551615");
}

/* What is not named, or not asked for by node, is nothing to cut. */
static void test_nothing_to_cut(void)
{
	_cleanup_machine_ struct machine machine;
	_cleanup_(memblk_selection_done) struct memblk_selection selection = {
		.nblocks = 0
	};

	if (!init(&machine))
		return;
	add_block(&machine, 3, 0);
	selection = named(&machine, "2-4", "1");
	selection.kind = MEMBLK_SELECTION_ALL;
	check_int(memblk_selection_narrow(machine.system, &selection), 0);
	check_ranges_at(TAP_PLACE("the ranges"), &selection.ranges, "2-4");
	selection.kind = MEMBLK_SELECTION_BLOCKS;
	memblk_ranges_done(&selection.nodes);
	selection.nodes = (struct memblk_ranges){ .nranges = 0 };
	check_int(memblk_selection_narrow(machine.system, &selection), 0);
	check_ranges_at(TAP_PLACE("the ranges"), &selection.ranges, "2-4");
}

static void test_narrow_error(void)
{
	_cleanup_machine_ struct machine machine;
	_cleanup_(memblk_selection_done) struct memblk_selection selection = {
		.nblocks = 0
	};

	if (!init(&machine))
		return;
	add_block(&machine, 3, 0);
	fake_add_directory(&machine.fake, SYSROOT_MEMORY)->list_error = EIO;
	selection = named(&machine, "2-4000", "1");
	check_int(memblk_selection_narrow(machine.system, &selection), -EIO);
	check_ranges_at(TAP_PLACE("the ranges"), &selection.ranges, "2-4000");
}

/* ---- Of a scan ---- */

static void check_scan(struct machine *machine, struct memblk_selection *selection,
		       int error, size_t nblocks, uint64_t first)
{
	_cleanup_free_ uint64_t *blocks = NULL;
	size_t nscanned = 0;

	check_int(memblk_scan(machine->system, selection, &blocks, &nscanned), error);
	check_uint(nscanned, nblocks);
	if (nscanned)
		check_uint(blocks[0], first);
}

static void test_scan(void)
{
	static const enum memblk_selection_kind kinds[] = {
		MEMBLK_SELECTION_SIZE,
		MEMBLK_SELECTION_ALL,
		MEMBLK_SELECTION_RESIZE,
	};
	_cleanup_machine_ struct machine machine;

	if (!init_thirds(&machine))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		_cleanup_(memblk_selection_done) struct memblk_selection selection = {
			.kind = kinds[i],
			.nodes = nodes_of("1"),
		};

		tap_row("kind %d", (int) kinds[i]);
		check_scan(&machine, &selection, 0, MANY / 3, 1);
		memblk_ranges_done(&selection.nodes);
		selection.nodes = nodes_of("3-11");
		check_scan(&machine, &selection, 0, 0, 0);
	}
}

static const struct tap_test tests[] = {
	{ "Blocks of some nodes are left of few, and of many", test_filter },
	{ "Few blocks are listed, or else the nodes", test_what_is_listed },
	{ "A block of several nodes is of each of them", test_several_nodes },
	{ "What is not named as a node or block is none", test_bad_names },
	{ "Where there are no nodes, no block is of one", test_no_nodes },
	{ "Blocks of a node that cannot be listed tell themselves", test_unlisted_node },
	{ "Blocks of other nodes are cut out of ranges, wherever they are",
	  test_every_cut },
	{ "Blocks that are missing stay in the ranges", test_missing_stay },
	{ "Blocks are cut out of long lists", test_long_list },
	{ "Nothing may be left of the ranges", test_nothing_left },
	{ "The last block of all can be cut", test_last_of_all },
	{ "What is not named is not cut", test_nothing_to_cut },
	{ "Where blocks cannot be listed, the ranges stay", test_narrow_error },
	{ "All but ranges is scanned by node", test_scan },
};

TAP_MAIN(tests)
