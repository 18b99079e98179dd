#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "cli.h"
#include "commands_wsman_internal.h"
#include "device.h"
#include "file.h"
#include "mem.h"
#include "shown.h"
#include "store.h"
#include "str.h"
#include "wsman.h"

/*
 * Raw access to a device's classes, for looking behind what the typed parts
 * show.  A reply is written as XML first; JSON is made from that by the same
 * converter "wsman decode" uses, so the two always agree.
 */
#define XML_OUT_MAX ((size_t)4 * 1024 * 1024)
#define MAX_PAIRS 32
#define NS_SOAP "http://www.w3.org/2003/05/soap-envelope"
#define NS_ADDRESSING "http://schemas.xmlsoap.org/ws/2004/08/addressing"
#define JSON_STYLE                                                             \
	(JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |                   \
	    JSON_C_TO_STRING_NOSLASHESCAPE)

/* --- XML --- */

static void
write_attributes(struct buf *out, const struct xml_node *node)
{
	const struct xml_attr *a;
	unsigned prefix = 0;

	for (a = node->attrs; a != NULL; a = a->next) {
		if (a->uri[0] != '\0') {
			buf_printf(out, " xmlns:a%u=\"", prefix);
			buf_xml(out, a->uri);
			buf_printf(out, "\" a%u:%s=\"", prefix++, a->name);
		} else {
			buf_printf(out, " %s=\"", a->name);
		}
		buf_xml(out, a->value);
		buf_char(out, '"');
	}
}

static void
write_node(struct buf *out, const struct xml_node *node, const char *uri)
{
	const struct xml_node *child;

	buf_printf(out, "<%s", node->name);
	if (strcmp(node->uri, uri) != 0) {
		buf_str(out, " xmlns=\"");
		buf_xml(out, node->uri);
		buf_char(out, '"');
	}
	write_attributes(out, node);
	buf_char(out, '>');
	buf_xml(out, node->text);
	for (child = node->child; child != NULL; child = child->next)
		write_node(out, child, node->uri);
	buf_printf(out, "</%s>", node->name);
}

/* As an answer that "wsman decode" reads again. */
static void
write_envelope(struct buf *out, const struct xml_node *node)
{
	buf_str(out,
	    "<s:Envelope xmlns:s=\"" NS_SOAP "\" xmlns:a=\"" NS_ADDRESSING
	    "\"><s:Header><a:RelatesTo>0</a:RelatesTo></s:Header><s:Body>");
	if (node != NULL)
		write_node(out, node, "");
	buf_str(out, "</s:Body></s:Envelope>");
}

/* --- JSON --- */

/* The body of an envelope as JSON (given), or NULL. */
static struct json_object *
body_json(const struct buf *envelope, struct err *err)
{
	struct json_object *all, *body = NULL;
	struct buf text;

	buf_init(&text, XML_OUT_MAX);
	if (wsman_to_json(envelope->data, envelope->len, &text, err) != 0) {
		buf_free(&text);
		return NULL;
	}
	all = json_tokener_parse(buf_text(&text));
	if (json_object_object_get_ex(all, "body", &body))
		body = json_object_get(body);
	json_object_put(all);
	buf_free(&text);
	if (body == NULL)
		(void)err_set(err, ERR_PROTOCOL, "the answer has no body");
	return body;
}

struct answer {
	bool xml, items;
	struct json_object *list;
	struct buf text; /* XML */
	struct err err;
};

static void
take_node(struct answer *a, const struct xml_node *node)
{
	struct json_object *body;

	if (!a->xml)
		buf_reset(&a->text);
	write_envelope(&a->text, node);
	if (a->xml) {
		buf_char(&a->text, '\n');
		return;
	}
	body = body_json(&a->text, &a->err);
	if (body != NULL)
		json_object_array_add(a->list, body);
}

static void
take_reply(void *cookie, const struct wsman_reply *reply)
{
	struct answer *a = cookie;
	const struct xml_node *node;

	if (!a->items) {
		take_node(a, wsman_body(reply));
		return;
	}
	for (node = wsman_items(reply); node != NULL; node = node->next)
		take_node(a, node);
}

/* Firmware has odd words for a class that it does not have. */
static int
fail(const struct cli *c, const struct err *err)
{
	int code = cli_fail(err);

	if (err->domain == ERR_SOAP &&
	    err->native == WSMAN_FAULT_DESTINATION_UNREACHABLE)
		cli_note(c, "firmware says so of a class it does not have: %s",
		    c->args[1]);
	return code;
}

static int
write_answer(const struct answer *a)
{
	struct json_object *what = a->list;

	if (a->err.kind != ERR_NONE)
		return cli_fail(&a->err);
	if (a->text.over)
		return cli_complain(CODE_PROTOCOL, "the answer is too long");
	if (a->xml) {
		shown_put(stdout, buf_text(&a->text), SHOWN_XML);
		return CODE_OK;
	}
	if (!a->items)
		what = json_object_array_get_idx(a->list, 0);
	shown_put(stdout, json_object_to_json_string_ext(what, JSON_STYLE),
	    SHOWN_JSON);
	(void)fputc('\n', stdout);
	return CODE_OK;
}

/* --- calls --- */

static int
call(struct cli *c, const struct wsman_request *request, bool items)
{
	struct answer a = {.xml = cli_flag(c, "xml"), .items = items};
	struct device *device = NULL;
	struct err err = {.kind = ERR_NONE};
	int code = CODE_OK;

	if (store_device_find(c->daemon.store, c->args[0], &device, &err) != 0)
		return cli_fail(&err);
	buf_init(&a.text, XML_OUT_MAX);
	a.list = json_object_new_array();
	if (daemon_call(
		&c->daemon, device->id, request, take_reply, &a, &err) != 0)
		code = fail(c, &err);
	else
		code = write_answer(&a);
	json_object_put(a.list);
	buf_free(&a.text);
	device_free(device);
	return code;
}

