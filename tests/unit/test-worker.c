/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The worker and who waits for it: on a tree of plain files, with writes that the tests
 * play in place of the kernel's. What only the worker can see, it notes in memory that it
 * shares with the test. Runs that a signal ends are made in a process of their own, since
 * a signal is kept for the whole process.
 */
#include "config.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "block.h"
#include "interrupt.h"
#include "memblk.h"
#include "sysroot.h"
#include "tap.h"
#include "util.h"

#define NBLOCKS 4
#define RESULTS_MAX 32

/* How long anything is waited for that should come at once. */
#define PATIENCE_MS 10000

/* ---- Processes that cannot be started ---- */

static struct {
	unsigned int nforks;
	unsigned int fork_fails_at; /* the nth and all after it; 0: none */
	bool pipe_fails;
} limits;

/* In place of the C library's. */
pid_t fork(void)
{
	pid_t (*next)(void);

	*(void **) &next = dlsym(RTLD_NEXT, "fork");
	limits.nforks++;
	if (limits.fork_fails_at && limits.nforks >= limits.fork_fails_at) {
		errno = EAGAIN;
		return -1;
	}
	return next();
}

int pipe2(int ends[2], int flags)
{
	int (*next)(int[2], int);

	*(void **) &next = dlsym(RTLD_NEXT, "pipe2");
	if (limits.pipe_fails) {
		errno = EMFILE;
		return -1;
	}
	return next(ends, flags);
}

/* ---- What the processes share ---- */

struct shared {
	struct memblk_result results[RESULTS_MAX];
	size_t nresults;
	struct memblk_outcome outcome;
	int caught;

	struct memblk_progress progress; /* the last that was told */
	size_t nlooks;

	/* noted by the worker */
	_Atomic pid_t worker, left_behind;
	_Atomic bool is_told; /* the test was told of a block */
	bool was_told;        /* and the worker saw that */
	bool is_open;         /* a descriptor that is none of its business */
	int stdio_errors[3];
	bool ignores_signals;
	bool lets_alarm_through;
	int death_signal;
	pid_t group;
};

static struct shared *shared;
static int bystander; /* a descriptor that the worker must close */

static void sleep_ms(long ms)
{
	nanosleep(
		&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 },
		NULL);
}

/* ---- Writes that the tests play ---- */

typedef ssize_t (*write_fn)(int fd, const char *word, size_t length);

/*
 * What is done at a write of WORD to block INDEX; only of the nth one if N is not 0. 1 is
 * written to the eject alone.
 */
struct hook {
	uint64_t index;
	const char *word;
	write_fn fn;
	unsigned int n;
};

static const struct io *real_io;
static char last_path[SYSROOT_PATH_MAX]; /* opened last for a write */
static struct hook hooks[2];
static unsigned int ncalls[ARRAY_SIZE(hooks)];

#define EJECT SYSROOT_FIRMWARE_NODE "/eject"

static const char *name_of(const struct hook *hook)
{
	return strcmp(hook->word, "1") ? "state" : EJECT;
}

static int hooked_open(void *backend, const char *path, int flags)
{
	if ((flags & O_ACCMODE) != O_RDONLY)
		snprintf(last_path, sizeof(last_path), "%s", path);
	return real_io->open(backend, path, flags);
}

static ssize_t hooked_write(void *backend, int fd, const void *data, size_t size)
{
	char path[SYSROOT_PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++) {
		const struct hook *hook = &hooks[i];

		if (!hook->fn || strlen(hook->word) != size ||
		    memcmp(hook->word, data, size) ||
		    strcmp(last_path, sysroot_block_path(path, SYSROOT_MEMORY,
							 hook->index, name_of(hook))))
			continue;
		if (!hook->n || ++ncalls[i] == hook->n)
			return hook->fn(fd, data, size);
	}
	return real_io->write(backend, fd, data, size);
}

/* ---- A tree ---- */

struct tree {
	char root[64];
	struct io io;
	struct memblk_system *system;
	uint64_t blocks[NBLOCKS];
	struct memblk_request request;
	struct memblk_plan plan;
};

