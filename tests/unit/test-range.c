/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SIZE, RANGE and BLOCKRANGE as operands: what each stands for, to the byte, and of each
 * bad one the part at fault. Sizes are mostly read with a block size of one byte, so that
 * the number of blocks is the size. Then sizes and seconds by themselves, and sizes as
 * text.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "memblk.h"
#include "tap.h"
#include "util.h"

#define BLOCK_SIZE (UINT64_C(128) << 20)
#define POISON 0xa5

#define PLAIN MEMBLK_OPERAND_PLAIN
#define BLOCKS MEMBLK_OPERAND_BLOCKS
#define RESIZE MEMBLK_OPERAND_RESIZE

/* What memblk_selection_parse() made of an operand; what it left alone is POISON. */
struct parsed {
	char *operand; /* allocated to the byte, so that reading beyond it is noticed */
	int r;
	struct memblk_selection selection;
	struct memblk_fault fault;
};

static void parsed_done(struct parsed *parsed)
{
	free(parsed->operand);
	if (parsed->r == 0)
		memblk_selection_done(&parsed->selection);
}

#define _cleanup_parsed_ _cleanup_(parsed_done)

static void parse(struct parsed *ret, const char *operand, enum memblk_operand kind,
		  uint64_t block_size_bytes)
{
	static const char *const prefixes[] = { "", "-b ", "--resize " };
	size_t size = strlen(operand) + 1;

	tap_row("%s%s", prefixes[kind], operand);
	memset(ret, POISON, sizeof(*ret));
	ret->operand = malloc(size);
	if (!ret->operand)
		abort();
	memcpy(ret->operand, operand, size);
	ret->r = memblk_selection_parse(ret->operand, kind, block_size_bytes,
					&ret->selection, &ret->fault);
}

static bool is_poison(const void *data, size_t size)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < size; i++)
		if (bytes[i] != POISON)
			return false;
	return true;
}

static bool is_parsed(const struct parsed *parsed)
{
	check(is_poison(&parsed->fault, sizeof(parsed->fault)));
	return check_int(parsed->r, 0);
}

static void check_size(const char *operand, uint64_t block_size_bytes, uint64_t nblocks)
{
	_cleanup_parsed_ struct parsed parsed;

	parse(&parsed, operand, PLAIN, block_size_bytes);
	if (!is_parsed(&parsed))
		return;
	check_uint(parsed.selection.kind, MEMBLK_SELECTION_SIZE);
	check_uint(parsed.selection.nblocks, nblocks);
}

static void check_blocks(const char *operand, enum memblk_operand kind,
			 uint64_t block_size_bytes, uint64_t first, uint64_t last)
{
	_cleanup_parsed_ struct parsed parsed;

	parse(&parsed, operand, kind, block_size_bytes);
	if (!is_parsed(&parsed))
		return;
	check_uint(parsed.selection.kind, MEMBLK_SELECTION_BLOCKS);
	if (!check_uint(parsed.selection.ranges.nranges, 1))
		return;
	check_uint(parsed.selection.ranges.range->first, first);
	check_uint(parsed.selection.ranges.range->last, last);
}

/* An operand's fault. The part at fault is LENGTH bytes from OFFSET on; 0: all of it. */
struct fault_row {
	const char *operand;
	enum memblk_fault_kind kind;
	int error;
	size_t offset, length;
};

static void check_fault(const struct fault_row *row, enum memblk_operand kind,
			uint64_t block_size_bytes)
{
	_cleanup_parsed_ struct parsed parsed;

	parse(&parsed, row->operand, kind, block_size_bytes);
	check(is_poison(&parsed.selection, sizeof(parsed.selection)));
	if (!check_int(parsed.r, -row->error))
		return;
	check_uint(parsed.fault.kind, row->kind);
	check_int(parsed.fault.error, row->error);
	check_int(parsed.fault.text - parsed.operand, (intmax_t) row->offset);
	check_uint(parsed.fault.length, row->length ?: strlen(row->operand));
}

static void check_faults(const struct fault_row *rows, size_t nrows,
			 enum memblk_operand kind, uint64_t block_size_bytes)
{
	for (size_t i = 0; i < nrows; i++)
		check_fault(&rows[i], kind, block_size_bytes);
}

#define CHECK_FAULTS(rows, kind, block_size_bytes) \
	check_faults((rows), ARRAY_SIZE(rows), (kind), (block_size_bytes))

static void check_bad_size(const char *operand, enum memblk_fault_kind kind, int error)
{
	struct fault_row row = { .operand = operand, .kind = kind, .error = error };

	check_fault(&row, false, 1);
}

/* ---- SIZE ---- */

struct size_row {
	const char *operand;
	uint64_t size_bytes;
};

static void check_sizes(const struct size_row *rows, size_t nrows)
{
	for (size_t i = 0; i < nrows; i++)
		check_size(rows[i].operand, 1, rows[i].size_bytes);
}

#define CHECK_SIZES(rows) check_sizes((rows), ARRAY_SIZE(rows))

static void test_bare_number(void)
{
	static const struct size_row rows[] = {
		{ "1", UINT64_C(1048576) },
		{ "2", UINT64_C(2097152) },
		{ "128", UINT64_C(134217728) },
		{ "1234567890", UINT64_C(1234567890) << 20 },
	};

	CHECK_SIZES(rows);
}

static void test_binary_suffixes(void)
{
	static const struct size_row rows[] = {
		{ "3K", UINT64_C(3) << 10 },   { "3M", UINT64_C(3) << 20 },
		{ "3G", UINT64_C(3) << 30 },   { "3T", UINT64_C(3) << 40 },
		{ "3P", UINT64_C(3) << 50 },   { "3E", UINT64_C(3) << 60 },
		{ "3KiB", UINT64_C(3) << 10 }, { "3MiB", UINT64_C(3) << 20 },
		{ "3GiB", UINT64_C(3) << 30 }, { "3TiB", UINT64_C(3) << 40 },
		{ "3PiB", UINT64_C(3) << 50 }, { "3EiB", UINT64_C(3) << 60 },
	};

	CHECK_SIZES(rows);
}

static void test_decimal_suffixes(void)
{
	static const struct size_row rows[] = {
		{ "7KB", UINT64_C(7000) },
		{ "7MB", UINT64_C(7000000) },
		{ "7GB", UINT64_C(7000000000) },
		{ "7TB", UINT64_C(7000000000000) },
		{ "7PB", UINT64_C(7000000000000000) },
		{ "7EB", UINT64_C(7000000000000000000) },
	};

	CHECK_SIZES(rows);
}

static void test_suffix_case(void)
{
	static const struct size_row rows[] = {
		{ "1k", 1024 },
		{ "1m", UINT64_C(1) << 20 },
		{ "1g", UINT64_C(1) << 30 },
		{ "1t", UINT64_C(1) << 40 },
		{ "1p", UINT64_C(1) << 50 },
		{ "1e", UINT64_C(1) << 60 },
		{ "1kiB", 1024 },
		{ "1kib", 1024 },
		{ "1Kib", 1024 },
		{ "1kB", 1000 },
		{ "1Kb", 1000 },
		{ "1kb", 1000 },
		{ "1gb", UINT64_C(1000000000) },
	};

	CHECK_SIZES(rows);
}

static void test_capital_i(void)
{
	static const char *const operands[] = { "1KIB", "1kIB", "1KIb",
						"1MIB", "1GIB", "1EIB" };

	for (size_t i = 0; i < ARRAY_SIZE(operands); i++)
		check_bad_size(operands[i], MEMBLK_FAULT_SIZE, EINVAL);
}

