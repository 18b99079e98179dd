#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "clock.h"
#include "device.h"
#include "diagnose.h"
#include "err.h"
#include "mem.h"
#include "plan.h"
#include "ports.h"
#include "profile.h"
#include "wish_internal.h"

#define NOW INT64_C(1800000000)
#define SPNS                                                                   \
	"HTTP/pc1.corp.example:16992 HTTP/pc1.corp.example:16993 "             \
	"HTTP/pc1.corp.example:16994 HTTP/pc1.corp.example:16995 "             \
	"HTTP/pc1.corp.example:623 HTTP/pc1.corp.example:664"

static char word_auto[] = "auto", word_tls[] = "tls", word_dhcp[] = "dhcp",
	    word_keep[] = "keep", word_account[] = "%h-iME$",
	    word_ou[] = "OU=AMT", word_sid[] = "S-1-5-21-1-2-3-500",
	    word_realms[] = "3", word_rsa[] = "rsa-2048", word_ec[] = "ec-p384";
static struct profile_template templates[1];
static struct profile_acl acl[1];
static struct profile profile;
static char root_name[] = "CN=Root";
static struct port_root root[] = {
    {.sha256 = "aa", .name = root_name}, {.sha256 = "bb", .name = root_name}};
static const struct port_roots roots = {root, 2};
static struct policy policy;
static struct plan plan;
static struct device *d;

/* A device that is in every respect as its profile wishes. */
static int
set_up(void **state)
{
	(void)state;
	templates[0] = (struct profile_template){.name = word_tls,
	    .validity = 365 * CLOCK_DAY,
	    .renew_before = 30 * CLOCK_DAY,
	    .key = word_auto};
	acl[0] = (struct profile_acl){word_sid, word_realms, 2};
	profile = (struct profile){.clock_skew = 10,
	    .clock_interval = 14 * CLOCK_DAY,
	    .names_sync = true,
	    .shared_fqdn = true,
	    .ddns = word_dhcp,
	    .ping = true,
	    .ip = word_keep,
	    .tls = true,
	    .template_name = word_tls,
	    .ad = true,
	    .ou = word_ou,
	    .account = word_account,
	    .ad_renew_before = 10 * CLOCK_DAY,
	    .acl = acl,
	    .acl_count = 1,
	    .admin = true,
	    .admin_max_age = 180 * CLOCK_DAY,
	    .templates = templates,
	    .template_count = 1};
	policy = (struct policy){.profile = &profile,
	    .directory = true,
	    .realm = "CORP.EXAMPLE",
	    .now = NOW,
	    .roots = &roots};
	d = device_new("pc1.corp.example");
	d->read_at = d->clock_read_at = d->ad_read_at = NOW - 60;
	mem_replace(&d->amt_version, "16.1.25");
	mem_replace(&d->amt_host, "pc1");
	mem_replace(&d->amt_domain, "corp.example");
	mem_replace(&d->amt_os_fqdn, "pc1.corp.example");
	d->shared_fqdn = d->ping_response = d->tls_enabled = true;
	mem_replace(&d->ddns_mode, "dhcp");
	mem_replace(&d->cert_names, "dns:pc1.corp.example");
	mem_replace(&d->cert_handle, "cert 1");
	mem_replace(&d->cert_serial, "2a");
	d->cert_not_after = NOW + 200 * CLOCK_DAY;
	d->cert_ours = true;
	mem_replace(&d->ad_dn, "CN=pc1,OU=AMT");
	mem_replace(&d->ad_account, "pc1-iME$");
	mem_replace(&d->ad_dns_host, "pc1.corp.example");
	mem_replace(&d->ad_spns, SPNS);
	d->ad_enctypes = 24;
	d->ad_kvno = d->krb_kvno = 3;
	d->ad_password_at = d->ad_secret_at = NOW - CLOCK_DAY;
	d->ad_max_age = 42 * CLOCK_DAY;
	d->krb_enabled = true;
	mem_replace(&d->krb_realm, "CORP.EXAMPLE");
	mem_replace(&d->acl_sids, "S-1-5-21-1-2-3-500:3");
	d->admin_password_at = NOW - CLOCK_DAY;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	plan_clear(&plan);
	device_free(d);
	return 0;
}

