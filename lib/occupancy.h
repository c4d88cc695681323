/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is in a block, by the flags of its pages, and whether it would go offline. Pure.
 *
 * It never goes ("no") where
 *   - valid_zones is `none`, or a part of it is no memory: EINVAL, for certain;
 *   - it was there at boot, on arm64: EPERM, where pages that cannot move are not found
 *     first (prevent_bootmem_remove_notifier() in arch/arm64/mm/mmu.c of Linux);
 *   - pages are reserved, in whatever zone;
 *   - outside zone Movable, OCCUPANCY_KERNEL_MIN pages or more are of slab, page tables
 *     or other compound pages of the kernel. Fewer may be gone when it is tried: page
 *     tables and slab of the very process that looks at them.
 *
 * It goes ("yes") where it is in one zone and has no holes, and
 *   - all of it is free, but for its own memory map and what virtio-mem has unplugged; or
 *   - it is in zone Movable and holds but free and movable pages, with no more than
 *     OCCUPANCY_NOISE_MOVABLE others: the lists of free pages that each CPU keeps show no
 *     flags, either.
 *
 * It is likely to go where what is against a yes is none of the above:
 *   - in zone Movable: huge pages, which need room for one of their size, and of which
 *     Linux 6.1 was seen to try some without end; broken pages; more pages of which
 *     nothing is known; unplugged pages that are not virtio-mem's;
 *   - elsewhere: nothing but free and movable pages, with OCCUPANCY_NOISE others at most;
 *     pages that are movable by their flags can still be pinned for good;
 *   - holes cannot be ruled out.
 *
 * All else is unknown: no page of the block can be seen; its zone is not known; outside
 * zone Movable there are some pages of the kernel, or many of which nothing is known.
 */
#ifndef MEMBLK_OCCUPANCY_H
#define MEMBLK_OCCUPANCY_H

#include "memblk.h"
#include "zone.h"

/*
 * Pages each; the latter two allow for what lies on the lists of CPUs. There may be huge
 * pages on these, 512 each: in zone Movable, where none of them can be the kernel's,
 * blocks with up to 2051 were tried (Linux 6.1 and 7.2), and all of them went. Elsewhere,
 * what a pipe holds has no flags, either, and is there to stay.
 */
#define OCCUPANCY_KERNEL_MIN 16
#define OCCUPANCY_NOISE 64
#define OCCUPANCY_NOISE_MOVABLE 4096

/* Counts NPAGES words of /proc/kpageflags into CONTENTS. What is no page is not counted.
 */
void occupancy_count(const uint64_t *flags, size_t npages,
		     struct memblk_contents *contents);

/* All pages that were counted. */
uint64_t occupancy_pages(const struct memblk_contents *contents);

enum occupancy_holes {
	OCCUPANCY_HOLES_UNKNOWN,
	OCCUPANCY_HOLES_NONE,
	OCCUPANCY_HOLES_SOME,
};

/* What was seen of a block that is online. */
struct occupancy_sight {
	const struct zones *zones; /* NULL: not known */
	enum occupancy_holes holes;
	bool is_virtio_mem;
	bool is_kept_boot; /* there at boot, and the kernel keeps such memory */
	const struct memblk_contents *contents; /* NULL: not known */
	uint64_t npages;                        /* that a block has */
};

/* Whether it goes, and what is against that. */
void occupancy_judge(const struct occupancy_sight *sight,
		     enum memblk_offlinable *ret_offlinable,
		     enum memblk_obstacle *ret_obstacle);

#endif
