/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Puts a run on the stage: starts the machine and chmem on it, sends the signals, and
 * sees to it that nothing is left afterwards. What it notices by itself is what only can
 * be seen there and then: processes, the lock, and whether the next run works.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "soak.h"

/* More than any run may take: 30 s for the lock, and for a try, and the grace. */
#define PATIENCE_MS 90000

double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double) now.tv_sec * 1000 + (double) now.tv_nsec / 1e6;
}

void problem(struct run *run, const char *format, ...)
{
	va_list arguments;
	char *text = NULL;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		abort();
	va_end(arguments);
	run->problems = reallocarray(run->problems, run->nproblems + 1,
				     sizeof(*run->problems));
	if (!run->problems)
		abort();
	run->problems[run->nproblems++] = text;
}

/* ---- Processes ---- */

/* Starts ARGV with these as its first three descriptors; alone in a process group. */
static pid_t start(const char *path, char *const *argv, int in, int out, int err)
{
	sigset_t all, none, signals;
	pid_t pid;

	/* A signal that comes before all are as they should be waits till then. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &signals);
	pid = fork();
	if (pid != 0) {
		sigprocmask(SIG_SETMASK, &signals, NULL);
		return pid;
	}
	setpgid(0, 0);
	for (int signal_number = 1; signal_number < SIGRTMIN; signal_number++)
		signal(signal_number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	execv(path, argv);
	_exit(127);
}

static char *read_all(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *text = calloc(1, (size_t) size + 1);

	if (!text || pread(fd, text, (size_t) size, 0) != size)
		abort();
	close(fd);
	return text;
}

static int null_fd(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	return fd;
}

/* ---- The machine ---- */

pid_t machine_start(const struct stage *stage, const char *scenario, int *ret_status)
{
	char with[16];
	char *argv[] = { (char[]){ "memsim" },
			 (char[]){ "--with-pid" },
			 with,
			 (char[]){ "--limit" },
			 (char[]){ "200" },
			 (char *) stage->directory,
			 (char[]){ "-" },
			 NULL };
	int in = memfd_create("scenario", MFD_CLOEXEC),
	    out = memfd_create("pid", MFD_CLOEXEC), status = 0;
	size_t length = strlen(scenario);
	char *text;
	pid_t pid;

	snprintf(with, sizeof(with), "%d", (int) getpid());
	if (in < 0 || out < 0 || write(in, scenario, length) != (ssize_t) length)
		abort();
	lseek(in, 0, SEEK_SET);
	pid = start(stage->memsim, argv, in, out, STDERR_FILENO);
	close(in);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		abort();
	text = read_all(out);
	pid = (pid_t) strtol(text, NULL, 10);
	free(text);
	*ret_status = WIFEXITED(status) && (pid > 0 || WEXITSTATUS(status))
			      ? WEXITSTATUS(status)
			      : -1;
	return pid;
}

/* 0 or -errno. */
static int machine_tell(const struct stage *stage, const char *text)
{
	char path[512];
	size_t length = strlen(text);
	int fd, r = 0;

	if (!length)
		return 0;
	snprintf(path, sizeof(path), "%s/control", stage->directory);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, length) < 0)
		r = -errno;
	close(fd);
	return r;
}

/* Lets go whoever still waits for it. */
void machine_stop(struct run *run, pid_t pid)
{
	double until = now_ms() + 10000;

	kill(pid, SIGTERM);
	for (;;) {
		pid_t ended = waitpid(-1, NULL, WNOHANG);

		if (ended < 0)
			return;
		if (ended == 0 && now_ms() > until) {
			problem(run, "processes are left although the machine has gone");
			return;
		}
		if (ended == 0)
			usleep(2000);
	}
}

/* What was mounted there goes a little later than its process. */
void directory_remove(const char *path)
{
	double until = now_ms() + 2000;

	while (rmdir(path) < 0 && (errno == EBUSY || errno == ENOTEMPTY) &&
	       now_ms() < until)
		usleep(2000);
}

static int memory_lock(const struct stage *stage)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/sys/devices/system/memory", stage->directory);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* ---- chmem ---- */

