#include "tests/partition/integer_program.h"

#include <stdexcept>

#ifdef TESSERA_HAS_GLPK

#include <glpk.h>

namespace tessera::tests {

bool IntegerProgram::available() { return true; }

void IntegerProgram::Free::operator()(glp_prob* problem) const { glp_delete_prob(problem); }

IntegerProgram::IntegerProgram() : problem_(glp_create_prob()) { glp_term_out(GLP_OFF); }

IntegerProgram::Variable IntegerProgram::new_column(int kind) {
    const Variable variable = glp_add_cols(problem_.get(), 1);
    glp_set_col_bnds(problem_.get(), variable, GLP_LO, 0, 0);
    glp_set_col_kind(problem_.get(), variable, kind);
    return variable;
}

IntegerProgram::Variable IntegerProgram::binary() { return new_column(GLP_BV); }
IntegerProgram::Variable IntegerProgram::count() { return new_column(GLP_IV); }
IntegerProgram::Variable IntegerProgram::amount() { return new_column(GLP_CV); }

int IntegerProgram::new_row(const Sum& sum) {
    // GLPK counts from 1 and takes each variable once in a row.
    std::vector<double> by_variable(static_cast<std::size_t>(glp_get_num_cols(problem_.get())) + 1, 0);
    for (const Term& term : sum) by_variable[static_cast<std::size_t>(term.variable)] += term.factor;
    std::vector<int> variables{0};
    std::vector<double> factors{0};
    for (std::size_t v = 1; v < by_variable.size(); ++v) {
        if (by_variable[v] != 0) variables.push_back(static_cast<int>(v)), factors.push_back(by_variable[v]);
    }
    const int row = glp_add_rows(problem_.get(), 1);
    glp_set_mat_row(problem_.get(), row, static_cast<int>(variables.size()) - 1, variables.data(), factors.data());
    return row;
}

void IntegerProgram::at_least(const Sum& sum, double bound) { glp_set_row_bnds(problem_.get(), new_row(sum), GLP_LO, bound, 0); }
void IntegerProgram::at_most(const Sum& sum, double bound) { glp_set_row_bnds(problem_.get(), new_row(sum), GLP_UP, 0, bound); }

std::optional<double> IntegerProgram::least(Variable objective) {
    glp_set_obj_dir(problem_.get(), GLP_MIN);
    glp_set_obj_coef(problem_.get(), objective, 1);
    glp_iocp options;
    glp_init_iocp(&options);
    options.presolve = GLP_ON;
    options.mir_cuts = options.cov_cuts = options.gmi_cuts = GLP_ON;
    options.tm_lim = 60000;
    const int failure = glp_intopt(problem_.get(), &options);
    glp_set_obj_coef(problem_.get(), objective, 0);
    if (failure == GLP_ENOPFS || (failure == 0 && glp_mip_status(problem_.get()) == GLP_NOFEAS)) return std::nullopt;
    if (failure != 0 || glp_mip_status(problem_.get()) != GLP_OPT) throw std::runtime_error("GLPK did not solve an integer program");
    return glp_mip_obj_val(problem_.get());
}

}  // namespace tessera::tests

#else

struct glp_prob {};

namespace tessera::tests {

bool IntegerProgram::available() { return false; }
void IntegerProgram::Free::operator()(glp_prob* problem) const { delete problem; }
IntegerProgram::IntegerProgram() = default;
IntegerProgram::Variable IntegerProgram::binary() { return 0; }
IntegerProgram::Variable IntegerProgram::count() { return 0; }
IntegerProgram::Variable IntegerProgram::amount() { return 0; }
void IntegerProgram::at_least(const Sum&, double) {}
void IntegerProgram::at_most(const Sum&, double) {}
std::optional<double> IntegerProgram::least(Variable) { throw std::runtime_error("GLPK is missing"); }

}  // namespace tessera::tests

#endif
