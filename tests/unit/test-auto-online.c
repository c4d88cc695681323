/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel does with memory that is added: reading the policy, setting it, and
 * what is known of it afterwards.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "block.h"
#include "fake.h"
#include "sysroot.h"
#include "tap.h"
#include "util.h"

struct fixture {
	struct fake fake;
	struct memblk_system *system;
	struct fake_file *file;
	struct memblk_policy_change change;
};

/* A system whose file says TEXT; NULL: it has none. */
static void fixture_init(struct fixture *fixture, const char *text)
{
	enum memblk_system_step step;

	*fixture = (struct fixture){ .system = NULL };
	fake_init(&fixture->fake);
	fake_add(&fixture->fake, SYSROOT_BLOCK_SIZE, "8000000\n");
	if (text)
		fixture->file = fake_add(&fixture->fake, SYSROOT_AUTO_ONLINE, text);
	check_int(system_open(fake_sysfs(&fixture->fake), &fixture->system, &step), 0);
}

static void fixture_done(struct fixture *fixture)
{
	memblk_system_free(fixture->system);
	check_closed(&fixture->fake);
	fake_done(&fixture->fake);
}

#define _cleanup_fixture_ _cleanup_(fixture_done)

static int set(struct fixture *fixture, enum memblk_policy policy)
{
	return memblk_policy_set(fixture->system, policy, false, &fixture->change);
}

/* What the kernel has, in the order of its own table. */
static const struct {
	const char *word;
	enum memblk_policy policy;
} words[] = {
	{ "offline", MEMBLK_POLICY_OFFLINE },
	{ "online", MEMBLK_POLICY_ONLINE },
	{ "online_kernel", MEMBLK_POLICY_ONLINE_KERNEL },
	{ "online_movable", MEMBLK_POLICY_ONLINE_MOVABLE },
};

static const char *const others[] = { "",   "Online", "online ", " online", "online_",
				      "on", "auto",   "1",       "ONLINE",  "offline\n" };

/* ---- Words ---- */

static void test_words(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		tap_row("%s", words[i].word);
		check_int(memblk_policy_from_string(words[i].word), words[i].policy);
		check_string(memblk_policy_to_string(words[i].policy), words[i].word);
	}
	check_string(memblk_policy_to_string(MEMBLK_POLICY_UNKNOWN), NULL);
}

static void test_other_words(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		tap_row("'%s'", others[i]);
		check_int(memblk_policy_from_string(others[i]), MEMBLK_POLICY_UNKNOWN);
	}
}

static void test_path(void)
{
	check_string(memblk_policy_path(),
		     "/sys/devices/system/memory/auto_online_blocks");
}

/* ---- Reading ---- */

static void test_read(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		_cleanup_fixture_ struct fixture fixture;
		enum memblk_policy policy = _MEMBLK_POLICY_MAX;
		char text[32];

		tap_row("%s", words[i].word);
		fixture_init(&fixture, strcat(strcpy(text, words[i].word), "\n"));
		check_int(memblk_policy_read(fixture.system, &policy), 0);
		check_int(policy, words[i].policy);
		check_uint(fixture.file->nwrites, 0);
	}
}

static void test_read_unknown(void)
{
	_cleanup_fixture_ struct fixture fixture;
	enum memblk_policy policy = _MEMBLK_POLICY_MAX;

	fixture_init(&fixture, "somehow\n");
	check_int(memblk_policy_read(fixture.system, &policy), 0);
	check_int(policy, MEMBLK_POLICY_UNKNOWN);
}

static void test_read_fails(void)
{
	_cleanup_fixture_ struct fixture fixture;
	enum memblk_policy policy = _MEMBLK_POLICY_MAX;

	fixture_init(&fixture, "online\n");
	fixture.file->read_error = EIO;
	check_int(memblk_policy_read(fixture.system, &policy), -EIO);
	check_int(policy, _MEMBLK_POLICY_MAX);
}

static void test_no_file(void)
{
	_cleanup_fixture_ struct fixture fixture;
	enum memblk_policy policy = _MEMBLK_POLICY_MAX;

	fixture_init(&fixture, NULL);
	check_int(memblk_policy_read(fixture.system, &policy), -ENOENT);
	fixture.change.before = _MEMBLK_POLICY_MAX;
	check_int(set(&fixture, MEMBLK_POLICY_ONLINE), -ENOENT);
	check_int(fixture.change.before, _MEMBLK_POLICY_MAX);
}

/* ---- Setting ---- */

static void test_set(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		_cleanup_fixture_ struct fixture fixture;
		const char *before = i ? "offline\n" : "online_movable\n";

		tap_row("%s", words[i].word);
		fixture_init(&fixture, before);
		check_int(set(&fixture, words[i].policy), 0);
		check_int(fixture.change.before,
			  i ? MEMBLK_POLICY_OFFLINE : MEMBLK_POLICY_ONLINE_MOVABLE);
		check_int(fixture.change.after, words[i].policy);
		check_int(fixture.change.write_error, 0);
		check_int(fixture.change.read_error, 0);
		check_uint(fixture.file->nwrites, 1);
	}
}

/* One write of the bare word, and nothing is left of a longer one in a plain file. */
static void test_what_is_written(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture, "online_movable\n");
	check_int(set(&fixture, MEMBLK_POLICY_ONLINE), 0);
	check_text(fixture.file, "online");
}

