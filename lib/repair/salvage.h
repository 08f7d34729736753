/* SPDX-License-Identifier: MIT */
/*
 * salvage.h - what is left of a broken generation: its batches one by one, as far
 * as each of them makes sense, in memory of its own. Stands on event and on edit.
 *
 * What happens to one: its batches are collected; it is prepared, so that nothing in it
 * fails to decode or lacks a table entry any more; it is trimmed, so that nothing fails to
 * order; events are added that lead to what follows; it is written.
 */
#ifndef TT_REPAIR_SALVAGE_H
#define TT_REPAIR_SALVAGE_H

#include "event/pass.h"
#include "gen/content.h"
#include "repair/entries.h"
#include "spec/types.h"

/*
 * One batch that was read, and what of it is good. Of the batch before a place where the
 * framing breaks it is not known whether its bytes are those that were written: it is in doubt
 * until it is known where the next batch begins.
 */
struct tt_salvaged_batch {
	struct tt_raw_batch head; /* its data is a copy, with the header in front of it */
	uint8_t *clean;                 /* its good records if they are not all; else NULL */
	uint32_t nclean;
	uint32_t nown;                  /* bytes of its data that are not another batch's */
	uint32_t embedded;              /* of an experiment's: where embedded events end, or 0 */
	uint32_t reach;                 /* where the events that stay end (tt_salvage_measure) */
	uint32_t nlacking;              /* missing bytes of it: the input ends before them */
	bool events;                    /* a thread's own */
	bool dropped;
	bool sync;
	bool doubted;                   /* it was in doubt */
	bool suspect;                   /* bytes of it or right after it may be damaged */
	bool bridged;                   /* it is suspect because bridges were made in it */
	bool cut;                       /* its header says more than there is */
	bool unsettled;                 /* its events are those of tt_salvage's doubt */
};

/* So many bytes after a batch in doubt are kept, to see whether they go on with it. */
#define TT_SALVAGE_AFTER 4096

#define TT_NO_DOUBT SIZE_MAX

/* So many places at most are tried where a batch may go on after damage in it. */
#define TT_NRESUMES 6

/* What tt_salvage_trim() changes of a generation. */
struct tt_salvaged_run {
	uint32_t size, next;
};
struct tt_salvaged_thread {
	uint32_t first, last;
};

/* Events of a batch that was in doubt, and stays so until they are ordered. */
struct tt_salvage_doubt {
	uint32_t batch;         /* of the generation; or TT_NO_BATCH: there is none */
	uint64_t offset;        /* of its data */
	uint32_t nbytes;        /* of that, as far as it goes; some may not be decodable */
	int64_t thread;
	uint64_t nmissing;      /* so many bytes seem to be missing in it */
	bool shortened;         /* the next batch begins before its end: it ends there */
	uint64_t late_offset;   /* of the first of them that other threads' times contradict */
	uint64_t ndelayed;      /* so many events of other threads come after later ones of it */
	uint32_t nwritten;      /* nbytes before tt_salvage_splice() */
	uint8_t nresumes;       /* events may be as they were written again from here on: */
	uint32_t resumes[TT_NRESUMES];
	uint64_t nconfirmed;    /* how many of its events are among tt_salvage's nevents */
	uint32_t floor;         /* so many of its bytes stay, as far as they order; 0: an estimate */
	uint32_t nkept;         /* so many stayed */
	uint32_t nordered;      /* so many did, and name no stack that there is not */
};

/* Whether this place of the input is in that batch. */
static inline bool tt_salvage_doubt_has(const struct tt_salvage_doubt *d, uint64_t offset)
{
	return offset >= d->offset && offset - d->offset < d->nbytes;
}

/* Records of an experimental batch that are lost, and made up. */
struct tt_lost_records {
	const struct tt_batch_spec *spec; /* NULL: there are none, and no event of AllocFree */
	struct tt_idmap ids;    /* the keys, each once */
	TT_ARRAY(uint64_t) keys;
};

