#include "models/onnx/parse_tensor.h"

#include <onnx/onnx_pb.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <memory>
#include <optional>

#include "core/error.h"
#include "models/onnx/tensor_type.h"

namespace tessera::models::onnx {

namespace {

using Tensor = ::onnx::TensorProto;

/// IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits.
float from_half(std::uint16_t bits) {
    const int exponent = (bits >> 10) & 31;
    const int fraction = bits & 1023;
    float value = 0;
    if (exponent == 31) {
        value = fraction == 0 ? INFINITY : NAN;
    } else {
        value =
            exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24) : std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
    }
    return (bits & 0x8000) != 0 ? -value : value;
}

/// ONNX stores raw data in little-endian order.
template <class T>
T little_endian(const char* from) {
    static_assert(std::endian::native == std::endian::little, "raw_data is read as it stands");
    T value;
    std::memcpy(&value, from, sizeof(T));
    return value;
}

std::size_t raw_width(ElementType type) {
    switch (type) {
        case ElementType::boolean:
        case ElementType::int8:
        case ElementType::uint8:
            return 1;
        case ElementType::float16:
        case ElementType::int16:
        case ElementType::uint16:
            return 2;
        case ElementType::float32:
        case ElementType::int32:
        case ElementType::uint32:
            return 4;
        default:
            return 8;
    }
}

template <class T, class Out>
void read_raw(const std::string& raw, std::vector<Out>& out) {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<Out>(little_endian<T>(raw.data() + i * sizeof(T)));
}

void fill_from_raw(const std::string& raw, Array& array) {
    switch (array.type) {
        case ElementType::float16:
            for (std::size_t i = 0; i < array.reals.size(); ++i)
                array.reals[i] = from_half(little_endian<std::uint16_t>(raw.data() + 2 * i));
            return;
        case ElementType::float32:
            return read_raw<float>(raw, array.reals);
        case ElementType::float64:
            return read_raw<double>(raw, array.reals);
        case ElementType::boolean:
            for (std::size_t i = 0; i < array.integers.size(); ++i) array.integers[i] = raw[i] != 0 ? 1 : 0;
            return;
        case ElementType::int8:
            return read_raw<std::int8_t>(raw, array.integers);
        case ElementType::uint8:
            return read_raw<std::uint8_t>(raw, array.integers);
        case ElementType::int16:
            return read_raw<std::int16_t>(raw, array.integers);
        case ElementType::uint16:
            return read_raw<std::uint16_t>(raw, array.integers);
        case ElementType::int32:
            return read_raw<std::int32_t>(raw, array.integers);
        case ElementType::uint32:
            return read_raw<std::uint32_t>(raw, array.integers);
        default:
            return read_raw<std::int64_t>(raw, array.integers);
    }
}

/// Copies a typed field; false where its length is not that of `out`.
template <class Field, class Out>
bool copy_field(const Field& field, std::vector<Out>& out) {
    if (static_cast<std::size_t>(field.size()) != out.size()) return false;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<Out>(field[static_cast<int>(i)]);
    return true;
}

/// From the field that holds the type (onnx.proto, TensorProto): narrow integers, Booleans and the
/// bits of float16 lie in int32_data.
bool fill_from_field(const Tensor& tensor, Array& array) {
    switch (array.type) {
        case ElementType::float32:
            return copy_field(tensor.float_data(), array.reals);
        case ElementType::float64:
            return copy_field(tensor.double_data(), array.reals);
        case ElementType::float16: {
            if (!copy_field(tensor.int32_data(), array.reals)) return false;
            for (std::size_t i = 0; i < array.reals.size(); ++i)
                array.reals[i] = from_half(static_cast<std::uint16_t>(tensor.int32_data(static_cast<int>(i))));
            return true;
        }
        case ElementType::uint32:
        case ElementType::uint64:
            return copy_field(tensor.uint64_data(), array.integers);
        case ElementType::int64:
            return copy_field(tensor.int64_data(), array.integers);
        default:
            return copy_field(tensor.int32_data(), array.integers);
    }
}

std::size_t elements_in_fields(const Tensor& tensor) {
    return static_cast<std::size_t>(tensor.float_data_size()) + static_cast<std::size_t>(tensor.double_data_size()) +
           static_cast<std::size_t>(tensor.int32_data_size()) + static_cast<std::size_t>(tensor.int64_data_size()) +
           static_cast<std::size_t>(tensor.uint64_data_size());
}

}  // namespace

ElementType element_type(int number, const std::string& file, const std::string& where) {
    if (const auto type = element_type_of(number)) return *type;
    throw InputError(file, where, "element type " + std::to_string(number) + " of ONNX",
                     "float16, float32, float64, an integer of 8 to 64 bits or bool");
}

Array take_array(Tensor& tensor, const std::string& file, const std::string& where) {
    if (tensor.data_location() == Tensor::EXTERNAL || tensor.external_data_size() > 0)
        throw InputError(file, where, "its data lies in another file", "a model that holds all its weights");
    const auto type = element_type(tensor.data_type(), file, where);
    const Shape shape(tensor.dims().begin(), tensor.dims().end());
    const auto count = element_count(shape);
    if (!count) throw InputError(file, where, "impossible dimensions", "sizes of 0 and more");

    const auto elements = static_cast<std::size_t>(*count);
    const auto expected = std::to_string(*count) + " elements as its dimensions say";
    if (tensor.has_raw_data()) {
        if (tensor.raw_data().size() != elements * raw_width(type))
            throw InputError(file, where, std::to_string(tensor.raw_data().size()) + " bytes of data", expected);
        Array array = make_array(type, shape);
        fill_from_raw(*std::unique_ptr<std::string>(tensor.release_raw_data()), array);
        return array;
    }
    const auto found = elements_in_fields(tensor);
    if (found != elements) throw InputError(file, where, std::to_string(found) + " elements", expected);
    Array array = make_array(type, shape);
    if (!fill_from_field(tensor, array)) throw InputError(file, where, "its elements lie in the field of another type", expected);
    return array;
}

}  // namespace tessera::models::onnx
