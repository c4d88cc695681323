/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel in small: state_store() and valid_zones_show() of drivers/base/memory.c, the
 * two attributes of drivers/s390/char/sclp_mem.c. Then a run, and its results compared
 * field by field.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply.h"
#include "machine.h"
#include "util.h"
#include "sysroot.h"
#include "tap.h"

void machine_init(struct machine *machine)
{
	*machine = (struct machine){ .system = NULL };
	fake_init(&machine->fake);
	machine->fake.data = machine;
	fake_add(&machine->fake, SYSROOT_BLOCK_SIZE, "8000000\n");
}

void machine_done(struct machine *machine)
{
	bool opened = machine->system;

	free(machine->blocks);
	memblk_system_free(machine->system);
	check_uint(machine->fake.nfrees, opened);
	check_closed(&machine->fake);
	fake_done(&machine->fake);
}

struct fake_file *machine_file(struct machine *machine, uint64_t index, const char *name)
{
	char path[SYSROOT_PATH_MAX];

	return fake_find(&machine->fake,
			 sysroot_block_path(path, SYSROOT_MEMORY, index, name));
}

struct fake_file *machine_firmware_file(struct machine *machine, uint64_t index,
					const char *name)
{
	char path[SYSROOT_PATH_MAX];

	return fake_find(&machine->fake,
			 sysroot_block_path(path, SYSROOT_FIRMWARE, index, name));
}

/* TEXT with a newline, as the kernel shows it. */
static void show(struct fake_file *file, const char *text)
{
	char line[64];

	snprintf(line, sizeof(line), "%s\n", text);
	fake_set(file, line);
}

static bool shows(const struct fake_file *file, const char *text)
{
	size_t length = strlen(text);

	return file->length == length + 1 && !memcmp(file->text, text, length);
}

static struct fake_file *add_file(struct machine *machine, const char *directory,
				  uint64_t index, const char *name, const char *text,
				  fake_write_fn write_fn)
{
	char path[SYSROOT_PATH_MAX];
	struct fake_file *file = fake_add(
		&machine->fake, sysroot_block_path(path, directory, index, name), "");

	show(file, text);
	file->tag = index;
	file->write_fn = write_fn;
	return file;
}

/* ---- devices/system/memory ---- */

static int go_offline(struct fake_file *state, struct fake_file *zones)
{
	if (!shows(state, "online") || (zones && shows(zones, "none")))
		return -EINVAL;
	show(state, "offline");
	if (zones)
		show(zones, "Normal Movable");
	return 0;
}

/* The one zone of valid_zones that WORD chooses. */
static const char *choose_zone(const struct fake_file *zones, const char *word)
{
	bool movable_first = zones->length >= 7 && !memcmp(zones->text, "Movable", 7);

	if (!strcmp(word, "online_movable"))
		return "Movable";
	return movable_first && !strcmp(word, "online") ? "Movable" : "Normal";
}

static int go_online(struct fake_file *state, struct fake_file *zones, const char *word)
{
	if (!shows(state, "offline"))
		return -EINVAL;
	show(state, "online");
	if (zones)
		show(zones, choose_zone(zones, word));
	return 0;
}

static int write_state(struct fake *fake, struct fake_file *file, const char *word)
{
	struct fake_file *zones = machine_file(fake->data, file->tag, "valid_zones");

	if (!strcmp(word, "offline"))
		return go_offline(file, zones);
	if (!strcmp(word, "online") || !strcmp(word, "online_kernel") ||
	    !strcmp(word, "online_movable"))
		return go_online(file, zones, word);
	return -EINVAL;
}

void machine_add(struct machine *machine, uint64_t index, const char *state,
		 const char *zones)
{
	add_file(machine, SYSROOT_MEMORY, index, "state", state, write_state);
	if (zones)
		add_file(machine, SYSROOT_MEMORY, index, "valid_zones", zones, NULL);
}

/* ---- Pages ---- */

