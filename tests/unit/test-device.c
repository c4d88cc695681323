/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks of one device, on a machine in memory: what is left of a list, of which links
 * have to be read for that, which devices there are, and what cannot be told.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "device.h"
#include "machine.h"
#include "sysroot.h"
#include "util.h"

#define NBLOCKS 12

/*
 * Blocks 0 to 2 were there at boot; 3 and 4 are of a DIMM, 5 of another; 6 and 7 of
 * virtio-mem, 8 of kmem, and 9 of a DIMM that a driver has taken over. There is no memory
 * known of 10, and 11 is of a DIMM all the same.
 */
static const char iomem[] = "00000000-17ffffff : System RAM\n"
			    "18000000-2fffffff : System RAM\n"
			    "30000000-3fffffff : virtio0\n"
			    "  30000000-3fffffff : System RAM (virtio_mem)\n"
			    "40000000-47ffffff : System RAM (kmem)\n"
			    "48000000-4fffffff : System RAM (kmem)\n";

static const char zeroed[] = "00000000-00000000 : System RAM\n"
			     "  00000000-00000000 : System RAM (virtio_mem)\n";

static struct fake_file *links[NBLOCKS];

static void add_link(struct machine *machine, uint64_t index, const char *target)
{
	char path[SYSROOT_PATH_MAX];

	links[index] = fake_add_link(
		&machine->fake,
		sysroot_block_path(path, SYSROOT_MEMORY, index, SYSROOT_FIRMWARE_NODE),
		target);
}

/* No file of that name where TEXT is NULL. */
static bool init(struct machine *machine, const char *text)
{
	machine_init(machine);
	memset(links, 0, sizeof(links));
	for (uint64_t i = 0; i < NBLOCKS; i++)
		machine_add(machine, i, "online", NULL);
	add_link(machine, 3, "../../../LNXSYSTM:00/LNXSYBUS:00/PNP0C80:00");
	add_link(machine, 4, "../../../LNXSYSTM:00/LNXSYBUS:00/PNP0C80:00");
	add_link(machine, 5, "PNP0C80:0a");
	add_link(machine, 9, "../PNP0C80:0b");
	add_link(machine, 11, "/PNP0C80:0c");
	if (text)
		fake_add(&machine->fake, SYSROOT_IOMEM, text);

	return machine_plan(machine, request_by_range(MEMBLK_COMMAND_ENABLE, 0, 0));
}

/* EXPECTED is "3 4 ", the blocks that are left of all. */
static void check_left(struct machine *machine, const char *device, const char *expected)
{
	uint64_t blocks[NBLOCKS];
	size_t nblocks = NBLOCKS, length = 0;
	char left[128] = "";

	for (size_t i = 0; i < NBLOCKS; i++)
		blocks[i] = i;
	tap_row("%s", device);
	check_int(blocks_filter_by_device(machine->system, device, blocks, &nblocks), 0);
	for (size_t i = 0; i < nblocks; i++)
		length += (size_t) snprintf(left + length, sizeof(left) - length,
					    "%" PRIu64 " ", blocks[i]);
	check_string(left, expected);
}

static void test_filter(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init(&machine, iomem))
		return;
	check_left(&machine, "boot", "0 1 2 ");
	check_left(&machine, "PNP0C80:00", "3 4 ");
	check_left(&machine, "PNP0C80:0a", "5 ");
	check_left(&machine, "virtio-mem", "6 7 ");
	check_left(&machine, "kmem", "8 9 ");
	check_left(&machine, "PNP0C80:0c", "11 ");
	/* what has an owner is of that */
	check_left(&machine, "PNP0C80:0b", "");
	check_left(&machine, "virtio_mem", "");
	check_left(&machine, "PNP0C80:0", "");
	check_left(&machine, "", "");
}

/* As an ordinary user sees it, or a tree of plain files. */
static void test_filter_without_iomem(void)
{
	static const char *const texts[] = { NULL, zeroed, "", "x-y : System RAM\n" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_machine_ struct machine machine;

		if (!init(&machine, texts[i]))
			return;
		check_left(&machine, "PNP0C80:00", "3 4 ");
		check_left(&machine, "PNP0C80:0b", "9 ");
		check_left(&machine, "boot", "");
		check_left(&machine, "virtio-mem", "");
		check_left(&machine, "kmem", "");
		check_left(&machine, "", "");
	}
}

static unsigned int count_links(void)
{
	unsigned int nopens = 0;

	for (size_t i = 0; i < NBLOCKS; i++)
		nopens += links[i] ? links[i]->nopens : 0;
	return nopens;
}

/* None of what has an owner, and none at all for the sake of one. */
static void test_links_that_are_read(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init(&machine, iomem))
		return;
	check_left(&machine, "kmem", "8 9 ");
	check_uint(count_links(), 0);
	check_left(&machine, "PNP0C80:00", "3 4 ");
	check_uint(count_links(), 4);
	check_uint(links[9]->nopens, 0);
}

/* A link that cannot be read leaves a block of which only iomem tells. */
static void test_bad_links(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init(&machine, iomem))
		return;
	links[3]->open_error = EACCES;
	fake_set(links[4], "../../PNP0C80:00/");
	fake_set(links[5], "");
	check_left(&machine, "PNP0C80:00", "");
	check_left(&machine, "boot", "0 1 2 3 4 5 ");
}

