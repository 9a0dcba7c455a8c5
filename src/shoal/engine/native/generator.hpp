// Guarantee: random numbers are a formula of a key and their place, so that no generator's state has to be kept.
#pragma once

#include <cstdint>

namespace shoal {

// splitmix64: the k-th number of the stream of a key. Always inline, as a linker might take another instruction set's.
[[gnu::always_inline]] inline uint64_t number(uint64_t key, uint64_t k) {
  uint64_t z = key + (k + 1) * 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

} // namespace shoal
