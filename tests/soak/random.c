/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clang-format off */
/*
 * random - runs chmem with random command lines on random simulated machines, and judges
 * each run.
 *
 *   random [--jobs N] [--dry-run] [COUNT [FIRST]]
 *
 *   COUNT  how many, 300 unless it is given; each has a number, its seed
 *   FIRST  the first of them, 1 unless it is given
 *   N      so many at once, 8 unless it is given
 *
 * With --dry-run the machines are calm ones, and each run is first made dry: then it has
 * to be as was foreseen.
 *
 * CHMEM and MEMSIM are the programs. Of a run that is not right everything is printed
 * that is known of it. Exit status 0; 1 if any was wrong, 77 if there can be no
 * simulated machine. It has to be run below ../isolate, as all tests.
 */
/* clang-format on */
#include "config.h"

#include <err.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "soak.h"

#define EXIT_SKIP 77
#define JOBS_MAX 64

/* What all jobs share. */
struct tally {
	_Atomic uint64_t next;
	_Atomic unsigned int nruns, nwrong, nskipped;
	_Atomic unsigned int statuses[4]; /* 0, 1, 64, a signal */
	_Atomic unsigned int nwrites;
	bool dry_run;
};

static uint64_t parse_number_or_die(const char *text)
{
	char *end;
	unsigned long long number = strtoull(text, &end, 10);

	if (end == text || *end)
		errx(EXIT_FAILURE, "not a number: %s", text);
	return number;
}

static const char *program_or_die(const char *name)
{
	const char *path = getenv(name);

	if (!path || access(path, X_OK) < 0)
		errx(EXIT_FAILURE, "%s is no program: %s", name, path ?: "not set");
	return path;
}

/* As one piece, though others print as well. */
static void print_run(const struct tally *tally, const struct run *run)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return;
	fprintf(stream, "==== seed %llu is wrong\n",
		(unsigned long long) run->scenario.seed);
	run_print(run, stream);
	fprintf(stream, "---- again\ntests/isolate tests/soak/random %s1 %llu\n\n",
		tally->dry_run ? "--dry-run " : "",
		(unsigned long long) run->scenario.seed);
	fclose(stream);
	fwrite(text, 1, size, stdout);
	fflush(stdout);
	free(text);
}

static void count(struct tally *tally, const struct run *run)
{
	tally->nruns++;
	tally->nwrites += (unsigned int) run->log.nentries;
	if (WIFSIGNALED(run->status))
		tally->statuses[3]++;
	else
		tally->statuses[WEXITSTATUS(run->status) == 64 ? 2
				: WEXITSTATUS(run->status)     ? 1
							       : 0]++;
}

/* 0; 77 if there can be no simulated machine here. */
static int play(const struct tally *tally, struct run *run, const struct stage *stage,
		uint64_t seed)
{
	int r;

	if (tally->dry_run) {
		scenario_draw_calm(&run->scenario, seed);
		return foresee_play(run, stage);
	}
	scenario_draw(&run->scenario, seed);
	r = run_play(run, stage);
	if (r == 0 && run->before.text && run->after.text && run->log.text)
		judge(run);
	return r;
}

/* Where a file system was mounted before, another one may have to wait for its end. */
static void run_seed(struct tally *tally, const char *directory, uint64_t seed)
{
	struct stage stage = { .chmem = program_or_die("CHMEM"),
			       .memsim = program_or_die("MEMSIM") };
	struct run run = { .status = 0 };

	snprintf(stage.directory, sizeof(stage.directory), "%.200s/%llu", directory,
		 (unsigned long long) seed);
	mkdir(stage.directory, 0700);
	if (play(tally, &run, &stage, seed) == EXIT_SKIP)
		tally->nskipped++;
	else
		count(tally, &run);
	if (run.nproblems) {
		tally->nwrong++;
		print_run(tally, &run);
	}
	run_done(&run);
	directory_remove(stage.directory);
}

static _Noreturn void work(struct tally *tally, const char *directory, uint64_t end)
{
	uint64_t seed;

	while ((seed = tally->next++) < end)
		run_seed(tally, directory, seed);
	_exit(EXIT_SUCCESS);
}

static void run_jobs(struct tally *tally, const char *directory, unsigned int njobs,
		     uint64_t end)
{
	for (unsigned int i = 0; i < njobs; i++) {
		pid_t pid = fork();

		if (pid < 0)
			err(EXIT_FAILURE, "fork");
		if (pid == 0)
			work(tally, directory, end);
	}
	for (unsigned int i = 0; i < njobs; i++) {
		int status;

		wait(&status);
		if (status == 0)
			continue;
		printf("==== a job of this test itself has failed, status %#x\n", status);
		tally->nwrong++;
	}
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "jobs", required_argument, NULL, 'j' },
		{ "dry-run", no_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned int njobs = 8;
	bool dry_run = false;
	uint64_t nruns = 300, first = 1;
	char directory[] = "/tmp/chmem-soak.XXXXXX";
	struct tally *tally;
	double start = now_ms();
	int c;

	while ((c = getopt_long(argc, argv, "j:n", longs, NULL)) != -1) {
		if (c == 'j')
			njobs = (unsigned int) parse_number_or_die(optarg);
		else if (c == 'n')
			dry_run = true;
		else
			return EXIT_FAILURE;
	}
	if (!njobs || njobs > JOBS_MAX)
		errx(EXIT_FAILURE, "1 to %d at once", JOBS_MAX);
	if (optind < argc)
		nruns = parse_number_or_die(argv[optind]);
	if (optind + 1 < argc)
		first = parse_number_or_die(argv[optind + 1]);
	program_or_die("CHMEM");
	program_or_die("MEMSIM");
	if (!mkdtemp(directory))
		err(EXIT_FAILURE, "%s", directory);
	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tally == MAP_FAILED)
		err(EXIT_FAILURE, "mmap");

	tally->next = first;
	tally->dry_run = dry_run;
	run_jobs(tally, directory, njobs, first + nruns);
	directory_remove(directory);
	printf("%u %sruns from seed %llu on: %u wrong; status 0: %u, 1: %u, 64: %u, "
	       "signals: %u; %u writes; %.0f s\n",
	       tally->nruns, dry_run ? "dry " : "", (unsigned long long) first,
	       tally->nwrong, tally->statuses[0], tally->statuses[1], tally->statuses[2],
	       tally->statuses[3], tally->nwrites, (now_ms() - start) / 1000);
	if (tally->nskipped)
		return EXIT_SKIP;
	return tally->nwrong || tally->nruns != nruns ? EXIT_FAILURE : EXIT_SUCCESS;
}
