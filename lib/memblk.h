/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memblk - memory blocks of a Linux system: what there is, what can be done, doing it.
 *
 * Memory goes online and offline in blocks of one size, numbered by address: block N
 * holds the bytes N * size to (N + 1) * size - 1. A run is a chain of calls in one
 * direction. memblk_system_open() gives the system below a root, and its block size;
 * memblk_selection_parse() the blocks that the user means; memblk_scan() the numbers of
 * the blocks to look at; memblk_plan_init() their order, and how many are wanted.
 * memblk_run() then looks at each, writes where it must, and tells the result of each.
 *
 * Nothing here prints, exits or keeps global state. Functions that return int give 0 or a
 * negative errno; what is returned through a ret_ pointer is written only on success,
 * unless the function says otherwise.
 */
#ifndef MEMBLK_H
#define MEMBLK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum memblk_command {
	MEMBLK_COMMAND_ENABLE,
	MEMBLK_COMMAND_DISABLE,
	MEMBLK_COMMAND_CONFIGURE,
	MEMBLK_COMMAND_DECONFIGURE,
	_MEMBLK_COMMAND_MAX,
};

/* What `state` says. Everything but the words the kernel has for it is UNKNOWN. */
enum memblk_state {
	MEMBLK_STATE_UNKNOWN,
	MEMBLK_STATE_ONLINE,
	MEMBLK_STATE_OFFLINE,
	MEMBLK_STATE_GOING_OFFLINE,
	_MEMBLK_STATE_MAX,
};

/* As the kernel has it, a string that is never freed; NULL for UNKNOWN. */
const char *memblk_state_to_string(enum memblk_state state);

/* NONE stands for no zone asked for, and for a name that is none of these. */
enum memblk_zone {
	MEMBLK_ZONE_NONE,
	MEMBLK_ZONE_DMA,
	MEMBLK_ZONE_DMA32,
	MEMBLK_ZONE_NORMAL,
	MEMBLK_ZONE_HIGHMEM,
	MEMBLK_ZONE_MOVABLE,
	MEMBLK_ZONE_DEVICE,
	_MEMBLK_ZONE_MAX,
};

/* The most names of valid_zones that are kept. */
#define MEMBLK_ZONES_MAX 8

/* Name of ZONE as the user may write it, a string that is never freed; NULL for NONE. */
const char *memblk_zone_to_string(enum memblk_zone zone);

/*
 * The zone of that name, in upper or lower case whatever the locale; NONE if there is
 * none.
 */
enum memblk_zone memblk_zone_from_string(const char *name);

/* ---- What the user means ---- */

/* Numbers, of blocks or nodes, first <= last. */
struct memblk_range {
	uint64_t first, last;
};

/* Some of these, ascending, and at least one number apart. */
struct memblk_ranges {
	struct memblk_range *range; /* owned */
	size_t nranges;
};

/* Frees what RANGES holds; all zero is allowed. */
void memblk_ranges_done(struct memblk_ranges *ranges);

/* Whether INDEX is in RANGES. */
bool memblk_ranges_has(const struct memblk_ranges *ranges, uint64_t index);

/* How many numbers are in RANGES; UINT64_MAX where they are more. */
uint64_t memblk_ranges_count(const struct memblk_ranges *ranges);

enum memblk_selection_kind {
	MEMBLK_SELECTION_SIZE,   /* any nblocks blocks */
	MEMBLK_SELECTION_BLOCKS, /* the blocks in ranges, which are not empty */
	MEMBLK_SELECTION_ALL,    /* all that are not as wanted */
	MEMBLK_SELECTION_RESIZE, /* any blocks, until nblocks are online */
};

struct memblk_selection {
	enum memblk_selection_kind kind;
	uint64_t nblocks;
	struct memblk_ranges ranges; /* of blocks; owned */
	struct memblk_ranges asked;  /* these before they were narrowed, if they were */
	uint64_t *found;             /* then: those of them that were there; owned */
	size_t nfound;
	struct memblk_ranges nodes; /* only blocks of these, if there are any; owned */
	const char *device;         /* only blocks that it brought, named as in struct
				       memblk_info; NULL: any; borrowed */
};

/* Frees what SELECTION holds; all zero is allowed. */
void memblk_selection_done(struct memblk_selection *selection);

/* What is wrong with an operand. */
enum memblk_fault_kind {
	MEMBLK_FAULT_PARAMETER,       /* has not one part, nor two */
	MEMBLK_FAULT_SIZE,            /* no size */
	MEMBLK_FAULT_SIZE_IS_ADDRESS, /* no size, but an address alone */
	MEMBLK_FAULT_SIZE_IS_BLOCKS,  /* no size, but a list of block numbers */
	MEMBLK_FAULT_SIZE_WITHOUT_UNIT,
	MEMBLK_FAULT_SIZE_TOO_LARGE, /* 2^64 bytes or more */
	MEMBLK_FAULT_SIZE_UNALIGNED, /* no multiple of the block size */
	MEMBLK_FAULT_START_FORMAT,   /* start of a range does not begin with 0x */
	MEMBLK_FAULT_START_IS_BLOCK, /* the same, in what would be a range of blocks */
	MEMBLK_FAULT_END_FORMAT,
	MEMBLK_FAULT_START_ADDRESS, /* no hexadecimal number */
	MEMBLK_FAULT_END_ADDRESS,
	MEMBLK_FAULT_ADDRESS_UNALIGNED,
	MEMBLK_FAULT_BLOCK, /* no decimal number */
	MEMBLK_FAULT_BLOCK_START,
	MEMBLK_FAULT_BLOCK_END,
	MEMBLK_FAULT_RANGE, /* ends before it starts */
	_MEMBLK_FAULT_MAX,
};

