#include "pass.hpp"

#include <algorithm>
#include <cstdlib>

#include "pieces.hpp"

namespace shoal {

namespace {

constexpr size_t RESIDENT = size_t(8) << 20; // bytes of examples that are kept as they were gathered
constexpr size_t WORTH_SHARING = size_t(1) << 18; // bytes of a gradient, for which a tile is much work
constexpr double WORTH_WAITING = 0.9; // workers that share tiles wait for each other twice a tile

// From so many runs on it pays to keep the tiles of few examples.
template <class T> size_t keep_from(const Kernels<T> &kernels, const Shape &shape, const Source<T> &source) {
  constexpr size_t line = 64, never = SIZE_MAX;
  if (kernels.take_pieces()) return never;
  if (source.pieces || !kernels.in_place(shape, source)) return 2;
  const bool straddles = uintptr_t(source.X) % line || size_t(std::abs(source.X_example)) * sizeof(T) % line;
  return kernels.packs && straddles ? 64 : never;
}

// The features of an example that is made of pieces begin at a cache line, and not all at one place of a page.
template <class T> size_t made_row(const Source<T> &source, const Kernels<T> &kernels) {
  constexpr size_t line = 64 / sizeof(T);
  if (!source.pieces || kernels.take_pieces()) return 0;
  const size_t lines = (source.pieces->width() + line - 1) / line;
  return (lines | 1) * line;
}

// The share of the time that workers have something to do, if so many tasks are that much work, at most 1 each.
double busy(double work, size_t tasks, size_t workers) {
  return work / double((tasks + workers - 1) / workers * workers);
}

// Where the sums of each network begin, and where the last ones end; each at a cache line.
template <class T> std::vector<size_t> places(const std::vector<Net<T> *> &nets) {
  constexpr size_t line = 64 / sizeof(T);
  std::vector<size_t> places = {0};
  for (const Net<T> *net : nets) places.push_back(places.back() + (net->layout.sums + line - 1) / line * line);
  return places;
}

} // namespace

template <class T> void Pass<T>::make_room_for_cuts(Desk &desk, const Columns &columns, size_t tile) {
  const size_t cuts = columns.cuts.size() * tile, plain = columns.plain.size() * tile;
  desk.cut_numbers = Room<float>(2 * cuts + plain);
  desk.cut_places = Room<uint32_t>(2 * cuts + plain + columns.plain.size());
  float *numbers = desk.cut_numbers.get();
  uint32_t *places = desk.cut_places.get();
  desk.own.cuts = {numbers, numbers + cuts, places, places + cuts, numbers + 2 * cuts, places + 2 * cuts,
                    places + 2 * cuts + plain};
}

template <class T>
Pass<T>::Pass(std::vector<Net<T> *> nets, const Source<T> &source, Team &team, size_t largest, size_t runs)
    : nets_(std::move(nets)), source_(source), tile_(nets_[0]->kernels->tile(nets_[0]->shape)),
      made_row_(made_row(source, *nets_[0]->kernels)), team_(team), desks_(team.workers()),
      share_units_(kind_of<T>(nets_[0]->shape).wide), sums_of_(places(nets_)),
      sums_(sums_of_.back(), nets_[0]->kernels->add) {
  const Kernels<T> &k = *nets_[0]->kernels;
  Rooms r{};
  for (const Net<T> *net : nets_) {
    const Rooms own = k.rooms(net->shape);
    r = {own.X, own.Y, std::max(r.A1, own.A1), std::max(r.dZ1, own.dZ1), std::max(r.joined, own.joined)};
  }
  const auto whole = [](size_t n) { return (n + 15) / 16 * 16; }; // cache lines
  for (Desk &desk : desks_) {
    const std::pair<T **, size_t> parts[] = {
        {&desk.own.copy, r.X}, {&desk.own.Y, r.Y}, {&desk.work.A1, r.A1}, {&desk.work.Z2, r.Y}, {&desk.work.w, tile_},
        {&desk.work.aux, 3 * k.row}, {&desk.work.dZ1, r.dZ1}, {&desk.work.joined, r.joined},
        {&desk.made, tile_ * made_row_}};
    size_t all = 0;
    for (const auto &part : parts) all += whole(part.second);
    desk.numbers = Room<T>(all);
    T *p = desk.numbers.get();
    for (const auto &[pointer, size] : parts) *pointer = p, p += whole(size);
    if (!source_.Y) desk.own.Y = nullptr;
    if (k.take_pieces()) make_room_for_cuts(desk, source_.pieces->columns(), tile_);
  }
  const size_t each = r.X + r.Y, tiles = (source_.m + tile_ - 1) / tile_;
  const bool few = largest >= source_.m && tiles * each * sizeof(T) <= RESIDENT;
  if (!few || runs < keep_from(k, nets_[0]->shape, source_)) return;
  resident_numbers_ = Room<T>(tiles * each);
  for (size_t t = 0; t < tiles; ++t) {
    T *const here = resident_numbers_.get() + t * each;
    Tile<T> tile = {std::min(tile_, source_.m - t * tile_), t * tile_, nullptr, nullptr, 0, here + r.X, here};
    if (!source_.Y) tile.Y = nullptr;
    gather(desks_[0], tile, true);
    resident_.push_back(tile);
  }
}

template <class T> size_t Pass<T>::chunks(size_t m) const {
  return share_units_ ? 1 : std::clamp<size_t>((m + tile_ - 1) / tile_, 1, CHUNKS);
}

template <class T> size_t Pass<T>::tiles() const {
  return (now_.m + tile_ - 1) / tile_;
}

template <class T> void Pass<T>::take_tile(Desk &desk, size_t t) {
  if (!resident_.empty()) {
    desk.tile = &resident_[t];
    return;
  }
  const size_t start = t * tile_;
  desk.tile = &desk.own;
  desk.own.m = std::min(tile_, now_.m - start), desk.own.first = now_.first + start;
  desk.own.rows = now_.rows ? now_.rows + start : nullptr;
  gather(desk, desk.own, false);
}

template <class T> void Pass<T>::gather(const Desk &desk, Tile<T> &tile, bool copy) const {
  Source<T> source = source_;
  if constexpr (sizeof(T) == sizeof(float))
    if (source.pieces && !nets_[0]->kernels->take_pieces()) {
      source.pieces->write(tile.m, tile.first, tile.rows, desk.made, made_row_);
      source.X = desk.made, source.X_example = ptrdiff_t(made_row_), source.X_feature = 1, source.of_tile = true;
    }
  nets_[0]->kernels->gather(nets_[0]->shape, source, tile, copy);
}

// One of some parts of a chunk's sums, before it is summed: 0, but for what the first tile will write. (What it does not
// write, of networks that go no further, nobody reads.)
template <class T> T *Pass<T>::cleared(T *sums, size_t part, size_t parts) const {
  for (size_t n = 0; n < nets_.size(); ++n) {
    const Layout &l = nets_[n]->layout;
    const size_t written = nets_[n]->kernels->adds_tiles && now_.m > 0 ? l.b1 : 0, size = l.sums - written;
    T *rest = sums + sums_of_[n] + written;
    std::fill(rest + size * part / parts, rest + size * (part + 1) / parts, T(0));
  }
  return sums;
}

// The weights of a tile's examples, of m in a pass.
template <class T> void Pass<T>::weigh(const Net<T> &net, Desk &desk, size_t m, double one_over_m) const {
  const Tile<T> &tile = *desk.tile;
  Work<T> &work = desk.work;
  work.mean_weight = 1 / (double(m) * one_over_m);
  if (net.w || desk.ones != tile.m) {
    for (size_t i = 0; i < tile.m; ++i)
      work.w[i] = net.w ? net.w[ptrdiff_t(tile.number(i)) * net.w_step] : T(1);
    std::fill(work.w + tile.m, work.w + (tile.m + 15) / 16 * 16, T(0)); // padding
    desk.ones = net.w ? 0 : tile.m;
  }
}

// What follows the hidden layer: outputs and costs of a tile.
template <class T> void Pass<T>::finish(Net<T> &net, size_t n, Desk &desk, size_t c) {
  const Tile<T> &tile = *desk.tile;
  Work<T> &work = desk.work;
  weigh(net, desk, now_.m, now_.one_over_m[n]);
  const bool slope = now_.wanted == Wanted::gradients;
  net.costs[c] += net.kernels->outputs(net.shape, tile, work, now_.one_over_m[n], slope);
  if (net.A2)
    for (size_t k = 0; k < net.shape.n_y; ++k)
      for (size_t i = 0; i < tile.m; ++i) net.A2[k * source_.m + tile.first + i] = work.Z2[k * net.kernels->row + i];
}

template <class T> void Pass<T>::chunk(size_t c, size_t worker) {
  Desk &desk = desks_[worker];
  T *sums = now_.wanted == Wanted::gradients ? cleared(sums_.take(), 0, 1) : nullptr;
  // Where a tile is read in place, a network takes several before the next one, so that its parameters
  // and sums stay in the cache; where a tile is copied, all networks take it in turn.
  const bool in_place = !now_.rows && !source_.pieces && nets_[0]->kernels->in_place(nets_[0]->shape, source_);
  const size_t block = in_place && nets_.size() > 1 ? 8 : 1;
  const size_t begin = tiles() * c / now_.chunks, end = tiles() * (c + 1) / now_.chunks;
  for (size_t from = begin; from < end; from += block)
    for (size_t n = 0; n < nets_.size(); ++n)
      for (size_t t = from; t < std::min(from + block, end); ++t) {
        team_.breathe(worker);
        if (team_.stopped()) return;
        if (n == 0 || block > 1) take_tile(desk, t);
        desk.work.first = t == begin;
        if (nets_[n]->active) pass_tile(n, desk, c, sums);
      }
  if (sums) sums_.give(c, sums);
}

// One network's forward and backward propagation of a tile.
template <class T> void Pass<T>::pass_tile(size_t n, Desk &desk, size_t c, T *sums) {
  Net<T> &net = *nets_[n];
  const T *parameters = net.parameters.get();
  net.kernels->forward(net.shape, parameters, *desk.tile, desk.work, 0, net.layout.shares);
  finish(net, n, desk, c);
  if (sums) net.kernels->backward(net.shape, parameters, *desk.tile, desk.work, sums + sums_of_[n], 0, net.layout.shares);
}

// All workers at a tile: each takes shares of the hidden layer.
template <class T> void Pass<T>::tile_together(size_t t, size_t c, T *sums) {
  Desk &desk = desks_[0];
  take_tile(desk, t);
  desk.work.first = t == 0;
  for (size_t n = 0; n < nets_.size(); ++n) {
    Net<T> &net = *nets_[n];
    if (!net.active) continue;
    const auto each_share = [&](const auto &kernel) {
      team_.each(net.layout.shares, [&](size_t share, size_t worker) {
        team_.breathe(worker);
        if (team_.stopped()) return;
        Work<T> work = desk.work;
        work.dZ1 = desks_[worker].work.dZ1;
        kernel(work, share);
      });
    };
    each_share([&](Work<T> &work, size_t share) {
      net.kernels->forward(net.shape, net.parameters.get(), *desk.tile, work, share, share + 1);
    });
    if (team_.stopped()) return;
    if (net.layout.shares > 1) net.kernels->join(net.shape, net.parameters.get(), *desk.tile, desk.work);
    finish(net, n, desk, c);
    if (sums)
      each_share([&](Work<T> &work, size_t share) {
        net.kernels->backward(net.shape, net.parameters.get(), *desk.tile, work, sums + sums_of_[n], share, share + 1);
      });
  }
}

// All workers at one tile after the other. Tiles that are chunks go into one sum: the bits are the same.
template <class T> void Pass<T>::together() {
  const size_t parts = team_.workers();
  sums_.begin(1);
  T *sums = now_.wanted == Wanted::gradients ? sums_.take() : nullptr;
  if (sums) team_.each(parts, [=](size_t part, size_t) { cleared(sums, part, parts); });
  for (size_t t = 0; t < tiles() && !team_.stopped(); ++t) tile_together(t, now_.chunks == 1 ? 0 : t, sums);
  if (sums) sums_.give(0, sums);
}

// Each worker takes chunks of its own.
template <class T> void Pass<T>::apart() {
  sums_.begin(now_.chunks);
  team_.each(now_.chunks, [this](size_t c, size_t worker) { chunk(c, worker); });
}

// Whether workers had better share the units of a tile than take chunks of their own. Where each tile is a chunk, and
// kernels add tiles anyway, one worker alone need not sum it by itself; more had better share where tiles are much work
// and too few for all to have about as many.
template <class T> bool Pass<T>::better_together() const {
  const bool alone = team_.alone();
  if (now_.chunks == 1) return !alone || tiles() <= 1 || nets_.size() == 1; // alone, many networks take some tiles in turn
  if (now_.chunks < tiles() || !nets_[0]->kernels->adds_tiles) return false;
  if (alone) return true;
  const Net<T> &net = *nets_[0];
  const double by_tiles = busy(double(tiles()), tiles(), team_.workers());
  const double by_shares = busy(double(net.shape.n_h) / double(SHARE<T>), net.layout.shares, team_.workers());
  return net.layout.sums * sizeof(T) >= WORTH_SHARING && WORTH_WAITING * by_shares > by_tiles;
}

template <class T> void Pass<T>::prepare() {
  if (nets_[0]->kernels->take_pieces())
    team_.each(nets_.size(), [this](size_t n, size_t) {
      const Net<T> &net = *nets_[n];
      if (net.active) net.kernels->prepare(net.shape, net.parameters.get());
    });
}

template <class T> void Pass<T>::collect() {
  team_.each(nets_.size(), [this](size_t n, size_t) {
    if (nets_[n]->active) nets_[n]->kernels->collect(nets_[n]->shape, gradient(n));
  });
}

template <class T>
bool Pass<T>::run(size_t m, size_t first, const uint32_t *rows, Wanted wanted, const double *one_over_m) {
  now_ = {m, first, rows, wanted, one_over_m, chunks(m)};
  for (Net<T> *net : nets_) net->costs.assign(now_.chunks, 0);
  prepare();
  if (better_together()) together();
  else apart();
  if (team_.stopped()) return false;
  if (wanted == Wanted::gradients) collect();
  return true;
}

template <class T> size_t Pass<T>::descend(size_t n, Course<T> &course) {
  Net<T> &net = *nets_[n];
  Desk &desk = desks_[0];
  take_tile(desk, 0);
  weigh(net, desk, source_.m, course.one_over_m);
  sums_.begin(1);
  course.change.gradient = sums_.take();
  return net.kernels->descend(net.shape, course, *desk.tile, desk.work);
}

template <class T> double Pass<T>::cost(size_t net) const {
  double J = 0;
  for (size_t c = 0; c < now_.chunks; ++c) J += nets_[net]->costs[c];
  return J;
}

template class Pass<float>;
template class Pass<double>;

} // namespace shoal
