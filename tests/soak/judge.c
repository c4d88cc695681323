/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The oracle: what was written, the state it led to, the exit status and the time it took
 * have to agree with each other and with the options. Knows nothing of how chmem works,
 * only what its man page promises.
 */
#include "config.h"

#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "soak.h"

#define GRACE_MS 10100
/* Whoever is left behind was not answered for longer than that. */
#define GRACE_MIN_MS 700
#define EXIT_PARTIAL 64

/* ---- What there is to go by ---- */

double run_slack(const struct run *run)
{
#ifdef __SANITIZE_ADDRESS__
	return 3000 + 10 * run->late_ms;
#else
	return 1000 + 10 * run->late_ms;
#endif
}

bool is_ok(const struct entry *entry)
{
	return !entry->pending && !strcmp(entry->result, "ok");
}

unsigned int count_ok(const struct run *run, unsigned int n, const char *file,
		      const char *word)
{
	unsigned int count = 0;

	for (size_t i = 0; i < run->log.nentries; i++) {
		const struct entry *entry = &run->log.entries[i];

		count += entry->is_block && entry->block == n && is_ok(entry) &&
			 !strcmp(entry->file, file) &&
			 !strncmp(entry->word, word, strlen(word));
	}
	return count;
}

const struct entry *last_forward(const struct run *run, unsigned int n)
{
	for (size_t i = run->log.nentries; i > 0; i--) {
		const struct entry *entry = &run->log.entries[i - 1];

		if (entry->is_block && entry->block == n && entry->forward)
			return entry;
	}
	return NULL;
}

/* A write to it ended so late, or not yet, that nobody knew what would come of it. */
bool is_unsettled(const struct run *run, unsigned int n)
{
	for (size_t i = 0; i < run->log.nentries; i++) {
		const struct entry *entry = &run->log.entries[i];

		if (entry->is_block && entry->block == n &&
		    (entry->pending || entry->end_ms > run->end_ms ||
		     (entry->end_ms > run->end_ms - 200 &&
		      entry->end_ms - entry->begin_ms > GRACE_MIN_MS)))
			return true;
	}
	for (size_t i = 0; i < run->err.nlines; i++)
		if (run->err.lines[i].pending && run->err.lines[i].block == n)
			return true;
	return false;
}

bool has_line(const struct output *output, enum line_kind kind, unsigned int n)
{
	for (size_t i = 0; i < output->nlines; i++)
		if (output->lines[i].kind == kind && output->lines[i].blocks & bit(n))
			return true;
	return false;
}

const struct line *find_line(const struct output *output, enum line_kind kind)
{
	for (size_t i = 0; i < output->nlines; i++)
		if (output->lines[i].kind == kind)
			return &output->lines[i];
	return NULL;
}

bool is_responsive(const struct run *run)
{
	return !strstr(run->scenario.machine, "stick") &&
	       !strstr(run->scenario.later, "hold");
}

static bool is_end(int signal_number)
{
	return signal_number == SIGINT || signal_number == SIGTERM ||
	       signal_number == SIGHUP;
}

/* When signal number WHICH of those that end a run was sent; 0 if it was not. */
static double end_shot_ms(const struct run *run, unsigned int which)
{
	for (size_t i = 0; i < run->scenario.nshots; i++)
		if (is_end(run->scenario.shots[i].signal) && run->shot_ms[i] > 0 &&
		    which-- == 0)
			return run->shot_ms[i];
	return 0;
}

double first_end_ms(const struct run *run)
{
	return end_shot_ms(run, 0);
}

bool was_signalled(const struct run *run)
{
	return first_end_ms(run) > 0;
}

static const struct line *find_other(const struct run *run, const char *text)
{
	for (size_t i = 0; i < run->err.nlines; i++)
		if (run->err.lines[i].kind == LINE_OTHER &&
		    !strncmp(run->err.lines[i].text, text, strlen(text)))
			return &run->err.lines[i];
	return NULL;
}

bool was_refused(const struct run *run)
{
	const struct line *locked = find_line(&run->err, LINE_LOCKED);

	return find_other(run, "Cannot ") || find_other(run, "cannot tell") ||
	       find_other(run, "--disable --all ") || (locked && !*locked->text);
}

bool is_selected(const struct run *run, unsigned int n)
{
	return run->scenario.selection != SELECTION_NAMED || run->scenario.named & bit(n);
}

