#include "parser.hpp"

#include <cstring>

using namespace simdjson;

namespace martlet {

martlet_json_status status(error_code code) {
  switch (code) {
    case SUCCESS: return MARTLET_JSON_OK;
    case UTF8_ERROR: return MARTLET_JSON_NOT_UTF8;
    case CAPACITY: return MARTLET_JSON_TOO_LARGE;
    case MEMALLOC: return MARTLET_JSON_TOO_LARGE;
    case DEPTH_ERROR: return MARTLET_JSON_TOO_DEEP;
    default: return MARTLET_JSON_MALFORMED;
  }
}

std::string_view trimmed(std::string_view raw) {
  const char *space = " \n\r\t";
  const auto start = raw.find_first_not_of(space);
  if (start == std::string_view::npos) return {};
  return raw.substr(start, raw.find_last_not_of(space) - start + 1);
}

// Numbers are handed on as text, so the grammar is checked here (RFC 8259 section 6).
std::string_view number_token(std::string_view raw) {
  raw = trimmed(raw);
  const char *at = raw.data();
  const char *end = at + raw.size();
  const auto digits = [&] {
    const char *start = at;
    while (at < end && *at >= '0' && *at <= '9') at++;
    return at - start;
  };
  if (at < end && *at == '-') at++;
  const char *integer = at;
  const auto integer_digits = digits();
  if (integer_digits == 0 || (integer_digits > 1 && *integer == '0')) return {};
  if (at < end && *at == '.') {
    at++;
    if (digits() == 0) return {};
  }
  if (at < end && (*at == 'e' || *at == 'E')) {
    at++;
    if (at < end && (*at == '+' || *at == '-')) at++;
    if (digits() == 0) return {};
  }
  return at == end ? raw : std::string_view{};
}

namespace {

// Walks a document depth first and writes its nodes down.
struct Walker {
  std::vector<martlet_json_node> &nodes;
  size_t depth_max;
  size_t nodes_max;
  std::string_view raw_key;

  martlet_json_status add(martlet_json_kind kind, std::string_view text, size_t count) {
    if (nodes.size() >= nodes_max) return MARTLET_JSON_TOO_MANY_NODES;
    nodes.push_back({text.data(), count, kind});
    return MARTLET_JSON_OK;
  }

  martlet_json_status add(martlet_json_kind kind, std::string_view text) {
    return add(kind, text, text.size());
  }

  // A text that is neither object nor array: the token must be all there is.
  martlet_json_status walk_scalar(ondemand::document &document, std::string_view text) {
    std::string_view token;
    if (auto error = document.raw_json_token().get(token)) return status(error);
    token = trimmed(token);
    if (token.empty() || token != trimmed(text)) return MARTLET_JSON_MALFORMED;
    if (token == "true") return add(MARTLET_JSON_TRUE, {});
    if (token == "false") return add(MARTLET_JSON_FALSE, {});
    if (token == "null") return add(MARTLET_JSON_NULL, {});
    if (token[0] == '"') {
      std::string_view characters;
      if (auto error = document.get_string().get(characters)) return status(error);
      return add(MARTLET_JSON_STRING, characters);
    }
    const auto number = number_token(token);
    return number.empty() ? MARTLET_JSON_MALFORMED : add(MARTLET_JSON_NUMBER, number);
  }

