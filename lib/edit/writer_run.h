/* SPDX-License-Identifier: MIT */
/*
 * writer_run.h - the events of a source followed, or written, many at once: straight from
 * their bytes, while the pass that orders them goes on (order/direct.h). The state of the pass
 * takes the place of the writer's own, which knows the same before and after. Private to
 * lib/edit; stands on writer.h.
 */
#ifndef TT_EDIT_WRITER_RUN_H
#define TT_EDIT_WRITER_RUN_H

#include "edit/writer.h"
#include "event/pass.h"

/* So many ids of tasks are remembered. */
#define TT_NAMED_TASKS 256

/* What is kept meanwhile. */
struct tt_writer_run {
	bool any;               /* events are being followed, or written */
	bool drops_stacks;
	/* generations in which it is not to be tried once more */
	uint64_t followed_ordinal, copied_ordinal;
	struct tt_pass *pass;
	const struct tt_generation *gen;
	int64_t until_ns;       /* it goes no further by itself */
	/* by slots of the pass's order */
	TT_ARRAY(struct tt_noted) gs;
	TT_ARRAY(struct tt_noted) ps;
	/* of those that are written: */
	TT_ARRAY(struct tt_copy) copies; /* by cursor of the pass, and into which stream */
	TT_ARRAY(uint32_t) streams;
	TT_ARRAY(bool) stacks;  /* ids that are used */
	TT_ARRAY(bool) strings;
	struct tt_used_ids used;
	uint64_t named_tasks[TT_NAMED_TASKS]; /* 1 + the id that an event named last; 0: none did */
	bool renumbers;
	bool unwanted[256];     /* by type: not needed to follow what is before a window */
	bool in_group;          /* more events of the same one of the trace are to come, whose */
	int64_t group_ns;       /* time is this */
	uint64_t nevents_begun; /* of the pass, when it began */
};

void tt_writer_run_release(struct tt_writer *w);

/* ---- what following and writing share */

/* Whether the long way can be left where writer and pass are. */
bool tt_writer_run_can(const struct tt_writer *w, const struct tt_pass *p);
/* Begins with w->run. w->err. */
int tt_writer_run_begin(struct tt_writer *w, struct tt_pass *p, int64_t end_ns);
/* Makes room to note something of all goroutines and Ps that the order knows. w->err. */
int tt_writer_run_note_all(struct tt_writer *w);
/* tt_pass_next_but(), with what is noted, up to some time before `end_ns`. w->err, if an event
 * is not before that. */
int tt_writer_run_next(struct tt_writer *w, struct tt_pass_run *how, int64_t end_ns,
		       const struct tt_event **ev);
/* What is noted of a goroutine or P; NULL: the order does not know it. */
struct tt_noted *tt_writer_run_g(struct tt_writer *w, int64_t id);
struct tt_noted *tt_writer_run_p(struct tt_writer *w, int64_t id);

/* ---- the two ways */

/*
 * Follows the events of a pass up to some time before `end_ns`, or to the end of its generation,
 * to which `past` was turned: 0 with each one that begins a task or says what GOMAXPROCS is, which
 * was followed, too; 1 when that place is reached, and tt_writer_follow() or tt_writer_event() can
 * go on; or an error of the pass, or w->err.
 */
int tt_writer_run_follow(struct tt_writer *w, struct tt_pass *p, bool with_stacks, int64_t end_ns,
			 const struct tt_event **ev);
/*
 * The same, but writes them, to the generation that has been begun for theirs. 0 with the first
 * one that names a task, and maybe with others. 1 at once: this generation cannot be written so.
 */
int tt_writer_run_copy(struct tt_writer *w, struct tt_pass *p, int64_t end_ns,
		       const struct tt_event **ev);

#endif
