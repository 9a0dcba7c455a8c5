from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from conftest import shop, write_rows

from shoal import ensemble_training
from shoal.callbacks import Callback
from shoal.errors import InputError
from shoal.model_file import load_model, save_model
from shoal.recipe import Recipe
from shoal.splitting import holdout
from shoal.table_evaluation import evaluate
from shoal.table_model import TableModel
from shoal.table_training import train_table
from shoal.tables import read_table, table_from_frame


def frame(rows=120, seed=0):
    """Return the small table as a data frame with typed columns."""
    names, *body = shop(rows, seed)
    columns = dict(zip(names, zip(*body, strict=True), strict=True))
    return pd.DataFrame(
        {
            "age": np.array(columns["age"], float),
            "city": [city or None for city in columns["city"]],
            "income": [float(v) if v else None for v in columns["income"]],
            "bought": columns["bought"],
        }
    )


def small(rows=120, seed=0):
    return table_from_frame(frame(rows, seed), "shop")


@pytest.fixture(scope="module")
def trained():
    """The small table, the model of it and its measures."""
    table = small()
    return (table, *train_table(table, "bought"))


def refusal(call, *arguments, **options):
    with pytest.raises(InputError) as caught:
        call(*arguments, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def parameters(model):
    return [network.theta.tobytes() for network in model.ensemble.networks]


def bits(model, table):
    return model.predict_proba(table).tobytes()


def test_probabilities_are_of_the_classes_and_add_up_to_one(trained):
    table, model, _ = trained
    P = model.predict_proba(table)
    assert P.shape == (120, 2)
    np.testing.assert_allclose(P.sum(axis=1), 1)
    assert model.target.classes == ("no", "yes")
    expected = np.array(["no", "yes"])[P.argmax(axis=1)]
    assert model.predict(table).tolist() == expected.tolist()
    assert (model.predict(table) == frame()["bought"]).mean() > 0.8


def test_prediction_columns_hold_the_label_and_each_probability(trained):
    table, model, _ = trained
    columns = model.prediction_columns(table)
    assert list(columns) == ["prediction", "probability_no", "probability_yes"]
    P = model.predict_proba(table)
    np.testing.assert_array_equal(columns["probability_yes"], P[:, 1])
    assert columns["prediction"].tolist() == model.predict(table).tolist()


def test_a_model_that_was_saved_and_loaded_is_the_same_to_the_bit(trained, tmp_path):
    table, model, _ = trained
    model.save(tmp_path / "m")
    loaded = TableModel.load(tmp_path / "m")
    assert bits(loaded, table) == bits(model, table)
    assert evaluate(loaded, table) == evaluate(model, table)
    for part in ("schema", "target", "record"):
        assert getattr(loaded, part) == getattr(model, part)
    assert loaded.pieces.to_data() == model.pieces.to_data()
    assert loaded.ensemble.histories == model.ensemble.histories
    loaded.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "m").read_bytes()


def test_the_same_seed_gives_the_same_model_and_another_seed_another(trained):
    table, model, evaluation = trained
    again, same = train_table(table, "bought", seed=0)
    assert parameters(again) == parameters(model)
    assert same == evaluation
    other, _ = train_table(table, "bought", seed=1)
    assert parameters(other) != parameters(model)


def test_training_measures_the_rows_that_it_held_out(trained):
    table, model, evaluation = trained
    labels, _ = model.target.encode(table["bought"], "shop")
    kept, held_out = holdout(labels, 0.2, 0)
    assert evaluation.rows == len(held_out) == 24
    assert model.record["rows"] == len(kept)
    again = evaluate(model, table.rows(held_out))
    assert asdict(again) | {"source": ""} == asdict(evaluation) | {"source": ""}
    np.testing.assert_allclose(model.prior, np.bincount(labels[kept]) / len(kept))


def test_held_out_rows_do_not_touch_the_model(trained):
    table, model, evaluation = trained
    labels, _ = model.target.encode(table["bought"], "shop")
    kept, held_out = holdout(labels, 0.2, 0)
    apart, same = train_table(table.rows(kept), "bought", test=table.rows(held_out))
    assert parameters(apart) == parameters(model)
    assert same.metrics == evaluation.metrics


def test_the_measures_stand_beside_logistic_regression_and_the_majority_guess(trained):
    _, _, evaluation = trained
    assert list(evaluation.metrics) == ["network", "logistic_regression", "majority_guess"]
    guess = evaluation.metrics["majority_guess"]
    assert guess["roc_auc"] == guess["balanced_accuracy"] == 0.5
    assert evaluation.metrics["network"]["accuracy"] > guess["accuracy"]
    counts = np.array(evaluation.confusion)
    assert counts.sum() == evaluation.rows
    assert evaluation.metrics["network"]["accuracy"] == pytest.approx(
        np.trace(counts) / counts.sum()
    )


