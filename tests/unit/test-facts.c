/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of blocks that do not go offline, on a machine in memory: what a dry run
 * foresees, what is added to a failure, and of which failures no more is asked than what
 * the kernel answered.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "facts.h"
#include "machine.h"
#include "sysroot.h"
#include "util.h"

#define NBLOCKS 40

/* Nobody reads beyond what a failure costs. */
#define FAILURES_BY_SIZE 16

/* Blocks 0 to NBLOCKS - 1, online and free, the even ones in Normal, others in Movable.
 */
static bool init(struct machine *machine)
{
	clock_reset();
	machine_init(machine);
	machine_add_pages(machine, NBLOCKS - 1);
	for (uint64_t i = 0; i < NBLOCKS; i++)
		machine_add(machine, i, "online", i % 2 ? "Movable" : "Normal");

	return machine_plan(machine, request_by_range(MEMBLK_COMMAND_DISABLE, 0, 0));
}

static void facts_of(struct facts *facts, struct machine *machine)
{
	facts_init(facts, machine->system, FACTS_UNLIMITED);
}

#define _cleanup_facts_ _cleanup_(facts_done)

static struct fake_file *pages_of(struct machine *machine)
{
	return fake_find(&machine->fake, SYSROOT_KPAGEFLAGS);
}

static struct fake_file *log_of(struct machine *machine)
{
	return fake_find(&machine->fake, SYSROOT_KMSG);
}

/* ---- Holes ---- */

static void test_holes(void)
{
	_cleanup_machine_ struct machine machine;
	_cleanup_facts_ struct facts facts = { .kmsg.fd = -1 };
	uint64_t size = MACHINE_PAGES * (uint64_t) sysconf(_SC_PAGESIZE);
	char text[128];

	if (!init(&machine))
		return;
	snprintf(text, sizeof(text),
		 "0-%" PRIx64 " : System RAM\n%" PRIx64 "-%" PRIx64 " : System RAM\n",
		 5 * size - 2, 5 * size, 7 * size - 1);
	fake_set(fake_find(&machine.fake, SYSROOT_IOMEM), text);
	facts_of(&facts, &machine);
	check(!facts_have_holes(&facts, 3));
	check(facts_have_holes(&facts, 4));
	check(!facts_have_holes(&facts, 5));
	check(!facts_have_holes(&facts, 6));
	check(facts_have_holes(&facts, 7));
	check_uint(pages_of(&machine)->nreads, 0);
}

static void test_holes_unknown(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	for (int row = 0; row < 3; row++) {
		_cleanup_facts_ struct facts facts = { .kmsg.fd = -1 };
		struct fake_file *iomem = fake_find(&machine.fake, SYSROOT_IOMEM);

		tap_row("%d", row);
		if (row == 0)
			iomem->open_error = EACCES;
		else if (row == 1)
			fake_set(iomem, "0-0 : System RAM\n");
		else
			fake_remove(&machine.fake, SYSROOT_IOMEM);
		facts_of(&facts, &machine);
		check(!facts_have_holes(&facts, 4));
		check(!facts_have_holes(&facts, 400));
		iomem->open_error = 0;
	}
}

/* ---- What is foreseen ---- */

struct pages {
	uint64_t flags;
	size_t npages;
};

