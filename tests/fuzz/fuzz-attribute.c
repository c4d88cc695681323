/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading attributes through the table of operations: any that can be opened, the system,
 * one block, the firmware's view of it. The input is
 *
 *	INDEX FILE|FILE|FILE|FILE|FILE|FILE|FILE
 *
 * the number of the block, a blank, and the files of enum file_index in that order. Each
 * FILE is a letter for how it behaves, see file_init(), and what it holds, which for a
 * directory is its names.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

#include "block.h"
#include "fuzz.h"
#include "sysroot.h"

const char fuzz_name[] = "attribute";

/* ---- The files ---- */

enum file_index {
	FILE_BLOCK_SIZE,
	FILE_MEMORY,
	FILE_FIRMWARE,
	FILE_STATE,
	FILE_ZONES,
	FILE_CONFIG,
	FILE_MEMMAP,
	_FILE_MAX,
};

/* positive errno each, 0 for none */
struct file {
	char path[SYSROOT_PATH_MAX];
	char *text;
	size_t length;
	int open_error;
	int open_write_error;
	int read_error; /* of a directory, after all names */
};

#define DESCRIPTORS_MAX 64
#define FIRST_DESCRIPTOR 100000

struct tree {
	struct file files[_FILE_MAX];
	char block_path[2][SYSROOT_PATH_MAX]; /* directories of the block, always there */
	unsigned int nfrees;
	struct {
		struct file *file; /* NULL: a block's directory */
		int flags;
		bool is_open;
	} descriptors[DESCRIPTORS_MAX];
	size_t ndescriptors;
};

static struct file *find(struct tree *tree, const char *path)
{
	for (size_t i = 0; i < _FILE_MAX; i++)
		if (!strcmp(tree->files[i].path, path))
			return &tree->files[i];
	return NULL;
}

/* Repeats the text of FILE, or blanks, until it is LENGTH. */
static void file_fill(struct file *file, size_t length)
{
	char *text = malloc(length + 1);

	require(text);
	for (size_t i = 0; i < length; i++)
		text[i] = file->length ? file->text[i % file->length] : ' ';
	free(file->text);
	file->text = text;
	file->length = length;
}

static void file_init(struct file *file, struct input *input)
{
	char behaviour = (char) input_byte(input);

	file->text = input_bytes(input, '|', &file->length);
	switch (behaviour) {
	case 0: /* nothing is left of the input */
	case 'x':
		file->open_error = ENOENT;
		break;
	case 't':
		file->open_error = ENOTDIR;
		break;
	case 'a':
		file->open_error = EACCES;
		break;
	case 'r':
		file->open_write_error = EACCES;
		break;
	case 'o':
		file->open_write_error = EROFS;
		break;
	case 'p':
		file->open_write_error = EPERM;
		break;
	case 'b':
		file->open_write_error = EBUSY;
		break;
	case 'd':
		file->open_write_error = EISDIR;
		file->read_error = EISDIR;
		break;
	case 'i':
		file->read_error = EIO;
		break;
	case '+':
		file_fill(file, SYSFS_TEXT_MAX);
		break;
	case '*':
		file_fill(file, SYSFS_TEXT_MAX + 1);
		break;
	}
}

static void tree_init(struct tree *tree, struct input *input, uint64_t index)
{
	static const struct {
		const char *directory, *name;
	} names[_FILE_MAX] = {
		[FILE_STATE] = { SYSROOT_MEMORY, "state" },
		[FILE_ZONES] = { SYSROOT_MEMORY, "valid_zones" },
		[FILE_CONFIG] = { SYSROOT_FIRMWARE, "config" },
		[FILE_MEMMAP] = { SYSROOT_FIRMWARE, "memmap_on_memory" },
	};
	static const char *const paths[_FILE_MAX] = {
		[FILE_BLOCK_SIZE] = SYSROOT_BLOCK_SIZE,
		[FILE_MEMORY] = SYSROOT_MEMORY,
		[FILE_FIRMWARE] = SYSROOT_FIRMWARE,
	};

	for (size_t i = 0; i < _FILE_MAX; i++) {
		struct file *file = &tree->files[i];

		if (paths[i])
			snprintf(file->path, sizeof(file->path), "%s", paths[i]);
		else
			snprintf(file->path, sizeof(file->path),
				 "%s/memory%" PRIu64 "/%s", names[i].directory, index,
				 names[i].name);
		file_init(file, input);
	}
	snprintf(tree->block_path[0], sizeof(tree->block_path[0]), "%s/memory%" PRIu64,
		 SYSROOT_MEMORY, index);
	snprintf(tree->block_path[1], sizeof(tree->block_path[1]), "%s/memory%" PRIu64,
		 SYSROOT_FIRMWARE, index);
}

