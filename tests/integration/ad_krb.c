/* Every call of krb.h against a real KDC, and its failures. */
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ad_lab.h"
#include "buf.h"
#include "clock.h"
#include "directory.h"
#include "err.h"
#include "file.h"
#include "krb.h"
#include "krb_internal.h"
#include "mem.h"
#include "secret.h"
#include "str.h"

#define TOKEN_MAX 65536
#define FIRST "First-Passw0rd-1"
#define SECOND "Second-Passw0rd-2"

#define assert_kind(call, expected)                                            \
	do {                                                                   \
		struct err e_;                                                 \
		memset(&e_, 0, sizeof(e_));                                    \
		err_ = &e_;                                                    \
		assert_int_equal((call), -1);                                  \
		if (e_.kind != (expected))                                     \
			fail_msg("%s: %s", err_kind_name(e_.kind), e_.text);   \
	} while (0)
#define assert_ok(call)                                                        \
	do {                                                                   \
		struct err e_;                                                 \
		err_ = &e_;                                                    \
		if ((call) != 0)                                               \
			fail_msg("%s: %s", err_kind_name(e_.kind), e_.text);   \
	} while (0)

static struct err *err_;
static struct krb *k;
static struct directory *d;
static char fqdn[128], spn[160], dn[256], wanted_salt[256];
static const char account[] = "kpc1-iME$";

static int
setup(void **state)
{
	struct directory_wish wish = {.ou = ad_env("LAB_OU"),
	    .account = account,
	    .fqdn = fqdn,
	    .spns = spn,
	    .enctypes = 24,
	    .description = "a device"};
	struct secret *password = ad_secret(FIRST);

	(void)state;
	snprintf(fqdn, sizeof(fqdn), "kpc1.%s", ad_env("LAB_DOMAIN"));
	snprintf(spn, sizeof(spn), "HTTP/%s:16993", fqdn);
	snprintf(dn, sizeof(dn), "CN=kpc1-iME,%s", ad_env("LAB_OU"));
	snprintf(wanted_salt, sizeof(wanted_salt), "%shostkpc1-ime.%s",
	    ad_env("LAB_REALM"), ad_env("LAB_DOMAIN"));
	k = ad_krb("", AD_DEADLINE);
	d = ad_directory(k);
	assert_ok(directory_ensure(d, &wish, password, err_));
	secret_free(password);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	directory_close(d);
	krb_close(k);
	return 0;
}

/* --- a device, as far as Kerberos goes ---------------------------------------
 */

static void
keytab_add(
    const char *file, krb5_enctype type, int64_t kvno, const struct secret *key)
{
	krb5_keytab_entry entry;
	krb5_context ctx;
	krb5_keytab tab;
	const uint8_t *bytes;
	size_t len;

	memset(&entry, 0, sizeof(entry));
	assert_int_equal(krb5_init_context(&ctx), 0);
	assert_int_equal(krb5_kt_resolve(ctx, file, &tab), 0);
	assert_int_equal(krb5_parse_name(ctx, spn, &entry.principal), 0);
	entry.vno = (krb5_kvno)kvno;
	entry.key.enctype = type;
	bytes = secret_bytes(key, &len);
	entry.key.contents = mem_copy(bytes, len);
	entry.key.length = (unsigned)len;
	assert_int_equal(krb5_kt_add_entry(ctx, tab, &entry), 0);
	free(entry.key.contents);
	krb5_free_principal(ctx, entry.principal);
	krb5_kt_close(ctx, tab);
	krb5_free_context(ctx);
}

/* What a device with this password holds; the file name is given. */
static char *
device_keytab(const char *name, const char *password_text)
{
	char *file = ad_path(name);
	struct secret *password = ad_secret(password_text), *key;
	struct directory_object o;

	unlink(file);
	assert_ok(directory_read(d, account, &o, err_));
	assert_ok(krb_key_aes(k, 256, password, wanted_salt, 4096, &key, err_));
	keytab_add(file, ENCTYPE_AES256_CTS_HMAC_SHA1_96, o.kvno, key);
	secret_free(key);
	assert_ok(krb_key_rc4(password, &key, err_));
	keytab_add(file, ENCTYPE_ARCFOUR_HMAC, o.kvno, key);
	secret_free(key);
	secret_free(password);
	directory_object_clear(&o);
	return file;
}

