/* SPDX-License-Identifier: MIT */
/*
 * order_test.c - the rules of ordering, one by one: what lets an event advance,
 * what it changes, what makes a trace broken, and in which words. Each case is a
 * trace as a script and the events that come of it; Go's reader says the same of
 * each, but for those of declared orders.
 */
#include "fuzz/ways.h"
#include "tests/digest.h"
#include "tests/reader_support.h"
#include "tests/script.h"
#include "tests/suites.h"

/*
 * What cases begin with, all of it before time 100, from where on events are
 * looked at. Thread 7 has P 0 and runs goroutine 1; goroutine 2 waits and 3 is ready
 * to run; P 1 is idle.
 */
#define RUNNING "7@10: ProcStatus 0 1, GoStatus 1 7 2\n"
#define OTHERS "-1@20: GoStatus 2 -1 4, GoStatus 3 -1 1, ProcStatus 1 2\n"
#define BEGIN RUNNING OTHERS

struct order_case {
	const char *script;
	const char *expected;
};

#define CASES(name) static const struct order_case name[]

static void expect(const struct order_case *c)
{
	script_expect(26, c->script, 100, c->expected);
}

/* ---- processors */

CASES(procs) = {
	/* a status: introduces in the first generation, repeats, contradicts */
	{"7@100: ProcStatus 4 2", "7/-1/-1 ProcStatus 4 2 Undetermined->Idle\nend"},
	{"7@100: ProcStatus 4 0", "7/-1/-1 ProcStatus 4 0 Undetermined->Undetermined\nend"},
	{"7@100: ProcStatus 4 5", "status: invalid status for proc 4: 5"},
	{"7@100: ProcStatus -4 9", "status: invalid status for proc -4: 9"},
	{BEGIN "7@100: ProcStatus 1 2", "7/0/1 ProcStatus 1 2 Idle->Idle\nend"},
	{BEGIN "7@100: ProcStatus 1 1",
	 "status: inconsistent status for proc 1: old Idle vs. new Running"},
	{BEGIN "7@100: ProcStatus 0 4",
	 "status: inconsistent status for proc 0: old Running vs. new SyscallAbandoned"},
	/* running and in a syscall binds, for nobody binds nothing, otherwise neither */
	{"7@100: ProcStatus 4 1, HeapAlloc 5",
	 "7/-1/-1 ProcStatus 4 1 Undetermined->Running\n7/4/-1 HeapAlloc 5\nend"},
	{"7@100: ProcStatus 4 3, HeapAlloc 5",
	 "7/-1/-1 ProcStatus 4 3 Undetermined->Running\n7/4/-1 HeapAlloc 5\nend"},
	{"7@100: ProcStatus 4 4, HeapAlloc 5",
	 "7/-1/-1 ProcStatus 4 4 Undetermined->Idle\ncontext: expected a proc but didn't have one"},
	{"-1@100: ProcStatus 4 1, ProcStop", "-1/-1/-1 ProcStatus 4 1 Undetermined->Running\n"
	 "proc: event ProcStop for proc (-1) that doesn't exist"},
	/* a byte is looked at, the rest is kept */
	{"7@100: ProcStatus 4 257, ProcStop", "7/-1/-1 ProcStatus 4 257 Undetermined->Bad\n"
	 "7/4/-1 ProcStop Running->Idle\nend"},
	{"7@100: ProcStatus 4 259", "7/-1/-1 ProcStatus 4 259 Undetermined->Bad\nend"},
	/* abandoned twice: the rest is lost then */
	{"7@10: ProcStatus 4 4\n7@100: ProcStatus 4 260",
	 "7/-1/-1 ProcStatus 4 4 Idle->Idle\nend"},
	/* abandoned, and known to be in a syscall: stands where the P is */
	{"7@10: ProcStatus 0 1, GoStatus 1 7 2, GoSyscallBegin 1 0\n8@100: ProcStatus 0 4",
	 "7/0/1 ProcStatus 0 3 Running->Running\nend"},
	{"-1@10: ProcStatus 0 3\n8@100: ProcStatus 0 4",
	 "proc: failed to find sched context for proc 0 that's about to be stolen"},

	/* start */
	{BEGIN "8@100: ProcStart 1 1, HeapAlloc 5",
	 "8/-1/-1 ProcStart 1 1 Idle->Running\n8/1/-1 HeapAlloc 5\nend"},
	{BEGIN "-1@100: ProcStart 1 1", "context: expected a thread but didn't have one"},
	{BEGIN "8@100: ProcStart 9 1", "stuck: broken trace: failed to advance: frontier:"
	 " P 9 was not mentioned yet"},
	{BEGIN "8@100: ProcStart 0 1", "stuck: broken trace: failed to advance: frontier:"
	 " P 0 is Running; it must be Idle"},
	{BEGIN "8@100: ProcStart 1 0", "stuck: broken trace: failed to advance: frontier:"
	 " P 1 is at sequence 0 of generation 1; it must be at 18446744073709551615"},
	{BEGIN "8@100: ProcStart 1 2", "stuck: broken trace: failed to advance: frontier:"
	 " P 1 is at sequence 0 of generation 1; it must be at 1"},
	{BEGIN "7@100: ProcStart 1 1", "stuck: broken trace: failed to advance: frontier:"
	 " the thread still has P 0"},
	/* a later start waits for the earlier one, whatever their times say */
	{BEGIN "8@100: ProcStart 1 2\n9@150: ProcStart 1 1, ProcStop",
	 "9/-1/-1 ProcStart 1 1 Idle->Running\n9/1/-1 ProcStop Running->Idle\n"
	 "8/-1/-1 ProcStart 1 2 Idle->Running\nend"},

	/* stop */
	{BEGIN "7@100: ProcStop, ProcStart 0 1", "7/0/1 ProcStop Running->Idle\n"
	 "7/-1/1 ProcStart 0 1 Idle->Running\nend"},
	{BEGIN "8@100: ProcStop", "proc: event ProcStop for proc (-1) that doesn't exist"},
	{BEGIN "7@100: ProcStop, ProcStop",
	 "7/0/1 ProcStop Running->Idle\nproc: event ProcStop for proc (-1) that doesn't exist"},
	{BEGIN "9@90: ProcStatus 0 1, ProcStop\n7@100: ProcStop",
	 "proc: ProcStop event for proc that's not Running or Syscall"},
	{"-1@10: ProcStatus -1 1\n7@100: ProcStop", "context: expected a proc but didn't have one"},

	/* steal */
	{RUNNING "7@20: GoSyscallBegin 1 0\n8@100: ProcSteal 0 2 7, ProcStart 0 3\n"
	 "7@120: GoSyscallEndBlocked",
	 "8/-1/-1 ProcSteal 0 2 7 Running->Idle\n8/-1/-1 ProcStart 0 3 Idle->Running\n"
	 "7/-1/1 GoSyscallEndBlocked Syscall->Runnable\nend"},
	{"7@10: ProcStatus 4 4\n8@100: ProcSteal 4 1 99", "8/-1/-1 ProcSteal 4 1 99 Idle->Idle\nend"},
	{RUNNING "7@20: GoSyscallBegin 1 0\n7@100: ProcSteal 0 2 7, ProcStart 0 3",
	 "7/0/1 ProcSteal 0 2 7 Running->Idle\n7/-1/1 ProcStart 0 3 Idle->Running\nend"},
	{RUNNING "7@20: GoSyscallBegin 1 0\n8@100: ProcSteal 0 2 8",
	 "proc: tried to self-steal proc 0 (thread 8), but got proc -1 instead"},
	{RUNNING "7@20: GoSyscallBegin 1 0\n8@100: ProcSteal 0 2 9",
	 "proc: stole proc from non-existent thread 9"},
	{RUNNING "7@20: GoSyscallBegin 1 0\n9@90: ProcStatus 5 1\n8@100: ProcSteal 0 2 9",
	 "proc: tried to steal proc 0 from thread 9, but got proc 5 instead"},
	{RUNNING "7@20: GoSyscallBegin 1 0\n-1@100: ProcSteal 0 2 7",
	 "context: expected a thread but didn't have one"},
	{RUNNING "8@100: ProcSteal 0 1 7", "stuck: broken trace: failed to advance: frontier:"
	 " P 0 is Running; it must be in a syscall"},
	{RUNNING "8@100: ProcSteal 9 1 7", "stuck: broken trace: failed to advance: frontier:"
	 " P 9 was not mentioned yet"},
	{RUNNING "7@20: GoSyscallBegin 1 0\n8@100: ProcSteal 0 1 7",
	 "stuck: broken trace: failed to advance: frontier:"
	 " P 0 is at sequence 1 of generation 1; it must be at 0"},
};