static void test_foreseen(void)
{
	static const struct {
		const char *zones;
		struct pages pages;
		enum memblk_reason reason; /* NONE: it may go */
	} rows[] = {
		{ "none", { PAGE_FREE, 1 }, MEMBLK_REASON_NEVER },
		{ "none", { PAGE_SLAB, 100 }, MEMBLK_REASON_NEVER },
		{ "Normal", { PAGE_NONE, 1 }, MEMBLK_REASON_NEVER },
		{ "Movable", { PAGE_NONE, 1 }, MEMBLK_REASON_NEVER },
		{ "Normal", { PAGE_RESERVED, 1 }, MEMBLK_REASON_UNMOVABLE },
		{ "Movable", { PAGE_RESERVED, 1 }, MEMBLK_REASON_UNMOVABLE },
		{ "Normal", { PAGE_SLAB, 16 }, MEMBLK_REASON_UNMOVABLE },
		{ "Normal", { PAGE_PGTABLE, 16 }, MEMBLK_REASON_UNMOVABLE },
		{ "Normal", { PAGE_COMPOUND, 16 }, MEMBLK_REASON_UNMOVABLE },
		{ "DMA32", { PAGE_SLAB, 16 }, MEMBLK_REASON_UNMOVABLE },
		{ "Normal", { PAGE_SLAB, 15 }, MEMBLK_REASON_NONE },
		{ "Movable", { PAGE_SLAB, 16 }, MEMBLK_REASON_NONE },
		{ "Normal", { PAGE_UNKNOWN, 500 }, MEMBLK_REASON_NONE },
		{ "Normal", { PAGE_LRU, 512 }, MEMBLK_REASON_NONE },
		{ "Normal", { PAGE_HUGE, 512 }, MEMBLK_REASON_NONE },
		{ "Normal", { PAGE_FREE, 512 }, MEMBLK_REASON_NONE },
	};
	_cleanup_machine_ struct machine machine;
	_cleanup_facts_ struct facts facts = { .kmsg.fd = -1 };

	if (!init(&machine))
		return;
	facts_of(&facts, &machine);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct memblk_result result = { .index = i };
		bool unmovable = rows[i].reason == MEMBLK_REASON_UNMOVABLE;

		tap_row("%s, %zu pages of %" PRIx64, rows[i].zones, rows[i].pages.npages,
			rows[i].pages.flags);
		fake_set(machine_file(&machine, i, "valid_zones"), rows[i].zones);
		machine_set_pages(&machine, i, 0, rows[i].pages.npages,
				  rows[i].pages.flags);
		check_uint(facts_foresee(&facts, i, &result), rows[i].reason != 0);
		check_uint(result.reason, rows[i].reason);
		check_uint(result.status, rows[i].reason ? MEMBLK_STATUS_FAILED : 0);
		check_int(result.error, unmovable ? EBUSY : rows[i].reason ? EINVAL : 0);
		if (rows[i].reason)
			check_uint(result.step, MEMBLK_STEP_DISABLE);
		check_uint(result.has_contents, unmovable);
		if (unmovable)
			check_uint(result.contents.nslab + result.contents.npgtable +
					   result.contents.nkernel +
					   result.contents.nreserved,
				   rows[i].pages.npages);
	}
}

static void test_holes_foreseen(void)
{
	_cleanup_machine_ struct machine machine;
	_cleanup_facts_ struct facts facts = { .kmsg.fd = -1 };
	struct memblk_result result = { .index = 4 };

	if (!init(&machine))
		return;
	fake_set(fake_find(&machine.fake, SYSROOT_IOMEM), "0-ff : System RAM\n");
	facts_of(&facts, &machine);
	check(facts_foresee(&facts, 4, &result));
	check_uint(result.reason, MEMBLK_REASON_NEVER);
	check_int(result.error, EINVAL);
	check(!result.has_contents);
}

static void test_boot_foreseen(void)
{
	_cleanup_machine_ struct machine machine;
	_cleanup_facts_ struct facts facts = { .kmsg.fd = -1 };
	struct memblk_result result = { .index = 4 };

	if (!init(&machine))
		return;
	fake_add(&machine.fake, SYSROOT_ARCHITECTURE, "aarch64\n");
	facts_of(&facts, &machine);
	check(facts_foresee(&facts, 4, &result));
	check_uint(result.reason, MEMBLK_REASON_VETO);
	check_int(result.error, EPERM);
	check(!result.has_contents);
}

/* Zones are known without the pages; what is in a block is not. */
static void test_nothing_foreseen(void)
{
	_cleanup_machine_ struct machine machine;
	_cleanup_facts_ struct facts facts = { .kmsg.fd = -1 };
	struct memblk_result result = { .index = 4 }, before = result;

	if (!init(&machine))
		return;
	pages_of(&machine)->open_error = EPERM;
	machine_set_pages(&machine, 4, 0, 100, PAGE_SLAB);
	fake_set(machine_file(&machine, 5, "state"), "offline\n");
	fake_set(machine_file(&machine, 6, "valid_zones"), "none\n");
	machine_remove(&machine, 7);
	facts_of(&facts, &machine);
	for (uint64_t i = 4; i < 8; i++) {
		tap_row("block %" PRIu64, i);
		check_uint(facts_foresee(&facts, i, &result), i == 6);
		if (i == 6)
			check_uint(result.reason, MEMBLK_REASON_NEVER);
		else
			check_bytes(&result, &before, sizeof(result));
		result = before;
	}
}

