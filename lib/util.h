/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small things that every file of the library needs: clean-up of locals when they go out
 * of scope, and errno as a return value.
 */
#ifndef MEMBLK_UTIL_H
#define MEMBLK_UTIL_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(function) __attribute__((cleanup(function)))
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* The value of a system call, or -errno. */
#define RET_NERRNO(value)                                         \
	({                                                        \
		__typeof__(value) _value = (value);               \
		_value < 0 ? (__typeof__(value)) -errno : _value; \
	})

static inline void freep(void *pointer)
{
	free(*(void **) pointer);
}

static inline void closep(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void fclosep(FILE **file)
{
	if (*file)
		fclose(*file);
}

/* Takes the descriptor out of FD, which no longer closes it. */
static inline int steal_fd(int *fd)
{
	int value = *fd;

	*fd = -1;
	return value;
}

#define _cleanup_free_ _cleanup_(freep)
#define _cleanup_close_ _cleanup_(closep)
#define _cleanup_fclose_ _cleanup_(fclosep)

#endif
