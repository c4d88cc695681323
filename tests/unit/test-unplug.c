/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asking the firmware for a device: when it is asked, when it is not, what is set back
 * then, and how its blocks are waited for. On a machine in memory, with a clock of its
 * own.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "alarm.h"
#include "apply.h"
#include "clock.h"
#include "machine.h"
#include "sysroot.h"
#include "util.h"

#define DEVICE "PNP0C80:00"

/* Blocks 4 to 6 of the device, 6 is offline; 7 is of another. */
#define FIRST 4
#define LAST 6

static struct fake_file *eject, *auto_online;
static struct progress progress;

static bool init(struct machine *machine)
{
	static const char *const states[] = { "online", "online", "offline", "online" };

	clock_reset();
	progress = (struct progress){ .write_since_ms = 0 };
	machine_init(machine);
	machine_add(machine, 0, "online", "Normal");
	for (uint64_t i = FIRST; i <= LAST + 1; i++) {
		char path[SYSROOT_PATH_MAX];

		machine_add(machine, i, states[i - FIRST],
			    i == LAST ? "Normal Movable" : "Movable");
		fake_add_link(&machine->fake,
			      sysroot_block_path(path, SYSROOT_MEMORY, i,
						 SYSROOT_FIRMWARE_NODE),
			      i > LAST ? "../PNP0C80:01" : "../" DEVICE);
		eject = fake_add(&machine->fake,
				 sysroot_block_path(path, SYSROOT_MEMORY, i,
						    SYSROOT_FIRMWARE_NODE "/eject"),
				 "");
	}
	eject = fake_find(&machine->fake,
			  SYSROOT_MEMORY "/memory4/" SYSROOT_FIRMWARE_NODE "/eject");
	auto_online = fake_add(&machine->fake, SYSROOT_AUTO_ONLINE, "offline\n");

	return check(eject && auto_online);
}

static struct memblk_request make_request(void)
{
	struct memblk_request request = request_by_size(MEMBLK_COMMAND_DISABLE, 0);

	request.selection.kind = MEMBLK_SELECTION_ALL;
	request.selection.device = DEVICE;
	request.bounds.atomic = true;
	request.unplug = true;
	return request;
}

static void run(struct machine *machine, struct memblk_request request)
{
	if (!machine_plan(machine, request))
		return;
	machine->fake.log[0] = '\0';
	apply_plan(machine->system, &machine->request, &machine->plan, &progress,
		   machine_add_result, machine, &machine->outcome);
}

static void check_status(const struct machine *machine, enum memblk_unplug_status status,
			 int error)
{
	check_uint(machine->outcome.unplug.status, status);
	check_int(machine->outcome.unplug.error, error);
	check(progress.asked == (status == MEMBLK_UNPLUG_ASKED));
}

#define FORTH "memory5/state=offline memory4/state=offline "
#define ASK "firmware_node/eject=1 "
#define BACK "memory4/state=online_movable memory5/state=online_movable "

/* ---- As it should be ---- */

static void test_asked(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	run(&machine, make_request());
	check_results(&machine, SWITCHED(5), SWITCHED(4));
	check_writes(&machine, FORTH ASK);
	check_status(&machine, MEMBLK_UNPLUG_ASKED, 0);
	check_uint(machine.outcome.end, MEMBLK_END_DONE);
}

static void test_nothing_to_set_offline(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	fake_set(machine_file(&machine, 4, "state"), "offline\n");
	fake_set(machine_file(&machine, 5, "state"), "offline\n");
	run(&machine, make_request());
	check_no_results(&machine);
	check_writes(&machine, ASK);
	check_status(&machine, MEMBLK_UNPLUG_ASKED, 0);
}

static void test_dry_run(void)
{
	_cleanup_machine_ struct machine machine;
	struct memblk_request request = make_request();

	request.dry_run = true;
	if (!init(&machine))
		return;
	/* nobody writes to it */
	eject->open_write_error = EACCES;
	run(&machine, request);
	check_uint(machine.nresults, 2);
	check_writes(&machine, "");
	check_status(&machine, MEMBLK_UNPLUG_POSSIBLE, 0);
}

static void test_not_wanted(void)
{
	_cleanup_machine_ struct machine machine;
	struct memblk_request request = make_request();

	request.unplug = false;
	if (!init(&machine))
		return;
	fake_set(auto_online, "online\n");
	run(&machine, request);
	check_writes(&machine, FORTH);
	check_status(&machine, MEMBLK_UNPLUG_NONE, 0);
}

