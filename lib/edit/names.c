/* SPDX-License-Identifier: MIT */
/* names.c - new names for the names in a trace, and the way back. */
#include "edit/names.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/error.h"
#include "base/options.h"
#include "wire/unquote.h"

/* What is remembered of names that need not be kept. */
#define KEPT_NBYTES ((size_t)64 << 20)
#define NDIGITS 16
#define DIGITS_END UINT64_C(10000000000000000)

/* The first line of a list. */
static const char list_head[] = "# tracetool names 1";

/* Of each use: what is before the digits, and its name in a list. People number texts and files
 * themselves: the dash keeps `task-1...` from being a `task1`. Functions and types share
 * their digits: which of the two a name is, a symbol does not always say. */
static const struct {
	const char *prefix, *word;
	char domain;
} uses[] = {
	[TT_NAME_PACKAGE] = {"p", "package", 'p'},
	[TT_NAME_FUNCTION] = {"f", "function", 'i'},
	[TT_NAME_TYPE] = {"T", "type", 'i'},
	[TT_NAME_FILE] = {"file-", "file", 's'},
	[TT_NAME_VERSION] = {"v", "version", 'v'},
	[TT_NAME_TASK] = {"task-", "task", 't'},
	[TT_NAME_REGION] = {"region-", "region", 'r'},
	[TT_NAME_CATEGORY] = {"category-", "category", 'c'},
	[TT_NAME_MESSAGE] = {"message-", "message", 'm'},
	[TT_NAME_LABEL] = {"label-", "label", 'l'},
	[TT_NAME_REASON] = {"reason-", "reason", 'w'},
	[TT_NAME_TEXT] = {"text-", "text", 'x'},
	[TT_NAME_SPEC] = {"name", "spec", 'e'},
};
#define NUSES (sizeof(uses) / sizeof(uses[0]))

const char *tt_name_use_word(enum tt_name_use use)
{
	return (size_t)use < NUSES ? uses[use].word : "?";
}

/* ---- life */

static void set_key(struct tt_names *n, const uint8_t *key, size_t nkey)
{
	uint8_t block[SHA256_BLOCK_LENGTH] = {0}, pad[SHA256_BLOCK_LENGTH];

	if (nkey > sizeof(block)) {
		SHA256Init(&n->inner);
		SHA256Update(&n->inner, key, nkey);
		SHA256Final(block, &n->inner);
	} else if (nkey != 0) {
		memcpy(block, key, nkey);
	}
	for (size_t i = 0; i < sizeof(pad); i++)
		pad[i] = block[i] ^ 0x36;
	SHA256Init(&n->inner);
	SHA256Update(&n->inner, pad, sizeof(pad));
	for (size_t i = 0; i < sizeof(pad); i++)
		pad[i] = block[i] ^ 0x5c;
	SHA256Init(&n->outer);
	SHA256Update(&n->outer, pad, sizeof(pad));
}

static int set_random_key(struct tt_names *n, struct tt_error *err)
{
	uint8_t key[SHA256_DIGEST_LENGTH];

	if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
		return tt_fail_errno(err, errno, "no random numbers for a key");
	set_key(n, key, sizeof(key));
	return TT_OK;
}

static struct tt_names *names_new(struct tt_error *err)
{
	struct tt_names *n = calloc(1, sizeof(*n));
	struct tt_options defaults;

	tt_error_clear(err);
	if (n == NULL || tt_options_read(&defaults, NULL, err) < 0) {
		free(n);
		tt_fail(err, TT_E_MEMORY, "no memory for names");
		return NULL;
	}
	n->mem.limit_nbytes = defaults.max_memory_nbytes;
	n->seed = tt_random_seed();
	n->pool.mem = &n->mem;
	tt_idmap_init(&n->by_text, &n->mem, n->seed);
	tt_idmap_init(&n->by_name, &n->mem, n->seed);
	return n;
}

int tt_names_new(struct tt_names **out, const void *key, size_t nkey, unsigned flags,
		 struct tt_error *err)
{
	struct tt_names *n = *out = names_new(err);
	int rc = TT_OK;

	if (n == NULL)
		return -TT_E_MEMORY;
	n->keeps_all = (flags & TT_NAMES_KEEP) != 0;
	if (nkey != 0)
		set_key(n, key, nkey);
	else
		rc = set_random_key(n, err);
	if (rc < 0) {
		tt_names_free(n);
		*out = NULL;
	}
	return rc;
}

void tt_names_free(struct tt_names *n)
{
	if (n == NULL)
		return;
	tt_bytes_release(&n->pool);
	TT_ARRAY_RELEASE(&n->mem, &n->entries);
	tt_idmap_release(&n->by_text);
	tt_idmap_release(&n->by_name);
	explicit_bzero(n, sizeof(*n));
	free(n);
}

