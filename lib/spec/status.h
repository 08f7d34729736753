/* SPDX-License-Identifier: MIT */
/*
 * status.h - the statuses of goroutines and processors as the bytes of a trace have
 * them: what specs have no words for. Stands on nothing. Source: Go 1.27,
 * src/internal/trace/tracev2/events.go, GoStatus and ProcStatus.
 */
#ifndef TT_SPEC_STATUS_H
#define TT_SPEC_STATUS_H

enum tt_g_status {
	TT_G_BAD = 0,
	TT_G_RUNNABLE = 1,
	TT_G_RUNNING = 2,
	TT_G_SYSCALL = 3,
	TT_G_WAITING = 4,
	TT_G_NSTATUS
};

enum tt_p_status {
	TT_P_BAD = 0,
	TT_P_RUNNING = 1,
	TT_P_IDLE = 2,
	TT_P_SYSCALL = 3,
	TT_P_ABANDONED = 4, /* as SYSCALL, but the thread that left it may be in any state */
	TT_P_NSTATUS
};

#endif