/* Accepts (or not) a token on a channel with this binding (NULL: none); *answer
 * gets the device's, in base64, *ret_bound whether the token is bound to it. */
static bool
accepts_on(const char *keytab, const char *token, const char *binding,
    struct buf *answer, bool *ret_bound)
{
	union {
		const char *given;
		void *theirs; /* GSSAPI only reads it */
	} text = {.given = binding};
	struct gss_channel_bindings_struct channel = {
	    .initiator_addrtype = GSS_C_AF_UNSPEC,
	    .acceptor_addrtype = GSS_C_AF_UNSPEC,
	};
	gss_key_value_element_desc where = {"keytab", keytab};
	gss_key_value_set_desc store = {1, &where};
	gss_buffer_desc in, out = GSS_C_EMPTY_BUFFER;
	gss_ctx_id_t context = GSS_C_NO_CONTEXT;
	gss_cred_id_t credential;
	OM_uint32 major, minor, ignored, flags = 0;
	struct buf raw;

	if (binding != NULL) {
		channel.application_data.value = text.theirs;
		channel.application_data.length = strlen(binding);
	}
	buf_init(&raw, TOKEN_MAX);
	assert_int_equal(str_unbase64(&raw, token), 0);
	in.value = raw.data;
	in.length = raw.len;
	major = gss_acquire_cred_from(&minor, GSS_C_NO_NAME, 0,
	    GSS_C_NO_OID_SET, GSS_C_ACCEPT, &store, &credential, NULL, NULL);
	assert_false(GSS_ERROR(major));
	major = gss_accept_sec_context(&minor, &context, credential, &in,
	    binding != NULL ? &channel : GSS_C_NO_CHANNEL_BINDINGS, NULL, NULL,
	    &out, &flags, NULL, NULL);
	*ret_bound = (flags & GSS_C_CHANNEL_BOUND_FLAG) != 0;
	str_base64(answer, out.value, out.length);
	gss_release_buffer(&ignored, &out);
	gss_delete_sec_context(&ignored, &context, GSS_C_NO_BUFFER);
	gss_release_cred(&ignored, &credential);
	buf_free(&raw);
	return major == GSS_S_COMPLETE;
}

static bool
device_accepts(const char *keytab, const char *token, struct buf *answer)
{
	bool ignored;

	return accepts_on(keytab, token, NULL, answer, &ignored);
}

/* --- login
 * --------------------------------------------------------------------- */

static void
login_is_kept(void **state)
{
	(void)state;
	assert_ok(krb_login(k, err_));
	ad_stop(); /* nobody is asked as long as the ticket lives */
	assert_ok(krb_login(k, err_));
	ad_continue();
}

static struct krb *
krb_with_keytab(const char *keytab)
{
	struct krb_conf conf = {.realm = ad_env("LAB_REALM"),
	    .kdc = ad_env("LAB_DC_ADDRESS"),
	    .principal = ad_env("LAB_PRINCIPAL"),
	    .keytab = keytab,
	    .deadline_ms = AD_DEADLINE};
	struct krb *other = NULL;

	assert_ok(krb_open(&conf, &other, err_));
	return other;
}

static void
copy_file(const char *from, const char *to)
{
	struct buf bytes;

	buf_init(&bytes, 65536);
	assert_ok(file_read(from, 65536, &bytes, err_));
	assert_ok(file_write(to, bytes.data, bytes.len, 0600, false, err_));
	buf_free(&bytes);
}

static void
wrong_keytab(void **state)
{
	char *file = ad_wrong_keytab();
	struct krb *other;

	(void)state;
	other = krb_with_keytab(file);
	assert_kind(krb_login(other, err_), ERR_DENIED);
	krb_close(other);
	/* someone else's keytab has no key for us */
	other = krb_with_keytab(ad_env("LAB_NONE_KEYTAB"));
	assert_kind(krb_login(other, err_), ERR_INVALID);
	krb_close(other);
	free(file);
	assert_ok(krb_login(k, err_));
}

