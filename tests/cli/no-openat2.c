/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * no-openat2 COMMAND [ARGUMENT]... - runs a command on a kernel without openat2(2), as
 * Linux was before 5.6. Exit status 77 if system calls cannot be filtered here.
 *
 * no-openat2 --eperm COMMAND [ARGUMENT]... - in a container that forbids what it does not
 * know.
 */
#include <err.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	bool forbid = argc > 1 && !strcmp(argv[1], "--eperm");
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (forbid ? EPERM : ENOSYS)),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

	argv += forbid;
	argc -= forbid;
	if (argc < 2)
		errx(EXIT_FAILURE, "usage: no-openat2 COMMAND [ARGUMENT]...");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		err(77, "seccomp");

	execvp(argv[1], argv + 1);
	err(EXIT_FAILURE, "%s", argv[1]);
}