START_TEST(order_of_procs)
{
	expect(&procs[_i]);
}
END_TEST

/* ---- goroutines */

CASES(goroutines) = {
	/* statuses */
	{"7@100: GoStatus 5 -1 1", "7/-1/-1 GoStatus 5 -1 1 Undetermined->Runnable\nend"},
	{"7@100: GoStatus 5 -1 0", "7/-1/-1 GoStatus 5 -1 0 Undetermined->Undetermined\nend"},
	{"7@100: GoStatus 5 -1 5", "status: invalid status for goroutine 5: 5"},
	{"7@100: GoStatus 5 -1 260", "7/-1/-1 GoStatus 5 -1 4 Undetermined->Waiting\nend"},
	{BEGIN "7@100: GoStatus 2 -1 4", "7/0/1 GoStatus 2 -1 4 Waiting->Waiting\nend"},
	{BEGIN "7@100: GoStatus 2 -1 1",
	 "status: inconsistent status for goroutine 2: old Waiting vs. new Runnable"},
	{"7@100: GoStatusStack 5 -1 4 1", "7/-1/-1 GoStatusStack 5 -1 4 1 Undetermined->Waiting\nend"},
	{"7@100: GoStatus 5 -1 2, ProcStatus 0 1, GoStop 1 0",
	 "7/-1/-1 GoStatus 5 -1 2 Undetermined->Running\n"
	 "7/-1/5 ProcStatus 0 1 Undetermined->Running\n7/0/5 GoStop 1 0 Running->Runnable\nend"},
	/* in a syscall: here, on another thread, on one that is not known yet */
	{"7@100: GoStatus 5 7 3, GoSyscallEndBlocked",
	 "7/-1/-1 GoStatus 5 7 3 Undetermined->Syscall\n"
	 "7/-1/5 GoSyscallEndBlocked Syscall->Runnable\nend"},
	{"7@100: GoStatus 5 -1 3", "status: found goroutine 5 in syscall without a thread"},
	{"-1@100: GoStatus 5 8 3\n8@110: GoSyscallEndBlocked",
	 "8/-1/-1 GoStatus 5 8 3 Undetermined->Syscall\n"
	 "8/-1/5 GoSyscallEndBlocked Syscall->Runnable\nend"},
	{RUNNING "7@100: GoStatus 5 8 3", "8/0/1 GoStatus 5 8 3 Undetermined->Syscall\nend"},
	{RUNNING "8@90: ProcStatus 3 2\n7@100: GoStatus 5 8 3",
	 "status: inconsistent thread for syscalling goroutine 5: thread has goroutine -1"},
	{RUNNING "9@20: GoStatus 5 9 3\n7@100: GoStatus 5 9 3",
	 "9/0/5 GoStatus 5 9 3 Syscall->Syscall\nend"},
	/* a try that had to wait made the thread known */
	{RUNNING "8@20: ProcStart 1 1\n7@100: GoStatus 5 8 3",
	 "status: inconsistent thread for syscalling goroutine 5: thread has goroutine -1"},

	/* creation */
	{BEGIN "7@100: GoCreate 5 1 1, GoStop 0 0, GoStart 5 1",
	 "7/0/1 GoCreate 5 1 1 NotExist->Runnable\n7/0/1 GoStop 0 0 Running->Runnable\n"
	 "7/0/-1 GoStart 5 1 Runnable->Running\nend"},
	{BEGIN "7@100: GoCreateBlocked 5 1 0, GoUnblock 5 1 0",
	 "7/0/1 GoCreateBlocked 5 1 0 NotExist->Waiting\n7/0/1 GoUnblock 5 1 0 Waiting->Runnable\nend"},
	{BEGIN "7@90: GoStop 0 0\n7@100: GoCreate 5 0 0", "7/0/-1 GoCreate 5 0 0 NotExist->Runnable\nend"},
	{BEGIN "7@100: GoCreate 2 0 0",
	 "goroutine: tried to create goroutine (2) that already exists"},
	{BEGIN "8@100: GoCreate 5 0 0", "context: expected a proc but didn't have one"},
	{BEGIN "-1@100: GoCreate 5 0 0", "context: expected a thread but didn't have one"},
	{RUNNING "7@20: GoSyscallBegin 1 0\n7@100: GoCreate 5 0 0",
	 "goroutine: GoCreate event for goroutine that's not Running"},
	{RUNNING "7@20: GoSyscallBegin 1 0\n7@100: GoCreateBlocked 5 0 0",
	 "goroutine: GoCreateBlocked event for goroutine that's not Running"},

	/* start */
	{BEGIN "7@90: GoBlock 0 0\n7@100: GoStart 3 1, GoLabel 1",
	 "7/0/-1 GoStart 3 1 Runnable->Running\n7/0/3 GoLabel 1\nend"},
	/* goroutine -1 is none, to the thread that runs it */
	{BEGIN "7@90: GoCreate -1 0 0, GoStop 0 0\n7@100: GoStart -1 1, GoStop 0 0",
	 "7/0/-1 GoStart -1 1 Runnable->Running\n"
	 "context: expected a goroutine but didn't have one"},
	{BEGIN "7@100: GoStart 3 1", "context: expected no goroutine but had one"},
	{BEGIN "8@100: GoStart 3 1", "context: expected a proc but didn't have one"},
	{BEGIN "7@90: GoBlock 0 0\n7@100: GoStart 2 1",
	 "stuck: broken trace: failed to advance: frontier:"
	 " goroutine 2 is Waiting; it must be Runnable"},
	{BEGIN "7@90: GoBlock 0 0\n7@100: GoStart 9 1",
	 "stuck: broken trace: failed to advance: frontier:"
	 " goroutine 9 does not exist yet"},
	{BEGIN "7@90: GoBlock 0 0\n7@100: GoStart 3 2",
	 "stuck: broken trace: failed to advance: frontier:"
	 " goroutine 3 is at sequence 0 of generation 1; it must be at 1"},

	/* stop, block, end */
	{BEGIN "7@100: GoStop 1 1", "7/0/1 GoStop 1 1 Running->Runnable\nend"},
	{BEGIN "7@100: GoBlock 2 1", "7/0/1 GoBlock 2 1 Running->Waiting\nend"},
	{BEGIN "7@100: GoDestroy, GoCreate 1 0 0",
	 "7/0/1 GoDestroy Running->NotExist\n7/0/-1 GoCreate 1 0 0 NotExist->Runnable\nend"},
	{BEGIN "7@90: GoBlock 0 0\n7@100: GoDestroy",
	 "context: expected a goroutine but didn't have one"},
	{BEGIN "8@100: GoBlock 0 0", "context: expected a proc but didn't have one"},
	{RUNNING "7@20: GoSyscallBegin 1 0\n7@100: GoStop 0 0",
	 "goroutine: GoStop event for goroutine that's not Running"},
	/* two threads run one goroutine, as statuses allow; one of them ends it */
	{RUNNING "8@20: ProcStatus 5 1, GoStatus 1 8 2\n8@90: GoDestroy\n7@100: GoBlock 0 0",
	 "goroutine: event GoBlock for goroutine (1) that doesn't exist"},

	/* unblock: in any context */
	{BEGIN "7@100: GoUnblock 2 1 1", "7/0/1 GoUnblock 2 1 1 Waiting->Runnable\nend"},
	{BEGIN "-1@100: GoUnblock 2 1 0", "-1/-1/-1 GoUnblock 2 1 0 Waiting->Runnable\nend"},
	{BEGIN "8@100: GoUnblock 2 1 0", "8/-1/-1 GoUnblock 2 1 0 Waiting->Runnable\nend"},
	{BEGIN "7@100: GoUnblock 3 1 0", "stuck: broken trace: failed to advance: frontier:"
	 " goroutine 3 is Runnable; it must be Waiting"},
	{BEGIN "7@100: GoUnblock 2 3 0", "stuck: broken trace: failed to advance: frontier:"
	 " goroutine 2 is at sequence 0 of generation 1; it must be at 2"},
	{BEGIN "-1@100: GoUnblock 2 2 0\n-1@105: GoUnblock 2 1 0",
	 "stuck: broken trace: failed to advance: frontier:"
	 " goroutine 2 is at sequence 0 of generation 1; it must be at 1"},

	/* coroutine switches */
	{BEGIN "7@100: GoSwitch 2 1, GoLabel 1",
	 "7/0/1 GoSwitch 2 1 Waiting->Runnable\n7/0/1 GoBlock 0 0 Running->Waiting\n"
	 "7/0/-1 GoStart 2 1 Runnable->Running\n7/0/2 GoLabel 1\nend"},
	{BEGIN "7@100: GoSwitchDestroy 2 1, GoCreate 1 0 0",
	 "7/0/1 GoSwitchDestroy 2 1 Waiting->Runnable\n7/0/1 GoDestroy Running->NotExist\n"
	 "7/0/-1 GoStart 2 1 Runnable->Running\n7/0/2 GoCreate 1 0 0 NotExist->Runnable\nend"},
	{BEGIN "7@100: GoSwitch 3 1", "stuck: broken trace: failed to advance: frontier:"
	 " goroutine 3 is Runnable; it must be Waiting"},
	{BEGIN "7@100: GoSwitch 2 2", "stuck: broken trace: failed to advance: frontier:"
	 " goroutine 2 is at sequence 0 of generation 1; it must be at 1"},
	{BEGIN "7@100: GoSwitch 1 1", "stuck: broken trace: failed to advance: frontier:"
	 " goroutine 1 is Running; it must be Waiting"},
	{BEGIN "8@100: GoSwitch 2 1", "context: expected a proc but didn't have one"},
	{RUNNING "7@20: GoSyscallBegin 1 0\n7@100: GoSwitch 2 1",
	 "goroutine: GoSwitch event for goroutine that's not Running"},
	{RUNNING "8@20: ProcStatus 5 1, GoStatus 1 8 2\n8@90: GoDestroy\n7@100: GoSwitchDestroy 2 1",
	 "goroutine: event GoSwitchDestroy for goroutine (1) that doesn't exist"},
};

