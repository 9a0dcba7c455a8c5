// Guarantee: arrays and numbers go in and out; nothing is computed here.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <exception>
#include <optional>
#include <string>
#include <tuple>

#include "descent.hpp"
#include "pieces.hpp"
#include "variants.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using shoal::Member;
using shoal::Pieces;
using shoal::Shape;
using shoal::Source;

template <class T> using Matrix = nb::ndarray<const T, nb::ndim<2>, nb::device::cpu>;
template <class T> using Vector = nb::ndarray<T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
template <class T> using Table = nb::ndarray<T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
template <class T> using Maybe = std::optional<T>;
using Sizes = std::tuple<size_t, size_t, size_t, std::string, std::string>;

template <class Enum> Enum named(const std::string &name, std::initializer_list<const char *> names) {
  size_t i = 0;
  for (const char *each : names) {
    if (name == each) return Enum(i);
    ++i;
  }
  throw nb::value_error(("not known to the native engine: " + name).c_str());
}

Shape shape_of(const Sizes &sizes) {
  const auto &[n_x, n_h, n_y, g1, g2] = sizes;
  return {n_x, n_h, n_y, named<shoal::Activation>(g1, {"tanh", "sigmoid", "relu", "leaky_relu", "identity"}),
          named<shoal::Output>(g2, {"sigmoid", "softmax", "identity"})};
}

// X is (n_x, m), or made of pieces; Y is (n_y, m).
template <class T>
Source<T> source_of(size_t n_x, const Maybe<Matrix<T>> &X, const Pieces *pieces, const Maybe<Matrix<T>> &Y) {
  if (bool(X) == bool(pieces) || (pieces && sizeof(T) != sizeof(float))) throw nb::value_error("X is an array, or of pieces in float32");
  if ((X ? X->shape(0) : pieces->width()) != n_x) throw nb::value_error("X has not as many features as the network");
  Source<T> source{};
  if (X) source.X = X->data(), source.X_example = X->stride(1), source.X_feature = X->stride(0), source.m = X->shape(1);
  else source.pieces = pieces, source.m = pieces->m();
  if (Y) source.Y = Y->data(), source.Y_example = Y->stride(1), source.Y_output = Y->stride(0);
  return source;
}

const shoal::Variant &variant_named(const std::string &name, bool reproducible) {
  for (const shoal::Variant *variant : shoal::variants())
    if (name == variant->name && variant->reproducible == reproducible) return *variant;
  throw nb::value_error(("this machine has no such instructions: " + name).c_str());
}

// Ask Python, with its lock and in its floating-point mode; an exception ends the work and goes on.
class Tick {
public:
  explicit Tick(nb::object tick) : tick_(std::move(tick)) {
    if (!tick_.is_none()) poll_ = [this] { return ask(); };
  }
  const shoal::Poll &poll() const { return poll_; }
  void rethrow() {
    if (error_) std::rethrow_exception(error_);
  }

private:
  bool ask() {
    const nb::gil_scoped_acquire lock;
    const shoal::Denormals normal(shoal::Denormals::counted);
    try {
      return nb::cast<bool>(tick_());
    } catch (...) {
      error_ = std::current_exception();
      return true;
    }
  }

  nb::object tick_;
  shoal::Poll poll_;
  std::exception_ptr error_;
};

template <class T>
void descend(std::vector<Member<T> *> members, Maybe<Matrix<T>> X, const Pieces *pieces, Matrix<T> Y, size_t first,
             size_t count, size_t batch, bool shuffle, uint64_t seed, const std::string &variant, bool reproducible, size_t threads, bool share_all, nb::object ask) {
  const shoal::Variant &chosen = variant_named(variant, reproducible);
  const Source<T> source = source_of<T>(members.at(0)->shape.n_x, X, pieces, Y);
  Tick tick(std::move(ask));
  {
    const nb::gil_scoped_release free;
    shoal::descend(chosen, members, source, {first, count, batch, shuffle, seed}, {threads, share_all},
                   tick.poll());
  }
  tick.rethrow();
}

template <class T>
double evaluate(const Sizes &sizes, Vector<const T> theta, Maybe<Matrix<T>> X, const Pieces *pieces, Maybe<Matrix<T>> Y,
                Maybe<Matrix<T>> w, double m, Maybe<Vector<T>> gradient, Maybe<Table<T>> A2, const std::string &variant, bool reproducible,
                size_t threads, bool share_all, nb::object ask) {
  const shoal::Variant &chosen = variant_named(variant, reproducible);
  const Shape shape = shape_of(sizes);
  const Source<T> source = source_of<T>(shape.n_x, X, pieces, Y);
  Tick tick(std::move(ask));
  double J;
  {
    const nb::gil_scoped_release free;
    J = shoal::evaluate<T>(chosen, shape, theta.data(), source, w ? w->data() : nullptr, w ? w->stride(1) : 0,
                           m, gradient ? gradient->data() : nullptr, A2 ? A2->data() : nullptr, {threads, share_all}, tick.poll());
  }
  tick.rethrow();
  return J;
}