static void
make(const char *play, bool forced)
{
	plan_clear(&plan);
	play_find(play)->plan(d, &policy, forced, &plan);
}

/* The plan's steps, in order, by blanks. */
static const char *
steps(void)
{
	static char text[512];
	size_t i;

	text[0] = '\0';
	for (i = 0; i < plan.count; i++) {
		if (i > 0)
			strncat(text, " ", sizeof(text) - strlen(text) - 1);
		strncat(text, plan_step_name(&plan.steps[i]),
		    sizeof(text) - strlen(text) - 1);
	}
	return text;
}

static const char *
codes(void)
{
	static char text[512];
	char *list = reason_list(diagnose(d, &policy));

	(void)snprintf(text, sizeof(text), "%s", list);
	free(list);
	return text;
}

static void
test_nothing_due_means_nothing_planned(void **state)
{
	const struct play *first = NULL;

	(void)state;
	assert_string_equal(codes(), "");
	make("auto", true);
	assert_string_equal(steps(), "");
	/* The clock comes first, then the AD password at 42 - 10 days. */
	assert_int_equal(
	    play_next_due(d, &policy, &first), NOW - 60 + 14 * CLOCK_DAY);
	assert_string_equal(first->name, "sync-clock");
}

static void
test_rename_takes_the_whole_chain(void **state)
{
	(void)state;
	mem_replace(&d->amt_os_fqdn, "new.corp.example");
	assert_string_equal(codes(), "name-mismatch,certificate-name-mismatch");
	make("sync-network", true);
	assert_string_equal(steps(),
	    "names.set ad.object certificate.clean key.generate "
	    "certificate.issue certificate.add tls.switch certificate.remove "
	    "certificate.revoke");
	assert_string_equal(plan.steps[0].from, "pc1.corp.example");
	assert_string_equal(plan.steps[0].to, "new.corp.example");
}

static void
test_host_facts_beat_what_firmware_heard(void **state)
{
	char fqdn[256];

	(void)state;
	mem_replace(&d->amt_os_fqdn, "old.corp.example");
	mem_replace(&d->os_host, "PC9");
	mem_replace(&d->os_domain, "corp.example");
	wish_fqdn(d, &profile, fqdn);
	assert_string_equal(fqdn, "pc9.corp.example");
	mem_replace(&d->os_domain, NULL);
	wish_fqdn(d, &profile, fqdn); /* short: AMT's domain stays */
	assert_string_equal(fqdn, "pc9.corp.example");
	profile.names_sync = false;
	wish_fqdn(d, &profile, fqdn);
	assert_string_equal(fqdn, "pc1.corp.example");
}

/* Another CA has the request: nothing of it is due before its time, while what
 * does not depend on it is. */
static void
test_certificate_that_waits(void **state)
{
	const struct play *first = NULL;

	(void)state;
	d->cert_not_after = NOW + 20 * CLOCK_DAY;
	mem_replace(&d->next_key_handle, "Key 1");
	mem_replace(&d->cert_wait_why, "not decided");
	d->cert_wait_until = NOW + 3600;
	assert_string_equal(
	    codes(), "certificate-expiring,certificate-pending");
	assert_int_equal(play_next_due(d, &policy, &first), NOW + 3600);
	assert_string_equal(first->name, "reissue-certificates");
	make("auto", true);
	assert_string_equal(steps(), "");
	/* A person may ask all the same. */
	make("reissue-certificates", true);
	assert_non_null(strstr(steps(), "certificate.issue"));
	assert_null(strstr(steps(), "key.generate"));
	policy.now = NOW + 3600;
	make("auto", false);
	assert_non_null(strstr(steps(), "certificate.issue"));
	/* Leftovers are cleared away meanwhile. */
	policy.now = NOW;
	mem_replace(&d->old_cert_handle, "Cert 0");
	make("auto", false);
	assert_string_equal(steps(), "certificate.remove");
}

