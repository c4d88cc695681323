/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which block is tried when, and what is decided about a block from what was seen of it:
 * for each command, by size and by range, in each state, with each kind of valid_zones.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "plan.h"
#include "tap.h"
#include "util.h"

static const uint64_t blocks[] = { 2, 3, 5, 8, UINT64_MAX };

static struct memblk_request by_size(enum memblk_command command, uint64_t nblocks)
{
	return (struct memblk_request){
		.command = command,
		.selection = { .kind = MEMBLK_SELECTION_SIZE, .nblocks = nblocks },
	};
}

static struct memblk_request by_range(enum memblk_command command)
{
	static struct memblk_range range = { 2, 8 };

	return (struct memblk_request){
		.command = command,
		.selection = { .kind = MEMBLK_SELECTION_BLOCKS, .ranges = { &range, 1 } },
	};
}

static struct memblk_request of_kind(enum memblk_command command,
				     enum memblk_selection_kind kind)
{
	return (struct memblk_request){
		.command = command,
		.selection = { .kind = kind, .nblocks = 3 },
	};
}

static struct memblk_plan plan_of(const struct memblk_request *request)
{
	struct memblk_plan plan;

	memset(&plan, 0xa5, sizeof(plan));
	memblk_plan_init(&plan, request, blocks, ARRAY_SIZE(blocks));
	return plan;
}

/* ---- Order ---- */

static void check_order(struct memblk_request request, bool descending)
{
	struct memblk_plan plan = plan_of(&request);

	tap_row("command %u, selection %u, order %u", request.command,
		request.selection.kind, request.order);
	check_uint(plan.nblocks, ARRAY_SIZE(blocks));
	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++)
		check_uint(memblk_plan_at(&plan, i),
			   blocks[descending ? ARRAY_SIZE(blocks) - 1 - i : i]);
}

static void test_order_up_by_size(void)
{
	check_order(by_size(MEMBLK_COMMAND_ENABLE, 2), false);
	check_order(by_size(MEMBLK_COMMAND_CONFIGURE, 2), false);
}

static void test_order_down_by_size(void)
{
	check_order(by_size(MEMBLK_COMMAND_DISABLE, 2), true);
	check_order(by_size(MEMBLK_COMMAND_DECONFIGURE, 2), true);
}

static void test_order_by_range(void)
{
	for (enum memblk_command command = 0; command < _MEMBLK_COMMAND_MAX; command++)
		check_order(by_range(command), false);
}

static bool is_taken_away(enum memblk_command command)
{
	return command == MEMBLK_COMMAND_DISABLE || command == MEMBLK_COMMAND_DECONFIGURE;
}

static void test_order_of_all(void)
{
	for (enum memblk_command command = 0; command < _MEMBLK_COMMAND_MAX; command++)
		check_order(of_kind(command, MEMBLK_SELECTION_ALL),
			    is_taken_away(command));
}

static void test_order_of_resize(void)
{
	check_order(of_kind(MEMBLK_COMMAND_ENABLE, MEMBLK_SELECTION_RESIZE), false);
	check_order(of_kind(MEMBLK_COMMAND_DISABLE, MEMBLK_SELECTION_RESIZE), true);
}

/* Whatever the command and the selection. CHEAPEST comes in order already. */
static void test_order_asked_for(void)
{
	static const struct {
		enum memblk_order order;
		bool descending;
	} rows[] = {
		{ MEMBLK_ORDER_LOWEST, false },
		{ MEMBLK_ORDER_HIGHEST, true },
		{ MEMBLK_ORDER_CHEAPEST, false },
	};

	for (enum memblk_command command = 0; command < _MEMBLK_COMMAND_MAX; command++)
		for (enum memblk_selection_kind kind = MEMBLK_SELECTION_SIZE;
		     kind <= MEMBLK_SELECTION_RESIZE; kind++)
			for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
				struct memblk_request request = of_kind(command, kind);

				request.order = rows[i].order;
				check_order(request, rows[i].descending);
			}
}

