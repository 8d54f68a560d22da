import io
import itertools
import json
import sys

import numpy as np
import pytest

from dlbook import nn, optim, train
from dlbook.train import Config, History, accuracy, binary_accuracy, fit


def network(sizes, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    layers = []
    for inputs, outputs in itertools.pairwise(sizes):
        layers += [nn.Linear(inputs, outputs, rng=rng, dtype=dtype), nn.Sigmoid()]
    return nn.Sequential(*layers)


def xor():
    x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    return x, np.array([[0.0], [1.0], [1.0], [0.0]])


def run(config=None, seed=0, model=None, **options):
    """Seven noisy rows, so that the last batch is short."""
    rng = np.random.default_rng(5)
    data = rng.standard_normal((7, 3)), rng.uniform(0, 1, (7, 2))
    model = model or network([3, 4, 2])
    sgd = optim.SGD(model.parameters(), lr=1.0)
    history = fit(
        model,
        nn.QuadraticLoss(),
        sgd,
        data,
        config or Config(epochs=3, batch_size=3),
        rng=np.random.default_rng(seed),
        **options,
    )
    return model, history


def test_handwritten_digits_are_learnt():
    datasets = pytest.importorskip("sklearn.datasets")
    images, labels = datasets.load_digits(return_X_y=True)
    mixed = np.random.default_rng(1).permutation(len(images))
    images, labels = images[mixed] / 16, labels[mixed]
    one_hot = np.eye(10)[labels]
    model = network([64, 30, 10])
    history = fit(
        model,
        nn.QuadraticLoss(),
        optim.SGD(model.parameters(), lr=3.0),
        (images[:1400], one_hot[:1400]),
        Config(epochs=15, batch_size=10, train_metrics=True),
        rng=np.random.default_rng(0),
        validation=(images[1400:], one_hot[1400:]),
        metrics={"accuracy": accuracy},
    )
    assert history.validation["accuracy"][-1] > 0.9
    assert history.train["accuracy"][-1] > 0.95
    assert history.train["loss"][-1] < history.train["loss"][0] / 5
    assert len(history.seconds) == 15
    assert train.evaluate(model, None, (images[1400:], labels[1400:]), {"accuracy": accuracy}) == {
        "accuracy": history.validation["accuracy"][-1]
    }


def test_one_epoch_is_the_steps_done_by_hand():
    model, history = run(Config(epochs=1, batch_size=3))
    rng = np.random.default_rng(5)
    x, y = rng.standard_normal((7, 3)), rng.uniform(0, 1, (7, 2))
    other = network([3, 4, 2])
    order = np.random.default_rng(0).permutation(7)
    total = 0.0
    for rows in (order[:3], order[3:6], order[6:]):
        prediction, cache = other.forward(x[rows])
        value, loss_cache = nn.quadratic_loss(prediction, y[rows])
        other.zero_grad()
        other.backward(nn.quadratic_loss_backward(1.0, loss_cache), cache)
        for parameter in other.parameters():
            parameter.data = parameter.data - 1.0 * parameter.grad
        total += value * len(rows)
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, other.state_dict()[name])
    np.testing.assert_allclose(history.train["loss"], [total / 7])


def test_the_same_generator_gives_the_same_weights():
    first, history = run(seed=1)
    again, same = run(seed=1)
    other, _ = run(seed=2)
    for name, array in first.state_dict().items():
        np.testing.assert_array_equal(array, again.state_dict()[name])
    assert history.train == same.train
    assert np.any(first[0].weight.data != other[0].weight.data)
    unshuffled, _ = run(Config(epochs=2, batch_size=3, shuffle=False), seed=1)
    unshuffled_too, _ = run(Config(epochs=2, batch_size=3, shuffle=False), seed=2)
    np.testing.assert_array_equal(unshuffled[0].weight.data, unshuffled_too[0].weight.data)


def test_a_sum_is_reported_by_example_too():
    model = network([2, 3, 1])
    x, y = xor()
    still = optim.SGD(model.parameters(), lr=0.0)
    reported = [
        fit(model, nn.QuadraticLoss(kind), still, (x, y), Config(1, 3), rng=np.random.default_rng(0)).train["loss"][0]
        for kind in ("mean", "sum")
    ]
    np.testing.assert_allclose(reported, nn.quadratic_loss(model(x), y)[0])


