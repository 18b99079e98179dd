#ifndef CONSOLE_SESSION_INTERNAL_H_
#define CONSOLE_SESSION_INTERNAL_H_
#include "console.h"

/* The routes /session. */
void console_session_add(struct console *c);
#endif
