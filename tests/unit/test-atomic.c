/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All or nothing: what is refused beforehand, and the way back from a failure at every
 * place there is, with and without a firmware, compared with what the machine looked like
 * before.
 */
#include "config.h"

#include <signal.h>
#include <stdlib.h>

#include "alarm.h"
#include "clock.h"
#include "machine.h"
#include "sysroot.h"
#include "util.h"

#define MIB (UINT64_C(1) << 20)
#define NBLOCKS 4

/* ---- Memory that runs out ---- */

static int nallocations = -1; /* so many lists of results, then none; -1: any number */

/* In place of the C library's. */
void *reallocarray(void *pointer, size_t n, size_t size)
{
	if (size == sizeof(struct memblk_result) && nallocations >= 0 &&
	    nallocations-- == 0) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(pointer, n * size);
}

/* ---- Machines ---- */

/* clang-format off */
#define REVERTED(n, ...) \
	{ .index = (n), .status = MEMBLK_STATUS_REVERTED, \
	  .was = MEMBLK_STATUS_CHANGED, __VA_ARGS__ }
#define STUCK(n, step_, reason_, ...) \
	{ .index = (n), .status = MEMBLK_STATUS_STUCK, .was = MEMBLK_STATUS_CHANGED, \
	  .step = MEMBLK_STEP_##step_, .reason = MEMBLK_REASON_##reason_, __VA_ARGS__ }
/* clang-format on */

static struct memblk_request atomic(struct memblk_request request)
{
	request.bounds.atomic = true;
	return request;
}

static struct memblk_request all(enum memblk_command command)
{
	return atomic(request_by_range(command, 0, NBLOCKS - 1));
}

static struct memblk_request with_zone(struct memblk_request request,
				       enum memblk_zone zone)
{
	request.zone = zone;
	return request;
}

static struct memblk_request with_memmap(struct memblk_request request)
{
	request.memmap = MEMBLK_MEMMAP_ON;
	return request;
}

/* A block as it is before the command is carried out on it. */
static void add_block(struct machine *machine, enum memblk_command command,
		      uint64_t index, bool firmware)
{
	bool online = command == MEMBLK_COMMAND_DISABLE;
	bool configured = online || command == MEMBLK_COMMAND_DECONFIGURE;

	if (!firmware || configured)
		machine_add(machine, index, online ? "online" : "offline",
			    !online     ? "Normal Movable"
			    : index % 2 ? "Movable"
					: "Normal");
	if (firmware)
		machine_add_firmware(machine, index, configured ? "1" : "0", "0");
}

static void init(struct machine *machine, enum memblk_command command, bool firmware)
{
	clock_reset();
	machine_init(machine);
	for (uint64_t i = 0; i < NBLOCKS; i++)
		add_block(machine, command, i, firmware);
}

/* "0 offline Normal Movable 1 0;" for each block: state, zones, config, memmap. */
#define LOOKS_MAX 512

static void look(struct machine *machine, char looks[LOOKS_MAX])
{
	size_t length = 0;

	for (uint64_t i = 0; i < NBLOCKS; i++) {
		const struct fake_file *files[] = {
			machine_file(machine, i, "state"),
			machine_file(machine, i, "valid_zones"),
			machine_firmware_file(machine, i, "config"),
			machine_firmware_file(machine, i, "memmap_on_memory"),
		};

		for (size_t j = 0; j < ARRAY_SIZE(files); j++)
			length += (size_t) snprintf(looks + length, LOOKS_MAX - length,
						    "%.*s;",
						    files[j] ? (int) files[j]->length : 0,
						    files[j] ? files[j]->text : "");
	}
}

static void refuse(struct fake_file *file, int error)
{
	file->write_error = error;
	file->nrefusals = 1;
}

static void check_end(const struct machine *machine, enum memblk_end end, size_t ntried)
{
	check_uint(machine->outcome.end, end);
	check_uint(machine->outcome.ntried, ntried);
	check(!machine->outcome.refused);
}

/* ---- Refused beforehand ---- */

static void check_refused(const struct machine *machine, enum memblk_end end,
			  uint64_t nfeasible, size_t ntried)
{
	check_writes(machine, "");
	check(machine->outcome.refused);
	check_uint(machine->outcome.end, end);
	check_uint(machine->outcome.nfeasible, nfeasible);
	check_uint(machine->outcome.ntried, ntried);
}

static void test_missing(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine, MEMBLK_COMMAND_ENABLE, false);
	machine_remove(&machine, 1);
	fake_set(machine_file(&machine, 3, "state"), "online\n");
	machine_run(&machine, all(MEMBLK_COMMAND_ENABLE));
	check_results(&machine, SKIPPED(0), MISSING(1), SKIPPED(2), ALREADY(3));
	check_refused(&machine, MEMBLK_END_ATOMIC, 3, 4);
}

/* Blocks of a long range that do not exist are not in the plan. */
static void test_missing_of_many(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine, MEMBLK_COMMAND_ENABLE, false);
	machine_run(&machine, atomic(request_by_range(MEMBLK_COMMAND_ENABLE, 0, 5000)));
	check_results(&machine, SKIPPED(0), SKIPPED(1), SKIPPED(2), SKIPPED(3));
	check_refused(&machine, MEMBLK_END_ATOMIC, 4, 4);
}

static void test_misfit(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine, MEMBLK_COMMAND_ENABLE, false);
	fake_set(machine_file(&machine, 2, "valid_zones"), "Normal\n");
	machine_run(&machine, with_zone(all(MEMBLK_COMMAND_ENABLE), MEMBLK_ZONE_MOVABLE));
	check_results(&machine, SKIPPED(0), SKIPPED(1), FAILED(2, ENABLE, ZONE_MISMATCH),
		      SKIPPED(3));
	check_refused(&machine, MEMBLK_END_ATOMIC, 3, 4);
}

static void test_elsewhere(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine, MEMBLK_COMMAND_ENABLE, false);
	fake_set(machine_file(&machine, 0, "state"), "online\n");
	fake_set(machine_file(&machine, 0, "valid_zones"), "Normal\n");
	machine_run(&machine, with_zone(all(MEMBLK_COMMAND_ENABLE), MEMBLK_ZONE_MOVABLE));
	check_results(&machine,
		      { FAILED_FOR(0, ENABLE, ZONE_OTHER), .zone = MEMBLK_ZONE_NORMAL },
		      SKIPPED(1), SKIPPED(2), SKIPPED(3));
	check_refused(&machine, MEMBLK_END_ATOMIC, 3, 4);
}

