/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words. Who reads stdout and stderr from one pipe gets the lines in the order of
 * events: stdout is flushed before a line goes to stderr.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"

void report_init(void)
{
	/*
	 * An attribute must not be opened as descriptor 0, 1 or 2. What takes the place
	 * of a closed one fails like it: nothing can be read from or written to an O_PATH
	 * descriptor.
	 */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/", O_PATH) != fd)
			exit(EXIT_FAILURE);

	setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
}

/*
 * The first error of stdout, which stdio does not keep. Like stdout itself there is one
 * of it in the process.
 */
static int stdout_error;

/* Notes whether RESULT, of a function that writes to stdout, is a failure. */
static void check_stdout(int result)
{
	if (result < 0 && !stdout_error)
		stdout_error = errno;
}

void report_help(void)
{
	check_stdout(fputs(
		"\n"
		"Usage:\n"
		" chmem [options] -e|-d|-c|-g [SIZE|RANGE|-b BLOCKRANGE]\n"
		"\n"
		"Set memory blocks of the running system online or offline.\n"
		"\n"
		"Options:\n"
		" -e, --enable                  set memory online\n"
		" -d, --disable                 set memory offline\n"
		" -c, --configure               configure memory (s390)\n"
		" -g, --deconfigure             deconfigure memory (s390)\n"
		" -b, --blocks                  the operand is a range of block numbers\n"
		" -z, --zone NAME               only to or from this zone (see below)\n"
		" -m, --memmap-on-memory 0|1    with -c: where the memory map is kept\n"
		" -s, --sysroot DIR             work on the system whose root is DIR\n"
		" -v, --verbose                 print a line for each block\n"
		" -h, --help                    display this help\n"
		" -V, --version                 display version\n"
		"\n"
		"Operands:\n"
		" SIZE        128M, 1.5G, ...; MiB without a suffix\n"
		" RANGE       0x<first byte>-0x<last byte>\n"
		" BLOCKRANGE  <first block>-<last block>, or <block>\n"
		"\n"
		"Zones:\n",
		stdout));
	for (enum memblk_zone zone = MEMBLK_ZONE_NONE + 1; zone < _MEMBLK_ZONE_MAX;
	     zone++)
		check_stdout(printf(" %s\n", memblk_zone_to_string(zone)));
	check_stdout(fputs("\nFor more details see chmem(8).\n", stdout));
}

void report_version(void)
{
	check_stdout(puts(PACKAGE_NAME " " PACKAGE_VERSION));
}