START_TEST(order_of_goroutines)
{
	expect(&goroutines[_i]);
}
END_TEST

/* ---- system calls */

#define IN_SYSCALL RUNNING "7@20: GoSyscallBegin 1 0\n"

CASES(syscalls) = {
	{BEGIN "7@100: GoSyscallBegin 1 1, GoSyscallEnd, GoSyscallBegin 2 0",
	 "7/0/1 GoSyscallBegin 1 1 Running->Syscall\n7/0/1 GoSyscallEnd Syscall->Running\n"
	 "7/0/1 GoSyscallBegin 2 0 Running->Syscall\nend"},
	{BEGIN "7@100: GoSyscallBegin 5 0",
	 "sequence: failed to advance GoSyscallBegin: can't make sequence: 0 (gen=1) -> 5 (gen=1)"},
	{IN_SYSCALL "7@100: GoSyscallBegin 2 0",
	 "goroutine: GoSyscallBegin event for goroutine that's not Running"},
	{BEGIN "7@90: GoStop 0 0\n7@100: GoSyscallBegin 1 0",
	 "context: expected a goroutine but didn't have one"},
	{RUNNING "8@20: ProcStatus 5 1, GoStatus 1 8 2\n8@90: GoDestroy\n7@100: GoSyscallBegin 1 0",
	 "goroutine: event GoSyscallBegin for goroutine (1) that doesn't exist"},

	{BEGIN "7@100: GoSyscallEnd", "goroutine: GoSyscallEnd event for goroutine that's not Running"},
	{"7@10: ProcStatus 0 1, GoStatus 1 7 3\n7@100: GoSyscallEnd",
	 "proc: expected proc 0 in state Syscall, but got Running instead"},
	{"7@10: GoStatus 1 7 3\n7@100: GoSyscallEnd", "context: expected a proc but didn't have one"},

	/* waits until its P is gone */
	{IN_SYSCALL "7@100: GoSyscallEndBlocked", "stuck: broken trace: failed to advance: frontier:"
	 " P 0 is still in the syscall; it must be stolen or stopped first"},
	{IN_SYSCALL "7@100: ProcStop, GoSyscallEndBlocked",
	 "7/0/1 ProcStop Running->Idle\n7/-1/1 GoSyscallEndBlocked Syscall->Runnable\nend"},
	{IN_SYSCALL "7@90: ProcStop, ProcStart 0 2\n7@100: GoSyscallEndBlocked, GoStart 1 1",
	 "7/0/1 GoSyscallEndBlocked Syscall->Runnable\n7/0/-1 GoStart 1 1 Runnable->Running\nend"},
	{IN_SYSCALL "7@100: GoSyscallEndBlocked\n8@200: ProcSteal 0 2 7",
	 "8/-1/-1 ProcSteal 0 2 7 Running->Idle\n"
	 "7/-1/1 GoSyscallEndBlocked Syscall->Runnable\nend"},
	{BEGIN "7@100: GoSyscallEndBlocked",
	 "goroutine: GoSyscallEndBlocked event for goroutine that's not Running"},
	{"7@100: GoSyscallEndBlocked", "context: expected a goroutine but didn't have one"},
	{"-1@100: GoSyscallEndBlocked", "context: expected a thread but didn't have one"},

	/* C threads */
	{"8@100: GoCreateSyscall 5, GoSyscallEndBlocked",
	 "8/-1/-1 GoCreateSyscall 5 NotExist->Syscall\n"
	 "8/-1/5 GoSyscallEndBlocked Syscall->Runnable\nend"},
	{BEGIN "7@100: GoCreateSyscall 5", "context: expected no goroutine but had one"},
	{BEGIN "8@100: GoCreateSyscall 2",
	 "goroutine: tried to create goroutine (2) in syscall that already exists"},
	{"8@90: GoCreateSyscall 5\n8@100: GoDestroySyscall, GoCreateSyscall 5",
	 "8/-1/5 GoDestroySyscall Syscall->NotExist\n8/-1/-1 GoCreateSyscall 5 NotExist->Syscall\nend"},
	{BEGIN "7@100: GoDestroySyscall",
	 "goroutine: GoDestroySyscall event for goroutine that's not Syscall"},
	{"8@100: GoDestroySyscall", "context: expected a goroutine but didn't have one"},
	/* what P it has is abandoned: a theft that the rules add */
	{IN_SYSCALL "7@100: GoDestroySyscall\n8@200: ProcSteal 0 2 99",
	 "7/0/1 ProcSteal 0 0 0 Running->Idle\n7/0/1 GoDestroySyscall Syscall->NotExist\n"
	 "8/-1/-1 ProcSteal 0 2 99 Idle->Idle\nend"},
	{"7@10: ProcStatus 0 1, GoStatus 1 7 3\n7@100: GoDestroySyscall",
	 "proc: proc 0 in unexpected state Running during GoDestroySyscall"},
};

