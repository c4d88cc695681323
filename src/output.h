/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may write to which stream: what was asked for goes to stdout, what is amiss to
 * stderr, and both by way of these functions.
 */
#ifndef CHMEM_OUTPUT_H
#define CHMEM_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * Prepares stderr for whole lines, and keeps closed standard descriptors from being taken
 * over.
 */
void report_init(void);

/* A line on stdout. */
void report_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A stream to stdout for others to print on; NULL for want of memory. The caller closes
 * it. */
FILE *report_stream(void);

/* Less than a line on stdout. */
void report_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line on stderr, after all that went to stdout so far. */
void report_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line that is only told where lines are kept. */
void report_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Draws LINE on stderr, where it stays until another line is written anywhere, or drawn
 * in its place; report_status_end() lets it stay for good.
 */
void report_status(const char *line);
void report_status_end(void);

/* Points to --help. */
void report_try_help(void);

/* Lines that went to stderr, without the name of the program. */
struct messages {
	char **lines; /* owned, each of them, too */
	size_t nlines, size;
	bool lost; /* there was no memory for all of them */
};

/* From now on they are kept. */
void report_keep_messages(void);

/* Those that were kept so far, for as long as the program runs. */
const struct messages *report_messages(void);

/*
 * Between these two, what others print on stderr is held back; then it goes there as it
 * is, and its lines are messages, too, of the program PREFIX. Does nothing where messages
 * are not kept.
 */
struct capture {
	FILE *stderr_before, *stream; /* stream is NULL where nothing is held back */
	char *text;
	size_t length;
};
void report_capture_begin(struct capture *capture);
void report_capture_end(struct capture *capture, const char *prefix);

/* Last of all: STATUS, or EXIT_FAILURE and a line if what went to stdout got lost. */
int report_finish(int status);

#endif
