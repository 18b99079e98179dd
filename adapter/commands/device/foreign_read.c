/* Where the lists of other consoles come from: a file, or a server. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "cli.h"
#include "csv_table.h"
#include "fetch.h"
#include "file.h"
#include "foreign_internal.h"
#include "mem.h"
#include "secret.h"
#include "str.h"

#define CA_MAX 262144
#define EXCHANGE_MS 60000
#define BEARER "Bearer "

/* --- a server of Device Management Toolkit --- */

struct server {
	const char *url;
	struct buf ca;
	struct net_line *line;
	struct secret *bearer;
};

/* One exchange; the answer as JSON, given. */
static struct json_object *
talk(struct server *s, const char *path, const char *body, struct err *err)
{
	const char *const headers[] = {"Content-Type: application/json", NULL};
	char *url = mem_printf("%s%s", s->url, path);
	struct net_fetch f = {.method = body == NULL ? "GET" : "POST",
	    .url = url,
	    .headers = headers,
	    .body = body,
	    .body_len = body == NULL ? 0 : strlen(body),
	    .ca_pem = buf_text(&s->ca),
	    .token_header = s->bearer == NULL ? NULL : "Authorization",
	    .token = s->bearer,
	    .line = s->line,
	    .timeout_ms = EXCHANGE_MS,
	    .answer_max = FOREIGN_ANSWER_MAX};
	struct net_fetched got = {0};
	struct json_object *value = NULL;

	if (net_fetch(&f, &got, err) == 0) {
		if (got.status == 200)
			value = foreign_json(got.body.data, got.body.len, err);
		else if (got.status == 401 || got.status == 403)
			(void)err_set(err, ERR_DENIED,
			    "the server refuses user and password");
		else
			(void)err_set(err, ERR_PROTOCOL,
			    "answered with HTTP %d", got.status);
	}
	if (value == NULL)
		(void)err_context(err, "%s", url);
	buf_wipe(&got.body);
	net_fetched_clear(&got);
	free(url);
	return value;
}

static void
wipe_text(struct json_object *object)
{
	union {
		const char *read;
		char *write;
	} text = {.read = json_object_get_string(object)};

	if (text.read != NULL)
		secret_wipe(text.write, strlen(text.read));
}

/* POST /api/v1/authorize {"username","password"} -> {"token"}. */
static int
log_in(struct server *s, const char *user, const struct secret *password,
    struct err *err)
{
	struct json_object *ask = json_object_new_object(), *answer, *token;
	struct buf body;

	json_object_object_add(ask, "username", json_object_new_string(user));
	json_object_object_add(
	    ask, "password", json_object_new_string(secret_text(password)));
	buf_init(&body, 8192);
	buf_str(&body, json_object_to_json_string_ext(ask, 0));
	answer = talk(s, "/api/v1/authorize", buf_text(&body), err);
	(void)json_object_object_get_ex(ask, "password", &token);
	wipe_text(token);
	wipe_text(ask);
	json_object_put(ask);
	buf_wipe(&body);
	if (answer == NULL) {
		buf_free(&body);
		return -1;
	}
	if (json_object_object_get_ex(answer, "token", &token) &&
	    json_object_is_type(token, json_type_string)) {
		buf_printf(&body, BEARER "%s", json_object_get_string(token));
		s->bearer = secret_new(body.data, body.len);
		wipe_text(token);
	} else {
		(void)err_set(err, ERR_PROTOCOL,
		    "%s/api/v1/authorize: no token in the answer", s->url);
	}
	json_object_put(answer);
	buf_free(&body);
	return s->bearer == NULL ? -1 : 0;
}

static int
read_pages(struct server *s, struct buf *csv, struct foreign_notes *notes,
    struct err *err)
{
	struct json_object *page;
	size_t skip = 0, count = 1;
	char path[96];
	int rc = 0;

	while (rc == 0 && count > 0) {
		if (skip > FOREIGN_DEVICES_MAX)
			return err_set(err, ERR_LIMIT,
			    "the server shows more than %d devices",
			    FOREIGN_DEVICES_MAX);
		(void)snprintf(path, sizeof(path),
		    "/api/v1/devices?$top=%d&$skip=%zu", FOREIGN_PAGE, skip);
		page = talk(s, path, NULL, err);
		if (page == NULL)
			return -1;
		rc = foreign_dmt(page, csv, notes, &count, err);
		json_object_put(page);
		skip += count;
	}
	return rc;
}

