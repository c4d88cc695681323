/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bar: what stands on its line and when it is drawn. How a line is drawn over is the
 * business of output.c.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "output.h"
#include "progress.h"

/* A run that is shorter needs no bar. */
#define PATIENCE_MS 1000

#define REDRAW_MS 100

#define COLUMNS_DEFAULT 80
#define COLUMNS_MAX 160
#define BAR_MIN 10

/* Where nothing can be drawn over, a bar would fill page after page. */
static bool is_terminal(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) && (!term || strcmp(term, "dumb"));
}

void progress_begin(struct progress_bar *bar, enum progress_mode mode, uint64_t start_ms,
		    uint64_t block_size_bytes)
{
	*bar = (struct progress_bar){
		.is_on = mode == PROGRESS_ALWAYS ||
			 (mode == PROGRESS_AUTO && is_terminal()),
		.start_ms = start_ms,
		.first_ms = start_ms + (mode == PROGRESS_ALWAYS ? 0 : PATIENCE_MS),
		.block_size_bytes = block_size_bytes,
	};
}

static size_t columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_col)
		return COLUMNS_DEFAULT;

	return size.ws_col < COLUMNS_MAX ? size.ws_col : COLUMNS_MAX;
}

static unsigned int percent(const struct memblk_progress *progress)
{
	if (!progress->nwanted || progress->ndone >= progress->nwanted)
		return 100;

	return (unsigned int) ((long double) progress->ndone * 100 /
			       (long double) progress->nwanted);
}

/* " 15 of 30 blocks, 1.9G of 3.8G, block 44, 3 s" */
static void print_facts(const struct progress_bar *bar, char *text, size_t size)
{
	const struct memblk_progress *progress = &bar->last;
	char done[MEMBLK_SIZE_STRING_MAX], wanted[MEMBLK_SIZE_STRING_MAX], block[48] = "";

	if (progress->in_hand)
		snprintf(block, sizeof(block), ", %s%" PRIu64,
			 progress->reverting ? "setting back block " : "block ",
			 progress->current);
	snprintf(text, size,
		 " %3u%%  %" PRIu64 " of %" PRIu64 " blocks, %s of %s%s, %" PRIu64 " s",
		 percent(progress), progress->ndone, progress->nwanted,
		 memblk_size_to_string(progress->ndone * bar->block_size_bytes, done),
		 memblk_size_to_string(progress->nwanted * bar->block_size_bytes, wanted),
		 block, (memblk_now_ms() - bar->start_ms) / 1000);
}

/* The last column stays free: a full line would move to the next. */
static void draw(struct progress_bar *bar)
{
	size_t width = columns() - 1, length, nbar, nfull;
	char facts[COLUMNS_MAX], line[COLUMNS_MAX + 1];

	print_facts(bar, facts, sizeof(facts));
	length = strlen(facts);
	if (length + BAR_MIN + 2 > width) {
		snprintf(line, sizeof(line), "%.*s", (int) width, facts + 1);
	} else {
		nbar = width - length - 2;
		nfull = nbar * percent(&bar->last) / 100;
		line[0] = '[';
		memset(line + 1, '#', nfull);
		memset(line + 1 + nfull, '-', nbar - nfull);
		snprintf(line + 1 + nbar, sizeof(line) - 1 - nbar, "]%s", facts);
	}
	report_status(line);
	bar->drawn_ms = memblk_now_ms();
}

void progress_update(struct progress_bar *bar, const struct memblk_progress *progress)
{
	uint64_t now = memblk_now_ms();

	bar->last = *progress;
	if (bar->is_on && now >= bar->first_ms && now >= bar->drawn_ms + REDRAW_MS)
		draw(bar);
}

void progress_end(struct progress_bar *bar)
{
	if (!bar->drawn_ms)
		return;
	bar->last.in_hand = false;
	draw(bar);
	report_status_end();
}
