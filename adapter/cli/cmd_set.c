#include <unistd.h>

#include "cli_internal.h"
#include "clock.h"
#include "device.h"
#include "err.h"
#include "intake_internal.h"
#include "mem.h"
#include "secret.h"
#include "store.h"
#include "str.h"

/*
 * device set: the host's facts are the administrator's to write at any time;
 * what belongs to the worker on the device (its pinned certificate, its refused
 * credentials) is written under a lease like a worker's.
 */
#define LEASE_SECONDS 30

static bool
changes_state(const struct cli *c, const struct secret *password)
{
	return password != NULL || cli_flag(c, "forget-identity") ||
	    cli_flag(c, "tls");
}

static void
forget_errors(struct device *d)
{
	mem_replace(&d->error_kind, NULL);
	mem_replace(&d->error_code, NULL);
	mem_replace(&d->error_text, NULL);
	d->error_at = 0;
	d->strikes = 0;
	d->failures = 0;
	d->next_due = clock_now();
	mem_replace(&d->due_play, "auto");
}

static int
save_state(struct cli *c, struct device *d, struct err *err)
{
	struct store *store = c->daemon.store;
	char *owner = mem_printf("%s/%ld", cli_actor(), (long)getpid());
	int64_t now = clock_now(), token;
	int rc = -1;

	if (store_lease_take(store, d->id, owner, now, now + LEASE_SECONDS,
		&token, err) != 0)
		goto out;
	if (cli_flag(c, "forget-identity")) {
		mem_replace(&d->leaf_sha256, NULL);
		mem_replace(&d->digest_realm, NULL);
	}
	if (cli_flag(c, "tls"))
		d->use_tls = true;
	forget_errors(d);
	if (store_device_save_state(store, d, token, err) == 0)
		rc = store_lease_drop(store, d->id, token, err);
out:
	mem_replace(&owner, NULL);
	return rc;
}

static int
save(struct cli *c, struct device *d, const struct secret *password,
    struct err *err)
{
	struct store *store = c->daemon.store;

	if (store_device_save_host(store, d, err) != 0)
		return -1;
	if (password != NULL &&
	    (intake_check_password(password, err) != 0 ||
		store_secret_put(store, d->id, STORE_SECRET_ADMIN, password,
		    clock_now(), err) != 0))
		return -1;
	if (changes_state(c, password) && save_state(c, d, err) != 0)
		return -1;
	if (cli_event(c, d, "device.set",
		password != NULL ? "{\"secret\":\"admin\"}" : "{}", err) != 0)
		return -1;
	return store_commit(store, err);
}

int
cmd_device_set(struct cli *c)
{
	struct intake in = {.address = cli_text(c, "address"),
	    .uuid = cli_text(c, "uuid"),
	    .os_host = cli_text(c, "os-host"),
	    .os_domain = cli_text(c, "os-domain"),
	    .site = cli_text(c, "site")};
	bool ask =
	    cli_flag(c, "ask-password") || cli_text(c, "password-file") != NULL;
	struct err err = {.kind = ERR_NONE};
	struct secret *password = NULL;
	struct device *d = NULL;
	int code = cli_open(c, DAEMON_STORE, NULL);

	if (code != CODE_OK)
		return code;
	if (store_device_find(c->daemon.store, c->args[0], &d, &err) != 0)
		return cli_fail(&err);
	in.name = d->name;
	if (ask &&
	    (password = cli_secret(
		 c, "password-file", "Admin password it has now: ")) == NULL)
		code = CODE_INPUT;
	else if (intake_change(&in, d, &err) != 0 ||
	    save(c, d, password, &err) != 0)
		code = cli_fail(&err);
	if (code != CODE_OK)
		store_rollback(c->daemon.store);
	secret_free(password);
	device_free(d);
	return code;
}
