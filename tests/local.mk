# SPDX-License-Identifier: GPL-2.0-or-later
# The tests by suite, and what they need beside themselves.

# ---- unit: the library against files in memory -------------------------------------------

unit_tests = \
	tests/unit/test-alarm \
	tests/unit/test-apply \
	tests/unit/test-atomic \
	tests/unit/test-configure \
	tests/unit/test-lock \
	tests/unit/test-plan \
	tests/unit/test-range \
	tests/unit/test-reason \
	tests/unit/test-rounds \
	tests/unit/test-spare \
	tests/unit/test-sysfs \
	tests/unit/test-system \
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
tests_unit_test_configure_SOURCES = tests/unit/test-configure.c $(unit_machine)
tests_unit_test_configure_LDADD = $(unit_ldadd)
tests_unit_test_lock_SOURCES = tests/unit/test-lock.c $(unit_tap) $(unit_clock)
tests_unit_test_lock_LDADD = $(unit_ldadd)
tests_unit_test_plan_SOURCES = tests/unit/test-plan.c $(unit_tap)
tests_unit_test_plan_LDADD = $(unit_ldadd)
tests_unit_test_range_SOURCES = tests/unit/test-range.c $(unit_tap)
tests_unit_test_range_LDADD = $(unit_ldadd)
tests_unit_test_reason_SOURCES = tests/unit/test-reason.c $(unit_tap)
tests_unit_test_reason_LDADD = $(unit_ldadd)
tests_unit_test_rounds_SOURCES = tests/unit/test-rounds.c $(unit_machine) $(unit_clock)
tests_unit_test_rounds_LDADD = $(unit_ldadd)
tests_unit_test_spare_SOURCES = tests/unit/test-spare.c $(unit_fake)
tests_unit_test_spare_LDADD = $(unit_ldadd)
tests_unit_test_sysfs_SOURCES = tests/unit/test-sysfs.c $(unit_fake)
tests_unit_test_sysfs_LDADD = $(unit_ldadd)
tests_unit_test_system_SOURCES = tests/unit/test-system.c $(unit_machine)
tests_unit_test_system_LDADD = $(unit_ldadd)
tests_unit_test_watch_SOURCES = tests/unit/test-watch.c $(unit_machine) $(unit_clock)
tests_unit_test_watch_LDADD = $(unit_ldadd)
tests_unit_test_worker_SOURCES = tests/unit/test-worker.c $(unit_tap)
tests_unit_test_worker_LDADD = $(unit_ldadd)
tests_unit_test_zone_SOURCES = tests/unit/test-zone.c $(unit_tap)
tests_unit_test_zone_LDADD = $(unit_ldadd)

# ---- on trees of plain files -------------------------------------------------------------

test_helpers = \
	tests/cli/no-openat2 \
	tests/cli/on-write

tests_cli_no_openat2_SOURCES = tests/cli/no-openat2.c
tests_cli_on_write_SOURCES = tests/cli/on-write.c

bats_tests = \
	tests/cli/bounds-options.bats \
	tests/cli/by-range.bats \
	tests/cli/by-size.bats \
	tests/cli/errors.bats \
	tests/cli/mounts.bats \
	tests/cli/operands.bats \
	tests/cli/options.bats \
	tests/cli/s390-failures.bats \
	tests/cli/s390-kernel.bats \
	tests/cli/s390-online.bats \
	tests/cli/s390-usage.bats \
	tests/cli/s390.bats \
	tests/cli/sizes.bats \
	tests/cli/states.bats \
	tests/cli/streams.bats \
	tests/cli/syscalls.bats \
	tests/cli/sysroot.bats \
	tests/cli/system.bats \
	tests/cli/trees.bats \
	tests/cli/walk.bats \
	tests/cli/zones.bats \
	tests/completions/function.bats \
	tests/completions/settings.bats \
	tests/completions/terminal.bats \
	tests/differential/bounded.bats \
	tests/differential/differential.bats \
	tests/documents/options.bats

bats_helpers = \
	tests/completions/measure \
	tests/completions/terminal.bash \
	tests/differential/common.bash \
	tests/differential/compare \
	tests/differential/exceptions \
	tests/differential/newer.bats \
	tests/differential/table \
	tests/helpers.bash \
	tests/unit/coverage

# ---- in a virtual machine ----------------------------------------------------------------

guest_tests = \
	tests/guest/atomic-guest.bats \
	tests/guest/auto-online.bats \
	tests/guest/bounds.bats \
	tests/guest/disable.bats \
	tests/guest/enable.bats \
	tests/guest/exhaustion.bats \
	tests/guest/exhaustion-newer.bats \
	tests/guest/lock.bats \
	tests/guest/race.bats \
	tests/guest/refused.bats \
	tests/guest/signals.bats \
	tests/guest/wait.bats

guest_helpers = \
	tests/guest/agent \
	tests/guest/exhaustion.bash \
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
	tests/guest/mkinitrd \
	tests/guest/pin.c \
	tests/guest/pipes.c

# ---- beside the installed chmem ----------------------------------------------------------

bench_scripts = \
	tests/bench/compare \
	tests/bench/openat2.c
