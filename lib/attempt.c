/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes that fail, and what is said of them: by the errno, and by the clock.
 */
#include "config.h"

#include "attempt.h"
#include "block.h"
#include "reason.h"
#include "util.h"

/*
 * A write that failed at once did not wait for the kernel's lock, even if it looks so
 * because the time was up when it began.
 */
#define LOCK_WAIT_MS 100

enum memblk_step step_of_command(enum memblk_command command)
{
	static const enum memblk_step steps[_MEMBLK_COMMAND_MAX] = {
		[MEMBLK_COMMAND_ENABLE] = MEMBLK_STEP_ENABLE,
		[MEMBLK_COMMAND_DISABLE] = MEMBLK_STEP_DISABLE,
		[MEMBLK_COMMAND_CONFIGURE] = MEMBLK_STEP_CONFIGURE,
		[MEMBLK_COMMAND_DECONFIGURE] = MEMBLK_STEP_DECONFIGURE,
	};

	return steps[command];
}

void result_fail(struct memblk_result *result, enum memblk_step step,
		 enum memblk_reason reason, int error)
{
	result->status = MEMBLK_STATUS_FAILED;
	result->step = step;
	result->reason = reason;
	result->error = error < 0 ? -error : error;
}

void result_fail_with_zone(struct memblk_result *result, enum memblk_reason reason,
			   enum memblk_zone zone)
{
	result_fail(result, MEMBLK_STEP_ENABLE, reason, 0);
	result->zone = zone;
}

void run_read_zones(const struct run *run, uint64_t index, struct observation *seen)
{
	seen->zones_error = block_zones_read(run->system, index, &seen->zones);
}

struct attempt attempt_begin(enum memblk_step step)
{
	return (struct attempt){ .step = step,
				 .begun_ms = memblk_now_ms(),
				 .opened = true };
}

void attempt_end(const struct run *run, struct attempt *attempt, int error)
{
	attempt->error = error;
	if (error != -EINTR && error != -EBADF)
		return;
	attempt->took_ms = memblk_now_ms() - attempt->begun_ms;
	attempt->cause = alarm_cause(&run->limit);
}

enum memblk_reason reason_of_cause(enum alarm_cause cause)
{
	static const enum memblk_reason reasons[] = {
		[ALARM_TRY] = MEMBLK_REASON_TRY_TIMEOUT,
		[ALARM_DEADLINE] = MEMBLK_REASON_TIMEOUT,
		[ALARM_CANCEL] = MEMBLK_REASON_INTERRUPTED,
	};

	return reasons[cause];
}

void attempt_fail(const struct run *run, struct memblk_result *result,
		  const struct attempt *attempt, struct observation *seen)
{
	enum memblk_reason reason = MEMBLK_REASON_ERRNO;

	if (attempt->cause) {
		reason = reason_of_cause(attempt->cause);
		if (attempt->error == -EBADF && attempt->cause != ALARM_CANCEL &&
		    attempt->took_ms >= LOCK_WAIT_MS)
			reason = MEMBLK_REASON_LOCKED;
		result_fail(result, attempt->step, reason, 0);
		result->limit_ms = attempt->took_ms;
		return;
	}
	if (attempt->opened) {
		if (attempt->step == MEMBLK_STEP_DISABLE && !seen->zones.nzones &&
		    !seen->zones.none)
			run_read_zones(run, result->index, seen);
		reason = reason_of_errno(attempt->step, -attempt->error, seen);
	}
	result_fail(result, attempt->step, reason, attempt->error);
}

int run_write_config(const struct run *run, struct memblk_result *result,
		     enum memblk_step step, const char *name, bool value)
{
	struct attempt attempt = attempt_begin(step);
	struct observation seen = { .zones_error = 0 };
	int r;

	if (step == MEMBLK_STEP_CONFIGURE)
		result->action = MEMBLK_ACTION_CONFIGURE;
	else if (step == MEMBLK_STEP_DECONFIGURE)
		result->action = MEMBLK_ACTION_DECONFIGURE;
	if (run->rehearsal)
		return 0;
	result->begun = true;
	r = memconfig_write(run->system, result->index, name, value, &run->limit);
	if (r < 0) {
		attempt_end(run, &attempt, r);
		attempt.opened = r != -EACCES && r != -EROFS && r != -EPERM;
		attempt_fail(run, result, &attempt, &seen);
	}
	return r;
}
