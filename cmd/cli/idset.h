/* SPDX-License-Identifier: MIT */
/* idset.h - a set of numbers of goroutines, threads or tasks. Command layer. */
#ifndef CMD_CLI_IDSET_H
#define CMD_CLI_IDSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Begin with zeros. */
struct id_set {
	int64_t *ids;           /* a hash table of `room` entries */
	size_t n, room;
	uint64_t seed;          /* numbers come from a trace: nobody is to foresee collisions */
	bool has_free;          /* it has the number that marks a free entry */
};

/* False: no memory. */
bool id_set_add(struct id_set *set, int64_t id);
bool id_set_has(const struct id_set *set, int64_t id);
void id_set_remove(struct id_set *set, int64_t id);
void id_set_release(struct id_set *set);

#endif
