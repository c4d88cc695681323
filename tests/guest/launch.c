/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * launch NAME COMMAND [ARGUMENT]...: runs it as an interactive shell would: in a process
 * group of its own, with no signal ignored, not even where a shell put it behind with &.
 *
 * /run/NAME.pid gets its process ID before it starts, /run/NAME.end one line when it has
 * ended, "exited STATUS MS" or "killed SIGNAL MS": a shell cannot tell the two apart. The
 * exit status is that of a shell, 128 and the signal for the latter.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void write_file(const char *name, const char *suffix, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void write_file(const char *name, const char *suffix, const char *format, ...)
{
	char path[256], new_path[sizeof(path) + 4];
	va_list values;
	FILE *file;

	snprintf(path, sizeof(path), "/run/%s.%s", name, suffix);
	snprintf(new_path, sizeof(new_path), "%s.new", path);
	file = fopen(new_path, "we");
	if (!file)
		err(125, "%s", new_path);
	va_start(values, format);
	vfprintf(file, format, values);
	va_end(values);
	/* Under its final name only when it can be read whole. */
	if (fclose(file) || rename(new_path, path))
		err(125, "%s", path);
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void run(const char *name, char **command)
{
	sigset_t none;

	for (int signal_number = 1; signal_number < NSIG; signal_number++)
		signal(signal_number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (setpgid(0, 0))
		err(125, "setpgid");
	write_file(name, "pid", "%d\n", getpid());
	execvp(command[0], command);
	err(127, "%s", command[0]);
}

int main(int argc, char **argv)
{
	long start = now_ms();
	char path[256];
	int status;
	pid_t pid;

	if (argc < 3)
		errx(125, "usage: launch NAME COMMAND [ARGUMENT]...");
	snprintf(path, sizeof(path), "/run/%s.end", argv[1]);
	unlink(path);
	pid = fork();
	if (pid < 0)
		err(125, "fork");
	if (pid == 0)
		run(argv[1], argv + 2);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			err(125, "waitpid");
	if (WIFSIGNALED(status)) {
		write_file(argv[1], "end", "killed %d %ld\n", WTERMSIG(status),
			   now_ms() - start);
		return 128 + WTERMSIG(status);
	}
	write_file(argv[1], "end", "exited %d %ld\n", WEXITSTATUS(status),
		   now_ms() - start);
	return WEXITSTATUS(status);
}
