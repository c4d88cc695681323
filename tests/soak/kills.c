/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clang-format off */
/*
 * kills - SIGKILLs chmem, its worker or both at random moments, and sees to it that
 * nothing is left of it: no process, no lock, no block in a state that is none, and that
 * the next run does its work.
 *
 *   kills [COUNT [SEED]]        40 and 1 unless they are given
 *
 * COUNT is of kills that hit: a shot at what had ended before does not count.
 *
 * CHMEM and MEMSIM are the programs. Exit status 0; 1 if anything was wrong, 77 if there
 * can be no simulated machine. It has to be run below ../isolate, as all tests.
 */
/* clang-format on */
#include "config.h"

#include <err.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "soak.h"

#define EXIT_SKIP 77

/* So many shots for each kill, at most. */
#define SHOTS_FOR_KILL 10

/* Blocks that take a while, so that there is something to kill. */
static const char machine_text[] = "blocks 0-3 online\n"
				   "blocks 8-23 offline\n"
				   "blocks 32-47 online Movable used=10%\n"
				   "swap /dev/vda2 4G\n"
				   "delay * state 12\n"
				   "fail 12-14 state EAGAIN count 9\n"
				   "spin 40 for 60 count 2\n";

static const char *const commands[][6] = {
	{ "-e", "1G", "--atomic" },
	{ "-e", "-b", "8-23" },
	{ "-d", "1G", "--keep-free=0" },
	{ "-d", "-b", "32-47", "--keep-free=0", "--atomic" },
	{ "-e", "4G", "--wait=1", "--lock" },
};

#define NCOMMANDS (sizeof(commands) / sizeof(commands[0]))

enum victim {
	VICTIM_PARENT,
	VICTIM_WORKER,
	VICTIM_BOTH,
	_VICTIM_MAX,
};

static unsigned int nkilled[_VICTIM_MAX];
static unsigned int nmissed;
static unsigned int nwithout_worker;

static unsigned int count_kills(void)
{
	unsigned int n = 0;

	for (size_t i = 0; i < _VICTIM_MAX; i++)
		n += nkilled[i];
	return n;
}

/* The one process that has PARENT for a parent; 0 if there is none. */
static pid_t find_child(pid_t parent)
{
	char path[64];
	int pid = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int) parent,
		 (int) parent);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%d", &pid) != 1)
		pid = 0;
	fclose(file);
	return pid;
}

static void sleep_us(unsigned int us)
{
	struct timespec time = { .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };

	nanosleep(&time, NULL);
}

/* How a worker ended is for its parent alone to know: false if it had, before the shot.
 */
static bool shoot_worker(pid_t worker)
{
	struct pollfd poll_fd = { .fd = (int) syscall(SYS_pidfd_open, worker, 0),
				  .events = POLLIN };
	bool hit;

	if (poll_fd.fd < 0)
		return false;
	hit = poll(&poll_fd, 1, 0) == 0 &&
	      syscall(SYS_pidfd_send_signal, poll_fd.fd, SIGKILL, NULL, 0) == 0;
	close(poll_fd.fd);
	return hit;
}

/* Whether a worker was hit. */
static bool shoot(enum victim victim, pid_t parent)
{
	pid_t worker = find_child(parent);
	bool hit = false;

	if (victim != VICTIM_PARENT && !worker)
		nwithout_worker++;
	if (victim != VICTIM_PARENT && worker)
		hit = shoot_worker(worker);
	if (victim != VICTIM_WORKER)
		kill(parent, SIGKILL);
	return hit;
}

static void count(const struct run *run, enum victim victim, bool worker_hit)
{
	bool parent_hit = WIFSIGNALED(run->status) && WTERMSIG(run->status) == SIGKILL;

	if (victim == VICTIM_WORKER ? worker_hit : parent_hit)
		nkilled[victim]++;
	else
		nmissed++;
}

/* What the kernel says of a block is one of its words, and not that it is going. */
static void check_states(struct run *run, const struct stage *stage)
{
	if (view_read(&run->after, stage->directory) < 0) {
		problem(run, "the machine cannot be read any more");
		return;
	}
	for (unsigned int n = 0; n < NBLOCKS; n++)
		if (run->after.blocks[n].state == STATE_GOING_OFFLINE)
			problem(run, "block %u is still going offline", n);
}

/* A worker whose parent was killed may be at a write; that ends by the signal it gets. */
static void await_group(struct run *run, pid_t group)
{
	double until = now_ms() + 5000;

	while (waitpid(-group, NULL, WNOHANG) >= 0) {
		if (now_ms() > until) {
			problem(run, "a process is left");
			return;
		}
		sleep_us(1000);
	}
}

/*
 * A worker goes with its parent, and does not go on alone. One write may have been on its
 * way to the machine, which may be slow to look at it.
 */
static void check_nothing_later(struct run *run, enum victim victim)
{
	unsigned int nlater = 0;

	for (size_t i = 0; i < run->log.nentries && victim != VICTIM_WORKER; i++) {
		if (run->log.entries[i].begin_ms <= run->end_ms + 50)
			continue;
		if (nlater++ > 0)
			problem(run, "block %u is written %.0f ms after the kill",
				run->log.entries[i].block,
				run->log.entries[i].begin_ms - run->end_ms);
	}
}

