/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The results, line by line as they come, and what they add up to. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "names.h"
#include "output.h"
#include "report.h"
#include "words.h"

/* ---- One block ---- */

/* A reason that is a sentence about the block, not about a step that was tried. */
static bool is_sentence(enum memblk_reason reason)
{
	return reason == MEMBLK_REASON_MUST_DECONFIGURE ||
	       reason == MEMBLK_REASON_MUST_BE_OFFLINE;
}

static const char *still(const struct memblk_result *result)
{
	return result->status == MEMBLK_STATUS_PENDING || result->ongoing
		       ? ", still in progress in the kernel"
		       : "";
}

static void print_failure(const struct report *report, const struct memblk_result *result)
{
	const char *failed = report->request->dry_run ? "would fail" : "failed";
	char block[BLOCK_STRING_MAX], reason[REASON_STRING_MAX];

	block_to_string(result->index, report->block_size_bytes, block);
	if (is_sentence(result->reason))
		report_error("%s %s", block,
			     reason_to_string(report->system, result, reason));
	else
		report_error("%s %s %s: %s%s", block, step_to_string(result->step),
			     failed, reason_to_string(report->system, result, reason),
			     still(result));
}

static void print_stuck(const struct report *report, const struct memblk_result *result)
{
	char block[BLOCK_STRING_MAX], reason[REASON_STRING_MAX];

	report_error("%s could not be set back: %s%s",
		     block_to_string(result->index, report->block_size_bytes, block),
		     reason_to_string(report->system, result, reason), still(result));
}

static void print_deconfigure_failure(const struct report *report,
				      const struct memblk_result *result)
{
	char block[BLOCK_STRING_MAX];

	report_error("%s deconfigure failed: %s",
		     block_to_string(result->index, report->block_size_bytes, block),
		     error_to_string(result->deconfigure_error));
}

static void print_step(const struct report *report, const struct memblk_result *result,
		       const char *verb)
{
	char block[BLOCK_STRING_MAX];

	if (report->verbose)
		report_line(
			"%s %s",
			block_to_string(result->index, report->block_size_bytes, block),
			verb);
}

/* What was asked for of a dry run, so that it needs no -v. */
static void print_planned(const struct report *report, const struct memblk_result *result)
{
	static const char *const words[_MEMBLK_COMMAND_MAX] = {
		[MEMBLK_COMMAND_ENABLE] = "enabled",
		[MEMBLK_COMMAND_DISABLE] = "disabled",
		[MEMBLK_COMMAND_CONFIGURE] = "configured",
		[MEMBLK_COMMAND_DECONFIGURE] = "deconfigured",
	};
	enum memblk_command command = report->request->command;
	bool first = command == MEMBLK_COMMAND_ENABLE && result->configured;
	bool last = command == MEMBLK_COMMAND_DISABLE &&
		    memblk_system_is_configurable(report->system);
	char block[BLOCK_STRING_MAX];

	if (report->is_silent)
		return;
	report_line("%s would be %s%s%s",
		    block_to_string(result->index, report->block_size_bytes, block),
		    first ? "configured and " : "", words[command],
		    last ? " and deconfigured" : "");
}

/* What was done, in the order of its steps, and why no more of it. */
static void print_result(const struct report *report, const struct memblk_result *result)
{
	enum memblk_command command = report->request->command;
	bool by_size = report->by_size;
	bool already = result->status == MEMBLK_STATUS_ALREADY;

	if (result->status == MEMBLK_STATUS_PLANNED) {
		print_planned(report, result);
		return;
	}
	if (result->configured)
		print_step(report, result, "configured");
	if (result->switched)
		print_step(report, result,
			   command == MEMBLK_COMMAND_ENABLE ? "enabled" : "disabled");
	/* by size, it counts although the kernel onlined it as soon as it was configured
	 */
	if (command == MEMBLK_COMMAND_ENABLE && result->status == MEMBLK_STATUS_CHANGED &&
	    !result->switched)
		already = true;
	if (already) {
		static const char *const words[_MEMBLK_COMMAND_MAX] = {
			[MEMBLK_COMMAND_ENABLE] = "already enabled",
			[MEMBLK_COMMAND_DISABLE] = "already disabled",
			[MEMBLK_COMMAND_CONFIGURE] = "already configured",
			[MEMBLK_COMMAND_DECONFIGURE] = "already deconfigured",
		};

		print_step(report, result, words[command]);
	}
	if (result->reason && (!by_size || result->status == MEMBLK_STATUS_PENDING ||
			       (report->verbose && !reason_is_misfit(result->reason))))
		print_failure(report, result);
	if (result->deconfigured)
		print_step(report, result, "deconfigured");
	if (result->already_deconfigured && !by_size)
		print_step(report, result, "already deconfigured");
	if (result->deconfigure_error)
		print_deconfigure_failure(report, result);
}

