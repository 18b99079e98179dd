#ifndef COLUMNS_H_
#define COLUMNS_H_
#include "record.h"

/* For tables of columns, and a kind of the array KIND_columns. */
#define TEXT(n)                                                                \
	{                                                                      \
		.name = (n), .type = REPORT_STRING                             \
	}
#define INT(n)                                                                 \
	{                                                                      \
		.name = (n), .type = REPORT_INT                                \
	}
#define TIME(n)                                                                \
	{                                                                      \
		.name = (n), .type = REPORT_TIME                               \
	}
#define BOOL(n)                                                                \
	{                                                                      \
		.name = (n), .type = REPORT_BOOL                               \
	}
#define LIST(n)                                                                \
	{                                                                      \
		.name = (n), .type = REPORT_LIST                               \
	}
#define KIND(kind)                                                             \
	const struct record_kind kind = {kind##_columns,                       \
	    sizeof(kind##_columns) / sizeof(kind##_columns[0])}
#endif
