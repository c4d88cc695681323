/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a run comes to, in words and as its exit status. The result of each block goes in,
 * in the order in which they were tried; lines come out as they are due, on stdout what
 * was asked for, on stderr what is amiss.
 */
#ifndef CHMEM_REPORT_H
#define CHMEM_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memblk.h"

#define EXIT_PARTIAL 64

/* A reason and how many blocks it kept from being done. */
struct reason_count {
	struct memblk_result example;
	uint64_t nblocks;
};

struct block_list {
	uint64_t *blocks; /* owned */
	size_t nblocks, size;
	bool lost; /* there was no memory to keep them all */
};

struct report {
	struct memblk_system *system;
	const struct memblk_request *request;
	uint64_t block_size_bytes;
	bool verbose;
	bool is_silent; /* on stdout, which is for others; the caller says so */
	const char *sysroot;

	bool by_size;  /* any blocks will do */
	uint64_t goal; /* by size: blocks wanted */

	uint64_t nmovable; /* blocks that came, or would come, online in zone Movable */
	uint64_t nchanged, nplanned, nalready, nfailed, nreverted, nstuck;
	bool any;          /* a block was met */
	bool is_lost_told; /* of a block, that its try was not seen to end */
	bool read_only;    /* a write failed for a file system that is read-only */
	struct reason_count *reasons; /* owned */
	size_t nreasons;
	struct block_list met; /* by range: blocks that exist, in the order of results */
	struct memblk_outcome outcome;
	struct block_list untried; /* blocks that the run did not get to */
	bool is_ended;             /* all was said of the whole */
};

/* SYSTEM, REQUEST and SYSROOT must outlive REPORT. */
void report_begin(struct report *report, struct memblk_system *system,
		  const struct memblk_request *request, bool verbose,
		  const char *sysroot);

/* Takes in the result of a block and says what is to be said of it at once. */
void report_result(struct report *report, const struct memblk_result *result);

/* --resize: takes in that it is so many blocks yet, which is counted anew each time. */
void report_distance(struct report *report, uint64_t nblocks);

/* Takes in how a run ended. */
void report_outcome(struct report *report, const struct memblk_outcome *outcome);

/* What was waited for is not any more, TIMEOUT or INTERRUPTED, be the run done or not. */
void report_cut(struct report *report, enum memblk_end end);

/* A signal came before there was anything to report. */
void report_interrupted(void);

/* Blocks that are as wanted by now. */
uint64_t report_done_blocks(const struct report *report);

/* Whether the device that was to be unplugged is gone, or would be in a dry run. */
bool report_is_unplugged(const struct report *report);

/* Whether there is nothing more to be done, or no way to do it. */
bool report_is_over(const struct report *report);

/* Says what is to be said of the whole; returns the exit status. */
int report_end(struct report *report);

void report_done(struct report *report);

#endif
