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

#define SERVICE "kadmin/changepw"
#define PORT 464
#define VERSION_SET 0xff80
#define DATA_MAX 2048
#define MESSAGE_MAX 131072

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

static void
put_message(struct buf *out, const krb5_data *ticket, const krb5_data *sealed)
{
	put_short(out, KRB_SET_HEAD + ticket->length + sealed->length);
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
	return krb_set_answer(
	    s->k, &(struct krb_set_peer){s->fd, s->auth}, &s->reply, err);
}

int
krb_password_reach(struct krb *k, struct err *err)
{
	int fd;

	krb_begin(k);
	fd = krb_connect(k, PORT);
	if (fd < 0) {
		*err = k->exchange.trouble;
		return -1;
	}
	close(fd);
	return 0;
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
