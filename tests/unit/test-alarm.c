/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Giving up a write: what ends one that blocks, in a pipe that is full, and what a signal
 * does before, during and after it. Where a write really blocks, another process reads
 * the pipe after a while, so that a failure here is a failure and not a hang.
 */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "alarm.h"
#include "memblk.h"
#include "tap.h"
#include "util.h"

#define HOUR_MS 3600000

/* Until a write that should have ended is helped out of it. */
#define RESCUE_MS 10000

struct fixture {
	int ends[2]; /* of a pipe that is full */
	pid_t rescuer;
	struct limit limit;
	_Atomic uint64_t since_ms;
};

/* How often alarm_cancel() was called in this process by now. */
static int ncancels;

static void fixture_done(struct fixture *fixture)
{
	alarm_end(&fixture->limit);
	alarm_stop();
	if (fixture->rescuer > 0) {
		kill(fixture->rescuer, SIGKILL);
		waitpid(fixture->rescuer, NULL, 0);
	}
	close(fixture->ends[0]);
	close(fixture->ends[1]);
}

#define _cleanup_fixture_ _cleanup_(fixture_done)

static void fixture_init(struct fixture *fixture)
{
	char byte = 0;

	*fixture = (struct fixture){
		.limit = { .try_ms = MEMBLK_FOREVER,
			   .deadline_ms = MEMBLK_FOREVER,
			   .ncancels = ncancels },
	};
	fixture->limit.since_ms = &fixture->since_ms;
	check_int(pipe2(fixture->ends, O_CLOEXEC | O_NONBLOCK), 0);
	while (write(fixture->ends[1], &byte, 1) == 1)
		;
	check_int(fcntl(fixture->ends[1], F_SETFL, 0), 0);
}

