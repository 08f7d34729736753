/* SPDX-License-Identifier: MIT */
/* idset.h - a set of numbers of goroutines, threads or tasks. Command layer. */
#ifndef CMD_CLI_IDSET_H
#define CMD_CLI_IDSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers of which the lowest bits, six, differ, and no others. Those of a program are close to
 * each other. */
struct id_block {
	uint64_t key;
	uint64_t bits;          /* 0: the entry is free */
};

/* Begin with zeros. */
struct id_set {
	struct id_block *blocks; /* a hash table of `room` entries */
	size_t nblocks, room;
	size_t n;               /* numbers */
	uint64_t seed;          /* numbers come from a trace: nobody is to foresee collisions */
};

/* False: no memory. */
bool id_set_add(struct id_set *set, int64_t id);
bool id_set_has(const struct id_set *set, int64_t id);
/* All of another one. False: no memory. */
bool id_set_add_all(struct id_set *set, const struct id_set *more);
bool id_set_has_all(const struct id_set *set, const struct id_set *some);
void id_set_remove(struct id_set *set, int64_t id);
void id_set_release(struct id_set *set);

#endif
