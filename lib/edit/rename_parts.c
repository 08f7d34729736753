/* SPDX-License-Identifier: MIT */
/* rename_parts.c - the parts of new texts, and which packages keep their names. */
#include "edit/rename.h"

#include <fnmatch.h>

#include "edit/go_std.h"

void tt_rename_init(struct tt_rename *r, struct tt_names *names, const char *const *keep,
		    struct tt_mem *mem)
{
	*r = (struct tt_rename){.names = names, .keep = keep, .out.mem = mem};
}

void tt_rename_release(struct tt_rename *r)
{
	tt_bytes_release(&r->out);
}

void tt_rename_put(struct tt_rename *r, const char *data, size_t len)
{
	if (!tt_bytes_put(&r->out, data, len))
		r->failed = true;
}

void tt_rename_put_name(struct tt_rename *r, enum tt_name_use use, const char *data, size_t len)
{
	struct tt_str name;

	if (tt_names_name(r->names, use, (struct tt_str){data, len}, &name))
		tt_rename_put(r, name.data, name.len);
	else
		r->failed = true;
}

bool tt_rename_keeps(const struct tt_rename *r, struct tt_str package)
{
	char path[1024];

	if (tt_go_std_package(package))
		return true;
	if (r->keep == NULL || package.len == 0 || package.len >= sizeof(path))
		return false;
	memcpy(path, package.data, package.len);
	path[package.len] = '\0';
	for (size_t i = 0; r->keep[i] != NULL; i++)
		if (fnmatch(r->keep[i], path, 0) == 0)
			return true;
	return false;
}
