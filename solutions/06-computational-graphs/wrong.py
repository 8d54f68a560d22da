"""Answers that students really give, each with the hint that it must meet.  They never reach a notebook."""


# %% id="paths-overwritten" wrong="sum_over_paths" hint="overwrite"
def sum_over_paths(edges, source, target):
    total = {source: 1.0}
    for start, end, derivative in edges:
        if start in total:
            total[end] = total[start] * derivative
    return total.get(target, 0.0)


# %% id="paths-added" wrong="sum_over_paths" hint="product"
def sum_over_paths(edges, source, target):
    paths = {source: [0.0]}
    for start, end, derivative in edges:
        paths[end] = paths.get(end, []) + [length + derivative for length in paths.get(start, [])]
    return float(sum(paths.get(target, [])))


# %% id="paths-one-edge-a-pair" wrong="sum_over_paths" hint="parallel"
def sum_over_paths(edges, source, target):
    derivatives = {(start, end): derivative for start, end, derivative in edges}
    total = {source: 1.0}
    for (start, end), derivative in derivatives.items():
        total[end] = total.get(end, 0.0) + total.get(start, 0.0) * derivative
    return total.get(target, 0.0)


# %% id="paths-from-every-start" wrong="sum_over_paths" hint="unreachable"
def sum_over_paths(edges, source, target):
    ends = {end for _, end, _ in edges}
    total = {start: 1.0 for start, _, _ in edges if start not in ends}
    total[source] = 1.0
    for start, end, derivative in edges:
        total[end] = total.get(end, 0.0) + total[start] * derivative
    return total.get(target, 0.0)


# %% id="paths-unreached-node" wrong="sum_over_paths" hint="error"
def sum_over_paths(edges, source, target):
    total = {source: 1.0}
    for start, end, derivative in edges:
        total[end] = total.get(end, 0.0) + total[start] * derivative
    return total[target]


# %% id="paths-enumerated" wrong="sum_over_paths" hint="time"
def sum_over_paths(edges, source, target):
    if source == target:
        return 1.0
    return float(sum(d * sum_over_paths(edges, end, target) for start, end, d in edges if start == source))


# %% id="engine-overwrites" wrong="engine" hint="overwrite"
import math


class Value:
    def __init__(self, data, parents=(), partials=()):
        self.data, self.grad = float(data), 0.0
        self.parents, self.partials = parents, partials

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, n):
        return Value(self.data**n, (self,), (n * self.data ** (n - 1),))

    def tanh(self):
        t = math.tanh(self.data)
        return Value(t, (self,), (1 - t**2,))

    def exp(self):
        return Value(math.exp(self.data), (self,), (math.exp(self.data),))

    def relu(self):
        return Value(max(self.data, 0.0), (self,), (float(self.data > 0),))

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -other

    def __truediv__(self, other):
        return self * other**-1

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __rsub__(self, other):
        return -self + other

    def backward(self):
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, done = stack.pop()
            if done:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack += [(node, True)] + [(parent, False) for parent in node.parents]
        self.grad = 1.0
        for node in reversed(order):
            for parent, partial in zip(node.parents, node.partials):
                parent.grad = node.grad * partial


# %% id="engine-no-seed" wrong="engine" hint="seed"
import math


class Value:
    def __init__(self, data, parents=(), partials=()):
        self.data, self.grad = float(data), 0.0
        self.parents, self.partials = parents, partials

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, n):
        return Value(self.data**n, (self,), (n * self.data ** (n - 1),))

    def tanh(self):
        t = math.tanh(self.data)
        return Value(t, (self,), (1 - t**2,))

    def exp(self):
        return Value(math.exp(self.data), (self,), (math.exp(self.data),))

    def relu(self):
        return Value(max(self.data, 0.0), (self,), (float(self.data > 0),))

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -other

    def __truediv__(self, other):
        return self * other**-1

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __rsub__(self, other):
        return -self + other

    def backward(self):
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, done = stack.pop()
            if done:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack += [(node, True)] + [(parent, False) for parent in node.parents]
        for node in order:
            if node.parents:
                node.grad = 0.0
        for node in reversed(order):
            for parent, partial in zip(node.parents, node.partials):
                parent.grad += node.grad * partial


# %% id="engine-own-factor" wrong="engine" hint="local"
import math


