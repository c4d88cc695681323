/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file of text that may be long, read as a whole, and as often as is needed.
 */
#ifndef MEMBLK_FILE_H
#define MEMBLK_FILE_H

#include "sysfs.h"

/* What a text is expected to fit into; the buffer grows where it does not. */
#define FILE_SIZE_SHORT (SYSFS_TEXT_MAX + 1)
#define FILE_SIZE_LONG (64 << 10)

/* An open file, and the buffer that its text fitted into last. */
struct file {
	int fd;     /* -1: there is none */
	char *text; /* owned */
	size_t size;
};

/* -ENOENT if there is no such file. The caller closes FILE, even after a failure. */
int file_open(const struct sysfs *sysfs, const char *path, size_t size,
	      struct file *file);

/*
 * Reads FILE from its start into file->text. -EBADMSG if it is not text, -EFBIG if it is
 * longer than any file of the kernel.
 */
int file_read(const struct sysfs *sysfs, struct file *file);

/* Closes and frees what FILE holds; its fd must be set. */
void file_close(const struct sysfs *sysfs, struct file *file);

#endif
