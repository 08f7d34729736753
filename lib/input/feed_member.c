/* SPDX-License-Identifier: MIT */
/* feed_member.c - the layer that gives the bytes of members of tar and zip archives. */
#include "input/feed_archive.h"

#include <stdio.h>
#include <string.h>

/* Looking for further members before the first is read ends after so much
 * input; then they are found after it. */
#define MAX_SCAN_NBYTES (UINT64_C(1) << 30)
#define MAX_LISTED 10
#define LISTED_NAME_NBYTES 128

static void add_to_list(struct tt_member_list *list, const char *name)
{
	struct tt_str text = {name, strlen(name)};
	size_t n;

	if (list->count++ >= MAX_LISTED)
		return;
	if (text.len > LISTED_NAME_NBYTES)
		text.len = LISTED_NAME_NBYTES;
	if (sizeof(list->text) - list->nbytes < 2)
		return;
	if (list->nbytes != 0) {
		list->text[list->nbytes++] = ',';
		list->text[list->nbytes++] = ' ';
	}
	n = tt_quote(text, list->text + list->nbytes, sizeof(list->text) - list->nbytes);
	if (n > sizeof(list->text) - list->nbytes)
		n = sizeof(list->text) - list->nbytes;
	list->nbytes += n;
}

static int fail_choice(const struct tt_member_list *list, const char *member, struct tt_error *err)
{
	int n = (int)list->nbytes;
	const char *more = list->count > MAX_LISTED ? ", ..." : "";

	if (list->count == 0 && member == NULL)
		return tt_fail(err, TT_E_MEMBER, "the archive holds no files");
	if (member != NULL)
		return tt_fail(err, TT_E_MEMBER, "the archive has no such file; it holds %.*s%s",
			       list->count == 0 ? 8 : n,
			       list->count == 0 ? "no files" : list->text, more);
	return tt_fail(err, TT_E_MEMBER, "the archive holds %ju files; name one of them: %.*s%s",
		       (uintmax_t)list->count, n, list->text, more);
}

/* ---- names that do not count */

bool tt_is_litter(const char *path)
{
	static const char folder[] = "__MACOSX";
	const char *base = path;

	for (const char *slash; (slash = strchr(base, '/')) != NULL; base = slash + 1) {
		if ((size_t)(slash - base) == strlen(folder) &&
		    memcmp(base, folder, strlen(folder)) == 0)
			return true;
	}
	return strncmp(base, "._", 2) == 0 || strcmp(base, ".DS_Store") == 0 ||
	       strcmp(base, folder) == 0;
}

/* ---- going through the members */

/* Moves to the next regular file: 0, or 1 at the end. */
static int next_file(struct tt_archive_feed *f, const char **name, struct tt_error *err)
{
	struct archive_entry *entry;
	int r;

	do {
		r = tt_la.archive_read_next_header(f->a, &entry);
		if (r == ARCHIVE_EOF)
			return 1;
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			return tt_archive_feed_fail(f, err);
	} while (tt_la.archive_entry_filetype(entry) != AE_IFREG ||
		 tt_la.archive_entry_hardlink(entry) != NULL);
	f->out_nbytes = 0;
	f->block_nbytes = 0;
	f->flawed = false;
	*name = tt_la.archive_entry_pathname(entry);
	if (*name == NULL)
		*name = tt_la.archive_entry_pathname_utf8(entry);
	if (*name == NULL)
		*name = "";
	snprintf(f->name, sizeof(f->name), "%s", *name);
	return 0;
}

const char *tt_feed_member_name(const struct tt_feed *feed)
{
	return ((const struct tt_archive_feed *)(const void *)feed)->name;
}

/* The same of those that count, which are listed. */
static int next_counted(struct tt_archive_feed *f, const char **name, struct tt_error *err)
{
	int rc;

	do {
		rc = next_file(f, name, err);
	} while (rc == 0 && tt_is_litter(*name));
	if (rc == 0)
		add_to_list(&f->list, *name);
	return rc;
}

/*
 * Where the input can be read twice, a first pass looks at the names of up to `most`
 * members that count. True: it got through, or to `most`. It may not, for damage or for size.
 */
