// What an attention kernel is given: its operands, and which keys each query sees.
// p: batch, queries T, heads H, groups G of key and value heads, width W, scale, keys S, causal, window, whether starts and
// ends are one a query. Query t stands at the position t + S − T of the keys.
#pragma once
#include "../kernel.h"
#include "../simd/rows.h"

namespace octavo::OCTAVO_ISA {

struct AttentionShape {
  int64_t batch, time, heads, groups, width, channels;
  float scale;
  explicit AttentionShape(const Call& call)
      : batch(call.p[0]), time(call.p[1]), heads(call.p[2]), groups(call.p[3]), width(call.p[4]), channels((heads + 2 * groups) * width), scale(static_cast<float>(call.p[5])) {}
};

struct Keys {  // [first, end); none where end is not larger
  int64_t first, end;
  int64_t count() const { return larger(0, end - first); }
};

// What both passes are given. memory, starts, ends and bias are four operands in a row that begin at `optional`.
struct AttentionWork : AttentionShape {
  int64_t keys, window;
  bool causal, startsEach, endsEach;
  const Operand &qkv, &memory;
  const int32_t *starts, *ends;
  const float* bias;
  Type type;
  Form form;
  AttentionWork(const Call& call, int optional)
      : AttentionShape(call), keys(call.p[6]), window(call.p[8]), causal(call.p[7] != 0), startsEach(call.p[9] != 0), endsEach(call.p[10] != 0),
        qkv(call.operands[0]), memory(call.operands[optional]), starts(static_cast<const int32_t*>(call.operands[optional + 1].data)),
        ends(static_cast<const int32_t*>(call.operands[optional + 2].data)), bias(static_cast<const float*>(call.operands[optional + 3].data)), type(typeOf(qkv)), form(call.form) {}

  bool crosses() const { return memory.data != nullptr; }
  int64_t distances() const { return larger(0, keys + time - 1); }
  int64_t outer() const { return heads * width; }
  int64_t queryStride() const { return crosses() ? outer() : channels; }
  int64_t keyStride() const { return crosses() ? 2 * groups * width : channels; }
  int64_t groupOf(int64_t head) const { return head * groups / heads; }
  // Offsets of a head's query, and of a group's key, whose value lies groups · width further.
  int64_t query(int64_t b, int64_t t, int64_t head) const { return (b * time + t) * queryStride() + head * width; }
  int64_t key(int64_t b, int64_t j, int64_t group) const { return (b * keys + j) * keyStride() + (crosses() ? 0 : outer()) + group * width; }
  // Row of the bias for key 0 as query t sees it; keys follow one by one.
  int64_t distance(int64_t t) const { return time - 1 - t; }

  Keys open(int64_t b, int64_t t) const {
    const int64_t position = t + keys - time;
    Keys seen{starts == nullptr ? 0 : larger(0, starts[startsEach ? b * time + t : b]), ends == nullptr ? keys : smaller(keys, ends[endsEach ? b * time + t : b])};
    if (window > 0) seen.first = larger(seen.first, position - window + 1);
    if (causal || window > 0) seen.end = smaller(seen.end, position + (causal ? 1 : window));
    return seen;
  }
};

}  // namespace octavo::OCTAVO_ISA
