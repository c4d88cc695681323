/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks that are neither named nor any: all that are not as wanted, and as many as bring
 * what is online to a size. How what is online is counted, the order, the zone that is
 * left to the kernel, and what a result says of a block beside its status.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "clock.h"
#include "machine.h"
#include "util.h"

static struct memblk_request with_zone(struct memblk_request request,
				       enum memblk_zone zone)
{
	request.zone = zone;
	return request;
}

static struct memblk_request with_order(struct memblk_request request,
					enum memblk_order order)
{
	request.order = order;
	return request;
}

static struct memblk_request request_of_kind(enum memblk_command command,
					     enum memblk_selection_kind kind)
{
	struct memblk_request request = request_by_size(command, 0);

	request.selection.kind = kind;
	return request;
}

static struct memblk_request request_all(enum memblk_command command)
{
	return request_of_kind(command, MEMBLK_SELECTION_ALL);
}

/* Blocks 0 and 1 online in Normal, 2 and 4 in Movable, 3, 5 and 6 offline. */
static void init(struct machine *machine)
{
	static const uint64_t order[] = { 5, 2, 0, 1, 6, 3, 4 };
	static const char *const zones[] = {
		[0] = "Normal",         [1] = "Normal",  [2] = "Movable",
		[3] = "Normal Movable", [4] = "Movable", [5] = "Normal Movable",
		[6] = "Normal Movable",
	};

	clock_reset();
	machine_init(machine);
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		machine_add(machine, order[i],
			    order[i] < 3 || order[i] == 4 ? "online" : "offline",
			    zones[order[i]]);
}

/* ---- All ---- */

static void test_enable_all(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine);
	machine_run(&machine, request_all(MEMBLK_COMMAND_ENABLE));
	check_results(&machine, SWITCHED(3), SWITCHED(5), SWITCHED(6));
	check_writes(&machine,
		     "memory3/state=online_movable memory5/state=online_movable "
		     "memory6/state=online_movable ");
	check_uint(machine.outcome.end, MEMBLK_END_DONE);
	check_uint(machine.outcome.ntried, 7);
	machine_run(&machine, request_all(MEMBLK_COMMAND_ENABLE));
	check_no_results(&machine);
	check_writes(&machine, "");
	check_uint(machine.outcome.end, MEMBLK_END_DONE);
}

static void test_disable_all(void)
{
	_cleanup_machine_ struct machine machine;
	struct memblk_request request = with_zone(request_all(MEMBLK_COMMAND_DISABLE),
						  MEMBLK_ZONE_MOVABLE);

	init(&machine);
	machine_run(&machine, request);
	check_results(&machine, SWITCHED(4), SWITCHED(2));
	check_writes(&machine, "memory4/state=offline memory2/state=offline ");
	machine_run(&machine, request);
	check_no_results(&machine);
	check_writes(&machine, "");
}

static void test_order_of_all(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine);
	machine_run(&machine,
		    with_order(request_all(MEMBLK_COMMAND_ENABLE), MEMBLK_ORDER_HIGHEST));
	check_results(&machine, SWITCHED(6), SWITCHED(5), SWITCHED(3));
	machine_run(&machine, with_order(with_zone(request_all(MEMBLK_COMMAND_DISABLE),
						   MEMBLK_ZONE_MOVABLE),
					 MEMBLK_ORDER_LOWEST));
	check_results(&machine, SWITCHED(2), SWITCHED(3), SWITCHED(4), SWITCHED(5),
		      SWITCHED(6));
}

/* Of another zone, or none that is known: not meant. Of a zone that cannot be read: it
 * is. */
static void test_all_of_a_zone(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine);
	fake_set(machine_file(&machine, 3, "valid_zones"), "Normal\n");
	fake_set(machine_file(&machine, 5, "valid_zones"), "none\n");
	machine_run(&machine,
		    with_zone(request_all(MEMBLK_COMMAND_ENABLE), MEMBLK_ZONE_MOVABLE));
	check_results(&machine, SWITCHED(6));
	check_uint(machine.outcome.end, MEMBLK_END_DONE);

	fake_set(machine_file(&machine, 6, "state"), "offline\n");
	machine_file(&machine, 6, "valid_zones")->read_error = EIO;
	machine_run(&machine,
		    with_zone(request_all(MEMBLK_COMMAND_ENABLE), MEMBLK_ZONE_MOVABLE));
	check_results(&machine, { FAILED_FOR(6, ENABLE, ZONE_UNKNOWN), .error = EIO });
	check_writes(&machine, "");
}

