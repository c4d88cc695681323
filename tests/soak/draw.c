/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Draws a machine, its troubles and a command line from a seed: the same from the same
 * one, always. Whatever may last for ever gets a bound among the options.
 */
#include "config.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "soak.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

struct draw {
	struct scenario *scenario;
	uint64_t random;
	FILE *machine, *later;
	size_t length;              /* of their text, while they are open */
	enum state states[NBLOCKS]; /* what the machine is made of */
	bool is_movable[NBLOCKS];
	unsigned int highest;
	struct group {
		unsigned int first, last;
		enum state state;
	} groups[8];
	unsigned int ngroups;
	bool is_slow;            /* each write takes its time */
	bool is_stuck;           /* and one does not come back */
	const struct group *aim; /* the blocks that are meant, and can be changed */
	bool may_last;           /* a block may go round for ever */
	bool is_calm;            /* nothing unforeseen happens */
	bool has_memmap;         /* a block can hold its own memory map */
	unsigned int watermark;  /* MiB; 0: as by default */
	bool is_held;            /* the kernel's lock */
};

/* ---- Chance ---- */

/* splitmix64 */
static uint64_t next(struct draw *draw)
{
	uint64_t z = draw->random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* 0 to N - 1 */
static unsigned int pick(struct draw *draw, unsigned int n)
{
	return (unsigned int) (next(draw) % n);
}

static unsigned int between(struct draw *draw, unsigned int low, unsigned int high)
{
	return low + pick(draw, high - low + 1);
}

static bool one_in(struct draw *draw, unsigned int n)
{
	return pick(draw, n) == 0;
}

#define PICK(draw, array) ((array)[pick(draw, ARRAY_SIZE(array))])

/* ---- The machine ---- */

/*
 * What keeps a block, for certain as far as that can be seen: a few pages may be those of
 * whoever looks, and in Movable there are none that cannot move.
 */
static void draw_unmovable_calm(struct draw *draw, unsigned int n)
{
	static const char *const kinds[] = { "slab", "pgtable", "reserved", "unmovable" };

	if (!draw->is_movable[n] && one_in(draw, 12))
		fprintf(draw->machine, " %s=%u", PICK(draw, kinds),
			between(draw, 16, 99));
}

static void draw_unmovable(struct draw *draw)
{
	static const char *const kinds[] = { "slab", "pgtable", "reserved", "unmovable",
					     "unknown" };

	if (one_in(draw, 12))
		fprintf(draw->machine, " %s=%u", PICK(draw, kinds), between(draw, 1, 99));
	if (one_in(draw, 14)) {
		fprintf(draw->machine, " pinned=%u", between(draw, 1, 9));
		draw->may_last = true;
	}
	if (one_in(draw, 20)) {
		fprintf(draw->machine, " %s=%uM", one_in(draw, 2) ? "hugefree" : "huge",
			2 * between(draw, 1, 4));
		draw->may_last = true;
	}
}

/* Into block N, and those that are described with it. */
static void draw_pages(struct draw *draw, unsigned int n)
{
	bool is_online = draw->states[n] == STATE_ONLINE;
	static const unsigned int parts[] = { 1, 5, 10, 30, 50, 90 };

	if (is_online && one_in(draw, 3)) {
		fprintf(draw->machine, " used=%u%%", PICK(draw, parts));
		draw->may_last = true;
	}
	if (is_online && draw->is_calm)
		draw_unmovable_calm(draw, n);
	else if (is_online)
		draw_unmovable(draw);
	if (one_in(draw, 30))
		fprintf(draw->machine, " hole");
	if (!is_online && !draw->is_calm && one_in(draw, 20))
		fprintf(draw->machine, " poison=1");
}

static void add_blocks(struct draw *draw, unsigned int first, unsigned int last,
		       enum state state, const char *zone)
{
	static const char *const words[] = {
		[STATE_STANDBY] = "standby",
		[STATE_OFFLINE] = "offline",
		[STATE_ONLINE] = "online",
	};

	fprintf(draw->machine, "blocks %u-%u %s%s%s", first, last, words[state],
		*zone ? " " : "", zone);
	for (unsigned int n = first; n <= last; n++) {
		draw->states[n] = state;
		draw->is_movable[n] = !strcmp(zone, "Movable");
	}
	draw->highest = last;
	draw->groups[draw->ngroups++] = (struct group){ first, last, state };
}

static void draw_boot(struct draw *draw)
{
	unsigned int first = 0, last = between(draw, 1, 6);

	if (one_in(draw, 3)) {
		add_blocks(draw, 0, 0, STATE_ONLINE, one_in(draw, 2) ? "none" : "DMA32");
		fprintf(draw->machine, "\n");
		first = 1;
	}
	add_blocks(draw, first, last, STATE_ONLINE, "Normal");
	draw_pages(draw, first);
	fprintf(draw->machine, "\n");
}

static void draw_group(struct draw *draw, bool has_nodes)
{
	struct scenario *scenario = draw->scenario;
	unsigned int first = draw->highest + 1 + (one_in(draw, 3) ? pick(draw, 5) : 0);
	unsigned int last = first + pick(draw, 7);
	unsigned int kind = pick(draw, 6);
	enum state state = kind < 3 ? STATE_OFFLINE : STATE_ONLINE;

	if (last >= NBLOCKS - 8)
		return;
	if (scenario->s390 && one_in(draw, 2))
		state = STATE_STANDBY;
	add_blocks(draw, first, last, state,
		   state != STATE_ONLINE ? ""
		   : kind < 5            ? "Movable"
		   : one_in(draw, 3)     ? "none"
					 : "Normal");
	if (has_nodes && one_in(draw, 2))
		fprintf(draw->machine, " node=1");
	if (!scenario->s390 && one_in(draw, 4))
		fprintf(draw->machine, " device=%s",
			one_in(draw, 2) ? "PNP0C80:00" : "kmem");
	else if (one_in(draw, 3))
		fprintf(draw->machine, " hotplug");
	if (scenario->s390 && one_in(draw, 4))
		fprintf(draw->machine, " memmap");
	if (state != STATE_STANDBY)
		draw_pages(draw, first);
	fprintf(draw->machine, "\n");
}

/* A block that there is, in STATE if that can be found. */
static unsigned int pick_block(struct draw *draw, enum state state)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < 20; i++) {
		n = pick(draw, draw->highest + 1);
		if (draw->states[n] == state)
			return n;
	}
	return n;
}

