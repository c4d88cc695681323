/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine with memory blocks, and the kernel's rules on them: which zone a block goes
 * to, what a write comes to and how long it takes, where the pages of a block go.
 *
 * All of it is guarded by one mutex, `mutex`. Unless it says otherwise, a function here
 * is called with it held, and gives it up while it waits. The lock that the kernel's
 * writers queue for, `locked`, is another thing: it is held while a write is carried out,
 * so everything may be read meanwhile.
 *
 * Blocks are never freed, so a pointer to one is good for ever; whether there still is
 * such a block tell `present` and `firmware`.
 */
#ifndef MEMSIM_MACHINE_H
#define MEMSIM_MACHINE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "caller.h"
#include "journal.h"
#include "trouble.h"

#define NODES_MAX 64

enum zone {
	ZONE_NONE, /* of a block: in several zones, or in no zone yet */
	ZONE_DMA,
	ZONE_DMA32,
	ZONE_NORMAL,
	ZONE_MOVABLE,
	_ZONE_MAX,
};

extern const char *const zone_names[_ZONE_MAX];

enum state {
	STATE_OFFLINE,
	STATE_ONLINE,
	STATE_GOING_OFFLINE,
	_STATE_MAX,
};

extern const char *const state_names[_STATE_MAX];

/* What is written to `state`, and what the policy for new blocks is. */
enum action {
	ACTION_OFFLINE,
	ACTION_ONLINE,
	ACTION_ONLINE_KERNEL,
	ACTION_ONLINE_MOVABLE,
	_ACTION_MAX,
};

extern const char *const action_names[_ACTION_MAX];

/* What the pages of a block hold, in the order in which they lie there; the rest is free.
 */
enum pages {
	PAGES_MEMMAP, /* the memory map of the block itself */
	PAGES_RESERVED,
	PAGES_SLAB,
	PAGES_PGTABLE,
	PAGES_UNKNOWN, /* of the kernel's, without any flag */
	PAGES_POISON,
	PAGES_OFFLINE, /* not plugged by the hypervisor */
	PAGES_PINNED,  /* look as if they could move */
	PAGES_USED,
	PAGES_HUGE,
	PAGES_HUGEFREE, /* in the pool of huge pages, in nobody's use */
	PAGES_HOLE,     /* at the end of the block: no memory at all */
	_PAGES_MAX,
};

extern const char *const pages_names[_PAGES_MAX];

struct block {
	uint64_t index;
	uint32_t slot;        /* its place in machine->slots */
	uint16_t incarnation; /* counts how often it came */
	bool present;         /* has a directory below devices/system/memory */
	bool firmware;        /* has one below firmware/memory */
	bool memmap_on_memory;
	bool early;     /* memory since boot, which auto-movable goes by */
	bool operating; /* its device lock is held: it is being changed */
	enum state state;
	enum zone zone;
	uint64_t nodes;     /* a bit for each */
	unsigned int group; /* came together with others; 0: with none */
	char device[24];    /* "", or what gave it: PNP0C80:00, kmem, virtio_mem */
	uint64_t pages[_PAGES_MAX];
};

struct swap {
	char name[32];
	uint64_t pages, used;
};

#define SWAPS_MAX 4

/* Of one zone of one node, from what is online. */
struct zone_stats {
	uint64_t first, last; /* blocks that it spans, of which `spanned` is the number */
	uint64_t spanned;     /* 0: the zone is empty */
	uint64_t present, managed, free; /* pages */
	uint64_t min, low, high;         /* watermarks */
};

struct machine {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool locked;
	bool held; /* by nobody who writes, to held_until */
	int64_t held_until;

	uint64_t block_bytes, block_pages, page_bytes;
	struct block **slots;  /* by slot */
	struct block **blocks; /* the same by index, ascending */
	size_t nblocks;
	size_t npresent, nfirmware;
	uint64_t nodes; /* that there are */
	unsigned int ngroups;

	/* the kernel's parameters */
	enum action auto_online;
	bool auto_movable, numa_aware, movable_node;
	unsigned int auto_movable_ratio;
	bool configurable;      /* s390: there is a firmware directory */
	bool memmap_supported;  /* memory_hotplug.memmap_on_memory */
	bool hotremove;         /* CONFIG_MEMORY_HOTREMOVE */
	bool online_read_waits; /* reading `online` takes the device lock */
	bool nopage;            /* older kernels: kpageflags of what is offline */
	bool swapped;           /* kpageflags are of the other byte order */

