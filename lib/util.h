/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small things that every file of the library needs: clean-up of locals when they go out
 * of scope, and errno as a return value.
 */
#ifndef MEMBLK_UTIL_H
#define MEMBLK_UTIL_H

#include <errno.h>
#include <stdint.h>
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

/*
 * Makes room for one more in an array of *SIZE items, NITEMS of them in use: the array
 * itself, or NULL if there was no memory and the old one is as it was.
 */
static inline void *array_grow(void *array, size_t *size, size_t nitems, size_t item_size)
{
	size_t grown_size = *size ? *size * 2 : 64;
	void *grown;

	if (nitems < *size)
		return array;
	grown = reallocarray(array, grown_size, item_size);
	if (grown)
		*size = grown_size;
	return grown;
}

/* Arithmetic that ends at the ends. */

static inline uint64_t u64_add(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static inline uint64_t u64_subtract(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static inline uint64_t u64_min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t u64_max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* The decimal number that TEXT is all of, LENGTH digits and nothing else; or -EBADMSG. */
static inline int decimal_parse(const char *text, size_t length, uint64_t *ret)
{
	uint64_t value = 0;

	if (!length)
		return -EBADMSG;
	for (size_t i = 0; i < length; i++)
		if (text[i] < '0' || text[i] > '9' ||
		    __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t) (text[i] - '0'), &value))
			return -EBADMSG;
	*ret = value;

	return 0;
}

/* The same for a hexadecimal number, without 0x before it. */
static inline int hexadecimal_parse(const char *text, size_t length, uint64_t *ret)
{
	uint64_t value = 0;

	if (!length)
		return -EBADMSG;
	for (size_t i = 0; i < length; i++) {
		char c = text[i];
		unsigned int digit = (unsigned int) (c & 0xf) + (c > '9' ? 9 : 0);

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
		      (c >= 'A' && c <= 'F')) ||
		    value >> 60)
			return -EBADMSG;
		value = value << 4 | digit;
	}
	*ret = value;

	return 0;
}

#define _cleanup_free_ _cleanup_(freep)
#define _cleanup_close_ _cleanup_(closep)
#define _cleanup_fclose_ _cleanup_(fclosep)

#endif