/* One fails, the others are tried all the same. */
static void test_failure_among_all(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine);
	machine_file(&machine, 3, "state")->write_error = EPERM;
	machine_file(&machine, 5, "state")->open_write_error = EACCES;
	machine_run(&machine, request_all(MEMBLK_COMMAND_ENABLE));
	check_results(&machine, FAILED_ERRNO(3, ENABLE, EPERM),
		      FAILED_ERRNO(5, ENABLE, EACCES), SWITCHED(6));
	check_uint(machine.outcome.end, MEMBLK_END_DONE);
}

static int take_first(struct fake *fake, struct fake_file *file, const char *word)
{
	(void) fake, (void) word;
	fake_set(file, "online\n");
	return -EINVAL;
}

/* Somebody else was quicker, or took it away: it is not one of those any more. */
static void test_all_and_others(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine);
	if (!machine_plan(&machine, request_all(MEMBLK_COMMAND_ENABLE)))
		return;
	machine_remove(&machine, 3);
	machine_file(&machine, 5, "state")->write_fn = take_first;
	machine_apply(&machine);
	check_results(&machine, SWITCHED(6));
	check_uint(machine.outcome.ntried, 7);
}

static void test_all_is_all_or_nothing(void)
{
	_cleanup_machine_ struct machine machine;
	struct memblk_request request = request_all(MEMBLK_COMMAND_ENABLE);

	init(&machine);
	request.bounds.atomic = true;
	machine_file(&machine, 5, "state")->write_error = EPERM;
	machine_run(&machine, request);
	check_results(&machine, SWITCHED(3), FAILED_ERRNO(5, ENABLE, EPERM),
		      { .index = 3,
			.status = MEMBLK_STATUS_REVERTED,
			.was = MEMBLK_STATUS_CHANGED,
			.switched = true });
	check_uint(machine.outcome.end, MEMBLK_END_ATOMIC);
	check_text(machine_file(&machine, 3, "state"), "offline\n");

	/* what is not meant does not stand in the way */
	machine_file(&machine, 5, "state")->write_error = 0;
	fake_set(machine_file(&machine, 5, "valid_zones"), "Normal\n");
	request.zone = MEMBLK_ZONE_MOVABLE;
	machine_run(&machine, request);
	check_results(&machine, SWITCHED(3), SWITCHED(6));
	check_uint(machine.outcome.end, MEMBLK_END_DONE);
}

static void test_all_of_the_firmware(void)
{
	_cleanup_machine_ struct machine machine;

	clock_reset();
	machine_init(&machine);
	for (uint64_t i = 0; i < 4; i++)
		machine_add_firmware(&machine, i, i < 2 ? "1" : "0", "0");
	machine_add(&machine, 0, "online", "Normal");
	machine_add(&machine, 1, "offline", "Normal Movable");
	machine_run(&machine, request_all(MEMBLK_COMMAND_CONFIGURE));
	check_results(
		&machine,
		{ .index = 2, .status = MEMBLK_STATUS_CHANGED, .configured = true },
		{ .index = 3, .status = MEMBLK_STATUS_CHANGED, .configured = true });
	machine_run(&machine, request_all(MEMBLK_COMMAND_DECONFIGURE));
	check_results(
		&machine,
		{ .index = 3, .status = MEMBLK_STATUS_CHANGED, .deconfigured = true },
		{ .index = 2, .status = MEMBLK_STATUS_CHANGED, .deconfigured = true },
		{ .index = 1, .status = MEMBLK_STATUS_CHANGED, .deconfigured = true },
		FAILED(0, DECONFIGURE, MUST_BE_OFFLINE));
}

/* It does not fit, which is no failure; that it stays configured is one. */
static void test_misfit_that_stays_configured(void)
{
	_cleanup_machine_ struct machine machine;
	struct fake_file *config;

	clock_reset();
	machine_init(&machine);
	machine_add_firmware(&machine, 0, "0", "0");
	machine_add_firmware(&machine, 1, "0", "0");
	config = machine_firmware_file(&machine, 1, MEMCONFIG_CONFIG);
	config->nsuccesses = 1;
	config->write_error = EIO;
	machine_run(&machine,
		    with_zone(request_all(MEMBLK_COMMAND_ENABLE), MEMBLK_ZONE_DMA));
	check_results(&machine, { FAILED_FOR(1, ENABLE, ZONE_MISMATCH),
				  .configured = true, .deconfigure_error = EIO });
	check_text(machine_firmware_file(&machine, 0, MEMCONFIG_CONFIG), "0\n");
	check_text(config, "1\n");
}

