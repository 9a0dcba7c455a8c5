"""A trace has the published numbers, and all of its formats have the trace's."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from browser import Seen, look, needs_browser

from shoal import InputError, Network, trace
from shoal.trace_formats import trace_html, trace_latex, trace_text

W1 = [[-.00416758, -.00056267], [-.02136196, .01640271], [-.01793436, -.00841747],
      [.00502881, -.01245288]]  # fmt: skip
W2 = [[-0.01057952, -0.00909008, 0.00551454, 0.02292208]]


def course():
    """Return the network and the examples of the course's forward case."""
    random = np.random.RandomState(1)
    network = Network(2, 4, 1)
    network.parameters.W1[:], network.parameters.W2[:] = W1, W2
    X = random.randn(2, 3)
    network.parameters.b1[:] = random.randn(4, 1)
    network.parameters.b2[:] = -1.3
    return network, X


def test_forward_propagation_has_the_published_numbers():
    network, X = course()
    found = trace(network, X, np.array([[0.0, 1.0, 1.0]]))
    means = [found[symbol].mean() for symbol in ("Z1", "A1", "Z2", "A2")]
    assert means == pytest.approx(
        [0.26281864019752443, 0.09199904522700109, -1.3076660128732143, 0.21287768171918198]
    )


def test_back_propagation_has_the_published_numbers():
    random = np.random.RandomState(1)
    X = random.randn(2, 3)
    Y = (random.randn(1, 3) > 0).astype(float)
    network = Network(2, 4, 1)
    network.parameters.W1[:], network.parameters.W2[:] = W1, W2
    found = trace(network, X, Y)
    dW1 = [[.00301023, -.00747267], [.00257968, -.00641288], [-.00156892, .003893],
           [-.00652037, .01618243]]  # fmt: skip
    np.testing.assert_allclose(found["dW1"], dW1, atol=2e-5)
    np.testing.assert_allclose(
        found["db1"].ravel(), [.00176201, .00150995, -.00091736, -.00381422], atol=2e-5
    )  # fmt: skip
    np.testing.assert_allclose(found["db2"], -0.16655712, atol=2e-5)
    text = trace_text(found)
    assert "dW1       = (1/m) dZ1 X^T   (4, 2)" in text
    assert f"{found['db2'][0, 0]:.6g}" in text


@pytest.mark.parametrize("m", [1, 3])
def test_every_line_follows_from_those_above_it(m):
    network, X = course()
    Y = np.array([[0.0, 1.0, 1.0]])
    X, Y = X[:, :m], Y[:, :m]
    found = trace(network, X, Y, alpha=0.5)
    of = {step.symbol: step.value for step in found.steps}
    Z1, A1, Z2, A2 = (of[name if m > 1 else name.lower()] for name in ("Z1", "A1", "Z2", "A2"))
    dZ2, dZ1 = (of[name if m > 1 else name.replace("Z", "z")] for name in ("dZ2", "dZ1"))
    np.testing.assert_allclose(Z1, of["W1"] @ X + of["b1"])
    np.testing.assert_allclose(A1, np.tanh(Z1))
    np.testing.assert_allclose(Z2, of["W2"] @ A1 + of["b2"])
    np.testing.assert_allclose(dZ2, A2 - Y)
    np.testing.assert_allclose(dZ1, of["W2"].T @ dZ2 * (1 - A1**2))
    np.testing.assert_allclose(of["dW1"], dZ1 @ X.T / m)
    np.testing.assert_allclose(of["db2"], dZ2.mean(axis=1, keepdims=True))
    for name in ("W1", "b1", "W2", "b2"):
        np.testing.assert_allclose(of[f"{name} :="], of[name] - 0.5 * of[f"d{name}"])
    adds = of["W2 * a1^T" if m == 1 else "W2 * mean(A1)^T"]
    np.testing.assert_allclose(adds.sum() + of["b2"], Z2.mean(axis=1, keepdims=True))
    adds = of["W1 * x^T" if m == 1 else "W1 * mean(X)^T"].sum(axis=1, keepdims=True)
    np.testing.assert_allclose(adds + of["b1"], Z1.mean(axis=1, keepdims=True))
    np.testing.assert_array_equal(network.theta, course()[0].theta)