static void test_set_already(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture, "online_kernel\n");
	fixture.file->open_write_error = EACCES;
	check_int(set(&fixture, MEMBLK_POLICY_ONLINE_KERNEL), 0);
	check_int(fixture.change.before, MEMBLK_POLICY_ONLINE_KERNEL);
	check_int(fixture.change.after, MEMBLK_POLICY_ONLINE_KERNEL);
	check_int(fixture.change.write_error, 0);
	check_uint(fixture.file->nwrites, 0);
}

static void test_set_over_unknown(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture, "somehow\n");
	check_int(set(&fixture, MEMBLK_POLICY_OFFLINE), 0);
	check_int(fixture.change.before, MEMBLK_POLICY_UNKNOWN);
	check_int(fixture.change.after, MEMBLK_POLICY_OFFLINE);
}

static void test_dry_run(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture, "offline\n");
	fixture.file->open_write_error = EACCES;
	check_int(memblk_policy_set(fixture.system, MEMBLK_POLICY_ONLINE, true,
				    &fixture.change),
		  0);
	check_int(fixture.change.before, MEMBLK_POLICY_OFFLINE);
	check_int(fixture.change.after, MEMBLK_POLICY_ONLINE);
	check_int(fixture.change.write_error, 0);
	check_uint(fixture.file->nwrites, 0);
}

static void test_open_write_errors(void)
{
	static const int errors[] = { EACCES, EPERM, EROFS };

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		_cleanup_fixture_ struct fixture fixture;

		tap_row("errno %d", errors[i]);
		fixture_init(&fixture, "offline\n");
		fixture.file->open_write_error = errors[i];
		check_int(set(&fixture, MEMBLK_POLICY_ONLINE), 0);
		check_int(fixture.change.write_error, errors[i]);
		check_int(fixture.change.after, MEMBLK_POLICY_OFFLINE);
		check_uint(fixture.file->nwrites, 0);
	}
}

static void test_write_error(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture, "offline\n");
	fixture.file->write_error = EINVAL;
	check_int(set(&fixture, MEMBLK_POLICY_ONLINE_KERNEL), 0);
	check_int(fixture.change.write_error, EINVAL);
	check_int(fixture.change.after, MEMBLK_POLICY_OFFLINE);
}

static void test_interrupted(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture, "offline\n");
	fixture.file->ninterrupts = 2;
	check_int(set(&fixture, MEMBLK_POLICY_ONLINE), 0);
	check_int(fixture.change.write_error, 0);
	check_int(fixture.change.after, MEMBLK_POLICY_ONLINE);
}

static int take_other(struct fake *fake, struct fake_file *file, const char *word)
{
	(void) fake;
	(void) word;
	fake_set(file, "online_kernel\n");
	return 0;
}

static void test_takes_other(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture, "offline\n");
	fixture.file->write_fn = take_other;
	check_int(set(&fixture, MEMBLK_POLICY_ONLINE), 0);
	check_int(fixture.change.write_error, 0);
	check_int(fixture.change.after, MEMBLK_POLICY_ONLINE_KERNEL);
}

static int fail_as_done(struct fake *fake, struct fake_file *file, const char *word)
{
	(void) fake;
	fake_set(file, word);
	return -EINVAL;
}

static void test_lost_race(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture, "offline\n");
	fixture.file->write_fn = fail_as_done;
	check_int(set(&fixture, MEMBLK_POLICY_ONLINE), 0);
	check_int(fixture.change.write_error, EINVAL);
	check_int(fixture.change.after, MEMBLK_POLICY_ONLINE);
}

static int become_unreadable(struct fake *fake, struct fake_file *file, const char *word)
{
	(void) fake;
	fake_set(file, word);
	file->read_error = ENODEV;
	return 0;
}

static void test_reread_fails(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture, "offline\n");
	fixture.file->write_fn = become_unreadable;
	check_int(set(&fixture, MEMBLK_POLICY_ONLINE), 0);
	check_int(fixture.change.read_error, ENODEV);
	check_int(fixture.change.after, MEMBLK_POLICY_UNKNOWN);
}

static const struct tap_test tests[] = {
	{ "Each word stands for a policy", test_words },
	{ "No other word does", test_other_words },
	{ "The file is named as on a running system", test_path },
	{ "The policy is what the file says, and nothing is written", test_read },
	{ "A word that is not known is no error", test_read_unknown },
	{ "A file that cannot be read is told of", test_read_fails },
	{ "A kernel without the file is told of", test_no_file },
	{ "Setting it writes once, and tells what it was and is", test_set },
	{ "The bare word is written", test_what_is_written },
	{ "What is so already takes no write and no permission", test_set_already },
	{ "A word that is not known is written over", test_set_over_unknown },
	{ "A dry run tells what would be", test_dry_run },
	{ "A file that cannot be opened for writing stays", test_open_write_errors },
	{ "A write that is refused is told of", test_write_error },
	{ "A write that is interrupted is tried again", test_interrupted },
	{ "What the kernel made of it is told", test_takes_other },
	{ "After a failed write the file is read again", test_lost_race },
	{ "A file that cannot be read again leaves it open", test_reread_fails },
};

TAP_MAIN(tests)
