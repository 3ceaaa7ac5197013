#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "models/cost_blocks.h"
#include "models/implementation.h"
#include "models/network.h"

namespace tessera::models {

/// The constants that stand behind the output channels of a region.
struct WeightSums {
    double outputs = 0;  ///< columns of the matrix
    double nonzero = 0;
    double signed_digits = 0;
    double effective_bits = 0;
    double heavy = 0;  ///< weights of many digits, and their digits (ChannelWeights)
    double heavy_digits = 0;
};

/// A few reuse factors (sorted) that an engine may fold by: the first is 1, or the only one is what the study fixes.
class Folds {
  public:
    Folds() = default;  ///< none
    explicit Folds(int only) : values_{only}, size_(1) {}
    /// At most `count` (2..8) values from 1 to min(most, limit), both among them, the rest spread
    /// geometrically over the divisors of 9 x 2^k and 162 that suit the LHC's clock multiples.
    Folds(std::int64_t most, double limit, int count);
    const int* begin() const { return values_.data(); }
    const int* end() const { return values_.data() + size_; }
    int size() const { return size_; }

  private:
    std::array<int, 8> values_{};
    int size_ = 0;
};

/// What the formulas of all families read: one operator, the region that one engine makes and the
/// time between two of its tokens.
struct CostContext {
    const Network& network;
    const Operator& op;
    const Region& region;
    const CostModel& model;
    std::int64_t max_interval;  ///< cycles from one token to the next, at most; at least 1

    double channels() const { return static_cast<double>(region.channels.size()); }
    int input_bits(std::size_t input) const;  ///< kUnknownWidth where the tensor has no format or is not there
    int output_bits() const;
    int weight_bits() const;
    StreamShape input_stream(std::size_t input) const;  ///< {1, 1} where there is no such input
    StreamShape output_stream() const;

    /// Sums over the columns of the weight matrix that belong to region.channels, in O(channels):
    /// proportional where a token holds a part of the columns, repeated where it holds all of them
    /// several times. Expected values of uniform weights where no precision has been applied.
    WeightSums weight_sums() const;

    /// Reuse factors for an engine of `limit` multiplications (or lanes): Folds(max_interval, limit, count), or the
    /// one that the study fixes, at most `limit`; none where that does not keep up.
    Folds folds(double limit, int count) const;

    /// The part of a whole that belongs to the region: its share of the channels of a token.
    double share_of_channels() const;
};

/// Implementations as they are found; the last step drops those that another one beats.
class Candidates {
  public:
    Candidates() { found_.reserve(24); }

    /// Rounds up to whole LUTs, flip-flops, DSPs and half block RAMs; at least one LUT and one cycle.
    void add(Implementation implementation);

    /// Drops all but those of the strategy that `choice` fixes; nothing where it fixes none.
    void keep(const StrategyChoice& choice);

    /// Those that no other equals or beats in all resources, latency and interval, sorted by
    /// interval, then LUTs; at most kMost, those of middling interval that are nearest to another one dropped first.
    std::vector<Implementation> finish();

    static constexpr std::size_t kMost = 12;

  private:
    std::vector<Implementation> found_;
};

/// Element-wise hardware for one element; `fold_lanes` makes an engine of it.
struct Lane {
    Strategy strategy = Strategy::logic;
    Resources resources;  ///< ff: pipeline registers within the lane
    int latency_cycles = 1;
};

/// Engines of ceil(elements / RF) lanes for a few RF: registers for the results, and where RF > 1
/// holding registers and multiplexers for `operand_bits` (all operands of one element) and control.
void fold_lanes(const CostContext& context, const Lane& lane, double elements, double operand_bits, int folds, Candidates& out);

/// True where `type` is one of `names`, upper and lower case alike.
bool is_one_of(std::string_view type, std::initializer_list<std::string_view> names);

// The families. Each adds what it knows to `out`, nothing where the interval does not suffice.
void cost_dense(const CostContext& context, Candidates& out);
void cost_convolution(const CostContext& context, Candidates& out);
void cost_matmul(const CostContext& context, Candidates& out);
void cost_softmax(const CostContext& context, Candidates& out);
void cost_normalisation(const CostContext& context, Candidates& out);
void cost_scale_shift(const CostContext& context, Candidates& out);
void cost_activation(const CostContext& context, Candidates& out);
void cost_elementwise(const CostContext& context, Candidates& out);
void cost_reduction(const CostContext& context, Candidates& out);
void cost_pooling(const CostContext& context, Candidates& out);
void cost_gather(const CostContext& context, Candidates& out);
void cost_scatter(const CostContext& context, Candidates& out);
void cost_top_k(const CostContext& context, Candidates& out);
void cost_recurrent(const CostContext& context, Candidates& out);
void cost_quantise(const CostContext& context, Candidates& out);
void cost_tree_ensemble(const CostContext& context, Candidates& out);

}  // namespace tessera::models