	/* what uses memory */
	uint64_t kernel_takes; /* pages, of a block that comes online in a kernel zone */
	uint64_t leak;         /* pages, more in use with each block that goes */
	uint64_t watermark;    /* sum of the high ones in pages; 0: by the zones' sizes */
	struct swap swaps[SWAPS_MAX];
	size_t nswaps;

	struct spans *spans; /* what memory.c remembers of the zones */
	struct trouble *troubles;
	struct journal journal;
};

/* 0 or -ENOMEM. */
int machine_init(struct machine *machine);

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t machine_now(void);

/* Wakes whoever waits for something to change. */
void machine_wake(struct machine *machine);

/* Waits for a change, to DEADLINE at most; not longer than 5 ms where signals have to be
 * looked for. CALLER may be NULL. */
#define DEADLINE_NEVER INT64_MAX
void machine_wait(struct machine *machine, const struct caller *caller, int64_t deadline);

/* ---- Blocks ---- */

/* Where block INDEX is in the order of machine->blocks, or would be. */
size_t machine_position(const struct machine *machine, uint64_t index);

/* Block INDEX, present or not; NULL if there never was one. */
struct block *machine_find(const struct machine *machine, uint64_t index);

/* Block INDEX, made anew and neither present nor in the firmware if there is none;
 * NULL if there is no memory for it. */
struct block *machine_make(struct machine *machine, uint64_t index);

/* The block gets its directory, or loses it. */
void machine_appear(struct machine *machine, struct block *block);
void machine_vanish(struct machine *machine, struct block *block);
void machine_firmware_appear(struct machine *machine, struct block *block);

unsigned int block_node(const struct block *block);
uint64_t block_free(const struct machine *machine, const struct block *block);
uint64_t block_managed(const struct machine *machine, const struct block *block);
static inline bool block_is_online(const struct block *block)
{
	return block->present && block->state != STATE_OFFLINE;
}

/* ---- What is in them ---- */

/* For machine_init(). 0 or -ENOMEM. */
int machine_remember(struct machine *machine);

/* The block's state, in this zone; nobody else may change these two. */
void machine_place(struct machine *machine, struct block *block, enum state state,
		   enum zone zone);

/* The zone that ACTION would put the block into now. */
enum zone machine_zone_for(const struct machine *machine, const struct block *block,
			   enum action action);

void machine_zone_stats(const struct machine *machine, unsigned int node, enum zone zone,
			struct zone_stats *ret);

/* Puts PAGES more to use where there is room for them, EXCEPT left out, which may be
 * NULL; then into swap. Returns how many found no place. */
uint64_t machine_use(struct machine *machine, const struct block *except, uint64_t pages);
/* The same with fewer. */
void machine_release(struct machine *machine, uint64_t pages);

/* ---- What the kernel does ----
 * Each takes the lock, for which a CALLER that is killed stops waiting; -EINTR then.
 * CALLER may be NULL. INCARNATION is that of the block that was opened; -ENODEV if it has
 * gone. */

/* A write to `state`, or to `online`, where a block that is there already is no error. */
int machine_set_state(struct machine *machine, struct block *block,
		      unsigned int incarnation, enum action action, enum file file,
		      struct caller *caller);
int machine_set_config(struct machine *machine, struct block *block, bool value,
		       struct caller *caller);
int machine_set_memmap(struct machine *machine, struct block *block, bool value,
		       struct caller *caller);

/* The blocks were made and described before; they come in sight and may come online. */
int machine_add(struct machine *machine, uint64_t first, uint64_t last,
		struct caller *caller);

/* Takes the blocks offline as far as that is possible, and away. Where one cannot go, all
 * stay, with -EBUSY; unless FORCE. */
int machine_remove(struct machine *machine, uint64_t first, uint64_t last, bool force,
		   struct caller *caller);

/* The same of all blocks of BLOCK's device, with as much patience as the kernel has: it
 * keeps the lock until the last page has moved. */
void machine_eject(struct machine *machine, const struct block *block);

/* Somebody else takes the lock, for MS or, if that is negative, until machine_unhold(),
 * which is -EINVAL where nobody has it so. */
int machine_hold(struct machine *machine, struct caller *caller, int64_t ms);
int machine_unhold(struct machine *machine);

/* Somebody else was quicker: what ACTION comes to, past every lock and rule. */
void machine_steal(struct machine *machine, struct block *block, enum action action);

#endif
