/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Carries out a plan: the walk over its blocks, rounds over those that may pass later,
 * and the way back when it is all or nothing. Within the process that calls it; that
 * this may be a process of its own is the business of worker.c.
 */
#include "config.h"

#include "apply.h"
#include "change.h"
#include "facts.h"
#include "interrupt.h"
#include "plan.h"
#include "reason.h"
#include "spare.h"
#include "unplug.h"
#include "util.h"

/* Between rounds. */
#define PAUSE_MIN_MS 100
#define PAUSE_MAX_MS 2000

/* The kernel itself is short of memory when it says so of two blocks in a row. */
#define NO_MEMORY_MAX 2

struct results {
	struct memblk_result *result;
	size_t nresults, size;
};

struct walk {
	struct run run;
	struct facts facts; /* where run.facts points to, if it does */
	struct progress *progress;
	memblk_result_fn result_fn;
	void *data;

	struct memblk_outcome outcome;
	bool is_over;            /* outcome.end says why */
	uint64_t spent;          /* by size: blocks that use up a part of it */
	uint64_t ndone;          /* by size: blocks that count */
	bool is_amiss;           /* by range: not every block is as wanted */
	unsigned int nno_memory; /* in a row */
	struct results held;     /* may pass in a later round */
	struct results changed;  /* atomic: have to be set back if anything fails */
};

