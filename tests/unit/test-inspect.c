/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looking at blocks whose files are in memory: state, zones, node, device, contents, and
 * what is left unknown where a file is missing or cannot be read; and that no more is
 * opened than what was asked for.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "block.h"
#include "fake.h"
#include "sysroot.h"
#include "util.h"

#define PAGES 32
#define BUDDY (UINT64_C(1) << 10)
#define LRU (UINT64_C(1) << 5)
#define SLAB (UINT64_C(1) << 7)
#define NOPAGE (UINT64_C(1) << 20)
#define OFFLINE (UINT64_C(1) << 23)

/* Blocks of PAGES pages each. */
struct fixture {
	struct fake fake;
	struct memblk_system system;
	struct memblk_inspector *inspector; /* NULL until it is made */
};

static void fixture_init(struct fixture *fixture)
{
	*fixture = (struct fixture){ .inspector = NULL };
	fake_init(&fixture->fake);
	fixture->system.sysfs = fake_sysfs(&fixture->fake);
	fixture->system.block_size_bytes = PAGES * (uint64_t) sysconf(_SC_PAGESIZE);
}

static void fixture_done(struct fixture *fixture)
{
	memblk_inspector_free(fixture->inspector);
	check_closed(&fixture->fake);
	fake_done(&fixture->fake);
}

#define _cleanup_fixture_ _cleanup_(fixture_done)

static struct fake_file *add_file(struct fixture *fixture, uint64_t index,
				  const char *name, const char *text)
{
	char path[SYSROOT_PATH_MAX];

	return fake_add(&fixture->fake,
			sysroot_block_path(path, SYSROOT_MEMORY, index, name), text);
}

static struct fake_file *add_link(struct fixture *fixture, uint64_t index,
				  const char *name, const char *target)
{
	char path[SYSROOT_PATH_MAX];

	return fake_add_link(&fixture->fake,
			     sysroot_block_path(path, SYSROOT_MEMORY, index, name),
			     target);
}

static void add_block(struct fixture *fixture, uint64_t index, const char *state,
		      const char *zones)
{
	add_file(fixture, index, "state", state);
	if (zones)
		add_file(fixture, index, "valid_zones", zones);
}

/* System RAM in whole pages: LINES are `FIRST LAST NAME`, FIRST and LAST inclusive. */
struct ram {
	uint64_t first, last;
	const char *name;
};

static struct fake_file *add_iomem(struct fixture *fixture, const struct ram *ram,
				   size_t nram)
{
	uint64_t page = (uint64_t) sysconf(_SC_PAGESIZE);
	char text[1024] = "";
	size_t length = 0;

	for (size_t i = 0; i < nram && length < sizeof(text); i++)
		length += (size_t) snprintf(text + length, sizeof(text) - length,
					    "%08" PRIx64 "-%08" PRIx64 " : %s\n",
					    ram[i].first * page,
					    (ram[i].last + 1) * page - 1, ram[i].name);

	return fake_add(&fixture->fake, SYSROOT_IOMEM, text);
}

/* One System RAM that covers the blocks 0 to 63. */
static struct fake_file *add_plain_iomem(struct fixture *fixture)
{
	static const struct ram ram = { 0, 64 * PAGES - 1, "System RAM" };

	return add_iomem(fixture, &ram, 1);
}

/* Flags of all pages up to the end of block LAST. */
static struct fake_file *add_kpageflags(struct fixture *fixture, uint64_t last,
					uint64_t flags)
{
	size_t npages = (last + 1) * PAGES;
	_cleanup_free_ uint64_t *words = calloc(npages, sizeof(*words));
	struct fake_file *file = fake_add(&fixture->fake, SYSROOT_KPAGEFLAGS, "");

	if (!words)
		abort();
	for (size_t i = 0; i < npages; i++)
		words[i] = flags;
	fake_set_bytes(file, words, npages * sizeof(*words));
	return file;
}

static void set_page(struct fake_file *kpageflags, uint64_t pfn, uint64_t flags)
{
	memcpy(kpageflags->text + pfn * sizeof(flags), &flags, sizeof(flags));
}

static void inspector_for(struct fixture *fixture, unsigned int want)
{
	memblk_inspector_free(fixture->inspector);
	fixture->inspector = NULL;
	check_int(memblk_inspector_new(&fixture->system, want, &fixture->inspector), 0);
}

static struct memblk_info look(struct fixture *fixture, uint64_t index)
{
	struct memblk_info info = { .index = ~index };

	check_int(memblk_inspect(fixture->inspector, index, &info), 0);
	check_uint(info.index, index);
	return info;
}

/* ---- State ---- */

static void test_state(void)
{
	static const struct {
		const char *text;
		enum memblk_state state;
	} rows[] = {
		{ "online\n", MEMBLK_STATE_ONLINE },
		{ "offline\n", MEMBLK_STATE_OFFLINE },
		{ "going-offline\n", MEMBLK_STATE_GOING_OFFLINE },
		{ "something\n", MEMBLK_STATE_UNKNOWN },
		{ "", MEMBLK_STATE_UNKNOWN },
	};
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	inspector_for(&fixture, MEMBLK_WANT_STATE);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct memblk_info info;

		tap_row("%s", rows[i].text);
		add_block(&fixture, i, rows[i].text, NULL);
		info = look(&fixture, i);
		check_uint(info.state, rows[i].state);
		check_int(info.state_error, 0);
	}
}

