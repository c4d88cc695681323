/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON values that are put together and become text. A value is owned by the one it was
 * put into. Where there is no memory for a part, the whole is marked as failed, and has
 * no text.
 */
#ifndef CHMEM_JSON_H
#define CHMEM_JSON_H

#include <stdbool.h>
#include <stdint.h>

struct json_object;

/* An object or an array. */
struct json {
	struct json_object *value; /* owned; NULL if it failed at once */
	bool failed;
};

struct json json_object_begin(void);
struct json json_array_begin(void);

/* Frees JSON and all that was put into it. */
void json_done(struct json *json);

/* Each adds a member to an object. */
void json_put_null(struct json *json, const char *key);
void json_put_bool(struct json *json, const char *key, bool value);
void json_put_number(struct json *json, const char *key, uint64_t value);

/* Milliseconds with three decimals. */
void json_put_us_as_ms(struct json *json, const char *key, uint64_t us);

/* TEXT may hold any bytes: those that are not UTF-8 are replaced. NULL is null. */
void json_put_text(struct json *json, const char *key, const char *text);

/* 0x and 16 digits. */
void json_put_address(struct json *json, const char *key, uint64_t address);

/* Takes CHILD over. */
void json_put(struct json *json, const char *key, struct json child);

/* Each adds to the end of an array. */
void json_append(struct json *json, struct json child);
void json_append_text(struct json *json, const char *text);

/* JSON on one line, valid until it is changed or freed; NULL if it failed. */
const char *json_to_string(const struct json *json);

#endif
