/* SPDX-License-Identifier: MIT */
/*
 * tracetool_write.h - writing traces and files: assembling, repairing and recording
 * traces, and outputs of many files.
 *
 * Stands on tracetool.h, whose conventions hold here; the man page is
 * libtracetool(3).
 */
#ifndef TRACETOOL_WRITE_H
#define TRACETOOL_WRITE_H

#include "tracetool.h"

#ifdef __cplusplus
extern "C" {
#if defined(__GNUC__)
/* Functions named as the structs they give. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#endif
#endif

/* --------------------------------------------------------------- assembler */

/*
 * The way back: the text of a trace, as tt_wire_format() writes it behind a line
 * `Trace Go1.NN`, to bytes. tracetool-assemble(1) tells what people may write.
 */
struct tt_assembler;

/* `specs` NULL: the built-in ones; else they must outlive it. TT_E_MEMORY. */
TT_API int tt_assembler_new(struct tt_assembler **out, const struct tt_specs *specs,
			    struct tt_error *err);
/*
 * Takes the next piece of the text, which may be cut anywhere. TT_E_SPEC for a
 * mistake: the message is "LINE:COLUMN: reason", both counted from 1, columns in
 * bytes. TT_E_MEMORY.
 */
TT_API int tt_assembler_add(struct tt_assembler *a, const char *text, size_t len,
			    struct tt_error *err);
/* The text ends here. TT_E_SPEC, TT_E_MEMORY. */
TT_API int tt_assembler_finish(struct tt_assembler *a, struct tt_error *err);
/*
 * The bytes of the trace that are complete and were not taken before: all batches
 * but the one being written, and all of them after tt_assembler_finish(). They live
 * until the next call.
 */
TT_API struct tt_str tt_assembler_take(struct tt_assembler *a);
TT_API void tt_assembler_free(struct tt_assembler *a);

/* ------------------------------------------------------------------ repair */

/*
 * What can be kept of a damaged trace, as a trace that Go's reader accepts:
 * generations that are whole as they are, of broken ones all that orders before the
 * break. What is behind a broken generation states anew how things stand; the
 * broken one then ends with events that are made up and lead there. A string or
 * stack that is lost is replaced by an empty one, a lost clock by its neighbour's.
 * tracetool-repair(1) tells the rules.
 */
struct tt_repair;

/* Takes over a reader that was just opened, and of which nothing was asked; it stays
 * the caller's, to be closed after tt_repair_free(). TT_E_MEMORY. */
TT_API int tt_repair_new(struct tt_repair **out, struct tt_reader *r, struct tt_error *err);
/* The bytes that the repaired trace begins with. */
TT_API struct tt_str tt_repair_header(const struct tt_repair *r);

/* One generation of the repaired trace. */
struct tt_repaired {
	uint64_t number;
	uint64_t offset, end;   /* where it stands in the input, with the damage behind it */
	bool whole;             /* it is as it was; lost_* may tell of what stood around it */
	struct tt_str front;    /* its bytes: these, */
	struct tt_str bytes;    /* and then these; until the next call */
	uint64_t events;        /* of the input, that it has */
	uint64_t lost_events;   /* that could be read, but not kept */
	uint64_t lost_nbytes;   /* of the input, that are not in it */
	uint64_t made_events, made_entries; /* made up: events; strings and stacks */
	uint64_t made_generations; /* empty ones in front, for numbers that are missing */
	struct tt_error why;    /* what is wrong with it, or with what was lost; or TT_OK */
};
/*
 * The next generation: 0. 1 at the end: then only lost_* and `why` are set, and tell
 * of what is lost behind the last one. Or an error of the machine, sticky: TT_E_IO,
 * TT_E_MEMORY, TT_E_LIMIT.
 */
TT_API int tt_repair_next(struct tt_repair *r, struct tt_repaired *out);
TT_API const struct tt_error *tt_repair_error(const struct tt_repair *r);

/* An event that was made up. Until the next tt_repair_next(). */
struct tt_made_event {
	int64_t thread;
	uint64_t time_ticks;
	const struct tt_event_spec *spec;
	const uint64_t *args;   /* without dt; spec->nargs of them */
};
/* The i-th that the generation handed out last ends with; false past the last. */
TT_API bool tt_repair_made(const struct tt_repair *r, size_t i, struct tt_made_event *out);
TT_API void tt_repair_free(struct tt_repair *r);

/* ------------------------------------------------------------------ output */

/*
 * A set of named files: a folder, or an archive that the name's ending chooses
 * (.tar, .tar.zst or .tzst, .tar.gz or .tgz, .zip), or "-" for a tar on stdout. An archive is
 * written under a temporary name and renamed by tt_output_finish(); in a folder
 * each file is.
 */
struct tt_output;

/*
 * TT_E_IO, TT_E_MEMORY, TT_E_ARGUMENT (an unknown ending). A folder is made if
 * it does not exist.
 */
TT_API int tt_output_open(struct tt_output **out, const char *path, struct tt_error *err);
/*
 * Adds a file; `name` is relative, with `/`, no empty, `.` or `..` parts
 * (TT_E_ARGUMENT). Folders on the way are made. TT_E_IO, TT_E_MEMORY.
 */
TT_API int tt_output_add(struct tt_output *o, const char *name, const void *data, size_t nbytes,
			 struct tt_error *err);
/* Completes and renames. TT_E_IO. Without it tt_output_close() drops an archive. */
TT_API int tt_output_finish(struct tt_output *o, struct tt_error *err);
TT_API void tt_output_close(struct tt_output *o);

/* --------------------------------------------------------------- recording */

/*
 * Stores a trace while it comes. The stream is cut into its generations and
 * nothing else is looked at: what is in them is for a reader to judge. The files
 * hold whole generations only, and each is a trace by itself.
 */
struct tt_recorder;

enum tt_recorder_flags {
	TT_RECORD_ZSTD = 1 << 0,        /* one zstd frame a generation */
	TT_RECORD_HOLD = 1 << 1,        /* hand the bytes of each generation out */
};

/* Where code lies. NULL is no text. */
struct tt_symbol {
	const char *func;
	const char *file;
	uint64_t line;
};

/* Begin with `size = sizeof(struct tt_recorder_options)`, zero the rest. */
struct tt_recorder_options {
	size_t size;
	unsigned flags;                 /* enum tt_recorder_flags */
	const struct tt_specs *specs;   /* NULL: the built-in ones. Must outlive it */
	uint64_t max_memory_nbytes;     /* for one generation; 0: a quarter of the machine's */
	/* A new file at the first generation behind so many bytes or so much time; 0: never.
	   Then `server.trace` stands for server-000001.trace, server-000002.trace, ...,
	   from the number behind the highest that is there. */
	uint64_t rotate_nbytes;
	uint64_t rotate_ns;
	uint64_t keep;                  /* files of that name that stay, the newest; 0: all */
	/* For a native program, whose trace has addresses only: names the code behind a return
	   address, false where it is not known. Frames of stacks and nameless types of the
	   experiment AllocFree get what it says. *out is zeroed; its texts need to live until
	   the next call. */
	bool (*symbol)(void *arg, uint64_t pc, struct tt_symbol *out);
	void *symbol_arg;
};

/*
 * Stores what `input` gives, unpacked if it is compressed, under `path`; NULL is
 * the standard output. A regular file is written as PATH.xxxxxxxx.tmp, into which
 * each batch goes when it has come; the name appears with tt_recorder_finish() or
 * when the next file is begun. TT_E_IO, TT_E_MEMORY, TT_E_ARGUMENT.
 */
TT_API int tt_recorder_open(struct tt_recorder **out, const struct tt_input *input,
			    const char *path, const struct tt_recorder_options *opt,
			    struct tt_error *err);

struct tt_recorded {
	uint64_t number, ordinal;       /* as those of a tt_generation */
	uint64_t offset, end;           /* in the stream; the header belongs to the first */
	const void *data;               /* its bytes if they are held, until the next call; NULL
	                                   if it has more than max_memory_nbytes */
	size_t nbytes;                  /* of data, as it was stored: named if names are given */
};

/*
 * Stores the next generation: 0; 1 at the end; or an error, sticky: those of the
 * header (10 to 12), of batches (13, 20 to 22), of the input (TT_E_IO, TT_E_INPUT),
 * of the output (TT_E_IO), TT_E_MEMORY, TT_E_LIMIT.
 */
TT_API int tt_recorder_next(struct tt_recorder *r, struct tt_recorded *g);
TT_API const struct tt_error *tt_recorder_error(const struct tt_recorder *r);
/*
 * Completes the file, also after an error of tt_recorder_next(): drops what is no
 * whole generation, syncs and renames. No file comes of no generation. TT_E_IO.
 */
TT_API int tt_recorder_finish(struct tt_recorder *r, struct tt_error *err);
/* Without tt_recorder_finish() the file being written is dropped. */
TT_API void tt_recorder_close(struct tt_recorder *r);

struct tt_recorder_progress {
	uint64_t in_nbytes;     /* of the stream that came, unpacked */
	uint64_t nbytes;        /* of them in whole generations */
	uint64_t out_nbytes;    /* what these take in the files */
	uint64_t generations;
	uint64_t files;         /* with a whole generation in them */
	const char *path;       /* of the file being written or written last; NULL: stdout */
};
TT_API struct tt_recorder_progress tt_recorder_progress(const struct tt_recorder *r);

#ifdef __cplusplus
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
}
#endif

#endif
