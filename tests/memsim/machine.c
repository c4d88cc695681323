/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The blocks, the lock that all writers share, and what a write comes to: the kernel's
 * rules, with the troubles of the scenario where the kernel would meet its own. Knows no
 * files, only blocks; which zone a block goes to is decided in memory.c.
 */
#include "config.h"

#include <string.h>
#include <time.h>

#include "machine.h"
#include "names.h"
#include "util.h"

const char *const state_names[_STATE_MAX] = {
	[STATE_OFFLINE] = "offline",
	[STATE_ONLINE] = "online",
	[STATE_GOING_OFFLINE] = "going-offline",
};

const char *const action_names[_ACTION_MAX] = {
	[ACTION_OFFLINE] = "offline",
	[ACTION_ONLINE] = "online",
	[ACTION_ONLINE_KERNEL] = "online_kernel",
	[ACTION_ONLINE_MOVABLE] = "online_movable",
};

#define SIGNAL_POLL_MS 5

int64_t machine_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int machine_init(struct machine *machine)
{
	pthread_condattr_t attributes;

	*machine = (struct machine){
		.block_bytes = UINT64_C(128) << 20,
		.page_bytes = (uint64_t) sysconf(_SC_PAGESIZE),
		.nodes = 1,
		.auto_online = ACTION_OFFLINE,
		.numa_aware = true,
		.auto_movable_ratio = 301,
		.hotremove = true,
		.online_read_waits = true,
	};
	machine->block_pages = machine->block_bytes / machine->page_bytes;
	pthread_mutex_init(&machine->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&machine->changed, &attributes);
	pthread_condattr_destroy(&attributes);

	return machine_remember(machine);
}

void machine_wake(struct machine *machine)
{
	pthread_cond_broadcast(&machine->changed);
}

void machine_wait(struct machine *machine, const struct caller *caller, int64_t deadline)
{
	struct timespec until;

	/* no more than the first signal is announced */
	if (caller && caller->interrupted && deadline > machine_now() + SIGNAL_POLL_MS)
		deadline = machine_now() + SIGNAL_POLL_MS;
	if (deadline == DEADLINE_NEVER) {
		pthread_cond_wait(&machine->changed, &machine->mutex);
		return;
	}
	until = (struct timespec){ .tv_sec = deadline / 1000,
				   .tv_nsec = deadline % 1000 * 1000000 };
	pthread_cond_timedwait(&machine->changed, &machine->mutex, &until);
}

static int64_t deadline_in(int64_t ms)
{
	int64_t now = machine_now();

	/* rather a little later, for the clock's milliseconds are begun ones */
	return ms >= DEADLINE_NEVER - now ? DEADLINE_NEVER : now + ms + 1;
}

/* ---- Blocks ---- */

