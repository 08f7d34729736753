/* SPDX-License-Identifier: MIT */
/*
 * rich.h - a small trace, as a script, that has a little of everything: statuses,
 * syscalls, thefts, creation, coroutine switches, the collector, ranges, tasks,
 * regions, samples, an experiment, and all of it across generations.
 */
#ifndef TT_TESTS_RICH_H
#define TT_TESTS_RICH_H

#define RICH_SCRIPT                                                                                \
	"experiment 1 -1@100: info\n"                                                              \
	"7@100: ProcStatus 0 1, GoStatusStack 1 7 2 1, ProcsChange 2 1, UserTaskBegin 5 0 1 1, "   \
	"UserRegionBegin 5 2 0, GoCreate 6 1 1, GoCreateBlocked 9 1 1, UserLog 5 1 3 1\n"          \
	"-1@101: GoStatus 2 -1 4, GoStatus 3 -1 1, GoStatus 4 12 3, ProcStatus 1 2\n"              \
	"8@102: ProcStart 1 1, GoStart 3 1, GCBegin 1 1, STWBegin 3 1, STWEnd, GoLabel 2, "        \
	"GCMarkAssistBegin 0, GCMarkAssistEnd, Span 1 2 3\n"                                       \
	"7@120: GoSyscallBegin 1 1, +9 GoSyscallEndBlocked\n"                                      \
	"8@125: ProcSteal 0 2 7, GoUnblock 2 1 1, GoSwitch 9 1, HeapAlloc 77, HeapObjectFree 9\n"  \
	"12@130: GoSyscallEndBlocked\n"                                                            \
	"samples: 104 7 0 1 1, 126 8 1 9 0, 500 8 1 9 1\n"                                         \
	"gen 2\n"                                                                                  \
	"8@200: ProcStatus 1 1, GoStatus 9 8 2, GCSweepBegin 1, GCSweepEnd 64 128, GCEnd 2, "      \
	"UserTaskEnd 5 1, HeapGoal 4, GoStop 1 1\n"                                                \
	"7@210: ProcStatus 0 2, ProcStart 0 1, GoStatus 1 7 1, GoStart 1 1, UserRegionEnd 5 2 0, " \
	"GoDestroy, ProcStop\n"                                                                    \
	"9@212: GoCreateSyscall 20, GoDestroySyscall\n"                                            \
	"experiment 1 7@213: more\n"                                                               \
	"samples: 205 8 1 9 1"

#endif
