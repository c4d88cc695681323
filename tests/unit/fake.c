/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operations on a tree in memory. Descriptors are numbers that no real file has, and
 * none is given twice: what is done to one after its close, or by close(2) itself, shows.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"

#define FIRST_DESCRIPTOR 100000

struct fake_descriptor {
	struct fake_file *file; /* NULL: a directory that was not made */
	int flags;
	size_t nread; /* records that were read, or passed over */
	bool is_open;
};

static void *must(void *allocated)
{
	if (!allocated)
		abort();
	return allocated;
}

static int misuse(struct fake *fake, const char *what)
{
	if (!fake->misuse)
		fake->misuse = what;
	return -EBADF;
}

/* ---- The tree ---- */

void fake_init(struct fake *fake)
{
	*fake = (struct fake){ .nfrees = 0 };
	fake->end = &fake->files;
}

void fake_done(struct fake *fake)
{
	struct fake_file *next;

	for (struct fake_file *file = fake->files; file; file = next) {
		next = file->next;
		free(file->path);
		free(file->text);
		free(file);
	}
	free(fake->descriptors);
}

static struct fake_file *add(struct fake *fake, const char *path, bool is_directory)
{
	struct fake_file *file = must(calloc(1, sizeof(*file)));

	file->path = must(strdup(path));
	file->is_directory = is_directory;
	*fake->end = file;
	fake->end = &file->next;
	return file;
}

struct fake_file *fake_add(struct fake *fake, const char *path, const char *text)
{
	struct fake_file *file = add(fake, path, false);

	fake_set(file, text);
	return file;
}

struct fake_file *fake_add_directory(struct fake *fake, const char *path)
{
	return add(fake, path, true);
}

struct fake_file *fake_add_link(struct fake *fake, const char *path, const char *target)
{
	struct fake_file *file = fake_add(fake, path, target);

	file->is_link = true;
	return file;
}

struct fake_file *fake_find(struct fake *fake, const char *path)
{
	for (struct fake_file *file = fake->files; file; file = file->next)
		if (!file->gone && !strcmp(file->path, path))
			return file;
	return NULL;
}

/* What is left of PATH below DIRECTORY; NULL if it is not there. */
static const char *path_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	return !strncmp(path, directory, length) && path[length] == '/'
		       ? path + length + 1
		       : NULL;
}

void fake_remove(struct fake *fake, const char *path)
{
	for (struct fake_file *file = fake->files; file; file = file->next)
		if (!strcmp(file->path, path) || path_below(file->path, path))
			file->gone = true;
}

void fake_set_bytes(struct fake_file *file, const void *bytes, size_t length)
{
	char *text = must(malloc(length + 1));

	memcpy(text, bytes, length);
	free(file->text);
	file->text = text;
	file->length = length;
}

void fake_set(struct fake_file *file, const char *text)
{
	fake_set_bytes(file, text, strlen(text));
}

static bool is_directory(struct fake *fake, const char *path)
{
	struct fake_file *file = fake_find(fake, path);

	if (file)
		return file->is_directory;
	for (file = fake->files; file; file = file->next)
		if (!file->gone && path_below(file->path, path))
			return true;
	return false;
}

/* ENOTDIR if PATH leads through a file, else ENOENT. */
static int lookup_error(struct fake *fake, const char *path)
{
	for (struct fake_file *file = fake->files; file; file = file->next)
		if (!file->gone && !file->is_directory && path_below(path, file->path))
			return -ENOTDIR;
	return -ENOENT;
}

/* ---- The operations ---- */

static int add_descriptor(struct fake *fake, struct fake_file *file, int flags)
{
	size_t n = fake->ndescriptors++;

	fake->descriptors = must(reallocarray(fake->descriptors, fake->ndescriptors,
					      sizeof(*fake->descriptors)));
	fake->descriptors[n] = (struct fake_descriptor){
		.file = file,
		.flags = flags,
		.is_open = true,
	};
	return FIRST_DESCRIPTOR + (int) n;
}

static struct fake_descriptor *descriptor(struct fake *fake, int fd)
{
	size_t n = (size_t) fd - FIRST_DESCRIPTOR;

	if (fd < FIRST_DESCRIPTOR || n >= fake->ndescriptors) {
		misuse(fake, "a descriptor that was never given");
		return NULL;
	}
	if (!fake->descriptors[n].is_open) {
		misuse(fake, "a descriptor that is closed");
		return NULL;
	}
	return &fake->descriptors[n];
}

static int fake_open(void *backend, const char *path, int flags)
{
	struct fake *fake = backend;
	struct fake_file *file = fake_find(fake, path);
	bool directory = is_directory(fake, path);
	bool writes = (flags & O_ACCMODE) != O_RDONLY;

	if (fake->nfrees)
		misuse(fake, "an open after the end");
	if (!(flags & O_CLOEXEC))
		misuse(fake, "an open without O_CLOEXEC");
	if (flags & (O_CREAT | O_TRUNC | O_APPEND))
		misuse(fake, "an open that changes the file or its place");
	if (file) {
		file->nopens++;
		file->flags = flags;
		if (file->open_error)
			return -file->open_error;
		if (writes && file->open_write_error)
			return -file->open_write_error;
	} else if (!directory) {
		return lookup_error(fake, path);
	}
	if (directory && writes)
		return -EISDIR;
	if (!directory && flags & O_DIRECTORY)
		return -ENOTDIR;

	return add_descriptor(fake, file, flags);
}

