/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signals and the clock. What the handlers note is kept for the whole process, since
 * signals are.
 */
#include "config.h"

#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#include "alarm.h"
#include "interrupt.h"
#include "memblk.h"
#include "util.h"

/* After so many, nothing is waited for any more. */
#define SIGNALS_MAX 3

static struct {
	volatile sig_atomic_t first; /* signal that came first */
	volatile sig_atomic_t count;
	volatile sig_atomic_t worker; /* as in interrupt_set_worker() */
	_Atomic uint64_t last_ms, resumed_ms;
} state = { .worker = -1 };

uint64_t memblk_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t) now.tv_sec * 1000000 + (uint64_t) now.tv_nsec / 1000;
}

uint64_t memblk_now_ms(void)
{
	return memblk_now_us() / 1000;
}

uint64_t memblk_after_ms(uint64_t start_ms, uint64_t duration_ms)
{
	return u64_add(start_ms, duration_ms); /* FOREVER is the largest number */
}

/* Takes the default action of SIGNAL now, though it is being handled. */
static void take_default(int signal, struct sigaction *old)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t set;

	sigaction(signal, &action, old);
	sigemptyset(&set);
	sigaddset(&set, signal);
	kill(getpid(), signal);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void on_end(int signal)
{
	int saved_errno = errno;

	if (!state.first)
		state.first = signal;
	state.count++;
	state.last_ms = memblk_now_ms();
	if (state.worker > 0)
		kill(state.worker, SIGUSR1);
	else if (state.worker == 0)
		alarm_cancel();
	if (state.count >= SIGNALS_MAX)
		take_default(signal, NULL);
	errno = saved_errno;
}

/* The worker does not heed the terminal, and stops and goes on with us. */
static void on_stop(int signal)
{
	int saved_errno = errno;
	struct sigaction handled;
	sigset_t set;

	if (state.worker > 0)
		kill(state.worker, SIGSTOP);
	/* The kernel stops nobody whom no shell would wake up again. */
	take_default(signal, &handled);
	sigemptyset(&set);
	sigaddset(&set, signal);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigaction(signal, &handled, NULL);
	if (state.worker > 0)
		kill(state.worker, SIGCONT);
	state.resumed_ms = memblk_now_ms();
	errno = saved_errno;
}

static void catch (int signal, void (*handler)(int))
{
	/* A full pipe must not make a write to stdout fail when a signal comes. */
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART }, old;

	sigfillset(&action.sa_mask);
	if (sigaction(signal, &action, &old) == 0 && old.sa_handler != SIG_DFL)
		sigaction(signal, &old, NULL);
}

void memblk_signals_catch(void)
{
	catch (SIGINT, on_end);
	catch (SIGTERM, on_end);
	catch (SIGHUP, on_end);
	catch (SIGTSTP, on_stop);
}

int memblk_signals_caught(void)
{
	return state.first;
}

void memblk_signals_die(void)
{
	if (state.first)
		take_default(state.first, NULL);
}

void interrupt_set_worker(pid_t worker)
{
	state.worker = worker;
}

unsigned int interrupt_count(void)
{
	return (unsigned int) state.count;
}

uint64_t interrupt_last_ms(void)
{
	return state.last_ms;
}

uint64_t interrupt_resumed_ms(void)
{
	return state.resumed_ms;
}

int interrupt_sleep(uint64_t until_ms)
{
	struct timespec until = {
		.tv_sec = (time_t) (until_ms / 1000),
		.tv_nsec = (long) (until_ms % 1000 * 1000000),
	};

	/* A signal between the look and the sleep costs no more than the sleep. */
	if (!state.first)
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);

	return state.first ? -EINTR : 0;
}
