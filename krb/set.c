/*
 * Another account's password by the set-password protocol (RFC 3244), on port
 * 464 of our one KDC, for domains that let nobody write unicodePwd over LDAP.
 * libkrb5's own call takes no deadline and goes to any server, so only its
 * messages are used.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "krb.h"
#include "krb_internal.h"
#include "mem.h"
#include "secret.h"
#include "str.h"

#define SERVICE "kadmin/changepw"
#define PORT 464
#define VERSION_SET 0xff80
#define HEAD 6 /* length, version, length of the AP-REQ or AP-REP */
#define RESULT_SIZE 2
#define DATA_MAX 2048
#define MESSAGE_MAX 131072
#define TEXT_SHOWN 120
#define TEXT_ROOM 500

/* --- ChangePasswdData ------------------------------------------------------
 */

#define TAG_OCTETS 0x04
#define TAG_GENERAL 0x1b
#define TAG_SEQUENCE 0x30
#define TAG_CONTEXT 0xa0
#define LONG_FORM 128

static void
put(struct buf *out, unsigned tag, const void *bytes, size_t len)
{
	buf_char(out, (char)tag);
	if (len > UINT8_MAX) {
		buf_char(out, (char)(LONG_FORM | 2));
		buf_char(out, (char)(len >> 8));
	} else if (len >= LONG_FORM) {
		buf_char(out, (char)(LONG_FORM | 1));
	}
	buf_char(out, (char)len);
	buf_add(out, bytes, len);
}

/* What is in *inner, within these; it is empty then. */
static void
wrap(struct buf *inner, unsigned tag)
{
	struct buf outer;

	buf_init(&outer, DATA_MAX);
	put(&outer, tag, buf_text(inner), inner->len);
	buf_wipe(inner);
	buf_add(inner, buf_text(&outer), outer.len);
	buf_wipe(&outer);
	buf_free(&outer);
}

/* PrincipalName of one part (RFC 4120 5.2.2). */
static void
put_name(struct buf *out, const char *account)
{
	static const uint8_t type[] = {TAG_CONTEXT, 3, 2, 1, KRB5_NT_PRINCIPAL};
	struct buf name;

	buf_init(&name, DATA_MAX);
	put(&name, TAG_GENERAL, account, strlen(account));
	wrap(&name, TAG_SEQUENCE);
	wrap(&name, TAG_CONTEXT | 1);
	buf_add(out, type, sizeof(type));
	buf_add(out, buf_text(&name), name.len);
	buf_free(&name);
}

static void
put_data(struct buf *out, const char *realm, const char *account,
    const struct secret *password)
{
	const uint8_t *bytes;
	struct buf part;
	size_t len;

	bytes = secret_bytes(password, &len);
	buf_init(&part, DATA_MAX);
	put(&part, TAG_OCTETS, bytes, len);
	wrap(&part, TAG_CONTEXT);
	buf_add(out, buf_text(&part), part.len);
	buf_wipe(&part);
	put_name(&part, account);
	wrap(&part, TAG_SEQUENCE);
	wrap(&part, TAG_CONTEXT | 1);
	buf_add(out, buf_text(&part), part.len);
	buf_wipe(&part);
	put(&part, TAG_GENERAL, realm, strlen(realm));
	wrap(&part, TAG_CONTEXT | 2);
	buf_add(out, buf_text(&part), part.len);
	buf_free(&part);
	wrap(out, TAG_SEQUENCE);
}

/* --- messages ---------------------------------------------------------------
 */

/* One exchange with the password server. */
struct set {
	struct krb *k;
	int fd;
	krb5_auth_context auth;
	struct buf data;    /* what is sealed */
	struct buf message; /* what is sent */
	krb5_data reply;
};

static void
put_short(struct buf *out, size_t value)
{
	buf_char(out, (char)(value >> 8));
	buf_char(out, (char)value);
}

static size_t
short_at(const krb5_data *data, size_t at)
{
	const uint8_t *p = (const uint8_t *)data->data + at;

	return (size_t)p[0] << 8 | p[1];
}

