/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hog MIB: takes memory until so much of it is left to others, going by MemAvailable.
 * hog MIB take: takes so much.
 *
 * Prints "ready" when that is so and stays until it is killed. What it takes can be
 * moved, but neither dropped nor swapped out. It is the first to go when the kernel kills
 * for want of memory, so that whoever reads /proc/vmstat afterwards is still there.
 */
#define _GNU_SOURCE
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const size_t page_bytes = 4096;

static unsigned long available_mib(void)
{
	char line[128];
	unsigned long kib = 0;
	FILE *file = fopen("/proc/meminfo", "re");

	if (!file)
		err(1, "/proc/meminfo");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %lu kB", &kib) == 1)
			break;
	fclose(file);
	return kib / 1024;
}

static void volunteer(void)
{
	FILE *file = fopen("/proc/self/oom_score_adj", "we");

	if (!file || fputs("1000", file) == EOF || fclose(file))
		err(1, "/proc/self/oom_score_adj");
}

/* At once: a page that the kernel has to be asked for by itself takes longer. */
static void take(unsigned long mib)
{
	size_t bytes = mib << 20;
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory == MAP_FAILED)
		err(1, "mmap");
	/* No two pages alike, and none of zeros. */
	for (size_t offset = 0; offset < bytes; offset += page_bytes)
		memcpy(memory + offset, &(char *){ memory + offset }, sizeof(memory));
}

int main(int argc, char **argv)
{
	unsigned long mib, available;

	if (argc != 2 && argc != 3)
		errx(2, "usage: hog MIB [take]");
	mib = strtoul(argv[1], NULL, 10);
	volunteer();
	if (argc == 3)
		take(mib);
	else
		/* what it takes costs some more, for page tables */
		while ((available = available_mib()) > mib)
			take((available - mib + 1) / 2);
	if (puts("ready") == EOF || fflush(stdout))
		err(1, "stdout");
	pause();
	return 0;
}
