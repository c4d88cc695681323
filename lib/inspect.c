/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looking at blocks: what is asked for of each, put together from the files that tell it.
 * Reads only, and takes nothing for certain: a file that cannot be read leaves its part
 * unknown.
 */
#include "config.h"

#include <fcntl.h>
#include <string.h>

#include "block.h"
#include "device.h"
#include "inspect.h"
#include "iomem.h"
#include "node.h"
#include "occupancy.h"
#include "sysroot.h"
#include "util.h"

/* Page flags are read in pieces of this size, a block of 512 MiB at once. */
#define FLAGS_MAX (128 << 10)

struct memblk_inspector {
	const struct memblk_system *system;
	unsigned int want;

	int kpageflags;       /* -1: not open */
	int kpageflags_error; /* -errno */
	uint64_t *flags;      /* owned */
	size_t nflags;        /* that there is room for */
	uint64_t page_size_bytes;

	struct iomem iomem;
	int iomem_error; /* -errno */
	bool keeps_boot; /* the kernel lets no memory go that was there at boot */

	unsigned int nnode_looks; /* at blocks, before there was a map */
	struct node_map node_map;
};

/* ---- Preparing ---- */

static int read_iomem(struct memblk_inspector *inspector)
{
	int r = iomem_read(&inspector->system->sysfs, &inspector->iomem);

	inspector->iomem_error = r;

	return r == -ENOMEM ? r : 0;
}

/* NULL where it could not be read. */
static const struct iomem *get_iomem(const struct memblk_inspector *inspector)
{
	return inspector->iomem_error ? NULL : &inspector->iomem;
}

static uint64_t pages_of_block(const struct memblk_inspector *inspector)
{
	return inspector->system->block_size_bytes / inspector->page_size_bytes;
}

