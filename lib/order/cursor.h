/* SPDX-License-Identifier: MIT */
/*
 * cursor.h - the events of each thread of one generation: a cursor goes over the bytes of
 * its batches and decodes event by event. Stands on gen. Source: Go's
 * internal/trace/batchcursor.go.
 */
#ifndef TT_ORDER_CURSOR_H
#define TT_ORDER_CURSOR_H

#include "base/compiler.h"
#include "gen/clock.h"
#include "gen/generation.h"
#include "wire/event.h"

struct tt_copy;

/* One thread's events. */
struct tt_cursor {
	const uint8_t *pos, *end;       /* what is left of the current batch */
	uint64_t offset_of_null;        /* what is added to an address for its offset in the trace */
	int64_t last_ns;                /* time of the event before; 0: take the batch's */
	uint64_t batch_time;
	uint32_t batch, next_batch;     /* indices in the generation, or TT_NO_BATCH */
	uint32_t m;                     /* slot of the thread in tt_order */
	int64_t thread;
	/* of direct.h: */
	const uint8_t *head_at, *args_at; /* the head, and what follows its dt */
	const uint8_t *scan_end;        /* all numbers before it are short; NULL: not scanned yet */
	const uint8_t *direct_end;      /* heads before it need not be decoded */
	uint8_t direct;                 /* TT_FAST_NONE, or `head` is not decoded: its rule */
	struct tt_copy *copy;           /* for tt_direct_copy() */
	struct tt_raw_event *head;      /* the next event */
	struct tt_raw_event *spare;     /* the one before, which stays readable: it is handed out */
	struct tt_raw_event slots[2];
};

/* The first cursors read large batches in buffers, one batch each; the others, and small
 * batches, are read in place. */
#define TT_NBATCH_BUFFERS 32

/* The owner of a merge keeps them from one generation to the next. */
struct tt_batch_buffers {
	struct tt_mem *mem;     /* that they are taken of */
	uint8_t (*at)[TT_BATCH_MAX_SIZE]; /* NULL: not needed yet */
};

#define TT_BATCH_BUFFERS_NBYTES (TT_NBATCH_BUFFERS * TT_BATCH_MAX_SIZE)

void tt_batch_buffers_release(struct tt_batch_buffers *buffers);

/* The threads of a generation that have events. */
struct tt_cursors {
	struct tt_mem *mem;
	struct tt_batch_buffers *buffers; /* NULL: all batches are read in place */
	struct tt_decode_plan plan;
	const struct tt_generation *gen;
	struct tt_tick_rate rate;
	struct tt_cursor *at;   /* stay where they are while the generation lasts */
	size_t n, cap;
};

/* Without buffers: the owner of some sets them. */
void tt_cursors_init(struct tt_cursors *all, struct tt_mem *mem, const struct tt_specs *specs);
void tt_cursors_release(struct tt_cursors *all);
/* Turns to a generation, with no cursor yet. False: no memory. */
bool tt_cursors_begin(struct tt_cursors *all, const struct tt_generation *gen);
/* Adds a thread's, and decodes its first event: 0; 1 if there is none; or an error. */
int tt_cursors_add(struct tt_cursors *all, const struct tt_thread_batches *thread,
		   struct tt_error *err);

/* The error `why` that ordering has with the cursor's head, and where that is. */
int tt_cursor_broken(const struct tt_cursors *all, const struct tt_cursor *c,
		     const struct tt_error *why, struct tt_error *err);
/* The error that all heads have to wait, this one being the first. */
int tt_cursor_stuck(const struct tt_cursors *all, const struct tt_cursor *c, struct tt_error *err);

/* Decodes the head of a cursor whose head is not decoded; `time_ns` is its time. */
void tt_cursor_decode_head(const struct tt_cursors *all, struct tt_cursor *c, int64_t time_ns);
/* The same if it is not. */
static inline void tt_cursor_settle(const struct tt_cursors *all, struct tt_cursor *c,
				    int64_t time_ns)
{
	if (c->direct != 0)
		tt_cursor_decode_head(all, c, time_ns);
}

/* Turns to the thread's next batch; false if there is none. */
bool tt_cursor_next_batch(struct tt_cursors *all, struct tt_cursor *c);
/* The error of an event that cannot be decoded. */
int tt_cursor_cannot_decode(const struct tt_cursors *all, const struct tt_cursor *c,
			    struct tt_error *err);

/* Decodes the next event, which becomes the cursor's head: 0; 1 if there is none; or an
 * error. */
static TT_ALWAYS_INLINE int tt_cursor_next(struct tt_cursors *all, struct tt_cursor *c,
					   struct tt_error *err)
{
	struct tt_raw_event *ev = c->spare;
	const uint8_t *next;
	uint64_t dt;

	if (c->pos == c->end && !tt_cursor_next_batch(all, c))
		return TT_END;
	/* Go does so whenever the time is 0, not only at a batch's start */
	if (c->last_ns == 0)
		c->last_ns = tt_rate_to_ns(&all->rate, c->batch_time);
	next = tt_raw_event_decode(&all->plan, c->pos, c->end, ev, &dt);
	if (next == NULL)
		return tt_cursor_cannot_decode(all, c, err);
	ev->offset = c->offset_of_null + (uintptr_t)c->pos;
	ev->batch = c->batch;
	/* each dt is converted, and so cut to whole nanoseconds, on its own */
	c->last_ns = tt_ns_add(tt_rate_to_ns(&all->rate, dt), c->last_ns);
	ev->time_ns = c->last_ns;
	c->pos = next;
	c->spare = c->head;
	c->head = ev;
	return TT_OK;
}

#endif
