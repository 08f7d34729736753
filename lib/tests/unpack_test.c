/* SPDX-License-Identifier: MIT */
/*
 * unpack_test.c - sources of compressed bytes and of archives: the same bytes as
 * plain, and an end only where they really end.
 */
#include <archive.h>
#include <archive_entry.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "input/archive.h"
#include "input/feed.h"
#include "tests/io_support.h"
#include "tests/sanitized.h"
#include "tests/suites.h"

#define MB ((size_t)1 << 20)

static const char *const filters[] = {
	"zstd", "gzip", "xz", "lz4", "bzip2", "lzip", "compress",
};
#define NFILTERS (int)COUNT(filters)

static void ignore_broken_pipes(void)
{
	signal(SIGPIPE, SIG_IGN);
}

static void expect_way(enum way way, struct bytes packed, const char *member, struct bytes content)
{
	struct opened o = {0};

	if (open_way(&o, way, packed, member) != 0)
		ck_abort_msg("way %d: %s", way, o.error.message);
	expect_all(o.source, 1000, content);
	close_way(&o);
}

/* Reads up to the error, whether opening or reading gives it. */
static size_t expect_error(enum way way, struct bytes packed, const char *member,
			   struct bytes content, int code, const char *text)
{
	struct opened o = {0};
	size_t n = 0;
	int rc = open_way(&o, way, packed, member);

	if (rc == 0) {
		n = read_all(o.source, 1000, content, &o.error, &rc);
		ck_assert_uint_eq(o.error.offset, n);
	}
	if (rc != code || strstr(o.error.message, text) == NULL)
		ck_abort_msg("code %d and \"%s\" after %zu bytes", rc, o.error.message, n);
	ck_assert(strchr(o.error.message, '\n') == NULL);
	close_way(&o);
	return n;
}

/* --------------------------------------------------------- compressed data */

START_TEST(compressed_data_unpack_every_way)
{
	struct bytes content = trace_bytes(300005);
	struct bytes packed = compressed(filters[_i % NFILTERS], content);

	expect_way((enum way)(_i / NFILTERS), packed, NULL, content);
	free(packed.data);
	free(content.data);
}
END_TEST

START_TEST(compressed_nothing_is_nothing)
{
	static const char *const of_nothing[] = {"zstd", "gzip", "xz", "bzip2"};
	struct bytes none = {NULL, 0};
	struct bytes packed = compressed(of_nothing[_i], none);

	ck_assert_uint_gt(packed.n, 0);
	expect_way(WAY_MEMORY, packed, NULL, none);
	expect_way(WAY_PIPE_DRIPS, packed, NULL, none);
	free(packed.data);
}
END_TEST

START_TEST(compressed_data_may_follow_each_other)
{
	struct bytes content = trace_bytes(200000);
	struct bytes packed = compressed(filters[_i], content);
	struct bytes twice = join_bytes(content, content);
	struct bytes packed_twice = join_bytes(packed, packed);

	if (strcmp(filters[_i], "compress") != 0) { /* has no mark of its end */
		expect_way(WAY_MEMORY, packed_twice, NULL, twice);
		expect_way(WAY_PIPE_DRIPS, packed_twice, NULL, twice);
	}
	free(packed.data);
	free(content.data);
	free(twice.data);
	free(packed_twice.data);
}
END_TEST

/*
 * Every length there is: never an end, always an error, all that comes before it
 * right. A few bytes are no packing yet: they pass through.
 */
static void cut_everywhere(struct bytes packed, struct bytes content)
{
	for (size_t n = 1; n < packed.n; n += TT_EVERY) {
		struct bytes cut = {malloc(n), n}; /* so that a sanitizer sees its end */

		memcpy(cut.data, packed.data, n);
		if (tt_packing_of(cut.data, n) == TT_PACKING_NONE) {
			ck_assert_uint_lt(n, 11);
			expect_way(WAY_MEMORY, cut, NULL, cut);
		} else {
			expect_error(WAY_MEMORY, cut, NULL, content, TT_E_INPUT, "is cut off");
		}
		free(cut.data);
	}
}

/* Skippable frames may come first, or be all there is; so may a lone one that is cut off. */
START_TEST(skippable_frames_alone_are_zstd)
{
	static const uint8_t frames[] = {0x5f, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2,
					 0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 3, 'g', 'o'};

	ck_assert_int_eq(tt_packing_of(frames, 10), TT_PACKING_ZSTD);
	ck_assert_int_eq(tt_packing_of(frames, 9), TT_PACKING_ZSTD);
	ck_assert_int_eq(tt_packing_of(frames, 19), TT_PACKING_ZSTD);
	ck_assert_int_eq(tt_packing_of(frames, sizeof(frames)), TT_PACKING_ZSTD);
	ck_assert_int_eq(tt_packing_of(frames, 7), TT_PACKING_NONE);
}
END_TEST

START_TEST(cut_off_compressed_data_are_an_error)
{
	struct bytes content = trace_bytes(3000);
	struct bytes packed = compressed(filters[_i], content);

	if (strcmp(filters[_i], "compress") != 0) /* ends anywhere */
		cut_everywhere(packed, content);
	free(packed.data);
	free(content.data);
}
END_TEST