/* ---- What is in a block ---- */

static void test_contents_of_foreseen(void)
{
	_cleanup_machine_ struct machine machine;
	_cleanup_facts_ struct facts facts = { .kmsg.fd = -1 };
	struct memblk_result result = { .index = 4 };
	struct memblk_contents contents;
	unsigned int nreads;

	if (!init(&machine))
		return;
	machine_set_pages(&machine, 4, 0, 10, PAGE_LRU);
	machine_set_pages(&machine, 5, 0, 20, PAGE_LRU);
	facts_of(&facts, &machine);
	check(!facts_foresee(&facts, 4, &result));
	nreads = pages_of(&machine)->nreads;
	machine_set_pages(&machine, 4, 0, 30, PAGE_LRU);
	check(facts_contents(&facts, 4, &contents));
	check_uint(contents.nmovable, 10);
	check_uint(pages_of(&machine)->nreads, nreads);
	check(facts_contents(&facts, 5, &contents));
	check_uint(contents.nmovable, 20);
	check_uint(contents.nfree, MACHINE_PAGES - 20);
	check(pages_of(&machine)->nreads > nreads);
	check(facts_contents(&facts, 4, &contents));
	check_uint(contents.nmovable, 30);
}

static void test_contents_unknown(void)
{
	_cleanup_machine_ struct machine machine;
	_cleanup_facts_ struct facts facts = { .kmsg.fd = -1 };
	struct memblk_contents contents = { .nfree = 77 };
	struct memblk_result result = { .index = 4 };

	if (!init(&machine))
		return;
	fake_set(machine_file(&machine, 5, "state"), "offline\n");
	machine_remove(&machine, 6);
	facts_of(&facts, &machine);
	for (uint64_t i = 5; i < 7; i++) {
		tap_row("block %" PRIu64, i);
		check(!facts_contents(&facts, i, &contents));
		check_uint(contents.nfree, 77);
	}
	check(!facts_foresee(&facts, 4, &result));
	pages_of(&machine)->read_error = EIO;
	check(!facts_contents(&facts, 3, &contents));
	check(!facts_contents(&facts, 4, &contents));
	check_uint(contents.nfree, 77);
}

static void test_unseen_error(void)
{
	static const struct {
		const char *path;
		int open_error, expected;
	} rows[] = {
		{ SYSROOT_KPAGEFLAGS, EPERM, EPERM },
		{ SYSROOT_IOMEM, EACCES, EACCES },
		{ SYSROOT_KMSG, EPERM, 0 },
	};
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	fake_add(&machine.fake, SYSROOT_KMSG, "");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_facts_ struct facts facts = { .kmsg.fd = -1 };
		struct fake_file *file = fake_find(&machine.fake, rows[i].path);
		struct memblk_contents contents;

		tap_row("%s", rows[i].path);
		file->open_error = rows[i].open_error;
		facts_of(&facts, &machine);
		check_int(facts_unseen_error(&facts), 0);
		facts_contents(&facts, 4, &contents);
		check_int(facts_unseen_error(&facts), rows[i].expected);
		file->open_error = 0;
	}
}

/* ---- Failures ---- */

static struct memblk_result failure(uint64_t index, enum memblk_reason reason)
{
	return (struct memblk_result){
		.index = index,
		.status = MEMBLK_STATUS_FAILED,
		.step = MEMBLK_STEP_DISABLE,
		.reason = reason,
		.error = EBUSY,
	};
}

/* A line of the kernel's on page PFN. */
static struct fake_record line_on(uint64_t pfn, char text[64])
{
	snprintf(text, 64, "4,1,2,-;failed to isolate pfn %" PRIx64 "\n", pfn);
	return (struct fake_record){ .text = text };
}