static void draw_single_blocks(struct draw *draw)
{
	for (unsigned int i = pick(draw, 4); i > 0; i--) {
		unsigned int n = pick_block(draw, STATE_ONLINE);

		if (draw->states[n] != STATE_ONLINE)
			continue;
		fprintf(draw->machine, "set %u hotplug", n);
		draw_pages(draw, n);
		fprintf(draw->machine, "\n");
	}
}

static void draw_surprises(struct draw *draw)
{
	struct scenario *scenario = draw->scenario;

	if (one_in(draw, 40)) {
		fprintf(draw->machine, "hotremove off\n");
		scenario->zones_unknown = true;
	}
	if (one_in(draw, 8)) {
		fprintf(draw->machine, "kernel-takes %uM\n", between(draw, 1, 8));
		scenario->memory_moves = true;
	}
	if (one_in(draw, 12)) {
		fprintf(draw->machine, "leak %uM\n", between(draw, 1, 99));
		scenario->memory_moves = true;
		draw->may_last = true;
	}
}

static void draw_parameters(struct draw *draw)
{
	struct scenario *scenario = draw->scenario;
	static const char *const actions[] = { "online", "online_kernel",
					       "online_movable" };

	if (one_in(draw, 5)) {
		fprintf(draw->machine, "auto-online %s\n", PICK(draw, actions));
		scenario->auto_online = true;
	}
	if (one_in(draw, 6))
		fprintf(draw->machine, "policy auto-movable\n");
	if (one_in(draw, 10))
		fprintf(draw->machine, "ratio %u\n", 100 * pick(draw, 4));
	if (one_in(draw, 12))
		fprintf(draw->machine, "movable-node on\n");
	draw->has_memmap = one_in(draw, 2);
	if (draw->has_memmap)
		fprintf(draw->machine, "memmap-on-memory on\n");
	if (one_in(draw, 6)) {
		draw->watermark = between(draw, 1, 200);
		fprintf(draw->machine, "watermark %uM\n", draw->watermark);
	}
	if (one_in(draw, 5))
		fprintf(draw->machine, "swap %s %uM %uM\n",
			one_in(draw, 2) ? "/dev/zram0" : "/dev/vda2",
			between(draw, 100, 300), pick(draw, 100));
	if (!draw->is_calm)
		draw_surprises(draw);
}

