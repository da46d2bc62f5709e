// OpenSSL for Swift: what its headers offer as macros only.
#ifndef HOLDFAST_COPENSSL_SHIM_H
#define HOLDFAST_COPENSSL_SHIM_H
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

static inline int copenssl_require_tls12(SSL_CTX *context) {
  return (int)SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
}
static inline void copenssl_set_options(SSL_CTX *context) {
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
}
// The caller's buffer may move between two attempts to write, and an idle connection keeps no
// record buffers.
static inline void copenssl_set_modes(SSL_CTX *context) {
  SSL_CTX_set_mode(context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
}
static inline void copenssl_let_caller_keep_sessions(SSL_CTX *context) {
  SSL_CTX_set_session_cache_mode(context,
                                 SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
}
static inline int copenssl_set_server_name(SSL *ssl, const char *name) {
  return (int)SSL_set_tlsext_host_name(ssl, name);
}
// Have an empty memory BIO say "later" instead of "end".
static inline void copenssl_never_ends(BIO *bio) { BIO_set_mem_eof_return(bio, -1); }
static inline size_t copenssl_content(BIO *bio, const void **start) {
  char *bytes = 0;
  long count = BIO_get_mem_data(bio, &bytes);
  *start = bytes;
  return count > 0 ? (size_t)count : 0;
}
static inline void copenssl_empty(BIO *bio) { (void)BIO_reset(bio); }
static inline int copenssl_reason(unsigned long error) { return ERR_GET_REASON(error); }
static inline int copenssl_is_system_error(unsigned long error) { return ERR_SYSTEM_ERROR(error); }
#endif