struct memblk_fault {
	enum memblk_fault_kind kind;
	const char *text; /* the part at fault, inside the operand */
	size_t length;    /* of text, in bytes */
	int error;        /* EINVAL, or ERANGE where a number is beyond 64 bits */
};

/* How an operand is to be read. */
enum memblk_operand {
	MEMBLK_OPERAND_PLAIN,  /* a RANGE of addresses if it has a dash, else a SIZE */
	MEMBLK_OPERAND_BLOCKS, /* block numbers and ranges of them, with commas between */
	MEMBLK_OPERAND_RESIZE, /* a SIZE with a unit, for all that is online */
};

/*
 * Parses OPERAND. A SIZE without a unit counts MiB. Returns -EINVAL or -ERANGE for a bad
 * one, and only then writes *RET_FAULT, whose text lives as long as OPERAND. -ENOMEM for
 * want of memory. The caller frees *RET with memblk_selection_done().
 */
int memblk_selection_parse(const char *operand, enum memblk_operand kind,
			   uint64_t block_size_bytes, struct memblk_selection *ret,
			   struct memblk_fault *ret_fault);

/*
 * Parses TEXT, numbers of nodes as in 0, 1,3 or 0-2. -EINVAL if it is something else,
 * -ERANGE for a number beyond 64 bits. The caller frees *RET with memblk_ranges_done().
 */
int memblk_nodes_parse(const char *text, struct memblk_ranges *ret);

/*
 * Parses TEXT as a SIZE, whatever the block size is. Returns -EINVAL, -ERANGE for 2^64
 * bytes or more, or -EBADMSG for a size that is not a whole number of bytes.
 */
int memblk_size_parse(const char *text, uint64_t *ret_bytes);

/*
 * Parses TEXT as seconds: a decimal number, whose fraction is rounded up to a
 * millisecond, or `infinity`, which is MEMBLK_FOREVER. Returns -EINVAL, or -ERANGE where
 * that many milliseconds are beyond 64 bits.
 */
int memblk_seconds_parse(const char *text, uint64_t *ret_ms);

#define MEMBLK_SIZE_STRING_MAX 24

/*
 * Writes SIZE_BYTES to BUFFER for people: 128M, 1.5G, 0B; one decimal at most, rounded
 * half up.
 */
const char *memblk_size_to_string(uint64_t size_bytes,
				  char buffer[MEMBLK_SIZE_STRING_MAX]);

enum memblk_memmap {
	MEMBLK_MEMMAP_KEEP, /* leave memmap_on_memory as it is */
	MEMBLK_MEMMAP_OFF,
	MEMBLK_MEMMAP_ON,
};

/* Milliseconds that never end. */
#define MEMBLK_FOREVER UINT64_MAX

/* --keep-free without a size: as much as the kernel's own watermarks suggest. */
#define MEMBLK_KEEP_FREE_AUTO UINT64_MAX

/* What a run may cost. All zero but try_timeout_ms and deadline_ms, which are FOREVER, is
 * a run without bounds, as util-linux's chmem makes it. */
struct memblk_bounds {
	uint64_t try_timeout_ms;  /* for one write to one block */
	uint64_t deadline_ms;     /* of the whole run, on CLOCK_MONOTONIC */
	unsigned int retries;     /* rounds over what may pass, after the walk */
	bool retry_all;           /* in these, also what is not likely to pass */
	uint64_t keep_free_bytes; /* DISABLE: what must be left; 0 for no check */
	bool atomic;              /* all or nothing */
	bool rehearsal;           /* atomic: only see whether it could work */
};

/* Which blocks come first. */
enum memblk_order {
	MEMBLK_ORDER_DEFAULT, /* the lowest; the highest, where any are to go */
	MEMBLK_ORDER_LOWEST,
	MEMBLK_ORDER_HIGHEST,
	MEMBLK_ORDER_CHEAPEST, /* DISABLE: those with the least to be moved */
};

struct memblk_request {
	enum memblk_command command;
	struct memblk_selection selection;
	enum memblk_zone zone;     /* ENABLE and DISABLE only */
	bool zone_auto;            /* ENABLE: the kernel chooses it */
	enum memblk_memmap memmap; /* CONFIGURE only */
	enum memblk_order order;
	bool dry_run; /* write nothing, tell what would be done */
	bool unplug;  /* DISABLE of ALL from a device, atomic: when they are offline, ask
			 the firmware to eject it */
	struct memblk_bounds bounds;
};

/* ---- The system ---- */

struct memblk_system;

/* At which step a system could not be used. */
enum memblk_system_step {
	MEMBLK_SYSTEM_MEMORY,     /* opening the memory directory */
	MEMBLK_SYSTEM_BLOCK_SIZE, /* reading the block size; -EBADMSG: it is no power of
				     two */
	MEMBLK_SYSTEM_FIRMWARE,   /* reading the firmware's directory */
};

