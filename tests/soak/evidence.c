/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads what there is to see: the blocks, the log of writes, and what chmem has said. Of
 * its words, only those that the man page or the tests promise are known here; any other
 * line is LINE_UNKNOWN.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "soak.h"

static char *read_file(const char *directory, const char *name)
{
	char path[512];
	char *text = NULL;
	size_t size = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "re");
	if (!file)
		return NULL;
	if (getdelim(&text, &size, '\0', file) < 0) {
		free(text);
		text = strdup("");
	}
	fclose(file);
	return text;
}

/* ---- The machine ---- */

static enum state state_from_string(const char *word)
{
	if (!strcmp(word, "online"))
		return STATE_ONLINE;
	if (!strcmp(word, "offline"))
		return STATE_OFFLINE;
	if (!strcmp(word, "standby"))
		return STATE_STANDBY;
	return STATE_GOING_OFFLINE;
}

static void parse_blocks(struct view *view)
{
	char *copy = strdup(view->text), *rest = copy, *line;

	while ((line = strsep(&rest, "\n"))) {
		char state[24], zone[12], memmap[12] = "";
		unsigned int n;

		if (sscanf(line, "%u %23s %11s %11s", &n, state, zone, memmap) < 3 ||
		    n >= NBLOCKS)
			continue;
		view->blocks[n].state = state_from_string(state);
		view->blocks[n].memmap = !strcmp(memmap, "memmap");
		memcpy(view->blocks[n].zone, zone, sizeof(zone));
	}
	free(copy);
}

