/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an errno means, step by step, and what of it may pass: the two tables whole, with
 * all that is not in them.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "reason.h"
#include "tap.h"
#include "util.h"

#define ERRNO_MAX 4095

/* What was seen of zones. */
enum seen {
	SEEN_NORMAL,
	SEEN_MOVABLE,
	SEEN_MOVABLE_FIRST, /* and another one */
	SEEN_MOVABLE_LAST,
	SEEN_NONE,        /* several zones, or no zone */
	SEEN_STRANGE,     /* a name that is not known */
	SEEN_NO_FILE,     /* the kernel has no valid_zones */
	SEEN_NO_FILE_YET, /* the same, and what was seen before it was Movable */
	SEEN_UNREADABLE,
	SEEN_UNREADABLE_MOVABLE,
	_SEEN_MAX,
};

static const struct observation observations[_SEEN_MAX] = {
	[SEEN_NORMAL] = { .zones = { .zone = { MEMBLK_ZONE_NORMAL }, .nzones = 1 } },
	[SEEN_MOVABLE] = { .zones = { .zone = { MEMBLK_ZONE_MOVABLE }, .nzones = 1 } },
	[SEEN_MOVABLE_FIRST] = { .zones = { .zone = { MEMBLK_ZONE_MOVABLE,
						      MEMBLK_ZONE_NORMAL },
					    .nzones = 2 } },
	[SEEN_MOVABLE_LAST] = { .zones = { .zone = { MEMBLK_ZONE_NORMAL,
						     MEMBLK_ZONE_MOVABLE },
					   .nzones = 2 } },
	[SEEN_NONE] = { .zones = { .none = true } },
	[SEEN_STRANGE] = { .zones = { .zone = { MEMBLK_ZONE_NONE }, .nzones = 1 } },
	[SEEN_NO_FILE] = { .zones_error = -ENOENT },
	[SEEN_NO_FILE_YET] = { .zones = { .zone = { MEMBLK_ZONE_MOVABLE }, .nzones = 1 },
			       .zones_error = -ENOENT },
	[SEEN_UNREADABLE] = { .zones_error = -EACCES },
	[SEEN_UNREADABLE_MOVABLE] = { .zones = { .zone = { MEMBLK_ZONE_MOVABLE },
						 .nzones = 1 },
				      .zones_error = -EACCES },
};

struct row {
	enum memblk_step step;
	int error;
	enum memblk_reason reason;
};

/* Whatever the zones are. */
static const struct row rows[] = {
	{ MEMBLK_STEP_ENABLE, EAGAIN, MEMBLK_REASON_AGAIN },
	{ MEMBLK_STEP_ENABLE, EBUSY, MEMBLK_REASON_BUSY },
	{ MEMBLK_STEP_ENABLE, EHWPOISON, MEMBLK_REASON_POISONED },
	{ MEMBLK_STEP_ENABLE, EINVAL, MEMBLK_REASON_WORD_REFUSED },
	{ MEMBLK_STEP_ENABLE, ENODEV, MEMBLK_REASON_GONE },
	{ MEMBLK_STEP_ENABLE, ENOMEM, MEMBLK_REASON_NO_MEMORY },
	{ MEMBLK_STEP_ENABLE, EPERM, MEMBLK_REASON_VETO },
	{ MEMBLK_STEP_DISABLE, EAGAIN, MEMBLK_REASON_AGAIN },
	{ MEMBLK_STEP_DISABLE, ENODEV, MEMBLK_REASON_GONE },
	{ MEMBLK_STEP_DISABLE, ENOMEM, MEMBLK_REASON_NO_MEMORY },
	{ MEMBLK_STEP_DISABLE, EPERM, MEMBLK_REASON_VETO },
	{ MEMBLK_STEP_CONFIGURE, EEXIST, MEMBLK_REASON_ADDRESS_TAKEN },
	{ MEMBLK_STEP_CONFIGURE, EIO, MEMBLK_REASON_NO_STORAGE },
	{ MEMBLK_STEP_CONFIGURE, ENODEV, MEMBLK_REASON_GONE },
	{ MEMBLK_STEP_CONFIGURE, ENOMEM, MEMBLK_REASON_NO_MEMORY },
	{ MEMBLK_STEP_DECONFIGURE, EBUSY, MEMBLK_REASON_CONFIGURED },
	{ MEMBLK_STEP_DECONFIGURE, EIO, MEMBLK_REASON_NO_STORAGE },
	{ MEMBLK_STEP_DECONFIGURE, ENODEV, MEMBLK_REASON_GONE },
	{ MEMBLK_STEP_MEMMAP, EBUSY, MEMBLK_REASON_CONFIGURED },
	{ MEMBLK_STEP_MEMMAP, ENODEV, MEMBLK_REASON_GONE },
	{ MEMBLK_STEP_MEMMAP, EOPNOTSUPP, MEMBLK_REASON_NO_MEMMAP },
};