static bool is_foreign(const struct run *run, unsigned int n)
{
	return run->scenario.foreign & bit(n);
}

static bool is_configured(enum state state)
{
	return state >= STATE_OFFLINE;
}

/* Without regard to the zone. */
bool is_wanted(const struct run *run, const struct view *view, unsigned int n)
{
	enum state state = view->blocks[n].state;

	switch (run->scenario.command) {
	case COMMAND_ENABLE:
		return state == STATE_ONLINE;
	case COMMAND_DISABLE:
		return state == STATE_OFFLINE || state == STATE_STANDBY;
	case COMMAND_CONFIGURE:
		return is_configured(state);
	default:
		return state == STATE_STANDBY;
	}
}

static bool judges_zone(const struct run *run)
{
	return run->scenario.zone && !run->scenario.zones_unknown;
}

static bool is_in_zone(const struct run *run, const struct view *view, unsigned int n)
{
	const char *zone = view->blocks[n].zone;

	return run->scenario.command != COMMAND_ENABLE || !judges_zone(run) ||
	       !strcmp(zone, "none") || !strcmp(zone, run->scenario.zone);
}

/* ---- Writes ---- */

static bool is_forward(const struct scenario *scenario, const struct entry *entry)
{
	bool state = !strcmp(entry->file, "state"),
	     config = !strcmp(entry->file, "config");

	switch (scenario->command) {
	case COMMAND_ENABLE:
		return (state && !strncmp(entry->word, "online", 6)) ||
		       (config && !strcmp(entry->word, "1"));
	case COMMAND_DISABLE:
		return (state && !strcmp(entry->word, "offline")) ||
		       (config && !strcmp(entry->word, "0"));
	case COMMAND_CONFIGURE:
		return (config && !strcmp(entry->word, "1")) ||
		       (!strcmp(entry->file, "memmap_on_memory") &&
			scenario->memmap == entry->word[0] - '0');
	default:
		return config && !strcmp(entry->word, "0");
	}
}

/* What is written against the sense of the command. */
static bool may_go_back(const struct run *run, const struct entry *entry)
{
	if (run->scenario.atomic)
		return true;
	return run->scenario.command == COMMAND_ENABLE &&
	       !strcmp(entry->file, "config") && !strcmp(entry->word, "0") &&
	       count_ok(run, entry->block, "config", "1");
}

static const char *zone_word(const struct run *run)
{
	if (run->scenario.zone_auto)
		return "online";
	if (!judges_zone(run))
		return run->scenario.zones_unknown ? "online" : "online_movable";
	return strcmp(run->scenario.zone, "Movable") ? "online_kernel" : "online_movable";
}

/* Back to the zone where the block was. */
static void check_word_back(struct run *run, const struct entry *entry)
{
	const char *zone = run->before.blocks[entry->block].zone;
	const char *word = strcmp(zone, "Movable") ? "online_kernel" : "online_movable";

	if (run->scenario.command == COMMAND_DISABLE && !strcmp(entry->file, "state") &&
	    !run->scenario.zones_unknown && strcmp(zone, "none") &&
	    !((run->scenario.foreign | run->scenario.lied | run->scenario.hidden) &
	      bit(entry->block)) &&
	    strcmp(entry->word, word))
		problem(run, "'%s' is written to block %u, which was in zone %s",
			entry->word, entry->block, zone);
}

static void check_entry(struct run *run, const struct entry *entry)
{
	const struct scenario *scenario = &run->scenario;
	unsigned int n = entry->block;

	if (!entry->is_block || n >= NBLOCKS) {
		problem(run, "'%s' was written to %s, which is of no block", entry->word,
			entry->file);
		return;
	}
	if (!is_selected(run, n))
		problem(run, "block %u is written, but not in the selection", n);
	if (!entry->forward && !may_go_back(run, entry))
		problem(run, "'%s' is written to %s of block %u", entry->word,
			entry->file, n);
	if (!entry->forward)
		check_word_back(run, entry);
	if (!entry->forward || is_foreign(run, n) || scenario->lied & bit(n))
		return;
	if (scenario->command == COMMAND_ENABLE && !strcmp(entry->file, "state") &&
	    !(scenario->hidden & bit(n)) && strcmp(entry->word, zone_word(run)))
		problem(run, "'%s' is written to block %u, not '%s'", entry->word, n,
			zone_word(run));
	if (scenario->command != COMMAND_DISABLE || scenario->zones_unknown ||
	    strcmp(entry->file, "state"))
		return;
	if (scenario->zone && strcmp(run->before.blocks[n].zone, scenario->zone))
		problem(run, "block %u is not in zone %s, but tried", n, scenario->zone);
	if (scenario->by_size && !strcmp(run->before.blocks[n].zone, "none") &&
	    !(scenario->hidden & bit(n)))
		problem(run, "block %u is in no zone, and is tried", n);
}

