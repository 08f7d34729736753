/* SPDX-License-Identifier: MIT */
/*
 * proto.h - messages of protocol buffers, written into memory. Command layer, inside export
 * only. A field is its number and wire type in a varint, then the value: a varint, or a
 * length and bytes.
 */
#ifndef CMD_EXPORT_PROTO_H
#define CMD_EXPORT_PROTO_H

#include "cli/numbers.h"

/* Initialize with zeros. */
struct proto {
	uint8_t *at;
	size_t n, cap;
	bool no_memory;
};

/* A number that is 0 is left out, as proto3 does. */
void proto_number(struct proto *p, unsigned field, uint64_t value);
void proto_bytes(struct proto *p, unsigned field, const void *data, size_t nbytes);
/* A message in a message; `inside` is emptied for the next one. */
void proto_message(struct proto *p, unsigned field, struct proto *inside);
/* An element of a packed list, which is `p`. */
void proto_packed(struct proto *p, uint64_t value);
void proto_release(struct proto *p);

#endif