def test_a_test_table_is_measured_and_all_other_rows_are_learned_from():
    model, evaluation = train_table(small(), "bought", test=small(50, seed=1))
    assert model.record["rows"] == 120
    assert evaluation.rows == 50
    assert evaluation.source == "shop"


def test_a_test_table_that_does_not_fit_is_refused_before_training():
    class Trap(Callback):
        def on_train_begin(self, state):
            raise AssertionError("training began")

    wrong = {
        "lacks": small(20).without(["age"]),
        "bought": small(20).without(["bought"]),
        "holds": table_from_frame(frame(20).assign(bought="perhaps"), "shop"),
    }
    for word, test in wrong.items():
        assert word in refusal(train_table, small(), "bought", test=test, callbacks=[Trap()])


def test_rows_without_a_label_are_left_out_with_a_note():
    gaps = frame()
    gaps.loc[::4, "bought"] = None
    model, evaluation = train_table(table_from_frame(gaps, "shop"), "bought")
    assert model.record["rows"] + evaluation.rows == 90
    assert any("30 rows" in note for note in model.record["notes"])
    again = evaluate(model, table_from_frame(gaps, "shop"))
    assert again.rows == 90
    assert any("30 rows" in note for note in again.notes)
    assert len(model.predict(table_from_frame(gaps, "shop"))) == 120


def test_ten_rows_are_enough_and_nine_are_not():
    ten = table_from_frame(frame(10).assign(bought=["no", "yes"] * 5), "ten")
    model, evaluation = train_table(ten, "bought")
    assert model.record["rows"] + evaluation.rows == 10
    message = refusal(train_table, ten.rows(range(9)), "bought")
    for word in ("ten", "9 rows", "10"):
        assert word in message


def test_a_class_of_a_single_row_is_learned_and_never_held_out():
    rare = frame()
    rare.loc[7, "bought"] = "perhaps"
    model, evaluation = train_table(table_from_frame(rare, "shop"), "bought")
    assert model.target.classes == ("no", "perhaps", "yes")
    assert evaluation.confusion[1] == [0, 0, 0]
    assert model.prior[1] == pytest.approx(1 / model.record["rows"])
    assert model.predict_proba(table_from_frame(rare, "shop")).shape == (120, 3)


def test_many_classes_with_two_rows_each_are_learned():
    classes = frame(40).assign(bought=[f"class {i // 2}" for i in range(40)])
    _, evaluation = train_table(table_from_frame(classes, "shop"), "bought")
    assert evaluation.rows == 8


def test_classes_of_a_single_row_leave_nothing_to_measure_on():
    classes = frame(40).assign(bought=[f"class {i}" for i in range(40)])
    assert "hold" in refusal(train_table, table_from_frame(classes, "shop"), "bought")


def test_what_is_no_table_is_refused_with_a_word_on_where_tables_come_from(trained):
    _, model, _ = trained
    for call in ((train_table, "shop.csv", "bought"), (evaluate, model, frame()),
                 (model.predict, frame())):  # fmt: skip
        assert "table_from_frame" in refusal(*call)


def test_the_labels_of_a_target_in_numbers_come_back_as_numbers():
    for no, yes, kind in ((0, 1, int), (9, 10, int), (-0.5, 2.25, float)):
        numbers = frame()
        numbers["bought"] = numbers["bought"].map({"no": no, "yes": yes}).astype(kind)
        table = table_from_frame(numbers, "shop")
        predictions = train_table(table, "bought")[0].predict(table)
        assert predictions.dtype == kind
        assert set(predictions.tolist()) == {no, yes}


def test_the_order_of_the_columns_does_not_matter(trained):
    table, model, _ = trained
    for order in (["bought", "income", "city", "age"], ["city", "age", "income"]):
        assert bits(model, table_from_frame(frame()[order])) == bits(model, table)


def test_each_row_is_predicted_for_itself(trained):
    table, model, _ = trained
    P = model.predict_proba(table)
    some = [5, 3, 3, 117]
    np.testing.assert_allclose(model.predict_proba(table.rows(some)), P[some], rtol=1e-12)


def test_csv_and_parquet_of_the_same_data_give_equal_models_and_predictions(tmp_path):
    frame().to_parquet(tmp_path / "t.parquet")
    write_rows(tmp_path / "t.csv", shop())
    models = {}
    for name in ("t.parquet", "t.csv"):
        table = read_table(tmp_path / name)
        model, _ = train_table(table, "bought")
        models[name] = bits(model, table)
        other = {"t.csv": "t.parquet", "t.parquet": "t.csv"}[name]
        assert bits(model, read_table(tmp_path / other, schema=model.schema)) == models[name]
    assert models["t.csv"] == models["t.parquet"]


