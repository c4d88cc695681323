/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words. Who reads stdout and stderr from one pipe gets the lines in the order of
 * events: stdout is flushed before a line goes to stderr.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
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

	/* Who closes the pipe that he reads ends the printing, not the work. */
	signal(SIGPIPE, SIG_IGN);
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
		"     --try-timeout SECONDS     give up a block after so long; 0: never\n"
		"     --timeout SECONDS         end the whole run after so long\n"
		"     --retries N               rounds of trying failed blocks again\n"
		"     --keep-free SIZE          with -d: memory that must be left over\n"
		"     --atomic                  all or nothing\n"
		"     --lock[=MODE]             keep other runs of chmem out meanwhile\n"
		"     --wait SECONDS            wait for memory that is yet to be added\n"
		" -v, --verbose                 print a line for each block\n"
		" -h, --help                    display this help\n"
		" -V, --version                 display version\n"
		"\n"
		"Operands and values:\n"
		" SIZE        128M, 1.5G, ...; MiB without a suffix\n"
		" RANGE       0x<first byte>-0x<last byte>\n"
		" BLOCKRANGE  <first block>-<last block>, or <block>\n"
		" SECONDS     30, 0.5, ..., or infinity\n"
		" MODE        auto (default), yes (--lock alone), no, nonblock\n"
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

void report_no_memory(int error)
{
	report_error("cannot begin: %s", strerror(error));
}

