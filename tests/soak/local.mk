# SPDX-License-Identifier: GPL-2.0-or-later
# Many runs on simulated machines. `make check` runs a short part of them, by soak.bats,
# where the variables are described; `make soak` runs all, in an hour or so.

soak_common = \
	$(memsim_names) \
	tests/soak/draw.c \
	tests/soak/evidence.c \
	tests/soak/play.c \
	tests/soak/soak.h

if HAVE_FUSE
check_PROGRAMS += tests/soak/random tests/soak/kills
endif

tests_soak_random_LDADD = -lm
tests_soak_random_SOURCES = \
	$(soak_common) \
	tests/soak/foresee.c \
	tests/soak/judge.c \
	tests/soak/random.c \
	tests/soak/words.c

tests_soak_kills_LDADD = -lm
tests_soak_kills_SOURCES = $(soak_common) tests/soak/kills.c

bats_tests += tests/soak/soak.bats
bats_helpers += tests/soak/pairs

soak_in_full = \
	SOAK_RUNS=$${SOAK_RUNS:-10000} SOAK_DRY=$${SOAK_DRY:-1000} \
	SOAK_KILLS=$${SOAK_KILLS:-200} SOAK_PAIRS=$${SOAK_PAIRS:-100} \
	CHMEM_TESTS_MUST_RUN=soak

soak: all
	$(AM_V_at)$(soak_in_full) $(MAKE) $(AM_MAKEFLAGS) check TESTS=tests/soak/soak.bats
	$(AM_V_at)$(MAKE) $(AM_MAKEFLAGS) soak-sanitized
	$(AM_V_at)$(MAKE) $(AM_MAKEFLAGS) fuzz FUZZ_SECONDS=600
	$(AM_V_at)CHMEM_SOAK=1 CHMEM_TESTS_MUST_RUN="$${CHMEM_TESTS_MUST_RUN-} guest" \
		$(MAKE) $(AM_MAKEFLAGS) check-guest

# The same with sanitizers, in a copy, which is left there if anything fails. What they find goes
# into files: nobody would see it of a worker, whose descriptors lead nowhere.
sanitized = chmem-sanitized

soak-sanitized:
	$(AM_V_at)$(MAKE) $(AM_MAKEFLAGS) distdir distdir='$(sanitized)'
	$(AM_V_at)cd $(sanitized) && ./configure -q CC=gcc \
		CFLAGS='-g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all'
	$(AM_V_at)cd $(sanitized) && $(MAKE) $(AM_MAKEFLAGS)
	$(AM_V_at)cd $(sanitized) && mkdir reports && $(soak_in_full) \
		ASAN_OPTIONS="$${ASAN_OPTIONS-}:log_path=$$PWD/reports/report" \
		UBSAN_OPTIONS="$${UBSAN_OPTIONS-}:log_path=$$PWD/reports/report" \
		$(MAKE) $(AM_MAKEFLAGS) check TESTS=tests/soak/soak.bats; \
		status=$$?; set -- reports/*; test -e "$$1" || exit $$status; \
		cat "$$@"; echo "sanitizers have found $$# faults"; exit 1
	$(AM_V_at)rm -rf $(sanitized)

.PHONY: soak soak-sanitized
