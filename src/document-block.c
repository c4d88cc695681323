/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One block in the document: what was done to it, and what the kernel shows of it
 * afterwards.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "document-block.h"
#include "offlinable.h"
#include "words.h"

bool document_is_passed_over(const struct report *report,
			     const struct memblk_result *result)
{
	return report->by_size && result->status == MEMBLK_STATUS_FAILED &&
	       reason_is_misfit(result->reason);
}

static const char *status_word(const struct report *report,
			       const struct memblk_result *result)
{
	static const char *const words[_MEMBLK_STATUS_MAX] = {
		[MEMBLK_STATUS_CHANGED] = "changed",
		[MEMBLK_STATUS_ALREADY] = "already",
		[MEMBLK_STATUS_FAILED] = "failed",
		[MEMBLK_STATUS_MISSING] = "missing",
		[MEMBLK_STATUS_PENDING] = "pending",
		[MEMBLK_STATUS_REVERTED] = "reverted",
		[MEMBLK_STATUS_STUCK] = "stuck",
		[MEMBLK_STATUS_SKIPPED] = "skipped",
		[MEMBLK_STATUS_PLANNED] = "planned",
	};

	return words[document_is_passed_over(report, result) ? MEMBLK_STATUS_SKIPPED
							     : result->status];
}

static void put_place(struct json *json, uint64_t index, uint64_t size_bytes)
{
	uint64_t start;

	json_put_number(json, "block", index);
	if (__builtin_mul_overflow(index, size_bytes, &start)) {
		json_put_null(json, "start");
		json_put_null(json, "end");
	} else {
		json_put_address(json, "start", start);
		json_put_address(json, "end", start + size_bytes - 1);
	}
	json_put_number(json, "size", size_bytes);
}

/* The one zone that it is online in; where there are several, none is named. */
static const char *zone_word(const struct memblk_info *info)
{
	if (info->state != MEMBLK_STATE_ONLINE || info->zones_error || info->nzones != 1)
		return NULL;

	return memblk_zone_to_string(info->zones[0]);
}

/* What INFO would be, as far as that is known. */
static void foresee(const struct report *report, const struct memblk_result *result,
		    struct memblk_info *info)
{
	switch (report->request->command) {
	case MEMBLK_COMMAND_ENABLE:
		info->state = MEMBLK_STATE_ONLINE;
		break;
	case MEMBLK_COMMAND_DISABLE:
		info->state = MEMBLK_STATE_OFFLINE;
		break;
	default:
		return;
	}
	info->zones[0] = result->action == MEMBLK_ACTION_ONLINE_MOVABLE
				 ? MEMBLK_ZONE_MOVABLE
				 : report->request->zone;
	info->nzones = 1;
	info->zones_error = 0;
}

/* Where it comes from. */
static void put_origin(struct json *json, const struct memblk_info *info)
{
	if (info->nnodes)
		json_put_number(json, "node", info->node);
	else
		json_put_null(json, "node");
	json_put_text(json, "device", *info->device ? info->device : NULL);
}

static void put_reason(const struct report *report, struct json *json,
		       const struct memblk_result *result)
{
	char buffer[REASON_STRING_MAX], reason[REASON_STRING_MAX + 32] = "";
	int error = result->error;

	if (result->reason)
		snprintf(reason, sizeof(reason), "%s",
			 reason_to_string(report->system, result, buffer));
	if (result->deconfigure_error && !*reason) {
		error = result->deconfigure_error;
		snprintf(reason, sizeof(reason), "deconfigure failed: %s",
			 error_to_string(error));
	}
	json_put_text(json, "error", error ? strerrorname_np(error) : NULL);
	json_put_text(json, "reason", *reason ? reason : NULL);
}

struct json document_block(const struct report *report,
			   struct memblk_inspector *inspector,
			   const struct memblk_result *result)
{
	struct json json = json_object_begin();
	struct memblk_info info;

	if (memblk_inspect(inspector, result->index, &info) < 0)
		info = (struct memblk_info){ .index = result->index };
	if (result->status == MEMBLK_STATUS_PLANNED)
		foresee(report, result, &info);
	/* it may be gone with the device by now */
	if (!*info.device && report->request->unplug)
		snprintf(info.device, sizeof(info.device), "%s",
			 report->request->selection.device);
	put_place(&json, result->index, report->block_size_bytes);
	put_origin(&json, &info);
	json_put_text(&json, "before", memblk_state_to_string(result->before));
	json_put_text(&json, "after", memblk_state_to_string(info.state));
	json_put_text(&json, "zone", zone_word(&info));
	json_put_text(&json, "action", memblk_action_to_string(result->action));
	json_put_text(&json, "status", status_word(report, result));
	json_put_number(&json, "attempts", result->attempts);
	if (result->attempts)
		json_put_us_as_ms(&json, "duration_ms", result->duration_us);
	else
		json_put_null(&json, "duration_ms");
	put_reason(report, &json, result);

	return json;
}

/* ---- Of a list ---- */

static void put_zones(struct json *json, const struct memblk_info *info)
{
	struct json zones;

	if (info->zones_error) {
		json_put_null(json, "zones");
		return;
	}
	zones = json_array_begin();
	for (unsigned int i = 0; i < info->nzones; i++)
		json_append_text(&zones,
				 memblk_zone_to_string(info->zones[i]) ?: "Unknown");
	json_put(json, "zones", zones);
}

static void put_amounts(struct json *json, const struct memblk_info *info)
{
	struct memblk_amounts amounts;

	if (memblk_info_amounts(info, &amounts)) {
		json_put_number(json, "free", amounts.free_bytes);
		json_put_number(json, "movable", amounts.movable_bytes);
		json_put_number(json, "unmovable", amounts.unmovable_bytes);
	} else {
		json_put_null(json, "free");
		json_put_null(json, "movable");
		json_put_null(json, "unmovable");
	}
}

static void put_text_unless_empty(struct json *json, const char *key, const char *text)
{
	json_put_text(json, key, *text ? text : NULL);
}

struct json document_listed_block(const struct memblk_info *info,
				  uint64_t block_size_bytes)
{
	struct json json = json_object_begin();
	char why[CONTENTS_STRING_MAX];

	put_place(&json, info->index, block_size_bytes);
	put_origin(&json, info);
	json_put_text(&json, "state",
		      info->state_error ? NULL : memblk_state_to_string(info->state));
	put_zones(&json, info);
	put_amounts(&json, info);
	put_text_unless_empty(&json, "offlinable",
			      offlinable_to_string(info->offlinable));
	put_text_unless_empty(&json, "why",
			      obstacle_to_string(info, &info->contents, why));

	return json;
}
