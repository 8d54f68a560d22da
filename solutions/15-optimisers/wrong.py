"""Answers that students really give, each with the hint that it must meet.  They never reach a notebook."""


# %% id="momentum-uphill" wrong="momentum-step" hint="uphill"
def momentum_step(w, v, g, eta, mu):
    v = mu * v + eta * g
    return w + v, v


# %% id="momentum-averaged" wrong="momentum-step" hint="averaged"
def momentum_step(w, v, g, eta, mu):
    v = mu * v - eta * (1 - mu) * g
    return w + v, v


# %% id="momentum-eta-on-position" wrong="momentum-step" hint="position"
def momentum_step(w, v, g, eta, mu):
    v = mu * v + g
    return w - eta * v, v


# %% id="momentum-minus" wrong="momentum-step" hint="minus"
def momentum_step(w, v, g, eta, mu):
    v = mu * v - eta * g
    return w - v, v


# %% id="momentum-old" wrong="momentum-step" hint="old"
def momentum_step(w, v, g, eta, mu):
    return w + v, mu * v - eta * g


# %% id="momentum-in-place" wrong="momentum-step" hint="pure"
def momentum_step(w, v, g, eta, mu):
    v *= mu
    v -= eta * g
    return w + v, v


# %% id="adam-exchanged" wrong="adam-step" hint="exchanged"
def adam_step(w, g, m, s, t, eta, beta1, beta2, eps):
    m = beta2 * m + (1 - beta2) * g
    s = beta1 * s + (1 - beta1) * g**2
    return w - eta * m / (1 - beta2**t) / (np.sqrt(s / (1 - beta1**t)) + eps), m, s


# %% id="adam-weight" wrong="adam-step" hint="weight"
def adam_step(w, g, m, s, t, eta, beta1, beta2, eps):
    m = beta1 * m + g
    s = beta2 * s + g**2
    return w - eta * m / (1 - beta1**t) / (np.sqrt(s / (1 - beta2**t)) + eps), m, s


# %% id="adam-stored" wrong="adam-step" hint="stored"
def adam_step(w, g, m, s, t, eta, beta1, beta2, eps):
    m = (beta1 * m + (1 - beta1) * g) / (1 - beta1**t)
    s = (beta2 * s + (1 - beta2) * g**2) / (1 - beta2**t)
    return w - eta * m / (np.sqrt(s) + eps), m, s


# %% id="adam-square" wrong="adam-step" hint="square"
def adam_step(w, g, m, s, t, eta, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * g
    s = beta2 * s + (1 - beta2) * g
    return w - eta * m / (1 - beta1**t) / (np.sqrt(np.abs(s) / (1 - beta2**t)) + eps), m, s


# %% id="adam-uncorrected" wrong="adam-step" hint="uncorrected"
def adam_step(w, g, m, s, t, eta, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * g
    s = beta2 * s + (1 - beta2) * g**2
    return w - eta * m / (np.sqrt(s) + eps), m, s


# %% id="adam-late" wrong="adam-step" hint="late"
def adam_step(w, g, m, s, t, eta, beta1, beta2, eps):
    t = t + 1
    m = beta1 * m + (1 - beta1) * g
    s = beta2 * s + (1 - beta2) * g**2
    return w - eta * m / (1 - beta1**t) / (np.sqrt(s / (1 - beta2**t)) + eps), m, s


# %% id="adam-inside" wrong="adam-step" hint="inside"
def adam_step(w, g, m, s, t, eta, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * g
    s = beta2 * s + (1 - beta2) * g**2
    return w - eta * m / (1 - beta1**t) / np.sqrt(s / (1 - beta2**t) + eps), m, s


# %% id="adam-root" wrong="adam-step" hint="root"
def adam_step(w, g, m, s, t, eta, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * g
    s = beta2 * s + (1 - beta2) * g**2
    return w - eta * m / (1 - beta1**t) / (s / (1 - beta2**t) + eps), m, s


# %% id="newton-plus" wrong="newton-exercise" hint="plus"
def newton(w, g, H, eta, damping):
    return w + eta * np.linalg.solve(H + damping * np.eye(len(w)), g)


# %% id="newton-diagonal" wrong="newton-exercise" hint="diagonal"
def newton(w, g, H, eta, damping):
    return w - eta * g / (np.diag(H) + damping)


# %% id="newton-product" wrong="newton-exercise" hint="product"
def newton(w, g, H, eta, damping):
    return w - eta * (H + damping * np.eye(len(w))) @ g


# %% id="newton-no-eta" wrong="newton-exercise" hint="eta"
def newton(w, g, H, eta, damping):
    return w - np.linalg.solve(H + damping * np.eye(len(w)), g)


# %% id="newton-undamped" wrong="newton-exercise" hint="damping"
def newton(w, g, H, eta, damping):
    return w - eta * np.linalg.solve(H, g)


# %% id="newton-everywhere" wrong="newton-exercise" hint="everywhere"
def newton(w, g, H, eta, damping):
    return w - eta * np.linalg.solve(H + damping, g)


# %% id="hessian-four" wrong="hessian-exercise" hint="four"
def numerical_hessian(f, w, eps):
    steps, H = eps * np.eye(len(w)), np.empty((len(w), len(w)))
    for j, a in enumerate(steps):
        for k, b in enumerate(steps):
            if j == k:
                H[j, k] = (f(w + a) - 2 * f(w) + f(w - a)) / eps**2
            else:
                H[j, k] = (f(w + a + b) - f(w + a - b) - f(w - a + b) + f(w - a - b)) / eps**2
    return H


# %% id="hessian-diagonal" wrong="hessian-exercise" hint="diagonal"
def numerical_hessian(f, w, eps):
    return np.diag([(f(w + a) - 2 * f(w) + f(w - a)) / eps**2 for a in eps * np.eye(len(w))])


# %% id="hessian-one-sided" wrong="hessian-exercise" hint="one-sided"
def numerical_hessian(f, w, eps):
    steps = eps * np.eye(len(w))
    return np.array([[(f(w + a + b) - f(w + a) - f(w + b) + f(w)) / eps**2 for b in steps] for a in steps])


# %% id="hvp-half" wrong="hvp-exercise" hint="half"
def hessian_vector(gradient, w, v, eps):
    return (gradient(w + eps * v) - gradient(w - eps * v)) / eps


# %% id="hvp-undivided" wrong="hvp-exercise" hint="undivided"
def hessian_vector(gradient, w, v, eps):
    return gradient(w + eps * v) - gradient(w - eps * v)


# %% id="hvp-one-sided" wrong="hvp-exercise" hint="one-sided"
def hessian_vector(gradient, w, v, eps):
    return (gradient(w + eps * v) - gradient(w)) / eps


# %% id="hvp-sign" wrong="hvp-exercise" hint="sign"
def hessian_vector(gradient, w, v, eps):
    return (gradient(w - eps * v) - gradient(w + eps * v)) / (2 * eps)


# %% id="hvp-all" wrong="hvp-exercise" hint="all"
def hessian_vector(gradient, w, v, eps):
    steps = eps * np.eye(len(w))
    H = np.array([(gradient(w + a) - gradient(w - a)) / (2 * eps) for a in steps])
    return H @ v
