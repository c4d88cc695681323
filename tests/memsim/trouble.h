/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is to go wrong: a list of troubles, each for certain blocks and a certain file,
 * and for so many times. The list says when it is a trouble's turn; what it then comes to
 * is the business of whoever asks.
 */
#ifndef MEMSIM_TROUBLE_H
#define MEMSIM_TROUBLE_H

#include <stdbool.h>
#include <stdint.h>

/* Every file and directory that is known by a name of its own. */
enum file {
	FILE_ROOT,
	FILE_CONTROL,
	FILE_BLOCKS,
	FILE_SYS,
	FILE_DEVICES,
	FILE_SYSTEM,
	FILE_MEMORY,
	FILE_NODES,
	FILE_ACPI,
	FILE_FIRMWARE,
	FILE_FIRMWARE_MEMORY,
	FILE_MODULE,
	FILE_MEMORY_HOTPLUG,
	FILE_PARAMETERS,
	FILE_PROC,
	FILE_BLOCK_SIZE,
	FILE_AUTO_ONLINE,
	FILE_MEMORY_UEVENT,
	FILE_ONLINE_POLICY,
	FILE_RATIO,
	FILE_NUMA_AWARE,
	FILE_MEMMAP_PARAMETER,
	FILE_MEMINFO,
	FILE_ZONEINFO,
	FILE_IOMEM,
	FILE_KPAGEFLAGS,
	FILE_SWAPS,
	FILE_LOCKS,
	FILE_NODES_ONLINE,
	FILE_NODES_HAS_MEMORY,
	FILE_BLOCK,          /* a block's directory */
	FILE_FIRMWARE_BLOCK, /* the same in the firmware's */
	FILE_NODE,           /* a node's */
	FILE_STATE,
	FILE_ONLINE,
	FILE_VALID_ZONES,
	FILE_REMOVABLE,
	FILE_PHYS_INDEX,
	FILE_PHYS_DEVICE,
	FILE_BLOCK_UEVENT,
	FILE_CONFIG,
	FILE_MEMMAP,
	FILE_NODE_MEMINFO,
	FILE_BLOCK_NODE,    /* memoryN/nodeM */
	FILE_NODE_BLOCK,    /* nodeM/memoryN */
	FILE_FIRMWARE_NODE, /* memoryN/firmware_node */
	FILE_ACPI_DEVICE,
	FILE_EJECT,
	_FILE_MAX,
};

enum trouble_kind {
	TROUBLE_FAIL,  /* with `error` */
	TROUBLE_DELAY, /* by `ms`; a signal ends an offline */
	TROUBLE_SPIN,  /* for `ms`; a signal ends it */
	TROUBLE_STICK, /* for `ms`; no signal ends it */
	TROUBLE_STEAL, /* the block changes by `action` behind one's back */
	TROUBLE_LIE,   /* `text` is read */
	_TROUBLE_MAX,
};

enum moment {
	MOMENT_OPEN, /* for writing */
	MOMENT_READ,
	MOMENT_WRITE,
	_MOMENT_MAX,
};

extern const char *const moment_names[_MOMENT_MAX];

#define TROUBLE_ALWAYS UINT64_MAX
#define FILE_ANY _FILE_MAX

struct trouble {
	struct trouble *next;
	enum trouble_kind kind;
	enum moment moment;
	uint64_t first, last; /* blocks; 0 and UINT64_MAX also for what is no block's */
	enum file file;       /* or FILE_ANY */
	char word[16];        /* only when this is written; "" for any */
	uint64_t count;       /* times left */
	int error;
	int64_t ms; /* INT64_MAX for ever */
	unsigned int action;
	char text[64];
};

/* Puts a copy of TROUBLE behind the others. 0 or -ENOMEM. */
int trouble_add(struct trouble **list, const struct trouble *trouble);

/* Forgets those of one kind for FILE, or all where that is FILE_ANY. */
void trouble_clear(struct trouble **list, enum trouble_kind kind, enum file file);
void trouble_clear_all(struct trouble **list);

/*
 * The first trouble that fits, counted once; NULL if there is none. Good until the list
 * is changed. WORD is NULL where nothing is written.
 */
const struct trouble *trouble_take(struct trouble *list, enum trouble_kind kind,
				   enum moment moment, uint64_t index, enum file file,
				   const char *word);

#endif
