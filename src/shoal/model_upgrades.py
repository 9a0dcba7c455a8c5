"""Guarantee: what an older Shoal wrote is read, and predicts as it did.

Floor 4, NumPy alone. Each step turns the content of a model file into that of the next version.
"""

from typing import Any

import numpy as np

Content = tuple[dict[str, Any], dict[str, Any]]
OF_EVERY_PLAN = ("name", "kind", "note", "missing", "use")
OF_A_USE = {
    "scaled": ("mean", "scale"), "one-hot": ("categories", "codes", "other"), "indicator": (),
}  # fmt: skip


def upgraded(header: dict[str, Any], arrays: dict[str, Any]) -> Content:
    """Return the content of a model file as this version writes it: header and arrays."""
    if "network" in header:
        header, arrays = _many_networks(header, arrays)
    if "decision" not in header:
        header, arrays = _decisions(header, arrays)
    return header, arrays


def _many_networks(header: dict[str, Any], arrays: dict[str, Any]) -> Content:
    """One network on the encoder's features became many, on pieces of them."""
    header, arrays = dict(header), dict(arrays)
    network = header.pop("network")
    header |= {
        "networks": [network],
        "histories": [header.pop("history")],
        "pieces": [{"edges": []} for _ in range(network["n_x"])],
    }
    arrays["network 0"] = arrays.pop("network")
    return header, arrays


def _decisions(header: dict[str, Any], arrays: dict[str, Any]) -> Content:
    """Decisions, class weights and profiles of columns came; plans had the fields of all uses."""
    K = len(header["target"]["classes"])
    costs = (1 - np.eye(K)).tolist()
    encoding = [
        {name: plan[name] for name in (*OF_EVERY_PLAN, *OF_A_USE.get(plan["use"], ()))}
        for plan in header["encoding"]
    ]
    new = {
        "encoding": encoding, "profiles": [],
        "decision": {"goal": "accuracy", "costs": costs},
    }  # fmt: skip
    return {**header, **new}, {**arrays, "class weights": np.ones(K)}