/*
 * Opens the system whose root is SYSROOT, the running one where SYSROOT is NULL. On
 * failure *RET_STEP tells where. The caller frees *RET with memblk_system_free().
 */
int memblk_system_open(const char *sysroot, struct memblk_system **ret,
		       enum memblk_system_step *ret_step);

/* Frees SYSTEM; NULL is allowed. */
void memblk_system_free(struct memblk_system *system);

/* Bytes of a block, a power of two. */
uint64_t memblk_system_block_size(const struct memblk_system *system);

/*
 * Whether the firmware lists the memory blocks and wants each configured before it can be
 * online (s390 from Linux 6.19 on). An empty list does not count.
 */
bool memblk_system_is_configurable(const struct memblk_system *system);

/* 0 if there is a memory block, -ENODATA if there is none, else why that cannot be told.
 */
int memblk_system_check_blocks(struct memblk_system *system);

/*
 * The memory directory, the firmware's, or the file that tells which driver brought
 * memory, by the name it has on a running system; never freed.
 */
const char *memblk_memory_path(void);
const char *memblk_firmware_path(void);
const char *memblk_iomem_path(void);

struct memblk_mount {
	bool expected;   /* sysfs is mounted where it belongs */
	bool read_only;  /* and what is mounted there cannot be written */
	char *elsewhere; /* where else it is mounted, NULL if nowhere; the caller frees it
			  */
	char *read_only_path; /* the mount point that cannot be written; the caller frees
				 it */
};

/*
 * Reads from the mount table of SYSROOT (NULL: the running system) where sysfs is. For
 * the sake of an error message only. -ENOENT where there is no mount table, which is not
 * worth a word.
 */
int memblk_mount_find(const char *sysroot, struct memblk_mount *ret);

/* Frees what MOUNT holds. */
void memblk_mount_done(struct memblk_mount *mount);

/* ---- The lock ---- */

/*
 * Runs of chmem keep out of each other's way by flock(2) on the memory directory. It is a
 * courtesy: the kernel knows nothing of it, and any user may hold it.
 */
enum memblk_lock_mode {
	MEMBLK_LOCK_AUTO,     /* wait a while, then go on without it */
	MEMBLK_LOCK_YES,      /* wait until the run's time is up, then fail */
	MEMBLK_LOCK_NO,       /* do not ask for it */
	MEMBLK_LOCK_NONBLOCK, /* fail at once */
};

/*
 * Takes the lock, and waits for it as MODE says, to DEADLINE_MS at most. *RET_FD is what
 * holds it, -1 if it was not asked for or if there are no locks here; the caller closes
 * it. -EWOULDBLOCK if somebody has it; then *RET_HOLDER is that process, 0 if that is not
 * known. -EINTR after a signal.
 */
int memblk_lock(struct memblk_system *system, enum memblk_lock_mode mode,
		uint64_t deadline_ms, int *ret_fd, int *ret_holder);

/* ---- Memory that is added later ---- */

/*
 * What the kernel does with each block that is added from now on: the words of
 * auto_online_blocks, in the kernel's memory-hotplug.rst. No block that is there already
 * changes by it.
 */
enum memblk_policy {
	MEMBLK_POLICY_UNKNOWN, /* none of these words */
	MEMBLK_POLICY_OFFLINE,
	MEMBLK_POLICY_ONLINE,        /* to the zone that the kernel chooses */
	MEMBLK_POLICY_ONLINE_KERNEL, /* this one and the next from Linux 5.7 on */
	MEMBLK_POLICY_ONLINE_MOVABLE,
	_MEMBLK_POLICY_MAX,
};

/* As the kernel has it, a string that is never freed; NULL for UNKNOWN. */
const char *memblk_policy_to_string(enum memblk_policy policy);

/* The policy of exactly that name; UNKNOWN if there is none. */
enum memblk_policy memblk_policy_from_string(const char *word);

/* The file by the name it has on a running system; never freed. */
const char *memblk_policy_path(void);

/* The policy of SYSTEM. -ENOENT where the kernel has none, as before Linux 4.6. */
int memblk_policy_read(struct memblk_system *system, enum memblk_policy *ret);

/* What became of the policy; errors are positive errnos, 0 for none. */
struct memblk_policy_change {
	enum memblk_policy before;
	enum memblk_policy after; /* as the kernel shows it then, be it as wanted or not;
				     in a dry run as wanted */
	int write_error;
	int read_error; /* of reading it again; then after is UNKNOWN */
};

/*
 * Sets the policy of SYSTEM to POLICY, which is not UNKNOWN, and reads it again. What is
 * so already is not written, which takes no permission. Negative errno, and no *RET, if
 * the policy could not even be read.
 */
int memblk_policy_set(struct memblk_system *system, enum memblk_policy policy,
		      bool dry_run, struct memblk_policy_change *ret);

/* ---- What there is of a block ---- */

/*
 * Pages of an online block, by what can become of them. A snapshot: it orders and
 * describes, and proves nothing. Each page is counted once, but for nhuge.
 */
