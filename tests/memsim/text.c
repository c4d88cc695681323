/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands in the files. Every number comes from the blocks, so that whatever is read
 * at one moment agrees. Changes nothing.
 */
#include "config.h"

#include <byteswap.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "files.h"
#include "util.h"

/* ---- Blocks ---- */

/* Where the block would go comes first; the other zones follow if they differ from it. */
static void print_valid_zones(const struct machine *machine, const struct block *block,
			      FILE *stream)
{
	enum zone first, kernel, movable;

	if (block->state == STATE_ONLINE) {
		fprintf(stream, "%s\n", zone_names[block->zone]);
		return;
	}
	first = machine_zone_for(machine, block, ACTION_ONLINE);
	kernel = machine_zone_for(machine, block, ACTION_ONLINE_KERNEL);
	movable = machine_zone_for(machine, block, ACTION_ONLINE_MOVABLE);
	fputs(zone_names[first], stream);
	if (kernel != first)
		fprintf(stream, " %s", zone_names[kernel]);
	if (movable != first)
		fprintf(stream, " %s", zone_names[movable]);
	fputc('\n', stream);
}

static void print_block(const struct machine *machine, const struct block *block,
			enum file file, FILE *stream)
{
	switch (file) {
	case FILE_STATE:
		fprintf(stream, "%s\n", state_names[block->state]);
		break;
	case FILE_ONLINE:
		fprintf(stream, "%d\n", block->state != STATE_OFFLINE);
		break;
	case FILE_VALID_ZONES:
		print_valid_zones(machine, block, stream);
		break;
	case FILE_REMOVABLE:
		fprintf(stream, "%d\n", machine->hotremove);
		break;
	case FILE_PHYS_INDEX:
		fprintf(stream, "%08" PRIx64 "\n", block->index);
		break;
	case FILE_PHYS_DEVICE:
		fputs("0\n", stream);
		break;
	case FILE_CONFIG:
		fprintf(stream, "%d\n", block->present);
		break;
	case FILE_MEMMAP:
		fprintf(stream, "%d\n", block->memmap_on_memory);
		break;
	default:
		break;
	}
}

/* A look at all of them that leaves no trace, unlike one at `state`. */
static void print_blocks(const struct machine *machine, FILE *stream)
{
	for (size_t i = 0; i < machine->nblocks; i++) {
		const struct block *block = machine->blocks[i];

		if (block->present)
			fprintf(stream, "%" PRIu64 " %s %s", block->index,
				state_names[block->state], zone_names[block->zone]);
		else if (block->firmware)
			fprintf(stream, "%" PRIu64 " standby none", block->index);
		else
			continue;
		fprintf(stream, "%s\n", block->memmap_on_memory ? " memmap" : "");
	}
}

/* ---- /proc ---- */

static uint64_t kib(const struct machine *machine, uint64_t pages)
{
	return pages * (machine->page_bytes / 1024);
}

struct totals {
	uint64_t managed, free, used, slab, pgtable, huge, hugefree;
};

/* Of one node, or of all where NODE is NODES_MAX. */
static struct totals count(const struct machine *machine, unsigned int node)
{
	struct totals totals = { .managed = 0 };

	for (size_t i = 0; i < machine->nblocks; i++) {
		const struct block *block = machine->blocks[i];

		if (!block_is_online(block) ||
		    (node < NODES_MAX && block_node(block) != node))
			continue;
		totals.managed += block_managed(machine, block);
		totals.free += block_free(machine, block);
		totals.used += block->pages[PAGES_USED] + block->pages[PAGES_PINNED];
		totals.slab += block->pages[PAGES_SLAB];
		totals.pgtable += block->pages[PAGES_PGTABLE];
		totals.huge += block->pages[PAGES_HUGE];
		totals.hugefree += block->pages[PAGES_HUGEFREE];
	}
	return totals;
}

#define HUGE_BYTES (UINT64_C(2) << 20)

static void print_huge(const struct machine *machine, const struct totals *totals,
		       const char *prefix, FILE *stream)
{
	uint64_t per_huge = HUGE_BYTES / machine->page_bytes;

	fprintf(stream, "%sHugePages_Total:   %5" PRIu64 "\n", prefix,
		(totals->huge + totals->hugefree) / per_huge);
	fprintf(stream, "%sHugePages_Free:    %5" PRIu64 "\n", prefix,
		totals->hugefree / per_huge);
}

