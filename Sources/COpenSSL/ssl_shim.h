#pragma once
// Static inline faces for libssl's macros. No logic beyond the macro itself.
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ocsp.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

static inline int martlet_ssl_ctx_min_version(SSL_CTX *context, int version) {
  return (int)SSL_CTX_set_min_proto_version(context, version);
}

static inline int martlet_ssl_ctx_groups(SSL_CTX *context, const char *list) {
  return (int)SSL_CTX_set1_groups_list(context, list);
}

static inline int martlet_ssl_ctx_signature_algorithms(SSL_CTX *context, const char *list) {
  return (int)SSL_CTX_set1_sigalgs_list(context, list);
}

static inline void martlet_ssl_ctx_read_ahead(SSL_CTX *context) {
  SSL_CTX_set_read_ahead(context, 1);
}

static inline void martlet_ssl_ctx_modes(SSL_CTX *context) {
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

static inline void martlet_ssl_ctx_options(SSL_CTX *context) {
  SSL_CTX_set_options(
      context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE
                   | SSL_OP_PRIORITIZE_CHACHA);
}

static inline void martlet_ssl_ctx_no_resumption(SSL_CTX *context) {
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  // With NO_TICKET alone, TLS 1.3 would still send tickets that name a session in the cache.
  SSL_CTX_set_num_tickets(context, 0);
}

static inline void martlet_ssl_ctx_no_session_cache(SSL_CTX *context) {
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}

static inline int martlet_ssl_set_host_name(SSL *ssl, const char *name) {
  return (int)SSL_set_tlsext_host_name(ssl, name);
}

static inline void martlet_bio_retry_read(BIO *bio) { BIO_set_retry_read(bio); }

static inline void martlet_bio_clear_retry(BIO *bio) { BIO_clear_retry_flags(bio); }

static inline void martlet_ssl_ctx_set_owner(SSL_CTX *context, void *owner) {
  SSL_CTX_set_app_data(context, owner);
}

/// What `martlet_ssl_ctx_set_owner` set for the context of a connection.
static inline void *martlet_ssl_ctx_owner(SSL *ssl) {
  return SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
}

static inline void martlet_ssl_ctx_ticket_key_callback(
    SSL_CTX *context,
    int (*callback)(SSL *, unsigned char *, unsigned char *, EVP_CIPHER_CTX *, EVP_MAC_CTX *, int)) {
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context, callback);
}

/// Parameters name themselves by pointers to string constants, which Swift does not have.
static inline int martlet_mac_use_hmac_sha256(EVP_MAC_CTX *context, void *key, size_t count) {
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key, count),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
      OSSL_PARAM_construct_end(),
  };
  return EVP_MAC_CTX_set_params(context, parameters);
}

static inline void martlet_ssl_ctx_status_callback(
    SSL_CTX *context, int (*callback)(SSL *, void *)) {
  SSL_CTX_set_tlsext_status_cb(context, callback);
}

/// Takes over `bytes`, which must come from `martlet_openssl_malloc`.
static inline int martlet_ssl_set_ocsp_response(SSL *ssl, unsigned char *bytes, int count) {
  return (int)SSL_set_tlsext_status_ocsp_resp(ssl, bytes, count);
}

static inline void *martlet_openssl_malloc(size_t count) { return OPENSSL_malloc(count); }
