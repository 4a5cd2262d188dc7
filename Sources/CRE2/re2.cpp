#include "CRE2.h"

#include <re2/re2.h>

#include <algorithm>
#include <cstring>
#include <new>

struct martlet_re2 {
  re2::RE2 expression;

  martlet_re2(re2::StringPiece pattern, const re2::RE2::Options &options)
      : expression(pattern, options) {}
};

extern "C" martlet_re2 *martlet_re2_compile(
    const char *pattern, size_t count, bool longest, int64_t bytes, char *error,
    size_t errorCount) {
  re2::RE2::Options options;
  options.set_longest_match(longest);
  options.set_log_errors(false);
  options.set_max_mem(bytes);
  martlet_re2 *made = nullptr;
  // No exception may reach a caller in C.
  try {
    made = new martlet_re2(re2::StringPiece(pattern, count), options);
  } catch (const std::bad_alloc &) {
  }
  if (made && made->expression.ok()) return made;
  if (errorCount > 0) {
    const std::string reason = made ? made->expression.error() : "out of memory";
    const size_t length = std::min(errorCount - 1, reason.size());
    std::memcpy(error, reason.data(), length);
    error[length] = 0;
  }
  delete made;
  return nullptr;
}

extern "C" void martlet_re2_free(martlet_re2 *expression) { delete expression; }

extern "C" bool martlet_re2_matches(
    const martlet_re2 *expression, const char *text, size_t count) {
  return re2::RE2::FullMatch(re2::StringPiece(text, count), expression->expression);
}

extern "C" bool martlet_re2_find(
    const martlet_re2 *expression, const char *text, size_t count, size_t start, size_t *begin,
    size_t *end) {
  re2::StringPiece match;
  if (start > count
      || !expression->expression.Match(
          re2::StringPiece(text, count), start, count, re2::RE2::UNANCHORED, &match, 1))
    return false;
  *begin = static_cast<size_t>(match.data() - text);
  *end = *begin + match.size();
  return true;
}
