/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What there is to be told, as text. Nothing is printed here. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "words.h"

static const char *const command_verbs[_MEMBLK_COMMAND_MAX] = {
	[MEMBLK_COMMAND_ENABLE] = "enable",
	[MEMBLK_COMMAND_DISABLE] = "disable",
	[MEMBLK_COMMAND_CONFIGURE] = "configure",
	[MEMBLK_COMMAND_DECONFIGURE] = "deconfigure",
};

static const char *const step_names[_MEMBLK_STEP_MAX] = {
	[MEMBLK_STEP_ENABLE] = "enable",
	[MEMBLK_STEP_DISABLE] = "disable",
	[MEMBLK_STEP_CONFIGURE] = "configure",
	[MEMBLK_STEP_DECONFIGURE] = "deconfigure",
	[MEMBLK_STEP_MEMMAP] = "memmap-on-memory",
};

const char *command_to_string(enum memblk_command command)
{
	return command_verbs[command];
}

const char *step_to_string(enum memblk_step step)
{
	return step_names[step];
}

const char *block_to_string(uint64_t index, uint64_t block_size_bytes,
			    char buffer[BLOCK_STRING_MAX])
{
	uint64_t start = index * block_size_bytes;

	snprintf(buffer, BLOCK_STRING_MAX,
		 "Memory Block %" PRIu64 " (0x%016" PRIx64 "-0x%016" PRIx64 ")", index,
		 start, start + block_size_bytes - 1);
	return buffer;
}

const char *error_to_string(int error)
{
	return error == EBADMSG ? "its content cannot be understood" : strerror(error);
}

/* What is known beyond the text of the errno. */
static const char *const hints[_MEMBLK_REASON_MAX] = {
	[MEMBLK_REASON_GONE] = "the block was removed meanwhile",
	[MEMBLK_REASON_BUSY] = "in use for the moment",
	[MEMBLK_REASON_UNMOVABLE] =
		"it holds what cannot be moved, or is in use elsewhere",
	[MEMBLK_REASON_NEVER] = "it has holes, or lies in several zones or nodes",
	[MEMBLK_REASON_NO_HOTREMOVE] = "this kernel takes no memory offline",
	[MEMBLK_REASON_WORD_REFUSED] = "an old kernel may not take this zone here",
	[MEMBLK_REASON_VETO] = "not for want of permission, a part of the kernel objects",
	[MEMBLK_REASON_POISONED] = "a page of it is broken",
	[MEMBLK_REASON_NO_MEMORY] = "the kernel itself is short of memory",
	[MEMBLK_REASON_AGAIN] = "the kernel gave up for now",
	[MEMBLK_REASON_NO_STORAGE] = "the hypervisor did not give or take the storage",
	[MEMBLK_REASON_ADDRESS_TAKEN] = "something else is at its addresses",
	[MEMBLK_REASON_NO_MEMMAP] = "the kernel runs without memmap_on_memory",
	[MEMBLK_REASON_CONFIGURED] = "it must be offline, or not configured, first",
};

/* Reasons without an errno. */
static const char *const plain_words[_MEMBLK_REASON_MAX] = {
	[MEMBLK_REASON_TIMEOUT] = "given up, the time of --timeout is up",
	[MEMBLK_REASON_INTERRUPTED] = "interrupted",
	[MEMBLK_REASON_LOCKED] = "another memory hot-plug operation is in progress",
	[MEMBLK_REASON_LOST] = "the process that worked on it was killed",
	[MEMBLK_REASON_NOT_TRIED] = "not tried any more",
	[MEMBLK_REASON_ZONE_MISMATCH] = "Zone mismatch",
	[MEMBLK_REASON_ZONE_NOT_SINGLE] = "valid_zones is none, it can never go offline",
	[MEMBLK_REASON_HOLES] = "it has holes, it can never go offline",
	[MEMBLK_REASON_NOT_CONFIGURED] = "not configured",
	[MEMBLK_REASON_MUST_DECONFIGURE] = "must be deconfigured before using -m option",
	[MEMBLK_REASON_MUST_BE_OFFLINE] = "must be offline before deconfiguration",
};

/* What there would be too little of. */
static const char *const spare_words[_MEMBLK_REASON_MAX] = {
	[MEMBLK_REASON_SPARE_MEMORY] = "of memory available",
	[MEMBLK_REASON_SPARE_NODES] = "of memory available on the other nodes",
	[MEMBLK_REASON_SPARE_KERNEL] = "of memory free outside zone Movable",
	[MEMBLK_REASON_SPARE_RATIO] = "of memory outside zone Movable",
};

static const char *spare_to_string(const struct memblk_result *result,
				   char buffer[REASON_STRING_MAX])
{
	char left[MEMBLK_SIZE_STRING_MAX], wanted[MEMBLK_SIZE_STRING_MAX];

	if (result->wanted_bytes == UINT64_MAX)
		return "zone Movable may not hold any memory, says auto_movable_ratio "
		       "(--keep-free 0 takes it anyway)";
	snprintf(buffer, REASON_STRING_MAX,
		 "it would leave %s %s where %s must be (--keep-free 0 takes it anyway)",
		 memblk_size_to_string(result->left_bytes, left),
		 spare_words[result->reason],
		 memblk_size_to_string(result->wanted_bytes, wanted));
	return buffer;
}

/* ---- What is known beyond the kernel's answer ---- */

