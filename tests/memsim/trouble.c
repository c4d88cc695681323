/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of what is to go wrong. Knows nothing of blocks but their numbers.
 */
#include "config.h"

#include <string.h>

#include "trouble.h"
#include "util.h"

const char *const moment_names[_MOMENT_MAX] = {
	[MOMENT_OPEN] = "open",
	[MOMENT_READ] = "read",
	[MOMENT_WRITE] = "write",
};

int trouble_add(struct trouble **list, const struct trouble *trouble)
{
	struct trouble *copy = malloc(sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	*copy = *trouble;
	copy->next = NULL;
	while (*list)
		list = &(*list)->next;
	*list = copy;

	return 0;
}

void trouble_clear(struct trouble **list, enum trouble_kind kind, enum file file)
{
	while (*list) {
		struct trouble *trouble = *list;

		if (trouble->kind == kind &&
		    (file == FILE_ANY || trouble->file == file)) {
			*list = trouble->next;
			free(trouble);
		} else {
			list = &trouble->next;
		}
	}
}

void trouble_clear_all(struct trouble **list)
{
	for (unsigned int kind = 0; kind < _TROUBLE_MAX; kind++)
		trouble_clear(list, kind, FILE_ANY);
}

static bool fits(const struct trouble *trouble, enum trouble_kind kind,
		 enum moment moment, uint64_t index, enum file file, const char *word)
{
	return trouble->kind == kind && trouble->moment == moment && trouble->count &&
	       index >= trouble->first && index <= trouble->last &&
	       (trouble->file == file || trouble->file == FILE_ANY) &&
	       (!trouble->word[0] || (word && !strcmp(trouble->word, word)));
}

const struct trouble *trouble_take(struct trouble *list, enum trouble_kind kind,
				   enum moment moment, uint64_t index, enum file file,
				   const char *word)
{
	for (struct trouble *trouble = list; trouble; trouble = trouble->next)
		if (fits(trouble, kind, moment, index, file, word)) {
			if (trouble->count != TROUBLE_ALWAYS)
				trouble->count--;
			return trouble;
		}
	return NULL;
}
