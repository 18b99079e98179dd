/* Vault's formats; see vault_internal.h. */
#include "vault_internal.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "fetch.h"
#include "json_internal.h"
#include "secret.h"
#include "str.h"

#define ALT_NAMES_MAX 16384
#define NAMES_MAX 4096
#define SERIAL_BYTES 20 /* RFC 5280, 4.1.2.2 */
#define TOKEN_MAX 2048
#define BITS_MOST 3072 /* firmware makes no larger RSA keys */

/* --- what is asked --- */

int
ca_vault_write_sign(
    const struct ca_bridge_ask *ask, struct buf *out, struct err *err)
{
	struct json_object *body = json_object_new_object();
	struct buf names;
	size_t i;
	int rc;

	if (body == NULL)
		abort();
	rc = ca_json_add_csr(
	    body, (struct ca_span){ask->csr, ask->csr_len}, err);
	buf_init(&names, ALT_NAMES_MAX);
	for (i = 0; i < ask->dns_count; i++)
		buf_printf(&names, "%s%s", i > 0 ? "," : "", ask->dns[i]);
	if (ask->dns_count > 0) {
		ca_json_add(body, "common_name", ask->dns[0]);
		ca_json_add(body, "alt_names", buf_text(&names));
	}
	if (ask->address != NULL)
		ca_json_add(body, "ip_sans", ask->address);
	if (ask->validity > 0)
		ca_json_add_seconds(body, "ttl", ask->validity);
	ca_json_add(body, "format", "pem");
	if (rc == 0)
		ca_json_write(body, out);
	(void)json_object_put(body);
	buf_free(&names);
	return rc;
}

bool
ca_vault_serial(const uint8_t *leaf, size_t len, char ret[CA_VAULT_SERIAL_MAX])
{
	const unsigned char *p = leaf;
	X509 *x = d2i_X509(NULL, &p, (long)len);
	const ASN1_INTEGER *serial =
	    x == NULL ? NULL : X509_get0_serialNumber(x);
	int count = serial == NULL ? 0 : ASN1_STRING_length(serial), i;

	if (count > SERIAL_BYTES)
		count = 0;
	for (i = 0; i < count; i++)
		(void)snprintf(ret + (ptrdiff_t)3 * i, 4, "%02x%s",
		    ASN1_STRING_get0_data(serial)[i], i + 1 < count ? ":" : "");
	X509_free(x);
	ERR_clear_error();
	return count > 0;
}

/* --- what is answered --- */

/* The texts of a list, "; " between them. */
static void
add_texts(struct json_object *list, struct buf *out)
{
	size_t i, count = list == NULL ? 0 : json_object_array_length(list);
	const char *text;

	for (i = 0; i < count; i++) {
		text = ca_json_text_at(list, i);
		if (text == NULL)
			continue;
		if (out->len > 0)
			buf_str(out, "; ");
		buf_str(out, text);
	}
}

static void
add_remarks(struct json_object *whole, struct ca_bridge_answer *ret)
{
	struct buf words;

	buf_init(&words, CA_BRIDGE_ANSWER_MAX);
	if (ca_json_text(whole, "lease_id") != NULL)
		buf_str(&words,
		    "the role makes leases (generate_lease): the "
		    "CA revokes this when our token ends");
	add_texts(ca_json_array(whole, "warnings"), &words);
	ca_bridge_answer_set(ret, CA_BRIDGE_ISSUED, "%s", "");
	str_printable(&ret->text, buf_text(&words), words.len, CA_BRIDGE_WORDS);
	buf_free(&words);
}

const char *
ca_vault_read_sign(
    struct ca_span body, struct ca_span spki, struct ca_bridge_answer *ret)
{
	struct json_object *whole = ca_json_read(body);
	const char *pem =
	    ca_json_text(ca_json_object(whole, "data"), "certificate");
	struct ca_bridge_pick w = {.spki = spki, .leaf = &ret->leaf};
	const char *why = NULL;

