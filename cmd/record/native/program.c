/* SPDX-License-Identifier: MIT */
/*
 * program.c - which programs can be recorded by a library that is loaded into them,
 * and where that library is. Command layer, inside record only.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "native.h"

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#elif defined(__riscv)
#define MACHINE EM_RISCV
#else
#define MACHINE EM_NONE
#endif

/* Scripts whose interpreter is a script. */
#define MAX_SCRIPTS 5

struct program {
	const char *name;
	char path[PATH_MAX];
	bool go;
	char why[256];
};

static bool refuse(struct program *p, const char *why)
{
	snprintf(p->why, sizeof(p->why), "%s", why);
	return false;
}

/* ---- finding */

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* As execvp() finds it. */
static bool find_program(struct program *p)
{
	const char *folders = getenv("PATH");

	if (strchr(p->name, '/')) {
		snprintf(p->path, sizeof(p->path), "%s", p->name);
		return access(p->path, X_OK) == 0 || refuse(p, strerror(errno));
	}
	for (folders = folders ? folders : "/bin:/usr/bin"; *folders != '\0';) {
		size_t n = strcspn(folders, ":");

		snprintf(p->path, sizeof(p->path), "%.*s/%s", n == 0 ? 1 : (int)n,
			 n == 0 ? "." : folders, p->name);
		if (is_program(p->path))
			return true;
		folders += n + (folders[n] == ':');
	}
	return refuse(p, "no such program in PATH");
}

/* ---- ELF */

/* Up to n bytes; fewer at the file's end, or after an error, which errno says then. */
static size_t read_some(int fd, void *buf, size_t n, uint64_t at)
{
	size_t have = 0;
	ssize_t got = 1;

	errno = 0;
	while (have < n && got != 0 && at <= (uint64_t)INT64_MAX - have) {
		got = pread(fd, (char *)buf + have, n - have, (off_t)(at + have));
		if (got < 0 && errno != EINTR)
			return have;
		have += got > 0 ? (size_t)got : 0;
	}
	errno = 0;
	return have;
}

static bool read_at(int fd, void *buf, size_t n, uint64_t at)
{
	return read_some(fd, buf, n, at) == n;
}

/* After a read_at() that failed: the system's reason, or if there is none, this one. */
static bool refuse_unread(struct program *p, const char *why)
{
	return refuse(p, errno != 0 ? strerror(errno) : why);
}

/* The loader's path, if the program has one. */
static bool read_loader(int fd, const Elf64_Ehdr *head, char *loader, size_t size)
{
	Elf64_Phdr part;

	for (unsigned i = 0; i < head->e_phnum; i++) {
		if (!read_at(fd, &part, sizeof(part), head->e_phoff + (uint64_t)i * sizeof(part)))
			return false;
		if (part.p_type != PT_INTERP)
			continue;
		if (part.p_filesz == 0 || part.p_filesz > size ||
		    !read_at(fd, loader, part.p_filesz, part.p_offset))
			return false;
		loader[part.p_filesz - 1] = '\0';
		return true;
	}
	return false;
}

/* ---- Go programs */

/* The note that Go's linker writes: its own, and kept by `strip`. */
static bool has_go_note(int fd, const Elf64_Phdr *part)
{
	enum { GO_BUILD_ID = 4, MAX_NOTES = 64 };
	uint64_t at = part->p_offset, left = part->p_filesz;
	struct {
		Elf64_Nhdr head;
		char name[4];
	} note;

	for (int i = 0; i < MAX_NOTES && left >= sizeof(note); i++) {
		uint64_t size;

		if (!read_at(fd, &note, sizeof(note), at))
			return false;
		if (note.head.n_namesz == 4 && note.head.n_type == GO_BUILD_ID &&
		    memcmp(note.name, "Go\0", 4) == 0)
			return true;
		size = sizeof(note.head) + (((uint64_t)note.head.n_namesz + 3) & ~UINT64_C(3)) +
		       (((uint64_t)note.head.n_descsz + 3) & ~UINT64_C(3));
		if (size > left)
			return false;
		at += size;
		left -= size;
	}
	return false;
}

static bool is_go(int fd, const Elf64_Ehdr *head)
{
	Elf64_Phdr part;

	for (unsigned i = 0; i < head->e_phnum; i++) {
		if (!read_at(fd, &part, sizeof(part), head->e_phoff + (uint64_t)i * sizeof(part)))
			return false;
		if (part.p_type == PT_NOTE && has_go_note(fd, &part))
			return true;
	}
	return false;
}

/* The same of a 32-bit program. */
static bool is_go32(int fd)
{
	Elf32_Ehdr head;
	Elf32_Phdr part;

	if (!read_at(fd, &head, sizeof(head), 0))
		return false;
	for (unsigned i = 0; i < head.e_phnum; i++) {
		Elf64_Phdr wide;

		if (!read_at(fd, &part, sizeof(part), head.e_phoff + (uint64_t)i * sizeof(part)))
			return false;
		wide = (Elf64_Phdr){ .p_offset = part.p_offset, .p_filesz = part.p_filesz };
		if (part.p_type == PT_NOTE && has_go_note(fd, &wide))
			return true;
	}
	return false;
}

static const char own_traces[] =
	"is a Go program: its own runtime writes traces. If it writes one to a file, put {} where "
	"the file's name is an argument; if it serves net/http/pprof, use --url";

/* ---- what our library can be loaded into */

/* Our library needs the loader that tracetool has. */
static bool same_loader(const char *loader)
{
	char own[PATH_MAX];
	Elf64_Ehdr head;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	bool known = fd >= 0 && read_at(fd, &head, sizeof(head), 0) &&
		     read_loader(fd, &head, own, sizeof(own));

	if (fd >= 0)
		close(fd);
	return !known || strcmp(cmd_base_name(own), cmd_base_name(loader)) == 0;
}