static void test_nothing(void)
{
	static const char *const operands[] = { "0",     "0K",       "0M",  "0G",
						"0E",    "0KiB",     "0EB", "0.0G",
						"0.G",   "0.00000K", "0Z",  "0YiB",
						"0.0ZB", "0.000Y" };

	for (size_t i = 0; i < ARRAY_SIZE(operands); i++) {
		check_size(operands[i], 1, 0);
		check_size(operands[i], BLOCK_SIZE, 0);
	}
}

static void test_fractions(void)
{
	static const struct size_row rows[] = {
		{ "1.5G", UINT64_C(1610612736) },
		{ "0.5G", UINT64_C(536870912) },
		{ "0.25G", UINT64_C(268435456) },
		{ "0.75G", UINT64_C(805306368) },
		{ "0.125G", UINT64_C(134217728) },
		{ "2.0625GiB", UINT64_C(2214592512) },
		{ "1.1KB", 1100 },
		{ "0.6GB", UINT64_C(600000000) },
		{ "0.9GB", UINT64_C(900000000) },
		{ "0.001KB", 1 },
		{ "1.999KB", 1999 },
		{ "0.000001MB", 1 },
		{ "0.5K", 512 },
		{ "0.0009765625K", 1 },
		{ "1023.9990234375K", 1048575 },
		{ "0.000000000000000001EB", 1 },
		{ "1.123456789012345678EB", UINT64_C(1123456789012345678) },
	};

	CHECK_SIZES(rows);
}

static void test_point_alone(void)
{
	static const struct size_row rows[] = {
		{ "1.G", UINT64_C(1) << 30 },
		{ "12.KB", 12000 },
		{ "3.MiB", UINT64_C(3) << 20 },
	};

	CHECK_SIZES(rows);
}

static void test_zeros_at_the_end(void)
{
	static const struct size_row rows[] = {
		{ "1.0G", UINT64_C(1) << 30 },
		{ "1.50G", UINT64_C(3) << 29 },
		{ "1.500000000000000000000000000000000000000000000000000000000000000000"
		  "00000000000000000000000000G",
		  UINT64_C(3) << 29 },
	};

	CHECK_SIZES(rows);
}

static void test_sixty_digits(void)
{
	/* 2^-60 has sixty digits, and is one byte of an E */
	check_size("0."
		   "000000000000000000867361737988403547205962240695953369140625E",
		   1, 1);
	check_size("0."
		   "000000000000000000867361737988403547205962240695953369140625000E",
		   1, 1);
	check_size("1."
		   "000000000000000000867361737988403547205962240695953369140625EiB",
		   1, (UINT64_C(1) << 60) + 1);
	check_size("15."
		   "999999999999999999132638262011596452794037759304046630859375E",
		   1, UINT64_MAX);
}

static void test_not_whole(void)
{
	static const char *const operands[] = {
		"0.1G",
		"0.6G",
		"0.7G",
		"0.8G",
		"0.9G",
		"0.4G",
		"1.1K",
		"0.00048828125K",
		"0.0001KB",
		"1.0001KB",
		"0.0000000000000000001EB",
		/* 2^-61, half a byte of an E, of sixty-one digits */
		"0.0000000000000000004336808689942017736029811203479766845703125E",
		/* one in the sixtieth and in the sixty-first place */
		"1.000000000000000000000000000000000000000000000000000000000001E",
		"1.0000000000000000000000000000000000000000000000000000000000001E",
		"1.0000000000000000000000000000000000000000000000000000000000001KB",
	};

	for (size_t i = 0; i < ARRAY_SIZE(operands); i++)
		check_bad_size(operands[i], MEMBLK_FAULT_SIZE_UNALIGNED, EINVAL);
}

static void test_largest_sizes(void)
{
	static const struct size_row rows[] = {
		{ "17592186044415", UINT64_C(0xfffffffffff00000) },
		{ "18014398509481983K", UINT64_C(0xfffffffffffffc00) },
		{ "17592186044415M", UINT64_C(0xfffffffffff00000) },
		{ "17179869183G", UINT64_C(0xffffffffc0000000) },
		{ "16777215T", UINT64_C(0xffffff0000000000) },
		{ "16383P", UINT64_C(0xfffc000000000000) },
		{ "15E", UINT64_C(0xf000000000000000) },
		{ "18446744073709551KB", UINT64_C(18446744073709551000) },
		{ "18446744073709MB", UINT64_C(18446744073709000000) },
		{ "18446744073GB", UINT64_C(18446744073000000000) },
		{ "18446744TB", UINT64_C(18446744000000000000) },
		{ "18446PB", UINT64_C(18446000000000000000) },
		{ "18EB", UINT64_C(18000000000000000000) },
		{ "18014398509481983.9990234375K", UINT64_MAX },
		{ "17592186044415.99999904632568359375M", UINT64_MAX },
		{ "17179869183.999999999068677425384521484375G", UINT64_MAX },
		{ "18446744073709551.615KB", UINT64_MAX },
		{ "18446744073709.551615MB", UINT64_MAX },
		{ "18446744073.709551615GB", UINT64_MAX },
		{ "18446744.073709551615TB", UINT64_MAX },
		{ "18446.744073709551615PB", UINT64_MAX },
		{ "18.446744073709551615EB", UINT64_MAX },
	};

	CHECK_SIZES(rows);
}

static void test_too_many_mib(void)
{
	static const char *const operands[] = { "17592186044416", "17592186044417",
						"99999999999999999",
						"18446744073709551615" };

	for (size_t i = 0; i < ARRAY_SIZE(operands); i++)
		check_bad_size(operands[i], MEMBLK_FAULT_SIZE_TOO_LARGE, ERANGE);
}

static void test_out_of_range(void)
{
	static const char *const operands[] = {
		"18446744073709551616",
		"99999999999999999999",
		"18446744073709551616K",
		"18014398509481984K",
		"17592186044416M",
		"17179869184G",
		"16777216T",
		"16384P",
		"16E",
		"16EiB",
		"18446744073709551615E",
		"18446744073709552KB",
		"18446744073710MB",
		"18446744074GB",
		"18446745TB",
		"18447PB",
		"19EB",
		"18446744073709551.616KB",
		"18446744073709.551616MB",
		"18446744073.709551616GB",
		"18446744.073709551616TB",
		"18446.744073709551616PB",
		"18.446744073709551616EB",
		"18.5EB",
		"16.5E",
	};

	for (size_t i = 0; i < ARRAY_SIZE(operands); i++)
		check_bad_size(operands[i], MEMBLK_FAULT_SIZE, ERANGE);
}

static void test_zetta_and_yotta(void)
{
	static const char *const operands[] = {
		"1Z",   "1Y",   "1z",   "1y",   "1ZiB",    "1YiB",
		"1ZB",  "1YB",  "0.1Z", "0.5Y", "0.001ZB", "0.000000000000000000001ZB",
		"1.5Z", "1.0Y",
	};

	for (size_t i = 0; i < ARRAY_SIZE(operands); i++)
		check_bad_size(operands[i], MEMBLK_FAULT_SIZE, ERANGE);
}

static void test_many_digits_out_of_range(void)
{
	check_bad_size("16."
		       "0000000000000000000000000000000000000000000000000000000000001E",
		       MEMBLK_FAULT_SIZE, ERANGE);
	check_bad_size("1."
		       "0000000000000000000000000000000000000000000000000000000000001Z",
		       MEMBLK_FAULT_SIZE, ERANGE);
	check_bad_size("0."
		       "0000000000000000000000000000000000000000000000000000000000001Y",
		       MEMBLK_FAULT_SIZE, ERANGE);
}

