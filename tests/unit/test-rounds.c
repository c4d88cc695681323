/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What holds for a run as a whole: the rounds over what may pass, what ends a walk, what
 * is waited for and how long, and what must be left of memory. On a clock of its own, so
 * that every pause is exact and none takes time.
 */
#include "config.h"

#include <signal.h>

#include "alarm.h"
#include "clock.h"
#include "machine.h"
#include "sysroot.h"
#include "util.h"

#define MIB (UINT64_C(1) << 20)

#define ONLINE "state=online_movable "

static struct memblk_request with_retries(struct memblk_request request,
					  unsigned int retries, bool retry_all)
{
	request.bounds.retries = retries;
	request.bounds.retry_all = retry_all;
	return request;
}

/* So long after the start of the clock. */
static struct memblk_request with_deadline(struct memblk_request request, uint64_t ms)
{
	request.bounds.deadline_ms = CLOCK_START_MS + ms;
	return request;
}

static struct memblk_request enable(uint64_t first, uint64_t last)
{
	return request_by_range(MEMBLK_COMMAND_ENABLE, first, last);
}

static struct memblk_request disable(uint64_t first, uint64_t last)
{
	return request_by_range(MEMBLK_COMMAND_DISABLE, first, last);
}

/* Blocks 0 to NBLOCKS - 1, and the clock at its start. */
static void init(struct machine *machine, uint64_t nblocks, const char *state,
		 const char *zones)
{
	clock_reset();
	machine_init(machine);
	for (uint64_t i = 0; i < nblocks; i++)
		machine_add(machine, i, state, zones);
}

static void init_offline(struct machine *machine, uint64_t nblocks)
{
	init(machine, nblocks, "offline", "Normal Movable");
}

/* The next NREFUSALS writes to the state of block INDEX give ERROR; all if 0. */
static void refuse(struct machine *machine, uint64_t index, int error,
		   unsigned int nrefusals)
{
	struct fake_file *state = machine_file(machine, index, "state");

	state->write_error = error;
	state->nrefusals = nrefusals;
}

static void refuse_config(struct machine *machine, uint64_t index, int error,
			  unsigned int nrefusals)
{
	struct fake_file *config = machine_firmware_file(machine, index, "config");

	config->write_error = error;
	config->nrefusals = nrefusals;
}

static void check_end(const struct machine *machine, enum memblk_end end, size_t ntried)
{
	check_uint(machine->outcome.end, end);
	check_uint(machine->outcome.ntried, ntried);
	check(!machine->outcome.refused);
}

/* ---- What is tried again ---- */

static void test_no_rounds(void)
{
	_cleanup_machine_ struct machine machine;

	init_offline(&machine, 3);
	refuse(&machine, 1, EAGAIN, 1);
	machine_run(&machine, enable(0, 2));
	check_results(&machine, SWITCHED(0), FAILED_ERRNO(1, ENABLE, EAGAIN),
		      SWITCHED(2));
	check_uint(machine.results[1].reason, MEMBLK_REASON_AGAIN);
	check_string(clock_state.log, "");
	check_end(&machine, MEMBLK_END_DONE, 3);
}

static void test_passes(void)
{
	_cleanup_machine_ struct machine machine;

	init_offline(&machine, 3);
	refuse(&machine, 1, EAGAIN, 1);
	machine_run(&machine, with_retries(enable(0, 2), 2, false));
	check_results(&machine, SWITCHED(0), SWITCHED(2), SWITCHED(1));
	check_writes(&machine, "memory0/" ONLINE "memory1/" ONLINE "memory2/" ONLINE
			       "memory1/" ONLINE);
	check_string(clock_state.log, "100 ");
	check_end(&machine, MEMBLK_END_DONE, 3);
}

static void test_does_not_pass(void)
{
	_cleanup_machine_ struct machine machine;

	init_offline(&machine, 3);
	refuse(&machine, 0, EAGAIN, 0);
	machine_run(&machine, with_retries(enable(0, 2), 3, false));
	check_results(&machine, SWITCHED(1), SWITCHED(2),
		      { FAILED_FOR(0, ENABLE, AGAIN), .error = EAGAIN });
	check_uint(machine_file(&machine, 0, "state")->nwrites, 4);
	check_string(clock_state.log, "100 200 400 ");
	check_end(&machine, MEMBLK_END_DONE, 3);
}

static void test_pauses(void)
{
	_cleanup_machine_ struct machine machine;

	init_offline(&machine, 1);
	refuse(&machine, 0, EAGAIN, 0);
	machine_run(&machine, with_retries(enable(0, 0), 8, false));
	check_string(clock_state.log, "100 200 400 800 1600 2000 2000 2000 ");
	check_uint(machine_file(&machine, 0, "state")->nwrites, 9);
}

/* A block is told of in the round in which it passes, the last to fail at the end. */
static void test_order(void)
{
	_cleanup_machine_ struct machine machine;

	init_offline(&machine, 6);
	refuse(&machine, 0, EAGAIN, 2);
	refuse(&machine, 1, EAGAIN, 1);
	refuse(&machine, 3, EBUSY, 0);
	refuse(&machine, 4, EAGAIN, 1);
	machine_run(&machine, with_retries(enable(0, 5), 2, false));
	check_results(&machine, SWITCHED(2), SWITCHED(5), SWITCHED(1), SWITCHED(4),
		      SWITCHED(0), { FAILED_FOR(3, ENABLE, BUSY), .error = EBUSY });
	check_string(clock_state.log, "100 200 ");
}

/* In its second try the block fails for good. */
static int busy_then_veto(struct fake *fake, struct fake_file *file, const char *word)
{
	(void) fake;
	(void) word;
	return file->nwrites == 1 ? -EAGAIN : -EPERM;
}

