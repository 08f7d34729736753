/* SPDX-License-Identifier: MIT */
/* encode.c - the tables of a generation out. */
#include "gen/encode.h"

#include <assert.h>

#include "spec/types.h"

void tt_encode_string(struct tt_encoder *e, uint64_t id, struct tt_str text)
{
	uint8_t *p = tt_encode_record(e, TT_EV_STRINGS);

	assert(text.len <= TT_STRING_MAX_SIZE);
	*p++ = TT_EV_STRING;
	p = tt_varint_put(p, id);
	p = tt_varint_put(p, text.len);
	if (text.len != 0)
		memcpy(p, text.data, text.len);
	tt_encode_record_end(e, p + text.len);
}

void tt_encode_stack(struct tt_encoder *e, uint64_t id, const struct tt_wire_frame *frames,
		     size_t nframes)
{
	uint8_t *p = tt_encode_record(e, TT_EV_STACKS);

	assert(nframes <= TT_V2_MAX_FRAMES);
	*p++ = TT_EV_STACK;
	p = tt_varint_put(p, id);
	p = tt_varint_put(p, nframes);
	for (size_t i = 0; i < nframes; i++) {
		p = tt_varint_put(p, frames[i].pc);
		p = tt_varint_put(p, frames[i].func);
		p = tt_varint_put(p, frames[i].file);
		p = tt_varint_put(p, frames[i].line);
	}
	tt_encode_record_end(e, p);
}

void tt_encode_sample(struct tt_encoder *e, uint64_t time_ticks, const struct tt_sample *sample)
{
	uint8_t *p = tt_encode_record(e, TT_EV_CPU_SAMPLES);
	int64_t goroutine = sample->goroutine != TT_NONE ? sample->goroutine : 0;

	*p++ = TT_EV_CPU_SAMPLE;
	p = tt_varint_put(p, time_ticks);
	p = tt_varint_put(p, (uint64_t)sample->thread);
	p = tt_varint_put(p, (uint64_t)sample->proc);
	p = tt_varint_put(p, (uint64_t)goroutine);
	p = tt_varint_put(p, sample->stack);
	tt_encode_record_end(e, p);
}

void tt_encode_sync(struct tt_encoder *e, unsigned version, uint64_t frequency,
		    const struct tt_clock *clock)
{
	tt_encode_sync_at(e, version, frequency, clock, clock->trace_ticks);
}

void tt_encode_sync_at(struct tt_encoder *e, unsigned version, uint64_t frequency,
		       const struct tt_clock *clock, uint64_t time)
{
	const struct tt_batch_head head = {
		.generation = e->head.generation,
		.thread = TT_NONE,
		.time = time,
	};
	uint8_t body[3 + 5 * TT_VARINT_MAX], *p = body;

	if (tt_version_has_clock(version))
		*p++ = TT_EV_SYNC;
	*p++ = TT_EV_FREQUENCY;
	p = tt_varint_put(p, frequency);
	if (tt_version_has_clock(version)) {
		*p++ = TT_EV_CLOCK_SNAPSHOT;
		p = tt_varint_put(p, clock->trace_ticks - time);
		p = tt_varint_put(p, clock->mono_ns);
		p = tt_varint_put(p, clock->wall_sec);
		p = tt_varint_put(p, clock->wall_nsec);
	}
	tt_encode_batch(e, &head, body, (size_t)(p - body));
}
