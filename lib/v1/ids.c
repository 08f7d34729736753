/* SPDX-License-Identifier: MIT */
/* ids.c - whether what an event of v2 names is there. Stands on gen. */
#include <inttypes.h>

#include "base/error.h"
#include "spec/spec.h"
#include "v1/convert.h"

static int bad_id(struct tt_v1 *v, int code, const char *what, uint64_t id, struct tt_error *err)
{
	return tt_fail(err, code, "found invalid %s ID %" PRIu64 " for event %s", what, id,
		       v->out.spec->name);
}

/* Of the stack's frames, which Go looks at only when it prints them. */
static int check_frames(const struct tt_v1 *v, uint64_t id, struct tt_error *err)
{
	uint32_t i = tt_idmap_find(&v->gen->stack_ids, id);

	if (!v->bad_frames || i == TT_IDMAP_NONE)
		return TT_OK;
	return tt_generation_check_stack(v->gen, &v->gen->stacks.at[i], err);
}

int tt_v1_check_ids(struct tt_v1 *v, struct tt_error *err)
{
	const struct tt_event_def *def = tt_event_def_of(v->out.spec);
	int rc = TT_OK;

	for (unsigned i = 0; rc == TT_OK && i < def->nstacks; i++) {
		uint64_t id = v->out_args[def->stack_args[i]];

		if (id != 0 && tt_idmap_find(&v->gen->stack_ids, id) == TT_IDMAP_NONE)
			return bad_id(v, TT_E_EVENT_STACK, "stack", id, err);
		rc = check_frames(v, id, err);
	}
	for (unsigned i = 0; rc == TT_OK && i < def->nstrings; i++) {
		uint64_t id = v->out_args[def->string_args[i]];

		if (id != 0 && tt_idmap_find(&v->gen->string_ids, id) == TT_IDMAP_NONE)
			return bad_id(v, TT_E_EVENT_STRING, "string", id, err);
	}
	return rc;
}

bool tt_v1_has_raw_ids(const struct tt_v1 *v)
{
	switch (v->out.spec->type) {
	case TT_EV_GO_CREATE:
	case TT_EV_GO_LABEL:
	case TT_EV_USER_TASK_BEGIN:
	case TT_EV_USER_REGION_BEGIN:
	case TT_EV_USER_REGION_END:
	case TT_EV_USER_LOG:
		return true;
	default:
		return v->bad_frames;
	}
}
