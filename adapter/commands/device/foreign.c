#include "foreign_internal.h"

#include <arpa/inet.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "csv_table.h"
#include "err.h"
#include "intake.h"
#include "mem.h"
#include "str.h"

#define SHA256_HEX 64
#define TAGS_MAX 4000

/* One device; texts borrowed, NULL: not said. */
struct foreign {
	const char *name, *address, *os_host, *os_domain, *uuid, *leaf, *group;
	const char *tags;
	bool plain;
};

/* --- as CSV --- */

static void
add_cell(struct buf *csv, const char *text, char end)
{
	buf_char(csv, '"');
	for (; text != NULL && *text != '\0'; text++) {
		if (*text == '"')
			buf_char(csv, '"');
		if ((unsigned char)*text >= 0x20)
			buf_char(csv, *text);
	}
	buf_char(csv, '"');
	buf_char(csv, end);
}

void
foreign_begin(struct buf *csv)
{
	buf_str(csv,
	    "name,address,os_host,os_domain,uuid,leaf_sha256,group,tags,tls\n");
}

static void
add_row(struct buf *csv, const struct foreign *f)
{
	add_cell(csv, f->name, ',');
	add_cell(csv, f->address, ',');
	add_cell(csv, f->os_host, ',');
	add_cell(csv, f->os_domain, ',');
	add_cell(csv, f->uuid, ',');
	add_cell(csv, f->leaf, ',');
	add_cell(csv, f->group, ',');
	add_cell(csv, f->tags, ',');
	add_cell(csv, f->plain ? "no" : NULL, '\n');
}

/* --- values --- */