/* One after the other, and none after one that the kernel did not let go of. */
static void check_sequence(struct run *run)
{
	for (size_t i = 1; i < run->log.nentries; i++) {
		const struct entry *entry = &run->log.entries[i];
		const struct entry *before = entry - 1;

		if (before->pending)
			problem(run, "block %u is written although %u is still at it",
				entry->block, before->block);
		else if (before->end_ms > entry->begin_ms + 0.5)
			problem(run, "block %u is written while %u is", entry->block,
				before->block);
	}
	for (size_t i = 0; i < run->err.nlines; i++) {
		const struct line *line = &run->err.lines[i];

		if (line->pending && run->log.nentries &&
		    run->log.entries[run->log.nentries - 1].block != line->block)
			problem(run, "block %u is pending, but %u was written later",
				line->block,
				run->log.entries[run->log.nentries - 1].block);
	}
}

/* What the writes make of each block has to be what there is, where nobody else is. */
static void check_replay(struct run *run)
{
	const struct scenario *scenario = &run->scenario;

	for (unsigned int n = 0; n < NBLOCKS; n++) {
		enum state state = run->before.blocks[n].state;
		bool sure = !is_foreign(run, n) && !is_unsettled(run, n);

		for (size_t i = 0; i < run->log.nentries; i++) {
			const struct entry *entry = &run->log.entries[i];
			bool is_state = !strcmp(entry->file, "state");

			if (!entry->is_block || entry->block != n)
				continue;
			if (sure && is_state &&
			    (state == STATE_ONLINE) == !strncmp(entry->word, "online", 6))
				problem(run,
					"block %u is %s already when that is written", n,
					entry->word);
			if (!is_ok(entry))
				continue;
			if (is_state)
				state = strcmp(entry->word, "offline") ? STATE_ONLINE
								       : STATE_OFFLINE;
			else if (!strcmp(entry->file, "config") && entry->word[0] == '0')
				state = STATE_STANDBY;
			else if (!strcmp(entry->file, "config")) {
				state = STATE_OFFLINE;
				sure = sure && !scenario->auto_online;
			}
		}
		if (sure && state != run->after.blocks[n].state)
			problem(run, "block %u is not in the state of the last write", n);
	}
}

static bool is_descending(const struct scenario *scenario)
{
	if (scenario->order != ORDER_DEFAULT)
		return scenario->order == ORDER_HIGHEST;
	return scenario->selection != SELECTION_NAMED &&
	       (scenario->command == COMMAND_DISABLE ||
		scenario->command == COMMAND_DECONFIGURE);
}

/* Blocks are tried in their order, and go back in the other. */
static void check_order(struct run *run)
{
	bool descending = is_descending(&run->scenario);
	uint64_t tried = 0;
	const struct entry *last = NULL;

	for (size_t i = 0; i < run->log.nentries && !run->scenario.wait_ms; i++) {
		const struct entry *entry = &run->log.entries[i];

		if (!entry->forward || !entry->is_block || tried & bit(entry->block))
			continue;
		tried |= bit(entry->block);
		if (last && (entry->block > last->block) == descending)
			problem(run, "block %u is tried after %u", entry->block,
				last->block);
		last = entry;
	}
}

static size_t first_ok_forward(const struct run *run, unsigned int n)
{
	for (size_t i = 0; i < run->log.nentries; i++)
		if (run->log.entries[i].is_block && run->log.entries[i].block == n &&
		    run->log.entries[i].forward && is_ok(&run->log.entries[i]))
			return i;
	return SIZE_MAX;
}

