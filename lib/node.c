/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nodes of blocks, from either end of the links between them. For a few blocks their own
 * directories are the shorter way, for many those of the nodes.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "node.h"
#include "sysroot.h"
#include "util.h"

struct node_entry {
	uint64_t index, node;
};

/* Whether NAME is node<N>, without a leading zero. */
static bool node_from_name(const char *name, uint64_t *ret)
{
	static const char prefix[] = "node";
	const char *digits = name + sizeof(prefix) - 1;

	if (strncmp(name, prefix, sizeof(prefix) - 1) || (digits[0] == '0' && digits[1]))
		return false;

	return decimal_parse(digits, strlen(digits), ret) == 0;
}

/* ---- From the block ---- */

static int add_node(const char *name, void *data)
{
	struct block_nodes *nodes = data;
	uint64_t node;

	if (!node_from_name(name, &node))
		return 0;
	if (!nodes->nnodes++ || node < nodes->lowest)
		nodes->lowest = node;
	return 0;
}

int block_nodes_read(const struct memblk_system *system, uint64_t index,
		     struct block_nodes *ret)
{
	struct block_nodes nodes = { .nnodes = 0 };
	char path[SYSROOT_PATH_MAX];
	int r;

	r = sysfs_list(&system->sysfs,
		       sysroot_block_path(path, SYSROOT_MEMORY, index, ""), add_node,
		       &nodes);
	if (r == -ENOENT || r == -ENOTDIR)
		nodes.nnodes = 0;
	else if (r < 0)
		return r;
	*ret = nodes;

	return 0;
}

/* ---- From the nodes ---- */

struct map_builder {
	const struct sysfs *sysfs;
	struct node_map *map;
	uint64_t node; /* that is being listed */
};

static int map_add_block(const char *name, void *data)
{
	struct map_builder *builder = data;
	struct node_map *map = builder->map;
	struct node_entry *entries;
	uint64_t index;

	if (!block_index_from_name(name, &index))
		return 0;
	entries = array_grow(map->entries, &map->size, map->nentries, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	map->entries = entries;
	map->entries[map->nentries++] = (struct node_entry){ index, builder->node };

	return 0;
}

/* What cannot be listed of a node is missing in the map: its blocks tell themselves. */
static int map_add_node(const char *name, void *data)
{
	struct map_builder *builder = data;
	char path[SYSROOT_PATH_MAX];
	int r;

	if (!node_from_name(name, &builder->node))
		return 0;
	snprintf(path, sizeof(path), "%s/node%" PRIu64, SYSROOT_NODES, builder->node);
	r = sysfs_list(builder->sysfs, path, map_add_block, builder);

	return r == -ENOMEM ? r : 0;
}

static int compare_entries(const void *a, const void *b)
{
	const struct node_entry *left = a, *right = b;

	if (left->index != right->index)
		return left->index < right->index ? -1 : 1;

	return (left->node > right->node) - (left->node < right->node);
}

int node_map_read(const struct memblk_system *system, struct node_map *ret)
{
	struct node_map map = { .nentries = 0 };
	struct map_builder builder = { .sysfs = &system->sysfs, .map = &map };
	int r;

	r = sysfs_list(&system->sysfs, SYSROOT_NODES, map_add_node, &builder);
	if (r == -ENOMEM) {
		node_map_done(&map);
		return r;
	}
	if (map.nentries)
		qsort(map.entries, map.nentries, sizeof(*map.entries), compare_entries);
	*ret = map;

	return 0;
}

void node_map_done(struct node_map *map)
{
	free(map->entries);
	*map = (struct node_map){ .nentries = 0 };
}

struct block_nodes node_map_find(const struct node_map *map, uint64_t index)
{
	struct block_nodes nodes = { .nnodes = 0 };
	size_t low = 0, high = map->nentries;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (map->entries[middle].index < index)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < map->nentries && map->entries[low].index == index; low++)
		if (!nodes.nnodes++)
			nodes.lowest = map->entries[low].node;

	return nodes;
}

/* ---- Blocks of some nodes ---- */

struct node_search {
	const struct memblk_ranges *nodes;
	bool found;
};

static int find_node(const char *name, void *data)
{
	struct node_search *search = data;
	uint64_t node;

	search->found = node_from_name(name, &node) &&
			memblk_ranges_has(search->nodes, node);
	return search->found;
}

/* By its own directory; what cannot be listed is of no node. */
static bool block_is_of(const struct memblk_system *system,
			const struct memblk_ranges *nodes, uint64_t index)
{
	struct node_search search = { .nodes = nodes };
	char path[SYSROOT_PATH_MAX];

	sysfs_list(&system->sysfs, sysroot_block_path(path, SYSROOT_MEMORY, index, ""),
		   find_node, &search);
	return search.found;
}

/* Whether MAP has block INDEX; then *AT is its first entry. For ascending blocks. */
static bool map_seek(const struct node_map *map, uint64_t index, size_t *at)
{
	while (*at < map->nentries && map->entries[*at].index < index)
		(*at)++;
	return *at < map->nentries && map->entries[*at].index == index;
}

/* By the map, of the block whose first entry is number AT. */
static bool entry_is_of(const struct node_map *map, const struct memblk_ranges *nodes,
			size_t at)
{
	uint64_t index = map->entries[at].index;
	bool found = false;

	for (; at < map->nentries && map->entries[at].index == index; at++)
		found = found || memblk_ranges_has(nodes, map->entries[at].node);
	return found;
}

int blocks_filter_by_node(const struct memblk_system *system,
			  const struct memblk_ranges *nodes, uint64_t *blocks,
			  size_t *nblocks)
{
	_cleanup_(node_map_done) struct node_map map = { .nentries = 0 };
	size_t nleft = 0, at = 0;
	int r = 0;

	if (*nblocks >= NODE_MAP_MIN)
		r = node_map_read(system, &map);
	if (r < 0)
		return r;
	for (size_t i = 0; i < *nblocks; i++) {
		bool is_of = map_seek(&map, blocks[i], &at)
				     ? entry_is_of(&map, nodes, at)
				     : block_is_of(system, nodes, blocks[i]);

		if (is_of)
			blocks[nleft++] = blocks[i];
	}
	*nblocks = nleft;

	return 0;
}