/* Looks for WANT at a block that has all there is, of which only FILE may be opened. */
static void check_alone(unsigned int want, const char *file_name)
{
	_cleanup_fixture_ struct fixture fixture;
	struct memblk_info info;

	tap_row("%s", file_name);
	fixture_init(&fixture);
	add_block(&fixture, 4, "online\n", "Normal\n");
	add_link(&fixture, 4, "node1", "../../node/node1");
	add_link(&fixture, 4, "firmware_node", "../../../LNXSYSTM:00/PNP0C80:00");
	add_file(&fixture, 4, "removable", "1\n");
	add_plain_iomem(&fixture);
	add_kpageflags(&fixture, 4, BUDDY);
	inspector_for(&fixture, want);
	info = look(&fixture, 4);
	check_uint(info.state, want == MEMBLK_WANT_STATE ? MEMBLK_STATE_ONLINE
							 : MEMBLK_STATE_UNKNOWN);
	check_uint(info.nzones, want == MEMBLK_WANT_ZONES);
	check_uint(info.nnodes, 0);
	check_string(info.device, "");
	check(!info.removable_known);
	check_uint(info.offlinable, MEMBLK_OFFLINABLE_UNKNOWN);
	check_int(memblk_inspector_contents_error(fixture.inspector), 0);
	for (const struct fake_file *file = fixture.fake.files; file; file = file->next) {
		tap_row("%s: %s", file_name, file->path);
		check_uint(file->nopens,
			   !strcmp(strrchr(file->path, '/') + 1, file_name));
	}
}

static void test_what_is_opened(void)
{
	check_alone(0, "nothing");
	check_alone(MEMBLK_WANT_STATE, "state");
	check_alone(MEMBLK_WANT_ZONES, "valid_zones");
}

static void check_missing(struct fixture *fixture, unsigned int want, uint64_t index)
{
	struct memblk_info info = { .index = 77 };

	inspector_for(fixture, want);
	check_int(memblk_inspect(fixture->inspector, index, &info), -ENOENT);
	check_uint(info.index, 77);
}

static void test_missing_block(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	add_block(&fixture, 4, "online\n", NULL);
	check_missing(&fixture, ~0U, 5);
	check_missing(&fixture, MEMBLK_WANT_ZONES, 5);
	check_missing(&fixture, 0, 5);
	/* but zones that cannot be read do not make it one */
	inspector_for(&fixture, MEMBLK_WANT_ZONES);
	check_int(look(&fixture, 4).zones_error, ENOENT);
}

static void remove_block(struct fake *fake, struct fake_file *file)
{
	(void) file;
	fake_remove(fake, SYSROOT_MEMORY "/memory4");
}

static void test_block_goes(void)
{
	static const char *const names[] = { "state", "valid_zones" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_fixture_ struct fixture fixture;

		tap_row("%s", names[i]);
		fixture_init(&fixture);
		add_file(&fixture, 4, names[i], "online\n")->read_fn = remove_block;
		check_missing(&fixture, i ? MEMBLK_WANT_ZONES : MEMBLK_WANT_STATE, 4);
	}
}

static void test_state_errors(void)
{
	_cleanup_fixture_ struct fixture fixture;
	struct fake_file *state;

	fixture_init(&fixture);
	state = add_file(&fixture, 4, "state", "online\n");
	add_plain_iomem(&fixture);
	add_kpageflags(&fixture, 4, BUDDY);
	inspector_for(&fixture, ~0U);
	state->open_error = EACCES;
	check_int(look(&fixture, 4).state_error, EACCES);
	state->open_error = 0;
	state->read_error = EIO;
	check_int(look(&fixture, 4).state_error, EIO);
	check_int(look(&fixture, 4).contents_error, ENODATA);
	check_uint(look(&fixture, 4).offlinable, MEMBLK_OFFLINABLE_UNKNOWN);
	/* a directory without a state is a block, and not what was removed */
	fake_remove(&fixture.fake, SYSROOT_MEMORY "/memory4/state");
	fake_add_directory(&fixture.fake, SYSROOT_MEMORY "/memory4/power");
	check_int(look(&fixture, 4).state_error, ENOENT);
}

/* ---- Zones and other attributes ---- */

static void test_zones(void)
{
	_cleanup_fixture_ struct fixture fixture;
	struct memblk_info info;

	fixture_init(&fixture);
	add_block(&fixture, 1, "online\n", "Movable\n");
	add_block(&fixture, 2, "offline\n", "Normal Movable\n");
	add_block(&fixture, 3, "online\n", "none\n");
	add_block(&fixture, 4, "online\n", NULL);
	add_block(&fixture, 5, "online\n", "Elsewhere\n");
	inspector_for(&fixture, MEMBLK_WANT_ZONES);
	info = look(&fixture, 1);
	check_uint(info.nzones, 1);
	check_uint(info.zones[0], MEMBLK_ZONE_MOVABLE);
	info = look(&fixture, 2);
	check_uint(info.nzones, 2);
	check_uint(info.zones[0], MEMBLK_ZONE_NORMAL);
	check_uint(info.zones[1], MEMBLK_ZONE_MOVABLE);
	check(!info.zones_none);
	info = look(&fixture, 3);
	check_uint(info.nzones, 0);
	check(info.zones_none);
	check_int(info.zones_error, 0);
	info = look(&fixture, 4);
	check_uint(info.nzones, 0);
	check(!info.zones_none);
	check_int(info.zones_error, ENOENT);
	info = look(&fixture, 5);
	check_uint(info.nzones, 1);
	check_uint(info.zones[0], MEMBLK_ZONE_NONE);
}