static bool look_at_names(struct tt_archive_feed *f, uint64_t most)
{
	struct tt_error passed_over;
	const char *name;
	int rc;

	f->list = (struct tt_member_list){.count = 0};
	rc = tt_archive_feed_start(f, &passed_over);
	f->in_max = MAX_SCAN_NBYTES;
	while (rc == 0 && f->list.count < most)
		rc = next_counted(f, &name, &passed_over);
	return rc >= 0 && !f->in_cut;
}

/* ---- one member by its name */

/* What a name asks for: NAME, or NAME#N for one of several of that name. */
struct wanted {
	const char *name;
	size_t base_len;        /* of NAME before #N */
	uint64_t number;        /* N, or 0 if there is none */
	uint64_t exact, numbered; /* members seen with the whole name, and with NAME */
};

static const char *without_dot(const char *name)
{
	return strncmp(name, "./", 2) == 0 ? name + 2 : name;
}

static struct wanted want(const char *member)
{
	struct wanted w = {.name = without_dot(member)};
	const char *hash = strrchr(w.name, '#');
	const char *c = hash;

	if (hash == NULL || hash == w.name || hash[1] < '1' || hash[1] > '9')
		return w;
	while (*++c >= '0' && *c <= '9' && w.number <= UINT32_MAX)
		w.number = w.number * 10 + (uint64_t)(*c - '0');
	if (*c != '\0')
		w.number = 0;
	else
		w.base_len = (size_t)(hash - w.name);
	return w;
}

/* Lists the member, if it counts, and compares its name with what is wanted. */
static void see(struct tt_archive_feed *f, struct wanted *w, const char *name)
{
	if (!tt_is_litter(name))
		add_to_list(&f->list, name);
	name = without_dot(name);
	w->exact += strcmp(name, w->name) == 0;
	w->numbered += w->number != 0 && strncmp(name, w->name, w->base_len) == 0 &&
		       name[w->base_len] == '\0';
}

static int fail_twice(const struct wanted *w, struct tt_error *err)
{
	return tt_fail(err, TT_E_MEMBER,
		       "the archive holds %ju files of this name; add #1 for the first, #2 for the "
		       "second", (uintmax_t)w->exact);
}

/* Counts the members from here on. 1 at the end. */
static int see_all(struct tt_archive_feed *f, struct wanted *w, struct tt_error *err)
{
	const char *name;
	int rc;

	while ((rc = next_file(f, &name, err)) == 0)
		see(f, w, name);
	return rc;
}

/* A first pass over all names. False: it did not get through, and nothing is known. */
static bool see_first(struct tt_archive_feed *f, struct wanted *w)
{
	struct tt_error passed_over;
	int rc;

	if (f->feed.below->ops->seek == NULL)
		return false;
	rc = tt_archive_feed_start(f, &passed_over);
	f->in_max = MAX_SCAN_NBYTES;
	if (rc == 0)
		rc = see_all(f, w, &passed_over);
	return rc == 1 && !f->in_cut;
}

/* Remembers the name, to look for others of it after the member's bytes. */
static int remember(struct tt_archive_feed *f, const char *member, struct tt_error *err)
{
	size_t size = strlen(member) + 1;

	f->wanted = tt_mem_alloc(f->feed.mem, size);
	if (f->wanted == NULL)
		return tt_fail(err, tt_mem_code(f->feed.mem), "no memory to unpack");
	memcpy(f->wanted, member, size);
	return 0;
}

/*
 * Goes on to the wanted member: by its number, or by its whole name, or by what comes first.
 * 0, or 1 if there is none.
 */
static int go_to_wanted(struct tt_archive_feed *f, struct wanted *w, bool by_number, bool by_name,
			struct tt_error *err)
{
	const char *name;
	int rc;

	while ((rc = next_file(f, &name, err)) == 0) {
		see(f, w, name);
		if ((by_number && w->number != 0 && w->numbered == w->number) ||
		    (by_name && w->exact == 1))
			return 0;
	}
	return rc;
}

/*
 * The member that the name asks for. #N has precedence, so that each of several of one name
 * can be asked for. Without a first pass, whether there are others of the name shows after
 * its bytes.
 */
