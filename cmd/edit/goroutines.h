/* SPDX-License-Identifier: MIT */
/*
 * goroutines.h - which goroutines a filter is asked for, where their numbers are found by
 * reading the trace: those with a function, and those that unblocked others. Command layer. The
 * files of this folder:
 *
 *	filter.c     `tracetool filter`
 *	filter_work.c what it opens: a reader, a filter, a writer
 *	filter_report.c what it says in the end
 *	goroutines.c which goroutines it is asked for: by name, and those related to others
 *	before.c     what it need not read before a window
 *	leap.c       and what it need not even look at
 *	beside.c     what it needs of that, read beside the window
 *	split.c      `tracetool split`
 *	cat.c        `tracetool cat`
 *	anonymize.c  `tracetool anonymize`
 */
#ifndef CMD_EDIT_GOROUTINES_H
#define CMD_EDIT_GOROUTINES_H

#include "cli/idset.h"
#include "cli/selection.h"
#include "tracetool.h"

struct goroutines {
	const char *func;       /* pattern of the function that they begin with; NULL: any */
	bool related;           /* and those that unblocked them, and who unblocked these */
	struct id_set ids;      /* the answer */
	/* goroutines that unblocked others, pair by pair, each once */
	struct unblocking {
		int64_t by, of;
	} *edges;
	size_t nedges, edges_cap;
	struct id_set seen;     /* hashes of pairs */
	bool no_memory;
};

/* Those of -G are asked for in any case. */
void goroutines_init(struct goroutines *g, const struct id_list *ids, const char *func,
		     bool related);
/* Every event of the trace, up to the end of the part that is wanted. */
void goroutines_see(struct goroutines *g, const struct tt_event *ev);
/* Then `ids` is complete. False: no memory. */
bool goroutines_finish(struct goroutines *g);
/* Whether an event happens on one of them, or is about one. */
bool goroutines_match(const struct goroutines *g, const struct tt_event *ev);
void goroutines_release(struct goroutines *g);

#endif
