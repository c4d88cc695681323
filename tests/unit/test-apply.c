/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Enable and disable on a machine without a firmware directory: which blocks, in which
 * order, what is written to them, and what is made of what the kernel and others do at
 * the same time. Above all what plain files cannot play.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "tap.h"
#include "util.h"

static struct memblk_request with_zone(struct memblk_request request,
				       enum memblk_zone zone)
{
	request.zone = zone;
	return request;
}

/* Blocks 0 to 7, added in disorder: 0, 1 and 4 online, the others offline. */
static void add_blocks(struct machine *machine)
{
	static const uint64_t order[] = { 5, 2, 0, 7, 1, 6, 3, 4 };

	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		bool online = order[i] < 2 || order[i] == 4;

		machine_add(machine, order[i], online ? "online" : "offline",
			    online ? "Normal" : "Normal Movable");
	}
}

/* ---- Which blocks, in which order ---- */

static void test_enable_by_size(void)
{
	_cleanup_machine_ struct machine machine;

	machine_init(&machine);
	add_blocks(&machine);
	machine_run(&machine, request_by_size(MEMBLK_COMMAND_ENABLE, 3));
	check_results(&machine, SWITCHED(2), SWITCHED(3), SWITCHED(5));
	check_writes(&machine,
		     "memory2/state=online_movable memory3/state=online_movable "
		     "memory5/state=online_movable ");
	check_text(machine_file(&machine, 5, "state"), "online\n");
	check_text(machine_file(&machine, 6, "state"), "offline\n");
	check_uint(machine_file(&machine, 6, "state")->nopens, 0);
}

static void test_enable_too_much(void)
{
	_cleanup_machine_ struct machine machine;

	machine_init(&machine);
	add_blocks(&machine);
	machine_run(&machine, request_by_size(MEMBLK_COMMAND_ENABLE, 6));
	check_results(&machine, SWITCHED(2), SWITCHED(3), SWITCHED(5), SWITCHED(6),
		      SWITCHED(7));
}

static void test_disable_by_size(void)
{
	_cleanup_machine_ struct machine machine;

	machine_init(&machine);
	add_blocks(&machine);
	machine_run(&machine, request_by_size(MEMBLK_COMMAND_DISABLE, 2));
	check_results(&machine, SWITCHED(4), SWITCHED(1));
	check_writes(&machine, "memory4/state=offline memory1/state=offline ");
	check_text(machine_file(&machine, 0, "state"), "online\n");
	check_uint(machine_file(&machine, 0, "state")->nopens, 0);
}

static void test_size_of_zero(void)
{
	for (enum memblk_command command = MEMBLK_COMMAND_ENABLE;
	     command <= MEMBLK_COMMAND_DISABLE; command++) {
		_cleanup_machine_ struct machine machine;

		machine_init(&machine);
		add_blocks(&machine);
		machine_run(&machine, request_by_size(command, 0));
		check_no_results(&machine);
		check_writes(&machine, "");
		for (uint64_t i = 0; i < 8; i++)
			check_uint(machine_file(&machine, i, "state")->nopens, 0);
	}
}

static void test_by_range(void)
{
	_cleanup_machine_ struct machine machine;

	machine_init(&machine);
	add_blocks(&machine);
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 1, 5));
	check_results(&machine, ALREADY(1), SWITCHED(2), SWITCHED(3), ALREADY(4),
		      SWITCHED(5));
	check_writes(&machine,
		     "memory2/state=online_movable memory3/state=online_movable "
		     "memory5/state=online_movable ");
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_DISABLE, 4, 7));
	check_results(&machine, SWITCHED(4), SWITCHED(5), ALREADY(6), ALREADY(7));
	check_writes(&machine, "memory4/state=offline memory5/state=offline ");
}

static void test_nothing_to_do(void)
{
	_cleanup_machine_ struct machine machine;

	machine_init(&machine);
	machine_add(&machine, 0, "online", "Normal");
	machine_add(&machine, 1, "offline", "Normal Movable");
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 0, 0));
	check_results(&machine, ALREADY(0));
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_DISABLE, 1, 1));
	check_results(&machine, ALREADY(1));
	machine_run(&machine, with_zone(request_by_range(MEMBLK_COMMAND_DISABLE, 1, 1),
					MEMBLK_ZONE_DMA));
	check_results(&machine, ALREADY(1));
	fake_remove(&machine.fake, "sys/devices/system/memory/memory1");
	machine_run(&machine, request_by_size(MEMBLK_COMMAND_ENABLE, 1));
	check_no_results(&machine);
	check_writes(&machine, "");
	check_uint(machine_file(&machine, 0, "state")->nwrites, 0);
	check_uint(machine_file(&machine, 0, "valid_zones")->nopens, 0);
}

