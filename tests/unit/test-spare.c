/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What there is to spare: what is taken from the texts that kernels show and what is
 * refused, the four conditions at the last byte that they hold for, and the files that it
 * all comes from, with everything that may be wrong with them.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake.h"
#include "spare.h"
#include "sysroot.h"
#include "tap.h"
#include "util.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define PAGE UINT64_C(4096)

/* ---- Texts as kernels show them ---- */

/* clang-format off */

#define MEMINFO(available, swap_free) \
	"MemTotal:       24684096 kB\n" \
	"MemFree:        24504104 kB\n" \
	"MemAvailable:   " available " kB\n" \
	"Buffers:            1336 kB\n" \
	"Cached:            34432 kB\n" \
	"SwapCached:            7 kB\n" \
	"Active(file):      15532 kB\n" \
	"Inactive(file):    11444 kB\n" \
	"SwapTotal:       8388604 kB\n" \
	"SwapFree:        " swap_free " kB\n" \
	"Zswap:                 0 kB\n" \
	"VmallocTotal:   34359738367 kB\n" \
	"HugePages_Total:       0\n" \
	"Hugepagesize:       2048 kB\n" \
	"DirectMap1G:    25165824 kB\n"

#define SWAPS_HEAD "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
#define SWAPS_DISK "/dev/sda2                               partition\t8388604\t\t1024\t\t-2\n"
#define SWAPS_FILE "/var/swap\\040file                       file\t\t2097148\t\t0\t\t-3\n"
#define SWAPS_ZRAM "/dev/zram0                              partition\t4194300\t\t0\t\t100\n"

#define NODE_STATS(inactive_file, active_file) \
	"  per-node stats\n" \
	"      nr_inactive_anon 1710\n" \
	"      nr_active_anon 384\n" \
	"      nr_inactive_file " inactive_file "\n" \
	"      nr_active_file " active_file "\n" \
	"      nr_file_pages 8942\n" \
	"      nr_shmem     2197\n"

/* Up to high, then what is newer than 6.1, then the rest. */
#define ZONE_PAGES(free, high, newer, present, managed, cma) \
	"  pages free     " free "\n" \
	"        boost    0\n" \
	"        min      11824\n" \
	"        low      14780\n" \
	"        high     " high "\n" newer \
	"        spanned  1044480\n" \
	"        present  " present "\n" \
	"        managed  " managed "\n" \
	"        cma      " cma "\n" \
	"        protection: (0, 3019, 4299, 4299, 4299)\n"

#define ZONE_STATS(free, free_cma) \
	"      nr_free_pages " free "\n" \
	"      nr_zone_inactive_file 77\n" \
	"      nr_zone_active_file 78\n" \
	"      nr_free_cma  " free_cma "\n" \
	"      numa_hit     2309453\n" \
	"  pagesets\n" \
	"    cpu: 0\n" \
	"              count: 18747\n" \
	"              high:  20480\n" \
	"              batch: 63\n" \
	"  vm stats threshold: 20\n" \
	"  node_unreclaimable:  0\n" \
	"  start_pfn:           4096\n"

#define ZONE_EMPTY(high) ZONE_PAGES("0", high, "", "0", "0", "0")

/* 6.1 on one node: what is not populated has no statistics. */
#define ZONEINFO_61 \
	"Node 0, zone      DMA\n" NODE_STATS("2861", "3883") \
	ZONE_PAGES("3840", "86", "", "3998", "3839", "0") ZONE_STATS("3840", "0") \
	"Node 0, zone    DMA32\n" \
	ZONE_PAGES("772918", "17736", "", "782336", "772919", "512") ZONE_STATS("772918", "500") \
	"Node 0, zone   Normal\n" \
	ZONE_PAGES("155706", "7518", "", "5505024", "327680", "0") ZONE_STATS("155706", "0") \
	"Node 0, zone  Movable\n" ZONE_EMPTY("32") \
	"Node 0, zone   Device\n" ZONE_EMPTY("0")

#define PROMO "        promo    8771\n"

/* 7.x on two nodes with memory and one without, Movable on the second. */
#define ZONEINFO_NUMA \
	"Node 0, zone    DMA32\n" NODE_STATS("1000", "2000") \
	ZONE_PAGES("100000", "17736", PROMO, "262144", "250000", "0") \
	"      nr_free_pages_blocks 771072\n" ZONE_STATS("100000", "0") \
	"Node 0, zone   Normal\n" ZONE_EMPTY("32") \
	"Node 0, zone  Movable\n" ZONE_EMPTY("32") \
	"Node 1, zone    DMA32\n" ZONE_EMPTY("0") \
	"Node 1, zone   Normal\n" NODE_STATS("30", "40") \
	ZONE_PAGES("50000", "7518", PROMO, "131072", "131072", "0") ZONE_STATS("50000", "0") \
	"Node 1, zone  Movable\n" \
	ZONE_PAGES("20000", "700", PROMO, "65536", "65536", "0") ZONE_STATS("20000", "0") \
	"Node 12, zone   Normal\n" ZONE_EMPTY("32")

/* clang-format on */

/* ---- Parsing ---- */

#define _cleanup_numbers_ _cleanup_(spare_numbers_done)

/* TEXT allocated to the byte. */
static char *copy(const char *text)
{
	char *allocated = strdup(text);

	if (!allocated)
		abort();
	return allocated;
}

static int parse_meminfo(const char *text, struct spare_numbers *numbers)
{
	_cleanup_free_ char *allocated = copy(text);

	return spare_parse_meminfo(allocated, numbers);
}

static int parse_zoneinfo(const char *text, uint64_t page_size_bytes,
			  struct spare_numbers *numbers)
{
	_cleanup_free_ char *allocated = copy(text);

	return spare_parse_zoneinfo(allocated, page_size_bytes, numbers);
}

static void check_meminfo(const char *text, int error, uint64_t available_bytes,
			  uint64_t swap_free_bytes)
{
	struct spare_numbers numbers = { .available_bytes = 7, .swap_free_bytes = 8 };

	tap_row("%s", text);
	if (!check_int(parse_meminfo(text, &numbers), -error) || error)
		return;
	check_uint(numbers.available_bytes, available_bytes);
	check_uint(numbers.swap_free_bytes, swap_free_bytes);
}

static void test_meminfo(void)
{
	check_meminfo(MEMINFO("24424096", "8387580"), 0, 24424096 * KIB, 8387580 * KIB);
	check_meminfo(MEMINFO("0", "0"), 0, 0, 0);
	check_meminfo("MemAvailable: 12 kB\n", 0, 12 * KIB, 0);
	check_meminfo("MemAvailable:\t12 kB", 0, 12 * KIB, 0);
	check_meminfo("\n\nSwapFree: 1 kB\n \nMemAvailable: 12 kB \n\n", 0, 12 * KIB,
		      KIB);
}

static void test_meminfo_unknown(void)
{
	check_meminfo("garbage\n: : :\nMemAvailable 5 kB\nXMemAvailable: 1 kB\n"
		      "MemAvailable:x 6 kB\n\x80\xff 1 2 3 4 5 6 7 8 9\n"
		      "MemAvailable: 12 kB\nNewThing: -3 GB of it\n",
		      0, 12 * KIB, 0);
}

