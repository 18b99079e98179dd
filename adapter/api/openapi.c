/* The OpenAPI 3.0.3 document, made of the table that dispatches. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "api_internal.h"
#include "mem.h"
#include "str.h"

typedef struct json_object json;

/* Takes value. */
static void
put(json *o, const char *key, json *value)
{
	(void)json_object_object_add(o, key, value);
}

static void
put_text(json *o, const char *key, const char *text)
{
	put(o, key, json_object_new_string(text));
}

static void
put_true(json *o, const char *key)
{
	put(o, key, json_object_new_boolean(1));
}

static json *
schema_of(const char *type)
{
	json *o = json_object_new_object();

	put_text(o, "type", type);
	return o;
}

static json *
ref(const char *folder, const char *name)
{
	json *o = json_object_new_object();
	char *text = mem_printf("#/components/%s/%s", folder, name);

	put_text(o, "$ref", text);
	free(text);
	return o;
}

static json *
texts(const char *const *words)
{
	json *list = json_object_new_array();

	for (; *words != NULL; words++)
		(void)json_object_array_add(
		    list, json_object_new_string(*words));
	return list;
}

/* {"TYPE": {"schema": ...}}; takes schema. */
static json *
content(const char *type, json *schema)
{
	json *o = json_object_new_object(), *media = json_object_new_object();

	put(media, "schema", schema);
	put(o, type, media);
	return o;
}

/* --- fields of requests --- */

static json *
field_schema(const struct api_field *f)
{
	json *o, *items;

	switch (f->type) {
	case API_INT:
		o = schema_of("integer");
		put_text(o, "format", "int64");
		put(o, "minimum", json_object_new_int64(f->min));
		put(o, "maximum", json_object_new_int64(f->max));
		return o;
	case API_BOOL:
		return schema_of("boolean");
	case API_TEXTS:
		o = schema_of("array");
		items = schema_of("string");
		put(items, "minLength", json_object_new_int(1));
		put(o, "items", items);
		put(o, "minItems", json_object_new_int64(f->min));
		put(o, "maxItems", json_object_new_int64(f->max));
		return o;
	case API_TEXT:
	case API_SECRET:
		break;
	}
	o = schema_of("string");
	put(o, "minLength", json_object_new_int64(f->min));
	put(o, "maxLength", json_object_new_int64(f->max));
	if (f->words != NULL)
		put(o, "enum", texts(f->words));
	if (f->type == API_SECRET) {
		put_text(o, "format", "password");
		put_true(o, "writeOnly");
	}
	return o;
}

static json *
form_schema(const struct api_form *form)
{
	json *o = schema_of("object"), *members = json_object_new_object();
	json *needed = json_object_new_array(), *member;
	size_t i;

	for (i = 0; i < form->count; i++) {
		member = field_schema(&form->fields[i]);
		put_text(member, "description", form->fields[i].help);
		put(members, form->fields[i].name, member);
		if (form->fields[i].required)
			(void)json_object_array_add(needed,
			    json_object_new_string(form->fields[i].name));
	}
	put(o, "properties", members);
	if (json_object_array_length(needed) > 0)
		put(o, "required", needed);
	else
		(void)json_object_put(needed);
	put(o, "additionalProperties", json_object_new_boolean(0));
	return o;
}

/* --- columns of answers --- */

static json *
column_schema(enum report_type type)
{
	json *o;

	switch (type) {
	case REPORT_INT:
		o = schema_of("integer");
		put_text(o, "format", "int64");
		return o;
	case REPORT_BOOL:
		return schema_of("boolean");
	case REPORT_LIST:
		o = schema_of("array");
		put(o, "items", schema_of("string"));
		return o;
	case REPORT_STRING:
	case REPORT_TIME:
		break;
	}
	o = schema_of("string");
	if (type == REPORT_TIME)
		put_text(o, "format", "date-time");
	put_true(o, "nullable");
	return o;
}

static json *
row_schema(const struct api_row *row)
{
	json *o = schema_of("object"), *members = json_object_new_object();
	json *all = json_object_new_array();
	struct record_kind *made = row->make == NULL ? NULL : row->make();
	const struct record_kind *kind = made == NULL ? row->kind : made;
	const struct report_column *column;
	size_t i;

	for (i = 0; i < kind->count; i++) {
		column = &kind->columns[i];
		put(members, column->name, column_schema(column->type));
		(void)json_object_array_add(
		    all, json_object_new_string(column->name));
	}
	put_text(o, "description", row->help);
	put(o, "properties", members);
	put(o, "required", all);
	put(o, "additionalProperties", json_object_new_boolean(0));
	free(made);
	return o;
}

static json *
page_schema(const struct api_row *row)
{
	json *o = schema_of("object"), *members = json_object_new_object();
	json *items = schema_of("array"), *next = schema_of("string");
	static const char *const all[] = {"items", "next", NULL};

	put(items, "items", ref("schemas", row->name));
	put_true(next, "nullable");
	put_text(next, "description", "cursor of the next page; null: the end");
	put(members, "items", items);
	put(members, "next", next);
	put(o, "properties", members);
	put(o, "required", texts(all));
	put(o, "additionalProperties", json_object_new_boolean(0));
	return o;
}