static void test_reasons(void)
{
	static const bool worth_it[_MEMBLK_REASON_MAX] = {
		[MEMBLK_REASON_BUSY] = true,        [MEMBLK_REASON_UNMOVABLE] = true,
		[MEMBLK_REASON_TRY_TIMEOUT] = true, [MEMBLK_REASON_TIMEOUT] = true,
		[MEMBLK_REASON_INTERRUPTED] = true,
	};
	char text[64];
	struct fake_record record = line_on(4 * MACHINE_PAGES + 9, text);
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	machine_set_pages(&machine, 4, 0, 5, PAGE_SLAB);
	fake_add(&machine.fake, SYSROOT_KMSG, "")->records = &record;
	for (enum memblk_reason i = 0; i < _MEMBLK_REASON_MAX; i++) {
		_cleanup_facts_ struct facts facts = { .kmsg.fd = -1 };
		struct memblk_result result = failure(4, i), before = result;

		tap_row("reason %d", (int) i);
		log_of(&machine)->nrecords = 0;
		facts_of(&facts, &machine);
		log_of(&machine)->nrecords = 1;
		facts_add(&facts, &result);
		if (!worth_it[i]) {
			check_bytes(&result, &before, sizeof(result));
			continue;
		}
		check_uint(result.reason, i);
		check_int(result.error, EBUSY);
		check(result.has_contents);
		check_uint(result.contents.nslab, 5);
		check_uint(result.witness.kind, MEMBLK_WITNESS_ISOLATION);
		check_uint(result.witness.pfn, 4 * MACHINE_PAGES + 9);
	}
}

static void test_lines(void)
{
	static const struct {
		uint64_t pfn;
		bool counts;
	} rows[] = {
		{ 4 * MACHINE_PAGES - 1, false },
		{ 4 * MACHINE_PAGES, true },
		{ 5 * MACHINE_PAGES - 1, true },
		{ 5 * MACHINE_PAGES, false },
		{ 4, false },
	};
	struct fake_record records[2];
	char texts[2][64];
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	fake_add(&machine.fake, SYSROOT_KMSG, "")->records = records;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_facts_ struct facts facts = { .kmsg.fd = -1 };
		struct memblk_result result = failure(4, MEMBLK_REASON_BUSY);

		tap_row("page %" PRIu64, rows[i].pfn);
		/* the first of the block tells */
		records[0] = line_on(rows[i].pfn, texts[0]);
		records[1] = line_on(4 * MACHINE_PAGES + 3, texts[1]);
		log_of(&machine)->nrecords = 0;
		facts_of(&facts, &machine);
		log_of(&machine)->nrecords = 2;
		facts_add(&facts, &result);
		check_uint(result.witness.kind, MEMBLK_WITNESS_ISOLATION);
		check_uint(result.witness.pfn,
			   rows[i].counts ? rows[i].pfn : 4 * MACHINE_PAGES + 3);
	}
}

/* What the log held before, or what was read for another block, tells nothing. */
static void test_lines_of_before(void)
{
	struct fake_record records[2];
	char texts[2][64];
	_cleanup_machine_ struct machine machine;
	_cleanup_facts_ struct facts facts = { .kmsg.fd = -1 };
	struct memblk_result first = failure(4, MEMBLK_REASON_BUSY), second = first,
			     other = failure(5, MEMBLK_REASON_BUSY);

	if (!init(&machine))
		return;
	records[0] = line_on(4 * MACHINE_PAGES, texts[0]);
	records[1] = line_on(5 * MACHINE_PAGES, texts[1]);
	fake_add(&machine.fake, SYSROOT_KMSG, "")->records = records;
	log_of(&machine)->nrecords = 1;
	facts_of(&facts, &machine);
	facts_add(&facts, &first);
	check_uint(first.witness.kind, MEMBLK_WITNESS_NONE);
	log_of(&machine)->nrecords = 2;
	facts_add(&facts, &second);
	check_uint(second.witness.kind, MEMBLK_WITNESS_NONE);
	facts_add(&facts, &other);
	check_uint(other.witness.kind, MEMBLK_WITNESS_NONE);
	check(other.has_contents);
}