static void test_no_size(void)
{
	static const char *const operands[] = {
		"foo",   "M",     "G",     ".",      ".5G",   ".5",     "1.",    "0.",
		"1.5",   "128.0", "0.0",   "1..5G",  "1.5.G", "1.5.5G", "128B",  "1b",
		"128iB", "1Ki",   "1Kx",   "1KiBx",  "1KiX",  "1KBB",   "1KBiB", "1KK",
		"1X",    "1BK",   "1i",    "1.5B",   "1.5GX", "1 G",    " 1G",   "1G ",
		"\t1",   "1\n",   " ",     "+1G",    "+1",    "1,5G",   "1'000", "1_000",
		"1e3",   "1E5",   "1M1",   "inf",    "nan",   "0b1",    "1a",    "aG",
		"1@",    "1.G.",  "1.5G1", "1KiBiB", "\001",  "1\177",  "1/",    "1:",
		"1+1",
	};

	for (size_t i = 0; i < ARRAY_SIZE(operands); i++)
		check_bad_size(operands[i], MEMBLK_FAULT_SIZE, EINVAL);
}

static void test_no_ascii(void)
{
	static const char *const operands[] = {
		"\xef\xbc\x91",                   /* a full-width one */
		"\xef\xbc\x91G", "1\xef\xbc\xa7", /* a full-width G */
		"\xd9\xa1",                       /* an Arabic-Indic one */
		"1.\xd9\xa5G",   "1\xd9\xabG",    /* an Arabic decimal sign */
		"1\xc2\xa0G",                     /* a no-break space */
		"\xb2",                           /* superscript two in Latin-1 */
		"1\xcb",                          /* K and the eighth bit */
		"1\xeb",         "1K\xc2",
		"\xff",          "1\xe2\x84\xaa", /* the Kelvin sign, a K to some */
	};

	for (size_t i = 0; i < ARRAY_SIZE(operands); i++)
		check_bad_size(operands[i], MEMBLK_FAULT_SIZE, EINVAL);
}

static void test_leading_zero(void)
{
	static const char *const operands[] = {
		"0200",  "00",   "01",     "01G", "00G", "00.5G",
		"01.5G", "000M", "0128KB", "09",  "00Z", "018446744073709551616"
	};

	for (size_t i = 0; i < ARRAY_SIZE(operands); i++)
		check_bad_size(operands[i], MEMBLK_FAULT_SIZE, EINVAL);
}

static void test_address_alone(void)
{
	static const char *const operands[] = { "0x8000000", "0x80",
						"0x0",       "0x",
						"0X80",      "0xG",
						"0x1G",      "0xffffffffffffffffffff" };

	for (size_t i = 0; i < ARRAY_SIZE(operands); i++)
		check_bad_size(operands[i], MEMBLK_FAULT_SIZE_IS_ADDRESS, EINVAL);
	check_bad_size("1x80", MEMBLK_FAULT_SIZE, EINVAL);
	check_bad_size("x80", MEMBLK_FAULT_SIZE, EINVAL);
	check_bad_size("00x80", MEMBLK_FAULT_SIZE, EINVAL);
}

static void test_blocks_of_a_size(void)
{
	check_size("128", BLOCK_SIZE, 1);
	check_size("1G", BLOCK_SIZE, 8);
	check_size("1.5G", BLOCK_SIZE, 12);
	check_size("0.125G", BLOCK_SIZE, 1);
	check_size("134217728KB", UINT64_C(1) << 10, UINT64_C(131072000));
	check_size("15E", BLOCK_SIZE, UINT64_C(15) << 33);
	check_size("8E", UINT64_C(1) << 63, 1);
	check_size("2G", UINT64_C(2) << 30, 1);
}

static void test_unaligned_size(void)
{
	static const struct fault_row rows[] = {
		{ "1", MEMBLK_FAULT_SIZE_UNALIGNED, EINVAL, 0, 0 },
		{ "127", MEMBLK_FAULT_SIZE_UNALIGNED, EINVAL, 0, 0 },
		{ "129", MEMBLK_FAULT_SIZE_UNALIGNED, EINVAL, 0, 0 },
		{ "1GB", MEMBLK_FAULT_SIZE_UNALIGNED, EINVAL, 0, 0 },
		{ "0.1G", MEMBLK_FAULT_SIZE_UNALIGNED, EINVAL, 0, 0 },
		{ "0.6G", MEMBLK_FAULT_SIZE_UNALIGNED, EINVAL, 0, 0 },
		{ "0.3125G", MEMBLK_FAULT_SIZE_UNALIGNED, EINVAL, 0, 0 },
		{ "0.000000000931322574615478515625G", MEMBLK_FAULT_SIZE_UNALIGNED,
		  EINVAL, 0, 0 },
		{ "18.446744073709551615EB", MEMBLK_FAULT_SIZE_UNALIGNED, EINVAL, 0, 0 },
	};

	CHECK_FAULTS(rows, PLAIN, BLOCK_SIZE);
}

/* ---- Very long operands ---- */

#define LONG_MAX_LENGTH ((size_t) 100000)

/* HEAD, then FILL up to a length of LONG_MAX_LENGTH, then TAIL. The caller frees it. */
static char *long_string(const char *head, char fill, const char *tail)
{
	size_t before = strlen(head), after = strlen(tail);
	char *string = malloc(LONG_MAX_LENGTH + after + 1);

	if (!string)
		abort();
	memset(string, fill, LONG_MAX_LENGTH);
	memcpy(string, head, before);
	memcpy(string + LONG_MAX_LENGTH, tail, after + 1);
	return string;
}

