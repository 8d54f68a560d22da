"""Answers that students really give, each with the hint that it must meet.  They never reach a notebook."""


# %% id="size-off-by-one" wrong="size" hint="off-by-one"
def conv_output_size(n, f, stride, padding):
    if f > n + 2 * padding:
        raise ValueError("f")
    return (n + 2 * padding - f) // stride


# %% id="size-rounded-up" wrong="size" hint="rounded-up"
def conv_output_size(n, f, stride, padding):
    if f > n + 2 * padding:
        raise ValueError("f")
    return -(-(n + 2 * padding - f) // stride) + 1


# %% id="size-fraction" wrong="size" hint="fraction"
def conv_output_size(n, f, stride, padding):
    if f > n + 2 * padding:
        raise ValueError("f")
    return (n + 2 * padding - f) / stride + 1


# %% id="size-one-side" wrong="size" hint="one-side"
def conv_output_size(n, f, stride, padding):
    if f > n + padding:
        raise ValueError("f")
    return (n + padding - f) // stride + 1


# %% id="size-accepts" wrong="size" hint="raises"
def conv_output_size(n, f, stride, padding):
    return (n + 2 * padding - f) // stride + 1


# %% id="summary-no-bias" wrong="summary" hint="no-bias"
def layer_summary(shape, layers):
    rows = []
    for kind, *settings in layers:
        if kind == "conv":
            maps, f, stride, padding = settings
            count = f * f * shape[0] * maps
            shape = (maps, *(conv_output_size(n, f, stride, padding) for n in shape[1:]))
        elif kind == "pool":
            f, stride = settings
            count, shape = 0, (shape[0], *(conv_output_size(n, f, stride, 0) for n in shape[1:]))
        else:
            count, shape = int(np.prod(shape)) * settings[0], (settings[0],)
        rows.append((shape, count))
    return rows


# %% id="summary-one-bias" wrong="summary" hint="one-bias"
def layer_summary(shape, layers):
    rows = []
    for kind, *settings in layers:
        if kind == "conv":
            maps, f, stride, padding = settings
            count = f * f * shape[0] * maps + 1
            shape = (maps, *(conv_output_size(n, f, stride, padding) for n in shape[1:]))
        elif kind == "pool":
            f, stride = settings
            count, shape = 0, (shape[0], *(conv_output_size(n, f, stride, 0) for n in shape[1:]))
        else:
            count, shape = (int(np.prod(shape)) + 1) * settings[0], (settings[0],)
        rows.append((shape, count))
    return rows


# %% id="summary-channels" wrong="summary" hint="channels"
def layer_summary(shape, layers):
    rows = []
    for kind, *settings in layers:
        if kind == "conv":
            maps, f, stride, padding = settings
            count = (f * f + 1) * maps
            shape = (maps, *(conv_output_size(n, f, stride, padding) for n in shape[1:]))
        elif kind == "pool":
            f, stride = settings
            count, shape = 0, (shape[0], *(conv_output_size(n, f, stride, 0) for n in shape[1:]))
        else:
            count, shape = (int(np.prod(shape)) + 1) * settings[0], (settings[0],)
        rows.append((shape, count))
    return rows


# %% id="summary-pool-weights" wrong="summary" hint="pool-weights"
def layer_summary(shape, layers):
    rows = []
    for kind, *settings in layers:
        if kind == "conv":
            maps, f, stride, padding = settings
            count = (f * f * shape[0] + 1) * maps
            shape = (maps, *(conv_output_size(n, f, stride, padding) for n in shape[1:]))
        elif kind == "pool":
            f, stride = settings
            count = (f * f + 1) * shape[0]
            shape = (shape[0], *(conv_output_size(n, f, stride, 0) for n in shape[1:]))
        else:
            count, shape = (int(np.prod(shape)) + 1) * settings[0], (settings[0],)
        rows.append((shape, count))
    return rows


# %% id="summary-side" wrong="summary" hint="side"
def layer_summary(shape, layers):
    rows = []
    for kind, *settings in layers:
        if kind == "conv":
            maps, f, stride, padding = settings
            count = (f * f * shape[0] + 1) * maps
            shape = (maps, *(conv_output_size(n, f, stride, padding) for n in shape[1:]))
        elif kind == "pool":
            f, stride = settings
            count, shape = 0, (shape[0], *(conv_output_size(n, f, stride, 0) for n in shape[1:]))
        else:
            count, shape = (shape[-1] + 1) * settings[0], (settings[0],)
        rows.append((shape, count))
    return rows


# %% id="summary-maps" wrong="summary" hint="maps"
def layer_summary(shape, layers):
    rows = []
    for kind, *settings in layers:
        if kind == "conv":
            maps, f, stride, padding = settings
            count = (f * f * shape[0] + 1) * maps
            shape = (maps, *(conv_output_size(n, f, stride, padding) for n in shape[1:]))
        elif kind == "pool":
            f, stride = settings
            count, shape = 0, (1, *(conv_output_size(n, f, stride, 0) for n in shape[1:]))
        else:
            count, shape = (int(np.prod(shape)) + 1) * settings[0], (settings[0],)
        rows.append((shape, count))
    return rows


# %% id="im2col-rows" wrong="im2col" hint="rows"
def im2col(x, kh, kw, stride, padding):
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(2, 3))[:, :, ::stride, ::stride]
    N, C, rows, columns = windows.shape[:4]
    return windows.transpose(0, 2, 3, 1, 4, 5).reshape(N, rows * columns, C * kh * kw)


