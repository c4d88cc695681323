/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All four commands on a machine whose firmware lists the blocks: what is configured and
 * deconfigured, in which order with online and offline, what is taken back when it was in
 * vain, and what counts by size although it went wrong.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "machine.h"
#include "tap.h"
#include "util.h"

#define NORMAL_MOVABLE "Normal Movable"

static struct memblk_request with_zone(struct memblk_request request,
				       enum memblk_zone zone)
{
	request.zone = zone;
	return request;
}

static struct memblk_request with_memmap(struct memblk_request request,
					 enum memblk_memmap memmap)
{
	request.memmap = memmap;
	return request;
}

/* Blocks 1 and 2 online, 3 configured and offline, 4 to 6 on standby. */
static void init_machine(struct machine *machine)
{
	static const uint64_t order[] = { 6, 3, 1, 5, 2, 4 };

	machine_init(machine);
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		machine_add_firmware(machine, order[i], order[i] <= 3 ? "1" : "0", "0");
	machine_add(machine, 3, "offline", NORMAL_MOVABLE);
	machine_add(machine, 2, "online", "Movable");
	machine_add(machine, 1, "online", "Normal");
}

static struct fake_file *config_of(struct machine *machine, uint64_t index)
{
	return machine_firmware_file(machine, index, MEMCONFIG_CONFIG);
}

static struct fake_file *memmap_of(struct machine *machine, uint64_t index)
{
	return machine_firmware_file(machine, index, MEMCONFIG_MEMMAP);
}

/* Errors that the firmware gives. */
static const int firmware_errors[] = { EIO, EBUSY, EOPNOTSUPP, ENOMEM, EEXIST };

#define CONFIGURED(n)                                                             \
	{                                                                         \
		.index = (n), .status = MEMBLK_STATUS_CHANGED, .configured = true \
	}
#define CONFIGURED_SWITCHED(n)                                                     \
	{                                                                          \
		.index = (n), .status = MEMBLK_STATUS_CHANGED, .configured = true, \
		.switched = true                                                   \
	}
#define CONFIGURED_IN_VAIN(n, reason)                                                   \
	{                                                                               \
		FAILED_FOR(n, ENABLE, reason), .configured = true, .deconfigured = true \
	}
#define DECONFIGURED(n)                                                             \
	{                                                                           \
		.index = (n), .status = MEMBLK_STATUS_CHANGED, .deconfigured = true \
	}
#define SWITCHED_DECONFIGURED(n)                                                 \
	{                                                                        \
		.index = (n), .status = MEMBLK_STATUS_CHANGED, .switched = true, \
		.deconfigured = true                                             \
	}

/* ---- Enable ---- */

static void test_enable_by_size(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	machine_run(&machine, request_by_size(MEMBLK_COMMAND_ENABLE, 3));
	check_results(&machine, SWITCHED(3), CONFIGURED_SWITCHED(4),
		      CONFIGURED_SWITCHED(5));
	check_writes(&machine, "memory3/state=online_movable "
			       "memory4/config=1 memory4/state=online_movable "
			       "memory5/config=1 memory5/state=online_movable ");
	check_text(config_of(&machine, 6), "0\n");
	check_uint(config_of(&machine, 6)->nopens, 0);
	check_uint(memmap_of(&machine, 4)->nopens, 0);
}

static void test_enable_by_range(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 2, 4));
	check_results(&machine, ALREADY(2), SWITCHED(3), CONFIGURED_SWITCHED(4));
	check_writes(&machine, "memory3/state=online_movable "
			       "memory4/config=1 memory4/state=online_movable ");
}

static void test_online_but_not_configured(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	fake_set(config_of(&machine, 2), "0\n");
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 2, 2));
	check_results(&machine, CONFIGURED(2));
	check_writes(&machine, "memory2/config=1 ");
}

static void test_auto_online_by_size(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	machine.auto_online = "Normal";
	machine_run(&machine, request_by_size(MEMBLK_COMMAND_ENABLE, 3));
	check_results(&machine, SWITCHED(3), CONFIGURED(4), CONFIGURED(5));
	check_writes(&machine,
		     "memory3/state=online_movable memory4/config=1 memory5/config=1 ");
	check_text(config_of(&machine, 6), "0\n");
}

static void test_auto_online_by_range(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	machine.auto_online = "Normal";
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 4, 5));
	check_results(&machine, CONFIGURED(4), CONFIGURED(5));
	check_writes(&machine, "memory4/config=1 memory5/config=1 ");
}

