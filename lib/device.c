/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices of blocks, by /proc/iomem and by the links to the firmware's nodes. A link
 * costs three system calls, so that it is only read where the memory has no owner.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "device.h"
#include "sysroot.h"
#include "util.h"

/* Of the driver, and of the device that it stands for. */
#define VIRTIO_MEM_OWNER "virtio_mem"
#define VIRTIO_MEM "virtio-mem"

#define TARGET_MAX 4096

/* acpi_device_set_name() in drivers/acpi/scan.c of Linux: the hardware's ID, a number. */
bool device_is_acpi(const char *device)
{
	return strchr(device, ':');
}

/* ---- Of one block ---- */

static void set_name(char ret[MEMBLK_DEVICE_MAX], const char *name)
{
	/* cut, if it is too long to be kept */
	snprintf(ret, MEMBLK_DEVICE_MAX, "%.*s", MEMBLK_DEVICE_MAX - 1, name);
}

static const struct iomem_range *find_range(const struct memblk_system *system,
					    const struct iomem *iomem, uint64_t index)
{
	uint64_t size = system->block_size_bytes, first;

	if (!iomem || __builtin_mul_overflow(index, size, &first))
		return NULL;

	return iomem_find(iomem, first, first + (size - 1));
}

/* A driver that has to do with the memory gave it its name; others only added it. */
static bool find_owner(const struct iomem_range *range, char ret[MEMBLK_DEVICE_MAX])
{
	if (!range || !range->owner[0])
		return false;
	set_name(ret, strcmp(range->owner, VIRTIO_MEM_OWNER) ? range->owner : VIRTIO_MEM);

	return true;
}

bool device_is_virtio_mem(const struct memblk_system *system, const struct iomem *iomem,
			  uint64_t index)
{
	const struct iomem_range *range = find_range(system, iomem, index);

	return range && !strcmp(range->owner, VIRTIO_MEM_OWNER);
}

/* The last part of where the block's firmware_node leads, for a DIMM. */
static bool find_dimm(const struct memblk_system *system, uint64_t index,
		      char ret[MEMBLK_DEVICE_MAX])
{
	const struct sysfs *sysfs = &system->sysfs;
	char path[SYSROOT_PATH_MAX], target[TARGET_MAX];
	const char *name;
	ssize_t length;

	length = sysfs->io->readlink(
		sysfs->backend,
		sysroot_block_path(path, SYSROOT_MEMORY, index, SYSROOT_FIRMWARE_NODE),
		target, sizeof(target));
	if (length <= 0 || length == sizeof(target))
		return false;
	target[length] = '\0';
	name = strrchr(target, '/');
	name = name ? name + 1 : target;
	set_name(ret, name);

	return *name;
}

void device_find(const struct memblk_system *system, const struct iomem *iomem,
		 uint64_t index, char ret[MEMBLK_DEVICE_MAX])
{
	const struct iomem_range *range = find_range(system, iomem, index);

	if (!find_owner(range, ret) && !find_dimm(system, index, ret))
		set_name(ret, range ? DEVICE_BOOT : "");
}

bool device_is_boot(const struct memblk_system *system, const struct iomem *iomem,
		    uint64_t index)
{
	char name[MEMBLK_DEVICE_MAX];

	device_find(system, iomem, index, name);

	return !strcmp(name, DEVICE_BOOT);
}

/* ---- Of many ---- */

static bool block_is_of(const struct memblk_system *system, const struct iomem *iomem,
			const char *device, uint64_t index)
{
	char name[MEMBLK_DEVICE_MAX];

	if (find_owner(find_range(system, iomem, index), name))
		return !strcmp(name, device);
	/* what has no owner is of a DIMM, or of nobody */
	if (!device_is_acpi(device) && strcmp(device, DEVICE_BOOT))
		return false;
	device_find(system, iomem, index, name);

	return !strcmp(name, device);
}

int blocks_filter_by_device(const struct memblk_system *system, const char *device,
			    uint64_t *blocks, size_t *nblocks)
{
	_cleanup_(iomem_done) struct iomem iomem = { .nranges = 0 };
	size_t nleft = 0;
	int r;

	r = iomem_read(&system->sysfs, &iomem);
	if (r == -ENOMEM)
		return r;
	for (size_t i = 0; i < *nblocks; i++)
		if (block_is_of(system, r < 0 ? NULL : &iomem, device, blocks[i]))
			blocks[nleft++] = blocks[i];
	*nblocks = nleft;

	return 0;
}

int memblk_device_check(struct memblk_system *system, const char *device)
{
	_cleanup_(iomem_done) struct iomem iomem = { .nranges = 0 };

	return device_is_acpi(device) ? 0 : iomem_read(&system->sysfs, &iomem);
}

/* ---- All there are ---- */

bool memblk_devices_has(const struct memblk_devices *devices, const char *device)
{
	for (size_t i = 0; i < devices->ndevices; i++)
		if (!strcmp(devices->name[i], device))
			return true;
	return false;
}

static int devices_add(struct memblk_devices *devices, const char *device)
{
	char(*names)[MEMBLK_DEVICE_MAX];

	if (!*device || memblk_devices_has(devices, device))
		return 0;
	names = array_grow(devices->name, &devices->size, devices->ndevices,
			   sizeof(*names));
	if (!names)
		return -ENOMEM;
	devices->name = names;
	memcpy(devices->name[devices->ndevices++], device, strlen(device) + 1);

	return 0;
}

int memblk_devices_list(struct memblk_system *system, struct memblk_devices *ret)
{
	const struct memblk_selection all = { .kind = MEMBLK_SELECTION_ALL };
	_cleanup_(memblk_devices_done) struct memblk_devices devices = { .ndevices = 0 };
	_cleanup_(iomem_done) struct iomem iomem = { .nranges = 0 };
	_cleanup_free_ uint64_t *blocks = NULL;
	size_t nblocks = 0;
	int r;

	r = iomem_read(&system->sysfs, &iomem);
	if (r == -ENOMEM)
		return r;
	devices.error = -r;
	r = memblk_scan(system, &all, &blocks, &nblocks);
	for (size_t i = 0; i < nblocks && r == 0; i++) {
		char name[MEMBLK_DEVICE_MAX];

		device_find(system, devices.error ? NULL : &iomem, blocks[i], name);
		r = devices_add(&devices, name);
	}
	if (r < 0)
		return r;

	*ret = devices;
	devices.name = NULL;
	return 0;
}

void memblk_devices_done(struct memblk_devices *devices)
{
	free(devices->name);
	*devices = (struct memblk_devices){ .ndevices = 0 };
}
