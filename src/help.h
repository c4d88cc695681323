/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answers to --help and --version, on stdout. */
#ifndef CHMEM_HELP_H
#define CHMEM_HELP_H

void report_help(void);
void report_version(void);

#endif
