/* SPDX-License-Identifier: MIT */
/*
 * symbol.c - names for addresses of code, as far as the process can find them without the
 * loader's lock and without malloc: the object and the offset in its file, from
 * /proc/self/maps. A callback of the program comes first. Stands on write.h.
 */
#include "emit/write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define TEXT_NBYTES (4 << 20)

/* Addresses that are no code: starts of threads that nobody named. */
static const char *const made_up[] = {
	[TT_EM_START_UNKNOWN] = "thread",
	[TT_EM_START_FLUSHER] = "tracetool.flush",
	[TT_EM_START_MAIN] = "main",
};
#define NMADE_UP (sizeof(made_up) / sizeof(made_up[0]))

void tt_em_symbols_release(struct tt_em_symbols *s)
{
	if (s->text != NULL)
		munmap(s->text, TEXT_NBYTES);
	s->text = NULL;
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

struct line {
	struct tt_em_code_map map;
	const char *path;
};

/* START-END PERMS OFFSET DEV INODE PATH */
static bool parse_line(const char *text, struct line *out)
{
	struct tt_em_code_map *map = &out->map;
	const char *at = text;
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
	out->path = strchr(at, '/');
	if (out->path == NULL)
		out->path = strchr(at, '[');
	if (out->path == NULL)
		out->path = "";
	return code;
}

/* Finds room for the path. Mappings of one file follow each other: they share it. */
static bool place_path(struct tt_em_code_table *t, uint64_t *used, struct line *l)
{
	size_t nbytes = strlen(l->path) + 1;

	l->map.path = t->n > 0 ? t->maps[t->n - 1].path : 0;
	if (strcmp(t->text + l->map.path, l->path) == 0)
		return true;
	if (nbytes > sizeof(t->text) - *used)
		return false;
	memcpy(t->text + *used, l->path, nbytes);
	l->map.path = *used;
	*used += nbytes;
	return true;
}

static void fill(struct tt_em_code_table *t, char *text)
{
	uint64_t used = 1;
	struct line line;
	char *end;

	t->n = 0;
	t->text[0] = '\0';
	for (; t->n < TT_EM_MAX_CODE_MAPS; text = end + 1) {
		end = strchr(text, '\n');
		if (end == NULL)
			return;
		*end = '\0';
		if (!parse_line(text, &line))
			continue;
		if (!place_path(t, &used, &line))
			return;
		t->maps[t->n++] = line.map;
	}
}

/* One of the two tables holds at any time, for a recovery of the trace. */
void tt_em_symbols_read(struct tt_em_symbols *s)
{
	struct tt_em_trace *t = s->trace;
	uint32_t next = !atomic_load_explicit(&t->code_at, memory_order_relaxed);

	if (s->dead)
		return;
	if (s->text == NULL)
		s->text = tt_em_map_zeros(TEXT_NBYTES);
	if (s->text == NULL || read_text(s->text, TEXT_NBYTES) == 0)
		return;
	fill(&t->code[next], s->text);
	atomic_store_explicit(&t->code_at, next, memory_order_release);
}

static const struct tt_em_code_table *table(const struct tt_em_symbols *s)
{
	return &s->trace->code[atomic_load_explicit(&s->trace->code_at, memory_order_relaxed) & 1];
}

static const struct tt_em_code_map *lookup(const struct tt_em_symbols *s, uint64_t pc)
{
	const struct tt_em_code_table *t = table(s);
	size_t low = 0, high = t->n, mid;

	/* the kernel lists them in order */
	while (low < high) {
		mid = low + (high - low) / 2;
		if (pc >= t->maps[mid].end)
			low = mid + 1;
		else if (pc < t->maps[mid].start)
			high = mid;
		else
			return &t->maps[mid];
	}
	return NULL;
}

static const struct tt_em_code_map *find_map(struct tt_em_symbols *s, uint64_t gen, uint64_t pc)
{
	const struct tt_em_code_map *map = lookup(s, pc);

	if (map != NULL || s->read_gen == gen)
		return map;
	s->read_gen = gen;
	tt_em_symbols_read(s);
	return lookup(s, pc);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

void tt_em_symbol_find(struct tt_em_symbols *s, uint64_t gen, uint64_t pc,
		       struct tt_emit_symbol *out)
{
	const struct tt_em_code_map *map;
	const char *path;

	if (pc < NMADE_UP && made_up[pc] != NULL) {
		*out = (struct tt_emit_symbol){made_up[pc], "", 0};
		return;
	}
	if (s->symbol != NULL && s->symbol(s->arg, (uintptr_t)pc, out))
		return;
	map = find_map(s, gen, pc);
	/* frames that call others must have a func, a file and a line (EMIT.md 2.2) */
	path = map != NULL ? table(s)->text + map->path : "";
	if (path[0] == '\0') {
		snprintf(s->func, sizeof(s->func), "0x%llx", (unsigned long long)pc);
		*out = (struct tt_emit_symbol){s->func, "?", 1};
		return;
	}
	out->file = path;
	out->line = pc - map->start + map->offset;
	snprintf(s->func, sizeof(s->func), "%s+0x%llx", base_name(path),
		 (unsigned long long)out->line);
	out->func = s->func;
}