/* The service account's key is replaced while we work: with the file comes the
 * new ticket, and a file that is no good takes nothing from the old one. */
static void
a_new_keytab_is_taken(void **state)
{
	char *good = mem_dup(ad_env("LAB_KEYTAB")), *bad = ad_wrong_keytab();
	char *file = ad_path("replaced.keytab");
	struct krb *other;
	struct err why;
	int64_t at;

	(void)state;
	copy_file(good, file);
	other = krb_with_keytab(file);
	assert_int_equal(krb_renewal(other), 0);
	assert_ok(krb_login(other, err_));
	at = krb_renewal(other);
	assert_true(at > clock_now());
	copy_file(bad, file);
	assert_ok(krb_login(other, err_));
	assert_true(krb_renewal_failed(other, &why));
	assert_int_equal(why.kind, ERR_DENIED);
	assert_non_null(strstr(why.text, "make the keytab anew"));
	assert_false(krb_renewal_failed(other, &why)); /* once */
	/* not tried again: a refused key counts against the account */
	assert_ok(krb_login(other, err_));
	assert_false(krb_renewal_failed(other, &why));
	assert_true(krb_renewal(other) < at);
	copy_file(good, file);
	assert_ok(krb_login(other, err_));
	assert_false(krb_renewal_failed(other, &why));
	assert_true(krb_renewal(other) >= at);
	/* readable by others: not used, and said */
	assert_int_equal(chmod(file, 0644), 0);
	assert_ok(krb_login(other, err_));
	assert_true(krb_renewal_failed(other, &why));
	assert_int_equal(why.kind, ERR_INVALID);
	krb_close(other);
	/* gone: that is not "no such service" to one who asks for a ticket */
	assert_int_equal(chmod(file, 0600), 0);
	other = krb_with_keytab(file);
	assert_int_equal(unlink(file), 0);
	assert_kind(krb_service(other, "ldap/x", err_), ERR_INVALID);
	krb_close(other);
	free(good);
	free(bad);
	free(file);
}

/* --- what a person asks
 * ------------------------------------------------------------------ */

static int
count_entry(void *cookie, const struct krb_entry *entry, struct err *err)
{
	unsigned *types = cookie;

	(void)err;
	assert_string_equal(entry->principal, ad_env("LAB_PRINCIPAL"));
	assert_true(entry->kvno > 0);
	*types |= str_eq(entry->type, "aes256") ? 1u : 0;
	*types |= str_eq(entry->type, "rc4") ? 2u : 0;
	return 0;
}

static void
what_we_have(void **state)
{
	struct krb_tgt tgt;
	unsigned types = 0;
	struct buf offered;

	(void)state;
	assert_ok(krb_tgt_read(k, &tgt, err_));
	assert_string_equal(tgt.principal, ad_env("LAB_PRINCIPAL"));
	assert_string_equal(tgt.type, "aes256");
	assert_true(tgt.ends > clock_now());
	krb_tgt_clear(&tgt);
	buf_init(&offered, 256);
	assert_ok(krb_types_offered(k, &offered, err_));
	assert_string_equal(buf_text(&offered), "aes256,aes128,rc4");
	buf_free(&offered);
	assert_ok(
	    krb_keytab_scan(ad_env("LAB_KEYTAB"), count_entry, &types, err_));
	assert_int_equal(types, 3);
	assert_kind(
	    krb_keytab_scan(ad_env("KRB5_CONFIG"), count_entry, &types, err_),
	    ERR_INVALID);
}

/* --- the clock
 * ------------------------------------------------------------------- */

static void
the_clock(void **state)
{
	int64_t offset = INT64_MAX, error = INT64_MAX;

	(void)state;
	assert_ok(krb_time(k, 4, &offset, &error, err_));
	assert_in_range(offset + 1000, 0, 2000);
	assert_in_range(error, 0, AD_DEADLINE);
}

/* --- passwords
 * --------------------------------------------------------------------- */

static int
check(const char *who, const char *text)
{
	struct secret *password = ad_secret(text);
	int result = krb_password_check(k, who, password, err_);

	secret_free(password);
	return result;
}

