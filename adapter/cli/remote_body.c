/* Bodies of what a service elsewhere is asked. */
#include <json-c/json.h>

#include "cli.h"
#include "cli_remote_body.h"

struct json_object *
cli_remote_body(void)
{
	return json_object_new_object();
}

void
cli_remote_put_text(
    struct json_object *body, const char *name, const char *text)
{
	if (text != NULL)
		(void)json_object_object_add(
		    body, name, json_object_new_string(text));
}

void
cli_remote_put_true(struct json_object *body, const char *name, bool is)
{
	if (is)
		cli_remote_put_bool(body, name, true);
}

void
cli_remote_put_bool(struct json_object *body, const char *name, bool is)
{
	(void)json_object_object_add(body, name, json_object_new_boolean(is));
}

void
cli_remote_put_number(
    struct json_object *body, const char *name, int64_t number)
{
	(void)json_object_object_add(body, name, json_object_new_int64(number));
}

void
cli_remote_put_options(const struct cli *c, struct json_object *body,
    const struct cli_remote_option *options)
{
	const char *text;

	for (; options->option != NULL; options++) {
		text = cli_text(c, options->option);
		if (text != NULL)
			cli_remote_put_text(body, options->member, text);
		else
			cli_remote_put_true(body, options->member,
			    cli_flag(c, options->option));
	}
}
