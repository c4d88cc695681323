/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine as a file system.
 */
#ifndef MEMSIM_SERVE_H
#define MEMSIM_SERVE_H

#define FUSE_USE_VERSION 35
#include <fuse_lowlevel.h>

#include "scenario.h"

/* The operations; their session's user data is the machine. */
extern const struct fuse_lowlevel_ops serve_ops;

/*
 * Has DIRECTIVE, which is given away, carried out in so many milliseconds by a thread of
 * its own. 0 or -errno. Not to be called before a fork.
 */
int serve_later(struct machine *machine, struct directive *directive, int64_t ms);

/*
 * Carries out one line, or has it carried out later. As directive_run(); where it is to
 * be later, the directive is put into RET_LATER with its time, for serve_later().
 */
int serve_line(struct machine *machine, const char *line, bool at_start,
	       struct caller *caller, char message[MESSAGE_MAX],
	       struct directive **ret_later, int64_t *ret_ms);

#endif
