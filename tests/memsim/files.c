/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree as a whole: what lies where, with which mode, and the text of each file, all
 * made from the blocks at the moment it is asked for. Changes nothing.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "files.h"
#include "names.h"
#include "util.h"

#define DIRECTORY (S_IFDIR | 0755)
#define LINK (S_IFLNK | 0777)

/* The file system's root is 1. */
#define INO_ROOT 1

/* What has a name of its own, below its one parent. */
static const struct {
	enum file parent;
	const char *name;
	mode_t mode;
} files[_FILE_MAX] = {
	[FILE_ROOT] = { FILE_ROOT, NULL, DIRECTORY },
	[FILE_CONTROL] = { FILE_ROOT, "control", S_IFREG | 0600 },
	[FILE_BLOCKS] = { FILE_ROOT, "blocks", S_IFREG | 0400 },
	[FILE_SYS] = { FILE_ROOT, "sys", DIRECTORY },
	[FILE_DEVICES] = { FILE_SYS, "devices", DIRECTORY },
	[FILE_SYSTEM] = { FILE_DEVICES, "system", DIRECTORY },
	[FILE_MEMORY] = { FILE_SYSTEM, "memory", DIRECTORY },
	[FILE_NODES] = { FILE_SYSTEM, "node", DIRECTORY },
	[FILE_ACPI] = { FILE_DEVICES, "LNXSYSTM:00", DIRECTORY },
	[FILE_FIRMWARE] = { FILE_SYS, "firmware", DIRECTORY },
	[FILE_FIRMWARE_MEMORY] = { FILE_FIRMWARE, "memory", DIRECTORY },
	[FILE_MODULE] = { FILE_SYS, "module", DIRECTORY },
	[FILE_MEMORY_HOTPLUG] = { FILE_MODULE, "memory_hotplug", DIRECTORY },
	[FILE_PARAMETERS] = { FILE_MEMORY_HOTPLUG, "parameters", DIRECTORY },
	[FILE_PROC] = { FILE_ROOT, "proc", S_IFDIR | 0555 },
	[FILE_BLOCK_SIZE] = { FILE_MEMORY, "block_size_bytes", S_IFREG | 0444 },
	[FILE_AUTO_ONLINE] = { FILE_MEMORY, "auto_online_blocks", S_IFREG | 0644 },
	[FILE_MEMORY_UEVENT] = { FILE_MEMORY, "uevent", S_IFREG | 0644 },
	[FILE_ONLINE_POLICY] = { FILE_PARAMETERS, "online_policy", S_IFREG | 0644 },
	[FILE_RATIO] = { FILE_PARAMETERS, "auto_movable_ratio", S_IFREG | 0644 },
	[FILE_NUMA_AWARE] = { FILE_PARAMETERS, "auto_movable_numa_aware",
			      S_IFREG | 0644 },
	[FILE_MEMMAP_PARAMETER] = { FILE_PARAMETERS, "memmap_on_memory", S_IFREG | 0444 },
	[FILE_MEMINFO] = { FILE_PROC, "meminfo", S_IFREG | 0444 },
	[FILE_ZONEINFO] = { FILE_PROC, "zoneinfo", S_IFREG | 0444 },
	[FILE_IOMEM] = { FILE_PROC, "iomem", S_IFREG | 0444 },
	[FILE_KPAGEFLAGS] = { FILE_PROC, "kpageflags", S_IFREG | 0400 },
	[FILE_SWAPS] = { FILE_PROC, "swaps", S_IFREG | 0444 },
	[FILE_LOCKS] = { FILE_PROC, "locks", S_IFREG | 0444 },
	[FILE_NODES_ONLINE] = { FILE_NODES, "online", S_IFREG | 0444 },
	[FILE_NODES_HAS_MEMORY] = { FILE_NODES, "has_memory", S_IFREG | 0444 },
	[FILE_BLOCK] = { FILE_MEMORY, NULL, DIRECTORY },
	[FILE_FIRMWARE_BLOCK] = { FILE_FIRMWARE_MEMORY, NULL, DIRECTORY },
	[FILE_NODE] = { FILE_NODES, NULL, DIRECTORY },
	[FILE_STATE] = { FILE_BLOCK, "state", S_IFREG | 0644 },
	[FILE_ONLINE] = { FILE_BLOCK, "online", S_IFREG | 0644 },
	[FILE_VALID_ZONES] = { FILE_BLOCK, "valid_zones", S_IFREG | 0444 },
	[FILE_REMOVABLE] = { FILE_BLOCK, "removable", S_IFREG | 0444 },
	[FILE_PHYS_INDEX] = { FILE_BLOCK, "phys_index", S_IFREG | 0444 },
	[FILE_PHYS_DEVICE] = { FILE_BLOCK, "phys_device", S_IFREG | 0444 },
	[FILE_BLOCK_UEVENT] = { FILE_BLOCK, "uevent", S_IFREG | 0644 },
	[FILE_CONFIG] = { FILE_FIRMWARE_BLOCK, "config", S_IFREG | 0644 },
	[FILE_MEMMAP] = { FILE_FIRMWARE_BLOCK, "memmap_on_memory", S_IFREG | 0644 },
	[FILE_NODE_MEMINFO] = { FILE_NODE, "meminfo", S_IFREG | 0444 },
	[FILE_BLOCK_NODE] = { FILE_BLOCK, NULL, LINK },
	[FILE_NODE_BLOCK] = { FILE_NODE, NULL, LINK },
	[FILE_FIRMWARE_NODE] = { FILE_BLOCK, "firmware_node", LINK },
	[FILE_ACPI_DEVICE] = { FILE_ACPI, NULL, DIRECTORY },
	[FILE_EJECT] = { FILE_ACPI_DEVICE, "eject", S_IFREG | 0200 },
};

