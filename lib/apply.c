/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Carries out a plan, block by block, and tells the result of each. What a result says is
 * what the kernel acknowledged, or what it shows after it did not: errors of a write are
 * only believed once `state` was read again, for udev or the kernel itself may have been
 * quicker.
 */
#include "config.h"

#include <string.h>

#include "block.h"
#include "plan.h"
#include "util.h"

struct run {
	struct memblk_system *system;
	const struct memblk_request *request;
	const struct memblk_plan *plan;
};

static const enum memblk_step command_steps[_MEMBLK_COMMAND_MAX] = {
	[MEMBLK_COMMAND_ENABLE] = MEMBLK_STEP_ENABLE,
	[MEMBLK_COMMAND_DISABLE] = MEMBLK_STEP_DISABLE,
	[MEMBLK_COMMAND_CONFIGURE] = MEMBLK_STEP_CONFIGURE,
	[MEMBLK_COMMAND_DECONFIGURE] = MEMBLK_STEP_DECONFIGURE,
};

static void fail(struct memblk_result *result, enum memblk_step step,
		 enum memblk_reason reason, int error)
{
	result->status = MEMBLK_STATUS_FAILED;
	result->step = step;
	result->reason = reason;
	result->error = error < 0 ? -error : error;
}

static void fail_with_zone(struct memblk_result *result, enum memblk_reason reason,
			   enum memblk_zone zone)
{
	fail(result, MEMBLK_STEP_ENABLE, reason, 0);
	result->zone = zone;
}

/*
 * An attribute could not be opened or read. Where that is because the block is gone, or
 * never was, nothing failed.
 */
static void fail_to_read(const struct run *run, struct memblk_result *result,
			 enum memblk_step step, int error)
{
	if ((error == -ENOENT || error == -ENOTDIR) &&
	    !block_exists(run->system, result->index))
		result->status = MEMBLK_STATUS_MISSING;
	else
		fail(result, step, MEMBLK_REASON_ERRNO, error);
}

static void fail_to_read_state(const struct run *run, struct memblk_result *result,
			       int error)
{
	enum memblk_step step = command_steps[run->request->command];

	fail_to_read(run, result, step, error);
	if (result->status == MEMBLK_STATUS_FAILED && error == -ENOENT &&
	    run->system->configurable)
		fail(result, step, MEMBLK_REASON_NOT_CONFIGURED, 0);
}

static void read_zones(const struct run *run, uint64_t index, struct observation *seen)
{
	seen->zones_error = block_zones_read(run->system, index, &seen->zones);
}

/* ---- Enable ---- */

/* The block is online, by whomever. Is it in the zone that was asked for? */
static void judge_online(const struct run *run, struct memblk_result *result,
			 enum memblk_reason other_zone_reason)
{
	struct observation seen;
	enum memblk_zone other;

	if (!run->request->zone)
		return;
	read_zones(run, result->index, &seen);
	other = plan_other_zone(run->request, &seen);
	if (other)
		fail_with_zone(result, other_zone_reason, other);
}

/* By size, a block that is as wanted was never meant, unless this run configured it. */
static void set_already(const struct run *run, struct memblk_result *result)
{
	result->status = MEMBLK_STATUS_ALREADY;
	if (run->request->command == MEMBLK_COMMAND_ENABLE &&
	    (!run->plan->by_size || result->configured))
		judge_online(run, result, MEMBLK_REASON_ZONE_OTHER);
}

/* A write failed. The state that is there now decides whether that matters. */
static void settle(const struct run *run, struct memblk_result *result, int error)
{
	enum memblk_command command = run->request->command;
	enum memblk_state state;

	if (block_state_read(run->system, result->index, &state) == 0 &&
	    plan_is_done(command, state))
		set_already(run, result);
	else
		fail(result, command_steps[command], MEMBLK_REASON_ERRNO, error);
}

static void write_state(const struct run *run, const struct attribute *attribute,
			const char *word, struct memblk_result *result)
{
	int r = attribute_write(&run->system->sysfs, attribute, word);

	if (r < 0) {
		settle(run, result, r);
		return;
	}
	result->switched = true;
	result->status = MEMBLK_STATUS_CHANGED;
	if (run->request->command == MEMBLK_COMMAND_ENABLE)
		judge_online(run, result, MEMBLK_REASON_ZONE_MISSED);
}

/* The block's `state` is open as ATTRIBUTE, and is not as wanted. */
static void switch_state(const struct run *run, const struct attribute *attribute,
			 enum memblk_state state, struct memblk_result *result)
{
	struct observation seen = { .state = state, .zones_error = -ENOENT };
	struct decision decision;

	if (plan_needs_zones(run->request, run->plan))
		read_zones(run, result->index, &seen);
	decision = plan_decide(run->request, run->plan, &seen);
	if (decision.word)
		write_state(run, attribute, decision.word, result);
	else
		fail(result, command_steps[run->request->command], decision.reason,
		     decision.error);
}

