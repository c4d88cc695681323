/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The eject of a device of ACPI. The write only asks for it: acpi_hotplug_schedule() in
 * drivers/acpi of Linux puts the rest off, and what comes of that shows in the blocks
 * alone.
 *
 * The kernel would set what is online offline by itself, where neither a signal nor a
 * deadline ends it, and keep every other hot-plug operation waiting meanwhile. So it is
 * only asked when there is nothing left to do:
 *
 * 1. Each block of the device is offline, by a look at all of them right before.
 * 2. The kernel brings none online by itself, as auto_online_blocks would have it.
 */
#include "config.h"

#include <fcntl.h>
#include <string.h>

#include "block.h"
#include "device.h"
#include "interrupt.h"
#include "sysroot.h"
#include "unplug.h"
#include "util.h"

#define EJECT SYSROOT_FIRMWARE_NODE "/eject"

struct device_blocks {
	uint64_t *blocks; /* owned */
	size_t nblocks;
};

static void device_blocks_done(struct device_blocks *blocks)
{
	free(blocks->blocks);
}

/* All there are, whatever the run was narrowed to beside the device. */
static int device_blocks_scan(const struct run *run, struct device_blocks *ret)
{
	const struct memblk_selection all = {
		.kind = MEMBLK_SELECTION_ALL,
		.device = run->request->selection.device,
	};

	return memblk_scan(run->system, &all, &ret->blocks, &ret->nblocks);
}

static struct memblk_unplug make_unplug(enum memblk_unplug_status status, int error)
{
	return (struct memblk_unplug){ .status = status,
				       .error = error < 0 ? -error : error };
}

/* Whether the kernel leaves alone what is offline. A kernel without the file does. */
static bool check_auto_online(const struct run *run, struct memblk_unplug *ret)
{
	char text[SYSFS_TEXT_MAX + 1];
	int r = sysfs_read(&run->system->sysfs, SYSROOT_AUTO_ONLINE, text);

	if (r == -ENOENT || (r == 0 && !strcmp(text, "offline")))
		return true;
	*ret = make_unplug(MEMBLK_UNPLUG_AUTO_ONLINE, r);

	return false;
}

/* Whether the device has an eject, and it can be written if that is to be done. */
static bool check_eject(const struct run *run, uint64_t index, struct memblk_unplug *ret)
{
	const struct sysfs *sysfs = &run->system->sysfs;
	int flags = run->request->dry_run ? O_PATH : O_WRONLY | O_NOCTTY | O_NONBLOCK;
	char path[SYSROOT_PATH_MAX];
	int fd;

	fd = sysfs->io->open(sysfs->backend,
			     sysroot_block_path(path, SYSROOT_MEMORY, index, EJECT),
			     flags | O_CLOEXEC);
	if (fd < 0) {
		*ret = make_unplug(MEMBLK_UNPLUG_NO_EJECT, fd);
		return false;
	}
	sysfs->io->close(sysfs->backend, fd);

	return true;
}

void unplug_check(const struct run *run, struct memblk_unplug *ret)
{
	_cleanup_(device_blocks_done) struct device_blocks blocks = { .nblocks = 0 };
	int r;

	if (!device_is_acpi(run->request->selection.device)) {
		*ret = make_unplug(MEMBLK_UNPLUG_NO_FIRMWARE, 0);
		return;
	}
	if (!check_auto_online(run, ret))
		return;
	r = device_blocks_scan(run, &blocks);
	if (r == 0 && !blocks.nblocks)
		r = -ENODEV;
	if (r < 0)
		*ret = make_unplug(MEMBLK_UNPLUG_FAILED, r);
	else if (check_eject(run, blocks.blocks[0], ret))
		*ret = make_unplug(MEMBLK_UNPLUG_POSSIBLE, 0);
}

static bool check_offline(const struct run *run, const struct device_blocks *blocks,
			  struct memblk_unplug *ret)
{
	for (size_t i = 0; i < blocks->nblocks; i++) {
		enum memblk_state state = MEMBLK_STATE_UNKNOWN;
		int r = block_state_read(run->system, blocks->blocks[i], &state);

		if (r == 0 && state == MEMBLK_STATE_OFFLINE)
			continue;
		*ret = make_unplug(MEMBLK_UNPLUG_NOT_OFFLINE, r);
		ret->index = blocks->blocks[i];
		ret->state = state;
		return false;
	}
	return true;
}

void unplug_ask(const struct run *run, _Atomic bool *asked, struct memblk_unplug *ret)
{
	_cleanup_(device_blocks_done) struct device_blocks blocks = { .nblocks = 0 };
	char path[SYSROOT_PATH_MAX];
	int r;

	r = device_blocks_scan(run, &blocks);
	/* somebody else was quicker */
	if (r == 0 && !blocks.nblocks)
		r = -ENODEV;
	if (r == 0 && (!check_auto_online(run, ret) || !check_offline(run, &blocks, ret)))
		return;
	if (r == 0) {
		sysroot_block_path(path, SYSROOT_MEMORY, blocks.blocks[0], EJECT);
		*asked = true;
		r = sysfs_write(&run->system->sysfs, path, "1", &run->limit);
		*asked = r == 0;
	}
	*ret = make_unplug(r < 0 ? MEMBLK_UNPLUG_FAILED : MEMBLK_UNPLUG_ASKED, r);
}

/* ---- Waiting ---- */

#define POLL_MS 50

int memblk_await_removal(struct memblk_system *system, const uint64_t *blocks,
			 size_t nblocks, uint64_t until_ms)
{
	size_t ngone = 0;

	for (;;) {
		uint64_t now = memblk_now_ms();
		int r;

		while (ngone < nblocks && !block_exists(system, blocks[ngone]))
			ngone++;
		if (ngone == nblocks)
			return 0;
		if (now >= until_ms)
			return -ETIME;
		r = interrupt_sleep(u64_min(until_ms, now + POLL_MS));
		if (r < 0)
			return r;
	}
}
