// libuv for Swift: casts that C does implicitly, and reads of union members.
#ifndef HOLDFAST_CUV_SHIM_H
#define HOLDFAST_CUV_SHIM_H
#include <uv.h>
#endif