struct child chmem_start(const struct stage *stage, char *const *arguments,
			 size_t narguments)
{
	char *argv[ARGUMENTS_MAX + 4] = { (char[]){ "chmem" }, (char[]){ "-s" },
					  (char *) stage->directory };
	struct child child = { .out = memfd_create("stdout", MFD_CLOEXEC),
			       .err = memfd_create("stderr", MFD_CLOEXEC) };

	for (size_t i = 0; i < narguments; i++)
		argv[3 + i] = arguments[i];
	child.pid = start(stage->chmem, argv, null_fd(), child.out, child.err);
	if (child.pid < 0)
		abort();
	child.pid_fd = (int) syscall(SYS_pidfd_open, child.pid, 0);
	return child;
}

char *child_output(const struct child *child, char **ret_err)
{
	close(child->pid_fd);
	*ret_err = read_all(child->err);
	return read_all(child->out);
}

/* Whether it has opened the machine; till then it is being loaded, and no time of its own
 * has begun. */
static bool child_has_begun(const struct child *child, const struct stage *stage)
{
	size_t length = strlen(stage->directory);

	for (int fd = 3; fd < 8; fd++) {
		char name[64], path[512];
		ssize_t n;

		snprintf(name, sizeof(name), "/proc/%d/fd/%d", (int) child->pid, fd);
		n = readlink(name, path, sizeof(path));
		if (n >= (ssize_t) length && !memcmp(path, stage->directory, length))
			return true;
	}
	return false;
}

/* Waits for its end until then; notes by how much that was too long. */
static bool child_has_ended(struct run *run, const struct child *child, double until)
{
	struct pollfd poll_fd = { .fd = child->pid_fd, .events = POLLIN };
	double now = now_ms(), wait = until > now ? until - now : 0, late;

	/* often, for it is also a measure of how busy the machine is */
	wait = fmin(wait, run->begin_ms > 0 ? 20 : 2);
	if (poll(&poll_fd, 1, (int) ceil(wait)) > 0)
		return true;
	late = now_ms() - now - ceil(wait);
	if (late > run->late_ms)
		run->late_ms = late;
	return false;
}

bool chmem_play(const struct stage *stage, char *const *arguments, size_t narguments,
		struct output *ret_out, struct output *ret_err, int *ret_status)
{
	struct child child = chmem_start(stage, arguments, narguments);
	struct pollfd poll_fd = { .fd = child.pid_fd, .events = POLLIN };
	bool ended = poll(&poll_fd, 1, PATIENCE_MS) > 0;

	if (!ended)
		kill(-child.pid, SIGKILL);
	waitpid(child.pid, ret_status, 0);
	ret_out->text = child_output(&child, &ret_err->text);
	output_parse(ret_out, false);
	output_parse(ret_err, true);
	return ended;
}

/* What happens meanwhile, in its order. */
static double next_event(struct run *run, size_t shot, int lock_fd)
{
	const struct scenario *scenario = &run->scenario;
	double next = run->start_ms + PATIENCE_MS;

	if (shot < scenario->nshots &&
	    run->start_ms + (double) scenario->shots[shot].at_ms < next)
		next = run->start_ms + (double) scenario->shots[shot].at_ms;
	if (lock_fd >= 0 && run->start_ms + (double) scenario->lock_held_ms < next)
		next = run->start_ms + (double) scenario->lock_held_ms;
	return next;
}

static void shoot(struct run *run, const struct child *child, size_t shot)
{
	int signal_number = run->scenario.shots[shot].signal;

	run->shot_ms[shot] = now_ms();
	kill(child->pid, signal_number);
	if (signal_number == SIGCONT)
		run->stopped_ms = run->shot_ms[shot] - run->shot_ms[shot - 1];
}

static void chmem_watch(struct run *run, const struct stage *stage,
			const struct child *child, int lock_fd)
{
	size_t shot = 0;

	for (;;) {
		double next = next_event(run, shot, lock_fd);

		if (child_has_ended(run, child, next))
			break;
		if (run->begin_ms <= 0 && child_has_begun(child, stage))
			run->begin_ms = now_ms();
		if (now_ms() < next)
			continue;
		if (shot < run->scenario.nshots &&
		    now_ms() >=
			    run->start_ms + (double) run->scenario.shots[shot].at_ms) {
			shoot(run, child, shot++);
		} else if (lock_fd >= 0) {
			close(lock_fd);
			lock_fd = -1;
		} else {
			run->hangs = true;
			kill(-child->pid, SIGKILL);
			break;
		}
	}
	run->end_ms = now_ms();
	if (lock_fd >= 0)
		close(lock_fd);
}