/* The last that was changed goes back first, each after all that goes forward. */
static void check_way_back(struct run *run)
{
	size_t limit = SIZE_MAX;
	bool is_back = false;

	if (!run->scenario.atomic || run->scenario.s390)
		return;
	for (size_t i = 0; i < run->log.nentries; i++) {
		const struct entry *entry = &run->log.entries[i];
		size_t changed = first_ok_forward(run, entry->block);

		if (entry->forward && is_back)
			problem(run, "block %u is changed on the way back", entry->block);
		is_back = is_back || !entry->forward;
		if (entry->forward)
			continue;
		if (changed == SIZE_MAX)
			problem(run, "block %u is set back, but was not changed",
				entry->block);
		else if (changed > limit)
			problem(run, "block %u is not set back in its turn",
				entry->block);
		else if (changed == limit && strcmp(entry[-1].result, "EINTR"))
			problem(run, "block %u is set back twice", entry->block);
		limit = changed;
	}
}

/* ---- What came of it ---- */

/* By range: whether block N counts as done. */
static enum tri is_done(const struct run *run, unsigned int n)
{
	const struct scenario *scenario = &run->scenario;
	const struct look *before = &run->before.blocks[n];

	if (has_line(&run->err, LINE_UNTRIED, n))
		return TRI_NO;
	if (is_foreign(run, n) || scenario->hidden & bit(n) || is_unsettled(run, n) ||
	    (judges_zone(run) && scenario->lied & bit(n)))
		return TRI_MAYBE;
	if (!is_wanted(run, &run->after, n) || !is_in_zone(run, &run->after, n))
		return TRI_NO;
	if (scenario->command == COMMAND_DISABLE && scenario->s390 &&
	    count_ok(run, n, "state", "offline") &&
	    run->after.blocks[n].state != STATE_STANDBY)
		return TRI_NO;
	if (scenario->command == COMMAND_CONFIGURE && scenario->memmap >= 0 &&
	    is_configured(before->state) && before->memmap != (scenario->memmap == 1))
		return TRI_NO;
	return TRI_YES;
}

/* By size: whether block N was changed as it should be, by this run. */
static enum tri is_changed(const struct run *run, unsigned int n)
{
	const struct scenario *scenario = &run->scenario;
	bool online;

	if (is_unsettled(run, n))
		return TRI_MAYBE;
	switch (scenario->command) {
	case COMMAND_ENABLE:
		online = count_ok(run, n, "state", "online");
		/* what it has configured counts, whoever brought it online */
		if (count_ok(run, n, "config", "1")) {
			if (is_foreign(run, n))
				return TRI_MAYBE;
			online = run->after.blocks[n].state == STATE_ONLINE;
		}
		if (!online)
			break;
		if (judges_zone(run) && (is_foreign(run, n) || scenario->lied & bit(n) ||
					 scenario->hidden & bit(n)))
			return TRI_MAYBE;
		return is_in_zone(run, &run->after, n) ? TRI_YES : TRI_NO;
	case COMMAND_DISABLE:
		if (count_ok(run, n, "state", "offline"))
			return TRI_YES;
		break;
	case COMMAND_CONFIGURE:
		if (count_ok(run, n, "config", "1"))
			return TRI_YES;
		break;
	default:
		if (count_ok(run, n, "config", "0"))
			return TRI_YES;
	}
	return scenario->wait_ms && is_foreign(run, n) ? TRI_MAYBE : TRI_NO;
}

struct bounds {
	unsigned int low, high, goal;
};

static struct bounds count_done(const struct run *run)
{
	const struct scenario *scenario = &run->scenario;
	struct bounds bounds = { .goal = scenario->goal };

	if (scenario->selection == SELECTION_NAMED)
		bounds.goal = (unsigned int) __builtin_popcountll(scenario->named);

	for (unsigned int n = 0; n < NBLOCKS; n++) {
		enum tri tri;

		if (!is_selected(run, n))
			continue;
		tri = scenario->selection == SELECTION_NAMED ? is_done(run, n)
							     : is_changed(run, n);
		bounds.low += tri == TRI_YES;
		bounds.high += tri != TRI_NO;
	}
	return bounds;
}

/* "128M", "1.5G": to tenths, rounded half up. */
static void size_to_string(unsigned int nblocks, char text[16])
{
	unsigned int mib = nblocks * 128;

	if (!nblocks)
		snprintf(text, 16, "0B");
	else if (mib < 1024)
		snprintf(text, 16, "%uM", mib);
	else if ((mib * 10 + 512) / 1024 % 10)
		snprintf(text, 16, "%u.%uG", (mib * 10 + 512) / 1024 / 10,
			 (mib * 10 + 512) / 1024 % 10);
	else
		snprintf(text, 16, "%uG", (mib * 10 + 512) / 1024 / 10);
}

