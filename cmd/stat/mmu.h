/* SPDX-License-Identifier: MIT */
/* mmu.h - the view `mmu`. Command layer, inside stat only. */
#ifndef CMD_STAT_MMU_H
#define CMD_STAT_MMU_H

#include "files.h"

void print_mmu(const struct stat_files *f, const struct stat_options *opt);

#endif
