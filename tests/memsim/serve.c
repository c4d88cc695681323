/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FUSE's requests, turned into questions to the machine and changes of it. One thread
 * takes the requests and answers at once whatever can be; each write, and each read that
 * has to wait, gets a thread of its own, so that none waits behind it. Decides nothing.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "files.h"
#include "names.h"
#include "scenario.h"
#include "serve.h"
#include "util.h"

#ifndef FOPEN_NOFLUSH
#define FOPEN_NOFLUSH (1 << 5)
#endif
#ifndef FOPEN_PARALLEL_DIRECT_WRITES
#define FOPEN_PARALLEL_DIRECT_WRITES (1 << 6)
#endif

#define READ_MAX (UINT64_C(1) << 20)

static struct machine *machine_of(fuse_req_t req)
{
	struct machine *machine = fuse_req_userdata(req);

	pthread_mutex_lock(&machine->mutex);
	return machine;
}

static void leave(struct machine *machine)
{
	pthread_mutex_unlock(&machine->mutex);
}

static int start_thread(void *(*run)(void *), void *argument)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int r;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, 256 * 1024);
	r = pthread_create(&thread, &attributes, run, argument);
	pthread_attr_destroy(&attributes);

	return -r;
}

/* ---- Names and attributes ---- */

static void serve_init(void *data, struct fuse_conn_info *connection)
{
	(void) data;
	/* it would take a pipe for each thread, to move a few bytes */
	connection->want &= ~(unsigned int) (FUSE_CAP_SPLICE_READ |
					     FUSE_CAP_SPLICE_WRITE |
					     FUSE_CAP_SPLICE_MOVE);
}

static void serve_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param entry = { .ino = 0 };
	struct machine *machine = machine_of(req);
	ino number = 0;
	int r = file_lookup(machine, parent, name, &number);

	if (r == 0)
		r = file_stat(machine, number, &entry.attr);
	leave(machine);
	entry.ino = number;
	if (r < 0)
		fuse_reply_err(req, -r);
	else
		fuse_reply_entry(req, &entry);
}

static void serve_getattr(fuse_req_t req, fuse_ino_t number, struct fuse_file_info *info)
{
	struct machine *machine = machine_of(req);
	struct stat st;
	int r = file_stat(machine, number, &st);

	(void) info;
	leave(machine);
	if (r < 0)
		fuse_reply_err(req, -r);
	else
		fuse_reply_attr(req, &st, 0);
}

/* As sysfs does, truncation is let pass and has no effect. */
static void serve_setattr(fuse_req_t req, fuse_ino_t number, struct stat *st, int which,
			  struct fuse_file_info *info)
{
	(void) st;
	if (which & (FUSE_SET_ATTR_MODE | FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID))
		fuse_reply_err(req, EPERM);
	else
		serve_getattr(req, number, info);
}

static void serve_readlink(fuse_req_t req, fuse_ino_t number)
{
	struct machine *machine = machine_of(req);
	char target[128];
	int r = file_readlink(machine, number, target, sizeof(target));

	leave(machine);
	if (r < 0)
		fuse_reply_err(req, -r);
	else
		fuse_reply_readlink(req, target);
}

static void serve_readdir(fuse_req_t req, fuse_ino_t number, size_t size, off_t offset,
			  struct fuse_file_info *info)
{
	struct machine *machine = machine_of(req);
	uint64_t cookie = (uint64_t) offset;
	_cleanup_free_ char *buffer = malloc(size);
	size_t used = 0;
	char name[64];
	ino entry;

	(void) info;
	while (buffer && file_next(machine, number, &cookie, name, &entry)) {
		struct stat st = { .st_ino = entry, .st_mode = file_mode(entry) };
		size_t length = fuse_add_direntry(req, buffer + used, size - used, name,
						  &st, (off_t) cookie);

		if (length > size - used)
			break;
		used += length;
	}
	leave(machine);
	fuse_reply_buf(req, buffer, used);
}

/* ---- Opening ---- */

/*
 * The owner by the owner's bits, others by the others': sysfs lets no one open a file for
 * what its mode has no bit for, not even root.
 */
static int check_mode(const struct stat *st, uid_t uid, mode_t wanted)
{
	mode_t mode = uid == st->st_uid ? st->st_mode >> 6 : st->st_mode;

	return (mode & wanted) == wanted ? 0 : -EACCES;
}

