/* SPDX-License-Identifier: MIT */
/*
 * json.h - members of a JSON object onto an out's cursor. Command layer, on out.h.
 *
 * Each json_NAME function writes `,"key":value`; json_open() writes the first member
 * of an object. Keys are ours and short. Numbers are written with all their digits,
 * up to 2^64-1.
 */
#ifndef CMD_CLI_JSON_H
#define CMD_CLI_JSON_H

#include "out.h"

static inline char *json_key(char *p, const char *key)
{
	p = put_lit(p, ",\"");
	p = put_cstr(p, key);
	return put_lit(p, "\":");
}

/* `{"key":"value"`; the value is ours. */
static inline char *json_open(char *p, const char *key, const char *value)
{
	p = put_lit(p, "{\"");
	p = put_cstr(p, key);
	p = put_lit(p, "\":\"");
	p = put_cstr(p, value);
	return put_char(p, '"');
}

static inline char *json_u64(char *p, const char *key, uint64_t v)
{
	return put_u64(json_key(p, key), v);
}

static inline char *json_i64(char *p, const char *key, int64_t v)
{
	return put_i64(json_key(p, key), v);
}

static inline char *json_null(char *p, const char *key)
{
	return put_lit(json_key(p, key), "null");
}

static inline char *json_bool(char *p, const char *key, bool v)
{
	return put_cstr(json_key(p, key), v ? "true" : "false");
}

/* A thread, P or goroutine: null for none. */
static inline char *json_id(char *p, const char *key, int64_t id)
{
	return id == TT_NONE ? json_null(p, key) : json_i64(p, key, id);
}

/* A place in a trace: null for TT_UNKNOWN. */
static inline char *json_known(char *p, const char *key, uint64_t v)
{
	return v == TT_UNKNOWN ? json_null(p, key) : json_u64(p, key, v);
}

/*
 * Text of the trace. If it is not valid UTF-8, each invalid byte is written as U+FFFD,
 * and a second member KEY_hex holds all of the text's bytes.
 */
char *json_str(struct out *o, char *p, const char *key, struct tt_str s);
/* The member KEY_hex alone. */
char *json_hex(struct out *o, char *p, const char *key, struct tt_str s);

/* A word of ours that needs no escapes. */
static inline char *json_word(char *p, const char *key, const char *word)
{
	p = put_char(json_key(p, key), '"');
	return put_char(put_cstr(p, word), '"');
}

/* Text of ours. */
static inline char *json_cstr(struct out *o, char *p, const char *key, const char *s)
{
	return out_json(o, json_key(p, key), str_of(s));
}

#endif
