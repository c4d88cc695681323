/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operands, sizes and seconds. The input is a letter, b for -b, the binary logarithm of
 * the block size, a blank and the operand.
 *
 * The oracle has regular expressions for the grammar, strtoull() for integers, and for
 * what has a fraction the product written out in decimal, however long it is.
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <regex.h>

#include "fuzz.h"
#include "memblk.h"

const char fuzz_name[] = "operand";

typedef unsigned __int128 wide;

#define BEYOND_64_BITS ((wide) 1 << 64)

/* ---- Numbers ---- */

/* 0, EINVAL, or ERANGE where the digits at the start alone are beyond 64 bits. */
static int expected_number(const char *text, size_t length, int base, uint64_t *ret)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	_cleanup_free_ char *copy = strndup(text, length);
	size_t ndigits = 0;

	require(copy);
	while (copy[ndigits] && memchr(digits, copy[ndigits], base == 16 ? 22 : 10))
		ndigits++;
	if (!ndigits || (base == 10 && ndigits > 1 && copy[0] == '0'))
		return EINVAL;
	copy[ndigits] = '\0';
	errno = 0;
	*ret = strtoull(copy, NULL, base);
	if (errno)
		return ERANGE;

	return ndigits == length ? 0 : EINVAL;
}

/*
 * DIGITS, of which the last NDECIMALS are behind the point, times FACTOR to the power of
 * POWER, in long multiplication: what is before the point then, BEYOND_64_BITS at most.
 */
static wide multiply(const char *digits, size_t ndecimals, unsigned int factor,
		     unsigned int power, bool *ret_is_whole)
{
	size_t length = strlen(digits), size = length + 32;
	_cleanup_free_ unsigned char *product = calloc(size, 1);
	wide value = 0;

	require(product);
	for (size_t i = 0; i < length; i++)
		product[i] = (unsigned char) (digits[length - 1 - i] - '0');
	while (power--) {
		unsigned int carry = 0;

		for (size_t i = 0; i < size; i++) {
			carry += product[i] * factor;
			product[i] = (unsigned char) (carry % 10);
			carry /= 10;
		}
		require(!carry);
	}

	*ret_is_whole = true;
	for (size_t i = 0; i < ndecimals; i++)
		if (product[i])
			*ret_is_whole = false;
	for (size_t i = size; i-- > ndecimals;)
		if (value < BEYOND_64_BITS)
			value = value * 10 + product[i];

	return value < BEYOND_64_BITS ? value : BEYOND_64_BITS;
}

/* The parts of a number as the grammar has it. */
struct decimal {
	char *digits; /* without the point */
	size_t ndecimals;
	bool has_point;
	char prefix; /* in lower case, 0 for none */
	bool is_1000;
};

static void decimal_done(struct decimal *decimal)
{
	free(decimal->digits);
}

/* Compiled once for all inputs. */
static const regex_t *grammar(void)
{
	static regex_t compiled;
	static bool is_compiled;

	if (!is_compiled)
		require(!regcomp(&compiled,
				 "^(0|[1-9][0-9]*)(\\.([0-9]*))?(([kmgtpezyKMGTPEZY])(i?"
				 "[bB])?)?$",
				 REG_EXTENDED));
	is_compiled = true;

	return &compiled;
}

static bool decimal_init(struct decimal *ret, const char *text)
{
	/* 1: the integer, 3: what is behind the point of 2, 5: the prefix, 6: B or iB */
	regmatch_t m[7];

	*ret = (struct decimal){ .ndecimals = 0 };
	if (regexec(grammar(), text, ARRAY_SIZE(m), m, 0))
		return false;

	ret->has_point = m[2].rm_so >= 0;
	if (ret->has_point)
		ret->ndecimals = (size_t) (m[3].rm_eo - m[3].rm_so);
	require(asprintf(&ret->digits, "%.*s%.*s", (int) m[1].rm_eo, text,
			 (int) ret->ndecimals,
			 ret->has_point ? text + m[3].rm_so : "") >= 0);
	if (m[5].rm_so >= 0)
		ret->prefix = (char) tolower(text[m[5].rm_so]);
	ret->is_1000 = m[6].rm_so >= 0 && m[6].rm_eo - m[6].rm_so == 1;

	return true;
}

static bool decimal_is_zero(const struct decimal *decimal)
{
	return decimal->digits[strspn(decimal->digits, "0")] == '\0';
}

/* Digits at the start that are beyond 64 bits, whatever follows. */
static bool starts_beyond_64_bits(const char *text)
{
	uint64_t ignored;

	return expected_number(text, strlen(text), 10, &ignored) == ERANGE;
}

