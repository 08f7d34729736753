/* SPDX-License-Identifier: MIT */
/*
 * flush.h - what the flusher's parts share: where the trace goes, one generation to
 * bytes, names of code. Only the flusher's thread is here, and whoever starts and
 * stops it while it does not run. Stands on emit.h.
 */
#ifndef TT_EMIT_FLUSH_H
#define TT_EMIT_FLUSH_H

#include "emit/emit.h"
#include "gen/encode.h"

/* ------------------------------------------------------------------- sink.c */

/* A generation that the flight recorder keeps; one mapping each. */
struct tt_em_saved {
	struct tt_em_saved *next;
	size_t len, cap;        /* bytes behind this head, and of the mapping */
	uint64_t end_ns;        /* CLOCK_MONOTONIC */
	uint8_t data[];
};

#define TT_EM_SINK_BUFFER (256 * 1024)

/* A descriptor, a function, or memory. */
struct tt_em_target {
	int fd;                         /* -1: none */
	bool own_fd;
	tt_emit_write *write;
	void *arg;
	bool keeps;                     /* the flight recorder */
	const char *path;               /* of a file that is made when nothing is refused any more */
};

struct tt_em_sink {
	struct tt_em_target to;
	struct tt_em_saved *first, *last; /* whole generations, oldest first */
	struct tt_em_saved *open; /* the one that is being written */
	uint64_t saved_nbytes;
	uint64_t max_ns, max_nbytes;
	uint64_t nbytes;                /* of all, ever */
	size_t used;
	struct tt_error error;          /* the first; then all else is dropped */
	uint8_t buffer[TT_EM_SINK_BUFFER];
};

void tt_em_sink_put(struct tt_em_sink *s, const void *data, size_t len);
/* A generation is whole: nothing of it stays in the buffer. */
void tt_em_sink_commit(struct tt_em_sink *s);
void tt_em_sink_release(struct tt_em_sink *s);
/* Writes it all to a descriptor; an errno. */
int tt_em_sink_write_all(int fd, const void *data, size_t len);

/* ----------------------------------------------------------------- symbol.c */

struct tt_em_symbols {
	bool (*symbol)(void *arg, uintptr_t pc, struct tt_emit_symbol *out);
	void *arg;
	struct tt_em_trace *trace; /* whose tables these are */
	char *text;             /* what the kernel says */
	uint64_t read_gen;      /* it is asked once a generation at most */
	bool dead;              /* the process is gone: nobody to ask */
	char func[512];
};

/* Never fails: what is not known is named by its number. */
void tt_em_symbol_find(struct tt_em_symbols *s, uint64_t gen, uint64_t pc,
		       struct tt_emit_symbol *out);
/* Asks the kernel which code there is. */
void tt_em_symbols_read(struct tt_em_symbols *s);
void tt_em_symbols_release(struct tt_em_symbols *s);

/* ------------------------------------------------------------------ write.c */

#define TT_EM_NFRAMES (1 << 14)

/* A frame's numbers in the tables of a generation. */
struct tt_em_named_frame {
	uint64_t gen;
	struct tt_wire_frame frame;
};

struct tt_em_writer {
	struct tt_em_trace *trace;
	struct tt_em_sink *sink;
	struct tt_em_symbols symbols;
	struct tt_em_thread *thread; /* the flusher's own: its blocks hold new entries */
	uint64_t gen;
	uint64_t unknown;               /* the string "?", for names with no memory */
	uint64_t end_ticks;             /* when the generation ended */
	struct tt_encoder enc;          /* into the sink */
	struct tt_em_named_frame frames[TT_EM_NFRAMES];
};

/* Of the traces that are written. */
#define TT_EM_VERSION 26
void tt_em_write_header(struct tt_em_sink *s);
/*
 * Writes the generation w->gen, which no thread writes to any more: statuses of who
 * was silent, all chunks, the tables.
 */
void tt_em_write_generation(struct tt_em_writer *w);
/* It is written, and told to be so: its memory is free. */
void tt_em_release_generation(struct tt_em_writer *w);

#endif
