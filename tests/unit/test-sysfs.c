/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attributes over a table of operations that plays the files: what counts as text, when a
 * file is opened for reading alone, one write for a word, what is cut off after it, and
 * that every descriptor is closed exactly once, however it ends.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "fake.h"
#include "memblk.h"
#include "sysfs.h"
#include "tap.h"
#include "util.h"

#define PATH "sys/devices/system/memory/memory4/state"

static const struct limit no_limit = { .try_ms = MEMBLK_FOREVER,
				       .deadline_ms = MEMBLK_FOREVER };

/* A tree with one file, and the attribute that it is opened as. */
struct fixture {
	struct fake fake;
	struct sysfs sysfs;
	struct fake_file *file;
	struct attribute attribute;
};

static void fixture_init(struct fixture *fixture, const char *text)
{
	memset(fixture, 0xa5, sizeof(*fixture));
	fake_init(&fixture->fake);
	fixture->sysfs = fake_sysfs(&fixture->fake);
	fixture->file = fake_add(&fixture->fake, PATH, text);
	/* whatever is left there ends */
	fixture->attribute.text[SYSFS_TEXT_MAX] = '\0';
}

static void fixture_done(struct fixture *fixture)
{
	check_closed(&fixture->fake);
	fake_done(&fixture->fake);
}

#define _cleanup_fixture_ _cleanup_(fixture_done)

static int open_attribute(struct fixture *fixture)
{
	return attribute_open(&fixture->sysfs, PATH, &fixture->attribute);
}

static int write_attribute(struct fixture *fixture, const char *word)
{
	return attribute_write(&fixture->sysfs, &fixture->attribute, word, &no_limit);
}

static void close_attribute(struct fixture *fixture)
{
	attribute_close(&fixture->sysfs, &fixture->attribute);
}

/* ---- Text ---- */

#define TEXT_MAX (SYSFS_TEXT_MAX + 100)

/* Opens a file that holds LENGTH BYTES, both ways; what must come of it. */
static void check_read(const void *bytes, size_t length, int error, const char *expected)
{
	_cleanup_fixture_ struct fixture fixture;
	char text[SYSFS_TEXT_MAX + 1];

	fixture_init(&fixture, "");
	fake_set_bytes(fixture.file, bytes, length);
	if (check_int(open_attribute(&fixture), -error) && !error) {
		check_string(fixture.attribute.text, expected);
		check_uint(fixture.attribute.length, length);
	}
	close_attribute(&fixture);
	memset(text, 0xa5, sizeof(text));
	if (check_int(sysfs_read(&fixture.sysfs, PATH, text), -error) && !error)
		check_string(text, expected);
}

static void test_newline(void)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{ "online\n", "online" },
		{ "online", "online" },
		{ "online\n\n", "online\n" },
		{ "\nonline", "\nonline" },
		{ "Normal Movable\n", "Normal Movable" },
		{ "\n", "" },
		{ "", "" },
		{ "online \n", "online " },
		{ "\tDMA\tNormal\n", "\tDMA\tNormal" },
		{ " !~\n", " !~" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		tap_row("%s", rows[i].text);
		check_read(rows[i].text, strlen(rows[i].text), 0, rows[i].expected);
	}
}

