/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory of a system in numbers, read anew for each block that is to go. Reads only.
 */
#include "config.h"

#include <assert.h>
#include <fcntl.h>
#include <string.h>

#include "spare.h"
#include "sysroot.h"
#include "util.h"

/* ---- Files ---- */

/* Machines of a thousand processors have some MiB of zoneinfo. */
#define TEXT_MAX (16 << 20)

/* A file that is read again and again, and the buffer that it fitted into last. */
struct file {
	int fd;     /* -1: there is none */
	char *text; /* owned */
	size_t size;
};

struct spare {
	const struct memblk_system *system;
	struct file meminfo, swaps, zoneinfo;
	struct spare_numbers numbers; /* as they were read last */
	uint64_t keep_free_bytes;
	uint64_t ratio_percent;
};

static int file_grow(struct file *file, size_t size)
{
	char *text = realloc(file->text, size);

	if (!text)
		return -ENOMEM;
	file->text = text;
	file->size = size;
	return 0;
}

/* -ENOENT if there is no such file. The caller closes FILE, even after a failure. */
static int file_open(const struct sysfs *sysfs, const char *path, size_t size,
		     struct file *file)
{
	file->fd = sysfs->io->open(sysfs->backend, path,
				   O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (file->fd == -ENOTDIR)
		return -ENOENT;
	if (file->fd < 0)
		return file->fd;

	return file_grow(file, size);
}

static int file_read(const struct sysfs *sysfs, struct file *file)
{
	for (;;) {
		ssize_t length = sysfs->io->read(sysfs->backend, file->fd, file->text,
						 file->size);
		int r;

		if (length < 0)
			return (int) length;
		if ((size_t) length < file->size) {
			file->text[length] = '\0';
			return strlen(file->text) == (size_t) length ? 0 : -EBADMSG;
		}
		if (file->size >= TEXT_MAX)
			return -EFBIG;
		r = file_grow(file, u64_min(2 * file->size, TEXT_MAX));
		if (r < 0)
			return r;
	}
}

static void file_close(const struct sysfs *sysfs, struct file *file)
{
	if (file->fd >= 0)
		sysfs->io->close(sysfs->backend, file->fd);
	free(file->text);
}

/* ---- A system ---- */

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

/* meminfo and most swaps are as short as an attribute. */
#define SHORT_SIZE (SYSFS_TEXT_MAX + 1)
#define LONG_SIZE (64 << 10)

static int spare_init(struct spare *spare)
{
	const struct sysfs *sysfs = &spare->system->sysfs;
	int r;

	r = file_open(sysfs, SYSROOT_MEMINFO, SHORT_SIZE, &spare->meminfo);
	if (r < 0)
		return r;
	/* a kernel without swap has no swaps; without zones less is known */
	r = file_open(sysfs, SYSROOT_SWAPS, SHORT_SIZE, &spare->swaps);
	if (r < 0 && r != -ENOENT)
		return r;
	r = file_open(sysfs, SYSROOT_ZONEINFO, LONG_SIZE, &spare->zoneinfo);
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

struct node_search {
	uint64_t node;
	unsigned int nfound;
};

static int find_node(const char *name, void *data)
{
	static const char prefix[] = "node";
	struct node_search *search = data;
	const char *digits = name + sizeof(prefix) - 1;
	uint64_t node;

	if (strncmp(name, prefix, sizeof(prefix) - 1) ||
	    decimal_parse(digits, strlen(digits), &node) < 0)
		return 0;
	search->node = node;
	search->nfound++;
	return 0;
}

/* A block that was there at boot may be of several nodes, of which none is its own. */
static int block_node(const struct spare *spare, uint64_t index, uint64_t *ret)
{
	struct node_search search = { .nfound = 0 };
	char path[SYSROOT_PATH_MAX];
	int r;

	r = sysfs_list(&spare->system->sysfs,
		       sysroot_block_path(path, SYSROOT_MEMORY, index, ""), find_node,
		       &search);
	if (r < 0 && r != -ENOENT && r != -ENOTDIR)
		return r;
	*ret = r == 0 && search.nfound == 1 ? search.node : SPARE_NODE_UNKNOWN;

	return 0;
}

int spare_add(const struct spare *spare, uint64_t index, const struct zones *zones,
	      struct spare_demand *demand)
{
	uint64_t node = SPARE_NODE_UNKNOWN;
	int r;

	if (spare_has_nodes(&spare->numbers)) {
		r = block_node(spare, index, &node);
		if (r < 0)
			return r;
	}
	spare_demand_add(demand, spare->system->block_size_bytes,
			 zones ? zones_single(zones) : MEMBLK_ZONE_NONE, node);
	return 0;
}

int spare_check_all(struct spare *spare, const struct spare_demand *demand,
		    struct spare_verdict *ret)
{
	int r;

	r = spare_read(spare);
	if (r < 0)
		return r;
	*ret = spare_decide(&spare->numbers, demand, spare->keep_free_bytes,
			    spare->ratio_percent);

	return 0;
}

int spare_check(struct spare *spare, uint64_t index, const struct zones *zones,
		struct spare_verdict *ret)
{
	struct spare_demand demand = { .bytes = 0 };
	int r;

	r = spare_add(spare, index, zones, &demand);
	if (r < 0)
		return r;

	return spare_check_all(spare, &demand, ret);
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
