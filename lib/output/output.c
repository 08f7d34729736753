/* SPDX-License-Identifier: MIT */
/* output.c - decides by an output's name what it is, and checks the names of the files
 * in it. */
#include "output/output.h"

#include <assert.h>
#include <string.h>
#include <sys/stat.h>

#include "tracetool_write.h"

static const struct {
	const char *ending;
	enum tt_archive_kind kind;
} written[] = {
	{".tar", TT_ARCHIVE_TAR},
	{".tar.zst", TT_ARCHIVE_TAR_ZSTD},
	{".tar.gz", TT_ARCHIVE_TAR_GZIP},
	{".tgz", TT_ARCHIVE_TAR_GZIP},
	{".tzst", TT_ARCHIVE_TAR_ZSTD},
	{".zip", TT_ARCHIVE_ZIP},
};

/* An output with such a name was not meant to be a folder. */
static const char *const not_written[] = {
	".tar.xz", ".tar.bz2", ".tar.lz4", ".tar.lz", ".tar.Z", ".tbz", ".tbz2", ".txz",
	".zst",    ".gz",      ".xz",      ".bz2",    ".lz4",   ".7z",  ".rar",  ".cpio", ".jar",
};

static bool ends_with(const char *path, const char *ending)
{
	size_t n = strlen(path), m = strlen(ending);

	return n > m && strcmp(path + n - m, ending) == 0;
}

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int tt_output_open(struct tt_output **out, const char *path, struct tt_error *err)
{
	assert(out != NULL && path != NULL && err != NULL);
	*out = NULL;
	if (strcmp(path, "-") == 0)
		return tt_output_open_archive(out, NULL, TT_ARCHIVE_TAR, err);
	if (is_folder(path))
		return tt_output_open_folder(out, path, err);
	for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++)
		if (ends_with(path, written[i].ending))
			return tt_output_open_archive(out, path, written[i].kind, err);
	for (size_t i = 0; i < sizeof(not_written) / sizeof(not_written[0]); i++)
		if (ends_with(path, not_written[i]))
			return tt_fail(err, TT_E_ARGUMENT,
				       "cannot write a %s: use .tar, .tar.zst, .tar.gz, .zip or a folder",
				       not_written[i]);
	return tt_output_open_folder(out, path, err);
}

/* Relative, and no part of it empty, `.` or `..`. */
static bool is_inside(const char *name)
{
	for (;;) {
		size_t n = strcspn(name, "/");

		if (n == 0 || (n == 1 && name[0] == '.') || (n == 2 && memcmp(name, "..", 2) == 0))
			return false;
		if (name[n] == '\0')
			return true;
		name += n + 1;
	}
}

static int check_name(const char *name, struct tt_error *err)
{
	if (is_inside(name))
		return 0;
	return tt_fail(err, TT_E_ARGUMENT, "\"%.200s\" is not a valid name for an output file",
		       name);
}

int tt_output_add(struct tt_output *o, const char *name, const void *data, size_t nbytes,
		  struct tt_error *err)
{
	struct tt_str bytes = {data, nbytes};
	int rc;

	assert(o != NULL && name != NULL && (data != NULL || nbytes == 0));
	rc = check_name(name, err);
	return rc != 0 ? rc : o->ops->add(o, name, bytes, err);
}

int tt_output_remove(struct tt_output *o, const char *name, struct tt_error *err)
{
	int rc = check_name(name, err);

	return rc != 0 || o->ops->remove == NULL ? rc : o->ops->remove(o, name, err);
}

int tt_output_finish(struct tt_output *o, struct tt_error *err)
{
	return o->ops->finish(o, err);
}

void tt_output_close(struct tt_output *o)
{
	if (o != NULL)
		o->ops->close(o);
}
