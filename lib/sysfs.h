/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attributes below the root of a system. A path has no slash at its start and is resolved
 * inside the root, whatever symbolic links it meets.
 *
 * All input and output goes through a table of operations, which the unit tests replace
 * by one that plays the files.
 */
#ifndef MEMBLK_SYSFS_H
#define MEMBLK_SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "alarm.h"

/*
 * Called for each name in a directory that may be a directory itself; non-zero ends the
 * list.
 */
typedef int (*io_entry_fn)(const char *name, void *data);

#define IO_KEEP_MAX 2

/*
 * Each returns -errno on failure. A descriptor is only ever handed back to the same
 * table.
 */
struct io {
	int (*open)(void *backend, const char *path, int flags);
	ssize_t (*read)(void *backend, int fd, void *buffer,
			size_t size); /* from the start */
	/* From OFFSET, in one call, of a file that is no text. */
	ssize_t (*pread)(void *backend, int fd, void *buffer, size_t size,
			 uint64_t offset);
	/* What comes next in a file that grows, and to where nothing comes yet. */
	ssize_t (*read_next)(void *backend, int fd, void *buffer, size_t size);
	int (*seek_end)(void *backend, int fd);
	/* The target of the symbolic link PATH, cut to SIZE bytes; its length. */
	ssize_t (*readlink)(void *backend, const char *path, char *target, size_t size);
	ssize_t (*write)(void *backend, int fd, const void *data, size_t size);
	int (*truncate)(void *backend, int fd, size_t size);
	/* What entry_fn gave last, or 0. */
	int (*list)(void *backend, const char *path, io_entry_fn entry_fn, void *data);
	void (*close)(void *backend, int fd);
	/* A descriptor of the process that cannot be written, see alarm.h; or -1. */
	int (*blunt)(void *backend);
	/* The descriptors of the process that the table needs, and how many. */
	size_t (*keep)(void *backend, int fds[IO_KEEP_MAX]);
	void (*free)(void *backend);
};

struct sysfs {
	const struct io *io;
	void *backend; /* owned */
};

/* The largest attribute there is: the kernel has one page for each. */
#define SYSFS_TEXT_MAX 4096

/*
 * An open attribute. Opened read-only where it cannot be written, which only a write
 * minds.
 */
struct attribute {
	int fd;          /* -1: not open */
	int write_error; /* -errno that kept it from being opened for writing, or 0 */
	size_t length;   /* bytes that were read */
	char text[SYSFS_TEXT_MAX + 1];
};

/* Opens the files below ROOT, "/" for the running system. */
int sysfs_open(const char *root, struct sysfs *ret);

/* Frees the backend; a struct that is all zero is allowed. */
void sysfs_close(struct sysfs *sysfs);

/*
 * Opens PATH and reads its text, without the newline at its end. -EBADMSG if it is not
 * text, -EFBIG if it is too long for an attribute. The caller closes ATTRIBUTE, even
 * after a failure.
 */
int attribute_open(const struct sysfs *sysfs, const char *path,
		   struct attribute *attribute);

/* Reads an open attribute once more. */
int attribute_reread(const struct sysfs *sysfs, struct attribute *attribute);

/*
 * Writes WORD in one write(2), which is a command for the kernel, within LIMIT: -EINTR or
 * -EBADF if that ran out. In a tree of plain files, what is longer than WORD is cut off
 * afterwards.
 */
int attribute_write(const struct sysfs *sysfs, const struct attribute *attribute,
		    const char *word, const struct limit *limit);

/* Closes ATTRIBUTE if it is open. */
void attribute_close(const struct sysfs *sysfs, struct attribute *attribute);

/*
 * attribute_open() for reading alone, and at once closed; TEXT holds SYSFS_TEXT_MAX + 1
 * bytes.
 */
int sysfs_read(const struct sysfs *sysfs, const char *path, char *text);

/* Writes WORD to PATH, without a look at what is there. */
int sysfs_write(const struct sysfs *sysfs, const char *path, const char *word,
		const struct limit *limit);

/* Lists the directory PATH, in no order. */
int sysfs_list(const struct sysfs *sysfs, const char *path, io_entry_fn entry_fn,
	       void *data);

/* Whether PATH is a directory; an error counts as none. */
bool sysfs_is_directory(const struct sysfs *sysfs, const char *path);

#endif
