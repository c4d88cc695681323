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

/* A reason and how many blocks it kept from being done. */
struct reason_count {
	struct memblk_result example;
	uint64_t nblocks;
};

struct report {
	const struct memblk_request *request;
	uint64_t block_size_bytes;
	bool verbose;
	const char *sysroot;

	uint64_t nchanged, nalready;
	bool any;       /* a block was met */
	bool read_only; /* a write failed for a file system that is read-only */
	struct reason_count *reasons; /* owned */
	size_t nreasons;
	bool covered;      /* the range was met or missed to its last block */
	uint64_t next;     /* if not, its first block that was not */
	uint64_t nmissing; /* blocks that do not exist; huge ranges may wrap it */
	FILE *missing;     /* writes missing_text, which names them; owned */
	char *missing_text;
	size_t missing_length;
};

/* REQUEST and SYSROOT must outlive REPORT. */
void report_begin(struct report *report, const struct memblk_request *request,
		  uint64_t block_size_bytes, bool verbose, const char *sysroot);

/* Takes in the result of a block and says what is to be said of it at once. */
void report_result(struct report *report, const struct memblk_result *result);

/* Says what is to be said of the whole; returns the exit status. */
int report_end(struct report *report);

void report_done(struct report *report);

/* Last of all: STATUS, or EXIT_FAILURE and a line if what went to stdout got lost. */
int report_finish(int status);

#endif