static void make_directories(const char *path)
{
	char parent[256];

	for (const char *slash = strchr(path + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		snprintf(parent, sizeof(parent), "%.*s", (int) (slash - path), path);
		mkdir(parent, 0777);
	}
}

static void put(const struct tree *tree, const char *path, const char *text)
{
	char whole[256];
	int fd;

	snprintf(whole, sizeof(whole), "%s/%s", tree->root, path);
	make_directories(whole);
	fd = open(whole, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	check(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t) strlen(text));
	close(fd);
}

static int remove_entry(const char *path, const struct stat *st, int type,
			struct FTW *where)
{
	(void) st;
	(void) type;
	(void) where;
	return remove(path);
}

static void tree_done(struct tree *tree)
{
	memblk_system_free(tree->system);
	nftw(tree->root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	if (shared->left_behind)
		kill(shared->left_behind, SIGKILL);
	while (shared->left_behind && waitpid(-1, NULL, 0) > 0)
		;
	memset(&limits, 0, sizeof(limits));
	memset(hooks, 0, sizeof(hooks));
}

#define _cleanup_tree_ _cleanup_(tree_done)

/* NBLOCKS blocks in STATE. */
static void tree_init(struct tree *tree, const char *state)
{
	const char *directory = getenv("TMPDIR");
	char path[SYSROOT_PATH_MAX];
	enum memblk_system_step step;
	struct sysfs sysfs;

	*tree = (struct tree){ .system = NULL };
	*shared = (struct shared){ .nresults = 0 };
	memset(ncalls, 0, sizeof(ncalls));
	snprintf(tree->root, sizeof(tree->root), "%s/test-worker.XXXXXX",
		 directory && strlen(directory) < 40 ? directory : "/tmp");
	check(mkdtemp(tree->root) == tree->root);
	put(tree, SYSROOT_BLOCK_SIZE, "8000000\n");
	for (uint64_t i = 0; i < NBLOCKS; i++) {
		tree->blocks[i] = i;
		put(tree, sysroot_block_path(path, SYSROOT_MEMORY, i, "state"), state);
		put(tree, sysroot_block_path(path, SYSROOT_MEMORY, i, "valid_zones"),
		    "Normal\n");
	}

	check_int(sysfs_open(tree->root, &sysfs), 0);
	real_io = sysfs.io;
	tree->io = *sysfs.io;
	tree->io.open = hooked_open;
	tree->io.write = hooked_write;
	sysfs.io = &tree->io;
	check_int(system_open(sysfs, &tree->system, &step), 0);
}

static void plan(struct tree *tree, struct memblk_bounds bounds)
{
	static struct memblk_range range = { 0, NBLOCKS - 1 };

	tree->request = (struct memblk_request){
		.command = MEMBLK_COMMAND_ENABLE,
		.selection = { .kind = MEMBLK_SELECTION_BLOCKS, .ranges = { &range, 1 } },
		.bounds = bounds,
	};
	if (!bounds.try_timeout_ms)
		tree->request.bounds.try_timeout_ms = MEMBLK_FOREVER;
	if (!bounds.deadline_ms)
		tree->request.bounds.deadline_ms = MEMBLK_FOREVER;
	memblk_plan_init(&tree->plan, &tree->request, tree->blocks, NBLOCKS);
}

static void add_result(const struct memblk_result *result, void *data)
{
	check(data == shared);
	if (check(shared->nresults < RESULTS_MAX))
		shared->results[shared->nresults++] = *result;
	shared->is_told = true;
}

static void add_progress(const struct memblk_progress *progress, void *data)
{
	check(data == shared);
	shared->progress = *progress;
	shared->nlooks++;
}

static struct memblk_listener listener(void)
{
	return (struct memblk_listener){
		.result_fn = add_result,
		.progress_fn = add_progress,
		.data = shared,
	};
}

static void run_planned(struct tree *tree)
{
	const struct memblk_listener told = listener();

	fflush(stdout);
	limits.nforks = 0;
	check_int(memblk_run(tree->system, &tree->request, &tree->plan, &told,
			     &shared->outcome),
		  0);
}

static void run(struct tree *tree, struct memblk_bounds bounds)
{
	plan(tree, bounds);
	run_planned(tree);
}

/* ---- Checks ---- */

/* "0:online 1:offline ", what the blocks are. */
static void check_states(const struct tree *tree, const char *expected)
{
	char got[128] = "", path[SYSROOT_PATH_MAX], whole[256], text[32];
	size_t length = 0;

	for (uint64_t i = 0; i < NBLOCKS; i++) {
		ssize_t n = 0;
		int fd;

		snprintf(whole, sizeof(whole), "%s/%s", tree->root,
			 sysroot_block_path(path, SYSROOT_MEMORY, i, "state"));
		fd = open(whole, O_RDONLY | O_CLOEXEC);
		if (check(fd >= 0))
			n = read(fd, text, sizeof(text));
		close(fd);
		while (n > 0 && text[n - 1] == '\n')
			n--;
		length += (size_t) snprintf(got + length, sizeof(got) - length, "%.*s ",
					    (int) n, text);
	}
	check_string(got, expected);
}

struct told {
	uint64_t index;
	enum memblk_status status;
	enum memblk_reason reason;
	enum memblk_status was;
};

static void check_told_at(struct tap_place place, const struct told *expected,
			  size_t nexpected)
{
	place.expression = "number of results";
	tap_check_uint(place, shared->nresults, nexpected);
	for (size_t i = 0; i < nexpected && i < shared->nresults; i++) {
		const struct memblk_result *got = &shared->results[i];
		char expression[64];

		snprintf(expression, sizeof(expression), "result %zu: index", i);
		place.expression = expression;
		tap_check_uint(place, got->index, expected[i].index);
		snprintf(expression, sizeof(expression), "result %zu: status", i);
		tap_check_uint(place, got->status, expected[i].status);
		snprintf(expression, sizeof(expression), "result %zu: reason", i);
		tap_check_uint(place, got->reason, expected[i].reason);
		snprintf(expression, sizeof(expression), "result %zu: was", i);
		tap_check_uint(place, got->was, expected[i].was);
	}
}

#define check_told(...)                                                    \
	check_told_at(TAP_PLACE(""), (const struct told[]){ __VA_ARGS__ }, \
		      sizeof((const struct told[]){ __VA_ARGS__ }) /       \
			      sizeof(struct told))

/* clang-format off */
#define TOLD(n, status) { (n), MEMBLK_STATUS_##status, MEMBLK_REASON_NONE, 0 }
#define TOLD_WHY(n, status, reason) \
	{ (n), MEMBLK_STATUS_##status, MEMBLK_REASON_##reason, 0 }
#define REVERTED(n, was) \
	{ (n), MEMBLK_STATUS_REVERTED, MEMBLK_REASON_NONE, MEMBLK_STATUS_##was }
#define STUCK(n, reason, was) \
	{ (n), MEMBLK_STATUS_STUCK, MEMBLK_REASON_##reason, MEMBLK_STATUS_##was }
/* clang-format on */

static void check_end(enum memblk_end end, size_t ntried)
{
	check_uint(shared->outcome.end, end);
	check_uint(shared->outcome.ntried, ntried);
}

static void check_no_process_left(void)
{
	check_int(waitpid(-1, NULL, WNOHANG), -1);
	check_int(errno, ECHILD);
}

/* ---- A run ---- */

static void test_results(void)
{
	_cleanup_tree_ struct tree tree;
	sigset_t before, after;

	tree_init(&tree, "offline\n");
	sigprocmask(SIG_BLOCK, NULL, &before);
	run(&tree, (struct memblk_bounds){ .retries = 0 });
	sigprocmask(SIG_BLOCK, NULL, &after);
	check_told(TOLD(0, CHANGED), TOLD(1, CHANGED), TOLD(2, CHANGED),
		   TOLD(3, CHANGED));
	check(shared->results[0].switched);
	check_end(MEMBLK_END_DONE, 4);
	check_states(&tree, "online online online online ");
	check_no_process_left();
	check_uint(limits.nforks, 1);
	for (int signal = 1; signal < 32; signal++)
		check_int(sigismember(&after, signal), sigismember(&before, signal));
}

static void test_already(void)
{
	_cleanup_tree_ struct tree tree;

	tree_init(&tree, "online\n");
	run(&tree, (struct memblk_bounds){ .retries = 0 });
	check_told(TOLD(0, ALREADY), TOLD(1, ALREADY), TOLD(2, ALREADY),
		   TOLD(3, ALREADY));
	check_no_process_left();
}

static void test_nothing_to_do(void)
{
	_cleanup_tree_ struct tree tree;

	tree_init(&tree, "offline\n");
	plan(&tree, (struct memblk_bounds){ .retries = 0 });
	tree.plan.nblocks = 0;
	run_planned(&tree);
	check_uint(shared->nresults, 0);
	check_end(MEMBLK_END_DONE, 0);
	tree.plan.nblocks = NBLOCKS;
	tree.plan.by_size = true;
	tree.plan.goal = 0;
	run_planned(&tree);
	check_uint(shared->nresults, 0);
	check_uint(limits.nforks, 0);
}

static void test_no_room(void)
{
	static const size_t sizes[] = { SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / 2048 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		const struct memblk_listener told = listener();
		_cleanup_tree_ struct tree tree;

		tap_row("%zu blocks", sizes[i]);
		tree_init(&tree, "offline\n");
		plan(&tree, (struct memblk_bounds){ .retries = 0 });
		tree.plan.nblocks = sizes[i];
		limits.nforks = 0;
		/* what there is not enough of for mmap() has more than one name */
		check(memblk_run(tree.system, &tree.request, &tree.plan, &told,
				 &shared->outcome) < 0);
		check_uint(shared->nresults, 0);
		check_uint(limits.nforks, 0);
		check_states(&tree, "offline offline offline offline ");
	}
}

/* Goes on when the test was told of the block before. */
static ssize_t wait_until_told(int fd, const char *word, size_t length)
{
	for (int i = 0; i < PATIENCE_MS / 10 && !shared->is_told; i++)
		sleep_ms(10);
	shared->was_told = shared->is_told;
	return pwrite(fd, word, length, 0);
}

static void test_told_on_the_way(void)
{
	_cleanup_tree_ struct tree tree;

	tree_init(&tree, "offline\n");
	hooks[0] = (struct hook){ 1, "online", wait_until_told, 0 };
	run(&tree, (struct memblk_bounds){ .retries = 0 });
	check(shared->was_told);
	check_uint(shared->nresults, 4);
}

/* As long as the first block takes, it is in hand. */
static ssize_t wait_until_seen(int fd, const char *word, size_t length)
{
	for (int i = 0; i < PATIENCE_MS / 10 &&
			!(shared->progress.in_hand && !shared->progress.ndone);
	     i++)
		sleep_ms(10);
	shared->was_told = shared->progress.in_hand && shared->progress.current == 0;
	return pwrite(fd, word, length, 0);
}

static void test_progress(void)
{
	_cleanup_tree_ struct tree tree;

	tree_init(&tree, "offline\n");
	hooks[0] = (struct hook){ 0, "online", wait_until_seen, 0 };
	run(&tree, (struct memblk_bounds){ .retries = 0 });
	check(shared->was_told);
	check(shared->nlooks >= 2);
	check_uint(shared->progress.ndone, 4);
	check_uint(shared->progress.nwanted, 4);
	check(!shared->progress.in_hand);
	check(!shared->progress.reverting);
}

/* By size, it is what counts of it, however many blocks were looked at. */
static void test_progress_by_size(void)
{
	_cleanup_tree_ struct tree tree;
	char path[SYSROOT_PATH_MAX];

	tree_init(&tree, "offline\n");
	put(&tree, sysroot_block_path(path, SYSROOT_MEMORY, 0, "state"), "online\n");
	plan(&tree, (struct memblk_bounds){ .retries = 0 });
	tree.request.selection = (struct memblk_selection){ .kind = MEMBLK_SELECTION_SIZE,
							    .nblocks = 2 };
	memblk_plan_init(&tree.plan, &tree.request, tree.blocks, NBLOCKS);
	run_planned(&tree);
	check_states(&tree, "online online online offline ");
	check_uint(shared->progress.ndone, 2);
	check_uint(shared->progress.nwanted, 2);
}

/* ---- What the worker is like ---- */

static ssize_t look_around(int fd, const char *word, size_t length)
{
	static const int signals[] = { SIGINT,  SIGQUIT, SIGTERM, SIGHUP,
				       SIGTSTP, SIGTTIN, SIGTTOU, SIGPIPE };
	struct sigaction action;
	sigset_t mask;

	shared->worker = getpid();
	shared->group = getpgrp();
	shared->is_open = fcntl(bystander, F_GETFD) >= 0;
	for (int i = 0; i < 3; i++)
		shared->stdio_errors[i] = write(i, "x", 1) < 0 ? errno : 0;
	shared->ignores_signals = true;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		sigaction(signals[i], NULL, &action);
		if (action.sa_handler != SIG_IGN)
			shared->ignores_signals = false;
	}
	sigprocmask(SIG_BLOCK, NULL, &mask);
	shared->lets_alarm_through = !sigismember(&mask, SIGALRM) &&
				     !sigismember(&mask, SIGUSR1);
	prctl(PR_GET_PDEATHSIG, &shared->death_signal);
	return pwrite(fd, word, length, 0);
}

static void test_worker(void)
{
	_cleanup_tree_ struct tree tree;
	sigset_t set, before;

	tree_init(&tree, "offline\n");
	hooks[0] = (struct hook){ 2, "online", look_around, 0 };
	/* a number that the worker does not come to by itself */
	bystander = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 200);
	check(bystander >= 200);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, &before);
	run(&tree, (struct memblk_bounds){ .retries = 0 });
	sigprocmask(SIG_SETMASK, &before, NULL);
	check(shared->worker > 0 && shared->worker != getpid());
	check_int(shared->group, getpgrp());
	check(!shared->is_open);
	check(fcntl(bystander, F_GETFD) >= 0);
	for (int i = 0; i < 3; i++)
		check_int(shared->stdio_errors[i], EBADF);
	check(shared->ignores_signals);
	check(shared->lets_alarm_through);
	check_int(shared->death_signal, SIGKILL);
	check_states(&tree, "online online online online ");
	close(bystander);
}

/* The table of files may be nothing but what is opened at need. */
static void test_second_run(void)
{
	_cleanup_tree_ struct tree tree;

	tree_init(&tree, "offline\n");
	run(&tree, (struct memblk_bounds){ .retries = 0 });
	run(&tree, (struct memblk_bounds){ .retries = 0 });
	check_uint(shared->nresults, 8);
	check_uint(shared->results[7].status, MEMBLK_STATUS_ALREADY);
	check_no_process_left();
}

/* Who ignores SIGCHLD learns how the worker ended all the same. */
static void test_ignored_children(void)
{
	_cleanup_tree_ struct tree tree;

	tree_init(&tree, "offline\n");
	signal(SIGCHLD, SIG_IGN);
	run(&tree, (struct memblk_bounds){ .retries = 0 });
	signal(SIGCHLD, SIG_DFL);
	check_uint(shared->nresults, 4);
	check_end(MEMBLK_END_DONE, 4);
	check_no_process_left();
}

/* ---- Without a worker ---- */

static ssize_t note_process(int fd, const char *word, size_t length)
{
	shared->worker = getpid();
	return pwrite(fd, word, length, 0);
}

static void test_no_process(void)
{
	for (int row = 0; row < 2; row++) {
		_cleanup_tree_ struct tree tree;

		tap_row("row %d", row);
		tree_init(&tree, "offline\n");
		limits.fork_fails_at = row ? 0 : 1;
		limits.pipe_fails = row;
		hooks[0] = (struct hook){ 2, "online", note_process, 0 };
		plan(&tree, (struct memblk_bounds){ .try_timeout_ms = 3600000 });
		run_planned(&tree);
		check_told(TOLD(0, CHANGED), TOLD(1, CHANGED), TOLD(2, CHANGED),
			   TOLD(3, CHANGED));
		check_end(MEMBLK_END_DONE, 4);
		check_states(&tree, "online online online online ");
		check_int(shared->worker, getpid());
		check_no_process_left();
	}
}

/* ---- A worker that is killed ---- */

static ssize_t die(int fd, const char *word, size_t length)
{
	(void) fd;
	(void) word;
	(void) length;
	raise(SIGKILL);
	return -EIO;
}

static ssize_t write_and_die(int fd, const char *word, size_t length)
{
	if (pwrite(fd, word, length, 0) == (ssize_t) length &&
	    ftruncate(fd, (off_t) length) == 0)
		raise(SIGKILL);
	return -EIO;
}

static void test_killed(void)
{
	_cleanup_tree_ struct tree tree;

	tree_init(&tree, "offline\n");
	hooks[0] = (struct hook){ 2, "online", die, 0 };
	run(&tree, (struct memblk_bounds){ .retries = 0 });
	check_told(TOLD(0, CHANGED), TOLD(1, CHANGED), TOLD_WHY(2, FAILED, LOST));
	check_uint(shared->results[2].step, MEMBLK_STEP_ENABLE);
	check_end(MEMBLK_END_LOST, 3);
	check_states(&tree, "online online offline offline ");
	check_no_process_left();
}

static void test_killed_too_late(void)
{
	_cleanup_tree_ struct tree tree;

	tree_init(&tree, "offline\n");
	hooks[0] = (struct hook){ 2, "online", write_and_die, 0 };
	run(&tree, (struct memblk_bounds){ .retries = 0 });
	check_told(TOLD(0, CHANGED), TOLD(1, CHANGED), TOLD(2, CHANGED));
	check(shared->results[2].switched);
	check_end(MEMBLK_END_LOST, 3);
	check_states(&tree, "online online online offline ");
}

static ssize_t try_again(int fd, const char *word, size_t length)
{
	(void) fd;
	(void) word;
	(void) length;
	return -EAGAIN;
}

/* What was to be tried again is told of, too. */
static void test_killed_with_held(void)
{
	_cleanup_tree_ struct tree tree;

	tree_init(&tree, "offline\n");
	hooks[0] = (struct hook){ 1, "online", try_again, 0 };
	hooks[1] = (struct hook){ 2, "online", die, 0 };
	run(&tree, (struct memblk_bounds){ .retries = 2 });
	check_told(TOLD(0, CHANGED), TOLD_WHY(2, FAILED, LOST),
		   TOLD_WHY(1, FAILED, AGAIN));
	check_end(MEMBLK_END_LOST, 3);
}

static ssize_t try_again_then_die(int fd, const char *word, size_t length)
{
	return ncalls[1]++ ? write_and_die(fd, word, length) : -EAGAIN;
}

static void test_killed_in_round(void)
{
	_cleanup_tree_ struct tree tree;

	tree_init(&tree, "offline\n");
	hooks[0] = (struct hook){ 3, "online", try_again_then_die, 0 };
	run(&tree, (struct memblk_bounds){ .retries = 2 });
	check_told(TOLD(0, CHANGED), TOLD(1, CHANGED), TOLD(2, CHANGED),
		   TOLD(3, CHANGED));
	check_end(MEMBLK_END_LOST, 4);
}

/* ---- All or nothing ---- */

static void test_atomic(void)
{
	_cleanup_tree_ struct tree tree;

	tree_init(&tree, "offline\n");
	hooks[0] = (struct hook){ 2, "online", die, 0 };
	run(&tree, (struct memblk_bounds){ .atomic = true });
	check_told(TOLD(0, CHANGED), TOLD(1, CHANGED), TOLD_WHY(2, FAILED, LOST),
		   REVERTED(1, CHANGED), REVERTED(0, CHANGED));
	check_end(MEMBLK_END_LOST, 3);
	check_states(&tree, "offline offline offline offline ");
	check_uint(limits.nforks, 2);
	check_no_process_left();
}

static void test_atomic_too_late(void)
{
	_cleanup_tree_ struct tree tree;

	tree_init(&tree, "offline\n");
	hooks[0] = (struct hook){ 1, "online", write_and_die, 0 };
	run(&tree, (struct memblk_bounds){ .atomic = true });
	check_told(TOLD(0, CHANGED), TOLD(1, CHANGED), REVERTED(1, CHANGED),
		   REVERTED(0, CHANGED));
	check_states(&tree, "offline offline offline offline ");
}

static void test_atomic_no_process(void)
{
	_cleanup_tree_ struct tree tree;

	tree_init(&tree, "offline\n");
	hooks[0] = (struct hook){ 2, "online", die, 0 };
	limits.fork_fails_at = 2;
	run(&tree, (struct memblk_bounds){ .atomic = true });
	check_told(TOLD(0, CHANGED), TOLD(1, CHANGED), TOLD_WHY(2, FAILED, LOST),
		   REVERTED(1, CHANGED), REVERTED(0, CHANGED));
	check_states(&tree, "offline offline offline offline ");
}

/* The one for the way back is killed, too. */
static void test_atomic_killed_twice(void)
{
	_cleanup_tree_ struct tree tree;

	tree_init(&tree, "offline\n");
	hooks[0] = (struct hook){ 3, "online", die, 0 };
	hooks[1] = (struct hook){ 1, "offline", die, 0 };
	run(&tree, (struct memblk_bounds){ .atomic = true });
	check_uint(shared->nresults, 7);
	check_uint(shared->results[4].index, 2);
	check_uint(shared->results[4].status, MEMBLK_STATUS_REVERTED);
	check_uint(shared->results[5].index, 1);
	check_uint(shared->results[5].status, MEMBLK_STATUS_STUCK);
	check_uint(shared->results[6].index, 0);
	check_uint(shared->results[6].status, MEMBLK_STATUS_STUCK);
	check_uint(shared->results[6].reason, MEMBLK_REASON_NOT_TRIED);
	check_states(&tree, "online online offline offline ");
	check_no_process_left();
}

static ssize_t veto(int fd, const char *word, size_t length)
{
	(void) fd;
	(void) word;
	(void) length;
	return -EPERM;
}

/* It is killed on its own way back: another one goes on with the rest. */
static void test_atomic_killed_on_the_way_back(void)
{
	_cleanup_tree_ struct tree tree;

	tree_init(&tree, "offline\n");
	hooks[0] = (struct hook){ 3, "online", veto, 0 };
	hooks[1] = (struct hook){ 1, "offline", die, 0 };
	run(&tree, (struct memblk_bounds){ .atomic = true });
	check_told(TOLD(0, CHANGED), TOLD(1, CHANGED), TOLD(2, CHANGED),
		   TOLD_WHY(3, FAILED, VETO), REVERTED(2, CHANGED),
		   STUCK(1, LOST, CHANGED), REVERTED(0, CHANGED));
	check_states(&tree, "offline online offline offline ");
	check_no_process_left();
}

/* ---- A device that is to be unplugged ---- */

/* All blocks are of one device, and online. */
static void device_init(struct tree *tree)
{
	tree_init(tree, "online\n");
	put(tree, "sys/devices/PNP0C80:00/eject", "");
	for (uint64_t i = 0; i < NBLOCKS; i++) {
		char path[SYSROOT_PATH_MAX], whole[256];

		snprintf(whole, sizeof(whole), "%s/%s", tree->root,
			 sysroot_block_path(path, SYSROOT_MEMORY, i,
					    SYSROOT_FIRMWARE_NODE));
		check_int(symlink("../../../PNP0C80:00", whole), 0);
	}
	plan(tree, (struct memblk_bounds){ .atomic = true });
	tree->request.command = MEMBLK_COMMAND_DISABLE;
	tree->request.selection = (struct memblk_selection){
		.kind = MEMBLK_SELECTION_ALL,
		.device = "PNP0C80:00",
	};
	tree->request.unplug = true;
	memblk_plan_init(&tree->plan, &tree->request, tree->blocks, NBLOCKS);
}

static void check_asked(const struct tree *tree)
{
	check_told(TOLD(3, CHANGED), TOLD(2, CHANGED), TOLD(1, CHANGED),
		   TOLD(0, CHANGED));
	check_uint(shared->outcome.unplug.status, MEMBLK_UNPLUG_ASKED);
	check_states(tree, "offline offline offline offline ");
	check_no_process_left();
}

static void test_unplug(void)
{
	_cleanup_tree_ struct tree tree;

	device_init(&tree);
	run_planned(&tree);
	check_asked(&tree);
	check_uint(shared->outcome.end, MEMBLK_END_DONE);
}

/* It may have been asked: blocks that come online would be ejected all the same. */
static void test_unplug_killed(void)
{
	_cleanup_tree_ struct tree tree;

	device_init(&tree);
	hooks[0] = (struct hook){ 0, "1", die, 0 };
	run_planned(&tree);
	check_asked(&tree);
	check_uint(shared->outcome.end, MEMBLK_END_LOST);
}

static void test_unplug_killed_before(void)
{
	_cleanup_tree_ struct tree tree;

	device_init(&tree);
	hooks[0] = (struct hook){ 0, "offline", write_and_die, 0 };
	run_planned(&tree);
	check_uint(shared->outcome.unplug.status, MEMBLK_UNPLUG_NONE);
	check_uint(shared->nresults, 8);
	check_states(&tree, "online_kernel online_kernel online_kernel online_kernel ");
}

/* ---- A worker that does not come back ---- */

/* A write that no signal ends but SIGKILL. */
static ssize_t hang(int fd, const char *word, size_t length)
{
	(void) fd;
	(void) word;
	(void) length;
	for (int r = 0; r <= 0;)
		r = pause();
	return -EIO;
}

/* As if SIGKILL did not help either: somebody holds on to what the worker had open. */
static ssize_t hang_for_good(int fd, const char *word, size_t length)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (int i = 0; i < PATIENCE_MS / 10; i++)
			sleep_ms(10);
		_exit(EXIT_SUCCESS);
	}
	shared->left_behind = pid;
	return hang(fd, word, length);
}

