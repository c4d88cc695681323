/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading and writing attributes through the table of operations: strict about what is
 * text, one write(2) for a word. Knows nothing of what the words mean, nor of where the
 * root is.
 */
#include "config.h"

#include <fcntl.h>
#include <string.h>

#include "sysfs.h"
#include "util.h"

/* What is no file at all, such as a fifo in a made-up tree, must not keep us waiting. */
#define OPEN_FLAGS (O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

static int open_path(const struct sysfs *sysfs, const char *path, int flags)
{
	return sysfs->io->open(sysfs->backend, path, flags | OPEN_FLAGS);
}

static bool is_text(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((text[i] < ' ' && !strchr("\t\n", text[i])) || !text[i] ||
		    text[i] > '~')
			return false;
	return true;
}

static int read_text(const struct sysfs *sysfs, int fd, char *text, size_t *ret_length)
{
	ssize_t length = sysfs->io->read(sysfs->backend, fd, text, SYSFS_TEXT_MAX + 1);

	if (length < 0)
		return (int) length;
	if (length > SYSFS_TEXT_MAX)
		return -EFBIG;
	if (!is_text(text, (size_t) length))
		return -EBADMSG;

	*ret_length = (size_t) length;
	if (length && text[length - 1] == '\n')
		length--;
	text[length] = '\0';
	return 0;
}

int attribute_open(const struct sysfs *sysfs, const char *path,
		   struct attribute *attribute)
{
	attribute->write_error = 0;
	attribute->fd = open_path(sysfs, path, O_RDWR);
	switch (attribute->fd) {
	case -EACCES:
	case -EROFS:
	case -EPERM: /* immutable */
		attribute->write_error = attribute->fd;
		attribute->fd = open_path(sysfs, path, O_RDONLY);
	}
	if (attribute->fd < 0)
		return attribute->fd;

	return read_text(sysfs, attribute->fd, attribute->text, &attribute->length);
}

int attribute_reread(const struct sysfs *sysfs, struct attribute *attribute)
{
	return read_text(sysfs, attribute->fd, attribute->text, &attribute->length);
}

static int write_word(const struct sysfs *sysfs, int fd, const char *word,
		      const struct limit *limit)
{
	size_t length = strlen(word);
	ssize_t written;

	/*
	 * A stop and a continue, the freezer and ptrace give EINTR without a signal of
	 * ours; nothing was done then.
	 */
	alarm_begin(limit, fd, sysfs->io->blunt(sysfs->backend));
	do
		written = sysfs->io->write(sysfs->backend, fd, word, length);
	while (written == -EINTR && !alarm_cause(limit));
	alarm_end(limit);
	if (written < 0)
		return (int) written;

	return (size_t) written == length ? 0 : -EIO;
}

int attribute_write(const struct sysfs *sysfs, const struct attribute *attribute,
		    const char *word, const struct limit *limit)
{
	size_t length = strlen(word);
	int r;

	if (attribute->write_error)
		return attribute->write_error;
	r = write_word(sysfs, attribute->fd, word, limit);
	if (r < 0 || attribute->length <= length)
		return r;

	r = sysfs->io->truncate(sysfs->backend, attribute->fd, length);

	/* given up just after the kernel had done it */
	return r == -EBADF ? 0 : r;
}

void attribute_close(const struct sysfs *sysfs, struct attribute *attribute)
{
	if (attribute->fd >= 0)
		sysfs->io->close(sysfs->backend, attribute->fd);
	attribute->fd = -1;
}

int sysfs_read(const struct sysfs *sysfs, const char *path, char *text)
{
	size_t ignored;
	int fd, r;

	fd = open_path(sysfs, path, O_RDONLY);
	if (fd < 0)
		return fd;
	r = read_text(sysfs, fd, text, &ignored);
	sysfs->io->close(sysfs->backend, fd);

	return r;
}

int sysfs_write(const struct sysfs *sysfs, const char *path, const char *word,
		const struct limit *limit)
{
	int fd, r;

	fd = open_path(sysfs, path, O_WRONLY);
	if (fd < 0)
		return fd;
	r = write_word(sysfs, fd, word, limit);
	sysfs->io->close(sysfs->backend, fd);

	return r;
}

int sysfs_list(const struct sysfs *sysfs, const char *path, io_entry_fn entry_fn,
	       void *data)
{
	return sysfs->io->list(sysfs->backend, path, entry_fn, data);
}

bool sysfs_is_directory(const struct sysfs *sysfs, const char *path)
{
	int fd = sysfs->io->open(sysfs->backend, path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return false;
	sysfs->io->close(sysfs->backend, fd);

	return true;
}

void sysfs_close(struct sysfs *sysfs)
{
	if (sysfs->io)
		sysfs->io->free(sysfs->backend);
	sysfs->io = NULL;
}