START_TEST(cut_off_second_part_is_an_error)
{
	struct bytes content = trace_bytes(500);
	struct bytes packed = compressed(filters[_i], content);
	struct bytes twice = join_bytes(content, content);
	struct bytes both = join_bytes(packed, packed);

	for (size_t n = packed.n + 1; n < both.n; n += TT_EVERY) {
		struct bytes cut = {both.data, n};

		if (strcmp(filters[_i], "compress") == 0)
			break;
		expect_error(WAY_MEMORY, cut, NULL, twice, TT_E_INPUT, "");
	}
	free(packed.data);
	free(content.data);
	free(twice.data);
	free(both.data);
}
END_TEST

START_TEST(cut_off_large_file_gives_what_comes_before)
{
	struct bytes content = trace_bytes(MB / 2);
	struct bytes packed = compressed(filters[_i], content);
	struct bytes cut = {packed.data, packed.n - packed.n / 10};
	size_t n;

	if (strcmp(filters[_i], "compress") != 0) {
		n = expect_error(WAY_PATH, cut, NULL, content, TT_E_INPUT, "is cut off");
		/* lz4 and bzip2 have blocks of up to 4 MiB, here the only one. */
		if (strcmp(filters[_i], "lz4") != 0 && strcmp(filters[_i], "bzip2") != 0)
			ck_assert_uint_ge(n, content.n / 2);
		ck_assert_uint_eq(n, expect_error(WAY_PIPE_DRIPS, cut, NULL, content, TT_E_INPUT,
						  "is cut off"));
	}
	free(packed.data);
	free(content.data);
}
END_TEST

/* A recorder ends a frame with each generation. */
START_TEST(cut_off_zstd_gives_every_whole_block)
{
	struct bytes part = trace_bytes(10000);
	struct bytes packed = compressed("zstd", part);
	struct bytes all = {NULL, 0}, content = {NULL, 0};

	for (int i = 0; i < 20; i++) {
		struct bytes more = join_bytes(all, packed);
		struct bytes longer = join_bytes(content, part);

		free(all.data);
		free(content.data);
		all = more;
		content = longer;
	}
	for (size_t n = packed.n + 1; n < all.n; n += 101) {
		struct bytes cut = {all.data, n};

		if (n % packed.n != 0)
			ck_assert_uint_ge(expect_error(WAY_MEMORY, cut, NULL, content, TT_E_INPUT,
						       "is cut off"),
					  n / packed.n * part.n);
	}
	free(part.data);
	free(packed.data);
	free(all.data);
	free(content.data);
}
END_TEST

/*
 * A frame written by hand: blocks of one byte, 131,072 times, and one of a type that
 * there is not. Pieces smaller than a block leave part of it in the decoder, which
 * then must not go on to the damage.
 */
START_TEST(damaged_zstd_gives_every_whole_block)
{
	static const uint8_t start[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58};
	static const uint8_t block[] = {0x02, 0x00, 0x10, 'x'}, damage[] = {0x06, 0x00, 0x00, 0x00};
	struct bytes content = {malloc(3 * 131072), 3 * 131072};
	struct bytes packed = {malloc(64), 0};
	struct opened o = {0};
	struct tt_error err;
	int rc;

	memset(content.data, 'x', content.n);
	memcpy(packed.data, start, sizeof(start));
	for (size_t i = 0; i < 4; i++)
		memcpy(packed.data + sizeof(start) + 4 * i, i < 3 ? block : damage, 4);
	packed.n = sizeof(start) + 16;
	ck_assert_int_eq(open_way(&o, (enum way)_i, packed, NULL), 0);
	ck_assert_uint_eq(read_all(o.source, 1000, content, &err, &rc), content.n);
	ck_assert_int_eq(rc, TT_E_INPUT);
	close_way(&o);
	free(packed.data);
	free(content.data);
}
END_TEST

/* Flips bits of one byte: an error, or the same bytes all the same. 1 for an error. */
static unsigned flip(struct bytes packed, size_t at, uint8_t bits, struct bytes content)
{
	struct opened o = {0};
	const uint8_t *data;
	size_t n;
	int rc;

	packed.data[at] ^= bits;
	rc = open_way(&o, WAY_MEMORY, packed, NULL);
	if (rc == 0 && tt_packing_of(packed.data, packed.n) != TT_PACKING_NONE) {
		rc = -tt_source_peek(o.source, SIZE_MAX, &data, &n, &o.error);
		ck_assert(rc != 0 || (n == content.n && memcmp(data, content.data, n) == 0));
	}
	ck_assert(rc == 0 || rc == TT_E_INPUT || rc == TT_E_MEMORY);
	close_way(&o);
	packed.data[at] ^= bits;
	return rc != 0;
}

/* Damage is seen, or it is where it does not matter (a file name in gzip). */
START_TEST(flipped_bits_never_change_the_bytes)
{
	static const char *const checked[] = {"gzip", "xz", "lz4", "bzip2", "lzip"};
	struct bytes content = trace_bytes(1000);
	struct bytes packed = compressed(checked[_i], content);
	unsigned nfailed = 0;

	for (size_t bit = 0; bit < packed.n * 8; bit += TT_EVERY)
		nfailed += flip(packed, bit / 8, (uint8_t)(1 << bit % 8), content);
	ck_assert_uint_gt(nfailed, packed.n * 6 / TT_EVERY);
	free(packed.data);
	free(content.data);
}
END_TEST

