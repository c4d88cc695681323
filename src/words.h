/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What there is to be told, as text, in words that are never freed or in the caller's
 * buffer.
 */
#ifndef CHMEM_WORDS_H
#define CHMEM_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "memblk.h"

#define BLOCK_STRING_MAX 80
#define REASON_STRING_MAX 384
#define CONTENTS_STRING_MAX 160

/* enable, disable, ... */
const char *command_to_string(enum memblk_command command);
const char *step_to_string(enum memblk_step step);

/* Memory Block 32 (0x...-0x...) */
const char *block_to_string(uint64_t index, uint64_t block_size_bytes,
			    char buffer[BLOCK_STRING_MAX]);

/* ERROR is a positive errno, of reading a file or writing it. */
const char *error_to_string(int error);

/* What cannot be moved of CONTENTS: 312 slab, 17 page-table pages. Empty for nothing. */
const char *contents_to_string(const struct memblk_contents *contents,
			       char buffer[CONTENTS_STRING_MAX]);

/* By size, a block that does not fit is passed over without a try. */
bool reason_is_misfit(enum memblk_reason reason);

/*
 * Why RESULT is as it is; beyond the text of an errno, where SYSTEM lets us know more.
 * Empty if there is no reason.
 */
const char *reason_to_string(struct memblk_system *system,
			     const struct memblk_result *result,
			     char buffer[REASON_STRING_MAX]);

#endif
