/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Texts of /proc/iomem: which ranges of System RAM they tell of, and of whom; what they
 * cover; and what is refused.
 */
#include "config.h"

#include <string.h>

#include "iomem.h"
#include "tap.h"
#include "util.h"

/* A virtual machine with a DIMM, virtio-mem and a kmem device. */
#define MACHINE                                               \
	"00000000-00000fff : Reserved\n"                      \
	"00001000-0009fbff : System RAM\n"                    \
	"0009fc00-0009ffff : Reserved\n"                      \
	"000f0000-000fffff : System ROM\n"                    \
	"00100000-3ffdffff : System RAM\n"                    \
	"  01000000-0220bb07 : Kernel code\n"                 \
	"3ffe0000-3fffffff : Reserved\n"                      \
	"100000000-11fffffff : System RAM\n"                  \
	"140000000-23fffffff : 0000:00:02.0\n"                \
	"  140000000-23fffffff : virtio0\n"                   \
	"    140000000-147ffffff : System RAM (virtio_mem)\n" \
	"    148000000-14fffffff : System RAM (virtio_mem)\n" \
	"240000000-33fffffff : Persistent Memory\n"           \
	"  240000000-33fffffff : dax0.0\n"                    \
	"    240000000-33fffffff : System RAM (kmem)\n"

static void test_ranges(void)
{
	static const struct iomem_range expected[] = {
		{ 0x1000, 0x9fbff, "" },
		{ 0x100000, 0x3ffdffff, "" },
		{ 0x100000000, 0x11fffffff, "" },
		{ 0x140000000, 0x147ffffff, "virtio_mem" },
		{ 0x148000000, 0x14fffffff, "virtio_mem" },
		{ 0x240000000, 0x33fffffff, "kmem" },
	};
	struct iomem iomem;

	if (!check_int(iomem_parse(MACHINE, &iomem), 0))
		return;
	check_uint(iomem.nranges, ARRAY_SIZE(expected));
	for (size_t i = 0; i < iomem.nranges && i < ARRAY_SIZE(expected); i++) {
		tap_row("range %zu", i);
		check_uint(iomem.ranges[i].first, expected[i].first);
		check_uint(iomem.ranges[i].last, expected[i].last);
		check_string(iomem.ranges[i].owner, expected[i].owner);
	}
	iomem_done(&iomem);
	check_uint(iomem.nranges, 0);
}

static void test_order(void)
{
	struct iomem iomem;

	if (!check_int(
		    iomem_parse("20-2f : System RAM\n10-1f : System RAM (kmem)", &iomem),
		    0))
		return;
	check_uint(iomem.nranges, 2);
	check_uint(iomem.ranges[0].first, 0x10);
	check_string(iomem.ranges[0].owner, "kmem");
	check_uint(iomem.ranges[1].first, 0x20);
	iomem_done(&iomem);
}

static void test_long_owner(void)
{
	struct iomem iomem;

	if (!check_int(
		    iomem_parse("0-f : System RAM (0123456789012345678901234567890123)",
				&iomem),
		    0))
		return;
	check_string(iomem.ranges[0].owner, "0123456789012345678901234567890");
	iomem_done(&iomem);
}

struct cover_row {
	uint64_t first, last;
	bool covered;
	const char *owner; /* of the first range in it; NULL: there is none */
};

