/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way back of one block that was changed, when it is all or nothing.
 */
#include "config.h"

#include "attempt.h"
#include "block.h"
#include "change.h"
#include "plan.h"
#include "util.h"

/* What sets a block back to what it was before: online, if it was disabled. */
static enum memblk_action action_back(const struct run *run,
				      const struct memblk_result *result)
{
	if (run->request->command != MEMBLK_COMMAND_DISABLE)
		return MEMBLK_ACTION_OFFLINE;

	switch (result->zone_before) {
	case MEMBLK_ZONE_NONE:
		return MEMBLK_ACTION_ONLINE;
	case MEMBLK_ZONE_MOVABLE:
		return MEMBLK_ACTION_ONLINE_MOVABLE;
	default:
		return MEMBLK_ACTION_ONLINE_KERNEL;
	}
}

static int write_state_back(const struct run *run, struct memblk_result *result,
			    enum memblk_command back)
{
	struct attempt attempt = attempt_begin(step_of_command(back));
	struct observation seen = { .zones_error = 0 };
	struct attribute attribute;
	enum memblk_state state;
	int r;

	r = block_state_open(run->system, result->index, &attribute, &state);
	/* what was only configured may never have appeared */
	if (r == -ENOENT && !result->switched && back == MEMBLK_COMMAND_DISABLE)
		return 0;
	attempt.opened = r == 0 && !attribute.write_error;
	if (r == 0 && !plan_is_done(back, state))
		r = attribute_write(&run->system->sysfs, &attribute,
				    memblk_action_to_string(action_back(run, result)),
				    &run->limit);
	attribute_close(&run->system->sysfs, &attribute);
	if (r == 0 || (block_state_read(run->system, result->index, &state) == 0 &&
		       plan_is_done(back, state)))
		return 0;

	attempt_end(run, &attempt, r);
	attempt_fail(run, result, &attempt, &seen);
	return r;
}

/* Is it back in the zone that it was in? Where that is not known, any will do. */
static int judge_zone_back(const struct run *run, struct memblk_result *result)
{
	struct observation seen;
	enum memblk_zone zone;

	if (!result->zone_before)
		return 0;
	run_read_zones(run, result->index, &seen);
	zone = seen.zones_error ? MEMBLK_ZONE_NONE : zones_single(&seen.zones);
	if (!zone || zone == result->zone_before)
		return 0;

	result_fail_with_zone(result, MEMBLK_REASON_ZONE_MISSED, zone);
	return -EXDEV;
}

/* Its storage is given back, and what the kernel has brought online by itself. */
static int revert_enable(const struct run *run, struct memblk_result *result)
{
	bool configured = result->configured && !result->deconfigured;
	int r = 0;

	if (result->switched || configured)
		r = write_state_back(run, result, MEMBLK_COMMAND_DISABLE);
	if (r == 0 && configured)
		r = run_write_config(run, result, MEMBLK_STEP_DECONFIGURE,
				     MEMCONFIG_CONFIG, false);
	if (r == 0 && result->memmap_before)
		r = run_write_config(run, result, MEMBLK_STEP_MEMMAP, MEMCONFIG_MEMMAP,
				     result->memmap_before == MEMBLK_MEMMAP_ON);
	return r;
}

static int revert_disable(const struct run *run, struct memblk_result *result)
{
	int r = 0;

	if (result->deconfigured)
		r = run_write_config(run, result, MEMBLK_STEP_CONFIGURE, MEMCONFIG_CONFIG,
				     true);
	if (r < 0)
		return r;
	/* the kernel may bring online by itself what was only configured */
	if (!result->switched)
		return write_state_back(run, result, MEMBLK_COMMAND_DISABLE);
	r = write_state_back(run, result, MEMBLK_COMMAND_ENABLE);

	return r < 0 ? r : judge_zone_back(run, result);
}

static int revert_steps(const struct run *run, struct memblk_result *result)
{
	switch (run->request->command) {
	case MEMBLK_COMMAND_ENABLE:
	case MEMBLK_COMMAND_CONFIGURE:
		return revert_enable(run, result);
	default:
		return revert_disable(run, result);
	}
}

void change_revert(const struct run *run, struct memblk_result *result)
{
	enum memblk_action action = result->action;

	result->reason = MEMBLK_REASON_NONE;
	result->error = 0;
	result->status = revert_steps(run, result) < 0 ? MEMBLK_STATUS_STUCK
						       : MEMBLK_STATUS_REVERTED;
	result->action = action;
}

static bool has_state(const struct run *run, uint64_t index, enum memblk_command command)
{
	enum memblk_state state;

	return block_state_read(run->system, index, &state) == 0 &&
	       plan_is_done(command, state);
}

/* Whether all that RESULT says was done is taken back. */
static bool is_back(const struct run *run, struct memblk_result *result)
{
	uint64_t index = result->index;

	switch (run->request->command) {
	case MEMBLK_COMMAND_ENABLE:
	case MEMBLK_COMMAND_CONFIGURE:
		if (result->memmap_before &&
		    !memconfig_is(run->system, index, MEMCONFIG_MEMMAP,
				  result->memmap_before == MEMBLK_MEMMAP_ON))
			return false;
		if (result->configured && !result->deconfigured)
			return memconfig_is(run->system, index, MEMCONFIG_CONFIG, false);
		return !result->switched || has_state(run, index, MEMBLK_COMMAND_DISABLE);
	default:
		if (result->deconfigured &&
		    !memconfig_is(run->system, index, MEMCONFIG_CONFIG, true))
			return false;
		return !result->switched ||
		       (has_state(run, index, MEMBLK_COMMAND_ENABLE) &&
			judge_zone_back(run, result) == 0);
	}
}

void change_settle_back(const struct run *run, struct memblk_result *result,
			enum memblk_reason reason)
{
	result->reason = MEMBLK_REASON_NONE;
	result->error = 0;
	result->status = MEMBLK_STATUS_REVERTED;
	if (is_back(run, result))
		return;

	result->status = MEMBLK_STATUS_STUCK;
	if (!result->reason)
		result->reason = reason;
}
