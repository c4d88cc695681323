/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is done to one block. What a result says is what the kernel acknowledged, or what
 * it shows after it did not: errors of a write are only believed once `state` was read
 * again, for udev or the kernel itself may have been quicker.
 */
#include "config.h"

#include "attempt.h"
#include "block.h"
#include "change.h"
#include "interrupt.h"
#include "plan.h"
#include "util.h"

/* So long somebody else may take to set a block offline until we queue behind him. */
#define OTHER_WRITER_MS 2000
#define OTHER_WRITER_POLL_MS 20

/*
 * An attribute could not be opened or read. Where that is because the block is gone, or
 * never was, nothing failed. One that goes between the two gives ENODEV: see
 * kernfs_fop_read_iter() in fs/kernfs/file.c of Linux.
 */
static void fail_to_read(const struct run *run, struct memblk_result *result,
			 enum memblk_step step, int error)
{
	if ((error == -ENOENT || error == -ENOTDIR || error == -ENODEV) &&
	    !block_exists(run->system, result->index))
		result->status = MEMBLK_STATUS_MISSING;
	else
		result_fail(result, step, MEMBLK_REASON_ERRNO, error);
}

static void fail_to_read_state(const struct run *run, struct memblk_result *result,
			       int error)
{
	enum memblk_step step = step_of_command(run->request->command);

	fail_to_read(run, result, step, error);
	if (result->status == MEMBLK_STATUS_FAILED && error == -ENOENT &&
	    run->system->configurable)
		result_fail(result, step, MEMBLK_REASON_NOT_CONFIGURED, 0);
}

/* ---- Online and offline ---- */

/* The block is online, by whomever. Is it in the zone that was asked for? */
static void judge_online(const struct run *run, struct memblk_result *result,
			 enum memblk_reason other_zone_reason)
{
	struct observation seen;
	enum memblk_zone other;

	if (!run->request->zone)
		return;
	run_read_zones(run, result->index, &seen);
	other = plan_other_zone(run->request, &seen);
	if (other)
		result_fail_with_zone(result, other_zone_reason, other);
}

/* By size, a block that is as wanted was never meant, unless this run configured it. */
static void set_already(const struct run *run, struct memblk_result *result)
{
	result->status = MEMBLK_STATUS_ALREADY;
	if (run->request->command == MEMBLK_COMMAND_ENABLE &&
	    (plan_is_named(run->plan) || run->plan->count_done || result->configured))
		judge_online(run, result, MEMBLK_REASON_ZONE_OTHER);
}

/* A write failed. The state that is there now decides whether that matters. */
static void settle(const struct run *run, struct memblk_result *result,
		   const struct attempt *attempt, struct observation *seen)
{
	enum memblk_state state;

	if (block_state_read(run->system, result->index, &state) == 0 &&
	    plan_is_done(run->request->command, state))
		set_already(run, result);
	else
		attempt_fail(run, result, attempt, seen);
}

static void write_state(const struct run *run, const struct attribute *attribute,
			struct observation *seen, struct memblk_result *result)
{
	struct attempt attempt = attempt_begin(step_of_command(run->request->command));
	int r;

	result->begun = true;
	r = attribute_write(&run->system->sysfs, attribute,
			    memblk_action_to_string(result->action), &run->limit);
	if (r < 0) {
		attempt_end(run, &attempt, r);
		attempt.opened = !attribute->write_error;
		settle(run, result, &attempt, seen);
		return;
	}
	result->switched = true;
	result->status = MEMBLK_STATUS_CHANGED;
	if (run->request->command == MEMBLK_COMMAND_ENABLE)
		judge_online(run, result, MEMBLK_REASON_ZONE_MISSED);
}

/* False if too little memory would be left without the block. */
static bool check_spare(const struct run *run, const struct observation *seen,
			struct memblk_result *result)
{
	struct spare_verdict verdict;
	int r;

	if (!run->spare)
		return true;
	r = spare_check(run->spare, result->index,
			seen->zones_error ? NULL : &seen->zones, &verdict);
	if (r < 0) {
		result_fail(result, MEMBLK_STEP_DISABLE, MEMBLK_REASON_ERRNO, r);
		return false;
	}
	if (!verdict.reason)
		return true;

	result_fail(result, MEMBLK_STEP_DISABLE, verdict.reason, 0);
	result->left_bytes = verdict.left_bytes;
	result->wanted_bytes = verdict.wanted_bytes;
	return false;
}

