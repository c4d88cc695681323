/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of zones, and names of zones. The input is the text of valid_zones.
 */
#include "config.h"

#include "fuzz.h"
#include "zone.h"

const char fuzz_name[] = "zones";

static const char *const names[_MEMBLK_ZONE_MAX] = {
	"", "dma", "dma32", "normal", "highmem", "movable", "device",
};

static enum memblk_zone expected_zone(const char *word)
{
	for (enum memblk_zone zone = MEMBLK_ZONE_DMA; zone < _MEMBLK_ZONE_MAX; zone++)
		if (!strcmp(word, names[zone]))
			return zone;
	return MEMBLK_ZONE_NONE;
}

/* TEXT with each letter replaced by CHANGE of it. */
static char *change_text(const char *text, char (*change)(char))
{
	char *changed = strdup(text);

	require(changed);
	for (char *c = changed; *c; c++)
		*c = change(*c);
	return changed;
}

static char lower(char c)
{
	return strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ", c) && c ? (char) (c + 32) : c;
}

static char swap(char c)
{
	if (lower(c) != c)
		return lower(c);
	return strchr("abcdefghijklmnopqrstuvwxyz", c) && c ? (char) (c - 32) : c;
}

/* All words are taken, by strtok(), and what is too much is dropped afterwards. */
static struct zones expected_zones(const char *text)
{
	_cleanup_free_ char *folded = change_text(text, lower);
	struct zones zones = { .nzones = 0 };
	size_t nwords = 0, nnone = 0;
	char *state;

	for (char *word = strtok_r(folded, " \t\n", &state); word;
	     word = strtok_r(NULL, " \t\n", &state)) {
		if (nwords < ZONES_MAX)
			zones.zone[nwords] = expected_zone(word);
		nwords++;
		nnone += !strcmp(word, "none");
	}
	zones.none = nwords == 1 && nnone == 1;
	zones.nzones = nwords > ZONES_MAX ? ZONES_MAX : nwords;
	if (zones.none)
		zones.nzones = 0;

	return zones;
}

static void require_same(const struct zones *got, const struct zones *expected)
{
	require(got->nzones == expected->nzones);
	require(got->none == expected->none);
	for (size_t i = 0; i < got->nzones; i++)
		require(got->zone[i] == expected->zone[i]);
}

static void check_list(const char *text)
{
	const struct zones expected = expected_zones(text);
	unsigned int members = 0;
	struct zones zones;

	memset(&zones, POISON, sizeof(zones));
	zones_parse(text, &zones);
	require_same(&zones, &expected);

	for (size_t i = 0; i < expected.nzones; i++)
		members |= 1U << expected.zone[i];
	for (enum memblk_zone zone = MEMBLK_ZONE_NONE; zone < _MEMBLK_ZONE_MAX; zone++)
		require(zones_has(&zones, zone) == !!(members & 1U << zone));

	require(zones_first(&zones) ==
		(expected.nzones > 0 ? expected.zone[0] : MEMBLK_ZONE_NONE));
	require(zones_single(&zones) ==
		(expected.nzones == 1 ? expected.zone[0] : MEMBLK_ZONE_NONE));
}

/* Neither case nor blanks around say anything. */
static void check_same_list(const char *text)
{
	_cleanup_free_ char *swapped = change_text(text, swap), *padded = NULL;
	struct zones zones, other;

	zones_parse(text, &zones);
	zones_parse(swapped, &other);
	require_same(&other, &zones);
	require(asprintf(&padded, "\n\t %s \t\n", text) > 0);
	zones_parse(padded, &other);
	require_same(&other, &zones);
}

/* The whole text as a name, which has no blanks around. */
static void check_name(const char *text)
{
	_cleanup_free_ char *folded = change_text(text, lower), *back = NULL;
	enum memblk_zone zone = memblk_zone_from_string(text);
	const char *name = memblk_zone_to_string(zone);

	require(zone == (*text ? expected_zone(folded) : MEMBLK_ZONE_NONE));
	require(!name == (zone == MEMBLK_ZONE_NONE));
	if (!name)
		return;
	require(memblk_zone_from_string(name) == zone);
	back = change_text(name, lower);
	require(!strcmp(back, folded));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	_cleanup_free_ char *text = input_string(&input);

	check_list(text);
	check_same_list(text);
	check_name(text);

	return 0;
}
