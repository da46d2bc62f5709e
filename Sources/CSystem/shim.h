// Pieces of libc that the Glibc module does not export to Swift: variadic and macro interfaces,
// and headers it leaves out.
#ifndef HOLDFAST_CSYSTEM_SHIM_H
#define HOLDFAST_CSYSTEM_SHIM_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

static inline char *csystem_optarg(void) { return optarg; }
static inline int csystem_optind(void) { return optind; }
static inline int csystem_optopt(void) { return optopt; }
// 0 makes glibc start over, so that several command lines can be parsed in one process.
static inline void csystem_getopt_reset(void) { optind = 0; opterr = 0; }

static inline int csystem_name_thread(pthread_t thread, const char *name) {
  return pthread_setname_np(thread, name);
}
static inline const void *csystem_memmem(
    const void *hay, size_t hay_size, const void *needle, size_t needle_size) {
  return memmem(hay, hay_size, needle, needle_size);
}
// Pages that are made when they are written to; NULL if there are no addresses left.
static inline void *csystem_map(size_t size) {
  void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return pages == MAP_FAILED ? NULL : pages;
}
static inline void *csystem_remap(void *pages, size_t size, size_t wanted) {
  void *moved = mremap(pages, size, wanted, MREMAP_MAYMOVE);
  return moved == MAP_FAILED ? NULL : moved;
}
static inline int csystem_open(const char *path, int flags, unsigned mode) {
  return open(path, flags, mode);
}
static inline int csystem_openat(int directory, const char *name, int flags, unsigned mode) {
  return openat(directory, name, flags, mode);
}
static inline int csystem_set_nonblocking(int fd) {
  int flags = fcntl(fd, F_GETFL, 0);
  return flags < 0 ? flags : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}
// No core dump, not even to a program that takes it through a pipe; nor can processes of the same
// user read this one's memory (prctl(2)).
static inline int csystem_make_undumpable(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }
static inline int csystem_window_size(int fd, unsigned short *rows, unsigned short *columns) {
  struct winsize size;
  int result = ioctl(fd, TIOCGWINSZ, &size);
  if (result == 0) { *rows = size.ws_row; *columns = size.ws_col; }
  return result;
}
// Bytes that a read would get at once; -1 if that cannot be told.
static inline int csystem_bytes_waiting(int fd) {
  int count = 0;
  return ioctl(fd, FIONREAD, &count) == 0 ? count : -1;
}
#endif