struct tt_salvage {
	struct tt_mem *mem;
	const struct tt_batch_rules *rules;
	unsigned version;
	struct tt_generation gen;
	TT_ARRAY(struct tt_salvaged_batch) list; /* in the order of the file */
	TT_ARRAY(struct tt_salvaged_run) runs; /* of tt_salvage_remember() */
	TT_ARRAY(struct tt_salvaged_thread) threads; /* likewise */
	uint32_t first_moved;   /* index of the first batch that bridges added, or TT_NO_BATCH */
	TT_ARRAY(uint32_t) ends; /* of tt_salvage_find_ends() */
	uint8_t *written;       /* the batch in doubt before tt_salvage_splice(), or NULL */
	struct tt_decode_plan plan;
	size_t doubtful;        /* index of the batch in doubt, or TT_NO_DOUBT */
	struct tt_salvage_doubt doubt;
	size_t nafter;
	uint8_t after[TT_SALVAGE_AFTER]; /* what follows it */
	uint64_t end_offset;    /* of the last batch that was collected */
	bool lost_framing;      /* what looks like a batch may be none: set before collecting */
	bool no_events;         /* it may not be a generation: likewise */
	struct tt_idmap gapped; /* threads of which a batch was dropped */
	struct tt_idmap resumed; /* threads that go on after a gap: with this batch of the list */
	size_t nthreads_before; /* threads of `gen` that had begun before the last gap: */
	bool unfiled;           /* the last batch is: it was found after damage */
	bool has_gap;           /* batches of any thread may be missing there */
	bool sync_damaged;      /* the clock has to be written anew */
	bool ended;             /* its end mark was read */
	bool has_time;
	bool uncounted;         /* events are lost that are not among nevents */
	bool assumed_frequency, made_clock;
	bool bridged;           /* events are made up among its own, or have other numbers */
	bool odd_thread;        /* some of those in doubt may be another thread's */
	struct tt_made_entries made;
	struct tt_lost_records lost_records;
	/* events that decode; those that stay; a coroutine switch is three, as for a reader */
	uint64_t nevents, nkept;
	uint64_t nunsure;       /* of those that do not stay: they may be none */
	uint64_t ndoubted;      /* of those that stay: they may be others than were written */
	size_t ndoubted_batches; /* these are in so many batches, of which the first is here: */
	uint64_t doubted_offset;
	uint64_t nread;         /* what a reader hands out of those that stay, CPU samples too */
	size_t nsamples;        /* in the tables that were read */
	uint64_t unread_nbytes; /* events of threads, from one on that does not decode */
	int unknown_type;       /* of the first of these that no spec defines; -1: none */
	int64_t last_ns;        /* the latest time of an event that stays */
};

void tt_salvage_init(struct tt_salvage *s, struct tt_mem *mem, const struct tt_specs *specs,
		     const struct tt_loader *l);
void tt_salvage_release(struct tt_salvage *s);

/*
 * Collects the batches of the generation that begins at `begin`, at most to `end`, and
 * puts the source back to where it is. Damage is no error. TT_E_MEMORY, TT_E_LIMIT,
 * TT_E_IO.
 */
int tt_salvage_collect(struct tt_salvage *s, struct tt_loader *l, uint64_t begin, uint64_t end,
		       struct tt_error *err);
/* Whether a generation may end where the source is: batches or another trace follow, or nothing.
 * 1, 0, or an error of the source. */
int tt_salvage_may_end_here(struct tt_loader *l, struct tt_error *err);
/* One more batch of the generation, from after damage. It is filed when it is known what
 * follows it. */
int tt_salvage_on_skipped_batch(void *salvage, const struct tt_raw_batch *batch,
				struct tt_error *err);
/* What follows the last of these is at `next`: it is in doubt if that is not its end. TT_E_MEMORY,
 * TT_E_LIMIT. */
int tt_salvage_file_skipped(struct tt_salvage *s, uint64_t next, struct tt_error *err);
/*
 * The next batch that makes sense, of this generation or another, is at `next`; or there is
 * none up to the end (TT_UNKNOWN). Decides what stays of the batch in doubt, if there is one.
 * TT_E_MEMORY, TT_E_LIMIT.
 */
