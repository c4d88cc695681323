/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clang-format off */
/*
 * The language of scenarios and of the control file: one directive a line, words parted
 * by blanks, from `#` to the end a comment. Numbers are decimal, or hexadecimal after 0x.
 *
 *   BLOCKS    N | A-B            TIMES     count K, of all its blocks; else for ever
 *   WHERE     N | A-B | *        SIZE      N, or with K M G behind: bytes
 *   FILE      state online valid_zones config memmap_on_memory ... or *
 *   ACTION    offline online online_kernel online_movable
 *
 * What the machine is made of, before anything else; only at the start:
 *
 *   block-size SIZE              else 128M
 *   s390                         there is a firmware/memory with all blocks
 *   blocks BLOCKS STATE [WHAT]...        STATE: online [ZONE] | offline | standby
 *
 * ZONE is DMA, DMA32, Normal (the default), Movable or none (several). What is online
 * has been there since boot, unless WHAT says otherwise:
 *
 *   node=N[,N]...                else 0
 *   device=NAME                  hot-plugged: PNP0C80:00 (a DIMM), kmem or virtio_mem
 *   hotplug | boot               came later; has been there since boot
 *   memmap                       memmap_on_memory is 1
 *   used=Q pinned=Q huge=Q hugefree=Q    pages that move; look like that; huge ones
 *   slab=Q pgtable=Q unknown=Q reserved=Q    that never move; unmovable=Q is slab=Q
 *   offline=Q poison=Q hole=Q    not plugged; broken; missing (hole alone: 32 pages)
 *
 * Q is a number of pages, a SIZE with its letter, or N% of the block.
 *
 * At any time, too:
 *
 *   set BLOCKS WHAT...           what is in them changes; `pinned=0` lets go of a pin
 *   add BLOCKS [WHAT]...         hot-added; come online as auto-online says
 *   remove BLOCKS [force]        set offline if need be, and gone; all or none of them,
 *                                unless forced
 *   fail WHERE FILE ERRNO [at open|read|write] [word WORD] [TIMES]
 *                                the write fails; `at open`: opening it for writing
 *   delay WHERE FILE MS [word WORD] [TIMES]      the write lasts, with the lock held;
 *                                a signal ends an offline
 *   spin WHERE [for MS] [TIMES]  an offline goes round until a signal, or for so long
 *   stick WHERE FILE [for MS] [word WORD] [TIMES]    the write does not look at signals,
 *                                not even SIGKILL, for so long, or ever
 *   steal WHERE ACTION [at read|write] [count K]     somebody else is quicker: changes the
 *                                block right after its state was read, or before it is
 *                                written; once each block
 *   lie WHERE FILE [WORD]...     what is read instead; without WORD the truth again
 *   clear                        none of these six any more
 *   hold [for MS], release       somebody else has the lock of all writers
 *   use SIZE, free SIZE          so much more, less memory is in use, somewhere
 *   leak SIZE                    each block that goes makes so much more be in use
 *   kernel-takes Q               of each block that comes online in a kernel zone
 *   watermark SIZE               sum of the zones' high watermarks; else 1/256 of them
 *   swap NAME SIZE [SIZE]        a swap area, and what is in use of it; NAME: /dev/zram0
 *   auto-online ACTION           for blocks that are added or configured
 *   policy contig-zones|auto-movable
 *   ratio N, numa-aware on|off, movable-node on|off
 *   memmap-on-memory on|off      whether the kernel can do that
 *   hotremove on|off             CONFIG_MEMORY_HOTREMOVE
 *   online-reads wait|pass       reading `online` of a block that is being changed
 *   nopage on|off                kpageflags of what is offline: older kernels set NOPAGE
 *   swapped on|off               kpageflags in the byte order that is not this machine's
 *   forget                       empties the list of writes
 *   after MS DIRECTIVE...        does that later
 */
/* clang-format on */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "files.h"
#include "names.h"
#include "scenario.h"
#include "util.h"

enum unit {
	UNIT_NOTHING,
	UNIT_PAGES,
	UNIT_BYTES,
	UNIT_PERCENT,
};

struct quantity {
	uint64_t value;
	enum unit unit;
};

/* What a line says of blocks; what it does not say stays as it is. */
struct what {
	struct quantity pages[_PAGES_MAX];
	uint64_t nodes; /* 0: not said */
	char device[24];
	bool hotplug, boot, memmap, any;
};

