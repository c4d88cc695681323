/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * auto_online_blocks: what the kernel does with memory blocks that are added later
 * (drivers/base/memory.c). A write takes no lock there, and touches no block.
 */
#include "config.h"

#include <string.h>

#include "block.h"
#include "sysroot.h"
#include "util.h"

static const char *const policy_names[_MEMBLK_POLICY_MAX] = {
	[MEMBLK_POLICY_OFFLINE] = "offline",
	[MEMBLK_POLICY_ONLINE] = "online",
	[MEMBLK_POLICY_ONLINE_KERNEL] = "online_kernel",
	[MEMBLK_POLICY_ONLINE_MOVABLE] = "online_movable",
};

const char *memblk_policy_to_string(enum memblk_policy policy)
{
	return policy_names[policy];
}

enum memblk_policy memblk_policy_from_string(const char *word)
{
	enum memblk_policy policy = _MEMBLK_POLICY_MAX - 1;

	while (policy != MEMBLK_POLICY_UNKNOWN && strcmp(word, policy_names[policy]))
		policy--;
	return policy;
}

const char *memblk_policy_path(void)
{
	return "/" SYSROOT_AUTO_ONLINE;
}

int memblk_policy_read(struct memblk_system *system, enum memblk_policy *ret)
{
	char text[SYSFS_TEXT_MAX + 1];
	int r;

	r = sysfs_read(&system->sysfs, SYSROOT_AUTO_ONLINE, text);
	if (r < 0)
		return r;
	*ret = memblk_policy_from_string(text);

	return 0;
}

/* Writes POLICY and finds out what came of it. */
static void set_policy(const struct sysfs *sysfs, struct attribute *attribute,
		       enum memblk_policy policy, struct memblk_policy_change *change)
{
	const struct limit none = { .try_ms = MEMBLK_FOREVER,
				    .deadline_ms = MEMBLK_FOREVER };

	change->write_error = -attribute_write(sysfs, attribute, policy_names[policy],
					       &none);
	change->after = MEMBLK_POLICY_UNKNOWN;
	change->read_error = -attribute_reread(sysfs, attribute);
	if (!change->read_error)
		change->after = memblk_policy_from_string(attribute->text);
}

int memblk_policy_set(struct memblk_system *system, enum memblk_policy policy,
		      bool dry_run, struct memblk_policy_change *ret)
{
	const struct sysfs *sysfs = &system->sysfs;
	struct attribute attribute;
	int r;

	r = attribute_open(sysfs, SYSROOT_AUTO_ONLINE, &attribute);
	if (r == 0) {
		enum memblk_policy before = memblk_policy_from_string(attribute.text);

		*ret = (struct memblk_policy_change){ .before = before, .after = policy };
		if (before != policy && !dry_run)
			set_policy(sysfs, &attribute, policy, ret);
	}
	attribute_close(sysfs, &attribute);

	return r;
}