static void draw_machine(struct draw *draw)
{
	bool has_nodes = one_in(draw, 5);

	draw->scenario->s390 = one_in(draw, 6);
	if (draw->scenario->s390)
		fprintf(draw->machine, "s390\n");
	draw_boot(draw);
	for (unsigned int i = between(draw, 1, 4); i > 0; i--)
		draw_group(draw, has_nodes);
	draw_single_blocks(draw);
	draw_parameters(draw);
}

/* ---- Troubles ---- */

struct span {
	unsigned int first, last;
	bool all;
};

static uint64_t span_mask(struct span span)
{
	uint64_t mask = 0;

	for (unsigned int n = span.first; n <= span.last; n++)
		mask |= bit(n);
	return span.all ? UINT64_MAX : mask;
}

static struct span pick_span(struct draw *draw, bool may_be_all)
{
	struct span span = { .first = pick(draw, draw->highest + 1) };

	span.last = span.first + (one_in(draw, 2) ? 0 : pick(draw, 8));
	if (span.last >= NBLOCKS)
		span.last = NBLOCKS - 1;
	span.all = may_be_all && one_in(draw, 4);
	return span;
}

static void print_span(FILE *stream, const char *verb, struct span span)
{
	if (span.all)
		fprintf(stream, "%s *", verb);
	else
		fprintf(stream, "%s %u-%u", verb, span.first, span.last);
}

static const char *pick_file(struct draw *draw)
{
	static const char *const firmware[] = { "state", "config", "config",
						"memmap_on_memory", "*" };

	return draw->scenario->s390 ? PICK(draw, firmware) : "state";
}

static void draw_times(struct draw *draw, unsigned int most)
{
	if (!one_in(draw, 3))
		fprintf(draw->machine, " count %u", between(draw, 1, most));
}

static void draw_failure(struct draw *draw)
{
	static const char *const errors[] = {
		"EBUSY", "EBUSY",  "EBUSY", "EAGAIN", "EAGAIN",    "ENOMEM",
		"EPERM", "EINVAL", "EIO",   "ENODEV", "EHWPOISON", "EEXIST",
	};
	struct span span = pick_span(draw, true);

	print_span(draw->machine, "fail", span);
	if (one_in(draw, 10)) {
		fprintf(draw->machine, " state EINTR count %u\n", between(draw, 1, 3));
		return;
	}
	if (one_in(draw, 8)) {
		static const char *const hidden[] = {
			"state EACCES at open",    "state EROFS at open",
			"state EPERM at open",     "state EIO at read",
			"valid_zones EIO at read",
		};

		fprintf(draw->machine, " %s\n", PICK(draw, hidden));
		draw->scenario->hidden |= span_mask(span);
		return;
	}
	fprintf(draw->machine, " %s %s", pick_file(draw), PICK(draw, errors));
	if (one_in(draw, 6))
		fprintf(draw->machine, " word %s",
			one_in(draw, 2) ? "offline" : "online_movable");
	draw_times(draw, 6);
	fprintf(draw->machine, "\n");
}