static void check_amount(struct run *run, struct bounds bounds)
{
	const struct line *total = find_line(&run->err, LINE_TOTAL);

	if (!total)
		return;
	for (unsigned int n = bounds.low; n <= bounds.high; n++) {
		char text[16];

		size_to_string(n, text);
		if (!strcmp(text, total->text))
			return;
	}
	problem(run, "it says %s, but %u to %u blocks are done", total->text, bounds.low,
		bounds.high);
}

static void check_status(struct run *run, struct bounds bounds)
{
	const struct line *total = find_line(&run->err, LINE_TOTAL);
	int status = WEXITSTATUS(run->status);
	bool is_total = status && (run->scenario.by_size || status == EXIT_PARTIAL);

	if (run->scenario.by_size && bounds.low > bounds.goal)
		problem(run, "%u blocks were changed, where %u were asked for",
			bounds.low, bounds.goal);
	if (status == 0 && (bounds.high < bounds.goal ||
			    (run->scenario.by_size && bounds.low > bounds.goal)))
		problem(run, "status 0, but %u of %u blocks are done", bounds.high,
			bounds.goal);
	if (status == EXIT_PARTIAL && !bounds.high)
		problem(run, "status 64, but nothing is done");
	if (status && bounds.low >= bounds.goal)
		problem(run, "status %d, but all is done", status);
	if (status == 1 && bounds.low)
		problem(run, "status 1, but %u to %u of %u blocks are done", bounds.low,
			bounds.high, bounds.goal);
	if (status != 0 && status != 1 && status != EXIT_PARTIAL)
		problem(run, "there is no exit status %d", status);
	if (is_total != !!total)
		problem(run, "status %d %s the line with the amount", status,
			total ? "and" : "without");
	check_amount(run, bounds);
}

/* Something that is said to stand in the way of a success. */
static bool says_why(const struct run *run)
{
	static const enum line_kind kinds[] = { LINE_FAILURE, LINE_SENTENCE, LINE_STUCK,
						LINE_UNTRIED, LINE_ENDED,    LINE_TOTAL };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (find_line(&run->err, kinds[i]))
			return true;
	return false;
}

/* Of all blocks, none is missing: what counts is whether any has failed. */
static void check_status_of_all(struct run *run, struct bounds bounds)
{
	const struct line *total = find_line(&run->err, LINE_TOTAL);
	int status = WEXITSTATUS(run->status);

	if (!status == says_why(run))
		problem(run, "status %d %s a reason", status, status ? "without" : "and");
	if (status == EXIT_PARTIAL && !bounds.high)
		problem(run, "status 64, but nothing is done");
	if (status == 1 && bounds.low)
		problem(run, "status 1, but %u blocks are done", bounds.low);
	if (status != 0 && status != 1 && status != EXIT_PARTIAL)
		problem(run, "there is no exit status %d", status);
	if ((status == EXIT_PARTIAL) != !!total)
		problem(run, "status %d %s the line with the amount", status,
			total ? "and" : "without");
	check_amount(run, bounds);
}

static bool is_as_before(const struct run *run, unsigned int n)
{
	const struct look *before = &run->before.blocks[n],
			  *after = &run->after.blocks[n];

	/* where it cannot be read in which zone a block is, it may go to another */
	bool zone_known = !((run->scenario.lied | run->scenario.hidden) & bit(n)) &&
			  !run->scenario.zones_unknown;

	return before->state == after->state && before->memmap == after->memmap &&
	       (!zone_known || !strcmp(before->zone, after->zone));
}

static bool has_pending_line(const struct run *run)
{
	for (size_t i = 0; i < run->err.nlines; i++)
		if (run->err.lines[i].pending)
			return true;
	return false;
}

/* All or nothing: what is not named as stuck is as it was. */
static void check_atomic(struct run *run, struct bounds bounds)
{
	int status = WIFEXITED(run->status) ? WEXITSTATUS(run->status) : -1;
	bool is_stuck = find_line(&run->err, LINE_STUCK) || has_pending_line(run);

	/* a signal that came at the very end */
	if (status == 0 || (status < 0 && bounds.high >= bounds.goal &&
			    !find_line(&run->err, LINE_ATOMIC))) {
		if (is_stuck)
			problem(run, "all is done, and something is stuck");
		if (bounds.high < bounds.goal)
			problem(run, "status %d, but %u of %u blocks are done", status,
				bounds.high, bounds.goal);
		return;
	}
	if (status > 0 && is_stuck != (status == EXIT_PARTIAL))
		problem(run, "status %d, but %s is stuck", status,
			is_stuck ? "something" : "nothing");
	for (unsigned int n = 0; n < NBLOCKS; n++) {
		bool stuck = has_line(&run->err, LINE_STUCK, n);

		if (is_foreign(run, n) || is_unsettled(run, n))
			continue;
		if (stuck && is_as_before(run, n))
			problem(run, "block %u is said to be stuck, but is as it was", n);
		if (!stuck && !is_as_before(run, n))
			problem(run, "block %u is not as it was, and not named", n);
	}
}

