/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Taking a device out, of which all blocks are offline: asking the firmware for it.
 */
#ifndef MEMBLK_UNPLUG_H
#define MEMBLK_UNPLUG_H

#include "change.h"

/*
 * Says in RET what is known beforehand to keep the firmware from being asked, or that it
 * is POSSIBLE. Nothing is written. A dry run does not mind that nothing could be.
 */
void unplug_check(const struct run *run, struct memblk_unplug *ret);

/*
 * Asks the firmware to eject the device, if it still may be; RET says what came of that.
 * *ASKED is set before, and cleared if it was not asked after all.
 */
void unplug_ask(const struct run *run, _Atomic bool *asked, struct memblk_unplug *ret);

#endif
