/* SPDX-License-Identifier: MIT */
/*
 * writer_past.c - what is known of the events before the first one that is written, beside
 * what order knows: the last stack and the label of each goroutine, and batches that later
 * generations need.
 * Stands on writer.h.
 */
#include <string.h>

#include "edit/writer.h"
#include "edit/writer_kept.h"
#include "edit/writer_heap.h"
#include "wire/embedded.h"

/* ---- stacks that outlive their generation */

static void drop_stack(struct tt_writer *w, struct tt_kept_stack *s)
{
	struct tt_shared_strings *names = &w->past.order.names;

	if (s == NULL || --s->references != 0)
		return;
	for (uint32_t i = 0; i < s->nframes; i++) {
		tt_shared_string_drop(names, s->frames[i].func);
		tt_shared_string_drop(names, s->frames[i].file);
	}
	tt_mem_free(&w->mem, s, sizeof(*s) + s->nframes * sizeof(s->frames[0]));
}

static struct tt_kept_stack *copy_stack(struct tt_writer *w, uint32_t index)
{
	const struct tt_generation *g = w->past.source;
	const struct tt_stack_entry *entry = &g->stacks.at[index];
	uint32_t n = entry->nframes < TT_V2_MAX_FRAMES ? entry->nframes : TT_V2_MAX_FRAMES;
	struct tt_kept_stack *s =
		tt_mem_zalloc(&w->mem, 1, sizeof(*s) + n * sizeof(s->frames[0]));
	const uint8_t *p = entry->frames;

	if (s == NULL)
		return NULL;
	s->references = 1;
	s->nframes = n;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t pc = tt_varint_trusted(&p);
		const struct tt_wire_frame *frame = &g->frames.at[tt_idmap_find(&g->pcs, pc)];

		for (unsigned k = 0; k < 3; k++)
			tt_varint_trusted(&p);
		s->frames[i] = (struct tt_kept_frame){
			pc, frame->line, tt_shared_string_take(&w->past.order.names, frame->func),
			tt_shared_string_take(&w->past.order.names, frame->file)};
		if (s->frames[i].func == NULL || s->frames[i].file == NULL) {
			drop_stack(w, s);
			return NULL;
		}
	}
	return s;
}

static void drop_cached(struct tt_writer *w)
{
	for (size_t i = 0; i < w->past.cached.n; i++)
		drop_stack(w, w->past.cached.at[i]);
	w->past.cached.n = 0;
}

/* A stack of the generation that is followed, with a reference. NULL: no memory. */
static struct tt_kept_stack *keep_stack(struct tt_writer *w, uint64_t id)
{
	struct tt_writer_past *past = &w->past;
	size_t n = past->source->stacks.n;
	uint32_t index = tt_idmap_find(&past->source->stack_ids, id);

	if (past->cached.n < n) {
		if (!tt_mem_grow(&w->mem, &past->cached.at, &past->cached.cap, n,
				 sizeof(*past->cached.at)))
			return NULL;
		memset(past->cached.at + past->cached.n, 0,
		       (n - past->cached.n) * sizeof(*past->cached.at));
		past->cached.n = n;
	}
	if (past->cached.at[index] == NULL)
		past->cached.at[index] = copy_stack(w, index);
	if (past->cached.at[index] != NULL)
		past->cached.at[index]->references++;
	return past->cached.at[index];
}

/* ---- what goroutines did last */

static void drop_label(struct tt_writer *w, struct tt_kept_label *label)
{
	if (label->text != NULL)
		tt_shared_string_drop(&w->past.order.names, label->text);
	label->text = NULL;
}

/* The place of a goroutine. False: no memory. */
static bool make_place(struct tt_writer *w, int64_t g, uint32_t *i)
{
	struct tt_writer_past *past = &w->past;
	bool reused = past->free.n != 0;

	*i = tt_idmap_find(&past->g_ids, (uint64_t)g);
	if (*i != TT_IDMAP_NONE)
		return true;
	*i = reused ? past->free.at[--past->free.n] : (uint32_t)past->stacks.n;
	if (!reused && TT_ARRAY_ROOM(&w->mem, &past->stacks))
		past->stacks.at[past->stacks.n++] = NULL;
	return *i < past->stacks.n && tt_idmap_add(&past->g_ids, (uint64_t)g, *i);
}

