"""Answers that students give, each with the hint that it must meet.  They never reach a notebook."""


# %% id="matmul-swapped" wrong="matmul" hint="transposed"
def matmul_loops(A, B):
    if A.shape[1] != B.shape[0]:
        raise ValueError("shapes")
    C = np.zeros((B.shape[1], A.shape[0]))
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            for k in range(A.shape[1]):
                C[j, i] += A[i, k] * B[k, j]
    return C, 2 * A.shape[0] * A.shape[1] * B.shape[1]


# %% id="matmul-last-term" wrong="matmul" hint="last"
def matmul_loops(A, B):
    if A.shape[1] != B.shape[0]:
        raise ValueError("shapes")
    C = np.zeros((A.shape[0], B.shape[1]))
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            for k in range(A.shape[1]):
                C[i, j] = A[i, k] * B[k, j]
    return C, 2 * A.shape[0] * A.shape[1] * B.shape[1]


# %% id="matmul-integer-sums" wrong="matmul" hint="whole"
def matmul_loops(A, B):
    if A.shape[1] != B.shape[0]:
        raise ValueError("shapes")
    C = np.zeros((A.shape[0], B.shape[1]), dtype=A.dtype)
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            for k in range(A.shape[1]):
                C[i, j] += A[i, k] * B[k, j]
    return C, 2 * A.shape[0] * A.shape[1] * B.shape[1]


# %% id="matmul-library" wrong="matmul" hint="by hand"
def matmul_loops(A, B):
    if A.shape[1] != B.shape[0]:
        raise ValueError("shapes")
    return 1.0 * (A @ B), 2 * A.shape[0] * A.shape[1] * B.shape[1]


# %% id="matmul-multiplications" wrong="matmul" hint="half"
def matmul_loops(A, B):
    if A.shape[1] != B.shape[0]:
        raise ValueError("shapes")
    C, operations = np.zeros((A.shape[0], B.shape[1])), 0
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            for k in range(A.shape[1]):
                C[i, j] += A[i, k] * B[k, j]
                operations += 1
    return C, operations


# %% id="matmul-elementwise" wrong="matmul" hint="error"
def matmul_loops(A, B):
    return A * B, 2 * A.size


# %% id="matmul-no-check" wrong="matmul" hint="raises"
def matmul_loops(A, B):
    C, operations = np.zeros((A.shape[0], B.shape[1])), 0
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            for k in range(min(A.shape[1], B.shape[0])):
                C[i, j] += A[i, k] * B[k, j]
                operations += 2
    return C, operations


# %% id="matmul-one-value" wrong="matmul" hint="returns"
def matmul_loops(A, B):
    return np.array([[sum(A[i, k] * B[k, j] for k in range(len(B))) for j in range(B.shape[1])] for i in range(len(A))])


# %% id="amdahl-linear" wrong="amdahl" hint="linear"
def amdahl(p, n):
    return n * p


# %% id="amdahl-time" wrong="amdahl" hint="time"
def amdahl(p, n):
    return (1 - p) + p / n


# %% id="amdahl-swapped" wrong="amdahl" hint="swapped"
def amdahl(p, n):
    return 1 / (p + (1 - p) / n)


# %% id="mcp-strict" wrong="mcp-neuron" hint="strict"
def mcp_neuron(x, excitatory, inhibitory, theta):
    return int(x[excitatory].sum() > theta and not x[inhibitory].any())


# %% id="mcp-subtract" wrong="mcp-neuron" hint="subtract"
def mcp_neuron(x, excitatory, inhibitory, theta):
    return int(x[excitatory].sum() - x[inhibitory].sum() >= theta)


# %% id="mcp-no-inhibition" wrong="mcp-neuron" hint="ignored"
def mcp_neuron(x, excitatory, inhibitory, theta):
    return int(x[excitatory].sum() >= theta)


# %% id="mcp-all-inputs" wrong="mcp-neuron" hint="all-inputs"
def mcp_neuron(x, excitatory, inhibitory, theta):
    return int(x.sum() >= theta and not x[inhibitory].any())


