/* Certificates by hand: issued for a CSR, and got out again. */
#include <stdlib.h>

#include "buf.h"
#include "ca.h"
#include "cli.h"
#include "cli_remote.h"
#include "commands_ca_internal.h"
#include "conf.h"
#include "device.h"
#include "file.h"
#include "mem.h"
#include "profile.h"
#include "store.h"
#include "str.h"

#define CSR_MAX 65536
#define PEM_MAX 65536

const struct profile_template *
cmd_ca_template(const struct cli *c, const char *name)
{
	return name == NULL ? profile_tls_template(c->daemon.profile)
			    : profile_find_template(c->daemon.profile, name);
}

static int
put_cert(struct cli *c, const struct ca_cert *cert, struct err *err)
{
	struct buf pem;
	int rc;

	buf_init(&pem, PEM_MAX);
	rc = ca_cert_pem(cert, &pem, err);
	if (rc == 0 && cli_flag(c, "chain"))
		rc = cmd_ca_put_chain(
		    c, ca_line_of(c->daemon.ca, cert), &pem, err);
	if (rc == 0)
		rc = cmd_ca_put_public(c, &pem, err);
	buf_free(&pem);
	return rc;
}

int
cmd_ca_tell_signed(struct cli *c, const struct device *device,
    const struct ca_cert *cert, struct err *err)
{
	char *detail = mem_printf("{\"serial\":\"%s\"}", cert->serial);
	int rc = cli_event(c, device, "certificate.signed", detail, err);

	free(detail);
	return rc == 0 ? store_commit(c->daemon.store, err) : -1;
}

static int
check(struct cli *c, const struct daemon_csr *csr, struct err *err)
{
	int rc = daemon_sign(&c->daemon, csr, NULL, err);

	if (rc == 0)
		cli_note(c, "the request breaks no rule");
	return rc;
}

static int
sign(struct cli *c, const struct daemon_csr *csr, struct err *err)
{
	struct ca_cert cert = {.der = NULL};
	int rc = daemon_sign(&c->daemon, csr, &cert, err);

	if (rc == 0)
		rc = cmd_ca_tell_signed(c, csr->device, &cert, err);
	if (rc == 0)
		rc = put_cert(c, &cert, err);
	ca_cert_clear(&cert);
	return rc;
}

/* What is to be done with a request, its device and template. */
typedef int request_fn(
    struct cli *c, const struct daemon_csr *csr, struct err *err);

static int
with_request(struct cli *c, request_fn *fn)
{
	struct err err = {.kind = ERR_NONE};
	int code = cli_open(c, DAEMON_CA, NULL), rc;
	struct daemon_csr csr = {.template = NULL};
	struct device *device = NULL;
	struct buf text, der;

	if (code != CODE_OK)
		return code;
	csr.template = cmd_ca_template(c, cli_text(c, "template"));
	if (csr.template == NULL)
		return cli_complain(CODE_NOTHING, "%s has no template named %s",
		    c->daemon.conf->profile, cli_text(c, "template"));
	buf_init(&text, CSR_MAX);
	buf_init(&der, CSR_MAX);
	rc = file_read(c->args[0], CSR_MAX, &text, &err);
	if (rc == 0)
		rc = ca_csr_read(&text, &der, &err);
	if (rc == 0)
		rc = store_device_find(
		    c->daemon.store, c->args[1], &device, &err);
	if (rc == 0) {
		csr.device = device;
		csr.der = der.data;
		csr.len = der.len;
		rc = fn(c, &csr, &err);
	}
	device_free(device);
	buf_free(&text);
	buf_free(&der);
	return rc == 0 ? CODE_OK : cli_fail(&err);
}

int
cmd_ca_sign(struct cli *c)
{
	return with_request(c, cli_flag(c, "check") ? check : sign);
}

int
cmd_ca_csr_check(struct cli *c)
{
	return with_request(c, check);
}

int
cmd_ca_export(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	struct ca_cert cert = {.der = NULL};
	int code, rc;
	char *serial;

	if (cli_remote(c))
		return cmd_ca_export_remote(c);
	code = cli_open(c, DAEMON_CA, NULL);
	if (code != CODE_OK)
		return code;
	serial = cmd_ca_serial(c->args[0]);
	rc = ca_find(c->daemon.ca, NULL, serial, &cert, &err);
	free(serial);
	if (rc == 0 && cli_flag(c, "chain") &&
	    !str_eq(cert.issuer, CA_ISSUER_INTERNAL))
		rc = err_set(&err, ERR_REFUSED,
		    "it is from the CA %s, whose chain is in the file that "
		    "bridges.%s.anchors names",
		    cert.issuer, cert.issuer);
	if (rc == 0)
		rc = put_cert(c, &cert, &err);
	ca_cert_clear(&cert);
	return rc == 0 ? CODE_OK : cli_fail(&err);
}
