/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tree of files in memory, behind the table of operations of sysfs.h. Each file behaves
 * as a plain one, unless it is told to fail, to be interrupted, to take less than it was
 * given, or to answer a write as a function says.
 *
 * The tree keeps account: of what was written, in its order, and of every descriptor. One
 * that is closed twice, used after that or against its flags, or not opened with
 * O_CLOEXEC, is a misuse, of which the first is kept.
 */
#ifndef FAKE_H
#define FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sysfs.h"
#include "tap.h"

struct fake;
struct fake_file;

/* Answers a write of WORD to FILE: 0 if it is taken, or -errno. */
typedef int (*fake_write_fn)(struct fake *fake, struct fake_file *file, const char *word);

/* Called before FILE is read, whose text it may change. */
typedef void (*fake_read_fn)(struct fake *fake, struct fake_file *file);

/* Of a file that grows: what one read gives, or an error of it, a positive errno. */
struct fake_record {
	const char *text;
	int error;
};

struct fake_file {
	struct fake_file *next; /* in the order of their making */
	char *path;
	bool is_directory;
	bool gone;     /* removed; descriptors of it give ENODEV, as in sysfs */
	uint64_t tag;  /* for write_fn */
	char *text;    /* not terminated; the target of a link */
	size_t length; /* of text */
	bool is_link;
	const struct fake_record *records; /* what read_next gives, in place of text */
	size_t nrecords;                   /* of those that are there by now */

	/* positive errno each, 0 for none */
	int open_error;
	int open_write_error; /* of opening for writing */
	int read_error;
	int seek_error;
	int write_error;
	int truncate_error;
	int list_error; /* of a directory, after list_entries */
	unsigned int list_entries;

	unsigned int nsuccesses;  /* so many writes are taken before write_error counts */
	unsigned int nrefusals;   /* so many writes give write_error; 0: all of them */
	unsigned int ninterrupts; /* so many writes give EINTR, before anything else */
	bool is_short;            /* a write takes all but the last byte */
	fake_write_fn write_fn;   /* in place of what a plain file does */
	fake_read_fn read_fn;

	unsigned int nopens, nreads, nwrites, ntruncates; /* calls of each */
	int flags;                                        /* of the last open */
};

struct fake {
	struct fake_file *files, **end;
	struct fake_descriptor *descriptors; /* of each open that gave one */
	size_t ndescriptors;
	unsigned int nfrees; /* how often the table's free was called */
	const char *misuse;  /* NULL: none */
	char log[2048];      /* "directory/file=word ", one for each write */
	void *data;          /* for write_fn */
};

void fake_init(struct fake *fake);
void fake_done(struct fake *fake);

/* FAKE as what the library takes; its free only counts, fake_done() frees. */
struct sysfs fake_sysfs(struct fake *fake);

/*
 * Makes a file with TEXT, or a directory. The directories above it are there without
 * being made. The file belongs to FAKE.
 */
struct fake_file *fake_add(struct fake *fake, const char *path, const char *text);
struct fake_file *fake_add_directory(struct fake *fake, const char *path);

/* Makes a symbolic link, which is listed and has a target, and leads nowhere. */
struct fake_file *fake_add_link(struct fake *fake, const char *path, const char *target);

/* The file at PATH; NULL if there is none. */
struct fake_file *fake_find(struct fake *fake, const char *path);

/* Removes the file or directory PATH and all below it. */
void fake_remove(struct fake *fake, const char *path);

/* What FILE holds from now on. */
void fake_set(struct fake_file *file, const char *text);
void fake_set_bytes(struct fake_file *file, const void *bytes, size_t length);

/* Checks what FILE holds. */
bool fake_check_text(struct tap_place place, const struct fake_file *file,
		     const char *expected);

/* Checks that every descriptor is closed and none was misused. */
bool fake_check_closed(struct tap_place place, const struct fake *fake);

#define check_text(file, expected) \
	fake_check_text(TAP_PLACE("text of " #file), (file), (expected))
#define check_closed(fake) fake_check_closed(TAP_PLACE("descriptors"), (fake))

#endif
