/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the library's files share about an opened system and the attributes of one memory
 * block.
 */
#ifndef MEMBLK_BLOCK_H
#define MEMBLK_BLOCK_H

#include "memblk.h"
#include "sysfs.h"
#include "zone.h"

struct memblk_system {
	struct sysfs sysfs;        /* owned */
	uint64_t block_size_bytes; /* a power of two */
	bool configurable;         /* the firmware lists memory blocks */
};

/*
 * memblk_system_open() on a SYSFS that is open already, and which is taken over in any
 * case.
 */
int system_open(struct sysfs sysfs, struct memblk_system **ret,
		enum memblk_system_step *ret_step);

/* The directory that lists the blocks of SYSTEM, relative to the root. */
const char *system_directory(const struct memblk_system *system);

/* Whether NAME is memory<N>, without a sign or leading zero, N within 64 bits. */
bool block_index_from_name(const char *name, uint64_t *ret);

/* Whether block INDEX is in the list of SYSTEM's blocks. */
bool block_exists(const struct memblk_system *system, uint64_t index);

/* The state that TEXT stands for; online_movable and online_kernel are online. */
enum memblk_state state_from_string(const char *text);

/*
 * Opens and reads the `state` of block INDEX. The caller closes ATTRIBUTE, even after
 * failure.
 */
int block_state_open(const struct memblk_system *system, uint64_t index,
		     struct attribute *attribute, enum memblk_state *ret);

/* The same for a look at it alone. */
int block_state_read(const struct memblk_system *system, uint64_t index,
		     enum memblk_state *ret);

/* Reads valid_zones of block INDEX. */
int block_zones_read(const struct memblk_system *system, uint64_t index,
		     struct zones *ret);

/*
 * An attribute of block INDEX below the firmware's directory that is 0 or 1. -EINVAL if
 * it is neither.
 */
int memconfig_read(const struct memblk_system *system, uint64_t index, const char *name,
		   bool *ret);
/* Whether it can be read, and is WANTED. */
bool memconfig_is(const struct memblk_system *system, uint64_t index, const char *name,
		  bool wanted);
int memconfig_write(const struct memblk_system *system, uint64_t index, const char *name,
		    bool value, const struct limit *limit);

#define MEMCONFIG_CONFIG "config"
#define MEMCONFIG_MEMMAP "memmap_on_memory"

#endif