void report_locked(int holder, bool going_on)
{
	char process[64] = "another process";

	if (holder)
		snprintf(process, sizeof(process), "process %d", holder);
	report_error("%s is locked by %s%s", memblk_memory_path(), process,
		     going_on ? ", going on without the lock" : "");
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

#define REASON_STRING_MAX 192

static const char *error_to_string(int error)
{
	return error == EBADMSG ? "its content is not text" : strerror(error);
}

/* What is known beyond the text of the errno. */
static const char *const hints[_MEMBLK_REASON_MAX] = {
	[MEMBLK_REASON_GONE] = "the block was removed meanwhile",
	[MEMBLK_REASON_BUSY] = "in use for the moment",
	[MEMBLK_REASON_UNMOVABLE] =
		"it holds what cannot be moved, or is in use elsewhere",
	[MEMBLK_REASON_NEVER] = "it has holes, or lies in several zones or nodes",
	[MEMBLK_REASON_NO_HOTREMOVE] = "this kernel takes no memory offline",
	[MEMBLK_REASON_WORD_REFUSED] = "an old kernel may not take this zone here",
	[MEMBLK_REASON_VETO] = "not for want of permission, a part of the kernel objects",
	[MEMBLK_REASON_POISONED] = "a page of it is broken",
	[MEMBLK_REASON_NO_MEMORY] = "the kernel itself is short of memory",
	[MEMBLK_REASON_AGAIN] = "the kernel gave up for now",
	[MEMBLK_REASON_NO_STORAGE] = "the hypervisor did not give or take the storage",
	[MEMBLK_REASON_ADDRESS_TAKEN] = "something else is at its addresses",
	[MEMBLK_REASON_NO_MEMMAP] = "the kernel runs without memmap_on_memory",
	[MEMBLK_REASON_CONFIGURED] = "it must be offline, or not configured, first",
};

/* Reasons without an errno. */
static const char *const plain_words[_MEMBLK_REASON_MAX] = {
	[MEMBLK_REASON_TIMEOUT] = "given up, the time of --timeout is up",
	[MEMBLK_REASON_INTERRUPTED] = "interrupted",
	[MEMBLK_REASON_LOCKED] = "another memory hot-plug operation is in progress",
	[MEMBLK_REASON_LOST] = "the process that worked on it was killed",
	[MEMBLK_REASON_NOT_TRIED] = "not tried any more",
	[MEMBLK_REASON_ZONE_MISMATCH] = "Zone mismatch",
	[MEMBLK_REASON_ZONE_NOT_SINGLE] = "valid_zones is none, it can never go offline",
	[MEMBLK_REASON_NOT_CONFIGURED] = "not configured",
	[MEMBLK_REASON_MUST_DECONFIGURE] = "must be deconfigured before using -m option",
	[MEMBLK_REASON_MUST_BE_OFFLINE] = "must be offline before deconfiguration",
};

/* What there would be too little of. */
static const char *const spare_words[_MEMBLK_REASON_MAX] = {
	[MEMBLK_REASON_SPARE_MEMORY] = "of memory available",
	[MEMBLK_REASON_SPARE_NODES] = "of memory available on the other nodes",
	[MEMBLK_REASON_SPARE_KERNEL] = "of memory free outside zone Movable",
	[MEMBLK_REASON_SPARE_RATIO] = "of memory outside zone Movable",
};

static const char *spare_to_string(const struct memblk_result *result,
				   char buffer[REASON_STRING_MAX])
{
	char left[MEMBLK_SIZE_STRING_MAX], wanted[MEMBLK_SIZE_STRING_MAX];

	if (result->wanted_bytes == UINT64_MAX)
		return "zone Movable may not hold any memory, says auto_movable_ratio "
		       "(--keep-free 0 takes it anyway)";
	snprintf(buffer, REASON_STRING_MAX,
		 "it would leave %s %s where %s must be (--keep-free 0 takes it anyway)",
		 memblk_size_to_string(result->left_bytes, left),
		 spare_words[result->reason],
		 memblk_size_to_string(result->wanted_bytes, wanted));
	return buffer;
}

static const char *error_with_hint(const struct report *report,
				   const struct memblk_result *result,
				   char buffer[REASON_STRING_MAX])
{
	const char *hint = hints[result->reason], *text = error_to_string(result->error);

	if (!hint || !memblk_system_is_transparent(report->system))
		return text;
	snprintf(buffer, REASON_STRING_MAX, "%s; %s", text, hint);
	return buffer;
}

static const char *with_error(const char *words_before, int error,
			      char buffer[REASON_STRING_MAX])
{
	snprintf(buffer, REASON_STRING_MAX, "%s: %s", words_before,
		 error_to_string(error));
	return buffer;
}

static const char *with_zone(const char *words_before, enum memblk_zone zone,
			     char buffer[REASON_STRING_MAX])
{
	snprintf(buffer, REASON_STRING_MAX, "%s %s", words_before,
		 memblk_zone_to_string(zone));
	return buffer;
}

static const char *given_up(const struct memblk_result *result,
			    char buffer[REASON_STRING_MAX])
{
	uint64_t tenths = (result->limit_ms + 50) / 100;

	snprintf(buffer, REASON_STRING_MAX,
		 "given up after %" PRIu64 ".%" PRIu64 " s (--try-timeout)", tenths / 10,
		 tenths % 10);
	return buffer;
}

static const char *reason_to_string(const struct report *report,
				    const struct memblk_result *result,
				    char buffer[REASON_STRING_MAX])
{
	switch (result->reason) {
	case MEMBLK_REASON_ZONE_UNKNOWN:
		return with_error("unknown zone, valid_zones", result->error, buffer);
	case MEMBLK_REASON_ZONE_OTHER:
		return with_zone("already online in zone", result->zone, buffer);
	case MEMBLK_REASON_ZONE_MISSED:
		return with_zone("came online in zone", result->zone, buffer);
	case MEMBLK_REASON_TRY_TIMEOUT:
		return given_up(result, buffer);
	default:
		if (plain_words[result->reason])
			return plain_words[result->reason];
		if (spare_words[result->reason])
			return spare_to_string(result, buffer);
		if (result->error)
			return error_with_hint(report, result, buffer);
		return "";
	}
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
	const char *still = result->status == MEMBLK_STATUS_PENDING
				    ? ", still in progress in the kernel"
				    : "";
	char block[BLOCK_STRING_MAX], reason[REASON_STRING_MAX];

	block_to_string(report, result->index, block);
	if (is_sentence(result->reason))
		report_error("%s %s", block, reason_to_string(report, result, reason));
	else
		report_error("%s %s failed: %s%s", block, step_names[result->step],
			     reason_to_string(report, result, reason), still);
}

static void print_stuck(const struct report *report, const struct memblk_result *result)
{
	char block[BLOCK_STRING_MAX], reason[REASON_STRING_MAX];

	report_error("%s could not be set back: %s",
		     block_to_string(report, result->index, block),
		     reason_to_string(report, result, reason));
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
	if (result->reason && (!by_size || result->status == MEMBLK_STATUS_PENDING ||
			       (report->verbose && !is_misfit(result->reason))))
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

/* Block INDEX of the range exists. */
static void meet(struct report *report, uint64_t index)
{
	if (report->nmet == report->met_size) {
		size_t size = report->met_size ? report->met_size * 2 : 64;
		uint64_t *met = reallocarray(report->met, size, sizeof(*met));

		if (!met) {
			report->met_lost = true;
			return;
		}
		report->met = met;
		report->met_size = size;
	}
	report->met[report->nmet++] = index;
}

void report_begin(struct report *report, struct memblk_system *system,
		  const struct memblk_request *request, bool verbose, const char *sysroot)
{
	*report = (struct report){
		.system = system,
		.request = request,
		.block_size_bytes = memblk_system_block_size(system),
		.verbose = verbose,
		.sysroot = sysroot,
	};
	if (verbose && request->bounds.atomic &&
	    request->command == MEMBLK_COMMAND_ENABLE && request->zone &&
	    request->zone != MEMBLK_ZONE_MOVABLE)
		report_error("--atomic: what comes online in zone %s may not go offline "
			     "again",
			     memblk_zone_to_string(request->zone));
}

static void take_back(struct report *report, const struct memblk_result *result)
{
	if (result->status == MEMBLK_STATUS_STUCK) {
		print_stuck(report, result);
		report->nstuck++;
		return;
	}
	print_step(report, result, "set back");
	if (result->was == MEMBLK_STATUS_CHANGED)
		report->nchanged--;
}

void report_result(struct report *report, const struct memblk_result *result)
{
	switch (result->status) {
	case MEMBLK_STATUS_MISSING:
		return;
	case MEMBLK_STATUS_REVERTED:
	case MEMBLK_STATUS_STUCK:
		take_back(report, result);
		return;
	default:
		break;
	}

	report->any = true;
	if (report->request->selection.kind == MEMBLK_SELECTION_BLOCKS)
		meet(report, result->index);
	if (result->status == MEMBLK_STATUS_SKIPPED)
		return;
	print_result(report, result);
	switch (result->status) {
	case MEMBLK_STATUS_CHANGED:
		report->nchanged++;
		break;
	case MEMBLK_STATUS_ALREADY:
		report->nalready++;
		break;
	case MEMBLK_STATUS_PENDING:
		/* it may still be changed, whatever is set back */
		report->nstuck += report->request->bounds.atomic;
		count_reason(report, result);
		break;
	default:
		count_reason(report, result);
		report->read_only = report->read_only || result->error == EROFS;
	}
}

void report_outcome(struct report *report, const struct memblk_plan *plan,
		    const struct memblk_outcome *outcome)
{
	size_t nuntried = plan->nblocks - outcome->ntried;

	report->outcome = *outcome;
	free(report->untried);
	report->untried = NULL;
	report->nuntried = 0;
	if (plan->by_size || outcome->end == MEMBLK_END_DONE || !nuntried)
		return;

	report->untried = reallocarray(NULL, nuntried, sizeof(*report->untried));
	if (!report->untried)
		return;
	for (size_t i = 0; i < nuntried; i++)
		report->untried[i] = memblk_plan_at(plan, outcome->ntried + i);
	report->nuntried = nuntried;
}

uint64_t report_done_blocks(const struct report *report)
{
	return report->nchanged + report->nalready;
}

/* A span of 2^64 blocks would wrap to 0. */
static bool is_all_done(const struct report *report)
{
	const struct memblk_selection *selection = &report->request->selection;
	uint64_t ndone = report_done_blocks(report);

	if (selection->kind == MEMBLK_SELECTION_SIZE)
		return ndone == selection->nblocks;

	return ndone && ndone - 1 == selection->last - selection->first;
}

bool report_is_over(const struct report *report)
{
	const struct memblk_selection *selection = &report->request->selection;

	if (is_all_done(report) || report->outcome.end != MEMBLK_END_DONE ||
	    memblk_signals_caught())
		return true;

	return selection->kind == MEMBLK_SELECTION_BLOCKS && report->nmet &&
	       report->nmet - 1 == selection->last - selection->first;
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
			     reason_to_string(report, &count->example, reason));
	}
}

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *) a, right = *(const uint64_t *) b;

	return (left > right) - (left < right);
}

