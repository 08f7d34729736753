/* SPDX-License-Identifier: MIT */
/* reads.c - the files that a run reads. Command layer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "reads.h"

struct read_file {
	dev_t device;
	ino_t inode;
};

static int compare_files(const void *a, const void *b)
{
	const struct read_file *x = a, *y = b;

	if (x->device != y->device)
		return x->device < y->device ? -1 : 1;
	return (x->inode > y->inode) - (x->inode < y->inode);
}

/* Whether a file is at the path, or at what comes before one of its colons. */
static bool find_file(const char *path, struct stat *st)
{
	bool found = stat(path, st) == 0;

	for (const char *colon = strchr(path, ':'); colon && !found;
	     colon = strchr(colon + 1, ':')) {
		char *archive = strndup(path, (size_t)(colon - path));

		found = archive && stat(archive, st) == 0;
		free(archive);
	}
	return found;
}

bool reads_add(struct reads *r, const char *path)
{
	struct stat st;

	if (!find_file(path, &st))
		return true;
	if (r->n == r->room) {
		size_t room = 2 * r->room + 16;
		struct read_file *files = realloc(r->files, room * sizeof(*files));

		if (!files)
			return false;
		r->files = files;
		r->room = room;
	}
	r->files[r->n++] = (struct read_file){ st.st_dev, st.st_ino };
	return true;
}

bool reads_add_list(struct reads *r, const struct opt_list *paths)
{
	for (size_t i = 0; i < paths->n; i++) {
		if (!reads_add(r, paths->items[i]))
			return false;
	}
	return true;
}

void reads_sort(struct reads *r)
{
	if (r->n > 1)
		qsort(r->files, r->n, sizeof(*r->files), compare_files);
}

bool reads_have(const struct reads *r, const char *folder, const char *name)
{
	struct read_file file;
	struct stat st;
	char *path;
	bool exists;

	if (r->n == 0 || asprintf(&path, "%s/%s", folder, name) < 0)
		return false;
	/* (a link is replaced, not the file that it leads to) */
	exists = lstat(path, &st) == 0;
	free(path);
	file = (struct read_file){ st.st_dev, st.st_ino };
	return exists && bsearch(&file, r->files, r->n, sizeof(file), compare_files) != NULL;
}

void reads_release(struct reads *r)
{
	free(r->files);
	*r = (struct reads){ 0 };
}