static void test_meminfo_refused(void)
{
	static const char *const texts[] = {
		"",
		"\n",
		"MemFree: 1 kB\nSwapFree: 1 kB\n",
		"MemAvailable: 12\n",
		"MemAvailable: 12 MB\n",
		"MemAvailable: 12 kBx\n",
		"MemAvailable: 12 k\n",
		"MemAvailable: kB\n",
		"MemAvailable:\n",
		"MemAvailable: 12 kB more\n",
		"MemAvailable: -12 kB\n",
		"MemAvailable: +12 kB\n",
		"MemAvailable: 12a kB\n",
		"MemAvailable: 0x12 kB\n",
		"MemAvailable: 1.5 kB\n",
		"MemAvailable: 12 kB\nSwapFree: x kB\n",
		"MemAvailable: 12 kB\nSwapFree: 5\n",
		"SwapFree: x kB\nMemAvailable: 12 kB\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		check_meminfo(texts[i], EBADMSG, 0, 0);
}

static void test_meminfo_large(void)
{
	check_meminfo("MemAvailable: 18014398509481983 kB\n", 0, UINT64_MAX - KIB + 1, 0);
	check_meminfo("MemAvailable: 18014398509481984 kB\n", EBADMSG, 0, 0);
	check_meminfo("MemAvailable: 18446744073709551615 kB\n", EBADMSG, 0, 0);
	check_meminfo("MemAvailable: 18446744073709551616 kB\n", EBADMSG, 0, 0);
	check_meminfo("MemAvailable: 184467440737095516150 kB\n", EBADMSG, 0, 0);
}

static void check_swaps(const char *text, uint64_t expected)
{
	_cleanup_free_ char *allocated = copy(text);
	struct spare_numbers numbers = { .swap_disk_bytes = 7 };

	tap_row("%s", text);
	spare_parse_swaps(allocated, &numbers);
	check_uint(numbers.swap_disk_bytes, expected);
}

#define DISK_FREE ((8388604 - 1024) * KIB)
#define FILE_FREE (2097148 * KIB)

static void test_swaps(void)
{
	check_swaps("", 0);
	check_swaps(SWAPS_HEAD, 0);
	check_swaps(SWAPS_HEAD SWAPS_DISK, DISK_FREE);
	check_swaps(SWAPS_HEAD SWAPS_FILE, FILE_FREE);
	check_swaps(SWAPS_HEAD SWAPS_DISK SWAPS_FILE, DISK_FREE + FILE_FREE);
	/* as before 5.10 */
	check_swaps("Filename\t\t\t\tType\t\tSize\tUsed\tPriority\n"
		    "/dev/dm-1                               partition\t100\t30\t-2",
		    70 * KIB);
}

static void test_swaps_zram(void)
{
	check_swaps(SWAPS_HEAD SWAPS_ZRAM, 0);
	check_swaps(SWAPS_HEAD SWAPS_DISK SWAPS_ZRAM, DISK_FREE);
	check_swaps(SWAPS_HEAD SWAPS_ZRAM SWAPS_DISK, DISK_FREE);
	check_swaps(SWAPS_HEAD "/dev/zram12 partition 100 0 5\n" SWAPS_FILE, FILE_FREE);
	check_swaps(SWAPS_HEAD "/srv/dev/zram0 file 100 0 5\n", 100 * KIB);
	check_swaps(SWAPS_HEAD "/dev/zra partition 100 0 5\n", 100 * KIB);
}

static void test_swaps_unreadable(void)
{
	check_swaps(SWAPS_HEAD "/dev/sda partition 100 0\n" SWAPS_DISK, DISK_FREE);
	check_swaps(SWAPS_HEAD "/dev/sda partition 100 0 1 2\n" SWAPS_DISK, DISK_FREE);
	check_swaps(SWAPS_HEAD "/dev/sda partition x 0 1\n" SWAPS_DISK, DISK_FREE);
	check_swaps(SWAPS_HEAD "/dev/sda partition 100 -5 1\n" SWAPS_DISK, DISK_FREE);
	/* a swapoff that is going on */
	check_swaps(SWAPS_HEAD "/dev/sda partition 100 101 1\n" SWAPS_DISK, DISK_FREE);
	check_swaps(SWAPS_HEAD "/dev/sda partition 100 100 1\n" SWAPS_DISK, DISK_FREE);
	check_swaps("/dev/sda partition 18014398509481983 0 1\n" SWAPS_DISK, UINT64_MAX);
}

static void check_zone(const struct spare_numbers *numbers, size_t n,
		       struct spare_zone expected)
{
	const struct spare_zone *got = &numbers->zones[n];

	tap_row("zone %zu", n);
	check_uint(got->node, expected.node);
	check_uint(got->zone, expected.zone);
	check_uint(got->free_bytes, expected.free_bytes * PAGE);
	check_uint(got->high_bytes, expected.high_bytes * PAGE);
	check_uint(got->present_bytes, expected.present_bytes * PAGE);
	check_uint(got->managed_bytes, expected.managed_bytes * PAGE);
	check_uint(got->cma_bytes, expected.cma_bytes * PAGE);
	check_uint(got->free_cma_bytes, expected.free_cma_bytes * PAGE);
	check_uint(got->inactive_file_bytes, expected.inactive_file_bytes * PAGE);
	check_uint(got->active_file_bytes, expected.active_file_bytes * PAGE);
}

static void test_zoneinfo(void)
{
	_cleanup_numbers_ struct spare_numbers numbers = { .nzones = 0 };
	static const struct spare_zone expected[] = {
		{ 0, MEMBLK_ZONE_DMA, 3840, 86, 3998, 3839, 0, 0, 2861, 3883 },
		{ 0, MEMBLK_ZONE_DMA32, 772918, 17736, 782336, 772919, 512, 500, 0, 0 },
		{ 0, MEMBLK_ZONE_NORMAL, 155706, 7518, 5505024, 327680, 0, 0, 0, 0 },
		{ 0, MEMBLK_ZONE_MOVABLE, 0, 32, 0, 0, 0, 0, 0, 0 },
		{ 0, MEMBLK_ZONE_DEVICE, 0, 0, 0, 0, 0, 0, 0, 0 },
	};

	check_int(parse_zoneinfo(ZONEINFO_61, PAGE, &numbers), 0);
	if (!check_uint(numbers.nzones, ARRAY_SIZE(expected)))
		return;
	for (size_t i = 0; i < numbers.nzones; i++)
		check_zone(&numbers, i, expected[i]);
}

static void test_zoneinfo_nodes(void)
{
	_cleanup_numbers_ struct spare_numbers numbers = { .nzones = 0 };

	/* over what was there */
	check_int(parse_zoneinfo(ZONEINFO_61, PAGE, &numbers), 0);
	check(!spare_has_nodes(&numbers));
	check_int(parse_zoneinfo(ZONEINFO_NUMA, PAGE, &numbers), 0);
	if (!check_uint(numbers.nzones, 7))
		return;
	check(spare_has_nodes(&numbers));
	check_zone(&numbers, 0,
		   (struct spare_zone){ 0, MEMBLK_ZONE_DMA32, 100000, 17736, 262144,
					250000, 0, 0, 1000, 2000 });
	check_zone(&numbers, 4,
		   (struct spare_zone){ 1, MEMBLK_ZONE_NORMAL, 50000, 7518, 131072,
					131072, 0, 0, 30, 40 });
	check_zone(&numbers, 5,
		   (struct spare_zone){ 1, MEMBLK_ZONE_MOVABLE, 20000, 700, 65536, 65536,
					0, 0, 0, 0 });
	check_zone(
		&numbers, 6,
		(struct spare_zone){ 12, MEMBLK_ZONE_NORMAL, 0, 32, 0, 0, 0, 0, 0, 0 });
}

#define REQUIRED(free, high, present, managed) \
	"pages free " free "\nhigh " high "\npresent " present "\nmanaged " managed "\n"
#define ONE_ZONE "Node 0, zone Normal\n" REQUIRED("1", "2", "3", "4")

static void test_zoneinfo_unknown(void)
{
	_cleanup_numbers_ struct spare_numbers numbers = { .nzones = 0 };

	check_int(parse_zoneinfo("high 5 6\nfree\n\n"
				 "Node 3, zone NoSuchName\n"
				 "new thing\nnode_unreclaimable: x\nhigh: x y\n"
				 "pages new 7\n\xff\n" REQUIRED(
					 "1", "2", "3",
					 "4") "Node 3, zone "
					      "SixteenLettersIn"
					      "\n" REQUIRED("5", "6", "7",
							    "8") "Node 3, zone "
								 "highmem"
								 "\n" REQUIRED("1", "1",
									       "1", "1"),
				 65536, &numbers),
		  0);
	if (!check_uint(numbers.nzones, 3))
		return;
	check_uint(numbers.zones[0].node, 3);
	check_uint(numbers.zones[0].zone, MEMBLK_ZONE_NONE);
	check_uint(numbers.zones[0].free_bytes, 65536);
	check_uint(numbers.zones[0].managed_bytes, UINT64_C(4) * 65536);
	check_uint(numbers.zones[0].cma_bytes, 0);
	check_uint(numbers.zones[1].zone, MEMBLK_ZONE_NONE);
	check_uint(numbers.zones[1].high_bytes, UINT64_C(6) * 65536);
	check_uint(numbers.zones[2].zone, MEMBLK_ZONE_HIGHMEM);
}

static void test_zoneinfo_refused(void)
{
	static const char *const texts[] = {
		"",
		"garbage\n",
		REQUIRED("1", "2", "3", "4"),
		"Node 0, zone Normal\n",
		/* each that is missing, in the last zone and before */
		"Node 0, zone Normal\nhigh 2\npresent 3\nmanaged 4\n",
		"Node 0, zone Normal\npages free 1\npresent 3\nmanaged 4\n",
		"Node 0, zone Normal\npages free 1\nhigh 2\nmanaged 4\n",
		"Node 0, zone Normal\npages free 1\nhigh 2\npresent 3\n",
		"Node 0, zone DMA\nhigh 2\npresent 3\nmanaged 4\n" ONE_ZONE,
		ONE_ZONE "Node 0, zone DMA\npages free 1\nhigh 2\npresent 3\n",
		/* a zone without a name, a node without a number */
		"Node 0, zone\n" REQUIRED("1", "2", "3", "4"),
		"Node 0, zone Normal zone\n" REQUIRED("1", "2", "3", "4"),
		"Node 0, area Normal\n" REQUIRED("1", "2", "3", "4"),
		"Node 0 zone Normal\n" REQUIRED("1", "2", "3", "4"),
		"Node 0; zone Normal\n" REQUIRED("1", "2", "3", "4"),
		"Node , zone Normal\n" REQUIRED("1", "2", "3", "4"),
		"Node x, zone Normal\n" REQUIRED("1", "2", "3", "4"),
		"Node -1, zone Normal\n" REQUIRED("1", "2", "3", "4"),
		"Node 18446744073709551616, zone Normal\n" REQUIRED("1", "2", "3", "4"),
		ONE_ZONE "Node\n",
		ONE_ZONE "Node x, zone DMA\n" REQUIRED("1", "2", "3", "4"),
		/* numbers that are none, or too large */
		"Node 0, zone Normal\n" REQUIRED("x", "2", "3", "4"),
		"Node 0, zone Normal\n" REQUIRED("-1", "2", "3", "4"),
		"Node 0, zone Normal\n" REQUIRED("1", "", "3", "4"),
		"Node 0, zone Normal\n" REQUIRED("1", "2 2", "3", "4"),
		"Node 0, zone Normal\n" REQUIRED("1", "2", "4503599627370496", "4"),
		ONE_ZONE "cma x\n",
		ONE_ZONE "nr_free_cma\n",
		ONE_ZONE "nr_active_file -3\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_numbers_ struct spare_numbers numbers = { .nzones = 0 };

		tap_row("%s", texts[i]);
		check_int(parse_zoneinfo(texts[i], PAGE, &numbers), -EBADMSG);
	}
}

static void test_numbers_done(void)
{
	struct spare_numbers numbers = { .nzones = 0 };

	check_int(parse_zoneinfo(ONE_ZONE, PAGE, &numbers), 0);
	spare_numbers_done(&numbers);
	check(!numbers.zones);
	check_uint(numbers.nzones, 0);
	spare_numbers_done(&numbers);
}

/* ---- The default ---- */

static void test_default(void)
{
	_cleanup_numbers_ struct spare_numbers numbers = { .nzones = 0 };

	check_int(parse_zoneinfo(ZONEINFO_61, PAGE, &numbers), 0);
	check_uint(spare_default_bytes(&numbers), 2 * (86 + 17736 + 7518) * PAGE);
	check_int(parse_zoneinfo(ZONEINFO_NUMA, PAGE, &numbers), 0);
	check_uint(spare_default_bytes(&numbers), 2 * (17736 + 7518 + 700) * PAGE);
}

static void test_default_least(void)
{
	struct spare_zone zones[] = {
		{ .present_bytes = 1, .high_bytes = 31 * MIB },
		{ .present_bytes = 0, .high_bytes = 5 * MIB },
		{ .present_bytes = 1, .high_bytes = MIB },
	};
	struct spare_numbers numbers = { .zones = zones, .nzones = 3 };

	check_uint(spare_default_bytes(&numbers), 64 * MIB);
	zones[2].high_bytes--;
	check_uint(spare_default_bytes(&numbers), 64 * MIB);
	zones[2].high_bytes += 2;
	check_uint(spare_default_bytes(&numbers), 64 * MIB + 2);
	zones[2].high_bytes = UINT64_MAX;
	check_uint(spare_default_bytes(&numbers), UINT64_MAX);
	numbers.nzones = 0;
	check_uint(spare_default_bytes(&numbers), 64 * MIB);
}

static void test_has_nodes(void)
{
	struct spare_zone zones[] = {
		{ .node = 0 },
		{ .node = 1, .present_bytes = 1 },
		{ .node = 1, .present_bytes = 1 },
		{ .node = 2 },
	};
	struct spare_numbers numbers = { .zones = zones, .nzones = 4 };

	check(!spare_has_nodes(&numbers));
	zones[3].present_bytes = 1;
	check(spare_has_nodes(&numbers));
	zones[1].present_bytes = 0;
	check(spare_has_nodes(&numbers));
	zones[2].present_bytes = 0;
	check(!spare_has_nodes(&numbers));
	numbers.nzones = 0;
	check(!spare_has_nodes(&numbers));
}

/* ---- Conditions ---- */

#define BLOCK (128 * MIB)
#define KEEP (64 * MIB)
#define UNKNOWN SPARE_NODE_UNKNOWN

static struct spare_demand demand(uint64_t bytes, enum memblk_zone zone, uint64_t node)
{
	struct spare_demand demand = { .bytes = 0 };

	spare_demand_add(&demand, bytes, zone, node);
	return demand;
}

static void check_verdict(struct spare_verdict got, enum memblk_reason reason,
			  uint64_t left_bytes, uint64_t wanted_bytes)
{
	check_uint(got.reason, reason);
	check_uint(got.left_bytes, left_bytes);
	check_uint(got.wanted_bytes, wanted_bytes);
}

#define check_may_go(numbers, demand)                                                   \
	check_verdict(spare_decide((numbers), (demand), KEEP, 301), MEMBLK_REASON_NONE, \
		      0, 0)
#define check_stays(numbers, demand, reason, left, wanted)          \
	check_verdict(spare_decide((numbers), (demand), KEEP, 301), \
		      MEMBLK_REASON_SPARE_##reason, (left), (wanted))

static void test_demand(void)
{
	struct spare_demand several = demand(BLOCK, MEMBLK_ZONE_MOVABLE, 1);

	check_uint(several.bytes, BLOCK);
	check_uint(several.kernel_bytes, 0);
	check_uint(several.node, 1);
	check_uint(several.zone, MEMBLK_ZONE_MOVABLE);
	spare_demand_add(&several, BLOCK, MEMBLK_ZONE_MOVABLE, 1);
	check_uint(several.node, 1);
	check_uint(several.zone, MEMBLK_ZONE_MOVABLE);
	spare_demand_add(&several, BLOCK, MEMBLK_ZONE_NORMAL, 1);
	check_uint(several.bytes, 3 * BLOCK);
	check_uint(several.kernel_bytes, BLOCK);
	check_uint(several.node, 1);
	check_uint(several.zone, MEMBLK_ZONE_NONE);
	spare_demand_add(&several, BLOCK, MEMBLK_ZONE_NONE, 0);
	check_uint(several.kernel_bytes, 2 * BLOCK);
	check_uint(several.node, UNKNOWN);
	/* what was mixed once stays so */
	spare_demand_add(&several, BLOCK, MEMBLK_ZONE_MOVABLE, 1);
	check_uint(several.node, UNKNOWN);
	check_uint(several.zone, MEMBLK_ZONE_NONE);
	spare_demand_add(&several, UINT64_MAX, MEMBLK_ZONE_NORMAL, 1);
	check_uint(several.bytes, UINT64_MAX);
	check_uint(several.kernel_bytes, UINT64_MAX);

	several = demand(BLOCK, MEMBLK_ZONE_DMA32, 0);
	check_uint(several.kernel_bytes, BLOCK);
	check_uint(several.node, 0);
	spare_demand_add(&several, BLOCK, MEMBLK_ZONE_DMA32, UNKNOWN);
	check_uint(several.node, UNKNOWN);
	check_uint(several.zone, MEMBLK_ZONE_DMA32);
}

static void test_available(void)
{
	struct spare_numbers numbers = { .available_bytes = BLOCK + KEEP };
	struct spare_demand one = demand(BLOCK, MEMBLK_ZONE_MOVABLE, UNKNOWN), two = one;

	check_may_go(&numbers, &one);
	numbers.available_bytes--;
	check_stays(&numbers, &one, MEMORY, KEEP - 1, KEEP);
	numbers.available_bytes = BLOCK + 1;
	check_stays(&numbers, &one, MEMORY, 1, KEEP);
	numbers.available_bytes = BLOCK - 1;
	check_stays(&numbers, &one, MEMORY, 0, KEEP);

	spare_demand_add(&two, BLOCK, MEMBLK_ZONE_MOVABLE, UNKNOWN);
	numbers.available_bytes = 2 * BLOCK + KEEP;
	check_may_go(&numbers, &two);
	numbers.available_bytes--;
	check_stays(&numbers, &two, MEMORY, KEEP - 1, KEEP);
	check_may_go(&numbers, &one);

	numbers.available_bytes = BLOCK;
	check_verdict(spare_decide(&numbers, &one, 1, 301), MEMBLK_REASON_SPARE_MEMORY, 0,
		      1);
	numbers.available_bytes++;
	check_verdict(spare_decide(&numbers, &one, 1, 301), MEMBLK_REASON_NONE, 0, 0);
}

static void test_available_swap(void)
{
	struct spare_numbers numbers = {
		.available_bytes = BLOCK,
		.swap_free_bytes = KEEP,
		.swap_disk_bytes = KEEP,
	};
	struct spare_demand one = demand(BLOCK, MEMBLK_ZONE_MOVABLE, UNKNOWN);

	check_may_go(&numbers, &one);
	numbers.swap_free_bytes = GIB;
	check_may_go(&numbers, &one);
	numbers.swap_disk_bytes--;
	check_stays(&numbers, &one, MEMORY, KEEP - 1, KEEP);
	numbers.swap_disk_bytes = GIB;
	numbers.swap_free_bytes = KEEP - 1;
	check_stays(&numbers, &one, MEMORY, KEEP - 1, KEEP);
	numbers.swap_free_bytes = UINT64_MAX;
	numbers.swap_disk_bytes = UINT64_MAX;
	check_may_go(&numbers, &one);
}

/* Two nodes: all the kernel's on the first, on the second both kinds. */
enum { NODE0_NORMAL, NODE0_DEVICE, NODE1_NORMAL, NODE1_MOVABLE, NZONES };

struct nodes {
	struct spare_zone zone[NZONES];
	struct spare_numbers numbers;
};

static void nodes_init(struct nodes *nodes)
{
	*nodes = (struct nodes){
		.zone = {
			[NODE0_NORMAL] = {
				.node = 0,
				.zone = MEMBLK_ZONE_NORMAL,
				.present_bytes = 4 * GIB,
				.managed_bytes = 4 * GIB,
				.free_bytes = GIB,
			},
			[NODE0_DEVICE] = { .node = 0, .zone = MEMBLK_ZONE_DEVICE },
			[NODE1_NORMAL] = {
				.node = 1,
				.zone = MEMBLK_ZONE_NORMAL,
				.present_bytes = 2 * GIB,
				.managed_bytes = 2 * GIB,
				.free_bytes = GIB,
				.inactive_file_bytes = 300 * MIB,
				.active_file_bytes = 400 * MIB,
			},
			[NODE1_MOVABLE] = {
				.node = 1,
				.zone = MEMBLK_ZONE_MOVABLE,
				.present_bytes = GIB,
				.managed_bytes = GIB,
			},
		},
		.numbers = { .available_bytes = 8 * GIB, .nzones = NZONES },
	};
	nodes->numbers.zones = nodes->zone;
}

static void test_nodes_room(void)
{
	struct spare_demand one = demand(BLOCK, MEMBLK_ZONE_MOVABLE, 1);
	struct nodes nodes;

	nodes_init(&nodes);
	nodes.zone[NODE0_NORMAL].free_bytes = BLOCK + KEEP;
	check_may_go(&nodes.numbers, &one);
	nodes.zone[NODE0_NORMAL].free_bytes--;
	check_stays(&nodes.numbers, &one, NODES, KEEP - 1, KEEP);

	/* what can be dropped there, and swapped out */
	nodes.zone[NODE0_NORMAL].inactive_file_bytes = 1;
	check_may_go(&nodes.numbers, &one);
	nodes.zone[NODE0_NORMAL].inactive_file_bytes = 0;
	nodes.zone[NODE0_NORMAL].active_file_bytes = 1;
	check_may_go(&nodes.numbers, &one);
	nodes.zone[NODE0_NORMAL].active_file_bytes = 0;
	nodes.numbers.swap_free_bytes = 1;
	check_stays(&nodes.numbers, &one, NODES, KEEP - 1, KEEP);
	nodes.numbers.swap_disk_bytes = 1;
	check_may_go(&nodes.numbers, &one);

	nodes.numbers.swap_free_bytes = 0;
	nodes.zone[NODE0_NORMAL].free_bytes = BLOCK - 1;
	check_stays(&nodes.numbers, &one, NODES, 0, KEEP);
}

static void test_nodes_used(void)
{
	struct spare_demand one = demand(BLOCK, MEMBLK_ZONE_MOVABLE, 1);
	struct spare_demand both = one;
	struct nodes nodes;

	nodes_init(&nodes);
	/* 10 MiB are used in Movable, so no more than that has to move */
	nodes.zone[NODE1_MOVABLE].free_bytes = GIB - 10 * MIB;
	nodes.zone[NODE0_NORMAL].free_bytes = KEEP + 10 * MIB;
	check_may_go(&nodes.numbers, &one);
	nodes.zone[NODE0_NORMAL].free_bytes--;
	check_stays(&nodes.numbers, &one, NODES, KEEP - 1, KEEP);

	/* nothing has to move, and nothing is asked of a node that is full */
	nodes.zone[NODE0_NORMAL].free_bytes = 0;
	nodes.zone[NODE1_MOVABLE].free_bytes++;
	check_stays(&nodes.numbers, &one, NODES, 0, KEEP);
	nodes.zone[NODE1_MOVABLE].free_bytes = GIB;
	check_may_go(&nodes.numbers, &one);
	nodes.zone[NODE1_MOVABLE].free_bytes = GIB + 1;
	check_may_go(&nodes.numbers, &one);

	/* in several zones of the node, or nobody knows in which: all that is used */
	spare_demand_add(&both, BLOCK, MEMBLK_ZONE_NORMAL, 1);
	nodes.zone[NODE1_MOVABLE].free_bytes = GIB - 10 * MIB;
	nodes.zone[NODE1_NORMAL].free_bytes = 2 * GIB - 20 * MIB;
	nodes.zone[NODE0_NORMAL].free_bytes = KEEP + 30 * MIB;
	check_may_go(&nodes.numbers, &both);
	nodes.zone[NODE0_NORMAL].free_bytes--;
	check_stays(&nodes.numbers, &both, NODES, KEEP - 1, KEEP);
}

static void test_nodes_several_blocks(void)
{
	struct spare_demand two = demand(BLOCK, MEMBLK_ZONE_MOVABLE, 1);
	struct nodes nodes;

	nodes_init(&nodes);
	spare_demand_add(&two, BLOCK, MEMBLK_ZONE_MOVABLE, 1);
	nodes.zone[NODE0_NORMAL].free_bytes = 2 * BLOCK + KEEP;
	check_may_go(&nodes.numbers, &two);
	nodes.zone[NODE0_NORMAL].free_bytes--;
	check_stays(&nodes.numbers, &two, NODES, KEEP - 1, KEEP);
	/* of both nodes */
	spare_demand_add(&two, BLOCK, MEMBLK_ZONE_MOVABLE, 0);
	check_may_go(&nodes.numbers, &two);
}

static void test_nodes_not_asked(void)
{
	struct spare_demand one = demand(BLOCK, MEMBLK_ZONE_MOVABLE, 1);
	struct spare_demand nowhere = demand(BLOCK, MEMBLK_ZONE_MOVABLE, UNKNOWN);
	struct spare_demand elsewhere = demand(BLOCK, MEMBLK_ZONE_MOVABLE, 5);
	struct nodes nodes;

	nodes_init(&nodes);
	nodes.zone[NODE0_NORMAL].free_bytes = 0;
	check_stays(&nodes.numbers, &one, NODES, 0, KEEP);
	check_may_go(&nodes.numbers, &nowhere);
	check_may_go(&nodes.numbers, &elsewhere);
	/* the only node with memory keeps the pages to itself */
	nodes.zone[NODE0_NORMAL].present_bytes = 0;
	check_may_go(&nodes.numbers, &one);
	nodes.numbers.nzones = 0;
	check_may_go(&nodes.numbers, &one);
}

/* One node, where kernel zones and Movable are easily told apart. */
static void one_node(struct nodes *nodes)
{
	nodes_init(nodes);
	for (size_t i = 0; i < NZONES; i++)
		nodes->zone[i].node = 0;
}

static void test_kernel(void)
{
	static const enum memblk_zone zones[] = {
		MEMBLK_ZONE_DMA,     MEMBLK_ZONE_DMA32, MEMBLK_ZONE_NORMAL,
		MEMBLK_ZONE_HIGHMEM, MEMBLK_ZONE_NONE,
	};
	struct spare_demand movable = demand(BLOCK, MEMBLK_ZONE_MOVABLE, 0);

	for (size_t i = 0; i < ARRAY_SIZE(zones); i++) {
		struct spare_demand one = demand(BLOCK, zones[i], 0);
		struct nodes nodes;

		tap_row("zone %d", (int) zones[i]);
		one_node(&nodes);
		nodes.zone[NODE1_MOVABLE].free_bytes = GIB;
		nodes.zone[NODE0_NORMAL].free_bytes = BLOCK;
		nodes.zone[NODE1_NORMAL].free_bytes = KEEP;
		if (zones[i])
			nodes.zone[NODE1_NORMAL].zone = zones[i];
		check_may_go(&nodes.numbers, &one);
		nodes.zone[NODE1_NORMAL].free_bytes--;
		check_stays(&nodes.numbers, &one, KERNEL, KEEP - 1, KEEP);
		check_may_go(&nodes.numbers, &movable);
		nodes.zone[NODE0_NORMAL].free_bytes = 0;
		check_stays(&nodes.numbers, &one, KERNEL, 0, KEEP);
		check_may_go(&nodes.numbers, &movable);
	}
}

static void test_kernel_cma(void)
{
	struct spare_demand one = demand(BLOCK, MEMBLK_ZONE_NORMAL, 0);
	struct nodes nodes;

	one_node(&nodes);
	nodes.zone[NODE0_NORMAL].free_bytes = BLOCK + KEEP + 10;
	nodes.zone[NODE0_NORMAL].free_cma_bytes = 10;
	nodes.zone[NODE1_NORMAL].free_bytes = 0;
	check_may_go(&nodes.numbers, &one);
	nodes.zone[NODE0_NORMAL].free_cma_bytes++;
	check_stays(&nodes.numbers, &one, KERNEL, KEEP - 1, KEEP);
}

static void test_kernel_several_blocks(void)
{
	struct spare_demand two = demand(BLOCK, MEMBLK_ZONE_NORMAL, 0);
	struct nodes nodes;

	one_node(&nodes);
	/* only what is outside Movable counts */
	spare_demand_add(&two, BLOCK, MEMBLK_ZONE_MOVABLE, 0);
	nodes.zone[NODE0_NORMAL].free_bytes = BLOCK + KEEP;
	nodes.zone[NODE1_NORMAL].free_bytes = 0;
	check_may_go(&nodes.numbers, &two);
	spare_demand_add(&two, 1, MEMBLK_ZONE_NORMAL, 0);
	check_stays(&nodes.numbers, &two, KERNEL, KEEP - 1, KEEP);
}

static void test_kernel_unknown(void)
{
	struct spare_demand one = demand(BLOCK, MEMBLK_ZONE_NORMAL, 0);
	struct spare_numbers numbers = { .available_bytes = GIB };

	check_may_go(&numbers, &one);
}

static void test_ratio(void)
{
	struct spare_demand one = demand(BLOCK, MEMBLK_ZONE_NORMAL, 0);
	struct spare_demand movable = demand(BLOCK, MEMBLK_ZONE_MOVABLE, 0);
	struct spare_demand both = one;
	struct nodes nodes;

	one_node(&nodes);
	/* 301 MiB of Movable need 100 MiB of the others */
	nodes.zone[NODE1_MOVABLE].present_bytes = 301 * MIB;
	nodes.zone[NODE0_NORMAL].present_bytes = BLOCK;
	nodes.zone[NODE1_NORMAL].present_bytes = 100 * MIB;
	check_may_go(&nodes.numbers, &one);
	spare_demand_add(&both, BLOCK, MEMBLK_ZONE_MOVABLE, 0);
	check_may_go(&nodes.numbers, &both);
	nodes.zone[NODE1_NORMAL].present_bytes--;
	check_stays(&nodes.numbers, &one, RATIO, 100 * MIB - 1, 100 * MIB);
	check_may_go(&nodes.numbers, &movable);
	nodes.zone[NODE1_NORMAL].present_bytes++;
	nodes.zone[NODE1_MOVABLE].present_bytes++;
	check_stays(&nodes.numbers, &one, RATIO, 100 * MIB, 100 * MIB + 1);
	nodes.zone[NODE0_NORMAL].present_bytes = 0;
	check_stays(&nodes.numbers, &one, RATIO, 0, 100 * MIB + 1);
}

static void test_ratio_cma(void)
{
	struct spare_demand one = demand(BLOCK, MEMBLK_ZONE_NORMAL, 0);
	struct nodes nodes;

	one_node(&nodes);
	nodes.zone[NODE1_MOVABLE].present_bytes = 300 * MIB;
	nodes.zone[NODE0_NORMAL].present_bytes = BLOCK;
	nodes.zone[NODE1_NORMAL].present_bytes = 101 * MIB;
	nodes.zone[NODE1_NORMAL].cma_bytes = MIB;
	check_may_go(&nodes.numbers, &one);
	nodes.zone[NODE1_NORMAL].cma_bytes++;
	check_stays(&nodes.numbers, &one, RATIO, 100 * MIB - 1, 100 * MIB + 1);
	/* all of Movable is */
	nodes.zone[NODE1_NORMAL].cma_bytes = 0;
	nodes.zone[NODE1_MOVABLE].cma_bytes = 300 * MIB;
	check_may_go(&nodes.numbers, &one);
}

/* A hundred times this, and a block, is still less than 2^64. */
#define LARGE (UINT64_MAX / 100 - BLOCK)

static void test_ratio_values(void)
{
	static const struct {
		uint64_t percent, movable_bytes, kernel_bytes, wanted_bytes;
	} rows[] = {
		{ 100, GIB, GIB, GIB },
		{ 50, GIB, 2 * GIB, 2 * GIB },
		{ 3, 1, 34, 34 },
		{ 400, 1, 1, 1 },
		{ UINT64_MAX, GIB, 1, 1 },
		{ 1, LARGE, LARGE * 100, LARGE * 100 },
		{ 301, UINT64_MAX / 100 + 1, UINT64_MAX - BLOCK, UINT64_MAX },
		{ 0, 1, UINT64_MAX - BLOCK, UINT64_MAX },
	};
	struct spare_demand one = demand(BLOCK, MEMBLK_ZONE_NORMAL, 0);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct nodes nodes;
		struct spare_verdict verdict;

		tap_row("%zu", i);
		one_node(&nodes);
		nodes.zone[NODE1_MOVABLE].present_bytes = rows[i].movable_bytes;
		nodes.zone[NODE0_NORMAL].present_bytes = BLOCK;
		nodes.zone[NODE1_NORMAL].present_bytes = rows[i].kernel_bytes;
		verdict = spare_decide(&nodes.numbers, &one, KEEP, rows[i].percent);
		if (rows[i].wanted_bytes > rows[i].kernel_bytes) {
			check_verdict(verdict, MEMBLK_REASON_SPARE_RATIO,
				      rows[i].kernel_bytes, rows[i].wanted_bytes);
			continue;
		}
		check_verdict(verdict, MEMBLK_REASON_NONE, 0, 0);
		nodes.zone[NODE1_NORMAL].present_bytes--;
		check_verdict(spare_decide(&nodes.numbers, &one, KEEP, rows[i].percent),
			      MEMBLK_REASON_SPARE_RATIO, rows[i].kernel_bytes - 1,
			      rows[i].wanted_bytes);
	}
}

static void test_ratio_without_movable(void)
{
	struct spare_demand one = demand(BLOCK, MEMBLK_ZONE_NORMAL, 0);
	struct nodes nodes;

	one_node(&nodes);
	nodes.zone[NODE1_MOVABLE].present_bytes = 0;
	nodes.zone[NODE0_NORMAL].present_bytes = 0;
	check_may_go(&nodes.numbers, &one);
	check_verdict(spare_decide(&nodes.numbers, &one, KEEP, 0), MEMBLK_REASON_NONE, 0,
		      0);
}

static void test_order(void)
{
	struct spare_demand one = demand(BLOCK, MEMBLK_ZONE_NORMAL, 1);
	struct nodes nodes;

	nodes_init(&nodes);
	nodes.numbers.available_bytes = 0;
	nodes.zone[NODE0_NORMAL].free_bytes = 0;
	nodes.zone[NODE1_NORMAL].free_bytes = 0;
	nodes.zone[NODE1_MOVABLE].present_bytes = 64 * GIB;
	check_stays(&nodes.numbers, &one, MEMORY, 0, KEEP);
	nodes.numbers.available_bytes = GIB;
	check_stays(&nodes.numbers, &one, NODES, 0, KEEP);
	nodes.zone[NODE0_NORMAL].inactive_file_bytes = GIB;
	check_stays(&nodes.numbers, &one, KERNEL, 0, KEEP);
	nodes.zone[NODE0_NORMAL].free_bytes = GIB;
	check_stays(&nodes.numbers, &one, RATIO, 6 * GIB - BLOCK,
		    (64 * GIB * 100 + 300) / 301);
	nodes.zone[NODE1_MOVABLE].present_bytes = GIB;
	check_may_go(&nodes.numbers, &one);
}

/* ---- Files ---- */

struct fixture {
	struct fake fake;
	struct memblk_system system;
	struct fake_file *meminfo, *swaps, *zoneinfo, *ratio;
	struct spare *spare;
};

static void fixture_init(struct fixture *fixture)
{
	*fixture = (struct fixture){ .spare = NULL };
	fake_init(&fixture->fake);
	fixture->system.sysfs = fake_sysfs(&fixture->fake);
	fixture->system.block_size_bytes = BLOCK;
	fixture->meminfo = fake_add(&fixture->fake, SYSROOT_MEMINFO,
				    MEMINFO("24424096", "0"));
	fixture->swaps = fake_add(&fixture->fake, SYSROOT_SWAPS, SWAPS_HEAD);
	fixture->zoneinfo = fake_add(&fixture->fake, SYSROOT_ZONEINFO, ZONEINFO_61);
	fixture->ratio = fake_add(&fixture->fake, SYSROOT_AUTO_MOVABLE_RATIO, "301\n");
}

static void fixture_done(struct fixture *fixture)
{
	spare_free(fixture->spare);
	check_closed(&fixture->fake);
	fake_done(&fixture->fake);
}

#define _cleanup_fixture_ _cleanup_(fixture_done)

static int open_spare(struct fixture *fixture, uint64_t keep_free_bytes)
{
	return spare_open(&fixture->system, keep_free_bytes, &fixture->spare);
}

static const struct zones normal = { .zone = { MEMBLK_ZONE_NORMAL }, .nzones = 1 };
static const struct zones movable = { .zone = { MEMBLK_ZONE_MOVABLE }, .nzones = 1 };

/* What is to be said of block INDEX in ZONES. */
static void check_block(struct fixture *fixture, uint64_t index,
			const struct zones *zones, enum memblk_reason reason,
			uint64_t left_bytes, uint64_t wanted_bytes)
{
	struct spare_verdict verdict = { .reason = _MEMBLK_REASON_MAX };

	if (check_int(spare_check(fixture->spare, index, zones, &verdict), 0))
		check_verdict(verdict, reason, left_bytes, wanted_bytes);
}

static void test_system(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	check_int(open_spare(&fixture, KEEP), 0);
	check_block(&fixture, 4, &movable, MEMBLK_REASON_NONE, 0, 0);
	check_block(&fixture, 4, &normal, MEMBLK_REASON_NONE, 0, 0);
	fake_set(fixture.meminfo, MEMINFO("196607", "0"));
	check_block(&fixture, 4, &movable, MEMBLK_REASON_SPARE_MEMORY, KEEP - KIB, KEEP);
	fake_set(fixture.meminfo, MEMINFO("196608", "0"));
	check_block(&fixture, 4, &movable, MEMBLK_REASON_NONE, 0, 0);
}

static void test_system_flags(void)
{
	_cleanup_fixture_ struct fixture fixture;
	const int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

	fixture_init(&fixture);
	check_int(open_spare(&fixture, KEEP), 0);
	check_int(fixture.meminfo->flags, flags);
	check_int(fixture.swaps->flags, flags);
	check_int(fixture.zoneinfo->flags, flags);
}

static void test_one_read_each(void)
{
	_cleanup_fixture_ struct fixture fixture;
	unsigned int before[3];

	fixture_init(&fixture);
	check_int(open_spare(&fixture, KEEP), 0);
	before[0] = fixture.meminfo->nreads;
	before[1] = fixture.swaps->nreads;
	before[2] = fixture.zoneinfo->nreads;
	for (unsigned int i = 1; i <= 3; i++) {
		check_block(&fixture, i, &movable, MEMBLK_REASON_NONE, 0, 0);
		check_uint(fixture.meminfo->nreads, before[0] + i);
		check_uint(fixture.swaps->nreads, before[1] + i);
		check_uint(fixture.zoneinfo->nreads, before[2] + i);
	}
	check_uint(fixture.meminfo->nopens, 1);
	check_uint(fixture.swaps->nopens, 1);
	check_uint(fixture.zoneinfo->nopens, 1);
	check_uint(fixture.ratio->nopens, 1);
}

static void test_system_swap(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	check_int(open_spare(&fixture, KEEP), 0);
	fake_set(fixture.meminfo, MEMINFO("131072", "4194300"));
	fake_set(fixture.swaps, SWAPS_HEAD SWAPS_ZRAM);
	check_block(&fixture, 4, &movable, MEMBLK_REASON_SPARE_MEMORY, 0, KEEP);
	fake_set(fixture.swaps, SWAPS_HEAD SWAPS_ZRAM SWAPS_DISK);
	check_block(&fixture, 4, &movable, MEMBLK_REASON_NONE, 0, 0);
	fake_set(fixture.meminfo, MEMINFO("131072", "65535"));
	check_block(&fixture, 4, &movable, MEMBLK_REASON_SPARE_MEMORY, KEEP - KIB, KEEP);
	/* a swapoff in the meantime */
	fake_set(fixture.meminfo, MEMINFO("131072", "65536"));
	fake_set(fixture.swaps, SWAPS_HEAD);
	check_block(&fixture, 4, &movable, MEMBLK_REASON_SPARE_MEMORY, 0, KEEP);
}

/* Of two blocks of pages of this machine: a zoneinfo that any page size is right for. */
static void set_zoneinfo(struct fixture *fixture, uint64_t normal_free_bytes,
			 uint64_t normal_present_bytes, uint64_t movable_present_bytes)
{
	uint64_t page = (uint64_t) sysconf(_SC_PAGESIZE);
	char text[512];

	snprintf(text, sizeof(text),
		 "Node 0, zone Normal\npages free %ju\nhigh %ju\npresent %ju\nmanaged 1\n"
		 "Node 0, zone Movable\npages free 0\nhigh 0\npresent %ju\nmanaged 1\n",
		 (uintmax_t) (normal_free_bytes / page), (uintmax_t) (48 * MIB / page),
		 (uintmax_t) (normal_present_bytes / page),
		 (uintmax_t) (movable_present_bytes / page));
	fake_set(fixture->zoneinfo, text);
}

static void test_system_zones(void)
{
	static const struct zones several = { .zone = { MEMBLK_ZONE_MOVABLE,
							MEMBLK_ZONE_NORMAL },
					      .nzones = 2 },
				  none = { .none = true }, unknown = { .nzones = 1 };
	_cleanup_fixture_ struct fixture fixture;
	const uint64_t left = KEEP - MIB;

	fixture_init(&fixture);
	set_zoneinfo(&fixture, BLOCK + left, GIB, GIB);
	check_int(open_spare(&fixture, KEEP), 0);
	check_block(&fixture, 4, &movable, MEMBLK_REASON_NONE, 0, 0);
	check_block(&fixture, 4, &normal, MEMBLK_REASON_SPARE_KERNEL, left, KEEP);
	check_block(&fixture, 4, &several, MEMBLK_REASON_SPARE_KERNEL, left, KEEP);
	check_block(&fixture, 4, &none, MEMBLK_REASON_SPARE_KERNEL, left, KEEP);
	check_block(&fixture, 4, &unknown, MEMBLK_REASON_SPARE_KERNEL, left, KEEP);
	check_block(&fixture, 4, NULL, MEMBLK_REASON_SPARE_KERNEL, left, KEEP);
	set_zoneinfo(&fixture, BLOCK + KEEP, GIB, GIB);
	check_block(&fixture, 4, &normal, MEMBLK_REASON_NONE, 0, 0);
}

static void test_system_ratio(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	fake_set(fixture.ratio, "100\n");
	set_zoneinfo(&fixture, GIB, GIB + BLOCK, GIB);
	check_int(open_spare(&fixture, KEEP), 0);
	check_block(&fixture, 4, &normal, MEMBLK_REASON_NONE, 0, 0);
	set_zoneinfo(&fixture, GIB, GIB + BLOCK, GIB + MIB);
	check_block(&fixture, 4, &normal, MEMBLK_REASON_SPARE_RATIO, GIB, GIB + MIB);
}

static void test_system_ratio_default(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	fake_remove(&fixture.fake, SYSROOT_AUTO_MOVABLE_RATIO);
	set_zoneinfo(&fixture, GIB, 100 * MIB + BLOCK, 301 * MIB);
	check_int(open_spare(&fixture, KEEP), 0);
	check_block(&fixture, 4, &normal, MEMBLK_REASON_NONE, 0, 0);
	set_zoneinfo(&fixture, GIB, 100 * MIB + BLOCK, 302 * MIB);
	check_block(&fixture, 4, &normal, MEMBLK_REASON_SPARE_RATIO, 100 * MIB,
		    (302 * MIB * 100 + 300) / 301);
}

/* What would be in zone Movable, of what is allowed to be. */
static void test_movable_exceeds(void)
{
	_cleanup_fixture_ struct fixture fixture;
	struct memblk_movable_share share = { .movable_bytes = 0 };

	fixture_init(&fixture);
	set_zoneinfo(&fixture, GIB, 100 * MIB, 300 * MIB);
	check(!memblk_movable_exceeds(&fixture.system, MIB, &share));
	check_uint(share.movable_bytes, 0);
	check(memblk_movable_exceeds(&fixture.system, 2 * MIB, &share));
	check_uint(share.movable_bytes, 302 * MIB);
	check_uint(share.kernel_bytes, 100 * MIB);
	check_uint(share.limit_percent, 301);
	fake_set(fixture.ratio, "400\n");
	check(!memblk_movable_exceeds(&fixture.system, 2 * MIB, &share));
	check(!memblk_movable_exceeds(&fixture.system, UINT64_MAX, &share));
	fake_set(fixture.ratio, "0\n");
	check(memblk_movable_exceeds(&fixture.system, 0, &share));
	set_zoneinfo(&fixture, GIB, 100 * MIB, 0);
	check(!memblk_movable_exceeds(&fixture.system, 0, &share));
	/* where it cannot be told */
	fake_set(fixture.ratio, "x\n");
	check(!memblk_movable_exceeds(&fixture.system, GIB, &share));
	fake_set(fixture.ratio, "301\n");
	fake_remove(&fixture.fake, SYSROOT_ZONEINFO);
	check(!memblk_movable_exceeds(&fixture.system, GIB, &share));
}

static void test_ratio_refused(void)
{
	static const char *const texts[] = { "",      "\n",   "x\n",    "-1\n",
					     "3 1\n", "3%\n", "301 \n", "0x12d\n" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_fixture_ struct fixture fixture;

		tap_row("%s", texts[i]);
		fixture_init(&fixture);
		fake_set(fixture.ratio, texts[i]);
		check_int(open_spare(&fixture, KEEP), -EBADMSG);
		check(!fixture.spare);
	}
}

static void test_keep_free_auto(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	set_zoneinfo(&fixture, GIB, GIB, GIB);
	fake_set(fixture.meminfo, MEMINFO("131072", "0"));
	check_int(open_spare(&fixture, MEMBLK_KEEP_FREE_AUTO), 0);
	check_block(&fixture, 4, &movable, MEMBLK_REASON_SPARE_MEMORY, 0, 2 * 48 * MIB);
}

static void test_keep_free_auto_without_zones(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	fake_remove(&fixture.fake, SYSROOT_ZONEINFO);
	fake_set(fixture.meminfo, MEMINFO("131072", "0"));
	check_int(open_spare(&fixture, MEMBLK_KEEP_FREE_AUTO), 0);
	check_block(&fixture, 4, &normal, MEMBLK_REASON_SPARE_MEMORY, 0, 64 * MIB);
	fake_set(fixture.meminfo, MEMINFO("196608", "0"));
	check_block(&fixture, 4, &normal, MEMBLK_REASON_NONE, 0, 0);
}

static void test_keep_free_is_kept(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	fake_set(fixture.meminfo, MEMINFO("131073", "0"));
	check_int(open_spare(&fixture, 5), 0);
	check_block(&fixture, 4, &movable, MEMBLK_REASON_NONE, 0, 0);
	fake_set(fixture.meminfo, MEMINFO("131072", "0"));
	check_block(&fixture, 4, &movable, MEMBLK_REASON_SPARE_MEMORY, 0, 5);
}

static void test_no_meminfo(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	fake_remove(&fixture.fake, SYSROOT_MEMINFO);
	check_int(open_spare(&fixture, KEEP), -ENOENT);
	fake_remove(&fixture.fake, "proc");
	check_int(open_spare(&fixture, KEEP), -ENOENT);
	fake_add(&fixture.fake, "proc", "a file");
	check_int(open_spare(&fixture, KEEP), -ENOENT);
	check(!fixture.spare);
}

static void test_meminfo_alone(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	fake_remove(&fixture.fake, SYSROOT_SWAPS);
	fake_remove(&fixture.fake, SYSROOT_ZONEINFO);
	fake_remove(&fixture.fake, SYSROOT_AUTO_MOVABLE_RATIO);
	/* which swap is on a disk is not known */
	fake_set(fixture.meminfo, MEMINFO("196607", "8388604"));
	check_int(open_spare(&fixture, KEEP), 0);
	check_block(&fixture, 4, NULL, MEMBLK_REASON_SPARE_MEMORY, KEEP - KIB, KEEP);
	fake_set(fixture.meminfo, MEMINFO("196608", "0"));
	check_block(&fixture, 4, NULL, MEMBLK_REASON_NONE, 0, 0);
}

static struct fake_file *file_at(struct fixture *fixture, size_t n)
{
	struct fake_file *files[] = { fixture->meminfo, fixture->swaps, fixture->zoneinfo,
				      fixture->ratio };

	tap_row("%s", files[n]->path);
	return files[n];
}

static void test_open_errors(void)
{
	for (size_t i = 0; i < 4; i++) {
		_cleanup_fixture_ struct fixture fixture;

		fixture_init(&fixture);
		file_at(&fixture, i)->open_error = EACCES;
		check_int(open_spare(&fixture, KEEP), -EACCES);
		check(!fixture.spare);
	}
}

static void test_read_errors(void)
{
	for (size_t i = 0; i < 4; i++) {
		_cleanup_fixture_ struct fixture fixture;

		fixture_init(&fixture);
		file_at(&fixture, i)->read_error = EIO;
		check_int(open_spare(&fixture, KEEP), -EIO);
		check(!fixture.spare);
	}
}

static void test_later_errors(void)
{
	for (size_t i = 0; i < 3; i++) {
		_cleanup_fixture_ struct fixture fixture;
		struct spare_verdict verdict = { .left_bytes = 7 };

		fixture_init(&fixture);
		check_int(open_spare(&fixture, KEEP), 0);
		file_at(&fixture, i)->read_error = EIO;
		check_int(spare_check(fixture.spare, 4, &movable, &verdict), -EIO);
		check_uint(verdict.left_bytes, 7);
		file_at(&fixture, i)->read_error = 0;
		check_block(&fixture, 4, &movable, MEMBLK_REASON_NONE, 0, 0);
	}
}

static void test_garbage(void)
{
	static const struct {
		const char *bytes;
		size_t length;
		int error[3]; /* as meminfo, swaps, zoneinfo */
	} rows[] = {
		{ "", 0, { EBADMSG, 0, EBADMSG } },
		{ "garbage", 7, { EBADMSG, 0, EBADMSG } },
		{ "MemAvailable: 9999999 kB\n\0", 26, { EBADMSG, EBADMSG, EBADMSG } },
		{ "\0MemAvailable: 9999999 kB\n", 26, { EBADMSG, EBADMSG, EBADMSG } },
		{ "MemAvailable: 9999999 kB\n", 25, { 0, 0, EBADMSG } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (size_t n = 0; n < 3; n++) {
			_cleanup_fixture_ struct fixture fixture;

			fixture_init(&fixture);
			fake_set_bytes(file_at(&fixture, n), rows[i].bytes,
				       rows[i].length);
			check_int(open_spare(&fixture, KEEP), -rows[i].error[n]);
		}
}

/* FILE with so many lines before its TEXT that it has LENGTH bytes. */
static void pad(struct fake_file *file, const char *text, size_t length)
{
	char *padded = malloc(length + 1);
	size_t blank = length - strlen(text);

	if (!padded)
		abort();
	memset(padded, '\n', blank);
	memcpy(padded + blank, text, strlen(text) + 1);
	fake_set_bytes(file, padded, length);
	free(padded);
}

static void test_long_files(void)
{
	static const size_t lengths[] = { 4095,  4096,  4097,  4098,
					  65535, 65536, 65537, 300000 };
	static const char *const texts[] = { MEMINFO("196607", "0"), SWAPS_HEAD,
					     ONE_ZONE };

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++)
		for (size_t n = 0; n < 3; n++) {
			_cleanup_fixture_ struct fixture fixture;
			struct fake_file *file;
			unsigned int nreads;

			fixture_init(&fixture);
			fake_set(fixture.meminfo, texts[0]);
			file = file_at(&fixture, n);
			pad(file, texts[n], lengths[i]);
			check_int(open_spare(&fixture, KEEP), 0);
			nreads = file->nreads;
			check_block(&fixture, 4, &movable, MEMBLK_REASON_SPARE_MEMORY,
				    KEEP - KIB, KEEP);
			/* it was found out once how much room it takes */
			check_uint(file->nreads, nreads + 1);
		}
}

static void test_longest_file(void)
{
	static const struct {
		size_t length;
		int error;
	} rows[] = { { (16 << 20) - 1, 0 }, { 16 << 20, EFBIG } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_fixture_ struct fixture fixture;

		fixture_init(&fixture);
		pad(file_at(&fixture, 2), ONE_ZONE, rows[i].length);
		check_int(open_spare(&fixture, KEEP), -rows[i].error);
	}
}

/* ---- Nodes of a system ---- */

#define BLOCK4 SYSROOT_MEMORY "/memory4"

/* Two nodes; the first has MOVED_BYTES of room beside KEEP, the second is full. */
static void set_nodes(struct fixture *fixture, uint64_t moved_bytes)
{
	uint64_t page = (uint64_t) sysconf(_SC_PAGESIZE);
	char text[512];

	snprintf(text, sizeof(text),
		 "Node 0, zone Normal\npages free %ju\nhigh 1\npresent 9999\nmanaged "
		 "9999\n"
		 "Node 1, zone Movable\npages free 0\nhigh 1\npresent %ju\nmanaged %ju\n",
		 (uintmax_t) ((KEEP + moved_bytes) / page), (uintmax_t) (GIB / page),
		 (uintmax_t) (GIB / page));
	fake_set(fixture->zoneinfo, text);
}

static void test_block_node(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	fake_add_directory(&fixture.fake, BLOCK4 "/power");
	fake_add_directory(&fixture.fake, BLOCK4 "/node1");
	fake_add_directory(&fixture.fake, BLOCK4 "/subsystem");
	fake_add_directory(&fixture.fake, BLOCK4 "/nodes");
	fake_add_directory(&fixture.fake, BLOCK4 "/node");
	fake_add_directory(&fixture.fake, BLOCK4 "/node1x");
	fake_add_directory(&fixture.fake, BLOCK4 "/nods0");
	set_nodes(&fixture, BLOCK);
	check_int(open_spare(&fixture, KEEP), 0);
	check_block(&fixture, 4, &movable, MEMBLK_REASON_NONE, 0, 0);
	set_nodes(&fixture, BLOCK - MIB);
	check_block(&fixture, 4, &movable, MEMBLK_REASON_SPARE_NODES, KEEP - MIB, KEEP);
	/* another block, without a node */
	check_block(&fixture, 40, &movable, MEMBLK_REASON_NONE, 0, 0);
}

static void test_block_of_several_nodes(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	fake_add_directory(&fixture.fake, BLOCK4 "/node1");
	fake_add_directory(&fixture.fake, BLOCK4 "/node0");
	set_nodes(&fixture, 0);
	check_int(open_spare(&fixture, KEEP), 0);
	check_block(&fixture, 4, &movable, MEMBLK_REASON_NONE, 0, 0);
}

static void test_one_node_is_not_looked_up(void)
{
	_cleanup_fixture_ struct fixture fixture;
	struct fake_file *directory;

	fixture_init(&fixture);
	directory = fake_add_directory(&fixture.fake, BLOCK4);
	directory->open_error = EIO;
	check_int(open_spare(&fixture, KEEP), 0);
	check_block(&fixture, 4, &movable, MEMBLK_REASON_NONE, 0, 0);
	check_uint(directory->nopens, 0);
}

static void test_block_node_errors(void)
{
	_cleanup_fixture_ struct fixture fixture;
	struct spare_verdict verdict = { .left_bytes = 7 };
	struct fake_file *directory;

	fixture_init(&fixture);
	directory = fake_add_directory(&fixture.fake, BLOCK4);
	fake_add_directory(&fixture.fake, BLOCK4 "/node1");
	set_nodes(&fixture, 0);
	check_int(open_spare(&fixture, KEEP), 0);
	directory->list_error = EIO;
	check_int(spare_check(fixture.spare, 4, &movable, &verdict), -EIO);
	check_uint(verdict.left_bytes, 7);
	/* it went while it was looked at */
	directory->list_error = ENOENT;
	directory->list_entries = 1;
	fake_add_directory(&fixture.fake, BLOCK4 "/power");
	check_block(&fixture, 4, &movable, MEMBLK_REASON_NONE, 0, 0);
	fake_remove(&fixture.fake, BLOCK4);
	check_block(&fixture, 4, &movable, MEMBLK_REASON_NONE, 0, 0);
	fake_add(&fixture.fake, BLOCK4, "a file");
	check_block(&fixture, 4, &movable, MEMBLK_REASON_NONE, 0, 0);
}

/* ---- A rehearsal ---- */

static struct spare_block block_of(enum memblk_zone zone, uint64_t node,
				   uint64_t used_bytes)
{
	return (struct spare_block){
		.bytes = BLOCK,
		.managed_bytes = BLOCK,
		.used_bytes = used_bytes,
		.zone = zone,
		.node = node,
	};
}

/* Two nodes, of which the first has a gibibyte free in Normal, and the second Movable. */
static void rehearsal_init(struct nodes *nodes)
{
	nodes_init(nodes);
	nodes->zone[NODE0_NORMAL] = (struct spare_zone){
		.node = 0,
		.zone = MEMBLK_ZONE_NORMAL,
		.present_bytes = 2 * GIB,
		.managed_bytes = 2 * GIB,
		.free_bytes = GIB,
	};
	nodes->zone[NODE1_NORMAL] = (struct spare_zone){ .node = 1,
							 .zone = MEMBLK_ZONE_NORMAL };
	nodes->zone[NODE1_MOVABLE].free_bytes = GIB / 2;
	nodes->numbers.available_bytes = 3 * GIB / 2;
}

static void check_numbers(const struct nodes *nodes, size_t zone, uint64_t present_bytes,
			  uint64_t managed_bytes, uint64_t free_bytes)
{
	check_uint(nodes->zone[zone].present_bytes, present_bytes);
	check_uint(nodes->zone[zone].managed_bytes, managed_bytes);
	check_uint(nodes->zone[zone].free_bytes, free_bytes);
}

/* What is used goes to the other node; what is free is gone. */
static void test_take(void)
{
	struct spare_block block = block_of(MEMBLK_ZONE_MOVABLE, 1, 28 * MIB);
	struct nodes nodes;

	rehearsal_init(&nodes);
	spare_numbers_take(&nodes.numbers, &block);
	check_uint(nodes.numbers.available_bytes, 3 * GIB / 2 - BLOCK);
	check_numbers(&nodes, NODE1_MOVABLE, GIB - BLOCK, GIB - BLOCK,
		      GIB / 2 - 100 * MIB);
	check_numbers(&nodes, NODE0_NORMAL, 2 * GIB, 2 * GIB, GIB - 28 * MIB);
}

/* On one node, Movable takes it as long as there is room above its watermark. */
static void test_take_on_one_node(void)
{
	struct spare_block block = block_of(MEMBLK_ZONE_NORMAL, UNKNOWN, BLOCK);
	struct nodes nodes;

	rehearsal_init(&nodes);
	for (size_t i = 0; i < NZONES; i++)
		nodes.zone[i].node = 0;
	nodes.zone[NODE1_MOVABLE].free_bytes = 100 * MIB;
	nodes.zone[NODE1_MOVABLE].high_bytes = 30 * MIB;
	spare_numbers_take(&nodes.numbers, &block);
	check_numbers(&nodes, NODE1_MOVABLE, GIB, GIB, 20 * MIB);
	check_numbers(&nodes, NODE0_NORMAL, 2 * GIB - BLOCK, 2 * GIB - BLOCK,
		      GIB - 48 * MIB);

	/* the same block of Movable, which is smaller now */
	block.zone = MEMBLK_ZONE_MOVABLE;
	spare_numbers_take(&nodes.numbers, &block);
	check_numbers(&nodes, NODE1_MOVABLE, GIB - BLOCK, GIB - BLOCK, 35 * MIB / 2);
	check_uint(nodes.zone[NODE1_MOVABLE].high_bytes, 30 * MIB - 30 * MIB / 8);
	check_numbers(&nodes, NODE0_NORMAL, 2 * GIB - BLOCK, 2 * GIB - BLOCK,
		      GIB - 48 * MIB - 251 * MIB / 2);
}

/* Where it is not known, as much is used as can be; and no more is free than there is. */
static void test_take_unknown(void)
{
	struct spare_block block = block_of(MEMBLK_ZONE_MOVABLE, 1, SPARE_USED_UNKNOWN);
	struct nodes nodes;

	rehearsal_init(&nodes);
	spare_numbers_take(&nodes.numbers, &block);
	check_numbers(&nodes, NODE1_MOVABLE, GIB - BLOCK, GIB - BLOCK, GIB / 2);
	check_numbers(&nodes, NODE0_NORMAL, 2 * GIB, 2 * GIB, GIB - BLOCK);

	/* but 28 MiB are free in the zone, and no more */
	nodes.zone[NODE1_MOVABLE].free_bytes = GIB - BLOCK - 28 * MIB;
	spare_numbers_take(&nodes.numbers, &block);
	check_numbers(&nodes, NODE0_NORMAL, 2 * GIB, 2 * GIB, GIB - BLOCK - 28 * MIB);

	/* what came in meanwhile is used, too */
	block.used_bytes = 0;
	nodes.zone[NODE1_MOVABLE].free_bytes = 100 * MIB;
	spare_numbers_take(&nodes.numbers, &block);
	check_uint(nodes.zone[NODE1_MOVABLE].free_bytes, 0);
	check_uint(nodes.zone[NODE0_NORMAL].free_bytes, GIB - BLOCK - 56 * MIB);
}

/* Reserved pages are present, and nobody has them. */
static void test_take_managed(void)
{
	struct spare_block block = block_of(MEMBLK_ZONE_MOVABLE, 1, 0);
	struct nodes nodes;

	rehearsal_init(&nodes);
	block.managed_bytes = 100 * MIB;
	spare_numbers_take(&nodes.numbers, &block);
	check_uint(nodes.numbers.available_bytes, 3 * GIB / 2 - 100 * MIB);
	check_numbers(&nodes, NODE1_MOVABLE, GIB - BLOCK, GIB - 100 * MIB,
		      GIB / 2 - 100 * MIB);
	block.managed_bytes = 0;
	spare_numbers_take(&nodes.numbers, &block);
	check_uint(nodes.numbers.available_bytes, 3 * GIB / 2 - 100 * MIB);
}

/* Where nothing is free any more, the page cache is dropped, and then there is swap. */
static void test_take_without_room(void)
{
	struct spare_block block = block_of(MEMBLK_ZONE_MOVABLE, 1, BLOCK);
	struct nodes nodes;

	rehearsal_init(&nodes);
	nodes.zone[NODE0_NORMAL].free_bytes = 28 * MIB;
	nodes.zone[NODE0_NORMAL].inactive_file_bytes = 10 * MIB;
	nodes.zone[NODE0_NORMAL].active_file_bytes = 20 * MIB;
	nodes.zone[NODE1_MOVABLE].active_file_bytes = 5 * MIB;
	nodes.numbers.swap_free_bytes = 50 * MIB;
	nodes.numbers.swap_disk_bytes = 40 * MIB;
	spare_numbers_take(&nodes.numbers, &block);
	check_uint(nodes.zone[NODE0_NORMAL].free_bytes, 0);
	check_uint(nodes.zone[NODE0_NORMAL].inactive_file_bytes, 0);
	check_uint(nodes.zone[NODE0_NORMAL].active_file_bytes, 0);
	check_uint(nodes.zone[NODE1_MOVABLE].active_file_bytes, 5 * MIB);
	check_uint(nodes.numbers.swap_free_bytes, 10 * MIB);
	check_uint(nodes.numbers.swap_disk_bytes, 0);
	/* what is swapped takes no memory */
	check_uint(nodes.numbers.available_bytes, 3 * GIB / 2 - BLOCK + 40 * MIB);
}

/* Of several zones: the largest of the kernel's. Of none that is known: only all. */
static void test_take_from_nowhere(void)
{
	struct spare_block block = block_of(MEMBLK_ZONE_NONE, UNKNOWN, 0);
	struct spare_numbers none = { .available_bytes = GIB };
	struct nodes nodes;

	rehearsal_init(&nodes);
	spare_numbers_take(&nodes.numbers, &block);
	check_numbers(&nodes, NODE0_NORMAL, 2 * GIB - BLOCK, 2 * GIB - BLOCK,
		      GIB - BLOCK);
	block.zone = MEMBLK_ZONE_DMA;
	spare_numbers_take(&nodes.numbers, &block);
	check_uint(nodes.numbers.available_bytes, 3 * GIB / 2 - 2 * BLOCK);
	check_numbers(&nodes, NODE0_NORMAL, 2 * GIB - BLOCK, 2 * GIB - BLOCK,
		      GIB - BLOCK);
	for (unsigned int i = 0; i < 10; i++)
		spare_numbers_take(&none, &block);
	check_uint(none.available_bytes, 0);
}

static void test_rehearsal(void)
{
	_cleanup_fixture_ struct fixture fixture;
	struct memblk_contents contents = { .nmovable = 1, .nreserved = 5 };
	uint64_t npages = BLOCK / (uint64_t) sysconf(_SC_PAGESIZE);
	unsigned int nreads;

	fixture_init(&fixture);
	fake_set(fixture.meminfo, MEMINFO("327680", "0")); /* 320 MiB */
	check_int(open_spare(&fixture, KEEP), 0);
	spare_rehearse(fixture.spare, true);
	check_block(&fixture, 4, &movable, MEMBLK_REASON_NONE, 0, 0);
	nreads = fixture.meminfo->nreads;
	spare_suppose_gone(fixture.spare, 4, &movable, NULL);
	check_block(&fixture, 5, &movable, MEMBLK_REASON_NONE, 0, 0);
	/* what is reserved was not available */
	contents.nfree = (uint32_t) npages - 6;
	spare_suppose_gone(fixture.spare, 5, &movable, &contents);
	check_block(&fixture, 6, &movable, MEMBLK_REASON_SPARE_MEMORY, 0, KEEP);
	spare_suppose_gone(fixture.spare, 6, &movable, NULL);
	check_uint(fixture.meminfo->nreads, nreads);

	/* another one begins with what there is by then, and so does the run itself */
	spare_rehearse(fixture.spare, true);
	check_block(&fixture, 4, &movable, MEMBLK_REASON_NONE, 0, 0);
	check_uint(fixture.meminfo->nreads, nreads + 1);
	spare_suppose_gone(fixture.spare, 4, &movable, NULL);
	spare_rehearse(fixture.spare, false);
	fake_set(fixture.meminfo, MEMINFO("196608", "0")); /* 192 MiB */
	check_block(&fixture, 4, &movable, MEMBLK_REASON_NONE, 0, 0);
	fake_set(fixture.meminfo, MEMINFO("196607", "0"));
	check_block(&fixture, 4, &movable, MEMBLK_REASON_SPARE_MEMORY, KEEP - KIB, KEEP);
}

static void test_rehearsal_errors(void)
{
	_cleanup_fixture_ struct fixture fixture;
	struct spare_verdict verdict = { .left_bytes = 7 };

	fixture_init(&fixture);
	check_int(open_spare(&fixture, KEEP), 0);
	spare_rehearse(fixture.spare, true);
	fixture.meminfo->read_error = EIO;
	check_int(spare_check(fixture.spare, 4, &movable, &verdict), -EIO);
	check_uint(verdict.left_bytes, 7);
	/* it is read again, as there was nothing to keep */
	fixture.meminfo->read_error = 0;
	check_block(&fixture, 4, &movable, MEMBLK_REASON_NONE, 0, 0);
}

/* Its node's zone, and the other node's room. */
static void test_rehearsal_on_nodes(void)
{
	_cleanup_fixture_ struct fixture fixture;

	fixture_init(&fixture);
	fake_add_directory(&fixture.fake, BLOCK4 "/node1");
	fake_add_directory(&fixture.fake, SYSROOT_MEMORY "/memory5/node1");
	set_nodes(&fixture, 2 * BLOCK - MIB);
	check_int(open_spare(&fixture, KEEP), 0);
	spare_rehearse(fixture.spare, true);
	check_block(&fixture, 4, &movable, MEMBLK_REASON_NONE, 0, 0);
	spare_suppose_gone(fixture.spare, 4, &movable, NULL);
	check_block(&fixture, 5, &movable, MEMBLK_REASON_SPARE_NODES, KEEP - MIB, KEEP);
}

static void test_free(void)
{
	spare_free(NULL);
	check(true);
}

static const struct tap_test tests[] = {
	{ "meminfo tells what is available, and the swap that is free", test_meminfo },
	{ "lines of meminfo that are not known are passed over", test_meminfo_unknown },
	{ "meminfo with a bad number, or without one, is refused", test_meminfo_refused },
	{ "sizes of meminfo of 2^64 bytes are refused", test_meminfo_large },
	{ "free swap is the sum of what swaps has left", test_swaps },
	{ "zram is not counted as swap", test_swaps_zram },
	{ "lines of swaps that cannot be read are no swap", test_swaps_unreadable },
	{ "zoneinfo tells of each zone", test_zoneinfo },
	{ "zoneinfo tells of several nodes", test_zoneinfo_nodes },
	{ "lines of zoneinfo that are not known are passed over", test_zoneinfo_unknown },
	{ "zoneinfo that lacks something is refused", test_zoneinfo_refused },
	{ "numbers can be freed twice", test_numbers_done },
	{ "the default is twice the high watermarks of zones with memory", test_default },
	{ "the default is at least 64 MiB", test_default_least },
	{ "a node without memory does not count", test_has_nodes },
	{ "blocks add up, of what they have in common", test_demand },
	{ "so much must be available after a block", test_available },
	{ "free swap on a disk counts as available", test_available_swap },
	{ "other nodes must have room for what is in a block", test_nodes_room },
	{ "no more has to move than is used", test_nodes_used },
	{ "other nodes must have room for several blocks", test_nodes_several_blocks },
	{ "without a node, or with only one, none is asked", test_nodes_not_asked },
	{ "so much must be free in the zones of the kernel", test_kernel },
	{ "free CMA is not free for the kernel", test_kernel_cma },
	{ "blocks in Movable take nothing from the kernel", test_kernel_several_blocks },
	{ "without zones, the kernel's are not asked", test_kernel_unknown },
	{ "Movable must not be too large for the zones of the kernel", test_ratio },
	{ "CMA counts as Movable", test_ratio_cma },
	{ "the ratio is exact, whatever it is", test_ratio_values },
	{ "without Movable there is no ratio", test_ratio_without_movable },
	{ "the first condition that does not hold is told", test_order },
	{ "a system is read anew for each block", test_system },
	{ "files are opened for reading alone", test_system_flags },
	{ "a check takes one read of each file", test_one_read_each },
	{ "swap is read with the memory", test_system_swap },
	{ "a block counts as Movable only if it is in no other zone", test_system_zones },
	{ "the ratio is the kernel's", test_system_ratio },
	{ "the ratio is 301 where the kernel has none", test_system_ratio_default },
	{ "It can be told whether zone Movable would hold too much",
	  test_movable_exceeds },
	{ "a ratio that is no number is refused", test_ratio_refused },
	{ "what is kept free follows the watermarks", test_keep_free_auto },
	{ "without zones 64 MiB are kept free", test_keep_free_auto_without_zones },
	{ "what is kept free is what was asked for", test_keep_free_is_kept },
	{ "without meminfo there is nothing to check", test_no_meminfo },
	{ "meminfo alone will do", test_meminfo_alone },
	{ "a file that cannot be opened is an error", test_open_errors },
	{ "a file that cannot be read is an error", test_read_errors },
	{ "a file that cannot be read any more is an error", test_later_errors },
	{ "garbage is refused", test_garbage },
	{ "long files are read, with one read once it is known", test_long_files },
	{ "files of 16 MiB are refused", test_longest_file },
	{ "the node of a block is that of its link", test_block_node },
	{ "a block of several nodes has none", test_block_of_several_nodes },
	{ "with one node, no link is looked for", test_one_node_is_not_looked_up },
	{ "links that cannot be listed are an error", test_block_node_errors },
	{ "without a block, what is in it is elsewhere", test_take },
	{ "on one node, Movable takes what is in it first", test_take_on_one_node },
	{ "a block that cannot be seen is as full as it can be", test_take_unknown },
	{ "what is reserved in a block is not missed", test_take_managed },
	{ "where there is no room, the page cache and swap give way",
	  test_take_without_room },
	{ "a block of several zones is taken from the largest", test_take_from_nowhere },
	{ "in a rehearsal, blocks before are gone", test_rehearsal },
	{ "a rehearsal may fail to begin", test_rehearsal_errors },
	{ "in a rehearsal, nodes fill up", test_rehearsal_on_nodes },
	{ "nothing is freed", test_free },
};

TAP_MAIN(tests)
