#ifndef SERVER_XML_H_
#define SERVER_XML_H_
#include <stddef.h>

struct buf;
struct err;
struct server_task;
struct store;

/*
 * Server tasks as ePO exports and imports them (task.importTasks):
 *
 *   <list><scheduled-task>
 *     <name/> <description/> <type>NORMAL</type> <enabled/>
 *     <start-date>2013-05-28 07:00:01.0 UTC</start-date>
 *     <schedule>period:yearly?h=1&amp;m=0&amp;f=1&amp;mo=JANUARY</schedule>
 *     <command-chain>
 *       <command-name/> <commmand-params><entry><string/><string/></entry>
 *       </commmand-params> <children><command-chain/>...</children>
 *     </command-chain>
 *   </scheduled-task></list>
 *
 * ("commmand" is how the product spells it.)  Seen were the frame, the yearly
 * schedule and scheduler.noop; description and enabled, and the names of the
 * commands that stand for our actions, are inferred.  A command that is not
 * known, or has other parameters, is kept as it is ("epo-command"), is exported
 * again as it came, and cannot be run.  A schedule that ePO has no word for is
 * written as ours and read as such.  Without "enabled" a task is not, nor is
 * one that names a query or client task by number (queryId, taskId), which may
 * be another one's here: a person looks at it first.
 */
#define SERVER_XML_MAX ((size_t)256 << 10)

typedef int server_xml_fn(
    void *cookie, const struct server_task *t, struct err *err);
/* fn for each, in order; actions as action_tree_write(), schedule as ours.
 * ERR_INVALID: no XML, or which task, and what. */
int server_xml_read(const void *bytes, size_t len, server_xml_fn *fn,
    void *cookie, struct err *err);

void server_xml_begin(struct buf *out);
/* ERR_INVALID: its actions are none. */
int server_xml_write(
    const struct server_task *t, struct buf *out, struct err *err);
void server_xml_end(struct buf *out);
/* A whole file: of these, by name or number, count 0: of all that are kept.
 * ERR_NOTFOUND; ERR_LIMIT: more than out may have. */
int server_xml_export(struct store *s, char *const *names, size_t count,
    struct buf *out, struct err *err);
#endif