static void test_hangs(void)
{
	_cleanup_tree_ struct tree tree;
	uint64_t deadline;

	tree_init(&tree, "offline\n");
	hooks[0] = (struct hook){ 2, "online", hang, 0 };
	deadline = memblk_now_ms() + 50;
	run(&tree, (struct memblk_bounds){ .deadline_ms = deadline, .atomic = true });
	check(memblk_now_ms() >= deadline);
	/* the first two may take longer than that where there is no time */
	check_uint(shared->outcome.end, MEMBLK_END_TIMEOUT);
	check_states(&tree, "offline offline offline offline ");
	check_no_process_left();
}

static void test_left_behind(void)
{
	_cleanup_tree_ struct tree tree;

	tree_init(&tree, "offline\n");
	hooks[0] = (struct hook){ 1, "online", hang_for_good, 0 };
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	run(&tree, (struct memblk_bounds){ .deadline_ms = memblk_now_ms() + 200,
					   .atomic = true });
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	check_uint(shared->outcome.end, MEMBLK_END_TIMEOUT);
	if (!shared->left_behind)
		return; /* so slow that it was not begun */
	check_told(TOLD(0, CHANGED), TOLD_WHY(1, PENDING, TIMEOUT),
		   STUCK(0, NOT_TRIED, CHANGED));
	check_states(&tree, "online offline offline offline ");
	check_uint(limits.nforks, 1);
}