int tt_salvage_settle(struct tt_salvage *s, uint64_t next, struct tt_error *err);

/* The last batch of the list, which was filed, leads nowhere: its events are in doubt. TT_E_MEMORY,
 * TT_E_LIMIT. */
int tt_salvage_doubt_filed(struct tt_salvage *s, struct tt_error *err);

/*
 * Adds what is left of the same generation after bytes that looked like its end. `rest` keeps
 * its batches. TT_E_MEMORY, TT_E_LIMIT.
 */
int tt_salvage_join(struct tt_salvage *s, struct tt_salvage *rest, struct tt_error *err);

/* The generations beside one that is repaired; either may be NULL. */
struct tt_neighbours {
	const struct tt_generation *before; /* its clock is that of the output */
	const struct tt_generation *after;  /* with the clock that it was read with */
};
/*
 * Makes the generation whole: a thread's events end before one that cannot be decoded, table
 * entries that are missing are made up, and so is a lost clock. TT_E_NO_CLOCK if there is no room
 * for one between those of its neighbours, TT_E_MEMORY, TT_E_LIMIT, and codes of
 * tt_generation_seal().
 */
int tt_salvage_prepare(struct tt_salvage *s, const struct tt_neighbours *neighbours,
		       struct tt_error *err);
/* Keeps in mind which events there are, and brings back those that were cut since. False: no
 * memory. */
bool tt_salvage_remember(struct tt_salvage *s);
void tt_salvage_recall(struct tt_salvage *s);
/*
 * Cuts each thread's events to those that order from `start`, and orders them in *pass,
 * whose order becomes a copy of `start` first. TT_E_MEMORY, TT_E_LIMIT. *why: what
 * stopped the events that were cut; left alone if there are none.
 */
int tt_salvage_trim(struct tt_salvage *s, struct tt_pass *pass, const struct tt_order *start,
		    struct tt_error *why);
/* The times of events as they are ordered show which of those in doubt are wrong. *latest:
 * TT_UNKNOWN before the first one. */
void tt_salvage_begin_times(struct tt_salvage *s);
void tt_salvage_check_time(struct tt_salvage *s, const struct tt_event *ev, uint64_t *latest);
/* Cuts the thread in doubt to the events that stay. */
void tt_salvage_cut_doubted(struct tt_salvage *s);
/* Orders it, as it is, in *pass, after a copy of `start`: 0, or what it breaks for, in pass->err.
 * `nmade` of its events are made up. */
int tt_salvage_order(struct tt_salvage *s, struct tt_pass *pass, const struct tt_order *start,
		     uint64_t nmade);

/* The first batch of a thread that is not written in its place: bridges were put before it. */
static inline uint32_t tt_salvage_first_moved(const struct tt_salvage *s,
					      const struct tt_thread_batches *t)
{
	uint32_t i = t->first;

	while (i != TT_NO_BATCH && i < s->first_moved)
		i = s->gen.batches.at[i].next;
	return i;
}

/* How many entries of tables are made up. */
static inline uint64_t tt_salvage_nmade_entries(const struct tt_salvage *s)
{
	return tt_made_entries_count(&s->made) + s->lost_records.keys.n;
}

/* How many events a reader makes of one, as far as that does not depend on the state. */
static inline unsigned tt_salvage_nevents_of(unsigned type)
{
	return type == TT_EV_GO_SWITCH || type == TT_EV_GO_SWITCH_DESTROY ? 3 : 1;
}

/* ---- headers of batches (headers.c) */

/* Whether the time of a batch of events is far from those of most others, or its thread cannot be:
 * *offset is where such a batch begins. */
bool tt_headers_are_wrong(const struct tt_generation *g, uint64_t *offset);
struct tt_repaired;
/* Where the id of a thread is far from all others, and seems to be one near those with a byte more
 * or less, its events may be another thread's: counts those of a whole generation as in doubt. */
void tt_headers_count_odd(const struct tt_generation *g, struct tt_repaired *out);
/* Threads end before such batches; what may be another thread's is suspect. */
void tt_salvage_drop_wrong_headers(struct tt_salvage *s);

