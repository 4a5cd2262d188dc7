#pragma once
#include <openssl/sha.h>

// SHA-256 on the stack. EVP allocates a context at each start, and the one-shot SHA256() searches
// for its implementation besides; these three are marked as deprecated, and are in every OpenSSL 3.
static inline int martlet_sha256(const void *bytes, size_t count, unsigned char *digest) {
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
  SHA256_CTX context;
  return SHA256_Init(&context) && SHA256_Update(&context, bytes, count) &&
         SHA256_Final(digest, &context);
#pragma clang diagnostic pop
}
