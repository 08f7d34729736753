/* SPDX-License-Identifier: MIT */
/*
 * wire_support.h - what the suites about raw events have in common: texts of
 * events, their traces in memory that ends against a guard page, and back. Test
 * code only.
 */
#ifndef TT_TESTS_WIRE_SUPPORT_H
#define TT_TESTS_WIRE_SUPPORT_H

#include "tests/input.h"
#include "tracetool.h"

/* Between setup and teardown, which are a fixture. */
extern struct tt_specs *wire_specs;
void wire_setup(void);
void wire_teardown(void);

/* A text that grows; terminated. The caller frees `at`. */
struct text {
	char *at;
	size_t len, cap;
};
void text_add(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* `rounds` times each event that the specs have, with other numbers each time. */
struct text every_event(unsigned rounds);
/* The same behind a line `Trace Go1.26`. */
struct text with_header(const struct text *body);

/* A spec with names too long for what readers prepare. */
extern const char wire_long_names[];

/* The trace of a text. */
void wire_assemble(struct guarded *g, const char *text, size_t len);
struct tt_wire *wire_open(const struct guarded *g, unsigned flags);
/* All that is left, as text; *rc is how it ends. */
char *wire_text_of(struct tt_wire *w, size_t *len, int *rc);

#endif