/* In a rehearsal, a block that would go is gone for those that come after it. */
static void suppose_gone(const struct run *run, const struct observation *seen,
			 const struct memblk_result *result)
{
	struct memblk_contents contents;
	bool known;

	if (!run->rehearsal || !run->spare)
		return;
	known = run->facts && facts_contents(run->facts, result->index, &contents);
	spare_suppose_gone(run->spare, result->index,
			   seen->zones_error ? NULL : &seen->zones,
			   known ? &contents : NULL);
}

/*
 * False if it is known that it cannot go.
 *
 * 1. By size, a block with holes is passed over: offline_pages() in mm/memory_hotplug.c
 * of Linux answers EINVAL whatever is in it.
 * 2. Without it, enough memory has to be left.
 * 3. A dry run has to know what the kernel would say; and of the cheapest blocks by size,
 * none is tried that is known to stay.
 */
static bool may_go(const struct run *run, const struct observation *seen,
		   struct memblk_result *result)
{
	if (run->facts && run->plan->by_size &&
	    facts_have_holes(run->facts, result->index)) {
		result_fail(result, MEMBLK_STEP_DISABLE, MEMBLK_REASON_HOLES, 0);
		return false;
	}
	if (!check_spare(run, seen, result))
		return false;
	if (run->facts &&
	    (run->request->dry_run ||
	     (run->plan->by_size && run->request->order == MEMBLK_ORDER_CHEAPEST)) &&
	    facts_foresee(run->facts, result->index, result))
		return false;
	suppose_gone(run, seen, result);

	return true;
}

static bool needs_zones(const struct run *run)
{
	return plan_needs_zones(run->request, run->plan) || run->spare ||
	       run->request->bounds.atomic;
}

/* The block's `state` is open as ATTRIBUTE, and is not as wanted. */
static void switch_state(const struct run *run, const struct attribute *attribute,
			 enum memblk_state state, struct memblk_result *result)
{
	enum memblk_command command = run->request->command;
	struct observation seen = { .state = state, .zones_error = -ENOENT };
	struct decision decision;

	if (needs_zones(run))
		run_read_zones(run, result->index, &seen);
	decision = plan_decide(run->request, run->plan, &seen);
	if (!decision.action) {
		result_fail(result, step_of_command(command), decision.reason,
			    decision.error);
		return;
	}
	if (command == MEMBLK_COMMAND_DISABLE) {
		result->zone_before = seen.zones_error ? MEMBLK_ZONE_NONE
						       : zones_single(&seen.zones);
		if (!may_go(run, &seen, result))
			return;
	}
	result->action = decision.action;
	if (run->rehearsal)
		result->status = MEMBLK_STATUS_CHANGED;
	else
		write_state(run, attribute, &seen, result);
}

/*
 * Somebody else is taking the block offline. What comes of that decides, unless it takes
 * too long. A dry run waits for nothing.
 */
static enum memblk_state await_other_writer(const struct run *run,
					    struct attribute *attribute,
					    enum memblk_state state)
{
	uint64_t now = memblk_now_ms(), until = now + OTHER_WRITER_MS;

	if (run->request->dry_run)
		return state;
	while (state == MEMBLK_STATE_GOING_OFFLINE && now < until &&
	       !alarm_check(&run->limit)) {
		interrupt_sleep(now + OTHER_WRITER_POLL_MS);
		if (attribute_reread(&run->system->sysfs, attribute) < 0)
			break;
		state = state_from_string(attribute->text);
		now = memblk_now_ms();
	}
	return state;
}

/* The other writer was still at it when the time was up. */
static void fail_to_wait(const struct run *run, struct memblk_result *result)
{
	enum alarm_cause cause = alarm_check(&run->limit);

	result_fail(result, step_of_command(run->request->command),
		    cause == ALARM_CANCEL ? MEMBLK_REASON_INTERRUPTED
					  : MEMBLK_REASON_LOCKED,
		    0);
}

/* Sees to the block's `state`. An error says that it could not be read. */
static int bring_about(const struct run *run, struct memblk_result *result)
{
	struct attribute attribute;
	enum memblk_state state;
	int r;

	r = block_state_open(run->system, result->index, &attribute, &state);
	if (r == 0) {
		if (!result->before)
			result->before = state;
		state = await_other_writer(run, &attribute, state);
		if (plan_is_done(run->request->command, state))
			set_already(run, result);
		else if (state == MEMBLK_STATE_GOING_OFFLINE && alarm_check(&run->limit))
			fail_to_wait(run, result);
		else
			switch_state(run, &attribute, state, result);
	}
	attribute_close(&run->system->sysfs, &attribute);

	return r;
}

/*
 * Gives the storage of the block back, the last step of what was done or begun. It is
 * still to be done when the time of the run is up, or a signal came.
 */
