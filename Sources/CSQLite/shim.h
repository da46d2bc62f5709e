// SQLite for Swift: its variadic functions and cast macros are invisible there.
#ifndef HOLDFAST_CSQLITE_SHIM_H
#define HOLDFAST_CSQLITE_SHIM_H
#include <sqlite3.h>
#include <stddef.h>

// SQLite copies the text before this returns.
static inline int csqlite_bind_text(
    sqlite3_stmt *statement, int index, const char *text, int bytes) {
  return sqlite3_bind_text(statement, index, text, bytes, SQLITE_TRANSIENT);
}
// The same for bytes; no pointer is no bytes, not NULL.
static inline int csqlite_bind_blob(
    sqlite3_stmt *statement, int index, const void *bytes, size_t count) {
  return sqlite3_bind_blob64(statement, index, count ? bytes : "", count, SQLITE_TRANSIENT);
}
// Not copied: the bytes must stay until the statement is reset.
static inline int csqlite_bind_blob_in_place(
    sqlite3_stmt *statement, int index, const void *bytes, size_t count) {
  return sqlite3_bind_blob64(statement, index, count ? bytes : "", count, SQLITE_STATIC);
}
// Keeps SQL, also that of a hostile schema, from harming the file beyond what SQL can say.
static inline int csqlite_defend(sqlite3 *database) {
  int result = sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)0);
  if (result == SQLITE_OK)
    result = sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)0);
  return result;
}
// Leaves the write-ahead log beside a damaged file instead of merging it when it is closed.
static inline int csqlite_keep_log(sqlite3 *database) {
  return sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}
// Writes how many pages the write-ahead log holds to `pages` behind each commit, in place of the
// checkpoint that SQLite would make there.
static inline int csqlite_note_pages(
    void *pages, sqlite3 *database, const char *name, int count) {
  (void)database;
  (void)name;
  *(int *)pages = count;
  return SQLITE_OK;
}
static inline void csqlite_watch_log(sqlite3 *database, int *pages) {
  sqlite3_wal_hook(database, csqlite_note_pages, pages);
}
#endif
