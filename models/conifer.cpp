#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>

#include "models/import.h"
#include "models/precision_formats.h"
#include "models/precision_weights.h"

namespace tessera::models {

namespace {

constexpr std::int64_t kMost = 1 << 24;
constexpr double kNoFeature = -2;  // scikit-learn's mark of a leaf, which conifer keeps

/// Formats of a conifer configuration; width 0 where it gives none.
struct ConiferPrecision {
    FixedPoint input;
    FixedPoint threshold;
    FixedPoint score;
};

/// All trees of an ensemble together.
struct Ensemble {
    std::int64_t trees = 0;
    std::int64_t nodes = 0;
    int depth = 0;
    std::vector<float> constants;  ///< thresholds of inner nodes, values of leaves
};

/// "ap_fixed<8,1,AP_RND_CONV,AP_SAT>"; "float" is no format.
FixedPoint read_ap_fixed(const JsonReader& reader) {
    const std::string text = reader.text();
    if (text == "float") return {};
    const std::optional<FixedPoint> format = parse_fixed_point(text, "ap_");
    if (!format) reader.fail("found \"" + text + "\"", "\"ap_fixed<W,I>\", \"ap_ufixed<W,I>\" or \"float\"");
    return *format;
}

/// Keys changed over conifer's versions: "Precision", "InputPrecision", "input_precision".
ConiferPrecision read_precisions(const JsonReader& root) {
    ConiferPrecision precision;
    for (const char* section : {"config", "Config"}) {
        if (!root.has(section)) continue;
        for (const auto& [key, value] : root.at(section).members()) {
            std::string plain;
            for (const char c : key) {
                if (c != '_') plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
            }
            if (plain == "precision") precision.input = precision.threshold = precision.score = read_ap_fixed(value);
            if (plain == "inputprecision") precision.input = read_ap_fixed(value);
            if (plain == "thresholdprecision") precision.threshold = read_ap_fixed(value);
            if (plain == "scoreprecision") precision.score = read_ap_fixed(value);
        }
    }
    return precision;
}

std::vector<double> read_numbers(const JsonReader& tree, const std::string& key, std::size_t size) {
    const JsonReader array = tree.at(key);
    std::vector<double> numbers;
    for (const Json& value : array.raw()) {
        const bool fits = value.is_number() && std::abs(value.get<double>()) <= static_cast<double>(std::numeric_limits<float>::max());
        if (!fits) array.fail("found the element " + value.dump(), "numbers of 32-bit floating point");
        numbers.push_back(value.get<double>());
    }
    if (!array.raw().is_array() || (size > 0 && numbers.size() != size)) {
        array.fail("found " + std::to_string(numbers.size()) + " elements", size > 0 ? std::to_string(size) + ", one a node" : "an array");
    }
    return numbers;
}

/// The children of a node, which come after it in conifer's order, so that no walk can turn back.
std::int64_t read_child(const JsonReader& tree, const std::string& key, const std::vector<double>& children, std::size_t node) {
    const double child = children[node];
    const bool later = child > static_cast<double>(node) && child < static_cast<double>(children.size());
    if (!later || child != std::floor(child)) {
        tree.at(key).fail("node " + std::to_string(node) + " has the child " + Json(child).dump(), "a later node of the tree");
    }
    return static_cast<std::int64_t>(child);
}

/// What the walk down a tree found a node to be.
enum class Reached { no, yes, as_padding };

/// The arrays of a conifer tree, an element a node. Older versions pad trees to full depth: a leaf
/// (feature -2) has children that repeat its value, which are no hardware.
struct Tree {
    const JsonReader& json;
    std::vector<double> feature, threshold, value, left, right;
    std::vector<Reached> reached;
    std::vector<int> depth;

    explicit Tree(const JsonReader& tree)
        : json(tree),
          feature(read_numbers(tree, "feature", 0)),
          threshold(read_numbers(tree, "threshold", feature.size())),
          value(read_numbers(tree, "value", feature.size())),
          left(read_numbers(tree, "children_left", feature.size())),
          right(read_numbers(tree, "children_right", feature.size())),
          reached(feature.size(), Reached::no),
          depth(feature.size(), 0) {
        if (feature.empty()) tree.fail("a tree without nodes");
        reached[0] = Reached::yes;
    }

    bool has_children(std::size_t node) const { return left[node] >= 0 || right[node] >= 0; }
    bool is_leaf(std::size_t node) const { return feature[node] == kNoFeature || !has_children(node); }

