#include "sim/traffic.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/error.h"
#include "sim/hash.h"

namespace tessera::sim {

namespace {

constexpr double kMostPileUp = 500;  // the probability of no object must be a number
constexpr double kMostObjectsPerCollision = 100;
constexpr std::int64_t kMostObjects = 1'000'000;

/// The number of collisions in a crossing is Poisson distributed (CMS: Precision luminosity measurement, Eur.
/// Phys. J. C 81 (2021) 800). With a Poisson distributed number of objects in each of them, their sum follows
/// Neyman's type A distribution (On a new class of contagious distributions, Annals of Mathematical Statistics 10
/// (1939) 35), with the generating function G(s) = exp(m (exp(k (s - 1)) - 1)) for m collisions of k objects. Of
/// G' = m k exp(k (s - 1)) G, compared power by power, follow its terms
///   p(0) = exp(-m (1 - exp(-k))),  p(n) = m k exp(-k) / n  sum over i < n of  k^i / i!  p(n - 1 - i).
std::vector<double> neyman_type_a(double collisions, double objects) {
    std::vector<double> poisson{1};  // k^i / i!, as far as it matters
    for (std::size_t i = 1; poisson.back() > 1e-18 || static_cast<double>(i) < objects; ++i)
        poisson.push_back(poisson.back() * objects / static_cast<double>(i));
    std::vector<double> probability{std::exp(-collisions * -std::expm1(-objects))};
    std::vector<double> cumulative = probability;
    const double mean = collisions * objects;
    const double deviation = std::sqrt(mean * (1 + objects));
    for (std::size_t n = 1; static_cast<double>(n) < mean + 12 * deviation + 12; ++n) {
        double sum = 0;
        for (std::size_t i = 0; i < std::min(n, poisson.size()); ++i) sum += poisson[i] * probability[n - 1 - i];
        probability.push_back(mean * std::exp(-objects) / static_cast<double>(n) * sum);
        cumulative.push_back(cumulative.back() + probability.back());
    }
    return cumulative;
}

void read_pile_up(const JsonReader& reader, Traffic& traffic) {
    const auto assumed = JsonReader::from_file(data_root() / "sim" / "traffic.json").at("objects_per_collision");
    traffic.kind = Traffic::Kind::pile_up;
    traffic.pile_up = reader.at("pile_up").number(0, kMostPileUp);
    traffic.objects_per_collision = assumed.at("value").number(0, kMostObjectsPerCollision);
    traffic.source = assumed.at("source").text();
    if (!reader.has("objects_per_collision")) return;
    traffic.objects_per_collision = reader.at("objects_per_collision").number(0, kMostObjectsPerCollision);
    traffic.source = "the study";
}

void read_list(const JsonReader& reader, Traffic& traffic) {
    std::filesystem::path path = reader.at("file").text();
    if (path.is_relative()) path = std::filesystem::path(reader.file()).parent_path() / path;
    const auto root = JsonReader::from_file(path);
    traffic.kind = Traffic::Kind::listed;
    traffic.source = root.at("source").text();
    for (const auto& item : root.at("objects").items()) traffic.objects.push_back(item.integer(0, kMostObjects));
    if (traffic.objects.empty()) root.at("objects").fail("found no event", "at least one");
    root.done();
}

}  // namespace

Traffic read_traffic(const JsonReader& reader) {
    Traffic traffic;
    if (reader.raw().is_string()) {
        reader.one_of({"full"});
        return traffic;
    }
    if (reader.has("file")) {
        read_list(reader, traffic);
    } else {
        read_pile_up(reader, traffic);
    }
    reader.done();
    return traffic;
}

Occupancy::Occupancy(const Traffic& traffic, std::int64_t most, std::uint64_t seed) : traffic_(traffic), most_(most), seed_(mixed(seed)) {
    if (traffic.kind == Traffic::Kind::pile_up) cumulative_ = neyman_type_a(traffic.pile_up, traffic.objects_per_collision);
}

std::int64_t Occupancy::objects(std::int64_t bx, std::int64_t number) const {
    if (traffic_.kind == Traffic::Kind::full) return most_;
    if (traffic_.kind == Traffic::Kind::listed) return traffic_.objects[static_cast<std::size_t>(number) % traffic_.objects.size()];
    const double drawn = unit_interval(mixed(seed_ ^ mixed(static_cast<std::uint64_t>(bx))));
    const auto found = std::upper_bound(cumulative_.begin(), cumulative_.end(), drawn);
    return std::min(found, cumulative_.end() - 1) - cumulative_.begin();
}

}  // namespace tessera::sim
