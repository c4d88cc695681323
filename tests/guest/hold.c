/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hold PATH: takes the lock of a file or a directory, as flock(2) does, prints "held",
 * and keeps it until it is killed. Where somebody else has it, it does not wait: exit
 * status 1.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int fd;

	if (argc != 2)
		errx(2, "usage: hold PATH");
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		err(2, "%s", argv[1]);
	if (flock(fd, LOCK_EX | LOCK_NB))
		err(1, "%s", argv[1]);
	if (puts("held") == EOF || fflush(stdout))
		err(1, "stdout");
	pause();
	return 0;
}
