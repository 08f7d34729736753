/* SPDX-License-Identifier: MIT */
/* url.c - URLs among the arguments. Command layer. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "url.h"

bool url_is(const char *text)
{
	return strncasecmp(text, "http://", 7) == 0 || strncasecmp(text, "https://", 8) == 0;
}

/* The user and password in a URL, which may lack its scheme: their length, or 0. */
static size_t find_user(char *url, char **user)
{
	char *scheme = strstr(url, "://");
	char *at = NULL;

	*user = scheme && strcspn(url, "/") > (size_t)(scheme - url) ? scheme + 3 : url;
	for (char *c = *user; *c != '\0' && !strchr("/?#", *c); c++)
		at = *c == '@' ? c : at;
	return at ? (size_t)(at - *user) : 0;
}

/* Within its own memory, the rest of which becomes zeros. */
static void overwrite(char *user, size_t n)
{
	size_t rest = strlen(user + n) + 1, stars = n < 3 ? n : 3;

	memset(user, '*', stars);
	memmove(user + stars, user + n, rest);
	memset(user + stars + rest, 0, n - stars);
}

bool url_hide_passwords(int argc, char **argv)
{
	bool command = false, value = false;

	for (int i = 1; i < argc; i++) {
		char *url = argv[i];
		bool option = !command && strncmp(argv[i], "--url=", 6) == 0;
		char *user, *copy;
		size_t n;

		if (option)
			url += 6;
		n = option || value || strstr(url, "://") ? find_user(url, &user) : 0;
		if (n > 0 && (option || value || command)) {
			copy = strdup(argv[i]);
			if (!copy)
				return false;
			argv[i] = copy;
		}
		if (n > 0)
			overwrite(user, n);
		value = !command && strcmp(argv[i], "--url") == 0;
		command = command || strcmp(argv[i], "--") == 0;
	}
	return true;
}