static void test_no_text(void)
{
	static const struct {
		const char *bytes;
		size_t length;
	} rows[] = {
		{ "online\0", 7 },     { "\0", 1 },           { "on\0line\n", 8 },
		{ "\0online\n", 8 },   { "online\001\n", 8 }, { "online\x7f\n", 8 },
		{ "online\x80\n", 8 }, { "online\xff\n", 8 }, { "\xc3\xa4\n", 3 },
		{ "online\r\n", 8 },   { "\x1b[31m", 5 },     { "online\v", 7 },
		{ "online\f", 7 },     { "online\b", 7 },     { "online\x1f", 7 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		tap_row("%s", rows[i].bytes);
		check_read(rows[i].bytes, rows[i].length, EBADMSG, NULL);
	}
}

static void test_longest_text(void)
{
	char bytes[SYSFS_TEXT_MAX], expected[SYSFS_TEXT_MAX + 1];

	memset(bytes, 'x', sizeof(bytes));
	memset(expected, 'x', sizeof(expected));
	expected[SYSFS_TEXT_MAX] = '\0';
	check_read(bytes, sizeof(bytes), 0, expected);

	bytes[SYSFS_TEXT_MAX - 1] = '\n';
	expected[SYSFS_TEXT_MAX - 1] = '\0';
	check_read(bytes, sizeof(bytes), 0, expected);
}

static void test_too_long_text(void)
{
	char bytes[SYSFS_TEXT_MAX * 2];

	memset(bytes, 'x', sizeof(bytes));
	check_read(bytes, SYSFS_TEXT_MAX + 1, EFBIG, NULL);
	check_read(bytes, sizeof(bytes), EFBIG, NULL);
	bytes[SYSFS_TEXT_MAX] = '\n';
	check_read(bytes, SYSFS_TEXT_MAX + 1, EFBIG, NULL);
}

/* ---- Opening ---- */

static void test_open_flags(void)
{
	_cleanup_fixture_ struct fixture fixture;
	const int flags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	char text[SYSFS_TEXT_MAX + 1];

	fixture_init(&fixture, "offline\n");
	check_int(open_attribute(&fixture), 0);
	check_int(fixture.file->flags, O_RDWR | flags);
	check_int(fixture.attribute.write_error, 0);
	close_attribute(&fixture);
	check_int(sysfs_read(&fixture.sysfs, PATH, text), 0);
	check_int(fixture.file->flags, O_RDONLY | flags);
	check_int(sysfs_write(&fixture.sysfs, PATH, "online", &no_limit), 0);
	check_int(fixture.file->flags, O_WRONLY | flags);
	check_uint(fixture.file->nopens, 3);
}

static void test_read_only(void)
{
	static const int errors[] = { EACCES, EROFS, EPERM };

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		_cleanup_fixture_ struct fixture fixture;

		tap_row("%s", strerror(errors[i]));
		fixture_init(&fixture, "offline\n");
		fixture.file->open_write_error = errors[i];
		check_int(open_attribute(&fixture), 0);
		check_string(fixture.attribute.text, "offline");
		check_int(fixture.attribute.write_error, -errors[i]);
		check_int(fixture.file->flags & O_ACCMODE, O_RDONLY);
		check_int(write_attribute(&fixture, "online"), -errors[i]);
		check_uint(fixture.file->nwrites, 0);
		check_uint(fixture.file->ntruncates, 0);
		check_uint(fixture.file->nopens, 2);
		close_attribute(&fixture);
		check_text(fixture.file, "offline\n");
	}
}

static void test_neither_read_nor_write(void)
{
	static const int errors[] = { EACCES, EROFS, EPERM };

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		_cleanup_fixture_ struct fixture fixture;

		tap_row("%s", strerror(errors[i]));
		fixture_init(&fixture, "offline\n");
		fixture.file->open_error = errors[i];
		check_int(open_attribute(&fixture), -errors[i]);
		check_int(fixture.attribute.fd < 0, true);
		check_uint(fixture.file->nopens, 2);
		close_attribute(&fixture);
	}
}

/* Write permission alone is none that was taken away: the reason is why it is not read.
 */
static void test_other_error_when_read_only(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture, "offline\n");
	fixture.file->open_write_error = EACCES;
	fixture.file->read_error = EIO;
	check_int(open_attribute(&fixture), -EIO);
	close_attribute(&fixture);
}

static void test_open_errors(void)
{
	static const int errors[] = { ENOENT, ENODEV, EIO,   EBUSY, EMFILE,
				      ENXIO,  EISDIR, ELOOP, ENOMEM };

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		_cleanup_fixture_ struct fixture fixture;
		char text[SYSFS_TEXT_MAX + 1];

		tap_row("%s", strerror(errors[i]));
		fixture_init(&fixture, "offline\n");
		fixture.file->open_write_error = errors[i];
		check_int(open_attribute(&fixture), -errors[i]);
		check_uint(fixture.file->nopens, 1);
		check(fixture.attribute.fd < 0);
		close_attribute(&fixture);

		fixture.file->open_error = errors[i];
		check_int(sysfs_read(&fixture.sysfs, PATH, text), -errors[i]);
		check_uint(fixture.file->nopens, 2);
		check_int(sysfs_write(&fixture.sysfs, PATH, "online", &no_limit),
			  -errors[i]);
		check_uint(fixture.file->nopens, 3);
		check_uint(fixture.file->nwrites, 0);
	}
}

