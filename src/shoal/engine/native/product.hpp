// Guarantee: one blocked matrix product carries the sums over features, units and examples; each
// of its elements is one chain of multiply-adds in the order of the sum, so that neither the width
// of a register nor the blocking shows in the result.
//
//     C[r][c]  =  start  +  sum over k of  A[r][k] * B[k][c]
//
// A is read element by element, wherever it lies (an example's row of X, or a feature's column).
// The columns of B and C lie in panels: a panel is at most `PANEL` elements wide and contiguous, so
// that a block of ROWS x PANEL sums stays in registers while k runs.
#pragma once

#include <type_traits>
#include <utility>

#include "registers.hpp"

namespace shoal::SHOAL_VARIANT {

#if SHOAL_REGISTER == 64
constexpr int PANEL_PACKS = 4, ROWS = 6; // 24 of 32 registers hold sums
#elif SHOAL_REGISTER == 32
constexpr int PANEL_PACKS = 1, ROWS = 6; // 12 of 16
#elif defined(__ARM_NEON)
constexpr int PANEL_PACKS = 1, ROWS = 6; // 24 of 32
#else
constexpr int PANEL_PACKS = 1, ROWS = 2; // 8 of 16
#endif
template <class T> constexpr size_t PANEL = PANEL_PACKS * LANES<T>;
constexpr size_t DEPTH = 128; // of a block of k: its part of a panel then stays in the first cache

// Where a sum starts.
enum class Start {
  zero,    // at 0
  columns, // at a bias for each column
  rows,    // at a bias for each row
  stored,  // at what C holds: the chain goes on
  added,   // at 0, and the sum is then added to what C holds
};

template <class T> struct Product {
  const T *A;
  ptrdiff_t row, step; // from one row to the next, from one k to the next
  const T *B;
  size_t B_step; // from one k to the next
  T *C;
  size_t C_row;
  const T *bias = nullptr;
  bool call_A = false; // from memory, even where it is not hidden

  bool side_by_side() const { return row == 1; } // A's rows, as those of dW1's product are
};

// Whether a block of so many packs has enough multiply-adds at each k to hide that lines of A are called from memory.
constexpr bool hides_calls(size_t packs) { return packs * PARTS > 2; }

// Whether lines of X are called: hidden, or where rows start so far apart that it pays anyway, as the processor, which
// calls ahead within a page, starts anew in each.
template <class T> constexpr bool calls_X(size_t packs, ptrdiff_t row) {
  const ptrdiff_t apart = row * ptrdiff_t(sizeof(T));
  return hides_calls(packs) || apart > 2048 || apart < -2048;
}

// What comes next is called into the second cache while a block is multiplied: an address, and how far the one called at
// the following k is from it. To call all at once would hold up the block's own loads.
struct Ahead {
  uintptr_t next;
  size_t bytes;
};

inline void call(uintptr_t address) { __builtin_prefetch(reinterpret_cast<const void *>(address), 0, 2); }

template <class T, int R, int V, bool call_A> inline void block(const Product<T> &p, size_t K, Start start, Ahead ahead) {
  constexpr int N = V * PARTS;
  Register<T> sum[R][N];
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 16
    for (int v = 0; v < N; ++v)
      sum[r][v] = start == Start::columns  ? load(p.bias + v * WIDTH<T>)
                  : start == Start::rows   ? everywhere<Register<T>>(p.bias[r])
                  : start == Start::stored ? load(p.C + r * p.C_row + v * WIDTH<T>)
                                           : Register<T>{};
  const auto multiply = [&](auto later) { // how many elements from A those of later blocks are
    const T *A = p.A, *B = p.B;
    for (size_t k = 0; k < K; ++k, A += p.step, B += p.B_step, ahead.next += ahead.bytes) {
      if constexpr (N > 1) call(ahead.next);
      if constexpr (call_A) call(uintptr_t(A) + uintptr_t(later(k)) * sizeof(T));
      Register<T> b[N];
#pragma GCC unroll 16
      for (int v = 0; v < N; ++v) b[v] = load(B + v * WIDTH<T>);
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) {
        const Register<T> a = everywhere<Register<T>>(A[r * p.row]);
#pragma GCC unroll 16
        for (int v = 0; v < N; ++v) sum[r][v] = fused(a, b[v], sum[r][v]);
      }
    }
  };
  if (p.side_by_side()) multiply([](size_t) { return ptrdiff_t(2 * LANES<T>); });
  else multiply([&](size_t k) { return ptrdiff_t(ROWS + k % 8) * p.row; }); // a line holds 8 k or 16: each row has its turn
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 16
    for (int v = 0; v < N; ++v) {
      T *c = p.C + r * p.C_row + v * WIDTH<T>;
      store(c, start == Start::added ? load(c) + sum[r][v] : sum[r][v]);
    }
}

template <class T, int V, bool call_A, int R = ROWS>
inline void rest_of_rows(const Product<T> &p, size_t rows, size_t K, Start start, Ahead ahead) {
  if constexpr (R > 0) {
    if (rows == R) return block<T, R, V, call_A>(p, K, start, ahead);
    rest_of_rows<T, V, call_A, R - 1>(p, rows, K, start, ahead);
  }
}

