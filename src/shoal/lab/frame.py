"""Guarantee: a frame holds what the page shows of a network, computed as everywhere in Shoal.

Pictures are rounded to bytes; costs, weights and shares are the numbers themselves.
"""

from base64 import b64encode
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shoal.activations import Array
from shoal.diagnosis import diagnose, distinct_units
from shoal.engine import default_engine
from shoal.equations import Parameters
from shoal.examples import Examples
from shoal.lab.material import Material
from shoal.lab.plane import Plane
from shoal.lab.scenario import whole
from shoal.lab.timeline import Point, Timeline
from shoal.losses import class_probabilities
from shoal.network import Network
from shoal.sampling import some_of
from shoal.splitting import Labels
from shoal.traces import trace

MOST_DRAWN = {"units": 24, "features": 16}
MOST_EXAMPLES = 1000  # of which distributions are shown, and points drawn
BINS, LARGEST_MAP, LARGEST_UNIT_MAP = 24, 128, 48
YOUNG = 100  # iterations in which a training is not judged
NO_FIGURES = {"distributions": None, "meters": None}


def frame_of(
    timeline: Timeline, whole_run: Timeline, plane: Plane, question: dict[str, Any]
) -> dict[str, Any]:
    """Return what is seen of a timeline where it stands; the cost curve is that of the whole run.

    They differ where somebody looks at what was before a change.
    """
    with np.errstate(all="ignore"):  # the last network before the numbers end is shown too
        return _seen(timeline, whole_run, plane, question)


def _seen(
    timeline: Timeline, whole_run: Timeline, plane: Plane, question: dict[str, Any]
) -> dict[str, Any]:
    network, material = timeline.network, timeline.material
    cost, accuracy = _measured(network, material.learned)
    held_out_cost, held_out_accuracy = _measured(network, material.held_out)
    size = whole("map", question.get("map", 0), 0, LARGEST_MAP)
    of_units = whole("units", question.get("units", 0), 0, LARGEST_UNIT_MAP)
    known = whole("known", question.get("known", -1), -1)
    points, units = _curve(timeline, whole_run, known), _drawn_units(network)
    return {
        "iteration": timeline.iteration,
        "ended": timeline.ended or None,
        "cost": cost,
        "held_out_cost": held_out_cost,
        "accuracy": accuracy,
        "held_out_accuracy": held_out_accuracy,
        "curve": {
            "iteration": [at for at, _ in points],
            "cost": [point.cost for _, point in points],
            "held_out_cost": [point.held_out_cost for _, point in points],
        },
        "drawn": _drawn(network, units),
        "map": _map(network, plane, size) if size else None,
        "units": _units(network, plane, units, of_units) if of_units else None,
        **(_figures(network, material) if question.get("figures", True) else NO_FIGURES),
        "findings": _findings(timeline) if question.get("findings") else None,
    }


def _curve(timeline: Timeline, whole_run: Timeline, known: int) -> list[tuple[int, Point]]:
    """Return the cost curve of the whole run after what is known of it.

    Where the whole run has not begun yet, it is that of a timeline up to the next change.
    """
    points = whole_run.points()
    if not points:
        changes = whole_run.scenario.changes[len(timeline.scenario.changes) :]
        points = [each for each in timeline.points() if not changes or each[0] < changes[0].at]
    return [each for each in points if each[0] > known]


def data_seen(material: Material, plane: Plane) -> dict[str, Any]:
    """Return the examples as they are drawn in a plane."""
    shown: dict[str, list[Array]] = {"x": [], "y": [], "label": [], "example": []}
    for part, held_out in ((material.learned, False), (material.held_out, True)):
        some = some_of(part.m, MOST_EXAMPLES, seed=0)
        x, y = plane.place(part.X[:, some])
        said = _classes(part.Y[:, some])
        for name, values in zip(
            shown, (x, y, said, np.full(len(some), -1) if held_out else some), strict=True
        ):
            shown[name].append(values)
    types = ("<f4", "<f4", "u1", "<i4")
    return {
        "m": material.learned.m,
        "m_held_out": material.held_out.m,
        "features": material.features,
        "classes": list(material.classes),
        "axes": list(plane.names),
        "bounds": plane.bounds.tolist(),
        "shown": {
            name: _coded(np.concatenate(values), kind)
            for (name, values), kind in zip(shown.items(), types, strict=True)
        },
        "notes": material.prepared.notes,
    }


def _coded(values: NDArray[Any], kind: str) -> str:
    return b64encode(np.ascontiguousarray(values, kind).tobytes()).decode()


def _classes(Y: Array) -> Labels:
    """Return class numbers, (m,), of outputs or of probabilities, (n_y, m)."""
    classes: Labels = (Y[0] > 0.5).astype(np.intp) if len(Y) == 1 else Y.argmax(axis=0)
    return classes