struct directive {
	const struct verb *verb;
	uint64_t first, last;
	struct what what;
	struct trouble trouble;
	struct quantity size, used;
	uint64_t value;
	int64_t ms;
	bool flag;
	enum state state;
	enum zone zone;
	char name[32];
	struct directive *then;
};

struct verb {
	const char *name;
	bool only_at_start;
	int (*parse)(struct directive *directive, char **rest, char *message);
	int (*run)(struct machine *machine, const struct directive *directive,
		   struct caller *caller, char *message);
	int detail; /* for what several verbs share */
};

/* ---- Words ---- */

__attribute__((format(printf, 2, 3))) static int complain(char *message,
							  const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, MESSAGE_MAX, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

/* The next word, NULL at the end. */
static char *next_word(char **rest)
{
	char *word = *rest + strspn(*rest, " \t\r");
	size_t length = strcspn(word, " \t\r");

	if (!length)
		return NULL;
	*rest = word + length;
	if (**rest)
		*(*rest)++ = '\0';
	return word;
}

/* The next word if it is this one. */
static bool accept(char **rest, const char *expected)
{
	char *word = *rest + strspn(*rest, " \t\r");
	size_t length = strlen(expected);

	if (strncmp(word, expected, length) || !strchr(" \t\r", word[length]))
		return false;
	next_word(rest);
	return true;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

/* Leaves END behind the number. */
static bool parse_number(const char *text, uint64_t *ret, const char **ret_end)
{
	uint64_t value = 0, base = 10;
	const char *c = text;

	if (c[0] == '0' && c[1] == 'x') {
		base = 16;
		c += 2;
	}
	if ((uint64_t) digit_of(*c) >= base)
		return false;
	for (; (uint64_t) digit_of(*c) < base; c++)
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, (uint64_t) digit_of(*c), &value))
			return false;
	*ret = value;
	*ret_end = c;
	return true;
}

static int word_number(char **rest, uint64_t *ret, char *message)
{
	const char *word = next_word(rest), *end;

	if (!word)
		return complain(message, "a number is missing");
	if (!parse_number(word, ret, &end) || *end)
		return complain(message, "not a number: %s", word);
	return 0;
}

static int word_ms(char **rest, int64_t *ret, char *message)
{
	uint64_t value = 0;
	int r = word_number(rest, &value, message);

	if (r < 0)
		return r;
	if (value > 1000 * 1000 * 1000)
		return complain(message, "too long a time");
	*ret = (int64_t) value;
	return 0;
}

static int parse_quantity(const char *word, struct quantity *ret, char *message)
{
	static const char letters[] = "KMG";
	const char *end, *letter;
	struct quantity quantity = { .unit = UNIT_PAGES };

	if (!parse_number(word, &quantity.value, &end))
		return complain(message, "not a size: %s", word);
	if (!strcmp(end, "%") && quantity.value <= 100) {
		quantity.unit = UNIT_PERCENT;
	} else if (*end) {
		letter = strchr(letters, *end);
		if (!letter || end[1] ||
		    quantity.value > UINT64_MAX >> (10 * (letter - letters + 1)))
			return complain(message, "not a size: %s", word);
		quantity.value <<= 10 * (letter - letters + 1);
		quantity.unit = UNIT_BYTES;
	}
	*ret = quantity;
	return 0;
}

/* Where a number alone is bytes. */
static int word_size(char **rest, struct quantity *ret, char *message)
{
	const char *word = next_word(rest);
	int r;

	if (!word)
		return complain(message, "a size is missing");
	r = parse_quantity(word, ret, message);
	if (r < 0)
		return r;
	if (ret->unit == UNIT_PERCENT)
		return complain(message, "a part of what? %s", word);
	ret->unit = UNIT_BYTES;
	return 0;
}

#define INDEX_MAX (UINT64_C(1) << 40)
#define BLOCKS_MAX (UINT64_C(1) << 20)
#define EACH_MAX 1024