/* That it died of a signal, and of one that was sent; or that none was sent. */
static void check_signal(struct run *run)
{
	double sent = end_shot_ms(run, 0);

	if (WIFSIGNALED(run->status)) {
		int signal_number = WTERMSIG(run->status);

		for (size_t i = 0; i < run->scenario.nshots; i++)
			if (run->scenario.shots[i].signal == signal_number &&
			    run->shot_ms[i] > 0 && is_end(signal_number))
				return;
		problem(run, "it died of SIG%s, which was not sent",
			sigabbrev_np(signal_number));
	} else if (find_line(&run->err, LINE_ENDED) &&
		   strstr(find_line(&run->err, LINE_ENDED)->text, "a signal")) {
		problem(run, "it says that a signal ended it, and does not die of it");
	} else if (sent > 0 && run->end_ms - sent > 100 + run_slack(run)) {
		problem(run, "it outlived a signal by %.0f ms", run->end_ms - sent);
	}
}

static void check_result(struct run *run)
{
	struct bounds bounds = count_done(run);

	check_signal(run);
	if (was_refused(run)) {
		if (WIFEXITED(run->status) && WEXITSTATUS(run->status) != 1)
			problem(run, "refused with status %d", WEXITSTATUS(run->status));
		if (run->log.nentries)
			problem(run, "refused, and something was written");
		return;
	}
	if (run->scenario.atomic)
		check_atomic(run, bounds);
	else if (WIFEXITED(run->status) && run->scenario.selection == SELECTION_ALL)
		check_status_of_all(run, bounds);
	else if (WIFEXITED(run->status))
		check_status(run, bounds);
	else if (run->scenario.by_size && bounds.low > bounds.goal)
		problem(run, "%u blocks were changed, where %u were asked for",
			bounds.low, bounds.goal);
}

/* Configured for nothing: that is taken back, or it is tried. */
static void check_configured(struct run *run)
{
	for (unsigned int n = 0; n < NBLOCKS; n++) {
		bool back = false;

		for (size_t i = 0; i < run->log.nentries; i++)
			back = back || (run->log.entries[i].block == n &&
					!strcmp(run->log.entries[i].file, "config") &&
					run->log.entries[i].word[0] == '0');
		if (run->scenario.command == COMMAND_ENABLE && !back &&
		    !is_foreign(run, n) && !is_unsettled(run, n) &&
		    run->before.blocks[n].state == STATE_STANDBY &&
		    run->after.blocks[n].state == STATE_OFFLINE)
			problem(run, "block %u is left configured", n);
	}
}

/* ---- Time ---- */

/* So long it may do nothing at all. */
static double idle_ms(const struct run *run)
{
	const struct scenario *scenario = &run->scenario;
	double ms = 0, pause = 100;

	if (scenario->lock != LOCK_NO && scenario->lock != LOCK_NONBLOCK)
		ms += fmin((double) scenario->lock_held_ms,
			   scenario->lock == LOCK_AUTO ? 10000 : 30000);
	ms += (double) scenario->wait_ms;
	for (unsigned int i = 0; i < scenario->retries; i++) {
		ms += pause;
		pause = fmin(2 * pause, 2000);
	}
	return ms + run->stopped_ms;
}