static void
passwords(void **state)
{
	struct directory *admin = ad_administrator();

	(void)state;
	assert_ok(check(account, FIRST));
	assert_kind(check(account, "wrong"), ERR_DENIED);
	assert_kind(check("nobody$", "x"), ERR_NOTFOUND);
	assert_kind(check("a/b@C", "x"), ERR_NOTFOUND);
	ad_set(admin, dn, "userAccountControl", "4098");
	assert_kind(check(account, FIRST), ERR_REFUSED);
	ad_set(admin, dn, "userAccountControl", "4096");
	assert_ok(check(account, FIRST));
	directory_close(admin);
}

/* A check with a wrong password is one attempt, not two: accounts get locked.
 */
static void
one_attempt(void **state)
{
	struct directory *admin = ad_administrator();
	char *person =
	    mem_printf("CN=operator,CN=Users,%s", ad_env("LAB_BASE"));

	(void)state;
	ad_set(admin, ad_env("LAB_BASE"), "lockoutThreshold", "10");
	assert_kind(check("operator", "wrong"), ERR_DENIED);
	assert_int_equal(ad_number(admin, person, "badPwdCount"), 1);
	ad_set(admin, ad_env("LAB_BASE"), "lockoutThreshold", "0");
	directory_close(admin);
	free(person);
}

static void
salts(void **state)
{
	struct directory *admin = ad_administrator();
	int64_t rounds = -1;
	struct buf salt;

	(void)state;
	buf_init(&salt, 1024);
	assert_ok(krb_salt(k, account, &salt, &rounds, err_));
	assert_string_equal(buf_text(&salt), wanted_salt);
	assert_int_equal(rounds, 4096);
	buf_reset(&salt);
	assert_kind(krb_salt(k, "nobody$", &salt, &rounds, err_), ERR_NOTFOUND);
	assert_int_equal(salt.len, 0);
	buf_free(&salt);
	directory_close(admin);
}

/* --- tickets
 * ------------------------------------------------------------------------- */

static struct krb_proof *
token_of(struct krb *from, struct buf *out)
{
	struct krb_proof *proof = NULL;

	buf_reset(out);
	assert_ok(krb_token(from, spn, out, &proof, err_));
	assert_true(out->len > 0);
	assert_non_null(proof);
	return proof;
}

static struct krb_proof *
token(struct buf *out)
{
	return token_of(k, out);
}

/* Takes the proof. */
static void
convinces(struct krb_proof *proof, const struct buf *answer)
{
	assert_ok(krb_proof_verify(proof, buf_text(answer), err_));
	/* an answer is good once */
	assert_kind(krb_proof_verify(proof, buf_text(answer), err_), ERR_BUG);
	krb_proof_free(proof);
}

/* Takes the proof; reason is part of what is said. */
static void
fails(struct krb_proof *proof, const char *answer, const char *reason)
{
	struct err err;

	assert_int_equal(krb_proof_verify(proof, answer, &err), -1);
	if (err.kind != ERR_UNTRUSTED || strstr(err.text, reason) == NULL)
		fail_msg("no '%s' in: %s", reason, err.text);
	krb_proof_free(proof);
}

static void
a_token_convinces_both_sides(void **state)
{
	char *right = device_keytab("right.keytab", FIRST);
	struct buf out, answer;
	struct krb_proof *proof;

	(void)state;
	buf_init(&out, TOKEN_MAX);
	buf_init(&answer, TOKEN_MAX);
	proof = token(&out);
	assert_true(device_accepts(right, buf_text(&out), &answer));
	convinces(proof, &answer);
	buf_free(&out);
	buf_free(&answer);
	free(right);
}

