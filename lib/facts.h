/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What there is to know of a block that is to go offline, beyond its state and zone: what
 * is in it, and what the kernel said of its pages when it did not go.
 */
#ifndef MEMBLK_FACTS_H
#define MEMBLK_FACTS_H

#include "block.h"
#include "kmsg.h"

struct facts {
	struct memblk_system *system;
	struct kmsg kmsg;
	struct memblk_inspector *inspector; /* NULL: not needed yet; owned */
	bool is_broken;                     /* there can be none */
	bool is_seen;                       /* a block was foreseen, and `seen` is it */
	struct memblk_info seen;
	unsigned int nleft; /* failures that may still be looked into */
};

#define FACTS_UNLIMITED UINT32_MAX

/*
 * For NFAILURES failures at most; where there can be none, no log is opened. What the log
 * holds by now is not looked at. The caller frees RET with facts_done().
 */
void facts_init(struct facts *ret, struct memblk_system *system, unsigned int nfailures);
void facts_done(struct facts *facts);

/* Whether block INDEX is known not to be memory all through, so that it cannot go. */
bool facts_have_holes(struct facts *facts, uint64_t index);

/* Whether online block INDEX is known not to go; then RESULT is the failure it would be.
 */
bool facts_foresee(struct facts *facts, uint64_t index, struct memblk_result *result);

/*
 * What is in block INDEX; of one that was foreseen, what was seen then. False, and *RET
 * is not written, where that is not known.
 */
bool facts_contents(struct facts *facts, uint64_t index, struct memblk_contents *ret);

/* Why blocks could not be looked into, if that was tried: positive errno, or 0. */
int facts_unseen_error(const struct facts *facts);

/*
 * Adds to RESULT, of a write that failed or was given up, what is known of the block. A
 * block that is busy for no reason that can be seen is only BUSY.
 */
void facts_add(struct facts *facts, struct memblk_result *result);

#endif
