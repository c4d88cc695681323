/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Part of a chmem that runs out of memory: after as many allocations as the environment's
 * STARVE_AFTER says all of them fail, those of its libraries, too.
 */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

/* The real ones, which glibc has under these names as well. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t nitems, size_t size);
extern void *__libc_realloc(void *memory, size_t size);

static unsigned long nleft;
static int is_counting;

__attribute__((constructor)) static void begin(void)
{
	const char *text = getenv("STARVE_AFTER");

	is_counting = text != NULL;
	if (text)
		nleft = strtoul(text, NULL, 10);
}

static int is_allowed(void)
{
	if (!is_counting || nleft) {
		nleft -= is_counting != 0;
		return 1;
	}
	errno = ENOMEM;
	return 0;
}

void *malloc(size_t size)
{
	return is_allowed() ? __libc_malloc(size) : NULL;
}

void *calloc(size_t nitems, size_t size)
{
	return is_allowed() ? __libc_calloc(nitems, size) : NULL;
}

void *realloc(void *memory, size_t size)
{
	return is_allowed() ? __libc_realloc(memory, size) : NULL;
}

void *reallocarray(void *memory, size_t nitems, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(nitems, size, &total)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(memory, total);
}
