/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests that speak TAP. A test is a sentence and a function that makes checks; it passes
 * if it made at least one and all of them held. A check that does not hold is told of
 * with what was got and expected, and the test goes on; each check tells whether it held.
 *
 * The plan is printed first, and whoever leaves before the last test leaves with a status
 * other than zero.
 */
#ifndef TAP_H
#define TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tap_test {
	const char *sentence; /* no # in it, which would begin a directive */
	void (*run)(void);
};

/* Runs all TESTS; what main() returns. */
int tap_run(const struct tap_test *tests, size_t ntests);

#define TAP_MAIN(tests)                                                    \
	int main(void)                                                     \
	{                                                                  \
		return tap_run((tests), sizeof(tests) / sizeof(*(tests))); \
	}

/* Names the row of a table that the checks are about until the next row or test. */
void tap_row(const char *format, ...) __attribute__((format(printf, 1, 2)));

struct tap_place {
	const char *file;
	int line;
	const char *expression;
};

#define TAP_PLACE(expression) ((struct tap_place){ __FILE__, __LINE__, (expression) })

bool tap_check(struct tap_place place, bool held);
bool tap_check_int(struct tap_place place, intmax_t got, intmax_t expected);
bool tap_check_uint(struct tap_place place, uintmax_t got, uintmax_t expected);
bool tap_check_string(struct tap_place place, const char *got, const char *expected);
bool tap_check_bytes(struct tap_place place, const void *got, const void *expected,
		     size_t size);

#define check(condition) tap_check(TAP_PLACE(#condition), (condition))
#define check_int(got, expected) tap_check_int(TAP_PLACE(#got), (got), (expected))
#define check_uint(got, expected) tap_check_uint(TAP_PLACE(#got), (got), (expected))
/* NULL is a string of its own. */
#define check_string(got, expected) tap_check_string(TAP_PLACE(#got), (got), (expected))
#define check_bytes(got, expected, size) \
	tap_check_bytes(TAP_PLACE(#got), (got), (expected), (size))

#endif
