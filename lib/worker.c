/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the walk in a process of its own and keeps it to its time. apply.c bounds its
 * writes itself, but the kernel may be at one that no signal ends; such a worker is left
 * behind.
 *
 * The two share memory: a log of the results, and what is in hand. The worker prints
 * nothing and keeps nothing open that others wait for to be closed.
 */
#include "config.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "alarm.h"
#include "block.h"
#include "interrupt.h"
#include "log.h"
#include "util.h"

/* How often the log is looked at. */
#define LOOK_MS 50

/* Between two looks there is no such time, unless we were stopped. */
#define STOPPED_MS 400

/*
 * What the worker has to answer in when it was told to stop. A pass of the kernel over a
 * block that no signal ends can take seconds.
 */
#define GRACE_SHORT_MS 700
#define GRACE_LONG_MS 10000

/* And what SIGKILL has to take effect in. */
#define KILL_MS 100

/* A worker, and what was asked of it. */
struct worker {
	struct memblk_system *system;
	const struct memblk_request *request;
	const struct memblk_plan *plan;
	const struct memblk_result *undo; /* if it is only there to set these back */
	size_t nundo;

	struct log *log;
	size_t ntold; /* results of the log */
	const struct memblk_listener *listener;

	pid_t pid;
	int pipe;      /* its other end is closed when the worker ends */
	bool is_alive; /* it may still write */
	bool was_killed;
	uint64_t resumed_ms; /* after we were stopped without a signal to be caught */
};

/* Tells the caller what is new. */
static void tell(struct worker *worker)
{
	size_t nresults = worker->log->nresults;

	for (; worker->ntold < nresults; worker->ntold++) {
		const struct log_entry *entry = &worker->log->entries[worker->ntold];

		if (!entry->is_held)
			worker->listener->result_fn(&entry->result,
						    worker->listener->data);
	}
}

static void tell_progress(const struct worker *worker)
{
	const struct progress *now = &worker->log->progress;
	const struct memblk_plan *plan = worker->plan;
	struct memblk_progress progress = {
		.ndone = plan->by_size ? now->nspent : now->ntried,
		.nwanted = plan->by_size ? plan->goal : plan->nblocks,
		.in_hand = now->in_hand,
		.reverting = now->reverting,
		.current = now->current.index,
	};

	if (worker->listener->progress_fn)
		worker->listener->progress_fn(&progress, worker->listener->data);
}

/* ---- The worker's side ---- */

/* Nobody has more of them open, though the limit may be thousands of millions. */
#define CLOSE_MAX 65536

/* Closes the descriptors FIRST to LAST; all from FIRST on where LAST is -1. */
static void close_between(int first, int last)
{
	long most;

	if (last >= 0 && last < first)
		return;
#ifdef SYS_close_range
	if (syscall(SYS_close_range, first, last, 0) == 0)
		return;
#endif
	/* before Linux 5.9 */
	most = sysconf(_SC_OPEN_MAX);
	if (last < 0)
		last = most > 0 && most < CLOSE_MAX ? (int) most : CLOSE_MAX;
	for (int fd = first; fd <= last; fd++)
		close(fd);
}

static int compare(const void *a, const void *b)
{
	return *(const int *) a - *(const int *) b;
}

static void close_others(const struct worker *worker, int pipe)
{
	int keep[IO_KEEP_MAX + 1], first = STDERR_FILENO + 1;
	size_t nkeep = worker->system->sysfs.io->keep(worker->system->sysfs.backend,
						      keep);

	keep[nkeep++] = pipe;
	qsort(keep, nkeep, sizeof(*keep), compare);
	for (size_t i = 0; i < nkeep; i++) {
		close_between(first, keep[i] - 1);
		first = keep[i] + 1;
	}
	close_between(first, -1);
}

/* Whom the terminal and the shell mean is the process that they know. */
static void ignore_signals(void)
{
	static const int signals[] = { SIGINT,  SIGQUIT, SIGTERM, SIGHUP,
				       SIGTSTP, SIGTTIN, SIGTTOU, SIGPIPE };

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], SIG_IGN);
}

