# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # set by bats and ../guest/guest.bash
#
# What on_guest.bash does by DIMMs, for guests whose memory comes by virtio-mem: blocks 32 to 39
# are one device, those from 40 on another. That one is never taken away: it shrinks to nothing.

guest_prepare() {
	virtio_mem_plug 0 0x100000000 1024 1024 && virtio_mem_plug 1 0x140000000 2048 &&
		virtio_mem_await 0 1024 && virtio_mem_await_blocks 32 8
}

guest_unplug() {
	virtio_mem_resize 1 0 && virtio_mem_await 1 0 && virtio_mem_await_blocks 40 0
}

hot_add_later() {
	virtio_mem_resize 1 "$1"
}

hot_remove() {
	guest_unplug
}

# shellcheck disable=SC2034 # for the tests
plugged_device=virtio-mem added_device=virtio-mem

dimm_only() {
	out_of_place "the memory of this guest is no DIMM"
}