struct memblk_contents {
	uint32_t nfree;
	uint32_t nmovable; /* on the lists of what can be reclaimed or migrated */
	uint32_t nhuge;    /* of these, of hugetlbfs */
	uint32_t nslab;
	uint32_t npgtable; /* page tables */
	uint32_t nreserved;
	uint32_t nkernel;    /* compound pages of the kernel that are neither */
	uint32_t nunknown;   /* without a flag that tells: the kernel's, or free on the
				list of a CPU */
	uint32_t nunplugged; /* offline by themselves: balloon, virtio-mem */
	uint32_t npoisoned;
	uint32_t nmemmap; /* the block's own memory map, in itself: harmless */
};

/* Whether an online block would go offline, if it were tried. */
enum memblk_offlinable {
	MEMBLK_OFFLINABLE_UNKNOWN,
	MEMBLK_OFFLINABLE_YES,
	MEMBLK_OFFLINABLE_LIKELY,
	MEMBLK_OFFLINABLE_NO,
	_MEMBLK_OFFLINABLE_MAX,
};

/* Why it is not YES: the first that holds. */
enum memblk_obstacle {
	MEMBLK_OBSTACLE_NONE,
	MEMBLK_OBSTACLE_ZONES,    /* valid_zones is `none` */
	MEMBLK_OBSTACLE_HOLES,    /* a part of it is no memory */
	MEMBLK_OBSTACLE_BOOT,     /* it was there at boot, which arm64 keeps */
	MEMBLK_OBSTACLE_RESERVED, /* pages that the kernel keeps since boot */
	MEMBLK_OBSTACLE_KERNEL,   /* slab, page tables, ... outside zone Movable */
	MEMBLK_OBSTACLE_HUGE,    /* pages of hugetlbfs need one of their size elsewhere */
	MEMBLK_OBSTACLE_UNKNOWN, /* pages of which nothing is known */
	MEMBLK_OBSTACLE_UNSEEN,  /* the block cannot be looked into, or not wholly */
	MEMBLK_OBSTACLE_POISONED,
	MEMBLK_OBSTACLE_UNPLUGGED, /* pages that the hypervisor may have */
	MEMBLK_OBSTACLE_IN_USE,    /* pages that would have to move, in a zone where they
				      need not be movable */
	_MEMBLK_OBSTACLE_MAX,
};

#define MEMBLK_DEVICE_MAX 32

/*
 * Errors are positive errnos; what one stands beside counts only where it is 0, and if it
 * was asked for. What cannot be told without an error has its own value for that.
 */
struct memblk_info {
	uint64_t index;
	enum memblk_state state;
	int state_error;

	enum memblk_zone zones[MEMBLK_ZONES_MAX]; /* NONE: of a name that is not known */
	unsigned int nzones;
	bool zones_none; /* valid_zones is `none`, nzones is 0 */
	int zones_error;

	uint64_t node;       /* the lowest, where there are several */
	unsigned int nnodes; /* 0: not known */

	/*
	 * A DIMM's name in ACPI (PNP0C80:00), `virtio-mem`, `kmem` or what else brought
	 * the memory, `boot` for all that no device did; "" where that is not known.
	 */
	char device[MEMBLK_DEVICE_MAX];

	bool removable_known, removable;
	bool configured_known, configured, memmap_known, memmap_on_memory; /* s390 */

	int contents_error;              /* ENODATA of a block that is not online */
	struct memblk_contents contents; /* of an online block */
	enum memblk_offlinable offlinable;
	enum memblk_obstacle obstacle;
};

/* What of a block is looked at. */
enum memblk_want {
	MEMBLK_WANT_ZONES = 1,
	MEMBLK_WANT_NODE = 2,
	MEMBLK_WANT_DEVICE = 4,
	MEMBLK_WANT_CONTENTS = 8, /* and offlinable, obstacle; needs STATE and ZONES */
	MEMBLK_WANT_REMOVABLE = 16,
	MEMBLK_WANT_CONFIG = 32,
	MEMBLK_WANT_STATE = 64,
};

struct memblk_inspector;

/*
 * Prepares for looking at blocks of SYSTEM, which must outlive *RET, for what the bits of
 * WANT say. What cannot be read is no failure: only -ENOMEM is. The caller frees *RET
 * with memblk_inspector_free().
 */
int memblk_inspector_new(struct memblk_system *system, unsigned int want,
			 struct memblk_inspector **ret);

/* Frees INSPECTOR; NULL is allowed. */
void memblk_inspector_free(struct memblk_inspector *inspector);

/* Looks at block INDEX. -ENOENT if there is none, -ENOMEM; nothing else. */
int memblk_inspect(struct memblk_inspector *inspector, uint64_t index,
		   struct memblk_info *ret);

/*
 * Why no block can be looked into, or not wholly: positive errno of what tells of pages
 * or of holes; 0 if nothing is amiss, or if contents are not wanted.
 */
int memblk_inspector_contents_error(const struct memblk_inspector *inspector);

/*
 * The contents of INFO in bytes. Pages of which nothing is known count as unmovable, but
 * not in zone Movable. False, and nothing is written, where they are not known.
 */
struct memblk_amounts {
	uint64_t free_bytes, movable_bytes, unmovable_bytes;
};
bool memblk_info_amounts(const struct memblk_info *info, struct memblk_amounts *ret);

enum memblk_witness_kind {
	MEMBLK_WITNESS_NONE,
	MEMBLK_WITNESS_MIGRATION, /* the page could not be migrated */
	MEMBLK_WITNESS_ISOLATION, /* it could not be taken off its list */
	MEMBLK_WITNESS_UNMOVABLE, /* it cannot be moved at all */
	_MEMBLK_WITNESS_MAX,
};