# %% id="mcp-bool" wrong="mcp-neuron" hint="value"
def mcp_neuron(x, excitatory, inhibitory, theta):
    return bool(x[excitatory].sum() >= theta and not x[inhibitory].any())


# %% id="oja-hebb" wrong="oja-rule" hint="hebb"
def oja(x, w, eta):
    for row in x:
        w = w + eta * (w @ row) * row
    return w


# %% id="oja-normalised" wrong="oja-rule" hint="normalised"
def oja(x, w, eta):
    for row in x:
        w = w + eta * (w @ row) * row
        w = w / np.linalg.norm(w)
    return w


# %% id="oja-unsquared" wrong="oja-rule" hint="unsquared"
def oja(x, w, eta):
    for row in x:
        y = w @ row
        w = w + eta * (y * row - y * w)
    return w


# %% id="oja-no-output" wrong="oja-rule" hint="no-output"
def oja(x, w, eta):
    for row in x:
        w = w + eta * (row - (w @ row) * w)
    return w


# %% id="oja-batch" wrong="oja-rule" hint="batch"
def oja(x, w, eta):
    y = x @ w
    return w + eta * sum(y[n] * (x[n] - y[n] * w) for n in range(len(x)))


# %% id="oja-first" wrong="oja-rule" hint="first"
def oja(x, w, eta):
    for row in x:
        y = w @ row
        return w + eta * y * (row - y * w)


# %% id="oja-in-place" wrong="oja-rule" hint="pure"
def oja(x, w, eta):
    for row in x:
        y = w @ row
        w += eta * y * (row - y * w)
    return w


# %% id="lms-after" wrong="lms-rule" hint="after"
def lms(x, d, taps, mu):
    w, u, e = np.zeros(taps), np.zeros(taps), np.empty(len(x))
    for t in range(len(x)):
        u = np.append(x[t], u[:-1])
        w = w + 2 * mu * (d[t] - w @ u) * u
        e[t] = d[t] - w @ u
    return w, e


# %% id="lms-sign" wrong="lms-rule" hint="sign"
def lms(x, d, taps, mu):
    w, u, e = np.zeros(taps), np.zeros(taps), np.empty(len(x))
    for t in range(len(x)):
        u = np.append(x[t], u[:-1])
        e[t] = d[t] - w @ u
        w = w - 2 * mu * e[t] * u
    return w, e


# %% id="lms-factor" wrong="lms-rule" hint="factor"
def lms(x, d, taps, mu):
    w, u, e = np.zeros(taps), np.zeros(taps), np.empty(len(x))
    for t in range(len(x)):
        u = np.append(x[t], u[:-1])
        e[t] = d[t] - w @ u
        w = w + mu * e[t] * u
    return w, e


# %% id="lms-quantised" wrong="lms-rule" hint="quantised"
def lms(x, d, taps, mu):
    w, u, e = np.zeros(taps), np.zeros(taps), np.empty(len(x))
    for t in range(len(x)):
        u = np.append(x[t], u[:-1])
        e[t] = d[t] - (1.0 if w @ u > 0 else -1.0)
        w = w + 2 * mu * e[t] * u
    return w, e


# %% id="lms-reversed" wrong="lms-rule" hint="reversed"
def lms(x, d, taps, mu):
    w, u, e = np.zeros(taps), np.zeros(taps), np.empty(len(x))
    for t in range(len(x)):
        u = np.append(u[1:], x[t])
        e[t] = d[t] - w @ u
        w = w + 2 * mu * e[t] * u
    return w, e


# %% id="lms-wrapped" wrong="lms-rule" hint="wrapped"
def lms(x, d, taps, mu):
    w, e = np.zeros(taps), np.empty(len(x))
    for t in range(len(x)):
        u = np.array([x[t - k] for k in range(taps)])
        e[t] = d[t] - w @ u
        w = w + 2 * mu * e[t] * u
    return w, e


