// Wide ncurses for Swift: accessors for globals and macros that do not import.
#ifndef HOLDFAST_CNCURSES_SHIM_H
#define HOLDFAST_CNCURSES_SHIM_H
#define NCURSES_WIDECHAR 1
#define NCURSES_NOMACROS 1
#include <ncurses.h>
#include <term.h>
#include <wchar.h>
#undef lines
#undef columns
#undef tab
#undef bell

static inline WINDOW *cncurses_screen(void) { return stdscr; }
static inline attr_t cncurses_bold(void) { return A_BOLD; }
static inline attr_t cncurses_dim(void) { return A_DIM; }
static inline attr_t cncurses_reverse(void) { return A_REVERSE; }
static inline attr_t cncurses_underline(void) { return A_UNDERLINE; }
// Frees what setupterm() read.
static inline void cncurses_forget_terminal(void) {
  if (cur_term) del_curterm(cur_term);
}
// Declared here because wchar.h hides it without _XOPEN_SOURCE.
int wcwidth(wchar_t c);
static inline int cncurses_width(wchar_t c) { return wcwidth(c); }
static inline int cncurses_key_function(int number) { return KEY_F(number); }
#endif