static bool is_same_reason(const struct memblk_result *a, const struct memblk_result *b)
{
	return a->step == b->step && a->reason == b->reason && a->error == b->error &&
	       a->zone == b->zone;
}

static void count_reason(struct report *report, const struct memblk_result *result)
{
	struct reason_count *reasons;

	for (size_t i = 0; i < report->nreasons; i++)
		if (is_same_reason(&report->reasons[i].example, result)) {
			report->reasons[i].nblocks++;
			return;
		}

	/* without memory for it, a reason is left out of the summary */
	reasons = reallocarray(report->reasons, report->nreasons + 1, sizeof(*reasons));
	if (!reasons)
		return;
	reasons[report->nreasons++] = (struct reason_count){ .example = *result,
							     .nblocks = 1 };
	report->reasons = reasons;
}

static void list_add(struct block_list *list, uint64_t index)
{
	if (list->nblocks == list->size) {
		size_t size = list->size ? list->size * 2 : 64;
		uint64_t *blocks = reallocarray(list->blocks, size, sizeof(*blocks));

		if (!blocks) {
			list->lost = true;
			return;
		}
		list->blocks = blocks;
		list->size = size;
	}
	list->blocks[list->nblocks++] = index;
}

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *) a, right = *(const uint64_t *) b;

	return (left > right) - (left < right);
}

static void list_sort(struct block_list *list)
{
	if (list->nblocks)
		qsort(list->blocks, list->nblocks, sizeof(*list->blocks), compare);
}

void report_begin(struct report *report, struct memblk_system *system,
		  const struct memblk_request *request, bool verbose, const char *sysroot)
{
	*report = (struct report){
		.system = system,
		.request = request,
		.block_size_bytes = memblk_system_block_size(system),
		.verbose = verbose,
		.sysroot = sysroot,
		.by_size = request->selection.kind == MEMBLK_SELECTION_SIZE ||
			   request->selection.kind == MEMBLK_SELECTION_RESIZE,
		.goal = request->selection.nblocks,
	};
	if (verbose && request->bounds.atomic &&
	    request->command == MEMBLK_COMMAND_ENABLE &&
	    (request->zone_auto ||
	     (request->zone && request->zone != MEMBLK_ZONE_MOVABLE)))
		report_error("--atomic: what comes online%s%s may not go offline again",
			     request->zone ? " in zone " : "",
			     request->zone ? memblk_zone_to_string(request->zone) : "");
}

static void take_back(struct report *report, const struct memblk_result *result)
{
	if (result->status == MEMBLK_STATUS_STUCK) {
		print_stuck(report, result);
		report->nstuck++;
		return;
	}
	print_step(report, result, "set back");
	report->nreverted++;
	if (result->was == MEMBLK_STATUS_CHANGED)
		report->nchanged--;
}

static bool is_to_movable(const struct memblk_result *result)
{
	return result->action == MEMBLK_ACTION_ONLINE_MOVABLE &&
	       (result->status == MEMBLK_STATUS_PLANNED ||
		result->status == MEMBLK_STATUS_CHANGED);
}