/* Blocks that are named one after the other. */
struct names {
	FILE *stream; /* NULL: there was no memory for it */
	char *text;
	size_t length;
	uint64_t nblocks; /* huge ranges may wrap it */
	uint64_t last;    /* that was named */
};

static void names_add(struct names *names, uint64_t first, uint64_t last)
{
	if (!names->stream)
		return;
	fprintf(names->stream, "%s%" PRIu64, names->length ? ", " : "", first);
	if (last > first)
		fprintf(names->stream, "-%" PRIu64, last);
	names->nblocks += last - first + 1 ?: 1;
	names->last = last;
	fflush(names->stream);
}

/* Names the blocks of the range up to LAST that were not met. */
static void add_missing(struct report *report, uint64_t last, struct names *names)
{
	uint64_t next = report->request->selection.first;

	if (report->nmet)
		qsort(report->met, report->nmet, sizeof(*report->met), compare);
	for (size_t i = 0; i < report->nmet; i++) {
		if (report->met[i] > next)
			names_add(names, next, report->met[i] - 1);
		if (report->met[i] == last)
			return;
		next = report->met[i] + 1;
	}
	if (next <= last)
		names_add(names, next, last);
}

/* "Memory Block 5 (...) does not exist", "Memory Blocks 5, 7-9 do not exist" */
static void print_names(const struct report *report, const struct names *names,
			const char *one, const char *several)
{
	char block[BLOCK_STRING_MAX];

	if (names->nblocks == 1)
		report_error("%s %s", block_to_string(report, names->last, block), one);
	else
		report_error("Memory Blocks %s %s", names->text, several);
}