static void test_cover(void)
{
	static const struct cover_row rows[] = {
		{ 0, 0x7ffffff, false, "" },             /* begins with a hole */
		{ 0x8000000, 0xfffffff, true, "" },      /* inside a range */
		{ 0x38000000, 0x3fffffff, false, "" },   /* ends with a hole */
		{ 0x40000000, 0x47ffffff, false, NULL }, /* nothing there */
		{ 0x100000000, 0x107ffffff, true, "" },
		{ 0x118000000, 0x11fffffff, true, "" },
		{ 0x118000000, 0x120000000, false, "" },
		{ 0x120000000, 0x127ffffff, false, NULL },
		{ 0x140000000, 0x147ffffff, true, "virtio_mem" },
		{ 0x140000000, 0x14fffffff, true, "virtio_mem" }, /* in two ranges */
		{ 0x147ffffff, 0x148000000, true, "virtio_mem" },
		{ 0x140000000, 0x150000000, false, "virtio_mem" },
		{ 0x23fffffff, 0x240000000, false, "kmem" },
		{ 0x338000000, 0x33fffffff, true, "kmem" },
		{ 0x340000000, UINT64_MAX, false, NULL },
		{ 0, UINT64_MAX, false, "" },
	};
	struct iomem iomem;

	if (!check_int(iomem_parse(MACHINE, &iomem), 0))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct iomem_range *range = iomem_find(&iomem, rows[i].first,
							     rows[i].last);

		tap_row("0x%jx-0x%jx", (uintmax_t) rows[i].first,
			(uintmax_t) rows[i].last);
		check_uint(iomem_covers(&iomem, rows[i].first, rows[i].last),
			   rows[i].covered);
		check_string(range ? range->owner : NULL, rows[i].owner);
	}
	iomem_done(&iomem);
}

static void test_last_byte(void)
{
	struct iomem iomem;

	if (!check_int(iomem_parse("fffffffff8000000-ffffffffffffffff : System RAM\n",
				   &iomem),
		       0))
		return;
	check(iomem_covers(&iomem, 0xfffffffff8000000, UINT64_MAX));
	check(!iomem_covers(&iomem, 0xfffffffff0000000, UINT64_MAX));
	iomem_done(&iomem);
}

static void test_refused(void)
{
	static const struct {
		const char *text;
		int error;
	} rows[] = {
		{ "", -ENODATA },
		{ "\n\n", -ENODATA },
		{ "00000000-00000fff : Reserved\n", -ENODATA },
		{ "00000000-00000fff : Not System RAM\n", -ENODATA },
		{ "System RAM\n", -ENODATA },
		{ "00000000-00000000 : System RAM\n", -EACCES },
		{ "00000000-00000000 : Reserved\n00000000-00000000 : System RAM\n"
		  "  00000000-00000000 : System RAM (kmem)\n",
		  -EACCES },
		{ "0-f : System RAM\n0-f : System RAM\n", -EBADMSG },
		{ "0-f : System RAM\nf-1f : System RAM\n", -EBADMSG },
		{ "0-f : System RAM\n  4-7 : System RAM (kmem)\n", -EBADMSG },
		{ "10-f : System RAM\n", -EBADMSG },
		{ "0x0-0xf : System RAM\n", -EBADMSG },
		{ "0 : System RAM\n", -EBADMSG },
		{ "-f : System RAM\n", -EBADMSG },
		{ "0- : System RAM\n", -EBADMSG },
		{ "0-f- : System RAM\n", -EBADMSG },
		{ "0-fx : System RAM\n", -EBADMSG },
		{ "0-10000000000000000 : System RAM\n", -EBADMSG },
		{ "\t0-f : System RAM\n", -EBADMSG },
		{ " : System RAM\n", -EBADMSG },
		{ "0-f : System RAMs\n", -EBADMSG },
		{ "0-f : System RAM (\n", -EBADMSG },
		{ "0-f : System RAM ()\n", -EBADMSG },
		{ "0-f : System RAM (kmem\n", -EBADMSG },
		{ "0-f : System RAM kmem)\n", -EBADMSG },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct iomem iomem = { .nranges = 7 };

		tap_row("%s", rows[i].text);
		check_int(iomem_parse(rows[i].text, &iomem), rows[i].error);
		check_uint(iomem.nranges, 7);
	}
}

static const struct tap_test tests[] = {
	{ "System RAM is found at every depth, with its owner", test_ranges },
	{ "ranges are put in order, the last line needs no newline", test_order },
	{ "an owner that is too long is cut", test_long_owner },
	{ "what ranges cover, they cover together", test_cover },
	{ "the last byte of all can be covered", test_last_byte },
	{ "what tells of no addresses, or not well, is refused", test_refused },
};

TAP_MAIN(tests)