def test_early_stopping_restores_the_best_weights():
    model = network([2, 3, 1])
    x, y = xor()
    seen = []

    def remember(history):
        seen.append(model.state_dict())

    history = fit(
        model,
        nn.QuadraticLoss(),
        optim.SGD(model.parameters(), lr=2.0),
        (x, y),
        Config(epochs=50, batch_size=4, patience=3),
        rng=np.random.default_rng(0),
        validation=(x, 1 - y + 0.3),
        after_epoch=remember,
    )
    losses = history.validation["loss"]
    assert history.stopped_early
    assert history.best_epoch == int(np.argmin(losses))
    assert len(losses) == history.best_epoch + 4 == len(seen)
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, seen[history.best_epoch][name])
    np.testing.assert_allclose(train.evaluate(model, nn.QuadraticLoss(), (x, 1 - y + 0.3))["loss"], min(losses))


def test_small_improvements_do_not_count_and_metrics_are_better_when_larger():
    x, y = xor()
    model = network([2, 3, 1])
    values = iter([0.1, 0.5, 0.55, 0.58, 0.9])
    history = fit(
        model,
        nn.QuadraticLoss(),
        optim.SGD(model.parameters(), lr=0.1),
        (x, y),
        Config(epochs=5, patience=2, min_delta=0.1, monitor="score"),
        rng=np.random.default_rng(0),
        validation=(x, y),
        metrics={"score": lambda prediction, target: next(values)},
    )
    assert history.best_epoch == 1
    assert history.validation["score"] == [0.1, 0.5, 0.55, 0.58]
    assert history.stopped_early


def test_a_loss_that_is_never_a_number_stops_by_patience():
    x, y = xor()
    model = network([2, 3, 1])
    config = Config(epochs=9, patience=2)
    sgd = optim.SGD(model.parameters(), lr=0.1)
    history = fit(
        model, nn.QuadraticLoss(), sgd, (x, y), config, rng=np.random.default_rng(0), validation=(x, y * np.nan)
    )
    assert len(history.seconds) == 3


def test_any_number_is_better_than_none():
    x, y = xor()
    model = network([2, 3, 1])
    values = iter([np.nan, 0.1, 0.2, np.nan, 0.3])
    history = fit(
        model,
        nn.QuadraticLoss(),
        optim.SGD(model.parameters(), lr=0.1),
        (x, y),
        Config(epochs=5, patience=2, monitor="score"),
        rng=np.random.default_rng(0),
        validation=(x, y),
        metrics={"score": lambda prediction, target: next(values)},
    )
    assert history.best_epoch == 4


def test_single_precision_model_trains_in_single_precision():
    model, history = run(model=network([3, 4, 2], dtype=np.float32))
    assert {array.dtype for array in model.state_dict().values()} == {np.dtype(np.float32)}
    assert all(type(value) is float for value in history.train["loss"])


def test_data_stay_as_they_were():
    x, y = xor()
    model = network([2, 3, 1])
    fit(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.5), (x, y), rng=np.random.default_rng(0))
    np.testing.assert_array_equal(x, xor()[0])
    np.testing.assert_array_equal(y, xor()[1])


def test_evaluation_mode_is_left_as_it_was():
    class Asked(nn.Identity):
        modes = ()

        def forward(self, x):
            self.modes += (self.training,)
            return super().forward(x)

    asked = Asked()
    model = nn.Sequential(nn.Linear(3, 2, rng=np.random.default_rng(0)), asked)
    rng = np.random.default_rng(5)
    run(Config(epochs=1, batch_size=7), model=model, validation=(rng.normal(size=(4, 3)), rng.normal(size=(4, 2))))
    assert asked.modes == (True, False)
    assert model.training
    train.predict(model.eval(), np.ones((2, 3)))
    assert not model.training


class Noted(nn.Module):
    """What its inputs were, and whether in training."""

    def __init__(self):
        self.seen = []

    def forward(self, x):
        self.seen.append((self.training, len(x)))
        return x, None

    def backward(self, dy, cache):
        return dy


