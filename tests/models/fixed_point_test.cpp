#include "models/fixed_point.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "core/error.h"

using namespace tessera;
using namespace tessera::models;

namespace {

FixedPoint read(const std::string& text) { return read_fixed_point(JsonReader::from_text("test", "\"" + text + "\"")); }

}  // namespace

TEST_CASE("a fixed-point format has the bounds of HLS tools") {
    const FixedPoint s{8, 3, true};
    CHECK(s.step() == 0.03125);
    CHECK(s.least() == -4);
    CHECK(s.most() == 4 - 0.03125);
    const FixedPoint u{4, 0, false};
    CHECK(u.least() == 0);
    CHECK(u.most() == 0.9375);
    CHECK(FixedPoint{4, -2, true}.step() == std::ldexp(1, -6));
}

TEST_CASE("formats are read as they are written") {
    CHECK(read("fixed<8,3>") == FixedPoint{8, 3, true});
    CHECK(read("ufixed<8,0>") == FixedPoint{8, 0, false});
    CHECK(read(" fixed< 16 , -2 > ") == FixedPoint{16, -2, true});
    for (const FixedPoint format : {FixedPoint{1, 1, false}, FixedPoint{64, 64, true}, FixedPoint{12, -7, false}}) {
        CHECK(read(format.text()) == format);
    }
    for (const char* wrong : {"", "fixed", "fixed<8>", "fixed<0,0>", "fixed<65,3>", "fixed<8,99>", "fixed<8,3>x", "ap_fixed<8,3>",
                              "fixed<-8,3>", "fixed<8,-2147483648>", "fixed<8,99999999999>"}) {
        CAPTURE(wrong);
        CHECK_THROWS_AS(read(wrong), InputError);
    }
    CHECK_THROWS_AS(read_fixed_point(JsonReader::from_text("test", "8")), InputError);
}

TEST_CASE("formats of HLS tools are understood") {
    CHECK(parse_fixed_point("ap_fixed<8,1,AP_RND_CONV,AP_SAT>", "ap_") == FixedPoint{8, 1, true});
    CHECK(parse_fixed_point("ap_ufixed<10, 6>", "ap_") == FixedPoint{10, 6, false});
    for (const char* wrong : {"fixed<8,1>", "ap_fixed<8,1", "ap_fixed<8,1,AP_SAT", "ap_fixed<8>", "ap_int<8>", "ap_fixed<8,1>>"}) {
        CAPTURE(wrong);
        CHECK_FALSE(parse_fixed_point(wrong, "ap_"));
    }
    CHECK_FALSE(parse_fixed_point("fixed<8,1,AP_SAT>"));
}

TEST_CASE("the format for a range holds it with the fewest integer bits") {
    CHECK(format_for_range(8, 0, 1) == FixedPoint{8, 1, false});
    CHECK(format_for_range(8, -1, 0.5) == FixedPoint{8, 1, true});
    CHECK(format_for_range(8, -1, 1) == FixedPoint{8, 2, true});
    CHECK(format_for_range(8, -0.25, 0.24) == FixedPoint{8, -1, true});
    CHECK(format_for_range(8, 0, 0).width == 8);
    std::mt19937_64 random(1);
    for (int i = 0; i < 2000; ++i) {
        const int width = 2 + static_cast<int>(random() % 30);
        const double reach = std::ldexp(static_cast<double>(random() >> 11), static_cast<int>(random() % 40) - 73);
        const double least = random() % 3 == 0 ? 0 : -reach * static_cast<double>(random() % 1000) / 999;
        const double most = reach * static_cast<double>(random() % 1000) / 999;
        const FixedPoint format = format_for_range(width, least, most);
        const double half = format.step() / 2;
        CHECK(format.is_signed == (least < 0));
        CHECK(least >= format.least() - half);
        CHECK(most < format.most() + half);
        if (least == 0 && most == 0) continue;
        const FixedPoint fewer{width, format.integer_bits - 1, format.is_signed};
        CHECK((least < fewer.least() - fewer.step() / 2 || most >= fewer.most() + fewer.step() / 2));
    }
}
