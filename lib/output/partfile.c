/* SPDX-License-Identifier: MIT */
/* partfile.c - one file in whole parts, plain or as zstd frames. */
#include "output/partfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "output/seektable.h"
#include "output/tempfile.h"

/* What ZSTD_CStreamOutSize() gives: room for any block. */
#define PACKED_NBYTES ((size_t)(128 << 10) + 1024)

struct tt_partfile {
	int fd;                 /* to write to: of `temp`, or where it is written in place */
	bool in_place;
	char *title;            /* as messages name it */
	char *target;           /* NULL: in place */
	struct tt_tempfile temp;
	uint64_t nbytes, marked; /* in the file: all, and up to the last mark */
	uint64_t unpacked, unpacked_marked; /* the same before packing */
	ZSTD_CCtx *zstd;        /* NULL: as it is */
	bool in_frame;
	struct tt_seektable table; /* of its frames, which a file ends with */
	uint64_t table_nbytes;  /* of that, once it is written */
	struct tt_error failed;
	uint8_t packed[PACKED_NBYTES];
};

/* ---- opening */

static bool written_in_place(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static int open_file(struct tt_partfile *s, const char *path, struct tt_error *err)
{
	struct stat st;
	int rc;

	if (written_in_place(path)) {
		s->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
		s->in_place = s->fd >= 0;
		return s->in_place ? 0 : tt_fail_errno(err, errno, "cannot write %s", path);
	}
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return tt_fail_errno(err, EISDIR, "cannot write %s", path);
	/* where a symbolic link leads, so that the link stays */
	s->target = realpath(path, NULL);
	if (s->target == NULL)
		s->target = strdup(path);
	if (s->target == NULL)
		return tt_fail_errno(err, ENOMEM, "cannot write %s", path);
	rc = tt_tempfile_create_named(&s->temp, AT_FDCWD, s->target, path, err);
	s->fd = s->temp.fd;
	return rc;
}

int tt_partfile_open(struct tt_partfile **out, const char *path, bool zstd, struct tt_error *err)
{
	struct tt_partfile *s = calloc(1, sizeof(*s));
	int rc = 0;

	*out = NULL;
	if (s == NULL)
		return tt_fail(err, TT_E_MEMORY, "no memory for the output");
	tt_error_clear(&s->failed);
	s->table.entries.mem = &s->table.mem;
	s->fd = s->temp.fd = -1;
	s->title = strdup(path != NULL ? path : "standard output");
	if (zstd)
		s->zstd = ZSTD_createCCtx();
	if (s->title == NULL || (zstd && (s->zstd == NULL || !tt_seektable_init(&s->table))))
		rc = tt_fail(err, TT_E_MEMORY, "no memory for the output");
	if (rc == 0 && zstd)
		(void)ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_checksumFlag, 1);
	if (path == NULL)
		s->fd = STDOUT_FILENO;
	else if (rc == 0)
		rc = open_file(s, path, err);
	if (rc != 0) {
		tt_partfile_close(s);
		return rc;
	}
	*out = s;
	return 0;
}

/* ---- writing */

bool tt_partfile_takes_back(const struct tt_partfile *s)
{
	return s->temp.name != NULL;
}

uint64_t tt_partfile_nbytes(const struct tt_partfile *s)
{
	return s->marked + s->table_nbytes;
}

uint64_t tt_partfile_unpacked_nbytes(const struct tt_partfile *s)
{
	return s->unpacked_marked;
}

static int put(struct tt_partfile *s, const void *data, size_t nbytes)
{
	if (nbytes == 0)
		return 0;
	if (!tt_write_all(s->fd, data, nbytes))
		return tt_fail_errno(&s->failed, errno, "cannot write %s", s->title);
	s->nbytes += nbytes;
	return 0;
}