/* A member that holds up to 64 KiB as they are: header, 5 bytes, content, trailer. */
static struct bytes stored(struct bytes content)
{
	struct bytes packed = compressed("gzip", content);
	struct bytes whole = {malloc(content.n + 23), content.n + 23};

	memcpy(whole.data, packed.data, 10);
	whole.data[10] = 1; /* the last block, stored */
	whole.data[11] = (uint8_t)content.n;
	whole.data[12] = (uint8_t)(content.n >> 8);
	whole.data[13] = (uint8_t)~whole.data[11];
	whole.data[14] = (uint8_t)~whole.data[12];
	memcpy(whole.data + 15, content.data, content.n);
	memcpy(whole.data + 15 + content.n, packed.data + packed.n - 8, 8);
	free(packed.data);
	return whole;
}

/* Stored, so that a changed byte decodes as well as the right one. */
START_TEST(gzip_checksum_is_checked)
{
	struct bytes content = trace_bytes(100);
	struct bytes packed = stored(content);

	expect_way(WAY_PIPE, packed, NULL, content);
	packed.data[50] ^= 1;
	content.data[35] ^= 1;
	expect_error(WAY_PIPE, packed, NULL, content, TT_E_INPUT, "incorrect data check");
	expect_error(WAY_PATH, packed, NULL, content, TT_E_INPUT, "incorrect data check");
	packed.data[packed.n - 1] ^= 1;
	packed.data[50] ^= 1;
	content.data[35] ^= 1;
	expect_error(WAY_PATH, packed, NULL, content, TT_E_INPUT, "incorrect length check");
	free(packed.data);
	free(content.data);
}
END_TEST

/* What looks like the header of a member in another's data is none. */
START_TEST(gzip_in_stored_gzip_is_no_further_member)
{
	struct bytes content = trace_bytes(3000);
	struct bytes inner = compressed("gzip", content);
	struct bytes outer = stored(inner);

	for (enum way way = WAY_MEMORY; way < WAY_COUNT; way++)
		expect_way(way, outer, NULL, content);
	free(content.data);
	free(inner.data);
	free(outer.data);
}
END_TEST

START_TEST(cut_off_gzip_gives_every_byte_there_is)
{
	struct bytes content = trace_bytes(60000);
	struct bytes packed = stored(content);

	for (size_t n = 1; n < content.n; n += 997) {
		struct bytes cut = {packed.data, 15 + n};

		ck_assert_uint_eq(expect_error(WAY_PIPE, cut, NULL, content, TT_E_INPUT, "is cut off"),
				  n);
	}
	free(packed.data);
	free(content.data);
}
END_TEST

/* Several members: each has its checksum, and their borders are not told. */
START_TEST(gzip_checksums_of_several_members_are_checked)
{
	static const size_t sizes[] = {0, 10, 70001, 5, 0, 131072, 3};
	struct bytes content = {NULL, 0}, packed = {NULL, 0};
	unsigned nfailed = 0;

	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct bytes part = trace_bytes(sizes[i]);
		struct bytes packed_part = compressed("gzip", part);
		struct bytes more = join_bytes(content, part), longer = join_bytes(packed, packed_part);

		free(part.data);
		free(packed_part.data);
		free(content.data);
		free(packed.data);
		content = more;
		packed = longer;
	}
	for (enum way way = WAY_MEMORY; way < WAY_COUNT; way++)
		expect_way(way, packed, NULL, content);
	for (size_t at = 40; at < packed.n; at += 301)
		nfailed += flip(packed, at, 4, content);
	ck_assert_uint_gt(nfailed, 10);
	free(packed.data);
	free(content.data);
}
END_TEST

/* Not padding, though what came last is all zeros. */
START_TEST(other_bytes_before_zeros_are_an_error)
{
	static uint8_t rest[2000] = {'o', 't', 'h', 'e', 'r'};
	struct bytes content = trace_bytes(3000), junk = {rest, sizeof(rest)};
	struct bytes packed = compressed(filters[_i], content);
	struct bytes with_junk = join_bytes(packed, junk);

	if (strcmp(filters[_i], "compress") != 0) { /* goes on to any end */
		expect_error(WAY_MEMORY, with_junk, NULL, content, TT_E_INPUT, "");
		expect_error(WAY_PIPE_DRIPS, with_junk, NULL, content, TT_E_INPUT, "");
	}
	free(content.data);
	free(packed.data);
	free(with_junk.data);
}
END_TEST