static void serve_access(fuse_req_t req, fuse_ino_t number, int mask)
{
	struct machine *machine = machine_of(req);
	struct stat st;
	int r = file_stat(machine, number, &st);

	leave(machine);
	if (r == 0)
		r = check_mode(&st, fuse_req_ctx(req)->uid, (mode_t) mask);
	fuse_reply_err(req, -r);
}

static uint64_t index_of(const struct machine *machine, ino number)
{
	const struct block *block = ino_block(machine, number);

	return block ? block->index : NO_BLOCK;
}

static int open_file(struct machine *machine, ino number, uid_t uid, int flags)
{
	const struct trouble *trouble;
	bool for_writing = (flags & O_ACCMODE) != O_RDONLY;
	bool for_reading = (flags & O_ACCMODE) != O_WRONLY;
	struct stat st;
	int r = file_exists(machine, number) ? file_stat(machine, number, &st) : -ENOENT;

	if (r == 0)
		r = check_mode(&st, uid,
			       (for_writing ? W_OK : 0U) | (for_reading ? R_OK : 0U));
	if (r < 0 || !for_writing)
		return r;
	trouble = trouble_take(machine->troubles, TROUBLE_FAIL, MOMENT_OPEN,
			       index_of(machine, number), ino_file(number), NULL);
	return trouble ? -trouble->error : 0;
}

/*
 * What is longer than one read is printed when it is read from its start, and kept for
 * the reads of its rest: struct printed. All else is printed for each read, for sysfs is
 * asked again and again through one descriptor.
 */
struct printed {
	char *text;
	size_t size;
};

static bool is_kept(enum file file)
{
	return file == FILE_CONTROL || file == FILE_BLOCKS || file == FILE_MEMINFO ||
	       file == FILE_ZONEINFO || file == FILE_IOMEM || file == FILE_SWAPS ||
	       file == FILE_LOCKS || file == FILE_NODE_MEMINFO;
}

static void printed_free(struct printed *printed)
{
	if (printed)
		free(printed->text);
	free(printed);
}

static void print_file(struct machine *machine, ino number, bool owner,
		       struct printed *ret)
{
	FILE *stream = open_memstream(&ret->text, &ret->size);

	if (!stream)
		return;
	if (ino_file(number) == FILE_CONTROL)
		journal_print(&machine->journal, stream);
	else
		file_print(machine, number, owner, stream);
	fclose(stream);
}

/*
 * By hand, for libfuse knows the flag of parallel writes only from 3.15 on. Without it
 * the second writer of a file would wait in the kernel, out of anybody's reach.
 */
static void reply_open(fuse_req_t req, uint64_t handle)
{
	struct fuse_open_out out = {
		.fh = handle,
		.open_flags = FOPEN_DIRECT_IO | FOPEN_NOFLUSH |
			      FOPEN_PARALLEL_DIRECT_WRITES,
	};

	fuse_reply_buf(req, (const char *) &out, sizeof(out));
}

static void serve_open(fuse_req_t req, fuse_ino_t number, struct fuse_file_info *info)
{
	uid_t uid = fuse_req_ctx(req)->uid;
	struct machine *machine = machine_of(req);
	struct printed *printed = NULL;
	int r = open_file(machine, number, uid, info->flags);

	if (r == 0 && is_kept(ino_file(number))) {
		printed = calloc(1, sizeof(*printed));
		if (!printed)
			r = -ENOMEM;
	}
	leave(machine);
	if (r < 0)
		fuse_reply_err(req, -r);
	else
		reply_open(req, (uintptr_t) printed);
}

static void serve_release(fuse_req_t req, fuse_ino_t number, struct fuse_file_info *info)
{
	(void) number;
	printed_free((struct printed *) (uintptr_t) info->fh);
	fuse_reply_err(req, 0);
}

/* ---- Reading ---- */

struct request {
	fuse_req_t req;
	struct machine *machine;
	ino number;
	struct caller caller;
	size_t size;
	off_t offset;
	char data[];
};

static void reply_part(fuse_req_t req, const char *text, size_t length, size_t size,
		       off_t offset)
{
	size_t start = (uint64_t) offset < length ? (size_t) offset : length;

	if (size > length - start)
		size = length - start;
	fuse_reply_buf(req, text + start, size);
}

/* What the reader gets to see; then, where a scenario says so, it is no longer true. */
static int read_text(struct machine *machine, ino number, bool owner, off_t offset,
		     struct printed *ret)
{
	enum file file = ino_file(number);
	struct block *block = ino_block(machine, number);
	const struct trouble *trouble;

