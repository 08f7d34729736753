/* SPDX-License-Identifier: MIT */
/*
 * assembler.c - the raw text form back to bytes, piece by piece: its contract is
 * tracetool_write.h.
 */
#include <stdlib.h>
#include <string.h>

#include "tracetool_write.h"
#include "wire/assemble.h"
#include "wire/batch.h"
#include "wire/header.h"

struct tt_assembler {
	struct tt_assembly assembly;
	struct tt_specs *own_specs;
	struct tt_mem mem;
	struct tt_bytes trace;
	struct tt_bytes begun;  /* a line whose end has not come */
	size_t taken;           /* bytes of the trace that were handed out */
	bool past_header;       /* the header was, by generation */
	uint64_t generation;    /* of the batch that was last; 0: none */
	struct tt_error failed;
};

int tt_assembler_new(struct tt_assembler **out, const struct tt_specs *specs, struct tt_error *err)
{
	struct tt_assembler *a = calloc(1, sizeof(*a));

	*out = NULL;
	tt_error_clear(err);
	if (a == NULL)
		return tt_fail(err, TT_E_MEMORY, "no memory for an assembler");
	if (specs == NULL && tt_specs_new(&a->own_specs, err) < 0) {
		free(a);
		return -err->code;
	}
	a->trace.mem = a->begun.mem = &a->mem;
	tt_error_clear(&a->failed);
	tt_assembly_init(&a->assembly, specs != NULL ? specs : a->own_specs, &a->trace, &a->failed);
	*out = a;
	return 0;
}

void tt_assembler_free(struct tt_assembler *a)
{
	if (a == NULL)
		return;
	tt_assembly_release(&a->assembly);
	tt_bytes_release(&a->trace);
	tt_bytes_release(&a->begun);
	tt_specs_free(a->own_specs);
	free(a);
}

static void drop_taken(struct tt_assembler *a)
{
	tt_assembly_forget(&a->assembly, a->taken);
	a->taken = 0;
}

static int keep_begun(struct tt_assembler *a, struct tt_str text)
{
	if (tt_bytes_put(&a->begun, text.data, text.len))
		return 0;
	return tt_fail(&a->failed, TT_E_MEMORY, "no memory for a line of text");
}

/* Completes the line that a piece before began. */
static int end_begun(struct tt_assembler *a, struct tt_str *text)
{
	const char *newline = text->len != 0 ? memchr(text->data, '\n', text->len) : NULL;
	size_t len = newline == NULL ? text->len : (size_t)(newline - text->data);
	int rc;

	if (a->begun.len == 0)
		return 0;
	rc = keep_begun(a, (struct tt_str){text->data, len});
	text->data = newline == NULL ? text->data : newline + 1;
	text->len -= newline == NULL ? len : len + 1;
	if (rc != 0 || newline == NULL)
		return rc;
	rc = tt_assembly_line(&a->assembly,
			      (struct tt_str){(const char *)a->begun.data, a->begun.len});
	a->begun.len = 0;
	return rc;
}

int tt_assembler_add(struct tt_assembler *a, const char *text, size_t len, struct tt_error *err)
{
	struct tt_str rest = {text, len};
	int rc = -a->failed.code;

	drop_taken(a);
	if (rc == 0)
		rc = end_begun(a, &rest);
	if (rc == 0)
		rc = tt_assembly_lines(&a->assembly, rest, &rest);
	if (rc == 0)
		rc = keep_begun(a, rest);
	if (rc != 0)
		*err = a->failed;
	return rc;
}

int tt_assembler_finish(struct tt_assembler *a, struct tt_error *err)
{
	int rc = -a->failed.code;

	drop_taken(a);
	if (rc == 0)
		rc = tt_assembly_finish(&a->assembly, (struct tt_str){(const char *)a->begun.data,
								      a->begun.len});
	a->begun.len = 0;
	if (rc != 0)
		*err = a->failed;
	return rc;
}

struct tt_str tt_assembler_take(struct tt_assembler *a)
{
	drop_taken(a);
	a->taken = a->assembly.done;
	return (struct tt_str){(const char *)a->trace.data, a->taken};
}

/* How many of these bytes, which begin with a batch, are of the generation at hand. All, if they
 * make no sense: text can be that of a broken trace. */
static size_t find_end(struct tt_assembler *a, const uint8_t *data, size_t n, bool *ends)
{
	size_t at = 0;

	while (at < n) {
		struct tt_raw_batch b;
		uint64_t nbytes;

		if (!tt_batch_plausible(data + at, data + n, &b, &nbytes) || nbytes > n - at)
			return n;
		*ends = b.kind == TT_RAW_BATCH_END;
		if (*ends)
			return at + (size_t)nbytes;
		*ends = a->generation != 0 && b.generation != a->generation;
		a->generation = b.generation;
		if (*ends)
			return at;
		at += (size_t)nbytes;
	}
	return n;
}

struct tt_str tt_assembler_take_generation(struct tt_assembler *a, bool *ends)
{
	size_t n, head;

	drop_taken(a);
	*ends = false;
	n = a->assembly.done;
	if (n == 0)
		return (struct tt_str){"", 0};
	head = a->past_header ? 0 : n < TT_HEADER_SIZE ? n : TT_HEADER_SIZE;
	a->past_header = true;
	a->taken = head + find_end(a, a->trace.data + head, n - head, ends);
	return (struct tt_str){(const char *)a->trace.data, a->taken};
}
