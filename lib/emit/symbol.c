/* SPDX-License-Identifier: MIT */
/*
 * symbol.c - names for addresses of code, as far as the process itself can say with
 * neither the loader's lock nor malloc: the object and the offset in its file, from
 * /proc/self/maps. A callback of the program comes first. Stands on flush.h.
 */
#include "emit/flush.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define TEXT_NBYTES (4 << 20)
#define MAX_MAPS 8192
#define NBYTES (TEXT_NBYTES + MAX_MAPS * sizeof(struct tt_code_map))

/* Addresses that stand for no code: threads with no known start. */
static const char *const made_up[] = {NULL, "thread", "tracetool.flush"};
#define NMADE_UP (sizeof(made_up) / sizeof(made_up[0]))

static bool have_memory(struct tt_symbols *s)
{
	void *map;

	if (s->maps != NULL)
		return true;
	map = mmap(NULL, NBYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		   -1, 0);
	if (map == MAP_FAILED)
		return false;
	s->maps = map;
	s->text = (char *)(s->maps + MAX_MAPS);
	return true;
}

void tt_symbols_release(struct tt_symbols *s)
{
	if (s->maps != NULL)
		munmap(s->maps, NBYTES);
	s->maps = NULL;
}

static size_t read_text(char *text, size_t size)
{
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return 0;
	do {
		n = read(fd, text + len, size - 1 - len);
		if (n > 0)
			len += (size_t)n;
	} while ((n > 0 && len < size - 1) || (n < 0 && errno == EINTR));
	close(fd);
	text[len] = '\0';
	return len;
}

static uint64_t hex(const char **at)
{
	uint64_t value = 0;

	for (;; (*at)++) {
		char c = **at;

		if (c >= '0' && c <= '9')
			value = value << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value << 4 | (uint64_t)(c - 'a' + 10);
		else
			return value;
	}
}

/* START-END PERMS OFFSET DEV INODE PATH */
static bool parse_line(const char *line, struct tt_code_map *map)
{
	const char *at = line;
	bool code;

	map->start = hex(&at);
	if (*at++ != '-')
		return false;
	map->end = hex(&at);
	if (*at++ != ' ' || strlen(at) < 5)
		return false;
	code = at[2] == 'x';
	at += 5;
	map->offset = hex(&at);
	map->path = strchr(at, '/');
	if (map->path == NULL)
		map->path = strchr(at, '[');
	if (map->path == NULL)
		map->path = "";
	return code;
}

static void read_maps(struct tt_symbols *s)
{
	char *line, *end;

	s->nmaps = 0;
	if (!have_memory(s) || read_text(s->text, TEXT_NBYTES) == 0)
		return;
	for (line = s->text; s->nmaps < MAX_MAPS; line = end + 1) {
		end = strchr(line, '\n');
		if (end == NULL)
			return;
		*end = '\0';
		if (parse_line(line, &s->maps[s->nmaps]))
			s->nmaps++;
	}
}

static const struct tt_code_map *lookup(const struct tt_symbols *s, uint64_t pc)
{
	size_t low = 0, high = s->nmaps, mid;

	/* the kernel lists them in order */
	while (low < high) {
		mid = low + (high - low) / 2;
		if (pc >= s->maps[mid].end)
			low = mid + 1;
		else if (pc < s->maps[mid].start)
			high = mid;
		else
			return &s->maps[mid];
	}
	return NULL;
}

static const struct tt_code_map *find_map(struct tt_symbols *s, uint64_t gen, uint64_t pc)
{
	const struct tt_code_map *map = lookup(s, pc);

	if (map != NULL || s->read_gen == gen)
		return map;
	s->read_gen = gen;
	read_maps(s);
	return lookup(s, pc);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

void tt_symbol_find(struct tt_symbols *s, uint64_t gen, uint64_t pc, struct tt_emit_symbol *out)
{
	const struct tt_code_map *map;

	if (pc < NMADE_UP && made_up[pc] != NULL) {
		*out = (struct tt_emit_symbol){made_up[pc], "", 0};
		return;
	}
	if (s->symbol != NULL && s->symbol(s->arg, (uintptr_t)pc, out))
		return;
	map = find_map(s, gen, pc);
	/* callers of others must have a func, a file and a line (EMIT.md 2.2) */
	if (map == NULL || map->path[0] == '\0') {
		snprintf(s->func, sizeof(s->func), "0x%llx", (unsigned long long)pc);
		*out = (struct tt_emit_symbol){s->func, "?", 1};
		return;
	}
	out->file = map->path;
	out->line = pc - map->start + map->offset;
	snprintf(s->func, sizeof(s->func), "%s+0x%llx", base_name(map->path),
		 (unsigned long long)out->line);
	out->func = s->func;
}
