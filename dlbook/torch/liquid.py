"""The liquid network of `dlbook.models.liquid` in torch, with the same parameters under the same names."""

import math

import torch


class LTC(torch.nn.Module):
    """`dlbook.models.liquid.LTC`: x (T, N, D), durations dt (T, N) or a number, to y (T, N, H) and h_n (N, H)."""

    def __init__(self, input_size: int, hidden_size: int, unfolds: int = 6, liquid: bool = True):
        super().__init__()
        self.input_size, self.hidden_size, self.unfolds, self.liquid = input_size, hidden_size, unfolds, liquid
        bound = hidden_size**-0.5
        self.weight_ih = torch.nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh = torch.nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias = torch.nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.log_tau = torch.nn.Parameter(torch.empty(hidden_size).uniform_(math.log(0.1), math.log(10)))
        self.A = torch.nn.Parameter(torch.empty(hidden_size).uniform_(-1, 1))

    def forward(self, x: torch.Tensor, dt, h0: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        step = torch.as_tensor(dt, dtype=x.dtype, device=x.device).expand(x.shape[:2])[:, :, None] / self.unfolds
        inputs = torch.nn.functional.linear(x, self.weight_ih, self.bias)
        h = x.new_zeros(x.shape[1], self.hidden_size) if h0 is None else h0
        leak, states = torch.exp(-self.log_tau), []
        for t in range(len(x)):
            for _ in range(self.unfolds):
                f = torch.sigmoid(inputs[t] + h @ self.weight_hh.T)
                h = (h + step[t] * f * self.A) / (1 + step[t] * (leak + f if self.liquid else leak))
            states.append(h)
        return torch.stack(states), h


class CfC(torch.nn.Module):
    """`dlbook.models.liquid.CfC`: x (T, N, D), durations dt (T, N) or a number, to y (T, N, H) and h_n (N, H)."""

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        bound = hidden_size**-0.5
        self.weight_ih = torch.nn.Parameter(torch.empty(3 * hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh = torch.nn.Parameter(torch.empty(3 * hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias = torch.nn.Parameter(torch.empty(3 * hidden_size).uniform_(-bound, bound))

    def forward(self, x: torch.Tensor, dt, h0: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        step = torch.as_tensor(dt, dtype=x.dtype, device=x.device).expand(x.shape[:2])[:, :, None]
        inputs = torch.nn.functional.linear(x, self.weight_ih, self.bias)
        h, states = x.new_zeros(x.shape[1], self.hidden_size) if h0 is None else h0, []
        for t in range(len(x)):
            f, g, k = (inputs[t] + h @ self.weight_hh.T).chunk(3, dim=1)
            h = torch.lerp(k.tanh(), g.tanh(), torch.sigmoid(-f * step[t]))
            states.append(h)
        return torch.stack(states), h


class Forecaster(torch.nn.Module):
    """`dlbook.models.liquid.Forecaster`: x (T, N, D) and dt (T, N) to the answers (T, N, O)."""

    def __init__(self, recurrent: torch.nn.Module, head: torch.nn.Module):
        super().__init__()
        self.recurrent, self.head = recurrent, head

    def forward(self, x: torch.Tensor, dt: torch.Tensor) -> torch.Tensor:
        given = (x, dt) if isinstance(self.recurrent, LTC | CfC) else (torch.cat([x, dt[:, :, None]], dim=2),)
        return self.head(self.recurrent(*given)[0])