static void test_auto_online_in_zone(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	machine.auto_online = "Movable";
	machine_run(&machine, with_zone(request_by_range(MEMBLK_COMMAND_ENABLE, 4, 4),
					MEMBLK_ZONE_MOVABLE));
	check_results(&machine, CONFIGURED(4));
	machine_run(&machine, with_zone(request_by_size(MEMBLK_COMMAND_ENABLE, 2),
					MEMBLK_ZONE_MOVABLE));
	check_results(&machine, SWITCHED(3), CONFIGURED(5));
}

/* It is online, so that it cannot be deconfigured, and it uses up a part of the size. */
static void test_auto_online_elsewhere(void)
{
	static const struct memblk_result other = {
		FAILED_FOR(4, ENABLE, ZONE_OTHER),
		.zone = MEMBLK_ZONE_NORMAL,
		.configured = true,
	};
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	machine.auto_online = "Normal";
	machine_run(&machine, with_zone(request_by_range(MEMBLK_COMMAND_ENABLE, 4, 4),
					MEMBLK_ZONE_MOVABLE));
	check_results(&machine, other);
	check_writes(&machine, "memory4/config=1 ");

	machine_remove(&machine, 4);
	machine_add_firmware(&machine, 4, "0", "0");
	machine_run(&machine, with_zone(request_by_size(MEMBLK_COMMAND_ENABLE, 2),
					MEMBLK_ZONE_MOVABLE));
	check_results(&machine, SWITCHED(3), other);
	check_writes(&machine, "memory3/state=online_movable memory4/config=1 ");
}

static int online_meanwhile(struct fake *fake, struct fake_file *file, const char *word)
{
	(void) fake, (void) word;
	fake_set(file, "online\n");
	return -EINVAL;
}

static void test_auto_online_late(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	machine.state_fn = online_meanwhile;
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 4, 4));
	check_results(&machine, CONFIGURED(4));
	machine_run(&machine, request_by_size(MEMBLK_COMMAND_ENABLE, 2));
	check_results(&machine, SWITCHED(3), CONFIGURED(5));
}

static void test_misfit_is_deconfigured(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	machine_run(&machine, with_zone(request_by_range(MEMBLK_COMMAND_ENABLE, 3, 4),
					MEMBLK_ZONE_DMA));
	check_results(&machine, FAILED(3, ENABLE, ZONE_MISMATCH),
		      CONFIGURED_IN_VAIN(4, ZONE_MISMATCH));
	check_writes(&machine, "memory4/config=1 memory4/config=0 ");
	check_text(config_of(&machine, 3), "1\n");
	check_text(config_of(&machine, 4), "0\n");
	check(!machine_file(&machine, 4, "state"));
}

static void test_misfit_does_not_count(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	machine_run(&machine, with_zone(request_by_size(MEMBLK_COMMAND_ENABLE, 1),
					MEMBLK_ZONE_DMA));
	check_results(&machine, FAILED(3, ENABLE, ZONE_MISMATCH),
		      CONFIGURED_IN_VAIN(4, ZONE_MISMATCH),
		      CONFIGURED_IN_VAIN(5, ZONE_MISMATCH),
		      CONFIGURED_IN_VAIN(6, ZONE_MISMATCH));
}

static int refuse(struct fake *fake, struct fake_file *file, const char *word)
{
	(void) fake, (void) file, (void) word;
	return -EBUSY;
}

static void test_failed_online_is_deconfigured(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	machine.state_fn = refuse;
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 4, 4));
	check_results(&machine, { FAILED_FOR(4, ENABLE, ERRNO), .error = EBUSY,
				  .configured = true, .deconfigured = true });
	check_writes(&machine,
		     "memory4/config=1 memory4/state=online_movable memory4/config=0 ");

	/* what was configured before stays so */
	machine_file(&machine, 3, "state")->write_fn = refuse;
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 3, 3));
	check_results(&machine, FAILED_ERRNO(3, ENABLE, EBUSY));
	check_writes(&machine, "memory3/state=online_movable ");
}

/* Configures, and does not deconfigure. */
static int keep_configured(struct fake *fake, struct fake_file *file, const char *word)
{
	return strcmp(word, "0") ? machine_write_config(fake, file, word) : -EIO;
}

static void test_stays_configured(void)
{
	static const struct memblk_result stuck = {
		FAILED_FOR(4, ENABLE, ERRNO),
		.error = EBUSY,
		.configured = true,
		.deconfigure_error = EIO,
	};
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	machine.state_fn = refuse;
	config_of(&machine, 4)->write_fn = keep_configured;
	machine_file(&machine, 3, "state")->write_fn = refuse;
	/* it uses up the size: else all there is would be configured */
	machine_run(&machine, request_by_size(MEMBLK_COMMAND_ENABLE, 1));
	check_results(&machine, FAILED_ERRNO(3, ENABLE, EBUSY), stuck);
	check_text(config_of(&machine, 5), "0\n");
}

