# SPDX-License-Identifier: GPL-2.0-or-later
# The tests by suite, and what they need beside themselves.

# ---- unit: the library against files in memory -------------------------------------------

unit_tests = \
	tests/unit/test-alarm \
	tests/unit/test-apply \
	tests/unit/test-atomic \
	tests/unit/test-auto-online \
	tests/unit/test-cheapest \
	tests/unit/test-configure \
	tests/unit/test-device \
	tests/unit/test-dry-run \
	tests/unit/test-facts \
	tests/unit/test-inspect \
	tests/unit/test-iomem \
	tests/unit/test-kmsg \
	tests/unit/test-lock \
	tests/unit/test-node \
	tests/unit/test-occupancy \
	tests/unit/test-plan \
	tests/unit/test-range \
	tests/unit/test-reason \
	tests/unit/test-rounds \
	tests/unit/test-selection \
	tests/unit/test-spare \
	tests/unit/test-sysfs \
	tests/unit/test-system \
	tests/unit/test-unplug \
	tests/unit/test-watch \
	tests/unit/test-worker \
	tests/unit/test-zone

unit_ldadd = lib/libmemblk.a $(LIBMOUNT_LIBS)
unit_tap = tests/unit/tap.c tests/unit/tap.h
unit_fake = $(unit_tap) tests/unit/fake.c tests/unit/fake.h
unit_machine = $(unit_fake) tests/unit/machine.c tests/unit/machine.h
unit_clock = tests/unit/clock.h

tests_unit_test_alarm_SOURCES = tests/unit/test-alarm.c $(unit_tap)
tests_unit_test_alarm_LDADD = $(unit_ldadd)
tests_unit_test_apply_SOURCES = tests/unit/test-apply.c $(unit_machine)
tests_unit_test_apply_LDADD = $(unit_ldadd)
tests_unit_test_atomic_SOURCES = tests/unit/test-atomic.c $(unit_machine) $(unit_clock)
tests_unit_test_atomic_LDADD = $(unit_ldadd)
tests_unit_test_auto_online_SOURCES = tests/unit/test-auto-online.c $(unit_fake)
tests_unit_test_auto_online_LDADD = $(unit_ldadd)
tests_unit_test_cheapest_SOURCES = tests/unit/test-cheapest.c $(unit_machine) $(unit_clock)
tests_unit_test_cheapest_LDADD = $(unit_ldadd)
tests_unit_test_configure_SOURCES = tests/unit/test-configure.c $(unit_machine)
tests_unit_test_configure_LDADD = $(unit_ldadd)
tests_unit_test_device_SOURCES = tests/unit/test-device.c $(unit_machine)
tests_unit_test_device_LDADD = $(unit_ldadd)
tests_unit_test_dry_run_SOURCES = tests/unit/test-dry-run.c $(unit_machine) \
	$(unit_clock)
tests_unit_test_dry_run_LDADD = $(unit_ldadd)
tests_unit_test_facts_SOURCES = tests/unit/test-facts.c $(unit_machine) $(unit_clock)
tests_unit_test_facts_LDADD = $(unit_ldadd)
tests_unit_test_inspect_SOURCES = tests/unit/test-inspect.c $(unit_fake)
tests_unit_test_inspect_LDADD = $(unit_ldadd)
tests_unit_test_iomem_SOURCES = tests/unit/test-iomem.c $(unit_tap)
tests_unit_test_iomem_LDADD = $(unit_ldadd)
tests_unit_test_kmsg_SOURCES = tests/unit/test-kmsg.c $(unit_fake)
tests_unit_test_kmsg_LDADD = $(unit_ldadd)
tests_unit_test_lock_SOURCES = tests/unit/test-lock.c $(unit_tap) $(unit_clock)
tests_unit_test_lock_LDADD = $(unit_ldadd)
tests_unit_test_node_SOURCES = tests/unit/test-node.c $(unit_machine)
tests_unit_test_node_LDADD = $(unit_ldadd)
tests_unit_test_occupancy_SOURCES = tests/unit/test-occupancy.c $(unit_tap)
tests_unit_test_occupancy_LDADD = $(unit_ldadd)
tests_unit_test_plan_SOURCES = tests/unit/test-plan.c $(unit_tap)
tests_unit_test_plan_LDADD = $(unit_ldadd)
tests_unit_test_range_SOURCES = tests/unit/test-range.c $(unit_tap)
tests_unit_test_range_LDADD = $(unit_ldadd)
tests_unit_test_reason_SOURCES = tests/unit/test-reason.c $(unit_tap)
tests_unit_test_reason_LDADD = $(unit_ldadd)
tests_unit_test_rounds_SOURCES = tests/unit/test-rounds.c $(unit_machine) $(unit_clock)
tests_unit_test_rounds_LDADD = $(unit_ldadd)
tests_unit_test_selection_SOURCES = tests/unit/test-selection.c $(unit_machine) \
	$(unit_clock)
