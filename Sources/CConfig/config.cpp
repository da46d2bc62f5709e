#include "CConfig.h"

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <cstdio>
#include <exception>
#include <string>

namespace {

std::string text_of(const toml::node &node, cconfig_kind &kind) {
  if (auto value = node.as_string()) {
    kind = CCONFIG_STRING;
    return value->get();
  }
  if (auto value = node.as_integer()) {
    kind = CCONFIG_INTEGER;
    return std::to_string(value->get());
  }
  if (auto value = node.as_floating_point()) {
    kind = CCONFIG_FLOAT;
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, "%.15g", value->get());
    return buffer;
  }
  if (auto value = node.as_boolean()) {
    kind = CCONFIG_BOOLEAN;
    return value->get() ? "true" : "false";
  }
  kind = CCONFIG_OTHER;
  return "";
}

void fail(cconfig_error *error, const char *reason, uint32_t line) {
  std::snprintf(error->reason, sizeof error->reason, "%s", reason);
  error->line = line;
}

}  // namespace

int cconfig_parse(
    const char *text, size_t length, void *context, cconfig_visitor visit, cconfig_error *error) {
  try {
    auto result = toml::parse(std::string_view(text, length));
    if (!result) {
      std::string reason(result.error().description());
      fail(error, reason.c_str(), result.error().source().begin.line);
      return -1;
    }
    const toml::table &table = result.table();
    for (const auto &[key, node] : table) {
      const std::string name(key.str());
      const uint32_t line = key.source().begin.line;
      cconfig_kind kind;
      if (auto array = node.as_array()) {
        for (const auto &element : *array) {
          const std::string value = text_of(element, kind);
          visit(context, name.c_str(), kind, 1, value.c_str(), line);
        }
        continue;
      }
      const std::string value = text_of(node, kind);
      visit(context, name.c_str(), kind, 0, value.c_str(), line);
    }
    return 0;
  } catch (const std::exception &problem) {
    // Memory may run out while texts are copied.
    fail(error, problem.what(), 0);
    return -1;
  }
}
