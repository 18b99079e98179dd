/* send-email, webhook: what leaves. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "buf.h"
#include "clock.h"
#include "conf.h"
#include "device.h"
#include "fault.h"
#include "file.h"
#include "forward.h"
#include "mailer.h"
#include "mem.h"
#include "store.h"
#include "str.h"
#include "work_internal.h"

#define TEXT_MAX 65536
#define REPORT_MAX ((size_t)16 << 20) /* attached */
#define NAMED_MAX 1000		      /* devices named in a webhook */

/* --- what has happened so far --- */

/* A line per action that is over. */
static void
write_summary(const struct action_job *j, struct buf *out)
{
	const struct server_action *a;
	char *words;
	size_t i;

	buf_printf(out, "%s, run %" PRId64 "\n\n", j->run->name, j->run->id);
	for (i = 0; i < j->count; i++) {
		a = &j->actions[i];
		if (a == j->a || a->state < SERVER_OK)
			continue;
		words = action_words(a);
		buf_printf(out, "%s: %s%s%s\n", words,
		    server_state_name(a->state), a->message == NULL ? "" : ", ",
		    a->message == NULL ? "" : a->message);
		free(words);
	}
}

/* --- send-email --- */

static int
read_report(
    struct action_job *j, struct buf *file, char **ret_path, struct err *err)
{
	char *path = job_report_path(j, j->conf->conf->report_folder);

	buf_init(file, REPORT_MAX);
	if (path == NULL || action_number(j->a, "attach", 1) == 0) {
		free(path);
		return 0;
	}
	if (file_read(path, REPORT_MAX, file, err) != 0) {
		free(path);
		return -1;
	}
	*ret_path = path;
	return 0;
}

static int
send_mail(struct action_job *j, const struct buf *file, const char *path,
    struct err *err)
{
	char *to = action_text(j->a, "to"), *text = action_text(j->a, "text");
	char *subject = action_text(j->a, "subject");
	char uuid[STORE_UUID] = "";
	struct mailer_message m = {.to = to, .subject = subject};
	char *id = NULL;
	struct buf all;
	int rc = store_uuid(j->store, uuid, err);

	buf_init(&all, TEXT_MAX);
	if (text != NULL)
		buf_printf(&all, "%s\n\n", text);
	write_summary(j, &all);
	id = mem_printf("%s.%" PRId64 ".%" PRId64, uuid, j->run->id, j->a->at);
	m.text = buf_text(&all);
	m.id = id;
	if (subject == NULL)
		m.subject = j->run->name;
	if (path != NULL) {
		m.file = file;
		m.file_name = strrchr(path, '/') + 1;
	}
	if (rc == 0)
		rc = mailer_send(j->conf->conf, j->store, &m, err);
	buf_free(&all);
	free(to);
	free(text);
	free(subject);
	free(id);
	return rc;
}

/* done_to 1: it may have left. That is in the store before it can. */
static int
note_sending(struct action_job *j, int64_t done_to, struct err *err)
{
	j->a->done_to = done_to;
	if (server_action_save(j->store, j->a, err) != 0)
		return -1;
	return store_commit(j->store, err);
}

int
do_mail(struct action_job *j, enum action_next *ret, struct err *err)
{
	struct err why = {.kind = ERR_NONE};
	char *path = NULL;
	struct buf file;
	int rc;

	if (j->a->done_to != 0)
		return err_set(err, ERR_UNKNOWN,
		    "it was being sent when the process ended: it may have "
		    "arrived, and is not sent again");
	rc = read_report(j, &file, &path, err);
	j->a->attempts++;
	if (rc == 0)
		rc = note_sending(j, 1, err);
	if (rc == 0) {
		fault_point("action.mail");
		rc = send_mail(j, &file, path, &why);
		fault_point("action.mailed");
		if (rc == 0) {
			j->a->state = SERVER_CHANGED;
			j->a->changed = 1;
			job_note(j, "taken by the server%s",
			    path != NULL ? ", with the report" : "");
			*ret = ACTION_OVER;
		} else if (why.kind == ERR_UNKNOWN) {
			*err = why;
		} else {
			rc = note_sending(j, 0, err);
			if (rc == 0)
				rc = job_retry(j, &why, ret, err);
		}
	}
	buf_free(&file);
	free(path);
	return rc;
}

/* --- webhook --- */

static int
add_devices(const struct action_job *j, struct json_object *o, struct err *err)
{
	struct json_object *names = json_object_new_array();
	int64_t *devices = NULL;
	struct device *d = NULL;
	struct err why = {.kind = ERR_NONE};
	size_t count = 0, i;
	int rc = job_devices(j, &devices, &count, err);

	(void)json_object_object_add(
	    o, "rows", json_object_new_int64((int64_t)count));
	for (i = 0; rc == 0 && i < count && i < NAMED_MAX; i++) {
		if (store_device_get(j->store, devices[i], &d, &why) == 0) {
			(void)json_object_array_add(
			    names, json_object_new_string(d->name));
			device_free(d);
		} else if (why.kind != ERR_NOTFOUND) {
			*err = why;
			rc = -1;
		}
	}
	(void)json_object_object_add(o, "devices", names);
	free(devices);
	return rc;
}

static int
post(const struct action_job *j, const struct conf_forward *place,
    struct err *err)
{
	struct json_object *o = json_object_new_object();
	struct store_event event = {.at = j->run->created_at,
	    .kind = "server_task.webhook",
	    .actor = j->conf->actor};
	char uuid[STORE_UUID] = "";
	struct buf summary;
	char *id;
	int rc = store_uuid(j->store, uuid, err);

	id = mem_printf("%s.%" PRId64 ".%" PRId64, uuid, j->run->id, j->a->at);
	buf_init(&summary, TEXT_MAX);
	write_summary(j, &summary);
	(void)json_object_object_add(
	    o, "server_task", json_object_new_string(j->run->name));
	(void)json_object_object_add(
	    o, "run", json_object_new_int64(j->run->id));
	(void)json_object_object_add(
	    o, "summary", json_object_new_string(buf_text(&summary)));
	if (rc == 0)
		rc = add_devices(j, o, err);
	event.detail =
	    json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	if (rc == 0)
		rc = forward_post(place, j->store, &event, id, err);
	(void)json_object_put(o);
	buf_free(&summary);
	free(id);
	return rc;
}

int
do_webhook(struct action_job *j, enum action_next *ret, struct err *err)
{
	struct err why = {.kind = ERR_NONE};
	int rc;

	if (action_lacks(j->a, j->conf->conf, err) != 0)
		return -1;
	j->a->attempts++;
	fault_point("action.webhook");
	rc = post(j, action_place(j->a, j->conf->conf), &why);
	fault_point("action.posted");
	if (rc != 0)
		return job_retry(j, &why, ret, err);
	j->a->state = SERVER_CHANGED;
	j->a->changed = 1;
	job_note(j, "taken after %" PRId64 " attempts", j->a->attempts);
	*ret = ACTION_OVER;
	return 0;
}
