/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the library itself asks an inspector, beyond memblk.h.
 */
#ifndef MEMBLK_INSPECT_H
#define MEMBLK_INSPECT_H

#include "memblk.h"

/*
 * Whether block INDEX is known not to be memory all through. INSPECTOR was made for
 * MEMBLK_WANT_CONTENTS.
 */
bool inspector_finds_holes(const struct memblk_inspector *inspector, uint64_t index);

/* Whether zone Movable is the one that INFO tells of. */
bool info_is_movable(const struct memblk_info *info);

#endif
