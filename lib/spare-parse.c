/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers out of the text of meminfo, swaps and zoneinfo: strict about what is known, and
 * lenient about what newer kernels add. Pure.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "spare.h"
#include "util.h"

/* ---- Lines of fields ---- */

#define BLANKS " \t"
#define FIELDS_MAX 4

struct field {
	const char *text; /* not terminated */
	size_t length;
};

struct line {
	struct field field[FIELDS_MAX];
	size_t nfields; /* of the line, even if they are more */
};

/* Takes the next line off TEXT; false if there is none. */
static bool line_next(const char **text, struct line *ret)
{
	const char *at = *text;

	if (!*at)
		return false;
	*ret = (struct line){ .nfields = 0 };
	for (;;) {
		size_t length;

		at += strspn(at, BLANKS);
		length = strcspn(at, BLANKS "\n");
		if (!length)
			break;
		if (ret->nfields < FIELDS_MAX)
			ret->field[ret->nfields] = (struct field){ at, length };
		ret->nfields++;
		at += length;
	}
	*text = *at ? at + 1 : at;

	return true;
}

static bool field_is(struct field field, const char *word)
{
	return field.length == strlen(word) && !memcmp(field.text, word, field.length);
}

static bool field_begins(struct field field, const char *word)
{
	return field.length >= strlen(word) && !memcmp(field.text, word, strlen(word));
}

/* The number that is all of FIELD, in units of UNIT; -EBADMSG if it is none. */
static int field_number(struct field field, uint64_t unit, uint64_t *ret)
{
	uint64_t value;

	if (decimal_parse(field.text, field.length, &value) < 0)
		return -EBADMSG;

	return __builtin_mul_overflow(value, unit, ret) ? -EBADMSG : 0;
}

/* ---- meminfo ---- */

#define KB 1024

static int meminfo_value(const struct line *line, uint64_t *ret)
{
	if (line->nfields != 3 || !field_is(line->field[2], "kB"))
		return -EBADMSG;

	return field_number(line->field[1], KB, ret);
}

int spare_parse_meminfo(const char *text, struct spare_numbers *numbers)
{
	bool available = false;
	struct line line;
	int r = 0;

	numbers->swap_free_bytes = 0;
	while (r == 0 && line_next(&text, &line)) {
		if (field_is(line.field[0], "MemAvailable:")) {
			r = meminfo_value(&line, &numbers->available_bytes);
			available = true;
		} else if (field_is(line.field[0], "SwapFree:")) {
			r = meminfo_value(&line, &numbers->swap_free_bytes);
		}
	}
	if (r < 0)
		return r;

	return available ? 0 : -EBADMSG;
}

int spare_parse_huge_pages(const char *text, uint64_t *ret)
{
	struct line line;

	while (line_next(&text, &line))
		if (line.nfields == 2 && field_is(line.field[0], "HugePages_Total:"))
			return field_number(line.field[1], 1, ret);

	return -EBADMSG;
}

/* ---- swaps ---- */

/* zram keeps in memory what is swapped to it, so it gives none. */
static bool is_zram(struct field name)
{
	return field_begins(name, "/dev/zram");
}

void spare_parse_swaps(const char *text, struct spare_numbers *numbers)
{
	struct line line;

	numbers->swap_disk_bytes = 0;
	while (line_next(&text, &line)) {
		uint64_t size, used;

		/* the headline has no numbers */
		if (line.nfields != 5 || is_zram(line.field[0]) ||
		    field_number(line.field[2], KB, &size) < 0 ||
		    field_number(line.field[3], KB, &used) < 0)
			continue;
		numbers->swap_disk_bytes = u64_add(numbers->swap_disk_bytes,
						   u64_subtract(size, used));
	}
}

/* ---- zoneinfo ---- */

#define KEYS_REQUIRED 4 /* the first of them, in each zone */

