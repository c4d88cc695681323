/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stdout and stderr. Who reads both from one pipe gets the lines in the order of events:
 * stdout is flushed before a line goes to stderr.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output.h"

void report_init(void)
{
	/*
	 * An attribute must not be opened as descriptor 0, 1 or 2. What takes the place
	 * of a closed one fails like it: nothing can be read from or written to an O_PATH
	 * descriptor.
	 */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/", O_PATH) != fd)
			exit(EXIT_FAILURE);

	/* Who closes the pipe that he reads ends the printing, not the work. */
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
}

/*
 * The first error of stdout, which stdio does not keep. Like stdout itself there is one
 * of it in the process.
 */
static int stdout_error;

/* Notes whether RESULT, of a function that writes to stdout, is a failure. */
static void check_stdout(int result)
{
	if (result < 0 && !stdout_error)
		stdout_error = errno;
}

/* The line on stderr that is to be drawn over. */
static bool has_status;

/* To its beginning, and all of it away. */
static void erase_status(void)
{
	if (!has_status)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	has_status = false;
}

void report_status(const char *line)
{
	check_stdout(fflush(stdout));
	fprintf(stderr, "\r%s\033[K", line);
	fflush(stderr);
	has_status = true;
}

void report_status_end(void)
{
	if (has_status)
		fputc('\n', stderr);
	has_status = false;
}

void report_line(const char *format, ...)
{
	va_list arguments;

	erase_status();
	va_start(arguments, format);
	check_stdout(vprintf(format, arguments));
	va_end(arguments);
	check_stdout(putchar('\n'));
}

static ssize_t write_stdout(void *cookie, const char *text, size_t length)
{
	(void) cookie;
	check_stdout(fwrite(text, 1, length, stdout) == length ? 0 : -1);
	return (ssize_t) length;
}

FILE *report_stream(void)
{
	return fopencookie(NULL, "w", (cookie_io_functions_t){ .write = write_stdout });
}

void report_text(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	check_stdout(vprintf(format, arguments));
	va_end(arguments);
}

/* ---- stderr ---- */

/* Like stderr itself there is one of them in the process. */
static struct messages messages;
static bool keeps_messages;

void report_keep_messages(void)
{
	keeps_messages = true;
}

const struct messages *report_messages(void)
{
	return &messages;
}

/* Takes over LINE, NULL if there was no memory for it. */
static void keep(char *line)
{
	char **grown = messages.lines;

	if (line && messages.nlines == messages.size) {
		size_t size = messages.size ? messages.size * 2 : 16;

		grown = reallocarray(messages.lines, size, sizeof(*grown));
		if (grown) {
			messages.lines = grown;
			messages.size = size;
		}
	}
	if (!line || !grown) {
		messages.lost = true;
		free(line);
		return;
	}
	messages.lines[messages.nlines++] = line;
}

void report_error(const char *format, ...)
{
	va_list arguments;
	char *line;

	check_stdout(fflush(stdout));
	erase_status();
	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);

	if (!keeps_messages)
		return;
	va_start(arguments, format);
	keep(vasprintf(&line, format, arguments) < 0 ? NULL : line);
	va_end(arguments);
}

void report_note(const char *format, ...)
{
	va_list arguments;
	char *line;

	if (!keeps_messages)
		return;
	va_start(arguments, format);
	keep(vasprintf(&line, format, arguments) < 0 ? NULL : line);
	va_end(arguments);
}

void report_try_help(void)
{
	static const char format[] = "Try '%s --help' for more information.";
	char *line;

	fprintf(stderr, format, program_invocation_short_name);
	fputc('\n', stderr);

	if (keeps_messages)
		keep(asprintf(&line, format, program_invocation_short_name) < 0 ? NULL
										: line);
}

void report_capture_begin(struct capture *capture)
{
	*capture = (struct capture){ .stderr_before = stderr };
	if (keeps_messages)
		capture->stream = open_memstream(&capture->text, &capture->length);
	if (capture->stream)
		stderr = capture->stream;
}

void report_capture_end(struct capture *capture, const char *prefix)
{
	char *rest = NULL;
	size_t length = strlen(prefix);

	stderr = capture->stderr_before;
	if (!capture->stream)
		return;
	if (fclose(capture->stream) < 0 || !capture->text) {
		messages.lost = true;
		return;
	}
	fputs(capture->text, stderr);
	for (char *line = strtok_r(capture->text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (!strncmp(line, prefix, length) && !strncmp(line + length, ": ", 2))
			line += length + 2;
		keep(strdup(line));
	}
	free(capture->text);
}

/* What a file system has put off, and tells of only now: ENOSPC of NFS, say. */
static void check_closing(void)
{
	int fd = dup(STDOUT_FILENO);

	if (fd >= 0)
		check_stdout(close(fd));
}

int report_finish(int status)
{
	check_stdout(fflush(stdout));
	check_closing();
	/* who closed it does not want it */
	if (!stdout_error || stdout_error == EBADF)
		return status;

	report_error("write error: %s", strerror(stdout_error));
	return EXIT_FAILURE;
}
