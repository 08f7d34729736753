/* SPDX-License-Identifier: MIT */
/* partfile.c - one file in whole parts, plain or as zstd frames. Stands on base. */
#include "output/partfile.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/idmap.h"
#include "output/output.h"

#define MAX_TRIES 100
/* What ZSTD_CStreamOutSize() gives: room for any block. */
#define PACKED_NBYTES ((size_t)(128 << 10) + 1024)

struct tt_partfile {
	int fd;
	bool owned;
	char *title;            /* as messages name it */
	char *target;           /* NULL: written in place */
	char *temporary;
	uint64_t nbytes, marked; /* in the file: all, and up to the last mark */
	ZSTD_CCtx *zstd;        /* NULL: as it is */
	bool in_frame;
	struct tt_error failed;
	uint8_t packed[PACKED_NBYTES];
};

/* ----------------------------------------------------------------- opening */

static bool written_in_place(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static int open_temporary(struct tt_partfile *s)
{
	for (int i = 0; i < MAX_TRIES; i++) {
		if (asprintf(&s->temporary, "%s.%08x.tmp", s->target,
			     (unsigned)(uint32_t)tt_random_seed()) < 0) {
			s->temporary = NULL;
			errno = ENOMEM;
			return -1;
		}
		s->fd = open(s->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			     0666);
		if (s->fd >= 0)
			return 0;
		free(s->temporary);
		s->temporary = NULL;
		if (errno != EEXIST && errno != EINTR)
			return -1;
	}
	return -1;
}

static int open_file(struct tt_partfile *s, const char *path, struct tt_error *err)
{
	struct stat st;

	if (written_in_place(path)) {
		s->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	} else if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		errno = EISDIR;
	} else {
		/* behind a symbolic link, so that the link stays */
		s->target = realpath(path, NULL);
		if (s->target == NULL)
			s->target = strdup(path);
		if (s->target == NULL || open_temporary(s) < 0)
			s->fd = -1;
	}
	s->owned = s->fd >= 0;
	return s->owned ? 0 : tt_fail_errno(err, errno, "cannot write %s", path);
}

int tt_partfile_open(struct tt_partfile **out, const char *path, bool zstd, struct tt_error *err)
{
	struct tt_partfile *s = calloc(1, sizeof(*s));
	int rc = 0;

	*out = NULL;
	if (s == NULL)
		return tt_fail(err, TT_E_MEMORY, "no memory for the output");
	tt_error_clear(&s->failed);
	s->fd = -1;
	s->title = strdup(path != NULL ? path : "the standard output");
	if (zstd)
		s->zstd = ZSTD_createCCtx();
	if (s->title == NULL || (zstd && s->zstd == NULL))
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

/* ----------------------------------------------------------------- writing */

bool tt_partfile_takes_back(const struct tt_partfile *s)
{
	return s->temporary != NULL;
}

uint64_t tt_partfile_nbytes(const struct tt_partfile *s)
{
	return s->marked;
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
	return result(s, err);
}

int tt_partfile_mark(struct tt_partfile *s, struct tt_error *err)
{
	if (s->failed.code == TT_OK && s->zstd != NULL && s->in_frame)
		(void)pack(s, "", 0, ZSTD_e_end);
	if (s->failed.code == TT_OK) {
		/* Begin to bring it to the disk; nobody waits for it. */
		if (s->temporary != NULL)
			(void)sync_file_range(s->fd, (off_t)s->marked,
					      (off_t)(s->nbytes - s->marked),
					      SYNC_FILE_RANGE_WRITE);
		s->marked = s->nbytes;
	}
	return result(s, err);
}

/* ------------------------------------------------------------------ ending */

/* The rename itself is on disk only with its folder. */
static void sync_folder(const char *path)
{
	char *copy = strdup(path);
	int fd = copy != NULL ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
	free(copy);
}

static int commit(struct tt_partfile *s)
{
	if (s->nbytes != s->marked && ftruncate(s->fd, (off_t)s->marked) != 0)
		return -1;
	/* Some file systems have nothing to sync. */
	if (fdatasync(s->fd) != 0 && errno != EINVAL && errno != EROFS)
		return -1;
	if (rename(s->temporary, s->target) != 0)
		return -1;
	sync_folder(s->target);
	return 0;
}

int tt_partfile_finish(struct tt_partfile *s, struct tt_error *err)
{
	if (s->temporary == NULL || s->marked == 0)
		return 0;
	if (commit(s) != 0) {
		tt_fail_errno(err, errno, "cannot complete %s; what came lies in %s", s->title,
			      s->temporary);
		free(s->temporary);
		s->temporary = NULL; /* it stays */
		return -err->code;
	}
	free(s->temporary);
	s->temporary = NULL;
	return 0;
}

void tt_partfile_close(struct tt_partfile *s)
{
	if (s == NULL)
		return;
	if (s->owned)
		close(s->fd);
	if (s->temporary != NULL)
		unlink(s->temporary);
	ZSTD_freeCCtx(s->zstd);
	free(s->temporary);
	free(s->target);
	free(s->title);
	free(s);
}