def test_weighted_examples_have_lines_that_are_true_of_them():
    network, X = course()
    Y, w = np.array([[0.0, 1.0, 1.0]]), np.array([[1.0, 0.5, 3.0]])
    found = trace(network, X, Y, w)
    np.testing.assert_allclose(found["dZ2"], (found["A2"] - Y) * w)
    np.testing.assert_allclose(found["dW2"], found["dZ2"] @ found["A1"].T / 4.5)
    np.testing.assert_array_equal(found["w"], w)
    of = {step.symbol: step for step in found.steps}
    assert of["dZ2"].equation == "(A2 - Y) * w"
    assert "m = 4.5" in of["J"].note
    losses = -np.log(np.where(Y, found["A2"], 1 - found["A2"]))
    assert found["J"][0, 0] == pytest.approx((losses * w).sum() / 4.5)


def test_a_single_unit_has_its_own_rows_and_columns():
    network, X = course()
    whole = trace(network, X, np.ones((1, 3)))
    one = whole.of_unit(3)
    for symbol in ("W1", "b1", "Z1", "A1", "dZ1", "dW1", "db1", "W1 :=", "W1 * mean(X)^T"):
        np.testing.assert_array_equal(one[symbol], whole[symbol][2:3])
    for symbol in ("W2", "dW2", "W2 :=", "W2 * mean(A1)^T"):
        np.testing.assert_array_equal(one[symbol], whole[symbol][:, 2:3])
    for symbol in ("X", "Y", "b2", "Z2", "A2", "J", "dZ2"):
        np.testing.assert_array_equal(one[symbol], whole[symbol])
    assert "hidden unit 3" in trace_text(one)
    assert "over all 4 hidden units" in trace_text(one)
    for unit in (0, 5):
        with pytest.raises(InputError, match=f"no hidden unit {unit}: the network has 4"):
            whole.of_unit(unit)


def test_a_symbol_that_is_not_there_is_told_with_those_that_are():
    network, X = course()
    with pytest.raises(KeyError, match="J is not in this trace: it has x, y, W1"):
        trace(network, X[:, :1], np.ones((1, 1)))["J"]


@pytest.mark.parametrize("alpha", [0, -1, np.nan, np.inf])
def test_what_is_no_learning_rate_is_refused(alpha):
    network, X = course()
    with pytest.raises(InputError, match="alpha"):
        trace(network, X, np.ones((1, 3)), alpha=alpha)


def test_examples_that_are_no_numbers_are_refused():
    network, X = course()
    X[0, 1] = np.nan
    with pytest.raises(InputError, match="X holds NaN"):
        trace(network, X, np.ones((1, 3)))


def test_latex_has_the_course_s_symbols():
    network, X = course()
    one = trace_latex(trace(network, X[:, :1], np.ones((1, 1)), alpha=0.5))
    for line in (
        r"z^{[1]} & = W^{[1]} x + b^{[1]} = \begin{bmatrix}",
        r"a^{[1]} & = \operatorname{tanh}(z^{[1]}) =",
        r"dz^{[1]} & = W^{[2]T} dz^{[2]} \ast g^{[1]\prime}(z^{[1]}) =",
        r"dW^{[1]} & = dz^{[1]} x^T =",
        r"b^{[2]} & := b^{[2]} - 0.5 db^{[2]} =",
    ):
        assert line in one
    many = trace_latex(trace(network, X, np.ones((1, 3))))
    assert r"dW^{[2]} & = \frac{1}{m} dZ^{[2]} A^{[1]T} =" in many
    assert r"db^{[1]} & = \frac{1}{m} \sum dZ^{[1]} =" in many
    assert not re.search(r"\\\\\n\\end{align", many)


