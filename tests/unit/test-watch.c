/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waiting for blocks: which of them a run is done with, and when the directory has
 * changed, on a clock of its own.
 */
#include "config.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "clock.h"
#include "machine.h"
#include "sysroot.h"
#include "util.h"

static int nallocations = -1; /* so many lists of blocks, then none; -1: any number */
static size_t failing_size = sizeof(uint64_t); /* of what is in these lists */

/* In place of the C library's. */
void *reallocarray(void *pointer, size_t n, size_t size)
{
	if (size == failing_size && nallocations >= 0 && nallocations-- == 0) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(pointer, n * size);
}

/* ---- What is settled ---- */

static void check_settled(const struct memblk_watch *watch, const uint64_t *expected,
			  size_t nexpected)
{
	check_uint(watch->nsettled, nexpected);
	for (size_t i = 0; i < nexpected && i < watch->nsettled; i++)
		check_uint(watch->settled[i], expected[i]);
}

#define _cleanup_watch_ _cleanup_(memblk_watch_done)

static void test_settle(void)
{
	static const uint64_t blocks[] = { 5, 9, 1, 5, 7, 0, 9, UINT64_MAX, 1 };
	static const uint64_t expected[] = { 0, 1, 5, 7, 9, UINT64_MAX };
	_cleanup_watch_ struct memblk_watch watch = { .nlinks = 1 };

	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++)
		check_int(memblk_watch_settle(&watch, blocks[i]), 0);
	check_settled(&watch, expected, ARRAY_SIZE(expected));
}

/* More than are made room for at first, from both ends. */
static void test_settle_many(void)
{
	_cleanup_watch_ struct memblk_watch watch = { .nlinks = 1 };
	size_t nwrong = 0;

	for (uint64_t i = 0; i < 1000; i++)
		check_int(memblk_watch_settle(&watch, i % 2 ? 1000 + i : 1000 - i), 0);
	check_uint(watch.nsettled, 1000);
	for (size_t i = 1; i < watch.nsettled; i++)
		nwrong += watch.settled[i - 1] >= watch.settled[i];
	check_uint(nwrong, 0);
}

static void test_settle_no_room(void)
{
	_cleanup_watch_ struct memblk_watch watch = { .nlinks = 1 };

	nallocations = 0;
	check_int(memblk_watch_settle(&watch, 3), -ENOMEM);
	nallocations = -1;
	check_uint(watch.nsettled, 0);
	check_int(memblk_watch_settle(&watch, 3), 0);
	nallocations = 0;
	check_int(memblk_watch_settle(&watch, 3), 0);
	check_int(memblk_watch_settle(&watch, 4), 0);
	nallocations = -1;
}

