/* SPDX-License-Identifier: MIT */
/*
 * suites.h - the list of the Check suites, one TT_SUITE(name) a line for each
 * lib/tests/name_test.c, in the order of the layers. Included plainly it declares
 * `Suite *name_suite(void)` for each; main.c includes it once more with its own
 * TT_SUITE to build its table.
 */
#ifndef TT_SUITE
#include <check.h>
#define TT_SUITE(name) Suite *name##_suite(void);
#endif

TT_SUITE(base)
TT_SUITE(io)
TT_SUITE(unpack)
TT_SUITE(output)
TT_SUITE(quote)
TT_SUITE(spec)
TT_SUITE(spec_language)
TT_SUITE(records)
TT_SUITE(heap)
TT_SUITE(spans)
TT_SUITE(dict)
TT_SUITE(mutate)
TT_SUITE(sort)
TT_SUITE(gen)
TT_SUITE(load)
TT_SUITE(encode)
TT_SUITE(symbolize)
TT_SUITE(resync)
TT_SUITE(order)
TT_SUITE(waits)
TT_SUITE(direct)
TT_SUITE(v1)
TT_SUITE(reader)
TT_SUITE(ahead)
TT_SUITE(embedded)
TT_SUITE(bytes)
TT_SUITE(fault)
TT_SUITE(header)
TT_SUITE(wire)
TT_SUITE(rawtext)
TT_SUITE(assemble)
TT_SUITE(record)
TT_SUITE(writer)
TT_SUITE(aside)
TT_SUITE(anonymize)
TT_SUITE(repair)
TT_SUITE(snapshot)
TT_SUITE(place)
TT_SUITE(pieces)
TT_SUITE(scenario)
TT_SUITE(emit)
TT_SUITE(emit_recover)
TT_SUITE(emit_fault)

#undef TT_SUITE
