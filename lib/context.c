/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An opened system: what holds for all of its blocks. Nothing is looked up here that a
 * run on one named block would not need.
 */
#include "config.h"

#include <fcntl.h>
#include <string.h>

#include "block.h"
#include "sysroot.h"
#include "util.h"

/*
 * The kernel prints bare hexadecimal digits and a newline. A prefix and blanks around are
 * allowed, as for any hexadecimal number in sysfs; a sign is not.
 */
static int parse_block_size(const char *text, uint64_t *ret)
{
	uint64_t value;
	size_t ndigits;
	int r;

	text += strspn(text, " \t\n");
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		text += 2;
	ndigits = strspn(text, "0123456789abcdefABCDEF");
	if (!strchr(" \t\n", text[ndigits]))
		return -EBADMSG;

	r = hexadecimal_parse(text, ndigits, &value);
	if (r < 0)
		return r;
	if (!value || value & (value - 1))
		return -EBADMSG;
	*ret = value;

	return 0;
}

static int read_block_size(const struct memblk_system *system, uint64_t *ret)
{
	char text[SYSFS_TEXT_MAX + 1];
	int r;

	r = sysfs_read(&system->sysfs, SYSROOT_BLOCK_SIZE, text);
	if (r < 0)
		return r;

	return parse_block_size(text, ret);
}

static int is_block(const char *name, void *data)
{
	uint64_t ignored;

	(void) data;
	return block_index_from_name(name, &ignored);
}

/* 1 if PATH lists a block, 0 if none. Ends at the first one, however many there are. */
static int has_blocks(const struct memblk_system *system, const char *path)
{
	return sysfs_list(&system->sysfs, path, is_block, NULL);
}

/* Why the memory directory itself cannot be opened, or 0. */
static int check_memory(const struct memblk_system *system)
{
	const struct sysfs *sysfs = &system->sysfs;
	int fd = sysfs->io->open(sysfs->backend, SYSROOT_MEMORY,
				 O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return fd;
	sysfs->io->close(sysfs->backend, fd);

	return 0;
}

static int system_init(struct memblk_system *system, enum memblk_system_step *ret_step)
{
	int r;

	r = read_block_size(system, &system->block_size_bytes);
	if (r < 0) {
		int missing = check_memory(system);

		*ret_step = missing ? MEMBLK_SYSTEM_MEMORY : MEMBLK_SYSTEM_BLOCK_SIZE;
		return missing ? missing : r;
	}

	*ret_step = MEMBLK_SYSTEM_FIRMWARE;
	r = has_blocks(system, SYSROOT_FIRMWARE);
	if (r < 0 && r != -ENOENT && r != -ENOTDIR)
		return r;
	system->configurable = r > 0;

	return 0;
}

static void systemp(struct memblk_system **system)
{
	memblk_system_free(*system);
}

int system_open(struct sysfs sysfs, struct memblk_system **ret,
		enum memblk_system_step *ret_step)
{
	_cleanup_(systemp) struct memblk_system *system = calloc(1, sizeof(*system));
	int r;

	if (!system) {
		*ret_step = MEMBLK_SYSTEM_MEMORY;
		sysfs_close(&sysfs);
		return -ENOMEM;
	}
	system->sysfs = sysfs;
	r = system_init(system, ret_step);
	if (r < 0)
		return r;

	*ret = system;
	system = NULL;
	return 0;
}

int memblk_system_open(const char *sysroot, struct memblk_system **ret,
		       enum memblk_system_step *ret_step)
{
	struct sysfs sysfs;
	int r;

	r = sysfs_open(sysroot ?: "/", &sysfs);
	if (r < 0) {
		*ret_step = MEMBLK_SYSTEM_MEMORY;
		return r;
	}
	return system_open(sysfs, ret, ret_step);
}

void memblk_system_free(struct memblk_system *system)
{
	if (!system)
		return;
	sysfs_close(&system->sysfs);
	free(system);
}

uint64_t memblk_system_block_size(const struct memblk_system *system)
{
	return system->block_size_bytes;
}

bool memblk_system_is_configurable(const struct memblk_system *system)
{
	return system->configurable;
}

bool memblk_system_is_transparent(struct memblk_system *system)
{
	const struct sysfs *sysfs = &system->sysfs;
	int fd = sysfs->io->open(sysfs->backend, SYSROOT_KPAGEFLAGS,
				 O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	sysfs->io->close(sysfs->backend, fd);

	return true;
}

const char *system_directory(const struct memblk_system *system)
{
	return system->configurable ? SYSROOT_FIRMWARE : SYSROOT_MEMORY;
}

int memblk_system_check_blocks(struct memblk_system *system)
{
	int r;

	if (system->configurable)
		return 0;
	r = has_blocks(system, SYSROOT_MEMORY);
	if (r < 0)
		return r;

	return r ? 0 : -ENODATA;
}