class Value:
    def __init__(self, data, parents=(), partials=()):
        self.data, self.grad = float(data), 0.0
        self.parents, self.partials = parents, partials

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (self.data, other.data))

    def __pow__(self, n):
        return Value(self.data**n, (self,), (n * self.data ** (n - 1),))

    def tanh(self):
        t = math.tanh(self.data)
        return Value(t, (self,), (1 - t**2,))

    def exp(self):
        return Value(math.exp(self.data), (self,), (math.exp(self.data),))

    def relu(self):
        return Value(max(self.data, 0.0), (self,), (float(self.data > 0),))

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -other

    def __truediv__(self, other):
        return self * other**-1

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __rsub__(self, other):
        return -self + other

    def backward(self):
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, done = stack.pop()
            if done:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack += [(node, True)] + [(parent, False) for parent in node.parents]
        for node in order:
            if node.parents:
                node.grad = 0.0
        self.grad += 1.0
        for node in reversed(order):
            for parent, partial in zip(node.parents, node.partials):
                parent.grad += node.grad * partial


# %% id="engine-depth-first" wrong="engine" hint="order"
import math


class Value:
    def __init__(self, data, parents=(), partials=()):
        self.data, self.grad = float(data), 0.0
        self.parents, self.partials = parents, partials

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, n):
        return Value(self.data**n, (self,), (n * self.data ** (n - 1),))

    def tanh(self):
        t = math.tanh(self.data)
        return Value(t, (self,), (1 - t**2,))

    def exp(self):
        return Value(math.exp(self.data), (self,), (math.exp(self.data),))

    def relu(self):
        return Value(max(self.data, 0.0), (self,), (float(self.data > 0),))

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -other

    def __truediv__(self, other):
        return self * other**-1

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __rsub__(self, other):
        return -self + other

    def backward(self):
        order, stack = [], [self]
        while stack:
            node = stack.pop()
            if node not in order:
                order.append(node)
                stack.extend(reversed(node.parents))
        for node in order:
            if node.parents:
                node.grad = 0.0
        self.grad += 1.0
        for node in order:
            for parent, partial in zip(node.parents, node.partials):
                parent.grad += node.grad * partial


# %% id="engine-stale" wrong="engine" hint="stale"
import math


class Value:
    def __init__(self, data, parents=(), partials=()):
        self.data, self.grad = float(data), 0.0
        self.parents, self.partials = parents, partials

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, n):
        return Value(self.data**n, (self,), (n * self.data ** (n - 1),))

    def tanh(self):
        t = math.tanh(self.data)
        return Value(t, (self,), (1 - t**2,))

    def exp(self):
        return Value(math.exp(self.data), (self,), (math.exp(self.data),))

    def relu(self):
        return Value(max(self.data, 0.0), (self,), (float(self.data > 0),))

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -other

    def __truediv__(self, other):
        return self * other**-1

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __rsub__(self, other):
        return -self + other

    def backward(self):
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, done = stack.pop()
            if done:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack += [(node, True)] + [(parent, False) for parent in node.parents]
        self.grad = 1.0
        for node in reversed(order):
            for parent, partial in zip(node.parents, node.partials):
                parent.grad += node.grad * partial


# %% id="engine-forgets" wrong="engine" hint="reset"
import math


class Value:
    def __init__(self, data, parents=(), partials=()):
        self.data, self.grad = float(data), 0.0
        self.parents, self.partials = parents, partials

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, n):
        return Value(self.data**n, (self,), (n * self.data ** (n - 1),))

    def tanh(self):
        t = math.tanh(self.data)
        return Value(t, (self,), (1 - t**2,))

    def exp(self):
        return Value(math.exp(self.data), (self,), (math.exp(self.data),))

    def relu(self):
        return Value(max(self.data, 0.0), (self,), (float(self.data > 0),))

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -other

    def __truediv__(self, other):
        return self * other**-1

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __rsub__(self, other):
        return -self + other

    def backward(self):
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, done = stack.pop()
            if done:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack += [(node, True)] + [(parent, False) for parent in node.parents]
        for node in order:
            node.grad = 0.0
        self.grad += 1.0
        for node in reversed(order):
            for parent, partial in zip(node.parents, node.partials):
                parent.grad += node.grad * partial


# %% id="engine-tanh-of-input" wrong="engine" hint="tanh"
import math


class Value:
    def __init__(self, data, parents=(), partials=()):
        self.data, self.grad = float(data), 0.0
        self.parents, self.partials = parents, partials

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, n):
        return Value(self.data**n, (self,), (n * self.data ** (n - 1),))

    def tanh(self):
        t = math.tanh(self.data)
        return Value(t, (self,), (1 - self.data**2,))

    def exp(self):
        return Value(math.exp(self.data), (self,), (math.exp(self.data),))

    def relu(self):
        return Value(max(self.data, 0.0), (self,), (float(self.data > 0),))

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -other

    def __truediv__(self, other):
        return self * other**-1

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __rsub__(self, other):
        return -self + other

    def backward(self):
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, done = stack.pop()
            if done:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack += [(node, True)] + [(parent, False) for parent in node.parents]
        for node in order:
            if node.parents:
                node.grad = 0.0
        self.grad += 1.0
        for node in reversed(order):
            for parent, partial in zip(node.parents, node.partials):
                parent.grad += node.grad * partial