START_TEST(order_of_syscalls)
{
	expect(&syscalls[_i]);
}
END_TEST

/* ---- the collector, ranges */

CASES(ranges) = {
	{BEGIN "7@100: GCBegin 5 0, GCEnd 6, GCBegin 7 1",
	 "7/0/1 GCBegin 5 0\n7/0/1 GCEnd 6\n7/0/1 GCBegin 7 1\nend"},
	/* the first of them needs no context, and takes any number */
	{"-1@100: GCBegin 9 0", "-1/-1/-1 GCBegin 9 0\nend"},
	{"-1@100: GCActive 9", "-1/-1/-1 GCActive 9\nend"},
	{"-1@100: GCActive 9, GCEnd 10",
	 "-1/-1/-1 GCActive 9\ncontext: expected a thread but didn't have one"},
	{BEGIN "7@100: GCBegin 5 0, GCBegin 6 0",
	 "7/0/1 GCBegin 5 0\ngc: encountered GCBegin while GC was already in progress"},
	{BEGIN "7@100: GCBegin 5 0, GCBegin 7 0",
	 "7/0/1 GCBegin 5 0\nstuck: broken trace: failed to advance: frontier:"
	 " the collector is at sequence 5; it must be at 6"},
	{BEGIN "7@100: GCActive 5, GCActive 6",
	 "7/0/1 GCActive 5\ngc: GCActive in the first generation isn't first GC event"},
	{BEGIN "7@100: GCEnd 1", "gc: encountered GCEnd when GC was in an undetermined state"},
	{BEGIN "7@100: GCEnd 2", "stuck: broken trace: failed to advance: frontier:"
	 " the collector is at sequence 0; it must be at 1"},
	{BEGIN "7@100: GCBegin 5 0, GCEnd 6, GCEnd 7",
	 "7/0/1 GCBegin 5 0\n7/0/1 GCEnd 6\ngc: encountered GCEnd when GC was not in progress"},
	{BEGIN "7@90: GCBegin 5 0\n8@100: GCEnd 6", "context: expected a proc but didn't have one"},
	{BEGIN "7@90: GCBegin 5 0, GCEnd 6\ngen 2\n7@100: GCActive 7",
	 "gc: encountered GCActive while GC was not in progress"},
	{BEGIN "7@90: GCBegin 5 0\ngen 2\n7@100: GCActive 6, GCEnd 7",
	 "7/0/1 GCActive 6\n7/0/1 GCEnd 7\nend"},
	{BEGIN "7@90: GCBegin 5 0\ngen 2\n7@100: GCActive 7",
	 "stuck: broken trace: failed to advance: frontier:"
	 " the collector is at sequence 5; it must be at 6"},
	{BEGIN "7@90: GCBegin 5 0\ngen 2\n8@100: GCActive 6",
	 "context: expected a proc but didn't have one"},

	/* ranges of a goroutine */
	{BEGIN "7@100: STWBegin 2 0, STWEnd, STWEnd",
	 "7/0/1 STWBegin 2 0 kind 'two'\n7/0/1 STWEnd kind 'two'\n"
	 "range: tried to end event STWBegin, but not in-flight"},
	{BEGIN "7@100: STWBegin 2 0, STWBegin 2 0",
	 "7/0/1 STWBegin 2 0 kind 'two'\n"
	 "range: discovered event already in-flight for when starting event STWBegin"},
	/* of several kinds the first in the list ends, and the last takes its place */
	{BEGIN "7@100: STWBegin 1 0, STWBegin 2 0, STWBegin 3 0, STWEnd, STWEnd, STWEnd",
	 "7/0/1 STWBegin 1 0 kind 'one'\n7/0/1 STWBegin 2 0 kind 'two'\n"
	 "7/0/1 STWBegin 3 0 kind 'three'\n7/0/1 STWEnd kind 'one'\n7/0/1 STWEnd kind 'three'\n"
	 "7/0/1 STWEnd kind 'two'\nend"},
	{BEGIN "8@100: STWBegin 2 0", "context: expected a proc but didn't have one"},
	{RUNNING "8@20: ProcStatus 5 1, GoStatus 1 8 2\n8@90: GoDestroy\n7@100: STWBegin 1 0",
	 "range: encountered event of type 26 without known state for current goroutine 1"},
	{RUNNING "8@20: ProcStatus 5 1, GoStatus 1 8 2\n8@90: GoDestroy\n7@100: GCMarkAssistEnd",
	 "range: encountered event of type 36 without known state for current goroutine 1"},
	{BEGIN "7@100: GCMarkAssistBegin 0, STWBegin 1 0, GCMarkAssistEnd, STWEnd",
	 "7/0/1 GCMarkAssistBegin 0\n7/0/1 STWBegin 1 0 kind 'one'\n7/0/1 GCMarkAssistEnd\n"
	 "7/0/1 STWEnd kind 'one'\nend"},
	{BEGIN "7@100: STWBegin 1 0, GCMarkAssistBegin 0, STWBegin 2 0, GCMarkAssistEnd, STWEnd, STWEnd",
	 "7/0/1 STWBegin 1 0 kind 'one'\n7/0/1 GCMarkAssistBegin 0\n7/0/1 STWBegin 2 0 kind 'two'\n"
	 "7/0/1 GCMarkAssistEnd\n7/0/1 STWEnd kind 'one'\n7/0/1 STWEnd kind 'two'\nend"},
	{BEGIN "7@100: GCMarkAssistBegin 0, STWBegin 1 0, STWBegin 2 0, GCMarkAssistEnd, STWEnd",
	 "7/0/1 GCMarkAssistBegin 0\n7/0/1 STWBegin 1 0 kind 'one'\n7/0/1 STWBegin 2 0 kind 'two'\n"
	 "7/0/1 GCMarkAssistEnd\n7/0/1 STWEnd kind 'two'\nend"},
	{BEGIN "-1@100: GCMarkAssistActive 2, GCMarkAssistActive 2",
	 "-1/-1/-1 GCMarkAssistActive 2\n"
	 "range: found named active range already in first gen: {35 0}"},
	{BEGIN "7@100: GCMarkAssistActive 9",
	 "range: uninitialized goroutine 9 found during GCMarkAssistActive"},
	{BEGIN "gen 2\n7@100: GCMarkAssistActive 1",
	 "range: resource is missing active range: GCMarkAssistBegin []"},
	{BEGIN "7@90: STWBegin 2 0, STWBegin 3 0\ngen 2\n7@100: GCMarkAssistActive 1",
	 "range: resource is missing active range: GCMarkAssistBegin [{26 2} {26 3}]"},
	{BEGIN "7@90: GCMarkAssistBegin 0\ngen 2\n7@100: GCMarkAssistActive 1, GCMarkAssistEnd",
	 "7/0/1 GCMarkAssistActive 1\n7/0/1 GCMarkAssistEnd\nend"},
	/* a goroutine takes its ranges with it when it ends */
	{BEGIN "7@90: GCMarkAssistBegin 0, GoDestroy, GoCreate 1 0 0, GoStart 1 1\n"
	 "7@100: GCMarkAssistEnd",
	 "range: tried to end event GCMarkAssistBegin, but not in-flight"},

	/* ranges of a P */
	{BEGIN "7@100: GCSweepBegin 0, GCSweepEnd 3 4, GCSweepEnd 3 4",
	 "7/0/1 GCSweepBegin 0\n7/0/1 GCSweepEnd 3 4\n"
	 "range: tried to end event GCSweepBegin, but not in-flight"},
	{BEGIN "7@100: GCSweepBegin 0, GoBlock 0 0, GCSweepEnd 3 4",
	 "7/0/1 GCSweepBegin 0\n7/0/1 GoBlock 0 0 Running->Waiting\n7/0/-1 GCSweepEnd 3 4\nend"},
	{BEGIN "8@100: GCSweepBegin 0", "context: expected a proc but didn't have one"},
	{BEGIN "-1@100: GCSweepActive 1", "-1/-1/-1 GCSweepActive 1\nend"},
	{BEGIN "7@100: GCSweepActive 9", "range: encountered GCSweepActive for unknown proc 9"},
	{BEGIN "gen 2\n7@100: GCSweepActive 0",
	 "range: resource is missing active range: GCSweepBegin []"},
};

