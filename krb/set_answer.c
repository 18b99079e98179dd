/*
 * What the password server answers (RFC 3244 2): an AP-REP with a KRB-PRIV that
 * holds the result, or a KRB-ERROR.  Only what is sealed with the key that we
 * chose says that the password was set.
 */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "krb.h"
#include "krb_internal.h"
#include "str.h"

#define RESULT_SIZE 2
#define TEXT_SHOWN 120
#define TEXT_ROOM 500

static size_t
short_at(const krb5_data *data, size_t at)
{
	const uint8_t *p = (const uint8_t *)data->data + at;

	return (size_t)p[0] << 8 | p[1];
}

/* The server answers with the subkey that we chose. */
static krb5_error_code
open_answer(krb5_context ctx, const struct krb_set_peer *peer,
    const krb5_data *reply, krb5_data *ret_result)
{
	size_t len = short_at(reply, 4);
	krb5_data rep = {
	    .data = reply->data + KRB_SET_HEAD, .length = (unsigned)len};
	krb5_data sealed = {.data = reply->data + KRB_SET_HEAD + len,
	    .length = reply->length - KRB_SET_HEAD - (unsigned)len};
	krb5_ap_rep_enc_part *part = NULL;
	krb5_keyblock *ours = NULL;
	krb5_error_code code;

	code = krb5_auth_con_getsendsubkey(ctx, peer->auth, &ours);
	if (code == 0)
		code = krb5_rd_rep(ctx, peer->auth, &rep, &part);
	if (code == 0)
		code = krb5_auth_con_setrecvsubkey(ctx, peer->auth, ours);
	if (code == 0)
		code = krb5_auth_con_genaddrs(ctx, peer->auth, peer->fd,
		    KRB5_AUTH_CONTEXT_GENERATE_REMOTE_ADDR);
	if (code == 0)
		code = krb5_rd_priv(ctx, peer->auth, &sealed, ret_result, NULL);
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
judge_error(struct krb *k, const krb5_data *reply, struct err *err)
{
	krb5_data bytes = {.data = reply->data + KRB_SET_HEAD,
	    .length = reply->length - KRB_SET_HEAD};
	krb5_error *e = NULL;
	int result;

	if (krb5_rd_error(k->ctx, &bytes, &e) != 0)
		return err_set(err, ERR_UNKNOWN,
		    "the password server answers with nonsense");
	if (e->e_data.length >= RESULT_SIZE && short_at(&e->e_data, 0) != 0)
		result = judge(&e->e_data, err);
	else
		result = krb_fail(k,
		    (krb5_error_code)(ERROR_TABLE_BASE_krb5 + (long)e->error),
		    err, "password server");
	krb5_free_error(k->ctx, e);
	return result;
}

int
krb_set_answer(struct krb *k, const struct krb_set_peer *peer,
    const krb5_data *reply, struct err *err)
{
	krb5_data result = {.data = NULL};
	krb5_error_code code;
	int outcome;

	if (reply->length < KRB_SET_HEAD ||
	    short_at(reply, 0) != reply->length ||
	    short_at(reply, 4) > reply->length - KRB_SET_HEAD)
		return err_set(err, ERR_UNKNOWN,
		    "the password server answers with nonsense");
	if (short_at(reply, 4) == 0)
		return judge_error(k, reply, err);
	code = open_answer(k->ctx, peer, reply, &result);
	if (code == 0) {
		outcome = judge(&result, err);
	} else {
		outcome =
		    krb_fail(k, code, err, "the password server's answer");
		err->kind = ERR_UNKNOWN;
	}
	krb5_free_data_contents(k->ctx, &result);
	return outcome;
}