/* ---- Numbers ---- */

static ino make_ino(enum file file, unsigned int node, unsigned int incarnation,
		    uint32_t slot)
{
	if (file == FILE_ROOT)
		return INO_ROOT;
	return (uint64_t) file << 56 | (uint64_t) (node & 0xff) << 48 |
	       (uint64_t) (incarnation & 0xffff) << 32 | slot;
}

enum file ino_file(ino number)
{
	uint64_t file = number >> 56;

	return number == INO_ROOT ? FILE_ROOT
	       : file < _FILE_MAX ? (enum file) file
				  : _FILE_MAX;
}

static unsigned int ino_node(ino number)
{
	return number >> 48 & 0xff;
}

unsigned int ino_incarnation(ino number)
{
	return number >> 32 & 0xffff;
}

static bool is_of_block(enum file file)
{
	return file == FILE_BLOCK || file == FILE_BLOCK_NODE ||
	       file == FILE_FIRMWARE_NODE || files[file].parent == FILE_BLOCK;
}

static bool is_of_firmware(enum file file)
{
	return file == FILE_FIRMWARE_BLOCK || files[file].parent == FILE_FIRMWARE_BLOCK;
}

/* A device of ACPI goes by the number of the first of its blocks. */
static bool is_of_device(enum file file)
{
	return file == FILE_ACPI_DEVICE || file == FILE_EJECT;
}

struct block *ino_block(const struct machine *machine, ino number)
{
	enum file file = ino_file(number);
	uint32_t slot = (uint32_t) number;

	if (file == _FILE_MAX || slot >= machine->nblocks)
		return NULL;
	if (!is_of_block(file) && !is_of_firmware(file) && !is_of_device(file) &&
	    file != FILE_NODE_BLOCK)
		return NULL;
	return machine->slots[slot];
}

const char *file_name(enum file file)
{
	return file < _FILE_MAX ? files[file].name : NULL;
}

mode_t file_mode(ino number)
{
	enum file file = ino_file(number);

	return file < _FILE_MAX ? files[file].mode : 0;
}

