#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <system_error>

#include "parser.hpp"

using namespace simdjson;

namespace martlet {
namespace {

// Room for `count` more bytes; null beyond the limit or without memory.
uint8_t *grow(martlet_json_elements &elements, size_t count) {
  if (elements.capacity - elements.byte_count >= count) {
    return elements.bytes + elements.byte_count;
  }
  if (count > elements.byte_count_max - elements.byte_count) return nullptr;
  const size_t needed = elements.byte_count + count;
  size_t capacity = elements.capacity < 256 ? 256 : elements.capacity * 2;
  if (capacity > elements.byte_count_max) capacity = elements.byte_count_max;
  if (capacity < needed) capacity = needed;
  auto *bytes = static_cast<uint8_t *>(realloc(elements.bytes, capacity));
  if (!bytes) return nullptr;
  elements.bytes = bytes;
  elements.capacity = capacity;
  return bytes + elements.byte_count;
}

template <typename T>
martlet_json_status append(martlet_json_elements &elements, T value) {
  uint8_t *place = grow(elements, sizeof value);
  if (!place) return MARTLET_JSON_TOO_LARGE;
  // Both sides are little-endian on every machine that is supported.
  memcpy(place, &value, sizeof value);
  elements.byte_count += sizeof value;
  return MARTLET_JSON_OK;
}

template <typename T>
martlet_json_status parse_number(std::string_view text, T &value) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if constexpr (std::is_floating_point_v<T>) {
    if (result.ec == std::errc::result_out_of_range) {
      // Too small is zero or near it; too large has no value.
      const std::string copy(text);
      value = sizeof(T) == 4 ? strtof(copy.c_str(), nullptr) : T(strtod(copy.c_str(), nullptr));
      return std::isfinite(value) ? MARTLET_JSON_OK : MARTLET_JSON_OUT_OF_RANGE;
    }
  }
  if (result.ec == std::errc::result_out_of_range) return MARTLET_JSON_OUT_OF_RANGE;
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) {
    // A minus sign before an unsigned number, a point or an exponent in an integer.
    return MARTLET_JSON_WRONG_TYPE;
  }
  return MARTLET_JSON_OK;
}

// A value of another type, or nothing that starts a value.
martlet_json_status mismatch(std::string_view raw) {
  switch (raw[0]) {
    case '"': case '{': case '[': case 't': case 'f': case 'n': case '-':
    case '0': case '1': case '2': case '3': case '4':
    case '5': case '6': case '7': case '8': case '9':
      return MARTLET_JSON_WRONG_TYPE;
    default: return MARTLET_JSON_MALFORMED;
  }
}

// As protobuf's JSON mapping names them.
template <typename T>
bool parse_name(std::string_view text, T &value) {
  if (text == "NaN") {
    value = std::numeric_limits<T>::quiet_NaN();
  } else if (text == "Infinity") {
    value = std::numeric_limits<T>::infinity();
  } else if (text == "-Infinity") {
    value = -std::numeric_limits<T>::infinity();
  } else {
    return false;
  }
  return true;
}

template <typename T>
struct Number {
  static martlet_json_status read(ondemand::value value, martlet_json_elements &elements) {
    const auto raw = value.raw_json_token();
    T number{};
    if constexpr (std::is_floating_point_v<T>) {
      if (raw[0] == '"') {
        std::string_view name;
        if (auto error = value.get_string().get(name)) return status(error);
        return parse_name(name, number) ? append(elements, number) : MARTLET_JSON_WRONG_TYPE;
      }
    }
    if (raw[0] != '-' && (raw[0] < '0' || raw[0] > '9')) {
      if constexpr (std::is_floating_point_v<T>) {
        // Not JSON, but what Python's writers say, and so what Triton's clients send.
        if (parse_name(trimmed(raw), number)) return append(elements, number);
      }
      return mismatch(raw);
    }
    if constexpr (std::is_floating_point_v<T>) {
      if (raw[0] == '-' && raw.size() > 1 && raw[1] == 'I' && parse_name(trimmed(raw), number)) {
        return append(elements, number);
      }
    }
    const auto text = number_token(raw);
    if (text.empty()) return MARTLET_JSON_MALFORMED;
    if (auto problem = parse_number(text, number)) return problem;
    return append(elements, number);
  }
};

