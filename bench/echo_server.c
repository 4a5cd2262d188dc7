// The yardstick for our RPC module: a unary gRPC echo server in C on the same libraries (nghttp2,
// OpenSSL, epoll), one thread, a callback for each request, and nothing that an echo does not need:
// no deadlines, no limits, no metadata.
// Usage: echo_server HOST:PORT [CERTIFICATE KEY [CLIENT-AUTHORITY]]
//
// It does what makes such a server fast: streams and nghttp2's blocks come from free lists, one
// read takes 64 KiB, one write carries all that a turn of the loop produced, and TLS moves through
// a BIO that copies nothing twice. Health checks are answered UNIMPLEMENTED, so that a gateway
// takes it for a healthy service.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
  uint8_t *bytes;
  size_t start, end, capacity;
} Buffer;

static void reserve(Buffer *buffer, size_t count) {
  if (buffer->capacity - buffer->end >= count) return;
  if (buffer->start > 0) {
    memmove(buffer->bytes, buffer->bytes + buffer->start, buffer->end - buffer->start);
    buffer->end -= buffer->start;
    buffer->start = 0;
  }
  if (buffer->capacity - buffer->end >= count) return;
  size_t capacity = buffer->capacity * 2;
  if (capacity < buffer->end + count) capacity = buffer->end + count;
  if (!(buffer->bytes = realloc(buffer->bytes, capacity))) abort();
  buffer->capacity = capacity;
}

static void append(Buffer *buffer, const void *bytes, size_t count) {
  reserve(buffer, count);
  memcpy(buffer->bytes + buffer->end, bytes, count);
  buffer->end += count;
}

static void take(Buffer *buffer, size_t count) {
  buffer->start += count;
  if (buffer->start == buffer->end) buffer->start = buffer->end = 0;
}

// MARK: Free lists

typedef struct Stream {
  struct Stream *next;
  Buffer body;
  size_t sent;
  bool isHealthCheck;
} Stream;

static Stream *freeStreams;

static Stream *takeStream(void) {
  Stream *stream = freeStreams;
  if (!stream) return calloc(1, sizeof *stream);
  freeStreams = stream->next;
  return stream;
}

static void giveStreamBack(Stream *stream) {
  stream->body.start = stream->body.end = stream->sent = 0;
  stream->isHealthCheck = false;
  stream->next = freeStreams;
  freeStreams = stream;
}

// What nghttp2 allocates, by size in units of 64 bytes; 16 bytes in front hold the class.
enum { UNIT = 64, CLASSES = 17, PREFIX = 16 };
static void *blocks[CLASSES + 1];

static void *takeBlock(size_t count, void *user) {
  size_t class = (count + PREFIX + UNIT - 1) / UNIT;
  char *block;
  if (class > CLASSES) {
    block = malloc(count + PREFIX);
    class = 0;
  } else if (blocks[class]) {
    block = blocks[class];
    blocks[class] = *(void **)block;
  } else {
    block = malloc(class * UNIT);
  }
  if (!block) return NULL;
  ((size_t *)block)[0] = class;
  ((size_t *)block)[1] = count;
  return block + PREFIX;
}

static void giveBlockBack(void *pointer, void *user) {
  if (!pointer) return;
  char *block = (char *)pointer - PREFIX;
  size_t class = *(size_t *)block;
  if (class == 0) return free(block);
  *(void **)block = blocks[class];
  blocks[class] = block;
}

static void *takeClearBlock(size_t count, size_t size, void *user) {
  void *block = takeBlock(count * size, user);
  return block ? memset(block, 0, count * size) : NULL;
}

static void *changeBlock(void *pointer, size_t count, void *user) {
  if (!pointer) return takeBlock(count, user);
  size_t *prefix = (size_t *)((char *)pointer - PREFIX);
  size_t capacity = prefix[0] ? prefix[0] * UNIT - PREFIX : prefix[1];
  if (count <= capacity) return pointer;
  void *larger = takeBlock(count, user);
  if (!larger) return NULL;
  memcpy(larger, pointer, capacity);
  giveBlockBack(pointer, user);
  return larger;
}

