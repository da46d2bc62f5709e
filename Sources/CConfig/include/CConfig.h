// A TOML document as a sequence of its top-level values, for Swift. Made with toml++; no exception
// leaves it.
#ifndef HOLDFAST_CCONFIG_H
#define HOLDFAST_CCONFIG_H
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum cconfig_kind {
  CCONFIG_STRING,
  CCONFIG_INTEGER,
  CCONFIG_FLOAT,
  CCONFIG_BOOLEAN,
  /// A table, a date, an array in an array: nothing that a setting takes.
  CCONFIG_OTHER,
} cconfig_kind;

/// Called for each value at the top level and for each element of an array there, in no order that
/// means anything. `text` is the value as text; both texts are valid during the call.
/// Lines count from 1.
typedef void (*cconfig_visitor)(
    void *context, const char *key, cconfig_kind kind, int is_element, const char *text,
    uint32_t line);

typedef struct cconfig_error {
  char reason[200];
  uint32_t line;
} cconfig_error;

/// Returns 0, or -1 with `error` filled.
int cconfig_parse(
    const char *text, size_t length, void *context, cconfig_visitor visit, cconfig_error *error);

#ifdef __cplusplus
}
#endif
#endif