def _measured(network: Network, part: Examples) -> tuple[float | None, float | None]:
    """Return cost and accuracy; nothing where there are no examples."""
    if not part.m:
        return None, None
    cost, A2 = default_engine().cost_and_predictions(network, part.X, part.Y)
    return cost, float(np.mean(_classes(A2) == _classes(part.Y)))


def _map(network: Network, plane: Plane, size: int) -> dict[str, Any]:
    A2 = default_engine().outputs(network, plane.grid(size))  # a grid is finite
    said = _classes(A2)
    P = class_probabilities(A2)
    of_interest = P[1] if len(P) == 2 else P.max(axis=0)
    return {
        "size": size, "said": _coded(said, "u1"),
        "probability": _coded(np.round(255 * of_interest), "u1"),
    }  # fmt: skip


def _units(network: Network, plane: Plane, units: Labels, size: int) -> dict[str, Any]:
    W1, b1, _, _ = network.parameters
    A1 = network.g1.g(W1[units] @ plane.grid(size) + b1[units])
    low, high = A1.min(axis=1, keepdims=True), A1.max(axis=1, keepdims=True)
    apart = high - low
    A1 = np.divide(A1 - low, apart, where=apart > 0, out=np.full_like(A1, 0.5))
    return {
        "size": size, "activation": _coded(np.round(255 * A1), "u1"),
        "low": low[:, 0].tolist(), "high": high[:, 0].tolist(),
    }  # fmt: skip


def _drawn_units(network: Network) -> Labels:
    """Return the numbers of the units that are drawn: of many those that count most."""
    W1, _, W2, _ = network.parameters
    return _largest(np.abs(W2).sum(axis=0) * np.abs(W1).sum(axis=1), MOST_DRAWN["units"])


def _drawn(network: Network, units: Labels) -> dict[str, Any]:
    features = _largest(np.abs(network.parameters.W1).sum(axis=0), MOST_DRAWN["features"])
    places = network.split(np.arange(network.theta.size, dtype=np.float64))
    return {
        "units": units.tolist(), "features": features.tolist(),
        **_part(network.parameters, units, features),
        "places": _part(places, units, features),
    }  # fmt: skip


def _part(parameters: Parameters, units: Labels, features: Labels) -> dict[str, Any]:
    return {
        "W1": parameters.W1[np.ix_(units, features)].tolist(),
        "b1": parameters.b1[units, 0].tolist(),
        "W2": parameters.W2[:, units].tolist(),
        "b2": parameters.b2[:, 0].tolist(),
    }


def _largest(sizes: Array, most: int) -> Labels:
    return np.sort(np.argsort(-sizes, kind="stable")[:most])


def _figures(network: Network, material: Material) -> dict[str, Any]:
    """Return how z1, a1 and the derivatives are spread, and the two meters."""
    some = some_of(material.learned.m, MOST_EXAMPLES, seed=0)
    steps = trace(network, material.learned.X[:, some], material.learned.Y[:, some])
    Z1 = steps["Z1"]
    spread = {"z1": Z1, "a1": steps["A1"], "dz1": steps["dZ1"]}
    spread |= {name: steps[name] for name in ("dW1", "dW2")}
    curved = network.activation in ("tanh", "sigmoid")
    return {
        "distributions": {name: _histogram(values) for name, values in spread.items()},
        "meters": {
            "distinct": distinct_units(network),
            "saturated": float(network.g1.saturated(Z1).mean()) if curved else None,
            "dead": float((Z1 <= 0).all(axis=1).mean()) if network.activation == "relu" else None,
        },
    }


def _histogram(values: Array) -> dict[str, Any]:
    values = values[np.isfinite(values)]
    if not values.size:
        return {"low": 0.0, "high": 0.0, "counts": [0] * BINS}
    low, high = float(values.min()), float(values.max())
    if not low < high:
        room = max(0.5, abs(low) * 2.0**-40)  # so that it is not lost beside a large number
        low, high = low - room, high + room
    at = ((values.ravel() - low) * (BINS / (high - low))).astype(np.intp).clip(0, BINS - 1)
    return {"low": low, "high": high, "counts": np.bincount(at, minlength=BINS).tolist()}


def _findings(timeline: Timeline) -> list[dict[str, Any]]:
    network, learned = timeline.network, timeline.material.learned
    judged = bool(timeline.ended) or timeline.iteration >= YOUNG
    plain = timeline.settings.optimizer == "descent" and timeline.settings.batch_size is None
    found = diagnose(
        network, learned.X, learned.Y, alpha=timeline.settings.alpha if plain else None,
        history=timeline.history() if judged else None,
    )  # fmt: skip
    return [
        {
            "name": each.name, "kind": each.kind, "sentence": each.sentence, "cure": each.cure,
            "evidence": {name: float(value) for name, value in each.evidence.items()},
        }
        for each in found
    ]  # fmt: skip
