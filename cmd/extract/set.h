/* SPDX-License-Identifier: MIT */
/*
 * set.h - the experimental batches of one trace as named files with a
 * manifest. Command layer, inside extract only:
 *
 *	extract.c       options; reads traces and picks an output for each
 *	set.c           names, writes and lists the batches of one trace
 *	decode.c        adds the records in them as text
 *	reads.c         the files that are read, and not replaced
 *
 * Each generation has a folder, `gen-` and its number with six digits. If that number
 * is not higher than all before it, `-` and the generation's place in the file follow.
 * In it is a folder for each experiment, with the name that a spec gives it, else
 * `experiment-7`; in that the batches, with a running number and their thread. The
 * manifest is at the top of the trace's files.
 */
#ifndef CMD_EXTRACT_SET_H
#define CMD_EXTRACT_SET_H

#include "cli/cli.h"
#include "cli/out.h"
#include "cli/selection.h"
#include "reads.h"
#include "tracetool_write.h"

/* What is to be extracted; everything if there are no options. */
struct batch_choice {
	struct opt_list experiments; /* names or numbers */
	struct generation_range generations;
};

bool batch_choice_experiment(const struct batch_choice *c, unsigned experiment,
			     const struct tt_specs *specs);

/* Where the files go; opened when the first one is added. */
struct batch_output {
	char *path;             /* for tt_output_open(); owned */
	struct tt_output *output;
	const struct reads *reads;
	bool failed;            /* it must not be finished; reported, unless: */
	bool unread;            /* the program that reads standard output has closed it */
};

/* Returns a STATUS_*, after a message if it is not fine. */
int batch_output_finish(struct batch_output *o);
void batch_output_release(struct batch_output *o);

enum { BATCH_EXPERIMENTS = 256 };

struct batch_set {
	const struct batch_choice *choice;
	struct batch_output *output;
	const struct tt_specs *specs;
	const char *trace;      /* its name in the manifest */
	const char *folder;     /* of its files in the output; "": at the top */
	struct out manifest;    /* in memory: the entries so far */
	uint64_t nbatches, nbytes, ngenerations; /* written */
	uint64_t lowest, highest; /* numbers of generations in the trace; 0: none yet */
	bool number_is_new;     /* that of the last one is above all before */
	uint64_t count[BATCH_EXPERIMENTS]; /* batches of each in the chosen generations */
	bool chosen_generation; /* the trace has one of the chosen ones */
	bool asked_found;       /* all that was asked for was found: batch_set_check() */
	bool manifest_removed;  /* that of an earlier run */
	bool damaged;           /* parts of the trace could not be read */
	bool failed;            /* the output failed, and that was reported */
};

void batch_set_init(struct batch_set *s, const struct batch_choice *choice,
		    struct batch_output *output);
void batch_set_name(struct batch_set *s, const char *trace, const char *folder);
void batch_set_release(struct batch_set *s);

/* Writes what is chosen of a generation. These return a STATUS_* too. */
int batch_set_add(struct batch_set *s, const struct tt_generation *g);
/* Whether all that was asked for was found: says what is missing, and what there is. */
int batch_set_check(struct batch_set *s, const char *file);
/* Adds a file below the trace's folder. */
int batch_set_add_file(struct batch_set *s, const char *path, const void *data, size_t nbytes);
/* The folder of the generation that was added last. */
void batch_set_folder(char *text, size_t size, const struct batch_set *s,
		      const struct tt_generation *g);
/* Reports that there is no memory. */
int batch_set_no_memory(struct batch_set *s);
/* Writes the manifest. */
int batch_set_finish(struct batch_set *s);

#endif