int file_by_name(const char *name)
{
	/* The files of a block come first, for those of a node are called `online`, too.
	 */
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < _FILE_MAX; i++)
			if (files[i].name && S_ISREG(files[i].mode) &&
			    !strcmp(files[i].name, name) &&
			    (pass || is_of_block((enum file) i) ||
			     is_of_firmware((enum file) i)))
				return i;
	return -1;
}

/* ---- What there is ---- */

static bool is_acpi(const struct block *block)
{
	return !strncmp(block->device, "PNP", 3);
}

static const struct block *device_first(const struct machine *machine, const char *device)
{
	for (size_t i = 0; i < machine->nblocks; i++)
		if (machine->blocks[i]->present &&
		    !strcmp(machine->blocks[i]->device, device))
			return machine->blocks[i];
	return NULL;
}

static bool node_exists(const struct machine *machine, unsigned int node)
{
	return node < NODES_MAX && machine->nodes >> node & 1;
}

bool file_exists(const struct machine *machine, ino number)
{
	enum file file = ino_file(number);
	const struct block *block = ino_block(machine, number);

	if (file == _FILE_MAX)
		return false;
	if (file == FILE_VALID_ZONES && !machine->hotremove)
		return false;
	if (is_of_block(file) || file == FILE_NODE_BLOCK)
		return block && block->present &&
		       block->incarnation == ino_incarnation(number) &&
		       (file != FILE_FIRMWARE_NODE || is_acpi(block));
	if (is_of_device(file))
		return block && block->present && is_acpi(block);
	if (is_of_firmware(file))
		return block && block->firmware;
	if (file == FILE_FIRMWARE_MEMORY)
		return machine->configurable;
	if (file == FILE_NODE || file == FILE_NODE_MEMINFO)
		return node_exists(machine, ino_node(number));
	return true;
}

/* The number N of PREFIX<N>, in the one way of writing it. */
static bool numbered(const char *name, const char *prefix, uint64_t *ret)
{
	size_t length = strlen(prefix);
	uint64_t value = 0;

	if (strncmp(name, prefix, length) || !name[length] ||
	    (name[length] == '0' && name[length + 1]))
		return false;
	for (const char *digit = name + length; *digit; digit++)
		if (*digit < '0' || *digit > '9' ||
		    __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t) (*digit - '0'), &value))
			return false;
	*ret = value;
	return true;
}

/* The same child of a parent that stands for a block or a node. */
static ino child(enum file file, ino parent)
{
	return file == FILE_ROOT ? INO_ROOT
				 : make_ino(file, ino_node(parent),
					    ino_incarnation(parent), (uint32_t) parent);
}

static int lookup_block(const struct machine *machine, enum file file, unsigned int node,
			uint64_t index, ino *ret)
{
	const struct block *block = machine_find(machine, index);

	if (!block)
		return -ENOENT;
	*ret = make_ino(file, node, file == FILE_FIRMWARE_BLOCK ? 0 : block->incarnation,
			block->slot);
	if (!file_exists(machine, *ret))
		return -ENOENT;
	return file == FILE_NODE_BLOCK && !(block->nodes >> node & 1) ? -ENOENT : 0;
}