START_TEST(other_bytes_behind_compressed_data_are_an_error)
{
	struct bytes content = trace_bytes(50000);
	struct bytes packed = compressed(filters[_i], content);
	struct bytes junk = trace_bytes(300000);
	struct bytes with_junk = join_bytes(packed, junk);
	struct bytes zeros = {calloc(1, 300000), 300000};
	struct bytes with_zeros = join_bytes(packed, zeros);

	if (strcmp(filters[_i], "compress") != 0) {
		expect_error(WAY_MEMORY, with_junk, NULL, content, TT_E_INPUT, "");
		expect_error(WAY_PIPE_DRIPS, with_junk, NULL, content, TT_E_INPUT, "");
	}
	/* What tape and network tools fill up with. */
	if (_i > 0 && strcmp(filters[_i], "compress") != 0)
		expect_way(WAY_MEMORY, with_zeros, NULL, content);
	free(content.data);
	free(packed.data);
	free(junk.data);
	free(with_junk.data);
	free(zeros.data);
	free(with_zeros.data);
}
END_TEST

START_TEST(skippable_frames_may_come_first)
{
	static uint8_t skip[14] = {0x5e, 0x2a, 0x4d, 0x18, 6, 0, 0, 0, 1, 2, 3, 4, 5, 6};
	struct bytes lead = {skip, sizeof(skip)};
	struct bytes content = trace_bytes(5000);
	struct bytes packed = compressed("zstd", content);
	struct bytes all = join_bytes(lead, packed);

	expect_way(WAY_PATH, all, NULL, content);
	expect_way(WAY_PIPE_DRIPS, all, NULL, content);
	free(packed.data);
	free(all.data);
	free(content.data);
}
END_TEST

START_TEST(error_comes_when_no_more_can_be_had)
{
	struct bytes content = trace_bytes(400000);
	struct bytes whole = compressed("zstd", content);
	struct bytes second = {whole.data, 7};
	struct bytes packed = join_bytes(whole, second);
	struct opened o = {0};
	const uint8_t *data;
	size_t avail;

	ck_assert_int_eq(open_way(&o, WAY_PIPE, packed, NULL), 0);
	ck_assert_int_eq(tt_source_peek(o.source, 400000, &data, &avail, &o.error), 0);
	ck_assert_int_eq(tt_source_peek(o.source, 400001, &data, &avail, &o.error), -TT_E_INPUT);
	ck_assert_uint_eq(o.error.offset, 400000);
	ck_assert_uint_eq(avail, 400000);
	ck_assert(memcmp(data, content.data, avail) == 0);
	tt_source_skip(o.source, 399999);
	ck_assert_int_eq(tt_source_peek(o.source, 1, &data, &avail, &o.error), 0);
	ck_assert_int_eq(tt_source_peek(o.source, 2, &data, &avail, &o.error), -TT_E_INPUT);
	ck_assert_uint_eq(avail, 1);
	tt_source_seek(o.source, 5);
	ck_assert_int_eq(tt_source_peek(o.source, 8, &data, &avail, &o.error), 0);
	ck_assert_mem_eq(data, content.data + 5, 8);
	close_way(&o);
	free(packed.data);
	free(whole.data);
	free(content.data);
}
END_TEST

START_TEST(memory_limit_holds_for_compressed_data)
{
	struct bytes content = trace_bytes(100000);
	struct bytes packed = compressed(filters[_i], content);
	bool failed = false, passed = false;

	for (uint64_t limit = 100; limit < 600000; limit += limit / 8) {
		struct opened o = {.mem.limit_nbytes = limit};
		int rc = open_way(&o, WAY_MEMORY, packed, NULL);

		if (rc == 0)
			read_all(o.source, 3000, content, &o.error, &rc);
		ck_assert(rc == 0 || rc == TT_E_LIMIT);
		failed |= rc != 0;
		passed |= rc == 0;
		close_way(&o);
	}
	ck_assert(failed && passed);
	free(packed.data);
	free(content.data);
}
END_TEST

/* ----------------------------------------------------------------- ahead */

/* Whatever the limit leaves for it, and however much of what was read is held. */
START_TEST(unpacked_ahead_it_is_the_same)
{
	static const uint64_t limits[] = {0, 64 * MB, 33 * MB, 14 * MB};
	struct bytes content = trace_bytes(TT_EVERY > 1 ? 2 * MB : 16 * MB);
	struct bytes packed = compressed(_i % 2 == 0 ? "zstd" : "gzip", content);
	struct opened o = {.mem.limit_nbytes = limits[_i / 2]};
	size_t held = content.n / 2, avail, n;
	const uint8_t *data;

	ck_assert_int_eq(open_way(&o, WAY_MEMORY, packed, NULL), 0);
	tt_source_read_ahead(o.source);
	for (size_t at = 0; at < content.n; at += n) {
		ck_assert_int_eq(tt_source_peek(o.source, 50000, &data, &avail, &o.error), 0);
		n = avail < 50000 ? avail : 50000;
		ck_assert_uint_gt(n, 0);
		ck_assert(memcmp(data, content.data + at, n) == 0);
		tt_source_skip(o.source, n);
		if (at >= held)
			tt_source_release(o.source, at);
	}
	ck_assert_int_eq(tt_source_peek(o.source, 1, &data, &avail, &o.error), 0);
	ck_assert_uint_eq(avail, 0);
	close_way(&o);
	free(packed.data);
	free(content.data);
}
END_TEST

