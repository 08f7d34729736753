/* SPDX-License-Identifier: MIT */
/*
 * spans.h - the inside of struct tt_spans: events turned into intervals. Stands on gen, spec
 * and the accessors of event.
 *
 *	spans.c            a new one, the next event, the next span, what is open at the end
 *	spans_groups.c     groups of states that are counted together
 *	spans_run.c        most states in few bytes, for callers that count them
 *	spans_states.c     states of goroutines and processors
 *	spans_scopes.c     what begins and ends: ranges, regions, tasks, resources
 *	spans_texts.c      one number for each name and stack, across generations
 */
#ifndef TT_ANALYZE_SPANS_H
#define TT_ANALYZE_SPANS_H

#include "base/idmap.h"
#include "spec/spec.h"
#include "tracetool_analyze.h"

/* ---- spans_texts.c */

struct tt_span_name {
	char *data;
	size_t len;
};

struct tt_span_frame {
	uint64_t pc, line;
	uint32_t func, file;    /* names */
};

/* The frames of a stack, in one list of all. */
struct tt_span_stack {
	size_t first;
	uint32_t n;
};

/* What a stack of the generation at hand is; both 0: not looked up yet. */
struct tt_span_stack_numbers {
	uint32_t stack;
	uint32_t root;          /* the name of its outermost function, plus 1 */
};

enum { TT_SPAN_NLAST = 16, TT_SPAN_NLAST_STACKS = 512 };

struct tt_span_texts {
	struct tt_mem *mem;
	uint64_t seed;
	bool failed;            /* there was no memory: tt_mem_code() */
	struct tt_idmap name_hashes, stack_hashes;
	TT_ARRAY(struct tt_span_name) names;    /* number 0, the empty one, is not in it */
	TT_ARRAY(struct tt_span_stack) stacks;  /* likewise */
	TT_ARRAY(struct tt_span_frame) frames;
	/* the generation at hand */
	const struct tt_generation *gen;
	struct tt_idmap names_by_id;            /* its strings that were asked for */
	struct tt_span_string {
		uint64_t id;                    /* 0: none */
		uint32_t name;
	} last[TT_SPAN_NLAST];                  /* those of them asked for last, by low bits */
	struct tt_span_stack_numbers *by_index; /* its stacks */
	size_t nby_index;
	struct tt_span_last_stack {
		uint32_t id, number;            /* 0: none */
	} last_stacks[TT_SPAN_NLAST_STACKS];    /* those asked for last, by low bits */
};

void tt_span_texts_init(struct tt_span_texts *t, struct tt_mem *mem, uint64_t seed);
void tt_span_texts_release(struct tt_span_texts *t);
/* Ids of strings and stacks are those of this generation from now on. */
void tt_span_texts_begin(struct tt_span_texts *t, const struct tt_generation *gen);
/* All of these return 0 for the empty one, and if there is no memory: then `failed`. */
uint32_t tt_span_texts_name(struct tt_span_texts *t, struct tt_str text);
uint32_t tt_span_texts_find_string(struct tt_span_texts *t, uint64_t id);
static inline uint32_t tt_span_texts_string(struct tt_span_texts *t, uint64_t id)
{
	const struct tt_span_string *last = &t->last[id % TT_SPAN_NLAST];

	if (id == 0)
		return 0;
	return last->id == id ? last->name : tt_span_texts_find_string(t, id);
}
uint32_t tt_span_texts_stack(struct tt_span_texts *t, uint64_t id);
/* The same for most events of a trace. */
static inline uint32_t tt_span_texts_last_stack(struct tt_span_texts *t, uint64_t id)
{
	struct tt_span_last_stack *last = &t->last_stacks[id % TT_SPAN_NLAST_STACKS];

	if (last->id != id || id == 0) {
		if (id == 0 || id > UINT32_MAX)
			return tt_span_texts_stack(t, id);
		*last = (struct tt_span_last_stack){(uint32_t)id, tt_span_texts_stack(t, id)};
	}
	return last->number;
}
/* The name of the outermost function of a stack. */
uint32_t tt_span_texts_root(struct tt_span_texts *t, uint64_t id);

/* ---- what is open */

#define TT_SPAN_NO_SLOT UINT32_MAX

/* The context of the event that began something. */
struct tt_span_context {
	int64_t goroutine, proc, thread;
};

