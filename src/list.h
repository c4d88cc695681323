/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --list: what blocks there are. Nothing is changed, and no lock is asked for. */
#ifndef CHMEM_LIST_H
#define CHMEM_LIST_H

#include "document.h"
#include "memblk.h"
#include "options.h"

/*
 * Lists the blocks of SYSTEM that REQUEST means, of which its command says nothing;
 * returns the exit status. With --json that is left to DOCUMENT, which gets to know the
 * blocks.
 */
int list_blocks(struct memblk_system *system, struct memblk_request *request,
		const struct options *options, struct document *document);

#endif
