// Packing of a matrix that is never written out: row r is the window of an image at position r, as words of A or of B.
#pragma once
#include "pack.h"

namespace octavo::OCTAVO_ISA {

static constexpr int64_t kWindowValues = 2048;  // of one row, gathered together on the stack

template <class T> static inline void copyValues(const T* from, T* to, int64_t count) {
  __builtin_memcpy(to, from, static_cast<size_t>(count) * sizeof(T));
}
template <class T> static inline void zeroValues(T* to, int64_t count) { __builtin_memset(to, 0, static_cast<size_t>(count) * sizeof(T)); }

// A position of the image, or −1 outside it and between its elements.
static inline int64_t positionOf(int64_t at, int64_t every, int64_t size) {
  if (at < 0 || (every > 1 && at % every != 0)) return -1;
  const int64_t position = every > 1 ? at / every : at;
  return position < size ? position : -1;
}

// out ← values [from, from + count) of row r.
template <class T> static void windowRow(const T* image, const Windows& w, int64_t r, int64_t from, int64_t count, T* out) {
  const int64_t j = r % w.outWidth, rest = r / w.outWidth, i = rest % w.outHeight, b = rest / w.outHeight;
  const T* const picture = image + b * w.height * w.width * w.channels;
  const int64_t left = j * w.stepWide + w.startWide, top = i * w.stepHigh + w.startHigh;
  const bool contiguous = w.tapWide == 1 && w.everyWide == 1 && w.taken == w.channels;
  while (count > 0) {
    if (contiguous) {  // all taps of a row of the image lie side by side
      const int64_t length = w.tapsWide * w.taken, u = from / length, in = from % length, n = least(count, length - in);
      const int64_t h = positionOf(top + u * w.tapHigh, w.everyHigh, w.height), begin = left * w.channels + in;
      const int64_t before = h < 0 ? n : least(n, most(0, -begin)), present = most(before, least(n, w.width * w.channels - begin));
      zeroValues(out, before);
      if (h >= 0) copyValues(picture + h * w.width * w.channels + begin + before, out + before, present - before);
      zeroValues(out + present, n - present);
      out += n, from += n, count -= n;
    } else {
      const int64_t tap = from / w.taken, in = from % w.taken, n = least(count, w.taken - in);
      const int64_t h = positionOf(top + tap / w.tapsWide * w.tapHigh, w.everyHigh, w.height);
      const int64_t v = positionOf(left + tap % w.tapsWide * w.tapWide, w.everyWide, w.width);
      if (h < 0 || v < 0) zeroValues(out, n);
      else copyValues(picture + (h * w.width + v) * w.channels + in, out, n);
      out += n, from += n, count -= n;
    }
  }
}

// As packRows, of windows. ks is at most kWindowValues.
template <class Words, class T>
static void packWindowRows(const T* image, const Windows& w, int64_t row, int64_t rows, int64_t k, int64_t ks, float* out, int64_t stride, int64_t paddedRows) {
  alignas(64) T values[kWindowValues];
  for (int64_t r = 0; r < paddedRows; r++) {
    if (r >= rows) {
      for (int64_t i = 0; i < pieces(ks, Words::perWord); i += Vf::lanes) Vf::zero().store(out + r * stride + i);
      continue;
    }
    if constexpr (sizeof(T) == 4 && Words::direct == Type::f32) {
      windowRow(image, w, row + r, k, ks, out + r * stride);
    } else {
      windowRow(image, w, row + r, k, ks, values);
      packRows<Words>(values, 0, 0, 1, 0, ks, out + r * stride, stride, 1);
    }
  }
}

// As packColumns, of windows: k runs over the positions.
template <class Words, class T> static void packWindowColumns(const T* image, const Windows& w, const Panels& panels, Range share) {
  constexpr int64_t together = kWindowValues / (3 * Vf::lanes * 2);  // panels gathered at once
  alignas(64) T values[Words::perWord][kWindowValues];
  for (int64_t from = share.begin; from < share.end; from += together) {
    const int64_t end = least(from + together, share.end), first = panels.first(from);
    const int64_t columns = (end < panels.count() ? panels.first(end) : panels.columns) - first;
    for (int64_t word = 0; word < panels.words; word++) {
      const int64_t at = word * Words::perWord, ks = panels.ks - at;
      for (int64_t r = 0; r < least(Words::perWord, ks); r++) windowRow(image, w, panels.k + at + r, panels.column + first, columns, values[r]);
      for (int64_t panel = from; panel < end; panel++) {
        const int vectors = panels.vectorsOf(panel);
        const int64_t column = panels.first(panel) - first;
        float* to = panels.at(panel) + word * vectors * Vf::lanes;
        for (int v = 0; v < vectors; v++, to += Vf::lanes)
          Words::columns(values[0] + column + v * panels.laneColumns, kWindowValues, ks, columns - column - v * panels.laneColumns).store(to);
      }
    }
  }
}

}  // namespace octavo::OCTAVO_ISA