static void test_missing(void)
{
	_cleanup_fixture_ struct fixture fixture;
	char text[SYSFS_TEXT_MAX + 1];

	fixture_init(&fixture, "offline\n");
	check_int(attribute_open(&fixture.sysfs, "nowhere", &fixture.attribute), -ENOENT);
	close_attribute(&fixture);
	check_int(sysfs_read(&fixture.sysfs, PATH "/below", text), -ENOTDIR);
	check_int(sysfs_write(&fixture.sysfs, "nowhere", "1", &no_limit), -ENOENT);
}

static void test_read_errors(void)
{
	static const int errors[] = { EIO, ENODEV, EINVAL, EISDIR, ENOENT };

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		_cleanup_fixture_ struct fixture fixture;
		char text[SYSFS_TEXT_MAX + 1];

		tap_row("%s", strerror(errors[i]));
		fixture_init(&fixture, "offline\n");
		fixture.file->read_error = errors[i];
		check_int(open_attribute(&fixture), -errors[i]);
		close_attribute(&fixture);
		check_int(sysfs_read(&fixture.sysfs, PATH, text), -errors[i]);
		check_uint(fixture.file->nwrites, 0);
	}
}

static void test_close_twice(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture, "offline\n");
	check_int(open_attribute(&fixture), 0);
	close_attribute(&fixture);
	check_int(fixture.attribute.fd, -1);
	close_attribute(&fixture);
	check_string(fixture.fake.misuse, NULL);
}

/* What the attribute held of a file that could not be written is forgotten. */
static void test_open_again(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture, "offline\n");
	fixture.file->open_write_error = EACCES;
	check_int(open_attribute(&fixture), 0);
	close_attribute(&fixture);
	fixture.file->open_write_error = 0;
	fake_set(fixture.file, "online");
	check_int(open_attribute(&fixture), 0);
	check_int(fixture.attribute.write_error, 0);
	check_string(fixture.attribute.text, "online");
	check_uint(fixture.attribute.length, 6);
	check_int(write_attribute(&fixture, "offline"), 0);
	close_attribute(&fixture);
	check_text(fixture.file, "offline");
}

/* ---- Writing ---- */

static void test_write(void)
{
	static const struct {
		const char *before, *word;
		unsigned int ntruncates;
	} rows[] = {
		/* longer than the word, with its newline */
		{ "offline\n", "online", 1 },
		{ "offline", "online", 1 },
		{ "online_movable\n", "offline", 1 },
		{ "online\n", "online", 1 },
		{ "going-offline\n", "offline", 1 },
		/* as long, or shorter */
		{ "online\n", "offline", 0 },
		{ "online", "offline", 0 },
		{ "offline", "offline", 0 },
		{ "offline\n", "online_movable", 0 },
		{ "", "online", 0 },
		{ "\n", "online", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_fixture_ struct fixture fixture;

		tap_row("%s over %s", rows[i].word, rows[i].before);
		fixture_init(&fixture, rows[i].before);
		check_int(open_attribute(&fixture), 0);
		check_int(write_attribute(&fixture, rows[i].word), 0);
		close_attribute(&fixture);
		check_text(fixture.file, rows[i].word);
		check_uint(fixture.file->nwrites, 1);
		check_uint(fixture.file->ntruncates, rows[i].ntruncates);
	}
}

static void test_write_fails(void)
{
	static const int errors[] = { EBUSY, EINVAL, EAGAIN, EIO,   EACCES,
				      EROFS, EPERM,  ENODEV, ENOMEM };

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		_cleanup_fixture_ struct fixture fixture;

		tap_row("%s", strerror(errors[i]));
		fixture_init(&fixture, "offline\n");
		fixture.file->write_error = errors[i];
		check_int(open_attribute(&fixture), 0);
		check_int(write_attribute(&fixture, "online"), -errors[i]);
		check_int(sysfs_write(&fixture.sysfs, PATH, "online", &no_limit),
			  -errors[i]);
		close_attribute(&fixture);
		check_text(fixture.file, "offline\n");
		check_uint(fixture.file->nwrites, 2);
		check_uint(fixture.file->ntruncates, 0);
	}
}

static void test_short_write(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture, "offline\n");
	fixture.file->is_short = true;
	check_int(open_attribute(&fixture), 0);
	check_int(write_attribute(&fixture, "online"), -EIO);
	close_attribute(&fixture);
	check_uint(fixture.file->nwrites, 1);
	check_uint(fixture.file->ntruncates, 0);
	check_int(sysfs_write(&fixture.sysfs, PATH, "1", &no_limit), -EIO);
	check_uint(fixture.file->nwrites, 2);
}

