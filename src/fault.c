/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why nothing can be done. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "output.h"

static void report_no_directory(int error, const char *sysroot)
{
	struct memblk_mount mount;
	const char *path = memblk_memory_path(), *reason = strerror(error);

	if (memblk_mount_find(sysroot, &mount) < 0) {
		report_error("cannot open %s: %s", path, reason);
		return;
	}
	if (mount.expected)
		report_error("cannot open %s: %s", path, reason);
	else if (mount.elsewhere)
		report_error("cannot open %s: %s (sysfs is mounted on %s)", path, reason,
			     mount.elsewhere);
	else
		report_error("cannot open %s: %s (sysfs is not mounted)", path, reason);
	memblk_mount_done(&mount);
}

static void report_unreadable(const char *path, const char *reason)
{
	report_error("Failed to read %s: %s", path, reason);
}

void report_system_fault(enum memblk_system_step step, int error, const char *sysroot)
{
	if (step == MEMBLK_SYSTEM_MEMORY && (error == ENOENT || error == ENOTDIR))
		report_no_directory(error, sysroot);
	else if (step == MEMBLK_SYSTEM_BLOCK_SIZE && error == EBADMSG)
		report_unreadable(memblk_memory_path(),
				  "block_size_bytes is not a power of two");
	else if (step == MEMBLK_SYSTEM_FIRMWARE)
		report_unreadable(memblk_firmware_path(), strerror(error));
	else
		report_unreadable(memblk_memory_path(), strerror(error));
}

void report_read_only(const char *sysroot)
{
	struct memblk_mount mount;

	if (memblk_mount_find(sysroot, &mount) < 0)
		return;
	if (mount.read_only)
		report_error("%s is mounted read-only", mount.read_only_path);
	memblk_mount_done(&mount);
}

void report_blocks_fault(int error)
{
	report_unreadable(memblk_memory_path(), error == ENODATA
							? "there are no memory blocks"
							: strerror(error));
}

/* Faults whose line names the part of the operand between two strings. */
static const struct {
	const char *before, *after;
} fault_words[_MEMBLK_FAULT_MAX] = {
	[MEMBLK_FAULT_PARAMETER] = { "Invalid parameter: ", "" },
	[MEMBLK_FAULT_SIZE] = { "Failed to parse size: '", "'" },
	[MEMBLK_FAULT_SIZE_IS_ADDRESS] = { "Failed to parse size: '", "'" },
	[MEMBLK_FAULT_SIZE_IS_BLOCKS] = { "Failed to parse size: '", "'" },
	[MEMBLK_FAULT_SIZE_WITHOUT_UNIT] = { "Failed to parse size: '",
					     "': it needs a unit, as in 3G" },
	[MEMBLK_FAULT_START_FORMAT] = { "Invalid start address format: ", "" },
	[MEMBLK_FAULT_START_IS_BLOCK] = { "Invalid start address format: ",
					  " (-b takes block numbers)" },
	[MEMBLK_FAULT_END_FORMAT] = { "Invalid end address format: ", "" },
	[MEMBLK_FAULT_START_ADDRESS] = { "Failed to parse start address: '", "'" },
	[MEMBLK_FAULT_END_ADDRESS] = { "Failed to parse end address: '", "'" },
	[MEMBLK_FAULT_BLOCK] = { "Failed to parse block number: '", "'" },
	[MEMBLK_FAULT_BLOCK_START] = { "Failed to parse start: '", "'" },
	[MEMBLK_FAULT_BLOCK_END] = { "Failed to parse end: '", "'" },
	[MEMBLK_FAULT_RANGE] = { "Invalid range: ", "" },
};

static void report_part(const struct memblk_fault *fault)
{
	const char *reason = "", *hint = "";

	if (fault->kind == MEMBLK_FAULT_SIZE ||
	    fault->kind == MEMBLK_FAULT_SIZE_IS_ADDRESS ||
	    fault->kind == MEMBLK_FAULT_SIZE_IS_BLOCKS || fault->error == ERANGE)
		reason = strerror(fault->error);
	if (fault->kind == MEMBLK_FAULT_SIZE_IS_ADDRESS)
		hint = " (a range of addresses is 0x<first byte>-0x<last byte>)";
	if (fault->kind == MEMBLK_FAULT_SIZE_IS_BLOCKS)
		hint = " (-b takes block numbers)";

	report_error("%s%.*s%s%s%s%s", fault_words[fault->kind].before,
		     (int) fault->length, fault->text, fault_words[fault->kind].after,
		     *reason ? ": " : "", reason, hint);
}

