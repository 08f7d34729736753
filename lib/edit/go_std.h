/* SPDX-License-Identifier: MIT */
/*
 * go_std.h - which names in a trace are Go's own.
 *
 *	go_std.c    packages of the standard library, texts of the runtime
 *	go_types.c  types of the standard library
 */
#ifndef TT_EDIT_GO_STD_H
#define TT_EDIT_GO_STD_H

#include "tracetool.h"

/* Whether a path is that of a package of the standard library. */
bool tt_go_std_package(struct tt_str path);
/* Whether a type of this name is in a package of this name, which is not its whole path. */
bool tt_go_std_type(struct tt_str package, struct tt_str type);
/* Whether the runtime writes this text as the reason of a wait or of a stop of the world, or as
 * the label of a goroutine. */
bool tt_go_reason(struct tt_str text);
bool tt_go_label(struct tt_str text);
/* A number, from 0 on, of the function with which a goroutine of the runtime's own begins, and no
 * other one; or -1. */
int tt_go_runtime_root(struct tt_str func);

#endif
