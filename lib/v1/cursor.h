/* SPDX-License-Identifier: MIT */
/*
 * cursor.h - the events of one P, one after another, from their bytes. They are read several
 * times: an event takes a few bytes in the trace, and ten times that in memory. index.c has
 * found them good. Stands on parse.h.
 */
#ifndef TT_V1_CURSOR_H
#define TT_V1_CURSOR_H

#include <string.h>

#include "v1/parse.h"
#include "wire/event.h"

/* No record with a time is longer, but for the text of a UserLog. */
#define TT_V1_RECORD_MAX_SIZE (1 + TT_VARINT_MAX * (2 + TT_V1_MAX_ARGS))

/* The end of a record; of a UserLog: its text comes there. */
const uint8_t *tt_v1_pass_over(const uint8_t *record);
/* The next record from this one on that is an event of the P, and not a sample. */
const uint8_t *tt_v1_next_event(const struct tt_v1 *v, const uint8_t *record);
/* The text of a UserLog gets an index; equal texts get the same one. False: no memory. */
bool tt_v1_index_message(struct tt_v1 *v, const uint8_t **pos, uint32_t *index);
/* The next event where it is not just the next one of the batch; as tt_v1_read(). */
int tt_v1_read_first(struct tt_v1 *v, struct tt_v1_proc *proc, struct tt_error *err);

/* As tt_v1_read_numbers(), where a whole record may be read. False: a number takes more than
 * 8 bytes. */
static TT_ALWAYS_INLINE bool tt_v1_read_unchecked(const uint8_t **pos, unsigned nargs,
						  uint64_t *dt, uint64_t args[TT_V1_MAX_ARGS])
{
	const uint8_t *p = *pos;

	if (!tt_varint_unchecked(&p, dt))
		return false;
	for (uint64_t *arg = args, *end = arg + nargs; arg != end; arg++)
		if (!tt_varint_unchecked(&p, arg))
			return false;
	*pos = p;
	return true;
}

/* Reads dt and the arguments of a record; those that it does not have are 0. */
static TT_ALWAYS_INLINE void tt_v1_read_numbers(const struct tt_v1 *v, const uint8_t **pos,
						unsigned nargs, uint64_t *dt,
						uint64_t args[TT_V1_MAX_ARGS])
{
	memset(args, 0, TT_V1_MAX_ARGS * sizeof(*args));
	if (tt_likely(v->end - *pos >= TT_V1_RECORD_MAX_SIZE) &&
	    tt_likely(tt_v1_read_unchecked(pos, nargs, dt, args)))
		return;
	*dt = tt_varint_trusted(pos);
	for (unsigned i = 0; i < nargs; i++)
		args[i] = tt_varint_trusted(pos);
}

/* The same after the first byte of a usual record. Most have up to three numbers of a byte. */
static TT_ALWAYS_INLINE const uint8_t *tt_v1_read_usual(const struct tt_v1 *v, const uint8_t *record,
							const struct tt_v1_layout *layout,
							uint64_t *dt, uint64_t args[TT_V1_MAX_ARGS])
{
	const uint8_t *p;
	uint64_t numbers;

	if (tt_likely(v->end - record > 8)) {
		numbers = tt_load_le64(record + 1) & layout->numbers_mask;
		if (tt_likely(*record < 0xc0 && (numbers & 0x808080) == 0)) {
			*dt = numbers & 0x7f;
			args[0] = numbers >> 8 & 0x7f;
			args[1] = numbers >> 16;
			args[2] = args[3] = 0;
			return record + 1 + layout->nnumbers;
		}
	}
	p = tt_v1_numbers(record);
	tt_v1_read_numbers(v, &p, layout->nnumbers - 1u, dt, args);
	return p;
}

/* The next event of the batch. False: no memory. */
static TT_ALWAYS_INLINE bool tt_v1_read_event(struct tt_v1 *v, struct tt_v1_proc *proc)
{
	const uint8_t *record = proc->pos, *p;
	const struct tt_v1_layout *layout = &v->layouts[tt_v1_record_type(record)];
	struct tt_v1_event *e = &proc->head;
	uint32_t g, about;
	uint64_t dt;

	if (tt_unlikely(!layout->usual)) {
		record = tt_v1_next_event(v, record);
		layout = &v->layouts[tt_v1_record_type(record)];
	}
	p = tt_v1_read_usual(v, record, layout, &dt, e->args);
	/* (goroutine 0 is TT_V1_NO_G) */
	if (!tt_v1_goroutine_index(v, e->args[0] & (uint64_t)layout->names_g, &g))
		return false;
	about = tt_v1_mask(layout->is_about_g);
	e->time = (int64_t)((uint64_t)e->time + dt);
	e->offset = (uint64_t)(record - v->data);
	e->layout = layout;
	e->type = layout->type;
	e->other = g & tt_v1_mask(layout->names_other);
	e->g = (g & about) | (proc->g & ~about);
	proc->g = (g & tt_v1_mask(layout->starts)) | (proc->g & tt_v1_mask(layout->goes_on));
	if (tt_unlikely(e->type == TT_V1_USER_LOG) && !tt_v1_index_message(v, &p, &e->other))
		return false;
	proc->pos = p;
	proc->left--;
	return true;
}

/* Makes the next event of a P its head. TT_END: there is none; or an error of the tables in
 * a batch that is read for the first time. */
static TT_ALWAYS_INLINE int tt_v1_read(struct tt_v1 *v, struct tt_v1_proc *proc,
				       struct tt_error *err)
{
	if (tt_unlikely(proc->left == 0))
		return tt_v1_read_first(v, proc, err);
	return tt_likely(tt_v1_read_event(v, proc)) ? TT_OK : tt_v1_no_memory(v, err);
}

#endif
