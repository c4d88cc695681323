/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON by way of json-c, which this file alone knows. It takes NULL for null, also where
 * an allocation failed: so each is checked here.
 */
#include "config.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

#define TEXT_FLAGS (JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE)

struct json json_object_begin(void)
{
	struct json_object *value = json_object_new_object();

	return (struct json){ .value = value, .failed = !value };
}

struct json json_array_begin(void)
{
	struct json_object *value = json_object_new_array();

	return (struct json){ .value = value, .failed = !value };
}

void json_done(struct json *json)
{
	json_object_put(json->value);
	json->value = NULL;
}

/* ---- Text ---- */

#define REPLACEMENT "\xef\xbf\xbd"
#define REPLACEMENT_LENGTH 3

/*
 * Bytes that follow the first one of a character, and where the second one must be; those
 * of them that would be another way to write a shorter one, half of a pair, or beyond
 * Unicode, are none.
 */
static size_t tail_length(const unsigned char *text, unsigned char *ret_low,
			  unsigned char *ret_high)
{
	*ret_low = 0x80;
	*ret_high = 0xbf;
	if (text[0] >= 0xc2 && text[0] <= 0xdf)
		return 1;
	if (text[0] >= 0xe0 && text[0] <= 0xef) {
		if (text[0] == 0xe0)
			*ret_low = 0xa0;
		if (text[0] == 0xed)
			*ret_high = 0x9f;
		return 2;
	}
	if (text[0] >= 0xf0 && text[0] <= 0xf4) {
		if (text[0] == 0xf0)
			*ret_low = 0x90;
		if (text[0] == 0xf4)
			*ret_high = 0x8f;
		return 3;
	}
	return 0;
}

/* Bytes of the character that TEXT begins with; 0 if that is none. */
static size_t character_length(const char *text)
{
	const unsigned char *bytes = (const unsigned char *) text;
	unsigned char low, high;
	size_t ntail;

	if (bytes[0] < 0x80)
		return 1;
	ntail = tail_length(bytes, &low, &high);
	if (!ntail || bytes[1] < low || bytes[1] > high)
		return 0;
	for (size_t i = 2; i <= ntail; i++)
		if (bytes[i] < 0x80 || bytes[i] > 0xbf)
			return 0;
	return ntail + 1;
}

/* TEXT with what is no character replaced, a string that the caller frees; or NULL. */
static char *to_utf8(const char *text)
{
	char *copy = reallocarray(NULL, strlen(text) + 1, REPLACEMENT_LENGTH),
	     *end = copy;

	if (!copy)
		return NULL;
	while (*text) {
		size_t length = character_length(text);

		if (length) {
			end = mempcpy(end, text, length);
			text += length;
		} else {
			end = mempcpy(end, REPLACEMENT, REPLACEMENT_LENGTH);
			text++;
		}
	}
	*end = '\0';
	return copy;
}

static struct json_object *text_new(const char *text)
{
	char *copy = to_utf8(text);
	struct json_object *value = copy ? json_object_new_string(copy) : NULL;

	free(copy);
	return value;
}

/* ---- Members ---- */

/* Takes VALUE over, NULL where there was no memory for it. */
static void put(struct json *json, const char *key, struct json_object *value)
{
	if (!value || json->failed ||
	    json_object_object_add(json->value, key, value) < 0) {
		json_object_put(value);
		json->failed = true;
	}
}

static void append(struct json *json, struct json_object *value)
{
	if (!value || json->failed || json_object_array_add(json->value, value) < 0) {
		json_object_put(value);
		json->failed = true;
	}
}

void json_put_null(struct json *json, const char *key)
{
	if (!json->failed && json_object_object_add(json->value, key, NULL) < 0)
		json->failed = true;
}

void json_put_bool(struct json *json, const char *key, bool value)
{
	put(json, key, json_object_new_boolean(value));
}

void json_put_number(struct json *json, const char *key, uint64_t value)
{
	put(json, key, json_object_new_uint64(value));
}

void json_put_us_as_ms(struct json *json, const char *key, uint64_t us)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64 ".%03" PRIu64, us / 1000, us % 1000);
	put(json, key, json_object_new_double_s((double) us / 1000, text));
}

void json_put_text(struct json *json, const char *key, const char *text)
{
	if (text)
		put(json, key, text_new(text));
	else
		json_put_null(json, key);
}

void json_put_address(struct json *json, const char *key, uint64_t address)
{
	char text[32];

	snprintf(text, sizeof(text), "0x%016" PRIx64, address);
	json_put_text(json, key, text);
}

void json_put(struct json *json, const char *key, struct json child)
{
	json->failed = json->failed || child.failed;
	put(json, key, child.value);
}

void json_append(struct json *json, struct json child)
{
	json->failed = json->failed || child.failed;
	append(json, child.value);
}

void json_append_text(struct json *json, const char *text)
{
	append(json, text_new(text));
}

const char *json_to_string(const struct json *json)
{
	return json->failed ? NULL
			    : json_object_to_json_string_ext(json->value, TEXT_FLAGS);
}
