/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SIZE, RANGE, BLOCKRANGE, lists and seconds: from text to a selection of blocks or a
 * number, and sizes back to text. Pure: no system is asked, and no locale, so that a
 * number means the same everywhere.
 */
#include "config.h"

#include <string.h>

#include "memblk.h"
#include "util.h"

#define MIB (UINT64_C(1) << 20)

/* A part of the operand, from text up to end. */
struct span {
	const char *text, *end;
};

static int fault(struct memblk_fault *ret, enum memblk_fault_kind kind, struct span span,
		 int error)
{
	*ret = (struct memblk_fault){
		.kind = kind,
		.text = span.text,
		.length = (size_t) (span.end - span.text),
		.error = error,
	};
	return -error;
}

static int digit_value(char c, unsigned int base)
{
	static const char digits[] = "0123456789abcdef";
	const char *digit;

	if (c >= 'A' && c <= 'F')
		c = (char) (c - 'A' + 'a');
	digit = c ? memchr(digits, c, base) : NULL;

	return digit ? (int) (digit - digits) : -1;
}

/*
 * Reads digits of BASE from *CURSOR up to END or to the first character that is none,
 * where *CURSOR is left. -EINVAL if there is no digit, -ERANGE beyond 64 bits.
 */
static int parse_digits(const char **cursor, const char *end, unsigned int base,
			uint64_t *ret)
{
	const char *start = *cursor;
	uint64_t value = 0;

	for (; *cursor < end; (*cursor)++) {
		int digit = digit_value(**cursor, base);

		if (digit < 0)
			break;
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, (uint64_t) digit, &value))
			return -ERANGE;
	}
	if (*cursor == start)
		return -EINVAL;
	*ret = value;

	return 0;
}

static bool has_leading_zero(struct span span)
{
	return span.end - span.text > 1 && span.text[0] == '0' &&
	       digit_value(span.text[1], 10) >= 0;
}

/* The whole of SPAN is one number. */
static int parse_number(struct span span, unsigned int base, uint64_t *ret)
{
	const char *cursor = span.text;
	uint64_t value;
	int r;

	if (base == 10 && has_leading_zero(span))
		return -EINVAL;
	r = parse_digits(&cursor, span.end, base, &value);
	if (r < 0)
		return r;
	if (cursor != span.end)
		return -EINVAL;
	*ret = value;

	return 0;
}

/*
 * Reads a number as parse_digits() does, in decimal digits without a leading zero, and
 * the point and the digits behind it, if there is one: *RET_DECIMALS, which may be empty.
 * Its text is NULL where there is no point.
 */
static int parse_decimal(const char **cursor, const char *end, uint64_t *ret_value,
			 struct span *ret_decimals)
{
	struct span decimals = { NULL, NULL };
	uint64_t value;
	int r;

	if (has_leading_zero((struct span){ *cursor, end }))
		return -EINVAL;
	r = parse_digits(cursor, end, 10, &value);
	if (r < 0)
		return r;

	if (*cursor < end && **cursor == '.') {
		decimals.text = ++*cursor;
		while (*cursor < end && digit_value(**cursor, 10) >= 0)
			(*cursor)++;
		decimals.end = *cursor;
	}
	*ret_value = value;
	*ret_decimals = decimals;

	return 0;
}

/* ---- SIZE ---- */

struct unit {
	unsigned int base;  /* 1024 or 1000 */
	unsigned int power; /* of the base */
};

#define UNIT_POWER_MAX 6 /* E: of Z and Y, nothing but zero fits 64 bits */

/* K, KiB or KB and so on; the whole of SPAN. */
static bool parse_unit(struct span span, struct unit *ret)
{
	static const char prefixes[] = "kmgtpezy";
	size_t length = (size_t) (span.end - span.text);
	const char *prefix;

	if (length < 1 || length > 3)
		return false;
	prefix = memchr(prefixes, span.text[0] | 0x20, sizeof(prefixes) - 1);
	if (!prefix)
		return false;
	if (length > 1 && (span.end[-1] | 0x20) != 'b')
		return false;
	if (length == 3 && span.text[1] != 'i')
		return false;

	*ret = (struct unit){
		.base = length == 2 ? 1000 : 1024,
		.power = (unsigned int) (prefix - prefixes) + 1,
	};
	return true;
}