static void test_long_sizes(void)
{
	static const struct {
		const char *head;
		char fill;
		const char *tail;
		enum memblk_fault_kind kind;
		int error;
	} rows[] = {
		{ "9", '9', "", MEMBLK_FAULT_SIZE, ERANGE },
		{ "1", '0', "G", MEMBLK_FAULT_SIZE, ERANGE },
		{ "0", '0', "", MEMBLK_FAULT_SIZE, EINVAL },
		{ "1.", '3', "G", MEMBLK_FAULT_SIZE_UNALIGNED, EINVAL },
		{ "1.", '0', "1K", MEMBLK_FAULT_SIZE_UNALIGNED, EINVAL },
		{ "1.", '0', "", MEMBLK_FAULT_SIZE, EINVAL },
		{ "1.", '5', "X", MEMBLK_FAULT_SIZE, EINVAL },
		{ "x", 'x', "", MEMBLK_FAULT_SIZE, EINVAL },
		{ "1", 'G', "", MEMBLK_FAULT_SIZE, EINVAL },
		{ "0x", 'f', "", MEMBLK_FAULT_SIZE_IS_ADDRESS, EINVAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *operand = long_string(rows[i].head, rows[i].fill,
							   rows[i].tail);

		check_bad_size(operand, rows[i].kind, rows[i].error);
	}
}

static void test_long_fraction_of_zeros(void)
{
	_cleanup_free_ char *one = long_string("1.", '0', "G");
	_cleanup_free_ char *half = long_string("0.5", '0', "K");

	check_size(one, 1, UINT64_C(1) << 30);
	check_size(half, 1, 512);
}

static void test_long_ranges(void)
{
	_cleanup_free_ char *zeros = long_string("0x", '0', "8000000-0xfffffff");
	_cleanup_free_ char *address = long_string("0x", 'f', "-0xfffffff");
	_cleanup_free_ char *block = long_string("1", '1', "");
	struct fault_row row = { address, MEMBLK_FAULT_START_ADDRESS, ERANGE, 0,
				 LONG_MAX_LENGTH };

	check_blocks(zeros, PLAIN, BLOCK_SIZE, 1, 1);
	check_fault(&row, false, BLOCK_SIZE);
	row = (struct fault_row){ block, MEMBLK_FAULT_BLOCK, ERANGE, 0, 0 };
	check_fault(&row, true, BLOCK_SIZE);
}

/* ---- RANGE ---- */

static void test_address_ranges(void)
{
	check_blocks("0x8000000-0xfffffff", PLAIN, BLOCK_SIZE, 1, 1);
	check_blocks("0x0-0x7ffffff", PLAIN, BLOCK_SIZE, 0, 0);
	check_blocks("0x0000000028000000-0x000000003fffffff", PLAIN, BLOCK_SIZE, 5, 7);
	check_blocks("0xf8000000-0xFFFFFFFF", PLAIN, BLOCK_SIZE, 31, 31);
	check_blocks("0xF8000000-0xffffffff", PLAIN, BLOCK_SIZE, 31, 31);
	check_blocks("0xabcdef0000-0xABCDEFffff", PLAIN, 0x10000, 0xabcdef, 0xabcdef);
	check_blocks("0x123456789-0x123456789", PLAIN, 1, UINT64_C(0x123456789),
		     UINT64_C(0x123456789));
	check_blocks("0x00-0x7ffffff", PLAIN, BLOCK_SIZE, 0, 0);
}

static void test_end_of_address_space(void)
{
	check_blocks("0x0-0xffffffffffffffff", PLAIN, BLOCK_SIZE, 0,
		     UINT64_C(0x1fffffffff));
	check_blocks("0xfffffffff8000000-0xffffffffffffffff", PLAIN, BLOCK_SIZE,
		     UINT64_C(0x1fffffffff), UINT64_C(0x1fffffffff));
	check_blocks("0x0-0xffffffffffffffff", PLAIN, 1, 0, UINT64_MAX);
	check_blocks("0x8000000000000000-0xffffffffffffffff", PLAIN, UINT64_C(1) << 63, 1,
		     1);
}

static void test_start_format(void)
{
	static const struct fault_row rows[] = {
		{ "foo-0xfffffff", MEMBLK_FAULT_START_FORMAT, EINVAL, 0, 3 },
		{ "8000000-0xfffffff", MEMBLK_FAULT_START_FORMAT, EINVAL, 0, 7 },
		{ "0X8000000-0xfffffff", MEMBLK_FAULT_START_FORMAT, EINVAL, 0, 9 },
		{ "x8-0xfffffff", MEMBLK_FAULT_START_FORMAT, EINVAL, 0, 2 },
		{ "0-0xfffffff", MEMBLK_FAULT_START_FORMAT, EINVAL, 0, 1 },
		{ " 0x8000000-0xfffffff", MEMBLK_FAULT_START_FORMAT, EINVAL, 0, 10 },
		{ "foo-bar", MEMBLK_FAULT_START_FORMAT, EINVAL, 0, 3 },
		{ "1G-2G", MEMBLK_FAULT_START_FORMAT, EINVAL, 0, 2 },
		{ "05-10", MEMBLK_FAULT_START_FORMAT, EINVAL, 0, 2 },
		{ "5-010", MEMBLK_FAULT_START_FORMAT, EINVAL, 0, 1 },
		{ "5-x", MEMBLK_FAULT_START_FORMAT, EINVAL, 0, 1 },
		{ "5 -10", MEMBLK_FAULT_START_FORMAT, EINVAL, 0, 2 },
	};

	CHECK_FAULTS(rows, PLAIN, BLOCK_SIZE);
}

static void test_block_range_without_b(void)
{
	static const struct fault_row rows[] = {
		{ "5-10", MEMBLK_FAULT_START_IS_BLOCK, EINVAL, 0, 1 },
		{ "0-0", MEMBLK_FAULT_START_IS_BLOCK, EINVAL, 0, 1 },
		{ "123-18446744073709551615", MEMBLK_FAULT_START_IS_BLOCK, EINVAL, 0, 3 },
		{ "9-8", MEMBLK_FAULT_START_IS_BLOCK, EINVAL, 0, 1 },
	};

	CHECK_FAULTS(rows, PLAIN, BLOCK_SIZE);
}

static void test_end_format(void)
{
	static const struct fault_row rows[] = {
		{ "0x8000000-fffffff", MEMBLK_FAULT_END_FORMAT, EINVAL, 10, 7 },
		{ "0x8000000-0Xfffffff", MEMBLK_FAULT_END_FORMAT, EINVAL, 10, 9 },
		{ "0x8000000-5", MEMBLK_FAULT_END_FORMAT, EINVAL, 10, 1 },
		{ "0x8000000-0", MEMBLK_FAULT_END_FORMAT, EINVAL, 10, 1 },
		{ "0x8000000- 0xfffffff", MEMBLK_FAULT_END_FORMAT, EINVAL, 10, 10 },
		/* the end's 0x comes before the start's digits */
		{ "0xfoo-bar", MEMBLK_FAULT_END_FORMAT, EINVAL, 6, 3 },
		{ "0x-5", MEMBLK_FAULT_END_FORMAT, EINVAL, 3, 1 },
		{ "0x1-x", MEMBLK_FAULT_END_FORMAT, EINVAL, 4, 1 },
	};

	CHECK_FAULTS(rows, PLAIN, BLOCK_SIZE);
}

static void test_start_digits(void)
{
	static const struct fault_row rows[] = {
		{ "0x-0xfffffff", MEMBLK_FAULT_START_ADDRESS, EINVAL, 0, 2 },
		{ "0xg-0xfffffff", MEMBLK_FAULT_START_ADDRESS, EINVAL, 0, 3 },
		{ "0x8000000x-0xfffffff", MEMBLK_FAULT_START_ADDRESS, EINVAL, 0, 10 },
		{ "0x8000000 -0xfffffff", MEMBLK_FAULT_START_ADDRESS, EINVAL, 0, 10 },
		{ "0x 8000000-0xfffffff", MEMBLK_FAULT_START_ADDRESS, EINVAL, 0, 10 },
		{ "0x+8-0xfffffff", MEMBLK_FAULT_START_ADDRESS, EINVAL, 0, 4 },
		{ "0x0x8-0xfffffff", MEMBLK_FAULT_START_ADDRESS, EINVAL, 0, 5 },
		{ "0x10000000000000000-0xfffffff", MEMBLK_FAULT_START_ADDRESS, ERANGE, 0,
		  19 },
		{ "0x\xef\xbc\x98-0xfffffff", MEMBLK_FAULT_START_ADDRESS, EINVAL, 0, 5 },
		/* both are at fault: the start is named */
		{ "0xg-0xh", MEMBLK_FAULT_START_ADDRESS, EINVAL, 0, 3 },
		{ "0xg-0x1ffffffffffffffff", MEMBLK_FAULT_START_ADDRESS, EINVAL, 0, 3 },
	};

	CHECK_FAULTS(rows, PLAIN, BLOCK_SIZE);
}

static void test_end_digits(void)
{
	static const struct fault_row rows[] = {
		{ "0x8000000-0x", MEMBLK_FAULT_END_ADDRESS, EINVAL, 10, 2 },
		{ "0x8000000-0xfffffffg", MEMBLK_FAULT_END_ADDRESS, EINVAL, 10, 10 },
		{ "0x8000000-0x10000000000000000", MEMBLK_FAULT_END_ADDRESS, ERANGE, 10,
		  19 },
		{ "0x8000000-0xffffffffffffffff0", MEMBLK_FAULT_END_ADDRESS, ERANGE, 10,
		  19 },
		{ "0x8000000-0xfffffff ", MEMBLK_FAULT_END_ADDRESS, EINVAL, 10, 10 },
		/* before the start's alignment */
		{ "0x1-0xx", MEMBLK_FAULT_END_ADDRESS, EINVAL, 4, 3 },
	};

	CHECK_FAULTS(rows, PLAIN, BLOCK_SIZE);
}

static void test_unaligned_range(void)
{
	static const struct fault_row rows[] = {
		{ "0x1-0xfffffff", MEMBLK_FAULT_ADDRESS_UNALIGNED, EINVAL, 0, 0 },
		{ "0x8000000-0x10000000", MEMBLK_FAULT_ADDRESS_UNALIGNED, EINVAL, 0, 0 },
		{ "0x8000000-0x8000000", MEMBLK_FAULT_ADDRESS_UNALIGNED, EINVAL, 0, 0 },
		{ "0x8000000-0xffffffe", MEMBLK_FAULT_ADDRESS_UNALIGNED, EINVAL, 0, 0 },
		{ "0x7ffffff-0xfffffff", MEMBLK_FAULT_ADDRESS_UNALIGNED, EINVAL, 0, 0 },
		{ "0x0-0x0", MEMBLK_FAULT_ADDRESS_UNALIGNED, EINVAL, 0, 0 },
		{ "0x0-0xfffffffffffffffe", MEMBLK_FAULT_ADDRESS_UNALIGNED, EINVAL, 0,
		  0 },
		/* and out of order: the alignment is judged first */
		{ "0x10000001-0xfffffff", MEMBLK_FAULT_ADDRESS_UNALIGNED, EINVAL, 0, 0 },
		{ "0x10000000-0x8000000", MEMBLK_FAULT_ADDRESS_UNALIGNED, EINVAL, 0, 0 },
	};

	CHECK_FAULTS(rows, PLAIN, BLOCK_SIZE);
}

static void test_range_out_of_order(void)
{
	static const struct fault_row rows[] = {
		{ "0x10000000-0xfffffff", MEMBLK_FAULT_RANGE, EINVAL, 0, 0 },
		{ "0x10000000-0x7ffffff", MEMBLK_FAULT_RANGE, EINVAL, 0, 0 },
		{ "0xfffffffff8000000-0x7ffffff", MEMBLK_FAULT_RANGE, EINVAL, 0, 0 },
	};

	CHECK_FAULTS(rows, PLAIN, BLOCK_SIZE);
}

/* ---- BLOCKRANGE ---- */

/* RANGES are as EXPECTED, written as a list. */
static void check_ranges(const struct memblk_ranges *ranges, const char *expected)
{
	char text[256] = "";
	size_t length = 0;

	for (size_t i = 0; i < ranges->nranges; i++)
		length += (size_t) snprintf(
			text + length, sizeof(text) - length, "%s%" PRIu64 "-%" PRIu64,
			i ? "," : "", ranges->range[i].first, ranges->range[i].last);
	check_string(text, expected);
}

static void check_list(const char *operand, const char *expected, uint64_t count)
{
	_cleanup_parsed_ struct parsed parsed;

	parse(&parsed, operand, BLOCKS, BLOCK_SIZE);
	if (!is_parsed(&parsed))
		return;
	check_uint(parsed.selection.kind, MEMBLK_SELECTION_BLOCKS);
	check_ranges(&parsed.selection.ranges, expected);
	check_uint(memblk_ranges_count(&parsed.selection.ranges), count);
}

static void test_lists(void)
{
	check_list("4,6,8-10", "4-4,6-6,8-10", 5);
	check_list("8-10,6,4", "4-4,6-6,8-10", 5);
	check_list("1,2,3", "1-3", 3);
	check_list("5-9,7", "5-9", 5);
	check_list("7,5-9,5,9,6-8", "5-9", 5);
	check_list("5-9,8-12,20,12-13", "5-13,20-20", 10);
	check_list("3,3,3", "3-3", 1);
	check_list("18446744073709551615,0",
		   "0-0,18446744073709551615-18446744073709551615", 2);
	check_list("18446744073709551614,18446744073709551615",
		   "18446744073709551614-18446744073709551615", 2);
	/* one more than fits */
	check_list("0-18446744073709551615,7", "0-18446744073709551615", UINT64_MAX);
}

static void test_bad_lists(void)
{
	static const struct fault_row rows[] = {
		{ "4,", MEMBLK_FAULT_PARAMETER, EINVAL, 0, 0 },
		{ ",4", MEMBLK_FAULT_PARAMETER, EINVAL, 0, 0 },
		{ ",", MEMBLK_FAULT_PARAMETER, EINVAL, 0, 0 },
		{ "4,,6", MEMBLK_FAULT_PARAMETER, EINVAL, 0, 0 },
		{ "4,x", MEMBLK_FAULT_BLOCK, EINVAL, 2, 1 },
		{ "4, 5", MEMBLK_FAULT_BLOCK, EINVAL, 2, 2 },
		{ "x,4,", MEMBLK_FAULT_BLOCK, EINVAL, 0, 1 },
		{ "4,05", MEMBLK_FAULT_BLOCK, EINVAL, 2, 2 },
		{ "4,18446744073709551616", MEMBLK_FAULT_BLOCK, ERANGE, 2, 20 },
		{ "4,6-,8", MEMBLK_FAULT_PARAMETER, EINVAL, 2, 2 },
		{ "4,1-2-3", MEMBLK_FAULT_PARAMETER, EINVAL, 2, 5 },
		{ "4,y-7", MEMBLK_FAULT_BLOCK_START, EINVAL, 2, 1 },
		{ "4,7-y,1", MEMBLK_FAULT_BLOCK_END, EINVAL, 4, 1 },
		{ "4,9-8,1", MEMBLK_FAULT_RANGE, EINVAL, 2, 3 },
	};

	CHECK_FAULTS(rows, BLOCKS, BLOCK_SIZE);
}

/* Without -b it is no size, and known as what it is. */
static void test_list_without_b(void)
{
	static const struct fault_row rows[] = {
		{ "4,6", MEMBLK_FAULT_SIZE_IS_BLOCKS, EINVAL, 0, 0 },
		{ "1,2,3", MEMBLK_FAULT_SIZE_IS_BLOCKS, EINVAL, 0, 0 },
		{ "4,", MEMBLK_FAULT_SIZE, EINVAL, 0, 0 },
		{ "4,6G", MEMBLK_FAULT_SIZE, EINVAL, 0, 0 },
	};

	CHECK_FAULTS(rows, PLAIN, BLOCK_SIZE);
}

static void test_ranges_have(void)
{
	struct memblk_range list[] = { { 2, 2 }, { 5, 9 }, { UINT64_MAX, UINT64_MAX } };
	struct memblk_ranges ranges = { list, ARRAY_SIZE(list) }, none = { NULL, 0 };

	for (uint64_t i = 0; i < 12; i++) {
		tap_row("%" PRIu64, i);
		check_uint(memblk_ranges_has(&ranges, i), i == 2 || (i >= 5 && i <= 9));
		check(!memblk_ranges_has(&none, i));
	}
	check(memblk_ranges_has(&ranges, UINT64_MAX));
	check(!memblk_ranges_has(&ranges, UINT64_MAX - 1));
	check_uint(memblk_ranges_count(&none), 0);
}

static void test_nodes(void)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{ "0", "0-0" },
		{ "1,3", "1-1,3-3" },
		{ "0-2", "0-2" },
		{ "3,0-1", "0-1,3-3" },
	};
	static const struct {
		const char *text;
		int error;
	} bad[] = {
		{ "", EINVAL },    { "x", EINVAL },  { "1,", EINVAL },
		{ "2-1", EINVAL }, { "-1", EINVAL }, { "18446744073709551616", ERANGE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct memblk_ranges nodes;

		tap_row("%s", rows[i].text);
		if (!check_int(memblk_nodes_parse(rows[i].text, &nodes), 0))
			continue;
		check_ranges(&nodes, rows[i].expected);
		memblk_ranges_done(&nodes);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct memblk_ranges nodes;

		tap_row("%s", bad[i].text);
		memset(&nodes, POISON, sizeof(nodes));
		check_int(memblk_nodes_parse(bad[i].text, &nodes), -bad[i].error);
		check(is_poison(&nodes, sizeof(nodes)));
	}
}