	if (!file_exists(machine, number))
		return -ENODEV;
	trouble = trouble_take(machine->troubles, TROUBLE_FAIL, MOMENT_READ,
			       index_of(machine, number), file, NULL);
	if (trouble)
		return -trouble->error;

	trouble = trouble_take(machine->troubles, TROUBLE_LIE, MOMENT_READ,
			       index_of(machine, number), file, NULL);
	if (trouble) {
		ret->text = strdup(trouble->text);
		ret->size = strlen(trouble->text);
	} else {
		print_file(machine, number, owner, ret);
	}
	if (!ret->text)
		return -ENOMEM;

	trouble = file == FILE_STATE && !offset
			  ? trouble_take(machine->troubles, TROUBLE_STEAL, MOMENT_READ,
					 block->index, file, NULL)
			  : NULL;
	if (trouble)
		machine_steal(machine, block, trouble->action);
	return 0;
}

static void answer_read(fuse_req_t req, struct machine *machine, ino number, size_t size,
			off_t offset)
{
	struct printed printed = { .text = NULL };
	bool owner = fuse_req_ctx(req)->uid == geteuid();
	int r = read_text(machine, number, owner, offset, &printed);

	leave(machine);
	if (r < 0)
		fuse_reply_err(req, -r);
	else
		reply_part(req, printed.text, printed.size, size, offset);
	free(printed.text);
}

/* The reader of `online` waits for the block's own lock, and no signal reaches it. */
static void *wait_and_read(void *argument)
{
	struct request *request = argument;
	struct machine *machine = request->machine;
	const struct block *block;

	pthread_mutex_lock(&machine->mutex);
	block = ino_block(machine, request->number);
	while (block->operating)
		machine_wait(machine, NULL, DEADLINE_NEVER);
	answer_read(request->req, machine, request->number, request->size,
		    request->offset);
	free(request);
	return NULL;
}

static void read_later(fuse_req_t req, struct machine *machine, ino number, size_t size,
		       off_t offset)
{
	struct request *request = malloc(sizeof(*request));

	if (!request) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	*request = (struct request){ .req = req,
				     .machine = machine,
				     .number = number,
				     .size = size,
				     .offset = offset };
	if (start_thread(wait_and_read, request) < 0) {
		free(request);
		fuse_reply_err(req, ENOMEM);
	}
}

static void read_kpageflags(fuse_req_t req, struct machine *machine, size_t size,
			    off_t offset)
{
	_cleanup_free_ uint64_t *buffer = malloc(size < READ_MAX ? size : READ_MAX);
	size_t length = 0;
	int r = -ENOMEM;

	if (buffer)
		r = file_kpageflags(machine, (uint64_t) offset,
				    size < READ_MAX ? size : READ_MAX, buffer, &length);
	leave(machine);
	if (r < 0)
		fuse_reply_err(req, -r);
	else
		fuse_reply_buf(req, (const char *) buffer, length);
}

static void serve_read(fuse_req_t req, fuse_ino_t number, size_t size, off_t offset,
		       struct fuse_file_info *info)
{
	struct printed *printed = (struct printed *) (uintptr_t) info->fh;
	enum file file = ino_file(number);
	struct machine *machine;
	const struct block *block;

	machine = machine_of(req);
	if (printed) {
		if (!offset) {
			free(printed->text);
			*printed = (struct printed){ .text = NULL };
			print_file(machine, number, fuse_req_ctx(req)->uid == geteuid(),
				   printed);
		}
		reply_part(req, printed->text, printed->size, size, offset);
		leave(machine);
		return;
	}
	block = ino_block(machine, number);
	if (file == FILE_KPAGEFLAGS) {
		read_kpageflags(req, machine, size, offset);
	} else if (file == FILE_ONLINE && block->operating &&
		   machine->online_read_waits) {
		leave(machine);
		read_later(req, machine, number, size, offset);
	} else {
		answer_read(req, machine, number, size, offset);
	}
}

/* ---- Writing ---- */

/* As the kernel compares: a newline at the end does not count. */
static bool is_word(const struct request *request, const char *word)
{
	size_t length = strlen(word), size = request->size;

	if (size == length + 1 && request->data[length] == '\n')
		size--;
	return size == length && !memcmp(request->data, word, length);
}

/* kstrtobool(): looks at one letter, at two behind an o. */
static int parse_bool(const struct request *request, bool *ret)
{
	char first = request->size ? request->data[0] : '\0';
	char second = request->size > 1 ? request->data[1] : '\0';

	if (first == 'o' || first == 'O')
		first = second == 'n' || second == 'N'   ? '1'
			: second == 'f' || second == 'F' ? '0'
							 : '\0';
	if (!first || !strchr("yYtT1nNfF0", first))
		return -EINVAL;
	*ret = strchr("yYtT1", first);
	return 0;
}