static nghttp2_mem memory = {NULL, takeBlock, giveBlockBack, takeClearBlock, changeBlock};

// MARK: A connection

typedef struct Connection {
  int descriptor;
  SSL *ssl;
  nghttp2_session *session;
  Buffer plain, cipher;
  const uint8_t *input;
  size_t inputCount;
  bool isScheduled, isBlocked, isDead;
  struct Connection *next;
} Connection;

static int poller;
static SSL_CTX *tls;
static BIO_METHOD *method;
static nghttp2_session_callbacks *callbacks;
static nghttp2_option *options;
static Connection *scheduled;
static uint8_t received[64 << 10], opened[17 << 10];

static int readInput(BIO *bio, char *bytes, int count) {
  Connection *connection = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  if (connection->inputCount == 0) {
    BIO_set_retry_read(bio);
    return -1;
  }
  if ((size_t)count > connection->inputCount) count = (int)connection->inputCount;
  memcpy(bytes, connection->input, (size_t)count);
  connection->input += count;
  connection->inputCount -= (size_t)count;
  return count;
}

static int writeOutput(BIO *bio, const char *bytes, int count) {
  append(&((Connection *)BIO_get_data(bio))->cipher, bytes, (size_t)count);
  return count;
}

static long control(BIO *bio, int command, long number, void *pointer) {
  return command == BIO_CTRL_FLUSH;
}

static void schedule(Connection *connection) {
  if (connection->isScheduled) return;
  connection->isScheduled = true;
  connection->next = scheduled;
  scheduled = connection;
}

// MARK: nghttp2's callbacks

static int onBeginHeaders(nghttp2_session *session, const nghttp2_frame *frame, void *user) {
  if (frame->headers.cat == NGHTTP2_HCAT_REQUEST)
    nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, takeStream());
  return 0;
}

static int onHeader(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                    size_t nameCount, const uint8_t *value, size_t valueCount, uint8_t flags,
                    void *user) {
  static const char health[] = "/grpc.health.";
  if (nameCount == 5 && memcmp(name, ":path", 5) == 0 && valueCount >= sizeof health &&
      memcmp(value, health, sizeof health - 1) == 0) {
    Stream *stream = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (stream) stream->isHealthCheck = true;
  }
  return 0;
}

static int onData(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes,
                  size_t count, void *user) {
  Stream *stream = nghttp2_session_get_stream_user_data(session, id);
  if (stream) append(&stream->body, bytes, count);
  return 0;
}