# %% id="lms-late-start" wrong="lms-rule" hint="start"
def lms(x, d, taps, mu):
    w, e = np.zeros(taps), np.zeros(len(x))
    for t in range(taps - 1, len(x)):
        u = x[t - taps + 1 : t + 1][::-1]
        e[t] = d[t] - w @ u
        w = w + 2 * mu * e[t] * u
    return w, e


# %% id="lms-only-weights" wrong="lms-rule" hint="returns"
def lms(x, d, taps, mu):
    w, u = np.zeros(taps), np.zeros(taps)
    for t in range(len(x)):
        u = np.append(x[t], u[:-1])
        w = w + 2 * mu * (d[t] - w @ u) * u
    return w


# %% id="lms-library" wrong="lms-rule" hint="by hand"
def lms(x, d, taps, mu):
    return adaline.echo_canceller(x, d, taps, mu)


# %% id="madaline-always" wrong="madaline-rule" hint="always"
def rule_one(x, t, W, b, eta):
    z = W @ x + b
    moved = np.arange(len(b)) == np.argmin(np.abs(z))
    step = eta * moved * (t - z)
    return W + np.outer(step, x), b + step


# %% id="madaline-all-missed" wrong="madaline-rule" hint="all-missed"
def rule_one(x, t, W, b, eta):
    z = W @ x + b
    if (1 if np.any(z > 0) else -1) == t:
        return W, b
    step = eta * (t - z)
    return W + np.outer(step, x), b + step


# %% id="madaline-farthest" wrong="madaline-rule" hint="farthest"
def rule_one(x, t, W, b, eta):
    z = W @ x + b
    moved = np.zeros(len(b))
    if t == 1 and not np.any(z > 0):
        moved[np.argmin(z)] = 1.0
    elif t == -1:
        moved[z > 0] = 1.0
    step = eta * moved * (t - z)
    return W + np.outer(step, x), b + step


# %% id="madaline-fixed" wrong="madaline-rule" hint="fixed"
def rule_one(x, t, W, b, eta):
    z = W @ x + b
    moved = np.zeros(len(b))
    if t == 1 and not np.any(z > 0):
        moved[np.argmin(np.abs(z))] = 1.0
    elif t == -1:
        moved[z > 0] = 1.0
    step = eta * moved * t
    return W + np.outer(step, x), b + step


# %% id="madaline-no-bias" wrong="madaline-rule" hint="bias"
def rule_one(x, t, W, b, eta):
    z = W @ x + b
    moved = np.zeros(len(b))
    if t == 1 and not np.any(z > 0):
        moved[np.argmin(np.abs(z))] = 1.0
    elif t == -1:
        moved[z > 0] = 1.0
    return W + np.outer(eta * moved * (t - z), x), b


# %% id="madaline-one-missed" wrong="madaline-rule" hint="one-missed"
def rule_one(x, t, W, b, eta):
    z = W @ x + b
    moved = np.zeros(len(b))
    if t == 1 and not np.any(z > 0):
        moved[np.argmin(np.abs(z))] = 1.0
    elif t == -1 and np.any(z > 0):
        moved[np.argmin(np.where(z > 0, z, np.inf))] = 1.0
    step = eta * moved * (t - z)
    return W + np.outer(step, x), b + step


# %% id="madaline-every-missed" wrong="madaline-rule" hint="every-missed"
def rule_one(x, t, W, b, eta):
    z = W @ x + b
    moved = np.zeros(len(b))
    if t == 1 and not np.any(z > 0):
        moved[np.argmin(np.abs(z))] = 1.0
    elif t == -1 and np.any(z > 0):
        moved[:] = 1.0
    step = eta * moved * (t - z)
    return W + np.outer(step, x), b + step


# %% id="madaline-in-place" wrong="madaline-rule" hint="pure"
def rule_one(x, t, W, b, eta):
    z = W @ x + b
    if t == 1 and not np.any(z > 0):
        k = np.argmin(np.abs(z))
        W[k] += eta * (t - z[k]) * x
        b[k] += eta * (t - z[k])
    elif t == -1:
        for k in np.flatnonzero(z > 0):
            W[k] += eta * (t - z[k]) * x
            b[k] += eta * (t - z[k])
    return W, b