static int parse_action(const struct request *request, enum action *ret)
{
	for (enum action action = 0; action < _ACTION_MAX; action++)
		if (is_word(request, action_names[action])) {
			*ret = action;
			return 0;
		}
	return -EINVAL;
}

static int write_state(struct request *request, struct block *block)
{
	enum file file = ino_file(request->number);
	enum action action = ACTION_OFFLINE;
	bool online = false;
	int r;

	if (file == FILE_ONLINE) {
		r = parse_bool(request, &online);
		action = online ? ACTION_ONLINE : ACTION_OFFLINE;
	} else {
		r = parse_action(request, &action);
	}
	return r < 0 ? r
		     : machine_set_state(request->machine, block,
					 ino_incarnation(request->number), action, file,
					 &request->caller);
}

static int write_firmware(struct request *request, struct block *block)
{
	bool value;
	int r = parse_bool(request, &value);

	if (r < 0)
		return r;
	return ino_file(request->number) == FILE_CONFIG
		       ? machine_set_config(request->machine, block, value,
					    &request->caller)
		       : machine_set_memmap(request->machine, block, value,
					    &request->caller);
}

static int write_parameter(const struct request *request)
{
	struct machine *machine = request->machine;
	char text[16] = "";
	char *end;
	unsigned long value;
	const struct trouble *trouble;

	trouble = trouble_take(machine->troubles, TROUBLE_FAIL, MOMENT_WRITE, NO_BLOCK,
			       ino_file(request->number), NULL);
	if (trouble)
		return -trouble->error;
	switch (ino_file(request->number)) {
	case FILE_AUTO_ONLINE:
		return parse_action(request, &machine->auto_online);
	case FILE_NUMA_AWARE:
		return parse_bool(request, &machine->numa_aware);
	case FILE_ONLINE_POLICY:
		if (!is_word(request, "auto-movable") &&
		    !is_word(request, "contig-zones"))
			return -EINVAL;
		machine->auto_movable = is_word(request, "auto-movable");
		return 0;
	case FILE_RATIO:
		if (request->size >= sizeof(text))
			return -EINVAL;
		memcpy(text, request->data, request->size);
		value = strtoul(text, &end, 10);
		if (end == text || (*end && strcmp(end, "\n")) || value > UINT32_MAX)
			return -EINVAL;
		machine->auto_movable_ratio = (unsigned int) value;
		return 0;
	default:
		/* uevent, which nobody listens to here */
		return 0;
	}
}

struct eject {
	struct machine *machine;
	const struct block *block;
};

static void *carry_out_eject(void *argument)
{
	struct eject *eject = argument;

	pthread_mutex_lock(&eject->machine->mutex);
	machine_eject(eject->machine, eject->block);
	leave(eject->machine);
	free(eject);
	return NULL;
}

/* The firmware is asked, and the write is over; what it comes to shows later. */
static int eject(const struct request *request, const struct block *block)
{
	struct eject *eject;

	if (!is_word(request, "1"))
		return -EINVAL;
	eject = malloc(sizeof(*eject));
	if (!eject)
		return -ENOMEM;
	*eject = (struct eject){ request->machine, block };
	if (start_thread(carry_out_eject, eject) < 0) {
		free(eject);
		return -ENOMEM;
	}
	return 0;
}

static int carry_out_line(struct request *request, const char *line)
{
	struct directive *later = NULL;
	char message[MESSAGE_MAX] = "";
	int64_t ms = 0;
	int r = serve_line(request->machine, line, false, &request->caller, message,
			   &later, &ms);

	if (later)
		return serve_later(request->machine, later, ms);
	if (message[0])
		journal_note(&request->machine->journal, message);
	return r;
}

/* Line by line; the first that is wrong ends it. */
static int write_control(struct request *request)
{
	char *line, *rest = request->data;
	int r = 0;

	if (memchr(request->data, '\0', request->size))
		return -EINVAL;
	while (r == 0 && (line = strsep(&rest, "\n")))
		r = carry_out_line(request, line);
	return r;
}

