/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log of a worker.
 */
#include "config.h"

#include <sys/mman.h>

#include "log.h"
#include "util.h"

#define ENTRIES_PER_BLOCK 3

int log_new(size_t nblocks, struct log **ret)
{
	size_t nentries, size;
	struct log *log;

	if (__builtin_mul_overflow(nblocks, ENTRIES_PER_BLOCK, &nentries) ||
	    __builtin_mul_overflow(nentries, sizeof(struct log_entry), &size) ||
	    __builtin_add_overflow(size, sizeof(struct log), &size))
		return -ENOMEM;
	log = mmap(NULL, size, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (log == MAP_FAILED)
		return -errno;
	log->size = size;
	*ret = log;

	return 0;
}

void log_free(struct log *log)
{
	munmap(log, log->size);
}

/* There is room for all that can come; the memory behind it is not ours. */
static bool is_full(const struct log *log)
{
	return log->nresults >=
	       (log->size - sizeof(struct log)) / sizeof(struct log_entry);
}

static void add_entry(struct log *log, const struct memblk_result *result, bool is_held)
{
	if (is_full(log))
		return;
	log->entries[log->nresults] = (struct log_entry){ .result = *result,
							  .is_held = is_held };
	log->nresults++;
}

void log_result(const struct memblk_result *result, void *data)
{
	add_entry(data, result, false);
}

void log_held(const struct memblk_result *result, void *data)
{
	add_entry(data, result, true);
}

bool log_is_final(enum memblk_status status)
{
	return status == MEMBLK_STATUS_REVERTED || status == MEMBLK_STATUS_STUCK;
}

static int compare_entries(const void *a, const void *b, void *data)
{
	size_t left = *(const size_t *) a, right = *(const size_t *) b;
	const struct log *log = data;
	uint64_t left_index = log->entries[left].result.index,
		 right_index = log->entries[right].result.index;

	if (left_index != right_index)
		return left_index > right_index ? 1 : -1;
	return (left > right) - (left < right);
}

/* Takes longer, and no memory. */
static void mark_by_search(struct log *log)
{
	size_t n = log->nresults;

	for (size_t i = 0; i < n; i++)
		for (size_t later = i + 1; later < n && !log->entries[i].is_outdated;
		     later++)
			log->entries[i].is_outdated = log->entries[i].result.index ==
						      log->entries[later].result.index;
}

void log_mark_outdated(struct log *log)
{
	size_t n = log->nresults;
	_cleanup_free_ size_t *order = reallocarray(NULL, n, sizeof(*order));

	if (!order) {
		mark_by_search(log);
		return;
	}
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	qsort_r(order, n, sizeof(*order), compare_entries, log);
	for (size_t i = 0; i + 1 < n; i++)
		log->entries[order[i]]
			.is_outdated = log->entries[order[i]].result.index ==
				       log->entries[order[i + 1]].result.index;
}

bool log_needs_undo(const struct log *log, size_t position)
{
	const struct memblk_result *result = &log->entries[position].result;

	return !log_is_final(result->status) && apply_has_changed(result) &&
	       !log->entries[position].is_outdated;
}