void report_error(const char *format, ...)
{
	va_list arguments;

	check_stdout(fflush(stdout));
	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

void report_try_help(void)
{
	fprintf(stderr, "Try '%s --help' for more information.\n",
		program_invocation_short_name);
}

int report_finish(int status)
{
	check_stdout(fflush(stdout));
	/* who closed it does not want it */
	if (!stdout_error || stdout_error == EBADF)
		return status;

	report_error("write error: %s", strerror(stdout_error));
	return EXIT_FAILURE;
}

/* ---- Before anything is done ---- */

static void report_no_directory(int error, const char *sysroot)
{
	struct memblk_mount mount;
	const char *path = memblk_memory_path(), *reason = strerror(error);

	if (memblk_mount_find(sysroot, &mount) < 0) {
		report_error("cannot open %s: %s", path, reason);
		return;
	}
	if (mount.expected)
		report_error("cannot open %s: %s", path, reason);
	else if (mount.elsewhere)
		report_error("cannot open %s: %s (sysfs is mounted on %s)", path, reason,
			     mount.elsewhere);
	else
		report_error("cannot open %s: %s (sysfs is not mounted)", path, reason);
	memblk_mount_done(&mount);
}

static void report_unreadable(const char *path, const char *reason)
{
	report_error("Failed to read %s: %s", path, reason);
}

void report_system_fault(enum memblk_system_step step, int error, const char *sysroot)
{
	if (step == MEMBLK_SYSTEM_MEMORY && (error == ENOENT || error == ENOTDIR))
		report_no_directory(error, sysroot);
	else if (step == MEMBLK_SYSTEM_BLOCK_SIZE && error == EBADMSG)
		report_unreadable(memblk_memory_path(),
				  "block_size_bytes is not a power of two");
	else if (step == MEMBLK_SYSTEM_FIRMWARE)
		report_unreadable(memblk_firmware_path(), strerror(error));
	else
		report_unreadable(memblk_memory_path(), strerror(error));
}

void report_blocks_fault(int error)
{
	report_unreadable(memblk_memory_path(), error == ENODATA
							? "there are no memory blocks"
							: strerror(error));
}

/* Faults whose line names the part of the operand between two strings. */
static const struct {
	const char *before, *after;
} fault_words[_MEMBLK_FAULT_MAX] = {
	[MEMBLK_FAULT_PARAMETER] = { "Invalid parameter: ", "" },
	[MEMBLK_FAULT_SIZE] = { "Failed to parse size: '", "'" },
	[MEMBLK_FAULT_SIZE_IS_ADDRESS] = { "Failed to parse size: '", "'" },
	[MEMBLK_FAULT_START_FORMAT] = { "Invalid start address format: ", "" },
	[MEMBLK_FAULT_START_IS_BLOCK] = { "Invalid start address format: ",
					  " (-b takes block numbers)" },
	[MEMBLK_FAULT_END_FORMAT] = { "Invalid end address format: ", "" },
	[MEMBLK_FAULT_START_ADDRESS] = { "Failed to parse start address: '", "'" },
	[MEMBLK_FAULT_END_ADDRESS] = { "Failed to parse end address: '", "'" },
	[MEMBLK_FAULT_BLOCK] = { "Failed to parse block number: '", "'" },
	[MEMBLK_FAULT_BLOCK_START] = { "Failed to parse start: '", "'" },
	[MEMBLK_FAULT_BLOCK_END] = { "Failed to parse end: '", "'" },
	[MEMBLK_FAULT_RANGE] = { "Invalid range: ", "" },
};

static void report_part(const struct memblk_fault *fault)
{
	const char *reason = "", *hint = "";

	if (fault->kind == MEMBLK_FAULT_SIZE ||
	    fault->kind == MEMBLK_FAULT_SIZE_IS_ADDRESS || fault->error == ERANGE)
		reason = strerror(fault->error);
	if (fault->kind == MEMBLK_FAULT_SIZE_IS_ADDRESS)
		hint = " (a range of addresses is 0x<first byte>-0x<last byte>)";

	report_error("%s%.*s%s%s%s%s", fault_words[fault->kind].before,
		     (int) fault->length, fault->text, fault_words[fault->kind].after,
		     *reason ? ": " : "", reason, hint);
}

void report_fault(const struct memblk_fault *fault, uint64_t block_size_bytes)
{
	char size[MEMBLK_SIZE_STRING_MAX];

	memblk_size_to_string(block_size_bytes, size);
	switch (fault->kind) {
	case MEMBLK_FAULT_SIZE_TOO_LARGE:
		report_error("Size too large");
		break;
	case MEMBLK_FAULT_SIZE_UNALIGNED:
		report_error("Size must be aligned to memory block size (%s)", size);
		break;
	case MEMBLK_FAULT_ADDRESS_UNALIGNED:
		report_error("Start address and (end address + 1) must be aligned to "
			     "memory block size (%s)",
			     size);
		break;
	default:
		report_part(fault);
	}
}

void report_unknown_zone(const char *name)
{
	report_error("unknown memory zone: %s", name);
	report_try_help();
}

void report_zones_ignored(void)
{
	report_error("zone ignored, no valid_zones sysfs attribute present");
}

void report_not_configurable(enum memblk_command command)
{
	if (command == MEMBLK_COMMAND_CONFIGURE)
		report_error("Cannot configure. Use -e instead.");
	else
		report_error("Cannot deconfigure. Use -d instead.");
}

/* ---- One block ---- */

static const char *const command_verbs[_MEMBLK_COMMAND_MAX] = {
	[MEMBLK_COMMAND_ENABLE] = "enable",
	[MEMBLK_COMMAND_DISABLE] = "disable",
	[MEMBLK_COMMAND_CONFIGURE] = "configure",
	[MEMBLK_COMMAND_DECONFIGURE] = "deconfigure",
};

static const char *const step_names[_MEMBLK_STEP_MAX] = {
	[MEMBLK_STEP_ENABLE] = "enable",
	[MEMBLK_STEP_DISABLE] = "disable",
	[MEMBLK_STEP_CONFIGURE] = "configure",
	[MEMBLK_STEP_DECONFIGURE] = "deconfigure",
	[MEMBLK_STEP_MEMMAP] = "memmap-on-memory",
};

#define BLOCK_STRING_MAX 80

static const char *block_to_string(const struct report *report, uint64_t index,
				   char buffer[BLOCK_STRING_MAX])
{
	uint64_t start = index * report->block_size_bytes;

	snprintf(buffer, BLOCK_STRING_MAX,
		 "Memory Block %" PRIu64 " (0x%016" PRIx64 "-0x%016" PRIx64 ")", index,
		 start, start + report->block_size_bytes - 1);
	return buffer;
}

#define REASON_STRING_MAX 128

static const char *error_to_string(int error)
{
	return error == EBADMSG ? "its content is not text" : strerror(error);
}

static const char *reason_to_string(const struct memblk_result *result,
				    char buffer[REASON_STRING_MAX])
{
	switch (result->reason) {
	case MEMBLK_REASON_ERRNO:
		return error_to_string(result->error);
	case MEMBLK_REASON_ZONE_MISMATCH:
		return "Zone mismatch";
	case MEMBLK_REASON_ZONE_UNKNOWN:
		snprintf(buffer, REASON_STRING_MAX, "unknown zone, valid_zones: %s",
			 error_to_string(result->error));
		return buffer;
	case MEMBLK_REASON_ZONE_OTHER:
		snprintf(buffer, REASON_STRING_MAX, "already online in zone %s",
			 memblk_zone_to_string(result->zone));
		return buffer;
	case MEMBLK_REASON_ZONE_MISSED:
		snprintf(buffer, REASON_STRING_MAX, "came online in zone %s",
			 memblk_zone_to_string(result->zone));
		return buffer;
	case MEMBLK_REASON_ZONE_NOT_SINGLE:
		return "valid_zones is none, it can never go offline";
	case MEMBLK_REASON_NOT_CONFIGURED:
		return "not configured";
	case MEMBLK_REASON_MUST_DECONFIGURE:
		return "must be deconfigured before using -m option";
	case MEMBLK_REASON_MUST_BE_OFFLINE:
		return "must be offline before deconfiguration";
	case MEMBLK_REASON_NONE:
	case _MEMBLK_REASON_MAX:
		break;
	}
	return "";
}

/* A reason that is a sentence about the block, not about a step that was tried. */
static bool is_sentence(enum memblk_reason reason)
{
	return reason == MEMBLK_REASON_MUST_DECONFIGURE ||
	       reason == MEMBLK_REASON_MUST_BE_OFFLINE;
}

/* By size, a block that does not fit is passed over without a try. */
static bool is_misfit(enum memblk_reason reason)
{
	return reason == MEMBLK_REASON_ZONE_MISMATCH ||
	       reason == MEMBLK_REASON_ZONE_NOT_SINGLE;
}

static void print_failure(const struct report *report, const struct memblk_result *result)
{
	char block[BLOCK_STRING_MAX], reason[REASON_STRING_MAX];

	block_to_string(report, result->index, block);
	if (is_sentence(result->reason))
		report_error("%s %s", block, reason_to_string(result, reason));
	else
		report_error("%s %s failed: %s", block, step_names[result->step],
			     reason_to_string(result, reason));
}

static void print_deconfigure_failure(const struct report *report,
				      const struct memblk_result *result)
{
	char block[BLOCK_STRING_MAX];

	report_error("%s deconfigure failed: %s",
		     block_to_string(report, result->index, block),
		     error_to_string(result->deconfigure_error));
}

static void print_step(const struct report *report, const struct memblk_result *result,
		       const char *verb)
{
	char block[BLOCK_STRING_MAX];

	if (report->verbose)
		check_stdout(printf("%s %s\n",
				    block_to_string(report, result->index, block), verb));
}

/* What was done, in the order of its steps, and why no more of it. */
static void print_result(const struct report *report, const struct memblk_result *result)
{
	enum memblk_command command = report->request->command;
	bool by_size = report->request->selection.kind == MEMBLK_SELECTION_SIZE;
	bool already = result->status == MEMBLK_STATUS_ALREADY;

	if (result->configured)
		print_step(report, result, "configured");
	if (result->switched)
		print_step(report, result,
			   command == MEMBLK_COMMAND_ENABLE ? "enabled" : "disabled");
	/* by size, it counts although the kernel onlined it as soon as it was configured
	 */
	if (command == MEMBLK_COMMAND_ENABLE && result->status == MEMBLK_STATUS_CHANGED &&
	    !result->switched)
		already = true;
	if (already) {
		static const char *const words[_MEMBLK_COMMAND_MAX] = {
			[MEMBLK_COMMAND_ENABLE] = "already enabled",
			[MEMBLK_COMMAND_DISABLE] = "already disabled",
			[MEMBLK_COMMAND_CONFIGURE] = "already configured",
			[MEMBLK_COMMAND_DECONFIGURE] = "already deconfigured",
		};

		print_step(report, result, words[command]);
	}
	if (result->reason &&
	    (!by_size || (report->verbose && !is_misfit(result->reason))))
		print_failure(report, result);
	if (result->deconfigured)
		print_step(report, result, "deconfigured");
	if (result->already_deconfigured && !by_size)
		print_step(report, result, "already deconfigured");
	if (result->deconfigure_error)
		print_deconfigure_failure(report, result);
}

static bool is_same_reason(const struct memblk_result *a, const struct memblk_result *b)
{
	return a->step == b->step && a->reason == b->reason && a->error == b->error &&
	       a->zone == b->zone;
}

static void count_reason(struct report *report, const struct memblk_result *result)
{
	struct reason_count *reasons;

	for (size_t i = 0; i < report->nreasons; i++)
		if (is_same_reason(&report->reasons[i].example, result)) {
			report->reasons[i].nblocks++;
			return;
		}

	/* without memory for it, a reason is left out of the summary */
	reasons = reallocarray(report->reasons, report->nreasons + 1, sizeof(*reasons));
	if (!reasons)
		return;
	reasons[report->nreasons++] = (struct reason_count){ .example = *result,
							     .nblocks = 1 };
	report->reasons = reasons;
}

static void add_missing(struct report *report, uint64_t first, uint64_t last)
{
	if (!report->missing)
		return;
	fprintf(report->missing, "%s%" PRIu64, report->nmissing ? ", " : "", first);
	if (last > first)
		fprintf(report->missing, "-%" PRIu64, last);
	report->nmissing += last - first + 1 ?: 1;
}

/* Block INDEX of the range exists. Those before it that were not met do not. */
static void cover(struct report *report, uint64_t index)
{
	if (index > report->next)
		add_missing(report, report->next, index - 1);
	report->covered = index == report->request->selection.last;
	report->next = index + 1;
}

void report_begin(struct report *report, const struct memblk_request *request,
		  uint64_t block_size_bytes, bool verbose, const char *sysroot)
{
	*report = (struct report){
		.request = request,
		.block_size_bytes = block_size_bytes,
		.verbose = verbose,
		.sysroot = sysroot,
		.next = request->selection.first,
	};
	report->missing = open_memstream(&report->missing_text, &report->missing_length);
}

void report_result(struct report *report, const struct memblk_result *result)
{
	if (result->status == MEMBLK_STATUS_MISSING)
		return;

	report->any = true;
	if (report->request->selection.kind == MEMBLK_SELECTION_BLOCKS)
		cover(report, result->index);
	print_result(report, result);
	switch (result->status) {
	case MEMBLK_STATUS_CHANGED:
		report->nchanged++;
		break;
	case MEMBLK_STATUS_ALREADY:
		report->nalready++;
		break;
	default:
		count_reason(report, result);
		report->read_only = report->read_only || result->error == EROFS;
	}
}

/* ---- The whole ---- */

static void print_total(const struct report *report, uint64_t nblocks)
{
	char size[MEMBLK_SIZE_STRING_MAX];
	uint64_t size_bytes;

	if (__builtin_mul_overflow(nblocks, report->block_size_bytes, &size_bytes))
		size_bytes = UINT64_MAX;
	report_error("Could only %s %s of memory",
		     command_verbs[report->request->command],
		     memblk_size_to_string(size_bytes, size));
}

static void print_reasons(const struct report *report)
{
	for (size_t i = 0; i < report->nreasons; i++) {
		const struct reason_count *count = &report->reasons[i];
		enum memblk_step step = count->example.step;
		bool own = !strcmp(step_names[step],
				   command_verbs[report->request->command]) ||
			   is_sentence(count->example.reason);
		char reason[REASON_STRING_MAX];

		report_error("  %" PRIu64 " block%s: %s%s%s", count->nblocks,
			     count->nblocks == 1 ? "" : "s", own ? "" : step_names[step],
			     own ? "" : " failed: ",
			     reason_to_string(&count->example, reason));
	}
}

static void print_missing(struct report *report)
{
	const struct memblk_selection *selection = &report->request->selection;
	char block[BLOCK_STRING_MAX];
	bool closed;

	if (!report->covered)
		add_missing(report, report->next, selection->last);
	if (!report->missing)
		return;
	closed = fclose(report->missing) == 0;
	report->missing = NULL;
	if (!closed || !report->nmissing)
		return;

	if (report->nmissing == 1)
		report_error("%s does not exist",
			     block_to_string(report,
					     strtoull(report->missing_text, NULL, 10),
					     block));
	else
		report_error("Memory Blocks %s do not exist", report->missing_text);
}

static void print_read_only(const struct report *report)
{
	struct memblk_mount mount;

	if (!report->read_only || memblk_mount_find(report->sysroot, &mount) < 0)
		return;
	if (mount.read_only)
		report_error("%s is mounted read-only", mount.read_only_path);
	memblk_mount_done(&mount);
}

static int end_by_size(const struct report *report)
{
	if (report->nchanged == report->request->selection.nblocks)
		return EXIT_SUCCESS;

	print_total(report, report->nchanged);
	print_reasons(report);
	return report->nchanged ? EXIT_PARTIAL : EXIT_FAILURE;
}

static int end_by_range(struct report *report)
{
	uint64_t nwanted = report->nchanged + report->nalready;
	uint64_t span = report->request->selection.last -
			report->request->selection.first;

	print_missing(report);
	/* a span of 2^64 blocks would wrap to 0 */
	if (nwanted && nwanted - 1 == span)
		return EXIT_SUCCESS;
	if (!nwanted)
		return EXIT_FAILURE;

	print_total(report, nwanted);
	return EXIT_PARTIAL;
}

int report_end(struct report *report)
{
	int status = report->request->selection.kind == MEMBLK_SELECTION_SIZE
			     ? end_by_size(report)
			     : end_by_range(report);

	print_read_only(report);
	return status;
}

void report_done(struct report *report)
{
	if (report->missing)
		fclose(report->missing);
	free(report->missing_text);
	free(report->reasons);
}
