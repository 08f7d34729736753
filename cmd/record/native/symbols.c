/* SPDX-License-Identifier: MIT */
/*
 * symbols.c - names for the code of a recorded program: which file is mapped where, as
 * the library in the program reports, and what is there in that file. Command layer,
 * inside record only.
 *
 * Old maps are kept for some time: addresses in them may follow later.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elf.h"
#include "native.h"
#include "tracetool_write.h"

/* Texts of maps that are kept, the newest first. */
#define NTEXTS 8
/* Addresses below this are not code: the emitter has names for them. */
#define LOWEST_CODE 4096

struct module {
	struct module *next;
	char *path;
	struct native_elf *elf; /* NULL: has no names */
};

struct mapping {
	uint64_t start, end, offset;
	struct module *module;
};

struct mappings {
	struct mapping *at;
	size_t n, cap;
};

struct named {
	uint64_t pc;            /* 0: free */
	const char *func, *file;
	uint64_t line;
};

struct native_symbols {
	struct native_shared *shared;
	uint32_t nmaps;         /* read so far */
	struct mappings texts[NTEXTS];
	struct module *modules;
	char *text;             /* a copy of what the program wrote */
	struct named *cache;
	size_t ncached, cache_size;
	char func[PATH_MAX + 32];
};

struct native_symbols *native_symbols_new(struct native_shared *shared)
{
	struct native_symbols *n = calloc(1, sizeof(*n));

	if (n)
		n->shared = shared;
	return n;
}

void native_symbols_free(struct native_symbols *n)
{
	struct module *m;

	if (!n)
		return;
	while ((m = n->modules)) {
		n->modules = m->next;
		native_elf_close(m->elf);
		free(m->path);
		free(m);
	}
	for (int i = 0; i < NTEXTS; i++)
		free(n->texts[i].at);
	for (size_t i = 0; i < n->cache_size; i++)
		free((char *)(uintptr_t)n->cache[i].func);
	free(n->cache);
	free(n->text);
	free(n);
}

/* ---- maps */

static struct module *module_of(struct native_symbols *n, const char *path)
{
	struct module *m = n->modules;

	while (m && strcmp(m->path, path) != 0)
		m = m->next;
	if (m)
		return m;
	m = calloc(1, sizeof(*m));
	if (!m)
		return NULL;
	m->path = strdup(path);
	if (!m->path) {
		free(m);
		return NULL;
	}
	m->elf = native_elf_open(path);
	m->next = n->modules;
	n->modules = m;
	return m;
}

/* START-END PERMS OFFSET DEVICE INODE PATH, code only. */
static bool parse_mapping(struct native_symbols *n, const char *line, struct mapping *m)
{
	char perms[5];
	int at = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %*s %*s %n", &m->start, &m->end,
		   perms, &m->offset, &at) != 4 ||
	    at == 0 || line[at] != '/' || !strchr(perms, 'x'))
		return false;
	m->module = module_of(n, line + at);
	return m->module != NULL;
}

static void add_mapping(struct mappings *maps, const struct mapping *m)
{
	if (maps->n == maps->cap) {
		size_t cap = maps->cap ? maps->cap * 2 : 64;
		struct mapping *at = realloc(maps->at, cap * sizeof(*at));

		if (!at)
			return;
		maps->at = at;
		maps->cap = cap;
	}
	maps->at[maps->n++] = *m;
}

static void parse_mappings(struct native_symbols *n, char *text)
{
	struct mappings maps = { 0 };
	struct mapping m;
	char *save, *line;

	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (parse_mapping(n, line, &m))
			add_mapping(&maps, &m);
	}
	if (maps.n == n->texts[0].n && maps.n > 0 &&
	    memcmp(maps.at, n->texts[0].at, maps.n * sizeof(m)) == 0) {
		free(maps.at);
		return;
	}
	free(n->texts[NTEXTS - 1].at);
	memmove(&n->texts[1], &n->texts[0], (NTEXTS - 1) * sizeof(maps));
	n->texts[0] = maps;
}