static void test_name_that_is_too_long(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init(&machine, iomem))
		return;
	fake_set(links[3], "../ABCDEFGHIJKLMNOPQRSTUVWXYZ:0123456789");
	check_left(&machine, "ABCDEFGHIJKLMNOPQRSTUVWXYZ:0123", "3 ");
	check_left(&machine, "ABCDEFGHIJKLMNOPQRSTUVWXYZ:0123456789", "");
}

/* ---- What can be told ---- */

static void test_check(void)
{
	static const struct {
		const char *text;
		int error;
	} rows[] = {
		{ iomem, 0 },
		{ NULL, -ENOENT },
		{ zeroed, -EACCES },
		{ "", -ENODATA },
		{ "x-y : System RAM\n", -EBADMSG },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_machine_ struct machine machine;

		if (!init(&machine, rows[i].text))
			return;
		tap_row("%zu", i);
		check_int(memblk_device_check(machine.system, "virtio-mem"),
			  rows[i].error);
		check_int(memblk_device_check(machine.system, "boot"), rows[i].error);
		check_int(memblk_device_check(machine.system, "PNP0C80:77"), 0);
	}
}

static void check_devices(struct machine *machine, const char *expected, int error)
{
	_cleanup_(memblk_devices_done) struct memblk_devices devices = { .ndevices = 0 };
	size_t length = 0;
	char names[128] = "";

	check_int(memblk_devices_list(machine->system, &devices), 0);
	for (size_t i = 0; i < devices.ndevices; i++)
		length += (size_t) snprintf(names + length, sizeof(names) - length, "%s ",
					    devices.name[i]);
	check_string(names, expected);
	check_int(devices.error, error);
	check(memblk_devices_has(&devices, "PNP0C80:0a"));
	check(!memblk_devices_has(&devices, "PNP0C80:0"));
	check(!memblk_devices_has(&devices, ""));
}

static void test_list(void)
{
	static const char dimms[] = "PNP0C80:00 PNP0C80:0a PNP0C80:0b PNP0C80:0c ";

	for (int i = 0; i < 3; i++) {
		const char *const texts[] = { iomem, zeroed, NULL };
		_cleanup_machine_ struct machine machine;

		if (!init(&machine, texts[i]))
			return;
		tap_row("%d", i);
		if (i == 0)
			check_devices(&machine,
				      "boot PNP0C80:00 PNP0C80:0a virtio-mem kmem "
				      "PNP0C80:0c ",
				      0);
		else
			check_devices(&machine, dimms, i == 1 ? EACCES : ENOENT);
	}
}

static void test_list_error(void)
{
	_cleanup_machine_ struct machine machine;
	struct memblk_devices devices = { .ndevices = 7 };

	if (!init(&machine, iomem))
		return;
	fake_add_directory(&machine.fake, SYSROOT_MEMORY)->list_error = EIO;
	check_int(memblk_devices_list(machine.system, &devices), -EIO);
	check_uint(devices.ndevices, 7);
}

/* ---- Selections ---- */

static void test_scan(void)
{
	static const enum memblk_selection_kind kinds[] = {
		MEMBLK_SELECTION_SIZE,
		MEMBLK_SELECTION_ALL,
		MEMBLK_SELECTION_RESIZE,
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		_cleanup_machine_ struct machine machine;
		struct memblk_request request = request_by_size(MEMBLK_COMMAND_ENABLE, 1);

		request.selection.kind = kinds[i];
		request.selection.device = "virtio-mem";
		check(memblk_selection_is_narrow(&request.selection));
		if (!init(&machine, iomem) || !machine_plan(&machine, request))
			return;
		check_uint(machine.plan.nblocks, 2);
		check_uint(machine.blocks[0], 6);
		check_uint(machine.blocks[1], 7);
	}
}

/* Blocks 2 to 14, of which those from 12 on do not exist. */
static void test_narrow(void)
{
	_cleanup_machine_ struct machine machine;
	struct memblk_selection selection = { .kind = MEMBLK_SELECTION_BLOCKS,
					      .device = "kmem" };

	if (!init(&machine, iomem))
		return;
	selection.ranges.range = calloc(1, sizeof(*selection.ranges.range));
	selection.ranges.range[0] = (struct memblk_range){ 2, 14 };
	selection.ranges.nranges = 1;
	check_int(memblk_selection_narrow(machine.system, &selection), 0);
	if (check_uint(selection.ranges.nranges, 2)) {
		check_uint(selection.ranges.range[0].first, 8);
		check_uint(selection.ranges.range[0].last, 9);
		check_uint(selection.ranges.range[1].first, 12);
		check_uint(selection.ranges.range[1].last, 14);
	}
	memblk_selection_done(&selection);
}

static const struct tap_test tests[] = {
	{ "Blocks are of the owner of their memory, else of a DIMM, else of boot",
	  test_filter },
	{ "Without iomem only DIMMs are known", test_filter_without_iomem },
	{ "No link is read that tells nothing", test_links_that_are_read },
	{ "What is no link to a name is none to a DIMM", test_bad_links },
	{ "A name that is too long is cut", test_name_that_is_too_long },
	{ "It is known beforehand what can be told", test_check },
	{ "Devices are listed once each, by their lowest blocks", test_list },
	{ "Where blocks cannot be listed, devices cannot", test_list_error },
	{ "All but ranges is scanned by device", test_scan },
	{ "Blocks of other devices are cut out of ranges", test_narrow },
};

TAP_MAIN(tests)