/* What the kernel said of a page that kept a block from going offline. */
struct memblk_witness {
	enum memblk_witness_kind kind;
	uint64_t pfn;
	int error; /* MIGRATION: positive errno, 0 where it is not told */
};

/* ---- Devices ---- */

/*
 * 0 if it can be told which blocks DEVICE brought, be there any or not. Else -errno: of
 * the file memblk_iomem_path(), which alone tells that of all but the devices of ACPI,
 * and which has no addresses, -EACCES, for ordinary users.
 */
int memblk_device_check(struct memblk_system *system, const char *device);

/* What brought the blocks of a system. */
struct memblk_devices {
	char (*name)[MEMBLK_DEVICE_MAX]; /* each once, by their lowest blocks; owned */
	size_t ndevices, size;
	int error; /* positive errno, why these are only the devices of ACPI; or 0 */
};

/* -errno where the blocks cannot be listed. The caller frees RET with
 * memblk_devices_done(). */
int memblk_devices_list(struct memblk_system *system, struct memblk_devices *ret);
void memblk_devices_done(struct memblk_devices *devices);

/* Whether DEVICE is among DEVICES. */
bool memblk_devices_has(const struct memblk_devices *devices, const char *device);

/* ---- Scan and plan ---- */

/*
 * Numbers of the blocks that SELECTION may touch, ascending, in an array that the caller
 * frees. A short range is not looked up in the directory, however long that is: its
 * numbers are given as they are, and memblk_run() finds out which of them exist.
 */
int memblk_scan(struct memblk_system *system, const struct memblk_selection *selection,
		uint64_t **ret_blocks, size_t *ret_nblocks);

/*
 * For RESIZE: which blocks are online, in one zone or in any, and which are not. One that
 * is online in another zone is neither.
 */
struct memblk_census {
	uint64_t *online, *offline; /* ascending; owned */
	size_t nonline, noffline;
};

/*
 * Looks at BLOCKS, which are ascending; ZONE is NONE for any. One whose state cannot be
 * read is not online. The caller frees RET with memblk_census_done(). -ENOMEM.
 */
int memblk_census_take(struct memblk_system *system, const uint64_t *blocks,
		       size_t nblocks, enum memblk_zone zone, struct memblk_census *ret);
void memblk_census_done(struct memblk_census *census);

/* Whether not every block counts for SELECTION: those of some nodes, or of a device. */
bool memblk_selection_is_narrow(const struct memblk_selection *selection);

/*
 * Takes those blocks out of the ranges of SELECTION that are there and not of its nodes,
 * or not of its device; nothing may be left. Those that come later are not found by the
 * scan before it is narrowed again: it is not known what they are of. All else of
 * SELECTION is narrowed by the scan.
 */
int memblk_selection_narrow(struct memblk_system *system,
			    struct memblk_selection *selection);

/* Blocks in the order in which they are tried. Borrows the scanned array. */
struct memblk_plan {
	const uint64_t *blocks;
	size_t nblocks;
	bool descending;
	bool by_size;    /* any blocks will do, until goal of them are as wanted */
	bool all;        /* those that are as wanted, or in another zone, are not meant */
	bool count_done; /* by size: what is as wanted already counts, too */
	uint64_t goal;   /* by size: blocks wanted */
};

/*
 * Puts BLOCKS, ascending, in the order CHEAPEST for REQUEST, a DISABLE: first those with
 * the fewest pages to be moved, of these those in zone Movable, of these the highest. For
 * that they are looked into, in zone Movable first, until LIMIT_MS at most or until
 * NWANTED are found that have nothing to be moved. Those that were not, or cannot be,
 * come after them and go by their zone; those that can never go are the last. Where any
 * blocks will do, they are taken out, but for those that are kept by what is in them:
 * these are worth to be told of. -ENOMEM.
 */
int memblk_order_cheapest(struct memblk_system *system,
			  const struct memblk_request *request, uint64_t nwanted,
			  uint64_t limit_ms, uint64_t *blocks, size_t *nblocks);

/*
 * BLOCKS must be ascending, unless the order is CHEAPEST: then they are tried as they
 * are. They must outlive *RET. For RESIZE, the caller sets the goal.
 */
void memblk_plan_init(struct memblk_plan *ret, const struct memblk_request *request,
		      const uint64_t *blocks, size_t nblocks);

/* The block that is tried as number POSITION, below plan->nblocks. */
uint64_t memblk_plan_at(const struct memblk_plan *plan, size_t position);

/*
 * For a run that waits for blocks to be added: which blocks it is done with, and whether
 * the directory has changed.
 */
struct memblk_watch {
	uint64_t *settled; /* ascending; owned */
	size_t nsettled, size;
	uint64_t nlinks;   /* of the directory, before the last scan */
	bool is_narrow;    /* what else tells of a block may come after it */
	uint64_t begun_ms; /* the last scan */
	uint64_t new_ms;   /* the first scan that found that number of links */
	bool lacks_nodes;  /* there are blocks that are of none for good */
	bool lacks_device; /* likewise of a device */
};

/*
 * For a SIZE, settles the blocks that are as wanted before the run begins: those that
 * come later count. The caller frees RET with memblk_watch_done().
 */