static int results_add(struct results *results, const struct memblk_result *result)
{
	struct memblk_result *grown = array_grow(results->result, &results->size,
						 results->nresults, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	results->result = grown;
	results->result[results->nresults++] = *result;

	return 0;
}

/* Makes room for so many, so that adding them cannot fail. */
static int results_reserve(struct results *results, size_t nresults)
{
	results->result = reallocarray(NULL, nresults, sizeof(*results->result));
	if (!results->result)
		return -ENOMEM;
	results->size = nresults;

	return 0;
}

static void run_init(struct run *ret, struct memblk_system *system,
		     const struct memblk_request *request, const struct memblk_plan *plan,
		     struct progress *progress)
{
	*ret = (struct run){
		.system = system,
		.request = request,
		.plan = plan,
		.limit = { .try_ms = request->bounds.try_timeout_ms,
			   .deadline_ms = request->bounds.deadline_ms,
			   .since_ms = &progress->write_since_ms },
	};
}

/* ---- The end of a walk ---- */

static void end_walk(struct walk *walk, enum memblk_end end)
{
	if (!walk->is_over)
		walk->outcome.end = end;
	walk->is_over = true;
}

/* Ends the walk if its time is up or a signal came. */
static void check_time(struct walk *walk)
{
	switch (alarm_check(&walk->run.limit)) {
	case ALARM_CANCEL:
		end_walk(walk, MEMBLK_END_INTERRUPTED);
		break;
	case ALARM_DEADLINE:
		end_walk(walk, MEMBLK_END_TIMEOUT);
		break;
	case ALARM_TRY:
	case ALARM_NONE:
		break;
	}
}

/*
 * Ends the walk where what stopped this block will stop them all. By range, blocks that
 * cannot be written are named each.
 */
static void check_failure(struct walk *walk, const struct memblk_result *result)
{
	bool by_size = walk->run.plan->by_size;

	walk->nno_memory = result->status == MEMBLK_STATUS_FAILED &&
					   result->error == ENOMEM
				   ? walk->nno_memory + 1
				   : 0;
	if (result->status != MEMBLK_STATUS_FAILED)
		return;

	check_time(walk);
	if (result->reason == MEMBLK_REASON_LOCKED)
		end_walk(walk, MEMBLK_END_LOCKED);
	else if (result->reason == MEMBLK_REASON_SPARE_MEMORY)
		end_walk(walk, MEMBLK_END_SPARE);
	else if (walk->nno_memory == NO_MEMORY_MAX)
		end_walk(walk, MEMBLK_END_NO_MEMORY);
	else if (by_size && (result->error == EACCES || result->error == EROFS))
		end_walk(walk, MEMBLK_END_DENIED);
}

/* ---- Results ---- */

/* This run configured the block, and did not take that back. */
static bool stays_configured(const struct memblk_result *result)
{
	return result->configured && !result->deconfigured &&
	       !result->already_deconfigured;
}

/*
 * Whether RESULT uses up a part of the size. Memory that came online in another zone, or
 * stayed configured, does, though it is not done: else a run could take any amount of it.
 */
static bool is_spent(const struct memblk_plan *plan, const struct memblk_result *result)
{
	return result->status == MEMBLK_STATUS_CHANGED || result->switched ||
	       (plan->count_done && result->status == MEMBLK_STATUS_ALREADY) ||
	       stays_configured(result);
}

bool apply_has_changed(const struct memblk_result *result)
{
	return result->switched || result->memmap_before ||
	       result->configured != result->deconfigured;
}

/*
 * Where all blocks are meant that are not as wanted, those are not that turn out to be,
 * nor those that another zone keeps out, nor those that are no more. But what was done in
 * vain to see that is told of, if it cannot be undone.
 */
static bool is_meant(const struct memblk_plan *plan, const struct memblk_result *result)
{
	return !plan->all || result->deconfigure_error ||
	       (result->status != MEMBLK_STATUS_ALREADY &&
		result->status != MEMBLK_STATUS_MISSING &&
		result->reason != MEMBLK_REASON_ZONE_MISMATCH);
}

/* Any block that is not as wanted, where each is meant. */
static bool is_amiss(const struct memblk_result *result)
{
	return result->status != MEMBLK_STATUS_CHANGED &&
	       result->status != MEMBLK_STATUS_ALREADY;
}

/* Whether the block is as wanted, and counts. */
static bool is_done(const struct memblk_plan *plan, const struct memblk_result *result)
{
	return result->status == MEMBLK_STATUS_CHANGED ||
	       (result->status == MEMBLK_STATUS_ALREADY &&
		(!plan->by_size || plan->count_done));
}

static void tell(struct walk *walk, const struct memblk_result *result)
{
	struct memblk_result planned = *result;

	if (walk->run.rehearsal && result->status == MEMBLK_STATUS_CHANGED)
		planned.status = MEMBLK_STATUS_PLANNED;
	walk->result_fn(&planned, walk->data);
}

/* It is clear what became of the block. */
static void take(struct walk *walk, const struct memblk_result *result)
{
	const struct memblk_plan *plan = walk->run.plan;

	if (walk->changed.size && apply_has_changed(result))
		results_add(&walk->changed, result);
	if (plan->by_size) {
		walk->ndone += is_done(plan, result);
		walk->spent += is_spent(plan, result);
		walk->progress->nspent = walk->spent;
		if (result->status == MEMBLK_STATUS_MISSING ||
		    (result->status == MEMBLK_STATUS_ALREADY && !plan->count_done))
			return;
	} else if (!is_meant(plan, result)) {
		return;
	} else if (is_amiss(result)) {
		walk->is_amiss = true;
		if (walk->run.request->bounds.atomic)
			end_walk(walk, MEMBLK_END_ATOMIC);
	}
	tell(walk, result);
}

static bool may_pass(const struct walk *walk, const struct memblk_result *result,
		     unsigned int round)
{
	return result->status == MEMBLK_STATUS_FAILED && !walk->run.rehearsal &&
	       reason_may_pass(result->reason, &walk->run.request->bounds, round);
}

/*
 * Tries block INDEX; BEFORE is what came of it in an earlier round, NULL in the first.
 * What that round has left behind is this run's doing all the same.
 */
static void try_block(struct walk *walk, uint64_t index,
		      const struct memblk_result *before, unsigned int round)
{
	struct memblk_result *result = &walk->progress->current;
	uint64_t begun_us = memblk_now_us();

	*result = (struct memblk_result){ .index = index };
	if (before) {
		result->before = before->before;
		result->memmap_before = before->memmap_before;
		result->configured = stays_configured(before);
		result->attempts = before->attempts;
		result->duration_us = before->duration_us;
	}
	walk->progress->in_hand = true;
	change_block(&walk->run, result);
	if (result->begun) {
		result->attempts++;
		result->duration_us += memblk_now_us() - begun_us;
	}
	if (walk->run.facts && result->begun && result->status == MEMBLK_STATUS_FAILED &&
	    result->step == MEMBLK_STEP_DISABLE)
		facts_add(walk->run.facts, result);
	check_failure(walk, result);
	if (!may_pass(walk, result, round) || results_add(&walk->held, result) < 0)
		take(walk, result);
	else if (walk->progress->held_fn && round == 0)
		walk->progress->held_fn(result, walk->data);
	walk->progress->in_hand = false;
}

static bool has_enough(const struct walk *walk)
{
	return walk->run.plan->by_size && walk->spent >= walk->run.plan->goal;
}

/* ---- Walk, rounds, rehearsal ---- */

static void walk_blocks(struct walk *walk)
{
	const struct memblk_plan *plan = walk->run.plan;

	while (walk->outcome.ntried < plan->nblocks && !has_enough(walk)) {
		check_time(walk);
		if (walk->is_over)
			break;
		try_block(walk, memblk_plan_at(plan, walk->outcome.ntried), NULL, 0);
		walk->progress->ntried = ++walk->outcome.ntried;
	}
}

static void pause_for(struct walk *walk, uint64_t ms)
{
	uint64_t until = memblk_after_ms(memblk_now_ms(), ms);

	if (until > walk->run.limit.deadline_ms)
		until = walk->run.limit.deadline_ms;
	do {
		interrupt_sleep(until);
		check_time(walk);
	} while (!walk->is_over && memblk_now_ms() < until);
}

static void walk_again(struct walk *walk, unsigned int round)
{
	struct results held = walk->held;

	walk->held = (struct results){ .nresults = 0 };
	for (size_t i = 0; i < held.nresults; i++) {
		check_time(walk);
		if (walk->is_over || has_enough(walk))
			take(walk, &held.result[i]);
		else
			try_block(walk, held.result[i].index, &held.result[i], round);
	}
	free(held.result);
}

static void walk_rounds(struct walk *walk)
{
	uint64_t pause_ms = PAUSE_MIN_MS;

	for (unsigned int round = 1;
	     walk->held.nresults && !walk->is_over && !has_enough(walk); round++) {
		pause_for(walk, pause_ms);
		pause_ms = pause_ms < PAUSE_MAX_MS / 2 ? pause_ms * 2 : PAUSE_MAX_MS;
		walk_again(walk, round);
	}
	for (size_t i = 0; i < walk->held.nresults; i++)
		take(walk, &walk->held.result[i]);
	walk->held.nresults = 0;
}

/* Each begins with the memory that there is. */
static void set_rehearsal(struct walk *walk, bool rehearsal)
{
	walk->run.rehearsal = rehearsal;
	if (walk->run.spare)
		spare_rehearse(walk->run.spare, rehearsal);
}

/* Blocks of a long range that are not in the directory are not in the plan. */
static bool covers_ranges(const struct run *run)
{
	return !plan_is_named(run->plan) ||
	       run->plan->nblocks == memblk_ranges_count(&run->request->selection.ranges);
}

/* By size, another block can be taken in its place. */
static bool stands_in_the_way(const struct memblk_plan *plan,
			      const struct memblk_result *result)
{
	return !plan->by_size && is_meant(plan, result) && is_amiss(result);
}

/* Tells of all blocks, why it cannot work. */
static void tell_obstacles(struct walk *walk, struct results *rehearsed)
{
	for (size_t i = 0; i < rehearsed->nresults; i++) {
		struct memblk_result *result = &rehearsed->result[i];

		if (result->status == MEMBLK_STATUS_CHANGED)
			*result = (struct memblk_result){
				.index = result->index,
				.status = MEMBLK_STATUS_SKIPPED,
				.before = result->before,
			};
		take(walk, result);
	}
}

/*
 * Whether all of it can work, as far as that shows beforehand. If not, it is told what
 * stands in the way.
 */
static bool rehearse(struct walk *walk)
{
	const struct memblk_plan *plan = walk->run.plan;
	struct results rehearsed = { .nresults = 0 };
	uint64_t nfeasible = 0;
	bool feasible = true;

	set_rehearsal(walk, true);
	for (size_t i = 0;
	     i < plan->nblocks && !(plan->by_size && nfeasible == plan->goal); i++) {
		struct memblk_result result = { .index = memblk_plan_at(plan, i) };

		check_time(walk);
		if (walk->is_over)
			break;
		change_block(&walk->run, &result);
		nfeasible += is_done(plan, &result);
		feasible = feasible && !stands_in_the_way(plan, &result);
		results_add(&rehearsed, &result);
		check_failure(walk, &result);
	}
	set_rehearsal(walk, false);
	walk->nno_memory = 0;
	walk->outcome.nfeasible = nfeasible;
	walk->outcome.ntried = rehearsed.nresults;
	feasible = feasible && !walk->is_over && covers_ranges(&walk->run) &&
		   (!plan->by_size || nfeasible == plan->goal);
	if (feasible)
		walk->outcome.ntried = 0;
	else
		tell_obstacles(walk, &rehearsed);
	free(rehearsed.result);

	return feasible;
}

/* ---- The way back ---- */

static bool is_without_return(const struct memblk_result *result)
{
	switch (result->reason) {
	case MEMBLK_REASON_TRY_TIMEOUT:
	case MEMBLK_REASON_INTERRUPTED:
	case MEMBLK_REASON_LOCKED:
		return true;
	default:
		return false;
	}
}

static void revert(struct run *run, const struct memblk_result *results, size_t nresults,
		   struct progress *progress, memblk_result_fn result_fn, void *data)
{
	bool given_up = false;

	progress->reverting = true;
	/* The run may well be over; the signal that ended it does not end this. */
	run->limit.deadline_ms = MEMBLK_FOREVER;
	run->limit.ncancels = 1;
	while (nresults-- > 0) {
		struct memblk_result *result = &progress->current;

		*result = results[nresults];
		result->was = result->status;
		progress->in_hand = true;
		if (given_up) {
			result->status = MEMBLK_STATUS_STUCK;
			result->reason = MEMBLK_REASON_NOT_TRIED;
			result->error = 0;
		} else {
			change_revert(run, result);
			given_up = is_without_return(result);
		}
		result_fn(result, data);
		progress->in_hand = false;
	}
	progress->reverting = false;
}

void apply_revert(struct memblk_system *system, const struct memblk_request *request,
		  const struct memblk_plan *plan, const struct memblk_result *results,
		  size_t nresults, struct progress *progress, memblk_result_fn result_fn,
		  void *data)
{
	struct run run;

	run_init(&run, system, request, plan, progress);
	revert(&run, results, nresults, progress, result_fn, data);
}

void apply_settle(struct memblk_system *system, const struct memblk_request *request,
		  const struct memblk_plan *plan, struct memblk_result *result,
		  bool reverting, enum memblk_reason reason)
{
	struct progress progress = { .write_since_ms = 0 };
	struct run run;

	run_init(&run, system, request, plan, &progress);
	if (reverting)
		change_settle_back(&run, result, reason);
	else
		change_settle(&run, result, reason);
}

/* ---- What was not tried ---- */

void memblk_tell_untried(struct memblk_system *system,
			 const struct memblk_request *request,
			 const struct memblk_plan *plan,
			 const struct memblk_outcome *outcome, memblk_result_fn result_fn,
			 void *data)
{
	struct progress progress = { .write_since_ms = 0 };
	struct run run;

	if (plan->by_size || outcome->end == MEMBLK_END_DONE)
		return;
	run_init(&run, system, request, plan, &progress);
	for (size_t i = outcome->ntried; i < plan->nblocks; i++) {
		struct memblk_result result = { .index = memblk_plan_at(plan, i) };

		change_look(&run, &result);
		if (is_meant(plan, &result))
			result_fn(&result, data);
	}
}

/* ---- The device ---- */

/* Whether there is any sense in beginning. */
static bool may_unplug(struct walk *walk)
{
	struct memblk_unplug *unplug = &walk->outcome.unplug;

	if (!walk->run.request->unplug)
		return true;
	unplug_check(&walk->run, unplug);
	if (unplug->status != MEMBLK_UNPLUG_POSSIBLE)
		return false;
	*unplug = (struct memblk_unplug){ .status = MEMBLK_UNPLUG_NONE };

	return true;
}

/* All its blocks are offline. The last moment to be told to give up is before this. */
static void eject(struct walk *walk)
{
	struct memblk_unplug *unplug = &walk->outcome.unplug;

	if (walk->run.request->dry_run) {
		unplug->status = MEMBLK_UNPLUG_POSSIBLE;
		return;
	}
	check_time(walk);
	if (!walk->is_over)
		unplug_ask(&walk->run, &walk->progress->asked, unplug);
	walk->is_amiss = unplug->status != MEMBLK_UNPLUG_ASKED;
}

/* ---- All of it ---- */

static bool has_failed(const struct walk *walk)
{
	if (walk->run.plan->by_size)
		return walk->ndone < walk->run.plan->goal;

	return walk->is_amiss || walk->outcome.ntried < walk->run.plan->nblocks;
}

static void carry_out(struct walk *walk)
{
	bool atomic = walk->run.request->bounds.atomic;
	uint64_t huge_pages = atomic ? spare_huge_pages(walk->run.system) : 0;

	if (atomic && (!may_unplug(walk) || !rehearse(walk) ||
		       results_reserve(&walk->changed, walk->run.plan->nblocks) < 0)) {
		walk->outcome.refused = true;
		end_walk(walk, MEMBLK_END_ATOMIC);
		return;
	}
	if (walk->run.request->bounds.rehearsal)
		return;
	if (walk->run.request->dry_run) {
		set_rehearsal(walk, true);
		walk_blocks(walk);
		if (walk->run.request->unplug && !has_failed(walk))
			eject(walk);
		return;
	}
	walk_blocks(walk);
	walk_rounds(walk);
	if (walk->run.request->unplug && !has_failed(walk))
		eject(walk);
	if (atomic && has_failed(walk)) {
		end_walk(walk, MEMBLK_END_ATOMIC);
		revert(&walk->run, walk->changed.result, walk->changed.nresults,
		       walk->progress, walk->result_fn, walk->data);
		walk->outcome.nhuge_pages_lost = u64_subtract(
			huge_pages, spare_huge_pages(walk->run.system));
	}
}

/* So many failures are looked into where they are only counted. */
#define FACTS_BY_SIZE 16

/* Without /proc/meminfo there is nothing that memory could be kept free of. */
static int open_spare(struct walk *walk)
{
	const struct memblk_request *request = walk->run.request;
	int r;

	if (request->command != MEMBLK_COMMAND_DISABLE ||
	    !request->bounds.keep_free_bytes)
		return 0;
	r = spare_open(walk->run.system, request->bounds.keep_free_bytes,
		       &walk->run.spare);
	if (r == 0 || r == -ENOENT)
		return 0;

	end_walk(walk, MEMBLK_END_SPARE);
	walk->outcome.error = -r;
	return r;
}

static void open_facts(struct walk *walk)
{
	const struct memblk_request *request = walk->run.request;
	unsigned int nfailures = walk->run.plan->by_size ? FACTS_BY_SIZE
							 : FACTS_UNLIMITED;

	if (request->command != MEMBLK_COMMAND_DISABLE)
		return;
	/* a dry run writes nothing that could fail */
	facts_init(&walk->facts, walk->run.system, request->dry_run ? 0 : nfailures);
	walk->run.facts = &walk->facts;
}

void apply_plan(struct memblk_system *system, const struct memblk_request *request,
		const struct memblk_plan *plan, struct progress *progress,
		memblk_result_fn result_fn, void *data, struct memblk_outcome *ret)
{
	struct walk walk = { .progress = progress, .result_fn = result_fn, .data = data };

	run_init(&walk.run, system, request, plan, progress);
	open_facts(&walk);
	if (open_spare(&walk) == 0)
		carry_out(&walk);

	if (walk.run.facts && request->dry_run)
		walk.outcome.unseen_error = facts_unseen_error(walk.run.facts);
	if (walk.run.facts)
		facts_done(&walk.facts);
	spare_free(walk.run.spare);
	free(walk.held.result);
	free(walk.changed.result);
	walk.outcome.nspent = walk.spent;
	*ret = walk.outcome;
}
