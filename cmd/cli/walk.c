/* SPDX-License-Identifier: MIT */
/* walk.c - the files in folders and the folders below them. Command layer. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tracetool.h"
#include "walk.h"

struct walk_level {
	char *path;
	struct dirent **entries;
	size_t n, at;
};

/* ---- one folder */

static int is_wanted(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
	       !tt_is_litter(entry->d_name);
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void leave(struct walk *w)
{
	struct walk_level *level = &w->levels[--w->n];

	for (size_t i = level->at; i < level->n; i++)
		free(level->entries[i]);
	free(level->entries);
	free(level->path);
}

static int reserve(struct walk *w)
{
	size_t capacity = w->capacity ? w->capacity * 2 : 8;
	struct walk_level *grown;

	if (w->n < w->capacity)
		return 0;
	grown = realloc(w->levels, capacity * sizeof(*grown));
	if (!grown)
		return ENOMEM;
	w->levels = grown;
	w->capacity = capacity;
	return 0;
}

/* Reads the names in a folder. 0, or an errno. */
static int enter(struct walk *w, const char *path)
{
	struct walk_level level = { 0 };
	int failure;
	int n;

	if (reserve(w) != 0)
		return ENOMEM;
	level.path = strdup(path);
	if (!level.path)
		return ENOMEM;
	n = scandir(path, &level.entries, is_wanted, by_bytes);
	if (n < 0) {
		failure = errno;
		free(level.path);
		return failure;
	}
	level.n = (size_t)n;
	w->levels[w->n++] = level;
	return 0;
}

static char *join(const char *folder, const char *name)
{
	size_t n = strlen(folder);
	char *path;

	if (asprintf(&path, "%s%s%s", folder, n > 0 && folder[n - 1] == '/' ? "" : "/", name) < 0)
		return NULL;
	return path;
}

/* ---- the walk */

static void forget(struct walk *w)
{
	while (w->n > 0)
		leave(w);
	free(w->path);
	w->path = NULL;
}

int walk_begin(struct walk *w, const char *folder)
{
	forget(w);
	return enter(w, folder);
}

/* The path of the next entry of the innermost folder, also in *path. 0, or an errno. */
static int next_entry(struct walk *w, const char **path)
{
	struct walk_level *level = &w->levels[w->n - 1];
	struct dirent *entry = level->entries[level->at++];

	free(w->path);
	w->path = join(level->path, entry->d_name);
	free(entry);
	*path = w->path;
	return w->path ? 0 : ENOMEM;
}

/* What a path is: S_IFREG, S_IFDIR, or 0 for what is passed over. Links to folders are, or a
 * walk could be endless, and links to nothing. 0, or an errno. */
static int kind_of(const char *path, mode_t *kind)
{
	struct stat st, target;

	*kind = 0;
	if (lstat(path, &st) != 0)
		return errno;
	if (!S_ISLNK(st.st_mode))
		*kind = st.st_mode & S_IFMT;
	else if (stat(path, &target) == 0 && S_ISREG(target.st_mode))
		*kind = S_IFREG;
	return 0;
}

int walk_next(struct walk *w, const char **path)
{
	while (w->n > 0) {
		mode_t kind;
		int failure;

		if (w->levels[w->n - 1].at == w->levels[w->n - 1].n) {
			leave(w);
			continue;
		}
		failure = next_entry(w, path);
		if (failure == 0)
			failure = kind_of(*path, &kind);
		if (failure == 0 && kind == S_IFREG)
			return 0;
		if (failure == 0 && kind == S_IFDIR)
			failure = enter(w, *path);
		if (failure != 0)
			return -failure;
	}
	*path = NULL;
	return 1;
}

void walk_release(struct walk *w)
{
	forget(w);
	free(w->levels);
	*w = (struct walk){ 0 };
}