static uint64_t number_behind(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

/* Pages of 4 KiB, as wherever this runs; else memory is not judged. */
static void parse_zones(struct view *view, char *text)
{
	uint64_t page_kib = (uint64_t) sysconf(_SC_PAGESIZE) / 1024;

	for (char *zone = strstr(text, "zone "); zone;) {
		char *end = strstr(zone + 1, "zone ");
		char name[12] = "";
		uint64_t present;

		if (end)
			end[-1] = '\0';
		sscanf(zone, "zone %11s", name);
		present = number_behind(zone, "present") * page_kib;
		if (present)
			view->high_kib += number_behind(zone, "high") * page_kib;
		*(strcmp(name, "Movable") ? &view->kernel_kib
					  : &view->movable_kib) += present;
		zone = end;
	}
}

static uint64_t parse_swaps(char *text)
{
	uint64_t free_kib = 0;
	char *line;

	while ((line = strsep(&text, "\n"))) {
		uint64_t size, used;
		char name[64];

		if (sscanf(line, "%63s %*s %" SCNu64 " %" SCNu64, name, &size, &used) ==
			    3 &&
		    strncmp(name, "/dev/zram", 9))
			free_kib += size - used;
	}
	return free_kib;
}

int view_read(struct view *ret, const char *directory)
{
	struct view view = { .text = read_file(directory, "blocks") };
	char *meminfo = read_file(directory, "proc/meminfo");
	char *zoneinfo = read_file(directory, "proc/zoneinfo");
	char *swaps = read_file(directory, "proc/swaps");
	int r = -EIO;

	if (view.text && meminfo && zoneinfo) {
		parse_blocks(&view);
		view.available_kib = number_behind(meminfo, "MemAvailable:");
		view.swap_kib = swaps ? parse_swaps(swaps) : 0;
		parse_zones(&view, zoneinfo);
		*ret = view;
		r = 0;
	} else {
		free(view.text);
	}
	free(meminfo);
	free(zoneinfo);
	free(swaps);
	return r;
}

void view_done(struct view *view)
{
	free(view->text);
}

/* ---- The log ---- */

static bool parse_entry(const char *line, struct entry *ret)
{
	struct entry entry = { .pending = false };
	char end[32], block[24];
	int n;

	n = sscanf(line, "%d %lf %31s %23s %23s %23s %23s", &entry.pid, &entry.begin_ms,
		   end, block, entry.file, entry.word, entry.result);
	if (n != 7)
		return false;
	entry.pending = !strcmp(end, "-");
	entry.end_ms = entry.pending ? now_ms() : strtod(end, NULL);
	entry.is_block = strcmp(block, "-");
	entry.block = entry.is_block ? (unsigned int) strtoul(block, NULL, 10) : 0;
	*ret = entry;
	return true;
}

int log_read(struct log *ret, const char *directory)
{
	struct log log = { .text = read_file(directory, "control") };
	char *copy = log.text ? strdup(log.text) : NULL, *rest = copy, *line;
	size_t room = 1;

	if (!copy)
		return -EIO;
	for (const char *c = copy; *c; c++)
		room += *c == '\n';
	log.entries = calloc(room, sizeof(*log.entries));
	while (log.entries && (line = strsep(&rest, "\n")))
		if (parse_entry(line, &log.entries[log.nentries]))
			log.nentries++;
	free(copy);
	*ret = log;
	return 0;
}

void log_done(struct log *log)
{
	free(log->entries);
	free(log->text);
}

/* ---- What was said ---- */

/* The rest of TEXT if it begins with PREFIX, else NULL. */
static const char *behind(const char *text, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(text, prefix, length) ? NULL : text + length;
}

static void set_text(struct line *line, const char *text)
{
	snprintf(line->text, sizeof(line->text), "%s", text);
}

/* What is known beyond the kernel's answer is not judged. */
static void set_reason(struct line *line, const char *text)
{
	set_text(line, text);
	line->text[strcspn(line->text, ";")] = '\0';
}

/* "Memory Block 5 (0x0000000028000000-0x000000002fffffff) "; NULL if it is not right. */
static const char *parse_block(const char *text, struct line *line)
{
	uint64_t start, end;
	unsigned int n;
	int length = 0;

	if (sscanf(text, "Memory Block %u (0x%16" SCNx64 "-0x%16" SCNx64 ") %n", &n,
		   &start, &end, &length) != 3 ||
	    !length || n >= NBLOCKS || start != n * BLOCK_BYTES ||
	    end != start + BLOCK_BYTES - 1)
		return NULL;
	line->is_block = true;
	line->block = n;
	line->blocks = bit(n);
	return text + length;
}

/* "5, 7-9 " */
static const char *parse_list(const char *text, struct line *line)
{
	for (;;) {
		char *end;
		unsigned long first = strtoul(text, &end, 10), last = first;

		if (end == text)
			return NULL;
		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		if (last >= NBLOCKS || last < first)
			return NULL;
		for (unsigned long n = first; n <= last; n++)
			line->blocks |= bit((unsigned int) n);
		text = end;
		if (behind(text, ", "))
			text += 2;
		else
			return *text == ' ' ? text + 1 : NULL;
	}
}

/* Takes it from the end of the text. */
static void take_still(struct line *line)
{
	static const char still[] = ", still in progress in the kernel";
	size_t length = strlen(line->text);

	if (length > sizeof(still) &&
	    !strcmp(line->text + length - sizeof(still) + 1, still)) {
		line->text[length - sizeof(still) + 1] = '\0';
		line->pending = true;
	}
}

static bool parse_failure(const char *text, struct line *line)
{
	static const char *const verbs[] = { " failed: ", " would fail: " };
	const char *middle = strstr(text, verbs[0]), *verb = verbs[0];

	if (!middle)
		middle = strstr(text, verb = verbs[1]);
	if (!middle || (size_t) (middle - text) >= sizeof(line->word))
		return false;
	snprintf(line->word, sizeof(line->word), "%.*s", (int) (middle - text), text);
	set_reason(line, middle + strlen(verb));
	take_still(line);
	line->kind = LINE_FAILURE;
	return true;
}

static void parse_about_block(const char *text, struct line *line)
{
	const char *rest;

	if (parse_failure(text, line))
		return;
	rest = behind(text, "could not be set back: ");
	if (rest) {
		line->kind = LINE_STUCK;
		set_reason(line, rest);
		take_still(line);
	} else if (!strcmp(text, "does not exist")) {
		line->kind = LINE_MISSING;
	} else if (!strcmp(text, "was not tried")) {
		line->kind = LINE_UNTRIED;
	} else if (behind(text, "must be ")) {
		line->kind = LINE_SENTENCE;
		set_text(line, text);
	} else if ((rest = behind(text, "deconfigure failed: "))) {
		line->kind = LINE_FAILURE;
		snprintf(line->word, sizeof(line->word), "deconfigure");
		set_text(line, rest);
	}
}

static void parse_about_blocks(const char *text, struct line *line)
{
	const char *rest = parse_list(text, line);

	if (rest && !strcmp(rest, "do not exist"))
		line->kind = LINE_MISSING;
	else if (rest && !strcmp(rest, "were not tried"))
		line->kind = LINE_UNTRIED;
}

/* "  5 blocks: ..." */
static bool parse_reason(const char *text, struct line *line)
{
	int length = 0;
	char plural[8] = "";

	if (sscanf(text, "  %" SCNu64 " %7s %n", &line->number, plural, &length) != 2 ||
	    strcmp(plural, line->number == 1 ? "block:" : "blocks:"))
		return false;
	line->kind = LINE_REASON;
	set_reason(line, text + length);
	return true;
}

static bool parse_total(const char *text, struct line *line)
{
	char amount[24], tail[16] = "";

	if ((sscanf(text, "Could only %23s %23s of %15s", line->word, amount, tail) !=
		     3 &&
	     sscanf(text, "Would only %23s %23s of %15s", line->word, amount, tail) !=
		     3) ||
	    strcmp(tail, "memory"))
		return false;
	line->kind = LINE_TOTAL;
	set_text(line, amount);
	return true;
}

static bool parse_locked(const char *text, struct line *line)
{
	const char *rest = behind(text, "/sys/devices/system/memory is locked by ");
	const char *other = rest ? behind(rest, "another process") : NULL;
	char *end;

	if (!rest)
		return false;
	if (other) {
		set_text(line, other);
	} else {
		line->number = strtoull(rest + strcspn(rest, " "), &end, 10);
		set_text(line, end);
	}
	line->kind = LINE_LOCKED;
	return true;
}

static void parse_others(const char *text, struct line *line)
{
	static const struct {
		const char *prefix;
		enum line_kind kind;
	} known[] = {
		{ "ended by ", LINE_ENDED },
		{ "ended, ", LINE_ENDED },
		{ "--atomic: what comes online ", LINE_OTHER },
		{ "--atomic: ", LINE_ATOMIC },
		{ "cannot tell how much memory would be left: ", LINE_OTHER },
		{ "the kernel's pool has lost huge pages: ", LINE_OTHER },
		{ "zone ignored, no valid_zones sysfs attribute present", LINE_OTHER },
		{ "zone Movable would hold ", LINE_OUTLOOK },
		{ "--disable --all would take boot memory, too: ", LINE_OTHER },
		{ "Cannot configure. Use -e instead.", LINE_OTHER },
		{ "Cannot deconfigure. Use -d instead.", LINE_OTHER },
	};
	const char *rest;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (behind(text, known[i].prefix)) {
			rest = behind(text, known[i].prefix);
			line->kind = known[i].kind;
			set_text(line, line->kind == LINE_OTHER ? text : rest);
			return;
		}
}

static void parse_error(const char *text, struct line *line)
{
	const char *rest = behind(text, "chmem: ");

	if (!rest)
		return;
	text = rest;
	if (behind(text, "Memory Block ")) {
		rest = parse_block(text, line);
		if (rest)
			parse_about_block(rest, line);
	} else if ((rest = behind(text, "Memory Blocks "))) {
		parse_about_blocks(rest, line);
	} else if (!parse_reason(text, line) && !parse_total(text, line) &&
		   !parse_locked(text, line)) {
		parse_others(text, line);
	}
}

static void parse_verb(const char *text, struct line *line)
{
	static const char *const verbs[] = {
		"enabled",      "disabled",           "configured",
		"deconfigured", "already enabled",    "already disabled",
		"set back",     "already configured", "already deconfigured",
	};
	const char *rest = parse_block(text, line);

	if (rest && behind(rest, "would be ")) {
		line->kind = LINE_PLANNED;
		set_text(line, behind(rest, "would be "));
	}

	for (size_t i = 0; rest && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(rest, verbs[i])) {
			line->kind = LINE_VERB;
			set_text(line, rest);
		}
}

void output_parse(struct output *output, bool is_stderr)
{
	char *copy = strdup(output->text), *rest = copy, *text;
	size_t room = 1;

	for (const char *c = copy; *c; c++)
		room += *c == '\n';
	output->lines = calloc(room, sizeof(*output->lines));
	while ((text = strsep(&rest, "\n"))) {
		struct line *line = &output->lines[output->nlines];

		if (!*text)
			continue;
		if (is_stderr)
			parse_error(text, line);
		else
			parse_verb(text, line);
		if (line->kind == LINE_UNKNOWN)
			set_text(line, text);
		output->nlines++;
	}
	free(copy);
}

void output_done(struct output *output)
{
	free(output->text);
	free(output->lines);
}