/* ---- The size of --resize ---- */

static void test_resize(void)
{
	static const struct {
		const char *operand;
		uint64_t nblocks;
	} rows[] = {
		{ "3G", 24 },
		{ "128M", 1 },
		{ "1.5G", 12 },
		{ "0G", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_parsed_ struct parsed parsed;

		parse(&parsed, rows[i].operand, RESIZE, BLOCK_SIZE);
		if (!is_parsed(&parsed))
			continue;
		check_uint(parsed.selection.kind, MEMBLK_SELECTION_RESIZE);
		check_uint(parsed.selection.nblocks, rows[i].nblocks);
	}
}

static void test_bad_resize(void)
{
	static const struct fault_row rows[] = {
		{ "3072", MEMBLK_FAULT_SIZE_WITHOUT_UNIT, EINVAL, 0, 0 },
		{ "0", MEMBLK_FAULT_SIZE_WITHOUT_UNIT, EINVAL, 0, 0 },
		{ "17592186044416", MEMBLK_FAULT_SIZE_WITHOUT_UNIT, EINVAL, 0, 0 },
		{ "100M", MEMBLK_FAULT_SIZE_UNALIGNED, EINVAL, 0, 0 },
		{ "16E", MEMBLK_FAULT_SIZE, ERANGE, 0, 0 },
		{ "4-6", MEMBLK_FAULT_SIZE, EINVAL, 0, 0 },
		{ "-1G", MEMBLK_FAULT_SIZE, EINVAL, 0, 0 },
		{ "0x8000000", MEMBLK_FAULT_SIZE_IS_ADDRESS, EINVAL, 0, 0 },
		{ "", MEMBLK_FAULT_PARAMETER, EINVAL, 0, 0 },
	};

	CHECK_FAULTS(rows, RESIZE, BLOCK_SIZE);
}

static void test_block_ranges(void)
{
	check_blocks("0", BLOCKS, BLOCK_SIZE, 0, 0);
	check_blocks("5", BLOCKS, BLOCK_SIZE, 5, 5);
	check_blocks("18446744073709551615", BLOCKS, BLOCK_SIZE, UINT64_MAX, UINT64_MAX);
	check_blocks("5-10", BLOCKS, BLOCK_SIZE, 5, 10);
	check_blocks("7-7", BLOCKS, BLOCK_SIZE, 7, 7);
	check_blocks("0-0", BLOCKS, BLOCK_SIZE, 0, 0);
	check_blocks("0-18446744073709551615", BLOCKS, BLOCK_SIZE, 0, UINT64_MAX);
	check_blocks("9-10", BLOCKS, 1, 9, 10);
	check_blocks("18446744073709551614-18446744073709551615", BLOCKS, BLOCK_SIZE,
		     UINT64_MAX - 1, UINT64_MAX);
}

static void test_bad_block(void)
{
	static const struct fault_row rows[] = {
		{ "foo", MEMBLK_FAULT_BLOCK, EINVAL, 0, 0 },
		{ "0x8", MEMBLK_FAULT_BLOCK, EINVAL, 0, 0 },
		{ "5M", MEMBLK_FAULT_BLOCK, EINVAL, 0, 0 },
		{ "5.", MEMBLK_FAULT_BLOCK, EINVAL, 0, 0 },
		{ "a", MEMBLK_FAULT_BLOCK, EINVAL, 0, 0 },
		{ "+5", MEMBLK_FAULT_BLOCK, EINVAL, 0, 0 },
		{ " 5", MEMBLK_FAULT_BLOCK, EINVAL, 0, 0 },
		{ "5 ", MEMBLK_FAULT_BLOCK, EINVAL, 0, 0 },
		{ "05", MEMBLK_FAULT_BLOCK, EINVAL, 0, 0 },
		{ "00", MEMBLK_FAULT_BLOCK, EINVAL, 0, 0 },
		{ "\xef\xbc\x95", MEMBLK_FAULT_BLOCK, EINVAL, 0, 0 },
		{ "18446744073709551616", MEMBLK_FAULT_BLOCK, ERANGE, 0, 0 },
		{ "99999999999999999999999", MEMBLK_FAULT_BLOCK, ERANGE, 0, 0 },
	};

	CHECK_FAULTS(rows, BLOCKS, BLOCK_SIZE);
}

static void test_bad_first_block(void)
{
	static const struct fault_row rows[] = {
		{ "x-10", MEMBLK_FAULT_BLOCK_START, EINVAL, 0, 1 },
		{ "0x5-10", MEMBLK_FAULT_BLOCK_START, EINVAL, 0, 3 },
		{ "05-10", MEMBLK_FAULT_BLOCK_START, EINVAL, 0, 2 },
		{ " 5-10", MEMBLK_FAULT_BLOCK_START, EINVAL, 0, 2 },
		{ "5 -10", MEMBLK_FAULT_BLOCK_START, EINVAL, 0, 2 },
		{ "+5-10", MEMBLK_FAULT_BLOCK_START, EINVAL, 0, 2 },
		{ "18446744073709551616-10", MEMBLK_FAULT_BLOCK_START, ERANGE, 0, 20 },
		{ "x-y", MEMBLK_FAULT_BLOCK_START, EINVAL, 0, 1 },
	};

	CHECK_FAULTS(rows, BLOCKS, BLOCK_SIZE);
}

static void test_bad_last_block(void)
{
	static const struct fault_row rows[] = {
		{ "5-x", MEMBLK_FAULT_BLOCK_END, EINVAL, 2, 1 },
		{ "5-0xa", MEMBLK_FAULT_BLOCK_END, EINVAL, 2, 3 },
		{ "5-010", MEMBLK_FAULT_BLOCK_END, EINVAL, 2, 3 },
		{ "5- 10", MEMBLK_FAULT_BLOCK_END, EINVAL, 2, 3 },
		{ "5-10 ", MEMBLK_FAULT_BLOCK_END, EINVAL, 2, 3 },
		{ "5-+10", MEMBLK_FAULT_BLOCK_END, EINVAL, 2, 3 },
		{ "5-18446744073709551616", MEMBLK_FAULT_BLOCK_END, ERANGE, 2, 20 },
	};

	CHECK_FAULTS(rows, BLOCKS, BLOCK_SIZE);
}

static void test_blocks_out_of_order(void)
{
	static const struct fault_row rows[] = {
		{ "9-8", MEMBLK_FAULT_RANGE, EINVAL, 0, 0 },
		{ "10-9", MEMBLK_FAULT_RANGE, EINVAL, 0, 0 },
		{ "18446744073709551615-0", MEMBLK_FAULT_RANGE, EINVAL, 0, 0 },
	};

	CHECK_FAULTS(rows, BLOCKS, BLOCK_SIZE);
}

/* ---- Neither one part nor two ---- */

static void test_parts(void)
{
	static const char *const operands[] = {
		"",     "-",     "--",   "---",  "6-", "-6", "7--8",           "-7-8",
		"7-8-", "1-2-3", "0x8-", "-0x8", "x-", "-x", "0x0-0x7ffffff-", "5-6-7",
		"-1G",  "1G-",   "-0",
	};

	for (size_t i = 0; i < ARRAY_SIZE(operands); i++) {
		struct fault_row row = { operands[i], MEMBLK_FAULT_PARAMETER, EINVAL, 0,
					 0 };

		check_fault(&row, false, BLOCK_SIZE);
		check_fault(&row, true, BLOCK_SIZE);
	}
}

/* ---- Sizes and seconds by themselves ---- */

typedef int (*number_fn)(const char *text, uint64_t *ret);

/* What FUNCTION makes of TEXT is R, and, where that is 0, VALUE. */
struct number_row {
	const char *text;
	int r;
	uint64_t value;
};

static void check_numbers(number_fn function, const struct number_row *rows, size_t nrows)
{
	for (size_t i = 0; i < nrows; i++) {
		/* allocated to the byte, so that reading beyond it is noticed */
		_cleanup_free_ char *text = strdup(rows[i].text);
		uint64_t value;

		if (!text)
			abort();
		memset(&value, POISON, sizeof(value));
		tap_row("%s", text);
		check_int(function(text, &value), rows[i].r);
		if (rows[i].r == 0)
			check_uint(value, rows[i].value);
		else
			check(is_poison(&value, sizeof(value)));
	}
}

#define CHECK_NUMBERS(function, rows) check_numbers(function, rows, ARRAY_SIZE(rows))

static void test_size_alone(void)
{
	static const struct number_row rows[] = {
		{ "0", 0, 0 },
		{ "1", 0, UINT64_C(1) << 20 },
		{ "1K", 0, 1024 },
		{ "1KB", 0, 1000 },
		{ "0.5K", 0, 512 },
		{ "64M", 0, UINT64_C(64) << 20 },
		{ "1.5g", 0, UINT64_C(1536) << 20 },
		{ "100GiB", 0, UINT64_C(100) << 30 },
		{ "17592186044415", 0, UINT64_C(0xfffffffffff00000) },
		{ "18446744073709551.615KB", 0, UINT64_MAX },
	};

	CHECK_NUMBERS(memblk_size_parse, rows);
}

static void test_bad_size_alone(void)
{
	static const struct number_row rows[] = {
		{ "", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1 ", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ "01", -EINVAL, 0 },
		{ "1.5", -EINVAL, 0 },
		{ "0x8000000", -EINVAL, 0 },
		{ "x", -EINVAL, 0 },
		{ "1-2", -EINVAL, 0 },
		{ "17592186044416", -ERANGE, 0 },
		{ "16E", -ERANGE, 0 },
		{ "1Z", -ERANGE, 0 },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "18446744073709551.616KB", -ERANGE, 0 },
		{ "0.1K", -EBADMSG, 0 },
		{ "0.0001KB", -EBADMSG, 0 },
		{ "18446744073709551.6155KB", -EBADMSG, 0 },
	};

	CHECK_NUMBERS(memblk_size_parse, rows);
}

static void test_seconds(void)
{
	static const struct number_row rows[] = {
		{ "0", 0, 0 },
		{ "1", 0, 1000 },
		{ "30", 0, 30000 },
		{ "0.5", 0, 500 },
		{ "0.25", 0, 250 },
		{ "0.001", 0, 1 },
		{ "1.001", 0, 1001 },
		{ "12.345", 0, 12345 },
		{ "10.10", 0, 10100 },
		{ "0.0", 0, 0 },
		{ "0.0000", 0, 0 },
		{ "2.000000", 0, 2000 },
		{ "86400", 0, 86400000 },
		{ "18446744073709551", 0, UINT64_C(18446744073709551000) },
		{ "18446744073709551.614", 0, UINT64_MAX - 1 },
		{ "infinity", 0, MEMBLK_FOREVER },
	};

	CHECK_NUMBERS(memblk_seconds_parse, rows);
}

#define ZEROS_60 "000000000000000000000000000000000000000000000000000000000000"

static void test_part_of_a_millisecond(void)
{
	static const struct number_row rows[] = {
		{ "0.0001", 0, 1 },
		{ "0.0000000001", 0, 1 },
		{ "0.0009", 0, 1 },
		{ "0.0010", 0, 1 },
		{ "0.0011", 0, 2 },
		{ "1.9991", 0, 2000 },
		{ "1.9999", 0, 2000 },
		{ "1.2345", 0, 1235 },
		{ "1." ZEROS_60 ZEROS_60, 0, 1000 },
		{ "1." ZEROS_60 "1", 0, 1001 },
		{ "0." ZEROS_60 "1", 0, 1 },
		{ "1.5" ZEROS_60 "1", 0, 1501 },
		{ "18446744073709551.6131", 0, UINT64_MAX - 1 },
	};

	CHECK_NUMBERS(memblk_seconds_parse, rows);
}

static void test_seconds_out_of_range(void)
{
	static const struct number_row rows[] = {
		/* this would be infinity */
		{ "18446744073709551.615", -ERANGE, 0 },
		{ "18446744073709551.6141", -ERANGE, 0 },
		{ "18446744073709551.6151", -ERANGE, 0 },
		{ "18446744073709551.616", -ERANGE, 0 },
		{ "18446744073709552", -ERANGE, 0 },
		{ "18446744073709551615", -ERANGE, 0 },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "99999999999999999999999.5", -ERANGE, 0 },
	};

	CHECK_NUMBERS(memblk_seconds_parse, rows);
}

