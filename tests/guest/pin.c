/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pin FIRST LAST: keeps one page of the physical address range FIRST to LAST where it is.
 *
 * A page that was spliced into a pipe has a reference that migration cannot move. Taking
 * the block that it lies in offline then tries again without end, and holds the kernel's
 * hot-plug lock all the while. Prints "pinned" when that is so and stays until it is
 * killed.
 *
 * Of the memory on its way it keeps nothing. Only root may see physical addresses.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

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

static char *page_in_range(uint64_t first, uint64_t last, size_t page_size)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	char *memory;

	if (pagemap < 0)
		err(1, "/proc/self/pagemap");
	memory = mmap(NULL, most_bytes, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		err(1, "mmap");
	if (madvise(memory, most_bytes, MADV_NOHUGEPAGE))
		err(1, "madvise");

	for (size_t offset = 0; offset < most_bytes; offset += page_size) {
		char *page = memory + offset;
		uint64_t address;

		*page = 1;
		address = physical_address(pagemap, page, page_size);
		if (address < first || address > last)
			continue;

		/* The others before it go back, the ones behind it were never taken. */
		if (offset && munmap(memory, offset))
			err(1, "munmap");
		close(pagemap);
		return page;
	}
	errx(1, "no page of the range came up in %zu MiB", most_bytes >> 20);
}

int main(int argc, char **argv)
{
	size_t page_size = sysconf(_SC_PAGESIZE);
	struct iovec page = { .iov_len = page_size };
	int pipe_ends[2];

	if (argc != 3)
		errx(2, "usage: pin FIRST LAST");
	page.iov_base = page_in_range(strtoull(argv[1], NULL, 16),
				      strtoull(argv[2], NULL, 16), page_size);
	if (pipe(pipe_ends))
		err(1, "pipe");
	if (vmsplice(pipe_ends[1], &page, 1, 0) != (ssize_t) page_size)
		err(1, "vmsplice");
	if (puts("pinned") == EOF || fflush(stdout))
		err(1, "stdout");
	pause();
	return 0;
}