/* ---- the events of a thread (threads.c) */

/* Makes sure of the table entries of an event. False: no memory. */
bool tt_salvage_need_ids(struct tt_salvage *s, const struct tt_raw_event *ev);
/* Takes batch `i` and what follows it out of a thread's list; `before` is the one before it. */
void tt_salvage_end_thread(struct tt_salvage *s, struct tt_thread_batches *t, uint32_t before,
			   uint32_t i);
/* The same of what follows batch `i`, and of `i` if it is empty. */
void tt_salvage_end_thread_in(struct tt_salvage *s, struct tt_thread_batches *t, uint32_t before,
			      uint32_t i);
/* Ends the events of a thread after `nbytes` of one of its batches. */
void tt_salvage_cut(struct tt_salvage *s, struct tt_thread_batches *t, uint32_t batch,
		    uint32_t nbytes);

/* ---- threads that go on after a gap (resume.c) */

/* Whether ordering counts such events: they show that what came before is known. */
bool tt_salvage_has_sequence(unsigned type);
/* Whether an event changes nothing that ordering knows. */
bool tt_salvage_is_silent(unsigned type);
/*
 * Ordering stopped at an event of the thread. If it went on after a gap, and too little of that was
 * ordered to show that nothing is missing there, all from the gap on is dropped. False: it was
 * not.
 */
bool tt_salvage_cut_resumed(struct tt_salvage *s, const struct tt_merge *merge, int64_t thread);

/* ---- events of a batch in doubt (confirm.c) */

/* The batches are as they will be ordered, with embedded events among them: if these divide the
 * batch in doubt, nothing of it stays. */
void tt_salvage_find_doubted(struct tt_salvage *s);
/* How ordering stopped. */
struct tt_salvage_stop {
	bool stuck;             /* all threads that are left wait */
	bool lacks_others;      /* events of other threads than the one in doubt are missing, too */
};
/*
 * Ordering stopped, or came to the end: drops of the events in doubt those that this does not
 * confirm. There is a batch in doubt. False: no memory.
 */
bool tt_salvage_confirm(struct tt_salvage *s, const struct tt_merge *merge,
			const struct tt_salvage_stop *at);
/* Those that stay are among nevents from now on, and no others: what does not stay may be none. */
void tt_salvage_recount_doubted(struct tt_salvage *s);

/* ---- other ways to read it (splice.c) */

/* Where its events end that order and do not stay: in s->ends. False: no memory. */
bool tt_salvage_find_ends(struct tt_salvage *s);
/* Where the batch may go on after an event that did not order: adds to the doubt's resumes, which
 * are those after one that cannot be read. */
void tt_salvage_find_resumes(struct tt_salvage *s);
/* Takes the bytes from `cut` to `resume` out of the batch; `resume` 0: it is as it was again. After
 * tt_salvage_recall(). False: no memory. */
bool tt_salvage_splice(struct tt_salvage *s, uint32_t cut, uint32_t resume);

/* ---- records of experiments (references.c) */

/* Finds which records of experimental batches the events refer to that stay, and that are lost.
 * TT_E_MEMORY, TT_E_LIMIT. */
int tt_salvage_find_lost_records(struct tt_salvage *s, struct tt_error *err);

/* ---- which batch of the input an event came from (embedded.c) */

/* Events that were embedded in batches of experiments are now among those of their
 * threads: marks how far they go in their batches. */
void tt_salvage_mark_embedded(struct tt_salvage *s);
/*
 * Ends the embedded events of the thread that ordering stopped at, or of all that wait if
 * it got stuck: only those whose next event is an embedded one. False: there are none.
 */
bool tt_salvage_end_embedded(struct tt_salvage *s, const struct tt_merge *merge,
			     const struct tt_error *why);
/* Notes in each batch of the input how far the events go that are left. */
void tt_salvage_measure(struct tt_salvage *s);
/* Not all of a batch can be read: what stays of it is in doubt. */
void tt_salvage_note_damaged(struct tt_salvage *s, const struct tt_event_batch *b);

#endif