/* Pieces that lie in two chunks, small and large ones, and a way back. */
START_TEST(unpacked_ahead_it_is_seen_in_one_piece)
{
	static const size_t wants[] = {1000, 65536, 69632, 69633, 300000, 3 * MB};
	struct bytes content = trace_bytes(6 * MB);
	struct bytes packed = compressed("zstd", content);
	size_t want = wants[_i], avail, n;
	struct opened o = {0};
	const uint8_t *data;

	ck_assert_int_eq(open_way(&o, WAY_PATH, packed, NULL), 0);
	tt_source_read_ahead(o.source);
	for (size_t at = 0; at < content.n; at += n) {
		n = want < content.n - at ? want : content.n - at;
		ck_assert_int_eq(tt_source_peek(o.source, want, &data, &avail, &o.error), 0);
		ck_assert_uint_ge(avail, n);
		ck_assert(memcmp(data, content.data + at, n) == 0);
		tt_source_seek(o.source, at / 2);
		ck_assert_int_eq(tt_source_peek(o.source, 1, &data, &avail, &o.error), 0);
		ck_assert_uint_eq(data[0], content.data[at / 2]);
		tt_source_seek(o.source, at);
		ck_assert_int_eq(tt_source_peek(o.source, n, &data, &avail, &o.error), 0);
		tt_source_skip(o.source, n);
		tt_source_release(o.source, at / 2);
	}
	close_way(&o);
	free(packed.data);
	free(content.data);
}
END_TEST

/* ----------------------------------------------------------------- bombs */

START_TEST(bomb_is_refused_and_costs_little)
{
	struct bytes zeros = {calloc(1, 100 * MB), 100 * MB};
	struct bytes packed = compressed("zstd", zeros);
	struct opened o = {.mem.limit_nbytes = 4 * MB};
	size_t n;
	int rc;

	ck_assert_uint_lt(packed.n, zeros.n / 2000);
	ck_assert_int_eq(open_way(&o, WAY_MEMORY, packed, NULL), 0);
	n = read_all(o.source, 65536, zeros, &o.error, &rc);
	ck_assert_int_eq(rc, TT_E_INPUT);
	ck_assert_uint_lt(n, 70 * MB);
	ck_assert_ptr_nonnull(strstr(o.error.message, "unpacks"));
	close_way(&o);
	free(packed.data);
	free(zeros.data);
}
END_TEST

START_TEST(layers_are_counted)
{
	struct bytes content = trace_bytes(1000);
	struct bytes packed = compressed("zstd", content);

	for (int i = 1; i < 5; i++) {
		struct bytes more;

		expect_way(WAY_MEMORY, packed, NULL, content);
		more = compressed("zstd", packed);
		free(packed.data);
		packed = more;
	}
	expect_error(WAY_MEMORY, packed, NULL, content, TT_E_INPUT,
		     "more than 4 layers of compression or archives");
	free(packed.data);
	free(content.data);
}
END_TEST