static void test_whole_words_of_state(void)
{
	static const struct {
		const char *text;
		enum memblk_state state;
	} rows[] = {
		{ "online", MEMBLK_STATE_ONLINE },
		{ "online_movable", MEMBLK_STATE_ONLINE },
		{ "online_kernel", MEMBLK_STATE_ONLINE },
		{ "offline", MEMBLK_STATE_OFFLINE },
		{ "going-offline", MEMBLK_STATE_GOING_OFFLINE },
		{ "", MEMBLK_STATE_UNKNOWN },
		{ "onlin", MEMBLK_STATE_UNKNOWN },
		{ "online1", MEMBLK_STATE_UNKNOWN },
		{ "online ", MEMBLK_STATE_UNKNOWN },
		{ "online_", MEMBLK_STATE_UNKNOWN },
		{ "online_movables", MEMBLK_STATE_UNKNOWN },
		{ "offlin", MEMBLK_STATE_UNKNOWN },
		{ "offlineffline", MEMBLK_STATE_UNKNOWN },
		{ "Online", MEMBLK_STATE_UNKNOWN },
		{ "OFFLINE", MEMBLK_STATE_UNKNOWN },
		{ "going-online", MEMBLK_STATE_UNKNOWN },
		{ "ERROR-UNKNOWN-5", MEMBLK_STATE_UNKNOWN },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		tap_row("%s", rows[i].text);
		check_uint(state_from_string(rows[i].text), rows[i].state);
	}
}

/* What is neither online nor offline is a candidate of both. */
static void test_unknown_state(void)
{
	static const char *const texts[] = { "", "onlines", "offlin", "foo" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_machine_ struct machine machine;
		struct fake_file *state;

		tap_row("%s", texts[i]);
		machine_init(&machine);
		machine_add(&machine, 3, texts[i], "Normal");
		state = machine_file(&machine, 3, "state");
		state->write_fn = NULL;
		machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 3, 3));
		check_results(&machine, SWITCHED(3));
		check_text(state, "online");
		fake_set(state, texts[i]);
		machine_run(&machine, request_by_size(MEMBLK_COMMAND_ENABLE, 1));
		check_results(&machine, SWITCHED(3));
		fake_set(state, texts[i]);
		machine_run(&machine, request_by_range(MEMBLK_COMMAND_DISABLE, 3, 3));
		check_results(&machine, SWITCHED(3));
		check_text(state, "offline");
		fake_set(state, texts[i]);
		machine_run(&machine, request_by_size(MEMBLK_COMMAND_DISABLE, 1));
		check_results(&machine, SWITCHED(3));
	}
}

static void test_plain_files(void)
{
	_cleanup_machine_ struct machine machine;
	struct fake_file *state;

	machine_init(&machine);
	machine_add(&machine, 3, "offline", "Normal");
	machine_file(&machine, 3, "state")->write_fn = NULL;
	state = machine_file(&machine, 3, "state");
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 3, 3));
	check_text(state, "online");
	fake_set(machine_file(&machine, 3, "valid_zones"), "Normal Movable\n");
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_DISABLE, 3, 3));
	check_text(state, "offline");
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 3, 3));
	check_text(state, "online_movable");
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 3, 3));
	check_results(&machine, ALREADY(3));
}

/* ---- Failures ---- */

static void test_failure_is_passed_over(void)
{
	static const int errors[] = { EBUSY, EINVAL, EAGAIN, EIO, EPERM, ENOMEM, ENODEV };

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		_cleanup_machine_ struct machine machine;

		tap_row("%s", strerror(errors[i]));
		machine_init(&machine);
		add_blocks(&machine);
		machine_file(&machine, 3, "state")->write_error = errors[i];
		machine_file(&machine, 4, "state")->write_error = errors[i];
		machine_run(&machine, request_by_size(MEMBLK_COMMAND_ENABLE, 2));
		check_results(&machine, SWITCHED(2), FAILED_ERRNO(3, ENABLE, errors[i]),
			      SWITCHED(5));
		machine_run(&machine, request_by_size(MEMBLK_COMMAND_DISABLE, 2));
		check_results(&machine, SWITCHED(5), FAILED_ERRNO(4, DISABLE, errors[i]),
			      SWITCHED(2));
	}
}

static void test_failure_by_range(void)
{
	_cleanup_machine_ struct machine machine;

	machine_init(&machine);
	add_blocks(&machine);
	machine_file(&machine, 2, "state")->write_error = EBUSY;
	machine_file(&machine, 1, "state")->write_error = EBUSY;
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 2, 3));
	check_results(&machine, FAILED_ERRNO(2, ENABLE, EBUSY), SWITCHED(3));
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_DISABLE, 0, 1));
	check_results(&machine, SWITCHED(0), FAILED_ERRNO(1, DISABLE, EBUSY));
}

