/*
 * A helper of certmonger's: a program that speaks with a CA (of FreeIPA,
 * Dogtag, Microsoft ...) and tells the outcome by its exit code and what it
 * prints.  Request and cookie reach it in the environment, as certmonger hands
 * them over; nothing of our own environment does, and no secret.  What it needs
 * to log in with is its own affair.
 *
 *   0  issued, the certificate in PEM      4  its configuration lacks something
 *   1  ask again: a cookie                 5  the same: seconds, then a cookie
 *   2  rejected, with words                6  it does not know this operation
 *   3  the CA does not answer             17  rejected: wants another key
 *
 * The protocol knows no revocation.
 */
#include <ctype.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bridge_internal.h"
#include "clock.h"
#include "err.h"
#include "mem.h"
#include "pki_text.h"
#include "process.h"
#include "str.h"

#define WORDS_MAX 16 /* of the command */
#define PEM_MAX 16384
#define BLANKS " \t\r\n"
#define PATH_GIVEN "PATH=/usr/sbin:/usr/bin:/sbin:/bin"

enum {
	CODE_ISSUED = 0,
	CODE_WAIT = 1,
	CODE_REJECTED = 2,
	CODE_UNREACHABLE = 3,
	CODE_UNCONFIGURED = 4,
	CODE_WAIT_DELAY = 5,
	CODE_UNSUPPORTED = 6,
	CODE_NEW_KEY = 17
};

/* b->state: the command, cut into words. */
struct helper {
	char *text;
	char *argv[WORDS_MAX + 1];
};

/* --- the command --- */

static void
helper_close(struct ca_bridge *b)
{
	struct helper *h = b->state;

	if (h == NULL)
		return;
	free(h->text);
	free(h);
}

/* Blanks part the words; no shell sees them. */
static bool
cut(struct helper *h)
{
	char *rest = h->text, *word;
	size_t count = 0;

	while ((word = strsep(&rest, " ")) != NULL) {
		if (*word == '\0')
			continue;
		if (count == WORDS_MAX)
			return false;
		h->argv[count++] = word;
	}
	return count > 0;
}

static int
helper_open(struct ca_bridge *b, struct err *err)
{
	struct helper *h;

	if (b->command == NULL)
		return err_set(err, ERR_INVALID,
		    "command is not set: the helper and its options");
	if (b->url != NULL || b->cert_pem != NULL || b->user != NULL ||
	    b->signer_pem != NULL)
		return err_set(err, ERR_INVALID,
		    "url, certificate, user and signer are not for a helper: "
		    "it logs in by itself");
	h = mem_alloc(sizeof(*h));
	b->state = h;
	h->text = mem_dup(b->command);
	if (!cut(h))
		return err_set(err, ERR_INVALID,
		    "command has none or more than %d words", WORDS_MAX);
	if (h->argv[0][0] != '/')
		return err_set(err, ERR_INVALID,
		    "command must begin with an absolute path");
	if (access(h->argv[0], X_OK) != 0)
		return err_set(err, ERR_NOTFOUND,
		    "%s is not there, or no program", h->argv[0]);
	return 0;
}

/* --- one run --- */

struct helper_env {
	char *items[12];
	size_t count;
};

static void
env_add(struct helper_env *e, const char *name, const char *value)
{
	if (value != NULL)
		e->items[e->count++] = mem_printf("%s=%s", name, value);
}

static void
env_clear(struct helper_env *e)
{
	while (e->count > 0)
		free(e->items[--e->count]);
}

/* 0 and the exit code, or -1 with the outcome set. */
static int
run(struct ca_bridge *b, const char *operation, const struct ca_bridge_ask *ask,
    struct buf *out, int *ret_code, struct ca_bridge_answer *answer)
{
	struct helper *h = b->state;
	struct helper_env env = {.count = 0};
	struct process p = {
	    .argv = h->argv, .env = env.items, .timeout_ms = b->timeout * 1000};
	struct err err = {.kind = ERR_NONE};
	const char *cookie = ask != NULL ? ask->request_id : NULL;
	struct buf pem;
	int rc = 0;

