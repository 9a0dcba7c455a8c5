#include "net.hpp"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace shoal {

namespace {

constexpr size_t LARGE = size_t(2) << 20; // bytes of a gradient of which there is to be one only

} // namespace

void in_large_pages([[maybe_unused]] void *memory, [[maybe_unused]] size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  constexpr uintptr_t page = 4096;
  if (bytes < (size_t(4) << 20)) return;
  const uintptr_t first = (uintptr_t(memory) + page - 1) / page * page, end = (uintptr_t(memory) + bytes) / page * page;
  madvise(reinterpret_cast<void *>(first), end - first, MADV_HUGEPAGE); // a wish: all works without
#endif
}

template <class T> Kind kind_of(const Shape &s) {
  constexpr size_t lanes = 64 / sizeof(T);
  const bool large = sizeof(T) * s.n_h * (s.n_x + s.n_y + 1) >= LARGE, several_shares = s.n_h > SHARE<T>;
  const Lanes units = s.columns && sizeof(T) == sizeof(float) ? Lanes::lines : Lanes::units;
  if (s.in_units) return {units, large && several_shares};
  if (s.n_h <= lanes / 2) return {s.n_x <= 64 ? Lanes::examples : Lanes::features, false};
  if (s.n_h <= lanes * 5 / 4 && s.n_x <= 8) return {Lanes::examples, false};
  return {units, large && several_shares};
}

template <class T> const Kernels<T> &kernels_of(const Variant &variant, Kind kind) {
  if constexpr (sizeof(T) == 4) return variant.f32[size_t(kind.lanes)];
  else return variant.f64[size_t(kind.lanes)];
}

template <class T>
Net<T>::Net(const Shape &shape, const Variant &variant)
    : shape(shape), kernels(&kernels_of<T>(variant, kind_of<T>(shape))), layout(kernels->layout(shape)),
      parameters(kernels->take_pieces() ? layout.sums : layout.size) {}

template <class T> void Net<T>::pack(const T *theta, T *vector, Team &team) const {
  team.each(layout.shares, [&](size_t share, size_t worker) {
    team.breathe(worker);
    if (!team.stopped()) kernels->pack(shape, theta, vector, share, share + 1);
  });
}

template <class T> void Net<T>::unpack(const T *vector, T *theta, Team &team) const {
  team.each(layout.shares, [&](size_t share, size_t) { kernels->unpack(shape, vector, theta, share, share + 1); });
}

template Kind kind_of<float>(const Shape &);
template Kind kind_of<double>(const Shape &);
template const Kernels<float> &kernels_of(const Variant &, Kind);
template const Kernels<double> &kernels_of(const Variant &, Kind);
template struct Net<float>;
template struct Net<double>;

} // namespace shoal