/* Whatever was opened is closed, once. */
static void tree_done(struct tree *tree)
{
	for (size_t i = 0; i < tree->ndescriptors; i++)
		require(!tree->descriptors[i].is_open);
	for (size_t i = 0; i < _FILE_MAX; i++)
		free(tree->files[i].text);
}

/* ---- The table of operations ---- */

static int tree_open(void *backend, const char *path, int flags)
{
	struct tree *tree = backend;
	struct file *file = find(tree, path);
	bool is_block = false;

	require(flags & O_CLOEXEC);
	require(path[0] != '/');
	for (size_t i = 0; i < ARRAY_SIZE(tree->block_path); i++)
		is_block = is_block || !strcmp(path, tree->block_path[i]);
	if (!file && !is_block)
		return -ENOENT;
	if (!(flags & O_DIRECTORY))
		require(flags & O_NONBLOCK);
	if (file && file->open_error)
		return -file->open_error;
	if (file && file->open_write_error && (flags & O_ACCMODE) != O_RDONLY)
		return -file->open_write_error;

	require(tree->ndescriptors < DESCRIPTORS_MAX);
	tree->descriptors[tree->ndescriptors].file = file;
	tree->descriptors[tree->ndescriptors].flags = flags;
	tree->descriptors[tree->ndescriptors].is_open = true;

	return FIRST_DESCRIPTOR + (int) tree->ndescriptors++;
}

static ssize_t tree_read(void *backend, int fd, void *buffer, size_t size)
{
	const struct tree *tree = backend;
	size_t length, i = (size_t) fd - FIRST_DESCRIPTOR;
	const struct file *file;

	require(i < tree->ndescriptors && tree->descriptors[i].is_open);
	require((tree->descriptors[i].flags & O_ACCMODE) != O_WRONLY);
	file = tree->descriptors[i].file;
	require(file);
	length = size < file->length ? size : file->length;
	if (file->read_error)
		return -file->read_error;
	memset(buffer, POISON, size); /* whether all of it is there, ASan can tell */
	if (length)
		memcpy(buffer, file->text, length);
	return (ssize_t) length;
}

/* The next name of a directory, in NAMES from *OFFSET on; the caller frees it. */
static char *next_name(const struct file *names, size_t *offset)
{
	static const char separators[] = " \n"; /* and NUL */
	size_t start = *offset;
	char *name;

	while (start < names->length &&
	       memchr(separators, names->text[start], sizeof(separators)))
		start++;
	*offset = start;
	while (*offset < names->length &&
	       !memchr(separators, names->text[*offset], sizeof(separators)))
		(*offset)++;
	if (start == *offset)
		return NULL;
	name = strndup(names->text + start, *offset - start);
	require(name);

	return name;
}

static int tree_list(void *backend, const char *path, io_entry_fn entry_fn, void *data)
{
	struct file *file = find(backend, path);
	size_t offset = 0;

	require(file);
	if (file->open_error)
		return -file->open_error;
	for (;;) {
		_cleanup_free_ char *name = next_name(file, &offset);
		int r = name ? entry_fn(name, data) : 0;

		if (r)
			return r;
		if (!name)
			return -file->read_error;
	}
}

static void tree_close(void *backend, int fd)
{
	struct tree *tree = backend;
	size_t i = (size_t) fd - FIRST_DESCRIPTOR;

	require(i < tree->ndescriptors && tree->descriptors[i].is_open);
	tree->descriptors[i].is_open = false;
}

static void tree_free(void *backend)
{
	((struct tree *) backend)->nfrees++;
}

static struct sysfs tree_sysfs(struct tree *tree)
{
	static const struct io io = {
		.open = tree_open,
		.read = tree_read,
		.list = tree_list,
		.close = tree_close,
		.free = tree_free,
	};

	return (struct sysfs){ &io, tree };
}

/* ---- What is to be expected ---- */

static bool is_text(const struct file *file)
{
	for (size_t i = 0; i < file->length; i++) {
		unsigned char c = (unsigned char) file->text[i];

		if (c != '\t' && c != '\n' && (c < 0x20 || c > 0x7e))
			return false;
	}
	return true;
}

/* -errno or 0, and the text then, without one newline; the caller frees it. */
static int expected_text(const struct file *file, char **ret)
{
	size_t length = file->length;

	if (file->open_error)
		return -file->open_error;
	if (file->read_error)
		return -file->read_error;
	if (length > SYSFS_TEXT_MAX)
		return -EFBIG;
	if (!is_text(file))
		return -EBADMSG;
	if (length && file->text[length - 1] == '\n')
		length--;
	*ret = strndup(file->text, length);
	require(*ret);

	return 0;
}