static int parse_blocks(const char *word, uint64_t *ret_first, uint64_t *ret_last,
			char *message)
{
	const char *end = word;

	if (!word)
		return complain(message, "the blocks are missing");
	if (!parse_number(word, ret_first, &end))
		return complain(message, "not blocks: %s", word);
	*ret_last = *ret_first;
	if (*end == '-' && !parse_number(end + 1, ret_last, &end))
		return complain(message, "not blocks: %s", word);
	if (*end || *ret_last < *ret_first || *ret_last > INDEX_MAX)
		return complain(message, "not blocks: %s", word);
	return 0;
}

static int word_blocks(struct directive *directive, char **rest, char *message)
{
	int r = parse_blocks(next_word(rest), &directive->first, &directive->last,
			     message);

	if (r == 0 && directive->last - directive->first >= BLOCKS_MAX)
		return complain(message, "too many blocks");
	return r;
}

static int word_on_off(char **rest, bool *ret, char *message)
{
	if (accept(rest, "on"))
		*ret = true;
	else if (accept(rest, "off"))
		*ret = false;
	else
		return complain(message, "neither on nor off");
	return 0;
}

static int word_action(char **rest, unsigned int *ret, char *message)
{
	const char *word = next_word(rest);
	int action = word ? name_index(action_names, _ACTION_MAX, word) : -1;

	if (action < 0)
		return complain(message, "not an action: %s", word ?: "nothing");
	*ret = (unsigned int) action;
	return 0;
}

/* ---- What blocks are like ---- */

static int parse_nodes(const char *text, uint64_t *ret, char *message)
{
	const char *c = text;
	uint64_t nodes = 0, node;

	do {
		if (!parse_number(c, &node, &c) || node >= NODES_MAX || (*c && *c != ','))
			return complain(message, "not nodes: %s", text);
		nodes |= UINT64_C(1) << node;
	} while (*c++);
	*ret = nodes;
	return 0;
}

static int parse_device(struct what *what, const char *name, char *message)
{
	if (!*name || strlen(name) >= sizeof(what->device) || strchr(name, '/') ||
	    name[0] == '.')
		return complain(message, "not a device: %s", name);
	snprintf(what->device, sizeof(what->device), "%s", name);
	what->hotplug = true;
	return 0;
}

#define HOLE_PAGES 32

static int parse_what(struct what *what, char *word, char *message)
{
	char *value = strchr(word, '=');
	int pages;

	what->any = true;
	if (!strcmp(word, "hole"))
		what->pages[PAGES_HOLE] = (struct quantity){ HOLE_PAGES, UNIT_PAGES };
	else if (!strcmp(word, "hotplug"))
		what->hotplug = true;
	else if (!strcmp(word, "boot"))
		what->boot = true;
	else if (!strcmp(word, "memmap"))
		what->memmap = true;
	else if (!value)
		return complain(message, "unknown: %s", word);
	if (!value)
		return 0;

	*value++ = '\0';
	if (!strcmp(word, "node"))
		return parse_nodes(value, &what->nodes, message);
	if (!strcmp(word, "device"))
		return parse_device(what, value, message);
	pages = name_index(pages_names, _PAGES_MAX, word);
	if (!strcmp(word, "unmovable"))
		pages = PAGES_SLAB;
	if (pages < 0 || pages == PAGES_MEMMAP)
		return complain(message, "unknown: %s", word);
	return parse_quantity(value, &what->pages[pages], message);
}

static int words_what(struct directive *directive, char **rest, char *message)
{
	char *word;
	int r = 0;

	while (r == 0 && (word = next_word(rest)))
		r = parse_what(&directive->what, word, message);
	return r;
}

static uint64_t to_pages(const struct machine *machine, struct quantity quantity)
{
	switch (quantity.unit) {
	case UNIT_BYTES:
		return quantity.value / machine->page_bytes;
	case UNIT_PERCENT:
		return quantity.value * machine->block_pages / 100;
	default:
		return quantity.value;
	}
}

/* Only as a whole: nothing changes if it is more than a block holds. */
static int describe(struct machine *machine, struct block *block, const struct what *what,
		    char *message)
{
	struct block described = *block;
	uint64_t sum = 0;

	for (unsigned int i = 0; i < _PAGES_MAX; i++) {
		if (what->pages[i].unit)
			described.pages[i] = to_pages(machine, what->pages[i]);
		if (__builtin_add_overflow(sum, described.pages[i], &sum) ||
		    sum > machine->block_pages)
			return complain(message, "more than a block holds");
	}
	if (what->nodes)
		described.nodes = what->nodes;
	if (what->device[0])
		memcpy(described.device, what->device, sizeof(described.device));
	if (what->hotplug)
		described.early = false;
	if (what->boot)
		described.early = true;
	if (what->memmap)
		described.memmap_on_memory = true;
	*block = described;
	machine_place(machine, block, block->state, block->zone);
	return 0;
}

