# SPDX-License-Identifier: GPL-2.0-or-later
# The simulated kernel.

memsim_names = tests/memsim/names.c tests/memsim/names.h

if HAVE_FUSE
check_PROGRAMS += tests/memsim/memsim tests/memsim/poke
# what the demo needs
memsim_programs = tests/memsim/memsim$(EXEEXT)
endif

tests_memsim_memsim_CFLAGS = $(AM_CFLAGS) $(FUSE_CFLAGS) -pthread
tests_memsim_memsim_LDADD = $(FUSE_LIBS)
tests_memsim_memsim_SOURCES = \
	$(memsim_names) \
	tests/memsim/caller.c \
	tests/memsim/caller.h \
	tests/memsim/files.c \
	tests/memsim/files.h \
	tests/memsim/journal.c \
	tests/memsim/journal.h \
	tests/memsim/machine.c \
	tests/memsim/machine.h \
	tests/memsim/memory.c \
	tests/memsim/memsim.c \
	tests/memsim/scenario.c \
	tests/memsim/scenario.h \
	tests/memsim/serve.c \
	tests/memsim/serve.h \
	tests/memsim/text.c \
	tests/memsim/trouble.c \
	tests/memsim/trouble.h

tests_memsim_poke_SOURCES = $(memsim_names) tests/memsim/poke.c

bats_tests += \
	tests/memsim/memsim.bats \
	tests/memsim/troubles.bats
bats_helpers += tests/memsim/memsim.bash
