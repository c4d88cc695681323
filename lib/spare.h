/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What memory there is to spare, and whether blocks may be taken from it. Below a certain
 * amount the kernel tries for ever to empty a block, or takes it and dies of it later.
 *
 * The numbers of a running system are taken from a few files that are kept open; what
 * follows from them is decided by functions that read nothing.
 */
#ifndef MEMBLK_SPARE_H
#define MEMBLK_SPARE_H

#include "block.h"
#include "memblk.h"
#include "zone.h"

/* ---- On a system ---- */

struct spare;

/* What is to go, empty where all is zero. */
struct spare_demand {
	uint64_t bytes;
	uint64_t kernel_bytes; /* of these, outside Movable, or nobody knows where */
	uint64_t node; /* of all of them; SPARE_NODE_UNKNOWN where there is none */
	enum memblk_zone zone; /* of all of them; NONE where there is none */
};

#define SPARE_NODE_UNKNOWN UINT64_MAX

/*
 * Why blocks must stay: one of MEMBLK_REASON_SPARE_*. NONE if they may go; the sizes are
 * 0 then.
 */
struct spare_verdict {
	enum memblk_reason reason;
	uint64_t left_bytes;   /* what would be left, 0 if less than nothing */
	uint64_t wanted_bytes; /* what has to be left */
};

/*
 * Opens what tells of the memory of SYSTEM, of which KEEP_FREE_BYTES must be left, not 0;
 * with MEMBLK_KEEP_FREE_AUTO as much as the watermarks of this moment suggest. -ENOENT
 * where SYSTEM has no meminfo: nothing can be checked. -EBADMSG where a file is not what
 * the kernel shows. SYSTEM must outlive *RET, which the caller frees with spare_free().
 */
int spare_open(const struct memblk_system *system, uint64_t keep_free_bytes,
	       struct spare **ret);

/* Frees SPARE; NULL is allowed. */
void spare_free(struct spare *spare);

/*
 * Whether block INDEX, which is online in ZONES, may go by what is to spare now. It
 * counts as outside Movable where ZONES is NULL or not one zone.
 */
int spare_check(struct spare *spare, uint64_t index, const struct zones *zones,
		struct spare_verdict *ret);

/*
 * A rehearsal begins, or ends: in it the numbers are those of its first check, less what
 * is supposed to be gone, and not read anew.
 */
void spare_rehearse(struct spare *spare, bool rehearses);

/*
 * In a rehearsal, after spare_check(): from now on block INDEX is gone. CONTENTS is NULL
 * where they are not known: then it is as full as it can be.
 */
void spare_suppose_gone(struct spare *spare, uint64_t index, const struct zones *zones,
			const struct memblk_contents *contents);

/*
 * Huge pages of the default size in SYSTEM's pool; 0 where that cannot be told. Free ones
 * of a block that goes offline, or should, are dissolved by the kernel for good.
 */
uint64_t spare_huge_pages(const struct memblk_system *system);

/* ---- Pure ---- */

/* A zone of a node. The page cache is that of the node, told with one of its zones. */
struct spare_zone {
	uint64_t node;
	enum memblk_zone zone; /* NONE for a name that is not known */
	uint64_t free_bytes;
	uint64_t high_bytes; /* the high watermark */
	uint64_t present_bytes;
	uint64_t managed_bytes;
	uint64_t cma_bytes;      /* of present; for movable pages alone */
	uint64_t free_cma_bytes; /* of free */
	uint64_t inactive_file_bytes;
	uint64_t active_file_bytes;
};

/* All zero: nothing is known. */
struct spare_numbers {
	uint64_t available_bytes;
	uint64_t swap_free_bytes;
	uint64_t swap_disk_bytes; /* free in swap that does not lie in memory */
	struct spare_zone *zones; /* owned */
	size_t nzones;            /* 0 where zones are not known */
};

/* Frees what NUMBERS holds. */
void spare_numbers_done(struct spare_numbers *numbers);

/*
 * Each takes the TEXT of a file below proc into NUMBERS, in place of what was there.
 * Lines that are not known are passed over; -EBADMSG if one that is known is not as it
 * should be, or missing. What cannot be read of swaps is no swap. The huge pages are in
 * meminfo, too, but not among the numbers.
 */
int spare_parse_meminfo(const char *text, struct spare_numbers *numbers);
int spare_parse_zoneinfo(const char *text, uint64_t page_size_bytes,
			 struct spare_numbers *numbers);
int spare_parse_huge_pages(const char *text, uint64_t *ret);
void spare_parse_swaps(const char *text, struct spare_numbers *numbers);

/* What MEMBLK_KEEP_FREE_AUTO stands for. */
uint64_t spare_default_bytes(const struct spare_numbers *numbers);

/* Whether more than one node has memory. */
bool spare_has_nodes(const struct spare_numbers *numbers);

/* Adds BYTES in ZONE of NODE to DEMAND. */
void spare_demand_add(struct spare_demand *demand, uint64_t bytes, enum memblk_zone zone,
		      uint64_t node);

/* A block that is supposed to be gone. */
struct spare_block {
	uint64_t bytes;
	uint64_t managed_bytes; /* of these, what can be had: free, or used */
	uint64_t used_bytes;    /* of these, what has to move; SPARE_USED_UNKNOWN */
	enum memblk_zone zone;  /* NONE: not known, or several */
	uint64_t node;          /* SPARE_NODE_UNKNOWN */
};

#define SPARE_USED_UNKNOWN UINT64_MAX

/* NUMBERS as they would be without BLOCK. */
void spare_numbers_take(struct spare_numbers *numbers, const struct spare_block *block);

/* How much memory is present in zone Movable, and in the zones of the kernel. */
void spare_weigh_movable(const struct spare_numbers *numbers, uint64_t *ret_movable_bytes,
			 uint64_t *ret_kernel_bytes);

/* Memory in Movable may be RATIO_PERCENT of what is in the kernel's zones. */
struct spare_verdict spare_decide(const struct spare_numbers *numbers,
				  const struct spare_demand *demand,
				  uint64_t keep_free_bytes, uint64_t ratio_percent);

#endif