/* Reads the newest text if there is a new one, unless the program changes it meanwhile. */
static void read_new_mappings(struct native_symbols *n)
{
	struct native_shared *s = n->shared;
	uint32_t number = atomic_load_explicit(&s->nmaps, memory_order_acquire);
	uint32_t len = s->maps_nbytes[number % 2];

	if (number == n->nmaps || len > NATIVE_MAPS_NBYTES)
		return;
	if (!n->text)
		n->text = malloc(NATIVE_MAPS_NBYTES + 1);
	if (!n->text)
		return;
	memcpy(n->text, s->maps[number % 2], len);
	n->text[len] = '\0';
	if (atomic_load(&s->nmaps) - number > 1)
		return;
	n->nmaps = number;
	parse_mappings(n, n->text);
}

static const struct mapping *mapping_of(const struct native_symbols *n, uint64_t pc)
{
	for (int i = 0; i < NTEXTS; i++) {
		for (size_t k = 0; k < n->texts[i].n; k++) {
			const struct mapping *m = &n->texts[i].at[k];

			if (pc >= m->start && pc < m->end)
				return m;
		}
	}
	return NULL;
}

/* ---- cache */

static struct named *slot(const struct native_symbols *n, uint64_t pc)
{
	size_t at = pc * UINT64_C(0x9e3779b97f4a7c15) >> 32;

	while (n->cache[at % n->cache_size].pc != 0 && n->cache[at % n->cache_size].pc != pc)
		at++;
	return &n->cache[at % n->cache_size];
}

static bool make_cache_room(struct native_symbols *n)
{
	struct native_symbols larger = *n;

	if (n->ncached * 2 < n->cache_size)
		return true;
	larger.cache_size = n->cache_size ? n->cache_size * 2 : 1024;
	larger.cache = calloc(larger.cache_size, sizeof(*larger.cache));
	if (!larger.cache)
		return false;
	for (size_t i = 0; i < n->cache_size; i++) {
		if (n->cache[i].pc != 0)
			*slot(&larger, n->cache[i].pc) = n->cache[i];
	}
	free(n->cache);
	n->cache = larger.cache;
	n->cache_size = larger.cache_size;
	return true;
}

/* ---- names */

/* Of the call before a return address. Without a name: its offset in its file. */
static struct tt_symbol look_up(struct native_symbols *n, uint64_t pc)
{
	const struct mapping *m = mapping_of(n, pc - 1);
	struct native_location place = { 0 };
	uint64_t offset;

	if (!m) {
		snprintf(n->func, sizeof(n->func), "0x%" PRIx64, pc);
		return (struct tt_symbol){ n->func, "?", 1 };
	}
	offset = pc - 1 - m->start + m->offset;
	if (m->module->elf)
		place = native_elf_find(m->module->elf, offset);
	if (!place.func) {
		snprintf(n->func, sizeof(n->func), "%s+0x%" PRIx64,
			 cmd_base_name(m->module->path), offset);
		place.func = n->func;
	}
	if (!place.file) {
		place.file = m->module->path;
		place.line = offset;
	}
	return (struct tt_symbol){ place.func, place.file, place.line };
}

bool native_symbols_find(void *arg, uint64_t pc, struct tt_symbol *out)
{
	struct native_symbols *n = arg;
	struct named *known;
	char *func;

	if (pc < LOWEST_CODE)
		return false;
	read_new_mappings(n);
	if (!make_cache_room(n)) {
		*out = look_up(n, pc);
		return true;
	}
	known = slot(n, pc);
	if (known->pc == 0) {
		*out = look_up(n, pc);
		func = strdup(out->func);
		if (!func)
			return true;
		*known = (struct named){ pc, func, out->file, out->line };
		n->ncached++;
	}
	*out = (struct tt_symbol){ known->func, known->file, known->line };
	return true;
}
