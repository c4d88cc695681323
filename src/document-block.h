/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One block in the document of --json. */
#ifndef CHMEM_DOCUMENT_BLOCK_H
#define CHMEM_DOCUMENT_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "json.h"
#include "memblk.h"
#include "report.h"

/* Whether the block of RESULT was left out, as it does not fit, and others will do. */
bool document_is_passed_over(const struct report *report,
			     const struct memblk_result *result);

/* What became of a block in the run that REPORT is of; it is looked at once more. */
struct json document_block(const struct report *report,
			   struct memblk_inspector *inspector,
			   const struct memblk_result *result);

/* A block that is listed, as it was found. */
struct json document_listed_block(const struct memblk_info *info,
				  uint64_t block_size_bytes);

#endif
