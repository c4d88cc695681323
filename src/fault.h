/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines on stderr that tell why nothing can be done. */
#ifndef CHMEM_FAULT_H
#define CHMEM_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "memblk.h"

/* ERROR is a positive errno; ENODATA of the blocks means that there is none. */
void report_system_fault(enum memblk_system_step step, int error, const char *sysroot);
void report_blocks_fault(int error);
void report_fault(const struct memblk_fault *fault, uint64_t block_size_bytes);
void report_unknown_zone(const char *name);
void report_bad_nodes(const char *text, int error);

/* It cannot be told which blocks DEVICE brought. */
void report_device_fault(struct memblk_system *system, const char *device, int error);

/*
 * None of the blocks that are meant is of these NODES and of DEVICE, one of which may be
 * NULL. A device that there is not is told with those that there are.
 */
void report_no_blocks_of(struct memblk_system *system, const char *nodes,
			 const char *device);
void report_zones_ignored(void);
void report_all_without_zones(void);
void report_not_configurable(enum memblk_command command);
void report_no_memory(int error);

/* After EROFS: which mount below SYSROOT is read-only, where that can be told. */
void report_read_only(const char *sysroot);

/* Of what is done with memory that is added later: it cannot be read, or set. */
void report_policy_unreadable(int error);
void report_policy_unknown(void);
void report_policy_fault(enum memblk_policy wanted,
			 const struct memblk_policy_change *change, const char *sysroot);

/* What is less than a fault: the blocks are listed without their contents. */
void report_contents_fault(int error);

/* Process HOLDER, 0 if it is not known, has the lock; is the run going on without it? */
void report_locked(int holder, bool going_on);

#endif