START_TEST(order_of_ranges)
{
	expect(&ranges[_i]);
}
END_TEST

/* ---- declared orders: the scenarios rules-*.txt have most of their rules */

CASES(declared) = {
	{BEGIN "7@100: Arm 5 1, Ask 5 2, Fire 5 3 0",
	 "7/0/1 Arm 5 1\n7/0/1 Ask 5 2\n7/0/1 Fire 5 3 0\nend"},
	{BEGIN "7@100: Arm 5 1, Ask 5 1",
	 "7/0/1 Arm 5 1\nstuck: broken trace: failed to advance: frontier:"
	 " timer 5 is at number 1: number 1 comes too late"},
	/* a goroutine's numbers outlive it, to the end of the generation */
	{BEGIN "7@90: Mine 1, Yours 1 2, GoDestroy\n8@100: Yours 1 3",
	 "8/-1/-1 Yours 1 3\nend"},
};

START_TEST(order_of_declared_events)
{
	expect(&declared[_i]);
}
END_TEST

/* What experiments share has one life and the same states for both. */
START_TEST(experiments_share_a_resource)
{
	static const char *const scripts[] = {BEGIN "7@100: Arm 5 1, Ask 5 2, Fire 5 3 0",
					      BEGIN "7@100: Arm 5 1, Fire 5 2 0, Ask 5 3"};

	for (size_t i = 0; i < COUNT(scripts); i++) {
		const struct tt_options opt = {.size = sizeof(opt), .specs = ways_orders()};
		struct tt_reader *r;
		const struct tt_event *ev;
		struct tt_error err;
		struct build b;

		script_build(&b, 26, scripts[i]);
		r = test_open_as(b.data, b.len, &opt);
		while (tt_reader_next(r, &ev) == 0)
			;
		ck_assert_int_eq(tt_reader_finding(r, &err), i == 0 ? TT_END : TT_OK);
		if (i != 0)
			ck_assert_str_eq(err.message, "event Ask needs timer 5 armed, but it is idle");
		tt_reader_close(r);
		build_release(&b);
	}
}
END_TEST

