/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One memory block below devices/system/memory: its name, its state, its zones. Reads
 * only; what is written, and when, is the business of apply.c.
 *
 * `state` and `valid_zones` are all that is needed: `online` cannot be read while the
 * kernel takes the block offline (device_lock in online_show()), and `removable` says
 * nothing since Linux 5.7.
 */
#include "config.h"

#include <string.h>

#include "block.h"
#include "sysroot.h"
#include "util.h"

bool block_index_from_name(const char *name, uint64_t *ret)
{
	static const char prefix[] = "memory";
	const char *digits = name + sizeof(prefix) - 1;

	if (strncmp(name, prefix, sizeof(prefix) - 1) || (digits[0] == '0' && digits[1]))
		return false;

	return decimal_parse(digits, strlen(digits), ret) == 0;
}

bool block_exists(const struct memblk_system *system, uint64_t index)
{
	char path[SYSROOT_PATH_MAX];

	return sysfs_is_directory(
		&system->sysfs,
		sysroot_block_path(path, system_directory(system), index, ""));
}

const char *memblk_state_to_string(enum memblk_state state)
{
	static const char *const words[_MEMBLK_STATE_MAX] = {
		[MEMBLK_STATE_ONLINE] = "online",
		[MEMBLK_STATE_OFFLINE] = "offline",
		[MEMBLK_STATE_GOING_OFFLINE] = "going-offline",
	};

	return words[state];
}

enum memblk_state state_from_string(const char *text)
{
	static const struct {
		const char *word;
		enum memblk_state state;
	} words[] = {
		{ "online", MEMBLK_STATE_ONLINE },
		{ "offline", MEMBLK_STATE_OFFLINE },
		{ "going-offline", MEMBLK_STATE_GOING_OFFLINE },
		/* never shown by a kernel; plain files keep the word that was written */
		{ "online_movable", MEMBLK_STATE_ONLINE },
		{ "online_kernel", MEMBLK_STATE_ONLINE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(text, words[i].word))
			return words[i].state;

	return MEMBLK_STATE_UNKNOWN;
}

int block_state_open(const struct memblk_system *system, uint64_t index,
		     struct attribute *attribute, enum memblk_state *ret)
{
	char path[SYSROOT_PATH_MAX];
	int r;

	r = attribute_open(&system->sysfs,
			   sysroot_block_path(path, SYSROOT_MEMORY, index, "state"),
			   attribute);
	if (r < 0)
		return r;
	*ret = state_from_string(attribute->text);

	return 0;
}

int block_state_read(const struct memblk_system *system, uint64_t index,
		     enum memblk_state *ret)
{
	char path[SYSROOT_PATH_MAX], text[SYSFS_TEXT_MAX + 1];
	int r;

	r = sysfs_read(&system->sysfs,
		       sysroot_block_path(path, SYSROOT_MEMORY, index, "state"), text);
	if (r < 0)
		return r;
	*ret = state_from_string(text);

	return 0;
}

int block_zones_read(const struct memblk_system *system, uint64_t index,
		     struct zones *ret)
{
	char path[SYSROOT_PATH_MAX], text[SYSFS_TEXT_MAX + 1];
	int r;

	r = sysfs_read(&system->sysfs,
		       sysroot_block_path(path, SYSROOT_MEMORY, index, "valid_zones"),
		       text);
	if (r < 0)
		return r;
	zones_parse(text, ret);

	return 0;
}