static void work(const struct worker *worker, pid_t parent, int pipe,
		 const sigset_t *signals)
{
	struct sysfs *sysfs = &worker->system->sysfs;
	struct log *log = worker->log;
	int blunt = sysfs->io->blunt(sysfs->backend);
	sigset_t mask = *signals;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* 0: it lives in another name space */
	if (getppid() != parent && getppid() != 0)
		_exit(EXIT_FAILURE);
	interrupt_set_worker(-1);
	ignore_signals();
	alarm_install();
	if (interrupt_count())
		alarm_cancel();
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		dup2(blunt, fd);
	close_others(worker, pipe);
	sigdelset(&mask, SIGALRM);
	sigdelset(&mask, SIGUSR1);
	sigprocmask(SIG_SETMASK, &mask, NULL);

	log->progress.held_fn = log_held;
	if (worker->undo)
		apply_revert(worker->system, worker->request, worker->plan, worker->undo,
			     worker->nundo, &log->progress, log_result, log);
	else
		apply_plan(worker->system, worker->request, worker->plan, &log->progress,
			   log_result, log, &log->outcome);
	log->has_outcome = true;
	_exit(EXIT_SUCCESS);
}

/* ---- The caller's side ---- */

static int start(struct worker *worker)
{
	pid_t parent = getpid();
	sigset_t all, signals;
	int ends[2];
	int r = 0;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	/* who ignores it would not learn how the worker ended */
	signal(SIGCHLD, SIG_DFL);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &signals);
	worker->pid = fork();
	if (worker->pid == 0)
		work(worker, parent, ends[1], &signals);
	if (worker->pid < 0)
		r = -errno;
	else
		interrupt_set_worker(worker->pid);
	sigprocmask(SIG_SETMASK, &signals, NULL);
	close(ends[1]);
	if (r < 0) {
		close(ends[0]);
		return r;
	}

	worker->pipe = ends[0];
	worker->is_alive = true;
	worker->was_killed = false;
	return 0;
}

/* Where there can be no worker, this process does the work. */
static void begin_here(void)
{
	sigset_t all, signals;

	alarm_install();
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &signals);
	if (interrupt_count())
		alarm_cancel();
	interrupt_set_worker(0);
	sigdelset(&signals, SIGALRM);
	sigprocmask(SIG_SETMASK, &signals, NULL);
}

/* Nothing may interrupt what is printed. */
static void tell_here(const struct memblk_result *result, void *data)
{
	const struct worker *worker = data;

	alarm_stop();
	worker->listener->result_fn(result, worker->listener->data);
}

static void end_here(void)
{
	interrupt_set_worker(-1);
	alarm_stop();
}

static void run_here(struct worker *worker, struct progress *progress,
		     struct memblk_outcome *ret)
{
	begin_here();
	apply_plan(worker->system, worker->request, worker->plan, progress, tell_here,
		   worker, ret);
	end_here();
}

/* Waits that long for the worker to end, whatever signals come. */
static bool await_end(struct worker *worker, uint64_t ms)
{
	struct pollfd poll_fd = { .fd = worker->pipe };
	uint64_t now_ms = memblk_now_ms(), until_ms = now_ms + ms;
	int r;

	do {
		r = poll(&poll_fd, 1, (int) (until_ms - now_ms));
		now_ms = memblk_now_ms();
	} while (r < 0 && errno == EINTR && now_ms < until_ms);
	if (r <= 0)
		return false;

	/* from now on its number may be somebody else's */
	interrupt_set_worker(-1);
	waitpid(worker->pid, NULL, 0);
	worker->is_alive = false;
	return true;
}

/*
 * When the worker has had its time to answer: after the run's deadline, a signal, a
 * second signal, and the end of a try. What sets blocks back heeds the last two alone.
 */
static uint64_t last_moment(const struct worker *worker)
{
	const struct memblk_bounds *bounds = &worker->request->bounds;
	uint64_t resumed = u64_max(interrupt_resumed_ms(), worker->resumed_ms);
	uint64_t moment = MEMBLK_FOREVER;
	uint64_t since = worker->log->progress.write_since_ms;
	unsigned int nsignals = interrupt_count();

	if (!worker->undo && !worker->log->progress.reverting) {
		moment = memblk_after_ms(u64_max(bounds->deadline_ms, resumed),
					 GRACE_SHORT_MS);
		if (nsignals)
			moment = u64_min(moment, u64_max(interrupt_last_ms(), resumed) +
							 GRACE_LONG_MS);
	}
	if (nsignals > 1)
		moment = u64_min(moment,
				 u64_max(interrupt_last_ms(), resumed) + GRACE_SHORT_MS);
	if (since)
		moment = u64_min(
			moment,
			memblk_after_ms(
				u64_max(memblk_after_ms(since, bounds->try_timeout_ms),
					resumed),
				GRACE_LONG_MS));
	return moment;
}