static void
put_message(struct buf *out, const krb5_data *ticket, const krb5_data *sealed)
{
	put_short(out, HEAD + ticket->length + sealed->length);
	put_short(out, VERSION_SET);
	put_short(out, ticket->length);
	buf_add(out, ticket->data, ticket->length);
	buf_add(out, sealed->data, sealed->length);
}

static krb5_error_code
seal(struct set *s, krb5_creds *creds)
{
	krb5_context ctx = s->k->ctx;
	krb5_data ticket = {.data = NULL}, sealed = {.data = NULL};
	krb5_data clear = {
	    .data = (char *)s->data.data, .length = (unsigned)s->data.len};
	krb5_error_code code;

	code = krb5_auth_con_init(ctx, &s->auth);
	if (code == 0)
		code = krb5_auth_con_setflags(
		    ctx, s->auth, KRB5_AUTH_CONTEXT_DO_SEQUENCE);
	if (code == 0)
		code = krb5_mk_req_extended(
		    ctx, &s->auth, AP_OPTS_USE_SUBKEY, NULL, creds, &ticket);
	if (code == 0)
		code = krb5_auth_con_genaddrs(
		    ctx, s->auth, s->fd, KRB5_AUTH_CONTEXT_GENERATE_LOCAL_ADDR);
	if (code == 0)
		code = krb5_mk_priv(ctx, s->auth, &clear, &sealed, NULL);
	if (code == 0)
		put_message(&s->message, &ticket, &sealed);
	krb5_free_data_contents(ctx, &ticket);
	krb5_free_data_contents(ctx, &sealed);
	return code;
}

/* The server answers with the subkey that we chose. */
static krb5_error_code
open_answer(struct set *s, krb5_data *ret_result)
{
	krb5_context ctx = s->k->ctx;
	size_t len = short_at(&s->reply, 4);
	krb5_data rep = {.data = s->reply.data + HEAD, .length = (unsigned)len};
	krb5_data sealed = {.data = s->reply.data + HEAD + len,
	    .length = s->reply.length - HEAD - (unsigned)len};
	krb5_ap_rep_enc_part *part = NULL;
	krb5_keyblock *ours = NULL;
	krb5_error_code code;

	code = krb5_auth_con_getsendsubkey(ctx, s->auth, &ours);
	if (code == 0)
		code = krb5_rd_rep(ctx, s->auth, &rep, &part);
	if (code == 0)
		code = krb5_auth_con_setrecvsubkey(ctx, s->auth, ours);
	if (code == 0)
		code = krb5_auth_con_genaddrs(ctx, s->auth, s->fd,
		    KRB5_AUTH_CONTEXT_GENERATE_REMOTE_ADDR);
	if (code == 0)
		code = krb5_rd_priv(ctx, s->auth, &sealed, ret_result, NULL);
	if (part != NULL)
		krb5_free_ap_rep_enc_part(ctx, part);
	krb5_free_keyblock(ctx, ours);
	return code;
}

/* --- what the server says ---------------------------------------------------
 */

static const struct {
	enum err_kind kind;
	const char *words;
} results[] = {/* RFC 3244 2, by code */
    {ERR_NONE, ""}, {ERR_PROTOCOL, "the server finds the request malformed"},
    {ERR_REFUSED, "the server cannot do it"},
    {ERR_DENIED, "the server does not accept our ticket"},
    {ERR_REFUSED, "the password policy forbids it"},
    {ERR_DENIED,
	"the service account has no right to do this, or there is no such "
	"account; delegate it on the OU"},
    {ERR_PROTOCOL, "the server does not know this protocol"},
    {ERR_REFUSED, "the server wants a ticket of a fresh login"}};
#define RESULTS (sizeof(results) / sizeof(results[0]))

