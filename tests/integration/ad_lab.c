#include "ad_lab.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <krb5.h>
#include <ldap.h>

#include "directory.h"
#include "directory_internal.h"
#include "err.h"
#include "krb.h"
#include "mem.h"
#include "secret.h"

const char *
ad_env(const char *name)
{
	const char *value = getenv(name);

	if (value == NULL) {
		fprintf(stderr, "%s is not set: run this with labrun\n", name);
		exit(2);
	}
	return value;
}

char *
ad_path(const char *name)
{
	return mem_printf("%s/%s", ad_env("LAB_DIR"), name);
}

struct krb *
ad_krb(const char *word, unsigned deadline_ms)
{
	char *principal = mem_printf("LAB_%sPRINCIPAL", word);
	char *keytab = mem_printf("LAB_%sKEYTAB", word);
	struct krb_conf conf = {.realm = ad_env("LAB_REALM"),
	    .kdc = ad_env("LAB_DC"),
	    .principal = ad_env(principal),
	    .keytab = ad_env(keytab),
	    .deadline_ms = deadline_ms};
	struct krb *k = NULL;
	struct err err;

	if (krb_open(&conf, &k, &err) != 0)
		fail_msg("%s", err.text);
	free(principal);
	free(keytab);
	return k;
}

struct directory *
ad_directory(struct krb *k)
{
	struct directory_conf conf = {
	    .dc = ad_env("LAB_DC"), .deadline_ms = AD_DEADLINE};
	char *spn = mem_printf("ldap/%s", conf.dc);
	struct directory *d = NULL;
	struct err err;

	if (krb_service(k, spn, &err) != 0 ||
	    directory_open(&conf, &d, &err) != 0)
		fail_msg("%s", err.text);
	free(spn);
	return d;
}

struct directory *
ad_administrator(void)
{
	char *who = mem_printf("Administrator@%s", ad_env("LAB_DOMAIN"));
	struct directory_conf conf = {.dc = ad_env("LAB_DC"),
	    .ldaps = true,
	    .ca_file = ad_env("LAB_CA"),
	    .bind_dn = who,
	    .password_file = ad_env("LAB_ADMIN_PASSWORD_FILE"),
	    .deadline_ms = AD_DEADLINE};
	struct directory *d = NULL;
	struct err err;

	if (directory_open(&conf, &d, &err) != 0)
		fail_msg("%s", err.text);
	free(who);
	return d;
}

char *
ad_wrong_keytab(void)
{
	char *file = ad_path("wrong.keytab");
	uint8_t key[32] = {1, 2, 3};
	krb5_keytab_entry entry;
	krb5_context ctx;
	krb5_keytab tab;

	memset(&entry, 0, sizeof(entry));
	assert_int_equal(krb5_init_context(&ctx), 0);
	assert_int_equal(krb5_kt_resolve(ctx, file, &tab), 0);
	assert_int_equal(
	    krb5_parse_name(ctx, ad_env("LAB_PRINCIPAL"), &entry.principal), 0);
	entry.vno = 1;
	entry.key.enctype = ENCTYPE_AES256_CTS_HMAC_SHA1_96;
	entry.key.contents = key;
	entry.key.length = sizeof(key);
	assert_int_equal(krb5_kt_add_entry(ctx, tab, &entry), 0);
	krb5_free_principal(ctx, entry.principal);
	krb5_kt_close(ctx, tab);
	krb5_free_context(ctx);
	return file;
}

struct secret *
ad_secret(const char *text)
{
	return secret_new(text, strlen(text));
}

static void
signal_controller(int signum)
{
	pid_t pid = (pid_t)atoi(ad_env("LAB_DC_PID"));

	assert_true(pid > 1);
	assert_int_equal(kill(pid, signum), 0);
}

void
ad_stop(void)
{
	signal_controller(SIGSTOP);
}

void
ad_continue(void)
{
	signal_controller(SIGCONT);
}

void
ad_set(struct directory *admin, const char *dn, const char *attribute,
    const char *value)
{
	char *type = mem_dup(attribute), *text = mem_dup(value);
	char *values[] = {text, NULL};
	LDAPMod mod = {.mod_op = LDAP_MOD_REPLACE,
	    .mod_type = type,
	    .mod_vals.modv_strvals = values};
	LDAPMod *mods[] = {&mod, NULL};

	assert_int_equal(
	    ldap_modify_ext_s(admin->ld, dn, mods, NULL, NULL), LDAP_SUCCESS);
	free(type);
	free(text);
}

void
ad_add(struct directory *admin, const char *dn, const char *class)
{
	char type[] = "objectClass", *text = mem_dup(class);
	char *values[] = {text, NULL};
	LDAPMod mod = {.mod_op = LDAP_MOD_ADD,
	    .mod_type = type,
	    .mod_vals.modv_strvals = values};
	LDAPMod *mods[] = {&mod, NULL};

	assert_int_equal(
	    ldap_add_ext_s(admin->ld, dn, mods, NULL, NULL), LDAP_SUCCESS);
	free(text);
}

struct wanted {
	const char *attribute;
	int64_t value;
};

static int
take(void *cookie, struct directory *d, LDAPMessage *entry, struct err *err)
{
	struct wanted *w = cookie;

	(void)err;
	w->value = directory_number(d, entry, w->attribute, -1);
	return 0;
}

int64_t
ad_number(struct directory *admin, const char *dn, const char *attribute)
{
	struct wanted w = {.attribute = attribute, .value = -1};
	const char *attributes[] = {attribute, NULL};
	struct directory_query q = {.base = dn,
	    .scope = LDAP_SCOPE_BASE,
	    .filter = "(objectClass=*)",
	    .attributes = attributes};
	struct err err;

	if (directory_search(admin, &q, take, &w, &err) != 0)
		fail_msg("%s", err.text);
	return w.value;
}