# %% id="im2col-channels-last" wrong="im2col" hint="channels-last"
def im2col(x, kh, kw, stride, padding):
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(2, 3))[:, :, ::stride, ::stride]
    N, C, rows, columns = windows.shape[:4]
    return windows.transpose(0, 4, 5, 1, 2, 3).reshape(N, C * kh * kw, rows * columns)


# %% id="im2col-swapped" wrong="im2col" hint="swapped"
def im2col(x, kh, kw, stride, padding):
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(2, 3))[:, :, ::stride, ::stride]
    N, C, rows, columns = windows.shape[:4]
    return windows.transpose(0, 1, 5, 4, 2, 3).reshape(N, C * kh * kw, rows * columns)


# %% id="im2col-stride" wrong="im2col" hint="stride"
def im2col(x, kh, kw, stride, padding):
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(2, 3))
    N, C, rows, columns = windows.shape[:4]
    return windows.transpose(0, 1, 4, 5, 2, 3).reshape(N, C * kh * kw, rows * columns)


# %% id="im2col-no-border" wrong="im2col" hint="no-border"
def im2col(x, kh, kw, stride, padding):
    windows = np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(2, 3))[:, :, ::stride, ::stride]
    N, C, rows, columns = windows.shape[:4]
    return windows.transpose(0, 1, 4, 5, 2, 3).reshape(N, C * kh * kw, rows * columns)


# %% id="im2col-last" wrong="im2col" hint="last"
def im2col(x, kh, kw, stride, padding):
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    N, C, H, W = x.shape
    columns = []
    for j in range(0, H - kh, stride):
        for k in range(0, W - kw, stride):
            columns.append(x[:, :, j : j + kh, k : k + kw].reshape(N, -1))
    return np.stack(columns, axis=2)


# %% id="conv-no-bias" wrong="conv" hint="bias"
def conv2d(x, weight, bias, stride, padding):
    O, _, kh, kw = weight.shape
    rows = (x.shape[2] + 2 * padding - kh) // stride + 1
    return (weight.reshape(O, -1) @ im2col(x, kh, kw, stride, padding)).reshape(len(x), O, rows, -1)


# %% id="conv-flipped" wrong="conv" hint="flipped"
def conv2d(x, weight, bias, stride, padding):
    O, _, kh, kw = weight.shape
    rows = (x.shape[2] + 2 * padding - kh) // stride + 1
    turned = weight[:, :, ::-1, ::-1].reshape(O, -1)
    return (turned @ im2col(x, kh, kw, stride, padding) + bias[:, None]).reshape(len(x), O, rows, -1)


# %% id="conv-transposed" wrong="conv" hint="transposed"
def conv2d(x, weight, bias, stride, padding):
    weight = weight.swapaxes(2, 3)
    O, _, kh, kw = weight.shape
    rows = (x.shape[2] + 2 * padding - kh) // stride + 1
    return (weight.reshape(O, -1) @ im2col(x, kh, kw, stride, padding) + bias[:, None]).reshape(len(x), O, rows, -1)


