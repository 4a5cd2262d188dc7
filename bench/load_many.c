// Load with many API keys and many model names, which h2load cannot make: request number i uses key
// i mod KEYS and model i mod MODELS. One thread; fails when a call does not end with status 0.
// Usage: load_many HOST:PORT KEYS-FILE MODELS CONNECTIONS STREAMS REQUESTS
// Prints the requests answered with status 0.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
  SSL *ssl;
  int descriptor;
  nghttp2_session *session;
} Connection;

typedef struct {
  uint8_t body[64];
  size_t count;
  bool isGood;
} Call;

static char **keys;
static long keyCount, modelCount, started, wanted, succeeded, ended;

static void fail(const char *what) {
  fprintf(stderr, "load_many: %s\n", what);
  exit(1);
}

static void readKeys(const char *path) {
  FILE *file = fopen(path, "r");
  char line[512];
  if (!file) fail("cannot read the keys");
  while (fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = 0;
    keys = realloc(keys, sizeof *keys * (size_t)(keyCount + 1));
    if (!keys || asprintf(&keys[keyCount++], "Bearer %s", line) < 0) fail("out of memory");
  }
  fclose(file);
  if (keyCount == 0) fail("there is no key in the file");
}

static ssize_t readBody(nghttp2_session *session, int32_t id, uint8_t *bytes, size_t count,
                        uint32_t *flags, nghttp2_data_source *source, void *user) {
  Call *call = source->ptr;
  memcpy(bytes, call->body, call->count);
  *flags = NGHTTP2_DATA_FLAG_EOF;
  return (ssize_t)call->count;
}

static nghttp2_nv field(const char *name, const char *value) {
  return (nghttp2_nv){(uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value), 0};
}

static void start(Connection *connection) {
  if (started >= wanted) return;
  Call *call = calloc(1, sizeof *call);
  // A ModelInferRequest with nothing but its first field, in a gRPC frame.
  int count = snprintf((char *)call->body + 7, sizeof call->body - 7, "model-%05ld",
                       started % modelCount);
  call->body[4] = (uint8_t)(count + 2);
  call->body[5] = 1 << 3 | 2;
  call->body[6] = (uint8_t)count;
  call->count = (size_t)count + 7;
  nghttp2_nv headers[] = {
      field(":method", "POST"), field(":scheme", "https"), field(":authority", "localhost"),
      field(":path", "/inference.GRPCInferenceService/ModelInfer"),
      field("content-type", "application/grpc"), field("te", "trailers"),
      field("authorization", keys[started % keyCount])};
  nghttp2_data_provider provider = {{.ptr = call}, readBody};
  if (nghttp2_submit_request(connection->session, NULL, headers, 7, &provider, call) < 0)
    fail("a request cannot be submitted");
  started++;
}

static int onHeader(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                    size_t nameCount, const uint8_t *value, size_t valueCount, uint8_t flags,
                    void *user) {
  if (nameCount == 11 && memcmp(name, "grpc-status", 11) == 0) {
    Call *call = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (call) call->isGood = valueCount == 1 && value[0] == '0';
  }
  return 0;
}

static int onClose(nghttp2_session *session, int32_t id, uint32_t code, void *user) {
  Call *call = nghttp2_session_get_stream_user_data(session, id);
  if (!call) return 0;
  ended++;
  if (call->isGood && code == 0) succeeded++;
  free(call);
  start(user);
  return 0;
}

static Connection *connectTo(char *address, SSL_CTX *tls, nghttp2_session_callbacks *callbacks) {
  Connection *connection = calloc(1, sizeof *connection);
  char *colon = strrchr(address, ':');
  struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(atoi(colon + 1))};
  *colon = 0;
  inet_pton(AF_INET, address, &where.sin_addr);
  *colon = ':';
  connection->descriptor = socket(AF_INET, SOCK_STREAM, 0);
  int one = 1;
  setsockopt(connection->descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(connection->descriptor, (struct sockaddr *)&where, sizeof where) != 0)
    fail("cannot connect");
  connection->ssl = SSL_new(tls);
  SSL_set_fd(connection->ssl, connection->descriptor);
  if (SSL_connect(connection->ssl) != 1) fail("the TLS handshake failed");
  fcntl(connection->descriptor, F_SETFL, O_NONBLOCK);
  nghttp2_session_client_new(&connection->session, callbacks, connection);
  nghttp2_submit_settings(connection->session, NGHTTP2_FLAG_NONE, NULL, 0);
  return connection;
}

static void writeAll(Connection *connection) {
  const uint8_t *bytes;
  static uint8_t gathered[1 << 20];
  size_t count = 0;
  ssize_t piece;
  while (count < sizeof gathered - (64 << 10) &&
         (piece = nghttp2_session_mem_send(connection->session, &bytes)) > 0) {
    memcpy(gathered + count, bytes, (size_t)piece);
    count += (size_t)piece;
  }
  for (size_t sent = 0; sent < count;) {
    int put = SSL_write(connection->ssl, gathered + sent, (int)(count - sent));
    if (put > 0) {
      sent += (size_t)put;
    } else {
      if (SSL_get_error(connection->ssl, put) != SSL_ERROR_WANT_WRITE) fail("the connection broke");
      struct pollfd ready = {connection->descriptor, POLLOUT, 0};
      poll(&ready, 1, 1000);
    }
  }
}

static void readAll(Connection *connection) {
  static uint8_t bytes[64 << 10];
  int count;
  while ((count = SSL_read(connection->ssl, bytes, sizeof bytes)) > 0) {
    if (nghttp2_session_mem_recv(connection->session, bytes, (size_t)count) < 0)
      fail("the server broke HTTP/2");
  }
  if (SSL_get_error(connection->ssl, count) != SSL_ERROR_WANT_READ) fail("the connection broke");
}

int main(int argc, char **argv) {
  if (argc != 7) return 64;
  readKeys(argv[2]);
  modelCount = atol(argv[3]);
  int connectionCount = atoi(argv[4]), streams = atoi(argv[5]);
  wanted = atol(argv[6]);
  SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_alpn_protos(tls, (const unsigned char *)"\x02h2", 3);
  nghttp2_session_callbacks *callbacks;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, onHeader);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, onClose);
  Connection **connections = calloc((size_t)connectionCount, sizeof *connections);
  struct pollfd *ready = calloc((size_t)connectionCount, sizeof *ready);
  for (int i = 0; i < connectionCount; i++) {
    connections[i] = connectTo(argv[1], tls, callbacks);
    ready[i] = (struct pollfd){connections[i]->descriptor, POLLIN, 0};
    for (int stream = 0; stream < streams; stream++) start(connections[i]);
    writeAll(connections[i]);
  }
  while (ended < wanted) {
    if (poll(ready, (nfds_t)connectionCount, 10000) == 0) fail("no answer for ten seconds");
    for (int i = 0; i < connectionCount; i++) {
      if (!ready[i].revents) continue;
      readAll(connections[i]);
      writeAll(connections[i]);
    }
  }
  printf("%ld\n", succeeded);
  return succeeded == wanted ? 0 : 1;
}