/*
 * 0; EINVAL for no size; ERANGE; EOVERFLOW for a number without a suffix that is too many
 * MiB; EBADMSG if it is not whole.
 */
static int expected_size(const char *text, uint64_t *ret)
{
	static const char prefixes[] = "kmgtpe";
	_cleanup_(decimal_done) struct decimal decimal = { .ndecimals = 0 };
	unsigned int power = 2;
	bool is_whole;
	wide value;

	if (!decimal_init(&decimal, text))
		return starts_beyond_64_bits(text) ? ERANGE : EINVAL;
	if (starts_beyond_64_bits(text))
		return ERANGE;
	if (!decimal.prefix && decimal.has_point)
		return EINVAL;
	if (decimal.prefix) {
		const char *prefix = strchr(prefixes, decimal.prefix);

		*ret = 0;
		if (!prefix)
			return decimal_is_zero(&decimal) ? 0 : ERANGE;
		power = (unsigned int) (prefix - prefixes) + 1;
	}

	value = multiply(decimal.digits, decimal.ndecimals, decimal.is_1000 ? 1000 : 1024,
			 power, &is_whole);
	if (value == BEYOND_64_BITS)
		return decimal.prefix ? ERANGE : EOVERFLOW;
	*ret = (uint64_t) value;

	return is_whole ? 0 : EBADMSG;
}

static int expected_seconds(const char *text, uint64_t *ret)
{
	_cleanup_(decimal_done) struct decimal decimal = { .ndecimals = 0 };
	bool is_whole;
	wide value;

	*ret = MEMBLK_FOREVER;
	if (!strcmp(text, "infinity"))
		return 0;
	if (!decimal_init(&decimal, text))
		return starts_beyond_64_bits(text) ? ERANGE : EINVAL;
	if (starts_beyond_64_bits(text))
		return ERANGE;
	if (decimal.prefix || (decimal.has_point && !decimal.ndecimals))
		return EINVAL;

	value = multiply(decimal.digits, decimal.ndecimals, 1000, 1, &is_whole);
	value += !is_whole;
	*ret = (uint64_t) value;

	return value < MEMBLK_FOREVER ? 0 : ERANGE;
}

/* ---- The operand ---- */

struct expected {
	int error;            /* 0, or that of fault */
	uint64_t first, last; /* of a range */
	struct memblk_selection selection;
	struct memblk_fault fault;
};

static struct expected expect_fault(enum memblk_fault_kind kind, const char *text,
				    const char *end, int error)
{
	return (struct expected){
		.error = error,
		.fault = { kind, text, (size_t) (end - text), error },
	};
}

static struct expected expect_blocks(const char *operand, const char *end, uint64_t first,
				     uint64_t last)
{
	if (first > last)
		return expect_fault(MEMBLK_FAULT_RANGE, operand, end, EINVAL);
	return (struct expected){
		.selection.kind = MEMBLK_SELECTION_BLOCKS,
		.first = first,
		.last = last,
	};
}

/* The part of a list of blocks that ends at END. */
static struct expected expect_part(const char *part, const char *end)
{
	const char *dash = memchr(part, '-', (size_t) (end - part));
	uint64_t first, last;
	int error;

	if (!dash) {
		error = expected_number(part, (size_t) (end - part), 10, &first);
		if (error)
			return expect_fault(MEMBLK_FAULT_BLOCK, part, end, error);
		return expect_blocks(part, end, first, first);
	}
	if (dash == part || dash + 1 == end ||
	    memchr(dash + 1, '-', (size_t) (end - dash - 1)))
		return expect_fault(MEMBLK_FAULT_PARAMETER, part, end, EINVAL);
	error = expected_number(part, (size_t) (dash - part), 10, &first);
	if (error)
		return expect_fault(MEMBLK_FAULT_BLOCK_START, part, dash, error);
	error = expected_number(dash + 1, (size_t) (end - dash - 1), 10, &last);
	if (error)
		return expect_fault(MEMBLK_FAULT_BLOCK_END, dash + 1, end, error);

	return expect_blocks(part, end, first, last);
}

/* The first part that is at fault decides; else it is up to require_union(). */
static struct expected expect_list(const char *list)
{
	struct expected expected = { .error = 0 };

	for (const char *part = list; !expected.error; part++) {
		const char *end = strchrnul(part, ',');

		if (part == end)
			return expect_fault(MEMBLK_FAULT_PARAMETER, list,
					    list + strlen(list), EINVAL);
		expected = expect_part(part, end);
		part = end;
		if (!*end)
			break;
	}
	return expected;
}