/* ---- Signals ---- */

/* A signal comes, and ends the write as the kernel would end it. */
static ssize_t interrupt_parent(int fd, const char *word, size_t length)
{
	sigset_t set, before;

	(void) fd;
	(void) word;
	(void) length;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, &before);
	kill(getppid(), SIGINT);
	sigsuspend(&before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return -EINTR;
}

/* Calls FUNCTION in a process of its own; what wait() says of it. */
static int run_apart(struct tree *tree, void (*function)(struct tree *tree))
{
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		memblk_signals_catch();
		function(tree);
		shared->caught = memblk_signals_caught();
		memblk_signals_die();
		_exit(EXIT_SUCCESS);
	}
	check(pid > 0);
	check_int(waitpid(pid, &status, 0), pid);
	return status;
}

static void check_signaled(int status, int signal)
{
	check(WIFSIGNALED(status) && WTERMSIG(status) == signal);
	check_int(shared->caught, signal);
}

static void run_plain(struct tree *tree)
{
	run(tree, (struct memblk_bounds){ .retries = 0 });
}

static void run_atomic(struct tree *tree)
{
	run(tree, (struct memblk_bounds){ .atomic = true });
}

static void test_signal(void)
{
	_cleanup_tree_ struct tree tree;

	tree_init(&tree, "offline\n");
	hooks[0] = (struct hook){ 2, "online", interrupt_parent, 0 };
	check_signaled(run_apart(&tree, run_plain), SIGINT);
	check_told(TOLD(0, CHANGED), TOLD(1, CHANGED), TOLD_WHY(2, FAILED, INTERRUPTED));
	check_end(MEMBLK_END_INTERRUPTED, 3);
	check_states(&tree, "online online offline offline ");
}

