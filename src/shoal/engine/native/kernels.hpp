// Guarantee: what the kernels of every instruction set offer to the rest of the engine. No kernel
// knows of threads or Python; each takes a tile, a few examples, at a time, and where a network has only
// one, `descend` makes its passes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace shoal {

class Pieces;

enum class Activation { tanh, sigmoid, relu, leaky_relu, identity };
enum class Output { sigmoid, softmax, identity };

// Hidden units left out of a step: those whose hash is below; none if that is 0.
struct Dropping {
  uint32_t below = 0;
  uint64_t key = 0; // of the step
};

// What the features of X are, where it is made of pieces of lines.
struct Columns {
  struct Cut { // the number's feature, and how many follow of its pieces
    size_t first, pieces;
  };
  std::vector<Cut> cuts;
  std::vector<size_t> plain; // features that no pieces follow
};

// The sizes and functions of a network, as `Network` in Python has them.
struct Shape {
  size_t n_x, n_h, n_y;
  Activation g1;
  Output g2;
  Dropping dropping = {};
  bool in_units = false; // whether only kernels with hidden units in the lanes will do
  const Columns *columns = nullptr; // of X, where it is made of pieces
};

// Where W1, b1, W2 and b2 stand in the vector that the kernels work on, and in its gradient.
struct Layout {
  size_t W1, b1, W2, b2, size;
  size_t width;  // hidden units with their padding
  size_t sums;   // elements that a chunk's sums take, and the vector with what is prepared
  size_t shares; // of the hidden layer, that different workers may take
};

// Hidden units of a share, where there are several: as many on each instruction set, so that sums over one are the same.
template <class T> constexpr size_t SHARE = 4 * 64 / sizeof(T);

constexpr size_t AHEAD = 24; // so many row numbers may be read beyond a tile

// The features of a tile's examples by what is not 0 of them: of each cut number, (cuts, row), and of each plain
// feature, (plain, row) of which `count` are there.
struct Cuts {
  float *number, *part;  // as it is scaled; how much of the piece that it lies in
  uint32_t *full, *next; // features: its last full piece, or the number's own; the piece that it lies in, or the last
  float *value;
  uint32_t *at; // example of the tile
  uint32_t *count;
};

// A few examples side by side: those numbered first, first + 1, ... or, if given, rows[0], rows[1], ...
template <class T> struct Tile {
  size_t m, first;
  const uint32_t *rows;
  const T *X; // (m, n_x) with X_row from example to example, or (n_x, tile) where they lie in lanes
  ptrdiff_t X_row;
  T *Y;    // (n_y, tile)
  T *copy; // room for X
  Cuts cuts = {}; // instead of X

  size_t number(size_t i) const { return rows ? rows[i] : first + i; }
};

// All examples; strides count elements.
template <class T> struct Source {
  const T *X;
  ptrdiff_t X_example, X_feature;
  const T *Y; // none: outputs only
  ptrdiff_t Y_example, Y_output;
  size_t m;
  const Pieces *pieces = nullptr; // X is made of them, a tile at a time, where it is none
  bool of_tile = false;           // X holds the examples of one tile alone, in its order

  // Whether the examples of a tile lie one after the other.
  bool in_order(const Tile<T> &tile) const { return of_tile || !tile.rows; }
  const T *features(const Tile<T> &tile, size_t i) const {
    return X + ptrdiff_t(of_tile ? i : tile.number(i)) * X_example;
  }
};

// What one worker writes while it passes over a tile; workers that share a tile share all but dZ1.
template <class T> struct Work {
  T *A1;  // (n_h, tile) in the kernels' order
  T *Z2;  // (n_y, tile); A2 and dZ2 take its place
  T *w;   // (tile)
  double mean_weight; // of all examples of a pass, about
  T *aux; // (3, Kernels::row)
  T *dZ1; // one share, or (n_h, tile); before that, room for `forward`
  T *joined; // (shares, n_y, tile): what each share adds to Z2, where it does not go there at once
  bool first; // whether it is the first tile that is summed
};

// Elements that Tile::copy, Tile::Y and Work::Z2, and the rest take.
struct Rooms {
  size_t X, Y, A1, dZ1, joined;
};

