/* SPDX-License-Identifier: MIT */
/*
 * mem.h - memory that counts against a limit: each reader has an account, so that no
 * count in a file can make it grow without a bound. Base layer.
 */
#ifndef TT_BASE_MEM_H
#define TT_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tt_mem {
	uint64_t used_nbytes;
	uint64_t limit_nbytes;  /* 0: none */
	bool over;              /* the last NULL was the limit's, not the machine's */
	/* NULL, or called before a request fails: frees memory of this account that is only kept
	 * for later use. False: there was none. */
	bool (*reclaim)(void *reclaim_arg);
	void *reclaim_arg;
};

/* NULL if the machine or the limit says no. `size` 0 gives NULL. */
void *tt_mem_alloc(struct tt_mem *mem, size_t size);
/* As alloc, zeroed. Checks n * size for overflow. */
void *tt_mem_zalloc(struct tt_mem *mem, size_t n, size_t size);
/* `old_size` is what `p` was asked with; on NULL `p` stays as it is. */
void *tt_mem_realloc(struct tt_mem *mem, void *p, size_t old_size, size_t new_size);
/* The block of `size` bytes goes from one account to another. False: that has no room. */
bool tt_mem_move(struct tt_mem *to, struct tt_mem *from, size_t size);
/* NULL is a no-op. */
void tt_mem_free(struct tt_mem *mem, void *p, size_t size);

/*
 * As alloc, for a block of some hundred kilobytes and more that is filled again and
 * again: on few large pages where the system has them, since the first touch of a page
 * costs more than to fill it. To be freed by tt_mem_free_pages() only.
 */
void *tt_mem_alloc_pages(struct tt_mem *mem, size_t size);
void tt_mem_free_pages(struct tt_mem *mem, void *p, size_t size);

/* Defined where a sanitizer watches each block: there blocks are not kept for later. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TT_MEM_WATCHED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(TT_MEM_WATCHED)
#define TT_MEM_WATCHED 1
#endif

/*
 * Makes room for at least `want` elements in an array: `array` is the address of
 * the pointer to it, *cap its capacity. Grows by half, at least by 16. False on
 * failure, nothing changed.
 */
bool tt_mem_grow(struct tt_mem *mem, void *array, size_t *cap, size_t want, size_t elem_size);

/* An array that grows on an account. */
#define TT_ARRAY(type) \
	struct { \
		type *at; \
		size_t n, cap; \
	}
/* Makes sure that one more element fits. False: tt_mem_code(). */
#define TT_ARRAY_ROOM(mem, array) \
	((array)->n < (array)->cap || \
	 tt_mem_grow((mem), &(array)->at, &(array)->cap, (array)->n + 1, sizeof(*(array)->at)))
#define TT_ARRAY_RELEASE(mem, array) \
	(tt_mem_free((mem), (array)->at, (array)->cap * sizeof(*(array)->at)), (array)->at = NULL, \
	 (array)->n = (array)->cap = 0)

/* The error code for the last NULL: TT_E_LIMIT or TT_E_MEMORY. */
int tt_mem_code(const struct tt_mem *mem);

#endif
