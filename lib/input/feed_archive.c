/* SPDX-License-Identifier: MIT */
/*
 * feed_archive.c - what libarchive unpacks: compressed data, and members of
 * tar and zip archives.
 *
 * Each layer does one of both, so that a compressed archive, or compressed data
 * in an archive, is two layers, and each layer enables only the formats of libarchive
 * that it needs.
 */
#include "input/feed.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/libarchive.h"

#define IN_NBYTES ((size_t)128 << 10)
/* Looking for further members before the first is read ends after so much
 * input; then they are found after it. */
#define MAX_SCAN_NBYTES (UINT64_C(1) << 30)
#define MAX_LISTED 10
#define LISTED_NAME_NBYTES 128

/* Names of members, for a message. */
struct list {
	char text[1700];
	size_t nbytes;
	uint64_t count;
};

struct archive_feed {
	struct tt_feed feed;
	struct archive *a;
	uint8_t *in;            /* IN_NBYTES of what is below */
	bool in_dry;            /* there was no more below */
	uint64_t in_nbytes;     /* of what is below, read so far */
	uint64_t in_zeros;      /* at the end of that */
	uint64_t in_max;        /* reads as an end from here on */
	bool in_cut;            /* and has done so */
	const uint8_t *block;   /* unpacked and not yet taken */
	size_t block_nbytes;
	uint64_t out_nbytes;    /* handed out in blocks */
	bool flawed;            /* libarchive gave a block and complained */
	bool compressed;        /* compressed data, not an archive */
	bool no_data;           /* there is nothing inside */
	bool more_unknown;      /* of a member: there may be others, */
	char name[TT_MEMBER_NAME_NBYTES]; /* and its path in the archive */
	struct list list;
};

/* ---- what libarchive calls */

static size_t zeros_at_end(const uint8_t *p, size_t n)
{
	size_t at = n;

	while (at > 0 && p[at - 1] == 0)
		at--;
	return n - at;
}

static la_ssize_t on_read(struct archive *a, void *arg, const void **data)
{
	struct archive_feed *f = arg;
	struct tt_error err;
	size_t got, zeros;

	if (f->in_nbytes >= f->in_max) {
		f->in_cut = true;
		return 0;
	}
	if (tt_feed_read(f->feed.below, f->in, IN_NBYTES, &got, &err) != 0) {
		tt_la.archive_set_error(a, err.system_errno, "%s", err.message);
		return -1;
	}
	f->in_dry = got == 0;
	if (f->in_dry)
		return 0;
	f->in_nbytes += got;
	zeros = zeros_at_end(f->in, got);
	f->in_zeros = zeros == got ? f->in_zeros + got : zeros;
	*data = f->in;
	return (la_ssize_t)got;
}

/* Of a feed that is `random` only. */
static la_int64_t go_to(struct archive_feed *f, uint64_t offset)
{
	struct tt_error err;

	if (offset > f->feed.below->size)
		offset = f->feed.below->size;
	if (tt_feed_seek(f->feed.below, offset, &err) != 0)
		return ARCHIVE_FATAL;
	return (la_int64_t)offset;
}

static la_int64_t on_skip(struct archive *a, void *arg, la_int64_t request)
{
	struct archive_feed *f = arg;
	uint64_t was = f->feed.below->at;
	la_int64_t now;

	(void)a;
	if (request <= 0)
		return 0;
	now = go_to(f, was + (uint64_t)request);
	return now < 0 ? now : now - (la_int64_t)was;
}

static la_int64_t on_seek(struct archive *a, void *arg, la_int64_t offset, int whence)
{
	struct archive_feed *f = arg;
	la_int64_t from = 0;

	(void)a;
	if (whence == SEEK_CUR)
		from = (la_int64_t)f->feed.below->at;
	else if (whence == SEEK_END)
		from = (la_int64_t)f->feed.below->size;
	if (__builtin_add_overflow(from, offset, &from) || from < 0)
		return ARCHIVE_FATAL;
	return go_to(f, (uint64_t)from);
}

/* ---- one archive handle */