struct Boolean {
  static martlet_json_status read(ondemand::value value, martlet_json_elements &elements) {
    const auto raw = value.raw_json_token();
    if (raw[0] == 't' || raw[0] == 'f') {
      bool truth;
      if (auto error = value.get_bool().get(truth)) return status(error);
      return append(elements, uint8_t(truth));
    }
    const auto text = number_token(raw);
    if (text != "0" && text != "1") return mismatch(raw);
    return append(elements, uint8_t(text == "1"));
  }
};

struct Text {
  static martlet_json_status read(ondemand::value value, martlet_json_elements &elements) {
    if (value.raw_json_token()[0] != '"') return mismatch(value.raw_json_token());
    std::string_view text;
    if (auto error = value.get_string().get(text)) return status(error);
    if (text.size() > UINT32_MAX - 4) return MARTLET_JSON_TOO_LARGE;
    uint8_t *place = grow(elements, 4 + text.size());
    if (!place) return MARTLET_JSON_TOO_LARGE;
    const uint32_t length = uint32_t(text.size());
    memcpy(place, &length, 4);
    memcpy(place + 4, text.data(), text.size());
    elements.byte_count += 4 + text.size();
    return MARTLET_JSON_OK;
  }
};

template <typename Element>
martlet_json_status read_array(
    ondemand::array array, size_t depth, martlet_json_elements &elements) {
  if (depth == 0) return MARTLET_JSON_TOO_DEEP;
  for (auto result : array) {
    ondemand::value value;
    if (auto error = std::move(result).get(value)) return status(error);
    martlet_json_status problem;
    if (value.raw_json_token()[0] == '[') {
      ondemand::array inner;
      if (auto error = value.get_array().get(inner)) return status(error);
      problem = read_array<Element>(inner, depth - 1, elements);
    } else {
      problem = Element::read(value, elements);
      if (!problem) elements.element_count++;
    }
    if (problem) return problem;
  }
  return MARTLET_JSON_OK;
}

martlet_json_status read_typed(
    ondemand::array array, size_t depth, martlet_json_element_type type,
    martlet_json_elements &elements) {
  switch (type) {
    case MARTLET_JSON_BOOL: return read_array<Boolean>(array, depth, elements);
    case MARTLET_JSON_UINT8: return read_array<Number<uint8_t>>(array, depth, elements);
    case MARTLET_JSON_UINT16: return read_array<Number<uint16_t>>(array, depth, elements);
    case MARTLET_JSON_UINT32: return read_array<Number<uint32_t>>(array, depth, elements);
    case MARTLET_JSON_UINT64: return read_array<Number<uint64_t>>(array, depth, elements);
    case MARTLET_JSON_INT8: return read_array<Number<int8_t>>(array, depth, elements);
    case MARTLET_JSON_INT16: return read_array<Number<int16_t>>(array, depth, elements);
    case MARTLET_JSON_INT32: return read_array<Number<int32_t>>(array, depth, elements);
    case MARTLET_JSON_INT64: return read_array<Number<int64_t>>(array, depth, elements);
    case MARTLET_JSON_FP32: return read_array<Number<float>>(array, depth, elements);
    case MARTLET_JSON_FP64: return read_array<Number<double>>(array, depth, elements);
    case MARTLET_JSON_BYTES: return read_array<Text>(array, depth, elements);
  }
  return MARTLET_JSON_WRONG_TYPE;
}

// MARK: writing