# %% id="engine-reflected" wrong="engine" hint="reflected"
import math


class Value:
    def __init__(self, data, parents=(), partials=()):
        self.data, self.grad = float(data), 0.0
        self.parents, self.partials = parents, partials

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, n):
        return Value(self.data**n, (self,), (n * self.data ** (n - 1),))

    def tanh(self):
        t = math.tanh(self.data)
        return Value(t, (self,), (1 - t**2,))

    def exp(self):
        return Value(math.exp(self.data), (self,), (math.exp(self.data),))

    def relu(self):
        return Value(max(self.data, 0.0), (self,), (float(self.data > 0),))

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -other

    def __truediv__(self, other):
        return self * other**-1

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __rsub__(self, other):
        return self + -other

    def backward(self):
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, done = stack.pop()
            if done:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack += [(node, True)] + [(parent, False) for parent in node.parents]
        for node in order:
            if node.parents:
                node.grad = 0.0
        self.grad += 1.0
        for node in reversed(order):
            for parent, partial in zip(node.parents, node.partials):
                parent.grad += node.grad * partial


# %% id="engine-right-only" wrong="engine" hint="error"
import math


class Value:
    def __init__(self, data, parents=(), partials=()):
        self.data, self.grad = float(data), 0.0
        self.parents, self.partials = parents, partials

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, n):
        return Value(self.data**n, (self,), (n * self.data ** (n - 1),))

    def tanh(self):
        t = math.tanh(self.data)
        return Value(t, (self,), (1 - t**2,))

    def exp(self):
        return Value(math.exp(self.data), (self,), (math.exp(self.data),))

    def relu(self):
        return Value(max(self.data, 0.0), (self,), (float(self.data > 0),))

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -other

    def __truediv__(self, other):
        return self * other**-1

    def backward(self):
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, done = stack.pop()
            if done:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack += [(node, True)] + [(parent, False) for parent in node.parents]
        for node in order:
            if node.parents:
                node.grad = 0.0
        self.grad += 1.0
        for node in reversed(order):
            for parent, partial in zip(node.parents, node.partials):
                parent.grad += node.grad * partial


# %% id="engine-recursive" wrong="engine" hint="error"
import math


class Value:
    def __init__(self, data, parents=(), partials=()):
        self.data, self.grad = float(data), 0.0
        self.parents, self.partials = parents, partials

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, n):
        return Value(self.data**n, (self,), (n * self.data ** (n - 1),))

    def tanh(self):
        t = math.tanh(self.data)
        return Value(t, (self,), (1 - t**2,))

    def exp(self):
        return Value(math.exp(self.data), (self,), (math.exp(self.data),))

    def relu(self):
        return Value(max(self.data, 0.0), (self,), (float(self.data > 0),))

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -other

    def __truediv__(self, other):
        return self * other**-1

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __rsub__(self, other):
        return -self + other

    def backward(self):
        order, seen = [], set()

        def visit(node):
            if node not in seen:
                seen.add(node)
                for parent in node.parents:
                    visit(parent)
                order.append(node)

        visit(self)
        for node in order:
            if node.parents:
                node.grad = 0.0
        self.grad += 1.0
        for node in reversed(order):
            for parent, partial in zip(node.parents, node.partials):
                parent.grad += node.grad * partial


# %% id="engine-in-torch" wrong="engine" hint="by hand"
import torch


class Value(torch.Tensor):
    def __new__(cls, data):
        return torch.tensor(float(data), requires_grad=True).as_subclass(cls)


# %% id="backward-turned" wrong="backward" hint="sign"
def network_backward(y, cache):
    x, W, b, v, c, h, o = cache
    delta_o = (y - o) * o * (1 - o)
    delta_h = delta_o * v * h * (1 - h)
    return np.outer(delta_h, x), delta_h, delta_o * h, delta_o


# %% id="backward-two" wrong="backward" hint="double"
def network_backward(y, cache):
    x, W, b, v, c, h, o = cache
    delta_o = 2 * (o - y) * o * (1 - o)
    delta_h = delta_o * v * h * (1 - h)
    return np.outer(delta_h, x), delta_h, delta_o * h, delta_o


# %% id="backward-no-output-slope" wrong="backward" hint="output-slope"
def network_backward(y, cache):
    x, W, b, v, c, h, o = cache
    delta_o = o - y
    delta_h = delta_o * v * h * (1 - h)
    return np.outer(delta_h, x), delta_h, delta_o * h, delta_o