static void test_signal_atomic(void)
{
	_cleanup_tree_ struct tree tree;

	tree_init(&tree, "offline\n");
	hooks[0] = (struct hook){ 2, "online", interrupt_parent, 0 };
	check_signaled(run_apart(&tree, run_atomic), SIGINT);
	check_told(TOLD(0, CHANGED), TOLD(1, CHANGED), TOLD_WHY(2, FAILED, INTERRUPTED),
		   REVERTED(1, CHANGED), REVERTED(0, CHANGED));
	check_states(&tree, "offline offline offline offline ");
}

static void test_second_signal(void)
{
	_cleanup_tree_ struct tree tree;

	tree_init(&tree, "offline\n");
	hooks[0] = (struct hook){ 3, "online", interrupt_parent, 0 };
	hooks[1] = (struct hook){ 1, "offline", interrupt_parent, 0 };
	check_signaled(run_apart(&tree, run_atomic), SIGINT);
	check_told(TOLD(0, CHANGED), TOLD(1, CHANGED), TOLD(2, CHANGED),
		   TOLD_WHY(3, FAILED, INTERRUPTED), REVERTED(2, CHANGED),
		   STUCK(1, INTERRUPTED, CHANGED), STUCK(0, NOT_TRIED, CHANGED));
	check_states(&tree, "online online offline offline ");
}