template <typename T>
char *write(T value, char *output) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(value)) return static_cast<char *>(mempcpy(output, "\"NaN\"", 5));
    if (std::isinf(value)) {
      return value > 0 ? static_cast<char *>(mempcpy(output, "\"Infinity\"", 10))
                       : static_cast<char *>(mempcpy(output, "\"-Infinity\"", 11));
    }
    char *end = std::to_chars(output, output + 32, value).ptr;
    for (char *at = output; at < end; at++) {
      if (*at == '.' || *at == 'e') return end;
    }
    // A number that is not an integer to those who care.
    return static_cast<char *>(mempcpy(end, ".0", 2));
  } else {
    return std::to_chars(output, output + 24, value).ptr;
  }
}

template <typename T>
size_t write_all(const void *bytes, size_t count, char *output) {
  char *at = output;
  for (size_t index = 0; index < count; index++) {
    T value;
    memcpy(&value, static_cast<const char *>(bytes) + index * sizeof value, sizeof value);
    if (index > 0) *at++ = ',';
    at = write(value, at);
  }
  return size_t(at - output);
}

size_t write_booleans(const void *bytes, size_t count, char *output) {
  char *at = output;
  for (size_t index = 0; index < count; index++) {
    if (index > 0) *at++ = ',';
    at = static_cast<const uint8_t *>(bytes)[index]
             ? static_cast<char *>(mempcpy(at, "true", 4))
             : static_cast<char *>(mempcpy(at, "false", 5));
  }
  return size_t(at - output);
}

}  // namespace
}  // namespace martlet

using namespace martlet;

martlet_json_status martlet_json_read_elements(
    martlet_json_parser *parser, const char *text, size_t count, size_t depth_max,
    martlet_json_element_type type, martlet_json_elements *elements) {
  ondemand::document document;
  if (auto error = parser->iterate(text, count).get(document)) return status(error);
  ondemand::array array;
  if (auto error = document.get_array().get(array)) return status(error);
  if (auto problem = read_typed(array, depth_max, type, *elements)) return problem;
  return is_at_end(document) ? MARTLET_JSON_OK : MARTLET_JSON_MALFORMED;
}

void martlet_json_elements_free(martlet_json_elements elements) { free(elements.bytes); }

size_t martlet_json_element_text_max(martlet_json_element_type type) {
  switch (type) {
    case MARTLET_JSON_BYTES: return 0;
    case MARTLET_JSON_BOOL: return 6;
    case MARTLET_JSON_UINT8:
    case MARTLET_JSON_INT8: return 5;
    case MARTLET_JSON_UINT16:
    case MARTLET_JSON_INT16: return 7;
    case MARTLET_JSON_UINT32:
    case MARTLET_JSON_INT32: return 12;
    case MARTLET_JSON_FP32: return 18;
    default: return 28;
  }
}

size_t martlet_json_write_elements(
    martlet_json_element_type type, const void *bytes, size_t count, char *output) {
  switch (type) {
    case MARTLET_JSON_BOOL: return write_booleans(bytes, count, output);
    case MARTLET_JSON_UINT8: return write_all<uint8_t>(bytes, count, output);
    case MARTLET_JSON_UINT16: return write_all<uint16_t>(bytes, count, output);
    case MARTLET_JSON_UINT32: return write_all<uint32_t>(bytes, count, output);
    case MARTLET_JSON_UINT64: return write_all<uint64_t>(bytes, count, output);
    case MARTLET_JSON_INT8: return write_all<int8_t>(bytes, count, output);
    case MARTLET_JSON_INT16: return write_all<int16_t>(bytes, count, output);
    case MARTLET_JSON_INT32: return write_all<int32_t>(bytes, count, output);
    case MARTLET_JSON_INT64: return write_all<int64_t>(bytes, count, output);
    case MARTLET_JSON_FP32: return write_all<float>(bytes, count, output);
    case MARTLET_JSON_FP64: return write_all<double>(bytes, count, output);
    case MARTLET_JSON_BYTES: return 0;
  }
  return 0;
}