static void enable_online(const struct run *run, struct memblk_result *result)
{
	struct attribute attribute;
	enum memblk_state state;
	int r;

	r = block_state_open(run->system, result->index, &attribute, &state);
	if (r < 0)
		fail_to_read_state(run, result, r);
	else if (plan_is_done(MEMBLK_COMMAND_ENABLE, state))
		set_already(run, result);
	else
		switch_state(run, &attribute, state, result);
	attribute_close(&run->system->sysfs, &attribute);
}

/* Makes sure that the block is configured. False if the result stands already. */
static bool configure_first(const struct run *run, struct memblk_result *result)
{
	bool configured;
	int r;

	r = memconfig_read(run->system, result->index, MEMCONFIG_CONFIG, &configured);
	if (r < 0) {
		fail_to_read(run, result, MEMBLK_STEP_CONFIGURE, r);
		return false;
	}
	if (configured)
		return true;

	r = memconfig_write(run->system, result->index, MEMCONFIG_CONFIG, true);
	if (r < 0) {
		fail(result, MEMBLK_STEP_CONFIGURE, MEMBLK_REASON_ERRNO, r);
		return false;
	}
	result->configured = true;
	return true;
}

static bool is_online_elsewhere(const struct memblk_result *result)
{
	return result->reason == MEMBLK_REASON_ZONE_OTHER ||
	       result->reason == MEMBLK_REASON_ZONE_MISSED;
}

/* Gives the storage of the block back, the last step of what was done or begun. */
static void deconfigure_last(const struct run *run, struct memblk_result *result)
{
	bool configured;
	int r;

	r = memconfig_read(run->system, result->index, MEMCONFIG_CONFIG, &configured);
	if (r == 0 && configured)
		r = memconfig_write(run->system, result->index, MEMCONFIG_CONFIG, false);
	else if (r == 0)
		result->already_deconfigured = true;

	if (r < 0)
		result->deconfigure_error = -r;
	else
		result->deconfigured = !result->already_deconfigured;
}

/*
 * 1. Where the firmware has a say, the block is configured, before its state is looked
 * at.
 * 2. With auto-online, the kernel onlines it then: that is this run's doing and counts by
 * size, or the walk would go on and configure all there is.
 * 3. A block that was configured and does not come online is deconfigured again.
 */
static void enable(const struct run *run, struct memblk_result *result)
{
	if (run->system->configurable && !configure_first(run, result))
		return;
	enable_online(run, result);

	if (!result->configured)
		return;
	if (run->plan->by_size && result->status == MEMBLK_STATUS_ALREADY)
		result->status = MEMBLK_STATUS_CHANGED;
	if (result->status == MEMBLK_STATUS_MISSING)
		fail(result, MEMBLK_STEP_ENABLE, MEMBLK_REASON_ERRNO, ENODEV);
	if (result->status == MEMBLK_STATUS_FAILED && !is_online_elsewhere(result))
		deconfigure_last(run, result);
}

/* ---- Disable ---- */

/* A block without a `state` is offline if the firmware says that it is not configured. */
static void disable_absent(const struct run *run, struct memblk_result *result, int error)
{
	bool configured;

	if (error == -ENOENT && run->system->configurable &&
	    memconfig_read(run->system, result->index, MEMCONFIG_CONFIG, &configured) ==
		    0 &&
	    !configured)
		result->status = MEMBLK_STATUS_ALREADY;
	else
		fail_to_read_state(run, result, error);
}

static void disable_offline(const struct run *run, struct memblk_result *result)
{
	struct attribute attribute;
	enum memblk_state state;
	int r;

	r = block_state_open(run->system, result->index, &attribute, &state);
	if (r < 0)
		disable_absent(run, result, r);
	else if (plan_is_done(MEMBLK_COMMAND_DISABLE, state))
		set_already(run, result);
	else
		switch_state(run, &attribute, state, result);
	attribute_close(&run->system->sysfs, &attribute);
}

/*
 * The memory that went offline counts by size even if its storage cannot be given back:
 * going on would take more from the system than was asked for. A named block is done only
 * with both.
 */
static void disable(const struct run *run, struct memblk_result *result)
{
	if (run->system->configurable && !block_exists(run->system, result->index)) {
		result->status = MEMBLK_STATUS_MISSING;
		return;
	}
	disable_offline(run, result);

	if (!run->system->configurable || !result->switched)
		return;
	deconfigure_last(run, result);
	if (result->deconfigure_error && !run->plan->by_size)
		fail(result, MEMBLK_STEP_DECONFIGURE, MEMBLK_REASON_NONE, 0);
}

/* ---- Configure and deconfigure ---- */

/*
 * A configured block: as wanted, unless memmap_on_memory is to be another, which is too
 * late.
 */
