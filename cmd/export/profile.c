/* SPDX-License-Identifier: MIT */
/* profile.c - samples by stack and labels. Command layer. */
#include "export.h"

#include <stdlib.h>
#include <string.h>

const char *const label_names[NLABELS + 1] = { "goroutine", "func", "state", "reason", "task", NULL };

/* ---- samples */

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * UINT64_C(0xff51afd7ed558ccd);
	return h ^ h >> 33;
}

static uint64_t hash_of(const struct profile *p, const struct profile_key *key)
{
	uint64_t h = p->hashes.seed;

	h = mix(h, key->stack);
	h = mix(h, (uint64_t)key->func << 32 | key->reason);
	h = mix(h, (uint64_t)key->state << 32 | key->type);
	h = mix(h, (uint64_t)key->goroutine);
	return mix(h, key->task);
}

static bool same(const struct profile_key *a, const struct profile_key *b)
{
	return a->stack == b->stack && a->func == b->func && a->reason == b->reason &&
	       a->state == b->state && a->type == b->type && a->goroutine == b->goroutine &&
	       a->task == b->task;
}

/* NULL: no memory. */
static struct profile_sample *sample_of(struct profile *p, const struct profile_key *key)
{
	uint64_t hash;
	uint32_t i;

	/* (the first entry makes the seed) */
	if (p->n == 0 && p->hashes.nslots == 0 && !id_map_set(&p->hashes, 0, NUMBER_NONE))
		return NULL;
	for (hash = hash_of(p, key);; hash++) {
		i = id_map_find(&p->hashes, hash);
		if (i == NUMBER_NONE)
			break;
		if (same(&p->samples[i].key, key))
			return &p->samples[i];
	}
	if (!array_room(&p->samples, &p->cap, p->n + 1, sizeof(*p->samples)) ||
	    !id_map_set(&p->hashes, hash, (uint32_t)p->n))
		return NULL;
	p->samples[p->n] = (struct profile_sample){ .key = *key };
	return &p->samples[p->n++];
}

void profile_add(struct profile *p, const struct profile_key *key, int64_t count, int64_t value)
{
	unsigned labels = p->opt->labels;
	const struct profile_key wanted = {
		.stack = key->stack,
		.type = key->type,
		.goroutine = labels >> LABEL_GOROUTINE & 1 ? key->goroutine : TT_NONE,
		.func = labels >> LABEL_FUNC & 1 ? key->func : 0,
		.state = labels >> LABEL_STATE & 1 ? key->state : 0,
		.reason = labels >> LABEL_REASON & 1 ? key->reason : 0,
		.task = labels >> LABEL_TASK & 1 ? key->task : 0,
	};
	struct profile_sample *s = sample_of(p, &wanted);

	if (!s) {
		p->no_memory = true;
		return;
	}
	s->count += count;
	s->value += value;
}

void profile_release(struct profile *p)
{
	free(p->samples);
	id_map_release(&p->hashes);
}

int profile_frames(const struct profile *p, const struct profile_sample *s, struct tt_frame *out)
{
	int n = tt_spans_stack(p->spans, s->key.stack, out);
	struct tt_str name;

	if (s->key.type == 0)
		return p->opt->like_go && n > TT_V2_MAX_FRAMES ? TT_V2_MAX_FRAMES : n;
	/* the type of an object is its innermost frame */
	name = tt_heap_type(p->heap, s->key.type - 1).name;
	if (n == TT_MAX_FRAMES)
		n--;
	memmove(out + 1, out, (size_t)n * sizeof(*out));
	out[0] = (struct tt_frame){ .func = name.len > 0 ? name : str_of("(unknown type)"),
				    .file = { "", 0 } };
	return n + 1;
}

bool profile_label(const struct profile *p, const struct profile_sample *s, enum profile_label label,
		   struct tt_str *text, int64_t *number)
{
	*text = (struct tt_str){ NULL, 0 };
	*number = 0;
	switch (label) {
	case LABEL_GOROUTINE:
		*number = s->key.goroutine;
		return s->key.goroutine != TT_NONE;
	case LABEL_TASK:
		*number = (int64_t)s->key.task;
		return s->key.task != 0;
	case LABEL_FUNC:
		*text = tt_spans_name(p->spans, s->key.func);
		break;
	case LABEL_REASON:
		*text = tt_spans_name(p->spans, s->key.reason);
		break;
	case LABEL_STATE:
		if (s->key.state != TT_STATE_UNDETERMINED)
			*text = str_of(tt_state_name((enum tt_state)s->key.state));
		break;
	case NLABELS:
		break;
	}
	return text->len > 0;
}
