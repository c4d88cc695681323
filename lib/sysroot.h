/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where things are below a root. The only place that spells paths of sysfs and procfs;
 * all are relative to the root.
 */
#ifndef MEMBLK_SYSROOT_H
#define MEMBLK_SYSROOT_H

#include <stdint.h>

#define SYSROOT_MEMORY "sys/devices/system/memory"
#define SYSROOT_BLOCK_SIZE SYSROOT_MEMORY "/block_size_bytes"
#define SYSROOT_AUTO_ONLINE SYSROOT_MEMORY "/auto_online_blocks"
#define SYSROOT_FIRMWARE "sys/firmware/memory"
#define SYSROOT_NODES "sys/devices/system/node"
#define SYSROOT_AUTO_MOVABLE_RATIO \
	"sys/module/memory_hotplug/parameters/auto_movable_ratio"
#define SYSROOT_ARCHITECTURE "proc/sys/kernel/arch"
#define SYSROOT_KMSG "dev/kmsg"
#define SYSROOT_IOMEM "proc/iomem"
#define SYSROOT_KPAGEFLAGS "proc/kpageflags"
#define SYSROOT_LOCKS "proc/locks"
#define SYSROOT_MEMINFO "proc/meminfo"
#define SYSROOT_SWAPS "proc/swaps"
#define SYSROOT_ZONEINFO "proc/zoneinfo"

/* In a block's directory, a link to what the firmware has of its device. */
#define SYSROOT_FIRMWARE_NODE "firmware_node"

#define SYSROOT_PATH_MAX 96

/*
 * NAME in the directory of block INDEX below DIRECTORY; the directory itself if NAME is
 * "".
 */
const char *sysroot_block_path(char path[SYSROOT_PATH_MAX], const char *directory,
			       uint64_t index, const char *name);

#endif
