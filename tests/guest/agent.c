/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * agent PORT: runs what the host asks for, one script at a time.
 *
 * A request is "ID SCRIPT". Its answer is three texts: "ID STATUS", what the script
 * printed on stdout, and on stderr. Each of these ends with a NUL byte; no others are
 * passed on. The host tells a late answer from the one it waits for by the ID.
 *
 * It is a program because a script of it would start others for every request, each of
 * which takes an emulated processor longer than most of what it is asked for.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

/* Nobody asks for so long only when the host's side is gone: then nothing must stay
 * behind. */
#define PATIENCE_MS 300000

#define SCRIPT "/run/script"
#define STDOUT "/run/stdout"
#define STDERR "/run/stderr"

static void write_all(int fd, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, text, length);

		if (n < 0 && errno != EINTR)
			err(1, "write");
		if (n > 0) {
			text += n;
			length -= n;
		}
	}
}

static void put_file(FILE *out, const char *path)
{
	FILE *file = fopen(path, "re");
	int c;

	if (!file)
		err(1, "%s", path);
	while ((c = getc(file)) != EOF)
		if (c)
			putc(c, out);
	fclose(file);
	putc('\0', out);
}

static void write_file(const char *path, const char *text, size_t length)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0)
		err(1, "%s", path);
	write_all(fd, text, length);
	close(fd);
}

static void redirect(int fd, const char *path, int flags)
{
	int file = open(path, flags | O_CLOEXEC, 0644);

	if (file < 0 || dup2(file, fd) < 0)
		err(126, "%s", path);
}

/* Returns the exit status that a shell would show of it. */
static int run_script(void)
{
	pid_t pid = fork(), ended;
	int status;

	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		redirect(STDIN_FILENO, "/dev/null", O_RDONLY);
		redirect(STDERR_FILENO, STDERR, O_WRONLY | O_CREAT | O_TRUNC);
		redirect(STDOUT_FILENO, STDOUT, O_WRONLY | O_CREAT | O_TRUNC);
		execl("/bin/sh", "sh", SCRIPT, NULL);
		err(127, "/bin/sh");
	}
	/* It is the first process, and comes to have others' children. */
	do {
		ended = wait(&status);
		if (ended < 0 && errno != EINTR)
			err(1, "wait");
	} while (ended != pid);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void bury_orphans(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static void answer(int port, char *request)
{
	char *script = strchr(request, ' '), *text;
	size_t length;
	FILE *out;
	int status;

	if (!script)
		return;
	*script++ = '\0';
	write_file(SCRIPT, script, strlen(script));
	status = run_script();

	out = open_memstream(&text, &length);
	if (!out)
		err(1, "open_memstream");
	fprintf(out, "%s %d%c", request, status, '\0');
	put_file(out, STDOUT);
	put_file(out, STDERR);
	if (fclose(out))
		err(1, "open_memstream");
	write_all(port, text, length);
	free(text);
}

/* Waits for more of a request, or ends the guest. */
static void await(int port)
{
	struct pollfd wanted = { .fd = port, .events = POLLIN };
	int ready;

	do {
		ready = poll(&wanted, 1, PATIENCE_MS);
		bury_orphans();
	} while (ready < 0 && errno == EINTR);
	if (ready == 0)
		reboot(RB_POWER_OFF);
}

int main(int argc, char **argv)
{
	size_t length = 0, size = 4096;
	char *request = malloc(size);
	int port;

	if (argc != 2 || !request)
		errx(125, "usage: agent PORT");
	port = open(argv[1], O_RDWR | O_CLOEXEC);
	if (port < 0)
		err(1, "%s", argv[1]);
	write_all(port, "READY", 6);
	for (;;) {
		ssize_t n;

		await(port);
		n = read(port, request + length, size - length);
		if (n < 0 && errno != EINTR)
			err(1, "%s", argv[1]);
		if (n < 0)
			continue;
		if (n == 0)
			reboot(RB_POWER_OFF);
		length += n;
		/* The host waits for an answer before it asks again. */
		if (!request[length - 1]) {
			answer(port, request);
			length = 0;
		} else if (length == size) {
			size *= 2;
			request = realloc(request, size);
			if (!request)
				err(1, "realloc");
		}
	}
}