static int write_file(struct request *request)
{
	struct block *block = ino_block(request->machine, request->number);

	if (!file_exists(request->machine, request->number))
		return -ENODEV;
	switch (ino_file(request->number)) {
	case FILE_CONTROL:
		return write_control(request);
	case FILE_STATE:
	case FILE_ONLINE:
		return write_state(request, block);
	case FILE_CONFIG:
	case FILE_MEMMAP:
		return write_firmware(request, block);
	case FILE_EJECT:
		return eject(request, block);
	default:
		return write_parameter(request);
	}
}

static void note_signal(fuse_req_t req, void *data)
{
	struct request *request = data;

	(void) req;
	pthread_mutex_lock(&request->machine->mutex);
	request->caller.interrupted = true;
	machine_wake(request->machine);
	leave(request->machine);
}

static void *carry_out_write(void *argument)
{
	struct request *request = argument;
	struct machine *machine = request->machine;
	enum file file = ino_file(request->number);
	pid_t pid = caller_process(request->caller.pid);
	size_t entry = SIZE_MAX;
	int r;

	fuse_req_interrupt_func(request->req, note_signal, request);
	pthread_mutex_lock(&machine->mutex);
	if (file != FILE_CONTROL)
		entry = journal_begin(&machine->journal, pid,
				      index_of(machine, request->number), file_name(file),
				      request->data, request->size);
	r = write_file(request);
	journal_end(&machine->journal, entry, r);
	leave(machine);

	/* waits for a note_signal() that is under way, and lets in no other */
	fuse_req_interrupt_func(request->req, NULL, NULL);
	if (r < 0)
		fuse_reply_err(request->req, -r);
	else
		fuse_reply_write(request->req, request->size);
	free(request);
	return NULL;
}

static void serve_write(fuse_req_t req, fuse_ino_t number, const char *data, size_t size,
			off_t offset, struct fuse_file_info *info)
{
	struct request *request = malloc(sizeof(*request) + size + 1);

	(void) offset;
	(void) info;
	if (!request) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	*request = (struct request){ .req = req,
				     .machine = fuse_req_userdata(req),
				     .number = number,
				     .caller = { .pid = fuse_req_ctx(req)->pid },
				     .size = size };
	memcpy(request->data, data, size);
	request->data[size] = '\0';
	if (start_thread(carry_out_write, request) < 0) {
		free(request);
		fuse_reply_err(req, ENOMEM);
	}
}

/* ---- Lines of a scenario ---- */

struct later {
	struct machine *machine;
	struct directive *directive;
	int64_t deadline;
};

static void *carry_out_later(void *argument)
{
	struct later *later = argument;
	struct machine *machine = later->machine;
	struct directive *directive = later->directive;
	char message[MESSAGE_MAX] = "";
	int64_t ms;
	int r;

	pthread_mutex_lock(&machine->mutex);
	do {
		struct directive *then;

		while (machine_now() < later->deadline)
			machine_wait(machine, NULL, later->deadline);
		then = directive_after(directive, &ms);
		if (!then)
			break;
		later->deadline += ms;
		directive = then;
	} while (true);
	r = directive_run(machine, directive, false, NULL, message);
	if (r < 0)
		journal_note(&machine->journal, message[0] ? message : error_name(-r));
	leave(machine);

	directive_free(later->directive);
	free(later);
	return NULL;
}

int serve_later(struct machine *machine, struct directive *directive, int64_t ms)
{
	struct later *later = malloc(sizeof(*later));
	int r = -ENOMEM;

	if (later) {
		*later = (struct later){ machine, directive, machine_now() + ms };
		r = start_thread(carry_out_later, later);
	}
	if (r < 0) {
		directive_free(directive);
		free(later);
	}
	return r;
}

int serve_line(struct machine *machine, const char *line, bool at_start,
	       struct caller *caller, char message[MESSAGE_MAX],
	       struct directive **ret_later, int64_t *ret_ms)
{
	struct directive *directive = NULL;
	int r = directive_parse(line, message, &directive);

	if (r < 0 || !directive)
		return r;
	if (directive_after(directive, ret_ms)) {
		*ret_later = directive;
		*ret_ms = 0;
		return 0;
	}
	r = directive_run(machine, directive, at_start, caller, message);
	directive_free(directive);
	return r;
}

const struct fuse_lowlevel_ops serve_ops = {
	.init = serve_init,
	.lookup = serve_lookup,
	.getattr = serve_getattr,
	.setattr = serve_setattr,
	.readlink = serve_readlink,
	.access = serve_access,
	.open = serve_open,
	.read = serve_read,
	.write = serve_write,
	.release = serve_release,
	.readdir = serve_readdir,
};
