#pragma once
#include <type_traits>
// Loops over rows and strips that the kernels share: loads with a tail, dispatch on a dtype.
namespace octavo::OCTAVO_ISA {

template <class T> static inline Vf loadUpTo(const T* p, int64_t left) { return left >= Vf::lanes ? Vf::load(p) : Vf::loadTail(p, static_cast<int>(left)); }
template <class T> static inline void storeUpTo(Vf v, T* p, int64_t left) {
  if (left >= Vf::lanes) v.store(p);
  else v.storeTail(p, static_cast<int>(left));
}

// The first count lanes, 0 in the others.
static inline Vf keepLanes(Vf v, int count) {
  float lane[Vf::lanes];
  v.store(lane);
  return Vf::loadTail(lane, count);
}

// Calls f with a null pointer of the element type: byType(dtype, [&](auto* tag) { using T = std::remove_pointer_t<decltype(tag)>; … }).
template <class F> static inline void byType(int32_t dtype, F f) {
  if (dtype == 0) f(static_cast<float*>(nullptr));
  else if (dtype == 1) f(static_cast<bf16*>(nullptr));
  else if (dtype == 2) f(static_cast<f16*>(nullptr));
}
template <class T> using Bare = typename std::remove_pointer<T>::type;

static inline float readFloat(const Operand& o, int64_t i) {
  float value = 0;
  byType(o.dtype, [&](auto* tag) {
    using T = Bare<decltype(tag)>;
    float lane[Vf::lanes];
    Vf::loadTail(static_cast<const T*>(o.data) + i, 1).store(lane);
    value = lane[0];
  });
  return value;
}
static inline int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
static inline size_t line(size_t bytes) { return (bytes + 63) / 64 * 64; }
static inline Type typeOf(const Operand& o) { return static_cast<Type>(o.dtype); }

}  // namespace octavo::OCTAVO_ISA
