/* SPDX-License-Identifier: MIT */
/*
 * words.c - a small program to be recorded: threads count the words of files, one
 * file each, into one table. usage: words FILE...
 */
#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NBUCKETS 64
#define MAX_THREADS 16

struct word {
	struct word *next;
	unsigned long count;
	char *text;
};

static struct word *table[NBUCKETS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct word *new_word(const char *text)
{
	struct word *w = calloc(1, sizeof(*w));

	if (w)
		w->text = strdup(text);
	return w;
}

static void count_word(const char *text)
{
	unsigned hash = 0;
	struct word *w;

	for (const char *p = text; *p; p++)
		hash = hash * 31 + (unsigned char)*p;
	pthread_mutex_lock(&lock);
	for (w = table[hash % NBUCKETS]; w && strcmp(w->text, text) != 0;)
		w = w->next;
	if (!w && (w = new_word(text))) {
		w->next = table[hash % NBUCKETS];
		table[hash % NBUCKETS] = w;
	}
	if (w)
		w->count++;
	pthread_mutex_unlock(&lock);
}

static void *count_file(void *path)
{
	FILE *f = fopen(path, "r");
	char text[64];
	size_t n = 0;
	int c;

	while (f && (c = getc(f)) != EOF) {
		if (isalpha(c) && n < sizeof(text) - 1) {
			text[n++] = (char)c;
		} else if (n > 0) {
			text[n] = '\0';
			count_word(text);
			n = 0;
		}
	}
	if (f)
		fclose(f);
	return NULL;
}

static unsigned long free_words(void)
{
	unsigned long n = 0;
	struct word *w;

	for (int i = 0; i < NBUCKETS; i++) {
		while ((w = table[i])) {
			table[i] = w->next;
			free(w->text);
			free(w);
			n++;
		}
	}
	return n;
}

int main(int argc, char **argv)
{
	pthread_t threads[MAX_THREADS];
	int n = argc - 1 < MAX_THREADS ? argc - 1 : MAX_THREADS;

	for (int i = 0; i < n; i++)
		pthread_create(&threads[i], NULL, count_file, argv[i + 1]);
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	printf("%lu words\n", free_words());
	return 0;
}
