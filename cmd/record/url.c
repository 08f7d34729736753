/* SPDX-License-Identifier: MIT */
/*
 * url.c - the trace of a live Go server, through libcurl. Command layer,
 * inside record only. Without libcurl it says so.
 */
#include "cli/dynlib.h"
#include "cli/units.h"
#include "record.h"

#ifndef HAVE_CURL

int record_url(struct record *r, const struct opt_command *command)
{
	(void)r;
	return opt_usage(command, "this tracetool was built without libcurl: fetch the trace with "
				  "another program and use 'tracetool record -'");
}

#else

/* its macros that check types name the functions */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is used of libcurl: dynlib.h. */
#define FUNCTIONS(F) \
	F(curl_easy_cleanup) F(curl_easy_getinfo) F(curl_easy_init) F(curl_easy_pause) \
	F(curl_easy_setopt) F(curl_easy_strerror) F(curl_free) F(curl_global_cleanup) \
	F(curl_global_init) F(curl_multi_add_handle) F(curl_multi_cleanup) \
	F(curl_multi_info_read) F(curl_multi_init) F(curl_multi_perform) \
	F(curl_multi_poll) F(curl_multi_remove_handle) F(curl_url) F(curl_url_cleanup) \
	F(curl_url_get) F(curl_url_set)

static struct {
	FUNCTIONS(DYNLIB_POINTER)
} lib;
static const char *const names[] = { FUNCTIONS(DYNLIB_NAME) };

#define DEFAULT_SECONDS 5
#define DEFAULT_TIMEOUT 30
#define CONNECT_SECONDS 15L
#define MAX_REDIRECTS 10L
/* When so many bytes are unread, the server has to wait. */
#define AHEAD_NBYTES ((size_t)4 << 20)

struct url_source {
	struct record_source base;
	CURLM *multi;
	CURL *easy;
	char *url;              /* with the query */
	char *shown;            /* without user and password */
	int64_t seconds_ns, timeout_ns;
	bool bad_seconds;       /* those in the query */
	int64_t deadline_ns;    /* 0: not begun */
	bool done;
	CURLcode result;
	/* what arrived and was not read yet */
	uint8_t *data;
	size_t at, len, cap;
	bool paused;
	/* the server's answer if it is not a trace */
	char words[512];
	size_t nwords;
	char curl_words[CURL_ERROR_SIZE];
};

/* ---- URL */

static bool has_seconds(const char *query)
{
	while (query) {
		if (strncmp(query, "seconds=", 8) == 0)
			return true;
		query = strchr(query, '&');
		if (query)
			query++;
	}
	return false;
}

/*
 * Of a query that has them. Go's server takes a number above 0, and 1 second for anything
 * else; then nobody would know how long to wait. False: it is not such a number, or too large.
 */
static bool seconds_of(const char *query, int64_t *ns)
{
	const char *text;
	char *end;
	double seconds;

	while (strncmp(query, "seconds=", 8) != 0)
		query = strchr(query, '&') + 1;
	text = query + 8;
	seconds = strtod(text, &end);
	if (strspn(text, "0123456789.eE+-") != (size_t)(end - text) ||
	    (*end != '\0' && *end != '&') || !(seconds > 0 && seconds <= RECORD_MAX_SECONDS))
		return false;
	*ns = (int64_t)(seconds * 1e9);
	return true;
}

static CURLUcode set_query(struct url_source *u, CURLU *url)
{
	char *query = NULL, text[64];
	CURLUcode rc = lib.curl_url_get(url, CURLUPART_QUERY, &query, 0);

	if (rc == CURLUE_OK && has_seconds(query) && u->seconds_ns < 0) {
		u->bad_seconds = !seconds_of(query, &u->seconds_ns);
		lib.curl_free(query);
		return u->bad_seconds ? CURLUE_BAD_QUERY : CURLUE_OK;
	}
	if (rc == CURLUE_OK && has_seconds(query)) {
		lib.curl_free(query);
		return CURLUE_BAD_QUERY;
	}
	lib.curl_free(query);
	if (u->seconds_ns < 0)
		u->seconds_ns = DEFAULT_SECONDS * NS_PER_SECOND;
	snprintf(text, sizeof(text), "seconds=%.15g", (double)u->seconds_ns / 1e9);
	return lib.curl_url_set(url, CURLUPART_QUERY, text, CURLU_APPENDQUERY);
}

static CURLUcode set_path(CURLU *url)
{
	char *path = NULL;
	CURLUcode rc = lib.curl_url_get(url, CURLUPART_PATH, &path, 0);

	if (rc == CURLUE_OK && strcmp(path, "/") == 0)
		rc = lib.curl_url_set(url, CURLUPART_PATH, "/debug/pprof/trace", 0);
	lib.curl_free(path);
	return rc;
}