static int pack(struct tt_partfile *s, const void *data, size_t nbytes, ZSTD_EndDirective how)
{
	ZSTD_inBuffer in = {data, nbytes, 0};
	size_t left;

	do {
		ZSTD_outBuffer out = {s->packed, sizeof(s->packed), 0};

		left = ZSTD_compressStream2(s->zstd, &out, &in, how);
		if (ZSTD_isError(left))
			return tt_fail(&s->failed, TT_E_MEMORY, "cannot compress: %s",
				       ZSTD_getErrorName(left));
		if (put(s, s->packed, out.pos) != 0)
			return -s->failed.code;
	} while (how == ZSTD_e_end ? left != 0 : in.pos < in.size);
	s->in_frame = how != ZSTD_e_end;
	return 0;
}

static int result(struct tt_partfile *s, struct tt_error *err)
{
	if (s->failed.code != TT_OK)
		*err = s->failed;
	return -s->failed.code;
}

int tt_partfile_write(struct tt_partfile *s, const void *data, size_t nbytes, struct tt_error *err)
{
	if (s->failed.code == TT_OK && nbytes != 0)
		(void)(s->zstd != NULL ? pack(s, data, nbytes, ZSTD_e_continue)
				       : put(s, data, nbytes));
	s->unpacked += nbytes;
	return result(s, err);
}

int tt_partfile_mark(struct tt_partfile *s, struct tt_error *err)
{
	if (s->failed.code == TT_OK && s->zstd != NULL && s->in_frame &&
	    pack(s, "", 0, ZSTD_e_end) == 0)
		tt_seektable_add(&s->table, s->nbytes - s->marked, s->unpacked - s->unpacked_marked);
	if (s->failed.code == TT_OK) {
		/* Begin to write it to the disk; nobody waits for it. */
		if (s->temp.name != NULL)
			(void)sync_file_range(s->fd, (off_t)s->marked,
					      (off_t)(s->nbytes - s->marked),
					      SYNC_FILE_RANGE_WRITE);
		s->marked = s->nbytes;
		s->unpacked_marked = s->unpacked;
	}
	return result(s, err);
}

/* ---- ending */

static int fail_to_finish(struct tt_partfile *s, const char *title, struct tt_error *err)
{
	/* (renamed already, if what failed is the closing) */
	tt_fail_errno(err, errno, "cannot complete %s; the data received is in %s", title,
		      s->temp.name != NULL ? s->temp.name : title);
	tt_tempfile_leave(&s->temp);
	return -err->code;
}

/* Drops what came after the last mark. */
static bool cut_to_mark(struct tt_partfile *s)
{
	return s->nbytes == s->marked || ftruncate(s->fd, (off_t)s->marked) == 0;
}

/* Then the file is what it is going to be. */
static bool complete(struct tt_partfile *s)
{
	const uint8_t *table;
	size_t nbytes;

	if (!cut_to_mark(s))
		return false;
	tt_seektable_finish(&s->table, &table, &nbytes);
	if (nbytes == 0)
		return true;
	s->table_nbytes = nbytes;
	return lseek(s->fd, (off_t)s->marked, SEEK_SET) >= 0 &&
	       tt_write_all(s->fd, table, nbytes);
}

int tt_partfile_finish(struct tt_partfile *s, struct tt_error *err)
{
	if (s->temp.name == NULL || s->marked == 0)
		return 0;
	if (!complete(s) || !tt_tempfile_commit(&s->temp, s->target))
		return fail_to_finish(s, s->title, err);
	tt_sync_folder_of(s->target);
	return 0;
}

int tt_partfile_finish_new(struct tt_partfile *s, const char *path, struct tt_error *err)
{
	if (s->temp.name == NULL || s->marked == 0)
		return 0;
	if (!complete(s) || !tt_tempfile_commit_new(&s->temp, path)) {
		if (errno == EEXIST && s->temp.name != NULL)
			return TT_END;
		return fail_to_finish(s, path, err);
	}
	tt_sync_folder_of(path);
	return 0;
}

void tt_partfile_close(struct tt_partfile *s)
{
	if (s == NULL)
		return;
	if (s->in_place)
		close(s->fd);
	tt_tempfile_drop(&s->temp);
	ZSTD_freeCCtx(s->zstd);
	tt_seektable_release(&s->table);
	free(s->target);
	free(s->title);
	free(s);
}