/* Somebody else takes the block's storage back. */
static int deconfigure_meanwhile(struct fake *fake, struct fake_file *file,
				 const char *word)
{
	(void) word;
	fake_set(config_of(fake->data, file->tag), "0\n");
	file->gone = true;
	return -ENODEV;
}

static void test_deconfigured_by_somebody(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	machine.state_fn = deconfigure_meanwhile;
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 4, 4));
	check_results(&machine, { FAILED_FOR(4, ENABLE, ERRNO), .error = ENODEV,
				  .configured = true, .already_deconfigured = true });
	check_writes(&machine, "memory4/config=1 memory4/state=online_movable ");

	/* nothing of it is left that could count */
	machine_remove(&machine, 3);
	machine_remove(&machine, 4);
	machine_run(&machine, request_by_size(MEMBLK_COMMAND_ENABLE, 1));
	check_uint(machine.nresults, 2);
	check_text(config_of(&machine, 6), "0\n");
	check_uint(config_of(&machine, 6)->nwrites, 1);
}

static int lie_about_zone(struct fake *fake, struct fake_file *file, const char *word)
{
	(void) word;
	fake_set(file, "online\n");
	fake_set(machine_file(fake->data, file->tag, "valid_zones"), "Normal\n");
	return 0;
}

static void test_zone_missed_stays_configured(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	machine.state_fn = lie_about_zone;
	machine_run(&machine, with_zone(request_by_range(MEMBLK_COMMAND_ENABLE, 4, 4),
					MEMBLK_ZONE_MOVABLE));
	check_results(&machine,
		      { FAILED_FOR(4, ENABLE, ZONE_MISSED), .zone = MEMBLK_ZONE_NORMAL,
			.configured = true, .switched = true });
	check_writes(&machine, "memory4/config=1 memory4/state=online_movable ");
}

static void test_enable_firmware_fails(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(firmware_errors); i++) {
		_cleanup_machine_ struct machine machine;
		int error = firmware_errors[i];

		tap_row("%s", strerror(error));
		init_machine(&machine);
		config_of(&machine, 4)->write_error = error;
		machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 4, 5));
		check_results(&machine, FAILED_ERRNO(4, CONFIGURE, error),
			      CONFIGURED_SWITCHED(5));
		check_writes(&machine, "memory4/config=1 memory5/config=1 "
				       "memory5/state=online_movable ");
		machine_run(&machine, request_by_size(MEMBLK_COMMAND_ENABLE, 2));
		check_results(&machine, SWITCHED(3), FAILED_ERRNO(4, CONFIGURE, error),
			      CONFIGURED_SWITCHED(6));
	}
}

static void test_no_permission_to_configure(void)
{
	static const enum memblk_command commands[] = { MEMBLK_COMMAND_ENABLE,
							MEMBLK_COMMAND_CONFIGURE };

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		_cleanup_machine_ struct machine machine;

		tap_row("command %u", commands[i]);
		init_machine(&machine);
		machine_remove(&machine, 3);
		config_of(&machine, 4)->open_write_error = EACCES;
		config_of(&machine, 5)->open_write_error = EROFS;
		machine_run(&machine, request_by_size(commands[i], 2));
		check_results(&machine, FAILED_ERRNO(4, CONFIGURE, EACCES));
		machine_run(&machine, request_by_range(commands[i], 4, 5));
		check_results(&machine, FAILED_ERRNO(4, CONFIGURE, EACCES),
			      FAILED_ERRNO(5, CONFIGURE, EROFS));
		check_writes(&machine, "");
		machine_remove(&machine, 4);
		machine_run(&machine, request_by_size(commands[i], 2));
		check_results(&machine, FAILED_ERRNO(5, CONFIGURE, EROFS));
	}
}

/* What `config` may hold that is neither 0 nor 1. */
static const struct {
	const char *text;
	int error;
} bad_values[] = {
	{ "", EINVAL },      { "\n", EINVAL },       { "2\n", EINVAL },
	{ "10\n", EINVAL },  { "01\n", EINVAL },     { "1 \n", EINVAL },
	{ " 1\n", EINVAL },  { "y\n", EINVAL },      { "-1\n", EINVAL },
	{ "1\n\n", EINVAL }, { "1\001\n", EBADMSG },
};

