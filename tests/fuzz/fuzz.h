/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is common to the targets. Each decodes the bytes that it is given into a call of
 * the library, and compares what comes back with an oracle of its own that is built
 * another way. What does not hold ends the process. A target keeps nothing from one input
 * to the next.
 *
 * The bytes are mostly text, so that seeds can be written and findings be read: numbers
 * are decimal, choices are digits.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

/* The target's own name, and that of its seeds. */
extern const char fuzz_name[];

/* The target. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define require(condition)                                                      \
	do {                                                                    \
		if (!(condition)) {                                             \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, \
				__LINE__, #condition);                          \
			abort();                                                \
		}                                                               \
	} while (0)

/* What of the bytes is not decoded yet. */
struct input {
	const uint8_t *next;
	size_t left;
};

/* The next byte; 0 when all are used up. */
static inline uint8_t input_byte(struct input *input)
{
	if (!input->left)
		return 0;
	input->left--;
	return *input->next++;
}

/* The digit that comes next, or any byte, as one of N choices from 0 on. */
static inline unsigned int input_choice(struct input *input, unsigned int n)
{
	return (uint8_t) (input_byte(input) - '0') % n;
}

/* Digits, and the byte behind them, which is dropped. Wraps at 2^64. */
static inline uint64_t input_number(struct input *input)
{
	uint64_t number = 0;
	uint8_t digit;

	for (; input->left; number = number * 10 + digit) {
		digit = (uint8_t) (input_byte(input) - '0');
		if (digit > 9)
			break;
	}
	return number;
}

/*
 * The bytes up to SEPARATOR, which is dropped, or up to the end. Allocated, terminated,
 * and no longer than they are, so that reading beyond them is noticed.
 */
static inline char *input_bytes(struct input *input, char separator, size_t *ret_length)
{
	const uint8_t *end = input->left ? memchr(input->next, separator, input->left)
					 : NULL;
	size_t length = end ? (size_t) (end - input->next) : input->left;
	char *bytes = malloc(length + 1);

	if (!bytes)
		abort();
	if (length)
		memcpy(bytes, input->next, length);
	bytes[length] = '\0';
	input->next += length;
	input->left -= length;
	input_byte(input);
	*ret_length = length;

	return bytes;
}

/* All that is left, up to the first NUL, in the same way. */
static inline char *input_string(struct input *input)
{
	size_t ignored;

	return input_bytes(input, '\0', &ignored);
}

#define POISON 0xa5

/* Whether nothing was written to what was filled with POISON. */
static inline bool is_poison(const void *data, size_t size)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < size; i++)
		if (bytes[i] != POISON)
			return false;
	return true;
}

#endif