/* ---- What is online ---- */

#define LIST_MAX 64

/* As "0 1": the blocks, in their order. */
static const char *list(const uint64_t *blocks, size_t nblocks, char text[LIST_MAX])
{
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < nblocks && length < LIST_MAX; i++)
		length += (size_t) snprintf(text + length, LIST_MAX - length,
					    "%s%" PRIu64, i ? " " : "", blocks[i]);
	return text;
}

static void check_census(struct machine *machine, enum memblk_zone zone,
			 const char *online, const char *offline)
{
	static const uint64_t blocks[] = { 0, 1, 2, 3, 4, 5, 6 };
	struct memblk_census census = { .nonline = 0 };
	char text[LIST_MAX];

	check_int(memblk_census_take(machine->system, blocks, ARRAY_SIZE(blocks), zone,
				     &census),
		  0);
	check_string(list(census.online, census.nonline, text), online);
	check_string(list(census.offline, census.noffline, text), offline);
	memblk_census_done(&census);
}

static void test_census(void)
{
	_cleanup_machine_ struct machine machine;
	struct memblk_census census = { .nonline = 0 };

	init(&machine);
	if (!machine_plan(&machine, request_all(MEMBLK_COMMAND_ENABLE)))
		return;
	check_census(&machine, MEMBLK_ZONE_NONE, "0 1 2 4", "3 5 6");
	check_uint(machine_file(&machine, 0, "valid_zones")->nopens, 0);
	check_census(&machine, MEMBLK_ZONE_MOVABLE, "2 4", "3 5 6");
	check_census(&machine, MEMBLK_ZONE_NORMAL, "0 1", "3 5 6");
	check_census(&machine, MEMBLK_ZONE_DMA, "", "3 5 6");
	check_int(memblk_census_take(machine.system, NULL, 0, MEMBLK_ZONE_NONE, &census),
		  0);
	check_uint(census.nonline + census.noffline, 0);
	memblk_census_done(&census);
}

/* Going offline is not online, nor is what cannot be read, nor a zone that is several. */
static void test_census_of_what_is_known(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine);
	if (!machine_plan(&machine, request_all(MEMBLK_COMMAND_ENABLE)))
		return;
	fake_set(machine_file(&machine, 0, "state"), "going-offline\n");
	machine_file(&machine, 1, "state")->read_error = EIO;
	check_census(&machine, MEMBLK_ZONE_NONE, "2 4", "0 1 3 5 6");
	fake_set(machine_file(&machine, 2, "valid_zones"), "Movable Normal\n");
	check_census(&machine, MEMBLK_ZONE_MOVABLE, "4", "0 1 3 5 6");
	machine_file(&machine, 4, "valid_zones")->read_error = EIO;
	check_census(&machine, MEMBLK_ZONE_MOVABLE, "", "0 1 3 5 6");
	check_census(&machine, MEMBLK_ZONE_NONE, "2 4", "0 1 3 5 6");
	machine_remove(&machine, 2);
	check_census(&machine, MEMBLK_ZONE_NONE, "4", "0 1 2 3 5 6");
}

/* ---- A size to reach ---- */

/* Whoever calls counts, and sets the distance as the goal. */
static void resize(struct machine *machine, struct memblk_request request,
		   uint64_t distance)
{
	if (!machine_plan(machine, request))
		return;
	machine->plan.goal = distance;
	machine_apply(machine);
}

static void test_resize_up(void)
{
	_cleanup_machine_ struct machine machine;
	struct memblk_request request = request_of_kind(MEMBLK_COMMAND_ENABLE,
							MEMBLK_SELECTION_RESIZE);

	init(&machine);
	resize(&machine, request, 2);
	check_results(&machine, SWITCHED(3), SWITCHED(5));
	check_uint(machine.outcome.nspent, 2);
	check_census(&machine, MEMBLK_ZONE_NONE, "0 1 2 3 4 5", "6");
	resize(&machine, request, 0);
	check_no_results(&machine);
	check_writes(&machine, "");
}

static void test_resize_down(void)
{
	_cleanup_machine_ struct machine machine;
	struct memblk_request request = request_of_kind(MEMBLK_COMMAND_DISABLE,
							MEMBLK_SELECTION_RESIZE);

	init(&machine);
	/* one that fails, and one that never goes, have others in their place */
	machine_file(&machine, 4, "state")->write_error = EINVAL;
	fake_set(machine_file(&machine, 2, "valid_zones"), "none\n");
	resize(&machine, request, 2);
	check_results(&machine, FAILED_ERRNO(4, DISABLE, EINVAL),
		      FAILED(2, DISABLE, ZONE_NOT_SINGLE), SWITCHED(1), SWITCHED(0));
	check_uint(machine.outcome.nspent, 2);
}