struct json_object *
foreign_json(const void *bytes, size_t len, struct err *err)
{
	struct json_tokener *tokener = json_tokener_new_ex(FOREIGN_DEPTH_MAX);
	struct json_object *value;
	const char *text = bytes;
	bool whole;

	if (tokener == NULL)
		abort();
	if (len >= BOM_LEN && memcmp(text, BOM, BOM_LEN) == 0) {
		text += BOM_LEN;
		len -= BOM_LEN;
	}
	while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
		len--;
	json_tokener_set_flags(
	    tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	value = json_tokener_parse_ex(tokener, text, (int)len);
	whole = json_tokener_get_error(tokener) == json_tokener_success &&
	    json_tokener_get_parse_end(tokener) == len;
	json_tokener_free(tokener);
	if (whole && value != NULL)
		return value;
	(void)json_object_put(value);
	(void)err_set(err, ERR_INVALID, "is not JSON, or not all of it");
	return NULL;
}

static struct json_object *
member(struct json_object *in, const char *name)
{
	struct json_object *value = NULL;

	if (json_object_is_type(in, json_type_object))
		(void)json_object_object_get_ex(in, name, &value);
	return value;
}

/* NULL for nothing, as for "". */
static const char *
text_of(struct json_object *in, const char *name)
{
	struct json_object *value = member(in, name);
	const char *text;

	if (!json_object_is_type(value, json_type_string))
		return NULL;
	text = json_object_get_string(value);
	return *text == '\0' ||
		strlen(text) != (size_t)json_object_get_string_len(value)
	    ? NULL
	    : text;
}

/* NULL for one that stands for none. */
static const char *
uuid_of(struct json_object *in, const char *name)
{
	const char *text = text_of(in, name);

	return text != NULL && intake_is_uuid(text) ? text : NULL;
}

static int64_t
number_of(struct json_object *in, const char *name)
{
	return json_object_get_int64(member(in, name));
}

static bool
is_address(const char *text)
{
	unsigned char out[sizeof(struct in6_addr)];

	return text != NULL &&
	    (inet_pton(AF_INET, text, out) == 1 ||
		inet_pton(AF_INET6, text, out) == 1);
}

static bool
is_long_name(const char *text)
{
	return text != NULL && strchr(text, '.') != NULL && !is_address(text) &&
	    str_is_fqdn(text);
}

static bool
is_host(const char *text)
{
	return text != NULL && strchr(text, '.') == NULL && str_is_fqdn(text);
}

/* A list of texts, or one text with commas; given, "" for none. */
static char *
tags_of(struct json_object *in)
{
	struct json_object *value = member(in, "tags"), *one;
	struct buf out;
	size_t i, count = 0;
	char *text;

	buf_init(&out, TAGS_MAX);
	if (json_object_is_type(value, json_type_string))
		buf_str(&out, json_object_get_string(value));
	else if (json_object_is_type(value, json_type_array))
		count = json_object_array_length(value);
	for (i = 0; i < count; i++) {
		one = json_object_array_get_idx(value, i);
		if (json_object_is_type(one, json_type_string))
			buf_printf(&out, "%s%s", out.len > 0 ? ", " : "",
			    json_object_get_string(one));
	}
	text = mem_dup(buf_text(&out));
	buf_free(&out);
	return text;
}

/* 64 hex digits, with or without colons; given, NULL when it is none. */
static char *
pin_of(const char *text)
{
	struct buf out;
	char *pin = NULL;

	buf_init(&out, SHA256_HEX);
	for (; text != NULL && *text != '\0'; text++)
		if (*text != ':' && *text != ' ')
			buf_char(&out, *text);
	if (out.len == SHA256_HEX && !out.over &&
	    strspn(buf_text(&out), "0123456789abcdefABCDEF") == SHA256_HEX)
		pin = mem_dup(buf_text(&out));
	buf_free(&out);
	return pin;
}

/* Names a device by its host: whole, or of host and suffix; given, NULL when
 * DNS cannot have it. */
static char *
join_name(const char *host, const char *suffix)
{
	if (is_long_name(host))
		return mem_dup(host);
	if (is_host(host) && suffix != NULL && str_is_fqdn(suffix))
		return mem_printf("%s.%s", host, suffix);
	return is_host(host) ? mem_dup(host) : NULL;
}

static void
put_device(
    struct foreign *f, char *name, struct buf *csv, struct foreign_notes *notes)
{
	char *host = NULL, *domain = NULL;

	if (name == NULL) {
		notes->no_name++;
		return;
	}
	str_split_fqdn(name, &host, &domain);
	f->name = name;
	f->os_host = host;
	f->os_domain = domain;
	add_row(csv, f);
	notes->devices++;
	free(host);
	free(domain);
}

/* --- Device Management Toolkit --- */

static void
take_dmt(struct json_object *d, struct buf *csv, struct foreign_notes *notes)
{
	const char *host = text_of(d, "hostname"), *user;
	const char *friendly = text_of(d, "friendlyName");
	const char *suffix = text_of(d, "dnsSuffix");
	char *tags = tags_of(d), *pin = pin_of(text_of(d, "certHash"));
	char *name = join_name(is_address(host) ? NULL : host, suffix);
	struct json_object *tls = member(d, "useTLS");
	struct foreign f = {.uuid = uuid_of(d, "guid"), .tags = tags};

	if (name == NULL)
		name = join_name(friendly, suffix);
	if (is_address(host))
		f.address = host;
	f.plain = json_object_is_type(tls, json_type_boolean) &&
	    !json_object_get_boolean(tls);
	if (!f.plain)
		f.leaf = pin;
	user = text_of(d, "username");
	notes->other_user += user != NULL && !str_eq(user, "admin");
	notes->cira += text_of(d, "mpsusername") != NULL;
	put_device(&f, name, csv, notes);
	free(name);
	free(tags);
	free(pin);
}

int
foreign_dmt(struct json_object *page, struct buf *csv,
    struct foreign_notes *notes, size_t *ret_count, struct err *err)
{
	struct json_object *list = page;
	size_t i, count;

	if (json_object_is_type(page, json_type_object))
		list = member(page, "data");
	if (!json_object_is_type(list, json_type_array))
		return err_set(
		    err, ERR_PROTOCOL, "no list of devices, as expected");
	count = json_object_array_length(list);
	for (i = 0; i < count; i++)
		take_dmt(json_object_array_get_idx(list, i), csv, notes);
	*ret_count = count;
	return 0;
}

/* --- MeshCentral --- */

#define MESH_ACTIVATED 2 /* intelamt.state */

static void
take_mesh(struct json_object *d, struct buf *csv, struct foreign_notes *notes)
{
	struct json_object *amt = member(d, "intelamt");
	const char *host = text_of(d, "host"), *user;
	struct foreign f = {.group = text_of(d, "groupname")};
	char *tags, *name;

	if (amt == NULL || number_of(amt, "state") != MESH_ACTIVATED) {
		notes->no_amt++;
		return;
	}
	name = join_name(is_address(host) ? NULL : host, NULL);
	if (name == NULL || strchr(name, '.') == NULL) {
		free(name);
		name = join_name(text_of(amt, "host"), NULL);
	}
	if (name == NULL)
		name = join_name(text_of(d, "rname"), NULL);
	if (name == NULL)
		name = join_name(text_of(d, "name"), NULL);
	if (is_address(host))
		f.address = host;
	f.uuid = uuid_of(amt, "uuid");
	f.plain = member(amt, "tls") != NULL && number_of(amt, "tls") == 0;
	user = text_of(amt, "user");
	notes->other_user += user != NULL && !str_eq(user, "admin");
	notes->bad_login += number_of(amt, "warn") != 0;
	tags = tags_of(d);
	f.tags = tags;
	put_device(&f, name, csv, notes);
	free(tags);
	free(name);
}

int
foreign_mesh(struct json_object *list, struct buf *csv,
    struct foreign_notes *notes, struct err *err)
{
	size_t i, count;

	if (!json_object_is_type(list, json_type_array))
		return err_set(err, ERR_INVALID,
		    "no list of devices, as \"meshctrl ListDevices --json\" "
		    "writes it");
	count = json_object_array_length(list);
	if (count > FOREIGN_DEVICES_MAX)
		return err_set(err, ERR_LIMIT, "more than %d devices",
		    FOREIGN_DEVICES_MAX);
	for (i = 0; i < count; i++)
		take_mesh(json_object_array_get_idx(list, i), csv, notes);
	return 0;
}

enum mesh_column { MESH_NAME, MESH_RNAME, MESH_HOST, MESH_IP, MESH_GROUP };

void
foreign_mesh_csv(
    struct csv_table *t, struct buf *csv, struct foreign_notes *notes)
{
	struct foreign f;
	const char *host, *ip;
	char *name;

	while (csv_table_next(t) == 1) {
		if (t->row.bad != NULL) {
			notes->no_name++;
			continue;
		}
		f = (struct foreign){.group = csv_table_value(t, MESH_GROUP)};
		host = csv_table_value(t, MESH_HOST);
		ip = csv_table_value(t, MESH_IP);
		name = join_name(is_address(host) ? NULL : host, NULL);
		if (name == NULL)
			name = join_name(csv_table_value(t, MESH_RNAME), NULL);
		if (name == NULL)
			name = join_name(csv_table_value(t, MESH_NAME), NULL);
		if (is_address(host))
			f.address = host;
		else if (is_address(ip))
			f.address = ip;
		put_device(&f, name, csv, notes);
		free(name);
	}
}