static void run_signaled(struct tree *tree)
{
	raise(SIGTERM);
	run_plain(tree);
}

static void test_signal_before(void)
{
	for (int row = 0; row < 2; row++) {
		_cleanup_tree_ struct tree tree;

		tap_row("row %d", row);
		tree_init(&tree, "offline\n");
		if (row)
			limits.pipe_fails = true;
		check_signaled(run_apart(&tree, run_signaled), SIGTERM);
		check_uint(shared->outcome.end, MEMBLK_END_INTERRUPTED);
		/* the worker may have begun when it is told */
		if (row)
			check_uint(shared->nresults, 0);
		check_uint(shared->outcome.ntried, shared->nresults);
	}
}

static void raise_thrice(struct tree *tree)
{
	(void) tree;
	for (int i = 0; i < 3; i++) {
		check_int(interrupt_sleep(0), i ? -EINTR : 0);
		shared->nresults = interrupt_count();
		raise(SIGHUP);
	}
}

static void test_third_signal(void)
{
	_cleanup_tree_ struct tree tree;
	int status;

	tree_init(&tree, "offline\n");
	status = run_apart(&tree, raise_thrice);
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGHUP);
	check_uint(shared->nresults, 2);
	check_int(shared->caught, 0);
}

static void raise_ignored(struct tree *tree)
{
	(void) tree;
	signal(SIGHUP, SIG_IGN);
	memblk_signals_catch();
	raise(SIGHUP);
	shared->nresults = interrupt_count();
}