void tt_writer_past_forget(struct tt_writer *w, int64_t g)
{
	struct tt_writer_past *past = &w->past;
	uint32_t i = tt_idmap_find(&past->g_ids, (uint64_t)g);

	if (i == TT_IDMAP_NONE)
		return;
	drop_stack(w, past->stacks.at[i]);
	past->stacks.at[i] = NULL;
	if (i < past->labels.n)
		drop_label(w, &past->labels.at[i]);
	tt_idmap_remove(&past->g_ids, (uint64_t)g);
	/* (without room, the place stays empty) */
	if (TT_ARRAY_ROOM(&w->mem, &past->free))
		past->free.at[past->free.n++] = i;
}

int tt_writer_past_remember(struct tt_writer *w, int64_t g, uint64_t stack)
{
	struct tt_writer_past *past = &w->past;
	struct tt_kept_stack *kept;
	uint32_t i;

	if (tt_idmap_find(&past->source->stack_ids, stack) == TT_IDMAP_NONE)
		return TT_OK;
	kept = keep_stack(w, stack);
	if (kept == NULL)
		return tt_writer_no_memory(w);
	if (!make_place(w, g, &i)) {
		drop_stack(w, kept);
		return tt_writer_no_memory(w);
	}
	drop_stack(w, past->stacks.at[i]);
	past->stacks.at[i] = kept;
	return TT_OK;
}

/* ---- labels */

static bool make_label(struct tt_writer *w, int64_t g, struct tt_kept_label **label)
{
	struct tt_writer_past *past = &w->past;
	uint32_t i;

	if (!make_place(w, g, &i))
		return false;
	if (i >= past->labels.n) {
		if (!tt_mem_grow(&w->mem, &past->labels.at, &past->labels.cap, i + 1,
				 sizeof(*past->labels.at)))
			return false;
		memset(past->labels.at + past->labels.n, 0,
		       (i + 1 - past->labels.n) * sizeof(*past->labels.at));
		past->labels.n = i + 1;
	}
	*label = &past->labels.at[i];
	return true;
}

int tt_writer_past_label(struct tt_writer *w, const struct tt_order *o, const struct tt_event *ev)
{
	const struct tt_g_state *g = tt_order_g(o, ev->goroutine);
	struct tt_kept_label *label;

	if (g == NULL)
		return TT_OK;
	if (!make_label(w, g->id, &label))
		return tt_writer_no_memory(w);
	drop_label(w, label);
	label->text = tt_shared_string_take(&w->past.order.names, ev->args[0]);
	label->seq = g->seq;
	label->goes_on = false;
	return label->text != NULL ? TT_OK : tt_writer_no_memory(w);
}

/* A goroutine's number is counted on when it starts, and begins anew in a generation. (At the end
 * of a trace, the order's generation is gone.) */
static bool runs_with(const struct tt_writer_past *past, const struct tt_g_state *g,
		      const struct tt_kept_label *label)
{
	if (g->status != TT_G_RUNNING)
		return false;
	if (g->seq.generation == label->seq.generation)
		return g->seq.n == label->seq.n;
	return label->goes_on && g->seq.generation == past->number && g->seq.n == 0;
}

/* The last label of a goroutine, or NULL. */
static const struct tt_kept_label *last_label(const struct tt_writer_past *past, int64_t g)
{
	const struct tt_kept_label *label = past->later == NULL ? NULL : last_label(past->later, g);
	uint32_t i;

	if (label != NULL)
		return label;
	i = tt_idmap_find(&past->g_ids, (uint64_t)g);
	return i < past->labels.n && past->labels.at[i].text != NULL ? &past->labels.at[i] : NULL;
}

