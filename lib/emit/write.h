/* SPDX-License-Identifier: MIT */
/*
 * write.h - one generation to bytes: where they go (sink.c), names of code (symbol.c), the
 * generation itself (write.c). All of it belongs to the flusher's thread while that runs, else
 * to whoever holds it: start and stop, and the recovery of another process's trace, which has
 * no flusher. Stands on emit.h and gen/encode.h.
 */
#ifndef TT_EMIT_WRITE_H
#define TT_EMIT_WRITE_H

#include "emit/emit.h"
#include "gen/encode.h"

/* ------------------------------------------------------------------- sink.c */

/* A generation that the flight recorder has saved; each is a mapping of its own. */
struct tt_em_saved {
	struct tt_em_saved *next;
	size_t len, cap;                /* bytes of `data`, and of the mapping */
	uint64_t end_ns;                /* CLOCK_MONOTONIC */
	uint8_t data[];
};

#define TT_EM_SINK_BUFFER (256 * 1024)

/* A descriptor, a function, or memory. */
struct tt_em_target {
	int fd;                         /* -1: none */
	bool own_fd;                    /* to be closed at the end */
	tt_emit_write *write;
	void *arg;
	bool flight;                    /* memory: the flight recorder */
	const char *path;               /* a file, made when nothing can be refused any more */
};

struct tt_em_sink {
	struct tt_em_target to;
	struct tt_em_saved *first, *last; /* complete generations, oldest first */
	struct tt_em_saved *open;       /* the one that is being written */
	uint64_t saved_nbytes;
	uint64_t max_ns, max_nbytes;    /* of what is saved */
	uint64_t nbytes;                /* of all, ever */
	size_t used;                    /* of `buffer` */
	struct tt_error error;          /* the first; then all else is dropped */
	uint8_t buffer[TT_EM_SINK_BUFFER];
};

void tt_em_sink_put(struct tt_em_sink *s, const void *data, size_t len);
/* A generation is complete: nothing of it stays in the buffer. */
void tt_em_sink_commit(struct tt_em_sink *s);
/* Gives back all but the struct; closes a descriptor of its own. */
void tt_em_sink_release(struct tt_em_sink *s);
/* Writes all of it to a descriptor; 0 or an errno. */
int tt_em_sink_write_all(int fd, const void *data, size_t len);

/* ----------------------------------------------------------------- symbol.c */

struct tt_em_symbols {
	bool (*symbol)(void *arg, uintptr_t pc, struct tt_emit_symbol *out); /* or NULL */
	void *arg;
	struct tt_em_trace *trace;      /* whose tables of code these are */
	char *text;                     /* what the kernel says */
	uint64_t read_gen;              /* it is asked once a generation at most */
	bool dead;                      /* the process is gone: nobody to ask */
	char func[512];
};

/* Never fails: what is not known is named by its number. *out is good until the next call. */
void tt_em_symbol_find(struct tt_em_symbols *s, uint64_t gen, uint64_t pc,
		       struct tt_emit_symbol *out);
/* Asks the kernel which code there is. */
void tt_em_symbols_read(struct tt_em_symbols *s);
void tt_em_symbols_release(struct tt_em_symbols *s);

/* ------------------------------------------------------------------ write.c */

/* Of the traces that are written. */
#define TT_EM_VERSION 26
#define TT_EM_NFRAMES (1 << 14)

/* A frame with its numbers in the tables of a generation. */
struct tt_em_named_frame {
	uint64_t gen;
	struct tt_wire_frame frame;
};

struct tt_em_writer {
	struct tt_em_trace *trace;
	struct tt_em_sink *sink;
	struct tt_em_symbols symbols;
	struct tt_em_thread *thread;    /* the flusher's own: its blocks take new entries */
	uint64_t gen;                   /* the one to write */
	uint64_t end_ticks;             /* when it ended */
	uint64_t unknown;               /* the string "?", for names with no memory */
	struct tt_encoder enc;          /* into the sink */
	struct tt_em_named_frame frames[TT_EM_NFRAMES]; /* of the generation, by a hash */
};

void tt_em_write_header(struct tt_em_sink *s);
/*
 * Writes the generation w->gen, to which no thread writes any more: all chunks, the statuses
 * of threads that were silent, the tables.
 */
void tt_em_write_generation(struct tt_em_writer *w);
/* It is written, and the trace says so (done_gen): its memory is free. */
void tt_em_release_generation(struct tt_em_writer *w);

#endif