static void test_interrupted_write(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture, "offline\n");
	fixture.file->ninterrupts = 3;
	check_int(open_attribute(&fixture), 0);
	check_int(write_attribute(&fixture, "online"), 0);
	close_attribute(&fixture);
	check_text(fixture.file, "online");
	check_uint(fixture.file->nwrites, 4);
	check_uint(fixture.file->ntruncates, 1);
	check_string(fixture.fake.log, "memory4/state=online memory4/state=online "
				       "memory4/state=online memory4/state=online ");

	fixture.file->ninterrupts = 1;
	check_int(sysfs_write(&fixture.sysfs, PATH, "ON", &no_limit), 0);
	check_text(fixture.file, "ONline");
	check_uint(fixture.file->nwrites, 6);
}

static void test_interrupted_write_fails(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture, "offline\n");
	fixture.file->ninterrupts = 2;
	fixture.file->write_error = EBUSY;
	check_int(open_attribute(&fixture), 0);
	check_int(write_attribute(&fixture, "online"), -EBUSY);
	close_attribute(&fixture);
	check_uint(fixture.file->nwrites, 3);
	check_uint(fixture.file->ntruncates, 0);
	check_text(fixture.file, "offline\n");
}

static void test_truncate_fails(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture, "offline\n");
	fixture.file->truncate_error = EIO;
	check_int(open_attribute(&fixture), 0);
	check_int(write_attribute(&fixture, "online"), -EIO);
	close_attribute(&fixture);
	check_uint(fixture.file->nwrites, 1);
	check_uint(fixture.file->ntruncates, 1);
}

static int answer(struct fake *fake, struct fake_file *file, const char *word)
{
	(void) fake;
	fake_set(file, strcmp(word, "online") ? "strange\n" : "going-offline\n");
	return 0;
}

/* Of the file that is read after a write nothing is known but what is read. */
static void test_read_after_write(void)
{
	_cleanup_fixture_ struct fixture fixture;
	char text[SYSFS_TEXT_MAX + 1];

	fixture_init(&fixture, "offline\n");
	fixture.file->write_fn = answer;
	check_int(open_attribute(&fixture), 0);
	check_int(write_attribute(&fixture, "online"), 0);
	check_int(sysfs_read(&fixture.sysfs, PATH, text), 0);
	check_string(text, "going-offline");
	close_attribute(&fixture);
	check_int(open_attribute(&fixture), 0);
	check_string(fixture.attribute.text, "going-offline");
	close_attribute(&fixture);
}

static void test_blind_write(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture, "0\n");
	check_int(sysfs_write(&fixture.sysfs, PATH, "1", &no_limit), 0);
	check_text(fixture.file, "1\n");
	check_uint(fixture.file->nopens, 1);
	check_uint(fixture.file->nreads, 0);
	check_uint(fixture.file->nwrites, 1);
	check_uint(fixture.file->ntruncates, 0);

	fixture.file->open_write_error = EACCES;
	check_int(sysfs_write(&fixture.sysfs, PATH, "0", &no_limit), -EACCES);
	check_uint(fixture.file->nopens, 2);
}

static void test_removed_while_open(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture, "offline\n");
	check_int(open_attribute(&fixture), 0);
	fake_remove(&fixture.fake, "sys/devices/system/memory/memory4");
	check_int(write_attribute(&fixture, "online"), -ENODEV);
	close_attribute(&fixture);
	check_int(open_attribute(&fixture), -ENOENT);
	close_attribute(&fixture);
}

/* ---- Directories ---- */

/* The names that were given, each with a space behind it; ends at STOP with RESULT. */
struct names {
	char text[256];
	const char *stop;
	int result;
};

static int add_name(const char *name, void *data)
{
	struct names *names = data;
	size_t length = strlen(names->text);

	snprintf(names->text + length, sizeof(names->text) - length, "%s ", name);
	return names->stop && !strcmp(names->stop, name) ? names->result : 0;
}

static void test_list(void)
{
	_cleanup_fixture_ struct fixture fixture;
	struct names names = { .stop = NULL };

	fixture_init(&fixture, "offline\n");
	fake_add(&fixture.fake, "sys/devices/system/memory/block_size_bytes",
		 "8000000\n");
	fake_add_directory(&fixture.fake, "sys/devices/system/memory/power");
	fake_add_directory(&fixture.fake, "sys/devices/system/memory/memory3");
	check_int(
		sysfs_list(&fixture.sysfs, "sys/devices/system/memory", add_name, &names),
		0);
	check_string(names.text, ". .. memory4 power memory3 ");
}

