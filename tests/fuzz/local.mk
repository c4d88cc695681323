# SPDX-License-Identifier: GPL-2.0-or-later
# What is fed to the parsers, the reader and the planner at random. `make check` runs each
# target on its seeds and on a fixed number of inputs that are made of them; `make fuzz`
# hands it to libFuzzer for FUZZ_SECONDS, and takes clang.

fuzz_tests = \
	tests/fuzz/fuzz-attribute \
	tests/fuzz/fuzz-iomem \
	tests/fuzz/fuzz-kmsg \
	tests/fuzz/fuzz-operand \
	tests/fuzz/fuzz-plan \
	tests/fuzz/fuzz-zones

fuzz_driver = tests/fuzz/standalone.c tests/fuzz/fuzz.h $(unit_tap)

tests_fuzz_fuzz_attribute_SOURCES = tests/fuzz/fuzz-attribute.c $(fuzz_driver)
tests_fuzz_fuzz_attribute_LDADD = $(unit_ldadd)
tests_fuzz_fuzz_iomem_SOURCES = tests/fuzz/fuzz-iomem.c $(fuzz_driver)
tests_fuzz_fuzz_iomem_LDADD = $(unit_ldadd)
tests_fuzz_fuzz_kmsg_SOURCES = tests/fuzz/fuzz-kmsg.c $(fuzz_driver)
tests_fuzz_fuzz_kmsg_LDADD = $(unit_ldadd)
tests_fuzz_fuzz_operand_SOURCES = tests/fuzz/fuzz-operand.c $(fuzz_driver)
tests_fuzz_fuzz_operand_LDADD = $(unit_ldadd)
tests_fuzz_fuzz_plan_SOURCES = tests/fuzz/fuzz-plan.c $(fuzz_driver)
tests_fuzz_fuzz_plan_LDADD = $(unit_ldadd)
tests_fuzz_fuzz_zones_SOURCES = tests/fuzz/fuzz-zones.c $(fuzz_driver)
tests_fuzz_fuzz_zones_LDADD = $(unit_ldadd)

# By this, they are among check_PROGRAMS and TESTS.
unit_tests += $(fuzz_tests)

EXTRA_DIST += \
	tests/fuzz/attribute.seeds \
	tests/fuzz/iomem.seeds \
	tests/fuzz/kmsg.seeds \
	tests/fuzz/operand.seeds \
	tests/fuzz/plan.seeds \
	tests/fuzz/run \
	tests/fuzz/words.dict \
	tests/fuzz/zones.seeds

FUZZ_SECONDS = 60
# All of them, if none is named.
FUZZ_TARGETS =

fuzz: config.h
	$(AM_V_at)abs_top_srcdir='$(abs_top_srcdir)' \
		abs_top_builddir='$(abs_top_builddir)' \
		LIBMOUNT_CFLAGS='$(LIBMOUNT_CFLAGS)' LIBMOUNT_LIBS='$(LIBMOUNT_LIBS)' \
		$(SHELL) $(top_srcdir)/tests/fuzz/run $(FUZZ_SECONDS) $(FUZZ_TARGETS)

.PHONY: fuzz