static void test_removable(void)
{
	static const struct {
		const char *text;
		bool known, removable;
	} rows[] = {
		{ "1\n", true, true }, { "0\n", true, false }, { "2\n", false, false },
		{ "", false, false },  { NULL, false, false },
	};
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	inspector_for(&fixture, MEMBLK_WANT_REMOVABLE);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct memblk_info info;

		tap_row("%s", rows[i].text ? rows[i].text : "none");
		add_block(&fixture, i, "online\n", NULL);
		if (rows[i].text)
			add_file(&fixture, i, "removable", rows[i].text);
		info = look(&fixture, i);
		check_uint(info.removable_known, rows[i].known);
		check_uint(info.removable, rows[i].removable);
	}
}

static void test_config(void)
{
	_cleanup_fixture_ struct fixture fixture;
	struct memblk_info info;

	fixture_init(&fixture);
	fixture.system.configurable = true;
	add_block(&fixture, 4, "online\n", NULL);
	fake_add(&fixture.fake, SYSROOT_FIRMWARE "/memory4/config", "1\n");
	fake_add(&fixture.fake, SYSROOT_FIRMWARE "/memory4/memmap_on_memory", "x\n");
	fake_add(&fixture.fake, SYSROOT_FIRMWARE "/memory5/config", "0\n");
	fake_add(&fixture.fake, SYSROOT_FIRMWARE "/memory5/memmap_on_memory", "1\n");
	inspector_for(&fixture, MEMBLK_WANT_STATE | MEMBLK_WANT_CONFIG);
	info = look(&fixture, 4);
	check_uint(info.state, MEMBLK_STATE_ONLINE);
	check(info.configured_known && info.configured);
	check(!info.memmap_known);
	info = look(&fixture, 5);
	check_uint(info.state, MEMBLK_STATE_OFFLINE);
	check(info.configured_known && !info.configured);
	check(info.memmap_known && info.memmap_on_memory);
	check_int(memblk_inspect(fixture.inspector, 6, &info), -ENOENT);

	/* it is there even without a directory that is not the firmware's */
	inspector_for(&fixture, MEMBLK_WANT_ZONES);
	check_int(look(&fixture, 5).zones_error, ENOENT);
	check_missing(&fixture, MEMBLK_WANT_ZONES, 6);
}

static void test_config_elsewhere(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	add_block(&fixture, 4, "online\n", NULL);
	inspector_for(&fixture, MEMBLK_WANT_CONFIG);
	check(!look(&fixture, 4).configured_known);
	check(!look(&fixture, 4).memmap_known);
}

/* ---- Node ---- */

static void test_node_of_few_blocks(void)
{
	_cleanup_fixture_ struct fixture fixture;
	struct fake_file *nodes;
	struct memblk_info info;

	fixture_init(&fixture);
	nodes = fake_add_directory(&fixture.fake, SYSROOT_NODES);
	add_block(&fixture, 4, "online\n", NULL);
	add_link(&fixture, 4, "node3", "../../node/node3");
	add_block(&fixture, 5, "online\n", NULL);
	add_link(&fixture, 5, "node10", "../../node/node10");
	add_link(&fixture, 5, "node2", "../../node/node2");
	add_link(&fixture, 5, "node03", "x");
	add_link(&fixture, 5, "nodes", "x");
	add_block(&fixture, 6, "online\n", NULL);
	inspector_for(&fixture, MEMBLK_WANT_NODE);
	info = look(&fixture, 4);
	check_uint(info.nnodes, 1);
	check_uint(info.node, 3);
	info = look(&fixture, 5);
	check_uint(info.nnodes, 2);
	check_uint(info.node, 2);
	check_uint(look(&fixture, 6).nnodes, 0);
	check_uint(nodes->nopens, 0);
}

static void add_node_link(struct fixture *fixture, unsigned int node, uint64_t index)
{
	char path[SYSROOT_PATH_MAX];

	snprintf(path, sizeof(path), SYSROOT_NODES "/node%u/memory%" PRIu64, node, index);
	fake_add_link(&fixture->fake, path, "x");
}

/* Blocks enough for the nodes to be listed instead; their own directories count opens. */
#define MANY 80

static void add_many_blocks(struct fixture *fixture, struct fake_file *directories[MANY])
{
	char path[SYSROOT_PATH_MAX];

	for (uint64_t i = 0; i < MANY; i++) {
		directories[i] = fake_add_directory(
			&fixture->fake, sysroot_block_path(path, SYSROOT_MEMORY, i, ""));
		add_block(fixture, i, "online\n", NULL);
	}
}

static unsigned int count_opens(struct fake_file *const directories[MANY])
{
	unsigned int nopens = 0;

	for (size_t i = 0; i < MANY; i++)
		nopens += directories[i]->nopens;
	return nopens;
}