int memblk_watch_init(struct memblk_watch *ret, struct memblk_system *system,
		      const struct memblk_request *request);
void memblk_watch_done(struct memblk_watch *watch);

/* Notes what the directory looks like. Call it before memblk_scan(). */
void memblk_watch_mark(struct memblk_watch *watch, struct memblk_system *system);

/* Takes the settled ones out of BLOCKS, which are ascending. */
void memblk_watch_filter(const struct memblk_watch *watch, uint64_t *blocks,
			 size_t *nblocks);

/*
 * Waits, until UNTIL_MS at most and once in a run, for the kernel to have linked all of
 * BLOCKS that are there with their nodes, where there are nodes. It does so last of all
 * when it adds a block, and valid_zones must not be read before: valid_zones_show() in
 * drivers/base/memory.c uses the block's node as if it were known, which has been seen to
 * crash Linux 6.1. -EINTR after a signal, -ENOMEM.
 */
int memblk_watch_await_nodes(struct memblk_watch *watch, struct memblk_system *system,
			     const uint64_t *blocks, size_t nblocks, uint64_t until_ms);

/*
 * The same for all of BLOCKS to be linked with a device, where only those of DEVICE are
 * meant: acpi_bind_memory_blocks() of Linux does so after the blocks were added, and
 * brought online where that is the policy.
 */
int memblk_watch_await_device(struct memblk_watch *watch, struct memblk_system *system,
			      const char *device, const uint64_t *blocks, size_t nblocks,
			      uint64_t until_ms);

/* Block INDEX is done with. */
int memblk_watch_settle(struct memblk_watch *watch, uint64_t index);

/*
 * Sleeps until blocks were added or removed since memblk_watch_mark(), or until UNTIL_MS,
 * which gives -ETIME; -EINTR after a signal. Where only blocks of some nodes or a device
 * are meant, it returns now and then, less and less often, since nothing tells of these.
 */
int memblk_watch_sleep(const struct memblk_watch *watch, struct memblk_system *system,
		       uint64_t until_ms);

/*
 * Tells whether zones are known at all: whether any block of PLAN, or failing that any of
 * SYSTEM, has valid_zones. The kernel shows it only where memory can be taken out again.
 */
int memblk_system_has_zones(struct memblk_system *system, const struct memblk_plan *plan,
			    bool *ret);

/* ---- Apply ---- */

enum memblk_status {
	MEMBLK_STATUS_CHANGED,
	MEMBLK_STATUS_ALREADY, /* nothing to do, or somebody else was quicker */
	MEMBLK_STATUS_FAILED,
	MEMBLK_STATUS_MISSING,  /* there is no such block */
	MEMBLK_STATUS_PENDING,  /* given up, and the kernel is still at it */
	MEMBLK_STATUS_REVERTED, /* was changed, and set back */
	MEMBLK_STATUS_STUCK,    /* was changed, and could not be set back */
	MEMBLK_STATUS_SKIPPED,  /* atomic: could have been changed, if it were not for
				   others */
	MEMBLK_STATUS_PLANNED,  /* dry run: would be changed */
	_MEMBLK_STATUS_MAX,
};

/* What is asked of the kernel about a block. */
enum memblk_action {
	MEMBLK_ACTION_NONE,
	MEMBLK_ACTION_ONLINE, /* to the zone that the kernel chooses */
	MEMBLK_ACTION_ONLINE_KERNEL,
	MEMBLK_ACTION_ONLINE_MOVABLE,
	MEMBLK_ACTION_OFFLINE,
	MEMBLK_ACTION_CONFIGURE,
	MEMBLK_ACTION_DECONFIGURE,
	_MEMBLK_ACTION_MAX,
};

/*
 * A string that is never freed, the word that is written to `state` where one is; NULL
 * for NONE.
 */
const char *memblk_action_to_string(enum memblk_action action);

/* What was being done when it failed. */
enum memblk_step {
	MEMBLK_STEP_ENABLE,
	MEMBLK_STEP_DISABLE,
	MEMBLK_STEP_CONFIGURE,
	MEMBLK_STEP_DECONFIGURE,
	MEMBLK_STEP_MEMMAP,
	_MEMBLK_STEP_MAX,
};

enum memblk_reason {
	MEMBLK_REASON_NONE,

	/* The kernel said no, error says how, and this is what it means. */
	MEMBLK_REASON_ERRNO,     /* no more than error */
	MEMBLK_REASON_GONE,      /* the block was removed meanwhile */
	MEMBLK_REASON_BUSY,      /* in use for the moment */
	MEMBLK_REASON_UNMOVABLE, /* it holds what cannot be moved */
	MEMBLK_REASON_NEVER,     /* holes, several zones or nodes: never goes offline */
	MEMBLK_REASON_NO_HOTREMOVE,  /* this kernel takes no memory offline */
	MEMBLK_REASON_WORD_REFUSED,  /* the kernel does not know the word, or the zone
					does not fit */
	MEMBLK_REASON_VETO,          /* a part of the kernel objects */
	MEMBLK_REASON_POISONED,      /* a page of it is broken */
	MEMBLK_REASON_NO_MEMORY,     /* the kernel is short of memory itself */
	MEMBLK_REASON_AGAIN,         /* not now */
	MEMBLK_REASON_NO_STORAGE,    /* the hypervisor did not give or take it */
	MEMBLK_REASON_ADDRESS_TAKEN, /* something else is at its addresses */
	MEMBLK_REASON_NO_MEMMAP,     /* the kernel runs without memmap_on_memory */
	MEMBLK_REASON_CONFIGURED,    /* it must be deconfigured, or offline, first */