/* ---- The machine ---- */

static int parse_nothing(struct directive *directive, char **rest, char *message)
{
	(void) directive;
	(void) rest;
	(void) message;
	return 0;
}

static int parse_block_size(struct directive *directive, char **rest, char *message)
{
	int r = word_size(rest, &directive->size, message);

	if (r == 0 && (directive->size.value < 1 << 20 ||
		       directive->size.value & (directive->size.value - 1) ||
		       directive->size.value > UINT64_C(1) << 36))
		return complain(message, "not the size of a block");
	return r;
}

static int run_block_size(struct machine *machine, const struct directive *directive,
			  struct caller *caller, char *message)
{
	(void) caller;
	if (machine->nblocks)
		return complain(message, "there are blocks already");
	machine->block_bytes = directive->size.value;
	machine->block_pages = machine->block_bytes / machine->page_bytes;
	return 0;
}

static int run_s390(struct machine *machine, const struct directive *directive,
		    struct caller *caller, char *message)
{
	(void) directive;
	(void) caller;
	if (machine->nblocks)
		return complain(message, "there are blocks already");
	machine->configurable = true;
	return 0;
}

/* `online`, and a zone or none; the flag is for `standby`. */
static int parse_blocks_directive(struct directive *directive, char **rest, char *message)
{
	int r = word_blocks(directive, rest, message);

	if (r < 0)
		return r;
	directive->zone = ZONE_NORMAL;
	if (accept(rest, "online"))
		directive->state = STATE_ONLINE;
	else if (accept(rest, "standby"))
		directive->flag = true;
	else if (!accept(rest, "offline"))
		return complain(message, "neither online nor offline nor standby");
	for (enum zone zone = 0; directive->state == STATE_ONLINE && zone < _ZONE_MAX;
	     zone++)
		if (accept(rest, zone_names[zone])) {
			directive->zone = zone;
			break;
		}
	return words_what(directive, rest, message);
}

static int describe_first(struct machine *machine, const struct directive *directive,
			  uint64_t index, char *message)
{
	struct block *block = machine_make(machine, index);

	if (!block)
		return -ENOMEM;
	if (block->present || block->firmware)
		return complain(message, "block %llu is there already",
				(unsigned long long) index);
	block->early = directive->state == STATE_ONLINE;
	if (machine->configurable)
		machine_firmware_appear(machine, block);
	if (!directive->flag)
		machine_appear(machine, block);
	if (directive->state == STATE_ONLINE)
		machine_place(machine, block, STATE_ONLINE, directive->zone);
	return describe(machine, block, &directive->what, message);
}

static int run_blocks(struct machine *machine, const struct directive *directive,
		      struct caller *caller, char *message)
{
	unsigned int group = directive->what.hotplug ? ++machine->ngroups : 0;
	int r = 0;

	(void) caller;
	if (directive->flag && !machine->configurable)
		return complain(message, "standby is for s390");
	for (uint64_t i = directive->first; r == 0 && i <= directive->last; i++) {
		r = describe_first(machine, directive, i, message);
		if (r == 0) {
			struct block *block = machine_find(machine, i);

			block->group = group;
			machine->nodes |= block->nodes;
		}
	}
	return r;
}

static int parse_set(struct directive *directive, char **rest, char *message)
{
	int r = word_blocks(directive, rest, message);

	if (r == 0)
		r = words_what(directive, rest, message);
	if (r == 0 && !directive->what.any)
		return complain(message, "nothing to set");
	return r;
}

static int run_set(struct machine *machine, const struct directive *directive,
		   struct caller *caller, char *message)
{
	int r = 0;

	(void) caller;
	for (uint64_t i = directive->first; r == 0 && i <= directive->last; i++) {
		struct block *block = machine_find(machine, i);

		if (!block)
			return complain(message, "no block %llu", (unsigned long long) i);
		r = describe(machine, block, &directive->what, message);
		if (r == 0 && block->present)
			machine->nodes |= block->nodes;
	}
	return r;
}

