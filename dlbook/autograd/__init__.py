"""A small graph engine: reverse mode on numbers (`Value`) and arrays (`Tensor`), forward mode (`Dual`), and drawings.

It is here to be read and taken apart (book chapters 14 and 15); the layers of `dlbook.nn` have their backward passes
written by hand.
"""

from dlbook.autograd.drawing import Graph, draw
from dlbook.autograd.forward import Dual
from dlbook.autograd.functions import cos, exp, log, relu, sigmoid, sin, sqrt, tanh
from dlbook.autograd.graph import topological_order
from dlbook.autograd.scalar import Value, forward_sweep
from dlbook.autograd.tensor import Tensor, concatenate, stack
from dlbook.autograd.transforms import Jacobian, grad, hvp, jacobian, jvp, value_and_grad, vjp

__all__ = [
    "Dual",
    "Graph",
    "Jacobian",
    "Tensor",
    "Value",
    "concatenate",
    "cos",
    "draw",
    "exp",
    "forward_sweep",
    "grad",
    "hvp",
    "jacobian",
    "jvp",
    "log",
    "relu",
    "sigmoid",
    "sin",
    "sqrt",
    "stack",
    "tanh",
    "topological_order",
    "value_and_grad",
    "vjp",
]
