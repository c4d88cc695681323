/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chmem - sets memory blocks online and offline. The stages of a run, one after the
 * other; again and again, where it waits for blocks to be added.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "memblk.h"
#include "options.h"
#include "report.h"

/* How long the kernel may be at one block that nothing was said of. */
#define TRY_TIMEOUT_MS 30000
#define TRY_TIMEOUT_LARGE_MS 100000
#define LARGE_BLOCK_BYTES (UINT64_C(1) << 30)

struct session {
	const struct options *options;
	uint64_t start_ms;
	struct memblk_system *system;
	struct memblk_request request;
	struct report report;
	int lock_fd;         /* -1: not locked */
	bool is_told_locked; /* that others have the lock */

	/* Only where it waits. */
	struct memblk_watch watch;
	uint64_t wait_until_ms; /* 0: it does not */
	bool is_last;           /* pass: nothing more is waited for after it */
	bool is_carried_out;    /* a pass, so that there is something to report */
	uint64_t nspent;        /* by size: blocks that used up a part of it by now */
};

static bool is_waiting(const struct session *session)
{
	return session->wait_until_ms > 0;
}

/* ---- The request ---- */

/* That there is no memory block at all is worse than what is wrong with the request. */
static bool has_blocks(struct memblk_system *system)
{
	int r = memblk_system_check_blocks(system);

	if (r < 0)
		report_blocks_fault(-r);
	return r == 0;
}

static struct memblk_bounds make_bounds(const struct session *session)
{
	const struct options *options = session->options;
	uint64_t try_timeout_ms = options->try_timeout_ms;

	if (!options->try_timeout_given)
		try_timeout_ms = memblk_system_block_size(session->system) >=
						 LARGE_BLOCK_BYTES
					 ? TRY_TIMEOUT_LARGE_MS
					 : TRY_TIMEOUT_MS;
	return (struct memblk_bounds){
		.try_timeout_ms = try_timeout_ms,
		.deadline_ms = memblk_after_ms(session->start_ms, options->timeout_ms),
		.retries = options->retries,
		.retry_all = options->retries_given,
		.keep_free_bytes = options->keep_free_bytes,
		.atomic = options->atomic,
	};
}

static bool make_request(struct session *session)
{
	const struct options *options = session->options;
	struct memblk_system *system = session->system;
	struct memblk_request *request = &session->request;
	uint64_t block_size_bytes = memblk_system_block_size(system);
	struct memblk_fault fault;

	*request = (struct memblk_request){ .command = options->command,
					    .memmap = options->memmap,
					    .bounds = make_bounds(session) };
	if (memblk_selection_parse(options->operand, options->blocks, block_size_bytes,
				   &request->selection, &fault) < 0) {
		if (has_blocks(system))
			report_fault(&fault, block_size_bytes);
		return false;
	}
	if (options->zone) {
		request->zone = memblk_zone_from_string(options->zone);
		if (!request->zone) {
			if (has_blocks(system))
				report_unknown_zone(options->zone);
			return false;
		}
	}
	if ((options->command == MEMBLK_COMMAND_CONFIGURE ||
	     options->command == MEMBLK_COMMAND_DECONFIGURE) &&
	    !memblk_system_is_configurable(system)) {
		if (has_blocks(system))
			report_not_configurable(options->command);
		return false;
	}
	return true;
}

/* Where no block tells of its zones, one that was asked for cannot be heeded. */
static bool drop_unknown_zones(struct session *session, const struct memblk_plan *plan)
{
	bool zones;
	int r;

	if (!session->request.zone)
		return true;
	r = memblk_system_has_zones(session->system, plan, &zones);
	if (r < 0) {
		report_blocks_fault(-r);
		return false;
	}
	if (!zones) {
		if (!has_blocks(session->system))
			return false;
		report_zones_ignored();
		session->request.zone = MEMBLK_ZONE_NONE;
	}
	return true;
}

/* ---- The lock ---- */

/* False if there is no going on without it. */
static bool lock(struct session *session)
{
	enum memblk_lock_mode mode = session->options->lock;
	int holder = 0, r;

	r = memblk_lock(session->system, mode, session->request.bounds.deadline_ms,
			&session->lock_fd, &holder);
	if (r != -EWOULDBLOCK)
		return true; /* what is wrong with the directory will show */
	if (mode == MEMBLK_LOCK_AUTO && session->is_told_locked)
		return true;
	report_locked(holder, mode == MEMBLK_LOCK_AUTO);
	session->is_told_locked = true;

	return mode == MEMBLK_LOCK_AUTO;
}

static void unlock(struct session *session)
{
	if (session->lock_fd >= 0)
		close(session->lock_fd);
	session->lock_fd = -1;
}

/* ---- One pass over the blocks ---- */

static void take_result(const struct memblk_result *result, void *data)
{
	struct session *session = data;

	/* without the memory to keep it in mind, it is tried once more */
	if (is_waiting(session) && result->status != MEMBLK_STATUS_MISSING)
		memblk_watch_settle(&session->watch, result->index);
	report_result(&session->report, result);
}

static void drop_result(const struct memblk_result *result, void *data)
{
	(void) result;
	(void) data;
}

/* What comes after it would not be tried any more. */
static bool is_out_of_time(const struct session *session)
{
	return memblk_signals_caught() ||
	       memblk_now_ms() >= session->request.bounds.deadline_ms;
}