/* ---- annotations and the rest */

CASES(annotations) = {
	{BEGIN "7@100: ProcsChange 4 1, GoLabel 2, UserLog 1 2 3 1, HeapAlloc 1, HeapGoal 2, Span 1 2 3",
	 "7/0/1 ProcsChange 4 1\n7/0/1 GoLabel 2\n7/0/1 UserLog 1 2 3 1\n7/0/1 HeapAlloc 1\n"
	 "7/0/1 HeapGoal 2\n7/0/1 Span 1 2 3\nend"},
	{BEGIN "7@90: GoBlock 0 0\n7@100: HeapGoal 2, GoLabel 1",
	 "7/0/-1 HeapGoal 2\ncontext: expected a goroutine but didn't have one"},
	{BEGIN "8@100: GoroutineStackFree 2, HeapAlloc 1",
	 "8/-1/-1 GoroutineStackFree 2\ncontext: expected a proc but didn't have one"},
	{"-1@100: HeapObject 1 2", "context: expected a thread but didn't have one"},
	{"7@100: ClockSnapshot 1 2 3", "event-unordered: bad event type found while ordering: 51"},

	/* tasks */
	{BEGIN "7@100: UserTaskBegin 4 0 1 0, UserTaskBegin 5 4 2 0, UserTaskEnd 5 0, "
	 "UserTaskEnd 4 0, UserTaskEnd 4 0, UserTaskBegin 4 0 3 0",
	 "7/0/1 UserTaskBegin 4 -1 1 0\n7/0/1 UserTaskBegin 5 4 2 0\n"
	 "7/0/1 UserTaskEnd 5 0 parent 4 'two'\n7/0/1 UserTaskEnd 4 0 parent -1 'one'\n"
	 "7/0/1 UserTaskEnd 4 0 parent -1 ''\n7/0/1 UserTaskBegin 4 -1 3 0\nend"},
	{BEGIN "7@100: UserTaskBegin 4 0 1 0, UserTaskBegin 4 0 1 0",
	 "7/0/1 UserTaskBegin 4 -1 1 0\ntask: task ID conflict: 4"},
	{BEGIN "7@100: UserTaskBegin 4 0 9 0", "event-string: invalid string ID 9 for 40 event"},
	{BEGIN "8@100: UserTaskBegin 4 0 1 0", "context: expected a proc but didn't have one"},
	{BEGIN "8@100: UserTaskEnd 4 0", "context: expected a proc but didn't have one"},
	{BEGIN "7@90: UserTaskBegin 4 6 3 0\ngen 2\n7@100: UserTaskEnd 4 0",
	 "7/0/1 UserTaskEnd 4 0 parent 6 'three'\nend"},
	{BEGIN "7@100: UserTaskBegin 0 0 0 0, UserTaskEnd 0 0",
	 "7/0/1 UserTaskBegin 0 -1 0 0\n7/0/1 UserTaskEnd 0 0 parent -1 ''\nend"},

	/* regions: by goroutine, task and text */
	{BEGIN "7@100: UserRegionBegin 0 1 0, UserRegionBegin 4 2 0, UserRegionEnd 4 2 0, "
	 "UserRegionEnd 0 1 0, UserRegionEnd 9 3 0",
	 "7/0/1 UserRegionBegin 0 1 0\n7/0/1 UserRegionBegin 4 2 0\n7/0/1 UserRegionEnd 4 2 0\n"
	 "7/0/1 UserRegionEnd 0 1 0\n7/0/1 UserRegionEnd 9 3 0\nend"},
	{BEGIN "7@100: UserRegionBegin 0 1 0, UserRegionEnd 0 2 0",
	 "7/0/1 UserRegionBegin 0 1 0\nregion: misuse of region in goroutine 1: region end {0 two} "
	 "when the inner-most active region start event is {0 one}"},
	{BEGIN "7@100: UserRegionBegin 4 1 0, UserRegionEnd 5 1 0",
	 "7/0/1 UserRegionBegin 4 1 0\nregion: misuse of region in goroutine 1: region end {5 one} "
	 "when the inner-most active region start event is {4 one}"},
	{BEGIN "7@100: UserRegionBegin 0 9 0", "event-string: invalid string ID 9 for 42 event"},
	{BEGIN "7@100: UserRegionEnd 0 9 0", "event-string: invalid string ID 9 for 43 event"},
	{BEGIN "7@90: GoBlock 0 0\n7@100: UserRegionBegin 0 9 0",
	 "context: expected a goroutine but didn't have one"},
	{RUNNING "8@20: ProcStatus 5 1, GoStatus 1 8 2\n8@90: GoDestroy\n7@100: UserRegionBegin 0 1 0",
	 "region: encountered EvUserRegionBegin without known state for current goroutine 1"},
	{RUNNING "8@20: ProcStatus 5 1, GoStatus 1 8 2\n8@90: GoDestroy\n7@100: UserRegionEnd 0 1 0",
	 "region: encountered EvUserRegionEnd without known state for current goroutine 1"},
	{BEGIN "7@90: UserRegionBegin 0 1 0\ngen 2\n7@100: UserRegionEnd 0 1 0",
	 "7/0/1 UserRegionEnd 0 1 0\nend"},

	/* ids that are looked up when the event is handed out, after it took effect */
	{BEGIN "7@100: GoBlock 1 7", "event-stack: found invalid stack ID 7 for event GoBlock"},
	{BEGIN "7@100: GoCreate 5 8 7", "event-stack: found invalid stack ID 7 for event GoCreate"},
	{BEGIN "7@100: GoCreate 5 8 1", "event-stack: found invalid stack ID 8 for event GoCreate"},
	{BEGIN "7@100: UserLog 0 8 9 0", "event-string: found invalid string ID 8 for event UserLog"},
	{BEGIN "7@100: GoBlock 9 8", "event-stack: found invalid stack ID 8 for event GoBlock"},
};

