/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The thread that waits in the kernel, seen through /proc/PID/status. Only reads.
 */
#include "config.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "caller.h"
#include "util.h"

/* Bit N - 1 stands for signal N. */
struct signals {
	uint64_t pending, blocked, ignored, caught;
};

static int read_status(pid_t pid, char *text, size_t size)
{
	_cleanup_close_ int fd = -1;
	char path[32];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/status", (int) pid);
	fd = RET_NERRNO(open(path, O_RDONLY | O_CLOEXEC));
	if (fd < 0)
		return fd;
	length = RET_NERRNO(read(fd, text, size - 1));
	if (length < 0)
		return (int) length;

	text[length] = '\0';
	return 0;
}

static uint64_t field(const char *text, const char *name, int base)
{
	const char *line = strstr(text, name);

	return line ? strtoull(line + strlen(name), NULL, base) : 0;
}

static int signals_read(pid_t pid, struct signals *ret)
{
	char text[4096];
	int r = pid ? read_status(pid, text, sizeof(text)) : -ESRCH;

	if (r < 0)
		return r;
	*ret = (struct signals){
		.pending = field(text, "\nSigPnd:", 16) | field(text, "\nShdPnd:", 16),
		.blocked = field(text, "\nSigBlk:", 16),
		.ignored = field(text, "\nSigIgn:", 16),
		.caught = field(text, "\nSigCgt:", 16),
	};
	return 0;
}

static uint64_t bit(int signal)
{
	return UINT64_C(1) << (signal - 1);
}

bool caller_is_signalled(const struct caller *caller)
{
	struct signals signals;

	if (!caller->interrupted)
		return false;
	/* one that stopped and continued the process leaves no trace in its status */
	if (!caller->stale)
		return true;
	/* what cannot be seen must not be kept waiting for ever */
	if (signals_read(caller->pid, &signals) < 0)
		return true;
	return signals.pending & ~signals.blocked;
}

bool caller_is_dying(const struct caller *caller)
{
	uint64_t harmless = bit(SIGCHLD) | bit(SIGCONT) | bit(SIGURG) | bit(SIGWINCH) |
			    bit(SIGSTOP) | bit(SIGTSTP) | bit(SIGTTIN) | bit(SIGTTOU);
	struct signals signals;

	if (!caller->interrupted)
		return false;
	if (signals_read(caller->pid, &signals) < 0)
		return true;
	/* SIGKILL, of course, is neither blocked nor ignored nor caught */
	return signals.pending &
	       ~(signals.blocked | signals.ignored | signals.caught | harmless);
}

pid_t caller_process(pid_t pid)
{
	char text[4096];

	if (!pid || read_status(pid, text, sizeof(text)) < 0)
		return pid;
	return (pid_t) field(text, "\nTgid:", 10);
}
