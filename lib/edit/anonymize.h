/* SPDX-License-Identifier: MIT */
/*
 * anonymize.h - the inside of struct tt_anonymizer. Stands on rename.h, gen, experiment and
 * event/reader.h.
 *
 *	anonymize_out.c         batches that are copied or made up, and damage
 *	anonymize_strings.c     what each string of a generation is used as, and its ids
 *	anonymize_tables.c      strings, stacks and the clock
 *	anonymize_events.c      events, whose strings may have other ids
 *	anonymize_batch.c       batches of experiments, and the specs that a trace brings
 *	anonymize_v1.c          a trace in format v1
 *	anonymize.c             from generation to generation, past damage
 */
#ifndef TT_EDIT_ANONYMIZE_H
#define TT_EDIT_ANONYMIZE_H

#include "edit/rename.h"
#include "event/reader.h"
#include "experiment/embedded.h"
#include "gen/content.h"
#include "gen/encode.h"

#define TT_NO_USE 0xff
#define TT_NO_OTHER UINT32_MAX

/* A string id of a generation. A text that is used in several ways gets a name for each of
 * them, and an id: the first use has the old one. */
struct tt_anon_string {
	uint64_t id;
	struct tt_str text;     /* while its batch is there; data NULL: it is not defined */
	struct tt_str package;  /* of a file: that of a function in it whose name stays; of a
	                           function: its own */
	bool sure;              /* of a file: it is in the folder of this package */
	bool foreign;           /* of a file: a function in it has a name that does not stay; of a
	                           function: its name does not stay */
	uint8_t own;            /* the use that has this id, or TT_NO_USE */
	uint16_t uses;          /* a bit for each enum tt_name_use */
	uint32_t other;         /* the first of the others, or TT_NO_OTHER */
};

struct tt_anon_other {
	uint8_t use;
	uint32_t next;
	uint64_t id;
};

/* A batch of the generation, and how many bytes of its data make sense. */
struct tt_anon_batch {
	struct tt_raw_batch raw;
	uint32_t reach;
};

/* The spec of an experiment that the trace brings, with new names. */
struct tt_anon_spec {
	unsigned experiment;
	const char *source;     /* the text that it was made of */
	bool written;           /* in this generation */
	struct tt_bytes text;   /* empty: it cannot be renamed */
};

struct tt_anonymizer {
	struct tt_mem mem;
	struct tt_reader *reader;
	struct tt_source *src;
	struct tt_specs *specs; /* the reader's */
	unsigned version;
	struct tt_sink sink;
	struct tt_encoder *enc;
	struct tt_rename rename;
	struct tt_names *names;
	unsigned flags;
	struct tt_framing framing;
	struct tt_embedded embedded;
	struct tt_decode_plan plan;
	/* of each type and argument: an enum tt_name_use, or TT_NO_USE */
	uint8_t uses[256][TT_MAX_ARGS];

	/* the generation */
	uint64_t number;        /* 0: none yet */
	uint64_t min_time;
	TT_ARRAY(struct tt_anon_batch) batches;
	struct tt_idmap string_ids;
	TT_ARRAY(struct tt_anon_string) strings;
	TT_ARRAY(struct tt_anon_other) others;
	uint64_t next_id;       /* of a string that is new */
	bool has_others;        /* an event's string has another id */
	bool has_other_frames;  /* a frame's has */
	TT_ARRAY(struct tt_anon_spec) specs_renamed;

	struct tt_idmap pcs;
	uint64_t npcs;
	bool has_wall;
	uint64_t wall_sec, wall_nsec; /* of the first clock */

	struct tt_bytes body;   /* of a batch that is made up */
	size_t front;           /* bytes that each such batch begins with */
	bool failed;            /* no memory for it */

	bool begun, lost, over; /* the header is written; what follows is no batch; nothing is left */
	uint64_t fault_offset;  /* where the last batch could not be read */
	bool another;           /* what follows is another trace */
	bool ended;             /* the generation has its mark */
	int rc;                 /* of tt_anonymizer_next(), once it is not 0 */
	struct tt_anonymizer_progress progress;
	struct tt_error damage, err;
};

/* ---- anonymize_out.c */