static void sleep_ms(long ms)
{
	struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

static void cancel(void)
{
	ncancels++;
	alarm_cancel();
}

/* Starts a process that empties the pipe if it is not needed before. */
static void start_rescuer(struct fixture *fixture)
{
	char buffer[65536];

	fflush(stdout);
	fixture->rescuer = fork();
	if (fixture->rescuer == 0) {
		sleep_ms(RESCUE_MS);
		while (read(fixture->ends[0], buffer, sizeof(buffer)) > 0)
			;
		_exit(EXIT_SUCCESS);
	}
	check(fixture->rescuer > 0);
}

/* Whether a write is started again by the kernel after SIGNAL, without a word. */
static void set_restart(int signal, bool restart)
{
	struct sigaction action;

	sigaction(signal, NULL, &action);
	action.sa_flags = restart ? action.sa_flags | SA_RESTART
				  : action.sa_flags & ~SA_RESTART;
	sigaction(signal, &action, NULL);
}

/* A write that blocks; 0 or the errno. */
static int write_full(const struct fixture *fixture)
{
	return write(fixture->ends[1], "x", 1) < 0 ? errno : 0;
}

static bool is_blunt(const struct fixture *fixture)
{
	return (fcntl(fixture->ends[1], F_GETFL) & O_ACCMODE) == O_RDONLY;
}

static uint64_t timer_ms(void)
{
	struct itimerval timer;

	getitimer(ITIMER_REAL, &timer);
	return (uint64_t) timer.it_value.tv_sec * 1000 +
	       (uint64_t) timer.it_value.tv_usec / 1000;
}

static bool timer_runs(void)
{
	struct itimerval timer;

	getitimer(ITIMER_REAL, &timer);
	return timer.it_value.tv_sec || timer.it_value.tv_usec;
}

/* ---- Writes that block ---- */

static void test_try(void)
{
	_cleanup_fixture_ struct fixture fixture;
	uint64_t start = memblk_now_ms();

	fixture_init(&fixture);
	start_rescuer(&fixture);
	fixture.limit.try_ms = 50;
	alarm_begin(&fixture.limit, fixture.ends[1], -1);
	check_int(write_full(&fixture), EINTR);
	check_uint(alarm_cause(&fixture.limit), ALARM_TRY);
	check_uint(alarm_check(&fixture.limit), ALARM_NONE);
	alarm_end(&fixture.limit);
	check(memblk_now_ms() - start >= 50);
	check(!is_blunt(&fixture));
}

static void test_deadline(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	start_rescuer(&fixture);
	fixture.limit.try_ms = HOUR_MS;
	fixture.limit.deadline_ms = memblk_now_ms() + 50;
	alarm_begin(&fixture.limit, fixture.ends[1], -1);
	check_int(write_full(&fixture), EINTR);
	check(memblk_now_ms() >= fixture.limit.deadline_ms);
	check_uint(alarm_cause(&fixture.limit), ALARM_DEADLINE);
	check_uint(alarm_check(&fixture.limit), ALARM_DEADLINE);
}

static void test_deadline_has_passed(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	start_rescuer(&fixture);
	fixture.limit.deadline_ms = memblk_now_ms();
	alarm_begin(&fixture.limit, fixture.ends[1], -1);
	check_int(write_full(&fixture), EINTR);
	check_uint(alarm_cause(&fixture.limit), ALARM_DEADLINE);
}

/* As the kernel does while it waits for its own lock. */
static void test_restarted(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	start_rescuer(&fixture);
	set_restart(SIGALRM, true);
	fixture.limit.try_ms = 50;
	alarm_begin(&fixture.limit, fixture.ends[1], fixture.ends[0]);
	check_int(write_full(&fixture), EBADF);
	check_uint(alarm_cause(&fixture.limit), ALARM_TRY);
	set_restart(SIGALRM, false);
	check(is_blunt(&fixture));
}

/* A signal that comes before the write blocks is followed by another. */
static void test_rings_again(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	start_rescuer(&fixture);
	fixture.limit.try_ms = 1;
	alarm_begin(&fixture.limit, fixture.ends[1], -1);
	while (alarm_cause(&fixture.limit) == ALARM_NONE)
		sleep_ms(1);
	check_int(write_full(&fixture), EINTR);
	check_int(write_full(&fixture), EINTR);
}

/* Sends SIGUSR1 again and again, until it is killed. */
static void test_cancelled_by_signal(void)
{
	_cleanup_fixture_ struct fixture fixture;
	pid_t parent = getpid(), sender;

	fixture_init(&fixture);
	start_rescuer(&fixture);
	alarm_begin(&fixture.limit, fixture.ends[1], -1);
	fflush(stdout);
	sender = fork();
	while (sender == 0) {
		sleep_ms(20);
		if (getppid() != parent || kill(parent, SIGUSR1) < 0)
			_exit(EXIT_FAILURE);
	}
	check(sender > 0);
	check_int(write_full(&fixture), EINTR);
	check_uint(alarm_cause(&fixture.limit), ALARM_CANCEL);
	check_uint(alarm_check(&fixture.limit), ALARM_CANCEL);
	kill(sender, SIGKILL);
	waitpid(sender, NULL, 0);
	/* as many as came */
	while (alarm_check(&(struct limit){ .deadline_ms = MEMBLK_FOREVER,
					    .ncancels = ncancels }) == ALARM_CANCEL)
		ncancels++;
}

/* ---- What a signal does ---- */

static void test_blunt_on_signal(void)
{
	static const int signals[] = { SIGALRM, SIGUSR1 };

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		_cleanup_fixture_ struct fixture fixture;

		tap_row("signal %d", signals[i]);
		fixture_init(&fixture);
		fixture.limit.try_ms = HOUR_MS;
		alarm_begin(&fixture.limit, fixture.ends[1], fixture.ends[0]);
		check(!is_blunt(&fixture));
		check_uint(alarm_cause(&fixture.limit), ALARM_NONE);
		raise(signals[i]);
		ncancels += signals[i] == SIGUSR1;
		check(is_blunt(&fixture));
		check_int(write_full(&fixture), EBADF);
		check_uint(alarm_cause(&fixture.limit), i ? ALARM_CANCEL : ALARM_TRY);
	}
}

static void test_nothing_to_blunt(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	alarm_begin(&fixture.limit, fixture.ends[1], -1);
	raise(SIGALRM);
	check(!is_blunt(&fixture));
	check_uint(alarm_cause(&fixture.limit), ALARM_TRY);
	alarm_end(&fixture.limit);
	alarm_begin(&fixture.limit, -1, fixture.ends[0]);
	raise(SIGALRM);
	check_uint(alarm_cause(&fixture.limit), ALARM_TRY);
	check(!is_blunt(&fixture));
}

/* What has ended is left alone: its number may be another one's. */
static void test_after_the_end(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	alarm_begin(&fixture.limit, fixture.ends[1], fixture.ends[0]);
	alarm_end(&fixture.limit);
	raise(SIGALRM);
	cancel();
	check(!is_blunt(&fixture));
}