static void draw_wait(struct draw *draw)
{
	struct span span = pick_span(draw, true);

	switch (pick(draw, 4)) {
	case 0:
	case 1:
		print_span(draw->machine, "delay", span);
		fprintf(draw->machine, " %s %u", pick_file(draw), between(draw, 1, 150));
		draw_times(draw, 4);
		break;
	case 2:
		print_span(draw->machine, "spin", span);
		if (one_in(draw, 2))
			fprintf(draw->machine, " for %u", between(draw, 10, 400));
		else
			draw->may_last = true;
		draw_times(draw, 4);
		break;
	default:
		span.all = false;
		print_span(draw->machine, "stick", span);
		fprintf(draw->machine, " %s", pick_file(draw));
		if (one_in(draw, 12))
			draw->may_last = true;
		else
			fprintf(draw->machine, " for %u", between(draw, 20, 1500));
		fprintf(draw->machine, " count 1");
	}
	fprintf(draw->machine, "\n");
}

static void draw_steal(struct draw *draw)
{
	static const char *const actions[] = { "offline", "online", "online_kernel",
					       "online_movable" };
	struct span span = pick_span(draw, false);

	print_span(draw->machine, "steal", span);
	fprintf(draw->machine, " %s%s\n", PICK(draw, actions),
		one_in(draw, 2) ? " at write" : "");
	for (unsigned int n = span.first; n <= span.last; n++)
		if (draw->scenario->foreign & bit(n))
			draw->scenario->unclear |= bit(n);
	draw->scenario->foreign |= span_mask(span);
}

static void draw_lie(struct draw *draw)
{
	static const char *const lies[] = { "Normal",         "Movable", "none",
					    "Normal Movable", "DMA32",   "Zork" };
	struct span span = pick_span(draw, true);

	print_span(draw->machine, "lie", span);
	fprintf(draw->machine, " valid_zones %s\n", PICK(draw, lies));
	draw->scenario->lied |= span_mask(span);
}

/* One that begins at once must be the only one: for a second the machine would wait. */
static void draw_hold(struct draw *draw)
{
	if (draw->is_held)
		return;
	draw->is_held = true;
	if (one_in(draw, 10)) {
		fprintf(draw->later, "hold\n");
		draw->may_last = true;
		return;
	}
	if (one_in(draw, 2))
		fprintf(draw->later, "after %u ", pick(draw, 200));
	fprintf(draw->later, "hold for %u\n", between(draw, 20, 900));
}

/* Others add blocks, take some away, need memory. */
static void draw_event(struct draw *draw)
{
	struct scenario *scenario = draw->scenario;
	struct span span = pick_span(draw, false);
	unsigned int n = draw->highest + 1 + pick(draw, 3);

	fprintf(draw->later, "after %u ", pick(draw, 500));
	switch (pick(draw, 5)) {
	case 0:
	case 1:
		if (n >= NBLOCKS - 6 || scenario->s390) {
			fprintf(draw->later, "clear\n");
			break;
		}
		span = (struct span){ .first = n, .last = n + pick(draw, 6) };
		print_span(draw->later, "add", span);
		fprintf(draw->later, "\n");
		scenario->foreign |= span_mask(span);
		scenario->unclear |= span_mask(span);
		scenario->memory_moves = true;
		break;
	case 2:
		print_span(draw->later, "remove", span);
		fprintf(draw->later, "%s\n", one_in(draw, 2) ? " force" : "");
		scenario->foreign |= span_mask(span);
		scenario->unclear |= span_mask(span);
		scenario->memory_moves = true;
		break;
	case 3:
		fprintf(draw->later, "%s %uM\n", one_in(draw, 2) ? "use" : "free",
			between(draw, 10, 300));
		scenario->memory_moves = true;
		draw->may_last = true;
		break;
	default:
		fprintf(draw->later, "%s\n", one_in(draw, 2) ? "clear" : "release");
	}
}

/* Long enough for its end to come in the middle. */
static void draw_slowness(struct draw *draw)
{
	if (!one_in(draw, 8))
		return;
	draw->is_slow = true;
	fprintf(draw->machine, "delay * state %u\n", between(draw, 40, 120));
}

/* The kernel does not let go of the first write, for longer than any grace but one. */
static void draw_stuck(struct draw *draw)
{
	if (!one_in(draw, 40))
		return;
	draw->is_stuck = true;
	fprintf(draw->machine, "stick * state for 4000 count 1\n");
}

