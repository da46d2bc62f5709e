#ifndef HOLDFAST_CBROTLIENCODER_SHIM_H
#define HOLDFAST_CBROTLIENCODER_SHIM_H
#include <brotli/encode.h>
#endif