static void test_kinds(void)
{
	static const struct {
		enum memblk_selection_kind kind;
		bool by_size, all, named;
		uint64_t goal;
	} rows[] = {
		{ MEMBLK_SELECTION_SIZE, true, false, false, 3 },
		{ MEMBLK_SELECTION_RESIZE, true, false, false, 3 },
		{ MEMBLK_SELECTION_BLOCKS, false, false, true, ARRAY_SIZE(blocks) },
		{ MEMBLK_SELECTION_ALL, false, true, false, ARRAY_SIZE(blocks) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct memblk_request request = of_kind(MEMBLK_COMMAND_ENABLE,
							rows[i].kind);
		struct memblk_plan plan = plan_of(&request);

		tap_row("selection %u", rows[i].kind);
		check_int(plan_is_by_size(&request.selection), rows[i].by_size);
		check_int(plan.by_size, rows[i].by_size);
		check_int(plan.all, rows[i].all);
		check_int(plan_is_named(&plan), rows[i].named);
		check(!plan.count_done);
		check_uint(plan.goal, rows[i].goal);
	}
}

static void test_goal(void)
{
	for (enum memblk_command command = 0; command < _MEMBLK_COMMAND_MAX; command++) {
		struct memblk_request request = by_size(command, 3);
		struct memblk_plan plan = plan_of(&request);

		tap_row("command %u", command);
		check(plan.by_size);
		check_uint(plan.goal, 3);
		request = by_size(command, UINT64_MAX);
		plan = plan_of(&request);
		check_uint(plan.goal, UINT64_MAX);
		request = by_range(command);
		plan = plan_of(&request);
		check(!plan.by_size);
		check_uint(plan.goal, ARRAY_SIZE(blocks));
	}
}

static void test_no_blocks(void)
{
	struct memblk_request request = by_size(MEMBLK_COMMAND_DISABLE, 3);
	struct memblk_plan plan;

	memblk_plan_init(&plan, &request, NULL, 0);
	check_uint(plan.nblocks, 0);
	check_uint(plan.goal, 3);
	request = by_range(MEMBLK_COMMAND_DISABLE);
	memblk_plan_init(&plan, &request, NULL, 0);
	check_uint(plan.nblocks, 0);
	check_uint(plan.goal, 0);
}

/* ---- What is done, and what zones are needed for ---- */

static void test_is_done(void)
{
	check(plan_is_done(MEMBLK_COMMAND_ENABLE, MEMBLK_STATE_ONLINE));
	check(!plan_is_done(MEMBLK_COMMAND_ENABLE, MEMBLK_STATE_OFFLINE));
	check(!plan_is_done(MEMBLK_COMMAND_ENABLE, MEMBLK_STATE_GOING_OFFLINE));
	check(!plan_is_done(MEMBLK_COMMAND_ENABLE, MEMBLK_STATE_UNKNOWN));
	check(!plan_is_done(MEMBLK_COMMAND_DISABLE, MEMBLK_STATE_ONLINE));
	check(plan_is_done(MEMBLK_COMMAND_DISABLE, MEMBLK_STATE_OFFLINE));
	check(!plan_is_done(MEMBLK_COMMAND_DISABLE, MEMBLK_STATE_GOING_OFFLINE));
	check(!plan_is_done(MEMBLK_COMMAND_DISABLE, MEMBLK_STATE_UNKNOWN));
}

static bool needs_zones(struct memblk_request request, enum memblk_zone zone)
{
	struct memblk_plan plan = plan_of(&request);

	request.zone = zone;
	return plan_needs_zones(&request, &plan);
}

static void test_needs_zones(void)
{
	struct memblk_request enable = by_range(MEMBLK_COMMAND_ENABLE),
			      disable = by_range(MEMBLK_COMMAND_DISABLE);

	check(needs_zones(enable, MEMBLK_ZONE_NONE));
	check(needs_zones(enable, MEMBLK_ZONE_NORMAL));
	check(needs_zones(by_size(MEMBLK_COMMAND_ENABLE, 1), MEMBLK_ZONE_NONE));
	check(needs_zones(by_size(MEMBLK_COMMAND_ENABLE, 1), MEMBLK_ZONE_MOVABLE));
	check(!needs_zones(disable, MEMBLK_ZONE_NONE));
	check(needs_zones(disable, MEMBLK_ZONE_DMA));
	check(needs_zones(by_size(MEMBLK_COMMAND_DISABLE, 1), MEMBLK_ZONE_NONE));
	check(needs_zones(by_size(MEMBLK_COMMAND_DISABLE, 1), MEMBLK_ZONE_MOVABLE));
}

/* The kernel decides by itself, so that nothing depends on them. */
static void test_needs_no_zones(void)
{
	for (enum memblk_selection_kind kind = MEMBLK_SELECTION_SIZE;
	     kind <= MEMBLK_SELECTION_RESIZE; kind++) {
		struct memblk_request request = of_kind(MEMBLK_COMMAND_ENABLE, kind);

		tap_row("selection %u", kind);
		check(needs_zones(request, MEMBLK_ZONE_NONE));
		request.zone_auto = true;
		check(!needs_zones(request, MEMBLK_ZONE_NONE));
	}
}

static void test_actions(void)
{
	static const char *const words[_MEMBLK_ACTION_MAX] = {
		[MEMBLK_ACTION_NONE] = NULL,
		[MEMBLK_ACTION_ONLINE] = "online",
		[MEMBLK_ACTION_ONLINE_KERNEL] = "online_kernel",
		[MEMBLK_ACTION_ONLINE_MOVABLE] = "online_movable",
		[MEMBLK_ACTION_OFFLINE] = "offline",
		[MEMBLK_ACTION_CONFIGURE] = "configure",
		[MEMBLK_ACTION_DECONFIGURE] = "deconfigure",
	};

	for (enum memblk_action action = 0; action < _MEMBLK_ACTION_MAX; action++) {
		tap_row("action %u", action);
		check_string(memblk_action_to_string(action), words[action]);
	}
}

/* ---- Decisions ---- */

/* What is decided where `zone` is asked for and valid_zones is TEXT. */
struct decision_row {
	enum memblk_zone zone; /* NONE: none is asked for */
	const char *text;      /* NULL: it cannot be read, with ERROR */
	int error;
	struct decision expected;
};

static const enum memblk_state other_than_online[] = { MEMBLK_STATE_OFFLINE,
						       MEMBLK_STATE_GOING_OFFLINE,
						       MEMBLK_STATE_UNKNOWN };
static const enum memblk_state other_than_offline[] = { MEMBLK_STATE_ONLINE,
							MEMBLK_STATE_GOING_OFFLINE,
							MEMBLK_STATE_UNKNOWN };

static void check_decision(struct memblk_request request, enum memblk_state state,
			   const struct decision_row *row)
{
	struct memblk_plan plan = plan_of(&request);
	struct observation seen = { .state = state, .zones_error = -row->error };
	struct decision decision;

	tap_row("command %u, selection %u, state %u, zone %s, valid_zones %s",
		request.command, request.selection.kind, state,
		memblk_zone_to_string(row->zone) ?: "any", row->text ?: "unreadable");
	/* what the zones are where they could not be read counts for nothing */
	zones_parse(row->text ?: "Normal Movable", &seen.zones);
	request.zone = row->zone;
	decision = plan_decide(&request, &plan, &seen);
	check_uint(decision.action, row->expected.action);
	check_uint(decision.reason, row->expected.reason);
	check_int(decision.error, row->expected.error);
}

static void check_decisions(struct memblk_request request,
			    const enum memblk_state states[3],
			    const struct decision_row *rows, size_t nrows)
{
	for (size_t i = 0; i < nrows; i++)
		for (size_t j = 0; j < 3; j++)
			check_decision(request, states[j], &rows[i]);
}

#define MOVABLE                                        \
	{                                              \
		.action = MEMBLK_ACTION_ONLINE_MOVABLE \
	}
#define KERNEL                                        \
	{                                             \
		.action = MEMBLK_ACTION_ONLINE_KERNEL \
	}
#define ONLINE                                 \
	{                                      \
		.action = MEMBLK_ACTION_ONLINE \
	}
#define OFFLINE                                 \
	{                                       \
		.action = MEMBLK_ACTION_OFFLINE \
	}
#define MISMATCH                                      \
	{                                             \
		.reason = MEMBLK_REASON_ZONE_MISMATCH \
	}
#define NOT_SINGLE                                      \
	{                                               \
		.reason = MEMBLK_REASON_ZONE_NOT_SINGLE \
	}
#define UNKNOWN(errno_)                                                 \
	{                                                               \
		.reason = MEMBLK_REASON_ZONE_UNKNOWN, .error = (errno_) \
	}

static const struct decision_row enable_rows[] = {
	/* Movable wherever it is listed, else what the kernel chooses */
	{ MEMBLK_ZONE_NONE, "Movable", 0, MOVABLE },
	{ MEMBLK_ZONE_NONE, "Normal Movable", 0, MOVABLE },
	{ MEMBLK_ZONE_NONE, "Movable Normal", 0, MOVABLE },
	{ MEMBLK_ZONE_NONE, "DMA32 Normal Movable", 0, MOVABLE },
	{ MEMBLK_ZONE_NONE, "movable", 0, MOVABLE },
	{ MEMBLK_ZONE_NONE, "Normal", 0, ONLINE },
	{ MEMBLK_ZONE_NONE, "DMA32 Normal", 0, ONLINE },
	{ MEMBLK_ZONE_NONE, "Movables", 0, ONLINE },
	{ MEMBLK_ZONE_NONE, "none", 0, ONLINE },
	{ MEMBLK_ZONE_NONE, "", 0, ONLINE },
	/* D17 is about -z alone */
	{ MEMBLK_ZONE_NONE, NULL, ENOENT, ONLINE },
	{ MEMBLK_ZONE_NONE, NULL, EIO, ONLINE },

	{ MEMBLK_ZONE_MOVABLE, "Movable", 0, MOVABLE },
	{ MEMBLK_ZONE_MOVABLE, "Normal Movable", 0, MOVABLE },
	{ MEMBLK_ZONE_MOVABLE, "Normal", 0, MISMATCH },
	{ MEMBLK_ZONE_MOVABLE, "Strange", 0, MISMATCH },
	{ MEMBLK_ZONE_MOVABLE, "none", 0, MISMATCH },
	{ MEMBLK_ZONE_MOVABLE, "", 0, MISMATCH },
	{ MEMBLK_ZONE_NORMAL, "Normal Movable", 0, KERNEL },
	{ MEMBLK_ZONE_NORMAL, "Movable Normal", 0, KERNEL },
	{ MEMBLK_ZONE_NORMAL, "normal", 0, KERNEL },
	{ MEMBLK_ZONE_NORMAL, "Movable", 0, MISMATCH },
	{ MEMBLK_ZONE_NORMAL, "DMA32 Movable", 0, MISMATCH },
	{ MEMBLK_ZONE_DMA32, "DMA32 Movable", 0, KERNEL },
	{ MEMBLK_ZONE_DMA32, "DMA Movable", 0, MISMATCH },
	{ MEMBLK_ZONE_DMA, "DMA", 0, KERNEL },
	/* D12 */
	{ MEMBLK_ZONE_DMA, "DMA32 Movable", 0, MISMATCH },
	{ MEMBLK_ZONE_HIGHMEM, "HighMem Movable", 0, KERNEL },
	{ MEMBLK_ZONE_DEVICE, "Device", 0, KERNEL },
	{ MEMBLK_ZONE_DEVICE, "Normal", 0, MISMATCH },
	/* D17, and D15: of each block by itself */
	{ MEMBLK_ZONE_MOVABLE, NULL, ENOENT, UNKNOWN(ENOENT) },
	{ MEMBLK_ZONE_MOVABLE, NULL, EACCES, UNKNOWN(EACCES) },
	{ MEMBLK_ZONE_NORMAL, NULL, EIO, UNKNOWN(EIO) },
};

static void test_decide_enable_by_range(void)
{
	check_decisions(by_range(MEMBLK_COMMAND_ENABLE), other_than_online, enable_rows,
			ARRAY_SIZE(enable_rows));
}

static void test_decide_enable_by_size(void)
{
	check_decisions(by_size(MEMBLK_COMMAND_ENABLE, 2), other_than_online, enable_rows,
			ARRAY_SIZE(enable_rows));
}

/* What holds for disable by size and by range. */
static const struct decision_row disable_rows[] = {
	{ MEMBLK_ZONE_NONE, "Movable", 0, OFFLINE },
	{ MEMBLK_ZONE_NONE, "Normal", 0, OFFLINE },
	{ MEMBLK_ZONE_NONE, "Normal Movable", 0, OFFLINE },
	{ MEMBLK_ZONE_NONE, "Strange", 0, OFFLINE },
	{ MEMBLK_ZONE_NONE, "nones", 0, OFFLINE },
	{ MEMBLK_ZONE_NONE, "", 0, OFFLINE },
	{ MEMBLK_ZONE_NONE, NULL, ENOENT, OFFLINE },
	{ MEMBLK_ZONE_NONE, NULL, EIO, OFFLINE },

	{ MEMBLK_ZONE_MOVABLE, "Movable", 0, OFFLINE },
	{ MEMBLK_ZONE_MOVABLE, "movable", 0, OFFLINE },
	{ MEMBLK_ZONE_MOVABLE, "Movable Normal", 0, OFFLINE },
	{ MEMBLK_ZONE_MOVABLE, "Normal Movable", 0, MISMATCH },
	{ MEMBLK_ZONE_MOVABLE, "Normal", 0, MISMATCH },
	{ MEMBLK_ZONE_MOVABLE, "Strange", 0, MISMATCH },
	{ MEMBLK_ZONE_MOVABLE, "Strange Movable", 0, MISMATCH },
	{ MEMBLK_ZONE_MOVABLE, "none", 0, MISMATCH },
	{ MEMBLK_ZONE_MOVABLE, "", 0, MISMATCH },
	{ MEMBLK_ZONE_NORMAL, "Normal", 0, OFFLINE },
	{ MEMBLK_ZONE_DMA, "DMA", 0, OFFLINE },
	{ MEMBLK_ZONE_DMA, "DMA32", 0, MISMATCH },
	{ MEMBLK_ZONE_DMA32, "DMA32", 0, OFFLINE },
	{ MEMBLK_ZONE_DMA32, "DMA", 0, MISMATCH },
	{ MEMBLK_ZONE_MOVABLE, NULL, ENOENT, UNKNOWN(ENOENT) },
	{ MEMBLK_ZONE_NORMAL, NULL, EACCES, UNKNOWN(EACCES) },
};

static void test_decide_disable_by_range(void)
{
	check_decisions(by_range(MEMBLK_COMMAND_DISABLE), other_than_offline,
			disable_rows, ARRAY_SIZE(disable_rows));
}

static void test_decide_disable_by_size(void)
{
	check_decisions(by_size(MEMBLK_COMMAND_DISABLE, 2), other_than_offline,
			disable_rows, ARRAY_SIZE(disable_rows));
}

static void test_decide_disable_none(void)
{
	static const struct decision_row named[] = {
		{ MEMBLK_ZONE_NONE, "none", 0, OFFLINE },
	}, any[] = {
		{ MEMBLK_ZONE_NONE, "none", 0, NOT_SINGLE },
		{ MEMBLK_ZONE_NONE, "None", 0, NOT_SINGLE },
	};

	check_decision(by_range(MEMBLK_COMMAND_DISABLE), MEMBLK_STATE_ONLINE, &named[0]);
	check_decision(of_kind(MEMBLK_COMMAND_DISABLE, MEMBLK_SELECTION_ALL),
		       MEMBLK_STATE_ONLINE, &named[0]);
	check_decision(of_kind(MEMBLK_COMMAND_DISABLE, MEMBLK_SELECTION_RESIZE),
		       MEMBLK_STATE_ONLINE, &any[0]);
	check_decision(by_size(MEMBLK_COMMAND_DISABLE, 2), MEMBLK_STATE_ONLINE, &any[0]);
	check_decision(by_size(MEMBLK_COMMAND_DISABLE, 2), MEMBLK_STATE_ONLINE, &any[1]);
}

/* Left over from an observation that failed, `none` is not known of the block. */
static void test_decide_disable_unread(void)
{
	struct memblk_request request = by_size(MEMBLK_COMMAND_DISABLE, 2);
	struct memblk_plan plan = plan_of(&request);
	struct observation seen = { .state = MEMBLK_STATE_ONLINE, .zones_error = -EIO };

	zones_parse("none", &seen.zones);
	check_uint(plan_decide(&request, &plan, &seen).action, MEMBLK_ACTION_OFFLINE);
}

/* All of these say what it could be in, and none of them decides. */
static void test_decide_auto(void)
{
	static const char *const texts[] = { "Movable", "Normal Movable", "Normal",
					     "none", "" };
	struct memblk_request request = by_range(MEMBLK_COMMAND_ENABLE);

	request.zone_auto = true;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct decision_row row = { MEMBLK_ZONE_NONE, texts[i], 0, ONLINE };

		check_decision(request, MEMBLK_STATE_OFFLINE, &row);
		row.text = NULL;
		row.error = EIO;
		check_decision(request, MEMBLK_STATE_OFFLINE, &row);
	}
}

