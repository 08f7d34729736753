/* SPDX-License-Identifier: MIT */
/*
 * libarchive.h - libarchive, loaded when the first archive is opened: the libraries that it
 * needs take longer to load than a small trace takes to read, and few traces are in
 * archives. For lib/input and lib/output. Base layer.
 */
#ifndef TT_BASE_LIBARCHIVE_H
#define TT_BASE_LIBARCHIVE_H

#include <archive.h>
#include <archive_entry.h>

#include "base/error.h"

/* What is used of it. */
#define TT_LA_FUNCTIONS(F) \
	F(archive_entry_clear) F(archive_entry_filetype) F(archive_entry_free) \
	F(archive_entry_hardlink) F(archive_entry_new) F(archive_entry_pathname) \
	F(archive_entry_pathname_utf8) F(archive_entry_set_filetype) F(archive_entry_set_gid) \
	F(archive_entry_set_mtime) F(archive_entry_set_pathname) F(archive_entry_set_perm) \
	F(archive_entry_set_size) F(archive_entry_set_uid) F(archive_errno) \
	F(archive_error_string) F(archive_filter_bytes) F(archive_filter_count) \
	F(archive_read_data_block) F(archive_read_free) F(archive_read_new) \
	F(archive_read_next_header) F(archive_read_open1) F(archive_read_set_callback_data) \
	F(archive_read_set_read_callback) F(archive_read_set_seek_callback) \
	F(archive_read_set_skip_callback) F(archive_read_support_filter_bzip2) \
	F(archive_read_support_filter_compress) F(archive_read_support_filter_lz4) \
	F(archive_read_support_filter_lzip) F(archive_read_support_filter_xz) \
	F(archive_read_support_format_empty) F(archive_read_support_format_raw) \
	F(archive_read_support_format_tar) F(archive_read_support_format_zip) \
	F(archive_set_error) F(archive_write_add_filter_gzip) F(archive_write_add_filter_zstd) \
	F(archive_write_close) F(archive_write_data) F(archive_write_finish_entry) \
	F(archive_write_free) F(archive_write_header) F(archive_write_new) \
	F(archive_write_open) F(archive_write_set_bytes_in_last_block) \
	F(archive_write_set_filter_option) F(archive_write_set_format_pax_restricted) \
	F(archive_write_set_format_zip)

#define TT_LA_POINTER(function) __typeof__(function) *function;
extern struct tt_la {
	TT_LA_FUNCTIONS(TT_LA_POINTER)
} tt_la;

/*
 * Makes sure that the functions are there; before that none may be called. It stays
 * open for good. TT_E_IO: it is not installed, or lacks one of them; TT_E_MEMORY. For any
 * thread.
 */
int tt_la_need(struct tt_error *err);

#endif