static void test_no_seconds(void)
{
	static const char *const texts[] = {
		"",          " ",        "x",         " 1",        "1 ",
		"\t1",       "1\n",      "-1",        "+1",        "-0",
		"01",        "00",       "00.5",      ".",         ".5",
		"1.",        "0.",       "1..5",      "1.5.5",     "1,5",
		"1.x",       "1.5x",     "1e3",       "1.5e3",     "0x10",
		"1s",        "1.5s",     "1M",        "1:30",      "inf",
		"nan",       "Infinity", "INFINITY",  "infinity ", " infinity",
		"infinityx", "infinit",  "-infinity", "\xc2\xb9",  "1.\xc2\xb9",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct number_row row = { texts[i], -EINVAL, 0 };

		check_numbers(memblk_seconds_parse, &row, 1);
	}
}

/* ---- Sizes for people ---- */

struct string_row {
	uint64_t size_bytes;
	const char *string;
};

static void check_strings(const struct string_row *rows, size_t nrows)
{
	for (size_t i = 0; i < nrows; i++) {
		char buffer[MEMBLK_SIZE_STRING_MAX];

		tap_row("%" PRIu64, rows[i].size_bytes);
		memset(buffer, POISON, sizeof(buffer));
		check(memblk_size_to_string(rows[i].size_bytes, buffer) == buffer);
		check_string(buffer, rows[i].string);
	}
}