# %% id="backward-sigmoid-twice" wrong="backward" hint="twice"
def network_backward(y, cache):
    x, W, b, v, c, h, o = cache
    delta_o = (o - y) * sigmoid(o) * (1 - sigmoid(o))
    delta_h = delta_o * v * h * (1 - h)
    return np.outer(delta_h, x), delta_h, delta_o * h, delta_o


# %% id="backward-no-hidden-slope" wrong="backward" hint="hidden-slope"
def network_backward(y, cache):
    x, W, b, v, c, h, o = cache
    delta_o = (o - y) * o * (1 - o)
    delta_h = delta_o * v
    return np.outer(delta_h, x), delta_h, delta_o * h, delta_o


# %% id="backward-no-weight" wrong="backward" hint="no-weight"
def network_backward(y, cache):
    x, W, b, v, c, h, o = cache
    delta_o = (o - y) * o * (1 - o)
    delta_h = delta_o * h * (1 - h)
    return np.outer(delta_h, x), delta_h, delta_o * h, delta_o


# %% id="backward-weights-updated" wrong="backward" hint="updated"
def network_backward(y, cache):
    x, W, b, v, c, h, o = cache
    delta_o = (o - y) * o * (1 - o)
    v = v - delta_o * h
    delta_h = delta_o * v * h * (1 - h)
    return np.outer(delta_h, x), delta_h, delta_o * h, delta_o


# %% id="backward-transposed" wrong="backward" hint="transposed"
def network_backward(y, cache):
    x, W, b, v, c, h, o = cache
    delta_o = (o - y) * o * (1 - o)
    delta_h = delta_o * v * h * (1 - h)
    return np.outer(x, delta_h), delta_h, delta_o * h, delta_o


# %% id="backward-no-return" wrong="backward" hint="returns"
def network_backward(y, cache):
    x, W, b, v, c, h, o = cache
    delta_o = (o - y) * o * (1 - o)
    delta_h = delta_o * v * h * (1 - h)
    dW, db, dv, dc = np.outer(delta_h, x), delta_h, delta_o * h, delta_o


# %% id="backward-in-place" wrong="backward" hint="pure"
def network_backward(y, cache):
    x, W, b, v, c, h, o = cache
    delta_o = (o - y) * o * (1 - o)
    v *= delta_o
    delta_h = v * h * (1 - h)
    return np.outer(delta_h, x), delta_h, delta_o * h, delta_o


# %% id="backward-differences" wrong="backward" hint="by hand"
def network_backward(y, cache):
    x, W, b, v, c, h, o = cache

    def slope(f, p):
        out = np.empty(p.shape)
        for i in np.ndindex(p.shape):
            e = np.zeros(p.shape)
            e[i] = 1e-6
            out[i] = (f(p + e) - f(p - e)) / 2e-6
        return out

    cost = lambda W, b, v, c: (network_forward(x, W, b, v, c)[0] - y) ** 2 / 2
    return (
        slope(lambda p: cost(p, b, v, c), W),
        slope(lambda p: cost(W, p, v, c), b),
        slope(lambda p: cost(W, b, p, c), v),
        float(slope(lambda p: cost(W, b, v, float(p)), np.array(c))),
    )


# %% id="fold-ones-first" wrong="fold" hint="first"
def add_bias_column(X):
    return np.concatenate([np.ones(X.shape[:-1] + (1,)), X], axis=-1)


def fold_bias(W, b):
    return np.concatenate([b[:, None], W], axis=1)


# %% id="fold-flattened" wrong="fold" hint="flat"
def add_bias_column(X):
    return np.append(X, np.ones(len(X)))


def fold_bias(W, b):
    return np.concatenate([W, b[:, None]], axis=1)


# %% id="fold-ones-in-weights" wrong="fold" hint="ones"
def add_bias_column(X):
    return np.concatenate([X, np.ones(X.shape[:-1] + (1,))], axis=-1)


def fold_bias(W, b):
    return np.concatenate([W, np.ones((len(W), 1))], axis=1)


# %% id="fold-bias-added" wrong="fold" hint="added"
def add_bias_column(X):
    return np.concatenate([X, np.ones(X.shape[:-1] + (1,))], axis=-1)


def fold_bias(W, b):
    return np.concatenate([W + b[:, None], np.ones((len(W), 1))], axis=1)


# %% id="fold-rows-only" wrong="fold" hint="error"
def add_bias_column(X):
    return np.hstack([X, np.ones((len(X), 1))])


def fold_bias(W, b):
    return np.concatenate([W, b[:, None]], axis=1)