def test_evaluation_needs_the_labels(trained):
    table, model, _ = trained
    assert "'bought'" in refusal(evaluate, model, table.without(["bought"]))
    missing = table_from_frame(frame().assign(bought=None), "shop")
    message = refusal(evaluate, model, missing)
    assert "missing in every row" in message
    assert "bought" in message


def test_an_absurd_number_in_a_row_is_predicted_and_measured():
    tiny = frame()
    tiny["income"] *= 1e-6
    model, _ = train_table(table_from_frame(tiny, "shop"), "bought")
    tiny.loc[[0, 1], "income"] = [1e308, -1e308]
    table = table_from_frame(tiny, "shop")
    assert np.isfinite(model.predict_proba(table)).all()
    assert np.isfinite(evaluate(model, table).metrics["network"]["log_loss"])


def test_an_absurd_number_in_training_is_learned_with_or_left():
    absurd = frame()
    absurd.loc[[0, 1], "income"] = [1.7e308, -1.7e308]
    table = table_from_frame(absurd, "shop")
    assert np.isfinite(train_table(table, "bought")[0].predict_proba(table)).all()


def test_a_model_is_not_saved_over_a_file_of_another_kind(trained, tmp_path):
    table = write_rows(tmp_path / "shop.csv", shop())
    assert "shop.csv" in refusal(trained[1].save, table)
    assert table.read_text().startswith("age,")


def test_drop_takes_a_list_and_the_seed_a_whole_number(trained):
    table = trained[0]
    assert "list" in refusal(lambda: train_table(table, "bought", drop="age"))
    assert "seed" in refusal(lambda: train_table(table, "bought", seed=-1))


def test_a_test_table_does_not_make_too_few_rows_enough(trained):
    table = trained[0]
    few = table.rows(np.arange(9))
    assert "10 are the least" in " ".join(refusal(train_table, few, "bought", test=table).split())


def test_what_is_odd_about_a_test_table_is_told_with_its_measures(trained, tmp_path):
    path = write_rows(tmp_path / "later.csv", shop())
    path.write_bytes(path.read_bytes().replace(b"Oslo", b"Osl\xf8"))
    _, evaluation = train_table(trained[0], "bought", test=read_table(path))
    assert any("not valid UTF-8" in note for note in evaluation.notes)


def spoiled(model, tmp_path, change):
    """Load a model in whose file something was changed, its checksum with it."""
    model.save(tmp_path / "m")
    header, arrays = load_model(tmp_path / "m")
    change(header, arrays)
    save_model(tmp_path / "bad", header, arrays)
    return refusal(TableModel.load, tmp_path / "bad")


def set_plan(of, **fields):
    def change(header, _):
        plan = next(plan for plan in header["encoding"] if plan["use"] == of)
        plan.update(fields)

    return change


SPOILED = {
    "no costs": lambda h, a: h["decision"].update(costs=[[0, 0], [0, 0]]),
    "negative costs": lambda h, a: h["decision"].update(costs=[[0, -1], [1, 0]]),
    "costs of three": lambda h, a: h["decision"].update(costs=[[0, 1, 1]] * 3),
    "weights of nothing": lambda h, a: a.update({"class weights": np.zeros(2)}),
    "weights of three": lambda h, a: a.update({"class weights": np.ones(3)}),
    "another prior": lambda h, a: a.update(prior=np.ones(3) / 3),
    "an unknown profile": lambda h, a: h["profiles"][0].update(name="nobody"),
    "a profile of no rows": lambda h, a: h["profiles"][0].update(rows=0),
    "shares of other bins": lambda h, a: h["profiles"][0].update(shares=[1.0]),
    "edges of text": lambda h, a: h["profiles"][0].update(edges=["a"]),
    "a scale of 0": set_plan("scaled", scale=0.0),
    "a scale of text": set_plan("scaled", scale="1"),
    "no such use": set_plan("scaled", use="hashed"),
    "categories that are gone": set_plan("one-hot", categories=[]),
    "three classes": lambda h, a: h["target"].update(classes=["a", "b", "c"]),
    "no networks": lambda h, a: h.update(networks=[]),
}


@pytest.mark.parametrize("change", SPOILED.values(), ids=SPOILED)
def test_what_no_training_writes_is_refused_at_loading(trained, tmp_path, change):
    assert "holds another kind of model" in spoiled(trained[1], tmp_path, change)


def test_more_frequent_categories_than_there_are_do_not_fill_the_memory(tmp_path):
    random = np.random.default_rng(0)
    shops = [f"shop {k}" for k in random.integers(0, 150, 1500)]
    frame = pd.DataFrame({"shop": shops, "y": np.where(random.random(1500) < 0.4, "yes", "no")})
    model, _ = train_table(table_from_frame(frame), "y", recipe=Recipe(max_epochs=2))
    change = set_plan("target means", frequent=10**9)
    assert "another kind of model" in spoiled(model, tmp_path, change)
    change = set_plan("target means", means=[[0.0]])
    assert "another kind of model" in spoiled(model, tmp_path, change)


