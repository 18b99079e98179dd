#include <ctype.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conn_internal.h"

/*
 * HTTP Digest (RFC 7616 with MD5) with the firmware's habits: the layout of
 * the challenge, counts that must grow, the session cache on TLS connections
 * and a lock-out that cannot be told from a wrong password.
 */
#define MAX_PARAM 512

enum { USER, REALM, NONCE, URI, QOP, NC, CNONCE, RESPONSE, PARAMS };

static const char *const param_names[PARAMS] = {
    "username", "realm", "nonce", "uri", "qop", "nc", "cnonce", "response"};

struct credential {
	char param[PARAMS][MAX_PARAM];
	bool given[PARAMS];
};

static const char *
skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

/* A token or a quoted string; NULL when it is neither or too long. */
static const char *
take_value(const char *s, char to[MAX_PARAM])
{
	size_t len = 0;
	bool quoted = *s == '"';

	if (quoted)
		s++;
	while (
	    *s != '\0' && (quoted ? *s != '"' : strchr(", \t", *s) == NULL)) {
		if (quoted && *s == '\\' && *++s == '\0')
			return NULL;
		if (len == MAX_PARAM - 1)
			return NULL;
		to[len++] = *s++;
	}
	to[len] = '\0';
	if (!quoted)
		return s;
	return *s == '"' ? s + 1 : NULL;
}

static const char *
take_param(const char *s, struct credential *c)
{
	size_t len = strcspn(s, "= \t,"), i;
	char unknown[MAX_PARAM];
	char *to = unknown;

	for (i = 0; i < PARAMS; i++) {
		if (strlen(param_names[i]) != len ||
		    strncasecmp(param_names[i], s, len) != 0)
			continue;
		if (c->given[i])
			return NULL;
		c->given[i] = true;
		to = c->param[i];
	}
	s = skip_blanks(s + len);
	if (len == 0 || *s != '=')
		return NULL;
	return take_value(skip_blanks(s + 1), to);
}

static int
parse(const char *header, struct credential *c)
{
	const char *s = header + strlen("Digest");
	size_t i;

	memset(c, 0, sizeof(*c));
	do {
		s = take_param(skip_blanks(s), c);
		if (s == NULL)
			return -1;
		s = skip_blanks(s);
	} while (*s++ == ',');
	if (s[-1] != '\0')
		return -1;
	for (i = 0; i < PARAMS; i++)
		if (!c->given[i])
			return -1;
	return 0;
}

static void
md5_hex(const struct text *in, struct text *out)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (EVP_Digest(in->data == NULL ? "" : in->data, in->len, md, &len,
		EVP_md5(), NULL) != 1)
		abort();
	text_hex(out, md, len);
}

static void
expected_response(const struct credential *c, const struct http_request *r,
    const uint8_t ha1[16], struct text *out)
{
	struct text a = {.data = NULL}, b = {.data = NULL};

	text_addf(&a, "%s:%s", r->method, r->path);
	if (strcmp(c->param[QOP], "auth-int") == 0) {
		text_adds(&a, ":");
		md5_hex(&r->body, &a);
	}
	text_hex(&b, ha1, 16);
	text_addf(&b, ":%s:%s:%s:%s:", c->param[NONCE], c->param[NC],
	    c->param[CNONCE], c->param[QOP]);
	md5_hex(&a, &b);
	md5_hex(&b, out);
	text_free(&a);
	text_free(&b);
}

static bool
offers_integrity(const struct sim_state *s)
{
	return s->major > 16 || (s->major == 16 && s->minor >= 1);
}

static const char *
rule_broken(const struct conn *c, const struct credential *cred,
    const struct http_request *r)
{
	const struct sim_state *s = &c->port->dev->state;
	const char *qop = cred->param[QOP], *nc = cred->param[NC];

	if (strcmp(cred->param[REALM], s->realm) != 0)
		return "Digest realm of another device";
	if (strcmp(cred->param[URI], r->path) != 0)
		return "Digest uri is not the request's path";
	if (strcmp(qop, "auth") != 0 &&
	    (strcmp(qop, "auth-int") != 0 || !offers_integrity(s)))
		return "Digest qop was not offered";
	if (strlen(nc) != 8 || strspn(nc, "0123456789abcdefABCDEF") != 8)
		return "Digest nc is not eight hex digits";
	return NULL;
}

/* The account's memory of failures; the stalest gives way to a new name. */
static struct digest_account *
account_of(struct sim_port *p, const char *user)
{
	struct digest_account *oldest = &p->accounts[0];
	size_t i;

	for (i = 0; i < SIM_ACCOUNTS; i++) {
		struct digest_account *a = &p->accounts[i];

		if (strncmp(a->user, user, sizeof(a->user) - 1) == 0)
			return a;
		if (a->locked_until < oldest->locked_until)
			oldest = a;
	}
	memset(oldest, 0, sizeof(*oldest));
	memcpy(oldest->user, user, strnlen(user, sizeof(oldest->user) - 1));
	return oldest;
}

