#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ca.h"
#include "conf.h"
#include "daemon.h"
#include "err.h"
#include "file.h"
#include "mem.h"
#include "store.h"
#include "vault.h"

/* Only the owner may look into folders with keys and databases. */
#define FOLDER_MODE 0700

static int
make_folder_of(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char *folder;
	int rc;

	if (slash == NULL || slash == path)
		return 0;
	folder = mem_dup_len(path, (size_t)(slash - path));
	rc = file_mkdirs(folder, FOLDER_MODE, err);
	free(folder);
	return rc;
}

/* Asked before anything is made, so that a second `init` changes nothing. */
static int
must_not_exist(const char *path, struct err *err)
{
	struct stat st;

	if (lstat(path, &st) == 0)
		return err_set(err, ERR_CONFLICT, "%s exists already", path);
	if (errno != ENOENT && errno != ENOTDIR)
		return err_errno(err, errno, "%s", path);
	return 0;
}

static void
remove_database(const char *path)
{
	static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
	size_t i;
	char *name;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		name = mem_printf("%s%s", path, ends[i]);
		(void)unlink(name);
		free(name);
	}
}

int
daemon_create_ca(
    struct daemon *d, const struct daemon_ca_new *ca, struct err *err)
{
	struct ca_conf files = daemon_ca_conf(d);
	int rc;

	if (make_folder_of(files.database, err) != 0 ||
	    make_folder_of(files.key_file, err) != 0)
		return -1;
	rc = ca->offline ? ca_create_offline(&files, ca->how, err)
			 : ca_create(&files, ca->how, err);
	return rc == 0 ? 0 : err_context(err, "CA");
}

static int
check_free(const struct conf *conf, struct err *err)
{
	const char *const paths[] = {
	    conf->vault_key, conf->database, conf->ca_database, conf->ca_key};
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (must_not_exist(paths[i], err) != 0)
			return -1;
	return 0;
}

int
daemon_create(struct daemon *d, const struct daemon_ca_new *ca, struct err *err)
{
	bool key_made = false, store_made = false;
	int rc = -1;

	assert(d->vault == NULL);
	if (check_free(d->conf, err) != 0)
		return -1;
	if (make_folder_of(d->conf->vault_key, err) != 0 ||
	    make_folder_of(d->conf->database, err) != 0)
		return -1;
	if (vault_create(d->conf->vault_key, err) != 0)
		return -1;
	key_made = true;
	if (vault_open(d->conf->vault_key, &d->vault, err) != 0)
		goto out;
	if (store_create(d->conf->database, d->vault, err) != 0)
		goto out;
	store_made = true;
	rc = daemon_create_ca(d, ca, err);
out:
	if (rc != 0 && store_made)
		remove_database(d->conf->database);
	if (rc != 0 && key_made)
		(void)unlink(d->conf->vault_key);
	vault_close(d->vault);
	d->vault = NULL;
	return rc;
}
