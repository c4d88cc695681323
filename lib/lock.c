/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lock that keeps runs of chmem out of each other's way, and who has it.
 */
#include "config.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "block.h"
#include "interrupt.h"
#include "sysroot.h"
#include "util.h"

/* How long it is waited for without a word on it. */
#define AUTO_MS 10000
#define YES_MS 30000

#define POLL_MS 50

static uint64_t patience(enum memblk_lock_mode mode, uint64_t deadline_ms)
{
	uint64_t now = memblk_now_ms();

	switch (mode) {
	case MEMBLK_LOCK_AUTO:
		return u64_min(deadline_ms, now + AUTO_MS);
	case MEMBLK_LOCK_YES:
		return deadline_ms == MEMBLK_FOREVER ? now + YES_MS : deadline_ms;
	default:
		return now;
	}
}

/* A file system that knows no locks is none that others could have locked. */
static bool is_without_locks(int error)
{
	return error == -ENOSYS || error == -EOPNOTSUPP || error == -EINVAL ||
	       error == -ENOLCK || error == -EBADF;
}

/* What is read of /proc/locks; who is not named in it is not known. */
#define LOCKS_MAX 65536

/* "1: FLOCK  ADVISORY  WRITE 1234 00:15:987 0 EOF" */
enum field { FIELD_NUMBER, FIELD_KIND, FIELD_MODE, FIELD_ACCESS, FIELD_PID, FIELD_FILE };
#define NFIELDS (FIELD_FILE + 1)

static size_t split(char *line, const char *fields[NFIELDS])
{
	size_t nfields = 0;
	char *field;

	while (nfields < NFIELDS && (field = strsep(&line, " ")))
		if (*field)
			fields[nfields++] = field;
	return nfields;
}

/* 0 for what is no process, such as one that this name space does not know. */
static int parse_pid(const char *text)
{
	uint64_t pid;

	return decimal_parse(text, strlen(text), &pid) < 0 || pid > INT_MAX ? 0
									    : (int) pid;
}

static int read_locks(const struct memblk_system *system, char text[LOCKS_MAX + 1])
{
	const struct sysfs *sysfs = &system->sysfs;
	ssize_t length;
	int fd;

	fd = sysfs->io->open(sysfs->backend, SYSROOT_LOCKS, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fd;
	length = sysfs->io->read(sysfs->backend, fd, text, LOCKS_MAX);
	sysfs->io->close(sysfs->backend, fd);
	if (length < 0)
		return (int) length;
	text[length] = '\0';

	return 0;
}

/* Process that has the lock on what FD is; 0 if that is not known. */
static int lock_holder(const struct memblk_system *system, int fd)
{
	_cleanup_free_ char *text = malloc(LOCKS_MAX + 1);
	const char *fields[NFIELDS];
	char file[64];
	struct stat st;

	if (!text || fstat(fd, &st) < 0 || read_locks(system, text) < 0)
		return 0;
	snprintf(file, sizeof(file), "%02x:%02x:%" PRIu64, major(st.st_dev),
		 minor(st.st_dev), (uint64_t) st.st_ino);

	for (char *rest = text, *line; (line = strsep(&rest, "\n"));)
		if (split(line, fields) == NFIELDS &&
		    !strcmp(fields[FIELD_KIND], "FLOCK") &&
		    !strcmp(fields[FIELD_FILE], file))
			return parse_pid(fields[FIELD_PID]);

	return 0;
}

int memblk_lock(struct memblk_system *system, enum memblk_lock_mode mode,
		uint64_t deadline_ms, int *ret_fd, int *ret_holder)
{
	_cleanup_close_ int fd = -1;
	uint64_t until = patience(mode, deadline_ms);
	int r;

	*ret_fd = -1;
	if (mode == MEMBLK_LOCK_NO)
		return 0;
	/* A description of its own: the worker must be able to let go of it. */
	fd = system->sysfs.io->open(system->sysfs.backend, SYSROOT_MEMORY,
				    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fd;

	for (;;) {
		uint64_t now = memblk_now_ms();

		r = RET_NERRNO(flock(fd, LOCK_EX | LOCK_NB));
		if (r == 0) {
			*ret_fd = steal_fd(&fd);
			return 0;
		}
		if (is_without_locks(r))
			return 0;
		if (r != -EWOULDBLOCK && r != -EINTR)
			return r;
		if (now >= until) {
			*ret_holder = lock_holder(system, fd);
			return -EWOULDBLOCK;
		}
		r = interrupt_sleep(u64_min(now + POLL_MS, until));
		if (r < 0)
			return r;
	}
}
