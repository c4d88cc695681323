/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * on-write HOOK COMMAND [ARGUMENT]... - runs a command and, before each of its writes to
 * anything but stdin, stdout and stderr, the program HOOK with two arguments: the path of
 * the file and the text. Its exit status is the errno that the write fails with; after 0
 * it takes its course. So plain files can refuse like a kernel, and can change behind the
 * command's back at a certain time.
 *
 * Exit status: that of COMMAND; 77 if system calls cannot be intercepted here.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_SKIP 77

/* Room for one descriptor in a message. */
union control {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(int))];
};

static void send_fd_or_die(int channel, int fd)
{
	char byte = 0;
	struct iovec iov = { &byte, 1 };
	union control control = {
		.header = { .cmsg_len = CMSG_LEN(sizeof(int)),
			    .cmsg_level = SOL_SOCKET,
			    .cmsg_type = SCM_RIGHTS },
	};
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	if (sendmsg(channel, &message, 0) < 0)
		err(EXIT_SKIP, "sendmsg");
}

/* The descriptor from CHANNEL, or -1 if its other end was closed. */
static int receive_fd(int channel)
{
	char byte;
	struct iovec iov = { &byte, 1 };
	union control control = { .space = "" };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	int fd;

	if (recvmsg(channel, &message, MSG_CMSG_CLOEXEC) <= 0 || !CMSG_FIRSTHDR(&message))
		return -1;
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

/* The child: hands over the means to answer its writes, and becomes the command. */
static void become_command(int channel, char **argv)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 0, 3),
		/* the low half of the descriptor, on machines of either byte order */
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[0]) +
				 (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0)),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, STDERR_FILENO, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };
	long listener;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		err(EXIT_SKIP, "prctl");
	listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			   SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	if (listener < 0)
		err(EXIT_SKIP, "seccomp");
	send_fd_or_die(channel, (int) listener);

	close((int) listener);
	execvp(argv[0], argv);
	err(EXIT_FAILURE, "%s", argv[0]);
}

/* Copies what PID wants to write, as text. */
static void peek_or_die(pid_t pid, uint64_t address, char *text, size_t size)
{
	char path[64];
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", (int) pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	length = fd < 0 ? -1 : pread(fd, text, size, (off_t) address);
	if (length < 0)
		err(EXIT_FAILURE, "%s", path);
	text[length] = '\0';
	close(fd);
}

static int run_hook_or_die(const char *hook, const char *path, const char *text)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execl(hook, hook, path, text, (char *) NULL);
		err(EXIT_FAILURE, "%s", hook);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		errx(EXIT_FAILURE, "%s did not exit", hook);
	return WEXITSTATUS(status);
}

static void answer_or_die(int listener, const char *hook)
{
	struct seccomp_notif request = { .id = 0 };
	struct seccomp_notif_resp response = { .id = 0 };
	char link[64], path[PATH_MAX], text[256];
	ssize_t length;
	size_t size;

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0)
		err(EXIT_FAILURE, "SECCOMP_IOCTL_NOTIF_RECV");
	snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int) request.pid,
		 (int) request.data.args[0]);
	length = readlink(link, path, sizeof(path) - 1);
	if (length < 0)
		err(EXIT_FAILURE, "%s", link);
	path[length] = '\0';
	size = request.data.args[2] < sizeof(text) ? request.data.args[2]
						   : sizeof(text) - 1;
	peek_or_die((pid_t) request.pid, request.data.args[1], text, size);

	response.id = request.id;
	response.error = -run_hook_or_die(hook, path, text);
	if (!response.error)
		response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) < 0)
		err(EXIT_FAILURE, "SECCOMP_IOCTL_NOTIF_SEND");
}

int main(int argc, char **argv)
{
	int channel[2], listener, status;
	pid_t pid;

	if (argc < 3)
		errx(EXIT_FAILURE, "usage: on-write HOOK COMMAND [ARGUMENT]...");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0)
		err(EXIT_FAILURE, "socketpair");
	pid = fork();
	if (pid < 0)
		err(EXIT_FAILURE, "fork");
	if (pid == 0)
		become_command(channel[1], argv + 2);
	close(channel[1]);

	listener = receive_fd(channel[0]);
	if (listener >= 0) {
		/* POLLHUP once the command is gone */
		struct pollfd poll_fd = { .fd = listener, .events = POLLIN };

		while (poll(&poll_fd, 1, -1) > 0 && poll_fd.revents & POLLIN)
			answer_or_die(listener, argv[1]);
	}
	if (waitpid(pid, &status, 0) != pid)
		err(EXIT_FAILURE, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
