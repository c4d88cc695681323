/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of writes.
 */
#include "config.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "journal.h"
#include "names.h"
#include "util.h"

struct entry {
	pid_t pid;
	uint64_t block;
	const char *name;
	char word[80];
	int64_t begin_us, end_us; /* end_us is 0 while it lasts */
	int result;
	bool note; /* only `word` counts */
};

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* One word of a line, whatever was written. */
static void copy_word(char *to, size_t room, const char *word, size_t size, bool spaces)
{
	size_t n = 0;

	if (size && word[size - 1] == '\n')
		size--;
	for (size_t i = 0; i < size && n < room - 1; i++)
		to[n++] = (word[i] > ' ' && word[i] <= '~') || (spaces && word[i] == ' ')
				  ? word[i]
				  : '?';
	if (!n)
		to[n++] = '-';
	to[n] = '\0';
}

static struct entry *append(struct journal *journal)
{
	size_t n = journal->n;

	if (!(n & (n - 1))) {
		struct entry *grown = reallocarray(journal->entries, n ? 2 * n : 1,
						   sizeof(*journal->entries));

		if (!grown)
			return NULL;
		journal->entries = grown;
	}
	journal->entries[n] = (struct entry){ .begin_us = now_us() };
	journal->n++;
	return &journal->entries[n];
}

size_t journal_begin(struct journal *journal, pid_t pid, uint64_t block, const char *name,
		     const char *word, size_t size)
{
	struct entry *entry = append(journal);

	if (!entry)
		return SIZE_MAX;
	entry->pid = pid;
	entry->block = block;
	entry->name = name;
	copy_word(entry->word, sizeof(entry->word), word, size, false);

	return journal->forgotten + journal->n - 1;
}

void journal_end(struct journal *journal, size_t entry, int result)
{
	if (entry < journal->forgotten || entry - journal->forgotten >= journal->n)
		return;
	entry -= journal->forgotten;
	journal->entries[entry].end_us = now_us();
	journal->entries[entry].result = result;
}

void journal_note(struct journal *journal, const char *text)
{
	struct entry *entry = append(journal);

	if (!entry)
		return;
	entry->note = true;
	copy_word(entry->word, sizeof(entry->word), text, strlen(text), true);
}

void journal_print(const struct journal *journal, FILE *file)
{
	for (size_t i = 0; i < journal->n; i++) {
		const struct entry *entry = &journal->entries[i];

		if (entry->note) {
			fprintf(file, "# %s\n", entry->word);
			continue;
		}
		fprintf(file, "%d %" PRId64 ".%03d ", (int) entry->pid,
			entry->begin_us / 1000, (int) (entry->begin_us % 1000));
		if (entry->end_us)
			fprintf(file, "%" PRId64 ".%03d ", entry->end_us / 1000,
				(int) (entry->end_us % 1000));
		else
			fprintf(file, "- ");
		if (entry->block == NO_BLOCK)
			fprintf(file, "- ");
		else
			fprintf(file, "%" PRIu64 " ", entry->block);
		fprintf(file, "%s %s %s\n", entry->name, entry->word,
			entry->end_us ? error_name(-entry->result) : "pending");
	}
}

void journal_clear(struct journal *journal)
{
	free(journal->entries);
	*journal = (struct journal){ .forgotten = journal->forgotten + journal->n };
}
