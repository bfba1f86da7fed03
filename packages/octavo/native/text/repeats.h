// Long substrings that occur again, by a suffix array. Sources: Nong, Zhang and Chan 2009 (SA-IS); Kasai et al. 2001 (common
// prefixes); Crochemore and Ilie 2008 (longest previous factors); Lee et al. 2022 (why it is done to training text).
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace octavo::text {

// Spans [from, to) of `bytes` whose text occurred before, at least `least` bytes long, in order, merged, each inside one
// document. `ends` are where documents end. 20 bytes of memory a byte of text.
std::vector<uint32_t> repeatedSpans(const uint8_t* bytes, size_t length, const std::vector<uint32_t>& ends, uint32_t least);

}  // namespace octavo::text