static const struct {
	const char *name;
	size_t offset;
} zone_keys[] = {
	{ "free", offsetof(struct spare_zone, free_bytes) },
	{ "high", offsetof(struct spare_zone, high_bytes) },
	{ "present", offsetof(struct spare_zone, present_bytes) },
	{ "managed", offsetof(struct spare_zone, managed_bytes) },
	{ "cma", offsetof(struct spare_zone, cma_bytes) },
	{ "nr_free_cma", offsetof(struct spare_zone, free_cma_bytes) },
	{ "nr_inactive_file", offsetof(struct spare_zone, inactive_file_bytes) },
	{ "nr_active_file", offsetof(struct spare_zone, active_file_bytes) },
};

/* Where a parse of zoneinfo is. */
struct zone_parser {
	struct spare_numbers *numbers;
	uint64_t page_size_bytes;
	unsigned int seen; /* of the keys, in the last zone */
};

/* -EBADMSG if the last zone lacks something. */
static int zone_end(const struct zone_parser *parser)
{
	const unsigned int required = (1U << KEYS_REQUIRED) - 1;

	return parser->numbers->nzones && (parser->seen & required) != required ? -EBADMSG
										: 0;
}

static enum memblk_zone zone_name(struct field field)
{
	char name[16];

	if (field.length >= sizeof(name))
		return MEMBLK_ZONE_NONE;
	memcpy(name, field.text, field.length);
	name[field.length] = '\0';

	return memblk_zone_from_string(name);
}

/* "Node 0, zone   Normal" */
static int zone_begin(struct zone_parser *parser, const struct line *line)
{
	struct spare_numbers *numbers = parser->numbers;
	struct field node = line->field[1];
	struct spare_zone zone = { .node = 0 }, *zones;
	int r;

	if (line->nfields != 4 || !field_is(line->field[2], "zone") ||
	    node.text[--node.length] != ',')
		return -EBADMSG;
	r = field_number(node, 1, &zone.node);
	if (r < 0)
		return r;
	zone.zone = zone_name(line->field[3]);

	zones = reallocarray(numbers->zones, numbers->nzones + 1, sizeof(*zones));
	if (!zones)
		return -ENOMEM;
	zones[numbers->nzones++] = zone;
	numbers->zones = zones;
	parser->seen = 0;
	return 0;
}

static int zone_line(struct zone_parser *parser, const struct line *line)
{
	struct spare_numbers *numbers = parser->numbers;
	/* "pages free 1", then "high 2" and the others */
	size_t key = field_is(line->field[0], "pages") ? 1 : 0;
	void *zone;

	if (!numbers->nzones)
		return 0;
	zone = &numbers->zones[numbers->nzones - 1];
	for (size_t i = 0; i < ARRAY_SIZE(zone_keys); i++) {
		if (!field_is(line->field[key], zone_keys[i].name))
			continue;
		if (line->nfields != key + 2)
			return -EBADMSG;
		parser->seen |= 1U << i;
		return field_number(line->field[key + 1], parser->page_size_bytes,
				    (uint64_t *) ((char *) zone + zone_keys[i].offset));
	}
	return 0;
}

int spare_parse_zoneinfo(const char *text, uint64_t page_size_bytes,
			 struct spare_numbers *numbers)
{
	struct zone_parser parser = { .numbers = numbers,
				      .page_size_bytes = page_size_bytes };
	struct line line;
	int r = 0;

	numbers->nzones = 0;
	while (r == 0 && line_next(&text, &line)) {
		if (!field_is(line.field[0], "Node")) {
			r = zone_line(&parser, &line);
			continue;
		}
		r = zone_end(&parser);
		if (r == 0)
			r = zone_begin(&parser, &line);
	}
	if (r == 0)
		r = zone_end(&parser);
	if (r == 0 && !numbers->nzones)
		r = -EBADMSG;

	return r;
}

void spare_numbers_done(struct spare_numbers *numbers)
{
	free(numbers->zones);
	*numbers = (struct spare_numbers){ .nzones = 0 };
}
