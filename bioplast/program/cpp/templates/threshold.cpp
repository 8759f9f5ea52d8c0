{# USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    {% set events = get_array_name(eventspace_variable) %}
    // All conditions first, as NumPy has them, in a loop without branches, which the compiler vectorises. Most blocks of
    // neurons hold no event and are not looked at again.
    const int _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    const size_t _block = 128, _blocks = (N + _block - 1) / _block;
    static char _met[_blocks * _block], _any[_blocks];
    for (size_t _b = 0; _b < _blocks; _b++)
    {
        const size_t _stop = (_b + 1) * _block < N ? (_b + 1) * _block : N;
        char _some = 0;
        for (size_t _idx = _b * _block; _idx < _stop; _idx++)
        {
            const size_t _vectorisation_idx = _idx;
            {{vector_code|autoindent}}
            _met[_idx] = _cond;
            _some |= _cond;
        }
        _any[_b] = _some;
    }
    long _count = 0;
    for (size_t _b = 0; _b < _blocks; _b++)
    {
        if (!_any[_b]) continue;
        const size_t _stop = (_b + 1) * _block < N ? (_b + 1) * _block : N;
        for (size_t _idx = _b * _block; _idx < _stop; _idx++)
            if (_met[_idx]) {
                {{events}}[_count++] = _idx;
                {% if _uses_refractory %}
                {{not_refractory}}[_idx] = false;
                {{lastspike}}[_idx] = {{t}};
                {% endif %}
            }
    }
    {{events}}[N] = _count;
{% endblock %}

{% block after_code %}
{% set events = get_array_name(eventspace_variable) %}
{{events}}[N] = 0;
{% endblock %}