static void test_unreadable(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine, MEMBLK_COMMAND_DISABLE, false);
	machine_file(&machine, 3, "state")->read_error = EIO;
	machine_run(&machine, all(MEMBLK_COMMAND_DISABLE));
	check_results(&machine, SKIPPED(0), SKIPPED(1), SKIPPED(2),
		      FAILED_ERRNO(3, DISABLE, EIO));
	check_refused(&machine, MEMBLK_END_ATOMIC, 3, 4);
}

static void test_too_few(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine, MEMBLK_COMMAND_ENABLE, false);
	fake_set(machine_file(&machine, 1, "state"), "online\n");
	machine_run(&machine, atomic(request_by_size(MEMBLK_COMMAND_ENABLE, 4)));
	check_results(&machine, SKIPPED(0), SKIPPED(2), SKIPPED(3));
	check_refused(&machine, MEMBLK_END_ATOMIC, 3, 4);
}

static void test_too_few_fit(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine, MEMBLK_COMMAND_DISABLE, false);
	machine_run(&machine,
		    with_zone(atomic(request_by_size(MEMBLK_COMMAND_DISABLE, 3)),
			      MEMBLK_ZONE_MOVABLE));
	check_results(&machine, SKIPPED(3), FAILED(2, DISABLE, ZONE_MISMATCH), SKIPPED(1),
		      FAILED(0, DISABLE, ZONE_MISMATCH));
	check_refused(&machine, MEMBLK_END_ATOMIC, 2, 4);
}

static void add_meminfo(struct machine *machine, uint64_t available_mib)
{
	char text[128];

	snprintf(text, sizeof(text), "MemAvailable: %" PRIu64 " kB\nSwapFree: 0 kB\n",
		 available_mib * 1024);
	fake_add(&machine->fake, SYSROOT_MEMINFO, text);
}

/* All of it is asked for at once: after two blocks less would be left than wanted. */
static void test_spare(void)
{
	_cleanup_machine_ struct machine machine;
	struct memblk_request request = all(MEMBLK_COMMAND_DISABLE);

	init(&machine, MEMBLK_COMMAND_DISABLE, false);
	add_meminfo(&machine, 512);
	request.bounds.keep_free_bytes = 256 * MIB;
	machine_run(&machine, request);
	check_results(&machine, SKIPPED(0), SKIPPED(1),
		      { FAILED_FOR(2, DISABLE, SPARE_MEMORY), .left_bytes = 128 * MIB,
			.wanted_bytes = 256 * MIB });
	check_refused(&machine, MEMBLK_END_SPARE, 2, 3);
}

static void test_spare_is_enough(void)
{
	_cleanup_machine_ struct machine machine;
	struct memblk_request request = all(MEMBLK_COMMAND_DISABLE);

	init(&machine, MEMBLK_COMMAND_DISABLE, false);
	add_meminfo(&machine, 512 + 256);
	request.bounds.keep_free_bytes = 256 * MIB;
	machine_run(&machine, request);
	check_results(&machine, SWITCHED(0), SWITCHED(1), SWITCHED(2), SWITCHED(3));
	check_end(&machine, MEMBLK_END_DONE, 4);
}

static void test_firmware_refused(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine, MEMBLK_COMMAND_DECONFIGURE, true);
	fake_set(machine_file(&machine, 1, "state"), "online\n");
	machine_run(&machine, all(MEMBLK_COMMAND_DECONFIGURE));
	check_results(&machine, SKIPPED(0), FAILED(1, DECONFIGURE, MUST_BE_OFFLINE),
		      SKIPPED(2), SKIPPED(3));
	check_refused(&machine, MEMBLK_END_ATOMIC, 3, 4);
	machine_run(&machine, with_memmap(all(MEMBLK_COMMAND_CONFIGURE)));
	check_uint(machine.results[0].reason, MEMBLK_REASON_MUST_DECONFIGURE);
	check_refused(&machine, MEMBLK_END_ATOMIC, 0, 4);
}

/* Of what was only thought through, nothing is said to have been done. */
static void test_rehearsed_flags(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine, MEMBLK_COMMAND_CONFIGURE, true);
	machine_remove(&machine, 3);
	machine_run(&machine, with_memmap(all(MEMBLK_COMMAND_CONFIGURE)));
	check_results(&machine, SKIPPED(0), SKIPPED(1), SKIPPED(2), MISSING(3));
	check_refused(&machine, MEMBLK_END_ATOMIC, 3, 4);
	for (size_t i = 0; i < machine.nresults; i++)
		check_uint(machine.results[i].memmap_before, MEMBLK_MEMMAP_KEEP);
}

static void test_no_room(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine, MEMBLK_COMMAND_ENABLE, false);
	nallocations = 1;
	machine_run(&machine, all(MEMBLK_COMMAND_ENABLE));
	nallocations = -1;
	check_no_results(&machine);
	check_refused(&machine, MEMBLK_END_ATOMIC, 4, 0);
}

/* ---- Rehearsal ---- */

static void test_rehearsal(void)
{
	for (enum memblk_command command = 0; command < _MEMBLK_COMMAND_MAX; command++)
		for (int firmware = command > MEMBLK_COMMAND_DISABLE; firmware < 2;
		     firmware++) {
			_cleanup_machine_ struct machine machine;
			struct memblk_request request = all(command);

			tap_row("command %d, firmware %d", command, firmware);
			init(&machine, command, firmware);
			request.bounds.rehearsal = true;
			machine_run(&machine, request);
			check_no_results(&machine);
			check_writes(&machine, "");
			check_end(&machine, MEMBLK_END_DONE, 0);
			check_uint(machine.outcome.nfeasible, 4);
		}
}

static void test_rehearsal_by_size(void)
{
	_cleanup_machine_ struct machine machine;
	struct memblk_request request = atomic(request_by_size(MEMBLK_COMMAND_ENABLE, 2));

	init(&machine, MEMBLK_COMMAND_ENABLE, false);
	request.bounds.rehearsal = true;
	machine_run(&machine, request);
	check_no_results(&machine);
	check_writes(&machine, "");
	check_uint(machine.outcome.nfeasible, 2);
	check_uint(machine_file(&machine, 2, "state")->nopens, 0);
}