/*
 * A fraction times a power of 2 or 10 up to 2^60 is a whole number only if it has at most
 * so many digits without the zeros at its end.
 */
#define FRACTION_DIGITS_MAX 60

struct fraction {
	unsigned char digit[FRACTION_DIGITS_MAX];
	size_t ndigits;
};

/* The digits of SPAN. False if some are left out: then no number of bytes is whole. */
static bool fraction_init(struct fraction *ret, struct span span)
{
	bool exact = true;

	while (span.end > span.text && span.end[-1] == '0')
		span.end--;
	if ((size_t) (span.end - span.text) > ARRAY_SIZE(ret->digit)) {
		span.end = span.text + ARRAY_SIZE(ret->digit);
		exact = false;
	}

	ret->ndigits = 0;
	for (const char *c = span.text; c < span.end; c++)
		ret->digit[ret->ndigits++] = (unsigned char) (*c - '0');
	return exact;
}

/* Multiplies FRACTION, which keeps what is behind the point; returns what is before it.
 */
static unsigned int fraction_multiply(struct fraction *fraction, unsigned int factor)
{
	unsigned int carry = 0;

	for (size_t i = fraction->ndigits; i-- > 0;) {
		carry += fraction->digit[i] * factor;
		fraction->digit[i] = (unsigned char) (carry % 10);
		carry /= 10;
	}
	return carry;
}

static bool fraction_is_zero(const struct fraction *fraction)
{
	for (size_t i = 0; i < fraction->ndigits; i++)
		if (fraction->digit[i])
			return false;
	return true;
}

/*
 * *VALUE and the fraction behind it, in UNIT, exactly: 0.1G has no whole number of bytes,
 * whatever a floating-point number would make of it. -ERANGE beyond 64 bits, -EDOM if not
 * whole.
 */
static int scale(uint64_t *value, struct span decimals, struct unit unit)
{
	struct fraction fraction;
	bool exact = fraction_init(&fraction, decimals);

	if (unit.power > UNIT_POWER_MAX &&
	    (*value || !exact || !fraction_is_zero(&fraction)))
		return -ERANGE;
	for (unsigned int i = 0; i < unit.power; i++)
		if (__builtin_mul_overflow(*value, unit.base, value) ||
		    __builtin_add_overflow(
			    *value, fraction_multiply(&fraction, unit.base), value))
			return -ERANGE;

	return exact && fraction_is_zero(&fraction) ? 0 : -EDOM;
}

/*
 * -EINVAL: no size; -ERANGE: a number beyond 64 bits; -E2BIG: so many MiB; -EDOM: not
 * whole.
 */
static int parse_size(struct span span, uint64_t *ret)
{
	const char *cursor = span.text;
	struct unit unit = { .base = 1024, .power = 2 };
	struct span decimals;
	uint64_t value;
	int r;

	r = parse_decimal(&cursor, span.end, &value, &decimals);
	if (r < 0)
		return r;

	if (cursor == span.end) {
		if (decimals.text)
			return -EINVAL;
		r = scale(&value, decimals, unit);
		if (r < 0)
			return -E2BIG;
	} else {
		if (!parse_unit((struct span){ cursor, span.end }, &unit))
			return -EINVAL;
		r = scale(&value, decimals, unit);
		if (r < 0)
			return r;
	}
	*ret = value;

	return 0;
}

int memblk_size_parse(const char *text, uint64_t *ret_bytes)
{
	int r = parse_size((struct span){ text, text + strlen(text) }, ret_bytes);

	if (r == -E2BIG)
		return -ERANGE;
	return r == -EDOM ? -EBADMSG : r;
}

static bool is_address(struct span span)
{
	return span.end - span.text >= 2 && span.text[0] == '0' &&
	       (span.text[1] | 0x20) == 'x';
}

/* ---- Ranges ---- */

void memblk_ranges_done(struct memblk_ranges *ranges)
{
	free(ranges->range);
	*ranges = (struct memblk_ranges){ .nranges = 0 };
}

bool memblk_ranges_has(const struct memblk_ranges *ranges, uint64_t index)
{
	size_t low = 0, high = ranges->nranges;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ranges->range[middle].last < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low < ranges->nranges && ranges->range[low].first <= index;
}

