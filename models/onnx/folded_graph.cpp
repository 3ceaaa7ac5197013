#include "models/onnx/folded_graph.h"

namespace tessera::models::onnx {

bool is_real(ElementType type) { return type == ElementType::float16 || type == ElementType::float32 || type == ElementType::float64; }

std::int64_t Array::size() const {
    std::int64_t count = 1;
    for (const auto dimension : shape) count *= dimension;
    return count;
}

double Array::at(std::int64_t position) const {
    const auto index = static_cast<std::size_t>(position);
    return is_real(type) ? static_cast<double>(reals.at(index)) : static_cast<double>(integers.at(index));
}

std::int64_t Node::integer(const std::string& attribute, std::int64_t otherwise) const {
    const auto found = attributes.find(attribute);
    return found == attributes.end() ? otherwise : found->second.integer;
}

double Node::real(const std::string& attribute, double otherwise) const {
    const auto found = attributes.find(attribute);
    return found == attributes.end() ? otherwise : found->second.real;
}

std::vector<std::int64_t> Node::integers(const std::string& attribute, const std::vector<std::int64_t>& otherwise) const {
    const auto found = attributes.find(attribute);
    return found == attributes.end() ? otherwise : found->second.integers;
}

std::string Node::text(const std::string& attribute, const std::string& otherwise) const {
    const auto found = attributes.find(attribute);
    return found == attributes.end() ? otherwise : found->second.text;
}

}  // namespace tessera::models::onnx