static int
read_server(struct cli *c, const char *url, struct buf *csv,
    struct foreign_notes *notes)
{
	const char *ca = cli_text(c, "ca"), *user = cli_text(c, "user");
	struct server s = {.url = url};
	struct secret *password = NULL;
	struct err err = {.kind = ERR_NONE};
	int code = CODE_OK;

	if (ca == NULL || user == NULL)
		return cli_complain(CODE_USAGE,
		    "a server needs --ca FILE, who may vouch for it, and "
		    "--user NAME");
	buf_init(&s.ca, CA_MAX + 1);
	if (file_read(ca, CA_MAX, &s.ca, &err) != 0)
		code = cli_complain(CODE_INPUT, "%s", err.text);
	if (code == CODE_OK &&
	    (password = cli_secret(c, "password-file", "Password there: ")) ==
		NULL)
		code = CODE_INPUT;
	if (code == CODE_OK &&
	    ((s.line = net_line_new(&err)) == NULL ||
		log_in(&s, user, password, &err) != 0 ||
		read_pages(&s, csv, notes, &err) != 0))
		code = cli_fail(&err);
	secret_free(password);
	secret_free(s.bearer);
	net_line_free(s.line);
	buf_free(&s.ca);
	return code;
}

/* --- files --- */

static int
read_json(const char *from, const struct buf *bytes, struct buf *csv,
    struct foreign_notes *notes, struct err *err)
{
	struct json_object *value = foreign_json(bytes->data, bytes->len, err);
	size_t count;
	int rc;

	if (value == NULL)
		return -1;
	rc = str_eq(from, "dmt") ? foreign_dmt(value, csv, notes, &count, err)
				 : foreign_mesh(value, csv, notes, err);
	json_object_put(value);
	return rc;
}

static int
read_mesh_csv(const char *file, struct buf *bytes, struct buf *csv,
    struct foreign_notes *notes, struct err *err)
{
	static const char *const names[] = {
	    "name", "rname", "host", "ip", "groupname"};
	struct csv_table t = {.file = file, .names = names, .count = 5};

	if (csv_table_open(&t, (char *)bytes->data, bytes->len, err) != 0)
		return -1;
	foreign_mesh_csv(&t, csv, notes);
	return 0;
}

static bool
looks_like_json(const struct buf *bytes)
{
	const char *text = buf_text(bytes);

	if (str_starts(text, BOM))
		text += BOM_LEN;
	return strchr("[{", text[strspn(text, " \t\r\n")]) != NULL;
}

static int
read_file(const char *file, const char *from, struct buf *csv,
    struct foreign_notes *notes)
{
	struct err err = {.kind = ERR_NONE};
	struct buf bytes;
	int rc;

	buf_init(&bytes, CSV_MAX_BYTES + 1);
	rc = file_read(file, CSV_MAX_BYTES, &bytes, &err);
	if (rc == 0 && str_eq(from, "meshcentral") && !looks_like_json(&bytes))
		rc = read_mesh_csv(file, &bytes, csv, notes, &err);
	else if (rc == 0 &&
	    (rc = read_json(from, &bytes, csv, notes, &err)) != 0)
		(void)err_context(&err, "%s", file);
	buf_free(&bytes);
	return rc == 0 ? CODE_OK : cli_complain(CODE_INPUT, "%s", err.text);
}

/* --- either --- */

static void
note(const struct cli *c, size_t count, const char *what)
{
	if (count > 0)
		cli_note(c, "%zu %s", count, what);
}

int
foreign_read(struct cli *c, const char *from, struct buf *csv)
{
	const char *source = c->args[0];
	struct foreign_notes n = {0};
	int code;

	foreign_begin(csv);
	if (str_eq(from, "dmt") && str_starts(source, "https://"))
		code = read_server(c, source, csv, &n);
	else
		code = read_file(source, from, csv, &n);
	if (code != CODE_OK)
		return code;
	note(c, n.no_amt,
	    "passed over: Intel AMT is not there, or not activated");
	note(c, n.no_name, "passed over: without a name that DNS could have");
	note(c, n.other_user,
	    "have another user than admin, which is the one used here");
	note(c, n.bad_login,
	    "could not be logged in to, by that console's word");
	note(c, n.cira,
	    "were reached through that console; here they must be reachable "
	    "themselves");
	if (cli_text(c, "passwords") == NULL)
		note(c, n.devices,
		    "come without password, which no console gives: "
		    "--passwords, or \"device set --ask-password\"");
	return CODE_OK;
}
