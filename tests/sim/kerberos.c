#include <openssl/sha.h>
#include <profile.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conn_internal.h"
#include "kerberos_internal.h"
#include "pac_internal.h"
#include "spnego_internal.h"

/*
 * The device as a Kerberos acceptor that never speaks to a KDC.  libkrb5
 * decrypts; what makes the firmware strict is judged here: the device's own
 * clock and tolerance, six names, any kvno, 24 remembered tickets, and rights
 * by the PAC's SIDs.
 */
#define MAX_TOKEN 32768
#define MAX_TOKEN_OLD 4096 /* base64 characters, up to AMT 5 */
#define REPLAY_MS 600000

struct acceptance {
	krb5_context krb;
	krb5_auth_context auth;
	krb5_ticket *outer;  /* as sent */
	krb5_ticket *ticket; /* decrypted */
	krb5_keytab keytab;
	krb5_keyblock key;
	krb5_authenticator *authenticator;
	krb5_data ap_rep;
};

krb5_context
kerberos_context(struct sim *s)
{
	profile_t profile = NULL;

	if (s->krb == NULL && profile_init(NULL, &profile) == 0 &&
	    krb5_init_context_profile(profile, 0, &s->krb) != 0)
		s->krb = NULL;
	if (profile != NULL)
		profile_release(profile); /* the context has a copy */
	return s->krb;
}

static int
key_for(const struct sim_state *s, krb5_enctype enctype, krb5_keyblock *key)
{
	const uint8_t *bytes = NULL;
	uint8_t *copy;

	key->enctype = enctype;
	if (enctype == ENCTYPE_ARCFOUR_HMAC && s->krb_has_rc4) {
		bytes = s->krb_rc4;
		key->length = sizeof(s->krb_rc4);
	} else if (enctype == ENCTYPE_AES128_CTS_HMAC_SHA1_96 &&
	    s->krb_has_aes) {
		bytes = s->krb_aes128;
		key->length = sizeof(s->krb_aes128);
	} else if (enctype == ENCTYPE_AES256_CTS_HMAC_SHA1_96 &&
	    s->krb_has_aes) {
		bytes = s->krb_aes256;
		key->length = sizeof(s->krb_aes256);
	}
	if (bytes == NULL)
		return -1;
	copy = must_calloc(1, key->length);
	memcpy(copy, bytes, key->length);
	key->contents = copy;
	return 0;
}

static bool
same(const krb5_data *data, const char *text)
{
	return data->length == strlen(text) &&
	    strncasecmp(data->data, text, data->length) == 0;
}

/* HTTP/fqdn:port for AMT's six ports, and where this run's ports are. */
static bool
is_our_name(const struct sim_port *p, krb5_const_principal name)
{
	static const int64_t ports[] = {16992, 16993, 16994, 16995, 623, 664};
	const struct sim_state *s = &p->dev->state;
	size_t count = sizeof(ports) / sizeof(ports[0]), i;
	const char *realm =
	    s->krb_realm[0] != '\0' ? s->krb_realm : p->sim->opt.realm;
	struct text instance = {.data = NULL};
	bool found = false;

	if (name->length != 2 || !same(&name->data[0], "HTTP") ||
	    realm == NULL || !same(&name->realm, realm))
		return false;
	for (i = 0; i < count + SIM_PORTS && !found; i++) {
		int64_t port =
		    i < count ? ports[i] : p->sim->opt.port[i - count];

		instance.len = 0;
		text_addf(&instance, "%s.%s:%lld", s->host, s->domain,
		    (long long)port);
		found = same(&name->data[1], instance.data);
	}
	text_free(&instance);
	return found;
}

/* A keytab with the one key that this ticket asks for: whatever its kvno, for
 * the firmware does not look at it. */
static const char *
make_keytab(const struct sim_port *p, struct acceptance *a)
{
	krb5_keytab_entry entry = {
	    .principal = a->outer->server, .vno = a->outer->enc_part.kvno};

	if (!is_our_name(p, a->outer->server))
		return "ticket for another service";
	if (key_for(&p->dev->state, a->outer->enc_part.enctype, &a->key) < 0)
		return "ticket with an enctype the device has no key for";
	entry.key = a->key;
	if (krb5_kt_resolve(a->krb, "MEMORY:ticket", &a->keytab) != 0 ||
	    krb5_kt_add_entry(a->krb, a->keytab, &entry) != 0)
		return "no keytab";
	return NULL;
}

