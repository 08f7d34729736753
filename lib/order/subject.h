/* SPDX-License-Identifier: MIT */
/*
 * subject.h - what declared orders are about: resources of experiments, and goroutines, Ps,
 * threads or the whole program where a spec numbers their events. For each one, a record
 * says which number its last event had and, of a resource, whether it lives and in which
 * state it is. Private to lib/order; stands on order.h.
 *
 * Numbers begin anew in each generation unless the spec says that they continue. What lives,
 * states and numbers that continue are known from one generation to the next; that one was
 * destroyed is known to the end of its generation. All else is forgotten with it.
 */
#ifndef TT_ORDER_SUBJECT_H
#define TT_ORDER_SUBJECT_H

#include "order/order.h"

enum tt_life {
	TT_LIFE_UNKNOWN,        /* or not followed */
	TT_LIFE_SEEN,           /* unknown, and that was reported in this generation */
	TT_LIFE_LIVE,
	TT_LIFE_DEAD,           /* was destroyed in this generation */
};

#define TT_STATE_UNKNOWN 0xff

struct tt_subject {
	uint64_t id;
	uint64_t n;             /* the number of its last event, or 0 */
	uint32_t generation;    /* the last one that it has an event in, as subject.c counts */
	uint32_t next;          /* that has events in this generation; of a free record: the
	                           next free one; or TT_NO_SLOT */
	uint16_t class;
	uint8_t life;           /* enum tt_life */
	uint8_t state;          /* or TT_STATE_UNKNOWN */
	bool numbered;          /* n is known: of numbers that continue */
	bool ended;             /* of a goroutine: it ended, though it may be there again */
};

/* Subjects whose ids are told apart by nothing else. */
struct tt_subject_class {
	enum tt_order_of of;
	const char *experiment; /* of a resource: whose it is */
	const char *name;       /* of a resource; else of the argument with the number */
	bool described;         /* what follows is: */
	bool lives, restated, reused, continues;
	bool remembered;        /* something is known from one generation to the next */
	enum tt_breach unknown, misuse;
	struct tt_idmap ids;    /* to records */
};

/*
 * What an event does that creates, uses or destroys one resource by its number, and no more:
 * that is nearly every event with an order, and tt_fast_order() lets it happen.
 */
struct tt_simple_order {
	uint16_t class;         /* index plus 1; 0: it is not known yet, or not simple */
	uint16_t from;          /* a bit for each state that it may be in */
	uint8_t arg, seq_arg;
	uint8_t if_arg;         /* or TT_ARG_ZERO */
	uint8_t to, otherwise;  /* state if that is not 0, and if it is; TT_STATE_UNKNOWN: the
	                           one that it has */
	uint8_t life, next_life; /* enum tt_life: that it must have, and has then */
	bool creates;           /* it must not be there */
	bool continues;         /* its numbers do */
};

/* Whether an event creates, uses or destroys one resource by its number, and no more. */
bool tt_order_is_simple(const struct tt_event_def *def);

struct tt_subjects {
	struct tt_simple_order simple[256]; /* of a type */
	uint16_t class_of[256][TT_MAX_ORDERS]; /* index in classes plus 1; 0: not known yet */
	TT_ARRAY(struct tt_subject_class) classes; /* twice as many as there are orders at most */
	TT_ARRAY(struct tt_subject) records;
	uint32_t free;
	uint32_t touched;       /* the first that has events in this generation, or TT_NO_SLOT */
	uint32_t generation;    /* counted from 1 */
	bool follows_gs;        /* there are numbers of goroutines that continue */
};

/* Finds the classes of the orders of an event. False: no memory. */
bool tt_subject_find_classes(struct tt_order *o, const struct tt_event_def *def);
/* The class that the i-th order of an event is about, until an event of another type asks;
 * NULL: no memory. */
static inline struct tt_subject_class *
tt_subject_class_of(struct tt_order *o, const struct tt_event_def *def, unsigned i)
{
	if (o->subjects == NULL || o->subjects->class_of[def->spec.type][i] == 0) {
		if (!tt_subject_find_classes(o, def))
			return NULL;
	}
	return &o->subjects->classes.at[o->subjects->class_of[def->spec.type][i] - 1];
}

/* Which one it is about; false: it is that of a context which has none. */
bool tt_subject_id(const struct tt_order_spec *order, const uint64_t *args,
		   const struct tt_context *context, uint64_t *id);
/* Its slot, or TT_NO_SLOT if nothing is known of it. */
static inline uint32_t tt_subject_find(const struct tt_subject_class *class, uint64_t id)
{
	uint32_t slot = tt_idmap_find(&class->ids, id);

	return slot == TT_IDMAP_NONE ? TT_NO_SLOT : slot;
}

/* Of a slot, which may be TT_NO_SLOT: NULL. Lives until the next one is added. */
static inline const struct tt_subject *tt_subject_at(const struct tt_order *o, uint32_t slot)
{
	return slot == TT_NO_SLOT ? NULL : &o->subjects->records.at[slot];
}

/* The number of the last event, as far as it counts now. */
static inline uint64_t tt_subject_number(const struct tt_subjects *all, bool continues,
					 const struct tt_subject *subject)
{
	if (subject == NULL)
		return 0;
	return continues || subject->generation == all->generation ? subject->n : 0;
}

/* It has an event in this generation: numbers begin anew if need be. */
static inline void tt_subject_renew(struct tt_subjects *all, uint32_t slot, bool continues)
{
	struct tt_subject *subject = &all->records.at[slot];

	if (subject->generation == all->generation)
		return;
	if (!continues)
		subject->n = 0;
	subject->generation = all->generation;
	subject->next = all->touched;
	all->touched = slot;
}

/* The record of one that has an event now, made if `slot` is TT_NO_SLOT, and renewed. NULL:
 * o->err says why. */
struct tt_subject *tt_subject_touch(struct tt_order *o, struct tt_subject_class *class,
				    uint64_t id, uint32_t slot);

/* ---- all of them */

void tt_subjects_release(struct tt_order *o);
/* Forgets all records. */
void tt_subjects_reset(struct tt_order *o);
/* The specs have more events and resources than before. */
void tt_subjects_specs_changed(struct tt_order *o);
void tt_subjects_begin_generation(struct tt_order *o);
/* A goroutine ended: its numbers are forgotten with the generation. */
void tt_subjects_g_ended(struct tt_order *o, int64_t id);
/* Whether that is so of any. */
bool tt_subjects_follow_gs(const struct tt_order *o);
/* Makes those of *to, which has none, like those of *from. False: no memory. */
bool tt_subjects_copy(struct tt_order *to, const struct tt_order *from);

#endif
