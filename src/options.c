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

#include "options.h"
#include "report.h"

/* Options without a letter; beyond all characters. */
enum {
	OPTION_TRY_TIMEOUT = UCHAR_MAX + 1,
	OPTION_TIMEOUT,
	OPTION_RETRIES,
	OPTION_KEEP_FREE,
	OPTION_ATOMIC,
	OPTION_LOCK,
	OPTION_WAIT,
};

static const struct option long_options[] = {
	{ "enable", no_argument, NULL, 'e' },
	{ "disable", no_argument, NULL, 'd' },
	{ "configure", no_argument, NULL, 'c' },
	{ "deconfigure", no_argument, NULL, 'g' },
	{ "blocks", no_argument, NULL, 'b' },
	{ "zone", required_argument, NULL, 'z' },
	{ "memmap-on-memory", required_argument, NULL, 'm' },
	{ "sysroot", required_argument, NULL, 's' },
	{ "try-timeout", required_argument, NULL, OPTION_TRY_TIMEOUT },
	{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
	{ "retries", required_argument, NULL, OPTION_RETRIES },
	{ "keep-free", required_argument, NULL, OPTION_KEEP_FREE },
	{ "atomic", no_argument, NULL, OPTION_ATOMIC },
	{ "lock", optional_argument, NULL, OPTION_LOCK },
	{ "wait", required_argument, NULL, OPTION_WAIT },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

/* Which options exclude which others. */
static const struct {
	char option;
	const char *others;
} exclusive[] = {
	{ 'e', "dcgm" }, { 'd', "ecgm" }, { 'c', "edg" }, { 'g', "edcm" }, { 'm', "edg" },
};

static const char *long_name(int option)
{
	const struct option *entry = long_options;

	while (entry->val != option)
		entry++;
	return entry->name;
}

static void die_of_conflict(int first, int second)
{
	report_error("options --%s and --%s cannot be combined", long_name(first),
		     long_name(second));
	exit(EXIT_FAILURE);
}

/*
 * Dies if OPTION excludes one of SEEN, the options before it; the earliest of them is
 * named.
 */
static void check_exclusive_or_die(int option, const char *seen)
{
	for (size_t i = 0; i < sizeof(exclusive) / sizeof(exclusive[0]); i++) {
		const char *earliest;

		if (exclusive[i].option != option)
			continue;
		earliest = strpbrk(seen, exclusive[i].others);
		if (earliest)
			die_of_conflict(*earliest, option);
	}
}

/* Only what goes online or offline has a zone. */
static void check_zone_or_die(const char *seen)
{
	const char *zone = strchr(seen, 'z'), *command = strpbrk(seen, "cg");

	if (zone && command)
		die_of_conflict(zone < command ? 'z' : *command,
				zone < command ? *command : 'z');
}

/* Adds OPTION, if it has a letter, to SEEN, once, in order of appearance. */
static void note_option(char *seen, int option)
{
	size_t length = strlen(seen);

	if (option > UCHAR_MAX || strchr(seen, option))
		return;
	seen[length] = (char) option;
	seen[length + 1] = '\0';
}

/* The values of options as they are written; NULL where an option has none. */
struct values {
	const char *memmap, *try_timeout, *timeout, *retries, *keep_free, *lock, *wait;
};

__attribute__((noreturn)) static void die_of_value(int option, const char *text,
						   const char *rule)
{
	report_error("Invalid value of --%s: '%s', it must be %s", long_name(option),
		     text, rule);
	exit(EXIT_FAILURE);
}

__attribute__((noreturn)) static void die_of_range(int option, const char *text)
{
	report_error("Invalid value of --%s: '%s': %s", long_name(option), text,
		     strerror(ERANGE));
	exit(EXIT_FAILURE);
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

static const char *const lock_words[] = {
	[MEMBLK_LOCK_AUTO] = "auto",
	[MEMBLK_LOCK_YES] = "yes",
	[MEMBLK_LOCK_NO] = "no",
	[MEMBLK_LOCK_NONBLOCK] = "nonblock",
};

static bool parse_lock(const char *text, enum memblk_lock_mode *ret)
{
	for (size_t i = 0; i < sizeof(lock_words) / sizeof(lock_words[0]); i++)
		if (!strcmp(text, lock_words[i])) {
			*ret = (enum memblk_lock_mode) i;
			return true;
		}
	return false;
}

static enum memblk_lock_mode parse_lock_or_die(const char *text)
{
	enum memblk_lock_mode mode;

	if (!parse_lock(text, &mode))
		die_of_value(OPTION_LOCK, text, "auto, yes, no or nonblock");
	return mode;
}

/* The last value of each option is judged, those before it have no effect. */
static void parse_values_or_die(const struct values *values, struct options *options)
{
	options->timeout_ms = MEMBLK_FOREVER;
	options->retries = RETRIES_DEFAULT;
	options->keep_free_bytes = MEMBLK_KEEP_FREE_AUTO;

	if (values->memmap)
		options->memmap = parse_memmap_or_die(values->memmap);
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
		options->lock = parse_lock_or_die(values->lock);
	if (values->wait)
		options->wait_ms = parse_seconds_or_die(OPTION_WAIT, values->wait);
}

static void die_of_usage(void)
{
	report_error("bad usage");
	report_try_help();
	exit(EXIT_FAILURE);
}

/* No operand is a word for --lock; one that stands there was meant for it. */
static void check_lock_or_die(char *const *operands)
{
	enum memblk_lock_mode ignored;

	for (; *operands; operands++)
		if (parse_lock(*operands, &ignored)) {
			report_error("The value of --lock is written with =, "
				     "as --lock=%s",
				     *operands);
			exit(EXIT_FAILURE);
		}
}

/* Takes in OPTION as getopt_long() returned it. False if there is no such option. */
static bool take_option(int option, struct options *options, struct values *values)
{
	switch (option) {
	case 'e':
		options->command = MEMBLK_COMMAND_ENABLE;
		break;
	case 'd':
		options->command = MEMBLK_COMMAND_DISABLE;
		break;
	case 'c':
		options->command = MEMBLK_COMMAND_CONFIGURE;
		break;
	case 'g':
		options->command = MEMBLK_COMMAND_DECONFIGURE;
		break;
	case 'b':
		options->blocks = true;
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
	case OPTION_WAIT:
		values->wait = optarg;
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

void options_parse_or_die(int argc, char **argv, struct options *ret)
{
	char seen[sizeof(long_options) / sizeof(long_options[0])] = "";
	struct options options = { .command = _MEMBLK_COMMAND_MAX };
	struct values values = { .try_timeout = NULL };
	bool bare_lock = false;
	int c;

	while ((c = getopt_long(argc, argv, "edcgbz:m:s:vhV", long_options, NULL)) !=
	       -1) {
		check_exclusive_or_die(c, seen);
		if (!take_option(c, &options, &values)) {
			report_try_help();
			exit(EXIT_FAILURE);
		}
		note_option(seen, c);
		bare_lock = bare_lock || (c == OPTION_LOCK && !optarg);
	}

	check_zone_or_die(seen);
	parse_values_or_die(&values, &options);
	if (bare_lock)
		check_lock_or_die(argv + optind);
	if (options.command == _MEMBLK_COMMAND_MAX || optind + 1 != argc)
		die_of_usage();
	if (options.sysroot && !*options.sysroot) {
		report_error("The directory of --sysroot must not be empty");
		exit(EXIT_FAILURE);
	}
	options.operand = argv[optind];
	*ret = options;
}
