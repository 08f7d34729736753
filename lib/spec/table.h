/* SPDX-License-Identifier: MIT */
/*
 * table.h - the specs there are, by type and by name. add.c puts files into the table,
 * table.c answers from it, also while another file is checked. Stands on parse.h.
 */
#ifndef TT_SPEC_TABLE_H
#define TT_SPEC_TABLE_H

#include "spec/parse.h"
#include "spec/versions.h"

/* Twice as many as there are types, so that probing stays short. */
#define TT_SPEC_NSLOTS 512

struct tt_specs {
	struct tt_mem *mem;
	struct tt_mem own_mem;  /* what mem is, unless it is another's */
	struct tt_spec_file *files;
	const struct tt_spec_event *events[TT_SPEC_MAX_TYPE + 1];
	const struct tt_experiment_spec *experiments[256];
	const struct tt_spec_file *owners[256]; /* the file of each experiment */
	uint8_t by_name[TT_SPEC_NSLOTS]; /* types, open addressing; 0: free */
	unsigned ntypes[TT_LAST_VERSION - TT_FIRST_VERSION + 1]; /* by header version */
};

/* Makes a file without mistakes part of the table; what it replaces is removed. */
void tt_specs_commit(struct tt_specs *specs, struct tt_spec_file *file);
/* All files added so far are built in: sizes the event table of each header version. */
void tt_specs_size(struct tt_specs *specs);

#endif