static void test_node_of_many_blocks(void)
{
	_cleanup_fixture_ struct fixture fixture;
	struct fake_file *directories[MANY], *node0;

	fixture_init(&fixture);
	add_many_blocks(&fixture, directories);
	node0 = fake_add_directory(&fixture.fake, SYSROOT_NODES "/node0");
	/* in no order, and one block of two nodes */
	for (uint64_t i = MANY; i-- > 0;)
		add_node_link(&fixture, i < 60 ? 0 : 1, i);
	add_node_link(&fixture, 0, 60);
	inspector_for(&fixture, MEMBLK_WANT_STATE | MEMBLK_WANT_NODE);
	for (int round = 0; round < 2; round++)
		for (uint64_t i = 0; i < 31; i++)
			look(&fixture, i);
	for (uint64_t i = 31; i < MANY; i++) {
		struct memblk_info info = look(&fixture, i);

		tap_row("block %d", (int) i);
		check_uint(info.nnodes, i == 60 ? 2 : 1);
		check_uint(info.node, i <= 60 ? 0 : 1);
	}
	tap_row("opens");
	check_uint(node0->nopens, 1);
	check_uint(count_opens(directories), 31);
}

static void test_node_that_cannot_be_listed(void)
{
	_cleanup_fixture_ struct fixture fixture;
	struct fake_file *directories[MANY], *node1;

	fixture_init(&fixture);
	add_many_blocks(&fixture, directories);
	node1 = fake_add_directory(&fixture.fake, SYSROOT_NODES "/node1");
	node1->open_error = EACCES;
	for (uint64_t i = 0; i < MANY; i++)
		add_node_link(&fixture, i < 60 ? 0 : 1, i);
	add_link(&fixture, 79, "node1", "../../node/node1");
	inspector_for(&fixture, MEMBLK_WANT_NODE);
	for (uint64_t i = 0; i < 40; i++)
		look(&fixture, i);
	check_uint(look(&fixture, 59).nnodes, 1);
	check_uint(look(&fixture, 78).nnodes, 0);
	check_uint(look(&fixture, 79).node, 1);
	check_uint(look(&fixture, 79).nnodes, 1);
}

static void test_no_nodes(void)
{
	_cleanup_fixture_ struct fixture fixture;
	struct fake_file *directories[MANY];

	fixture_init(&fixture);
	add_many_blocks(&fixture, directories);
	add_link(&fixture, 70, "node2", "../../node/node2");
	inspector_for(&fixture, MEMBLK_WANT_NODE);
	for (uint64_t i = 0; i < 70; i++)
		check_uint(look(&fixture, i).nnodes, 0);
	check_uint(look(&fixture, 70).node, 2);
}

static void test_node_errors(void)
{
	_cleanup_fixture_ struct fixture fixture;
	struct fake_file *directories[MANY];

	fixture_init(&fixture);
	add_many_blocks(&fixture, directories);
	directories[4]->open_error = EIO;
	add_link(&fixture, 4, "node2", "../../node/node2");
	inspector_for(&fixture, MEMBLK_WANT_STATE | MEMBLK_WANT_NODE);
	check_uint(look(&fixture, 4).nnodes, 0);
	check_uint(look(&fixture, 4).state, MEMBLK_STATE_ONLINE);
}

/* ---- Device ---- */

static void test_device(void)
{
	static const struct ram ram[] = {
		{ 0, 2 * PAGES - 1, "System RAM" },
		{ 2 * PAGES, 3 * PAGES - 1, "System RAM (virtio_mem)" },
		{ 3 * PAGES, 4 * PAGES - 1, "System RAM (kmem)" },
		{ 4 * PAGES, 5 * PAGES - 1, "System RAM (my_driver)" },
		{ 5 * PAGES + 1, 5 * PAGES + 1, "System RAM (kmem)" },
		{ 5 * PAGES + 2, 5 * PAGES + 2, "System RAM" },
		{ 6 * PAGES, 7 * PAGES - 1, "Persistent Memory" },
	};
	static const char *const expected[] = { "boot", "PNP0C80:0a", "virtio-mem",
						"kmem", "my_driver",  "kmem",
						"" };
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	add_iomem(&fixture, ram, ARRAY_SIZE(ram));
	for (uint64_t i = 0; i < ARRAY_SIZE(expected); i++)
		add_block(&fixture, i, "offline\n", NULL);
	add_link(&fixture, 1, "firmware_node", "../../../LNXSYSTM:00/PNP0C80:0a");
	add_link(&fixture, 2, "firmware_node", "../../../LNXSYSTM:00/PNP0C80:0b");
	inspector_for(&fixture, MEMBLK_WANT_DEVICE);
	for (uint64_t i = 0; i < ARRAY_SIZE(expected); i++) {
		tap_row("block %d", (int) i);
		check_string(look(&fixture, i).device, expected[i]);
	}
}

static void check_devices_unknown(struct fixture *fixture)
{
	inspector_for(fixture, MEMBLK_WANT_DEVICE);
	check_string(look(fixture, 0).device, "");
	check_string(look(fixture, 1).device, "PNP0C80:00");
	check_int(memblk_inspector_contents_error(fixture->inspector), 0);
}

static void test_device_without_iomem(void)
{
	_cleanup_fixture_ struct fixture fixture;
	struct fake_file *iomem;

	fixture_init(&fixture);
	add_block(&fixture, 0, "online\n", NULL);
	add_block(&fixture, 1, "online\n", NULL);
	add_link(&fixture, 1, "firmware_node", "PNP0C80:00");
	tap_row("missing");
	check_devices_unknown(&fixture);
	tap_row("unreadable");
	iomem = add_plain_iomem(&fixture);
	iomem->open_error = EACCES;
	check_devices_unknown(&fixture);
	iomem->open_error = 0;
	iomem->read_error = EIO;
	check_devices_unknown(&fixture);
	iomem->read_error = 0;
	tap_row("zeroed");
	fake_set(iomem, "00000000-00000000 : System RAM\n");
	check_devices_unknown(&fixture);
	tap_row("garbage");
	fake_set(iomem, "x-y : System RAM\n");
	check_devices_unknown(&fixture);
	fake_set_bytes(iomem, "0-f : \0 System RAM\n", 20);
	check_devices_unknown(&fixture);
}

