"""Answers that students really give, each with the hint that it must meet.  They never reach a notebook."""


# %% id="read-curves-positions" wrong="read-curves" hint="zero"
def read_curves(train_acc, val_acc, val_cost):
    return int(np.argmin(val_cost)), int(np.argmax(val_acc)), train_acc[-1] - val_acc[-1]


# %% id="read-curves-highest-cost" wrong="read-curves" hint="highest"
def read_curves(train_acc, val_acc, val_cost):
    return int(np.argmax(val_cost)) + 1, int(np.argmax(val_acc)) + 1, train_acc[-1] - val_acc[-1]


# %% id="read-curves-last" wrong="read-curves" hint="last"
def read_curves(train_acc, val_acc, val_cost):
    best = np.flatnonzero(val_acc == val_acc.max())[-1]
    return int(np.argmin(val_cost)) + 1, int(best) + 1, train_acc[-1] - val_acc[-1]


# %% id="read-curves-sign" wrong="read-curves" hint="sign"
def read_curves(train_acc, val_acc, val_cost):
    return int(np.argmin(val_cost)) + 1, int(np.argmax(val_acc)) + 1, val_acc[-1] - train_acc[-1]


# %% id="read-curves-best" wrong="read-curves" hint="best"
def read_curves(train_acc, val_acc, val_cost):
    return int(np.argmin(val_cost)) + 1, int(np.argmax(val_acc)) + 1, train_acc.max() - val_acc.max()


# %% id="split-blocks" wrong="three-way-split" hint="sorted"
def three_way_split(order, n_val, n_test):
    n_train = len(order) - n_val - n_test
    if n_train < 1:
        raise ValueError("nothing left for the training")
    indices = np.arange(len(order))
    return indices[:n_train], indices[n_train : n_train + n_val], indices[n_train + n_val :]


# %% id="split-swapped" wrong="three-way-split" hint="swapped"
def three_way_split(order, n_val, n_test):
    n_train = len(order) - n_val - n_test
    if n_train < 1:
        raise ValueError("nothing left for the training")
    return order[:n_train], order[n_train + n_val :], order[n_train : n_train + n_val]


# %% id="split-overlap" wrong="three-way-split" hint="overlap"
def three_way_split(order, n_val, n_test):
    n_train = len(order) - n_val - n_test
    if n_train < 1:
        raise ValueError("nothing left for the training")
    return order, order[n_train : n_train + n_val], order[n_train + n_val :]


# %% id="split-minus-zero" wrong="three-way-split" hint="zero"
def three_way_split(order, n_val, n_test):
    if n_val + n_test >= len(order):
        raise ValueError("nothing left for the training")
    held_out = n_val + n_test
    return order[:-held_out], order[-held_out:-n_test], order[-n_test:]


# %% id="split-no-error" wrong="three-way-split" hint="raises"
def three_way_split(order, n_val, n_test):
    n_train = len(order) - n_val - n_test
    return order[:n_train], order[n_train : n_train + n_val], order[n_train + n_val :]


# %% id="l2-step-without-n" wrong="l2-step" hint="n"
def l2_step(weights, biases, weight_grads, bias_grads, eta, lmbda, n):
    new_weights = [(1 - eta * lmbda) * W - eta * dW for W, dW in zip(weights, weight_grads)]
    return new_weights, [b - eta * db for b, db in zip(biases, bias_grads)]


# %% id="l2-step-half" wrong="l2-step" hint="half"
def l2_step(weights, biases, weight_grads, bias_grads, eta, lmbda, n):
    new_weights = [W - eta * (dW + lmbda / (2 * n) * W) for W, dW in zip(weights, weight_grads)]
    return new_weights, [b - eta * db for b, db in zip(biases, bias_grads)]


# %% id="l2-step-grow" wrong="l2-step" hint="grow"
def l2_step(weights, biases, weight_grads, bias_grads, eta, lmbda, n):
    new_weights = [W - eta * dW + eta * lmbda / n * W for W, dW in zip(weights, weight_grads)]
    return new_weights, [b - eta * db for b, db in zip(biases, bias_grads)]


# %% id="l2-step-biases-too" wrong="l2-step" hint="biases"
def l2_step(weights, biases, weight_grads, bias_grads, eta, lmbda, n):
    shrink = 1 - eta * lmbda / n
    new_weights = [shrink * W - eta * dW for W, dW in zip(weights, weight_grads)]
    return new_weights, [shrink * b - eta * db for b, db in zip(biases, bias_grads)]


