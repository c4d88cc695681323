/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lock on the memory directory: how long each mode waits for it, on a clock of its
 * own, what a file system without locks comes to, and who is said to have it.
 */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "block.h"
#include "clock.h"
#include "sysroot.h"
#include "tap.h"
#include "util.h"

/* ---- File systems without locks ---- */

static int flock_error; /* of the next FLOCK_NFAILURES calls; 0: none */
static unsigned int flock_nfailures;

/* In place of the C library's. */
int flock(int fd, int operation)
{
	if (flock_nfailures) {
		flock_nfailures--;
		errno = flock_error;
		return -1;
	}
	return (int) syscall(SYS_flock, fd, operation);
}

/* ---- A system with a directory ---- */

struct fixture {
	char root[64], memory[128], locks[128];
	struct memblk_system system;
	int other; /* a description of the directory that may have the lock */
	int fd, holder;
};

static const char *const directories[] = { "sys", "sys/devices", "sys/devices/system",
					   SYSROOT_MEMORY, "proc" };

static void fixture_done(struct fixture *fixture)
{
	char path[256];

	sysfs_close(&fixture->system.sysfs);
	if (fixture->other >= 0)
		close(fixture->other);
	if (fixture->fd >= 0)
		close(fixture->fd);
	unlink(fixture->locks);
	for (size_t i = ARRAY_SIZE(directories); i-- > 0;) {
		snprintf(path, sizeof(path), "%s/%s", fixture->root, directories[i]);
		remove(path);
	}
	rmdir(fixture->root);
}

#define _cleanup_fixture_ _cleanup_(fixture_done)

static void fixture_init(struct fixture *fixture)
{
	const char *directory = getenv("TMPDIR");
	char path[256];

	clock_reset();
	*fixture = (struct fixture){ .fd = -1, .holder = -1 };
	snprintf(fixture->root, sizeof(fixture->root), "%s/test-lock.XXXXXX",
		 directory && strlen(directory) < 40 ? directory : "/tmp");
	check(mkdtemp(fixture->root) == fixture->root);
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		snprintf(path, sizeof(path), "%s/%s", fixture->root, directories[i]);
		check_int(mkdir(path, 0777), 0);
	}
	snprintf(fixture->memory, sizeof(fixture->memory), "%s/%s", fixture->root,
		 SYSROOT_MEMORY);
	snprintf(fixture->locks, sizeof(fixture->locks), "%s/%s", fixture->root,
		 SYSROOT_LOCKS);
	fixture->other = open(fixture->memory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	check(fixture->other >= 0);
	check_int(sysfs_open(fixture->root, &fixture->system.sysfs), 0);
}

static void hold(const struct fixture *fixture)
{
	check_int(flock(fixture->other, LOCK_EX | LOCK_NB), 0);
}

static bool is_free(const struct fixture *fixture)
{
	if (flock(fixture->other, LOCK_EX | LOCK_NB) < 0)
		return false;
	flock(fixture->other, LOCK_UN);
	return true;
}

static int take(struct fixture *fixture, enum memblk_lock_mode mode, uint64_t deadline_ms)
{
	if (fixture->fd >= 0)
		close(fixture->fd);
	fixture->fd = -2;
	return memblk_lock(&fixture->system, mode, deadline_ms, &fixture->fd,
			   &fixture->holder);
}

/* ---- Taking it ---- */

static void test_free(void)
{
	static const enum memblk_lock_mode modes[] = {
		MEMBLK_LOCK_AUTO,
		MEMBLK_LOCK_YES,
		MEMBLK_LOCK_NONBLOCK,
	};

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		_cleanup_fixture_ struct fixture fixture;

		tap_row("mode %d", modes[i]);
		fixture_init(&fixture);
		check_int(take(&fixture, modes[i], MEMBLK_FOREVER), 0);
		check(fixture.fd >= 0);
		check_int(fcntl(fixture.fd, F_GETFD), FD_CLOEXEC);
		check(!is_free(&fixture));
		check_string(clock_state.log, "");
		check_int(fixture.holder, -1);
		close(fixture.fd);
		fixture.fd = -1;
		check(is_free(&fixture));
	}
}