/* Until the worker has ended, or is left behind. */
static void supervise(struct worker *worker)
{
	while (worker->is_alive && !worker->was_killed) {
		uint64_t before, now;

		/* whoever reads that may take his time */
		tell(worker);
		tell_progress(worker);
		before = memblk_now_ms();
		if (await_end(worker, LOOK_MS))
			continue;
		/* stopped together with the worker, which did not get its time either */
		now = memblk_now_ms();
		if (now - before > STOPPED_MS)
			worker->resumed_ms = now;
		if (now < last_moment(worker))
			continue;
		kill(worker->pid, SIGKILL);
		worker->was_killed = true;
		await_end(worker, KILL_MS);
	}
	interrupt_set_worker(-1);
	close(worker->pipe);
	tell(worker);
	tell_progress(worker);
}

/* ---- What a worker leaves undone ---- */

static enum memblk_end end_of(const struct worker *worker)
{
	if (memblk_signals_caught())
		return MEMBLK_END_INTERRUPTED;
	if (memblk_now_ms() >= worker->request->bounds.deadline_ms)
		return MEMBLK_END_TIMEOUT;

	return MEMBLK_END_LOST;
}

static enum memblk_reason reason_of(const struct worker *worker, enum memblk_end end)
{
	switch (end) {
	case MEMBLK_END_INTERRUPTED:
		return MEMBLK_REASON_INTERRUPTED;
	case MEMBLK_END_TIMEOUT:
		return MEMBLK_REASON_TIMEOUT;
	default:
		return worker->was_killed ? MEMBLK_REASON_TRY_TIMEOUT
					  : MEMBLK_REASON_LOST;
	}
}

static void tell_more(struct worker *worker, const struct memblk_result *result)
{
	log_result(result, worker->log);
	tell(worker);
}

/* The way back knows no deadline. */
static enum memblk_reason reason_back(const struct worker *worker)
{
	if (!worker->was_killed)
		return MEMBLK_REASON_LOST;

	return interrupt_count() > 1 ? MEMBLK_REASON_INTERRUPTED
				     : MEMBLK_REASON_TRY_TIMEOUT;
}

/* It came to an end right after it had told of block INDEX, on that way. */
static bool is_of(const struct log_entry *entry, uint64_t index, bool reverting)
{
	return !entry->is_held && entry->result.index == index &&
	       log_is_final(entry->result.status) == reverting;
}

/* What became of the block that it had in hand, as far as that can be seen. */
static void settle_current(struct worker *worker, enum memblk_reason reason)
{
	struct log *log = worker->log;
	struct memblk_result result = log->progress.current;
	bool reverting = log->progress.reverting || worker->undo;
	size_t nresults = log->nresults;

	if (!log->progress.in_hand ||
	    (nresults && is_of(&log->entries[nresults - 1], result.index, reverting)))
		return;

	/* its try did not come to an end */
	if (result.begun && !reverting)
		result.attempts++;
	apply_settle(worker->system, worker->request, worker->plan, &result, reverting,
		     reverting ? reason_back(worker) : reason);
	result.ongoing = worker->is_alive && result.status == MEMBLK_STATUS_STUCK;
	if (worker->is_alive && result.status == MEMBLK_STATUS_FAILED)
		result.status = MEMBLK_STATUS_PENDING;
	/* by size, what was only looked at is not told of */
	if (result.status == MEMBLK_STATUS_ALREADY && worker->plan->by_size &&
	    !worker->plan->count_done)
		return;
	result.limit_ms = worker->request->bounds.try_timeout_ms;
	tell_more(worker, &result);
}

/* Blocks that were to be tried again are not any more. */
static void tell_held(struct worker *worker)
{
	struct log *log = worker->log;
	size_t nresults = log->nresults;

	for (size_t i = 0; i < nresults; i++)
		if (log->entries[i].is_held && !log->entries[i].is_outdated)
			tell_more(worker, &log->entries[i].result);
}

