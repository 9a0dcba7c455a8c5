// Compiled once for each variant: an instruction set, fused or reproducible.
#include "examples.hpp"
#include "features.hpp"
#include "lines.hpp"
#include "order.hpp"
#include "units.hpp"

namespace shoal::SHOAL_VARIANT {

static bool runs_here() {
#if defined(__x86_64__) && SHOAL_REGISTER == 64
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
#elif defined(__x86_64__) && SHOAL_REGISTER == 32
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return true;
#endif
}

extern const Variant variant;
const Variant variant = {SHOAL_NAME,
                         !SHOAL_FUSED,
                         runs_here,
                         order,
                         {units::kernels<float>(), examples::kernels<float>(), features::kernels<float>(), lines::kernels()},
                         {units::kernels<double>(), examples::kernels<double>(), features::kernels<double>()}};

} // namespace shoal::SHOAL_VARIANT