def test_every_module_gets_its_own_mode_back():
    noted, rng = Noted(), np.random.default_rng(0)
    model = nn.Sequential(nn.Linear(3, 2, rng=rng), noted)
    noted.eval()  # alone
    data = np.ones((5, 3)), np.ones((5, 2))
    train.evaluate(model, nn.MSELoss(), data)
    assert (model.training, model[0].training, noted.training) == (True, True, False)
    model[0].eval()
    run(Config(epochs=1, batch_size=7), model=model, validation=data)
    assert noted.seen == [(False, 5), (True, 7), (False, 5)]
    assert (model.training, model[0].training, noted.training) == (True, False, False)
    with pytest.raises(ValueError, match="x: expected shape"):
        train.predict(model.train(), np.ones((5, 4)))
    assert noted.training


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("loss", [nn.QuadraticLoss, nn.MSELoss])
def test_accumulated_gradients_are_those_of_the_whole_batch(loss, reduction):
    rng = np.random.default_rng(5)
    data = rng.standard_normal((23, 3)), rng.uniform(0, 1, (23, 2))

    def trained(accumulate):
        model = network([3, 4, 2])
        history = fit(
            model,
            loss(reduction),
            optim.SGD(model.parameters(), lr=0.1, momentum=0.5),
            data,
            Config(epochs=3, batch_size=10, accumulate=accumulate),
            rng=np.random.default_rng(0),
        )
        return model.state_dict(), history.train["loss"]

    whole, losses = trained(1)
    for accumulate in (2, 3, 10, 50):
        state, same = trained(accumulate)
        np.testing.assert_allclose(same, losses, rtol=1e-13)
        for name, array in state.items():
            np.testing.assert_allclose(array, whole[name], rtol=1e-12, atol=1e-14)


def test_portions_of_a_batch():
    noted = Noted()
    model = nn.Sequential(nn.Linear(3, 2, rng=np.random.default_rng(0)), noted)
    run(Config(epochs=1, batch_size=5, accumulate=3), model=model)
    assert [size for _, size in noted.seen] == [
        2,
        2,
        1,
        1,
        1,
    ]  # five rows in three portions, then the two that are left
    with pytest.raises(ValueError, match="accumulate: expected at least 1, got 0"):
        Config(accumulate=0)


def test_a_metric_may_be_better_when_smaller():
    x, y = xor()

    def best(mode, monitor="error"):
        model = network([2, 3, 1])
        values = iter([0.5, 0.3, 0.4, 0.6, 0.9])
        return fit(
            model,
            nn.QuadraticLoss(),
            optim.SGD(model.parameters(), lr=0.1),
            (x, y),
            Config(epochs=5, patience=4, monitor=monitor, mode=mode),
            rng=np.random.default_rng(0),
            validation=(x, y),
            metrics={"error": lambda prediction, target: next(values)},
        ).best_epoch

    assert (best("min"), best("max"), best(None)) == (1, 4, 4)
    assert best(None, "loss") == best("min", "loss") == 4
    assert best("max", "loss") == 0
    with pytest.raises(ValueError, match="mode: expected 'min', 'max' or None, got 'least'"):
        Config(mode="least")


def with_batch_norm(seed=0):
    rng = np.random.default_rng(seed)
    return nn.Sequential(
        nn.Linear(3, 6, rng=rng), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.2, rng=rng), nn.Linear(6, 2, rng=rng)
    )


def test_running_statistics_are_restored_with_the_best_weights():
    model = with_batch_norm()
    rng = np.random.default_rng(5)
    data = rng.standard_normal((9, 3)), rng.uniform(0, 1, (9, 2))
    validation = rng.standard_normal((20, 3)), rng.uniform(0, 1, (20, 2))
    history = fit(
        model,
        nn.MSELoss(),
        optim.SGD(model.parameters(), lr=0.3),
        data,
        Config(epochs=200, batch_size=3, patience=5),
        rng=np.random.default_rng(0),
        validation=validation,
    )
    assert history.stopped_early
    assert model[1].num_batches_tracked.data == 3 * (history.best_epoch + 1)
    best = history.validation["loss"][history.best_epoch]
    assert train.evaluate(model, nn.MSELoss(), validation)["loss"] == best
    assert best == min(history.validation["loss"])


