/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --auto-online: what the kernel does with memory that is added. No block is touched. */
#ifndef CHMEM_AUTO_ONLINE_H
#define CHMEM_AUTO_ONLINE_H

#include "document.h"
#include "memblk.h"
#include "options.h"

/*
 * Shows the policy of SYSTEM, or sets it to the one of OPTIONS; returns the exit status.
 * DOCUMENT gets to know of it.
 */
int auto_online(struct memblk_system *system, const struct options *options,
		struct document *document);

#endif
