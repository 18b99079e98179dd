/* Opening a bridge. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "bridge_internal.h"
#include "file.h"
#include "mem.h"
#include "secret.h"
#include "str.h"

#define NAME_MAX_LEN 32

static const struct ca_bridge_kind *const kinds[] = {&ca_bridge_est,
    &ca_bridge_cmp, &ca_bridge_ces, &ca_bridge_helper, &ca_bridge_vault,
    &ca_bridge_step};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static int
check_conf(const struct ca_bridge_conf *conf, const struct ca_bridge_kind *kind,
    struct err *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t len = conf->name == NULL ? 0 : strlen(conf->name);

	if (len == 0 || len > NAME_MAX_LEN ||
	    strspn(conf->name, letters) != len ||
	    str_eq(conf->name, CA_ISSUER_INTERNAL))
		return err_set(err, ERR_INVALID,
		    "a bridge's name must be 1 to %d of a-z, 0-9 and -, and "
		    "not \"internal\"",
		    NAME_MAX_LEN);
	if (!kind->local && str_empty(conf->url))
		return err_set(err, ERR_INVALID, "url is not set");
	if (!kind->local && conf->command != NULL)
		return err_set(
		    err, ERR_INVALID, "command is for the kind helper");
	if (conf->policy != NULL && kind != &ca_bridge_ces)
		return err_set(err, ERR_INVALID, "policy is for the kind ces");
	if (str_empty(conf->anchors))
		return err_set(err, ERR_INVALID,
		    "anchors is not set: a file with the certificates of the "
		    "issuing CA and those above it");
	if (!kind->mounts &&
	    (conf->mount != NULL || conf->space != NULL ||
		conf->token_file != NULL))
		return err_set(err, ERR_INVALID,
		    "mount, namespace and token_file are for the kind vault");
	if ((conf->certificate == NULL) != (conf->key == NULL) &&
	    !(kind->signs && conf->key != NULL))
		return err_set(
		    err, ERR_INVALID, "certificate and key go together");
	if ((conf->user == NULL) != (conf->password_file == NULL))
		return err_set(
		    err, ERR_INVALID, "user and password_file go together");
	return 0;
}

static int
read_pem(const char *path, char **ret_pem, struct err *err)
{
	struct buf text;
	int rc = -1;

	buf_init(&text, CA_BRIDGE_PEM_MAX);
	if (file_read(path, CA_BRIDGE_PEM_MAX, &text, err) == 0) {
		*ret_pem = mem_dup(buf_text(&text));
		rc = 0;
	}
	buf_free(&text);
	return rc;
}

static int
read_key(const char *path, struct secret **ret_key, struct err *err)
{
	struct buf pem;
	int rc = -1;

	buf_init(&pem, CA_BRIDGE_KEY_MAX);
	if (file_read_private(path, CA_BRIDGE_KEY_MAX, &pem, err) == 0) {
		*ret_key = secret_new(pem.data, pem.len);
		rc = 0;
	}
	buf_free(&pem);
	return rc;
}

static int
load_files(
    struct ca_bridge *b, const struct ca_bridge_conf *conf, struct err *err)
{
	if (read_pem(conf->anchors, &b->anchors_pem, err) != 0 ||
	    ca_bridge_anchors_load(b, conf->anchors, err) != 0)
		return -1;
	if (conf->tls_ca == NULL)
		b->tls_pem = mem_dup(b->anchors_pem);
	else if (read_pem(conf->tls_ca, &b->tls_pem, err) != 0)
		return -1;
	if (conf->signer != NULL &&
	    read_pem(conf->signer, &b->signer_pem, err) != 0)
		return -1;
	if (conf->certificate != NULL &&
	    read_pem(conf->certificate, &b->cert_pem, err) != 0)
		return -1;
	if (conf->key != NULL && read_key(conf->key, &b->key_pem, err) != 0)
		return -1;
	if (conf->password_file == NULL)
		return 0;
	b->password = secret_from_file(conf->password_file, err);
	return b->password == NULL ? -1 : 0;
}

static const struct ca_bridge_kind *
find_kind(const char *name)
{
	size_t i;

	for (i = 0; i < KINDS; i++)
		if (str_eq(kinds[i]->name, name))
			return kinds[i];
	return NULL;
}

int
ca_bridge_open_kind(const struct ca_bridge_conf *conf,
    const struct ca_bridge_kind *kind, struct ca_bridge **ret_bridge,
    struct err *err)
{
	struct ca_bridge *b = mem_alloc(sizeof(*b));
	int failed = pthread_mutex_init(&b->mutex, NULL);

	assert(failed == 0);
	(void)failed;
	b->name = mem_dup(conf->name);
	b->url = mem_dup(conf->url);
	b->policy = mem_dup(conf->policy);
	b->label = mem_dup(conf->label);
	b->user = mem_dup(conf->user);
	b->command = mem_dup(conf->command);
	b->principal = mem_dup(conf->principal);
	b->mount = mem_dup(conf->mount);
	b->space = mem_dup(conf->space);
	b->token_file = mem_dup(conf->token_file);
	b->ticket = conf->ticket;
	b->tickets = conf->tickets;
	b->timeout = conf->timeout;
	b->retry_first = conf->retry_first;
	b->retry_most = conf->retry_most;
	if (check_conf(conf, kind, err) == 0 && load_files(b, conf, err) == 0) {
		b->kind = kind;
		if (kind->open == NULL || kind->open(b, err) == 0) {
			*ret_bridge = b;
			return 0;
		}
	}
	ca_bridge_close(b);
	return err_context(
	    err, "bridge %.40s", conf->name == NULL ? "-" : conf->name);
}

int
ca_bridge_open(const struct ca_bridge_conf *conf, struct ca_bridge **ret_bridge,
    struct err *err)
{
	const struct ca_bridge_kind *kind = find_kind(conf->kind);

	if (kind == NULL)
		return err_set(err, ERR_INVALID,
		    "bridge %.40s: kind \"%.40s\" is not known",
		    conf->name == NULL ? "-" : conf->name,
		    conf->kind == NULL ? "" : conf->kind);
	return ca_bridge_open_kind(conf, kind, ret_bridge, err);
}

void
ca_bridge_close(struct ca_bridge *b)
{
	int failed;

	if (b == NULL)
		return;
	if (b->kind != NULL && b->kind->close != NULL)
		b->kind->close(b);
	failed = pthread_mutex_destroy(&b->mutex);
	assert(failed == 0);
	(void)failed;
	ca_bridge_anchors_clear(b);
	secret_free(b->key_pem);
	secret_free(b->password);
	free(b->name);
	free(b->url);
	free(b->policy);
	free(b->label);
	free(b->user);
	free(b->command);
	free(b->principal);
	free(b->mount);
	free(b->space);
	free(b->token_file);
	free(b->anchors_pem);
	free(b->tls_pem);
	free(b->signer_pem);
	free(b->cert_pem);
	free(b);
}

const char *
ca_bridge_name(const struct ca_bridge *b)
{
	return b->name;
}

int
ca_bridge_test(struct ca_bridge *b, struct buf *out, struct err *err)
{
	int rc;

	(void)pthread_mutex_lock(&b->mutex);
	rc = b->kind->test(b, out, err);
	(void)pthread_mutex_unlock(&b->mutex);
	return rc == 0 ? 0 : err_context(err, "%s", b->name);
}