/* ---- Order, and the zone that is left to the kernel ---- */

static void test_order_by_size(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine);
	machine_run(&machine, with_order(request_by_size(MEMBLK_COMMAND_ENABLE, 2),
					 MEMBLK_ORDER_HIGHEST));
	check_results(&machine, SWITCHED(6), SWITCHED(5));
	machine_run(&machine, with_order(request_by_size(MEMBLK_COMMAND_DISABLE, 2),
					 MEMBLK_ORDER_LOWEST));
	check_results(&machine, SWITCHED(0), SWITCHED(1));
}

static void test_order_of_named_blocks(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine);
	machine_run(&machine, with_order(request_by_range(MEMBLK_COMMAND_ENABLE, 3, 7),
					 MEMBLK_ORDER_HIGHEST));
	check_results(&machine, MISSING(7), SWITCHED(6), SWITCHED(5), ALREADY(4),
		      SWITCHED(3));
}

static void test_several_ranges(void)
{
	_cleanup_machine_ struct machine machine;
	struct memblk_range ranges[] = { { 1, 1 }, { 3, 3 }, { 6, 7 } };
	struct memblk_request request = request_by_range(MEMBLK_COMMAND_ENABLE, 0, 0);

	init(&machine);
	request.selection.ranges = (struct memblk_ranges){ ranges, ARRAY_SIZE(ranges) };
	machine_run(&machine, request);
	check_results(&machine, ALREADY(1), SWITCHED(3), SWITCHED(6), MISSING(7));
	check_text(machine_file(&machine, 5, "state"), "offline\n");
	check_uint(machine_file(&machine, 2, "state")->nopens, 0);
}

static void test_zone_auto(void)
{
	static const char *const zones[] = { "Normal Movable\n", "Movable\n", "none\n" };

	for (size_t i = 0; i < ARRAY_SIZE(zones); i++) {
		_cleanup_machine_ struct machine machine;
		struct memblk_request request = request_by_size(MEMBLK_COMMAND_ENABLE, 1);

		tap_row("%s", zones[i]);
		init(&machine);
		fake_set(machine_file(&machine, 3, "valid_zones"), zones[i]);
		request.zone_auto = true;
		machine_run(&machine, request);
		check_results(&machine, SWITCHED(3));
		check_writes(&machine, "memory3/state=online ");
		check_uint(machine_file(&machine, 3, "valid_zones")->nopens, 0);
	}
}

/* ---- What a result says beside its status ---- */

static void check_story(const struct machine *machine, size_t i, enum memblk_state before,
			enum memblk_action action, unsigned int attempts)
{
	if (!check(i < machine->nresults))
		return;
	tap_row("block %" PRIu64, machine->results[i].index);
	check_uint(machine->results[i].before, before);
	check_uint(machine->results[i].action, action);
	check_uint(machine->results[i].attempts, attempts);
}

#define STORY(machine, i, before, action, attempts)                                \
	check_story((machine), (i), MEMBLK_STATE_##before, MEMBLK_ACTION_##action, \
		    (attempts))

static void test_story(void)
{
	_cleanup_machine_ struct machine machine;

	init(&machine);
	fake_set(machine_file(&machine, 5, "valid_zones"), "Normal\n");
	fake_set(machine_file(&machine, 3, "state"), "foo\n");
	machine_file(&machine, 3, "state")->write_error = EPERM;
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 3, 7));
	STORY(&machine, 0, UNKNOWN, ONLINE_MOVABLE, 1);
	STORY(&machine, 1, ONLINE, NONE, 0);
	STORY(&machine, 2, OFFLINE, ONLINE, 1);
	STORY(&machine, 3, OFFLINE, ONLINE_MOVABLE, 1);
	STORY(&machine, 4, UNKNOWN, NONE, 0);

	machine_run(&machine, with_zone(request_by_range(MEMBLK_COMMAND_DISABLE, 1, 2),
					MEMBLK_ZONE_MOVABLE));
	STORY(&machine, 0, ONLINE, NONE, 0);
	STORY(&machine, 1, ONLINE, OFFLINE, 1);
}

