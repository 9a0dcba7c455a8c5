// Guarantee: one pass over examples for any number of networks at once; each network gets the same
// bits for any number of workers, and whether it is alone or in company.
//
// The examples are cut into chunks by their number alone. Each chunk is summed by itself, tile by
// tile, and the chunks' sums are added in order. Where the gradient is so large that one for each
// chunk would not stay in the caches, there is a single chunk, and workers share its hidden units.
#pragma once

#include <memory>
#include <new>
#include <vector>

#include "kernels.hpp"
#include "team.hpp"

namespace shoal {

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

  // Into the kernels' order from that of theta, and back.
  void pack(const T *theta, T *vector, Team &team) const;
  void unpack(const T *vector, T *theta, Team &team) const;

  Shape shape;
  const Kernels<T> *kernels;
  Layout layout;
  Room<T> parameters;
  Room<T> sums; // of each chunk; after a pass it begins with the gradient, not yet divided by m
  size_t chunks = 0; // that sums has room for
  std::vector<double> costs; // of each chunk
  const T *w = nullptr; // weights of the examples; none: 1 each
  ptrdiff_t w_step = 0;
  bool active = true;
  T *A2 = nullptr; // where outputs are to go, (n_y, m)
};

enum class Wanted { costs, gradients };

template <class T> class Pass {
public:
  // A run takes at most `largest` examples; there will be about so many.
  Pass(std::vector<Net<T> *> nets, const Source<T> &source, Team &team, size_t largest, size_t runs);

  // Pass over examples first, first + 1, ..., or rows[0], rows[1], ...; one_over_m of each network
  // scales its cost. False if the team was stopped: no result is then to be used.
  bool run(size_t m, size_t first, const uint32_t *rows, Wanted wanted, const double *one_over_m);

  // Whether all examples are one tile, over which a network may make its passes by itself.
  bool one_tile() const { return resident_.size() == 1 && nets_[0]->kernels->descend; }

  // Those passes; how many were made until a cost was not finite.
  size_t descend(size_t net, Course<T> course);

  // The cost of a network in the last run.
  double cost(size_t net) const;

private:
  struct Desk { // one worker's room
    Room<T> numbers;
    T *made; // features of a tile, where they are made of pieces
    Room<float> cut_numbers;    // or what is not 0 of them
    Room<uint32_t> cut_places;
    Tile<T> own;
    const Tile<T> *tile = nullptr; // in work: the own, or one that is kept
    Work<T> work;
    size_t ones = 0; // so many weights are 1, as they were for the tile before
  };

  void make_room_for_cuts(Desk &desk, const Columns &columns, size_t tile);
  void clear(size_t c, size_t part, size_t parts);
  size_t tiles() const;
  void take_tile(Desk &desk, size_t t);
  void gather(const Desk &desk, Tile<T> &tile, bool copy) const;
  void prepare();
  void chunk(size_t c, size_t worker);
  void pass_tile(size_t net, Desk &desk, size_t c);
  void together();
  static void make_room(Net<T> &net, size_t chunks, bool gradients);
  void weigh(const Net<T> &net, Desk &desk) const;
  void finish(Net<T> &net, size_t n, Desk &desk, size_t c);
  void reduce();
  size_t chunks(size_t m) const;

  std::vector<Net<T> *> nets_;
  const Source<T> source_;
  const size_t tile_;     // examples, at most
  const size_t made_row_; // from one example to the next in Desk::made
  Team &team_;
  std::vector<Desk> desks_;
  std::vector<Tile<T>> resident_; // tiles of all examples, where they are few
  Room<T> resident_numbers_;
  bool share_units_;
  struct {
    size_t m, first;
    const uint32_t *rows;
    Wanted wanted;
    const double *one_over_m;
    size_t chunks;
  } now_{};
};

// How a network is computed; a matter of its shape alone, whatever the machine and its company.
struct Kind {
  Lanes lanes;
  bool wide; // workers share the hidden units, for a gradient so large that there is to be one only
  bool operator==(const Kind &other) const { return lanes == other.lanes && wide == other.wide; }
};
template <class T> Kind kind_of(const Shape &shape);

template <class T> const Kernels<T> &kernels_of(const Variant &variant, Kind kind);

constexpr size_t CHUNKS = 32; // at most

extern template struct Net<float>;
extern template struct Net<double>;
extern template class Pass<float>;
extern template class Pass<double>;

} // namespace shoal
