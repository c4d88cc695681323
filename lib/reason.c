/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The errors of memory_block_online() and memory_block_offline(), of online_pages() and
 * offline_pages() (drivers/base/memory.c and mm/memory_hotplug.c of Linux), and of
 * drivers/s390/char/sclp_mem.c.
 */
#include "config.h"

#include "reason.h"
#include "util.h"

struct meaning {
	int error;
	enum memblk_reason reason;
};

#define MEANINGS_MAX 8

static const struct meaning meanings[_MEMBLK_STEP_MAX][MEANINGS_MAX] = {
	[MEMBLK_STEP_ENABLE] = {
		{ EAGAIN, MEMBLK_REASON_AGAIN },
		{ EBUSY, MEMBLK_REASON_BUSY }, /* virtio-mem is about to be removed */
		{ EHWPOISON, MEMBLK_REASON_POISONED },
		{ EINVAL, MEMBLK_REASON_WORD_REFUSED },
		{ ENODEV, MEMBLK_REASON_GONE },
		{ ENOMEM, MEMBLK_REASON_NO_MEMORY },
		{ EPERM, MEMBLK_REASON_VETO },
	},
	[MEMBLK_STEP_DISABLE] = {
		{ EAGAIN, MEMBLK_REASON_AGAIN }, /* up to Linux 4.14 */
		{ EBUSY, MEMBLK_REASON_UNMOVABLE },
		{ EINVAL, MEMBLK_REASON_NEVER },
		{ ENODEV, MEMBLK_REASON_GONE },
		{ ENOMEM, MEMBLK_REASON_NO_MEMORY },
		{ EPERM, MEMBLK_REASON_VETO },
	},
	[MEMBLK_STEP_CONFIGURE] = {
		{ EEXIST, MEMBLK_REASON_ADDRESS_TAKEN },
		{ EIO, MEMBLK_REASON_NO_STORAGE },
		{ ENODEV, MEMBLK_REASON_GONE },
		{ ENOMEM, MEMBLK_REASON_NO_MEMORY },
	},
	[MEMBLK_STEP_DECONFIGURE] = {
		{ EBUSY, MEMBLK_REASON_CONFIGURED },
		{ EIO, MEMBLK_REASON_NO_STORAGE },
		{ ENODEV, MEMBLK_REASON_GONE },
	},
	[MEMBLK_STEP_MEMMAP] = {
		{ EBUSY, MEMBLK_REASON_CONFIGURED },
		{ ENODEV, MEMBLK_REASON_GONE },
		{ EOPNOTSUPP, MEMBLK_REASON_NO_MEMMAP },
	},
};

/* In zone Movable, all that is in a block can be moved, and is only in use for now. */
static bool is_movable(const struct observation *seen)
{
	return !seen->zones_error && zones_single(&seen->zones) == MEMBLK_ZONE_MOVABLE;
}

enum memblk_reason reason_of_errno(enum memblk_step step, int error,
				   const struct observation *seen)
{
	for (const struct meaning *meaning = meanings[step]; meaning->error; meaning++) {
		if (meaning->error != error)
			continue;
		if (meaning->reason == MEMBLK_REASON_UNMOVABLE && is_movable(seen))
			return MEMBLK_REASON_BUSY;
		/* only shown where memory can be taken out again */
		if (meaning->reason == MEMBLK_REASON_NEVER &&
		    seen->zones_error == -ENOENT)
			return MEMBLK_REASON_NO_HOTREMOVE;
		return meaning->reason;
	}
	return MEMBLK_REASON_ERRNO;
}

bool reason_may_pass(enum memblk_reason reason, const struct memblk_bounds *bounds,
		     unsigned int round)
{
	if (round >= bounds->retries)
		return false;

	switch (reason) {
	case MEMBLK_REASON_AGAIN:
	case MEMBLK_REASON_BUSY:
		return true;
	case MEMBLK_REASON_NO_STORAGE:
		return round == 0;
	case MEMBLK_REASON_UNMOVABLE:
	case MEMBLK_REASON_CONFIGURED:
	case MEMBLK_REASON_TRY_TIMEOUT:
		return bounds->retry_all;
	default:
		return false;
	}
}
