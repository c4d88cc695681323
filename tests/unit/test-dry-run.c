/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A dry run: that it tells of the blocks, and in the order, that the same run for real
 * would, and writes nothing.
 */
#include "config.h"

#include <errno.h>

#include "alarm.h"
#include "clock.h"
#include "machine.h"
#include "sysroot.h"
#include "util.h"

#define MIB (UINT64_C(1) << 20)

#define PLANNED(n)                                            \
	{                                                     \
		.index = (n), .status = MEMBLK_STATUS_PLANNED \
	}

static struct memblk_request dry(struct memblk_request request)
{
	request.dry_run = true;
	return request;
}

static struct memblk_request atomic(struct memblk_request request)
{
	request.bounds.atomic = true;
	return request;
}

static struct memblk_request with_zone(struct memblk_request request,
				       enum memblk_zone zone)
{
	request.zone = zone;
	return request;
}

static struct memblk_request request_all(enum memblk_command command)
{
	struct memblk_request request = request_by_size(command, 0);

	request.selection.kind = MEMBLK_SELECTION_ALL;
	return request;
}

/* Blocks 0 to 2 online, 3 to 5 offline. */
static void init(struct machine *machine)
{
	clock_reset();
	machine_init(machine);
	for (uint64_t i = 0; i < 6; i++)
		machine_add(machine, i, i < 3 ? "online" : "offline",
			    i < 2   ? "Normal"
			    : i < 3 ? "Movable"
				    : "Normal Movable");
}

/* The run is over, and nothing was written by it. */
static void check_dry(const struct machine *machine, enum memblk_end end, size_t ntried)
{
	check_writes(machine, "");
	check_uint(machine->outcome.end, end);
	check_uint(machine->outcome.ntried, ntried);
	for (size_t i = 0; i < machine->nresults; i++) {
		check(!machine->results[i].begun);
		check_uint(machine->results[i].attempts, 0);
		check_uint(machine->results[i].duration_us, 0);
	}
}

/* ---- What would be done ---- */

static void test_by_size(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine);
	machine_run(&machine, dry(request_by_size(MEMBLK_COMMAND_ENABLE, 2)));
	check_results(&machine, PLANNED(3), PLANNED(4));
	check_dry(&machine, MEMBLK_END_DONE, 5);
	check_uint(machine.outcome.nspent, 2);
	check_uint(machine.results[0].before, MEMBLK_STATE_OFFLINE);
	check_uint(machine.results[0].action, MEMBLK_ACTION_ONLINE_MOVABLE);
	machine_run(&machine, dry(request_by_size(MEMBLK_COMMAND_DISABLE, 4)));
	check_results(&machine, PLANNED(2), PLANNED(1), PLANNED(0));
	check_dry(&machine, MEMBLK_END_DONE, 6);
	check_uint(machine.results[2].before, MEMBLK_STATE_ONLINE);
	check_uint(machine.results[2].action, MEMBLK_ACTION_OFFLINE);
}

static void test_by_range(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine);
	machine_run(&machine, dry(request_by_range(MEMBLK_COMMAND_ENABLE, 2, 6)));
	check_results(&machine, ALREADY(2), PLANNED(3), PLANNED(4), PLANNED(5),
		      MISSING(6));
	check_dry(&machine, MEMBLK_END_DONE, 5);
}

static void test_all(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine);
	machine_run(&machine, dry(request_all(MEMBLK_COMMAND_ENABLE)));
	check_results(&machine, PLANNED(3), PLANNED(4), PLANNED(5));
	check_dry(&machine, MEMBLK_END_DONE, 6);
	machine_run(&machine, dry(with_zone(request_all(MEMBLK_COMMAND_DISABLE),
					    MEMBLK_ZONE_MOVABLE)));
	check_results(&machine, PLANNED(2));
	check_dry(&machine, MEMBLK_END_DONE, 6);
}

static void test_zone(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine);
	fake_set(machine_file(&machine, 3, "valid_zones"), "Normal\n");
	machine_run(&machine, dry(with_zone(request_by_size(MEMBLK_COMMAND_ENABLE, 1),
					    MEMBLK_ZONE_MOVABLE)));
	check_results(&machine, FAILED(3, ENABLE, ZONE_MISMATCH), PLANNED(4));
	check_dry(&machine, MEMBLK_END_DONE, 5);
	machine_run(&machine, dry(with_zone(request_by_range(MEMBLK_COMMAND_ENABLE, 0, 3),
					    MEMBLK_ZONE_NORMAL)));
	check_results(&machine, ALREADY(0), ALREADY(1),
		      { FAILED_FOR(2, ENABLE, ZONE_OTHER), .zone = MEMBLK_ZONE_MOVABLE },
		      PLANNED(3));
	check_uint(machine.results[3].action, MEMBLK_ACTION_ONLINE_KERNEL);
}

/* What may be written does not matter to it. */
static void test_no_permission(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine);
	for (uint64_t i = 0; i < 6; i++)
		machine_file(&machine, i, "state")->open_write_error = i % 2 ? EACCES
									     : EROFS;
	machine_run(&machine, dry(request_by_size(MEMBLK_COMMAND_ENABLE, 2)));
	check_results(&machine, PLANNED(3), PLANNED(4));
	check_dry(&machine, MEMBLK_END_DONE, 5);
}

