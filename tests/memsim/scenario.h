/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The language of scenarios and of the control file: a line is parsed whole, and then
 * carried out. The language is described in scenario.c.
 */
#ifndef MEMSIM_SCENARIO_H
#define MEMSIM_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>

#include "machine.h"

struct directive;

#define MESSAGE_MAX 128

/*
 * 0 and a directive that the caller frees with directive_free(), or NULL for a line that
 * says nothing; or -EINVAL and what is wrong in MESSAGE.
 */
int directive_parse(const char *line, char message[MESSAGE_MAX], struct directive **ret);
void directive_free(struct directive *directive);

/* The line that follows `after`, NULL if it is none; its time in milliseconds from now.
 * Both belong to DIRECTIVE. */
struct directive *directive_after(struct directive *directive, int64_t *ret_ms);

/*
 * Carries it out; not for one that is `after`. The machine's mutex is held, and given up
 * while the directive waits for the lock. AT_START: the machine is still being described.
 * 0 or -errno, with what is wrong in MESSAGE if it is -EINVAL.
 */
int directive_run(struct machine *machine, const struct directive *directive,
		  bool at_start, struct caller *caller, char message[MESSAGE_MAX]);

#endif