struct tt_span_goroutine {
	int64_t id;             /* of a free record: the next free one */
	int64_t born_ns, since_ns, taken_ns;
	struct tt_span_context by;      /* what began the state */
	int64_t creator;
	uint32_t func, name;            /* (together: spans_run.c reads them as one) */
	uint32_t stack, start_stack;
	uint32_t born_stack, creator_stack;
	uint32_t region;        /* the slot of its innermost region */
	uint32_t ranges;        /* the slot of one of its ranges */
	uint8_t state;          /* enum tt_state; TT_STATE_NOT_EXIST: a free record */
	uint8_t flags, born_flags;      /* enum tt_span_flags; and TT_SPAN_WATCHED */
	bool plain;             /* the end of its state is all that there is to say: spans_run.c */
};

/* Among the flags of a goroutine's state: it comes as a span, not as a brief. */
enum { TT_SPAN_WATCHED = 1 << 7 };

struct tt_span_proc {
	int64_t id;
	int64_t since_ns;
	struct tt_span_context by;
	int64_t syscalling;     /* the goroutine that entered a syscall on it, or TT_NONE */
	uint8_t state, flags;
};

/*
 * A region, range, task or resource, in few bytes: there may be more of them open than goroutines.
 * Regions are the stack of a goroutine; tasks are found by their number, all others by their hash,
 * and ranges of a goroutine are in a list of its own, too.
 */
struct tt_span_scope {
	int64_t id, start_ns;
	struct tt_span_context by;      /* what began it; all TT_NONE: it began before */
	uint64_t more;          /* REGION: its task. TASK: its parent. RANGE: the key of its spec */
	const void *of;         /* RANGE: the spec of the event that began it. RESOURCE: its own */
	uint32_t name, detail, stack;
	uint32_t below;         /* slot: the next region outwards; the next with this hash */
	uint32_t above;         /* with this hash */
	uint32_t next, before;  /* of the goroutine's ranges; of a free record: the next free one */
	uint8_t kind, scope;    /* as in struct tt_span */
	uint8_t type;           /* RANGE: of the event that begins it */
	bool used : 1, began_before : 1;
};

/* ---- spans_groups.c and spans_run.c */

/* How the events of a type change a goroutine's state, if that is all they do. */
struct tt_span_rule {
	const struct tt_event_spec *spec;       /* NULL: not known, or they do more */
	uint8_t to;                             /* enum tt_state */
	int8_t id_arg;                          /* -1: of the context */
	int8_t reason_arg, stack_arg;           /* -1: none */
	bool keeps_stack;                       /* id 0 says nothing about the goroutine's stack */
	bool is_syscall;                        /* into a system call or out of it */
	bool is_bare;                           /* none of the last four */
};

/* What sets groups of states apart; each half is two numbers side by side in memory. */
struct tt_span_group_key {
	uint64_t func_name, stack_state;
};

enum {
	TT_SPANS_NBRIEFS = 256,
	TT_SPANS_NLAST_GROUPS_LOG2 = 9,
	TT_SPANS_NLAST_GROUPS = 1 << TT_SPANS_NLAST_GROUPS_LOG2,
};

/* All of it is there only with TT_SPANS_BRIEF. */
struct tt_span_groups {
	struct tt_span_rule rules[256];         /* by type */
	uint32_t stack_masks[TT_STATE_BAD + 1]; /* by state: ~0 if the stack sets it apart */
	struct tt_span_brief briefs[TT_SPANS_NBRIEFS];
	size_t nbriefs;         /* of the last run */
	TT_ARRAY(struct tt_span_group {
		struct tt_span_group_key key;
		bool watched;                   /* its states are no briefs */
	}) at;
	struct tt_idmap hashes;
	struct tt_span_last_group {
		struct tt_span_group_key key;
		uint32_t group;
	} last[TT_SPANS_NLAST_GROUPS];          /* those asked for last, by a hash */
};

struct tt_spans {
	struct tt_mem mem;
	const struct tt_specs *specs;
	uint64_t seed;
	unsigned flags;
	bool started, finished;
	int64_t start_ns, now_ns;
	int64_t sync_ns;        /* start of the generation at hand */
	uint64_t generation;    /* its ordinal; 0: none yet */
	bool v1;                /* it was made up for a trace in format v1 */

	struct tt_span_texts texts;
	struct tt_idmap goroutine_ids, proc_ids, task_ids, scope_hashes;
	TT_ARRAY(struct tt_span_goroutine) goroutines;
	TT_ARRAY(struct tt_span_proc) procs;
	TT_ARRAY(struct tt_span_scope) scopes;
	uint32_t free_goroutine, free_scope;
	uint64_t nbefore;       /* goroutines met so far that existed before the trace did */
	int64_t nmost_more;     /* than at the start of the trace there were at most */
	struct tt_span_groups *groups;  /* NULL: without TT_SPANS_BRIEF */