static void test_not_asked_for(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	check_int(take(&fixture, MEMBLK_LOCK_NO, MEMBLK_FOREVER), 0);
	check_int(fixture.fd, -1);
	check(is_free(&fixture));
	hold(&fixture);
	check_int(take(&fixture, MEMBLK_LOCK_NO, MEMBLK_FOREVER), 0);
	check_int(fixture.fd, -1);
	check_int(rmdir(fixture.memory), 0);
	check_int(take(&fixture, MEMBLK_LOCK_NO, MEMBLK_FOREVER), 0);
	check_string(clock_state.log, "");
}

static void test_held(void)
{
	static const struct {
		enum memblk_lock_mode mode;
		uint64_t deadline_ms; /* from the start of the clock */
		uint64_t waits_ms;
	} rows[] = {
		{ MEMBLK_LOCK_NONBLOCK, MEMBLK_FOREVER, 0 },
		{ MEMBLK_LOCK_NONBLOCK, 5000, 0 },
		{ MEMBLK_LOCK_AUTO, MEMBLK_FOREVER, 10000 },
		{ MEMBLK_LOCK_AUTO, 20000, 10000 },
		{ MEMBLK_LOCK_AUTO, 5000, 5000 },
		{ MEMBLK_LOCK_AUTO, 70, 70 },
		{ MEMBLK_LOCK_AUTO, 0, 0 },
		{ MEMBLK_LOCK_YES, MEMBLK_FOREVER, 30000 },
		{ MEMBLK_LOCK_YES, 40000, 40000 },
		{ MEMBLK_LOCK_YES, 70, 70 },
		{ MEMBLK_LOCK_YES, 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_fixture_ struct fixture fixture;
		uint64_t deadline = rows[i].deadline_ms;

		tap_row("row %zu", i);
		fixture_init(&fixture);
		hold(&fixture);
		if (deadline != MEMBLK_FOREVER)
			deadline += CLOCK_START_MS;
		check_int(take(&fixture, rows[i].mode, deadline), -EWOULDBLOCK);
		check_int(fixture.fd, -1);
		check_int(fixture.holder, 0);
		check_uint(clock_state.slept_ms, rows[i].waits_ms);
	}
}

static void test_looks_often(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	hold(&fixture);
	check_int(take(&fixture, MEMBLK_LOCK_YES, CLOCK_START_MS + 120), -EWOULDBLOCK);
	check_string(clock_state.log, "50 50 20 ");
}

static struct fixture *released;

static void release_later(void)
{
	if (clock_state.slept_ms >= 150)
		flock(released->other, LOCK_UN);
}

static void test_released(void)
{
	static const enum memblk_lock_mode modes[] = { MEMBLK_LOCK_AUTO,
						       MEMBLK_LOCK_YES };

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		_cleanup_fixture_ struct fixture fixture;

		tap_row("mode %d", modes[i]);
		fixture_init(&fixture);
		hold(&fixture);
		released = &fixture;
		clock_state.sleep_fn = release_later;
		check_int(take(&fixture, modes[i], MEMBLK_FOREVER), 0);
		check(fixture.fd >= 0);
		check(!is_free(&fixture));
		check_uint(clock_state.slept_ms, 150);
	}
}

static void test_released_at_the_last_moment(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	hold(&fixture);
	released = &fixture;
	clock_state.sleep_fn = release_later;
	check_int(take(&fixture, MEMBLK_LOCK_YES, CLOCK_START_MS + 150), 0);
	check(fixture.fd >= 0);
}

static void interrupt(void)
{
	clock_state.is_interrupted = true;
}

static void test_signal(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	hold(&fixture);
	clock_state.sleep_fn = interrupt;
	check_int(take(&fixture, MEMBLK_LOCK_YES, MEMBLK_FOREVER), -EINTR);
	check_int(fixture.fd, -1);
	check_string(clock_state.log, "50 ");
}