static void
test_certificate_is_due_before_it_ends(void **state)
{
	(void)state;
	d->cert_not_after = NOW + 30 * CLOCK_DAY + 1;
	assert_string_equal(codes(), "");
	d->cert_not_after = NOW + 30 * CLOCK_DAY;
	assert_string_equal(codes(), "certificate-expiring");
	make("auto", true);
	assert_string_equal(plan.steps[0].reason, "certificate-expiring");
	d->cert_not_after = NOW;
	assert_string_equal(codes(), "certificate-expired");
}

/* By default there are ten days of grace. */
static void
test_ad_password_is_due_ten_days_before_the_domain_says(void **state)
{
	(void)state;
	d->ad_password_at = NOW - 32 * CLOCK_DAY + 1;
	assert_string_equal(codes(), "");
	d->ad_password_at = NOW - 32 * CLOCK_DAY;
	assert_string_equal(codes(), "ad-password-due");
	make("auto", true);
	assert_string_equal(steps(), "ad.password kerberos.set");
	d->ad_max_age = 0; /* never, and the profile says never too */
	assert_string_equal(codes(), "");
	profile.ad_max_age = 30 * CLOCK_DAY;
	assert_string_equal(codes(), "ad-password-due");
}

static const char *
why(void)
{
	static char text[256];
	struct plan_deadline deadline;
	char *words;

	plan_deadline(d, &policy, &deadline);
	words = plan_deadline_why(d, &policy, &deadline);
	(void)snprintf(text, sizeof(text), "%s", words);
	free(words);
	return text;
}

/* The maintenance guide's case: passwords live for 42 days, the task runs every
 * 30, and a device that is away then has 12 days of grace. */
static void
test_a_monthly_run_has_twelve_days_of_grace(void **state)
{
	const int64_t set_at = NOW, month = 30 * CLOCK_DAY;
	struct plan_deadline deadline;

	(void)state;
	profile.ad_renew_before = 12 * CLOCK_DAY;
	d->ad_password_at = set_at;
	policy.now = set_at + month - 1;
	make("renew-ad-password", false);
	assert_false(plan_has(&plan, "ad.password"));
	policy.now = set_at + month;
	make("renew-ad-password", false);
	assert_true(plan_has(&plan, "ad.password"));
	plan_deadline(d, &policy, &deadline);
	assert_int_equal(deadline.due, set_at + month);
	assert_int_equal(deadline.end - policy.now, 12 * CLOCK_DAY);
	assert_int_equal(deadline.rule, DEADLINE_DOMAIN);
	assert_false(deadline.enforced);
	assert_string_equal(why(),
	    "older than 42d by the domain's maxPwdAge (hygiene: no domain "
	    "controller enforces it for a computer object) on "
	    "2027-02-26T08:00:00Z, renewed 12d before");
	/* With a margin below twelve days the month's run comes too early, and
	 * the next one too late: that is what serve wakes up for. */
	profile.ad_renew_before = 10 * CLOCK_DAY;
	make("renew-ad-password", false);
	assert_false(plan_has(&plan, "ad.password"));
	plan_deadline(d, &policy, &deadline);
	assert_int_equal(
	    play_find("renew-ad-password")->due(d, &policy), deadline.due);
	assert_true(deadline.due < set_at + 2 * month);
}

/* A device that is kept as a user object is locked out. */
static void
test_a_user_object_expires(void **state)
{
	struct plan_deadline deadline;

	(void)state;
	d->ad_uac = 0x200;
	assert_string_equal(
	    why(), "never: neither the domain nor the profile sets an age");
	d->ad_expires_at = d->ad_password_at + 7 * CLOCK_DAY;
	plan_deadline(d, &policy, &deadline);
	assert_true(deadline.enforced);
	assert_int_equal(deadline.rule, DEADLINE_DOMAIN);
	assert_int_equal(deadline.end, d->ad_expires_at);
	mem_replace(&d->ad_settings, "CN=short");
	assert_non_null(strstr(why(),
	    "after 7d by password settings object "
	    "CN=short (enforced"));
	d->ad_uac = 0x10200; /* never, says a flag */
	plan_deadline(d, &policy, &deadline);
	assert_int_equal(deadline.due, 0);
	profile.ad_max_age = 30 * CLOCK_DAY;
	assert_non_null(strstr(why(), "30d by the profile's ad.max_age"));
}