static void test_no_log(void)
{
	char text[64];
	struct fake_record record = line_on(4 * MACHINE_PAGES, text);
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	machine_set_pages(&machine, 4, 0, 5, PAGE_SLAB);
	for (int row = 0; row < 3; row++) {
		_cleanup_facts_ struct facts facts = { .kmsg.fd = -1 };
		struct memblk_result result = failure(4, MEMBLK_REASON_UNMOVABLE);

		tap_row("%d", row);
		if (row == 1)
			fake_add(&machine.fake, SYSROOT_KMSG, "")->records = &record;
		if (row == 1)
			log_of(&machine)->open_error = EPERM;
		if (row == 2)
			log_of(&machine)->open_error = 0;
		if (row == 2)
			log_of(&machine)->seek_error = ESPIPE;
		facts_of(&facts, &machine);
		if (row)
			log_of(&machine)->nrecords = 1;
		facts_add(&facts, &result);
		check_uint(result.witness.kind, MEMBLK_WITNESS_NONE);
		check(result.has_contents);
		check_uint(result.contents.nslab, 5);
		check_uint(result.reason, MEMBLK_REASON_UNMOVABLE);
	}
}

static void test_no_pages(void)
{
	char text[64];
	struct fake_record record = line_on(4 * MACHINE_PAGES, text);
	_cleanup_machine_ struct machine machine;
	_cleanup_facts_ struct facts facts = { .kmsg.fd = -1 };
	struct memblk_result result = failure(4, MEMBLK_REASON_UNMOVABLE),
			     gone = failure(7, MEMBLK_REASON_UNMOVABLE);

	if (!init(&machine))
		return;
	pages_of(&machine)->read_error = EIO;
	machine_remove(&machine, 7);
	fake_add(&machine.fake, SYSROOT_KMSG, "")->records = &record;
	facts_of(&facts, &machine);
	log_of(&machine)->nrecords = 1;
	facts_add(&facts, &result);
	check(!result.has_contents);
	check_uint(result.witness.kind, MEMBLK_WITNESS_ISOLATION);
	/* nothing that was seen speaks for another try */
	check_uint(result.reason, MEMBLK_REASON_UNMOVABLE);
	facts_add(&facts, &gone);
	check(!gone.has_contents);
	check_uint(gone.reason, MEMBLK_REASON_UNMOVABLE);
}

static void test_only_busy(void)
{
	static const struct {
		struct pages pages;
		enum memblk_reason reason;
	} rows[] = {
		{ { PAGE_FREE, 1 }, MEMBLK_REASON_BUSY },
		{ { PAGE_LRU, 512 }, MEMBLK_REASON_BUSY },
		{ { PAGE_HUGE, 512 }, MEMBLK_REASON_BUSY },
		{ { PAGE_UNKNOWN, 64 }, MEMBLK_REASON_BUSY },
		{ { PAGE_UNKNOWN, 65 }, MEMBLK_REASON_UNMOVABLE },
		{ { PAGE_SLAB, 1 }, MEMBLK_REASON_UNMOVABLE },
		{ { PAGE_PGTABLE, 1 }, MEMBLK_REASON_UNMOVABLE },
		{ { PAGE_RESERVED, 1 }, MEMBLK_REASON_UNMOVABLE },
		{ { PAGE_COMPOUND, 1 }, MEMBLK_REASON_UNMOVABLE },
	};
	_cleanup_machine_ struct machine machine;
	_cleanup_facts_ struct facts facts = { .kmsg.fd = -1 };

	if (!init(&machine))
		return;
	facts_of(&facts, &machine);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct memblk_result result = failure(2 * i, MEMBLK_REASON_UNMOVABLE),
				     given_up = failure(2 * i, MEMBLK_REASON_TRY_TIMEOUT);

		tap_row("%zu pages of %" PRIx64, rows[i].pages.npages,
			rows[i].pages.flags);
		machine_set_pages(&machine, 2 * i, 0, rows[i].pages.npages,
				  rows[i].pages.flags);
		facts_add(&facts, &result);
		check_uint(result.reason, rows[i].reason);
		check_int(result.error, EBUSY);
		check(result.has_contents);
		facts_add(&facts, &given_up);
		check_uint(given_up.reason, MEMBLK_REASON_TRY_TIMEOUT);
	}
}

