#pragma once

#include <memory>
#include <optional>
#include <vector>

struct glp_prob;

namespace tessera::tests {

/// A linear objective to be made small under linear constraints, some variables whole numbers; solved to the proven optimum
/// by GLPK's branch and cut.
class IntegerProgram {
  public:
    /// False where GLPK was missing when the tests were built: then nothing can be solved.
    static bool available();

    using Variable = int;
    struct Term {
        double factor = 1;
        Variable variable = 0;
    };
    using Sum = std::vector<Term>;

    IntegerProgram();

    Variable binary();
    /// Whole, 0 or more.
    Variable count();
    /// 0 or more.
    Variable amount();

    void at_least(const Sum& sum, double bound);
    void at_most(const Sum& sum, double bound);

    /// The least that the variable can be; nothing where no values meet all constraints.
    /// @throws std::runtime_error where a minute is not enough
    std::optional<double> least(Variable objective);

  private:
    struct Free {
        void operator()(glp_prob* problem) const;
    };
    int new_row(const Sum& sum);
    Variable new_column(int kind);

    std::unique_ptr<glp_prob, Free> problem_;
};

}  // namespace tessera::tests