static void draw_troubles(struct draw *draw)
{
	draw_slowness(draw);
	draw_stuck(draw);
	if (one_in(draw, 25))
		fprintf(draw->machine, "fail * state ENOMEM\n");
	if (one_in(draw, 4))
		return;
	for (unsigned int i = between(draw, 1, 3); i > 0; i--)
		switch (pick(draw, 12)) {
		case 0:
			draw_lie(draw);
			break;
		case 1:
		case 2:
			draw_steal(draw);
			break;
		case 3:
			draw_hold(draw);
			break;
		case 4:
		case 5:
			draw_event(draw);
			break;
		case 6:
		case 7:
		case 8:
			draw_wait(draw);
			break;
		default:
			draw_failure(draw);
		}
}

/* ---- The command line ---- */

__attribute__((format(printf, 2, 3))) static void argue(struct draw *draw,
							const char *format, ...)
{
	struct scenario *scenario = draw->scenario;
	va_list arguments;
	char *text = NULL;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		abort();
	va_end(arguments);
	scenario->arguments[scenario->narguments++] = text;
}

/* Somebody does to block N what is wanted of it. */
static void draw_race(struct draw *draw, unsigned int n, const char *action)
{
	struct scenario *scenario = draw->scenario;

	fprintf(draw->machine, "steal %u %s%s\n", n, action,
		one_in(draw, 2) ? " at write" : "");
	if (scenario->foreign & bit(n))
		scenario->unclear |= bit(n);
	scenario->foreign |= bit(n);
}

/*
 * Chance alone seldom meets blocks that can all be changed but one, which is what
 * --atomic is there for.
 */
static void draw_aim(struct draw *draw)
{
	static const char *const words[] = { "", " word offline",
					     " word online_movable" };
	const struct group *aim = &draw->groups[pick(draw, draw->ngroups)];

	if (!one_in(draw, 4))
		return;
	draw->aim = aim;
	draw->scenario->atomic = !one_in(draw, 4);
	if (!one_in(draw, 5))
		fprintf(draw->machine, "fail %u state %s%s\n",
			between(draw, (aim->first + aim->last) / 2, aim->last),
			one_in(draw, 2) ? "EPERM" : "EBUSY", PICK(draw, words));
	if (one_in(draw, 4))
		draw_race(draw, between(draw, aim->first, aim->last),
			  aim->state == STATE_ONLINE ? "offline" : "online_movable");
	if (one_in(draw, 4))
		fprintf(draw->machine, "fail %u state EBUSY word %s count 1\n",
			between(draw, aim->first, aim->last),
			aim->state == STATE_ONLINE ? "online_movable" : "offline");
}

static void draw_command(struct draw *draw)
{
	static const char *const letters[] = { "-e", "-d", "-c", "-g" };
	struct scenario *scenario = draw->scenario;
	unsigned int kind = pick(draw, scenario->s390 ? 20 : 100);

	scenario->command = kind < 4   ? COMMAND_CONFIGURE
			    : kind < 8 ? COMMAND_DECONFIGURE
				       : (enum command) pick(draw, 2);
	/* elsewhere these two are refused, which is soon seen */
	if (!scenario->s390 && scenario->command > COMMAND_DISABLE && !one_in(draw, 4))
		scenario->command = COMMAND_DISABLE;
	if (draw->aim)
		scenario->command = draw->aim->state == STATE_ONLINE ? COMMAND_DISABLE
								     : COMMAND_ENABLE;
	argue(draw, "%s", letters[scenario->command]);
}

/* --resize knows by itself which way it is. */
static void drop_command(struct draw *draw)
{
	struct scenario *scenario = draw->scenario;

	if (scenario->selection != SELECTION_RESIZE || scenario->zone_auto ||
	    (draw->is_calm && scenario->s390 && scenario->zone) || one_in(draw, 2))
		return;
	scenario->command = _COMMAND_MAX;
	free(scenario->arguments[0]);
	scenario->arguments[0] = strdup("--lock=auto");
}

static void argue_size(struct draw *draw, unsigned int nblocks)
{
	if (nblocks % 8 == 0 && one_in(draw, 2))
		argue(draw, "%uG", nblocks / 8);
	else
		argue(draw, "%uM", nblocks * 128);
}