static void deconfigure_last(const struct run *run, struct memblk_result *result)
{
	struct run last = *run;
	struct memblk_result failure = { .index = result->index };
	bool configured;
	int r;

	last.limit.deadline_ms = MEMBLK_FOREVER;
	last.limit.ncancels = 1;
	r = memconfig_read(run->system, result->index, MEMCONFIG_CONFIG, &configured);
	if (r == 0 && configured)
		r = run_write_config(&last, &failure, MEMBLK_STEP_DECONFIGURE,
				     MEMCONFIG_CONFIG, false);
	else if (r == 0)
		result->already_deconfigured = true;

	if (r < 0)
		result->deconfigure_error = -r;
	else
		result->deconfigured = !result->already_deconfigured;
}

/* ---- Enable ---- */

/*
 * Makes sure that the block is configured. False if the result stands already: also in a
 * rehearsal, since there is nothing more to be seen of a block that is not.
 */
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

	r = run_write_config(run, result, MEMBLK_STEP_CONFIGURE, MEMCONFIG_CONFIG, true);
	if (r < 0)
		return false;
	result->configured = true;
	return !run->rehearsal;
}

/*
 * The first write may have waited for so long that there must not be another: onlining
 * cannot be given up.
 */
static bool is_too_late(const struct run *run, struct memblk_result *result)
{
	enum alarm_cause cause = alarm_check(&run->limit);
	enum memblk_state state;

	if (!cause)
		return false;
	/* the kernel may have brought it online by itself */
	if (block_state_read(run->system, result->index, &state) == 0 &&
	    plan_is_done(MEMBLK_COMMAND_ENABLE, state))
		set_already(run, result);
	else
		result_fail(result, MEMBLK_STEP_ENABLE, reason_of_cause(cause), 0);
	return true;
}

static bool is_online_elsewhere(const struct memblk_result *result)
{
	return result->reason == MEMBLK_REASON_ZONE_OTHER ||
	       result->reason == MEMBLK_REASON_ZONE_MISSED;
}

/*
 * 1. Where the firmware has a say, the block is configured, before its state is looked
 * at.
 * 2. With auto-online, the kernel onlines it then: that is this run's doing. By size it
 * counts, or the walk would go on and configure all there is.
 * 3. A block that was configured and does not come online is deconfigured again.
 */
static void enable(const struct run *run, struct memblk_result *result)
{
	int r;

	if (run->system->configurable && !configure_first(run, result))
		return;
	if (!result->configured || !is_too_late(run, result)) {
		r = bring_about(run, result);
		if (r < 0)
			fail_to_read_state(run, result, r);
	}

	if (!result->configured)
		return;
	if (result->status == MEMBLK_STATUS_ALREADY)
		result->status = MEMBLK_STATUS_CHANGED;
	if (result->status == MEMBLK_STATUS_MISSING)
		result_fail(result, MEMBLK_STEP_ENABLE, MEMBLK_REASON_ERRNO, ENODEV);
	if (result->status == MEMBLK_STATUS_FAILED && !is_online_elsewhere(result))
		deconfigure_last(run, result);
}

/* ---- Disable ---- */

/* A block without a `state` is offline if the firmware says that it is not configured. */
static void disable_absent(const struct run *run, struct memblk_result *result, int error)
{
	if (error == -ENOENT && run->system->configurable &&
	    memconfig_is(run->system, result->index, MEMCONFIG_CONFIG, false))
		result->status = MEMBLK_STATUS_ALREADY;
	else
		fail_to_read_state(run, result, error);
}

/*
 * The memory that went offline counts by size even if its storage cannot be given back:
 * going on would take more from the system than was asked for. A named block is done only
 * with both.
 */
static void disable(const struct run *run, struct memblk_result *result)
{
	int r;

	if (run->system->configurable && !block_exists(run->system, result->index)) {
		result->status = MEMBLK_STATUS_MISSING;
		return;
	}
	r = bring_about(run, result);
	if (r < 0)
		disable_absent(run, result, r);

	if (!run->system->configurable || !result->switched)
		return;
	deconfigure_last(run, result);
	if (result->deconfigure_error && !run->plan->by_size)
		result_fail(result, MEMBLK_STEP_DECONFIGURE, MEMBLK_REASON_NONE, 0);
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
		result_fail(result, MEMBLK_STEP_MEMMAP, MEMBLK_REASON_ERRNO, r);
	else if (memmap != (run->request->memmap == MEMBLK_MEMMAP_ON))
		result_fail(result, MEMBLK_STEP_MEMMAP, MEMBLK_REASON_MUST_DECONFIGURE,
			    0);
}

