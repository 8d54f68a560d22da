"""The order in which a graph is walked: the same for `Value` and `Tensor`."""

from typing import Any


def topological_order(root: Any) -> list[Any]:
    """All nodes below `root`, each after its parents, `root` last.

    A node's gradient is complete only when every node that uses it has passed its share down, so the reverse sweep
    walks this order backwards.  The stack is a list of ours: Python's own would end at a depth of about a thousand.
    """
    order: list[Any] = []
    seen: set[Any] = set()
    stack: list[Any] = [root]
    while stack:
        node = stack.pop()
        if node is None:  # the parents of the node below this mark are done
            order.append(stack.pop())
        elif node not in seen:
            seen.add(node)
            stack += (node, None)
            stack += node.parents[::-1]
    return order