static void
test_why_a_password_is_due_now(void **state)
{
	(void)state;
	d->ad_own_at = 1;
	assert_non_null(strstr(why(), "now: what is stored is not AD's"));
	mem_replace(&d->ad_dn, NULL);
	assert_non_null(strstr(why(), "now: there is no object"));
}

/* Set by somebody else, or AD restored from a backup: the date says so. */
static void
test_a_password_that_is_not_ours_is_replaced(void **state)
{
	(void)state;
	d->ad_own_at = d->ad_password_at;
	assert_string_equal(codes(), "");
	d->ad_password_at++;
	assert_string_equal(codes(), "ad-password-due");
	make("auto", true);
	assert_string_equal(steps(), "ad.password kerberos.set");
	d->ad_password_at -= CLOCK_DAY;
	make("auto", true);
	assert_string_equal(steps(), "ad.password kerberos.set");
}

static void
test_an_object_elsewhere_is_moved(void **state)
{
	(void)state;
	mem_replace(&d->ad_dn, "cn=pc1, ou=amt"); /* the same to a directory */
	assert_string_equal(codes(), "");
	mem_replace(&d->ad_dn, "CN=pc1,OU=Sub,OU=AMT");
	assert_string_equal(codes(), "profile-drift");
	make("auto", true);
	assert_string_equal(steps(), "ad.move");
	make("renew-ad-password", true);
	assert_string_equal(steps(), "ad.move ad.password kerberos.set");
}

/* Only what our CA issued is ours to revoke, and only what is there to remove.
 */
static void
test_what_is_not_ours_is_not_revoked(void **state)
{
	(void)state;
	d->cert_ours = false;
	make("auto", true);
	assert_string_equal(steps(),
	    "certificate.clean key.generate certificate.issue certificate.add "
	    "tls.switch certificate.remove");
	d->cert_read_only = true; /* a factory's, which stays */
	make("auto", true);
	assert_string_equal(steps(),
	    "certificate.clean key.generate certificate.issue certificate.add "
	    "tls.switch");
	d->cert_read_only = false;
	mem_replace(&d->old_cert_serial, "29"); /* of ours, from before */
	make("auto", true);
	assert_true(plan_has(&plan, "certificate.revoke"));
	mem_replace(&d->old_cert_serial, NULL);
	mem_replace(&d->cert_handle, NULL);
	d->tls_enabled = false;
	make("auto", true);
	assert_false(plan_has(&plan, "certificate.remove"));
	assert_false(plan_has(&plan, "certificate.revoke"));
}

/* Firmware was updated under a certificate that was good. */
static void
test_a_key_too_small_for_new_firmware(void **state)
{
	(void)state;
	d->cert_key_bits = 2048;
	make("auto", false);
	assert_string_equal(codes(), "");
	assert_false(plan_has(&plan, "key.generate"));
	mem_replace(&d->amt_version, "22.0.0");
	make("auto", false);
	assert_string_equal(codes(), "profile-drift");
	assert_true(plan_has(&plan, "key.generate"));
	make("enforce-profile", false);
	assert_true(plan_has(&plan, "key.generate"));
	d->cert_key_bits = 3072;
	make("auto", false);
	assert_string_equal(codes(), "");
	assert_false(plan_has(&plan, "key.generate"));
}