static bool check_elf(struct program *p, int fd)
{
	char loader[PATH_MAX];
	Elf64_Ehdr head;

	if (!read_at(fd, &head, sizeof(head), 0))
		return refuse_unread(p, "is not a complete program");
	if (head.e_ident[EI_CLASS] != ELFCLASS64 && is_go32(fd))
		return refuse(p, own_traces);
	if (head.e_ident[EI_CLASS] != ELFCLASS64)
		return refuse(p, "is a 32-bit program; the recording library is for 64 bits");
	if (MACHINE != EM_NONE && head.e_machine != MACHINE)
		return refuse(p, "is a program for another kind of processor");
	p->go = is_go(fd, &head);
	if (!read_loader(fd, &head, loader, sizeof(loader)) && p->go)
		return refuse(p, own_traces);
	if (!read_loader(fd, &head, loader, sizeof(loader)))
		return refuse_unread(p, "is statically linked: no library can be loaded into it");
	if (same_loader(loader))
		return true;
	snprintf(p->why, sizeof(p->why), "has the loader %.100s, of a different C library than "
					 "the recording library", loader);
	return false;
}

/* In a program that gains rights, the loader ignores LD_PRELOAD. */
static bool check_rights(struct program *p, int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return refuse(p, strerror(errno));
	if (geteuid() == 0)
		return true;
	if ((st.st_mode & S_ISUID) != 0 && st.st_uid != geteuid())
		return refuse(p, "runs as another user (set-user-id): "
				 "no library can be loaded into it");
	if ((st.st_mode & S_ISGID) != 0 && st.st_gid != getegid())
		return refuse(p, "runs as another group (set-group-id): "
				 "no library can be loaded into it");
	if (fgetxattr(fd, "security.capability", NULL, 0) > 0)
		return refuse(p, "gains capabilities: no library can be loaded into it");
	return true;
}

/* ---- scripts */

/* "#! /path/of/interpreter argument": the path goes to p->path. */
static bool to_interpreter(struct program *p, char *line)
{
	char *start = line + 2 + strspn(line + 2, " \t");

	start[strcspn(start, " \t\n")] = '\0';
	if (start[0] == '\0')
		return refuse(p, "is a script without an interpreter");
	memmove(p->path, start, strlen(start) + 1);
	return true;
}

enum kind { KIND_REFUSED, KIND_FITS, KIND_SCRIPT };

static enum kind examine(struct program *p)
{
	char start[256];
	int fd = open(p->path, O_RDONLY | O_CLOEXEC);
	size_t n = fd >= 0 ? read_some(fd, start, sizeof(start) - 1, 0) : 0;
	enum kind kind = KIND_REFUSED;

	if (fd < 0 && errno == EACCES)
		return KIND_FITS; /* may be run but not read: it is tried */
	start[n] = '\0';
	if (errno != 0)
		refuse(p, strerror(errno));
	else if (n >= SELFMAG && memcmp(start, ELFMAG, SELFMAG) == 0)
		kind = check_rights(p, fd) && check_elf(p, fd) ? KIND_FITS : KIND_REFUSED;
	else if (n >= 2 && start[0] == '#' && start[1] == '!')
		kind = to_interpreter(p, start) ? KIND_SCRIPT : KIND_REFUSED;
	else
		refuse(p, "is neither an ELF program nor a script that names its interpreter");
	if (fd >= 0)
		close(fd);
	return kind;
}

bool native_program_fits(const char *name, bool *go, char *why, size_t size)
{
	struct program p = { .name = name };
	enum kind kind = find_program(&p) ? KIND_SCRIPT : KIND_REFUSED;
	char first[PATH_MAX];

	memcpy(first, p.path, sizeof(first));
	for (int i = 0; kind == KIND_SCRIPT && i < MAX_SCRIPTS; i++)
		kind = examine(&p);
	*go = p.go;
	if (kind == KIND_FITS)
		return true;
	if (kind == KIND_SCRIPT)
		refuse(&p, "is a script whose interpreter is a script, and so on");
	if (strcmp(first, p.path) != 0)
		snprintf(why, size, "is a script, whose interpreter %.200s %s", p.path, p.why);
	else
		snprintf(why, size, "%s", p.why);
	return false;
}

/* ---- the library */

static bool in_folder(char path[PATH_MAX], const char *folder, const char *name)
{
	int n = snprintf(path, PATH_MAX, "%s/%s", folder, name);

	return n > 0 && n < PATH_MAX && access(path, R_OK) == 0;
}

bool native_library(bool heap, char path[PATH_MAX])
{
	const char *name = heap ? "libtracetool-heap.so" : "libtracetool-record.so";
	char folder[PATH_MAX], installed[PATH_MAX + 32];
	ssize_t n = readlink("/proc/self/exe", folder, sizeof(folder) - 1);

	if (n > 0) {
		folder[n] = '\0';
		*strrchr(folder, '/') = '\0';
		/* as built, or installed and moved as a whole */
		if (in_folder(path, folder, name))
			return true;
		snprintf(installed, sizeof(installed), "%s/../lib/tracetool", folder);
		if (in_folder(path, installed, name))
			return true;
	}
	if (in_folder(path, PRELOAD_FOLDER, name))
		return true;
	cmd_error(NULL, "%s is missing: the library to be loaded into the program", path);
	cmd_advise("Build all of tracetool (make) or install it (make install): the program alone does not have it.");
	return false;
}
