/* The CA's roots in the engine's words. */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "ca.h"
#include "mem.h"
#include "port.h"
#include "ports.h"
#include "str.h"

#define ROOT_TEXT_MAX 16384

static int
take_root(void *cookie, const struct ca_root_info *info, struct err *err)
{
	struct port_roots *roots = cookie;
	struct port_root *r;
	struct buf text;

	(void)err;
	roots->root =
	    mem_grow(roots->root, roots->count + 1, sizeof(*roots->root));
	r = &roots->root[roots->count++];
	str_sha256_hex(info->der, info->len, r->sha256);
	buf_init(&text, ROOT_TEXT_MAX);
	str_base64(&text, info->der, info->len);
	r->der = mem_dup(buf_text(&text));
	r->name = mem_dup(info->subject);
	buf_free(&text);
	return 0;
}

void
port_ca_roots(const struct ca *ca, struct port_roots *ret)
{
	memset(ret, 0, sizeof(*ret));
	(void)ca_roots(ca, take_root, ret, NULL);
}

void
port_ca_roots_clear(struct port_roots *roots)
{
	size_t i;

	for (i = 0; i < roots->count; i++) {
		free(roots->root[i].der);
		free(roots->root[i].name);
	}
	free(roots->root);
	memset(roots, 0, sizeof(*roots));
}