static int open_kpageflags(struct memblk_inspector *inspector)
{
	const struct sysfs *sysfs = &inspector->system->sysfs;
	int fd;

	/* no kernel has blocks of less than a page, or of 2^32 of them */
	if (!pages_of_block(inspector) || pages_of_block(inspector) > UINT32_MAX) {
		inspector->kpageflags_error = -EINVAL;
		return 0;
	}
	inspector->nflags = u64_min(pages_of_block(inspector), FLAGS_MAX);
	inspector->flags = calloc(inspector->nflags, sizeof(*inspector->flags));
	if (!inspector->flags)
		return -ENOMEM;

	fd = sysfs->io->open(sysfs->backend, SYSROOT_KPAGEFLAGS,
			     O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		inspector->kpageflags_error = fd;
	else
		inspector->kpageflags = fd;
	return 0;
}

/* As uname -m, but below the root. Before Linux 6.1 there is no such file. */
static bool is_arm64(const struct memblk_inspector *inspector)
{
	char text[SYSFS_TEXT_MAX + 1];

	return sysfs_read(&inspector->system->sysfs, SYSROOT_ARCHITECTURE, text) == 0 &&
	       !strcmp(text, "aarch64");
}

static int inspector_init(struct memblk_inspector *inspector)
{
	unsigned int want = inspector->want;
	int r = 0;

	if (want & (MEMBLK_WANT_DEVICE | MEMBLK_WANT_CONTENTS))
		r = read_iomem(inspector);
	if (r == 0 && want & MEMBLK_WANT_CONTENTS) {
		inspector->keeps_boot = is_arm64(inspector);
		r = open_kpageflags(inspector);
	}

	return r;
}

static void inspectorp(struct memblk_inspector **inspector)
{
	memblk_inspector_free(*inspector);
}

int memblk_inspector_new(struct memblk_system *system, unsigned int want,
			 struct memblk_inspector **ret)
{
	_cleanup_(inspectorp) struct memblk_inspector *inspector = NULL;
	int r;

	inspector = malloc(sizeof(*inspector));
	if (!inspector)
		return -ENOMEM;
	/* what is in a block is judged by its zone, if it is online */
	if (want & MEMBLK_WANT_CONTENTS)
		want |= MEMBLK_WANT_STATE | MEMBLK_WANT_ZONES;
	*inspector = (struct memblk_inspector){
		.system = system,
		.want = want,
		.kpageflags = -1,
		.page_size_bytes = (uint64_t) sysconf(_SC_PAGESIZE),
	};
	r = inspector_init(inspector);
	if (r < 0)
		return r;

	*ret = inspector;
	inspector = NULL;
	return 0;
}

void memblk_inspector_free(struct memblk_inspector *inspector)
{
	const struct sysfs *sysfs;

	if (!inspector)
		return;
	sysfs = &inspector->system->sysfs;
	if (inspector->kpageflags >= 0)
		sysfs->io->close(sysfs->backend, inspector->kpageflags);
	iomem_done(&inspector->iomem);
	node_map_done(&inspector->node_map);
	free(inspector->flags);
	free(inspector);
}

int memblk_inspector_contents_error(const struct memblk_inspector *inspector)
{
	if (!(inspector->want & MEMBLK_WANT_CONTENTS))
		return 0;

	return inspector->kpageflags_error ? -inspector->kpageflags_error
					   : -inspector->iomem_error;
}

/* ---- State, zones, and other attributes ---- */

/* What has gone while it was looked at was not there. */
static bool is_gone(int r)
{
	return r == -ENOENT || r == -ENOTDIR || r == -ENODEV;
}

/*
 * A block that is not configured has no directory but the firmware's, and is offline.
 * -ENOENT if it has none at all.
 */
static int look_at_state(const struct memblk_inspector *inspector,
			 struct memblk_info *info)
{
	const struct memblk_system *system = inspector->system;
	char path[SYSROOT_PATH_MAX];
	int r;

	r = block_state_read(system, info->index, &info->state);
	if (is_gone(r) && system->configurable) {
		if (!block_exists(system, info->index))
			return -ENOENT;
		info->state = MEMBLK_STATE_OFFLINE;
		return 0;
	}
	if (is_gone(r) &&
	    !sysfs_is_directory(&system->sysfs, sysroot_block_path(path, SYSROOT_MEMORY,
								   info->index, "")))
		return -ENOENT;
	info->state_error = -r;

	return 0;
}

static void look_at_zones(const struct memblk_inspector *inspector,
			  struct memblk_info *info)
{
	struct zones zones;
	int r = block_zones_read(inspector->system, info->index, &zones);

	info->zones_error = -r;
	if (r < 0)
		return;
	memcpy(info->zones, zones.zone, sizeof(info->zones));
	info->nzones = (unsigned int) zones.nzones;
	info->zones_none = zones.none;
}

static void look_at_removable(const struct memblk_inspector *inspector,
			      struct memblk_info *info)
{
	char path[SYSROOT_PATH_MAX], text[SYSFS_TEXT_MAX + 1];

	if (sysfs_read(&inspector->system->sysfs,
		       sysroot_block_path(path, SYSROOT_MEMORY, info->index, "removable"),
		       text) < 0)
		return;
	info->removable = !strcmp(text, "1");
	info->removable_known = info->removable || !strcmp(text, "0");
}

static void look_at_config(const struct memblk_inspector *inspector,
			   struct memblk_info *info)
{
	const struct memblk_system *system = inspector->system;

	if (!system->configurable)
		return;
	info->configured_known = memconfig_read(system, info->index, MEMCONFIG_CONFIG,
						&info->configured) == 0;
	info->memmap_known = memconfig_read(system, info->index, MEMCONFIG_MEMMAP,
					    &info->memmap_on_memory) == 0;
}

/* ---- Node ---- */

/* In a tree of plain files, blocks and nodes need not tell the same: the map goes first.
 */
static int look_at_node(struct memblk_inspector *inspector, struct memblk_info *info)
{
	struct block_nodes nodes = { .nnodes = 0 };
	int r = 0;

	if (++inspector->nnode_looks == NODE_MAP_MIN)
		r = node_map_read(inspector->system, &inspector->node_map);
	if (r < 0)
		return r;
	if (inspector->nnode_looks >= NODE_MAP_MIN)
		nodes = node_map_find(&inspector->node_map, info->index);
	if (!nodes.nnodes)
		r = block_nodes_read(inspector->system, info->index, &nodes);
	info->node = nodes.lowest;
	info->nnodes = nodes.nnodes;

	return r == -ENOMEM ? r : 0;
}

/* ---- Contents ---- */

static enum occupancy_holes find_holes(const struct memblk_inspector *inspector,
				       uint64_t index)
{
	uint64_t size = inspector->system->block_size_bytes, first;

	if (inspector->iomem_error || __builtin_mul_overflow(index, size, &first))
		return OCCUPANCY_HOLES_UNKNOWN;

	return iomem_covers(&inspector->iomem, first, first + (size - 1))
		       ? OCCUPANCY_HOLES_NONE
		       : OCCUPANCY_HOLES_SOME;
}

bool inspector_finds_holes(const struct memblk_inspector *inspector, uint64_t index)
{
	return find_holes(inspector, index) == OCCUPANCY_HOLES_SOME;
}

/* Reads NPAGES words from page PFN on, or as many as there are. */
static int read_flags(const struct memblk_inspector *inspector, uint64_t pfn,
		      size_t npages, size_t *ret_npages)
{
	const struct sysfs *sysfs = &inspector->system->sysfs;
	size_t size = npages * sizeof(uint64_t), length = 0;
	ssize_t n;

	do {
		n = sysfs->io->pread(sysfs->backend, inspector->kpageflags,
				     (char *) inspector->flags + length, size - length,
				     pfn * sizeof(uint64_t) + length);
		if (n < 0)
			return (int) n;
		length += (size_t) n;
	} while (n > 0 && length < size);
	*ret_npages = length / sizeof(uint64_t);

	return 0;
}

/* What kpageflags does not reach is no memory. Nothing at all tells nothing. */
static int read_contents(const struct memblk_inspector *inspector, uint64_t index,
			 struct memblk_contents *ret)
{
	uint64_t nleft = pages_of_block(inspector), pfn, end;
	struct memblk_contents contents = { .nfree = 0 };
	size_t npages = 0;
	int r;

	if (inspector->kpageflags < 0)
		return inspector->kpageflags_error;
	if (__builtin_mul_overflow(index, nleft, &pfn) ||
	    __builtin_add_overflow(pfn, nleft, &end) ||
	    end > INT64_MAX / sizeof(uint64_t))
		return -EOVERFLOW;

	do {
		size_t wanted = u64_min(nleft, inspector->nflags);

		r = read_flags(inspector, pfn, wanted, &npages);
		if (r < 0)
			return r;
		occupancy_count(inspector->flags, npages, &contents);
		pfn += npages;
		nleft -= npages;
	} while (nleft && npages == inspector->nflags);
	if (nleft == pages_of_block(inspector))
		return -ENODATA;
	*ret = contents;

	return 0;
}

/* As all pages look of a block that is not online: they have no flags, or are none. */
static bool looks_offline(const struct memblk_contents *contents)
{
	return occupancy_pages(contents) == contents->nunknown;
}

static void judge(const struct memblk_inspector *inspector, struct memblk_info *info)
{
	struct zones zones = { .nzones = info->nzones, .none = info->zones_none };
	struct occupancy_sight sight = {
		.zones = info->zones_error ? NULL : &zones,
		.holes = find_holes(inspector, info->index),
		.is_kept_boot = inspector->keeps_boot &&
				device_is_boot(inspector->system, get_iomem(inspector),
					       info->index),
		.is_virtio_mem = device_is_virtio_mem(inspector->system,
						      get_iomem(inspector), info->index),
		.contents = info->contents_error ? NULL : &info->contents,
		.npages = pages_of_block(inspector),
	};

	memcpy(zones.zone, info->zones, sizeof(zones.zone));
	occupancy_judge(&sight, &info->offlinable, &info->obstacle);
}

static int look_at_contents(const struct memblk_inspector *inspector,
			    struct memblk_info *info)
{
	int r;

	info->contents_error = ENODATA;
	if (info->state_error || info->state != MEMBLK_STATE_ONLINE)
		return 0;
	r = read_contents(inspector, info->index, &info->contents);
	/* it may have gone offline since its state was read */
	if (r == 0 && looks_offline(&info->contents)) {
		r = look_at_state(inspector, info);
		if (r < 0)
			return r;
		if (info->state_error || info->state != MEMBLK_STATE_ONLINE)
			return 0;
	}
	info->contents_error = -r;
	judge(inspector, info);

	return 0;
}

/* ---- All of it ---- */

/* What has a state or zones is there. */
static bool is_there(const struct memblk_inspector *inspector,
		     const struct memblk_info *info)
{
	unsigned int want = inspector->want;

	return want & MEMBLK_WANT_STATE ||
	       (want & MEMBLK_WANT_ZONES && !info->zones_error) ||
	       block_exists(inspector->system, info->index);
}

int memblk_inspect(struct memblk_inspector *inspector, uint64_t index,
		   struct memblk_info *ret)
{
	struct memblk_info info = { .index = index };
	unsigned int want = inspector->want;
	int r = 0;

	if (want & MEMBLK_WANT_STATE)
		r = look_at_state(inspector, &info);
	if (r < 0)
		return r;
	if (want & MEMBLK_WANT_ZONES)
		look_at_zones(inspector, &info);
	if (!is_there(inspector, &info))
		return -ENOENT;
	if (want & MEMBLK_WANT_REMOVABLE)
		look_at_removable(inspector, &info);
	if (want & MEMBLK_WANT_CONFIG)
		look_at_config(inspector, &info);
	if (want & MEMBLK_WANT_DEVICE)
		device_find(inspector->system, get_iomem(inspector), index, info.device);
	if (want & MEMBLK_WANT_NODE)
		r = look_at_node(inspector, &info);
	if (r == 0 && want & MEMBLK_WANT_CONTENTS)
		r = look_at_contents(inspector, &info);
	if (r < 0)
		return r;
	*ret = info;

	return 0;
}

bool info_is_movable(const struct memblk_info *info)
{
	return !info->zones_error && info->nzones == 1 &&
	       info->zones[0] == MEMBLK_ZONE_MOVABLE;
}

bool memblk_info_amounts(const struct memblk_info *info, struct memblk_amounts *ret)
{
	const struct memblk_contents *contents = &info->contents;
	uint64_t page_size_bytes = (uint64_t) sysconf(_SC_PAGESIZE), nunmovable;

	if (info->state_error || info->state != MEMBLK_STATE_ONLINE ||
	    info->contents_error)
		return false;
	nunmovable = (uint64_t) contents->nslab + contents->npgtable +
		     contents->nreserved + contents->nkernel +
		     (info_is_movable(info) ? 0 : contents->nunknown);
	*ret = (struct memblk_amounts){
		.free_bytes = contents->nfree * page_size_bytes,
		.movable_bytes = contents->nmovable * page_size_bytes,
		.unmovable_bytes = nunmovable * page_size_bytes,
	};
	return true;
}
