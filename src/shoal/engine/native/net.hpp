// Guarantee: a network lies as the kernels of its kind want it, and comes back as theta.
#pragma once

#include <memory>
#include <new>
#include <vector>

#include "kernels.hpp"
#include "team.hpp"

namespace shoal {

// How a network is computed; a matter of its shape alone, whatever the machine and its company.
struct Kind {
  Lanes lanes;
  bool wide; // workers share the hidden units, for a gradient so large that there is to be one only
  bool operator==(const Kind &other) const { return lanes == other.lanes && wide == other.wide; }
};
template <class T> Kind kind_of(const Shape &shape);

template <class T> const Kernels<T> &kernels_of(const Variant &variant, Kind kind);

// Where megabytes are new, the system's work on each small page of them would take as long as ours.
void in_large_pages(void *memory, size_t bytes);

// Memory that starts at a cache line.
template <class T> class Room {
public:
  Room() = default;
  explicit Room(size_t n) : data_(static_cast<T *>(::operator new((n ? n : 1) * sizeof(T), std::align_val_t(64)))) {
    in_large_pages(data_.get(), n * sizeof(T));
  }
  T *get() const { return data_.get(); }

private:
  struct Free {
    void operator()(T *p) const { ::operator delete(p, std::align_val_t(64)); }
  };
  std::unique_ptr<T, Free> data_;
};

// A network as the kernels work on it.
template <class T> struct Net {
  Net(const Shape &shape, const Variant &variant);

  // Into the kernels' order from that of theta, unless the team is stopped, and back.
  void pack(const T *theta, T *vector, Team &team) const;
  void unpack(const T *vector, T *theta, Team &team) const;

  Shape shape;
  const Kernels<T> *kernels;
  Layout layout;
  Room<T> parameters;
  std::vector<double> costs; // of each chunk
  const T *w = nullptr; // weights of the examples; none: 1 each
  ptrdiff_t w_step = 0;
  bool active = true;
  T *A2 = nullptr; // where outputs are to go, (n_y, m)
};

extern template struct Net<float>;
extern template struct Net<double>;

} // namespace shoal