/* The rounds are one story. */
static void test_story_of_rounds(void)
{
	_cleanup_machine_ struct machine machine;
	struct memblk_request request = request_by_range(MEMBLK_COMMAND_ENABLE, 3, 3);

	init(&machine);
	machine_file(&machine, 3, "state")->write_error = EAGAIN;
	machine_file(&machine, 3, "state")->nrefusals = 2;
	request.bounds.retries = 5;
	machine_run(&machine, request);
	check_results(&machine, SWITCHED(3));
	STORY(&machine, 0, OFFLINE, ONLINE_MOVABLE, 3);
}

static int write_slowly(struct fake *fake, struct fake_file *file, const char *word)
{
	(void) fake, (void) file, (void) word;
	clock_state.now_ms += 70;
	return -EAGAIN;
}

/* What it took is that of the tries, and not of the pauses between them. */
static void test_duration(void)
{
	_cleanup_machine_ struct machine machine;
	struct memblk_request request = request_by_range(MEMBLK_COMMAND_ENABLE, 3, 4);

	init(&machine);
	machine_file(&machine, 3, "state")->write_fn = write_slowly;
	request.bounds.retries = 1;
	machine_run(&machine, request);
	if (!check_uint(machine.nresults, 2))
		return;
	check_uint(machine.results[0].duration_us, 0); /* block 4 was already online */
	check_uint(machine.results[1].attempts, 2);
	check_uint(machine.results[1].duration_us, 140000);
	check_string(clock_state.log, "100 ");
}

static void test_story_of_the_firmware(void)
{
	_cleanup_machine_ struct machine machine;

	clock_reset();
	machine_init(&machine);
	machine_add_firmware(&machine, 0, "1", "0");
	machine_add_firmware(&machine, 1, "0", "0");
	machine_add(&machine, 0, "offline", "Normal Movable");
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_ENABLE, 0, 1));
	STORY(&machine, 0, OFFLINE, ONLINE_MOVABLE, 1);
	STORY(&machine, 1, OFFLINE, ONLINE_MOVABLE, 1);
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_DECONFIGURE, 0, 1));
	STORY(&machine, 0, ONLINE, NONE, 0);
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_DISABLE, 0, 1));
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_CONFIGURE, 0, 1));
	STORY(&machine, 0, UNKNOWN, CONFIGURE, 1);
	machine_run(&machine, request_by_range(MEMBLK_COMMAND_DECONFIGURE, 0, 1));
	STORY(&machine, 1, OFFLINE, DECONFIGURE, 1);
}

static void test_words_of_states(void)
{
	static const char *const words[_MEMBLK_STATE_MAX] = {
		[MEMBLK_STATE_UNKNOWN] = NULL,
		[MEMBLK_STATE_ONLINE] = "online",
		[MEMBLK_STATE_OFFLINE] = "offline",
		[MEMBLK_STATE_GOING_OFFLINE] = "going-offline",
	};

	for (enum memblk_state state = 0; state < _MEMBLK_STATE_MAX; state++) {
		tap_row("state %u", state);
		check_string(memblk_state_to_string(state), words[state]);
		if (words[state])
			check_uint(state_from_string(words[state]), state);
	}
}

static const struct tap_test tests[] = {
	{ "All are enabled from the lowest up, and then there is nothing to do",
	  test_enable_all },
	{ "All of a zone are disabled from the highest down", test_disable_all },
	{ "The order of all can be asked for", test_order_of_all },
	{ "Of a zone, the others are not meant", test_all_of_a_zone },
	{ "One of all that fails is told of, and the others are tried",
	  test_failure_among_all },
	{ "Of all, those are not meant that somebody else enables or removes",
	  test_all_and_others },
	{ "All can be all or nothing", test_all_is_all_or_nothing },
	{ "All are configured, and deconfigured", test_all_of_the_firmware },
	{ "A block that does not fit, and stays configured, is told of",
	  test_misfit_that_stays_configured },
	{ "What is online is found, all of it or in a zone, and what is not",
	  test_census },
	{ "What is not known to be online is not", test_census_of_what_is_known },
	{ "To reach a larger size, the lowest blocks come online", test_resize_up },
	{ "To reach a smaller one, the highest go that can", test_resize_down },
	{ "By size the order can be asked for", test_order_by_size },
	{ "Of named blocks the order can be asked for", test_order_of_named_blocks },
	{ "Several ranges are one after the other", test_several_ranges },
	{ "The kernel's zone is not looked at", test_zone_auto },
	{ "A result says what the block was, what was written and how often",
	  test_story },
	{ "A result counts the tries of all rounds", test_story_of_rounds },
	{ "A result tells how long the tries took", test_duration },
	{ "A result tells of the last step of the firmware", test_story_of_the_firmware },
	{ "States have the words that the kernel has for them", test_words_of_states },
};

TAP_MAIN(tests)
