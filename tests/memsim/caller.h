/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The thread that waits in the kernel for an answer: which signals there are for it. FUSE
 * tells of the first one only; what it was, and whether there are more, stands in
 * /proc/PID/status.
 */
#ifndef MEMSIM_CALLER_H
#define MEMSIM_CALLER_H

#include <stdbool.h>
#include <sys/types.h>

struct caller {
	pid_t pid;        /* of the thread; 0 if it is out of sight */
	bool interrupted; /* there was a signal since the request began */
	bool stale;       /* but before the operation began; it may be gone */
};

/* Whether a signal is pending that the thread does not block. */
bool caller_is_signalled(const struct caller *caller);

/*
 * Whether one is pending that ends the process: SIGKILL, or one that is neither handled
 * nor ignored and kills by default. Nothing else gets a thread out of the kernel where a
 * system call is restarted.
 */
bool caller_is_dying(const struct caller *caller);

/* The process that a thread belongs to; the thread itself if that is out of sight. */
pid_t caller_process(pid_t pid);

#endif
