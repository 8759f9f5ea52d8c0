// The cable equation of a neuron with compartments, one implicit Euler step at a time.
//
// A section's compartments form a tridiagonal system. Its solution is that with both ends at 0 V plus, for each end, the
// solution to 1 V there, times the potential of the node at that end. That the currents into each node add up to 0 gives
// the nodes' potentials, along the tree: Hines (1984), Int. J. Biomed. Comput. 15:69, with the nodes of Brian2, Stimberg
// et al. (2019), eLife 8:e47314. Operations come in the order of Brian2's NumPy target, whose tridiagonal systems are
// solved by LAPACK's gtsv, so that the results are the same up to the last bits.

#ifndef BIOPLAST_CABLE_H
#define BIOPLAST_CABLE_H

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace cable {

typedef std::vector<double> Column;

// Sections and compartments as Brian2 numbers them: a section is behind its parent, its compartments are consecutive. Node
// 0 is the start of the first section, node s + 1 the end of section s.
struct Morphology
{
    int compartments, sections;
    const int32_t *starts, *ends;  // by section, ends not included
    const int32_t* parents;        // the node at the start of each section
    const double *area, *r_length_1, *r_length_2;
};

class Cable
{
    int compartments = 0;
    std::vector<int> first, last, parent;
    std::vector<std::vector<int>> children;  // by node
    // What does not change in a run: the matrix without the membrane's conductance, what a volt at either end drives, and
    // the conductance from either end of a section to its node, up to a factor that is the same for all.
    Column lower, diagonal, upper, from_start, from_end, start_conductance, end_conductance;
    // The matrix of a step, as elimination leaves it, and the three solutions.
    Column below, pivots, above, rest, to_start, to_end;
    // The nodes' equations: diagonal, coefficient of the child and of the parent by child, right side.
    Column own, of_child, of_parent, node;

    // Gaussian elimination with partial pivoting within a section, on three right sides at once.
    void eliminate(int begin, int end)
    {
        double* const sides[] = {rest.data(), to_end.data(), to_start.data()};
        for (int j = begin; j < end; j++) {
            if (std::fabs(pivots[j]) >= std::fabs(below[j])) {
                const double factor = below[j] / pivots[j];
                pivots[j + 1] -= factor * above[j];
                for (double* side : sides) side[j + 1] -= factor * side[j];
                below[j] = 0;
            } else {  // the rows change places, and `below` has what is then two above the diagonal
                const double factor = pivots[j] / below[j], next = pivots[j + 1];
                pivots[j] = below[j];
                pivots[j + 1] = above[j] - factor * next;
                above[j] = next;
                below[j] = j + 1 < end ? above[j + 1] : 0;
                if (j + 1 < end) above[j + 1] = -factor * below[j];
                for (double* side : sides) {
                    const double kept = side[j];
                    side[j] = side[j + 1];
                    side[j + 1] = kept - factor * side[j + 1];
                }
            }
        }
        for (double* side : sides) {
            side[end] /= pivots[end];
            if (end > begin) side[end - 1] = (side[end - 1] - above[end - 1] * side[end]) / pivots[end - 1];
            for (int j = end - 2; j >= begin; j--)
                side[j] = (side[j] - above[j] * side[j + 1] - below[j] * side[j + 2]) / pivots[j];
        }
    }

    // The potentials of the nodes, from the currents into each of them.
    void solve_nodes()
    {
        const int sections = (int)first.size();
        own[0] = to_start[first[0]] - 1;  // the first section has a sealed start
        of_child[0] = to_end[first[0]];
        node[0] = -rest[first[0]];
        for (int s = 0; s < sections; s++) {
            if (s > 0) {
                own[parent[s]] += (1 - to_start[first[s]]) * start_conductance[s];
                of_child[s] = -to_end[first[s]] * start_conductance[s];
                node[parent[s]] += rest[first[s]] * start_conductance[s];
            }
            own[s + 1] = (1 - to_end[last[s]]) * end_conductance[s];
            of_parent[s] = -to_start[last[s]] * end_conductance[s];
            node[s + 1] = rest[last[s]] * end_conductance[s];
        }
        for (int n = sections; n >= 0; n--)
            for (int s : children[n]) {
                const double factor = of_child[s] / own[s + 1];
                own[n] -= factor * of_parent[s];
                node[n] -= factor * node[s + 1];
            }
        node[0] /= own[0];
        for (int s = 0; s < sections; s++) {
            node[s + 1] -= of_parent[s] * node[parent[s]];
            node[s + 1] /= own[s + 1];
        }
    }

public:
    // What stays as it is in a run. Capacitances per area by compartment; one resistivity.
    void prepare(const Morphology& m, const double* capacitance, double resistivity, double dt)
    {
        const int n = compartments = m.compartments, sections = m.sections;
        for (Column* column : {&lower, &diagonal, &upper, &from_start, &from_end}) column->assign(n, 0.0);
        for (Column* column : {&below, &pivots, &above, &rest, &to_start, &to_end}) column->assign(n, 0.0);
        for (Column* column : {&start_conductance, &end_conductance, &of_child, &of_parent}) column->assign(sections, 0.0);
        for (Column* column : {&own, &node}) column->assign(sections + 1, 0.0);
        first.assign(m.starts, m.starts + sections);
        last.assign(m.ends, m.ends + sections);
        parent.assign(m.parents, m.parents + sections);
        children.assign(sections + 1, std::vector<int>());
        for (int s = 0; s < sections; s++) {
            last[s] -= 1;
            children[parent[s]].push_back(s);
        }
        Column axial(n, 0.0);  // conductance towards the compartment before, 0 at the start of a section
        for (int s = 0; s < sections; s++)
            for (int j = first[s] + 1; j <= last[s]; j++)
                axial[j] = 1.0 / (resistivity * (1 / m.r_length_2[j - 1] + 1 / m.r_length_1[j]));
        for (int j = 0; j < n; j++) {
            diagonal[j] = -(capacitance[j] / dt) - axial[j] / m.area[j];
            if (j + 1 < n) {
                upper[j] = axial[j + 1] / m.area[j];
                lower[j] = axial[j + 1] / m.area[j + 1];
                diagonal[j] -= axial[j + 1] / m.area[j];
            }
        }
        for (int s = 0; s < sections; s++) {
            start_conductance[s] = m.r_length_1[first[s]] / resistivity;
            end_conductance[s] = m.r_length_2[last[s]] / resistivity;
            diagonal[first[s]] -= start_conductance[s] / m.area[first[s]];
            diagonal[last[s]] -= end_conductance[s] / m.area[last[s]];
            from_start[first[s]] = -(start_conductance[s] / m.area[first[s]]);
            from_end[last[s]] = -(end_conductance[s] / m.area[last[s]]);
        }
    }

    // One step: the membrane's conductance and its current at 0 V, both per area; potential and capacitive current change.
    void step(const double* conductance, const double* current, const double* capacitance, double dt, double* v, double* Ic)
    {
        const int sections = (int)first.size();
#pragma omp parallel for schedule(static)
        for (int s = 0; s < sections; s++) {
            for (int j = first[s]; j <= last[s]; j++) {
                below[j] = lower[j];
                pivots[j] = diagonal[j] - conductance[j];
                above[j] = upper[j];
                rest[j] = -(capacitance[j] / dt * v[j]) - current[j];
                to_start[j] = from_start[j];
                to_end[j] = from_end[j];
            }
            eliminate(first[s], last[s]);
        }
        solve_nodes();
#pragma omp parallel for schedule(static)
        for (int s = 0; s < sections; s++)
            for (int j = first[s]; j <= last[s]; j++) {
                const double before = v[j];
                v[j] = rest[j] + node[parent[s]] * to_start[j] + node[s + 1] * to_end[j];
                Ic[j] = capacitance[j] * (v[j] - before) / dt;
            }
    }
};

}  // namespace cable

#endif
