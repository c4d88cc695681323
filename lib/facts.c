/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Facts about blocks. What is in one costs a read of hundreds of kilobytes, so that it is
 * only looked at where it is told. It decides nothing but what a dry run foresees, and
 * whether a failure is worth another try.
 */
#include "config.h"

#include "attempt.h"
#include "facts.h"
#include "inspect.h"
#include "occupancy.h"
#include "util.h"

void facts_init(struct facts *ret, struct memblk_system *system, unsigned int nfailures)
{
	*ret = (struct facts){ .system = system, .kmsg.fd = -1, .nleft = nfailures };
	if (nfailures)
		kmsg_open(system, &ret->kmsg);
}

void facts_done(struct facts *facts)
{
	kmsg_close(&facts->kmsg);
	memblk_inspector_free(facts->inspector);
}

static struct memblk_inspector *get_inspector(struct facts *facts)
{
	if (!facts->inspector && !facts->is_broken)
		facts->is_broken = memblk_inspector_new(facts->system,
							MEMBLK_WANT_CONTENTS,
							&facts->inspector) < 0;
	return facts->inspector;
}

static bool look_inside(struct facts *facts, uint64_t index, struct memblk_info *ret)
{
	struct memblk_inspector *inspector = get_inspector(facts);

	return inspector && memblk_inspect(inspector, index, ret) == 0;
}

bool facts_have_holes(struct facts *facts, uint64_t index)
{
	struct memblk_inspector *inspector = get_inspector(facts);

	return inspector && inspector_finds_holes(inspector, index);
}

static void take_contents(const struct memblk_info *info, struct memblk_result *result)
{
	result->has_contents = !info->contents_error;
	if (result->has_contents)
		result->contents = info->contents;
}

bool facts_foresee(struct facts *facts, uint64_t index, struct memblk_result *result)
{
	const struct memblk_info *info = &facts->seen;

	facts->is_seen = look_inside(facts, index, &facts->seen);
	if (!facts->is_seen || info->offlinable != MEMBLK_OFFLINABLE_NO)
		return false;

	if (info->obstacle == MEMBLK_OBSTACLE_ZONES ||
	    info->obstacle == MEMBLK_OBSTACLE_HOLES) {
		result_fail(result, MEMBLK_STEP_DISABLE, MEMBLK_REASON_NEVER, EINVAL);
	} else if (info->obstacle == MEMBLK_OBSTACLE_BOOT) {
		result_fail(result, MEMBLK_STEP_DISABLE, MEMBLK_REASON_VETO, EPERM);
	} else {
		result_fail(result, MEMBLK_STEP_DISABLE, MEMBLK_REASON_UNMOVABLE, EBUSY);
		take_contents(info, result);
	}
	return true;
}

bool facts_contents(struct facts *facts, uint64_t index, struct memblk_contents *ret)
{
	if (!facts->is_seen || facts->seen.index != index)
		facts->is_seen = look_inside(facts, index, &facts->seen);
	if (!facts->is_seen || facts->seen.contents_error)
		return false;
	*ret = facts->seen.contents;

	return true;
}

int facts_unseen_error(const struct facts *facts)
{
	return facts->inspector ? memblk_inspector_contents_error(facts->inspector) : 0;
}

/* ---- After a failure ---- */

static bool is_worth_it(enum memblk_reason reason)
{
	switch (reason) {
	case MEMBLK_REASON_BUSY:
	case MEMBLK_REASON_UNMOVABLE:
	case MEMBLK_REASON_TRY_TIMEOUT:
	case MEMBLK_REASON_TIMEOUT:
	case MEMBLK_REASON_INTERRUPTED:
		return true;
	default:
		return false;
	}
}

static void find_witness(struct facts *facts, struct memblk_result *result)
{
	uint64_t size = facts->system->block_size_bytes,
		 npages = size / (uint64_t) sysconf(_SC_PAGESIZE), first;

	if (npages && !__builtin_mul_overflow(result->index, npages, &first))
		kmsg_find(&facts->kmsg, first, first + npages - 1, &result->witness);
}

/* What is on the lists of free pages of a CPU looks like nothing that is known. */
static bool is_all_movable(const struct memblk_contents *contents)
{
	return !contents->nslab && !contents->npgtable && !contents->nreserved &&
	       !contents->nkernel && contents->nunknown <= OCCUPANCY_NOISE;
}

void facts_add(struct facts *facts, struct memblk_result *result)
{
	struct memblk_info info;

	if (!is_worth_it(result->reason) || !facts->nleft)
		return;
	if (facts->nleft != FACTS_UNLIMITED)
		facts->nleft--;
	find_witness(facts, result);
	if (look_inside(facts, result->index, &info))
		take_contents(&info, result);
	if (result->reason == MEMBLK_REASON_UNMOVABLE && result->has_contents &&
	    is_all_movable(&result->contents))
		result->reason = MEMBLK_REASON_BUSY;
}
