#include <stddef.h>
#include <stdint.h>

#include "plan.h"
#include "play_internal.h"
#include "str.h"

/*
 * The tasks.  Adding one is a file play_*.c and a row here.  Words users know
 * from elsewhere are aliases: Intel SCS and ACUConfig (SyncAMTTime), ePO Deep
 * Command's labels, rpc-go's maintenance and configure commands.
 */
static const char *const clock_words[] = {
    "SyncAMTTime", "syncclock", "synctime", "synchronize-amt-time", NULL};
static const char *const network_words[] = {"SyncNetworkSettings",
    "synchostname", "sync-hostname", "syncip", "hostname",
    "synchronize-network-settings", NULL};
static const char *const certificate_words[] = {"ReissueCertificates",
    "reissue-certificate", "configuretls", "re-issue-amt-certificates", NULL};
static const char *const directory_words[] = {
    "RenewADPassword", "renew-active-directory-password", NULL};
static const char *const no_words[] = {NULL};
static const char *const admin_words[] = {"RenewAdminPassword",
    "changepassword", "changeamtpassword", "amtpassword",
    "renew-administrative-password", NULL};
static const char *const profile_words[] = {"ConfigAMT", "ConfigViaRCSOnly",
    "enforce-amt-firmware-configuration-policy", NULL};
static const char *const auto_words[] = {
    "AutoMaintain", "maintain", "MaintainAMT", "MaintainViaRCSOnly", NULL};

static const struct play table[] = {
    {.name = "sync-clock",
	.aliases = clock_words,
	.summary = "set the device's clock when it is off",
	.clock_only = true,
	.due = play_clock_due,
	.plan = play_clock_plan},
    {.name = "sync-network",
	.aliases = network_words,
	.summary =
	    "names, DDNS and IP mode follow the host, and what hangs on the name",
	.uses_directory = true,
	.due = play_network_due,
	.plan = play_network_plan},
    {.name = "reissue-certificates",
	.aliases = certificate_words,
	.summary = "replace the TLS certificate with overlap",
	.due = play_certificate_due,
	.plan = play_certificate_plan},
    {.name = "renew-ad-password",
	.aliases = directory_words,
	.summary =
	    "new password for the Active Directory object, and the device's key",
	.uses_directory = true,
	.due = play_directory_due,
	.plan = play_directory_plan},
    {.name = "sync-ad-object",
	.aliases = no_words,
	.summary = "place, names and encryption types of the Active Directory "
		   "object, not its password",
	.uses_directory = true,
	.due = play_object_due,
	.plan = play_object_alone_plan},
    {.name = "renew-admin-password",
	.aliases = admin_words,
	.summary = "new password for the Digest admin account",
	.due = play_admin_due,
	.plan = play_admin_plan},
    {.name = "enforce-profile",
	.aliases = profile_words,
	.summary = "bring everything that differs to the profile",
	.uses_directory = true,
	.due = play_profile_due,
	.plan = play_profile_plan},
    {.name = "auto",
	.aliases = auto_words,
	.summary = "whatever is due, and nothing else",
	.uses_directory = true,
	.due = play_auto_due,
	.plan = play_auto_plan},
    {.name = NULL},
};

const struct play *
plays(void)
{
	return table;
}

const struct play *
play_find(const char *word)
{
	const struct play *play;
	const char *const *alias;

	for (play = table; play->name != NULL; play++) {
		if (str_ieq(play->name, word))
			return play;
		for (alias = play->aliases; *alias != NULL; alias++)
			if (str_ieq(*alias, word))
				return play;
	}
	return NULL;
}

int64_t
play_next_due(const struct device *d, const struct policy *p,
    const struct play **ret_play)
{
	const struct play *play, *first = NULL;
	int64_t at, earliest = 0;

	for (play = table; play->name != NULL; play++) {
		if (play->due == play_auto_due)
			continue;
		at = play->due(d, p);
		if (at != 0 && (earliest == 0 || at < earliest)) {
			earliest = at;
			first = play;
		}
	}
	if (ret_play != NULL)
		*ret_play = first;
	return earliest;
}

int64_t
play_auto_due(const struct device *d, const struct policy *p)
{
	return play_next_due(d, p, NULL);
}

void
play_auto_plan(const struct device *d, const struct policy *p, bool forced,
    struct plan *plan)
{
	const struct play *play;
	int64_t at;

	(void)forced; /* asked for or not: only what is due */
	for (play = table; play->name != NULL; play++) {
		if (play->due == play_auto_due)
			continue;
		at = play->due(d, p);
		if (at != 0 && at <= p->now)
			play->plan(d, p, false, plan);
	}
}