    void reach_children(std::size_t node) {
        for (const auto& [key, children] : {std::pair{"children_left", &left}, std::pair{"children_right", &right}}) {
            const auto child = static_cast<std::size_t>(read_child(json, key, *children, node));
            if (reached[child] != Reached::no) json.at(key).fail("node " + std::to_string(node) + " shares a child with another", "a tree");
            reached[child] = is_leaf(node) ? Reached::as_padding : reached[node];
            depth[child] = depth[node] + 1;
        }
    }
};

void add_tree(Ensemble& ensemble, const JsonReader& json, std::int64_t features) {
    Tree tree(json);
    for (std::size_t node = 0; node < tree.feature.size(); ++node) {
        if (tree.reached[node] == Reached::no) json.fail("node " + std::to_string(node) + " hangs on no other", "a tree");
        if (tree.has_children(node)) tree.reach_children(node);
        if (tree.reached[node] == Reached::as_padding) continue;
        ensemble.depth = std::max(ensemble.depth, tree.depth[node]);
        ensemble.constants.push_back(static_cast<float>(tree.is_leaf(node) ? tree.value[node] : tree.threshold[node]));
        if (tree.is_leaf(node)) continue;
        if (tree.feature[node] < 0 || tree.feature[node] >= static_cast<double>(features)) {
            json.at("feature").fail("node " + std::to_string(node) + " compares feature " + Json(tree.feature[node]).dump(),
                                    "0 to " + std::to_string(features - 1));
        }
        ++ensemble.nodes;
    }
    ++ensemble.trees;
}

Ensemble read_ensemble(const JsonReader& root, std::int64_t features, std::int64_t outputs) {
    Ensemble ensemble;
    for (const JsonReader& round : root.at("trees").items()) {
        const std::vector<JsonReader> trees = round.items();
        if (static_cast<std::int64_t>(trees.size()) != outputs) {
            round.fail("found " + std::to_string(trees.size()) + " trees", std::to_string(outputs) + ", one a score");
        }
        for (const JsonReader& tree : trees) add_tree(ensemble, tree, features);
    }
    if (ensemble.trees == 0) root.at("trees").fail("found no tree");
    return ensemble;
}

Tensor stream_tensor(const std::string& name, std::int64_t channels, const FixedPoint& format) {
    return {name, {1, 1, channels}, {false, true, false}, format, format.width > 0};
}

Weights ensemble_weights(Ensemble& ensemble, const ConiferPrecision& precision) {
    Weights weights;
    weights.inputs = weights.count = static_cast<std::int64_t>(ensemble.constants.size());
    weights.outputs = 1;
    weights.values = std::move(ensemble.constants);
    if (precision.threshold.width == 0 || precision.score.width == 0) return weights;
    weights.format = common_format(precision.threshold, precision.score);
    weights.format_from_file = true;
    round_weights(weights);
    return weights;
}

}  // namespace

Network import_conifer(const std::filesystem::path& file) {
    const JsonReader root = JsonReader::from_file(file);
    const std::int64_t features = root.at("n_features").integer(1, kMost);
    const std::int64_t classes = root.at("n_classes").integer(1, kMost);
    const std::int64_t outputs = classes <= 2 ? 1 : classes;  // two classes need one score
    const ConiferPrecision precision = read_precisions(root);
    Ensemble ensemble = read_ensemble(root, features, outputs);

    Network network;
    network.name = file.stem().string();
    network.source = file.string();
    network.tensors = {stream_tensor("features", features, precision.input), stream_tensor("scores", outputs, precision.score)};
    Operator trees;
    trees.id = OperatorId{1};
    trees.name = "trees";
    trees.type = "TreeEnsemble";
    trees.kind = OperatorKind::tree_ensemble;
    trees.inputs = {{TensorId{0}, Access::aligned, Access::whole}};
    trees.outputs = {TensorId{1}};
    trees.trees = ensemble.trees;
    trees.tree_nodes = ensemble.nodes;
    trees.tree_depth = ensemble.depth;
    trees.weights = ensemble_weights(ensemble, precision);
    network.parameters = trees.weights.count;
    Operator input;
    input.name = "features";
    input.type = "Input";
    input.kind = OperatorKind::input;
    input.outputs = {TensorId{0}};
    Operator output;
    output.id = OperatorId{2};
    output.name = "scores";
    output.type = "Output";
    output.kind = OperatorKind::output;
    output.inputs = {{TensorId{1}, Access::aligned, Access::aligned}};
    network.operators = {std::move(input), std::move(trees), std::move(output)};
    verify(network);
    return network;
}

}  // namespace tessera::models
