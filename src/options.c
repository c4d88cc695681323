/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options and operand, and what of them goes together. The values that depend on the
 * system, sizes and ranges, are left as they are.
 */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "report.h"

static const struct option long_options[] = {
	{ "enable", no_argument, NULL, 'e' },
	{ "disable", no_argument, NULL, 'd' },
	{ "configure", no_argument, NULL, 'c' },
	{ "deconfigure", no_argument, NULL, 'g' },
	{ "blocks", no_argument, NULL, 'b' },
	{ "zone", required_argument, NULL, 'z' },
	{ "memmap-on-memory", required_argument, NULL, 'm' },
	{ "sysroot", required_argument, NULL, 's' },
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

/* Adds OPTION to SEEN, once, in order of appearance. */
static void note_option(char *seen, int option)
{
	size_t length = strlen(seen);

	if (strchr(seen, option))
		return;
	seen[length] = (char) option;
	seen[length + 1] = '\0';
}

static enum memblk_memmap parse_memmap_or_die(const char *text)
{
	if (!strcmp(text, "0"))
		return MEMBLK_MEMMAP_OFF;
	if (!strcmp(text, "1"))
		return MEMBLK_MEMMAP_ON;

	report_error("Invalid value of --memmap-on-memory: '%s', it must be 0 or 1",
		     text);
	exit(EXIT_FAILURE);
}

static void die_of_usage(void)
{
	report_error("bad usage");
	report_try_help();
	exit(EXIT_FAILURE);
}

void options_parse_or_die(int argc, char **argv, struct options *ret)
{
	char seen[sizeof(long_options) / sizeof(long_options[0])] = "";
	struct options options = { .command = _MEMBLK_COMMAND_MAX };
	const char *memmap = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "edcgbz:m:s:vhV", long_options, NULL)) !=
	       -1) {
		check_exclusive_or_die(c, seen);
		switch (c) {
		case 'e':
			options.command = MEMBLK_COMMAND_ENABLE;
			break;
		case 'd':
			options.command = MEMBLK_COMMAND_DISABLE;
			break;
		case 'c':
			options.command = MEMBLK_COMMAND_CONFIGURE;
			break;
		case 'g':
			options.command = MEMBLK_COMMAND_DECONFIGURE;
			break;
		case 'b':
			options.blocks = true;
			break;
		case 'z':
			options.zone = optarg;
			break;
		case 'm':
			memmap = optarg;
			break;
		case 's':
			options.sysroot = optarg;
			break;
		case 'v':
			options.verbose = true;
			break;
		case 'h':
			report_help();
			exit(report_finish(EXIT_SUCCESS));
		case 'V':
			report_version();
			exit(report_finish(EXIT_SUCCESS));
		default:
			report_try_help();
			exit(EXIT_FAILURE);
		}
		note_option(seen, c);
	}

	check_zone_or_die(seen);
	if (memmap)
		options.memmap = parse_memmap_or_die(memmap);
	if (options.command == _MEMBLK_COMMAND_MAX || optind + 1 != argc)
		die_of_usage();
	if (options.sysroot && !*options.sysroot) {
		report_error("The directory of --sysroot must not be empty");
		exit(EXIT_FAILURE);
	}
	options.operand = argv[optind];
	*ret = options;
}
