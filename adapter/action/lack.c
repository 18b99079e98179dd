/* What actions need of the configuration. */
#include <stdlib.h>

#include "action.h"
#include "conf.h"
#include "err.h"
#include "kind_internal.h"
#include "mailer.h"
#include "str.h"
#include "work_internal.h"

const struct conf_forward *
action_place(const struct server_action *a, const struct conf *conf)
{
	char *name = action_text(a, "to");
	const struct conf_forward *place = NULL;
	size_t i;

	for (i = 0; place == NULL && i < conf->forward_count; i++)
		if (str_eq(conf->forwards[i].name, name) &&
		    str_eq(conf->forwards[i].kind, "webhook"))
			place = &conf->forwards[i];
	free(name);
	return place;
}

static int
lacks_place(
    const struct server_action *a, const struct conf *conf, struct err *err)
{
	char *name;

	if (action_place(a, conf) != NULL)
		return 0;
	name = action_text(a, "to");
	(void)err_set(err, ERR_INVALID,
	    "the configuration's \"forward\" has no webhook %.100s", name);
	free(name);
	return -1;
}

int
action_lacks(
    const struct server_action *a, const struct conf *conf, struct err *err)
{
	switch (action_kind_find(a->kind)) {
	case ACTION_EXPORT:
		return conf->report_folder != NULL
		    ? 0
		    : err_set(err, ERR_INVALID,
			  "report.folder is not configured: no file is "
			  "written");
	case ACTION_MAIL:
		return mailer_check(conf, err);
	case ACTION_WEBHOOK:
		return lacks_place(a, conf, err);
	default:
		return 0;
	}
}