static void test_no_more_than(void)
{
	_cleanup_machine_ struct machine machine;
	_cleanup_facts_ struct facts facts = { .kmsg.fd = -1 };

	if (!init(&machine))
		return;
	facts_init(&facts, machine.system, 2);
	for (uint64_t i = 0; i < 5; i++) {
		struct memblk_result answered = failure(i, MEMBLK_REASON_NEVER),
				     result = failure(i, MEMBLK_REASON_UNMOVABLE);

		tap_row("failure %" PRIu64, i);
		/* this one is not looked into, and does not count */
		facts_add(&facts, &answered);
		facts_add(&facts, &result);
		check_uint(result.has_contents, i < 2);
		check_uint(result.reason,
			   i < 2 ? MEMBLK_REASON_BUSY : MEMBLK_REASON_UNMOVABLE);
	}
}

/* ---- Of a run ---- */

static struct memblk_request with_retries(struct memblk_request request,
					  unsigned int retries)
{
	request.bounds.retries = retries;
	return request;
}

/* Writes to `state` of block INDEX fail, the first NREFUSALS of them, or all. */
static void refuse(struct machine *machine, uint64_t index, unsigned int nrefusals)
{
	struct fake_file *state = machine_file(machine, index, "state");

	state->write_error = EBUSY;
	state->nrefusals = nrefusals;
}

static void test_rounds(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	machine_set_pages(&machine, 4, 0, 100, PAGE_LRU);
	machine_set_pages(&machine, 6, 0, 1, PAGE_SLAB);
	refuse(&machine, 4, 2);
	refuse(&machine, 6, 2);
	machine_run(&machine,
		    with_retries(request_by_range(MEMBLK_COMMAND_DISABLE, 4, 6), 2));
	check_results(&machine, SWITCHED(5),
		      { FAILED_FOR(6, DISABLE, UNMOVABLE), .error = EBUSY }, SWITCHED(4));
	check_writes(&machine, "memory4/state=offline memory5/state=offline "
			       "memory6/state=offline memory4/state=offline "
			       "memory4/state=offline ");
	check(machine.results[1].has_contents);
	check_uint(machine.results[1].contents.nslab, 1);
	check(!machine.results[2].has_contents);
}

/* Where nothing can be seen, EBUSY of a kernel zone is final. */
static void test_no_rounds_unseen(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	fake_remove(&machine.fake, SYSROOT_KPAGEFLAGS);
	refuse(&machine, 4, 1);
	machine_run(&machine,
		    with_retries(request_by_range(MEMBLK_COMMAND_DISABLE, 4, 4), 2));
	check_results(&machine, { FAILED_FOR(4, DISABLE, UNMOVABLE), .error = EBUSY });
	check_writes(&machine, "memory4/state=offline ");
}

static int refuse_and_tell(struct fake *fake, struct fake_file *file, const char *word)
{
	(void) file;
	(void) word;
	fake_find(fake, SYSROOT_KMSG)->nrecords++;
	return -EBUSY;
}

static void test_line_of_a_write(void)
{
	struct fake_record records[3];
	char texts[3][64];
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	records[0] = line_on(4 * MACHINE_PAGES + 1, texts[0]);
	records[1] = line_on(5 * MACHINE_PAGES + 2, texts[1]);
	records[2] = line_on(4 * MACHINE_PAGES + 3, texts[2]);
	fake_add(&machine.fake, SYSROOT_KMSG, "")->records = records;
	for (uint64_t i = 4; i < 6; i++)
		machine_file(&machine, i, "state")->write_fn = refuse_and_tell;
	machine_set_pages(&machine, 5, 0, 1, PAGE_RESERVED);
	machine_run(&machine,
		    with_retries(request_by_range(MEMBLK_COMMAND_DISABLE, 4, 5), 0));
	check_uint(machine.nresults, 2);
	check_uint(machine.results[0].witness.pfn, 4 * MACHINE_PAGES + 1);
	check_uint(machine.results[1].witness.pfn, 5 * MACHINE_PAGES + 2);
	check_uint(log_of(&machine)->nopens, 1);
}