/* ---- What is known beforehand ---- */

static void check_refused(struct machine *machine, enum memblk_unplug_status status,
			  int error)
{
	for (int dry = 0; dry < 2; dry++) {
		struct memblk_request request = make_request();

		request.dry_run = dry;
		run(machine, request);
		check_no_results(machine);
		check_writes(machine, "");
		check_status(machine, status, error);
		check(machine->outcome.refused);
		check_uint(machine->outcome.end, MEMBLK_END_ATOMIC);
	}
}

static void test_auto_online(void)
{
	static const char *const words[] = { "online\n", "online_movable\n", "",
					     "Offline" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		_cleanup_machine_ struct machine machine;

		if (!init(&machine))
			return;
		tap_row("'%s'", words[i]);
		fake_set(auto_online, words[i]);
		check_refused(&machine, MEMBLK_UNPLUG_AUTO_ONLINE, 0);
	}
}

static void test_auto_online_unreadable(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	auto_online->open_error = EACCES;
	check_refused(&machine, MEMBLK_UNPLUG_AUTO_ONLINE, EACCES);
	auto_online->open_error = ENOENT;
	run(&machine, make_request());
	check_status(&machine, MEMBLK_UNPLUG_ASKED, 0);
}

static void test_no_eject(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	eject->open_error = ENOENT;
	check_refused(&machine, MEMBLK_UNPLUG_NO_EJECT, ENOENT);
}

static void test_eject_that_cannot_be_opened(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	eject->open_write_error = EROFS;
	run(&machine, make_request());
	check_no_results(&machine);
	check_writes(&machine, "");
	check_status(&machine, MEMBLK_UNPLUG_NO_EJECT, EROFS);
	check(machine.outcome.refused);
}

static void test_no_device_of_acpi(void)
{
	_cleanup_machine_ struct machine machine;
	struct memblk_request request = make_request();

	request.selection.device = "other";
	if (!init(&machine))
		return;
	fake_add(&machine.fake, SYSROOT_IOMEM,
		 "20000000-37ffffff : System RAM (other)\n");
	run(&machine, request);
	check_no_results(&machine);
	check_writes(&machine, "");
	check_status(&machine, MEMBLK_UNPLUG_NO_FIRMWARE, 0);
}

/* ---- What shows at the last moment ---- */

static struct machine *current;
static const char *late_state;
static uint64_t late_index;

/* Somebody else is at it when block 4 goes offline, the last of them. */
static int write_late(struct fake *fake, struct fake_file *file, const char *word)
{
	(void) fake;
	if (strcmp(word, "offline")) {
		fake_set(file, "online\n");
		return 0;
	}
	fake_set(file, "offline\n");
	if (late_state)
		fake_set(machine_file(current, late_index, "state"), late_state);
	else
		machine_file(current, late_index, "state")->read_error = EIO;
	return 0;
}

static void check_late(uint64_t index, const char *state, enum memblk_state expected,
		       int error)
{
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	tap_row("block %u %s", (unsigned int) index, state ? state : "cannot be read");
	current = &machine;
	late_index = index;
	late_state = state;
	machine_file(&machine, 4, "state")->write_fn = write_late;
	run(&machine, make_request());
	check(!eject->nwrites);
	check_status(&machine, MEMBLK_UNPLUG_NOT_OFFLINE, error);
	check_uint(machine.outcome.unplug.index, index);
	check_uint(machine.outcome.unplug.state, expected);
	check_uint(machine.outcome.end, MEMBLK_END_ATOMIC);
	check(strstr(machine.fake.log, "memory4/state=online_movable "));
}

static void test_not_offline(void)
{
	check_late(5, "online\n", MEMBLK_STATE_ONLINE, 0);
	check_late(6, "online\n", MEMBLK_STATE_ONLINE, 0);
	check_late(6, "going-offline\n", MEMBLK_STATE_GOING_OFFLINE, 0);
	check_late(6, "what?\n", MEMBLK_STATE_UNKNOWN, 0);
	check_late(6, NULL, MEMBLK_STATE_UNKNOWN, EIO);
}

