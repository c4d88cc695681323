/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory of a system in numbers, read anew for each block that is to go. Reads only.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "file.h"
#include "node.h"
#include "spare.h"
#include "sysroot.h"
#include "util.h"

struct spare {
	const struct memblk_system *system;
	struct file meminfo, swaps, zoneinfo;
	struct spare_numbers numbers; /* as they were read last */
	uint64_t keep_free_bytes;
	uint64_t ratio_percent;
	bool rehearses; /* the numbers are kept from the first check on */
	bool is_kept;
};

/* The kernel's own, of which it is told in auto_movable_ratio. */
#define RATIO_DEFAULT 301

static int read_ratio(const struct sysfs *sysfs, uint64_t *ret)
{
	char text[SYSFS_TEXT_MAX + 1];
	int r;

	r = sysfs_read(sysfs, SYSROOT_AUTO_MOVABLE_RATIO, text);
	if (r == -ENOENT || r == -ENOTDIR) {
		*ret = RATIO_DEFAULT;
		return 0;
	}
	if (r < 0)
		return r;

	return decimal_parse(text, strlen(text), ret);
}

/* Reads all numbers anew. */
static int spare_read(struct spare *spare)
{
	const struct sysfs *sysfs = &spare->system->sysfs;
	int r;

	r = file_read(sysfs, &spare->meminfo);
	if (r == 0)
		r = spare_parse_meminfo(spare->meminfo.text, &spare->numbers);
	if (r == 0 && spare->swaps.fd >= 0) {
		r = file_read(sysfs, &spare->swaps);
		if (r == 0)
			spare_parse_swaps(spare->swaps.text, &spare->numbers);
	}
	if (r == 0 && spare->zoneinfo.fd >= 0) {
		r = file_read(sysfs, &spare->zoneinfo);
		if (r == 0)
			r = spare_parse_zoneinfo(spare->zoneinfo.text,
						 (uint64_t) sysconf(_SC_PAGESIZE),
						 &spare->numbers);
	}
	return r;
}

static int spare_init(struct spare *spare)
{
	const struct sysfs *sysfs = &spare->system->sysfs;
	int r;

	r = file_open(sysfs, SYSROOT_MEMINFO, FILE_SIZE_SHORT, &spare->meminfo);
	if (r < 0)
		return r;
	/* a kernel without swap has no swaps; without zones less is known */
	r = file_open(sysfs, SYSROOT_SWAPS, FILE_SIZE_SHORT, &spare->swaps);
	if (r < 0 && r != -ENOENT)
		return r;
	r = file_open(sysfs, SYSROOT_ZONEINFO, FILE_SIZE_LONG, &spare->zoneinfo);
	if (r < 0 && r != -ENOENT)
		return r;
	r = read_ratio(sysfs, &spare->ratio_percent);
	if (r < 0)
		return r;

	return spare_read(spare);
}

static void sparep(struct spare **spare)
{
	spare_free(*spare);
}

int spare_open(const struct memblk_system *system, uint64_t keep_free_bytes,
	       struct spare **ret)
{
	_cleanup_(sparep) struct spare *spare = NULL;
	int r;

	assert(keep_free_bytes);
	spare = malloc(sizeof(*spare));
	if (!spare)
		return -ENOMEM;
	*spare = (struct spare){
		.system = system,
		.meminfo.fd = -1,
		.swaps.fd = -1,
		.zoneinfo.fd = -1,
		.keep_free_bytes = keep_free_bytes,
	};
	r = spare_init(spare);
	if (r < 0)
		return r;
	if (keep_free_bytes == MEMBLK_KEEP_FREE_AUTO)
		spare->keep_free_bytes = spare_default_bytes(&spare->numbers);

	*ret = spare;
	spare = NULL;
	return 0;
}

void spare_free(struct spare *spare)
{
	if (!spare)
		return;
	file_close(&spare->system->sysfs, &spare->meminfo);
	file_close(&spare->system->sysfs, &spare->swaps);
	file_close(&spare->system->sysfs, &spare->zoneinfo);
	spare_numbers_done(&spare->numbers);
	free(spare);
}

