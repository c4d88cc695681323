/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lines of do_migrate_range() and dump_page() (mm/memory_hotplug.c and mm/debug.c of
 * Linux). Whoever writes to /dev/kmsg may write the same, but not as the kernel.
 */
#include "config.h"

#include <fcntl.h>
#include <string.h>

#include "kmsg.h"
#include "sysroot.h"
#include "util.h"

/* A part of a record that is not terminated. */
struct text {
	const char *at, *end;
};

/* Takes WORD off the start of TEXT; false, and nothing is taken, if it does not begin so.
 */
static bool take_word(struct text *text, const char *word)
{
	size_t length = strlen(word);

	if ((size_t) (text->end - text->at) < length || memcmp(text->at, word, length))
		return false;
	text->at += length;
	return true;
}

/* Takes what is before the character END, and that itself; all of it where END is 0. */
static bool take_field(struct text *text, char end, struct text *ret)
{
	const char *at = text->end;

	if (end)
		at = memchr(text->at, end, (size_t) (text->end - text->at));
	if (!at)
		return false;
	*ret = (struct text){ text->at, at };
	text->at = end ? at + 1 : at;

	return true;
}

/* A field that is a number. */
static bool take_decimal(struct text *text, char end, uint64_t *ret)
{
	struct text field;

	return take_field(text, end, &field) &&
	       decimal_parse(field.at, (size_t) (field.end - field.at), ret) == 0;
}

static bool take_pfn(struct text *text, char end, uint64_t *ret)
{
	struct text field;

	return take_field(text, end, &field) &&
	       hexadecimal_parse(field.at, (size_t) (field.end - field.at), ret) == 0;
}

/* ---- A record ---- */

/* Of LOG_KERN, which no program can write; the eight levels are below it. */
#define PRIORITY_KERNEL_MAX 7

/* `PRIORITY,SEQUENCE,TIME,FLAGS[,...];TEXT`; lines behind the first are not the text's.
 */
static bool record_text(const char *record, size_t length, struct text *ret)
{
	struct text text = { record, record + length };
	uint64_t priority, ignored;
	const char *end;

	if (!take_decimal(&text, ',', &priority) || priority > PRIORITY_KERNEL_MAX ||
	    !take_decimal(&text, ',', &ignored) || !take_decimal(&text, ',', &ignored))
		return false;
	text.at = memchr(text.at, ';', (size_t) (text.end - text.at));
	if (!text.at)
		return false;
	text.at++;
	end = memchr(text.at, '\n', (size_t) (text.end - text.at));
	if (end)
		text.end = end;
	*ret = text;

	return true;
}

/* ---- Its text ---- */

/* `migrating pfn 12ab failed ret:-12`. A positive number counts pages, not an errno. */
static bool parse_migrating(struct text text, struct memblk_witness *witness)
{
	bool negative;
	uint64_t number;

	if (!take_word(&text, "migrating pfn ") || !take_pfn(&text, ' ', &witness->pfn) ||
	    !take_word(&text, "failed ret:"))
		return false;
	negative = take_word(&text, "-");
	if (!take_decimal(&text, '\0', &number))
		return false;
	witness->kind = MEMBLK_WITNESS_MIGRATION;
	witness->error = negative && number <= INT32_MAX ? (int) number : 0;

	return true;
}

/* `failed to isolate pfn 12ab`. */
static bool parse_isolate(struct text text, struct memblk_witness *witness)
{
	if (!take_word(&text, "failed to isolate pfn ") ||
	    !take_pfn(&text, '\0', &witness->pfn))
		return false;
	witness->kind = MEMBLK_WITNESS_ISOLATION;

	return true;
}