static void
count_failure(struct sim_port *p, struct digest_account *a)
{
	const struct options *opt = &p->sim->opt;

	if (opt->lock_after == 0 || ++a->failures < opt->lock_after)
		return;
	a->failures = 0;
	a->locked_until = loop_now() + opt->lock_s * 1000;
}

static struct digest_nonce *
nonce_of(struct sim_port *p, const char *text)
{
	const struct options *opt = &p->sim->opt;
	size_t i;

	for (i = 0; i < SIM_NONCES; i++) {
		struct digest_nonce *n = &p->nonces[i];

		if (n->text[0] == '\0' || strcmp(n->text, text) != 0)
			continue;
		if ((opt->nonce_uses != 0 && n->uses >= opt->nonce_uses) ||
		    (opt->nonce_s != 0 &&
			loop_now() - n->issued > opt->nonce_s * 1000))
			return NULL;
		return n;
	}
	return NULL;
}

/* Counts must grow; only the connection that used one last may, under TLS,
 * repeat it (the session cache of AMT 6.0 and later). */
static bool
count_grows(const struct conn *c, const struct digest_nonce *n, uint32_t nc)
{
	if (nc > n->nc)
		return true;
	return nc == n->nc && c->ssl != NULL && n->conn == c->id &&
	    c->port->dev->state.major >= 6;
}

static enum auth_verdict
check_nonce(
    struct conn *c, const struct credential *cred, const char **ret_problem)
{
	struct digest_nonce *n = nonce_of(c->port, cred->param[NONCE]);
	uint32_t nc = (uint32_t)strtoul(cred->param[NC], NULL, 16);

	/* A change of the ACL ends what was logged in before it. */
	if (n == NULL ||
	    (c->login.digest && c->login.generation != c->port->acl_generation))
		return AUTH_STALE;
	if (!count_grows(c, n, nc)) {
		*ret_problem = "Digest nc does not grow";
		return AUTH_BROKEN;
	}
	n->nc = nc;
	n->uses++;
	n->conn = c->id;
	n->used = loop_now();
	return AUTH_OK;
}

/* Is the response what the account's password gives? */
static bool
right_response(struct sim_port *p, const struct credential *cred,
    const struct http_request *r, struct sim_login *ret_login)
{
	struct text expected = {.data = NULL};
	uint8_t ha1[16];
	bool right;

	if (sim_account(p->dev, cred->param[USER], ha1, ret_login) < 0)
		return false;
	expected_response(cred, r, ha1, &expected);
	right = strcasecmp(expected.data, cred->param[RESPONSE]) == 0;
	text_free(&expected);
	return right;
}

enum auth_verdict
digest_check(struct conn *c, const struct http_request *r,
    struct sim_login *ret_login, const char **ret_problem)
{
	struct sim_port *p = c->port;
	struct credential cred;
	struct digest_account *account;
	enum auth_verdict verdict;

	*ret_problem = "Digest header cannot be read";
	if (parse(r->authorization, &cred) < 0)
		return AUTH_BROKEN;
	*ret_problem = rule_broken(c, &cred, r);
	if (*ret_problem != NULL)
		return AUTH_BROKEN;
	account = account_of(p, cred.param[USER]);
	if (loop_now() < account->locked_until)
		return AUTH_REFUSED;
	if (!right_response(p, &cred, r, ret_login)) {
		/* On a connection from before an ACL change the cached
		 * session is over, whatever it says now. */
		if (c->login.digest && c->login.generation != p->acl_generation)
			return AUTH_STALE;
		count_failure(p, account);
		return AUTH_REFUSED;
	}
	verdict = check_nonce(c, &cred, ret_problem);
	if (verdict == AUTH_OK)
		account->failures = 0;
	return verdict;
}

/* 24 bytes that begin with a clock, as recorded nonces seem to. */
static struct digest_nonce *
new_nonce(struct sim_port *p)
{
	struct digest_nonce *n = &p->nonces[0];
	uint8_t bytes[24] = {0};
	struct text text = {.data = NULL};
	uint32_t clock = (uint32_t)loop_now();
	size_t i;

	for (i = 1; i < SIM_NONCES; i++)
		if (p->nonces[i].used < n->used)
			n = &p->nonces[i];
	memcpy(bytes, &clock, sizeof(clock));
	bytes[4] = 0x88;
	dice_bytes(&p->sim->dice, bytes + 12, 12);
	text_base64(&text, bytes, sizeof(bytes));
	memset(n, 0, sizeof(*n));
	memcpy(n->text, text.data, sizeof(n->text) - 1);
	n->issued = n->used = loop_now();
	text_free(&text);
	return n;
}

void
digest_challenge(
    struct sim_port *p, const char *realm, bool stale, struct text *out)
{
	text_addf(out,
	    "Digest realm=\"%s\", nonce=\"%s\",stale=\"%s\",qop=\"%s\"", realm,
	    new_nonce(p)->text,
	    stale && p->sim->opt.stale_true ? "true" : "false",
	    offers_integrity(&p->dev->state) ? "auth-int, auth" : "auth");
}