static int lookup_numbered(const struct machine *machine, ino parent, const char *name,
			   ino *ret)
{
	const struct block *block;
	uint64_t n;

	switch (ino_file(parent)) {
	case FILE_MEMORY:
		return numbered(name, "memory", &n)
			       ? lookup_block(machine, FILE_BLOCK, 0, n, ret)
			       : -ENOENT;
	case FILE_FIRMWARE_MEMORY:
		return numbered(name, "memory", &n)
			       ? lookup_block(machine, FILE_FIRMWARE_BLOCK, 0, n, ret)
			       : -ENOENT;
	case FILE_NODE:
		return numbered(name, "memory", &n)
			       ? lookup_block(machine, FILE_NODE_BLOCK, ino_node(parent),
					      n, ret)
			       : -ENOENT;
	case FILE_NODES:
		if (!numbered(name, "node", &n) || n >= NODES_MAX ||
		    !node_exists(machine, (unsigned int) n))
			return -ENOENT;
		*ret = make_ino(FILE_NODE, (unsigned int) n, 0, 0);
		return 0;
	case FILE_BLOCK:
		block = ino_block(machine, parent);
		if (!block || !numbered(name, "node", &n) || n >= NODES_MAX ||
		    !(block->nodes >> n & 1))
			return -ENOENT;
		*ret = make_ino(FILE_BLOCK_NODE, (unsigned int) n,
				ino_incarnation(parent), (uint32_t) parent);
		return 0;
	case FILE_ACPI:
		block = strncmp(name, "PNP", 3) ? NULL : device_first(machine, name);
		if (!block)
			return -ENOENT;
		*ret = make_ino(FILE_ACPI_DEVICE, 0, 0, block->slot);
		return 0;
	default:
		return -ENOENT;
	}
}

int file_lookup(const struct machine *machine, ino parent, const char *name, ino *ret)
{
	enum file directory = ino_file(parent);

	if (!file_exists(machine, parent))
		return -ENOENT;
	for (unsigned int i = FILE_ROOT + 1; i < _FILE_MAX; i++)
		if (files[i].parent == directory && files[i].name &&
		    !strcmp(files[i].name, name)) {
			*ret = child(i, parent);
			return file_exists(machine, *ret) ? 0 : -ENOENT;
		}
	return lookup_numbered(machine, parent, name, ret);
}

/* Directories within it, for the link count. */
static size_t count_directories(const struct machine *machine, enum file file)
{
	size_t n = 0;

	switch (file) {
	case FILE_MEMORY:
		return machine->npresent;
	case FILE_FIRMWARE_MEMORY:
		return machine->nfirmware;
	case FILE_NODES:
		return (size_t) __builtin_popcountll(machine->nodes);
	default:
		for (unsigned int i = FILE_ROOT + 1; i < _FILE_MAX; i++)
			n += files[i].parent == file && files[i].name &&
			     S_ISDIR(files[i].mode) &&
			     file_exists(machine, make_ino(i, 0, 0, 0));
		return n;
	}
}

int file_stat(const struct machine *machine, ino number, struct stat *ret)
{
	enum file file = ino_file(number);

	if (file == _FILE_MAX)
		return -ENOENT;
	*ret = (struct stat){
		.st_ino = number,
		.st_mode = files[file].mode,
		.st_nlink = 1,
		.st_uid = geteuid(),
		.st_gid = getegid(),
		.st_blksize = 4096,
	};
	if (S_ISDIR(ret->st_mode))
		ret->st_nlink = 2 + count_directories(machine, file);
	else if (files[file].parent != FILE_PROC)
		/* as in sysfs; and two writes at a time need a file that long */
		ret->st_size = 4096;
	return 0;
}

int file_readlink(const struct machine *machine, ino number, char *target, size_t size)
{
	const struct block *block = ino_block(machine, number);

	if (!file_exists(machine, number))
		return -ENOENT;
	switch (ino_file(number)) {
	case FILE_BLOCK_NODE:
		snprintf(target, size, "../../node/node%u", ino_node(number));
		return 0;
	case FILE_NODE_BLOCK:
		snprintf(target, size, "../../memory/memory%" PRIu64, block->index);
		return 0;
	case FILE_FIRMWARE_NODE:
		snprintf(target, size, "../../../LNXSYSTM:00/%s", block->device);
		return 0;
	default:
		return -EINVAL;
	}
}

/* ---- Listing ---- */

/* Cookies: 1 and 2 for "." and "..", then the files of the table, then numbered ones. */
#define COOKIE_FILES UINT64_C(16)
#define COOKIE_NUMBERED UINT64_C(4096)

