/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clang-format off */
/*
 * memsim - a machine with memory blocks that is a file system: what is written to its
 * sys/devices/system/memory comes to what a kernel would make of it, and goes wrong
 * where it is told to. chmem works on it with --sysroot.
 *
 *   memsim [--with-pid PID] [--limit SECONDS] [--foreground] DIRECTORY [SCENARIO]
 *
 *   --with-pid PID    ends when that process does
 *   --limit SECONDS   ends after that time at the latest: else a test that waits for an
 *                     answer that never comes could not be ended
 *   --foreground      stays where it is started
 *   SCENARIO          file with directives, `-` for stdin; scenario.c describes them
 *
 * It returns when the file system is mounted, with its process on stdout. Further
 * directives are written to DIRECTORY/control, which shows the list of all writes when it
 * is read: journal.h. DIRECTORY/blocks shows all blocks, `BLOCK STATE ZONE` a line. It
 * ends when it is unmounted or terminated; whoever still waits for the answer to a write
 * is then let go with an error.
 *
 * Opening a file with O_TRUNC, as the shell's `>` does, waits for a write to the same
 * file that is not over: in the kernel that this runs on, where no signal helps.
 *
 * Exit status 0; 77 where it cannot be mounted, 1 for what else is wrong, with a line on
 * stderr.
 */
/* clang-format on */
#include "config.h"

#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "names.h"
#include "serve.h"
#include "util.h"

#define EXIT_SKIP 77

struct options {
	pid_t with_pid;
	int limit_s; /* 0: none */
	bool foreground;
	const char *directory, *scenario;
};

static int parse_number_or_die(const char *text, int max)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end || value < 1 || value > max)
		errx(EXIT_FAILURE, "not a number that can be: %s", text);
	return (int) value;
}

static struct options parse_options_or_die(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "with-pid", required_argument, NULL, 'p' },
		{ "limit", required_argument, NULL, 'l' },
		{ "foreground", no_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	struct options options = { .foreground = false };
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		switch (c) {
		case 'p':
			options.with_pid = parse_number_or_die(optarg, INT32_MAX);
			break;
		case 'l':
			options.limit_s = parse_number_or_die(optarg, 1000000);
			break;
		case 'f':
			options.foreground = true;
			break;
		default:
			exit(EXIT_FAILURE);
		}
	if (argc - optind < 1 || argc - optind > 2)
		errx(EXIT_FAILURE, "usage: memsim [--with-pid PID] [--limit SECONDS] "
				   "[--foreground] DIRECTORY [SCENARIO]");
	options.directory = realpath(argv[optind], NULL);
	if (!options.directory)
		err(EXIT_FAILURE, "%s", argv[optind]);
	options.scenario = argv[optind + 1];
	return options;
}

/* ---- The scenario ---- */

/* What is to be done later than at the start, and starts with the file system. */
struct agenda {
	struct directive *directives[64];
	size_t n;
};

static void read_line_or_die(struct machine *machine, const char *line, const char *name,
			     unsigned int number, struct agenda *agenda)
{
	char message[MESSAGE_MAX] = "";
	struct directive *later = NULL;
	int64_t ms;
	int r = serve_line(machine, line, true, NULL, message, &later, &ms);

	if (r < 0)
		errx(EXIT_FAILURE, "%s:%u: %s", name, number,
		     message[0] ? message : error_name(-r));
	if (!later)
		return;
	if (agenda->n == ARRAY_SIZE(agenda->directives))
		errx(EXIT_FAILURE, "%s:%u: too much to do later", name, number);
	agenda->directives[agenda->n++] = later;
}

static void read_scenario_or_die(struct machine *machine, const char *path,
				 struct agenda *agenda)
{
	bool is_stdin = path && !strcmp(path, "-");
	_cleanup_free_ char *line = NULL;
	FILE *file = is_stdin ? stdin : path ? fopen(path, "re") : NULL;
	size_t room = 0;

	if (!path)
		return;
	if (!file)
		err(EXIT_FAILURE, "%s", path);
	pthread_mutex_lock(&machine->mutex);
	for (unsigned int number = 1; getline(&line, &room, file) >= 0; number++)
		read_line_or_die(machine, line, is_stdin ? "scenario" : path, number,
				 agenda);
	pthread_mutex_unlock(&machine->mutex);
	if (ferror(file))
		err(EXIT_FAILURE, "%s", path);
	if (!is_stdin)
		fclose(file);
}