void tt_names_trim(struct tt_names *n)
{
	if (n->restores || n->keeps_all || n->pool.len < KEPT_NBYTES)
		return;
	n->pool.len = 0;
	n->entries.n = 0;
	tt_idmap_clear(&n->by_text);
	tt_idmap_clear(&n->by_name);
}

/* ---- entries */

static struct tt_str name_of(const struct tt_names *n, const struct tt_name_entry *e)
{
	return (struct tt_str){(const char *)n->pool.data + e->at, e->nname};
}

static struct tt_str text_of(const struct tt_names *n, const struct tt_name_entry *e)
{
	return (struct tt_str){(const char *)n->pool.data + e->at + e->nname, e->ntext};
}

static bool equal(struct tt_str a, struct tt_str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Where a hash leads that is not taken, or is that of the entry itself; the index of the entry,
 * or TT_IDMAP_NONE and *id to add it by. */
static uint32_t find_text(const struct tt_names *n, enum tt_name_use use, struct tt_str text,
			  uint64_t *id)
{
	for (uint64_t try = 0;; try++) {
		uint32_t i;

		*id = tt_idmap_id_of(n->seed + (uint64_t)use + try * NUSES, text.data, text.len);
		i = tt_idmap_find(&n->by_text, *id);
		if (i == TT_IDMAP_NONE || (n->entries.at[i].use == use &&
					   equal(text_of(n, &n->entries.at[i]), text)))
			return i;
	}
}

static uint32_t find_name(const struct tt_names *n, struct tt_str name, uint64_t *id)
{
	for (uint64_t try = 0;; try++) {
		uint32_t i;

		*id = tt_idmap_id_of(n->seed + try, name.data, name.len);
		i = tt_idmap_find(&n->by_name, *id);
		if (i == TT_IDMAP_NONE || equal(name_of(n, &n->entries.at[i]), name))
			return i;
	}
}

static bool add(struct tt_names *n, enum tt_name_use use, struct tt_str name, uint64_t name_id,
		struct tt_str text, uint64_t text_id)
{
	uint32_t i = (uint32_t)n->entries.n;

	/* all of it or nothing: what is added last cannot fail */
	if (i == TT_IDMAP_NONE || text.len > UINT32_MAX ||
	    !TT_ARRAY_ROOM(&n->mem, &n->entries) || !tt_bytes_room(&n->pool, name.len + text.len) ||
	    !tt_idmap_add(&n->by_text, text_id, i))
		return false;
	if (!tt_idmap_add(&n->by_name, name_id, i)) {
		tt_idmap_remove(&n->by_text, text_id);
		return false;
	}
	n->entries.at[n->entries.n++] = (struct tt_name_entry){
		.use = (uint8_t)use,
		.nname = (uint8_t)name.len,
		.ntext = (uint32_t)text.len,
		.at = n->pool.len,
	};
	return tt_bytes_put(&n->pool, name.data, name.len) &&
	       tt_bytes_put(&n->pool, text.data, text.len);
}

/* ---- to new names */

/* The attempt counts where an earlier one gave the name of another text. */
static uint64_t digits_of(const struct tt_names *n, enum tt_name_use use, uint8_t attempt,
			  struct tt_str text)
{
	const uint8_t domain[2] = {(uint8_t)uses[use].domain, attempt};
	uint8_t sum[SHA256_DIGEST_LENGTH];
	SHA2_CTX ctx = n->inner;
	uint64_t number = 0;

	SHA256Update(&ctx, domain, sizeof(domain));
	SHA256Update(&ctx, (const uint8_t *)text.data, text.len);
	SHA256Final(sum, &ctx);
	ctx = n->outer;
	SHA256Update(&ctx, sum, sizeof(sum));
	SHA256Final(sum, &ctx);
	for (int i = 0; i < 8; i++)
		number = number << 8 | sum[i];
	return number % DIGITS_END;
}

/* Names of arguments and fields have no digits: there they are consonants. */
static void spell(char *name, enum tt_name_use use)
{
	static const char letters[] = "bcdfghjklm";

	for (; use == TT_NAME_SPEC && *name != '\0'; name++)
		if (*name >= '0' && *name <= '9')
			*name = letters[*name - '0'];
}

bool tt_names_name(struct tt_names *n, enum tt_name_use use, struct tt_str text, struct tt_str *out)
{
	uint64_t text_id, name_id;
	uint32_t i = find_text(n, use, text, &text_id);
	char name[TT_NAME_SIZE];

	assert(!n->restores);
	for (uint8_t attempt = 0; i == TT_IDMAP_NONE; attempt++) {
		int len = snprintf(name, sizeof(name), "%s%0*" PRIu64, uses[use].prefix, NDIGITS,
				   digits_of(n, use, attempt, text));

		spell(name, use);
		if (find_name(n, (struct tt_str){name, (size_t)len}, &name_id) != TT_IDMAP_NONE)
			continue;
		i = (uint32_t)n->entries.n;
		if (!add(n, use, (struct tt_str){name, (size_t)len}, name_id, text, text_id))
			return false;
	}
	*out = name_of(n, &n->entries.at[i]);
	return true;
}

bool tt_names_at(const struct tt_names *n, size_t i, struct tt_name *out)
{
	if (i >= n->entries.n)
		return false;
	out->use = (enum tt_name_use)n->entries.at[i].use;
	out->name = name_of(n, &n->entries.at[i]);
	out->text = text_of(n, &n->entries.at[i]);
	return true;
}

/* ---- the way back */

bool tt_names_text(const struct tt_names *n, struct tt_str name, enum tt_name_use *use,
		   struct tt_str *out)
{
	uint64_t id;
	uint32_t i = find_name(n, name, &id);

	if (i == TT_IDMAP_NONE)
		return false;
	*use = (enum tt_name_use)n->entries.at[i].use;
	*out = text_of(n, &n->entries.at[i]);
	return true;
}

size_t tt_name_format(const struct tt_name *name, char *out, size_t size)
{
	int used = snprintf(out, size, "%.*s %s ", (int)name->name.len, name->name.data,
			    tt_name_use_word(name->use));
	size_t at = (size_t)used < size ? (size_t)used : size;

	at = (size_t)used + tt_quote(name->text, out == NULL ? NULL : out + at, size - at);
	if (out != NULL && at < size)
		out[at] = '\n';
	return at + 1;
}

/* The next word of a line, up to a blank. */
static struct tt_str next_word(struct tt_str *line)
{
	const char *blank = memchr(line->data, ' ', line->len);
	struct tt_str word = {line->data, blank == NULL ? line->len : (size_t)(blank - line->data)};
	size_t used = word.len + (blank != NULL);

	line->data += used;
	line->len -= used;
	return word;
}

/* False: it is no quoted text, or there is no memory. */
static bool unquote(struct tt_str quoted, struct tt_bytes *out)
{
	const char *p = quoted.data + 1, *end = quoted.data + quoted.len - 1;

	out->len = 0;
	if (quoted.len < 2 || quoted.data[0] != '"' || *end != '"')
		return false;
	while (p < end) {
		uint8_t bytes[TT_UNQUOTE_MAX];
		size_t nbytes;

		p = tt_unquote(p, end, bytes, &nbytes);
		if (p == NULL || !tt_bytes_put(out, bytes, nbytes))
			return false;
	}
	return true;
}

/* NULL, or what is wrong with a line. */
static const char *add_line(struct tt_names *n, struct tt_str line, struct tt_bytes *scratch)
{
	struct tt_str name = next_word(&line), word = next_word(&line), text;
	uint64_t name_id, text_id;
	size_t use = 0;

	while (use < NUSES && !equal(word, (struct tt_str){uses[use].word, strlen(uses[use].word)}))
		use++;
	if (use == NUSES || name.len == 0 || name.len >= TT_NAME_SIZE)
		return "expected a name, its use and a quoted text";
	if (!unquote(line, scratch))
		return "expected a text in quotes";
	text = (struct tt_str){(const char *)scratch->data, scratch->len};
	if (find_name(n, name, &name_id) != TT_IDMAP_NONE)
		return "this name is there twice";
	if (find_text(n, (enum tt_name_use)use, text, &text_id) != TT_IDMAP_NONE)
		return "this text is there twice";
	return add(n, (enum tt_name_use)use, name, name_id, text, text_id) ? NULL : "no memory";
}

static struct tt_str next_line(struct tt_str *list)
{
	const char *end = list->len == 0 ? NULL : memchr(list->data, '\n', list->len);
	struct tt_str line = {list->data, end == NULL ? list->len : (size_t)(end - list->data)};
	size_t used = line.len + (end != NULL);

	list->data += used;
	list->len -= used;
	return line;
}

static int read_list(struct tt_names *n, struct tt_str list, struct tt_error *err)
{
	struct tt_bytes scratch = {.mem = &n->mem};
	struct tt_str line = next_line(&list);
	const char *problem = NULL;
	unsigned number = 1;

	if (line.len < sizeof(list_head) - 1 ||
	    memcmp(line.data, list_head, sizeof(list_head) - 1) != 0)
		problem = "this is no list of names: it begins with another line than that of "
			  "anonymize --map";
	while (problem == NULL && list.len > 0) {
		line = next_line(&list);
		number++;
		if (line.len > 0 && line.data[0] != '#')
			problem = add_line(n, line, &scratch);
	}
	tt_bytes_release(&scratch);
	return problem == NULL ? TT_OK : tt_fail(err, TT_E_ARGUMENT, "line %u: %s", number, problem);
}

int tt_names_load(struct tt_names **out, const void *list, size_t nlist, struct tt_error *err)
{
	struct tt_names *n = *out = names_new(err);
	int rc;

	if (n == NULL)
		return -TT_E_MEMORY;
	n->restores = true;
	rc = read_list(n, (struct tt_str){list, nlist}, err);
	if (rc < 0) {
		tt_names_free(n);
		*out = NULL;
	}
	return rc;
}
