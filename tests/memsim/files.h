/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What files there are and what stands in them. Each is named by a number that is its
 * inode's as well; what a number means is known here alone. All functions but the pure
 * ones are called with the machine's mutex held.
 */
#ifndef MEMSIM_FILES_H
#define MEMSIM_FILES_H

#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include "machine.h"

typedef uint64_t ino;

enum file ino_file(ino number);

/* The block that it belongs to, NULL if to none. */
struct block *ino_block(const struct machine *machine, ino number);
unsigned int ino_incarnation(ino number);

/* The name of FILE, if it has one that is always the same; else NULL. From name: -1. */
const char *file_name(enum file file);
int file_by_name(const char *name);

mode_t file_mode(ino number);

/* Whether it is still there: a directory of a block that has gone is not. */
bool file_exists(const struct machine *machine, ino number);

/* 0 or -ENOENT; file_stat() also answers for what is open and gone. */
int file_lookup(const struct machine *machine, ino parent, const char *name, ino *ret);
int file_stat(const struct machine *machine, ino number, struct stat *ret);
int file_readlink(const struct machine *machine, ino number, char *target, size_t size);

/* The entry behind COOKIE, 0 at the start; false behind the last. */
bool file_next(const struct machine *machine, ino parent, uint64_t *cookie, char name[64],
	       ino *ret);

/* Prints what stands in it. OWNER: whether the reader may see addresses. */
void file_print(const struct machine *machine, ino number, bool owner, FILE *stream);

/* /proc/kpageflags from OFFSET; -EINVAL if that or SIZE is no multiple of 8. */
int file_kpageflags(const struct machine *machine, uint64_t offset, size_t size,
		    uint64_t *buffer, size_t *ret_size);

#endif