/* ---- Its life ---- */

/* What ends it: a signal, the end of the process that it goes with, or its time. */
struct ends {
	int signals, pid;
	int limit_ms; /* -1: none */
	struct fuse_session *session;
};

/*
 * Answers that are still owed are never given: with the last descriptor of the
 * connection, the kernel lets everybody go.
 */
_Noreturn static void end(struct fuse_session *session)
{
	static pthread_mutex_t ending = PTHREAD_MUTEX_INITIALIZER;

	/* both threads may come here at once; the second waits to be ended */
	pthread_mutex_lock(&ending);
	fuse_session_unmount(session);
	_exit(EXIT_SUCCESS);
}

static void *watch(void *argument)
{
	struct ends *ends = argument;
	struct pollfd polls[] = {
		{ .fd = ends->signals, .events = POLLIN },
		{ .fd = ends->pid, .events = POLLIN },
	};

	while (poll(polls, ARRAY_SIZE(polls), ends->limit_ms) < 0)
		;
	end(ends->session);
}

static void block_signals(sigset_t *ret)
{
	sigemptyset(ret);
	sigaddset(ret, SIGTERM);
	sigaddset(ret, SIGINT);
	sigaddset(ret, SIGHUP);
	pthread_sigmask(SIG_BLOCK, ret, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static struct fuse_session *mount_or_die(const char *directory, struct machine *machine)
{
	/* others than root get at it if root may allow that */
	char options[] = "fsname=memsim,subtype=memsim,allow_other";
	char *argv[] = { (char[]){ "memsim" }, (char[]){ "-o" }, options };
	struct fuse_args args = FUSE_ARGS_INIT(ARRAY_SIZE(argv), argv);
	struct fuse_session *session;

	if (geteuid() != 0)
		*strrchr(options, ',') = '\0';
	session = fuse_session_new(&args, &serve_ops, sizeof(serve_ops), machine);
	if (!session || fuse_session_mount(session, directory) < 0)
		errx(EXIT_SKIP, "%s cannot be mounted on", directory);
	return session;
}

/*
 * Leaves the terminal and every descriptor but those in use: whoever waits for the end of
 * a pipe of the starter's must not wait for this.
 */
static void become_daemon_or_die(struct fuse_session *session)
{
	int session_fd = fuse_session_fd(session);
	int null = open("/dev/null", O_RDWR);
	pid_t pid = null < 0 ? -1 : fork();

	if (pid < 0)
		err(EXIT_FAILURE, "fork");
	if (pid > 0) {
		printf("%d\n", (int) pid);
		fflush(stdout);
		_exit(EXIT_SUCCESS);
	}
	setsid();
	if (chdir("/") < 0)
		err(EXIT_FAILURE, "/");
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	for (int fd = 3; fd < 1024; fd++)
		if (fd != session_fd)
			close(fd);
}

static void watch_ends_or_die(struct ends *ends, const sigset_t *signals, pid_t with_pid)
{
	pthread_t thread;

	ends->signals = signalfd(-1, signals, SFD_CLOEXEC);
	ends->pid = with_pid ? (int) syscall(SYS_pidfd_open, with_pid, 0) : -1;
	if (ends->signals < 0 || (with_pid && ends->pid < 0)) {
		if (errno != ESRCH)
			warn("process %d", (int) with_pid);
		end(ends->session);
	}
	if (pthread_create(&thread, NULL, watch, ends))
		end(ends->session);
}

int main(int argc, char **argv)
{
	static struct machine machine;
	static struct ends ends;
	struct options options = parse_options_or_die(argc, argv);
	struct agenda agenda = { .n = 0 };
	sigset_t signals;

	umask(0);
	if (machine_init(&machine) < 0)
		errx(EXIT_FAILURE, "no memory left");
	read_scenario_or_die(&machine, options.scenario, &agenda);

	ends.limit_ms = options.limit_s ? options.limit_s * 1000 : -1;
	ends.session = mount_or_die(options.directory, &machine);
	if (!options.foreground)
		become_daemon_or_die(ends.session);
	block_signals(&signals);
	watch_ends_or_die(&ends, &signals, options.with_pid);
	for (size_t i = 0; i < agenda.n; i++)
		serve_later(&machine, agenda.directives[i], 0);

	fuse_session_loop(ends.session);
	end(ends.session);
}
