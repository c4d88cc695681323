/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A dry run and then the same for real, on a machine on which nothing fails by chance:
 * what the one has said is what the other does, and says.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "soak.h"

/* ---- What is said, in the words of a run for real ---- */

struct text {
	char *text;
	size_t length;
	FILE *stream;
};

static void text_begin(struct text *text)
{
	*text = (struct text){ .text = NULL };
	text->stream = open_memstream(&text->text, &text->length);
	if (!text->stream)
		abort();
}

static void put_line(FILE *stream, const struct line *line)
{
	switch (line->kind) {
	case LINE_FAILURE:
		fprintf(stream, "block %u, %s: %s\n", line->block, line->word,
			line->text);
		break;
	case LINE_SENTENCE:
		fprintf(stream, "block %u %s\n", line->block, line->text);
		break;
	case LINE_TOTAL:
		fprintf(stream, "total %s %s\n", line->word, line->text);
		break;
	case LINE_REASON:
		fprintf(stream, "%u for %s\n", (unsigned int) line->number, line->text);
		break;
	case LINE_MISSING:
	case LINE_UNTRIED:
		fprintf(stream, "%s %#llx\n",
			line->kind == LINE_MISSING ? "missing" : "untried",
			(unsigned long long) line->blocks);
		break;
	case LINE_ATOMIC:
		fprintf(stream, "atomic\n");
		break;
	case LINE_VERB:
		fprintf(stream, "block %u %s\n", line->block, line->text);
		break;
	default:
		fprintf(stream, "%s\n", line->text);
	}
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/* In order of their words: what may pass is told of later. */
static char *sort_lines(char *text)
{
	char *lines[256], *rest = text, *line;
	struct text sorted;
	size_t nlines = 0;

	while ((line = strsep(&rest, "\n")) && nlines < 256)
		lines[nlines++] = line;
	qsort(lines, nlines, sizeof(lines[0]), compare);
	text_begin(&sorted);
	for (size_t i = 0; i < nlines; i++)
		if (*lines[i])
			fprintf(sorted.stream, "%s\n", lines[i]);
	fclose(sorted.stream);
	free(text);
	return sorted.text;
}

static char *all_lines(const struct output *output)
{
	struct text text;

	text_begin(&text);
	for (size_t i = 0; i < output->nlines; i++)
		/* what comes of it later, only a dry run says */
		if (output->lines[i].kind != LINE_OUTLOOK)
			put_line(text.stream, &output->lines[i]);
	fclose(text.stream);
	return sort_lines(text.text);
}

static void check_words(struct run *run)
{
	char *dry = all_lines(&run->dry_err), *real = all_lines(&run->err);

	if (strcmp(dry, real))
		problem(run, "the dry run says\n%sand the run itself\n%s", dry, real);
	free(dry);
	free(real);
}

/* ---- Blocks ---- */

static char *planned_blocks(const struct run *run)
{
	struct text text;

	text_begin(&text);
	for (size_t i = 0; i < run->dry_out.nlines; i++)
		if (run->dry_out.lines[i].kind == LINE_PLANNED)
			fprintf(text.stream, "%u ", run->dry_out.lines[i].block);
	fclose(text.stream);
	return text.text;
}

static bool is_changed(const struct run *run, unsigned int n)
{
	return run->before.blocks[n].state != run->after.blocks[n].state;
}

/* In the order of their first writes. */
static char *changed_blocks(struct run *run)
{
	uint64_t seen = 0;
	struct text text;

	text_begin(&text);
	for (size_t i = 0; i < run->log.nentries; i++) {
		const struct entry *entry = &run->log.entries[i];

		if (!is_ok(entry) || seen & bit(entry->block) ||
		    !is_changed(run, entry->block))
			continue;
		seen |= bit(entry->block);
		fprintf(text.stream, "%u ", entry->block);
	}
	fclose(text.stream);
	for (unsigned int n = 0; n < NBLOCKS; n++)
		if (is_changed(run, n) && !(seen & bit(n)))
			problem(run, "block %u has changed by itself", n);
	return text.text;
}

static void check_blocks(struct run *run)
{
	char *planned = planned_blocks(run), *changed = changed_blocks(run);

	if (strcmp(planned, changed))
		problem(run, "the dry run would change blocks %s- and the run changes %s",
			planned, changed);
	free(planned);
	free(changed);
}

/* What is already as wanted, and with both there is nothing but known words. */
static void check_lines(struct run *run, bool has_failed)
{
	const struct output *outputs[] = { &run->dry_out, &run->dry_err, &run->out,
					   &run->err };

	for (size_t i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++)
		for (size_t j = 0; j < outputs[i]->nlines; j++)
			if (outputs[i]->lines[j].kind == LINE_UNKNOWN)
				problem(run, "unknown words: %s",
					outputs[i]->lines[j].text);
	for (size_t i = 0; i < run->dry_out.nlines && !has_failed; i++) {
		const struct line *line = &run->dry_out.lines[i];

		if (line->kind == LINE_VERB &&
		    !has_line(&run->out, LINE_VERB, line->block))
			problem(run, "block %u is %s only in the dry run", line->block,
				line->text);
	}
}

/* ---- Both ---- */

static void check_dry_run(struct run *run, const struct stage *stage)
{
	struct view view;
	struct log log;

	if (view_read(&view, stage->directory) < 0 ||
	    log_read(&log, stage->directory) < 0)
		abort();
	if (strcmp(view.text, run->before.text))
		problem(run, "the dry run has changed the machine");
	if (log.nentries)
		problem(run, "the dry run has written");
	view_done(&view);
	log_done(&log);
}

static void compare_runs(struct run *run)
{
	/* what stands in the way of all, the one foresees and the other meets */
	bool has_failed = run->scenario.atomic && run->status;

	if (run->status != run->dry_status)
		problem(run, "the dry run ends with status %#x, the run with %#x",
			run->dry_status, run->status);
	check_blocks(run);
	check_lines(run, has_failed);
	if (!has_failed)
		check_words(run);
}

int foresee_play(struct run *run, const struct stage *stage)
{
	struct scenario *scenario = &run->scenario;
	int status;
	pid_t machine = machine_start(stage, scenario->machine, &status);

	if (status == 77)
		return 77;
	if (status != 0 || view_read(&run->before, stage->directory) < 0) {
		problem(run, "the soak test: the machine cannot be started");
		return 0;
	}
	scenario->arguments[scenario->narguments] = strdup("--dry-run");
	if (!chmem_play(stage, scenario->arguments, scenario->narguments + 1,
			&run->dry_out, &run->dry_err, &run->dry_status))
		problem(run, "the dry run hangs");
	check_dry_run(run, stage);
	free(scenario->arguments[scenario->narguments]);
	scenario->arguments[scenario->narguments] = NULL;

	run->start_ms = now_ms();
	run->hangs = !chmem_play(stage, scenario->arguments, scenario->narguments,
				 &run->out, &run->err, &run->status);
	run->end_ms = now_ms();
	if (view_read(&run->after, stage->directory) < 0 ||
	    log_read(&run->log, stage->directory) < 0)
		problem(run, "the soak test: the machine cannot be read afterwards");
	else
		compare_runs(run);
	machine_stop(run, machine);
	return 0;
}