void report_result(struct report *report, const struct memblk_result *result)
{
	switch (result->status) {
	case MEMBLK_STATUS_MISSING:
		return;
	case MEMBLK_STATUS_REVERTED:
	case MEMBLK_STATUS_STUCK:
		take_back(report, result);
		return;
	default:
		break;
	}

	report->any = true;
	report->is_lost_told = report->is_lost_told ||
			       result->reason == MEMBLK_REASON_LOST ||
			       result->reason == MEMBLK_REASON_TRY_TIMEOUT;
	if (report->request->selection.kind == MEMBLK_SELECTION_BLOCKS)
		list_add(&report->met, result->index);
	if (result->status == MEMBLK_STATUS_SKIPPED) {
		if (result->reason == MEMBLK_REASON_NOT_TRIED)
			list_add(&report->untried, result->index);
		return;
	}
	print_result(report, result);
	report->nmovable += is_to_movable(result);
	switch (result->status) {
	case MEMBLK_STATUS_CHANGED:
		report->nchanged++;
		break;
	case MEMBLK_STATUS_PLANNED:
		report->nplanned++;
		break;
	case MEMBLK_STATUS_ALREADY:
		report->nalready++;
		break;
	case MEMBLK_STATUS_PENDING:
		/* it may still be changed, whatever is set back */
		report->nstuck += report->request->bounds.atomic;
		report->nfailed++;
		count_reason(report, result);
		break;
	default:
		report->nfailed++;
		count_reason(report, result);
		report->read_only = report->read_only || result->error == EROFS;
	}
}

void report_distance(struct report *report, uint64_t nblocks)
{
	report->goal = report_done_blocks(report) + nblocks;
}

void report_outcome(struct report *report, const struct memblk_outcome *outcome)
{
	report->outcome = *outcome;
}

void report_cut(struct report *report, enum memblk_end end)
{
	if (report->outcome.end == MEMBLK_END_DONE)
		report->outcome.end = end;
}

uint64_t report_done_blocks(const struct report *report)
{
	return report->nchanged + report->nplanned + report->nalready;
}

bool report_is_unplugged(const struct report *report)
{
	enum memblk_unplug_status status = report->outcome.unplug.status;

	return status == MEMBLK_UNPLUG_DONE || status == MEMBLK_UNPLUG_POSSIBLE;
}

static bool is_all_done(const struct report *report)
{
	const struct memblk_selection *selection = &report->request->selection;
	uint64_t ndone = report_done_blocks(report);

	if (report->request->unplug && !report_is_unplugged(report))
		return false;
	/* what cannot be set back may be as wanted, and so may the others by now */
	if (report->nstuck)
		return false;
	if (report->by_size)
		return ndone == report->goal;
	if (selection->kind == MEMBLK_SELECTION_ALL)
		return !report->nfailed && !report->untried.nblocks &&
		       report->outcome.end == MEMBLK_END_DONE;

	return ndone == memblk_ranges_count(&selection->ranges);
}

bool report_is_over(const struct report *report)
{
	const struct memblk_selection *selection = &report->request->selection;

	if (is_all_done(report) || report->outcome.end != MEMBLK_END_DONE ||
	    memblk_signals_caught())
		return true;

	return selection->kind == MEMBLK_SELECTION_BLOCKS &&
	       report->met.nblocks == memblk_ranges_count(&selection->ranges);
}

/* ---- The whole ---- */

static void print_total(const struct report *report, uint64_t nblocks)
{
	char size[MEMBLK_SIZE_STRING_MAX];
	uint64_t size_bytes;

	if (__builtin_mul_overflow(nblocks, report->block_size_bytes, &size_bytes))
		size_bytes = UINT64_MAX;
	report_error("%s only %s %s of memory",
		     report->request->dry_run ? "Would" : "Could",
		     command_to_string(report->request->command),
		     memblk_size_to_string(size_bytes, size));
}

static void print_reasons(const struct report *report)
{
	for (size_t i = 0; i < report->nreasons; i++) {
		const struct reason_count *count = &report->reasons[i];
		enum memblk_step step = count->example.step;
		struct memblk_result example = count->example;
		bool own = !strcmp(step_to_string(step),
				   command_to_string(report->request->command)) ||
			   is_sentence(count->example.reason);
		char reason[REASON_STRING_MAX];

		/* what is known of one of them is not true of all */
		if (count->nblocks > 1) {
			example.has_contents = false;
			example.witness.kind = MEMBLK_WITNESS_NONE;
		}
		report_error("  %" PRIu64 " block%s: %s%s%s", count->nblocks,
			     count->nblocks == 1 ? "" : "s",
			     own ? "" : step_to_string(step), own ? "" : " failed: ",
			     reason_to_string(report->system, &example, reason));
	}
}