static enum memblk_reason expected_reason(enum memblk_step step, int error)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].step == step && rows[i].error == error)
			return rows[i].reason;
	return MEMBLK_REASON_ERRNO;
}

static bool asks_for_zones(enum memblk_step step, int error)
{
	return step == MEMBLK_STEP_DISABLE && (error == EBUSY || error == EINVAL);
}

static void test_rows(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (enum seen seen = 0; seen < _SEEN_MAX; seen++) {
			tap_row("step %d, %s, seen %d", rows[i].step,
				strerror(rows[i].error), seen);
			check_uint(reason_of_errno(rows[i].step, rows[i].error,
						   &observations[seen]),
				   rows[i].reason);
		}
}

static void test_all_else(void)
{
	for (enum memblk_step step = 0; step < _MEMBLK_STEP_MAX; step++)
		for (int error = 0; error <= ERRNO_MAX; error++) {
			enum memblk_reason reason, expected;

			if (asks_for_zones(step, error))
				continue;
			reason = reason_of_errno(step, error, &observations[SEEN_NORMAL]);
			expected = expected_reason(step, error);
			if (reason == expected)
				continue;
			tap_row("step %d, error %d", step, error);
			check_uint(reason, expected);
		}
	check(true);
}

static void test_busy_by_zone(void)
{
	static const enum memblk_reason expected[_SEEN_MAX] = {
		[SEEN_NORMAL] = MEMBLK_REASON_UNMOVABLE,
		[SEEN_MOVABLE] = MEMBLK_REASON_BUSY,
		[SEEN_MOVABLE_FIRST] = MEMBLK_REASON_UNMOVABLE,
		[SEEN_MOVABLE_LAST] = MEMBLK_REASON_UNMOVABLE,
		[SEEN_NONE] = MEMBLK_REASON_UNMOVABLE,
		[SEEN_STRANGE] = MEMBLK_REASON_UNMOVABLE,
		[SEEN_NO_FILE] = MEMBLK_REASON_UNMOVABLE,
		[SEEN_NO_FILE_YET] = MEMBLK_REASON_UNMOVABLE,
		[SEEN_UNREADABLE] = MEMBLK_REASON_UNMOVABLE,
		[SEEN_UNREADABLE_MOVABLE] = MEMBLK_REASON_UNMOVABLE,
	};

	for (enum seen seen = 0; seen < _SEEN_MAX; seen++) {
		tap_row("seen %d", seen);
		check_uint(
			reason_of_errno(MEMBLK_STEP_DISABLE, EBUSY, &observations[seen]),
			expected[seen]);
	}
}

