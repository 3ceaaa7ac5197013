#include "models/dataflow.h"

#include <algorithm>
#include <optional>
#include <tuple>

namespace tessera::models {

namespace {

/// One axis of what a consumer reads: a range of a tensor, and the range of the consumer's output
/// that it matters for. The two correspond proportionally while `access` is aligned.
struct Span {
    Range at;             ///< in the tensor's frame
    Range to;             ///< in the consumer's output frame
    std::int64_t size;    ///< of the whole axis of the tensor
    std::int64_t finest;  ///< the smallest axis seen on the way: nothing finer can be told apart
    Access access = Access::aligned;
};

bool divides(std::int64_t a, std::int64_t b) { return a % b == 0 || b % a == 0; }

/// `range` of an axis of `size`, on an axis of `other` elements; rounded outward.
Range scaled(const Range& range, std::int64_t size, std::int64_t other) {
    return {range.begin * other / size, (range.end * other + size - 1) / size};
}

void make_whole(Span& span, std::int64_t size) {
    span.access = Access::whole;
    span.at = {0, size};
    span.size = size;
}

/// The same span one wiring step earlier, on an axis of `size` that the step reads by `access`.
void step_back(Span& span, std::int64_t size, Access access) {
    const bool lost = size > span.finest && span.finest < span.to.size();  // it went down and comes up again
    const bool exact = divides(size, span.size) && scaled(scaled(span.at, span.size, size), size, span.size) == span.at;
    if (access == Access::whole || span.access == Access::whole || lost || !exact) return make_whole(span, size);
    span.at = scaled(span.at, span.size, size);
    span.size = size;
    span.finest = std::min(span.finest, size);
}

/// The span within a piece of its axis that begins at `offset` and is `size` long (a Concat's
/// input); false where it reads nothing of the piece.
bool cut(Span& span, std::int64_t offset, std::int64_t size) {
    const Range inside{std::max(span.at.begin, offset), std::min(span.at.end, offset + size)};
    if (inside.empty()) return false;
    if (span.access == Access::aligned) {
        const Range relative{inside.begin - span.at.begin, inside.end - span.at.begin};
        const Range to = scaled(relative, span.at.size(), span.to.size());
        if (scaled(to, span.to.size(), span.at.size()) == relative) {
            span.to = {span.to.begin + to.begin, span.to.begin + to.end};
        } else {
            span.access = Access::whole;  // the border falls between two outputs
        }
    }
    span.at = {inside.begin - offset, inside.end - offset};
    span.size = size;
    return true;
}

/// The span on the axis that a Slice or Split takes a piece of: it begins at `offset` there.
void shift(Span& span, std::int64_t offset, std::int64_t size) {
    span.at = {span.at.begin + offset, span.at.end + offset};
    span.size = size;
}

/// What a consumer reads of one tensor.
struct Reading {
    TensorId tensor;
    Span tokens;
    Span channels;
};

class Resolver {
  public:
    explicit Resolver(const Network& network) : network_(network), producers_(network.tensors.size()) {
        for (const auto& op : network.operators) {
            for (const auto output : op.outputs) producers_[index(output)] = op.id;
        }
    }

    std::vector<Flow> all() {
        for (const auto& op : network_.operators) {
            if (op.kind == OperatorKind::wiring) continue;
            consumer_ = op.id;
            for (const auto& input : op.inputs) trace(first(op, input));
        }
        const auto key = [](const Flow& f) {
            return std::tuple(f.consumer, f.producer, f.tensor, f.from.tokens.begin, f.from.channels.begin, f.from.tokens.end,
                              f.from.channels.end, f.to.tokens.begin, f.to.channels.begin, f.to.tokens.end, f.to.channels.end, f.tokens,
                              f.channels);
        };
        std::sort(flows_.begin(), flows_.end(), [&](const Flow& a, const Flow& b) { return key(a) < key(b); });
        flows_.erase(std::unique(flows_.begin(), flows_.end(), [&](const Flow& a, const Flow& b) { return key(a) == key(b); }),
                     flows_.end());
        return std::move(flows_);
    }

  private:
    static Span first_span(std::int64_t consumer, std::int64_t size, Access access) {
        Span span{{0, size}, {0, consumer}, size, size, access};
        if (!divides(consumer, size)) span.access = Access::whole;
        return span;
    }

    Reading first(const Operator& op, const Input& input) const {
        const auto to = network_.stream(op.id);
        const auto from = network_.tensor(input.tensor).stream();
        return {input.tensor, first_span(to.tokens, from.tokens, input.tokens), first_span(to.channels, from.channels, input.channels)};
    }

    void trace(const Reading& reading) {
        const Operator& producer = network_.op(producers_[index(reading.tensor)]);
        if (producer.kind != OperatorKind::wiring) {
            flows_.push_back({producer.id,
                              consumer_,
                              reading.tensor,
                              {reading.tokens.at, reading.channels.at},
                              {reading.tokens.to, reading.channels.to},
                              reading.tokens.access,
                              reading.channels.access});
        } else if (producer.type == "Concat") {
            trace_concat(producer, reading);
        } else if (producer.type == "Split" || producer.type == "Slice") {
            trace_piece(producer, reading);
        } else if (const auto part = before_flattening(producer, reading)) {
            trace(*part);
        } else {
            for (const auto& input : producer.inputs) trace_step(input, reading);
        }
    }

    void trace_step(const Input& input, Reading reading) {
        const auto stream = network_.tensor(input.tensor).stream();
        reading.tensor = input.tensor;
        step_back(reading.tokens, stream.tokens, input.tokens);
        step_back(reading.channels, stream.channels, input.channels);
        trace(reading);
    }

