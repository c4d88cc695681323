/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Showing and setting what the kernel does with memory that is added. What was set is
 * what the kernel shows afterwards, whatever came of the write.
 */
#include "config.h"

#include <stdlib.h>

#include "auto-online.h"
#include "fault.h"
#include "output.h"

static int show(struct memblk_system *system, const struct options *options,
		struct document *document)
{
	enum memblk_policy policy;
	int r;

	r = memblk_policy_read(system, &policy);
	if (r < 0) {
		report_policy_unreadable(-r);
		return EXIT_FAILURE;
	}
	if (policy == MEMBLK_POLICY_UNKNOWN) {
		report_policy_unknown();
		return EXIT_FAILURE;
	}
	document->has_policy = true;
	document->policy = (struct memblk_policy_change){ .before = policy,
							  .after = policy };
	if (!options->json)
		report_line("%s", memblk_policy_to_string(policy));

	return EXIT_SUCCESS;
}

/* As with blocks, a dry run needs no -v to tell what would be done. */
static void tell(const struct options *options, const struct memblk_policy_change *change)
{
	const char *word = memblk_policy_to_string(options->policy);
	bool already = change->before == options->policy;

	if (options->json || (!options->verbose && (already || !options->dry_run)))
		return;
	if (already)
		report_line("Memory that is added: already %s", word);
	else
		report_line("Memory that is added: %s%s",
			    options->dry_run ? "would be " : "", word);
}

static int set(struct memblk_system *system, const struct options *options,
	       struct document *document)
{
	struct memblk_policy_change *change = &document->policy;
	int r;

	r = memblk_policy_set(system, options->policy, options->dry_run, change);
	if (r < 0) {
		report_policy_unreadable(-r);
		return EXIT_FAILURE;
	}
	document->has_policy = true;
	if (change->after != options->policy) {
		report_policy_fault(options->policy, change, options->sysroot);
		return EXIT_FAILURE;
	}
	tell(options, change);

	return EXIT_SUCCESS;
}

int auto_online(struct memblk_system *system, const struct options *options,
		struct document *document)
{
	return options->policy == MEMBLK_POLICY_UNKNOWN ? show(system, options, document)
							: set(system, options, document);
}
