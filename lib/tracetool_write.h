/* SPDX-License-Identifier: MIT */
/*
 * tracetool_write.h - writing traces and files: assembling, repairing, filtering, joining,
 * splitting, anonymizing and recording traces, and output that consists of many files.
 *
 * The conventions of tracetool.h apply here, too. The man page is libtracetool(3).
 */
#ifndef TRACETOOL_WRITE_H
#define TRACETOOL_WRITE_H

#include "tracetool.h"

#ifdef __cplusplus
extern "C" {
#if defined(__GNUC__)
/* Some functions have the name of the struct that they return. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#endif
#endif

/* --------------------------------------------------------------- assembler */

/*
 * Turns the text of a trace into bytes: a line `Trace Go1.NN`, and then what
 * tt_wire_format() writes. tracetool-assemble(1) describes the text.
 */
struct tt_assembler;

/* `specs` NULL: the built-in ones; else they must outlive the assembler. TT_E_MEMORY. */
TT_API int tt_assembler_new(struct tt_assembler **out, const struct tt_specs *specs,
			    struct tt_error *err);
/*
 * Takes the next piece of the text, which may be cut anywhere. TT_E_SPEC if the text has a
 * mistake: the message is "LINE:COLUMN: reason", both counted from 1, columns in bytes.
 * TT_E_MEMORY.
 */
TT_API int tt_assembler_add(struct tt_assembler *a, const char *text, size_t len,
			    struct tt_error *err);
/* The text ends here. TT_E_SPEC, TT_E_MEMORY. */
TT_API int tt_assembler_finish(struct tt_assembler *a, struct tt_error *err);
/*
 * The bytes of the trace that are complete and were not taken before: all batches except
 * the current one, and after tt_assembler_finish() all of them. They are valid until the
 * next call.
 */
TT_API struct tt_str tt_assembler_take(struct tt_assembler *a);
/* The same of one generation: *ends if it ends there. Call it until nothing comes. */
TT_API struct tt_str tt_assembler_take_generation(struct tt_assembler *a, bool *ends);
TT_API void tt_assembler_free(struct tt_assembler *a);

/* ------------------------------------------------------------------ repair */

/*
 * Turns a damaged trace into one that Go's reader accepts. Complete generations are kept
 * as they are. Of a broken generation, the events that can be ordered before the break
 * are kept. Where later ones wait for events that are lost, made-up events let them go on, and numbers
 * of sequences become lower by those that are lost. The generation after a broken one states anew what each goroutine and processor
 * does; it therefore begins with made-up events that lead to that state. A lost string is
 * replaced by "(lost)", a lost stack by an empty one, a lost clock by one between those of the
 * neighbouring generations. tracetool-repair(1) has the rules.
 */
struct tt_repair;

/*
 * Takes over a reader that was just opened and not used yet. The reader remains the
 * caller's: close it after tt_repair_free(). TT_E_MEMORY. A trace in format v1 is one
 * generation.
 */
TT_API int tt_repair_new(struct tt_repair **out, struct tt_reader *r, struct tt_error *err);
/* The first bytes of the repaired trace. */
TT_API struct tt_str tt_repair_header(const struct tt_repair *r);

enum tt_repaired_flags {
	TT_REPAIRED_LOST_MORE = 1 << 0, /* more events are lost than could be counted */
	TT_REPAIRED_CLOCK_MADE = 1 << 1, /* its clock snapshot is made up */
	TT_REPAIRED_FREQUENCY_ASSUMED = 1 << 2, /* it is 15625000: nothing says what it was */
	TT_REPAIRED_TICKS = 1 << 3, /* of format v1: it is lost, and a tick counts as 1 ns */
	TT_REPAIRED_ODD_THREAD = 1 << 4, /* events in doubt may be another thread's */
};

/* One generation of the repaired trace. */
struct tt_repaired {
	uint64_t number;
	uint64_t offset, end;   /* its place in the input, with the damage after it */
	bool whole;             /* it is unchanged; lost_* may count what was lost around it */
	struct tt_str front;    /* its bytes: these, */
	struct tt_str bytes;    /* and then these; valid until the next call */
	uint64_t events;        /* of the input that it contains, as a reader hands them out */
	uint64_t lost_events;   /* that could be read but not kept: at least so many are lost */
	uint64_t lost_nbytes;   /* of the input that it does not contain; among them: */
	uint64_t unread_nbytes; /* events of threads, from one on that cannot be read */
	int unknown_type;       /* of the first of these events that no spec defines; -1: none */
	uint64_t made_events, made_entries; /* made up: events; strings and stacks */
	uint64_t made_generations; /* empty ones before it, for numbers that are missing */
	struct tt_error why;    /* what is wrong with it or with what was lost; else TT_OK */
	unsigned flags;         /* enum tt_repaired_flags */
	uint64_t missing_generations; /* numbers before it that the input does not have */
	/* of format v1: events that name no string or stack now, because it is lost */
	uint64_t lost_names;
	/* of `events`, those of damaged batches: their times, arguments or threads may be wrong */
	uint64_t doubted_events;
	uint64_t doubted_batches, doubted_offset; /* how many these are; where the first begins */
};
/*
 * The next generation: 0. At the end: 1; then only lost_*, `why` and `flags` are set, for what
 * was lost after the last generation, and `events`: 1 for the Sync that ends each trace. Or an
 * error, sticky: TT_E_IO, TT_E_MEMORY, TT_E_LIMIT.
 */
TT_API int tt_repair_next(struct tt_repair *r, struct tt_repaired *out);
TT_API const struct tt_error *tt_repair_error(const struct tt_repair *r);

/* A made-up event, valid until the next tt_repair_next(). */
struct tt_made_event {
	int64_t thread;
	uint64_t time_ticks;
	const struct tt_event_spec *spec;
	const uint64_t *args;   /* without dt; spec->nargs of them */
};
/* The i-th made-up event of the generation returned last: in front of it, between events that are
 * kept or, where a pause of the world has to end, after it; false past the last. */
TT_API bool tt_repair_made(const struct tt_repair *r, size_t i, struct tt_made_event *out);
TT_API void tt_repair_free(struct tt_repair *r);

/* ------------------------------------------------------------------ writer */

/*
 * Writes a trace from events in their order: the reverse of a reader. Whoever drops some of
 * a reader's events and passes on the rest gets a smaller trace that Go accepts.
 *
 * Sequence numbers are counted anew, tables hold what is used, times are those of the events
 * (in ticks of a nanosecond where those of the source do not give the same time). Each event
 * is tried on the state that a reader of the result has: one that cannot happen is refused.
 * A writer needs memory for one generation.
 */
struct tt_writer;

/* Where the bytes of a trace go. */
struct tt_sink {
	/* Takes all of them; false, with errno, for a failure. Not called again after one. */
	bool (*write)(void *arg, const void *data, size_t nbytes);
	void *arg;
	/* NULL, or called after each generation; false as above. */
	bool (*end_generation)(void *arg);
};

enum tt_writer_flags {
	TT_WRITER_CONTINUES = 1 << 0,   /* for tt_writer_next_trace() */
};

/* Set `size = sizeof(struct tt_writer_options)` and zero the rest. NULL: defaults. */
struct tt_writer_options {
	size_t size;
	unsigned flags;                 /* enum tt_writer_flags */
	const struct tt_specs *specs;   /* the reader's; NULL: the built-in ones. Must outlive
	                                   the writer */
	unsigned version;               /* of the header: 22, 23, 25 or 26; 0: 26 */
	uint64_t max_memory_nbytes;     /* for one generation; 0: a quarter of the machine's */
	/* The writer begins a new generation after so many bytes or so much time; 0: where
	   the source does, or after 32 MiB if there is none. What lives is restated there. The
	   first generation of a source, in which goroutines are stated to its end, is not
	   divided; and while the world is stopped, no generation ends. */
	uint64_t max_generation_nbytes;
	uint64_t max_generation_ns;
};

/* TT_E_MEMORY, TT_E_ARGUMENT. */
TT_API int tt_writer_new(struct tt_writer **out, const struct tt_sink *sink,
			 const struct tt_writer_options *opt, struct tt_error *err);
/*
 * An event before the first one that is to be written: it is not written, but the result
 * begins with the state that it leads to. Events that a reader returns before the part that
 * is wanted go here. Without them, the first generation states what its events show.
 */
TT_API int tt_writer_follow(struct tt_writer *w, const struct tt_event *ev);
/*
 * What is restated has times before this one. Otherwise, and if there are events before it that
 * are written, it comes just before the first of them.
 */
TT_API void tt_writer_begin_at(struct tt_writer *w, int64_t time_ns);
/*
 * Writes an event: one that a reader returned last, or one of the caller's own. A Sync begins
 * a generation like that of the source, with its clock and its experimental batches; a Sync
 * without a generation changes nothing. The events that a coroutine switch adds must be passed
 * like all others.
 *
 * An event of the caller's own has the generation NULL and a spec of the writer's specs; its
 * strings and stacks are numbers from tt_writer_string() and tt_writer_stack(); sequence
 * numbers may be 0. Times must grow from event to event (TT_E_TIME_ORDER).
 *
 * 0, or an event or order code for an event that no trace can have here, TT_E_ARGUMENT for an
 * event whose spec the writer does not know, TT_E_IO, TT_E_MEMORY, TT_E_LIMIT. Errors are
 * sticky, but tt_writer_finish() then still completes the trace with what was accepted, unless
 * the code is one of the machine or the caller.
 */
TT_API int tt_writer_event(struct tt_writer *w, const struct tt_event *ev);
/*
 * Adds an experimental batch to the generation at hand: number, thread and bytes count. The
 * batch of an experiment that Go does not know (2 and above) is embedded, as
 * tracetool-format(5) says. TT_E_BATCH_SIZE, TT_E_ARGUMENT, TT_E_MEMORY, TT_E_LIMIT.
 */
TT_API int tt_writer_batch(struct tt_writer *w, const struct tt_batch *batch);
/*
 * Numbers for a text of at most 1024 bytes, and for a stack of at most TT_V2_MAX_FRAMES frames,
 * innermost first, in events that have no generation. They hold until the next generation
 * begins: ask again after tt_writer_next_generation(), or for each event. TT_E_STRING_SIZE,
 * TT_E_STACK_SIZE, TT_E_MEMORY, TT_E_LIMIT.
 */
TT_API int tt_writer_string(struct tt_writer *w, struct tt_str text, uint64_t *id);
TT_API int tt_writer_stack(struct tt_writer *w, const struct tt_frame *frames, size_t nframes,
			   uint64_t *id);
/*
 * The generation ends here. The next event begins another one, which restates what lives. A
 * goroutine that is new cannot be stated there: call this after the first generation of a source.
 * TT_E_ARGUMENT while the world is stopped. The codes of an event.
 */
TT_API int tt_writer_next_generation(struct tt_writer *w);
/* Writes the last generation. Without an event, the result is the state that was followed, or a
 * header. The codes of an event. */
TT_API int tt_writer_finish(struct tt_writer *w);
/*
 * As tt_writer_finish(), and begins another trace that continues where this one ends: it
 * restates the state there. The codes of an event.
 */
TT_API int tt_writer_next_trace(struct tt_writer *w, const struct tt_sink *sink);
TT_API const struct tt_error *tt_writer_error(const struct tt_writer *w);

struct tt_writer_progress {
	uint64_t events;        /* of the caller that were written; Syncs not counted */
	uint64_t generations;   /* begun */
	uint64_t nbytes;        /* given to the sink */
	uint64_t pending_nbytes; /* of the generation at hand, about */
	uint64_t cut;           /* strings and stacks longer than the format allows */
	uint64_t moved;         /* events whose time is later than was asked for */
	/* restated at the beginning of the result, and of the writer's own generations */
	uint64_t goroutines, procs, ranges, labels, tasks, metrics, objects;
	int64_t made_goroutine; /* no goroutine of the trace ran where the result begins: this
	                           one, which is made up, states tasks and metrics; 0: none */
	bool made_clock;        /* the source has no wall clock, which begins at 1970 therefore */
	uint64_t resources;     /* restated, too: of experiments */
};
TT_API struct tt_writer_progress tt_writer_progress(const struct tt_writer *w);
/* Without tt_writer_finish(), the generation at hand is lost. */
TT_API void tt_writer_free(struct tt_writer *w);

/* ------------------------------------------------------------------ filter */

/*
 * Passes the events of a reader that are wanted to a writer, with what a valid trace needs
 * beside them. A filter knows two ways:
 *
 * - Everything: all goroutines and processors stay, and only events on which no other one
 *   depends may be left out. Events of experiments that create or change a resource, or begin
 *   or end a range, stay, too; if the trace is read twice, only where a chosen one needs them.
 * - Chosen events: the trace is read twice. The first time, tt_filter_choose() learns which
 *   goroutines chosen events happen on or are about. The second time, these goroutines stay,
 *   with all that they do; others go. Processors stay.
 */
struct tt_filter;

enum tt_filter_flags {
	TT_FILTER_CHOOSES = 1 << 0,     /* the second way */
	TT_FILTER_NO_STACKS = 1 << 1,   /* no event has a stack */
	TT_FILTER_NO_SAMPLES = 1 << 2,  /* no CPU samples */
	TT_FILTER_NO_EXPERIMENTS = 1 << 3, /* no events and no batches of experiments */
	/* what runs where the part begins keeps its label, also if none inside is chosen */
	TT_FILTER_LABELS = 1 << 4,
};

/* `writer` is new and remains the caller's; the filter must be freed before it. TT_E_MEMORY. */
TT_API int tt_filter_new(struct tt_filter **out, struct tt_writer *writer, unsigned flags,
			 struct tt_error *err);
/*
 * The first time: each event up to the end of the part that is wanted. `inside`: it is in that
 * part; `chosen`: it is wanted. TT_E_MEMORY.
 */
TT_API int tt_filter_choose(struct tt_filter *f, const struct tt_event *ev, bool inside,
			    bool chosen);
/*
 * Each event, up to the end of the part that is wanted. One that is not chosen, and on which
 * others depend, is written all the same; so is a Sync. The codes of tt_writer_event().
 */
TT_API int tt_filter_event(struct tt_filter *f, const struct tt_event *ev, bool inside,
			   bool chosen);

/*
 * The next events of a reader, as tt_reader_next() and tt_filter_event() would take them one by
 * one, but many at once: they are ordered straight from their bytes. For filters without
 * TT_FILTER_CHOOSES, after each Sync; and where that cannot be done, nothing is.
 *
 * tt_filter_follow() takes events before `from_ns`, which are outside. tt_filter_copy() takes
 * events before `to_ns` which are inside and chosen, once the first of them was written; no
 * flag of the filter may be set. Their times are written in ticks of a nanosecond.
 *
 * 0: *ev, which was taken, too, is one that names a task or says how many processors there
 * are: call it again. 1: go on with tt_reader_next(), whose next event may well be one before
 * that time. Negative: the reader failed, or what is wanted cannot be done in this way, which
 * shows late: begin once more without.
 */
TT_API int tt_filter_follow(struct tt_filter *f, struct tt_reader *r, int64_t from_ns,
			    const struct tt_event **ev);
TT_API int tt_filter_copy(struct tt_filter *f, struct tt_reader *r, int64_t to_ns,
			  const struct tt_event **ev);

/*
 * A window, with two threads. A filter that keeps everything is given the events from the window's
 * generation on, while a thread follows the generations before that with another one; for the state
 * that these lead to is stated before the window, but most of what comes then does not need it.
 *
 *	tt_aside_new()     ready; the window's writer gets the sink tt_aside_sink()
 *	tt_aside_begin()   the thread begins; the window's filter gets the events of its generation,
 *	                   of which the first is a Sync
 *	tt_aside_enter()   the window was entered: its first event was given to the filter
 *	tt_aside_join()    the reader is at the end of the window's generation or a later one, or no
 *	                   more events are wanted
 *	tt_aside_finish()  the window's writer is finished
 *
 * Until it is joined, what was written is not certain, and the window's writer must not be finished.
 * The thread writes what that writer gives to the sink. Without tt_aside_begin(), the sink is the
 * one that it leads to.
 */
struct tt_aside;

struct tt_aside_options {
	size_t size;            /* of this struct */
	/* of the thread: a new filter, whose writer has the sink of the result, and a reader of the
	 * same bytes, before the first generation that is followed */
	struct tt_filter *filter;
	struct tt_reader *reader;
	uint64_t last_ordinal;  /* of the generations that are followed */
	int64_t from_ns;        /* where the window begins */
	const struct tt_sink *sink; /* of the result; lives as long */
	/* on the thread, for each event that is followed and no transition; false: all of this is
	 * given up. Or NULL. */
	bool (*see)(void *arg, const struct tt_event *ev);
	void *arg;
};

/* TT_E_MEMORY, TT_E_ARGUMENT. */
TT_API int tt_aside_new(struct tt_aside **out, const struct tt_aside_options *opt,
			struct tt_error *err);
/* Valid as long as *a. */
TT_API struct tt_sink tt_aside_sink(struct tt_aside *a);
/* `f` is new and keeps everything; generations before that of `r` were passed over. 1: this cannot
 * be done, and nothing was; TT_E_MEMORY, TT_E_LIMIT with the error of the writer. */
TT_API int tt_aside_begin(struct tt_aside *a, struct tt_filter *f, struct tt_reader *r);
TT_API void tt_aside_enter(struct tt_aside *a);
/* Joining does not wait, since the thread is at its end with what is before; or it fails. */
TT_API bool tt_aside_is_ready(struct tt_aside *a);
/* From now on the filter goes on as any other. 1: it cannot be done in this way, begin once more
 * without; or the codes of tt_filter_event(). */
TT_API int tt_aside_join(struct tt_aside *a);
/* All is written. False, with errno: it cannot be. */
TT_API bool tt_aside_finish(struct tt_aside *a);
/* Before the filters and readers are freed, which remain the caller's. */
TT_API void tt_aside_free(struct tt_aside *a);

/* Why a goroutine stays. */
enum tt_filter_reason {
	TT_FILTER_NOT_INCLUDED,
	TT_FILTER_RUNS,         /* a chosen event happens on it */
	TT_FILTER_SUBJECT,      /* a chosen event is about it */
	TT_FILTER_RANGE,        /* it ends or begins a range or a task that is chosen */
	TT_FILTER_VICTIM,       /* a chosen event takes its P away */
	TT_FILTER_PROCS,        /* it says a new GOMAXPROCS, which Go's viewer needs */
	TT_FILTER_RESOURCE,     /* it changes what a chosen event of an experiment is about */
};
/* The i-th goroutine that stays, in no order; false past the last. */
TT_API bool tt_filter_goroutine(const struct tt_filter *f, size_t i, int64_t *id,
				enum tt_filter_reason *why);
struct tt_filter_progress {
	uint64_t chosen;        /* events inside that were chosen, without Syncs */
	uint64_t needed;        /* that were written although they were not */
	uint64_t dropped;       /* inside */
	/* of a trace in format v1, which has no events for all that threads and Ps do: */
	uint64_t made;          /* events that were made up */
	uint64_t impossible;    /* events that cannot happen in a trace of Go 1.22 and later */
};
TT_API struct tt_filter_progress tt_filter_progress(const struct tt_filter *f);
TT_API void tt_filter_free(struct tt_filter *f);

/* -------------------------------------------------------------------- join */

/*
 * Puts pieces of one recording together: files that a recorder rotated, snapshots of a flight
 * recorder that overlap, what a trace was divided into. Events that a piece repeats of those
 * before it are dropped, and so is what it restates. Where something is missing between two
 * pieces, events are made up that lead from the end of one to the start of the other.
 */
struct tt_join;

/* `writer` is new and remains the caller's; the join must be freed before it. TT_E_MEMORY. */
TT_API int tt_join_new(struct tt_join **out, struct tt_writer *writer, struct tt_error *err);
/* The events that follow are those of the next piece. Pieces are in the order of their time. */
TT_API void tt_join_begin(struct tt_join *j);
/* The same, and no piece comes after it: where nothing is missing before it, less has to be
 * remembered of its events. */
TT_API void tt_join_begin_last(struct tt_join *j);
/*
 * Each event of the piece. The codes of tt_writer_event(), and TT_E_ARGUMENT for a piece of
 * another recording: see tt_writer_error().
 */
TT_API int tt_join_event(struct tt_join *j, const struct tt_event *ev);
struct tt_join_progress {
	uint64_t repeated;      /* events that were dropped */
	uint64_t gaps;          /* pieces before which something is missing */
	int64_t gap_ns;         /* how long these are in all */
	uint64_t made;          /* events that were made up */
	uint64_t moved;         /* events, not statuses, that are later than in their piece */
	bool stranger;          /* the last piece has no thread of those before: it may be another
	                           program's if something is missing before it */
};
TT_API struct tt_join_progress tt_join_progress(const struct tt_join *j);
TT_API void tt_join_free(struct tt_join *j);

/* ---------------------------------------------------------------- splitter */

/*
 * The generations of a trace as the bytes that the file has, to divide it: any number of them
 * in a row is a trace after the `front` of the first one.
 */
struct tt_splitter;

/*
 * Takes over a reader that was just opened. The reader remains the caller's: close it after
 * tt_splitter_free(). TT_E_MEMORY, TT_E_V1.
 */
TT_API int tt_splitter_new(struct tt_splitter **out, struct tt_reader *r, struct tt_error *err);
struct tt_split_part {
	uint64_t number;        /* of the generation */
	struct tt_str front;    /* what a trace begins with whose first generation this is: the
	                           header, and batches of earlier generations that still hold */
	struct tt_str bytes;    /* of the generation. Both are valid until the next call */
};
/* The next generation: 0, 1 at the end, or the codes of tt_reader_next_generation(). */
TT_API int tt_splitter_next(struct tt_splitter *p, struct tt_split_part *out);
TT_API const struct tt_error *tt_splitter_error(const struct tt_splitter *p);
TT_API void tt_splitter_free(struct tt_splitter *p);

/* --------------------------------------------------------------- anonymize */

/* What a name is used as. */
enum tt_name_use {
	TT_NAME_PACKAGE,        /* a part of the path of a package, or a folder */
	TT_NAME_FUNCTION,       /* a function or method */
	TT_NAME_TYPE,           /* a type, or a field of one */
	TT_NAME_FILE,           /* the name of a file without its ending */
	TT_NAME_VERSION,        /* of a module, in the path of a file */
	TT_NAME_TASK,           /* the type of a task */
	TT_NAME_REGION,         /* the type of a region */
	TT_NAME_CATEGORY,       /* of a log message */
	TT_NAME_MESSAGE,        /* a log message */
	TT_NAME_LABEL,          /* a label of a goroutine */
	TT_NAME_REASON,         /* why a goroutine waits or stops, or the world does */
	TT_NAME_TEXT,           /* any other text */
	TT_NAME_SPEC,           /* a name in a spec that the trace brings */
};
/* "package", "function", ...; never NULL. */
TT_API const char *tt_name_use_word(enum tt_name_use use);

/*
 * New names for old ones, such as p0123456789012345 for a package: the same wherever the key is
 * the same, and without relation where it is not. Or, read from a list, the way back.
 */
struct tt_names;

enum tt_names_flags {
	TT_NAMES_KEEP = 1 << 0, /* all names are kept for tt_names_at() */
};
/* `nkey` 0: a key by chance, which nobody learns. TT_E_MEMORY, TT_E_IO. */
TT_API int tt_names_new(struct tt_names **out, const void *key, size_t nkey, unsigned flags,
			struct tt_error *err);
/*
 * The way back: `list` is a line `# tracetool names 1`, and then what tt_name_format() wrote.
 * TT_E_ARGUMENT (it is something else), TT_E_MEMORY.
 */
TT_API int tt_names_load(struct tt_names **out, const void *list, size_t nlist,
			 struct tt_error *err);
struct tt_name {
	enum tt_name_use use;
	struct tt_str name, text; /* the new and the old one; valid until the next new name */
};
/* The i-th name that was given, from 0; false past the last. */
TT_API bool tt_names_at(const struct tt_names *n, size_t i, struct tt_name *out);
/* Its line in a list, with the newline; like tt_wire_format(). */
TT_API size_t tt_name_format(const struct tt_name *name, char *out, size_t size);
TT_API void tt_names_free(struct tt_names *n);

/*
 * A trace with new names: a copy with the same events, times, ids, stacks and batches, in which
 * the names and texts are others; tracetool-anonymize(1) says which stay. Works on generations
 * as they are in the file: nothing is ordered. What cannot be read is left out, and leaves
 * damage in the result where it was.
 */
struct tt_anonymizer;

enum tt_anonymize_flags {
	TT_ANONYMIZE_PCS = 1 << 0,      /* addresses of code are numbered in the order in which
	                                   they come */
	TT_ANONYMIZE_LINES = 1 << 1,    /* line numbers become 0 */
	TT_ANONYMIZE_CLOCK = 1 << 2,    /* the wall clock begins at 2000-01-01 */
	TT_ANONYMIZE_KEEP_BATCHES = 1 << 3, /* batches that no spec describes stay as they are */
};

/* Set `size = sizeof(struct tt_anonymizer_options)` and zero the rest. */
struct tt_anonymizer_options {
	size_t size;
	unsigned flags;                 /* enum tt_anonymize_flags */
	struct tt_names *names;         /* must outlive the anonymizer, which adds to them */
	/* patterns of package paths whose names stay, as fnmatch() takes them; NULL ends */
	const char *const *keep;
};

/*
 * Takes over a reader that was just opened. The reader remains the caller's: close it after
 * tt_anonymizer_free(). TT_E_MEMORY, TT_E_ARGUMENT.
 */
TT_API int tt_anonymizer_new(struct tt_anonymizer **out, struct tt_reader *r,
			     const struct tt_sink *to, const struct tt_anonymizer_options *opt,
			     struct tt_error *err);
/*
 * Writes the next generation, or what there is of it: 0, 1 at the end, or an error, sticky:
 * TT_E_IO, TT_E_MEMORY, TT_E_LIMIT. Damage of the trace is none. A trace in format v1 is written
 * at once.
 */
TT_API int tt_anonymizer_next(struct tt_anonymizer *a);
TT_API const struct tt_error *tt_anonymizer_error(const struct tt_anonymizer *a);
struct tt_anonymizer_progress {
	uint64_t traces;        /* begun: the input may hold several, one after the other */
	uint64_t generations;
	uint64_t strings;       /* of the tables, in all generations, */
	uint64_t kept;          /* and those that stayed as they are */
	uint64_t emptied;       /* batches of experiments without their bytes: no spec describes
	                           them */
	uint64_t damaged;       /* places where something could not be read, */
	uint64_t lost_nbytes;   /* and the bytes that were left out there */
	const struct tt_error *damage; /* the first of these places; NULL: there is none */
};
TT_API struct tt_anonymizer_progress tt_anonymizer_progress(const struct tt_anonymizer *a);
TT_API void tt_anonymizer_free(struct tt_anonymizer *a);

/* ----------------------------------------------------------------- packing */

/*
 * Compresses a trace by zstd, a frame for each generation, and appends the table of zstd's
 * seekable format, by which a frame is found without unpacking those before it. Every reader
 * of zstd skips the table. Up to 128 MiB of a generation are held: a frame that says how large it
 * is can be passed over (tt_reader_pass_generation()); a larger one cannot.
 */
struct tt_packer;

/* TT_E_MEMORY. */
TT_API int tt_packer_new(struct tt_packer **out, const struct tt_sink *to, struct tt_error *err);
/* The next bytes. False, with errno: the sink failed, or there is no memory; it stays so. */
TT_API bool tt_packer_write(struct tt_packer *p, const void *data, size_t nbytes);
/* A generation ends here. One without bytes makes no frame. */
TT_API bool tt_packer_end_frame(struct tt_packer *p);
/* Ends the last frame, and writes the table. */
TT_API bool tt_packer_finish(struct tt_packer *p);
TT_API void tt_packer_free(struct tt_packer *p);

/* ------------------------------------------------------------------ output */

/*
 * A set of named files: a folder; or an archive, whose kind is chosen by the end of the name
 * (.tar, .tar.zst or .tzst, .tar.gz or .tgz, .zip); or "-" for a tar archive on standard
 * output. An archive is written under a temporary name, and tt_output_finish() renames it.
 * In a folder each file is written and renamed in this way.
 */
struct tt_output;

/*
 * Creates a folder if it does not exist. TT_E_IO, TT_E_MEMORY, TT_E_ARGUMENT (the name has
 * an unknown ending).
 */
TT_API int tt_output_open(struct tt_output **out, const char *path, struct tt_error *err);
/*
 * Adds a file. `name` is relative, with `/` between its parts, none of which is empty, `.`
 * or `..` (TT_E_ARGUMENT). Missing folders are created. TT_E_IO, TT_E_MEMORY.
 */
TT_API int tt_output_add(struct tt_output *o, const char *name, const void *data, size_t nbytes,
			 struct tt_error *err);
/* Removes a file of an earlier run from a folder; what is not there is fine, and an archive
 * is new each time. TT_E_ARGUMENT, TT_E_IO, TT_E_MEMORY. */
TT_API int tt_output_remove(struct tt_output *o, const char *name, struct tt_error *err);
/* Completes and renames. TT_E_IO. Without it, tt_output_close() discards an archive. */
TT_API int tt_output_finish(struct tt_output *o, struct tt_error *err);
TT_API void tt_output_close(struct tt_output *o);

/* --------------------------------------------------------------- recording */

/*
 * Stores a trace as it arrives. The recorder divides the stream into generations and looks
 * at nothing else: checking the contents is up to a reader. Its files contain complete
 * generations only, and each file is a trace of its own.
 *
 * A trace of Go 1.11 to 1.21 (format v1) is one generation, all that comes up to the end of
 * the stream or an error, which then comes with the next call. It cannot be rotated
 * (TT_E_ARGUMENT).
 */
struct tt_recorder;

enum tt_recorder_flags {
	TT_RECORD_ZSTD = 1 << 0,        /* one zstd frame per generation */
	TT_RECORD_HOLD = 1 << 1,        /* return the bytes of each generation */
};

/* The position of code. NULL means that a text is not known. */
struct tt_symbol {
	const char *func;
	const char *file;
	uint64_t line;
};

/* Set `size = sizeof(struct tt_recorder_options)` and zero the rest. */
struct tt_recorder_options {
	size_t size;
	unsigned flags;                 /* enum tt_recorder_flags */
	const struct tt_specs *specs;   /* NULL: the built-in ones. Must outlive the recorder */
	uint64_t max_memory_nbytes;     /* for one generation; 0: a quarter of the machine's */
	/* Begin a new file with the first generation after this many bytes, or after this
	   much time; 0: never. Then `server.trace` means server-000001.trace,
	   server-000002.trace, ..., counted from the highest number that exists plus 1. */
	uint64_t rotate_nbytes;
	uint64_t rotate_ns;
	uint64_t keep;                  /* how many of these files to keep, the newest; 0: all */
	/* For a native program, whose trace contains only addresses: names the code at a
	   return address; false if it is not known. The names go into the frames of stacks
	   and into nameless types of the experiment AllocFree. *out is zeroed before the
	   call; its texts must stay valid until the next call. */
	bool (*symbol)(void *arg, uint64_t pc, struct tt_symbol *out);
	void *symbol_arg;
};

/*
 * Stores what `input` returns, unpacked if it is compressed, under `path`; NULL means
 * standard output. A regular file is written as PATH.xxxxxxxx.tmp; each batch is written
 * when it has arrived. The file gets its name from tt_recorder_finish(), or when the next
 * file is begun. TT_E_IO, TT_E_MEMORY, TT_E_ARGUMENT.
 */
TT_API int tt_recorder_open(struct tt_recorder **out, const struct tt_input *input,
			    const char *path, const struct tt_recorder_options *opt,
			    struct tt_error *err);

struct tt_recorded {
	uint64_t number, ordinal;       /* like those of a tt_generation */
	uint64_t offset, end;           /* in the stream; the header belongs to the first one */
	const void *data;               /* with TT_RECORD_HOLD: its bytes, valid until the next
	                                   call; NULL if it exceeds max_memory_nbytes */
	size_t nbytes;                  /* of data, which is as it was stored: with names if
	                                   `symbol` gives them */
};

/*
 * Stores the next generation: 0; 1 at the end; or an error, sticky. For the header:
 * TT_E_NOT_A_TRACE, TT_E_VERSION. For the batches: TT_E_CUT_OFF,
 * TT_E_ANOTHER_TRACE, TT_E_BATCH_TYPE, TT_E_BATCH_HEADER, TT_E_BATCH_SIZE. For the input: TT_E_IO, TT_E_INPUT.
 * For the output: TT_E_IO. Besides these: TT_E_MEMORY, TT_E_LIMIT.
 */
TT_API int tt_recorder_next(struct tt_recorder *r, struct tt_recorded *g);
TT_API const struct tt_error *tt_recorder_error(const struct tt_recorder *r);
/*
 * Completes the file, even after an error of tt_recorder_next(): discards an incomplete
 * generation, syncs and renames. If there is no generation, there is no file. TT_E_IO.
 */
TT_API int tt_recorder_finish(struct tt_recorder *r, struct tt_error *err);
/* Without tt_recorder_finish(), the file being written is discarded. */
TT_API void tt_recorder_close(struct tt_recorder *r);

struct tt_recorder_progress {
	uint64_t in_nbytes;     /* received of the stream, unpacked */
	uint64_t nbytes;        /* in the files, unpacked: complete generations, and a header
	                           for each file */
	uint64_t out_nbytes;    /* the size of the files */
	uint64_t generations;
	uint64_t files;         /* that contain a complete generation */
	const char *path;       /* of the file being written; at the end, of the last one that
	                           is complete; NULL: stdout */
};
TT_API struct tt_recorder_progress tt_recorder_progress(const struct tt_recorder *r);

#ifdef __cplusplus
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
}
#endif

#endif