static void draw_range(struct draw *draw)
{
	unsigned int first = pick(draw, draw->highest + 3);
	struct span span = { first, first + (one_in(draw, 3) ? 0 : pick(draw, 12)),
			     false };

	if (span.last >= NBLOCKS)
		span.last = NBLOCKS - 1;
	if (draw->aim)
		span = (struct span){ draw->aim->first, draw->aim->last, false };
	draw->scenario->named = span_mask(span);
	if (one_in(draw, 4)) {
		argue(draw, "0x%" PRIx64 "-0x%" PRIx64, span.first * BLOCK_BYTES,
		      (span.last + 1) * BLOCK_BYTES - 1);
	} else {
		argue(draw, "-b");
		argue(draw, "%u-%u", span.first, span.last);
	}
}

/* In any order, and some of it twice. */
static void draw_list(struct draw *draw)
{
	char text[64] = "";
	size_t length = 0;

	for (unsigned int i = between(draw, 2, 5); i > 0; i--) {
		struct span span = { .first = pick(draw, draw->highest + 3) };

		span.last = span.first + (one_in(draw, 2) ? 0 : pick(draw, 5));
		if (span.last >= NBLOCKS)
			span.last = NBLOCKS - 1;
		draw->scenario->named |= span_mask(span);
		length += (size_t) snprintf(text + length, sizeof(text) - length,
					    span.first == span.last ? "%s%u" : "%s%u-%u",
					    length ? "," : "", span.first, span.last);
	}
	argue(draw, "-b");
	argue(draw, "%s", text);
}

/* What is online has to be known for that. */
static bool may_resize(const struct draw *draw)
{
	const struct scenario *scenario = draw->scenario;

	return scenario->command <= COMMAND_DISABLE && !draw->aim && !scenario->foreign &&
	       !scenario->hidden && !scenario->lied;
}

static enum selection draw_selection(struct draw *draw)
{
	unsigned int kind = pick(draw, 10);

	if (draw->aim || kind < 4)
		return SELECTION_NAMED;
	if (kind < 5)
		return SELECTION_ALL;
	if (kind < 6 && may_resize(draw))
		return SELECTION_RESIZE;
	return SELECTION_SIZE;
}

static void draw_operand(struct draw *draw)
{
	struct scenario *scenario = draw->scenario;

	scenario->selection = draw_selection(draw);
	scenario->by_size = scenario->selection == SELECTION_SIZE ||
			    scenario->selection == SELECTION_RESIZE;
	switch (scenario->selection) {
	case SELECTION_SIZE:
		scenario->goal = pick(draw, one_in(draw, 4) ? 20 : 9);
		argue_size(draw, scenario->goal);
		break;
	case SELECTION_NAMED:
		if (!draw->aim && one_in(draw, 3))
			draw_list(draw);
		else
			draw_range(draw);
		break;
	case SELECTION_ALL:
		argue(draw, "--all");
		break;
	case SELECTION_RESIZE:
		scenario->wanted = pick(draw, draw->highest + 4);
		argue(draw, "--resize");
		argue_size(draw, scenario->wanted);
		break;
	}
}

static void draw_order(struct draw *draw)
{
	static const char *const words[] = {
		[ORDER_LOWEST] = "lowest",
		[ORDER_HIGHEST] = "highest",
		[ORDER_CHEAPEST] = "cheapest",
	};
	struct scenario *scenario = draw->scenario;

	if (!one_in(draw, 5))
		return;
	scenario->order = (enum order) between(draw, ORDER_LOWEST, ORDER_HIGHEST);
	if (draw->is_calm && scenario->command == COMMAND_DISABLE && one_in(draw, 3))
		scenario->order = ORDER_CHEAPEST;
	argue(draw, "--order=%s", words[scenario->order]);
}

