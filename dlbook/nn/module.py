"""What every layer is: parameters, a forward pass that returns its memory, a backward pass that takes it back."""

import numpy as np

from dlbook.nn.arrays import as_float


class Parameter:
    """An array that is learnt, and the gradient of the loss with respect to it.

    data : the values, a copy of what was given; integers become float64.
    grad : None until a backward pass adds to it, then an array of the same shape.
    """

    __slots__ = ("data", "grad")

    def __init__(self, data, dtype=None):
        self.data: np.ndarray = np.array(as_float(data, "data"), dtype=dtype)
        self.grad: np.ndarray | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape

    def accumulate(self, gradient: np.ndarray) -> None:
        """Add `gradient` to `grad`.  A sum, because a parameter that is used twice receives two gradients."""
        if gradient.shape != self.data.shape:
            raise ValueError(f"gradient: expected shape {self.data.shape}, that of the parameter, got {gradient.shape}")
        if gradient.dtype != self.data.dtype:
            gradient = gradient.astype(self.data.dtype)
        self.grad = gradient if self.grad is None else self.grad + gradient

    def __repr__(self) -> str:
        return f"Parameter(shape={self.data.shape}, dtype={self.data.dtype})"


class Buffer:
    """An array that a module keeps but does not learn: it has no gradient and stands in the state dict.

    The running statistics of batch normalisation are buffers.  data : a copy of what was given.
    """

    __slots__ = ("data",)

    def __init__(self, data, dtype=None):
        self.data: np.ndarray = np.array(data, dtype=dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape

    def __repr__(self) -> str:
        return f"Buffer(shape={self.data.shape}, dtype={self.data.dtype})"


class Module:
    """A function with parameters.  Write `forward` and `backward`; attributes that are Parameters, Buffers or Modules
    are found.

        y, cache = module.forward(x)
        dx = module.backward(dy, cache)     # adds into the gradients of the parameters
        y = module(x)                       # forward without memory

    What the backward pass needs is in `cache`, not in the module: so a module may be called several times before the
    backward passes, as tied weights, a cell in time and the discriminator of a GAN do.
    """

    training = True

    def forward(self, x):
        """The output and the memory that `backward` needs."""
        raise NotImplementedError(f"{type(self).__name__} has no forward(x)")

    def backward(self, dy, cache):
        """Gradient with respect to the input; adds those of the parameters into their `grad`."""
        raise NotImplementedError(f"{type(self).__name__} has no backward(dy, cache)")

    def backward_parameters(self, dy, cache) -> None:
        """`backward` where nobody needs the gradient of the input, as for the first layer of a network.

        A layer that can save work overrides it; by default the gradient is computed and dropped.
        """
        self.backward(dy, cache)

    def __call__(self, *inputs, **settings):
        return self.forward(*inputs, **settings)[0]

    def named_children(self) -> list[tuple[str, "Module"]]:
        """The modules directly inside this one; those in a list or tuple are named `attribute.0`, `attribute.1` …"""
        found = []
        for name, value in vars(self).items():
            if isinstance(value, Module):
                found.append((name, value))
            elif isinstance(value, list | tuple):
                found += [(f"{name}.{i}", item) for i, item in enumerate(value) if isinstance(item, Module)]
        return found

    def modules(self) -> list["Module"]:
        """This module and all inside it, from outside in; one that is used twice once."""
        found = {id(self): self}
        for _, child in self.named_children():
            found |= {id(module): module for module in child.modules() if id(module) not in found}
        return list(found.values())

    def named_parameters(self) -> list[tuple[str, Parameter]]:
        """All parameters with torch's names, in torch's order; a shared one once, under its first name."""
        return self._named_once(Parameter)

    def named_buffers(self) -> list[tuple[str, Buffer]]:
        """All buffers, named and ordered likewise."""
        return self._named_once(Buffer)

    def parameters(self) -> list[Parameter]:
        return [parameter for _, parameter in self.named_parameters()]

    def zero_grad(self) -> None:
        """Forget all gradients: each `grad` is None again."""
        for parameter in self.parameters():
            parameter.grad = None

    def state_dict(self) -> dict[str, np.ndarray]:
        """A copy of every parameter and buffer by its name: the names and layouts of torch."""
        return {name: array.data.copy() for name, array in self._arrays(Parameter, Buffer)}

    def load_state_dict(self, state) -> None:
        """Copy the arrays (or CPU tensors) of `state` into the parameters and buffers, each in its own precision.

        Raises ValueError, and changes nothing, when a name is missing or unexpected or a shape differs.
        """
        own = dict(self._arrays(Parameter, Buffer))
        arrays = {name: np.asarray(value) for name, value in state.items()}
        wrong = []
        if missing := [name for name in own if name not in arrays]:
            wrong.append("missing " + ", ".join(missing))
        if unexpected := [str(name) for name in arrays if name not in own]:
            wrong.append("unexpected " + ", ".join(unexpected))
        wrong += [
            f"{name}: expected shape {own[name].shape}, got {array.shape}"
            for name, array in arrays.items()
            if name in own and own[name].shape != array.shape
        ]
        if wrong:
            raise ValueError(f"state dict does not fit {type(self).__name__}: " + "; ".join(wrong))
        for name, array in arrays.items():
            own[name].data = as_float(array, name).astype(own[name].data.dtype)

    def train(self, mode: bool = True) -> "Module":
        """Training mode for this module and all inside it.  Only some behave differently: dropout, batch norm."""
        self.training = mode
        for _, child in self.named_children():
            child.train(mode)
        return self

    def eval(self) -> "Module":
        """The opposite of `train()`."""
        return self.train(False)

    def _arrays(self, *kinds: type) -> list[tuple[str, Parameter | Buffer]]:
        found = [(name, value) for kind in kinds for name, value in vars(self).items() if isinstance(value, kind)]
        for name, child in self.named_children():
            found += [(f"{name}.{inner}", array) for inner, array in child._arrays(*kinds)]
        return found

    def _named_once(self, kind: type) -> list:
        seen = {}
        for name, array in self._arrays(kind):
            seen.setdefault(id(array), (name, array))
        return list(seen.values())

    def __repr__(self) -> str:
        children = [f"  ({name}): " + repr(child).replace("\n", "\n  ") for name, child in self.named_children()]
        return type(self).__name__ + "(" + "".join("\n" + line for line in children) + ("\n)" if children else ")")


class Sequential(Module):
    """One module after the other: the output of each is the input of the next.  `model[0]` is the first.

    Parameters are named `0.weight`, `0.bias`, `2.weight` … as in torch.nn.Sequential.
    """

    def __init__(self, *modules: Module):
        for i, module in enumerate(modules):
            if not isinstance(module, Module):
                raise ValueError(f"Sequential: expected modules, got {type(module).__name__} at position {i}")
        self._modules = modules
        with_parameters = [i for i, module in enumerate(modules) if module.parameters()]
        self._first = with_parameters[0] if with_parameters else len(modules)

    def forward(self, x):
        """Output of the last module, and the caches of all."""
        caches = []
        for module in self._modules:
            x, cache = module.forward(x)
            caches.append(cache)
        return x, caches

    def backward(self, dy, cache):
        for module, own in zip(reversed(self._modules), reversed(cache), strict=True):
            dy = module.backward(dy, own)
        return dy

    def backward_parameters(self, dy, cache) -> None:
        first = self._first
        for i in range(len(self._modules) - 1, first, -1):
            dy = self._modules[i].backward(dy, cache[i])
        if first < len(self._modules):
            self._modules[first].backward_parameters(dy, cache[first])

    def __call__(self, x):
        for module in self._modules:
            x = module(x)
        return x

    def named_children(self) -> list[tuple[str, Module]]:
        return [(str(i), module) for i, module in enumerate(self._modules)]

    def __len__(self) -> int:
        return len(self._modules)

    def __getitem__(self, index):
        return Sequential(*self._modules[index]) if isinstance(index, slice) else self._modules[index]

    def __iter__(self):
        return iter(self._modules)


class Residual(Module):
    """y = x + module(x): a way round the module, by which the gradient reaches earlier layers undiminished.

    module : anything whose output has the shape of its input; its parameters are named `module.…`.
    The backward pass is dx = dy + module.backward(dy): even where the module passes nothing on, dy arrives.
    Raises ValueError when the shapes differ.  He et al. 2016.  Book: chapters 36, 89.
    """

    def __init__(self, module: Module):
        if not isinstance(module, Module):
            raise ValueError(f"Residual: expected a module, got {type(module).__name__}")
        self.module = module

    def forward(self, x):
        change, cache = self.module.forward(x)
        return self._sum(x, change), cache

    def backward(self, dy, cache):
        return dy + self.module.backward(dy, cache)

    def backward_parameters(self, dy, cache) -> None:
        self.module.backward_parameters(dy, cache)

    def __call__(self, x):
        return self._sum(x, self.module(x))

    def _sum(self, x, change):
        x = as_float(x)
        if change.shape != x.shape:
            raise ValueError(
                f"Residual: expected a module that keeps the shape {x.shape} of its input, got {change.shape}"
            )
        return x + change
