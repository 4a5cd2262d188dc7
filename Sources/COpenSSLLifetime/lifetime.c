#include "COpenSSLLifetime.h"

#include <openssl/crypto.h>

// By default libcrypto tears itself down within exit(3). Event loops still run at that time, and one
// that just then freed a connection read locks that were gone: one command in ten thousand ended
// with SIGSEGV after its work was done. The kernel takes the memory back anyway. This must be the
// first call into the library, so it comes before main.
__attribute__((constructor)) static void keep_until_the_process_ends(void) {
  OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
}