static struct expected expect_size(const char *operand, uint64_t block_size_bytes)
{
	const char *end = operand + strlen(operand);
	uint64_t size_bytes = 0;
	int error = expected_size(operand, &size_bytes);

	if (error == EOVERFLOW)
		return expect_fault(MEMBLK_FAULT_SIZE_TOO_LARGE, operand, end, ERANGE);
	if (error == EBADMSG || (!error && size_bytes & (block_size_bytes - 1)))
		return expect_fault(MEMBLK_FAULT_SIZE_UNALIGNED, operand, end, EINVAL);
	if (error && (!strncmp(operand, "0x", 2) || !strncmp(operand, "0X", 2)))
		return expect_fault(MEMBLK_FAULT_SIZE_IS_ADDRESS, operand, end, EINVAL);
	if (error && strchr(operand, ',') && !expect_list(operand).error)
		return expect_fault(MEMBLK_FAULT_SIZE_IS_BLOCKS, operand, end, error);
	if (error)
		return expect_fault(MEMBLK_FAULT_SIZE, operand, end, error);

	return (struct expected){
		.selection = {
			.kind = MEMBLK_SELECTION_SIZE,
			.nblocks = size_bytes / block_size_bytes,
		},
	};
}

static struct expected expect_address_range(const char *operand, const char *dash,
					    uint64_t block_size_bytes)
{
	const char *start = operand, *end = dash + 1, *stop = end + strlen(end);
	uint64_t first, last;
	int error;

	if (strncmp(start, "0x", 2)) {
		bool is_block = !expected_number(start, (size_t) (dash - start), 10,
						 &first) &&
				!expected_number(end, strlen(end), 10, &last);

		return expect_fault(is_block ? MEMBLK_FAULT_START_IS_BLOCK
					     : MEMBLK_FAULT_START_FORMAT,
				    start, dash, EINVAL);
	}
	if (strncmp(end, "0x", 2))
		return expect_fault(MEMBLK_FAULT_END_FORMAT, end, stop, EINVAL);
	error = expected_number(start + 2, (size_t) (dash - start - 2), 16, &first);
	if (error)
		return expect_fault(MEMBLK_FAULT_START_ADDRESS, start, dash, error);
	error = expected_number(end + 2, strlen(end + 2), 16, &last);
	if (error)
		return expect_fault(MEMBLK_FAULT_END_ADDRESS, end, stop, error);
	if (first % block_size_bytes || ((wide) last + 1) % block_size_bytes)
		return expect_fault(MEMBLK_FAULT_ADDRESS_UNALIGNED, operand, stop,
				    EINVAL);
	if (first > last)
		return expect_fault(MEMBLK_FAULT_RANGE, operand, stop, EINVAL);

	return expect_blocks(operand, stop, first / block_size_bytes,
			     last / block_size_bytes);
}

static bool ends_with_digit(const char *text)
{
	char last = text[strlen(text) - 1];

	return last >= '0' && last <= '9';
}

static struct expected expect_resize(const char *operand, uint64_t block_size_bytes)
{
	uint64_t size_bytes;
	int error = expected_size(operand, &size_bytes);
	struct expected expected;

	if ((!error || error == EOVERFLOW) && ends_with_digit(operand))
		return expect_fault(MEMBLK_FAULT_SIZE_WITHOUT_UNIT, operand,
				    operand + strlen(operand), EINVAL);
	expected = expect_size(operand, block_size_bytes);
	expected.selection.kind = MEMBLK_SELECTION_RESIZE;

	return expected;
}

static struct expected expect(const char *operand, enum memblk_operand kind,
			      uint64_t block_size_bytes)
{
	const char *dash = strchr(operand, '-'), *end = operand + strlen(operand);

	if (operand == end)
		return expect_fault(MEMBLK_FAULT_PARAMETER, operand, end, EINVAL);
	if (kind == MEMBLK_OPERAND_RESIZE)
		return expect_resize(operand, block_size_bytes);
	if (kind == MEMBLK_OPERAND_BLOCKS)
		return expect_list(operand);
	if (!dash)
		return expect_size(operand, block_size_bytes);
	if (dash == operand || dash + 1 == end || strchr(dash + 1, '-'))
		return expect_fault(MEMBLK_FAULT_PARAMETER, operand, end, EINVAL);

	return expect_address_range(operand, dash, block_size_bytes);
}

/* ---- What comes of it ---- */

/* They are in order, and do not meet. */
static void require_apart(const struct memblk_ranges *ranges)
{
	require(ranges->nranges > 0);
	for (size_t i = 0; i < ranges->nranges; i++) {
		require(ranges->range[i].first <= ranges->range[i].last);
		require(!i || (ranges->range[i].first > ranges->range[i - 1].last &&
			       ranges->range[i].first - ranges->range[i - 1].last > 1));
	}
}