tests_unit_test_selection_LDADD = $(unit_ldadd)
tests_unit_test_spare_SOURCES = tests/unit/test-spare.c $(unit_fake)
tests_unit_test_spare_LDADD = $(unit_ldadd)
tests_unit_test_sysfs_SOURCES = tests/unit/test-sysfs.c $(unit_fake)
tests_unit_test_sysfs_LDADD = $(unit_ldadd)
tests_unit_test_system_SOURCES = tests/unit/test-system.c $(unit_machine)
tests_unit_test_system_LDADD = $(unit_ldadd)
tests_unit_test_unplug_SOURCES = tests/unit/test-unplug.c $(unit_machine) $(unit_clock)
tests_unit_test_unplug_LDADD = $(unit_ldadd)
tests_unit_test_watch_SOURCES = tests/unit/test-watch.c $(unit_machine) $(unit_clock)
tests_unit_test_watch_LDADD = $(unit_ldadd)
tests_unit_test_worker_SOURCES = tests/unit/test-worker.c $(unit_tap)
tests_unit_test_worker_LDADD = $(unit_ldadd)
tests_unit_test_zone_SOURCES = tests/unit/test-zone.c $(unit_tap)
tests_unit_test_zone_LDADD = $(unit_ldadd)

# ---- on trees of plain files -------------------------------------------------------------

test_helpers = \
	tests/cli/no-openat2 \
	tests/cli/on-write \
	tests/cli/starving

tests_cli_no_openat2_SOURCES = tests/cli/no-openat2.c
tests_cli_on_write_SOURCES = tests/cli/on-write.c

# chmem once more, with an allocator that fails.
tests_cli_starving_SOURCES = $(src_chmem_SOURCES) tests/cli/starve.c
tests_cli_starving_CFLAGS = $(src_chmem_CFLAGS) -fno-builtin
tests_cli_starving_LDADD = $(src_chmem_LDADD)

cli_tests = \
	tests/cli/auto-online.bats \
	tests/cli/bounds-options.bats \
	tests/cli/by-range.bats \
	tests/cli/by-size.bats \
	tests/cli/dry-run.bats \
	tests/cli/errors.bats \
	tests/cli/facts.bats \
	tests/cli/from.bats \
	tests/cli/json.bats \
	tests/cli/json-memory.bats \
	tests/cli/json-usage.bats \
	tests/cli/list.bats \
	tests/cli/mounts.bats \
	tests/cli/node.bats \
	tests/cli/operands.bats \
	tests/cli/options.bats \
	tests/cli/s390-failures.bats \
	tests/cli/s390-kernel.bats \
	tests/cli/s390-online.bats \
	tests/cli/s390-usage.bats \
	tests/cli/s390.bats \
	tests/cli/selection.bats \
	tests/cli/sizes.bats \
	tests/cli/states.bats \
	tests/cli/streams.bats \
	tests/cli/syscalls.bats \
	tests/cli/sysroot.bats \
	tests/cli/system.bats \
	tests/cli/trees.bats \
	tests/cli/unplug.bats \
	tests/cli/walk.bats \
	tests/cli/zones.bats