// X is (n, m).
template <class T> void bind_pieces(nb::class_<Pieces> &pieces) {
  const auto make = [](Pieces *self, Matrix<T> X, Vector<const double> centre, Vector<const double> spread,
                       Vector<const double> edges, Vector<const size_t> first) {
    shoal::Rows rows{nullptr, nullptr, X.stride(1), X.stride(0), X.shape(1), X.shape(0)};
    if constexpr (sizeof(T) == sizeof(float)) rows.floats = X.data();
    else rows.doubles = X.data();
    new (self) Pieces({centre.data(), spread.data(), edges.data(), first.data()}, rows);
  };
  using nb::keep_alive;
  pieces.def("__init__", make, "X"_a.noconvert(), "centre"_a.noconvert(), "spread"_a.noconvert(), "edges"_a.noconvert(),
             "first"_a.noconvert(), keep_alive<1, 2>(), keep_alive<1, 3>(), keep_alive<1, 4>(), keep_alive<1, 5>(),
             keep_alive<1, 6>());
}

void write_all(const Pieces &pieces, Table<float> to) {
  if (to.shape(0) != pieces.m() || to.shape(1) != pieces.width()) throw nb::value_error("the features are more, or fewer");
  const nb::gil_scoped_release free;
  pieces.write(pieces.m(), 0, nullptr, to.data(), pieces.width());
}

template <class T> void bind(nb::module_ &m, const char *member) {
  nb::class_<Member<T>>(m, member)
      .def(
          "__init__",
          [](Member<T> *self, const Sizes &sizes, Vector<T> theta, Maybe<Matrix<T>> w, double mean_weight, double decay,
             const std::string &rule, double alpha, double beta1, double beta2, double epsilon, long t,
             Maybe<Vector<T>> mean, Maybe<Vector<T>> square, Vector<double> costs, uint32_t dropped_below, uint64_t drop_seed,
             Maybe<Vector<T>> V, Maybe<Vector<T>> s, Maybe<Vector<T>> s_mean, Maybe<Vector<T>> s_square, double s_alpha) {
            const auto known = named<shoal::Rule>(rule, {"descent", "momentum", "adam"});
            const auto data = [](const Maybe<Vector<T>> &array) { return array ? array->data() : nullptr; };
            Shape shape = shape_of(sizes);
            if (V && !(V->size() == theta.size() && s && s->size() == shape.n_x && s_mean->size() == shape.n_x &&
                       s_square->size() == shape.n_x && mean && square))
              throw nb::value_error("the scales are not those of the network");
            shape.dropping.below = dropped_below, shape.in_units = dropped_below || V;
            new (self) Member<T>{shape, theta.data(), w ? w->data() : nullptr, w ? w->stride(1) : 0,
                                 mean_weight, decay, {known, alpha, beta1, beta2, epsilon}, t,
                                 data(mean), data(square), costs.data(),
                                 {data(V), nullptr, nullptr, data(s), data(s_mean), data(s_square), s_alpha}, drop_seed};
          },
          "sizes"_a, "theta"_a.noconvert(), "w"_a.noconvert().none(), "mean_weight"_a, "decay"_a, "rule"_a, "alpha"_a,
          "beta1"_a, "beta2"_a, "epsilon"_a, "t"_a, "mean"_a.noconvert().none(), "square"_a.noconvert().none(),
          "costs"_a.noconvert(), "dropped_below"_a, "drop_seed"_a, "V"_a.noconvert().none(), "s"_a.noconvert().none(),
          "s_mean"_a.noconvert().none(), "s_square"_a.noconvert().none(), "s_alpha"_a)
      .def_ro("passes", &Member<T>::passes)
      .def_ro("t", &Member<T>::t);
  m.def("descend", &descend<T>, "members"_a, "X"_a.noconvert().none(), "pieces"_a.none(), "Y"_a.noconvert(), "first"_a, "count"_a, "batch"_a,
        "shuffle"_a, "seed"_a, "variant"_a, "reproducible"_a, "threads"_a, "share_all"_a, "tick"_a.none());
  m.def("evaluate", &evaluate<T>, "sizes"_a, "theta"_a.noconvert(), "X"_a.noconvert().none(), "pieces"_a.none(), "Y"_a.noconvert().none(),
        "w"_a.noconvert().none(), "m"_a, "gradient"_a.noconvert().none(), "A2"_a.noconvert().none(), "variant"_a,
        "reproducible"_a, "threads"_a, "share_all"_a, "tick"_a.none());
}

} // namespace

NB_MODULE(_native, m) {
  nb::class_<Pieces> pieces(m, "Pieces");
  bind_pieces<float>(pieces);
  bind_pieces<double>(pieces);
  pieces.def("write", &write_all, "to"_a.noconvert());
  bind<float>(m, "Member32");
  bind<double>(m, "Member64");
  m.def("variants", [] {
    std::vector<std::tuple<std::string, bool>> names;
    for (const shoal::Variant *variant : shoal::variants()) names.emplace_back(variant->name, variant->reproducible);
    return names;
  });
  m.def("order", [](size_t count, uint64_t seed, uint64_t epoch) {
    std::vector<uint32_t> rows(count + shoal::AHEAD);
    shoal::variants()[0]->order(count, seed, epoch, rows.data());
    rows.resize(count);
    return rows;
  });
}