static bool has_both(const struct memblk_ranges *ranges, uint64_t first, uint64_t last)
{
	for (size_t i = 0; i < ranges->nranges; i++)
		if (ranges->range[i].first <= first && last <= ranges->range[i].last)
			return true;
	return false;
}

/* Each part of LIST is within one of RANGES, and nothing else is in them. */
static void require_union(const struct memblk_ranges *ranges, const char *list)
{
	wide expected = 0, got = 0;

	for (const char *part = list;; part = strchr(part, ',') + 1) {
		struct expected one = expect_part(part, strchrnul(part, ','));

		require(has_both(ranges, one.first, one.last));
		require(memblk_ranges_has(ranges, one.first));
		require(memblk_ranges_has(ranges, one.last));
		expected += (wide) one.last - one.first + 1;
		if (!strchr(part, ','))
			break;
	}
	for (size_t i = 0; i < ranges->nranges; i++) {
		got += (wide) ranges->range[i].last - ranges->range[i].first + 1;
		if (ranges->range[i].first)
			require(!memblk_ranges_has(ranges, ranges->range[i].first - 1));
		if (ranges->range[i].last < UINT64_MAX)
			require(!memblk_ranges_has(ranges, ranges->range[i].last + 1));
	}
	require(got <= expected);
	require(memblk_ranges_count(ranges) == (got > UINT64_MAX ? UINT64_MAX : got));
}

static void require_selection(const struct memblk_selection *got,
			      const struct expected *expected, enum memblk_operand kind,
			      const char *operand)
{
	require(got->kind == expected->selection.kind);
	if (got->kind != MEMBLK_SELECTION_BLOCKS) {
		require(got->nblocks == expected->selection.nblocks);
		return;
	}
	require_apart(&got->ranges);
	if (kind == MEMBLK_OPERAND_BLOCKS) {
		require_union(&got->ranges, operand);
	} else {
		require(got->ranges.nranges == 1);
		require(got->ranges.range->first == expected->first);
		require(got->ranges.range->last == expected->last);
	}
}

static void require_fault(const struct memblk_fault *got,
			  const struct memblk_fault *expected)
{
	require(got->kind == expected->kind);
	require(got->text == expected->text);
	require(got->length == expected->length);
	require(got->error == expected->error);
}

static char *write_ranges(const struct memblk_ranges *ranges)
{
	size_t length;
	char *text;
	FILE *stream = open_memstream(&text, &length);

	require(stream);
	for (size_t i = ranges->nranges; i-- > 0;)
		fprintf(stream, "%" PRIu64 "-%" PRIu64 "%s", ranges->range[i].first,
			ranges->range[i].last, i ? "," : "");
	require(!fclose(stream));
	return text;
}

static bool is_same(const struct memblk_selection *a, const struct memblk_selection *b)
{
	return a->kind == b->kind && a->nblocks == b->nblocks &&
	       a->ranges.nranges == b->ranges.nranges &&
	       (!a->ranges.nranges ||
		!memcmp(a->ranges.range, b->ranges.range,
			a->ranges.nranges * sizeof(*a->ranges.range)));
}

/* SELECTION, written as an operand, is parsed to itself. */
static void check_round_trip(const struct memblk_selection *selection,
			     enum memblk_operand kind, uint64_t block_size_bytes)
{
	_cleanup_free_ char *operand = NULL;
	struct memblk_selection back;
	struct memblk_fault fault;

	if (selection->kind != MEMBLK_SELECTION_BLOCKS) {
		uint64_t size_bytes = selection->nblocks * block_size_bytes;

		if (size_bytes % 1024)
			return;
		require(asprintf(&operand, "%" PRIu64 "KiB", size_bytes / 1024) > 0);
	} else if (kind == MEMBLK_OPERAND_BLOCKS) {
		operand = write_ranges(&selection->ranges);
	} else {
		require(asprintf(&operand, "0x%016" PRIx64 "-0x%016" PRIX64,
				 selection->ranges.range->first * block_size_bytes,
				 (selection->ranges.range->last + 1) * block_size_bytes -
					 1) > 0);
	}
	require(!memblk_selection_parse(operand, kind, block_size_bytes, &back, &fault));
	require(is_same(&back, selection));
	memblk_selection_done(&back);
}