void report_fault(const struct memblk_fault *fault, uint64_t block_size_bytes)
{
	char size[MEMBLK_SIZE_STRING_MAX];

	memblk_size_to_string(block_size_bytes, size);
	switch (fault->kind) {
	case MEMBLK_FAULT_SIZE_TOO_LARGE:
		report_error("Size too large");
		break;
	case MEMBLK_FAULT_SIZE_UNALIGNED:
		report_error("Size must be aligned to memory block size (%s)", size);
		break;
	case MEMBLK_FAULT_ADDRESS_UNALIGNED:
		report_error("Start address and (end address + 1) must be aligned to "
			     "memory block size (%s)",
			     size);
		break;
	default:
		report_part(fault);
	}
}

void report_unknown_zone(const char *name)
{
	report_error("unknown memory zone: %s", name);
	report_try_help();
}

void report_bad_nodes(const char *text, int error)
{
	if (error == ERANGE)
		report_error("Invalid value of --node: '%s': %s", text, strerror(error));
	else
		report_error("Invalid value of --node: '%s', it must be a list of nodes, "
			     "as in 0,2-3",
			     text);
}

/* With commas between them; NULL if there are none. The caller frees it. */
static char *name_devices(const struct memblk_devices *devices)
{
	char *names = NULL;
	size_t size;
	FILE *stream;

	if (!devices->ndevices)
		return NULL;
	stream = open_memstream(&names, &size);
	if (!stream)
		return NULL;
	for (size_t i = 0; i < devices->ndevices; i++)
		fprintf(stream, "%s%s", i ? ", " : "", devices->name[i]);
	if (fclose(stream) == 0)
		return names;
	free(names);
	return NULL;
}

void report_device_fault(struct memblk_system *system, const char *device, int error)
{
	struct memblk_devices devices = { .ndevices = 0 };
	char *names = NULL;

	if (memblk_devices_list(system, &devices) == 0)
		names = name_devices(&devices);
	report_error("the memory of %s cannot be told from other memory without %s: "
		     "%s%s%s%s",
		     device, memblk_iomem_path(), strerror(error),
		     names ? " (that of " : "", names ? names : "", names ? " can)" : "");
	free(names);
	memblk_devices_done(&devices);
}

/* False if there is such a device after all. */
static bool report_unknown_device(struct memblk_system *system, const char *device)
{
	struct memblk_devices devices = { .ndevices = 0 };
	bool known = memblk_devices_list(system, &devices) == 0 &&
		     memblk_devices_has(&devices, device);
	char *names = name_devices(&devices);

	if (!known)
		report_error("there is no memory of device %s%s%s", device,
			     names ? "; there is of " : ", nor of any other",
			     names ? names : "");
	free(names);
	memblk_devices_done(&devices);

	return !known;
}

void report_no_blocks_of(struct memblk_system *system, const char *nodes,
			 const char *device)
{
	if (device && report_unknown_device(system, device))
		return;
	report_error("there is no such memory block of %s%s%s%s%s", nodes ? "node " : "",
		     nodes ? nodes : "", nodes && device ? " and " : "",
		     device ? "device " : "", device ? device : "");
}

void report_zones_ignored(void)
{
	report_error("zone ignored, no valid_zones sysfs attribute present");
}

void report_all_without_zones(void)
{
	report_error("--disable --all would take boot memory, too: "
		     "no valid_zones sysfs attribute present");
}

void report_not_configurable(enum memblk_command command)
{
	if (command == MEMBLK_COMMAND_CONFIGURE)
		report_error("Cannot configure. Use -e instead.");
	else
		report_error("Cannot deconfigure. Use -d instead.");
}

void report_no_memory(int error)
{
	report_error("cannot begin: %s", strerror(error));
}

void report_policy_unreadable(int error)
{
	report_error("Failed to read %s: %s%s", memblk_policy_path(), strerror(error),
		     error == ENOENT ? " (this kernel has no such policy)" : "");
}

void report_policy_unknown(void)
{
	report_error("%s has a word that is not known", memblk_policy_path());
}

void report_policy_fault(enum memblk_policy wanted,
			 const struct memblk_policy_change *change, const char *sysroot)
{
	const char *path = memblk_policy_path();

	if (change->write_error)
		report_error("Failed to write %s to %s: %s",
			     memblk_policy_to_string(wanted), path,
			     strerror(change->write_error));
	else if (change->read_error)
		report_error("%s was written to %s, which cannot be read any more: %s",
			     memblk_policy_to_string(wanted), path,
			     strerror(change->read_error));
	else
		report_error("%s was written to %s, which says %s now",
			     memblk_policy_to_string(wanted), path,
			     memblk_policy_to_string(change->after) ?: "something else");
	if (change->write_error == EROFS)
		report_read_only(sysroot);
}

void report_contents_fault(int error)
{
	report_error("what is in blocks cannot be seen, or not all of it: %s",
		     strerror(error));
}

void report_locked(int holder, bool going_on)
{
	char process[64] = "another process";

	if (holder)
		snprintf(process, sizeof(process), "process %d", holder);
	report_error("%s is locked by %s%s", memblk_memory_path(), process,
		     going_on ? ", going on without the lock" : "");
}