/* Without zeros in front, a power of two is one of these and zeros, and not too long. */
static int expected_block_size(const char *text, uint64_t *ret)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	size_t ndigits;

	text += strspn(text, " \t\n");
	if (!strncasecmp(text, "0x", 2))
		text += 2;
	ndigits = strspn(text, digits);
	if (!ndigits || (text[ndigits] && !strchr(" \t\n", text[ndigits])))
		return -EBADMSG;
	while (ndigits && *text == '0') {
		text++;
		ndigits--;
	}
	if (!ndigits || ndigits > 16 || !strchr("1248", *text) ||
	    strspn(text + 1, "0") != ndigits - 1)
		return -EBADMSG;
	*ret = (uint64_t) (*text - '0') << (4 * (ndigits - 1));

	return 0;
}

static bool expected_is_block(const char *name)
{
	static const char last[] = "18446744073709551615";
	size_t length;

	if (strncmp(name, "memory", 6))
		return false;
	name += 6;
	length = strlen(name);
	if (!length || strspn(name, "0123456789") != length)
		return false;
	if (name[0] == '0')
		return length == 1;
	return length < strlen(last) ||
	       (length == strlen(last) && strcmp(name, last) <= 0);
}

static size_t expected_nblocks(const struct file *names)
{
	size_t offset = 0, nblocks = 0;

	for (;;) {
		_cleanup_free_ char *name = next_name(names, &offset);

		if (!name)
			return nblocks;
		nblocks += expected_is_block(name);
	}
}

static enum memblk_state expected_state(const char *text)
{
	if (!strcmp(text, "online") || !strcmp(text, "online_movable") ||
	    !strcmp(text, "online_kernel"))
		return MEMBLK_STATE_ONLINE;
	if (!strcmp(text, "offline"))
		return MEMBLK_STATE_OFFLINE;
	if (!strcmp(text, "going-offline"))
		return MEMBLK_STATE_GOING_OFFLINE;
	return MEMBLK_STATE_UNKNOWN;
}

/* ---- Checks ---- */

static void check_read(struct tree *tree)
{
	const struct sysfs sysfs = tree_sysfs(tree);
	_cleanup_free_ char *text = malloc(SYSFS_TEXT_MAX + 1);

	require(text);
	for (size_t i = 0; i < _FILE_MAX; i++) {
		_cleanup_free_ char *expected = NULL;
		int error = expected_text(&tree->files[i], &expected);

		require(sysfs_read(&sysfs, tree->files[i].path, text) == error);
		if (!error)
			require(!strcmp(text, expected));
	}
}

/* What attribute_open() is to return, and write_error. */
static int expected_open(const struct file *file, int *ret_write_error, char **ret_text)
{
	*ret_write_error = 0;
	switch (file->open_write_error) {
	case 0:
		break;
	case EACCES:
	case EROFS:
	case EPERM:
		*ret_write_error = -file->open_write_error;
		break;
	default:
		return -file->open_write_error;
	}
	return expected_text(file, ret_text);
}

static void check_attribute(struct tree *tree, const struct file *file)
{
	const struct sysfs sysfs = tree_sysfs(tree);
	_cleanup_free_ char *expected = NULL;
	struct attribute attribute;
	int error, write_error;

	memset(&attribute, POISON, sizeof(attribute));
	error = expected_open(file, &write_error, &expected);
	require(attribute_open(&sysfs, file->path, &attribute) == error);
	if (!error) {
		require(attribute.fd >= 0);
		require(attribute.write_error == write_error);
		require(attribute.length == file->length);
		require(!strcmp(attribute.text, expected));
	}
	attribute_close(&sysfs, &attribute);
	require(attribute.fd == -1);
	attribute_close(&sysfs, &attribute);
}

static void check_block(struct tree *tree, const struct memblk_system *system,
			uint64_t index)
{
	_cleanup_free_ char *state = NULL, *zones = NULL;
	enum memblk_state state_seen = _MEMBLK_STATE_MAX;
	struct zones zones_seen, zones_expected;
	int error;

	error = expected_text(&tree->files[FILE_STATE], &state);
	require(block_state_read(system, index, &state_seen) == error);
	require(state_seen == (error ? _MEMBLK_STATE_MAX : expected_state(state)));

	memset(&zones_seen, POISON, sizeof(zones_seen));
	error = expected_text(&tree->files[FILE_ZONES], &zones);
	require(block_zones_read(system, index, &zones_seen) == error);
	if (error) {
		require(is_poison(&zones_seen, sizeof(zones_seen)));
	} else {
		zones_parse(zones, &zones_expected);
		require(zones_seen.nzones == zones_expected.nzones);
		require(zones_seen.none == zones_expected.none);
		require(!memcmp(zones_seen.zone, zones_expected.zone,
				zones_seen.nzones * sizeof(*zones_seen.zone)));
	}
	require(block_exists(system, index));
	require(!block_exists(system, index + 1));
}

