// libuv for Swift: casts that C does implicitly, reads of union members, and the socket and memory
// calls that the Glibc module does not export.
#ifndef HOLDFAST_CUV_SHIM_H
#define HOLDFAST_CUV_SHIM_H
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

// Declared by hand: with _GNU_SOURCE the headers would differ from those of the Glibc module.
extern int accept4(int, struct sockaddr *, socklen_t *, int);

static inline uv_handle_t *cuv_handle(void *p) { return (uv_handle_t *)p; }
static inline uv_stream_t *cuv_stream(void *p) { return (uv_stream_t *)p; }
static inline uv_req_t *cuv_request(void *p) { return (uv_req_t *)p; }
static inline void *cuv_handle_data(const void *p) { return ((const uv_handle_t *)p)->data; }
static inline void *cuv_request_data(const void *p) { return ((const uv_req_t *)p)->data; }
static inline void cuv_set_handle_data(void *p, void *data) { ((uv_handle_t *)p)->data = data; }
static inline void cuv_set_request_data(void *p, void *data) { ((uv_req_t *)p)->data = data; }

// Negative errno on failure, as libuv reports it.
static inline int cuv_listening_socket(const struct sockaddr *address, socklen_t size, int backlog,
                                       int v6only) {
  int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  int on = 1;
  int failed = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0;
  if (!failed && address->sa_family == AF_INET6 && v6only)
    failed = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0;
  failed = failed || bind(fd, address, size) < 0 || listen(fd, backlog) < 0;
  if (failed) {
    int error = errno;
    close(fd);
    return -error;
  }
  return fd;
}
static inline int cuv_local_address(const char *path, struct sockaddr_un *address) {
  size_t length = strlen(path);
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  if (length == 0) return -EINVAL;
  if (length >= sizeof address->sun_path) return -ENAMETOOLONG;
  memcpy(address->sun_path, path, length);
  return 0;
}
// A listening local socket that only its owner can connect to, from its first moment on: Linux takes
// the permissions of the path from those of the socket.
static inline int cuv_local_listener(const char *path, int backlog) {
  struct sockaddr_un address;
  int wrong = cuv_local_address(path, &address);
  if (wrong < 0) return wrong;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  if (fchmod(fd, 0600) < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
      listen(fd, backlog) < 0) {
    int error = errno;
    close(fd);
    return -error;
  }
  return fd;
}
// Connecting to a local socket succeeds or fails at once: the peer need not accept it.
static inline int cuv_local_connect(const char *path) {
  struct sockaddr_un address;
  int wrong = cuv_local_address(path, &address);
  if (wrong < 0) return wrong;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
    int error = errno;
    close(fd);
    return -error;
  }
  return fd;
}
static inline int cuv_accept(int fd) {
  int accepted;
  do accepted = accept4(fd, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC);
  while (accepted < 0 && errno == EINTR);
  return accepted < 0 ? -errno : accepted;
}
// Makes the coming close send RST instead of FIN.
static inline int cuv_linger_zero(int fd) {
  struct linger now = {1, 0};
  return setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now) < 0 ? -errno : 0;
}
// The error that waits on the socket, negative, and 0 if there is none. Asking takes it away.
static inline int cuv_waiting_error(int fd) {
  int code = 0;
  socklen_t size = sizeof code;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) < 0 ? -errno : -code;
}
// Whether nothing that was written to the connection is unacknowledged (tcp(7), SIOCOUTQ). That can be
// told even after a reset; if it cannot, everything counts as acknowledged.
static inline int cuv_all_acknowledged(int fd) {
  int left = 0;
  return ioctl(fd, SIOCOUTQ, &left) < 0 || left == 0;
}
// Whether a read would not wait.
static inline int cuv_has_input(int fd) {
  char byte;
  return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN;
}
static inline int cuv_open_directory(const char *path) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return fd < 0 ? -errno : fd;
}
// 1 if the thresholds were taken.
static inline int cuv_keep_freed_memory(int keep, int largest) {
  return mallopt(M_TRIM_THRESHOLD, keep) && mallopt(M_MMAP_THRESHOLD, largest);
}
static inline void cuv_return_freed_memory(void) { malloc_trim(0); }
static inline int cuv_duplicate(int fd) {
  int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  return copy < 0 ? -errno : copy;
}
#endif
