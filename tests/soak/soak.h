/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run of chmem on a simulated machine: what was drawn, what was seen, and what is
 * wrong about it. Nothing here shares code with chmem; what it must do is known from its
 * man page alone.
 */
#ifndef SOAK_H
#define SOAK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* All blocks have numbers below that, so that a word has a bit for each. */
#define NBLOCKS 64
#define BLOCK_BYTES (UINT64_C(128) << 20)
#define BLOCK_KIB (BLOCK_BYTES / 1024)

static inline uint64_t bit(unsigned int n)
{
	return UINT64_C(1) << n;
}

#define NO_TIME INT64_MAX

/* Milliseconds of CLOCK_MONOTONIC. */
double now_ms(void);

/* ---- What is drawn: draw.c ---- */

enum command {
	COMMAND_ENABLE,
	COMMAND_DISABLE,
	COMMAND_CONFIGURE,
	COMMAND_DECONFIGURE,
	_COMMAND_MAX, /* --resize alone: one of the first two, known when it begins */
};

enum lock_mode {
	LOCK_AUTO,
	LOCK_YES,
	LOCK_NO,
	LOCK_NONBLOCK,
};

enum selection {
	SELECTION_SIZE,
	SELECTION_NAMED,
	SELECTION_ALL,
	SELECTION_RESIZE,
};

enum order {
	ORDER_DEFAULT,
	ORDER_LOWEST,
	ORDER_HIGHEST,
	ORDER_CHEAPEST,
};

#define KEEP_FREE_AUTO UINT64_MAX

/* A signal that chmem is sent. */
struct shot {
	int signal;
	int64_t at_ms; /* since it was started */
};

#define SHOTS_MAX 6
#define ARGUMENTS_MAX 32

struct scenario {
	uint64_t seed;
	char *machine; /* what memsim is started with */
	char *later;   /* what it is told right before chmem is started */
	char *arguments[ARGUMENTS_MAX];
	size_t narguments;

	enum command command;
	enum selection selection;
	bool by_size;        /* SIZE and RESIZE */
	unsigned int goal;   /* by size: blocks */
	unsigned int wanted; /* RESIZE: blocks online, of which the goal follows */
	uint64_t named;      /* NAMED: a bit for each block */
	enum order order;
	const char *zone; /* NULL: none */
	bool zone_auto;
	int memmap; /* -1: none */
	bool verbose, atomic;
	int64_t try_ms, timeout_ms; /* NO_TIME: none */
	int64_t wait_ms;
	unsigned int retries;
	bool retries_given;
	uint64_t keep_free; /* bytes; 0: off */
	enum lock_mode lock;

	struct shot shots[SHOTS_MAX];
	size_t nshots;
	int64_t lock_held_ms; /* so long somebody else has chmem's lock */

	/* What makes that less certain which has to be checked; a bit for each block. */
	uint64_t unclear;  /* they do so more than once, or take them away */
	uint64_t foreign;  /* others change their state */
	uint64_t lied;     /* valid_zones is not true */
	uint64_t hidden;   /* errors that are no writes: of opening, of reading */
	bool memory_moves; /* what is available changes by itself */
	bool s390, auto_online, zones_unknown;
};

void scenario_draw(struct scenario *ret, uint64_t seed);

/* A machine on which nothing fails by chance, nobody else is, and all is to be seen. */
void scenario_draw_calm(struct scenario *ret, uint64_t seed);

void scenario_done(struct scenario *scenario);

/* ---- What is seen: evidence.c ---- */

enum state {
	STATE_ABSENT,
	STATE_STANDBY, /* not configured */
	STATE_OFFLINE,
	STATE_ONLINE,
	STATE_GOING_OFFLINE,
};

struct look {
	enum state state;
	char zone[12];
	bool memmap;
};

/* The whole machine at one moment. */
struct view {
	struct look blocks[NBLOCKS];
	char *text; /* the same for people */
	uint64_t available_kib, swap_kib, high_kib, kernel_kib, movable_kib;
};

int view_read(struct view *ret, const char *directory);
void view_done(struct view *view);

/* A write, from memsim's log. */
struct entry {
	int pid;
	double begin_ms, end_ms;
	bool pending; /* when the log was read: end_ms is that time */
	unsigned int block;
	bool is_block;
	char file[24], word[24], result[24];
	bool forward; /* what the command is to do, not what takes it back */
};

struct log {
	struct entry *entries;
	size_t nentries;
	char *text;
};

int log_read(struct log *ret, const char *directory);
void log_done(struct log *log);