const char *contents_to_string(const struct memblk_contents *contents,
			       char buffer[CONTENTS_STRING_MAX])
{
	const struct {
		uint32_t npages;
		const char *name;
	} kinds[] = {
		{ contents->nslab, "slab" },
		{ contents->npgtable, "page-table" },
		{ contents->nreserved, "reserved" },
		{ contents->nkernel, "other kernel" },
		{ contents->nunknown, "unknown" },
	};
	uint64_t npages = 0;
	size_t length = 0;

	buffer[0] = '\0';
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!kinds[i].npages)
			continue;
		length += (size_t) snprintf(buffer + length, CONTENTS_STRING_MAX - length,
					    "%s%" PRIu32 " %s", npages ? ", " : "",
					    kinds[i].npages, kinds[i].name);
		npages += kinds[i].npages;
	}
	if (npages)
		snprintf(buffer + length, CONTENTS_STRING_MAX - length, " page%s",
			 npages == 1 ? "" : "s");
	return buffer;
}

/* What the kernel said of a page, as a clause; false if it said nothing. */
static bool print_witness(const struct memblk_witness *witness, FILE *stream)
{
	switch (witness->kind) {
	case MEMBLK_WITNESS_MIGRATION:
		fprintf(stream, "; the kernel could not move page frame 0x%" PRIx64,
			witness->pfn);
		if (witness->error)
			fprintf(stream, " (%s)", strerror(witness->error));
		return true;
	case MEMBLK_WITNESS_ISOLATION:
		fprintf(stream, "; the kernel could not isolate page frame 0x%" PRIx64,
			witness->pfn);
		return true;
	case MEMBLK_WITNESS_UNMOVABLE:
		fprintf(stream, "; page frame 0x%" PRIx64 " cannot be moved",
			witness->pfn);
		return true;
	default:
		return false;
	}
}

/* Pages of no known kind may well be free: they are only told beside others. */
static bool print_contents(const struct memblk_result *result, FILE *stream)
{
	const struct memblk_contents *contents = &result->contents;
	char text[CONTENTS_STRING_MAX];

	if (!result->has_contents || !(contents->nslab || contents->npgtable ||
				       contents->nreserved || contents->nkernel))
		return false;
	fprintf(stream, "; it holds %s", contents_to_string(contents, text));
	return true;
}

/* TEXT, and what there is to know beside it; in BUFFER, unless that is nothing. */
static const char *with_facts(struct memblk_system *system,
			      const struct memblk_result *result, const char *text,
			      char buffer[REASON_STRING_MAX])
{
	const char *hint = result->error ? hints[result->reason] : NULL;
	char whole[REASON_STRING_MAX] = "";
	FILE *stream = fmemopen(whole, sizeof(whole), "w");
	bool any;

	if (!stream) {
		snprintf(buffer, REASON_STRING_MAX, "%s", text);
		return buffer;
	}
	fputs(text, stream);
	any = print_witness(&result->witness, stream);
	any = print_contents(result, stream) || any;
	if (!any && hint && memblk_system_is_transparent(system))
		fprintf(stream, "; %s", hint);
	fclose(stream);
	memcpy(buffer, whole, sizeof(whole));

	return buffer;
}

static const char *with_error(const char *words_before, int error,
			      char buffer[REASON_STRING_MAX])
{
	snprintf(buffer, REASON_STRING_MAX, "%s: %s", words_before,
		 error_to_string(error));
	return buffer;
}

static const char *with_zone(const char *words_before, enum memblk_zone zone,
			     char buffer[REASON_STRING_MAX])
{
	snprintf(buffer, REASON_STRING_MAX, "%s %s", words_before,
		 memblk_zone_to_string(zone));
	return buffer;
}

static const char *given_up(const struct memblk_result *result,
			    char buffer[REASON_STRING_MAX])
{
	uint64_t tenths = (result->limit_ms + 50) / 100;

	snprintf(buffer, REASON_STRING_MAX,
		 "given up after %" PRIu64 ".%" PRIu64 " s (--try-timeout)", tenths / 10,
		 tenths % 10);
	return buffer;
}

/* What was found, without what is known beside it. */
static const char *plain_reason(const struct memblk_result *result,
				char buffer[REASON_STRING_MAX])
{
	switch (result->reason) {
	case MEMBLK_REASON_ZONE_UNKNOWN:
		return with_error("unknown zone, valid_zones", result->error, buffer);
	case MEMBLK_REASON_ZONE_OTHER:
		return with_zone("already online in zone", result->zone, buffer);
	case MEMBLK_REASON_ZONE_MISSED:
		return with_zone("came online in zone", result->zone, buffer);
	case MEMBLK_REASON_TRY_TIMEOUT:
		return given_up(result, buffer);
	default:
		if (plain_words[result->reason])
			return plain_words[result->reason];
		if (spare_words[result->reason])
			return spare_to_string(result, buffer);
		return result->error ? error_to_string(result->error) : "";
	}
}

const char *reason_to_string(struct memblk_system *system,
			     const struct memblk_result *result,
			     char buffer[REASON_STRING_MAX])
{
	char plain[REASON_STRING_MAX];

	return with_facts(system, result, plain_reason(result, plain), buffer);
}

bool reason_is_misfit(enum memblk_reason reason)
{
	return reason == MEMBLK_REASON_ZONE_MISMATCH ||
	       reason == MEMBLK_REASON_ZONE_NOT_SINGLE || reason == MEMBLK_REASON_HOLES;
}