/* Where the memory map is to be, if that was asked for. */
static int write_memmap(const struct run *run, struct memblk_result *result)
{
	bool wanted = run->request->memmap == MEMBLK_MEMMAP_ON, before;
	int before_error = -ENODATA, r;

	if (run->request->memmap == MEMBLK_MEMMAP_KEEP)
		return 0;
	if (run->request->bounds.atomic)
		before_error = memconfig_read(run->system, result->index,
					      MEMCONFIG_MEMMAP, &before);
	r = run_write_config(run, result, MEMBLK_STEP_MEMMAP, MEMCONFIG_MEMMAP, wanted);
	if (r == 0 && before_error == 0 && before != wanted && !result->memmap_before)
		result->memmap_before = before ? MEMBLK_MEMMAP_ON : MEMBLK_MEMMAP_OFF;

	return r;
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

	if (write_memmap(run, result) < 0 ||
	    run_write_config(run, result, MEMBLK_STEP_CONFIGURE, MEMCONFIG_CONFIG, true) <
		    0)
		return;
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
	if (block_state_read(run->system, result->index, &state) == 0)
		result->before = state;
	if (result->before == MEMBLK_STATE_ONLINE) {
		result_fail(result, MEMBLK_STEP_DECONFIGURE,
			    MEMBLK_REASON_MUST_BE_OFFLINE, 0);
		return;
	}

	if (run_write_config(run, result, MEMBLK_STEP_DECONFIGURE, MEMCONFIG_CONFIG,
			     false) < 0)
		return;
	result->deconfigured = true;
	result->status = MEMBLK_STATUS_CHANGED;
}

/* ---- Any of them ---- */

void change_block(const struct run *run, struct memblk_result *result)
{
	static void (*const functions[_MEMBLK_COMMAND_MAX])(const struct run *,
							    struct memblk_result *) = {
		[MEMBLK_COMMAND_ENABLE] = enable,
		[MEMBLK_COMMAND_DISABLE] = disable,
		[MEMBLK_COMMAND_CONFIGURE] = configure,
		[MEMBLK_COMMAND_DECONFIGURE] = deconfigure,
	};

	functions[run->request->command](run, result);
}

bool change_is_done(const struct memblk_system *system, enum memblk_command command,
		    uint64_t index, bool *ret_absent)
{
	enum memblk_state state;
	int r;

	*ret_absent = false;
	if (command == MEMBLK_COMMAND_ENABLE || command == MEMBLK_COMMAND_DISABLE) {
		r = block_state_read(system, index, &state);
		if (r == 0)
			return plan_is_done(command, state);
		if (r != -ENOENT || command == MEMBLK_COMMAND_ENABLE ||
		    !system->configurable)
			return false;
		*ret_absent = true;
	}

	return memconfig_is(system, index, MEMCONFIG_CONFIG,
			    command == MEMBLK_COMMAND_CONFIGURE);
}

void change_look(const struct run *run, struct memblk_result *result)
{
	enum memblk_state state;
	bool absent;

	if (!block_exists(run->system, result->index)) {
		result->status = MEMBLK_STATUS_MISSING;
		return;
	}
	if (block_state_read(run->system, result->index, &state) == 0)
		result->before = state;
	if (run->request->memmap == MEMBLK_MEMMAP_KEEP &&
	    change_is_done(run->system, run->request->command, result->index, &absent))
		set_already(run, result);
	if (result->status == MEMBLK_STATUS_ALREADY)
		return;
	*result = (struct memblk_result){ .index = result->index,
					  .status = MEMBLK_STATUS_SKIPPED,
					  .reason = MEMBLK_REASON_NOT_TRIED,
					  .before = result->before };
}

void change_settle(const struct run *run, struct memblk_result *result,
		   enum memblk_reason reason)
{
	enum memblk_command command = run->request->command;
	bool absent;

	if (!change_is_done(run->system, run->request->command, result->index, &absent)) {
		result_fail(result, step_of_command(command), reason, 0);
		return;
	}
	if (!result->begun) {
		result->status = MEMBLK_STATUS_ALREADY;
		return;
	}
	result->status = MEMBLK_STATUS_CHANGED;
	result->switched = command == MEMBLK_COMMAND_ENABLE ||
			   command == MEMBLK_COMMAND_DISABLE;
	result->configured = result->configured || command == MEMBLK_COMMAND_CONFIGURE;
	result->deconfigured = result->deconfigured || absent ||
			       command == MEMBLK_COMMAND_DECONFIGURE;
}