static nghttp2_nv field(const char *name, const char *value) {
  return (nghttp2_nv){(uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value),
                      NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

static ssize_t onRead(nghttp2_session *session, int32_t id, uint8_t *bytes, size_t count,
                      uint32_t *flags, nghttp2_data_source *source, void *user) {
  Stream *stream = source->ptr;
  size_t left = stream->body.end - stream->sent;
  *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (left > count) return (ssize_t)count;
  *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
  nghttp2_nv trailers[] = {field("grpc-status", "0")};
  nghttp2_submit_trailer(session, id, trailers, 1);
  return (ssize_t)left;
}

static int onSendData(nghttp2_session *session, nghttp2_frame *frame, const uint8_t *header,
                      size_t count, nghttp2_data_source *source, void *user) {
  Connection *connection = user;
  Stream *stream = source->ptr;
  append(&connection->plain, header, 9);
  append(&connection->plain, stream->body.bytes + stream->sent, count);
  stream->sent += count;
  return 0;
}

static int onFrame(nghttp2_session *session, const nghttp2_frame *frame, void *user) {
  if ((frame->hd.type != NGHTTP2_DATA && frame->hd.type != NGHTTP2_HEADERS) ||
      !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
    return 0;
  Stream *stream = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
  if (!stream) return 0;
  if (stream->isHealthCheck) {
    nghttp2_nv refusal[] = {field(":status", "200"), field("content-type", "application/grpc"),
                            field("grpc-status", "12")};
    nghttp2_submit_response(session, frame->hd.stream_id, refusal, 3, NULL);
    return 0;
  }
  nghttp2_nv headers[] = {field(":status", "200"), field("content-type", "application/grpc")};
  nghttp2_data_provider provider = {{.ptr = stream}, onRead};
  nghttp2_submit_response(session, frame->hd.stream_id, headers, 2, &provider);
  return 0;
}

static int onClose(nghttp2_session *session, int32_t id, uint32_t code, void *user) {
  Stream *stream = nghttp2_session_get_stream_user_data(session, id);
  if (stream) giveStreamBack(stream);
  nghttp2_session_set_stream_user_data(session, id, NULL);
  return 0;
}

// MARK: The life of a connection

static void accept_(int listener) {
  int descriptor;
  while ((descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    int one = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    Connection *connection = calloc(1, sizeof *connection);
    connection->descriptor = descriptor;
    if (tls) {
      BIO *bio = BIO_new(method);
      BIO_set_data(bio, connection);
      BIO_set_init(bio, 1);
      connection->ssl = SSL_new(tls);
      SSL_set_bio(connection->ssl, bio, bio);
      SSL_set_accept_state(connection->ssl);
    }
    nghttp2_session_server_new3(&connection->session, callbacks, connection, options, &memory);
    nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1000},
                                         {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 8 << 20}};
    nghttp2_submit_settings(connection->session, NGHTTP2_FLAG_NONE, settings, 2);
    nghttp2_session_set_local_window_size(connection->session, NGHTTP2_FLAG_NONE, 0, 16 << 20);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event);
    schedule(connection);
  }
}

static bool feed(Connection *connection, const uint8_t *bytes, size_t count) {
  if (!connection->ssl)
    return nghttp2_session_mem_recv(connection->session, bytes, count) == (ssize_t)count;
  connection->input = bytes;
  connection->inputCount = count;
  for (;;) {
    int got = SSL_read(connection->ssl, opened, sizeof opened);
    if (got <= 0) {
      int error = SSL_get_error(connection->ssl, got);
      ERR_clear_error();
      return error == SSL_ERROR_WANT_READ;
    }
    if (nghttp2_session_mem_recv(connection->session, opened, (size_t)got) != got) return false;
  }
}

static void readAll(Connection *connection) {
  for (int turn = 0; turn < 4; turn++) {
    ssize_t count = recv(connection->descriptor, received, sizeof received, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) break;
    if (count <= 0 || !feed(connection, received, (size_t)count)) {
      connection->isDead = true;
      break;
    }
    if ((size_t)count < sizeof received) break;
  }
  schedule(connection);
}

static void flush(Connection *connection) {
  while (!connection->isBlocked) {
    if (!connection->ssl || SSL_is_init_finished(connection->ssl)) {
      while (connection->plain.end - connection->plain.start < 128 << 10) {
        const uint8_t *bytes;
        ssize_t count = nghttp2_session_mem_send(connection->session, &bytes);
        if (count <= 0) break;
        append(&connection->plain, bytes, (size_t)count);
      }
    }
    Buffer *output = &connection->plain;
    if (connection->ssl) {
      while (connection->plain.end > connection->plain.start) {
        size_t count = connection->plain.end - connection->plain.start;
        if (count > 16 << 10) count = 16 << 10;
        int put = SSL_write(connection->ssl, connection->plain.bytes + connection->plain.start,
                            (int)count);
        if (put <= 0) {
          connection->isDead = true;
          return;
        }
        take(&connection->plain, (size_t)put);
      }
      output = &connection->cipher;
    }
    if (output->end == output->start) return;
    ssize_t sent = send(connection->descriptor, output->bytes + output->start,
                        output->end - output->start, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) {
      connection->isBlocked = true;
      struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = connection};
      epoll_ctl(poller, EPOLL_CTL_MOD, connection->descriptor, &event);
      return;
    }
    if (sent < 0) {
      connection->isDead = true;
      return;
    }
    take(output, (size_t)sent);
  }
}