static void print_kib(const struct machine *machine, const char *name, uint64_t pages,
		      FILE *stream)
{
	fprintf(stream, "%-16s%8" PRIu64 " kB\n", name, kib(machine, pages));
}

static void print_meminfo(const struct machine *machine, FILE *stream)
{
	struct totals totals = count(machine, NODES_MAX);
	uint64_t swap = 0, swap_used = 0;

	for (size_t i = 0; i < machine->nswaps; i++) {
		swap += machine->swaps[i].pages;
		swap_used += machine->swaps[i].used;
	}
	print_kib(machine, "MemTotal:", totals.managed, stream);
	print_kib(machine, "MemFree:", totals.free, stream);
	print_kib(machine, "MemAvailable:", totals.free, stream);
	print_kib(machine, "Buffers:", 0, stream);
	print_kib(machine, "Cached:", 0, stream);
	print_kib(machine, "SwapCached:", 0, stream);
	print_kib(machine, "Active:", totals.used, stream);
	print_kib(machine, "Inactive:", 0, stream);
	print_kib(machine, "SwapTotal:", swap, stream);
	print_kib(machine, "SwapFree:", swap - swap_used, stream);
	print_kib(machine, "AnonPages:", totals.used, stream);
	print_kib(machine, "Slab:", totals.slab, stream);
	print_kib(machine, "PageTables:", totals.pgtable, stream);
	print_huge(machine, &totals, "", stream);
	fprintf(stream, "HugePages_Rsvd:        0\nHugePages_Surp:        0\n");
	print_kib(machine, "Hugepagesize:", HUGE_BYTES / machine->page_bytes, stream);
}

static void print_node_meminfo(const struct machine *machine, unsigned int node,
			       FILE *stream)
{
	struct totals totals = count(machine, node);
	char prefix[16];

	snprintf(prefix, sizeof(prefix), "Node %u ", node);
	fprintf(stream, "%sMemTotal:       %8" PRIu64 " kB\n", prefix,
		kib(machine, totals.managed));
	fprintf(stream, "%sMemFree:        %8" PRIu64 " kB\n", prefix,
		kib(machine, totals.free));
	fprintf(stream, "%sMemUsed:        %8" PRIu64 " kB\n", prefix,
		kib(machine, totals.managed - totals.free));
	fprintf(stream, "%sAnonPages:      %8" PRIu64 " kB\n", prefix,
		kib(machine, totals.used));
	print_huge(machine, &totals, prefix, stream);
}

/* Behind the name of the first zone of a node that holds anything. */
static const char per_node_stats[] = "  per-node stats\n"
				     "      nr_inactive_anon 0\n"
				     "      nr_active_anon 0\n";

static const char zone_format[] = "  pages free     %" PRIu64 "\n"
				  "        boost    0\n"
				  "        min      %" PRIu64 "\n"
				  "        low      %" PRIu64 "\n"
				  "        high     %" PRIu64 "\n"
				  "        promo    %" PRIu64 "\n"
				  "        spanned  %" PRIu64 "\n"
				  "        present  %" PRIu64 "\n"
				  "        managed  %" PRIu64 "\n"
				  "        cma      0\n"
				  "        protection: (0, 0, 0, 0, 0)\n";

/* Of a zone that is not empty. */
static const char zone_more_format[] = "      nr_free_pages %" PRIu64 "\n"
				       "  pagesets\n"
				       "    cpu: 0\n"
				       "              count: 0\n"
				       "              high:  0\n"
				       "              batch: 63\n"
				       "  node_unreclaimable:  0\n"
				       "  start_pfn:           %" PRIu64 "\n";

static void print_zone(const struct machine *machine, unsigned int node, const char *name,
		       const struct zone_stats *stats, bool first, FILE *stream)
{
	fprintf(stream, "Node %u, zone %8s\n", node, name);
	if (first)
		fputs(per_node_stats, stream);
	fprintf(stream, zone_format, stats->free, stats->min, stats->low, stats->high,
		stats->high, stats->spanned * machine->block_pages, stats->present,
		stats->managed);
	if (stats->spanned)
		fprintf(stream, zone_more_format, stats->free,
			stats->first * machine->block_pages);
}

