/*
 * journal_map: maps segments of the file, up to a limit. The first that are
 * asked for stay: to give them up for others would cost more than it saves.
 *
 * A page that is not to be had (the disk fails, or somebody else cut the file
 * short) comes as SIGBUS. The handler puts a page of zeros there, no record
 * checks in that, and what follows is what follows any damage.
 */
#include "journal_map.h"

#include "journal_private.h"
#include "xalloc.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct journal_map *maps; /* all of them, for the handler */

static uintptr_t page_len;

static bool
is_mapped(const struct journal_map *map, uintptr_t address)
{
	for (uint32_t i = 0; i < map->size; i++) {
		uintptr_t start = (uintptr_t)map->segments[i];

		if (start != 0 && address >= start &&
		    address - start < JOURNAL_SEGMENT_LEN)
			return true;
	}
	return false;
}

static void
bus_error_cb(int number, siginfo_t *info, void *context)
{
	uintptr_t address = (uintptr_t)info->si_addr;
	void *page = (char *)info->si_addr - address % page_len;

	(void)context;
	for (struct journal_map *map = maps; map != NULL; map = map->next)
		if (is_mapped(map, address) &&
		    mmap(page, page_len, PROT_READ,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
			0) != MAP_FAILED)
			return;
	/* Not ours: let it happen again, and end us. */
	signal(number, SIG_DFL);
}

static void
catch_bus_errors(void)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO };

	page_len = (uintptr_t)sysconf(_SC_PAGESIZE);
	action.sa_sigaction = bus_error_cb;
	sigemptyset(&action.sa_mask);
	sigaction(SIGBUS, &action, NULL);
}

void
journal_map_init(struct journal_map *map)
{
	if (page_len == 0)
		catch_bus_errors();
	*map = (struct journal_map){ .next = maps };
	maps = map;
}

void
journal_map_fini(struct journal_map *map)
{
	struct journal_map **link = &maps;

	for (uint32_t i = 0; i < map->size; i++)
		journal_map_drop(map, i);
	while (*link != map)
		link = &(*link)->next;
	*link = map->next;
	free(map->segments);
	*map = (struct journal_map){ 0 };
}

static void
map_grow(struct journal_map *map, uint32_t slot)
{
	uint32_t size = slot + 1 > map->size * 2 ? slot + 1 : map->size * 2;

	if (slot < map->size)
		return;
	map->segments = xrealloc(map->segments, size * sizeof(*map->segments));
	memset(map->segments + map->size, 0,
	    (size - map->size) * sizeof(*map->segments));
	map->size = size;
}

const unsigned char *
journal_map_segment(struct journal_map *map, int fd, uint32_t slot)
{
	uint64_t position = journal_position(slot, 0);
	void *address;

	if (slot < map->size && map->segments[slot] != NULL)
		return map->segments[slot];
	if (map->count >= map->limit || position % page_len != 0)
		return NULL;
	address = mmap(NULL, JOURNAL_SEGMENT_LEN, PROT_READ, MAP_SHARED, fd,
	    (off_t)position);
	if (address == MAP_FAILED) {
		map->limit = map->count;
		return NULL;
	}
	/* Sessions have no business in a core file. */
	(void)madvise(address, JOURNAL_SEGMENT_LEN, MADV_DONTDUMP);
	map_grow(map, slot);
	map->segments[slot] = address;
	map->count++;
	return address;
}

void
journal_map_drop(struct journal_map *map, uint32_t slot)
{
	if (slot >= map->size || map->segments[slot] == NULL)
		return;
	munmap(map->segments[slot], JOURNAL_SEGMENT_LEN);
	map->segments[slot] = NULL;
	map->count--;
}
