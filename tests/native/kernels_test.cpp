// The native engine without Python: every variant of its kernels, on networks and tables of many
// sizes. `make sanitize` builds this with sanitizers, which tell of each step outside an array.
#include <algorithm>
#include <cstdio>

#include "checks.hpp"
#include "pieces.hpp"
#include "problems.hpp"
#include "variants.hpp"

// What is read before it was written is NaN, and shows in the result.
extern "C" const char *__asan_default_options() { return "malloc_fill_byte=255:max_malloc_fill_size=1000000000"; }

using namespace test;

namespace {

void name_what_is_tested(const Variant &variant, const Case &c, size_t bytes) {
  const Shape &s = c.shape;
  char text[200];
  const char *form = "%s%s float%zu n_x=%zu n_h=%zu n_y=%zu g1=%d g2=%d m=%zu way=%zu w=%d rule=%d batch=%zu";
  std::snprintf(text, sizeof text, form, variant.name, variant.reproducible ? " reproducible" : "", 8 * bytes, s.n_x,
                s.n_h, s.n_y, int(s.g1), int(s.g2), c.m, c.way, c.weighted, int(c.rule), c.batch);
  now = text;
}

template <class T> bool all_finite(const vector<T> &a) {
  return std::all_of(a.begin(), a.end(), [](T x) { return std::isfinite(x); });
}

template <class T> Evaluation<T> evaluated(const Variant &variant, const Problem<T> &p, size_t threads) {
  const Shape &s = p.c.shape;
  Evaluation<T> e{{}, vector<T>(p.theta.size()), vector<T>(s.n_y * p.c.m)};
  Source<T> source = p.source();
  const auto J_of = [&](T *gradient, T *A2) {
    return evaluate<T>(variant, s, p.theta.data(), source, p.weights(), p.w.example, p.weight, gradient, A2,
                       {threads, true}, {});
  };
  e.J = {J_of(e.gradient.data(), nullptr), J_of(nullptr, nullptr)};
  source.Y = nullptr;
  J_of(nullptr, e.A2.data());
  return e;
}

template <class T> constexpr double TOLERANCE = sizeof(T) == 4 ? 1e-3 : 1e-10; // of the greatest number

template <class T> bool close(const vector<T> &a, const vector<double> &b) {
  double greatest = 0, off = 0;
  for (double x : b) greatest = std::max(greatest, std::abs(x));
  for (size_t i = 0; i < a.size(); ++i) off = std::max(off, std::abs(double(a[i]) - b[i]));
  return all_finite(a) && off <= TOLERANCE<T> * greatest;
}

// A network that descends, and all that a descent changes.
template <class T> struct Descent {
  Descent(const Problem<T> &p, size_t passes)
      : theta(p.theta), mean(theta.size()), square(theta.size()), costs(passes) {
    const bool averages = p.c.rule != Rule::descent, adam = p.c.rule == Rule::adam;
    member = {p.c.shape, theta.data(), p.weights(), p.w.example, p.weight / double(p.c.m), 1e-3,
              {p.c.rule, 0.01, 0.9, 0.999, 1e-8}, 0, averages ? mean.data() : nullptr,
              adam ? square.data() : nullptr, costs.data()};
    if (!member.shape.in_units) return;
    V = theta, s.assign(member.shape.n_x, T(1)), s_mean.resize(s.size()), s_square.resize(s.size());
    member.scaling = {V.data(), nullptr, nullptr, s.data(), s_mean.data(), s_square.data(), 0.06};
  }
  bool operator==(const Descent &b) const {
    return same_bits(theta, b.theta) && same_bits(mean, b.mean) && same_bits(square, b.square) &&
           same_bits(V, b.V) && same_bits(s, b.s) && same_bits(costs, b.costs);
  }

  vector<T> theta, mean, square, V, s, s_mean, s_square;
  vector<double> costs;
  Member<T> member;
};

template <class T>
vector<Descent<T>> descended(const Variant &variant, const vector<const Problem<T> *> &problems, size_t count,
                             size_t threads, const Poll &poll = {}) {
  const Problem<T> &p = *problems[0]; // the table is that of all
  vector<Descent<T>> descents;
  vector<Member<T> *> members;
  descents.reserve(problems.size());
  for (const Problem<T> *each : problems) {
    descents.emplace_back(*each, count);
    members.push_back(&descents.back().member);
  }
  descend<T>(variant, members, p.source(), {0, count, p.c.batch, p.c.shuffle, 7}, {threads, true}, poll);
  return descents;
}

// What the first variant that must give these bits has given; later ones are held against it.
template <class T> struct Given {
  vector<Evaluation<T>> evaluation;
  vector<vector<Descent<T>>> descents;
};

template <class T>
void evaluation_is_right_with_any_number_of_threads(const Variant &variant, const Problem<T> &p,
                                                    const Evaluation<double> &right, Given<T> &given) {
  const Evaluation<T> one = evaluated(variant, p, 1);
  check(one == evaluated(variant, p, 3), "three threads evaluate as one does");
  for (double J : one.J) check(std::abs(J - right.J[0]) <= TOLERANCE<T> * right.J[0], "the cost is right");
  check(close(one.gradient, right.gradient) && close(one.A2, right.A2), "gradient and outputs are right");
  if (!variant.reproducible) return;
  if (given.evaluation.empty()) given.evaluation.push_back(one);
  check(one == given.evaluation[0], "reproducible variants evaluate alike");
}

template <class T>
void descent_is_the_same_with_any_number_of_threads(const Variant &variant, const Problem<T> &p, Given<T> &given) {
  const vector<Descent<T>> one = descended<T>(variant, {&p}, 2, 1);
  check(one == descended<T>(variant, {&p}, 2, 3), "three threads descend as one does");
  check(all_finite(one[0].theta) && all_finite(one[0].costs), "a descent is finite");
  if (!variant.reproducible) return;
  if (given.descents.empty()) given.descents.push_back(one);
  check(one == given.descents[0], "reproducible variants descend alike");
}

template <class T> void every_variant_is_right(const Case &c, bool descends) {
  Problem<T> p(c);
  const Evaluation<double> right = by_loops(p);
  Given<T> given;
  for (const Variant *variant : variants()) {
    name_what_is_tested(*variant, c, sizeof(T));
    evaluation_is_right_with_any_number_of_threads(*variant, p, right, given);
    if (descends) descent_is_the_same_with_any_number_of_threads(*variant, p, given);
  }
}

// Each size of the hidden layer with each number of examples; all else takes turns.
void networks_and_tables_of_every_size_are_right() {
  size_t t = 0;
  for (const size_t n_h : {1, 2, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 97, 129, 300})
    for (const size_t m : {1, 2, 9, 71, 72, 73, 143, 144, 145, 289, 511, 512, 513, 600}) {
      const size_t n_x = vector<size_t>{1, 3, 17, 33, 70, 96}[number(8, t) % 6], n_y = 1 + number(9, t) % 5;
      const size_t batch = t % 3 == 0 ? m : m / 3 + 1;
      const Shape shape = {n_x, n_h, n_y, Activation(number(10, t) % 5), Output(number(11, t) % 3)};
      const Case c = {shape, m, number(12, t) % 6, t % 2 == 1, Rule(number(13, t) % 3), batch, t % 3 == 1};
      every_variant_is_right<float>(c, t % 2 == 0 || t % 3 == 1);
      every_variant_is_right<double>(c, t % 2 == 0 || t % 3 == 1);
      ++t;
    }
}

// One gradient only, many features, more tiles than are kept turned round.
void large_networks_and_tables_are_right() {
  const Case wide = {{4100, 130, 3, Activation::tanh, Output::softmax}, 80, 0, true, Rule::descent, 80, false};
  const Case few = {{1600, 5, 2, Activation::relu, Output::softmax}, 500, 2, true, Rule::momentum, 500, false};
  const Case many = {{200, 4, 3, Activation::relu, Output::sigmoid}, 2100, 1, false, Rule::adam, 700, true};
  for (const Case &c : {wide, few, many}) {
    every_variant_is_right<float>(c, c.m > 80);
    every_variant_is_right<double>(c, c.m > 80);
  }
}

// Units are dropped and features scaled, in hidden layers of every width.
void dropping_and_scaling_networks_descend_alike() {
  for (const size_t n_h : {1, 5, 16, 33, 65, 129, 300, 700}) {
    Shape shape = {17, n_h, 1 + n_h % 3, Activation::relu, Output::sigmoid, {1u << 30, 0}, true};
    if (n_h == 700) shape.n_x = 900;
    const Case c = {shape, 301, n_h % 6, n_h % 2 == 1, Rule::adam, 100, true};
    for (const Variant *variant : variants()) {
      name_what_is_tested(*variant, c, 0);
      Given<float> f32;
      Given<double> f64;
      descent_is_the_same_with_any_number_of_threads(*variant, Problem<float>(c), f32);
      descent_is_the_same_with_any_number_of_threads(*variant, Problem<double>(c), f64);
    }
  }
}

// Networks narrow and wide, small and large, side by side on one table.
template <class T> vector<Problem<T>> population(size_t most) {
  vector<Problem<T>> problems;
  for (const size_t n_h : {size_t(2), most, size_t(3), size_t(20), size_t(33)}) {
    const Shape shape = {9, n_h, 3, Activation::tanh, Output::softmax};
    problems.emplace_back(Case{shape, 300, 1, n_h > 2, Rule(n_h % 3), 100, true});
  }
  return problems;
}

template <class T> void networks_descend_in_company_as_alone(const Variant &variant) {
  const vector<Problem<T>> problems = population<T>(900);
  vector<const Problem<T> *> all;
  for (const Problem<T> &p : problems) all.push_back(&p);
  const vector<Descent<T>> company = descended<T>(variant, all, 3, 3);
  check(company == descended<T>(variant, all, 3, 1), "three threads train a population as one does");
  for (size_t n = 0; n < all.size(); ++n)
    check(company[n] == descended<T>(variant, {all[n]}, 3, 1)[0], "a network descends in company as alone");
}

template <class T> void a_poll_that_says_stop_ends_a_descent(const Variant &variant) {
  const size_t passes = 1000000; // minutes of work
  const auto caller = std::this_thread::get_id();
  const Poll stop = [caller] {
    check(std::this_thread::get_id() == caller, "only the thread that called is asked");
    return true;
  };
  const vector<Problem<T>> problems = population<T>(900);
  for (const vector<size_t> &some : {vector<size_t>{0}, {1}, {0, 2}, {3, 4}}) {
    vector<const Problem<T> *> chosen;
    for (const size_t n : some) chosen.push_back(&problems[n]);
    for (const Descent<T> &d : descended<T>(variant, chosen, passes, 3, stop)) {
      check(d.member.passes < passes, "a descent ends when it is told to");
      check(all_finite(d.theta) && all_finite(d.mean) && all_finite(d.square), "a descent that was ended is finite");
    }
  }
}

// Networks on numbers that have so many edges each; without edges a number is used as it is, and is often 0, and
// with one it is scaled alone. Every 50th lies on an edge. Of 40 examples they are doubles, in columns.
void networks_learn_from_pieces_as_from_their_features(Shape shape, size_t m, bool shuffle, const vector<size_t> &edges_of) {
  const size_t n = edges_of.size();
  vector<size_t> first = {0};
  vector<double> edges;
  shape.n_x = 0;
  for (const size_t own : edges_of) {
    for (size_t k = 0; k < own; ++k) edges.push_back(1.6 * double(k) / double(own) - 0.8);
    first.push_back(edges.size()), shape.n_x += std::max<size_t>(own, 1);
  }
  const vector<double> centre(n, 0.1), spread(n, 0.4);
  vector<float> numbers(m * n);
  for (size_t i = 0; i < m * n; ++i)
    numbers[i] = i % 50 == 0 ? -0.8f : !edges_of[i % n] && i % 2 ? 0 : float(uniform(6, i));
  vector<double> by_columns(m * n);
  for (size_t i = 0; i < m * n; ++i) by_columns[i % n * m + i / n] = numbers[i];
  const Rows rows = m == 40 ? Rows{nullptr, by_columns.data(), 1, ptrdiff_t(m), m, n}
                            : Rows{numbers.data(), nullptr, ptrdiff_t(n), 1, m, n};
  const Pieces pieces({centre.data(), spread.data(), edges.data(), first.data()}, rows);
  Problem<float> made({shape, m, 0, true, Rule::adam, m / 3 + 1, shuffle}), p(made.c);
  pieces.write(m, 0, nullptr, made.X.first, shape.n_x);
  p.pieces = &pieces;
  const Evaluation<double> right = by_loops(made);
  Given<float> given;
  for (const Variant *variant : variants()) {
    name_what_is_tested(*variant, p.c, sizeof(float));
    if (!shape.dropping.below) evaluation_is_right_with_any_number_of_threads(*variant, p, right, given);
    descent_is_the_same_with_any_number_of_threads(*variant, p, given);
    const vector<Descent<float>> alone = descended<float>(*variant, {&p}, 2, 1);
    check(descended<float>(*variant, {&p, &p}, 2, 3)[1] == alone[0], "a network learns from pieces in company as alone");
    if (shape.n_x > 100) continue; // the features themselves would take minutes under sanitizers
    const vector<float> theta = descended<float>(*variant, {&made}, 2, 1)[0].theta;
    check(close(alone[0].theta, vector<double>(theta.begin(), theta.end())), "networks learn from pieces as from features");
    if (shape.n_h <= 8) check(evaluated(*variant, p, 3) == evaluated(*variant, made, 1), "features made on the way are those given");
  }
}

void networks_learn_from_pieces_as_from_their_features() {
  for (const size_t n_h : {1, 9, 33, 300})
    for (const size_t m : {1, 40, 301}) {
      Shape shape = {0, n_h, 1 + m % 4, Activation::relu, Output::sigmoid};
      if (n_h == 33) shape.dropping.below = 1u << 30, shape.in_units = true;
      networks_learn_from_pieces_as_from_their_features(shape, m, m == 301, {7, 0, 7, 1, 2, 5});
    }
  const Shape wide = {0, 300, 3, Activation::tanh, Output::softmax}; // with a single gradient
  networks_learn_from_pieces_as_from_their_features(wide, 160, true, {1750, 0, 7});
}

void the_order_of_the_examples_is_a_permutation() {
  for (const size_t m : {1, 2, 3, 255, 256, 257, 1000, 65537, 1 << 20}) {
    vector<uint32_t> rows, sorted(m);
    for (const Variant *variant : variants()) {
      now = variant->name;
      vector<uint32_t> own(m + AHEAD, 7);
      variant->order(m, 7, m, own.data());
      check(rows.empty() || own == rows, "the order is the same on each instruction set");
      rows = own;
    }
    check(std::count(rows.begin() + ptrdiff_t(m), rows.end(), 0) == AHEAD, "zeros follow");
    rows.resize(m);
    std::sort(rows.begin(), rows.end());
    std::iota(sorted.begin(), sorted.end(), 0);
    check(rows == sorted, "the order is a permutation");
  }
}

} // namespace

int main() {
  the_order_of_the_examples_is_a_permutation();
  functions();
  pieces();
  sums();
  team();
  networks_learn_from_pieces_as_from_their_features();
  networks_and_tables_of_every_size_are_right();
  large_networks_and_tables_are_right();
  dropping_and_scaling_networks_descend_alike();
  for (const Variant *variant : variants()) {
    now = variant->name;
    networks_descend_in_company_as_alone<float>(*variant);
    networks_descend_in_company_as_alone<double>(*variant);
    a_poll_that_says_stop_ends_a_descent<float>(*variant);
    a_poll_that_says_stop_ends_a_descent<double>(*variant);
  }
  std::printf(failures ? "%d checks failed\n" : "all checks hold\n", failures);
  return failures != 0;
}