static int parse_add(struct directive *directive, char **rest, char *message)
{
	int r = word_blocks(directive, rest, message);

	return r < 0 ? r : words_what(directive, rest, message);
}

static int run_add(struct machine *machine, const struct directive *directive,
		   struct caller *caller, char *message)
{
	unsigned int group = ++machine->ngroups;
	int r;

	for (uint64_t i = directive->first; i <= directive->last; i++) {
		struct block *block = machine_make(machine, i);

		if (!block)
			return -ENOMEM;
		if (block->present)
			return complain(message, "block %llu is there already",
					(unsigned long long) i);
		block->nodes = 1;
		block->device[0] = '\0';
		block->group = group;
		block->memmap_on_memory = false;
		memset(block->pages, 0, sizeof(block->pages));
		r = describe(machine, block, &directive->what, message);
		if (r < 0)
			return r;
	}
	return machine_add(machine, directive->first, directive->last, caller);
}

static int parse_remove(struct directive *directive, char **rest, char *message)
{
	int r = word_blocks(directive, rest, message);

	directive->flag = accept(rest, "force");
	return r;
}

static int run_remove(struct machine *machine, const struct directive *directive,
		      struct caller *caller, char *message)
{
	(void) message;
	return machine_remove(machine, directive->first, directive->last, directive->flag,
			      caller);
}

/* ---- Troubles ---- */

static int word_where(struct directive *directive, char **rest, char *message)
{
	struct trouble *trouble = &directive->trouble;

	trouble->count = TROUBLE_ALWAYS;
	trouble->moment = MOMENT_WRITE;
	trouble->ms = INT64_MAX;
	trouble->file = FILE_ANY;
	trouble->last = UINT64_MAX;
	if (accept(rest, "*"))
		return 0;
	return parse_blocks(next_word(rest), &trouble->first, &trouble->last, message);
}

static int word_file(struct directive *directive, char **rest, char *message)
{
	const char *word;
	int file;

	if (accept(rest, "*"))
		return 0;
	word = next_word(rest);
	file = word ? file_by_name(word) : -1;
	if (file < 0)
		return complain(message, "not a file: %s", word ?: "nothing");
	directive->trouble.file = (enum file) file;
	return 0;
}

static int word_moment(struct directive *directive, char **rest, char *message)
{
	const char *word = next_word(rest);
	int moment = word ? name_index(moment_names, _MOMENT_MAX, word) : -1;

	if (moment < 0)
		return complain(message, "not a moment: %s", word ?: "nothing");
	directive->trouble.moment = (enum moment) moment;
	return 0;
}

static int word_word(struct directive *directive, char **rest, char *message)
{
	const char *word = next_word(rest);

	if (!word || strlen(word) >= sizeof(directive->trouble.word))
		return complain(message, "not a word that is written");
	snprintf(directive->trouble.word, sizeof(directive->trouble.word), "%s", word);
	return 0;
}

/* At the end of the line, in any order. */
static int words_conditions(struct directive *directive, char **rest, char *message)
{
	int r = 0;

	while (r == 0) {
		if (accept(rest, "at"))
			r = word_moment(directive, rest, message);
		else if (accept(rest, "word"))
			r = word_word(directive, rest, message);
		else if (accept(rest, "for"))
			r = word_ms(rest, &directive->trouble.ms, message);
		else if (accept(rest, "count"))
			r = word_number(rest, &directive->trouble.count, message);
		else
			break;
	}
	return r;
}

static int parse_fail(struct directive *directive, char **rest, char *message)
{
	int r = word_where(directive, rest, message);
	const char *word;

	if (r == 0)
		r = word_file(directive, rest, message);
	if (r < 0)
		return r;
	word = next_word(rest);
	directive->trouble.error = word ? error_number(word) : 0;
	if (!directive->trouble.error)
		return complain(message, "not an errno: %s", word ?: "nothing");
	return words_conditions(directive, rest, message);
}

static int parse_delay(struct directive *directive, char **rest, char *message)
{
	int r = word_where(directive, rest, message);

	if (r == 0)
		r = word_file(directive, rest, message);
	if (r == 0)
		r = word_ms(rest, &directive->trouble.ms, message);
	return r < 0 ? r : words_conditions(directive, rest, message);
}

