// The hashes of a text's 5-word runs and its MinHash signature, bit for bit as data/duplicates/min-hash.ts has them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace octavo::text {

constexpr size_t kHashes = 112;

// `units` are lower case. `runs` comes back sorted, each hash once; `signature` has room for kHashes.
void minHash(const char16_t* units, size_t count, std::vector<uint32_t>& runs, int32_t* signature);

}  // namespace octavo::text
