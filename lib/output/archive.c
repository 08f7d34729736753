/* SPDX-License-Identifier: MIT */
/*
 * archive.c - files into a tar or zip, through libarchive. An archive does not say who
 * wrote it or when: the same files give the same bytes.
 */
#include "output/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/libarchive.h"
#include "output/tempfile.h"
#include "tracetool_write.h"

struct archive_output {
	struct tt_output output;
	struct archive *a;
	struct archive_entry *entry;
	char *path;             /* NULL: stdout */
	struct tt_tempfile temp; /* none for stdout */
	int write_errno;        /* what stopped writing, or 0 */
	bool given_up;
	struct tt_error failed;
};

/*
 * Never reports an error to libarchive: an archive that failed does not free its
 * compressor. What comes after an error, or is given up, goes nowhere.
 */
static la_ssize_t on_write(struct archive *a, void *arg, const void *data, size_t nbytes)
{
	struct archive_output *o = arg;
	int fd = o->path != NULL ? o->temp.fd : STDOUT_FILENO;

	(void)a;
	if (!o->given_up && o->write_errno == 0 && !tt_write_all(fd, data, nbytes))
		o->write_errno = errno;
	return (la_ssize_t)nbytes;
}

/* After a call that returned `ok` or not. What went wrong is final: the bytes so far
 * are no archive. */
static int check(struct archive_output *o, bool ok, const char *name, struct tt_error *err)
{
	const char *text;

	if (ok && o->write_errno == 0)
		return 0;
	text = tt_la.archive_error_string(o->a);
	if (o->write_errno != 0)
		tt_fail_errno(&o->failed, o->write_errno, "cannot write %s", name);
	else if (tt_la.archive_errno(o->a) == ENOMEM || (text == NULL && errno == ENOMEM))
		tt_fail(&o->failed, TT_E_MEMORY, "no memory to write %s", name);
	else
		tt_fail(&o->failed, TT_E_IO, "cannot write %s: %s", name,
			text != NULL ? text : "libarchive gives no reason");
	*err = o->failed;
	return -err->code;
}

static void describe(struct archive_entry *entry, const char *name, size_t nbytes)
{
	tt_la.archive_entry_clear(entry);
	tt_la.archive_entry_set_pathname(entry, name);
	tt_la.archive_entry_set_filetype(entry, AE_IFREG);
	tt_la.archive_entry_set_perm(entry, 0644);
	tt_la.archive_entry_set_size(entry, (la_int64_t)nbytes);
	tt_la.archive_entry_set_mtime(entry, 0, 0);
	tt_la.archive_entry_set_uid(entry, 0);
	tt_la.archive_entry_set_gid(entry, 0);
}

static int archive_add(struct tt_output *output, const char *name, struct tt_str data,
		       struct tt_error *err)
{
	struct archive_output *o = (struct archive_output *)output;
	bool ok;

	if (o->failed.code != TT_OK) {
		*err = o->failed;
		return -err->code;
	}
	describe(o->entry, name, data.len);
	errno = 0;
	ok = tt_la.archive_write_header(o->a, o->entry) >= ARCHIVE_WARN;
	for (size_t n = 0; ok && n < data.len;) {
		la_ssize_t part = tt_la.archive_write_data(o->a, data.data + n, data.len - n);

		ok = part > 0;
		n += ok ? (size_t)part : 0;
	}
	ok = ok && tt_la.archive_write_finish_entry(o->a) >= ARCHIVE_WARN;
	return check(o, ok, name, err);
}

static int archive_finish(struct tt_output *output, struct tt_error *err)
{
	struct archive_output *o = (struct archive_output *)output;
	const char *title = o->path != NULL ? o->path : "to stdout";

	if (o->failed.code != TT_OK) {
		*err = o->failed;
		return -err->code;
	}
	errno = 0;
	if (check(o, tt_la.archive_write_close(o->a) >= ARCHIVE_WARN, title, err) != 0)
		return -err->code;
	if (o->path == NULL)
		return 0;
	if (!tt_tempfile_commit(&o->temp, o->path)) {
		tt_fail_errno(&o->failed, errno, "cannot write %s", title);
		*err = o->failed;
		return -err->code;
	}
	tt_sync_folder_of(o->path);
	return 0;
}

static void archive_close(struct tt_output *output)
{
	struct archive_output *o = (struct archive_output *)output;

	o->given_up = true; /* freeing it writes an end */
	tt_la.archive_write_free(o->a);
	tt_la.archive_entry_free(o->entry);
	tt_tempfile_drop(&o->temp);
	free(o->path);
	free(o);
}

static const struct tt_output_ops archive_ops = {archive_add, NULL, archive_finish, archive_close};

static int create(struct archive_output *o, const char *path, struct tt_error *err)
{
	o->path = strdup(path);
	if (o->path == NULL)
		return tt_fail(err, TT_E_MEMORY, "no memory for the output");
	return tt_tempfile_create(&o->temp, AT_FDCWD, path, path, err);
}

static bool set_kind(struct archive *a, enum tt_archive_kind kind)
{
	int r;

	if (kind == TT_ARCHIVE_ZIP)
		return tt_la.archive_write_set_format_zip(a) == ARCHIVE_OK;
	r = tt_la.archive_write_set_format_pax_restricted(a);
	if (r == ARCHIVE_OK && kind == TT_ARCHIVE_TAR_ZSTD)
		r = tt_la.archive_write_add_filter_zstd(a);
	if (r == ARCHIVE_OK && kind == TT_ARCHIVE_TAR_GZIP) {
		r = tt_la.archive_write_add_filter_gzip(a);
		if (r == ARCHIVE_OK)
			r = tt_la.archive_write_set_filter_option(a, "gzip", "timestamp", NULL);
	}
	return r == ARCHIVE_OK;
}

static int start(struct archive_output *o, enum tt_archive_kind kind, struct tt_error *err)
{
	o->a = tt_la.archive_write_new();
	o->entry = tt_la.archive_entry_new();
	if (o->a == NULL || o->entry == NULL)
		return tt_fail(err, TT_E_MEMORY, "no memory for the output");
	tt_la.archive_write_set_bytes_in_last_block(o->a, 1); /* no padding */
	return check(o, set_kind(o->a, kind) &&
			tt_la.archive_write_open(o->a, o, NULL, on_write, NULL) == ARCHIVE_OK,
		     o->path != NULL ? o->path : "to stdout", err);
}

int tt_output_open_archive(struct tt_output **out, const char *path, enum tt_archive_kind kind,
			   struct tt_error *err)
{
	struct archive_output *o;
	int rc = tt_la_need(err);

	if (rc < 0)
		return rc;
	o = calloc(1, sizeof(*o));
	if (o == NULL)
		return tt_fail(err, TT_E_MEMORY, "no memory for the output");
	o->output.ops = &archive_ops;
	o->temp.fd = -1;
	tt_error_clear(&o->failed);
	if (path != NULL)
		rc = create(o, path, err);
	if (rc == 0)
		rc = start(o, kind, err);
	if (rc != 0) {
		archive_close(&o->output);
		return rc;
	}
	*out = &o->output;
	return 0;
}