static void test_another_reason(void)
{
	_cleanup_machine_ struct machine machine;

	init_offline(&machine, 2);
	machine_file(&machine, 0, "state")->write_fn = busy_then_veto;
	machine_run(&machine, with_retries(enable(0, 1), 5, false));
	check_results(&machine, SWITCHED(1),
		      { FAILED_FOR(0, ENABLE, VETO), .error = EPERM });
	check_uint(machine_file(&machine, 0, "state")->nwrites, 2);
	check_string(clock_state.log, "100 ");
}

static int race(struct fake *fake, struct fake_file *file, const char *word)
{
	(void) fake;
	(void) word;
	fake_set(file, "online\n");
	return -EAGAIN;
}

static void test_done_meanwhile(void)
{
	_cleanup_machine_ struct machine machine;

	init_offline(&machine, 1);
	machine_file(&machine, 0, "state")->write_fn = race;
	machine_run(&machine, with_retries(enable(0, 0), 2, false));
	check_results(&machine, ALREADY(0));
	check_string(clock_state.log, "");
}

static void test_busy(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine, 1, "online", "Normal");
	machine_add(&machine, 1, "online", "Movable");
	refuse(&machine, 0, EBUSY, 1);
	refuse(&machine, 1, EBUSY, 1);
	machine_run(&machine, with_retries(disable(0, 1), 2, false));
	check_results(&machine, { FAILED_FOR(0, DISABLE, UNMOVABLE), .error = EBUSY },
		      SWITCHED(1));
	check_writes(&machine, "memory0/state=offline memory1/state=offline "
			       "memory1/state=offline ");
}

static void test_every_busy(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine, 1, "online", "Normal");
	machine_add(&machine, 1, "online", "Movable");
	refuse(&machine, 0, EBUSY, 1);
	refuse(&machine, 1, EBUSY, 0);
	machine_run(&machine, with_retries(disable(0, 1), 2, true));
	check_results(&machine, SWITCHED(0),
		      { FAILED_FOR(1, DISABLE, BUSY), .error = EBUSY });
	check_uint(machine_file(&machine, 1, "state")->nwrites, 3);
}

static void test_final(void)
{
	static const int errors[] = { EPERM, EINVAL, ENODEV, ENOMEM, EHWPOISON, EIO };

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		_cleanup_machine_ struct machine machine;

		tap_row("%s", strerror(errors[i]));
		init_offline(&machine, 1);
		refuse(&machine, 0, errors[i], 0);
		machine_run(&machine, with_retries(enable(0, 0), 5, true));
		check_results(&machine, FAILED_ERRNO(0, ENABLE, errors[i]));
		check_uint(machine_file(&machine, 0, "state")->nwrites, 1);
		check_string(clock_state.log, "");
	}
}

static void init_firmware(struct machine *machine, uint64_t nblocks, const char *config)
{
	clock_reset();
	machine_init(machine);
	for (uint64_t i = 0; i < nblocks; i++) {
		if (*config == '1')
			machine_add(machine, i, "offline", "Normal Movable");
		machine_add_firmware(machine, i, config, "0");
	}
}

static void test_storage(void)
{
	static const enum memblk_command commands[] = {
		MEMBLK_COMMAND_CONFIGURE,
		MEMBLK_COMMAND_ENABLE,
		MEMBLK_COMMAND_DECONFIGURE,
	};

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		_cleanup_machine_ struct machine machine;
		bool back = commands[i] == MEMBLK_COMMAND_DECONFIGURE;

		tap_row("command %d", commands[i]);
		init_firmware(&machine, 2, back ? "1" : "0");
		refuse_config(&machine, 0, EIO, 0);
		refuse_config(&machine, 1, EIO, 1);
		machine_run(&machine,
			    with_retries(request_by_range(commands[i], 0, 1), 5, true));
		check_uint(machine.nresults, 2);
		check_uint(machine.results[0].index, 0);
		check_uint(machine.results[0].reason, MEMBLK_REASON_NO_STORAGE);
		check_uint(machine.results[1].index, 1);
		check_uint(machine.results[1].status, MEMBLK_STATUS_CHANGED);
		check_uint(machine_firmware_file(&machine, 0, "config")->nwrites, 2);
		check_uint(machine_firmware_file(&machine, 1, "config")->nwrites, 2);
		check_string(clock_state.log, "100 ");
	}
}

static void test_configured(void)
{
	for (int all = 0; all < 2; all++) {
		_cleanup_machine_ struct machine machine;

		tap_row("retry_all %d", all);
		init_firmware(&machine, 1, "1");
		refuse_config(&machine, 0, EBUSY, 0);
		machine_run(
			&machine,
			with_retries(request_by_range(MEMBLK_COMMAND_DECONFIGURE, 0, 0),
				     3, all));
		check_results(&machine,
			      { FAILED_FOR(0, DECONFIGURE, CONFIGURED), .error = EBUSY });
		check_uint(machine_firmware_file(&machine, 0, "config")->nwrites,
			   all ? 4 : 1);
	}
}

/* A block that is set back by the run itself comes once, however often it was tried. */
static void test_enable_again(void)
{
	_cleanup_machine_ struct machine machine;

	init_firmware(&machine, 1, "0");
	machine.state_fn = busy_then_veto;
	machine_run(&machine, with_retries(enable(0, 0), 1, false));
	check_results(&machine, { FAILED_FOR(0, ENABLE, AGAIN), .error = EAGAIN,
				  .configured = true, .deconfigured = true });
	check_writes(&machine, "memory0/config=1 memory0/" ONLINE "memory0/config=0 "
			       "memory0/config=1 memory0/" ONLINE "memory0/config=0 ");
}

/* ---- By size ---- */