static void test_filter(void)
{
	static const struct {
		uint64_t settled[3];
		size_t nsettled;
		uint64_t left[4];
		size_t nleft;
	} rows[] = {
		{ { 0 }, 0, { 2, 4, 6, 8 }, 4 },
		{ { 2, 8 }, 2, { 4, 6 }, 2 },
		{ { 4, 5, 6 }, 3, { 2, 8 }, 2 },
		{ { 1, 3, 9 }, 3, { 2, 4, 6, 8 }, 4 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_watch_ struct memblk_watch watch = { .nlinks = 1 };
		uint64_t blocks[] = { 2, 4, 6, 8 };
		size_t nblocks = ARRAY_SIZE(blocks);

		tap_row("row %zu", i);
		for (size_t j = 0; j < rows[i].nsettled; j++)
			check_int(memblk_watch_settle(&watch, rows[i].settled[j]), 0);
		memblk_watch_filter(&watch, blocks, &nblocks);
		check_uint(nblocks, rows[i].nleft);
		check_bytes(blocks, rows[i].left, rows[i].nleft * sizeof(*blocks));
		nblocks = 0;
		memblk_watch_filter(&watch, blocks, &nblocks);
		check_uint(nblocks, 0);
	}
}

/* ---- What is as wanted at the start ---- */

static bool open_system(struct machine *machine)
{
	enum memblk_system_step step;

	return check_int(system_open(fake_sysfs(&machine->fake), &machine->system, &step),
			 0);
}

/* Block 0 is online, 1 offline, 2 going offline, 3 cannot be read. */
static void add_blocks(struct machine *machine)
{
	clock_reset();
	machine_init(machine);
	machine_add(machine, 3, "online", "Normal");
	machine_file(machine, 3, "state")->read_error = EIO;
	machine_add(machine, 2, "going-offline", "Normal");
	machine_add(machine, 1, "offline", "Normal");
	machine_add(machine, 0, "online", "Normal");
}

static void test_init(void)
{
	static const struct {
		enum memblk_command command;
		uint64_t settled;
	} rows[] = {
		{ MEMBLK_COMMAND_ENABLE, 0 },
		{ MEMBLK_COMMAND_DISABLE, 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_machine_ struct machine machine;
		_cleanup_watch_ struct memblk_watch watch = { .nlinks = 1 };
		struct memblk_request request = request_by_size(rows[i].command, 2);

		tap_row("row %zu", i);
		add_blocks(&machine);
		if (!open_system(&machine))
			return;
		check_int(memblk_watch_init(&watch, machine.system, &request), 0);
		check_settled(&watch, &rows[i].settled, 1);
		check_writes(&machine, "");
	}
}

static void test_init_firmware(void)
{
	static const struct {
		enum memblk_command command;
		uint64_t settled[2];
		size_t nsettled;
	} rows[] = {
		{ MEMBLK_COMMAND_CONFIGURE, { 1 }, 1 },
		{ MEMBLK_COMMAND_DECONFIGURE, { 0 }, 1 },
		/* what is not configured is offline; no `state` says so */
		{ MEMBLK_COMMAND_DISABLE, { 0, 1 }, 2 },
		{ MEMBLK_COMMAND_ENABLE, { 0 }, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_machine_ struct machine machine;
		_cleanup_watch_ struct memblk_watch watch = { .nlinks = 1 };
		struct memblk_request request = request_by_size(rows[i].command, 2);

		tap_row("row %zu", i);
		clock_reset();
		machine_init(&machine);
		machine_add_firmware(&machine, 0, "0", "0");
		machine_add_firmware(&machine, 1, "1", "0");
		machine_add_firmware(&machine, 2, "", "0");
		machine_add(&machine, 1, "offline", "Normal");
		if (!open_system(&machine))
			return;
		check_int(memblk_watch_init(&watch, machine.system, &request), 0);
		check_settled(&watch, rows[i].settled, rows[i].nsettled);
	}
}

/* A range names its blocks: none is more settled than the others. */
static void test_init_by_range(void)
{
	_cleanup_machine_ struct machine machine;
	_cleanup_watch_ struct memblk_watch watch = { .nlinks = 7, .nsettled = 7 };
	struct memblk_request request = request_by_range(MEMBLK_COMMAND_ENABLE, 0, 3);

	add_blocks(&machine);
	if (!open_system(&machine))
		return;
	check_int(memblk_watch_init(&watch, machine.system, &request), 0);
	check_settled(&watch, NULL, 0);
	check_uint(watch.nlinks, 1);
	check_uint(machine_file(&machine, 0, "state")->nopens, 0);
}

/* What is online is counted anew each time; which way it goes may not be known yet. */
static void test_init_of_no_size(void)
{
	static const enum memblk_selection_kind kinds[] = { MEMBLK_SELECTION_ALL,
							    MEMBLK_SELECTION_RESIZE };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		_cleanup_machine_ struct machine machine;
		_cleanup_watch_ struct memblk_watch watch = { .nlinks = 7,
							      .nsettled = 7 };
		struct memblk_request request = request_by_size(_MEMBLK_COMMAND_MAX, 2);

		tap_row("selection %u", kinds[i]);
		add_blocks(&machine);
		machine_add_firmware(&machine, 0, "1", "0");
		machine_add_firmware(&machine, 4, "0", "0");
		request.selection.kind = kinds[i];
		if (!open_system(&machine))
			return;
		check_int(memblk_watch_init(&watch, machine.system, &request), 0);
		check_settled(&watch, NULL, 0);
		check_uint(watch.nlinks, 1);
	}
}

static void test_init_fails(void)
{
	_cleanup_machine_ struct machine machine;
	struct memblk_watch watch = { .nlinks = 7 };
	struct memblk_request request = request_by_size(MEMBLK_COMMAND_ENABLE, 2);

	add_blocks(&machine);
	if (!open_system(&machine))
		return;
	nallocations = 1;
	check_int(memblk_watch_init(&watch, machine.system, &request), -ENOMEM);
	nallocations = -1;
	fake_add_directory(&machine.fake, SYSROOT_MEMORY)->list_error = EIO;
	check_int(memblk_watch_init(&watch, machine.system, &request), -EIO);
	/* written only on success */
	check_uint(watch.nlinks, 7);
}

/* ---- Blocks that the kernel is still adding ---- */

static struct machine *growing; /* in sleeps */

static void link_to_node(struct machine *machine, uint64_t index)
{
	char path[SYSROOT_PATH_MAX];

	snprintf(path, sizeof(path), SYSROOT_NODES "/node1/memory%" PRIu64, index);
	fake_add_link(&machine->fake, path, "x");
}

/* Blocks 0 and 1 of node 1, block 2 of none. */
static bool add_growing(struct machine *machine)
{
	clock_reset();
	growing = machine;
	machine_init(machine);
	for (uint64_t i = 0; i < 3; i++)
		machine_add(machine, i, "offline", "Normal Movable");
	link_to_node(machine, 0);
	link_to_node(machine, 1);

	return open_system(machine);
}

static void link_later(void)
{
	if (clock_state.slept_ms == 20)
		link_to_node(growing, 2);
}

static void check_await(struct machine *machine, struct memblk_watch *watch,
			const uint64_t *blocks, size_t nblocks, uint64_t slept_ms)
{
	check_int(memblk_watch_await_nodes(watch, machine->system, blocks, nblocks,
					   CLOCK_START_MS + 1000),
		  0);
	check_uint(clock_state.slept_ms, slept_ms);
}

static void test_await_nodes(void)
{
	static const uint64_t blocks[] = { 0, 1, 2 };
	_cleanup_machine_ struct machine machine;
	_cleanup_watch_ struct memblk_watch watch = { .nlinks = 1 };

	if (!add_growing(&machine))
		return;
	clock_state.sleep_fn = link_later;
	check_await(&machine, &watch, blocks, 3, 20);
	check_uint(watch.lacks_nodes, 0);
	check_await(&machine, &watch, blocks, 3, 20);
	/* and nothing of it was read meanwhile */
	check_uint(machine_file(&machine, 2, "valid_zones")->nopens, 0);
}

/* Those of no interest, and those that are not there, need not be linked. */
static void test_await_no_others(void)
{
	static const uint64_t blocks[] = { 0, 1, 7 };
	_cleanup_machine_ struct machine machine;
	_cleanup_watch_ struct memblk_watch watch = { .nlinks = 1 };

	if (!add_growing(&machine))
		return;
	check_await(&machine, &watch, blocks, 3, 0);
	check_await(&machine, &watch, NULL, 0, 0);
}

static void test_await_in_vain(void)
{
	static const uint64_t blocks[] = { 0, 1, 2 };
	_cleanup_machine_ struct machine machine;
	_cleanup_watch_ struct memblk_watch watch = { .nlinks = 1 };

	if (!add_growing(&machine))
		return;
	check_await(&machine, &watch, blocks, 3, 1000);
	check_uint(watch.lacks_nodes, 1);
	check_await(&machine, &watch, blocks, 3, 1000);
}

static void test_await_without_nodes(void)
{
	static const uint64_t blocks[] = { 4 };
	_cleanup_machine_ struct machine machine;
	_cleanup_watch_ struct memblk_watch watch = { .nlinks = 1 };

	clock_reset();
	machine_init(&machine);
	machine_add(&machine, 4, "offline", "Normal Movable");
	if (!open_system(&machine))
		return;
	check_await(&machine, &watch, blocks, 1, 0);
	check_uint(watch.lacks_nodes, 0);
}

static void test_await_fails(void)
{
	static const uint64_t blocks[] = { 0, 1, 2 };
	_cleanup_machine_ struct machine machine;
	_cleanup_watch_ struct memblk_watch watch = { .nlinks = 1 };

	if (!add_growing(&machine))
		return;
	clock_state.is_interrupted = true;
	check_int(memblk_watch_await_nodes(&watch, machine.system, blocks, 3,
					   CLOCK_START_MS + 1000),
		  -EINTR);
	clock_state.is_interrupted = false;
	failing_size = 2 * sizeof(uint64_t);
	nallocations = 0;
	check_int(memblk_watch_await_nodes(&watch, machine.system, blocks, 3,
					   CLOCK_START_MS + 1000),
		  -ENOMEM);
	nallocations = -1;
	failing_size = sizeof(uint64_t);
}

/* ---- Blocks that the kernel has not linked with their device yet ---- */

static void link_to_device(struct machine *machine, uint64_t index)
{
	char path[SYSROOT_PATH_MAX];

	fake_add_link(
		&machine->fake,
		sysroot_block_path(path, SYSROOT_MEMORY, index, SYSROOT_FIRMWARE_NODE),
		"../PNP0C80:00");
}

static void link_to_device_later(void)
{
	if (clock_state.slept_ms == 20)
		link_to_device(growing, 2);
}

static void check_await_device(struct machine *machine, struct memblk_watch *watch,
			       const char *device, size_t nblocks, uint64_t slept_ms)
{
	static const uint64_t blocks[] = { 1, 2, 7 };

	check_int(memblk_watch_await_device(watch, machine->system, device, blocks,
					    nblocks, CLOCK_START_MS + 1000),
		  0);
	check_uint(clock_state.slept_ms, slept_ms);
}

static bool add_growing_device(struct machine *machine)
{
	if (!add_growing(machine))
		return false;
	fake_add(&machine->fake, SYSROOT_IOMEM, "00000000-3fffffff : System RAM\n");
	link_to_device(machine, 1);
	return true;
}

static void test_await_device(void)
{
	_cleanup_machine_ struct machine machine;
	_cleanup_watch_ struct memblk_watch watch = { .nlinks = 1 };

	if (!add_growing_device(&machine))
		return;
	clock_state.sleep_fn = link_to_device_later;
	check_await_device(&machine, &watch, "PNP0C80:00", 1, 0);
	check_await_device(&machine, &watch, "boot", 3, 0);
	check_await_device(&machine, &watch, "PNP0C80:00", 3, 20);
	check_uint(watch.lacks_device, 0);
}

static void test_await_device_in_vain(void)
{
	_cleanup_machine_ struct machine machine;
	_cleanup_watch_ struct memblk_watch watch = { .nlinks = 1 };

	if (!add_growing_device(&machine))
		return;
	check_await_device(&machine, &watch, "PNP0C80:00", 3, 1000);
	check_uint(watch.lacks_device, 1);
	check_await_device(&machine, &watch, "PNP0C80:00", 3, 1000);
}

/* ---- When the directory has changed ---- */

static char root[64], memory[128];
static bool counts_links; /* whether the file system does */

static const char *const directories[] = { "sys", "sys/devices", "sys/devices/system",
					   SYSROOT_MEMORY };

static void make(const char *path)
{
	char whole[256];

	snprintf(whole, sizeof(whole), "%s/%s", root, path);
	check_int(mkdir(whole, 0777), 0);
}

static void clear(const char *path)
{
	char whole[256];

	snprintf(whole, sizeof(whole), "%s/%s", root, path);
	rmdir(whole);
}

static void real_done(struct memblk_system *system)
{
	sysfs_close(&system->sysfs);
	clear(SYSROOT_MEMORY "/memory1");
	clear(SYSROOT_MEMORY "/memory0");
	for (size_t i = ARRAY_SIZE(directories); i-- > 0;)
		clear(directories[i]);
	rmdir(root);
}

#define _cleanup_real_ _cleanup_(real_done)

/* A real directory with memory0 in it. */
static void real_init(struct memblk_system *system)
{
	const char *directory = getenv("TMPDIR");
	struct stat st;

	clock_reset();
	*system = (struct memblk_system){ .block_size_bytes = 1 << 27 };
	snprintf(root, sizeof(root), "%s/test-watch.XXXXXX",
		 directory && strlen(directory) < 40 ? directory : "/tmp");
	check(mkdtemp(root) == root);
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		make(directories[i]);
	make(SYSROOT_MEMORY "/memory0");
	snprintf(memory, sizeof(memory), "%s/%s", root, SYSROOT_MEMORY);
	check_int(stat(memory, &st), 0);
	counts_links = st.st_nlink == 3;
	check_int(sysfs_open(root, &system->sysfs), 0);
}

static void add_later(void)
{
	if (clock_state.slept_ms == 300)
		make(SYSROOT_MEMORY "/memory1");
}

static void remove_later(void)
{
	if (clock_state.slept_ms == 200)
		clear(SYSROOT_MEMORY "/memory0");
}

static void remove_all_later(void)
{
	remove_later();
	if (clock_state.slept_ms == 200)
		clear(SYSROOT_MEMORY);
}

static void test_changed(void)
{
	static const struct {
		void (*sleep_fn)(void);
		uint64_t ms;
	} rows[] = { { add_later, 300 },
		     { remove_later, 200 },
		     { remove_all_later, 200 } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_real_ struct memblk_system system;
		struct memblk_watch watch = { .nlinks = 0 };

		tap_row("row %zu", i);
		real_init(&system);
		memblk_watch_mark(&watch, &system);
		clock_state.sleep_fn = rows[i].sleep_fn;
		check_int(memblk_watch_sleep(&watch, &system, CLOCK_START_MS + 5000), 0);
		check_uint(clock_state.slept_ms, counts_links ? rows[i].ms : 100);
	}
}

static void test_in_time(void)
{
	static const struct {
		uint64_t ms;
		const char *log;
	} rows[] = {
		{ 250, "100 100 50 " },
		{ 100, "100 " },
		{ 1, "1 " },
		{ 0, "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_real_ struct memblk_system system;
		struct memblk_watch watch = { .nlinks = 0 };

		tap_row("row %zu", i);
		real_init(&system);
		memblk_watch_mark(&watch, &system);
		if (!counts_links && rows[i].ms)
			continue;
		check_int(
			memblk_watch_sleep(&watch, &system, CLOCK_START_MS + rows[i].ms),
			-ETIME);
		check_string(clock_state.log, rows[i].log);
	}
}

/* What came before the mark is no change, what came between is one at once. */
static void test_mark(void)
{
	_cleanup_real_ struct memblk_system system;
	struct memblk_watch watch = { .nlinks = 0 };

	real_init(&system);
	memblk_watch_mark(&watch, &system);
	make(SYSROOT_MEMORY "/memory1");
	check_int(memblk_watch_sleep(&watch, &system, CLOCK_START_MS + 500), 0);
	check_string(clock_state.log, "100 ");
	memblk_watch_mark(&watch, &system);
	if (counts_links)
		check_int(memblk_watch_sleep(&watch, &system, CLOCK_START_MS + 500),
			  -ETIME);
}

/* Nothing tells that a block was linked with its node or device. */
static void test_narrow(void)
{
	static const uint64_t slept_ms[] = { 100, 200, 400, 800, 1600 };
	_cleanup_real_ struct memblk_system system;
	struct memblk_watch watch = { .nlinks = 0, .is_narrow = true };

	real_init(&system);
	for (size_t i = 0; i < ARRAY_SIZE(slept_ms) && counts_links; i++) {
		memblk_watch_mark(&watch, &system);
		check_int(memblk_watch_sleep(&watch, &system, CLOCK_START_MS + 9999), 0);
		check_uint(clock_state.slept_ms, slept_ms[i]);
	}
	make(SYSROOT_MEMORY "/memory1");
	memblk_watch_mark(&watch, &system);
	check_int(memblk_watch_sleep(&watch, &system, CLOCK_START_MS + 9999), 0);
	if (counts_links)
		check_uint(clock_state.slept_ms, 1700);
}

static void interrupt(void)
{
	clock_state.is_interrupted = clock_state.slept_ms == 100;
}

static void test_signal(void)
{
	_cleanup_real_ struct memblk_system system;
	struct memblk_watch watch = { .nlinks = 0 };

	real_init(&system);
	memblk_watch_mark(&watch, &system);
	clock_state.sleep_fn = interrupt;
	check_int(memblk_watch_sleep(&watch, &system, CLOCK_START_MS + 5000), -EINTR);
	check_string(clock_state.log, "100 ");
}

/* Then every look may find something. */
static void test_links_not_counted(void)
{
	_cleanup_machine_ struct machine machine;
	struct memblk_watch watch = { .nlinks = 7 };

	add_blocks(&machine);
	if (!open_system(&machine))
		return;
	memblk_watch_mark(&watch, machine.system);
	check_uint(watch.nlinks, 1);
	check_int(memblk_watch_sleep(&watch, machine.system, CLOCK_START_MS + 500), 0);
	check_string(clock_state.log, "100 ");
}

static const struct tap_test tests[] = {
	{ "Blocks that are settled are kept in order, each once", test_settle },
	{ "Any number of blocks can be settled", test_settle_many },
	{ "A block that there is no room for is not settled", test_settle_no_room },
	{ "What is settled is taken out, and nothing else", test_filter },
	{ "By size what is as wanted is settled at the start", test_init },
	{ "What the firmware says is as wanted is settled, too", test_init_firmware },
	{ "By range nothing is settled at the start", test_init_by_range },
	{ "Of all, or to reach a size, nothing is settled at the start",
	  test_init_of_no_size },
	{ "A start that fails leaves nothing", test_init_fails },
	{ "What is still being added is waited for", test_await_nodes },
	{ "What else there may be is not", test_await_no_others },
	{ "A block that is of no node for good is waited for once", test_await_in_vain },
	{ "Where there are no nodes nothing is waited for", test_await_without_nodes },
	{ "Waiting ends by a signal, or for want of memory", test_await_fails },
	{ "A device that is yet to be known is waited for", test_await_device },
	{ "A block that is of no device for good is waited for once",
	  test_await_device_in_vain },
	{ "Where not all blocks are meant it is looked again, less and less often",
	  test_narrow },
	{ "The sleep ends when the directory has changed", test_changed },
	{ "The sleep ends in time", test_in_time },
	{ "A change counts from the mark on", test_mark },
	{ "A signal ends the sleep", test_signal },
	{ "Where links are not counted the sleep is short", test_links_not_counted },
};

TAP_MAIN(tests)
