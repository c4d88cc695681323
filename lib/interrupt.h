/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The signals that end a run, as they reach the process that the user started. The
 * worker, which does the writes, is told by SIGUSR1.
 */
#ifndef MEMBLK_INTERRUPT_H
#define MEMBLK_INTERRUPT_H

#include <stdint.h>
#include <sys/types.h>

/* Whom to tell: a worker; 0: this process itself does the writes; -1: nobody. */
void interrupt_set_worker(pid_t worker);

/* How many signals came, and when the last one did; when the process was last continued.
 */
unsigned int interrupt_count(void);
uint64_t interrupt_last_ms(void);
uint64_t interrupt_resumed_ms(void);

/* Sleeps until UNTIL_MS. -EINTR, at once, if a signal came by now. */
int interrupt_sleep(uint64_t until_ms);

#endif
