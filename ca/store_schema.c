/* The tables of the CA, made and changed step by step: a step that was ever in
 * use is never touched again. */
#include "record_internal.h"

const char *const ca_store_steps[] = {
    "CREATE TABLE ca_issuer ("
    " role TEXT PRIMARY KEY,"
    " certificate BLOB NOT NULL);"

    "CREATE TABLE ca_intent ("
    " serial TEXT PRIMARY KEY,"
    " key TEXT NOT NULL,"
    " device TEXT NOT NULL,"
    " template TEXT NOT NULL,"
    " subject TEXT NOT NULL,"
    " names TEXT NOT NULL,"
    " spki_sha256 BLOB NOT NULL,"
    " csr_sha256 BLOB NOT NULL,"
    " tbs_sha256 BLOB NOT NULL,"
    " tbs BLOB NOT NULL,"
    " not_before BIGINT NOT NULL,"
    " not_after BIGINT NOT NULL,"
    " made_at BIGINT NOT NULL);"
    "CREATE INDEX ca_intent_key ON ca_intent (key);"
    "CREATE INDEX ca_intent_device ON ca_intent (device);"
    "CREATE INDEX ca_intent_spki ON ca_intent (spki_sha256);"
    "CREATE INDEX ca_intent_made ON ca_intent (made_at);"
    "CREATE INDEX ca_intent_end ON ca_intent (not_after);"

    /* Between intent and certificate; short, so that a start is quick. */
    "CREATE TABLE ca_pending ("
    " serial TEXT PRIMARY KEY REFERENCES ca_intent (serial),"
    " key TEXT NOT NULL);"

    /* One key, one certificate: here, not only in the code above it. */
    "CREATE TABLE ca_certificate ("
    " serial TEXT PRIMARY KEY REFERENCES ca_intent (serial),"
    " key TEXT NOT NULL UNIQUE,"
    " certificate BLOB NOT NULL,"
    " issued_at BIGINT NOT NULL);"

    "CREATE INDEX ca_certificate_issued ON ca_certificate (issued_at);"

    "CREATE TABLE ca_revocation ("
    " seq BIGINT PRIMARY KEY,"
    " serial TEXT NOT NULL UNIQUE REFERENCES ca_intent (serial),"
    " revoked_at BIGINT NOT NULL,"
    " reason BIGINT NOT NULL);"

    "CREATE TABLE ca_crl ("
    " number BIGINT PRIMARY KEY,"
    " crl BLOB NOT NULL,"
    " made_at BIGINT NOT NULL,"
    " this_update BIGINT NOT NULL,"
    " next_update BIGINT NOT NULL,"
    " covers BIGINT NOT NULL);",

    "CREATE INDEX ca_intent_subject ON ca_intent (subject);",

    "CREATE TABLE ca_block ("
    " spki_sha256 BLOB PRIMARY KEY,"
    " note TEXT NOT NULL,"
    " blocked_at BIGINT NOT NULL);",

    /* Keys of those who answer for an issuer, sealed. */
    "CREATE TABLE ca_responder ("
    " serial TEXT PRIMARY KEY REFERENCES ca_intent (serial),"
    " issuer TEXT NOT NULL,"
    " key BLOB NOT NULL);",

    /* Issuing keys, one after the other, in the place of one. */
    "CREATE TABLE ca_line ("
    " id INTEGER PRIMARY KEY,"
    " state TEXT NOT NULL,"
    " key_file TEXT NOT NULL,"
    " request BLOB);"
    "CREATE TABLE ca_line_certificate ("
    " line BIGINT NOT NULL REFERENCES ca_line (id),"
    " place BIGINT NOT NULL,"
    " certificate BLOB NOT NULL,"
    " PRIMARY KEY (line, place));"
    "INSERT INTO ca_line (id, state, key_file)"
    " SELECT 1, 'active', '' FROM ca_issuer WHERE role = 'issuing';"
    "INSERT INTO ca_line_certificate (line, place, certificate)"
    " SELECT 1, CASE role WHEN 'issuing' THEN 0 ELSE 1 END, certificate"
    " FROM ca_issuer;"
    "DROP TABLE ca_issuer;"
    "ALTER TABLE ca_intent ADD COLUMN line BIGINT NOT NULL DEFAULT 1;"
    "ALTER TABLE ca_crl RENAME TO ca_crl_before;"
    "CREATE TABLE ca_crl ("
    " line BIGINT NOT NULL,"
    " number BIGINT NOT NULL,"
    " crl BLOB NOT NULL,"
    " made_at BIGINT NOT NULL,"
    " this_update BIGINT NOT NULL,"
    " next_update BIGINT NOT NULL,"
    " covers BIGINT NOT NULL,"
    " PRIMARY KEY (line, number));"
    "INSERT INTO ca_crl (line, number, crl, made_at, this_update, next_update,"
    " covers) SELECT 1, number, crl, made_at, this_update, next_update, covers"
    " FROM ca_crl_before;"
    "DROP TABLE ca_crl_before;",

    /* Requests to other CAs, and what came of them: bridge.h. */
    "CREATE TABLE bridge_request ("
    " bridge TEXT NOT NULL,"
    " key TEXT NOT NULL,"
    " device TEXT NOT NULL,"
    " template TEXT NOT NULL,"
    " subject TEXT NOT NULL,"
    " names TEXT NOT NULL,"
    " spki_sha256 BLOB NOT NULL,"
    " csr_sha256 BLOB NOT NULL,"
    " csr BLOB NOT NULL,"
    " state TEXT NOT NULL,"
    " request_id TEXT NOT NULL,"
    " text TEXT NOT NULL,"
    " tries BIGINT NOT NULL,"
    " made_at BIGINT NOT NULL,"
    " asked_at BIGINT NOT NULL,"
    " retry_at BIGINT NOT NULL,"
    " urgent_at BIGINT NOT NULL,"
    " PRIMARY KEY (bridge, key));"
    "CREATE INDEX bridge_request_key ON bridge_request (key);"
    "CREATE INDEX bridge_request_device ON bridge_request (device);"
    "CREATE INDEX bridge_request_spki ON bridge_request (spki_sha256);"
    "CREATE INDEX bridge_request_subject ON bridge_request (subject);"

    "CREATE TABLE bridge_certificate ("
    " serial TEXT PRIMARY KEY,"
    " bridge TEXT NOT NULL,"
    " key TEXT NOT NULL UNIQUE,"
    " certificate BLOB NOT NULL,"
    " not_before BIGINT NOT NULL,"
    " not_after BIGINT NOT NULL,"
    " issued_at BIGINT NOT NULL,"
    " revoked_at BIGINT NOT NULL,"
    " reason BIGINT NOT NULL,"
    " told BIGINT NOT NULL,"
    " FOREIGN KEY (bridge, key) REFERENCES bridge_request (bridge, key));"
    "CREATE INDEX bridge_certificate_bytes ON bridge_certificate"
    " (certificate);"

    "CREATE VIEW ca_known AS"
    " SELECT c.serial, c.certificate, i.subject, i.names, i.device,"
    "  i.template, i.not_before, i.not_after, c.issued_at,"
    "  COALESCE(r.revoked_at, 0) AS revoked_at,"
    "  COALESCE(r.reason, 0) AS reason, c.key, i.csr_sha256,"
    "  'internal' AS issuer"
    "  FROM ca_certificate c JOIN ca_intent i ON i.serial = c.serial"
    "  LEFT JOIN ca_revocation r ON r.serial = c.serial"
    " UNION ALL"
    " SELECT b.serial, b.certificate, q.subject, q.names, q.device,"
    "  q.template, b.not_before, b.not_after, b.issued_at, b.revoked_at,"
    "  b.reason, b.key, q.csr_sha256, b.bridge"
    "  FROM bridge_certificate b"
    "  JOIN bridge_request q ON q.bridge = b.bridge AND q.key = b.key;",

    /* What a protocol needs to go on with a request. */
    ("ALTER TABLE bridge_request"
     " ADD COLUMN progress BLOB NOT NULL DEFAULT x'';"),

    /* Issuing CAs under further roots. */
    ("CREATE TABLE ca_cross ("
     " line BIGINT NOT NULL REFERENCES ca_line (id),"
     " number BIGINT NOT NULL,"
     " place BIGINT NOT NULL,"
     " certificate BLOB NOT NULL,"
     " PRIMARY KEY (line, number, place));"),

    /* The last revocation list of each root of ours. */
    ("CREATE TABLE ca_root_crl ("
     " root TEXT PRIMARY KEY,"
     " number BIGINT NOT NULL,"
     " crl BLOB NOT NULL,"
     " made_at BIGINT NOT NULL,"
     " this_update BIGINT NOT NULL,"
     " next_update BIGINT NOT NULL);"),

    /* What grows with every certificate is found by an index; both halves of
     * the view have the same types, or SQLite would walk and sort all of it. */
    "DROP INDEX ca_intent_key;" /* nobody looks for it there */
    "DROP INDEX ca_intent_subject;"
    "CREATE INDEX ca_intent_subject ON ca_intent (subject, not_after);"
    "CREATE INDEX ca_pending_key ON ca_pending (key);"
    "CREATE INDEX bridge_certificate_end ON bridge_certificate (not_after);"
    "CREATE INDEX bridge_certificate_issued ON bridge_certificate (issued_at);"
    /* A revocation list is a stretch of an index, however many there were. */
    "ALTER TABLE ca_revocation ADD COLUMN line BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE ca_revocation ADD COLUMN not_after BIGINT NOT NULL DEFAULT 0;"
    "UPDATE ca_revocation SET line = (SELECT i.line FROM ca_intent i"
    "  WHERE i.serial = ca_revocation.serial),"
    " not_after = (SELECT i.not_after FROM ca_intent i"
    "  WHERE i.serial = ca_revocation.serial);"
    "CREATE INDEX ca_revocation_list ON ca_revocation"
    " (line, not_after, serial, revoked_at, reason);"
    "DROP VIEW ca_known;"
    "CREATE VIEW ca_known AS"
    " SELECT c.serial, c.certificate, i.subject, i.names, i.device,"
    "  i.template, i.not_before, i.not_after, c.issued_at,"
    "  CAST(COALESCE(r.revoked_at, 0) AS BIGINT) AS revoked_at,"
    "  CAST(COALESCE(r.reason, 0) AS BIGINT) AS reason, c.key, i.csr_sha256,"
    "  CAST('internal' AS TEXT) AS issuer"
    "  FROM ca_certificate c JOIN ca_intent i ON i.serial = c.serial"
    "  LEFT JOIN ca_revocation r ON r.serial = c.serial"
    " UNION ALL"
    " SELECT b.serial, b.certificate, q.subject, q.names, q.device,"
    "  q.template, b.not_before, b.not_after, b.issued_at, b.revoked_at,"
    "  b.reason, b.key, q.csr_sha256, b.bridge"
    "  FROM bridge_certificate b"
    "  JOIN bridge_request q ON q.bridge = b.bridge AND q.key = b.key;",

    /* What our roots revoked: certificates of CAs.  "here": by us; else a list
     * that was imported says so.  And what is answered about them. */
    "CREATE TABLE ca_root_revocation ("
    " root TEXT NOT NULL,"
    " serial TEXT NOT NULL,"
    " revoked_at BIGINT NOT NULL,"
    " reason BIGINT NOT NULL,"
    " here BIGINT NOT NULL,"
    " PRIMARY KEY (root, serial));"
    "ALTER TABLE ca_root_crl ADD COLUMN covers BIGINT NOT NULL DEFAULT 0;"
    "CREATE TABLE ca_root_answer ("
    " root TEXT NOT NULL,"
    " serial TEXT NOT NULL,"
    " hash BIGINT NOT NULL,"
    " answer BLOB NOT NULL,"
    " PRIMARY KEY (root, serial, hash));",
};
const size_t ca_store_step_count =
    sizeof(ca_store_steps) / sizeof(ca_store_steps[0]);