/* A killed worker is told of, and is no success. */
static void check_parent(struct run *run, enum victim victim)
{
	if (victim != VICTIM_WORKER) {
		if (WIFSIGNALED(run->status) && WTERMSIG(run->status) != SIGKILL)
			problem(run, "it died of signal %d", WTERMSIG(run->status));
		return;
	}
	if (!WIFEXITED(run->status))
		problem(run, "it died of signal %d with its worker",
			WTERMSIG(run->status));
	else if (WEXITSTATUS(run->status) != 0 && WEXITSTATUS(run->status) != 1 &&
		 WEXITSTATUS(run->status) != 64)
		problem(run, "exit status %d", WEXITSTATUS(run->status));
}

/* A run that does not end is ended. */
static void await(struct run *run, pid_t pid)
{
	while (waitpid(pid, &run->status, WNOHANG) == 0) {
		if (now_ms() - run->start_ms > 60000) {
			problem(run, "it does not end");
			kill(pid, SIGKILL);
			waitpid(pid, &run->status, 0);
			return;
		}
		sleep_us(1000);
	}
}

static void play(struct run *run, const struct stage *stage, unsigned int random)
{
	enum victim victim = (enum victim)(random % _VICTIM_MAX);
	const char *const *command = commands[random / 16 % NCOMMANDS];
	struct child child;
	bool worker_hit;
	size_t n = 0;

	while (n < 6 && command[n]) {
		run->scenario.arguments[n] = strdup(command[n]);
		n++;
	}
	run->scenario.narguments = n;
	run->start_ms = now_ms();
	child = chmem_start(stage, run->scenario.arguments, n);
	sleep_us(random / 256 % 250000);
	worker_hit = shoot(victim, child.pid);
	await(run, child.pid);
	count(run, victim, worker_hit);
	run->end_ms = now_ms();
	run->out.text = child_output(&child, &run->err.text);
	if (run->end_ms - run->start_ms > 12000)
		problem(run, "it took %.0f ms", run->end_ms - run->start_ms);
	check_parent(run, victim);
	await_group(run, child.pid);
	check_lock_is_free(run, stage);
	check_states(run, stage);
	log_read(&run->log, stage->directory);
	check_nothing_later(run, victim);
	check_next_runs(run, stage);
}

static bool run_once(const char *directory, unsigned int number, unsigned int random)
{
	struct stage stage = { .chmem = getenv("CHMEM"), .memsim = getenv("MEMSIM") };
	struct run run = { .scenario = { .seed = number } };
	int status;
	bool good;
	pid_t machine;

	snprintf(stage.directory, sizeof(stage.directory), "%.200s/%u", directory,
		 number);
	mkdir(stage.directory, 0700);
	run.scenario.machine = strdup(machine_text);
	machine = machine_start(&stage, run.scenario.machine, &status);
	if (status == EXIT_SKIP)
		exit(EXIT_SKIP);
	if (status != 0)
		errx(EXIT_FAILURE, "the machine cannot be started");
	play(&run, &stage, random);
	machine_stop(&run, machine);
	good = !run.nproblems;
	if (!good) {
		printf("==== try %u is wrong\n", number);
		run_print(&run, stdout);
	}
	run_done(&run);
	directory_remove(stage.directory);
	return good;
}

/*
 * At its end a process asks LeakSanitizer, whose own child would be taken for the worker;
 * without that child it waits for ever.
 */
static void look_for_no_leaks(void)
{
	const char *options = getenv("ASAN_OPTIONS");
	char *more;

	if (asprintf(&more, "%s%sdetect_leaks=0", options ?: "", options ? ":" : "") < 0)
		err(EXIT_FAILURE, "asprintf");
	setenv("ASAN_OPTIONS", more, 1);
	free(more);
}

int main(int argc, char **argv)
{
	unsigned int nkills = argc > 1 ? (unsigned int) atoi(argv[1]) : 40;
	unsigned int seed = argc > 2 ? (unsigned int) atoi(argv[2]) : 1;
	unsigned int ntries = 0, nwrong = 0;
	char directory[] = "/tmp/chmem-kills.XXXXXX";

	if (!getenv("CHMEM") || !getenv("MEMSIM"))
		errx(EXIT_FAILURE, "CHMEM or MEMSIM is not set");
	if (!mkdtemp(directory))
		err(EXIT_FAILURE, "%s", directory);
	look_for_no_leaks();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	srandom(seed);
	while (count_kills() < nkills && ntries < nkills * SHOTS_FOR_KILL)
		nwrong += !run_once(directory, ++ntries, (unsigned int) random());
	directory_remove(directory);
	if (count_kills() < nkills) {
		printf("of %u shots only %u hit, and not %u\n", ntries, count_kills(),
		       nkills);
		nwrong++;
	}
	printf("%u kills from seed %u on: %u wrong; the parent %u, the worker %u, "
	       "both %u times; %u shots missed; %u times there was no worker\n",
	       count_kills(), seed, nwrong, nkilled[VICTIM_PARENT],
	       nkilled[VICTIM_WORKER], nkilled[VICTIM_BOTH], nmissed, nwithout_worker);
	return nwrong ? EXIT_FAILURE : EXIT_SUCCESS;
}