/* Said once, before a key is generated; the rest is done. */
static void
test_a_key_that_firmware_refuses_is_not_begun(void **state)
{
	(void)state;
	templates[0].key = word_rsa;
	d->cert_not_after = NOW + CLOCK_DAY;
	d->clock_offset_ms = 60000;
	make("auto", true);
	assert_true(plan_has(&plan, "key.generate"));
	assert_null(plan.obstacle);
	mem_replace(&d->amt_version, "22.0.0");
	make("auto", true);
	assert_string_equal(steps(), "clock.set");
	assert_string_equal(plan.obstacle,
	    "template tls: key rsa-2048 is refused by AMT 22 and newer; use "
	    "auto");
	assert_string_equal(
	    codes(), "certificate-expiring,key-refused,clock-skew");
	templates[0].key = word_ec;
	mem_replace(&d->amt_version, "16.1.25");
	make("auto", true);
	assert_string_equal(steps(), "clock.set");
	assert_non_null(strstr(plan.obstacle, "ec-p384"));
	templates[0].key = word_auto;
	make("auto", true);
	assert_null(plan.obstacle);
}

static void
test_interrupted_replacement_goes_on_where_it_stopped(void **state)
{
	(void)state;
	mem_replace(&d->next_key_handle, "key 2");
	mem_replace(&d->next_key_spki, "AAAA");
	mem_replace(&d->next_cert, "BBBB");
	make("auto", true);
	assert_string_equal(steps(),
	    "certificate.clean certificate.add tls.switch certificate.remove "
	    "certificate.revoke");
	mem_replace(&d->next_key_handle, NULL);
	mem_replace(&d->next_key_spki, NULL);
	mem_replace(&d->next_cert, NULL);
	mem_replace(&d->old_cert_handle, "cert 0");
	mem_replace(&d->old_cert_serial, "29");
	make("reissue-certificates", true); /* finished, not done once more */
	assert_string_equal(steps(), "certificate.remove certificate.revoke");
	assert_string_equal(plan.steps[0].from, "cert 0");
	assert_string_equal(plan.steps[1].from, "29");
	mem_replace(&d->old_cert_serial, NULL);
	make("auto", true);
	assert_string_equal(steps(), "certificate.remove");
}

static void
test_asked_for_means_done(void **state)
{
	(void)state;
	make("renew-admin-password", true);
	assert_string_equal(steps(), "admin.password");
	assert_string_equal(plan.steps[0].reason, "requested");
	make("renew-admin-password", false);
	assert_string_equal(steps(), "");
	make("renew-ad-password", true);
	assert_string_equal(steps(), "ad.password kerberos.set");
	make("sync-clock", true);
	assert_string_equal(steps(), "");
	d->clock_offset_ms = -4000; /* within the profile's ten seconds */
	make("sync-clock", true);
	assert_string_equal(steps(), "clock.set");
	make("sync-clock", false);
	assert_string_equal(steps(), "");
}

/* The object alone: neither its password nor the device's key, and never by
 * itself. */
static void
test_object_alone(void **state)
{
	(void)state;
	make("sync-ad-object", true);
	assert_string_equal(steps(), "");
	mem_replace(&d->ad_spns, "HTTP/elsewhere:16993");
	mem_replace(&d->ad_dn, "CN=pc1,OU=Elsewhere,DC=corp,DC=example");
	d->ad_secret_at = 0;
	make("sync-ad-object", true);
	assert_string_equal(steps(), "ad.move ad.object");
	assert_int_equal(play_find("sync-ad-object")->due(d, &policy), 0);
	mem_replace(&d->ad_dn, NULL);
	make("sync-ad-object", true);
	assert_string_equal(steps(), "");
}

static void
test_clock_is_set_first_in_every_play(void **state)
{
	const struct play *p;

	(void)state;
	d->clock_offset_ms = 17 * 60 * 1000;
	mem_replace(&d->amt_os_fqdn, "new.corp.example");
	for (p = plays(); p->name != NULL; p++) {
		make(p->name, true);
		assert_true(plan.count > 0);
		assert_string_equal(
		    plan_step_name(&plan.steps[0]), "clock.set");
	}
}

