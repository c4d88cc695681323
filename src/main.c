/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chmem - sets memory blocks online and offline. The stages of a run, one after the
 * other; again and again, where it waits for blocks to be added.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "auto-online.h"
#include "document.h"
#include "fault.h"
#include "list.h"
#include "memblk.h"
#include "options.h"
#include "progress.h"
#include "output.h"
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
	struct document document; /* only with --json */
	struct progress_bar bar;
	int lock_fd;         /* -1: not locked */
	bool is_told_locked; /* that others have the lock */

	/* Only where it waits. */
	struct memblk_watch watch;
	uint64_t wait_until_ms; /* 0: it does not */
	bool is_last;           /* pass: nothing more is waited for after it */
	bool is_carried_out;    /* a pass, so that there is something to report */
	uint64_t nspent;        /* by size: blocks that used up a part of it by now */
	bool is_scanned;        /* at least once */
	size_t nscanned;        /* blocks that there were */
	uint64_t arrived_ms;    /* when there last were more; 0: never */
};

static bool is_waiting(const struct session *session)
{
	return session->wait_until_ms > 0;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
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

static bool parse_nodes(const char *text, struct memblk_ranges *nodes)
{
	int r = memblk_nodes_parse(text, nodes);

	if (r == -ENOMEM)
		report_no_memory(-r);
	else if (r < 0)
		report_bad_nodes(text, -r);
	return r == 0;
}

static bool check_device(const struct session *session)
{
	const char *device = session->options->from;
	int r = memblk_device_check(session->system, device);

	if (r < 0 && has_blocks(session->system))
		report_device_fault(session->system, device, -r);
	return r == 0;
}

static bool make_selection(struct session *session, struct memblk_selection *selection)
{
	const struct options *options = session->options;
	uint64_t block_size_bytes = memblk_system_block_size(session->system);
	struct memblk_selection parsed;
	struct memblk_fault fault;
	int r;

	if (options->nodes && !parse_nodes(options->nodes, &selection->nodes))
		return false;
	if (options->from && !check_device(session))
		return false;
	selection->device = options->from;
	if (!options->operand) {
		selection->kind = MEMBLK_SELECTION_ALL;
		return true;
	}
	r = memblk_selection_parse(options->operand, options->operand_kind,
				   block_size_bytes, &parsed, &fault);
	if (r == 0) {
		parsed.nodes = selection->nodes;
		parsed.device = selection->device;
		*selection = parsed;
	}
	if (r == -ENOMEM)
		report_no_memory(-r);
	else if (r < 0 && has_blocks(session->system))
		report_fault(&fault, block_size_bytes);

	return r == 0;
}

static bool make_request(struct session *session)
{
	const struct options *options = session->options;
	struct memblk_system *system = session->system;
	struct memblk_request *request = &session->request;

	*request = (struct memblk_request){ .command = options->command,
					    .zone_auto = options->zone_auto,
					    .memmap = options->memmap,
					    .order = options->order,
					    .dry_run = options->dry_run,
					    .unplug = options->unplug,
					    .bounds = make_bounds(session) };
	if (!make_selection(session, &request->selection))
		return false;
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

static bool is_disable_all(const struct memblk_request *request)
{
	return request->command == MEMBLK_COMMAND_DISABLE &&
	       request->selection.kind == MEMBLK_SELECTION_ALL;
}

/*
 * Where no block tells of its zones, one that was asked for cannot be heeded. False if
 * there is no going on without it.
 */
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
		if (is_disable_all(&session->request)) {
			report_all_without_zones();
			return false;
		}
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

	if (session->request.dry_run)
		return true;
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

	/* what is missing may yet come */
	if (is_waiting(session) && result->status == MEMBLK_STATUS_MISSING)
		return;
	/* without the memory to keep it in mind, it is tried once more */
	if (is_waiting(session))
		memblk_watch_settle(&session->watch, result->index);
	report_result(&session->report, result);
	if (session->options->json)
		entries_add(&session->document.entries, result);
}

static void take_progress(const struct memblk_progress *progress, void *data)
{
	struct session *session = data;

	progress_update(&session->bar, progress);
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

/* More may come at any time: they all have when some did, and none for a while. */
#define ARRIVAL_MS 1000

static uint64_t last_arrival_ms(const struct session *session)
{
	return session->arrived_ms ? session->arrived_ms + ARRIVAL_MS : MEMBLK_FOREVER;
}

/*
 * All or nothing, and blocks may still come: what stands in the way now is only told when
 * nothing more is waited for. Of all blocks, it is not known which they are before that.
 */
static bool can_work_by_now(struct session *session, const struct memblk_plan *plan)
{
	const struct memblk_listener nobody = { .result_fn = drop_result };
	struct memblk_request request = session->request;
	struct memblk_outcome outcome;

	if (!request.bounds.atomic || !is_waiting(session) || session->is_last)
		return true;

	if (request.selection.kind == MEMBLK_SELECTION_ALL)
		return memblk_now_ms() >= last_arrival_ms(session);
	request.bounds.rehearsal = true;
	return memblk_run(session->system, &request, plan, &nobody, &outcome) == 0 &&
	       !outcome.refused;
}

/* How long a device may take to go. */
#define UNPLUG_MS 60000

/* The firmware was asked to eject the device of PLAN. */
static void await_unplug(const struct session *session, const struct memblk_plan *plan,
			 struct memblk_outcome *outcome)
{
	uint64_t until_ms = session->request.bounds.deadline_ms;
	bool bounded = until_ms != MEMBLK_FOREVER;
	int r;

	if (!bounded)
		until_ms = memblk_now_ms() + UNPLUG_MS;
	r = memblk_await_removal(session->system, plan->blocks, plan->nblocks, until_ms);
	if (r == 0)
		outcome->unplug.status = MEMBLK_UNPLUG_DONE;
	else if (r == -ETIME && bounded)
		outcome->end = MEMBLK_END_TIMEOUT;
}

static bool carry_out(struct session *session, struct memblk_plan *plan)
{
	const struct memblk_listener listener = { .result_fn = take_result,
						  .progress_fn = take_progress,
						  .data = session };
	struct memblk_outcome outcome;
	int r;

	if (!can_work_by_now(session, plan))
		return true;
	r = memblk_run(session->system, &session->request, plan, &listener, &outcome);
	if (r < 0) {
		report_no_memory(-r);
		return false;
	}
	if (outcome.unplug.status == MEMBLK_UNPLUG_ASKED)
		await_unplug(session, plan, &outcome);
	memblk_tell_untried(session->system, &session->request, plan, &outcome,
			    take_result, session);
	session->is_carried_out = true;
	session->nspent += outcome.nspent;
	report_outcome(&session->report, &outcome);

	return true;
}

/*
 * --resize: how far it is from what is online to what is wanted, in the one direction or
 * the other. Which it is stays as it was at the first look, or as the user has it; where
 * that is the wrong one there is nothing to do.
 */
static uint64_t find_distance(struct session *session, uint64_t nonline)
{
	struct memblk_request *request = &session->request;
	uint64_t wanted = request->selection.nblocks;

	if (request->command == _MEMBLK_COMMAND_MAX)
		request->command = nonline > wanted ? MEMBLK_COMMAND_DISABLE
						    : MEMBLK_COMMAND_ENABLE;
	if (request->command == MEMBLK_COMMAND_ENABLE)
		return nonline < wanted ? wanted - nonline : 0;

	return nonline > wanted ? nonline - wanted : 0;
}

static void note_arrivals(struct session *session, size_t nblocks)
{
	if (session->is_scanned && nblocks > session->nscanned)
		session->arrived_ms = memblk_now_ms();
	session->is_scanned = true;
	session->nscanned = nblocks;
}

/* How long it may take to find out what is in blocks. */
#define LOOK_MS 2000

/* --order cheapest. False if there was no memory for it. */
static bool order_blocks(struct session *session, uint64_t nwanted, uint64_t *blocks,
			 size_t *nblocks)
{
	struct memblk_request *request = &session->request;
	int r;

	if (request->order != MEMBLK_ORDER_CHEAPEST ||
	    request->command != MEMBLK_COMMAND_DISABLE || !nwanted)
		return true;
	r = memblk_order_cheapest(
		session->system, request, nwanted,
		earlier(memblk_now_ms() + LOOK_MS, request->bounds.deadline_ms), blocks,
		nblocks);
	if (r < 0)
		report_no_memory(-r);
	return r == 0;
}

/*
 * --resize: blocks that were changed, but did not become as wanted. They are not made up
 * for, or there would be no end to it.
 */
static uint64_t count_vain(const struct session *session)
{
	uint64_t ndone = report_done_blocks(&session->report);

	return session->nspent > ndone ? session->nspent - ndone : 0;
}

static void plan_blocks(struct session *session, uint64_t *blocks, size_t nblocks,
			uint64_t distance, struct memblk_plan *plan)
{
	enum memblk_selection_kind kind = session->request.selection.kind;
	uint64_t nvain = count_vain(session);

	/* the run is done with some of them */
	if (is_waiting(session))
		memblk_watch_filter(&session->watch, blocks, &nblocks);
	memblk_plan_init(plan, &session->request, blocks, nblocks);
	if (kind == MEMBLK_SELECTION_RESIZE) {
		/* whoever changed one since they were counted has shortened it */
		plan->count_done = true;
		plan->goal = distance > nvain ? distance - nvain : 0;
	}
	if (kind == MEMBLK_SELECTION_SIZE && is_waiting(session)) {
		plan->count_done = true;
		plan->goal -= session->nspent;
	}
}

/* DISTANCE is how many of BLOCKS are wanted. */
static bool work_on_some(struct session *session, uint64_t *blocks, size_t nblocks,
			 uint64_t distance)
{
	struct memblk_plan plan;

	if (!order_blocks(session, distance, blocks, &nblocks))
		return false;
	plan_blocks(session, blocks, nblocks, distance, &plan);

	return carry_out(session, &plan);
}

/* Works on what is not as wanted of BLOCKS. */
static bool resize(struct session *session, const uint64_t *blocks, size_t nblocks)
{
	struct memblk_census census;
	uint64_t distance;
	bool done;
	int r;

	r = memblk_census_take(session->system, blocks, nblocks, session->request.zone,
			       &census);
	if (r < 0) {
		report_no_memory(-r);
		return false;
	}
	distance = find_distance(session, census.nonline);
	report_distance(&session->report, distance);
	if (session->request.command == MEMBLK_COMMAND_ENABLE)
		done = work_on_some(session, census.offline, census.noffline, distance);
	else
		done = work_on_some(session, census.online, census.nonline, distance);
	memblk_census_done(&census);

	return done;
}

static bool work_on(struct session *session, uint64_t *blocks, size_t nblocks)
{
	const struct memblk_selection *selection = &session->request.selection;
	struct memblk_plan plan;

	memblk_plan_init(&plan, &session->request, blocks, nblocks);
	if (!drop_unknown_zones(session, &plan))
		return false;
	if (selection->kind == MEMBLK_SELECTION_RESIZE)
		return resize(session, blocks, nblocks);

	return work_on_some(session, blocks, nblocks,
			    selection->kind == MEMBLK_SELECTION_SIZE ? selection->nblocks
								     : UINT64_MAX);
}

/* Unless all blocks that were named are there, and of another node or device. */
static bool may_yet_come(const struct session *session)
{
	const struct memblk_selection *selection = &session->request.selection;

	return selection->kind != MEMBLK_SELECTION_BLOCKS || selection->ranges.nranges;
}

/* Where there is not one block, which is bad unless some may yet come. */
static bool bear_nothing(const struct session *session)
{
	const struct options *options = session->options;

	if (!memblk_selection_is_narrow(&session->request.selection)) {
		report_blocks_fault(ENODATA);
		return false;
	}
	if (is_waiting(session) && !session->is_last && may_yet_come(session))
		return true;
	report_no_blocks_of(session->system, options->nodes, options->from);
	return false;
}

/* How long the kernel may be at adding a block that is there already. */
#define ADDING_MS 1000

/* Of what the kernel adds, it tells late which node and device it is of. */
static int await_links(struct session *session, const uint64_t *blocks, size_t nblocks)
{
	const struct memblk_selection *selection = &session->request.selection;
	uint64_t until_ms = earlier(memblk_now_ms() + ADDING_MS,
				    session->request.bounds.deadline_ms);
	int r;

	r = memblk_watch_await_nodes(&session->watch, session->system, blocks, nblocks,
				     until_ms);
	/* of others, more passes will see it */
	if (r == 0 && selection->device && selection->kind == MEMBLK_SELECTION_BLOCKS)
		r = memblk_watch_await_device(&session->watch, session->system,
					      selection->device, blocks, nblocks,
					      until_ms);
	/* a signal shows elsewhere, too */
	return r == -EINTR ? 0 : r;
}

/* Before it is decided which of them are meant, all blocks have to be there wholly. */
static int settle_links(struct session *session)
{
	struct memblk_selection all = session->request.selection;
	uint64_t *blocks;
	size_t nblocks;
	int r;

	if (!is_waiting(session) || !memblk_selection_is_narrow(&all))
		return 0;
	all.nodes.nranges = 0;
	all.device = NULL;
	r = memblk_scan(session->system, &all, &blocks, &nblocks);
	if (r < 0)
		return r;
	r = await_links(session, blocks, nblocks);
	free(blocks);

	return r;
}

/* Scans, plans and carries out. False if there is nothing to report of that. */
static bool pass(struct session *session)
{
	struct memblk_selection *selection = &session->request.selection;
	uint64_t *blocks;
	size_t nblocks;
	bool done;
	int r;

	if (is_waiting(session))
		memblk_watch_mark(&session->watch, session->system);
	r = settle_links(session);
	if (r == 0)
		r = memblk_selection_narrow(session->system, selection);
	if (r == 0)
		r = memblk_scan(session->system, selection, &blocks, &nblocks);
	if (r == 0 && is_waiting(session)) {
		r = await_links(session, blocks, nblocks);
		if (r < 0)
			free(blocks);
	}
	if (r < 0) {
		report_blocks_fault(-r);
		return false;
	}
	note_arrivals(session, nblocks);
	if (selection->kind == MEMBLK_SELECTION_BLOCKS ? !selection->ranges.nranges
						       : !nblocks)
		done = bear_nothing(session);
	else
		done = work_on(session, blocks, nblocks);
	free(blocks);

	return done;
}

/* ---- The run ---- */

/* When nothing more is waited for. */
static uint64_t wait_end_ms(const struct session *session)
{
	uint64_t deadline_ms = session->request.bounds.deadline_ms;

	return earlier(deadline_ms, session->wait_until_ms);
}

/* By size, enough was changed, be it as wanted or not. */
static bool is_spent(const struct session *session)
{
	const struct memblk_selection *selection = &session->request.selection;

	return selection->kind == MEMBLK_SELECTION_SIZE &&
	       session->nspent >= selection->nblocks;
}

static bool is_over(const struct session *session)
{
	if (!session->is_carried_out)
		return false;
	if (session->request.selection.kind == MEMBLK_SELECTION_ALL)
		return session->report.outcome.end != MEMBLK_END_DONE ||
		       memblk_now_ms() >= last_arrival_ms(session);

	return report_is_over(&session->report) || is_spent(session);
}

/*
 * The time of the run is up while it waits, or a signal came. Of all blocks, those that
 * there are were meant, and it just waits for less time. False if there never were any.
 */
static bool cut_wait(struct session *session)
{
	bool interrupted = memblk_signals_caught();

	session->is_last = true;
	if (!session->is_carried_out && interrupted)
		report_interrupted();
	else if (!session->is_carried_out)
		bear_nothing(session);
	else if (interrupted || session->request.selection.kind != MEMBLK_SELECTION_ALL)
		report_cut(&session->report,
			   interrupted ? MEMBLK_END_INTERRUPTED : MEMBLK_END_TIMEOUT);
	return session->is_carried_out;
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
		if (is_over(session))
			break;
		/* others may do what they have to meanwhile */
		unlock(session);
		memblk_watch_sleep(
			&session->watch, session->system,
			earlier(wait_end_ms(session), last_arrival_ms(session)));
		/* All or nothing, it is still to be told what stood in the way. */
		if (!session->request.bounds.atomic && is_out_of_time(session)) {
			failed = !cut_wait(session);
			break;
		}
	}
	progress_end(&session->bar);
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

	/* a dry run tells of what is there */
	if (options->wait_ms && !options->dry_run) {
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
	session->report.is_silent = options->json;
	session->document.report = &session->report;
	progress_begin(&session->bar, options->progress, session->start_ms,
		       memblk_system_block_size(session->system));
	status = run_locked(session);
	memblk_watch_done(&session->watch);
	unlock(session);

	return status;
}

static int run_command(struct session *session)
{
	const struct options *options = session->options;

	if (options->auto_online)
		return auto_online(session->system, options, &session->document);
	if (!make_request(session))
		return EXIT_FAILURE;
	session->document.request = &session->request;

	return options->list ? list_blocks(session->system, &session->request, options,
					   &session->document)
			     : run_request(session);
}

static int run(const struct options *options)
{
	struct session session = { .options = options,
				   .start_ms = memblk_now_ms(),
				   .document = { .options = options },
				   .lock_fd = -1 };
	enum memblk_system_step step;
	int r, status = EXIT_FAILURE;

	r = memblk_system_open(options->sysroot, &session.system, &step);
	if (r < 0) {
		report_system_fault(step, -r, options->sysroot);
	} else {
		session.document.system = session.system;
		status = run_command(&session);
	}
	if (options->json)
		status = document_write(&session.document, status);
	document_done(&session.document);
	report_done(&session.report);
	memblk_selection_done(&session.request.selection);
	memblk_system_free(session.system);

	return status;
}

int main(int argc, char **argv)
{
	struct options options;
	int status;

	report_init();
	options_parse_or_die(argc, argv, &options);
	if (!options.list && !options.auto_online)
		memblk_signals_catch();
	status = report_finish(run(&options));
	memblk_signals_die();

	return status;
}
