// Wide ncurses for Swift: accessors for globals and macros that do not import.
#ifndef HOLDFAST_CNCURSES_SHIM_H
#define HOLDFAST_CNCURSES_SHIM_H
#define NCURSES_WIDECHAR 1
#define NCURSES_NOMACROS 1
#include <ncurses.h>
#include <term.h>
#undef lines
#undef columns
#undef tab
#undef bell
#endif