  martlet_json_status walk(ondemand::value value, size_t depth, bool is_raw) {
    ondemand::json_type type;
    if (auto error = value.type().get(type)) return status(error);
    switch (type) {
      case ondemand::json_type::object: {
        ondemand::object object;
        if (auto error = value.get_object().get(object)) return status(error);
        return walk(object, depth);
      }
      case ondemand::json_type::array: {
        ondemand::array array;
        if (auto error = value.get_array().get(array)) return status(error);
        if (!is_raw) return walk(array, depth);
        std::string_view text;
        if (auto error = array.raw_json().get(text)) return status(error);
        return add(MARTLET_JSON_RAW_ARRAY, text);
      }
      case ondemand::json_type::string: {
        std::string_view text;
        if (auto error = value.get_string().get(text)) return status(error);
        return add(MARTLET_JSON_STRING, text);
      }
      case ondemand::json_type::number: {
        const auto text = number_token(value.raw_json_token());
        if (text.empty()) return MARTLET_JSON_MALFORMED;
        return add(MARTLET_JSON_NUMBER, text);
      }
      case ondemand::json_type::boolean: {
        bool truth;
        if (auto error = value.get_bool().get(truth)) return status(error);
        return add(truth ? MARTLET_JSON_TRUE : MARTLET_JSON_FALSE, {});
      }
      case ondemand::json_type::null:
        return is_null(value) ? add(MARTLET_JSON_NULL, {}) : MARTLET_JSON_MALFORMED;
    }
    return MARTLET_JSON_MALFORMED;
  }

  martlet_json_status walk(ondemand::object object, size_t depth) {
    if (depth >= depth_max) return MARTLET_JSON_TOO_DEEP;
    const size_t index = nodes.size();
    if (auto problem = add(MARTLET_JSON_OBJECT, {}, 0)) return problem;
    size_t count = 0;
    for (auto result : object) {
      ondemand::field field;
      if (auto error = std::move(result).get(field)) return status(error);
      std::string_view key;
      if (auto error = field.unescaped_key().get(key)) return status(error);
      if (auto problem = add(MARTLET_JSON_STRING, key)) return problem;
      if (auto problem = walk(field.value(), depth + 1, key == raw_key)) return problem;
      count++;
    }
    nodes[index].count = count;
    return MARTLET_JSON_OK;
  }

  martlet_json_status walk(ondemand::array array, size_t depth) {
    if (depth >= depth_max) return MARTLET_JSON_TOO_DEEP;
    const size_t index = nodes.size();
    if (auto problem = add(MARTLET_JSON_ARRAY, {}, 0)) return problem;
    size_t count = 0;
    for (auto result : array) {
      ondemand::value value;
      if (auto error = std::move(result).get(value)) return status(error);
      if (auto problem = walk(value, depth + 1, false)) return problem;
      count++;
    }
    nodes[index].count = count;
    return MARTLET_JSON_OK;
  }
};

}  // namespace
}  // namespace martlet

using namespace martlet;

martlet_json_parser *martlet_json_parser_new(void) { return new martlet_json_parser; }

void martlet_json_parser_free(martlet_json_parser *parser) { delete parser; }

void martlet_json_parser_shrink(martlet_json_parser *parser) {
  parser->parser = ondemand::parser();
  parser->nodes = {};
}

ptrdiff_t martlet_json_error_offset(const martlet_json_parser *parser) {
  return parser->error_offset;
}

martlet_json_status martlet_json_parse(
    martlet_json_parser *parser, const char *text, size_t count, size_t depth_max,
    size_t nodes_max, const char *raw_key, const martlet_json_node **nodes, size_t *node_count) {
  parser->nodes.clear();
  parser->error_offset = -1;
  ondemand::document document;
  if (auto error = parser->iterate(text, count).get(document)) return status(error);
  Walker walker{parser->nodes, depth_max, nodes_max, raw_key};
  ondemand::json_type type;
  if (auto error = document.type().get(type)) return status(error);
  martlet_json_status problem;
  if (type == ondemand::json_type::object || type == ondemand::json_type::array) {
    ondemand::value root;
    if (auto error = document.get_value().get(root)) return status(error);
    problem = walker.walk(root, 0, false);
    if (!problem && !is_at_end(document)) problem = MARTLET_JSON_MALFORMED;
  } else {
    problem = walker.walk_scalar(document, {text, count});
  }
  if (problem) {
    parser->error_offset = offset(document, text, count);
    return problem;
  }
  *nodes = parser->nodes.data();
  *node_count = parser->nodes.size();
  return MARTLET_JSON_OK;
}
