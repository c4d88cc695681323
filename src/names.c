/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Naming blocks, one after the other. */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>

#include "names.h"
#include "output.h"
#include "words.h"

void names_begin(struct names *names)
{
	*names = (struct names){ .length = 0 };
	names->stream = open_memstream(&names->text, &names->length);
}

void names_add(struct names *names, uint64_t first, uint64_t last)
{
	if (!names->stream)
		return;
	fprintf(names->stream, "%s%" PRIu64, names->length ? ", " : "", first);
	if (last > first)
		fprintf(names->stream, "-%" PRIu64, last);
	names->nblocks += last - first + 1 ?: 1;
	names->last = last;
	fflush(names->stream);
}

void names_end(struct names *names, uint64_t block_size_bytes, const char *one,
	       const char *several)
{
	char block[BLOCK_STRING_MAX];

	if (names->stream && fclose(names->stream) == 0 && names->nblocks) {
		if (names->nblocks == 1)
			report_error(
				"%s %s",
				block_to_string(names->last, block_size_bytes, block),
				one);
		else
			report_error("Memory Blocks %s %s", names->text, several);
	}
	free(names->text);
}

/* Names the blocks of RANGE that are not among KNOWN, which is ascending from *AT on. */
static void add_missing(const struct memblk_range *range, const uint64_t *known,
			size_t nknown, size_t *at, struct names *names)
{
	uint64_t next = range->first;

	for (; *at < nknown && known[*at] <= range->last; (*at)++) {
		if (known[*at] < next)
			continue;
		if (known[*at] > next)
			names_add(names, next, known[*at] - 1);
		if (known[*at] == range->last) {
			(*at)++;
			return;
		}
		next = known[*at] + 1;
	}
	names_add(names, next, range->last);
}

void report_missing(const struct memblk_ranges *ranges, const uint64_t *known,
		    size_t nknown, uint64_t block_size_bytes)
{
	struct names names;
	size_t at = 0;

	names_begin(&names);
	for (size_t i = 0; i < ranges->nranges; i++)
		add_missing(&ranges->range[i], known, nknown, &at, &names);
	names_end(&names, block_size_bytes, "does not exist", "do not exist");
}
