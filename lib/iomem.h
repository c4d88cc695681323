/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What /proc/iomem tells of System RAM: where it is, and which driver brought it.
 *
 *     100000000-147ffffff : System RAM
 *       148000000-14fffffff : System RAM (virtio_mem)
 *
 * The kernel refuses to take a block offline that is not wholly covered by such ranges
 * (walk_system_ram_range() in offline_pages()).
 */
#ifndef MEMBLK_IOMEM_H
#define MEMBLK_IOMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memblk.h"
#include "sysfs.h"

struct iomem_range {
	uint64_t first, last;          /* bytes, both inside */
	char owner[MEMBLK_DEVICE_MAX]; /* in the parentheses; "" where there are none */
};

struct iomem {
	struct iomem_range *ranges; /* ascending, none overlaps another; owned */
	size_t nranges, size;
};

/*
 * Parses TEXT. -EACCES where all addresses are 0, as they are shown without privilege;
 * -ENODATA if there is no System RAM; -EBADMSG if a range of it is not as it should be.
 * The caller frees RET with iomem_done().
 */
int iomem_parse(const char *text, struct iomem *ret);

/* Reads it from the system's files and parses it, with what can go wrong there, too. */
int iomem_read(const struct sysfs *sysfs, struct iomem *ret);

void iomem_done(struct iomem *iomem);

/* The first range that has a part of the bytes FIRST to LAST; NULL if there is none. */
const struct iomem_range *iomem_find(const struct iomem *iomem, uint64_t first,
				     uint64_t last);

/* Whether ranges cover the bytes FIRST to LAST. */
bool iomem_covers(const struct iomem *iomem, uint64_t first, uint64_t last);

#endif
