#include <assert.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "net_internal.h"
#include "pem.h"
#include "str.h"

struct net_root {
	LIST_ENTRY(net_root) entry;
	unsigned users;
	char *pem;
	X509_STORE *store;
};

/* Every certificate of the PEM text into the store; how many. */
static unsigned
load_roots(X509_STORE *store, const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *cert;
	unsigned count = 0;
	bool good = bio != NULL;

	while (good && count <= NET_ROOTS_MAX) {
		cert = PEM_read_bio_X509(bio, NULL, pem_no_password, NULL);
		if (cert == NULL)
			break;
		good = X509_STORE_add_cert(store, cert) == 1;
		X509_free(cert);
		count++;
	}
	BIO_free(bio);
	ERR_clear_error();
	return good ? count : 0;
}

/* The roots of this PEM text: parsed once, however many peers name it. */
static struct net_root *
root_get(struct net *net, const char *pem, struct err *err)
{
	struct net_root *root;
	X509_STORE *store = NULL;
	unsigned count;

	LIST_FOREACH (root, &net->roots, entry)
		if (str_eq(root->pem, pem))
			break;
	if (root != NULL) {
		root->users++;
		return root;
	}
	if (strlen(pem) > NET_PEM_MAX) {
		(void)err_set(err, ERR_INVALID,
		    "CA certificates: more than %d bytes", NET_PEM_MAX);
		return NULL;
	}
	store = X509_STORE_new();
	count = store != NULL ? load_roots(store, pem) : 0;
	if (count == 0 || count > NET_ROOTS_MAX) {
		X509_STORE_free(store);
		(void)err_set(err, ERR_INVALID,
		    "CA certificates: not 1 to %d certificates in PEM form",
		    NET_ROOTS_MAX);
		return NULL;
	}
	/* Devices send their leaf only, and an issuing CA may be all that is
	 * configured: each certificate given is an anchor. */
	(void)X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
	root = mem_alloc(sizeof(*root));
	root->users = 1;
	root->pem = mem_dup(pem);
	root->store = store;
	LIST_INSERT_HEAD(&net->roots, root, entry);
	return root;
}

static void
root_put(struct net_root *root)
{
	if (root == NULL)
		return;
	assert(root->users > 0);
	root->users--;
	if (root->users > 0)
		return;
	LIST_REMOVE(root, entry);
	X509_STORE_free(root->store);
	free(root->pem);
	free(root);
}

static int
add_pin(struct net_policy *policy, const char *hex, struct err *err)
{
	if (hex == NULL)
		return 0;
	if (str_unhex(hex, policy->pin[policy->pins], NET_SHA256) != 0)
		return err_set(err, ERR_INVALID,
		    "certificate pin: not a SHA-256 of 64 hex digits");
	policy->pins++;
	return 0;
}

int
net_policy_set(struct net *net, struct net_policy *policy,
    const struct net_trust *trust, struct err *err)
{
	*policy = (struct net_policy){0};
	if (add_pin(policy, trust->leaf_sha256, err) != 0 ||
	    add_pin(policy, trust->leaf2_sha256, err) != 0)
		return -1;
	if (trust->ca_pem == NULL)
		return 0;
	/* A chain alone would accept any other device of the same CA. */
	if (str_empty(trust->name))
		return err_set(err, ERR_INVALID,
		    "CA certificates without the name to expect");
	policy->root = root_get(net, trust->ca_pem, err);
	if (policy->root == NULL)
		return -1;
	policy->name = mem_dup(trust->name);
	return 0;
}

void
net_policy_clear(struct net_policy *policy)
{
	root_put(policy->root);
	free(policy->name);
	*policy = (struct net_policy){0};
}

bool
net_policy_open(const struct net_policy *policy)
{
	return policy->pins == 0 && policy->root == NULL;
}

static bool
chain_accepts(const struct net_policy *policy, X509 *leaf,
    STACK_OF(X509) *others, char reason[NET_REASON])
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	bool good = false;
	int error;

	if (ctx == NULL ||
	    X509_STORE_CTX_init(ctx, policy->root->store, leaf, others) != 1 ||
	    X509_STORE_CTX_set_default(ctx, "ssl_server") != 1) {
		(void)snprintf(reason, NET_REASON, "cannot start verification");
		goto out;
	}
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_hostflags(
	    param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (X509_VERIFY_PARAM_set1_host(param, policy->name, 0) != 1) {
		(void)snprintf(reason, NET_REASON, "bad name to expect");
		goto out;
	}
	good = X509_verify_cert(ctx) == 1;
	if (good)
		goto out;
	error = X509_STORE_CTX_get_error(ctx);
	if (error == X509_V_ERR_HOSTNAME_MISMATCH)
		(void)snprintf(reason, NET_REASON,
		    "it is not for the name %.100s", policy->name);
	else
		(void)snprintf(reason, NET_REASON, "%s",
		    X509_verify_cert_error_string(error));
out:
	X509_STORE_CTX_free(ctx);
	ERR_clear_error();
	return good;
}

bool
net_policy_accepts(const struct net_policy *policy, X509 *leaf,
    const uint8_t sha[NET_SHA256], STACK_OF(X509) *others,
    char reason[NET_REASON])
{
	unsigned i;

	if (net_policy_open(policy))
		return true;
	for (i = 0; i < policy->pins; i++)
		if (memcmp(policy->pin[i], sha, NET_SHA256) == 0)
			return true;
	if (policy->root != NULL)
		return chain_accepts(policy, leaf, others, reason);
	(void)snprintf(reason, NET_REASON, "it is not the pinned one");
	return false;
}
