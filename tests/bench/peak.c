/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peak COMMAND [ARGUMENT]... - runs it with stdout to nowhere, and prints the most memory
 * that it had at once, in KiB. Exit status 1 if it failed.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct rusage usage;
	pid_t pid;
	int status;

	if (argc < 2)
		errx(EXIT_FAILURE, "usage: peak COMMAND [ARGUMENT]...");
	pid = fork();
	if (pid < 0)
		err(EXIT_FAILURE, "fork");
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		if (null < 0 || dup2(null, STDOUT_FILENO) < 0)
			err(EXIT_FAILURE, "/dev/null");
		execv(argv[1], argv + 1);
		err(EXIT_FAILURE, "%s", argv[1]);
	}
	if (wait4(pid, &status, 0, &usage) < 0)
		err(EXIT_FAILURE, "wait4");
	if (status)
		errx(EXIT_FAILURE, "%s failed", argv[1]);
	printf("%ld\n", usage.ru_maxrss);

	return EXIT_SUCCESS;
}