void machine_add_pages(struct machine *machine, uint64_t last)
{
	uint64_t size = MACHINE_PAGES * (uint64_t) sysconf(_SC_PAGESIZE);
	size_t npages = (size_t) (last + 1) * MACHINE_PAGES;
	_cleanup_free_ uint64_t *flags = calloc(npages, sizeof(*flags));
	char text[64];

	if (!flags)
		abort();
	snprintf(text, sizeof(text), "%" PRIx64 "\n", size);
	fake_set(fake_find(&machine->fake, SYSROOT_BLOCK_SIZE), text);
	snprintf(text, sizeof(text), "0-%" PRIx64 " : System RAM\n",
		 (last + 1) * size - 1);
	fake_add(&machine->fake, SYSROOT_IOMEM, text);
	for (size_t i = 0; i < npages; i++)
		flags[i] = PAGE_FREE;
	fake_set_bytes(fake_add(&machine->fake, SYSROOT_KPAGEFLAGS, ""), flags,
		       npages * sizeof(*flags));
}

void machine_set_pages(struct machine *machine, uint64_t index, size_t offset,
		       size_t npages, uint64_t flags)
{
	struct fake_file *file = fake_find(&machine->fake, SYSROOT_KPAGEFLAGS);
	size_t first = (size_t) index * MACHINE_PAGES + offset;

	for (size_t i = first; i < first + npages; i++)
		memcpy(file->text + i * sizeof(flags), &flags, sizeof(flags));
}

/* ---- firmware/memory ---- */

static void remove_block(struct machine *machine, const char *directory, uint64_t index)
{
	char path[SYSROOT_PATH_MAX];

	fake_remove(&machine->fake, sysroot_block_path(path, directory, index, ""));
}

void machine_remove(struct machine *machine, uint64_t index)
{
	remove_block(machine, SYSROOT_MEMORY, index);
	remove_block(machine, SYSROOT_FIRMWARE, index);
}

int machine_write_config(struct fake *fake, struct fake_file *file, const char *word)
{
	struct machine *machine = fake->data;
	struct fake_file *state = machine_file(machine, file->tag, "state");

	if (strcmp(word, "0") && strcmp(word, "1"))
		return -EINVAL;
	if (shows(file, word))
		return 0;
	if (!strcmp(word, "0")) {
		if (state && !shows(state, "offline"))
			return -EBUSY;
		remove_block(machine, SYSROOT_MEMORY, file->tag);
	} else if (!state) {
		machine_add(machine, file->tag,
			    machine->auto_online ? "online" : "offline",
			    machine->auto_online ?: "Normal Movable");
		if (machine->state_fn)
			machine_file(machine, file->tag, "state")
				->write_fn = machine->state_fn;
	}
	show(file, word);
	return 0;
}

static int write_memmap(struct fake *fake, struct fake_file *file, const char *word)
{
	struct fake_file *config = machine_firmware_file(fake->data, file->tag,
							 MEMCONFIG_CONFIG);

	if (shows(config, "1"))
		return -EBUSY;
	show(file, word);
	return 0;
}

void machine_add_firmware(struct machine *machine, uint64_t index, const char *config,
			  const char *memmap)
{
	add_file(machine, SYSROOT_FIRMWARE, index, MEMCONFIG_CONFIG, config,
		 machine_write_config);
	add_file(machine, SYSROOT_FIRMWARE, index, MEMCONFIG_MEMMAP, memmap,
		 write_memmap);
}

/* ---- A run ---- */

static const struct memblk_bounds no_bounds = {
	.try_timeout_ms = MEMBLK_FOREVER,
	.deadline_ms = MEMBLK_FOREVER,
};

struct memblk_request request_by_size(enum memblk_command command, uint64_t nblocks)
{
	return (struct memblk_request){
		.command = command,
		.selection = { .kind = MEMBLK_SELECTION_SIZE, .nblocks = nblocks },
		.bounds = no_bounds,
	};
}

struct memblk_request request_by_range(enum memblk_command command, uint64_t first,
				       uint64_t last)
{
	/* no test has more of them at once */
	static struct memblk_range ranges[16];
	static size_t nranges;
	struct memblk_range *range = &ranges[nranges++ % ARRAY_SIZE(ranges)];

	*range = (struct memblk_range){ first, last };
	return (struct memblk_request){
		.command = command,
		.selection = { .kind = MEMBLK_SELECTION_BLOCKS, .ranges = { range, 1 } },
		.bounds = no_bounds,
	};
}