static void test_unreadable(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine);
	machine_file(&machine, 3, "state")->read_error = EIO;
	machine_run(&machine, dry(request_by_size(MEMBLK_COMMAND_ENABLE, 1)));
	check_results(&machine, FAILED_ERRNO(3, ENABLE, EIO), PLANNED(4));
	machine_run(&machine, dry(request_by_range(MEMBLK_COMMAND_DISABLE, 2, 3)));
	check_results(&machine, PLANNED(2), FAILED_ERRNO(3, DISABLE, EIO));
	check_dry(&machine, MEMBLK_END_DONE, 2);
}

/* No round comes after it, for nothing was tried. */
static void test_no_rounds(void)
{
	_cleanup_machine_ struct machine machine;
	struct memblk_request request = dry(
		request_by_range(MEMBLK_COMMAND_ENABLE, 3, 4));

	init(&machine);
	machine_file(&machine, 3, "state")->read_error = EAGAIN;
	request.bounds.retries = 5;
	request.bounds.retry_all = true;
	machine_run(&machine, request);
	check_results(&machine, FAILED_ERRNO(3, ENABLE, EAGAIN), PLANNED(4));
	check_string(clock_state.log, "");
}

/* What becomes of a block that somebody else is at is not waited for. */
static void test_going_offline(void)
{
	for (enum memblk_command command = MEMBLK_COMMAND_ENABLE;
	     command <= MEMBLK_COMMAND_DISABLE; command++) {
		_cleanup_machine_ struct machine machine;

		tap_row("command %u", command);
		init(&machine);
		fake_set(machine_file(&machine, 2, "state"), "going-offline\n");
		machine_run(&machine, dry(request_by_range(command, 2, 2)));
		check_results(&machine, PLANNED(2));
		check_uint(machine.results[0].before, MEMBLK_STATE_GOING_OFFLINE);
		check_string(clock_state.log, "");
		check_dry(&machine, MEMBLK_END_DONE, 1);
	}
}

/* ---- Its end ---- */

static void test_no_time(void)
{
	_cleanup_machine_ struct machine machine;
	struct memblk_request request = dry(
		request_by_range(MEMBLK_COMMAND_ENABLE, 3, 5));

	init(&machine);
	request.bounds.deadline_ms = CLOCK_START_MS;
	machine_run(&machine, request);
	check_no_results(&machine);
	check_dry(&machine, MEMBLK_END_TIMEOUT, 0);
}

static void cancel_at_read(struct fake *fake, struct fake_file *file)
{
	(void) fake, (void) file;
	alarm_cancel();
}

/* Last of all, for a signal stays where it is. */
static void test_signal(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine);
	machine_file(&machine, 4, "state")->read_fn = cancel_at_read;
	machine_run(&machine, dry(request_by_range(MEMBLK_COMMAND_ENABLE, 3, 5)));
	check_results(&machine, PLANNED(3), PLANNED(4));
	check_dry(&machine, MEMBLK_END_INTERRUPTED, 2);
	machine_run(&machine, dry(atomic(request_by_range(MEMBLK_COMMAND_ENABLE, 3, 5))));
	check_no_results(&machine);
	check_dry(&machine, MEMBLK_END_INTERRUPTED, 0);
}

/* ---- All or nothing ---- */

static void test_atomic(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine);
	machine_run(&machine, dry(atomic(request_by_range(MEMBLK_COMMAND_ENABLE, 3, 5))));
	check_results(&machine, PLANNED(3), PLANNED(4), PLANNED(5));
	check_dry(&machine, MEMBLK_END_DONE, 3);
	check(!machine.outcome.refused);
}

static void test_atomic_refused(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine);
	machine_remove(&machine, 4);
	machine_run(&machine, dry(atomic(request_by_range(MEMBLK_COMMAND_ENABLE, 2, 5))));
	check_results(&machine, ALREADY(2), SKIPPED(3), MISSING(4), SKIPPED(5));
	check_dry(&machine, MEMBLK_END_ATOMIC, 4);
	check(machine.outcome.refused);
	check_uint(machine.results[1].before, MEMBLK_STATE_OFFLINE);
	check_uint(machine.results[1].action, MEMBLK_ACTION_NONE);

	machine_run(&machine, dry(atomic(request_by_size(MEMBLK_COMMAND_DISABLE, 4))));
	check_results(&machine, SKIPPED(2), SKIPPED(1), SKIPPED(0));
	check_dry(&machine, MEMBLK_END_ATOMIC, 5);
	check_uint(machine.outcome.nfeasible, 3);
}

/* ---- Memory that is left ---- */

static void add_meminfo(struct machine *machine, uint64_t available_mib)
{
	char text[128];

	snprintf(text, sizeof(text), "MemAvailable: %" PRIu64 " kB\nSwapFree: 0 kB\n",
		 available_mib * 1024);
	fake_add(&machine->fake, SYSROOT_MEMINFO, text);
}

