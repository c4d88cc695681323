/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words and what they stand for: errno, and whatever a table of strings lists.
 */
#ifndef MEMSIM_NAMES_H
#define MEMSIM_NAMES_H

#include <stddef.h>

/* The name of errno NUMBER, such as "EBUSY"; "ok" for 0. Valid for ever. */
const char *error_name(int number);

/* The errno that is called NAME, 0 if there is none. */
int error_number(const char *name);

/* The place of NAME among the N strings of TABLE, of which some may be NULL; else -1. */
int name_index(const char *const *table, size_t n, const char *name);

#endif