static const char *
decrypt(const struct sim_port *p, const struct spnego_request *r,
    struct acceptance *a, krb5_flags *ret_options)
{
	krb5_data ticket = {.length = (unsigned)r->ticket.len},
		  ap_req = {.length = (unsigned)r->ap_req.len};
	krb5_error_code code;
	const char *problem;

	/* libkrb5's structs have no const, but neither call writes. */
	memcpy(&ticket.data, &r->ticket.p, sizeof(ticket.data));
	memcpy(&ap_req.data, &r->ap_req.p, sizeof(ap_req.data));
	if (krb5_decode_ticket(&ticket, &a->outer) != 0)
		return "ticket cannot be read";
	problem = make_keytab(p, a);
	if (problem != NULL)
		return problem;
	/* Without flags libkrb5 keeps no replay cache of its own. */
	if (krb5_auth_con_init(a->krb, &a->auth) != 0 ||
	    krb5_auth_con_setflags(
		a->krb, a->auth, KRB5_AUTH_CONTEXT_DO_SEQUENCE) != 0)
		return "no authentication context";
	code = krb5_rd_req(a->krb, &a->auth, &ap_req, a->outer->server,
	    a->keytab, ret_options, &a->ticket);
	switch (code) {
	case 0:
		return NULL;
	case KRB5KRB_AP_ERR_SKEW:
		return "ticket: clock skew too great";
	case KRB5KRB_AP_ERR_TKT_NYV:
		return "ticket: not yet valid";
	case KRB5KRB_AP_ERR_TKT_EXPIRED:
		return "ticket: expired";
	default:
		return "ticket: encrypted with another key";
	}
}

/* libkrb5 allows five minutes on the device's clock; the device may allow
 * less. */
static const char *
check_times(const struct sim_port *p, const struct acceptance *a)
{
	int64_t now = sim_now_ms(p->dev) / 1000;
	int64_t tolerance = 60 * (int64_t)p->dev->state.krb_tolerance;
	const krb5_ticket_times *times = &a->ticket->enc_part2->times;
	int64_t start =
	    times->starttime != 0 ? times->starttime : times->authtime;
	int64_t skew = now - (uint32_t)a->authenticator->ctime;

	if (skew > tolerance || -skew > tolerance)
		return "ticket: clock skew too great";
	if ((uint32_t)start - now > tolerance)
		return "ticket: not yet valid";
	if (now - (uint32_t)times->endtime > tolerance)
		return "ticket: expired";
	return NULL;
}

/* Up to 24 tickets in ten minutes; a ticket may come again, but only with a
 * newer authenticator. */
static const char *
check_replay(struct sim_port *p, const struct acceptance *a)
{
	const krb5_data *cipher = &a->outer->enc_part.ciphertext;
	int64_t time_us = (int64_t)(uint32_t)a->authenticator->ctime * 1000000 +
	    a->authenticator->cusec;
	struct replay *r, *place = NULL;
	uint8_t id[32];
	size_t i;

	if (p->replays == NULL)
		p->replays = must_calloc(SIM_REPLAYS, sizeof(*p->replays));
	SHA256((const unsigned char *)cipher->data, cipher->length, id);
	for (i = 0; i < SIM_REPLAYS; i++) {
		r = &p->replays[i];
		if (r->seen != 0 && loop_now() - r->seen > REPLAY_MS)
			r->seen = 0;
		if (r->seen != 0 && memcmp(r->ticket, id, sizeof(id)) == 0) {
			place = r;
			break;
		}
		if (r->seen == 0 && place == NULL)
			place = r;
	}
	if (place == NULL)
		return "ticket: replay cache is full";
	if (place->seen != 0 && time_us <= place->time_us)
		return "ticket: replayed";
	memcpy(place->ticket, id, sizeof(id));
	place->time_us = time_us;
	place->seen = loop_now();
	return NULL;
}

/* Rights by the SIDs of a PAC that is signed with the device's key. */
static const char *
check_pac(const struct sim_port *p, const struct acceptance *a,
    const krb5_data *data, struct sim_login *ret_login)
{
	const krb5_enc_tkt_part *part = a->ticket->enc_part2;
	const char *problem = "ticket: PAC is not sound";
	krb5_data logon = {.length = 0};
	krb5_pac pac = NULL;
	struct pac_sids *sids = must_calloc(1, sizeof(*sids));
	const uint8_t **list = must_calloc(PAC_MAX_SIDS, sizeof(*list));
	size_t i;

	if (krb5_pac_parse(a->krb, data->data, data->length, &pac) != 0 ||
	    krb5_pac_verify(a->krb, pac, part->times.authtime, part->client,
		&a->key, NULL) != 0 ||
	    krb5_pac_get_buffer(a->krb, pac, KRB5_PAC_LOGON_INFO, &logon) !=
		0 ||
	    pac_sids((const uint8_t *)logon.data, logon.length, sids) < 0)
		goto out;
	for (i = 0; i < sids->count; i++)
		list[i] = sids->sid[i];
	problem = sim_account_sids(
		      p->dev, list, sids->len, sids->count, ret_login) == 0
	    ? NULL
	    : "ticket: no SID is in the device's ACL";
out:
	krb5_free_data_contents(a->krb, &logon);
	krb5_pac_free(a->krb, pac);
	free(list);
	free(sids);
	return problem;
}