static void test_enough_without(void)
{
	_cleanup_machine_ struct machine machine;

	init_offline(&machine, 4);
	refuse(&machine, 1, EAGAIN, 1);
	machine_run(&machine,
		    with_retries(request_by_size(MEMBLK_COMMAND_ENABLE, 2), 2, false));
	check_results(&machine, SWITCHED(0), SWITCHED(2),
		      { FAILED_FOR(1, ENABLE, AGAIN), .error = EAGAIN });
	check_uint(machine_file(&machine, 1, "state")->nwrites, 1);
	check_string(clock_state.log, "");
	check_end(&machine, MEMBLK_END_DONE, 3);
}

static void test_enough_in_round(void)
{
	_cleanup_machine_ struct machine machine;

	init_offline(&machine, 4);
	for (uint64_t i = 1; i < 4; i++)
		refuse(&machine, i, EAGAIN, i == 1 ? 2 : 1);
	machine_run(&machine,
		    with_retries(request_by_size(MEMBLK_COMMAND_ENABLE, 2), 2, false));
	check_results(&machine, SWITCHED(0), SWITCHED(2),
		      { FAILED_FOR(3, ENABLE, AGAIN), .error = EAGAIN },
		      { FAILED_FOR(1, ENABLE, AGAIN), .error = EAGAIN });
	check_uint(machine_file(&machine, 1, "state")->nwrites, 2);
	check_uint(machine_file(&machine, 3, "state")->nwrites, 1);
	check_string(clock_state.log, "100 ");
	check_end(&machine, MEMBLK_END_DONE, 4);
}

static void test_too_few(void)
{
	_cleanup_machine_ struct machine machine;

	init_offline(&machine, 3);
	refuse(&machine, 0, EAGAIN, 1);
	machine_run(&machine,
		    with_retries(request_by_size(MEMBLK_COMMAND_ENABLE, 9), 2, false));
	check_results(&machine, SWITCHED(1), SWITCHED(2), SWITCHED(0));
	check_end(&machine, MEMBLK_END_DONE, 3);
}

/* ---- What ends a walk ---- */

static void test_no_memory(void)
{
	_cleanup_machine_ struct machine machine;

	init_offline(&machine, 5);
	refuse(&machine, 1, ENOMEM, 0);
	refuse(&machine, 2, ENOMEM, 0);
	machine_run(&machine, with_retries(enable(0, 4), 2, true));
	check_results(&machine, SWITCHED(0),
		      { FAILED_FOR(1, ENABLE, NO_MEMORY), .error = ENOMEM },
		      { FAILED_FOR(2, ENABLE, NO_MEMORY), .error = ENOMEM });
	check_end(&machine, MEMBLK_END_NO_MEMORY, 3);
}

static void test_no_memory_apart(void)
{
	for (int row = 0; row < 4; row++) {
		_cleanup_machine_ struct machine machine;

		tap_row("row %d", row);
		init_offline(&machine, 5);
		refuse(&machine, 1, ENOMEM, 0);
		refuse(&machine, 3, ENOMEM, 0);
		if (row == 1)
			refuse(&machine, 2, EPERM, 0);
		if (row == 2)
			machine_remove(&machine, 2);
		if (row == 3)
			fake_set(machine_file(&machine, 2, "state"), "online\n");
		machine_run(&machine, enable(0, 4));
		check_uint(machine.nresults, 5);
		check_uint(machine.results[1].reason, MEMBLK_REASON_NO_MEMORY);
		check_uint(machine.results[3].reason, MEMBLK_REASON_NO_MEMORY);
		check_end(&machine, MEMBLK_END_DONE, 5);
	}
}

static int again_then_no_memory(struct fake *fake, struct fake_file *file,
				const char *word)
{
	(void) fake;
	(void) word;
	return file->nwrites == 1 ? -EAGAIN : -ENOMEM;
}

static void test_no_memory_in_round(void)
{
	_cleanup_machine_ struct machine machine;

	init_offline(&machine, 4);
	for (uint64_t i = 0; i < 3; i++)
		machine_file(&machine, i, "state")->write_fn = again_then_no_memory;
	machine_run(&machine, with_retries(enable(0, 3), 2, false));
	check_results(&machine, SWITCHED(3),
		      { FAILED_FOR(0, ENABLE, NO_MEMORY), .error = ENOMEM },
		      { FAILED_FOR(1, ENABLE, NO_MEMORY), .error = ENOMEM },
		      { FAILED_FOR(2, ENABLE, AGAIN), .error = EAGAIN });
	check_uint(machine_file(&machine, 2, "state")->nwrites, 1);
	check_end(&machine, MEMBLK_END_NO_MEMORY, 4);
}

static void test_denied(void)
{
	static const int errors[] = { EACCES, EROFS };

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		_cleanup_machine_ struct machine machine;

		tap_row("%s", strerror(errors[i]));
		init_offline(&machine, 3);
		machine_file(&machine, 1, "state")->open_write_error = errors[i];
		machine_run(&machine, request_by_size(MEMBLK_COMMAND_ENABLE, 3));
		check_results(&machine, SWITCHED(0),
			      { FAILED_FOR(1, ENABLE, ERRNO), .error = errors[i] });
		check_uint(machine.results[1].reason, MEMBLK_REASON_ERRNO);
		check_end(&machine, MEMBLK_END_DENIED, 2);
		fake_set(machine_file(&machine, 0, "state"), "offline\n");
		fake_set(machine_file(&machine, 0, "valid_zones"), "Normal Movable\n");
		machine_run(&machine, enable(0, 2));
		check_uint(machine.nresults, 3);
		check_end(&machine, MEMBLK_END_DONE, 3);
	}
}

