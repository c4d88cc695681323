/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table, with libsmartcols. Only the line that may go on is kept beside it: of the
 * others there is nothing but their text.
 */
#include "config.h"

#include <errno.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output.h"
#include "table.h"

struct table {
	const struct columns *columns;
	uint64_t block_size_bytes;
	bool each;
	struct libscols_table *scols; /* owned */
	bool is_open;                 /* there is a line that may go on */
	struct extent extent;         /* which is this */
};

/* ---- Making ---- */

/* As https://no-color.org has it. */
static bool wants_color(void)
{
	const char *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no_color && *no_color) && terminal &&
	       *terminal && strcmp(terminal, "dumb");
}

static int init_scols(struct table *table, bool headings)
{
	struct libscols_table *scols = scols_new_table();

	table->scols = scols;
	if (!scols || scols_table_enable_noheadings(scols, !headings) ||
	    scols_table_enable_colors(scols, wants_color()))
		return -ENOMEM;
	for (size_t i = 0; i < table->columns->ncolumns; i++) {
		const struct column *column = table->columns->column[i];

		if (!scols_table_new_column(scols, column->name, column->width,
					    column->right ? SCOLS_FL_RIGHT : 0))
			return -ENOMEM;
	}
	return 0;
}

int table_new(const struct columns *columns, uint64_t block_size_bytes,
	      unsigned int flags, struct table **ret)
{
	struct table *table = calloc(1, sizeof(*table));
	int r;

	if (!table)
		return -ENOMEM;
	table->columns = columns;
	table->block_size_bytes = block_size_bytes;
	table->each = flags & TABLE_EACH;
	r = init_scols(table, flags & TABLE_HEADINGS);
	if (r < 0) {
		table_free(table);
		return r;
	}
	*ret = table;

	return 0;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	scols_unref_table(table->scols);
	free(table);
}

/* ---- Lines ---- */

static int set_cell(struct libscols_line *line, size_t position,
		    const struct column *column, const struct extent *extent)
{
	const char *color = column->color ? column->color(&extent->info) : NULL;
	char buffer[CELL_MAX];

	if (scols_line_set_data(line, position, column->show(extent, buffer)))
		return -ENOMEM;
	if (color && scols_cell_set_color(scols_line_get_cell(line, position), color))
		return -ENOMEM;

	return 0;
}

/* Ends the line that may go on. */
static int end_line(struct table *table)
{
	struct libscols_line *line;
	int r = 0;

	if (!table->is_open)
		return 0;
	line = scols_table_new_line(table->scols, NULL);
	if (!line)
		return -ENOMEM;
	for (size_t i = 0; i < table->columns->ncolumns && r == 0; i++)
		r = set_cell(line, i, table->columns->column[i], &table->extent);
	table->is_open = false;

	return r;
}

static uint32_t add_pages(uint32_t a, uint32_t b)
{
	uint32_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT32_MAX : sum;
}

static void add_contents(struct memblk_contents *sum, const struct memblk_contents *more)
{
	sum->nmovable = add_pages(sum->nmovable, more->nmovable);
	sum->nhuge = add_pages(sum->nhuge, more->nhuge);
	sum->nslab = add_pages(sum->nslab, more->nslab);
	sum->npgtable = add_pages(sum->npgtable, more->npgtable);
	sum->nreserved = add_pages(sum->nreserved, more->nreserved);
	sum->nkernel = add_pages(sum->nkernel, more->nkernel);
	sum->nunknown = add_pages(sum->nunknown, more->nunknown);
	sum->nunplugged = add_pages(sum->nunplugged, more->nunplugged);
	sum->npoisoned = add_pages(sum->npoisoned, more->npoisoned);
}

/* The block INFO is one of the extent. */
static void extend(struct extent *extent, const struct memblk_info *info)
{
	struct memblk_amounts amounts;

	extent->last = info->index;
	if (!memblk_info_amounts(info, &amounts))
		return;
	extent->has_amounts = true;
	extent->amounts.free_bytes += amounts.free_bytes;
	extent->amounts.movable_bytes += amounts.movable_bytes;
	extent->amounts.unmovable_bytes += amounts.unmovable_bytes;
	add_contents(&extent->contents, &info->contents);
}

static bool goes_on(const struct table *table, const struct memblk_info *info)
{
	return table->is_open && !table->each && info->index == table->extent.last + 1 &&
	       columns_are_same(table->columns, &table->extent.info, info);
}

int table_add(struct table *table, const struct memblk_info *info)
{
	int r;

	if (!goes_on(table, info)) {
		r = end_line(table);
		if (r < 0)
			return r;
		table->extent = (struct extent){
			.block_size_bytes = table->block_size_bytes,
			.info = *info,
		};
		table->is_open = true;
	}
	extend(&table->extent, info);

	return 0;
}

/* ---- Printing ---- */

int table_print(struct table *table)
{
	FILE *stream;
	int r;

	r = end_line(table);
	if (r < 0)
		return r;
	if (!scols_table_get_nlines(table->scols))
		return 0;
	stream = report_stream();
	if (!stream)
		return -ENOMEM;
	scols_table_set_stream(table->scols, stream);
	r = scols_print_table(table->scols) ? -ENOMEM : 0;
	fclose(stream);

	return r;
}