	if (whole == NULL)
		why = "it is no JSON object";
	else if (pem == NULL)
		why = "it holds no certificate";
	else
		ca_bridge_each_pem(pem, strlen(pem), ca_bridge_pick, &w);
	if (why == NULL && (w.found == 0 || ret->leaf.over))
		why = "the certificate in it is not for the key of the request";
	if (why == NULL)
		add_remarks(whole, ret);
	(void)json_object_put(whole);
	return why;
}

/* What Vault means by a status otherwise than others do. */
static const struct meaning {
	int status;
	enum ca_bridge_outcome outcome;
	const char *text;
} meanings[] = {
    {403, CA_BRIDGE_MISCONFIGURED,
	"the CA does not let our token do this: compare its policy"},
    {307, CA_BRIDGE_MISCONFIGURED,
	"a standby that sends us elsewhere: url must name the active node"},
    {412, CA_BRIDGE_LIMITED, "the CA has not caught up yet"},
    {429, CA_BRIDGE_LIMITED, "a quota of the CA is used up"},
    {472, CA_BRIDGE_MISCONFIGURED,
	"a disaster recovery secondary, which issues nothing"},
    {473, CA_BRIDGE_LIMITED, "a standby that does not pass this on"},
    {474, CA_BRIDGE_LIMITED, "a standby that does not reach the active node"},
    {501, CA_BRIDGE_MISCONFIGURED, "the CA is not initialized"},
    {503, CA_BRIDGE_LIMITED, "the CA is sealed, or being served"},
};

