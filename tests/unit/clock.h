/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A clock that only goes when it is told to, and sleeps that take no time. Included by
 * one .c of a test; what it defines is linked in place of lib/interrupt.c, so nothing may
 * be used of that but what stands here.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "interrupt.h"
#include "memblk.h"

#define CLOCK_START_MS 1000000

static struct {
	uint64_t now_ms;
	char log[512];          /* "100 ", how long, for each sleep */
	uint64_t slept_ms;      /* all of them */
	void (*sleep_fn)(void); /* called in each sleep, at its end */
	bool is_interrupted;    /* by a signal, as from interrupt_sleep() */
} clock_state = { .now_ms = CLOCK_START_MS };

/* Sets the clock back to its start and forgets the sleeps. */
static inline void clock_reset(void)
{
	clock_state = (typeof(clock_state)){ .now_ms = CLOCK_START_MS };
}

uint64_t memblk_now_ms(void)
{
	return clock_state.now_ms;
}

uint64_t memblk_now_us(void)
{
	return clock_state.now_ms * 1000;
}

uint64_t memblk_after_ms(uint64_t start_ms, uint64_t duration_ms)
{
	return duration_ms > MEMBLK_FOREVER - start_ms ? MEMBLK_FOREVER
						       : start_ms + duration_ms;
}

int interrupt_sleep(uint64_t until_ms)
{
	uint64_t ms = until_ms > clock_state.now_ms ? until_ms - clock_state.now_ms : 0;
	size_t length = strlen(clock_state.log);

	if (clock_state.is_interrupted)
		return -EINTR;
	snprintf(clock_state.log + length, sizeof(clock_state.log) - length,
		 "%" PRIu64 " ", ms);
	clock_state.now_ms += ms;
	clock_state.slept_ms += ms;
	if (clock_state.sleep_fn)
		clock_state.sleep_fn();

	return clock_state.is_interrupted ? -EINTR : 0;
}

#endif