def test_no_zero_has_a_sign_and_cut_arrays_have_dots_in_their_direction():
    network = Network(50, 30, 1, "relu").initialise("gaussian", 1.0)
    found = trace(network, np.random.default_rng(0).normal(size=(50, 1)), np.ones((1, 1)))
    assert " -0 " not in trace_text(found).replace("\n", " ")
    latex = trace_latex(found)
    assert r"\vdots" in latex
    assert r"\cdots" in latex
    assert r"\cdot 10^{-" in latex


class Cells(HTMLParser):
    def __init__(self):
        super().__init__()
        self.cells, self.inside, self.links = [], False, []

    def handle_starttag(self, tag, attributes):
        self.inside = tag == "td"
        self.links += [value for name, value in attributes if name in ("src", "href")]

    def handle_data(self, data):
        if self.inside:
            self.cells.append(data)

    def handle_endtag(self, tag):
        self.inside = False


def test_all_formats_show_the_same_numbers():
    network, X = course()
    found = trace(network, X, np.array([[0.0, 1.0, 1.0]]))
    numbers = [f"{x:.6g}" for step in found.steps for x in step.value.ravel()]
    page = Cells()
    page.feed(trace_html(found))
    assert page.cells == numbers
    assert page.links == []
    text = trace_text(found)
    assert all(number in text for number in numbers)
    latex = trace_latex(found)
    assert latex.count(r"\begin{bmatrix}") == latex.count(r"\end{bmatrix}") == len(found.steps)
    assert latex.count("{") == latex.count("}")
    assert found.to_data()["steps"][0]["shape"] == [2, 3]


def test_of_large_arrays_the_first_and_the_last_are_shown():
    network = Network(50, 30, 1).initialise("gaussian", 1.0)
    X = np.random.default_rng(0).normal(size=(50, 20))
    text = trace_text(trace(network, X, np.ones((1, 20))))
    assert "…" in text
    assert f"{network.parameters.W1[-1, -1]:.6g}" in text
    assert max(len(line) for line in text.splitlines()) < 100


def test_a_network_without_a_hidden_layer_is_refused():
    with pytest.raises(InputError, match="n_h = 0"):
        trace(Network(2, 0, 1), np.ones((2, 1)), np.ones((1, 1)))


def test_the_command_prints_and_writes_every_format(cli, model, table, folder):
    done = cli("trace", model, table, "--row", "3")
    assert done.code == 0
    assert "dz1       = W2^T dz2 * g1'(z1)" in done.out
    data = json.loads(cli("trace", model, table, "--json").out)
    assert data["m"] == 120
    for ending, sign in (
        (".txt", "One step"),
        (".tex", "align"),
        (".html", "<h1>"),
        (".json", "{"),
    ):
        assert cli("trace", model, table, "-o", f"t{ending}").code == 0
        assert sign in (folder / f"t{ending}").read_text("utf-8")
    for arguments, words in (
        (["--row", "121"], "there is no row 121: "),
        (["-o", "t.pdf"], "must end in .txt, .tex, .html or .json"),
    ):
        done = cli("trace", model, table, *arguments)
        assert done.code == 2
        assert re.search(words, done.err)


@needs_browser
@pytest.mark.parametrize("width", [1200, 360])
def test_the_page_of_a_trace_can_be_read_with_any_tool(width, browser, tmp_path):
    network = Network(30, 12, 1).initialise("gaussian", 1.0)
    X = np.random.default_rng(0).normal(size=(30, 4))
    path = tmp_path / "trace.html"
    path.write_text(trace_html(trace(network, X, np.ones((1, 4)))), encoding="utf-8")
    assert look(browser, path.as_uri(), width) == Seen([], [path.as_uri()], [], [], False, 0)