/*
 * All or nothing, and blocks may still come: what stands in the way now is only told when
 * nothing more is waited for.
 */
static bool can_work_by_now(struct session *session, const struct memblk_plan *plan)
{
	struct memblk_request request = session->request;
	struct memblk_outcome outcome;

	if (!request.bounds.atomic || !is_waiting(session) || session->is_last)
		return true;

	request.bounds.rehearsal = true;
	return memblk_run(session->system, &request, plan, drop_result, NULL, &outcome) ==
		       0 &&
	       !outcome.refused;
}

static bool carry_out(struct session *session, struct memblk_plan *plan)
{
	struct memblk_outcome outcome;
	int r;

	if (!can_work_by_now(session, plan))
		return true;
	r = memblk_run(session->system, &session->request, plan, take_result, session,
		       &outcome);
	if (r < 0) {
		report_no_memory(-r);
		return false;
	}
	session->is_carried_out = true;
	session->nspent += outcome.nspent;
	report_outcome(&session->report, plan, &outcome);

	return true;
}

/* Scans, plans and carries out. False if there is nothing to report of that. */
static bool pass(struct session *session)
{
	struct memblk_plan plan;
	uint64_t *blocks;
	size_t nblocks;
	bool done = false;
	int r;

	if (is_waiting(session))
		memblk_watch_mark(&session->watch, session->system);
	r = memblk_scan(session->system, &session->request.selection, &blocks, &nblocks);
	if (r < 0) {
		report_blocks_fault(-r);
		return false;
	}
	memblk_plan_init(&plan, &session->request, blocks, nblocks);
	if (plan.by_size && !nblocks) {
		report_blocks_fault(ENODATA);
	} else if (drop_unknown_zones(session, &plan)) {
		if (is_waiting(session)) {
			memblk_watch_filter(&session->watch, blocks, &nblocks);
			memblk_plan_init(&plan, &session->request, blocks, nblocks);
			plan.count_done = plan.by_size;
			if (plan.by_size)
				plan.goal -= session->nspent;
		}
		done = carry_out(session, &plan);
	}
	free(blocks);

	return done;
}

/* ---- The run ---- */

/* When nothing more is waited for. */
static uint64_t wait_end_ms(const struct session *session)
{
	uint64_t deadline_ms = session->request.bounds.deadline_ms;

	return deadline_ms < session->wait_until_ms ? deadline_ms
						    : session->wait_until_ms;
}

/* By size, enough was changed, be it as wanted or not. */
static bool is_spent(const struct session *session)
{
	const struct memblk_selection *selection = &session->request.selection;

	return selection->kind == MEMBLK_SELECTION_SIZE &&
	       session->nspent >= selection->nblocks;
}

static int run_locked(struct session *session)
{
	const struct memblk_selection *selection = &session->request.selection;
	bool failed = false;
	int status;

	for (;;) {
		failed = !lock(session);
		session->is_last = memblk_now_ms() >= wait_end_ms(session) ||
				   memblk_signals_caught();
		failed = failed || !pass(session);
		if (failed || session->is_last)
			break;
		if (session->is_carried_out &&
		    (report_is_over(&session->report) || is_spent(session)))
			break;
		/* others may do what they have to meanwhile */
		unlock(session);
		memblk_watch_sleep(&session->watch, session->system,
				   wait_end_ms(session));
		/* All or nothing, it is still to be told what stood in the way. */
		if (!session->request.bounds.atomic && is_out_of_time(session))
			break;
	}
	if (!session->report.any &&
	    (failed || (selection->kind == MEMBLK_SELECTION_BLOCKS &&
			!has_blocks(session->system))))
		return EXIT_FAILURE;
	status = report_end(&session->report);

	return failed && status == EXIT_SUCCESS ? EXIT_FAILURE : status;
}

static int run_request(struct session *session)
{
	const struct options *options = session->options;
	int status, r;

	if (options->wait_ms) {
		session->wait_until_ms = memblk_after_ms(session->start_ms,
							 options->wait_ms);
		r = memblk_watch_init(&session->watch, session->system,
				      &session->request);
		if (r < 0) {
			report_blocks_fault(-r);
			return EXIT_FAILURE;
		}
	}
	report_begin(&session->report, session->system, &session->request,
		     options->verbose, options->sysroot);
	status = run_locked(session);
	report_done(&session->report);
	memblk_watch_done(&session->watch);
	unlock(session);

	return status;
}

static int run(const struct options *options)
{
	struct session session = { .options = options,
				   .start_ms = memblk_now_ms(),
				   .lock_fd = -1 };
	enum memblk_system_step step;
	int r, status = EXIT_FAILURE;

	r = memblk_system_open(options->sysroot, &session.system, &step);
	if (r < 0) {
		report_system_fault(step, -r, options->sysroot);
		return EXIT_FAILURE;
	}
	if (make_request(&session))
		status = run_request(&session);
	memblk_system_free(session.system);

	return status;
}

int main(int argc, char **argv)
{
	struct options options;
	int status;

	report_init();
	options_parse_or_die(argc, argv, &options);
	memblk_signals_catch();
	status = report_finish(run(&options));
	memblk_signals_die();

	return status;
}