static void check_memconfig(struct tree *tree, const struct memblk_system *system,
			    uint64_t index, enum file_index number, const char *name)
{
	const struct file *file = &tree->files[number];
	_cleanup_free_ char *text = NULL;
	int error = expected_text(file, &text);
	unsigned char value = POISON;
	bool seen;

	memcpy(&seen, &value, 1);
	if (!error && strcmp(text, "0") && strcmp(text, "1"))
		error = -EINVAL;
	require(memconfig_read(system, index, name, &seen) == error);
	memcpy(&value, &seen, 1);
	require(value == (error ? POISON : *text == '1'));
}

static void check_names(const struct file *names)
{
	size_t offset = 0;

	for (;;) {
		_cleanup_free_ char *name = next_name(names, &offset), *back = NULL;
		uint64_t index;

		if (!name)
			return;
		memset(&index, POISON, sizeof(index));
		require(block_index_from_name(name, &index) == expected_is_block(name));
		if (!expected_is_block(name)) {
			require(is_poison(&index, sizeof(index)));
			continue;
		}
		require(asprintf(&back, "memory%" PRIu64, index) > 0);
		require(!strcmp(back, name));
	}
}

static void check_scan(struct tree *tree, struct memblk_system *system)
{
	const struct memblk_selection selection = { .kind = MEMBLK_SELECTION_SIZE };
	const struct file
		*names = &tree->files[system->configurable ? FILE_FIRMWARE : FILE_MEMORY];
	int error = names->open_error ? names->open_error : names->read_error;
	uint64_t *blocks = NULL;
	size_t nblocks = 0;

	require(memblk_scan(system, &selection, &blocks, &nblocks) == -error);
	require(nblocks == (error ? 0 : expected_nblocks(names)));
	for (size_t i = 1; i < nblocks; i++)
		require(blocks[i - 1] <= blocks[i]);
	free(blocks);
}

/* What system_open() is to return; *RET_STEP only for a failure. */
static int expected_system(const struct tree *tree, uint64_t *ret_block_size_bytes,
			   bool *ret_configurable, enum memblk_system_step *ret_step)
{
	const struct file *memory = &tree->files[FILE_MEMORY];
	const struct file *firmware = &tree->files[FILE_FIRMWARE];
	_cleanup_free_ char *text = NULL;
	int error = expected_text(&tree->files[FILE_BLOCK_SIZE], &text);

	if (!error)
		error = expected_block_size(text, ret_block_size_bytes);
	*ret_step = memory->open_error ? MEMBLK_SYSTEM_MEMORY : MEMBLK_SYSTEM_BLOCK_SIZE;
	if (error)
		return memory->open_error ? -memory->open_error : error;

	*ret_step = MEMBLK_SYSTEM_FIRMWARE;
	*ret_configurable = false;
	if (firmware->open_error == ENOENT || firmware->open_error == ENOTDIR)
		return 0;
	if (firmware->open_error)
		return -firmware->open_error;
	*ret_configurable = expected_nblocks(firmware) > 0;

	return *ret_configurable ? 0 : -firmware->read_error;
}

static void check_system(struct tree *tree)
{
	const struct file *memory = &tree->files[FILE_MEMORY];
	struct memblk_system *system = NULL;
	enum memblk_system_step step = 0, expected_step;
	uint64_t block_size_bytes = 0;
	bool configurable = false;
	int error;

	error = expected_system(tree, &block_size_bytes, &configurable, &expected_step);
	require(system_open(tree_sysfs(tree), &system, &step) == error);
	if (error) {
		require(!system && step == expected_step && tree->nfrees == 1);
		return;
	}
	require(!tree->nfrees);
	require(memblk_system_block_size(system) == block_size_bytes);
	require(memblk_system_is_configurable(system) == configurable);

	if (!configurable && memory->open_error)
		error = -memory->open_error;
	else if (!configurable && !expected_nblocks(memory))
		error = memory->read_error ? -memory->read_error : -ENODATA;
	require(memblk_system_check_blocks(system) == error);
	check_scan(tree, system);
	memblk_system_free(system);
	require(tree->nfrees == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	uint64_t index = input_number(&input);
	struct tree tree = { .nfrees = 0 };
	struct memblk_system system = { .sysfs = tree_sysfs(&tree) };

	tree_init(&tree, &input, index);
	check_system(&tree);
	check_read(&tree);
	check_names(&tree.files[FILE_MEMORY]);
	check_block(&tree, &system, index);
	for (size_t i = 0; i < _FILE_MAX; i++)
		check_attribute(&tree, &tree.files[i]);
	check_memconfig(&tree, &system, index, FILE_CONFIG, MEMCONFIG_CONFIG);
	check_memconfig(&tree, &system, index, FILE_MEMMAP, MEMCONFIG_MEMMAP);
	tree_done(&tree);

	return 0;
}