static void test_errno_is_kept(void)
{
	_cleanup_fixture_ struct fixture fixture;
	int closed;

	fixture_init(&fixture);
	closed = dup(fixture.ends[0]);
	close(closed);
	alarm_begin(&fixture.limit, fixture.ends[1], closed);
	errno = ESRCH;
	raise(SIGALRM);
	check_int(errno, ESRCH);
	raise(SIGUSR1);
	check_int(errno, ESRCH);
	ncancels++;
}

static void test_ring_of_another_write(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	fixture.limit.try_ms = HOUR_MS;
	alarm_begin(&fixture.limit, fixture.ends[1], -1);
	raise(SIGALRM);
	alarm_end(&fixture.limit);
	check_uint(alarm_cause(&fixture.limit), ALARM_TRY);
	raise(SIGALRM);
	alarm_begin(&fixture.limit, fixture.ends[1], fixture.ends[0]);
	check_uint(alarm_cause(&fixture.limit), ALARM_NONE);
	check(!is_blunt(&fixture));
}

/* ---- Cancelling ---- */

static void test_cancel_before(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	check_uint(alarm_check(&fixture.limit), ALARM_NONE);
	cancel();
	check_uint(alarm_check(&fixture.limit), ALARM_CANCEL);
	alarm_begin(&fixture.limit, fixture.ends[1], fixture.ends[0]);
	check_int(write_full(&fixture), EBADF);
	check_uint(alarm_cause(&fixture.limit), ALARM_CANCEL);
}

static void test_cancel_during(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	alarm_begin(&fixture.limit, fixture.ends[1], fixture.ends[0]);
	cancel();
	check_int(write_full(&fixture), EBADF);
	check_uint(alarm_cause(&fixture.limit), ALARM_CANCEL);
}

static void test_tolerated(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	fixture.limit.ncancels = ncancels + 2;
	cancel();
	alarm_begin(&fixture.limit, fixture.ends[1], fixture.ends[0]);
	check_uint(alarm_cause(&fixture.limit), ALARM_NONE);
	cancel();
	check(!is_blunt(&fixture));
	check_uint(alarm_cause(&fixture.limit), ALARM_NONE);
	cancel();
	check(is_blunt(&fixture));
	check_uint(alarm_cause(&fixture.limit), ALARM_CANCEL);
}

/* What a signal and the clock have both ended was ended by the signal. */
static void test_cause(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	alarm_begin(&fixture.limit, fixture.ends[1], -1);
	raise(SIGALRM);
	check_uint(alarm_cause(&fixture.limit), ALARM_TRY);
	fixture.limit.deadline_ms = memblk_now_ms();
	check_uint(alarm_cause(&fixture.limit), ALARM_DEADLINE);
	cancel();
	check_uint(alarm_cause(&fixture.limit), ALARM_CANCEL);
	fixture.limit.deadline_ms = memblk_now_ms() + HOUR_MS;
	fixture.limit.ncancels = ncancels;
	check_uint(alarm_cause(&fixture.limit), ALARM_TRY);
	check_uint(alarm_check(&fixture.limit), ALARM_NONE);
}

/* ---- The timer ---- */