uint64_t memblk_ranges_count(const struct memblk_ranges *ranges)
{
	uint64_t count = 0;

	for (size_t i = 0; i < ranges->nranges; i++) {
		const struct memblk_range *range = &ranges->range[i];

		count = u64_add(count, u64_add(range->last - range->first, 1));
	}
	return count;
}

static int compare_ranges(const void *a, const void *b)
{
	uint64_t left = ((const struct memblk_range *) a)->first,
		 right = ((const struct memblk_range *) b)->first;

	return (left > right) - (left < right);
}

/* Puts RANGES in order, and those into one that meet or overlap. */
static void ranges_tidy(struct memblk_ranges *ranges)
{
	struct memblk_range *last = ranges->range;

	qsort(ranges->range, ranges->nranges, sizeof(*ranges->range), compare_ranges);
	for (size_t i = 1; i < ranges->nranges; i++) {
		const struct memblk_range *next = &ranges->range[i];

		if (next->first <= u64_add(last->last, 1))
			last->last = u64_max(last->last, next->last);
		else
			*++last = *next;
	}
	ranges->nranges = (size_t) (last - ranges->range) + 1;
}

/* Makes room for so many in RANGES, which are empty. */
static int ranges_reserve(struct memblk_ranges *ranges, size_t nranges)
{
	ranges->range = reallocarray(NULL, nranges, sizeof(*ranges->range));
	return ranges->range ? 0 : -ENOMEM;
}

/* One range into RANGES, which are empty. */
static int ranges_set(struct memblk_ranges *ranges, uint64_t first, uint64_t last)
{
	int r = ranges_reserve(ranges, 1);

	if (r == 0)
		ranges->range[ranges->nranges++] = (struct memblk_range){ first, last };
	return r;
}

static int check_order(struct span operand, uint64_t first, uint64_t last,
		       struct memblk_fault *ret_fault)
{
	return first > last ? fault(ret_fault, MEMBLK_FAULT_RANGE, operand, EINVAL) : 0;
}

/* ---- BLOCKRANGE, and lists of them ---- */

/* PART is a number or two; DASH is the dash between them. */
static int parse_two(struct span part, const char *dash, struct memblk_range *ret,
		     struct memblk_fault *ret_fault)
{
	struct span start = { part.text, dash }, end = { dash + 1, part.end };
	int r;

	if (start.text == start.end || end.text == end.end ||
	    memchr(end.text, '-', (size_t) (end.end - end.text)))
		return fault(ret_fault, MEMBLK_FAULT_PARAMETER, part, EINVAL);
	r = parse_number(start, 10, &ret->first);
	if (r < 0)
		return fault(ret_fault, MEMBLK_FAULT_BLOCK_START, start, -r);
	r = parse_number(end, 10, &ret->last);
	if (r < 0)
		return fault(ret_fault, MEMBLK_FAULT_BLOCK_END, end, -r);

	return check_order(part, ret->first, ret->last, ret_fault);
}

static int parse_part(struct span part, struct memblk_range *ret,
		      struct memblk_fault *ret_fault)
{
	const char *dash = memchr(part.text, '-', (size_t) (part.end - part.text));
	int r;

	if (dash)
		return parse_two(part, dash, ret, ret_fault);
	r = parse_number(part, 10, &ret->first);
	if (r < 0)
		return fault(ret_fault, MEMBLK_FAULT_BLOCK, part, -r);
	ret->last = ret->first;

	return 0;
}

static size_t count_parts(struct span list)
{
	size_t nparts = 1;

	for (const char *c = list.text; c < list.end; c++)
		nparts += *c == ',';
	return nparts;
}

/* Takes the next part off LIST, which is left at what follows its comma. */
static struct span next_part(struct span *list)
{
	const char *comma = memchr(list->text, ',', (size_t) (list->end - list->text));
	struct span part = { list->text, comma ? comma : list->end };

	list->text = comma ? comma + 1 : list->end;
	return part;
}

/* On failure, what RANGES holds is still to be freed. */
static int parse_list(struct span list, struct memblk_ranges *ranges,
		      struct memblk_fault *ret_fault)
{
	size_t nparts = count_parts(list);
	struct span rest = list;
	int r = ranges_reserve(ranges, nparts);

	for (; r == 0 && ranges->nranges < nparts; ranges->nranges++) {
		struct span part = next_part(&rest);

		if (part.text == part.end)
			return fault(ret_fault, MEMBLK_FAULT_PARAMETER, list, EINVAL);
		r = parse_part(part, &ranges->range[ranges->nranges], ret_fault);
	}
	if (r == 0)
		ranges_tidy(ranges);
	return r;
}