static void judge_configured(const struct run *run, struct memblk_result *result)
{
	bool memmap;
	int r;

	result->status = MEMBLK_STATUS_ALREADY;
	if (run->request->memmap == MEMBLK_MEMMAP_KEEP)
		return;
	r = memconfig_read(run->system, result->index, MEMCONFIG_MEMMAP, &memmap);
	if (r < 0)
		fail(result, MEMBLK_STEP_MEMMAP, MEMBLK_REASON_ERRNO, r);
	else if (memmap != (run->request->memmap == MEMBLK_MEMMAP_ON))
		fail(result, MEMBLK_STEP_MEMMAP, MEMBLK_REASON_MUST_DECONFIGURE, 0);
}

static void configure(const struct run *run, struct memblk_result *result)
{
	bool configured;
	int r;

	r = memconfig_read(run->system, result->index, MEMCONFIG_CONFIG, &configured);
	if (r < 0) {
		fail_to_read(run, result, MEMBLK_STEP_CONFIGURE, r);
		return;
	}
	if (configured) {
		judge_configured(run, result);
		return;
	}

	if (run->request->memmap != MEMBLK_MEMMAP_KEEP) {
		r = memconfig_write(run->system, result->index, MEMCONFIG_MEMMAP,
				    run->request->memmap == MEMBLK_MEMMAP_ON);
		if (r < 0) {
			fail(result, MEMBLK_STEP_MEMMAP, MEMBLK_REASON_ERRNO, r);
			return;
		}
	}
	r = memconfig_write(run->system, result->index, MEMCONFIG_CONFIG, true);
	if (r < 0) {
		fail(result, MEMBLK_STEP_CONFIGURE, MEMBLK_REASON_ERRNO, r);
		return;
	}
	result->configured = true;
	result->status = MEMBLK_STATUS_CHANGED;
}

static void deconfigure(const struct run *run, struct memblk_result *result)
{
	enum memblk_state state;
	bool configured;
	int r;

	r = memconfig_read(run->system, result->index, MEMCONFIG_CONFIG, &configured);
	if (r < 0) {
		fail_to_read(run, result, MEMBLK_STEP_DECONFIGURE, r);
		return;
	}
	if (!configured) {
		result->status = MEMBLK_STATUS_ALREADY;
		return;
	}
	/* Where the state cannot be read, the kernel knows it and answers EBUSY. */
	if (block_state_read(run->system, result->index, &state) == 0 &&
	    state == MEMBLK_STATE_ONLINE) {
		fail(result, MEMBLK_STEP_DECONFIGURE, MEMBLK_REASON_MUST_BE_OFFLINE, 0);
		return;
	}

	r = memconfig_write(run->system, result->index, MEMCONFIG_CONFIG, false);
	if (r < 0) {
		fail(result, MEMBLK_STEP_DECONFIGURE, MEMBLK_REASON_ERRNO, r);
		return;
	}
	result->deconfigured = true;
	result->status = MEMBLK_STATUS_CHANGED;
}

/* ---- The walk ---- */

typedef void (*block_fn)(const struct run *run, struct memblk_result *result);

static const block_fn command_fns[_MEMBLK_COMMAND_MAX] = {
	[MEMBLK_COMMAND_ENABLE] = enable,
	[MEMBLK_COMMAND_DISABLE] = disable,
	[MEMBLK_COMMAND_CONFIGURE] = configure,
	[MEMBLK_COMMAND_DECONFIGURE] = deconfigure,
};

/* What stops one write will stop them all. */
static bool is_hopeless(const struct memblk_result *result)
{
	return result->status == MEMBLK_STATUS_FAILED &&
	       (result->error == EACCES || result->error == EROFS);
}

/*
 * Whether RESULT uses up a part of the size. Memory that came online in another zone, or
 * stayed configured, does, though it is not done: else a run could take any amount of it.
 */
static bool is_spent(const struct memblk_result *result)
{
	return result->status == MEMBLK_STATUS_CHANGED || result->switched ||
	       (result->configured && !result->deconfigured &&
		!result->already_deconfigured);
}

void memblk_apply(struct memblk_system *system, const struct memblk_request *request,
		  const struct memblk_plan *plan, memblk_result_fn result_fn, void *data)
{
	struct run run = { .system = system, .request = request, .plan = plan };
	uint64_t spent = 0;

	for (size_t i = 0; i < plan->nblocks && (!plan->by_size || spent < plan->goal);
	     i++) {
		struct memblk_result result = { .index = memblk_plan_at(plan, i) };

		command_fns[request->command](&run, &result);
		if (plan->by_size) {
			if (result.status == MEMBLK_STATUS_ALREADY ||
			    result.status == MEMBLK_STATUS_MISSING)
				continue;
			spent += is_spent(&result);
		}
		result_fn(&result, data);
		if (plan->by_size && is_hopeless(&result))
			break;
	}
}