static void draw_zone(struct draw *draw)
{
	static const char *const zones[] = { "Movable", "Movable", "Normal", "DMA32" };
	struct scenario *scenario = draw->scenario;
	bool takes_all = scenario->selection == SELECTION_ALL &&
			 scenario->command == COMMAND_DISABLE;

	if ((scenario->command == COMMAND_CONFIGURE ||
	     scenario->command == COMMAND_DECONFIGURE) ||
	    (!takes_all && !one_in(draw, 5)))
		return;
	/* nobody knows the zones of what is not configured */
	if (draw->is_calm && scenario->s390 && scenario->command != COMMAND_DISABLE)
		return;
	scenario->zone_auto = scenario->command == COMMAND_ENABLE && one_in(draw, 3);
	if (!scenario->zone_auto)
		scenario->zone = takes_all ? "Movable" : PICK(draw, zones);
	argue(draw, "-z");
	argue(draw, "%s", scenario->zone ?: "auto");
}

static int64_t draw_seconds(struct draw *draw, const char *option, unsigned int low_ms,
			    unsigned int high_ms)
{
	unsigned int ms = between(draw, low_ms, high_ms);

	argue(draw, "--%s", option);
	argue(draw, "%u.%03u", ms / 1000, ms % 1000);
	return ms;
}

static unsigned int count_online(const struct draw *draw)
{
	unsigned int count = 0;

	for (unsigned int n = 0; n < NBLOCKS; n++)
		count += draw->states[n] == STATE_ONLINE;
	return count;
}

static void draw_bounds(struct draw *draw)
{
	struct scenario *scenario = draw->scenario;
	bool has_try = one_in(draw, 2),
	     has_timeout = draw->is_stuck || one_in(draw, draw->is_slow ? 2 : 4);

	if (draw->may_last && !has_try && !has_timeout)
		has_try = true;
	scenario->try_ms = 30000;
	scenario->timeout_ms = NO_TIME;
	if (has_try)
		scenario->try_ms = draw_seconds(draw, "try-timeout", 30, 400);
	if (has_timeout)
		scenario->timeout_ms = draw_seconds(draw, "timeout", 30,
						    draw->is_slow ? 300 : 1500);

	scenario->retries = 2;
	if (one_in(draw, 3)) {
		scenario->retries_given = true;
		scenario->retries = pick(draw, 4);
		argue(draw, "--retries=%u", scenario->retries);
	}
	scenario->keep_free = KEEP_FREE_AUTO;
	if (one_in(draw, draw->aim ? 1 : 3)) {
		scenario->keep_free = 0;
		argue(draw, "--keep-free=0");
	} else if (one_in(draw, 2)) {
		scenario->keep_free = (uint64_t) between(draw, 1,
							 128 * count_online(draw))
				      << 20;
		argue(draw, "--keep-free=%" PRIu64 "M", scenario->keep_free >> 20);
	}
	scenario->atomic = scenario->atomic || (!draw->aim && one_in(draw, 6));
	if (scenario->atomic)
		argue(draw, "--atomic");
	if (one_in(draw, 8))
		scenario->wait_ms = draw_seconds(draw, "wait", 20, 600);
}

static void draw_lock(struct draw *draw)
{
	static const char *const words[] = { "auto", "yes", "no", "nonblock" };
	struct scenario *scenario = draw->scenario;

	if (one_in(draw, 3)) {
		scenario->lock = (enum lock_mode) pick(draw, ARRAY_SIZE(words));
		argue(draw, "--lock=%s", words[scenario->lock]);
	}
	if (!one_in(draw, 15))
		return;
	scenario->lock_held_ms = between(draw, 20, 800);
	if (scenario->timeout_ms != NO_TIME && one_in(draw, 2))
		scenario->lock_held_ms = 20000;
}

static void add_shot(struct scenario *scenario, int signal, int64_t at_ms)
{
	scenario->shots[scenario->nshots++] = (struct shot){ signal, at_ms };
}

