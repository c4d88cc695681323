/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The TAP producer: the plan, the running test's account of its checks, and the lines on
 * what did not hold. Whatever is printed stays one line, even where it has newlines.
 */
#include "config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"

#define ROW_MAX 128
#define STRING_SHOWN_MAX 512

static struct {
	const struct tap_test *test; /* NULL: none is running */
	uintmax_t nchecks, nfailed;  /* of the running test */
	uintmax_t nchecks_before;    /* of all tests before it */
	char row[ROW_MAX];
} account;

static void end_early(void)
{
	if (!account.test)
		return;
	printf("Bail out! The program ended in the test: %s\n", account.test->sentence);
	fflush(stdout);
	_exit(EXIT_FAILURE);
}

static bool run_test(const struct tap_test *test, size_t number)
{
	bool passed;

	account.test = test;
	account.nchecks = 0;
	account.nfailed = 0;
	account.row[0] = '\0';
	test->run();
	account.nchecks_before += account.nchecks;

	if (!account.nchecks)
		puts("# it checked nothing");
	passed = account.nchecks && !account.nfailed;
	printf("%sok %zu - %s\n", passed ? "" : "not ", number, test->sentence);
	return passed;
}

int tap_run(const struct tap_test *tests, size_t ntests)
{
	bool passed = ntests > 0;

	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	if (atexit(end_early))
		return EXIT_FAILURE;
	printf("1..%zu\n", ntests);
	for (size_t i = 0; i < ntests; i++)
		passed = run_test(&tests[i], i + 1) && passed;
	printf("# %" PRIuMAX " checks\n", account.nchecks_before);
	account.test = NULL;

	return passed && !fflush(stdout) && !ferror(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void print_string(const char *string)
{
	if (!string) {
		puts("NULL");
		return;
	}
	putchar('"');
	for (size_t i = 0; string[i] && i < STRING_SHOWN_MAX; i++)
		if (string[i] >= ' ' && string[i] <= '~')
			putchar(string[i]);
		else
			printf("\\x%02x", (unsigned char) string[i]);
	puts(strlen(string) > STRING_SHOWN_MAX ? "\"..." : "\"");
}

void tap_row(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(account.row, sizeof(account.row), format, arguments);
	va_end(arguments);
}

bool tap_check(struct tap_place place, bool held)
{
	const char *slash = strrchr(place.file, '/');

	account.nchecks++;
	if (held)
		return true;

	account.nfailed++;
	printf("# %s:%d: %s\n", slash ? slash + 1 : place.file, place.line,
	       place.expression);
	if (account.row[0]) {
		fputs("#        row: ", stdout);
		print_string(account.row);
	}
	return false;
}

bool tap_check_int(struct tap_place place, intmax_t got, intmax_t expected)
{
	bool held = tap_check(place, got == expected);

	if (!held)
		printf("#        got: %" PRIdMAX "\n#   expected: %" PRIdMAX "\n", got,
		       expected);
	return held;
}

bool tap_check_uint(struct tap_place place, uintmax_t got, uintmax_t expected)
{
	bool held = tap_check(place, got == expected);

	if (!held)
		printf("#        got: %" PRIuMAX "\n#   expected: %" PRIuMAX "\n", got,
		       expected);
	return held;
}

bool tap_check_string(struct tap_place place, const char *got, const char *expected)
{
	bool same = got && expected ? !strcmp(got, expected) : got == expected;
	bool held = tap_check(place, same);

	if (!held) {
		fputs("#        got: ", stdout);
		print_string(got);
		fputs("#   expected: ", stdout);
		print_string(expected);
	}
	return held;
}

bool tap_check_bytes(struct tap_place place, const void *got, const void *expected,
		     size_t size)
{
	const unsigned char *a = got, *b = expected;
	bool held = tap_check(place, !memcmp(got, expected, size));

	for (size_t i = 0; i < size && !held; i++)
		if (a[i] != b[i]) {
			printf("#        got: %02x at byte %zu of %zu\n"
			       "#   expected: %02x\n",
			       a[i], i, size, b[i]);
			break;
		}
	return held;
}