	/* It was given up. */
	MEMBLK_REASON_TRY_TIMEOUT, /* one write took too long */
	MEMBLK_REASON_TIMEOUT,     /* the time of the run is up */
	MEMBLK_REASON_INTERRUPTED, /* by a signal */
	MEMBLK_REASON_LOCKED,      /* another hot-plug operation went on all the while */
	MEMBLK_REASON_LOST,        /* the worker came to an end of its own */
	MEMBLK_REASON_NOT_TRIED,   /* another one did not return */

	/* It was not tried. */
	MEMBLK_REASON_ZONE_MISMATCH,   /* the zone is none that the block can be in */
	MEMBLK_REASON_ZONE_UNKNOWN,    /* valid_zones cannot be read, error says why */
	MEMBLK_REASON_ZONE_OTHER,      /* it was online already, in another zone: zone */
	MEMBLK_REASON_ZONE_MISSED,     /* it came online in another zone: zone */
	MEMBLK_REASON_ZONE_NOT_SINGLE, /* it lies in several zones, or none: never goes
					  offline */
	MEMBLK_REASON_HOLES, /* it is not memory all through: never goes offline */
	MEMBLK_REASON_NOT_CONFIGURED, /* the firmware lists it, but there is no such block
					 yet */
	MEMBLK_REASON_MUST_DECONFIGURE, /* memmap_on_memory is fixed once it is configured
					 */
	MEMBLK_REASON_MUST_BE_OFFLINE,  /* online, which forbids to deconfigure it */

	/* Too little would be left: left_bytes of wanted_bytes. */
	MEMBLK_REASON_SPARE_MEMORY, /* of memory that is available */
	MEMBLK_REASON_SPARE_NODES,  /* on the nodes that would take what is in it */
	MEMBLK_REASON_SPARE_KERNEL, /* free in the zones that the kernel can use */
	MEMBLK_REASON_SPARE_RATIO,  /* of these zones beside zone Movable */

	_MEMBLK_REASON_MAX,
};

/*
 * What became of one block. The flags tell what this run did to it, whatever its status;
 * step, reason, error and zone tell why it FAILED, is PENDING or STUCK. Plain data
 * without pointers.
 */
struct memblk_result {
	uint64_t index;
	enum memblk_status status;
	enum memblk_status was; /* REVERTED, STUCK: before that */
	bool begun;             /* something was written, whatever came of it */
	bool configured;
	bool switched; /* taken online or offline */
	bool deconfigured;
	bool already_deconfigured; /* the last step had nothing to do */
	bool ongoing;              /* STUCK: the kernel is still at it */
	enum memblk_step step;
	enum memblk_reason reason;
	enum memblk_zone zone;
	int error;             /* positive errno */
	int deconfigure_error; /* positive errno, of a last step that failed by itself */
	uint64_t limit_ms;     /* TRY_TIMEOUT, LOCKED: how long it was tried */
	enum memblk_state before;  /* what it was when it was first looked at */
	enum memblk_action action; /* the last step that was written, or would have been
				    */
	unsigned int attempts;     /* how often it was tried, 0 if nothing was written */
	uint64_t duration_us;      /* all of them together */
	uint64_t left_bytes, wanted_bytes; /* SPARE_* */
	bool has_contents;                 /* it would not go offline, holding these */
	struct memblk_contents contents;
	struct memblk_witness witness;

	/* What it is set back to under `atomic`. */
	enum memblk_zone zone_before; /* of a block that was online; NONE: not known */
	enum memblk_memmap memmap_before;
};

/*
 * Called for each block that was tried, when it is clear what became of it: one that may
 * pass in a later round comes after the others. A block that is set back comes twice. The
 * result is gone when it returns.
 */
typedef void (*memblk_result_fn)(const struct memblk_result *result, void *data);

/* How far a run is. */
struct memblk_progress {
	uint64_t ndone;   /* blocks that were wanted and looked at; by size, that count */
	uint64_t nwanted; /* of them */
	bool in_hand;     /* block `current` is being tried */
	bool reverting;   /* or set back */
	uint64_t current;
};

/* Called many times a second while a run goes on that is worked on by another process. */
typedef void (*memblk_progress_fn)(const struct memblk_progress *progress, void *data);

/* Who is told of a run. */
struct memblk_listener {
	memblk_result_fn result_fn;
	memblk_progress_fn progress_fn; /* NULL: nobody wants to know */
	void *data;                     /* for both */
};

/* How a run ended. */
enum memblk_end {
	MEMBLK_END_DONE,        /* all was tried that had to be */
	MEMBLK_END_DENIED,      /* nothing can be written here */
	MEMBLK_END_NO_MEMORY,   /* the kernel is short of memory itself */
	MEMBLK_END_SPARE,       /* too little would be left */
	MEMBLK_END_LOCKED,      /* another hot-plug operation is in progress */
	MEMBLK_END_TIMEOUT,     /* deadline_ms */
	MEMBLK_END_INTERRUPTED, /* by a signal */
	MEMBLK_END_ATOMIC,      /* a block failed, so all were set back */
	MEMBLK_END_LOST,        /* the worker was killed, or is stuck in the kernel */
	_MEMBLK_END_MAX,
};