static ssize_t fake_pread(void *backend, int fd, void *buffer, size_t size,
			  uint64_t offset)
{
	struct fake *fake = backend;
	struct fake_descriptor *open = descriptor(fake, fd);
	struct fake_file *file;

	if (!open)
		return -EBADF;
	if (open->flags & O_PATH || (open->flags & O_ACCMODE) == O_WRONLY)
		return misuse(fake, "a read from what is not open for reading");
	file = open->file;
	if (!file || file->is_directory)
		return -EISDIR;
	file->nreads++;
	if (file->read_fn)
		file->read_fn(fake, file);
	if (file->gone)
		return -ENODEV;
	if (file->read_error)
		return -file->read_error;

	if (offset > file->length)
		return 0;
	if (size > file->length - offset)
		size = file->length - offset;
	memcpy(buffer, file->text + offset, size);
	return (ssize_t) size;
}

static ssize_t fake_read(void *backend, int fd, void *buffer, size_t size)
{
	return fake_pread(backend, fd, buffer, size, 0);
}

/* A record at a time, as /dev/kmsg gives them; one that does not fit is an error. */
static ssize_t fake_read_next(void *backend, int fd, void *buffer, size_t size)
{
	struct fake *fake = backend;
	struct fake_descriptor *open = descriptor(fake, fd);
	const struct fake_record *record;

	if (!open)
		return -EBADF;
	if (!open->file || (open->flags & O_ACCMODE) == O_WRONLY)
		return misuse(fake, "a read from what is not open for reading");
	if (!(open->flags & O_NONBLOCK))
		misuse(fake, "a read that may wait");
	open->file->nreads++;
	if (open->nread >= open->file->nrecords)
		return -EAGAIN;
	record = &open->file->records[open->nread++];
	if (record->error)
		return -record->error;
	if (strlen(record->text) > size)
		return -EINVAL;
	memcpy(buffer, record->text, strlen(record->text));
	return (ssize_t) strlen(record->text);
}

static int fake_seek_end(void *backend, int fd)
{
	struct fake_descriptor *open = descriptor(backend, fd);

	if (!open || !open->file)
		return -EBADF;
	if (open->file->seek_error)
		return -open->file->seek_error;
	open->nread = open->file->nrecords;
	return 0;
}

static ssize_t fake_readlink(void *backend, const char *path, char *target, size_t size)
{
	struct fake *fake = backend;
	struct fake_file *file = fake_find(fake, path);

	if (!file)
		return is_directory(fake, path) ? -EINVAL : lookup_error(fake, path);
	file->nopens++;
	if (file->open_error)
		return -file->open_error;
	if (!file->is_link)
		return -EINVAL;
	if (size > file->length)
		size = file->length;
	memcpy(target, file->text, size);
	return (ssize_t) size;
}

/* "directory/file=word ", as much as there is room for. */
static void log_write(struct fake *fake, const struct fake_file *file, const char *word)
{
	size_t length = strlen(fake->log);
	const char *name = strrchr(file->path, '/');

	while (name && name > file->path && name[-1] != '/')
		name--;
	snprintf(fake->log + length, sizeof(fake->log) - length, "%s=%s ",
		 name ? name : file->path, word);
}

/* What is longer than WORD keeps its end. */
static void overlay(struct fake_file *file, const char *word, size_t length)
{
	if (length > file->length) {
		fake_set_bytes(file, word, length);
		return;
	}
	memcpy(file->text, word, length);
}

static int refuse_write(struct fake_file *file)
{
	int error = file->write_error;

	if (file->nrefusals && !--file->nrefusals)
		file->write_error = 0;
	return -error;
}

static ssize_t take_write(struct fake *fake, struct fake_file *file, const char *word)
{
	size_t length = strlen(word);
	int r;

	if (file->ninterrupts) {
		file->ninterrupts--;
		return -EINTR;
	}
	if (file->gone)
		return -ENODEV;
	if (file->nsuccesses)
		file->nsuccesses--;
	else if (file->write_error)
		return refuse_write(file);
	if (file->is_short)
		length--;
	if (file->write_fn) {
		r = file->write_fn(fake, file, word);
		if (r < 0)
			return r;
	} else {
		overlay(file, word, length);
	}
	return (ssize_t) length;
}