/* Counts damage, which `err` describes; the first one is kept. */
void tt_anon_damaged(struct tt_anonymizer *a, const struct tt_error *err, uint64_t nbytes);
/* The same of the end of a batch. */
void tt_anon_batch_damaged(struct tt_anonymizer *a, const struct tt_anon_batch *b);
int tt_anon_no_memory(struct tt_anonymizer *a);
/* The batch as it is. */
void tt_anon_copy_batch(struct tt_anonymizer *a, const struct tt_raw_batch *b);
/* Begins a batch that is made up, with `front` bytes that its continuations have, too. */
void tt_anon_body_begin(struct tt_anonymizer *a, const void *front, size_t nfront);
/* Writes it with the head. One with no more than its front is written if `even_empty`. */
void tt_anon_body_write(struct tt_anonymizer *a, const struct tt_batch_head *head, bool even_empty);
/* Appends; false: it would be larger than a batch may be, and nothing is appended. */
bool tt_anon_body_put(struct tt_anonymizer *a, const void *data, size_t nbytes);
/* What makes a reader stumble where something was left out. */
void tt_anon_body_put_damage(struct tt_anonymizer *a);
uint64_t tt_anon_pc(struct tt_anonymizer *a, uint64_t pc);

/* ---- anonymize_strings.c */

void tt_anon_strings_clear(struct tt_anonymizer *a);
/* The string of an id, which is made if it is not there. NULL: no memory, or id 0. */
struct tt_anon_string *tt_anon_string(struct tt_anonymizer *a, uint64_t id);
void tt_anon_use(struct tt_anonymizer *a, uint64_t id, enum tt_name_use use);
void tt_anon_define(struct tt_anonymizer *a, uint64_t id, struct tt_str text);
/* A frame has this function in this file; both are known as well as they will be. */
void tt_anon_frame(struct tt_anonymizer *a, uint64_t func, uint64_t file);
/* Gives ids to uses that have none. */
bool tt_anon_assign(struct tt_anonymizer *a);
/* The id of a string in the result. */
uint64_t tt_anon_id(const struct tt_anonymizer *a, uint64_t id, enum tt_name_use use);
/* Calls `put` with each id that a string has in the result, and its new text there. */
void tt_anon_write_string(struct tt_anonymizer *a, uint64_t id, struct tt_str text, size_t max,
			  void (*put)(struct tt_anonymizer *a, uint64_t id, struct tt_str text));

/* ---- anonymize_tables.c */

void tt_anon_collect_strings(struct tt_anonymizer *a, const struct tt_anon_batch *b);
void tt_anon_collect_stacks(struct tt_anonymizer *a, const struct tt_anon_batch *b);
void tt_anon_collect_files(struct tt_anonymizer *a, const struct tt_anon_batch *b);
void tt_anon_write_strings(struct tt_anonymizer *a, const struct tt_anon_batch *b);
void tt_anon_write_stacks(struct tt_anonymizer *a, const struct tt_anon_batch *b);
void tt_anon_write_clock(struct tt_anonymizer *a, const struct tt_anon_batch *b);

/* ---- anonymize_events.c */

/* Which argument is used as what, by the specs. */
void tt_anon_learn_specs(struct tt_anonymizer *a);
/* How far events make sense. */
size_t tt_anon_events_reach(const struct tt_anonymizer *a, const uint8_t *data, size_t nbytes);
void tt_anon_collect_events(struct tt_anonymizer *a, const uint8_t *data, size_t nbytes);
/* Events of a batch that begins at a time, to the body; a batch that is full is written with
 * the head, and the next one begins with `begin`, which may change the head. */
struct tt_anon_events {
	const uint8_t *data;
	size_t nbytes;
	uint64_t time;
	struct tt_batch_head head;
	void (*begin)(struct tt_anonymizer *a, struct tt_anon_events *e, uint64_t time);
	int64_t thread;         /* for `begin` */
};
void tt_anon_put_events(struct tt_anonymizer *a, struct tt_anon_events *e);
void tt_anon_write_events(struct tt_anonymizer *a, const struct tt_anon_batch *b);

/* ---- anonymize_batch.c */

/* The specs that the generation brings: it is read by them. */
int tt_anon_take_specs(struct tt_anonymizer *a);
void tt_anon_collect_experimental(struct tt_anonymizer *a, const struct tt_anon_batch *b);
void tt_anon_write_experimental(struct tt_anonymizer *a, const struct tt_anon_batch *b);
void tt_anon_specs_release(struct tt_anonymizer *a);

/* ---- anonymize_v1.c */

/* All that follows the header. 0, or a code of the machine. */
int tt_anon_write_v1(struct tt_anonymizer *a);

#endif