static void test_unreadable_config(void)
{
	static const struct {
		enum memblk_command command;
		enum memblk_step step;
	} rows[] = {
		{ MEMBLK_COMMAND_ENABLE, MEMBLK_STEP_CONFIGURE },
		{ MEMBLK_COMMAND_CONFIGURE, MEMBLK_STEP_CONFIGURE },
		{ MEMBLK_COMMAND_DECONFIGURE, MEMBLK_STEP_DECONFIGURE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_machine_ struct machine machine;
		struct memblk_result expected = {
			.index = 2,
			.status = MEMBLK_STATUS_FAILED,
			.step = rows[i].step,
			.reason = MEMBLK_REASON_ERRNO,
		};
		struct memblk_request request = request_by_range(rows[i].command, 2, 2);

		init_machine(&machine);
		for (size_t j = 0; j < ARRAY_SIZE(bad_values); j++) {
			tap_row("command %u, %s", rows[i].command, bad_values[j].text);
			fake_set(config_of(&machine, 2), bad_values[j].text);
			expected.error = bad_values[j].error;
			machine_run(&machine, request);
			check_results(&machine, expected);
			check_writes(&machine, "");
		}

		tap_row("command %u", rows[i].command);
		config_of(&machine, 2)->read_error = EIO;
		expected.error = EIO;
		machine_run(&machine, request);
		check_results(&machine, expected);
		config_of(&machine, 2)->open_error = EACCES;
		expected.error = EACCES;
		machine_run(&machine, request);
		check_results(&machine, expected);
		check_writes(&machine, "");
		check_uint(machine_file(&machine, 2, "state")->nwrites, 0);
	}
}

static void test_unreadable_config_by_size(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	config_of(&machine, 4)->read_error = EIO;
	machine_run(&machine, request_by_size(MEMBLK_COMMAND_CONFIGURE, 1));
	check_results(&machine, FAILED_ERRNO(4, CONFIGURE, EIO), CONFIGURED(5));
}

static void test_missing(void)
{
	for (enum memblk_command command = 0; command < _MEMBLK_COMMAND_MAX; command++) {
		_cleanup_machine_ struct machine machine;

		tap_row("command %u", command);
		init_machine(&machine);
		/* there, but not in the firmware's list, which is what counts */
		machine_add(&machine, 8, "online", "Movable");
		machine_add(&machine, 9, "offline", NORMAL_MOVABLE);
		machine_run(&machine, request_by_range(command, 7, 9));
		check_results(&machine, MISSING(7), MISSING(8), MISSING(9));
		check_writes(&machine, "");
	}
}

static void test_removed_after_scan(void)
{
	for (enum memblk_command command = 0; command < _MEMBLK_COMMAND_MAX; command++) {
		_cleanup_machine_ struct machine machine;

		tap_row("command %u", command);
		init_machine(&machine);
		if (!machine_plan(&machine, request_by_size(command, 6)))
			return;
		for (uint64_t i = 1; i <= 6; i++)
			machine_remove(&machine, i);
		machine_apply(&machine);
		check_no_results(&machine);
		check_writes(&machine, "");
	}
}

static void test_no_config(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	fake_remove(&machine.fake, config_of(&machine, 4)->path);
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 4, 4));
	check_results(&machine, FAILED_ERRNO(4, CONFIGURE, ENOENT));
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_DECONFIGURE, 4, 4));
	check_results(&machine, FAILED_ERRNO(4, DECONFIGURE, ENOENT));
}

static int configure_nothing(struct fake *fake, struct fake_file *file, const char *word)
{
	(void) fake;
	fake_set(file, strcmp(word, "0") ? "1\n" : "0\n");
	return 0;
}

static void test_no_block_after_configure(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	config_of(&machine, 4)->write_fn = configure_nothing;
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 4, 4));
	check_results(&machine, CONFIGURED_IN_VAIN(4, NOT_CONFIGURED));
	check_writes(&machine, "memory4/config=1 memory4/config=0 ");
}

static int vanish(struct fake *fake, struct fake_file *file, const char *word)
{
	(void) word;
	machine_remove(fake->data, file->tag);
	return 0;
}

static void test_vanishes_when_configured(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	config_of(&machine, 4)->write_fn = vanish;
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 4, 4));
	if (!check_uint(machine.nresults, 1))
		return;
	check_uint(machine.results[0].status, MEMBLK_STATUS_FAILED);
	check_uint(machine.results[0].reason, MEMBLK_REASON_ERRNO);
	check(machine.results[0].configured);
	check(!machine.results[0].switched);
	check(!machine.results[0].deconfigured);
}

static void test_enable_state_fails(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	machine_file(&machine, 3, "state")->read_error = EIO;
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 3, 3));
	check_results(&machine, FAILED_ERRNO(3, ENABLE, EIO));
	fake_remove(&machine.fake, machine_file(&machine, 3, "state")->path);
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 3, 3));
	check_results(&machine, FAILED(3, ENABLE, NOT_CONFIGURED));
	check_writes(&machine, "");
}