static void test_firmware_node_that_is_none(void)
{
	static char long_target[5000];
	_cleanup_fixture_ struct fixture fixture;
	struct fake_file *link;

	fixture_init(&fixture);
	add_plain_iomem(&fixture);
	add_block(&fixture, 1, "online\n", NULL);
	link = add_link(&fixture, 1, "firmware_node", "");
	inspector_for(&fixture, MEMBLK_WANT_DEVICE);
	check_string(look(&fixture, 1).device, "boot");
	fake_set(link, "directory/");
	check_string(look(&fixture, 1).device, "boot");
	memset(long_target, 'x', sizeof(long_target) - 1);
	fake_set(link, long_target);
	check_string(look(&fixture, 1).device, "boot");
	fake_set(link, "../abcdefghijklmnopqrstuvwxyz0123456789");
	check_string(look(&fixture, 1).device, "abcdefghijklmnopqrstuvwxyz01234");
	link->is_link = false;
	check_string(look(&fixture, 1).device, "boot");
	link->open_error = EACCES;
	check_string(look(&fixture, 1).device, "boot");
}

/* ---- Contents ---- */

static void test_contents(void)
{
	_cleanup_fixture_ struct fixture fixture;
	struct fake_file *kpageflags;
	struct memblk_amounts amounts;
	struct memblk_info info;
	uint64_t page = (uint64_t) sysconf(_SC_PAGESIZE);

	fixture_init(&fixture);
	add_plain_iomem(&fixture);
	kpageflags = add_kpageflags(&fixture, 5, SLAB);
	add_block(&fixture, 4, "online\n", "Normal\n");
	for (uint64_t i = 0; i < PAGES; i++)
		set_page(kpageflags, 4 * PAGES + i, i < 8 ? LRU : i < 9 ? 0 : BUDDY);
	inspector_for(&fixture, MEMBLK_WANT_CONTENTS);
	info = look(&fixture, 4);
	check_int(info.contents_error, 0);
	check_uint(info.contents.nmovable, 8);
	check_uint(info.contents.nunknown, 1);
	check_uint(info.contents.nfree, PAGES - 9);
	check_uint(info.contents.nslab, 0);
	check_uint(info.nzones, 1);
	check_uint(info.offlinable, MEMBLK_OFFLINABLE_LIKELY);
	check_uint(info.obstacle, MEMBLK_OBSTACLE_IN_USE);
	check_uint(kpageflags->nopens, 1);
	check_uint(kpageflags->nreads, 1);
	check_int(memblk_inspector_contents_error(fixture.inspector), 0);
	if (check(memblk_info_amounts(&info, &amounts))) {
		check_uint(amounts.free_bytes, (PAGES - 9) * page);
		check_uint(amounts.movable_bytes, 8 * page);
		check_uint(amounts.unmovable_bytes, page);
	}
}

static void test_amounts(void)
{
	struct memblk_info info = {
		.state = MEMBLK_STATE_ONLINE,
		.zones = { MEMBLK_ZONE_MOVABLE },
		.nzones = 1,
		.contents = { .nfree = 1,
			      .nmovable = 2,
			      .nhuge = 2,
			      .nslab = 4,
			      .npgtable = 8,
			      .nreserved = 16,
			      .nkernel = 32,
			      .nunknown = 64,
			      .nunplugged = 128,
			      .npoisoned = 256,
			      .nmemmap = 512 },
	};
	uint64_t page = (uint64_t) sysconf(_SC_PAGESIZE);
	struct memblk_amounts amounts;

	check(memblk_info_amounts(&info, &amounts));
	check_uint(amounts.free_bytes, page);
	check_uint(amounts.movable_bytes, 2 * page);
	check_uint(amounts.unmovable_bytes, 60 * page);
	info.zones[0] = MEMBLK_ZONE_NORMAL;
	check(memblk_info_amounts(&info, &amounts));
	check_uint(amounts.unmovable_bytes, 124 * page);
	info.zones[0] = MEMBLK_ZONE_MOVABLE;
	info.zones_error = EIO;
	check(memblk_info_amounts(&info, &amounts));
	check_uint(amounts.unmovable_bytes, 124 * page);

	amounts.free_bytes = 7;
	info.contents_error = EIO;
	check(!memblk_info_amounts(&info, &amounts));
	info.contents_error = 0;
	info.state = MEMBLK_STATE_OFFLINE;
	check(!memblk_info_amounts(&info, &amounts));
	info.state = MEMBLK_STATE_ONLINE;
	info.state_error = EIO;
	check(!memblk_info_amounts(&info, &amounts));
	check_uint(amounts.free_bytes, 7);
}

