/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every word that chmem prints, and its exit status. The result of each block goes in, in
 * the order in which they were tried; lines come out as they are due, on stdout what was
 * asked for, on stderr what is amiss.
 */
#ifndef CHMEM_REPORT_H
#define CHMEM_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "memblk.h"

#define EXIT_PARTIAL 64

/*
 * Prepares stderr for whole lines, and keeps closed standard descriptors from being taken
 * over.
 */
void report_init(void);

void report_help(void);
void report_version(void);

/* A line on stderr, after all that went to stdout so far. */
void report_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Points to --help. */
void report_try_help(void);

/*
 * Why nothing can be done. ERROR is a positive errno; ENODATA of the blocks means that
 * there is none.
 */
void report_system_fault(enum memblk_system_step step, int error, const char *sysroot);
void report_blocks_fault(int error);
void report_fault(const struct memblk_fault *fault, uint64_t block_size_bytes);
void report_unknown_zone(const char *name);
void report_zones_ignored(void);
void report_not_configurable(enum memblk_command command);
void report_no_memory(int error);

/* Process HOLDER, 0 if it is not known, has the lock; is the run going on without it? */
void report_locked(int holder, bool going_on);

/* A reason and how many blocks it kept from being done. */
struct reason_count {
	struct memblk_result example;
	uint64_t nblocks;
};

struct report {
	struct memblk_system *system;
	const struct memblk_request *request;
	uint64_t block_size_bytes;
	bool verbose;
	const char *sysroot;

	uint64_t nchanged, nalready, nstuck;
	bool any;       /* a block was met */
	bool read_only; /* a write failed for a file system that is read-only */
	struct reason_count *reasons; /* owned */
	size_t nreasons;
	uint64_t *met; /* by range: blocks that exist, in the order of results; owned */
	size_t nmet, met_size;
	bool met_lost; /* there was no memory to keep them all */
	struct memblk_outcome outcome;
	uint64_t *untried; /* by range: blocks that were not looked at; owned */
	size_t nuntried;
};

/* SYSTEM, REQUEST and SYSROOT must outlive REPORT. */
void report_begin(struct report *report, struct memblk_system *system,
		  const struct memblk_request *request, bool verbose,
		  const char *sysroot);

/* Takes in the result of a block and says what is to be said of it at once. */
void report_result(struct report *report, const struct memblk_result *result);

/* Takes in how the run over PLAN ended. */
void report_outcome(struct report *report, const struct memblk_plan *plan,
		    const struct memblk_outcome *outcome);

/* Blocks that are as wanted by now. */
uint64_t report_done_blocks(const struct report *report);

/* Whether there is nothing more to be done, or no way to do it. */
bool report_is_over(const struct report *report);

/* Says what is to be said of the whole; returns the exit status. */
int report_end(struct report *report);

void report_done(struct report *report);

/* Last of all: STATUS, or EXIT_FAILURE and a line if what went to stdout got lost. */
int report_finish(int status);

#endif
