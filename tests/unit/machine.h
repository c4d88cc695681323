/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine in a tree in memory: memory blocks whose files answer a write as the kernel
 * does, with and without a firmware that configures them, and one run over them.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include "apply.h"
#include "block.h"
#include "fake.h"
#include "memblk.h"

#define MACHINE_RESULTS_MAX 64

struct machine {
	struct fake fake;
	struct memblk_system *system; /* NULL: not opened yet */
	const char *auto_online;      /* zone of blocks once configured; NULL: offline */
	fake_write_fn state_fn;       /* of their state; NULL: as the kernel does */

	/* of the last run */
	struct memblk_request request;
	uint64_t *blocks;
	struct memblk_plan plan;
	struct memblk_result results[MACHINE_RESULTS_MAX];
	size_t nresults;
	struct memblk_outcome outcome;
};

void machine_init(struct machine *machine);

/* Checks that nothing is left open, and frees what MACHINE holds. */
void machine_done(struct machine *machine);

#define _cleanup_machine_ _cleanup_(machine_done)

/* Block INDEX below devices/system/memory; no valid_zones where ZONES is NULL. */
void machine_add(struct machine *machine, uint64_t index, const char *state,
		 const char *zones);

/* Block INDEX below firmware/memory. */
void machine_add_firmware(struct machine *machine, uint64_t index, const char *config,
			  const char *memmap);

/* What a write to `config` does; a test's own function may leave the rest to it. */
int machine_write_config(struct fake *fake, struct fake_file *file, const char *word);

/* So many pages has a block once there is something to be seen of them. */
#define MACHINE_PAGES 512

/* What /proc/kpageflags has of a page; nothing for one of which nothing is known. */
#define PAGE_UNKNOWN UINT64_C(0)
#define PAGE_LRU (UINT64_C(1) << 5)
#define PAGE_SLAB (UINT64_C(1) << 7)
#define PAGE_FREE (UINT64_C(1) << 10)
#define PAGE_COMPOUND (UINT64_C(1) << 15)
#define PAGE_HUGE (UINT64_C(1) << 17)
#define PAGE_NONE (UINT64_C(1) << 20)
#define PAGE_PGTABLE (UINT64_C(1) << 26)
#define PAGE_RESERVED (UINT64_C(1) << 32)

/*
 * Makes the blocks MACHINE_PAGES pages large and lets the pages of blocks 0 to LAST be
 * seen, all of them free, in one range of System RAM. Before the system is opened.
 */
void machine_add_pages(struct machine *machine, uint64_t last);

/* Gives NPAGES pages of block INDEX, from the one at OFFSET on, these FLAGS. */
void machine_set_pages(struct machine *machine, uint64_t index, size_t offset,
		       size_t npages, uint64_t flags);

/* Removes block INDEX from everywhere. */
void machine_remove(struct machine *machine, uint64_t index);

/* The attribute NAME of block INDEX, NULL if there is none. */
struct fake_file *machine_file(struct machine *machine, uint64_t index, const char *name);
struct fake_file *machine_firmware_file(struct machine *machine, uint64_t index,
					const char *name);

struct memblk_request request_by_size(enum memblk_command command, uint64_t nblocks);
struct memblk_request request_by_range(enum memblk_command command, uint64_t first,
				       uint64_t last);

/* Opens the system, scans and plans. False if that failed, which is checked. */
bool machine_plan(struct machine *machine, struct memblk_request request);

/* Carries the plan out. */
void machine_apply(struct machine *machine);

/* Takes a result of MACHINE, which is DATA, down. */
void machine_add_result(const struct memblk_result *result, void *data);

/* Both. */
void machine_run(struct machine *machine, struct memblk_request request);

/* ---- What is expected of a block ---- */

#define CHANGED(n)                                            \
	{                                                     \
		.index = (n), .status = MEMBLK_STATUS_CHANGED \
	}
#define SWITCHED(n)                                                             \
	{                                                                       \
		.index = (n), .status = MEMBLK_STATUS_CHANGED, .switched = true \
	}
#define ALREADY(n)                                            \
	{                                                     \
		.index = (n), .status = MEMBLK_STATUS_ALREADY \
	}
#define MISSING(n)                                            \
	{                                                     \
		.index = (n), .status = MEMBLK_STATUS_MISSING \
	}
#define SKIPPED(n)                                            \
	{                                                     \
		.index = (n), .status = MEMBLK_STATUS_SKIPPED \
	}
#define FAILED_FOR(n, step_, reason_)                                              \
	.index = (n), .status = MEMBLK_STATUS_FAILED, .step = MEMBLK_STEP_##step_, \
	.reason = MEMBLK_REASON_##reason_
#define FAILED(n, step, reason)             \
	{                                   \
		FAILED_FOR(n, step, reason) \
	}
#define FAILED_ERRNO(n, step, errno_)                         \
	{                                                     \
		FAILED_FOR(n, step, ERRNO), .error = (errno_) \
	}

/* Checks that RESULTS are what was told of, in that order, each as a whole. */
void machine_check_results(struct tap_place place, const struct machine *machine,
			   const struct memblk_result *expected, size_t nexpected);

#define check_results(machine, ...)                                                   \
	machine_check_results(TAP_PLACE(""), (machine),                               \
			      (const struct memblk_result[]){ __VA_ARGS__ },          \
			      sizeof((const struct memblk_result[]){ __VA_ARGS__ }) / \
				      sizeof(struct memblk_result))
#define check_no_results(machine) machine_check_results(TAP_PLACE(""), (machine), NULL, 0)

/* Checks what was written, "directory/file=word " for each write. */
#define check_writes(machine, expected) check_string((machine)->fake.log, (expected))

#endif