static void check_looked_into(const struct machine *machine, size_t nresults,
			      size_t nlooked_into)
{
	check_uint(machine->nresults, nresults);
	for (size_t i = 0; i < machine->nresults; i++) {
		tap_row("result %zu", i);
		check_uint(machine->results[i].reason, MEMBLK_REASON_UNMOVABLE);
		check_uint(machine->results[i].has_contents, i < nlooked_into);
	}
}

static void test_many_failures(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	for (uint64_t i = 0; i < NBLOCKS; i++) {
		fake_set(machine_file(&machine, i, "valid_zones"), "Normal\n");
		machine_set_pages(&machine, i, 0, 1, PAGE_SLAB);
		refuse(&machine, i, 0);
	}
	machine_run(&machine, request_by_size(MEMBLK_COMMAND_DISABLE, 1));
	check_looked_into(&machine, NBLOCKS, FAILURES_BY_SIZE);
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_DISABLE, 0, NBLOCKS - 1));
	check_looked_into(&machine, NBLOCKS, NBLOCKS);
}

/* Facts are of blocks that were to go, and did not. */
static void test_nothing_to_know(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	fake_add(&machine.fake, SYSROOT_KMSG, "");
	fake_set(machine_file(&machine, 4, "state"), "offline\n");
	refuse(&machine, 4, 0);
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 4, 4));
	check_results(&machine, FAILED_ERRNO(4, ENABLE, EBUSY));
	check(!machine.results[0].has_contents);
	check_uint(log_of(&machine)->nopens, 0);
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_DISABLE, 6, 7));
	check_results(&machine, SWITCHED(6), SWITCHED(7));
	check_uint(log_of(&machine)->nopens, 1);
	check_uint(pages_of(&machine)->nopens, 0);
}

static void test_dry_run(void)
{
	struct memblk_request request = request_by_range(MEMBLK_COMMAND_DISABLE, 4, 5);
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	fake_add(&machine.fake, SYSROOT_KMSG, "");
	machine_set_pages(&machine, 4, 0, 20, PAGE_SLAB);
	request.dry_run = true;
	machine_run(&machine, request);
	check_results(&machine, { FAILED_FOR(4, DISABLE, UNMOVABLE), .error = EBUSY },
		      { .index = 5, .status = MEMBLK_STATUS_PLANNED });
	check(machine.results[0].has_contents);
	check_uint(log_of(&machine)->nopens, 0);
	check_writes(&machine, "");
}

static const struct tap_test tests[] = {
	{ "A block that is not memory all through is known", test_holes },
	{ "Holes are not known where the ranges of memory are not", test_holes_unknown },
	{ "What can never go is foreseen, with its errno and contents", test_foreseen },
	{ "What is no memory is foreseen, by the ranges of it", test_holes_foreseen },
	{ "What arm64 keeps since boot is foreseen", test_boot_foreseen },
	{ "Nothing is foreseen of what is not seen", test_nothing_foreseen },
	{ "What was foreseen is not looked into twice", test_contents_of_foreseen },
	{ "Contents that cannot be seen are not known", test_contents_unknown },
	{ "Why nothing is seen is known once it was tried", test_unseen_error },
	{ "Only of some failures there is more to know", test_reasons },
	{ "Lines on other blocks do not count, the first on the block does", test_lines },
	{ "Lines that were there before tell nothing", test_lines_of_before },
	{ "Without the log, the contents are still told", test_no_log },
	{ "Without the contents, the line of the log is still told", test_no_pages },
	{ "A block is only busy where all that is in it can be moved", test_only_busy },
	{ "No more failures are looked into than was said", test_no_more_than },
	{ "A block of a kernel zone that is only busy is tried again", test_rounds },
	{ "It is not where nothing can be seen", test_no_rounds_unseen },
	{ "Each failure has the line of its own write", test_line_of_a_write },
	{ "By size not all failures are looked into, by range they are",
	  test_many_failures },
	{ "Nothing is asked that is not needed", test_nothing_to_know },
	{ "A dry run reads no log", test_dry_run },
};

TAP_MAIN(tests)