/* A hole of any size takes a few bytes of the archive. */
START_TEST(member_with_holes_is_refused)
{
	struct bytes content = trace_bytes(MB);
	struct bytes out = {malloc(65536), 0};
	struct archive *a = archive_write_new();
	struct archive_entry *entry = archive_entry_new();

	archive_write_set_format_pax(a);
	ck_assert_int_eq(archive_write_open_memory(a, out.data, 65536, &out.n), ARCHIVE_OK);
	archive_entry_set_pathname(entry, "trace");
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_size(entry, (la_int64_t)content.n);
	archive_entry_sparse_add_entry(entry, 0, 4096);
	archive_entry_sparse_add_entry(entry, MB - 4096, 4096);
	ck_assert_int_eq(archive_write_header(a, entry), ARCHIVE_OK);
	ck_assert_int_eq(archive_write_data(a, content.data, content.n), (la_ssize_t)content.n);
	archive_entry_free(entry);
	ck_assert_int_eq(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	ck_assert_uint_eq(expect_error(WAY_MEMORY, out, NULL, content, TT_E_INPUT, "holes"), 4096);
	ck_assert_uint_eq(expect_error(WAY_PIPE, out, NULL, content, TT_E_INPUT, "holes"), 4096);
	free(out.data);
	free(content.data);
}
END_TEST

/* ---------------------------------------------------------------- archives */

static const char *const formats[] = {"ustar", "pax", "gnutar", "v7tar", "zip"};
#define NFORMATS (int)COUNT(formats)

START_TEST(only_member_opens_by_itself_every_way)
{
	const char *format = formats[_i % NFORMATS];
	struct bytes content = trace_bytes(300001);
	const struct file files[] = {{"d/", {NULL, 0}}, {"d/trace.out", content}};
	struct bytes packed = archived(format, files, 2);
	enum way way = (enum way)(_i / NFORMATS);

	expect_way(way, packed, NULL, content);
	expect_way(way, packed, "d/trace.out", content);
	expect_way(way, packed, "./d/trace.out", content);
	expect_error(way, packed, "trace.out", content, TT_E_MEMBER,
		     "no such file; it holds \"d/trace.out\"");
	free(packed.data);
	free(content.data);
}
END_TEST

START_TEST(one_of_two_members_needs_a_name)
{
	const char *format = formats[_i % NFORMATS];
	struct bytes one = trace_bytes(70000), two = trace_bytes(999);
	const struct file files[] = {{"./a", one}, {"b\x1b[31m", two}};
	struct bytes packed = archived(format, files, 2);
	enum way way = (enum way)(_i / NFORMATS);

	expect_way(way, packed, "a", one);
	expect_way(way, packed, "b\x1b[31m", two);
	/* Whoever cannot read twice learns it behind the first. */
	expect_error(way, packed, NULL, one, TT_E_MEMBER,
		     "holds 2 files; name one of them: \"./a\", \"b\\x1b[31m\"");
	free(packed.data);
	free(one.data);
	free(two.data);
}
END_TEST

START_TEST(archive_without_files_is_an_error)
{
	const struct file folders[] = {{"d/", {NULL, 0}}, {"d/e/", {NULL, 0}}};
	const char *format = formats[_i % NFORMATS];
	struct bytes packed = archived(format, folders, 2);
	struct bytes none = {NULL, 0};

	expect_error((enum way)(_i / NFORMATS), packed, NULL, none, TT_E_MEMBER, "no files");
	expect_error((enum way)(_i / NFORMATS), packed, "x", none, TT_E_MEMBER, "no files");
	free(packed.data);
}
END_TEST

START_TEST(empty_zip_is_an_error)
{
	struct bytes none = {NULL, 0};
	struct bytes packed = archived("zip", NULL, 0);

	ck_assert_uint_gt(packed.n, 0);
	for (enum way way = WAY_MEMORY; way < WAY_COUNT; way++)
		expect_error(way, packed, NULL, none, TT_E_MEMBER, "no files");
	free(packed.data);
}
END_TEST

START_TEST(many_long_names_fit_the_message)
{
	struct bytes content = trace_bytes(10);
	struct file files[30];
	char names[30][400];
	struct bytes packed;
	struct opened o = {0};

	for (size_t i = 0; i < COUNT(files); i++) {
		memset(names[i], 1 + (int)i, sizeof(names[i]));
		snprintf(names[i] + 380, 20, "%zu", i);
		files[i] = (struct file){names[i], content};
	}
	packed = archived("pax", files, COUNT(files));
	ck_assert_int_eq(open_way(&o, WAY_MEMORY, packed, NULL), TT_E_MEMBER);
	ck_assert_ptr_nonnull(strstr(o.error.message, "holds 30 files"));
	ck_assert_uint_lt(strlen(o.error.message), TT_ERROR_MESSAGE_SIZE - 1);
	for (const char *p = o.error.message; *p != '\0'; p++)
		ck_assert((unsigned char)*p >= ' ' && *p != 0x7f);
	close_way(&o);
	free(packed.data);
	free(content.data);
}
END_TEST

START_TEST(path_may_name_a_member)
{
	struct bytes one = trace_bytes(7000), two = trace_bytes(999);
	const struct file files[] = {{"d/a:b", one}, {"c", two}};
	struct bytes packed = archived("ustar", files, 2);
	struct tt_mem mem = {0};
	struct tt_source *s;
	struct tt_error err;
	char path[TEMP_PATH_SIZE], name[TEMP_PATH_SIZE + 8];

	temp_file(path, packed);
	snprintf(name, sizeof(name), "%s:c", path);
	ck_assert_int_eq(tt_source_open_path(&s, name, NULL, &mem, &err), 0);
	expect_all(s, 100, two);
	tt_source_close(s);
	snprintf(name, sizeof(name), "%s:d/a:b", path);
	ck_assert_int_eq(tt_source_open_path(&s, name, NULL, &mem, &err), 0);
	expect_all(s, 100, one);
	tt_source_close(s);
	snprintf(name, sizeof(name), "%s:x", path);
	ck_assert_int_eq(tt_source_open_path(&s, name, NULL, &mem, &err), -TT_E_MEMBER);
	snprintf(name, sizeof(name), "%s:", path);
	ck_assert_int_eq(tt_source_open_path(&s, name, NULL, &mem, &err), -TT_E_IO);
	/* A name given outright leaves the path as it is. */
	snprintf(name, sizeof(name), "%s:c", path);
	ck_assert_int_eq(tt_source_open_path(&s, name, "c", &mem, &err), -TT_E_IO);
	ck_assert_int_eq(tt_source_open_path(&s, path, "c", &mem, &err), 0);
	expect_all(s, 100, two);
	tt_source_close(s);
	ck_assert_uint_eq(mem.used_nbytes, 0);
	unlink(path);
	free(packed.data);
	free(one.data);
	free(two.data);
}
END_TEST

START_TEST(member_of_what_is_no_archive_is_an_error)
{
	struct bytes content = trace_bytes(1000);
	struct bytes packed = compressed("gzip", content);

	for (enum way way = WAY_MEMORY; way < WAY_COUNT; way++) {
		expect_error(way, content, "x", content, TT_E_MEMBER, "not a tar or zip");
		expect_error(way, packed, "x", content, TT_E_MEMBER, "not a tar or zip");
	}
	free(packed.data);
	free(content.data);
}
END_TEST

/* A compressed trace in a compressed archive. */
START_TEST(archive_and_member_may_be_compressed)
{
	struct bytes content = trace_bytes(150000);
	struct bytes inner = compressed("zstd", content);
	const struct file files[] = {{"trace.zst", inner}};
	struct bytes archive = archived("pax", files, 1);
	struct bytes packed = compressed(filters[_i % NFILTERS], archive);
	enum way way = (enum way)(_i / NFILTERS);

	expect_way(way, archive, NULL, content);
	expect_way(way, packed, NULL, content);
	expect_way(way, packed, "trace.zst", content);
	free(inner.data);
	free(archive.data);
	free(packed.data);
	free(content.data);
}
END_TEST

START_TEST(layers_have_names_and_members)
{
	struct bytes content = trace_bytes(15000);
	struct bytes inner = compressed("zstd", content);
	const struct file files[] = {{"dir/trace.zst", inner}};
	struct bytes archive = archived("pax", files, 1);
	struct bytes packed = compressed(filters[_i], archive);
	struct tt_container c;
	struct opened o = {0};

	ck_assert_int_eq(open_way(&o, WAY_MEMORY, packed, NULL), 0);
	ck_assert(tt_source_container(o.source, 0, &c));
	ck_assert_str_eq(c.name, filters[_i]);
	ck_assert_ptr_null(c.member);
	ck_assert(tt_source_container(o.source, 1, &c));
	ck_assert_str_eq(c.name, "tar");
	ck_assert_str_eq(c.member, "dir/trace.zst");
	ck_assert(tt_source_container(o.source, 2, &c));
	ck_assert_str_eq(c.name, "zstd");
	ck_assert(!tt_source_container(o.source, 3, &c));
	close_way(&o);
	ck_assert_int_eq(open_way(&o, WAY_MEMORY, content, NULL), 0);
	ck_assert(!tt_source_container(o.source, 0, &c));
	close_way(&o);
	free(inner.data);
	free(archive.data);
	free(packed.data);
	free(content.data);
}
END_TEST

START_TEST(compressed_archive_of_two_needs_a_name)
{
	struct bytes one = trace_bytes(70000), two = trace_bytes(50000);
	const struct file files[] = {{"a", one}, {"b", two}};
	struct bytes archive = archived("pax", files, 2);
	struct bytes packed = compressed(filters[_i % NFILTERS], archive);
	enum way way = (enum way)(_i / NFILTERS);
	size_t n = expect_error(way, packed, NULL, one, TT_E_MEMBER, "holds 2 files");

	ck_assert_uint_eq(n, way <= WAY_FD_MIDDLE ? 0 : one.n);
	expect_way(way, packed, "b", two);
	free(one.data);
	free(two.data);
	free(archive.data);
	free(packed.data);
}
END_TEST

START_TEST(cut_off_archive_is_an_error)
{
	struct bytes content = trace_bytes(3000);
	const struct file files[] = {{"trace", content}};
	struct bytes packed = archived(_i == 0 ? "ustar" : "zip", files, 1);
	size_t end = _i == 0 ? 512 + content.n : packed.n - 100;

	for (size_t n = 512; n < end; n += 7) {
		struct bytes cut = {packed.data, n};
		size_t one = expect_error(WAY_MEMORY, cut, NULL, content, TT_E_INPUT, "is cut off");
		size_t two = expect_error(WAY_PIPE, cut, NULL, content, TT_E_INPUT, "is cut off");

		if (_i == 0)
			ck_assert(one == n - 512 && two == n - 512);
	}
	free(packed.data);
	free(content.data);
}
END_TEST

START_TEST(zip_checksum_is_checked)
{
	struct bytes content = trace_bytes(3000);
	struct file files[] = {{"trace", content}};
	struct bytes packed = archived("zip", files, 1);
	unsigned nfailed = 0;

	for (size_t at = 40; at < 400; at++)
		nfailed += flip(packed, at, 0x10, content);
	ck_assert_uint_gt(nfailed, 300);
	free(packed.data);
	free(content.data);
}
END_TEST

START_TEST(damaged_archive_behind_its_member_is_an_error)
{
	struct bytes content = trace_bytes(1024);
	const struct file files[] = {{"a", content}};
	struct bytes archive = archived("ustar", files, 1);

	ck_assert_uint_ge(archive.n, 512 + 1024 + 1024);
	memset(archive.data + 512 + 1024, 'x', 512);
	expect_error(WAY_MEMORY, archive, NULL, content, TT_E_INPUT, "damaged archive");
	expect_error(WAY_PIPE, archive, NULL, content, TT_E_INPUT, "damaged archive");
	/* Who asked by name has got what he wanted. */
	expect_way(WAY_MEMORY, archive, "a", content);
	free(archive.data);
	free(content.data);
}
END_TEST

/* All members that count, each byte once, whichever way the archive is opened. */
START_TEST(archives_are_read_member_by_member)
{
	struct bytes small = trace_bytes(1024), large = trace_bytes(17 * MB);
	const struct file files[] = {
		{".DS_Store", small}, {"a", small}, {"__MACOSX/._a", small},
		{"large", large}, {"a", small}, {"folder/", {NULL, 0}},
	};
	struct bytes archive = archived(_i == 0 ? "ustar" : "zip", files, COUNT(files));
	static const char *const names[] = {"a", "large", "a"};
	static const uint64_t numbers[] = {1, 1, 2};
	int fd = memfd_create("archive", 0);
	struct tt_archive *a;
	struct tt_member m;
	struct tt_error err;
	size_t n = 0;
	int rc;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, archive.data, archive.n), (ssize_t)archive.n);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_assert_int_eq(tt_archive_open_fd(&a, fd, NULL, &err), 0);
	while ((rc = tt_archive_next(a, &m)) == 0) {
		struct tt_mem mem = {0};
		struct tt_source *s;

		ck_assert_uint_lt(n, COUNT(names));
		ck_assert_str_eq(m.name, names[n]);
		ck_assert_uint_eq(m.number, numbers[n]);
		ck_assert(!m.only);
		ck_assert_int_eq(tt_source_open_archived(&s, a, &mem, &err), 0);
		ck_assert_int_eq(tt_archive_in_use(a), n == 1);
		expect_all(s, 1000, n == 1 ? large : small);
		tt_source_close(s);
		ck_assert(!tt_archive_in_use(a));
		ck_assert_uint_eq(mem.used_nbytes, 0);
		n++;
	}
	ck_assert_int_eq(rc, TT_END);
	ck_assert_uint_eq(n, COUNT(names));
	tt_archive_close(a);
	close(fd);
	free(archive.data);
	free(small.data);
	free(large.data);
}
END_TEST

