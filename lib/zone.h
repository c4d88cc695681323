/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The zones of a block, as its valid_zones names them. Online, the one zone that it is
 * in, or `none` where there are several; otherwise the zones that it can go to, the
 * kernel's choice first (valid_zones_show() in drivers/base/memory.c of Linux).
 */
#ifndef MEMBLK_ZONE_H
#define MEMBLK_ZONE_H

#include "memblk.h"

#define ZONES_MAX MEMBLK_ZONES_MAX

struct zones {
	enum memblk_zone zone[ZONES_MAX]; /* NONE for a name that is not known */
	size_t nzones;                    /* 0 for `none`, too */
	bool none;                        /* the text is `none` */
};

/*
 * Parses the TEXT of valid_zones; the names in any case. Names beyond ZONES_MAX are
 * dropped.
 */
void zones_parse(const char *text, struct zones *ret);

bool zones_has(const struct zones *zones, enum memblk_zone zone);

/* The zone that is the only one, NONE if there are several or if its name is not known.
 */
enum memblk_zone zones_single(const struct zones *zones);

/* The zone that is named first, NONE if there is none or if its name is not known. */
enum memblk_zone zones_first(const struct zones *zones);

#endif
