/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes the document of --json. It is written block by block, so that no more is kept of
 * each than its result.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document-block.h"
#include "document.h"
#include "fault.h"
#include "json.h"
#include "output.h"
#include "words.h"

#define DOCUMENT_VERSION 1

int document_list(struct document *document, uint64_t index)
{
	if (document->nlisted == document->listed_size) {
		size_t size = document->listed_size ? document->listed_size * 2 : 64;
		uint64_t *grown = reallocarray(document->listed, size, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		document->listed = grown;
		document->listed_size = size;
	}
	document->listed[document->nlisted++] = index;

	return 0;
}

void document_done(struct document *document)
{
	entries_done(&document->entries);
	free(document->listed);
}

/* ---- What it came to ---- */

struct counts {
	struct count changed, already, failed, missing, reverted;
};

static void count_result(const struct document *document, struct counts *counts,
			 const struct memblk_result *result)
{
	switch (result->status) {
	case MEMBLK_STATUS_CHANGED:
	case MEMBLK_STATUS_PLANNED:
	case MEMBLK_STATUS_STUCK:
		count_add(&counts->changed, 1);
		break;
	case MEMBLK_STATUS_ALREADY:
		count_add(&counts->already, 1);
		break;
	case MEMBLK_STATUS_FAILED:
		count_add(&counts->failed,
			  !document_is_passed_over(document->report, result));
		break;
	case MEMBLK_STATUS_PENDING:
		count_add(&counts->failed, 1);
		break;
	case MEMBLK_STATUS_MISSING:
		count_add(&counts->missing, 1);
		break;
	case MEMBLK_STATUS_REVERTED:
		count_add(&counts->reverted, 1);
		break;
	default:
		break;
	}
}

/* What was asked for by name, and is not there. */
static struct count count_unlisted(const struct document *document)
{
	const struct memblk_selection *selection = &document->request->selection;
	struct count count = { .nblocks = 0 };

	if (selection->kind != MEMBLK_SELECTION_BLOCKS)
		return count;
	count = count_ranges(&selection->ranges);
	count.is_beyond = count.is_beyond && !document->nfound;
	count.nblocks -= document->nfound;

	return count;
}

/* What a whole run came to, in one word. */
static const char *ending(const struct document *document, int status)
{
	const struct report *report = document->report;

	if (document->signal)
		return "interrupted";
	if (document->is_listed)
		return "listed";
	if (document->has_policy && !document->options->dry_run)
		return status == EXIT_SUCCESS ? "done" : "nothing";
	if (document->has_policy)
		return "planned";
	if (!report || !report->is_ended)
		return "refused";
	if (document->options->dry_run)
		return "planned";
	if (report->outcome.refused)
		return "refused";
	if (status == EXIT_SUCCESS)
		return "done";
	if (report->outcome.end == MEMBLK_END_TIMEOUT)
		return "timeout";

	return status == EXIT_PARTIAL ? "partial" : "nothing";
}

/* ---- What stands before the blocks ---- */

static uint64_t block_size(const struct document *document)
{
	return memblk_system_block_size(document->system);
}

/* So many blocks in bytes; null where that is beyond 64 bits. */
static void put_bytes(const struct document *document, struct json *json, const char *key,
		      const struct count *count)
{
	uint64_t size_bytes;

	if (count->is_beyond ||
	    __builtin_mul_overflow(count->nblocks, block_size(document), &size_bytes))
		json_put_null(json, key);
	else
		json_put_number(json, key, size_bytes);
}

/* So many blocks, in bytes as well; null where that is beyond 64 bits. */
static void put_amount(const struct document *document, struct json *json,
		       const struct count *count)
{
	if (count->is_beyond)
		json_put_null(json, "blocks");
	else
		json_put_number(json, "blocks", count->nblocks);
	put_bytes(document, json, "bytes", count);
}

static void put_count(const struct document *document, struct json *json, const char *key,
		      const struct count *count)
{
	struct json child = json_object_begin();

	if (document->system) {
		put_amount(document, &child, count);
	} else {
		json_put_number(&child, "blocks", 0);
		json_put_number(&child, "bytes", 0);
	}
	json_put(json, key, child);
}

static void put_ranges(struct json *json, const struct memblk_ranges *ranges)
{
	struct json child = json_array_begin();

	for (size_t i = 0; i < ranges->nranges; i++) {
		struct json range = json_object_begin();

		json_put_number(&range, "first", ranges->range[i].first);
		json_put_number(&range, "last", ranges->range[i].last);
		json_append(&child, range);
	}
	json_put(json, "ranges", child);
}

static const char *kind_word(const struct document *document)
{
	switch (document->request->selection.kind) {
	case MEMBLK_SELECTION_SIZE:
		return "size";
	case MEMBLK_SELECTION_ALL:
		return "all";
	case MEMBLK_SELECTION_RESIZE:
		return "resize";
	default:
		return document->options->operand_kind == MEMBLK_OPERAND_BLOCKS ? "blocks"
										: "range";
	}
}

static void put_requested(const struct document *document, struct json *json)
{
	const struct memblk_selection *selection;
	struct count count;
	struct json child;

	if (!document->request) {
		json_put_null(json, "requested");
		return;
	}
	selection = &document->request->selection;
	child = json_object_begin();
	json_put_text(&child, "kind", kind_word(document));
	if (selection->kind == MEMBLK_SELECTION_BLOCKS) {
		const struct memblk_ranges *ranges = selection->asked.nranges
							     ? &selection->asked
							     : &selection->ranges;

		count = count_ranges(ranges);
		put_amount(document, &child, &count);
		put_ranges(&child, ranges);
	} else if (selection->kind != MEMBLK_SELECTION_ALL) {
		count = (struct count){ .nblocks = selection->nblocks };
		put_amount(document, &child, &count);
	}
	json_put(json, "requested", child);
}

/*
 * What is online, and what is not, of the whole system. What is neither, or cannot be
 * read, counts for neither.
 */
static int add_up(struct document *document, struct memblk_inspector *inspector,
		  struct count *online, struct count *offline)
{
	const struct memblk_selection all = { .kind = MEMBLK_SELECTION_SIZE };
	uint64_t *blocks;
	size_t nblocks;
	int r;

	r = memblk_scan(document->system, &all, &blocks, &nblocks);
	if (r < 0)
		return r;
	for (size_t i = 0; i < nblocks; i++) {
		struct memblk_info info;

		if (memblk_inspect(inspector, blocks[i], &info) < 0)
			continue;
		count_add(online, info.state == MEMBLK_STATE_ONLINE);
		count_add(offline, info.state == MEMBLK_STATE_OFFLINE);
	}
	free(blocks);

	return 0;
}

/* A dry run tells what would be. Where the firmware has a say, some would come, or go. */
static void suppose(const struct document *document, struct count *online,
		    struct count *offline)
{
	enum memblk_command command = document->request ? document->request->command
							: _MEMBLK_COMMAND_MAX;
	struct count *from = command == MEMBLK_COMMAND_ENABLE ? offline : online,
		     *to = command == MEMBLK_COMMAND_ENABLE ? online : offline;
	uint64_t nplanned = document->report ? document->report->nplanned : 0;

	if (command != MEMBLK_COMMAND_ENABLE && command != MEMBLK_COMMAND_DISABLE)
		return;
	if (!memblk_system_is_configurable(document->system) || from == online)
		from->nblocks -= from->nblocks < nplanned ? from->nblocks : nplanned;
	if (!memblk_system_is_configurable(document->system) || to == online)
		count_add(to, nplanned);
}

static void put_total(struct document *document, struct json *json)
{
	struct memblk_inspector *inspector = NULL;
	struct count online = { .nblocks = 0 }, offline = { .nblocks = 0 };

	if (document->system &&
	    memblk_inspector_new(document->system, MEMBLK_WANT_STATE, &inspector) == 0 &&
	    add_up(document, inspector, &online, &offline) == 0) {
		struct json child = json_object_begin();

		suppose(document, &online, &offline);
		put_bytes(document, &child, "online", &online);
		put_bytes(document, &child, "offline", &offline);
		json_put(json, "total", child);
	} else {
		json_put_null(json, "total");
	}
	memblk_inspector_free(inspector);
}

static void put_auto_online(const struct document *document, struct json *json)
{
	struct json child;

	if (!document->has_policy) {
		json_put_null(json, "auto_online");
		return;
	}
	child = json_object_begin();
	json_put_text(&child, "before", memblk_policy_to_string(document->policy.before));
	json_put_text(&child, "after", memblk_policy_to_string(document->policy.after));
	json_put(json, "auto_online", child);
}

static void put_signal(struct json *json, int signal)
{
	char name[32];

	snprintf(name, sizeof(name), "SIG%s", signal ? sigabbrev_np(signal) : "");
	json_put_text(json, "signal", signal ? name : NULL);
}

static void put_messages(struct json *json)
{
	const struct messages *messages = report_messages();
	struct json child = json_array_begin();

	for (size_t i = 0; i < messages->nlines; i++)
		json_append_text(&child, messages->lines[i]);
	if (messages->lost)
		json_append_text(&child, "there was no memory for all messages");
	json_put(json, "messages", child);
}

static const char *command_word(const struct options *options,
				enum memblk_command command)
{
	if (options->list)
		return "list";
	if (options->auto_online)
		return "auto-online";

	return command == _MEMBLK_COMMAND_MAX ? NULL : command_to_string(command);
}

static void put_command(const struct document *document, struct json *json)
{
	/* what --resize takes is found out later */
	enum memblk_command command = document->request ? document->request->command
							: document->options->command;

	json_put_text(json, "command", command_word(document->options, command));
	json_put_bool(json, "dry_run", document->options->dry_run);
}

static void put_unplugged(const struct document *document, struct json *json)
{
	if (document->request && document->request->unplug)
		json_put_bool(json, "unplugged",
			      document->report && report_is_unplugged(document->report));
	else
		json_put_null(json, "unplugged");
}

static struct json make_head(struct document *document, const struct counts *counts,
			     int status)
{
	struct json json = json_object_begin();

	json_put_number(&json, "version", DOCUMENT_VERSION);
	put_command(document, &json);
	if (document->system)
		json_put_number(&json, "block_size", block_size(document));
	else
		json_put_null(&json, "block_size");
	put_requested(document, &json);
	json_put_text(&json, "status", ending(document, status));
	/* as a shell has it of a process that died of a signal */
	json_put_number(&json, "exit_status",
			(uint64_t) (document->signal ? 128 + document->signal : status));
	put_signal(&json, document->signal);
	put_count(document, &json, "changed", &counts->changed);
	put_count(document, &json, "already", &counts->already);
	put_count(document, &json, "failed", &counts->failed);
	put_count(document, &json, "missing", &counts->missing);
	put_count(document, &json, "reverted", &counts->reverted);
	put_unplugged(document, &json);
	put_total(document, &json);
	put_auto_online(document, &json);
	put_messages(&json);

	return json;
}

/* ---- All of it ---- */

/* Leaves the object open. False if there was no memory for it. */
static bool write_head(struct document *document, const struct counts *counts, int status)
{
	struct json json = make_head(document, counts, status);
	const char *text = json_to_string(&json);

	if (text)
		report_text("%.*s, \"blocks\": [", (int) (strlen(text) - strlen(" }")),
			    text);
	json_done(&json);

	return text;
}

/* Adds BLOCK, and frees it. False if there was no memory for it. */
static bool write_block(struct json block, bool is_first)
{
	const char *text = json_to_string(&block);

	if (text) {
		report_text("%s\n%s", is_first ? "" : ",", text);
	}
	json_done(&block);

	return text;
}

/* False if one was left out. */
static bool write_entries(struct document *document, struct memblk_inspector *inspector)
{
	bool is_first = true, is_whole = true;

	for (size_t i = 0; i < document->entries.nentries; i++) {
		const struct memblk_result *result = &document->entries.entry[i].result;

		if (write_block(document_block(document->report, inspector, result),
				is_first))
			is_first = false;
		else
			is_whole = false;
	}
	return is_whole;
}

/* The same of a list; what is no more is no part of it. */
static bool write_listed(struct document *document, struct memblk_inspector *inspector)
{
	bool is_first = true, is_whole = true;
	struct memblk_info info;

	for (size_t i = 0; i < document->nlisted; i++) {
		int r = memblk_inspect(inspector, document->listed[i], &info);

		if (r == -ENOENT)
			continue;
		if (r == 0 &&
		    write_block(document_listed_block(&info, block_size(document)),
				is_first))
			is_first = false;
		else
			is_whole = false;
	}
	return is_whole;
}

/* INSPECTOR is NULL where nothing was begun. */
static int write_all(struct document *document, struct memblk_inspector *inspector,
		     int status)
{
	struct counts counts = { .changed = { .nblocks = 0 } };
	bool is_whole;

	if (document->is_listed)
		counts.missing = count_unlisted(document);
	else if (inspector)
		counts.missing = entries_complete(&document->entries,
						  &document->request->selection);
	else
		document->entries.nentries = 0;
	if (document->entries.lost)
		report_error("there was no memory to tell of all blocks");
	for (size_t i = 0; i < document->entries.nentries; i++)
		count_result(document, &counts, &document->entries.entry[i].result);
	if (!write_head(document, &counts, status))
		return -ENOMEM;
	is_whole = document->is_listed ? write_listed(document, inspector)
				       : write_entries(document, inspector);
	report_line("\n] }");

	return is_whole ? 0 : -ENOMEM;
}

/* *RET is NULL where there are no blocks to look at. */
static int open_inspector(struct document *document, struct memblk_inspector **ret)
{
	unsigned int want = MEMBLK_WANT_STATE | MEMBLK_WANT_ZONES | MEMBLK_WANT_NODE |
			    MEMBLK_WANT_DEVICE;
	int r;

	*ret = NULL;
	if (!document->is_listed && !(document->report && document->report->is_ended))
		return 0;
	if (document->is_listed)
		want |= MEMBLK_WANT_CONTENTS;
	r = memblk_inspector_new(document->system, want, ret);
	if (r == 0 && memblk_inspector_contents_error(*ret))
		report_contents_fault(memblk_inspector_contents_error(*ret));

	return r;
}

int document_write(struct document *document, int status)
{
	struct memblk_inspector *inspector;
	int r;

	document->signal = memblk_signals_caught();
	r = open_inspector(document, &inspector);
	if (r == 0)
		r = write_all(document, inspector, status);
	memblk_inspector_free(inspector);
	if (r == 0)
		return status;

	report_error("the document is not complete: %s", strerror(-r));
	return EXIT_FAILURE;
}

int document_refuse(const struct options *scanned)
{
	struct document document = { .options = scanned };

	return report_finish(document_write(&document, EXIT_FAILURE));
}
