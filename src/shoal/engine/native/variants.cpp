#include "variants.hpp"

// As CMakeLists.txt compiles them, the fastest first.
#if defined(__x86_64__) && defined(SHOAL_SANITIZED)
#define SHOAL_VARIANTS(f) f(avx512) f(avx2) f(baseline)
#elif defined(__x86_64__)
#define SHOAL_VARIANTS(f) f(avx512) f(avx2) f(avx512_reproducible) f(avx2_reproducible) f(baseline)
#elif defined(__aarch64__) && defined(SHOAL_SANITIZED)
#define SHOAL_VARIANTS(f) f(neon)
#elif defined(__aarch64__)
#define SHOAL_VARIANTS(f) f(neon) f(neon_reproducible)
#else
#define SHOAL_VARIANTS(f) f(baseline)
#endif

namespace shoal {

#define SHOAL_DECLARE(name)                                                                                              \
  namespace name {                                                                                                       \
  extern const Variant variant;                                                                                          \
  }
SHOAL_VARIANTS(SHOAL_DECLARE)

std::vector<const Variant *> variants() {
  std::vector<const Variant *> here;
#define SHOAL_LIST(name)                                                                                                 \
  if (name::variant.runs_here()) here.push_back(&name::variant);
  SHOAL_VARIANTS(SHOAL_LIST)
  return here;
}

} // namespace shoal