/* An answer to another ticket, none, half of one, garbage, another key's. */
static void
wrong_answers(void **state)
{
	char *right = device_keytab("right.keytab", FIRST);
	char *wrong = device_keytab("wrong-device.keytab", "Wrong-Passw0rd");
	struct buf out, answer;
	char *half;

	(void)state;
	buf_init(&out, TOKEN_MAX);
	buf_init(&answer, TOKEN_MAX);
	krb_proof_free(token(&out));
	assert_true(device_accepts(right, buf_text(&out), &answer));
	fails(token(&out), buf_text(&answer), "");
	fails(token(&out), "", "no answer");
	fails(token(&out), NULL, "no answer");
	fails(token(&out), "!!", "not a token");
	fails(token(&out), "AAAA", "");
	half = mem_dup_len(buf_text(&answer), answer.len / 8 * 4);
	fails(token(&out), half, "");
	/* SPNEGO's "accepted" alone (RFC 4178 4.2.2), as one may say it who
	 * has no key: a1 07 30 05 a0 03 0a 01 00 */
	fails(token(&out), "oQcwBaADCgEA", "");
	fails(token(&out), buf_text(&out), "");
	assert_int_not_equal(answer.len, 0);
	buf_reset(&answer);
	krb_proof_free(token(&out));
	assert_false(device_accepts(wrong, buf_text(&out), &answer));
	fails(token(&out), buf_text(&answer), "");
	buf_free(&out);
	buf_free(&answer);
	free(half);
	free(right);
	free(wrong);
}

/* Two devices prove at once, answer in the other order, and one of them after
 * the connection to the KDC is closed; a third is given up. */
static void
many_proofs(void **state)
{
	char *right = device_keytab("right.keytab", FIRST);
	struct krb *other = ad_krb("", AD_DEADLINE);
	struct buf one, two, three, answer;
	struct krb_proof *first, *second, *third;

	(void)state;
	buf_init(&one, TOKEN_MAX);
	buf_init(&two, TOKEN_MAX);
	buf_init(&three, TOKEN_MAX);
	buf_init(&answer, TOKEN_MAX);
	first = token_of(other, &one);
	second = token_of(other, &two);
	third = token_of(other, &three);
	krb_close(other);
	krb_proof_free(third);
	assert_true(device_accepts(right, buf_text(&two), &answer));
	convinces(second, &answer);
	buf_reset(&answer);
	assert_true(device_accepts(right, buf_text(&one), &answer));
	convinces(first, &answer);
	buf_free(&one);
	buf_free(&two);
	buf_free(&three);
	buf_free(&answer);
	free(right);
}

/* A token that is bound to one server's TLS is no good at another's. */
static void
bound_to_a_channel(void **state)
{
	static const char here[] = "tls-server-end-point:here",
			  there[] = "tls-server-end-point:there";
	char *right = device_keytab("right.keytab", FIRST);
	struct buf binding, out, answer;
	bool bound = false;

	(void)state;
	buf_init(&binding, 100);
	buf_init(&out, TOKEN_MAX);
	buf_init(&answer, TOKEN_MAX);
	buf_str(&binding, here);
	assert_ok(krb_token_bound(k, spn, &binding, &out, err_));
	assert_false(accepts_on(right, buf_text(&out), there, &answer, &bound));
	buf_reset(&out); /* that one would be a replay */
	assert_ok(krb_token_bound(k, spn, &binding, &out, err_));
	assert_true(accepts_on(right, buf_text(&out), here, &answer, &bound));
	assert_true(bound);
	/* Without one it is good anywhere, and says so. */
	buf_reset(&binding);
	buf_reset(&out);
	assert_ok(krb_token_bound(k, spn, &binding, &out, err_));
	assert_true(accepts_on(right, buf_text(&out), there, &answer, &bound));
	assert_false(bound);
	buf_free(&binding);
	buf_free(&out);
	buf_free(&answer);
	free(right);
}

static void
nobody_opens_a_decoy(void **state)
{
	char *right = device_keytab("right.keytab", FIRST);
	struct krb_proof *proof;
	struct buf out, answer;

	(void)state;
	buf_init(&out, TOKEN_MAX);
	buf_init(&answer, TOKEN_MAX);
	assert_ok(krb_decoy(k, spn, &out, err_));
	assert_true(out.len > 0);
	assert_false(device_accepts(right, buf_text(&out), &answer));
	buf_reset(&out);
	assert_kind(krb_decoy(k, "HTTP/nobody.example.test:16993", &out, err_),
	    ERR_NOTFOUND);
	assert_int_equal(out.len, 0);
	/* and nothing is left of it */
	buf_reset(&answer);
	proof = token(&out);
	assert_true(device_accepts(right, buf_text(&out), &answer));
	convinces(proof, &answer);
	buf_free(&out);
	buf_free(&answer);
	free(right);
}

