/* SPDX-License-Identifier: MIT */
/*
 * splitter.c - the generations of a trace as bytes, each with what a trace that begins with it
 * needs before it: a header, and batches of earlier generations that still hold. Stands on
 * writer.h, whose past knows these.
 */
#include <stdlib.h>
#include <string.h>

#include "edit/writer.h"
#include "event/reader.h"

struct tt_splitter {
	struct tt_reader *reader;
	struct tt_writer *past; /* writes nothing: it keeps the batches */
	struct tt_encoder *enc;
	struct tt_bytes front;
	struct tt_error err;
};

static bool refuse(void *arg, const void *data, size_t nbytes)
{
	(void)arg;
	(void)data;
	(void)nbytes;
	return false;
}

int tt_splitter_new(struct tt_splitter **out, struct tt_reader *reader, struct tt_error *err)
{
	const struct tt_sink nowhere = {.write = refuse};
	const struct tt_writer_options opt = {
		.size = sizeof(opt),
		.specs = tt_reader_specs(reader),
		.max_memory_nbytes = reader->mem.limit_nbytes,
	};
	struct tt_splitter *p;
	int rc;

	*out = NULL;
	if (tt_version_is_v1(reader->version))
		return tt_fail(err, TT_E_V1, "a trace of Go 1.11 to 1.21 is one generation");
	p = calloc(1, sizeof(*p));
	if (p != NULL)
		p->enc = malloc(sizeof(*p->enc));
	if (p == NULL || p->enc == NULL) {
		free(p);
		return tt_fail(err, TT_E_MEMORY, "no memory to divide a trace");
	}
	rc = tt_writer_new(&p->past, &nowhere, &opt, err);
	if (rc < 0) {
		tt_splitter_free(p);
		return rc;
	}
	p->reader = reader;
	p->front.mem = &p->past->mem;
	tt_encoder_init_bytes(p->enc, &p->front);
	tt_error_clear(&p->err);
	*out = p;
	return TT_OK;
}

void tt_splitter_free(struct tt_splitter *p)
{
	if (p == NULL)
		return;
	if (p->past != NULL)
		tt_bytes_release(&p->front);
	tt_writer_free(p->past);
	free(p->enc);
	free(p);
}

const struct tt_error *tt_splitter_error(const struct tt_splitter *p)
{
	return &p->err;
}

/* Whether the generation has a batch of the same sort itself. */
static bool has_its_own(const struct tt_generation *g, const struct tt_kept_batch *b)
{
	for (size_t i = 0; i < g->experimental.n; i++) {
		const struct tt_batch *own = &g->experimental.at[i];

		if (own->experiment == b->experiment && own->size != 0 && b->size != 0 &&
		    own->data[0] == b->data[0])
			return true;
	}
	return false;
}

static bool make_front(struct tt_splitter *p, const struct tt_generation *g)
{
	uint8_t header[TT_HEADER_SIZE];

	p->front.len = 0;
	tt_put_header(header, p->reader->version);
	tt_encode_bytes(p->enc, header, sizeof(header));
	for (size_t i = 0; i < p->past->past.lasting.n; i++) {
		const struct tt_kept_batch *b = &p->past->past.lasting.at[i];
		const struct tt_batch_head head = {
			.experimental = true,
			.experiment = (uint8_t)b->experiment,
			.generation = g->number,
			.thread = b->thread,
			.time = g->min_time,
		};

		if (!has_its_own(g, b))
			tt_encode_batch(p->enc, &head, b->data, b->size);
	}
	return !p->enc->failed;
}

/* The bytes of the generation that was loaded last; they are still where they were read. */
static int bytes_of(struct tt_splitter *p, const struct tt_generation *g, struct tt_str *out)
{
	struct tt_source *src = p->reader->loader.src;
	uint64_t at = tt_source_offset(src), nbytes = g->end - g->offset;
	const uint8_t *data;
	size_t avail;
	int rc;

	tt_source_seek(src, g->offset);
	rc = tt_source_peek(src, (size_t)nbytes, &data, &avail, &p->err);
	tt_source_seek(src, at);
	if (rc < 0 && avail < nbytes)
		return rc;
	*out = (struct tt_str){(const char *)data, (size_t)nbytes};
	return TT_OK;
}

int tt_splitter_next(struct tt_splitter *p, struct tt_split_part *out)
{
	const struct tt_generation *g;
	int rc = tt_reader_next_generation(p->reader, &g);

	memset(out, 0, sizeof(*out));
	if (rc != TT_OK) {
		if (rc < 0)
			p->err = *tt_reader_error(p->reader);
		return rc;
	}
	if (!make_front(p, g))
		return tt_fail(&p->err, tt_mem_code(p->front.mem), "no memory to divide a trace");
	rc = tt_writer_past_generation(p->past, g);
	if (rc < 0) {
		p->err = p->past->err;
		return rc;
	}
	out->number = g->number;
	out->front = (struct tt_str){(const char *)p->front.data, p->front.len};
	return bytes_of(p, g, &out->bytes);
}