const struct tt_shared_string *tt_writer_past_label_of(const struct tt_writer *w,
						       const struct tt_g_state *g)
{
	const struct tt_kept_label *label = last_label(&w->past, g->id);

	return label != NULL && runs_with(&w->past, g, label) ? label->text : NULL;
}

/* The generation that was followed ends: labels of goroutines that run hold in the next one. */
static void carry_labels(struct tt_writer *w)
{
	struct tt_writer_past *past = &w->past;

	for (size_t i = 0; past->labels.n != 0 && i < past->order.gs.n; i++) {
		const struct tt_g_state *g = &past->order.gs.at[i];
		uint32_t at = g->status == TT_G_RUNNING
				      ? tt_idmap_find(&past->g_ids, (uint64_t)g->id)
				      : TT_IDMAP_NONE;
		struct tt_kept_label *label = at < past->labels.n ? &past->labels.at[at] : NULL;

		if (label == NULL || label->text == NULL)
			continue;
		label->goes_on = runs_with(past, g, label);
		if (label->goes_on)
			label->seq = g->seq;
	}
}

int tt_writer_past_event(struct tt_writer *w, const struct tt_event *ev)
{
	struct tt_transition t;

	if (ev->spec->experiment_id == TT_EXPERIMENT_ALLOC_FREE)
		return tt_writer_heap_event(w, ev);
	if (ev->spec->experiment != NULL)
		return tt_writer_keep_event(w, ev);
	if (ev->kind == TT_KIND_LABEL)
		return tt_writer_past_label(w, &w->past.order, ev);
	if (ev->kind != TT_KIND_TRANSITION)
		return TT_OK;
	t = tt_event_transition(ev);
	if (t.resource != TT_RESOURCE_GOROUTINE)
		return TT_OK;
	if (t.to == TT_STATE_NOT_EXIST) {
		tt_writer_past_forget(w, t.id);
		return TT_OK;
	}
	return t.has_stack && t.stack != 0 ? tt_writer_past_remember(w, t.id, t.stack) : TT_OK;
}

static struct tt_kept_stack *last_stack(const struct tt_writer_past *past, int64_t g)
{
	struct tt_kept_stack *s = past->later == NULL ? NULL : last_stack(past->later, g);
	uint32_t i;

	if (s != NULL)
		return s;
	i = tt_idmap_find(&past->g_ids, (uint64_t)g);
	return i == TT_IDMAP_NONE ? NULL : past->stacks.at[i];
}

bool tt_writer_past_stack(struct tt_writer *w, int64_t g, uint64_t *out)
{
	struct tt_kept_stack *s = last_stack(&w->past, g);
	struct tt_wire_frame frames[TT_V2_MAX_FRAMES];

	*out = 0;
	if (s == NULL)
		return true;
	if (s->serial != w->tables.serial) {
		for (uint32_t f = 0; f < s->nframes; f++) {
			const struct tt_shared_string *func = s->frames[f].func,
						      *file = s->frames[f].file;

			frames[f].pc = s->frames[f].pc;
			frames[f].line = s->frames[f].line;
			if (!tt_writer_add_text(w, (struct tt_str){func->bytes, func->len},
						&frames[f].func) ||
			    !tt_writer_add_text(w, (struct tt_str){file->bytes, file->len},
						&frames[f].file))
				return false;
		}
		if (!tt_writer_add_frames(w, frames, s->nframes, &s->id))
			return false;
		s->serial = w->tables.serial;
	}
	*out = s->id;
	return true;
}

/* ---- life */

void tt_writer_past_init(struct tt_writer *w)
{
	struct tt_writer_past *past = &w->past;

	tt_order_init(&past->order, &w->mem, w->specs, TT_LAST_VERSION);
	tt_idmap_init(&past->g_ids, &w->mem, tt_random_seed());
	past->last_ns = INT64_MIN;
}