static void print_zoneinfo_of(const struct machine *machine, unsigned int node,
			      FILE *stream)
{
	struct zone_stats stats;
	bool seen = false;

	for (enum zone zone = ZONE_DMA; zone < _ZONE_MAX; zone++) {
		machine_zone_stats(machine, node, zone, &stats);
		print_zone(machine, node, zone_names[zone], &stats,
			   stats.spanned && !seen, stream);
		seen = seen || stats.spanned;
	}
	stats = (struct zone_stats){ .spanned = 0 };
	print_zone(machine, node, "Device", &stats, false, stream);
}

static void print_zoneinfo(const struct machine *machine, FILE *stream)
{
	for (unsigned int node = 0; node < NODES_MAX; node++)
		if (machine->nodes >> node & 1)
			print_zoneinfo_of(machine, node, stream);
}

/* A line of iomem that may go on. */
struct resource {
	uint64_t start, end; /* behind the last byte; 0: nothing yet */
	unsigned int group;
	const char *device;
};

static void print_resource(const struct resource *resource, bool owner, FILE *stream)
{
	bool named = !strcmp(resource->device, "kmem") ||
		     !strcmp(resource->device, "virtio_mem");

	if (!resource->end)
		return;
	fprintf(stream, "%08" PRIx64 "-%08" PRIx64 " : System RAM%s%s%s\n",
		owner ? resource->start : 0, owner ? resource->end - 1 : 0,
		named ? " (" : "", named ? resource->device : "", named ? ")" : "");
}

static void print_iomem(const struct machine *machine, bool owner, FILE *stream)
{
	struct resource resource = { .end = 0, .device = "" };

	for (size_t i = 0; i < machine->nblocks; i++) {
		const struct block *block = machine->blocks[i];
		uint64_t start = block->index * machine->block_bytes,
			 end = start + (machine->block_pages - block->pages[PAGES_HOLE]) *
					       machine->page_bytes;

		if (!block->present)
			continue;
		if (start == resource.end && block->group == resource.group &&
		    !strcmp(block->device, resource.device)) {
			resource.end = end;
			continue;
		}
		print_resource(&resource, owner, stream);
		resource = (struct resource){
			.start = start,
			.end = end,
			.group = block->group,
			.device = block->device,
		};
	}
	print_resource(&resource, owner, stream);
}