bool machine_plan(struct machine *machine, struct memblk_request request)
{
	enum memblk_system_step step;
	size_t nblocks = 0;

	if (!machine->system &&
	    !check_int(system_open(fake_sysfs(&machine->fake), &machine->system, &step),
		       0))
		return false;

	free(machine->blocks);
	machine->blocks = NULL;
	machine->request = request;
	machine->plan.nblocks = 0;
	machine->nresults = 0;
	if (!check_int(memblk_scan(machine->system, &request.selection, &machine->blocks,
				   &nblocks),
		       0))
		return false;
	memblk_plan_init(&machine->plan, &machine->request, machine->blocks, nblocks);
	return true;
}

void machine_add_result(const struct memblk_result *result, void *data)
{
	struct machine *machine = data;

	if (check(machine->nresults < MACHINE_RESULTS_MAX))
		machine->results[machine->nresults++] = *result;
}

void machine_apply(struct machine *machine)
{
	struct progress progress = { .write_since_ms = 0 };

	machine->fake.log[0] = '\0';
	apply_plan(machine->system, &machine->request, &machine->plan, &progress,
		   machine_add_result, machine, &machine->outcome);
}

void machine_run(struct machine *machine, struct memblk_request request)
{
	if (machine_plan(machine, request))
		machine_apply(machine);
}

/* ---- Results ---- */

static void check_field(struct tap_place place, size_t number, const char *field,
			uintmax_t got, uintmax_t expected)
{
	char expression[64];

	snprintf(expression, sizeof(expression), "%s of result %zu", field, number);
	place.expression = expression;
	tap_check_uint(place, got, expected);
}

/* The kernel said no, in whatever words. */
static bool is_answer(enum memblk_reason reason)
{
	return reason >= MEMBLK_REASON_ERRNO && reason <= MEMBLK_REASON_CONFIGURED;
}

static void check_result(struct tap_place place, size_t number,
			 const struct memblk_result *got,
			 const struct memblk_result *expected)
{
	check_field(place, number, "index", got->index, expected->index);
	check_field(place, number, "status", got->status, expected->status);
	check_field(place, number, "configured", got->configured, expected->configured);
	check_field(place, number, "switched", got->switched, expected->switched);
	check_field(place, number, "deconfigured", got->deconfigured,
		    expected->deconfigured);
	check_field(place, number, "already_deconfigured", got->already_deconfigured,
		    expected->already_deconfigured);
	check_field(place, number, "was", got->was, expected->was);
	/* the step is that of a failure, and means nothing without one */
	if (expected->status == MEMBLK_STATUS_FAILED ||
	    expected->status == MEMBLK_STATUS_STUCK)
		check_field(place, number, "step", got->step, expected->step);
	/* what an errno means for which step is a matter of its own, see test-reason.c */
	if (expected->reason != MEMBLK_REASON_ERRNO || !is_answer(got->reason))
		check_field(place, number, "reason", got->reason, expected->reason);
	check_field(place, number, "zone", got->zone, expected->zone);
	check_field(place, number, "error", (uintmax_t) got->error,
		    (uintmax_t) expected->error);
	check_field(place, number, "deconfigure_error",
		    (uintmax_t) got->deconfigure_error,
		    (uintmax_t) expected->deconfigure_error);
	check_field(place, number, "left_bytes", got->left_bytes, expected->left_bytes);
	check_field(place, number, "wanted_bytes", got->wanted_bytes,
		    expected->wanted_bytes);
}

void machine_check_results(struct tap_place place, const struct machine *machine,
			   const struct memblk_result *expected, size_t nexpected)
{
	place.expression = "number of results";
	tap_check_uint(place, machine->nresults, nexpected);
	for (size_t i = 0; i < nexpected && i < machine->nresults; i++)
		check_result(place, i, &machine->results[i], &expected[i]);
}
