/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table of blocks, those that look the same and are adjacent on one line. Blocks go in,
 * ascending; the table is printed when all are in.
 */
#ifndef CHMEM_TABLE_H
#define CHMEM_TABLE_H

#include "column.h"

struct table;

enum table_flags {
	TABLE_HEADINGS = 1,
	TABLE_EACH = 2, /* every block has a line of its own */
};

/* COLUMNS must outlive *RET, which the caller frees with table_free(). */
int table_new(const struct columns *columns, uint64_t block_size_bytes,
	      unsigned int flags, struct table **ret);

/* Frees TABLE; NULL is allowed. */
void table_free(struct table *table);

/* -ENOMEM; nothing else. */
int table_add(struct table *table, const struct memblk_info *info);

/* Prints it on stdout; nothing, if no block was added. -ENOMEM; nothing else. */
int table_print(struct table *table);

#endif