static void
a_token_is_fresh(void **state)
{
	struct secret *password = ad_secret(SECOND);
	struct krb_proof *proof;
	struct buf out, answer;
	char *new;

	(void)state;
	buf_init(&out, TOKEN_MAX);
	buf_init(&answer, TOKEN_MAX);
	krb_proof_free(token(&out));
	assert_ok(directory_password_set(d, dn, password, err_));
	new = device_keytab("second.keytab", SECOND);
	assert_false(device_accepts(new, buf_text(&out), &answer));
	proof = token(&out);
	buf_reset(&answer);
	assert_true(device_accepts(new, buf_text(&out), &answer));
	convinces(proof, &answer);
	secret_free(password);
	password = ad_secret(FIRST);
	assert_ok(directory_password_set(d, dn, password, err_));
	secret_free(password);
	buf_free(&out);
	buf_free(&answer);
	free(new);
}

static void
an_rc4_device(void **state)
{
	struct directory *admin = ad_administrator();
	char *keytab = device_keytab("rc4.keytab", FIRST);
	int64_t rounds = -1;
	struct krb_proof *proof;
	struct buf out, answer;

	(void)state;
	buf_init(&out, TOKEN_MAX);
	buf_init(&answer, TOKEN_MAX);
	ad_set(admin, dn, "msDS-SupportedEncryptionTypes", "4");
	proof = token(&out);
	assert_true(device_accepts(keytab, buf_text(&out), &answer));
	convinces(proof, &answer);
	buf_reset(&out);
	assert_ok(krb_decoy(k, spn, &out, err_));
	assert_false(device_accepts(keytab, buf_text(&out), &answer));
	buf_reset(&out);
	assert_ok(krb_salt(k, account, &out, &rounds, err_));
	print_message("an RC4-only account: salt '%s', %lld rounds\n",
	    buf_text(&out), (long long)rounds);
	ad_set(admin, dn, "msDS-SupportedEncryptionTypes", "24");
	buf_free(&out);
	buf_free(&answer);
	free(keytab);
	directory_close(admin);
}

static void
make_keys(const char *password_text, struct krb_keys *ret)
{
	struct secret *password = ad_secret(password_text);

	assert_ok(krb_keys_make(k, account, password, ret, err_));
	secret_free(password);
}

static void
convinces_with(const char *file, struct buf *out, struct buf *answer)
{
	struct krb_proof *proof = token(out);

	assert_true(device_accepts(file, buf_text(out), answer));
	convinces(proof, answer);
}

static int
count_key(void *cookie, const struct krb_entry *entry, struct err *err)
{
	int *counts = cookie;

	(void)err;
	if (strstr(entry->principal, "HTTP/") == entry->principal)
		counts[0]++;
	else if (entry->kvno == 300)
		counts[1]++;
	return 0;
}

static void
count_keys(const char *file)
{
	int counts[2] = {0, 0};

	assert_ok(krb_keytab_scan(file, count_key, counts, err_));
	assert_int_equal(counts[0], 3);
	assert_int_equal(counts[1], 3);
}

/* Which of the account's types is used follows msDS-SupportedEncryptionTypes.
 */
static void
keys_open_tickets(void **state)
{
	static const struct {
		const char *allowed, *type;
	} cases[] = {{"16", "aes256"}, {"8", "aes128"}, {"4", "rc4"}};
	struct directory *admin = ad_administrator();
	struct krb_keys right, wrong;
	struct krb_ticket_facts facts;
	struct directory_object o;
	size_t i;

	(void)state;
	make_keys(FIRST, &right);
	make_keys(SECOND, &wrong);
	assert_ok(directory_read(d, account, &o, err_));
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ad_set(admin, dn, "msDS-SupportedEncryptionTypes",
		    cases[i].allowed);
		assert_ok(krb_ticket_try(k, spn, &right, &facts, err_));
		assert_string_equal(facts.type, cases[i].type);
		assert_int_equal(facts.kvno, o.kvno);
		assert_true(facts.opened);
		assert_ok(krb_ticket_try(k, spn, &wrong, &facts, err_));
		assert_false(facts.opened);
	}
	ad_set(admin, dn, "msDS-SupportedEncryptionTypes", "24");
	assert_kind(krb_ticket_try(k, "HTTP/nobody.example.test:16993", &right,
			&facts, err_),
	    ERR_NOTFOUND);
	krb_keys_clear(&right);
	krb_keys_clear(&wrong);
	directory_object_clear(&o);
	directory_close(admin);
}