static void test_no_permission_to_open(void)
{
	static const int errors[] = { EACCES, EROFS };

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		_cleanup_machine_ struct machine machine;

		tap_row("%s", strerror(errors[i]));
		machine_init(&machine);
		add_blocks(&machine);
		for (uint64_t block = 0; block < 8; block++)
			machine_file(&machine, block, "state")
				->open_write_error = errors[i];
		machine_run(&machine, request_by_size(MEMBLK_COMMAND_ENABLE, 3));
		check_results(&machine, FAILED_ERRNO(2, ENABLE, errors[i]));
		check_uint(machine_file(&machine, 3, "state")->nopens, 0);
		machine_run(&machine, request_by_size(MEMBLK_COMMAND_DISABLE, 3));
		check_results(&machine, FAILED_ERRNO(4, DISABLE, errors[i]));
		check_uint(machine_file(&machine, 3, "state")->nopens, 0);
		check_writes(&machine, "");
	}
}

static void test_no_permission_to_write(void)
{
	static const int errors[] = { EACCES, EROFS };

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		_cleanup_machine_ struct machine machine;

		tap_row("%s", strerror(errors[i]));
		machine_init(&machine);
		add_blocks(&machine);
		machine_file(&machine, 3, "state")->write_error = errors[i];
		machine_run(&machine, request_by_size(MEMBLK_COMMAND_ENABLE, 4));
		check_results(&machine, SWITCHED(2), FAILED_ERRNO(3, ENABLE, errors[i]));
		check_uint(machine_file(&machine, 5, "state")->nopens, 0);
	}
}

static void test_no_permission_by_range(void)
{
	static const int errors[] = { EACCES, EROFS };

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		_cleanup_machine_ struct machine machine;

		tap_row("%s", strerror(errors[i]));
		machine_init(&machine);
		add_blocks(&machine);
		for (uint64_t block = 1; block < 4; block++)
			machine_file(&machine, block, "state")
				->open_write_error = errors[i];
		machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 1, 3));
		/* who has nothing to write needs no permission */
		check_results(&machine, ALREADY(1), FAILED_ERRNO(2, ENABLE, errors[i]),
			      FAILED_ERRNO(3, ENABLE, errors[i]));
		check_writes(&machine, "");
	}
}

/* EPERM is one block's notifier, or an immutable file; the next may go. */
static void test_veto(void)
{
	_cleanup_machine_ struct machine machine;

	machine_init(&machine);
	add_blocks(&machine);
	machine_file(&machine, 2, "state")->open_write_error = EPERM;
	machine_file(&machine, 3, "state")->write_error = EPERM;
	machine_run(&machine, request_by_size(MEMBLK_COMMAND_ENABLE, 1));
	check_results(&machine, FAILED_ERRNO(2, ENABLE, EPERM),
		      FAILED_ERRNO(3, ENABLE, EPERM), SWITCHED(5));
}

static void test_interrupted(void)
{
	_cleanup_machine_ struct machine machine;

	machine_init(&machine);
	add_blocks(&machine);
	machine_file(&machine, 2, "state")->ninterrupts = 2;
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 2, 2));
	check_results(&machine, SWITCHED(2));
	check_uint(machine_file(&machine, 2, "state")->nwrites, 3);
}

static void test_short_write(void)
{
	_cleanup_machine_ struct machine machine;

	machine_init(&machine);
	machine_add(&machine, 2, "offline", NULL);
	machine_file(&machine, 2, "state")->write_fn = NULL;
	machine_file(&machine, 2, "state")->is_short = true;
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 2, 2));
	check_results(&machine, FAILED_ERRNO(2, ENABLE, EIO));
}

static void test_unreadable_state(void)
{
	static const int errors[] = { EIO, ENODEV, EACCES, EINVAL };

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		_cleanup_machine_ struct machine machine;

		tap_row("%s", strerror(errors[i]));
		machine_init(&machine);
		machine_add(&machine, 2, "offline", "Normal");
		machine_file(&machine, 2, "state")->read_error = errors[i];
		machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 2, 2));
		check_results(&machine, FAILED_ERRNO(2, ENABLE, errors[i]));
		machine_run(&machine, request_by_range(MEMBLK_COMMAND_DISABLE, 2, 2));
		check_results(&machine, FAILED_ERRNO(2, DISABLE, errors[i]));
		machine_run(&machine, request_by_size(MEMBLK_COMMAND_ENABLE, 1));
		check_results(&machine, FAILED_ERRNO(2, ENABLE, errors[i]));
		machine_run(&machine, request_by_size(MEMBLK_COMMAND_DISABLE, 1));
		check_results(&machine, FAILED_ERRNO(2, DISABLE, errors[i]));

		machine_file(&machine, 2, "state")->read_error = 0;
		machine_file(&machine, 2, "state")->open_error = errors[i];
		machine_run(&machine, request_by_range(MEMBLK_COMMAND_DISABLE, 2, 2));
		check_results(&machine, FAILED_ERRNO(2, DISABLE, errors[i]));
		check_uint(machine_file(&machine, 2, "state")->nwrites, 0);
	}
}

static void test_state_is_no_text(void)
{
	_cleanup_machine_ struct machine machine;

	machine_init(&machine);
	machine_add(&machine, 2, "off\001line", "Normal");
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_DISABLE, 2, 2));
	check_results(&machine, FAILED_ERRNO(2, DISABLE, EBADMSG));
	check_writes(&machine, "");
}

