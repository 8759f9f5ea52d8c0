// A synaptic pathway: which synapses a spike reaches, and the spikes on their way.
//
// Synapses are sorted by source once; mostly they are already. Delays become steps when their neuron first spikes, so that
// a short run of a large network does not pay for all of them.

#ifndef BIOPLAST_PATHWAY_H
#define BIOPLAST_PATHWAY_H

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>
#include "column.h"
{% if threads %}
#include <omp.h>
{% endif %}

namespace runtime {

template <class T> class Pathway
{
    // The spikes on their way to one thread's share of the synapses: those with numbers from `first` up to `last`.
    struct Queue
    {
        std::vector<std::vector<int32_t>> slots = std::vector<std::vector<int32_t>>(1);  // a ring, a slot for each step
        size_t now = 0;
        int64_t first = 0, last = 0;
        std::vector<char> converted;  // by source: whether its delays are steps already

        std::vector<int32_t>& in(size_t steps)
        {
            if (steps >= slots.size()) {
                std::rotate(slots.begin(), slots.begin() + now, slots.end());
                now = 0;
                slots.resize(steps + 1);
            }
            const size_t slot = now + steps;
            return slots[slot < slots.size() ? slot : slot - slots.size()];
        }
    };

    Column<int32_t>& sources;
    Column<T>& delays;
    const int32_t start, stop;  // the range of source neurons
    double dt = 0;
    std::vector<int64_t> rows;          // where the synapses of each source begin
    std::vector<int32_t> synapses;      // by source; empty where they are in that order anyway
    std::unique_ptr<int32_t[]> steps;   // of each synapse by source; only those converted are set
    std::vector<Queue> queues;
    std::vector<int32_t> arrived;

    int in_steps(int64_t synapse) const { return (int)(delays[synapse] / dt + 0.5); }
    int64_t synapse(int64_t place) const { return synapses.empty() ? place : synapses[place]; }

    void sort()
    {
        const int64_t n = sources.size();
        rows.assign(stop - start + 1, 0);
        bool sorted = true;
        for (int64_t k = 0; k < n; k++) {
            rows[sources[k] - start + 1]++;
            sorted = sorted && (k == 0 || sources[k - 1] <= sources[k]);
        }
        for (size_t row = 1; row < rows.size(); row++) rows[row] += rows[row - 1];
        if (sorted) return;
        std::vector<int64_t> next(rows.begin(), rows.end() - 1);
        synapses.resize(n);
        for (int64_t k = 0; k < n; k++) synapses[next[sources[k] - start]++] = k;
    }

    // The part of a source's synapses that a thread has.
    void share(const Queue& queue, int32_t source, int64_t& begin, int64_t& end) const
    {
        begin = rows[source];
        end = rows[source + 1];
        if (queues.size() == 1) return;
        if (synapses.empty()) {
            begin = std::max(begin, queue.first);
            end = std::max(std::min(end, queue.last), begin);
        } else {
            const int32_t* const all = synapses.data();
            end = std::lower_bound(all + begin, all + end, queue.last) - all;
            begin = std::lower_bound(all + begin, all + end, queue.first) - all;
        }
    }

    void append(std::vector<int32_t>& slot, int64_t begin, int64_t end) const
    {
        if (!synapses.empty()) {
            slot.insert(slot.end(), synapses.begin() + begin, synapses.begin() + end);
            return;
        }
        const size_t before = slot.size(), more = end - begin;
        slot.resize(before + more);
        int32_t* const places = slot.data() + before;
        for (size_t k = 0; k < more; k++) places[k] = int32_t(begin + k);
    }

    int thread() const { return {{ "omp_get_thread_num()" if threads else "0" }}; }

public:
    Pathway(Column<int32_t>& sources, Column<T>& delays, int start, int stop)
        : sources(sources), delays(delays), start(start), stop(stop), queues({{ [threads, 1]|max }})
    {}

    // Before the first step, when sources and delays have been read.
    void prepare(double step)
    {
        dt = step;
        sort();
        const int64_t n = sources.size(), length = n / (int64_t)queues.size();
        for (size_t k = 0; k < queues.size(); k++) {
            queues[k].first = k * length;
            queues[k].last = k + 1 < queues.size() ? (k + 1) * length : n;
            queues[k].converted.assign(stop - start, 0);
        }
        if (delays.size() > 1) steps.reset(new int32_t[n]);
    }

    // The spikes of a step, by ascending neuron; those of other neurons are passed over. Called by every thread.
    void push(const int32_t* spikes, int count)
    {
        if (delays.empty()) return;
        Queue& queue = queues[thread()];
        const int32_t* const end_of_spikes = std::lower_bound(spikes, spikes + count, stop);
        for (const int32_t* spike = std::lower_bound(spikes, spikes + count, start); spike < end_of_spikes; spike++) {
            const int32_t source = *spike - start;
            int64_t begin, end;
            share(queue, source, begin, end);
            if (begin == end) continue;
            if (!steps) {
                append(queue.in(in_steps(0)), begin, end);
                continue;
            }
            if (!queue.converted[source]) {
                for (int64_t k = begin; k < end; k++) steps[k] = in_steps(synapse(k));
                queue.converted[source] = 1;
            }
            const int32_t* const wait = steps.get();
            for (int64_t k = begin; k < end; k++) queue.in(wait[k]).push_back(synapse(k));
        }
    }

    // Go to the next step. Called by every thread.
    void advance()
    {
        Queue& queue = queues[thread()];
        queue.slots[queue.now].clear();
        queue.now = queue.now + 1 < queue.slots.size() ? queue.now + 1 : 0;
    }

    // The synapses where a spike arrives in this step. Called by every thread.
    std::vector<int32_t>* peek()
    {
{% if threads %}
        #pragma omp single
        {
            arrived.clear();
            for (Queue& queue : queues) {
                const std::vector<int32_t>& slot = queue.slots[queue.now];
                arrived.insert(arrived.end(), slot.begin(), slot.end());
            }
        }
        return &arrived;
{% else %}
        return &queues[0].slots[queues[0].now];
{% endif %}
    }

    // Spikes that were on their way when the run began: pairs of steps until delivery and synapse.
    void read_pending(Reader& data)
    {
        std::vector<int32_t> pending;
        data.vector(pending);
        for (size_t k = 0; k + 1 < pending.size(); k += 2)
            for (Queue& queue : queues)
                if (pending[k + 1] >= queue.first && pending[k + 1] < queue.last)
                    queue.in(pending[k]).push_back(pending[k + 1]);
    }

    void write_pending(Writer& results) const
    {
        std::vector<int32_t> pending;
        for (const Queue& queue : queues)
            for (size_t k = 1; k < queue.slots.size(); k++)
                for (int32_t synapse : queue.slots[(queue.now + k) % queue.slots.size()]) {
                    pending.push_back(k);
                    pending.push_back(synapse);
                }
        results.fixed(pending.data(), pending.size());
    }
};

}  // namespace runtime

#endif