/* ---- The zone that a block is in instead ---- */

static void test_other_zone(void)
{
	static const struct {
		enum memblk_zone zone;
		const char *text;
		int error;
		enum memblk_zone expected;
	} rows[] = {
		{ MEMBLK_ZONE_MOVABLE, "Normal", 0, MEMBLK_ZONE_NORMAL },
		{ MEMBLK_ZONE_NORMAL, "Movable", 0, MEMBLK_ZONE_MOVABLE },
		{ MEMBLK_ZONE_DMA, "DMA32", 0, MEMBLK_ZONE_DMA32 },
		{ MEMBLK_ZONE_MOVABLE, "normal", 0, MEMBLK_ZONE_NORMAL },
		{ MEMBLK_ZONE_MOVABLE, "Movable", 0, MEMBLK_ZONE_NONE },
		{ MEMBLK_ZONE_NORMAL, "Normal", 0, MEMBLK_ZONE_NONE },
		/* judged only where there is exactly one name */
		{ MEMBLK_ZONE_MOVABLE, "Normal DMA32", 0, MEMBLK_ZONE_NONE },
		{ MEMBLK_ZONE_MOVABLE, "Normal Movable", 0, MEMBLK_ZONE_NONE },
		{ MEMBLK_ZONE_MOVABLE, "none", 0, MEMBLK_ZONE_NONE },
		{ MEMBLK_ZONE_MOVABLE, "", 0, MEMBLK_ZONE_NONE },
		/* a name that cannot be told to the user */
		{ MEMBLK_ZONE_MOVABLE, "Strange", 0, MEMBLK_ZONE_NONE },
		/* nothing was asked for */
		{ MEMBLK_ZONE_NONE, "Normal", 0, MEMBLK_ZONE_NONE },
		{ MEMBLK_ZONE_NONE, "Movable", 0, MEMBLK_ZONE_NONE },
		/* not known */
		{ MEMBLK_ZONE_MOVABLE, "Normal", ENOENT, MEMBLK_ZONE_NONE },
		{ MEMBLK_ZONE_MOVABLE, "Normal", EIO, MEMBLK_ZONE_NONE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct memblk_request request = by_range(MEMBLK_COMMAND_ENABLE);
		struct observation seen = { .state = MEMBLK_STATE_ONLINE,
					    .zones_error = -rows[i].error };

		tap_row("row %zu, valid_zones %s", i, rows[i].text);
		zones_parse(rows[i].text, &seen.zones);
		request.zone = rows[i].zone;
		check_uint(plan_other_zone(&request, &seen), rows[i].expected);
	}
}

static const struct tap_test tests[] = {
	{ "By size, enable and configure go from the lowest block up",
	  test_order_up_by_size },
	{ "By size, disable and deconfigure go from the highest block down",
	  test_order_down_by_size },
	{ "By range, every command goes from the lowest block up", test_order_by_range },
	{ "Of all blocks, the lowest come first and the highest go first",
	  test_order_of_all },
	{ "To reach a size, the lowest come first and the highest go first",
	  test_order_of_resize },
	{ "The order that is asked for holds whatever the command and the selection",
	  test_order_asked_for },
	{ "A size takes any blocks, a range names them, all are neither", test_kinds },
	{ "The goal is the size, or every block of the range", test_goal },
	{ "A plan may have no blocks", test_no_blocks },
	{ "Only online is enabled, only offline is disabled", test_is_done },
	{ "Zones are not needed to disable a named block without -z", test_needs_zones },
	{ "Zones are not needed where the kernel chooses", test_needs_no_zones },
	{ "An action is the word that is written", test_actions },
	{ "What is written to enable a named block", test_decide_enable_by_range },
	{ "What is written to enable a block by size", test_decide_enable_by_size },
	{ "What is written to disable a named block", test_decide_disable_by_range },
	{ "What is written to disable a block by size", test_decide_disable_by_size },
	{ "D26: By size a block of no single zone is passed over, by name it is tried",
	  test_decide_disable_none },
	{ "D17: Zones that could not be read do not decide", test_decide_disable_unread },
	{ "-z auto leaves the zone to the kernel, whatever is listed", test_decide_auto },
	{ "D13: The other zone is the one name that is not the zone asked for",
	  test_other_zone },
};

TAP_MAIN(tests)