/* ---- Blocks that are not there ---- */

static void test_missing_by_range(void)
{
	for (enum memblk_command command = MEMBLK_COMMAND_ENABLE;
	     command <= MEMBLK_COMMAND_DISABLE; command++) {
		_cleanup_machine_ struct machine machine;

		machine_init(&machine);
		machine_add(&machine, 2, "offline", "Normal");
		machine_add(&machine, 4, "online", "Normal");
		machine_run(&machine, request_by_range(command, 1, 5));
		if (command == MEMBLK_COMMAND_ENABLE)
			check_results(&machine, MISSING(1), SWITCHED(2), MISSING(3),
				      ALREADY(4), MISSING(5));
		else
			check_results(&machine, MISSING(1), ALREADY(2), MISSING(3),
				      SWITCHED(4), MISSING(5));
	}
}

static void test_last_block_there_can_be(void)
{
	_cleanup_machine_ struct machine machine;

	machine_init(&machine);
	machine_add(&machine, UINT64_MAX, "offline", "Normal");
	machine_run(&machine,
		    request_by_range(MEMBLK_COMMAND_ENABLE, UINT64_MAX - 1, UINT64_MAX));
	check_results(&machine, MISSING(UINT64_MAX - 1), SWITCHED(UINT64_MAX));
}

static void test_block_that_is_a_file(void)
{
	_cleanup_machine_ struct machine machine;

	machine_init(&machine);
	fake_add(&machine.fake, "sys/devices/system/memory/memory3", "");
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 3, 3));
	check_results(&machine, MISSING(3));
}

/* The directory is there, so that the block did not go: something is wrong with it. */
static void test_block_without_state(void)
{
	_cleanup_machine_ struct machine machine;

	machine_init(&machine);
	fake_add_directory(&machine.fake, "sys/devices/system/memory/memory3");
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 3, 3));
	check_results(&machine, FAILED_ERRNO(3, ENABLE, ENOENT));
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_DISABLE, 3, 3));
	check_results(&machine, FAILED_ERRNO(3, DISABLE, ENOENT));
	machine_run(&machine, request_by_size(MEMBLK_COMMAND_DISABLE, 1));
	check_results(&machine, FAILED_ERRNO(3, DISABLE, ENOENT));
}

static void test_removed_after_scan(void)
{
	for (enum memblk_command command = MEMBLK_COMMAND_ENABLE;
	     command <= MEMBLK_COMMAND_DISABLE; command++) {
		_cleanup_machine_ struct machine machine;
		const char *state = command == MEMBLK_COMMAND_ENABLE ? "offline"
								     : "online";

		tap_row("%s", state);
		machine_init(&machine);
		for (uint64_t i = 1; i <= 3; i++)
			machine_add(&machine, i, state, "Movable");
		if (!machine_plan(&machine, request_by_size(command, 2)))
			return;
		machine_remove(&machine, 2);
		machine_apply(&machine);
		/* by size it is as if it had never been */
		if (command == MEMBLK_COMMAND_ENABLE)
			check_results(&machine, SWITCHED(1), SWITCHED(3));
		else
			check_results(&machine, SWITCHED(3), SWITCHED(1));
	}
}

static int remove_me(struct fake *fake, struct fake_file *file, const char *word)
{
	(void) word;
	machine_remove(fake->data, file->tag);
	return -ENODEV;
}

static void test_removed_under_the_write(void)
{
	_cleanup_machine_ struct machine machine;

	machine_init(&machine);
	add_blocks(&machine);
	machine_file(&machine, 2, "state")->write_fn = remove_me;
	machine_file(&machine, 5, "state")->write_fn = remove_me;
	machine_run(&machine, request_by_size(MEMBLK_COMMAND_ENABLE, 2));
	check_results(&machine, FAILED_ERRNO(2, ENABLE, ENODEV), SWITCHED(3),
		      FAILED_ERRNO(5, ENABLE, ENODEV), SWITCHED(6));

	machine_file(&machine, 4, "state")->write_fn = remove_me;
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_DISABLE, 4, 4));
	check_results(&machine, FAILED_ERRNO(4, DISABLE, ENODEV));
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_DISABLE, 4, 4));
	check_results(&machine, MISSING(4));
}

/* ---- Somebody else ---- */

/* The block comes online, in the zone that is in the machine's auto_online. */
static int online_first(struct fake *fake, struct fake_file *file, const char *word)
{
	struct machine *machine = fake->data;
	struct fake_file *zones = machine_file(machine, file->tag, "valid_zones");

	(void) word;
	fake_set(file, "online\n");
	if (zones)
		fake_set(zones, machine->auto_online);
	return file->tag % 2 ? -EINVAL : -EBUSY;
}

static int offline_first(struct fake *fake, struct fake_file *file, const char *word)
{
	(void) fake, (void) word;
	fake_set(file, "offline\n");
	return file->tag % 2 ? -EINVAL : -EBUSY;
}

