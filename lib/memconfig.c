/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /sys/firmware/memory: blocks that the hypervisor backs only once they are configured
 * (s390, drivers/s390/char/sclp_mem.c of Linux 6.19 and later). Both attributes are 0 or
 * 1 there.
 */
#include "config.h"

#include <string.h>

#include "block.h"
#include "sysroot.h"
#include "util.h"

int memconfig_read(const struct memblk_system *system, uint64_t index, const char *name,
		   bool *ret)
{
	char path[SYSROOT_PATH_MAX], text[SYSFS_TEXT_MAX + 1];
	int r;

	r = sysfs_read(&system->sysfs,
		       sysroot_block_path(path, SYSROOT_FIRMWARE, index, name), text);
	if (r < 0)
		return r;
	if (strcmp(text, "0") && strcmp(text, "1"))
		return -EINVAL;
	*ret = text[0] == '1';

	return 0;
}

bool memconfig_is(const struct memblk_system *system, uint64_t index, const char *name,
		  bool wanted)
{
	bool value;

	return memconfig_read(system, index, name, &value) == 0 && value == wanted;
}

int memconfig_write(const struct memblk_system *system, uint64_t index, const char *name,
		    bool value, const struct limit *limit)
{
	char path[SYSROOT_PATH_MAX];

	return sysfs_write(&system->sysfs,
			   sysroot_block_path(path, SYSROOT_FIRMWARE, index, name),
			   value ? "1" : "0", limit);
}
