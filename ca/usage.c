/* What a certificate may be used for, by name (RFC 5280, 4.2.1.12). */
#include <string.h>

#include "buf.h"
#include "der.h"
#include "err.h"
#include "str.h"
#include "template_internal.h"

static const struct usage {
	const char *name;
	unsigned bit;
	const struct ca_span *oid;
	unsigned needs; /* firmware wants this one beside it */
} usages[] = {
    {"server", CA_USAGE_SERVER, &ca_oids.server_auth, 0},
    {"client", CA_USAGE_CLIENT, &ca_oids.client_auth, 0},
    {"amt-remote-console", CA_USAGE_AMT_REMOTE, &ca_oids.amt_remote,
	CA_USAGE_CLIENT},
    {"amt-local-console", CA_USAGE_AMT_LOCAL, &ca_oids.amt_local,
	CA_USAGE_CLIENT},
    {"amt-client-setup", CA_USAGE_AMT_SETUP, &ca_oids.amt_setup,
	CA_USAGE_SERVER},
};

#define USAGES (sizeof(usages) / sizeof(usages[0]))

static const struct usage *
find(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < USAGES; i++)
		if (strlen(usages[i].name) == len &&
		    memcmp(usages[i].name, name, len) == 0)
			return &usages[i];
	return NULL;
}

int
ca_usage_parse(const char *text, unsigned *ret_bits, struct err *err)
{
	const struct usage *u;
	unsigned bits = 0;
	size_t len;

	if (text == NULL)
		text = "server";
	for (;;) {
		len = strcspn(text, ",");
		u = find(text, len);
		if (u == NULL)
			return err_set(err, ERR_INVALID,
			    "usage \"%.*s\" is none of server, client, "
			    "amt-remote-console, amt-local-console, "
			    "amt-client-setup",
			    len > 40 ? 40 : (int)len, text);
		if ((bits & u->bit) != 0)
			return err_set(err, ERR_INVALID,
			    "usage \"%s\" is listed twice", u->name);
		bits |= u->bit;
		if (text[len] == '\0')
			break;
		text += len + 1;
	}
	*ret_bits = bits;
	return 0;
}

bool
ca_usage_lacks(unsigned bits, const char **ret_name, const char **ret_needed)
{
	size_t i, k;

	for (i = 0; i < USAGES; i++) {
		if ((bits & usages[i].bit) == 0 ||
		    (bits & usages[i].needs) == usages[i].needs)
			continue;
		for (k = 0; k < USAGES; k++)
			if (usages[k].bit == usages[i].needs)
				*ret_needed = usages[k].name;
		*ret_name = usages[i].name;
		return true;
	}
	return false;
}

void
ca_usage_write(unsigned bits, struct buf *out)
{
	size_t mark = ca_der_open(out, CA_TAG_SEQ), i;

	for (i = 0; i < USAGES; i++)
		if ((bits & usages[i].bit) != 0)
			ca_der_span(out, *usages[i].oid);
	ca_der_close(out, mark);
}