	/* what the last event ended, in this order */
	TT_ARRAY(struct tt_span) ended;
	size_t next;
	/* after the end: where tt_spans_next() is */
	enum tt_span_kind closing;
	size_t closing_at;
};

/* Room for one more ended span, whose members are all to be set. NULL: no memory. */
static inline struct tt_span *tt_spans_add(struct tt_spans *s)
{
	return TT_ARRAY_ROOM(&s->mem, &s->ended) ? &s->ended.at[s->ended.n++] : NULL;
}

/* NULL: there is no such goroutine. */
static inline struct tt_span_goroutine *tt_spans_goroutine(const struct tt_spans *s, int64_t id)
{
	uint32_t slot = tt_idmap_find(&s->goroutine_ids, (uint64_t)id);

	return slot == TT_IDMAP_NONE ? NULL : &s->goroutines.at[slot];
}

static inline struct tt_span_proc *tt_spans_proc(const struct tt_spans *s, int64_t id)
{
	uint32_t slot = tt_idmap_find(&s->proc_ids, (uint64_t)id);

	return slot == TT_IDMAP_NONE ? NULL : &s->procs.at[slot];
}

/* The number of a span's own stack; 0 unless stacks are kept. */
static inline uint32_t tt_span_own_stack(struct tt_spans *s, uint64_t id)
{
	return id == 0 || (s->flags & (TT_SPANS_STACKS | TT_SPANS_OWN_STACKS)) == 0
		       ? 0
		       : tt_span_texts_last_stack(&s->texts, id);
}

/* The number of the stack of an event that begins or ends a span; 0 unless all are kept. */
static inline uint32_t tt_span_event_stack(struct tt_spans *s, uint64_t id)
{
	return id == 0 || (s->flags & TT_SPANS_STACKS) == 0 ? 0
							     : tt_span_texts_last_stack(&s->texts, id);
}

/* ---- spans_groups.c */

/* Codes of tt_spans_new(). */
int tt_span_groups_new(struct tt_spans *s, struct tt_error *err);
void tt_span_groups_free(struct tt_spans *s);
/* The number of a group whose states may be briefs. TT_IDMAP_NONE: they may not, it is new, or
 * there is no memory. */
uint32_t tt_span_groups_find(struct tt_spans *s, const struct tt_span_group_key *key);

static inline bool tt_span_same_key(const struct tt_span_group_key *a, const struct tt_span_group_key *b)
{
	return a->func_name == b->func_name && a->stack_state == b->stack_state;
}

/* ---- spans_states.c. False: no memory. */

bool tt_spans_transition(struct tt_spans *s, const struct tt_event *ev);
/* The goroutine enters a syscall on this processor, or leaves one: whose its processor is. */
void tt_spans_enter_syscall(struct tt_spans *s, struct tt_span_goroutine *g, int64_t proc);
void tt_spans_leave_syscall(struct tt_spans *s, struct tt_span_goroutine *g);
/* States that most events lead from and to; their numbers follow one another. */
static inline bool tt_span_is_plain(unsigned state)
{
	return state - TT_STATE_RUNNABLE <= TT_STATE_SYSCALL - TT_STATE_RUNNABLE;
}
/* Sets `plain` after a change of anything that it depends on. */
static inline void tt_span_set_plain(struct tt_span_goroutine *g)
{
	g->plain = tt_span_is_plain(g->state) && g->flags == 0 && g->taken_ns == TT_NOT_TAKEN;
}
/* What a record says of the state that it is in, as if it ended now and by no event. */
void tt_spans_goroutine_state(const struct tt_spans *s, const struct tt_span_goroutine *g,
			      struct tt_span *out);
void tt_spans_goroutine_life(const struct tt_spans *s, const struct tt_span_goroutine *g,
			     struct tt_span *out);
void tt_spans_proc_state(const struct tt_spans *s, const struct tt_span_proc *p,
			 struct tt_span *out);

/* ---- spans_scopes.c. False: no memory. */

bool tt_spans_range(struct tt_spans *s, const struct tt_event *ev);
bool tt_spans_region(struct tt_spans *s, const struct tt_event *ev);
bool tt_spans_task(struct tt_spans *s, const struct tt_event *ev);
bool tt_spans_resources(struct tt_spans *s, const struct tt_event *ev);
/* The goroutine ends: so do its regions and ranges. */
bool tt_spans_drop_scopes(struct tt_spans *s, struct tt_span_goroutine *g);
/* What a scope is, as if it ended now and by no event. */
void tt_spans_scope_span(const struct tt_spans *s, const struct tt_span_scope *scope,
			 struct tt_span *out);
/* The task of this number, or NULL. */
const struct tt_span_scope *tt_spans_task_of(const struct tt_spans *s, uint64_t id);

#endif
