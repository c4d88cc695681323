/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waiting for blocks that are added while a run goes on. The directory's link count tells
 * of them: uevents get lost, and inotify does not see what the kernel does in sysfs.
 */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "block.h"
#include "change.h"
#include "device.h"
#include "interrupt.h"
#include "node.h"
#include "plan.h"
#include "util.h"

#define POLL_MS 100
#define ADDING_POLL_MS 5

/* Some file systems do not count: then it has always changed. */
#define LINKS_UNKNOWN 1

static uint64_t count_links(struct memblk_system *system)
{
	const struct sysfs *sysfs = &system->sysfs;
	uint64_t nlinks = LINKS_UNKNOWN;
	struct stat st;
	int fd;

	fd = sysfs->io->open(sysfs->backend, system_directory(system),
			     O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return LINKS_UNKNOWN;
	if (fstat(fd, &st) == 0)
		nlinks = st.st_nlink;
	sysfs->io->close(sysfs->backend, fd);

	return nlinks;
}

/* Position of the first settled block that is not below INDEX. */
static size_t find(const struct memblk_watch *watch, uint64_t index)
{
	size_t low = 0, high = watch->nsettled;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (watch->settled[middle] < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_settled(const struct memblk_watch *watch, uint64_t index)
{
	size_t position = find(watch, index);

	return position < watch->nsettled && watch->settled[position] == index;
}

int memblk_watch_settle(struct memblk_watch *watch, uint64_t index)
{
	size_t position = find(watch, index);
	uint64_t *settled;

	if (is_settled(watch, index))
		return 0;
	settled = array_grow(watch->settled, &watch->size, watch->nsettled,
			     sizeof(*settled));
	if (!settled)
		return -ENOMEM;
	watch->settled = settled;
	memmove(watch->settled + position + 1, watch->settled + position,
		(watch->nsettled - position) * sizeof(*watch->settled));
	watch->settled[position] = index;
	watch->nsettled++;

	return 0;
}

int memblk_watch_init(struct memblk_watch *ret, struct memblk_system *system,
		      const struct memblk_request *request)
{
	struct memblk_watch watch = {
		.nlinks = LINKS_UNKNOWN,
		.is_narrow = memblk_selection_is_narrow(&request->selection),
	};
	_cleanup_free_ uint64_t *blocks = NULL;
	size_t nblocks = 0;
	bool absent;
	int r = 0;

	if (request->selection.kind == MEMBLK_SELECTION_SIZE)
		r = memblk_scan(system, &request->selection, &blocks, &nblocks);
	for (size_t i = 0; i < nblocks && r == 0; i++)
		if (change_is_done(system, request->command, blocks[i], &absent))
			r = memblk_watch_settle(&watch, blocks[i]);
	if (r < 0) {
		memblk_watch_done(&watch);
		return r;
	}
	*ret = watch;

	return 0;
}

void memblk_watch_done(struct memblk_watch *watch)
{
	free(watch->settled);
	watch->settled = NULL;
}

void memblk_watch_mark(struct memblk_watch *watch, struct memblk_system *system)
{
	uint64_t nlinks = count_links(system);

	watch->begun_ms = memblk_now_ms();
	if (nlinks != watch->nlinks || nlinks == LINKS_UNKNOWN)
		watch->new_ms = watch->begun_ms;
	watch->nlinks = nlinks;
}

void memblk_watch_filter(const struct memblk_watch *watch, uint64_t *blocks,
			 size_t *nblocks)
{
	size_t nleft = 0;

	for (size_t i = 0; i < *nblocks; i++)
		if (!is_settled(watch, blocks[i]))
			blocks[nleft++] = blocks[i];
	*nblocks = nleft;
}

/* Whether any of BLOCKS is there without a node, on a system that has nodes. */
static int look_for_added(struct memblk_system *system, const uint64_t *blocks,
			  size_t nblocks, bool *ret)
{
	_cleanup_(node_map_done) struct node_map map = { .nentries = 0 };
	bool found = false;
	int r;

	r = node_map_read(system, &map);
	if (r < 0)
		return r;
	for (size_t i = 0; map.nentries && i < nblocks && !found; i++)
		found = !node_map_find(&map, blocks[i]).nnodes &&
			block_exists(system, blocks[i]);
	*ret = found;

	return 0;
}

/* Whether any of BLOCKS is there without a device. */
static int look_for_unowned(struct memblk_system *system, const uint64_t *blocks,
			    size_t nblocks, bool *ret)
{
	_cleanup_free_ uint64_t *unowned = reallocarray(NULL, nblocks + 1,
							sizeof(*unowned));
	size_t nunowned = 0;
	int r;

	if (!unowned)
		return -ENOMEM;
	for (size_t i = 0; i < nblocks; i++)
		if (block_exists(system, blocks[i]))
			unowned[nunowned++] = blocks[i];
	r = blocks_filter_by_device(system, DEVICE_BOOT, unowned, &nunowned);
	*ret = nunowned;

	return r;
}

typedef int (*look_fn)(struct memblk_system *system, const uint64_t *blocks,
		       size_t nblocks, bool *ret);

/* Waits until LOOK finds none any more. LACKS is whether it was given up, for good. */
static int await(look_fn look, bool *lacks, struct memblk_system *system,
		 const uint64_t *blocks, size_t nblocks, uint64_t until_ms)
{
	bool adding = !*lacks;

	while (adding) {
		uint64_t now = memblk_now_ms();
		int r;

		r = look(system, blocks, nblocks, &adding);
		if (r < 0)
			return r;
		*lacks = adding && now >= until_ms;
		if (!adding || *lacks)
			break;
		r = interrupt_sleep(u64_min(until_ms, now + ADDING_POLL_MS));
		if (r < 0)
			return r;
	}
	return 0;
}

int memblk_watch_await_nodes(struct memblk_watch *watch, struct memblk_system *system,
			     const uint64_t *blocks, size_t nblocks, uint64_t until_ms)
{
	return await(look_for_added, &watch->lacks_nodes, system, blocks, nblocks,
		     until_ms);
}

int memblk_watch_await_device(struct memblk_watch *watch, struct memblk_system *system,
			      const char *device, const uint64_t *blocks, size_t nblocks,
			      uint64_t until_ms)
{
	if (!strcmp(device, DEVICE_BOOT))
		return 0;

	return await(look_for_unowned, &watch->lacks_device, system, blocks, nblocks,
		     until_ms);
}

/* Each time as long again as it is that there was anything new. */
static uint64_t next_look_ms(const struct memblk_watch *watch)
{
	if (!watch->is_narrow)
		return MEMBLK_FOREVER;

	return watch->begun_ms + (watch->begun_ms - watch->new_ms);
}

int memblk_watch_sleep(const struct memblk_watch *watch, struct memblk_system *system,
		       uint64_t until_ms)
{
	for (;;) {
		uint64_t now = memblk_now_ms();
		int r;

		if (now >= until_ms)
			return -ETIME;
		r = interrupt_sleep(until_ms - now < POLL_MS ? until_ms : now + POLL_MS);
		if (r < 0)
			return r;
		if (watch->nlinks == LINKS_UNKNOWN ||
		    count_links(system) != watch->nlinks ||
		    memblk_now_ms() >= next_look_ms(watch))
			return 0;
	}
}
