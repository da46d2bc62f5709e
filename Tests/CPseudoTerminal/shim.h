#pragma once

#include <sys/ioctl.h>

// Swift cannot call functions with a variable number of arguments.

static inline int cpty_unlock(int primary) {
  int locked = 0;
  return ioctl(primary, TIOCSPTLCK, &locked);
}

// Number of the other end, which is /dev/pts/N; -1 on failure.
static inline int cpty_number(int primary) {
  int number = -1;
  return ioctl(primary, TIOCGPTN, &number) == 0 ? number : -1;
}

static inline int cpty_resize(int primary, unsigned short rows, unsigned short columns) {
  struct winsize size = {rows, columns, 0, 0};
  return ioctl(primary, TIOCSWINSZ, &size);
}
