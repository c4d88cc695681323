/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading long files whole, into a buffer that is kept for the next time.
 */
#include "config.h"

#include <fcntl.h>
#include <string.h>

#include "file.h"
#include "util.h"

/* Machines of a thousand processors have some MiB of zoneinfo. */
#define TEXT_MAX (16 << 20)

static int file_grow(struct file *file, size_t size)
{
	char *text = realloc(file->text, size);

	if (!text)
		return -ENOMEM;
	file->text = text;
	file->size = size;
	return 0;
}

int file_open(const struct sysfs *sysfs, const char *path, size_t size, struct file *file)
{
	file->fd = sysfs->io->open(sysfs->backend, path,
				   O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (file->fd == -ENOTDIR)
		return -ENOENT;
	if (file->fd < 0)
		return file->fd;

	return file_grow(file, size);
}

int file_read(const struct sysfs *sysfs, struct file *file)
{
	for (;;) {
		ssize_t length = sysfs->io->read(sysfs->backend, file->fd, file->text,
						 file->size);
		int r;

		if (length < 0)
			return (int) length;
		if ((size_t) length < file->size) {
			file->text[length] = '\0';
			return strlen(file->text) == (size_t) length ? 0 : -EBADMSG;
		}
		if (file->size >= TEXT_MAX)
			return -EFBIG;
		r = file_grow(file, u64_min(2 * file->size, TEXT_MAX));
		if (r < 0)
			return r;
	}
}

void file_close(const struct sysfs *sysfs, struct file *file)
{
	if (file->fd >= 0)
		sysfs->io->close(sysfs->backend, file->fd);
	free(file->text);
}