START_TEST(order_of_annotations)
{
	expect(&annotations[_i]);
}
END_TEST

/* ---- generations */

CASES(generations) = {
	/* states go on, sequences begin anew once a status comes */
	{BEGIN "gen 2\n7@100: GoBlock 0 0", "7/0/1 GoBlock 0 0 Running->Waiting\nend"},
	{BEGIN "7@90: GoBlock 0 0\ngen 2\n7@100: GoStart 3 1",
	 "stuck: broken trace: failed to advance: frontier:"
	 " goroutine 3 is at sequence 0 of generation 1; it must be at 0"},
	{BEGIN "7@90: GoBlock 0 0\ngen 2\n7@100: GoStatus 3 -1 1, GoStart 3 1",
	 "7/0/-1 GoStatus 3 -1 1 Runnable->Runnable\n7/0/-1 GoStart 3 1 Runnable->Running\nend"},
	/* after the first one goroutines must be known, Ps need not be */
	{BEGIN "gen 2\n7@100: GoStatus 9 -1 4",
	 "status: found goroutine status for new goroutine after the first generation: id=9 "
	 "status=Waiting"},
	{BEGIN "gen 2\n7@100: ProcStatus 9 2", "7/0/1 ProcStatus 9 2 NotExist->Idle\nend"},
	{BEGIN "gen 2\n7@100: GoStatus 1 7 2", "7/0/1 GoStatus 1 7 2 Running->Running\nend"},
	{IN_SYSCALL "gen 2\n7@100: GoStatus 1 7 3", "7/0/1 GoStatus 1 7 3 Syscall->Syscall\nend"},
	{IN_SYSCALL "gen 2\n8@100: GoStatus 1 8 3",
	 "status: inconsistent thread for syscalling goroutine 1: thread has goroutine -1"},
	/* a number that comes again makes a first generation of it */
	{BEGIN "gen 2\n7@50: GoLabel 1\ngen 1\n7@100: GoStatus 9 -1 4",
	 "7/0/1 GoStatus 9 -1 4 Undetermined->Waiting\nend"},
	{BEGIN "gen 18446744073709551615\n7@100: GoLabel 1", "7/0/1 GoLabel 1\nend"},
	/* one without events is not the first */
	{"gen 2\n7@100: GoStatus 9 -1 4", "7/-1/-1 GoStatus 9 -1 4 Undetermined->Waiting\nend"},
	/* the kind of a range that a later generation ends */
	{BEGIN "7@90: STWBegin 2 0\ngen 2\n7@100: STWEnd", "7/0/1 STWEnd kind 'two'\nend"},
};

START_TEST(order_across_generations)
{
	expect(&generations[_i]);
}
END_TEST

/* ---- names in messages are those of the header's version */

START_TEST(order_names_events_as_the_version_does)
{
	script_expect(22, RUNNING "7@20: GoSyscallBegin 1 0\n7@100: GoSwitch 2 1", 100,
		      "goroutine: Invalid(45) event for goroutine that's not Running");
	script_expect(23, RUNNING "7@20: GoSyscallBegin 1 0\n7@100: GoSwitch 2 1", 100,
		      "goroutine: GoSwitch event for goroutine that's not Running");
	script_expect(22, RUNNING "7@20: GoSyscallBegin 1 0\n7@100: GoCreateBlocked 2 0 0", 100,
		      "goroutine: Invalid(47) event for goroutine that's not Running");
}
END_TEST

/* ---- the merge */