static void test_timer(void)
{
	static const struct {
		uint64_t try_ms, left_ms; /* until the deadline */
		uint64_t least, most;     /* of the timer */
	} rows[] = {
		{ 2 * (uint64_t) HOUR_MS, MEMBLK_FOREVER, HOUR_MS, 2 * HOUR_MS + 1000 },
		{ MEMBLK_FOREVER, 2 * (uint64_t) HOUR_MS, HOUR_MS, 2 * HOUR_MS + 1000 },
		{ 4 * (uint64_t) HOUR_MS, 2 * (uint64_t) HOUR_MS, HOUR_MS,
		  2 * HOUR_MS + 1000 },
		{ 2 * (uint64_t) HOUR_MS, 4 * (uint64_t) HOUR_MS, HOUR_MS,
		  2 * HOUR_MS + 1000 },
		{ 2 * (uint64_t) HOUR_MS + 500, MEMBLK_FOREVER, HOUR_MS,
		  2 * HOUR_MS + 1000 },
		/* about a month, and then as long as any kernel takes */
		{ UINT64_C(3000000000), MEMBLK_FOREVER, UINT64_C(2990000000),
		  UINT64_C(3000001000) },
		{ MEMBLK_FOREVER - 1, MEMBLK_FOREVER, UINT64_C(3000000000),
		  MEMBLK_FOREVER },
		{ MEMBLK_FOREVER, MEMBLK_FOREVER, 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_fixture_ struct fixture fixture;

		tap_row("row %zu", i);
		fixture_init(&fixture);
		fixture.limit.try_ms = rows[i].try_ms;
		if (rows[i].left_ms != MEMBLK_FOREVER)
			fixture.limit.deadline_ms = memblk_now_ms() + rows[i].left_ms;
		alarm_begin(&fixture.limit, fixture.ends[1], -1);
		check(timer_ms() >= rows[i].least);
		check(timer_ms() <= rows[i].most);
		alarm_end(&fixture.limit);
		alarm_stop();
		check(!timer_runs());
	}
}

/* A write without a limit is not ended by the timer of one that had one. */
static void test_no_limit_after_one(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	fixture.limit.deadline_ms = memblk_now_ms() + 100;
	alarm_begin(&fixture.limit, fixture.ends[1], -1);
	alarm_end(&fixture.limit);
	check(timer_runs());
	fixture.limit.deadline_ms = MEMBLK_FOREVER;
	alarm_begin(&fixture.limit, fixture.ends[1], fixture.ends[0]);
	check(!timer_runs());
	sleep_ms(220);
	check_uint(alarm_cause(&fixture.limit), ALARM_NONE);
	check(!is_blunt(&fixture));
}

static void test_since(void)
{
	_cleanup_fixture_ struct fixture fixture;
	uint64_t start = memblk_now_ms();

	fixture_init(&fixture);
	alarm_begin(&fixture.limit, fixture.ends[1], -1);
	check(fixture.since_ms >= start && fixture.since_ms <= memblk_now_ms());
	alarm_end(&fixture.limit);
	check_uint(fixture.since_ms, 0);
	fixture.limit.since_ms = NULL;
	fixture.since_ms = 1;
	alarm_begin(&fixture.limit, fixture.ends[1], -1);
	alarm_end(&fixture.limit);
	check_uint(fixture.since_ms, 1);
}

static void test_install(void)
{
	struct sigaction action;
	sigset_t set, now;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	alarm_install();
	sigprocmask(SIG_BLOCK, NULL, &now);
	check(!sigismember(&now, SIGALRM));
	check(!sigismember(&now, SIGUSR1));
	check(sigismember(&now, SIGUSR2));
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	for (int signal = SIGUSR1; signal; signal = signal == SIGUSR1 ? SIGALRM : 0) {
		tap_row("signal %d", signal);
		sigaction(signal, NULL, &action);
		check(!(action.sa_flags & SA_RESTART));
		check(sigismember(&action.sa_mask, SIGUSR1));
		check(sigismember(&action.sa_mask, SIGALRM));
	}
}

static const struct tap_test tests[] = {
	{ "The handlers are installed, and the signals let through", test_install },
	{ "A write that takes too long is interrupted", test_try },
	{ "The deadline interrupts a write", test_deadline },
	{ "What is late already is interrupted", test_deadline_has_passed },
	{ "A write that is started again after a signal fails", test_restarted },
	{ "A signal that comes too soon is followed by others", test_rings_again },
	{ "A signal of the caller interrupts a write", test_cancelled_by_signal },
	{ "Each signal takes the descriptor away from the write", test_blunt_on_signal },
	{ "Where there is nothing to put in its place it stays", test_nothing_to_blunt },
	{ "A descriptor stays after its write", test_after_the_end },
	{ "The handler leaves errno alone", test_errno_is_kept },
	{ "The alarm of the write before is none of this one",
	  test_ring_of_another_write },
	{ "What is cancelled before is given up at once", test_cancel_before },
	{ "What is cancelled meanwhile is given up", test_cancel_during },
	{ "Cancels that are tolerated end nothing", test_tolerated },
	{ "The signal, the deadline, the try: that is the order of causes", test_cause },
	{ "The timer is that of the limit that comes first", test_timer },
	{ "A write without a limit stops the timer of one with it",
	  test_no_limit_after_one },
	{ "It is noted since when a write goes on", test_since },
};

TAP_MAIN(tests)
