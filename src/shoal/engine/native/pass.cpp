#include "pass.hpp"

#include <algorithm>

namespace shoal {

namespace {

constexpr size_t CHUNKS = 32;
constexpr size_t LARGE = size_t(2) << 20;    // bytes of a gradient of which there is to be one only
constexpr size_t RESIDENT = size_t(1) << 20; // bytes of examples that are kept turned round

template <class T> const Kernels<T> &kernels_of(const Variant &v, bool narrow) {
  if constexpr (sizeof(T) == 4) return narrow ? v.examples32 : v.units32;
  else return narrow ? v.examples64 : v.units64;
}

} // namespace

Kind kind_of(const Shape &s, size_t bytes) {
  const size_t lanes = 64 / bytes;
  if (s.n_h <= lanes / 2 ? s.n_x <= 64 : s.n_h <= lanes * 5 / 4 && s.n_x <= 8) return Kind::narrow;
  const bool large = bytes * s.n_h * (s.n_x + s.n_y + 1) >= LARGE, several_panels = s.n_h > 4 * lanes;
  return large && several_panels ? Kind::wide : Kind::tiled;
}

template <class T>
Net<T>::Net(const Shape &shape, const T *theta, const Variant &variant)
    : shape(shape), kernels(&kernels_of<T>(variant, kind_of(shape, sizeof(T)) == Kind::narrow)), layout(kernels->layout(shape)),
      parameters(layout.size), collected(kernels->turns ? layout.size : 0) {
  kernels->pack(shape, theta, parameters.get());
}

template <class T>
Pass<T>::Pass(std::vector<Net<T> *> nets, const Source<T> &source, Team &team, size_t largest)
    : nets_(std::move(nets)), source_(source), team_(team), desks_(team.workers()),
      share_units_(kind_of(nets_[0]->shape, sizeof(T)) == Kind::wide) {
  const Kernels<T> &k = *nets_[0]->kernels;
  size_t A1 = 0, dZ1 = 0;
  for (const Net<T> *net : nets_) {
    A1 = std::max(A1, k.room(net->shape, 1)), dZ1 = std::max(dZ1, k.room(net->shape, 2));
  }
  const Shape &shape = nets_[0]->shape; // n_x and n_y are those of all
  const size_t X = k.room(shape, 0), Y = shape.n_y * k.row;
  const auto whole = [](size_t n) { return (n + 15) / 16 * 16; }; // cache lines
  for (Desk &desk : desks_) {
    desk.numbers = Room<T>(whole(X) + 2 * whole(Y) + whole(A1) + 4 * whole(k.tile) + whole(dZ1));
    T *p = desk.numbers.get();
    const std::pair<T **, size_t> parts[] = {{&desk.tile.copy, X}, {&desk.tile.Y, Y},       {&desk.work.A1, A1},
                                             {&desk.work.Z2, Y},   {&desk.work.w, k.tile},  {&desk.work.L, k.tile},
                                             {&desk.work.aux, 2 * k.tile}, {&desk.work.dZ1, dZ1}};
    for (const auto &[pointer, size] : parts) *pointer = p, p += whole(size);
    if (!source_.Y) desk.tile.Y = nullptr;
  }
  const size_t each = X + Y, tiles = (source_.m + k.tile - 1) / k.tile;
  if (!k.turns || largest < source_.m || tiles * each * sizeof(T) > RESIDENT) return;
  resident_numbers_ = Room<T>(tiles * each);
  for (size_t t = 0; t < tiles; ++t) {
    T *const here = resident_numbers_.get() + t * each;
    Tile<T> tile = {std::min(k.tile, source_.m - t * k.tile), t * k.tile, nullptr, nullptr, 0, here + X, here};
    if (!source_.Y) tile.Y = nullptr;
    k.gather(shape, source_, tile);
    resident_.push_back(tile);
  }
}

template <class T> size_t Pass<T>::chunks(size_t m) const {
  const size_t tile = nets_[0]->kernels->tile;
  return share_units_ ? 1 : std::clamp<size_t>((m + tile - 1) / tile, 1, CHUNKS);
}

template <class T> size_t Pass<T>::tiles() const {
  const size_t tile = nets_[0]->kernels->tile;
  return (now_.m + tile - 1) / tile;
}

template <class T> void Pass<T>::take_tile(Desk &desk, size_t t) {
  if (!resident_.empty()) {
    desk.tile = resident_[t];
    return;
  }
  const Kernels<T> &k = *nets_[0]->kernels;
  const size_t start = t * k.tile;
  desk.tile.m = std::min(k.tile, now_.m - start), desk.tile.first = now_.first + start;
  desk.tile.rows = now_.rows ? now_.rows + start : nullptr;
  k.gather(nets_[0]->shape, source_, desk.tile);
}

// Nothing is summed yet in a chunk.
template <class T> void Pass<T>::clear(size_t c) {
  for (Net<T> *net : nets_) {
    net->costs[c] = 0;
    if (now_.wanted == Wanted::gradients) std::fill_n(net->sums.get() + c * net->layout.sums, net->layout.sums, T(0));
  }
}

// What follows the hidden layer: outputs and costs of a tile.
template <class T> void Pass<T>::finish(Net<T> &net, size_t n, Desk &desk, size_t c) {
  const Tile<T> &tile = desk.tile;
  Work<T> &work = desk.work;
  net.kernels->join(net.shape, net.parameters.get(), tile, work);
  if (net.w || desk.ones != tile.m) {
    for (size_t i = 0; i < tile.m; ++i)
      work.w[i] = net.w ? net.w[ptrdiff_t(tile.number(i)) * net.w_step] : T(1);
    std::fill(work.w + tile.m, work.w + (tile.m + 15) / 16 * 16, T(0)); // padding
    desk.ones = net.w ? 0 : tile.m;
  }
  const bool slope = now_.wanted == Wanted::gradients;
  net.costs[c] += net.kernels->outputs(net.shape, tile, work, now_.one_over_m[n], slope);
  if (net.A2)
    for (size_t k = 0; k < net.shape.n_y; ++k)
      for (size_t i = 0; i < tile.m; ++i) net.A2[k * source_.m + tile.first + i] = work.Z2[k * net.kernels->row + i];
}

template <class T> void Pass<T>::chunk(size_t c, size_t worker) {
  Desk &desk = desks_[worker];
  clear(c);
  // Where a tile is read in place, a network takes several before the next one, so that its parameters
  // and sums stay in the cache; where a tile is copied, all networks take it in turn.
  const bool in_place = !now_.rows && nets_[0]->kernels->in_place(source_);
  const size_t block = in_place && nets_.size() > 1 ? 8 : 1, end = tiles() * (c + 1) / now_.chunks;
  for (size_t from = tiles() * c / now_.chunks; from < end; from += block)
    for (size_t n = 0; n < nets_.size(); ++n)
      for (size_t t = from; t < std::min(from + block, end); ++t) {
        team_.breathe(worker);
        if (team_.stopped()) return;
        if (n == 0 || block > 1) take_tile(desk, t);
        if (nets_[n]->active) pass_tile(n, desk, c);
      }
}

// One network's forward and backward propagation of a tile.
template <class T> void Pass<T>::pass_tile(size_t n, Desk &desk, size_t c) {
  Net<T> &net = *nets_[n];
  const T *parameters = net.parameters.get();
  net.kernels->forward(net.shape, parameters, desk.tile, desk.work, 0, net.layout.panels);
  finish(net, n, desk, c);
  if (now_.wanted == Wanted::gradients)
    net.kernels->backward(net.shape, parameters, desk.tile, desk.work, net.sums.get() + c * net.layout.sums, 0,
                          net.layout.panels);
}

// All workers at one tile: each takes panels of hidden units.
template <class T> void Pass<T>::together() {
  Desk &desk = desks_[0];
  clear(0);
  for (size_t t = 0; t < tiles(); ++t) {
    take_tile(desk, t);
    for (size_t n = 0; n < nets_.size(); ++n) {
      Net<T> &net = *nets_[n];
      if (!net.active) continue;
      const auto with = [&](size_t worker) {
        Work<T> work = desk.work;
        work.dZ1 = desks_[worker].work.dZ1;
        return work;
      };
      team_.breathe(0);
      if (team_.stopped()) return;
      team_.each(net.layout.panels, [&](size_t p, size_t worker) {
        Work<T> work = with(worker);
        net.kernels->forward(net.shape, net.parameters.get(), desk.tile, work, p, p + 1);
      });
      finish(net, n, desk, 0);
      if (now_.wanted == Wanted::gradients)
        team_.each(net.layout.panels, [&](size_t p, size_t worker) {
          Work<T> work = with(worker);
          net.kernels->backward(net.shape, net.parameters.get(), desk.tile, work, net.sums.get(), p, p + 1);
        });
    }
  }
}

// Add the chunks' sums, in order.
template <class T> void Pass<T>::reduce() {
  team_.each(nets_.size(), [this](size_t n, size_t) {
    Net<T> &net = *nets_[n];
    if (!net.active) return;
    for (size_t c = 1; c < now_.chunks; ++c)
      net.kernels->add(net.sums.get(), net.sums.get() + c * net.layout.sums, net.layout.sums);
    net.gradient = net.kernels->turns ? net.collected.get() : net.sums.get();
    net.kernels->collect(net.shape, net.sums.get(), net.gradient);
  });
}

template <class T>
bool Pass<T>::run(size_t m, size_t first, const uint32_t *rows, Wanted wanted, const double *one_over_m) {
  now_ = {m, first, rows, wanted, one_over_m, chunks(m)};
  for (Net<T> *net : nets_) {
    if (net->chunks < now_.chunks) {
      net->sums = Room<T>(wanted == Wanted::gradients ? now_.chunks * net->layout.sums : 0);
      net->chunks = now_.chunks;
      net->costs.resize(now_.chunks);
    }
  }
  if (now_.chunks == 1 && team_.workers() > 1) together();
  else team_.each(now_.chunks, [this](size_t c, size_t worker) { chunk(c, worker); });
  if (team_.stopped()) return false;
  if (wanted == Wanted::gradients) reduce();
  return true;
}

template <class T> double Pass<T>::cost(size_t net) const {
  double J = 0;
  for (size_t c = 0; c < now_.chunks; ++c) J += nets_[net]->costs[c];
  return J;
}

template struct Net<float>;
template struct Net<double>;
template class Pass<float>;
template class Pass<double>;

} // namespace shoal