@pytest.mark.parametrize("how", ["group", "order"])
def test_few_groups_or_times_are_refused_before_training(how):
    table = table_from_frame(frame().assign(part=np.arange(120) % 2), "shop")
    words = refusal(train_table, table, "bought", **{how: "part"})
    assert "column 'part' of shop has 2 different values: 3 are the least" in words
    table = table_from_frame(frame().assign(part=np.arange(120) % 3), "shop")
    assert train_table(table, "bought", recipe=Recipe(max_epochs=2), **{how: "part"})


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"goal": "best"}, "'best' is no goal"),
        ({"recipe": Recipe(class_weight={"maybe": 2})}, "names 'maybe'"),
        ({"uses": {"age": "hashed"}}, "'hashed' is no use"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_trained(choices, words):
    class Never(Callback):
        def on_train_begin(self, state):
            raise AssertionError

    assert words in refusal(train_table, small(), "bought", callbacks=[Never()], **choices)


def test_columns_to_keep_may_be_given_one_by_one():
    table = table_from_frame(frame().assign(id=range(120)), "shop")
    model, _ = train_table(
        table, "bought", keep=(name for name in ["id"]), recipe=Recipe(max_epochs=2)
    )
    assert "id" in model.encoder.features


def test_an_order_that_leaves_one_class_to_learn_from_is_refused():
    made = frame().sort_values("bought", ignore_index=True).assign(when=np.arange(120.0) ** 2)
    made["bought"] = ["no"] * 100 + ["yes"] * 20
    words = refusal(train_table, table_from_frame(made, "shop"), "bought", order="when")
    assert "the rows to learn from are all 'no'" in words


def test_a_network_that_failed_is_a_note_or_if_asked_for_an_error():
    class Kill(Callback):
        def on_train_end(self, state):
            if state.network.n_h:
                state.network.parameters.b1[:] = -1e3

    recipe = Recipe(max_epochs=20)
    model, _ = train_table(small(), "bought", recipe=recipe)
    assert not any("networks:" in note for note in model.record["notes"])
    # after the last callback, which puts the best parameters back, nothing else is changed
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("shoal.ensemble_training.EarlyStopping", lambda *_, **__: Kill())
        model, _ = train_table(small(), "bought", recipe=recipe)
        notes = [note for note in model.record["notes"] if "networks:" in note]
        assert notes[0].startswith("dead units, in 5 of 5 networks: 128 of 128 hidden units")
        words = refusal(train_table, small(), "bought", recipe=recipe, strict=True)
    assert words.startswith("dead units, in 5 of 5 networks")


@pytest.mark.parametrize(
    ("alpha", "name"), [(1e3, "alpha too large"), (1e-9, "no better than a guess")]
)
def test_strict_refuses_networks_that_learned_nothing(alpha, name):
    recipe = Recipe(alpha=alpha, max_epochs=5, batch_size=256)
    words = refusal(train_table, small(), "bought", recipe=recipe, strict=True)
    assert words.startswith(f"{name}, in ")
    model, _ = train_table(small(), "bought", recipe=recipe)
    assert any(note.startswith(f"{name}, in ") for note in model.record["notes"])


def test_networks_that_diverged_are_left_out_and_told(monkeypatch):
    of_two = ensemble_training.train_population

    def one_diverges(members, *arguments, **options):
        histories = of_two(members, *arguments, **options)
        histories[0].diverged, histories[0].stop_reason = True, "training diverged"
        return histories

    monkeypatch.setattr(ensemble_training, "train_population", one_diverges)
    recipe = Recipe(networks=3, max_epochs=20)
    model, _ = train_table(small(), "bought", recipe=recipe)
    assert len(model.ensemble.networks) == 2
    assert "1 of 3 networks left the finite numbers and is left out" in model.record["notes"]
    words = refusal(train_table, small(), "bought", recipe=recipe, strict=True)
    assert "1 of 3 networks" in words


def test_rows_in_order_are_no_failure():
    random = np.random.default_rng(0)
    x = np.r_[np.full(2000, -3.0), random.normal(size=2000)]
    data = pd.DataFrame({"x": x, "z": np.r_[np.zeros(2000), random.normal(size=2000)]})
    data["y"] = np.where(data["x"] + data["z"] > 0, "yes", "no")
    table = table_from_frame(data, "in order")
    model, _ = train_table(table, "y", recipe=Recipe(networks=2, max_epochs=20), strict=True)
    assert len(model.ensemble.networks) == 2