static void test_lost_race_by_range(void)
{
	_cleanup_machine_ struct machine machine;

	machine_init(&machine);
	add_blocks(&machine);
	machine.auto_online = "Movable\n";
	machine_file(&machine, 2, "state")->write_fn = online_first;
	machine_file(&machine, 3, "state")->write_fn = online_first;
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 2, 3));
	check_results(&machine, ALREADY(2), ALREADY(3));
	machine_file(&machine, 0, "state")->write_fn = offline_first;
	machine_file(&machine, 1, "state")->write_fn = offline_first;
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_DISABLE, 0, 1));
	check_results(&machine, ALREADY(0), ALREADY(1));
}

static void test_lost_race_by_size(void)
{
	_cleanup_machine_ struct machine machine;

	machine_init(&machine);
	add_blocks(&machine);
	machine.auto_online = "Movable\n";
	machine_file(&machine, 2, "state")->write_fn = online_first;
	machine_file(&machine, 3, "state")->write_fn = online_first;
	machine_run(&machine, request_by_size(MEMBLK_COMMAND_ENABLE, 2));
	check_results(&machine, SWITCHED(5), SWITCHED(6));
	machine_file(&machine, 4, "state")->write_fn = offline_first;
	machine_file(&machine, 6, "state")->write_fn = offline_first;
	machine_run(&machine, request_by_size(MEMBLK_COMMAND_DISABLE, 1));
	check_results(&machine, SWITCHED(5));
}

/* The kernel says no for good, and shows the state of before. */
static void test_refusal_is_believed(void)
{
	_cleanup_machine_ struct machine machine;

	machine_init(&machine);
	machine_add(&machine, 2, "online", "none");
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_DISABLE, 2, 2));
	check_results(&machine, FAILED_ERRNO(2, DISABLE, EINVAL));
	check_writes(&machine, "memory2/state=offline ");
	check_uint(machine_file(&machine, 2, "state")->nopens, 2);
}

/* Somebody undid it: the opposite of what was wanted is not what was wanted. */
static int go_the_other_way(struct fake *fake, struct fake_file *file, const char *word)
{
	(void) fake;
	fake_set(file, strcmp(word, "offline") ? "going-offline\n" : "foo\n");
	return -EBUSY;
}

static void test_other_state_after_failure(void)
{
	_cleanup_machine_ struct machine machine;

	machine_init(&machine);
	add_blocks(&machine);
	machine_file(&machine, 1, "state")->write_fn = go_the_other_way;
	machine_file(&machine, 2, "state")->write_fn = go_the_other_way;
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_DISABLE, 1, 1));
	check_results(&machine, FAILED_ERRNO(1, DISABLE, EBUSY));
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 2, 2));
	check_results(&machine, FAILED_ERRNO(2, ENABLE, EBUSY));
}

static int become_unreadable(struct fake *fake, struct fake_file *file, const char *word)
{
	(void) fake, (void) word;
	fake_set(file, "online\n");
	file->read_error = EIO;
	return -EBUSY;
}

static void test_state_unreadable_after_failure(void)
{
	_cleanup_machine_ struct machine machine;

	machine_init(&machine);
	add_blocks(&machine);
	machine_file(&machine, 2, "state")->write_fn = become_unreadable;
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 2, 2));
	check_results(&machine, FAILED_ERRNO(2, ENABLE, EBUSY));
}

/* A read-only file keeps the write away, not the look at what became of the block. */
static void test_success_is_not_read_back(void)
{
	_cleanup_machine_ struct machine machine;

	machine_init(&machine);
	add_blocks(&machine);
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 2, 2));
	check_uint(machine_file(&machine, 2, "state")->nopens, 1);
	check_uint(machine_file(&machine, 2, "state")->nreads, 1);
	check_uint(machine_file(&machine, 2, "valid_zones")->nopens, 1);
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_DISABLE, 4, 4));
	check_uint(machine_file(&machine, 4, "state")->nopens, 1);
	check_uint(machine_file(&machine, 4, "state")->nreads, 1);
	check_uint(machine_file(&machine, 4, "valid_zones")->nopens, 0);
}

/* ---- Zones ---- */

static void test_word_by_zones(void)
{
	static const struct {
		enum memblk_zone zone;
		const char *zones, *writes;
	} rows[] = {
		{ MEMBLK_ZONE_NONE, "Normal Movable", "memory2/state=online_movable " },
		{ MEMBLK_ZONE_NONE, "Movable", "memory2/state=online_movable " },
		{ MEMBLK_ZONE_NONE, "Normal", "memory2/state=online " },
		{ MEMBLK_ZONE_NONE, NULL, "memory2/state=online " },
		{ MEMBLK_ZONE_MOVABLE, "Normal Movable",
		  "memory2/state=online_movable " },
		{ MEMBLK_ZONE_NORMAL, "Normal Movable", "memory2/state=online_kernel " },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_machine_ struct machine machine;

		tap_row("%s", rows[i].writes);
		machine_init(&machine);
		machine_add(&machine, 2, "offline", rows[i].zones);
		machine_run(&machine,
			    with_zone(request_by_range(MEMBLK_COMMAND_ENABLE, 2, 2),
				      rows[i].zone));
		check_results(&machine, SWITCHED(2));
		check_writes(&machine, rows[i].writes);
	}
}

