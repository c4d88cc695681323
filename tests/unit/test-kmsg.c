/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records of the kernel's log, one by one, and a log that grows while it is read, loses
 * records, does not end, or cannot be read.
 */
#include "config.h"

#include <string.h>

#include "fake.h"
#include "kmsg.h"
#include "sysroot.h"
#include "util.h"

/* ---- One record ---- */

#define HEAD "4,1234,5678901,-;"

struct record_row {
	const char *record;
	enum memblk_witness_kind kind; /* NONE: none is found */
	uint64_t pfn;
	int error;
};

#define MIGRATION MEMBLK_WITNESS_MIGRATION
#define ISOLATION MEMBLK_WITNESS_ISOLATION
#define UNMOVABLE MEMBLK_WITNESS_UNMOVABLE
#define NONE MEMBLK_WITNESS_NONE

static const struct record_row record_rows[] = {
	{ HEAD "migrating pfn 12ab failed ret:-12\n", MIGRATION, 0x12ab, 12 },
	{ HEAD "migrating pfn 12ab failed ret:1\n", MIGRATION, 0x12ab, 0 },
	{ HEAD "migrating pfn 0 failed ret:-16", MIGRATION, 0, 16 },
	{ HEAD "migrating pfn ffffffffffffffff failed ret:-16\n", MIGRATION, UINT64_MAX,
	  16 },
	{ HEAD "migrating pfn 1 failed ret:-99999999999\n", MIGRATION, 1, 0 },
	{ HEAD "failed to isolate pfn 100000\n", ISOLATION, 0x100000, 0 },
	{ "0,0,0,-;failed to isolate pfn 1\n", ISOLATION, 1, 0 },
	{ "7,1,2,c;failed to isolate pfn 1\n", ISOLATION, 1, 0 },
	{ "4,1,2,-,caller=T123;failed to isolate pfn 1\n", ISOLATION, 1, 0 },
	{ HEAD "failed to isolate pfn 1\n SUBSYSTEM=memory\n DEVICE=+memory:memory4\n",
	  ISOLATION, 1, 0 },

	/* programs write with another facility than the kernel's */
	{ "12,1,2,-;failed to isolate pfn 1\n", NONE, 0, 0 },
	{ "8,1,2,-;failed to isolate pfn 1\n", NONE, 0, 0 },
	{ "-1,1,2,-;failed to isolate pfn 1\n", NONE, 0, 0 },
	{ ",1,2,-;failed to isolate pfn 1\n", NONE, 0, 0 },
	{ "4,1,-;failed to isolate pfn 1\n", NONE, 0, 0 },
	{ "4,1,x,-;failed to isolate pfn 1\n", NONE, 0, 0 },
	{ "4,1,2,-failed to isolate pfn 1\n", NONE, 0, 0 },
	{ "failed to isolate pfn 1\n", NONE, 0, 0 },
	{ "4", NONE, 0, 0 },
	{ "4,", NONE, 0, 0 },
	{ "4,1,2,", NONE, 0, 0 },
	{ "4,1,2,-;", NONE, 0, 0 },
	{ "", NONE, 0, 0 },

	{ HEAD "migrating pfn failed ret:-12\n", NONE, 0, 0 },
	{ HEAD "migrating pfn  failed ret:-12\n", NONE, 0, 0 },
	{ HEAD "migrating pfn 0x12 failed ret:-12\n", NONE, 0, 0 },
	{ HEAD "migrating pfn 10000000000000000 failed ret:-12\n", NONE, 0, 0 },
	{ HEAD "migrating pfn 12\n", NONE, 0, 0 },
	{ HEAD "migrating pfn 12 failed ret:\n", NONE, 0, 0 },
	{ HEAD "migrating pfn 12 failed ret:-\n", NONE, 0, 0 },
	{ HEAD "migrating pfn 12 failed ret:-12 x\n", NONE, 0, 0 },
	{ HEAD "migrating pfn 12 failed ret:--12\n", NONE, 0, 0 },
	{ HEAD " migrating pfn 12 failed ret:-12\n", NONE, 0, 0 },
	{ HEAD "failed to isolate pfn\n", NONE, 0, 0 },
	{ HEAD "failed to isolate pfn \n", NONE, 0, 0 },
	{ HEAD "failed to isolate pfn 12 x\n", NONE, 0, 0 },
	{ HEAD "something\n failed to isolate pfn 12\n", NONE, 0, 0 },
	{ HEAD "something\nfailed to isolate pfn 12\n", NONE, 0, 0 },

	/* a dump without its page */
	{ HEAD "page dumped because: unmovable page\n", NONE, 0, 0 },
};

/* Parses RECORD, which is allocated to the byte, without an end. */
static bool parse(const char *record, struct kmsg_dump *dump, struct memblk_witness *ret)
{
	size_t length = strlen(record);
	_cleanup_free_ char *copy = malloc(length ? length : 1);

	if (!copy)
		abort();
	memcpy(copy, record, length);
	return kmsg_parse(copy, length, dump, ret);
}