static void test_holes_and_drivers(void)
{
	static const struct ram ram[] = {
		{ 0, PAGES - 2, "System RAM" },
		{ PAGES, 2 * PAGES - 1, "System RAM" },
		{ 2 * PAGES, 3 * PAGES - 1, "System RAM (virtio_mem)" },
		{ 3 * PAGES, 3 * PAGES + 3, "System RAM" },
		{ 3 * PAGES + 4, 4 * PAGES - 1, "System RAM (kmem)" },
	};
	_cleanup_fixture_ struct fixture fixture;
	struct fake_file *kpageflags;

	fixture_init(&fixture);
	add_iomem(&fixture, ram, ARRAY_SIZE(ram));
	kpageflags = add_kpageflags(&fixture, 4, BUDDY);
	for (uint64_t i = 0; i < 5; i++)
		add_block(&fixture, i, "online\n", "Movable\n");
	set_page(kpageflags, PAGES, OFFLINE);
	set_page(kpageflags, 2 * PAGES, OFFLINE);
	inspector_for(&fixture, MEMBLK_WANT_CONTENTS);
	check_uint(look(&fixture, 0).offlinable, MEMBLK_OFFLINABLE_NO);
	check_uint(look(&fixture, 0).obstacle, MEMBLK_OBSTACLE_HOLES);
	check_uint(look(&fixture, 1).offlinable, MEMBLK_OFFLINABLE_LIKELY);
	check_uint(look(&fixture, 1).obstacle, MEMBLK_OBSTACLE_UNPLUGGED);
	check_uint(look(&fixture, 2).offlinable, MEMBLK_OFFLINABLE_YES);
	check_uint(look(&fixture, 2).obstacle, MEMBLK_OBSTACLE_NONE);
	check_uint(look(&fixture, 3).offlinable, MEMBLK_OFFLINABLE_YES);
	check_uint(look(&fixture, 4).offlinable, MEMBLK_OFFLINABLE_NO);
	check_uint(look(&fixture, 4).obstacle, MEMBLK_OBSTACLE_HOLES);
}

/* All of it is free. */
static void test_memory_of_the_boot(void)
{
	static const struct ram ram[] = {
		{ 0, 3 * PAGES - 1, "System RAM" },
		{ 3 * PAGES, 4 * PAGES - 1, "System RAM (virtio_mem)" },
	};
	static const struct {
		const char *architecture; /* NULL: not told */
		enum memblk_offlinable offlinable;
	} rows[] = {
		{ "aarch64\n", MEMBLK_OFFLINABLE_NO },
		{ "aarch64_be\n", MEMBLK_OFFLINABLE_YES },
		{ "x86_64\n", MEMBLK_OFFLINABLE_YES },
		{ "\n", MEMBLK_OFFLINABLE_YES },
		{ NULL, MEMBLK_OFFLINABLE_YES },
	};

	for (size_t row = 0; row < ARRAY_SIZE(rows); row++) {
		_cleanup_fixture_ struct fixture fixture;
		bool no = rows[row].offlinable == MEMBLK_OFFLINABLE_NO;

		tap_row("%s", rows[row].architecture ? rows[row].architecture : "none");
		fixture_init(&fixture);
		add_iomem(&fixture, ram, ARRAY_SIZE(ram));
		add_kpageflags(&fixture, 4, BUDDY);
		for (uint64_t i = 0; i < 4; i++)
			add_block(&fixture, i, "online\n", "Normal\n");
		add_link(&fixture, 2, "firmware_node", "../../../LNXSYSTM:00/PNP0C80:00");
		if (rows[row].architecture)
			fake_add(&fixture.fake, SYSROOT_ARCHITECTURE,
				 rows[row].architecture);
		inspector_for(&fixture, MEMBLK_WANT_CONTENTS);
		for (uint64_t i = 0; i < 2; i++) {
			check_uint(look(&fixture, i).offlinable, rows[row].offlinable);
			check_uint(look(&fixture, i).obstacle,
				   no ? MEMBLK_OBSTACLE_BOOT : MEMBLK_OBSTACLE_NONE);
		}
		check_uint(look(&fixture, 2).offlinable, MEMBLK_OFFLINABLE_YES);
		check_uint(look(&fixture, 3).offlinable, MEMBLK_OFFLINABLE_YES);
		check_string(look(&fixture, 2).device, "");
	}
}

static void test_only_online_blocks_have_contents(void)
{
	static const char *const states[] = { "offline\n", "going-offline\n", "what\n" };
	_cleanup_fixture_ struct fixture fixture;
	struct fake_file *kpageflags;

	fixture_init(&fixture);
	add_plain_iomem(&fixture);
	kpageflags = add_kpageflags(&fixture, 4, BUDDY);
	inspector_for(&fixture, MEMBLK_WANT_CONTENTS);
	for (uint64_t i = 0; i < ARRAY_SIZE(states); i++) {
		struct memblk_amounts amounts;
		struct memblk_info info;

		tap_row("%s", states[i]);
		add_block(&fixture, i, states[i], "none\n");
		info = look(&fixture, i);
		check_int(info.contents_error, ENODATA);
		check_uint(info.offlinable, MEMBLK_OFFLINABLE_UNKNOWN);
		check_uint(info.obstacle, MEMBLK_OBSTACLE_NONE);
		check(!memblk_info_amounts(&info, &amounts));
	}
	check_uint(kpageflags->nreads, 0);
}

