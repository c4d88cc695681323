/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which device brought a block: a driver that gave its name to the memory, a DIMM that
 * ACPI knows, or none, for memory that was there at boot.
 */
#ifndef MEMBLK_DEVICE_H
#define MEMBLK_DEVICE_H

#include "block.h"
#include "iomem.h"

/* What memory is of that no device brought. */
#define DEVICE_BOOT "boot"

/* Whether DEVICE is named as ACPI names its devices: PNP0C80:00. */
bool device_is_acpi(const char *device);

/*
 * Writes the device of block INDEX to RET, as struct memblk_info has it. IOMEM is NULL
 * where it could not be read: then only a device of ACPI is known.
 */
void device_find(const struct memblk_system *system, const struct iomem *iomem,
		 uint64_t index, char ret[MEMBLK_DEVICE_MAX]);

/* Whether virtio-mem brought block INDEX; false where IOMEM is NULL. */
bool device_is_virtio_mem(const struct memblk_system *system, const struct iomem *iomem,
			  uint64_t index);

/* Whether no device brought block INDEX; false where IOMEM is NULL. */
bool device_is_boot(const struct memblk_system *system, const struct iomem *iomem,
		    uint64_t index);

/*
 * Leaves those in BLOCKS, *NBLOCKS numbers, that DEVICE brought. What is of no device
 * that is known is not of this one. -ENOMEM; nothing else.
 */
int blocks_filter_by_device(const struct memblk_system *system, const char *device,
			    uint64_t *blocks, size_t *nblocks);

#endif