/* ---- Disable ---- */

static void test_disable_by_range(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_DISABLE, 1, 4));
	check_results(&machine, SWITCHED_DECONFIGURED(1), SWITCHED_DECONFIGURED(2),
		      ALREADY(3), ALREADY(4));
	check_writes(&machine, "memory1/state=offline memory1/config=0 "
			       "memory2/state=offline memory2/config=0 ");
	check_text(config_of(&machine, 3), "1\n");
	check(!machine_file(&machine, 1, "state"));
}

static void test_disable_by_size(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	machine_run(&machine, request_by_size(MEMBLK_COMMAND_DISABLE, 1));
	check_results(&machine, SWITCHED_DECONFIGURED(2));
	check_writes(&machine, "memory2/state=offline memory2/config=0 ");
	check_text(machine_file(&machine, 1, "state"), "online\n");
	check_text(config_of(&machine, 3), "1\n");
}

static void test_disable_stays_configured_by_size(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	config_of(&machine, 2)->write_error = EIO;
	machine_run(&machine, request_by_size(MEMBLK_COMMAND_DISABLE, 1));
	check_results(&machine, { .index = 2,
				  .status = MEMBLK_STATUS_CHANGED,
				  .switched = true,
				  .deconfigure_error = EIO });
	check_text(machine_file(&machine, 1, "state"), "online\n");
}

static void test_disable_stays_configured_by_range(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	config_of(&machine, 1)->write_error = EBUSY;
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_DISABLE, 1, 2));
	check_results(&machine,
		      { FAILED_FOR(1, DECONFIGURE, NONE), .switched = true,
			.deconfigure_error = EBUSY },
		      SWITCHED_DECONFIGURED(2));
}

static void test_disable_not_configured(void)
{
	static const struct memblk_result expected = {
		.index = 2,
		.status = MEMBLK_STATUS_CHANGED,
		.switched = true,
		.already_deconfigured = true,
	};
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	fake_set(config_of(&machine, 2), "0\n");
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_DISABLE, 2, 2));
	check_results(&machine, expected);
	check_writes(&machine, "memory2/state=offline ");
	fake_set(machine_file(&machine, 2, "state"), "online\n");
	fake_set(machine_file(&machine, 2, "valid_zones"), "Movable\n");
	machine_run(&machine, request_by_size(MEMBLK_COMMAND_DISABLE, 1));
	check_results(&machine, expected);
	check_writes(&machine, "memory2/state=offline ");
}

static void test_disable_config_unreadable(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	config_of(&machine, 1)->read_error = EIO;
	config_of(&machine, 2)->read_error = EIO;
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_DISABLE, 2, 2));
	check_results(&machine, { FAILED_FOR(2, DECONFIGURE, NONE), .switched = true,
				  .deconfigure_error = EIO });
	machine_run(&machine, request_by_size(MEMBLK_COMMAND_DISABLE, 1));
	check_results(&machine, { .index = 1,
				  .status = MEMBLK_STATUS_CHANGED,
				  .switched = true,
				  .deconfigure_error = EIO });
	check_uint(config_of(&machine, 2)->nwrites, 0);
}

static void test_disable_fails(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	machine_file(&machine, 2, "state")->write_error = EBUSY;
	machine_run(&machine, request_by_size(MEMBLK_COMMAND_DISABLE, 1));
	check_results(&machine, FAILED_ERRNO(2, DISABLE, EBUSY),
		      SWITCHED_DECONFIGURED(1));
	check_uint(config_of(&machine, 2)->nwrites, 0);
}

static int offline_meanwhile(struct fake *fake, struct fake_file *file, const char *word)
{
	(void) fake, (void) word;
	fake_set(file, "offline\n");
	return -EINVAL;
}

/* What somebody else took offline is not ours to deconfigure. */
static void test_disable_lost_race(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	machine_file(&machine, 2, "state")->write_fn = offline_meanwhile;
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_DISABLE, 2, 2));
	check_results(&machine, ALREADY(2));
	check_uint(config_of(&machine, 2)->nwrites, 0);
}

static void test_disable_without_state(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	fake_set(config_of(&machine, 4), "1\n");
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_DISABLE, 4, 5));
	check_results(&machine, FAILED(4, DISABLE, NOT_CONFIGURED), ALREADY(5));
	machine_file(&machine, 3, "state")->read_error = EIO;
	fake_set(config_of(&machine, 3), "0\n");
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_DISABLE, 3, 3));
	check_results(&machine, FAILED_ERRNO(3, DISABLE, EIO));
	check_writes(&machine, "");
}