CASES(merges) = {
	/* the earlier one first; of equal times the thread that came first in the file */
	{"1@100: +5 Span 1 1 1\n2@100: +4 Span 2 1 1", "2/-1/-1 Span 2 1 1\n1/-1/-1 Span 1 1 1\nend"},
	{"1@100: Span 1 1 1\n2@100: Span 2 1 1\n3@100: Span 3 1 1",
	 "1/-1/-1 Span 1 1 1\n3/-1/-1 Span 3 1 1\n2/-1/-1 Span 2 1 1\nend"},
	/* the heap's ways with ties: two children, the left one moves up */
	{"1@100: Span 1 1 1, +0 Span 11 1 1\n2@100: Span 2 1 1, +0 Span 12 1 1\n"
	 "3@100: Span 3 1 1, +0 Span 13 1 1",
	 "1/-1/-1 Span 1 1 1\n1/-1/-1 Span 11 1 1\n3/-1/-1 Span 3 1 1\n3/-1/-1 Span 13 1 1\n"
	 "2/-1/-1 Span 2 1 1\n2/-1/-1 Span 12 1 1\nend"},
	/* batches of a thread keep the order of the file, even back in time */
	{"1@200: Span 1 1 1\n1@100: Span 2 1 1\n2@150: Span 3 1 1",
	 "2/-1/-1 Span 3 1 1\n1/-1/-1 Span 1 1 1\n1/-1/-1 Span 2 1 1\nend"},
	/* one that waits is tried again after each that advances */
	{BEGIN "8@100: ProcStart 1 1, GoStart 2 2\n7@150: +0 GoLabel 1, +5 GoUnblock 2 1 0, +5 GoLabel 2",
	 "8/-1/-1 ProcStart 1 1 Idle->Running\n7/0/1 GoLabel 1\n"
	 "7/0/1 GoUnblock 2 1 0 Waiting->Runnable\n8/1/-1 GoStart 2 2 Runnable->Running\n"
	 "7/0/1 GoLabel 2\nend"},
};

START_TEST(order_of_threads)
{
	expect(&merges[_i]);
}
END_TEST

/*
 * Up to 75 threads whose times are full of ties, and a chain of collections whose
 * links lie on any of them, a little early or late: so the heap, and its sort when
 * the earliest has to wait, choose among equals all the time.
 */
#define MAX_TIED 75
#define TIED_EVENTS 200

struct tied_thread {
	uint8_t events[TIED_EVENTS * 8 + TT_VARINT_MAX];
	size_t n;
	uint64_t time;
};

static uint32_t pick(uint32_t *state, uint32_t n)
{
	*state = *state * 1664525 + 1013904223;
	return (*state >> 8) % n;
}

static void tied_event(struct tied_thread *t, uint64_t at, uint8_t type, uint64_t number)
{
	uint8_t *p;

	at = at < t->time ? t->time : at;
	t->events[t->n++] = type;
	p = tt_varint_put(t->events + t->n, at - t->time);
	t->n = (size_t)(tt_varint_put(p, number) - t->events);
	if (type == 0x1d) /* GCBegin has a stack */
		t->events[t->n++] = 0;
	t->time = at;
}

static void build_tied(struct build *b, uint32_t seed)
{
	static struct tied_thread threads[MAX_TIED];
	uint32_t state = seed * 7919 + 17;
	uint32_t nthreads = 5 + pick(&state, MAX_TIED - 4), nevents = 20 + pick(&state, 180);
	uint64_t now = 100, gc_seq = 1;

	memset(threads, 0, sizeof(threads));
	for (uint32_t i = 0; i < nevents; i++) {
		struct tied_thread *t = &threads[pick(&state, nthreads)];

		now += pick(&state, 3) == 0 ? pick(&state, 3) : 0;
		if (pick(&state, 3) == 0) {
			tied_event(t, now + pick(&state, 9) - 4, gc_seq % 2 == 1 ? 0x1d : 0x1e, gc_seq);
			gc_seq++;
		} else {
			tied_event(t, now, 0x82, i); /* SpanFree */
		}
	}
	build_init(b, 26);
	build_clock(b, 1, 1, 1000000000);
	for (uint32_t i = 0; i < nthreads; i++) {
		build_batch(b, 1, 1000 + i, 0);
		build_bytes(b, "\x0d\x01", 2); /* P i, running */
		build_number(b, i);
		build_bytes(b, "\x01\x19\x00", 3); /* goroutine 100 + i, running */
		build_number(b, 100 + i);
		build_bytes(b, "\x00\x02", 2);
		build_close(b);
		build_raw(b, 1, 1000 + i, 0, threads[i].events, threads[i].n);
	}
	build_mark(b);
}

/* The hash is that of what Go 1.27's reader gives, too. */
START_TEST(order_of_threads_with_equal_times_is_go_s)
{
	uint64_t hash = DIGEST_START;
	unsigned nended = 0;

	for (uint32_t seed = 0; seed < 100; seed++) {
		const struct tt_event *ev;
		struct build b;
		struct tt_reader *r;
		int rc;

		build_tied(&b, seed);
		r = test_open(b.data, b.len, 0);
		while ((rc = tt_reader_next(r, &ev)) == 0) {
			hash = digest_number(hash, (uint64_t)ev->thread);
			hash = digest_number(hash, (uint64_t)ev->time_ns);
		}
		hash = digest_number(hash, rc == TT_END);
		nended += rc == TT_END;
		tt_reader_close(r);
		build_release(&b);
	}
	ck_assert_uint_gt(nended, 50); /* the others get stuck, after many events */
	ck_assert_uint_eq(hash, UINT64_C(6968592867138678570));
}
END_TEST

Suite *order_suite(void)
{
	Suite *suite = suite_create("order");
	TCase *tc = tcase_create("rules");

	tcase_add_loop_test(tc, order_of_procs, 0, COUNT(procs));
	tcase_add_loop_test(tc, order_of_goroutines, 0, COUNT(goroutines));
	tcase_add_loop_test(tc, order_of_syscalls, 0, COUNT(syscalls));
	tcase_add_loop_test(tc, order_of_ranges, 0, COUNT(ranges));
	tcase_add_loop_test(tc, order_of_declared_events, 0, COUNT(declared));
	tcase_add_test(tc, experiments_share_a_resource);
	tcase_add_loop_test(tc, order_of_annotations, 0, COUNT(annotations));
	tcase_add_loop_test(tc, order_across_generations, 0, COUNT(generations));
	tcase_add_loop_test(tc, order_of_threads, 0, COUNT(merges));
	tcase_add_test(tc, order_names_events_as_the_version_does);
	tcase_add_test(tc, order_of_threads_with_equal_times_is_go_s);
	suite_add_tcase(suite, tc);
	return suite;
}