static void print_missing(struct report *report)
{
	uint64_t first = report->request->selection.first,
		 last = report->request->selection.last;
	struct names names = { .length = 0 };

	if (report->nuntried) {
		if (report->untried[0] == first)
			return;
		last = report->untried[0] - 1;
	}
	if (report->met_lost)
		return;
	names.stream = open_memstream(&names.text, &names.length);
	add_missing(report, last, &names);
	if (names.stream && fclose(names.stream) == 0 && names.nblocks)
		print_names(report, &names, "does not exist", "do not exist");
	free(names.text);
}

static void print_untried(const struct report *report)
{
	struct names names = { .length = 0 };

	if (!report->nuntried)
		return;
	names.stream = open_memstream(&names.text, &names.length);
	for (size_t i = 0, next; i < report->nuntried; i = next) {
		for (next = i + 1; next < report->nuntried &&
				   report->untried[next] == report->untried[next - 1] + 1;
		     next++)
			;
		names_add(&names, report->untried[i], report->untried[next - 1]);
	}
	if (names.stream && fclose(names.stream) == 0)
		print_names(report, &names, "was not tried", "were not tried");
	free(names.text);
}

/* Why there is no more of it. */
static void print_end(const struct report *report)
{
	switch (memblk_signals_caught() ? MEMBLK_END_INTERRUPTED : report->outcome.end) {
	case MEMBLK_END_INTERRUPTED:
		report_error("ended by a signal: %s", strsignal(memblk_signals_caught()));
		break;
	case MEMBLK_END_TIMEOUT:
		report_error("ended by --timeout");
		break;
	case MEMBLK_END_SPARE:
		if (report->outcome.error)
			report_error("cannot tell how much memory would be left: %s "
				     "(--keep-free 0 goes on without that)",
				     error_to_string(report->outcome.error));
		break;
	case MEMBLK_END_NO_MEMORY:
		if (report->nuntried ||
		    report->request->selection.kind == MEMBLK_SELECTION_SIZE)
			report_error("ended, as the kernel itself is short of memory");
		break;
	default:
		break;
	}
}

static void print_atomic(const struct report *report)
{
	char size[MEMBLK_SIZE_STRING_MAX];

	if (!report->request->bounds.atomic)
		return;
	if (report->nstuck)
		report_error("--atomic: not all blocks could be set back");
	else if (report->outcome.refused &&
		 report->request->selection.kind == MEMBLK_SELECTION_SIZE)
		report_error("--atomic: nothing was changed, as only %s can be",
			     memblk_size_to_string(report->outcome.nfeasible *
							   report->block_size_bytes,
						   size));
	else if (report->outcome.refused)
		report_error("--atomic: nothing was changed");
	else
		report_error("--atomic: what was changed is set back");
	if (report->outcome.nhuge_pages_lost)
		report_error("the kernel's pool has lost huge pages: %" PRIu64,
			     report->outcome.nhuge_pages_lost);
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

static int status_of(const struct report *report)
{
	if (report->request->bounds.atomic)
		return report->nstuck ? EXIT_PARTIAL : EXIT_FAILURE;

	return report_done_blocks(report) ? EXIT_PARTIAL : EXIT_FAILURE;
}

int report_end(struct report *report)
{
	bool by_size = report->request->selection.kind == MEMBLK_SELECTION_SIZE;
	int status = EXIT_SUCCESS;

	if (!by_size)
		print_missing(report);
	if (!is_all_done(report)) {
		status = status_of(report);
		print_untried(report);
		if (by_size || status == EXIT_PARTIAL)
			print_total(report, report_done_blocks(report));
		if (by_size)
			print_reasons(report);
		print_end(report);
		print_atomic(report);
	}
	print_read_only(report);

	return status;
}

void report_done(struct report *report)
{
	free(report->met);
	free(report->untried);
	free(report->reasons);
}
