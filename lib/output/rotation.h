/* SPDX-License-Identifier: MIT */
/*
 * rotation.h - numbered files of one name: of `server.trace.zst` they are
 * `server-000001.trace.zst` and so on. Private to the library.
 */
#ifndef TT_OUTPUT_ROTATION_H
#define TT_OUTPUT_ROTATION_H

#include "base/error.h"

struct tt_rotation {
	char *folder, *stem, *ending; /* "logs", "server", ".trace.zst" */
	uint64_t number;              /* of the file that came last, 0: none */
};

/* Goes on after the highest number that is there. TT_E_IO, TT_E_MEMORY. */
int tt_rotation_init(struct tt_rotation *r, const char *path, struct tt_error *err);
void tt_rotation_release(struct tt_rotation *r);
/* The path of the next file, to be freed; NULL if there is no memory. */
char *tt_rotation_next(struct tt_rotation *r);
/* Removes the files of lowest number until `keep` are left. TT_E_IO, TT_E_MEMORY. */
int tt_rotation_prune(const struct tt_rotation *r, size_t keep, struct tt_error *err);

#endif