static void chmem_run(struct run *run, const struct stage *stage, struct child *child)
{
	int lock_fd = -1;

	if (run->scenario.lock_held_ms)
		lock_fd = memory_lock(stage);
	if (machine_tell(stage, run->scenario.later) < 0)
		problem(run, "the soak test: the machine refuses what is to come later");
	run->start_ms = now_ms();
	*child = chmem_start(stage, run->scenario.arguments, run->scenario.narguments);
	chmem_watch(run, stage, child, lock_fd);
	waitpid(child->pid, &run->status, 0);
	run->out.text = child_output(child, &run->err.text);
}

/* ---- Afterwards ---- */

static bool is_write_pending(const struct run *run)
{
	for (size_t i = 0; i < run->log.nentries; i++)
		if (run->log.entries[i].pending)
			return true;
	return false;
}

/* Whoever is left of the group has to be at a write that the kernel is still at. */
static void check_left(struct run *run, const struct stage *stage, pid_t group)
{
	double until = now_ms() + 500 + 5 * run->late_ms;
	struct log log;

	for (;;) {
		bool pending;

		while (waitpid(-group, NULL, WNOHANG) > 0)
			;
		if (waitpid(-group, NULL, WNOHANG) < 0)
			return;
		if (log_read(&log, stage->directory) < 0)
			return;
		pending = log.nentries && log.entries[log.nentries - 1].pending;
		log_done(&log);
		if (pending)
			return;
		if (now_ms() > until) {
			problem(run, "a process is left, though no write is pending");
			return;
		}
		usleep(5000);
	}
}

void check_lock_is_free(struct run *run, const struct stage *stage)
{
	int fd = memory_lock(stage);

	if (fd < 0)
		problem(run, "the lock is still held: %s", strerror(errno));
	else
		close(fd);
}

/* Whether all memory blocks have been removed. */
static bool is_empty(const struct stage *stage)
{
	struct view view;
	bool empty = true;

	if (view_read(&view, stage->directory) < 0)
		return false;
	for (unsigned int n = 0; n < NBLOCKS; n++)
		empty = empty && view.blocks[n].state == STATE_ABSENT;
	view_done(&view);
	return empty;
}

/*
 * Another chmem on the same machine: its exit status, or -1; says what it said, unless
 * there is no memory any more for it to work on.
 */
static int chmem_again(struct run *run, const struct stage *stage, const char *what,
		       char *const *arguments, size_t narguments)
{
	struct child child = chmem_start(stage, arguments, narguments);
	double until = now_ms() + 15000;
	int status = -1;
	char *out, *err;

	while (!child_has_ended(run, &child, now_ms() + 20))
		if (now_ms() > until) {
			kill(-child.pid, SIGKILL);
			problem(run, "%s hangs", what);
		}
	waitpid(child.pid, &status, 0);
	out = child_output(&child, &err);
	status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	if ((status != 0 || *out || *err) && !is_empty(stage))
		problem(run, "%s: status %d, stdout '%s', stderr '%s'", what, status, out,
			err);
	free(out);
	free(err);
	return status;
}

/* A block that nothing keeps from coming online; NBLOCKS if there is none. */
static unsigned int find_offline(const struct run *run)
{
	for (unsigned int n = 0; n < NBLOCKS; n++)
		if (run->after.blocks[n].state == STATE_OFFLINE &&
		    !(run->scenario.foreign & bit(n)))
			return n;
	return NBLOCKS;
}

void check_next_runs(struct run *run, const struct stage *stage)
{
	unsigned int n = find_offline(run);
	char block[16], heal[32];
	char *nothing[] = { (char[]){ "--lock=nonblock" }, (char[]){ "-e" },
			    (char[]){ "0" } };
	char *one[] = { (char[]){ "-e" }, (char[]){ "-b" }, block };
	struct view view;

	chmem_again(run, stage, "the next run, chmem --lock=nonblock -e 0", nothing, 3);
	/* what is added meets the machine's troubles, too, and nobody sees how long;
	 * and block N may be removed any time */
	if (n == NBLOCKS || is_write_pending(run) ||
	    (run->scenario.later && (strstr(run->scenario.later, "add") ||
				     strstr(run->scenario.later, "remove"))))
		return;
	machine_tell(stage, "clear\n");
	machine_tell(stage, "release\n");
	snprintf(heal, sizeof(heal), "set %u poison=0\n", n);
	machine_tell(stage, heal);
	snprintf(block, sizeof(block), "%u", n);
	if (chmem_again(run, stage, "the next run, chmem -e -b N", one, 3) != 0)
		return;
	if (view_read(&view, stage->directory) < 0)
		return;
	if (view.blocks[n].state != STATE_ONLINE)
		problem(run, "the next run has not brought block %u online", n);
	view_done(&view);
}