static void test_disable_zone(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	machine_run(&machine, with_zone(request_by_range(MEMBLK_COMMAND_DISABLE, 1, 2),
					MEMBLK_ZONE_MOVABLE));
	check_results(&machine, FAILED(1, DISABLE, ZONE_MISMATCH),
		      SWITCHED_DECONFIGURED(2));
	check_uint(config_of(&machine, 1)->nwrites, 0);
}

/* ---- Configure ---- */

static void test_configure_by_size(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	machine_run(&machine, request_by_size(MEMBLK_COMMAND_CONFIGURE, 2));
	check_results(&machine, CONFIGURED(4), CONFIGURED(5));
	check_writes(&machine, "memory4/config=1 memory5/config=1 ");
	check_text(machine_file(&machine, 4, "state"), "offline\n");
	check_uint(machine_file(&machine, 4, "state")->nopens, 0);
	check_uint(memmap_of(&machine, 3)->nopens, 0);
	check_uint(memmap_of(&machine, 4)->nopens, 0);
}

static void test_configure_by_range(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_CONFIGURE, 3, 4));
	check_results(&machine, ALREADY(3), CONFIGURED(4));
	check_writes(&machine, "memory4/config=1 ");
}

static void test_memmap_first(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	machine_run(&machine,
		    with_memmap(request_by_range(MEMBLK_COMMAND_CONFIGURE, 4, 4),
				MEMBLK_MEMMAP_ON));
	check_results(&machine, CONFIGURED(4));
	check_writes(&machine, "memory4/memmap_on_memory=1 memory4/config=1 ");
	check_text(memmap_of(&machine, 4), "1\n");
	/* even if it is as wanted */
	machine_run(&machine,
		    with_memmap(request_by_range(MEMBLK_COMMAND_CONFIGURE, 5, 5),
				MEMBLK_MEMMAP_OFF));
	check_results(&machine, CONFIGURED(5));
	check_writes(&machine, "memory5/memmap_on_memory=0 memory5/config=1 ");
}

static void test_memmap_of_configured(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	fake_set(memmap_of(&machine, 2), "1\n");
	machine_run(&machine,
		    with_memmap(request_by_range(MEMBLK_COMMAND_CONFIGURE, 1, 2),
				MEMBLK_MEMMAP_ON));
	check_results(&machine, FAILED(1, MEMMAP, MUST_DECONFIGURE), ALREADY(2));
	machine_run(&machine,
		    with_memmap(request_by_range(MEMBLK_COMMAND_CONFIGURE, 1, 2),
				MEMBLK_MEMMAP_OFF));
	check_results(&machine, ALREADY(1), FAILED(2, MEMMAP, MUST_DECONFIGURE));
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_CONFIGURE, 1, 2));
	check_results(&machine, ALREADY(1), ALREADY(2));
	check_writes(&machine, "");
}

static void test_memmap_by_size(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	fake_set(memmap_of(&machine, 2), "1\n");
	machine_run(&machine, with_memmap(request_by_size(MEMBLK_COMMAND_CONFIGURE, 2),
					  MEMBLK_MEMMAP_ON));
	check_results(&machine, FAILED(1, MEMMAP, MUST_DECONFIGURE),
		      FAILED(3, MEMMAP, MUST_DECONFIGURE), CONFIGURED(4), CONFIGURED(5));
}

static void test_unreadable_memmap(void)
{
	_cleanup_machine_ struct machine machine;
	struct memblk_request request = request_by_range(MEMBLK_COMMAND_CONFIGURE, 2, 2);

	init_machine(&machine);
	fake_set(memmap_of(&machine, 2), "force\n");
	machine_run(&machine, with_memmap(request, MEMBLK_MEMMAP_ON));
	check_results(&machine, FAILED_ERRNO(2, MEMMAP, EINVAL));
	memmap_of(&machine, 2)->read_error = EIO;
	machine_run(&machine, with_memmap(request, MEMBLK_MEMMAP_OFF));
	check_results(&machine, FAILED_ERRNO(2, MEMMAP, EIO));
	/* without -m it does not matter */
	machine_run(&machine, request);
	check_results(&machine, ALREADY(2));
}

static void test_memmap_fails(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(firmware_errors); i++) {
		_cleanup_machine_ struct machine machine;
		int error = firmware_errors[i];

		tap_row("%s", strerror(error));
		init_machine(&machine);
		memmap_of(&machine, 4)->write_error = error;
		machine_run(&machine,
			    with_memmap(request_by_range(MEMBLK_COMMAND_CONFIGURE, 4, 4),
					MEMBLK_MEMMAP_ON));
		check_results(&machine, FAILED_ERRNO(4, MEMMAP, error));
		check_writes(&machine, "memory4/memmap_on_memory=1 ");
		machine_run(&machine,
			    with_memmap(request_by_size(MEMBLK_COMMAND_CONFIGURE, 1),
					MEMBLK_MEMMAP_OFF));
		check_results(&machine, FAILED_ERRNO(4, MEMMAP, error), CONFIGURED(5));
	}
}