static void test_whole_sizes_to_string(void)
{
	static const struct string_row rows[] = {
		{ 0, "0B" },
		{ 1, "1B" },
		{ 1023, "1023B" },
		{ 1024, "1K" },
		{ UINT64_C(1) << 20, "1M" },
		{ UINT64_C(128) << 20, "128M" },
		{ UINT64_C(256) << 20, "256M" },
		{ UINT64_C(1023) << 20, "1023M" },
		{ UINT64_C(1) << 30, "1G" },
		{ UINT64_C(3) << 40, "3T" },
		{ UINT64_C(5) << 50, "5P" },
		{ UINT64_C(1) << 60, "1E" },
		{ UINT64_C(15) << 60, "15E" },
	};

	check_strings(rows, ARRAY_SIZE(rows));
}

static void test_tenths_to_string(void)
{
	static const struct string_row rows[] = {
		{ UINT64_C(1536) << 20, "1.5G" },
		{ UINT64_C(1152) << 20, "1.1G" },
		/* halves of a tenth go up */
		{ UINT64_C(1280) << 20, "1.3G" },
		{ UINT64_C(1792) << 20, "1.8G" },
		{ UINT64_C(3) << 18, "768K" },
		{ (UINT64_C(1) << 60) + (UINT64_C(1) << 58), "1.3E" },
		/* 1.05 and 1.95 of each unit lie between these */
		{ 1075, "1K" },
		{ 1076, "1.1K" },
		{ 1996, "1.9K" },
		{ 1997, "2K" },
		{ 1101004, "1M" },
		{ 1101005, "1.1M" },
		{ 2044723, "1.9M" },
		{ 2044724, "2M" },
		/* 1.97M */
		{ 2065695, "2M" },
		{ UINT64_C(2093796556), "1.9G" },
		{ UINT64_C(2093796557), "2G" },
		{ (UINT64_C(1) << 30) + 1, "1G" },
		{ (UINT64_C(2) << 30) - 1, "2G" },
	};

	check_strings(rows, ARRAY_SIZE(rows));
}

