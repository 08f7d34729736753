/* SPDX-License-Identifier: MIT */
/* block.c - events of a generation in blocks. Stands on pass.h. */
#include "event/block.h"

void tt_event_block_clear(struct tt_event_block *block)
{
	block->nbriefs = block->nothers = 0;
	block->rc = TT_OK;
}

void tt_event_block_add(struct tt_event_block *block, struct tt_pass *pass, bool *other)
{
	struct tt_brief_room room = {block->briefs + block->nbriefs, block->briefs + TT_BLOCK_NBRIEFS};
	const struct tt_event *ev;

	block->rc = tt_pass_next_briefs(pass, &room, &ev);
	block->nbriefs = (unsigned)(room.next - block->briefs);
	block->nevents = pass->nevents;
	*other = block->rc == TT_OK && ev != NULL;
	if (!*other)
		return;
	block->nbefore[block->nothers] = (uint16_t)block->nbriefs;
	block->others[block->nothers++] = ev;
}