static void test_refused_by_zone(void)
{
	static const enum memblk_reason expected[_SEEN_MAX] = {
		[SEEN_NORMAL] = MEMBLK_REASON_NEVER,
		[SEEN_MOVABLE] = MEMBLK_REASON_NEVER,
		[SEEN_MOVABLE_FIRST] = MEMBLK_REASON_NEVER,
		[SEEN_MOVABLE_LAST] = MEMBLK_REASON_NEVER,
		[SEEN_NONE] = MEMBLK_REASON_NEVER,
		[SEEN_STRANGE] = MEMBLK_REASON_NEVER,
		[SEEN_NO_FILE] = MEMBLK_REASON_NO_HOTREMOVE,
		[SEEN_NO_FILE_YET] = MEMBLK_REASON_NO_HOTREMOVE,
		[SEEN_UNREADABLE] = MEMBLK_REASON_NEVER,
		[SEEN_UNREADABLE_MOVABLE] = MEMBLK_REASON_NEVER,
	};

	for (enum seen seen = 0; seen < _SEEN_MAX; seen++) {
		tap_row("seen %d", seen);
		check_uint(
			reason_of_errno(MEMBLK_STEP_DISABLE, EINVAL, &observations[seen]),
			expected[seen]);
	}
}

/* ---- What may pass ---- */

enum passing {
	NEVER,
	ALWAYS,
	ONCE,
	IF_ASKED, /* retry_all */
};

static enum passing expected_passing(enum memblk_reason reason)
{
	switch (reason) {
	case MEMBLK_REASON_AGAIN:
	case MEMBLK_REASON_BUSY:
		return ALWAYS;
	case MEMBLK_REASON_NO_STORAGE:
		return ONCE;
	case MEMBLK_REASON_UNMOVABLE:
	case MEMBLK_REASON_CONFIGURED:
	case MEMBLK_REASON_TRY_TIMEOUT:
		return IF_ASKED;
	default:
		return NEVER;
	}
}

static bool expect_retry(enum memblk_reason reason, const struct memblk_bounds *bounds,
			 unsigned int round)
{
	switch (expected_passing(reason)) {
	case ALWAYS:
		return round < bounds->retries;
	case ONCE:
		return round == 0 && bounds->retries;
	case IF_ASKED:
		return round < bounds->retries && bounds->retry_all;
	default:
		return false;
	}
}

static void check_may_pass(bool retry_all)
{
	for (enum memblk_reason reason = 0; reason < _MEMBLK_REASON_MAX; reason++)
		for (unsigned int retries = 0; retries < 4; retries++)
			for (unsigned int round = 0; round < 5; round++) {
				struct memblk_bounds bounds = { .retries = retries,
								.retry_all = retry_all };

				tap_row("reason %d, %u retries, round %u", reason,
					retries, round);
				check_uint(reason_may_pass(reason, &bounds, round),
					   expect_retry(reason, &bounds, round));
			}
}

static void test_may_pass(void)
{
	check_may_pass(false);
}

static void test_may_pass_if_asked(void)
{
	check_may_pass(true);
}

/* Nothing but the number of rounds and retry_all has a say. */
static void test_other_bounds(void)
{
	struct memblk_bounds bounds = {
		.retries = UINT32_MAX,
		.try_timeout_ms = 1,
		.deadline_ms = 1,
		.keep_free_bytes = 1,
		.atomic = true,
		.rehearsal = true,
	};

	check(reason_may_pass(MEMBLK_REASON_AGAIN, &bounds, UINT32_MAX - 1));
	check(!reason_may_pass(MEMBLK_REASON_AGAIN, &bounds, UINT32_MAX));
	check(!reason_may_pass(MEMBLK_REASON_UNMOVABLE, &bounds, 0));
}

static const struct tap_test tests[] = {
	{ "Every errno that means something means it whatever the zones are", test_rows },
	{ "Every other errno means no more than itself", test_all_else },
	{ "EBUSY is of what cannot be moved, but in zone Movable of what is in use",
	  test_busy_by_zone },
	{ "EINVAL is of the block, but without valid_zones of the kernel",
	  test_refused_by_zone },
	{ "What is of the moment may pass in each round, EIO in the first",
	  test_may_pass },
	{ "With retry_all, all of EBUSY and what took too long may pass, too",
	  test_may_pass_if_asked },
	{ "No other bound has a say in what may pass", test_other_bounds },
};

TAP_MAIN(tests)
