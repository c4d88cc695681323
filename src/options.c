/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options and operand, and what of them goes together. The values that depend on the
 * system, operand and zone, are left as they are.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "help.h"
#include "options.h"
#include "output.h"

/* Options without a letter; beyond all characters. */
enum {
	OPTION_ALL = UCHAR_MAX + 1,
	OPTION_AUTO_ONLINE,
	OPTION_RESIZE,
	OPTION_NODE,
	OPTION_FROM,
	OPTION_UNPLUG,
	OPTION_ORDER,
	OPTION_TRY_TIMEOUT,
	OPTION_TIMEOUT,
	OPTION_RETRIES,
	OPTION_KEEP_FREE,
	OPTION_ATOMIC,
	OPTION_LOCK,
	OPTION_WAIT,
	OPTION_NOHEADINGS,
	OPTION_PROGRESS,
};

#define SHORT_OPTIONS "edcgbz:m:s:nlo:JvhV"

static const struct option long_options[] = {
	{ "enable", no_argument, NULL, 'e' },
	{ "disable", no_argument, NULL, 'd' },
	{ "configure", no_argument, NULL, 'c' },
	{ "deconfigure", no_argument, NULL, 'g' },
	{ "blocks", no_argument, NULL, 'b' },
	{ "all", no_argument, NULL, OPTION_ALL },
	{ "resize", required_argument, NULL, OPTION_RESIZE },
	{ "zone", required_argument, NULL, 'z' },
	{ "node", required_argument, NULL, OPTION_NODE },
	{ "from", required_argument, NULL, OPTION_FROM },
	{ "unplug", no_argument, NULL, OPTION_UNPLUG },
	{ "order", required_argument, NULL, OPTION_ORDER },
	{ "memmap-on-memory", required_argument, NULL, 'm' },
	{ "sysroot", required_argument, NULL, 's' },
	{ "try-timeout", required_argument, NULL, OPTION_TRY_TIMEOUT },
	{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
	{ "retries", required_argument, NULL, OPTION_RETRIES },
	{ "keep-free", required_argument, NULL, OPTION_KEEP_FREE },
	{ "atomic", no_argument, NULL, OPTION_ATOMIC },
	{ "lock", optional_argument, NULL, OPTION_LOCK },
	{ "wait", required_argument, NULL, OPTION_WAIT },
	{ "dry-run", no_argument, NULL, 'n' },
	{ "list", no_argument, NULL, 'l' },
	{ "auto-online", optional_argument, NULL, OPTION_AUTO_ONLINE },
	{ "output", required_argument, NULL, 'o' },
	{ "noheadings", no_argument, NULL, OPTION_NOHEADINGS },
	{ "progress", optional_argument, NULL, OPTION_PROGRESS },
	{ "json", no_argument, NULL, 'J' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

#define EXCLUSIVE_MAX 24

/* Options of which none of the ones goes with any of the others. */
static const struct {
	int ones[EXCLUSIVE_MAX], others[EXCLUSIVE_MAX]; /* 0 ends them */
} exclusive[] = {
	{ { 'e' }, { 'd', 'c', 'g', 'm' } },
	{ { 'd' }, { 'c', 'g', 'm' } },
	{ { 'g' }, { 'c', 'm' } },
	{ { 'l', 'o', OPTION_NOHEADINGS },
	  { 'e', 'd', 'c', 'g', 'm', 'n', OPTION_RESIZE, OPTION_UNPLUG, OPTION_ORDER,
	    OPTION_TRY_TIMEOUT, OPTION_TIMEOUT, OPTION_RETRIES, OPTION_KEEP_FREE,
	    OPTION_ATOMIC, OPTION_LOCK, OPTION_WAIT, OPTION_PROGRESS } },
	/* a device goes as a whole, and there is nothing to wait for */
	{ { OPTION_UNPLUG },
	  { 'e', 'c', 'g', 'b', 'z', 'm', OPTION_RESIZE, OPTION_NODE, OPTION_WAIT } },
};

/* Options in order of appearance, each once. */
struct seen {
	int option[sizeof(long_options) / sizeof(long_options[0])];
	size_t noptions;
};

static const char *long_name(int option)
{
	const struct option *entry = long_options;

	while (entry->val != option)
		entry++;
	return entry->name;
}

/*
 * What of the command line is told in the document of --json if all of it is refused.
 * Kept for the process, as whatever refuses it ends that.
 */
static struct options scanned;

__attribute__((noreturn)) static void die(void)
{
	exit(scanned.json ? document_refuse(&scanned) : EXIT_FAILURE);
}

static void die_of_conflict(int first, int second)
{
	bool dry_run = first == 'n' || second == 'n';

	report_error("options --%s and --%s cannot be combined%s", long_name(first),
		     long_name(second),
		     dry_run ? " (lsmem's -n is --noheadings here)" : "");
	die();
}

static bool has_option(const int *options, int option)
{
	while (*options && *options != option)
		options++;
	return *options;
}

/* Whether OPTION may stand beside --auto-online, which is about no block. */
static bool goes_with_auto_online(int option)
{
	static const int options[] = {
		OPTION_AUTO_ONLINE, 's', 'n', 'J', 'v', 'h', 'V', '?', 0
	};

	return has_option(options, option);
}

static bool are_exclusive(int a, int b)
{
	if ((a == OPTION_AUTO_ONLINE && !goes_with_auto_online(b)) ||
	    (b == OPTION_AUTO_ONLINE && !goes_with_auto_online(a)))
		return true;
	for (size_t i = 0; i < sizeof(exclusive) / sizeof(exclusive[0]); i++)
		if ((has_option(exclusive[i].ones, a) &&
		     has_option(exclusive[i].others, b)) ||
		    (has_option(exclusive[i].ones, b) &&
		     has_option(exclusive[i].others, a)))
			return true;
	return false;
}

/* Dies if OPTION excludes one of SEEN; the earliest of them is named. */
static void check_exclusive_or_die(int option, const struct seen *seen)
{
	for (size_t i = 0; i < seen->noptions; i++)
		if (are_exclusive(seen->option[i], option))
			die_of_conflict(seen->option[i], option);
}

/* Where OPTION is in SEEN; behind all of them if it is not. */
static size_t seen_at(const struct seen *seen, int option)
{
	size_t i = 0;

	while (i < seen->noptions && seen->option[i] != option)
		i++;
	return i;
}

/* Only what goes online or offline has a zone. */
static void check_zone_or_die(const struct seen *seen)
{
	static const int commands[] = { 'c', 'g' };
	size_t zone = seen_at(seen, 'z');

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		size_t command = seen_at(seen, commands[i]);

		if (zone == seen->noptions || command == seen->noptions)
			continue;
		die_of_conflict(zone < command ? 'z' : commands[i],
				zone < command ? commands[i] : 'z');
	}
}

static void note_option(struct seen *seen, int option)
{
	if (seen_at(seen, option) == seen->noptions)
		seen->option[seen->noptions++] = option;
}

/* The values of options as they are written; NULL where an option has none. */
struct values {
	const char *memmap, *resize, *order, *try_timeout, *timeout, *retries, *keep_free,
		*lock, *wait, *auto_online, *progress, *output;
};

__attribute__((noreturn)) static void die_of_value(int option, const char *text,
						   const char *rule)
{
	report_error("Invalid value of --%s: '%s', it must be %s", long_name(option),
		     text, rule);
	die();
}

__attribute__((noreturn)) static void die_of_range(int option, const char *text)
{
	report_error("Invalid value of --%s: '%s': %s", long_name(option), text,
		     strerror(ERANGE));
	die();
}

static enum memblk_memmap parse_memmap_or_die(const char *text)
{
	if (!strcmp(text, "0"))
		return MEMBLK_MEMMAP_OFF;
	if (!strcmp(text, "1"))
		return MEMBLK_MEMMAP_ON;

	die_of_value('m', text, "0 or 1");
}

static uint64_t parse_seconds_or_die(int option, const char *text)
{
	uint64_t ms;
	int r = memblk_seconds_parse(text, &ms);

	if (r == -ERANGE)
		die_of_range(option, text);
	if (r < 0)
		die_of_value(option, text, "a number of seconds or infinity");
	return ms;
}

/* No time at all is no limit. */
static uint64_t parse_limit_or_die(int option, const char *text)
{
	uint64_t ms = parse_seconds_or_die(option, text);

	return ms ? ms : MEMBLK_FOREVER;
}

#define RETRIES_DEFAULT 2
#define RETRIES_MAX 1000000

static bool parse_retries(const char *text, unsigned int *ret)
{
	unsigned int value = 0;

	if (!*text || (text[0] == '0' && text[1]))
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		/* ten times the maximum fits */
		value = value * 10 + (unsigned int) (*text - '0');
		if (value > RETRIES_MAX)
			return false;
	}
	*ret = value;

	return true;
}

static unsigned int parse_retries_or_die(const char *text)
{
	unsigned int retries;

	if (!parse_retries(text, &retries))
		die_of_value(OPTION_RETRIES, text, "a number from 0 to 1000000");
	return retries;
}

static uint64_t parse_keep_free_or_die(const char *text)
{
	uint64_t size_bytes;
	int r = memblk_size_parse(text, &size_bytes);

	/* one number is taken: it says that none was given */
	if (r == -ERANGE || (r == 0 && size_bytes == MEMBLK_KEEP_FREE_AUTO))
		die_of_range(OPTION_KEEP_FREE, text);
	if (r == -EBADMSG)
		die_of_value(OPTION_KEEP_FREE, text, "a whole number of bytes");
	if (r < 0)
		die_of_value(OPTION_KEEP_FREE, text, "a size");
	return size_bytes;
}

static const char *const order_words[] = {
	[MEMBLK_ORDER_DEFAULT] = "", /* which is no word for it */
	[MEMBLK_ORDER_LOWEST] = "lowest",     [MEMBLK_ORDER_HIGHEST] = "highest",
	[MEMBLK_ORDER_CHEAPEST] = "cheapest", NULL,
};

/* Options whose value may be left out, and the words that it can be. */
static const char *const lock_words[] = {
	[MEMBLK_LOCK_AUTO] = "auto",
	[MEMBLK_LOCK_YES] = "yes",
	[MEMBLK_LOCK_NO] = "no",
	[MEMBLK_LOCK_NONBLOCK] = "nonblock",
	NULL,
};

static const char *const progress_words[] = {
	[PROGRESS_NEVER] = "never",
	[PROGRESS_AUTO] = "auto",
	[PROGRESS_ALWAYS] = "always",
	NULL,
};

/* The number of TEXT among WORDS; -1 if it is none of them. */
static int find_word(const char *text, const char *const words[])
{
	for (int i = 0; words[i]; i++)
		if (*text && !strcmp(text, words[i]))
			return i;
	return -1;
}

/* The same for the value of OPTION; RULE names the words. */
static unsigned int parse_word_or_die(int option, const char *text,
				      const char *const words[], const char *rule)
{
	int number = find_word(text, words);

	if (number < 0)
		die_of_value(option, text, rule);
	return (unsigned int) number;
}

static enum memblk_policy parse_policy_or_die(const char *text)
{
	enum memblk_policy policy = memblk_policy_from_string(text);

	if (policy == MEMBLK_POLICY_UNKNOWN)
		die_of_value(OPTION_AUTO_ONLINE, text,
			     "offline, online, online_kernel or online_movable");
	return policy;
}

static void parse_columns_or_die(const char *list, struct columns *columns)
{
	struct columns_fault fault;

	if (columns_parse(list, columns, &fault))
		return;
	if (!fault.name) {
		report_error("too many columns: %s", list);
		die();
	}
	report_error("unknown column: %.*s", (int) fault.length, fault.name);
	report_try_help();
	die();
}

/* The last value of each option is judged, those before it have no effect. */
static void parse_values_or_die(const struct values *values, struct options *options)
{
	options->timeout_ms = MEMBLK_FOREVER;
	options->retries = RETRIES_DEFAULT;
	options->keep_free_bytes = MEMBLK_KEEP_FREE_AUTO;

	if (values->memmap)
		options->memmap = parse_memmap_or_die(values->memmap);
	if (values->order)
		options->order = parse_word_or_die(OPTION_ORDER, values->order,
						   order_words,
						   "lowest, highest or cheapest");
	if (values->try_timeout) {
		options->try_timeout_given = true;
		options->try_timeout_ms = parse_limit_or_die(OPTION_TRY_TIMEOUT,
							     values->try_timeout);
	}
	if (values->timeout)
		options->timeout_ms = parse_limit_or_die(OPTION_TIMEOUT, values->timeout);
	if (values->retries) {
		options->retries_given = true;
		options->retries = parse_retries_or_die(values->retries);
	}
	if (values->keep_free)
		options->keep_free_bytes = parse_keep_free_or_die(values->keep_free);
	if (values->lock)
		options->lock = parse_word_or_die(OPTION_LOCK, values->lock, lock_words,
						  "auto, yes, no or nonblock");
	if (values->progress)
		options->progress = parse_word_or_die(OPTION_PROGRESS, values->progress,
						      progress_words,
						      "auto, always or never");
	if (values->wait)
		options->wait_ms = parse_seconds_or_die(OPTION_WAIT, values->wait);
	if (values->auto_online)
		options->policy = parse_policy_or_die(values->auto_online);
	if (options->list)
		parse_columns_or_die(values->output, &options->columns);
}

__attribute__((noreturn)) static void die_of_usage(void)
{
	report_error("bad usage");
	report_try_help();
	die();
}

__attribute__((noreturn)) static void die_of_bare(int option, const char *word)
{
	report_error("The value of --%s is written with =, as --%s=%s", long_name(option),
		     long_name(option), word);
	die();
}

/* No operand is a word for OPTION; one that stands there was meant for it. */
static void check_bare_or_die(int option, const char *const words[],
			      char *const *operands)
{
	for (; *operands; operands++)
		if (find_word(*operands, words) >= 0)
			die_of_bare(option, *operands);
}

/* --auto-online takes no operand at all; POLICY is its value, NULL for none. */
static void check_auto_online_or_die(const char *policy, char *const *operands)
{
	if (!operands[0])
		return;
	if (!policy && memblk_policy_from_string(operands[0]) != MEMBLK_POLICY_UNKNOWN)
		die_of_bare(OPTION_AUTO_ONLINE, operands[0]);
	die_of_usage();
}

static enum memblk_command command_of_option(int option)
{
	switch (option) {
	case 'e':
		return MEMBLK_COMMAND_ENABLE;
	case 'd':
		return MEMBLK_COMMAND_DISABLE;
	case 'c':
		return MEMBLK_COMMAND_CONFIGURE;
	case 'g':
		return MEMBLK_COMMAND_DECONFIGURE;
	default:
		return _MEMBLK_COMMAND_MAX;
	}
}

/* Takes in OPTION as getopt_long() returned it. False if there is no such option. */
static bool take_option(int option, struct options *options, struct values *values)
{
	switch (option) {
	case 'e':
	case 'd':
	case 'c':
	case 'g':
		options->command = command_of_option(option);
		break;
	case 'b':
		options->operand_kind = MEMBLK_OPERAND_BLOCKS;
		break;
	case OPTION_ALL:
		options->all = true;
		break;
	case OPTION_RESIZE:
		values->resize = optarg;
		break;
	case OPTION_NODE:
		options->nodes = optarg;
		break;
	case OPTION_FROM:
		options->from = optarg;
		break;
	case OPTION_UNPLUG:
		options->unplug = true;
		break;
	case OPTION_ORDER:
		values->order = optarg;
		break;
	case 'n':
		options->dry_run = true;
		break;
	case 'z':
		options->zone = optarg;
		break;
	case 'm':
		values->memmap = optarg;
		break;
	case 's':
		options->sysroot = optarg;
		break;
	case OPTION_TRY_TIMEOUT:
		values->try_timeout = optarg;
		break;
	case OPTION_TIMEOUT:
		values->timeout = optarg;
		break;
	case OPTION_RETRIES:
		values->retries = optarg;
		break;
	case OPTION_KEEP_FREE:
		values->keep_free = optarg;
		break;
	case OPTION_ATOMIC:
		options->atomic = true;
		break;
	case OPTION_LOCK:
		values->lock = optarg ? optarg : lock_words[MEMBLK_LOCK_YES];
		break;
	case OPTION_PROGRESS:
		values->progress = optarg ? optarg : progress_words[PROGRESS_AUTO];
		break;
	case OPTION_WAIT:
		values->wait = optarg;
		break;
	case OPTION_AUTO_ONLINE:
		options->auto_online = true;
		values->auto_online = optarg;
		break;
	case 'o':
		values->output = optarg;
		options->list = true;
		break;
	case OPTION_NOHEADINGS:
		options->noheadings = true;
		options->list = true;
		break;
	case 'l':
		options->list = true;
		break;
	case 'J':
		options->json = true;
		break;
	case 'v':
		options->verbose = true;
		break;
	case 'h':
		report_help();
		exit(report_finish(EXIT_SUCCESS));
	case 'V':
		report_version();
		exit(report_finish(EXIT_SUCCESS));
	default:
		return false;
	}
	return true;
}

/* The zone is the kernel's choice, where memory comes online. */
static void take_zone_or_die(struct options *options)
{
	if (!options->zone || strcasecmp(options->zone, "auto"))
		return;
	if (options->list || options->command == MEMBLK_COMMAND_DISABLE) {
		report_error("--zone auto goes with --enable only");
		die();
	}
	options->zone = NULL;
	options->zone_auto = true;
}

/* All blocks, or those that are named. */
static void take_list_operand_or_die(struct options *options, char *const *operands)
{
	bool blocks = options->operand_kind == MEMBLK_OPERAND_BLOCKS;

	if ((operands[0] && operands[1]) || (blocks && !operands[0]))
		die_of_usage();
	options->operand = operands[0];
	if (!blocks && operands[0] && *operands[0] && !strchr(operands[0], '-')) {
		report_error(
			"--list takes a RANGE, or with -b a BLOCKRANGE, but no SIZE: "
			"'%s'",
			operands[0]);
		die();
	}
}

/* One that is given by an option, or else the one word that is left of ARGV. */
static void take_operand_or_die(struct options *options, const struct values *values,
				char *const *operands)
{
	bool blocks = options->operand_kind == MEMBLK_OPERAND_BLOCKS;

	if (options->all && values->resize)
		die_of_conflict(OPTION_ALL, OPTION_RESIZE);
	if (options->all || values->resize) {
		if (blocks)
			die_of_conflict('b', options->all ? OPTION_ALL : OPTION_RESIZE);
		if (operands[0])
			die_of_usage();
		options->operand = values->resize;
		options->operand_kind = MEMBLK_OPERAND_RESIZE;
		return;
	}
	if (!operands[0] || operands[1])
		die_of_usage();
	options->operand = operands[0];
}

/* Without a command, only --resize knows what to do: of what is online. */
static void check_command_or_die(const struct options *options,
				 const struct values *values)
{
	switch (options->command) {
	case MEMBLK_COMMAND_CONFIGURE:
		if (values->resize)
			die_of_conflict('c', OPTION_RESIZE);
		break;
	case MEMBLK_COMMAND_DECONFIGURE:
		if (values->resize)
			die_of_conflict('g', OPTION_RESIZE);
		break;
	case _MEMBLK_COMMAND_MAX:
		if (!values->resize)
			die_of_usage();
		if (values->memmap)
			die_of_conflict('m', OPTION_RESIZE);
		break;
	default:
		break;
	}
}

/* What it costs is only known of what is to go. */
static void check_order_or_die(const struct options *options)
{
	if (options->order != MEMBLK_ORDER_CHEAPEST ||
	    options->command == MEMBLK_COMMAND_DISABLE ||
	    options->command == _MEMBLK_COMMAND_MAX)
		return;
	report_error("--order cheapest goes with --disable only");
	die();
}

/* What was there at boot is more than what anybody means by it. */
static void check_all_or_die(const struct options *options)
{
	bool boot = options->from && !strcmp(options->from, "boot");

	if (!options->all || options->command != MEMBLK_COMMAND_DISABLE ||
	    options->nodes || (options->from && !boot) ||
	    (options->zone && !strcasecmp(options->zone, "movable")))
		return;
	report_error("--disable --all%s would take boot memory%s: "
		     "it needs --node%s or --zone Movable",
		     boot ? " --from boot" : "", boot ? "" : ", too",
		     boot ? "" : ", --from");
	die();
}

/* Devices that no firmware ejects, and how else they go. */
static const struct {
	const char *device, *why;
} not_ejectable[] = {
	{ "boot", "what was there at boot is of no device" },
	{ "kmem", "memory of a DAX device goes with that, by way of its driver" },
	{ "virtio-mem", "the hypervisor takes its memory back, when it is asked to" },
};

/* Stands for --all --atomic. */
static void take_unplug_or_die(struct options *options)
{
	if (!options->unplug)
		return;
	if (options->command != MEMBLK_COMMAND_DISABLE || !options->from) {
		report_error("--unplug goes with --disable and --from only");
		die();
	}
	for (size_t i = 0; i < sizeof(not_ejectable) / sizeof(not_ejectable[0]); i++)
		if (!strcmp(options->from, not_ejectable[i].device)) {
			report_error("%s cannot be unplugged: %s", options->from,
				     not_ejectable[i].why);
			die();
		}
	options->all = true;
	options->atomic = true;
}

/* Options that name nothing when they are empty. */
static void check_empty_or_die(const struct options *options)
{
	if (options->sysroot && !*options->sysroot) {
		report_error("The directory of --sysroot must not be empty");
		die();
	}
	if (options->from && !*options->from) {
		report_error("The device of --from must not be empty");
		die();
	}
}

/*
 * Looks for --json wherever getopt_long() may come to it, also behind what is refused: in
 * order, as nothing may be moved before it is parsed. Of several commands the first
 * counts.
 */
static void scan(int argc, char **argv)
{
	int option;

	scanned = (struct options){ .command = _MEMBLK_COMMAND_MAX };
	opterr = 0;
	while ((option = getopt_long(argc, argv, "-" SHORT_OPTIONS, long_options,
				     NULL)) != -1) {
		/* also where it has an argument, which it must not have */
		if (option == 'J' || (option == '?' && optopt == 'J'))
			scanned.json = true;
		scanned.dry_run = scanned.dry_run || option == 'n';
		if (scanned.command == _MEMBLK_COMMAND_MAX && !scanned.list &&
		    !scanned.auto_online) {
			scanned.auto_online = option == OPTION_AUTO_ONLINE;
			scanned.command = command_of_option(option);
			scanned.list = option == 'l' || option == 'o' ||
				       option == OPTION_NOHEADINGS;
		}
	}
	opterr = 1;
	optind = 0; /* from the beginning again, and in another order */

	if (scanned.json)
		report_keep_messages();
}

/* As getopt_long(), whose own messages are messages like the others. */
static int next_option(int argc, char **argv)
{
	struct capture capture;
	int option;

	report_capture_begin(&capture);
	option = getopt_long(argc, argv, SHORT_OPTIONS, long_options, NULL);
	report_capture_end(&capture, argv[0]);

	return option;
}

void options_parse_or_die(int argc, char **argv, struct options *ret)
{
	struct seen seen = { .noptions = 0 };
	struct options options = { .command = _MEMBLK_COMMAND_MAX };
	struct values values = { .try_timeout = NULL };
	bool bare_lock = false, bare_progress = false;
	int c;

	scan(argc, argv);
	while ((c = next_option(argc, argv)) != -1) {
		check_exclusive_or_die(c, &seen);
		if (!take_option(c, &options, &values)) {
			report_try_help();
			die();
		}
		note_option(&seen, c);
		bare_lock = bare_lock || (c == OPTION_LOCK && !optarg);
		bare_progress = bare_progress || (c == OPTION_PROGRESS && !optarg);
	}

	check_zone_or_die(&seen);
	parse_values_or_die(&values, &options);
	if (bare_lock)
		check_bare_or_die(OPTION_LOCK, lock_words, argv + optind);
	if (bare_progress)
		check_bare_or_die(OPTION_PROGRESS, progress_words, argv + optind);
	if (options.auto_online) {
		check_auto_online_or_die(values.auto_online, argv + optind);
	} else if (options.list) {
		take_list_operand_or_die(&options, argv + optind);
	} else {
		take_unplug_or_die(&options);
		check_command_or_die(&options, &values);
		take_operand_or_die(&options, &values, argv + optind);
	}
	take_zone_or_die(&options);
	check_order_or_die(&options);
	check_all_or_die(&options);
	check_empty_or_die(&options);
	options.verbose = options.verbose && !options.json;
	*ret = options;
}
