/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The document of --json: what a run came to, for programs. doc/chmem.schema.json says
 * what it looks like, chmem(8) what it means.
 */
#ifndef CHMEM_DOCUMENT_H
#define CHMEM_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "entries.h"
#include "memblk.h"
#include "options.h"
#include "report.h"

/*
 * What there is to tell: the more of it is set, the further the run came. The pointers
 * are borrowed.
 */
struct document {
	const struct options *options;
	struct memblk_system *system;         /* NULL: it was not opened */
	const struct memblk_request *request; /* NULL: it was refused */
	const struct report *report;          /* NULL: there was nothing to report */
	struct entries entries;

	bool is_listed;   /* it is a list of these blocks instead */
	uint64_t *listed; /* ascending; owned */
	size_t nlisted, listed_size;
	size_t nfound; /* of those that were asked for, listed or in another zone */

	bool has_policy; /* it is about what is done with memory that is added */
	struct memblk_policy_change policy;

	int signal; /* that ended it, 0 if none did; found out last */
};

/* Block INDEX belongs to the list, behind those before. -ENOMEM; nothing else. */
int document_list(struct document *document, uint64_t index);

void document_done(struct document *document);

/*
 * Writes DOCUMENT to stdout; blocks are read again for it. Returns the exit status:
 * STATUS, which the document tells, unless it could not be made.
 */
int document_write(struct document *document, int status);

/*
 * Writes the document of a command line that was refused, SCANNED as far as it was
 * understood, and returns the exit status.
 */
int document_refuse(const struct options *scanned);

#endif