    /// Where all of a range of channels of one token is needed, and these are the elements of many tokens one behind the other: the
    /// tokens from which the range comes, or the channels, whichever is the outer axis. Nothing of any other wiring.
    std::optional<Reading> before_flattening(const Operator& op, const Reading& reading) const {
        const Tensor& from = network_.tensor(op.inputs.front().tensor);
        const auto made = network_.tensor(reading.tensor).stream(), stream = from.stream();
        const bool flattens = (op.type == "Flatten" || op.type == "Reshape") && made.tokens == 1 && stream.tokens > 1 &&
                              made.channels == stream.elements() && reading.channels.access == Access::whole;
        const auto tokens_outer = flattens ? has_tokens_outside(from) : std::nullopt;
        if (!tokens_outer) return std::nullopt;
        Reading part = reading;
        part.tensor = op.inputs.front().tensor;
        make_whole(part.tokens, stream.tokens);
        make_whole(part.channels, stream.channels);
        (*tokens_outer ? part.tokens : part.channels).at =
            scaled(reading.channels.at, made.channels, *tokens_outer ? stream.tokens : stream.channels);
        return part;
    }

    /// Whether the elements of a tensor lie token by token, or channel by channel; nothing where they interleave.
    static std::optional<bool> has_tokens_outside(const Tensor& tensor) {
        std::optional<bool> first;
        bool changed = false;
        for (std::size_t axis = 0; axis < tensor.shape.size(); ++axis) {
            if (tensor.shape[axis] == 1) continue;
            if (!first) first = tensor.token_axes[axis];
            if (changed && tensor.token_axes[axis] == *first) return std::nullopt;
            changed = tensor.token_axes[axis] != *first;
        }
        return first;
    }

    /// Pieces one behind the other along tokens or along channels; along neither (an axis inside
    /// one of them): step by step as the inputs say.
    void trace_concat(const Operator& concat, const Reading& reading) {
        const auto whole = network_.tensor(reading.tensor).stream();
        StreamShape sum{0, 0};
        bool same_tokens = true;
        bool same_channels = true;
        for (const auto& input : concat.inputs) {
            const auto piece = network_.tensor(input.tensor).stream();
            sum.tokens += piece.tokens;
            sum.channels += piece.channels;
            same_tokens = same_tokens && piece.tokens == whole.tokens;
            same_channels = same_channels && piece.channels == whole.channels;
        }
        const bool along_tokens = same_channels && sum.tokens == whole.tokens && ordered(concat, true);
        const bool along_channels = same_tokens && sum.channels == whole.channels && ordered(concat, false);
        std::int64_t offset = 0;
        for (const auto& input : concat.inputs) {
            const auto piece = network_.tensor(input.tensor).stream();
            Reading part = reading;
            part.tensor = input.tensor;
            if (along_tokens) {
                if (cut(part.tokens, offset, piece.tokens)) trace(part);
                offset += piece.tokens;
            } else if (along_channels) {
                if (cut(part.channels, offset, piece.channels)) trace(part);
                offset += piece.channels;
            } else {
                trace_step(input, reading);
            }
        }
    }

    /// The importer marks the axis along which a Concat, Split or Slice cuts as `whole`, and the
    /// other as `aligned`; both `whole` where pieces of one axis interleave.
    static bool ordered(const Operator& op, bool along_tokens) {
        return std::all_of(op.inputs.begin(), op.inputs.end(),
                           [&](const Input& input) { return (along_tokens ? input.channels : input.tokens) == Access::aligned; });
    }

    void trace_piece(const Operator& op, Reading reading) {
        const Input& input = op.inputs.front();
        const auto piece = network_.tensor(reading.tensor).stream();
        const auto whole = network_.tensor(input.tensor).stream();
        const bool along_tokens = piece.channels == whole.channels && piece.tokens != whole.tokens && input.channels == Access::aligned;
        const bool along_channels = piece.tokens == whole.tokens && piece.channels != whole.channels && input.tokens == Access::aligned;
        if (!along_tokens && !along_channels) return trace_step(input, reading);
        std::int64_t offset = op.slice_begin;
        for (const auto output : op.outputs) {
            if (output == reading.tensor) break;
            const auto before = network_.tensor(output).stream();
            offset += along_tokens ? before.tokens : before.channels;
        }
        reading.tensor = input.tensor;
        if (along_tokens) {
            shift(reading.tokens, offset, whole.tokens);
        } else {
            shift(reading.channels, offset, whole.channels);
        }
        trace(reading);
    }

    const Network& network_;
    std::vector<OperatorId> producers_;  ///< by tensor
    OperatorId consumer_{};
    std::vector<Flow> flows_;
};

Range needed_range(const Range& from, const Range& to, const Range& wanted, Access access) {
    const Range part{std::max(wanted.begin, to.begin), std::min(wanted.end, to.end)};
    if (part.empty()) return {from.begin, from.begin};
    if (access == Access::whole) return from;
    const Range relative = scaled({part.begin - to.begin, part.end - to.begin}, to.size(), from.size());
    return {from.begin + relative.begin, from.begin + relative.end};
}

}  // namespace

std::vector<Flow> dataflow(const Network& network) { return Resolver(network).all(); }

Region needed(const Flow& flow, const Region& wanted) {
    Region region{needed_range(flow.from.tokens, flow.to.tokens, wanted.tokens, flow.tokens),
                  needed_range(flow.from.channels, flow.to.channels, wanted.channels, flow.channels)};
    if (region.tokens.empty() || region.channels.empty())
        return {{flow.from.tokens.begin, flow.from.tokens.begin}, {flow.from.channels.begin, flow.from.channels.begin}};
    return region;
}

}  // namespace tessera::models