/* What is of no concern to the device may be as it likes. */
static void test_others(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init(&machine))
		return;
	current = &machine;
	late_index = 7;
	late_state = "going-offline\n";
	machine_file(&machine, 4, "state")->write_fn = write_late;
	run(&machine, make_request());
	check_status(&machine, MEMBLK_UNPLUG_ASKED, 0);
}

static void test_refused_by_the_kernel(void)
{
	static const int errors[] = { ENODEV, EAGAIN, ENOMEM, EINVAL };

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		_cleanup_machine_ struct machine machine;

		if (!init(&machine))
			return;
		tap_row("%s", strerror(errors[i]));
		eject->write_error = errors[i];
		run(&machine, make_request());
		check_writes(&machine, FORTH ASK BACK);
		check_status(&machine, MEMBLK_UNPLUG_FAILED, errors[i]);
		check_uint(machine.outcome.end, MEMBLK_END_ATOMIC);
		check_uint(machine.nresults, 4);
	}
}

/* It goes offline in time, but the time is up then. */
static int write_slowly(struct fake *fake, struct fake_file *file, const char *word)
{
	(void) fake;
	clock_state.now_ms += 2000;
	fake_set(file, strcmp(word, "offline") ? "online\n" : "offline\n");
	return 0;
}

static void test_deadline(void)
{
	_cleanup_machine_ struct machine machine;
	struct memblk_request request = make_request();

	request.bounds.deadline_ms = CLOCK_START_MS + 1000;
	if (!init(&machine))
		return;
	machine_file(&machine, 4, "state")->write_fn = write_slowly;
	run(&machine, request);
	check_writes(&machine, FORTH BACK);
	check_status(&machine, MEMBLK_UNPLUG_NONE, 0);
	check_uint(machine.outcome.end, MEMBLK_END_TIMEOUT);
}

/* ---- Waiting ---- */

static const uint64_t waited_for[] = { 4, 5, 6 };
static unsigned int nsleeps;

static void go_one_by_one(void)
{
	machine_remove(current, 4 + nsleeps++);
}

static void test_wait(void)
{
	_cleanup_machine_ struct machine machine;

	if (!init(&machine) || !machine_plan(&machine, make_request()))
		return;
	current = &machine;
	nsleeps = 0;
	clock_state.sleep_fn = go_one_by_one;
	check_int(memblk_await_removal(machine.system, waited_for, 3, MEMBLK_FOREVER), 0);
	check_uint(nsleeps, 3);
	check_int(memblk_await_removal(machine.system, waited_for, 3, 0), 0);
	check_int(memblk_await_removal(machine.system, waited_for, 0, 0), 0);
}

static void test_wait_in_vain(void)
{
	_cleanup_machine_ struct machine machine;
	uint64_t until = CLOCK_START_MS + 120;

	if (!init(&machine) || !machine_plan(&machine, make_request()))
		return;
	/* the last one is enough */
	machine_remove(&machine, 4);
	machine_remove(&machine, 5);
	check_int(memblk_await_removal(machine.system, waited_for, 3, until), -ETIME);
	check_uint(clock_state.now_ms, until);
	clock_state.is_interrupted = true;
	check_int(memblk_await_removal(machine.system, waited_for, 3, until + 1000),
		  -EINTR);
}

static const struct tap_test tests[] = {
	{ "The firmware is asked when all blocks are offline", test_asked },
	{ "It is asked at once where they are", test_nothing_to_set_offline },
	{ "A dry run asks nobody, and minds no permission", test_dry_run },
	{ "Without unplug nobody is asked", test_not_wanted },
	{ "Nothing is begun unless auto_online_blocks is offline", test_auto_online },
	{ "Nor where that cannot be read, but where there is none",
	  test_auto_online_unreadable },
	{ "Nothing is begun without an eject", test_no_eject },
	{ "Nor where it cannot be written", test_eject_that_cannot_be_opened },
	{ "A device that ACPI does not know is refused", test_no_device_of_acpi },
	{ "A block that is not offline at the last moment is found", test_not_offline },
	{ "Blocks of other devices are not looked at", test_others },
	{ "What the kernel refuses has all set back", test_refused_by_the_kernel },
	{ "So has a deadline before the firmware is asked", test_deadline },
	{ "Blocks are waited for until the last is gone", test_wait },
	{ "And no longer than that, or than until a signal", test_wait_in_vain },
};

TAP_MAIN(tests)