// Rows of one panel, block by block; `then` is told of each. So many elements behind this part of B come next; or, where
// A's rows are side by side, the sums of the next block.
template <class T, int V, bool call_A, class F>
void panel_of(Product<T> p, size_t rows, size_t K, Start start, size_t behind, F then) {
  const bool sums = p.side_by_side();
  const size_t block = sizeof(T) * (sums ? ROWS * V * LANES<T> : rows < ROWS ? behind : behind * ROWS / rows);
  Ahead ahead = {uintptr_t(sums ? p.C + ROWS * p.C_row : p.B + K * p.B_step), block ? (block + K - 1) / K : 0};
  for (size_t done = 0; done < rows; done += ROWS, ahead.next += block) {
    const size_t some = rows - done < ROWS ? rows - done : ROWS;
    rest_of_rows<T, V, call_A>(p, some, K, start, ahead);
    then(done, some);
    p.A += ROWS * p.row;
    p.C += ROWS * p.C_row;
    if (start == Start::rows) p.bias += ROWS;
  }
}

// Call f with a number of packs that the compiler knows.
template <int N> struct Packs { static constexpr int value = N; };
template <class F> inline void with_packs(size_t packs, F f) {
  switch (packs) {
  case 1: f(Packs<1>()); break;
  case 2: if constexpr (PANEL_PACKS > 1) f(Packs<2>()); break;
  case 3: if constexpr (PANEL_PACKS > 2) f(Packs<3>()); break;
  case 4: if constexpr (PANEL_PACKS > 3) f(Packs<4>()); break;
  }
}

constexpr auto nothing = [](size_t, size_t) {}; // is to be done with them

// The sums of one panel, `packs` packs wide, over K > 0. Whenever some rows are done, while they are in the first cache,
// `then` is called with the first of them and their number.
template <class T, class F = decltype(nothing)>
void product(Product<T> p, size_t rows, size_t K, size_t packs, Start start, F then = nothing) {
  size_t done = 0;
  do { // a chain is cut where the first cache would overflow, and goes on from C
    const size_t depth = start == Start::added || K - done < DEPTH + DEPTH / 2 ? K - done : DEPTH;
    const Start from = done ? Start::stored : start;
    const bool whole_panel = p.B_step == packs * LANES<T>;
    const size_t behind = depth < K && whole_panel ? depth * p.B_step : 0;
    done += depth;
    const auto panel = [&](auto V, auto call_A) {
      if (done < K) panel_of<T, V.value, call_A.value>(p, rows, depth, from, behind, nothing);
      else panel_of<T, V.value, call_A.value>(p, rows, depth, from, behind, then);
    };
    with_packs(packs, [&](auto V) {
      if constexpr (hides_calls(V.value)) panel(V, std::true_type());
      else if (p.call_A) panel(V, std::true_type());
      else panel(V, std::false_type());
    });
    p.A += ptrdiff_t(depth) * p.step;
    p.B += depth * p.B_step;
  } while (done < K);
}

// The sum of a pack's lanes, halves first; the order is the same for every width of a register.
template <class T> inline T total(const Register<T> (&parts)[PARTS]) {
  T lanes[LANES<T>];
  for (int i = 0; i < PARTS; ++i) store(lanes + i * WIDTH<T>, parts[i]);
#pragma GCC unroll 4
  for (size_t half = LANES<T> / 2; half; half /= 2)
#pragma GCC unroll 8
    for (size_t i = 0; i < half; ++i) lanes[i] += lanes[i + half];
  return lanes[0];
}

// n packs := 0.
template <class T> inline void clear(T *packs, size_t n) {
  for (size_t i = 0; i < n * PARTS; ++i) store(packs + i * WIDTH<T>, Register<T>{});
}

// sums (LANES) += the packs of x, n a multiple of LANES.
template <class T> inline void add_lanes(const T *x, size_t n, T *sums) {
  Register<T> sum[PARTS];
  for (int part = 0; part < PARTS; ++part) sum[part] = load(sums + part * WIDTH<T>);
  for (size_t i = 0; i < n; i += LANES<T>)
#pragma GCC unroll 4
    for (int part = 0; part < PARTS; ++part) sum[part] += load(x + i + part * WIDTH<T>);
  for (int part = 0; part < PARTS; ++part) store(sums + part * WIDTH<T>, sum[part]);
}

// Of the numbers of a and b, in groups of 2 `half`: the first half of each group plus the second.
template <class T, size_t half, size_t... lane>
inline Register<T> halves(Register<T> a, Register<T> b, std::index_sequence<lane...>) {
  return shuffled<T, (lane / half * 2 * half + lane % half)...>(a, b) +
         shuffled<T, (lane / half * 2 * half + lane % half + half)...>(a, b);
}

// Of n registers; those behind them may hold anything.
template <class T, size_t half> inline void halve(Register<T> *sums, size_t n) {
#pragma GCC unroll 8
  for (size_t i = 0; i < half; ++i)
    if (2 * i < n) sums[i] = halves<T, half>(sums[2 * i], sums[2 * i + 1], std::make_index_sequence<WIDTH<T>>());
  if constexpr (half > 1) halve<T, half / 2>(sums, (n + 1) / 2);
}

// out[i] = bias + the sum of the lanes of pack i, halves first, for n packs; up to the next whole register what is
// written means nothing.
template <class T> void totals(const T *packs, size_t n, T bias, T *out) {
  for (size_t start = 0; start < n; start += WIDTH<T>, packs += WIDTH<T> * LANES<T>, out += WIDTH<T>) {
    Register<T> sums[WIDTH<T>];
#pragma GCC unroll 16
    for (size_t i = 0; i < WIDTH<T>; ++i) {
      Register<T> parts[PARTS];
      __builtin_memcpy(parts, packs + i * LANES<T>, sizeof parts);
#pragma GCC unroll 2
      for (int half = PARTS / 2; half; half /= 2)
#pragma GCC unroll 2
        for (int part = 0; part < half; ++part) parts[part] += parts[part + half];
      sums[i] = parts[0];
    }
    halve<T, WIDTH<T> / 2>(sums, n - start);
    store(out, sums[0] + bias);
  }
}

} // namespace shoal::SHOAL_VARIANT
