# SPDX-License-Identifier: GPL-2.0-or-later
# One set of tests for the simulated kernel and, with CHMEM_MACHINE=guest, for a real one; and
# what only the simulated one can be brought to.

behaviour_tests = \
	tests/behaviour/chmem-atomic.bats \
	tests/behaviour/chmem-auto-online.bats \
	tests/behaviour/chmem-blocks.bats \
	tests/behaviour/chmem-converge.bats \
	tests/behaviour/chmem-dry-run.bats \
	tests/behaviour/chmem-from.bats \
	tests/behaviour/chmem-json.bats \
	tests/behaviour/chmem-selection.bats \
	tests/behaviour/chmem-signals.bats \
	tests/behaviour/chmem-together.bats \
	tests/behaviour/chmem-tries.bats \
	tests/behaviour/chmem-wait.bats \
	tests/behaviour/kernel-added.bats \
	tests/behaviour/kernel-words.bats \
	tests/behaviour/kernel-writers.bats \
	tests/behaviour/kernel-zones.bats

check_PROGRAMS += tests/behaviour/hold tests/behaviour/launch
tests_behaviour_hold_SOURCES = tests/guest/hold.c
tests_behaviour_launch_SOURCES = tests/guest/launch.c

bats_tests += \
	$(behaviour_tests) \
	tests/behaviour/memsim-cheapest.bats \
	tests/behaviour/memsim-errors.bats \
	tests/behaviour/memsim-list.bats \
	tests/behaviour/memsim-memory.bats \
	tests/behaviour/memsim-node.bats \
	tests/behaviour/memsim-progress.bats \
	tests/behaviour/memsim-s390-errors.bats \
	tests/behaviour/memsim-s390.bats \
	tests/behaviour/memsim-stuck.bats

bats_helpers += \
	tests/behaviour/behaviour.bash \
	tests/behaviour/converge.bash \
	tests/behaviour/functions \
	tests/behaviour/memsim/chmem \
	tests/behaviour/on_guest.bash \
	tests/behaviour/on_memsim.bash \
	tests/behaviour/on_virtio-mem.bash