enum line_kind {
	LINE_UNKNOWN,
	LINE_VERB,     /* stdout: what was done to a block */
	LINE_PLANNED,  /* stdout: what would be done to a block */
	LINE_FAILURE,  /* word: the step; text: the reason */
	LINE_SENTENCE, /* text: what must be before */
	LINE_STUCK,    /* text: why it is not set back */
	LINE_TOTAL,    /* word: the command; text: the amount */
	LINE_REASON,   /* number: of blocks; text: the reason */
	LINE_MISSING,  /* blocks */
	LINE_UNTRIED,  /* blocks */
	LINE_ENDED,    /* text: by what */
	LINE_ATOMIC,   /* text: what became of it */
	LINE_LOCKED,   /* number: of the process, if known; text: "" or that it goes on */
	LINE_OUTLOOK,  /* text: what only a dry run says */
	LINE_OTHER,    /* text: all of it */
};

struct line {
	enum line_kind kind;
	bool is_block; /* `block` is one */
	unsigned int block;
	uint64_t blocks, number;
	char word[24];
	char text[224];
	bool pending; /* "still in progress in the kernel" */
};

struct output {
	char *text;
	struct line *lines;
	size_t nlines;
};

void output_parse(struct output *output, bool is_stderr);
void output_done(struct output *output);

/* ---- The run: play.c ---- */

struct run {
	struct scenario scenario;
	struct view before, after;
	struct log log;
	struct output out, err;
	struct output dry_out, dry_err; /* of a dry run before it, if there was one */

	int status, dry_status; /* as of waitpid() */
	double start_ms, end_ms;
	double begin_ms;           /* when it was seen to be at work; 0: never */
	double shot_ms[SHOTS_MAX]; /* when they were sent; 0: not at all */
	double stopped_ms;         /* so long it was */
	double late_ms;            /* the machine is busy: what a sleep took too long */
	bool hangs;                /* had to be killed */

	char **problems;
	size_t nproblems;
};

__attribute__((format(printf, 2, 3))) void problem(struct run *run, const char *format,
						   ...);

/* What is started, and where the machine is mounted. */
struct stage {
	const char *chmem, *memsim;
	char directory[256];
};

/* Its process; *RET_STATUS is 0, or 77 if there can be no simulated machine here. */
pid_t machine_start(const struct stage *stage, const char *scenario, int *ret_status);
/* Ends it, and with it whoever still waits for its answer. */
void machine_stop(struct run *run, pid_t pid);
void directory_remove(const char *path);

struct child {
	pid_t pid;
	int pid_fd, out, err;
};

struct child chmem_start(const struct stage *stage, char *const *arguments,
			 size_t narguments);
/* What it has printed, which the caller frees, when it has ended. */
char *child_output(const struct child *child, char **ret_err);

void check_lock_is_free(struct run *run, const struct stage *stage);
void check_next_runs(struct run *run, const struct stage *stage);

/* 0; 77 if there can be no simulated machine here. */
int run_play(struct run *run, const struct stage *stage);
void run_print(const struct run *run, FILE *stream);
void run_done(struct run *run);

/* Starts chmem, and waits for its end; false if it had to be killed. */
bool chmem_play(const struct stage *stage, char *const *arguments, size_t narguments,
		struct output *ret_out, struct output *ret_err, int *ret_status);

/* ---- Dry runs: foresee.c ---- */

/* As run_play(), a dry run first, and judges both. */
int foresee_play(struct run *run, const struct stage *stage);

/* ---- The oracle: judge.c, words.c ---- */

/* Of --resize, sets the command and the goal. */
void find_distance(struct run *run);

void judge(struct run *run);

/* What is said, against the log. */
void judge_words(struct run *run);

/* Milliseconds that a busy machine may make of nothing. */
double run_slack(const struct run *run);

enum tri {
	TRI_NO,
	TRI_MAYBE,
	TRI_YES,
};

bool is_wanted(const struct run *run, const struct view *view, unsigned int n);
bool is_selected(const struct run *run, unsigned int n);
bool has_line(const struct output *output, enum line_kind kind, unsigned int n);
const struct line *find_line(const struct output *output, enum line_kind kind);
bool is_ok(const struct entry *entry);
/* An acknowledged write to FILE of block N; word "online" stands for all that begin so.
 */
unsigned int count_ok(const struct run *run, unsigned int n, const char *file,
		      const char *word);
const struct entry *last_forward(const struct run *run, unsigned int n);
/* Nothing keeps the kernel from looking at signals. */
bool is_responsive(const struct run *run);
bool is_unsettled(const struct run *run, unsigned int n);
bool was_signalled(const struct run *run);
/* When it was; 0 if it was not. */
double first_end_ms(const struct run *run);
/* That it never came to do its work. */
bool was_refused(const struct run *run);

#endif
