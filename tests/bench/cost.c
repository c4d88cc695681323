/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cost TRACEPOINT COMMAND [ARGUMENT]... - runs it with stdout to nowhere, and prints how
 * often it passed the tracepoint of this number, or "-" where that cannot be counted, and
 * the most memory that it had at once, in KiB. Exit status 1 if it failed.
 */
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Starts with the next program of that process; -1 where there is none. */
static int open_counter(const char *tracepoint, pid_t pid)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = strtoull(tracepoint, NULL, 10),
		.disabled = 1,
		.enable_on_exec = 1,
		.inherit = 1,
	};

	return (int) syscall(SYS_perf_event_open, &attr, pid, -1, -1,
			     PERF_FLAG_FD_CLOEXEC);
}

/* As soon as nobody has the other end of the pipe any more. */
static void become(char **argv, int pipe)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	char byte;

	if (null < 0 || dup2(null, STDOUT_FILENO) < 0)
		err(EXIT_FAILURE, "/dev/null");
	if (read(pipe, &byte, 1) < 0)
		err(EXIT_FAILURE, "read");
	execv(argv[0], argv);
	err(EXIT_FAILURE, "%s", argv[0]);
}

int main(int argc, char **argv)
{
	int ends[2], counter, status;
	struct rusage usage;
	uint64_t count;
	pid_t pid;

	if (argc < 3)
		errx(EXIT_FAILURE, "usage: cost TRACEPOINT COMMAND [ARGUMENT]...");
	if (pipe(ends) < 0 || fcntl(ends[0], F_SETFD, FD_CLOEXEC) < 0)
		err(EXIT_FAILURE, "pipe");
	pid = fork();
	if (pid < 0)
		err(EXIT_FAILURE, "fork");
	if (pid == 0) {
		close(ends[1]);
		become(argv + 2, ends[0]);
	}
	counter = open_counter(argv[1], pid);
	close(ends[1]);
	if (wait4(pid, &status, 0, &usage) < 0)
		err(EXIT_FAILURE, "wait4");
	if (status)
		errx(EXIT_FAILURE, "%s failed", argv[2]);
	if (counter >= 0 && read(counter, &count, sizeof(count)) == sizeof(count))
		printf("%" PRIu64, count);
	else
		printf("-");
	printf(" %ld\n", usage.ru_maxrss);

	return EXIT_SUCCESS;
}