/* What came of a device that was to be unplugged. */
enum memblk_unplug_status {
	MEMBLK_UNPLUG_NONE,     /* it did not come to that */
	MEMBLK_UNPLUG_POSSIBLE, /* dry run: the firmware would be asked to eject it */
	MEMBLK_UNPLUG_ASKED,    /* it was asked, and nothing is set back any more */
	MEMBLK_UNPLUG_DONE,     /* by whoever waits for it: its blocks are gone */

	/* The firmware was not asked. */
	MEMBLK_UNPLUG_NO_FIRMWARE, /* the device is none of ACPI's */
	MEMBLK_UNPLUG_NO_EJECT,    /* it has no `eject` to be written: error */
	MEMBLK_UNPLUG_AUTO_ONLINE, /* auto_online_blocks is not `offline`, or cannot be
				      read: error */
	MEMBLK_UNPLUG_NOT_OFFLINE, /* block index was in this state, or it could not be
				      read: error */
	MEMBLK_UNPLUG_FAILED,      /* the kernel refused: error */
	_MEMBLK_UNPLUG_MAX,
};

struct memblk_unplug {
	enum memblk_unplug_status status;
	uint64_t index;
	enum memblk_state state;
	int error; /* positive errno */
};

struct memblk_outcome {
	enum memblk_end end;
	int error;          /* SPARE: positive errno, if that cannot be told */
	bool refused;       /* atomic: it could not have worked, nothing was written */
	size_t ntried;      /* blocks of the plan that were looked at */
	uint64_t nspent;    /* by size: blocks that used up a part of it */
	uint64_t nfeasible; /* refused by size: blocks that would have worked */
	int unseen_error;   /* dry run: positive errno, why blocks could not be looked
			       into */
	uint64_t nhuge_pages_lost; /* atomic: free huge pages that the kernel dissolved */
	struct memblk_unplug unplug;
};

/*
 * Carries out PLAN for REQUEST and tells LISTENER of each block. By size, a block that
 * is already as wanted is no candidate and not told of, unless the plan counts it; the
 * walk ends when the goal is reached, or where the system cannot be written at all
 * (EACCES, EROFS). A dry run goes the same way, but for the writes.
 *
 * The work is done in a process of its own, which is left behind if the kernel does not
 * let go of it: within request->bounds and a second the function returns. It returns
 * -ENOMEM, and has done nothing, if there was no memory to begin.
 */
int memblk_run(struct memblk_system *system, const struct memblk_request *request,
	       const struct memblk_plan *plan, const struct memblk_listener *listener,
	       struct memblk_outcome *ret);

/*
 * Looks at the blocks of PLAN that the run which ended as OUTCOME says did not get to,
 * unless any others would have done as well, and tells of each that was meant: ALREADY as
 * wanted, MISSING, or SKIPPED as it was NOT_TRIED.
 */
void memblk_tell_untried(struct memblk_system *system,
			 const struct memblk_request *request,
			 const struct memblk_plan *plan,
			 const struct memblk_outcome *outcome, memblk_result_fn result_fn,
			 void *data);

/*
 * Waits until none of BLOCKS is there any more, as after an eject. -ETIME if one still is
 * at UNTIL_MS, -EINTR after a signal.
 */
int memblk_await_removal(struct memblk_system *system, const uint64_t *blocks,
			 size_t nblocks, uint64_t until_ms);

struct memblk_movable_share {
	uint64_t movable_bytes, kernel_bytes; /* in zone Movable, and in the kernel's */
	uint64_t limit_percent;               /* what the former may be of the latter */
};

/*
 * Whether zone Movable would hold more than it may, if MORE_BYTES came to it: by
 * auto_movable_ratio, which is 301 % unless somebody has set it. Beyond that the kernel
 * may run out of memory for itself while plenty is free ("ZONE_MOVABLE Sizing
 * Considerations" in the kernel's memory-hotplug.rst). False where it cannot be told;
 * *RET is written if true.
 */
bool memblk_movable_exceeds(struct memblk_system *system, uint64_t more_bytes,
			    struct memblk_movable_share *ret);

/*
 * Whether more is known of failures than what the kernel said: where the contents of
 * blocks can be seen, as root on a running system.
 */
bool memblk_system_is_transparent(struct memblk_system *system);

/* ---- Signals and time ---- */

/*
 * From now on INT, TERM and HUP end what is being done instead of the process, unless
 * they were ignored before; TSTP stops the worker, too. The one thing that is kept for
 * the whole process.
 */
void memblk_signals_catch(void);

/* The first of them that came, or 0. */
int memblk_signals_caught(void);

/* Dies of the signal that came; returns if there was none. */
void memblk_signals_die(void);

/* Milliseconds, and microseconds, on CLOCK_MONOTONIC. */
uint64_t memblk_now_ms(void);
uint64_t memblk_now_us(void);

/* A moment that long after START_MS; FOREVER if DURATION_MS is. */
uint64_t memblk_after_ms(uint64_t start_ms, uint64_t duration_ms);

#endif