/* Keeps the whole URL, and the part of it that may be shown. */
static CURLUcode keep_url(struct url_source *u, CURLU *url)
{
	CURLUcode rc = lib.curl_url_get(url, CURLUPART_URL, &u->url, 0);

	if (rc == CURLUE_OK)
		rc = lib.curl_url_set(url, CURLUPART_USER, NULL, 0);
	if (rc == CURLUE_OK)
		rc = lib.curl_url_set(url, CURLUPART_PASSWORD, NULL, 0);
	if (rc == CURLUE_OK)
		rc = lib.curl_url_get(url, CURLUPART_URL, &u->shown, 0);
	return rc;
}

/* False after a message. */
static bool parse_url(struct url_source *u, const struct opt_command *command, const char *text)
{
	CURLU *url = lib.curl_url();
	char *scheme = NULL;
	bool http;
	CURLUcode rc = url ? lib.curl_url_set(url, CURLUPART_URL, text, CURLU_GUESS_SCHEME) :
			     CURLUE_OUT_OF_MEMORY;

	if (rc == CURLUE_OK)
		rc = lib.curl_url_get(url, CURLUPART_SCHEME, &scheme, 0);
	http = rc == CURLUE_OK && (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
	lib.curl_free(scheme);
	if (http)
		rc = set_path(url);
	if (http && rc == CURLUE_OK)
		rc = set_query(u, url);
	if (http && rc == CURLUE_OK)
		rc = keep_url(u, url);
	lib.curl_url_cleanup(url);
	if (rc == CURLUE_OK && http)
		return true;
	if (u->bad_seconds)
		opt_usage(command, "--url: seconds= must be a number above 0 and at most %g",
			  (double)RECORD_MAX_SECONDS);
	else if (rc == CURLUE_BAD_QUERY)
		opt_usage(command, "--url already has seconds=: leave out --seconds");
	else if (rc == CURLUE_OUT_OF_MEMORY)
		cmd_error(NULL, "out of memory");
	else
		opt_usage(command, "--url needs an address like http://HOST:PORT");
	return false;
}

/* ---- transfer */

static long http_status(const struct url_source *u)
{
	long status = 0;

	lib.curl_easy_getinfo(u->easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static bool make_room(struct url_source *u, size_t n)
{
	uint8_t *data;

	if (u->at == u->len)
		u->at = u->len = 0;
	if (n <= u->cap - u->len)
		return true;
	data = realloc(u->data, u->len + n + AHEAD_NBYTES / 4);
	if (!data)
		return false;
	u->data = data;
	u->cap = u->len + n + AHEAD_NBYTES / 4;
	return true;
}

/* An answer that is not a trace is shown, on one line. */
static void add_words(struct url_source *u, const char *data, size_t n)
{
	for (size_t i = 0; i < n && u->nwords + 1 < sizeof(u->words); i++) {
		char c = data[i] == '\n' || data[i] == '\r' ? ' ' : data[i];

		if (c == ' ' && (u->nwords == 0 || u->words[u->nwords - 1] == ' '))
			continue;
		u->words[u->nwords++] = c == '\0' ? ' ' : c;
	}
	u->words[u->nwords] = '\0';
}

static size_t on_data(char *data, size_t size, size_t n, void *arg)
{
	struct url_source *u = arg;

	n *= size;
	if (http_status(u) != 200) {
		add_words(u, data, n);
		return n;
	}
	if (u->len - u->at > AHEAD_NBYTES) {
		u->paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	if (!make_room(u, n))
		return 0;
	memcpy(u->data + u->len, data, n);
	u->len += n;
	return n;
}

static CURLcode set_protocols(CURL *easy)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	const char *http = "http,https";
	CURLcode rc = lib.curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, http);

	return rc != CURLE_OK ? rc : lib.curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, http);
#else
	long http = CURLPROTO_HTTP | CURLPROTO_HTTPS;
	CURLcode rc = lib.curl_easy_setopt(easy, CURLOPT_PROTOCOLS, http);

	return rc != CURLE_OK ? rc : lib.curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS, http);
#endif
}

static bool prepare(struct url_source *u)
{
	const char *agent = "tracetool/" TT_VERSION_STRING;
	CURL *e = lib.curl_easy_init();

	u->easy = e;
	u->multi = lib.curl_multi_init();
	return e && u->multi && set_protocols(e) == CURLE_OK &&
	       lib.curl_easy_setopt(e, CURLOPT_URL, u->url) == CURLE_OK &&
	       lib.curl_easy_setopt(e, CURLOPT_USERAGENT, agent) == CURLE_OK &&
	       lib.curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       lib.curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 1L) == CURLE_OK &&
	       lib.curl_easy_setopt(e, CURLOPT_MAXREDIRS, MAX_REDIRECTS) == CURLE_OK &&
	       lib.curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS) == CURLE_OK &&
	       lib.curl_easy_setopt(e, CURLOPT_ERRORBUFFER, u->curl_words) == CURLE_OK &&
	       lib.curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_data) == CURLE_OK &&
	       lib.curl_easy_setopt(e, CURLOPT_WRITEDATA, u) == CURLE_OK &&
	       lib.curl_multi_add_handle(u->multi, e) == CURLM_OK;
}