/* libarchive's text may end in a newline, or quote the archive. */
static void one_line(char *out, size_t size, const char *text)
{
	size_t n = strlen(text);

	while (n != 0 && text[n - 1] == '\n')
		n--;
	if (n > size - 1)
		n = size - 1;
	for (size_t i = 0; i < n; i++)
		out[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? '?' : text[i];
	out[n] = '\0';
}

/* What libarchive says, or what the feed below it said. */
static int fail(struct archive_feed *f, struct tt_error *err)
{
	const char *text = f->a != NULL ? tt_la.archive_error_string(f->a) : NULL;
	const char *what = f->compressed ? "compressed data" : "archive";
	char reason[256];

	if (f->feed.below->error.code != TT_OK) {
		*err = f->feed.below->error;
		return -err->code;
	}
	if (f->a == NULL || tt_la.archive_errno(f->a) == ENOMEM)
		return tt_fail(err, TT_E_MEMORY, "no memory to unpack");
	one_line(reason, sizeof(reason), text != NULL ? text : "libarchive gives no reason");
	if (f->in_dry)
		return tt_fail(err, TT_E_INPUT, "the %s is cut off (%s)", what, reason);
	return tt_fail(err, TT_E_INPUT, "damaged %s: %s", what, reason);
}

static void choose_formats(const struct archive_feed *f)
{
	if (!f->compressed) {
		tt_la.archive_read_support_format_tar(f->a);
		tt_la.archive_read_support_format_zip(f->a);
		return;
	}
	tt_la.archive_read_support_format_raw(f->a);
	tt_la.archive_read_support_format_empty(f->a);
	tt_la.archive_read_support_filter_bzip2(f->a);
	tt_la.archive_read_support_filter_xz(f->a);
	tt_la.archive_read_support_filter_lzip(f->a);
	tt_la.archive_read_support_filter_lz4(f->a);
	tt_la.archive_read_support_filter_compress(f->a);
}

static void set_callbacks(struct archive_feed *f)
{
	tt_la.archive_read_set_callback_data(f->a, f);
	tt_la.archive_read_set_read_callback(f->a, on_read);
	if (f->feed.below->random) {
		tt_la.archive_read_set_skip_callback(f->a, on_skip);
		tt_la.archive_read_set_seek_callback(f->a, on_seek);
	}
}

/* From the start of what is below, or, if that is a pipe, from where it is: then
 * this is called once only. */
static int start(struct archive_feed *f, struct tt_error *err)
{
	if (f->feed.below->ops->seek != NULL && tt_feed_seek(f->feed.below, 0, err) != 0)
		return -err->code;
	tt_la.archive_read_free(f->a);
	f->in_nbytes = f->in_zeros = f->out_nbytes = 0;
	f->block_nbytes = 0;
	f->in_max = UINT64_MAX;
	f->in_dry = f->in_cut = f->flawed = false;
	f->a = tt_la.archive_read_new();
	if (f->a == NULL)
		return fail(f, err);
	choose_formats(f);
	set_callbacks(f);
	return tt_la.archive_read_open1(f->a) < ARCHIVE_WARN ? fail(f, err) : 0;
}

/* 0, or 1 at the end. */
static int next_block(struct archive_feed *f, struct tt_error *err)
{
	const void *data = NULL;
	size_t n = 0;
	la_int64_t at = (la_int64_t)f->out_nbytes;
	int r = ARCHIVE_OK;

	if (f->flawed)
		return fail(f, err);
	if (f->no_data)
		return 1;
	while (r == ARCHIVE_OK && n == 0)
		r = tt_la.archive_read_data_block(f->a, &data, &n, &at);
	if (r != ARCHIVE_OK && r != ARCHIVE_EOF && r != ARCHIVE_WARN)
		return fail(f, err);
	/* No trace has holes; one that grows from nothing to any size is a trap. */
	if (at != (la_int64_t)f->out_nbytes)
		return tt_fail(err, TT_E_INPUT,
			       "the archive's member is a sparse file (has holes)");
	if (r == ARCHIVE_EOF)
		return 1;
	f->flawed = r == ARCHIVE_WARN;
	if (n == 0)
		return fail(f, err);
	f->block = data;
	f->block_nbytes = n;
	f->out_nbytes += n;
	return 0;
}

static int read_blocks(struct archive_feed *f, uint8_t *buf, size_t room, size_t *got,
		       struct tt_error *err)
{
	if (f->block_nbytes == 0) {
		int rc = next_block(f, err);

		if (rc != 0)
			return rc;
	}
	*got = f->block_nbytes < room ? f->block_nbytes : room;
	memcpy(buf, f->block, *got);
	f->block += *got;
	f->block_nbytes -= *got;
	return 0;
}

static void archive_close(struct tt_feed *feed)
{
	struct archive_feed *f = (struct archive_feed *)feed;

	tt_la.archive_read_free(f->a);
	tt_mem_free(feed->mem, f->in, IN_NBYTES);
}

static struct archive_feed *new_feed(const struct tt_feed_ops *ops, struct tt_feed *below,
				     struct tt_error *err)
{
	struct archive_feed *f;

	if (tt_la_need(err) < 0)
		return NULL;
	f = (struct archive_feed *)tt_feed_new(ops, below, below->mem, err);
	if (f == NULL)
		return NULL;
	f->in = tt_mem_alloc(below->mem, IN_NBYTES);
	if (f->in != NULL)
		return f;
	tt_feed_put(NULL, &f->feed, tt_fail(err, tt_mem_code(below->mem), "no memory to unpack"));
	return NULL;
}

/* ---- compressed data */

/* libarchive ends in silence where no further compressed data begin. Zeros are
 * a tape's padding; anything else is damage, or the header of more data cut short. */
static int check_rest(struct archive_feed *f, struct tt_error *err)
{
	uint64_t left = f->in_nbytes - (uint64_t)tt_la.archive_filter_bytes(f->a, -1);
	/* what is left may have come in many pieces, all but the last are libarchive's */
	bool zero = left <= f->in_zeros;

	while (zero && !f->in_dry) {
		size_t got;

		if (tt_feed_read(f->feed.below, f->in, IN_NBYTES, &got, err) != 0)
			return -err->code;
		f->in_dry = got == 0;
		zero = zeros_at_end(f->in, got) == got;
	}
	if (!zero)
		return tt_fail(err, TT_E_INPUT, "other bytes follow the compressed data");
	return 0;
}

static int compressed_read(struct tt_feed *feed, uint8_t *buf, size_t room, size_t *got,
			   struct tt_error *err)
{
	struct archive_feed *f = (struct archive_feed *)feed;
	int rc = read_blocks(f, buf, room, got, err);

	return rc == 1 ? check_rest(f, err) : rc;
}

static int start_compressed(struct archive_feed *f, struct tt_error *err)
{
	struct archive_entry *entry;
	int r;

	if (start(f, err) != 0)
		return -err->code;
	r = tt_la.archive_read_next_header(f->a, &entry);
	if (r != ARCHIVE_OK && r != ARCHIVE_WARN && r != ARCHIVE_EOF)
		return fail(f, err);
	/* Nobody knew the header: then raw data are just what they are. */
	if (tt_la.archive_filter_count(f->a) < 2 && f->in_dry)
		return tt_fail(err, TT_E_INPUT, "the compressed data is cut off in its header");
	if (tt_la.archive_filter_count(f->a) < 2)
		return tt_fail(err, TT_E_INPUT, "damaged compressed data: unknown header");
	f->no_data = r == ARCHIVE_EOF;
	return 0;
}

static int compressed_seek(struct tt_feed *feed, uint64_t offset, struct tt_error *err)
{
	(void)offset;
	return start_compressed((struct archive_feed *)feed, err);
}

static const struct tt_feed_ops compressed_in_file = {
	sizeof(struct archive_feed), compressed_read, compressed_seek, archive_close,
};
static const struct tt_feed_ops compressed_in_pipe = {
	sizeof(struct archive_feed), compressed_read, NULL, archive_close,
};

int tt_feed_unpack(struct tt_feed **top, struct tt_error *err)
{
	struct tt_feed *below = *top;
	struct archive_feed *f = new_feed(
		below->ops->seek != NULL ? &compressed_in_file : &compressed_in_pipe, below, err);

	if (f == NULL)
		return -err->code;
	f->compressed = true;
	return tt_feed_put(top, &f->feed, start_compressed(f, err));
}

/* ---- members */

static void add_to_list(struct list *list, const char *name)
{
	struct tt_str text = {name, strlen(name)};
	size_t n;

	if (list->count++ >= MAX_LISTED)
		return;
	if (text.len > LISTED_NAME_NBYTES)
		text.len = LISTED_NAME_NBYTES;
	if (sizeof(list->text) - list->nbytes < 2)
		return;
	if (list->nbytes != 0) {
		list->text[list->nbytes++] = ',';
		list->text[list->nbytes++] = ' ';
	}
	n = tt_quote(text, list->text + list->nbytes, sizeof(list->text) - list->nbytes);
	if (n > sizeof(list->text) - list->nbytes)
		n = sizeof(list->text) - list->nbytes;
	list->nbytes += n;
}

static int fail_choice(const struct list *list, const char *member, struct tt_error *err)
{
	int n = (int)list->nbytes;
	const char *more = list->count > MAX_LISTED ? ", ..." : "";

	if (list->count == 0)
		return tt_fail(err, TT_E_MEMBER, "the archive holds no files");
	if (member != NULL)
		return tt_fail(err, TT_E_MEMBER, "the archive has no such file; it holds %.*s%s", n,
			       list->text, more);
	return tt_fail(err, TT_E_MEMBER, "the archive holds %ju files; name one of them: %.*s%s",
		       (uintmax_t)list->count, n, list->text, more);
}

/* Moves to the next regular file: 0, or 1 at the end. */
static int next_file(struct archive_feed *f, const char **name, struct tt_error *err)
{
	struct archive_entry *entry;
	int r;

	do {
		r = tt_la.archive_read_next_header(f->a, &entry);
		if (r == ARCHIVE_EOF)
			return 1;
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			return fail(f, err);
	} while (tt_la.archive_entry_filetype(entry) != AE_IFREG ||
		 tt_la.archive_entry_hardlink(entry) != NULL);
	f->out_nbytes = 0;
	*name = tt_la.archive_entry_pathname(entry);
	if (*name == NULL)
		*name = tt_la.archive_entry_pathname_utf8(entry);
	if (*name == NULL)
		*name = "";
	add_to_list(&f->list, *name);
	return 0;
}

/* Lists all files from here on. */
static int list_files(struct archive_feed *f, struct tt_error *err)
{
	const char *name;
	int rc;

	do {
		rc = next_file(f, &name, err);
	} while (rc == 0);
	return rc < 0 ? rc : 0;
}

static const char *without_dot(const char *name)
{
	return strncmp(name, "./", 2) == 0 ? name + 2 : name;
}

/* The file at hand is the one to be read. */
static int choose(struct archive_feed *f, const char *name)
{
	snprintf(f->name, sizeof(f->name), "%s", name);
	return 0;
}

static int find_named(struct archive_feed *f, const char *member, struct tt_error *err)
{
	const char *name;
	int rc = start(f, err);

	while (rc == 0) {
		rc = next_file(f, &name, err);
		if (rc == 0 && strcmp(without_dot(name), without_dot(member)) == 0)
			return choose(f, name);
	}
	return rc < 0 ? rc : fail_choice(&f->list, member, err);
}

/*
 * Where the input can be read twice, a first pass sees whether there is one file
 * only. It may not get through, for damage or for size: then, as for a pipe, what
 * other members there are shows after the first one.
 */
static int look_for_others(struct archive_feed *f, struct tt_error *err)
{
	struct tt_error passed_over;
	int rc = start(f, &passed_over);

	f->in_max = MAX_SCAN_NBYTES;
	if (rc == 0)
		rc = list_files(f, &passed_over);
	if (f->list.count > 1)
		return fail_choice(&f->list, NULL, err);
	f->more_unknown = rc != 0 || f->in_cut;
	f->list = (struct list){.count = 0};
	return 0;
}

static int find_only(struct archive_feed *f, struct tt_error *err)
{
	const char *name;
	int rc = 0;

	f->more_unknown = true;
	if (f->feed.below->ops->seek != NULL)
		rc = look_for_others(f, err);
	if (rc == 0)
		rc = start(f, err);
	if (rc == 0)
		rc = next_file(f, &name, err);
	if (rc > 0)
		return fail_choice(&f->list, NULL, err);
	return rc == 0 ? choose(f, name) : rc;
}

static int member_read(struct tt_feed *feed, uint8_t *buf, size_t room, size_t *got,
		       struct tt_error *err)
{
	struct archive_feed *f = (struct archive_feed *)feed;
	int rc = read_blocks(f, buf, room, got, err);

	if (rc != 1 || !f->more_unknown)
		return rc < 0 ? rc : 0;
	rc = list_files(f, err);
	return f->list.count > 1 ? fail_choice(&f->list, NULL, err) : rc;
}

static const struct tt_feed_ops member_ops = {
	sizeof(struct archive_feed), member_read, NULL, archive_close,
};

int tt_feed_member(struct tt_feed **top, const char *member, struct tt_error *err)
{
	struct archive_feed *f = new_feed(&member_ops, *top, err);

	if (f == NULL)
		return -err->code;
	return tt_feed_put(top, &f->feed,
			   member != NULL ? find_named(f, member, err) : find_only(f, err));
}

const char *tt_feed_member_name(const struct tt_feed *feed)
{
	return ((const struct archive_feed *)(const void *)feed)->name;
}
