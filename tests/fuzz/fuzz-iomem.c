/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The System RAM of /proc/iomem. The input is two numbers, the bounds of what is asked
 * for, and the text.
 */
#include "config.h"

#include <errno.h>

#include "fuzz.h"
#include "iomem.h"

const char fuzz_name[] = "iomem";

#define RANGES_MAX 1024

struct expected {
	int error;
	struct iomem_range range[RANGES_MAX];
	size_t nranges;
};

static bool is_hexadecimal(const char *text, uint64_t *ret)
{
	char *end;

	if (!*text || text[strspn(text, "0123456789abcdefABCDEF")])
		return false;
	errno = 0;
	*ret = strtoull(text, &end, 16);
	return !errno && !*end;
}

/* `  FIRST-LAST`, which is changed. */
static bool has_bounds(char *text, struct iomem_range *range)
{
	char *last = strchr(text, '-');

	if (!last)
		return false;
	*last++ = '\0';
	return is_hexadecimal(text + strspn(text, " "), &range->first) &&
	       is_hexadecimal(last, &range->last) && range->first <= range->last;
}

/* `System RAM` and whatever is behind it, which is changed. */
static bool has_owner(char *name, struct iomem_range *range)
{
	size_t length = strlen(name);

	range->owner[0] = '\0';
	if (!strcmp(name, "System RAM"))
		return true;
	if (strncmp(name, "System RAM (", 12) || length < 14 || name[length - 1] != ')')
		return false;
	name[length - 1] = '\0';
	name += 12;
	memcpy(range->owner, name, strnlen(name, MEMBLK_DEVICE_MAX - 1) + 1);
	range->owner[MEMBLK_DEVICE_MAX - 1] = '\0';
	return true;
}

static void expect_line(char *line, struct expected *expected)
{
	char *name = strstr(line, " : ");
	struct iomem_range *range = &expected->range[expected->nranges];

	if (!name || strncmp(name + 3, "System RAM", 10))
		return;
	*name = '\0';
	require(expected->nranges < RANGES_MAX);
	if (has_bounds(line, range) && has_owner(name + 3, range))
		expected->nranges++;
	else
		expected->error = -EBADMSG;
}

static bool overlap(const struct iomem_range *a, const struct iomem_range *b)
{
	return a->first <= b->last && b->first <= a->last;
}

/* Of ranges that are well each. */
static int expected_error(const struct expected *expected)
{
	size_t nzero = 0;

	if (!expected->nranges)
		return -ENODATA;
	for (size_t i = 0; i < expected->nranges; i++)
		nzero += !expected->range[i].last;
	if (nzero == expected->nranges)
		return -EACCES;
	for (size_t i = 0; i < expected->nranges; i++)
		for (size_t j = 0; j < i; j++)
			if (overlap(&expected->range[i], &expected->range[j]))
				return -EBADMSG;
	return 0;
}

static void expect(const char *text, struct expected *ret)
{
	_cleanup_free_ char *copy = strdup(text);

	require(copy);
	ret->error = 0;
	ret->nranges = 0;
	for (char *line = copy, *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		expect_line(line, ret);
	}
	if (!ret->error)
		ret->error = expected_error(ret);
}

static bool is_expected(const struct expected *expected, const struct iomem_range *range)
{
	for (size_t i = 0; i < expected->nranges; i++)
		if (expected->range[i].first == range->first)
			return expected->range[i].last == range->last &&
			       !strcmp(expected->range[i].owner, range->owner);
	return false;
}

static void check_ranges(const struct iomem *iomem, const struct expected *expected)
{
	require(iomem->nranges == expected->nranges);
	for (size_t i = 0; i < iomem->nranges; i++) {
		require(is_expected(expected, &iomem->ranges[i]));
		require(!i || iomem->ranges[i - 1].last < iomem->ranges[i].first);
	}
}

/* How many of the bytes FIRST to LAST are in some range; and the first range of them. */
static unsigned __int128 count_bytes(const struct expected *expected, uint64_t first,
				     uint64_t last, const struct iomem_range **ret_lowest)
{
	const struct iomem_range asked = { .first = first, .last = last };
	unsigned __int128 nbytes = 0;

	*ret_lowest = NULL;
	for (size_t i = 0; i < expected->nranges; i++) {
		const struct iomem_range *range = &expected->range[i];

		if (!overlap(range, &asked))
			continue;
		nbytes += (unsigned __int128) (range->last < last ? range->last : last) -
			  (range->first > first ? range->first : first) + 1;
		if (!*ret_lowest || range->first < (*ret_lowest)->first)
			*ret_lowest = range;
	}
	return nbytes;
}

static void check_bytes_of(const struct iomem *iomem, const struct expected *expected,
			   uint64_t first, uint64_t last)
{
	const struct iomem_range *lowest, *found = iomem_find(iomem, first, last);
	unsigned __int128 nbytes = count_bytes(expected, first, last, &lowest);

	require(!found == !lowest);
	require(!found || found->first == lowest->first);
	require(iomem_covers(iomem, first, last) ==
		(nbytes == (unsigned __int128) last - first + 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	uint64_t first = input_number(&input), last = input_number(&input);
	_cleanup_free_ char *text = input_string(&input);
	_cleanup_free_ struct expected *expected = malloc(sizeof(*expected));
	struct iomem iomem;
	int r;

	require(expected);
	expect(text, expected);
	memset(&iomem, POISON, sizeof(iomem));
	r = iomem_parse(text, &iomem);
	require(r == expected->error);
	if (r < 0) {
		require(is_poison(&iomem, sizeof(iomem)));
		return 0;
	}
	check_ranges(&iomem, expected);
	if (first <= last)
		check_bytes_of(&iomem, expected, first, last);
	/* from one range to the next, and all there is */
	for (size_t i = 1; i < iomem.nranges; i++)
		check_bytes_of(&iomem, expected, iomem.ranges[i - 1].first,
			       iomem.ranges[i].last);
	check_bytes_of(&iomem, expected, 0, UINT64_MAX);
	iomem_done(&iomem);

	return 0;
}
