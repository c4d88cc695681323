/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gives up a write that takes too long.
 *
 * A write to `state` ends with EINTR on a signal while the kernel moves pages. While it
 * waits for the kernel's hot-plug lock it does not: lock_device_hotplug_sysfs() in
 * drivers/base/core.c of Linux has the write started again after any handler, without a
 * word. So the handler also puts a descriptor that cannot be written in place of the one
 * that is being written, and the write that is started again fails with EBADF.
 *
 * There is one timer in a process, and so one alarm.
 */
#ifndef MEMBLK_ALARM_H
#define MEMBLK_ALARM_H

#include <stdbool.h>
#include <stdint.h>

/* How long writes may take. */
struct limit {
	uint64_t try_ms;            /* one of them */
	uint64_t deadline_ms;       /* all of them, on CLOCK_MONOTONIC */
	int ncancels;               /* calls of alarm_cancel() that do not end it */
	_Atomic uint64_t *since_ms; /* where it is noted since when a write goes on, 0
				       for none; NULL if nobody wants to know */
};

/* Why a write was given up. */
enum alarm_cause {
	ALARM_NONE,
	ALARM_TRY,
	ALARM_DEADLINE,
	ALARM_CANCEL,
};

/* Installs the handlers of SIGALRM and SIGUSR1, which stands for alarm_cancel(). */
void alarm_install(void);

/* From a signal handler: gives up the write that goes on, and those to come. */
void alarm_cancel(void);

/* Whether LIMIT allows no more writes, and why. */
enum alarm_cause alarm_check(const struct limit *limit);

/*
 * Around each write to FD. BLUNT is a descriptor that cannot be written; -1 if FD is none
 * of the kernel's, so that only signals end a write.
 */
void alarm_begin(const struct limit *limit, int fd, int blunt);
void alarm_end(const struct limit *limit);

/* Since alarm_begin(): whether it gave up, and why. */
enum alarm_cause alarm_cause(const struct limit *limit);

/* Stops the timer. */
void alarm_stop(void);

#endif