static int parse_spin(struct directive *directive, char **rest, char *message)
{
	int r = word_where(directive, rest, message);

	return r < 0 ? r : words_conditions(directive, rest, message);
}

static int parse_stick(struct directive *directive, char **rest, char *message)
{
	int r = word_where(directive, rest, message);

	if (r == 0)
		r = word_file(directive, rest, message);
	return r < 0 ? r : words_conditions(directive, rest, message);
}

static int parse_steal(struct directive *directive, char **rest, char *message)
{
	int r = word_where(directive, rest, message);

	if (r == 0)
		r = word_action(rest, &directive->trouble.action, message);
	directive->trouble.count = 1;
	directive->trouble.moment = MOMENT_READ;
	return r < 0 ? r : words_conditions(directive, rest, message);
}

static int parse_lie(struct directive *directive, char **rest, char *message)
{
	struct trouble *trouble = &directive->trouble;
	int r = word_where(directive, rest, message);
	const char *word;
	size_t length = 0;

	if (r == 0)
		r = word_file(directive, rest, message);
	if (r < 0)
		return r;
	trouble->moment = MOMENT_READ;
	while ((word = next_word(rest))) {
		length += (size_t) snprintf(trouble->text + length,
					    sizeof(trouble->text) - length, "%s%s",
					    length ? " " : "", word);
		if (length + 1 >= sizeof(trouble->text))
			return complain(message, "too long a lie");
	}
	if (length)
		memcpy(trouble->text + length, "\n", 2);
	return 0;
}

/* Each block has a count of its own; but not where `*` means whichever comes first. */
static int add_for_each(struct machine *machine, struct trouble trouble)
{
	uint64_t last = trouble.last;
	int r = 0;

	if (last - trouble.first >= EACH_MAX)
		return trouble_add(&machine->troubles, &trouble);
	for (; r == 0 && trouble.first <= last; trouble.first++) {
		trouble.last = trouble.first;
		r = trouble_add(&machine->troubles, &trouble);
	}
	return r;
}

static int run_trouble(struct machine *machine, const struct directive *directive,
		       struct caller *caller, char *message)
{
	struct trouble trouble = directive->trouble;

	(void) caller;
	(void) message;
	trouble.kind = (enum trouble_kind) directive->verb->detail;
	if (trouble.kind == TROUBLE_LIE) {
		/* the newest is believed */
		trouble_clear(&machine->troubles, TROUBLE_LIE, trouble.file);
		if (!trouble.text[0])
			return 0;
	}
	if (trouble.kind == TROUBLE_STEAL)
		return add_for_each(machine, trouble);
	return trouble_add(&machine->troubles, &trouble);
}

static int run_clear(struct machine *machine, const struct directive *directive,
		     struct caller *caller, char *message)
{
	(void) directive;
	(void) caller;
	(void) message;
	trouble_clear_all(&machine->troubles);
	return 0;
}

static int parse_hold(struct directive *directive, char **rest, char *message)
{
	directive->ms = -1;
	return accept(rest, "for") ? word_ms(rest, &directive->ms, message) : 0;
}

/* Comes back at once, but for the time that others have the lock. */
static int run_hold(struct machine *machine, const struct directive *directive,
		    struct caller *caller, char *message)
{
	(void) message;
	return machine_hold(machine, caller, directive->ms);
}

static int run_release(struct machine *machine, const struct directive *directive,
		       struct caller *caller, char *message)
{
	(void) directive;
	(void) caller;
	return machine_unhold(machine) < 0 ? complain(message, "nobody holds the lock")
					   : 0;
}

/* ---- Memory in use ---- */

static int parse_size(struct directive *directive, char **rest, char *message)
{
	return word_size(rest, &directive->size, message);
}

static int run_use(struct machine *machine, const struct directive *directive,
		   struct caller *caller, char *message)
{
	(void) caller;
	if (machine_use(machine, NULL, to_pages(machine, directive->size)))
		return complain(message, "there is not so much memory");
	return 0;
}

static int run_free(struct machine *machine, const struct directive *directive,
		    struct caller *caller, char *message)
{
	(void) caller;
	(void) message;
	machine_release(machine, to_pages(machine, directive->size));
	return 0;
}

