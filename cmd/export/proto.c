/* SPDX-License-Identifier: MIT */
/* proto.c - messages of protocol buffers, written into memory. Command layer. */
#include "proto.h"

#include <stdlib.h>
#include <string.h>

enum { WIRE_VARINT = 0, WIRE_BYTES = 2, VARINT_MAX = 10 };

static bool room(struct proto *p, size_t nbytes)
{
	if (p->no_memory || nbytes > SIZE_MAX - p->n ||
	    !array_room(&p->at, &p->cap, p->n + nbytes, 1))
		p->no_memory = true;
	return !p->no_memory;
}

void proto_packed(struct proto *p, uint64_t value)
{
	if (!room(p, VARINT_MAX))
		return;
	for (; value >= 0x80; value >>= 7)
		p->at[p->n++] = (uint8_t)(value | 0x80);
	p->at[p->n++] = (uint8_t)value;
}

void proto_number(struct proto *p, unsigned field, uint64_t value)
{
	if (value == 0)
		return;
	proto_packed(p, field << 3 | WIRE_VARINT);
	proto_packed(p, value);
}

void proto_bytes(struct proto *p, unsigned field, const void *data, size_t nbytes)
{
	proto_packed(p, field << 3 | WIRE_BYTES);
	proto_packed(p, nbytes);
	if (nbytes == 0 || !room(p, nbytes))
		return;
	memcpy(p->at + p->n, data, nbytes);
	p->n += nbytes;
}

void proto_message(struct proto *p, unsigned field, struct proto *inside)
{
	p->no_memory |= inside->no_memory;
	proto_bytes(p, field, inside->at, inside->n);
	inside->n = 0;
}

void proto_release(struct proto *p)
{
	free(p->at);
	*p = (struct proto){ 0 };
}