static void test_largest_to_string(void)
{
	static const struct string_row rows[] = {
		{ UINT64_C(1152) << 50, "1.1E" },
		{ UINT64_C(15872) << 50, "15.5E" },
		/* 15.95E lies between these */
		{ UINT64_C(18389097998479209267), "15.9E" },
		{ UINT64_C(18389097998479209268), "16E" },
		{ UINT64_MAX, "16E" },
	};

	check_strings(rows, ARRAY_SIZE(rows));
}

/* Each unit but the last has a next one, but rounding does not go over to it. */
static void test_rounding_stays_in_unit(void)
{
	static const struct string_row rows[] = {
		{ (UINT64_C(1) << 20) - 1, "1024K" },
		{ (UINT64_C(1) << 30) - 1, "1024M" },
		{ (UINT64_C(1) << 60) - 1, "1024P" },
	};

	check_strings(rows, ARRAY_SIZE(rows));
}

static const struct tap_test tests[] = {
	{ "A size without a suffix is MiB", test_bare_number },
	{ "K to E, with iB too, are powers of 1024", test_binary_suffixes },
	{ "KB to EB are powers of 1000", test_decimal_suffixes },
	{ "A suffix may be in upper or lower case", test_suffix_case },
	{ "The i of iB is lower case only", test_capital_i },
	{ "A size of zero is no blocks, in any unit", test_nothing },
	{ "D28: A fraction of a unit is exact", test_fractions },
	{ "A point without a fraction changes nothing", test_point_alone },
	{ "Zeros at the end of a fraction change nothing", test_zeros_at_the_end },
	{ "A fraction of sixty digits is exact to the byte", test_sixty_digits },
	{ "D28: A fraction that is no whole number of bytes is not aligned",
	  test_not_whole },
	{ "The largest size of each unit is read", test_largest_sizes },
	{ "D8: More MiB than 2^64 bytes are too large", test_too_many_mib },
	{ "2^64 bytes and more are out of range", test_out_of_range },
	{ "Z and Y are out of range", test_zetta_and_yotta },
	{ "What is out of range is so, however long its fraction",
	  test_many_digits_out_of_range },
	{ "What is no size is refused", test_no_size },
	{ "What is not ASCII is no digit and no suffix", test_no_ascii },
	{ "D29: A leading zero before a digit is refused", test_leading_zero },
	{ "D10: An address alone is no size, and known as an address",
	  test_address_alone },
	{ "A size is counted in blocks", test_blocks_of_a_size },
	{ "A size that is no multiple of the block size is not aligned",
	  test_unaligned_size },
	{ "Very long sizes are judged like short ones", test_long_sizes },
	{ "A very long fraction of zeros is none", test_long_fraction_of_zeros },
	{ "Very long ranges are judged like short ones", test_long_ranges },
	{ "D29: A range of addresses is in hexadecimal, leading zeros allowed",
	  test_address_ranges },
	{ "The last byte of a range may be the last there is",
	  test_end_of_address_space },
	{ "A range of addresses starts with 0x", test_start_format },
	{ "D11: A range of blocks without -b is known as one",
	  test_block_range_without_b },
	{ "The end of a range of addresses starts with 0x", test_end_format },
	{ "The start of a range of addresses is hexadecimal digits", test_start_digits },
	{ "The end of a range of addresses is hexadecimal digits", test_end_digits },
	{ "A range of addresses covers whole blocks", test_unaligned_range },
	{ "A range of addresses does not end before it starts", test_range_out_of_order },
	{ "A range of blocks is one block or the first and the last", test_block_ranges },
	{ "D29: A block is a decimal number", test_bad_block },
	{ "D29: The first block is a decimal number", test_bad_first_block },
	{ "D29: The last block is a decimal number", test_bad_last_block },
	{ "A list of blocks is each of them once, in order", test_lists },
	{ "A bad list of blocks is refused, and the part at fault named",
	  test_bad_lists },
	{ "A list of blocks without -b is known as one", test_list_without_b },
	{ "What is in a list of ranges, and how much, can be told", test_ranges_have },
	{ "Nodes are a list of numbers and ranges", test_nodes },
	{ "The size of --resize is counted in blocks", test_resize },
	{ "A bad size of --resize is refused, also one without a unit", test_bad_resize },
	{ "A range of blocks does not end before it starts", test_blocks_out_of_order },
	{ "D9: An operand has one part, or two that are not empty", test_parts },
	{ "A size by itself is that of an operand, of any number of bytes",
	  test_size_alone },
	{ "A bad size by itself is told from one that is not whole bytes",
	  test_bad_size_alone },
	{ "Seconds are exact to the millisecond", test_seconds },
	{ "A part of a millisecond is a whole one", test_part_of_a_millisecond },
	{ "More milliseconds than 64 bits are out of range", test_seconds_out_of_range },
	{ "What is no number of seconds is refused", test_no_seconds },
	{ "A size below 1024 of its unit is written in that unit",
	  test_whole_sizes_to_string },
	{ "A size is written with tenths, rounded half up, without a zero",
	  test_tenths_to_string },
	{ "The largest sizes are written in E", test_largest_to_string },
	{ "A size is rounded within its unit", test_rounding_stays_in_unit },
};

TAP_MAIN(tests)