static void test_misfit(void)
{
	_cleanup_machine_ struct machine machine;

	machine_init(&machine);
	machine_add(&machine, 2, "offline", "DMA32");
	machine_add(&machine, 3, "offline", "DMA32 Movable");
	machine_add(&machine, 4, "offline", "DMA Movable");
	machine_run(&machine, with_zone(request_by_size(MEMBLK_COMMAND_ENABLE, 1),
					MEMBLK_ZONE_MOVABLE));
	check_results(&machine, FAILED(2, ENABLE, ZONE_MISMATCH), SWITCHED(3));
	machine_run(&machine, with_zone(request_by_range(MEMBLK_COMMAND_ENABLE, 2, 2),
					MEMBLK_ZONE_DMA));
	check_results(&machine, FAILED(2, ENABLE, ZONE_MISMATCH));
	check_writes(&machine, "");
	machine_run(&machine, with_zone(request_by_size(MEMBLK_COMMAND_DISABLE, 1),
					MEMBLK_ZONE_NORMAL));
	check_results(&machine, FAILED(3, DISABLE, ZONE_MISMATCH));
	machine_run(&machine, with_zone(request_by_range(MEMBLK_COMMAND_DISABLE, 3, 4),
					MEMBLK_ZONE_NORMAL));
	check_results(&machine, FAILED(3, DISABLE, ZONE_MISMATCH), ALREADY(4));
	check_writes(&machine, "");
	machine_run(&machine, with_zone(request_by_size(MEMBLK_COMMAND_DISABLE, 1),
					MEMBLK_ZONE_MOVABLE));
	check_results(&machine, SWITCHED(3));
}

static void test_unknown_zone(void)
{
	for (enum memblk_command command = MEMBLK_COMMAND_ENABLE;
	     command <= MEMBLK_COMMAND_DISABLE; command++) {
		const char *state = command == MEMBLK_COMMAND_ENABLE ? "offline"
								     : "online";
		_cleanup_machine_ struct machine machine;
		struct memblk_request request = request_by_range(command, 2, 5);
		struct memblk_result expected[] = {
			FAILED_ERRNO(2, ENABLE, EIO),
			FAILED_ERRNO(3, ENABLE, ENOENT),
			FAILED_ERRNO(4, ENABLE, EBADMSG),
			SWITCHED(5),
		};

		tap_row("%s", state);
		machine_init(&machine);
		machine_add(&machine, 2, state, "Movable");
		machine_file(&machine, 2, "valid_zones")->read_error = EIO;
		machine_add(&machine, 3, state, NULL);
		machine_add(&machine, 4, state, "Movable\001");
		machine_add(&machine, 5, state, "Movable");
		for (size_t i = 0; i < 3; i++) {
			expected[i].reason = MEMBLK_REASON_ZONE_UNKNOWN;
			expected[i].step = command == MEMBLK_COMMAND_ENABLE
						   ? MEMBLK_STEP_ENABLE
						   : MEMBLK_STEP_DISABLE;
		}
		machine_run(&machine, with_zone(request, MEMBLK_ZONE_MOVABLE));
		check_results(&machine, expected[0], expected[1], expected[2],
			      expected[3]);
		check_uint(machine_file(&machine, 2, "state")->nwrites, 0);
		check_uint(machine_file(&machine, 4, "state")->nwrites, 0);

		/* without -z it does not matter */
		request.selection.ranges.range->last = 2;
		machine_run(&machine, request);
		check_results(&machine, SWITCHED(2));
		check_writes(&machine, command == MEMBLK_COMMAND_ENABLE
					       ? "memory2/state=online "
					       : "memory2/state=offline ");
	}
}

static void test_online_elsewhere(void)
{
	_cleanup_machine_ struct machine machine;
	struct memblk_request request = with_zone(
		request_by_range(MEMBLK_COMMAND_ENABLE, 2, 6), MEMBLK_ZONE_MOVABLE);

	machine_init(&machine);
	machine_add(&machine, 2, "online", "Normal");
	machine_add(&machine, 3, "online", "Movable");
	machine_add(&machine, 4, "online", "none");
	machine_add(&machine, 5, "online", "Normal DMA32");
	machine_add(&machine, 6, "online", NULL);
	machine_run(&machine, request);
	check_results(&machine,
		      { FAILED_FOR(2, ENABLE, ZONE_OTHER), .zone = MEMBLK_ZONE_NORMAL },
		      ALREADY(3), ALREADY(4), ALREADY(5), ALREADY(6));
	check_writes(&machine, "");
	request.zone = MEMBLK_ZONE_NONE;
	machine_run(&machine, request);
	check_results(&machine, ALREADY(2), ALREADY(3), ALREADY(4), ALREADY(5),
		      ALREADY(6));
}