/* Collects the blocks that have to be set back, in their order. */
static size_t collect_undo(const struct log *log, struct memblk_result *undo)
{
	size_t nundo = 0;

	for (size_t i = 0; i < log->nresults; i++)
		if (log_needs_undo(log, i))
			undo[nundo++] = log->entries[i].result;
	return nundo;
}

/* Nothing will set these back any more. */
static void tell_stuck(struct worker *worker)
{
	struct log *log = worker->log;

	for (size_t i = log->nresults; i-- > 0;) {
		struct memblk_result result = log->entries[i].result;

		if (!log_needs_undo(log, i))
			continue;
		result.was = result.status;
		result.status = MEMBLK_STATUS_STUCK;
		result.reason = MEMBLK_REASON_NOT_TRIED;
		result.error = 0;
		tell_more(worker, &result);
	}
}

/* Sets blocks back, in another worker if there can be one. */
static void run_undo(struct worker *worker, const struct memblk_result *undo,
		     size_t nundo)
{
	struct log *log = worker->log;

	worker->undo = undo;
	worker->nundo = nundo;
	log->has_outcome = false;
	log->progress.in_hand = false;
	log->progress.write_since_ms = 0;
	if (start(worker) < 0) {
		begin_here();
		apply_revert(worker->system, worker->request, worker->plan, undo, nundo,
			     &log->progress, log_result, log);
		end_here();
		tell(worker);
	} else {
		supervise(worker);
		if (!log->has_outcome)
			settle_current(worker, MEMBLK_REASON_TRY_TIMEOUT);
	}
	worker->undo = NULL;
}

/*
 * 1. A worker that is gone has left blocks changed that have to be set back: another one
 * does that.
 * 2. Nothing is written while one may still be at it, nor after a write on the way back
 * did not return: the next would wait for the same lock.
 */
static void undo_rest(struct worker *worker)
{
	struct log *log = worker->log;
	bool was_reverting = log->progress.reverting;
	_cleanup_free_ struct memblk_result *undo = reallocarray(NULL, log->nresults + 1,
								 sizeof(*undo));
	size_t nundo = undo ? collect_undo(log, undo) : 0;

	if (nundo && !worker->is_alive && !(was_reverting && worker->was_killed))
		run_undo(worker, undo, nundo);
	log_mark_outdated(log);
	tell_stuck(worker);
}

/* With the block in hand, unless that was tried before, or is on its way back. */
static size_t count_tried(const struct worker *worker)
{
	const struct progress *progress = &worker->log->progress;
	size_t ntried = progress->ntried;

	if (progress->in_hand && !progress->reverting && ntried < worker->plan->nblocks &&
	    memblk_plan_at(worker->plan, ntried) == progress->current.index)
		ntried++;
	return ntried;
}

static void conclude(struct worker *worker, struct memblk_outcome *ret)
{
	struct log *log = worker->log;
	enum memblk_end end = end_of(worker);

	if (log->has_outcome) {
		*ret = log->outcome;
		return;
	}
	*ret = (struct memblk_outcome){
		.end = end,
		.ntried = count_tried(worker),
	};
	settle_current(worker, reason_of(worker, end));
	log_mark_outdated(log);
	tell_held(worker);
	if (log->progress.asked)
		ret->unplug.status = MEMBLK_UNPLUG_ASKED;
	else if (worker->request->bounds.atomic)
		undo_rest(worker);
}

int memblk_run(struct memblk_system *system, const struct memblk_request *request,
	       const struct memblk_plan *plan, const struct memblk_listener *listener,
	       struct memblk_outcome *ret)
{
	struct worker worker = {
		.system = system,
		.request = request,
		.plan = plan,
		.listener = listener,
	};
	struct progress progress = { .write_since_ms = 0 };
	int r;

	*ret = (struct memblk_outcome){ .end = MEMBLK_END_DONE };
	if (!plan->nblocks || !plan->goal) {
		ret->refused = request->bounds.atomic && (plan->goal || !plan->by_size);
		return 0;
	}
	/* nothing is written that the kernel could keep */
	if (request->dry_run) {
		run_here(&worker, &progress, ret);
		return 0;
	}
	r = log_new(plan->nblocks, &worker.log);
	if (r < 0)
		return r;

	/* Memory is brought online when there is none: without it, do it here. */
	if (start(&worker) < 0) {
		run_here(&worker, &worker.log->progress, ret);
	} else {
		supervise(&worker);
		conclude(&worker, ret);
	}
	log_free(worker.log);

	return 0;
}
