/* SPDX-License-Identifier: MIT */
/*
 * reader_open.c - opens a trace, from wherever its bytes are: makes a reader, reads the
 * header and makes ready for the first generation; and closes it. Stands on input/source.h
 * and pass.h.
 */
#include "event/reader.h"

#include <stdlib.h>

#include "base/error.h"
#include "event/parallel.h"
#include "input/archive.h"
#include "wire/header.h"

/* What all ways of opening share, before the source is there. */
static int reader_new(struct tt_reader **out, const struct tt_options *opt, struct tt_error *err)
{
	struct tt_reader *r;
	int rc;

	*out = NULL;
	tt_error_clear(err);
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return tt_fail(err, TT_E_MEMORY, "no memory for a reader");
	rc = tt_options_read(&r->options, opt, err);
	if (rc < 0) {
		free(r);
		return rc;
	}
	r->mem.limit_nbytes = r->options.max_memory_nbytes;
	if (r->options.specs == NULL)
		rc = tt_specs_new(&r->own_specs, err);
	if (rc == TT_OK)
		rc = tt_specs_new_layer(&r->specs, r->own_specs != NULL ? r->own_specs
								       : r->options.specs,
					&r->mem, err);
	if (rc < 0) {
		tt_specs_free(r->own_specs);
		free(r);
		return rc;
	}
	*out = r;
	return TT_OK;
}

static int hand_out_experimental(struct tt_reader *r, struct tt_error *err)
{
	r->kept = tt_mem_zalloc(&r->mem, 1, sizeof(*r->kept));
	if (r->kept == NULL)
		return tt_fail(err, tt_mem_code(&r->mem), "no memory for a reader");
	tt_pass_keep(&r->pass, r->kept);
	return TT_OK;
}

/* Reads the header and makes ready; on failure closes the reader. */
static int reader_start(struct tt_reader **reader, int rc, struct tt_error *err)
{
	struct tt_reader *r = *reader;

	r->gen = &r->own_gen;
	tt_generation_init(r->gen, &r->mem, r->specs);
	tt_tables_init(&r->tables, &r->mem, r->specs);
	tt_embedded_init(&r->embedded, &r->mem);
	if (rc == TT_OK)
		rc = tt_header_read(r->src, &r->version, err);
	r->no_workers = tt_version_is_v1(r->version);
	tt_pass_init(&r->pass, &r->mem, r->specs, r->version);
	r->pass.like_go = (r->options.flags & TT_OPEN_LIKE_GO) != 0;
	r->buffers.mem = &r->mem;
	r->pass.merge.cursors.buffers = &r->buffers;
	if (rc == TT_OK && (r->options.flags & TT_OPEN_EXPERIMENTAL) != 0)
		rc = hand_out_experimental(r, err);
	if (rc == TT_OK)
		rc = tt_findings_room(&r->pass, err);
	if (rc < 0) {
		tt_reader_close(r);
		*reader = NULL;
		return rc;
	}
	tt_loader_init(&r->loader, r->src, r->version,
		       (r->options.flags & TT_OPEN_LIKE_GO) != 0);
	tt_error_clear(&r->err);
	if (r->options.threads > 1)
		tt_source_read_ahead(r->src);
	return TT_OK;
}

int tt_reader_open(struct tt_reader **out, const char *path, const struct tt_options *opt,
		   struct tt_error *err)
{
	int rc = reader_new(out, opt, err);

	if (rc < 0)
		return rc;
	rc = tt_source_open_path(&(*out)->src, path, (*out)->options.member, &(*out)->mem, err);
	return reader_start(out, rc, err);
}

int tt_reader_open_fd(struct tt_reader **out, int fd, const struct tt_options *opt,
		      struct tt_error *err)
{
	int rc = reader_new(out, opt, err);

	if (rc < 0)
		return rc;
	rc = tt_source_open_fd(&(*out)->src, fd, (*out)->options.member, &(*out)->mem, err);
	return reader_start(out, rc, err);
}

int tt_reader_open_input(struct tt_reader **out, const struct tt_input *input,
			 const struct tt_options *opt, struct tt_error *err)
{
	int rc = reader_new(out, opt, err);

	if (rc < 0)
		return rc;
	rc = tt_source_open_input(&(*out)->src, input, (*out)->options.member, &(*out)->mem, err);
	return reader_start(out, rc, err);
}

int tt_reader_open_memory(struct tt_reader **out, const void *data, size_t nbytes,
			  const struct tt_options *opt, struct tt_error *err)
{
	int rc = reader_new(out, opt, err);

	if (rc < 0)
		return rc;
	rc = tt_source_open_memory(&(*out)->src, data, nbytes, (*out)->options.member, &(*out)->mem,
				   err);
	return reader_start(out, rc, err);
}

int tt_reader_open_member(struct tt_reader **out, struct tt_archive *archive,
			  const struct tt_options *opt, struct tt_error *err)
{
	int rc = reader_new(out, opt, err);

	if (rc < 0)
		return rc;
	rc = tt_source_open_archived(&(*out)->src, archive, &(*out)->mem, err);
	return reader_start(out, rc, err);
}

int tt_reader_open_made(struct tt_reader **out, const struct tt_options *opt,
			int (*make)(void *arg, struct tt_source **src, struct tt_mem *mem,
				    struct tt_error *err),
			void *arg, struct tt_error *err)
{
	int rc = reader_new(out, opt, err);

	if (rc < 0)
		return rc;
	rc = make(arg, &(*out)->src, &(*out)->mem, err);
	return reader_start(out, rc, err);
}

int tt_reader_open_again(struct tt_reader **out, const struct tt_reader *r, struct tt_error *err)
{
	struct tt_source *src;
	int rc;

	*out = NULL;
	if (tt_version_is_v1(r->version))
		return TT_END;
	rc = reader_new(out, &r->options, err);
	if (rc < 0)
		return rc;
	rc = tt_source_open_again(&src, r->src, 0, &(*out)->mem, err);
	if (rc == TT_OK && src == NULL) {
		tt_reader_close(*out);
		*out = NULL;
		return TT_END;
	}
	(*out)->src = src;
	return reader_start(out, rc, err);
}

void tt_reader_close(struct tt_reader *r)
{
	if (r == NULL)
		return;
	tt_parallel_stop(r);
	tt_parallel_leave(r);
	tt_event_run_free(r->run);
	tt_pass_release(&r->pass);
	if (r->assumptions.mem != NULL)
		tt_assumptions_release(&r->assumptions);
	tt_batch_buffers_release(&r->buffers);
	tt_mem_free(&r->mem, r->kept, sizeof(*r->kept));
	tt_tables_release(&r->tables);
	tt_generation_release(&r->own_gen);
	tt_v1_free(r->v1);
	tt_source_close(r->src);
	tt_specs_free(r->specs);
	tt_specs_free(r->own_specs);
	free(r);
}
