"""The two texts: how long, which characters, and where they begin and end."""

import hashlib

from dlbook import data


def test_dom_casmurro():
    text = data.dom_casmurro()
    assert len(text) == 371_549
    assert len(set(text)) == 100
    assert text.startswith("CAPÍTULO PRIMEIRO\nDO TÍTULO\nUma noite destas, vindo da cidade")
    assert text.endswith("FIM\n")
    assert hashlib.sha256(text.encode()).hexdigest().startswith("606370511e19753f")


def test_tiny_shakespeare():
    text = data.tiny_shakespeare()
    assert len(text) == 1_115_394
    assert len(set(text)) == 65
    assert text.startswith("First Citizen:\nBefore we proceed any further")
    assert hashlib.sha256(text.encode()).hexdigest().startswith("86c4e6aa9db7c042")