/* ---- The way back, from every place ---- */

/* What fails in block number POSITION. */
struct place {
	const char *directory; /* "state", "config" or "memmap_on_memory" */
	int error;
	struct memblk_result failure; /* its index is set */
	bool is_back;                 /* the block itself has to be set back, too */
};

static struct fake_file *file_at(struct machine *machine, uint64_t index,
				 const char *name)
{
	return strcmp(name, "state") ? machine_firmware_file(machine, index, name)
				     : machine_file(machine, index, name);
}

/* Runs REQUEST with a failure at PLACE in each of the blocks. */
static void check_every_position(struct memblk_request request, bool firmware,
				 const struct place *place, struct memblk_result changed)
{
	for (uint64_t position = 0; position < NBLOCKS; position++) {
		_cleanup_machine_ struct machine machine;
		struct memblk_result expected[2 * NBLOCKS];
		char before[LOOKS_MAX], after[LOOKS_MAX];
		size_t nexpected = 0;

		tap_row("command %d, firmware %d, %s of block %" PRIu64, request.command,
			firmware, place->directory, position);
		init(&machine, request.command, firmware);
		refuse(file_at(&machine, position, place->directory), place->error);
		look(&machine, before);
		machine_run(&machine, request);
		look(&machine, after);

		for (uint64_t i = 0; i <= position; i++) {
			expected[nexpected] = i < position ? changed : place->failure;
			expected[nexpected++].index = i;
		}
		for (uint64_t i = position + place->is_back; i-- > 0;) {
			struct memblk_result *result = &expected[nexpected];

			*result = expected[i];
			result->was = result->status;
			result->status = MEMBLK_STATUS_REVERTED;
			result->reason = MEMBLK_REASON_NONE;
			result->error = 0;
			nexpected++;
		}
		machine_check_results(TAP_PLACE(""), &machine, expected, nexpected);
		check_string(after, before);
		check_end(&machine, MEMBLK_END_ATOMIC, position + 1);
	}
}

static void test_enable(void)
{
	static const struct place place = {
		.directory = "state",
		.error = EPERM,
		.failure = { FAILED_FOR(0, ENABLE, VETO), .error = EPERM },
	};
	struct memblk_result changed = SWITCHED(0);

	check_every_position(all(MEMBLK_COMMAND_ENABLE), false, &place, changed);
}

static void test_disable(void)
{
	static const struct place place = {
		.directory = "state",
		.error = EINVAL,
		.failure = { FAILED_FOR(0, DISABLE, NEVER), .error = EINVAL },
	};
	struct memblk_result changed = SWITCHED(0);

	check_every_position(all(MEMBLK_COMMAND_DISABLE), false, &place, changed);
}

static void test_firmware_enable(void)
{
	static const struct place place = {
		.directory = "config",
		.error = EIO,
		.failure = { FAILED_FOR(0, CONFIGURE, NO_STORAGE), .error = EIO },
	};
	struct memblk_result changed = { .status = MEMBLK_STATUS_CHANGED,
					 .configured = true,
					 .switched = true };

	check_every_position(all(MEMBLK_COMMAND_ENABLE), true, &place, changed);
}

static void test_firmware_disable(void)
{
	static const struct place places[] = {
		{
			.directory = "state",
			.error = EINVAL,
			.failure = { FAILED_FOR(0, DISABLE, NEVER), .error = EINVAL },
		},
		{
			.directory = "config",
			.error = EIO,
			.failure = { FAILED_FOR(0, DECONFIGURE, NONE),
				     .deconfigure_error = EIO, .switched = true },
			.is_back = true,
		},
	};
	struct memblk_result changed = { .status = MEMBLK_STATUS_CHANGED,
					 .switched = true,
					 .deconfigured = true };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		check_every_position(all(MEMBLK_COMMAND_DISABLE), true, &places[i],
				     changed);
}

static void test_configure(void)
{
	static const struct place place = {
		.directory = "config",
		.error = EEXIST,
		.failure = { FAILED_FOR(0, CONFIGURE, ADDRESS_TAKEN), .error = EEXIST },
	};
	struct memblk_result changed = { .status = MEMBLK_STATUS_CHANGED,
					 .configured = true };

	check_every_position(all(MEMBLK_COMMAND_CONFIGURE), true, &place, changed);
}

static void test_configure_memmap(void)
{
	static const struct place places[] = {
		{
			.directory = "memmap_on_memory",
			.error = EOPNOTSUPP,
			.failure = { FAILED_FOR(0, MEMMAP, NO_MEMMAP),
				     .error = EOPNOTSUPP },
		},
		{
			.directory = "config",
			.error = EIO,
			.failure = { FAILED_FOR(0, CONFIGURE, NO_STORAGE), .error = EIO },
			.is_back = true,
		},
	};
	struct memblk_result changed = { .status = MEMBLK_STATUS_CHANGED,
					 .configured = true };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		check_every_position(with_memmap(all(MEMBLK_COMMAND_CONFIGURE)), true,
				     &places[i], changed);
}

static void test_deconfigure(void)
{
	static const struct place place = {
		.directory = "config",
		.error = EBUSY,
		.failure = { FAILED_FOR(0, DECONFIGURE, CONFIGURED), .error = EBUSY },
	};
	struct memblk_result changed = { .status = MEMBLK_STATUS_CHANGED,
					 .deconfigured = true };

	check_every_position(all(MEMBLK_COMMAND_DECONFIGURE), true, &place, changed);
}

/* A memory map that is as wanted before is not written back. */
static void test_memmap_unchanged(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine, MEMBLK_COMMAND_CONFIGURE, true);
	fake_set(machine_firmware_file(&machine, 0, "memmap_on_memory"), "1\n");
	refuse(machine_firmware_file(&machine, 1, "config"), EIO);
	machine_run(&machine, with_memmap(all(MEMBLK_COMMAND_CONFIGURE)));
	check_writes(&machine, "memory0/memmap_on_memory=1 memory0/config=1 "
			       "memory1/memmap_on_memory=1 memory1/config=1 "
			       "memory1/memmap_on_memory=0 memory0/config=0 ");
	check_text(machine_firmware_file(&machine, 0, "memmap_on_memory"), "1\n");
}