static void drop_lasting(struct tt_writer *w, size_t i)
{
	struct tt_kept_batch *b = &w->past.lasting.at[i];
	uint8_t *data;

	memcpy(&data, &b->data, sizeof(data));
	tt_mem_free(&w->mem, data, b->size);
	*b = w->past.lasting.at[--w->past.lasting.n];
}

void tt_writer_past_release(struct tt_writer *w)
{
	struct tt_writer_past *past = &w->past;

	drop_cached(w);
	for (size_t i = 0; i < past->stacks.n; i++)
		drop_stack(w, past->stacks.at[i]);
	for (size_t i = 0; i < past->labels.n; i++)
		drop_label(w, &past->labels.at[i]);
	while (past->lasting.n != 0)
		drop_lasting(w, past->lasting.n - 1);
	TT_ARRAY_RELEASE(&w->mem, &past->stacks);
	TT_ARRAY_RELEASE(&w->mem, &past->free);
	TT_ARRAY_RELEASE(&w->mem, &past->labels);
	TT_ARRAY_RELEASE(&w->mem, &past->cached);
	TT_ARRAY_RELEASE(&w->mem, &past->lasting);
	tt_idmap_release(&past->g_ids);
	tt_writer_heap_free(w);
	tt_writer_kept_free(w);
	tt_order_release(&past->order);
	past->any = false;
	past->later = NULL;
}

/* ---- batches that later generations need */

/* The bytes that batches of one sort begin with; 0: later generations do not need it. */
static size_t lasting_head(const struct tt_specs *specs, const struct tt_batch *b)
{
	const struct tt_batch_spec *spec;

	if (tt_embedded_body(b, TT_EMBEDDED_SPEC) != NULL)
		return b->size;
	spec = tt_specs_batch_tagged(specs, b->experiment, b->size == 0 ? -1 : b->data[0]);
	return spec != NULL && spec->lasts ? 1 : 0;
}

static bool keep_batch(struct tt_writer *w, const struct tt_batch *b, size_t nhead)
{
	struct tt_writer_past *past = &w->past;
	uint8_t *copy;

	for (size_t i = 0; i < past->lasting.n; i++) {
		const struct tt_kept_batch *old = &past->lasting.at[i];

		if (old->experiment == b->experiment && old->size >= nhead &&
		    memcmp(old->data, b->data, nhead) == 0) {
			drop_lasting(w, i);
			break;
		}
	}
	copy = tt_mem_alloc(&w->mem, b->size);
	if (copy == NULL || !TT_ARRAY_ROOM(&w->mem, &past->lasting)) {
		tt_mem_free(&w->mem, copy, b->size);
		return false;
	}
	memcpy(copy, b->data, b->size);
	past->lasting.at[past->lasting.n++] = (struct tt_kept_batch){
		b->experiment, b->thread, 0, copy, b->size};
	return true;
}

int tt_writer_past_generation(struct tt_writer *w, const struct tt_generation *gen)
{
	struct tt_writer_past *past = &w->past;

	drop_cached(w);
	if (past->any)
		carry_labels(w);
	past->any = true;
	past->source = gen;
	past->number = gen->number;
	past->ngenerations++;
	past->had_clock = past->has_clock;
	past->old_clock = past->clock;
	past->has_clock = gen->has_clock;
	past->clock = gen->clock;
	tt_order_begin_generation(&past->order, gen);
	for (size_t i = 0; !w->drops_batches && i < gen->experimental.n; i++) {
		const struct tt_batch *b = &gen->experimental.at[i];
		size_t nhead = b->size == 0 ? 0 : lasting_head(w->specs, b);

		if (nhead != 0 && !keep_batch(w, b, nhead))
			return tt_writer_no_memory(w);
	}
	return tt_writer_heap_generation(w, gen);
}

bool tt_writer_past_batches(struct tt_writer *w)
{
	for (size_t i = 0; i < w->past.lasting.n; i++) {
		struct tt_kept_batch b = w->past.lasting.at[i];

		b.time_ns = w->base_ns;
		if (!tt_writer_embed_batch(w, &b))
			return false;
	}
	return true;
}
