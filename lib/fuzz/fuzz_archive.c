/* SPDX-License-Identifier: MIT */
/*
 * fuzz_archive.c - any bytes as an archive, gone through member by member. Members have names,
 * of which none is litter, and the second of a name has the number 2; what one member holds is
 * what the reader finds that is asked for it by its name; an error stays; and going through
 * ends, as the members and what they unpack to are no more than there can be.
 *
 * First byte: how the members are read: not at all (0), as a trace (1), in pieces (2), or every
 * other one (3). The rest is the input.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/require.h"
#include "tracetool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LIMIT_NBYTES (UINT64_C(16) << 20)
#define MOST_MEMBERS 4096 /* of 16 bytes each at least, compressed: more is not looked at */
#define MOST_BY_NAME 3    /* each goes through the archive again */

/* What a member is read to be. */
struct content {
	int rc;                 /* of opening, or the last one of reading */
	uint64_t ngenerations;
	unsigned version;
};

static struct tt_options options(void)
{
	return (struct tt_options){.size = sizeof(struct tt_options),
				   .max_memory_nbytes = LIMIT_NBYTES};
}

static void read_trace(struct content *c, struct tt_reader *r)
{
	const struct tt_generation *g;

	c->version = tt_reader_version(r);
	while ((c->rc = tt_reader_next_generation(r, &g)) == 0)
		c->ngenerations++;
	tt_reader_close(r);
}

static struct content read_member(struct tt_archive *a)
{
	const struct tt_options opt = options();
	struct content c = {0};
	struct tt_reader *r;
	struct tt_error err;

	c.rc = tt_reader_open_member(&r, a, &opt, &err);
	if (c.rc == 0)
		read_trace(&c, r);
	else
		REQUIRE(err.code == -c.rc && err.message[0] != '\0');
	REQUIRE(!tt_archive_in_use(a));
	return c;
}

static void read_pieces(struct tt_archive *a)
{
	const struct tt_options opt = options();
	struct content c = {0};
	struct tt_pieces *p;
	struct tt_reader *r;
	struct tt_error err;
	int rc;

	if (tt_pieces_open_member(&p, a, &opt, &err) < 0)
		return;
	while ((rc = tt_pieces_next(p, &r, &err)) != 1)
		if (rc == 0)
			read_trace(&c, r);
	tt_pieces_close(p);
	REQUIRE(!tt_archive_in_use(a));
}

/* The member by its name is the same, where a name can say so. */
static void require_same(int fd, const struct tt_member *m, const struct content *c)
{
	struct tt_options opt = options();
	struct content other = {0};
	struct tt_reader *r;
	struct tt_error err;
	char *name;

	REQUIRE(lseek(fd, 0, SEEK_SET) == 0);
	REQUIRE(asprintf(&name, "%s#%llu", m->name, (unsigned long long)m->number) > 0);
	opt.member = m->number > 1 ? name : m->name;
	other.rc = tt_reader_open_fd(&r, fd, &opt, &err);
	if (other.rc == 0)
		read_trace(&other, r);
	/* (what lies before it may be an error only where it is passed over, or the other way) */
	if (other.rc == 1 && c->rc == 1)
		REQUIRE(other.ngenerations == c->ngenerations && other.version == c->version);
	free(name);
}

/* One member, if it is its turn; `again`: the same bytes once more. */
static void read_one(struct tt_archive *a, unsigned how, size_t i, const struct tt_member *m,
		     int again)
{
	struct content c;

	if (how == 2)
		read_pieces(a);
	if (how != 1 && (how != 3 || i % 2 != 0))
		return;
	c = read_member(a);
	if (again >= 0 && i < MOST_BY_NAME && m->name != NULL && strchr(m->name, '#') == NULL)
		require_same(again, m, &c);
}

static int with_bytes(const uint8_t *data, size_t size)
{
	int fd = memfd_create("archive", MFD_CLOEXEC);

	REQUIRE(fd >= 0 && write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

static void go_through(struct tt_archive *a, unsigned how, int again)
{
	struct tt_member m;
	size_t n = 0;
	int rc;

	while (n < MOST_MEMBERS && (rc = tt_archive_next(a, &m)) == 0) {
		REQUIRE(m.number >= 1 && m.number <= n + 1);
		REQUIRE(m.name == NULL ? n == 0 : !tt_is_litter(m.name));
		read_one(a, how, n++, &m, again);
	}
	if (n == MOST_MEMBERS)
		return;
	REQUIRE(tt_archive_next(a, &m) == rc);
	REQUIRE(tt_archive_error(a)->code == (rc < 0 ? -rc : 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct tt_options opt = options();
	struct tt_archive *a;
	struct tt_error err;
	int fd, again, rc;

	if (size < 2)
		return 0;
	fd = with_bytes(data + 1, size - 1);
	again = with_bytes(data + 1, size - 1);
	rc = tt_archive_open_fd(&a, fd, &opt, &err);
	if (rc == 0)
		go_through(a, data[0] % 4, again);
	else
		REQUIRE(err.code == -rc && err.message[0] != '\0');
	if (rc == 0)
		tt_archive_close(a);
	close(fd);
	close(again);
	return 0;
}
