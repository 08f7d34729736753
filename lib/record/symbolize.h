/* SPDX-License-Identifier: MIT */
/*
 * symbolize.h - gives names to the code of a generation that was written without them, as
 * a native program's is: frames of its stacks, sites of its heap objects.
 *
 * This folder is what stores a trace while it arrives; it needs gen, output and what is
 * below:
 *
 *	recorder.c   a stream into files, generation by generation
 *	symbolize.c  names for a generation's code
 */
#ifndef TT_RECORD_SYMBOLIZE_H
#define TT_RECORD_SYMBOLIZE_H

#include "base/idmap.h"
#include "gen/encode.h"
#include "spec/spec.h"
#include "wire/batch.h"
#include "tracetool_write.h"

struct tt_symbolizer {
	bool (*symbol)(void *arg, uint64_t pc, struct tt_symbol *out);
	void *arg;
	struct tt_mem *mem;
	unsigned heap;                  /* the experiment AllocFree, which has types; 0: none */

	/* the generation at hand */
	uint64_t last_string;
	struct tt_idmap known;          /* texts by their hashes, to `texts` */
	struct tt_idmap frames;         /* addresses, to `named` */
	TT_ARRAY(struct tt_symbolizer_text) texts;
	TT_ARRAY(struct tt_symbolizer_frame) named;
	struct tt_bytes pool;           /* of texts */
	struct tt_bytes out;
	struct tt_encoder enc;          /* into `out` */
};

struct tt_symbolizer_text {
	uint64_t id;
	size_t at, len;                 /* in the pool */
};

struct tt_symbolizer_frame {
	bool known;
	struct tt_wire_frame frame;
};

void tt_symbolizer_init(struct tt_symbolizer *n, const struct tt_specs *specs, struct tt_mem *mem);
void tt_symbolizer_release(struct tt_symbolizer *n);
/*
 * Makes n->out of a generation's batches, with names for all addresses that `symbol`
 * knows. Tables that cannot be read stay as they are. False: tt_mem_code().
 */
bool tt_symbolizer_apply(struct tt_symbolizer *n, const uint8_t *data, size_t nbytes);

#endif