static void test_records(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(record_rows); i++) {
		const struct record_row *row = &record_rows[i];
		struct memblk_witness witness = { .pfn = 77 };
		struct kmsg_dump dump = { .is_open = false };

		tap_row("%s", row->record);
		check_uint(parse(row->record, &dump, &witness), row->kind != NONE);
		check_uint(witness.kind, row->kind);
		check_uint(witness.pfn, row->kind == NONE ? 77 : row->pfn);
		check_int(witness.error, row->error);
	}
}

#define PAGE_OLD                                                                     \
	HEAD "page:00000000d0f1ac5a refcount:2 mapcount:1 mapping:0000000000000000 " \
	     "index:0x7f00 pfn:0x104e21\n"
#define PAGE_NEW                                                     \
	HEAD "page: refcount:2 mapcount:1 mapping:0000000000000000 " \
	     "index:0x7f00 pfn:0x104e21\n"

static void test_dumps(void)
{
	static const char *const pages[] = { PAGE_OLD, PAGE_NEW };
	static const struct {
		const char *record;
		enum memblk_witness_kind kind;
	} causes[] = {
		{ HEAD "page dumped because: unmovable page\n", UNMOVABLE },
		{ HEAD "page dumped because: migration failure\n", MIGRATION },
		{ HEAD "page dumped because: isolation failed\n", ISOLATION },
		{ HEAD "page dumped because: isolation failed twice\n", NONE },
		{ HEAD "page dumped because: isolation\n", NONE },
		{ HEAD "page dumped because: VM_BUG_ON_PAGE(1)\n", NONE },
		{ HEAD "page dumped because: \n", NONE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pages) * ARRAY_SIZE(causes); i++) {
		struct memblk_witness witness = { .kind = NONE };
		struct kmsg_dump dump = { .is_open = false };
		size_t cause = i / ARRAY_SIZE(pages);

		tap_row("%s", causes[cause].record);
		check(!parse(pages[i % ARRAY_SIZE(pages)], &dump, &witness));
		check(!parse(HEAD "flags: 0x17ffffc0000(node=0|zone=3)\n", &dump,
			     &witness));
		check_uint(parse(causes[cause].record, &dump, &witness),
			   causes[cause].kind != NONE);
		check_uint(witness.kind, causes[cause].kind);
		check_uint(witness.pfn, causes[cause].kind == NONE ? 0 : 0x104e21);
	}
}

static void test_dump_counts_once(void)
{
	struct kmsg_dump dump = { .is_open = false };
	struct memblk_witness witness;

	check(!parse(PAGE_NEW, &dump, &witness));
	check(parse(HEAD "page dumped because: unmovable page\n", &dump, &witness));
	check(!parse(HEAD "page dumped because: unmovable page\n", &dump, &witness));
}

static void test_pages_that_are_none(void)
{
	static const char *const records[] = {
		HEAD "page: refcount:2 index:0x7f00 pfn:0x\n",
		HEAD "page: refcount:2 index:0x7f00 pfn:12\n",
		HEAD "page: refcount:2 index:0x7f00 pfn:0x12 x\n",
		HEAD "page: refcount:2 index:0x7f00\n",
		HEAD "page: mapcount:2 pfn:0x12\n",
		HEAD "page pfn:0x12\n",
		"12,1,2,-;page: refcount:2 pfn:0x12\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(records); i++) {
		struct kmsg_dump dump = { .is_open = false };
		struct memblk_witness witness;

		tap_row("%s", records[i]);
		check(!parse(records[i], &dump, &witness));
		check(!dump.is_open);
	}
}

/* ---- A log ---- */

struct fixture {
	struct fake fake;
	struct memblk_system system;
	struct fake_file *file;
	struct kmsg kmsg;
};

/* The first NOLD of NRECORDS were there before it was opened. */
static void fixture_init(struct fixture *fixture, const struct fake_record *records,
			 size_t nold, size_t nrecords)
{
	*fixture = (struct fixture){ .file = NULL };
	fake_init(&fixture->fake);
	fixture->system.sysfs = fake_sysfs(&fixture->fake);
	fixture->file = fake_add(&fixture->fake, SYSROOT_KMSG, "");
	fixture->file->records = records;
	fixture->file->nrecords = nold;
	kmsg_open(&fixture->system, &fixture->kmsg);
	fixture->file->nrecords = nrecords;
}

static void fixture_done(struct fixture *fixture)
{
	kmsg_close(&fixture->kmsg);
	kmsg_close(&fixture->kmsg);
	check_closed(&fixture->fake);
	fake_done(&fixture->fake);
}

#define _cleanup_fixture_ _cleanup_(fixture_done)

static struct memblk_witness find(struct fixture *fixture, uint64_t first, uint64_t last)
{
	struct memblk_witness witness = { .kind = _MEMBLK_WITNESS_MAX };

	kmsg_find(&fixture->kmsg, first, last, &witness);
	return witness;
}

static void test_only_what_is_new(void)
{
	static const struct fake_record records[] = {
		{ .text = HEAD "failed to isolate pfn 100\n" },
		{ .text = HEAD "usb 1-1: new device\n" },
		{ .text = HEAD "failed to isolate pfn 101\n" },
		{ .text = HEAD "failed to isolate pfn 102\n" },
	};
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture, records, 1, 4);
	check_uint(find(&fixture, 0x100, 0x1ff).pfn, 0x101);
	check_uint(find(&fixture, 0x100, 0x1ff).kind, NONE);
}

