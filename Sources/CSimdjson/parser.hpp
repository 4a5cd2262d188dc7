#pragma once
// Errors are codes: nothing here throws.
#define SIMDJSON_EXCEPTIONS 0
#include <simdjson.h>

#include <string_view>
#include <vector>

#include "CSimdjson.h"

static_assert(MARTLET_JSON_PADDING >= simdjson::SIMDJSON_PADDING, "the library reads further");

struct martlet_json_parser {
  simdjson::ondemand::parser parser;
  std::vector<martlet_json_node> nodes;
  ptrdiff_t error_offset = -1;

  auto iterate(const char *text, size_t count) {
    return parser.iterate(text, count, count + simdjson::SIMDJSON_PADDING);
  }
};

namespace martlet {

martlet_json_status status(simdjson::error_code code);

std::string_view trimmed(std::string_view raw);

// The number's text without the space behind it; empty when it is not a number.
std::string_view number_token(std::string_view raw);

inline bool is_null(simdjson::ondemand::value value) {
  bool result = false;
  return simdjson::simdjson_result<bool>(value.is_null()).get(result) == simdjson::SUCCESS &&
         result;
}

// Where the reader is, for who wants to know what it stumbled over.
inline ptrdiff_t offset(simdjson::ondemand::document &document, const char *text, size_t count) {
  const char *rest;
  if (document.current_location().get(rest) || rest < text) return -1;
  return rest - text <= ptrdiff_t(count) ? rest - text : -1;
}

// True when nothing follows the value that was read.
inline bool is_at_end(simdjson::ondemand::document &document) {
  const char *rest;
  return document.current_location().get(rest) == simdjson::OUT_OF_BOUNDS;
}

}  // namespace martlet