static void
test_missing_object_is_made_and_the_key_set(void **state)
{
	(void)state;
	mem_replace(&d->ad_dn, NULL);
	d->ad_secret_at = 0;
	assert_string_equal(codes(), "ad-object-missing");
	make("auto", true);
	assert_string_equal(steps(), "ad.object kerberos.set");
}

static void
test_disabled_object_is_told(void **state)
{
	(void)state;
	d->ad_uac = 0x1002;
	assert_string_equal(codes(), "ad-object-disabled");
	d->ad_secret_at = 0;
	assert_string_equal(codes(), "ad-object-disabled,ad-password-due");
}

static void
test_adopted_object_gets_a_password_we_know(void **state)
{
	(void)state;
	d->ad_secret_at = 0;
	make("auto", true);
	assert_string_equal(steps(), "ad.password kerberos.set");
}

static void
test_without_directory_nothing_of_it_is_planned(void **state)
{
	(void)state;
	policy.directory = false;
	mem_replace(&d->ad_dn, NULL);
	d->krb_enabled = false;
	mem_replace(&d->acl_sids, NULL);
	assert_string_equal(codes(), "");
	make("enforce-profile", true);
	assert_string_equal(steps(), "");
}

static void
test_aliases(void **state)
{
	static const char *const words[][2] = {{"SyncAMTTime", "sync-clock"},
	    {"syncclock", "sync-clock"},
	    {"SYNCNETWORKSETTINGS", "sync-network"},
	    {"ReissueCertificates", "reissue-certificates"},
	    {"RenewADPassword", "renew-ad-password"},
	    {"changepassword", "renew-admin-password"},
	    {"RenewAdminPassword", "renew-admin-password"},
	    {"AutoMaintain", "auto"}, {"auto", "auto"}};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_string_equal(play_find(words[i][0])->name, words[i][1]);
	assert_null(play_find("sync"));
	assert_null(play_find(""));
}

static void
test_communication_errors_hide_what_is_stale(void **state)
{
	struct err err;

	(void)state;
	d->cert_not_after = NOW - 1;
	mem_replace(&d->error_code, "offline");
	assert_string_equal(codes(), "offline");
	(void)err_set(&err, ERR_UNREACHABLE, "name does not resolve: x");
	assert_int_equal(diagnose_error(&err), REASON_NAME_RESOLUTION);
	(void)err_set(
	    &err, ERR_UNREACHABLE, "answers without TLS on port 16993");
	assert_int_equal(diagnose_error(&err), REASON_TLS_DISABLED);
	(void)err_set(&err, ERR_UNREACHABLE, "refused");
	assert_int_equal(diagnose_error(&err), REASON_OFFLINE);
	(void)err_set(&err, ERR_UNKNOWN, PORT_WANTS_CERT " on port 16993");
	assert_int_equal(diagnose_error(&err), REASON_WANTS_CERT);
	(void)err_set(&err, ERR_DENIED, "401");
	assert_int_equal(diagnose_error(&err), REASON_CREDENTIALS);
	(void)err_set(&err, ERR_UNTRUSTED, "leaf");
	assert_int_equal(diagnose_error(&err), REASON_UNTRUSTED);
	(void)err_set(&err, ERR_PROTOCOL, "html");
	assert_int_equal(diagnose_error(&err), REASON_PROTOCOL);
}

static void
test_all_failing_is_told_from_a_few(void **state)
{
	struct diagnose_fleet f = {0, {0}};

	(void)state;
	diagnose_count(&f, 1u << REASON_CREDENTIALS);
	assert_null(diagnose_fleet_hint(&f));
	diagnose_count(&f, 1u << REASON_CREDENTIALS);
	assert_non_null(strstr(diagnose_fleet_hint(&f), "every device"));
	diagnose_count(&f, 0);
	assert_non_null(strstr(diagnose_fleet_hint(&f), "only some"));
}