/* `page: refcount:... pfn:0x12ab`; `page:(the page's address) refcount:...` till 6.8. */
static bool parse_page(struct text text, uint64_t *ret_pfn)
{
	static const char refcount[] = "refcount:", last[] = " pfn:0x";

	if (!take_word(&text, "page:"))
		return false;
	text.at = memmem(text.at, (size_t) (text.end - text.at), refcount,
			 sizeof(refcount) - 1);
	if (!text.at)
		return false;
	text.at = memmem(text.at, (size_t) (text.end - text.at), last, sizeof(last) - 1);

	return text.at && take_word(&text, last) && take_pfn(&text, '\0', ret_pfn);
}

/* `page dumped because: unmovable page`. */
static enum memblk_witness_kind parse_because(struct text text)
{
	static const struct {
		const char *words;
		enum memblk_witness_kind kind;
	} causes[] = {
		{ "unmovable page", MEMBLK_WITNESS_UNMOVABLE },
		{ "migration failure", MEMBLK_WITNESS_MIGRATION },
		{ "isolation failed", MEMBLK_WITNESS_ISOLATION },
	};

	if (!take_word(&text, "page dumped because: "))
		return MEMBLK_WITNESS_NONE;
	for (size_t i = 0; i < ARRAY_SIZE(causes); i++) {
		struct text rest = text;

		if (take_word(&rest, causes[i].words) && rest.at == rest.end)
			return causes[i].kind;
	}
	return MEMBLK_WITNESS_NONE;
}

bool kmsg_parse(const char *record, size_t length, struct kmsg_dump *dump,
		struct memblk_witness *ret)
{
	struct memblk_witness witness = { .kind = MEMBLK_WITNESS_NONE };
	struct text text;
	uint64_t pfn;

	if (!record_text(record, length, &text))
		return false;
	if (parse_page(text, &pfn)) {
		*dump = (struct kmsg_dump){ .is_open = true, .pfn = pfn };
		return false;
	}
	if (!parse_migrating(text, &witness) && !parse_isolate(text, &witness)) {
		witness = (struct memblk_witness){ .kind = parse_because(text),
						   .pfn = dump->pfn };
		if (!witness.kind || !dump->is_open)
			return false;
		dump->is_open = false;
	}
	*ret = witness;

	return true;
}

/* ---- On a system ---- */

void kmsg_open(const struct memblk_system *system, struct kmsg *ret)
{
	const struct sysfs *sysfs = &system->sysfs;
	int fd = sysfs->io->open(sysfs->backend, SYSROOT_KMSG,
				 O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	*ret = (struct kmsg){ .sysfs = sysfs, .fd = fd < 0 ? -1 : fd };
	if (fd >= 0 && sysfs->io->seek_end(sysfs->backend, fd) < 0)
		kmsg_close(ret);
}

void kmsg_close(struct kmsg *kmsg)
{
	if (kmsg->fd >= 0)
		kmsg->sysfs->io->close(kmsg->sysfs->backend, kmsg->fd);
	kmsg->fd = -1;
}

/* The kernel gives no longer one (PRINTK_MESSAGE_MAX), and fails where there is no room.
 */
#define RECORD_MAX 8192

/* The log may grow faster than it is read. */
#define RECORDS_MAX 4096

void kmsg_find(const struct kmsg *kmsg, uint64_t first_pfn, uint64_t last_pfn,
	       struct memblk_witness *ret)
{
	struct kmsg_dump dump = { .is_open = false };
	char record[RECORD_MAX];

	*ret = (struct memblk_witness){ .kind = MEMBLK_WITNESS_NONE };
	for (unsigned int i = 0; kmsg->fd >= 0 && i < RECORDS_MAX; i++) {
		struct memblk_witness witness;
		ssize_t n = kmsg->sysfs->io->read_next(kmsg->sysfs->backend, kmsg->fd,
						       record, sizeof(record));

		/* records were lost before they could be read; those left come next */
		if (n == -EPIPE)
			continue;
		if (n <= 0)
			break;
		/* the rest is read all the same: it is of no block that comes later */
		if (kmsg_parse(record, (size_t) n, &dump, &witness) && !ret->kind &&
		    witness.pfn >= first_pfn && witness.pfn <= last_pfn)
			*ret = witness;
	}
}