static void print_swaps(const struct machine *machine, FILE *stream)
{
	fprintf(stream, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
	for (size_t i = 0; i < machine->nswaps; i++) {
		const struct swap *swap = &machine->swaps[i];

		fprintf(stream, "%-40spartition\t%" PRIu64 "\t\t%" PRIu64 "\t\t%d\n",
			swap->name, kib(machine, swap->pages), kib(machine, swap->used),
			-2 - (int) i);
	}
}

/* Locks on directories are the business of the kernel that this runs on; so is the list.
 */
static void print_locks(FILE *stream)
{
	_cleanup_fclose_ FILE *locks = fopen("/proc/locks", "re");
	char line[256];

	while (locks && fgets(line, sizeof(line), locks))
		fputs(line, stream);
}

/* As `0-1,3`. */
static void print_nodes(uint64_t nodes, FILE *stream)
{
	const char *separator = "";

	for (unsigned int node = 0; node < NODES_MAX; node++) {
		unsigned int last = node;

		if (!(nodes >> node & 1))
			continue;
		while (last + 1 < NODES_MAX && nodes >> (last + 1) & 1)
			last++;
		fprintf(stream, "%s%u", separator, node);
		if (last > node)
			fprintf(stream, "-%u", last);
		separator = ",";
		node = last;
	}
	fputc('\n', stream);
}

static uint64_t nodes_with_memory(const struct machine *machine)
{
	uint64_t nodes = 0;

	for (size_t i = 0; i < machine->nblocks; i++)
		if (block_is_online(machine->blocks[i]))
			nodes |= machine->blocks[i]->nodes;
	return nodes;
}

void file_print(const struct machine *machine, ino number, bool owner, FILE *stream)
{
	const struct block *block = ino_block(machine, number);

	switch (ino_file(number)) {
	case FILE_BLOCKS:
		print_blocks(machine, stream);
		break;
	case FILE_BLOCK_SIZE:
		fprintf(stream, "%" PRIx64 "\n", machine->block_bytes);
		break;
	case FILE_AUTO_ONLINE:
		fprintf(stream, "%s\n", action_names[machine->auto_online]);
		break;
	case FILE_ONLINE_POLICY:
		fprintf(stream, "%s\n",
			machine->auto_movable ? "auto-movable" : "contig-zones");
		break;
	case FILE_RATIO:
		fprintf(stream, "%u\n", machine->auto_movable_ratio);
		break;
	case FILE_NUMA_AWARE:
		fprintf(stream, "%c\n", machine->numa_aware ? 'Y' : 'N');
		break;
	case FILE_MEMMAP_PARAMETER:
		fprintf(stream, "%c\n", machine->memmap_supported ? 'Y' : 'N');
		break;
	case FILE_MEMINFO:
		print_meminfo(machine, stream);
		break;
	case FILE_ZONEINFO:
		print_zoneinfo(machine, stream);
		break;
	case FILE_IOMEM:
		print_iomem(machine, owner, stream);
		break;
	case FILE_SWAPS:
		print_swaps(machine, stream);
		break;
	case FILE_LOCKS:
		print_locks(stream);
		break;
	case FILE_NODES_ONLINE:
		print_nodes(machine->nodes, stream);
		break;
	case FILE_NODES_HAS_MEMORY:
		print_nodes(nodes_with_memory(machine), stream);
		break;
	case FILE_NODE_MEMINFO:
		print_node_meminfo(machine, number >> 48 & 0xff, stream);
		break;
	default:
		if (block)
			print_block(machine, block, ino_file(number), stream);
	}
}

/* ---- /proc/kpageflags ---- */

#define KPF(bit) (UINT64_C(1) << (bit))
#define KPF_ANON_PAGE (KPF(3) | KPF(5) | KPF(11) | KPF(12) | KPF(14))
#define KPF_BUDDY KPF(10)
#define KPF_NOPAGE KPF(20)

static const uint64_t pages_flags[_PAGES_MAX] = {
	[PAGES_MEMMAP] = KPF(37),     [PAGES_RESERVED] = KPF(32),
	[PAGES_SLAB] = KPF(7),        [PAGES_PGTABLE] = KPF(26),
	[PAGES_UNKNOWN] = 0,          [PAGES_POISON] = KPF(19),
	[PAGES_OFFLINE] = KPF(23),    [PAGES_PINNED] = KPF_ANON_PAGE,
	[PAGES_USED] = KPF_ANON_PAGE, [PAGES_HUGE] = KPF(17),
	[PAGES_HUGEFREE] = KPF(17),   [PAGES_HOLE] = KPF(32),
};

static uint64_t page_flags(const struct machine *machine, const struct block *block,
			   uint64_t page)
{
	if (!block || !block_is_online(block))
		return machine->nopage ? KPF_NOPAGE : 0;
	if (page >= machine->block_pages - block->pages[PAGES_HOLE])
		return pages_flags[PAGES_HOLE];
	for (unsigned int i = 0; i < PAGES_HOLE; i++) {
		if (page < block->pages[i])
			return pages_flags[i];
		page -= block->pages[i];
	}
	return KPF_BUDDY;
}

int file_kpageflags(const struct machine *machine, uint64_t offset, size_t size,
		    uint64_t *buffer, size_t *ret_size)
{
	const struct block *block = NULL;
	uint64_t pfn = offset / 8, end = 0;
	size_t n = 0;

	if (offset % 8 || size % 8)
		return -EINVAL;
	for (size_t i = machine->nblocks; i > 0 && !end; i--)
		if (machine->blocks[i - 1]->present)
			end = (machine->blocks[i - 1]->index + 1) * machine->block_pages;
	for (; n < size / 8 && pfn < end; n++, pfn++) {
		uint64_t index = pfn / machine->block_pages;

		if (!n || pfn % machine->block_pages == 0) {
			block = machine_find(machine, index);
			if (block && !block->present)
				block = NULL;
		}
		buffer[n] = page_flags(machine, block, pfn % machine->block_pages);
		if (machine->swapped)
			buffer[n] = bswap_64(buffer[n]);
	}
	*ret_size = n * 8;
	return 0;
}
