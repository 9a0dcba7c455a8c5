// Numbers in pieces of lines: what is written of them, and what the kernels take of them as they are.
#include "pieces.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "checks.hpp"
#include "generator.hpp"
#include "variants.hpp"

namespace test {

using namespace shoal;
using std::vector;

namespace {

template <class T> Rows rows_of(const vector<T> &X, ptrdiff_t example, ptrdiff_t feature, size_t m, size_t n) {
  Rows rows{nullptr, nullptr, example, feature, m, n};
  if constexpr (sizeof(T) == sizeof(float)) rows.floats = X.data();
  else rows.doubles = X.data();
  return rows;
}

// Edges and rows in arrays of their exact size; the widths are none, one edge, and more.
template <class T> void pieces_are_those_of_their_definition() {
  now = "pieces of lines";
  const vector<double> centre = {0, 1, 2, 0}, spread = {1, 2, 1, 3}, edges = {5, -1, -0.5, 0.1, 2, -3, 3};
  const vector<size_t> first = {0, 1, 1, 5, 7};
  const vector<T> X = {1, 7, T(0.3), -9, 5, 0, -1, 3, -8, 1, 99, T(0.7)};
  vector<float> to(3 * 8);
  const Pieces pieces({centre.data(), spread.data(), edges.data(), first.data()}, rows_of(X, 4, 1, 3, 4));
  check(pieces.m() == 3 && pieces.width() == 8, "a number has as many features as edges, or is one");
  pieces.write(3, 0, nullptr, to.data(), 8);
  for (size_t i = 0, at = 0; i < 3; ++i)
    for (size_t j = 0; j < 4; ++j) {
      const double x = X[4 * i + j], z = (x - centre[j]) / spread[j];
      const bool plain = first[j] == first[j + 1];
      check(std::abs(to[at++] - (plain ? x : z / std::hypot(1, z / 3))) < 1e-5, "a number is clipped smoothly");
      for (size_t t = first[j] + 1; t < first[j + 1]; ++t) {
        const double v = (x - edges[t - 1]) / (edges[t] - edges[t - 1]);
        check(to[at++] == float(std::min(std::max(v, 0.0), 1.0)), "a piece rises from 0 to 1");
      }
    }
}

// Room for what a tile's numbers are cut into, of its exact size.
struct CutRooms {
  CutRooms(const Columns &columns, size_t tile)
      : number(columns.cuts.size() * tile), part(number.size()), value(columns.plain.size() * tile), full(number.size()),
        next(number.size()), at(value.size()), count(columns.plain.size()) {}
  Cuts all() { return {number.data(), part.data(), full.data(), next.data(), value.data(), at.data(), count.data()}; }

  vector<float> number, part, value;
  vector<uint32_t> full, next, at, count;
};

bool same(float a, float b) { return a == b || (std::isnan(a) && std::isnan(b)); }

// Cut j of example i, beside the features that were written of it.
void check_cut(const Columns::Cut &cut, const CutRooms &rooms, size_t at, const float *features) {
  const float *own = features + cut.first;
  check(same(rooms.number[at], own[0]), "a number is scaled as it is written");
  for (size_t t = 1; t <= cut.pieces; ++t) {
    const size_t feature = cut.first + t;
    const float seen = feature <= rooms.full[at] ? 1 : feature == rooms.next[at] ? rooms.part[at] : 0;
    check(std::isnan(own[t]) ? std::isnan(rooms.part[at]) : seen == own[t], "a number is cut as it is written");
  }
}

template <class T> void numbers_are_cut_as_they_are_written(const Variant &variant) {
  now = variant.name;
  const Kernels<float> &kernels = variant.f32[size_t(Lanes::lines)];
  const vector<size_t> edges_of = {7, 0, 2, 1, 33};
  const size_t m = kernels.tile({}), n = edges_of.size();
  const vector<double> centre = {0, 0, 0.1, -3, 1e-3}, spread = {0.3, 1, 1, 7, 1e-4};
  vector<double> edges;
  vector<size_t> first = {0};
  for (const size_t own : edges_of) {
    for (size_t k = 0; k < own; ++k) edges.push_back(double(k) / 3 - 1);
    first.push_back(edges.size());
  }
  const double special[] = {edges[0], edges[1], edges[6], 1e-300, -0.0, 1e30, -1e200, 1e200, -2, INFINITY, -INFINITY, NAN};
  vector<T> X(m * n);
  for (size_t i = 0; i < m * n; ++i) X[i] = T(i % 3 ? double(number(1, i) >> 11) * 0x1p-51 - 2 : special[i / 3 % 12]);
  const Pieces pieces({centre.data(), spread.data(), edges.data(), first.data()}, rows_of(X, 1, ptrdiff_t(m), m, n));
  vector<uint32_t> order(m + AHEAD);
  for (size_t i = 0; i < m; ++i) order[i] = uint32_t(i * 5 % m);
  vector<float> features(m * pieces.width());
  pieces.write(m, 0, order.data(), features.data(), pieces.width());
  CutRooms rooms(pieces.columns(), kernels.tile({}));
  Tile<float> tile{m, 0, order.data(), nullptr, 0, nullptr, nullptr, rooms.all()};
  Source<float> source{nullptr, 0, 0, nullptr, 0, 0, m, &pieces};
  kernels.gather({pieces.width(), 20, 1, Activation::relu, Output::sigmoid}, source, tile, false);
  const Columns &columns = pieces.columns();
  for (size_t i = 0; i < m; ++i)
    for (size_t j = 0; j < columns.cuts.size(); ++j)
      check_cut(columns.cuts[j], rooms, j * m + i, features.data() + i * pieces.width());
  for (size_t j = 0; j < columns.plain.size(); ++j)
    for (size_t i = 0, k = 0; i < m; ++i) {
      const float x = features[i * pieces.width() + columns.plain[j]];
      const bool here = k < rooms.count[j] && rooms.at[j * m + k] == i;
      check(here ? same(rooms.value[j * m + k], x) : x == 0, "a feature that is not 0 is taken as it is");
      k += here;
    }
}

} // namespace

void pieces() {
  pieces_are_those_of_their_definition<float>();
  pieces_are_those_of_their_definition<double>();
  for (const Variant *variant : variants()) {
    numbers_are_cut_as_they_are_written<float>(*variant);
    numbers_are_cut_as_they_are_written<double>(*variant);
  }
}

} // namespace test
