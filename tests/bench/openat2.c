/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For LD_PRELOAD under valgrind, which does not always know openat2(2) (3.19 does not)
 * and then answers ENOSYS: measured would be the walk that stands in for it. The call
 * becomes an openat(2), which opens the same files where there are no symbolic links, and
 * costs the program as many instructions.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <sys/syscall.h>

long syscall(long number, ...)
{
	long (*next)(long, ...) = (long (*)(long, ...)) dlsym(RTLD_NEXT, "syscall");
	va_list list;
	long argument[6];

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		argument[i] = va_arg(list, long);
	va_end(list);

	if (number == SYS_openat2) {
		const struct open_how *how = (const struct open_how *) argument[2];

		return openat((int) argument[0], (const char *) argument[1],
			      (int) how->flags, (mode_t) how->mode);
	}
	return next(number, argument[0], argument[1], argument[2], argument[3],
		    argument[4], argument[5]);
}
