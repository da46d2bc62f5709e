// XXH3 inlined from the header, so that nothing is linked and short inputs cost a few nanoseconds.
#ifndef HOLDFAST_CXXHASH_SHIM_H
#define HOLDFAST_CXXHASH_SHIM_H
#define XXH_INLINE_ALL 1
#include <xxhash.h>

static inline XXH128_hash_t cxxhash_128(const void *bytes, size_t count) {
  return XXH3_128bits(bytes, count);
}

static inline uint64_t cxxhash_64(const void *bytes, size_t count) {
  return XXH3_64bits(bytes, count);
}
#endif
