/*
 * What may come back from port 464 when a password was to be set (RFC 3244).
 * The first octet picks how much of the answer is made as the server makes it,
 * with our key; the rest is the part that anyone could have made.  Whatever it
 * is: only what was sealed with our key and says so is a password set.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <krb5.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "buf.h"
#include "err.h"
#include "krb.h"
#include "krb_internal.h"
#include "made_up.h"

#define CONTENT_MAX 8192
#define REPLY_MAX 65535 /* its length has two octets */
#define USAGE_AP_REP 12 /* RFC 4120 7.5.1 */
#define VERSION 1
#define USAGE_AUTHENTICATOR 11
#define TIME_SIZE 17

enum mode {
	BARE,	/* the whole answer */
	RESULT, /* what is sealed in the KRB-PRIV */
	SEALED, /* the KRB-PRIV behind a good AP-REP */
	ERROR,	/* a KRB-ERROR's data */
	REPLY,	/* what stands for the AP-REP */
	MODES
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct krb *k;
static krb5_creds creds;
static int ends[2]; /* ours, the server's */

static void
must(krb5_error_code code)
{
	if (code != 0)
		abort();
}

/* Addresses are part of what is sealed. */
static void
connect_ends(void)
{
	struct sockaddr_in a = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	must(bind(listener, (struct sockaddr *)&a, sizeof(a)));
	must(listen(listener, 1));
	must(getsockname(listener, (struct sockaddr *)&a, &len));
	ends[0] = socket(AF_INET, SOCK_STREAM, 0);
	must(connect(ends[0], (struct sockaddr *)&a, sizeof(a)));
	ends[1] = accept(listener, NULL, NULL);
}

static void
set_up(void)
{
	const struct krb_conf conf = {.realm = "R",
	    .kdc = "127.0.0.1",
	    .principal = "me@R",
	    .deadline_ms = 1000};

	setenv("KRB5_CONFIG", "/dev/null", 1);
	must(krb_open(&conf, &k, NULL));
	made_up_creds(k->ctx, &creds);
	connect_ends();
}

/* The octet string that a request ends with: its sealed authenticator. */
static krb5_data
end_of(const krb5_data *request)
{
	const uint8_t *p = (const uint8_t *)request->data;
	size_t at = creds.ticket.length, left = request->length, head;

	for (; at + 4 < left; at++) {
		head = p[at + 1] == 0x81 ? 3 : 2;
		if (p[at] == 4 && at + head + p[at + head - 1] == left)
			return (krb5_data){
			    .length = (unsigned)(left - at - head),
			    .data = request->data + at + head};
	}
	abort();
}

/* Its times, [5] ctime and before that [4] cusec (RFC 4120 5.5.1), become those
 * of the answer, [0] and [1]. */
static void
take_times(const krb5_data *request, struct buf *ret)
{
	static const uint8_t mark[] = {0xa5, TIME_SIZE, 0x18, TIME_SIZE - 2};
	krb5_enc_data sealed = {
	    .enctype = creds.keyblock.enctype, .ciphertext = end_of(request)};
	krb5_data clear = {.length = sealed.ciphertext.length};
	const uint8_t *at;
	unsigned n = 1;

	clear.data = malloc(clear.length);
	must(krb5_c_decrypt(k->ctx, &creds.keyblock, USAGE_AUTHENTICATOR, NULL,
	    &sealed, &clear));
	at = memmem(clear.data, clear.length, mark, sizeof(mark));
	assert(at != NULL);
	buf_char(ret, (char)0xa0);
	buf_add(ret, at + 1, 1 + TIME_SIZE);
	while (at[-1 - (int)n] != n || at[-2 - (int)n] != 0xa4)
		n++;
	buf_char(ret, (char)0xa1);
	buf_add(ret, at - 1 - n, 1 + n);
	free(clear.data);
}

/* As one that has sent a request; the times in it. */
static krb5_auth_context
asked(struct buf *ret_times)
{
	krb5_data request = {.data = NULL}, sealed = {.data = NULL};
	krb5_data nothing = {.data = (char[]){""}, .length = 1};
	krb5_auth_context auth = NULL;

	must(krb5_auth_con_init(k->ctx, &auth));
	must(krb5_auth_con_setflags(
	    k->ctx, auth, KRB5_AUTH_CONTEXT_DO_SEQUENCE));
	must(krb5_mk_req_extended(
	    k->ctx, &auth, AP_OPTS_USE_SUBKEY, NULL, &creds, &request));
	take_times(&request, ret_times);
	must(krb5_auth_con_genaddrs(
	    k->ctx, auth, ends[0], KRB5_AUTH_CONTEXT_GENERATE_LOCAL_ADDR));
	must(krb5_mk_priv(k->ctx, auth, &nothing, &sealed, NULL));
	krb5_free_data_contents(k->ctx, &request);
	krb5_free_data_contents(k->ctx, &sealed);
	return auth;
}

/* --- the server's part ------------------------------------------------------
 */

static void
put_short(struct buf *out, size_t value)
{
	buf_char(out, (char)(value >> 8));
	buf_char(out, (char)value);
}

/* All of it is short but what may be behind: lengths of one or two octets. */
static void
wrap(struct buf *inner, unsigned tag)
{
	struct buf outer;

	buf_init(&outer, REPLY_MAX);
	buf_char(&outer, (char)tag);
	if (inner->len > 127)
		buf_char(&outer, (char)0x81);
	buf_char(&outer, (char)inner->len);
	buf_add(&outer, inner->data, inner->len);
	buf_reset(inner);
	buf_add(inner, outer.data, outer.len);
	buf_free(&outer);
}

/* EncAPRepPart (RFC 4120 5.5.2) with the times of the request, number 0. */
static void
put_reply_part(struct buf *out, const struct buf *times)
{
	static const uint8_t number[] = {0xa3, 3, 2, 1, 0};

	buf_add(out, times->data, times->len);
	buf_add(out, number, sizeof(number));
	wrap(out, 0x30);
	wrap(out, 0x7b);
}

/* AP-REP (5.5.2). */
static void
put_reply(struct buf *out, const struct buf *times)
{
	static const uint8_t head[] = {0xa0, 3, 2, 1, 5, 0xa1, 3, 2, 1, 15},
			     type[] = {0xa0, 3, 2, 1, 18};
	krb5_enc_data sealed;
	krb5_data clear;
	struct buf part;
	size_t len;

	buf_init(&part, REPLY_MAX);
	put_reply_part(&part, times);
	clear = (krb5_data){
	    .length = (unsigned)part.len, .data = (char *)part.data};
	must(krb5_c_encrypt_length(
	    k->ctx, creds.keyblock.enctype, part.len, &len));
	memset(&sealed, 0, sizeof(sealed));
	sealed.ciphertext.length = (unsigned)len;
	sealed.ciphertext.data = malloc(len);
	must(krb5_c_encrypt(
	    k->ctx, &creds.keyblock, USAGE_AP_REP, NULL, &clear, &sealed));
	buf_reset(&part);
	buf_add(&part, sealed.ciphertext.data, len);
	free(sealed.ciphertext.data);
	wrap(&part, 0x04);
	wrap(&part, 0xa2);
	buf_add(out, type, sizeof(type));
	buf_add(out, part.data, part.len);
	wrap(out, 0x30);
	wrap(out, 0xa2);
	buf_reset(&part);
	buf_add(&part, head, sizeof(head));
	buf_add(&part, out->data, out->len);
	buf_reset(out);
	buf_add(out, part.data, part.len);
	buf_free(&part);
	wrap(out, 0x30);
	wrap(out, 0x6f);
}

/* KRB-PRIV with the subkey of the request. */
static void
put_sealed(struct buf *out, krb5_auth_context ours, krb5_data *content)
{
	krb5_auth_context auth = NULL;
	krb5_keyblock *subkey = NULL;
	krb5_data sealed = {.data = NULL};

	must(krb5_auth_con_init(k->ctx, &auth));
	must(krb5_auth_con_setflags(
	    k->ctx, auth, KRB5_AUTH_CONTEXT_DO_SEQUENCE));
	must(krb5_auth_con_getsendsubkey(k->ctx, ours, &subkey));
	must(krb5_auth_con_setsendsubkey(k->ctx, auth, subkey));
	must(krb5_auth_con_genaddrs(
	    k->ctx, auth, ends[1], KRB5_AUTH_CONTEXT_GENERATE_LOCAL_ADDR));
	must(krb5_mk_priv(k->ctx, auth, content, &sealed, NULL));
	buf_add(out, sealed.data, sealed.length);
	krb5_free_data_contents(k->ctx, &sealed);
	krb5_free_keyblock(k->ctx, subkey);
	krb5_auth_con_free(k->ctx, auth);
}

/* KRB-ERROR with this data; its first octet is the code as well. */
static void
put_error(struct buf *out, krb5_data *content)
{
	krb5_error e = {
	    .error = content->length > 0 ? (uint8_t)content->data[0] : 60,
	    .stime = 1,
	    .server = creds.server,
	    .e_data = *content};
	krb5_data bytes = {.data = NULL};

	must(krb5_mk_error(k->ctx, &e, &bytes));
	buf_add(out, bytes.data, bytes.length);
	krb5_free_data_contents(k->ctx, &bytes);
}

static void
put_answer(struct buf *out, enum mode mode, krb5_auth_context auth,
    const struct buf *times, krb5_data *content)
{
	struct buf reply, rest;

	if (mode == BARE) {
		buf_add(out, content->data, content->length);
		return;
	}
	buf_init(&reply, REPLY_MAX);
	buf_init(&rest, REPLY_MAX);
	if (mode == RESULT || mode == SEALED)
		put_reply(&reply, times);
	if (mode == RESULT)
		put_sealed(&rest, auth, content);
	else if (mode == SEALED)
		buf_add(&rest, content->data, content->length);
	else if (mode == ERROR)
		put_error(&rest, content);
	else
		buf_add(&reply, content->data, content->length);
	put_short(out, KRB_SET_HEAD + reply.len + rest.len);
	put_short(out, VERSION);
	put_short(out, reply.len);
	buf_add(out, reply.data, reply.len);
	buf_add(out, rest.data, rest.len);
	buf_free(&reply);
	buf_free(&rest);
}

/* --- what must hold ---------------------------------------------------------
 */

static void
check_outcome(enum mode mode, const krb5_data *content, int outcome,
    const struct err *err)
{
	bool says_so = content->length >= 2 && content->data[0] == 0 &&
	    content->data[1] == 0;
	const char *at;

	assert((outcome == 0) == (mode == RESULT && says_so));
	if (outcome == 0)
		return;
	assert(err->kind != ERR_NONE && err->text[0] != '\0');
	/* What is not sealed says at most that it was refused. */
	if (mode == BARE || mode == SEALED || mode == REPLY)
		assert(err->kind != ERR_UNREACHABLE);
	for (at = err->text; *at != '\0'; at++)
		assert(*at >= 0x20 && *at < 0x7f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {.kind = ERR_NONE};
	krb5_data content, reply;
	krb5_auth_context auth;
	struct buf out, times;
	enum mode mode;
	int outcome;

	if (size < 1 || size > CONTENT_MAX)
		return 0;
	if (k == NULL)
		set_up();
	mode = (enum mode)(data[0] % MODES);
	content = (krb5_data){.length = (unsigned)size - 1};
	content.data = malloc(size); /* so that reading past it is seen */
	memcpy(content.data, data + 1, size - 1);
	buf_init(&times, REPLY_MAX);
	auth = asked(&times);
	buf_init(&out, REPLY_MAX);
	put_answer(&out, mode, auth, &times, &content);
	reply = (krb5_data){.length = (unsigned)out.len};
	reply.data = malloc(out.len + 1);
	memcpy(reply.data, buf_text(&out), out.len);
	outcome = krb_set_answer(
	    k, &(struct krb_set_peer){ends[0], auth}, &reply, &err);
	check_outcome(mode, &content, outcome, &err);
	free(reply.data);
	free(content.data);
	buf_free(&out);
	buf_free(&times);
	krb5_auth_con_free(k->ctx, auth);
	return 0;
}