static void test_ignored_signal(void)
{
	_cleanup_tree_ struct tree tree;
	int status;

	tree_init(&tree, "offline\n");
	status = run_apart(&tree, raise_ignored);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	check_int(shared->caught, 0);
	check_uint(shared->nresults, 0);
}

/* The one that is stopped, and the one that works for it: both are ours to wait for. */
static pid_t start_waiting(void)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	while (pid == 0)
		pause();
	check(pid > 0);
	return pid;
}

static pid_t start_stopping(pid_t worker)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		/* or there would be nobody who could continue it */
		setpgid(0, 0);
		memblk_signals_catch();
		interrupt_set_worker(worker);
		raise(SIGTSTP);
		_exit(interrupt_resumed_ms() ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	check(pid > 0);
	return pid;
}

static void test_stop(void)
{
	_cleanup_tree_ struct tree tree;
	pid_t worker, pid;
	int status = -1;

	tree_init(&tree, "offline\n");
	worker = start_waiting();
	pid = start_stopping(worker);
	check_int(waitpid(pid, &status, WUNTRACED), pid);
	if (check(WIFSTOPPED(status))) {
		check_int(waitpid(worker, &status, WUNTRACED), worker);
		check(WIFSTOPPED(status));
		kill(pid, SIGCONT);
		check_int(waitpid(pid, &status, 0), pid);
		check(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);
		check_int(waitpid(worker, &status, WCONTINUED | WNOHANG), worker);
		check(WIFCONTINUED(status));
	}
	kill(worker, SIGKILL);
	check_int(waitpid(worker, NULL, 0), worker);
}

