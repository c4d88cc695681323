/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel's log says of the pages of a block that did not go offline. Of a page
 * that is pinned it is the only witness.
 */
#ifndef MEMBLK_KMSG_H
#define MEMBLK_KMSG_H

#include "block.h"

struct kmsg {
	const struct sysfs *sysfs;
	int fd; /* -1: there is no log that can be read */
};

/*
 * Opens the log of SYSTEM, which must outlive *RET, where it ends now. One that is
 * missing or cannot be read is no error: nothing will be found in it. The caller closes
 * *RET with kmsg_close().
 */
void kmsg_open(const struct memblk_system *system, struct kmsg *ret);
void kmsg_close(struct kmsg *kmsg);

/*
 * Reads what is new in the log, and finds the first line of it on a page from FIRST_PFN
 * to LAST_PFN; NONE in RET if there is none.
 */
void kmsg_find(const struct kmsg *kmsg, uint64_t first_pfn, uint64_t last_pfn,
	       struct memblk_witness *ret);

/* ---- Pure ---- */

/* A dump of a page comes in several records: the page first, what of it later. */
struct kmsg_dump {
	bool is_open;
	uint64_t pfn;
};

/*
 * The witness in RECORD, LENGTH bytes as a read of /dev/kmsg gives them; DUMP keeps what
 * is needed from one to the next, and is all zero at first. False if there is none.
 */
bool kmsg_parse(const char *record, size_t length, struct kmsg_dump *dump,
		struct memblk_witness *ret);

#endif