enum class Rule { descent, momentum, adam };

// W1 = V diag(s): what is learned of it; V and its means are laid out as the parameters.
template <class T> struct Scaling {
  T *V, *mean, *square;      // of W1
  T *s, *s_mean, *s_square;  // (n_x)
  double alpha;              // of s
};

// How an optimiser makes its steps.
struct Step {
  Rule rule;
  double alpha, beta1, beta2, epsilon;
};

// How a step changes a network, where dtheta = scale * gradient, and of the weights + decay * theta.
template <class T> struct Change {
  Step step;
  long t;                // it is the t-th
  T scale, hidden_scale; // the latter for W1 and b1, whose slopes lack a factor with dropout
  T decay;
  T *parameters;
  T *gradient;             // its room begins with it: the sums of all lanes take more
  T *mean, *square;        // that the optimiser keeps
  bool without_W1 = false; // it is changed by way of V
};

// Some passes of a network, each followed by a step; `change` is that of the first.
template <class T> struct Course {
  Change<T> change;
  double decay, one_over_m; // in double precision, for the cost
  size_t count;
  double *costs; // of each pass, before its step
};

template <class T> struct Kernels {
  size_t (*tile)(const Shape &); // examples, at most; the same for all networks on one X
  size_t row;  // from one output's row of tile elements to the next, in Y and Z2
  bool packs;  // X is read by packs where it lies: those that straddle cache lines take longer
  // `backward` adds a tile's sums as wholes, so that tiles added in turn have the bits of chunks that are added; those
  // of W1 it writes where the tile is the first.
  bool adds_tiles;
  bool (*in_place)(const Shape &, const Source<T> &); // whether examples next to each other are read where they are
  Layout (*layout)(const Shape &);
  Rooms (*rooms)(const Shape &);
  void (*pack)(const Shape &, const T *theta, T *parameters, size_t share, size_t end);
  void (*unpack)(const Shape &, const T *parameters, T *theta, size_t share, size_t end);
  // Before passes with new parameters, if there is something to prepare: it follows them in their vector.
  void (*prepare)(const Shape &, T *parameters);
  // `copy` copies even what could be read in place.
  void (*gather)(const Shape &, const Source<T> &, Tile<T> &, bool copy);
  // A1 and Z2 or, of some shares alone, what each adds to Z2: `join` puts that together (nullptr in
  // kinds of one share).
  void (*forward)(const Shape &, const T *parameters, const Tile<T> &, Work<T> &, size_t share, size_t end);
  void (*join)(const Shape &, const T *parameters, const Tile<T> &, Work<T> &);
  void (*backward)(const Shape &, const T *parameters, const Tile<T> &, Work<T> &, T *sums, size_t share, size_t end);
  void (*collect)(const Shape &, T *sums); // the gradient takes their place
  // A2 in the place of Z2 or, with `slope`, dZ2. Returns the cost.
  double (*outputs)(const Shape &, const Tile<T> &, Work<T> &, double one_over_m, bool slope);
  void (*add)(T *sum, const T *term, size_t n);
  void (*update)(const Layout &, const Change<T> &, size_t block, size_t blocks);
  // A step of Adam for W1 by way of V and s, for some of the features; only with hidden units in the lanes.
  void (*scaled)(const Shape &, const Change<T> &, const Scaling<T> &, size_t first, size_t end);
  double (*squares)(const Shape &, const T *parameters); // of the weights, W1 and W2
  // Passes of a network whose examples are one tile, until a cost is not finite; how many were made. Kinds that have
  // it not have nullptr.
  size_t (*descend)(const Shape &, const Course<T> &, const Tile<T> &, Work<T> &);

  bool take_pieces() const { return prepare != nullptr; } // and not the features that are made of them
};

// What lies in the vector lanes.
enum class Lanes { units, examples, features, lines };

// The kernels of one instruction set, for each kind of lanes.
struct Variant {
  const char *name;
  bool reproducible;
  bool (*runs_here)();
  // The order of m examples in a pass; `AHEAD` zeros follow.
  void (*order)(size_t m, uint64_t seed, uint64_t epoch, uint32_t *rows);
  Kernels<float> f32[4];
  Kernels<double> f64[3];
};

} // namespace shoal