# %% id="conv-one-channel" wrong="conv" hint="one-channel"
def conv2d(x, weight, bias, stride, padding):
    O, _, kh, kw = weight.shape
    rows = (x.shape[2] + 2 * padding - kh) // stride + 1
    first = weight[:, 0].reshape(O, -1) @ im2col(x[:, :1], kh, kw, stride, padding)
    return (first + bias[:, None]).reshape(len(x), O, rows, -1)


# %% id="conv-bias-channels" wrong="conv" hint="bias-channels"
def conv2d(x, weight, bias, stride, padding):
    O, C, kh, kw = weight.shape
    rows = (x.shape[2] + 2 * padding - kh) // stride + 1
    y = 0
    for c in range(C):
        y = y + weight[:, c].reshape(O, -1) @ im2col(x[:, c : c + 1], kh, kw, stride, padding) + bias[:, None]
    return y.reshape(len(x), O, rows, -1)


# %% id="max-pool-mean" wrong="max-pool" hint="mean"
def max_pool2d(x, kernel_size, stride):
    windows = np.lib.stride_tricks.sliding_window_view(x, (kernel_size, kernel_size), axis=(2, 3))
    return windows[:, :, ::stride, ::stride].mean(axis=(4, 5))


# %% id="max-pool-zero" wrong="max-pool" hint="zero"
def max_pool2d(x, kernel_size, stride):
    rows, columns = ((n - kernel_size) // stride + 1 for n in x.shape[2:])
    y = np.zeros((*x.shape[:2], rows, columns))
    for l in range(kernel_size):
        for m in range(kernel_size):
            y = np.maximum(y, x[:, :, l : l + stride * rows : stride, m : m + stride * columns : stride])
    return y


# %% id="max-pool-channels" wrong="max-pool" hint="all-channels"
def max_pool2d(x, kernel_size, stride):
    rows, columns = ((n - kernel_size) // stride + 1 for n in x.shape[2:])
    y = np.empty((*x.shape[:2], rows, columns))
    for n in range(len(x)):
        for j in range(rows):
            for k in range(columns):
                top, left = stride * j, stride * k
                y[n, :, j, k] = np.max(x[n, :, top : top + kernel_size, left : left + kernel_size])
    return y


# %% id="max-pool-stride" wrong="max-pool" hint="stride"
def max_pool2d(x, kernel_size, stride):
    windows = np.lib.stride_tricks.sliding_window_view(x, (kernel_size, kernel_size), axis=(2, 3))
    return windows[:, :, ::kernel_size, ::kernel_size].max(axis=(4, 5))


# %% id="conv-back-positions" wrong="conv-back" hint="positions"
def conv2d_backward(dy, x, weight, stride, padding):
    (H, W), (rows, columns) = x.shape[2:], dy.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dpadded, dweight = np.zeros(padded.shape), np.empty(weight.shape)
    for l, m in np.ndindex(weight.shape[2:]):
        met = (..., slice(l, l + stride * (rows - 1) + 1, stride), slice(m, m + stride * (columns - 1) + 1, stride))
        dweight[:, :, l, m] = np.tensordot(dy, padded[met], ((0, 2, 3), (0, 2, 3)))
        dpadded[met] += np.tensordot(weight[:, :, l, m], dy, ((0,), (1,))).swapaxes(0, 1)
    return dpadded[:, :, padding : padding + H, padding : padding + W], dweight, dy.sum(axis=0)


# %% id="conv-back-mean" wrong="conv-back" hint="mean"
def conv2d_backward(dy, x, weight, stride, padding):
    (H, W), (rows, columns) = x.shape[2:], dy.shape[2:]
    dy = dy / len(x)
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dpadded, dweight = np.zeros(padded.shape), np.empty(weight.shape)
    for l, m in np.ndindex(weight.shape[2:]):
        met = (..., slice(l, l + stride * (rows - 1) + 1, stride), slice(m, m + stride * (columns - 1) + 1, stride))
        dweight[:, :, l, m] = np.tensordot(dy, padded[met], ((0, 2, 3), (0, 2, 3)))
        dpadded[met] += np.tensordot(weight[:, :, l, m], dy, ((0,), (1,))).swapaxes(0, 1)
    return dpadded[:, :, padding : padding + H, padding : padding + W], dweight, dy.sum(axis=(0, 2, 3))


# %% id="conv-back-turned" wrong="conv-back" hint="turned"
def conv2d_backward(dy, x, weight, stride, padding):
    (H, W), (rows, columns) = x.shape[2:], dy.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dpadded, dweight = np.zeros(padded.shape), np.empty(weight.shape)
    for l, m in np.ndindex(weight.shape[2:]):
        met = (..., slice(l, l + stride * (rows - 1) + 1, stride), slice(m, m + stride * (columns - 1) + 1, stride))
        dweight[:, :, -1 - l, -1 - m] = np.tensordot(dy, padded[met], ((0, 2, 3), (0, 2, 3)))
        dpadded[met] += np.tensordot(weight[:, :, l, m], dy, ((0,), (1,))).swapaxes(0, 1)
    return dpadded[:, :, padding : padding + H, padding : padding + W], dweight, dy.sum(axis=(0, 2, 3))


# %% id="conv-back-flip" wrong="conv-back" hint="flip"
def conv2d_backward(dy, x, weight, stride, padding):
    N, C, H, W = x.shape
    O, _, kh, kw = weight.shape
    rows, columns = dy.shape[2:]
    flat = dy.reshape(N, O, -1)
    dweight = sum(flat[n] @ im2col(x, kh, kw, stride, padding)[n].T for n in range(N)).reshape(weight.shape)
    spread = np.zeros((N, O, H + 2 * padding - kh + 1, W + 2 * padding - kw + 1))
    spread[:, :, : stride * rows : stride, : stride * columns : stride] = dy
    spread = np.pad(spread, ((0, 0), (0, 0), (kh - 1, kh - 1), (kw - 1, kw - 1)))
    dpadded = weight.swapaxes(0, 1).reshape(C, -1) @ im2col(spread, kh, kw, 1, 0)
    dpadded = dpadded.reshape(N, C, H + 2 * padding, W + 2 * padding)
    return dpadded[:, :, padding : padding + H, padding : padding + W], dweight, dy.sum(axis=(0, 2, 3))


# %% id="conv-back-overwritten" wrong="conv-back" hint="overwritten"
def conv2d_backward(dy, x, weight, stride, padding):
    (H, W), (rows, columns) = x.shape[2:], dy.shape[2:]
    kh, kw = weight.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dpadded, dweight = np.zeros(padded.shape), np.zeros(weight.shape)
    for n in range(len(x)):
        for j in range(rows):
            for k in range(columns):
                met = (n, slice(None), slice(stride * j, stride * j + kh), slice(stride * k, stride * k + kw))
                dweight += dy[n, :, j, k][:, None, None, None] * padded[met]
                dpadded[met] = np.tensordot(dy[n, :, j, k], weight, 1)
    return dpadded[:, :, padding : padding + H, padding : padding + W], dweight, dy.sum(axis=(0, 2, 3))


# %% id="conv-back-overwritten-place" wrong="conv-back" hint="overwritten-place"
def conv2d_backward(dy, x, weight, stride, padding):
    (H, W), (rows, columns) = x.shape[2:], dy.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dpadded, dweight = np.zeros(padded.shape), np.empty(weight.shape)
    for l, m in np.ndindex(weight.shape[2:]):
        met = (..., slice(l, l + stride * (rows - 1) + 1, stride), slice(m, m + stride * (columns - 1) + 1, stride))
        dweight[:, :, l, m] = np.tensordot(dy, padded[met], ((0, 2, 3), (0, 2, 3)))
        dpadded[met] = np.tensordot(weight[:, :, l, m], dy, ((0,), (1,))).swapaxes(0, 1)
    return dpadded[:, :, padding : padding + H, padding : padding + W], dweight, dy.sum(axis=(0, 2, 3))


# %% id="conv-back-stride-ignored" wrong="conv-back" hint="stride"
def conv2d_backward(dy, x, weight, stride, padding):
    (H, W), (rows, columns) = x.shape[2:], dy.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dpadded, dweight = np.zeros(padded.shape), np.empty(weight.shape)
    for l, m in np.ndindex(weight.shape[2:]):
        met = (..., slice(l, l + rows), slice(m, m + columns))
        dweight[:, :, l, m] = np.tensordot(dy, padded[met], ((0, 2, 3), (0, 2, 3)))
        dpadded[met] += np.tensordot(weight[:, :, l, m], dy, ((0,), (1,))).swapaxes(0, 1)
    return dpadded[:, :, padding : padding + H, padding : padding + W], dweight, dy.sum(axis=(0, 2, 3))


# %% id="conv-back-border" wrong="conv-back" hint="border"
def conv2d_backward(dy, x, weight, stride, padding):
    rows, columns = dy.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dpadded, dweight = np.zeros(padded.shape), np.empty(weight.shape)
    for l, m in np.ndindex(weight.shape[2:]):
        met = (..., slice(l, l + stride * (rows - 1) + 1, stride), slice(m, m + stride * (columns - 1) + 1, stride))
        dweight[:, :, l, m] = np.tensordot(dy, padded[met], ((0, 2, 3), (0, 2, 3)))
        dpadded[met] += np.tensordot(weight[:, :, l, m], dy, ((0,), (1,))).swapaxes(0, 1)
    return dpadded, dweight, dy.sum(axis=(0, 2, 3))


# %% id="conv-back-no-padding" wrong="conv-back" hint="no-padding"
def conv2d_backward(dy, x, weight, stride, padding):
    (H, W), (rows, columns) = x.shape[2:], dy.shape[2:]
    larger = np.pad(x, ((0, 0), (0, 0), (0, 2 * padding), (0, 2 * padding)))
    dlarger, dweight = np.zeros(larger.shape), np.empty(weight.shape)
    for l, m in np.ndindex(weight.shape[2:]):
        met = (..., slice(l, l + stride * (rows - 1) + 1, stride), slice(m, m + stride * (columns - 1) + 1, stride))
        dweight[:, :, l, m] = np.tensordot(dy, larger[met], ((0, 2, 3), (0, 2, 3)))
        dlarger[met] += np.tensordot(weight[:, :, l, m], dy, ((0,), (1,))).swapaxes(0, 1)
    return dlarger[:, :, :H, :W], dweight, dy.sum(axis=(0, 2, 3))


# %% id="conv-back-in-place" wrong="conv-back" hint="pure"
def conv2d_backward(dy, x, weight, stride, padding):
    N, C, H, W = x.shape
    O, _, kh, kw = weight.shape
    rows, columns = dy.shape[2:]
    dbias = dy.sum(axis=(0, 2, 3))
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dpadded, dweight = np.zeros(padded.shape), np.zeros(weight.shape)
    for n, o, j, k in np.ndindex(dy.shape):
        met = (n, slice(None), slice(stride * j, stride * j + kh), slice(stride * k, stride * k + kw))
        dweight[o] += dy[n, o, j, k] * padded[met]
        dpadded[met] += dy[n, o, j, k] * weight[o]
        dy[n, o, j, k] = 0
    return dpadded[:, :, padding : padding + H, padding : padding + W], dweight, dbias


# %% id="conv-back-two-values" wrong="conv-back" hint="returns"
def conv2d_backward(dy, x, weight, stride, padding):
    N, O = dy.shape[:2]
    columns = im2col(x, *weight.shape[2:], stride, padding)
    dweight = sum(dy[n].reshape(O, -1) @ columns[n].T for n in range(N)).reshape(weight.shape)
    return dweight, dy.sum(axis=(0, 2, 3))


# %% id="conv-back-differences" wrong="conv-back" hint="by hand"
def conv2d_backward(dy, x, weight, stride, padding):
    bias = np.zeros(len(weight))

    def slope(f, v):
        out = np.empty(v.shape)
        for i in np.ndindex(v.shape):
            e = np.zeros(v.shape)
            e[i] = 1e-5
            out[i] = np.sum(dy * (f(v + e) - f(v - e))) / 2e-5
        return out

    dx = slope(lambda v: conv2d(v, weight, bias, stride, padding), x)
    dweight = slope(lambda v: conv2d(x, v, bias, stride, padding), weight)
    return dx, dweight, slope(lambda v: conv2d(x, weight, v, stride, padding), bias)


# %% id="max-pool-back-everywhere" wrong="max-pool-back" hint="everywhere"
def max_pool2d_backward(dy, x, kernel_size, stride):
    dx = np.zeros(x.shape)
    for n, c, j, k in np.ndindex(dy.shape):
        dx[n, c, stride * j : stride * j + kernel_size, stride * k : stride * k + kernel_size] += dy[n, c, j, k]
    return dx


# %% id="max-pool-back-value" wrong="max-pool-back" hint="value"
def max_pool2d_backward(dy, x, kernel_size, stride):
    dx = np.zeros(x.shape)
    for n, c, j, k in np.ndindex(dy.shape):
        window = x[n, c, stride * j : stride * j + kernel_size, stride * k : stride * k + kernel_size]
        l, m = divmod(int(window.argmax()), kernel_size)
        dx[n, c, stride * j + l, stride * k + m] += dy[n, c, j, k] * window.max()
    return dx


# %% id="max-pool-back-ties-all" wrong="max-pool-back" hint="ties"
def max_pool2d_backward(dy, x, kernel_size, stride):
    dx = np.zeros(x.shape)
    for n, c, j, k in np.ndindex(dy.shape):
        met = (n, c, slice(stride * j, stride * j + kernel_size), slice(stride * k, stride * k + kernel_size))
        dx[met] += dy[n, c, j, k] * (x[met] == x[met].max())
    return dx


# %% id="max-pool-back-split" wrong="max-pool-back" hint="split"
def max_pool2d_backward(dy, x, kernel_size, stride):
    dx = np.zeros(x.shape)
    for n, c, j, k in np.ndindex(dy.shape):
        met = (n, c, slice(stride * j, stride * j + kernel_size), slice(stride * k, stride * k + kernel_size))
        winners = x[met] == x[met].max()
        dx[met] += dy[n, c, j, k] * winners / winners.sum()
    return dx


# %% id="max-pool-back-latest" wrong="max-pool-back" hint="latest"
def max_pool2d_backward(dy, x, kernel_size, stride):
    dx = np.zeros(x.shape)
    for n, c, j, k in np.ndindex(dy.shape):
        best, at = -np.inf, None
        for l in range(kernel_size):
            for m in range(kernel_size):
                if x[n, c, stride * j + l, stride * k + m] >= best:
                    best, at = x[n, c, stride * j + l, stride * k + m], (n, c, stride * j + l, stride * k + m)
        dx[at] += dy[n, c, j, k]
    return dx


# %% id="max-pool-back-overlap-overwritten" wrong="max-pool-back" hint="overlap"
def max_pool2d_backward(dy, x, kernel_size, stride):
    dx = np.zeros(x.shape)
    for n, c, j, k in np.ndindex(dy.shape):
        window = x[n, c, stride * j : stride * j + kernel_size, stride * k : stride * k + kernel_size]
        l, m = divmod(int(window.argmax()), kernel_size)
        dx[n, c, stride * j + l, stride * k + m] = dy[n, c, j, k]
    return dx


# %% id="max-pool-back-in-place" wrong="max-pool-back" hint="pure"
def max_pool2d_backward(dy, x, kernel_size, stride):
    dx = np.zeros(x.shape)
    for n, c, j, k in np.ndindex(dy.shape):
        met = (n, c, slice(stride * j, stride * j + kernel_size), slice(stride * k, stride * k + kernel_size))
        l, m = divmod(int(x[met].argmax()), kernel_size)
        dx[n, c, stride * j + l, stride * k + m] += dy[n, c, j, k]
        dy[n, c, j, k] = 0
    return dx


# %% id="max-pool-back-differences" wrong="max-pool-back" hint="by hand"
def max_pool2d_backward(dy, x, kernel_size, stride):
    dx = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        e = np.zeros(x.shape)
        e[i] = 1e-6
        ends = [max_pool2d(x + sign * e, kernel_size, stride) for sign in (1, -1)]
        dx[i] = np.sum(dy * (ends[0] - ends[1])) / 2e-6
    return dx