static TCase *loop_case(const char *name)
{
	TCase *tcase = tcase_create(name);

	tcase_add_unchecked_fixture(tcase, ignore_broken_pipes, NULL);
	tcase_set_timeout(tcase, 60);
	return tcase;
}

Suite *unpack_suite(void)
{
	Suite *suite = suite_create("unpack");
	TCase *data = loop_case("compressed");
	TCase *archives = loop_case("archives");

	tcase_add_loop_test(data, compressed_data_unpack_every_way, 0, NFILTERS * WAY_COUNT);
	tcase_add_loop_test(data, compressed_nothing_is_nothing, 0, 4);
	tcase_add_loop_test(data, compressed_data_may_follow_each_other, 0, NFILTERS);
	tcase_add_test(data, skippable_frames_alone_are_zstd);
	tcase_add_loop_test(data, cut_off_compressed_data_are_an_error, 0, NFILTERS);
	tcase_add_loop_test(data, cut_off_second_part_is_an_error, 0, NFILTERS);
	tcase_add_loop_test(data, cut_off_large_file_gives_what_comes_before, 0, NFILTERS);
	tcase_add_test(data, cut_off_zstd_gives_every_whole_block);
	tcase_add_loop_test(data, damaged_zstd_gives_every_whole_block, 0, WAY_COUNT);
	tcase_add_loop_test(data, flipped_bits_never_change_the_bytes, 0, 5);
	tcase_add_test(data, gzip_checksum_is_checked);
	tcase_add_test(data, gzip_in_stored_gzip_is_no_further_member);
	tcase_add_test(data, cut_off_gzip_gives_every_byte_there_is);
	tcase_add_test(data, gzip_checksums_of_several_members_are_checked);
	tcase_add_loop_test(data, other_bytes_before_zeros_are_an_error, 0, NFILTERS);
	tcase_add_loop_test(data, other_bytes_behind_compressed_data_are_an_error, 0, NFILTERS);
	tcase_add_test(data, skippable_frames_may_come_first);
	tcase_add_test(data, error_comes_when_no_more_can_be_had);
	tcase_add_loop_test(data, memory_limit_holds_for_compressed_data, 0, NFILTERS);
	tcase_add_loop_test(data, unpacked_ahead_it_is_the_same, 0, 8);
	tcase_add_loop_test(data, unpacked_ahead_it_is_seen_in_one_piece, 0, 6);
	tcase_add_test(data, bomb_is_refused_and_costs_little);
	tcase_add_test(data, layers_are_counted);
	suite_add_tcase(suite, data);
	tcase_add_test(archives, member_with_holes_is_refused);
	tcase_add_loop_test(archives, only_member_opens_by_itself_every_way, 0,
			    NFORMATS * WAY_COUNT);
	tcase_add_loop_test(archives, one_of_two_members_needs_a_name, 0, NFORMATS * WAY_COUNT);
	tcase_add_loop_test(archives, archive_without_files_is_an_error, 0, NFORMATS * WAY_COUNT);
	tcase_add_test(archives, empty_zip_is_an_error);
	tcase_add_test(archives, many_long_names_fit_the_message);
	tcase_add_test(archives, path_may_name_a_member);
	tcase_add_test(archives, member_of_what_is_no_archive_is_an_error);
	tcase_add_loop_test(archives, archive_and_member_may_be_compressed, 0,
			    NFILTERS * WAY_COUNT);
	tcase_add_loop_test(archives, layers_have_names_and_members, 0, NFILTERS);
	tcase_add_loop_test(archives, compressed_archive_of_two_needs_a_name, 0,
			    NFILTERS * WAY_COUNT);
	tcase_add_loop_test(archives, cut_off_archive_is_an_error, 0, 2);
	tcase_add_test(archives, zip_checksum_is_checked);
	tcase_add_test(archives, damaged_archive_behind_its_member_is_an_error);
	tcase_add_loop_test(archives, archives_are_read_member_by_member, 0, 2);
	suite_add_tcase(suite, archives);
	return suite;
}