static void test_list_ends(void)
{
	static const int results[] = { 1, 17, -EIO, -ENOMEM };

	for (size_t i = 0; i < ARRAY_SIZE(results); i++) {
		_cleanup_fixture_ struct fixture fixture;
		struct names names = { .stop = "memory4", .result = results[i] };

		tap_row("%d", results[i]);
		fixture_init(&fixture, "offline\n");
		fake_add_directory(&fixture.fake, "sys/devices/system/memory/memory3");
		check_int(sysfs_list(&fixture.sysfs, "sys/devices/system/memory",
				     add_name, &names),
			  results[i]);
		check_string(names.text, ". .. memory4 ");
	}
}

static void test_list_fails(void)
{
	_cleanup_fixture_ struct fixture fixture;
	struct names names = { .stop = NULL };

	fixture_init(&fixture, "offline\n");
	check_int(sysfs_list(&fixture.sysfs, "nowhere", add_name, &names), -ENOENT);
	check_int(sysfs_list(&fixture.sysfs, PATH, add_name, &names), -ENOTDIR);
	check_string(names.text, "");
}

static void test_is_directory(void)
{
	_cleanup_fixture_ struct fixture fixture;
	struct fake_file *closed;

	fixture_init(&fixture, "offline\n");
	fake_add_directory(&fixture.fake, "empty");
	closed = fake_add_directory(&fixture.fake, "closed");
	closed->open_error = EACCES;
	check(sysfs_is_directory(&fixture.sysfs, "sys/devices/system/memory/memory4"));
	check(sysfs_is_directory(&fixture.sysfs, "empty"));
	check(!sysfs_is_directory(&fixture.sysfs, PATH));
	check(!sysfs_is_directory(&fixture.sysfs, PATH "/below"));
	check(!sysfs_is_directory(&fixture.sysfs, "nowhere"));
	check(!sysfs_is_directory(&fixture.sysfs, "closed"));
}

/* ---- The table itself ---- */

static void test_end(void)
{
	_cleanup_fixture_ struct fixture fixture;
	struct sysfs zero = { .io = NULL };

	fixture_init(&fixture, "offline\n");
	sysfs_close(&fixture.sysfs);
	check_uint(fixture.fake.nfrees, 1);
	sysfs_close(&fixture.sysfs);
	check_uint(fixture.fake.nfrees, 1);
	sysfs_close(&zero);
}

static const struct tap_test tests[] = {
	{ "One newline at the end is no part of the text", test_newline },
	{ "What is not printable ASCII is no text", test_no_text },
	{ "A text may be as long as a page", test_longest_text },
	{ "What is longer than a page is too long", test_too_long_text },
	{ "Files are opened so that nothing waits and nothing is inherited",
	  test_open_flags },
	{ "What cannot be written is opened for reading, and the write alone fails",
	  test_read_only },
	{ "What can be neither written nor read is not opened",
	  test_neither_read_nor_write },
	{ "What cannot be written may fail to be read", test_other_error_when_read_only },
	{ "No other error is tried again for reading", test_open_errors },
	{ "What is missing is told apart from what is below a file", test_missing },
	{ "A read that fails is told of, and the file is closed", test_read_errors },
	{ "An attribute may be closed twice", test_close_twice },
	{ "An attribute may be opened again", test_open_again },
	{ "D24: A word is written at once, and what was longer is cut off after it",
	  test_write },
	{ "D24: A write that fails leaves the file as it was", test_write_fails },
	{ "A short write is an error, and is not gone on with", test_short_write },
	{ "A write that was interrupted is made again", test_interrupted_write },
	{ "A write that was interrupted may fail the next time",
	  test_interrupted_write_fails },
	{ "A cut that fails is told of", test_truncate_fails },
	{ "What a file answers to a write is read, not assumed", test_read_after_write },
	{ "A write without a look at the file reads and cuts nothing", test_blind_write },
	{ "A file that is removed while it is open fails", test_removed_while_open },
	{ "Each directory is listed once", test_list },
	{ "A list ends when it is told so, with what it was told", test_list_ends },
	{ "What is no directory is not listed", test_list_fails },
	{ "What cannot be opened is no directory", test_is_directory },
	{ "The table is freed once", test_end },
};

TAP_MAIN(tests)
