/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was written, by whom, when, and what came of it; in the order in which the writes
 * came. Guarded by the machine's mutex.
 */
#ifndef MEMSIM_JOURNAL_H
#define MEMSIM_JOURNAL_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct journal {
	struct entry *entries;
	size_t n;
	size_t forgotten; /* entries before the first */
};

#define NO_BLOCK UINT64_MAX

/* Notes the beginning of a write. WORD need not be text. Returns the entry's number, for
 * journal_end(); SIZE_MAX, which that ignores, if there is no memory left. */
size_t journal_begin(struct journal *journal, pid_t pid, uint64_t block, const char *name,
		     const char *word, size_t size);
/* RESULT is 0 or -errno. */
void journal_end(struct journal *journal, size_t entry, int result);

/* A line of text among the writes, such as what was wrong with a directive. */
void journal_note(struct journal *journal, const char *text);

/*
 * A line each: PID BEGIN END BLOCK FILE WORD RESULT. The times are milliseconds of
 * CLOCK_MONOTONIC; what has not ended yet has END `-` and RESULT `pending`. Notes begin
 * with `#`.
 */
void journal_print(const struct journal *journal, FILE *file);

void journal_clear(struct journal *journal);

#endif