/* Each block is looked at as if those before it were gone. */
static void test_keep_free(void)
{
	for (int all_or_nothing = 0; all_or_nothing < 2; all_or_nothing++) {
		_cleanup_machine_ struct machine machine;
		struct memblk_request request = dry(
			request_by_size(MEMBLK_COMMAND_DISABLE, 3));

		tap_row("atomic %d", all_or_nothing);
		init(&machine);
		add_meminfo(&machine, 512);
		request.bounds.keep_free_bytes = 256 * MIB;
		request.bounds.atomic = all_or_nothing;
		machine_run(&machine, request);
		if (all_or_nothing)
			check_results(&machine, SKIPPED(2), SKIPPED(1),
				      { FAILED_FOR(0, DISABLE, SPARE_MEMORY),
					.left_bytes = 128 * MIB,
					.wanted_bytes = 256 * MIB });
		else
			check_results(&machine, PLANNED(2), PLANNED(1),
				      { FAILED_FOR(0, DISABLE, SPARE_MEMORY),
					.left_bytes = 128 * MIB,
					.wanted_bytes = 256 * MIB });
		check_dry(&machine, MEMBLK_END_SPARE, 6);

		/* what was thought through once takes nothing away from the second time
		 */
		request.bounds.keep_free_bytes = 128 * MIB;
		machine_run(&machine, request);
		check_results(&machine, PLANNED(2), PLANNED(1), PLANNED(0));
		check_dry(&machine, MEMBLK_END_DONE, 6);
	}
}

/* ---- The firmware ---- */

/* Block 0 online, 1 configured and offline, 2 and 3 on standby. */
static void init_firmware(struct machine *machine)
{
	clock_reset();
	machine_init(machine);
	for (uint64_t i = 0; i < 4; i++)
		machine_add_firmware(machine, i, i < 2 ? "1" : "0", "0");
	machine_add(machine, 0, "online", "Movable");
	machine_add(machine, 1, "offline", "Normal Movable");
}

#define PLANNED_CONFIGURED(n)                                                     \
	{                                                                         \
		.index = (n), .status = MEMBLK_STATUS_PLANNED, .configured = true \
	}

static void test_firmware(void)
{
	_cleanup_machine_ struct machine machine;

	init_firmware(&machine);
	machine_run(&machine, dry(request_by_size(MEMBLK_COMMAND_ENABLE, 2)));
	check_results(&machine, PLANNED(1), PLANNED_CONFIGURED(2));
	check_dry(&machine, MEMBLK_END_DONE, 3);
	check_uint(machine.results[1].action, MEMBLK_ACTION_CONFIGURE);
	machine_run(&machine, dry(request_by_range(MEMBLK_COMMAND_DISABLE, 0, 2)));
	check_results(&machine, PLANNED(0), ALREADY(1), ALREADY(2));
	check_dry(&machine, MEMBLK_END_DONE, 3);
	machine_run(&machine, dry(request_by_range(MEMBLK_COMMAND_CONFIGURE, 1, 3)));
	check_results(&machine, ALREADY(1), PLANNED_CONFIGURED(2), PLANNED_CONFIGURED(3));
	check_dry(&machine, MEMBLK_END_DONE, 3);
	machine_run(&machine, dry(request_by_range(MEMBLK_COMMAND_DECONFIGURE, 0, 2)));
	check_results(
		&machine, FAILED(0, DECONFIGURE, MUST_BE_OFFLINE),
		{ .index = 1, .status = MEMBLK_STATUS_PLANNED, .deconfigured = true },
		ALREADY(2));
	check_dry(&machine, MEMBLK_END_DONE, 3);
}

/* The memory map is settled before the block is configured, and not after. */
static void test_memmap(void)
{
	_cleanup_machine_ struct machine machine;
	struct memblk_request request = dry(
		request_by_range(MEMBLK_COMMAND_CONFIGURE, 1, 2));

	init_firmware(&machine);
	request.memmap = MEMBLK_MEMMAP_ON;
	machine_run(&machine, request);
	check_results(&machine, FAILED(1, MEMMAP, MUST_DECONFIGURE),
		      PLANNED_CONFIGURED(2));
	check_dry(&machine, MEMBLK_END_DONE, 2);
}

static const struct tap_test tests[] = {
	{ "By size, the blocks that would be taken are told of", test_by_size },
	{ "By range, each block is told of", test_by_range },
	{ "Of all, those that would be changed are told of", test_all },
	{ "Zones that do not fit stand in the way", test_zone },
	{ "It needs no permission", test_no_permission },
	{ "What cannot be read would fail", test_unreadable },
	{ "Nothing is tried again", test_no_rounds },
	{ "A block that is going offline is not waited for", test_going_offline },
	{ "It ends when its time is up", test_no_time },
	{ "All or nothing, all of it would work", test_atomic },
	{ "All or nothing, what would not be done is told of", test_atomic_refused },
	{ "Memory is left, as if the blocks before were gone", test_keep_free },
	{ "The firmware is not asked for anything", test_firmware },
	{ "A memory map that cannot be changed any more stands in the way", test_memmap },
	{ "It ends with a signal", test_signal },
};

TAP_MAIN(tests)