/* Not by the errno of a block that could be opened. */
static void test_not_denied(void)
{
	_cleanup_machine_ struct machine machine;

	init_offline(&machine, 2);
	refuse(&machine, 0, EPERM, 0);
	machine_run(&machine, request_by_size(MEMBLK_COMMAND_ENABLE, 1));
	check_results(&machine, { FAILED_FOR(0, ENABLE, VETO), .error = EPERM },
		      SWITCHED(1));
	check_end(&machine, MEMBLK_END_DONE, 2);
}

static void test_done(void)
{
	_cleanup_machine_ struct machine machine;

	init_offline(&machine, 4);
	machine_run(&machine, request_by_size(MEMBLK_COMMAND_ENABLE, 2));
	check_end(&machine, MEMBLK_END_DONE, 2);
	check_uint(machine.outcome.nfeasible, 0);
	machine_run(&machine, request_by_size(MEMBLK_COMMAND_ENABLE, 2));
	check_results(&machine, SWITCHED(2), SWITCHED(3));
	check_end(&machine, MEMBLK_END_DONE, 4);
}

/* ---- Time ---- */

#define WRITE_MS 150

/* A write that takes its time. */
static int write_slowly(struct fake *fake, struct fake_file *file, const char *word)
{
	(void) fake;
	(void) word;
	clock_state.now_ms += WRITE_MS;
	fake_set(file, "online\n");
	return 0;
}

