#include "mailer.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "conf.h"
#include "err.h"
#include "file.h"
#include "mail.h"
#include "mail_text_internal.h"
#include "mem.h"
#include "secret.h"
#include "store_forward.h"

#define SECRET_NAME "mail:" /* no place of "forward" is called so */
#define PEM_MAX 4194304
#define MESSAGE_MAX ((size_t)32 << 20)

int
mailer_set_password(struct store *s, const struct secret *password, int64_t now,
    struct err *err)
{
	return store_forward_secret_put(s, SECRET_NAME, password, now, err);
}

static int
get_password(const struct conf *conf, struct store *s, struct secret **ret,
    struct err *err)
{
	if (conf->mail_user == NULL)
		return 0;
	if (store_forward_secret_get(s, SECRET_NAME, ret, err) == 0)
		return 0;
	if (err->kind == ERR_NOTFOUND)
		return err_set(err, ERR_INVALID,
		    "mail.user has no password: amtkeeper mail password");
	return -1;
}

static int
write_and_send(const struct conf *conf, const struct secret *password,
    const struct mailer_message *m, char *const *to, struct err *err)
{
	char *id = mem_printf("%s.%s", m->id, conf->mail_from);
	const struct mail_text text = {.from = conf->mail_from,
	    .to = (const char *const *)to,
	    .subject = m->subject,
	    .text = m->text,
	    .id = id,
	    .at = clock_now(),
	    .file = m->file,
	    .file_name = m->file_name};
	struct net_mail mail = {.url = conf->mail_server,
	    .from = conf->mail_from,
	    .to = text.to,
	    .user = conf->mail_user,
	    .password = password,
	    .timeout_ms = (unsigned)conf->mail_timeout * 1000};
	struct buf pem, out;
	int rc;

	buf_init(&pem, PEM_MAX);
	buf_init(&out, MESSAGE_MAX);
	mail_text_write(&out, &text);
	rc = file_read(conf->mail_tls_ca, PEM_MAX, &pem, err);
	if (rc == 0 && out.over)
		rc = err_set(
		    err, ERR_LIMIT, "mail: more than %zu bytes", MESSAGE_MAX);
	if (rc == 0) {
		mail.ca_pem = buf_text(&pem);
		mail.message = out.data;
		mail.len = out.len;
		rc = net_mail(&mail, err);
	}
	buf_free(&pem);
	buf_free(&out);
	free(id);
	return rc;
}

int
mailer_check(const struct conf *conf, struct err *err)
{
	if (conf->mail_server == NULL)
		return err_set(err, ERR_INVALID,
		    "mail.server is not configured: no mail is sent");
	if (conf->mail_from == NULL || conf->mail_tls_ca == NULL)
		return err_set(err, ERR_INVALID,
		    "mail.from and mail.tls_ca must be configured with "
		    "mail.server");
	return 0;
}

int
mailer_send(const struct conf *conf, struct store *s,
    const struct mailer_message *m, struct err *err)
{
	char *to[MAIL_TO_MAX + 1];
	struct secret *password = NULL;
	size_t i;
	int rc;

	if (mailer_check(conf, err) != 0)
		return -1;
	memset(to, 0, sizeof(to));
	rc = mail_addresses(m->to, to, MAIL_TO_MAX + 1, err);
	if (rc == 0)
		rc = get_password(conf, s, &password, err);
	if (rc == 0)
		rc = write_and_send(conf, password, m, to, err);
	for (i = 0; to[i] != NULL; i++)
		free(to[i]);
	secret_free(password);
	return rc;
}