static void test_configure_fails(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(firmware_errors); i++) {
		_cleanup_machine_ struct machine machine;
		int error = firmware_errors[i];

		tap_row("%s", strerror(error));
		init_machine(&machine);
		config_of(&machine, 4)->write_error = error;
		machine_run(&machine, request_by_range(MEMBLK_COMMAND_CONFIGURE, 4, 5));
		check_results(&machine, FAILED_ERRNO(4, CONFIGURE, error), CONFIGURED(5));
		machine_run(&machine, request_by_size(MEMBLK_COMMAND_CONFIGURE, 1));
		check_results(&machine, FAILED_ERRNO(4, CONFIGURE, error), CONFIGURED(6));
	}
}

/* ---- Deconfigure ---- */

static void test_deconfigure_by_size(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	fake_set(machine_file(&machine, 1, "state"), "offline\n");
	machine_run(&machine, request_by_size(MEMBLK_COMMAND_DECONFIGURE, 2));
	check_results(&machine, DECONFIGURED(3), FAILED(2, DECONFIGURE, MUST_BE_OFFLINE),
		      DECONFIGURED(1));
	check_writes(&machine, "memory3/config=0 memory1/config=0 ");
	check(!machine_file(&machine, 3, "state"));
	check_text(machine_file(&machine, 2, "state"), "online\n");
}

static void test_deconfigure_by_range(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_DECONFIGURE, 2, 4));
	check_results(&machine, FAILED(2, DECONFIGURE, MUST_BE_OFFLINE), DECONFIGURED(3),
		      ALREADY(4));
	check_writes(&machine, "memory3/config=0 ");
}

static void test_deconfigure_lets_through(void)
{
	_cleanup_machine_ struct machine machine;
	struct memblk_request request = request_by_range(MEMBLK_COMMAND_DECONFIGURE, 3,
							 3);

	init_machine(&machine);
	fake_set(machine_file(&machine, 3, "state"), "going-offline\n");
	machine_run(&machine, request);
	check_results(&machine, FAILED_ERRNO(3, DECONFIGURE, EBUSY));
	fake_set(machine_file(&machine, 3, "state"), "foo\n");
	machine_run(&machine, request);
	check_results(&machine, FAILED_ERRNO(3, DECONFIGURE, EBUSY));
	fake_set(machine_file(&machine, 3, "state"), "offline\n");
	machine_file(&machine, 3, "state")->read_error = EIO;
	machine_run(&machine, request);
	check_results(&machine, DECONFIGURED(3));
	check_writes(&machine, "memory3/config=0 ");

	/* no block at all, though it is configured */
	fake_set(config_of(&machine, 3), "1\n");
	machine_run(&machine, request);
	check_results(&machine, DECONFIGURED(3));
}

static void test_deconfigure_fails(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(firmware_errors); i++) {
		_cleanup_machine_ struct machine machine;
		int error = firmware_errors[i];

		tap_row("%s", strerror(error));
		init_machine(&machine);
		fake_set(machine_file(&machine, 2, "state"), "offline\n");
		config_of(&machine, 3)->write_error = error;
		machine_run(&machine, request_by_range(MEMBLK_COMMAND_DECONFIGURE, 3, 3));
		check_results(&machine, FAILED_ERRNO(3, DECONFIGURE, error));
		machine_run(&machine, request_by_size(MEMBLK_COMMAND_DECONFIGURE, 1));
		check_results(&machine, FAILED_ERRNO(3, DECONFIGURE, error),
			      DECONFIGURED(2));
	}
}

static void test_no_permission_to_deconfigure(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	fake_set(machine_file(&machine, 2, "state"), "offline\n");
	config_of(&machine, 3)->open_write_error = EACCES;
	machine_run(&machine, request_by_size(MEMBLK_COMMAND_DECONFIGURE, 1));
	check_results(&machine, FAILED_ERRNO(3, DECONFIGURE, EACCES));
	check_writes(&machine, "");
}

static void test_interrupted(void)
{
	_cleanup_machine_ struct machine machine;

	init_machine(&machine);
	config_of(&machine, 4)->ninterrupts = 1;
	memmap_of(&machine, 4)->ninterrupts = 2;
	machine_run(&machine,
		    with_memmap(request_by_range(MEMBLK_COMMAND_CONFIGURE, 4, 4),
				MEMBLK_MEMMAP_ON));
	check_results(&machine, CONFIGURED(4));
	check_uint(memmap_of(&machine, 4)->nwrites, 3);
	check_uint(config_of(&machine, 4)->nwrites, 2);
}

