/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs one target without libFuzzer, with any compiler: on its seeds, and on a number of
 * inputs that are made of them at random, the same ones each time. With arguments, on
 * these files, in this process, for a debugger.
 *
 * A child does the work, so that an input that kills it can still be told.
 */
#include "config.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "../unit/tap.h"
#include "fuzz.h"

#define NMADE 50000
#define INPUT_MAX 2048
#define SECONDS_MAX 120

struct made {
	size_t length;
	uint8_t bytes[INPUT_MAX];
};

struct seeds {
	struct made *seed;
	size_t nseeds;
};

/* What the child is at, for its parent. */
static struct made *current;

static void run(const struct made *input)
{
	/* to the byte, so that reading beyond it is noticed */
	_cleanup_free_ uint8_t *bytes = malloc(input->length ?: 1);

	if (!bytes)
		abort();
	memcpy(bytes, input->bytes, input->length);
	*current = *input;
	LLVMFuzzerTestOneInput(bytes, input->length);
}

/* ---- Seeds ---- */

static int octal(const char *text)
{
	int value = 0;

	for (size_t i = 0; i < 3; i++) {
		if (text[i] < '0' || text[i] > '7')
			return -1;
		value = value * 8 + text[i] - '0';
	}
	return value;
}

/* The escapes of printf's %b that seeds need: \n, \t, \\ and \0 with three digits. */
static void decode(struct made *ret, const char *line)
{
	static const char letters[] = "nt\\", values[] = "\n\t\\";

	ret->length = 0;
	for (; *line && ret->length < INPUT_MAX; line++) {
		const char *letter = NULL;
		uint8_t byte = (uint8_t) *line;

		if (line[0] == '\\' && line[1])
			letter = strchr(letters, line[1]);
		if (letter) {
			byte = (uint8_t) values[letter - letters];
			line++;
		} else if (line[0] == '\\' && line[1] == '0' && octal(line + 2) >= 0) {
			byte = (uint8_t) octal(line + 2);
			line += 4;
		}
		ret->bytes[ret->length++] = byte;
	}
}

static void seeds_done(struct seeds *seeds)
{
	free(seeds->seed);
}

/* False if there is none, which is a mistake. */
static bool seeds_init(struct seeds *ret)
{
	const char *srcdir = getenv("abs_top_srcdir") ?: ".";
	_cleanup_fclose_ FILE *file = NULL;
	_cleanup_free_ char *path = NULL, *line = NULL;
	size_t size = 0;
	ssize_t length;

	*ret = (struct seeds){ .nseeds = 0 };
	if (asprintf(&path, "%s/tests/fuzz/%s.seeds", srcdir, fuzz_name) < 0)
		abort();
	file = fopen(path, "re");
	while (file && (length = getline(&line, &size, file)) > 0) {
		if (line[0] == '#')
			continue;
		if (line[length - 1] == '\n')
			line[length - 1] = '\0';
		ret->seed = reallocarray(ret->seed, ret->nseeds + 1, sizeof(*ret->seed));
		if (!ret->seed)
			abort();
		decode(&ret->seed[ret->nseeds++], line);
	}
	if (!ret->nseeds)
		printf("# no seeds in %s\n", path);
	return ret->nseeds > 0;
}

static void run_seeds(const struct seeds *seeds)
{
	for (size_t i = 0; i < seeds->nseeds; i++)
		run(&seeds->seed[i]);
}

/* ---- What is made of them ---- */

/* xorshift64*, below N. */
static size_t draw(uint64_t *state, size_t n)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (size_t) (*state * UINT64_C(0x2545f4914f6cdd1d) >> 33) % n;
}

/* Puts LENGTH of BYTES in place of SKIP bytes of MADE at OFFSET, if there is room. */
static void replace(struct made *made, size_t offset, size_t skip, const uint8_t *bytes,
		    size_t length)
{
	uint8_t copy[INPUT_MAX];

	if (skip > made->length - offset)
		skip = made->length - offset;
	if (made->length - skip + length > INPUT_MAX)
		return;
	memcpy(copy, bytes, length);
	memmove(made->bytes + offset + length, made->bytes + offset + skip,
		made->length - offset - skip);
	memcpy(made->bytes + offset, copy, length);
	made->length += length - skip;
}

/* A part of some seed goes anywhere, or any byte does, or a part goes away. */
static void change(struct made *made, const struct seeds *seeds, uint64_t *state)
{
	const struct made *other = &seeds->seed[draw(state, seeds->nseeds)];
	size_t offset = draw(state, made->length + 1), from, length;
	uint8_t byte = (uint8_t) draw(state, 256);

	switch (draw(state, 4)) {
	case 0:
		replace(made, offset, draw(state, 2), &byte, 1);
		break;
	case 1:
		replace(made, offset, draw(state, 8), &byte, 0);
		break;
	default:
		from = draw(state, other->length + 1);
		length = draw(state, other->length - from + 1);
		if (draw(state, 4))
			length %= 4;
		replace(made, offset, draw(state, 4), other->bytes + from, length);
	}
}

static void run_made(const struct seeds *seeds)
{
	uint64_t state = 1;

	for (size_t i = 0; i < NMADE; i++) {
		struct made made = seeds->seed[draw(&state, seeds->nseeds)];

		for (size_t nchanges = 1 + draw(&state, 6); nchanges > 0; nchanges--)
			change(&made, seeds, &state);
		run(&made);
	}
}

/* ---- The tests ---- */

/* As a line of the seeds' file. */
static void print_current(void)
{
	fputs("# the input, as a seed: ", stdout);
	for (size_t i = 0; i < current->length; i++) {
		uint8_t byte = current->bytes[i];

		if (byte >= ' ' && byte <= '~' && byte != '\\')
			putchar(byte);
		else
			printf("\\0%03o", byte);
	}
	putchar('\n');
}

static void check_child(void (*body)(const struct seeds *seeds))
{
	_cleanup_(seeds_done) struct seeds seeds;
	int status = -1;
	pid_t child;

	if (!check(seeds_init(&seeds)))
		return;
	fflush(stdout);
	child = fork();
	if (!child) {
		alarm(SECONDS_MAX);
		body(&seeds);
		_exit(EXIT_SUCCESS);
	}
	if (!check(child > 0 && waitpid(child, &status, 0) == child))
		return;
	if (check_int(WIFSIGNALED(status) ? WTERMSIG(status) : 0, 0) &&
	    check_int(WEXITSTATUS(status), EXIT_SUCCESS))
		return;
	print_current();
}

static void test_seeds(void)
{
	check_child(run_seeds);
}

static void test_made(void)
{
	check_child(run_made);
}

static int run_file(const char *path)
{
	_cleanup_fclose_ FILE *file = fopen(path, "re");
	struct made input;

	if (!file) {
		perror(path);
		return EXIT_FAILURE;
	}
	input.length = fread(input.bytes, 1, sizeof(input.bytes), file);
	run(&input);

	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		{ "all properties hold for every seed", test_seeds },
		{ "all properties hold for what is made of the seeds at random",
		  test_made },
	};
	int r = EXIT_SUCCESS;

	current = mmap(NULL, sizeof(*current), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (current == MAP_FAILED)
		return EXIT_FAILURE;
	if (argc < 2)
		return tap_run(tests, ARRAY_SIZE(tests));
	for (int i = 1; i < argc; i++)
		if (run_file(argv[i]))
			r = EXIT_FAILURE;

	return r;
}