static void print_missing(struct report *report)
{
	if (report->met.lost)
		return;
	list_sort(&report->met);
	report_missing(&report->request->selection.ranges, report->met.blocks,
		       report->met.nblocks, report->block_size_bytes);
}

static void print_untried(struct report *report)
{
	const struct block_list *untried = &report->untried;
	struct names names;

	/* it was not for the blocks that the device cannot be unplugged */
	if (!untried->nblocks ||
	    (report->outcome.refused && report->outcome.unplug.status))
		return;
	list_sort(&report->untried);
	names_begin(&names);
	for (size_t i = 0, next; i < untried->nblocks; i = next) {
		for (next = i + 1; next < untried->nblocks &&
				   untried->blocks[next] == untried->blocks[next - 1] + 1;
		     next++)
			;
		names_add(&names, untried->blocks[i], untried->blocks[next - 1]);
	}
	names_end(&names, report->block_size_bytes, "was not tried", "were not tried");
}

void report_interrupted(void)
{
	report_error("ended by a signal: %s", strsignal(memblk_signals_caught()));
}

/* Why there is no more of it. */
static void print_end(const struct report *report)
{
	switch (memblk_signals_caught() ? MEMBLK_END_INTERRUPTED : report->outcome.end) {
	case MEMBLK_END_INTERRUPTED:
		report_interrupted();
		break;
	case MEMBLK_END_TIMEOUT:
		report_error("ended by --timeout");
		break;
	case MEMBLK_END_SPARE:
		if (report->outcome.error)
			report_error("cannot tell how much memory would be left: %s "
				     "(--keep-free 0 goes on without that)",
				     error_to_string(report->outcome.error));
		break;
	case MEMBLK_END_NO_MEMORY:
		if (report->untried.nblocks || report->by_size)
			report_error("ended, as the kernel itself is short of memory");
		break;
	case MEMBLK_END_LOST:
		if (!report->is_lost_told)
			report_error("ended, as the process that does the work is gone");
		break;
	default:
		break;
	}
}

/* All that there is was looked at: that is what there can be. */
static bool is_looked_through(const struct report *report)
{
	return report->outcome.end == MEMBLK_END_DONE ||
	       report->outcome.end == MEMBLK_END_ATOMIC;
}

static void print_atomic(const struct report *report)
{
	bool dry_run = report->request->dry_run;
	const char *be = dry_run ? "would be" : "was";
	char size[MEMBLK_SIZE_STRING_MAX];

	if (!report->request->bounds.atomic ||
	    report->outcome.unplug.status == MEMBLK_UNPLUG_ASKED)
		return;
	if (report->nstuck)
		report_error("--atomic: not all blocks could be set back");
	else if (report->outcome.refused && report->by_size && is_looked_through(report))
		report_error("--atomic: nothing %s changed, as only %s can be", be,
			     memblk_size_to_string(report->outcome.nfeasible *
							   report->block_size_bytes,
						   size));
	else if (!report->nreverted)
		report_error("--atomic: nothing %s changed", be);
	else
		report_error("--atomic: what was changed is set back");
	if (report->outcome.nhuge_pages_lost)
		report_error("the kernel's pool has lost huge pages: %" PRIu64,
			     report->outcome.nhuge_pages_lost);
}

