/* SPDX-License-Identifier: MIT */
/*
 * describe.h - events as people read them: describe.c says what happened, arguments.c what
 * the arguments of an experiment mean. Command layer.
 */
#ifndef CMD_CLI_DESCRIBE_H
#define CMD_CLI_DESCRIBE_H

#include "event.h"
#include "stacks.h"

/* What happened, without who, when and where: "G18 NotExist -> Runnable". `tops` renders
 * with text_top(). */
char *out_description(struct stack_cache *tops, struct out *o, char *p, const struct tt_event *ev);
/* The innermost function, escaped, and if that is the runtime's, who called the runtime. */
stack_render_fn text_top;
/* "M5", or "-" for TT_NONE; "G7", "P1", "M5", or nothing for TT_RESOURCE_NONE. */
char *text_id(char *p, const char *prefix, int64_t id);
char *text_resource(char *p, enum tt_resource resource, int64_t id);

/* A range's name with its kind: "stop-the-world (GC sweep termination)", escaped. */
char *out_range_name(struct out *o, char *p, const struct tt_range *range);
/* What follows the number of an argument of an experiment: ` "main.Node" 64 B` of a record,
 * ` (0xc000012000)`, ` main.main` of a stack, or nothing. */
char *out_meaning(struct stack_cache *tops, struct out *o, char *p, const struct tt_event *ev,
		  unsigned arg);
/* Such an argument: `name=value` and what that means, where it is known:
 * `type=12 "main.Node" 64 B`, `place=3 (0xc000012000)`, `op_string="start"`. */
char *out_argument(struct stack_cache *tops, struct out *o, char *p, const struct tt_event *ev,
		   unsigned arg);

#endif