# %% id="l2-step-first-layer" wrong="l2-step" hint="layers"
def l2_step(weights, biases, weight_grads, bias_grads, eta, lmbda, n):
    new_weights = [W - eta * dW for W, dW in zip(weights, weight_grads)]
    new_weights[0] = new_weights[0] - eta * lmbda / n * weights[0]
    return new_weights, [b - eta * db for b, db in zip(biases, bias_grads)]


# %% id="l2-step-decay-after" wrong="l2-step" hint="after"
def l2_step(weights, biases, weight_grads, bias_grads, eta, lmbda, n):
    new_weights = [(1 - eta * lmbda / n) * (W - eta * dW) for W, dW in zip(weights, weight_grads)]
    return new_weights, [b - eta * db for b, db in zip(biases, bias_grads)]


# %% id="l2-step-in-place" wrong="l2-step" hint="pure"
def l2_step(weights, biases, weight_grads, bias_grads, eta, lmbda, n):
    for layer in range(len(weights)):
        weights[layer] *= 1 - eta * lmbda / n
        weights[layer] -= eta * weight_grads[layer]
        biases[layer] -= eta * bias_grads[layer]
    return weights, biases


# %% id="ridge-reversed" wrong="ridge-polyfit" hint="reversed"
def ridge_polyfit(x, y, degree, lam):
    V = np.vander(x, degree + 1)
    R = np.eye(degree + 1)
    R[-1, -1] = 0
    return np.linalg.solve(V.T @ V + lam * R, V.T @ y)


# %% id="ridge-intercept" wrong="ridge-polyfit" hint="intercept"
def ridge_polyfit(x, y, degree, lam):
    V = np.vander(x, degree + 1, increasing=True)
    return np.linalg.solve(V.T @ V + lam * np.eye(degree + 1), V.T @ y)


# %% id="ridge-mean" wrong="ridge-polyfit" hint="mean"
def ridge_polyfit(x, y, degree, lam):
    V = np.vander(x, degree + 1, increasing=True)
    R = np.diag([0.0] + degree * [1.0])
    return np.linalg.solve(V.T @ V + len(x) * lam * R, V.T @ y)


# %% id="ridge-root" wrong="ridge-polyfit" hint="root"
def ridge_polyfit(x, y, degree, lam):
    rows = np.vstack([np.vander(x, degree + 1, increasing=True), lam * np.eye(degree + 1)[1:]])
    return np.linalg.lstsq(rows, np.concatenate([y, np.zeros(degree)]), rcond=None)[0]


# %% id="ridge-ignored" wrong="ridge-polyfit" hint="ignored"
def ridge_polyfit(x, y, degree, lam):
    return np.linalg.pinv(np.vander(x, degree + 1, increasing=True)) @ y


# %% id="jacobian-no-output-slope" wrong="input-jacobian" hint="output"
def input_jacobian(W1, b1, W2, b2, x):
    a1 = sigmoid(W1 @ x + b1)
    return W2 @ np.diag(a1 * (1 - a1)) @ W1


# %% id="jacobian-no-hidden-slope" wrong="input-jacobian" hint="hidden"
def input_jacobian(W1, b1, W2, b2, x):
    a2 = sigmoid(W2 @ sigmoid(W1 @ x + b1) + b2)
    return np.diag(a2 * (1 - a2)) @ W2 @ W1


# %% id="jacobian-slope-at-a" wrong="input-jacobian" hint="twice"
def input_jacobian(W1, b1, W2, b2, x):
    def slope(z):
        return sigmoid(z) * (1 - sigmoid(z))

    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    return np.diag(slope(a2)) @ W2 @ np.diag(slope(a1)) @ W1


# %% id="jacobian-no-bias" wrong="input-jacobian" hint="bias"
def input_jacobian(W1, b1, W2, b2, x):
    a1 = sigmoid(W1 @ x)
    a2 = sigmoid(W2 @ a1)
    return np.diag(a2 * (1 - a2)) @ W2 @ np.diag(a1 * (1 - a1)) @ W1


# %% id="jacobian-transposed" wrong="input-jacobian" hint="transposed"
def input_jacobian(W1, b1, W2, b2, x):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    return (np.diag(a2 * (1 - a2)) @ W2 @ np.diag(a1 * (1 - a1)) @ W1).T


# %% id="jacobian-differences" wrong="input-jacobian" hint="by hand"
def input_jacobian(W1, b1, W2, b2, x):
    steps = 1e-6 * np.eye(len(x))
    columns = [
        (network_output(W1, b1, W2, b2, x + s) - network_output(W1, b1, W2, b2, x - s)) / 2e-6 for s in steps
    ]
    return np.stack(columns, axis=1)