static bool next_named(const struct machine *machine, ino parent, uint64_t *cookie,
		       char name[64], ino *ret)
{
	uint64_t i = *cookie < COOKIE_FILES ? 0 : *cookie - COOKIE_FILES;

	for (; i + 1 < _FILE_MAX; i++) {
		enum file file = (enum file)(i + 1);

		*ret = child(file, parent);
		if (files[file].parent != ino_file(parent) || !files[file].name ||
		    !file_exists(machine, *ret))
			continue;
		snprintf(name, 64, "%s", files[file].name);
		*cookie = COOKIE_FILES + i + 1;
		return true;
	}
	return false;
}

static bool next_block(const struct machine *machine, enum file file, unsigned int node,
		       uint64_t *cookie, char name[64], ino *ret)
{
	uint64_t index = *cookie - COOKIE_NUMBERED;
	size_t low = machine_position(machine, index);

	for (; low < machine->nblocks; low++) {
		const struct block *block = machine->blocks[low];

		if (lookup_block(machine, file, node, block->index, ret) < 0)
			continue;
		snprintf(name, 64, "memory%" PRIu64, block->index);
		*cookie = COOKIE_NUMBERED + block->index + 1;
		return true;
	}
	return false;
}

static bool next_node(uint64_t nodes, ino parent, enum file file, uint64_t *cookie,
		      char name[64], ino *ret)
{
	for (uint64_t node = *cookie - COOKIE_NUMBERED; node < NODES_MAX; node++) {
		if (!(nodes >> node & 1))
			continue;
		*ret = file == FILE_NODE
			       ? make_ino(file, (unsigned int) node, 0, 0)
			       : make_ino(file, (unsigned int) node,
					  ino_incarnation(parent), (uint32_t) parent);
		snprintf(name, 64, "node%u", (unsigned int) node);
		*cookie = COOKIE_NUMBERED + node + 1;
		return true;
	}
	return false;
}

static bool next_device(const struct machine *machine, uint64_t *cookie, char name[64],
			ino *ret)
{
	for (uint64_t i = *cookie - COOKIE_NUMBERED; i < machine->nblocks; i++) {
		const struct block *block = machine->blocks[i];

		if (!block->present || !is_acpi(block) ||
		    device_first(machine, block->device) != block)
			continue;
		*ret = make_ino(FILE_ACPI_DEVICE, 0, 0, block->slot);
		snprintf(name, 64, "%s", block->device);
		*cookie = COOKIE_NUMBERED + i + 1;
		return true;
	}
	return false;
}

bool file_next(const struct machine *machine, ino parent, uint64_t *cookie, char name[64],
	       ino *ret)
{
	const struct block *block = ino_block(machine, parent);

	if (!file_exists(machine, parent))
		return false;
	if (*cookie < 2) {
		snprintf(name, 64, "%s", *cookie ? ".." : ".");
		*ret = parent;
		++*cookie;
		return true;
	}
	if (*cookie < COOKIE_NUMBERED) {
		if (next_named(machine, parent, cookie, name, ret))
			return true;
		*cookie = COOKIE_NUMBERED;
	}
	switch (ino_file(parent)) {
	case FILE_MEMORY:
		return next_block(machine, FILE_BLOCK, 0, cookie, name, ret);
	case FILE_FIRMWARE_MEMORY:
		return next_block(machine, FILE_FIRMWARE_BLOCK, 0, cookie, name, ret);
	case FILE_NODE:
		return next_block(machine, FILE_NODE_BLOCK, ino_node(parent), cookie,
				  name, ret);
	case FILE_NODES:
		return next_node(machine->nodes, parent, FILE_NODE, cookie, name, ret);
	case FILE_BLOCK:
		return next_node(block->nodes, parent, FILE_BLOCK_NODE, cookie, name,
				 ret);
	case FILE_ACPI:
		return next_device(machine, cookie, name, ret);
	default:
		return false;
	}
}