/* What we write as a keytab, libkrb5 and an acceptor take for one. */
static void
a_keytab_of_ours(void **state)
{
	char *file = ad_path("ours.keytab");
	struct krb_owner owner = {
	    .realm = ad_env("LAB_REALM"), .name = spn, .now = clock_now()};
	struct buf bytes, out, answer;
	struct directory_object o;
	struct krb_keys keys;

	(void)state;
	buf_init(&bytes, 65536);
	buf_init(&out, TOKEN_MAX);
	buf_init(&answer, TOKEN_MAX);
	make_keys(FIRST, &keys);
	assert_ok(directory_read(d, account, &o, err_));
	owner.kvno = o.kvno;
	krb_keytab_add(&bytes, &owner, &keys);
	owner.name = account;
	owner.kvno = 300; /* more than a byte */
	krb_keytab_add(&bytes, &owner, &keys);
	assert_ok(file_write(file, bytes.data, bytes.len, 0600, false, err_));
	convinces_with(file, &out, &answer);
	count_keys(file);
	krb_keys_clear(&keys);
	directory_object_clear(&o);
	buf_free(&bytes);
	buf_free(&out);
	buf_free(&answer);
	free(file);
}

static void
unknown_service(void **state)
{
	struct krb_proof *proof = NULL;
	struct buf out;

	(void)state;
	buf_init(&out, TOKEN_MAX);
	assert_kind(
	    krb_token(k, "HTTP/nobody.example.test:16993", &out, &proof, err_),
	    ERR_NOTFOUND);
	assert_kind(krb_token(k, "HTTP", &out, &proof, err_), ERR_INVALID);
	assert_int_equal(out.len, 0);
	assert_null(proof);
	buf_free(&out);
}

/* --- without help from krb5.conf
 * -------------------------------------------------- */

static void
without_krb5_conf(void **state)
{
	char *saved = mem_dup(ad_env("KRB5_CONFIG"));
	char *keytab = device_keytab("plain.keytab", FIRST);
	struct krb_proof *proof;
	struct buf out, answer;
	struct krb *other;

	(void)state;
	buf_init(&out, TOKEN_MAX);
	buf_init(&answer, TOKEN_MAX);
	setenv("KRB5_CONFIG", "/nonexistent/krb5.conf", 1);
	other = ad_krb("", AD_DEADLINE);
	assert_ok(krb_login(other, err_));
	proof = token_of(other, &out);
	assert_true(device_accepts(keytab, buf_text(&out), &answer));
	convinces(proof, &answer);
	directory_close(ad_directory(other));
	krb_close(other);
	setenv("KRB5_CONFIG", saved, 1);
	assert_ok(krb_login(k, err_));
	buf_free(&out);
	buf_free(&answer);
	free(keytab);
	free(saved);
}

/* --- a KDC that accepts and says nothing
 * -------------------------------------------- */

static void
silent_kdc(void **state)
{
	struct krb *other = ad_krb("", AD_SHORT);
	int64_t offset, error, rounds;
	struct secret *password = ad_secret(FIRST);
	struct krb_proof *proof = NULL;
	struct buf out;

	(void)state;
	buf_init(&out, TOKEN_MAX);
	assert_ok(krb_login(other, err_));
	ad_stop();
	assert_kind(krb_time(other, 1, &offset, &error, err_), ERR_UNREACHABLE);
	assert_kind(krb_password_check(other, account, password, err_),
	    ERR_UNREACHABLE);
	assert_kind(
	    krb_salt(other, account, &out, &rounds, err_), ERR_UNREACHABLE);
	assert_kind(krb_token(other, spn, &out, &proof, err_), ERR_UNREACHABLE);
	assert_kind(krb_decoy(other, spn, &out, err_), ERR_UNREACHABLE);
	krb_close(other);
	other = ad_krb("", AD_SHORT);
	assert_kind(krb_login(other, err_), ERR_UNREACHABLE);
	ad_continue();
	assert_ok(krb_login(other, err_));
	krb_close(other);
	secret_free(password);
	buf_free(&out);
}

