/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records of the kernel's log. The input is one after the other, with `|` between them.
 */
#include "config.h"

#include <errno.h>

#include "fuzz.h"
#include "kmsg.h"

const char fuzz_name[] = "kmsg";

/* All of TEXT is a number with the digits of BASE, 10 or 16. */
static bool is_number(const char *text, int base, uint64_t *ret)
{
	char *end;

	if (!*text ||
	    text[strspn(text, base == 10 ? "0123456789" : "0123456789abcdefABCDEF")])
		return false;
	errno = 0;
	*ret = strtoull(text, &end, base);
	return !errno && !*end;
}

/* What is behind WORD at the start of TEXT; NULL if it does not start so. */
static char *behind(char *text, const char *word)
{
	return text && !strncmp(text, word, strlen(word)) ? text + strlen(word) : NULL;
}

/* The text of RECORD, which is changed, or NULL if it is not the kernel's. */
static char *expected_text(char *record)
{
	char *text = strchr(record, ';'), *header = record;
	uint64_t numbers[3];

	if (!text)
		return NULL;
	*text++ = '\0';
	text[strcspn(text, "\n")] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		const char *field = strsep(&header, ",");

		if (!header || !is_number(field, 10, &numbers[i]))
			return NULL;
	}
	return numbers[0] < 8 ? text : NULL;
}

static bool expect_migrating(char *text, struct memblk_witness *witness)
{
	char *pfn = behind(text, "migrating pfn "), *error;
	bool negative;
	uint64_t number;

	if (!pfn)
		return false;
	error = pfn;
	pfn = strsep(&error, " ");
	error = behind(error, "failed ret:");
	if (!error)
		return false;
	negative = *error == '-';
	if (!is_number(pfn, 16, &witness->pfn) ||
	    !is_number(error + negative, 10, &number))
		return false;
	witness->kind = MEMBLK_WITNESS_MIGRATION;
	if (negative && number <= INT32_MAX)
		witness->error = (int) number;
	return true;
}

static bool expect_page(char *text, uint64_t *ret_pfn)
{
	char *at = behind(text, "page:");

	if (at)
		at = strstr(at, "refcount:");
	if (at)
		at = strstr(at, " pfn:0x");
	return at && is_number(at + strlen(" pfn:0x"), 16, ret_pfn);
}

static enum memblk_witness_kind expected_cause(char *text)
{
	const char *cause = behind(text, "page dumped because: ");

	if (!cause)
		return MEMBLK_WITNESS_NONE;
	if (!strcmp(cause, "unmovable page"))
		return MEMBLK_WITNESS_UNMOVABLE;
	if (!strcmp(cause, "migration failure"))
		return MEMBLK_WITNESS_MIGRATION;
	return strcmp(cause, "isolation failed") ? MEMBLK_WITNESS_NONE
						 : MEMBLK_WITNESS_ISOLATION;
}

/* Any page that is dumped is the one that the next cause is of, which is used up by it.
 */
static bool expect(const char *record, struct kmsg_dump *dump, struct memblk_witness *ret)
{
	_cleanup_free_ char *copy = strdup(record), *other = strdup(record);
	char *text, *isolated;
	uint64_t pfn;

	require(copy && other);
	text = expected_text(copy);
	if (!text)
		return false;
	memset(ret, 0, sizeof(*ret));
	if (expect_page(text, &pfn)) {
		dump->is_open = true;
		dump->pfn = pfn;
		return false;
	}
	isolated = behind(text, "failed to isolate pfn ");
	if (isolated && is_number(isolated, 16, &ret->pfn)) {
		ret->kind = MEMBLK_WITNESS_ISOLATION;
		return true;
	}
	ret->kind = expected_cause(text);
	if (ret->kind) {
		ret->pfn = dump->pfn;
		if (!dump->is_open)
			return false;
		dump->is_open = false;
		return true;
	}
	/* last, for that takes the text apart */
	return expect_migrating(expected_text(other), ret);
}

static void require_same(const struct memblk_witness *got,
			 const struct memblk_witness *expected)
{
	require(got->kind == expected->kind);
	require(got->pfn == expected->pfn);
	require(got->error == expected->error);
}

static void check_record(const char *record, size_t length, struct kmsg_dump *dump)
{
	struct kmsg_dump expected_dump = *dump;
	struct memblk_witness witness, expected;
	bool found;

	memset(&witness, POISON, sizeof(witness));
	found = kmsg_parse(record, length, dump, &witness);
	require(found == expect(record, &expected_dump, &expected));
	require(dump->is_open == expected_dump.is_open);
	require(!dump->is_open || dump->pfn == expected_dump.pfn);
	if (found)
		require_same(&witness, &expected);
	else
		require(is_poison(&witness, sizeof(witness)));
}

/* Neither lines behind the first nor what is behind the record is looked at. */
static void check_same(const char *record, size_t length, const struct kmsg_dump *before)
{
	struct memblk_witness alone, longer;
	_cleanup_free_ char *more = NULL;
	struct kmsg_dump dump = *before, other = *before;
	bool found = kmsg_parse(record, length, &dump, &alone);

	require(asprintf(&more, "%s\n SUBSYSTEM=memory\n", record) > 0);
	require(kmsg_parse(more, strlen(more), &other, &longer) == found);
	if (found)
		require_same(&longer, &alone);
	other = *before;
	require(kmsg_parse(more, length, &other, &longer) == found);
	if (found)
		require_same(&longer, &alone);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	_cleanup_free_ char *text = input_string(&input);
	struct input records = { (const uint8_t *) text, strlen(text) };
	struct kmsg_dump dump = { .is_open = false };
	struct kmsg_dump ignored = dump;
	struct memblk_witness witness;

	while (records.left) {
		size_t length;
		_cleanup_free_ char *record = input_bytes(&records, '|', &length);

		check_same(record, length, &dump);
		check_record(record, length, &dump);
	}
	/* whatever is in it, and right up to its end */
	kmsg_parse((const char *) data, size, &ignored, &witness);

	return 0;
}