static int find_named(struct tt_archive_feed *f, const char *member, struct tt_error *err)
{
	struct wanted all = want(member), w = all;
	bool known = see_first(f, &all);
	bool by_number = !known || (all.number != 0 && all.numbered >= all.number);
	bool by_name = !known || !by_number;
	int rc;

	if (known && by_name && all.exact == 0)
		return fail_choice(&f->list, member, err);
	if (known && by_name && all.exact > 1)
		return fail_twice(&all, err);
	f->list = (struct tt_member_list){.count = 0};
	rc = tt_archive_feed_start(f, err);
	if (rc == 0)
		rc = go_to_wanted(f, &w, by_number, by_name, err);
	if (rc != 0)
		return rc < 0 ? rc : fail_choice(&f->list, member, err);
	return known || w.exact == 0 ? 0 : remember(f, member, err);
}

/* ---- the only member */

static int find_only(struct tt_archive_feed *f, struct tt_error *err)
{
	const char *name;
	int rc = 0;

	f->more_unknown = true;
	if (f->feed.below->ops->seek != NULL) {
		f->more_unknown = !look_at_names(f, UINT64_MAX);
		if (f->list.count > 1)
			return fail_choice(&f->list, NULL, err);
	}
	f->list = (struct tt_member_list){.count = 0};
	rc = tt_archive_feed_start(f, err);
	if (rc == 0)
		rc = next_counted(f, &name, err);
	return rc > 0 ? fail_choice(&f->list, NULL, err) : rc;
}

/* At a member's end: whether others follow that could have been meant as well. */
static int check_others(struct tt_archive_feed *f, struct tt_error *err)
{
	struct wanted w;
	const char *name;
	int rc = 0;

	if (f->wanted != NULL) {
		w = want(f->wanted);
		w.exact = 1;
		/* damage after the member that was asked for does not matter */
		(void)see_all(f, &w, err);
		return w.exact > 1 ? fail_twice(&w, err) : 0;
	}
	if (f->more_unknown) {
		while (rc == 0)
			rc = next_counted(f, &name, err);
		if (f->list.count > 1)
			return fail_choice(&f->list, NULL, err);
	}
	return rc < 0 ? rc : 0;
}

static int member_read(struct tt_feed *feed, uint8_t *buf, size_t room, size_t *got,
		       struct tt_error *err)
{
	struct tt_archive_feed *f = (struct tt_archive_feed *)feed;
	int rc = tt_archive_feed_read(f, buf, room, got, err);

	return rc == 1 ? check_others(f, err) : rc;
}

static const struct tt_feed_ops member_ops = {
	sizeof(struct tt_archive_feed), member_read, NULL, tt_archive_feed_close, NULL,
};

int tt_feed_member(struct tt_feed **top, const char *member, struct tt_error *err)
{
	struct tt_archive_feed *f = tt_archive_feed_new(&member_ops, *top, err);

	if (f == NULL)
		return -err->code;
	return tt_feed_put(top, &f->feed,
			   member != NULL ? find_named(f, member, err) : find_only(f, err));
}

/* ---- all members, one after the other */

/* Before the first member, and after each one's end, there is nothing to read. */
static int members_read(struct tt_feed *feed, uint8_t *buf, size_t room, size_t *got,
			struct tt_error *err)
{
	struct tt_archive_feed *f = (struct tt_archive_feed *)feed;
	int rc = tt_archive_feed_read(f, buf, room, got, err);

	return rc == 1 ? 0 : rc;
}

static const struct tt_feed_ops members_ops = {
	sizeof(struct tt_archive_feed), members_read, NULL, tt_archive_feed_close, NULL,
};

int tt_feed_members(struct tt_feed **top, bool *only, struct tt_error *err)
{
	struct tt_archive_feed *f = tt_archive_feed_new(&members_ops, *top, err);

	if (f == NULL)
		return -err->code;
	*only = f->feed.below->ops->seek != NULL && look_at_names(f, 2) && f->list.count == 1;
	return tt_feed_put(top, &f->feed, tt_archive_feed_start(f, err));
}

int tt_feed_next_member(struct tt_feed *feed, const char **name, struct tt_error *err)
{
	feed->ended = false;
	feed->at = 0;
	tt_error_clear(&feed->error);
	return next_counted((struct tt_archive_feed *)feed, name, err);
}