/* ---- What is written on the way, in which order ---- */

static void test_writes(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine, MEMBLK_COMMAND_DISABLE, false);
	refuse(machine_file(&machine, 3, "state"), EPERM);
	machine_run(&machine, all(MEMBLK_COMMAND_DISABLE));
	check_writes(&machine, "memory0/state=offline memory1/state=offline "
			       "memory2/state=offline memory3/state=offline "
			       "memory2/state=online_kernel memory1/state=online_movable "
			       "memory0/state=online_kernel ");
}

static void test_firmware_writes(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine, MEMBLK_COMMAND_ENABLE, true);
	refuse(machine_firmware_file(&machine, 2, "config"), EIO);
	machine_run(&machine, all(MEMBLK_COMMAND_ENABLE));
	check_writes(&machine, "memory0/config=1 memory0/state=online_movable "
			       "memory1/config=1 memory1/state=online_movable "
			       "memory2/config=1 memory1/state=offline memory1/config=0 "
			       "memory0/state=offline memory0/config=0 ");
}

/* A zone that was not known is none to go back to. */
static void test_zone_not_known(void)
{
	_cleanup_machine_ struct machine machine;

	clock_reset();
	machine_init(&machine);
	machine_add(&machine, 0, "online", NULL);
	machine_add(&machine, 1, "online", NULL);
	refuse(machine_file(&machine, 1, "state"), EPERM);
	machine_run(&machine, atomic(request_by_range(MEMBLK_COMMAND_DISABLE, 0, 1)));
	check_writes(&machine, "memory0/state=offline memory1/state=offline "
			       "memory0/state=online ");
	check_uint(machine.results[2].status, MEMBLK_STATUS_REVERTED);
}

/* What was as wanted before is left alone. */
static void test_already(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine, MEMBLK_COMMAND_ENABLE, false);
	fake_set(machine_file(&machine, 1, "state"), "online\n");
	refuse(machine_file(&machine, 3, "state"), EPERM);
	machine_run(&machine, all(MEMBLK_COMMAND_ENABLE));
	check_results(&machine, SWITCHED(0), ALREADY(1), SWITCHED(2),
		      { FAILED_FOR(3, ENABLE, VETO), .error = EPERM },
		      REVERTED(2, .switched = true), REVERTED(0, .switched = true));
	check_text(machine_file(&machine, 1, "state"), "online\n");
}

/* Online, in another zone than was asked for: not done, and not to be left so. */
static int miss_zone(struct fake *fake, struct fake_file *file, const char *word)
{
	bool online = strcmp(word, "offline");

	fake_set(machine_file(fake->data, file->tag, "valid_zones"),
		 online ? "Normal\n" : "Normal Movable\n");
	fake_set(file, online ? "online\n" : "offline\n");
	return 0;
}

static void test_zone_missed(void)
{
	_cleanup_machine_ struct machine machine;
	char before[LOOKS_MAX], after[LOOKS_MAX];

	init(&machine, MEMBLK_COMMAND_ENABLE, false);
	machine_file(&machine, 1, "state")->write_fn = miss_zone;
	look(&machine, before);
	machine_run(&machine, with_zone(all(MEMBLK_COMMAND_ENABLE), MEMBLK_ZONE_MOVABLE));
	look(&machine, after);
	check_results(&machine, SWITCHED(0),
		      { FAILED_FOR(1, ENABLE, ZONE_MISSED), .zone = MEMBLK_ZONE_NORMAL,
			.switched = true },
		      { .index = 1,
			.status = MEMBLK_STATUS_REVERTED,
			.was = MEMBLK_STATUS_FAILED,
			.zone = MEMBLK_ZONE_NORMAL,
			.switched = true },
		      REVERTED(0, .switched = true));
	check_string(after, before);
}

/* ---- What the kernel does by itself ---- */

static void test_auto_online(void)
{
	static const enum memblk_command commands[] = {
		MEMBLK_COMMAND_ENABLE,
		MEMBLK_COMMAND_CONFIGURE,
		MEMBLK_COMMAND_DECONFIGURE,
		MEMBLK_COMMAND_DISABLE,
	};

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		_cleanup_machine_ struct machine machine;
		char before[LOOKS_MAX], after[LOOKS_MAX];

		tap_row("command %d", commands[i]);
		init(&machine, commands[i], true);
		machine.auto_online = "Normal";
		if (commands[i] == MEMBLK_COMMAND_DISABLE)
			fake_set(machine_file(&machine, 1, "valid_zones"), "Normal\n");
		refuse(machine_firmware_file(&machine, 2, "config"), EIO);
		look(&machine, before);
		machine_run(&machine, all(commands[i]));
		look(&machine, after);
		check_string(after, before);
		check_uint(machine.results[machine.nresults - 1].index, 0);
		check_uint(machine.results[machine.nresults - 1].status,
			   MEMBLK_STATUS_REVERTED);
		check_uint(machine.results[machine.nresults - 2].index, 1);
		check_uint(machine.results[machine.nresults - 2].status,
			   MEMBLK_STATUS_REVERTED);
		check_end(&machine, MEMBLK_END_ATOMIC, 3);
	}
}

/* The kernel's choice is not where the block was. */
static void test_auto_online_elsewhere(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine, MEMBLK_COMMAND_DISABLE, true);
	machine.auto_online = "Normal";
	refuse(machine_file(&machine, 2, "state"), EPERM);
	machine_run(&machine, all(MEMBLK_COMMAND_DISABLE));
	check_results(&machine, { .index = 0, .switched = true, .deconfigured = true },
		      { .index = 1, .switched = true, .deconfigured = true },
		      { FAILED_FOR(2, DISABLE, VETO), .error = EPERM },
		      STUCK(1, ENABLE, ZONE_MISSED, .zone = MEMBLK_ZONE_NORMAL,
			    .switched = true, .deconfigured = true),
		      REVERTED(0, .switched = true, .deconfigured = true));
}

/* ---- What does not go back ---- */

static int stuck_error;

static int stay_online(struct fake *fake, struct fake_file *file, const char *word)
{
	(void) fake;
	if (!strcmp(word, "offline"))
		return -stuck_error;
	fake_set(file, "online\n");
	return 0;
}

