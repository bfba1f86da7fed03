"""Writes packages/octavo/src/models/fixtures/text-cnn.json: a tiny text CNN in PyTorch, its logits, loss and gradients.

    bench/.venv/bin/python scripts/golden/text_cnn.py

Texts of a batch have lengths of their own: PyTorch sees each alone, padded by filter width − 1 zeros in front, so the file
also says that what follows a text in a batch has no effect. `counts` are PyTorch's of two larger models.
"""

import json
import pathlib

import torch
import torch.nn.functional as F
from torch import nn

FILE = pathlib.Path(__file__).resolve().parents[2] / "packages/octavo/src/models/fixtures/text-cnn.json"
torch.set_default_dtype(torch.float64)
torch.manual_seed(20260101)


class TextCnn(nn.Module):
    def __init__(self, vocabularySize, width, filterWidths, filters, classes):
        super().__init__()
        self.embedding = nn.Embedding(vocabularySize, width)
        self.convolutions = nn.ModuleDict({str(taps): nn.Conv1d(width, filters, taps) for taps in filterWidths})
        self.head = nn.Linear(filters * len(filterWidths), classes)

    def forward(self, tokens):
        x = self.embedding(tokens).T[None]
        sets = [F.relu(layer(F.pad(x, (int(taps) - 1, 0)))).max(2).values for taps, layer in self.convolutions.items()]
        return self.head(torch.cat(sets, 1))[0]


def ours(name, value):
    """A parameter's path and value as Octavo has them: channels last."""
    if name == "embedding.weight":
        return "embedding.token", value
    return name, value.movedim(1, -1) if value.dim() == 3 else value


def packed(named):
    return {path: {"shape": list(value.shape), "data": [round(number, 12) for number in value.flatten().tolist()]} for path, value in named}


config = {"vocabularySize": 9, "width": 4, "filterWidths": [2, 3, 5], "filters": 3, "classes": 3}
model = TextCnn(**config)
with torch.no_grad():
    for parameter in model.parameters():
        parameter.copy_((parameter * 1000).round() / 1000)
tokens = [[1, 4, 2, 8, 5, 7], [3, 3, 6], [0, 2, 8, 1], [5]]
targets, weights = torch.tensor([2, 0, 1, 2]), torch.tensor([0.25, 0.125, 0.5, 0.125])
logits = torch.stack([model(torch.tensor(text)) for text in tokens])
loss = (F.cross_entropy(logits, targets, reduction="none") * weights).sum()
loss.backward()

larger = [
    {"vocabularySize": 20000, "width": 300, "filterWidths": [3, 4, 5], "filters": 100, "classes": 2},
    {"vocabularySize": 256, "width": 32, "filterWidths": [1, 2, 7, 9], "filters": 17, "classes": 20},
]
fixture = {
    "config": config,
    "parameters": packed(ours(name, value.detach()) for name, value in model.named_parameters()),
    "tokens": tokens,
    "targets": targets.tolist(),
    "weights": weights.tolist(),
    "logits": logits.detach().flatten().tolist(),
    "loss": loss.item(),
    "gradients": packed(ours(name, value.grad) for name, value in model.named_parameters()),
    "counts": [{**each, "parameters": sum(value.numel() for value in TextCnn(**each).parameters())} for each in larger],
}
FILE.write_text(json.dumps(fixture) + "\n")
print(f"{FILE.name}: {FILE.stat().st_size} bytes, counts {[each['parameters'] for each in fixture['counts']]}")