/* By size, what is online is no candidate, whatever its zone. */
static void test_online_elsewhere_by_size(void)
{
	_cleanup_machine_ struct machine machine;

	machine_init(&machine);
	add_blocks(&machine);
	machine_run(&machine, with_zone(request_by_size(MEMBLK_COMMAND_ENABLE, 1),
					MEMBLK_ZONE_MOVABLE));
	check_results(&machine, SWITCHED(2));
	check_uint(machine_file(&machine, 0, "valid_zones")->nopens, 0);
}

static void test_lost_race_elsewhere(void)
{
	_cleanup_machine_ struct machine machine;
	struct memblk_request request = with_zone(
		request_by_range(MEMBLK_COMMAND_ENABLE, 2, 2), MEMBLK_ZONE_MOVABLE);

	machine_init(&machine);
	machine_add(&machine, 2, "offline", "Normal Movable");
	machine_file(&machine, 2, "state")->write_fn = online_first;
	machine.auto_online = "Normal\n";
	machine_run(&machine, request);
	check_results(&machine,
		      { FAILED_FOR(2, ENABLE, ZONE_OTHER), .zone = MEMBLK_ZONE_NORMAL });

	fake_set(machine_file(&machine, 2, "state"), "offline\n");
	fake_set(machine_file(&machine, 2, "valid_zones"), "Normal Movable\n");
	machine.auto_online = "Movable\n";
	machine_run(&machine, request);
	check_results(&machine, ALREADY(2));
}

/* The kernel takes the word, and the block comes online in the machine's auto_online. */
static int online_elsewhere(struct fake *fake, struct fake_file *file, const char *word)
{
	return online_first(fake, file, word) < 0 ? 0 : -EIO;
}

static void test_zone_missed(void)
{
	_cleanup_machine_ struct machine machine;

	machine_init(&machine);
	add_blocks(&machine);
	machine.auto_online = "DMA32\n";
	machine_file(&machine, 2, "state")->write_fn = online_elsewhere;
	machine_run(&machine, with_zone(request_by_range(MEMBLK_COMMAND_ENABLE, 2, 3),
					MEMBLK_ZONE_NORMAL));
	check_results(&machine,
		      { FAILED_FOR(2, ENABLE, ZONE_MISSED), .zone = MEMBLK_ZONE_DMA32,
			.switched = true },
		      SWITCHED(3));
	check_writes(&machine,
		     "memory2/state=online_kernel memory3/state=online_kernel ");
}

static void test_zone_missed_by_size(void)
{
	_cleanup_machine_ struct machine machine;

	machine_init(&machine);
	add_blocks(&machine);
	machine.auto_online = "Normal\n";
	machine_file(&machine, 2, "state")->write_fn = online_elsewhere;
	machine_file(&machine, 5, "state")->write_fn = online_elsewhere;
	machine_run(&machine, with_zone(request_by_size(MEMBLK_COMMAND_ENABLE, 3),
					MEMBLK_ZONE_MOVABLE));
	check_results(&machine,
		      { FAILED_FOR(2, ENABLE, ZONE_MISSED), .zone = MEMBLK_ZONE_NORMAL,
			.switched = true },
		      SWITCHED(3),
		      { FAILED_FOR(5, ENABLE, ZONE_MISSED), .zone = MEMBLK_ZONE_NORMAL,
			.switched = true });
	check_text(machine_file(&machine, 6, "state"), "offline\n");
}

static void test_zone_not_judged(void)
{
	static const char *const zones[] = { "none\n", "Normal DMA32\n", "\n",
					     "Movable\n", "movable\n" };

	for (size_t i = 0; i < ARRAY_SIZE(zones); i++) {
		_cleanup_machine_ struct machine machine;

		tap_row("%s", zones[i]);
		machine_init(&machine);
		machine_add(&machine, 2, "offline", "Normal Movable");
		machine.auto_online = zones[i];
		machine_file(&machine, 2, "state")->write_fn = online_elsewhere;
		machine_run(&machine,
			    with_zone(request_by_range(MEMBLK_COMMAND_ENABLE, 2, 2),
				      MEMBLK_ZONE_MOVABLE));
		check_results(&machine, SWITCHED(2));
	}
}

static int hide_zones(struct fake *fake, struct fake_file *file, const char *word)
{
	(void) word;
	fake_set(file, "online\n");
	machine_file(fake->data, file->tag, "valid_zones")->read_error = EIO;
	return 0;
}

static void test_zone_not_readable_afterwards(void)
{
	_cleanup_machine_ struct machine machine;

	machine_init(&machine);
	machine_add(&machine, 2, "offline", "Normal Movable");
	machine_file(&machine, 2, "state")->write_fn = hide_zones;
	machine_run(&machine, with_zone(request_by_range(MEMBLK_COMMAND_ENABLE, 2, 2),
					MEMBLK_ZONE_MOVABLE));
	check_results(&machine, SWITCHED(2));
}

