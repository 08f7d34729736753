/* SPDX-License-Identifier: MIT */
/* codes.c - the table of all error and finding codes. Base layer. */
#include "tracetool.h"

struct code {
	int code;
	enum tt_severity severity;
	const char *name;
	const char *advice;
};

#define ERROR TT_SEVERITY_ERROR
#define WARNING TT_SEVERITY_WARNING

static const struct code codes[] = {
	{TT_E_MEMORY, ERROR, "memory", "Free memory on this machine, or use a larger one."},
	{TT_E_LIMIT, ERROR, "memory-limit",
	 "The generation is larger than the memory limit allows: raise it if you trust the file."},
	{TT_E_IO, ERROR, "io", "Check that the file is there and can be read or written."},
	{TT_E_INPUT, ERROR, "input",
	 "The compressed file or archive is damaged or cut off: fetch or copy it again."},
	{TT_E_MEMBER, ERROR, "member", "Name a member of the archive: ARCHIVE:MEMBER."},
	{TT_E_SPEC, ERROR, "spec", "Correct the spec; `tracetool spec check` lists every mistake."},
	{TT_E_ARGUMENT, ERROR, "argument", "Correct the option."},

	{TT_E_NOT_A_TRACE, ERROR, "not-a-trace",
	 "Give a file that runtime/trace, `go test -trace` or /debug/pprof/trace wrote."},
	{TT_E_VERSION, ERROR, "version-unknown",
	 "A newer Go wrote this trace, or the header is damaged: update tracetool."},
	{TT_E_V1, ERROR, "version-1",
	 "Go 1.21 and earlier wrote another format: record the trace with Go 1.22 or later."},
	{TT_E_CUT_OFF, ERROR, "cut-off",
	 "The writer died, trace.Stop never ran, or the copy broke off: record or copy it again."},

	{TT_E_BATCH_TYPE, ERROR, "batch-type",
	 "Bytes were lost, inserted or changed before this place: copy the file again."},
	{TT_E_BATCH_HEADER, ERROR, "batch-header",
	 "Bytes were changed at this place: copy the file again."},
	{TT_E_BATCH_SIZE, ERROR, "batch-size",
	 "Bytes were changed at this place, or the writer ignores the limit of 64 KiB."},
	{TT_E_GENERATION_ZERO, ERROR, "generation-zero",
	 "Generations count from 1: the batch header is damaged."},
	{TT_E_GENERATION_MIXED, ERROR, "generation-mixed",
	 "Bytes are missing before this place, or two traces were written to one file."},
	{TT_E_GENERATION_ORDER, ERROR, "generation-order",
	 "A generation is missing, or two traces were written to one file."},
	{TT_E_GENERATION_MARK, ERROR, "generation-mark",
	 "Before Go 1.26 there is no such mark: the batch or the file header is damaged."},

	{TT_E_STRING_RECORD, ERROR, "string-record", "The string table is damaged at this place."},
	{TT_E_STRING_SIZE, ERROR, "string-size",
	 "The string table is damaged, or the writer ignores the limit of 1024 bytes."},
	{TT_E_STRING_DUPLICATE, ERROR, "string-duplicate",
	 "A batch stands in the file twice, or the string table is damaged."},
	{TT_E_STACK_RECORD, ERROR, "stack-record", "The stack table is damaged at this place."},
	{TT_E_STACK_SIZE, ERROR, "stack-size",
	 "The stack table is damaged, or the writer ignores the limit of 128 frames."},
	{TT_E_STACK_DUPLICATE, ERROR, "stack-duplicate",
	 "A batch stands in the file twice, or the stack table is damaged."},
	{TT_E_STACK_STRING, ERROR, "stack-string",
	 "A batch of strings is missing, or the stack table is damaged."},
	{TT_E_SAMPLE_RECORD, ERROR, "sample-record",
	 "The table of CPU samples is damaged at this place."},
	{TT_E_SYNC_RECORD, ERROR, "sync-record",
	 "The batch with frequency and clock is damaged at this place."},
	{TT_E_SYNC_DUPLICATE, ERROR, "sync-duplicate",
	 "A batch stands in the file twice, or two generations run into each other."},
	{TT_E_NO_FREQUENCY, ERROR, "no-frequency",
	 "The generation lacks its clock: it is cut off, or a batch is missing."},
	{TT_E_NO_CLOCK, ERROR, "no-clock",
	 "The generation lacks its clock snapshot: a batch is missing or damaged."},
	{TT_E_TABLE_CUT, ERROR, "table-cut",
	 "A table is damaged. Go's tools drop the generation and all behind it without a word."},

	{TT_E_EVENT_TYPE, ERROR, "event-type",
	 "The batch is damaged, or the event is of an experiment: give its spec with --spec."},
	{TT_E_EVENT_UNTIMED, ERROR, "event-untimed",
	 "The batch is damaged, or the header names another version than wrote the file."},
	{TT_E_EVENT_NUMBER, ERROR, "event-number", "The batch is damaged at this place."},
	{TT_E_EVENT_STACK, ERROR, "event-stack",
	 "A batch of stacks is missing, or the event is damaged."},
	{TT_E_EVENT_STRING, ERROR, "event-string",
	 "A batch of strings is missing, or the event is damaged."},
	{TT_E_EVENT_UNORDERED, ERROR, "event-unordered",
	 "This event may stand in a table only: the batch is damaged."},

	{TT_E_STUCK, ERROR, "stuck",
	 "An event that others wait for is missing: a batch was lost, or the writer died."},
	{TT_E_CONTEXT, ERROR, "context",
	 "An earlier event of this thread is missing or damaged: batches were lost or mixed up."},
	{TT_E_STATUS, ERROR, "status",
	 "Events before this one are missing or damaged: batches were lost or mixed up."},
	{TT_E_GOROUTINE, ERROR, "goroutine",
	 "Events of this goroutine are missing or damaged: batches were lost or mixed up."},
	{TT_E_PROC, ERROR, "proc",
	 "Events of this processor are missing or damaged: batches were lost or mixed up."},
	{TT_E_SEQUENCE, ERROR, "sequence",
	 "An event of this processor is missing: a batch was lost."},
	{TT_E_GC, ERROR, "gc", "An event of the garbage collector is missing or damaged."},
	{TT_E_RANGE, ERROR, "range", "The event that begins or ends this range is missing."},
	{TT_E_TASK, ERROR, "task", "The event that ends the task of this id is missing."},
	{TT_E_REGION, ERROR, "region",
	 "The program ends regions in another order than it began them, or events are missing."},

	{TT_W_NO_GENERATION, WARNING, "no-generation",
	 "The trace holds nothing: tracing stopped at once, or the writer died."},
	{TT_W_VERSION_EVENT, WARNING, "version-event",
	 "The header names an older Go than wrote the file: was the file put together by hand?"},
	{TT_W_EXPERIMENT_EMPTY, WARNING, "experiment-no-batches",
	 "Go's flight recorder loses experimental batches: record with runtime/trace instead."},
	{TT_W_EXPERIMENT_UNKNOWN, WARNING, "experiment-unknown",
	 "Give the experiment's spec with --spec. Go's own tools panic on such a trace."},
	{TT_W_GENERATION_NUMBER, WARNING, "generation-number",
	 "A generation is missing, or two traces were written to one file."},
	{TT_W_SAMPLE_STACK, WARNING, "sample-stack",
	 "A batch of stacks is missing or damaged. Go's own tools panic on such a trace."},
	{TT_W_STATUS_WIDE, WARNING, "status-wide",
	 "The event is damaged: a status is one byte. Go's own tools panic on such a trace."},
	{TT_W_RANGE_KIND, WARNING, "range-kind",
	 "A range runs on into another generation. Go's own tools panic on such a trace."},
	{TT_W_FRAME_CONFLICT, WARNING, "frame-conflict",
	 "The first frame of a pc is shown for all: the others' function and line are lost."},
	{TT_W_CLOCK, WARNING, "clock",
	 "The machine's clock was set back, or two traces were written to one file."},
};

#define NCODES (sizeof(codes) / sizeof(codes[0]))

static const struct code *find(int code)
{
	if (code < 0)
		code = -code;
	for (size_t i = 0; i < NCODES; i++)
		if (codes[i].code == code)
			return &codes[i];
	return NULL;
}

const char *tt_code_name(int code)
{
	const struct code *c = find(code);

	return c == NULL ? "unknown" : c->name;
}

const char *tt_code_advice(int code)
{
	const struct code *c = find(code);

	return c == NULL ? "" : c->advice;
}

enum tt_severity tt_code_severity(int code)
{
	const struct code *c = find(code);

	return c == NULL ? TT_SEVERITY_ERROR : c->severity;
}

int tt_code_at(size_t i)
{
	return i < NCODES ? codes[i].code : 0;
}

const char *tt_version(void)
{
	return TT_VERSION_STRING;
}
