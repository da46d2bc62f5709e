#ifndef HOLDFAST_CBROTLI_SHIM_H
#define HOLDFAST_CBROTLI_SHIM_H
#include <brotli/decode.h>
#endif
