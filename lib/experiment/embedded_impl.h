/* SPDX-License-Identifier: MIT */
/* embedded_impl.h - what private.c and splice.c share: the head of a private batch. */
#ifndef TT_EXPERIMENT_EMBEDDED_IMPL_H
#define TT_EXPERIMENT_EMBEDDED_IMPL_H

#include "experiment/embedded.h"
#include "wire/varint.h"

/* Keeps the first of a generation. `fault` lives as long as *p. */
void tt_private_fault(struct tt_private *p, const struct tt_batch *batch, const char *fault);
/* What lies behind kind, magic and version; NULL: it is another batch. */
const uint8_t *tt_private_body(const struct tt_batch *batch, uint8_t kind, const char *magic);
bool tt_private_number(const uint8_t **at, const uint8_t *end, uint64_t *value);

#endif
