{# USES_VARIABLES { _spikespace, neuron_index, _timebins, _period_bins, _lastindex, t_in_timesteps, N } #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    // Steps since time 0 have 64 bits, as in Brian2's NumPy code.
    const int64_t _period = {{_period_bins}};
    int64_t _now = {{t_in_timesteps}};
    if (_period > 0) {
        _now %= _period;
        if ({{_lastindex}} > 0 && {{_timebins}}[{{_lastindex}} - 1] >= _now)
            {{_lastindex}} = 0;  // the next period has begun
    }
    int32_t _emitted = 0;
    for (size_t _next = {{_lastindex}}; _next < _num_timebins && {{_timebins}}[_next] <= _now; _next++)
        {{_spikespace}}[_emitted++] = {{neuron_index}}[_next];
    {{_spikespace}}[N] = _emitted;
    {{_lastindex}} += _emitted;
{% endblock %}
