// Guarantee: passes over examples for any number of networks at once; each network gets the same
// bits for any number of workers, and whether it is alone or in company.
//
// The examples are cut into chunks by their number alone. Each chunk is summed by itself, tile by
// tile, and the chunks' sums are added in order. Where the gradient is so large that one for each
// worker would not stay in the caches, there is a single chunk, and workers share its hidden units; so they may where
// chunks are few.
#pragma once

#include "sums.hpp"

namespace shoal {

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
  size_t descend(size_t net, Course<T> &course);

  // The cost of a network in the last run, and its gradient, laid out as the kernels' vector and not yet divided by m.
  double cost(size_t net) const;
  T *gradient(size_t net) const { return sums_.total() + sums_of_[net]; }

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
  T *cleared(T *sums, size_t part, size_t parts) const;
  size_t tiles() const;
  void take_tile(Desk &desk, size_t t);
  void gather(const Desk &desk, Tile<T> &tile, bool copy) const;
  void prepare();
  void chunk(size_t c, size_t worker);
  void pass_tile(size_t net, Desk &desk, size_t c, T *sums);
  bool better_together() const;
  void tile_together(size_t t, size_t c, T *sums);
  void together();
  void apart();
  void weigh(const Net<T> &net, Desk &desk, size_t m, double one_over_m) const;
  void finish(Net<T> &net, size_t n, Desk &desk, size_t c);
  void collect();
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
  std::vector<size_t> sums_of_; // where those of each network begin in the sums of a chunk
  Sums<T> sums_;
  struct {
    size_t m, first;
    const uint32_t *rows;
    Wanted wanted;
    const double *one_over_m;
    size_t chunks;
  } now_{};
};

constexpr size_t CHUNKS = 32; // at most

extern template class Pass<float>;
extern template class Pass<double>;

} // namespace shoal