static void check_time(struct run *run)
{
	const struct scenario *scenario = &run->scenario;
	double elapsed = run->end_ms - run->start_ms, writing = 0, back = 0;
	double slack = run_slack(run), first = end_shot_ms(run, 0),
	       second = end_shot_ms(run, 1);
	double grace = is_responsive(run) ? 500 : GRACE_MS;
	double try = (double) scenario->try_ms + grace;

	for (size_t i = 0; i < run->log.nentries; i++) {
		const struct entry *entry = &run->log.entries[i];
		double end = fmin(entry->end_ms, run->end_ms), ms = end - entry->begin_ms;

		writing += ms;
		back += entry->forward ? 0 : ms;
		if (ms > try + run->stopped_ms + slack)
			problem(run, "a write to block %u lasts %.0f ms", entry->block,
				ms);
	}
	/* an atomic run is given up by a second signal, which its way back heeds, too */
	if (elapsed > writing + idle_ms(run) + slack)
		problem(run, "%.0f ms passed, where writes took %.0f", elapsed, writing);
	if (scenario->timeout_ms != NO_TIME &&
	    elapsed - back >
		    (double) scenario->timeout_ms + 1000 + run->stopped_ms + slack)
		problem(run, "it took %.0f ms, despite --timeout", elapsed - back);
	if (first > 0 && run->end_ms - first - back > grace + run->stopped_ms + slack)
		problem(run, "it took %.0f ms after a signal",
			run->end_ms - first - back);
	if (second > 0 && run->end_ms - second > 1000 + run->stopped_ms + slack)
		problem(run, "it took %.0f ms after a second signal",
			run->end_ms - second);
}

/* After its time, or a signal, nothing goes forward any more. */
static void check_after_the_end(struct run *run)
{
	double limit = run->start_ms + 1e9, first = end_shot_ms(run, 0);
	/* chmem may have been made to wait where this test was not */
	double tolerance = 300 + 3 * run->late_ms + run->stopped_ms;

	if (run->scenario.timeout_ms != NO_TIME)
		limit = fmax(run->start_ms, run->begin_ms) +
			(double) run->scenario.timeout_ms;
	if (first > 0)
		limit = fmin(limit, first);
	for (size_t i = 0; i < run->log.nentries; i++)
		if (run->log.entries[i].forward &&
		    run->log.entries[i].begin_ms > limit + tolerance)
			problem(run, "block %u is written %.0f ms after the end",
				run->log.entries[i].block,
				run->log.entries[i].begin_ms - limit);
}

/* ---- Tries ---- */

static bool is_same_write(const struct entry *a, const struct entry *b)
{
	return a->is_block && b->is_block && a->block == b->block &&
	       !strcmp(a->file, b->file) && !strcmp(a->word, b->word);
}

/* How often a write may be repeated that ended like that. */
static unsigned int retries_after(const struct run *run, const struct entry *entry)
{
	const struct scenario *scenario = &run->scenario;
	const char *result = entry->result;

	/* of a block that did not come online then, and was deconfigured again */
	if (!strcmp(result, "EAGAIN") ||
	    (!strcmp(result, "ok") && !strcmp(entry->file, "config") &&
	     scenario->command == COMMAND_ENABLE))
		return scenario->retries;
	/* outside Movable only where all pages are, which cannot be seen any more */
	if (!strcmp(result, "EBUSY"))
		return !strcmp(entry->file, "state") || scenario->retries_given
			       ? scenario->retries
			       : 0;
	if (!strcmp(result, "EIO") && !strcmp(entry->file, "config"))
		return scenario->retries < 1 ? scenario->retries : 1;
	if (!strcmp(result, "EINTR"))
		return scenario->retries_given ? scenario->retries : 0;
	return 0;
}

/* Given back by the kernel although nobody wanted that: repeated at once, not a try. */
static bool is_restart(const struct run *run, const struct entry *entry,
		       const struct entry *next)
{
	return !strcmp(entry->result, "EINTR") &&
	       next->begin_ms - entry->end_ms <
		       500 + 3 * run->late_ms + run->stopped_ms &&
	       entry->end_ms - entry->begin_ms < (double) run->scenario.try_ms;
}

static void check_tries_of(struct run *run, size_t first)
{
	const struct entry *entries = run->log.entries, *last = &entries[first];
	unsigned int ntries = 1;
	double pause = 100;

	for (size_t i = 0; i < first; i++)
		if (is_same_write(&entries[i], &entries[first]))
			return;
	for (size_t i = first + 1; i < run->log.nentries; i++) {
		const struct entry *entry = &entries[i];

		if (!is_same_write(entry, last))
			continue;
		if (is_restart(run, last, entry)) {
			last = entry;
			continue;
		}
		if (++ntries > 1 + retries_after(run, last))
			problem(run, "block %u is tried %u times, after %s", entry->block,
				ntries, last->result);
		if (entry->begin_ms - last->end_ms < pause - 10)
			problem(run, "block %u is tried again after %.0f ms",
				entry->block, entry->begin_ms - last->end_ms);
		last = entry;
	}
}

