/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words and what they stand for. Pure.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "names.h"
#include "util.h"

static const struct {
	int number;
	const char *name;
} errors[] = {
	{ 0, "ok" },
	{ E2BIG, "E2BIG" },
	{ EACCES, "EACCES" },
	{ EAGAIN, "EAGAIN" },
	{ EBADF, "EBADF" },
	{ EBUSY, "EBUSY" },
	{ ECONNABORTED, "ECONNABORTED" },
	{ EEXIST, "EEXIST" },
	{ EFAULT, "EFAULT" },
	{ EHWPOISON, "EHWPOISON" },
	{ EINTR, "EINTR" },
	{ EINVAL, "EINVAL" },
	{ EIO, "EIO" },
	{ EISDIR, "EISDIR" },
	{ ENODEV, "ENODEV" },
	{ ENOENT, "ENOENT" },
	{ ENOMEM, "ENOMEM" },
	{ ENOSPC, "ENOSPC" },
	{ ENOTCONN, "ENOTCONN" },
	{ ENOTDIR, "ENOTDIR" },
	{ ENXIO, "ENXIO" },
	{ EOPNOTSUPP, "EOPNOTSUPP" },
	{ EPERM, "EPERM" },
	{ EROFS, "EROFS" },
	{ ETIMEDOUT, "ETIMEDOUT" },
};

const char *error_name(int number)
{
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		if (errors[i].number == number)
			return errors[i].name;
	return "E?";
}

int error_number(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		if (!strcmp(errors[i].name, name))
			return errors[i].number;
	return 0;
}

int name_index(const char *const *table, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (table[i] && !strcmp(table[i], name))
			return (int) i;
	return -1;
}