static const struct tap_test tests[] = {
	{ "Enable by size configures standby blocks and brings them online",
	  test_enable_by_size },
	{ "Enable by range configures only what is not configured",
	  test_enable_by_range },
	{ "Enable configures a block before it looks at its state",
	  test_online_but_not_configured },
	{ "D21: By size a block that the kernel onlined at once counts",
	  test_auto_online_by_size },
	{ "By range, too, a block that the kernel onlined at once was changed",
	  test_auto_online_by_range },
	{ "D21: A block that the kernel onlined in the zone asked for is done",
	  test_auto_online_in_zone },
	{ "D13, D21: A block that the kernel onlined in another zone stays, and counts",
	  test_auto_online_elsewhere },
	{ "D3, D21: A block that came online under the write counts by size",
	  test_auto_online_late },
	{ "D21: A block whose zones do not fit is deconfigured again",
	  test_misfit_is_deconfigured },
	{ "D21: By size a block that was deconfigured again does not count",
	  test_misfit_does_not_count },
	{ "D21: A block that does not come online is deconfigured again",
	  test_failed_online_is_deconfigured },
	{ "D21: A block that cannot be deconfigured again uses up the size",
	  test_stays_configured },
	{ "D21: A block that somebody else deconfigured does not count",
	  test_deconfigured_by_somebody },
	{ "D14: A block that came online in another zone stays configured",
	  test_zone_missed_stays_configured },
	{ "Enable tells what the firmware answers, and goes on",
	  test_enable_firmware_fails },
	{ "D1: By size the walk ends at a config that may not be written",
	  test_no_permission_to_configure },
	{ "D41: A config that cannot be read is a failure, and is not written",
	  test_unreadable_config },
	{ "D41: By size a config that cannot be read is passed over",
	  test_unreadable_config_by_size },
	{ "A block that the firmware does not list is missing", test_missing },
	{ "By size a block that was removed after the scan is passed over",
	  test_removed_after_scan },
	{ "A block without a config fails", test_no_config },
	{ "D16: A block that does not appear is not configured, and is taken back",
	  test_no_block_after_configure },
	{ "A block that vanishes when it is configured is a failure",
	  test_vanishes_when_configured },
	{ "D16: Of a configured block the state must be readable",
	  test_enable_state_fails },
	{ "Disable takes a block offline, then deconfigures it", test_disable_by_range },
	{ "Disable by size leaves alone what is offline and configured",
	  test_disable_by_size },
	{ "D21: By size a block that stays configured counts",
	  test_disable_stays_configured_by_size },
	{ "D21: By range a block that stays configured is not done",
	  test_disable_stays_configured_by_range },
	{ "A block that is not configured is taken offline and left so",
	  test_disable_not_configured },
	{ "D21, D41: A block whose config cannot be read stays configured",
	  test_disable_config_unreadable },
	{ "A block that does not go offline is not deconfigured", test_disable_fails },
	{ "D3: A block that somebody else took offline is not deconfigured",
	  test_disable_lost_race },
	{ "D16: Without a state, a block is offline only if it is not configured",
	  test_disable_without_state },
	{ "A block of another zone is neither taken offline nor deconfigured",
	  test_disable_zone },
	{ "Configure by size takes the lowest blocks that are not configured",
	  test_configure_by_size },
	{ "Configure by range leaves configured blocks alone", test_configure_by_range },
	{ "With -m memmap_on_memory is written first, even if it is as wanted",
	  test_memmap_first },
	{ "A configured block refuses -m only where it differs",
	  test_memmap_of_configured },
	{ "By size a block that refuses -m is passed over", test_memmap_by_size },
	{ "A memmap_on_memory that cannot be read matters with -m alone",
	  test_unreadable_memmap },
	{ "A failed memmap_on_memory ends the block", test_memmap_fails },
	{ "Configure tells what the firmware answers, and goes on",
	  test_configure_fails },
	{ "Deconfigure by size takes the highest blocks, and none that is online",
	  test_deconfigure_by_size },
	{ "Deconfigure by range takes what is configured and not online",
	  test_deconfigure_by_range },
	{ "Deconfigure leaves any other state to the kernel",
	  test_deconfigure_lets_through },
	{ "Deconfigure tells what the firmware answers, and goes on",
	  test_deconfigure_fails },
	{ "D1: By size deconfigure ends at a config that may not be written",
	  test_no_permission_to_deconfigure },
	{ "An interrupted write to the firmware is made again", test_interrupted },
};

TAP_MAIN(tests)