static const char *
check_rights(const struct sim_port *p, const struct acceptance *a,
    struct sim_login *ret_login)
{
	const char *problem = "ticket: no PAC";
	krb5_authdata **found = NULL;

	if (krb5_find_authdata(a->krb, a->ticket->enc_part2->authorization_data,
		NULL, KRB5_AUTHDATA_WIN2K_PAC, &found) == 0 &&
	    found != NULL && found[0] != NULL) {
		krb5_data data = {.length = found[0]->length,
		    .data = (char *)found[0]->contents};

		problem = check_pac(p, a, &data, ret_login);
	}
	krb5_free_authdata(a->krb, found);
	return problem;
}

static const char *
accept_ticket(struct sim_port *p, const struct spnego_request *r,
    struct acceptance *a, struct sim_login *ret_login)
{
	int64_t now = sim_now_ms(p->dev);
	krb5_flags options = 0;
	const char *problem;

	a->krb = kerberos_context(p->sim);
	if (a->krb == NULL ||
	    krb5_set_real_time(a->krb, (krb5_timestamp)(now / 1000),
		(krb5_int32)(now % 1000 * 1000)) != 0)
		return "no Kerberos context";
	problem = decrypt(p, r, a, &options);
	if (problem != NULL)
		return problem;
	if (krb5_auth_con_getauthenticator(
		a->krb, a->auth, &a->authenticator) != 0)
		return "no authenticator";
	problem = check_times(p, a);
	if (problem == NULL)
		problem = check_replay(p, a);
	if (problem == NULL)
		problem = check_rights(p, a, ret_login);
	if (problem == NULL && (options & AP_OPTS_MUTUAL_REQUIRED) != 0 &&
	    krb5_mk_rep(a->krb, a->auth, &a->ap_rep) != 0)
		problem = "no AP-REP";
	return problem;
}

static void
acceptance_free(struct acceptance *a)
{
	if (a->krb == NULL)
		return;
	if (a->keytab != NULL)
		(void)krb5_kt_close(a->krb, a->keytab);
	krb5_free_data_contents(a->krb, &a->ap_rep);
	krb5_free_authenticator(a->krb, a->authenticator);
	krb5_free_ticket(a->krb, a->ticket);
	krb5_free_ticket(a->krb, a->outer);
	krb5_auth_con_free(a->krb, a->auth);
	free(a->key.contents);
}

enum auth_verdict
kerberos_check(struct conn *c, const struct http_request *r,
    struct sim_login *ret_login, struct text *ret_answer,
    const char **ret_problem)
{
	const char *base64 = r->authorization + strlen("Negotiate ");
	struct spnego_request request;
	struct acceptance a = {.krb = NULL};
	struct text answer = {.data = NULL};
	uint8_t *token;
	size_t len;

	*ret_problem = "Negotiate without Kerberos enabled";
	if (!c->port->dev->state.krb_enabled)
		return AUTH_TICKET;
	*ret_problem = "Negotiate token cannot be read";
	if (c->port->dev->state.major <= 5 && strlen(base64) > MAX_TOKEN_OLD)
		return AUTH_TICKET;
	token = must_calloc(1, MAX_TOKEN);
	if (unbase64(base64, token, MAX_TOKEN, &len) == 0 &&
	    spnego_open(token, len, &request) == 0)
		*ret_problem = accept_ticket(c->port, &request, &a, ret_login);
	if (*ret_problem == NULL) {
		spnego_answer(&request, (const uint8_t *)a.ap_rep.data,
		    a.ap_rep.length, &answer);
		if (answer.len > 0)
			text_base64(ret_answer, answer.data, answer.len);
	}
	text_free(&answer);
	acceptance_free(&a);
	free(token);
	return *ret_problem == NULL ? AUTH_OK : AUTH_TICKET;
}