/* Whether OPERAND is a list of blocks, of two parts at least. */
static bool is_list(struct span operand)
{
	struct memblk_fault ignored_fault;
	struct memblk_range ignored;
	size_t nparts = count_parts(operand);

	for (size_t i = 0; i < nparts; i++) {
		struct span part = next_part(&operand);

		if (part.text == part.end ||
		    parse_part(part, &ignored, &ignored_fault) < 0)
			return false;
	}
	return nparts > 1;
}

int memblk_nodes_parse(const char *text, struct memblk_ranges *ret)
{
	struct span list = { text, text + strlen(text) };
	struct memblk_ranges nodes = { .nranges = 0 };
	struct memblk_fault ignored;
	int r = parse_list(list, &nodes, &ignored);

	if (r < 0) {
		memblk_ranges_done(&nodes);
		return r;
	}
	*ret = nodes;

	return 0;
}

/* ---- RANGE ---- */

static bool has_address_prefix(struct span span)
{
	return is_address(span) && span.text[1] == 'x';
}

static int parse_address(struct span span, uint64_t *ret)
{
	return parse_number((struct span){ span.text + 2, span.end }, 16, ret);
}

static bool is_block_range(struct span start, struct span end)
{
	uint64_t ignored;

	return parse_number(start, 10, &ignored) == 0 &&
	       parse_number(end, 10, &ignored) == 0;
}

/* DASH is the first dash of OPERAND. */
static int parse_address_range(struct span operand, const char *dash,
			       uint64_t block_size_bytes, struct memblk_ranges *ranges,
			       struct memblk_fault *ret_fault)
{
	struct span start = { operand.text, dash }, end = { dash + 1, operand.end };
	uint64_t first, last;
	int r;

	if (start.text == start.end || end.text == end.end || strchr(end.text, '-'))
		return fault(ret_fault, MEMBLK_FAULT_PARAMETER, operand, EINVAL);
	if (!has_address_prefix(start))
		return fault(ret_fault,
			     is_block_range(start, end) ? MEMBLK_FAULT_START_IS_BLOCK
							: MEMBLK_FAULT_START_FORMAT,
			     start, EINVAL);
	if (!has_address_prefix(end))
		return fault(ret_fault, MEMBLK_FAULT_END_FORMAT, end, EINVAL);
	r = parse_address(start, &first);
	if (r < 0)
		return fault(ret_fault, MEMBLK_FAULT_START_ADDRESS, start, -r);
	r = parse_address(end, &last);
	if (r < 0)
		return fault(ret_fault, MEMBLK_FAULT_END_ADDRESS, end, -r);
	/* last + 1 is 0 at the end of the address space, and that is aligned */
	if (first % block_size_bytes || (last + 1) % block_size_bytes)
		return fault(ret_fault, MEMBLK_FAULT_ADDRESS_UNALIGNED, operand, EINVAL);
	r = check_order(operand, first, last, ret_fault);
	if (r < 0)
		return r;

	return ranges_set(ranges, first / block_size_bytes, last / block_size_bytes);
}

/* ---- The operand ---- */

void memblk_selection_done(struct memblk_selection *selection)
{
	memblk_ranges_done(&selection->ranges);
	memblk_ranges_done(&selection->asked);
	free(selection->found);
	memblk_ranges_done(&selection->nodes);
}

/* What no size is, but may have been meant. */
static enum memblk_fault_kind kind_of_no_size(struct span operand)
{
	if (is_address(operand))
		return MEMBLK_FAULT_SIZE_IS_ADDRESS;
	if (is_list(operand))
		return MEMBLK_FAULT_SIZE_IS_BLOCKS;

	return MEMBLK_FAULT_SIZE;
}

static int select_size(struct span operand, enum memblk_operand kind,
		       uint64_t block_size_bytes, struct memblk_selection *ret,
		       struct memblk_fault *ret_fault)
{
	bool resize = kind == MEMBLK_OPERAND_RESIZE;
	uint64_t size_bytes;
	int r;