static int run_leak(struct machine *machine, const struct directive *directive,
		    struct caller *caller, char *message)
{
	(void) caller;
	(void) message;
	machine->leak = to_pages(machine, directive->size);
	return 0;
}

static int parse_kernel_takes(struct directive *directive, char **rest, char *message)
{
	const char *word = next_word(rest);

	if (!word)
		return complain(message, "a size is missing");
	return parse_quantity(word, &directive->size, message);
}

static int run_kernel_takes(struct machine *machine, const struct directive *directive,
			    struct caller *caller, char *message)
{
	(void) caller;
	(void) message;
	machine->kernel_takes = to_pages(machine, directive->size);
	return 0;
}

static int run_watermark(struct machine *machine, const struct directive *directive,
			 struct caller *caller, char *message)
{
	(void) caller;
	(void) message;
	machine->watermark = to_pages(machine, directive->size);
	return 0;
}

static int parse_swap(struct directive *directive, char **rest, char *message)
{
	const char *name = next_word(rest);
	int r;

	if (!name || strlen(name) >= sizeof(directive->name))
		return complain(message, "not a name: %s", name ?: "nothing");
	snprintf(directive->name, sizeof(directive->name), "%s", name);
	r = word_size(rest, &directive->size, message);
	if (r == 0 && **rest)
		r = word_size(rest, &directive->used, message);
	if (r == 0 && directive->used.value > directive->size.value)
		return complain(message, "more in use than there is");
	return r;
}

static int run_swap(struct machine *machine, const struct directive *directive,
		    struct caller *caller, char *message)
{
	struct swap *swap = machine->swaps;

	(void) caller;
	while (swap < machine->swaps + machine->nswaps &&
	       strcmp(swap->name, directive->name))
		swap++;
	if (swap == machine->swaps + SWAPS_MAX)
		return complain(message, "too many swap areas");
	if (swap == machine->swaps + machine->nswaps)
		machine->nswaps++;
	swap->pages = to_pages(machine, directive->size);
	swap->used = to_pages(machine, directive->used);
	snprintf(swap->name, sizeof(swap->name), "%s", directive->name);
	return 0;
}

/* ---- Parameters ---- */

static int parse_auto_online(struct directive *directive, char **rest, char *message)
{
	return word_action(rest, &directive->trouble.action, message);
}

static int run_auto_online(struct machine *machine, const struct directive *directive,
			   struct caller *caller, char *message)
{
	(void) caller;
	(void) message;
	machine->auto_online = directive->trouble.action;
	return 0;
}

static int parse_policy(struct directive *directive, char **rest, char *message)
{
	directive->flag = accept(rest, "auto-movable");
	if (!directive->flag && !accept(rest, "contig-zones"))
		return complain(message, "neither contig-zones nor auto-movable");
	return 0;
}

static int parse_online_reads(struct directive *directive, char **rest, char *message)
{
	directive->flag = accept(rest, "wait");
	if (!directive->flag && !accept(rest, "pass"))
		return complain(message, "neither wait nor pass");
	return 0;
}

static int parse_on_off(struct directive *directive, char **rest, char *message)
{
	return word_on_off(rest, &directive->flag, message);
}

static int parse_ratio(struct directive *directive, char **rest, char *message)
{
	int r = word_number(rest, &directive->value, message);

	if (r == 0 && directive->value > 1000000)
		return complain(message, "too large a ratio");
	return r;
}

static int run_ratio(struct machine *machine, const struct directive *directive,
		     struct caller *caller, char *message)
{
	(void) caller;
	(void) message;
	machine->auto_movable_ratio = (unsigned int) directive->value;
	return 0;
}

static int run_flag(struct machine *machine, const struct directive *directive,
		    struct caller *caller, char *message)
{
	(void) caller;
	(void) message;
	*(bool *) ((char *) machine + directive->verb->detail) = directive->flag;
	return 0;
}

static int run_forget(struct machine *machine, const struct directive *directive,
		      struct caller *caller, char *message)
{
	(void) directive;
	(void) caller;
	(void) message;
	journal_clear(&machine->journal);
	return 0;
}

/* ---- All of them ---- */

static int parse_after(struct directive *directive, char **rest, char *message)
{
	int r = word_ms(rest, &directive->ms, message);

	if (r < 0)
		return r;
	r = directive_parse(*rest, message, &directive->then);
	if (r < 0)
		return r;
	*rest += strlen(*rest);
	if (!directive->then)
		return complain(message, "nothing to do later");
	return 0;
}