/* A block that was there at boot may be of several nodes, of which none is its own. */
static int block_node(const struct spare *spare, uint64_t index, uint64_t *ret)
{
	struct block_nodes nodes;
	int r;

	r = block_nodes_read(spare->system, index, &nodes);
	if (r < 0)
		return r;
	*ret = nodes.nnodes == 1 ? nodes.lowest : SPARE_NODE_UNKNOWN;

	return 0;
}

/* Where there is one node, it is not looked up. */
static int find_node(const struct spare *spare, uint64_t index, uint64_t *ret)
{
	if (!spare_has_nodes(&spare->numbers)) {
		*ret = SPARE_NODE_UNKNOWN;
		return 0;
	}
	return block_node(spare, index, ret);
}

int spare_check(struct spare *spare, uint64_t index, const struct zones *zones,
		struct spare_verdict *ret)
{
	struct spare_demand demand = { .bytes = 0 };
	uint64_t node = SPARE_NODE_UNKNOWN;
	int r = 0;

	if (!spare->is_kept)
		r = spare_read(spare);
	if (r == 0)
		r = find_node(spare, index, &node);
	if (r < 0)
		return r;
	spare->is_kept = spare->rehearses;
	spare_demand_add(&demand, spare->system->block_size_bytes,
			 zones ? zones_single(zones) : MEMBLK_ZONE_NONE, node);
	*ret = spare_decide(&spare->numbers, &demand, spare->keep_free_bytes,
			    spare->ratio_percent);

	return 0;
}

void spare_rehearse(struct spare *spare, bool rehearses)
{
	spare->rehearses = rehearses;
	spare->is_kept = false;
}

/* Reserved pages, its own memory map and those that are broken are nobody's. */
static void weigh(struct spare_block *block, const struct memblk_contents *contents)
{
	uint64_t page_size_bytes = (uint64_t) sysconf(_SC_PAGESIZE);
	uint64_t nmanaged = (uint64_t) contents->nfree + contents->nmovable +
			    contents->nslab + contents->npgtable + contents->nkernel +
			    contents->nunknown;

	block->managed_bytes = u64_min(nmanaged * page_size_bytes, block->bytes);
	block->used_bytes = contents->nmovable * page_size_bytes;
}

void spare_suppose_gone(struct spare *spare, uint64_t index, const struct zones *zones,
			const struct memblk_contents *contents)
{
	struct spare_block block = {
		.bytes = spare->system->block_size_bytes,
		.managed_bytes = spare->system->block_size_bytes,
		.used_bytes = SPARE_USED_UNKNOWN,
		.zone = zones ? zones_single(zones) : MEMBLK_ZONE_NONE,
		.node = SPARE_NODE_UNKNOWN,
	};

	find_node(spare, index, &block.node);
	if (contents)
		weigh(&block, contents);
	spare_numbers_take(&spare->numbers, &block);
}

uint64_t spare_huge_pages(const struct memblk_system *system)
{
	char text[SYSFS_TEXT_MAX + 1];
	uint64_t npages;

	if (sysfs_read(&system->sysfs, SYSROOT_MEMINFO, text) < 0 ||
	    spare_parse_huge_pages(text, &npages) < 0)
		return 0;

	return npages;
}

bool memblk_movable_exceeds(struct memblk_system *system, uint64_t more_bytes,
			    struct memblk_movable_share *ret)
{
	_cleanup_(sparep) struct spare *spare = NULL;
	struct memblk_movable_share share;
	uint64_t percent;

	if (spare_open(system, MEMBLK_KEEP_FREE_AUTO, &spare) < 0 ||
	    !spare->numbers.nzones)
		return false;
	spare_weigh_movable(&spare->numbers, &share.movable_bytes, &share.kernel_bytes);
	share.movable_bytes = u64_add(share.movable_bytes, more_bytes);
	share.limit_percent = spare->ratio_percent;
	/* no machine has so much memory */
	if (__builtin_mul_overflow(share.movable_bytes, 100, &percent) ||
	    !share.kernel_bytes || percent / share.kernel_bytes < share.limit_percent ||
	    percent == share.limit_percent * share.kernel_bytes)
		return false;
	*ret = share;

	return true;
}
