/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one timer of the process and what its handler has to know, which is all that this
 * library keeps in variables of its own.
 */
#include "config.h"

#include <signal.h>
#include <sys/time.h>

#include "alarm.h"
#include "memblk.h"
#include "util.h"

/* A signal that came right before the write began is followed by another one. */
#define REPEAT_US 50000

static struct {
	volatile sig_atomic_t rang;      /* the timer, since alarm_begin() */
	volatile sig_atomic_t ncancels;  /* calls of alarm_cancel() */
	volatile sig_atomic_t tolerated; /* so many of them do not end this write */
	volatile sig_atomic_t fd;        /* that is being written, or -1 */
	volatile sig_atomic_t blunt;     /* -1: none */
	bool is_armed; /* the timer will ring, or does so again and again */
} state = { .fd = -1, .blunt = -1 };

static void give_up(void)
{
	if (state.fd >= 0 && state.blunt >= 0)
		dup2(state.blunt, state.fd);
}

void alarm_cancel(void)
{
	state.ncancels++;
	if (state.ncancels > state.tolerated)
		give_up();
}

static void on_signal(int signal)
{
	int saved_errno = errno;

	if (signal == SIGALRM) {
		state.rang = 1;
		give_up();
	} else {
		alarm_cancel();
	}
	errno = saved_errno;
}

void alarm_install(void)
{
	static const int signals[] = { SIGALRM, SIGUSR1 };
	struct sigaction action = { .sa_handler = on_signal }; /* without SA_RESTART */
	sigset_t set;

	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGALRM);
	sigaddset(&action.sa_mask, SIGUSR1);
	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		sigaction(signals[i], &action, NULL);
		sigaddset(&set, signals[i]);
	}
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

enum alarm_cause alarm_check(const struct limit *limit)
{
	if (state.ncancels > limit->ncancels)
		return ALARM_CANCEL;
	if (limit->deadline_ms != MEMBLK_FOREVER && memblk_now_ms() >= limit->deadline_ms)
		return ALARM_DEADLINE;

	return ALARM_NONE;
}

/*
 * Milliseconds that the next write has; 0 for any number of them, never 0 for none: what
 * is late already is given up at once.
 */
static uint64_t remaining_ms(const struct limit *limit)
{
	uint64_t ms = limit->try_ms, now;

	if (limit->deadline_ms != MEMBLK_FOREVER) {
		now = memblk_now_ms();
		if (now >= limit->deadline_ms)
			return 1;
		/* not before it, or the deadline would not be seen to have come */
		if (limit->deadline_ms - now < ms)
			ms = limit->deadline_ms - now + 1;
	}
	return ms == MEMBLK_FOREVER ? 0 : ms;
}

/* 0 stops it. */
static void set_timer(uint64_t ms)
{
	struct itimerval timer = { .it_interval.tv_usec = REPEAT_US };
	/* more than any kernel takes is as good as for ever */
	uint64_t seconds = ms / 1000 < INT32_MAX ? ms / 1000 : INT32_MAX;

	timer.it_value.tv_sec = (time_t) seconds;
	timer.it_value.tv_usec = (suseconds_t) (ms % 1000 * 1000);
	setitimer(ITIMER_REAL, &timer, NULL);
	state.is_armed = ms > 0;
}

void alarm_begin(const struct limit *limit, int fd, int blunt)
{
	uint64_t ms = remaining_ms(limit);

	if (ms || state.is_armed)
		set_timer(ms);
	/*
	 * The timer of the write before may ring until it is set anew. Should the new one
	 * have rung by now, it will do so again.
	 */
	state.rang = 0;
	state.blunt = blunt;
	state.tolerated = limit->ncancels;
	state.fd = fd;
	if (state.ncancels > limit->ncancels)
		give_up();
	if (limit->since_ms)
		*limit->since_ms = memblk_now_ms();
}

void alarm_end(const struct limit *limit)
{
	state.fd = -1;
	if (limit->since_ms)
		*limit->since_ms = 0;
}

enum alarm_cause alarm_cause(const struct limit *limit)
{
	enum alarm_cause cause = alarm_check(limit);

	return cause || !state.rang ? cause : ALARM_TRY;
}

void alarm_stop(void)
{
	set_timer(0);
}