static const struct tap_test tests[] = {
	{ "The results of the worker come through, and its files stay", test_results },
	{ "A worker with nothing to write tells of every block", test_already },
	{ "Where nothing is to be done no process is made", test_nothing_to_do },
	{ "Without memory to begin nothing is done", test_no_room },
	{ "A block is told of while others are being tried", test_told_on_the_way },
	{ "How far it is, and what is in hand, is told all the while", test_progress },
	{ "By size, what counts of it is told", test_progress_by_size },
	{ "The worker keeps nothing open, prints nothing and heeds no terminal",
	  test_worker },
	{ "A system can be used for another run", test_second_run },
	{ "A caller that ignores its children gets the results", test_ignored_children },
	{ "Without a process the work is done in this one", test_no_process },
	{ "Of a worker that was killed the block in hand is looked at", test_killed },
	{ "What a worker that was killed had done counts", test_killed_too_late },
	{ "What a worker that was killed would have tried again is told of",
	  test_killed_with_held },
	{ "What it had in hand in a later round is looked at, too",
	  test_killed_in_round },
	{ "What a worker that was killed had changed is set back by another",
	  test_atomic },
	{ "The block that it had in hand is set back, too", test_atomic_too_late },
	{ "Without another process it is set back by this one", test_atomic_no_process },
	{ "If that is killed, too, the rest is stuck", test_atomic_killed_twice },
	{ "What a worker that was killed on its way back left is set back",
	  test_atomic_killed_on_the_way_back },
	{ "When the device was asked for, nothing is set back", test_unplug },
	{ "Nor where the worker was killed meanwhile", test_unplug_killed },
	{ "Before that, all is set back", test_unplug_killed_before },
	{ "A worker that hangs is killed after the deadline", test_hangs },
	{ "A worker that cannot be killed is left behind, and nothing more is written",
	  test_left_behind },
	{ "A signal ends the run, and then the process", test_signal },
	{ "A signal sets all back", test_signal_atomic },
	{ "A second signal ends the way back", test_second_signal },
	{ "After a signal nothing is begun", test_signal_before },
	{ "A third signal ends the process", test_third_signal },
	{ "A signal that was ignored stays ignored", test_ignored_signal },
	{ "The worker is stopped and continued with its caller", test_stop },
};

int main(void)
{
	static const int signals[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP };

	/* what is started in the background may ignore them, and no run would end by one
	 */
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], SIG_DFL);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return EXIT_FAILURE;
	return tap_run(tests, ARRAY_SIZE(tests));
}