def test_checkpoint_holds_running_statistics(tmp_path):
    model, other = with_batch_norm(), with_batch_norm(seed=1)
    model(np.random.default_rng(0).standard_normal((8, 3)))
    train.save_checkpoint(tmp_path / "model.safetensors", model)
    train.load_checkpoint(tmp_path / "model.safetensors", other)
    for name, array in model.state_dict().items():
        assert array.shape == other.state_dict()[name].shape
        np.testing.assert_array_equal(array, other.state_dict()[name])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data": (np.ones((3, 2)), np.ones((4, 1)))}, r"data: expected as many rows.*x \(3, 2\) and y \(4, 1\)"),
        ({"data": np.ones((3, 2))}, r"data: expected a pair \(x, y\), got ndarray"),
        ({"data": (np.ones((0, 2)), np.ones((0, 1)))}, "data: expected at least one example"),
        ({"validation": (np.ones((1, 2)), np.float64(1))}, "validation: expected as many rows"),
        ({"config": Config(patience=2)}, "patience: expected validation data"),
        (
            {"config": Config(patience=2, monitor="accuracy"), "validation": xor()},
            "monitor: expected loss, got 'accuracy'",
        ),
        ({"data": (np.ones((3, 5)), np.ones((3, 1)))}, r"x: expected shape \(…, 2\), got \(3, 5\)"),
    ],
)
def test_wrong_input_is_named(changes, message):
    model = network([2, 3, 1])
    arguments = {"data": xor(), "config": Config(), "rng": np.random.default_rng(0)} | changes
    with pytest.raises(ValueError, match=message):
        fit(model, nn.QuadraticLoss(), optim.SGD(model.parameters(), lr=0.1), **arguments)


@pytest.mark.parametrize("settings", [{"epochs": -1}, {"batch_size": 0}, {"patience": 0}, {"min_delta": -0.1}])
def test_wrong_settings_are_named(settings):
    (name,) = settings
    with pytest.raises(ValueError, match=f"{name}: expected at least"):
        Config(**settings)


def test_accuracy():
    prediction = np.array([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]])
    assert accuracy(prediction, np.array([1, 0, 0])) == pytest.approx(2 / 3)
    assert accuracy(prediction, np.eye(2)[[1, 0, 0]]) == pytest.approx(2 / 3)
    assert binary_accuracy(prediction, prediction > 0.75) == pytest.approx(5 / 6)
    with pytest.raises(ValueError, match="binary_accuracy is for a single output"):
        accuracy(prediction[:, :1], np.array([1, 0, 0]))
    with pytest.raises(ValueError, match="target: expected shape"):
        accuracy(prediction, np.array([[1, 0, 0]]))
    with pytest.raises(ValueError, match="target: expected shape"):
        binary_accuracy(prediction, np.array([1, 0, 0]))


def test_checkpoint_brings_back_weights_and_history(tmp_path):
    rng = np.random.default_rng(0)
    validation = rng.normal(size=(4, 3)), rng.normal(size=(4, 2))
    model, history = run(Config(epochs=3, batch_size=2, patience=2), validation=validation)
    path = tmp_path / "model.safetensors"
    train.save_checkpoint(path, model, history)
    assert [file.name for file in tmp_path.iterdir()] == ["model.safetensors"]

    other = network([3, 4, 2], seed=9)
    assert train.load_checkpoint(path, other) == history
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, other.state_dict()[name])

    train.save_checkpoint(path, model)
    assert train.load_checkpoint(path, other) is None
    with pytest.raises(ValueError, match="state dict does not fit"):
        train.load_checkpoint(path, network([3, 5, 2]))
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ValueError, match="expected a whole safetensors file"):
        train.load_checkpoint(path, other)


def test_history_is_plain_lists():
    _, history = run(validation=(np.ones((1, 3)), np.ones((1, 2))), metrics={"error": lambda p, y: np.abs(p - y).max()})
    assert json.loads(json.dumps([history.train, history.validation])) == [history.train, history.validation]
    assert history.best_epoch == int(np.argmin(history.validation["loss"]))
    assert not history.stopped_early


def test_history_draws_itself():
    pytest.importorskip("matplotlib")
    history = History(
        Config(),
        train={"loss": [0.5, 0.3, 0.2]},
        validation={"loss": [0.6, 0.5, 0.55], "accuracy": [0.5, 0.7, 0.6]},
        best_epoch=1,
        stopped_early=True,
    )
    figure = history.plot()
    losses, accuracies = figure.axes
    assert [line.get_label() for line in losses.lines] == ["training", "validation", "best epoch"]
    np.testing.assert_array_equal(losses.lines[1].get_ydata(), history.validation["loss"])
    np.testing.assert_array_equal(losses.lines[0].get_xdata(), [1, 2, 3])
    assert [line.get_label() for line in accuracies.lines] == ["validation", "best epoch"]
    assert (accuracies.get_xlabel(), accuracies.get_ylabel()) == ("epoch", "accuracy")