static void end(Connection *connection) {
  close(connection->descriptor);
  nghttp2_session_del(connection->session);
  SSL_free(connection->ssl);
  free(connection->plain.bytes);
  free(connection->cipher.bytes);
  free(connection);
}

static void handle(struct epoll_event *event) {
  Connection *connection = event->data.ptr;
  if (event->events & EPOLLOUT) {
    connection->isBlocked = false;
    struct epoll_event usual = {.events = EPOLLIN, .data.ptr = connection};
    epoll_ctl(poller, EPOLL_CTL_MOD, connection->descriptor, &usual);
    schedule(connection);
  }
  if (event->events & (EPOLLIN | EPOLLHUP | EPOLLERR)) readAll(connection);
}

// MARK: The start

static int chooseProtocol(SSL *ssl, const unsigned char **out, unsigned char *outCount,
                          const unsigned char *in, unsigned inCount, void *user) {
  return nghttp2_select_next_protocol((unsigned char **)out, outCount, in, inCount) == 1
             ? SSL_TLSEXT_ERR_OK
             : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static bool prepareTLS(const char *certificate, const char *key, const char *authority) {
  tls = SSL_CTX_new(TLS_server_method());
  SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
  SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(tls, 1);
  SSL_CTX_set_default_read_buffer_len(tls, 64 << 10);
  SSL_CTX_set_alpn_select_cb(tls, chooseProtocol, NULL);
  if (authority) {
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    if (SSL_CTX_load_verify_locations(tls, authority, NULL) != 1) return false;
    SSL_CTX_set_session_id_context(tls, (const unsigned char *)"echo", 4);
  }
  method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "memory");
  BIO_meth_set_read(method, readInput);
  BIO_meth_set_write(method, writeOutput);
  BIO_meth_set_ctrl(method, control);
  return SSL_CTX_use_certificate_chain_file(tls, certificate) == 1 &&
         SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) == 1;
}

static void prepareSessions(void) {
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, onBeginHeaders);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, onHeader);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, onData);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, onFrame);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, onClose);
  nghttp2_session_callbacks_set_send_data_callback(callbacks, onSendData);
  nghttp2_option_new(&options);
  nghttp2_option_set_no_closed_streams(options, 1);
}

static int listenOn(char *address) {
  char *colon = strrchr(address, ':');
  if (!colon) return -1;
  struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(atoi(colon + 1))};
  *colon = 0;
  int valid = inet_pton(AF_INET, address, &where.sin_addr);
  *colon = ':';
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (valid != 1 || bind(listener, (struct sockaddr *)&where, sizeof where) != 0) return -1;
  return listen(listener, 1024) == 0 ? listener : -1;
}

int main(int argc, char **argv) {
  if (argc != 2 && argc != 4 && argc != 5) return 64;
  if (argc > 2 && !prepareTLS(argv[2], argv[3], argc > 4 ? argv[4] : NULL)) {
    ERR_print_errors_fp(stderr);
    return 66;
  }
  prepareSessions();
  int listener = listenOn(argv[1]);
  if (listener < 0) {
    fprintf(stderr, "echo_server: cannot listen on %s: %s\n", argv[1], strerror(errno));
    return 69;
  }
  signal(SIGPIPE, SIG_IGN);
  poller = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[256];
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
  printf("ready %s\n", argv[1]);
  fflush(stdout);
  for (;;) {
    int count = epoll_wait(poller, events, 256, -1);
    for (int index = 0; index < count; index++) {
      if (events[index].data.ptr) handle(&events[index]);
      else accept_(listener);
    }
    while (scheduled) {
      Connection *connection = scheduled;
      scheduled = connection->next;
      connection->isScheduled = false;
      if (!connection->isDead) flush(connection);
      if (connection->isDead || !(nghttp2_session_want_read(connection->session) ||
                                  nghttp2_session_want_write(connection->session)))
        end(connection);
    }
  }
}