static void test_deadline_between_blocks(void)
{
	static const struct {
		uint64_t ms;
		size_t nresults;
	} rows[] = {
		{ 0, 0 },
		{ 1, 1 },
		{ WRITE_MS, 1 },
		{ WRITE_MS + 1, 2 },
		{ 2 * WRITE_MS, 2 },
		{ 3 * WRITE_MS + 1, 3 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_machine_ struct machine machine;

		tap_row("%" PRIu64 " ms", rows[i].ms);
		init_offline(&machine, 3);
		for (uint64_t j = 0; j < 3; j++)
			machine_file(&machine, j, "state")->write_fn = write_slowly;
		machine_run(&machine, with_deadline(enable(0, 2), rows[i].ms));
		alarm_stop();
		check_uint(machine.nresults, rows[i].nresults);
		check_end(&machine,
			  rows[i].nresults == 3 ? MEMBLK_END_DONE : MEMBLK_END_TIMEOUT,
			  rows[i].nresults);
	}
}

static void test_deadline_in_pause(void)
{
	_cleanup_machine_ struct machine machine;

	init_offline(&machine, 3);
	refuse(&machine, 0, EAGAIN, 0);
	refuse(&machine, 2, EAGAIN, 0);
	machine_run(&machine, with_deadline(with_retries(enable(0, 2), 9, false), 250));
	alarm_stop();
	check_results(&machine, SWITCHED(1),
		      { FAILED_FOR(0, ENABLE, AGAIN), .error = EAGAIN },
		      { FAILED_FOR(2, ENABLE, AGAIN), .error = EAGAIN });
	check_string(clock_state.log, "100 150 ");
	check_uint(machine_file(&machine, 0, "state")->nwrites, 2);
	check_end(&machine, MEMBLK_END_TIMEOUT, 3);
}

/* The sleep ends too soon, by a signal that is no end. */
static void wake_early(void)
{
	clock_state.now_ms -= 30;
	clock_state.sleep_fn = NULL;
}

static void test_pause_goes_on(void)
{
	_cleanup_machine_ struct machine machine;

	init_offline(&machine, 1);
	refuse(&machine, 0, EAGAIN, 1);
	clock_state.sleep_fn = wake_early;
	machine_run(&machine, with_retries(enable(0, 0), 1, false));
	check_results(&machine, SWITCHED(0));
	check_string(clock_state.log, "100 30 ");
}

static int give_up_error;

/* A write that is given up, by the deadline. */
static int write_too_long(struct fake *fake, struct fake_file *file, const char *word)
{
	(void) fake;
	(void) file;
	(void) word;
	clock_state.now_ms += WRITE_MS;
	return give_up_error;
}

static void test_deadline_in_write(void)
{
	_cleanup_machine_ struct machine machine;

	init_offline(&machine, 3);
	machine_file(&machine, 1, "state")->write_fn = write_too_long;
	give_up_error = -EINTR;
	machine_run(&machine,
		    with_retries(with_deadline(enable(0, 2), WRITE_MS), 2, true));
	alarm_stop();
	check_results(&machine, SWITCHED(0), FAILED(1, ENABLE, TIMEOUT));
	check_uint(machine.results[1].limit_ms, WRITE_MS);
	check_uint(machine_file(&machine, 1, "state")->nwrites, 1);
	check_end(&machine, MEMBLK_END_TIMEOUT, 2);
}

/* The kernel waits for its lock: EBADF, after a while. */
static void test_locked(void)
{
	static const struct {
		uint64_t deadline_ms;
		int error;
		enum memblk_reason reason;
		enum memblk_end end;
	} rows[] = {
		{ WRITE_MS, -EBADF, MEMBLK_REASON_LOCKED, MEMBLK_END_TIMEOUT },
		{ MEMBLK_FOREVER - CLOCK_START_MS, -EBADF, MEMBLK_REASON_ERRNO,
		  MEMBLK_END_DONE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_machine_ struct machine machine;

		tap_row("row %zu", i);
		init_offline(&machine, 1);
		machine_file(&machine, 0, "state")->write_fn = write_too_long;
		give_up_error = rows[i].error;
		machine_run(&machine, with_deadline(enable(0, 0), rows[i].deadline_ms));
		alarm_stop();
		check_uint(machine.nresults, 1);
		check_uint(machine.results[0].status, MEMBLK_STATUS_FAILED);
		check_uint(machine.results[0].reason, rows[i].reason);
		check_int(machine.results[0].error,
			  rows[i].reason == MEMBLK_REASON_ERRNO ? EBADF : 0);
		check_end(&machine, rows[i].end, 1);
	}
}

static uint64_t ring_after_ms;

/* The alarm of this write rings; GIVE_UP_ERROR is what the kernel makes of it. */
static int ring(struct fake *fake, struct fake_file *file, const char *word)
{
	(void) fake;
	(void) file;
	(void) word;
	clock_state.now_ms += ring_after_ms;
	raise(SIGALRM);
	return give_up_error;
}

static struct memblk_request with_try_timeout(struct memblk_request request)
{
	request.bounds.try_timeout_ms = 3600000;
	return request;
}

static void test_try_timeout(void)
{
	static const struct {
		uint64_t ms;
		int error;
		enum memblk_reason reason;
		enum memblk_end end;
		size_t nresults;
	} rows[] = {
		{ WRITE_MS, -EINTR, MEMBLK_REASON_TRY_TIMEOUT, MEMBLK_END_DONE, 2 },
		{ 0, -EINTR, MEMBLK_REASON_TRY_TIMEOUT, MEMBLK_END_DONE, 2 },
		{ 99, -EBADF, MEMBLK_REASON_TRY_TIMEOUT, MEMBLK_END_DONE, 2 },
		{ 100, -EBADF, MEMBLK_REASON_LOCKED, MEMBLK_END_LOCKED, 1 },
		{ WRITE_MS, -EPERM, MEMBLK_REASON_VETO, MEMBLK_END_DONE, 2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_machine_ struct machine machine;

		tap_row("row %zu", i);
		init_offline(&machine, 2);
		machine_file(&machine, 0, "state")->write_fn = ring;
		ring_after_ms = rows[i].ms;
		give_up_error = rows[i].error;
		machine_run(&machine,
			    with_try_timeout(with_retries(enable(0, 1), 1, false)));
		alarm_stop();
		check_uint(machine.nresults, rows[i].nresults);
		check_uint(machine.results[0].reason, rows[i].reason);
		check_uint(machine.results[0].limit_ms,
			   rows[i].error == -EPERM ? 0 : rows[i].ms);
		check_uint(machine_file(&machine, 0, "state")->nwrites, 1);
		check_end(&machine, rows[i].end, rows[i].nresults);
	}
}

static void test_try_timeout_again(void)
{
	_cleanup_machine_ struct machine machine;

	init_offline(&machine, 2);
	machine_file(&machine, 0, "state")->write_fn = ring;
	give_up_error = -EINTR;
	machine_run(&machine, with_try_timeout(with_retries(enable(0, 1), 2, true)));
	alarm_stop();
	check_results(&machine, SWITCHED(1), FAILED(0, ENABLE, TRY_TIMEOUT));
	check_uint(machine_file(&machine, 0, "state")->nwrites, 3);
}

/* ---- What is told of the tries ---- */

/* Takes 30 ms, and is refused the first time. */
static int take_time(struct fake *fake, struct fake_file *file, const char *word)
{
	clock_state.now_ms += 30;
	if (file->nwrites == 1)
		return -EAGAIN;
	fake_set(file, word);

	(void) fake;
	return 0;
}

static void test_tries_are_told(void)
{
	_cleanup_machine_ struct machine machine;
	const struct memblk_result *result = &machine.results[1];

	init_offline(&machine, 1);
	machine_add(&machine, 1, "online", "Normal");
	machine_file(&machine, 0, "state")->write_fn = take_time;
	machine_run(&machine, with_retries(enable(0, 1), 2, false));
	check_results(&machine, ALREADY(1), SWITCHED(0));
	check_uint(machine.results[0].before, MEMBLK_STATE_ONLINE);
	check_uint(machine.results[0].action, MEMBLK_ACTION_NONE);
	check_uint(machine.results[0].attempts, 0);
	check_uint(machine.results[0].duration_us, 0);
	check_uint(result->before, MEMBLK_STATE_OFFLINE);
	check_uint(result->action, MEMBLK_ACTION_ONLINE_MOVABLE);
	check_uint(result->attempts, 2);
	check_uint(result->duration_us, 60000);
}

/* What is given up may have come about. */
static int ring_too_late(struct fake *fake, struct fake_file *file, const char *word)
{
	fake_set(file, "online\n");
	return ring(fake, file, word);
}

static void test_given_up_too_late(void)
{
	_cleanup_machine_ struct machine machine;

	init_offline(&machine, 1);
	machine_file(&machine, 0, "state")->write_fn = ring_too_late;
	give_up_error = -EINTR;
	machine_run(&machine, with_try_timeout(enable(0, 0)));
	alarm_stop();
	check_results(&machine, ALREADY(0));
}

/* ---- A block that somebody else is taking offline ---- */

/* What it becomes at its nth read; WHAT is NULL if it is removed. */
static unsigned int becomes_at;
static const char *becomes;

static void become(struct fake *fake, struct fake_file *file)
{
	if (file->nreads != becomes_at)
		return;
	if (becomes)
		fake_set(file, becomes);
	else
		machine_remove(fake->data, file->tag);
}

static struct fake_file *init_going_offline(struct machine *machine, unsigned int at,
					    const char *text)
{
	struct fake_file *state;

	init(machine, 1, "going-offline", "Movable");
	state = machine_file(machine, 0, "state");
	state->read_fn = become;
	becomes_at = at;
	becomes = text;
	return state;
}

/* The first look counts, not what others made of it while it was waited for. */
static void test_state_before_going_offline(void)
{
	static const struct {
		enum memblk_command command;
		enum memblk_action action;
	} rows[] = {
		{ MEMBLK_COMMAND_ENABLE, MEMBLK_ACTION_ONLINE_MOVABLE },
		{ MEMBLK_COMMAND_DISABLE, MEMBLK_ACTION_NONE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_machine_ struct machine machine;

		tap_row("command %u", rows[i].command);
		init_going_offline(&machine, 2, "offline");
		machine_run(&machine, request_by_range(rows[i].command, 0, 0));
		check_uint(machine.nresults, 1);
		check_uint(machine.results[0].before, MEMBLK_STATE_GOING_OFFLINE);
		check_uint(machine.results[0].action, rows[i].action);
	}
}

static void test_going_offline_is_decided(void)
{
	static const struct {
		enum memblk_command command;
		const char *text;
		struct memblk_result result;
		const char *writes;
	} rows[] = {
		{ MEMBLK_COMMAND_DISABLE, "offline\n", ALREADY(0), "" },
		{ MEMBLK_COMMAND_DISABLE, "online\n", SWITCHED(0),
		  "memory0/state=offline " },
		{ MEMBLK_COMMAND_ENABLE, "online\n", ALREADY(0), "" },
		{ MEMBLK_COMMAND_ENABLE, "offline\n", SWITCHED(0),
		  "memory0/state=online_movable " },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_machine_ struct machine machine;

		tap_row("row %zu", i);
		init_going_offline(&machine, 4, rows[i].text);
		machine_run(&machine, request_by_range(rows[i].command, 0, 0));
		check_results(&machine, rows[i].result);
		check_writes(&machine, rows[i].writes);
		check_string(clock_state.log, "20 20 20 ");
	}
}

static void test_going_offline_for_ever(void)
{
	static const enum memblk_command commands[] = {
		MEMBLK_COMMAND_DISABLE,
		MEMBLK_COMMAND_ENABLE,
	};

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		_cleanup_machine_ struct machine machine;
		struct fake_file *state;

		tap_row("command %d", commands[i]);
		state = init_going_offline(&machine, 0, NULL);
		state->write_fn = NULL;
		machine_run(&machine, request_by_range(commands[i], 0, 0));
		check_results(&machine, SWITCHED(0));
		check_uint(state->nwrites, 1);
		check_uint(clock_state.slept_ms, 2000);
	}
}

static void test_going_offline_to_nowhere(void)
{
	_cleanup_machine_ struct machine machine;

	init_going_offline(&machine, 3, NULL);
	machine_run(&machine, disable(0, 0));
	check_results(&machine, { FAILED_FOR(0, DISABLE, GONE), .error = ENODEV });
	check_string(clock_state.log, "20 20 ");
}

static void test_going_offline_past_deadline(void)
{
	_cleanup_machine_ struct machine machine;

	init_going_offline(&machine, 0, NULL);
	machine_run(&machine, with_deadline(disable(0, 0), 50));
	alarm_stop();
	check_uint(clock_state.slept_ms, 60);
	check_uint(machine.nresults, 1);
	check_uint(machine.results[0].status, MEMBLK_STATUS_FAILED);
	check_end(&machine, MEMBLK_END_TIMEOUT, 1);
}

/* ---- What must be left ---- */

static uint64_t available_mib;

static void show_meminfo(struct fake *fake, struct fake_file *file)
{
	char text[128];

	(void) fake;
	snprintf(text, sizeof(text),
		 "MemTotal: 8388608 kB\nMemAvailable: %" PRIu64 " kB\nSwapFree: 0 kB\n",
		 available_mib * 1024);
	fake_set(file, text);
}

/* The kernel takes the block, and has less memory then. */
static int take_block(struct fake *fake, struct fake_file *file, const char *word)
{
	(void) fake;
	(void) word;
	available_mib -= 128;
	fake_set(file, "offline\n");
	return 0;
}

/* NBLOCKS blocks online in ZONES, and AVAILABLE MiB. */
static struct fake_file *init_meminfo(struct machine *machine, uint64_t nblocks,
				      const char *zones, uint64_t available)
{
	struct fake_file *meminfo;

	init(machine, nblocks, "online", zones);
	for (uint64_t i = 0; i < nblocks; i++)
		machine_file(machine, i, "state")->write_fn = take_block;
	available_mib = available;
	meminfo = fake_add(&machine->fake, SYSROOT_MEMINFO, "");
	meminfo->read_fn = show_meminfo;
	return meminfo;
}

static struct memblk_request with_keep_free(struct memblk_request request, uint64_t bytes)
{
	request.bounds.keep_free_bytes = bytes;
	return request;
}

static void test_spare(void)
{
	_cleanup_machine_ struct machine machine;

	init_meminfo(&machine, 5, "Movable", 512);
	machine_run(&machine,
		    with_keep_free(with_retries(disable(0, 4), 2, true), 256 * MIB));
	check_results(&machine, SWITCHED(0), SWITCHED(1),
		      { FAILED_FOR(2, DISABLE, SPARE_MEMORY), .left_bytes = 128 * MIB,
			.wanted_bytes = 256 * MIB });
	check_writes(&machine, "memory0/state=offline memory1/state=offline ");
	check_end(&machine, MEMBLK_END_SPARE, 3);
	check_uint(machine.results[0].zone_before, MEMBLK_ZONE_MOVABLE);
}

static void test_spare_by_size(void)
{
	_cleanup_machine_ struct machine machine;

	init_meminfo(&machine, 5, "Movable", 512);
	machine_run(&machine, with_keep_free(request_by_size(MEMBLK_COMMAND_DISABLE, 3),
					     384 * MIB));
	check_results(&machine, SWITCHED(4),
		      { FAILED_FOR(3, DISABLE, SPARE_MEMORY), .left_bytes = 256 * MIB,
			.wanted_bytes = 384 * MIB });
	check_end(&machine, MEMBLK_END_SPARE, 2);
}

static void test_spare_is_enough(void)
{
	_cleanup_machine_ struct machine machine;

	init_meminfo(&machine, 2, "Movable", 512);
	machine_run(&machine, with_keep_free(disable(0, 1), 256 * MIB));
	check_results(&machine, SWITCHED(0), SWITCHED(1));
	check_end(&machine, MEMBLK_END_DONE, 2);
}

static void test_spare_by_default(void)
{
	_cleanup_machine_ struct machine machine;

	init_meminfo(&machine, 2, "Movable", 256);
	machine_run(&machine, with_keep_free(disable(0, 1), MEMBLK_KEEP_FREE_AUTO));
	check_results(&machine, SWITCHED(0),
		      { FAILED_FOR(1, DISABLE, SPARE_MEMORY), .left_bytes = 0,
			.wanted_bytes = 64 * MIB });
}

static void test_spare_is_not_asked(void)
{
	static const struct {
		enum memblk_command command;
		uint64_t bytes;
	} rows[] = {
		{ MEMBLK_COMMAND_DISABLE, 0 },
		{ MEMBLK_COMMAND_ENABLE, 256 * MIB },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_machine_ struct machine machine;
		struct fake_file *meminfo;

		tap_row("row %zu", i);
		meminfo = init_meminfo(&machine, 1, "Movable", 1);
		machine_run(&machine,
			    with_keep_free(request_by_range(rows[i].command, 0, 0),
					   rows[i].bytes));
		check_uint(machine.results[0].status,
			   i ? MEMBLK_STATUS_ALREADY : MEMBLK_STATUS_CHANGED);
		check_uint(meminfo->nopens, 0);
	}
}

static void test_spare_is_not_known(void)
{
	_cleanup_machine_ struct machine machine;

	init_meminfo(&machine, 1, "Movable", 1);
	fake_remove(&machine.fake, SYSROOT_MEMINFO);
	machine_run(&machine, with_keep_free(disable(0, 0), 256 * MIB));
	check_results(&machine, SWITCHED(0));
}

/* Of a block that is offline already nothing has to be left. */
static void test_spare_of_done(void)
{
	_cleanup_machine_ struct machine machine;

	init_meminfo(&machine, 1, "Movable", 1);
	fake_set(machine_file(&machine, 0, "state"), "offline\n");
	machine_run(&machine, with_keep_free(disable(0, 0), 256 * MIB));
	check_results(&machine, ALREADY(0));
	check_end(&machine, MEMBLK_END_DONE, 1);
}

static void make_unreadable(struct fake *fake, struct fake_file *file)
{
	show_meminfo(fake, file);
	if (file->nreads == 3)
		file->read_error = EIO;
}

static void test_spare_unreadable(void)
{
	_cleanup_machine_ struct machine machine;

	init_meminfo(&machine, 3, "Movable", 4096)->read_fn = make_unreadable;
	machine_run(&machine, with_keep_free(disable(0, 2), 256 * MIB));
	check_results(&machine, SWITCHED(0),
		      { FAILED_FOR(1, DISABLE, ERRNO), .error = EIO },
		      { FAILED_FOR(2, DISABLE, ERRNO), .error = EIO });
	check_uint(machine.results[1].reason, MEMBLK_REASON_ERRNO);
	check_writes(&machine, "memory0/state=offline ");
	check_end(&machine, MEMBLK_END_DONE, 3);
}

/* PAGES of 4 KiB or whatever a page is here, in text. */
static void add_zoneinfo(struct machine *machine, uint64_t kernel_free_mib,
			 uint64_t kernel_mib, uint64_t movable_mib)
{
	uint64_t pages = MIB / (uint64_t) sysconf(_SC_PAGESIZE);
	char text[512];

	snprintf(text, sizeof(text),
		 "Node 0, zone   Normal\n  pages free     %" PRIu64 "\n"
		 "        high     1\n        present  %" PRIu64 "\n"
		 "        managed  %" PRIu64 "\n"
		 "Node 0, zone  Movable\n  pages free     0\n"
		 "        high     1\n        present  %" PRIu64 "\n"
		 "        managed  %" PRIu64 "\n",
		 kernel_free_mib * pages, kernel_mib * pages, kernel_mib * pages,
		 movable_mib * pages, movable_mib * pages);
	fake_add(&machine->fake, SYSROOT_ZONEINFO, text);
}

/* It is a matter of this block; one in Movable may still go. */
static void test_spare_of_kernel(void)
{
	_cleanup_machine_ struct machine machine;

	init_meminfo(&machine, 3, "Movable", 4096);
	fake_set(machine_file(&machine, 1, "valid_zones"), "Normal\n");
	add_zoneinfo(&machine, 300, 4096, 1024);
	machine_run(&machine, with_keep_free(disable(0, 2), 256 * MIB));
	check_results(&machine, SWITCHED(0),
		      { FAILED_FOR(1, DISABLE, SPARE_KERNEL), .left_bytes = 172 * MIB,
			.wanted_bytes = 256 * MIB },
		      SWITCHED(2));
	check_end(&machine, MEMBLK_END_DONE, 3);
}

/* Zones that cannot be read are as good as the kernel's. */
static void test_spare_without_zones(void)
{
	_cleanup_machine_ struct machine machine;

	init_meminfo(&machine, 1, "Movable", 4096);
	machine_file(&machine, 0, "valid_zones")->read_error = EIO;
	add_zoneinfo(&machine, 300, 4096, 1024);
	machine_run(&machine, with_keep_free(disable(0, 0), 256 * MIB));
	check_results(&machine, { FAILED_FOR(0, DISABLE, SPARE_KERNEL),
				  .left_bytes = 172 * MIB, .wanted_bytes = 256 * MIB });
	check_uint(machine.results[0].zone_before, MEMBLK_ZONE_NONE);
}

static void test_spare_of_ratio(void)
{
	_cleanup_machine_ struct machine machine;

	init_meminfo(&machine, 1, "Normal", 4096);
	add_zoneinfo(&machine, 1024, 1024, 4096);
	machine_run(&machine, with_keep_free(disable(0, 0), 256 * MIB));
	check_uint(machine.nresults, 1);
	check_uint(machine.results[0].reason, MEMBLK_REASON_SPARE_RATIO);
	check_uint(machine.results[0].left_bytes, 896 * MIB);
	check_end(&machine, MEMBLK_END_DONE, 1);
}

/* ---- A signal. From here on the process is a cancelled one. ---- */

static void cancel_in_sleep(void)
{
	alarm_cancel();
	clock_state.is_interrupted = true;
}

static void test_signal_in_pause(void)
{
	_cleanup_machine_ struct machine machine;

	init_offline(&machine, 2);
	refuse(&machine, 0, EAGAIN, 0);
	clock_state.sleep_fn = cancel_in_sleep;
	machine_run(&machine, with_retries(enable(0, 1), 5, false));
	check_results(&machine, SWITCHED(1),
		      { FAILED_FOR(0, ENABLE, AGAIN), .error = EAGAIN });
	check_uint(machine_file(&machine, 0, "state")->nwrites, 1);
	check_string(clock_state.log, "100 ");
	check_end(&machine, MEMBLK_END_INTERRUPTED, 2);
}

static void test_signal_before(void)
{
	_cleanup_machine_ struct machine machine;

	init_offline(&machine, 2);
	machine_run(&machine, enable(0, 1));
	check_no_results(&machine);
	check_writes(&machine, "");
	check_end(&machine, MEMBLK_END_INTERRUPTED, 0);
}

static const struct tap_test tests[] = {
	{ "Without retries a failure is final", test_no_rounds },
	{ "What may pass is tried again after the walk, and told of then", test_passes },
	{ "It is tried as often as retries says", test_does_not_pass },
	{ "The pauses double from 100 ms to 2 s", test_pauses },
	{ "Of each block it is told what it was, what was written, how often and how "
	  "long",
	  test_tries_are_told },
	{ "A block that was going offline is told to have been that",
	  test_state_before_going_offline },
	{ "Blocks are told of in the round in which it is clear what became of them",
	  test_order },
	{ "A block that fails for another reason in a round is judged by that",
	  test_another_reason },
	{ "D3: A failure that is none is not tried again", test_done_meanwhile },
	{ "EBUSY is tried again of a block in zone Movable", test_busy },
	{ "With retry_all EBUSY is tried again of every block", test_every_busy },
	{ "What does not pass is tried once", test_final },
	{ "EIO of config is tried again once", test_storage },
	{ "EBUSY of config is tried again with retry_all", test_configured },
	{ "A block that is configured for a try is deconfigured after it",
	  test_enable_again },
	{ "By size nothing is tried again when there is enough", test_enough_without },
	{ "By size a round ends when there is enough", test_enough_in_round },
	{ "By size all that may pass is tried again where there is too little",
	  test_too_few },
	{ "Two ENOMEM in a row end the walk", test_no_memory },
	{ "Two ENOMEM with another block between them do not", test_no_memory_apart },
	{ "Two ENOMEM in a row end a round", test_no_memory_in_round },
	{ "D1: By size what may not be written ends the walk, by range not",
	  test_denied },
	{ "EPERM of the kernel ends no walk", test_not_denied },
	{ "The walk counts what it looked at", test_done },
	{ "No block is begun after the deadline", test_deadline_between_blocks },
	{ "A pause ends at the deadline, and nothing is tried after it",
	  test_deadline_in_pause },
	{ "A pause that is cut short goes on", test_pause_goes_on },
	{ "A write that the deadline ends is final", test_deadline_in_write },
	{ "EBADF is the lock of the kernel only if the write was given up", test_locked },
	{ "A write that takes too long is given up, or ends the walk if it was the lock",
	  test_try_timeout },
	{ "With retry_all what took too long is tried again", test_try_timeout_again },
	{ "D3: What was given up and came about is no failure", test_given_up_too_late },
	{ "D25: What comes of a block that is going offline decides",
	  test_going_offline_is_decided },
	{ "D25: A block that is going offline is waited for 2 s",
	  test_going_offline_for_ever },
	{ "D25: A block that is removed while it goes offline is gone",
	  test_going_offline_to_nowhere },
	{ "D25: A block that is going offline is not waited for past the deadline",
	  test_going_offline_past_deadline },
	{ "Too little memory ends the walk", test_spare },
	{ "By size too little memory ends the walk", test_spare_by_size },
	{ "Just enough memory is enough", test_spare_is_enough },
	{ "At least 64 MiB are left unless told otherwise", test_spare_by_default },
	{ "What is left is not asked for unless memory goes", test_spare_is_not_asked },
	{ "Without meminfo all memory may go", test_spare_is_not_known },
	{ "A block that is offline takes nothing", test_spare_of_done },
	{ "A block fails where it cannot be told what is left", test_spare_unreadable },
	{ "Too little for the kernel is a matter of the block", test_spare_of_kernel },
	{ "A block whose zones are not known counts as the kernel's",
	  test_spare_without_zones },
	{ "Too much in zone Movable is a matter of the block", test_spare_of_ratio },
	{ "A signal ends the pause and the run", test_signal_in_pause },
	{ "After a signal nothing is begun", test_signal_before },
};

int main(void)
{
	/* for the alarms that the tests ring; the timer itself is far off */
	alarm_install();
	return tap_run(tests, ARRAY_SIZE(tests));
}