	buf_init(&pem, PEM_MAX);
	if (ask != NULL)
		rc = ca_pem_write(PEM_STRING_X509_REQ,
		    (struct ca_span){ask->csr, ask->csr_len}, &pem, &err);
	env.items[env.count++] = mem_dup(PATH_GIVEN);
	env_add(&env, "LC_ALL", "C");
	env_add(&env, "CERTMONGER_OPERATION", operation);
	env_add(&env, "CERTMONGER_CA_NICKNAME", b->name);
	env_add(&env, "CERTMONGER_CA_PROFILE", b->label);
	env_add(&env, "CERTMONGER_CSR", ask != NULL ? buf_text(&pem) : NULL);
	/* Helpers know it by both names. */
	env_add(&env, "CERTMONGER_CA_COOKIE", cookie);
	env_add(&env, "CERTMONGER_COOKIE", cookie);
	if (rc == 0)
		rc = process_run(&p, out, ret_code, &err);
	if (rc != 0)
		ca_bridge_answer_set(answer,
		    err.kind == ERR_UNREACHABLE ? CA_BRIDGE_UNREACHABLE
						: CA_BRIDGE_UNKNOWN,
		    "%s", err.text);
	env_clear(&env);
	buf_free(&pem);
	return rc;
}

/* --- what it prints --- */

static void
trim(struct buf *out)
{
	while (out->len > 0 && strchr(BLANKS, out->data[out->len - 1]) != NULL)
		out->data[--out->len] = '\0';
}

static void
add_words(struct ca_bridge_answer *a, const struct buf *out)
{
	if (out->len == 0)
		return;
	buf_str(&a->text, ": ");
	str_printable(&a->text, buf_text(out), out->len, CA_BRIDGE_WORDS);
}

static void
read_issued(const struct ca_bridge_ask *ask, const struct buf *out,
    struct ca_bridge_answer *ret)
{
	struct ca_bridge_pick w = {.spki = ask->spki, .leaf = &ret->leaf};

	ca_bridge_each_pem(buf_text(out), out->len, ca_bridge_pick, &w);
	if (ret->leaf.len > 0 && !ret->leaf.over)
		ret->outcome = CA_BRIDGE_ISSUED;
	else
		ca_bridge_answer_set(ret, CA_BRIDGE_UNKNOWN,
		    "the helper says issued and prints no certificate for "
		    "this key");
}

/* "SECONDS\nCOOKIE", or the cookie alone. */
static void
read_wait(struct buf *out, bool delay, struct ca_bridge_answer *ret)
{
	char *text = (char *)out->data, *cookie = text;
	int64_t seconds = 0;
	size_t i;

	if (delay) {
		cookie = text + strcspn(text, "\n");
		if (*cookie != '\0')
			*cookie++ = '\0';
		text[strcspn(text, "\r")] = '\0';
		(void)str_int(text, 0, CA_BRIDGE_HINT_MAX, &seconds);
	}
	for (i = 0; cookie[i] != '\0'; i++)
		if (!isprint((unsigned char)cookie[i]))
			break;
	if (i == 0 || cookie[i] != '\0' || i > CA_BRIDGE_ID_MAX) {
		ca_bridge_answer_set(ret, CA_BRIDGE_UNKNOWN,
		    "the helper wants to be asked again and gives no cookie "
		    "of 1 to %d printable characters",
		    CA_BRIDGE_ID_MAX);
		return;
	}
	ca_bridge_answer_set(
	    ret, CA_BRIDGE_PENDING, "the CA has not decided yet");
	(void)memcpy(ret->request_id, cookie, i + 1);
	ret->retry_after = seconds;
}