#define FLAG(member) offsetof(struct machine, member)

static const struct verb verbs[] = {
	{ "block-size", true, parse_block_size, run_block_size, 0 },
	{ "s390", true, parse_nothing, run_s390, 0 },
	{ "blocks", true, parse_blocks_directive, run_blocks, 0 },
	{ "set", false, parse_set, run_set, 0 },
	{ "add", false, parse_add, run_add, 0 },
	{ "remove", false, parse_remove, run_remove, 0 },
	{ "fail", false, parse_fail, run_trouble, TROUBLE_FAIL },
	{ "delay", false, parse_delay, run_trouble, TROUBLE_DELAY },
	{ "spin", false, parse_spin, run_trouble, TROUBLE_SPIN },
	{ "stick", false, parse_stick, run_trouble, TROUBLE_STICK },
	{ "steal", false, parse_steal, run_trouble, TROUBLE_STEAL },
	{ "lie", false, parse_lie, run_trouble, TROUBLE_LIE },
	{ "clear", false, parse_nothing, run_clear, 0 },
	{ "hold", false, parse_hold, run_hold, 0 },
	{ "release", false, parse_nothing, run_release, 0 },
	{ "use", false, parse_size, run_use, 0 },
	{ "free", false, parse_size, run_free, 0 },
	{ "leak", false, parse_size, run_leak, 0 },
	{ "kernel-takes", false, parse_kernel_takes, run_kernel_takes, 0 },
	{ "watermark", false, parse_size, run_watermark, 0 },
	{ "swap", false, parse_swap, run_swap, 0 },
	{ "auto-online", false, parse_auto_online, run_auto_online, 0 },
	{ "policy", false, parse_policy, run_flag, FLAG(auto_movable) },
	{ "ratio", false, parse_ratio, run_ratio, 0 },
	{ "numa-aware", false, parse_on_off, run_flag, FLAG(numa_aware) },
	{ "movable-node", false, parse_on_off, run_flag, FLAG(movable_node) },
	{ "memmap-on-memory", false, parse_on_off, run_flag, FLAG(memmap_supported) },
	{ "hotremove", false, parse_on_off, run_flag, FLAG(hotremove) },
	{ "online-reads", false, parse_online_reads, run_flag, FLAG(online_read_waits) },
	{ "nopage", false, parse_on_off, run_flag, FLAG(nopage) },
	{ "swapped", false, parse_on_off, run_flag, FLAG(swapped) },
	{ "forget", false, parse_nothing, run_forget, 0 },
	{ "after", false, parse_after, NULL, 0 },
};

void directive_free(struct directive *directive)
{
	if (directive)
		directive_free(directive->then);
	free(directive);
}

static void directive_freep(struct directive **directive)
{
	directive_free(*directive);
}

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

int directive_parse(const char *line, char message[MESSAGE_MAX], struct directive **ret)
{
	_cleanup_(directive_freep) struct directive *directive = NULL;
	_cleanup_free_ char *copy = strndup(line, strcspn(line, "#\n"));
	char *rest = copy, *word;
	int r;

	if (!copy)
		return -ENOMEM;
	word = next_word(&rest);
	if (!word) {
		*ret = NULL;
		return 0;
	}
	directive = calloc(1, sizeof(*directive));
	if (!directive)
		return -ENOMEM;

	directive->verb = find_verb(word);
	if (!directive->verb)
		return complain(message, "unknown directive: %s", word);
	r = directive->verb->parse(directive, &rest, message);
	if (r < 0)
		return r;
	word = next_word(&rest);
	if (word)
		return complain(message, "too much: %s", word);
	*ret = directive;
	directive = NULL;
	return 0;
}

struct directive *directive_after(struct directive *directive, int64_t *ret_ms)
{
	*ret_ms = directive->ms;
	return directive->then;
}

int directive_run(struct machine *machine, const struct directive *directive,
		  bool at_start, struct caller *caller, char message[MESSAGE_MAX])
{
	int r;

	if (directive->verb->only_at_start && !at_start)
		return complain(message, "%s is for the start only",
				directive->verb->name);
	r = directive->verb->run(machine, directive, caller, message);
	machine_wake(machine);

	return r;
}
