// What Swift's vectors have no operation for: the result of a comparison as bits.
#ifndef HOLDFAST_CSIMD_SHIM_H
#define HOLDFAST_CSIMD_SHIM_H
#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

// A bit for each of the 64 bytes at `block` that is `byte`; the lowest one stands for the first.
static inline uint64_t csimd_equal_portable(const void *block, uint8_t byte) {
  const uint64_t low = 0x7F7F7F7F7F7F7F7F;
  uint64_t bits = 0;
  for (int at = 0; at < 64; at += 8) {
    uint64_t word = 0;
    // Read so that the first byte is the lowest one on every processor.
    for (int k = 0; k < 8; k++) word |= (uint64_t)((const uint8_t *)block)[at + k] << (8 * k);
    word ^= (uint64_t)0x0101010101010101 * byte;
    const uint64_t equal = ~(((word & low) + low) | word | low);
    // The top bits of all bytes, moved beside each other.
    bits |= (equal >> 7) * 0x0102040810204080 >> 56 << at;
  }
  return bits;
}

static inline uint64_t csimd_equal(const void *block, uint8_t byte) {
#ifdef __SSE2__
  const __m128i wanted = _mm_set1_epi8((char)byte);
  uint64_t bits = 0;
  for (int at = 0; at < 64; at += 16) {
    const __m128i part = _mm_loadu_si128((const __m128i *)((const char *)block + at));
    bits |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(part, wanted)) << at;
  }
  return bits;
#else
  return csimd_equal_portable(block, byte);
#endif
}
#endif