/* What kept the firmware from being asked. */
static void print_not_asked(const struct report *report)
{
	const struct memblk_unplug *unplug = &report->outcome.unplug;
	const char *device = report->request->selection.device,
		   *error = unplug->error ? error_to_string(unplug->error) : NULL;
	char block[BLOCK_STRING_MAX];

	switch (unplug->status) {
	case MEMBLK_UNPLUG_NO_FIRMWARE:
		report_error("%s cannot be unplugged: it is no device of ACPI", device);
		break;
	case MEMBLK_UNPLUG_NO_EJECT:
		report_error("%s cannot be unplugged: its eject cannot be written: %s",
			     device, error);
		break;
	case MEMBLK_UNPLUG_AUTO_ONLINE:
		report_error("%s is not unplugged: auto_online_blocks %s%s", device,
			     error ? "cannot be read: " : "must be offline for that",
			     error ? error : "");
		break;
	case MEMBLK_UNPLUG_NOT_OFFLINE:
		block_to_string(unplug->index, report->block_size_bytes, block);
		if (error)
			report_error("%s was not unplugged: the state of %s cannot be "
				     "read: %s",
				     device, block, error);
		else
			report_error("%s was not unplugged: %s did not stay offline",
				     device, block);
		break;
	case MEMBLK_UNPLUG_FAILED:
		report_error("%s was not unplugged: its eject failed: %s", device, error);
		break;
	default:
		break;
	}
}

static void print_unplug(const struct report *report)
{
	const char *device = report->request->selection.device;

	switch (report->outcome.unplug.status) {
	case MEMBLK_UNPLUG_POSSIBLE:
		if (!report->is_silent)
			report_line("%s would be unplugged", device);
		break;
	case MEMBLK_UNPLUG_DONE:
		if (report->verbose)
			report_line("%s unplugged", device);
		break;
	case MEMBLK_UNPLUG_ASKED:
		report_error(
			"%s has not gone yet, though the firmware was asked to eject "
			"it: its blocks stay offline",
			device);
		break;
	default:
		print_not_asked(report);
		break;
	}
}

static int status_of(const struct report *report)
{
	/* offline they are, and remain */
	if (report->outcome.unplug.status == MEMBLK_UNPLUG_ASKED)
		return EXIT_PARTIAL;
	if (report->request->bounds.atomic)
		return report->nstuck ? EXIT_PARTIAL : EXIT_FAILURE;

	return report_done_blocks(report) ? EXIT_PARTIAL : EXIT_FAILURE;
}

/* A run that is done says so only to programs, as nobody asked. */
static void print_movable(const struct report *report)
{
	static const char format[] =
		"zone Movable %s %s beside %s for the kernel itself, "
		"which is more than %" PRIu64 " %%: the kernel may run short of memory";
	bool dry_run = report->request->dry_run;
	char movable[MEMBLK_SIZE_STRING_MAX], kernel[MEMBLK_SIZE_STRING_MAX];
	struct memblk_movable_share share;
	uint64_t more_bytes = dry_run ? report->nmovable * report->block_size_bytes : 0;

	if (!report->nmovable || !(dry_run || report->is_silent) ||
	    !memblk_movable_exceeds(report->system, more_bytes, &share))
		return;
	memblk_size_to_string(share.movable_bytes, movable);
	memblk_size_to_string(share.kernel_bytes, kernel);
	if (dry_run)
		report_error(format, "would hold", movable, kernel, share.limit_percent);
	else
		report_note(format, "holds", movable, kernel, share.limit_percent);
}

/* A tree of plain files has nothing to be seen. */
static void print_unseen(const struct report *report)
{
	int error = report->outcome.unseen_error;

	if (error && error != ENOENT)
		report_error("what is in the blocks cannot be seen, so that more may "
			     "fail: %s",
			     error_to_string(error));
}

int report_end(struct report *report)
{
	bool by_size = report->by_size;
	int status = EXIT_SUCCESS;

	if (report->request->selection.kind == MEMBLK_SELECTION_BLOCKS)
		print_missing(report);
	if (!is_all_done(report)) {
		status = status_of(report);
		print_untried(report);
		if (by_size || (status == EXIT_PARTIAL && !report->request->unplug))
			print_total(report, report_done_blocks(report));
		if (by_size)
			print_reasons(report);
		print_end(report);
		print_unplug(report);
		print_atomic(report);
	} else {
		print_unplug(report);
	}
	if (report->read_only)
		report_read_only(report->sysroot);
	print_unseen(report);
	print_movable(report);
	report->is_ended = true;

	return status;
}

void report_done(struct report *report)
{
	free(report->met.blocks);
	free(report->untried.blocks);
	free(report->reasons);
}
