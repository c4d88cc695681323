/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The columns of a list of blocks: their names, what each shows of a run of blocks, what
 * has to be known for that, and where it makes a run end. Pure.
 */
#ifndef CHMEM_COLUMN_H
#define CHMEM_COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memblk.h"

/* Adjacent blocks that look the same, which is how the first of them does. */
struct extent {
	uint64_t block_size_bytes;
	struct memblk_info info; /* of the first */
	uint64_t last;           /* block */
	bool has_amounts;        /* of some blocks they are known; these are added up */
	struct memblk_amounts amounts;
	struct memblk_contents contents; /* of all of them */
};

#define CELL_MAX 192

struct column {
	const char *name, *help;
	unsigned int want;  /* bits of memblk_want */
	bool right;         /* aligned */
	unsigned int width; /* at least */
	/* Whether blocks like A and B can be on one line; NULL: always. */
	bool (*is_same)(const struct memblk_info *a, const struct memblk_info *b);
	/* What is shown of EXTENT, in BUFFER or never freed. */
	const char *(*show)(const struct extent *extent, char buffer[CELL_MAX]);
	/* By a name that libsmartcols has for it; NULL: always as it is. */
	const char *(*color)(const struct memblk_info *info);
};

/* The column at INDEX in the order of --help; NULL behind the last. */
const struct column *column_at(size_t index);

/* A column can be shown more than once. */
#define COLUMNS_MAX 64

struct columns {
	const struct column *column[COLUMNS_MAX];
	size_t ncolumns;
};

/* What is wrong with a list of columns: a part of it, or that they are too many. */
struct columns_fault {
	const char *name; /* NULL: too many */
	size_t length;
};

/*
 * Those in LIST, names in any case with commas between them; a plus before the first adds
 * them to the usual ones, which are all for NULL. False if LIST is not good, and only
 * then *RET_FAULT is written.
 */
bool columns_parse(const char *list, struct columns *ret,
		   struct columns_fault *ret_fault);

/* All that has to be known for COLUMNS. */
unsigned int columns_want(const struct columns *columns);

/* Whether COLUMNS can show A and B on one line. */
bool columns_are_same(const struct columns *columns, const struct memblk_info *a,
		      const struct memblk_info *b);

#endif