static void test_stuck(void)
{
	static const struct {
		const char *zones;
		int error;
		struct memblk_result result;
	} rows[] = {
		{ "Normal\n", EBUSY,
		  STUCK(1, DISABLE, UNMOVABLE, .error = EBUSY, .switched = true) },
		{ "Movable\n", EBUSY,
		  STUCK(1, DISABLE, BUSY, .error = EBUSY, .switched = true) },
		{ "none\n", EINVAL,
		  STUCK(1, DISABLE, NEVER, .error = EINVAL, .switched = true) },
		{ "Normal\n", EBADF,
		  STUCK(1, DISABLE, ERRNO, .error = EBADF, .switched = true) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_machine_ struct machine machine;

		tap_row("row %zu", i);
		init(&machine, MEMBLK_COMMAND_ENABLE, false);
		machine_file(&machine, 1, "state")->write_fn = stay_online;
		fake_set(machine_file(&machine, 1, "valid_zones"), rows[i].zones);
		stuck_error = rows[i].error;
		refuse(machine_file(&machine, 3, "state"), EPERM);
		machine_run(&machine, all(MEMBLK_COMMAND_ENABLE));
		check_results(&machine, SWITCHED(0), SWITCHED(1), SWITCHED(2),
			      { FAILED_FOR(3, ENABLE, VETO), .error = EPERM },
			      REVERTED(2, .switched = true), rows[i].result,
			      REVERTED(0, .switched = true));
		check_text(machine_file(&machine, 0, "state"), "offline\n");
		check_text(machine_file(&machine, 2, "state"), "offline\n");
		check_end(&machine, MEMBLK_END_ATOMIC, 4);
	}
}

static void test_stuck_in_firmware(void)
{
	static const struct place {
		enum memblk_command command;
		const char *directory;
		struct memblk_result result;
	} rows[] = {
		{ MEMBLK_COMMAND_CONFIGURE, "config",
		  STUCK(0, DECONFIGURE, NO_STORAGE, .error = EIO, .configured = true) },
		{ MEMBLK_COMMAND_DECONFIGURE, "config",
		  STUCK(0, CONFIGURE, NO_STORAGE, .error = EIO, .deconfigured = true) },
		{ MEMBLK_COMMAND_CONFIGURE, "memmap_on_memory",
		  STUCK(0, MEMMAP, ERRNO, .error = EIO, .configured = true) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_machine_ struct machine machine;
		struct memblk_request request = all(rows[i].command);

		tap_row("row %zu", i);
		init(&machine, rows[i].command, true);
		/* written once on the way there, and then on the way back */
		machine_firmware_file(&machine, 0, rows[i].directory)->nsuccesses = 1;
		machine_firmware_file(&machine, 0, rows[i].directory)->write_error = EIO;
		refuse(machine_firmware_file(&machine, 1, "config"), EIO);
		if (rows[i].command == MEMBLK_COMMAND_CONFIGURE)
			request = with_memmap(request);
		machine_run(&machine, request);
		check(machine.nresults >= 3);
		machine.results[0] = machine.results[machine.nresults - 1];
		machine.nresults = 1;
		check_results(&machine, rows[i].result);
	}
}

static void test_stuck_elsewhere(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine, MEMBLK_COMMAND_DISABLE, false);
	machine_file(&machine, 1, "state")->write_fn = miss_zone;
	refuse(machine_file(&machine, 2, "state"), EPERM);
	machine_run(&machine, all(MEMBLK_COMMAND_DISABLE));
	check_results(&machine, SWITCHED(0), SWITCHED(1),
		      { FAILED_FOR(2, DISABLE, VETO), .error = EPERM },
		      STUCK(1, ENABLE, ZONE_MISSED, .zone = MEMBLK_ZONE_NORMAL,
			    .switched = true),
		      REVERTED(0, .switched = true));
}

/* What happens to block 0 when another one fails. */
static void (*meanwhile)(struct machine *machine, struct fake_file *state);

static int fail_meanwhile(struct fake *fake, struct fake_file *file, const char *word)
{
	struct machine *machine = fake->data;

	(void) file;
	(void) word;
	meanwhile(machine, machine_file(machine, 0, "state"));
	return -EPERM;
}

static void run_with_meanwhile(struct machine *machine, enum memblk_command command,
			       void (*function)(struct machine *, struct fake_file *))
{
	init(machine, command, false);
	meanwhile = function;
	machine_file(machine, 1, "state")->write_fn = fail_meanwhile;
	machine_run(machine, atomic(request_by_range(command, 0, 1)));
}

static void remove_block(struct machine *machine, struct fake_file *state)
{
	(void) state;
	machine_remove(machine, 0);
}

static void make_read_only(struct machine *machine, struct fake_file *state)
{
	(void) machine;
	state->open_write_error = EROFS;
}

static void set_online(struct machine *machine, struct fake_file *state)
{
	(void) machine;
	fake_set(state, "online\n");
}

static int race_back(struct fake *fake, struct fake_file *file, const char *word)
{
	(void) fake;
	(void) word;
	fake_set(file, "offline\n");
	return -EINVAL;
}

static void set_racing(struct machine *machine, struct fake_file *state)
{
	(void) machine;
	state->write_fn = race_back;
}

static void hide_zones(struct machine *machine, struct fake_file *state)
{
	(void) state;
	machine_file(machine, 0, "valid_zones")->read_error = EIO;
}

static void test_meanwhile(void)
{
	static const struct {
		enum memblk_command command;
		void (*function)(struct machine *machine, struct fake_file *state);
		struct memblk_result result;
		unsigned int nwrites;
	} rows[] = {
		{ MEMBLK_COMMAND_ENABLE, remove_block,
		  STUCK(0, DISABLE, ERRNO, .error = ENOENT, .switched = true), 1 },
		{ MEMBLK_COMMAND_ENABLE, make_read_only,
		  STUCK(0, DISABLE, ERRNO, .error = EROFS, .switched = true), 1 },
		{ MEMBLK_COMMAND_DISABLE, set_online, REVERTED(0, .switched = true), 1 },
		{ MEMBLK_COMMAND_ENABLE, set_racing, REVERTED(0, .switched = true), 2 },
		{ MEMBLK_COMMAND_DISABLE, hide_zones, REVERTED(0, .switched = true), 2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_machine_ struct machine machine;
		struct fake_file *state;

		tap_row("row %zu", i);
		run_with_meanwhile(&machine, rows[i].command, rows[i].function);
		check_uint(machine.nresults, 3);
		machine.results[0] = machine.results[2];
		machine.nresults = 1;
		check_results(&machine, rows[i].result);
		/* an errno alone, not what the kernel would mean by it */
		if (rows[i].result.reason == MEMBLK_REASON_ERRNO)
			check_uint(machine.results[0].reason, MEMBLK_REASON_ERRNO);
		state = machine_file(&machine, 0, "state");
		if (state)
			check_uint(state->nwrites, rows[i].nwrites);
	}
}

/* It is online again, in a zone that the block was not in before, but by somebody else.
 */
static void set_online_elsewhere(struct machine *machine, struct fake_file *state)
{
	fake_set(machine_file(machine, 0, "valid_zones"), "Movable\n");
	fake_set(state, "online\n");
}

static void test_back_by_others(void)
{
	_cleanup_machine_ struct machine machine;

	run_with_meanwhile(&machine, MEMBLK_COMMAND_DISABLE, set_online_elsewhere);
	check_uint(machine.nresults, 3);
	check_uint(machine.results[2].status, MEMBLK_STATUS_STUCK);
	check_uint(machine.results[2].reason, MEMBLK_REASON_ZONE_MISSED);
	check_uint(machine.results[2].zone, MEMBLK_ZONE_MOVABLE);
}

/* A block that could not be deconfigured after it failed is tried once more. */
static int never_online(struct fake *fake, struct fake_file *file, const char *word)
{
	(void) fake;
	(void) file;
	(void) word;
	return -EPERM;
}

static void test_deconfigured_on_the_way_back(void)
{
	_cleanup_machine_ struct machine machine;
	struct fake_file *config;
	char before[LOOKS_MAX], after[LOOKS_MAX];

	init(&machine, MEMBLK_COMMAND_ENABLE, true);
	machine.state_fn = never_online;
	config = machine_firmware_file(&machine, 0, "config");
	config->nsuccesses = 1;
	refuse(config, EIO);
	look(&machine, before);
	machine_run(&machine, all(MEMBLK_COMMAND_ENABLE));
	look(&machine, after);
	check_string(after, before);
	check_uint(machine.nresults, 2);
	check_uint(machine.results[0].status, MEMBLK_STATUS_FAILED);
	check_int(machine.results[0].deconfigure_error, EIO);
	check_uint(machine.results[1].status, MEMBLK_STATUS_REVERTED);
	check_uint(machine.results[1].was, MEMBLK_STATUS_FAILED);
}

/* ---- By size ---- */

static void test_by_size(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine, MEMBLK_COMMAND_ENABLE, false);
	refuse(machine_file(&machine, 0, "state"), EPERM);
	machine_run(&machine, atomic(request_by_size(MEMBLK_COMMAND_ENABLE, 3)));
	check_results(&machine, { FAILED_FOR(0, ENABLE, VETO), .error = EPERM },
		      SWITCHED(1), SWITCHED(2), SWITCHED(3));
	check_end(&machine, MEMBLK_END_DONE, 4);
}

static void test_by_size_back(void)
{
	_cleanup_machine_ struct machine machine;
	char before[LOOKS_MAX], after[LOOKS_MAX];

	init(&machine, MEMBLK_COMMAND_DISABLE, false);
	refuse(machine_file(&machine, 1, "state"), EPERM);
	look(&machine, before);
	machine_run(&machine, atomic(request_by_size(MEMBLK_COMMAND_DISABLE, 4)));
	look(&machine, after);
	check_results(&machine, SWITCHED(3), SWITCHED(2),
		      { FAILED_FOR(1, DISABLE, VETO), .error = EPERM }, SWITCHED(0),
		      REVERTED(0, .switched = true), REVERTED(2, .switched = true),
		      REVERTED(3, .switched = true));
	check_string(after, before);
	check_end(&machine, MEMBLK_END_ATOMIC, 4);
}

/* ---- With rounds ---- */

static void test_rounds(void)
{
	_cleanup_machine_ struct machine machine;
	struct memblk_request request = all(MEMBLK_COMMAND_ENABLE);

	init(&machine, MEMBLK_COMMAND_ENABLE, false);
	refuse(machine_file(&machine, 1, "state"), EAGAIN);
	request.bounds.retries = 2;
	machine_run(&machine, request);
	check_results(&machine, SWITCHED(0), SWITCHED(2), SWITCHED(3), SWITCHED(1));
	check_string(clock_state.log, "100 ");
	check_end(&machine, MEMBLK_END_DONE, 4);
}

static void test_rounds_in_vain(void)
{
	_cleanup_machine_ struct machine machine;
	struct memblk_request request = all(MEMBLK_COMMAND_ENABLE);

	init(&machine, MEMBLK_COMMAND_ENABLE, false);
	machine_file(&machine, 1, "state")->write_error = EAGAIN;
	request.bounds.retries = 2;
	machine_run(&machine, request);
	check_results(&machine, SWITCHED(0), SWITCHED(2), SWITCHED(3),
		      { FAILED_FOR(1, ENABLE, AGAIN), .error = EAGAIN },
		      REVERTED(3, .switched = true), REVERTED(2, .switched = true),
		      REVERTED(0, .switched = true));
	check_string(clock_state.log, "100 200 ");
}

static void test_no_room_for_rounds(void)
{
	_cleanup_machine_ struct machine machine;
	struct memblk_request request = request_by_range(MEMBLK_COMMAND_ENABLE, 0, 2);

	init(&machine, MEMBLK_COMMAND_ENABLE, false);
	refuse(machine_file(&machine, 0, "state"), EAGAIN);
	request.bounds.retries = 2;
	nallocations = 0;
	machine_run(&machine, request);
	nallocations = -1;
	check_results(&machine, { FAILED_FOR(0, ENABLE, AGAIN), .error = EAGAIN },
		      SWITCHED(1), SWITCHED(2));
	check_string(clock_state.log, "");
}

/* ---- Bounds of the way back ---- */

static int online_too_late(struct fake *fake, struct fake_file *file, const char *word)
{
	(void) fake;
	clock_state.now_ms += 2000;
	fake_set(file, strcmp(word, "offline") ? "online\n" : "offline\n");
	return 0;
}

/* The deadline ends the way there, and does not hurry the way back. */
static void test_deadline(void)
{
	_cleanup_machine_ struct machine machine;
	struct memblk_request request = all(MEMBLK_COMMAND_ENABLE);

	init(&machine, MEMBLK_COMMAND_ENABLE, false);
	machine_file(&machine, 0, "state")->write_fn = online_too_late;
	machine_file(&machine, 1, "state")->write_fn = online_too_late;
	request.bounds.deadline_ms = CLOCK_START_MS + 3000;
	machine_run(&machine, request);
	alarm_stop();
	check_results(&machine, SWITCHED(0), SWITCHED(1), REVERTED(1, .switched = true),
		      REVERTED(0, .switched = true));
	check_end(&machine, MEMBLK_END_TIMEOUT, 2);
}

static int give_up_error;

/* The way back of this block is given up. */
static int ring_back(struct fake *fake, struct fake_file *file, const char *word)
{
	(void) fake;
	if (!strcmp(word, "offline")) {
		clock_state.now_ms += 150;
		raise(SIGALRM);
		return give_up_error;
	}
	fake_set(file, "online\n");
	return 0;
}

static void test_no_return(void)
{
	static const struct {
		int error;
		enum memblk_reason reason;
	} rows[] = {
		{ -EINTR, MEMBLK_REASON_TRY_TIMEOUT },
		{ -EBADF, MEMBLK_REASON_LOCKED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_machine_ struct machine machine;
		struct memblk_request request = all(MEMBLK_COMMAND_ENABLE);

		tap_row("row %zu", i);
		init(&machine, MEMBLK_COMMAND_ENABLE, false);
		machine_file(&machine, 1, "state")->write_fn = ring_back;
		give_up_error = rows[i].error;
		refuse(machine_file(&machine, 3, "state"), EPERM);
		request.bounds.try_timeout_ms = 3600000;
		machine_run(&machine, request);
		alarm_stop();
		check_uint(machine.nresults, 7);
		check_uint(machine.results[4].status, MEMBLK_STATUS_REVERTED);
		check_uint(machine.results[5].status, MEMBLK_STATUS_STUCK);
		check_uint(machine.results[5].reason, rows[i].reason);
		check_uint(machine.results[5].limit_ms, 150);
		check_uint(machine.results[6].index, 0);
		check_uint(machine.results[6].status, MEMBLK_STATUS_STUCK);
		check_uint(machine.results[6].reason, MEMBLK_REASON_NOT_TRIED);
		check_uint(machine.results[6].was, MEMBLK_STATUS_CHANGED);
		check_uint(machine_file(&machine, 0, "state")->nwrites, 1);
		check_text(machine_file(&machine, 0, "state"), "online\n");
	}
}

/* ---- Huge pages ---- */

static void show_huge_pages(struct machine *machine, unsigned int npages)
{
	char text[64];

	snprintf(text, sizeof(text), "HugePages_Total:   %u\n", npages);
	fake_set(fake_find(&machine->fake, SYSROOT_MEMINFO), text);
}

static unsigned int huge_pages_left;

static int dissolve_huge_pages(struct fake *fake, struct fake_file *file,
			       const char *word)
{
	(void) file;
	(void) word;
	show_huge_pages(fake->data, huge_pages_left);
	return -EPERM;
}

static void test_huge_pages(void)
{
	static const struct {
		unsigned int before, after;
		uint64_t nlost;
	} rows[] = { { 8, 5, 3 }, { 8, 8, 0 }, { 8, 9, 0 }, { 8, 0, 8 }, { 0, 0, 0 } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_machine_ struct machine machine;

		tap_row("row %zu", i);
		init(&machine, MEMBLK_COMMAND_DISABLE, false);
		fake_add(&machine.fake, SYSROOT_MEMINFO, "");
		show_huge_pages(&machine, rows[i].before);
		huge_pages_left = rows[i].after;
		machine_file(&machine, 2, "state")->write_fn = dissolve_huge_pages;
		machine_run(&machine, all(MEMBLK_COMMAND_DISABLE));
		check_uint(machine.outcome.nhuge_pages_lost, rows[i].nlost);
		check_end(&machine, MEMBLK_END_ATOMIC, 3);
	}
}

/* ---- Another one's work ---- */

static void test_revert_alone(void)
{
	_cleanup_machine_ struct machine machine;
	struct progress progress = { .write_since_ms = 0 };
	struct memblk_result results[] = { SWITCHED(0), SWITCHED(2) };

	init(&machine, MEMBLK_COMMAND_ENABLE, false);
	for (uint64_t i = 0; i < NBLOCKS; i++)
		fake_set(machine_file(&machine, i, "state"), "online\n");
	if (!machine_plan(&machine, all(MEMBLK_COMMAND_ENABLE)))
		return;
	apply_revert(machine.system, &machine.request, &machine.plan, results,
		     ARRAY_SIZE(results), &progress, machine_add_result, &machine);
	check_results(&machine, REVERTED(2, .switched = true),
		      REVERTED(0, .switched = true));
	check_writes(&machine, "memory2/state=offline memory0/state=offline ");
	check(!progress.reverting && !progress.in_hand);
}

static void test_settle(void)
{
	static const struct {
		enum memblk_command command;
		bool firmware;
		const char *name, *text;
		struct memblk_result before, after;
	} rows[] = {
		{ MEMBLK_COMMAND_ENABLE,
		  false,
		  "state",
		  "online\n",
		  { .index = 0, .begun = true },
		  SWITCHED(0) },
		{ MEMBLK_COMMAND_ENABLE,
		  false,
		  "state",
		  "offline\n",
		  { .index = 0, .begun = true },
		  FAILED(0, ENABLE, LOST) },
		{ MEMBLK_COMMAND_DISABLE,
		  false,
		  "state",
		  "offline\n",
		  { .index = 0, .begun = true },
		  SWITCHED(0) },
		{ MEMBLK_COMMAND_DISABLE,
		  false,
		  "state",
		  "going-offline\n",
		  { .index = 0, .begun = true },
		  FAILED(0, DISABLE, LOST) },
		{ MEMBLK_COMMAND_DISABLE,
		  true,
		  "state",
		  "offline\n",
		  { .index = 0, .begun = true, .deconfigured = true },
		  { .index = 0, .switched = true, .deconfigured = true } },
		{ MEMBLK_COMMAND_CONFIGURE,
		  true,
		  "config",
		  "1\n",
		  { .index = 0, .begun = true },
		  { .index = 0, .configured = true } },
		{ MEMBLK_COMMAND_CONFIGURE,
		  true,
		  "config",
		  "0\n",
		  { .index = 0, .begun = true },
		  FAILED(0, CONFIGURE, LOST) },
		{ MEMBLK_COMMAND_DECONFIGURE,
		  true,
		  "config",
		  "0\n",
		  { .index = 0, .begun = true },
		  { .index = 0, .deconfigured = true } },
		{ MEMBLK_COMMAND_DECONFIGURE,
		  true,
		  "config",
		  "1\n",
		  { .index = 0, .begun = true },
		  FAILED(0, DECONFIGURE, LOST) },
		{ MEMBLK_COMMAND_DECONFIGURE,
		  true,
		  "config",
		  "\n",
		  { .index = 0, .begun = true },
		  FAILED(0, DECONFIGURE, LOST) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_machine_ struct machine machine;

		tap_row("row %zu", i);
		init(&machine, rows[i].command, rows[i].firmware);
		fake_set(file_at(&machine, 0, rows[i].name), rows[i].text);
		if (!machine_plan(&machine, all(rows[i].command)))
			return;
		machine.results[0] = rows[i].before;
		machine.nresults = 1;
		apply_settle(machine.system, &machine.request, &machine.plan,
			     machine.results, false, MEMBLK_REASON_LOST);
		check_results(&machine, rows[i].after);
		check_writes(&machine, "");
	}
}

/* ---- Signals. From here on the process is a cancelled one. ---- */

static int cancel_back(struct fake *fake, struct fake_file *file, const char *word)
{
	(void) fake;
	if (!strcmp(word, "offline")) {
		alarm_cancel();
		return -EINTR;
	}
	fake_set(file, "online\n");
	return 0;
}

static int cancel_there(struct fake *fake, struct fake_file *file, const char *word)
{
	(void) fake;
	(void) file;
	(void) word;
	alarm_cancel();
	return -EINTR;
}

/* The first one ends the way there, the second one the way back. */
static void test_signals(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine, MEMBLK_COMMAND_ENABLE, false);
	machine_file(&machine, 1, "state")->write_fn = cancel_back;
	machine_file(&machine, 3, "state")->write_fn = cancel_there;
	machine_run(&machine, all(MEMBLK_COMMAND_ENABLE));
	check_results(&machine, SWITCHED(0), SWITCHED(1), SWITCHED(2),
		      FAILED(3, ENABLE, INTERRUPTED), REVERTED(2, .switched = true),
		      STUCK(1, DISABLE, INTERRUPTED, .switched = true),
		      { .index = 0,
			.status = MEMBLK_STATUS_STUCK,
			.was = MEMBLK_STATUS_CHANGED,
			.reason = MEMBLK_REASON_NOT_TRIED,
			.switched = true });
	check_uint(machine_file(&machine, 0, "state")->nwrites, 1);
	check_end(&machine, MEMBLK_END_INTERRUPTED, 4);
}

static const struct tap_test tests[] = {
	{ "A block that is missing refuses all", test_missing },
	{ "A block of a long range that is missing refuses all", test_missing_of_many },
	{ "A block that does not fit the zone refuses all", test_misfit },
	{ "A block that is online in another zone refuses all", test_elsewhere },
	{ "A block that cannot be read refuses all", test_unreadable },
	{ "By size too few blocks refuse all", test_too_few },
	{ "By size too few blocks that fit refuse all", test_too_few_fit },
	{ "Too little memory for all of the blocks refuses all", test_spare },
	{ "Just enough memory for all of the blocks is enough", test_spare_is_enough },
	{ "What the firmware would refuse refuses all", test_firmware_refused },
	{ "Of what was only thought through nothing was done", test_rehearsed_flags },
	{ "Without room to note what is changed nothing is", test_no_room },
	{ "A rehearsal writes nothing and tells of no block", test_rehearsal },
	{ "By size a rehearsal looks no further than needed", test_rehearsal_by_size },
	{ "Enable goes back from every block", test_enable },
	{ "Disable goes back from every block", test_disable },
	{ "With a firmware enable goes back from every block", test_firmware_enable },
	{ "With a firmware disable goes back from every block and step",
	  test_firmware_disable },
	{ "Configure goes back from every block", test_configure },
	{ "Configure with a memory map goes back from every block and step",
	  test_configure_memmap },
	{ "Deconfigure goes back from every block", test_deconfigure },
	{ "A memory map that was as wanted is not written back", test_memmap_unchanged },
	{ "The last block goes back first, into the zone it was in", test_writes },
	{ "With a firmware the last step goes back first", test_firmware_writes },
	{ "A zone that was not known is left to the kernel", test_zone_not_known },
	{ "What was as wanted is left alone", test_already },
	{ "A block that came online in another zone goes back, too", test_zone_missed },
	{ "What the kernel brought online goes back, too", test_auto_online },
	{ "What the kernel brings online in another zone is stuck",
	  test_auto_online_elsewhere },
	{ "A block that cannot go back is stuck, and the others go", test_stuck },
	{ "A block whose storage does not go back is stuck", test_stuck_in_firmware },
	{ "A block that goes back to another zone is stuck", test_stuck_elsewhere },
	{ "What happened to a block meanwhile decides", test_meanwhile },
	{ "A block that others put in another zone is stuck", test_back_by_others },
	{ "A block that stayed configured is deconfigured on the way back",
	  test_deconfigured_on_the_way_back },
	{ "By size others make up for a block that fails", test_by_size },
	{ "By size all go back where too few were changed", test_by_size_back },
	{ "What passes in a round is no failure", test_rounds },
	{ "What passes in no round sets all back", test_rounds_in_vain },
	{ "Without room for what may pass it is final", test_no_room_for_rounds },
	{ "The deadline ends the way there and not the way back", test_deadline },
	{ "The way back ends at a write that does not return", test_no_return },
	{ "Huge pages that are lost on the way are counted", test_huge_pages },
	{ "The way back can be gone alone", test_revert_alone },
	{ "Of a block that was left behind the state decides", test_settle },
	{ "The first signal ends the way there, the second one the way back",
	  test_signals },
};

int main(void)
{
	/* for the alarms that the tests ring; the timer itself is far off */
	alarm_install();
	return tap_run(tests, ARRAY_SIZE(tests));
}