static ssize_t fake_write(void *backend, int fd, const void *data, size_t size)
{
	struct fake *fake = backend;
	struct fake_descriptor *open = descriptor(fake, fd);
	char *word;
	ssize_t r;

	if (!open)
		return -EBADF;
	if (!open->file || (open->flags & O_ACCMODE) == O_RDONLY)
		return misuse(fake, "a write to what is not open for writing");

	word = must(strndup(data, size));
	if (strlen(word) != size)
		misuse(fake, "a write of more than a word");
	open->file->nwrites++;
	log_write(fake, open->file, word);
	r = take_write(fake, open->file, word);
	free(word);
	return r;
}

static int fake_truncate(void *backend, int fd, size_t size)
{
	struct fake *fake = backend;
	struct fake_descriptor *open = descriptor(fake, fd);
	struct fake_file *file;

	if (!open)
		return -EBADF;
	file = open->file;
	if (!file || (open->flags & O_ACCMODE) == O_RDONLY)
		return misuse(fake, "a cut of what is not open for writing");
	file->ntruncates++;
	if (file->gone)
		return -ENODEV;
	if (file->truncate_error)
		return -file->truncate_error;
	/* sysfs takes it, and has nothing to cut */
	if (!file->write_fn) {
		if (size > file->length)
			misuse(fake, "a cut that makes the file longer");
		else
			file->length = size;
	}
	return 0;
}

/* The directory below PATH that FILE is, or is in; NULL if none. The caller frees it. */
static char *entry_name(const struct fake_file *file, const char *path)
{
	const char *rest = path_below(file->path, path);
	size_t length;

	if (!rest || file->gone)
		return NULL;
	length = strcspn(rest, "/");
	if (!rest[length] && !file->is_directory && !file->is_link)
		return NULL;
	return must(strndup(rest, length));
}

/* Whether a file before FILE gave NAME already. */
static bool is_listed(struct fake *fake, const struct fake_file *file, const char *path,
		      const char *name)
{
	bool listed = false;

	for (struct fake_file *other = fake->files; other != file && !listed;
	     other = other->next) {
		char *other_name = entry_name(other, path);

		listed = other_name && !strcmp(other_name, name);
		free(other_name);
	}
	return listed;
}

static int list_entries(struct fake *fake, const struct fake_file *directory,
			const char *path, io_entry_fn entry_fn, void *data)
{
	unsigned int nentries = 0;
	int r;

	r = entry_fn(".", data);
	if (r == 0)
		r = entry_fn("..", data);
	for (struct fake_file *file = fake->files; file && r == 0; file = file->next) {
		char *name = entry_name(file, path);

		if (name && !is_listed(fake, file, path, name)) {
			if (directory && directory->list_error &&
			    nentries++ == directory->list_entries)
				r = -directory->list_error;
			else
				r = entry_fn(name, data);
		}
		free(name);
	}
	return r;
}

static int fake_list(void *backend, const char *path, io_entry_fn entry_fn, void *data)
{
	struct fake *fake = backend;
	struct fake_file *directory = fake_find(fake, path);

	if (fake->nfrees)
		misuse(fake, "a list after the end");
	if (directory) {
		directory->nopens++;
		if (directory->open_error)
			return -directory->open_error;
		if (directory->list_error && !directory->list_entries)
			return -directory->list_error;
	}
	if (!is_directory(fake, path))
		return directory ? -ENOTDIR : lookup_error(fake, path);

	return list_entries(fake, directory, path, entry_fn, data);
}

static void fake_close(void *backend, int fd)
{
	struct fake_descriptor *open = descriptor(backend, fd);

	if (open)
		open->is_open = false;
}

static void fake_free(void *backend)
{
	struct fake *fake = backend;

	if (fake->nfrees++)
		misuse(fake, "an end after the end");
}

/* Signals end a write to a file in memory if at all. */
static int fake_blunt(void *backend)
{
	(void) backend;
	return -1;
}

static size_t fake_keep(void *backend, int fds[IO_KEEP_MAX])
{
	(void) backend;
	(void) fds;
	return 0;
}

static const struct io fake_io = {
	.open = fake_open,
	.read = fake_read,
	.pread = fake_pread,
	.read_next = fake_read_next,
	.seek_end = fake_seek_end,
	.readlink = fake_readlink,
	.write = fake_write,
	.truncate = fake_truncate,
	.list = fake_list,
	.close = fake_close,
	.blunt = fake_blunt,
	.keep = fake_keep,
	.free = fake_free,
};

struct sysfs fake_sysfs(struct fake *fake)
{
	return (struct sysfs){ .io = &fake_io, .backend = fake };
}

/* ---- Checks ---- */

bool fake_check_text(struct tap_place place, const struct fake_file *file,
		     const char *expected)
{
	char *text = must(strndup(file->text, file->length));
	bool held = tap_check_string(place, text, expected);

	free(text);
	return held;
}

bool fake_check_closed(struct tap_place place, const struct fake *fake)
{
	size_t nopen = 0;

	for (size_t i = 0; i < fake->ndescriptors; i++)
		nopen += fake->descriptors[i].is_open;
	place.expression = "descriptors that are still open";
	if (!tap_check_uint(place, nopen, 0))
		return false;
	place.expression = "the first misuse of a descriptor";
	return tap_check_string(place, fake->misuse, NULL);
}
