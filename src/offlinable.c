/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words for pages. Nothing is printed here. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "offlinable.h"

const char *offlinable_to_string(enum memblk_offlinable offlinable)
{
	static const char *const words[_MEMBLK_OFFLINABLE_MAX] = {
		[MEMBLK_OFFLINABLE_UNKNOWN] = "",
		[MEMBLK_OFFLINABLE_YES] = "yes",
		[MEMBLK_OFFLINABLE_LIKELY] = "likely",
		[MEMBLK_OFFLINABLE_NO] = "no",
	};

	return words[offlinable];
}

static const char *pages_to_string(uint32_t npages, const char *before,
				   const char *behind, char buffer[CONTENTS_STRING_MAX])
{
	snprintf(buffer, CONTENTS_STRING_MAX, "%" PRIu32 " %spage%s%s", npages, before,
		 npages == 1 ? "" : "s", behind);
	return buffer;
}

/* Where a part of what was to be looked at could not be: who looks is told elsewhere why.
 */
static const char *unseen_to_string(const struct memblk_info *info)
{
	if (info->contents_error)
		return "";

	return info->offlinable == MEMBLK_OFFLINABLE_LIKELY ? "may have holes"
							    : "its zone is not known";
}

const char *obstacle_to_string(const struct memblk_info *info,
			       const struct memblk_contents *contents,
			       char buffer[CONTENTS_STRING_MAX])
{
	switch (info->obstacle) {
	case MEMBLK_OBSTACLE_ZONES:
		return "valid_zones is none";
	case MEMBLK_OBSTACLE_HOLES:
		return "has holes";
	case MEMBLK_OBSTACLE_BOOT:
		return "arm64 keeps boot memory";
	case MEMBLK_OBSTACLE_RESERVED:
	case MEMBLK_OBSTACLE_KERNEL:
		return contents_to_string(contents, buffer);
	case MEMBLK_OBSTACLE_UNKNOWN:
		return pages_to_string(contents->nunknown, "", " of unknown use", buffer);
	case MEMBLK_OBSTACLE_UNSEEN:
		return unseen_to_string(info);
	case MEMBLK_OBSTACLE_HUGE:
		return pages_to_string(contents->nhuge, "", " of hugetlbfs", buffer);
	case MEMBLK_OBSTACLE_POISONED:
		return pages_to_string(contents->npoisoned, "broken ", "", buffer);
	case MEMBLK_OBSTACLE_UNPLUGGED:
		return pages_to_string(contents->nunplugged, "unplugged ", "", buffer);
	case MEMBLK_OBSTACLE_IN_USE:
		return pages_to_string(contents->nmovable, "", " to be moved", buffer);
	default:
		return "";
	}
}