void
ca_vault_judge(const struct net_fetched *got, struct ca_bridge_answer *a)
{
	struct json_object *whole =
	    ca_json_read((struct ca_span){got->body.data, got->body.len});
	struct buf words;
	size_t i;

	buf_init(&words, CA_BRIDGE_ANSWER_MAX);
	add_texts(ca_json_array(whole, "errors"), &words);
	add_texts(ca_json_array(whole, "warnings"), &words);
	ca_bridge_judge_status(got, "such engine or role at this url", a);
	for (i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (meanings[i].status == got->status)
			ca_bridge_answer_set(a, meanings[i].outcome,
			    "%s (HTTP %d)", meanings[i].text, got->status);
	/* A role is not there: 400, and only the words say it. */
	if (got->status == 400 &&
	    strstr(buf_text(&words), "unknown role") != NULL)
		ca_bridge_answer_set(a, CA_BRIDGE_MISCONFIGURED,
		    "there is no such role (HTTP 400)");
	ca_bridge_add_words(a, buf_text(&words), words.len);
	buf_free(&words);
	(void)json_object_put(whole);
}

const char *
ca_vault_read_login(
    struct ca_span body, struct secret **ret_token, int64_t *ret_life)
{
	struct json_object *whole = ca_json_read(body);
	struct json_object *auth = ca_json_object(whole, "auth");
	const char *token = ca_json_text(auth, "client_token");
	int64_t life = ca_json_int(auth, "lease_duration");
	const char *why = NULL;

	if (token == NULL || strlen(token) > TOKEN_MAX || life < 0) {
		why = "it holds no token";
	} else {
		*ret_token = secret_new(token, strlen(token));
		*ret_life = life;
	}
	(void)json_object_put(whole);
	return why;
}

bool
ca_vault_is_revoked(struct ca_span body)
{
	struct json_object *whole = ca_json_read(body);
	bool revoked =
	    ca_json_int(ca_json_object(whole, "data"), "revocation_time") > 0;

	(void)json_object_put(whole);
	return revoked;
}

/* --- looking for a lost one --- */

static bool
is_serial(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len < CA_VAULT_SERIAL_MAX &&
	    strspn(text, "0123456789abcdefABCDEF:-") == len;
}

int
ca_vault_read_list(struct ca_span body, struct ca_vault_list *ret)
{
	struct json_object *whole = ca_json_read(body);
	struct json_object *keys =
	    ca_json_array(ca_json_object(whole, "data"), "keys");
	size_t i, count = keys == NULL ? 0 : json_object_array_length(keys);
	const char *text;
	int rc = keys == NULL || count > CA_VAULT_SEARCH_MAX ? -1 : 0;

	ret->count = 0;
	for (i = 0; rc == 0 && i < count; i++) {
		text = ca_json_text_at(keys, i);
		if (text == NULL || !is_serial(text))
			continue; /* "ca_chain" is none */
		memcpy(ret->serials[ret->count++], text, strlen(text) + 1);
	}
	(void)json_object_put(whole);
	return rc;
}

/* Which of two certificates in DER begins later? A lack of one never does. */
static bool
begins_later(const struct buf *a, const struct buf *b)
{
	const unsigned char *pa = a->data, *pb = b->data;
	X509 *xa = d2i_X509(NULL, &pa, (long)a->len);
	X509 *xb = d2i_X509(NULL, &pb, (long)b->len);
	bool later = xa != NULL &&
	    (xb == NULL ||
		ASN1_TIME_compare(
		    X509_get0_notBefore(xa), X509_get0_notBefore(xb)) > 0);

	X509_free(xa);
	X509_free(xb);
	ERR_clear_error();
	return later;
}

void
ca_vault_read_kept(struct ca_span body, struct ca_span spki, struct buf *leaf)
{
	struct json_object *whole = ca_json_read(body);
	struct json_object *data = ca_json_object(whole, "data");
	const char *pem = ca_json_text(data, "certificate");
	struct buf one;
	struct ca_bridge_pick w = {.spki = spki, .leaf = &one};

	buf_init(&one, CA_BRIDGE_ANSWER_MAX);
	if (pem != NULL && ca_json_int(data, "revocation_time") == 0)
		ca_bridge_each_pem(pem, strlen(pem), ca_bridge_pick, &w);
	if (w.found > 0 && begins_later(&one, leaf)) {
		buf_reset(leaf);
		buf_add(leaf, one.data, one.len);
	}
	buf_free(&one);
	(void)json_object_put(whole);
}

/* --- for the test --- */

static void
show_text(struct buf *out, const char *what, const char *text)
{
	buf_printf(out, "%s: ", what);
	str_printable(out, text, strlen(text), CA_BRIDGE_WORDS);
	buf_char(out, '\n');
}

static void
show_span(struct buf *out, const char *what, int64_t seconds)
{
	char text[CLOCK_TEXT];

	if (seconds > 0)
		show_text(out, what, clock_span(seconds, text));
}

int
ca_vault_show_health(
    const struct net_fetched *got, struct buf *out, struct err *err)
{
	static const struct {
		int status;
		bool good;
		const char *text;
	} states[] = {
	    {200, true, "active"},
	    {429, true, "a standby, which passes requests on"},
	    {472, false, "a disaster recovery secondary: it issues nothing"},
	    {473, true, "a performance standby, which passes requests on"},
	    {474, false, "a standby that does not reach the active node"},
	    {501, false, "not initialized"},
	    {503, false, "sealed: somebody must unseal it"},
	    {530, false, "removed from its cluster"},
	};
	struct json_object *whole =
	    ca_json_read((struct ca_span){got->body.data, got->body.len});
	const char *version = ca_json_text(whole, "version");
	size_t i, count = sizeof(states) / sizeof(states[0]);
	int rc = 0;

	for (i = 0; i < count && states[i].status != got->status; i++)
		;
	if (i == count || (whole == NULL && got->status == 200))
		rc = err_set(err, ERR_PROTOCOL,
		    "sys/health answers with HTTP %d%s: is it a Vault?",
		    got->status, i == count ? "" : ", but not in JSON");
	else if (!states[i].good)
		rc = err_set(err, ERR_REFUSED, "the CA is %s", states[i].text);
	else
		show_text(out, "state", states[i].text);
	if (version != NULL)
		show_text(out, "version", version);
	(void)json_object_put(whole);
	return rc;
}

/* What of a role no firmware can do. NULL, or that. */
static const char *
bars(const struct json_object *role)
{
	const char *type = ca_json_text(role, "key_type");

	if (str_eq(type, "ed25519") || str_eq(type, "ec"))
		return "the role wants keys that are not RSA (key_type)";
	if (str_eq(type, "rsa") && ca_json_int(role, "key_bits") > BITS_MOST)
		return "the role wants RSA keys larger than firmware makes";
	return NULL;
}

static void
show_domains(struct json_object *role, struct buf *out)
{
	struct json_object *list = ca_json_array(role, "allowed_domains");
	struct buf text;

	buf_init(&text, NAMES_MAX);
	add_texts(list, &text);
	if (ca_json_bool(role, "allow_any_name"))
		buf_str(out, "role: names are not restricted\n");
	else
		show_text(out, "role, domains",
		    text.len > 0 ? buf_text(&text) : "none");
	if (!ca_json_bool(role, "allow_any_name") &&
	    !ca_json_bool(role, "allow_subdomains"))
		buf_str(out,
		    "role: allow_subdomains is off: only these very "
		    "names\n");
	buf_free(&text);
}

int
ca_vault_show_role(struct ca_span body, struct buf *out, struct err *err)
{
	struct json_object *whole = ca_json_read(body);
	struct json_object *role = ca_json_object(whole, "data");
	const char *why;
	int rc = 0;

	if (role == NULL) {
		rc = err_set(err, ERR_PROTOCOL, "the role cannot be read");
	} else {
		show_domains(role, out);
		show_span(
		    out, "role, life at most", ca_json_int(role, "max_ttl"));
		if (ca_json_bool(role, "no_store"))
			buf_str(out,
			    "role: certificates are not kept "
			    "(no_store): the CA cannot revoke them\n");
		if (ca_json_bool(role, "generate_lease"))
			buf_str(out,
			    "role: leases (generate_lease): the CA "
			    "revokes a certificate when our token "
			    "ends\n");
		why = bars(role);
		if (why != NULL)
			rc = err_set(err, ERR_REFUSED, "%s", why);
	}
	(void)json_object_put(whole);
	return rc;
}

void
ca_vault_write_paths(const struct ca_vault_paths *paths, struct buf *out)
{
	const char *const all[] = {paths->sign, paths->revoke, paths->certs};
	struct json_object *body = json_object_new_object();
	struct json_object *list = json_object_new_array();
	size_t i;

	if (body == NULL || list == NULL ||
	    json_object_object_add(body, "paths", list) != 0)
		abort();
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (json_object_array_add(
			list, json_object_new_string(all[i])) != 0)
			abort();
	ca_json_write(body, out);
	(void)json_object_put(body);
}

static bool
may(const struct json_object *data, const char *path, const char *what)
{
	struct json_object *list = ca_json_array(data, path);
	size_t i, count = list == NULL ? 0 : json_object_array_length(list);
	bool found = false;

	for (i = 0; i < count; i++)
		found = found || str_eq(ca_json_text_at(list, i), what) ||
		    str_eq(ca_json_text_at(list, i), "root");
	return found;
}

int
ca_vault_show_paths(struct ca_span body, const struct ca_vault_paths *paths,
    struct buf *out, struct err *err)
{
	struct json_object *whole = ca_json_read(body);
	struct json_object *data = ca_json_object(whole, "data");
	int rc = 0;

	if (data == NULL)
		rc = err_set(
		    err, ERR_PROTOCOL, "our capabilities cannot be read");
	else if (!may(data, paths->sign, "update"))
		rc = err_set(err, ERR_REFUSED,
		    "the policy of our token does not allow to update %s",
		    paths->sign);
	if (rc == 0 && !may(data, paths->revoke, "update"))
		buf_printf(out,
		    "policy: %s may not be updated: what is replaced stays "
		    "valid until its end\n",
		    paths->revoke);
	if (rc == 0 && !may(data, paths->certs, "list"))
		buf_printf(out,
		    "policy: %s may not be listed: after a lost answer another "
		    "certificate is asked for\n",
		    paths->certs);
	(void)json_object_put(whole);
	return rc;
}
