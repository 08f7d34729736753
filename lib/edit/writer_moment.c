/* SPDX-License-Identifier: MIT */
/*
 * writer_moment.c - threads of what is restated, and goroutines that run there for a moment.
 * Stands on writer_moment.h.
 */
#include "edit/writer_moment.h"

/* ---- threads */

int64_t tt_writer_thread_with(const struct tt_order *o, int64_t p, int64_t g)
{
	for (size_t i = 0; i < o->ms.n; i++)
		if ((p != TT_NONE && o->ms.at[i].p == p) || (g != TT_NONE && o->ms.at[i].g == g))
			return o->ms.at[i].id;
	return TT_NONE;
}

int64_t tt_writer_bare_thread(const struct tt_order *o)
{
	for (int64_t thread = TT_FIRST_MADE_M;; thread++) {
		const struct tt_m_state *m = tt_order_m(o, thread);

		if (m == NULL || (m->p == TT_NONE && m->g == TT_NONE))
			return thread;
	}
}

/* One that the statuses name, if they name any: a reader of the result knows no other ones. */
int64_t tt_writer_any_thread(const struct tt_restatement *list, const struct tt_order *o)
{
	if (list->runner != TT_NONE)
		return list->runner;
	for (size_t i = 0; i < o->ms.n; i++)
		if (o->ms.at[i].p != TT_NONE || o->ms.at[i].g != TT_NONE)
			return o->ms.at[i].id;
	return tt_writer_bare_thread(o);
}

/* ---- moments */

/* Where a goroutine can run that runs nowhere, and which P it needs: one that a thread has
 * without a goroutine, else one that no thread has. False: there is none. */
static bool find_place(const struct tt_order *o, struct tt_moment *moment)
{
	moment->idle = NULL;
	for (size_t i = 0; i < o->ms.n; i++) {
		const struct tt_p_state *p = tt_order_p(o, o->ms.at[i].p);

		if (p != NULL && o->ms.at[i].g == TT_NONE && p->status == TT_P_RUNNING) {
			moment->thread = o->ms.at[i].id;
			return true;
		}
	}
	moment->thread = tt_writer_bare_thread(o);
	for (size_t i = 0; i < o->ps.n && moment->idle == NULL; i++)
		if (o->ps.at[i].status == TT_P_IDLE)
			moment->idle = &o->ps.at[i];
	return moment->idle != NULL;
}

static bool take_place(struct tt_writer *w, struct tt_restatement *list,
		       const struct tt_moment *moment)
{
	const uint64_t args[] = {moment->idle == NULL ? 0 : (uint64_t)moment->idle->id, 0};

	return moment->idle == NULL ||
	       tt_writer_restate(w, list, moment->thread, TT_EV_PROC_START, 2, args);
}

static bool start(struct tt_writer *w, struct tt_restatement *list, const struct tt_moment *moment,
		  uint64_t g)
{
	const uint64_t args[] = {g, 0};

	return tt_writer_restate(w, list, moment->thread, TT_EV_GO_START, 2, args);
}

/* It begins, and runs; its name says what it is. */
static bool begin_speaker(struct tt_writer *w, struct tt_restatement *list,
			  struct tt_moment *moment)
{
	struct tt_wire_frame frame = {.pc = 1, .line = 1};
	uint64_t create[] = {(uint64_t)TT_FIRST_MADE_G, 0, 0};
	bool good = tt_writer_add_text(w, (struct tt_str){"tracetool.restate", 17}, &frame.func) &&
		    tt_writer_add_text(w, (struct tt_str){"tracetool", 9}, &frame.file) &&
		    tt_writer_add_frames(w, &frame, 1, &create[1]);

	if (!good)
		return tt_writer_no_memory(w) == TT_OK;
	while (tt_order_g(&w->past.order, (int64_t)create[0]) != NULL)
		create[0]++;
	moment->end = TT_EV_GO_DESTROY;
	w->progress.made_goroutine = (int64_t)create[0];
	return take_place(w, list, moment) &&
	       tt_writer_restate(w, list, moment->thread, TT_EV_GO_CREATE, 3, create) &&
	       start(w, list, moment, create[0]);
}

bool tt_writer_begin_moment(struct tt_writer *w, struct tt_restatement *list,
			    const struct tt_g_state *g, struct tt_moment *moment, bool *possible)
{
	bool waits = g != NULL && g->status == TT_G_WAITING;
	const uint64_t unblock[] = {g == NULL ? 0 : (uint64_t)g->id, 0, 0};

	*possible = (g == NULL || waits || g->status == TT_G_RUNNABLE) &&
		    find_place(&w->past.order, moment);
	if (!*possible)
		return false;
	if (g == NULL)
		return begin_speaker(w, list, moment);
	moment->end = waits ? TT_EV_GO_BLOCK : TT_EV_GO_STOP;
	return take_place(w, list, moment) &&
	       (!waits ||
		tt_writer_restate(w, list, moment->thread, TT_EV_GO_UNBLOCK, 3, unblock)) &&
	       start(w, list, moment, (uint64_t)g->id);
}

bool tt_writer_end_moment(struct tt_writer *w, struct tt_restatement *list,
			  const struct tt_moment *moment)
{
	static const uint64_t nothing[] = {0, 0};

	return tt_writer_restate(w, list, moment->thread, moment->end,
				 moment->end == TT_EV_GO_DESTROY ? 0 : 2, nothing) &&
	       (moment->idle == NULL ||
		tt_writer_restate(w, list, moment->thread, TT_EV_PROC_STOP, 0, NULL));
}