def test_progress_line(monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    validation = np.ones((1, 3)), np.ones((1, 2))
    run(validation=validation)
    assert screen.getvalue() == ""
    run(validation=validation, progress=True)
    last = screen.getvalue().split("\r")[-1]
    assert "█" * 20 in last
    assert "epoch 3 of 3 training loss 0." in last
    assert "validation loss 0." in last
    assert last.endswith("\n")


def test_progress_line_in_portuguese(monkeypatch):
    monkeypatch.setenv("DLBOOK_LANG", "pt-BR")
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    run(validation=(np.ones((1, 3)), np.ones((1, 2))), progress=True)
    last = screen.getvalue().split("\r")[-1]
    assert "época 3 de 3 perda de treino 0." in last
    assert "perda de validação 0." in last


def test_a_schedule_steps_after_each_epoch_or_each_batch():
    for schedule, expected in (("epoch", [0.5, 0.25]), ("batch", [0.5**3, 0.5**6])):  # 7 rows by 3: three batches
        model, rates = network([3, 4, 2]), []
        sgd = optim.SGD(model.parameters(), lr=1.0)
        fit(
            model,
            nn.QuadraticLoss(),
            sgd,
            (np.ones((7, 3)), np.ones((7, 2))),
            Config(epochs=2, batch_size=3, schedule=schedule),
            rng=np.random.default_rng(0),
            scheduler=optim.lr_scheduler.ExponentialLR(sgd, 0.5),
            after_epoch=lambda history, sgd=sgd, rates=rates: rates.append(sgd.lr),
        )
        assert rates == expected


def test_schedules_that_cannot_work_are_refused():
    model = network([3, 4, 2])
    data = np.ones((7, 3)), np.ones((7, 2))
    sgd = optim.SGD(model.parameters(), lr=1.0)
    watching = optim.lr_scheduler.ReduceLROnPlateau(sgd)

    def training(optimizer=sgd, scheduler=watching, schedule="epoch", monitor="loss", **options):
        config = Config(schedule=schedule, monitor=monitor)
        rng = np.random.default_rng(0)
        fit(model, nn.QuadraticLoss(), optimizer, data, config, rng=rng, scheduler=scheduler, **options)

    with pytest.raises(ValueError, match="expected validation data to watch"):
        training()
    with pytest.raises(ValueError, match="schedule: expected 'epoch' for a scheduler that watches"):
        training(schedule="batch", validation=data)
    with pytest.raises(ValueError, match="monitor: expected loss, got 'accuracy'"):
        training(monitor="accuracy", validation=data)
    with pytest.raises(ValueError, match="made for this optimizer"):
        training(optimizer=optim.SGD(model.parameters(), lr=1.0), validation=data)
    with pytest.raises(ValueError, match="schedule: expected 'epoch' or 'batch', got 'step'"):
        Config(schedule="step")


def test_steps_on_batches_equal_the_steps_by_hand():
    batches = [np.random.default_rng(i).standard_normal((2, 5, 3)) for i in range(4)]

    def learner(model):
        def learn_from(x, y):
            prediction, cache = model.forward(x)
            value, own = nn.mse_loss(prediction, y)
            model.backward(nn.mse_loss_backward(1.0, own), cache)
            return float(value)

        return learn_from

    by_loop, by_hand = network([3, 4, 3]), network([3, 4, 3])
    sgd = optim.SGD(by_loop.parameters(), lr=0.5)
    halving = optim.lr_scheduler.ExponentialLR(sgd, 0.5)
    losses = train.fit_steps(learner(by_loop), batches, sgd, max_norm=0.1, scheduler=halving)
    other, expected = optim.SGD(by_hand.parameters(), lr=0.5), []
    for i, batch in enumerate(batches):
        other.param_groups[0]["lr"] = 0.5**i * 0.5
        other.zero_grad()
        expected.append(learner(by_hand)(*batch))
        nn.clip_grad_norm_(by_hand.parameters(), 0.1)
        other.step()
    assert losses == expected
    for mine, theirs in zip(by_loop.parameters(), by_hand.parameters(), strict=True):
        np.testing.assert_allclose(mine.data, theirs.data, rtol=1e-14)


def test_steps_stop_at_a_loss_that_is_no_number():
    model = network([3, 2])
    sgd = optim.SGD(model.parameters(), lr=0.5)
    with pytest.raises(ValueError, match="loss: expected a number, got nan at step 1; lower the learning rate"):
        train.fit_steps(lambda value: value, [(1.0,), (float("nan"),)], sgd)
    foreign = optim.lr_scheduler.ExponentialLR(optim.SGD(model.parameters(), lr=0.5), 0.5)
    with pytest.raises(ValueError, match="scheduler: expected one that was made for this optimizer"):
        train.fit_steps(lambda value: value, [(1.0,)], sgd, scheduler=foreign)