# Of what goes with the program, and of what it replaces: the same, however the program is built.
beside_tests = \
	tests/completions/fish.bats \
	tests/completions/function.bats \
	tests/completions/settings.bats \
	tests/completions/terminal.bats \
	tests/completions/zsh.bats \
	tests/contrib/systemd.bats \
	tests/contrib/udev.bats \
	tests/differential/bounded.bats \
	tests/differential/differential.bats \
	tests/documents/errors.bats \
	tests/documents/json.bats \
	tests/documents/options.bats \
	tests/guest/matrix.bats

bats_tests = $(cli_tests) $(beside_tests)

bats_helpers = \
	tests/completions/measure \
	tests/completions/shells.bash \
	tests/completions/terminal.bash \
	tests/differential/common.bash \
	tests/differential/compare \
	tests/differential/exceptions \
	tests/differential/newer.bats \
	tests/differential/table \
	tests/errors.md \
	tests/helpers.bash \
	tests/json.bash \
	tests/screen.bash \
	tests/unit/coverage \
	tests/validate

# ---- in a virtual machine ----------------------------------------------------------------

guest_tests = \
	tests/guest/arm64-dt.bats \
	tests/guest/arm64-recipes.bats \
	tests/guest/arm64.bats \
	tests/guest/atomic-guest.bats \
	tests/guest/auto-movable.bats \
	tests/guest/auto-online.bats \
	tests/guest/bounds.bats \
	tests/guest/cheapest.bats \
	tests/guest/disable.bats \
	tests/guest/enable.bats \
	tests/guest/exhaustion.bats \
	tests/guest/exhaustion-newer.bats \
	tests/guest/facts.bats \
	tests/guest/facts-newer.bats \
	tests/guest/kmem.bats \
	tests/guest/large.bats \
	tests/guest/lock.bats \
	tests/guest/memmap.bats \
	tests/guest/movablecore.bats \
	tests/guest/newer-online.bats \
	tests/guest/numa.bats \
	tests/guest/numa-memoryless.bats \
	tests/guest/offlinable.bats \
	tests/guest/offlinable-newer.bats \
	tests/guest/progress.bats \
	tests/guest/race.bats \
	tests/guest/recipes.bats \
	tests/guest/refused.bats \
	tests/guest/selftest.bats \
	tests/guest/signals.bats \
	tests/guest/systemd.bats \
	tests/guest/udev.bats \
	tests/guest/unplug.bats \
	tests/guest/virtio-mem.bats \
	tests/guest/wait.bats

# For another architecture, under qemu-user.
cross_tests = \
	tests/cross/s390x.bats

guest_helpers = \
	tests/archive.bash \
	tests/cross/build \
	tests/cross/root \
	tests/guest/agent.c \
	tests/guest/cells \
	tests/guest/cheapest.bash \
	tests/guest/exhaustion.bash \
	tests/guest/facts.bash \
	tests/guest/fetch \
	tests/guest/functions \
	tests/guest/guest.bash \
	tests/guest/hog.c \
	tests/guest/hold.c \
	tests/guest/image.bash \
	tests/guest/init \
	tests/guest/judge.bash \
	tests/guest/keep \
	tests/guest/launch.c \
	tests/guest/machines.bash \
	tests/guest/matrix \
	tests/guest/mkinitrd \
	tests/guest/offlinable.bash \
	tests/guest/pin.c \
	tests/guest/pipes.c \
	tests/guest/recipes.bash \
	tests/guest/unpacked

# ---- beside the installed chmem ----------------------------------------------------------

bench_scripts = \
	tests/bench/compare \
	tests/bench/guest \
	tests/bench/openat2.c \
	tests/bench/cost.c
