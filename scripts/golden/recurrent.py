"""Writes packages/octavo/src/models/fixtures/recurrent.json: tiny LSTM and GRU language models in PyTorch, loss and gradients.

    bench/.venv/bin/python scripts/golden/recurrent.py

Also PyTorch's counts of larger models: of Zaremba et al. 2014 (arXiv 1409.2329), who have one bias a gate where PyTorch
has two, and of taggers, whose CRF adds K² + 2K.
"""

import json
import pathlib

import torch
import torch.nn.functional as F
from torch import nn

FILE = pathlib.Path(__file__).resolve().parents[2] / "packages/octavo/src/models/fixtures/recurrent.json"
torch.set_default_dtype(torch.float64)
torch.manual_seed(20260101)
CELLS = {"lstm": nn.LSTM, "gru": nn.GRU}


class LanguageModel(nn.Module):
    def __init__(self, kind, vocabularySize, width, hidden, layers, tiedEmbeddings):
        super().__init__()
        self.embedding = nn.Embedding(vocabularySize, width)
        self.layers = CELLS[kind](width, hidden, layers, batch_first=True)
        self.projection = nn.Linear(hidden, width, bias=False) if tiedEmbeddings and width != hidden else nn.Identity()
        self.head = nn.Linear(width if tiedEmbeddings else hidden, vocabularySize)
        if tiedEmbeddings:
            self.head.weight = self.embedding.weight

    def forward(self, tokens):
        return self.head(self.projection(self.layers(self.embedding(tokens))[0]))


class Tagger(nn.Module):
    def __init__(self, kind, vocabularySize, width, hidden, layers, tags):
        super().__init__()
        self.embedding = nn.Embedding(vocabularySize, width)
        self.layers = CELLS[kind](width, hidden, layers, batch_first=True, bidirectional=True)
        self.head = nn.Linear(2 * hidden, tags)


def ours(name):
    """A parameter's path as Octavo has it."""
    if name == "embedding.weight":
        return "embedding.token"
    if not name.startswith("layers."):
        return name
    stem, layer = name.removeprefix("layers.").split("_l")
    kind, side = stem.split("_")
    return f"layers.{layer}.{'input' if side == 'ih' else 'hidden'}.{kind}"


def packed(named):
    return {ours(name): {"shape": list(value.shape), "data": [round(number, 12) for number in value.flatten().tolist()]} for name, value in named}


def size(module):
    return sum(value.numel() for value in module.parameters())


tokens, targets = torch.tensor([[1, 4, 2], [3, 0, 5]]), torch.tensor([4, 2, 6, 0, 5, 1])
weights = torch.tensor([0.25, 0.125, 0.125, 0.25, 0.125, 0.125])
models = []
for config in (
    {"kind": "lstm", "vocabularySize": 7, "width": 3, "hidden": 3, "layers": 2, "tiedEmbeddings": True},
    {"kind": "gru", "vocabularySize": 7, "width": 2, "hidden": 3, "layers": 1, "tiedEmbeddings": True},
    {"kind": "gru", "vocabularySize": 7, "width": 2, "hidden": 3, "layers": 2, "tiedEmbeddings": False},
):
    model = LanguageModel(**config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_((parameter * 1000).round() / 1000)
    logits = model(tokens)
    loss = (F.cross_entropy(logits.flatten(0, 1), targets, reduction="none") * weights).sum()
    loss.backward()
    models.append({
        "config": config, "parameters": packed((name, value.detach()) for name, value in model.named_parameters()),
        "logits": logits.detach().flatten().tolist(), "loss": loss.item(),
        "gradients": packed((name, value.grad) for name, value in model.named_parameters()),
    })

zaremba = [{"kind": "lstm", "vocabularySize": 10000, "width": units, "hidden": units, "layers": 2, "tiedEmbeddings": False} for units in (200, 650, 1500)]
others = [{"kind": "gru", "vocabularySize": 256, "width": 64, "hidden": 512, "layers": 3, "tiedEmbeddings": True}]
taggers = [{"kind": kind, "vocabularySize": 5000, "width": 100, "hidden": 150, "layers": layers, "tags": 17} for kind, layers in (("lstm", 1), ("gru", 2))]
fixture = {
    "tokens": tokens.flatten().tolist(), "targets": targets.tolist(), "weights": weights.tolist(), "models": models,
    "counts": [{"config": each, "parameters": size(LanguageModel(**each))} for each in zaremba + others],
    "taggers": [{"config": each, "parameters": size(Tagger(**each)) + each["tags"] ** 2 + 2 * each["tags"]} for each in taggers],
}
FILE.write_text(json.dumps(fixture) + "\n")
print(f"{FILE.name}: {FILE.stat().st_size} bytes, counts {[each['parameters'] for each in fixture['counts'] + fixture['taggers']]}")
