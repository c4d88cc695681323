/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether blocks would go offline, and what is against it, as text. */
#ifndef CHMEM_OFFLINABLE_H
#define CHMEM_OFFLINABLE_H

#include "memblk.h"
#include "words.h"

/* yes, likely, no; empty where it is not known. */
const char *offlinable_to_string(enum memblk_offlinable offlinable);

/*
 * Why blocks like INFO, with CONTENTS in all of them, do not go offline for sure. Empty
 * if nothing is known against it, or nothing at all.
 */
const char *obstacle_to_string(const struct memblk_info *info,
			       const struct memblk_contents *contents,
			       char buffer[CONTENTS_STRING_MAX]);

#endif
