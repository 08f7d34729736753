/* SPDX-License-Identifier: MIT */
/* outfile.c - a verb's output file, without its name until it is whole. Command layer. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "outfile.h"

static int report_failure(const char *path, int failure)
{
	cmd_error(path, "cannot be written: %s", strerror(failure));
	return STATUS_TROUBLE;
}

/* Temporary files that exist, for a signal that ends the program; more than these are left. */
static char *volatile unfinished[8];

static void note_unfinished(char *from, char *to)
{
	for (size_t i = 0; i < sizeof(unfinished) / sizeof(unfinished[0]); i++) {
		if (unfinished[i] != from)
			continue;
		unfinished[i] = to;
		return;
	}
}

void outfile_remove_unfinished(void)
{
	for (size_t i = 0; i < sizeof(unfinished) / sizeof(unfinished[0]); i++)
		if (unfinished[i])
			unlink(unfinished[i]);
}

static void on_signal(int number)
{
	outfile_remove_unfinished();
	raise(number);
}

/* Ctrl-C and the like remove temporary files, unless the verb itself handles them. */
static void remove_when_ended(void)
{
	static const int ends[] = { SIGHUP, SIGINT, SIGTERM };
	const struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct sigaction old;

		if (sigaction(ends[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
			sigaction(ends[i], &action, NULL);
	}
}

static void release(struct outfile *f)
{
	if (f->temporary)
		note_unfinished(f->temporary, NULL);
	free(f->buffer);
	free(f->target);
	free(f->temporary);
	*f = (struct outfile){ 0 };
}

static bool written_in_place(const char *target)
{
	struct stat st;

	return stat(target, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static bool is_null_device(const char *target)
{
	struct stat st, null;

	return stat(target, &st) == 0 && stat("/dev/null", &null) == 0 && S_ISCHR(st.st_mode) &&
	       st.st_rdev == null.st_rdev;
}

bool outfile_can_be_written_again(const char *path)
{
	return path && strcmp(path, "-") != 0 && (!written_in_place(path) || is_null_device(path));
}

/* A file without a name is gone with the program, whatever ends that. It is named through
 * /proc; without that, or on a file system without such files: -1. */
static int open_nameless(const struct outfile *f)
{
	const char *slash = strrchr(f->target, '/');
	char *folder = slash ? strndup(f->target, (size_t)(slash - f->target) + 1) : strdup(".");
	int fd = -1;

	if (folder && access("/proc/self/fd", X_OK) == 0)
		fd = open(folder, O_WRONLY | O_TMPFILE | O_CLOEXEC, f->secret ? 0600 : 0666);
	free(folder);
	return fd;
}

static int open_descriptor(struct outfile *f)
{
	int fd;

	if (!f->secret && written_in_place(f->target))
		return open(f->target, O_WRONLY | O_CLOEXEC);
	if (asprintf(&f->temporary, "%s.%ld.tmp", f->target, (long)getpid()) < 0) {
		f->temporary = NULL;
		return -1;
	}
	remove_when_ended();
	fd = open_nameless(f);
	f->nameless = fd >= 0;
	if (fd >= 0)
		return fd;
	fd = open(f->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		  f->secret ? 0600 : 0666);
	if (fd >= 0)
		note_unfinished(NULL, f->temporary);
	return fd;
}

static int open_target(struct outfile *f, const char *path)
{
	int fd;

	f->out = &f->own;
	f->buffer = malloc(OUT_SIZE + OUT_ROOM);
	if (!f->target || !f->buffer) {
		release(f);
		return report_failure(path, ENOMEM);
	}
	fd = open_descriptor(f);
	if (fd < 0) {
		int failure = errno;

		release(f);
		return report_failure(path, failure);
	}
	out_init(f->out, fd, f->buffer, OUT_SIZE);
	f->out->to_disk = f->temporary != NULL;
	return STATUS_FINE;
}

int outfile_open(struct outfile *f, const char *path)
{
	*f = (struct outfile){ .out = &out_stdout, .path = path };
	if (!path || strcmp(path, "-") == 0)
		return STATUS_FINE;
	/* a symbolic link stays as it is: the file that it leads to is written */
	f->target = realpath(path, NULL);
	if (!f->target)
		f->target = strdup(path);
	return open_target(f, path);
}

int outfile_open_secret(struct outfile *f, const char *path)
{
	struct stat st;

	*f = (struct outfile){ .out = &out_stdout, .path = path, .secret = true };
	if (lstat(path, &st) == 0)
		return report_failure(path, EEXIST);
	f->target = strdup(path);
	return open_target(f, path);
}

/* The permissions of the file that is replaced, if there is one, and its owner, if that is
 * allowed. */
static void inherit(const struct outfile *f)
{
	struct stat st;

	if (stat(f->target, &st) != 0 || !S_ISREG(st.st_mode))
		return;
	if (fchown(f->out->fd, st.st_uid, st.st_gid) != 0 &&
	    fchown(f->out->fd, (uid_t)-1, st.st_gid) != 0)
		st.st_mode &= (mode_t)~(S_ISUID | S_ISGID);
	(void)fchmod(f->out->fd, st.st_mode & 07777);
}

void outfile_path_so_far(const struct outfile *f, char room[OUTFILE_PATH_ROOM])
{
	if (f->nameless)
		snprintf(room, OUTFILE_PATH_ROOM, "/proc/self/fd/%d", f->out->fd);
	else
		snprintf(room, OUTFILE_PATH_ROOM, "%s", f->temporary);
}

/* A file without a name gets its temporary one: no link takes the place of a file, as a rename
 * does. */
static int give_temporary_name(struct outfile *f)
{
	char path[OUTFILE_PATH_ROOM];

	if (!f->nameless)
		return 0;
	outfile_path_so_far(f, path);
	if (linkat(AT_FDCWD, path, AT_FDCWD, f->temporary, AT_SYMLINK_FOLLOW) < 0)
		return -1;
	f->nameless = false;
	note_unfinished(NULL, f->temporary);
	return 0;
}

static void remove_temporary(const struct outfile *f)
{
	if (f->temporary && !f->nameless)
		unlink(f->temporary);
}

/* The file gets its name. 0, or -1 with errno. */
static int publish(const struct outfile *f)
{
	if (!f->secret)
		return rename(f->temporary, f->target);
	/* (unlike rename(), this fails where there is a file meanwhile) */
	if (link(f->temporary, f->target) < 0)
		return -1;
	return unlink(f->temporary);
}

/* 0, or the errno of what failed. */
static int complete_file(struct outfile *f)
{
	int failure = out_flush(f->out);

	if (f->temporary && !f->secret)
		inherit(f);
	if (failure == 0 && f->temporary && fsync(f->out->fd) < 0)
		failure = errno;
	if (f->temporary && failure == 0 && give_temporary_name(f) < 0)
		failure = errno;
	if (close(f->out->fd) < 0 && failure == 0)
		failure = errno;
	if (f->temporary && failure == 0 && publish(f) < 0)
		failure = errno;
	if (failure != 0)
		remove_temporary(f);
	return failure;
}

int outfile_finish(struct outfile *f)
{
	int status = STATUS_FINE;

	if (f->target) {
		int failure = complete_file(f);

		if (failure != 0)
			status = report_failure(f->path, failure);
	}
	release(f);
	return status;
}

void outfile_discard(struct outfile *f)
{
	if (f->target)
		close(f->own.fd);
	else
		out_forget(f->out);
	remove_temporary(f);
	release(f);
}