static void test_held_by_another_process(void)
{
	_cleanup_fixture_ struct fixture fixture;
	int ends[2] = { -1, -1 };
	char byte;
	pid_t pid;

	fixture_init(&fixture);
	check_int(pipe2(ends, O_CLOEXEC), 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		int fd = open(fixture.memory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (flock(fd, LOCK_SH) == 0 && write(ends[1], "x", 1) == 1)
			pause();
		_exit(EXIT_FAILURE);
	}
	check(pid > 0);
	close(ends[1]);
	check_int(read(ends[0], &byte, 1), 1);
	check_int(take(&fixture, MEMBLK_LOCK_NONBLOCK, MEMBLK_FOREVER), -EWOULDBLOCK);
	kill(pid, SIGKILL);
	check_int(waitpid(pid, NULL, 0), pid);
	check_int(take(&fixture, MEMBLK_LOCK_NONBLOCK, MEMBLK_FOREVER), 0);
	close(ends[0]);
}

/* ---- Where there is none ---- */

static void test_no_directory(void)
{
	_cleanup_fixture_ struct fixture fixture;
	int fd;

	fixture_init(&fixture);
	check_int(rmdir(fixture.memory), 0);
	check_int(take(&fixture, MEMBLK_LOCK_YES, MEMBLK_FOREVER), -ENOENT);
	check_int(fixture.fd, -1);
	fd = open(fixture.memory, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	check(fd >= 0);
	close(fd);
	check_int(take(&fixture, MEMBLK_LOCK_AUTO, MEMBLK_FOREVER), -ENOTDIR);
	check_int(fixture.fd, -1);
}

static void test_no_locks(void)
{
	static const int errors[] = { ENOSYS, EOPNOTSUPP, EINVAL, ENOLCK, EBADF };

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		_cleanup_fixture_ struct fixture fixture;

		tap_row("%s", strerror(errors[i]));
		fixture_init(&fixture);
		flock_error = errors[i];
		flock_nfailures = 1;
		check_int(take(&fixture, MEMBLK_LOCK_YES, MEMBLK_FOREVER), 0);
		check_int(fixture.fd, -1);
		check_string(clock_state.log, "");
		check(is_free(&fixture));
	}
}

static void test_failure(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	flock_error = EIO;
	flock_nfailures = 1;
	check_int(take(&fixture, MEMBLK_LOCK_AUTO, MEMBLK_FOREVER), -EIO);
	check_int(fixture.fd, -1);
	check_string(clock_state.log, "");
}

static void test_interrupted_call(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	flock_error = EINTR;
	flock_nfailures = 2;
	check_int(take(&fixture, MEMBLK_LOCK_AUTO, MEMBLK_FOREVER), 0);
	check(fixture.fd >= 0);
	check_string(clock_state.log, "50 50 ");
}

/* ---- Who has it ---- */

/* "@" stands for the directory, as /proc/locks names it. */
static void put_locks(const struct fixture *fixture, const char *text)
{
	FILE *file = fopen(fixture->locks, "we");
	struct stat st;

	if (!check(file && fstat(fixture->other, &st) == 0))
		return;
	for (; *text; text++)
		if (*text == '@')
			fprintf(file, "%02x:%02x:%" PRIu64, major(st.st_dev),
				minor(st.st_dev), (uint64_t) st.st_ino);
		else
			fputc(*text, file);
	fclose(file);
}

static void test_holder(void)
{
	static const struct {
		const char *text;
		int holder;
	} rows[] = {
		{ "1: FLOCK  ADVISORY  WRITE 1234 @ 0 EOF\n", 1234 },
		{ "1: FLOCK  ADVISORY  READ 1234 @ 0 EOF\n", 1234 },
		{ "1: FLOCK  ADVISORY  WRITE 2147483647 @ 0 EOF", 2147483647 },
		{ "1: FLOCK  ADVISORY  WRITE 1 00:00:1 0 EOF\n"
		  "2: POSIX  ADVISORY  WRITE 2 @ 0 EOF\n"
		  "3: OFDLCK ADVISORY  WRITE 3 @ 0 EOF\n"
		  "3: -> FLOCK  ADVISORY  WRITE 4 @ 0 EOF\n"
		  "\n"
		  "5: FLOCK\n"
		  "6: FLOCK  ADVISORY  WRITE 7 @ 0 EOF\n"
		  "7: FLOCK  ADVISORY  WRITE 8 @ 0 EOF\n",
		  7 },
		{ "1: FLOCK  ADVISORY  WRITE 12 @1 0 EOF\n", 0 },
		{ "1: FLOCK  ADVISORY  WRITE 12 1@ 0 EOF\n", 0 },
		{ "1: FLOCK  ADVISORY  WRITE -1 @ 0 EOF\n", 0 },
		{ "1: FLOCK  ADVISORY  WRITE 12x @ 0 EOF\n", 0 },
		{ "1: FLOCK  ADVISORY  WRITE 2147483648 @ 0 EOF\n", 0 },
		{ "1: FLOCK  ADVISORY  WRITE 99999999999999999999 @ 0 EOF\n", 0 },
		{ "1: FLOCK  ADVISORY  WRITE 12", 0 },
		{ "", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_fixture_ struct fixture fixture;

		tap_row("row %zu", i);
		fixture_init(&fixture);
		hold(&fixture);
		put_locks(&fixture, rows[i].text);
		check_int(take(&fixture, MEMBLK_LOCK_NONBLOCK, MEMBLK_FOREVER),
			  -EWOULDBLOCK);
		check_int(fixture.holder, rows[i].holder);
	}
}

/* On a large system there are many. */
static void test_holder_among_many(void)
{
	static const char line[] = "1: FLOCK  ADVISORY  WRITE 1 00:00:1 0 EOF\n";
	static char text[1000 * sizeof(line) + 64];
	_cleanup_fixture_ struct fixture fixture;
	size_t length = 0;

	fixture_init(&fixture);
	hold(&fixture);
	while (length < 1000 * (sizeof(line) - 1))
		length += (size_t) snprintf(text + length, sizeof(text) - length, "%s",
					    line);
	snprintf(text + length, sizeof(text) - length,
		 "9: FLOCK  ADVISORY  WRITE 77 @ 0 EOF\n");
	put_locks(&fixture, text);
	check_int(take(&fixture, MEMBLK_LOCK_NONBLOCK, MEMBLK_FOREVER), -EWOULDBLOCK);
	check_int(fixture.holder, 77);
}

static void test_holder_unreadable(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	hold(&fixture);
	check_int(mkdir(fixture.locks, 0777), 0);
	check_int(take(&fixture, MEMBLK_LOCK_NONBLOCK, MEMBLK_FOREVER), -EWOULDBLOCK);
	check_int(fixture.holder, 0);
	check_int(rmdir(fixture.locks), 0);
}

static const struct tap_test tests[] = {
	{ "A lock that is free is taken at once, and kept until it is closed",
	  test_free },
	{ "A lock that was not asked for is not taken", test_not_asked_for },
	{ "Each mode waits as long as it should for a lock that is held", test_held },
	{ "The lock is tried every 50 ms, and at the last moment", test_looks_often },
	{ "A lock that is released is taken", test_released },
	{ "A lock that is released at the last moment is taken",
	  test_released_at_the_last_moment },
	{ "A signal ends the waiting", test_signal },
	{ "The lock of another process goes with it", test_held_by_another_process },
	{ "Without the directory there is no lock", test_no_directory },
	{ "A file system without locks needs none", test_no_locks },
	{ "Any other failure is one", test_failure },
	{ "A call that was interrupted is made again", test_interrupted_call },
	{ "The holder is the one of the line of this directory", test_holder },
	{ "The holder is found among many", test_holder_among_many },
	{ "A holder that cannot be read is not known", test_holder_unreadable },
};

TAP_MAIN(tests)
