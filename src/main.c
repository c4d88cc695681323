/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chmem - sets memory blocks online and offline. The stages of a run, one after the
 * other.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "memblk.h"
#include "options.h"
#include "report.h"

static void take_result(const struct memblk_result *result, void *data)
{
	report_result(data, result);
}

/* That there is no memory block at all is worse than what is wrong with the request. */
static bool has_blocks(struct memblk_system *system)
{
	int r = memblk_system_check_blocks(system);

	if (r < 0)
		report_blocks_fault(-r);
	return r == 0;
}

static bool make_request(struct memblk_system *system, const struct options *options,
			 struct memblk_request *ret)
{
	uint64_t block_size_bytes = memblk_system_block_size(system);
	struct memblk_fault fault;

	*ret = (struct memblk_request){ .command = options->command,
					.memmap = options->memmap };
	if (memblk_selection_parse(options->operand, options->blocks, block_size_bytes,
				   &ret->selection, &fault) < 0) {
		if (has_blocks(system))
			report_fault(&fault, block_size_bytes);
		return false;
	}
	if (options->zone) {
		ret->zone = memblk_zone_from_string(options->zone);
		if (!ret->zone) {
			if (has_blocks(system))
				report_unknown_zone(options->zone);
			return false;
		}
	}
	if ((options->command == MEMBLK_COMMAND_CONFIGURE ||
	     options->command == MEMBLK_COMMAND_DECONFIGURE) &&
	    !memblk_system_is_configurable(system)) {
		if (has_blocks(system))
			report_not_configurable(options->command);
		return false;
	}
	return true;
}

/* Where no block tells of its zones, one that was asked for cannot be heeded. */
static bool drop_unknown_zones(struct memblk_system *system,
			       const struct memblk_plan *plan,
			       struct memblk_request *request)
{
	bool zones;
	int r;

	if (!request->zone)
		return true;
	r = memblk_system_has_zones(system, plan, &zones);
	if (r < 0) {
		report_blocks_fault(-r);
		return false;
	}
	if (!zones) {
		if (!has_blocks(system))
			return false;
		report_zones_ignored();
		request->zone = MEMBLK_ZONE_NONE;
	}
	return true;
}

static int carry_out(struct memblk_system *system, const struct options *options,
		     const struct memblk_request *request, const struct memblk_plan *plan)
{
	struct report report;
	int status = EXIT_FAILURE;

	report_begin(&report, request, memblk_system_block_size(system), options->verbose,
		     options->sysroot);
	memblk_apply(system, request, plan, take_result, &report);
	if (report.any || plan->by_size || has_blocks(system))
		status = report_end(&report);
	report_done(&report);

	return status;
}

static int scan_and_carry_out(struct memblk_system *system, const struct options *options,
			      struct memblk_request *request)
{
	struct memblk_plan plan;
	uint64_t *blocks;
	size_t nblocks;
	int r, status = EXIT_FAILURE;

	r = memblk_scan(system, &request->selection, &blocks, &nblocks);
	if (r < 0) {
		report_blocks_fault(-r);
		return EXIT_FAILURE;
	}
	memblk_plan_init(&plan, request, blocks, nblocks);
	if (plan.by_size && !nblocks)
		report_blocks_fault(ENODATA);
	else if (drop_unknown_zones(system, &plan, request))
		status = carry_out(system, options, request, &plan);
	free(blocks);

	return status;
}

static int run(const struct options *options)
{
	struct memblk_request request;
	struct memblk_system *system;
	enum memblk_system_step step;
	int r, status = EXIT_FAILURE;

	r = memblk_system_open(options->sysroot, &system, &step);
	if (r < 0) {
		report_system_fault(step, -r, options->sysroot);
		return EXIT_FAILURE;
	}
	if (make_request(system, options, &request))
		status = scan_and_carry_out(system, options, &request);
	memblk_system_free(system);

	return status;
}

int main(int argc, char **argv)
{
	struct options options;

	report_init();
	options_parse_or_die(argc, argv, &options);

	return report_finish(run(&options));
}
