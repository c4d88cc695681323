# SPDX-License-Identifier: GPL-2.0-or-later
# The tests by suite, and what they need beside themselves.

# ---- unit: the library against files in memory -------------------------------------------

unit_tests = \
	tests/unit/test-apply \
	tests/unit/test-configure \
	tests/unit/test-plan \
	tests/unit/test-range \
	tests/unit/test-sysfs \
	tests/unit/test-system \
	tests/unit/test-zone

unit_ldadd = lib/libmemblk.a $(LIBMOUNT_LIBS)
unit_tap = tests/unit/tap.c tests/unit/tap.h
unit_fake = $(unit_tap) tests/unit/fake.c tests/unit/fake.h
unit_machine = $(unit_fake) tests/unit/machine.c tests/unit/machine.h

tests_unit_test_apply_SOURCES = tests/unit/test-apply.c $(unit_machine)
tests_unit_test_apply_LDADD = $(unit_ldadd)
tests_unit_test_configure_SOURCES = tests/unit/test-configure.c $(unit_machine)
tests_unit_test_configure_LDADD = $(unit_ldadd)
tests_unit_test_plan_SOURCES = tests/unit/test-plan.c $(unit_tap)
tests_unit_test_plan_LDADD = $(unit_ldadd)
tests_unit_test_range_SOURCES = tests/unit/test-range.c $(unit_tap)
tests_unit_test_range_LDADD = $(unit_ldadd)
tests_unit_test_sysfs_SOURCES = tests/unit/test-sysfs.c $(unit_fake)
tests_unit_test_sysfs_LDADD = $(unit_ldadd)
tests_unit_test_system_SOURCES = tests/unit/test-system.c $(unit_machine)
tests_unit_test_system_LDADD = $(unit_ldadd)
tests_unit_test_zone_SOURCES = tests/unit/test-zone.c $(unit_tap)
tests_unit_test_zone_LDADD = $(unit_ldadd)

# ---- on trees of plain files -------------------------------------------------------------

test_helpers =


bats_tests =

bats_helpers = \
	tests/helpers.bash \
	tests/unit/coverage

# ---- in a virtual machine ----------------------------------------------------------------

guest_tests =

guest_helpers =

# ---- beside the installed chmem ----------------------------------------------------------

bench_scripts =
