#include "ad_conf.h"

#include <stdlib.h>

#include "ad_lab.h"
#include "conf.h"
#include "mem.h"

void
ad_conf(struct conf *conf)
{
	conf->directory = true;
	conf->realm = mem_dup(ad_env("LAB_REALM"));
	conf->domain = mem_dup(ad_env("LAB_DOMAIN"));
	conf->principal = mem_dup(ad_env("LAB_PRINCIPAL"));
	conf->keytab = mem_dup(ad_env("LAB_KEYTAB"));
	conf->transport = mem_dup("gssapi");
	conf->password_by = mem_dup("auto");
	conf->directory_timeout = AD_DEADLINE / 1000;
}

void
ad_conf_clear(struct conf *conf)
{
	free(conf->realm);
	free(conf->domain);
	free(conf->dc);
	free(conf->principal);
	free(conf->keytab);
	free(conf->transport);
	free(conf->password_by);
}