static void
judge(int code, const struct buf *out, struct ca_bridge_answer *ret)
{
	static const struct {
		int code;
		enum ca_bridge_outcome outcome;
		const char *text;
	} rows[] = {
	    {CODE_REJECTED, CA_BRIDGE_REJECTED, "the CA refuses"},
	    {CODE_UNREACHABLE, CA_BRIDGE_UNREACHABLE, "the CA does not answer"},
	    {CODE_UNCONFIGURED, CA_BRIDGE_MISCONFIGURED,
		"the helper lacks configuration"},
	    {CODE_UNSUPPORTED, CA_BRIDGE_MISCONFIGURED,
		"the helper cannot ask for certificates"},
	    {CODE_NEW_KEY, CA_BRIDGE_REJECTED, "the CA wants another key"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].code == code)
			break;
	if (i < sizeof(rows) / sizeof(rows[0]))
		ca_bridge_answer_set(ret, rows[i].outcome, "%s", rows[i].text);
	else
		ca_bridge_answer_set(ret, CA_BRIDGE_UNKNOWN,
		    "the helper ended with code %d, which means nothing", code);
	add_words(ret, out);
}

static void
ask_helper(struct ca_bridge *b, const char *operation,
    const struct ca_bridge_ask *ask, struct ca_bridge_answer *ret)
{
	struct buf out;
	int code;

	buf_init(&out, CA_BRIDGE_ANSWER_MAX);
	if (run(b, operation, ask, &out, &code, ret) == 0) {
		trim(&out);
		if (code == CODE_ISSUED)
			read_issued(ask, &out, ret);
		else if (code == CODE_WAIT || code == CODE_WAIT_DELAY)
			read_wait(&out, code == CODE_WAIT_DELAY, ret);
		else
			judge(code, &out, ret);
	}
	buf_free(&out);
}

static void
helper_submit(struct ca_bridge *b, const struct ca_bridge_ask *ask,
    struct ca_bridge_answer *ret)
{
	const struct ca_bridge_ask first = {
	    .csr = ask->csr, .csr_len = ask->csr_len, .spki = ask->spki};

	ask_helper(b, "SUBMIT", &first, ret);
}

static void
helper_poll(struct ca_bridge *b, const struct ca_bridge_ask *ask,
    struct ca_bridge_answer *ret)
{
	ask_helper(b, "POLL", ask, ret);
}

/* --- test --- */

/* Who it is; who the CA is, where the helper can tell. */
static int
helper_test(struct ca_bridge *b, struct buf *out, struct err *err)
{
	struct ca_bridge_shown roots = {.b = b, .out = out};
	struct ca_bridge_answer a;
	struct buf said;
	int code = CODE_UNSUPPORTED, rc = 0;

	ca_bridge_answer_init(&a);
	buf_init(&said, CA_BRIDGE_ANSWER_MAX);
	if (run(b, "IDENTIFY", NULL, &said, &code, &a) != 0) {
		rc = ca_bridge_test_failed(&a, err);
		goto out;
	}
	trim(&said);
	buf_str(out, "helper: ");
	if (code == CODE_ISSUED)
		str_printable(out, buf_text(&said), said.len, CA_BRIDGE_WORDS);
	else
		buf_str(out, "does not say who it is");
	buf_char(out, '\n');
	buf_reset(&said);
	if (run(b, "FETCH-ROOTS", NULL, &said, &code, &a) != 0) {
		rc = ca_bridge_test_failed(&a, err);
		goto out;
	}
	if (code == CODE_ISSUED)
		ca_bridge_each_pem(
		    buf_text(&said), said.len, ca_bridge_show, &roots);
	else
		buf_str(out, "it does not tell the CA's certificates\n");
	rc = ca_bridge_shown_end(&roots, err);
out:
	buf_free(&said);
	ca_bridge_answer_clear(&a);
	return rc;
}

const struct ca_bridge_kind ca_bridge_helper = {
    .name = "helper",
    .local = true,
    .open = helper_open,
    .submit = helper_submit,
    .poll = helper_poll,
    .test = helper_test,
    .close = helper_close,
};