static void test_only_of_the_block(void)
{
	static const struct fake_record records[] = {
		{ .text = HEAD "failed to isolate pfn ff\n" },
		{ .text = HEAD "failed to isolate pfn 200\n" },
		{ .text = HEAD "migrating pfn 1ff failed ret:-16\n" },
		{ .text = HEAD "failed to isolate pfn 100\n" },
		{ .text = HEAD "failed to isolate pfn 300\n" },
	};
	_cleanup_fixture_ struct fixture fixture;
	struct memblk_witness witness;

	fixture_init(&fixture, records, 0, 4);
	witness = find(&fixture, 0x100, 0x1ff);
	check_uint(witness.kind, MIGRATION);
	check_uint(witness.pfn, 0x1ff);
	check_int(witness.error, 16);
	fixture.file->nrecords = 5;
	check_uint(find(&fixture, 0x100, 0x1ff).kind, NONE);
}

static void test_dump_of_the_block(void)
{
	static const struct fake_record records[] = {
		{ .text = PAGE_NEW },
		{ .text = HEAD "raw: 0017ffffc0000000\n" },
		{ .text = HEAD "page dumped because: unmovable page\n" },
	};
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture, records, 0, 3);
	check_uint(find(&fixture, 0x100000, 0x107fff).kind, UNMOVABLE);
}

static void test_lost_records(void)
{
	static const struct fake_record records[] = {
		{ .error = EPIPE },
		{ .text = HEAD "failed to isolate pfn 101\n" },
	};
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture, records, 0, 2);
	check_uint(find(&fixture, 0x100, 0x1ff).kind, ISOLATION);
}

static void test_read_error(void)
{
	static const struct fake_record records[] = {
		{ .text = HEAD "failed to isolate pfn 101\n" },
		{ .error = EIO },
		{ .text = HEAD "failed to isolate pfn 201\n" },
	};
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture, records, 0, 3);
	check_uint(find(&fixture, 0x100, 0x1ff).kind, ISOLATION);
	check_uint(fixture.file->nreads, 2);
}

#define ENDLESS 6000

static void test_endless(void)
{
	static struct fake_record records[ENDLESS];
	_cleanup_fixture_ struct fixture fixture;

	for (size_t i = 0; i < ENDLESS; i++)
		records[i].text = HEAD "something\n";
	records[ENDLESS - 1].text = HEAD "failed to isolate pfn 101\n";
	fixture_init(&fixture, records, 0, ENDLESS);
	check_uint(find(&fixture, 0x100, 0x1ff).kind, NONE);
	check_uint(fixture.file->nreads, 4096);
}

static void test_longest_record(void)
{
	static char longest[8193];
	struct fake_record record = { .text = longest };
	_cleanup_fixture_ struct fixture fixture;

	memset(longest, ' ', sizeof(longest) - 1);
	memcpy(longest, HEAD "failed to isolate pfn 101\n", strlen(HEAD) + 26);
	fixture_init(&fixture, &record, 0, 1);
	check_uint(find(&fixture, 0x100, 0x1ff).kind, ISOLATION);
}

static void test_unreadable(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture, NULL, 0, 0);
	check_uint(find(&fixture, 0, UINT64_MAX).kind, NONE);
	kmsg_close(&fixture.kmsg);
	fixture.file->open_error = EPERM;
	kmsg_open(&fixture.system, &fixture.kmsg);
	check_int(fixture.kmsg.fd, -1);
	check_uint(find(&fixture, 0, UINT64_MAX).kind, NONE);
	/* a fifo */
	fixture.file->open_error = 0;
	fixture.file->seek_error = ESPIPE;
	kmsg_open(&fixture.system, &fixture.kmsg);
	check_int(fixture.kmsg.fd, -1);
	check_uint(find(&fixture, 0, UINT64_MAX).kind, NONE);
	fake_remove(&fixture.fake, SYSROOT_KMSG);
	kmsg_open(&fixture.system, &fixture.kmsg);
	check_int(fixture.kmsg.fd, -1);
}

static const struct tap_test tests[] = {
	{ "a line on a page is known, what looks like one is not", test_records },
	{ "a page that is dumped is known with the cause", test_dumps },
	{ "a cause needs a page of its own", test_dump_counts_once },
	{ "a page that is dumped is parsed strictly", test_pages_that_are_none },
	{ "only what is new in the log is read", test_only_what_is_new },
	{ "only pages of the block count, and the first of them",
	  test_only_of_the_block },
	{ "a dump of a page of the block is found", test_dump_of_the_block },
	{ "records that were lost do not end the search", test_lost_records },
	{ "an error ends it, with what was found", test_read_error },
	{ "a log that grows for ever does not keep it", test_endless },
	{ "the longest record is read", test_longest_record },
	{ "a log that cannot be read tells nothing", test_unreadable },
};

TAP_MAIN(tests)
