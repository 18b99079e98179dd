#include <string.h>

#include "conn_internal.h"
#include "fleet_internal.h"
#include "kerberos_internal.h"
#include "spnego_internal.h"

/*
 * Devices that are wrong about tickets on purpose: they let anybody in without
 * having the key, and say so in the ways there are.
 */
#define TICKET                                                                 \
	(1u << RULE_ANY_TICKET | 1u << RULE_FORGED_ANSWER |                    \
	    1u << RULE_JUNK_ANSWER | 1u << RULE_NO_ANSWER)
#define MAX_TOKEN 32768
#define MAX_CIPHER 256
/* RFC 4120 5.5.2: what is encrypted is some forty bytes. What they say does
 * not matter, since nobody can open them. */
#define PART_SIZE 40

/* An AP-REP that is in order but for its key, which nobody else has. */
static void
forge(struct sim *s, struct text *out)
{
	static char zeros[PART_SIZE];
	static uint8_t bytes[MAX_CIPHER];
	krb5_context krb = kerberos_context(s);
	krb5_data part = {.length = sizeof(zeros), .data = zeros};
	krb5_enc_data cipher = {
	    .ciphertext = {.length = sizeof(bytes), .data = (char *)bytes}};
	krb5_keyblock key = {.contents = NULL};

	if (krb == NULL ||
	    krb5_c_make_random_key(
		krb, ENCTYPE_AES256_CTS_HMAC_SHA1_96, &key) != 0)
		return;
	if (krb5_c_encrypt(krb, &key, KRB5_KEYUSAGE_AP_REP_ENCPART, NULL, &part,
		&cipher) == 0)
		spnego_ap_rep(ENCTYPE_AES256_CTS_HMAC_SHA1_96, bytes,
		    cipher.ciphertext.length, out);
	krb5_free_keyblock_contents(krb, &key);
}

static void
forged_answer(struct conn *c, const char *base64, struct text *ret_answer)
{
	static uint8_t token[MAX_TOKEN];
	struct text ap_rep = {.data = NULL}, answer = {.data = NULL};
	struct spnego_request request;
	size_t len;

	if (unbase64(base64, token, sizeof(token), &len) < 0 ||
	    spnego_open(token, len, &request) < 0)
		return;
	forge(c->port->sim, &ap_rep);
	spnego_answer(
	    &request, (const uint8_t *)ap_rep.data, ap_rep.len, &answer);
	text_base64(ret_answer, answer.data, answer.len);
	text_free(&ap_rep);
	text_free(&answer);
}

enum auth_verdict
ticket_check(struct conn *c, const struct http_request *r,
    struct sim_login *ret_login, struct text *ret_answer,
    const char **ret_problem)
{
	const char *base64 = r->authorization + strlen("Negotiate ");
	enum auth_verdict verdict = AUTH_OK;
	struct rule_effect fault;
	char method[64];

	rules_method(r->body.data == NULL ? "" : r->body.data, method);
	fault = rules_fire(&c->port->sim->rules, c->port, method, TICKET);
	if (fault.action == RULE_NONE || fault.action == RULE_NO_ANSWER)
		verdict =
		    kerberos_check(c, r, ret_login, ret_answer, ret_problem);
	else
		ret_login->admin = true;
	if (fault.action == RULE_NO_ANSWER)
		text_drop(ret_answer, ret_answer->len);
	if (fault.action == RULE_FORGED_ANSWER)
		forged_answer(c, base64, ret_answer);
	if (fault.action == RULE_JUNK_ANSWER)
		text_adds(ret_answer, "Tm8gdG9rZW4gYXQgYWxs");
	return verdict;
}
