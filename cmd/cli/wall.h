/* SPDX-License-Identifier: MIT */
/* wall.h - wall clock times, as Go prints them. Command layer. */
#ifndef CMD_CLI_WALL_H
#define CMD_CLI_WALL_H

#include "tracetool.h"

/*
 * YYYY-MM-DDThh:mm:ss.nnnnnnnnn and the zone, as Go's time.RFC3339Nano has it, in
 * the local time zone or in UTC. At most 64 bytes. The whole range of 64 bits.
 */
char *put_wall(char *p, const struct tt_clock *clock, bool utc);

#endif
