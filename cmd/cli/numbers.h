/* SPDX-License-Identifier: MIT */
/*
 * numbers.h - small numbers for what a trace names: a map from 64-bit ids, a list of
 * different texts, and arrays that grow. Command layer.
 */
#ifndef CMD_CLI_NUMBERS_H
#define CMD_CLI_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tracetool.h"

/* Makes room for `want` elements; `array` is the address of the pointer. False: no memory. */
bool array_room(void *array, size_t *cap, size_t want, size_t elem_size);

#define NUMBER_NONE UINT32_MAX

/* From ids to numbers, by a hash with a secret seed. Initialize with zeros. */
struct id_map {
	struct id_slot {
		uint64_t id;
		uint32_t number;
		bool used;
	} *slots;
	size_t nslots, n;       /* nslots: 0 or a power of two */
	uint64_t seed;
};

/* NUMBER_NONE: it is not there. */
uint32_t id_map_find(const struct id_map *m, uint64_t id);
/* Adds an id or changes its number. False: no memory. */
bool id_map_set(struct id_map *m, uint64_t id, uint32_t number);
void id_map_release(struct id_map *m);

/* Different texts, numbered from 1; 0 is the empty one. Initialize with zeros. */
struct texts {
	struct id_map hashes;
	struct tt_str *at;      /* at[number - 1] */
	size_t n, cap;
};

/* NUMBER_NONE: no memory. */
uint32_t texts_number(struct texts *t, struct tt_str text);
/* NUMBER_NONE: it is not there. */
uint32_t texts_find(const struct texts *t, struct tt_str text);
struct tt_str texts_at(const struct texts *t, uint32_t number);
void texts_release(struct texts *t);

#endif
