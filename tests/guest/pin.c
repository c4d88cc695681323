/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pin FIRST LAST [COUNT]: keeps one page of the physical address range FIRST to LAST, or
 * so many, where they are. It asks for memory of the range's node, where that comes up
 * sooner.
 *
 * A page that was spliced into a pipe has a reference that migration cannot move. Taking
 * the block that it lies in offline then tries again without end, and holds the kernel's
 * hot-plug lock all the while. A signal ends that, but only between two passes over the
 * block; one over thousands of such pages takes seconds. Prints "pinned" when that is so,
 * and the page frame of the first, in hexadecimal digits, and stays until it is killed.
 *
 * Of the memory on its way it keeps nothing. Only root may see physical addresses.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/mempolicy.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define NODES_MAX (8 * sizeof(unsigned long))
#define PAGEMAP_PRESENT (UINT64_C(1) << 63)
#define PAGEMAP_PFN ((UINT64_C(1) << 55) - 1)

/* Far less than the guest has, far more than it takes to reach a block that is empty. */
static const size_t most_bytes = (size_t) 512 << 20;

static uint64_t physical_address(int pagemap, const char *page, size_t page_size)
{
	uint64_t entry;
	off_t offset = (uintptr_t) page / page_size * sizeof(entry);

	if (pread(pagemap, &entry, sizeof(entry), offset) != sizeof(entry))
		err(1, "/proc/self/pagemap");
	if (!(entry & PAGEMAP_PRESENT))
		errx(1, "a page that was just written is not in memory");
	return (entry & PAGEMAP_PFN) * page_size;
}

/* Into a pipe that nobody reads; one takes a few pages, so it may be a new one. */
static void hold(char *page, size_t page_size)
{
	static int pipe_ends[2], room;
	struct iovec vector = { .iov_base = page, .iov_len = page_size };

	if (!room) {
		if (pipe(pipe_ends))
			err(1, "pipe");
		room = fcntl(pipe_ends[1], F_GETPIPE_SZ) / (int) page_size;
	}
	if (vmsplice(pipe_ends[1], &vector, 1, 0) != (ssize_t) page_size)
		err(1, "vmsplice");
	room--;
}

/* Returns the address of the first that is held. */
static uint64_t hold_pages(uint64_t first, uint64_t last, size_t count, size_t page_size)
{
	uint64_t held = 0;
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	size_t end, kept = 0;
	char *memory;

	if (pagemap < 0)
		err(1, "/proc/self/pagemap");
	memory = mmap(NULL, most_bytes, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		err(1, "mmap");
	if (madvise(memory, most_bytes, MADV_NOHUGEPAGE))
		err(1, "madvise");

	/* What lies elsewhere goes back in the end: before, it would only come up again.
	 */
	for (end = 0; end < most_bytes && kept < count; end += page_size) {
		char *page = memory + end;
		uint64_t address;

		*page = 1;
		address = physical_address(pagemap, page, page_size);
		if (address < first || address > last)
			continue;
		hold(page, page_size);
		if (!kept++)
			held = address;
	}
	if (kept < count)
		errx(1, "%zu pages of the range came up in %zu MiB", kept,
		     most_bytes >> 20);
	for (size_t offset = 0; offset < end; offset += page_size) {
		char *page = memory + offset;
		uint64_t address = physical_address(pagemap, page, page_size);

		if ((address < first || address > last) && munmap(page, page_size))
			err(1, "munmap");
	}
	close(pagemap);
	return held;
}

static bool is_of_node(uint64_t address, unsigned long node)
{
	char path[128];
	uint64_t block_bytes;
	FILE *file = fopen("/sys/devices/system/memory/block_size_bytes", "re");

	if (!file || fscanf(file, "%" SCNx64, &block_bytes) != 1 || !block_bytes)
		err(1, "block_size_bytes");
	fclose(file);
	snprintf(path, sizeof(path),
		 "/sys/devices/system/memory/memory%" PRIu64 "/node%lu",
		 address / block_bytes, node);
	return !access(path, F_OK);
}

static void prefer_node_of(uint64_t address)
{
	for (unsigned long node = 0; node < NODES_MAX; node++) {
		unsigned long nodes = 1UL << node;

		if (!is_of_node(address, node))
			continue;
		if (syscall(SYS_set_mempolicy, MPOL_PREFERRED, &nodes, NODES_MAX))
			err(1, "set_mempolicy");
		return;
	}
}

int main(int argc, char **argv)
{
	struct rlimit files = { .rlim_cur = 65536, .rlim_max = 65536 };
	size_t page_size = sysconf(_SC_PAGESIZE);
	uint64_t first, held;

	if (argc != 3 && argc != 4)
		errx(2, "usage: pin FIRST LAST [COUNT]");
	if (setrlimit(RLIMIT_NOFILE, &files))
		err(1, "setrlimit");
	first = strtoull(argv[1], NULL, 16);
	prefer_node_of(first);
	held = hold_pages(first, strtoull(argv[2], NULL, 16),
			  argc == 4 ? strtoul(argv[3], NULL, 10) : 1, page_size);
	if (printf("pinned 0x%" PRIx64 "\n", held / page_size) < 0 || fflush(stdout))
		err(1, "stdout");
	pause();
	return 0;
}
