/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clang-format off */
/*
 * poke [OPTION]... FILE WORD - writes WORD to FILE, by one write(2) as sysfs wants it,
 * and prints what came of it: `ok`, the name of an errno, or `open` and one where it
 * cannot be opened.
 *
 *   -a MS       an alarm after so long; its handler does nothing
 *   -i SIGNAL   ignores that signal
 *   -H SIGNAL   has a handler for it that does nothing
 *   -r          reads: opens FILE for reading and writing, reads it first
 *   -w MS       waits so long between opening and writing
 */
/* clang-format on */
#include "config.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "names.h"

static void do_nothing(int signal)
{
	(void) signal;
}

static void handle(int signal, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler };

	sigaction(signal, &action, NULL);
}

static void set_alarm(int ms)
{
	struct itimerval timer = { .it_value = { ms / 1000, ms % 1000 * 1000 } };

	handle(SIGALRM, do_nothing);
	setitimer(ITIMER_REAL, &timer, NULL);
}

int main(int argc, char **argv)
{
	const char *path, *word;
	bool read_first = false;
	int alarm_ms = 0, wait_ms = 0, c, fd;
	char text[4096];

	while ((c = getopt(argc, argv, "a:i:H:rw:")) != -1)
		switch (c) {
		case 'a':
			alarm_ms = atoi(optarg);
			break;
		case 'i':
			handle(atoi(optarg), SIG_IGN);
			break;
		case 'H':
			handle(atoi(optarg), do_nothing);
			break;
		case 'r':
			read_first = true;
			break;
		case 'w':
			wait_ms = atoi(optarg);
			break;
		default:
			return EXIT_FAILURE;
		}
	if (argc - optind != 2)
		errx(EXIT_FAILURE, "usage: poke [OPTION]... FILE WORD");
	path = argv[optind];
	word = argv[optind + 1];

	fd = open(path, (read_first ? O_RDWR : O_WRONLY) | O_CLOEXEC);
	if (fd < 0) {
		printf("open %s\n", error_name(errno));
		return EXIT_FAILURE;
	}
	if (read_first && pread(fd, text, sizeof(text), 0) < 0) {
		printf("read %s\n", error_name(errno));
		return EXIT_FAILURE;
	}
	poll(NULL, 0, wait_ms);
	if (alarm_ms)
		set_alarm(alarm_ms);
	if (write(fd, word, strlen(word)) < 0) {
		printf("%s\n", error_name(errno));
		return EXIT_FAILURE;
	}
	puts("ok");
	return EXIT_SUCCESS;
}