static void
test_reason_codes_are_words_and_reversible(void **state)
{
	int r;

	(void)state;
	for (r = 0; r < REASON_COUNT; r++) {
		assert_int_equal(reason_find(reason_code((enum reason)r)), r);
		assert_true(strlen(reason_help((enum reason)r)) > 20);
	}
	assert_int_equal(reason_find("healthy"), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* Nobody asked for roots: whatever is in the device is nobody's business. */
static void
test_roots_are_asked_for(void **state)
{
	(void)state;
	assert_string_equal(codes(), "");
	mem_replace(&d->our_roots, "aa old");
	mem_replace(&d->trusted_roots, "aa old");
	make("enforce-profile", true);
	assert_string_equal(steps(), "");
	profile.tls_roots = true;
	assert_string_equal(codes(), "trusted-root-missing,profile-drift");
	/* Unknown is not missing. */
	policy.roots = NULL;
	assert_string_equal(codes(), "");
	make("auto", false);
	assert_string_equal(steps(), "");
}

static void
test_roots_are_added(void **state)
{
	(void)state;
	profile.tls_roots = true;
	make("auto", false);
	assert_string_equal(steps(), "root.add");
	assert_string_equal(plan.steps[0].reason, "trusted-root-missing");
	mem_replace(&d->trusted_roots, "xx aa");
	make("enforce-profile", false);
	assert_string_equal(steps(), "root.add");
	mem_replace(&d->trusted_roots, "bb xx aa");
	assert_string_equal(codes(), "");
	make("enforce-profile", true);
	assert_string_equal(steps(), "");
	/* It takes none while it checks its peers, and is not asked to. */
	d->tls_mutual = true;
	mem_replace(&d->trusted_roots, "bb");
	make("auto", false);
	assert_string_equal(steps(), "");
	assert_string_equal(codes(), "trusted-root-missing");
}

static void
test_roots_are_removed(void **state)
{
	const struct port_roots none = {.count = 0};

	(void)state;
	profile.tls_roots = true;
	mem_replace(&d->trusted_roots, "aa bb cc old");
	make("enforce-profile", true);
	assert_string_equal(steps(), "");
	mem_replace(&d->our_roots, "aa bb old");
	make("auto", false);
	assert_string_equal(steps(), "root.remove");
	/* A CA that names none is one that does not answer. */
	policy.roots = &none;
	make("auto", false);
	assert_string_equal(steps(), "");
	policy.roots = &roots;
	mem_replace(&d->trusted_roots, "aa old");
	make("auto", false);
	assert_string_equal(steps(), "root.add root.remove");
	/* Before certificates that may need them, and after. */
	d->cert_not_after = NOW;
	make("auto", false);
	assert_string_equal(steps(),
	    "certificate.clean root.add key.generate certificate.issue "
	    "certificate.add tls.switch certificate.remove certificate.revoke "
	    "root.remove");
}

/* --- several in one visit --- */

static size_t
count_of(const char *step)
{
	size_t i, count = 0;

	for (i = 0; i < plan.count; i++)
		count += strcmp(plan_step_name(&plan.steps[i]), step) == 0;
	return count;
}

static void
combine(unsigned parts, unsigned always, bool first)
{
	plan_clear(&plan);
	play_plan(play_combine(parts, always), d, &policy, first, 0, &plan);
}

static void
test_combined(void **state)
{
	(void)state;
	combine(PLAY_PARTS_ALL, 0, true); /* all is well */
	assert_int_equal(plan.count, 0);
	combine(
	    PLAY_CERTIFICATES | PLAY_ADMIN_PASSWORD, PLAY_ADMIN_PASSWORD, true);
	assert_int_equal(plan.count, 1);
	assert_int_equal(count_of("admin.password"), 1);
	combine(PLAY_PARTS_ALL, PLAY_PARTS_ALL, true);
	assert_int_equal(count_of("admin.password"), 1);
	assert_int_equal(count_of("ad.password"), 1);
	assert_int_equal(count_of("tls.switch"), 1);
	combine(PLAY_PARTS_ALL, PLAY_PARTS_ALL, false); /* the second look */
	assert_int_equal(plan.count, 0);
	plan_clear(&plan);
	play_plan(play_combine(PLAY_PARTS_ALL, PLAY_PARTS_ALL), d, &policy,
	    true, PLAY_ADMIN_PASSWORD, &plan);
	assert_int_equal(count_of("admin.password"), 0); /* done already */
	assert_int_equal(count_of("ad.password"), 1);
}

/* A step that several want is made once, and in the order of all steps. */
static void
test_combined_shares_steps(void **state)
{
	(void)state;
	mem_replace(&d->os_host, "renamed");
	mem_replace(&d->os_domain, "corp.example");
	d->clock_offset_ms = 60000;
	policy.profile = &profile;
	profile.names_sync = true;
	combine(PLAY_PARTS_ALL, PLAY_PARTS_ALL, true);
	assert_int_equal(count_of("clock.set"), 1);
	assert_int_equal(count_of("names.set"), 1);
	assert_int_equal(count_of("tls.switch"), 1);
	assert_string_equal(plan_step_name(&plan.steps[0]), "clock.set");
	combine(PLAY_CLOCK, 0, true);
	assert_int_equal(plan.count, 1);
}

static void
test_combined_words(void **state)
{
	const struct play *play =
	    play_combine(PLAY_CLOCK | PLAY_CERTIFICATES, PLAY_CERTIFICATES);

	(void)state;
	assert_string_equal(play->name, "sync-clock+reissue-certificates");
	assert_ptr_equal(play,
	    play_combine(PLAY_CLOCK | PLAY_CERTIFICATES, PLAY_CERTIFICATES));
	assert_false(play->clock_only);
	assert_false(play->uses_directory);
	assert_true(play_combine(PLAY_CLOCK, 0)->clock_only);
	assert_true(play_combine(PLAY_AD_PASSWORD, 0)->uses_directory);
	assert_int_equal(play_part_find("SyncAMTTime"), PLAY_CLOCK);
	assert_int_equal(play_part_find("enforce-profile"), 0);
	assert_int_equal(play_part_find("nonsense"), 0);
	assert_string_equal(
	    play_part_name(PLAY_ADMIN_PASSWORD), "renew-admin-password");
	assert_int_equal(play_part_of_step("ad.password"), PLAY_AD_PASSWORD);
	assert_int_equal(play_part_of_step("clock.set"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_nothing_due_means_nothing_planned),
	    TEST(test_rename_takes_the_whole_chain),
	    TEST(test_host_facts_beat_what_firmware_heard),
	    TEST(test_certificate_that_waits),
	    TEST(test_certificate_is_due_before_it_ends),
	    TEST(test_ad_password_is_due_ten_days_before_the_domain_says),
	    TEST(test_a_monthly_run_has_twelve_days_of_grace),
	    TEST(test_a_user_object_expires),
	    TEST(test_why_a_password_is_due_now),
	    TEST(test_a_password_that_is_not_ours_is_replaced),
	    TEST(test_an_object_elsewhere_is_moved),
	    TEST(test_a_key_too_small_for_new_firmware),
	    TEST(test_a_key_that_firmware_refuses_is_not_begun),
	    TEST(test_what_is_not_ours_is_not_revoked),
	    TEST(test_interrupted_replacement_goes_on_where_it_stopped),
	    TEST(test_asked_for_means_done),
	    TEST(test_object_alone),
	    TEST(test_clock_is_set_first_in_every_play),
	    TEST(test_missing_object_is_made_and_the_key_set),
	    TEST(test_disabled_object_is_told),
	    TEST(test_adopted_object_gets_a_password_we_know),
	    TEST(test_without_directory_nothing_of_it_is_planned),
	    TEST(test_aliases),
	    TEST(test_communication_errors_hide_what_is_stale),
	    TEST(test_all_failing_is_told_from_a_few),
	    TEST(test_reason_codes_are_words_and_reversible),
	    TEST(test_roots_are_asked_for),
	    TEST(test_roots_are_added),
	    TEST(test_roots_are_removed),
	    TEST(test_combined),
	    TEST(test_combined_shares_steps),
	    TEST(test_combined_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
