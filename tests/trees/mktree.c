/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clang-format off */
/*
 * mktree - makes a system root of plain files that looks like the sysfs of a machine with
 * memory blocks. In C because a shell takes minutes for 100,000 of them.
 *
 *   mktree ROOT [-s BLOCK_SIZE] [-b BLOCKS]... [-d BLOCKS]... [-f BLOCKS]...
 *
 *   -s BLOCK_SIZE                          text of block_size_bytes; else 8000000, 128 MiB
 *   -b FIRST[-LAST]:STATE[:ZONES[:NODE]]   blocks below devices/system/memory; without
 *                                          ZONES they have no valid_zones, without NODE
 *                                          no links to and from a node
 *   -d FIRST[-LAST]:DEVICE                 these blocks, made before, are of a device of
 *                                          ACPI, as PNP0C80:00, which has an `eject`
 *   -f FIRST[-LAST]:CONFIG[:MEMMAP]        blocks below firmware/memory, as s390 has them
 *
 * ROOT is created, or added to. Exit status 0, or 1 and a line on stderr.
 */
/* clang-format on */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEMORY_DIR "sys/devices/system/memory"
#define NEW_DIR "sys/devices/system/new-block"
#define NODE_DIR "sys/devices/system/node"
#define FIRMWARE_DIR "sys/firmware/memory"
#define ACPI_DIR "LNXSYSTM:00/LNXSYBUS:00"

static int open_dir_or_die(int at, const char *path)
{
	char part[4096];
	int fd;

	for (const char *end = path; end;) {
		end = strchr(end + 1, '/');
		snprintf(part, sizeof(part), "%.*s", end ? (int) (end - path) : -1, path);
		if (mkdirat(at, part, 0755) < 0 && errno != EEXIST)
			err(EXIT_FAILURE, "%s", part);
	}

	fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		err(EXIT_FAILURE, "%s", path);
	return fd;
}

/* Writes TEXT and a newline, as the kernel shows an attribute. */
static void attribute_or_die(int at, const char *name, const char *text)
{
	int fd = openat(at, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || dprintf(fd, "%s\n", text) < 0 || close(fd) < 0)
		err(EXIT_FAILURE, "%s", name);
}

/* Cuts FIRST[-LAST] off SPEC and leaves the fields behind it, NULL where there is none.
 */
static void spec_split_or_die(char *spec, uint64_t *first, uint64_t *last,
			      char *fields[3])
{
	char *range = strsep(&spec, ":"), *end;

	*first = *last = strtoull(range, &end, 10);
	if (*end == '-')
		*last = strtoull(end + 1, &end, 10);
	if (*end || end == range || !spec)
		errx(EXIT_FAILURE, "bad blocks: '%s'", range);

	for (size_t i = 0; i < 3; i++)
		fields[i] = strsep(&spec, ":");
}

static void node_link_or_die(int root, int block, uint64_t index, const char *node)
{
	char path[128], target[160];
	int directory;

	snprintf(path, sizeof(path), NODE_DIR "/node%s", node);
	directory = open_dir_or_die(root, path);
	snprintf(path, sizeof(path), "memory%" PRIu64, index);
	snprintf(target, sizeof(target), "../../memory/%s", path);
	if (symlinkat(target, directory, path) < 0 && errno != EEXIST)
		err(EXIT_FAILURE, "node%s/%s", node, path);
	close(directory);

	snprintf(path, sizeof(path), "node%s", node);
	snprintf(target, sizeof(target), "../../node/node%s", node);
	if (symlinkat(target, block, path) < 0)
		err(EXIT_FAILURE, "memory%" PRIu64 "/%s", index, path);
}

/* A block that is not there yet is made aside: nobody sees a file of it that is yet to be
 * written. Returns its directory. */
static int block_or_die(int root, int memory, const char *name, char *fields[3])
{
	bool is_new = faccessat(memory, name, F_OK, 0) < 0;
	int block = is_new ? open_dir_or_die(root, NEW_DIR)
			   : open_dir_or_die(memory, name);

	attribute_or_die(block, "state", fields[0]);
	attribute_or_die(block, "removable", "1");
	if (fields[1] && *fields[1])
		attribute_or_die(block, "valid_zones", fields[1]);
	if (is_new && renameat(root, NEW_DIR, memory, name) < 0)
		err(EXIT_FAILURE, "%s", name);
	return block;
}

static void blocks_or_die(int root, int memory, char *spec)
{
	uint64_t first, last;
	char *fields[3], name[64];

	spec_split_or_die(spec, &first, &last, fields);
	for (uint64_t i = first;; i++) {
		int block;

		snprintf(name, sizeof(name), "memory%" PRIu64, i);
		block = block_or_die(root, memory, name, fields);
		if (fields[2])
			node_link_or_die(root, block, i, fields[2]);
		close(block);
		if (i == last)
			break;
	}
}

static void device_or_die(int root, int memory, char *spec)
{
	char *fields[3], *colon = strchr(spec, ':'), path[128], directory[160];
	uint64_t first, last;
	int device, fd;

	snprintf(path, sizeof(path), "../../../" ACPI_DIR "%s%s", colon ? "/" : "",
		 colon ? colon + 1 : "");
	spec_split_or_die(spec, &first, &last, fields);
	snprintf(directory, sizeof(directory), "sys/devices/%s",
		 path + strlen("../../../"));
	device = open_dir_or_die(root, directory);
	fd = openat(device, "eject", O_WRONLY | O_CREAT | O_CLOEXEC, 0200);
	if (fd < 0 || close(fd) < 0)
		err(EXIT_FAILURE, "eject");
	close(device);
	for (uint64_t i = first;; i++) {
		char link[64];

		snprintf(link, sizeof(link), "memory%" PRIu64 "/firmware_node", i);
		if (symlinkat(path, memory, link) < 0)
			err(EXIT_FAILURE, "%s", link);
		if (i == last)
			break;
	}
}

static void firmware_or_die(int root, char *spec)
{
	int dir = open_dir_or_die(root, FIRMWARE_DIR);
	uint64_t first, last;
	char *fields[3], name[64];

	spec_split_or_die(spec, &first, &last, fields);
	for (uint64_t i = first;; i++) {
		int block;

		snprintf(name, sizeof(name), "memory%" PRIu64, i);
		block = open_dir_or_die(dir, name);
		attribute_or_die(block, "config", fields[0]);
		attribute_or_die(block, "memmap_on_memory", fields[1] ? fields[1] : "0");
		close(block);
		if (i == last)
			break;
	}
	close(dir);
}

int main(int argc, char **argv)
{
	const char *block_size = "8000000";
	int root, memory, c;

	if (argc < 2 || argv[1][0] == '-')
		errx(EXIT_FAILURE,
		     "usage: mktree ROOT [-s BLOCK_SIZE] [-b BLOCKS]... [-d BLOCKS]... "
		     "[-f BLOCKS]...");

	root = open_dir_or_die(AT_FDCWD, argv[1]);
	memory = open_dir_or_die(root, MEMORY_DIR);
	optind = 2;
	while ((c = getopt(argc, argv, "s:b:d:f:")) != -1)
		switch (c) {
		case 's':
			block_size = optarg;
			break;
		case 'b':
			blocks_or_die(root, memory, optarg);
			break;
		case 'd':
			device_or_die(root, memory, optarg);
			break;
		case 'f':
			firmware_or_die(root, optarg);
			break;
		default:
			return EXIT_FAILURE;
		}
	attribute_or_die(memory, "block_size_bytes", block_size);

	return EXIT_SUCCESS;
}