static void check_operand(const char *operand, enum memblk_operand kind,
			  uint64_t block_size_bytes)
{
	struct expected expected = expect(operand, kind, block_size_bytes);
	struct memblk_selection selection;
	struct memblk_fault fault;
	int r;

	memset(&selection, POISON, sizeof(selection));
	memset(&fault, POISON, sizeof(fault));
	r = memblk_selection_parse(operand, kind, block_size_bytes, &selection, &fault);
	require(r == -expected.error);
	if (r) {
		require(is_poison(&selection, sizeof(selection)));
		require_fault(&fault, &expected.fault);
	} else {
		require(is_poison(&fault, sizeof(fault)));
		require_selection(&selection, &expected, kind, operand);
		check_round_trip(&selection, kind, block_size_bytes);
		memblk_selection_done(&selection);
	}
}

/* Nodes are a list like blocks. */
static void check_nodes(const char *text)
{
	struct expected expected = *text ? expect_list(text)
					 : (struct expected){ .error = EINVAL };
	struct memblk_ranges nodes;
	int r;

	memset(&nodes, POISON, sizeof(nodes));
	r = memblk_nodes_parse(text, &nodes);
	require(r == -expected.error);
	if (r) {
		require(is_poison(&nodes, sizeof(nodes)));
		return;
	}
	require_apart(&nodes);
	require_union(&nodes, text);
	memblk_ranges_done(&nodes);
}

/* ---- Sizes and seconds ---- */

static void check_number(int (*parse)(const char *, uint64_t *), const char *text,
			 int error, uint64_t expected)
{
	uint64_t value;
	int r;

	memset(&value, POISON, sizeof(value));
	r = parse(text, &value);
	require(r == -error);
	require(r ? is_poison(&value, sizeof(value)) : value == expected);
}

static void check_size(const char *text)
{
	uint64_t value = 0;
	int error = expected_size(text, &value);

	check_number(memblk_size_parse, text, error == EOVERFLOW ? ERANGE : error, value);
}

static void check_seconds(const char *text)
{
	uint64_t value;
	int error = expected_seconds(text, &value);

	check_number(memblk_seconds_parse, text, error, value);
}

/* In twentieths of the unit, to which a half is added: what is cut off then is exact. */
static void check_size_string(uint64_t size_bytes)
{
	static const char units[] = "BKMGTPE";
	char expected[64], got[MEMBLK_SIZE_STRING_MAX + 1];
	wide unit = 1, tenths;
	size_t power = 0;
	uint64_t back;

	for (; power < 6 && size_bytes >= unit * 1024; power++)
		unit *= 1024;
	tenths = ((wide) size_bytes * 20 + unit) / (unit * 2);
	snprintf(expected, sizeof(expected), "%u.%u%c", (unsigned int) (tenths / 10),
		 (unsigned int) (tenths % 10), units[power]);
	if (tenths % 10 == 0)
		snprintf(expected, sizeof(expected), "%u%c", (unsigned int) (tenths / 10),
			 units[power]);

	memset(got, POISON, sizeof(got));
	require(memblk_size_to_string(size_bytes, got) == got);
	require(!strcmp(got, expected));
	require(is_poison(got + MEMBLK_SIZE_STRING_MAX, 1));
	/* what was not rounded can be read back, and bytes have no suffix */
	if (power && tenths * unit == (wide) size_bytes * 10 && size_bytes / unit < 1024)
		require(!memblk_size_parse(got, &back) && back == size_bytes);
}

/* Whatever number can be made of the operand, and its neighbours. */
static void check_size_strings(const char *operand, unsigned int shift)
{
	uint64_t number = strtoull(operand, NULL, 0);
	const uint64_t scrambled = number * UINT64_C(0x9e3779b97f4a7c15);

	check_size_string(number);
	check_size_string(number << shift);
	check_size_string(scrambled >> shift);
	check_size_string((UINT64_C(1) << shift) + number);
	check_size_string((UINT64_C(1) << shift) - number);
	if (strlen(operand) >= sizeof(number)) {
		memcpy(&number, operand, sizeof(number));
		check_size_string(number);
	}
}

static enum memblk_operand input_operand(struct input *input)
{
	switch (input_byte(input)) {
	case 'b':
		return MEMBLK_OPERAND_BLOCKS;
	case 'r':
		return MEMBLK_OPERAND_RESIZE;
	default:
		return MEMBLK_OPERAND_PLAIN;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	enum memblk_operand kind = input_operand(&input);
	unsigned int shift = input_number(&input) % 64;
	_cleanup_free_ char *operand = input_string(&input);

	check_operand(operand, kind, UINT64_C(1) << shift);
	check_nodes(operand);
	check_size(operand);
	check_seconds(operand);
	check_size_strings(operand, shift);

	return 0;
}