	r = parse_size(operand, &size_bytes);
	if (resize && (r == 0 || r == -E2BIG) && digit_value(operand.end[-1], 10) >= 0)
		return fault(ret_fault, MEMBLK_FAULT_SIZE_WITHOUT_UNIT, operand, EINVAL);
	if (r == -E2BIG)
		return fault(ret_fault, MEMBLK_FAULT_SIZE_TOO_LARGE, operand, ERANGE);
	if (r == -EDOM || (r == 0 && size_bytes % block_size_bytes))
		return fault(ret_fault, MEMBLK_FAULT_SIZE_UNALIGNED, operand, EINVAL);
	if (r < 0)
		return fault(ret_fault, kind_of_no_size(operand), operand, -r);

	ret->kind = resize ? MEMBLK_SELECTION_RESIZE : MEMBLK_SELECTION_SIZE;
	ret->nblocks = size_bytes / block_size_bytes;
	return 0;
}

static int parse_operand(struct span operand, enum memblk_operand kind,
			 uint64_t block_size_bytes, struct memblk_selection *selection,
			 struct memblk_fault *ret_fault)
{
	const char *dash = strchr(operand.text, '-');

	if (operand.text == operand.end)
		return fault(ret_fault, MEMBLK_FAULT_PARAMETER, operand, EINVAL);
	if (kind == MEMBLK_OPERAND_RESIZE || (kind == MEMBLK_OPERAND_PLAIN && !dash))
		return select_size(operand, kind, block_size_bytes, selection, ret_fault);

	selection->kind = MEMBLK_SELECTION_BLOCKS;
	if (kind == MEMBLK_OPERAND_BLOCKS)
		return parse_list(operand, &selection->ranges, ret_fault);

	return parse_address_range(operand, dash, block_size_bytes, &selection->ranges,
				   ret_fault);
}

int memblk_selection_parse(const char *operand, enum memblk_operand kind,
			   uint64_t block_size_bytes, struct memblk_selection *ret,
			   struct memblk_fault *ret_fault)
{
	struct span whole = { operand, operand + strlen(operand) };
	struct memblk_selection selection = { .nblocks = 0 };
	int r = parse_operand(whole, kind, block_size_bytes, &selection, ret_fault);

	if (r < 0) {
		memblk_selection_done(&selection);
		return r;
	}
	*ret = selection;

	return 0;
}

/* ---- Seconds ---- */

int memblk_seconds_parse(const char *text, uint64_t *ret_ms)
{
	const struct unit milliseconds = { .base = 1000, .power = 1 };
	const char *cursor = text, *end = text + strlen(text);
	struct span decimals;
	uint64_t value;
	int r;

	if (!strcmp(text, "infinity")) {
		*ret_ms = MEMBLK_FOREVER;
		return 0;
	}

	r = parse_decimal(&cursor, end, &value, &decimals);
	if (r < 0)
		return r;
	if (cursor != end || (decimals.text && decimals.text == decimals.end))
		return -EINVAL;

	r = scale(&value, decimals, milliseconds);
	/* a part of a millisecond is a whole one: what is not 0 must not become it */
	if (r == -EDOM)
		r = __builtin_add_overflow(value, 1, &value) ? -ERANGE : 0;
	if (r < 0)
		return r;
	if (value == MEMBLK_FOREVER)
		return -ERANGE;
	*ret_ms = value;

	return 0;
}

/* ---- Sizes for people ---- */

const char *memblk_size_to_string(uint64_t size_bytes,
				  char buffer[MEMBLK_SIZE_STRING_MAX])
{
	static const char units[] = "BKMGTPE";
	unsigned int shift = 0, whole, tenths = 0;

	while (shift < 60 && size_bytes >> shift >= 1024)
		shift += 10;
	whole = (unsigned int) (size_bytes >> shift);
	if (shift) {
		/* below 2^60, so ten times as much fits */
		uint64_t rest = size_bytes - ((uint64_t) whole << shift);

		tenths = (unsigned int) ((rest * 10 + (UINT64_C(1) << (shift - 1))) >>
					 shift);
	}
	if (tenths == 10) {
		whole++;
		tenths = 0;
	}

	if (tenths)
		snprintf(buffer, MEMBLK_SIZE_STRING_MAX, "%u.%u%c", whole, tenths,
			 units[shift / 10]);
	else
		snprintf(buffer, MEMBLK_SIZE_STRING_MAX, "%u%c", whole,
			 units[shift / 10]);
	return buffer;
}
