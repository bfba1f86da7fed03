# Tests and benchmark of simd/ and gemm/, included by ../Makefile after its own targets, whose AVX512 and form-*.o it uses.
#   make test-gemm            vectors, products and int8 on every level this machine runs
#   make bench-gemm           GFLOP/s beside measured peaks; LEVEL=avx2 FILTER=small for part of it
ifeq ($(ARCH),x86_64)
LEVELS := baseline avx2 avx512
GEMM_UNITS := form-dot.o form-half.o
INT8_TEST := $(BUILD)/int8-vnni-test
HALF_TEST := $(BUILD)/gemm-test-half
else
LEVELS := baseline
endif
FLAGS-avx2 := -mavx2 -mfma -mf16c
FLAGS-avx512 := $(AVX512)
NAME-baseline := kBaselineLevel
NAME-avx2 := kAvx2Level
NAME-avx512 := kAvx512Level
LEVEL_UNITS := $(LEVELS:%=$(BUILD)/test-level-%.o)
GEMM_HEADERS := $(wildcard *.h simd/*.h gemm/*.h)
LINK_TEST = $(CXX) -pthread $(if $(SANITIZE),-fsanitize=$(SANITIZE)) -o $@ $(filter %.o,$^)

$(BUILD)/int8-vnni.o: gemm/int8-vnni.cpp $(GEMM_HEADERS) | $(BUILD)
	$(CXX) $(CXXFLAGS) $(AVX512) -mavx512vnni -c -o $@ $<

$(BUILD)/test-level-%.o: gemm/test-level.cpp $(GEMM_HEADERS) | $(BUILD)
	$(CXX) $(CXXFLAGS) $(FLAGS-$*) -DOCTAVO_ISA=$* -DOCTAVO_LEVEL=$(NAME-$*) -c -o $@ $<
$(BUILD)/gemm-test.o: gemm/gemm.test.cpp $(GEMM_HEADERS) | $(BUILD)
	$(CXX) $(CXXFLAGS) -c -o $@ $<
$(BUILD)/gemm-bench.o: gemm/gemm.bench.cpp $(GEMM_HEADERS) | $(BUILD)
	$(CXX) $(CXXFLAGS) -c -o $@ $<
$(BUILD)/int8-vnni-test.o: gemm/int8-vnni.test.cpp $(GEMM_HEADERS) | $(BUILD)
	$(CXX) $(CXXFLAGS) -c -o $@ $<
$(BUILD)/vector-test-%: simd/vector.test.cpp $(GEMM_HEADERS) | $(BUILD)
	$(CXX) $(CXXFLAGS) $(FLAGS-$*) -DOCTAVO_ISA=$* -o $@ $<

$(BUILD)/gemm-test: $(BUILD)/gemm-test.o $(LEVEL_UNITS) $(GEMM_UNITS:%=$(BUILD)/%)
	$(LINK_TEST)
$(BUILD)/gemm-bench: $(BUILD)/gemm-bench.o $(LEVEL_UNITS) $(GEMM_UNITS:%=$(BUILD)/%)
	$(LINK_TEST)
# The f16 form with its one instruction emulated.
$(BUILD)/form-half-emulated.o: gemm/form-half.cpp $(GEMM_HEADERS) | $(BUILD)
	$(CXX) $(CXXFLAGS) $(AVX512) -DOCTAVO_EMULATE_HALF -c -o $@ $<
$(BUILD)/gemm-test-half.o: gemm/gemm.test.cpp $(GEMM_HEADERS) | $(BUILD)
	$(CXX) $(CXXFLAGS) -DOCTAVO_EMULATE_HALF -c -o $@ $<
$(BUILD)/gemm-test-half: $(BUILD)/gemm-test-half.o $(LEVEL_UNITS) $(BUILD)/form-dot.o $(BUILD)/form-half-emulated.o
	$(LINK_TEST)
$(BUILD)/int8-vnni-test: $(BUILD)/int8-vnni-test.o $(BUILD)/int8-vnni.o
	$(LINK_TEST)

VECTOR_TESTS := $(LEVELS:%=$(BUILD)/vector-test-%)
test-gemm: $(VECTOR_TESTS) $(BUILD)/gemm-test $(HALF_TEST) $(INT8_TEST)
	set -e; for test in $(VECTOR_TESTS); do \
	  case $$test in *avx2) grep -q avx2 /proc/cpuinfo || continue;; *avx512) grep -q avx512bw /proc/cpuinfo || continue;; esac; $$test; done
	$(BUILD)/gemm-test
	$(if $(HALF_TEST),$(HALF_TEST) 600 1 half)
	$(INT8_TEST)

bench-gemm: $(BUILD)/gemm-bench
	$(BUILD)/gemm-bench $(or $(LEVEL),best) "$(FILTER)"

.PHONY: test-gemm bench-gemm