static void test_end_of_memory(void)
{
	_cleanup_fixture_ struct fixture fixture;
	struct fake_file *kpageflags;

	fixture_init(&fixture);
	add_plain_iomem(&fixture);
	kpageflags = add_kpageflags(&fixture, 4, BUDDY);
	kpageflags->length -= 3 * sizeof(uint64_t);
	add_block(&fixture, 3, "online\n", "Movable\n");
	add_block(&fixture, 4, "online\n", "Movable\n");
	add_block(&fixture, 5, "online\n", "Movable\n");
	inspector_for(&fixture, MEMBLK_WANT_CONTENTS);
	check_uint(look(&fixture, 3).offlinable, MEMBLK_OFFLINABLE_YES);
	check_uint(look(&fixture, 4).contents.nfree, PAGES - 3);
	check_uint(look(&fixture, 4).offlinable, MEMBLK_OFFLINABLE_NO);
	check_uint(look(&fixture, 4).obstacle, MEMBLK_OBSTACLE_HOLES);
	check_int(look(&fixture, 5).contents_error, ENODATA);
	check_uint(look(&fixture, 5).offlinable, MEMBLK_OFFLINABLE_UNKNOWN);
	check_uint(look(&fixture, 5).obstacle, MEMBLK_OBSTACLE_UNSEEN);
	/* a part of a word is none */
	kpageflags->length -= 3;
	check_uint(look(&fixture, 4).contents.nfree, PAGES - 4);
}

static void check_unseen(struct fixture *fixture, int error, int contents_error)
{
	struct memblk_info info;

	inspector_for(fixture, MEMBLK_WANT_CONTENTS);
	check_int(memblk_inspector_contents_error(fixture->inspector), error);
	info = look(fixture, 4);
	check_int(info.contents_error, contents_error);
	check_uint(info.offlinable, MEMBLK_OFFLINABLE_UNKNOWN);
	check_uint(info.obstacle, MEMBLK_OBSTACLE_UNSEEN);
	info = look(fixture, 5);
	check_uint(info.offlinable, MEMBLK_OFFLINABLE_NO);
	check_uint(info.obstacle, MEMBLK_OBSTACLE_ZONES);
}

static void test_no_kpageflags(void)
{
	_cleanup_fixture_ struct fixture fixture;
	struct fake_file *kpageflags;

	fixture_init(&fixture);
	add_plain_iomem(&fixture);
	add_block(&fixture, 4, "online\n", "Movable\n");
	add_block(&fixture, 5, "online\n", "none\n");
	tap_row("missing");
	check_unseen(&fixture, ENOENT, ENOENT);
	tap_row("unreadable");
	kpageflags = add_kpageflags(&fixture, 5, BUDDY);
	kpageflags->open_error = EACCES;
	check_unseen(&fixture, EACCES, EACCES);
	tap_row("read error");
	kpageflags->open_error = 0;
	kpageflags->read_error = EIO;
	check_unseen(&fixture, 0, EIO);
}

static void test_contents_without_iomem(void)
{
	_cleanup_fixture_ struct fixture fixture;
	struct memblk_info info;

	fixture_init(&fixture);
	add_block(&fixture, 4, "online\n", "Movable\n");
	add_kpageflags(&fixture, 5, BUDDY);
	inspector_for(&fixture, MEMBLK_WANT_CONTENTS);
	check_int(memblk_inspector_contents_error(fixture.inspector), ENOENT);
	info = look(&fixture, 4);
	check_uint(info.contents.nfree, PAGES);
	check_uint(info.offlinable, MEMBLK_OFFLINABLE_LIKELY);
	check_uint(info.obstacle, MEMBLK_OBSTACLE_UNSEEN);
}

static void test_strange_sizes(void)
{
	_cleanup_fixture_ struct fixture fixture;
	uint64_t page = (uint64_t) sysconf(_SC_PAGESIZE);

	fixture_init(&fixture);
	fake_add(&fixture.fake, SYSROOT_IOMEM, "0-ffffffffffffffff : System RAM\n");
	add_block(&fixture, 4, "online\n", "Movable\n");
	add_block(&fixture, 5, "online\n", "none\n");
	add_kpageflags(&fixture, 5, BUDDY);
	tap_row("less than a page");
	fixture.system.block_size_bytes = page / 2;
	check_unseen(&fixture, EINVAL, EINVAL);
	tap_row("more pages than can be counted");
	fixture.system.block_size_bytes = page << 32;
	check_unseen(&fixture, EINVAL, EINVAL);
}

static void test_last_block(void)
{
	static const uint64_t indexes[] = { UINT64_MAX, UINT64_MAX / PAGES,
					    INT64_MAX / 8 / PAGES };
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	add_plain_iomem(&fixture);
	add_kpageflags(&fixture, 5, BUDDY);
	inspector_for(&fixture, ~0U);
	for (size_t i = 0; i < ARRAY_SIZE(indexes); i++) {
		struct memblk_info info;

		add_block(&fixture, indexes[i], "online\n", "Movable\n");
		tap_row("block %ju", (uintmax_t) indexes[i]);
		info = look(&fixture, indexes[i]);
		check_int(info.contents_error, EOVERFLOW);
		check_string(info.device, "");
	}
}