static void draw_shots(struct draw *draw)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	struct scenario *scenario = draw->scenario;
	int64_t at_ms = 0;

	if (one_in(draw, 12)) {
		at_ms = pick(draw, 300);
		add_shot(scenario, one_in(draw, 2) ? SIGSTOP : SIGTSTP, at_ms);
		at_ms += between(draw, 10, 300);
		add_shot(scenario, SIGCONT, at_ms);
	}
	if (!one_in(draw, draw->is_slow && scenario->timeout_ms == NO_TIME ? 1 : 6))
		return;
	at_ms += pick(draw, one_in(draw, 3) ? 20 : 500);
	add_shot(scenario, PICK(draw, ends), at_ms);
	if (one_in(draw, 3))
		add_shot(scenario, PICK(draw, ends), at_ms + pick(draw, 400));
}

static void draw_arguments(struct draw *draw)
{
	struct scenario *scenario = draw->scenario;

	draw_aim(draw);
	draw_command(draw);
	draw_operand(draw);
	draw_order(draw);
	draw_zone(draw);
	drop_command(draw);
	scenario->memmap = -1;
	if (scenario->command == COMMAND_CONFIGURE && one_in(draw, 2)) {
		scenario->memmap = (int) pick(draw, 2);
		argue(draw, "-m");
		argue(draw, "%d", scenario->memmap);
	}
	scenario->verbose = one_in(draw, 2);
	if (scenario->verbose)
		argue(draw, "-v");
	draw_bounds(draw);
	draw_lock(draw);
	draw_shots(draw);
}

/* ---- Where all can be foreseen ---- */

/*
 * That much must be left that pages find room for certain: above the lowest watermarks,
 * which are never touched.
 */
static void draw_calm_bounds(struct draw *draw)
{
	struct scenario *scenario = draw->scenario;
	unsigned int least = 64 + draw->watermark;
	bool is_full = draw->may_last;

	scenario->keep_free = KEEP_FREE_AUTO;
	if (!is_full && one_in(draw, 4)) {
		scenario->keep_free = 0;
		argue(draw, "--keep-free=0");
	} else if (!one_in(draw, 3)) {
		scenario->keep_free = (uint64_t) between(draw, least,
							 least + 128 * count_online(draw))
				      << 20;
		argue(draw, "--keep-free=%" PRIu64 "M", scenario->keep_free >> 20);
	}
	scenario->atomic = one_in(draw, 4);
	if (scenario->atomic)
		argue(draw, "--atomic");
}

static void draw_calm_arguments(struct draw *draw)
{
	struct scenario *scenario = draw->scenario;

	draw_command(draw);
	draw_operand(draw);
	draw_order(draw);
	draw_zone(draw);
	drop_command(draw);
	if (scenario->command == COMMAND_CONFIGURE && one_in(draw, 2)) {
		argue(draw, "-m");
		argue(draw, "%u", pick(draw, 1 + draw->has_memmap));
	}
	draw_calm_bounds(draw);
	scenario->verbose = true;
	argue(draw, "-v");
	argue(draw, "--lock=no");
	argue(draw, "--try-timeout=2");
}

/* ---- All of it ---- */

static void draw_begin(struct draw *draw, struct scenario *scenario, uint64_t seed)
{
	*scenario = (struct scenario){ .seed = seed };
	draw->scenario = scenario;
	draw->random = seed;
	draw->machine = open_memstream(&scenario->machine, &draw->length);
	draw->later = open_memstream(&scenario->later, &draw->length);
	if (!draw->machine || !draw->later)
		abort();
}

static void draw_end(struct draw *draw)
{
	fclose(draw->machine);
	fclose(draw->later);
}

void scenario_draw(struct scenario *ret, uint64_t seed)
{
	struct draw draw = { .is_calm = false };

	draw_begin(&draw, ret, seed);
	draw_machine(&draw);
	draw_troubles(&draw);
	draw_arguments(&draw);
	draw_end(&draw);
}

void scenario_draw_calm(struct scenario *ret, uint64_t seed)
{
	struct draw draw = { .is_calm = true };

	draw_begin(&draw, ret, seed);
	draw_machine(&draw);
	draw_calm_arguments(&draw);
	draw_end(&draw);
}

void scenario_done(struct scenario *scenario)
{
	free(scenario->machine);
	free(scenario->later);
	for (size_t i = 0; i < scenario->narguments; i++)
		free(scenario->arguments[i]);
}
