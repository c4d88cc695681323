/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads and writes of one block within a run, and how their failure comes into its
 * result.
 */
#ifndef MEMBLK_ATTEMPT_H
#define MEMBLK_ATTEMPT_H

#include "change.h"
#include "plan.h"

enum memblk_step step_of_command(enum memblk_command command);

/* The block FAILED at STEP for this REASON; ERROR is an errno, of either sign, or 0. */
void result_fail(struct memblk_result *result, enum memblk_step step,
		 enum memblk_reason reason, int error);

/* It is online, but in ZONE. */
void result_fail_with_zone(struct memblk_result *result, enum memblk_reason reason,
			   enum memblk_zone zone);

/* Reads the zones of block INDEX into SEEN, or why they cannot be read. */
void run_read_zones(const struct run *run, uint64_t index, struct observation *seen);

/* A write and what there is to know of it when it failed. */
struct attempt {
	enum memblk_step step;
	uint64_t begun_ms;
	int error;        /* -errno */
	bool opened;      /* so that the kernel itself has answered */
	uint64_t took_ms; /* until it gave up, or was given up */
	enum alarm_cause cause;
};

struct attempt attempt_begin(enum memblk_step step);

/* The write gave ERROR, negative. Tells whether it was given up, and why. */
void attempt_end(const struct run *run, struct attempt *attempt, int error);

/* What it means for a block that a write was given up for CAUSE. */
enum memblk_reason reason_of_cause(enum alarm_cause cause);

/*
 * Says in RESULT why ATTEMPT failed, as far as the errno and the clock tell. The zones of
 * SEEN are read if they are needed and were not read before.
 */
void attempt_fail(const struct run *run, struct memblk_result *result,
		  const struct attempt *attempt, struct observation *seen);

/*
 * Writes the attribute NAME of the block below the firmware's directory, unless this is a
 * rehearsal. On failure RESULT says why.
 */
int run_write_config(const struct run *run, struct memblk_result *result,
		     enum memblk_step step, const char *name, bool value);

#endif