static void check_tries(struct run *run)
{
	for (size_t i = 0; i < run->log.nentries; i++)
		if (run->log.entries[i].is_block &&
		    (run->log.entries[i].forward || run->scenario.atomic) &&
		    !is_foreign(run, run->log.entries[i].block))
			check_tries_of(run, i);
}

/* Two neighbours in a row for which the kernel had no memory. */
static void check_no_memory(struct run *run)
{
	const struct entry *entries = run->log.entries;

	for (size_t i = 2; i < run->log.nentries; i++)
		if (entries[i].forward && entries[i - 1].forward &&
		    entries[i - 2].forward && !strcmp(entries[i - 1].result, "ENOMEM") &&
		    !strcmp(entries[i - 2].result, "ENOMEM") &&
		    entries[i - 1].block - entries[i - 2].block + 1 <= 2 &&
		    entries[i - 1].block != entries[i - 2].block)
			problem(run, "block %u is tried after two ENOMEM",
				entries[i].block);
}

/* ---- Memory ---- */

static uint64_t keep_free_kib(const struct run *run)
{
	uint64_t keep = run->scenario.keep_free;

	if (keep != KEEP_FREE_AUTO)
		return keep / 1024;
	keep = 2 * run->before.high_kib;
	return keep < 64 * 1024 ? 64 * 1024 : keep;
}

static bool knows_memory(const struct run *run)
{
	return run->scenario.command == COMMAND_DISABLE && run->scenario.keep_free &&
	       !run->scenario.memory_moves && !run->scenario.foreign &&
	       !run->scenario.atomic && !(run->scenario.lied);
}

static bool is_kernel_block_gone(const struct run *run)
{
	for (unsigned int n = 0; n < NBLOCKS; n++)
		if (count_ok(run, n, "state", "offline") &&
		    strcmp(run->before.blocks[n].zone, "Movable"))
			return true;
	return false;
}

static void check_memory(struct run *run)
{
	uint64_t left = run->after.available_kib + run->after.swap_kib;
	bool changed = false, unsettled = false;

	if (!knows_memory(run))
		return;
	for (unsigned int n = 0; n < NBLOCKS; n++) {
		changed = changed || count_ok(run, n, "state", "offline");
		unsettled = unsettled || is_unsettled(run, n);
	}
	if (!changed || unsettled)
		return;
	if (left < keep_free_kib(run))
		problem(run, "%llu KiB are left of %llu that must be",
			(unsigned long long) left,
			(unsigned long long) keep_free_kib(run));
	if (is_kernel_block_gone(run) && !strstr(run->scenario.machine, "ratio") &&
	    run->after.movable_kib * 100 > run->after.kernel_kib * 301)
		problem(run, "zone Movable is too large for what is beside it");
}

/* ---- The judgement ---- */

/* How far it is to the size that is to be reached, and in which direction. */
void find_distance(struct run *run)
{
	struct scenario *scenario = &run->scenario;
	unsigned int nonline = 0, wanted = scenario->wanted;

	if (scenario->selection != SELECTION_RESIZE)
		return;
	for (unsigned int n = 0; n < NBLOCKS; n++)
		nonline += run->before.blocks[n].state == STATE_ONLINE &&
			   (!judges_zone(run) ||
			    !strcmp(run->before.blocks[n].zone, scenario->zone));
	if (scenario->command == _COMMAND_MAX)
		scenario->command = nonline > wanted ? COMMAND_DISABLE : COMMAND_ENABLE;
	if (scenario->command == COMMAND_ENABLE)
		scenario->goal = wanted > nonline ? wanted - nonline : 0;
	else
		scenario->goal = nonline > wanted ? nonline - wanted : 0;
}

void judge(struct run *run)
{
	find_distance(run);
	for (size_t i = 0; i < run->log.nentries; i++)
		run->log.entries[i].forward = is_forward(&run->scenario,
							 &run->log.entries[i]);
	for (size_t i = 0; i < run->log.nentries; i++)
		check_entry(run, &run->log.entries[i]);
	check_sequence(run);
	check_replay(run);
	check_order(run);
	check_way_back(run);
	check_result(run);
	check_configured(run);
	check_time(run);
	check_after_the_end(run);
	check_tries(run);
	check_no_memory(run);
	check_memory(run);
	judge_words(run);
}