static void test_zone_not_asked_for(void)
{
	_cleanup_machine_ struct machine machine;

	machine_init(&machine);
	machine_add(&machine, 2, "offline", "Normal Movable");
	machine.auto_online = "Normal\n";
	machine_file(&machine, 2, "state")->write_fn = online_elsewhere;
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 2, 2));
	check_results(&machine, SWITCHED(2));
	check_writes(&machine, "memory2/state=online_movable ");
}

/* After it went offline, valid_zones says where it could go, not where it was. */
static void test_zone_after_disable(void)
{
	_cleanup_machine_ struct machine machine;

	machine_init(&machine);
	machine_add(&machine, 2, "online", "Movable");
	machine_add(&machine, 3, "offline", "Normal");
	machine_run(&machine, with_zone(request_by_range(MEMBLK_COMMAND_DISABLE, 2, 3),
					MEMBLK_ZONE_MOVABLE));
	check_results(&machine, SWITCHED(2), ALREADY(3));
	check_uint(machine_file(&machine, 3, "valid_zones")->nopens, 0);
}

static void test_never_offline(void)
{
	_cleanup_machine_ struct machine machine;

	machine_init(&machine);
	machine_add(&machine, 1, "online", "Normal");
	machine_add(&machine, 2, "online", "none");
	machine_run(&machine, request_by_size(MEMBLK_COMMAND_DISABLE, 1));
	check_results(&machine, FAILED(2, DISABLE, ZONE_NOT_SINGLE), SWITCHED(1));
	check_writes(&machine, "memory1/state=offline ");
}

static const struct tap_test tests[] = {
	{ "Enable by size takes the lowest blocks that are not online",
	  test_enable_by_size },
	{ "Enable by size takes what there is", test_enable_too_much },
	{ "Disable by size takes the highest blocks that are not offline",
	  test_disable_by_size },
	{ "A size of zero opens no block", test_size_of_zero },
	{ "By range every block is told of, lowest first", test_by_range },
	{ "A block that is as wanted is not written", test_nothing_to_do },
	{ "A state is known by its whole word", test_whole_words_of_state },
	{ "D42: A block in an unknown state is written, either way", test_unknown_state },
	{ "D24: A plain file holds the word and nothing else", test_plain_files },
	{ "By size the walk goes on past a block that fails",
	  test_failure_is_passed_over },
	{ "By range the walk goes on past a block that fails", test_failure_by_range },
	{ "D1: By size the walk ends at a file that may not be opened for writing",
	  test_no_permission_to_open },
	{ "D1: By size the walk ends at a file that may not be written",
	  test_no_permission_to_write },
	{ "By range every file that may not be written is told of",
	  test_no_permission_by_range },
	{ "A veto on one block does not end the walk", test_veto },
	{ "An interrupted write is no failure", test_interrupted },
	{ "A short write is a failure", test_short_write },
	{ "D16, D33: A block whose state cannot be read fails and is not written",
	  test_unreadable_state },
	{ "D33: A block whose state is no text fails and is not written",
	  test_state_is_no_text },
	{ "A block of a range that is not there is missing", test_missing_by_range },
	{ "D7: A range may end at the last block there can be",
	  test_last_block_there_can_be },
	{ "A file is no block", test_block_that_is_a_file },
	{ "D16: A block without a state fails", test_block_without_state },
	{ "By size a block that was removed after the scan is passed over",
	  test_removed_after_scan },
	{ "A block that is removed under the write fails", test_removed_under_the_write },
	{ "D3: By range a lost race is no failure", test_lost_race_by_range },
	{ "D3: By size a lost race does not count", test_lost_race_by_size },
	{ "D3: A refusal is a failure if the state is still not as wanted",
	  test_refusal_is_believed },
	{ "D3: Another state than before is still not the one wanted",
	  test_other_state_after_failure },
	{ "D3: A state that cannot be read again leaves the error of the write",
	  test_state_unreadable_after_failure },
	{ "A block that changes is opened once and read once",
	  test_success_is_not_read_back },
	{ "The word that enables a block is chosen by its zones", test_word_by_zones },
	{ "A block whose zones do not fit fails and is not written", test_misfit },
	{ "D17: With -z a block whose zones cannot be read fails", test_unknown_zone },
	{ "D13: A block that is online in another zone is not done",
	  test_online_elsewhere },
	{ "By size a block that is online in another zone is no candidate",
	  test_online_elsewhere_by_size },
	{ "D3, D13: A lost race to another zone is not done", test_lost_race_elsewhere },
	{ "D14: A block that comes online in another zone is not done",
	  test_zone_missed },
	{ "D14: By size a block in another zone counts against the amount",
	  test_zone_missed_by_size },
	{ "D14: Only one name that differs is another zone", test_zone_not_judged },
	{ "D14: Zones that cannot be read afterwards are not judged",
	  test_zone_not_readable_afterwards },
	{ "D14: Without -z no zone is judged", test_zone_not_asked_for },
	{ "Disable judges the zone of before, and only where it writes",
	  test_zone_after_disable },
	{ "D26: By size a block that can never go offline is not written",
	  test_never_offline },
};

TAP_MAIN(tests)
