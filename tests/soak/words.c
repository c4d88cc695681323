/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The oracle's other half: each line that chmem prints has to be true, and what has to be
 * said is said.
 */
#include "config.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../memsim/names.h"
#include "soak.h"

static bool has_prefix(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

static bool is_foreign(const struct run *run, unsigned int n)
{
	return run->scenario.foreign & bit(n);
}

/* The scenario's errors that are no writes. */
static bool is_hidden(const struct run *run, unsigned int n)
{
	return run->scenario.hidden & bit(n);
}

/* ---- Failures ---- */

/* The text that stands for the result of ENTRY. */
static bool is_text_of(const struct entry *entry, const char *text)
{
	return !entry->pending && !strcmp(strerror(error_number(entry->result)), text);
}

static bool is_known_error(const struct run *run, unsigned int n, const char *text)
{
	const struct entry *last = NULL;

	for (size_t i = 0; i < run->log.nentries; i++)
		if (run->log.entries[i].block == n && run->log.entries[i].is_block) {
			last = &run->log.entries[i];
			/* a last step that undoes the first may fail, too */
			if (is_text_of(last, text))
				return true;
		}
	if (is_hidden(run, n))
		return !strcmp(text, strerror(EACCES)) ||
		       !strcmp(text, strerror(EROFS)) || !strcmp(text, strerror(EPERM)) ||
		       !strcmp(text, strerror(EIO));
	return is_foreign(run, n) &&
	       (!strcmp(text, strerror(ENODEV)) || !strcmp(text, strerror(ENOENT)));
}

static void check_given_up(struct run *run, const struct line *line)
{
	const struct entry *last = last_forward(run, line->block), *first;
	double limit = (double) run->scenario.try_ms, said = 0, took;

	if (line->kind == LINE_STUCK)
		for (size_t i = 0; i < run->log.nentries; i++)
			if (run->log.entries[i].is_block &&
			    run->log.entries[i].block == line->block)
				last = &run->log.entries[i];
	if (sscanf(line->text, "given up after %lf s (--try-timeout)", &said) != 1 ||
	    !last) {
		problem(run, "block %u: '%s', but nothing was written", line->block,
			line->text);
		return;
	}
	first = last;
	while (first > run->log.entries && first[-1].block == line->block &&
	       !strcmp(first[-1].result, "EINTR") &&
	       first->begin_ms - first[-1].end_ms < 500)
		first--;
	took = last->end_ms - first->begin_ms;
	/*
	 * A try may be several writes; chmem's clock begins before the machine's, which
	 * may get to see the write late.
	 */
	if (took < limit - 30 - 3 * run->late_ms &&
	    last->end_ms - run->start_ms < limit && !(run->stopped_ms > 0))
		problem(run, "block %u was given up after %.1f ms", line->block, took);
	if (said * 1000 < limit - 51 ||
	    said * 1000 > last->end_ms - run->start_ms + 60 + run_slack(run))
		problem(run, "block %u took %.0f ms, and it says %.1f s", line->block,
			took, said);
	if (!last->pending && strcmp(last->result, "EINTR") &&
	    !is_unsettled(run, line->block))
		problem(run, "block %u was given up, but the kernel said %s", line->block,
			last->result);
}

static bool has_held_lock(const struct run *run)
{
	return strstr(run->scenario.later, "hold") ||
	       strstr(run->scenario.later, "add") ||
	       strstr(run->scenario.later, "remove");
}

static void check_spare_reason(struct run *run, const struct line *line)
{
	if (run->scenario.command != COMMAND_DISABLE || !run->scenario.keep_free)
		problem(run, "block %u: memory must not be left over", line->block);
}

/* Reasons that are words of chmem's own. True if it was one of them. */
static bool check_plain_reason(struct run *run, const struct line *line)
{
	const struct scenario *scenario = &run->scenario;
	const char *text = line->text;
	unsigned int n = line->block;
	bool sure = !is_foreign(run, n) && !(scenario->lied & bit(n)) &&
		    !is_hidden(run, n);
	const char *zone = run->before.blocks[n].zone;

	if (has_prefix(text, "given up after ")) {
		check_given_up(run, line);
	} else if (!strcmp(text, "given up, the time of --timeout is up")) {
		if (scenario->timeout_ms == NO_TIME ||
		    run->end_ms - run->start_ms < (double) scenario->timeout_ms - 5)
			problem(run, "block %u: the time is not up", n);
	} else if (!strcmp(text, "interrupted")) {
		if (!was_signalled(run))
			problem(run, "block %u: no signal was sent", n);
	} else if (!strcmp(text, "another memory hot-plug operation is in progress")) {
		if (!has_held_lock(run) && run->late_ms < 50)
			problem(run, "block %u: nobody has the kernel's lock", n);
	} else if (!strcmp(text, "Zone mismatch")) {
		if (!scenario->zone)
			problem(run, "block %u: no zone was asked for", n);
		else if (sure && scenario->command == COMMAND_DISABLE &&
			 !strcmp(zone, scenario->zone))
			problem(run, "block %u is in zone %s", n, zone);
		else if (sure && scenario->command == COMMAND_ENABLE &&
			 !strcmp(scenario->zone, "Movable"))
			problem(run, "block %u can be in zone Movable", n);
	} else if (has_prefix(text, "valid_zones is none")) {
		if (sure && strcmp(zone, "none"))
			problem(run, "block %u is in zone %s, not in none", n, zone);
	} else if (has_prefix(text, "already online in zone ")) {
		if (sure && !count_ok(run, n, "config", "1") &&
		    (strcmp(zone, text + 23) || !strcmp(zone, scenario->zone ?: "")))
			problem(run, "block %u was in zone %s", n, zone);
	} else if (has_prefix(text, "came online in zone ")) {
		if (sure && line->kind != LINE_STUCK &&
		    strcmp(run->after.blocks[n].zone, text + 20) && !scenario->atomic)
			problem(run, "block %u is in zone %s", n,
				run->after.blocks[n].zone);
	} else if (has_prefix(text, "it would leave ") ||
		   has_prefix(text, "zone Movable may not hold ")) {
		check_spare_reason(run, line);
	} else if (!strcmp(text, "not configured")) {
		if (!scenario->s390)
			problem(run, "block %u: nothing is configured here", n);
	} else if (has_prefix(text, "unknown zone, valid_zones: ")) {
		if (!is_hidden(run, n) && !is_foreign(run, n))
			problem(run, "block %u: valid_zones can be read", n);
	} else if (!strcmp(text, "not tried any more")) {
		if (line->kind != LINE_STUCK)
			problem(run, "block %u: not tried, on the way forward", n);
	} else {
		return false;
	}
	return true;
}

/* Such blocks are online, or offline, and not done all the same. */
static bool is_wanted_and_not_done(const struct run *run, const struct line *line)
{
	return strstr(line->text, "online in zone ") ||
	       !strcmp(line->word, "deconfigure") || !strcmp(line->word, "configure") ||
	       run->scenario.command == COMMAND_CONFIGURE;
}

static void check_failure(struct run *run, const struct line *line)
{
	unsigned int n = line->block;
	const struct entry *last = last_forward(run, n);

	if (!is_selected(run, n))
		problem(run, "block %u failed, and was not asked for", n);
	if (line->kind != LINE_STUCK && !is_foreign(run, n) && !is_hidden(run, n) &&
	    !is_unsettled(run, n) && is_wanted(run, &run->after, n) &&
	    !is_wanted_and_not_done(run, line))
		problem(run, "block %u failed, but is as wanted", n);
	if (line->kind != LINE_STUCK && is_foreign(run, n) &&
	    !(run->scenario.unclear & bit(n)) && last && !strcmp(last->file, "state") &&
	    is_text_of(last, strerror(EINVAL)) && !strcmp(line->text, strerror(EINVAL)) &&
	    is_wanted(run, &run->after, n))
		problem(run, "block %u failed, where only somebody else was quicker", n);
	if (!check_plain_reason(run, line) && !is_known_error(run, n, line->text))
		problem(run, "block %u: '%s' is no answer that it was given", n,
			line->text);
	if (line->pending && !is_unsettled(run, n))
		problem(run, "block %u is said to be pending", n);
}

static void check_sentence(struct run *run, const struct line *line)
{
	const struct look *before = &run->before.blocks[line->block];

	if (is_foreign(run, line->block))
		return;
	if (has_prefix(line->text, "must be deconfigured before")) {
		if (before->state < STATE_OFFLINE ||
		    before->memmap == (run->scenario.memmap == 1))
			problem(run, "block %u need not be deconfigured", line->block);
	} else if (has_prefix(line->text, "must be offline before")) {
		if (before->state != STATE_ONLINE)
			problem(run, "block %u is offline", line->block);
	}
}

/* ---- What was done ---- */

static unsigned int count_verbs(const struct run *run, unsigned int n, const char *verb)
{
	unsigned int count = 0;

	for (size_t i = 0; i < run->out.nlines; i++)
		count += run->out.lines[i].kind == LINE_VERB &&
			 run->out.lines[i].block == n &&
			 !strcmp(run->out.lines[i].text, verb);
	return count;
}

/* Whether the last write to FILE of block N that the kernel acknowledged was WORD. */
static bool is_last_ok(const struct run *run, unsigned int n, const char *file,
		       const char *word)
{
	for (size_t i = run->log.nentries; i > 0; i--) {
		const struct entry *entry = &run->log.entries[i - 1];

		if (entry->is_block && entry->block == n && is_ok(entry) &&
		    !strcmp(entry->file, file))
			return has_prefix(entry->word, word);
	}
	return false;
}

/*
 * A line for an acknowledged write; one alone where the block was tried again, none where
 * all of it was taken back, nor where a later try made the opposite of it last.
 */
static void check_verb(struct run *run, unsigned int n, const char *verb,
		       const char *file, const char *word)
{
	unsigned int said = count_verbs(run, n, verb),
		     done = count_ok(run, n, file, word);

	/* what was given up may be seen to be done although it has not returned */
	if (said > done && !(is_unsettled(run, n) && is_wanted(run, &run->after, n)))
		problem(run, "block %u is said to be %s, but no such write succeeded", n,
			verb);
	/* it is the last of a block's steps */
	if (said && done && !run->scenario.atomic && !strcmp(verb, "deconfigured") &&
	    !is_last_ok(run, n, file, word))
		problem(run, "block %u is said to be %s, and no more so", n, verb);
	if (done && !said && (run->scenario.atomic || is_last_ok(run, n, file, word)) &&
	    !is_unsettled(run, n) &&
	    !(run->scenario.s390 &&
	      run->before.blocks[n].state == run->after.blocks[n].state))
		problem(run, "block %u is %s, and nothing is said of it", n, verb);
}

/* Writes on the way back have other lines, or none. */
static void check_verbs_of(struct run *run, unsigned int n)
{
	enum command command = run->scenario.command;
	bool atomic = run->scenario.atomic;

	if (command == COMMAND_ENABLE)
		check_verb(run, n, "enabled", "state", "online");
	if (command == COMMAND_DISABLE)
		check_verb(run, n, "disabled", "state", "offline");
	if (command == COMMAND_ENABLE || command == COMMAND_CONFIGURE)
		check_verb(run, n, "configured", "config", "1");
	if (command == COMMAND_DECONFIGURE || command == COMMAND_DISABLE || !atomic)
		check_verb(run, n, "deconfigured", "config", "0");
}

static void check_already(struct run *run, const struct line *line)
{
	unsigned int n = line->block;

	if (is_foreign(run, n) || (run->scenario.s390 && run->scenario.auto_online))
		return;
	if (!strcmp(line->text, "already deconfigured")
		    ? run->before.blocks[n].state != STATE_STANDBY
		    : !is_wanted(run, &run->before, n))
		problem(run, "block %u is %s, which it was not", n, line->text);
}

static void check_set_back(struct run *run, const struct line *line)
{
	unsigned int n = line->block;
	const struct look *before = &run->before.blocks[n],
			  *after = &run->after.blocks[n];

	if (!run->scenario.atomic)
		problem(run, "block %u is set back, though not --atomic", n);
	if (is_foreign(run, n) || is_unsettled(run, n))
		return;
	if (before->state != after->state || before->memmap != after->memmap ||
	    (strcmp(before->zone, after->zone) && !run->scenario.zones_unknown &&
	     !((run->scenario.lied | run->scenario.hidden) & bit(n))))
		problem(run, "block %u is said to be set back", n);
}

/* Nothing at all is said where a signal came before it could be caught. */
static bool is_cut_short(const struct run *run)
{
	return WIFSIGNALED(run->status) && !run->err.nlines && !run->out.nlines;
}

static void check_stdout(struct run *run)
{
	if (!run->scenario.verbose) {
		if (run->out.nlines)
			problem(run, "it prints, though not --verbose");
		return;
	}
	if (is_cut_short(run) && !run->log.nentries)
		return;
	for (unsigned int n = 0; n < NBLOCKS; n++)
		check_verbs_of(run, n);
	for (size_t i = 0; i < run->out.nlines; i++) {
		const struct line *line = &run->out.lines[i];

		if (line->kind == LINE_UNKNOWN)
			problem(run, "unknown words on stdout: %s", line->text);
		else if (has_prefix(line->text, "already "))
			check_already(run, line);
		else if (!strcmp(line->text, "set back"))
			check_set_back(run, line);
	}
}

/* ---- What stands for several ---- */

static void check_missing(struct run *run)
{
	for (unsigned int n = 0; n < NBLOCKS; n++) {
		bool absent = run->before.blocks[n].state == STATE_ABSENT &&
			      run->after.blocks[n].state == STATE_ABSENT;
		bool named = has_line(&run->err, LINE_MISSING, n);

		if (is_foreign(run, n) || !is_selected(run, n) ||
		    run->scenario.selection != SELECTION_NAMED)
			continue;
		if (named && !absent)
			problem(run, "block %u is said to be missing", n);
		if (!named && absent && !has_line(&run->err, LINE_UNTRIED, n) &&
		    !find_line(&run->err, LINE_UNTRIED) && !was_refused(run) &&
		    !is_cut_short(run))
			problem(run, "block %u is missing, and not named", n);
	}
}

static bool is_named(const struct run *run, unsigned int n)
{
	return has_line(&run->err, LINE_FAILURE, n) ||
	       has_line(&run->err, LINE_SENTENCE, n) ||
	       has_line(&run->err, LINE_STUCK, n) ||
	       has_line(&run->err, LINE_UNTRIED, n) ||
	       has_line(&run->err, LINE_MISSING, n);
}

/* Of all blocks, those of other zones are not meant. */
static bool is_meant(const struct run *run, unsigned int n)
{
	const struct scenario *scenario = &run->scenario;

	if (scenario->selection != SELECTION_ALL || !scenario->zone ||
	    scenario->zones_unknown)
		return is_selected(run, n);
	return scenario->command == COMMAND_DISABLE &&
	       !((scenario->lied | scenario->hidden) & bit(n)) &&
	       !strcmp(run->before.blocks[n].zone, scenario->zone);
}

/* Unless by size, each block that is not as wanted is named. */
static void check_silence(struct run *run)
{
	const struct scenario *scenario = &run->scenario;

	if (scenario->by_size || scenario->atomic || was_refused(run) ||
	    is_cut_short(run))
		return;
	for (unsigned int n = 0; n < NBLOCKS; n++)
		if (is_meant(run, n) && !is_foreign(run, n) && !is_unsettled(run, n) &&
		    run->before.blocks[n].state != STATE_ABSENT &&
		    !is_wanted(run, &run->after, n) && !is_named(run, n))
			problem(run, "block %u is not as wanted, and nothing is said", n);
}

static void check_untried(struct run *run)
{
	for (unsigned int n = 0; n < NBLOCKS; n++)
		if (has_line(&run->err, LINE_UNTRIED, n) && last_forward(run, n))
			problem(run, "block %u is said not to be tried", n);
}

static void check_ended(struct run *run)
{
	const struct line *line = find_line(&run->err, LINE_ENDED);

	/* one that came when all was tried has ended nothing */
	if (WIFSIGNALED(run->status) && !line && run->log.nentries && !was_refused(run) &&
	    find_line(&run->err, LINE_TOTAL) &&
	    run->log.entries[run->log.nentries - 1].end_ms > first_end_ms(run))
		problem(run, "it does not say that a signal ended it");
	if (!line)
		return;
	if (has_prefix(line->text, "a signal: ") && !was_signalled(run))
		problem(run, "no signal was sent");
	if (has_prefix(line->text, "--timeout") &&
	    (run->scenario.timeout_ms == NO_TIME ||
	     run->end_ms - run->start_ms < (double) run->scenario.timeout_ms - 5))
		problem(run, "its time is not up");
}

static unsigned int sum_of_reasons(const struct run *run)
{
	unsigned int sum = 0;

	for (size_t i = 0; i < run->err.nlines; i++)
		if (run->err.lines[i].kind == LINE_REASON)
			sum += (unsigned int) run->err.lines[i].number;
	return sum;
}

/* Something that ended the walk before its time, or may have. */
static bool is_cut(const struct run *run)
{
	const struct scenario *scenario = &run->scenario;

	if (scenario->foreign || scenario->wait_ms || scenario->atomic ||
	    was_refused(run) || was_signalled(run) || find_line(&run->err, LINE_ENDED) ||
	    scenario->hidden)
		return true;
	for (size_t i = 0; i < run->err.nlines; i++)
		if (strstr(run->err.lines[i].text, "it would leave ") ||
		    strstr(run->err.lines[i].text, "zone Movable may not") ||
		    strstr(run->err.lines[i].text, "another memory hot-plug") ||
		    run->err.lines[i].pending)
			return true;
	for (unsigned int n = 0; n < NBLOCKS; n++)
		if (is_unsettled(run, n))
			return true;
	return false;
}

/*
 * By size, where the amount is not reached: each block that is no more as wanted than
 * before was tried, or is counted among the reasons.
 */
static void check_reasons(struct run *run)
{
	unsigned int ncandidates = 0;

	if (!run->scenario.by_size || !find_line(&run->err, LINE_TOTAL) || is_cut(run))
		return;
	for (unsigned int n = 0; n < NBLOCKS; n++) {
		const struct look *before = &run->before.blocks[n];
		bool is_candidate = before->state != STATE_ABSENT &&
				    !is_wanted(run, &run->before, n);
		const struct entry *last = last_forward(run, n);

		if (run->scenario.command == COMMAND_CONFIGURE &&
		    run->scenario.memmap >= 0 && before->state >= STATE_OFFLINE &&
		    before->memmap != (run->scenario.memmap == 1))
			is_candidate = true;
		if (run->scenario.command == COMMAND_DISABLE &&
		    before->state == STATE_STANDBY)
			is_candidate = false;
		/* changed, and in the zone that was asked for */
		if (is_candidate && !(last && is_wanted(run, &run->after, n) &&
				      (run->scenario.command == COMMAND_DISABLE ||
				       !has_line(&run->err, LINE_FAILURE, n))))
			ncandidates++;
	}
	if (!run->scenario.zone && ncandidates != sum_of_reasons(run))
		problem(run, "%u blocks are not done, and reasons are given for %u",
			ncandidates, sum_of_reasons(run));
}

/* No more blocks have an errno for a reason than were given it. */
static void check_reason(struct run *run, const struct line *line)
{
	unsigned int count = 0;
	const char *text = strstr(line->text, " failed: ");
	int error = 0;

	text = text ? text + strlen(" failed: ") : line->text;
	for (int i = 1; i < 134 && !error; i++)
		if (!strcmp(text, strerror(i)))
			error = i;
	if (!error || run->scenario.hidden || run->scenario.foreign)
		return;
	for (unsigned int n = 0; n < NBLOCKS; n++) {
		const struct entry *last = last_forward(run, n);

		count += last && is_text_of(last, text);
	}
	if (count < line->number)
		problem(run, "'%s' is said of %u blocks, and was the answer of %u", text,
			(unsigned int) line->number, count);
}

static void check_locked(struct run *run, const struct line *line)
{
	const struct scenario *scenario = &run->scenario;
	double elapsed = run->end_ms - run->start_ms, patience = 0;
	bool goes_on = *line->text;

	if (!scenario->lock_held_ms)
		problem(run, "nobody has the lock");
	if (line->number && line->number != (uint64_t) getpid())
		problem(run, "the lock is not that of process %u",
			(unsigned int) line->number);
	if (scenario->lock == LOCK_NO || goes_on != (scenario->lock == LOCK_AUTO))
		problem(run, "that is not what --lock says");
	if (scenario->lock == LOCK_YES)
		patience = fmin((double) scenario->timeout_ms, 30000);
	if (scenario->lock == LOCK_AUTO)
		patience = fmin((double) scenario->timeout_ms, 10000);
	if (elapsed < patience - 5)
		problem(run, "the lock was not waited for");
}

static void check_stderr(struct run *run)
{
	for (size_t i = 0; i < run->err.nlines; i++) {
		const struct line *line = &run->err.lines[i];

		switch (line->kind) {
		case LINE_UNKNOWN:
			problem(run, "unknown words on stderr: %s", line->text);
			break;
		case LINE_FAILURE:
		case LINE_STUCK:
			check_failure(run, line);
			break;
		case LINE_SENTENCE:
			check_sentence(run, line);
			break;
		case LINE_REASON:
			check_reason(run, line);
			break;
		case LINE_LOCKED:
			check_locked(run, line);
			break;
		default:
			break;
		}
	}
}

void judge_words(struct run *run)
{
	check_stdout(run);
	check_stderr(run);
	check_missing(run);
	check_silence(run);
	check_untried(run);
	check_ended(run);
	check_reasons(run);
}
