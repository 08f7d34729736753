/* SPDX-License-Identifier: MIT */
/*
 * codes.c - the table of codes: the word that users see and what to do about it
 * (tracetool-validate(1) says more about each), and the version of the library.
 * Base layer.
 */
#include <limits.h>
#include <stdlib.h>

#include "tracetool.h"

/* In growing order, for the binary search. */
static const struct code {
	int code;
	const char *name;
	const char *advice;
} codes[] = {
	{ TT_E_MEMORY, "memory", "Close other programs, or try a machine with more memory." },
	{ TT_E_LIMIT, "limit",
	  "One generation needs more memory than the limit allows: raise the limit (--max-memory) "
	  "if you trust the file." },
	{ TT_E_IO, "io", "Check the file, its permissions and its disk, and try again." },
	{ TT_E_INPUT, "input",
	  "The compressed file or archive is damaged: copy it again from where it came from." },
	{ TT_E_MEMBER, "member", "Name what to read: a file, or a member as ARCHIVE:MEMBER or with --member." },
	{ TT_E_SPEC, "spec", "Correct the spec; tracetool spec check lists all its mistakes." },
	{ TT_E_ARGUMENT, "argument", "Correct the option's value." },

	{ TT_E_NOT_A_TRACE, "not-a-trace",
	  "Give a file that runtime/trace wrote; profiles and logs have other formats." },
	{ TT_E_VERSION, "version",
	  "Use go tool trace of the Go version that wrote it; if that is newer than Go 1.27, look for a "
	  "newer tracetool." },
	{ TT_E_V1, "v1",
	  "Make a newer trace of it with tracetool filter, and divide that." },
	{ TT_E_CUT_OFF, "cut-off",
	  "The program died, the disk was full, or a copy was not finished: copy it again, or call "
	  "trace.Stop before the program ends." },
	{ TT_E_ANOTHER_TRACE, "another-trace",
	  "Several traces are in one file: tracetool repair --all writes each to a file of its own." },
	{ TT_E_FOREIGN, "foreign-bytes",
	  "Something else wrote into the file: tracetool repair leaves these bytes out; write the "
	  "trace to a file of its own." },
	{ TT_E_REENCODED, "re-encoded",
	  "Copy the file again in binary mode; where the change can be undone, tracetool repair "
	  "does so." },

	{ TT_E_BATCH_TYPE, "batch-type",
	  "Bytes were lost or added before this place: copy the file again in binary mode." },
	{ TT_E_BATCH_HEADER, "batch-header",
	  "Bytes were lost or added before this place: copy the file again in binary mode." },
	{ TT_E_BATCH_SIZE, "batch-size",
	  "The file is damaged here, or the writer must write smaller batches." },
	{ TT_E_GENERATION_ZERO, "generation-zero", "The writer must count generations from 1." },
	{ TT_E_GENERATION_MIXED, "generation-mixed",
	  "The writer must end a generation before it begins the next; if it does, the end mark "
	  "was lost, or bytes before this place were lost or changed." },
	{ TT_E_GENERATION_ORDER, "generation-order",
	  "A generation is missing, or two files were joined: check how the file was stored." },
	{ TT_E_GENERATION_MARK, "generation-mark",
	  "To mark the end of a generation, the writer must give the trace a header of Go 1.26." },

	{ TT_E_STRING_RECORD, "string-record",
	  "The string table is damaged: copy the file again, or fix the program that wrote it." },
	{ TT_E_STRING_SIZE, "string-size", "The writer must cut strings to 1024 bytes." },
	{ TT_E_STRING_DUPLICATE, "string-duplicate",
	  "The writer must give each string of a generation an id of its own, from 1." },
	{ TT_E_STACK_RECORD, "stack-record",
	  "The stack table is damaged: copy the file again, or fix the program that wrote it." },
	{ TT_E_STACK_SIZE, "stack-size", "The writer must cut stacks to 128 frames." },
	{ TT_E_STACK_DUPLICATE, "stack-duplicate",
	  "The writer must give each stack of a generation an id of its own, from 1." },
	{ TT_E_STACK_STRING, "stack-string",
	  "The writer must put the strings of all frames into the same generation." },
	{ TT_E_SAMPLE_RECORD, "sample-record",
	  "The CPU samples are damaged: copy the file again, or fix the program that wrote it." },
	{ TT_E_SYNC_RECORD, "sync-record",
	  "The batch with the clock is damaged: copy the file again, or fix the program that wrote "
	  "it." },
	{ TT_E_SYNC_DUPLICATE, "sync-duplicate",
	  "The writer must write the frequency and the clock snapshot once in each generation." },
	{ TT_E_NO_FREQUENCY, "no-frequency",
	  "The writer must write the clock's frequency in each generation; if it does, that batch "
	  "was lost." },
	{ TT_E_NO_CLOCK, "no-clock",
	  "From Go 1.25 on, the writer must write a clock snapshot in each generation." },
	{ TT_E_TABLE_CUT, "table-cut",
	  "A table ends inside a record, and go tool trace takes that for the end of the trace: fix "
	  "the program that wrote it." },

	{ TT_E_EVENT_TYPE, "event-type",
	  "If the event is from an experiment of your own, give its spec (--spec); otherwise the "
	  "file is damaged." },
	{ TT_E_EVENT_UNTIMED, "event-untimed",
	  "The events of this thread are damaged, or the writer put a table among them." },
	{ TT_E_EVENT_NUMBER, "event-number",
	  "The events of this thread are damaged, or the writer cut an event in two." },
	{ TT_E_EVENT_STACK, "event-stack",
	  "The writer must put the stacks of all events into the same generation." },
	{ TT_E_EVENT_STRING, "event-string",
	  "The writer must put the strings of all events into the same generation." },
	{ TT_E_EVENT_UNORDERED, "event-unordered",
	  "The writer must keep this event out of the batches of threads." },

	{ TT_E_STUCK, "stuck",
	  "Events are missing: those that the waiting threads wait for. The program may have died "
	  "while it traced; if not, fix the program that wrote it." },
	{ TT_E_CONTEXT, "context",
	  "The writer recorded an event where it cannot happen, or events before it were lost." },
	{ TT_E_STATUS, "status",
	  "The writer recorded a wrong status, or events that lead to this status were lost." },
	{ TT_E_GOROUTINE, "goroutine",
	  "The events of this goroutine contradict each other: some were lost, or the writer has "
	  "a bug." },
	{ TT_E_PROC, "proc",
	  "The events of this processor contradict each other: some were lost, or the writer has "
	  "a bug." },
	{ TT_E_SEQUENCE, "sequence",
	  "Events of this processor are missing, or the writer did not count them." },
	{ TT_E_GC, "gc", "Events of the garbage collector are missing, or the writer has a bug." },
	{ TT_E_RANGE, "range", "A begin or an end is missing, or the writer has a bug." },
	{ TT_E_TASK, "task",
	  "The writer must not reuse the id of a task before that task has ended." },
	{ TT_E_REGION, "region",
	  "End the innermost region first, on the goroutine that began it." },

	{ TT_E_RESOURCE, "resource",
	  "The writer used a resource of an experiment in a way that its spec forbids, or an event "
	  "about it was lost." },
	{ TT_E_TIME_ORDER, "time-order",
	  "The clocks of the machine's processors do not agree, or bytes of the file were changed: "
	  "record it again." },

	{ TT_W_VERSION_EVENT, "version-event",
	  "The writer must give the file the header of a later Go; strict readers reject this one." },
	{ TT_W_EXPERIMENT_EMPTY, "experiment-empty",
	  "Go's flight recorder loses experimental batches: record with trace.Start to keep them." },
	{ TT_W_EXPERIMENT_UNKNOWN, "experiment-unknown",
	  "Give the spec of the experiment (--spec); go tool trace crashes on such a batch unless "
	  "it is embedded in a private batch." },
	{ TT_W_GENERATION_NUMBER, "generation-number",
	  "Traces may have been joined; if not, the writer must number generations "
	  "consecutively." },
	{ TT_W_SAMPLE_STACK, "sample-stack",
	  "The writer must put the stacks of CPU samples into the same generation; go tool trace "
	  "crashes on this file." },
	{ TT_W_STATUS_WIDE, "status-wide",
	  "The writer must write a status in one byte; go tool trace crashes on this file." },
	{ TT_W_RANGE_KIND, "range-kind",
	  "The writer must not let a stop-the-world last into the next generation; go tool trace "
	  "crashes on this file." },
	{ TT_W_FRAME_CONFLICT, "frame-conflict",
	  "The writer must give a pc one function, file and line; the first one read is shown." },
	{ TT_W_CLOCK, "clock", "The clock was set back, or generations are out of order." },
	{ TT_W_RECORD, "record",
	  "The writer must write the records as the spec lays them out; if it used another spec, "
	  "give that one (--spec)." },
	{ TT_W_RECORD_KEY, "record-key",
	  "The writer must give each record of a generation a key of its own." },
	{ TT_W_HEAP_ALLOC, "heap-alloc",
	  "An event that frees the object was lost, or the writer gave two objects the same "
	  "address." },
	{ TT_W_HEAP_FREE, "heap-free",
	  "An event that allocates it was lost (Go 1.23 loses events of spans by itself), or the "
	  "writer recorded the free twice." },
	{ TT_W_HEAP_SPAN, "heap-span",
	  "The writer must write each span before the objects in it; Go 1.23 loses events of spans "
	  "by itself." },
	{ TT_W_HEAP_TYPE, "heap-type",
	  "The writer must put each type that it uses into a batch of the same generation." },
	{ TT_W_HEAP_OVERLAP, "heap-overlap",
	  "An event that frees a span was lost (Go 1.23 loses events of spans by itself), or the "
	  "writer gave two spans the same addresses." },
	{ TT_W_HEAP_INFO, "heap-info",
	  "Addresses are counted from 0 and types have no names: record with trace.Start, not with "
	  "the flight recorder." },
	{ TT_W_HEAP_ADDRESS, "heap-address",
	  "The writer must give units that are powers of two, and a base that is a multiple of the "
	  "page size." },
	{ TT_W_PRIVATE, "private",
	  "The writer must write specs and embedded events as tracetool-format(5) says; or give the "
	  "spec (--spec)." },
	{ TT_W_RESOURCE_UNKNOWN, "resource-unknown",
	  "The event that creates it was lost, or the writer used it too early." },
	{ TT_W_RESOURCE_GONE, "resource-gone",
	  "The writer used it after it was destroyed, or the event that created it again was "
	  "lost." },
	{ TT_W_RESOURCE_TWICE, "resource-twice",
	  "The event that destroyed it was lost, or the writer gave two resources the same id." },
	{ TT_W_RESOURCE_STATE, "resource-state",
	  "An event that changes its state was lost, or the writer used it too early or too late." },
	{ TT_W_REFERENCE, "reference-missing",
	  "The writer must put each record that an event refers to into a batch of the same "
	  "generation." },
};

enum { NCODES = sizeof(codes) / sizeof(codes[0]) };

/* Without a sign; the one that has no positive form is no code. */
static int magnitude(int code)
{
	return code == INT_MIN ? 0 : abs(code);
}

static int by_code(const void *key, const void *element)
{
	const struct code *c = element;
	int code = *(const int *)key;

	return (code > c->code) - (code < c->code);
}

static const struct code *find(int code)
{
	code = magnitude(code);
	return bsearch(&code, codes, NCODES, sizeof(codes[0]), by_code);
}

const char *tt_code_name(int code)
{
	const struct code *c = find(code);

	return c ? c->name : "unknown";
}

const char *tt_code_advice(int code)
{
	const struct code *c = find(code);

	return c ? c->advice : "Update tracetool.";
}

enum tt_severity tt_code_severity(int code)
{
	return magnitude(code) >= TT_W_VERSION_EVENT ? TT_SEVERITY_WARNING : TT_SEVERITY_ERROR;
}

int tt_code_at(size_t i)
{
	return i < NCODES ? codes[i].code : 0;
}

const char *tt_version(void)
{
	return TT_VERSION_STRING;
}