/* name=value arguments from the first-th on, as name, value, ..., NULL. The
 * names are given, the values borrowed. */
struct pairs {
	const char *words[2 * MAX_PAIRS + 1];
	char *names[MAX_PAIRS];
	size_t count;
};

static int
take_pairs(const struct cli *c, size_t first, struct pairs *ret)
{
	const char *equals;
	size_t i;

	for (i = first; i < c->arg_count; i++) {
		equals = strchr(c->args[i], '=');
		if (equals == NULL || equals == c->args[i])
			return cli_complain(
			    CODE_USAGE, "%s: must be NAME=VALUE", c->args[i]);
		if (ret->count == MAX_PAIRS)
			return cli_complain(
			    CODE_USAGE, "more than %d NAME=VALUE", MAX_PAIRS);
		ret->names[ret->count] =
		    mem_dup_len(c->args[i], (size_t)(equals - c->args[i]));
		ret->words[2 * ret->count] = ret->names[ret->count];
		ret->words[2 * ret->count + 1] = equals + 1;
		ret->count++;
	}
	return CODE_OK;
}

static void
pairs_free(struct pairs *pairs)
{
	size_t i;

	for (i = 0; i < pairs->count; i++)
		free(pairs->names[i]);
}

int
cmd_wsman_get(struct cli *c)
{
	struct wsman_request request = {
	    .verb = WSMAN_GET, .class_name = c->args[1]};
	struct pairs selectors = {.count = 0};
	int code = take_pairs(c, 2, &selectors);

	if (selectors.count > 0)
		request.selectors = selectors.words;
	if (code == CODE_OK)
		code = cli_open(c, DAEMON_ENGINE, cli_actor());
	if (code == CODE_OK)
		code = call(c, &request, false);
	pairs_free(&selectors);
	return code;
}

int
cmd_wsman_enum(struct cli *c)
{
	struct wsman_request request = {
	    .verb = WSMAN_ENUMERATE, .class_name = c->args[1]};
	int code = cli_open(c, DAEMON_ENGINE, cli_actor());

	return code == CODE_OK ? call(c, &request, true) : code;
}

/* --- invoke --- */

static bool
only_reads(const char *method)
{
	return str_starts(method, "Get") || str_starts(method, "Enumerate") ||
	    str_starts(method, "Read") || str_starts(method, "Query");
}

/* What is done outside the journal must at least be in the audit chain, before
 * it is done: the call commits it, or takes it back when it is not made. */
static int
tell(struct cli *c)
{
	struct json_object *detail = json_object_new_object();
	struct device *device = NULL;
	struct err err = {.kind = ERR_NONE};
	int rc;

	json_object_object_add(
	    detail, "class", json_object_new_string(c->args[1]));
	json_object_object_add(
	    detail, "method", json_object_new_string(c->args[2]));
	rc = store_device_find(c->daemon.store, c->args[0], &device, &err);
	if (rc == 0)
		rc = cli_event(c, device, "wsman.invoked",
		    json_object_to_json_string(detail), &err);
	device_free(device);
	json_object_put(detail);
	return rc == 0 ? CODE_OK : cli_fail(&err);
}

static int
invoke(struct cli *c, const struct pairs *pairs)
{
	struct wsman_request request = {.verb = WSMAN_INVOKE,
	    .class_name = c->args[1],
	    .method = c->args[2]};
	char *element = mem_printf("%s_INPUT", c->args[2]);
	struct buf body;
	size_t i;
	int code;

	buf_init(&body, XML_MAX_BYTES);
	wsman_open(&body, c->args[1], element);
	for (i = 0; i < pairs->count; i++)
		wsman_text(&body, pairs->words[2 * i], pairs->words[2 * i + 1]);
	wsman_close(&body, element);
	request.body = buf_text(&body);
	code = call(c, &request, false);
	buf_free(&body);
	free(element);
	return code;
}

int
cmd_wsman_invoke(struct cli *c)
{
	struct pairs pairs = {.count = 0};
	bool reads = only_reads(c->args[2]);
	char *question;
	int code = take_pairs(c, 3, &pairs);

	question = mem_printf("%s.%s on %s changes the device outside the "
			      "journal: go on",
	    c->args[1], c->args[2], c->args[0]);
	if (code == CODE_OK && !reads && !cli_confirm(c, question))
		code = CODE_REFUSED;
	if (code == CODE_OK)
		code = cli_open(c, DAEMON_ENGINE, cli_actor());
	if (code == CODE_OK && !reads)
		code = tell(c);
	if (code == CODE_OK)
		code = invoke(c, &pairs);
	free(question);
	pairs_free(&pairs);
	return code;
}

/* --- decode --- */

int
cmd_wsman_decode(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};
	struct buf bytes, json;
	int code = CODE_OK;

	buf_init(&bytes, XML_MAX_BYTES);
	buf_init(&json, XML_OUT_MAX);
	if (file_read(c->args[0], XML_MAX_BYTES, &bytes, &err) != 0)
		code = cli_complain(CODE_INPUT, "%s", err.text);
	else if (wsman_to_json(bytes.data, bytes.len, &json, &err) != 0)
		code = cli_complain(CODE_INPUT, "%s: %s", c->args[0], err.text);
	else {
		shown_put(stdout, buf_text(&json), SHOWN_JSON);
		(void)fputc('\n', stdout);
	}
	buf_free(&bytes);
	buf_free(&json);
	return code;
}