/* More than what is read at once. */
static void test_large_block(void)
{
	_cleanup_fixture_ struct fixture fixture;
	struct fake_file *kpageflags;

	fixture_init(&fixture);
	fixture.system.block_size_bytes = (uint64_t) sysconf(_SC_PAGESIZE) * (256 << 10);
	kpageflags = add_kpageflags(&fixture, (256 << 10) / PAGES - 1, BUDDY);
	set_page(kpageflags, 0, SLAB);
	set_page(kpageflags, (256 << 10) - 1, SLAB);
	add_block(&fixture, 0, "online\n", "Movable\n");
	inspector_for(&fixture, MEMBLK_WANT_CONTENTS);
	check_uint(look(&fixture, 0).contents.nfree, (256 << 10) - 2);
	check_uint(look(&fixture, 0).contents.nslab, 2);
	kpageflags->length -= (130 << 10) * sizeof(uint64_t);
	check_uint(look(&fixture, 0).contents.nfree, (126 << 10) - 1);
	kpageflags->length = (128 << 10) * sizeof(uint64_t);
	check_uint(look(&fixture, 0).contents.nfree, (128 << 10) - 1);
}

static void set_offline(struct fake *fake, struct fake_file *file)
{
	(void) file;
	fake_set(fake_find(fake, SYSROOT_MEMORY "/memory4/state"), "offline\n");
}

/* Older kernels show NOPAGE of what is not online, newer ones nothing. */
static void test_block_goes_offline(void)
{
	static const uint64_t flags[] = { NOPAGE, 0 };

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		_cleanup_fixture_ struct fixture fixture;
		struct memblk_info info;

		tap_row("flags %jx", (uintmax_t) flags[i]);
		fixture_init(&fixture);
		add_plain_iomem(&fixture);
		add_block(&fixture, 4, "online\n", "Normal\n");
		add_kpageflags(&fixture, 4, flags[i])->read_fn = set_offline;
		inspector_for(&fixture, MEMBLK_WANT_CONTENTS);
		info = look(&fixture, 4);
		check_uint(info.state, MEMBLK_STATE_OFFLINE);
		check_int(info.contents_error, ENODATA);
		check_uint(info.offlinable, MEMBLK_OFFLINABLE_UNKNOWN);
		check_uint(info.obstacle, MEMBLK_OBSTACLE_NONE);
	}
}

static void test_block_is_removed(void)
{
	_cleanup_fixture_ struct fixture fixture;
	struct memblk_info info;

	fixture_init(&fixture);
	add_plain_iomem(&fixture);
	add_block(&fixture, 4, "online\n", "Normal\n");
	add_kpageflags(&fixture, 4, 0)->read_fn = remove_block;
	inspector_for(&fixture, MEMBLK_WANT_CONTENTS);
	check_int(memblk_inspect(fixture.inspector, 4, &info), -ENOENT);
}

static void test_block_without_flags(void)
{
	_cleanup_fixture_ struct fixture fixture;
	struct memblk_info info;

	fixture_init(&fixture);
	add_plain_iomem(&fixture);
	add_block(&fixture, 4, "online\n", "Movable\n");
	add_kpageflags(&fixture, 4, 0);
	inspector_for(&fixture, MEMBLK_WANT_CONTENTS);
	info = look(&fixture, 4);
	check_int(info.contents_error, 0);
	check_uint(info.contents.nunknown, PAGES);
}

static void test_free(void)
{
	memblk_inspector_free(NULL);
	check(true);
}

static const struct tap_test tests[] = {
	{ "the state of a block is told", test_state },
	{ "what is not asked for is not opened", test_what_is_opened },
	{ "a block that is not there is not found", test_missing_block },
	{ "nor is one that goes while it is looked at", test_block_goes },
	{ "a state that cannot be read is told of", test_state_errors },
	{ "the zones of a block are told", test_zones },
	{ "removable is told where it is 0 or 1", test_removable },
	{ "a block that is not configured is offline", test_config },
	{ "without a firmware nothing is known of configuration", test_config_elsewhere },
	{ "the node of a few blocks is told by themselves", test_node_of_few_blocks },
	{ "the nodes of many blocks are listed once", test_node_of_many_blocks },
	{ "blocks of a node that cannot be listed tell themselves",
	  test_node_that_cannot_be_listed },
	{ "without nodes, blocks are asked", test_no_nodes },
	{ "a block that cannot be listed has no node", test_node_errors },
	{ "the device of a block is told", test_device },
	{ "without iomem only a DIMM is known", test_device_without_iomem },
	{ "a firmware_node that leads nowhere is no DIMM",
	  test_firmware_node_that_is_none },
	{ "the contents of a block are counted, with one read", test_contents },
	{ "amounts are bytes, and pages that nobody knows are unmovable", test_amounts },
	{ "holes, and drivers that unplug, are known from iomem",
	  test_holes_and_drivers },
	{ "on arm64 no memory goes that was there at boot", test_memory_of_the_boot },
	{ "only blocks that are online are looked into",
	  test_only_online_blocks_have_contents },
	{ "pages beyond the end of memory are missing", test_end_of_memory },
	{ "without kpageflags, only zones and holes tell of a block",
	  test_no_kpageflags },
	{ "without iomem, no block goes for sure", test_contents_without_iomem },
	{ "blocks of no kernel's size are not looked into", test_strange_sizes },
	{ "blocks beyond all addresses are not looked into", test_last_block },
	{ "large blocks are read in pieces", test_large_block },
	{ "a block that goes offline meanwhile is offline", test_block_goes_offline },
	{ "a block that is removed meanwhile is not found", test_block_is_removed },
	{ "a block can be full of pages without flags", test_block_without_flags },
	{ "nothing is freed", test_free },
};

TAP_MAIN(tests)
