/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which NUMA nodes a block is of: one, or several for a block that was there at boot, or
 * none where the kernel knows no nodes.
 */
#ifndef MEMBLK_NODE_H
#define MEMBLK_NODE_H

#include "block.h"

/* From so many blocks on, listing the nodes is cheaper than listing each block. */
#define NODE_MAP_MIN 32

struct block_nodes {
	uint64_t lowest;
	unsigned int nnodes; /* 0: not known, and lowest says nothing */
};

/*
 * The nodes of block INDEX by the links in its directory. A block without a directory has
 * none.
 */
int block_nodes_read(const struct memblk_system *system, uint64_t index,
		     struct block_nodes *ret);

/* The blocks of all nodes, by the links in the directories of the nodes. */
struct node_map {
	struct node_entry *entries; /* ascending by block, then by node; owned */
	size_t nentries, size;
};

/* The caller frees RET with node_map_done(). No nodes at all give an empty map. */
int node_map_read(const struct memblk_system *system, struct node_map *ret);
void node_map_done(struct node_map *map);

/* The nodes of block INDEX in MAP. */
struct block_nodes node_map_find(const struct node_map *map, uint64_t index);

/*
 * Leaves those in BLOCKS, *NBLOCKS ascending numbers, that are of a node in NODES.
 * What is of no node that is known is not of these.
 */
int blocks_filter_by_node(const struct memblk_system *system,
			  const struct memblk_ranges *nodes, uint64_t *blocks,
			  size_t *nblocks);

#endif