static json *
report_schema(void)
{
	json *o = schema_of("object"), *members = json_object_new_object();
	json *rows = schema_of("array"), *cut = schema_of("boolean");
	static const char *const all[] = {"rows", "cut", NULL};

	put(rows, "items", schema_of("object"));
	put_text(cut, "description", "there were more rows");
	put(members, "rows", rows);
	put(members, "cut", cut);
	put(o, "properties", members);
	put(o, "required", texts(all));
	put(o, "additionalProperties", json_object_new_boolean(0));
	return o;
}

static json *
problem_schema(void)
{
	json *o = schema_of("object"), *members = json_object_new_object();
	static const char *const all[] = {
	    "type", "title", "status", "detail", NULL};
	json *kind = schema_of("string");

	put(members, "type", schema_of("string"));
	put(members, "title", schema_of("string"));
	put(members, "status", schema_of("integer"));
	put(members, "detail", schema_of("string"));
	put_text(
	    kind, "description", "a word for programs: invalid, limit ...");
	put(members, "kind", kind);
	put_text(o, "description", "RFC 9457");
	put(o, "properties", members);
	put(o, "required", texts(all));
	return o;
}

/* --- operations --- */

/* Takes schema. */
static void
add_parameter(json *list, const char *in, const char *name, const char *help,
    json *schema)
{
	json *o = json_object_new_object();

	put_text(o, "name", name);
	put_text(o, "in", in);
	put_text(o, "description", help);
	if (str_eq(in, "path"))
		put_true(o, "required");
	put(o, "schema", schema);
	(void)json_object_array_add(list, o);
}

static void
add_path_parameters(json *list, const char *path)
{
	const char *at = path;
	char *name;
	size_t len;
	json *schema;

	while ((at = strchr(at, '{')) != NULL) {
		len = strcspn(at, "}");
		name = mem_dup_len(at + 1, len - 1);
		schema = schema_of("string");
		put(schema, "minLength", json_object_new_int(1));
		add_parameter(list, "path", name, "which", schema);
		free(name);
		at += len;
	}
}

static void
add_query_parameters(json *list, const char *params)
{
	const struct api_field *f;
	char *name;
	size_t len;

	for (; !str_empty(params);
	     params += len, params += strspn(params, " ")) {
		len = strcspn(params, " ");
		name = mem_dup_len(params, len);
		f = api_param(name);
		add_parameter(list, "query", name, f->help, field_schema(f));
		if (f->required)
			put_true(json_object_array_get_idx(
				     list, json_object_array_length(list) - 1),
			    "required");
		free(name);
	}
}

static json *
parameters(const struct api_route *r)
{
	json *list = json_object_new_array();

	add_path_parameters(list, r->path);
	add_query_parameters(list, r->params);
	if ((r->flags & API_MATCHED) != 0)
		add_parameter(list, "header", "If-Match",
		    "only while it has this ETag", schema_of("string"));
	if ((r->flags & API_MATCHED) != 0 && str_eq(r->method, "PUT"))
		add_parameter(list, "header", "If-None-Match",
		    "*: only when there is none yet", schema_of("string"));
	if ((r->flags & API_KEYED) != 0)
		add_parameter(list, "header", "Idempotency-Key",
		    "the same again within a day gets the same answer",
		    schema_of("string"));
	if (r->answer == API_EVENTS)
		add_parameter(list, "header", "Last-Event-ID",
		    "go on behind this one", schema_of("string"));
	return list;
}

static json *
answer_content(const struct api_route *r)
{
	json *o, *csv = json_object_new_object();
	char *page;

	switch (r->answer) {
	case API_ROW:
		(void)json_object_put(csv);
		return content(
		    "application/json", ref("schemas", r->row->name));
	case API_PAGE_OF:
		(void)json_object_put(csv);
		page = mem_printf("%sPage", r->row->name);
		o = content("application/json", ref("schemas", page));
		free(page);
		return o;
	case API_REPORT:
		o = content("application/json", ref("schemas", "Report"));
		put(csv, "schema", schema_of("string"));
		put(o, "text/csv", csv);
		return o;
	case API_ROWS:
		(void)json_object_put(csv);
		return content("application/json", ref("schemas", "Report"));
	case API_DOCUMENT:
		(void)json_object_put(csv);
		return content("application/json", schema_of("object"));
	case API_EVENTS:
		(void)json_object_put(csv);
		return content("text/event-stream", schema_of("string"));
	case API_XML:
	case API_PEM:
	case API_CRL:
		(void)json_object_put(csv);
		return content(api_file_type(r->answer), schema_of("string"));
	case API_NOTHING:
		break;
	}
	(void)json_object_put(csv);
	return NULL;
}

static json *
header(const char *help)
{
	json *o = json_object_new_object();

	put_text(o, "description", help);
	put(o, "schema", schema_of("string"));
	return o;
}