static int
judge(const krb5_data *result, struct err *err)
{
	struct buf text;
	size_t code;

	if (result->length < RESULT_SIZE ||
	    (code = short_at(result, 0)) >= RESULTS)
		return err_set(err, ERR_UNKNOWN,
		    "the password server answers with nonsense");
	if (code == 0)
		return 0;
	buf_init(&text, TEXT_ROOM);
	str_printable(&text, result->data + RESULT_SIZE,
	    result->length - RESULT_SIZE, TEXT_SHOWN);
	err_native(err, results[code].kind, ERR_KRB5, (long)code, "%s [%s]",
	    results[code].words, buf_text(&text));
	buf_free(&text);
	return -1;
}

/* A KRB-ERROR instead of an AP-REP: nothing was done. */
static int
judge_error(struct set *s, struct err *err)
{
	krb5_data bytes = {
	    .data = s->reply.data + HEAD, .length = s->reply.length - HEAD};
	krb5_error *e = NULL;
	int result;

	if (krb5_rd_error(s->k->ctx, &bytes, &e) != 0)
		return err_set(err, ERR_UNKNOWN,
		    "the password server answers with nonsense");
	if (e->e_data.length >= RESULT_SIZE && short_at(&e->e_data, 0) != 0)
		result = judge(&e->e_data, err);
	else
		result = krb_fail(s->k,
		    (krb5_error_code)(ERROR_TABLE_BASE_krb5 + (long)e->error),
		    err, "password server");
	krb5_free_error(s->k->ctx, e);
	return result;
}

static int
read_answer(struct set *s, struct err *err)
{
	krb5_data result = {.data = NULL};
	krb5_error_code code;
	int outcome;

	if (s->reply.length < HEAD ||
	    short_at(&s->reply, 0) != s->reply.length ||
	    short_at(&s->reply, 4) > s->reply.length - HEAD)
		return err_set(err, ERR_UNKNOWN,
		    "the password server answers with nonsense");
	if (short_at(&s->reply, 4) == 0)
		return judge_error(s, err);
	code = open_answer(s, &result);
	if (code == 0) {
		outcome = judge(&result, err);
	} else {
		outcome =
		    krb_fail(s->k, code, err, "the password server's answer");
		err->kind = ERR_UNKNOWN;
	}
	krb5_free_data_contents(s->k->ctx, &result);
	return outcome;
}

/* --- the exchange ------------------------------------------------------------
 */

static int
exchange(struct set *s, krb5_creds *creds, struct err *err)
{
	krb5_data message;
	krb5_error_code code;

	s->fd = krb_connect(s->k, PORT);
	if (s->fd < 0) {
		*err = s->k->exchange.trouble;
		return -1;
	}
	code = seal(s, creds);
	if (code != 0)
		return krb_fail(s->k, code, err, "request to set a password");
	message = (krb5_data){.data = (char *)s->message.data,
	    .length = (unsigned)s->message.len};
	if (krb_talk(s->k, s->fd, &message, &s->reply) != 0) {
		/* It may have come to it. */
		*err = s->k->exchange.trouble;
		err->kind = ERR_UNKNOWN;
		return -1;
	}
	return read_answer(s, err);
}

int
krb_password_set(struct krb *k, const char *account,
    const struct secret *password, struct err *err)
{
	struct set s = {.k = k, .fd = -1};
	krb5_creds *creds = NULL;
	int result;

	if (krb_service(k, SERVICE, err) != 0 ||
	    krb_cached(k, SERVICE, &creds, err) != 0)
		return -1;
	krb_begin(k);
	buf_init(&s.data, DATA_MAX);
	buf_init(&s.message, MESSAGE_MAX);
	put_data(&s.data, k->realm, account, password);
	result = exchange(&s, creds, err);
	if (result != 0)
		(void)err_context(err, "password of %s", account);
	if (s.auth != NULL)
		krb5_auth_con_free(k->ctx, s.auth);
	if (s.fd >= 0)
		close(s.fd);
	free(s.reply.data);
	krb5_free_creds(k->ctx, creds);
	buf_wipe(&s.data);
	buf_free(&s.data);
	buf_free(&s.message);
	return result;
}