int run_play(struct run *run, const struct stage *stage)
{
	struct child child;
	int status;
	pid_t machine = machine_start(stage, run->scenario.machine, &status);

	if (status == 77)
		return 77;
	if (status != 0) {
		problem(run, "the soak test: the machine cannot be started");
		return 0;
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (view_read(&run->before, stage->directory) < 0)
		problem(run, "the soak test: the machine cannot be read");
	chmem_run(run, stage, &child);
	if (view_read(&run->after, stage->directory) < 0 ||
	    log_read(&run->log, stage->directory) < 0)
		problem(run, "the soak test: the machine cannot be read afterwards");
	output_parse(&run->out, false);
	output_parse(&run->err, true);
	if (run->hangs)
		problem(run, "it did not end in %d s", PATIENCE_MS / 1000);
	check_lock_is_free(run, stage);
	check_left(run, stage, child.pid);
	check_next_runs(run, stage);
	machine_stop(run, machine);
	return 0;
}

/* ---- For people ---- */

static void print_text(FILE *stream, const char *title, const char *text)
{
	fprintf(stream, "---- %s\n%s", title, text ?: "(not known)\n");
}

static void print_shots(const struct run *run, FILE *stream)
{
	for (size_t i = 0; i < run->scenario.nshots; i++)
		fprintf(stream, "SIG%s planned at %d ms, %s\n",
			sigabbrev_np(run->scenario.shots[i].signal),
			(int) run->scenario.shots[i].at_ms,
			run->shot_ms[i] > 0 ? "sent" : "not sent");
	if (run->scenario.lock_held_ms)
		fprintf(stream, "the lock was held for %d ms\n",
			(int) run->scenario.lock_held_ms);
}

static void print_end(const struct run *run, FILE *stream)
{
	if (WIFSIGNALED(run->status))
		fprintf(stream, "died of SIG%s", sigabbrev_np(WTERMSIG(run->status)));
	else
		fprintf(stream, "exit status %d", WEXITSTATUS(run->status));
	fprintf(stream, " after %.0f ms (started at %.0f", run->end_ms - run->start_ms,
		run->start_ms);
	if (run->begin_ms > 0)
		fprintf(stream, "; loaded in %.0f ms", run->begin_ms - run->start_ms);
	fprintf(stream, "; late by up to %.0f ms)\n", run->late_ms);
}

void run_print(const struct run *run, FILE *stream)
{
	for (size_t i = 0; i < run->nproblems; i++)
		fprintf(stream, "  %s\n", run->problems[i]);
	print_text(stream, "machine", run->scenario.machine);
	print_text(stream, "later", run->scenario.later);
	fprintf(stream, "---- command\nchmem -s MACHINE");
	for (size_t i = 0; i < run->scenario.narguments; i++)
		fprintf(stream, " %s", run->scenario.arguments[i]);
	fprintf(stream, "\n");
	print_shots(run, stream);
	print_end(run, stream);
	if (run->dry_out.text) {
		print_text(stream, "stdout of the dry run", run->dry_out.text);
		print_text(stream, "stderr of the dry run", run->dry_err.text);
	}
	print_text(stream, "stdout", run->out.text);
	print_text(stream, "stderr", run->err.text);
	print_text(stream, "before", run->before.text);
	print_text(stream, "after", run->after.text);
	print_text(stream, "log", run->log.text);
}

void run_done(struct run *run)
{
	scenario_done(&run->scenario);
	view_done(&run->before);
	view_done(&run->after);
	log_done(&run->log);
	output_done(&run->out);
	output_done(&run->err);
	output_done(&run->dry_out);
	output_done(&run->dry_err);
	for (size_t i = 0; i < run->nproblems; i++)
		free(run->problems[i]);
	free(run->problems);
}