/* The status of success, and for a PUT the other one. */
static json *
success(const struct api_route *r)
{
	json *o = json_object_new_object(), *types = answer_content(r);
	json *headers = json_object_new_object();

	put_text(o, "description", r->help);
	if (types != NULL)
		put(o, "content", types);
	if ((r->flags & API_TAGGED) != 0)
		put(headers, "ETag", header("its version"));
	if ((r->flags & API_LOCATED) != 0)
		put(headers, "Location", header("where it is"));
	if (json_object_object_length(headers) > 0)
		put(o, "headers", headers);
	else
		(void)json_object_put(headers);
	return o;
}

static json *
answers(const struct api_route *r)
{
	json *o = json_object_new_object();
	char status[12];

	(void)snprintf(status, sizeof(status), "%d", r->status);
	put(o, status, success(r));
	if (str_eq(r->method, "PUT"))
		put(o, "201", success(r));
	put(o, "default", ref("responses", "Problem"));
	return o;
}

static json *
operation(const struct api_route *r)
{
	json *o = json_object_new_object(), *list = json_object_new_array();
	json *body = json_object_new_object();
	size_t i;
	bool needed = false;

	(void)json_object_array_add(list, json_object_new_string(r->group));
	put_text(o, "operationId", r->id);
	put(o, "tags", list);
	put_text(o, "summary", r->help);
	put_text(o, "x-right",
	    r->right == API_ANYBODY ? "" : access_right_name(r->right));
	put(o, "parameters", parameters(r));
	if (r->form != NULL) {
		for (i = 0; i < r->form->count; i++)
			needed = needed || r->form->fields[i].required;
		put(body, "required", json_object_new_boolean(needed));
		put(body, "content",
		    content("application/json", ref("schemas", r->form->name)));
		put(o, "requestBody", body);
	} else if (api_takes(r) != NULL) {
		put_true(body, "required");
		put(body, "content",
		    content(api_takes(r), schema_of("string")));
		put(o, "requestBody", body);
	} else {
		(void)json_object_put(body);
	}
	put(o, "responses", answers(r));
	return o;
}

/* --- the whole --- */

static json *
paths(void)
{
	json *o = json_object_new_object(), *item;
	const struct api_route *r;
	char *path, *method;
	size_t i;

	for (i = 0; (r = api_route_at(i)) != NULL; i++) {
		path = mem_printf("/%s", r->path);
		if (!json_object_object_get_ex(o, path, &item)) {
			item = json_object_new_object();
			put(o, path, item);
		}
		method = str_lower(mem_dup(r->method));
		put(item, method, operation(r));
		free(method);
		free(path);
	}
	return o;
}

static json *
schemas(void)
{
	json *o = json_object_new_object();
	const struct api_route *r;
	char *page;
	size_t i;

	put(o, "Problem", problem_schema());
	put(o, "Report", report_schema());
	for (i = 0; (r = api_route_at(i)) != NULL; i++) {
		if (r->form != NULL)
			put(o, r->form->name, form_schema(r->form));
		if (r->row == NULL)
			continue;
		put(o, r->row->name, row_schema(r->row));
		if (r->answer != API_PAGE_OF)
			continue;
		page = mem_printf("%sPage", r->row->name);
		put(o, page, page_schema(r->row));
		free(page);
	}
	return o;
}

static json *
scheme(const char *type, const char *key, const char *value)
{
	json *o = schema_of(type);

	put_text(o, key, value);
	return o;
}

static json *
components(void)
{
	json *o = json_object_new_object(), *all = json_object_new_object();
	json *problem = json_object_new_object();
	json *answers = json_object_new_object(), *cookie;

	put_text(problem, "description", "Why not");
	put(problem, "content",
	    content("application/problem+json", ref("schemas", "Problem")));
	put(answers, "Problem", problem);
	put(all, "token", scheme("http", "scheme", "bearer"));
	put(all, "password", scheme("http", "scheme", "basic"));
	cookie = scheme("apiKey", "in", "cookie");
	put_text(cookie, "name", ACCESS_COOKIE);
	put(all, "session", cookie);
	put(o, "schemas", schemas());
	put(o, "responses", answers);
	put(o, "securitySchemes", all);
	return o;
}

static json *
security(void)
{
	static const char *const names[] = {"token", "password", "session"};
	json *list = json_object_new_array(), *one;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		one = json_object_new_object();
		put(one, names[i], json_object_new_array());
		(void)json_object_array_add(list, one);
	}
	return list;
}

void
api_document(const char *version, struct buf *out)
{
	json *o = json_object_new_object(), *info = json_object_new_object();
	json *servers = json_object_new_array();
	json *server = json_object_new_object();

	put_text(info, "title", "amtkeeper");
	put_text(info, "version", version);
	put_text(info, "description",
	    "Maintenance of Intel AMT fleets. Client certificates log in as "
	    "well; with a session's cookie everything but GET shows the "
	    "header X-Security-Token.");
	put_text(server, "url", "/api/v1");
	(void)json_object_array_add(servers, server);
	put_text(o, "openapi", "3.0.3");
	put(o, "info", info);
	put(o, "servers", servers);
	put(o, "security", security());
	put(o, "paths", paths());
	put(o, "components", components());
	buf_str(out,
	    json_object_to_json_string_ext(
		o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	buf_char(out, '\n');
	(void)json_object_put(o);
}