/* --- set-password -----------------------------------------------------------
 */

static void
password_by_kerberos(void **state)
{
	struct krb *none = ad_krb("NONE_", AD_DEADLINE);
	struct secret *other = ad_secret("Other-Passw0rd-3");
	struct secret *longer = secret_random_text("abcXYZ0123456789", 120);
	struct secret *longest = secret_random_text("abcXYZ0123456789", 250);
	struct directory_object before, after;

	(void)state;
	assert_ok(directory_read(d, account, &before, err_));
	assert_kind(krb_password_set(none, account, other, err_), ERR_DENIED);
	assert_kind(krb_password_set(k, "operator", other, err_), ERR_DENIED);
	assert_kind(krb_password_set(k, "nobody$", other, err_), ERR_DENIED);
	assert_ok(krb_password_set(k, account, other, err_));
	assert_ok(krb_password_check(k, account, other, err_));
	assert_ok(directory_read(d, account, &after, err_));
	assert_int_equal(after.kvno, before.kvno + 1);
	/* lengths of one more byte and of two */
	assert_ok(krb_password_set(k, account, longer, err_));
	assert_ok(krb_password_check(k, account, longer, err_));
	assert_ok(krb_password_set(k, account, longest, err_));
	assert_ok(krb_password_check(k, account, longest, err_));
	secret_free(longer);
	secret_free(longest);
	directory_object_clear(&before);
	directory_object_clear(&after);
	krb_close(none);
	assert_ok(krb_login(k, err_)); /* closing took this thread's tickets */
	secret_free(other);
}

/* The request has left, and nobody knows what became of it. */
static void
silent_password_server(void **state)
{
	struct krb *brief = ad_krb("", AD_SHORT);
	struct secret *other = ad_secret("Other-Passw0rd-4");

	(void)state;
	assert_ok(krb_service(brief, "kadmin/changepw", err_));
	ad_stop();
	assert_kind(krb_password_set(brief, account, other, err_), ERR_UNKNOWN);
	ad_continue();
	krb_close(brief);
	assert_ok(krb_login(k, err_));
	secret_free(other);
}

/* Certainly nothing was sent, so that something else may be tried. */
static void
no_password_server(void **state)
{
	struct krb *other = ad_krb("", AD_SHORT);
	struct secret *password = ad_secret("Other-Passw0rd-5");

	(void)state;
	assert_ok(krb_service(other, "kadmin/changepw", err_));
	freeaddrinfo(other->addresses);
	other->addresses = NULL;
	mem_replace(&other->kdc, "127.0.0.97"); /* nobody listens there */
	assert_kind(
	    krb_password_set(other, account, password, err_), ERR_UNREACHABLE);
	krb_close(other);
	assert_ok(krb_login(k, err_));
	secret_free(password);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(login_is_kept),
	    cmocka_unit_test(wrong_keytab),
	    cmocka_unit_test(a_new_keytab_is_taken),
	    cmocka_unit_test(what_we_have),
	    cmocka_unit_test(the_clock),
	    cmocka_unit_test(passwords),
	    cmocka_unit_test(one_attempt),
	    cmocka_unit_test(salts),
	    cmocka_unit_test(a_token_convinces_both_sides),
	    cmocka_unit_test(wrong_answers),
	    cmocka_unit_test(many_proofs),
	    cmocka_unit_test(bound_to_a_channel),
	    cmocka_unit_test(nobody_opens_a_decoy),
	    cmocka_unit_test(a_token_is_fresh),
	    cmocka_unit_test(an_rc4_device),
	    cmocka_unit_test(keys_open_tickets),
	    cmocka_unit_test(a_keytab_of_ours),
	    cmocka_unit_test(unknown_service),
	    cmocka_unit_test(without_krb5_conf),
	    cmocka_unit_test(silent_kdc),
	    cmocka_unit_test(password_by_kerberos),
	    cmocka_unit_test(silent_password_server),
	    cmocka_unit_test(no_password_server),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
