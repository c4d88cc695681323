/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pipes MIB: fills pipes with so much data, which the kernel can keep only in its own
 * zones, never in Movable.
 *
 * Prints "done" when all of it is there and exits, or stays until it is killed if there
 * is a second argument. It is the first to go when the kernel kills for want of memory.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const int pipe_bytes = 1 << 20;

static void volunteer(void)
{
	FILE *file = fopen("/proc/self/oom_score_adj", "we");

	if (!file || fputs("1000", file) == EOF || fclose(file))
		err(1, "/proc/self/oom_score_adj");
}

static void fill_a_pipe(void)
{
	static char data[64 << 10];
	int ends[2];

	if (pipe2(ends, O_NONBLOCK))
		err(1, "pipe");
	if (fcntl(ends[1], F_SETPIPE_SZ, pipe_bytes) < pipe_bytes)
		err(1, "F_SETPIPE_SZ");
	for (int filled = 0; filled < pipe_bytes; filled += sizeof(data))
		if (write(ends[1], data, sizeof(data)) != sizeof(data))
			err(1, "write");
}

int main(int argc, char **argv)
{
	struct rlimit files = { .rlim_cur = 65536, .rlim_max = 65536 };
	unsigned long mib;

	if (argc != 2 && argc != 3)
		errx(2, "usage: pipes MIB [stay]");
	mib = strtoul(argv[1], NULL, 10);
	volunteer();
	if (setrlimit(RLIMIT_NOFILE, &files))
		err(1, "setrlimit");
	for (unsigned long i = 0; i < mib; i++)
		fill_a_pipe();
	if (puts("done") == EOF || fflush(stdout))
		err(1, "stdout");
	if (argc == 3)
		pause();
	return 0;
}
