/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The System RAM of /proc/iomem, at whatever depth it is listed: what a driver adds lies
 * below its device. All other lines are passed over.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "file.h"
#include "iomem.h"
#include "sysroot.h"
#include "util.h"

#define RAM "System RAM"

/* The line is `RANGE : NAME`. False if it is not of System RAM. */
static bool line_split(const char *line, size_t length, const char **ret_name)
{
	static const char separator[] = " : ";
	const char *at = memmem(line, length, separator, sizeof(separator) - 1);

	if (!at)
		return false;
	at += sizeof(separator) - 1;
	*ret_name = at;

	return (size_t) (line + length - at) >= strlen(RAM) &&
	       !memcmp(at, RAM, strlen(RAM));
}

/* NAME is `System RAM`, or has an owner in parentheses behind that. */
static int owner_parse(const char *name, size_t length, char ret[MEMBLK_DEVICE_MAX])
{
	static const char opening[] = RAM " (";
	const size_t before = sizeof(opening) - 1;

	ret[0] = '\0';
	if (length == strlen(RAM))
		return 0;
	if (length < before + 2 || memcmp(name, opening, before) ||
	    name[length - 1] != ')')
		return -EBADMSG;
	/* cut, if it is too long to be kept */
	snprintf(ret, MEMBLK_DEVICE_MAX, "%.*s", (int) (length - before - 1),
		 name + before);

	return 0;
}

/* Leading blanks, two hexadecimal numbers and a dash, up to END. */
static int bounds_parse(const char *text, const char *end, struct iomem_range *range)
{
	const char *dash;

	while (text < end && *text == ' ')
		text++;
	dash = memchr(text, '-', (size_t) (end - text));
	if (!dash || hexadecimal_parse(text, (size_t) (dash - text), &range->first) < 0 ||
	    hexadecimal_parse(dash + 1, (size_t) (end - dash - 1), &range->last) < 0 ||
	    range->first > range->last)
		return -EBADMSG;

	return 0;
}

static int iomem_add(struct iomem *iomem, const struct iomem_range *range)
{
	struct iomem_range *ranges = array_grow(iomem->ranges, &iomem->size,
						iomem->nranges, sizeof(*ranges));

	if (!ranges)
		return -ENOMEM;
	iomem->ranges = ranges;
	iomem->ranges[iomem->nranges++] = *range;

	return 0;
}

static int line_parse(const char *line, size_t length, struct iomem *iomem)
{
	struct iomem_range range;
	const char *name;
	int r;

	if (!line_split(line, length, &name))
		return 0;
	r = owner_parse(name, (size_t) (line + length - name), range.owner);
	if (r == 0)
		r = bounds_parse(line, name - strlen(" : "), &range);
	if (r < 0)
		return r;

	return iomem_add(iomem, &range);
}

static int compare_ranges(const void *a, const void *b)
{
	const struct iomem_range *left = a, *right = b;

	return (left->first > right->first) - (left->first < right->first);
}

/* Who may not see the addresses is shown 0 for each. */
static bool is_zeroed(const struct iomem *iomem)
{
	for (size_t i = 0; i < iomem->nranges; i++)
		if (iomem->ranges[i].last)
			return false;
	return true;
}

static int iomem_check(struct iomem *iomem)
{
	if (!iomem->nranges)
		return -ENODATA;
	if (is_zeroed(iomem))
		return -EACCES;
	qsort(iomem->ranges, iomem->nranges, sizeof(*iomem->ranges), compare_ranges);
	for (size_t i = 1; i < iomem->nranges; i++)
		if (iomem->ranges[i].first <= iomem->ranges[i - 1].last)
			return -EBADMSG;

	return 0;
}

int iomem_parse(const char *text, struct iomem *ret)
{
	struct iomem iomem = { .nranges = 0 };
	int r = 0;

	while (*text && r == 0) {
		size_t length = strcspn(text, "\n");

		r = line_parse(text, length, &iomem);
		text += length;
		text += *text == '\n';
	}
	if (r == 0)
		r = iomem_check(&iomem);
	if (r < 0) {
		iomem_done(&iomem);
		return r;
	}
	*ret = iomem;

	return 0;
}

int iomem_read(const struct sysfs *sysfs, struct iomem *ret)
{
	struct file file = { .fd = -1 };
	int r;

	r = file_open(sysfs, SYSROOT_IOMEM, FILE_SIZE_LONG, &file);
	if (r == 0)
		r = file_read(sysfs, &file);
	if (r == 0)
		r = iomem_parse(file.text, ret);
	file_close(sysfs, &file);

	return r;
}

void iomem_done(struct iomem *iomem)
{
	free(iomem->ranges);
	*iomem = (struct iomem){ .nranges = 0 };
}

const struct iomem_range *iomem_find(const struct iomem *iomem, uint64_t first,
				     uint64_t last)
{
	size_t low = 0, high = iomem->nranges;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (iomem->ranges[middle].last < first)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == iomem->nranges || iomem->ranges[low].first > last)
		return NULL;

	return &iomem->ranges[low];
}

bool iomem_covers(const struct iomem *iomem, uint64_t first, uint64_t last)
{
	const struct iomem_range *end = iomem->ranges + iomem->nranges;
	const struct iomem_range *range = iomem_find(iomem, first, last);

	for (; range && range < end && range->first <= first; range++) {
		if (range->last >= last)
			return true;
		first = range->last + 1;
	}
	return false;
}