/* Takes what has arrived; false if that failed. */
static bool transfer(struct url_source *u)
{
	int running, left;
	const CURLMsg *msg;

	if (u->paused) {
		u->paused = false;
		lib.curl_easy_pause(u->easy, CURLPAUSE_CONT);
	}
	if (lib.curl_multi_perform(u->multi, &running) != CURLM_OK)
		return false;
	while ((msg = lib.curl_multi_info_read(u->multi, &left))) {
		if (msg->msg == CURLMSG_DONE) {
			u->done = true;
			u->result = msg->data.result;
		}
	}
	return true;
}

static void wait_for_more(struct url_source *u)
{
	struct curl_waitfd wake = { .fd = record_wake_fd(), .events = CURL_WAIT_POLLIN };

	record_tick(u->base.record);
	(void)lib.curl_multi_poll(u->multi, &wake, 1, 100, NULL);
	record_wake_clear();
}

/* Says in base.why why there is no trace, or no more of it. -1 and errno. */
static int64_t fail(struct url_source *u)
{
	char *why = u->base.why;
	size_t size = sizeof(u->base.why);
	const char *words = u->curl_words[0] != '\0' ? u->curl_words
						     : lib.curl_easy_strerror(u->result);

	/* they may end with a newline */
	if (u->nwords > 0 && u->words[u->nwords - 1] == ' ')
		u->words[--u->nwords] = '\0';
	if (!u->done)
		snprintf(why, size, "the trace of %g s did not end within %g s after that "
				    "(see --timeout)",
			 (double)u->seconds_ns / 1e9, (double)u->timeout_ns / 1e9);
	else if (u->result != CURLE_OK)
		snprintf(why, size, "%s%s", u->base.started ? "the connection broke: " : "", words);
	else
		snprintf(why, size, "the server answered HTTP %ld%s%s", http_status(u),
			 u->nwords > 0 ? ": " : "", u->words);
	errno = u->done ? EIO : ETIMEDOUT;
	return -1;
}

static int64_t read_url(struct record_source *s, void *buf, size_t room)
{
	struct url_source *u = (struct url_source *)s;
	size_t n;

	if (u->deadline_ns == 0)
		u->deadline_ns = now_ns() + u->seconds_ns + u->timeout_ns;
	while (u->at == u->len && !u->done) {
		if (record_cancelled())
			return -1;
		if (now_ns() > u->deadline_ns || !transfer(u))
			return fail(u);
		if (u->at == u->len && !u->done)
			wait_for_more(u);
	}
	if (u->at == u->len)
		return u->result == CURLE_OK && http_status(u) == 200 ? 0 : fail(u);
	/* these also hold for a stream without pauses */
	if (record_cancelled())
		return -1;
	if (now_ns() > u->deadline_ns && !u->done)
		return fail(u);
	n = u->len - u->at < room ? u->len - u->at : room;
	memcpy(buf, u->data + u->at, n);
	u->at += n;
	return (int64_t)n;
}

static void release(struct url_source *u)
{
	if (u->multi && u->easy)
		lib.curl_multi_remove_handle(u->multi, u->easy);
	lib.curl_easy_cleanup(u->easy);
	lib.curl_multi_cleanup(u->multi);
	lib.curl_free(u->url);
	lib.curl_free(u->shown);
	free(u->data);
}

int record_url(struct record *r, const struct opt_command *command)
{
	struct url_source u = {
		.base = { .read = read_url },
		.seconds_ns = r->opt->seconds_ns,
		.timeout_ns = r->opt->timeout_ns < 0 ? DEFAULT_TIMEOUT * NS_PER_SECOND
						     : r->opt->timeout_ns,
	};
	int status = STATUS_TROUBLE;

	if (!dynlib_open("libcurl.so.4", names, ARRAY_SIZE(names), &lib)) {
		cmd_error(NULL, "libcurl.so.4 cannot be loaded: install it, or fetch the trace "
				"with another program and use 'tracetool record -'");
		return STATUS_TROUBLE;
	}
	if (lib.curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		cmd_error(NULL, "libcurl cannot be initialized");
		return STATUS_TROUBLE;
	}
	if (parse_url(&u, command, r->opt->url)) {
		u.base.name = u.shown;
		if (prepare(&u))
			status = record_run(r, &u.base);
		else
			cmd_error(u.shown, "libcurl cannot be initialized");
	}
	release(&u);
	lib.curl_global_cleanup();
	return status;
}

#endif
