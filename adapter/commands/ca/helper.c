/*
 * Our CA for certmonger: a helper is asked through its environment, prints its
 * answer, also what went wrong, to standard output, and ends with a code of
 * certmonger's.
 */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "ca.h"
#include "cli.h"
#include "commands_ca_internal.h"
#include "conf.h"
#include "device.h"
#include "mem.h"
#include "profile.h"
#include "store.h"
#include "str.h"

#define CSR_MAX 65536
#define PEM_MAX 65536

enum {
	HELPER_ISSUED = 0,
	HELPER_REJECTED = 2,
	HELPER_UNREACHABLE = 3,
	HELPER_UNCONFIGURED = 4,
	HELPER_UNSUPPORTED = 6
};

struct helper {
	struct cli *c;
	const char *csr, *names, *template_name;
};

/* NULL when it is not set, or empty. */
static const char *
variable(const char *name)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): nobody sets any */
	const char *value = getenv(name);

	return str_empty(value) ? NULL : value;
}

/* Our own trouble is nothing certmonger's user can mend: it asks again. */
static int
fail(const struct err *err)
{
	(void)printf("%s\n", err->text);
	switch (err->kind) {
	case ERR_INVALID:
	case ERR_REFUSED:
	case ERR_NOTFOUND:
	case ERR_CONFLICT:
		return HELPER_REJECTED;
	case ERR_NONE:
	case ERR_DENIED:
	case ERR_UNREACHABLE:
	case ERR_UNKNOWN:
	case ERR_PROTOCOL:
	case ERR_UNTRUSTED:
	case ERR_LIMIT:
	case ERR_STORAGE:
	case ERR_CANCELLED:
	case ERR_BUG:
		break;
	}
	return HELPER_UNREACHABLE;
}

/* Whose name a device should have now, whatever it is called in the fleet. */
struct search {
	const struct helper *h;
	const char *name;
	int64_t id; /* 0: nobody's */
};

static int
compare(void *cookie, const struct device *d, struct err *err)
{
	struct search *s = cookie;
	char fqdn[256];

	(void)err;
	if (str_ieq(device_wished_fqdn(
			d, s->h->c->daemon.profile->names_sync, fqdn),
		s->name))
		s->id = d->id;
	return 0;
}

static int
find_named(const struct helper *h, const char *name, struct device **ret,
    struct err *err)
{
	const struct store_filter everything = {0};
	struct search s = {.h = h, .name = name};
	struct store *store = h->c->daemon.store;

	if (store_device_scan(store, &everything, compare, &s, err) != 0)
		return -1;
	if (s.id == 0)
		return err_set(err, ERR_NOTFOUND,
		    "none of the request's names is that of a device of this "
		    "fleet");
	return store_device_get(store, s.id, ret, err);
}

/* By the first of its names that is one. */
static int
find_device(const struct helper *h, struct device **ret, struct err *err)
{
	char *names = mem_dup(h->names), *rest = names, *name;
	int rc = err_set(err, ERR_NOTFOUND, "the request has no name");

	while (rc != 0 && (name = strsep(&rest, "\n, ")) != NULL)
		if (*name != '\0')
			rc = find_named(h, name, ret, err);
	free(names);
	return rc;
}

static int
sign(const struct helper *h, const struct daemon_csr *csr, struct buf *pem,
    struct err *err)
{
	struct cli *c = h->c;
	struct ca_cert cert = {.der = NULL};
	int rc = daemon_sign(&c->daemon, csr, &cert, err);

	if (rc == 0)
		rc = cmd_ca_tell_signed(c, csr->device, &cert, err);
	if (rc == 0)
		rc = ca_cert_pem(&cert, pem, err);
	ca_cert_clear(&cert);
	return rc;
}

static int
submit(const struct helper *h)
{
	struct daemon_csr csr = {
	    .template = cmd_ca_template(h->c, h->template_name)};
	struct device *device = NULL;
	struct buf text, der, pem;
	struct err err = {.kind = ERR_NONE};
	int rc;

	if (h->csr == NULL || h->names == NULL) {
		(void)puts("CERTMONGER_CSR and CERTMONGER_REQ_HOSTNAME are not "
			   "set: certmonger does that");
		return HELPER_UNCONFIGURED;
	}
	if (csr.template == NULL) {
		(void)printf("there is no template %s\n", h->template_name);
		return HELPER_REJECTED;
	}
	buf_init(&text, CSR_MAX);
	buf_init(&der, CSR_MAX);
	buf_init(&pem, PEM_MAX);
	buf_str(&text, h->csr);
	rc = ca_csr_read(&text, &der, &err);
	if (rc == 0)
		rc = find_device(h, &device, &err);
	if (rc == 0) {
		csr.device = device;
		csr.der = der.data;
		csr.len = der.len;
		rc = sign(h, &csr, &pem, &err);
	}
	if (rc == 0)
		(void)fputs(buf_text(&pem), stdout);
	device_free(device);
	buf_free(&text);
	buf_free(&der);
	buf_free(&pem);
	return rc == 0 ? HELPER_ISSUED : fail(&err);
}

static int
identify(const struct helper *h)
{
	(void)h;
	(void)puts("amtkeeper " AMTKEEPER_VERSION);
	return HELPER_ISSUED;
}

/* A nickname and the root. */
static int
fetch_roots(const struct helper *h)
{
	struct buf pem;
	struct err err;
	int rc;

	buf_init(&pem, PEM_MAX);
	rc = ca_root_pem(h->c->daemon.ca, &pem, &err);
	if (rc == 0)
		(void)printf("amtkeeper root\n%s", buf_text(&pem));
	buf_free(&pem);
	return rc == 0 ? HELPER_ISSUED : fail(&err);
}

static int
list_templates(const struct helper *h)
{
	const struct profile *p = h->c->daemon.profile;
	size_t i;

	for (i = 0; i < p->template_count; i++)
		if (str_eq(p->templates[i].issuer, CA_ISSUER_INTERNAL))
			(void)puts(p->templates[i].name);
	return HELPER_ISSUED;
}

static int
default_template(const struct helper *h)
{
	(void)puts(profile_tls_template(h->c->daemon.profile)->name);
	return HELPER_ISSUED;
}

int
cmd_ca_helper(struct cli *c)
{
	/* Nothing waits here: who asks again gets what there is. */
	static const struct {
		const char *name;
		int (*run)(const struct helper *h);
	} operations[] = {{"SUBMIT", submit}, {"POLL", submit},
	    {"IDENTIFY", identify}, {"FETCH-ROOTS", fetch_roots},
	    {"GET-SUPPORTED-TEMPLATES", list_templates},
	    {"GET-DEFAULT-TEMPLATE", default_template}};
	const struct helper h = {.c = c,
	    .csr = variable("CERTMONGER_CSR"),
	    .names = variable("CERTMONGER_REQ_HOSTNAME"),
	    .template_name = variable("CERTMONGER_CA_PROFILE")};
	const char *operation = variable("CERTMONGER_OPERATION");
	size_t i;

	for (i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		if (!str_eq(operation != NULL ? operation : "SUBMIT",
			operations[i].name))
			continue;
		if (cli_open(c, DAEMON_CA, NULL) != CODE_OK) {
			(void)puts("amtkeeper's CA cannot be opened: see what "
				   "it says on standard error");
			return HELPER_UNCONFIGURED;
		}
		return operations[i].run(&h);
	}
	return HELPER_UNSUPPORTED;
}
