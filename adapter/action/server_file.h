#ifndef SERVER_FILE_H_
#define SERVER_FILE_H_
struct buf;
struct err;
struct server_task;

/*
 * A server task as people write it, in YAML or JSON:
 *
 *   name: Repair renamed systems
 *   description: what the maintenance guide calls scenario 1
 *   schedule: daily at 02:00 missed run
 *   enabled: true
 *   overlap: false
 *   actions:
 *     - run-query: {query: renamed systems}
 *       then:
 *         - run-client-task: {task: Repair renamed systems}
 */
#define SERVER_FILE_MAX 262144

/* json: as yaml_json() makes it of such a file; what it does not say stays as
 * it is in *t. Actions are not looked into. ERR_INVALID. */
int server_file_read(const char *json, struct server_task *t, struct err *err);
/* The same for an editor, as JSON in lines; appended. */
void server_file_write(const struct server_task *t, struct buf *out);
#endif
