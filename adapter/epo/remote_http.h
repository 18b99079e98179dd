#ifndef REMOTE_HTTP_H_
#define REMOTE_HTTP_H_
#include <stddef.h>

struct access;
struct access_identity;
struct http_request;
struct remote;

/*
 * /remote/<command>[.do] over HTTP: arguments from the query string and from
 * forms, be they urlencoded or multipart, in one line.  200 for every answer of
 * a command, also a failure; other codes are of the transport:
 *
 *   400  what was sent is no form      403  not the token that was given
 *   405  neither GET nor POST           503  too much at once, or stopping
 *
 * The token of core.getSecurityToken may be left out, but must be right when it
 * is sent; it is needed with a session's cookie, which a browser adds to
 * whatever request, but to ask for it.  Who asks, and for which page, is found
 * out before.
 */
#define REMOTE_PATH "/remote/" /* for routes of GET and POST */
#define REMOTE_FORM_MAX ((size_t)8 << 20)

/* Borrowed, as both parts, as long as requests come. */
struct remote_http {
	struct remote *remote;
	struct access *access;
};
/* Owes the answer; who is borrowed for the call. cookie: struct remote_http. */
void remote_http_handle(void *cookie, struct http_request *request,
    const struct access_identity *who);
#endif