size_t machine_position(const struct machine *machine, uint64_t index)
{
	size_t low = 0, high = machine->nblocks;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (machine->blocks[middle]->index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct block *machine_find(const struct machine *machine, uint64_t index)
{
	size_t i = machine_position(machine, index);

	return i < machine->nblocks && machine->blocks[i]->index == index
		       ? machine->blocks[i]
		       : NULL;
}

/* Room for one more, in powers of two. */
static int grow(struct block ***array, size_t n)
{
	struct block **grown;

	if (n & (n - 1))
		return 0;
	grown = reallocarray(*array, n ? 2 * n : 1, sizeof(**array));
	if (!grown)
		return -ENOMEM;
	*array = grown;
	return 0;
}

struct block *machine_make(struct machine *machine, uint64_t index)
{
	size_t position = machine_position(machine, index), n = machine->nblocks;
	struct block *block = machine_find(machine, index);

	if (block)
		return block;
	if (grow(&machine->slots, n) < 0 || grow(&machine->blocks, n) < 0)
		return NULL;
	block = malloc(sizeof(*block));
	if (!block)
		return NULL;

	*block = (struct block){ .index = index, .slot = (uint32_t) n, .nodes = 1 };
	memmove(machine->blocks + position + 1, machine->blocks + position,
		(n - position) * sizeof(*machine->blocks));
	machine->blocks[position] = block;
	machine->slots[n] = block;
	machine->nblocks++;
	return block;
}

/* What is lost with the content of a block; what is broken or missing stays. */
static void clear_pages(struct block *block)
{
	uint64_t hole = block->pages[PAGES_HOLE], poison = block->pages[PAGES_POISON],
		 memmap = block->pages[PAGES_MEMMAP];

	memset(block->pages, 0, sizeof(block->pages));
	block->pages[PAGES_HOLE] = hole;
	block->pages[PAGES_POISON] = poison;
	block->pages[PAGES_MEMMAP] = memmap;
}

/* 64 bytes for each page. */
static uint64_t memmap_pages(const struct machine *machine)
{
	return machine->block_pages * 64 / machine->page_bytes;
}

void machine_appear(struct machine *machine, struct block *block)
{
	block->present = true;
	block->incarnation++;
	machine_place(machine, block, STATE_OFFLINE, ZONE_NONE);
	if (block->memmap_on_memory)
		block->pages[PAGES_MEMMAP] = memmap_pages(machine);
	machine->nodes |= block->nodes;
	machine->npresent++;
	machine_wake(machine);
}

void machine_vanish(struct machine *machine, struct block *block)
{
	block->present = false;
	block->early = false;
	machine_place(machine, block, STATE_OFFLINE, ZONE_NONE);
	clear_pages(block);
	block->pages[PAGES_MEMMAP] = block->pages[PAGES_POISON] = 0;
	machine->npresent--;
	machine_wake(machine);
}

void machine_firmware_appear(struct machine *machine, struct block *block)
{
	machine->nfirmware += !block->firmware;
	block->firmware = true;
}

/* ---- The lock ---- */

/*
 * The kernel has a writer who does not get the lock restart its system call, so a signal
 * that is handled does not free it, whatever the handler does. Here it stays in the
 * system call all the time, and the handler runs only later.
 */
static int hotplug_lock(struct machine *machine, struct caller *caller)
{
	while (machine->locked) {
		if (machine->held && machine_now() >= machine->held_until)
			break;
		if (caller && caller_is_dying(caller))
			return -EINTR;
		machine_wait(machine, caller,
			     machine->held ? machine->held_until : DEADLINE_NEVER);
	}
	machine->held = false;
	machine->locked = true;
	if (caller)
		caller->stale = caller->interrupted;
	return 0;
}

static void hotplug_unlock(struct machine *machine)
{
	machine->locked = false;
	machine_wake(machine);
}

int machine_hold(struct machine *machine, struct caller *caller, int64_t ms)
{
	int r = hotplug_lock(machine, caller);

	if (r < 0)
		return r;
	machine->held = true;
	machine->held_until = ms < 0 ? DEADLINE_NEVER : deadline_in(ms);
	return 0;
}

int machine_unhold(struct machine *machine)
{
	if (!machine->held)
		return -EINVAL;
	machine->held = false;
	hotplug_unlock(machine);
	return 0;
}

/* ---- Troubles ---- */

/* A write to FILE of BLOCK that is being carried out. */
struct write {
	struct machine *machine;
	struct block *block;
	enum file file;
	const char *word;
	struct caller *caller;
	bool interruptible; /* an offline */
};

static const struct trouble *take(const struct write *write, enum trouble_kind kind)
{
	return trouble_take(write->machine->troubles, kind, MOMENT_WRITE,
			    write->block->index, write->file, write->word);
}

static bool is_signalled(const struct write *write)
{
	return write->caller && caller_is_signalled(write->caller);
}

/* -EINTR after a signal, if INTERRUPTIBLE; 0 when MS have passed. */
static int linger(const struct write *write, int64_t ms, bool interruptible)
{
	int64_t deadline = deadline_in(ms);

	while (machine_now() < deadline) {
		if (interruptible && is_signalled(write))
			return -EINTR;
		machine_wait(write->machine, interruptible ? write->caller : NULL,
			     deadline);
	}
	return 0;
}

/* What keeps a write from getting on. */
static int meet_delays(const struct write *write)
{
	const struct trouble *trouble;
	int r = 0;

	trouble = take(write, TROUBLE_DELAY);
	if (trouble)
		r = linger(write, trouble->ms, write->interruptible);
	if (r < 0)
		return r;
	trouble = take(write, TROUBLE_STICK);
	if (trouble)
		linger(write, trouble->ms, false);
	return 0;
}

/* What objects to it. */
static int meet_objections(const struct write *write)
{
	const struct trouble *trouble = take(write, TROUBLE_FAIL);

	return trouble ? -trouble->error : 0;
}

static int meet_troubles(const struct write *write)
{
	int r = meet_delays(write);

	return r < 0 ? r : meet_objections(write);
}

/* ---- Online and offline ---- */

static int online_pages(struct machine *machine, struct block *block, enum action action)
{
	uint64_t room = block_free(machine, block);

	if (block->pages[PAGES_POISON])
		return -EHWPOISON;
	machine_place(machine, block, STATE_ONLINE,
		      machine_zone_for(machine, block, action));
	if (block->zone != ZONE_MOVABLE)
		block->pages[PAGES_SLAB] += machine->kernel_takes < room
						    ? machine->kernel_takes
						    : room;
	return 0;
}

/* Whether a page is found, right at the start, that can never move. */
static bool is_unmovable(const struct block *block)
{
	const uint64_t *pages = block->pages;

	if (pages[PAGES_RESERVED])
		return true;
	return block->zone != ZONE_MOVABLE &&
	       (pages[PAGES_SLAB] || pages[PAGES_PGTABLE] || pages[PAGES_UNKNOWN]);
}

/* Moves what finds a place elsewhere, and says whether all did. */
static bool migrate(struct machine *machine, struct block *block)
{
	uint64_t *used = &block->pages[PAGES_USED], *huge = &block->pages[PAGES_HUGE];

	*used = machine_use(machine, block, *used);
	*huge = machine_use(machine, block, *huge);
	return !*used && !*huge && !block->pages[PAGES_PINNED];
}

static void go_offline(struct machine *machine, struct block *block)
{
	machine_place(machine, block, STATE_OFFLINE, ZONE_NONE);
	clear_pages(block);
	machine_use(machine, NULL, machine->leak);
}

/*
 * Goes round for ever where a page cannot be moved, for want of room or because somebody
 * holds it, until a signal comes. What has been moved by then does not come back.
 */
static int offline_pages(const struct write *write)
{
	struct machine *machine = write->machine;
	struct block *block = write->block;
	const struct trouble *trouble;
	int r;

	/* before anybody else is asked */
	if (is_unmovable(block))
		return -EBUSY;
	r = meet_objections(write);
	if (r < 0)
		return r;
	block->pages[PAGES_HUGEFREE] = 0;
	trouble = take(write, TROUBLE_SPIN);
	r = trouble ? linger(write, trouble->ms, true) : 0;
	if (r < 0)
		return r;
	for (;;) {
		if (is_signalled(write))
			return -EINTR;
		if (migrate(machine, block))
			break;
		machine_wait(machine, write->caller, DEADLINE_NEVER);
	}

	go_offline(machine, block);
	return 0;
}

static int take_offline(const struct write *write)
{
	struct block *block = write->block;
	int r;

	if (!write->machine->hotremove || block->zone == ZONE_NONE ||
	    block->pages[PAGES_HOLE])
		return -EINVAL;

	machine_place(write->machine, block, STATE_GOING_OFFLINE, block->zone);
	machine_wake(write->machine);
	r = meet_delays(write);
	if (r == 0)
		r = offline_pages(write);
	if (r < 0)
		machine_place(write->machine, block, STATE_ONLINE, block->zone);
	return r;
}

static int take_online(const struct write *write, enum action action)
{
	int r = meet_troubles(write);

	return r < 0 ? r : online_pages(write->machine, write->block, action);
}

void machine_steal(struct machine *machine, struct block *block, enum action action)
{
	bool online = block->state != STATE_OFFLINE;

	if (!block->present || block->operating || online == (action != ACTION_OFFLINE))
		return;
	if (action == ACTION_OFFLINE)
		go_offline(machine, block);
	else
		online_pages(machine, block, action);
	machine_wake(machine);
}

/* The block is there already: no error of `online`, but one of `state`. */
static int set_state(const struct write *write, enum action action)
{
	struct block *block = write->block;
	bool wanted = action != ACTION_OFFLINE;
	int r;

	if ((block->state == STATE_ONLINE) == wanted)
		return write->file == FILE_ONLINE ? 0 : -EINVAL;

	block->operating = true;
	r = wanted ? take_online(write, action) : take_offline(write);
	block->operating = false;
	return r;
}

int machine_set_state(struct machine *machine, struct block *block,
		      unsigned int incarnation, enum action action, enum file file,
		      struct caller *caller)
{
	struct write write = {
		.machine = machine,
		.block = block,
		.file = file,
		.word = action_names[action],
		.caller = caller,
		.interruptible = action == ACTION_OFFLINE,
	};
	const struct trouble *trouble;
	int r = hotplug_lock(machine, caller);

	if (r < 0)
		return r;
	trouble = take(&write, TROUBLE_STEAL);
	if (trouble)
		machine_steal(machine, block, trouble->action);
	if (block->present && block->incarnation == incarnation)
		r = set_state(&write, action);
	else
		r = -ENODEV;
	hotplug_unlock(machine);

	return r;
}

/* ---- Blocks that come and go ---- */

/* Nobody learns of an error here. */
static void auto_online(struct machine *machine, struct block *block)
{
	struct write write = {
		.machine = machine,
		.block = block,
		.file = FILE_STATE,
		.word = action_names[machine->auto_online],
	};

	if (machine->auto_online != ACTION_OFFLINE)
		take_online(&write, machine->auto_online);
	machine_wake(machine);
}

static int set_config(const struct write *write, bool value)
{
	struct machine *machine = write->machine;
	struct block *block = write->block;
	int r;

	if (block->present == value)
		return 0;
	if (!value && block->state != STATE_OFFLINE)
		return -EBUSY;
	r = meet_troubles(write);
	if (r < 0)
		return r;

	if (value) {
		machine_appear(machine, block);
		auto_online(machine, block);
	} else {
		machine_vanish(machine, block);
	}
	return 0;
}

int machine_set_config(struct machine *machine, struct block *block, bool value,
		       struct caller *caller)
{
	struct write write = {
		.machine = machine,
		.block = block,
		.file = FILE_CONFIG,
		.word = value ? "1" : "0",
		.caller = caller,
	};
	int r = hotplug_lock(machine, caller);

	if (r < 0)
		return r;
	r = set_config(&write, value);
	hotplug_unlock(machine);

	return r;
}

static int set_memmap(const struct write *write, bool value)
{
	int r;

	if (value && !write->machine->memmap_supported)
		return -EOPNOTSUPP;
	if (write->block->present)
		return -EBUSY;
	r = meet_troubles(write);
	if (r < 0)
		return r;
	write->block->memmap_on_memory = value;
	return 0;
}

int machine_set_memmap(struct machine *machine, struct block *block, bool value,
		       struct caller *caller)
{
	struct write write = {
		.machine = machine,
		.block = block,
		.file = FILE_MEMMAP,
		.word = value ? "1" : "0",
		.caller = caller,
	};
	int r = hotplug_lock(machine, caller);

	if (r < 0)
		return r;
	r = set_memmap(&write, value);
	hotplug_unlock(machine);

	return r;
}

int machine_add(struct machine *machine, uint64_t first, uint64_t last,
		struct caller *caller)
{
	int r = hotplug_lock(machine, caller);

	if (r < 0)
		return r;
	for (size_t i = machine_position(machine, first); i < machine->nblocks; i++) {
		struct block *block = machine->blocks[i];

		if (block->index > last)
			break;
		if (block->present)
			continue;
		machine_appear(machine, block);
		auto_online(machine, block);
	}
	hotplug_unlock(machine);

	return 0;
}

/* Whether the kernel gets the block offline by itself, within a time. */
static bool can_go(const struct block *block)
{
	return block->state == STATE_OFFLINE ||
	       (block->zone != ZONE_NONE && !block->pages[PAGES_HOLE] &&
		!block->pages[PAGES_PINNED] && !is_unmovable(block));
}

static int remove_blocks(struct machine *machine, uint64_t first, uint64_t last,
			 bool force)
{
	size_t start = machine_position(machine, first);

	for (size_t i = start; !force && i < machine->nblocks; i++) {
		struct block *block = machine->blocks[i];

		if (block->index > last)
			break;
		if (!block->present || block->state == STATE_OFFLINE)
			continue;
		if (!can_go(block) || !migrate(machine, block))
			return -EBUSY;
		go_offline(machine, block);
	}
	for (size_t i = start; i < machine->nblocks; i++) {
		struct block *block = machine->blocks[i];

		if (block->index > last)
			break;
		if (block->present)
			machine_vanish(machine, block);
	}
	return 0;
}

int machine_remove(struct machine *machine, uint64_t first, uint64_t last, bool force,
		   struct caller *caller)
{
	int r = hotplug_lock(machine, caller);

	if (r < 0)
		return r;
	r = remove_blocks(machine, first, last, force);
	hotplug_unlock(machine);

	return r;
}

static bool is_same_device(const struct block *block, const struct block *other)
{
	return other->present && !strcmp(block->device, other->device);
}

static int eject_offline(struct machine *machine, struct block *block)
{
	struct write write = {
		.machine = machine,
		.block = block,
		.file = FILE_EJECT,
		.word = "1",
	};
	int r;

	if (block->state == STATE_OFFLINE)
		return 0;
	block->operating = true;
	r = take_offline(&write);
	block->operating = false;
	return r;
}

void machine_eject(struct machine *machine, const struct block *block)
{
	int r = hotplug_lock(machine, NULL);

	for (size_t i = 0; r == 0 && i < machine->nblocks; i++)
		if (is_same_device(block, machine->blocks[i]))
			r = eject_offline(machine, machine->blocks[i]);
	for (size_t i = 0; r == 0 && i < machine->nblocks; i++)
		if (is_same_device(block, machine->blocks[i]) &&
		    machine->blocks[i] != block)
			machine_vanish(machine, machine->blocks[i]);
	if (r == 0)
		machine_vanish(machine, machine->slots[block->slot]);
	hotplug_unlock(machine);
}
