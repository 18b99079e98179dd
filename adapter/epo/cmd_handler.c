/* agentmgmt.listAgentHandlers: who speaks to the systems, which is this server
 * alone. */
#include <string.h>
#include <unistd.h>

#include "commands_internal.h"
#include "err.h"

#define HOST_MAX 256

/* "keeper" of "keeper.corp.example". */
static void
short_name(const char *name, char out[HOST_MAX])
{
	size_t len = strcspn(name, ".");

	memcpy(out, name, len);
	out[len] = '\0';
}

int
remote_list_handlers(struct call *c, struct err *err)
{
	char name[HOST_MAX], host[HOST_MAX];
	struct out *o = &c->out;

	if (gethostname(name, sizeof(name)) == -1)
		return err_set(
		    err, ERR_STORAGE, "the name of this host is not known");
	name[sizeof(name) - 1] = '\0';
	short_name(name, host);
	out_list(o, true);
	out_row(o, "EPORegisteredApacheServer");
	out_int(o, "autoId", 1);
	out_text(o, "computerName", host);
	out_text(o, "dnsName", name);
	out_bool(o, "enabled", true);
	out_text(o, "key", NULL);
	out_text(o, "lastKnownIp", NULL);
	out_time(o, "lastUpdate", c->now);
	out_bool(o, "masterHandler", true);
	out_text(o, "publishedDNSName", NULL);
	out_text(o, "publishedIP", NULL);
	out_text(o, "publishedNetBiosName", NULL);
	out_text(o, "version", REMOTE_EPO_VERSION);
	out_bool(o, "versionMatch", true);
	out_row_end(o);
	out_list_end(o);
	return 0;
}
