/* SPDX-License-Identifier: MIT */
/*
 * ways.h - a trace read from memory and from a socket, which must not differ. For
 * the fuzz targets of the reader, which include it.
 */
#ifndef TT_FUZZ_WAYS_H
#define TT_FUZZ_WAYS_H

#include <sys/socket.h>
#include <unistd.h>

#include "tests/build.h"
#include "tests/walk.h"

#define WAYS_LIMIT_NBYTES (UINT64_C(64) << 20)
/* A socket takes some hundred packets before somebody has to read. */
#define WAYS_PACKETS 40
/* A packet loses what the one who reads has no room for; this much there always is. */
#define WAYS_PACKET_MAX 1024

struct way {
	unsigned flags;         /* enum tt_open_flags */
	bool generations;
	bool socket;            /* from a socket as well */
	bool orders;            /* with the specs of ways_orders() */
	unsigned threads;       /* of the reader that is asked for Syncs only */
};

static inline unsigned ways_version(unsigned choice)
{
	static const unsigned versions[] = {22, 23, 25, 26};

	return versions[choice % 4];
}

/* Made once; they live as long as the program. */
static inline const struct tt_specs *ways_specs(void)
{
	static struct tt_specs *specs;
	struct tt_error err;

	if (specs == NULL)
		WALK_REQUIRE(tt_specs_new(&specs, &err) == 0);
	return specs;
}

/* The same, and events whose orders a spec declares. */
static inline const struct tt_specs *ways_orders(void)
{
	static const char text[] = "experiment Link 9\n"
				   "event Open 200 since 1.26\nargs dt link seq\n"
				   "needs thread\norders link seq creates\n"
				   "event Use 201 since 1.26\nargs dt link seq\n"
				   "needs nothing\norders link seq\n"
				   "event Close 202 since 1.26\nargs dt link seq\n"
				   "needs thread\norders link seq destroys\n"
				   "event Move 203 since 1.26\nargs dt lane seq\n"
				   "needs proc\norders lane seq\n"
				   "resource timer\nstates idle armed\n"
				   "unknown nothing\nmisuse warning\n"
				   "event Arm 204 since 1.26\nargs dt timer seq\n"
				   "needs thread\norders timer seq continues\n"
				   "creates timer -> armed\n"
				   "event Fire 205 since 1.26\nargs dt timer seq next\n"
				   "needs thread\norders timer seq continues\n"
				   "uses timer armed -> armed if next else idle\n"
				   "event Mine 206 since 1.26\nargs dt own_seq\n"
				   "needs goroutine\norders goroutine self own_seq\n"
				   "event Yours 207 since 1.26\nargs dt g own_seq\n"
				   "needs thread\norders goroutine g own_seq\n"
				   "event All 208 since 1.26\nargs dt link seq all_seq\n"
				   "needs thread\norders link seq\norders global all_seq\n"
				   "event Here 209 since 1.26\nargs dt p\nneeds proc p\n"
				   "event Wait 210 since 1.26\nargs dt\nneeds goroutine\n"
				   "range begin goroutine self\n"
				   "event Woken 211 since 1.26\nargs dt\nneeds goroutine\n"
				   "pair Wait\nrange end goroutine self\n"
				   "event Lock 212 since 1.26\nargs dt lock\nneeds nothing\n"
				   "range begin global by lock\n"
				   "event Unlock 213 since 1.26\nargs dt lock\nneeds nothing\n"
				   "pair Lock\nrange end global by lock\n"
				   "event Job 214 since 1.26\nargs dt why_string\n"
				   "needs goroutine\nshows begin goroutine self \"job\" why_string\n"
				   "event Done 215 since 1.26\nargs dt\nneeds goroutine\n"
				   "pair Job\nshows end goroutine self \"job\"\n"
				   "event Call 216 since 1.26\nargs dt\nneeds thread\n"
				   "range begin thread self nested\n";
	static const char more[] = "experiment Query 10\n"
				   "resource timer of Link\nnames of_timer\n"
				   "event Ask 217 since 1.26\nargs dt of_timer seq\n"
				   "needs thread\norders of_timer seq continues\n"
				   "uses of_timer armed\n";
	static struct tt_specs *specs;
	struct tt_error err;

	if (specs == NULL) {
		WALK_REQUIRE(tt_specs_new(&specs, &err) == 0);
		WALK_REQUIRE(tt_specs_add(specs, "orders", text, sizeof(text) - 1, &err) == 0);
		WALK_REQUIRE(tt_specs_add(specs, "more", more, sizeof(more) - 1, &err) == 0);
	}
	return specs;
}

static inline struct tt_options ways_options(const struct way *way)
{
	return (struct tt_options){.size = sizeof(struct tt_options),
				   .flags = way->flags,
				   .specs = way->orders ? ways_orders() : ways_specs(),
				   .max_memory_nbytes = WAYS_LIMIT_NBYTES};
}

/* All of it lies in the socket before it is read: at most so many packets. */
static inline int ways_socket(const struct build *b)
{
	size_t chunk = b->len / WAYS_PACKETS + 1;
	int fds[2];

	if (chunk > WAYS_PACKET_MAX)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) != 0)
		return -1;
	for (size_t at = 0; at < b->len; at += chunk) {
		size_t n = b->len - at < chunk ? b->len - at : chunk;

		if (send(fds[1], b->data + at, n, MSG_DONTWAIT) != (ssize_t)n) {
			close(fds[0]);
			fds[0] = -1;
			break;
		}
	}
	close(fds[1]);
	return fds[0];
}

static inline void ways_read(const struct build *b, const struct way *way)
{
	const struct tt_options opt = ways_options(way);
	struct tt_options by_syncs = opt;
	struct walk from_memory, from_socket;
	struct tt_reader *r;
	struct tt_error err;
	int fd;

	WALK_REQUIRE(tt_reader_open_memory(&r, b->data, b->len, &opt, &err) == 0);
	walk(&from_memory, r, b->len, way->generations);
	tt_reader_close(r);
	by_syncs.threads = way->threads;
	if (!way->generations)
		walk_again_by_fewer(&from_memory, b->data, b->len, &by_syncs);
	fd = way->socket ? ways_socket(b) : -1;
	if (fd < 0)
		return;
	WALK_REQUIRE(tt_reader_open_fd(&r, fd, &opt, &err) == 0);
	walk(&from_socket, r, b->len, way->generations);
	tt_reader_close(r);
	close(fd);
	WALK_REQUIRE(from_socket.outcome == from_memory.outcome);
	WALK_REQUIRE(from_socket.items == from_memory.items);
	WALK_REQUIRE(from_socket.digest == from_memory.digest);
}

#endif
