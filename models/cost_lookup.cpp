#include <algorithm>
#include <cmath>

#include "models/cost_context.h"

/// Operators that move data by index: embedding tables, neighbour lookup, scatter, sorting.
namespace tessera::models {

namespace {

constexpr int kLookupFolds = 5;

/// A memory read or written one word of the region's channels in `fold` cycles, in LUTRAM and in block RAM.
void add_memories(const CostContext& context, double words, bool constant, Candidates& out) {
    const double token_bits = context.channels() * context.output_bits();
    for (const int fold : context.folds(context.channels(), kLookupFolds)) {
        const double width = std::ceil(context.channels() / fold) * context.output_bits();
        const double depth = words * fold;
        for (const Memory memory : {constant ? Memory::lut_rom : Memory::lut_ram, Memory::block_ram}) {
            if (memory == Memory::block_ram && context.model.device.total.bram36 <= 0) continue;
            Implementation made{Strategy::table, fold, memory_resources(memory, width, depth), fold, fold};
            made.latency_cycles += memory == Memory::block_ram ? context.model.memory_cycles() - 1 : depth > 512 ? 1 : 0;
            made.resources.lut +=
                log2_up(depth) + (depth > 512 && memory != Memory::block_ram ? width * depth / 512 * coefficient::kMultiplexerLut : 0);
            made.resources.ff += token_bits;
            if (fold > 1) made.resources.lut += coefficient::kControlLut, made.resources.ff += coefficient::kControlFf;
            out.add(made);
        }
    }
}

}  // namespace

void cost_gather(const CostContext& context, Candidates& out) {
    const Weights& weights = context.op.weights;
    if (weights.count > 0) {
        const double columns = static_cast<double>(std::max<std::int64_t>(1, context.output_stream().channels));
        return add_memories(context, std::max(1.0, static_cast<double>(weights.count) / columns), true, out);
    }
    // Values of the event, twice: one event is written while the other is read.
    const StreamShape data = context.input_stream(0);
    add_memories(context, 2.0 * static_cast<double>(std::max<std::int64_t>(1, data.tokens)), false, out);
}

void cost_scatter(const CostContext& context, Candidates& out) {
    add_memories(context, 2.0 * static_cast<double>(std::max<std::int64_t>(1, context.output_stream().tokens)), false, out);
}

namespace {

/// Comparators of a network that finds the k best of n values by batches of `width` values a cycle:
/// bitonic sort of blocks of k (Batcher 1968), then merges that keep k of 2k.
double comparators(double width, double k) {
    const double levels = log2_up(std::min(width, k));
    const double sort = width / 2 * levels * (levels + 1) / 2;
    const double merge = k + k / 2 * log2_up(k);
    return sort + std::ceil(width / k) * merge;
}

}  // namespace

void cost_top_k(const CostContext& context, Candidates& out) {
    const Operator& op = context.op;
    const StreamShape from = context.input_stream(0);
    const bool over_tokens = !op.inputs.empty() && op.inputs.front().tokens == Access::whole;
    const double n = static_cast<double>(std::max<std::int64_t>(2, over_tokens ? from.tokens : from.channels));
    const double k = std::clamp(op.window.empty() ? context.channels() : static_cast<double>(op.window.front()), 1.0, n);
    const double sorters = over_tokens ? context.channels() : std::max(1.0, std::floor(context.channels() / k));
    const int bits = context.input_bits(0);
    const double comparator_lut = 1.5 * bits + log2_up(n);  // compare, exchange the values, exchange their indices
    for (const int fold : context.folds(n, 8)) {
        const double width = std::max(1.0, std::ceil(n / fold));
        const double lut = sorters * comparators(width, k) * comparator_lut;
        const double batches = std::ceil(width / k);
        const int levels = log2_up(std::min(width, k)) * (log2_up(std::min(width, k)) + 1) / 2 + log2_up(batches + 1) * (1 + log2_up(k));
        Implementation made{Strategy::logic, fold, {.lut = lut}, fold - 1 + std::max(1, levels), fold};  // a compare and exchange a cycle
        made.resources.ff = lut + sorters * k * (bits + log2_up(n));
        if (fold > 1) made.resources.lut += coefficient::kControlLut, made.resources.ff += coefficient::kControlFf + sorters * n * bits;
        out.add(made);
    }
}

}  // namespace tessera::models
